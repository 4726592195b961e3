//! Which stored items a filter means: the facts of each, fetched in the order of their cost and only until they decide.
//!
//! A million items are asked in pages. Most are decided by what stands in their own row; members, findings and activities are
//! read for the rest alone, and only when the filter wants them.

#[cfg(test)]
mod tests;
pub(crate) mod wanted;

use crate::clock::Moment;
use crate::model::{
    Activity, Actor, ConnectorName, ConnectorNumber, Coverage, Directory, Exposure, ItemKind, ItemNumber, Members,
    Provider, Sharing, Side,
};
use crate::policy::{Acts, Answer, Count, Facts, Filter, Folder, Found, History, Inspection, Narrow, Tags, Wants};
use crate::rule::ruleset::RuleSet;
use crate::store::{ActivityQuery, Connector, Error, FindingRow, Known, Reading, ReadingNumber, Scope, Store};
use std::collections::{BTreeMap, HashMap};
use std::ops::ControlFlow;
use std::sync::Arc;

/// Items of one page.
const PAGE_ITEMS: usize = 500;
/// Folders whose chain of folders above is remembered.
const CHAINS_MAX: usize = 1_024;
/// Activities of one item that are looked at, the newest.
const ACTIVITIES_MAX: usize = 1_000;

/// Asks filters of what is stored.
#[derive(Debug)]
pub struct Asker<'s> {
    store: &'s dyn Store,
    connectors: HashMap<ConnectorNumber, Connector>,
    directories: HashMap<ConnectorNumber, Option<Directory>>,
    /// What lies above the items of a folder, for the folders met last: most neighbours share it.
    chains: HashMap<ItemNumber, Chain>,
    tags: Tags,
    now: Moment,
    as_of: Option<Moment>,
}

/// The folders above, and what each hands down.
#[derive(Clone, Debug)]
struct Chain {
    folders: Arc<[Folder]>,
    shares: Arc<[Arc<Sharing>]>,
}

/// An item that was asked about.
#[derive(Clone, Copy, Debug)]
pub struct Hit<'a> {
    /// The item.
    pub known: &'a Known,
    /// Whose it is.
    pub connector: &'a Connector,
    /// How much was read, at the moment that was asked for; `None` while that waits.
    pub coverage: Option<Coverage>,
    /// The reading it had then.
    pub reading: Option<ReadingNumber>,
    /// Yes or unknown; items that answer no are not told.
    pub answer: Answer,
}

/// How much of an item was read at some moment, and the reading it had then.
type Stood = (Option<Coverage>, Option<ReadingNumber>);

/// How many items answered what.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Items that were asked about.
    pub asked: u64,
    /// Yes.
    pub yes: u64,
    /// Unknown.
    pub unknown: u64,
}

/// Tags of the detectors of a rule set.
#[must_use]
pub fn tags_of(rules: &RuleSet) -> Tags {
    rules.detectors.iter().map(|detector| (Arc::clone(&detector.id), detector.tags.clone())).collect()
}

impl<'s> Asker<'s> {
    /// Asks at `now`. With `as_of`, coverage and findings are those of that moment; everything else is as it is now, and items
    /// that were not there then are left out.
    ///
    /// # Errors
    /// When the connectors cannot be read.
    pub fn new(store: &'s dyn Store, tags: Tags, now: Moment, as_of: Option<Moment>) -> Result<Self, Error> {
        let connectors = store.connectors()?.into_iter().map(|one| (one.number, one)).collect();
        Ok(Self { store, connectors, directories: HashMap::new(), chains: HashMap::new(), tags, now, as_of })
    }

    /// The connectors there are, in no order.
    pub fn connectors(&self) -> impl Iterator<Item = &Connector> {
        self.connectors.values()
    }

    /// The connector of that name.
    #[must_use]
    pub fn named(&self, name: &ConnectorName) -> Option<&Connector> {
        self.connectors.values().find(|one| one.name == *name)
    }

    /// The connector of that number.
    #[must_use]
    pub fn connector(&self, number: ConnectorNumber) -> Option<&Connector> {
        self.connectors.get(&number)
    }

    /// Tells `take` every item of the scope that answers yes or unknown (all, without a filter), until it breaks.
    ///
    /// # Errors
    /// When the store cannot be read, or when `take` fails.
    pub fn select<E: From<Error>>(
        &mut self,
        filter: Option<&Filter>,
        scope: Scope,
        take: &mut dyn FnMut(&Hit<'_>) -> Result<ControlFlow<()>, E>,
    ) -> Result<Tally, E> {
        let scope = self.narrowed(scope, filter);
        let mut tally = Tally::default();
        let mut after = None;
        loop {
            let page = self.store.items(&scope, after, PAGE_ITEMS)?;
            for known in page.iter().filter(|known| !known.is_top) {
                let Some((coverage, reading)) = self.stood(known)? else { continue };
                let answer = match filter {
                    Some(filter) => self.ask(filter, known, coverage, reading)?,
                    None => Answer::Yes,
                };
                tally.add(answer);
                let Some(connector) = self.connectors.get(&known.connector).filter(|_| answer != Answer::No) else {
                    continue;
                };
                if take(&Hit { known, connector, coverage, reading, answer })?.is_break() {
                    return Ok(tally);
                }
            }
            after = page.last().map(|known| known.number);
            if page.len() < PAGE_ITEMS {
                return Ok(tally);
            }
        }
    }

    /// What a filter answers of one item.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn answer(&mut self, filter: &Filter, known: &Known) -> Result<Answer, Error> {
        match self.stood(known)? {
            Some((coverage, reading)) => self.ask(filter, known, coverage, reading),
            None => Ok(Answer::No),
        }
    }

    /// The scope with what the filter allows to leave out.
    fn narrowed(&self, mut scope: Scope, filter: Option<&Filter>) -> Scope {
        scope.gone |= self.as_of.is_some();
        let Some(Narrow { connectors, level_at_least, .. }) = filter.map(Filter::narrow) else { return scope };
        let named = |one: &&Connector| connectors.as_ref().is_some_and(|names| names.contains(one.name.as_str()));
        if let Some(1) = connectors.as_ref().map(std::collections::BTreeSet::len) {
            scope.connector = scope.connector.or(self.connectors.values().find(named).map(|one| one.number));
        }
        scope.level_min = scope.level_min.max(level_at_least);
        scope
    }

    /// Coverage and reading of an item at the moment that was asked for; `None` when it was not there.
    fn stood(&self, known: &Known) -> Result<Option<Stood>, Error> {
        match self.as_of {
            Some(at) => self.store.as_of(known.number, at),
            None => Ok(known.gone.is_none().then_some((known.coverage, known.reading))),
        }
    }

    fn ask(
        &mut self,
        filter: &Filter,
        known: &Known,
        coverage: Option<Coverage>,
        reading: Option<ReadingNumber>,
    ) -> Result<Answer, Error> {
        let Some(connector) = self.connectors.get(&known.connector) else { return Ok(Answer::No) };
        let (name, provider) = (connector.name.clone(), connector.provider);
        let people = Wants::DIRECTORY.and(Wants::ACTIVITY);
        if filter.wants().touches(people) && !self.directories.contains_key(&known.connector) {
            let directory = self.store.directory(known.connector)?;
            self.directories.insert(known.connector, directory);
        }
        let mut parts = Parts::of(known, coverage, reading);
        for stage in Stage::ALL {
            let answer = filter
                .answer(&parts.facts(known, &name, provider, self.directory(known.connector), &self.tags), self.now);
            if answer.is_decided() {
                return Ok(answer);
            }
            if filter.wants().touches(stage.gives()) {
                self.fetch(stage, known, reading, &mut parts)?;
            }
        }
        Ok(filter.answer(&parts.facts(known, &name, provider, self.directory(known.connector), &self.tags), self.now))
    }

    /// People of a connector, once they were read.
    fn directory(&self, of: ConnectorNumber) -> Option<&Directory> {
        self.directories.get(&of).and_then(Option::as_ref)
    }

    /// What lies above an item.
    fn chain(&mut self, known: &Known) -> Result<Chain, Error> {
        if let Some(chain) = known.parent.and_then(|parent| self.chains.get(&parent)) {
            return Ok(chain.clone());
        }
        let above = self.store.above(known.number)?;
        let folder = |one: &crate::store::Above| Folder { id: Arc::clone(&one.id), name: Arc::clone(&one.name) };
        let chain = Chain {
            folders: above.iter().map(folder).collect(),
            shares: above.iter().map(|one| Arc::clone(&one.sharing)).collect(),
        };
        if self.chains.len() >= CHAINS_MAX {
            self.chains.clear();
        }
        self.chains.extend(known.parent.map(|parent| (parent, chain.clone())));
        Ok(chain)
    }

    fn fetch(
        &mut self,
        stage: Stage,
        known: &Known,
        reading: Option<ReadingNumber>,
        parts: &mut Parts,
    ) -> Result<(), Error> {
        match stage {
            Stage::Reading => {
                let Some(number) = reading else { return Ok(()) };
                let reading = self.store.reading(number)?;
                parts.inspected = reading.is_some();
                parts.found = match &reading {
                    Some(reading) => Some(found(self.store, reading, self.as_of)?),
                    None => None,
                };
                parts.reading = reading;
            }
            Stage::Shares => {
                let chain = self.chain(known)?;
                let own = self.store.sharing(known.number)?.unwrap_or_else(|| never_asked(known));
                parts.shares = Some(std::iter::once(Arc::new(own)).chain(chain.shares.iter().cloned()).collect());
                parts.above = Some(chain.folders);
            }
            Stage::Activity => {
                let query = ActivityQuery { item: Some(known.number), ..ActivityQuery::default() };
                let rows = self.store.activities(&query, None, ACTIVITIES_MAX)?;
                parts.acts = Some(acts(rows.iter().map(|row| &row.activity), self.directory(known.connector)));
            }
        }
        Ok(())
    }
}

impl Tally {
    fn add(&mut self, answer: Answer) {
        self.asked += 1;
        match answer {
            Answer::Yes => self.yes += 1,
            Answer::Unknown => self.unknown += 1,
            Answer::No => {}
        }
    }
}

/// What is fetched beside the item's own row, cheapest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    Reading,
    Shares,
    Activity,
}

impl Stage {
    const ALL: [Stage; 3] = [Stage::Reading, Stage::Shares, Stage::Activity];

    fn gives(self) -> Wants {
        match self {
            Stage::Reading => Wants::INSPECTION.and(Wants::FOUND),
            Stage::Shares => Wants::SHARES.and(Wants::ABOVE),
            Stage::Activity => Wants::ACTIVITY,
        }
    }
}

/// The parts of an item's facts, as far as they were fetched.
#[derive(Debug)]
struct Parts {
    exposure: Option<Exposure>,
    coverage: Option<Coverage>,
    /// False while a reading is there to be fetched, which tells format and findings.
    inspected: bool,
    reading: Option<Reading>,
    found: Option<Vec<Found>>,
    shares: Option<Vec<Arc<Sharing>>>,
    above: Option<Arc<[Folder]>>,
    acts: Option<Acts>,
}

impl Parts {
    fn of(known: &Known, coverage: Option<Coverage>, reading: Option<ReadingNumber>) -> Self {
        let exposure = known.exposure.map(|told| Exposure {
            level: told.level,
            reasons: Vec::new(),
            unknown: if told.known { Vec::new() } else { vec![Arc::clone(&known.item.id)] },
        });
        let inspected = reading.is_none();
        Self {
            exposure,
            coverage,
            inspected,
            reading: None,
            found: inspected.then(Vec::new),
            shares: None,
            above: None,
            acts: None,
        }
    }

    fn facts<'a>(
        &'a self,
        known: &'a Known,
        connector: &'a ConnectorName,
        provider: Provider,
        directory: Option<&'a Directory>,
        tags: &'a Tags,
    ) -> Facts<'a> {
        Facts {
            exposure: self.exposure.as_ref(),
            shares: self.shares.as_deref(),
            directory,
            above: self.above.as_deref(),
            inspection: self.inspected.then(|| Inspection {
                coverage: self.coverage,
                format: self.reading.as_ref().map(|reading| &*reading.sniffed),
                mismatch: self.reading.as_ref().map(|reading| reading.mismatch),
            }),
            found: self.found.as_deref(),
            tags: Some(tags),
            history: Some(History { first_seen: Some(known.first_seen), changed: Some(known.changed) }),
            // Nothing can be quarantined and no policy can match yet.
            quarantined: Some(false),
            policies: Some(&[]),
            activity: self.acts.as_ref(),
            ..Facts::of(&known.item, connector, provider)
        }
    }
}

/// The own sharing of an item that nobody was asked about yet.
fn never_asked(known: &Known) -> Sharing {
    Sharing {
        links: known.item.link.iter().cloned().collect(),
        members: if known.item.has_members { Members::Hidden } else { Members::None },
        outside_owner: known.item.outside_owner,
        whole_company: false,
    }
}

/// What a reading holds, by detector.
fn found(store: &dyn Store, reading: &Reading, as_of: Option<Moment>) -> Result<Vec<Found>, Error> {
    if as_of.is_none() && reading.counts.iter().all(|count| count.total == 0) {
        return Ok(Vec::new());
    }
    let rows = store.findings(reading.number, as_of)?;
    Ok(counted(reading, &rows, as_of.is_none()))
}

/// Counts by detector and confidence: a value counts under the best confidence it was found with. What is past the cap on
/// kept findings is known of the present only.
fn counted(reading: &Reading, rows: &[FindingRow], present: bool) -> Vec<Found> {
    let mut by_detector: BTreeMap<&Arc<str>, Vec<&FindingRow>> = BTreeMap::new();
    for row in rows {
        by_detector.entry(&row.finding.detector).or_default().push(row);
    }
    let told: HashMap<&str, _> = reading.counts.iter().map(|count| (&*count.detector, count)).collect();
    if present {
        for count in reading.counts.iter().filter(|count| count.total > 0) {
            by_detector.entry(&count.detector).or_default();
        }
    }
    let one = |(detector, rows): (&Arc<str>, Vec<&FindingRow>)| {
        let kept = u64::try_from(rows.len()).unwrap_or(u64::MAX);
        let count = told.get(&**detector).filter(|_| present);
        Found {
            detector: Arc::clone(detector),
            counts: by_confidence(&rows),
            beyond_cap: count.map_or(0, |count| count.total.saturating_sub(kept)),
            unique_at_least: count.is_some_and(|count| count.unique_at_least),
        }
    };
    by_detector.into_iter().map(one).collect()
}

fn by_confidence(rows: &[&FindingRow]) -> Vec<Count> {
    let mut best: HashMap<&[u8], _> = HashMap::new();
    let mut totals: BTreeMap<_, (u64, u64)> = BTreeMap::new();
    for row in rows {
        let confidence = row.finding.confidence;
        totals.entry(confidence).or_default().0 += 1;
        let known = best.entry(row.finding.token.as_bytes()).or_insert(confidence);
        *known = confidence.max(*known);
    }
    for confidence in best.into_values() {
        totals.entry(confidence).or_default().1 += 1;
    }
    totals.into_iter().map(|(confidence, (total, unique))| Count { confidence, total, unique }).collect()
}

/// What people did with an item.
fn acts<'a>(all: impl Iterator<Item = &'a Activity>, directory: Option<&Directory>) -> Acts {
    let mut acts = Acts::default();
    for activity in all {
        if !acts.kinds.contains(&activity.kind) {
            acts.kinds.push(activity.kind);
        }
        acts.last = acts.last.max(activity.at);
        if is_outside(&activity.actor, directory) {
            acts.external = acts.external.max(activity.at);
        }
    }
    acts
}

fn is_outside(actor: &Actor, directory: Option<&Directory>) -> bool {
    match actor {
        Actor::Unauthenticated => true,
        Actor::Person { account, login } => {
            directory.is_some_and(|all| all.side_of(account.as_deref(), login.as_deref()) == Side::External)
        }
        Actor::Application | Actor::Unknown => false,
    }
}

/// True for an item that has content to read.
#[must_use]
pub fn is_file(known: &Known) -> bool {
    known.item.kind == ItemKind::File
}
