//! Memory: what is known of every item, what waits to be done, what was found, and what happened.
//!
//! One trait for each kind of record, and [`Store`] for all of them; one list of behaviours that each store must show
//! (`behaviours`). The decision worth knowing: every method is **one transaction**, and methods are cut so that what must hold
//! together is one method ([`Verdicts::settle`], [`Activities::take_changes`]). Bulk alone goes in slices, each whole by itself
//! and the last closing it ([`Inventory::take_page`], [`Inventory::end_pass`]). Nothing above this room knows of SQL.
//!
//! No matched value gets here: findings come covered. Names of items are data as well: the caller says what of a name may be
//! shown ([`Listed::shown`]); a name that may not be shown as it is is kept sealed under a key that is not in the store.

pub mod activities;
pub mod alerts;
pub mod audit;
#[cfg(test)]
mod behaviours;
pub mod connectors;
pub mod coverage;
pub mod error;
pub mod exceptions;
pub mod intents;
pub mod inventory;
pub mod matches;
pub mod messages;
pub mod order;
pub mod people;
pub mod plans;
pub mod quarantines;
pub mod queue;
pub mod rules;
pub mod seal;
pub mod sqlite;
pub mod verdicts;

pub use activities::{Activities, ActivityQuery, ActivityRow, ChangesTaken, Promotion, TakenChanges};
pub use alerts::{Alert, AlertGroup, AlertKey, Alerts, Closed};
pub use audit::{Audit, Entry, EntryRow, Proven};
pub use connectors::{Connector, ConnectorState, Connectors};
pub use coverage::{CoverageRow, Coverages, HoleRow};
pub use error::Error;
pub use exceptions::{Exception, ExceptionKind, Exceptions, NewException};
pub use intents::{
    Closing, Intent, IntentClaim, IntentQuery, Intents, NewIntent, Ordered, PolicyLimits, Tripped, Voter,
};
pub use inventory::{Above, Inventory, Judged, Known, Listed, Pass, PassEnd, Scope};
pub use matches::{Match, MatchCount, Matched, Matches, Ruled, Ruling};
pub use messages::{Channel, Message, MessageState, Messages, NewMessage};
pub use people::{Dependence, People, PeopleChanges, PeopleTaken};
pub use plans::{Approved, NewPlan, Plan, Plans};
pub use quarantines::{Lying, NewQuarantined, Quarantined, Quarantines};
pub use queue::{Ask, Claim, Depth, Failure, Fate, GivenBack, Job, Parked, Queue};
pub use rules::{DetectorKept, Rules, RulesNumber};
pub use seal::SealKey;
pub use verdicts::{
    ContentRow, ContentScope, FindingNumber, FindingRow, FoundValue, Gist, Outcome, Reading, ReadingNumber, Rejudged,
    Settled, Settlement, Upheld, Verdicts,
};

use crate::clock::Moment;
use std::fmt;

/// Everything that is remembered. Threads share it; calls block for as long as their transaction takes.
pub trait Store:
    Connectors
    + Inventory
    + Queue
    + People
    + Rules
    + Verdicts
    + Activities
    + Audit
    + Coverages
    + Matches
    + Alerts
    + Exceptions
    + Messages
    + Intents
    + Plans
    + Quarantines
    + Send
    + Sync
    + fmt::Debug
{
    /// How the store itself is.
    ///
    /// # Errors
    /// When it cannot be asked.
    fn health(&self) -> Result<Health, Error>;

    /// Looks through the whole of it for damage. May take seconds for each million items.
    ///
    /// # Errors
    /// [`Error::is_damaged`] with what was found.
    fn check(&self) -> Result<(), Error>;

    /// Deletes records of a kind that ended before a moment (past verdicts, past findings, activities; of audit entries only
    /// personal fields go, the chain stays whole). In bounded slices; tells how many went.
    ///
    /// # Errors
    /// When it could not be written.
    fn forget(&self, kind: Record, before: Moment) -> Result<u64, Error>;
}

/// Kinds of record that have a retention of their own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Record {
    /// Events of the providers' logs.
    Activities,
    /// What coverage and exposure items had before.
    PastVerdicts,
    /// Findings that hold no more.
    PastFindings,
    /// Personal fields of audit entries.
    AuditFields,
    /// Rows of items that are gone.
    GoneItems,
    /// Alerts that were closed.
    ClosedAlerts,
    /// Messages that left, alone or in a digest.
    PastMessages,
    /// Intents that are over, with their journal: what they did cannot be undone afterwards.
    PastActions,
}

/// How the store is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Health {
    /// Number of the schema.
    pub schema: u32,
    /// Bytes of the database.
    pub bytes: u64,
    /// Bytes written and not yet folded into it (SQLite: the WAL).
    pub pending_bytes: u64,
    /// Bytes free where it lies.
    pub free_bytes: u64,
    /// Age of the oldest reader's view, in milliseconds; 0 when none is open.
    pub oldest_reader_ms: u64,
}
