//! The engines of one rule: its table, walked byte by byte, and its regular expression for all that a table cannot tell.

use crate::rule::ruleset::Pattern;
use regex_automata::dfa::{Automaton, StartKind, dense};
use regex_automata::nfa::thompson;
use regex_automata::util::primitives::StateID;
use regex_automata::{Anchored, Input, meta};
use std::ops::Range;
use std::sync::OnceLock;

/// The engines of one rule, made when its first candidate comes.
#[derive(Debug, Default)]
pub(crate) struct Engine {
    /// `None` inside when the table would be too large.
    table: OnceLock<Option<Box<Table>>>,
    /// Everything else: groups, search, and matches where there is no table.
    full: OnceLock<Option<Box<meta::Regex>>>,
}

/// An anchored, leftmost-first automaton.
#[derive(Debug)]
struct Table {
    automaton: dense::DFA<Vec<u32>>,
    /// Where every walk begins, unless the rule looks at what stands before it.
    start: Option<StateID>,
}

/// Largest table of one rule, in bytes.
const TABLE_BYTES_MAX: usize = 256 << 10;

impl Table {
    fn new(pattern: &Pattern) -> Option<Self> {
        let config = thompson::Config::new().utf8(false).which_captures(thompson::WhichCaptures::None);
        let nfa = thompson::Compiler::new().configure(config).build_from_hir(&pattern.hir).ok()?;
        let config = dense::Config::new()
            .start_kind(StartKind::Anchored)
            .accelerate(false)
            .dfa_size_limit(Some(TABLE_BYTES_MAX))
            .determinize_size_limit(Some(4 * TABLE_BYTES_MAX));
        let automaton = dense::Builder::new().configure(config).build_from_nfa(&nfa).ok()?;
        let start = automaton.universal_start_state(Anchored::Yes);
        Some(Self { automaton, start })
    }

    /// The end of the match that begins at `start`, inside if there is one; `None` when a byte comes that the table does
    /// not know. A match is told one byte late, so that an assertion can see what follows.
    #[inline]
    fn match_end(&self, hay: &[u8], start: usize, end: usize) -> Option<Option<usize>> {
        let automaton = &self.automaton;
        let mut state = match self.start {
            Some(state) => state,
            None => automaton.start_state_forward(&Input::new(hay).span(start..end).anchored(Anchored::Yes)).ok()?,
        };
        let mut found = None;
        for (at, &byte) in hay.get(start..end)?.iter().enumerate() {
            state = automaton.next_state(state, byte);
            if automaton.is_special_state(state) {
                if automaton.is_match_state(state) {
                    found = Some(start + at);
                } else if automaton.is_dead_state(state) {
                    return Some(found);
                } else if automaton.is_quit_state(state) {
                    return None;
                }
            }
        }
        state = match hay.get(end) {
            Some(&byte) => automaton.next_state(state, byte),
            None => automaton.next_eoi_state(state),
        };
        if automaton.is_quit_state(state) {
            return None;
        }
        Some(if automaton.is_match_state(state) { Some(end) } else { found })
    }
}

impl Engine {
    fn table(&self, pattern: &Pattern) -> Option<&Table> {
        self.table.get_or_init(|| Table::new(pattern).map(Box::new)).as_deref()
    }

    /// The rule's full engine. `None` only when it would not fit in memory, which loading has ruled out.
    fn full(&self, pattern: &Pattern) -> Option<&meta::Regex> {
        self.full
            .get_or_init(|| {
                let config = meta::Config::new().utf8_empty(false);
                meta::Builder::new().configure(config).build_from_hir(&pattern.hir).ok().map(Box::new)
            })
            .as_deref()
    }

    /// The end of the match that begins at `start` and ends at `end` or before.
    pub(super) fn match_end(&self, pattern: &Pattern, hay: &[u8], start: usize, end: usize) -> Option<usize> {
        if let Some(found) = self.table(pattern).and_then(|table| table.match_end(hay, start, end)) {
            return found;
        }
        let input = Input::new(hay).span(start..end).anchored(Anchored::Yes);
        self.full(pattern)?.search_half(&input).map(|found| found.offset())
    }

    /// The first beginning in `from..to` at which the rule may match; the search may look as far as `end`.
    pub(super) fn next_start(
        &self,
        pattern: &Pattern,
        hay: &[u8],
        from: usize,
        to: usize,
        end: usize,
    ) -> Option<usize> {
        let found = self.full(pattern)?.search(&Input::new(hay).span(from..end))?;
        (found.start() < to).then_some(found.start())
    }

    /// The spans of the groups of the match at `span`.
    pub(super) fn groups(
        &self,
        pattern: &Pattern,
        hay: &[u8],
        span: Range<usize>,
    ) -> Option<Vec<Option<Range<usize>>>> {
        let full = self.full(pattern)?;
        let mut captures = full.create_captures();
        full.search_captures(&Input::new(hay).span(span).anchored(Anchored::Yes), &mut captures);
        captures.is_match().then(|| captures.iter().map(|group| group.map(|group| group.range())).collect())
    }
}
