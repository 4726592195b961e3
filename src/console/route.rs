//! What is answered to which request: a pure table over a whole request, without a socket.
//!
//! Three routes. `/hooks/NAME` is for providers, who prove themselves by a signature. `/health` and `/metrics` are for the
//! company's own machines: they demand the credential if there is one, and without one answer only to who calls this machine
//! by a loopback name, so that no web page can read them through a browser here under a name of its own.

use super::health::Health;
use super::metrics;
use crate::clock::Clock;
use crate::provider::{Delivery, Secret};
use sha2::{Digest, Sha256};
use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

/// Takes in what came to a connector's webhook address.
pub trait Hooks: Send + Sync + fmt::Debug {
    /// What it was; `None` when there is no such connector. Comes back at once: what a delivery causes is done elsewhere.
    fn deliver(&self, connector: &str, delivery: &Delivery<'_>) -> Option<Told>;

    /// Whether there is such a connector, asked before a body is taken in.
    fn knows(&self, connector: &str) -> bool;
}

/// What a request to a webhook address was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Told {
    /// A handshake: this text and these headers are the answer.
    Handshake(String, Vec<(&'static str, &'static str)>),
    /// Genuine; taken in, or left to the feed, which tells it too.
    Taken,
    /// Not genuine.
    Refused,
}

/// What the routes ask of the program.
#[derive(Clone)]
pub struct Routes {
    /// Webhooks.
    pub hooks: Arc<dyn Hooks>,
    /// How the service is.
    pub health: Arc<dyn Fn() -> Health + Send + Sync>,
    /// The page of numbers.
    pub metrics: Arc<dyn Fn() -> String + Send + Sync>,
    /// What health and numbers demand as bearer token.
    pub credential: Option<Secret>,
    /// Time.
    pub clock: Clock,
}

impl fmt::Debug for Routes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Routes").field("hooks", &self.hooks).finish_non_exhaustive()
    }
}

/// A request as it came, its body taken in.
#[derive(Clone, Copy)]
pub(super) struct Asked<'a> {
    pub(super) method: &'a str,
    pub(super) path: &'a str,
    pub(super) query: &'a str,
    pub(super) header: &'a dyn Fn(&str) -> Option<&'a str>,
    pub(super) body: &'a [u8],
}

/// An answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) headers: Vec<(&'static str, &'static str)>,
    pub(super) body: String,
}

impl Answer {
    /// A status with a line of text.
    pub(super) fn text(status: u16, body: &str) -> Self {
        Self { status, headers: vec![("content-type", "text/plain; charset=utf-8")], body: format!("{body}\n") }
    }
}

/// The connector in the path of a webhook address.
pub(super) fn hook_of(path: &str) -> Option<&str> {
    path.strip_prefix("/hooks/").filter(|name| !name.is_empty() && !name.contains('/'))
}

impl Routes {
    /// The answer to a request.
    pub(super) fn answer(&self, asked: &Asked<'_>) -> Answer {
        if let Some(connector) = hook_of(asked.path) {
            return self.hook(connector, asked);
        }
        let of = match asked.path {
            "/health" | "/metrics" if !["GET", "HEAD"].contains(&asked.method) => {
                return Answer { headers: vec![("allow", "GET, HEAD")], ..Answer::text(405, "GET only") };
            }
            "/health" => Self::health,
            "/metrics" => Self::numbers,
            _ => return Answer::text(404, "nothing here; there are /health, /metrics and /hooks/CONNECTOR"),
        };
        match self.refusal(asked) {
            Some(refusal) => refusal,
            None => of(self),
        }
    }

    fn health(&self) -> Answer {
        let health = (self.health)();
        let status = if health.is_well() { 200 } else { 503 };
        let headers = vec![("content-type", "application/json"), ("cache-control", "no-store")];
        Answer { status, headers, body: health.json() }
    }

    fn numbers(&self) -> Answer {
        let headers = vec![("content-type", metrics::CONTENT_TYPE), ("cache-control", "no-store")];
        Answer { status: 200, headers, body: (self.metrics)() }
    }

    /// Why health and numbers are not told to whoever asks.
    fn refusal(&self, asked: &Asked<'_>) -> Option<Answer> {
        let Some(credential) = &self.credential else {
            let host = (asked.header)("host").unwrap_or_default();
            return (!is_loopback_name(host)).then(|| Answer::text(403, "ask this machine by 127.0.0.1 or localhost"));
        };
        let told = (asked.header)("authorization").and_then(|value| {
            let (scheme, token) = value.split_once(' ')?;
            scheme.eq_ignore_ascii_case("bearer").then_some(token.trim())
        });
        let right = told.is_some_and(|token| is_same(token, credential.reveal()));
        (!right).then(|| Answer {
            headers: vec![("www-authenticate", "Bearer"), ("content-type", "text/plain; charset=utf-8")],
            ..Answer::text(401, "a bearer token is needed")
        })
    }

    fn hook(&self, connector: &str, asked: &Asked<'_>) -> Answer {
        if !["GET", "POST"].contains(&asked.method) {
            return Answer { headers: vec![("allow", "GET, POST")], ..Answer::text(405, "GET and POST only") };
        }
        let body = if asked.method == "GET" { &[] } else { asked.body };
        let delivery = Delivery { query: asked.query, header: asked.header, body, at: self.clock.now() };
        match self.hooks.deliver(connector, &delivery) {
            None => Answer::text(404, "there is no such connector"),
            Some(Told::Handshake(text, headers)) => Answer { status: 200, headers, body: text },
            Some(Told::Taken) => Answer::text(200, "taken"),
            // Why is for the log: whoever tries keys learns nothing.
            Some(Told::Refused) => Answer::text(403, "not genuine"),
        }
    }
}

/// True when both are the same, in a time that tells nothing of where they differ.
fn is_same(one: &str, other: &str) -> bool {
    Sha256::digest(one.as_bytes()) == Sha256::digest(other.as_bytes())
}

/// True for `127.0.0.1`, `localhost` and `[::1]`, with a port or without.
fn is_loopback_name(host: &str) -> bool {
    if let Ok(address) = host.parse::<SocketAddr>() {
        return address.ip().is_loopback();
    }
    let name = host.rsplit_once(':').map_or(host, |(name, port)| if port.contains(']') { host } else { name });
    let bare = name.trim_start_matches('[').trim_end_matches(']');
    name.eq_ignore_ascii_case("localhost") || bare.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::console::health::Unwell;

    #[derive(Debug)]
    struct Box1;

    impl Hooks for Box1 {
        fn deliver(&self, connector: &str, delivery: &Delivery<'_>) -> Option<Told> {
            self.knows(connector).then(|| match (delivery.query, (delivery.header)("x-signature")) {
                ("challenge=a", _) => Told::Handshake("a".into(), vec![("x-content-type-options", "nosniff")]),
                (_, Some("right")) => Told::Taken,
                _ => Told::Refused,
            })
        }

        fn knows(&self, connector: &str) -> bool {
            connector == "box-1"
        }
    }

    fn routes(credential: Option<&str>, well: bool) -> Routes {
        let reason = Unwell { id: "feed-silent", connector: Some("box-1".into()), what: "silent".into() };
        let health = Health { reasons: if well { vec![] } else { vec![reason] } };
        Routes {
            hooks: Arc::new(Box1),
            health: Arc::new(move || health.clone()),
            metrics: Arc::new(|| "x 1\n".into()),
            credential: credential.map(Secret::new),
            clock: Clock::movable(),
        }
    }

    fn ask(routes: &Routes, method: &str, target: &str, headers: &[(&str, &'static str)]) -> Answer {
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let header = |name: &str| headers.iter().find(|(one, _)| *one == name).map(|(_, value)| *value);
        routes.answer(&Asked { method, path, query, header: &header, body: b"{}" })
    }

    #[test]
    fn every_request_has_its_answer() {
        const HOST: (&str, &str) = ("host", "127.0.0.1:8640");
        let open = routes(None, true);
        let closed = routes(Some("hunter2"), true);
        #[rustfmt::skip]
        let rows: [(&Routes, &str, &str, &[(&str, &'static str)], u16, &str); 27] = [
            (&open, "GET", "/health", &[HOST], 200, "\"ok\":true"),
            (&open, "HEAD", "/health", &[HOST], 200, ""),
            (&open, "GET", "/metrics", &[HOST], 200, "x 1"),
            (&open, "GET", "/metrics", &[("host", "localhost")], 200, "x 1"),
            (&open, "GET", "/metrics", &[("host", "[::1]:80")], 200, "x 1"),
            (&open, "GET", "/metrics", &[("host", "[::1]")], 200, "x 1"),
            (&open, "GET", "/metrics", &[("host", "evil.example.com")], 403, "127.0.0.1"),
            (&open, "GET", "/metrics", &[("host", "127.0.0.1.evil.example.com:80")], 403, ""),
            (&open, "GET", "/metrics", &[], 403, ""),
            (&open, "POST", "/metrics", &[HOST], 405, ""),
            (&open, "GET", "/", &[HOST], 404, "/health"),
            (&open, "GET", "/health/x", &[HOST], 404, ""),
            (&open, "GET", "/hooks/", &[HOST], 404, ""),
            (&open, "GET", "/hooks/box-1/x", &[HOST], 404, ""),
            (&closed, "GET", "/health", &[HOST], 401, "bearer"),
            (&closed, "GET", "/metrics", &[HOST, ("authorization", "Bearer hunter3")], 401, ""),
            (&closed, "GET", "/metrics", &[HOST, ("authorization", "Basic hunter2")], 401, ""),
            (&closed, "GET", "/metrics", &[HOST, ("authorization", "hunter2")], 401, ""),
            (&closed, "GET", "/metrics", &[("host", "dlp.example.com"), ("authorization", "Bearer hunter2")], 200, "x 1"),
            (&closed, "GET", "/metrics", &[("authorization", "bearer  hunter2 ")], 200, "x 1"),
            (&closed, "GET", "/hooks/box-1?challenge=a", &[], 200, "a"),
            (&open, "POST", "/hooks/box-1", &[("x-signature", "right")], 200, "taken"),
            (&open, "POST", "/hooks/box-1", &[("x-signature", "wrong")], 403, "not genuine"),
            (&open, "POST", "/hooks/box-1", &[], 403, ""),
            (&open, "POST", "/hooks/box-2", &[("x-signature", "right")], 404, ""),
            (&open, "DELETE", "/hooks/box-1", &[("x-signature", "right")], 405, ""),
            (&routes(None, false), "GET", "/health", &[HOST], 503, "\"reasons\":[{\"id\":\"feed-silent\",\"connector\":\"box-1\",\"what\":\"silent\"}]"),
        ];
        for (routes, method, target, headers, status, part) in rows {
            let answer = ask(routes, method, target, headers);
            assert!(answer.status == status && answer.body.contains(part), "{method} {target} {headers:?}: {answer:?}");
            assert!(!answer.body.contains("hunter"));
        }
    }
}
