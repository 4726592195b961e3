//! Making a plan: which items, whose votes, and everything foreseen by a bounded number of threads.

use super::Ground;
use super::entry::entry;
use super::words::ask_words;
use crate::clock::Moment;
use crate::model::{ItemNumber, Mode};
use crate::policy::ask::Ask;
use crate::policy::decide::Vote;
use crate::policy::set::short;
use crate::policy::{Policies, Policy};
use crate::report::plan::{Document, Entry, LeftOut, PolicyLine, SCHEMA, Standing, Totals, digits};
use crate::store::{Error, Known, Match, RulesNumber, Store};
use std::collections::BTreeMap;
use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// Items of one plan at most: its bytes go through the service's socket whole.
pub const ITEMS_MAX: usize = 4_000;
/// Threads that ask providers at the same time.
const THREADS: usize = 8;
/// Matches read at a time.
const PAGE: usize = 500;
/// Who votes when a person asks.
pub(super) const OPERATOR: &str = "operator";

/// What a plan is made with.
#[derive(Clone, Copy, Debug)]
pub struct Means<'a> {
    /// What is stored.
    pub store: &'a dyn Store,
    /// The tenants.
    pub grounds: &'a [Ground],
    /// The policies, with their approvals.
    pub policies: &'a Policies,
    /// Now, to the second.
    pub now: Moment,
    /// Raised at Ctrl-C: nothing is kept then.
    pub stop: &'a AtomicBool,
}

/// What is asked for.
#[derive(Clone, Debug)]
pub struct Asked {
    /// Who asks: an operator of the settings, else the user.
    pub by: String,
    /// In words of the command line.
    pub words: String,
    /// Which items.
    pub chosen: Chosen,
    /// Items at most.
    pub items_max: usize,
}

/// Which items, and what is to be done.
#[derive(Clone, Debug)]
pub enum Chosen {
    /// What policies match and ask for; of these policies only, when any is named.
    Matches(Vec<String>),
    /// This is asked of these items.
    Items(Vec<ItemNumber>, Ask),
}

/// Why no plan was made.
#[derive(Debug)]
pub enum Failed {
    /// The store failed.
    Store(Error),
    /// Ctrl-C.
    Stopped,
    /// It makes no sense; with the next step.
    Asked(String),
}

impl From<Error> for Failed {
    fn from(error: Error) -> Self {
        Failed::Store(error)
    }
}

impl fmt::Display for Failed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Failed::Store(error) => error.fmt(f),
            Failed::Stopped => f.write_str("stopped: no plan was made"),
            Failed::Asked(why) => f.write_str(why),
        }
    }
}

impl std::error::Error for Failed {}

/// An item with what is wanted of it.
#[derive(Debug)]
pub(super) struct Candidate {
    pub(super) known: Known,
    pub(super) votes: Vec<Vote>,
    /// Why each policy votes.
    pub(super) why: Vec<(Arc<str>, String)>,
    /// What is not due yet.
    pub(super) later: Vec<Later>,
    pub(super) since: Option<Moment>,
}

/// Something that a policy wants later.
#[derive(Debug)]
pub(super) struct Later {
    pub(super) policy: Arc<str>,
    pub(super) ask: Ask,
    pub(super) after: Duration,
    pub(super) due: Moment,
}

/// Makes a plan. Providers are read, nothing is changed there (but for a quarantine's folder that is not there yet).
///
/// # Errors
/// When the store failed, at Ctrl-C, or when what was asked for names nothing.
pub fn make(means: &Means<'_>, asked: &Asked) -> Result<Document, Failed> {
    let mut left_out = Left::default();
    let candidates = match &asked.chosen {
        Chosen::Matches(only) => matched(means, only, asked.items_max, &mut left_out)?,
        Chosen::Items(items, ask) => chosen(means, items, ask, asked.items_max, &mut left_out)?,
    };
    let entries = foreseen(means, &candidates)?;
    let voters = voters(means, &entries, &asked.chosen);
    let (approvals, approvals_why) = approvals(&entries, &voters);
    let rules = means.store.rules_in_force()?.map(|(RulesNumber(number), _)| number);
    let mut plan = Document {
        schema: SCHEMA.to_owned(),
        kind: "plan".to_owned(),
        made: means.now,
        by: asked.by.clone(),
        asked: asked.words.clone(),
        policies: voters.iter().map(|policy| line(means.policies, policy)).collect(),
        rules,
        approvals,
        approvals_why,
        totals: Totals::default(),
        left_out: left_out.lines(),
        entries,
    };
    let seconds = seconds(means.grounds, &plan.entries);
    plan.sum_up(seconds);
    Ok(plan)
}

/// Items that are left out, by why.
#[derive(Debug, Default)]
struct Left(BTreeMap<String, u64>);

impl Left {
    fn add(&mut self, why: impl Into<String>) {
        *self.0.entry(why.into()).or_default() += 1;
    }

    fn lines(self) -> Vec<LeftOut> {
        self.0.into_iter().map(|(why, items)| LeftOut { why, items }).collect()
    }
}

/// Items that policies match.
fn matched(means: &Means<'_>, only: &[String], max: usize, left: &mut Left) -> Result<Vec<Candidate>, Failed> {
    let heard: Vec<&Arc<Policy>> = heard(means.policies).map(|(_, policy)| policy).collect();
    for name in only {
        let policy = means.policies.named(name).ok_or_else(|| {
            Failed::Asked(format!("there is no policy `{name}`\n  `sluicebox policy list` tells all"))
        })?;
        if !heard.iter().any(|one| one.name == policy.name) {
            let mode = means.policies.mode(policy);
            return Err(Failed::Asked(format!(
                "the policy `{name}` is in mode {mode}: it votes in no plan\n  give it mode = \"plan\" first"
            )));
        }
    }
    let wanted = heard.iter().filter(|policy| only.is_empty() || only.iter().any(|name| **name == *policy.name));
    let mut items: BTreeMap<ItemNumber, ()> = BTreeMap::new();
    for policy in wanted {
        let mut after = None;
        loop {
            let page = means.store.matched(&policy.name, after, PAGE)?;
            after = page.last().map(|last| last.item);
            for one in &page {
                items.insert(one.item, ());
            }
            if page.len() < PAGE || means.stop.load(Ordering::Relaxed) {
                break;
            }
        }
    }
    let mut candidates = Vec::new();
    for item in items.into_keys() {
        if candidates.len() >= max {
            left.add(format!("more than {max} items: `--max N` takes more, another plan the rest"));
            continue;
        }
        candidates.extend(of_matches(means, item, left)?);
    }
    Ok(candidates)
}

/// Policies that vote: all in mode `plan` or `enforce`, with their rank.
fn heard(policies: &Policies) -> impl Iterator<Item = (usize, &Arc<Policy>)> {
    policies.asked().filter(|(_, policy)| policies.mode(policy) >= Mode::Plan)
}

/// What all policies that match an item want of it.
fn of_matches(means: &Means<'_>, item: ItemNumber, left: &mut Left) -> Result<Option<Candidate>, Failed> {
    let Some(known) = means.store.item(item)?.filter(|known| known.gone.is_none()) else {
        left.add("gone");
        return Ok(None);
    };
    let matches = means.store.matches(item)?;
    let mut of = Candidate { known, votes: Vec::new(), why: Vec::new(), later: Vec::new(), since: None };
    let mut stale = false;
    for (rank, policy) in heard(means.policies) {
        let Some(one) = matches.iter().find(|one| one.policy == policy.name) else { continue };
        if one.hash != policy.hash {
            stale = true;
            continue;
        }
        vote(means, &mut of, rank, policy, one);
    }
    if stale {
        left.add("matched by an older form of a policy: `sluicebox reevaluate` judges them by the present one");
    }
    if of.votes.is_empty() && of.later.is_empty() {
        if !stale {
            left.add("its policies ask for nothing");
        }
        return Ok(None);
    }
    Ok(Some(of))
}

fn vote(means: &Means<'_>, of: &mut Candidate, rank: usize, policy: &Arc<Policy>, one: &Match) {
    let since = whole(one.since);
    of.since = Some(of.since.map_or(since, |first| first.min(since)));
    of.why.push((Arc::clone(&policy.name), format!("it has matched {} since {since}", short(&policy.hash))));
    for wish in &policy.wishes {
        let due = since.plus(wish.after);
        let (policy, ask) = (Arc::clone(&policy.name), wish.ask.clone());
        if due <= means.now {
            of.votes.push(Vote { policy, rank, ask });
        } else {
            of.later.push(Later { policy, ask, after: wish.after, due });
        }
    }
}

/// A moment to the second, as plans tell it.
pub(in crate::engine) fn whole(at: Moment) -> Moment {
    Moment::from_millis(at.as_secs().saturating_mul(1_000))
}

/// Items of which something is asked.
fn chosen(
    means: &Means<'_>,
    items: &[ItemNumber],
    ask: &Ask,
    max: usize,
    left: &mut Left,
) -> Result<Vec<Candidate>, Failed> {
    let mut candidates = Vec::new();
    for item in items {
        let Some(known) = means.store.item(*item)?.filter(|known| known.gone.is_none()) else {
            left.add("gone");
            continue;
        };
        if candidates.len() >= max {
            left.add(format!("more than {max} items: `--max N` takes more, another plan the rest"));
            continue;
        }
        let policy: Arc<str> = OPERATOR.into();
        let since = means.store.matches(*item)?.iter().map(|one| whole(one.since)).min();
        candidates.push(Candidate {
            known,
            votes: vec![Vote { policy: Arc::clone(&policy), rank: 0, ask: ask.clone() }],
            why: vec![(policy, format!("{} was asked for", ask_words(ask)))],
            later: Vec::new(),
            since,
        });
    }
    Ok(candidates)
}

/// The entries of all candidates, in their order: made by several threads, each at one item.
fn foreseen(means: &Means<'_>, candidates: &[Candidate]) -> Result<Vec<Entry>, Failed> {
    let next = AtomicUsize::new(0);
    let made: Mutex<Vec<Option<Result<Entry, Failed>>>> = Mutex::new(candidates.iter().map(|_| None).collect());
    let work = || {
        while !means.stop.load(Ordering::Relaxed) {
            let at = next.fetch_add(1, Ordering::Relaxed);
            let Some(candidate) = candidates.get(at) else { return };
            let Some(ground) = means.grounds.iter().find(|one| one.number == candidate.known.connector) else {
                continue;
            };
            let one = entry(means, ground, candidate);
            let failed = one.is_err();
            if let Some(slot) = made.lock().unwrap_or_else(PoisonError::into_inner).get_mut(at) {
                *slot = Some(one);
            }
            if failed {
                next.store(candidates.len(), Ordering::Relaxed);
            }
        }
    };
    std::thread::scope(|scope| {
        for _ in 0..THREADS.min(candidates.len()) {
            scope.spawn(work);
        }
    });
    if means.stop.load(Ordering::Relaxed) {
        return Err(Failed::Stopped);
    }
    let made = made.into_inner().unwrap_or_else(PoisonError::into_inner);
    made.into_iter().flatten().collect()
}

/// The policies that the plan rests on: those that voted, and those that were named though they match nothing.
fn voters(means: &Means<'_>, entries: &[Entry], chosen: &Chosen) -> Vec<Arc<Policy>> {
    let voted = |policy: &Policy| {
        let named =
            matches!(chosen, Chosen::Matches(only) if only.is_empty() || only.iter().any(|one| **one == *policy.name));
        named || entries.iter().any(|entry| entry.votes.iter().any(|vote| *vote.policy == *policy.name))
    };
    match chosen {
        Chosen::Matches(_) => {
            heard(means.policies).filter(|(_, one)| voted(one)).map(|(_, one)| Arc::clone(one)).collect()
        }
        Chosen::Items(..) => Vec::new(),
    }
}

fn line(policies: &Policies, policy: &Policy) -> PolicyLine {
    PolicyLine {
        name: policy.name.to_string(),
        title: policy.title.to_string(),
        severity: policy.severity.to_string(),
        mode: policies.mode(policy).to_string(),
        hash: digits(&policy.hash),
    }
}

/// How many operators beside the maker must approve, and why.
fn approvals(entries: &[Entry], voters: &[Arc<Policy>]) -> (u8, Vec<String>) {
    let (mut needed, mut why) = (0, Vec::new());
    for policy in voters.iter().filter(|policy| policy.approvals > 1) {
        needed = needed.max(policy.approvals - 1);
        why.push(format!("the policy {} says approvals = {}", policy.name, policy.approvals));
    }
    let allows = |name: &String| voters.iter().any(|policy| *policy.name == **name && policy.allow_people_actions);
    let people = entries.iter().flat_map(|entry| &entry.planned).any(|planned| {
        let by_leave = !planned.voters.is_empty() && planned.voters.iter().all(allows);
        planned.person.is_some() && !by_leave && (planned.standing.acts() || planned.standing == Standing::Unseen)
    });
    if people {
        needed = needed.max(1);
        why.push("it acts on people".to_owned());
    }
    (needed, why)
}

/// How long all calls take at the connectors' rates: connectors side by side, one after the other within each.
pub(in crate::engine) fn seconds(grounds: &[Ground], entries: &[Entry]) -> u64 {
    let mut calls: BTreeMap<&str, u64> = BTreeMap::new();
    for entry in entries {
        let of = entry.planned.iter().filter(|planned| planned.standing.acts());
        *calls.entry(&entry.connector).or_default() += of.map(|planned| planned.calls_with_reads).sum::<u64>();
    }
    let of = |(name, calls): (&str, u64)| {
        let rate = grounds.iter().find(|one| one.name.as_str() == name).map_or(1_000, |one| one.calls_per_1000_secs);
        calls.saturating_mul(1_000).div_ceil(rate.max(1))
    };
    calls.into_iter().map(of).max().unwrap_or(0)
}
