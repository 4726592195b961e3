//! `Queue` in SQLite.

#![allow(unused_imports, reason = "filled in the next commits")]

use super::{Desk, Failed, Sqlite};
use crate::clock::Moment;
use crate::model::{ConnectorNumber, ItemNumber, Lane, Lease, Principal, Reason, Todo};
use crate::store::Error;
use crate::store::inventory::Known;
use crate::store::queue::{Ask, Claim, Depth, Failure, Fate, GivenBack, Job, Parked, Queue};
use std::time::Duration;

/// A job as its lease holds it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Held {
    /// What is to be done.
    pub(super) todo: Todo,
    /// The lane it waited in.
    pub(super) lane: Lane,
    /// Failed attempts so far.
    pub(super) attempts: u32,
    /// When the provider first offered the oldest change.
    pub(super) offered: Option<Moment>,
    /// When that happened.
    pub(super) happened: Option<Moment>,
}

/// What became of a job that was finished.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Finish {
    /// Nothing is left of it.
    Done,
    /// It waits again: more was asked for, or something is left.
    Again,
}

/// The job of a lease; `None` when the lease holds no more.
pub(super) fn held(_desk: &Desk<'_>, _lease: &Lease) -> Result<Option<Held>, Failed> {
    todo!()
}

/// Ends a job, or sends it back when more was asked for or `left` names something; `None` when the lease holds no more.
pub(super) fn finish(
    _desk: &Desk<'_>,
    _lease: &Lease,
    _left: Todo,
    _not_before: Option<Moment>,
) -> Result<Option<Finish>, Failed> {
    todo!()
}

/// Asks for work on an item; true when that made or raised its job.
pub(super) fn ask_in(_desk: &Desk<'_>, _ask: &Ask) -> Result<bool, Failed> {
    todo!()
}

impl Sqlite {
    /// Forgets the deadline of a lease that was ended by a write that succeeded.
    pub(super) fn lease_over(&self, _lease: &Lease) {
        todo!()
    }
}

impl Queue for Sqlite {
    fn ask(&self, _asks: &[Ask]) -> Result<u64, Error> {
        todo!()
    }

    fn claim(&self, _claim: &Claim<'_>) -> Result<Vec<Job>, Error> {
        todo!()
    }

    fn renew(&self, _leases: &[Lease], _lease: Duration) -> Result<Vec<Lease>, Error> {
        todo!()
    }

    fn give_back(&self, _back: &[GivenBack]) -> Result<Vec<Fate>, Error> {
        todo!()
    }

    fn fail(&self, _failures: &[Failure]) -> Result<Vec<Fate>, Error> {
        todo!()
    }

    fn rescue(&self) -> Result<u64, Error> {
        todo!()
    }

    fn depth(&self) -> Result<Vec<Depth>, Error> {
        todo!()
    }

    fn next_due(&self) -> Result<Option<Moment>, Error> {
        todo!()
    }

    fn parked(
        &self,
        _of: Option<ConnectorNumber>,
        _after: Option<ItemNumber>,
        _max: usize,
    ) -> Result<Vec<Parked>, Error> {
        todo!()
    }

    fn retry(&self, _of: Option<ConnectorNumber>, _item: Option<ItemNumber>) -> Result<u64, Error> {
        todo!()
    }
}
