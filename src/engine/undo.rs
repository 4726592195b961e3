//! Undo: what was done is taken back from the states that were recorded before it, newest first, as a plan of its own.
//!
//! An undo is planned like everything else, says beforehand what the provider cannot give back, and is applied like any plan.
//! Its document names the actions it takes back by their numbers; what that takes is told from the store's own records when it
//! is applied, so that no state of an item is kept twice. What was undone once is left out.

pub mod make;
#[cfg(test)]
mod tests;

pub use make::{Range, make};

use super::act::{Planned, What};
use super::quarantine::restore;
use crate::engine::control::Refusal;
use crate::model::action::{Action, Loss, Outcome, State, Target, Undo};
use crate::model::{IntentNumber, ItemKind, ItemNumber};
use crate::report::plan::Document;
use crate::store::{Entry, Error, ExceptionKind, Intent, Known, NewException, Ordered, Store};
use serde_json::json;
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

/// How long what was undone is excused from the policy that wanted it.
pub const EXCUSED_FOR: Duration = Duration::from_secs(7 * 86_400);

/// What takes an intent back.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Back {
    /// In this order, each with what it is done to.
    pub actions: Vec<Planned>,
    /// What stays lost.
    pub lost: Vec<Loss>,
    /// The correlation id of what comes out of quarantine by it.
    pub releases: Option<Arc<str>>,
}

/// What takes an intent back: of a quarantine what restores it, of all else its orders from the last to the first.
///
/// # Errors
/// When the store could not be read.
pub fn back(store: &dyn Store, intent: &Intent) -> Result<Back, Error> {
    let lies = store.quarantined_as(&intent.is.id)?.filter(|lies| lies.released.is_none());
    Ok(match lies {
        Some(lies) => {
            let (mut actions, lost) = restore::way_back(&lies.is);
            for planned in &mut actions {
                planned.on.get_or_insert_with(|| lies.is.order.on.clone());
            }
            Back { actions, lost, releases: Some(Arc::clone(&intent.is.id)) }
        }
        None => orders_back(intent),
    })
}

fn orders_back(intent: &Intent) -> Back {
    let mut back = Back::default();
    for ordered in intent.orders.iter().rev() {
        let Some(found) = found(ordered) else { continue };
        let Undo { actions, lost } = Undo::of(&ordered.order, found);
        let receipt = ordered.receipt.as_ref();
        let on = receipt.map_or_else(|| ordered.order.on.clone(), |done| done.target(&ordered.order));
        let left = receipt.and_then(|done| done.read_back.as_ref()).and_then(State::item);
        back.actions.extend(actions.into_iter().map(|action| {
            // What somebody wrote since is not put away for what was there before: the undo has drifted then.
            let is_pinned = matches!(action, Action::RestoreVersion { .. });
            let version = left.filter(|_| is_pinned).and_then(|left| left.version.clone());
            Planned { on: Some(on.clone()), action, version, expects: None }
        }));
        back.lost.extend(lost);
    }
    back.lost.sort_unstable();
    back.lost.dedup();
    back
}

/// The state before an order that did something, or may have; `None` of one that did nothing.
fn found(ordered: &Ordered) -> Option<&State> {
    let begun = ordered.order.begun.as_deref();
    match &ordered.receipt {
        Some(receipt) => match receipt.outcome {
            Outcome::Done | Outcome::Partly | Outcome::Unknown(_) => begun.or(receipt.found.as_ref()),
            Outcome::AlreadySo | Outcome::Drifted | Outcome::Blocked(_) | Outcome::Gone => None,
        },
        None => begun,
    }
}

/// What the intent is given that takes another one back; `None` when there is nothing to take back.
///
/// # Errors
/// When the store could not be read.
pub fn deed(store: &dyn Store, undone: IntentNumber) -> Result<Option<(Target, What)>, Error> {
    let Some(intent) = store.intent(undone)? else { return Ok(None) };
    let Back { actions, releases, .. } = back(store, &intent)?;
    let on = actions.first().map(|first| first.on.clone().unwrap_or_else(|| intent.is.on.clone()));
    let what = match releases {
        Some(id) => What::Restore { id, actions, excuse: None },
        None => What::Do { actions },
    };
    Ok(on.map(|on| (on, what)))
}

/// Excuses what an undo brings back from the policies that wanted it gone: else one in force would do it again at once.
/// One exception for each item and policy, for the content that the item has now.
///
/// # Errors
/// When the store could not be read or written.
pub fn excuse(store: &dyn Store, plan: &Document, by: &str) -> Result<(), Refusal> {
    let undone = plan.entries.iter().flat_map(|entry| &entry.planned);
    let undone = undone.filter(|planned| planned.standing.acts()).filter_map(|planned| planned.undoes);
    let mut made: BTreeSet<(ItemNumber, Arc<str>)> = BTreeSet::new();
    for number in undone {
        let Some(intent) = store.intent(IntentNumber(number))? else { continue };
        let Some(known) = intent.is.item.map(|item| store.item(item)).transpose()?.flatten() else { continue };
        for voter in &intent.is.voters {
            if !made.insert((known.number, Arc::clone(&voter.policy))) {
                continue;
            }
            let new = exception(store, &known, &voter.policy, number, by, plan)?;
            let entry = Entry {
                actor: by.to_owned(),
                act: "exception.add".to_owned(),
                about: format!("item {}", known.number),
                details: json!({ "policy": &*voter.policy, "undoes": number }).to_string(),
            };
            store.add_exception(&new, &entry)?;
        }
    }
    Ok(())
}

fn exception(
    store: &dyn Store,
    known: &Known,
    policy: &Arc<str>,
    undone: i64,
    by: &str,
    plan: &Document,
) -> Result<NewException, Error> {
    let reading = known.reading.map(|number| store.reading(number)).transpose()?.flatten();
    let (content, excused) = match reading {
        Some(reading) => {
            let counts = reading.counts.iter().filter(|count| count.total > 0);
            (Some(reading.content), counts.map(|count| (Arc::clone(&count.detector), count.unique)).collect())
        }
        None => (None, Vec::new()),
    };
    let kind = if known.item.kind == ItemKind::Folder { ExceptionKind::Folder } else { ExceptionKind::File };
    Ok(NewException {
        kind,
        what: Arc::clone(&known.item.id),
        connector: Some(known.connector),
        policy: Some(Arc::clone(policy)),
        content,
        excused,
        reason: format!("action {undone} was undone").into(),
        by: by.into(),
        until: plan.made.plus(EXCUSED_FOR),
    })
}
