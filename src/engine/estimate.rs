//! How much there is and how long it takes: before the first content byte, and while a pass runs.
//!
//! The estimate before the first pass lists people exactly and walks a sample: whole trees of people and namespaces, drawn from
//! each kind in turn, until its calls are used up. A small tenant is walked whole by that and told exactly; of a large one the
//! rest is extrapolated and told as a range. Nothing is stored and nothing is queued.

mod forecast;
mod sample;

pub use forecast::{Allotment, Between, Done, Left, Meter, Rate, Remaining, whole};

use super::listing::{self, Error, People, Progress};
use crate::clock::Clock;
use crate::model::{Directory, Download, ItemKind, Provider, Side, Status};
use crate::provider::settings::Limits;
use crate::provider::{Next, Onward, Page, Source, Walk};
use forecast::{float, seconds};
use sample::{Size, Sizes, Stratum, Tree, extrapolate};
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// No tree of a sample uses up more than this share of its calls.
const TREE_SHARE: u64 = 8;
/// Files whose members Dropbox tells by one call.
const MEMBERS_AT_ONCE: u64 = 100;
/// A line to a provider carries between so many bytes a second.
const LINE_BYTES_PER_SECOND: (f64, f64) = (5e6, 100e6);
/// An answer takes at least so long, in seconds, however quick the sample's were.
const ANSWER_SECONDS_MIN: f64 = 0.02;
/// Contents come slower than pages of a listing, by up to this much.
const CONTENT_SLOWER: f64 = 4.0;

/// How an estimate is made.
#[derive(Clone, Debug)]
pub struct Options {
    /// Calls that a sample may use. Default 300.
    pub calls_max: u64,
    /// Time.
    pub clock: Clock,
    /// Raised when the user wants it to end: what is known by then is told.
    pub stop: Arc<AtomicBool>,
}

/// What a first pass over a tenant would be.
#[derive(Clone, Debug)]
pub struct Estimate {
    /// People and groups: exact.
    pub people: People,
    /// Walks there are, and those that were made for the sample.
    pub walks: (u64, u64),
    /// Items of all kinds.
    pub items: Between,
    /// Files whose contents can be had.
    pub files: Between,
    /// Their bytes.
    pub bytes: Between,
    /// Bytes that the provider itself counts, with versions and trash.
    pub used_bytes: Option<u64>,
    /// Calls of a first pass: listing, members and links, contents.
    pub calls: Between,
    /// Calls of a later pass over a tenant where nothing changed.
    pub calls_again: Between,
    /// How long the first pass takes.
    pub takes: Remaining,
    /// Calls that the estimate itself used.
    pub calls_used: u64,
    /// What cannot be walked.
    pub holes: u64,
}

/// Estimates a tenant. `domains` count as internal beside its own people's.
///
/// # Errors
/// When people or the list of walks cannot be had. A walk that fails is left out of the sample.
pub fn estimate(
    source: &dyn Source,
    domains: &[String],
    limits: &Limits,
    allotment: Allotment,
    options: &Options,
) -> Result<Estimate, Error> {
    let progress = Progress::default();
    let people = listing::people(source, domains, &progress)?;
    let walks = source.walks(&people)?;
    let (roots, holes, used_bytes) = (walks.walks, walks.holes.len(), walks.used_bytes);
    let mut sampling = Sampling { source, people: &people, options, calls: 0, walked: 0, taken: Duration::ZERO };
    let root_count = count(roots.len());
    let strata = sampling.sample(roots)?;
    let mut sizes = extrapolate(&strata);
    if !sizes.bytes.is_exact() {
        // What the provider counts may all be contents.
        sizes.bytes.high = sizes.bytes.high.max(used_bytes.unwrap_or(0));
    }
    let asked = progress.calls.load(Ordering::Relaxed) + 1;
    let (calls, calls_again) = calls(source.provider(), &sizes, root_count, &people, asked);
    let takes = takes(&sizes, calls, limits, allotment, active(&people), sampling.answer_seconds());
    Ok(Estimate {
        people: listing::count(&people),
        walks: (root_count, sampling.walked),
        items: sizes.items,
        files: sizes.files,
        bytes: sizes.bytes,
        used_bytes,
        calls,
        calls_again,
        takes,
        calls_used: sampling.calls + asked,
        holes: count(holes),
    })
}

fn count(len: usize) -> u64 {
    u64::try_from(len).unwrap_or(u64::MAX)
}

fn active(people: &Directory) -> u64 {
    let at_work =
        people.people().iter().filter(|person| person.side == Side::Internal && person.status == Status::Active);
    count(at_work.count())
}

/// Calls of a first pass, and of one over a tenant where nothing changed.
fn calls(provider: Provider, sizes: &Sizes, roots: u64, people: &Directory, asked: u64) -> (Between, Between) {
    let asked = Between::exactly(asked);
    match provider {
        // A folder's members and a file's are a call each; each pass lists every folder again.
        Provider::Box => {
            let again = sizes.calls.plus(asked);
            (again.plus(sizes.shared).plus(sizes.files), again)
        }
        Provider::Dropbox => {
            let batches = Between::of(sizes.shared.low.div_ceil(MEMBERS_AT_ONCE), sizes.shared.high);
            // A namespace's members, and a person's links, are a call each at least.
            let each = Between::exactly(roots.saturating_add(active(people)));
            let first = sizes.calls.plus(asked).plus(batches).plus(each).plus(sizes.files);
            (first, Between::exactly(roots).plus(asked))
        }
    }
}

/// How long so many calls and bytes take: as fast as pace and line allow, or as slow as contents may come.
fn takes(
    sizes: &Sizes,
    calls: Between,
    limits: &Limits,
    allotment: Allotment,
    principals: u64,
    answer_seconds: f64,
) -> Remaining {
    let pace = limits.rate_per_principal * float(principals.max(1));
    let lanes = float(count(limits.concurrency));
    let fastest = pace.min(lanes / answer_seconds).max(0.01);
    let slowest = pace.min(lanes / (answer_seconds * CONTENT_SLOWER)).min(limits.rate_per_principal).max(0.01);
    let (slow_line, fast_line) = LINE_BYTES_PER_SECOND;
    let shortest = (float(calls.low) / fastest).max(float(sizes.bytes.low) / fast_line);
    let longest = float(calls.high) / slowest + float(sizes.bytes.high) / slow_line;
    Remaining {
        shortest: seconds(shortest).max(allotment.least_time(calls.low)),
        longest: seconds(longest).max(allotment.least_time(calls.high)),
    }
}

/// Walks trees until the calls are used up.
struct Sampling<'a> {
    source: &'a dyn Source,
    people: &'a Directory,
    options: &'a Options,
    calls: u64,
    /// Roots that were walked.
    walked: u64,
    taken: Duration,
}

impl Sampling<'_> {
    /// Trees of each kind in turn, in an order that has nothing to do with their names or ages.
    fn sample(&mut self, roots: Vec<Walk>) -> Result<BTreeMap<Arc<str>, Stratum>, Error> {
        let mut kinds: BTreeMap<Arc<str>, Vec<Walk>> = BTreeMap::new();
        for root in roots {
            kinds.entry(Arc::clone(&root.kind)).or_default().push(root);
        }
        let mut strata = BTreeMap::new();
        for (kind, trees) in &mut kinds {
            trees.sort_by_key(|walk| crc32fast::hash(walk.id.as_bytes()));
            strata.insert(Arc::clone(kind), Stratum { all: count(trees.len()), trees: Vec::new() });
        }
        while self.may_go_on() && kinds.values().any(|trees| !trees.is_empty()) {
            for (kind, trees) in &mut kinds {
                let Some(root) = trees.pop().filter(|_| self.may_go_on()) else { continue };
                let tree = self.tree(root)?;
                self.walked += 1;
                if let Some(stratum) = strata.get_mut(kind) {
                    stratum.trees.push(tree);
                }
            }
        }
        Ok(strata)
    }

    fn may_go_on(&self) -> bool {
        self.calls < self.options.calls_max && !self.options.stop.load(Ordering::Relaxed)
    }

    /// One tree, as far as its share of the calls reaches, its folders in turn from the top.
    fn tree(&mut self, root: Walk) -> Result<Tree, Error> {
        let end = self.calls.saturating_add((self.options.calls_max / TREE_SHARE).max(2));
        let mut tree = Tree::default();
        let mut walks = VecDeque::from([root]);
        while let Some(walk) = walks.pop_front() {
            if !self.may_go_on() || self.calls >= end {
                walks.push_front(walk);
                break;
            }
            let Some(page) = self.page(&walk)? else { continue };
            tree.seen.add(size(&page));
            tree.walked += 1;
            walks.extend(page.found);
            if let Onward::More(cursor) = page.onward {
                walks.push_front(Walk { cursor: Some(cursor), ..walk });
            }
        }
        tree.pending = count(walks.len());
        Ok(tree)
    }

    /// A page, or nothing when this walk cannot be made.
    fn page(&mut self, walk: &Walk) -> Result<Option<Page>, Error> {
        let began = self.options.clock.elapsed();
        self.calls += 1;
        let page = self.source.page(walk, self.people);
        self.taken += self.options.clock.elapsed().saturating_sub(began);
        match page {
            Ok(page) => Ok(Some(page)),
            Err(error) if matches!(error.next(), Next::Credentials | Next::Budget(_)) => Err(error.into()),
            Err(_) => Ok(None),
        }
    }

    fn answer_seconds(&self) -> f64 {
        (self.taken.as_secs_f64() / float(self.calls.max(1))).max(ANSWER_SECONDS_MIN)
    }
}

fn size(page: &Page) -> Size {
    let files = page
        .items
        .iter()
        .filter(|item| item.kind == ItemKind::File && item.download != Download::None && !item.outside_owner);
    let (files, bytes) =
        files.fold((0, 0_u64), |(files, bytes), item| (files + 1, bytes.saturating_add(item.size_bytes)));
    let shared = page.items.iter().filter(|item| item.has_members).count();
    Size { items: count(page.items.len()), files, bytes, calls: 1, shared: count(shared) }
}
