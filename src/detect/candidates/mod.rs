//! Candidate search: where in a text a rule may match, over all rules at once.
//!
//! The seam is one call: [`Candidates::nominate`] names every `(beginning, rule)` in a range at which a match may stand,
//! and possibly some at which none does; `confirm` decides. So a lane can be replaced without any other room noticing.
//! Which lane a rule takes is chosen once, from facts about its pattern ([`facts`]), never by hand.

mod automaton;
mod backward;
mod bytes;
mod facts;
mod literal;
mod longest;
mod marks;
mod shape;
mod simd;
mod told;

use crate::detect::keywords;
use crate::rule::RuleSet;
use crate::rule::ruleset::{PrimaryId, PrimaryKind};
use crate::rule::syntax::Edges;
use literal::LiteralLane;
use shape::rate::Rates;
use shape::{Given, ShapeLane};

pub(crate) use bytes::ByteSet;
pub(crate) use facts::Anchor;
pub use simd::Path;

/// A place where a rule may match.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Candidate {
    /// First byte of the possible match.
    pub(crate) start: usize,
    /// The rule.
    pub(crate) primary: PrimaryId,
    /// Length of the match in bytes where the lane knows it, else [`END_UNKNOWN`].
    pub(crate) length: u32,
}

/// The lane does not know where the match ends.
pub(crate) const END_UNKNOWN: u32 = 0;

impl Candidate {
    /// The end of the match, where the lane knows it.
    pub(crate) fn end(self) -> Option<usize> {
        (self.length != END_UNKNOWN).then(|| self.start + self.length as usize)
    }
}

/// How a rule's candidates are found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Lane {
    /// By the kinds of bytes at the beginning of every match.
    Shape,
    /// By a rare literal in every match.
    Literal,
    /// By the few kinds of bytes it can begin with: most text looks like a beginning.
    Residual,
    /// By its own engine, over all text: the dear way.
    Search,
}

impl Lane {
    /// The lane's name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Lane::Shape => "shape",
            Lane::Literal => "literal",
            Lane::Residual => "residual",
            Lane::Search => "search",
        }
    }
}

/// What finding a rule's candidates costs.
#[derive(Clone, Copy, Debug)]
pub struct Cost {
    /// How they are found.
    pub lane: Lane,
    /// Anchors that the rule brought: ways its matches can begin, or literals of which one is in every match.
    pub anchors: usize,
    /// Places expected in a megabyte of ordinary text at which the rule is asked; an estimate that chose the lane.
    pub places_per_megabyte: f64,
}

/// All lanes over one rule set.
#[derive(Debug)]
pub(crate) struct Candidates {
    shape: ShapeLane,
    literal: Option<LiteralLane>,
    residual: ShapeLane,
    costs: Vec<Cost>,
    search: Vec<PrimaryId>,
    path: Path,
}

/// A literal as rare as this, in a byte of ordinary text, is taken whatever the shape: letters of many literals would make
/// the shapes' buckets admit any word.
const LITERAL_RATE_GOOD: f64 = 1e-6;
/// A shape met more often than this is none.
const SHAPE_RATE_MAX: f32 = 1.0 / 16.0;

impl Candidates {
    /// Sorts the rules into lanes and builds each.
    pub(crate) fn new(rules: &RuleSet, path: Path) -> Self {
        let mut rates = Rates::new();
        let mut costs = Vec::new();
        let mut by_literal = Vec::new();
        let (mut by_shape, mut by_rest) = (Vec::new(), Vec::new());
        for (id, primary) in (0..).map(PrimaryId).zip(&rules.primaries) {
            let cost = match &primary.kind {
                PrimaryKind::Keywords(list) => {
                    let (first, anchors) = keywords::anchors(&rules.lists[list.index()]);
                    let cost = Cost::of_literals(&anchors);
                    by_literal.push(literal::Given {
                        primary: id,
                        edges: Edges::None,
                        first,
                        anchors,
                        shape: Vec::new(),
                    });
                    cost
                }
                PrimaryKind::Pattern(pattern) => {
                    let anchors = shape::anchors::anchors(&pattern.hir, primary.edges);
                    let rate: f32 = anchors.anchors.iter().map(|(anchor, _)| rates.of(anchor)).sum();
                    let literals = facts::anchors(&pattern.hir).filter(|anchors| {
                        let seldom = facts::rate(anchors);
                        facts::worth_it(anchors) && (seldom <= LITERAL_RATE_GOOD || seldom < f64::from(rate))
                    });
                    let (count, given) = (anchors.anchors.len(), Given { id, primary, pattern, anchors });
                    match literals {
                        Some(anchors) => {
                            let first = facts::first_bytes(&pattern.hir);
                            let cost = Cost::of_literals(&anchors);
                            let shape = given.anchors.anchors.iter().map(|(anchor, _)| *anchor).collect();
                            by_literal.push(literal::Given {
                                primary: id,
                                edges: primary.edges,
                                first,
                                anchors,
                                shape,
                            });
                            cost
                        }
                        None if rate <= SHAPE_RATE_MAX => {
                            by_shape.push(given);
                            Cost::new(Lane::Shape, count, f64::from(rate))
                        }
                        None => {
                            by_rest.push(given);
                            Cost::new(Lane::Residual, count, f64::from(rate))
                        }
                    }
                }
            };
            costs.push(cost);
        }
        let shape = ShapeLane::new(path, &by_shape, &mut rates);
        let residual = ShapeLane::new(path, &by_rest, &mut rates);
        let search: Vec<PrimaryId> = shape.search().iter().chain(residual.search()).copied().collect();
        for primary in &search {
            costs[primary.index()].lane = Lane::Search;
        }
        Self { shape, literal: LiteralLane::new(path, by_literal, &mut rates), residual, costs, search, path }
    }

    /// The lane of each rule and what it costs, in their order.
    pub(crate) fn costs(&self) -> &[Cost] {
        &self.costs
    }

    /// The rules that no lane nominates: their own engine must search for them.
    pub(crate) fn search(&self) -> &[PrimaryId] {
        &self.search
    }

    /// Adds to `out`, in order and without repeats, every beginning in `from..to` at which a rule of a nominating lane
    /// may match. `hay` reaches far enough past `to` for the longest match.
    pub(crate) fn nominate(&self, hay: &[u8], from: usize, to: usize, out: &mut Vec<Candidate>) {
        let first = out.len();
        self.shape.nominate(hay, from, to, out);
        let middle = out.len();
        self.residual.nominate(hay, from, to, out);
        if let Some(literal) = &self.literal {
            literal.nominate(hay, from, to, out);
        }
        if out.len() > middle {
            // Sorted runs and a few repeats: the stable sort merges them.
            out[first..].sort();
            out.dedup();
        }
    }

    /// What the search runs on, for people.
    pub(crate) fn finder_name(&self) -> String {
        let literal = self.literal.as_ref().map_or("none", LiteralLane::finder_name);
        format!("shapes on {}, literals by {literal}", self.path.name())
    }
}

impl Cost {
    fn new(lane: Lane, anchors: usize, rate: f64) -> Self {
        Self { lane, anchors, places_per_megabyte: rate * 1e6 }
    }

    fn of_literals(anchors: &[Anchor]) -> Self {
        Self::new(Lane::Literal, anchors.len(), facts::rate(anchors))
    }
}
