//! The queue: one job for each item at most, lanes with shares, leases with epochs, parking.
//!
//! Two rules keep anything from being lost. A job that is asked for while it is leased is wanted again: whoever completes it
//! then sends it back instead ([`Lease::revision`]). And only the newest lease of a job counts: a worker that stood still
//! past its lease finds its completion refused.

use super::Error;
use super::inventory::Known;
use crate::clock::Moment;
use crate::model::{ConnectorNumber, ItemNumber, Lane, Lease, Principal, Reason, Todo};
use std::time::Duration;

/// Asks for work on an item. Asking again raises: the lane to the more urgent, what is to be done to all that was asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ask {
    /// The item.
    pub item: ItemNumber,
    /// Why.
    pub lane: Lane,
    /// What.
    pub todo: Todo,
    /// Within the lane: higher first (exposure level, for example); 0 when nothing is known.
    pub priority: i32,
    /// When the provider first offered the change; `None` when no change caused it.
    pub offered: Option<Moment>,
    /// When it happened, by the provider's clock.
    pub happened: Option<Moment>,
}

/// Asks for jobs to be leased.
#[derive(Clone, Debug)]
pub struct Claim<'a> {
    /// Who leases, for reports (`fetch-3`).
    pub owner: &'a str,
    /// Of these connectors only; empty gives nothing.
    pub connectors: &'a [ConnectorNumber],
    /// At most so many in all.
    pub max: usize,
    /// Of them at most so many that are not [`Lane::Live`]: live slots are kept free.
    pub not_live_max: usize,
    /// At most so many of one principal in this claim.
    pub per_principal_max: usize,
    /// Principals that have enough under way already: none of theirs.
    pub busy: &'a [(ConnectorNumber, Principal)],
    /// How long the lease holds.
    pub lease: Duration,
}

/// A leased job.
#[derive(Clone, Debug)]
pub struct Job {
    /// The lease.
    pub lease: Lease,
    /// The lane it waited in.
    pub lane: Lane,
    /// What is to be done.
    pub todo: Todo,
    /// Failed attempts so far.
    pub attempts: u32,
    /// When it was (last) asked for.
    pub asked: Moment,
    /// When the provider first offered the oldest change that waits.
    pub offered: Option<Moment>,
    /// When that happened, by the provider's clock.
    pub happened: Option<Moment>,
    /// The item as it is known.
    pub known: Known,
}

/// Gives a job back undone: waiting is not failing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GivenBack {
    /// The lease.
    pub lease: Lease,
    /// Not before this moment; `None` at once.
    pub not_before: Option<Moment>,
}

/// A failed attempt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// The lease.
    pub lease: Lease,
    /// Why, in the words of coverage.
    pub reason: Reason,
    /// What was said, for `queue parked`: the provider's code, no data.
    pub said: String,
    /// Not before this moment, when it is tried again.
    pub not_before: Moment,
    /// Parked when this attempt is the last of so many.
    pub attempts_max: u32,
}

/// What became of a job after its lease ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It waits again.
    Waits,
    /// Parked: its item is `skipped: parked` until somebody asks for it again.
    Parked,
    /// The lease did not hold any more; nothing was changed.
    Lost,
}

/// A parked job.
#[derive(Clone, Debug)]
pub struct Parked {
    /// The item.
    pub known: Known,
    /// The lane it waited in.
    pub lane: Lane,
    /// What was to be done.
    pub todo: Todo,
    /// Attempts made.
    pub attempts: u32,
    /// Why.
    pub reason: Reason,
    /// What was said at last.
    pub said: String,
    /// Since when.
    pub since: Moment,
}

/// How many jobs there are, by connector and lane.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Depth {
    /// Whose.
    pub connector: ConnectorNumber,
    /// Lane.
    pub lane: Lane,
    /// May be leased now.
    pub ready: u64,
    /// Wait for a moment.
    pub delayed: u64,
    /// Leased.
    pub leased: u64,
    /// Parked.
    pub parked: u64,
}

/// The queue.
pub trait Queue {
    /// Asks for work; returns how many jobs are new or raised. A parked job that is asked for again waits anew.
    ///
    /// # Errors
    /// When it could not be written.
    fn ask(&self, asks: &[Ask]) -> Result<u64, Error>;

    /// Leases jobs: live first, every lane its share over time ([`super::order`]), principals of a lane in turn, higher
    /// priority first within a principal. Expired leases are rescued on the way.
    ///
    /// # Errors
    /// When it could not be written.
    fn claim(&self, claim: &Claim<'_>) -> Result<Vec<Job>, Error>;

    /// Prolongs leases; gives back those that hold no more.
    ///
    /// # Errors
    /// When it could not be written.
    fn renew(&self, leases: &[Lease], lease: Duration) -> Result<Vec<Lease>, Error>;

    /// Those of some leases whose item was asked for more urgently since: whoever has not begun gives them back, so that the
    /// job is leased anew in its better lane.
    ///
    /// # Errors
    /// When they could not be read.
    fn overtaken(&self, leases: &[Lease]) -> Result<Vec<Lease>, Error>;

    /// Gives jobs back with their attempts unchanged.
    ///
    /// # Errors
    /// When it could not be written.
    fn give_back(&self, back: &[GivenBack]) -> Result<Vec<Fate>, Error>;

    /// Notes failed attempts: back to waiting, or parked with its reason.
    ///
    /// # Errors
    /// When it could not be written.
    fn fail(&self, failures: &[Failure]) -> Result<Vec<Fate>, Error>;

    /// Makes jobs whose lease is over wait again; how many. Attempts stay.
    ///
    /// # Errors
    /// When it could not be written.
    fn rescue(&self) -> Result<u64, Error>;

    /// How many jobs wait where, from kept counters.
    ///
    /// # Errors
    /// When it could not be read.
    fn depth(&self) -> Result<Vec<Depth>, Error>;

    /// The moment of the next delayed job, if one waits.
    ///
    /// # Errors
    /// When it could not be read.
    fn next_due(&self) -> Result<Option<Moment>, Error>;

    /// Parked jobs in order of their items, those after `after`, at most `max`.
    ///
    /// # Errors
    /// When they could not be read.
    fn parked(&self, of: Option<ConnectorNumber>, after: Option<ItemNumber>, max: usize) -> Result<Vec<Parked>, Error>;

    /// Brings parked jobs back in lane `asked`, attempts at zero: one item's, a connector's, or all; how many.
    ///
    /// # Errors
    /// When it could not be written.
    fn retry(&self, of: Option<ConnectorNumber>, item: Option<ItemNumber>) -> Result<u64, Error>;
}
