//! The wall around a connector: hosts its settings name, and what may be sent to each.
//!
//! A host is known by name **and** port. The token goes only where an API is; a host that is listed for downloads or long
//! polls alone never gets it, whatever the caller asks.

use crate::provider::settings::Cloud;
use crate::provider::{Error, Next, Settings};
use std::net::IpAddr;
use url::{Host, Url};

/// What a host serves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Serves {
    /// API, uploads, contents, tokens: may be sent the bearer.
    Api,
    /// Long polls: its calls count, but it gets no bearer.
    Notices,
    /// Signed addresses: no bearer, no call of the API.
    Downloads,
}

#[derive(Clone, Debug)]
struct Known {
    /// In lower case; after a wildcard, with the leading dot.
    host: String,
    wild: bool,
    port: u16,
    serves: Serves,
}

/// Hosts that may be called.
#[derive(Clone, Debug)]
pub(super) struct Hosts(Vec<Known>);

impl Hosts {
    /// Those of the settings.
    pub(super) fn of(settings: &Settings) -> Result<Self, Error> {
        let (urls, downloads): (Vec<(&Url, Serves)>, &[String]) = match &settings.cloud {
            Cloud::Box(cloud) => (
                vec![(&cloud.api, Serves::Api), (&cloud.upload, Serves::Api), (&cloud.token, Serves::Api)],
                &cloud.download_hosts,
            ),
            Cloud::Dropbox(cloud) => (
                vec![
                    (&cloud.api, Serves::Api),
                    (&cloud.content, Serves::Api),
                    (&cloud.token, Serves::Api),
                    (&cloud.notify, Serves::Notices),
                ],
                &[],
            ),
        };
        let mut known = Vec::new();
        for (url, serves) in urls {
            known.push(Known::of_url(url, serves)?);
        }
        for pattern in downloads {
            known.push(Known::of_pattern(pattern)?);
        }
        Ok(Self(known))
    }

    /// Each once, as a firewall's list has them: `api.box.com:443`, `*.boxcloud.com:443`.
    pub(super) fn list(&self) -> Vec<String> {
        let mut list: Vec<String> = Vec::new();
        for known in &self.0 {
            let line = format!("{}{}:{}", if known.wild { "*" } else { "" }, known.host, known.port);
            if !list.contains(&line) {
                list.push(line);
            }
        }
        list
    }

    /// What the host of this address serves; an error when it may not be called at all. Nothing is connected yet.
    pub(super) fn serves(&self, url: &Url, doing: &str) -> Result<Serves, Error> {
        let refuse = |said: String| Error::new(Next::Refused, doing, said);
        let (Some(host), Some(port)) = (url.host_str(), url.port_or_known_default()) else {
            return Err(refuse("the address names no host".into()));
        };
        if url.scheme() != "https" && !(url.scheme() == "http" && is_loopback(url)) {
            return Err(refuse(format!("{host} would be called without TLS"))
                .with_advice("give an https address in the settings of the connector"));
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(refuse(format!("the address of {host} holds a user name or password")));
        }
        // The first that fits counts: those of the settings' own addresses stand before download patterns.
        let found = self.0.iter().find(|known| known.fits(host, port));
        found.map(|known| known.serves).ok_or_else(|| {
            refuse(format!("{host}:{port} is not a host of this connector"))
                .with_advice("if the provider does use this host, add it to `download_hosts` of the connector")
        })
    }
}

impl Known {
    fn of_url(url: &Url, serves: Serves) -> Result<Self, Error> {
        match (url.host_str(), url.port_or_known_default()) {
            (Some(host), Some(port)) => Ok(Self { host: host.to_owned(), wild: false, port, serves }),
            _ => Err(Error::new(Next::Refused, "use the settings", "an address without a host")
                .with_advice("give whole addresses, as https://api.box.com/2.0/")),
        }
    }

    fn of_pattern(pattern: &str) -> Result<Self, Error> {
        let (host, port) = match pattern.rsplit_once(':') {
            Some((host, port)) if !port.contains(']') => (host, port.parse().ok()),
            _ => (pattern, Some(443)),
        };
        let (host, wild) = host.strip_prefix('*').map_or((host, false), |rest| (rest, true));
        let bare = if wild { host.strip_prefix('.').filter(|bare| bare.contains('.')) } else { Some(host) };
        match (bare.and_then(|bare| Host::parse(bare).ok()), port) {
            (Some(bare), Some(port)) => {
                let host = if wild { format!(".{bare}") } else { bare.to_string() };
                Ok(Self { host, wild, port, serves: Serves::Downloads })
            }
            _ => Err(Error::new(
                Next::Refused,
                "use the settings",
                format!("`{pattern}` in `download_hosts` is no host"),
            )
            .with_advice("write a host (dl.boxcloud.com), all below one (*.boxcloud.com), or either with a port")),
        }
    }

    fn fits(&self, host: &str, port: u16) -> bool {
        let named =
            if self.wild { host.len() > self.host.len() && host.ends_with(&self.host) } else { host == self.host };
        named && port == self.port
    }
}

/// True for 127.0.0.0/8, `::1` and `localhost`.
fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => IpAddr::V4(address).is_loopback(),
        Some(Host::Ipv6(address)) => IpAddr::V6(address).is_loopback(),
        None => false,
    }
}
