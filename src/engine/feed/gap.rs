//! Parts of the log that are read by time: the days before a tenant was connected, and what a lost position would have told.
//!
//! After a repaired gap, the folders that its events name are listed once as well (Box): an event names one item, and the log
//! may have lost others of the same moment.

use super::super::core::{Core, Tenant};
use super::super::passes::Trouble;
use super::log::{send, take_in};
use super::needs::{Errand, Gap, Needs};
use crate::clock::Moment;
use crate::model::{Activity, Principal, Provider, Side, Status};
use crate::provider::Walk;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

/// When a repaired gap is read once more.
const AGAIN_AFTER: Duration = Duration::from_secs(600);
/// Folders listed for one page of the log.
const FOLDERS_MAX: usize = 100;

/// Reads one page of the first gap that is due; true when there was one.
pub(super) fn fill(core: &Core, tenant: &Tenant) -> Result<bool, Trouble> {
    let needs = Needs::of(core, tenant);
    let now = core.clock.now();
    let Some(gap) = needs.gaps()?.into_iter().find(|gap| gap.due_ms <= now.as_millis()) else { return Ok(false) };
    let (from, to) = (Moment::from_millis(gap.from_ms), Moment::from_millis(gap.to_ms));
    let page = tenant.source.history(from, to, gap.at.as_deref())?;
    if gap.promote && tenant.provider == Provider::Box {
        send(core, tenant, folders(tenant, &page.activities))?;
    }
    take_in(core, tenant, page.activities, None, gap.promote)?;
    needs.replace_gap(&gap, next(&gap, page.onward, now))?;
    Ok(true)
}

/// What is left of a gap after a page.
fn next(gap: &Gap, onward: Option<Arc<str>>, now: Moment) -> Option<Gap> {
    // The same place twice would never end.
    match onward.filter(|onward| gap.at.as_deref() != Some(&**onward)) {
        Some(onward) => Some(Gap { at: Some(onward.to_string()), ..gap.clone() }),
        None => gap.rounds.checked_sub(1).map(|rounds| Gap {
            at: None,
            rounds,
            due_ms: now.plus(AGAIN_AFTER).as_millis(),
            ..gap.clone()
        }),
    }
}

/// The folders that events name, each once, listed as the owner of what happened there.
fn folders(tenant: &Tenant, activities: &[Activity]) -> Vec<Errand> {
    let people = tenant.directory();
    let mut folders: BTreeMap<Arc<str>, Principal> = BTreeMap::new();
    for activity in activities.iter().filter(|activity| activity.kind.promotes()) {
        for subject in &activity.subjects {
            let owner = subject.owner.as_ref().and_then(|account| people.by_account(account));
            let owner = owner.filter(|owner| owner.side == Side::Internal && owner.status == Status::Active);
            // The root of everybody has the same id.
            let place = subject.place.as_ref().filter(|place| &***place != "0");
            if let (Some(owner), Some(place)) = (owner, place)
                && folders.len() < FOLDERS_MAX
            {
                folders.entry(Arc::clone(place)).or_insert_with(|| Principal::Person(Arc::clone(&owner.id)));
            }
        }
    }
    let walk = |(id, read_as): (Arc<str>, Principal)| Walk {
        id: format!("folder:{id}").into(),
        place: id,
        kind: "folder".into(),
        read_as,
        path: "".into(),
        cursor: None,
    };
    folders.into_iter().map(|folder| Errand::of(&walk(folder), false)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gap_is_read_to_its_end_and_once_more() {
        let gap = Gap { feed: "events".into(), from_ms: 1, to_ms: 9, at: None, promote: true, rounds: 1, due_ms: 0 };
        let now = Moment::from_millis(1_000);
        let second = next(&gap, Some("p2".into()), now).unwrap();
        assert_eq!((second.at.as_deref(), second.rounds), (Some("p2"), 1));
        for onward in [None, Some("p2".into())] {
            let again = next(&second, onward, now).unwrap();
            assert_eq!((again.at.as_deref(), again.rounds, again.due_ms), (None, 0, 601_000));
            assert_eq!(next(&again, None, now), None);
        }
    }
}
