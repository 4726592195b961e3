//! A tenant that plays from memory over a real store, for the tests of passes and feeds. The clock stands still until moved.

use crate::clock::{Clock, Moment};
use crate::detect::{Matcher, TokenKey};
use crate::engine::core::{Core, InForce, Options, Tenant};
use crate::model::{
    Activity, ActivityKind, Actor, Directory, Group, Item, ItemKind, Lane, Person, Principal, Provider, Role, Sharing,
    Side, Status, Subject,
};
use crate::provider::{
    Body, Capability, CapabilityState, Changes, Delivered, Delivery, Error, FeedCursor, FoundLink, Glance, History,
    Next, Onward, Page, PeoplePage, Shared, Source, Walk, Walks, Wanted, Watched,
};
use crate::store::order::Shares;
use crate::store::sqlite::{self, Sqlite};
use crate::store::{self, Claim, Connectors as _, Job, Rules as _, SealKey, Settled, Settlement};
use std::collections::BTreeMap;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

/// What the tenant holds, and what it was asked.
#[derive(Debug, Default)]
pub(in crate::engine) struct State {
    pub(in crate::engine) people: PeoplePage,
    pub(in crate::engine) walks: Vec<Walk>,
    /// By walk and cursor.
    pub(in crate::engine) pages: BTreeMap<(String, String), Result<Page, Next>>,
    /// The log; a position is a place in it.
    pub(in crate::engine) log: Vec<Activity>,
    /// What the next reading of the log says instead of an answer.
    pub(in crate::engine) log_fails: Option<Next>,
    /// Pages of namespaces by feed and position.
    pub(in crate::engine) news: BTreeMap<(String, String), Result<Page, Next>>,
    pub(in crate::engine) links: BTreeMap<String, Vec<FoundLink>>,
    /// What was asked, in order.
    pub(in crate::engine) asked: Vec<String>,
}

#[derive(Debug)]
pub(in crate::engine) struct Played {
    provider: Provider,
    state: Mutex<State>,
}

impl Played {
    pub(in crate::engine) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    fn asked(&self, what: impl Into<String>) -> MutexGuard<'_, State> {
        let mut state = self.state();
        state.asked.push(what.into());
        state
    }
}

fn as_written(next: Next) -> Error {
    Error::new(next, "play", "as written")
}

impl Source for Played {
    fn provider(&self) -> Provider {
        self.provider
    }
    fn probe(&self) -> Vec<Capability> {
        drop(self.asked("probe"));
        vec![Capability { name: "people", state: CapabilityState::Works("7".into()) }]
    }
    fn people(&self, sink: &mut dyn FnMut(PeoplePage) -> Result<(), Error>) -> Result<(), Error> {
        let people = self.asked("people").people.clone();
        sink(people)
    }
    fn feed_now(&self) -> Result<Vec<FeedCursor>, Error> {
        let state = self.asked("feed_now");
        let feed = if self.provider == Provider::Box { "events" } else { "team_log" };
        let position = state.log.len().to_string().into();
        Ok(vec![FeedCursor { feed: feed.into(), read_as: Principal::Tenant, position }])
    }
    fn walks(&self, _: &Directory) -> Result<Walks, Error> {
        Ok(Walks { walks: self.asked("walks").walks.clone(), holes: Vec::new(), used_bytes: Some(9) })
    }
    fn page(&self, walk: &Walk, _: &Directory) -> Result<Page, Error> {
        let cursor = walk.cursor.as_deref().unwrap_or_default();
        let state = self.asked(format!("{} {cursor}", walk.id));
        let page = state.pages.get(&(walk.id.to_string(), cursor.to_owned()));
        page.unwrap_or_else(|| panic!("nobody foresaw {} at {cursor}", walk.id)).clone().map_err(as_written)
    }
    fn members(&self, of: &[Shared], _: &Directory) -> Result<Vec<Sharing>, Error> {
        Ok(vec![Sharing::default(); of.len()])
    }
    fn links(&self, of: &Person, sink: &mut dyn FnMut(Vec<FoundLink>) -> Result<(), Error>) -> Result<(), Error> {
        let links = self.asked(format!("links {}", of.id)).links.get(&*of.id).cloned().unwrap_or_default();
        sink(links)
    }
    fn open(&self, _: &Wanted) -> Result<Body, Error> {
        Err(as_written(Next::Gone))
    }
    fn changes(&self, cursor: &FeedCursor, _: Duration) -> Result<Changes, Error> {
        let mut state = self.asked(format!("changes {} {}", cursor.feed, cursor.position));
        if cursor.feed.starts_with("ns:") {
            let at = (cursor.feed.to_string(), cursor.position.to_string());
            let page = state.news.get(&at).unwrap_or_else(|| panic!("nobody foresaw {at:?}"));
            let page = page.clone().map_err(as_written)?;
            let (position, more) = match &page.onward {
                Onward::More(position) => (position.clone(), true),
                Onward::End(position) => (position.clone().unwrap_or_else(|| cursor.position.clone()), false),
            };
            let cursor = FeedCursor { position, ..cursor.clone() };
            return Ok(Changes { activities: Vec::new(), pages: vec![page], cursor, more, wait: None });
        }
        if let Some(next) = state.log_fails.take() {
            return Err(as_written(next));
        }
        let from: usize = cursor.position.parse().unwrap();
        let activities = state.log[from.min(state.log.len())..].to_vec();
        let cursor = FeedCursor { position: state.log.len().to_string().into(), ..cursor.clone() };
        Ok(Changes { activities, pages: Vec::new(), cursor, more: false, wait: None })
    }
    fn history(&self, from: Moment, to: Moment, at: Option<&str>) -> Result<History, Error> {
        let state = self.asked("history");
        let told = |activity: &&Activity| activity.at.is_some_and(|at| from <= at && at <= to);
        let all: Vec<Activity> = state.log.iter().filter(told).cloned().collect();
        // Two to a page.
        let first: usize = at.map_or(0, |at| at.parse().unwrap());
        let page = all.iter().skip(first).take(2).cloned().collect();
        let onward = (first + 2 < all.len()).then(|| (first + 2).to_string().into());
        Ok(History { activities: page, onward })
    }
    fn look(&self, _: &Glance, _: &Directory) -> Result<Item, Error> {
        Err(as_written(Next::Gone))
    }
    fn watch(&self, cursors: &[FeedCursor], _: Duration) -> Vec<Watched> {
        let state = self.state();
        let changed =
            |cursor: &FeedCursor| match state.news.get(&(cursor.feed.to_string(), cursor.position.to_string())) {
                Some(Err(next)) => Err(as_written(*next)),
                news => Ok(news.is_some()),
            };
        cursors.iter().enumerate().map(|(at, cursor)| Watched { at, changed: changed(cursor), wait: None }).collect()
    }
    fn delivery(&self, _: &Delivery<'_>) -> Delivered {
        Delivered::Repeat
    }
    fn repair_hooks(&self, _: &Directory, _: &url::Url) -> Result<u64, Error> {
        Ok(0)
    }
    fn hosts(&self) -> Vec<String> {
        Vec::new()
    }
}

/// A tenant, a store, and the service's core over them.
pub(in crate::engine) struct Scene {
    pub(in crate::engine) core: Core,
    pub(in crate::engine) played: Arc<Played>,
    folder: tempfile::TempDir,
}

impl Scene {
    pub(in crate::engine) fn new(provider: Provider) -> Self {
        let played = Arc::new(Played { provider, state: Mutex::default() });
        played.state().people = PeoplePage { people: vec![person("7", "ada@corp.example")], groups: Vec::new() };
        let folder = tempfile::tempdir().unwrap();
        let clock = Clock::movable();
        clock.advance(Duration::from_secs(30 * 86_400));
        let core = core(&folder, &clock, &played);
        Self { core, played, folder }
    }

    /// The same tenant and store after a restart of the program, its settings changed.
    pub(in crate::engine) fn restarted(self, change: impl FnOnce(&mut Tenant)) -> Self {
        let Self { core: before, played, folder } = self;
        let clock = before.clock.clone();
        drop(before);
        let mut core = core(&folder, &clock, &played);
        let tenant = Arc::get_mut(&mut core.tenants[0]).unwrap();
        change(tenant);
        Self { core, played, folder }
    }

    pub(in crate::engine) fn tenant(&self) -> &Tenant {
        &self.core.tenants[0]
    }

    /// What was asked of the tenant since the last time.
    pub(in crate::engine) fn asked(&self) -> Vec<String> {
        std::mem::take(&mut self.played.state().asked)
    }

    /// All jobs that may be leased, with their items' ids, done at once.
    pub(in crate::engine) fn drain(&self) -> Vec<(String, Lane, crate::model::Todo)> {
        let mut jobs = Vec::new();
        loop {
            let some = self.claim();
            if some.is_empty() {
                jobs.sort_by(|one: &(String, _, _), other| one.0.cmp(&other.0));
                return jobs;
            }
            for job in some {
                let mut settlement = Settlement::of(job.lease);
                settlement.version = job.known.item.version.clone();
                if job.todo.has(crate::model::Todo::CONTENT) {
                    settlement.outcome = Some(store::Outcome::Skipped(crate::model::Reason::NoText));
                }
                settlement.exposure =
                    Some(store::Judged { level: crate::model::Level::Private, known: true, until: None });
                assert_eq!(self.core.store.settle(settlement).unwrap(), Settled::Done);
                jobs.push((job.known.item.id.to_string(), job.lane, job.todo));
            }
        }
    }

    /// The one job that may be leased.
    pub(in crate::engine) fn claim_one(&self) -> Job {
        let mut jobs = self.claim();
        assert_eq!(jobs.len(), 1);
        jobs.remove(0)
    }

    fn claim(&self) -> Vec<Job> {
        let claim = Claim {
            owner: "test",
            connectors: &[self.tenant().number],
            max: 100,
            not_live_max: 100,
            per_principal_max: 100,
            busy: &[],
            lease: Duration::from_secs(60),
        };
        self.core.store.claim(&claim).unwrap()
    }
}

fn core(folder: &tempfile::TempDir, clock: &Clock, played: &Arc<Played>) -> Core {
    let options = sqlite::Options {
        path: folder.path().join("store.db"),
        seal: SealKey::new([7; 32]),
        clock: clock.clone(),
        shares: Shares::default(),
    };
    let store = Sqlite::open(options).unwrap();
    let name = "main".parse().unwrap();
    let number = store.connector(&name, played.provider).unwrap().number;
    let mut tenant = Tenant::new(number, name, Arc::clone(played) as Arc<dyn Source>);
    tenant.history_days = 0;
    let rules = store.rules_number(&[]).unwrap();
    let loaded = crate::rule::load(&crate::rule::Options { builtin: false, ..crate::rule::Options::default() });
    let matcher = Arc::new(Matcher::new(Arc::new(loaded.unwrap().rules)));
    let stop: Arc<AtomicBool> = Arc::default();
    let in_force = InForce { number: rules, matcher };
    let key = TokenKey::new([1; 32], 1);
    Core::new(Arc::new(store), vec![Arc::new(tenant)], Options::default(), clock.clone(), stop, key, in_force)
}

pub(in crate::engine) fn person(id: &str, login: &str) -> Person {
    Person {
        id: id.into(),
        account: id.into(),
        login: login.into(),
        name: "".into(),
        side: Side::Internal,
        role: Role::Member,
        status: Status::Active,
    }
}

pub(in crate::engine) fn group(id: &str, members: &[&str]) -> Group {
    Group { id: id.into(), name: id.into(), members: Some(members.iter().map(|id| (*id).into()).collect()) }
}

pub(in crate::engine) fn walk(id: &str) -> Walk {
    let place = id.split_once(':').map_or(id, |(_, place)| place);
    Walk {
        id: id.into(),
        place: place.into(),
        kind: "folder".into(),
        read_as: Principal::Person("7".into()),
        path: "".into(),
        cursor: None,
    }
}

/// `id=version`, or `id` with version 1, in a folder. Ids that begin with `d` are folders.
pub(in crate::engine) fn item(told: &str, parent: &str) -> Item {
    let (id, version) = told.split_once('=').unwrap_or((told, "1"));
    let folder = id.starts_with('d');
    Item {
        parent: Some(parent.into()),
        place: "7".into(),
        read_as: Principal::Person("7".into()),
        size_bytes: if folder { 0 } else { 10 },
        version: (!folder).then(|| version.into()),
        etag: Some(version.into()),
        ..Item::bare(if folder { ItemKind::Folder } else { ItemKind::File }, id, format!("{id}.txt"))
    }
}

/// An item of a namespace.
pub(in crate::engine) fn placed(told: &str, place: &str, path: &str) -> Item {
    let item = item(told, "");
    let name = path.rsplit('/').next().unwrap_or_default().into();
    Item { name, parent: None, path: Some(path.into()), place: place.into(), etag: None, ..item }
}

pub(in crate::engine) fn page(items: Vec<Item>, found: &[&str], onward: Onward) -> Page {
    let found = found.iter().map(|id| walk(id)).collect();
    Page { items, gone: Vec::new(), found, holes: Vec::new(), onward }
}

pub(in crate::engine) fn event(id: &str, kind: ActivityKind, what: ItemKind, item: &str, at: Moment) -> Activity {
    Activity {
        id: id.into(),
        at: Some(at),
        actor: Actor::Person { account: Some("7".into()), login: None },
        kind,
        raw: kind.name().into(),
        subjects: vec![Subject {
            id: Some(item.into()),
            kind: Some(what),
            name: Some("a name".into()),
            place: Some("d1".into()),
            version: None,
            owner: Some("7".into()),
        }],
        address: None,
    }
}
