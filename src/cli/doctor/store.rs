//! What is wrong with the store and with what waits in it.

use super::{Found, Scene};
use crate::cli::config::Service;
use crate::cli::key;
use crate::clock::{Clock, Moment};
use crate::engine::control::Answer;
use crate::model::ConnectorName;
use crate::report::units;
use crate::store::error::Kind;
use crate::store::sqlite::{Options, Sqlite};
use crate::store::{Connectors as _, Error, Queue as _, SealKey, Store as _};
use std::time::Duration;

/// The fact that keeps when a connector's feed last answered, in milliseconds since the epoch.
const FEED_ANSWERED: &str = "feed.answered";
/// A feed that has not answered for so long while the service runs is silent. Longer than any long poll stands.
const SILENT: Duration = Duration::from_secs(15 * 60);
/// Bytes not yet folded into the store beyond which something keeps them from it.
const PENDING_BYTES_MAX: u64 = 256 << 20;

/// Opens the store to be read.
pub(super) fn opened(service: &Service, clock: &Clock) -> Result<Sqlite, Error> {
    // A missing key is told by another check; the store then says that it does not open.
    let seal =
        key::load_existing(service.token_key_file.as_deref()).map_or_else(|_| SealKey::new([0; 32]), |keys| keys.seal);
    Sqlite::open_read_only(Options { path: service.store_file(), seal, clock: clock.clone(), shares: service.shares() })
}

impl Scene<'_> {
    /// Whether this connector is to be looked at.
    pub(super) fn looks_at(&self, name: &ConnectorName) -> bool {
        self.only.is_none_or(|only| only == name)
    }
}

/// The file itself: there, ours, whole, of this program's schema.
pub(super) fn store(scene: &Scene<'_>) -> Vec<Found> {
    let store = match &scene.store {
        Ok(store) => store,
        Err(error) => return vec![not_open(error)],
    };
    match store.check() {
        Ok(()) => {}
        Err(error) if error.is_damaged() => return vec![damaged(&error)],
        Err(error) => return vec![not_open(&error)],
    }
    match store.health() {
        Ok(health) if health.pending_bytes > PENDING_BYTES_MAX => vec![Found::hint(
            "store-pending",
            format!("{} wait to be folded into the store", units::bytes(health.pending_bytes)),
            "end long-running readers; a restart of the service folds them in",
        )],
        Ok(_) => Vec::new(),
        Err(error) => vec![not_open(&error)],
    }
}

fn damaged(error: &Error) -> Found {
    let (what, next) = parted(error);
    Found::fault("store-damaged", what, next)
}

fn not_open(error: &Error) -> Found {
    let (what, next) = parted(error);
    let id = match error.kind() {
        Kind::Damaged(_) => "store-damaged",
        Kind::Newer { .. } => "store-newer",
        Kind::Older { .. } => "store-older",
        Kind::Missing => "no-store",
        Kind::Foreign => "store-foreign",
        Kind::WrongKey => "wrong-key",
        _ => "store",
    };
    Found::fault(id, what, next)
}

/// An error of the store says what and, on its second line, what to do.
fn parted(error: &Error) -> (String, String) {
    let text = error.to_string();
    let (what, next) = text.split_once("\n  ").unwrap_or((&text, "see the log of the service"));
    (what.to_owned(), next.to_owned())
}

/// The service, when it runs: does it answer?
pub(super) fn service(scene: &Scene<'_>) -> Vec<Found> {
    let Some(holder) = &scene.holder else { return Vec::new() };
    match crate::cli::service::who_runs(scene.config.service()) {
        Some(Answer::Here { version, .. }) if version != env!("CARGO_PKG_VERSION") => vec![Found::hint(
            "other-version",
            format!("the running service is version {version}, this program is {}", env!("CARGO_PKG_VERSION")),
            "restart the service with this program",
        )],
        Some(_) => Vec::new(),
        None => {
            let who = holder.as_ref().map_or_else(|| "a process".to_owned(), ToString::to_string);
            let what = format!("{who} holds the data folder and does not answer");
            vec![Found::fault(
                "no-answer",
                what,
                "wait if it is starting or stopping; else end that process and start `sluicebox run`",
            )]
        }
    }
}

/// Jobs that wait for a person.
pub(super) fn parked(scene: &Scene<'_>) -> Vec<Found> {
    let Ok(store) = &scene.store else { return Vec::new() };
    let depth = match store.depth() {
        Ok(depth) => depth,
        Err(error) => return vec![not_open(&error)],
    };
    let connectors = store.connectors().unwrap_or_default();
    let mut found = Vec::new();
    for connector in connectors.iter().filter(|connector| scene.looks_at(&connector.name)) {
        let of = |depth: &&crate::store::Depth| depth.connector == connector.number;
        let parked: u64 = depth.iter().filter(of).map(|depth| depth.parked).sum();
        if parked > 0 {
            let name = &connector.name;
            let what = format!("{} parked: given up after repeated failures", units::count(parked));
            let next = "sluicebox queue parked tells why; sluicebox queue retry brings them back";
            found.push(Found::fault("parked", what, next).of(name));
        }
    }
    found
}

/// Feeds that should answer and do not. A service that is not running asks none.
pub(super) fn feeds(scene: &Scene<'_>) -> Vec<Found> {
    let (Ok(store), Some(holder)) = (&scene.store, &scene.holder) else { return Vec::new() };
    let since = holder.as_ref().and_then(|holder| Moment::parse(&holder.since));
    let now = scene.clock.now();
    let mut found = Vec::new();
    for connector in store.connectors().unwrap_or_default() {
        let enabled = scene.config.find(&connector.name).is_some_and(|connector| connector.enabled);
        if !enabled || !scene.looks_at(&connector.name) {
            continue;
        }
        let answered = store.fact(Some(connector.number), FEED_ANSWERED).ok().flatten();
        let answered = answered.and_then(|ms| ms.parse().ok()).map(Moment::from_millis);
        // A service that has just begun has not asked yet.
        let Some(quiet_since) = answered.max(since) else { continue };
        let quiet = now.since(quiet_since);
        if quiet >= SILENT {
            let what =
                format!("its change feed has not answered for {} min while the service runs", quiet.as_secs() / 60);
            let next = format!("sluicebox connect test {}; the service's log names the refusal", connector.name);
            found.push(Found::fault("feed-silent", what, next).of(&connector.name));
        }
    }
    found
}
