//! What is wrong between this machine and a tenant: the way there, the clock, the token, its scopes, the allotment of calls,
//! the webhooks. One thing after the other: what cannot work because of an earlier fault is not tried.

use super::{Found, Scene};
use crate::cli::config::Connector;
use crate::cli::connect::{Probed, probed};
use crate::clock::Moment;
use crate::engine::upkeep;
use crate::model::{ConnectorName, Provider};
use crate::provider::settings::Cloud;
use crate::provider::{Capability, CapabilityState};
use crate::report::units;
use crate::store::Connectors as _;
use std::time::Duration;
use url::Url;

/// How far this machine's clock may be from the provider's. Box refuses assertions and deliveries that are a minute off;
/// half of that leaves room for the way.
const CLOCK_OFF_MAX: Duration = Duration::from_secs(30);

/// The service looks after webhooks daily.
const HOOKS_OLD: Duration = Duration::from_secs(2 * 86_400);

/// All connectors that are switched on.
pub(super) fn connectors(scene: &Scene<'_>) -> Vec<Found> {
    if scene.offline {
        return Vec::new();
    }
    let on = scene.config.connectors().iter().filter(|connector| connector.enabled && scene.looks_at(connector.name()));
    on.flat_map(|connector| of(scene, connector).into_iter().map(|found| found.of(connector.name()))).collect()
}

fn of(scene: &Scene<'_>, connector: &Connector) -> Vec<Found> {
    // What is wrong with the table or its secrets was told above.
    if connector.lacks().is_some() || scene.config.settings(connector).is_err() {
        return Vec::new();
    }
    let name = connector.name();
    let probed = match probed(scene.config, connector) {
        Ok(probed) => probed,
        Err(failed) => {
            let next = format!("sluicebox connect {} {name}", connector.provider());
            return vec![Found::fault("not-linked", failed.0.trim_start_matches("error: "), next)];
        }
    };
    if let Some(spent) = budget(&probed, name) {
        return vec![spent];
    }
    if let Err(said) = &probed.knock {
        let next = format!(
            "sluicebox connect hosts {name} lists what a firewall must let through; check the addresses and `proxy`"
        );
        return vec![Found::fault("unreachable", said, next)];
    }
    let mut found: Vec<Found> = clock(&probed).into_iter().collect();
    found.extend(capabilities(&probed.capabilities, connector.provider(), name));
    if found.is_empty() {
        found.extend(hooks(scene, connector, &probed));
    }
    found
}

/// The allotment of calls.
fn budget(probed: &Probed, name: &ConnectorName) -> Option<Found> {
    let (limits, used) = (&probed.limits, &probed.used);
    let rows = [
        ("calls_per_day", limits.calls_per_day, used.calls_in_day),
        ("calls_per_month", limits.calls_per_month, used.calls_in_month),
    ];
    rows.into_iter().find_map(|(key, limit, used)| {
        let limit = limit?;
        (used >= limit).then(|| {
            let what = format!("`{key}` is used up: {} of {} calls", units::count(used), units::count(limit));
            let next = format!(
                "it begins anew with the next day or month (UTC); raise `{key}` of `{name}` if the plan has more"
            );
            Found::fault("budget", what, next)
        })
    })
}

fn clock(probed: &Probed) -> Option<Found> {
    let ahead = *probed.knock.as_ref().ok()?.as_ref()?;
    let off = Duration::from_millis(ahead.unsigned_abs());
    (off > CLOCK_OFF_MAX).then(|| {
        let side = if ahead > 0 { "behind" } else { "ahead of" };
        let what = format!("this machine's clock is {} {side} the provider's", span(off));
        Found::fault(
            "clock",
            what,
            "set the clock by NTP (`timedatectl set-ntp true`): signatures and tokens depend on it",
        )
    })
}

fn span(off: Duration) -> String {
    match off.as_secs() {
        secs @ 0..120 => format!("{secs} s"),
        secs @ 120..7_200 => format!("{} min", (secs + 30) / 60),
        secs => format!("{} h", (secs + 1_800) / 3_600),
    }
}

/// A missing account is a matter of credentials, anything else one of scopes.
fn capabilities(capabilities: &[Capability], provider: Provider, name: &ConnectorName) -> Vec<Found> {
    let text = |one: &Capability| match &one.state {
        CapabilityState::Missing(text) => Some(text.clone()),
        _ => None,
    };
    if let Some(said) = capabilities.iter().find(|one| one.name == "account").and_then(text) {
        let next = format!("sluicebox connect {provider} {name} --again gives the credentials anew");
        return vec![Found::fault("credentials", said, next)];
    }
    let mut found: Vec<Found> = Vec::new();
    for one in capabilities {
        let next = || {
            match provider {
            Provider::Box => "tick the scope in the developer console, then let an admin reauthorize the app (docs/connect.md, Scopes)".to_owned(),
            Provider::Dropbox => format!("tick the scope in the app console, then sluicebox connect dropbox {name} --again (docs/connect.md, Scopes)"),
        }
        };
        match &one.state {
            CapabilityState::Works(_) => {}
            // What acts is not needed to read.
            CapabilityState::Missing(said) if matches!(one.name, "quarantine" | "holds") => {
                found.push(Found::hint("scope", format!("{}: {said}", one.name), next()));
            }
            CapabilityState::Missing(said) => {
                found.push(Found::fault("scope", format!("{}: {said}", one.name), next()))
            }
            CapabilityState::Partial(said) => {
                found.push(Found::hint(
                    "gap",
                    format!("{}: {said}", one.name),
                    "coverage reports it as a gap; sluicebox connect test says more",
                ));
            }
        }
    }
    found
}

/// Webhooks that should lead here and do not.
fn hooks(scene: &Scene<'_>, connector: &Connector, probed: &Probed) -> Vec<Found> {
    let Some(public) = &scene.config.service().public_address else { return Vec::new() };
    let has_key = match &probed.settings.cloud {
        Cloud::Box(cloud) => cloud.hook_keys.primary.is_some() || cloud.hook_keys.secondary.is_some(),
        Cloud::Dropbox(cloud) => cloud.app_secret.is_some(),
    };
    if !has_key {
        let key = if connector.provider() == Provider::Box { "hook_key_file" } else { "app_secret_file" };
        let what = format!("webhook deliveries cannot be told from forged ones: `{key}` is missing");
        return vec![Found::fault("hook-key", what, format!("put the key into a 0600 file and name it by `{key}`"))];
    }
    registered(scene, connector.name(), public)
}

/// What the service noted when it last saw to the hooks. Dropbox has one address for an application, set in its console.
fn registered(scene: &Scene<'_>, name: &ConnectorName, public: &Url) -> Vec<Found> {
    let Ok(store) = &scene.store else { return Vec::new() };
    let known = store.connectors().unwrap_or_default().into_iter().find(|connector| connector.name == *name);
    let Some(known) = known.filter(|known| known.provider == Provider::Box) else { return Vec::new() };
    let noted = store.fact(Some(known.number), upkeep::HOOKS).ok().flatten();
    let noted = noted.and_then(|text| serde_json::from_str::<upkeep::Hooks>(&text).ok());
    let what = match noted {
        None => "no webhook was registered yet".to_owned(),
        Some(noted) if !noted.address.starts_with(public.as_str()) => "webhooks lead to another address".to_owned(),
        Some(noted) if scene.clock.now().since(Moment::from_millis(noted.at_ms)) > HOOKS_OLD => {
            "webhooks were not looked after for two days".to_owned()
        }
        Some(_) => return Vec::new(),
    };
    vec![Found::fault(
        "hooks",
        what,
        "start sluicebox run, which registers them within a minute of each start and daily; its log says what hinders it",
    )]
}
