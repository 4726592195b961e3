//! A house for the service: both emulated tenants, a store in a folder, and a core over them.

use super::oracle::Oracle;
use crate::harness::BADGE_RULES;
use sluicebox::clock::Clock;
use sluicebox::content::SpoolOptions;
use sluicebox::detect::{Matcher, TokenKey};
use sluicebox::emulator::seed::Fill;
use sluicebox::emulator::{self, Door, Faults, Pace, Tenants, boxcom, dropbox};
use sluicebox::engine::core::{Bounds, Core, InForce, Options, Tenant};
use sluicebox::engine::service::{Parts, Running, Service};
use sluicebox::model::{Directory, Lane, Provider};
use sluicebox::provider::dropbox::auth;
use sluicebox::provider::http::{self, Http};
use sluicebox::provider::settings::{BoxAuth, BoxSettings, BoxSubject, Cloud, DropboxSettings, HookKeys, Limits};
use sluicebox::provider::vault::Kept;
use sluicebox::provider::{Next, Secret, Settings, registry};
use sluicebox::rule::{self, load};
use sluicebox::store::inventory::TakenPage;
use sluicebox::store::order::Shares;
use sluicebox::store::sqlite::{self, Sqlite};
use sluicebox::store::{Depth, DetectorKept, Listed, PeopleTaken, SealKey};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tempfile::TempDir;
use url::Url;

/// What the emulator lets a principal do; see the providers' stage.
const CALLS_PER_SECOND: f64 = 16.0;
/// Looks at a run before it counts as stuck, each of [`LOOK`].
const LOOKS_MAX: u32 = 12_000;
const LOOK: Duration = Duration::from_millis(10);

/// Everything but the service itself.
pub(super) struct House {
    pub(super) tenants: Tenants,
    pub(super) running: emulator::Running,
    pub(super) clock: Clock,
    pub(super) folder: TempDir,
    pub(super) oracle: Oracle,
    matcher: Arc<Matcher>,
}

/// How a core is made different from the usual.
pub(super) struct Ways {
    /// Connectors: name and provider.
    pub(super) connectors: Vec<(&'static str, Provider)>,
    /// What each of them may read.
    pub(super) bounds: Bounds,
    /// Options of the engine.
    pub(super) options: Options,
}

impl Default for Ways {
    fn default() -> Self {
        // The movable clock jumps over waits; no lease shall end by that.
        let options = Options { lease: Duration::from_secs(1_000_000), backlog: false, ..Options::default() };
        Self {
            connectors: vec![("main", Provider::Box), ("team", Provider::Dropbox)],
            bounds: Bounds::default(),
            options,
        }
    }
}

impl House {
    /// The small company on an ordinary bad day.
    pub(super) fn new(seed: u64) -> Self {
        Self::with(seed, Fill::small(), Faults::light())
    }

    pub(super) fn with(seed: u64, fill: Fill, faults: Faults) -> Self {
        let clock = Clock::movable();
        let tenants = Tenants::new(seed, &clock, &fill);
        let running = emulator::start(emulator::Options {
            seed,
            clock: clock.clone(),
            faults,
            pace: Pace { per_second: CALLS_PER_SECOND, burst: CALLS_PER_SECOND },
            clouds: tenants.clouds(),
            ..emulator::Options::default()
        })
        .unwrap();
        http::install_tls();
        let folder = tempfile::tempdir().unwrap();
        let matcher = matcher(&folder);
        let oracle = Oracle::new(&fill, &matcher, &key());
        Self { tenants, running, clock, folder, oracle, matcher }
    }

    pub(super) fn store(&self) -> Arc<Sqlite> {
        let options = sqlite::Options {
            path: self.folder.path().join("store.db"),
            seal: SealKey::new([7; 32]),
            clock: self.clock.clone(),
            shares: Shares::default(),
        };
        Arc::new(Sqlite::open(options).unwrap())
    }

    /// A core as a new process has it.
    pub(super) fn core(&self, ways: Ways) -> Arc<Core> {
        let store = self.store();
        let stop: Arc<AtomicBool> = Arc::default();
        let mut tenants = Vec::new();
        for (name, provider) in ways.connectors {
            let settings = self.settings(name, provider);
            let http = Http::of(&settings, http::Options::new(self.clock.clone(), Arc::clone(&stop))).unwrap();
            let source = Arc::from(registry::open(&settings, http).unwrap());
            let name = name.parse().unwrap();
            let number = sluicebox::store::Connectors::connector(&*store, &name, provider).unwrap().number;
            let mut tenant = Tenant::new(number, name, source);
            tenant.bounds = ways.bounds.clone();
            tenants.push(Arc::new(tenant));
        }
        let kept: Vec<DetectorKept> = detectors(&self.matcher);
        let number = sluicebox::store::Rules::rules_number(&*store, &kept).unwrap();
        sluicebox::store::Rules::put_in_force(&*store, number).unwrap();
        let in_force = InForce { number, matcher: Arc::clone(&self.matcher) };
        let spool = SpoolOptions { folder: self.folder.path().to_owned(), ..SpoolOptions::default() };
        let options = Options { spool, scan_threads: 2, ..ways.options };
        Arc::new(Core::new(store, tenants, options, self.clock.clone(), stop, key(), in_force))
    }

    /// Lists a tenant from end to end, as the first pass does.
    pub(super) fn list(&self, core: &Core, tenant: &Tenant) {
        let mut people = Directory::new(["example.com".to_owned()]);
        tenant
            .source
            .people(&mut |page| {
                page.people.into_iter().for_each(|person| people.add(person));
                page.groups.into_iter().for_each(|group| people.add_group(group));
                Ok(())
            })
            .unwrap();
        let store = &core.store;
        store.keep_people(tenant.number, &PeopleTaken { directory: people.clone() }).unwrap();
        let people = Arc::new(people);
        tenant.set_directory(Arc::clone(&people));
        store.keep_cursors(tenant.number, &tenant.source.feed_now().unwrap()).unwrap();
        store.begin_pass(tenant.number, &tenant.source.walks(&people).unwrap()).unwrap();
        while let Some(walk) = store.waiting_walks(tenant.number, &[], 1).unwrap().pop() {
            match tenant.source.page(&walk, &people) {
                Ok(page) => {
                    let listed = |item| Listed { item, shown: None };
                    let taken = TakenPage {
                        items: page.items.into_iter().map(listed).collect(),
                        gone: page.gone,
                        found: page.found,
                        holes: page.holes,
                        onward: page.onward,
                        asks: Vec::new(),
                        offered: None,
                    };
                    store.take_page(tenant.number, &walk, taken, Lane::Backlog).unwrap();
                }
                Err(error) if matches!(error.next(), Next::Reset(_)) => {
                    store.restart_walk(tenant.number, &walk).unwrap();
                }
                Err(error) => {
                    let Next::Throttled(until) = error.next() else { panic!("{error}") };
                    core.clock.wait(until.since(core.clock.now()), &core.stop);
                }
            }
        }
        store.end_pass(tenant.number).unwrap();
    }

    /// Lists all tenants.
    pub(super) fn list_all(&self, core: &Core) {
        core.tenants.iter().for_each(|tenant| self.list(core, tenant));
    }

    fn settings(&self, name: &str, provider: Provider) -> Settings {
        let cloud = match provider {
            Provider::Box => Cloud::Box(self.box_settings()),
            Provider::Dropbox => Cloud::Dropbox(self.dropbox_settings(name)),
        };
        let settings = Settings {
            name: name.parse().unwrap(),
            cloud,
            internal_domains: vec!["example.com".into()],
            limits: Limits::default(),
            proxy: None,
            authority: None,
            history_days: 7,
            trash: true,
        };
        if let Cloud::Dropbox(cloud) = &settings.cloud {
            let refresh_token = Secret::new(&self.tenants.dropbox.keys().refresh_token);
            auth::vault(&settings, cloud).put(&Kept { refresh_token, details: BTreeMap::new() }).unwrap();
        }
        settings
    }

    fn url(&self, door: Door, path: &str) -> Url {
        Url::parse(&format!("{}{path}", self.running.address(door).unwrap())).unwrap()
    }

    fn box_settings(&self) -> BoxSettings {
        let download = self.url(Door::BoxDownload, "/");
        BoxSettings {
            api: self.url(Door::BoxApi, "/2.0/"),
            upload: self.url(Door::BoxUpload, "/api/2.0/"),
            token: self.url(Door::BoxApi, "/oauth2/token"),
            authorize: self.url(Door::BoxApi, "/api/oauth2/authorize"),
            download_hosts: vec![format!("127.0.0.1:{}", download.port().unwrap())],
            auth: BoxAuth::ClientCredentials {
                client_id: boxcom::CLIENT_ID.into(),
                client_secret: Secret::new(boxcom::CLIENT_SECRET),
                subject: BoxSubject::Enterprise(boxcom::ENTERPRISE_ID.into()),
            },
            hook_keys: HookKeys::default(),
        }
    }

    fn dropbox_settings(&self, name: &str) -> DropboxSettings {
        let dropbox::Keys { app_key, app_secret, .. } = self.tenants.dropbox.keys();
        DropboxSettings {
            api: self.url(Door::DropboxApi, "/2/"),
            content: self.url(Door::DropboxContent, "/2/"),
            notify: self.url(Door::DropboxNotify, "/2/"),
            token: self.url(Door::DropboxApi, "/oauth2/token"),
            authorize: self.url(Door::DropboxApi, "/oauth2/authorize"),
            app_key,
            app_secret: Some(Secret::new(&app_secret)),
            vault: self.folder.path().join(format!("{name}.vault")),
            admin: None,
        }
    }
}

/// The tests' own rules.
fn matcher(folder: &TempDir) -> Arc<Matcher> {
    let path = folder.path().join("rules.toml");
    std::fs::write(&path, BADGE_RULES).unwrap();
    let options = load::Options { paths: vec![path], ..load::Options::default() };
    Arc::new(Matcher::new(Arc::new(load::load(&options).unwrap().rules)))
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

pub(super) fn key() -> TokenKey {
    TokenKey::new([3; 32], 1)
}

/// Starts the stages alone: what is to be done was asked for already.
pub(super) fn start(core: &Arc<Core>) -> Running {
    Service::start(core, Parts::default()).unwrap()
}

/// Waits until no job waits or is in hand.
pub(super) fn idle(core: &Core, running: &Running) {
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
pub(super) fn work_off(core: &Arc<Core>) {
    let running = start(core);
    idle(core, &running);
    running.stop().unwrap();
    core.stop.store(false, Ordering::Relaxed);
}
