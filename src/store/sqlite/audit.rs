//! `Audit` in SQLite.

#![allow(unused_imports, reason = "filled in the next commits")]

use super::Sqlite;
use crate::clock::Moment;
use crate::store::Error;
use crate::store::audit::{Audit, Entry, EntryRow};

impl Audit for Sqlite {
    fn append(&self, _entry: &Entry) -> Result<EntryRow, Error> {
        todo!()
    }

    fn entries(&self, _after: u64, _max: usize) -> Result<Vec<EntryRow>, Error> {
        todo!()
    }

    fn verify_audit(&self) -> Result<u64, Error> {
        todo!()
    }

    fn outbox_depth(&self) -> Result<u64, Error> {
        todo!()
    }
}
