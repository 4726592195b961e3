//! What Dropbox's answers mean: status, tags and waits in, the caller's next step out.
//!
//! Errors are branched on by `.tag`, never by the text of `error_summary`, whose tail varies. A tag that is not known here
//! is "no" without a retry, never a parse failure. Source: error handling guide and the Stone specification.

use crate::clock::Moment;
use crate::provider::Next;
use crate::provider::http::{Judge, Judgement};
use reqwest::header::HeaderMap;
use serde_json::Value;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use super::wire::{RootInfo, inner, tag, text};

/// Where an administrator of the application ticks a missing permission.
pub(super) const CONSOLE: &str = "App Console (https://www.dropbox.com/developers/apps) > your app > Permissions";

/// Judges calls of the API.
#[derive(Debug)]
pub(super) struct Answers {
    /// The connector's name, for the command in an advice.
    pub(super) connector: String,
}

impl Judge for Answers {
    fn judge(&self, status: u16, headers: &HeaderMap, body: &[u8]) -> Judgement {
        let said = Said::read(status, headers, body);
        match status {
            200..=299 => Judgement::Good,
            401 => self.unauthorized(&said),
            409 => conflict(&said),
            403 => said.bad(Next::Forbidden, None),
            422 => said.bad(if said.has("invalid_root") { Next::Gone } else { Next::Forbidden }, None),
            429 => said.again(!said.has("too_many_write_operations")),
            408 | 500..=599 => said.again(false),
            400 => self.bad_request(&said),
            _ => said.bad(Next::Refused, None),
        }
    }
}

impl Answers {
    /// 401: the token is over, lacks a scope, or the member acted for is not to be acted for.
    fn unauthorized(&self, said: &Said) -> Judgement {
        let relink = format!("link it again: `sluicebox connect dropbox {} --again`", self.connector);
        match said.tags.first().map(String::as_str) {
            Some("missing_scope") => self.missing_scope(said, said.scope.as_deref()),
            Some("invalid_access_token") => {
                said.bad(Next::Credentials, Some(format!("the team or an admin has removed the app; {relink}")))
            }
            Some("invalid_select_user" | "user_suspended" | "route_access_denied") => said.bad(Next::Forbidden, None),
            Some("invalid_select_admin") => said.bad(
                Next::Forbidden,
                Some(format!("the admin acted for is no team admin any more; name another by `admin`, or {relink}")),
            ),
            _ => Judgement::TokenOver { said: said.code() },
        }
    }

    /// 400 is plain text and a defect of ours, but for a scope that the whole application lacks.
    fn bad_request(&self, said: &Said) -> Judgement {
        match scope_in(&said.plain) {
            Some(scope) => self.missing_scope(said, Some(scope)),
            None => said.bad(Next::Refused, None),
        }
    }

    fn missing_scope(&self, said: &Said, scope: Option<&str>) -> Judgement {
        let scope = scope.unwrap_or("(unnamed)");
        let advice = format!(
            "tick {scope} in the {CONSOLE}, press Submit, and link it again: `sluicebox connect dropbox {} --again`",
            self.connector
        );
        Judgement::Bad {
            next: Next::Forbidden,
            said: format!("{} missing_scope {scope}", said.status),
            advice: Some(advice),
            request_id: said.request_id.clone(),
        }
    }
}

/// 409: an error of the route's own union.
fn conflict(said: &Said) -> Judgement {
    let next = said.tags.iter().rev().find_map(|tag| next_of(tag, said.reset));
    match next {
        _ if said.has("too_many_write_operations") => said.again(false),
        _ if said.has("too_many_requests") => said.again(true),
        _ if said.is_fault() => said.again(false),
        Some(next) => said.bad(next, None),
        None => said.bad(Next::Forbidden, None),
    }
}

/// The next step that a tag of a route's error union asks for; `None` when the tag says nothing by itself.
fn next_of(tag: &str, reset: Option<Moment>) -> Option<Next> {
    Some(match tag {
        "reset" => Next::Reset(reset),
        "invalid_cursor" | "bad_cursor" => Next::Reset(None),
        "not_found"
        | "not_folder"
        | "invalid_id"
        | "invalid_file"
        | "invalid_revision"
        | "shared_link_not_found"
        | "group_not_found"
        | "invalid_dropbox_id" => Next::Gone,
        "locked" | "lock_conflict" => Next::Locked,
        "conflict" | "incorrect_offset" => Next::Moved,
        "unsupported_file" | "unsupported_content_type" | "non_exportable" | "invalid_export_format" | "not_file" => {
            Next::NotReadable
        }
        "malformed_path" | "invalid_arg" | "invalid_filters" | "invalid_time_range" => Next::Refused,
        "restricted_content"
        | "no_permission"
        | "no_write_permission"
        | "access_denied"
        | "not_a_member"
        | "unmounted"
        | "email_unverified"
        | "mapping_not_found"
        | "admin_not_active" => Next::Forbidden,
        _ => return None,
    })
}

/// An error answer, taken apart.
struct Said {
    status: u16,
    /// Tags from the outside in (`path`, `not_found`), at most [`DEPTH_MAX`].
    tags: Vec<String>,
    scope: Option<String>,
    reset: Option<Moment>,
    after: Option<Duration>,
    request_id: Option<String>,
    /// The body when it is no JSON; read for a code, never shown.
    plain: String,
}

/// Unions within unions that are followed.
const DEPTH_MAX: usize = 6;

impl Said {
    fn read(status: u16, headers: &HeaderMap, body: &[u8]) -> Self {
        let json = serde_json::from_slice::<Value>(body).ok();
        let error = json.as_ref().and_then(|json| json.get("error"));
        let plain = if json.is_some() { String::new() } else { String::from_utf8_lossy(body).into_owned() };
        let tags = error.map(tags_of).unwrap_or_default();
        Self {
            status,
            scope: error.and_then(|error| text(inner(error), "required_scope")).map(code),
            reset: error.and_then(|error| text(error, "reset")).and_then(Moment::parse),
            after: longest(header_wait(headers), error.and_then(json_wait)).or_else(|| plain_wait(&plain)),
            request_id: headers.get("x-dropbox-request-id").and_then(|id| id.to_str().ok()).map(code),
            tags,
            plain,
        }
    }

    /// The service's own fault, told as an error of the route.
    fn is_fault(&self) -> bool {
        ["internal_error", "transient_error", "retry_error"].iter().any(|tag| self.has(tag))
    }

    fn has(&self, tag: &str) -> bool {
        self.tags.iter().any(|known| known == tag)
    }

    fn code(&self) -> String {
        if self.tags.is_empty() { self.status.to_string() } else { format!("{} {}", self.status, self.tags.join("/")) }
    }

    fn again(&self, throttled: bool) -> Judgement {
        Judgement::Again { after: self.after, throttled, said: self.code() }
    }

    fn bad(&self, next: Next, advice: Option<String>) -> Judgement {
        Judgement::Bad { next, said: self.code(), advice, request_id: self.request_id.clone() }
    }
}

/// The tags of a union's value and of those inside it. (A limit's union stands below `reason`.) A text that is no tag, such
/// as the time of a reset, ends them.
fn tags_of(error: &Value) -> Vec<String> {
    let is_tag = |word: &str| {
        !word.is_empty() && word.bytes().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == b'_')
    };
    let mut tags = Vec::new();
    let mut at = Some(error.get("reason").unwrap_or(error));
    while let Some(value) = at.filter(|value| is_tag(tag(value)) && tags.len() < DEPTH_MAX) {
        tags.push(code(tag(value)));
        at = value.get(tag(value));
    }
    tags
}

/// A word of the provider, cut down to what a code may hold, so that no data slips into a message.
fn code(word: &str) -> String {
    word.chars().filter(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.' | ':')).take(80).collect()
}

fn longest(one: Option<Duration>, other: Option<Duration>) -> Option<Duration> {
    one.max(other)
}

fn header_wait(headers: &HeaderMap) -> Option<Duration> {
    let value = headers.get("retry-after")?.to_str().ok()?;
    value.trim().parse::<f64>().ok().and_then(seconds)
}

fn json_wait(error: &Value) -> Option<Duration> {
    error.get("retry_after")?.as_f64().and_then(seconds)
}

/// The first number in a plain text that speaks of a retry (`Rate limited. Retry after 12 seconds`).
fn plain_wait(plain: &str) -> Option<Duration> {
    let lower = plain.to_lowercase();
    let (_, tail) = lower.split_once("retry")?;
    let digits = tail.trim_start_matches(|c: char| !c.is_ascii_digit());
    let end = digits.find(|c: char| !c.is_ascii_digit()).unwrap_or(digits.len());
    digits[..end].parse::<f64>().ok().and_then(seconds)
}

/// Whole seconds, rounded up; none that is no time, and at most a week.
fn seconds(value: f64) -> Option<Duration> {
    Duration::try_from_secs_f64(value.ceil()).ok().map(|wait| wait.min(Duration::from_secs(7 * 86_400)))
}

/// The scope a plain 400 names (`... does not have the required scope 'sharing.read' ...`), in its quotes.
fn scope_in(plain: &str) -> Option<&str> {
    let (_, tail) = plain.split_once("required scope")?;
    let scope = tail.split(['\'', '"']).nth(1)?;
    let fits = !scope.is_empty()
        && scope.len() <= 40
        && scope.bytes().all(|c| c.is_ascii_lowercase() || matches!(c, b'.' | b'_'));
    fits.then_some(scope)
}

/// Judges a call that names a root, and remembers the root that a refusal tells.
#[derive(Debug)]
pub(super) struct Rooted<'a> {
    of: &'a Answers,
    /// True for a change: where the service itself is at fault it may have been made all the same, so it is not sent again.
    changes: bool,
    told: Mutex<Option<RootInfo>>,
}

impl<'a> Rooted<'a> {
    pub(super) fn new(of: &'a Answers, changes: bool) -> Self {
        Self { of, changes, told: Mutex::new(None) }
    }

    /// The root that the last refusal told.
    pub(super) fn told(&self) -> Option<RootInfo> {
        self.told.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

impl Judge for Rooted<'_> {
    fn judge(&self, status: u16, headers: &HeaderMap, body: &[u8]) -> Judgement {
        if status == 422 {
            *self.told.lock().unwrap_or_else(PoisonError::into_inner) = invalid_root(body);
        }
        if self.changes && status == 409 {
            let said = Said::read(status, headers, body);
            if said.is_fault() {
                return said.bad(Next::Transient, None);
            }
        }
        self.of.judge(status, headers, body)
    }
}

/// The root in a 422 of the Path-Root header.
fn invalid_root(body: &[u8]) -> Option<RootInfo> {
    let json: Value = serde_json::from_slice(body).ok()?;
    let error = json.get("error")?;
    let root = if tag(error) == "invalid_root" { inner(error) } else { return None };
    serde_json::from_value(root.clone()).ok()
}

/// Judges calls of the token endpoint, whose errors are OAuth's.
#[derive(Debug)]
pub(super) struct TokenAnswers {
    /// The connector's name.
    pub(super) connector: String,
}

impl Judge for TokenAnswers {
    fn judge(&self, status: u16, headers: &HeaderMap, body: &[u8]) -> Judgement {
        let said = Said::read(status, headers, body);
        let json = serde_json::from_slice::<Value>(body).ok();
        // Some answers put the description behind the code (`invalid_client: Invalid client_id or client_secret`).
        let error =
            json.as_ref().and_then(|json| text(json, "error")).and_then(|error| error.split(':').next()).map(code);
        let advice = match error.as_deref() {
            Some("invalid_grant") => Some(format!(
                "the refresh token or code is not valid any more; link again: `sluicebox connect dropbox {} --again`",
                self.connector
            )),
            Some("invalid_client" | "unauthorized_client") => Some(format!(
                "the app key or app secret is wrong: see App Console (https://www.dropbox.com/developers/apps) > your app \
                 > Settings; to give them anew: `sluicebox connect dropbox {} --again`",
                self.connector
            )),
            _ => None,
        };
        match status {
            200..=299 => Judgement::Good,
            429 => said.again(true),
            408 | 500..=599 => said.again(false),
            _ => Judgement::Bad {
                next: if (400..500).contains(&status) { Next::Credentials } else { Next::Refused },
                said: error.map_or_else(|| status.to_string(), |error| format!("{status} {error}")),
                advice,
                request_id: said.request_id,
            },
        }
    }
}

#[cfg(test)]
mod tests;
