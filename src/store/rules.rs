//! Rule sets that verdicts were made with. A verdict's identity is per detector: a rule set is a list of detectors by hash, so
//! that an edit of one rule of many concerns the judgements of that one alone.

use super::Error;
use crate::clock::Moment;
use std::sync::Arc;

/// The store's number of a rule set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RulesNumber(pub i64);

/// A detector of a rule set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DetectorKept {
    /// Its id.
    pub id: Arc<str>,
    /// SHA-256 over all that decides its findings.
    pub hash: [u8; 32],
    /// What must be known of it to judge a stored finding again (`rule::profile`, JSON).
    pub profile: Arc<str>,
}

/// Rule sets.
pub trait Rules {
    /// The number of a rule set with exactly these detectors; made when there is none. Order does not count.
    ///
    /// # Errors
    /// When it could not be written.
    fn rules_number(&self, detectors: &[DetectorKept]) -> Result<RulesNumber, Error>;

    /// The detectors of a rule set.
    ///
    /// # Errors
    /// When it could not be read, or there is none of that number.
    fn detectors(&self, rules: RulesNumber) -> Result<Vec<DetectorKept>, Error>;

    /// The rule set in force, and since when; `None` before the first.
    ///
    /// # Errors
    /// When it could not be read.
    fn rules_in_force(&self) -> Result<Option<(RulesNumber, Moment)>, Error>;

    /// Puts a rule set in force: new readings are made with it.
    ///
    /// # Errors
    /// When it could not be written.
    fn put_in_force(&self, rules: RulesNumber) -> Result<(), Error>;
}
