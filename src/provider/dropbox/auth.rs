//! Tokens, and how a team admin consents: a short access token from a refresh token that lives in the vault.
//!
//! Dropbox's refresh token neither ends nor rotates, so it is only read here; one thread refreshes, the others wait for it.
//! The consent is OAuth's code flow with PKCE, whose verifier never leaves this machine until the code is exchanged.
//! Source: OAuth guide of Dropbox (`token_access_type=offline`), RFC 7636.

use super::judge::TokenAnswers;
use super::route;
use crate::model::Principal;
use crate::provider::http::{Call, Credentials, Http, Payload, Urgency};
use crate::provider::settings::DropboxSettings;
use crate::provider::vault::{Kept, Vault};
use crate::provider::{Error, Next, Secret, Settings};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use reqwest::Method;
use serde::Deserialize;
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use url::Url;
use url::form_urlencoded::Serializer;

/// A token is renewed so long before its end, so that none ends on its way.
const RENEW_BEFORE: Duration = Duration::from_secs(300);
/// The documented life of a token, and the longest that is believed.
const LIFE_SECS: u64 = 14_400;
const LIFE_SECS_MAX: u64 = 86_400;
/// Longest answer of the token endpoint.
const ANSWER_BYTES_MAX: usize = 64 << 10;

/// Gives out access tokens.
#[derive(Debug)]
pub(super) struct Tokens {
    http: Arc<Http>,
    vault: Vault,
    endpoint: Endpoint,
    held: Mutex<Option<Held>>,
    /// Told by the token endpoint, now or when the consent was given.
    scopes: Mutex<Option<String>>,
}

#[derive(Debug)]
struct Held {
    token: Secret,
    /// On the clock's own scale ([`crate::clock::Clock::elapsed`]).
    until: Duration,
}

impl Tokens {
    pub(super) fn new(settings: &Settings, cloud: &DropboxSettings, http: Arc<Http>) -> Self {
        let (vault, endpoint) = (vault(settings, cloud), Endpoint::of(settings, cloud));
        Self { http, vault, endpoint, held: Mutex::default(), scopes: Mutex::default() }
    }

    /// The scopes that were granted; `None` when nobody told.
    pub(super) fn scopes(&self) -> Option<String> {
        self.scopes.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Refreshes; the caller holds the lock, so that there is one refresher.
    fn refresh(&self, held: &mut Option<Held>) -> Result<Secret, Error> {
        let kept = self.vault.read()?;
        // Its life begins at the provider, while the answer is still on its way.
        let begun = self.http.clock().elapsed();
        let granted = self.endpoint.ask(
            &self.http,
            "refresh the access token",
            &[("grant_type", "refresh_token"), ("refresh_token", kept.refresh_token.reveal())],
            true,
        )?;
        let scopes = granted.scope.or_else(|| kept.details.get("scope").cloned());
        *self.scopes.lock().unwrap_or_else(PoisonError::into_inner) = scopes;
        let token = Secret::new(&granted.access_token);
        let until = begun.saturating_add(usable(granted.expires_in));
        *held = Some(Held { token: token.clone(), until });
        Ok(token)
    }
}

impl Credentials for Tokens {
    fn bearer(&self) -> Result<Secret, Error> {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        match &*held {
            Some(held) if held.until > self.http.clock().elapsed() => Ok(held.token.clone()),
            _ => self.refresh(&mut held),
        }
    }

    fn renew(&self, stale: &Secret) -> Result<Secret, Error> {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        match &*held {
            Some(held) if held.token != *stale => Ok(held.token.clone()),
            _ => self.refresh(&mut held),
        }
    }
}

/// How long a token is used: until shortly before its end. One whose life is not told has the documented four hours, and none
/// is used for more than a day.
fn usable(expires_in: Option<u64>) -> Duration {
    let life = Duration::from_secs(expires_in.map_or(LIFE_SECS, |secs| secs.min(LIFE_SECS_MAX)));
    life.saturating_sub(RENEW_BEFORE.min(life / 10))
}

/// The token endpoint and the application that asks it.
#[derive(Debug)]
struct Endpoint {
    url: Url,
    app_key: String,
    app_secret: Option<Secret>,
    answers: TokenAnswers,
}

/// What the endpoint grants.
#[derive(Deserialize)]
struct Granted {
    access_token: String,
    expires_in: Option<u64>,
    refresh_token: Option<String>,
    team_id: Option<String>,
    scope: Option<String>,
}

impl Endpoint {
    fn of(settings: &Settings, cloud: &DropboxSettings) -> Self {
        Self {
            url: cloud.token.clone(),
            app_key: cloud.app_key.clone(),
            app_secret: cloud.app_secret.clone(),
            answers: TokenAnswers { connector: settings.name.to_string() },
        }
    }

    /// `repeatable` is false for a code, which is spent by its first use even when the answer is lost.
    fn ask(&self, http: &Http, doing: &str, fields: &[(&str, &str)], repeatable: bool) -> Result<Granted, Error> {
        let form = self.form(fields);
        let reply = http.send(&Call {
            method: Method::POST,
            url: self.url.clone(),
            headers: Vec::new(),
            payload: Payload::Form(&form),
            principal: &Principal::Tenant,
            urgency: Urgency::Act,
            writes_in: None,
            bearer: None,
            judge: &self.answers,
            doing: doing.to_owned(),
            repeatable,
            patience: Duration::ZERO,
            answer_bytes_max: ANSWER_BYTES_MAX,
        })?;
        serde_json::from_slice(&reply.body)
            .map_err(|_| Error::new(Next::Transient, doing, "an answer that is not what the API describes"))
    }

    /// The form with the application's own fields.
    fn form(&self, fields: &[(&str, &str)]) -> Secret {
        let mut form = Serializer::new(String::new());
        form.extend_pairs(fields).append_pair("client_id", &self.app_key);
        if let Some(secret) = &self.app_secret {
            form.append_pair("client_secret", secret.reveal());
        }
        Secret::new(&form.finish())
    }
}

/// The vault of a connector.
#[must_use]
pub fn vault(settings: &Settings, cloud: &DropboxSettings) -> Vault {
    Vault::new(cloud.vault.clone(), settings.name.clone(), settings.provider(), &cloud.app_key)
}

/// The S256 challenge of a verifier (43 to 128 letters nobody can guess; RFC 7636, section 4.1): what is shown of it before
/// the code is exchanged.
#[must_use]
pub fn challenge(verifier: &Secret) -> String {
    URL_SAFE_NO_PAD.encode(Sha256::digest(verifier.reveal().as_bytes()))
}

/// The scopes of a connector that only reads: what is to be ticked in the application's permissions at least.
#[must_use]
pub fn scopes() -> Vec<&'static str> {
    let named = route::ALL.iter().map(|route| route.scope).filter(|scope| !scope.is_empty());
    named.collect::<BTreeSet<_>>().into_iter().collect()
}

/// The scopes that acting needs besides: what is to be ticked when policies shall do more than watch.
#[must_use]
pub fn acting_scopes() -> Vec<&'static str> {
    let reading = scopes();
    let named =
        route::ACTING.iter().map(|route| route.scope).filter(|scope| !scope.is_empty() && !reading.contains(scope));
    named.collect::<BTreeSet<_>>().into_iter().collect()
}

/// Where a team admin consents. `challenge` is of [`challenge`]; without `redirect` Dropbox shows the code to copy.
///
/// No `scope` is asked for, which stands for all that the application's permissions have ticked: whoever ticks one more and
/// consents anew has it, and one that is not ticked does not spoil the consent (`connect test` names it).
#[must_use]
pub fn authorize_url(cloud: &DropboxSettings, state: &str, challenge: &str, redirect: Option<&Url>) -> Url {
    let mut url = cloud.authorize.clone();
    url.query_pairs_mut()
        .append_pair("client_id", &cloud.app_key)
        .append_pair("response_type", "code")
        .append_pair("token_access_type", "offline")
        .append_pair("code_challenge_method", "S256")
        .append_pair("code_challenge", challenge)
        .append_pair("state", state);
    if let Some(redirect) = redirect {
        url.query_pairs_mut().append_pair("redirect_uri", redirect.as_str());
    }
    url
}

/// Exchanges a consent's code for what the vault is to hold.
///
/// # Errors
/// [`Next::Credentials`] when the code is spent or another's, when the application may not ask for offline access, or when
/// the consent was a member's own and not a team's.
pub fn exchange(
    settings: &Settings,
    cloud: &DropboxSettings,
    http: &Http,
    code: &Secret,
    verifier: &Secret,
    redirect: Option<&Url>,
) -> Result<Kept, Error> {
    let mut fields =
        vec![("grant_type", "authorization_code"), ("code", code.reveal()), ("code_verifier", verifier.reveal())];
    fields.extend(redirect.map(|redirect| ("redirect_uri", redirect.as_str())));
    let doing = "exchange the code of the consent";
    let granted = Endpoint::of(settings, cloud).ask(http, doing, &fields, false)?;
    let no = |said: &str, advice: &str| Error::new(Next::Credentials, doing, said).with_advice(advice);
    let team = granted.team_id.ok_or_else(|| {
        no(
            "this is one member's token, not the team's",
            "tick the team scopes (team_data.member, members.read, ...) in App Console > your app > Permissions, then have \
             a team admin consent",
        )
    })?;
    let refresh = granted
        .refresh_token
        .ok_or_else(|| no("no refresh token was granted", "open the link that `connect dropbox` prints, unchanged"))?;
    let mut details = BTreeMap::from([("team_id".to_owned(), team)]);
    details.extend(granted.scope.map(|scope| ("scope".to_owned(), scope)));
    Ok(Kept { refresh_token: Secret::new(&refresh), details })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::provider::settings::public;

    fn cloud() -> DropboxSettings {
        let url = |text: &str| Url::parse(text).expect("a public address");
        DropboxSettings {
            api: url(public::DROPBOX_API),
            content: url(public::DROPBOX_CONTENT),
            notify: url(public::DROPBOX_NOTIFY),
            token: url(public::DROPBOX_TOKEN),
            authorize: url(public::DROPBOX_AUTHORIZE),
            app_key: "key".into(),
            app_secret: None,
            vault: "vault".into(),
            admin: None,
        }
    }

    #[test]
    fn the_challenge_is_that_of_the_standard() {
        // RFC 7636, appendix B.
        let verifier = Secret::new("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk");
        assert_eq!(challenge(&verifier), "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM");
    }

    #[test]
    fn a_token_is_replaced_before_its_end() {
        for (expires_in, secs) in
            [(Some(14_400), 14_100), (Some(100), 90), (Some(0), 0), (None, 14_100), (Some(u64::MAX), 86_100)]
        {
            assert_eq!(usable(expires_in), Duration::from_secs(secs), "{expires_in:?}");
        }
    }

    #[test]
    fn the_consent_asks_for_a_refresh_token_and_what_is_ticked() {
        let url = authorize_url(&cloud(), "s t", "c", Some(&Url::parse("http://localhost:1/").expect("an address")));
        let pairs: BTreeMap<String, String> = url.query_pairs().into_owned().collect();
        for (key, value) in [
            ("client_id", "key"),
            ("response_type", "code"),
            ("token_access_type", "offline"),
            ("code_challenge_method", "S256"),
            ("code_challenge", "c"),
            ("state", "s t"),
            ("redirect_uri", "http://localhost:1/"),
        ] {
            assert_eq!(pairs.get(key).map(String::as_str), Some(value), "{key}");
        }
        assert!(!pairs.contains_key("scope"));
        assert!(scopes().contains(&"files.content.read") && scopes().iter().all(|scope| !scope.contains("write")));
        assert!(authorize_url(&cloud(), "s", "c", None).query_pairs().all(|(key, _)| key != "redirect_uri"));
    }
}
