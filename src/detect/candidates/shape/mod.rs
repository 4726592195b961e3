//! The shape lane: rules that are told by the kinds of bytes at a match's beginning (most identifiers, and secrets with a
//! prefix).
//!
//! A finder over all anchors tells where a text has the look of a match; there one anchored automaton over all rules of
//! the lane says which of them match and where they end. Where text defeats that (most places look like a beginning, and
//! walks are long), one backward pass names the beginnings instead.

pub(super) mod anchors;
pub(super) mod buckets;
pub(super) mod finder;
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
use regex_syntax::hir::Hir;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, OnceLock};

/// A rule as the lane is given it, with its anchors.
#[derive(Clone, Debug)]
pub(super) struct Given<'a> {
    pub(super) id: PrimaryId,
    pub(super) primary: &'a Primary,
    pub(super) pattern: &'a Pattern,
    pub(super) anchors: Vec<Anchor>,
}

/// Makes scratch for a thread.
type Make<T> = Box<dyn Fn() -> T + Send + Sync>;

/// The lane, built once.
#[derive(Debug)]
pub(crate) struct ShapeLane {
    finder: Finder,
    rules: Vec<Rule>,
    groups: Vec<Group>,
    /// For each bucket, the groups with its rules.
    groups_of: Vec<Vec<usize>>,
    backward: Backward,
    longest: usize,
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

/// One automaton over rules that look alike.
struct Group {
    automaton: Arc<Automaton>,
    /// Its rules, by their index in the lane.
    rules: Vec<usize>,
    /// Longest match of any of its rules, in bytes.
    longest: usize,
}

/// One rule of the lane.
#[derive(Debug)]
struct Rule {
    primary: PrimaryId,
    longest: usize,
    closed: Closed,
    /// The rule's expression, and whether its longest match is the one that counts, once that was asked.
    hir: Hir,
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
    /// A lane over the given rules.
    pub(crate) fn new(path: Path, given: &[Given<'_>], rates: &mut Rates) -> Self {
        // Rules that begin alike share their anchors.
        let mut owners: BTreeMap<Anchor, Vec<usize>> = BTreeMap::new();
        for (at, given) in given.iter().enumerate() {
            for anchor in &given.anchors {
                owners.entry(*anchor).or_default().push(at);
            }
        }
        let (anchors, owners): (Vec<Anchor>, Vec<Vec<usize>>) = owners.into_iter().unzip();
        let merged = buckets::merge(&anchors, bucket_count(anchors.len()), rates);
        let finder = Finder::new(path, &merged.buckets, rates);
        let (mut groups, mut search) = (Vec::new(), Vec::new());
        let groups_of = merged
            .members
            .iter()
            .map(|members| {
                let first = groups.len();
                let mut rules: Vec<usize> = members.iter().flat_map(|&anchor| owners[anchor].iter().copied()).collect();
                rules.sort_unstable();
                rules.dedup();
                add_groups(given, rules, &mut groups, &mut search);
                (first..groups.len()).collect()
            })
            .collect();
        search.sort_unstable();
        search.dedup();
        let automata: Vec<Arc<Automaton>> = groups.iter().map(|group: &Group| Arc::clone(&group.automaton)).collect();
        let make = move || Turn {
            scratch: Scratch::new(),
            caches: automata.iter().map(|automaton| automaton.cache()).collect(),
            places: Vec::new(),
            settled: Vec::new(),
        };
        let rules: Vec<Rule> = given.iter().map(Rule::new).collect();
        Self {
            finder,
            groups,
            groups_of,
            backward: Backward::new(given.iter().map(|given| given.pattern.hir.clone()).collect()),
            longest: rules.iter().map(|rule| rule.longest).max().unwrap_or(0),
            rules,
            scratch: Scratches(Pool::new(Box::new(make))),
            search,
        }
    }

    /// The rules that their own engine must search for.
    pub(crate) fn search(&self) -> &[PrimaryId] {
        &self.search
    }

    /// Adds every beginning in `from..to` at which one of the lane's rules matches with edges that may hold.
    pub(crate) fn nominate(&self, hay: &[u8], from: usize, to: usize, out: &mut Vec<Candidate>) {
        if self.rules.is_empty() {
            return;
        }
        let mut turn = self.scratch.0.get();
        let Turn { scratch, caches, places, settled } = &mut *turn;
        for (group, cache) in self.groups.iter().zip(&mut *caches) {
            group.automaton.tidy(cache);
        }
        let first = out.len();
        let mut walked = 0;
        let enough = WALKED_MAX * (to - from).max(4096);
        let mut stopped = None;
        self.finder.find(hay, from, to, scratch, |start, buckets| {
            if stopped.is_some() {
                return;
            }
            let mut bits = buckets;
            let here = out.len();
            while bits != 0 {
                for &group in &self.groups_of[bits.trailing_zeros() as usize] {
                    let mut at = Place { lane: self, hay, start, settled, out };
                    walked += at.nominate(&self.groups[group], &mut caches[group], places);
                }
                bits &= bits - 1;
            }
            if !buckets.is_power_of_two() && out.len() > here + 1 {
                // A rule with anchors in several buckets is named by each.
                out[here..].sort_unstable();
                dedup_from(out, here);
            }
            if walked > enough {
                stopped = Some(start + 1);
            }
        });
        if let Some(rest) = stopped {
            let end = to.saturating_add(self.longest).min(hay.len());
            self.backward.nominate(hay, rest..to, end, |start, rule| {
                let primary = self.rules[usize::from(rule)].primary;
                out.push(Candidate { start, primary, length: END_UNKNOWN });
            });
            out[first..].sort_unstable();
        }
    }
}

/// Drops repeats of neighbours behind `first`.
fn dedup_from(out: &mut Vec<Candidate>, first: usize) {
    let mut kept = first + 1;
    for at in first + 1..out.len() {
        if out[at] != out[kept - 1] {
            out[kept] = out[at];
            kept += 1;
        }
    }
    out.truncate(kept);
}

/// How many buckets a lane of so many anchors is given.
fn bucket_count(anchors: usize) -> usize {
    if anchors <= buckets::GROUP { buckets::GROUP } else { 2 * buckets::GROUP }
}

/// Builds one automaton for the rules, or halves them until each half fits.
fn add_groups(given: &[Given<'_>], mut rules: Vec<usize>, groups: &mut Vec<Group>, search: &mut Vec<PrimaryId>) {
    if rules.is_empty() {
        return;
    }
    let patterns: Vec<&Pattern> = rules.iter().map(|&rule| given[rule].pattern).collect();
    if let Some(automaton) = Automaton::new(&patterns) {
        let longest = rules.iter().map(|&rule| given[rule].primary.max_match_bytes).max().unwrap_or(0);
        groups.push(Group { automaton: Arc::new(automaton), rules, longest });
    } else if let [alone] = rules[..] {
        search.push(given[alone].id);
    } else {
        let right = rules.split_off(rules.len() / 2);
        add_groups(given, rules, groups, search);
        add_groups(given, right, groups, search);
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

/// A beginning that is being decided.
struct Place<'a> {
    lane: &'a ShapeLane,
    hay: &'a [u8],
    start: usize,
    settled: &'a mut Vec<u16>,
    out: &'a mut Vec<Candidate>,
}

impl Place<'_> {
    /// Walks and adds each rule of the group that matches here, unless what follows its end refuses it. Gives the bytes
    /// walked, roughly.
    #[inline]
    fn nominate(&mut self, group: &Group, cache: &mut Cache, places: &mut Vec<(usize, u32)>) -> usize {
        places.clear();
        let limit = self.start.saturating_add(group.longest).min(self.hay.len());
        let walked = group.automaton.walk(cache, self.hay, self.start, limit, |end, list| {
            places.push((end, list));
        });
        match (walked, &places[..]) {
            (Walked::TooLarge, _) => {
                for index in (0..).take(group.rules.len()) {
                    self.add(group, index, None);
                }
            }
            (Walked::Whole, []) => {}
            (Walked::Whole, &[(end, list)]) => {
                for &index in cache.rules(list) {
                    self.add(group, index, Some(end));
                }
            }
            (Walked::Whole, several) => {
                self.settled.clear();
                self.settle(group, cache, several);
            }
            (Walked::Cut(alive), several) => {
                self.settled.clear();
                for &index in cache.rules(alive) {
                    self.settled.push(index);
                    self.add(group, index, None);
                }
                self.settle(group, cache, several);
            }
        }
        places.last().map_or(0, |(end, _)| end - self.start) + 8
    }

    /// Decides rules that end in several places, or beside others that do; those in `settled` are decided.
    fn settle(&mut self, group: &Group, cache: &Cache, places: &[(usize, u32)]) {
        for (at, &(end, list)) in places.iter().enumerate().rev() {
            for &index in cache.rules(list) {
                let rule = &self.lane.rules[group.rules[usize::from(index)]];
                // An end past the rule's longest match is none.
                if end - self.start > rule.longest || self.settled.contains(&index) {
                    continue;
                }
                self.settled.push(index);
                let often = places[..at].iter().any(|&(_, list)| cache.rules(list).binary_search(&index).is_ok());
                let sure = !often || rule.takes_longest();
                self.add(group, index, sure.then_some(end));
            }
        }
    }

    #[inline]
    fn add(&mut self, group: &Group, index: u16, end: Option<usize>) {
        let rule = &self.lane.rules[group.rules[usize::from(index)]];
        let end = end.filter(|_| !group.automaton.unsure(index));
        if end.is_some_and(|end| end - self.start > rule.longest || rule.closed.refuses(self.hay.get(end))) {
            return;
        }
        let length = end.map_or(END_UNKNOWN, |end| u32::try_from(end - self.start).unwrap_or(END_UNKNOWN));
        self.out.push(Candidate { start: self.start, primary: rule.primary, length });
    }
}

impl Rule {
    fn new(given: &Given<'_>) -> Self {
        Self {
            primary: given.id,
            longest: given.primary.max_match_bytes,
            closed: closed_by(given.primary.edges, given.pattern),
            hir: given.pattern.hir.clone(),
            takes_longest: OnceLock::new(),
        }
    }

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
