//! Items: what each is, where it lies, who can reach it, and the passes and walks that list them.

use super::Error;
use super::queue::Ask;
use super::verdicts::ReadingNumber;
use crate::clock::Moment;
use crate::model::{
    ConnectorNumber, Coverage, FoundLink, GonePath, Item, ItemKind, ItemNumber, Lane, Level, Onward, Sharing, Taken,
    Unwalked, Walk, Walks,
};
use std::sync::Arc;

/// An item as a listing told it, with what of its name may be shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// The item.
    pub item: Item,
    /// The name with what is sensitive in it covered; `None` when the name may be shown as it is. With `Some` the raw name is
    /// kept sealed.
    pub shown: Option<Arc<str>>,
}

/// What the store knows of an item.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Known {
    /// Its number.
    pub number: ItemNumber,
    /// Whose it is.
    pub connector: ConnectorNumber,
    /// The item as last told: name raw, path put together from the names above. A stub (named by an event, not yet looked at)
    /// has an empty name.
    pub item: Item,
    /// What of its path may be shown, names above included.
    pub shown: Arc<str>,
    /// The folder it lies in; `None` for a top.
    pub parent: Option<ItemNumber>,
    /// True for the top of a tree or namespace: made by the store, counted nowhere.
    pub is_top: bool,
    /// When it was first seen.
    pub first_seen: Moment,
    /// When our record of it last changed (content, place, sharing).
    pub changed: Moment,
    /// When it went away; `None` while it is there.
    pub gone: Option<Moment>,
    /// How far it is open; `None` until first told.
    pub exposure: Option<Judged>,
    /// How much of its present version was read; `None` while that waits.
    pub coverage: Option<Coverage>,
    /// The verdict of its present version, when it was read.
    pub reading: Option<ReadingNumber>,
    /// True when that verdict was another item's first (same content).
    pub reused: bool,
    /// The version that `coverage` is about.
    pub judged_version: Option<Arc<str>>,
}

/// How far an item is open, as stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Judged {
    /// How far.
    pub level: Level,
    /// False when it may be further open than told.
    pub known: bool,
    /// When it changes by itself: the next end of a link or membership that it rests on.
    pub until: Option<Moment>,
}

/// A folder above an item, with what it hands down.
#[derive(Clone, Debug)]
pub struct Above {
    /// Its number.
    pub number: ItemNumber,
    /// The provider's id.
    pub id: Arc<str>,
    /// Its own name.
    pub name: Arc<str>,
    /// Its own sharing; empty when never told.
    pub sharing: Arc<Sharing>,
}

/// A pass over a tenant.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Pass {
    /// Its number, from 1.
    pub number: u32,
    /// When it began.
    pub began: Moment,
    /// When its listing ended; `None` while it goes on.
    pub listed: Option<Moment>,
    /// What it brought so far.
    pub taken: Taken,
    /// Items found to be gone.
    pub gone: u64,
    /// Pages taken in.
    pub pages: u64,
    /// Walks begun.
    pub walks: u64,
    /// Walks not at their end.
    pub walks_left: u64,
    /// Bytes the provider itself counts.
    pub used_bytes: Option<u64>,
}

/// What the end of a pass's listing found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PassEnd {
    /// Items that were not listed again and are gone.
    pub gone: u64,
}

/// Which items a reading of the inventory gives.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Scope {
    /// Of this connector only.
    pub connector: Option<ConnectorNumber>,
    /// At least this open; what is not known counts as open.
    pub level_min: Option<Level>,
    /// With findings only.
    pub with_findings: bool,
    /// Of this kind only.
    pub kind: Option<ItemKind>,
    /// Gone ones too.
    pub gone: bool,
    /// Below this folder only.
    pub below: Option<ItemNumber>,
}

/// Items, walks, passes, sharing.
pub trait Inventory {
    /// Begins a pass: walks wait from their beginning, or from the cursor at which an earlier pass ended them; holes are
    /// kept. A pass that is not at its end goes on instead, and is given back unchanged.
    ///
    /// # Errors
    /// When it could not be written.
    fn begin_pass(&self, of: ConnectorNumber, walks: &Walks) -> Result<Pass, Error>;

    /// The present or last pass; `None` before the first.
    ///
    /// # Errors
    /// When it could not be read.
    fn pass(&self, of: ConnectorNumber) -> Result<Option<Pass>, Error>;

    /// Walks that wait, at most `max`, those with ids in `busy` left out (they are being walked).
    ///
    /// # Errors
    /// When they could not be read.
    fn waiting_walks(&self, of: ConnectorNumber, busy: &[Arc<str>], max: usize) -> Result<Vec<Walk>, Error>;

    /// Takes in a page of a walk: what is gone, then items (new, changed, unchanged), found walks and holes, the moved cursor,
    /// and a job in `lane` for each item that needs one: new and changed contents [`Todo::CONTENT`](crate::model::Todo),
    /// new or changed sharing `SHARING`, else `EXPOSURE` for a new or moved item, `BELOW` for a moved folder. An item whose
    /// version, name, place and sharing facts are as they were gets none. A long page is cut into slices, so that live work goes
    /// between them: each is one transaction with its items and their jobs, and the cursor moves with the last.
    ///
    /// # Errors
    /// When it could not be written; the cursor then stays. What slices before took in is kept, and the page can be taken in
    /// again: its items count as repeated then, and their jobs wait already.
    fn take_page(&self, of: ConnectorNumber, walk: &Walk, page: TakenPage, lane: Lane) -> Result<Taken, Error>;

    /// Begins a walk again from its beginning, its cursor having been refused: items that are not listed again by its end are
    /// gone.
    ///
    /// # Errors
    /// When it could not be written.
    fn restart_walk(&self, of: ConnectorNumber, walk: &Walk) -> Result<(), Error>;

    /// Ends a walk with a hole. What it would have listed is kept as it was: a hole hides, it does not delete.
    ///
    /// # Errors
    /// When it could not be written.
    fn give_up_walk(&self, of: ConnectorNumber, walk: &Walk, hole: &Unwalked) -> Result<(), Error>;

    /// Ends a pass's listing: what was not listed again is gone, except where a hole hides it.
    ///
    /// # Errors
    /// When it could not be written.
    fn end_pass(&self, of: ConnectorNumber) -> Result<PassEnd, Error>;

    /// The item of that number.
    ///
    /// # Errors
    /// When it could not be read.
    fn item(&self, number: ItemNumber) -> Result<Option<Known>, Error>;

    /// The item of that id.
    ///
    /// # Errors
    /// When it could not be read.
    fn find(&self, of: ConnectorNumber, kind: ItemKind, id: &str) -> Result<Option<Known>, Error>;

    /// The item at a path within a place (Dropbox: `path_lower` within a namespace; empty for its top).
    ///
    /// # Errors
    /// When it could not be read.
    fn find_path(&self, of: ConnectorNumber, place: &str, path_lower: &str) -> Result<Option<Known>, Error>;

    /// The folders above an item, nearest first, its top last.
    ///
    /// # Errors
    /// When they could not be read.
    fn above(&self, item: ItemNumber) -> Result<Vec<Above>, Error>;

    /// Items in order of their numbers, those after `after`, at most `max`; fewer only at the end.
    ///
    /// # Errors
    /// When they could not be read.
    fn items(&self, scope: &Scope, after: Option<ItemNumber>, max: usize) -> Result<Vec<Known>, Error>;

    /// An item's own sharing: the listing's link, members as last asked, links as last told. `None` when never told.
    ///
    /// # Errors
    /// When it could not be read.
    fn sharing(&self, item: ItemNumber) -> Result<Option<Sharing>, Error>;

    /// Replaces the links that one person can see (Dropbox) and gives back the items whose links changed. Links to items that
    /// are not known are counted as unplaced and kept for when they are. Asks [`Todo::EXPOSURE`](crate::model::Todo) (files) or
    /// `BELOW` (folders) for the changed ones in `lane`.
    ///
    /// # Errors
    /// When it could not be written.
    fn keep_links(
        &self,
        of: ConnectorNumber,
        person: &str,
        links: &[FoundLink],
        lane: Lane,
    ) -> Result<Vec<ItemNumber>, Error>;

    /// Keeps how far items are open. Items below a folder are told in many calls of at most a thousand.
    ///
    /// # Errors
    /// When it could not be written.
    fn keep_exposure(&self, told: &[(ItemNumber, Judged)]) -> Result<(), Error>;

    /// Items whose exposure ends by itself at or before a moment, at most `max`.
    ///
    /// # Errors
    /// When they could not be read.
    fn exposure_ends(&self, by: Moment, max: usize) -> Result<Vec<ItemNumber>, Error>;

    /// Items at provider's paths that are gone, each with everything below.
    ///
    /// # Errors
    /// When it could not be written.
    fn take_gone(&self, of: ConnectorNumber, gone: &[GonePath]) -> Result<u64, Error>;

    /// An item's id is known to be gone (deleted, or taken from us).
    ///
    /// # Errors
    /// When it could not be written.
    fn item_gone(&self, item: ItemNumber) -> Result<(), Error>;

    /// Counts for progress, from kept counters.
    ///
    /// # Errors
    /// When they could not be read.
    fn totals(&self, of: ConnectorNumber) -> Result<Totals, Error>;
}

/// A page ready to be taken in.
#[derive(Clone, Debug)]
pub struct TakenPage {
    /// Items, with what of their names may be shown.
    pub items: Vec<Listed>,
    /// Paths that are gone; they apply before the items.
    pub gone: Vec<GonePath>,
    /// Walks that were found.
    pub found: Vec<Walk>,
    /// What cannot be walked or read.
    pub holes: Vec<Unwalked>,
    /// How the walk goes on.
    pub onward: Onward,
    /// Further jobs that the page causes.
    pub asks: Vec<Ask>,
    /// When the provider first offered it, for measuring lag; `None` for a pass.
    pub offered: Option<Moment>,
}

/// Counts of one connector's items that are there, tops left out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    /// Files.
    pub files: u64,
    /// Folders.
    pub folders: u64,
    /// Bookmarks.
    pub web_links: u64,
    /// Bytes of the files.
    pub bytes: u64,
    /// Files whose present version waits for its verdict.
    pub waiting_files: u64,
    /// Their bytes.
    pub waiting_bytes: u64,
    /// Contents read for this connector since it was made.
    pub read_files: u64,
    /// Their bytes.
    pub read_bytes: u64,
}
