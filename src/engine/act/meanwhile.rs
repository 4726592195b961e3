//! Stand-ins for what other rooms do, until they do it.

use super::resolve::{Bearings, Unresolved};
use crate::engine::core::Core;
use crate::model::action::{Action, Note, Quarantine, Receipt, Target, Whose};
use crate::model::{ItemNumber, Level};
use crate::policy::Still;
use crate::policy::ask::Ask;
use crate::store::{self, Intent, NewException, NewQuarantined, Voter};
use std::sync::Arc;

#[derive(Debug, Default)]
pub(super) struct Aftermath {
    pub(super) quarantined: Option<NewQuarantined>,
    pub(super) released: Option<Arc<str>>,
    pub(super) exceptions: Vec<NewException>,
}

pub(super) fn aftermath(_core: &Core, _intent: &Intent, _last: &Receipt) -> Aftermath {
    Aftermath::default()
}

pub(super) fn quarantine(ask: &Ask, about: &Bearings<'_>) -> Result<Vec<(Target, Action)>, Unresolved> {
    let whose = if *ask == Ask::UserQuarantine { Whose::Owner } else { Whose::Company };
    let owner = about.known.and_then(|known| super::resolve::owner(known, about.people)).and_then(|owner| owner.id);
    let to = about.governor.quarantine(whose, owner.as_deref(), None)?;
    let name = about.known.map_or("item", |known| &known.item.name);
    let note = Note { name: format!("{name} - quarantined.txt").into(), text: about.tombstone().into() };
    let quarantine = Quarantine { whose, to, name: format!("{}-{name}", about.id).into(), note: Some(note) };
    Ok(vec![(about.on.clone(), Action::Quarantine(quarantine))])
}

pub(super) fn still(core: &Core, item: ItemNumber, voters: &[Voter], still: Still) -> Result<bool, store::Error> {
    let matches = core.store.matches(item)?;
    let holds =
        voters.iter().any(|voter| matches.iter().any(|one| one.policy == voter.policy && one.hash == voter.hash));
    if !holds || still == Still::Matched {
        return Ok(holds);
    }
    let known = core.store.item(item)?;
    Ok(known.is_some_and(|known| known.exposure.is_none_or(|told| !told.known || told.level >= Level::External)))
}

pub(super) fn refresh(_core: &Core) -> Result<(), store::Error> {
    Ok(())
}
