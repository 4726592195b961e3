//! Webhooks: a signed POST to an address of the settings, and what its answer means.
//!
//! The receiver decides by the status alone; of an answer's body nothing is read. No redirect is followed: a signature is for
//! the receiver it was made for.

use super::dates::retry_after;
use super::sign::HookSecret;
use super::{Delivery, Error, Letter, text};
use crate::clock::{Clock, Moment};
use reqwest::blocking::{Client, ClientBuilder, Response};
use reqwest::header::{CONTENT_TYPE, HeaderMap};
use reqwest::{Certificate, Proxy, StatusCode, redirect};
use rustls::crypto::CryptoProvider;
use std::net::IpAddr;
use std::time::Duration;
use url::{Host, Url};

/// How long a connection may take to stand.
const CONNECT_WITHIN: Duration = Duration::from_secs(10);
/// How long a receiver may take to answer: it should take a message in first and think about it later.
const ANSWER_WITHIN: Duration = Duration::from_secs(20);

/// How addresses outside are reached.
#[derive(Clone, Debug, Default)]
pub struct Way {
    /// Certificate authorities to trust beside the system's, PEM.
    pub authority: Option<Vec<u8>>,
    /// The proxy that leads outside.
    pub proxy: Option<Url>,
}

/// A webhook as the settings name it.
#[derive(Clone, Debug)]
pub struct HookSettings {
    /// Where.
    pub url: Url,
    /// What it is signed with.
    pub secret: HookSecret,
    /// How it is reached.
    pub way: Way,
}

/// A webhook.
#[derive(Debug)]
pub struct Hook {
    url: Url,
    secret: HookSecret,
    client: Client,
}

/// True for an address of this machine, by number or as `localhost`.
#[must_use]
pub fn is_loopback(host: &str) -> bool {
    host == "localhost" || host.trim_matches(['[', ']']).parse().is_ok_and(|address: IpAddr| address.is_loopback())
}

/// True when something may be sent there: over TLS, or to this machine itself.
#[must_use]
pub fn may_be_called(url: &Url) -> bool {
    let own = match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => return false,
    };
    url.username().is_empty() && url.password().is_none() && (url.scheme() == "https" || own && url.scheme() == "http")
}

impl Way {
    /// A client that follows no redirect and waits for a bounded time.
    pub(super) fn client(&self) -> Result<Client, Error> {
        if CryptoProvider::get_default().is_none() {
            // As `main` does first of all; another thread may have been faster.
            let _ = rustls::crypto::ring::default_provider().install_default();
        }
        let failed = |_| Error::new("the HTTP client cannot be made: check `authority` and `proxy`");
        let extra = match &self.authority {
            Some(pem) => {
                Certificate::from_pem_bundle(pem).map_err(|_| Error::new("`authority` holds no certificate"))?
            }
            None => Vec::new(),
        };
        // A machine without authorities of its own still reaches whom ours vouch for.
        let whole = self.outfit()?.tls_certs_merge(extra.clone()).build();
        whole.or_else(|_| self.outfit()?.tls_certs_only(extra).build().map_err(failed))
    }

    fn outfit(&self) -> Result<ClientBuilder, Error> {
        let builder = Client::builder()
            .redirect(redirect::Policy::none())
            .referer(false)
            .no_proxy()
            .user_agent(concat!("sluicebox/", env!("CARGO_PKG_VERSION")))
            .connect_timeout(CONNECT_WITHIN)
            .timeout(ANSWER_WITHIN);
        let Some(proxy) = &self.proxy else { return Ok(builder) };
        let proxy = Proxy::all(proxy.clone()).map_err(|_| Error::new("`proxy` is no address of a proxy"))?;
        Ok(builder.proxy(proxy))
    }
}

impl Hook {
    /// A webhook of these settings.
    ///
    /// # Errors
    /// When its address is neither https nor of this machine, or the client cannot be made.
    pub fn new(settings: &HookSettings) -> Result<Self, Error> {
        if !may_be_called(&settings.url) {
            return Err(Error::new("a webhook's address begins with https://; plain http only to this machine"));
        }
        let client = settings.way.client()?;
        Ok(Self { url: settings.url.clone(), secret: settings.secret.clone(), client })
    }

    /// Posts a letter, signed as of now.
    #[must_use]
    pub fn send(&self, letter: &Letter<'_>, clock: &Clock) -> Delivery {
        let body = text::json(letter.id, letter.sequence, letter.made, letter.said).to_string().into_bytes();
        let seconds = clock.now().as_secs();
        let signature = self.secret.signature(letter.id, seconds, &body);
        let post = Signed { id: letter.id, seconds, signature, body };
        post.send(&self.client, &self.url, clock.now())
    }
}

/// What is posted, with its signature.
pub(super) struct Signed<'a> {
    pub(super) id: &'a str,
    pub(super) seconds: i64,
    pub(super) signature: String,
    pub(super) body: Vec<u8>,
}

impl Signed<'_> {
    pub(super) fn send(self, client: &Client, url: &Url, now: Moment) -> Delivery {
        let answer = client
            .post(url.clone())
            .header(CONTENT_TYPE, "application/json")
            .header("webhook-id", self.id)
            .header("webhook-timestamp", self.seconds.to_string())
            .header("webhook-signature", self.signature)
            .body(self.body)
            .send();
        match answer {
            Ok(answer) => judged(&answer, now),
            Err(error) => Delivery::down(fault(&error)),
        }
    }
}

/// What kept a call from being answered; no address.
pub(super) fn fault(error: &reqwest::Error) -> &'static str {
    match error {
        error if error.is_timeout() => "time-out",
        error if error.is_connect() => "no connection",
        _ => "the connection broke off",
    }
}

fn judged(answer: &Response, now: Moment) -> Delivery {
    judge(answer.status(), answer.headers(), now)
}

/// What a status means: taken, later, or never.
fn judge(status: StatusCode, headers: &HeaderMap, now: Moment) -> Delivery {
    let said = format!("HTTP {}", status.as_u16());
    match status.as_u16() {
        200..=299 => Delivery::Sent,
        408 | 425 | 429 | 500..=599 => Delivery::Again { after: retry_after(headers, now), said, receiver: true },
        _ => Delivery::Refused { said },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use reqwest::header::{HeaderValue, RETRY_AFTER};

    #[test]
    fn a_status_means_taken_later_or_never() {
        let later = |after| Some(Duration::from_secs(after));
        let headers = HeaderMap::from_iter([(RETRY_AFTER, HeaderValue::from_static("30"))]);
        for (status, expected) in [
            (200, Ok(())),
            (204, Ok(())),
            (301, Err(None)),
            (307, Err(None)),
            (400, Err(None)),
            (401, Err(None)),
            (404, Err(None)),
            (408, Err(later(30))),
            (410, Err(None)),
            (425, Err(later(30))),
            (429, Err(later(30))),
            (500, Err(later(30))),
            (503, Err(later(30))),
        ] {
            let code = StatusCode::from_u16(status).unwrap();
            match (judge(code, &headers, Moment::default()), expected) {
                (Delivery::Sent, Ok(())) | (Delivery::Refused { .. }, Err(None)) => {}
                (Delivery::Again { after, said, .. }, Err(expected)) if expected.is_some() => {
                    assert_eq!((after, said), (expected, format!("HTTP {status}")));
                }
                (got, expected) => panic!("{status}: {got:?}, not {expected:?}"),
            }
        }
    }

    #[test]
    fn only_tls_or_this_machine_is_called() {
        for (url, fits) in [
            ("https://soc.example.com/hook", true),
            ("http://127.0.0.1:8080/hook", true),
            ("http://[::1]:8080/hook", true),
            ("http://localhost/hook", true),
            ("http://soc.example.com/hook", false),
            ("http://127.0.0.1.example.com/hook", false),
            ("http://10.0.0.1/hook", false),
            ("https://user:pass@soc.example.com/hook", false),
            ("file:///tmp/x", false),
            ("ftp://127.0.0.1/", false),
        ] {
            assert_eq!(may_be_called(&Url::parse(url).unwrap()), fits, "{url}");
        }
        for (host, own) in [("127.0.0.1", true), ("::1", true), ("localhost", true), ("mail.example.com", false)] {
            assert_eq!(is_loopback(host), own, "{host}");
        }
    }
}
