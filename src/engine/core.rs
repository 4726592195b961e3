//! What all stages of the service share: the store, the tenants, the rules in force, time, and the stop flag.

use super::facts::tags_of;
use super::feed::Memo;
use super::judge::Governing;
use super::reach::Reach;
use super::stats::Stats;
use super::tell;
use super::turns::Turns;
use crate::clock::Clock;
use crate::content::{Limits, SpoolOptions};
use crate::detect::{Matcher, TokenKey};
use crate::model::{ConnectorName, ConnectorNumber, Directory, Provider};
use crate::policy::Tags;
use crate::provider::Source;
use crate::provider::govern::Governor;
use crate::provider::http::Http;
use crate::provider::settings::Limits as CallLimits;
use crate::store::{RulesNumber, Store};
use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

/// How the service runs.
#[derive(Clone, Debug)]
pub struct Options {
    /// Threads that fetch. Default 16.
    pub fetch_threads: usize,
    /// Threads that scan. Default: one for each core.
    pub scan_threads: usize,
    /// Bytes of contents between fetch and settle, spool files not counted. Default 64 MiB.
    pub bytes_in_flight_max: u64,
    /// Contents between fetch and settle that only live jobs may fill. Default 4.
    pub live_slots: usize,
    /// How long a lease holds before it must be renewed. Default 120 s.
    pub lease: Duration,
    /// Failed attempts after which a job is parked. Default 6.
    pub attempts_max: u32,
    /// From the beginning of a pass to the beginning of the next. Default 12 h.
    pub rescan_every: Duration,
    /// Between two looks at a feed that cannot wait by itself. Default 5 s.
    pub feed_poll: Duration,
    /// Whether a verdict serves another item of the same content by the provider's hash. Default true.
    pub reuse_across_items: bool,
    /// Contents larger than this are `skipped: too_large`. Default 16 GiB.
    pub file_bytes_max: u64,
    /// Where large contents go.
    pub spool: SpoolOptions,
    /// Bounds of one inspection.
    pub limits: Limits,
    /// True when passes begin by themselves; false leaves them to `backlog start`.
    pub backlog: bool,
    /// Who is told what.
    pub tell: tell::Options,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            fetch_threads: 16,
            scan_threads: std::thread::available_parallelism().map_or(2, std::num::NonZero::get),
            bytes_in_flight_max: 64 << 20,
            live_slots: 4,
            lease: Duration::from_secs(120),
            attempts_max: 6,
            rescan_every: Duration::from_secs(12 * 3_600),
            feed_poll: Duration::from_secs(5),
            reuse_across_items: true,
            file_bytes_max: 16 << 30,
            spool: SpoolOptions::default(),
            limits: Limits::default(),
            backlog: true,
            tell: tell::Options::default(),
        }
    }
}

/// What of a tenant is read at all. Owners by login or account, groups by name or id, folders by id or path; upper and lower
/// case alike.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Bounds {
    /// Never read: `skipped: never_read`, before any content call.
    pub never_read: Named,
    /// When any of these is named, only what they name is read; the rest is `skipped: not_needed`.
    pub pilot: Named,
}

/// Owners, groups and folders that a setting names.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Named {
    /// Owners.
    pub owners: Vec<String>,
    /// Groups: their members as owners.
    pub groups: Vec<String>,
    /// Folders with everything below.
    pub folders: Vec<String>,
}

/// A connected tenant while the service runs.
pub struct Tenant {
    /// Its number in the store.
    pub number: ConnectorNumber,
    /// Its name.
    pub name: ConnectorName,
    /// Its provider.
    pub provider: Provider,
    /// How it is read.
    pub source: Arc<dyn Source>,
    /// How it is acted in; `None` while nothing may be done there.
    pub governor: Option<Arc<dyn Governor>>,
    /// What of it is read.
    pub bounds: Bounds,
    /// Domains that count as internal beside its own people's.
    pub internal_domains: Vec<String>,
    /// Days of past activity to take in on connect.
    pub history_days: u32,
    /// False while it is switched off: nothing is asked of it.
    pub enabled: AtomicBool,
    /// Raised by a webhook's hint, so that the feeds are looked at now.
    pub hinted: AtomicBool,
    /// The client of its calls, for what it counts (budget used, time throttled); `None` where there is none (tests).
    pub http: Option<Arc<Http>>,
    /// Limits of its calls.
    pub limits: CallLimits,
    /// True while its backlog is paused: only live jobs are leased.
    pub paused: AtomicBool,
    /// What is being read of it, so that no two readers move one position.
    pub turns: Turns,
    /// What the feed remembers of it.
    pub feed: Memo,
    known: RwLock<People>,
}

/// Who is in a tenant, and what the settings make of that.
#[derive(Debug, Default)]
struct People {
    directory: Arc<Directory>,
    reach: Arc<Reach>,
}

impl Tenant {
    /// A tenant with nobody in its directory yet.
    #[must_use]
    pub fn new(number: ConnectorNumber, name: ConnectorName, source: Arc<dyn Source>) -> Self {
        Self {
            number,
            name,
            provider: source.provider(),
            source,
            governor: None,
            bounds: Bounds::default(),
            internal_domains: Vec::new(),
            history_days: 7,
            enabled: AtomicBool::new(true),
            hinted: AtomicBool::new(false),
            http: None,
            limits: CallLimits::default(),
            paused: AtomicBool::new(false),
            turns: Turns::default(),
            feed: Memo::default(),
            known: RwLock::default(),
        }
    }

    /// Everybody, as last listed.
    #[must_use]
    pub fn directory(&self) -> Arc<Directory> {
        Arc::clone(&self.known.read().unwrap_or_else(PoisonError::into_inner).directory)
    }

    /// What of it is read, as its bounds and its directory say. Asked before any content call.
    #[must_use]
    pub fn reach(&self) -> Arc<Reach> {
        Arc::clone(&self.known.read().unwrap_or_else(PoisonError::into_inner).reach)
    }

    /// Another list of everybody from now on.
    pub fn set_directory(&self, directory: Arc<Directory>) {
        let reach = Arc::new(Reach::of(&self.bounds, &directory));
        *self.known.write().unwrap_or_else(PoisonError::into_inner) = People { directory, reach };
    }

    /// Whether anything may be asked of it.
    #[must_use]
    pub fn is_enabled(&self) -> bool {
        self.enabled.load(Ordering::Relaxed)
    }
}

impl fmt::Debug for Tenant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tenant").field("number", &self.number).field("name", &self.name).finish_non_exhaustive()
    }
}

/// The rules that contents are read with.
#[derive(Clone, Debug)]
pub struct InForce {
    /// Their number in the store.
    pub number: RulesNumber,
    /// The compiled program.
    pub matcher: Arc<Matcher>,
}

/// Shared by all stages.
#[derive(Debug)]
pub struct Core {
    /// Memory.
    pub store: Arc<dyn Store>,
    /// The tenants.
    pub tenants: Vec<Arc<Tenant>>,
    /// How it runs.
    pub options: Options,
    /// Time.
    pub clock: Clock,
    /// Raised when the service should end in good order.
    pub stop: Arc<AtomicBool>,
    /// The key of tokens.
    pub key: TokenKey,
    /// What the stages count.
    pub stats: Arc<Stats>,
    in_force: RwLock<InForce>,
    tags: RwLock<Arc<Tags>>,
    governing: RwLock<Arc<Governing>>,
}

impl Core {
    /// A core over all this.
    #[must_use]
    pub fn new(
        store: Arc<dyn Store>,
        tenants: Vec<Arc<Tenant>>,
        options: Options,
        clock: Clock,
        stop: Arc<AtomicBool>,
        key: TokenKey,
        in_force: InForce,
    ) -> Self {
        let stats = Arc::new(Stats::new(tenants.iter().map(|tenant| (tenant.number, tenant.name.clone()))));
        Self {
            store,
            tenants,
            options,
            clock,
            stop,
            key,
            stats,
            tags: RwLock::new(Arc::new(tags_of(in_force.matcher.rules()))),
            in_force: RwLock::new(in_force),
            governing: RwLock::default(),
        }
    }

    /// The rules in force.
    #[must_use]
    pub fn in_force(&self) -> InForce {
        self.in_force.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Other rules from now on.
    pub fn put_in_force(&self, rules: InForce) {
        *self.tags.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(tags_of(rules.matcher.rules()));
        *self.in_force.write().unwrap_or_else(PoisonError::into_inner) = rules;
    }

    /// Tags of the detectors in force.
    #[must_use]
    pub fn tags(&self) -> Arc<Tags> {
        Arc::clone(&self.tags.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// What items are judged by.
    #[must_use]
    pub fn governing(&self) -> Arc<Governing> {
        Arc::clone(&self.governing.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Other policies, approvals or exceptions from now on.
    pub fn govern(&self, by: Governing) {
        *self.governing.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(by);
    }

    /// The tenant of that number.
    #[must_use]
    pub fn tenant(&self, number: ConnectorNumber) -> Option<&Arc<Tenant>> {
        self.tenants.iter().find(|tenant| tenant.number == number)
    }

    /// True when the service should end.
    #[must_use]
    pub fn stopped(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }
}
