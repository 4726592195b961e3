//! The shape lane: rules that are told by the kinds of bytes at a match's beginning (most identifiers, and secrets with a
//! prefix).
//!
//! A finder over all anchors tells where a text has the look of a match; there one anchored automaton over all rules of
//! the lane says which of them match and where they end. Where text defeats that (most places look like a beginning, and
//! walks are long), one backward pass names the beginnings instead.

pub(super) mod anchors;
pub(super) mod buckets;
mod finder;
pub(super) mod rate;

use super::automaton::{Automaton, Cache, Walked};
use super::backward::Backward;
use super::longest;
use super::simd::Path;
use super::{Candidate, END_UNKNOWN};
use crate::detect::candidates::facts;
use crate::rule::ruleset::{Pattern, Primary, PrimaryId};
use crate::rule::syntax::Edges;
use anchors::Anchor;
use finder::{Finder, Scratch};
use rate::Rates;
use regex_automata::util::pool::Pool;
use std::fmt;
use std::sync::{Arc, OnceLock};

/// A rule as the lane is given it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Given<'a> {
    pub(super) id: PrimaryId,
    pub(super) primary: &'a Primary,
    pub(super) pattern: &'a Pattern,
}

/// Makes scratch for a thread.
type Make<T> = Box<dyn Fn() -> T + Send + Sync>;

/// The lane, built once.
#[derive(Debug)]
pub(crate) struct ShapeLane {
    finder: Finder,
    groups: Vec<Group>,
    scratch: Scratches,
    /// Rules that no automaton holds; each is searched for with its own engine.
    search: Vec<PrimaryId>,
}

struct Scratches(Pool<Turn, Make<Turn>>);

/// One thread's scratch.
struct Turn {
    scratch: Scratch,
    caches: Vec<Cache>,
    places: Vec<(usize, u32)>,
    settled: Vec<u16>,
}

/// One automaton over some of the lane's rules.
struct Group {
    automaton: Arc<Automaton>,
    rules: Vec<Rule>,
    /// Longest match of any of its rules, in bytes.
    longest: usize,
    backward: Backward,
}

/// One rule of a group.
#[derive(Debug)]
struct Rule {
    primary: PrimaryId,
    longest: usize,
    closed: Closed,
    /// The rule's expression, and whether its longest match is the one that counts, once that was asked.
    hir: regex_syntax::hir::Hir,
    takes_longest: OnceLock<bool>,
}

/// Which byte behind a match refuses it, whatever the match's last byte.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Closed {
    No,
    ByDigit,
    ByAlnum,
}

/// Bytes walked for each byte of text before the backward pass takes over.
const WALKED_MAX: usize = 24;

impl ShapeLane {
    /// A lane over the given rules with these anchors.
    pub(crate) fn new(path: Path, given: &[Given<'_>], anchors: &[Anchor], rates: &mut Rates) -> Self {
        let merged = buckets::merge(anchors, bucket_count(anchors.len()), rates);
        let finder = Finder::new(path, &merged.buckets, rates);
        let (mut groups, mut search) = (Vec::new(), Vec::new());
        add_groups(given, &mut groups, &mut search);
        let automata: Vec<Arc<Automaton>> = groups.iter().map(|group: &Group| Arc::clone(&group.automaton)).collect();
        let make = move || Turn {
            scratch: Scratch::new(),
            caches: automata.iter().map(|automaton| automaton.cache()).collect(),
            places: Vec::new(),
            settled: Vec::new(),
        };
        Self { finder, groups, scratch: Scratches(Pool::new(Box::new(make))), search }
    }

    /// The rules that their own engine must search for.
    pub(crate) fn search(&self) -> &[PrimaryId] {
        &self.search
    }

    /// Adds every beginning in `from..to` at which one of the lane's rules matches with edges that may hold.
    pub(crate) fn nominate(&self, hay: &[u8], from: usize, to: usize, out: &mut Vec<Candidate>) {
        let mut turn = self.scratch.0.get();
        let Turn { scratch, caches, places, settled } = &mut *turn;
        for (group, cache) in self.groups.iter().zip(&mut *caches) {
            group.automaton.tidy(cache);
        }
        let first = out.len();
        let mut walked = 0;
        let enough = WALKED_MAX * (to - from).max(4096);
        let mut stopped = None;
        self.finder.find(hay, from, to, scratch, |start| {
            if stopped.is_some() {
                return;
            }
            for (group, cache) in self.groups.iter().zip(&mut *caches) {
                walked += group.nominate_at(cache, hay, start, places, settled, out);
            }
            if walked > enough {
                stopped = Some(start + 1);
            }
        });
        if let Some(rest) = stopped {
            for group in &self.groups {
                let end = to.saturating_add(group.longest).min(hay.len());
                group.backward.nominate(hay, rest..to, end, |start, rule| {
                    let primary = group.rules[usize::from(rule)].primary;
                    out.push(Candidate { start, primary, length: END_UNKNOWN });
                });
            }
        }
        if stopped.is_some() || self.groups.len() > 1 {
            out[first..].sort_unstable();
        }
    }
}

/// How many buckets a lane of so many anchors is given.
fn bucket_count(anchors: usize) -> usize {
    if anchors <= buckets::GROUP { buckets::GROUP } else { 2 * buckets::GROUP }
}

/// Builds one automaton for all rules, or halves them until each half fits.
fn add_groups(given: &[Given<'_>], groups: &mut Vec<Group>, search: &mut Vec<PrimaryId>) {
    if given.is_empty() {
        return;
    }
    let patterns: Vec<&Pattern> = given.iter().map(|given| given.pattern).collect();
    if let Some(automaton) = Automaton::new(&patterns) {
        groups.push(Group::new(automaton, given));
    } else if let [alone] = given {
        search.push(alone.id);
    } else {
        let (left, right) = given.split_at(given.len() / 2);
        add_groups(left, groups, search);
        add_groups(right, groups, search);
    }
}

/// What must not follow a rule's match, told by its last byte alone.
fn closed_by(edges: Edges, pattern: &Pattern) -> Closed {
    let last = facts::last_bytes(&pattern.hir);
    match edges {
        Edges::Word if last.iter().all(|byte| byte.is_ascii_alphanumeric()) => Closed::ByAlnum,
        Edges::Digit if last.iter().all(|byte| byte.is_ascii_digit()) => Closed::ByDigit,
        _ => Closed::No,
    }
}

impl Closed {
    fn refuses(self, next: Option<&u8>) -> bool {
        match self {
            Closed::No => false,
            Closed::ByDigit => next.is_some_and(u8::is_ascii_digit),
            Closed::ByAlnum => next.is_some_and(u8::is_ascii_alphanumeric),
        }
    }
}

impl Group {
    fn new(automaton: Automaton, given: &[Given<'_>]) -> Self {
        let rules: Vec<Rule> = given
            .iter()
            .map(|given| Rule {
                primary: given.id,
                longest: given.primary.max_match_bytes,
                closed: closed_by(given.primary.edges, given.pattern),
                hir: given.pattern.hir.clone(),
                takes_longest: OnceLock::new(),
            })
            .collect();
        let longest = rules.iter().map(|rule| rule.longest).max().unwrap_or(0);
        let backward = Backward::new(given.iter().map(|given| given.pattern.hir.clone()).collect());
        Self { automaton: Arc::new(automaton), rules, longest, backward }
    }

    /// Walks from `start` and adds each rule that matches there, unless what follows its end refuses it. Gives the bytes
    /// walked.
    #[inline]
    fn nominate_at(
        &self,
        cache: &mut Cache,
        hay: &[u8],
        start: usize,
        places: &mut Vec<(usize, u32)>,
        settled: &mut Vec<u16>,
        out: &mut Vec<Candidate>,
    ) -> usize {
        places.clear();
        let mut furthest = start;
        let limit = start.saturating_add(self.longest).min(hay.len());
        let walked = self.automaton.walk(cache, hay, start, limit, |end, list| {
            places.push((end, list));
        });
        match (walked, &places[..]) {
            (Walked::TooLarge, _) => {
                let all = self.rules.iter();
                out.extend(all.map(|rule| Candidate { start, primary: rule.primary, length: END_UNKNOWN }));
                furthest = limit;
            }
            (Walked::Whole, []) => {}
            (Walked::Whole, &[(end, list)]) => {
                for &index in cache.rules(list) {
                    self.add(index, hay, start, Some(end), out);
                }
                furthest = end;
            }
            (Walked::Whole, several) => {
                self.settle(cache, hay, start, several, settled, out);
                furthest = several[several.len() - 1].0;
            }
        }
        furthest - start + 8
    }

    /// Decides rules that end in several places, or beside others that do.
    fn settle(
        &self,
        cache: &Cache,
        hay: &[u8],
        start: usize,
        places: &[(usize, u32)],
        settled: &mut Vec<u16>,
        out: &mut Vec<Candidate>,
    ) {
        settled.clear();
        for (at, &(end, list)) in places.iter().enumerate().rev() {
            for &index in cache.rules(list) {
                // An end past the rule's longest match is none.
                if end - start > self.rules[usize::from(index)].longest || settled.contains(&index) {
                    continue;
                }
                settled.push(index);
                let often = places[..at].iter().any(|&(_, list)| cache.rules(list).binary_search(&index).is_ok());
                let sure = !often || self.rules[usize::from(index)].takes_longest();
                self.add(index, hay, start, sure.then_some(end), out);
            }
        }
    }

    #[inline]
    fn add(&self, index: u16, hay: &[u8], start: usize, end: Option<usize>, out: &mut Vec<Candidate>) {
        let rule = &self.rules[usize::from(index)];
        let end = end.filter(|_| !self.automaton.unsure(index));
        if end.is_some_and(|end| end - start > rule.longest || rule.closed.refuses(hay.get(end))) {
            return;
        }
        let length = end.map_or(END_UNKNOWN, |end| u32::try_from(end - start).unwrap_or(END_UNKNOWN));
        out.push(Candidate { start, primary: rule.primary, length });
    }
}

impl Rule {
    /// True when of several ends the last is always the one that leftmost-first order takes.
    fn takes_longest(&self) -> bool {
        *self.takes_longest.get_or_init(|| longest::takes_longest(&self.hir))
    }
}

impl fmt::Debug for Group {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Group")
            .field("rules", &self.rules.len())
            .field("longest", &self.longest)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Scratches {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Scratches").finish_non_exhaustive()
    }
}
