//! A call that brought no answer: what stood in the way, in words that never hold the address's query.

use crate::provider::{Error, Next};
use reqwest::Url;
use std::error::Error as StdError;
use std::io;
use std::time::Duration;

/// What stood in the way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    /// No such host name.
    Unknown,
    /// Nobody listens there.
    NobodyListens,
    /// The connection does not come to stand.
    Unreachable,
    /// The proxy does not let it through.
    Proxy,
    /// The certificate is not trusted, or not for this host.
    Untrusted(String),
    /// The other side does not speak TLS as we do.
    NoTls,
    /// No answer, or no more of it, for this long.
    Stalled(Duration),
    /// The connection broke.
    Cut,
}

impl Fault {
    /// What a failed call of the client means.
    pub(super) fn of(error: &reqwest::Error, patience: Duration) -> Self {
        let mut seen = Seen::default();
        seen.look(error, 0);
        match seen {
            Seen { tls: Some(fault), .. } => fault,
            _ if error.is_connect() && seen.proxy => Fault::Proxy,
            _ if error.is_connect() && seen.dns => Fault::Unknown,
            _ if error.is_connect() && seen.kind == Some(io::ErrorKind::ConnectionRefused) => Fault::NobodyListens,
            _ if error.is_connect() => Fault::Unreachable,
            _ if error.is_timeout() => Fault::Stalled(patience),
            _ => Fault::Cut,
        }
    }

    /// What a failed read of a body means.
    pub(super) fn of_read(error: &io::Error, patience: Duration) -> Self {
        let carried = error.get_ref().and_then(|inner| inner.downcast_ref::<reqwest::Error>());
        let is_timeout = carried.is_some_and(reqwest::Error::is_timeout) || error.kind() == io::ErrorKind::TimedOut;
        if is_timeout { Fault::Stalled(patience) } else { Fault::Cut }
    }

    /// True when nothing of the call can have arrived, so that it may be sent again whatever it does.
    pub(super) fn is_before_sending(&self) -> bool {
        !matches!(self, Fault::Stalled(_) | Fault::Cut)
    }

    /// True when no time will mend it.
    pub(super) fn is_final(&self) -> bool {
        matches!(self, Fault::Untrusted(_) | Fault::NoTls)
    }

    /// The failure of `doing` for people.
    pub(super) fn into_error(self, url: &Url, doing: &str) -> Error {
        let next = if self.is_final() { Next::Refused } else { Next::Transient };
        let host = url.host_str().unwrap_or("the host");
        let port = url.port_or_known_default().unwrap_or_default();
        let (said, advice) = match self {
            Fault::Unknown => (
                format!("{host} is not a known host name"),
                Some(format!("check the spelling in the settings and that this machine can resolve {host}")),
            ),
            Fault::NobodyListens => (
                format!("nobody listens on {host}:{port}"),
                Some(
                    "check the address in the settings; `sluicebox connect hosts` lists what a firewall must let out"
                        .into(),
                ),
            ),
            Fault::Unreachable => (
                format!("no connection to {host}:{port}"),
                Some("let it out of the firewall (`sluicebox connect hosts` prints the list), or set `proxy`".into()),
            ),
            Fault::Proxy => (
                format!("the proxy gave no way to {host}:{port}"),
                Some("check `proxy` in the settings of the connector".into()),
            ),
            Fault::Untrusted(why) => (
                format!("the certificate of {host} is not trusted: {why}"),
                Some(if why == OTHER_HOST {
                    "check the address in the settings; a proxy or firewall that answers in its place must let it through"
                        .into()
                } else {
                    "if your company inspects TLS, set `authority` to the PEM file of its certificate authority".into()
                }),
            ),
            Fault::NoTls => (
                format!("{host}:{port} does not speak TLS"),
                Some("check scheme and port of the address in the settings".into()),
            ),
            Fault::Stalled(span) => {
                (format!("no answer from {host} for {} s", span.as_secs_f64().ceil()), Some(TRY_AGAIN.into()))
            }
            Fault::Cut => (format!("the connection to {host} was cut"), Some(TRY_AGAIN.into())),
        };
        let error = Error::new(next, doing, said);
        if let Some(advice) = advice { error.with_advice(advice) } else { error }
    }
}

/// The certificate names other hosts than the one called.
const OTHER_HOST: &str = "it is for another host";
/// What to do about a host that answers, but not to the end.
const TRY_AGAIN: &str = "try again; if it stays so, see that firewall and proxy let it through (`sluicebox connect hosts` \
                         prints the list)";

/// What the chain of causes holds. The libraries tell most of it by type; two things only by their text.
#[derive(Debug, Default)]
struct Seen {
    tls: Option<Fault>,
    dns: bool,
    proxy: bool,
    kind: Option<io::ErrorKind>,
}

/// Deeper chains are not followed.
const DEPTH_MAX: u32 = 16;

impl Seen {
    fn look(&mut self, error: &(dyn StdError + 'static), depth: u32) {
        if depth > DEPTH_MAX {
            return;
        }
        if let Some(error) = error.downcast_ref::<rustls::Error>() {
            self.tls = Some(tls_fault(error));
        }
        if let Some(error) = error.downcast_ref::<io::Error>() {
            self.kind.get_or_insert(error.kind());
            if let Some(inner) = error.get_ref() {
                self.look(inner, depth + 1);
            }
        }
        let text = error.to_string();
        self.dns |= text.starts_with("dns error");
        self.proxy |= text.starts_with("tunnel error") || text.starts_with("proxy");
        if let Some(source) = error.source() {
            self.look(source, depth + 1);
        }
    }
}

fn tls_fault(error: &rustls::Error) -> Fault {
    use rustls::CertificateError::{
        Expired, ExpiredContext, NotValidForName, NotValidForNameContext, NotValidYet, NotValidYetContext, Revoked,
        UnknownIssuer,
    };
    let why = match error {
        rustls::Error::InvalidCertificate(why) => match why {
            Expired | ExpiredContext { .. } => "it is over its date",
            NotValidYet | NotValidYetContext { .. } => "its time has not begun; is this machine's clock right?",
            NotValidForName | NotValidForNameContext { .. } => OTHER_HOST,
            UnknownIssuer => "no authority known here signed it",
            Revoked => "it was revoked",
            _ => "it is not valid",
        },
        rustls::Error::NoCertificatesPresented => "there is none",
        _ => return Fault::NoTls,
    };
    Fault::Untrusted(why.to_owned())
}
