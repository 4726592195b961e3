//! How this tenant calls Box: one way to ask, in whose name, for which scope.
//!
//! A call in a person's name carries `as-user`, except when the token is that person's own: then the header would only ask
//! for a right that is not needed.

use super::judge::{Answers, Door, Scope};
use crate::clock::Clock;
use crate::model::Principal;
use crate::provider::http::{Call, Credentials, Http, Payload, Reply, Urgency};
use crate::provider::{Error, Next};
use reqwest::Method;
use serde::de::DeserializeOwned;
use std::sync::{Arc, OnceLock};
use std::time::Duration;
use url::Url;

/// Longest answer of the API that is taken in, in bytes: a page of 1000 items with long names and links is about 3 MB.
const ANSWER_BYTES_MAX: usize = 32 << 20;

/// The calls of one tenant. Threads share it.
#[derive(Debug)]
pub(super) struct Api {
    pub(super) http: Arc<Http>,
    base: Url,
    upload: Url,
    tokens: Arc<dyn Credentials>,
    /// The user whose own the token is, once known.
    own: OnceLock<Arc<str>>,
}

/// One thing to ask.
#[derive(Debug)]
pub(super) struct Ask<'a> {
    /// Steps of the path below the API's address; each is escaped.
    pub(super) path: &'a [&'a str],
    /// The query.
    pub(super) query: &'a [(&'a str, &'a str)],
    /// In whose name.
    pub(super) read_as: &'a Principal,
    /// How urgent.
    pub(super) urgency: Urgency,
    /// What it needs.
    pub(super) scope: Scope,
    /// What is attempted, for messages.
    pub(super) doing: String,
}

impl Api {
    pub(super) fn of(http: Arc<Http>, base: Url, upload: Url, tokens: Arc<dyn Credentials>) -> Self {
        Self { http, base, upload, tokens, own: OnceLock::new() }
    }

    pub(super) fn clock(&self) -> &Clock {
        self.http.clock()
    }

    /// True when the API is spoken to without TLS: a tenant for tests.
    pub(super) fn is_plain(&self) -> bool {
        self.base.scheme() == "http"
    }

    /// Notes whose own the token is.
    pub(super) fn is_own(&self, id: &Arc<str>) {
        let _ = self.own.set(Arc::clone(id));
    }

    /// Reads JSON.
    pub(super) fn get<T: DeserializeOwned>(&self, ask: &Ask<'_>) -> Result<T, Error> {
        let reply = self.send(Method::GET, Payload::None, ask, Door::Api)?;
        parse(&reply, &ask.doing)
    }

    /// Writes JSON and reads the answer.
    pub(super) fn write<T: DeserializeOwned>(&self, method: Method, body: &str, ask: &Ask<'_>) -> Result<T, Error> {
        let reply = self.send(method, Payload::Json(body), ask, Door::Api)?;
        parse(&reply, &ask.doing)
    }

    /// Deletes.
    pub(super) fn delete(&self, ask: &Ask<'_>) -> Result<(), Error> {
        self.send(Method::DELETE, Payload::None, ask, Door::Api).map(drop)
    }

    /// Any answer as it came.
    pub(super) fn send(&self, method: Method, payload: Payload<'_>, ask: &Ask<'_>, door: Door) -> Result<Reply, Error> {
        let repeatable = method != Method::POST;
        self.http.send(&Call {
            method,
            url: address(&self.base, ask.path, ask.query, &ask.doing)?,
            headers: self.headers(ask.read_as),
            payload,
            principal: ask.read_as,
            urgency: ask.urgency,
            writes_in: None,
            bearer: Some(self.tokens.as_ref()),
            judge: &Answers { door, scope: ask.scope },
            doing: ask.doing.clone(),
            repeatable,
            patience: Duration::ZERO,
            answer_bytes_max: ANSWER_BYTES_MAX,
        })
    }

    fn headers(&self, read_as: &Principal) -> Vec<(&'static str, String)> {
        match read_as.id() {
            Some(id) if self.own.get().is_none_or(|own| &**own != id) => vec![("as-user", id.to_owned())],
            _ => Vec::new(),
        }
    }

    /// Makes a change: sent once, since what became of a change without a clear answer must be looked for, never guessed.
    /// Too many calls and "not yet" are waited for, as they say that nothing was done.
    pub(super) fn change(&self, change: &Change<'_>) -> Result<Reply, Error> {
        let base = if change.uploads { &self.upload } else { &self.base };
        let mut headers = self.headers(change.by);
        headers.extend(change.if_match.map(|etag| ("If-Match", etag.to_owned())));
        headers.extend(change.headers.iter().cloned());
        self.http.send(&Call {
            method: change.method.clone(),
            url: address(base, change.path, change.query, &change.doing)?,
            headers,
            payload: change.payload,
            principal: change.by,
            urgency: Urgency::Act,
            writes_in: None,
            bearer: Some(self.tokens.as_ref()),
            judge: &Answers { door: Door::Api, scope: change.scope },
            doing: change.doing.clone(),
            repeatable: false,
            patience: Duration::ZERO,
            answer_bytes_max: ANSWER_BYTES_MAX,
        })
    }
}

/// One change to make.
#[derive(Debug)]
pub(super) struct Change<'a> {
    /// Method.
    pub(super) method: Method,
    /// True for the host of uploads.
    pub(super) uploads: bool,
    /// Steps of the path below the API's address; each is escaped.
    pub(super) path: &'a [&'a str],
    /// The query.
    pub(super) query: &'a [(&'a str, &'a str)],
    /// What is sent.
    pub(super) payload: Payload<'a>,
    /// Headers beside `as-user` and `If-Match`.
    pub(super) headers: &'a [(&'static str, String)],
    /// In whose name.
    pub(super) by: &'a Principal,
    /// The etag that must still hold.
    pub(super) if_match: Option<&'a str>,
    /// What it needs.
    pub(super) scope: Scope,
    /// What is attempted, for messages.
    pub(super) doing: String,
}

impl<'a> Change<'a> {
    /// A change of the API in somebody's name, without a body.
    pub(super) fn of(method: Method, path: &'a [&'a str], by: &'a Principal, doing: impl Into<String>) -> Self {
        Self {
            method,
            uploads: false,
            path,
            query: &[],
            payload: Payload::None,
            headers: &[],
            by,
            if_match: None,
            scope: Scope::AsUser,
            doing: doing.into(),
        }
    }
}

/// The id Box gave a request, by which its support finds it.
pub(super) fn request_id(reply: &Reply) -> Option<Arc<str>> {
    let id = reply.headers.get("box-request-id")?.to_str().ok()?;
    let fits = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '_' | '-' | '.');
    (!id.is_empty() && id.len() <= 80 && id.chars().all(fits)).then(|| id.into())
}

fn address(base: &Url, path: &[&str], query: &[(&str, &str)], doing: &str) -> Result<Url, Error> {
    let mut url = base.clone();
    url.path_segments_mut()
        .map_err(|()| Error::new(Next::Refused, doing, "the address of the API cannot have a path"))?
        .pop_if_empty()
        .extend(path);
    if !query.is_empty() {
        url.query_pairs_mut().extend_pairs(query);
    }
    Ok(url)
}

/// Reads the JSON of an answer.
pub(super) fn parse<T: DeserializeOwned>(reply: &Reply, doing: &str) -> Result<T, Error> {
    serde_json::from_slice(&reply.body).map_err(|_| {
        Error::new(Next::Transient, doing, "an answer that is not the JSON it should be").with_status(reply.status)
    })
}
