//! From a connector's settings to a source that can be asked, and from an error of the outside to a message for people.

use crate::cli::config::{Config, ConfigError, Connector, SecretKind, private_folder};
use crate::cli::{Failed, shown, stop};
use crate::clock::Clock;
use crate::model::{ConnectorName, Provider};
use crate::provider::http::{self, Http};
use crate::provider::settings::{BoxAuth, Cloud};
use crate::provider::throttle::BudgetFile;
use crate::provider::vault::{Kept, Vault};
use crate::provider::{Error, Next, Secret, Settings, Source, registry};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

/// How often a call is tried when a person waits for the answer.
const TRIES_WHEN_WATCHED: u32 = 3;
/// How often a host is called that cannot be reached at all, then.
const CONNECT_TRIES_WHEN_WATCHED: u32 = 2;
/// How long a connection may take to stand, then.
const CONNECT_WHEN_WATCHED: Duration = Duration::from_secs(4);
/// How long an answer may stand still, then.
const STALL_WHEN_WATCHED: Duration = Duration::from_secs(8);
/// The longest pause that is sat out, then; a longer one is told with its end.
const PAUSE_WHEN_WATCHED: Duration = Duration::from_secs(20);

/// The longest pause that a thread of the service sits out; at a longer one the job goes back and the thread is free.
const PAUSE_OF_SERVICE: Duration = Duration::from_secs(10);

/// A connector that can be asked.
#[derive(Debug)]
pub(in crate::cli) struct Opened {
    /// All it was told, secrets included.
    pub(in crate::cli) settings: Settings,
    /// Its tenant.
    pub(in crate::cli) source: Box<dyn Source>,
    /// The client of its calls.
    pub(in crate::cli) http: Arc<Http>,
    /// Its clock.
    pub(in crate::cli) clock: Clock,
    /// Rises at Ctrl-C.
    pub(in crate::cli) stop: Arc<AtomicBool>,
}

/// What the calls are for: how patient they are, and whether a connector that is switched off may make them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::cli) enum Patience {
    /// Setting up and testing: a person waits, so few tries; allowed while the connector is switched off.
    Watched,
    /// All else: many tries.
    Long,
    /// The running service: many tries, and no long pause in a thread that others could use. A connector that is switched off
    /// may be opened, since it may be switched on while the service runs.
    Service,
}

/// Opens a connector; no call is made yet.
///
/// # Errors
/// When its settings, secrets or files are not in order; the message says what to do.
pub(super) fn open(config: &Config, connector: &Connector, patience: Patience) -> Result<Opened, Failed> {
    if patience == Patience::Long && !connector.enabled {
        let name = connector.name();
        return Err(Failed::new(format!("{name} is switched off; `sluicebox connect enable {name}` switches it on")));
    }
    opened(config, connector, &Clock::machine(), &stop::on_signals()?, patience)
}

/// Opens a connector under a clock and a stop flag that others share, whether it is switched on or not; no call is made yet.
///
/// # Errors
/// As [`open`].
pub(in crate::cli) fn opened(
    config: &Config,
    connector: &Connector,
    clock: &Clock,
    stop: &Arc<AtomicBool>,
    patience: Patience,
) -> Result<Opened, Failed> {
    let settings = config.settings(connector)?;
    let folder = config.folder(connector.name());
    private_folder(&folder).map_err(|error| Failed::new(format!("cannot make {}: {error}", shown(&folder))))?;
    ready_vault(config, connector)?;
    let http = client(&settings, &folder, clock, stop, patience)?;
    let source = registry::open(&settings, Arc::clone(&http)).map_err(|error| failed(&error, connector))?;
    Ok(Opened { settings, source, http, clock: clock.clone(), stop: Arc::clone(stop) })
}

/// The HTTP client of a connector; its count of calls is kept in the connector's folder.
pub(super) fn client(
    settings: &Settings,
    folder: &Path,
    clock: &Clock,
    stop: &Arc<AtomicBool>,
    patience: Patience,
) -> Result<Arc<Http>, Failed> {
    let mut options = http::Options::new(clock.clone(), Arc::clone(stop));
    if patience == Patience::Watched {
        options.tries_max = TRIES_WHEN_WATCHED;
        options.connect_tries_max = CONNECT_TRIES_WHEN_WATCHED;
        options.connect_timeout = CONNECT_WHEN_WATCHED;
        options.stall_timeout = STALL_WHEN_WATCHED;
        options.pause_max = PAUSE_WHEN_WATCHED;
    }
    if patience == Patience::Service {
        options.pause_max = PAUSE_OF_SERVICE;
    }
    // Counts are written for each block of calls; without a limit nobody asks for them.
    if settings.limits.calls_per_day.or(settings.limits.calls_per_month).is_some() {
        options.budget = Some(Arc::new(BudgetFile::new(folder.join("calls.json"))));
    }
    Http::of(settings, options).map_err(Failed::new)
}

/// The vault of a connector that has one.
pub(super) fn vault(settings: &Settings) -> Option<Vault> {
    let (path, client_id) = match &settings.cloud {
        Cloud::Box(cloud) => match &cloud.auth {
            BoxAuth::User { client_id, vault, .. } => (vault, client_id),
            BoxAuth::ClientCredentials { .. } | BoxAuth::Jwt { .. } => return None,
        },
        Cloud::Dropbox(cloud) => (&cloud.vault, &cloud.app_key),
    };
    Some(Vault::new(path.clone(), settings.name.clone(), settings.provider(), client_id))
}

/// Puts a refresh token that comes from outside into the vault, and refuses a connector that was never linked.
fn ready_vault(config: &Config, connector: &Connector) -> Result<(), Failed> {
    let Some(vault) = vault(connector.typed()) else { return Ok(()) };
    if connector.provider() == Provider::Dropbox
        && let Some(token) = config.secret(connector, SecretKind::RefreshToken)?
    {
        return take_in(&vault, token).map_err(|error| failed(&error, connector));
    }
    if connector.vault().is_some_and(Path::exists) {
        return Ok(());
    }
    let (provider, name) = (connector.provider(), connector.name());
    let error = ConfigError::new(format!("connector `{name}` is not linked yet: no admin has let the app in"));
    Err(error.help(format!("run `sluicebox connect {provider} {name}`, which prints the link to open")).into())
}

fn take_in(vault: &Vault, token: Secret) -> Result<(), Error> {
    match vault.read() {
        Ok(kept) if kept.refresh_token == token => Ok(()),
        _ => vault.put(&Kept { refresh_token: token, details: BTreeMap::new() }),
    }
}

/// An error of the outside for people: with the next click or command, the provider's own if it has one.
pub(in crate::cli) fn failed(error: &Error, connector: &Connector) -> Failed {
    Failed::new(told(error, connector))
}

/// The words of [`failed`].
pub(super) fn told(error: &Error, connector: &Connector) -> String {
    let name = connector.name();
    match error.advice() {
        Some(_) => format!("connector `{name}`: {error}"),
        None => match advice(error.next(), name, connector.provider()) {
            Some(advice) => format!("connector `{name}`: {error}\n  {advice}"),
            None => format!("connector `{name}`: {error}"),
        },
    }
}

/// What to do when the provider's room had no better advice.
fn advice(next: Next, name: &ConnectorName, provider: Provider) -> Option<String> {
    match next {
        Next::Credentials => Some(format!("give the credentials anew: `sluicebox connect {provider} {name} --again`")),
        Next::Forbidden => Some(format!("see which capability is missing: `sluicebox connect test {name}`")),
        Next::Transient => Some(format!(
            "try again; if it stays so, see `sluicebox connect hosts {name}` for what a firewall must let through"
        )),
        Next::Throttled(until) => Some(format!("too many calls; not before {until}")),
        Next::Budget(until) => Some(format!("calls_per_day or calls_per_month is used up; not before {until}")),
        Next::Refused => Some(format!("check the addresses of `{name}`: `sluicebox connect hosts {name}`")),
        Next::Stopped => None,
        Next::Gone | Next::Moved | Next::Locked | Next::Reset(_) | Next::NotReadable => None,
    }
}
