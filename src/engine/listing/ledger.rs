//! What a listing needs of whoever keeps it. The [`Journal`](super::Journal) is one: a file beside a survey. The service
//! keeps its listings in the store.
//!
//! The driver alone calls these, from one thread, so that nothing here needs a lock; what is durable after which call is
//! said at each.

use super::Tally;
use crate::provider::{FeedCursor, PageSink, Unwalked, Walk, Walks};
use std::io;

/// Keeps the pages of one tenant's listing, pass after pass. Pages come in by [`PageSink`].
///
/// Order of use: [`Ledger::keep_feeds`] where [`Ledger::has_feeds`] says no, [`Ledger::begin`] where [`Ledger::is_open`]
/// does, then walks out of [`Ledger::next_walk`] until none is left, then [`Ledger::finish`].
pub trait Ledger: PageSink {
    /// True when the positions of the change feeds are kept, so that none needs to be taken before this listing.
    fn has_feeds(&self) -> bool;

    /// Keeps positions of the change feeds; they are durable when it returns.
    ///
    /// # Errors
    /// When they could not be made durable.
    fn keep_feeds(&mut self, feeds: Vec<FeedCursor>) -> io::Result<()>;

    /// True while a pass is not at its end: it goes on, and none begins.
    fn is_open(&self) -> bool;

    /// Begins a pass. A walk that an earlier pass ended with a cursor goes on from there. Durable when it returns.
    ///
    /// # Errors
    /// When it could not be made durable.
    fn begin(&mut self, walks: Walks) -> io::Result<()>;

    /// The next walk to ask a page of, or `None` when all others are under way or at their end. It counts as under way
    /// until it is committed, restarted, given up or put back.
    ///
    /// # Errors
    /// When the walks that wait cannot be read.
    fn next_walk(&mut self) -> io::Result<Option<Walk>>;

    /// A walk waits again as it was, its page not having come.
    fn put_back(&mut self, walk: &Walk);

    /// Walks that are not at their end, those under way too.
    fn walks_left(&self) -> u64;

    /// Makes durable whatever the pages so far let wait.
    ///
    /// # Errors
    /// When it could not be made durable.
    fn sync(&mut self) -> io::Result<()>;

    /// Ends the pass: what was not listed again is gone, except where a hole hides it. Durable when it returns.
    ///
    /// # Errors
    /// When it could not be made durable.
    fn finish(&mut self) -> io::Result<()>;

    /// The number of the present or last pass, from 1; 0 before the first.
    fn pass(&self) -> u32;

    /// What is known, and what the pass brought.
    fn tally(&self) -> Tally;

    /// How much the present or last pass could not walk.
    fn holes_count(&self) -> u64;

    /// What it could not walk.
    ///
    /// # Errors
    /// When they cannot be read.
    fn holes(&self) -> io::Result<Vec<Unwalked>>;

    /// Bytes the provider itself counts, as told when the pass began.
    fn used_bytes(&self) -> Option<u64>;
}
