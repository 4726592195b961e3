//! The audit log: a hash chain over commitments, so that personal fields can be destroyed and the chain still verifies; and the
//! outbox of actions that wait.

use super::Error;
use crate::clock::Moment;

/// What is to be written down.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Who (`operator uid 1000`, `service`, a policy).
    pub actor: String,
    /// What (`finding.reveal`, `settings.change`, `rules.apply`).
    pub act: String,
    /// About what, by number or id (`finding 17`).
    pub about: String,
    /// Personal fields and reasons, as JSON; committed to by a salted hash, so that they can be destroyed.
    pub details: String,
}

/// A written entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EntryRow {
    /// Its number, from 1 without a gap.
    pub number: u64,
    /// When.
    pub at: Moment,
    /// What; its details are empty when they were destroyed.
    pub entry: Entry,
    /// The chain's hash after it.
    pub hash: [u8; 32],
}

/// The log.
pub trait Audit {
    /// Appends an entry; durable when it returns.
    ///
    /// # Errors
    /// When it could not be written: what was to be audited must then not happen.
    fn append(&self, entry: &Entry) -> Result<EntryRow, Error>;

    /// Entries in order, those after `after`, at most `max`.
    ///
    /// # Errors
    /// When they could not be read.
    fn entries(&self, after: u64, max: usize) -> Result<Vec<EntryRow>, Error>;

    /// Walks the whole chain; gives the number of entries.
    ///
    /// # Errors
    /// [`Error::is_damaged`] with the first entry that does not fit.
    fn verify_audit(&self) -> Result<u64, Error>;

    /// Intents that wait, and messages that have not left.
    ///
    /// # Errors
    /// When they could not be counted.
    fn outbox_depth(&self) -> Result<u64, Error>;
}
