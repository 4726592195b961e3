//! One anchored automaton over many rules, made state by state as text demands.
//!
//! It answers for one beginning: which rules match there, and where they end. All its states together would be megabytes
//! and a quarter of a second; text visits few of them, so each thread makes those it meets ([`Cache`]). A rule that can end
//! in only one place is decided here; where several ends are possible, leftmost-first order decides, and that is asked of
//! the rule's own engine.

use super::facts::ByteSet;
use crate::rule::ruleset::Pattern;
use regex_automata::nfa::thompson::{self, NFA, State, Transition};
use regex_automata::util::alphabet::ByteClasses;
use regex_automata::util::primitives::StateID;
use std::collections::HashMap;

/// Rules of one automaton.
pub(crate) const RULES_MAX: usize = 128;

/// A set of rules, by their index in the automaton.
pub(crate) type RuleMask = u128;

/// Symbols of a view of text.
pub(crate) const KINDS: usize = 9;

/// A kind of bytes, as a view of text tells it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Kind {
    /// Less than [`KINDS`].
    pub(crate) number: usize,
    pub(crate) bytes: ByteSet,
    pub(crate) all_digits: bool,
    pub(crate) all_alnum: bool,
}

/// The rules, compiled together.
#[derive(Debug)]
pub(crate) struct Automaton {
    nfa: NFA,
    classes: ByteClasses,
    stride: usize,
    /// Rules whose look-around the automaton does not check: they may match less often than it says.
    unsure: RuleMask,
}

/// Largest automaton before its states are made, in bytes.
const NFA_BYTES_MAX: usize = 16 << 20;
/// States that one thread keeps, in bytes of their table; past that they are made anew.
const TABLE_BYTES_MAX: usize = 16 << 20;

/// No way on.
const DEAD: u32 = 0;
/// Not made yet.
const UNKNOWN: u32 = 1;
/// The state of a match's beginning.
const START: u32 = 2;
/// Set on states in which rules end.
const ENDS: u32 = 1 << 31;

/// The states made so far; one thread's.
#[derive(Debug)]
pub(crate) struct Cache {
    /// Over classes of bytes: what text is walked with.
    bytes: Made,
    /// Over kinds of bytes: what views of text are walked with.
    kinds: Made,
    scratch: Scratch,
}

/// States made over one alphabet.
#[derive(Debug)]
struct Made {
    /// Symbols of the alphabet.
    stride: usize,
    /// Transitions: `state * stride + symbol`.
    table: Vec<u32>,
    /// For each state, the rules that end in it.
    ends: Vec<RuleMask>,
    /// For each state, its byte-consuming states of the NFA, sorted.
    sets: Vec<Box<[StateID]>>,
    known: HashMap<(Box<[StateID]>, RuleMask), u32>,
}

/// Sets of NFA states in the making.
#[derive(Debug)]
struct Scratch {
    stack: Vec<StateID>,
    seen: Vec<bool>,
    set: Vec<StateID>,
}

impl Automaton {
    /// Compiles up to [`RULES_MAX`] rules; `None` when they are too large together.
    pub(crate) fn new(patterns: &[&Pattern]) -> Option<Self> {
        let hirs: Vec<_> = patterns.iter().map(|pattern| &pattern.hir).collect();
        let config = thompson::Config::new()
            .utf8(false)
            .nfa_size_limit(Some(NFA_BYTES_MAX))
            .which_captures(thompson::WhichCaptures::None);
        let nfa = thompson::Compiler::new().configure(config).build_many_from_hir(&hirs).ok()?;
        if nfa.states().iter().any(|state| matches!(state, State::Dense(_))) {
            return None;
        }
        let classes = nfa.byte_classes().clone();
        let unsure = patterns
            .iter()
            .enumerate()
            .filter(|(_, pattern)| !pattern.hir.properties().look_set().is_empty())
            .fold(0, |mask, (index, _)| mask | 1 << index);
        Some(Self { stride: classes.alphabet_len(), nfa, classes, unsure })
    }

    /// Rules whose end the automaton cannot vouch for.
    pub(crate) fn unsure(&self) -> RuleMask {
        self.unsure
    }

    /// Scratch for one thread.
    pub(crate) fn cache(&self) -> Cache {
        let scratch = Scratch { stack: Vec::new(), seen: vec![false; self.nfa.states().len()], set: Vec::new() };
        let mut cache = Cache { bytes: Made::new(self.stride), kinds: Made::new(KINDS), scratch };
        self.reset(&mut cache.bytes, &mut cache.scratch);
        self.reset(&mut cache.kinds, &mut cache.scratch);
        cache
    }

    fn reset(&self, made: &mut Made, scratch: &mut Scratch) {
        *made = Made::new(made.stride);
        // DEAD and UNKNOWN have rows too, so that an index needs no subtraction.
        for _ in [DEAD, UNKNOWN] {
            made.add(Box::default(), 0);
        }
        let ends = self.close(scratch, self.nfa.start_anchored());
        let set = self.take_set(scratch);
        made.add(set, ends);
    }

    /// Walks from `start` and calls `ended` with each place where rules end and which; not past `limit`.
    #[inline]
    pub(crate) fn walk(
        &self,
        cache: &mut Cache,
        hay: &[u8],
        start: usize,
        limit: usize,
        mut ended: impl FnMut(usize, RuleMask),
    ) {
        let mut state = START;
        for (at, &byte) in hay[start..limit].iter().enumerate() {
            let class = usize::from(self.classes.get(byte));
            let mut next = cache.bytes.table[(state & !ENDS) as usize * self.stride + class];
            if next <= UNKNOWN {
                if next == UNKNOWN {
                    let meets = |trans: &Transition| trans.matches_byte(byte);
                    next = self.make(&mut cache.bytes, &mut cache.scratch, state & !ENDS, class, meets);
                }
                if next == DEAD {
                    return;
                }
            }
            if next & ENDS != 0 {
                ended(start + at + 1, cache.bytes.ends[(next & !ENDS) as usize]);
            }
            state = next;
        }
    }

    /// Whether a rule can end, or go on, over a text whose first bytes are of these kinds. `refused` tells which rules may
    /// not end before a byte of a kind.
    pub(crate) fn possible(&self, cache: &mut Cache, kinds: &[&Kind], refused: impl Fn(&Kind) -> RuleMask) -> bool {
        let mut state = START;
        for (at, kind) in kinds.iter().enumerate() {
            let mut next = cache.kinds.table[(state & !ENDS) as usize * KINDS + kind.number];
            if next == UNKNOWN {
                let meets = |trans: &Transition| kind.bytes.meets(trans.start, trans.end);
                next = self.make(&mut cache.kinds, &mut cache.scratch, state & !ENDS, kind.number, meets);
            }
            if next == DEAD {
                return false;
            }
            let ends = cache.kinds.ends[(next & !ENDS) as usize];
            if ends & !kinds.get(at + 1).map_or(0, |next| refused(next)) != 0 {
                return true;
            }
            state = next;
        }
        true
    }

    /// Makes the state that a symbol leads to: the one whose transitions `meets` tells.
    #[cold]
    fn make(
        &self,
        made: &mut Made,
        scratch: &mut Scratch,
        from: u32,
        symbol: usize,
        meets: impl Fn(&Transition) -> bool,
    ) -> u32 {
        let mut ends = 0;
        for &source in &made.sets[from as usize] {
            let transitions: &[Transition] = match self.nfa.state(source) {
                State::ByteRange { trans } => std::slice::from_ref(trans),
                State::Sparse(sparse) => &sparse.transitions,
                _ => &[],
            };
            for transition in transitions.iter().filter(|trans| meets(trans)) {
                ends |= self.close(scratch, transition.next);
            }
        }
        let set = self.take_set(scratch);
        if set.is_empty() && ends == 0 {
            made.table[from as usize * made.stride + symbol] = DEAD;
            return DEAD;
        }
        let key = (set, ends);
        if let Some(&known) = made.known.get(&key) {
            made.table[from as usize * made.stride + symbol] = known;
            return known;
        }
        if (made.table.len() + made.stride) * size_of::<u32>() > TABLE_BYTES_MAX {
            // The walk goes on from the new state; what led to it is forgotten with everything else.
            self.reset(made, scratch);
            return made.add(key.0, ends);
        }
        let state = made.add(key.0, ends);
        made.table[from as usize * made.stride + symbol] = state;
        state
    }

    /// Adds to the set all states that `from` leads to without a byte; gives the rules that end there.
    fn close(&self, scratch: &mut Scratch, from: StateID) -> RuleMask {
        let mut ends = 0;
        scratch.stack.push(from);
        while let Some(id) = scratch.stack.pop() {
            if std::mem::replace(&mut scratch.seen[id.as_usize()], true) {
                continue;
            }
            scratch.set.push(id);
            match self.nfa.state(id) {
                State::ByteRange { .. } | State::Sparse(_) | State::Dense(_) | State::Fail => {}
                // Look-around is taken to hold: the rule's own engine decides.
                State::Look { next, .. } | State::Capture { next, .. } => scratch.stack.push(*next),
                State::Union { alternates } => scratch.stack.extend_from_slice(alternates),
                State::BinaryUnion { alt1, alt2 } => scratch.stack.extend([*alt1, *alt2]),
                State::Match { pattern_id } => ends |= 1 << pattern_id.as_usize(),
            }
        }
        ends
    }

    /// Ends the gathering of a set: only what consumes a byte stays.
    fn take_set(&self, scratch: &mut Scratch) -> Box<[StateID]> {
        let Scratch { set, seen, .. } = scratch;
        for id in &*set {
            seen[id.as_usize()] = false;
        }
        set.retain(|&id| matches!(self.nfa.state(id), State::ByteRange { .. } | State::Sparse(_)));
        set.sort_unstable();
        let taken = set.as_slice().into();
        set.clear();
        taken
    }
}

impl Made {
    fn new(stride: usize) -> Self {
        Self { stride, table: Vec::new(), ends: Vec::new(), sets: Vec::new(), known: HashMap::new() }
    }

    fn add(&mut self, set: Box<[StateID]>, ends: RuleMask) -> u32 {
        let number = u32::try_from(self.ends.len()).unwrap_or(ENDS - 1);
        let state = if ends == 0 { number } else { number | ENDS };
        self.table.extend(std::iter::repeat_n(UNKNOWN, self.stride));
        self.ends.push(ends);
        self.known.insert((set.clone(), ends), state);
        self.sets.push(set);
        state
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pattern(source: &str) -> Pattern {
        let hir = regex_syntax::ParserBuilder::new().utf8(false).unicode(false).build().parse(source).expect("parses");
        Pattern { source: source.to_owned(), hir, value_group: 0, needs_groups: false }
    }

    #[test]
    fn a_walk_tells_every_end_of_every_rule() {
        let patterns = [r"\d{2,4}", r"\d{3}-\d", r"ab?", r"[a-z]+", r"\bab\b"].map(pattern);
        let automaton = Automaton::new(&patterns.each_ref()).expect("small");
        assert_eq!(automaton.unsure(), 1 << 4);
        let mut cache = automaton.cache();
        let rows: &[(&str, usize, &[(usize, RuleMask)])] = &[
            ("123-4", 0, &[(2, 1), (3, 1), (5, 2)]),
            ("x12", 1, &[(3, 1)]),
            ("abc", 0, &[(1, 0b1100), (2, 0b11100), (3, 0b1000)]),
            ("-", 0, &[]),
            ("", 0, &[]),
        ];
        // Twice: once making the states, once using them.
        for _ in 0..2 {
            for (text, start, expected) in rows {
                let mut found = Vec::new();
                automaton.walk(&mut cache, text.as_bytes(), *start, text.len(), |end, rules| found.push((end, rules)));
                assert_eq!(found, *expected, "{text}");
            }
        }
    }
}
