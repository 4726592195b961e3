//! What lies in quarantine, and what was brought back.

use super::Error;
use super::audit::Entry;
use crate::clock::Moment;
use crate::model::action::{ItemState, Order, Whose};
use crate::model::{ConnectorNumber, IntentNumber, ItemNumber};
use std::sync::Arc;

/// An item that was put into quarantine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewQuarantined {
    /// Its correlation id: the intent's.
    pub id: Arc<str>,
    /// Whose item.
    pub connector: ConnectorNumber,
    /// The item, where the store knows it.
    pub item: Option<ItemNumber>,
    /// The intent; `None` of one that was adopted.
    pub intent: Option<IntentNumber>,
    /// The policies that wanted it, by name.
    pub policies: Vec<Arc<str>>,
    /// Whose quarantine.
    pub whose: Whose,
    /// The owner's acting id in the owner's own quarantine.
    pub person: Option<Arc<str>>,
    /// The owner before, by login; empty when not known.
    pub owner: Arc<str>,
    /// The order that put it there.
    pub order: Order,
    /// The state before: what a restore brings back.
    pub prior: ItemState,
    /// The provider's id of the note that was left where it was; `None` when none was.
    pub note: Option<Arc<str>>,
    /// The id of the sealed receipt beside it, at the provider.
    pub receipt: Option<Arc<str>>,
    /// Our SHA-256 of its content, when it was read.
    pub content: Option<[u8; 32]>,
    /// Different values by detector when it was put there.
    pub found: Vec<(Arc<str>, u64)>,
}

/// An item that lies, or lay, in quarantine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Quarantined {
    /// What was put there.
    pub is: NewQuarantined,
    /// Since when.
    pub since: Moment,
    /// When it was brought back.
    pub released: Option<Moment>,
}

/// An item that lies in quarantine, and the note that was left in its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lying {
    /// Whose item.
    pub connector: ConnectorNumber,
    /// The item, where the store knows it.
    pub item: Option<ItemNumber>,
    /// The provider's id of the note.
    pub note: Option<Arc<str>>,
}

/// Quarantine. Rows come and go with closings of intents ([`super::intents::Closing`]).
pub trait Quarantines {
    /// What lies in quarantine (or ever lay there), in order of ids, those after `after`, at most `max`.
    ///
    /// # Errors
    /// When it could not be read.
    fn quarantined(&self, released: bool, after: Option<&str>, max: usize) -> Result<Vec<Quarantined>, Error>;

    /// The one of that correlation id.
    ///
    /// # Errors
    /// When it could not be read.
    fn quarantined_as(&self, id: &str) -> Result<Option<Quarantined>, Error>;

    /// Whether an item lies in quarantine now, by itself or below a folder that does.
    ///
    /// # Errors
    /// When it could not be read.
    fn is_quarantined(&self, item: ItemNumber) -> Result<bool, Error>;

    /// Whether this id is a note of ours, left for something that lies in quarantine now.
    ///
    /// # Errors
    /// When it could not be read.
    fn is_note(&self, of: ConnectorNumber, id: &str) -> Result<bool, Error>;

    /// All that lies in quarantine now, with its notes: one question for judging many items. Nothing sealed is opened.
    ///
    /// # Errors
    /// When it could not be read.
    fn lying(&self) -> Result<Vec<Lying>, Error>;

    /// Takes back what a sealed receipt at the provider tells; false when it is known already.
    ///
    /// # Errors
    /// When it could not be written.
    fn adopt(&self, kept: &NewQuarantined, since: Moment, entry: &Entry) -> Result<bool, Error>;
}
