//! A connector tried for `doctor`: is there a way, what does the provider's clock say, what does the token open, how many
//! calls are left. One thing after the other, so that a dead host is called once.

use super::open::{Patience, opened};
use crate::cli::Failed;
use crate::cli::config::{Config, Connector};
use crate::clock::Clock;
use crate::model::Principal;
use crate::provider::http::{Call, Http, Judge, Judgement, Payload, Urgency, server_ahead_ms};
use crate::provider::settings::{Cloud, Limits};
use crate::provider::throttle::Used;
use crate::provider::{Capability, Error, Settings};
use reqwest::Method;
use reqwest::header::HeaderMap;
use std::time::Duration;
use url::Url;

/// Bytes of an answer that is only knocked for.
const KNOCK_BYTES_MAX: usize = 1 << 20;

/// What came of trying a connector.
#[derive(Debug)]
pub(in crate::cli) struct Probed {
    /// All it was told, secrets included.
    pub(in crate::cli) settings: Settings,
    /// Limits of its calls.
    pub(in crate::cli) limits: Limits,
    /// Calls counted before this.
    pub(in crate::cli) used: Used,
    /// By how many milliseconds the provider's clock is ahead of ours, where it says; why it cannot be reached.
    pub(in crate::cli) knock: Result<Option<i64>, String>,
    /// What works; empty when it was not tried.
    pub(in crate::cli) capabilities: Vec<Capability>,
}

/// Tries a connector.
///
/// # Errors
/// When it cannot be opened: its settings, secrets or vault.
pub(in crate::cli) fn probed(config: &Config, connector: &Connector) -> Result<Probed, Failed> {
    let clock = Clock::machine();
    let opened = opened(config, connector, &clock, &std::sync::Arc::default(), Patience::Watched)?;
    let (settings, used) = (opened.settings, opened.http.used());
    let limits = settings.limits;
    let is_spent = |limit: Option<u64>, used: u64| limit.is_some_and(|limit| used >= limit);
    let mut probed = Probed { limits, knock: Ok(None), capabilities: Vec::new(), used, settings };
    if is_spent(limits.calls_per_day, probed.used.calls_in_day)
        || is_spent(limits.calls_per_month, probed.used.calls_in_month)
    {
        return Ok(probed);
    }
    probed.knock = knock(&opened.http, &probed.settings, &clock).map_err(|error| error.to_string());
    if probed.knock.is_ok() {
        probed.capabilities = opened.source.probe();
    }
    Ok(probed)
}

/// Calls the API and the token's address without a token: any answer is one.
fn knock(http: &Http, settings: &Settings, clock: &Clock) -> Result<Option<i64>, Error> {
    let (api, token) = match &settings.cloud {
        Cloud::Box(cloud) => (&cloud.api, &cloud.token),
        Cloud::Dropbox(cloud) => (&cloud.api, &cloud.token),
    };
    ask(http, token, clock)?;
    ask(http, api, clock)
}

fn ask(http: &Http, url: &Url, clock: &Clock) -> Result<Option<i64>, Error> {
    let call = Call {
        method: Method::GET,
        url: url.clone(),
        headers: Vec::new(),
        payload: Payload::None,
        principal: &Principal::Tenant,
        urgency: Urgency::Act,
        writes_in: None,
        bearer: None,
        judge: &AnyAnswer,
        doing: "reach the provider".to_owned(),
        repeatable: true,
        patience: Duration::ZERO,
        answer_bytes_max: KNOCK_BYTES_MAX,
    };
    http.send(&call).map(|reply| server_ahead_ms(&reply.headers, clock.now()))
}

/// Takes whatever comes.
#[derive(Debug)]
struct AnyAnswer;

impl Judge for AnyAnswer {
    fn judge(&self, _: u16, _: &HeaderMap, _: &[u8]) -> Judgement {
        Judgement::Good
    }
}
