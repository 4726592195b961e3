//! `Verdicts` in SQLite.

#![allow(unused_imports, reason = "filled in the next commits")]

use super::Sqlite;
use crate::clock::Moment;
use crate::model::verdict::DetectorCount;
use crate::model::{ContentHash, Coverage, Finding, Hole, ItemNumber, Lease, Provider, Reason, Sharing, Todo, Verdict};
use crate::store::Error;
use crate::store::inventory::{Judged, Listed};
use crate::store::queue::Ask;
use crate::store::rules::RulesNumber;
use crate::store::verdicts::{
    ContentRow, ContentScope, FindingNumber, FindingRow, Reading, ReadingNumber, Rejudged, Settled, Settlement,
    Verdicts,
};
use std::sync::Arc;

impl Verdicts for Sqlite {
    fn settle(&self, _settlement: Settlement) -> Result<Settled, Error> {
        todo!()
    }

    fn reading(&self, _number: ReadingNumber) -> Result<Option<Reading>, Error> {
        todo!()
    }

    fn reading_by_hash(
        &self,
        _provider: Provider,
        _hash: &ContentHash,
        _size_bytes: u64,
    ) -> Result<Option<Reading>, Error> {
        todo!()
    }

    fn reading_by_content(&self, _content: &[u8; 32], _extraction: &[u8; 32]) -> Result<Option<Reading>, Error> {
        todo!()
    }

    fn findings(&self, _reading: ReadingNumber, _as_of: Option<Moment>) -> Result<Vec<FindingRow>, Error> {
        todo!()
    }

    fn finding(&self, _number: FindingNumber) -> Result<Option<FindingRow>, Error> {
        todo!()
    }

    fn trace(&self, _token: &str, _after: Option<FindingNumber>, _max: usize) -> Result<Vec<FindingRow>, Error> {
        todo!()
    }

    fn holders(
        &self,
        _reading: ReadingNumber,
        _after: Option<ItemNumber>,
        _max: usize,
    ) -> Result<Vec<ItemNumber>, Error> {
        todo!()
    }

    fn as_of(
        &self,
        _item: ItemNumber,
        _at: Moment,
    ) -> Result<Option<(Option<Coverage>, Option<ReadingNumber>)>, Error> {
        todo!()
    }

    fn contents(
        &self,
        _scope: &ContentScope,
        _after: Option<ReadingNumber>,
        _max: usize,
    ) -> Result<Vec<ContentRow>, Error> {
        todo!()
    }

    fn price(&self, _scope: &ContentScope) -> Result<(u64, u64), Error> {
        todo!()
    }

    fn rejudge(&self, _rules: RulesNumber, _judged: &[Rejudged], _complete: &[ReadingNumber]) -> Result<(), Error> {
        todo!()
    }
}
