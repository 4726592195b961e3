//! Acting at a provider: one way to perform an order, whichever the provider and whatever the action.
//!
//! `perform` does what every action has in common: read, compare with the goal, journal, call, read back, decide. What an
//! action asks for is worked out by [`goal`] from plain data; what a provider's calls are stands in its own `govern` folder
//! behind `Hands`. So a new action is a goal and, where it needs one, a step; a new provider is a reading and its steps.

mod course;
pub mod goal;
mod lend;

#[cfg(test)]
mod tests;

pub(in crate::provider) use course::{foresee, perform};
pub use goal::Facets;

use super::{Body, Error, Next};
use crate::model::action::{Block, Folder, Order, Receipt, State, Step, TargetItem, TargetPerson, Whose};
use crate::model::{ContentHash, Directory, Provider};
use std::fmt;
use std::io;
use std::sync::Arc;
use std::time::Duration;

/// Acts in one tenant. What may be read with the rights of a [`super::Source`] alone need not be able to act.
pub trait Governor: Send + Sync + fmt::Debug {
    /// Which provider this is.
    fn provider(&self) -> Provider;

    /// Makes it so: reads, calls only what is lacking, reads back. Giving the same order again goes on where it stood.
    ///
    /// # Errors
    /// When it could not be decided now ([`Next::Throttled`], [`Next::Budget`], [`Next::Credentials`], [`Next::Stopped`],
    /// [`Next::Locked`] for the length of another operation, [`Next::Transient`] before anything was called) or the journal failed: give the order again later, with
    /// [`Order::begun`] set to what the journal was told.
    fn perform(&self, order: &Order, people: &Directory, journal: &mut dyn Journal) -> Result<Receipt, Error>;

    /// The present state of what the order is done to, as far as its action needs it; `None` when it is gone.
    ///
    /// # Errors
    /// When it could not be read.
    fn state(&self, order: &Order, people: &Directory) -> Result<Option<State>, Error>;

    /// What [`Governor::perform`] would do now, without doing it: for plans. `None` when it is gone.
    ///
    /// # Errors
    /// When it could not be read.
    fn foresee(&self, order: &Order, people: &Directory) -> Result<Option<Foreseen>, Error>;

    /// The quarantine's folder of the company or of a person (by acting id), found by its name or made. It is shared with
    /// nobody; Box: in the tree of the service account or of the person, Dropbox: a team folder of its own, or in the
    /// person's home. `named` is a folder of that name in it.
    ///
    /// # Errors
    /// When it can be neither found nor made.
    fn quarantine(&self, whose: Whose, person: Option<&str>, named: Option<&str>) -> Result<Folder, Error>;

    /// What lies in a quarantine's folder and in the folders in it: each item, and of files whose name ends in `ending` the
    /// text. Nothing when there is no quarantine; at most [`KEPT_MAX`].
    ///
    /// # Errors
    /// When it could not be listed. A text that could not be read is told with its reason.
    fn kept(&self, whose: Whose, person: Option<&str>, ending: &str) -> Result<Vec<Kept>, Error>;
}

/// Items of one quarantine that are listed at most.
pub const KEPT_MAX: usize = 200_000;
/// Bytes of a text in a quarantine that are read at most.
pub const KEPT_TEXT_BYTES_MAX: u64 = 16 << 20;

/// What lies in a quarantine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kept {
    /// Its id.
    pub id: Arc<str>,
    /// File or folder.
    pub kind: crate::model::ItemKind,
    /// Its name.
    pub name: Arc<str>,
    /// The folder it lies in.
    pub folder: Folder,
    /// Its text, or why it could not be read; `None` when it was not asked for.
    pub text: Option<Result<String, String>>,
}

impl Kept {
    /// Reads a text that a quarantine holds, as text if it is some.
    pub(in crate::provider) fn read(mut body: Body) -> Result<String, String> {
        let mut bytes = Vec::new();
        let read = std::io::Read::read_to_end(&mut std::io::Read::take(&mut body, KEPT_TEXT_BYTES_MAX), &mut bytes);
        read.map_err(|error| error.kind().to_string())?;
        String::from_utf8(bytes).map_err(|_| "it is no text".into())
    }
}

/// What an order would do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Foreseen {
    /// The present state.
    pub state: State,
    /// The steps that are lacking, in order; or what is in the way.
    pub steps: Result<Vec<Step>, Block>,
    /// What it would leave open.
    pub left: Vec<crate::model::action::Left>,
    /// True when the item is no longer the one that was decided on ([`Order::version`]).
    pub drifted: bool,
}

/// Is told what an order is about to do, and what it did, before the next call is made.
pub trait Journal {
    /// The state before the first step. Called once for an order that was not begun.
    ///
    /// # Errors
    /// When it could not be made durable: nothing is called then.
    fn begins(&mut self, order: &Order, found: &State) -> io::Result<()>;

    /// A step is about to be called.
    ///
    /// # Errors
    /// When it could not be made durable: it is not called then.
    fn before(&mut self, order: &Order, step: &Step) -> io::Result<()>;

    /// A step was called.
    ///
    /// # Errors
    /// When it could not be made durable: the order ends there.
    fn after(&mut self, order: &Order, did: &crate::model::action::Did) -> io::Result<()>;

    /// A step's call came back, and [`Journal::after`] is told next.
    fn called(&mut self, _order: &Order, _step: &Step) {}

    /// What the journal was told of this order when it was given before; `None` of a journal that does not remember.
    fn earlier(&self, _order: &Order) -> Option<Earlier> {
        None
    }
}

/// What an order did when it was given before, as its journal knows it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Earlier {
    /// Steps that were called, with how they ended.
    pub did: Vec<crate::model::action::Did>,
    /// The step that was about to be called, or was, when all ended: nobody knows.
    pub open: Option<Step>,
}

/// Keeps nothing: for orders that nobody will go on with.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoJournal;

impl Journal for NoJournal {
    fn begins(&mut self, _order: &Order, _found: &State) -> io::Result<()> {
        Ok(())
    }

    fn before(&mut self, _order: &Order, _step: &Step) -> io::Result<()> {
        Ok(())
    }

    fn after(&mut self, _order: &Order, _did: &crate::model::action::Did) -> io::Result<()> {
        Ok(())
    }
}

/// How long the outcome of a call may stay open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Patience {
    /// After a call without a clear answer, how long before its effect is looked for: longer than the provider may take to
    /// carry it out, and than a read may lag behind. Default 12 s.
    pub settle: Duration,
    /// How often one step is called at most. Default 4.
    pub calls_of_step_max: u32,
    /// Steps of one order at most. Default 2000 (members of a folder, one by one).
    pub steps_max: u32,
}

impl Default for Patience {
    fn default() -> Self {
        Self { settle: Duration::from_secs(12), calls_of_step_max: 4, steps_max: 2_000 }
    }
}

/// What one provider does for [`perform`].
pub(in crate::provider) trait Hands {
    /// What the goal needs to know of this provider.
    fn ways(&self) -> Ways<'_>;

    /// Whether the provider has this action for such a target at all, before anything is read.
    ///
    /// # Errors
    /// Why not: [`Block::NotOffered`], [`Block::Never`].
    fn offers(&self, order: &Order) -> Result<(), Block>;

    /// Reads the state of an item; `None` when it is gone for good. One that is in the trash is found there.
    /// `prior` is the state before the order's first step, once known: it tells where a note lies and whence it came.
    fn item(&self, asked: &Asked<'_>, target: &TargetItem) -> Result<Option<State>, Error>;

    /// Reads the state of a person; `None` when there is no such account.
    fn person(&self, asked: &Asked<'_>, target: &TargetPerson) -> Result<Option<State>, Error>;

    /// Calls for one step, seen from this state, which was read just before. A job of the provider's own is followed to its
    /// end. Never sends a write again by itself when the first may have arrived.
    fn apply(&self, asked: &Asked<'_>, step: &Step, now: &State) -> Applied;

    /// Waits so long; false when the program ends.
    fn wait(&self, span: Duration) -> bool;

    /// The time, for receipts.
    fn now(&self) -> crate::clock::Moment;
}

/// What a reading or a step is for.
#[derive(Clone, Copy, Debug)]
pub(in crate::provider) struct Asked<'a> {
    /// The order.
    pub(in crate::provider) order: &'a Order,
    /// What to read beside the item's own facts.
    pub(in crate::provider) facets: Facets,
    /// The state before the first step, once known.
    pub(in crate::provider) prior: Option<&'a State>,
    /// True when the order may have let somebody in for its move, as its journal says ([`lend`]).
    pub(in crate::provider) lent: bool,
    /// Everybody.
    pub(in crate::provider) people: &'a Directory,
}

/// What the goal needs to know of a provider.
#[derive(Clone, Copy)]
pub(in crate::provider) struct Ways<'a> {
    /// The provider's hash of a whole content.
    pub(in crate::provider) hash: &'a dyn Fn(&[u8]) -> ContentHash,
    /// True when one call ends all of an item's own memberships ([`Step::Unshare`]).
    pub(in crate::provider) unshares: bool,
    /// True when a file in the trash can be restored into any folder (Dropbox).
    pub(in crate::provider) untrashes_elsewhere: bool,
    /// True when a link's download can be forbidden only while it lets in more than the members (Box).
    pub(in crate::provider) members_links_download: bool,
}

/// What came of calling for a step.
#[derive(Debug)]
pub(in crate::provider) enum Applied {
    /// The provider said yes; its ids of the requests.
    Done(Vec<Arc<str>>),
    /// What was to be changed has changed, or is not there: read again.
    Moved,
    /// The name is taken in the target folder.
    NameTaken,
    /// The provider said no, and would again.
    Blocked(Block),
    /// It may or may not have been done.
    Unclear(Error),
    /// Nothing was done, and it may be tried later.
    Later(Error),
}

impl Applied {
    /// What a failed write means: `block` reads the provider's own codes of refusals.
    pub(in crate::provider) fn failed(error: Error, block: impl Fn(&Error) -> Block) -> Self {
        match error.next() {
            Next::Gone | Next::Moved | Next::Reset(_) => Applied::Moved,
            Next::Locked => Applied::Blocked(block(&error)),
            Next::Forbidden | Next::NotReadable | Next::Refused => Applied::Blocked(block(&error)),
            Next::Transient => Applied::Unclear(error),
            Next::Throttled(_) | Next::Budget(_) | Next::Credentials | Next::Stopped => Applied::Later(error),
        }
    }
}

/// Reads the state of what an order is done to, as far as its action needs it.
///
/// # Errors
/// When it could not be read.
pub(in crate::provider) fn read(hands: &dyn Hands, order: &Order, people: &Directory) -> Result<Option<State>, Error> {
    let facets = Facets::of(&order.action);
    course::read(hands, &Asked { order, facets, prior: order.begun.as_deref(), lent: false, people })
}

/// A mark by which a comment or task of an order is found again.
pub(in crate::provider) fn mark(order: &str) -> String {
    format!("[sluicebox {order}]")
}

/// The order's text with its mark.
pub(in crate::provider) fn marked(text: &str, order: &str) -> Arc<str> {
    format!("{text}\n{}", mark(order)).into()
}
