//! The compiled rule set: immutable, shared by all threads, free of anything that was only typed.
//!
//! Indices stand for names: a [`DetectorId`] points into [`RuleSet::detectors`], and so on. The matcher in `detect` builds
//! its automata from [`Primary`] and never looks at a file.

use super::bounded::BoundedRegex;
use super::lazy::{AnchoredRegex, LazyRegex};
use super::normalise::fold_case;
use super::syntax::{Canonical, CheckPlace, Edges, MaskStyle, MatchStyle, Miss, Side};
use super::validate::Validate;
use crate::model::Confidence;
use aho_corasick::AhoCorasick;
use regex_syntax::hir::Hir;
use std::fmt;
use std::sync::{Arc, OnceLock};

/// Index of a detector.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DetectorId(pub u32);
/// Index of a primary: what the matcher calls a rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PrimaryId(pub u32);
/// Index of a keyword list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ListId(pub u32);
/// Index of a probe: an expression that is looked for only near a match.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ProbeId(pub u32);

macro_rules! index {
    ($($name:ident),*) => {$(
        impl $name {
            /// The index as a `usize`.
            #[must_use]
            pub fn index(self) -> usize {
                self.0 as usize
            }
        }
    )*};
}
index!(DetectorId, PrimaryId, ListId, ProbeId);

/// All that a scan needs to know of its rules.
#[derive(Debug, Default)]
pub struct RuleSet {
    /// Detectors that run, in order of their ids.
    pub detectors: Vec<Detector>,
    /// Their shapes, grouped by detector.
    pub primaries: Vec<Primary>,
    /// Keyword lists and dictionaries.
    pub lists: Vec<KeywordList>,
    /// Expressions and functions used as evidence.
    pub probes: Vec<Probe>,
}

/// A compiled detector.
#[derive(Debug)]
pub struct Detector {
    /// Its id.
    pub id: Arc<str>,
    /// What a person calls it.
    pub name: String,
    /// Why it matters.
    pub why: String,
    /// Regions.
    pub regions: Vec<String>,
    /// Tags.
    pub tags: Vec<String>,
    /// The file it came from, as the user would name it, and the line where it begins.
    pub origin: (Arc<str>, usize),
    /// SHA-256 over all that decides its findings: the rule without examples and prose, its lists, its validators' names,
    /// parameters and versions, and the normaliser's version.
    pub hash: [u8; 32],
    /// Hashes over parts of it.
    pub identity: Identity,
    /// True: it was not chosen and is here only because another detector takes it as evidence; it reports nothing.
    pub silent: bool,
    /// Its shapes.
    pub primaries: Vec<PrimaryId>,
    /// Validators that every match must pass.
    pub validators: Vec<Validator>,
    /// Additional checks.
    pub checks: Vec<Check>,
    /// A value whose digits are all the same is refused.
    pub exclude_same_digits: bool,
    /// Tokens of values that are not reported, sorted.
    pub exclude_tokens: Vec<Arc<str>>,
    /// Ways to be sure, best first (stable for equal confidence).
    pub tiers: Vec<Tier>,
    /// Fewest different values in one part.
    pub min_unique: u32,
    /// How values are covered.
    pub mask: MaskStyle,
    /// What of a value counts.
    pub canonical: Canonical,
    /// Texts with findings.
    pub examples: Vec<Example>,
    /// Texts without.
    pub counters: Vec<Counter>,
}

/// Hashes (SHA-256) over parts of a detector: an edit that leaves one of them alone leaves alone what it decides.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Identity {
    /// For each primary in order, what decides where it matches: its pattern or terms, edges and longest match.
    pub primaries: Vec<[u8; 32]>,
    /// What decides which matches stand, and how they are shown: validators, checks without
    /// [plain values](Detector::excluded_values), what counts of a value, the mask.
    pub judging: [u8; 32],
    /// What decides its matches when it is another detector's evidence.
    pub as_evidence: [u8; 32],
    /// For each tier in order, what it asks of a value itself: shapes, validators, checks, form.
    pub gates: Vec<[u8; 32]>,
}

/// One shape of one detector: a rule of the matcher.
#[derive(Debug)]
pub struct Primary {
    /// Its name within the detector.
    pub id: Arc<str>,
    /// Whose it is.
    pub detector: DetectorId,
    /// What matches.
    pub kind: PrimaryKind,
    /// Longest match in bytes; an unbounded repeat is cut there.
    pub max_match_bytes: usize,
    /// What may not stand beside a match.
    pub edges: Edges,
    /// A match may cross a soft edge.
    pub across_soft: bool,
}

/// What a primary matches.
#[derive(Debug)]
pub enum PrimaryKind {
    /// A pattern (a function is one too).
    Pattern(Pattern),
    /// The terms of a list.
    Keywords(ListId),
}

/// A parsed regular expression (bytes, Unicode off).
#[derive(Debug)]
pub struct Pattern {
    /// As written.
    pub source: String,
    /// Its syntax tree.
    pub hir: Hir,
    /// The group that is the value; 0 is the whole match.
    pub value_group: usize,
    /// The value is the first group that is not empty, whatever `value_group` says.
    pub first_group: bool,
    /// Decides what the pattern found, with look-around; its groups are the groups then.
    pub bounded: Option<BoundedRegex>,
    /// True when the value group or a validator needs groups other than 0.
    pub needs_groups: bool,
}

/// A keyword list.
#[derive(Debug)]
pub struct KeywordList {
    /// Its id.
    pub id: Arc<str>,
    /// Terms, normalised as text is; folded unless case counts; single spaces; no duplicates.
    pub terms: Vec<String>,
    /// Whole words, or anywhere.
    pub style: MatchStyle,
    /// Case counts.
    pub case_sensitive: bool,
}

/// An expression looked for only near a match.
#[derive(Debug)]
pub struct Probe {
    /// How explanations call it.
    pub label: Arc<str>,
    /// The expression.
    pub regex: LazyRegex,
    /// Validators its match must pass.
    pub validators: Vec<Validator>,
}

/// A validator, ready to use.
#[derive(Clone)]
pub struct Validator {
    /// Its name in the table.
    pub name: Arc<str>,
    /// The capture group it looks at; `None` for the value.
    pub group: Option<usize>,
    /// The check.
    pub check: Arc<dyn Validate>,
}

impl fmt::Debug for Validator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Validator").field("name", &self.name).field("group", &self.group).finish_non_exhaustive()
    }
}

/// A check on the value or its direct neighbours.
#[derive(Debug)]
pub struct Check {
    /// What is looked at.
    pub place: CheckPlace,
    /// True: what is found there refuses the match. False: what is missing there does.
    pub exclude: bool,
    /// What is looked for.
    pub what: CheckWhat,
}

/// What a check looks for.
#[derive(Debug)]
pub enum CheckWhat {
    /// Literal texts, case folded; canonical values for `full`.
    Texts(Vec<String>),
    /// An expression, already anchored for its place.
    Regex(Arc<AnchoredRegex>),
    /// An expression that is searched for.
    Search(Arc<LazyRegex>),
    /// Literal texts anywhere, case folded.
    Words(Arc<Words>),
    /// Refuses when each of these refuses; place and sense are theirs.
    Together(Vec<Check>),
}

/// Literal texts that are looked for all at once, case folded.
#[derive(Debug)]
pub struct Words {
    texts: Vec<String>,
    search: OnceLock<Option<AhoCorasick>>,
}

impl Words {
    /// Texts that are folded already.
    #[must_use]
    pub fn new(texts: Vec<String>) -> Self {
        Self { texts, search: OnceLock::new() }
    }

    /// The texts.
    #[must_use]
    pub fn texts(&self) -> &[String] {
        &self.texts
    }

    /// True when one of them stands in `text`.
    #[must_use]
    pub fn stand_in(&self, text: &[u8]) -> bool {
        let build = || AhoCorasick::builder().ascii_case_insensitive(true).build(&self.texts).ok();
        if text.is_ascii() {
            return self.search.get_or_init(build).as_ref().is_some_and(|search| search.is_match(text));
        }
        let folded = fold_case(&String::from_utf8_lossy(text));
        self.search.get_or_init(build).as_ref().is_some_and(|search| search.is_match(&folded))
    }
}

/// One way to be sure.
#[derive(Debug)]
pub struct Tier {
    /// Its name.
    pub name: Arc<str>,
    /// How sure.
    pub confidence: Confidence,
    /// The shapes it holds for; empty for all.
    pub primaries: Vec<PrimaryId>,
    /// Validators besides the detector's.
    pub validators: Vec<Validator>,
    /// Checks besides the detector's.
    pub checks: Vec<Check>,
    /// Anchored at both ends.
    pub form: Option<Arc<AnchoredRegex>>,
    /// What must stand near.
    pub evidence: Option<Node>,
}

/// A node of an evidence tree.
#[derive(Debug)]
pub enum Node {
    /// Every child holds.
    All(Vec<Node>),
    /// Between `min` and `max` children hold.
    Any {
        /// The children.
        nodes: Vec<Node>,
        /// At least.
        min: u32,
        /// At most.
        max: Option<u32>,
    },
    /// The child does not hold.
    Not(Box<Node>),
    /// Something to look for.
    Leaf(Leaf),
}

/// Something to look for near a match.
#[derive(Debug)]
pub struct Leaf {
    /// What.
    pub what: What,
    /// Characters from the match; `None` for anywhere in the part.
    pub within: Option<u32>,
    /// Which side.
    pub side: Side,
    /// At least this many.
    pub min: u32,
    /// At most this many.
    pub max: Option<u32>,
    /// Count different terms or values.
    pub distinct: bool,
    /// How explanations call it.
    pub label: Arc<str>,
}

/// What a leaf looks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum What {
    /// Terms of a list.
    List(ListId),
    /// An expression.
    Probe(ProbeId),
    /// Another detector's match: shape, edges, checks and validators, no evidence.
    Detector(DetectorId),
}

/// A text in which the detector must find something.
#[derive(Debug)]
pub struct Example {
    /// The text.
    pub text: String,
    /// The value.
    pub value: Option<String>,
    /// Several findings are as good as one.
    pub several: bool,
    /// Index into the detector's tiers.
    pub tier: usize,
    /// Line in the rule file.
    pub line: usize,
}

/// A text in which a tier must not hold.
#[derive(Debug)]
pub struct Counter {
    /// The text.
    pub text: String,
    /// The near miss.
    pub value: Option<String>,
    /// Index into the detector's tiers.
    pub tier: usize,
    /// Why not.
    pub reason: Miss,
    /// Line in the rule file.
    pub line: usize,
}

impl Check {
    /// The values that it refuses, as they count ([`Canonical::Alnum`] forms in ASCII), when refusing them is all that it
    /// does.
    #[must_use]
    pub fn plain_values(&self, canonical: Canonical) -> Option<&[String]> {
        let CheckWhat::Texts(texts) = &self.what else { return None };
        let plain = self.exclude && self.place == CheckPlace::Full && canonical == Canonical::Alnum;
        (plain && texts.iter().all(|text| text.is_ascii())).then_some(texts)
    }
}

impl Tier {
    /// True when it asks nothing of the value itself.
    #[must_use]
    pub fn takes_all(&self) -> bool {
        self.primaries.is_empty() && self.validators.is_empty() && self.checks.is_empty() && self.form.is_none()
    }
}

impl Detector {
    /// The values that its checks refuse whatever stands around them, as they count.
    pub fn excluded_values(&self) -> impl Iterator<Item = &str> {
        let values = self.checks.iter().filter_map(|check| check.plain_values(self.canonical));
        values.flatten().map(String::as_str)
    }
}

impl RuleSet {
    /// The detector with this id.
    #[must_use]
    pub fn detector(&self, id: &str) -> Option<&Detector> {
        self.detectors.binary_search_by(|detector| (*detector.id).cmp(id)).ok().map(|at| &self.detectors[at])
    }
}
