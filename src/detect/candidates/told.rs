//! What the automata know of a rule: how far it reaches, what refuses its end, and whether its longest match counts.

use super::facts;
use super::longest;
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
    takes_longest: OnceLock<bool>,
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
            takes_longest: OnceLock::new(),
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

    /// True when of several ends the last is always the one that leftmost-first order takes; asked once, then known.
    pub(crate) fn takes_longest(&self) -> bool {
        *self.takes_longest.get_or_init(|| longest::takes_longest(&self.hir))
    }
}
