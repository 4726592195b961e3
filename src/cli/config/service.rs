//! What the file says of the running service: the tables `[service]`, `[retention]` and `[rules]`.
//!
//! Each number has a range here, so that no other room has to ask whether a setting makes sense. What a missing key means is
//! written twice on purpose, here as a value and in `keys` as the guide's words; a test holds both together.

use super::error::ConfigError;
use super::keys::{RETENTION, RULES, SERVICE};
use super::source::Source;
use super::table::Table;
use crate::cli::shown;
use crate::content::SpoolOptions;
use crate::engine::act;
use crate::engine::core::Options;
use crate::model::Lane;
use crate::store::order::Shares;
use std::net::SocketAddr;
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};
use std::time::Duration;
use toml::de::DeTable;
use url::Url;

/// How often everything may be walked again.
const RESCAN: RangeInclusive<Duration> = Duration::from_secs(60)..=Duration::from_secs(366 * 86_400);
/// Days of retention at most: a hundred years.
const DAYS_MAX: u64 = 36_525;
/// Percent of leases that one lane may have for certain.
const SHARE_MAX: u64 = 30;
/// The lanes whose share is a setting, with its key; what they leave is live's.
const LANES: [(Lane, &str); 3] =
    [(Lane::Asked, "asked_share"), (Lane::Backlog, "backlog_share"), (Lane::Recheck, "recheck_share")];

/// The table `[service]`, with defaults filled in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::cli) struct Service {
    /// Where the store, the lock and the socket are.
    pub(in crate::cli) data_dir: PathBuf,
    /// From the beginning of one regular pass to the next.
    pub(in crate::cli) rescan_every: Duration,
    /// Between two questions to a feed that cannot wait by itself.
    pub(in crate::cli) feed_poll: Duration,
    /// Threads that wait for providers.
    pub(in crate::cli) fetch_threads: usize,
    /// Threads that inspect; `None` is one for each core.
    pub(in crate::cli) scan_threads: Option<usize>,
    /// Fetch threads that only live work may use.
    pub(in crate::cli) live_slots: usize,
    /// Bytes of contents in memory at the same time.
    pub(in crate::cli) bytes_in_flight_max: u64,
    /// Bytes of contents on disk at the same time.
    pub(in crate::cli) spool_bytes_max: u64,
    /// Contents larger than this are `skipped: too_large`.
    pub(in crate::cli) file_bytes_max: u64,
    /// Where large contents lie while they are scanned.
    pub(in crate::cli) spool_dir: PathBuf,
    /// How long a job may be held without a sign of life.
    pub(in crate::cli) lease: Duration,
    /// Tries of one job before it is parked.
    pub(in crate::cli) attempts_max: u32,
    /// How actions are carried out.
    pub(in crate::cli) act: act::Options,
    /// Percent of leases that are certain for `asked`, `backlog`, `recheck`.
    pub(in crate::cli) shares: [u8; 3],
    /// Whether identical content of another item spares a download.
    pub(in crate::cli) reuse_across_items: bool,
    /// The key of tokens; `None` is the user's own.
    pub(in crate::cli) token_key_file: Option<PathBuf>,
    /// Where health, numbers and webhooks are served; `None` opens no port.
    pub(in crate::cli) http: Option<SocketAddr>,
    /// The file with the bearer token that health and numbers demand.
    pub(in crate::cli) http_credential_file: Option<PathBuf>,
    /// The address under which providers reach `http`, for webhooks.
    pub(in crate::cli) public_address: Option<Url>,
    /// How logs look.
    pub(in crate::cli) log: LogForm,
    /// What is logged: `error`, `warn`, `info`, `debug`, `trace` or `off`.
    pub(in crate::cli) log_level: &'static str,
    /// The file logs are appended to; `None` is standard error.
    pub(in crate::cli) log_file: Option<PathBuf>,
    /// The service stops taking work in when less is free on its disk.
    pub(in crate::cli) disk_free_min_bytes: u64,
}

impl Service {
    /// As the engine takes it.
    pub(in crate::cli) fn options(&self) -> Options {
        let usual = Options::default();
        Options {
            fetch_threads: self.fetch_threads,
            scan_threads: self.scan_threads.unwrap_or(usual.scan_threads),
            bytes_in_flight_max: self.bytes_in_flight_max,
            live_slots: self.live_slots,
            lease: self.lease,
            attempts_max: self.attempts_max,
            rescan_every: self.rescan_every,
            feed_poll: self.feed_poll,
            reuse_across_items: self.reuse_across_items,
            file_bytes_max: self.file_bytes_max,
            spool: SpoolOptions {
                folder: self.spool_dir.clone(),
                spool_bytes_max: self.spool_bytes_max,
                ..usual.spool
            },
            limits: usual.limits,
            backlog: usual.backlog,
            only_needed: usual.only_needed,
            tell: usual.tell,
        }
    }

    /// Each lane's share of the work, as the store takes it.
    pub(in crate::cli) fn shares(&self) -> Shares {
        let mut shares = Shares::default();
        for ((lane, _), percent) in LANES.iter().zip(self.shares) {
            shares.percent[lane.index()] = percent;
        }
        let taken: u8 = self.shares.iter().sum();
        let live = &mut shares.percent[Lane::Live.index()];
        *live = (*live).min(100 - taken);
        shares
    }

    /// The store's file.
    pub(in crate::cli) fn store_file(&self) -> PathBuf {
        self.data_dir.join("store.sqlite")
    }
}

/// How logs look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::cli) enum LogForm {
    /// A line for people.
    Text,
    /// A JSON object a line.
    Json,
}

/// The table `[retention]`: days each kind of record is kept; `None` keeps it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::cli) struct Kept {
    /// Activities.
    pub(in crate::cli) activities_days: Option<u32>,
    /// Verdicts that a newer one replaced.
    pub(in crate::cli) past_verdicts_days: Option<u32>,
    /// Findings that are no more.
    pub(in crate::cli) past_findings_days: Option<u32>,
    /// Personal fields of audit entries; the chain still verifies without them.
    pub(in crate::cli) audit_people_days: Option<u32>,
    /// Items that are gone.
    pub(in crate::cli) gone_items_days: Option<u32>,
    /// Alerts that were closed.
    pub(in crate::cli) closed_alerts_days: Option<u32>,
    /// Messages that left.
    pub(in crate::cli) past_messages_days: Option<u32>,
    /// Actions that are over.
    pub(in crate::cli) past_actions_days: Option<u32>,
}

/// People, groups and folders of one connector, as they were typed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::cli) struct Chosen {
    /// Logins or ids of people.
    pub(in crate::cli) people: Vec<String>,
    /// Names or ids of groups.
    pub(in crate::cli) groups: Vec<String>,
    /// Paths or ids of folders, each with all below it.
    pub(in crate::cli) folders: Vec<String>,
}

/// Reads `[service]`; `state` is the folder of all state.
pub(super) fn read(source: &Source<'_>, root: &DeTable<'_>, state: &Path) -> Result<Service, ConfigError> {
    let nothing = DeTable::new();
    let table = match Table::named(source, root, "service", &SERVICE)? {
        Some(table) => table,
        None => Table { source, label: "[service]".to_owned(), header: 0..0, keys: &nothing },
    };
    let (usual, act) = (Options::default(), act::Options::default());
    let data_dir = table.path("data_dir")?.unwrap_or_else(|| state.join("data"));
    Ok(Service {
        rescan_every: table.span("rescan_every", RESCAN)?.unwrap_or(usual.rescan_every),
        feed_poll: table.whole("feed_poll_ms", 100..=3_600_000)?.map_or(usual.feed_poll, Duration::from_millis),
        fetch_threads: table.count("fetch_threads", 1..=256)?.unwrap_or(usual.fetch_threads),
        scan_threads: table.count("scan_threads", 1..=256)?,
        live_slots: live_slots(&table)?,
        bytes_in_flight_max: table
            .whole("bytes_in_flight_max", 1 << 20..=1 << 40)?
            .unwrap_or(usual.bytes_in_flight_max),
        spool_bytes_max: table.whole("spool_bytes_max", 1 << 20..=1 << 50)?.unwrap_or(usual.spool.spool_bytes_max),
        file_bytes_max: table.whole("file_bytes_max", 1..=1 << 50)?.unwrap_or(usual.file_bytes_max),
        spool_dir: table.path("spool_dir")?.unwrap_or_else(|| data_dir.join("spool")),
        lease: Duration::from_secs(table.whole("lease_secs", 10..=86_400)?.unwrap_or(usual.lease.as_secs())),
        attempts_max: small(table.whole("attempts_max", 1..=1_000)?, usual.attempts_max),
        act: act::Options {
            threads: table.count("act_threads", 1..=64)?.unwrap_or(act.threads),
            attempts_max: small(table.whole("act_attempts_max", 1..=1_000)?, act.attempts_max),
        },
        shares: shares(&table)?,
        reuse_across_items: table.flag("reuse_across_items")?.unwrap_or(usual.reuse_across_items),
        token_key_file: table.path("token_key_file")?,
        http: http(&table)?,
        http_credential_file: table.path("http_credential_file")?,
        public_address: public_address(&table)?,
        log: match table.word("log", &["text", "json"])? {
            Some("json") => LogForm::Json,
            _ => LogForm::Text,
        },
        log_level: table.word("log_level", &["off", "error", "warn", "info", "debug", "trace"])?.unwrap_or("info"),
        log_file: table.path("log_file")?,
        disk_free_min_bytes: table.whole("disk_free_min_bytes", 0..=1 << 50)?.unwrap_or(1 << 30),
        data_dir,
    })
}

fn small(number: Option<u64>, usual: u32) -> u32 {
    number.map_or(usual, |number| u32::try_from(number).unwrap_or(u32::MAX))
}

/// At least one fetch thread is left for all other work.
fn live_slots(table: &Table<'_>) -> Result<usize, ConfigError> {
    let threads = table.count("fetch_threads", 1..=256)?.unwrap_or(16);
    match table.count("live_slots", 0..=255)? {
        Some(slots) if slots >= threads => Err(table
            .error("live_slots", format!("`live_slots` must be less than `fetch_threads`, which is {threads}"))
            .help("what is not live would never be fetched")),
        Some(slots) => Ok(slots),
        None => Ok(4.min(threads - 1)),
    }
}

fn shares(table: &Table<'_>) -> Result<[u8; 3], ConfigError> {
    let usual = Shares::default().percent;
    let mut shares = LANES.map(|(lane, _)| usual[lane.index()]);
    for (share, key) in shares.iter_mut().zip(LANES.map(|(_, key)| key)) {
        if let Some(percent) = table.whole(key, 0..=SHARE_MAX)? {
            *share = u8::try_from(percent).unwrap_or(*share);
        }
    }
    Ok(shares)
}

fn http(table: &Table<'_>) -> Result<Option<SocketAddr>, ConfigError> {
    let Some(text) = table.text("http")? else { return Ok(None) };
    text.parse().map(Some).map_err(|_| {
        table
            .error("http", format!("`{}` is no address and port", shown(&text)))
            .help("write \"127.0.0.1:8640\"; port 0 takes a free one and says which")
    })
}

fn public_address(table: &Table<'_>) -> Result<Option<Url>, ConfigError> {
    let Some(text) = table.text("public_address")? else { return Ok(None) };
    let url = Url::parse(&text).ok().filter(|url| url.scheme() == "https" && url.host_str().is_some());
    let fits = url.filter(|url| url.query().is_none() && url.fragment().is_none() && url.username().is_empty());
    // A base ends with a slash, whether it was typed or not: what is joined to it goes below it.
    let base = fits.map(|mut url| {
        url.set_path(&format!("{}/", url.path().trim_end_matches('/')));
        url
    });
    base.map(Some).ok_or_else(|| {
        table
            .error("public_address", "`public_address` must be an address that begins with https://")
            .help("providers call https://HOST/hooks/CONNECTOR: name the host that passes such calls on to `http`")
    })
}

/// Reads `[retention]`.
pub(super) fn kept(source: &Source<'_>, root: &DeTable<'_>) -> Result<Kept, ConfigError> {
    let Some(table) = Table::named(source, root, "retention", &RETENTION)? else { return Ok(Kept::default()) };
    let days = |key: &str| -> Result<Option<u32>, ConfigError> {
        Ok(table.whole(key, 1..=DAYS_MAX)?.map(|days| small(Some(days), 0)))
    };
    Ok(Kept {
        activities_days: days("activities_days")?,
        past_verdicts_days: days("past_verdicts_days")?,
        past_findings_days: days("past_findings_days")?,
        audit_people_days: days("audit_people_days")?,
        gone_items_days: days("gone_items_days")?,
        closed_alerts_days: days("closed_alerts_days")?,
        past_messages_days: days("past_messages_days")?,
        past_actions_days: days("past_actions_days")?,
    })
}

/// Reads `[rules]`.
pub(super) fn rules(source: &Source<'_>, root: &DeTable<'_>) -> Result<crate::rule::Options, ConfigError> {
    let Some(table) = Table::named(source, root, "rules", &RULES)? else {
        return Ok(crate::rule::Options { builtin: true, ..crate::rule::Options::default() });
    };
    Ok(crate::rule::Options {
        builtin: !table.flag("no_builtin")?.unwrap_or(false),
        paths: table.paths("paths")?.unwrap_or_default(),
        select: crate::rule::Select {
            only: table.list("only")?.unwrap_or_default(),
            tags: table.list("tags")?.unwrap_or_default(),
        },
    })
}
