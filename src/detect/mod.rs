//! Text in, findings out: candidate search, confirmation, evidence, over windows of any cut.
//!
//! The program ([`Matcher`]) is built once from a rule set and shared by all threads; the scratch ([`Scanner`]) is held by
//! one. A byte that is no candidate costs the same however many rules there are: only what the candidate search nominates
//! is confirmed (shape, edges, validators, checks), and only what is confirmed has its surroundings read for evidence.
//!
//! The answer does not depend on how the text was cut: a match is decided when everything it may look at is in the window
//! or the part has ended, and never twice.

mod candidates;
mod confirm;
mod evidence;
mod excerpt;
mod explain;
mod grounds;
mod keywords;
mod names;
mod raw;
mod scan;
mod text;
mod token;
mod window;
mod words;

#[cfg(test)]
mod tests;

pub use candidates::{Cost, Lane, Path};
pub use explain::{Explained, Explanation, LeafExplained, TierExplained};
pub use names::NamedValue;
pub use scan::{PartStart, ScanOptions, Scanner};
pub use token::TokenKey;
pub use window::RawLength;

use crate::rule::RuleSet;
use crate::rule::ruleset::{PrimaryId, PrimaryKind, Tier, What};
use candidates::Candidates;
use confirm::Confirmer;
use evidence::ListMask;
use grounds::Questions;
use keywords::KeywordIndex;
use scan::gate::Gate;
use std::sync::{Arc, OnceLock};

/// The compiled program: immutable, shared by all threads.
#[derive(Debug)]
pub struct Matcher {
    rules: Arc<RuleSet>,
    candidates: Candidates,
    confirmer: Confirmer,
    keywords: KeywordIndex,
    reach: Reach,
    /// The widest window of evidence, in characters.
    within: u32,
    /// For each detector and tier, what its evidence needs at the least.
    needs: Vec<Vec<Vec<ListMask>>>,
    /// For each rule, what must stand near for its matches to be findings.
    gates: Vec<Option<Gate>>,
    /// What evidence trees ask of the whole part.
    whole_part: Vec<What>,
    /// For each detector, the tokens that it does not report: the key's version and the token's bits, sorted.
    excluded: Vec<Box<[(u32, u128)]>>,
    /// For each detector, what grounds tell; made when somebody keeps grounds.
    questions: OnceLock<Vec<Questions>>,
}

/// How far from a candidate's beginning the matcher may look, in bytes.
#[derive(Clone, Copy, Debug)]
struct Reach {
    left: usize,
    right: usize,
    /// Of that, the longest match.
    longest: usize,
}

/// Most bytes of one character.
const CHAR_BYTES_MAX: usize = 4;

impl Matcher {
    /// Builds the program for a rule set.
    #[must_use]
    pub fn new(rules: Arc<RuleSet>) -> Self {
        Self::on(Path::best(), rules)
    }

    /// [`Matcher::new`] with the candidate search on the given instructions, which this machine must have
    /// ([`Path::all`]); the answers are the same on all.
    #[must_use]
    pub fn on(path: Path, rules: Arc<RuleSet>) -> Self {
        let keywords = KeywordIndex::new(&rules);
        let mut leaves = Vec::new();
        for tier in rules.detectors.iter().flat_map(|detector| &detector.tiers) {
            if let Some(tree) = &tier.evidence {
                evidence::leaves(tree, &mut leaves);
            }
        }
        let within = leaves.iter().filter_map(|leaf| leaf.within).max().unwrap_or(0);
        let of_tier = |tier: &Tier| tier.evidence.as_ref().map(evidence::needs).unwrap_or_default();
        let needs: Vec<Vec<_>> =
            rules.detectors.iter().map(|detector| detector.tiers.iter().map(of_tier).collect()).collect();
        let mut whole_part: Vec<What> = Vec::new();
        for leaf in leaves.iter().filter(|leaf| leaf.within.is_none()) {
            if !whole_part.contains(&leaf.what) {
                whole_part.push(leaf.what);
            }
        }
        let beside = if confirm::sees_lines(&rules) { confirm::LINE_CHARS } else { confirm::NEIGHBOUR_CHARS };
        let near = ((within as usize).max(excerpt::EXCERPT_CHARS).max(beside) + 1) * CHAR_BYTES_MAX;
        let longest = rules.primaries.iter().map(|primary| primary.max_match_bytes).max().unwrap_or(0);
        let right = longest + near + keywords.longest() + 16;
        let reach = Reach { left: near + keywords.longest(), right, longest };
        let candidates = Candidates::new(&rules, path);
        let gates = scan::gate::gates(&rules, &needs, &whole_part, candidates.search());
        let excluded = rules.detectors.iter().map(|detector| token::excluded(&detector.exclude_tokens)).collect();
        let (confirmer, questions) = (Confirmer::new(&rules), OnceLock::new());
        Self { confirmer, candidates, keywords, reach, within, needs, gates, whole_part, excluded, questions, rules }
    }

    /// The rules it was built from.
    #[must_use]
    pub fn rules(&self) -> &Arc<RuleSet> {
        &self.rules
    }

    /// The lane that finds a rule's candidates, and what that costs.
    #[must_use]
    pub fn cost(&self, primary: PrimaryId) -> Cost {
        self.candidates.costs()[primary.index()]
    }

    /// What the candidate search is made of, in a line.
    #[must_use]
    pub fn describe(&self) -> String {
        let costs = self.candidates.costs();
        let count = |lane| costs.iter().filter(|cost| cost.lane == lane).count();
        format!(
            "{} rules by shape, {} by literal, {} residual, {} by search; {}",
            count(Lane::Shape),
            count(Lane::Literal),
            count(Lane::Residual),
            count(Lane::Search),
            self.candidates.finder_name()
        )
    }

    /// What the detectors ask about their matches.
    fn questions(&self) -> &[Questions] {
        self.questions.get_or_init(|| Questions::of(&self.rules))
    }

    /// How many first bytes of a value the rule itself spells out, for masks that show no more than that.
    fn spelled_prefix(&self, primary: PrimaryId) -> Option<&regex_syntax::hir::Hir> {
        match &self.rules.primaries[primary.index()].kind {
            PrimaryKind::Pattern(pattern) => Some(&pattern.hir),
            PrimaryKind::Keywords(_) => None,
        }
    }
}

/// The slices in which a text of this length is searched.
fn slices(length: usize) -> impl Iterator<Item = std::ops::Range<usize>> {
    (0..length).step_by(scan::SLICE_BYTES).map(move |from| from..(from + scan::SLICE_BYTES).min(length))
}
