//! Verdicts: what a content holds, by its key, and the settlement of a job in one transaction.
//!
//! A **reading** is one content (our own SHA-256) read by one extraction (extractor version of its type and limits): coverage,
//! holes, counts and findings, all covered. Items point at readings, so that identical content is read once. Findings and
//! coverage are never overwritten: what holds no more is closed with the moment it ended, so that the past can be asked.

use super::Error;
use super::inventory::{Judged, Listed};
use super::queue::Ask;
use super::rules::RulesNumber;
use crate::clock::Moment;
use crate::model::verdict::DetectorCount;
use crate::model::{
    Confidence, ContentHash, Coverage, Evidence, Finding, Hole, ItemNumber, Lease, Provider, Reason, Sharing, Todo,
    Token, Verdict,
};
use std::sync::Arc;

/// The store's number of a reading.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ReadingNumber(pub i64);

/// The store's number of a finding.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FindingNumber(pub i64);

/// A reading without its findings.
#[derive(Clone, Debug, PartialEq)]
pub struct Reading {
    /// Its number.
    pub number: ReadingNumber,
    /// Our SHA-256 of the content.
    pub content: [u8; 32],
    /// Hash over the extractor's version and the limits.
    pub extraction: [u8; 32],
    /// The rule set all of whose detectors have judged it.
    pub rules: RulesNumber,
    /// How much was read.
    pub coverage: Coverage,
    /// The type told by the content.
    pub sniffed: Arc<str>,
    /// True when the name it was read under promised another type.
    pub mismatch: bool,
    /// Bytes of the content.
    pub bytes: u64,
    /// Bytes of text scanned.
    pub text_bytes: u64,
    /// Holes inside, the first hundred, their locations covered.
    pub holes: Vec<Hole>,
    /// How many in all.
    pub holes_total: u64,
    /// Counts of each detector whose shape occurred.
    pub counts: Vec<DetectorCount>,
    /// When it was read.
    pub at: Moment,
}

/// A stored finding.
#[derive(Clone, Debug)]
pub struct FindingRow {
    /// Its number.
    pub number: FindingNumber,
    /// The reading it belongs to.
    pub reading: ReadingNumber,
    /// The finding.
    pub finding: Finding,
    /// Since when it holds.
    pub since: Moment,
    /// When it ceased to (its rule changed); `None` while it holds.
    pub until: Option<Moment>,
}

/// What policies ask of a reading: everything about its findings that is counted, and nothing that is shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gist {
    /// Which.
    pub number: ReadingNumber,
    /// Our SHA-256 of the content.
    pub content: [u8; 32],
    /// The type told by the content.
    pub sniffed: Arc<str>,
    /// True when the name it was read under promised another type.
    pub mismatch: bool,
    /// Counts of each detector that found something.
    pub counts: Vec<DetectorCount>,
    /// The kept findings that hold now, in no order.
    pub values: Vec<FoundValue>,
}

/// A finding as policies count it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FoundValue {
    /// The detector's id.
    pub detector: Arc<str>,
    /// How sure it is.
    pub confidence: Confidence,
    /// The value's fingerprint.
    pub token: Token,
}

/// What became of an item's content.
#[derive(Clone, Debug)]
pub enum Outcome {
    /// It was read just now.
    Read {
        /// Our SHA-256 of the bytes.
        content: [u8; 32],
        /// Hash over the extractor's version and the limits.
        extraction: [u8; 32],
        /// The rules it was read with.
        rules: RulesNumber,
        /// The verdict, its locations covered.
        verdict: Box<Verdict>,
        /// The provider's hash of these bytes, for reuse; `None` for exports.
        hash: Option<ContentHash>,
    },
    /// A reading that is known serves: the same version, or the same content elsewhere.
    Known {
        /// Which.
        reading: ReadingNumber,
        /// True when it was another item's or version's.
        reused: bool,
    },
    /// It was not read, and will not be until something changes.
    Skipped(Reason),
}

/// The end of a job: everything it found out, in one transaction.
#[derive(Clone, Debug)]
pub struct Settlement {
    /// The lease; when it holds no more, nothing is changed.
    pub lease: Lease,
    /// The version that was looked at; the item's version when the settlement is written may be newer, and is then wanted
    /// again.
    pub version: Option<Arc<str>>,
    /// The item's present facts, when they were asked for.
    pub facts: Option<Listed>,
    /// The item exists no more.
    pub gone: bool,
    /// Members and links, when they were asked for.
    pub sharing: Option<Sharing>,
    /// What became of its content, when that was to be seen to.
    pub outcome: Option<Outcome>,
    /// How far it is open, told from what is stored and the sharing above.
    pub exposure: Option<Judged>,
    /// What of the job is still to be done (a step that must wait): the job then waits again with this; `NONE` ends it.
    pub left: Todo,
    /// Not before this moment, for what is left.
    pub left_not_before: Option<Moment>,
    /// Further jobs.
    pub asks: Vec<Ask>,
    /// What the policies say of the item; `None` while there is no policy, or when nothing changed that they rest on.
    pub ruling: Option<super::Ruling>,
}

impl Settlement {
    /// A settlement that ends a job and says nothing yet.
    #[must_use]
    pub fn of(lease: Lease) -> Self {
        Self {
            lease,
            version: None,
            facts: None,
            gone: false,
            sharing: None,
            outcome: None,
            exposure: None,
            left: Todo::NONE,
            left_not_before: None,
            asks: Vec::new(),
            ruling: None,
        }
    }
}

/// What became of a settlement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Settled {
    /// Written; the job is done.
    Done,
    /// Written; the job waits again, since more was asked for meanwhile or something is left.
    Again,
    /// The lease did not hold any more: nothing was written.
    Lost,
}

/// Which contents a reading of them gives.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ContentScope {
    /// Judged by another rule set than this one.
    pub rules_not: Option<RulesNumber>,
    /// With candidates of this detector only.
    pub candidates_of: Option<Arc<str>>,
    /// Of this sniffed type only.
    pub sniffed: Option<Arc<str>>,
    /// Held by at least one item that is there.
    pub held: bool,
}

/// A content that items hold.
#[derive(Clone, Debug, PartialEq)]
pub struct ContentRow {
    /// Its reading.
    pub reading: Reading,
    /// One item that holds it: the most exposed of them; `None` when none is there any more.
    pub item: Option<ItemNumber>,
    /// How many items hold it.
    pub items: u64,
}

/// A detector's judgement of one content, made anew without reading it.
#[derive(Clone, Debug)]
pub struct Rejudged {
    /// Which reading.
    pub reading: ReadingNumber,
    /// Whose judgement.
    pub detector: Arc<str>,
    /// Its counts; `None` when its shape did not occur, or the detector is gone.
    pub count: Option<DetectorCount>,
    /// Findings that hold; all others of this detector end.
    pub keep: Vec<Upheld>,
}

/// A finding that holds under the changed rule too, with what its detector says of it now. What it was judged on (its grounds)
/// speaks of the text, not of the rule, and stays.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Upheld {
    /// Which.
    pub finding: FindingNumber,
    /// The confidence it has now.
    pub confidence: Confidence,
    /// The tier's name.
    pub tier: Arc<str>,
    /// What supports it now.
    pub evidence: Vec<Evidence>,
}

/// How an item stood at a moment: its coverage (`None`: it waited) and its reading.
pub type Stood = (Option<Coverage>, Option<ReadingNumber>);

/// Verdicts.
pub trait Verdicts {
    /// Ends a job. One transaction: facts, sharing, verdict, findings, exposure, past records, planned actions, further jobs, and
    /// the job's end. It goes back when more was asked for since its lease.
    ///
    /// # Errors
    /// When it could not be written; nothing counts then, and the lease holds on.
    fn settle(&self, settlement: Settlement) -> Result<Settled, Error>;

    /// The reading of that number.
    ///
    /// # Errors
    /// When it could not be read.
    fn reading(&self, number: ReadingNumber) -> Result<Option<Reading>, Error>;

    /// A reading of a content with this provider's hash and size, whichever item it was read for, the newest first.
    ///
    /// # Errors
    /// When it could not be read.
    fn reading_by_hash(
        &self,
        provider: Provider,
        hash: &ContentHash,
        size_bytes: u64,
    ) -> Result<Option<Reading>, Error>;

    /// The reading of a content by our own hash and this extraction.
    ///
    /// # Errors
    /// When it could not be read.
    fn reading_by_content(&self, content: &[u8; 32], extraction: &[u8; 32]) -> Result<Option<Reading>, Error>;

    /// The findings of a reading, by part and place; those that held at a moment, or that hold now.
    ///
    /// # Errors
    /// When they could not be read.
    fn findings(&self, reading: ReadingNumber, as_of: Option<Moment>) -> Result<Vec<FindingRow>, Error>;

    /// What policies ask of these readings, in the order of their numbers; one that is not there is left out.
    ///
    /// # Errors
    /// When they could not be read.
    fn gists(&self, readings: &[ReadingNumber]) -> Result<Vec<Gist>, Error>;

    /// One finding.
    ///
    /// # Errors
    /// When it could not be read.
    fn finding(&self, number: FindingNumber) -> Result<Option<FindingRow>, Error>;

    /// Findings with this token that hold now, in order of their numbers, those after `after`, at most `max`.
    ///
    /// # Errors
    /// When they could not be read.
    fn trace(&self, token: &str, after: Option<FindingNumber>, max: usize) -> Result<Vec<FindingRow>, Error>;

    /// Items that hold a reading now, in order of their numbers.
    ///
    /// # Errors
    /// When they could not be read.
    fn holders(&self, reading: ReadingNumber, after: Option<ItemNumber>, max: usize) -> Result<Vec<ItemNumber>, Error>;

    /// The reading an item had at a moment, and its coverage then; `None` when it was not there.
    ///
    /// # Errors
    /// When it could not be read.
    fn as_of(&self, item: ItemNumber, at: Moment) -> Result<Option<Stood>, Error>;

    /// Contents in order of their readings, those after `after`, at most `max`.
    ///
    /// # Errors
    /// When they could not be read.
    fn contents(
        &self,
        scope: &ContentScope,
        after: Option<ReadingNumber>,
        max: usize,
    ) -> Result<Vec<ContentRow>, Error>;

    /// How many contents are in a scope, and their bytes: the price of reading them.
    ///
    /// # Errors
    /// When they could not be counted.
    fn price(&self, scope: &ContentScope) -> Result<(u64, u64), Error>;

    /// Writes judgements made anew, and that all detectors of `rules` have now judged the readings `complete`. One transaction.
    ///
    /// # Errors
    /// When it could not be written.
    fn rejudge(&self, rules: RulesNumber, judged: &[Rejudged], complete: &[ReadingNumber]) -> Result<(), Error>;
}
