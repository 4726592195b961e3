//! Candidate search: where in a text a rule may match, over all rules at once.
//!
//! The seam is one call: [`Candidates::nominate`] names every `(beginning, rule)` in a range at which a match may stand,
//! and possibly some at which none does; `confirm` decides. So a lane can be replaced without any other room noticing.
//! Which lane a rule takes is chosen once, from facts about its pattern ([`facts`]), never by hand.

mod automaton;
mod facts;
mod filter;
mod literal;
mod residual;

use crate::detect::keywords;
use crate::rule::RuleSet;
use crate::rule::ruleset::{PrimaryId, PrimaryKind};
use crate::rule::syntax::Edges;
use literal::LiteralLane;
use residual::ResidualLane;

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
    /// By a rare literal in every match.
    Literal,
    /// By its first byte, then by one automaton over all rules of the lane.
    Residual,
    /// By its own engine, over all text: the dear way.
    Search,
}

impl Lane {
    /// The lane's name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Lane::Literal => "literal",
            Lane::Residual => "residual",
            Lane::Search => "search",
        }
    }
}

/// All lanes over one rule set.
#[derive(Debug)]
pub(crate) struct Candidates {
    literal: Option<LiteralLane>,
    residual: ResidualLane,
    lanes: Vec<Lane>,
}

impl Candidates {
    /// Sorts the rules into lanes and builds each.
    pub(crate) fn new(rules: &RuleSet) -> Self {
        let mut lanes = Vec::new();
        let mut by_literal = Vec::new();
        let mut by_shape = Vec::new();
        for (id, primary) in (0..).map(PrimaryId).zip(&rules.primaries) {
            match &primary.kind {
                PrimaryKind::Keywords(list) => {
                    let (first, anchors) = keywords::anchors(&rules.lists[list.index()]);
                    by_literal.push(literal::Given { primary: id, edges: Edges::None, first, anchors });
                    lanes.push(Lane::Literal);
                }
                PrimaryKind::Pattern(pattern) => {
                    let anchors = facts::anchors(&pattern.hir).filter(|anchors| facts::worth_it(anchors));
                    if let Some(anchors) = anchors {
                        let first = facts::first_bytes(&pattern.hir);
                        by_literal.push(literal::Given { primary: id, edges: primary.edges, first, anchors });
                        lanes.push(Lane::Literal);
                    } else {
                        by_shape.push((id, primary, pattern));
                        lanes.push(Lane::Residual);
                    }
                }
            }
        }
        let residual = ResidualLane::new(&by_shape);
        for primary in residual.search() {
            lanes[primary.index()] = Lane::Search;
        }
        Self { literal: LiteralLane::new(by_literal), residual, lanes }
    }

    /// The lane of a rule.
    pub(crate) fn lane(&self, primary: PrimaryId) -> Lane {
        self.lanes[primary.index()]
    }

    /// The lanes of all rules, in their order.
    pub(crate) fn lanes(&self) -> &[Lane] {
        &self.lanes
    }

    /// The rules that no lane nominates: their own engine must search for them.
    pub(crate) fn search(&self) -> &[PrimaryId] {
        self.residual.search()
    }

    /// Adds to `out`, in order and without repeats, every beginning in `from..to` at which a rule of a nominating lane
    /// may match. `hay` reaches far enough past `to` for the longest match.
    pub(crate) fn nominate(&self, hay: &[u8], from: usize, to: usize, out: &mut Vec<Candidate>) {
        let first = out.len();
        self.residual.nominate(hay, from, to, out);
        if let Some(literal) = &self.literal {
            let middle = out.len();
            literal.nominate(hay, from, to, out);
            if out.len() > middle {
                // Two sorted runs and a few repeats: the stable sort merges them.
                out[first..].sort();
                out.dedup();
            }
        }
    }

    /// What finds the literals, for people.
    pub(crate) fn finder_name(&self) -> &'static str {
        self.literal.as_ref().map_or("none", LiteralLane::finder_name)
    }
}

pub(crate) use facts::{Anchor, ByteSet};
