//! Commands that change something, whoever carries them out: the running service, or a command of its own when none runs.
//!
//! One process writes at a time. Who writes holds the [`Lock`] of the data folder; the service holds it for as long as it runs
//! and takes commands through a socket beside it. So a command first asks the service, and takes the lock itself when nobody
//! answers. Both ways end in [`perform`], so that they cannot differ.

pub mod govern;
mod lock;
mod perform;
mod wire;

pub use lock::{Holder, Lock, LockError};
pub use perform::perform;
pub use wire::{PROTOCOL, REPLY_BYTES_MAX, REQUEST_BYTES_MAX, Reply, Request};

use serde::{Deserialize, Serialize};
use std::fmt;

/// Name of the socket in the data folder.
pub const SOCKET: &str = "control.sock";

/// A command that changes something.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "do", rename_all = "snake_case", deny_unknown_fields)]
pub enum Command {
    /// Says who answers; changes nothing.
    Ping,
    /// Ends the service in good order.
    Stop,
    /// Begins a pass now; of all connectors unless one is named.
    BacklogStart {
        /// Its name.
        connector: Option<String>,
    },
    /// Leaves the backlog where it is; live work goes on.
    BacklogPause {
        /// Its name; `None` is all.
        connector: Option<String>,
    },
    /// Goes on with it.
    BacklogResume {
        /// Its name; `None` is all.
        connector: Option<String>,
    },
    /// Brings parked jobs back.
    QueueRetry {
        /// Of this connector; `None` is all.
        connector: Option<String>,
        /// Of this item alone, by its number.
        item: Option<i64>,
    },
    /// Asks for an item to be read again before the backlog.
    QueueAsk {
        /// Its number.
        item: i64,
    },
    /// Lets a connector be asked again, after its settings were switched on.
    ConnectorEnable {
        /// Its name.
        connector: String,
    },
    /// Asks a connector nothing any more; its leases go back.
    ConnectorDisable {
        /// Its name.
        connector: String,
    },
    /// Forgets a connector: its records stay for the past, a new one of that name begins anew.
    ConnectorRemove {
        /// Its name.
        connector: String,
    },
    /// Gives the store's number of a rule set; nothing else is changed.
    RulesNumber {
        /// Its detectors.
        detectors: Vec<RuleKept>,
    },
    /// Puts rules in force whose price somebody saw and approved: what their stored judgements leave open is read again.
    RulesApply {
        /// The store's number of the rule set.
        rules: i64,
        /// Contents that are read again, as they were told.
        contents: u64,
        /// Their bytes.
        bytes: u64,
        /// Calls that takes.
        calls: u64,
    },
    /// Decides something about policies, plans, actions, exceptions or alerts.
    Govern {
        /// What.
        deed: govern::Deed,
    },
    /// The same for a named operator of the settings, whose key is looked at before: whoever carries commands out turns it
    /// into [`Command::Govern`] then.
    GovernAs {
        /// What.
        deed: govern::Deed,
        /// The operator's key, hexadecimal. It is never kept or shown.
        key: OperatorKey,
    },
    /// Writes an audit entry before something that is to be audited happens (a reveal, a setting).
    Audit {
        /// What: `finding.reveal`.
        act: String,
        /// About what, by number: `finding 17`.
        about: String,
        /// Personal fields and reasons, as JSON.
        details: String,
    },
}

impl Command {
    /// What is done, as the audit log and logs call it.
    #[must_use]
    pub fn act(&self) -> &str {
        match self {
            Command::Ping => "ping",
            Command::Stop => "service.stop",
            Command::BacklogStart { .. } => "backlog.start",
            Command::BacklogPause { .. } => "backlog.pause",
            Command::BacklogResume { .. } => "backlog.resume",
            Command::QueueRetry { .. } => "queue.retry",
            Command::QueueAsk { .. } => "queue.ask",
            Command::ConnectorEnable { .. } => "connector.enable",
            Command::ConnectorDisable { .. } => "connector.disable",
            Command::ConnectorRemove { .. } => "connector.remove",
            Command::RulesNumber { .. } => "rules.number",
            Command::RulesApply { .. } => "rules.apply",
            Command::Govern { deed } | Command::GovernAs { deed, .. } => deed.act(),
            Command::Audit { act, .. } => act,
        }
    }
}

/// The key by which an operator of the settings is known. It shows itself to nobody.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct OperatorKey(String);

impl OperatorKey {
    /// Wraps a key: 64 hexadecimal digits.
    #[must_use]
    pub fn new(digits: impl Into<String>) -> Self {
        Self(digits.into())
    }

    /// The key itself, to be held against what the settings know of it.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for OperatorKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("(masked)")
    }
}

/// A detector of a rule set, as a command carries it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RuleKept {
    /// Its id.
    pub id: String,
    /// SHA-256 over all that decides its findings, in hexadecimal digits.
    pub hash: String,
    /// Its profile, as JSON.
    pub profile: String,
}

/// What came of a command.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "is", rename_all = "snake_case")]
pub enum Answer {
    /// To [`Command::Ping`].
    Here {
        /// The process.
        pid: u32,
        /// Its version.
        version: String,
    },
    /// It is done.
    Done,
    /// It is done, and so many were concerned.
    Counted {
        /// Jobs, connectors.
        count: u64,
    },
    /// The number of a rule set.
    Numbered {
        /// The store's number.
        rules: i64,
    },
    /// Something was made.
    Made {
        /// Its number.
        number: i64,
    },
    /// Written into the audit log.
    Audited {
        /// The entry's number.
        number: u64,
    },
}

/// Why a command was not carried out; the text is for people, with the next step.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refusal {
    /// Why.
    pub what: String,
}

impl Refusal {
    /// A refusal.
    #[must_use]
    pub fn new(what: impl fmt::Display) -> Self {
        Self { what: what.to_string() }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.what)
    }
}

impl std::error::Error for Refusal {}

impl From<crate::store::Error> for Refusal {
    fn from(error: crate::store::Error) -> Self {
        Self::new(error)
    }
}
