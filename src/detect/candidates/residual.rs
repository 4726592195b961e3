//! The residual lane: rules without a rare literal (most identifiers).
//!
//! A filter over kinds of bytes tells where a match may begin; at such places one anchored automaton over all rules of the
//! lane says which of them match and, mostly, where they end. Rules too large for it are left to their own engine
//! ([`super::Lane::Search`]). The lane to come, over shapes, replaces the first of the two steps and keeps the second.

use super::automaton::{Automaton, Cache, Kind, RULES_MAX, RuleMask};
use super::facts::{self, ByteSet};
use super::filter::{Asked, Asker, Begins, Filter, Memo};
use super::{Candidate, END_UNKNOWN};
use crate::rule::ruleset::{Pattern, Primary, PrimaryId};
use crate::rule::syntax::Edges;
use regex_automata::util::pool::{Pool, PoolGuard};
use std::fmt;
use std::sync::Arc;

/// A rule as the lane is given it.
pub(super) type Given<'a> = (PrimaryId, &'a Primary, &'a Pattern);

/// Makes scratch for a thread.
type Make<T> = Box<dyn Fn() -> T + Send + Sync>;

/// One automaton over some of the lane's rules.
struct Group {
    automaton: Arc<Automaton>,
    /// States made so far, lent to one thread at a time.
    caches: Pool<Cache, Make<Cache>>,
    rules: Vec<Rule>,
    /// Rules that an end directly before an ASCII letter or digit refuses, whatever their last byte.
    closed_by_alnum: RuleMask,
    /// Rules that an end directly before an ASCII digit refuses.
    closed_by_digit: RuleMask,
    /// Longest match of any of its rules, in bytes.
    longest: usize,
}

#[derive(Debug)]
struct Rule {
    primary: PrimaryId,
    longest: usize,
}

/// The lane, built once.
#[derive(Debug)]
pub(crate) struct ResidualLane {
    groups: Vec<Group>,
    filter: Filter,
    memos: Pool<Memo, Make<Memo>>,
    /// Rules that no automaton holds; each is searched for with its own engine.
    search: Vec<PrimaryId>,
}

impl ResidualLane {
    /// A lane over the given rules.
    pub(crate) fn new(rules: &[Given<'_>]) -> Self {
        let mut lane = Self {
            groups: Vec::new(),
            filter: Filter::new(begins(rules)),
            memos: Pool::new(Box::new(Memo::new)),
            search: Vec::new(),
        };
        for rules in rules.chunks(RULES_MAX) {
            lane.add_groups(rules);
        }
        lane
    }

    /// Builds one automaton for all rules, or halves them until each half fits.
    fn add_groups(&mut self, rules: &[Given<'_>]) {
        if rules.is_empty() {
            return;
        }
        let patterns: Vec<&Pattern> = rules.iter().map(|(_, _, pattern)| *pattern).collect();
        if let Some(automaton) = Automaton::new(&patterns) {
            self.groups.push(Group::new(automaton, rules));
        } else if let [(primary, _, _)] = rules {
            self.search.push(*primary);
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
        let caches = self.groups.iter().map(|group| group.caches.get()).collect();
        let mut turn = Turn { lane: self, hay, out, caches, memo: self.memos.get() };
        self.filter.each(hay, from, to, &mut turn);
    }
}

/// One thread's pass over one stretch of text.
struct Turn<'a> {
    lane: &'a ResidualLane,
    hay: &'a [u8],
    out: &'a mut Vec<Candidate>,
    caches: Vec<PoolGuard<'a, Cache, Make<Cache>>>,
    memo: PoolGuard<'a, Memo, Make<Memo>>,
}

impl Asker for Turn<'_> {
    fn ask(&mut self, kinds: &[&Kind]) -> bool {
        let mut groups = self.lane.groups.iter().zip(&mut self.caches);
        groups.any(|(group, cache)| group.asked().may_match(cache, kinds))
    }

    fn memo(&mut self) -> &mut Memo {
        &mut self.memo
    }

    #[inline]
    fn found(&mut self, start: usize) {
        for (group, cache) in self.lane.groups.iter().zip(&mut self.caches) {
            group.nominate_at(cache, self.hay, start, self.out);
        }
    }
}

/// What must not follow a rule's match, told by its last byte alone.
fn closed_by(edges: Edges, pattern: &Pattern) -> (bool, bool) {
    let last = facts::last_bytes(&pattern.hir);
    match edges {
        Edges::Word => {
            (last.iter().all(|byte| byte.is_ascii_alphanumeric()), last.iter().all(|byte| byte.is_ascii_alphanumeric()))
        }
        Edges::Digit => (false, last.iter().all(|byte| byte.is_ascii_digit())),
        Edges::None => (false, false),
    }
}

impl Group {
    fn new(automaton: Automaton, given: &[Given<'_>]) -> Self {
        let (mut closed_by_alnum, mut closed_by_digit) = (0, 0);
        for (index, (_, primary, pattern)) in given.iter().enumerate() {
            let (alnum, digit) = closed_by(primary.edges, pattern);
            closed_by_alnum |= RuleMask::from(alnum) << index;
            closed_by_digit |= RuleMask::from(digit) << index;
        }
        let rules: Vec<Rule> =
            given.iter().map(|(id, primary, _)| Rule { primary: *id, longest: primary.max_match_bytes }).collect();
        let longest = rules.iter().map(|rule| rule.longest).max().unwrap_or(0);
        let automaton = Arc::new(automaton);
        let maker = Arc::clone(&automaton);
        let caches = Pool::new(Box::new(move || maker.cache()) as Make<Cache>);
        Self { automaton, caches, rules, closed_by_alnum, closed_by_digit, longest }
    }

    fn asked(&self) -> Asked<'_> {
        Asked {
            automaton: &self.automaton,
            closed_by_alnum: self.closed_by_alnum,
            closed_by_digit: self.closed_by_digit,
        }
    }

    /// Walks from `start` and adds each rule that matches there, unless what follows every end of it refuses it.
    #[inline]
    fn nominate_at(&self, cache: &mut Cache, hay: &[u8], start: usize, out: &mut Vec<Candidate>) {
        /// Places where rules end on one walk; a rule's ends past them are left to its own engine.
        const PLACES_MAX: usize = 8;
        let mut places = [(0_usize, 0); PLACES_MAX];
        let mut filled = 0;
        let (mut once, mut often) = (0, self.automaton.unsure());
        let limit = (start + self.longest).min(hay.len());
        self.automaton.walk(cache, hay, start, limit, |end, rules| {
            often |= once & rules;
            once |= rules;
            if filled < PLACES_MAX {
                places[filled] = (end, rules);
                filled += 1;
            } else {
                often |= rules;
                places[PLACES_MAX - 1].1 |= rules;
            }
        });
        let mut unsure: RuleMask = 0;
        for &(end, rules) in &places[..filled] {
            let refused = match hay.get(end) {
                Some(byte) if byte.is_ascii_digit() => self.closed_by_digit,
                Some(byte) if byte.is_ascii_alphabetic() => self.closed_by_alnum,
                _ => 0,
            };
            unsure |= rules & often & !refused;
            self.add(rules & !often & !refused, start, Some(end), out);
        }
        // Where the places ran out, an end may have been missed: the rule's own engine looks.
        if filled == PLACES_MAX {
            unsure |= once & often;
        }
        self.add(unsure, start, None, out);
    }

    #[inline]
    fn add(&self, mut rules: RuleMask, start: usize, end: Option<usize>, out: &mut Vec<Candidate>) {
        while rules != 0 {
            let rule = &self.rules[rules.trailing_zeros() as usize];
            rules &= rules - 1;
            let length = end.map_or(END_UNKNOWN, |end| u32::try_from(end - start).unwrap_or(END_UNKNOWN));
            if end.is_none_or(|end| end - start <= rule.longest) {
                out.push(Candidate { start, primary: rule.primary, length });
            }
        }
    }
}

impl fmt::Debug for Group {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Group").field("rules", &self.rules).field("longest", &self.longest).finish_non_exhaustive()
    }
}

/// With which bytes the lane's rules begin, and what may stand before.
fn begins<'a>(rules: &'a [Given<'_>]) -> impl Iterator<Item = (u8, Begins)> + 'a {
    rules.iter().flat_map(|(_, primary, pattern)| {
        let first: ByteSet = facts::first_bytes(&pattern.hir);
        let bytes: Vec<(u8, Begins)> = first
            .iter()
            .map(|byte| match primary.edges {
                Edges::Word if byte.is_ascii_alphanumeric() => (byte, Begins::AfterNoAlnum),
                Edges::Digit if byte.is_ascii_digit() => (byte, Begins::AfterNoDigit),
                _ => (byte, Begins::Anywhere),
            })
            .collect();
        bytes
    })
}
