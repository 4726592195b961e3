//! The bytes of one version: a redirect followed by hand, then a signed address that serves ranges.
//!
//! The API answers with an address on a download host that is good for about 15 minutes. It is asked without any token, and
//! only if its host is one of the settings' download hosts. A cut is resumed on the same address; when that is over, a new
//! one is asked for, for the same version.
//!
//! Source: Box API reference "Download file".

use super::Tenant;
use super::api::{Api, Ask};
use super::judge::{Answers, Door, Scope};
use super::wire::Listed;
use crate::model::{Download, Principal};
use crate::provider::body::Expected;
use crate::provider::http::{Call, Payload, Stream, Urgency};
use crate::provider::{Body, Error, Next, Wanted};
use reqwest::Method;
use reqwest::header::LOCATION;
use std::sync::Arc;
use std::time::Duration;
use url::Url;

impl Tenant {
    /// Opens a content; see [`super::Source::open`].
    pub(super) fn content(&self, wanted: &Wanted) -> Result<Body, Error> {
        if wanted.download != Download::Direct {
            return Err(Error::new(Next::NotReadable, format!("read {}", wanted.id), "it has no content of its own"));
        }
        let mut way = Way {
            api: Arc::clone(&self.api),
            hosts: Arc::clone(&self.download_hosts),
            id: Arc::clone(&wanted.id),
            version: wanted.version.clone(),
            read_as: wanted.read_as.clone(),
            urgency: if wanted.live { Urgency::Live } else { Urgency::Bulk },
            signed: None,
        };
        let expected = Expected { hash: wanted.hash, size_bytes: wanted.size_bytes };
        let doing = way.doing();
        Body::open(Box::new(move |from| way.open(from)), expected, doing)
    }
}

/// The way to one version's bytes.
struct Way {
    api: Arc<Api>,
    hosts: Arc<[String]>,
    id: Arc<str>,
    version: Option<Arc<str>>,
    read_as: Principal,
    urgency: Urgency,
    signed: Option<Url>,
}

impl Way {
    fn doing(&self) -> String {
        format!("read {}", self.id)
    }

    /// The bytes from `from` on, by the address at hand; by a new one when there is none or it is over.
    fn open(&mut self, from: u64) -> Result<Stream, Error> {
        if let Some(signed) = self.signed.take() {
            match self.stream(&signed, from) {
                Ok(stream) => {
                    self.signed = Some(signed);
                    return Ok(stream);
                }
                Err(error) if error.next() == Next::Gone => {}
                Err(error) => return Err(error),
            }
        }
        let signed = self.sign()?;
        let stream = self.stream(&signed, from).map_err(|error| match error.next() {
            // Just made and over at once: not the file, but the address.
            Next::Gone => Error::new(Next::Transient, self.doing(), error.said()),
            _ => error,
        })?;
        self.signed = Some(signed);
        Ok(stream)
    }

    /// Asks for a signed address.
    fn sign(&self) -> Result<Url, Error> {
        let query: Vec<_> = self.version.as_deref().map(|version| ("version", version)).into_iter().collect();
        let ask = Ask {
            path: &["files", &self.id, "content"],
            query: &query,
            read_as: &self.read_as,
            urgency: self.urgency,
            scope: Scope::AsUser,
            doing: self.doing(),
        };
        let reply =
            self.api.send(Method::GET, Payload::None, &ask, Door::Content).map_err(|error| self.explain(error))?;
        let location = reply.headers.get(LOCATION).and_then(|value| value.to_str().ok());
        let signed = location.and_then(|location| Url::parse(location).ok());
        let signed = signed.ok_or_else(|| Error::new(Next::Transient, self.doing(), "no address to download from"))?;
        if is_download_host(&signed, &self.hosts, self.api.is_plain()) {
            Ok(signed)
        } else {
            Err(Error::new(Next::Refused, self.doing(), "redirected to a host that is not one of the download hosts")
                .with_advice("if the host is yours, add it to download_hosts in the settings of the connector"))
        }
    }

    /// Tells a file that is gone from a version that is: one call more, only after a 404 of a pinned version.
    fn explain(&self, error: Error) -> Error {
        let Some(wanted) = self.version.as_deref().filter(|_| error.next() == Next::Gone) else { return error };
        let current = self.api.get::<Listed>(&Ask {
            path: &["files", &self.id],
            query: &[("fields", "file_version")],
            read_as: &self.read_as,
            urgency: self.urgency,
            scope: Scope::AsUser,
            doing: self.doing(),
        });
        match current.ok().and_then(|file| file.file_version?.id) {
            Some(current) if *current != *wanted => {
                Error::new(Next::Moved, self.doing(), "another version is the current one").with_status(404)
            }
            _ => error,
        }
    }

    /// Reads a signed address from a byte on. No token goes there. [`Body`] sees to it that the answer begins where asked.
    fn stream(&self, signed: &Url, from: u64) -> Result<Stream, Error> {
        let range = (from > 0).then(|| ("range", format!("bytes={from}-")));
        self.api.http.stream(&Call {
            method: Method::GET,
            url: signed.clone(),
            headers: range.into_iter().collect(),
            payload: Payload::None,
            principal: &self.read_as,
            urgency: self.urgency,
            writes_in: None,
            bearer: None,
            judge: &Answers { door: Door::Signed, scope: Scope::Files },
            doing: self.doing(),
            repeatable: true,
            patience: Duration::ZERO,
            answer_bytes_max: 0,
        })
    }
}

/// True when an address is on a download host: `*.` in the list stands for any sub-domain, a host with a port fits that port
/// only, one without fits the scheme's own. Only https, except where the API itself is spoken to in plain (a tenant for tests).
fn is_download_host(url: &Url, hosts: &[String], plain: bool) -> bool {
    let scheme = url.scheme() == "https" || (plain && url.scheme() == "http");
    let Some(host) = url.host_str().filter(|_| scheme && url.username().is_empty() && url.password().is_none()) else {
        return false;
    };
    let named = match url.port() {
        Some(port) => format!("{host}:{port}"),
        None => host.to_owned(),
    };
    hosts.iter().any(|allowed| match allowed.to_ascii_lowercase().strip_prefix('*') {
        Some(tail) => tail.len() > 1 && tail.starts_with('.') && named.len() > tail.len() && named.ends_with(tail),
        None => named == allowed.to_ascii_lowercase(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_download_hosts_are_downloaded_from() {
        let hosts = ["dl.boxcloud.com", "*.boxcloud.com", "127.0.0.1:8081", "*."].map(String::from);
        for (address, plain, allowed) in [
            ("https://dl.boxcloud.com/d/1/abc/download", false, true),
            ("https://DL.BoxCloud.com/d", false, true),
            ("https://public.boxcloud.com/d", false, true),
            ("https://a.b.boxcloud.com/d", false, true),
            ("https://dl.boxcloud.com:8443/d", false, false),
            ("http://dl.boxcloud.com/d", false, false),
            ("https://boxcloud.com/d", false, false),
            ("https://evilboxcloud.com/d", false, false),
            ("https://dl.boxcloud.com.evil.example/d", false, false),
            ("https://dl.boxcloud.com@evil.example/d", false, false),
            ("https://user:pass@dl.boxcloud.com/d", false, false),
            ("https://api.box.com/2.0/files/1", false, false),
            ("http://127.0.0.1:8081/d", true, true),
            ("http://127.0.0.1:8081/d", false, false),
            ("https://127.0.0.1:8081/d", false, true),
            ("http://127.0.0.1:8080/d", true, false),
            ("file:///etc/passwd", true, false),
        ] {
            assert_eq!(is_download_host(&Url::parse(address).unwrap(), &hosts, plain), allowed, "{address}");
        }
    }
}
