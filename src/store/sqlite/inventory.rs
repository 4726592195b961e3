//! `Inventory` in SQLite.

#![allow(unused_imports, reason = "filled in the next commits")]

use super::Sqlite;
use crate::clock::Moment;
use crate::model::{
    ConnectorNumber, Coverage, FoundLink, GonePath, Item, ItemKind, ItemNumber, Lane, Level, Onward, Sharing, Taken,
    Unwalked, Walk, Walks,
};
use crate::store::Error;
use crate::store::inventory::{Above, Inventory, Judged, Known, Pass, PassEnd, Scope, TakenPage, Totals};
use crate::store::queue::Ask;
use crate::store::verdicts::ReadingNumber;
use std::sync::Arc;

impl Inventory for Sqlite {
    fn begin_pass(&self, _of: ConnectorNumber, _walks: &Walks) -> Result<Pass, Error> {
        todo!()
    }

    fn pass(&self, _of: ConnectorNumber) -> Result<Option<Pass>, Error> {
        todo!()
    }

    fn waiting_walks(&self, _of: ConnectorNumber, _busy: &[Arc<str>], _max: usize) -> Result<Vec<Walk>, Error> {
        todo!()
    }

    fn take_page(&self, _of: ConnectorNumber, _walk: &Walk, _page: TakenPage, _lane: Lane) -> Result<Taken, Error> {
        todo!()
    }

    fn restart_walk(&self, _of: ConnectorNumber, _walk: &Walk) -> Result<(), Error> {
        todo!()
    }

    fn give_up_walk(&self, _of: ConnectorNumber, _walk: &Walk, _hole: &Unwalked) -> Result<(), Error> {
        todo!()
    }

    fn end_pass(&self, _of: ConnectorNumber) -> Result<PassEnd, Error> {
        todo!()
    }

    fn item(&self, _number: ItemNumber) -> Result<Option<Known>, Error> {
        todo!()
    }

    fn find(&self, _of: ConnectorNumber, _kind: ItemKind, _id: &str) -> Result<Option<Known>, Error> {
        todo!()
    }

    fn find_path(&self, _of: ConnectorNumber, _place: &str, _path_lower: &str) -> Result<Option<Known>, Error> {
        todo!()
    }

    fn above(&self, _item: ItemNumber) -> Result<Vec<Above>, Error> {
        todo!()
    }

    fn items(&self, _scope: &Scope, _after: Option<ItemNumber>, _max: usize) -> Result<Vec<Known>, Error> {
        todo!()
    }

    fn sharing(&self, _item: ItemNumber) -> Result<Option<Sharing>, Error> {
        todo!()
    }

    fn keep_links(
        &self,
        _of: ConnectorNumber,
        _person: &str,
        _links: &[FoundLink],
        _lane: Lane,
    ) -> Result<Vec<ItemNumber>, Error> {
        todo!()
    }

    fn keep_exposure(&self, _told: &[(ItemNumber, Judged)]) -> Result<(), Error> {
        todo!()
    }

    fn exposure_ends(&self, _by: Moment, _max: usize) -> Result<Vec<ItemNumber>, Error> {
        todo!()
    }

    fn take_gone(&self, _of: ConnectorNumber, _gone: &[GonePath]) -> Result<u64, Error> {
        todo!()
    }

    fn item_gone(&self, _item: ItemNumber) -> Result<(), Error> {
        todo!()
    }

    fn totals(&self, _of: ConnectorNumber) -> Result<Totals, Error> {
        todo!()
    }
}
