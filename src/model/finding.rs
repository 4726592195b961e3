//! What a detector says of one place: never the value itself.
//!
//! The three types that stand for a value ([`Mask`], [`Token`], [`Excerpt`]) can only be made from what `detect` has
//! already covered, so no report, log or store can print more than a mask.

use super::covered::{Excerpt, Mask, Token};
use super::grounds::Grounds;
use super::location::Locator;
use std::fmt;
use std::sync::Arc;

/// How sure a detector is, 1 to 100.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Confidence(u8);

impl Confidence {
    /// Low: 65.
    pub const LOW: Self = Self(65);
    /// Medium: 75.
    pub const MEDIUM: Self = Self(75);
    /// High: 85.
    pub const HIGH: Self = Self(85);

    /// A confidence from 1 to 100; `None` outside that range.
    #[must_use]
    pub fn new(percent: u8) -> Option<Self> {
        (1..=100).contains(&percent).then_some(Self(percent))
    }

    /// The number, 1 to 100.
    #[must_use]
    pub fn percent(self) -> u8 {
        self.0
    }

    /// The band a person reads: `high` from 85, `medium` from 75, else `low`.
    #[must_use]
    pub fn band(self) -> &'static str {
        match self.0 {
            85.. => "high",
            75.. => "medium",
            _ => "low",
        }
    }
}

impl fmt::Display for Confidence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Where a finding stands in a file that is its own text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct OwnText {
    /// First byte in the file.
    pub byte_start: u64,
    /// Byte after the last.
    pub byte_end: u64,
    /// Line, from 1.
    pub line: u64,
    /// Column in characters, from 1.
    pub column: u64,
}

/// One supporting element of a finding, without its text: which list or check, and how far away.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Evidence {
    /// The keyword list, expression or function that was found.
    pub name: Arc<str>,
    /// Characters between it and the match; 0 when they touch or overlap. `None` for whole-part evidence.
    pub distance: Option<u32>,
    /// True when it stands before the match.
    pub before: bool,
}

/// One place where a detector is sure enough.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The detector's id, as in its rule file.
    pub detector: Arc<str>,
    /// The confidence of the best tier that held.
    pub confidence: Confidence,
    /// The tier's name.
    pub tier: Arc<str>,
    /// The part's name (`text`, `body`, `sheet 'Pay' (hidden)`).
    pub part: Arc<str>,
    /// The chain to the place inside the file, shared by the findings of one place.
    pub location: Arc<Locator>,
    /// First character in the part's printed text, counted in Unicode scalar values.
    pub start: u64,
    /// Character after the last.
    pub end: u64,
    /// Bytes, line and column, when the part is the file's own text.
    pub own_text: Option<OwnText>,
    /// The covered value.
    pub mask: Mask,
    /// The value's fingerprint.
    pub token: Token,
    /// The covered surroundings.
    pub excerpt: Excerpt,
    /// What supported it and how far away.
    pub evidence: Vec<Evidence>,
    /// What it was judged on, for judging it again without the text; kept only where it was asked for
    /// (`ScanOptions::grounds`), and then by the store.
    pub grounds: Option<Box<Grounds>>,
}
