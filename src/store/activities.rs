//! What people did, as the providers' logs told it: taken in together with the jobs it causes and the moved cursor.

use super::Error;
use super::inventory::TakenPage;
use crate::clock::Moment;
use crate::model::{
    Activity, ActivityKind, ConnectorNumber, FeedCursor, ItemKind, ItemNumber, Lane, Principal, Todo, Walk,
};
use std::sync::Arc;

/// An event that causes work on an item.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Promotion {
    /// The item's id.
    pub id: Arc<str>,
    /// File, folder or bookmark.
    pub kind: ItemKind,
    /// The folder (Box) it lies in, or the namespace (Dropbox), where told: a stub is made there.
    pub place: Option<Arc<str>>,
    /// Who can read it, for a stub.
    pub read_as: Principal,
    /// The lane.
    pub lane: Lane,
    /// What is to be done.
    pub todo: Todo,
    /// When it happened.
    pub happened: Option<Moment>,
}

/// What one answer of a feed brings, ready to be taken in.
#[derive(Clone, Debug)]
pub struct TakenChanges {
    /// Events; names of their subjects covered. One whose id is known already is dropped, and so are its promotions' effects
    /// (asking twice is harmless).
    pub activities: Vec<Activity>,
    /// Work. An item that is not known becomes a stub: it has an id and waits to be looked at.
    pub promotions: Vec<Promotion>,
    /// Pages of items, where the feed tells them whole (Dropbox namespaces); taken in lane `live`.
    pub pages: Vec<(Walk, TakenPage)>,
    /// The position after all this; `None` when past events are filled in.
    pub cursor: Option<FeedCursor>,
    /// When the answer came.
    pub offered: Moment,
}

/// What was taken in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ChangesTaken {
    /// Events not known before.
    pub new: u64,
    /// Jobs asked for or raised.
    pub jobs: u64,
    /// Items that became stubs.
    pub stubs: u64,
}

/// Which activities are asked for; all that is set must hold.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ActivityQuery {
    /// Of this connector.
    pub connector: Option<ConnectorNumber>,
    /// About this item.
    pub item: Option<ItemNumber>,
    /// By this person: account or login, any case.
    pub person: Option<String>,
    /// Of this kind.
    pub kind: Option<ActivityKind>,
    /// At or after.
    pub since: Option<Moment>,
    /// Before.
    pub until: Option<Moment>,
}

/// A stored activity.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ActivityRow {
    /// Its number; newer ones are greater.
    pub number: i64,
    /// Whose.
    pub connector: ConnectorNumber,
    /// The event.
    pub activity: Activity,
    /// The items it is about, as far as known, in the order of its subjects.
    pub items: Vec<Option<ItemNumber>>,
    /// When it was taken in.
    pub taken: Moment,
}

/// Activities.
pub trait Activities {
    /// Takes in an answer of a feed. One transaction, but that long pages of items go before it in slices, as in
    /// [`Inventory::take_page`](super::Inventory::take_page).
    ///
    /// # Errors
    /// When it could not be written; the cursor then stays, and the answer may be taken in again.
    fn take_changes(&self, of: ConnectorNumber, changes: TakenChanges) -> Result<ChangesTaken, Error>;

    /// Activities, the newest first, those with numbers below `before`, at most `max`.
    ///
    /// # Errors
    /// When they could not be read.
    fn activities(&self, query: &ActivityQuery, before: Option<i64>, max: usize) -> Result<Vec<ActivityRow>, Error>;

    /// When the newest event of a connector happened, for telling a silent feed.
    ///
    /// # Errors
    /// When it could not be read.
    fn newest_activity(&self, of: ConnectorNumber) -> Result<Option<Moment>, Error>;
}
