//! What the automata know of a rule: how far it reaches, what refuses its end, and whether its longest match counts.

use super::bytes::ByteSet;
use super::facts;
use super::longest::{self, Proved};
use crate::rule::ruleset::{Pattern, Primary, PrimaryId};
use crate::rule::syntax::Edges;
use regex_syntax::hir::Hir;
use std::sync::OnceLock;

/// One rule, shared by all automata that hold it.
#[derive(Debug)]
pub(crate) struct Rule {
    pub(crate) primary: PrimaryId,
    pub(crate) hir: Hir,
    /// Longest match in bytes.
    pub(crate) longest: usize,
    closed: Closed,
    whole: ByteSet,
    proved: OnceLock<Proved>,
}

/// Which byte behind a match refuses it, whatever the match's last byte.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Closed {
    No,
    ByDigit,
    ByAlnum,
}

impl Rule {
    pub(crate) fn new(id: PrimaryId, primary: &Primary, pattern: &Pattern) -> Self {
        let last = facts::last_bytes(&pattern.hir);
        let closed = match primary.edges {
            Edges::Word if last.iter().all(|byte| byte.is_ascii_alphanumeric()) => Closed::ByAlnum,
            Edges::Digit if last.iter().all(|byte| byte.is_ascii_digit()) => Closed::ByDigit,
            _ => Closed::No,
        };
        Self {
            primary: id,
            hir: pattern.hir.clone(),
            longest: primary.max_match_bytes,
            closed,
            whole: edge_set(primary.edges),
            proved: OnceLock::new(),
        }
    }

    /// True when a match that ends before this byte is refused for it.
    pub(crate) fn refuses(&self, next: Option<u8>) -> bool {
        match self.closed {
            Closed::No => false,
            Closed::ByDigit => next.is_some_and(|byte| byte.is_ascii_digit()),
            Closed::ByAlnum => next.is_some_and(|byte| byte.is_ascii_alphanumeric()),
        }
    }

    /// What is proved of its ends; asked once, then known.
    pub(crate) fn proved(&self) -> Proved {
        *self.proved.get_or_init(|| longest::prove(&self.hir, &self.whole))
    }
}

/// Bytes of which none may touch a match that has one at its edge. Letters beyond ASCII may stand there as far as the
/// candidate search goes: confirmation decides.
pub(crate) fn edge_set(edges: Edges) -> ByteSet {
    match edges {
        Edges::Word => ByteSet::alnum(),
        Edges::Digit => ByteSet::digits(),
        Edges::None => ByteSet::EMPTY,
    }
}
