//! `Inventory` in SQLite.

#![allow(unused_imports, reason = "filled in the next commits")]

use super::{Desk, Failed, Sqlite};
use crate::clock::Moment;
use crate::model::Principal;
use crate::model::{
    ConnectorNumber, Coverage, FoundLink, GonePath, Item, ItemKind, ItemNumber, Lane, Level, Onward, Sharing, Taken,
    Unwalked, Walk, Walks,
};
use crate::store::Error;
use crate::store::inventory::Listed;
use crate::store::inventory::{Above, Inventory, Judged, Known, Pass, PassEnd, Scope, TakenPage, Totals};
use crate::store::queue::Ask;
use crate::store::verdicts::ReadingNumber;
use rusqlite::Connection;
use std::sync::Arc;

pub(super) mod sharing {
    //! Members and links.

    use super::*;

    /// Replaces what an item's own members and links are; true when that changed anything.
    pub(in super::super) fn keep_sharing_in(
        _desk: &Desk<'_>,
        _item: ItemNumber,
        _sharing: &Sharing,
    ) -> Result<bool, Failed> {
        todo!()
    }
}

/// Who tells of an item.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ListedBy {
    /// A pass.
    Pass,
    /// A feed that tells items whole.
    Feed,
    /// A look at one item.
    Look,
}

/// What telling an item anew changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Put {
    /// Its number.
    pub(super) number: ItemNumber,
    /// It was not known, or had gone.
    pub(super) new: bool,
    /// Its content waits for a verdict now and did not before.
    pub(super) content: bool,
    /// Its members must be asked for.
    pub(super) shared: bool,
    /// Its own links or owner changed, or it lies elsewhere now: its exposure, and that of all below, may be another.
    pub(super) moved: bool,
}

/// Takes in what was told of one item; asks for nothing.
pub(super) fn upsert(_desk: &Desk<'_>, _of: ConnectorNumber, _listed: &Listed, _by: ListedBy) -> Result<Put, Failed> {
    todo!()
}

/// The item of that id, made as a stub when there is none; true when it was made.
pub(super) fn stub(
    _desk: &Desk<'_>,
    _of: ConnectorNumber,
    _kind: ItemKind,
    _id: &str,
    _place: Option<&str>,
    _read_as: &Principal,
) -> Result<(ItemNumber, bool), Failed> {
    todo!()
}

/// The number of the item of that id, gone or not.
pub(super) fn find_in(
    _tx: &Connection,
    _of: ConnectorNumber,
    _kind: ItemKind,
    _id: &str,
) -> Result<Option<ItemNumber>, Failed> {
    todo!()
}

/// The item and everything below it went away; how many.
pub(super) fn gone_in(_desk: &Desk<'_>, _item: ItemNumber) -> Result<u64, Failed> {
    todo!()
}

/// Takes in a page. A feed's page moves neither the walk nor its cursor.
pub(super) fn take_page_in(
    _desk: &Desk<'_>,
    _of: ConnectorNumber,
    _walk: &Walk,
    _page: TakenPage,
    _lane: Lane,
    _by: ListedBy,
) -> Result<Taken, Failed> {
    todo!()
}

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
