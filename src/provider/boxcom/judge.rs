//! What Box's answers mean: statuses, codes and texts in, the caller's next step out.
//!
//! The same status means another thing at another door: 404 of a signed address says that the address is over, 404 of the
//! API that the item is gone or hidden; 401 of the token endpoint is a wrong secret, 401 of the API a token that is over.
//! So there is one judge for each door ([`Door`]), and a judge knows which scope its call needs, to name the missing one.

use super::wire::Refusal;
use crate::clock::Moment;
use crate::model::action::Block;
use crate::provider::govern::Applied;
use crate::provider::http::{self, Judge, Judgement, seconds};
use crate::provider::{Error, Next};
use reqwest::header::{HeaderMap, RETRY_AFTER, WWW_AUTHENTICATE};
use std::sync::Mutex;
use std::time::Duration;

/// What the application must be allowed for a call to succeed, in the words of Box's developer console.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Scope {
    /// Reading files and folders.
    Files,
    /// Reading them in another user's name.
    AsUser,
    /// The list of users.
    Users,
    /// Groups and their members.
    Groups,
    /// The event feed of the enterprise.
    Events,
    /// Webhooks.
    Webhooks,
}

impl Scope {
    /// The tick box, as the console names it.
    fn name(self) -> &'static str {
        match self {
            Scope::Files => "Application Scopes > Read all files and folders stored in Box",
            Scope::AsUser => "Advanced Features > Make API calls using the as-user header",
            Scope::Users => "Application Scopes > Manage users",
            Scope::Groups => "Application Scopes > Manage groups",
            Scope::Events => "Application Scopes > Manage enterprise properties",
            Scope::Webhooks => "Application Scopes > Manage webhooks",
        }
    }

    /// The clicks that grant it.
    pub(super) fn clicks(self) -> String {
        format!(
            "Box developer console > your app > Configuration > {}: tick it and save; then Admin Console > Integrations > \
             Platform Apps Manager > your app > Reauthorize App",
            self.name()
        )
    }
}

/// Where a call goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Door {
    /// The API.
    Api,
    /// The API's redirect to a content: 302 is the answer wished for, 202 means "not ready".
    Content,
    /// A signed download address.
    Signed,
    /// The question whether an upload would be taken: 409 is an answer too, whose body names what is in its way.
    Preflight,
}

/// Reads the answers of one kind of call.
#[derive(Clone, Copy, Debug)]
pub(super) struct Answers {
    /// Where the call goes.
    pub(super) door: Door,
    /// What it needs.
    pub(super) scope: Scope,
}

impl Judge for Answers {
    fn judge(&self, status: u16, headers: &HeaderMap, body: &[u8]) -> Judgement {
        match (self.door, status) {
            (Door::Content, 302) => Judgement::Good,
            (Door::Content, 202) => {
                Judgement::Again { after: retry_after(headers, body), throttled: false, said: "202 not ready".into() }
            }
            (_, 200..=299) | (Door::Preflight, 409) => Judgement::Good,
            (_, 429) => Judgement::Again {
                after: retry_after(headers, body),
                throttled: true,
                said: said(status, body, headers),
            },
            (_, 408 | 500..=599) => Judgement::Again {
                after: retry_after(headers, body),
                throttled: false,
                said: said(status, body, headers),
            },
            (Door::Signed, _) => signed(status),
            (_, 401) => Judgement::TokenOver { said: said(status, body, headers) },
            _ => self.refused(status, headers, body),
        }
    }
}

impl Answers {
    fn refused(&self, status: u16, headers: &HeaderMap, body: &[u8]) -> Judgement {
        let refusal = read(body);
        let code = refusal.code.as_deref().unwrap_or_default();
        let (next, advice) = self.next(status, code, headers);
        Judgement::Bad {
            next,
            said: said(status, body, headers),
            advice,
            request_id: refusal.request_id.as_deref().and_then(word).or_else(|| header(headers, "box-request-id")),
        }
    }

    fn next(&self, status: u16, code: &str, headers: &HeaderMap) -> (Next, Option<String>) {
        match (status, code) {
            (409, "operation_blocked_temporary") | (423, _) => (Next::Locked, None),
            (403, "access_denied_item_locked" | "item_locked") => (Next::Locked, None),
            (403, "forbidden_by_policy") => {
                (Next::Forbidden, Some("a Shield policy of the company keeps it from being downloaded".into()))
            }
            (403, _) if asks_scope(code, headers) => (Next::Forbidden, Some(self.scope.clicks())),
            (403, _) => (Next::Forbidden, None),
            (404 | 410, _) => (Next::Gone, None),
            (409 | 412, _) => (Next::Moved, None),
            _ => (Next::Refused, None),
        }
    }
}

/// The service's own code of a refusal (`forbidden_by_policy`); empty when it named none.
pub(super) fn code(error: &Error) -> &str {
    error.said().split_once(' ').map_or("", |(_, code)| code)
}

/// What a refused change says about the item or the company.
pub(super) fn block(error: &Error) -> Block {
    let code = code(error);
    match (error.status(), code) {
        (_, "forbidden_by_policy") => Block::Shield,
        (_, "access_denied_item_locked" | "item_locked") | (Some(423), _) => Block::Lock(None),
        (_, "item_name_in_use") => Block::NameTaken,
        (_, "storage_limit_exceeded" | "file_size_limit_exceeded") => Block::PlanLacks(code.into()),
        (_, code) if code.contains("legal_hold") => Block::Hold(code.into()),
        (_, code) if code.contains("retention") || code.contains("retained") => Block::Retention(code.into()),
        (Some(400 | 405 | 415), _) => Block::BadWish(format!("Box does not take it ({})", error.said()).into()),
        _ => Block::NoRight(if code.is_empty() { error.said() } else { code }.into()),
    }
}

/// What a failed change means for its step. An operation of Box's own that is under way passes: nothing was done.
pub(super) fn failed(error: Error) -> Applied {
    match code(&error) {
        "operation_blocked_temporary" | "name_temporarily_reserved" => Applied::Later(error),
        "user_already_collaborator" => Applied::Moved,
        _ => Applied::failed(error, block),
    }
}

/// What a signed address that no longer serves says; the caller asks for a new one.
fn signed(status: u16) -> Judgement {
    let next = match status {
        401 | 403 | 404 | 410 => Next::Gone,
        416 => Next::NotReadable,
        _ => Next::Refused,
    };
    Judgement::Bad { next, said: format!("{status} by the download host"), advice: None, request_id: None }
}

/// True when a 403 is about a right of the application, not about the item.
fn asks_scope(code: &str, headers: &HeaderMap) -> bool {
    let bearer = headers.get(WWW_AUTHENTICATE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    bearer.contains("insufficient_scope")
        || matches!(code, "insufficient_scope" | "access_denied_insufficient_permissions")
}

/// Reads the token endpoint's answers.
#[derive(Debug)]
pub(super) struct TokenAnswers {
    /// How tokens are had.
    pub(super) grant: Grant,
    /// The server's time at its last refusal, by which a wrong clock is corrected.
    server_time: Mutex<Option<Moment>>,
}

/// How tokens are had.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Grant {
    /// Client credentials.
    Credentials,
    /// A signed assertion, which may be sent once only: every fault is handed back, so that a new one is made.
    Assertion,
    /// A refresh token.
    Refresh,
    /// The code of a consent.
    Code,
}

impl TokenAnswers {
    pub(super) fn of(grant: Grant) -> Self {
        Self { grant, server_time: Mutex::new(None) }
    }

    /// The server's time, told by the `Date` of its last refusal.
    pub(super) fn server_time(&self) -> Option<Moment> {
        self.server_time.lock().map_or(None, |time| *time)
    }

    fn note_time(&self, headers: &HeaderMap) {
        if let Ok(mut time) = self.server_time.lock() {
            *time = date(headers);
        }
    }

    fn again(&self, headers: &HeaderMap, body: &[u8], throttled: bool, said: String) -> Judgement {
        match (self.grant, retry_after(headers, body)) {
            (Grant::Assertion, None) => Judgement::Bad { next: Next::Transient, said, advice: None, request_id: None },
            (_, after) => Judgement::Again { after, throttled, said },
        }
    }
}

impl Judge for TokenAnswers {
    fn judge(&self, status: u16, headers: &HeaderMap, body: &[u8]) -> Judgement {
        match status {
            200..=299 => Judgement::Good,
            429 => self.again(headers, body, true, said(status, body, headers)),
            408 | 500..=599 => self.again(headers, body, false, said(status, body, headers)),
            _ => {
                self.note_time(headers);
                let refusal = read(body);
                let error = refusal.error.as_deref().unwrap_or_default();
                let (next, advice) = refused_token(self.grant, error);
                Judgement::Bad {
                    next,
                    said: said(status, body, headers),
                    advice: Some(advice.into()),
                    request_id: None,
                }
            }
        }
    }
}

/// What a refusal of the token endpoint asks a person to do.
fn refused_token(grant: Grant, error: &str) -> (Next, &'static str) {
    let advice = match (grant, error) {
        (_, "invalid_client") => {
            "copy client id and secret again from the Box developer console > your app > Configuration > OAuth 2.0 \
             Credentials, then run `sluicebox connect box NAME --again`"
        }
        (Grant::Credentials, "unauthorized_client") => {
            "check the enterprise id (developer console > your app > General Settings), and let an admin authorise the app: \
             Box Admin Console > Integrations > Platform Apps Manager > Add Platform App > the client id; and tick App + \
             Enterprise Access in its Configuration. To change the id: `sluicebox connect box NAME --again`"
        }
        (_, "unauthorized_client") => {
            "let an admin authorise the app: Box Admin Console > Integrations > Platform Apps Manager > Add Platform App > \
             the client id; and tick App + Enterprise Access in its Configuration"
        }
        (Grant::Credentials, _) => {
            "check the enterprise id (developer console > your app > General Settings), and that an admin authorised the app: \
             Box Admin Console > Integrations > Platform Apps Manager. To change the id: `sluicebox connect box NAME --again`"
        }
        (Grant::Assertion, _) => {
            "make a new key pair in the Box developer console > your app > Configuration > Add and Manage Public Keys, keep \
             the file it downloads, and check that an admin authorised the app"
        }
        (Grant::Refresh, _) => {
            "the consent is over (60 days unused, or revoked): run `sluicebox connect box NAME --again`"
        }
        (Grant::Code, _) => {
            "the code is over (it lives 30 seconds) or was made for another address: open the link again, and check the \
             redirect address in the developer console > your app > Configuration > OAuth 2.0 Redirect URIs"
        }
    };
    (Next::Credentials, advice)
}

fn read(body: &[u8]) -> Refusal {
    serde_json::from_slice(body).unwrap_or_default()
}

/// `403 insufficient_scope`: the status and the service's own code, never its free text.
fn said(status: u16, body: &[u8], headers: &HeaderMap) -> String {
    let refusal = read(body);
    let code = refusal.code.or(refusal.error).as_deref().and_then(word);
    match code.or_else(|| bearer_error(headers)) {
        Some(code) => format!("{status} {code}"),
        None => status.to_string(),
    }
}

/// The `error` of a `WWW-Authenticate: Bearer` header.
fn bearer_error(headers: &HeaderMap) -> Option<String> {
    let value = headers.get(WWW_AUTHENTICATE)?.to_str().ok()?;
    word(value.split_once("error=\"")?.1.split('"').next()?)
}

fn header(headers: &HeaderMap, name: &str) -> Option<String> {
    headers.get(name).and_then(|value| value.to_str().ok()).and_then(word)
}

/// A code or id as it may be shown: up to 80 letters, digits, `_`, `-`, `.`; `None` for anything else.
fn word(text: &str) -> Option<String> {
    let fits = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '_' | '-' | '.');
    (!text.is_empty() && text.len() <= 80 && text.chars().all(fits)).then(|| text.to_owned())
}

/// How long to wait: by the header (seconds, or a date held against the answer's own `Date`), else by the body (JSON, or
/// a text such as `retry after 7 seconds`).
fn retry_after(headers: &HeaderMap, body: &[u8]) -> Option<Duration> {
    let by_header = || {
        let by_date = date(headers).and_then(|answered| http::retry_after(headers, answered));
        by_date.or_else(|| seconds(headers.get(RETRY_AFTER)?.to_str().ok()?))
    };
    by_header().or_else(|| seconds(read(body).retry_after.as_deref()?)).or_else(|| in_words(body))
}

/// The server's time by the answer's `Date`.
fn date(headers: &HeaderMap) -> Option<Moment> {
    http::server_ahead_ms(headers, Moment::default()).map(Moment::from_millis)
}

/// The first number after the words "retry" or "wait" of a plain text.
fn in_words(body: &[u8]) -> Option<Duration> {
    let text = std::str::from_utf8(body).ok()?.to_ascii_lowercase();
    if text.trim_start().starts_with(['{', '[', '<']) {
        return None;
    }
    let from = text.find("retry").or_else(|| text.find("wait"))?;
    let digits = text[from..].split(|letter: char| !letter.is_ascii_digit() && letter != '.');
    digits.map(|part| part.trim_matches('.')).find_map(seconds)
}

#[cfg(test)]
mod tests;
