//! A tenant of either provider on the emulator, and a connector to it: the only place that tells the providers apart.

use sluicebox::clock::Clock;
use sluicebox::emulator::seed::Fill;
use sluicebox::emulator::{self, Door, Faults, Pace, Running, Tenants, boxcom, dropbox};
use sluicebox::engine::listing::journal::{Journal, Sync};
use sluicebox::engine::listing::{self, Options};
use sluicebox::model::{Directory, Provider};
use sluicebox::provider::dropbox::auth;
use sluicebox::provider::govern::Governor;
use sluicebox::provider::http::{self, Http};
use sluicebox::provider::settings::{BoxAuth, BoxSettings, BoxSubject, Cloud, DropboxSettings, HookKeys, Limits};
use sluicebox::provider::vault::Kept;
use sluicebox::provider::{Secret, Settings, Source, registry};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use tempfile::TempDir;
use url::Url;

/// What the emulator lets a principal do: Box documents 1000 calls a minute. The client stays at ten a second.
const CALLS_PER_SECOND: f64 = 16.0;

/// A file that a full scan must list, as the tenant itself tells.
#[derive(Debug)]
pub(super) struct Must {
    pub(super) path: String,
    pub(super) hash: String,
    pub(super) size_bytes: u64,
    pub(super) trashed: bool,
    /// True when its own bytes can be read; others are exported, and only the export has this hash and size.
    pub(super) direct: bool,
    pub(super) level: &'static str,
    /// False when the company cannot see all facts.
    pub(super) known: bool,
}

/// A tenant, its doors and a folder.
pub(crate) struct Stage {
    pub(crate) provider: Provider,
    pub(crate) tenants: Tenants,
    pub(crate) running: Running,
    pub(crate) clock: Clock,
    pub(super) stop: Arc<AtomicBool>,
    pub(super) fill: Fill,
    pub(crate) folder: TempDir,
}

impl Stage {
    /// The small company behind an ordinary bad day.
    pub(super) fn new(provider: Provider, seed: u64) -> Self {
        Self::with(provider, seed, Fill::small(), Faults::light())
    }

    pub(crate) fn with(provider: Provider, seed: u64, fill: Fill, faults: Faults) -> Self {
        Self::over(provider, seed, fill, faults, false)
    }

    /// The same with TLS on all doors or without.
    pub(crate) fn over(provider: Provider, seed: u64, fill: Fill, faults: Faults, tls: bool) -> Self {
        let clock = Clock::movable();
        let tenants = Tenants::new(seed, &clock, &fill);
        let running = emulator::start(emulator::Options {
            seed,
            clock: clock.clone(),
            faults,
            pace: Pace { per_second: CALLS_PER_SECOND, burst: CALLS_PER_SECOND },
            clouds: tenants.clouds(),
            tls,
            ..emulator::Options::default()
        })
        .unwrap();
        http::install_tls();
        let folder = tempfile::tempdir().unwrap();
        Self { provider, tenants, running, clock, stop: Arc::default(), fill, folder }
    }

    fn url(&self, door: Door, path: &str) -> Url {
        Url::parse(&format!("{}{path}", self.running.address(door).unwrap())).unwrap()
    }

    /// The connector's settings: client credentials at Box, a team's refresh token at Dropbox.
    pub(crate) fn settings(&self) -> Settings {
        let cloud = match self.provider {
            Provider::Box => Cloud::Box(self.box_settings()),
            Provider::Dropbox => Cloud::Dropbox(self.dropbox_settings()),
        };
        Settings {
            name: "main".parse().unwrap(),
            cloud,
            internal_domains: self.domains(),
            limits: Limits::default(),
            proxy: None,
            authority: self.authority(),
            history_days: 7,
            trash: true,
            holds: true,
            patience: Default::default(),
        }
    }

    /// The file of the authority that signed for the doors, where they have TLS.
    fn authority(&self) -> Option<PathBuf> {
        let pem = self.running.authority_pem()?;
        let path = self.path("authority.pem");
        std::fs::write(&path, pem).unwrap();
        Some(path)
    }

    /// The same by an admin's own consent, the refresh token lying in the vault.
    pub(super) fn consented(&self) -> Settings {
        let mut settings = self.settings();
        if let Cloud::Box(cloud) = &mut settings.cloud {
            cloud.auth = BoxAuth::User {
                client_id: boxcom::CLIENT_ID.into(),
                client_secret: Secret::new(boxcom::CLIENT_SECRET),
                vault: self.vault(),
            };
        }
        match &settings.cloud {
            Cloud::Box(cloud) => {
                let code = Secret::new(&self.tenants.boxcom.authorize("ada").unwrap());
                let kept =
                    sluicebox::provider::boxcom::auth::exchange(cloud, &self.http(&settings), &code, None).unwrap();
                sluicebox::provider::boxcom::auth::vault(&settings, cloud).unwrap().put(&kept).unwrap();
            }
            Cloud::Dropbox(cloud) => self.fill_vault(&settings, cloud),
        }
        settings
    }

    fn fill_vault(&self, settings: &Settings, cloud: &DropboxSettings) {
        let refresh_token = Secret::new(&self.tenants.dropbox.keys().refresh_token);
        auth::vault(settings, cloud).put(&Kept { refresh_token, details: BTreeMap::new() }).unwrap();
    }

    /// Where a refresh token lies.
    pub(super) fn vault(&self) -> PathBuf {
        self.path("vault")
    }

    pub(crate) fn http(&self, settings: &Settings) -> Arc<Http> {
        Http::of(settings, http::Options::new(self.clock.clone(), Arc::clone(&self.stop))).unwrap()
    }

    /// A new connector with nothing remembered, as a new process has.
    pub(crate) fn connect(&self) -> Box<dyn Source> {
        let settings = self.settings();
        if let Cloud::Dropbox(cloud) = &settings.cloud {
            self.fill_vault(&settings, cloud);
        }
        self.open(&settings)
    }

    /// The same by these settings and what lies in their vault.
    pub(crate) fn open(&self, settings: &Settings) -> Box<dyn Source> {
        registry::open(settings, self.http(settings)).unwrap()
    }

    /// What acts in the tenant by these settings; the vault is filled.
    pub(crate) fn govern(&self, settings: &Settings) -> Box<dyn Governor> {
        if let Cloud::Dropbox(cloud) = &settings.cloud {
            self.fill_vault(settings, cloud);
        }
        registry::governor(settings, self.http(settings)).unwrap()
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
            hook_keys: self.hook_keys(),
        }
    }

    /// The settings without what notices are signed with.
    pub(super) fn without_hook_keys(&self) -> Settings {
        let mut settings = self.settings();
        match &mut settings.cloud {
            Cloud::Box(cloud) => cloud.hook_keys = HookKeys::default(),
            Cloud::Dropbox(cloud) => cloud.app_secret = None,
        }
        settings
    }

    /// The keys the tenant signs its notices with.
    fn hook_keys(&self) -> HookKeys {
        let [primary, secondary] = boxcom::keys::SIGNATURE_KEYS.map(|key| Some(Secret::new(key)));
        HookKeys { primary, secondary }
    }

    fn dropbox_settings(&self) -> DropboxSettings {
        let dropbox::Keys { app_key, app_secret, .. } = self.tenants.dropbox.keys();
        DropboxSettings {
            api: self.url(Door::DropboxApi, "/2/"),
            content: self.url(Door::DropboxContent, "/2/"),
            notify: self.url(Door::DropboxNotify, "/2/"),
            token: self.url(Door::DropboxApi, "/oauth2/token"),
            authorize: self.url(Door::DropboxApi, "/oauth2/authorize"),
            app_key,
            app_secret: Some(Secret::new(&app_secret)),
            vault: self.vault(),
            admin: None,
        }
    }

    /// Every file that a full scan must list, by id.
    pub(super) fn files(&self) -> BTreeMap<String, Must> {
        let (files, levels) = match self.provider {
            Provider::Box => {
                let tenant = &self.tenants.boxcom;
                let files = tenant.files().into_iter();
                let files = files.map(|file| (file.id, file.path, file.sha1, file.size, file.trashed, true));
                (files.collect::<Vec<_>>(), tenant.exposures())
            }
            Provider::Dropbox => {
                let tenant = &self.tenants.dropbox;
                let (files, deleted) = (tenant.files(), tenant.deleted());
                // Links and invitations end with what they led to; nothing that lies in a home is shared otherwise.
                let ended = deleted.iter().map(|file| (file.id.clone(), "private", true));
                let levels = tenant.exposures().into_iter().chain(ended).collect();
                let files = files.into_iter().chain(deleted);
                let files =
                    files.map(|file| (file.id, file.path, file.hash, file.size, file.trashed, file.downloadable));
                (files.collect(), levels)
            }
        };
        let count = files.len();
        let levels: BTreeMap<String, _> = levels.into_iter().map(|(id, level, known)| (id, (level, known))).collect();
        let must = files.into_iter().map(|(id, path, hash, size_bytes, trashed, direct)| {
            let (level, known) = levels[&id];
            (id, Must { path: path.join("/"), hash, size_bytes, trashed, direct, level, known })
        });
        let must: BTreeMap<_, _> = must.collect();
        assert_eq!((must.len(), levels.len()), (count, count), "each file once, with a level");
        must
    }

    /// Logins of everybody a list of people must bring.
    pub(super) fn logins(&self) -> Vec<String> {
        match self.provider {
            Provider::Box => self.tenants.boxcom.people(),
            Provider::Dropbox => self.tenants.dropbox.people(),
        }
    }

    /// What cannot be walked, and why.
    pub(super) fn holes(&self) -> Vec<(String, &'static str)> {
        match self.provider {
            Provider::Box => self.tenants.boxcom.holes(),
            Provider::Dropbox => self.tenants.dropbox.holes(),
        }
    }

    /// No short or empty pages from now on, and the least page calls that list everything then.
    pub(super) fn least_calls(&self) -> u64 {
        match self.provider {
            Provider::Box => {
                self.tenants.boxcom.set_odd_pages(0);
                self.tenants.boxcom.listing_calls()
            }
            Provider::Dropbox => {
                self.tenants.dropbox.set_odd_pages(false);
                self.tenants.dropbox.listing_calls()
            }
        }
    }

    pub(crate) fn domains(&self) -> Vec<String> {
        vec!["example.com".into()]
    }

    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(super) fn journal(&self, name: &str) -> Journal {
        Journal::open(&self.path(name), "main", Sync::Pages(64)).unwrap()
    }

    pub(super) fn options(&self, threads: usize) -> Options {
        Options { threads, ..Options::new(self.clock.clone(), Arc::clone(&self.stop)) }
    }

    pub(crate) fn people(&self, source: &dyn Source) -> Directory {
        listing::people(source, &self.domains(), &listing::Progress::default()).unwrap()
    }

    /// A listing to its end, without holes that no one foresaw.
    pub(super) fn list(&self, source: &dyn Source, journal: &mut Journal) -> listing::Listing {
        let people = self.people(source);
        let progress = listing::Progress::default();
        let listing = listing::list(source, &people, journal, &self.options(4), &progress, &mut ()).unwrap();
        assert_eq!(listing.ended, listing::Ended::Complete);
        listing
    }

    /// That the emulator found nothing to refuse: no request of ours was wrong, too early, or above a principal's rate.
    pub(crate) fn assert_behaved(&self) {
        let record = self.running.record();
        let shown = |requests: Vec<emulator::Recorded>| -> Vec<String> {
            let row =
                |request: &emulator::Recorded| format!("{} {} {:?}", request.kind(), request.status, request.refused);
            requests.iter().take(5).map(row).collect()
        };
        assert_eq!(shown(record.refused()), [""; 0], "refused");
        assert_eq!(shown(record.early()), [""; 0], "before Retry-After");
        assert_eq!(shown(record.over_pace()), [""; 0], "over the rate");
        for (principal, rate) in self.running.highest_rates() {
            assert!(rate <= CALLS_PER_SECOND, "{principal} made {rate} calls a second");
        }
    }
}
