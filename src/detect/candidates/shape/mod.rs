//! The shape lane: rules that are told by the kinds of bytes at a match's beginning (most identifiers, and secrets with a
//! prefix).
//!
//! A finder over all anchors, merged into a few buckets, tells where a text has the look of a match. There the bucket's
//! cells say which anchors it really lies within: an anchor that spells out a whole match decides its rule, and for the
//! others an anchored automaton over the bucket's rules says which match and where they end. Where text defeats that (most
//! places look like a beginning, and walks are long), one backward pass names the beginnings instead.

pub(super) mod anchors;
pub(super) mod buckets;
pub(super) mod cells;
pub(super) mod finder;
pub(super) mod rate;

use super::automaton::{Automaton, Cache, Walked};
use super::backward::Backward;
use super::simd::Path;
use super::told::Rule;
use super::{Candidate, END_UNKNOWN};
use crate::rule::ruleset::{Pattern, Primary, PrimaryId};
use anchors::{Anchor, Anchors};
use cells::{Around, CELL, Cell, Tells, around};
use finder::{Finder, Scratch};
use rate::Rates;
use regex_automata::util::pool::Pool;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

/// A rule as the lane is given it, with its anchors.
#[derive(Clone, Debug)]
pub(super) struct Given<'a> {
    pub(super) id: PrimaryId,
    pub(super) primary: &'a Primary,
    pub(super) pattern: &'a Pattern,
    pub(super) anchors: Anchors,
}

/// Makes scratch for a thread.
type Make<T> = Box<dyn Fn() -> T + Send + Sync>;

/// The lane, built once.
#[derive(Debug)]
pub(crate) struct ShapeLane {
    finder: Finder,
    rules: Vec<Arc<Rule>>,
    automata: Vec<Arc<Automaton>>,
    buckets: Vec<Bucket>,
    backward: Backward,
    longest: usize,
    scratch: Scratches,
    /// Rules that no automaton holds; each is searched for with its own engine.
    search: Vec<PrimaryId>,
}

/// What a place in a bucket is asked.
#[derive(Debug)]
struct Bucket {
    cells: Vec<Cell>,
    /// The automata over those of its rules that anchors do not decide.
    automata: std::ops::Range<usize>,
}

struct Scratches(Pool<Turn, Make<Turn>>);

/// One thread's scratch.
struct Turn {
    scratch: Scratch,
    caches: Vec<Cache>,
    places: Vec<(usize, u32)>,
    settled: Vec<u16>,
}

/// Bytes walked for each byte of text before the backward pass takes over.
const WALKED_MAX: usize = 24;

impl ShapeLane {
    /// A lane over the given rules.
    pub(crate) fn new(path: Path, given: &[Given<'_>], rates: &mut Rates) -> Self {
        let told = |given: &Given<'_>| Arc::new(Rule::new(given.id, given.primary, given.pattern));
        let rules: Vec<Arc<Rule>> = given.iter().map(told).collect();
        // Rules that begin alike share their anchors.
        let mut owners: BTreeMap<Anchor, Vec<(usize, u8)>> = BTreeMap::new();
        for (at, given) in given.iter().enumerate() {
            for (anchor, length) in &given.anchors.anchors {
                owners.entry(*anchor).or_default().push((at, *length));
            }
        }
        let (anchors, owners): (Vec<Anchor>, Vec<Vec<(usize, u8)>>) = owners.into_iter().unzip();
        let merged = buckets::merge(&anchors, bucket_count(anchors.len()), rates);
        let finder = Finder::new(path, &merged.buckets, rates);
        let (mut automata, mut search) = (Vec::new(), Vec::new());
        let mut buckets = Vec::new();
        for members in &merged.members {
            let tells = |&(rule, length): &(usize, u8)| {
                if given[rule].anchors.exact { Tells::Match(rule, u32::from(length)) } else { Tells::Walk }
            };
            let cells = members.chunks(CELL).map(|members| {
                let told = members.iter().map(|&at| {
                    let mut tells: Vec<Tells> = owners[at].iter().map(tells).collect();
                    tells.dedup();
                    (&anchors[at], tells)
                });
                Cell::new(&told.collect::<Vec<_>>(), rates)
            });
            let first = automata.len();
            let mut own: Vec<usize> = members.iter().flat_map(|&at| owners[at].iter().map(|owner| owner.0)).collect();
            own.sort_unstable();
            own.dedup();
            own.retain(|&rule| !given[rule].anchors.exact);
            add_automata(own.iter().map(|&at| Arc::clone(&rules[at])).collect(), &mut automata, &mut search);
            buckets.push(Bucket { cells: cells.collect(), automata: first..automata.len() });
        }
        search.sort_unstable();
        search.dedup();
        let lent = automata.clone();
        let make = move || Turn {
            scratch: Scratch::new(),
            caches: lent.iter().map(|automaton| automaton.cache()).collect(),
            places: Vec::new(),
            settled: Vec::new(),
        };
        Self {
            finder,
            automata,
            buckets,
            backward: Backward::new(rules.clone()),
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
        for (automaton, cache) in self.automata.iter().zip(&mut *caches) {
            automaton.tidy(cache);
        }
        let first = out.len();
        let mut walked = 0;
        let enough = WALKED_MAX * (to - from).max(4096);
        let mut stopped = None;
        self.finder.find(hay, from, to, scratch, |start, buckets| {
            if stopped.is_some() {
                return;
            }
            let here = out.len();
            let seen = around(hay, start);
            let mut bits = buckets;
            while bits != 0 {
                let bucket = &self.buckets[bits.trailing_zeros() as usize];
                bits &= bits - 1;
                if self.told_by(bucket, &seen, start, out) {
                    for number in bucket.automata.clone() {
                        let mut at = Place { automaton: &self.automata[number], hay, start, settled, out };
                        walked += at.nominate(&mut caches[number], places);
                    }
                }
            }
            if out.len() > here + 1 {
                settle_repeats(out, here);
            }
            if walked > enough {
                stopped = Some(start + 1);
            }
        });
        if let Some(rest) = stopped {
            let end = to.saturating_add(self.longest).min(hay.len());
            self.backward.nominate(hay, rest..to, end, |start, rule| {
                out.push(Candidate { start, primary: rule.primary, length: END_UNKNOWN });
            });
            out[first..].sort_unstable();
        }
    }

    /// Adds the rules that anchors of the bucket decide; true when automata must decide others.
    #[inline]
    fn told_by(&self, bucket: &Bucket, seen: &Around, start: usize, out: &mut Vec<Candidate>) -> bool {
        let mut walk = false;
        for cell in &bucket.cells {
            let mut anchors = cell.admits(seen);
            while anchors != 0 {
                for tells in &cell.tells[anchors.trailing_zeros() as usize] {
                    match *tells {
                        Tells::Walk => walk = true,
                        Tells::Match(rule, length) => {
                            let rule = &self.rules[rule];
                            // A rule that must stop short of it has its own engine find where.
                            let sure = length as usize <= rule.longest && rule.proved().edges_decide;
                            let length = if sure { length } else { END_UNKNOWN };
                            out.push(Candidate { start, primary: rule.primary, length });
                        }
                    }
                }
                anchors &= anchors - 1;
            }
        }
        walk
    }
}

/// A rule with several anchors may be named several times at one place, from `first` on: then its longest match counts,
/// unless its own engine has to decide.
fn settle_repeats(out: &mut Vec<Candidate>, first: usize) {
    out[first..].sort_unstable();
    let mut kept = first;
    for at in first + 1..out.len() {
        let (last, this) = (out[kept], out[at]);
        if this.primary != last.primary {
            kept += 1;
            out[kept] = this;
        } else if last.length != END_UNKNOWN {
            out[kept] = this;
        }
    }
    out.truncate(kept + 1);
}

/// How many buckets a lane of so many anchors is given.
fn bucket_count(anchors: usize) -> usize {
    if anchors <= buckets::GROUP { buckets::GROUP } else { 2 * buckets::GROUP }
}

/// Builds one automaton for the rules, or halves them until each half fits.
fn add_automata(mut rules: Vec<Arc<Rule>>, automata: &mut Vec<Arc<Automaton>>, search: &mut Vec<PrimaryId>) {
    if rules.is_empty() {
        return;
    }
    if let Some(automaton) = Automaton::new(rules.clone()) {
        automata.push(Arc::new(automaton));
    } else if let [alone] = &rules[..] {
        search.push(alone.primary);
    } else {
        let right = rules.split_off(rules.len() / 2);
        add_automata(rules, automata, search);
        add_automata(right, automata, search);
    }
}

/// A beginning that is being decided.
struct Place<'a> {
    automaton: &'a Automaton,
    hay: &'a [u8],
    start: usize,
    settled: &'a mut Vec<u16>,
    out: &'a mut Vec<Candidate>,
}

impl Place<'_> {
    /// Walks and adds each rule that matches here, unless what follows its end refuses it. Gives the bytes
    /// walked, roughly.
    #[inline]
    fn nominate(&mut self, cache: &mut Cache, places: &mut Vec<(usize, u32)>) -> usize {
        places.clear();
        let limit = self.start.saturating_add(self.automaton.longest()).min(self.hay.len());
        let walked = self.automaton.walk(cache, self.hay, self.start, limit, |end, list| {
            places.push((end, list));
        });
        match (walked, &places[..]) {
            (Walked::TooLarge, _) => {
                for index in (0..).take(self.automaton.rule_count()) {
                    self.add(index, None);
                }
            }
            (Walked::Whole, []) => {}
            (Walked::Whole, &[(end, list)]) => {
                for &index in cache.rules(list) {
                    self.add(index, Some(end));
                }
            }
            (Walked::Whole, several) => {
                self.settled.clear();
                self.settle(cache, several);
            }
            (Walked::Cut(alive), several) => {
                self.settled.clear();
                for &index in cache.rules(alive) {
                    self.settled.push(index);
                    self.add(index, None);
                }
                self.settle(cache, several);
            }
        }
        places.last().map_or(0, |(end, _)| end - self.start) + 8
    }

    /// Decides rules that end in several places, or beside others that do; those in `settled` are decided.
    fn settle(&mut self, cache: &Cache, places: &[(usize, u32)]) {
        for (at, &(end, list)) in places.iter().enumerate().rev() {
            for &index in cache.rules(list) {
                let rule = self.automaton.rule(index);
                // An end past the rule's longest match is none.
                if end - self.start > rule.longest || self.settled.contains(&index) {
                    continue;
                }
                self.settled.push(index);
                let often = places[..at].iter().any(|&(_, list)| cache.rules(list).binary_search(&index).is_ok());
                let sure = !often || rule.proved().takes_longest;
                self.add(index, sure.then_some(end));
            }
        }
    }

    #[inline]
    fn add(&mut self, index: u16, end: Option<usize>) {
        let rule = self.automaton.rule(index);
        let end = end.filter(|_| !self.automaton.unsure(index));
        if end.is_some_and(|end| end - self.start > rule.longest || rule.refuses(self.hay.get(end).copied())) {
            return;
        }
        let length = end.map_or(END_UNKNOWN, |end| u32::try_from(end - self.start).unwrap_or(END_UNKNOWN));
        self.out.push(Candidate { start: self.start, primary: rule.primary, length });
    }
}

impl fmt::Debug for Scratches {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Scratches").finish_non_exhaustive()
    }
}
