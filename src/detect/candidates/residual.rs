//! The residual lane: rules without a rare literal (most identifiers).
//!
//! A byte class and its left neighbour tell where a match may begin; at such places one anchored automaton over all rules
//! of the lane says which of them match. The automaton is made as text demands: all its states together would take a
//! quarter of a second and megabytes, and text visits few of them. Rules too large for it are left to their own engine
//! (`Search`). The lane to come, over shapes, replaces the first of the two steps and keeps the second.

use super::Candidate;
use super::facts::{self, ByteSet};
use crate::rule::ruleset::{Pattern, Primary, PrimaryId};
use crate::rule::syntax::Edges;
use regex_automata::hybrid::LazyStateID;
use regex_automata::hybrid::dfa::{Cache, Config, DFA};
use regex_automata::nfa::thompson;
use regex_automata::util::pool::Pool;
use regex_automata::util::start;
use regex_automata::{Anchored, MatchKind};
use std::fmt;
use std::sync::Arc;

/// A rule of the lane with what its edges ask of the neighbours.
#[derive(Debug)]
struct Rule {
    primary: PrimaryId,
    /// A match that ends before a letter or digit is refused, whatever its last byte.
    closed_by: Closed,
}

/// Which next byte certainly refuses a match of this rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Closed {
    Never,
    Alnum,
    Digit,
}

/// One automaton over some of the lane's rules.
struct Group {
    automaton: Arc<DFA>,
    /// States made so far, lent to one thread at a time.
    caches: Pool<Cache, Box<dyn Fn() -> Cache + Send + Sync>>,
    rules: Vec<Rule>,
    /// Longest match of any of its rules, in bytes.
    longest: usize,
}

/// The lane, built once.
#[derive(Debug)]
pub(crate) struct ResidualLane {
    groups: Vec<Group>,
    starts: Starts,
    /// Rules that no automaton holds; each is searched for with its own engine.
    search: Vec<PrimaryId>,
}

/// Bytes that one thread's states of one group may take; past that they are made anew.
const CACHE_BYTES: usize = 16 << 20;
/// Largest automaton before its states are made, for one group of rules, in bytes.
const NFA_BYTES_MAX: usize = 16 << 20;

impl ResidualLane {
    /// A lane over the given rules.
    pub(crate) fn new(rules: &[(PrimaryId, &Primary, &Pattern)]) -> Self {
        let mut lane = Self { groups: Vec::new(), starts: Starts::new(rules), search: Vec::new() };
        lane.add_groups(rules);
        lane
    }

    /// Builds one automaton for all rules, or halves them until each half fits.
    fn add_groups(&mut self, rules: &[(PrimaryId, &Primary, &Pattern)]) {
        if rules.is_empty() {
            return;
        }
        if let Some(automaton) = build_automaton(rules) {
            let longest = rules.iter().map(|(_, primary, _)| primary.max_match_bytes).max().unwrap_or(0);
            let rules = rules
                .iter()
                .map(|&(primary, meta, pattern)| Rule { primary, closed_by: closed_by(meta.edges, pattern) })
                .collect();
            let automaton = Arc::new(automaton);
            let maker = Arc::clone(&automaton);
            let caches = Pool::new(Box::new(move || maker.create_cache()) as Box<dyn Fn() -> Cache + Send + Sync>);
            self.groups.push(Group { automaton, caches, rules, longest });
        } else if rules.len() == 1 {
            self.search.push(rules[0].0);
        } else {
            let (left, right) = rules.split_at(rules.len() / 2);
            self.add_groups(left);
            self.add_groups(right);
        }
    }

    /// The rules that their own engine must search for.
    pub(crate) fn search(&self) -> &[PrimaryId] {
        &self.search
    }

    /// Adds every beginning in `from..to` at which one of the lane's rules matches with edges that may hold.
    pub(crate) fn nominate(&self, hay: &[u8], from: usize, to: usize, out: &mut Vec<Candidate>) {
        if self.groups.is_empty() {
            return;
        }
        for group in &self.groups {
            let first = out.len();
            let mut cache = group.caches.get();
            self.starts.each(hay, from, to, |start| group.matches_at(&mut cache, hay, start, out));
            if first > 0 {
                out.sort_unstable();
            }
        }
    }
}

fn build_automaton(rules: &[(PrimaryId, &Primary, &Pattern)]) -> Option<DFA> {
    let hirs: Vec<_> = rules.iter().map(|(_, _, pattern)| &pattern.hir).collect();
    let config = thompson::Config::new()
        .utf8(false)
        .nfa_size_limit(Some(NFA_BYTES_MAX))
        .which_captures(thompson::WhichCaptures::None);
    let nfa = thompson::Compiler::new().configure(config).build_many_from_hir(&hirs).ok()?;
    let config = Config::new().match_kind(MatchKind::All).cache_capacity(CACHE_BYTES).skip_cache_capacity_check(true);
    DFA::builder().configure(config).build_from_nfa(nfa).ok()
}

fn closed_by(edges: Edges, pattern: &Pattern) -> Closed {
    let last = facts::last_bytes(&pattern.hir);
    match edges {
        Edges::Word if last.iter().all(|byte| byte.is_ascii_alphanumeric()) => Closed::Alnum,
        Edges::Word | Edges::Digit if last.iter().all(|byte| byte.is_ascii_digit()) => Closed::Digit,
        _ => Closed::Never,
    }
}

impl Group {
    /// Walks the automaton from `start` and adds each rule that matches there.
    #[inline]
    fn matches_at(&self, cache: &mut Cache, hay: &[u8], start: usize, out: &mut Vec<Candidate>) {
        let first = out.len();
        // The cache may be made anew, but never gives up, so a walk fails only on bytes the rules cannot be asked about.
        if self.walk(cache, hay, start, first, out).is_none() {
            let all = self.rules.iter().map(|rule| Candidate { start, primary: rule.primary });
            out.truncate(first);
            out.extend(all);
        }
    }

    fn walk(&self, cache: &mut Cache, hay: &[u8], start: usize, first: usize, out: &mut Vec<Candidate>) -> Option<()> {
        let config = start::Config::new().anchored(Anchored::Yes).look_behind(start.checked_sub(1).map(|at| hay[at]));
        let mut state = self.automaton.start_state(cache, &config).ok()?;
        // A match is reported one byte late, hence one byte more than the longest.
        let end = (start + self.longest + 1).min(hay.len());
        for &byte in &hay[start..end] {
            state = self.automaton.next_state(cache, state, byte).ok()?;
            if state.is_tagged() {
                if state.is_match() {
                    self.add(cache, state, start, Some(byte), first, out);
                } else if state.is_dead() {
                    return Some(());
                } else if state.is_quit() {
                    return None;
                }
            }
        }
        if end == hay.len() {
            state = self.automaton.next_eoi_state(cache, state).ok()?;
            if state.is_match() {
                self.add(cache, state, start, None, first, out);
            }
        }
        Some(())
    }

    /// Adds the rules of a match state, unless the byte that follows the match refuses them. `first` is where this
    /// start's candidates begin, so that each rule is added once.
    fn add(
        &self,
        cache: &Cache,
        state: LazyStateID,
        start: usize,
        next: Option<u8>,
        first: usize,
        out: &mut Vec<Candidate>,
    ) {
        for index in 0..self.automaton.match_len(cache, state) {
            let rule = &self.rules[self.automaton.match_pattern(cache, state, index).as_usize()];
            let refused = match rule.closed_by {
                Closed::Never => false,
                Closed::Alnum => next.is_some_and(|byte| byte.is_ascii_alphanumeric()),
                Closed::Digit => next.is_some_and(|byte| byte.is_ascii_digit()),
            };
            if !refused && !out[first..].iter().any(|candidate| candidate.primary == rule.primary) {
                out.push(Candidate { start, primary: rule.primary });
            }
        }
    }
}

impl fmt::Debug for Group {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Group").field("rules", &self.rules).field("longest", &self.longest).finish_non_exhaustive()
    }
}

/// Where a match of the lane may begin, told by a byte and the one before it.
#[derive(Debug)]
struct Starts {
    /// For each byte, the kinds of beginning it can be.
    begins: [u8; 256],
    /// For each byte, the kinds of beginning that may follow it.
    allows: [u8; 256],
}

impl Starts {
    /// May follow anything.
    const ANYWHERE: u8 = 1;
    /// May not follow an ASCII letter or digit.
    const AFTER_NO_ALNUM: u8 = 2;
    /// May not follow an ASCII digit.
    const AFTER_NO_DIGIT: u8 = 4;

    fn new(rules: &[(PrimaryId, &Primary, &Pattern)]) -> Self {
        let mut begins = [0; 256];
        for (_, primary, pattern) in rules {
            let first: ByteSet = facts::first_bytes(&pattern.hir);
            for byte in first.iter() {
                begins[usize::from(byte)] |= match primary.edges {
                    Edges::Word if byte.is_ascii_alphanumeric() => Self::AFTER_NO_ALNUM,
                    Edges::Digit if byte.is_ascii_digit() => Self::AFTER_NO_DIGIT,
                    _ => Self::ANYWHERE,
                };
            }
        }
        let mut allows = [0; 256];
        for (byte, allowed) in (0..=255_u8).zip(&mut allows) {
            *allowed = Self::ANYWHERE;
            if !byte.is_ascii_alphanumeric() {
                *allowed |= Self::AFTER_NO_ALNUM;
            }
            if !byte.is_ascii_digit() {
                *allowed |= Self::AFTER_NO_DIGIT;
            }
        }
        Self { begins, allows }
    }

    /// Calls `found` for every possible beginning in `from..to`, in order.
    #[inline]
    fn each(&self, hay: &[u8], from: usize, to: usize, mut found: impl FnMut(usize)) {
        if from >= to {
            return;
        }
        let before = from.checked_sub(1).map_or(b'\n', |at| hay[at]);
        if self.begins[usize::from(hay[from])] & self.allows[usize::from(before)] != 0 {
            found(from);
        }
        // 64 positions make one word, so that the common answer "none here" is one comparison.
        let pairs = &hay[from..to];
        let (befores, bytes) = (&pairs[..pairs.len() - 1], &pairs[1..]);
        for (block, (befores, bytes)) in befores.chunks(64).zip(bytes.chunks(64)).enumerate() {
            let mut mask = 0_u64;
            for (bit, (&before, &byte)) in befores.iter().zip(bytes).enumerate() {
                let hit = self.begins[usize::from(byte)] & self.allows[usize::from(before)] != 0;
                mask |= u64::from(hit) << bit;
            }
            let base = from + 1 + block * 64;
            while mask != 0 {
                found(base + mask.trailing_zeros() as usize);
                mask &= mask - 1;
            }
        }
    }
}
