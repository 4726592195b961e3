//! Links that no listing tells (Dropbox): asked for person by person, once on connect and again when an event says so.

use super::Trouble;
use crate::engine::core::{Core, Tenant};
use crate::model::{Lane, Person, Provider};
use crate::provider::{self, Next};
use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// People asked for at a time.
const PEOPLE: usize = 100;
/// Links of one person that are taken in; nobody makes more by hand.
const LINKS_MAX: usize = 500_000;

/// Asks for the links of everybody whose links are not known, until `halt` rises. A person who may not be asked is left for
/// the next pass; how many those are is given back.
pub(in crate::engine) fn refresh(core: &Core, tenant: &Tenant, halt: &AtomicBool, lane: Lane) -> Result<u64, Trouble> {
    if tenant.provider != Provider::Dropbox {
        return Ok(0);
    }
    let mut refused = 0;
    let mut skip: HashSet<Arc<str>> = HashSet::new();
    loop {
        // Those who were refused stay on the list; nobody is asked about twice in one go.
        let wanted = core.store.links_wanted(tenant.number, PEOPLE + skip.len())?;
        let next: Vec<Person> = wanted.into_iter().filter(|person| !skip.contains(&person.account)).collect();
        if next.is_empty() {
            return Ok(refused);
        }
        for person in next {
            if halt.load(Ordering::Relaxed) {
                return Ok(refused);
            }
            refused += u64::from(!of_one(core, tenant, &person, lane)?);
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
