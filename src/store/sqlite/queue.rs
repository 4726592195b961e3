//! `Queue` in SQLite.

#![allow(unused_imports, reason = "filled in the next commits")]

use super::Sqlite;
use crate::clock::Moment;
use crate::model::{ConnectorNumber, ItemNumber, Lane, Lease, Principal, Reason, Todo};
use crate::store::Error;
use crate::store::inventory::Known;
use crate::store::queue::{Ask, Claim, Depth, Failure, Fate, GivenBack, Job, Parked, Queue};
use std::time::Duration;

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
