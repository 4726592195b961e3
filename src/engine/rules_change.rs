//! Stored verdicts follow a changed rule set.
//!
//! Three steps, each of which may be broken off and begun again: what the records decide is **judged** again without reading
//! anything ([`judge`]); what is left has a **price**, which is shown first ([`price`]); and only when somebody approves it is
//! exactly that **queued** ([`queue`]), in lane `recheck`, the most exposed first.
//!
//! The decision worth knowing: a content always names the rule set whose detectors judged it. When a change is decided for some
//! of its detectors and not for others, it is given a rule set that says just that (new profiles where they judged, the old
//! ones elsewhere), so that no step is done twice and the next change starts from what is true.

#[cfg(test)]
mod tests;

use super::rejudge::{Answer, Plan, Planned, Rereads, rejudge};
use crate::detect::TokenKey;
use crate::model::{Finding, ItemNumber, Lane, Level, Todo};
use crate::rule::profile::Change;
use crate::rule::{Profile, RuleSet};
use crate::store::{
    Ask, ContentRow, ContentScope, DetectorKept, Entry, Error, FindingNumber, FindingRow, ReadingNumber, Rejudged,
    RulesNumber, Store, Upheld,
};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

/// Contents taken at a time: judged, and written in one transaction for each rule set they come to.
const PAGE: usize = 500;
/// Rule sets whose profiles are kept at hand.
const SETS_MAX: usize = 256;
/// The act under which an approval stands in the audit log.
pub const APPLY: &str = "rules.apply";

/// What following a rule set needs of a store.
pub trait Verdicts {
    /// [`crate::store::Rules::rules_number`]
    ///
    /// # Errors
    /// The store's.
    fn rules_number(&self, detectors: &[DetectorKept]) -> Result<RulesNumber, Error>;
    /// [`crate::store::Rules::detectors`]
    ///
    /// # Errors
    /// The store's.
    fn detectors(&self, rules: RulesNumber) -> Result<Vec<DetectorKept>, Error>;
    /// [`crate::store::Verdicts::contents`]
    ///
    /// # Errors
    /// The store's.
    fn contents(
        &self,
        scope: &ContentScope,
        after: Option<ReadingNumber>,
        max: usize,
    ) -> Result<Vec<ContentRow>, Error>;
    /// [`crate::store::Verdicts::price`]
    ///
    /// # Errors
    /// The store's.
    fn price(&self, scope: &ContentScope) -> Result<(u64, u64), Error>;
    /// The findings of a reading that hold now.
    ///
    /// # Errors
    /// The store's.
    fn findings(&self, reading: ReadingNumber) -> Result<Vec<FindingRow>, Error>;
    /// [`crate::store::Verdicts::rejudge`]
    ///
    /// # Errors
    /// The store's.
    fn rejudge(&self, rules: RulesNumber, judged: &[Rejudged], complete: &[ReadingNumber]) -> Result<(), Error>;
    /// How far an item is open; `None` while nobody has told.
    ///
    /// # Errors
    /// The store's.
    fn level(&self, item: ItemNumber) -> Result<Option<Level>, Error>;
    /// [`crate::store::Queue::ask`]
    ///
    /// # Errors
    /// The store's.
    fn ask(&self, asks: &[Ask]) -> Result<u64, Error>;
}

impl Verdicts for dyn Store + '_ {
    fn rules_number(&self, detectors: &[DetectorKept]) -> Result<RulesNumber, Error> {
        crate::store::Rules::rules_number(self, detectors)
    }

    fn detectors(&self, rules: RulesNumber) -> Result<Vec<DetectorKept>, Error> {
        crate::store::Rules::detectors(self, rules)
    }

    fn contents(
        &self,
        scope: &ContentScope,
        after: Option<ReadingNumber>,
        max: usize,
    ) -> Result<Vec<ContentRow>, Error> {
        crate::store::Verdicts::contents(self, scope, after, max)
    }

    fn price(&self, scope: &ContentScope) -> Result<(u64, u64), Error> {
        crate::store::Verdicts::price(self, scope)
    }

    fn findings(&self, reading: ReadingNumber) -> Result<Vec<FindingRow>, Error> {
        crate::store::Verdicts::findings(self, reading, None)
    }

    fn rejudge(&self, rules: RulesNumber, judged: &[Rejudged], complete: &[ReadingNumber]) -> Result<(), Error> {
        crate::store::Verdicts::rejudge(self, rules, judged, complete)
    }

    fn level(&self, item: ItemNumber) -> Result<Option<Level>, Error> {
        Ok(self.item(item)?.and_then(|known| known.exposure).map(|judged| judged.level))
    }

    fn ask(&self, asks: &[Ask]) -> Result<u64, Error> {
        crate::store::Queue::ask(self, asks)
    }
}

/// The detectors of a rule set as a store keeps them.
#[must_use]
pub fn kept(rules: &RuleSet, key: &TokenKey) -> Vec<DetectorKept> {
    let profiles = Profile::all(rules, &|value| key.token(value).as_str().to_owned());
    let hash = |id: &str| rules.detector(id).map_or([0; 32], |detector| detector.hash);
    let row = |profile: Profile| DetectorKept {
        id: profile.id.as_str().into(),
        hash: hash(&profile.id),
        profile: profile.to_json().into(),
    };
    profiles.into_iter().map(row).collect()
}

/// What reading contents again takes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Price {
    /// Contents that some item holds.
    pub contents: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Calls at the providers: one download for each content.
    pub calls: u64,
}

impl Price {
    fn of((contents, bytes): (u64, u64)) -> Self {
        Self { contents, bytes, calls: contents }
    }

    fn of_both(self, other: Self) -> Self {
        let [contents, bytes, calls] =
            [(self.contents, other.contents), (self.bytes, other.bytes), (self.calls, other.calls)]
                .map(|(one, two)| one.saturating_add(two));
        Self { contents, bytes, calls }
    }

    fn at_most(self, most: Self) -> Self {
        Self {
            contents: self.contents.min(most.contents),
            bytes: self.bytes.min(most.bytes),
            calls: self.calls.min(most.calls),
        }
    }
}

/// What a change would mean, before anything is done.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Preview {
    /// The detectors that change, and how.
    pub plan: Plan,
    /// What reading again would take at the most. A tightened rule costs nothing here; what its records leave undecided is
    /// known, and told by [`price`], once it is judged.
    pub price: Price,
}

/// Tells what the change from one rule set to another would mean. Reads no content.
///
/// # Errors
/// The store's.
pub fn preview<S: Verdicts + ?Sized>(store: &S, from: RulesNumber, to: &[DetectorKept]) -> Result<Preview, Error> {
    let plan = Plan::new(&profiles(&store.detectors(from)?), &profiles(to));
    let all = || store.price(&ContentScope { held: true, ..ContentScope::default() }).map(Price::of);
    let price = match plan.rereads() {
        Rereads::Nothing => Price::default(),
        Rereads::All => all()?,
        Rereads::Candidates => {
            let mut sum = Price::default();
            for planned in plan.changes.iter().filter(|planned| planned.rereads() == Rereads::Candidates) {
                let candidates_of = Some(planned.detector.as_str().into());
                let scope = ContentScope { candidates_of, held: true, ..ContentScope::default() };
                sum = sum.of_both(Price::of(store.price(&scope)?));
            }
            sum.at_most(all()?)
        }
    };
    Ok(Preview { plan, price })
}

/// What is left to be read until all contents are judged by `to`. Exact once [`judge`] has gone through.
///
/// # Errors
/// The store's.
pub fn price<S: Verdicts + ?Sized>(store: &S, to: RulesNumber) -> Result<Price, Error> {
    store.price(&left(to)).map(Price::of)
}

fn left(to: RulesNumber) -> ContentScope {
    ContentScope { rules_not: Some(to), held: true, ..ContentScope::default() }
}

/// How far judging or queueing went.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    /// Contents looked at.
    pub contents: u64,
    /// Of them judged wholly, without reading.
    pub judged: u64,
    /// Of them some detector's judgement needs the text.
    pub undecided: u64,
    /// Judgements whose findings changed.
    pub changed: u64,
    /// True when all were looked at; false when `go_on` ended it.
    pub done: bool,
}

/// Judges all stored contents by `to` as far as their records go; reads nothing. Asked before each page whether to go on.
/// Begun again, it does what is left.
///
/// # Errors
/// The store's; what was written until then stays.
pub fn judge<S: Verdicts + ?Sized>(
    store: &S,
    to: RulesNumber,
    go_on: &mut dyn FnMut(&Progress) -> bool,
) -> Result<Progress, Error> {
    let mut judge = Judge::new(store, to)?;
    let scope = ContentScope { rules_not: Some(to), ..ContentScope::default() };
    let mut after = None;
    while go_on(&judge.progress) {
        let page = store.contents(&scope, after, PAGE)?;
        let Some(last) = page.last() else {
            judge.progress.done = true;
            break;
        };
        after = Some(last.reading.number);
        judge.page(&page)?;
    }
    Ok(judge.progress)
}

/// Asks for exactly what is left to be read until all contents are judged by `to`: one item for each content, the most exposed
/// that holds it, the most exposed first. Begun again, it asks for what is still left; what waits already stays as it is.
///
/// # Errors
/// The store's.
pub fn queue<S: Verdicts + ?Sized>(
    store: &S,
    to: RulesNumber,
    go_on: &mut dyn FnMut(&Progress) -> bool,
) -> Result<Progress, Error> {
    let mut progress = Progress::default();
    let (scope, mut after) = (left(to), None);
    while go_on(&progress) {
        let page = store.contents(&scope, after, PAGE)?;
        let Some(last) = page.last() else {
            progress.done = true;
            break;
        };
        after = Some(last.reading.number);
        let mut asks = Vec::with_capacity(page.len());
        for item in page.iter().filter_map(|row| row.item) {
            let priority = store.level(item)?.map_or(0, priority);
            let todo = Todo::CONTENT.and(Todo::REREAD);
            asks.push(Ask { item, lane: Lane::Recheck, todo, priority, offered: None, happened: None });
        }
        store.ask(&asks)?;
        progress.contents += page.len() as u64;
        progress.undecided += asks.len() as u64;
    }
    Ok(progress)
}

/// Within a lane, the further open the earlier.
fn priority(level: Level) -> i32 {
    match level {
        Level::Private => 0,
        Level::Internal => 1,
        Level::External => 2,
        Level::Public => 3,
    }
}

/// Writes down that somebody approved the price of following `to`: only then may [`queue`] be called.
///
/// # Errors
/// The store's; nothing is approved then.
pub fn approve(store: &dyn Store, actor: &str, to: RulesNumber, price: Price) -> Result<(), Error> {
    let Price { contents, bytes, calls } = price;
    let details = format!("{{\"contents\":{contents},\"bytes\":{bytes},\"calls\":{calls}}}");
    let entry = Entry { actor: actor.to_owned(), act: APPLY.to_owned(), about: about(to), details };
    store.append(&entry).map(drop)
}

fn about(to: RulesNumber) -> String {
    format!("rules {}", to.0)
}

fn profiles(kept: &[DetectorKept]) -> Vec<Profile> {
    kept.iter().filter_map(|kept| Profile::from_json(&kept.profile)).collect()
}

/// A rule set that contents were judged by, and what changed since.
struct Before {
    kept: Vec<DetectorKept>,
    profiles: BTreeMap<String, Profile>,
    changes: Vec<Planned>,
}

/// Judges page by page.
struct Judge<'s, S: ?Sized> {
    store: &'s S,
    to: RulesNumber,
    kept: Vec<DetectorKept>,
    profiles: BTreeMap<String, Profile>,
    before: HashMap<RulesNumber, Arc<Before>>,
    /// The rule sets in which some detectors have judged by the new rules and these have not yet.
    mixed: HashMap<(RulesNumber, BTreeSet<String>), RulesNumber>,
    progress: Progress,
}

/// What became of one content.
#[derive(Default)]
struct Decided {
    judged: Vec<Rejudged>,
    open: BTreeSet<String>,
}

impl<'s, S: Verdicts + ?Sized> Judge<'s, S> {
    fn new(store: &'s S, to: RulesNumber) -> Result<Self, Error> {
        let kept = store.detectors(to)?;
        let profiles = by_id(&kept);
        let (before, mixed) = (HashMap::new(), HashMap::new());
        Ok(Self { store, to, kept, profiles, before, mixed, progress: Progress::default() })
    }

    fn page(&mut self, page: &[ContentRow]) -> Result<(), Error> {
        let mut targets: BTreeMap<RulesNumber, (Vec<Rejudged>, Vec<ReadingNumber>)> = BTreeMap::new();
        for row in page {
            let was = row.reading.rules;
            let before = self.before(was)?;
            let Decided { judged, open } = self.content(row, &before)?;
            self.progress.contents += 1;
            self.progress.changed += judged.len() as u64;
            let target = if open.is_empty() {
                self.progress.judged += 1;
                self.to
            } else {
                self.progress.undecided += 1;
                self.mixed(was, &before, open)?
            };
            if target != was {
                let (all, complete) = targets.entry(target).or_default();
                all.extend(judged);
                complete.push(row.reading.number);
            }
        }
        targets.iter().try_for_each(|(target, (judged, complete))| self.store.rejudge(*target, judged, complete))
    }

    fn before(&mut self, rules: RulesNumber) -> Result<Arc<Before>, Error> {
        if let Some(before) = self.before.get(&rules) {
            return Ok(Arc::clone(before));
        }
        let kept = self.store.detectors(rules)?;
        let old = by_id(&kept);
        let in_order = |set: &BTreeMap<String, Profile>| set.values().cloned().collect::<Vec<_>>();
        let changes = Plan::new(&in_order(&old), &in_order(&self.profiles)).changes;
        let before = Arc::new(Before { kept, profiles: old, changes });
        if self.before.len() >= SETS_MAX {
            self.before.clear();
        }
        self.before.insert(rules, Arc::clone(&before));
        Ok(before)
    }

    fn content(&self, row: &ContentRow, before: &Before) -> Result<Decided, Error> {
        let reading = &row.reading;
        let mut decided = Decided::default();
        let mut findings: Option<(Vec<FindingNumber>, Vec<Finding>)> = None;
        for Planned { detector, change } in &before.changes {
            let count = reading.counts.iter().find(|count| *count.detector == **detector);
            match (change, count) {
                (Change::Same, _) | (Change::Removed | Change::Tightened | Change::Candidates, None) => {}
                (Change::Removed, Some(count)) => {
                    let detector = Arc::clone(&count.detector);
                    decided.judged.push(Rejudged { reading: reading.number, detector, count: None, keep: Vec::new() });
                }
                // Nothing was found, and a tightened rule finds no more.
                (Change::Tightened, Some(count)) if count.total == 0 => {}
                (Change::Tightened, Some(count)) => {
                    let (numbers, all) = match &findings {
                        Some(known) => known,
                        None => findings.insert(self.store.findings(reading.number)?.into_iter().map(parted).unzip()),
                    };
                    let own = all.iter().enumerate().filter(|(_, finding)| *finding.detector == **detector);
                    let (places, own): (Vec<usize>, Vec<Finding>) = own.map(|(at, one)| (at, one.clone())).unzip();
                    let (Some(old), Some(new)) = (before.profiles.get(detector), self.profiles.get(detector)) else {
                        decided.open.insert(detector.clone());
                        continue;
                    };
                    let Answer::Judged(judged) = rejudge(old, new, count, &own) else {
                        decided.open.insert(detector.clone());
                        continue;
                    };
                    let all_stand = judged.findings.len() == own.len();
                    if all_stand && judged.findings.iter().all(|kept| kept.is_unchanged(&own[kept.at])) {
                        continue;
                    }
                    let keep = judged.findings.into_iter().map(|kept| Upheld {
                        finding: numbers[places[kept.at]],
                        confidence: kept.confidence,
                        tier: kept.tier,
                        evidence: kept.evidence,
                    });
                    decided.judged.push(Rejudged {
                        reading: reading.number,
                        detector: Arc::clone(&count.detector),
                        count: Some(judged.count),
                        keep: keep.collect(),
                    });
                }
                // Where no shape stood there is nothing to read again.
                (Change::Candidates, Some(count)) if count.candidates == 0 => {}
                // Of contents without text no rule can say anything.
                (Change::Shape | Change::Added, _) if reading.text_bytes == 0 => {}
                (Change::Candidates, Some(_)) | (Change::Shape | Change::Added, _) => {
                    decided.open.insert(detector.clone());
                }
            }
        }
        Ok(decided)
    }

    /// The rule set of the new detectors, save those that are open: of them the old ones, where there were any.
    fn mixed(&mut self, was: RulesNumber, before: &Before, open: BTreeSet<String>) -> Result<RulesNumber, Error> {
        if let Some(known) = self.mixed.get(&(was, open.clone())) {
            return Ok(*known);
        }
        let old = before.kept.iter().filter(|kept| open.contains(&*kept.id));
        let new = self.kept.iter().filter(|kept| !open.contains(&*kept.id));
        let mut set: Vec<DetectorKept> = old.chain(new).cloned().collect();
        set.sort_by(|one, other| one.id.cmp(&other.id));
        let number = self.store.rules_number(&set)?;
        if self.mixed.len() >= SETS_MAX {
            self.mixed.clear();
        }
        self.mixed.insert((was, open), number);
        Ok(number)
    }
}

fn parted(row: FindingRow) -> (FindingNumber, Finding) {
    (row.number, row.finding)
}

fn by_id(kept: &[DetectorKept]) -> BTreeMap<String, Profile> {
    profiles(kept).into_iter().map(|profile| (profile.id.clone(), profile)).collect()
}
