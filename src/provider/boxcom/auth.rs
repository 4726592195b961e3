//! How Box tokens are had: client credentials, a signed assertion (JWT), or an admin's own consent.
//!
//! An access token lives an hour and is kept in memory only. `Tokens` hands out the present one; whoever finds it over asks
//! for another while the others wait, so that threads never race for a token. What particular ways need lies in `jwt` and
//! `consent`; the latter also holds the pure steps of the first consent, for `connect`.
//!
//! Sources: Box developer guides "Authentication" (Client Credentials Grant, JWT without SDKs, OAuth 2.0 without SDKs).

mod consent;
mod jwt;

pub use consent::{authorize_url, exchange, vault};

use super::judge::{Grant, TokenAnswers};
use super::wire;
use crate::clock::Moment;
use crate::model::{ConnectorName, Principal};
use crate::provider::http::{Call, Credentials, Http, Payload, Urgency};
use crate::provider::settings::{BoxAuth, BoxSettings, BoxSubject};
use crate::provider::{Error, Next, Secret, Settings};
use reqwest::Method;
use std::fmt;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use url::Url;
use url::form_urlencoded::Serializer;

/// A token is renewed so long before its end, so that no call begins with one that ends on the way.
const RENEW_BEFORE: Duration = Duration::from_secs(60);

/// Life of a token whose life the answer does not tell. Box documents an hour.
const LIFE: Duration = Duration::from_secs(3600);

/// Longest answer of the token endpoint, in bytes.
const TOKEN_BYTES_MAX: usize = 64 << 10;

/// A token and when it must be replaced.
#[derive(Clone, Debug)]
struct Held {
    token: Secret,
    until: Moment,
}

/// How tokens are had.
#[derive(Debug)]
enum Way {
    Credentials { client_id: String, client_secret: Secret, subject: BoxSubject },
    Jwt(Box<jwt::Signer>),
    Consent(consent::Refresher),
}

/// The tokens of one tenant.
pub struct Tokens {
    http: Arc<Http>,
    endpoint: Url,
    /// The connector's name, for commands that messages advise.
    name: ConnectorName,
    way: Way,
    held: Mutex<Option<Held>>,
}

impl fmt::Debug for Tokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tokens").field("endpoint", &self.endpoint.as_str()).finish_non_exhaustive()
    }
}

impl Tokens {
    /// The tokens of these settings; the key file is read, no call is made.
    ///
    /// # Errors
    /// When the key file cannot be used ([`Next::Credentials`] with what to do).
    pub fn open(settings: &Settings, cloud: &BoxSettings, http: Arc<Http>) -> Result<Self, Error> {
        let way = match &cloud.auth {
            BoxAuth::ClientCredentials { client_id, client_secret, subject } => Way::Credentials {
                client_id: client_id.clone(),
                client_secret: client_secret.clone(),
                subject: subject.clone(),
            },
            BoxAuth::Jwt { key_file, subject } => Way::Jwt(Box::new(jwt::Signer::read(key_file, subject.clone())?)),
            BoxAuth::User { client_id, client_secret, .. } => {
                Way::Consent(consent::Refresher::of(client_id, client_secret, vault(settings, cloud)?))
            }
        };
        Ok(Self { http, endpoint: cloud.token.clone(), name: settings.name.clone(), way, held: Mutex::new(None) })
    }

    /// True when the token is a person's own, not the service account's.
    #[must_use]
    pub fn is_a_persons(&self) -> bool {
        match &self.way {
            Way::Credentials { subject, .. } => matches!(subject, BoxSubject::User(_)),
            Way::Jwt(signer) => matches!(signer.subject(), BoxSubject::User(_)),
            Way::Consent(_) => true,
        }
    }

    fn ask(&self) -> Result<Held, Error> {
        // Its life begins at the provider, while the answer is still on its way.
        let begun = self.http.clock().now();
        let answer = self.answer()?;
        let token = answer.access_token.as_deref().filter(|token| !token.is_empty());
        let token = token.ok_or_else(|| Error::new(Next::Transient, DOING, "an answer without a token"))?;
        Ok(Held { token: Secret::new(token), until: until(begun, answer.expires_in) })
    }

    fn answer(&self) -> Result<wire::Token, Error> {
        match &self.way {
            Way::Credentials { client_id, client_secret, subject } => {
                let (kind, id) = subject_words(subject);
                let form = form(&[
                    ("grant_type", "client_credentials"),
                    ("client_id", client_id),
                    ("client_secret", client_secret.reveal()),
                    ("box_subject_type", kind),
                    ("box_subject_id", id),
                ]);
                post(&self.http, &self.endpoint, &form, &TokenAnswers::of(Grant::Credentials))
            }
            Way::Jwt(signer) => signer.token(&self.http, &self.endpoint),
            Way::Consent(refresher) => refresher.token(&self.http, &self.endpoint),
        }
    }

    /// Puts the connector's name into the command an error advises.
    fn named(&self, error: Error) -> Error {
        match error.advice().map(|advice| advice.replace("NAME", self.name.as_str())) {
            Some(advice) => error.with_advice(advice),
            None => error,
        }
    }

    fn another(&self, is_stale: impl Fn(&Held) -> bool) -> Result<Secret, Error> {
        let mut held = self.held.lock().map_err(|_| Error::new(Next::Stopped, DOING, "another thread failed"))?;
        if let Some(kept) = held.as_ref().filter(|kept| !is_stale(kept)) {
            return Ok(kept.token.clone());
        }
        let fresh = self.ask().map_err(|error| self.named(error))?;
        Ok(held.insert(fresh).token.clone())
    }
}

impl Credentials for Tokens {
    fn bearer(&self) -> Result<Secret, Error> {
        let now = self.http.clock().now();
        self.another(|held| held.until <= now)
    }

    fn renew(&self, stale: &Secret) -> Result<Secret, Error> {
        self.another(|held| &held.token == stale)
    }
}

const DOING: &str = "get a Box token";

/// When a token must be replaced: a minute before its end, or at half its life when that is shorter.
fn until(begun: Moment, expires_in: Option<u64>) -> Moment {
    let life = expires_in.map_or(LIFE, |secs| Duration::from_secs(secs.min(86_400)));
    begun.plus(life.saturating_sub(RENEW_BEFORE.min(life / 2)))
}

/// `enterprise` or `user`, and the id.
fn subject_words(subject: &BoxSubject) -> (&'static str, &str) {
    match subject {
        BoxSubject::Enterprise(id) => ("enterprise", id),
        BoxSubject::User(id) => ("user", id),
    }
}

fn form(fields: &[(&str, &str)]) -> Secret {
    Secret::new(&Serializer::new(String::new()).extend_pairs(fields).finish())
}

/// Asks the token endpoint once.
fn post(http: &Http, endpoint: &Url, form: &Secret, answers: &TokenAnswers) -> Result<wire::Token, Error> {
    let reply = http.send(&Call {
        method: Method::POST,
        url: endpoint.clone(),
        headers: Vec::new(),
        payload: Payload::Form(form),
        principal: &Principal::Tenant,
        urgency: Urgency::Act,
        writes_in: None,
        bearer: None,
        judge: answers,
        doing: DOING.into(),
        repeatable: answers.grant != Grant::Assertion,
        patience: Duration::ZERO,
        answer_bytes_max: TOKEN_BYTES_MAX,
    })?;
    serde_json::from_slice(&reply.body).map_err(|_| Error::new(Next::Transient, DOING, "an answer that is no JSON"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_replaced_before_its_end() {
        for (expires_in, secs) in
            [(Some(3600), 3540), (Some(60), 30), (Some(0), 0), (None, 3540), (Some(u64::MAX), 86_340)]
        {
            assert_eq!(until(Moment::default(), expires_in).as_secs(), secs, "{expires_in:?}");
        }
    }

    #[test]
    fn a_form_is_escaped_and_masked() {
        let form = form(&[("a", "b&c=d e"), ("client_secret", "täst")]);
        assert_eq!(form.reveal(), "a=b%26c%3Dd+e&client_secret=t%C3%A4st");
        assert_eq!(format!("{form:?}"), "(masked)");
    }
}
