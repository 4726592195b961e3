//! Links that no listing tells (Dropbox): asked for person by person, once on connect and again when an event says so.

use super::Trouble;
use crate::engine::core::{Core, Tenant};
use crate::model::{Directory, ItemNumber, Lane, Person, Provider, Side, Status, Todo};
use crate::provider::{self, Next};
use crate::store::{self, Ask, Scope};
use std::collections::{BTreeSet, HashSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// People asked for at a time.
const PEOPLE: usize = 100;
/// Links of one person that are taken in; nobody makes more by hand.
const LINKS_MAX: usize = 500_000;

/// People whose links nobody can tell, as the store keeps them.
const UNKNOWN: &str = "links.unknown";
/// Items looked through at a time.
const BATCH: usize = 1_000;

/// Asks for the links of everybody whose links are not known, until `halt` rises. Of a person who may not be asked, or who is
/// suspended and could not answer, nobody knows what is linked: what such people own may be further open than told.
pub(in crate::engine) fn refresh(core: &Core, tenant: &Tenant, halt: &AtomicBool, lane: Lane) -> Result<(), Trouble> {
    if tenant.provider != Provider::Dropbox {
        return Ok(());
    }
    let mut unknown = suspended(&tenant.directory());
    let mut skip: HashSet<Arc<str>> = HashSet::new();
    loop {
        // Those who were refused stay on the list; nobody is asked about twice in one go.
        let wanted = core.store.links_wanted(tenant.number, PEOPLE + skip.len())?;
        let next: Vec<Person> = wanted.into_iter().filter(|person| !skip.contains(&person.account)).collect();
        if next.is_empty() {
            // Those who were refused before and not asked now are as they were.
            let before = tenant.feed.unlinked();
            unknown.extend(
                before
                    .iter()
                    .filter(|account| !skip.contains(*account))
                    .filter(|account| is_here(tenant, account))
                    .cloned(),
            );
            return Ok(note(core, tenant, unknown)?);
        }
        for person in next {
            if halt.load(Ordering::Relaxed) {
                return Ok(());
            }
            if !of_one(core, tenant, &person, lane)? {
                unknown.insert(Arc::clone(&person.account));
            }
            skip.insert(person.account);
        }
    }
}

/// The links of one person; false when the provider refuses them for that person.
fn of_one(core: &Core, tenant: &Tenant, person: &Person, lane: Lane) -> Result<bool, Trouble> {
    let mut links = Vec::new();
    let listed = tenant.source.links(person, &mut |found| {
        links.extend(found);
        match links.len() <= LINKS_MAX {
            true => Ok(()),
            false => Err(provider::Error::new(Next::Refused, "list a member's links", "more than can be taken in")),
        }
    });
    match listed {
        Ok(()) => {
            core.store.keep_links(tenant.number, &person.account, &links, lane)?;
            Ok(true)
        }
        Err(error) => match error.next() {
            Next::Gone | Next::Forbidden | Next::Refused | Next::NotReadable | Next::Moved | Next::Reset(_) => {
                Ok(false)
            }
            _ => Err(error.into()),
        },
    }
}

/// Whose links were not known when the service last ran.
pub(in crate::engine) fn recall(core: &Core, tenant: &Tenant) -> Result<(), store::Error> {
    let kept = core.store.fact(Some(tenant.number), UNKNOWN)?;
    let accounts: Vec<String> = kept.and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_default();
    tenant.feed.set_unlinked(accounts.into_iter().map(Arc::from).collect());
    Ok(())
}

/// Managed people who cannot be asked since they cannot sign in.
fn suspended(people: &Directory) -> BTreeSet<Arc<str>> {
    let all = people.people().iter();
    let cannot = all.filter(|person| person.side == Side::Internal && person.status == Status::Inactive);
    cannot.map(|person| Arc::clone(&person.account)).collect()
}

/// True for a member at work: one who was refused, and may be asked again by the next pass.
fn is_here(tenant: &Tenant, account: &str) -> bool {
    tenant.directory().by_account(account).is_some_and(|person| person.status == Status::Active)
}

/// Keeps whose links are not known; what those own of whom that changed is judged again.
fn note(core: &Core, tenant: &Tenant, unknown: BTreeSet<Arc<str>>) -> Result<(), store::Error> {
    let before = tenant.feed.unlinked();
    if *before == unknown {
        return Ok(());
    }
    let changed: HashSet<Arc<str>> = before.symmetric_difference(&unknown).cloned().collect();
    let accounts: Vec<&str> = unknown.iter().map(|account| &**account).collect();
    let text = serde_json::to_string(&accounts).unwrap_or_default();
    tenant.feed.set_unlinked(unknown.clone());
    judge_again(core, tenant, &changed)?;
    core.store.keep_fact(Some(tenant.number), UNKNOWN, Some(&text))
}

fn judge_again(core: &Core, tenant: &Tenant, owners: &HashSet<Arc<str>>) -> Result<(), store::Error> {
    let scope = Scope { connector: Some(tenant.number), ..Scope::default() };
    let mut after: Option<ItemNumber> = None;
    loop {
        let items = core.store.items(&scope, after, BATCH)?;
        let Some(last) = items.last().map(|known| known.number) else { return Ok(()) };
        let owned = items.iter().filter(|known| {
            let owner = known.item.owner.as_ref().and_then(|owner| owner.account.as_ref());
            owner.is_some_and(|account| owners.contains(account))
        });
        let ask =
            |item| Ask { item, lane: Lane::Backlog, todo: Todo::EXPOSURE, priority: 0, offered: None, happened: None };
        core.store.ask(&owned.map(|known| ask(known.number)).collect::<Vec<_>>())?;
        after = Some(last);
    }
}
