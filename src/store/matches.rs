//! Which policies match which items, since when, and what follows from a new match: intents and alerts, in one transaction.
//!
//! The decision worth knowing: a match is an **episode**. It begins when a policy comes to match, and when its item becomes more
//! open than it last was; what a policy wants is asked for once in each, and once more when the policy becomes another: the
//! episode goes on then, and since when it matches stays. So an action that was blocked is not tried at every pass, and a link
//! that somebody makes again is a new match.

use super::Error;
use super::alerts::AlertKey;
use super::intents::NewIntent;
use crate::clock::Moment;
use crate::model::{ConnectorNumber, ItemNumber, Level};
use std::sync::Arc;

/// A policy that matches an item now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Matched {
    /// The policy's name.
    pub policy: Arc<str>,
    /// Its hash.
    pub hash: [u8; 32],
    /// How far the item is open now; `None` when that is not known.
    pub level: Option<Level>,
    /// The alert that a new episode goes to; `None` makes none.
    pub alert: Option<AlertKey>,
}

/// What all policies say of one item.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ruling {
    /// The item.
    pub item: ItemNumber,
    /// Whose it is.
    pub connector: ConnectorNumber,
    /// The policies that match. All others' matches of this item end, but those of `undecided`.
    pub matches: Vec<Matched>,
    /// Policies that cannot be decided now: what is stored of them stays as it is.
    pub undecided: Vec<Arc<str>>,
    /// What the policies in force want. One is kept only when some voter's episode has not asked for anything yet; its
    /// voters' episodes have asked then. The others are dropped.
    pub intents: Vec<NewIntent>,
}

/// What rulings changed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Ruled {
    /// Episodes that began.
    pub began: u64,
    /// Matches that ended.
    pub ended: u64,
    /// Intents that were kept.
    pub intents: u64,
    /// Intents that nobody wants any more: cancelled before they began.
    pub cancelled: u64,
}

/// A match that holds, or held.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Match {
    /// The item.
    pub item: ItemNumber,
    /// The policy's name.
    pub policy: Arc<str>,
    /// Its hash.
    pub hash: [u8; 32],
    /// Since when this episode lasts.
    pub since: Moment,
    /// The least that the item was open since then.
    pub level: Option<Level>,
    /// True when this episode has asked for what its policy wants.
    pub asked: bool,
}

/// How many items a policy matches.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MatchCount {
    /// The policy's name.
    pub policy: Arc<str>,
    /// Whose items.
    pub connector: ConnectorNumber,
    /// How many.
    pub items: u64,
}

/// Matches.
pub trait Matches {
    /// Keeps what policies say of at most a thousand items: one transaction. Matches that end cancel the intents that only
    /// they wanted and that have not begun, but for messages that were to leave at once. A settlement does the same for its item
    /// ([`Settlement::ruling`](super::Settlement::ruling)).
    ///
    /// # Errors
    /// When it could not be written; nothing counts then.
    fn rule(&self, rulings: &[Ruling]) -> Result<Ruled, Error>;

    /// The matches of an item that hold now, by policy.
    ///
    /// # Errors
    /// When they could not be read.
    fn matches(&self, item: ItemNumber) -> Result<Vec<Match>, Error>;

    /// Items that a policy matches now, in order of their numbers, those after `after`, at most `max`.
    ///
    /// # Errors
    /// When they could not be read.
    fn matched(&self, policy: &str, after: Option<ItemNumber>, max: usize) -> Result<Vec<Match>, Error>;

    /// How many items each policy matches, from kept counters.
    ///
    /// # Errors
    /// When they could not be read.
    fn match_counts(&self) -> Result<Vec<MatchCount>, Error>;

    /// Ends all matches of policies that are not among these names (they were deleted or switched off), in bounded slices;
    /// intents of theirs that have not begun are cancelled. Tells how many ended.
    ///
    /// # Errors
    /// When it could not be written.
    fn end_matches_but(&self, policies: &[Arc<str>]) -> Result<u64, Error>;
}
