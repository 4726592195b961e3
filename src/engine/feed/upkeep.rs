//! What events cause that is no job of one item, and what time itself causes.

use super::super::core::{Core, Tenant};
use super::super::passes::{Trouble, ask_for_top, is_namespace, links, people, rest, shown, take_note};
use super::log::send;
use super::needs::{self, Errand, Needs};
use super::{gap, pause_after};
use crate::backoff::Backoff;
use crate::clock::Moment;
use crate::model::{ItemNumber, Lane, Todo};
use crate::provider::{Next, Onward};
use crate::store::{self, Ask};
use std::collections::HashMap;
use std::time::Duration;

/// How often it is looked what is to be done.
const LOOK_EVERY: Duration = Duration::from_millis(500);
/// Changes of people come in bursts: they are listed when so long no further one came, or after the longest wait.
const PEOPLE_AFTER: Duration = Duration::from_secs(3);
/// How often dates are looked at that come true.
const ENDS_EVERY: Duration = Duration::from_secs(5);
/// Items asked for in one transaction.
const ENDS_MAX: usize = 1_000;
/// An item whose date came true is not asked for again before this.
const ENDS_AGAIN: Duration = Duration::from_secs(600);
/// Waits after failures.
const AFTER_FAILURE: Backoff = Backoff { first: Duration::from_secs(1), longest: Duration::from_secs(300) };

/// Does the upkeep of a tenant until the service stops.
pub(super) fn run(core: &Core, tenant: &Tenant) -> Result<(), store::Error> {
    let mut upkeep = Upkeep::new(core, tenant);
    let mut failures: u32 = 0;
    while !core.stopped() {
        match upkeep.turn() {
            Ok(true) => failures = 0,
            Ok(false) => {
                failures = 0;
                rest(core, LOOK_EVERY);
            }
            Err(trouble) => {
                failures = failures.saturating_add(1);
                let wait = pause_after(core, &trouble, AFTER_FAILURE.wait(failures, u64::from(failures)));
                take_note(core, tenant, "keep up with the feed", trouble)?;
                rest(core, wait);
            }
        }
    }
    Ok(())
}

pub(super) struct Upkeep<'a> {
    core: &'a Core,
    tenant: &'a Tenant,
    /// When dates were last looked at.
    looked: Option<Moment>,
    /// Items whose date came true, and when they were asked for.
    ended: HashMap<ItemNumber, Moment>,
}

impl<'a> Upkeep<'a> {
    pub(super) fn new(core: &'a Core, tenant: &'a Tenant) -> Self {
        Self { core, tenant, looked: None, ended: HashMap::new() }
    }

    /// Does one piece of each kind of upkeep; true when more may be to do at once.
    pub(super) fn turn(&mut self) -> Result<bool, Trouble> {
        self.ends()?;
        if !self.tenant.is_enabled() || !self.is_connected()? {
            return Ok(false);
        }
        let mut did = self.people()?;
        did |= self.links()? > 0;
        did |= self.places()?;
        did |= self.errand()?;
        did |= gap::fill(self.core, self.tenant)?;
        Ok(did)
    }

    /// Nothing is asked before the tenant's people were listed and its feed's position was taken.
    fn is_connected(&self) -> Result<bool, store::Error> {
        let cursors = self.core.store.cursors(self.tenant.number)?;
        if cursors.is_empty() {
            return Ok(false);
        }
        let known = !self.tenant.directory().people().is_empty();
        Ok(known || people::recall(self.core, self.tenant)?)
    }

    fn people(&self) -> Result<bool, Trouble> {
        let needs = Needs::of(self.core, self.tenant);
        let Some(raised) = needs.raised(needs::PEOPLE)? else { return Ok(false) };
        let now = self.core.clock.steady();
        // A moment of an earlier run may lie ahead of this clock.
        if now.since(raised.at) < PEOPLE_AFTER && raised.at <= now {
            return Ok(false);
        }
        people::refresh(self.core, self.tenant, Lane::Live)?;
        needs.met(needs::PEOPLE, raised)?;
        Ok(true)
    }

    /// Links of people about whom an event told something; those of a tenant that was just connected are the pass's.
    fn links(&self) -> Result<u64, Trouble> {
        let pass = self.core.store.pass(self.tenant.number)?;
        if pass.is_none() {
            return Ok(0);
        }
        links::refresh(self.core, self.tenant, &self.core.stop, Lane::Live)?;
        Ok(0)
    }

    /// Looks for namespaces that came since the last pass.
    fn places(&self) -> Result<bool, Trouble> {
        let needs = Needs::of(self.core, self.tenant);
        let Some(raised) = needs.raised(needs::PLACES)? else { return Ok(false) };
        let pass = self.core.store.pass(self.tenant.number)?;
        if pass.is_none_or(|pass| pass.listed.is_none()) {
            // The first listing may have most of them still before it.
            return Ok(false);
        }
        let walks = self.tenant.source.walks(&self.tenant.directory())?;
        let cursors = self.core.store.cursors(self.tenant.number)?;
        let follows = |id: &str| cursors.iter().any(|cursor| *cursor.feed == *id);
        let new = walks.walks.iter().filter(|walk| is_namespace(&walk.id) && !follows(&walk.id));
        send(self.core, self.tenant, new.map(|walk| Errand::of(walk, false)).collect())?;
        needs.met(needs::PLACES, raised)?;
        Ok(true)
    }

    /// One page of a walk beside the pass.
    fn errand(&self) -> Result<bool, Trouble> {
        let needs = Needs::of(self.core, self.tenant);
        for errand in needs.errands()? {
            let walk = errand.walk();
            let turn = self.tenant.turns.take(&walk.id);
            if turn.is_none() {
                continue;
            }
            let next = self.walk_on(&errand)?;
            needs.replace_errand(&errand, next)?;
            return Ok(true);
        }
        Ok(false)
    }

    /// Takes in the next page of a walk; what is left of it.
    fn walk_on(&self, errand: &Errand) -> Result<Option<Errand>, Trouble> {
        let (core, tenant, walk) = (self.core, self.tenant, errand.walk());
        let mut page = match tenant.source.page(&walk, &tenant.directory()) {
            Ok(page) => page,
            Err(error) => {
                return match error.next() {
                    Next::Reset(_) => {
                        core.store.restart_walk(tenant.number, &walk)?;
                        Ok(errand.cursor.is_some().then(|| Errand { cursor: None, ..errand.clone() }))
                    }
                    Next::Gone | Next::Forbidden | Next::Refused | Next::NotReadable | Next::Moved => Ok(None),
                    _ => Err(error.into()),
                };
            }
        };
        let found = page.found.drain(..);
        let further: Vec<Errand> = found.filter(|_| errand.deep).map(|found| Errand::of(&found, true)).collect();
        let onward = page.onward.clone();
        send(core, tenant, further)?;
        let offered = Some(core.clock.steady());
        core.store.take_page(tenant.number, &walk, shown::page(core, page, offered), Lane::Live)?;
        if is_namespace(&walk.id) {
            ask_for_top(core, tenant, &walk.place, Lane::Live)?;
        }
        Ok(match onward {
            Onward::More(cursor) => Some(Errand { cursor: Some(cursor.to_string()), ..errand.clone() }),
            Onward::End(_) => None,
        })
    }

    /// Asks for what a date changes that has come.
    fn ends(&mut self) -> Result<(), store::Error> {
        let now = self.core.clock.steady();
        if self.looked.is_some_and(|looked| now.since(looked) < ENDS_EVERY) {
            return Ok(());
        }
        self.looked = Some(now);
        self.ended.retain(|_, asked| now.since(*asked) < ENDS_AGAIN);
        let items = self.core.store.exposure_ends(self.core.clock.now(), ENDS_MAX)?;
        let new: Vec<ItemNumber> = items.into_iter().filter(|item| !self.ended.contains_key(item)).collect();
        let ask = |item: &ItemNumber| Ask {
            item: *item,
            lane: Lane::Live,
            todo: Todo::EXPOSURE,
            priority: 0,
            offered: Some(now),
            happened: None,
        };
        if !new.is_empty() {
            self.core.store.ask(&new.iter().map(ask).collect::<Vec<_>>())?;
            self.ended.extend(new.into_iter().map(|item| (item, now)));
        }
        Ok(())
    }
}
