//! Stand-ins for what other rooms do, until they do it.

use crate::engine::core::Core;
use crate::model::{ItemNumber, Level};
use crate::policy::Still;
use crate::store::{self, Voter};

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
