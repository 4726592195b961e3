//! What stands between the stages: jobs in hand, the desk where fetch threads take them, room in bytes, identical contents.
//!
//! One number bounds all of it: at most so many jobs are in hand, and every channel between the stages has room for that
//! many. So whoever hands a job on never waits, and nothing can wait inside a rayon task.

pub(crate) mod desk;
pub(crate) mod hand;
pub(crate) mod room;
pub(crate) mod twins;

#[cfg(test)]
mod tests;

pub(crate) use desk::{Desk, Task};
pub(crate) use hand::{Hand, Ticket};
pub(crate) use room::{Held, Room};
pub(crate) use twins::{Twin, Twins};

use super::core::Tenant;
use crate::clock::Moment;
use crate::model::{ConnectorNumber, Item, Lane, Principal, Todo};
use crate::store::{Job, Settlement};
use std::sync::Arc;

/// A leased job on its way, with what was found out so far. Dropped anywhere, its lease goes back.
#[derive(Debug)]
pub(crate) struct Work {
    /// The job as it was leased.
    pub(crate) job: Job,
    /// Whose.
    pub(crate) tenant: Arc<Tenant>,
    /// The item as told last: by the store, then by the provider.
    pub(crate) item: Item,
    /// What is still to be done.
    pub(crate) todo: Todo,
    /// What is to be written.
    pub(crate) settlement: Settlement,
    /// How often the provider was asked for the item's facts.
    pub(crate) looks: u32,
    /// When it was leased.
    pub(crate) leased: Moment,
    /// When its content was there.
    pub(crate) fetched: Option<Moment>,
    /// Its place in hand.
    pub(crate) ticket: Ticket,
}

impl Work {
    /// A job just leased.
    pub(crate) fn new(job: Job, tenant: Arc<Tenant>, ticket: Ticket, leased: Moment) -> Self {
        let settlement = Settlement::of(job.lease);
        let (item, todo) = (job.known.item.clone(), job.todo);
        Self { item, todo, settlement, looks: 0, leased, fetched: None, ticket, tenant, job }
    }

    /// True for near-real-time work.
    pub(crate) fn is_live(&self) -> bool {
        self.job.lane == Lane::Live
    }

    /// Whose limit its calls use up.
    pub(crate) fn principal(&self) -> (ConnectorNumber, Principal) {
        (self.tenant.number, self.item.read_as.clone())
    }

    /// That much of it is done.
    pub(crate) fn did(&mut self, done: Todo) {
        self.todo = Todo::from_bits(self.todo.bits() & !done.bits());
    }

    /// True when something was found out that is worth writing although the job must wait.
    pub(crate) fn found_something(&self) -> bool {
        self.settlement.facts.is_some() || self.settlement.sharing.is_some()
    }
}
