//! The client against servers that play a script: every retry decision, every wall, every fault of the wire.

mod rounds;
mod wall;
mod wire;

use super::script::{Play, Script, answer};
use super::*;
use crate::clock::Moment;
use crate::model::ConnectorName;
use crate::provider::settings::{BoxAuth, BoxSettings, BoxSubject, Cloud, HookKeys, Limits};
use serde_json::Value;
use std::sync::Mutex;
use std::time::Duration;

/// Reads answers as both providers give them.
#[derive(Debug)]
struct Reader;

impl Judge for Reader {
    fn judge(&self, status: u16, headers: &HeaderMap, body: &[u8]) -> Judgement {
        let told = || {
            let json: Option<Value> = serde_json::from_slice(body).ok();
            json?["error"]["retry_after"].as_f64().map(Duration::from_secs_f64)
        };
        let after = retry_after(headers, Moment::default()).or_else(told);
        let bad = |next| Judgement::Bad {
            next,
            said: format!("{status}"),
            advice: None,
            request_id: headers.get("x-id").and_then(|id| id.to_str().ok()).map(str::to_owned),
        };
        match status {
            202 | 429 | 500..=599 => Judgement::Again { after, throttled: status == 429, said: status.to_string() },
            200..=399 => Judgement::Good,
            401 => Judgement::TokenOver { said: "expired".into() },
            403 => bad(Next::Forbidden),
            404 => bad(Next::Gone),
            _ => bad(Next::Refused),
        }
    }
}

/// Gives `token-0`, and the next number at each renewal.
#[derive(Debug, Default)]
struct Tokens(Mutex<u32>);

impl Credentials for Tokens {
    fn bearer(&self) -> Result<Secret, Error> {
        Ok(Secret::new(&format!("token-{}", self.0.lock().unwrap())))
    }

    fn renew(&self, stale: &Secret) -> Result<Secret, Error> {
        assert_eq!(&self.bearer()?, stale);
        *self.0.lock().unwrap() += 1;
        self.bearer()
    }
}

/// An enterprise whose API is this script, and whose downloads come from that host.
fn settings(api: &Url, download_host: &str) -> Settings {
    Settings {
        name: "main".parse::<ConnectorName>().unwrap(),
        cloud: Cloud::Box(BoxSettings {
            api: api.clone(),
            upload: api.clone(),
            token: api.clone(),
            authorize: api.clone(),
            download_hosts: vec![download_host.to_owned()],
            auth: BoxAuth::ClientCredentials {
                client_id: "id".into(),
                client_secret: Secret::new("secret"),
                subject: BoxSubject::Enterprise("1".into()),
            },
            hook_keys: HookKeys::default(),
        }),
        internal_domains: Vec::new(),
        limits: Limits { rate_per_principal: f64::INFINITY, ..Limits::default() },
        proxy: None,
        authority: None,
        history_days: 7,
        trash: true,
        holds: true,
        patience: Default::default(),
    }
}

fn options(clock: &Clock) -> Options {
    Options { tries_max: 4, ..Options::new(clock.clone(), Arc::default()) }
}

fn client(script: &Script, clock: &Clock) -> Arc<Http> {
    Http::of(&settings(&script.url(""), "dl.example.com"), options(clock)).unwrap()
}

fn call<'a>(url: Url, principal: &'a Principal) -> Call<'a> {
    Call {
        method: Method::GET,
        url,
        headers: Vec::new(),
        payload: Payload::None,
        principal,
        urgency: Urgency::Bulk,
        writes_in: None,
        bearer: None,
        judge: &Reader,
        doing: "read a thing".into(),
        repeatable: true,
        patience: Duration::ZERO,
        answer_bytes_max: 1_000,
    }
}

/// What came of a call, shortly.
fn outcome(got: &Result<Reply, Error>) -> String {
    match got {
        Ok(reply) => format!("{} {}", reply.status, String::from_utf8_lossy(&reply.body)),
        Err(error) => match error.next() {
            Next::Throttled(_) => "Throttled".into(),
            next => format!("{next:?}"),
        },
    }
}

const TENANT: &Principal = &Principal::Tenant;
