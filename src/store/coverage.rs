//! The coverage ledger: what was looked at and what was not, for every item and every hole, now or at a past date.

use super::Error;
use crate::clock::Moment;
use crate::model::{ConnectorNumber, Coverage, Level, WhyUnwalked};
use std::sync::Arc;

/// Items with the same connector, type and coverage. Rows add up to all items listed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CoverageRow {
    /// Whose.
    pub connector: ConnectorNumber,
    /// The type: as sniffed where it was read, else by the name's extension (`pdf`), `folder` and `web_link` for those.
    pub kind: Arc<str>,
    /// How much was read; `None`: it waits. Folders and bookmarks have no content and are `skipped: no_text`.
    pub coverage: Option<Coverage>,
    /// How many.
    pub items: u64,
    /// Their bytes.
    pub bytes: u64,
}

/// Something that could not be walked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HoleRow {
    /// Whose.
    pub connector: ConnectorNumber,
    /// What: a user's, folder's or namespace's id.
    pub what: Arc<str>,
    /// Name for people, covered.
    pub name: Arc<str>,
    /// Why.
    pub why: WhyUnwalked,
    /// Since when.
    pub since: Moment,
}

/// Items by exposure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ExposureRow {
    /// Whose.
    pub connector: ConnectorNumber,
    /// How far open; `None`: not told yet.
    pub level: Option<Level>,
    /// Files.
    pub files: u64,
    /// Of them with findings.
    pub with_findings: u64,
    /// Of them that may be further open than told.
    pub unknown: u64,
}

/// Findings of one detector over all files that are there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DetectorRow {
    /// The detector.
    pub detector: Arc<str>,
    /// Confidence in percent.
    pub confidence: u8,
    /// Files that hold some.
    pub files: u64,
    /// Findings.
    pub findings: u64,
}

/// The ledger.
pub trait Coverages {
    /// All rows, now or as they were at a moment.
    ///
    /// # Errors
    /// When they could not be read.
    fn coverage(&self, as_of: Option<Moment>) -> Result<Vec<CoverageRow>, Error>;

    /// All holes, now or as they were at a moment.
    ///
    /// # Errors
    /// When they could not be read.
    fn holes(&self, as_of: Option<Moment>) -> Result<Vec<HoleRow>, Error>;

    /// Items by exposure, now.
    ///
    /// # Errors
    /// When they could not be read.
    fn exposures(&self) -> Result<Vec<ExposureRow>, Error>;

    /// Findings by detector and confidence, now.
    ///
    /// # Errors
    /// When they could not be read.
    fn by_detector(&self) -> Result<Vec<DetectorRow>, Error>;
}
