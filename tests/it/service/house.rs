//! A house for the service: both emulated tenants, a store in a folder, and a core over them.

use super::oracle::Oracle;
use crate::harness::BADGE_RULES;
use serde_json::Value;
use sluicebox::clock::Clock;
use sluicebox::content::SpoolOptions;
use sluicebox::detect::{Matcher, TokenKey};
use sluicebox::emulator::seed::Fill;
use sluicebox::emulator::{self, Faults, Pace, Tenants};
use sluicebox::engine::core::{Bounds, Core, InForce, Options, Tenant};
use sluicebox::engine::judge::{self, Governing};
use sluicebox::engine::service::{Parts, Running, Service, Task};
use sluicebox::engine::{act, feed, passes, step};
use sluicebox::extract::cell::Cells;
use sluicebox::model::{Directory, Lane, Provider};
use sluicebox::policy::file::load_text;
use sluicebox::policy::{Known, Policies};
use sluicebox::provider::dropbox::auth;
use sluicebox::provider::govern::Patience;
use sluicebox::provider::http::{self, Http};
use sluicebox::provider::settings::{BoxAuth, BoxSettings, BoxSubject, Cloud, DropboxSettings, HookKeys, Limits};
use sluicebox::provider::vault::Kept;
use sluicebox::provider::{self, Next, Secret, Settings, registry};
use sluicebox::rule::{self, load};
use sluicebox::store::inventory::TakenPage;
use sluicebox::store::order::Shares;
use sluicebox::store::sqlite::{self, Sqlite};
use sluicebox::store::{Depth, DetectorKept, Entry, Listed, NewPlan, PeopleTaken, SealKey, Voter};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tempfile::TempDir;
use url::Url;

/// What the emulator lets a principal do; see the providers' stage.
const CALLS_PER_SECOND: f64 = 16.0;
/// Looks at a run before it counts as stuck, each of [`LOOK`].
const LOOKS_MAX: u32 = 60_000;
const LOOK: Duration = Duration::from_millis(10);

/// Where tenants are, and a folder for the store: all that a process needs to serve them.
#[derive(Clone, Debug)]
pub(crate) struct Site {
    /// What [`emulator::Keyring::json`] tells.
    keys: Value,
    folder: PathBuf,
    pub(crate) clock: Clock,
}

/// A site, and the emulated tenants behind it.
pub(crate) struct House {
    pub(crate) tenants: Tenants,
    pub(crate) running: emulator::Running,
    pub(crate) oracle: Oracle,
    pub(crate) site: Site,
    _folder: TempDir,
}

/// How a core is made different from the usual.
pub(crate) struct Ways {
    /// Connectors: name and provider.
    pub(crate) connectors: Vec<(&'static str, Provider)>,
    /// What each of them may read.
    pub(crate) bounds: Bounds,
    /// Options of the engine.
    pub(crate) options: Options,
    /// What the client allows itself.
    pub(crate) limits: Limits,
    /// How long the effect of an action's call is waited for.
    pub(crate) patience: Patience,
    /// Connectors to tenants of another site.
    pub(crate) elsewhere: Vec<(&'static str, Provider, Site)>,
}

impl Default for Ways {
    fn default() -> Self {
        // The movable clock jumps over waits; no lease shall end by that.
        let options = Options { lease: Duration::from_secs(1_000_000), backlog: false, ..Options::default() };
        Self {
            connectors: vec![("main", Provider::Box), ("team", Provider::Dropbox)],
            bounds: Bounds::default(),
            options,
            limits: Limits::default(),
            patience: Patience::default(),
            elsewhere: Vec::new(),
        }
    }
}

impl Ways {
    /// By the machine's clock, without a wait that a test need not sit out.
    pub(crate) fn quick() -> Self {
        let options = Options { feed_poll: Duration::from_millis(50), ..Options::default() };
        let limits = Limits { rate_per_principal: 500.0, ..Limits::default() };
        Self { options, limits, ..Self::default() }
    }
}

impl House {
    /// The small company on an ordinary bad day.
    pub(crate) fn new(seed: u64) -> Self {
        let pace = Pace { per_second: CALLS_PER_SECOND, burst: CALLS_PER_SECOND };
        Self::with(Clock::movable(), seed, Fill::small(), Faults::light(), pace)
    }

    pub(crate) fn with(clock: Clock, seed: u64, fill: Fill, faults: Faults, pace: Pace) -> Self {
        let tenants = Tenants::new(seed, &clock, &fill);
        let clouds = tenants.clouds();
        let options =
            emulator::Options { seed, clock: clock.clone(), faults, pace, clouds, ..emulator::Options::default() };
        let running = emulator::start(options).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let keys = emulator::Keyring::new(&tenants, &running).json();
        let site = Site::new(keys, folder.path().to_owned(), clock);
        let oracle = Oracle::new(&fill, &site.matcher(), &key());
        Self { tenants, running, oracle, site, _folder: folder }
    }
}

impl Site {
    fn new(keys: Value, folder: PathBuf, clock: Clock) -> Self {
        http::install_tls();
        Self { keys, folder, clock }
    }

    /// Where everything lies.
    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    /// The tests' own rules.
    fn matcher(&self) -> Arc<Matcher> {
        let path = self.folder.join("badge.toml");
        std::fs::write(&path, BADGE_RULES).unwrap();
        let options = load::Options { paths: vec![path], ..load::Options::default() };
        Arc::new(Matcher::new(Arc::new(load::load(&options).unwrap().rules)))
    }

    pub(crate) fn store(&self) -> Arc<Sqlite> {
        let options = sqlite::Options {
            path: self.folder.join("store.db"),
            seal: SealKey::new([7; 32]),
            clock: self.clock.clone(),
            shares: Shares::default(),
        };
        Arc::new(Sqlite::open(options).unwrap())
    }

    /// A core as a new process has it.
    pub(crate) fn core(&self, ways: Ways) -> Arc<Core> {
        let store = self.store();
        let stop: Arc<AtomicBool> = Arc::default();
        let mut tenants = Vec::new();
        let here = ways.connectors.into_iter().map(|(name, provider)| (name, provider, self.clone()));
        for (name, provider, site) in here.chain(ways.elsewhere) {
            let mut settings = site.settings(name, provider, ways.limits);
            settings.patience = ways.patience;
            let http = Http::of(&settings, http::Options::new(self.clock.clone(), Arc::clone(&stop))).unwrap();
            let source = Arc::from(registry::open(&settings, Arc::clone(&http)).unwrap());
            let governor = Arc::from(registry::governor(&settings, Arc::clone(&http)).unwrap());
            let name = name.parse().unwrap();
            let number = sluicebox::store::Connectors::connector(&*store, &name, provider).unwrap().number;
            let mut tenant = Tenant::new(number, name, source);
            tenant.governor = Some(governor);
            tenant.bounds = ways.bounds.clone();
            tenant.internal_domains = vec!["example.com".into()];
            tenant.limits = ways.limits;
            tenant.http = Some(http);
            tenants.push(Arc::new(tenant));
        }
        let matcher = self.matcher();
        let kept: Vec<DetectorKept> = detectors(&matcher);
        let number = sluicebox::store::Rules::rules_number(&*store, &kept).unwrap();
        sluicebox::store::Rules::put_in_force(&*store, number).unwrap();
        let in_force = InForce { number, matcher };
        let spool = SpoolOptions { folder: self.folder.clone(), ..SpoolOptions::default() };
        let options = Options { spool, scan_threads: 2, ..ways.options };
        Arc::new(Core::new(store, tenants, options, self.clock.clone(), stop, key(), in_force))
    }

    /// Lists a tenant from end to end, as the regular pass does; goes on where an earlier one was.
    pub(crate) fn list(&self, core: &Core, tenant: &Tenant) {
        let people = Arc::new(again(core, || people(tenant)));
        let (store, of) = (&core.store, tenant.number);
        store.keep_people(of, &PeopleTaken { directory: Directory::clone(&people) }).unwrap();
        tenant.set_directory(Arc::clone(&people));
        if store.cursors(of).unwrap().is_empty() {
            store.keep_cursors(of, &again(core, || tenant.source.feed_now())).unwrap();
        }
        store.begin_pass(of, &again(core, || tenant.source.walks(&people))).unwrap();
        while let Some(walk) = store.waiting_walks(of, &[], 1).unwrap().pop() {
            match tenant.source.page(&walk, &people) {
                Ok(page) => {
                    step::passed("cursor.before");
                    store.take_page(of, &walk, taken(page), Lane::Backlog).unwrap();
                    step::passed("cursor.after");
                }
                Err(error) if matches!(error.next(), Next::Reset(_)) => store.restart_walk(of, &walk).unwrap(),
                Err(error) => wait(core, &error),
            }
        }
        store.end_pass(of).unwrap();
    }

    /// Lists all tenants.
    pub(crate) fn list_all(&self, core: &Core) {
        core.tenants.iter().for_each(|tenant| self.list(core, tenant));
    }

    fn settings(&self, name: &str, provider: Provider, limits: Limits) -> Settings {
        let cloud = match provider {
            Provider::Box => Cloud::Box(self.box_settings()),
            Provider::Dropbox => Cloud::Dropbox(self.dropbox_settings(name)),
        };
        let settings = Settings {
            name: name.parse().unwrap(),
            cloud,
            internal_domains: vec!["example.com".into()],
            limits,
            proxy: None,
            authority: None,
            history_days: 7,
            trash: true,
            holds: true,
            patience: Default::default(),
        };
        if let Cloud::Dropbox(cloud) = &settings.cloud {
            let refresh_token = Secret::new(self.key("dropbox", "refresh_token"));
            auth::vault(&settings, cloud).put(&Kept { refresh_token, details: BTreeMap::new() }).unwrap();
        }
        settings
    }

    fn key(&self, provider: &str, name: &str) -> &str {
        self.keys[provider][name].as_str().unwrap_or_else(|| panic!("no {provider}.{name}"))
    }

    fn url(&self, provider: &str, name: &str) -> Url {
        Url::parse(self.key(provider, name)).unwrap()
    }

    fn box_settings(&self) -> BoxSettings {
        BoxSettings {
            api: self.url("box", "api"),
            upload: self.url("box", "upload"),
            token: self.url("box", "token"),
            authorize: self.url("box", "authorize"),
            download_hosts: vec![self.key("box", "download_host").to_owned()],
            auth: BoxAuth::ClientCredentials {
                client_id: self.key("box", "client_id").to_owned(),
                client_secret: Secret::new(self.key("box", "client_secret")),
                subject: BoxSubject::Enterprise(self.key("box", "enterprise_id").to_owned()),
            },
            hook_keys: HookKeys::default(),
        }
    }

    fn dropbox_settings(&self, name: &str) -> DropboxSettings {
        DropboxSettings {
            api: self.url("dropbox", "api"),
            content: self.url("dropbox", "content"),
            notify: self.url("dropbox", "notify"),
            token: self.url("dropbox", "token"),
            authorize: self.url("dropbox", "authorize"),
            app_key: self.key("dropbox", "app_key").to_owned(),
            app_secret: Some(Secret::new(self.key("dropbox", "app_secret"))),
            vault: self.folder.join(format!("{name}.vault")),
            admin: None,
        }
    }
}

fn detectors(matcher: &Matcher) -> Vec<DetectorKept> {
    let key = key();
    let profiles = rule::profile::Profile::all(matcher.rules(), &|text| key.token(text).to_string());
    let kept = |profile: rule::profile::Profile| DetectorKept {
        id: profile.id.as_str().into(),
        hash: hash(&profile.hash),
        profile: profile.to_json().into(),
    };
    profiles.into_iter().map(kept).collect()
}

fn hash(digits: &str) -> [u8; 32] {
    match sluicebox::model::ContentHash::parse(digits) {
        Some(sluicebox::model::ContentHash::Blocks(bytes)) => bytes,
        _ => panic!("64 digits"),
    }
}

fn people(tenant: &Tenant) -> Result<Directory, provider::Error> {
    let mut people = Directory::new(["example.com".to_owned()]);
    tenant.source.people(&mut |page| {
        page.people.into_iter().for_each(|person| people.add(person));
        page.groups.into_iter().for_each(|group| people.add_group(group));
        Ok(())
    })?;
    Ok(people)
}

fn taken(page: provider::Page) -> TakenPage {
    let listed = |item| Listed { item, shown: None };
    TakenPage {
        items: page.items.into_iter().map(listed).collect(),
        gone: page.gone,
        found: page.found,
        holes: page.holes,
        onward: page.onward,
        asks: Vec::new(),
        offered: None,
    }
}

/// Calls until it goes well.
fn again<T>(core: &Core, call: impl Fn() -> Result<T, provider::Error>) -> T {
    loop {
        match call() {
            Ok(told) => return told,
            Err(error) => wait(core, &error),
        }
    }
}

/// Waits as the provider says; only what passes is waited for.
fn wait(core: &Core, error: &provider::Error) {
    let span = match error.next() {
        Next::Throttled(until) => until.since(core.clock.now()),
        Next::Transient => Duration::from_secs(1),
        _ => panic!("{error}"),
    };
    core.clock.wait(span, &core.stop);
}

/// The key of tokens.
pub(crate) const KEY_BYTES: [u8; 32] = [3; 32];

pub(crate) fn key() -> TokenKey {
    TokenKey::new(KEY_BYTES, 1)
}

/// Puts the policies of a text in force, approved in the store as `policy approve` does.
pub(crate) fn govern(core: &Core, text: &str) {
    let loaded = load_text("test.toml", text, &Known::default());
    let all = loaded.unwrap_or_else(|errors| panic!("{errors:#?}")).policies;
    let entry = Entry { actor: "test".into(), act: "test".into(), about: String::new(), details: "{}".into() };
    let voters: Vec<Voter> = all.iter().map(|one| Voter { policy: Arc::clone(&one.name), hash: one.hash }).collect();
    let plan = NewPlan {
        hash: [1; 32],
        body: "{}".into(),
        by: "test".into(),
        kind: "plan".into(),
        items: 0,
        policies: voters.clone(),
        approvals: 0,
    };
    let plan = core.store.add_plan(&plan, &entry).unwrap();
    voters.iter().for_each(|voter| core.store.approve_policy(voter, plan, "test", &entry).unwrap());
    core.govern(Governing::new(Policies::new(all, Vec::new()), Vec::new()));
    judge::refresh(core).unwrap();
}

/// Starts the stages with passes and feeds.
pub(crate) fn start_whole(core: &Arc<Core>) -> Running {
    start_with(core, Parts { tasks: watching(), ..Parts::new(Cells::in_process()) })
}

/// Starts the stages with passes, feeds, and the threads that act.
pub(crate) fn start_acting(core: &Arc<Core>) -> Running {
    let mut tasks = watching();
    tasks.extend(act::tasks(act::Options::default()));
    start_with(core, Parts { tasks, ..Parts::new(Cells::in_process()) })
}

fn watching() -> Vec<Task> {
    let task = |name: &str, run: fn(&Core) -> Result<(), sluicebox::store::Error>| Task {
        name: name.into(),
        run: Box::new(run),
    };
    vec![task("passes", passes::run), task("feeds", feed::run)]
}

/// Waits until something is so.
pub(crate) fn until(what: &str, running: &Running, is_so: impl FnMut() -> bool) {
    until_or(what, running, is_so, String::new);
}

/// The same, and tells more when it never comes.
pub(crate) fn until_or(what: &str, running: &Running, mut is_so: impl FnMut() -> bool, more: impl Fn() -> String) {
    for _ in 0..LOOKS_MAX {
        if is_so() {
            return;
        }
        if let Some(error) = running.failed(LOOK) {
            panic!("{error}");
        }
    }
    panic!("never: {what}; {:?} {}", running.status(), more());
}

/// Starts the stages alone: what is to be done was asked for already.
pub(crate) fn start(core: &Arc<Core>) -> Running {
    start_with(core, Parts::new(Cells::in_process()))
}

/// The same, put together otherwise.
pub(crate) fn start_with(core: &Arc<Core>, parts: Parts) -> Running {
    Service::start(core, parts).unwrap()
}

/// Waits until no job waits or is in hand.
pub(crate) fn idle(core: &Core, running: &Running) {
    for _ in 0..LOOKS_MAX {
        let open: u64 = core.store.depth().unwrap().iter().map(open_jobs).sum();
        if open == 0 && running.status().in_hand == 0 {
            return;
        }
        if let Some(error) = running.failed(LOOK) {
            panic!("{error}");
        }
    }
    panic!("stuck: {:?}\n{:?}", running.status(), core.store.depth());
}

fn open_jobs(depth: &Depth) -> u64 {
    depth.ready + depth.delayed + depth.leased
}

/// Runs the stages until nothing is left to do.
pub(crate) fn work_off(core: &Arc<Core>) {
    work_off_with(core, Parts::new(Cells::in_process()));
}

/// The same, put together otherwise.
pub(crate) fn work_off_with(core: &Arc<Core>, parts: Parts) {
    let running = start_with(core, parts);
    idle(core, &running);
    running.stop().unwrap();
    core.stop.store(false, Ordering::Relaxed);
}
