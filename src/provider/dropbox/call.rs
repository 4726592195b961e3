//! One call of Dropbox: headers, arguments, the root it is relative to, and the one repetition when that root was wrong.
//!
//! Every route is a POST. Arguments of the content host travel in a header, which must be ASCII: see [`header_json`].

use super::auth::Tokens;
use super::judge::{Answers, Rooted};
use super::route::{Auth, Host, Route};
use crate::clock::Clock;
use crate::model::Principal;
use crate::provider::http::{Call, Http, Payload, Reply, Stream, Urgency};
use crate::provider::settings::DropboxSettings;
use crate::provider::{Error, Next};
use reqwest::Method;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::fmt::Write as _;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;
use url::Url;

/// Longest answer that is taken in: a page of 2000 entries is about 2 MiB.
const ANSWER_BYTES_MAX: usize = 32 << 20;

/// What paths of a call are relative to (header `Dropbox-API-Path-Root`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Root {
    /// This namespace.
    Namespace(Arc<str>),
    /// The acting member's root, which must be this one: a team space. When it has changed the service tells the new one.
    Member(Arc<str>),
}

impl Root {
    fn header(&self) -> String {
        let value = match self {
            Root::Namespace(id) => serde_json::json!({".tag": "namespace_id", "namespace_id": &**id}),
            Root::Member(id) => serde_json::json!({".tag": "root", "root": &**id}),
        };
        header_json(&value)
    }
}

/// A call to be made.
#[derive(Debug)]
pub(super) struct Ask<'a> {
    pub(super) route: &'static Route,
    pub(super) principal: &'a Principal,
    pub(super) root: Option<Root>,
    /// For messages; no names of files or people.
    pub(super) doing: String,
    pub(super) urgency: Urgency,
    /// First byte of the content that is wanted.
    pub(super) from: u64,
    /// Longest wait for the answer's first byte beside the stall guard.
    pub(super) patience: Duration,
    /// Set for a change: the namespace it writes in, if one. It is sent once, since what became of a change without a clear
    /// answer must be looked for, never guessed.
    pub(super) changes: Option<Option<Arc<str>>>,
    /// True when what is acted on belongs to the team itself, where an admin may act on it.
    pub(super) team_owned: bool,
}

impl<'a> Ask<'a> {
    pub(super) fn new(route: &'static Route, principal: &'a Principal, doing: impl Into<String>) -> Self {
        Self {
            route,
            principal,
            root: None,
            doing: doing.into(),
            urgency: Urgency::Bulk,
            from: 0,
            patience: Duration::ZERO,
            changes: None,
            team_owned: false,
        }
    }

    /// A change, in this namespace if one.
    pub(super) fn changing(mut self, namespace: Option<&Arc<str>>) -> Self {
        self.changes = Some(namespace.cloned());
        self.urgency = Urgency::Act;
        self
    }

    /// Relative to this namespace.
    pub(super) fn within(mut self, namespace: &Arc<str>) -> Self {
        self.root = Some(Root::Namespace(Arc::clone(namespace)));
        self
    }
}

/// Makes the calls of one tenant.
#[derive(Debug)]
pub(super) struct Desk {
    http: Arc<Http>,
    tokens: Tokens,
    answers: Answers,
    api: Url,
    content: Url,
    notify: Url,
}

impl Desk {
    pub(super) fn new(http: Arc<Http>, tokens: Tokens, connector: String, cloud: &DropboxSettings) -> Self {
        Self {
            http,
            tokens,
            answers: Answers { connector },
            api: cloud.api.clone(),
            content: cloud.content.clone(),
            notify: cloud.notify.clone(),
        }
    }

    pub(super) fn clock(&self) -> &Clock {
        self.http.clock()
    }

    /// Raised when the program should end.
    pub(super) fn stop(&self) -> &AtomicBool {
        self.http.stop()
    }

    /// The scopes that were granted, as the token endpoint told them; `None` when it did not.
    pub(super) fn scopes(&self) -> Option<String> {
        self.tokens.scopes()
    }

    /// The connector's name.
    pub(super) fn connector(&self) -> &str {
        &self.answers.connector
    }

    /// Calls a route whose argument and answer are JSON.
    pub(super) fn rpc<T: DeserializeOwned>(&self, ask: &Ask<'_>, argument: &impl Serialize) -> Result<T, Error> {
        let json = serde_json::to_string(argument).map_err(|_| refused(ask, "the argument is no JSON"))?;
        let reply = self.rooted(ask, |desk, root, judge| {
            let call = desk.call(ask, root, Payload::Json(&json), None, judge)?;
            desk.http.send(&call)
        })?;
        serde_json::from_slice(&reply.body)
            .map_err(|_| Error::new(Next::Transient, &ask.doing, "an answer that is not what the API describes"))
    }

    /// Calls a route that changes something; gives its answer and the id of the request.
    pub(super) fn act<T: DeserializeOwned>(
        &self,
        ask: &Ask<'_>,
        argument: &impl Serialize,
    ) -> Result<(T, Option<Arc<str>>), Error> {
        let json = serde_json::to_string(argument).map_err(|_| refused(ask, "the argument is no JSON"))?;
        let reply = self.rooted(ask, |desk, root, judge| {
            let call = desk.call(ask, root, Payload::Json(&json), None, judge)?;
            desk.http.send(&call)
        })?;
        answered(ask, &reply)
    }

    /// Calls a route of the content host that takes bytes; gives its answer and the id of the request.
    pub(super) fn upload<T: DeserializeOwned>(
        &self,
        ask: &Ask<'_>,
        argument: &Value,
        bytes: &[u8],
    ) -> Result<(T, Option<Arc<str>>), Error> {
        let header = header_json(argument);
        let reply = self.rooted(ask, |desk, root, judge| {
            let call = desk.call(ask, root, Payload::Bytes(bytes), Some(&header), judge)?;
            desk.http.send(&call)
        })?;
        answered(ask, &reply)
    }

    /// Waits so long; false when the program ends.
    pub(super) fn wait(&self, span: Duration) -> bool {
        self.http.wait(span)
    }

    /// Calls a route whose answer is a content. The route's own result is in [`result_of`] of the stream.
    pub(super) fn download(&self, ask: &Ask<'_>, argument: &Value) -> Result<Stream, Error> {
        let header = header_json(argument);
        self.rooted(ask, |desk, root, judge| {
            let call = desk.call(ask, root, Payload::None, Some(&header), judge)?;
            desk.http.stream(&call)
        })
    }

    /// Makes a call, and once more when the service tells that the member's root is another.
    fn rooted<T>(
        &self,
        ask: &Ask<'_>,
        make: impl Fn(&Self, Option<&Root>, &Rooted<'_>) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let judge = Rooted::new(&self.answers, ask.changes.is_some());
        let first = make(self, ask.root.as_ref(), &judge);
        match (&first, &ask.root, judge.told()) {
            (Err(_), Some(Root::Member(_)), Some(told)) if !told.root_namespace_id.is_empty() => {
                make(self, Some(&Root::Member(told.root_namespace_id.into())), &judge)
            }
            _ => first,
        }
    }

    fn call<'c>(
        &'c self,
        ask: &'c Ask<'_>,
        root: Option<&Root>,
        payload: Payload<'c>,
        argument: Option<&str>,
        judge: &'c Rooted<'_>,
    ) -> Result<Call<'c>, Error> {
        let route = ask.route;
        let base = match route.host {
            Host::Api => &self.api,
            Host::Content => &self.content,
            Host::Notify => &self.notify,
        };
        let url = base.join(route.path).map_err(|_| refused(ask, "the base address of the settings takes no path"))?;
        let select = route.select(ask.principal, ask.team_owned).ok_or_else(|| refused(ask, "nobody to act as"))?;
        let mut headers = Vec::new();
        headers.extend(select);
        headers.extend(root.map(|root| ("Dropbox-API-Path-Root", root.header())));
        headers.extend(argument.map(|argument| ("Dropbox-API-Arg", argument.to_owned())));
        if ask.from > 0 {
            headers.push(("Range", format!("bytes={}-", ask.from)));
        }
        Ok(Call {
            method: Method::POST,
            url,
            headers,
            payload,
            principal: route.pace(ask.principal),
            urgency: ask.urgency,
            writes_in: ask.changes.as_ref().and_then(Option::as_deref),
            bearer: (route.auth != Auth::Nobody).then_some(&self.tokens),
            judge,
            doing: ask.doing.clone(),
            repeatable: ask.changes.is_none(),
            patience: ask.patience,
            answer_bytes_max: ANSWER_BYTES_MAX,
        })
    }
}

/// The answer of a change. One that cannot be read leaves open what was done.
fn answered<T: DeserializeOwned>(ask: &Ask<'_>, reply: &Reply) -> Result<(T, Option<Arc<str>>), Error> {
    let id = reply.headers.get("x-dropbox-request-id").and_then(|id| id.to_str().ok());
    let fits = |id: &&str| {
        !id.is_empty() && id.len() <= 80 && id.chars().all(|c| c.is_ascii_alphanumeric() || "-_.:".contains(c))
    };
    let body: &[u8] = if reply.body.is_empty() { b"null" } else { &reply.body };
    let answer = serde_json::from_slice(body)
        .map_err(|_| Error::new(Next::Transient, &ask.doing, "an answer that is not what the API describes"))?;
    Ok((answer, id.filter(fits).map(Arc::from)))
}

fn refused(ask: &Ask<'_>, said: &str) -> Error {
    Error::new(Next::Refused, &ask.doing, said)
}

/// The route's own result beside a content.
pub(super) fn result_of<T: DeserializeOwned + Default>(stream: &Stream) -> T {
    let header = stream.headers.get("dropbox-api-result").map(reqwest::header::HeaderValue::as_bytes);
    header.and_then(|json| serde_json::from_slice(json).ok()).unwrap_or_default()
}

/// JSON as a header takes it: code points above 0x7E as `\uXXXX`, beyond the BMP as a pair of them.
pub(super) fn header_json(value: &Value) -> String {
    let mut ascii = String::new();
    for c in value.to_string().chars() {
        if c <= '~' {
            ascii.push(c);
        } else {
            for unit in c.encode_utf16(&mut [0; 2]) {
                // Writing to a String cannot fail.
                let _ = write!(ascii, "\\u{unit:04x}");
            }
        }
    }
    ascii
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn header_json_is_ascii_and_reads_back() {
        for (text, written) in [
            ("plain ~", r#""plain ~""#),
            ("\u{7f}", r#""\u007f""#),
            ("é", r#""\u00e9""#),
            ("日本", r#""\u65e5\u672c""#),
            ("😀\n", r#""\ud83d\ude00\n""#),
        ] {
            let header = header_json(&json!(text));
            assert_eq!(header, written);
            assert_eq!(serde_json::from_str::<String>(&header).ok().as_deref(), Some(text));
        }
    }

    #[test]
    fn a_root_is_named_by_its_kind() {
        assert_eq!(Root::Namespace("7".into()).header(), r#"{".tag":"namespace_id","namespace_id":"7"}"#);
        assert_eq!(Root::Member("8".into()).header(), r#"{".tag":"root","root":"8"}"#);
    }
}
