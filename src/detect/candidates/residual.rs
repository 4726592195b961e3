//! The residual lane: rules without a rare literal (most identifiers).
//!
//! A byte class and its left neighbour tell where a match may begin; at such places one anchored automaton over all rules
//! of the lane says which of them match. Rules too large for a table are left to their own engine (`Search`). The next
//! lane to come, over shapes, replaces the first of the two steps and keeps the second.

use super::Candidate;
use super::facts::{self, ByteSet};
use crate::rule::ruleset::{Pattern, Primary, PrimaryId};
use crate::rule::syntax::Edges;
use regex_automata::dfa::{Automaton, StartKind, dense};
use regex_automata::nfa::thompson;
use regex_automata::util::start;
use regex_automata::{Anchored, MatchKind};

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
#[derive(Debug)]
struct Group {
    automaton: dense::DFA<Vec<u32>>,
    rules: Vec<Rule>,
    /// Longest match of any of its rules, in bytes.
    longest: usize,
}

/// The lane, built once.
#[derive(Debug)]
pub(crate) struct ResidualLane {
    groups: Vec<Group>,
    starts: Starts,
    /// Rules that no table holds; each is searched for with its own engine.
    search: Vec<PrimaryId>,
}

/// Largest table for one group of rules, in bytes: it should stay in the second-level cache.
const TABLE_BYTES_MAX: usize = 8 << 20;
/// Largest set of states while a table is being made, in bytes.
const DETERMINIZE_BYTES_MAX: usize = 64 << 20;

impl ResidualLane {
    /// A lane over the given rules.
    pub(crate) fn new(rules: &[(PrimaryId, &Primary, &Pattern)]) -> Self {
        let mut lane = Self { groups: Vec::new(), starts: Starts::new(rules), search: Vec::new() };
        lane.add_groups(rules);
        lane
    }

    /// Builds one table for all rules, or halves them until each half fits.
    fn add_groups(&mut self, rules: &[(PrimaryId, &Primary, &Pattern)]) {
        if rules.is_empty() {
            return;
        }
        if let Some(automaton) = build_table(rules) {
            let longest = rules.iter().map(|(_, primary, _)| primary.max_match_bytes).max().unwrap_or(0);
            let rules = rules
                .iter()
                .map(|&(primary, meta, pattern)| Rule { primary, closed_by: closed_by(meta.edges, pattern) })
                .collect();
            self.groups.push(Group { automaton, rules, longest });
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

    /// Bytes of all tables.
    pub(crate) fn table_bytes(&self) -> usize {
        self.groups.iter().map(|group| group.automaton.memory_usage()).sum()
    }

    /// Adds every beginning in `from..to` at which one of the lane's rules matches with edges that may hold.
    pub(crate) fn nominate(&self, hay: &[u8], from: usize, to: usize, out: &mut Vec<Candidate>) {
        if self.groups.is_empty() {
            return;
        }
        self.starts.each(hay, from, to, |start| {
            for group in &self.groups {
                group.matches_at(hay, start, out);
            }
        });
    }
}

fn build_table(rules: &[(PrimaryId, &Primary, &Pattern)]) -> Option<dense::DFA<Vec<u32>>> {
    let hirs: Vec<_> = rules.iter().map(|(_, _, pattern)| &pattern.hir).collect();
    let nfa = thompson::Compiler::new()
        .configure(thompson::Config::new().utf8(false).which_captures(thompson::WhichCaptures::None))
        .build_many_from_hir(&hirs)
        .ok()?;
    let config = dense::Config::new()
        .match_kind(MatchKind::All)
        .start_kind(StartKind::Anchored)
        .dfa_size_limit(Some(TABLE_BYTES_MAX))
        .determinize_size_limit(Some(DETERMINIZE_BYTES_MAX));
    dense::Builder::new().configure(config).build_from_nfa(&nfa).ok()
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
    fn matches_at(&self, hay: &[u8], start: usize, out: &mut Vec<Candidate>) {
        let config = start::Config::new().anchored(Anchored::Yes).look_behind(start.checked_sub(1).map(|at| hay[at]));
        let Ok(mut state) = self.automaton.start_state(&config) else { return };
        let first = out.len();
        // A match is reported one byte late, hence one byte more than the longest.
        let end = (start + self.longest + 1).min(hay.len());
        for &byte in &hay[start..end] {
            state = self.automaton.next_state(state, byte);
            if self.automaton.is_special_state(state) {
                if self.automaton.is_match_state(state) {
                    self.add(state, start, Some(byte), first, out);
                } else if self.automaton.is_dead_state(state) || self.automaton.is_quit_state(state) {
                    return;
                }
            }
        }
        if end < hay.len() {
            return;
        }
        state = self.automaton.next_eoi_state(state);
        if self.automaton.is_match_state(state) {
            self.add(state, start, None, first, out);
        }
    }

    /// Adds the rules of a match state, unless the byte that follows the match refuses them. `first` is where this
    /// start's candidates begin, so that each rule is added once.
    fn add(
        &self,
        state: regex_automata::util::primitives::StateID,
        start: usize,
        next: Option<u8>,
        first: usize,
        out: &mut Vec<Candidate>,
    ) {
        for index in 0..self.automaton.match_len(state) {
            let rule = &self.rules[self.automaton.match_pattern(state, index).as_usize()];
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
