//! Everything that is stored, judged anew by the policies, approvals and exceptions as they are now. No provider is asked.
//!
//! Where only exceptions came or went, what they can touch is judged alone ([`excused`]).
//!
//! One thread reads pages of items, others judge them; where nothing changes nothing is written. How far it came is a fact, so
//! that a stop costs little. A page that changed something is read again afterwards: what was found out meanwhile by others
//! is newer, and is judged by it.

mod by_itself;
#[cfg(test)]
mod tests;
mod touched;

pub use by_itself::{ASKED, FOLLOWED, run};

use super::facts::held::Shelf;
use super::judge::{Governing, Judge, Occasion, Of, Own, RULINGS_MAX};
use crate::clock::{Clock, Moment};
use crate::model::{ConnectorNumber, Directory, ItemNumber, Lane, Level};
use crate::policy::{Narrow, Tags};
use crate::store::{Connector, Error, Known, Ruled, RulesNumber, Ruling, Scope, Store};
use crossbeam_channel::{Receiver, Sender, bounded};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, HashMap, HashSet};
use std::fmt::Write as _;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

/// The fact that keeps how far it came ([`State`]).
pub const STATE: &str = "reevaluate";
/// Items of one page.
const PAGE_ITEMS: usize = RULINGS_MAX;
/// Pages between reader and judges; as many judged ones wait to be counted.
const PAGES_AHEAD: usize = 4;
/// Pages between two writings of the position.
const PAGES_PER_NOTE: u64 = 20;
/// Threads that judge at most: readers of the store are few.
const JUDGES_MAX: usize = 3;
/// How often a page is judged again because others changed it meanwhile.
const AGAIN_MAX: usize = 3;
/// Matches read at a time.
const MATCHES: usize = 10_000;

/// How far everything was judged anew.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct State {
    /// What it is judged by: a digest over policies, modes in force and exceptions.
    pub by: String,
    /// The part of `by` that exceptions have no part in; empty in what older versions kept.
    #[serde(default)]
    pub policies: String,
    /// Numbers of the exceptions that held.
    #[serde(default)]
    pub exceptions: Vec<i64>,
    /// Items up to this one are done; 0 at the beginning.
    pub after: i64,
    /// Items that were judged.
    pub judged: u64,
    /// Matches that began.
    pub began: u64,
    /// Matches that ended.
    pub ended: u64,
    /// Intents that were kept.
    pub intents: u64,
    /// Intents that were cancelled.
    pub cancelled: u64,
    /// When it began, milliseconds since 1970.
    pub since_ms: i64,
    /// When it was done; `None` while it is not.
    pub done_ms: Option<i64>,
}

impl State {
    /// The state that is kept; `None` when nothing was ever judged anew.
    ///
    /// # Errors
    /// When it could not be read.
    pub fn read(store: &dyn Store) -> Result<Option<Self>, Error> {
        Ok(store.fact(None, STATE)?.and_then(|text| serde_json::from_str(&text).ok()))
    }

    fn keep(&self, store: &dyn Store) -> Result<(), Error> {
        store.keep_fact(None, STATE, Some(&serde_json::to_string(self).unwrap_or_default()))
    }

    fn add(&mut self, judged: u64, ruled: Ruled) {
        self.judged += judged;
        self.began += ruled.began;
        self.ended += ruled.ended;
        self.intents += ruled.intents;
        self.cancelled += ruled.cancelled;
    }
}

/// What everything is judged by.
#[derive(Clone, Copy, Debug)]
pub struct By<'a> {
    /// Policies and exceptions.
    pub governing: &'a Governing,
    /// Tags of the detectors in force.
    pub tags: &'a Tags,
    /// The rules in force.
    pub rules: RulesNumber,
}

/// A digest over all that judging rests on beside the items: the policies that are asked, with their modes in force, and the
/// exceptions that hold; and which rules the stored verdicts follow.
///
/// # Errors
/// When the store could not be read.
pub fn digest(governing: &Governing, store: &dyn Store) -> Result<String, Error> {
    let mut sha = Sha256::new();
    sha.update(digest_of_policies(governing, store)?);
    for exception in &governing.exceptions {
        sha.update(exception.number.0.to_be_bytes());
    }
    Ok(digits(sha))
}

/// The same without exceptions.
fn digest_of_policies(governing: &Governing, store: &dyn Store) -> Result<String, Error> {
    let mut sha = Sha256::new();
    for (_, policy) in governing.policies.asked() {
        sha.update(policy.name.as_bytes());
        sha.update([0]);
        sha.update(policy.hash);
        sha.update(governing.policies.mode(policy).name());
        sha.update([u8::from(policy.allow_people_actions)]);
    }
    sha.update(store.fact(None, FOLLOWED)?.unwrap_or_default());
    Ok(digits(sha))
}

fn digits(sha: Sha256) -> String {
    sha.finalize().iter().take(16).fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// Judges everything anew; goes on where an earlier call by the same policies was stopped. Asked after each page whether to go
/// on.
///
/// # Errors
/// When the store could not be read or written; what was judged until then stays.
pub fn everything(
    store: &dyn Store,
    by: By<'_>,
    clock: &Clock,
    go_on: &mut dyn FnMut(&State) -> bool,
) -> Result<State, Error> {
    let digest = digest(by.governing, store)?;
    let mut state = match State::read(store)? {
        Some(state) if state.by == digest && state.done_ms.is_none() => state,
        _ => State {
            by: digest,
            policies: digest_of_policies(by.governing, store)?,
            exceptions: numbers(by.governing),
            since_ms: clock.now().as_millis(),
            ..State::default()
        },
    };
    state.keep(store)?;
    let names: Vec<_> = by.governing.policies.asked().map(|(_, policy)| policy.name.clone()).collect();
    state.ended += store.end_matches_but(&names)?;
    let room = Room::new(store, by, clock.now())?;
    if !names.is_empty() && !room.pages(&mut state, go_on)? {
        state.keep(store)?;
        return Ok(state);
    }
    state.done_ms = Some(clock.now().as_millis());
    state.keep(store)?;
    Ok(state)
}

fn numbers(governing: &Governing) -> Vec<i64> {
    governing.exceptions.iter().map(|exception| exception.number.0).collect()
}

/// Judges anew what exceptions can touch that came or went since everything was judged by these policies; gives what it judged.
/// `None` when everything was never judged by them, or when it cannot be told what is touched: everything is to be judged then.
///
/// Stopped, it keeps nothing of how far it came. What is kept of the last judging of everything stays, but for its exceptions.
///
/// # Errors
/// When the store could not be read or written; what was judged until then stays.
pub fn excused(
    store: &dyn Store,
    by: By<'_>,
    clock: &Clock,
    go_on: &mut dyn FnMut(&State) -> bool,
) -> Result<Option<State>, Error> {
    let Some(last) = State::read(store)?.filter(|last| last.done_ms.is_some()) else { return Ok(None) };
    if last.policies != digest_of_policies(by.governing, store)? {
        return Ok(None);
    }
    let Some(changed) = touched::changed(store, &last.exceptions, &by.governing.exceptions)? else { return Ok(None) };
    let mut state = State {
        by: digest(by.governing, store)?,
        policies: last.policies.clone(),
        exceptions: numbers(by.governing),
        since_ms: clock.now().as_millis(),
        ..State::default()
    };
    let room = Room::new(store, by, clock.now())?;
    match room.touched(&changed, &mut state, go_on)? {
        None => return Ok(None),
        Some(false) => return Ok(Some(state)),
        Some(true) => {}
    }
    State { by: state.by.clone(), exceptions: state.exceptions.clone(), ..last }.keep(store)?;
    state.done_ms = Some(clock.now().as_millis());
    Ok(Some(state))
}

/// What all threads share.
struct Room<'a> {
    store: &'a dyn Store,
    by: By<'a>,
    now: Moment,
    connectors: HashMap<ConnectorNumber, Connector>,
    directories: HashMap<ConnectorNumber, Directory>,
    /// Items that some policy matches, by what is stored.
    matched: HashSet<ItemNumber>,
}

/// A page that was judged.
struct Judged {
    /// Its place in the order of pages.
    place: u64,
    upto: ItemNumber,
    items: u64,
    ruled: Ruled,
    /// Of its items those that were matched before.
    visited: Vec<ItemNumber>,
}

impl<'a> Room<'a> {
    fn new(store: &'a dyn Store, by: By<'a>, now: Moment) -> Result<Self, Error> {
        let connectors: HashMap<_, _> = store.connectors()?.into_iter().map(|one| (one.number, one)).collect();
        let mut directories = HashMap::new();
        for of in connectors.keys() {
            directories.extend(store.directory(*of)?.map(|directory| (*of, directory)));
        }
        let mut matched = HashSet::new();
        for (_, policy) in by.governing.policies.asked() {
            let mut after = None;
            loop {
                let page = store.matched(&policy.name, after, MATCHES)?;
                matched.extend(page.iter().map(|one| one.item));
                after = page.last().map(|one| one.item);
                if page.len() < MATCHES {
                    break;
                }
            }
        }
        Ok(Self { store, by, now, connectors, directories, matched })
    }

    /// Judges page by page; false when it was not to go on.
    fn pages(&self, state: &mut State, go_on: &mut dyn FnMut(&State) -> bool) -> Result<bool, Error> {
        let scope = scope(self.by.governing, &self.connectors);
        let mut left = self.matched.clone();
        let stop = AtomicBool::new(false);
        let (pages, to_judge) = bounded(PAGES_AHEAD);
        let (judged, done) = bounded(PAGES_AHEAD);
        let whole = thread::scope(|threads| {
            let after = (state.after > 0).then_some(ItemNumber(state.after));
            let (scope, stop) = (&scope, &stop);
            let reader = threads.spawn(move || self.read(scope, after, &pages, stop));
            let judges: Vec<_> = (0..judges())
                .map(|_| {
                    let (from, to) = (to_judge.clone(), judged.clone());
                    threads.spawn(move || self.judge(&from, &to))
                })
                .collect();
            drop((to_judge, judged));
            let counted = self.count(&done, state, &mut left, stop, go_on);
            // Whoever still has a page finds nobody to take it, and ends.
            drop(done);
            let mut ended = vec![reader.join()];
            ended.extend(judges.into_iter().map(thread::ScopedJoinHandle::join));
            for one in ended {
                one.unwrap_or_else(|panic| std::panic::resume_unwind(panic))?;
            }
            counted
        })?;
        if whole { self.leftovers(state, left.into_iter().collect(), go_on) } else { Ok(false) }
    }

    fn read(
        &self,
        scope: &Scope,
        mut after: Option<ItemNumber>,
        pages: &Sender<(u64, Vec<Known>)>,
        stop: &AtomicBool,
    ) -> Result<(), Error> {
        for place in 0.. {
            let page = self.store.items(scope, after, PAGE_ITEMS)?;
            let (is_last, upto) = (page.len() < PAGE_ITEMS, page.last().map(|known| known.number));
            if upto.is_none() || pages.send((place, page)).is_err() || is_last || stop.load(Ordering::Relaxed) {
                break;
            }
            after = upto;
        }
        Ok(())
    }

    fn judge(&self, pages: &Receiver<(u64, Vec<Known>)>, judged: &Sender<Judged>) -> Result<(), Error> {
        let mut judge = self.new_judge()?;
        while let Ok((place, page)) = pages.recv() {
            let ruled = self.page(&mut judge, &page)?;
            let visited = page.iter().map(|known| known.number).filter(|number| self.matched.contains(number));
            let one = Judged {
                place,
                upto: page.last().map_or(ItemNumber(0), |known| known.number),
                items: u64::try_from(page.len()).unwrap_or(u64::MAX),
                ruled,
                visited: visited.collect(),
            };
            if judged.send(one).is_err() {
                break;
            }
        }
        Ok(())
    }

    fn new_judge(&self) -> Result<Judge<'_>, Error> {
        let mut judge = Judge::new(self.by.governing, self.store, self.by.tags, self.now);
        judge.own = Own::of_many(self.store)?;
        Ok(judge)
    }

    /// Counts judged pages in their order; true when there are no more, false when it was not to go on.
    fn count(
        &self,
        done: &Receiver<Judged>,
        state: &mut State,
        left: &mut HashSet<ItemNumber>,
        stop: &AtomicBool,
        go_on: &mut dyn FnMut(&State) -> bool,
    ) -> Result<bool, Error> {
        let (mut next, mut early) = (0, BTreeMap::new());
        while let Ok(page) = done.recv() {
            for item in &page.visited {
                left.remove(item);
            }
            state.add(page.items, page.ruled);
            early.insert(page.place, page.upto);
            while let Some(upto) = early.remove(&next) {
                (next, state.after) = (next + 1, upto.0);
                if next % PAGES_PER_NOTE == 0 {
                    state.keep(self.store)?;
                }
            }
            if !go_on(state) {
                stop.store(true, Ordering::Relaxed);
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Items that were matched and that no page had: the policies leave them out by now.
    fn leftovers(
        &self,
        state: &mut State,
        mut left: Vec<ItemNumber>,
        go_on: &mut dyn FnMut(&State) -> bool,
    ) -> Result<bool, Error> {
        left.sort_unstable();
        let mut judge = self.new_judge()?;
        for numbers in left.chunks(PAGE_ITEMS) {
            let page = known(self.store, numbers)?;
            let ruled = self.page(&mut judge, &page)?;
            state.add(u64::try_from(page.len()).unwrap_or(u64::MAX), ruled);
            if !go_on(state) {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Judges a page and keeps what changes.
    fn page<'b>(&'b self, judge: &mut Judge<'b>, page: &[Known]) -> Result<Ruled, Error> {
        let mut all = Ruled::default();
        let mut page = std::borrow::Cow::Borrowed(page);
        for _ in 0..AGAIN_MAX {
            let rulings = self.rulings(judge, &page)?;
            let ruled = self.store.rule(&rulings)?;
            for (sum, more) in [
                (&mut all.began, ruled.began),
                (&mut all.ended, ruled.ended),
                (&mut all.intents, ruled.intents),
                (&mut all.cancelled, ruled.cancelled),
            ] {
                *sum += more;
            }
            if ruled == Ruled::default() {
                break;
            }
            let numbers: Vec<ItemNumber> = rulings.iter().map(|ruling| ruling.item).collect();
            let before: HashMap<ItemNumber, &Known> = page.iter().map(|known| (known.number, known)).collect();
            let now = known(self.store, &numbers)?;
            let changed: Vec<Known> =
                now.into_iter().filter(|known| before.get(&known.number) != Some(&known)).collect();
            if changed.is_empty() {
                break;
            }
            judge.shelf = Shelf::new(self.store, None);
            page = std::borrow::Cow::Owned(changed);
        }
        Ok(all)
    }

    /// Rulings worth writing: of items that no policy matches and none did there is nothing to say.
    fn rulings<'b>(&'b self, judge: &mut Judge<'b>, page: &[Known]) -> Result<Vec<Ruling>, Error> {
        let of = |number: ConnectorNumber| {
            let connector = self.connectors.get(&number)?;
            let directory = self.directories.get(&number);
            Some(Of { name: &connector.name, provider: connector.provider, directory })
        };
        let occasion = Occasion::of(Lane::Recheck, self.by.rules);
        let mut rulings = judge.rule_each(page, &of, occasion)?;
        rulings.retain(|ruling| !ruling.matches.is_empty() || self.matched.contains(&ruling.item));
        Ok(rulings)
    }
}

/// Threads that judge: one for each core.
fn judges() -> usize {
    thread::available_parallelism().map_or(1, std::num::NonZero::get).min(JUDGES_MAX)
}

fn known(store: &dyn Store, numbers: &[ItemNumber]) -> Result<Vec<Known>, Error> {
    let mut all = Vec::with_capacity(numbers.len());
    for number in numbers {
        all.extend(store.item(*number)?);
    }
    Ok(all)
}

/// The items that some policy may match: what all of them leave out need not be read.
fn scope(governing: &Governing, connectors: &HashMap<ConnectorNumber, Connector>) -> Scope {
    let narrows: Vec<Narrow> = governing.policies.asked().map(|(_, policy)| policy.filter.narrow()).collect();
    let level_min = narrows.iter().map(|narrow| narrow.level_at_least).min().flatten();
    let named = |narrow: &Narrow| -> Option<ConnectorNumber> {
        let names = narrow.connectors.as_ref().filter(|names| names.len() == 1)?;
        connectors.values().find(|one| names.contains(one.name.as_str())).map(|one| one.number)
    };
    let mut of = narrows.iter().map(named);
    let first = of.next().flatten();
    Scope {
        connector: first.filter(|first| of.all(|one| one == Some(*first))),
        level_min: level_min.filter(|level| *level > Level::Private),
        // What was not wholly read may hold findings; nothing can be decided of it, and what is stored of it stays.
        with_findings: narrows.iter().all(|narrow| narrow.detectors.is_some()),
        ..Scope::default()
    }
}
