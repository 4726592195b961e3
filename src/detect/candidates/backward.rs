//! The other way to find beginnings, for text that defeats the finder: one pass from the end to the beginning.
//!
//! An automaton over all rules, each read backwards, tells at every place which rules have a match that begins there. A
//! byte costs one step whatever the text; it is dearer than the finder on ordinary text and cheaper on walls of digits or
//! hashes. It says nothing of where the matches end.

use super::told::Rule;
use regex_automata::hybrid::dfa::{Cache, DFA, OverlappingState};
use regex_automata::nfa::thompson::{self, WhichCaptures};
use regex_automata::util::pool::Pool;
use regex_automata::{Input, MatchKind};
use std::fmt;
use std::ops::Range;
use std::sync::{Arc, OnceLock};

/// States that one thread keeps, in bytes.
const CACHE_BYTES: usize = 8 << 20;

/// Rules read backwards; compiled when they are first needed.
pub(crate) struct Backward {
    rules: Vec<Arc<Rule>>,
    engine: OnceLock<Option<Engine>>,
}

struct Engine {
    dfa: DFA,
    caches: Pool<Cache, Box<dyn Fn() -> Cache + Send + Sync>>,
}

impl Backward {
    pub(crate) fn new(rules: Vec<Arc<Rule>>) -> Self {
        Self { rules, engine: OnceLock::new() }
    }

    /// Calls `each` with every beginning in `range` and the rule that may match there; matches are looked for as far as
    /// `end`. Not in order. Where the automaton fails, every rule is named at every place.
    pub(crate) fn nominate(&self, hay: &[u8], range: Range<usize>, end: usize, mut each: impl FnMut(usize, &Rule)) {
        let engine = self.engine.get_or_init(|| Engine::new(&self.rules));
        let mut left = range.end;
        if let Some(engine) = engine {
            let mut cache = engine.caches.get();
            let input = Input::new(hay).span(range.start..end);
            let mut state = OverlappingState::start();
            loop {
                if engine.dfa.try_search_overlapping_rev(&mut cache, &input, &mut state).is_err() {
                    break;
                }
                let Some(found) = state.get_match() else { return };
                if found.offset() < range.end {
                    left = left.min(found.offset() + 1);
                    each(found.offset(), &self.rules[found.pattern().as_usize()]);
                }
            }
        }
        for start in range.start..left {
            for rule in &self.rules {
                each(start, rule);
            }
        }
    }
}

impl Engine {
    fn new(rules: &[Arc<Rule>]) -> Option<Self> {
        let hirs: Vec<_> = rules.iter().map(|rule| &rule.hir).collect();
        let config = thompson::Config::new().utf8(false).reverse(true).which_captures(WhichCaptures::None);
        let nfa = thompson::Compiler::new().configure(config).build_many_from_hir(&hirs).ok()?;
        let config =
            DFA::config().match_kind(MatchKind::All).cache_capacity(CACHE_BYTES).skip_cache_capacity_check(true);
        let dfa = DFA::builder().configure(config).build_from_nfa(nfa).ok()?;
        let maker = dfa.clone();
        Some(Self { dfa, caches: Pool::new(Box::new(move || maker.create_cache())) })
    }
}

impl fmt::Debug for Backward {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Backward").field("rules", &self.rules.len()).finish_non_exhaustive()
    }
}
