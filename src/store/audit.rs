//! The audit log: a hash chain over commitments, so that personal fields can be destroyed and the chain still verifies; and the
//! outbox of actions that wait.

use super::Error;
use crate::clock::Moment;
use sha2::{Digest, Sha256};

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

/// The hash before the first entry.
pub const BEFORE_ALL: [u8; 32] = [0; 32];

/// A written entry with all that its hash is made from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proven {
    /// The entry.
    pub row: EntryRow,
    /// What the chain commits to of the details.
    pub commitment: [u8; 32],
    /// The salt of the commitment; `None` when the details were destroyed, and with them the salt.
    pub salt: Option<Vec<u8>>,
    /// False when the details were destroyed.
    pub has_details: bool,
}

impl Proven {
    /// True when the entry is as it was written, after the one with that hash; its number is not looked at. Details that were
    /// destroyed prove nothing and harm nothing.
    #[must_use]
    pub fn follows(&self, before: &[u8; 32]) -> bool {
        let EntryRow { number, at, entry, hash } = &self.row;
        let details_fit = match &self.salt {
            Some(salt) => self.has_details && commitment(salt, &entry.details) == self.commitment,
            None => !self.has_details,
        };
        details_fit && link(before, *number, *at, entry, &self.commitment) == *hash
    }
}

/// What the chain commits to of the details.
#[must_use]
pub fn commitment(salt: &[u8], details: &str) -> [u8; 32] {
    let mut hasher = Sha256::new();
    hasher.update(b"sluicebox audit details 1");
    hasher.update(salt);
    hasher.update(details.as_bytes());
    hasher.finalize().into()
}

/// The chain's hash after an entry. Each text is preceded by its length, so that no two entries hash the same bytes.
#[must_use]
pub fn link(before: &[u8; 32], number: u64, at: Moment, entry: &Entry, commitment: &[u8; 32]) -> [u8; 32] {
    let mut hasher = Sha256::new();
    hasher.update(b"sluicebox audit 1");
    hasher.update(before);
    hasher.update(number.to_le_bytes());
    hasher.update(at.as_millis().to_le_bytes());
    for text in [&entry.actor, &entry.act, &entry.about] {
        let length = u64::try_from(text.len()).unwrap_or(u64::MAX);
        hasher.update(length.to_le_bytes());
        hasher.update(text.as_bytes());
    }
    hasher.update(commitment);
    hasher.finalize().into()
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

    /// The same with all that their hashes are made from.
    ///
    /// # Errors
    /// When they could not be read.
    fn proven(&self, after: u64, max: usize) -> Result<Vec<Proven>, Error>;

    /// The number of the last entry, and the chain's hash after it; zero and [`BEFORE_ALL`] of an empty log.
    ///
    /// # Errors
    /// When it could not be read.
    fn audit_head(&self) -> Result<(u64, [u8; 32]), Error>;

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
