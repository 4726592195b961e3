//! An item as messages show it: the path as far as it may be shown, counts and masks; never a value.

use crate::engine::core::Core;
use crate::model::{ActivityKind, Actor, ConnectorNumber, Directory, Owner, Person, Side, Status};
use crate::notify::About;
use crate::store::{ActivityQuery, Error, Known, Store};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Masks shown of one detector.
const MASKS_MAX: usize = 2;
/// Detectors told of one item.
const DETECTORS_MAX: usize = 12;

/// What messages say of an item.
pub(super) fn of(core: &Core, known: &Known) -> Result<About, Error> {
    Ok(About {
        connector: connector(core, known.connector),
        shown: Arc::clone(&known.shown),
        id: Arc::clone(&known.item.id),
        access: known.exposure.map_or("unknown", |judged| judged.level.name()).into(),
        found: found(&*core.store, known)?,
        ..About::default()
    })
}

/// A connector's name.
pub(super) fn connector(core: &Core, number: ConnectorNumber) -> Arc<str> {
    core.tenant(number).map_or_else(|| "".into(), |tenant| tenant.name.as_str().into())
}

/// Each detector with the number of different values and a few masks.
fn found(store: &dyn Store, known: &Known) -> Result<Vec<Arc<str>>, Error> {
    let Some(number) = known.reading else { return Ok(Vec::new()) };
    let Some(reading) = store.reading(number)? else { return Ok(Vec::new()) };
    let mut masks: BTreeMap<Arc<str>, Vec<String>> = BTreeMap::new();
    for row in store.findings(number, None)? {
        let of = masks.entry(row.finding.detector).or_default();
        let mask = row.finding.mask.to_string();
        if of.len() < MASKS_MAX && !of.contains(&mask) {
            of.push(mask);
        }
    }
    let told = reading.counts.iter().filter(|count| count.total > 0).take(DETECTORS_MAX);
    Ok(told
        .map(|count| {
            let least = if count.unique_at_least { "at least " } else { "" };
            let masks = masks.get(&count.detector).map(|masks| format!(" ({})", masks.join(", ")));
            format!("{}: {least}{} different{}", count.detector, count.unique, masks.unwrap_or_default()).into()
        })
        .collect())
}

/// The mail address of an item's owner, when the owner is of the company and can read it.
pub(super) fn owner(directory: &Directory, owner: Option<&Owner>) -> Option<Arc<str>> {
    let owner = owner?;
    let by_account = owner.account.as_deref().and_then(|account| directory.by_account(account));
    by_account.or_else(|| owner.login.as_deref().and_then(|login| directory.by_login(login))).and_then(address)
}

/// The mail address of whoever last edited an item, by the same rule.
pub(super) fn editor(store: &dyn Store, directory: &Directory, known: &Known) -> Result<Option<Arc<str>>, Error> {
    let mut newest = None;
    for kind in [ActivityKind::Edit, ActivityKind::Upload] {
        let query = ActivityQuery {
            connector: Some(known.connector),
            item: Some(known.number),
            kind: Some(kind),
            ..ActivityQuery::default()
        };
        let row = store.activities(&query, None, 1)?.into_iter().next();
        newest = newest.into_iter().chain(row).max_by_key(|row| (row.activity.at, row.number));
    }
    let Some(row) = newest else { return Ok(None) };
    let Actor::Person { account, login } = &row.activity.actor else { return Ok(None) };
    Ok(owner(directory, Some(&Owner { account: account.clone(), login: login.clone() })))
}

/// What a policy found is nothing to tell people outside, and those who left or are shut out read no mail.
fn address(person: &Person) -> Option<Arc<str>> {
    let reads = person.side == Side::Internal && person.status == Status::Active && person.login.contains('@');
    reads.then(|| Arc::clone(&person.login))
}
