//! The engines of one rule: an automaton that is walked byte by byte, and its regular expression for all that a walk
//! cannot tell.
//!
//! Walking, not searching, is the point: a candidate mostly fails within a few bytes, and how far the walk went says
//! whether the rule's misses are dear.

use crate::rule::ruleset::Pattern;
use regex_automata::dfa::{Automaton, StartKind, dense};
use regex_automata::nfa::thompson;
use regex_automata::util::pool::Pool;
use regex_automata::util::primitives::StateID;
use regex_automata::{Anchored, Input, hybrid, meta};
use std::ops::Range;
use std::sync::OnceLock;

/// The engines of one rule, made when its first candidate comes.
#[derive(Debug, Default)]
pub(crate) struct Engine {
    /// `None` inside when not even the small automaton can be had.
    walker: OnceLock<Option<Walker>>,
    /// Everything else: groups, search, and matches that no automaton tells.
    full: OnceLock<Option<Box<meta::Regex>>>,
}

/// Where a rule's match ends, and what it took to find out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Walk {
    pub(crate) end: Option<usize>,
    /// Bytes that were looked at; all that could be, when the engine does not tell.
    pub(crate) bytes: usize,
}

/// An anchored, leftmost-first automaton.
#[derive(Debug)]
enum Walker {
    /// All its states, made at once.
    Whole(Box<Table>),
    /// Its states are made when they are reached: the whole table would be too large.
    Partial(Box<Partial>),
}

#[derive(Debug)]
struct Table {
    automaton: dense::DFA<Vec<u32>>,
    /// Where every walk begins, unless the rule looks at what stands before it.
    start: Option<StateID>,
}

#[derive(Debug)]
struct Partial {
    automaton: hybrid::dfa::DFA,
    /// States made so far, lent to one thread at a time.
    caches: Pool<hybrid::dfa::Cache, Make>,
}

/// Makes scratch for a thread.
type Make = Box<dyn Fn() -> hybrid::dfa::Cache + Send + Sync>;

/// Largest table of one rule, in bytes.
const TABLE_BYTES_MAX: usize = 32 << 10;
/// States of a partial automaton that a thread keeps, in bytes.
const PARTIAL_BYTES_MAX: usize = 512 << 10;

impl Walker {
    fn new(pattern: &Pattern) -> Option<Self> {
        let config = thompson::Config::new().utf8(false).which_captures(thompson::WhichCaptures::None);
        let nfa = thompson::Compiler::new().configure(config).build_from_hir(&pattern.hir).ok()?;
        let table = Table::new(&nfa).map(|table| Self::Whole(Box::new(table)));
        table.or_else(|| Partial::new(nfa).map(|partial| Self::Partial(Box::new(partial))))
    }

    /// The match that begins at `start`; `None` when a byte comes that the automaton does not know.
    #[inline]
    fn walk(&self, hay: &[u8], start: usize, end: usize) -> Option<Walk> {
        match self {
            Self::Whole(table) => table.walk(hay, start, end),
            Self::Partial(partial) => partial.walk(hay, start, end),
        }
    }
}

impl Table {
    fn new(nfa: &thompson::NFA) -> Option<Self> {
        let config = dense::Config::new()
            .start_kind(StartKind::Anchored)
            .accelerate(false)
            .dfa_size_limit(Some(TABLE_BYTES_MAX))
            .determinize_size_limit(Some(4 * TABLE_BYTES_MAX));
        let automaton = dense::Builder::new().configure(config).build_from_nfa(nfa).ok()?;
        let start = automaton.universal_start_state(Anchored::Yes);
        Some(Self { automaton, start })
    }

    /// A match is told one byte late, so that an assertion can see what follows.
    #[inline]
    fn walk(&self, hay: &[u8], start: usize, end: usize) -> Option<Walk> {
        let automaton = &self.automaton;
        let mut state = match self.start {
            Some(state) => state,
            None => automaton.start_state_forward(&input(hay, start, end)).ok()?,
        };
        let mut found = None;
        for (at, &byte) in (start..).zip(hay.get(start..end)?) {
            state = automaton.next_state(state, byte);
            if automaton.is_special_state(state) {
                if automaton.is_match_state(state) {
                    found = Some(at);
                } else if automaton.is_dead_state(state) {
                    return Some(Walk { end: found, bytes: at - start });
                } else if automaton.is_quit_state(state) {
                    return None;
                }
            }
        }
        state = match hay.get(end) {
            Some(&byte) => automaton.next_state(state, byte),
            None => automaton.next_eoi_state(state),
        };
        if automaton.is_match_state(state) {
            found = Some(end);
        }
        (!automaton.is_quit_state(state)).then_some(Walk { end: found, bytes: end - start })
    }
}

impl Partial {
    fn new(nfa: thompson::NFA) -> Option<Self> {
        let config = hybrid::dfa::Config::new().cache_capacity(PARTIAL_BYTES_MAX).skip_cache_capacity_check(true);
        let automaton = hybrid::dfa::Builder::new().configure(config).build_from_nfa(nfa).ok()?;
        let maker = automaton.clone();
        Some(Self { automaton, caches: Pool::new(Box::new(move || maker.create_cache()) as Make) })
    }

    /// As [`Table::walk`].
    fn walk(&self, hay: &[u8], start: usize, end: usize) -> Option<Walk> {
        let automaton = &self.automaton;
        let cache = &mut *self.caches.get();
        let mut state = automaton.start_state_forward(cache, &input(hay, start, end)).ok()?;
        let mut found = None;
        for (at, &byte) in (start..).zip(hay.get(start..end)?) {
            state = automaton.next_state(cache, state, byte).ok()?;
            if state.is_tagged() {
                if state.is_match() {
                    found = Some(at);
                } else if state.is_dead() {
                    return Some(Walk { end: found, bytes: at - start });
                } else if state.is_quit() {
                    return None;
                }
            }
        }
        state = match hay.get(end) {
            Some(&byte) => automaton.next_state(cache, state, byte).ok()?,
            None => automaton.next_eoi_state(cache, state).ok()?,
        };
        if state.is_match() {
            found = Some(end);
        }
        (!state.is_quit()).then_some(Walk { end: found, bytes: end - start })
    }
}

fn input(hay: &[u8], start: usize, end: usize) -> Input<'_> {
    Input::new(hay).span(start..end).anchored(Anchored::Yes)
}

impl Engine {
    /// The rule's full engine. `None` only when it would not fit in memory, which loading has ruled out.
    fn full(&self, pattern: &Pattern) -> Option<&meta::Regex> {
        self.full
            .get_or_init(|| {
                let config = meta::Config::new().utf8_empty(false);
                meta::Builder::new().configure(config).build_from_hir(&pattern.hir).ok().map(Box::new)
            })
            .as_deref()
    }

    /// The match that begins at `start` and ends at `end` or before.
    #[inline]
    pub(super) fn walk(&self, pattern: &Pattern, hay: &[u8], start: usize, end: usize) -> Walk {
        let walker = self.walker.get_or_init(|| Walker::new(pattern)).as_ref();
        walker.and_then(|walker| walker.walk(hay, start, end)).unwrap_or_else(|| {
            let found = self.full(pattern).and_then(|full| full.search_half(&input(hay, start, end)));
            Walk { end: found.map(|found| found.offset()), bytes: end - start }
        })
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
