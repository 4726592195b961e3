//! One item with its facts, as far as they were fetched: several filters may be asked of it, and nothing is fetched twice.

use crate::clock::Moment;
use crate::model::verdict::DetectorCount;
use crate::model::{
    Activity, Actor, Confidence, ConnectorName, Coverage, Directory, Exposure, ItemKind, ItemNumber, Members, Provider,
    Sharing, Side, Verdict,
};
use crate::policy::{Acts, Answer, Count, Facts, Filter, Folder, Found, History, Inspection, Tags, Wants};
use crate::store::{Above, ActivityQuery, Error, FoundValue, Gist, Judged, Known, ReadingNumber, Store};
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

/// Folders whose chain of folders above is remembered.
const CHAINS_MAX: usize = 1_024;
/// Activities of one item that are looked at, the newest.
const ACTIVITIES_MAX: usize = 1_000;

/// Whose an item is, and when it is asked about.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Whose<'a> {
    pub(crate) name: &'a ConnectorName,
    pub(crate) provider: Provider,
    /// People and groups, where they were read.
    pub(crate) directory: Option<&'a Directory>,
    pub(crate) tags: &'a Tags,
    pub(crate) now: Moment,
}

/// Where facts are fetched.
#[derive(Debug)]
pub(crate) struct Shelf<'s> {
    store: &'s dyn Store,
    /// What lies above the items of a folder, for the folders met last: most neighbours share it.
    chains: HashMap<ItemNumber, Chain>,
    /// What was found in readings, fetched ahead for many items at once.
    gists: HashMap<ReadingNumber, Arc<Gist>>,
    as_of: Option<Moment>,
}

/// The folders above, and what each hands down.
#[derive(Clone, Debug)]
struct Chain {
    folders: Arc<[Folder]>,
    shares: Arc<[Arc<Sharing>]>,
}

impl Chain {
    fn of(above: &[Above]) -> Self {
        let folder = |one: &Above| Folder { id: Arc::clone(&one.id), name: Arc::clone(&one.name) };
        Self {
            folders: above.iter().map(folder).collect(),
            shares: above.iter().map(|one| Arc::clone(&one.sharing)).collect(),
        }
    }
}

impl<'s> Shelf<'s> {
    /// Facts of this store; with `as_of`, findings are those of that moment.
    pub(crate) fn new(store: &'s dyn Store, as_of: Option<Moment>) -> Self {
        Self { store, chains: HashMap::new(), gists: HashMap::new(), as_of }
    }

    pub(crate) fn store(&self) -> &'s dyn Store {
        self.store
    }

    /// Fetches what was found in all these readings by one question; what was fetched ahead before is forgotten.
    pub(crate) fn fetch_gists(&mut self, readings: &[ReadingNumber]) -> Result<(), Error> {
        let fetched = self.store.gists(readings)?;
        self.gists = fetched.into_iter().map(|gist| (gist.number, Arc::new(gist))).collect();
        Ok(())
    }

    /// What lies above an item.
    fn chain(&mut self, known: &Known) -> Result<Chain, Error> {
        if let Some(chain) = known.parent.and_then(|parent| self.chains.get(&parent)) {
            return Ok(chain.clone());
        }
        let chain = Chain::of(&self.store.above(known.number)?);
        if self.chains.len() >= CHAINS_MAX {
            self.chains.clear();
        }
        self.chains.extend(known.parent.map(|parent| (parent, chain.clone())));
        Ok(chain)
    }

    fn inspected(&self, reading: ReadingNumber) -> Result<Option<Inspected>, Error> {
        if let Some(at) = self.as_of {
            return self.inspected_as_of(reading, at);
        }
        let gist = match self.gists.get(&reading) {
            Some(gist) => Some(Arc::clone(gist)),
            None => self.store.gists(&[reading])?.pop().map(Arc::new),
        };
        Ok(gist.map(Inspected::Stored))
    }

    fn inspected_as_of(&self, number: ReadingNumber, at: Moment) -> Result<Option<Inspected>, Error> {
        let Some(reading) = self.store.reading(number)? else { return Ok(None) };
        let rows = self.store.findings(number, Some(at))?;
        let value = |row: crate::store::FindingRow| FoundValue {
            detector: row.finding.detector,
            confidence: row.finding.confidence,
            token: row.finding.token,
        };
        let gist = Gist {
            number,
            content: reading.content,
            sniffed: reading.sniffed,
            mismatch: reading.mismatch,
            // What is past the cap on kept findings is known of the present only.
            counts: Vec::new(),
            values: rows.into_iter().map(value).collect(),
        };
        Ok(Some(Inspected::Stored(Arc::new(gist))))
    }
}

/// What a content holds: a reading of the store, or a verdict that is about to be stored.
#[derive(Clone, Debug)]
pub(crate) enum Inspected {
    /// A reading of the store.
    Stored(Arc<Gist>),
    /// A verdict that is about to be stored.
    Fresh(Arc<Gist>),
}

impl Inspected {
    /// A verdict that is about to be stored; its content's SHA-256 beside it.
    pub(crate) fn fresh(verdict: &Verdict, content: [u8; 32]) -> Self {
        let value = |finding: &crate::model::Finding| FoundValue {
            detector: Arc::clone(&finding.detector),
            confidence: finding.confidence,
            token: finding.token.clone(),
        };
        Inspected::Fresh(Arc::new(Gist {
            number: ReadingNumber(0),
            content,
            sniffed: verdict.sniffed.into(),
            mismatch: verdict.mismatch,
            counts: verdict.counts.iter().filter(|count| count.total > 0).cloned().collect(),
            values: verdict.findings.iter().map(value).collect(),
        }))
    }

    fn gist(&self) -> &Gist {
        match self {
            Inspected::Stored(gist) | Inspected::Fresh(gist) => gist,
        }
    }
}

/// What is fetched beside the item's own row, cheapest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stage {
    Reading,
    Governance,
    Shares,
    Activity,
}

impl Stage {
    const ALL: [Stage; 4] = [Stage::Reading, Stage::Governance, Stage::Shares, Stage::Activity];

    pub(super) fn gives(self) -> Wants {
        match self {
            Stage::Reading => Wants::INSPECTION.and(Wants::FOUND),
            Stage::Governance => Wants::QUARANTINE.and(Wants::POLICIES),
            Stage::Shares => Wants::SHARES.and(Wants::ABOVE),
            Stage::Activity => Wants::ACTIVITY,
        }
    }
}

/// An item with the parts of its facts, as far as they were fetched.
#[derive(Clone, Debug)]
pub(crate) struct Held<'k> {
    known: Cow<'k, Known>,
    exposure: Option<Exposure>,
    coverage: Option<Coverage>,
    reading: Option<ReadingNumber>,
    /// False while a reading is there to be fetched, which tells format and findings.
    is_read: bool,
    inspected: Option<Inspected>,
    found: Option<Vec<Found>>,
    shares: Option<Vec<Arc<Sharing>>>,
    above: Option<Arc<[Folder]>>,
    acts: Option<Acts>,
    quarantined: Option<bool>,
    policies: Option<Vec<Arc<str>>>,
}

impl<'k> Held<'k> {
    /// An item as it stands; nothing is fetched yet.
    pub(crate) fn of(known: &'k Known, coverage: Option<Coverage>, reading: Option<ReadingNumber>) -> Self {
        Self::new(Cow::Borrowed(known), coverage, reading)
    }

    fn new(known: Cow<'k, Known>, coverage: Option<Coverage>, reading: Option<ReadingNumber>) -> Self {
        let exposure = known.exposure.map(|told| exposure(&known, told));
        let is_read = reading.is_none();
        Self {
            known,
            exposure,
            coverage,
            reading,
            is_read,
            inspected: None,
            found: is_read.then(Vec::new),
            shares: None,
            above: None,
            acts: None,
            quarantined: None,
            policies: None,
        }
    }

    /// An item as it is about to stand: who reaches it is told here and not fetched.
    pub(crate) fn about_to_be(known: Known, own: Sharing, above: &[Above]) -> Held<'static> {
        let (coverage, reading) = (known.coverage, known.reading);
        let mut held = Held::new(Cow::Owned(known), coverage, reading);
        let chain = Chain::of(above);
        held.shares = Some(std::iter::once(Arc::new(own)).chain(chain.shares.iter().cloned()).collect());
        held.above = Some(chain.folders);
        held
    }

    /// The same, read just now.
    #[must_use]
    pub(crate) fn read(mut self, inspected: Inspected) -> Self {
        self.found = Some(found(inspected.gist(), &BTreeSet::new()));
        self.inspected = Some(inspected);
        self.is_read = true;
        self
    }

    pub(crate) fn known(&self) -> &Known {
        &self.known
    }

    /// Names of the policies that match it, in the place of those that are stored.
    pub(crate) fn set_policies(&mut self, policies: Vec<Arc<str>>) {
        self.policies = Some(policies);
    }

    /// What a filter answers, by facts fetched until they decide.
    pub(crate) fn ask(&mut self, filter: &Filter, whose: Whose<'_>, shelf: &mut Shelf<'_>) -> Result<Answer, Error> {
        for stage in Stage::ALL {
            let answer = filter.answer(&self.facts(whose), whose.now);
            if answer.is_decided() {
                return Ok(answer);
            }
            if filter.wants().touches(stage.gives()) {
                self.fetch(stage, whose, shelf)?;
            }
        }
        Ok(filter.answer(&self.facts(whose), whose.now))
    }

    /// What a filter answers of what was fetched, without the findings of these tokens.
    pub(crate) fn answer_without(&self, filter: &Filter, tokens: &BTreeSet<&str>, whose: Whose<'_>) -> Answer {
        let found = self.inspected.as_ref().map(|inspected| found(inspected.gist(), tokens));
        let facts = Facts { found: found.as_deref().or(self.found.as_deref()), ..self.facts(whose) };
        filter.answer(&facts, whose.now)
    }

    /// Fetches everything that these facts rest on.
    pub(crate) fn want(&mut self, wants: Wants, whose: Whose<'_>, shelf: &mut Shelf<'_>) -> Result<(), Error> {
        for stage in Stage::ALL.into_iter().filter(|stage| wants.touches(stage.gives())) {
            self.fetch(stage, whose, shelf)?;
        }
        Ok(())
    }

    fn fetch(&mut self, stage: Stage, whose: Whose<'_>, shelf: &mut Shelf<'_>) -> Result<(), Error> {
        match stage {
            Stage::Reading => {
                let Some(number) = self.reading.filter(|_| !self.is_read) else { return Ok(()) };
                let inspected = shelf.inspected(number)?;
                self.is_read = inspected.is_some();
                self.found = inspected.as_ref().map(|one| found(one.gist(), &BTreeSet::new()));
                self.inspected = inspected;
            }
            Stage::Governance => {
                self.is_quarantined(shelf)?;
                if self.policies.is_none() {
                    let matches = shelf.store.matches(self.known.number)?;
                    self.policies = Some(matches.into_iter().map(|one| one.policy).collect());
                }
            }
            Stage::Shares => {
                if self.shares.is_some() && self.above.is_some() {
                    return Ok(());
                }
                let chain = shelf.chain(&self.known)?;
                let own = shelf.store.sharing(self.known.number)?.unwrap_or_else(|| never_asked(&self.known));
                self.shares = Some(std::iter::once(Arc::new(own)).chain(chain.shares.iter().cloned()).collect());
                self.above = Some(chain.folders);
            }
            Stage::Activity => {
                if self.acts.is_none() {
                    let query = ActivityQuery { item: Some(self.known.number), ..ActivityQuery::default() };
                    let rows = shelf.store.activities(&query, None, ACTIVITIES_MAX)?;
                    self.acts = Some(acts(rows.iter().map(|row| &row.activity), whose.directory));
                }
            }
        }
        Ok(())
    }

    /// What is known so far.
    pub(crate) fn facts<'a>(&'a self, whose: Whose<'a>) -> Facts<'a> {
        let gist = self.inspected.as_ref().map(Inspected::gist);
        Facts {
            exposure: self.exposure.as_ref(),
            shares: self.shares.as_deref(),
            directory: whose.directory,
            above: self.above.as_deref(),
            inspection: self.is_read.then(|| Inspection {
                coverage: self.coverage,
                format: gist.map(|gist| &*gist.sniffed),
                mismatch: gist.map(|gist| gist.mismatch),
            }),
            found: self.found.as_deref(),
            tags: Some(whose.tags),
            history: Some(History { first_seen: Some(self.known.first_seen), changed: Some(self.known.changed) }),
            quarantined: self.quarantined,
            policies: self.policies.as_deref(),
            activity: self.acts.as_ref(),
            ..Facts::of(&self.known.item, whose.name, whose.provider)
        }
    }

    /// Whether it lies in quarantine.
    pub(crate) fn is_quarantined(&mut self, shelf: &Shelf<'_>) -> Result<bool, Error> {
        match self.quarantined {
            Some(known) => Ok(known),
            None => Ok(*self.quarantined.insert(shelf.store.is_quarantined(self.known.number)?)),
        }
    }

    /// Whether the value of this token was found; unknown while the content was not fetched or not read.
    pub(crate) fn has_token(&self, token: &str) -> Option<bool> {
        let gist = self.inspected.as_ref().map(Inspected::gist);
        gist.map(|gist| gist.values.iter().any(|value| value.token.as_str() == token)).or(self.is_read.then_some(false))
    }

    /// Different values of each detector that found something, those past the cap on kept findings too, and whether there may be
    /// more; unknown while the content waits to be read.
    pub(crate) fn different(&self) -> Option<Vec<(Arc<str>, u64, bool)>> {
        let gist = self.inspected.as_ref().map(Inspected::gist);
        let found = |gist: &Gist| {
            let counts = gist.counts.iter().filter(|count| count.total > 0);
            counts.map(|count| (Arc::clone(&count.detector), count.unique.max(1), count.unique_at_least)).collect()
        };
        gist.map(found).or_else(|| self.content().map(|_| Vec::new()))
    }

    /// Our SHA-256 of its content: unknown while the content waits to be read, none where it is not read at all.
    pub(crate) fn content(&self) -> Option<Option<[u8; 32]>> {
        match &self.inspected {
            Some(inspected) => Some(Some(inspected.gist().content)),
            None if self.is_read && (self.coverage.is_some() || self.known.item.kind != ItemKind::File) => Some(None),
            None => None,
        }
    }
}

fn exposure(known: &Known, told: Judged) -> Exposure {
    Exposure {
        level: told.level,
        reasons: Vec::new(),
        unknown: if told.known { Vec::new() } else { vec![Arc::clone(&known.item.id)] },
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

/// Counts by detector and confidence: a value counts under the best confidence it was found with. Values of these tokens are
/// left out.
pub(super) fn found(gist: &Gist, without: &BTreeSet<&str>) -> Vec<Found> {
    let mut by_detector: BTreeMap<&Arc<str>, Vec<&FoundValue>> = BTreeMap::new();
    let mut left_out: HashMap<&str, u64> = HashMap::new();
    for value in &gist.values {
        if without.contains(value.token.as_str()) {
            *left_out.entry(&value.detector).or_default() += 1;
        } else {
            by_detector.entry(&value.detector).or_default().push(value);
        }
    }
    let told: HashMap<&str, &DetectorCount> = gist.counts.iter().map(|count| (&*count.detector, count)).collect();
    for count in gist.counts.iter().filter(|count| count.total > left_out.get(&*count.detector).copied().unwrap_or(0)) {
        by_detector.entry(&count.detector).or_default();
    }
    let one = |(detector, values): (&Arc<str>, Vec<&FoundValue>)| {
        let left_out = left_out.get(&**detector).copied().unwrap_or(0);
        let kept = u64::try_from(values.len()).unwrap_or(u64::MAX).saturating_add(left_out);
        let count = told.get(&**detector);
        Found {
            detector: Arc::clone(detector),
            counts: by_confidence(&values),
            beyond_cap: count.map_or(0, |count| count.total.saturating_sub(kept)),
            unique_at_least: count.is_some_and(|count| count.unique_at_least),
        }
    };
    by_detector.into_iter().map(one).collect()
}

fn by_confidence(values: &[&FoundValue]) -> Vec<Count> {
    let mut best: HashMap<&[u8], Confidence> = HashMap::new();
    let mut totals: BTreeMap<Confidence, (u64, u64)> = BTreeMap::new();
    for value in values {
        totals.entry(value.confidence).or_default().0 += 1;
        let known = best.entry(value.token.as_bytes()).or_insert(value.confidence);
        *known = value.confidence.max(*known);
    }
    for confidence in best.into_values() {
        totals.entry(confidence).or_default().1 += 1;
    }
    totals.into_iter().map(|(confidence, (total, unique))| Count { confidence, total, unique }).collect()
}

/// What people did with an item.
pub(super) fn acts<'a>(all: impl Iterator<Item = &'a Activity>, directory: Option<&Directory>) -> Acts {
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
