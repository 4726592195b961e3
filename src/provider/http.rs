//! One HTTP client for each connector: who may be called, how often, how long, and what an answer means.
//!
//! Every call passes here, so that the walls stand once: hosts outside the settings are refused, redirects are never
//! followed, a principal's pace and the call budgets are kept, `Retry-After` is obeyed, a refused token is renewed once and never
//! leaves for a host that is no API. A failed call is told with the host's name, never with its path or query.

mod answer;
mod client;
mod converse;
mod dates;
mod fault;
mod hosts;

#[cfg(test)]
pub(in crate::provider) mod script;
#[cfg(test)]
mod tests;

pub use answer::{Reply, Stream};
pub use client::install_tls;
pub use dates::{retry_after, seconds, server_ahead_ms};

use super::throttle::{BudgetStore, Throttle, Traffic, Used};
use super::{Error, Next, Secret, Settings};
use crate::clock::Clock;
use crate::model::Principal;
use hosts::Hosts;
use reqwest::Method;
use reqwest::header::HeaderMap;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;
use url::Url;

/// What a client is given beside a connector's settings.
#[derive(Clone, Debug)]
pub struct Options {
    /// Time.
    pub clock: Clock,
    /// Raised when the program should end: waits end, no further call begins.
    pub stop: Arc<AtomicBool>,
    /// How long a connection may take to stand. Default 10 s.
    pub connect_timeout: Duration,
    /// How long an answer may stand still, before its head and in its body. There is no limit on the whole: an answer that
    /// trickles on is bounded by its bytes ([`Call::answer_bytes_max`], a content's own size). Default 60 s.
    pub stall_timeout: Duration,
    /// How often a call is tried in all when the fault is transient. Default 8.
    pub tries_max: u32,
    /// How often a connection is tried that cannot be made at all (unknown host, nobody listens). Default 3.
    pub connect_tries_max: u32,
    /// The longest pause a call sits out in its thread; a longer one comes back as [`Next::Throttled`]. Default 10 min.
    pub pause_max: Duration,
    /// Where the counts of calls outlive the program; `None` keeps them in memory.
    pub budget: Option<Arc<dyn BudgetStore>>,
}

impl Options {
    /// The defaults.
    #[must_use]
    pub fn new(clock: Clock, stop: Arc<AtomicBool>) -> Self {
        Self {
            clock,
            stop,
            connect_timeout: Duration::from_secs(10),
            stall_timeout: Duration::from_secs(60),
            tries_max: 8,
            connect_tries_max: 3,
            pause_max: Duration::from_secs(600),
            budget: None,
        }
    }
}

/// One call.
pub struct Call<'a> {
    /// Method.
    pub method: Method,
    /// The whole address. Its host must be one of the settings'.
    pub url: Url,
    /// Headers beside `Authorization`.
    pub headers: Vec<(&'static str, String)>,
    /// What is sent.
    pub payload: Payload<'a>,
    /// Whose limit it uses.
    pub principal: &'a Principal,
    /// Whether it may go ahead of others.
    pub urgency: Urgency,
    /// The Dropbox namespace it writes in: one writer at a time.
    pub writes_in: Option<&'a str>,
    /// The token to send; `None` sends none (token endpoint, signed download address, long poll).
    pub bearer: Option<&'a dyn Credentials>,
    /// What its answers mean.
    pub judge: &'a dyn Judge,
    /// What is attempted, for messages: `list folder 123`. No names of files or people.
    pub doing: String,
    /// True when it may be sent again although the first may have arrived (all reads).
    pub repeatable: bool,
    /// Longest wait for the answer beside the stall guard (long polls): with one, both together bound the **whole** answer.
    /// Such a call takes none of the calls at the same time. Zero for all others.
    pub patience: Duration,
    /// Longest answer in bytes that [`Http::send`] takes in.
    pub answer_bytes_max: usize,
}

/// Shows neither the address's query, which may hold a signature, nor headers or payload.
impl fmt::Debug for Call<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Call")
            .field("method", &self.method)
            .field("host", &self.url.host_str())
            .field("principal", self.principal)
            .field("urgency", &self.urgency)
            .field("doing", &self.doing)
            .finish_non_exhaustive()
    }
}

/// What a call sends.
#[derive(Clone, Copy)]
pub enum Payload<'a> {
    /// Nothing.
    None,
    /// JSON text.
    Json(&'a str),
    /// A form, already percent-encoded. It may hold secrets: never shown.
    Form(&'a Secret),
    /// Raw bytes.
    Bytes(&'a [u8]),
}

impl fmt::Debug for Payload<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (kind, bytes) = match self {
            Payload::None => ("None", 0),
            Payload::Json(text) => ("Json", text.len()),
            Payload::Form(form) => ("Form", form.reveal().len()),
            Payload::Bytes(bytes) => ("Bytes", bytes.len()),
        };
        write!(f, "{kind}({bytes} bytes)")
    }
}

/// Whether a call may go ahead of others of its principal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Urgency {
    /// Backlog: keeps 25 % of the call budget free for the rest.
    Bulk,
    /// Near-real-time: next slot of its principal; leaves the last 5 % of the call budget.
    Live,
    /// Actions, restores, tokens: may use up the budget.
    Act,
}

/// Gives and renews tokens. One thread renews, the others wait for it.
pub trait Credentials: fmt::Debug + Send + Sync {
    /// The present token; asks for one if there is none or its life is over.
    ///
    /// # Errors
    /// [`Next::Credentials`] when none can be had any more.
    fn bearer(&self) -> Result<Secret, Error>;

    /// A token other than `stale`, which was refused.
    ///
    /// # Errors
    /// As [`Credentials::bearer`].
    fn renew(&self, stale: &Secret) -> Result<Secret, Error>;
}

/// Reads an answer's meaning.
pub trait Judge: fmt::Debug + Send + Sync {
    /// What this answer means. `body` is the whole answer, or its first 64 KiB when it is an error of a stream.
    fn judge(&self, status: u16, headers: &HeaderMap, body: &[u8]) -> Judgement;
}

/// The meaning of an answer.
#[derive(Debug)]
pub enum Judgement {
    /// What was asked for.
    Good,
    /// Not now: after this long, or after a wait of our own when the provider names none.
    Again {
        /// What the provider says, seconds as a duration.
        after: Option<Duration>,
        /// True when it is about too many calls, which slows the whole principal.
        throttled: bool,
        /// The provider's code.
        said: String,
    },
    /// The token is over: call again with another.
    TokenOver {
        /// The provider's code.
        said: String,
    },
    /// No.
    Bad {
        /// What the caller does next.
        next: Next,
        /// The provider's code.
        said: String,
        /// The next click or command for a person.
        advice: Option<String>,
        /// The provider's id of the request.
        request_id: Option<String>,
    },
}

/// The client of one connector. Threads share it.
#[derive(Debug)]
pub struct Http {
    options: Options,
    client: reqwest::blocking::Client,
    hosts: Hosts,
    throttle: Arc<Throttle>,
}

impl Http {
    /// A client for these settings: its proxy, its authorities, its hosts, its limits.
    ///
    /// # Errors
    /// When the authority file or the kept call counts cannot be read, when a setting makes no sense, or when the client
    /// cannot be made.
    pub fn of(settings: &Settings, options: Options) -> Result<Arc<Self>, Error> {
        let rate = settings.limits.rate_per_principal;
        if rate.is_nan() || rate <= 0.0 {
            return Err(Error::new(Next::Refused, "use the settings", "`rate_per_principal` is not above 0")
                .with_advice("give calls a second, as 10 or 0.5"));
        }
        let hosts = Hosts::of(settings)?;
        let client = client::build(settings, &options)?;
        let throttle = Throttle::new(
            settings.limits,
            options.clock.clone(),
            Arc::clone(&options.stop),
            options.pause_max,
            options.budget.clone(),
        );
        let throttle = throttle.map_err(|error| {
            Error::new(Next::Refused, "read the kept call counts", error.kind().to_string())
                .with_advice("remove the file of call counts and that of pauses beside it; they begin anew")
        })?;
        Ok(Arc::new(Self { options, client, hosts, throttle: Arc::new(throttle) }))
    }

    /// Time.
    #[must_use]
    pub fn clock(&self) -> &Clock {
        &self.options.clock
    }

    /// Raised when the program should end.
    #[must_use]
    pub fn stop(&self) -> &AtomicBool {
        &self.options.stop
    }

    /// Waits so long; false when the program ends. On a movable clock it moves the clock, as soon as no call of this client
    /// waits for its answer.
    #[must_use]
    pub fn wait(&self, span: Duration) -> bool {
        self.throttle.pause_self(span)
    }

    /// Hosts and ports that may be called, for a firewall's list (`api.box.com:443`, `*.boxcloud.com:443`).
    #[must_use]
    pub fn hosts(&self) -> Vec<String> {
        self.hosts.list()
    }

    /// Calls counted in the present day and month.
    #[must_use]
    pub fn used(&self) -> Used {
        self.throttle.used()
    }

    /// What went through this client since it was made, and what may still go: for progress, forecasts and numbers.
    #[must_use]
    pub fn traffic(&self) -> Traffic {
        self.throttle.traffic()
    }

    /// The time in which at least one call of this client waited because the provider had asked for a pause; it only grows.
    #[must_use]
    pub fn throttled(&self) -> Duration {
        self.throttle.traffic().throttled
    }

    /// Sends a call and takes the answer in, trying again as its judge says.
    ///
    /// # Errors
    /// What the judge made of the last answer; [`Next::Transient`] when tries are used up or the connection fails;
    /// [`Next::Throttled`] and [`Next::Budget`] when it may not be made now; [`Next::Refused`] for a host outside the
    /// settings, a certificate that is not trusted, an answer that is too large; [`Next::Stopped`].
    pub fn send(&self, call: &Call<'_>) -> Result<Reply, Error> {
        self.converse(call, answer::Taking::Whole).map(answer::Answer::into_reply)
    }

    /// Sends a call and hands on the body as it comes, once the status is good. A cut body is the reader's to resume: its
    /// reads fail with an [`Error`] inside (see [`Error::carried_by`]).
    ///
    /// # Errors
    /// As [`Http::send`], until the body begins.
    pub fn stream(&self, call: &Call<'_>) -> Result<Stream, Error> {
        self.converse(call, answer::Taking::Stream).map(answer::Answer::into_stream)
    }
}
