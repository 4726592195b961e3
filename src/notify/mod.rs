//! Telling people and machines: what a message says, and how it leaves, by mail or by webhook.
//!
//! This room sends one message when it is asked to; which messages there are, and that each leaves once, is the store's and the
//! engine's affair. Nothing said here holds a matched value.

mod dates;
mod heads;
mod mail;
mod sign;
mod text;
mod webhook;

pub use heads::HeadPost;
pub use mail::{Mail, MailSettings, MailTls, is_mailbox};
pub use sign::{HookSecret, PublicKey, SignKey};
pub use text::{body, json, plain, subject};
pub use webhook::{Hook, HookSettings, Way, is_loopback, may_be_called};

use crate::clock::{Clock, Moment};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

/// What a message says: as it is kept, and as a webhook gets it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Said {
    /// What happened: `match`, `roll_up`, `digest`, `action`, `breaker`, `parked`, `test`.
    pub kind: Arc<str>,
    /// The policy's name; empty when none is concerned.
    pub policy: Arc<str>,
    /// The policy's title.
    pub title: Arc<str>,
    /// How grave: `low`, `medium`, `high`, `critical`.
    pub severity: Arc<str>,
    /// How many items.
    pub items: u64,
    /// Of them the first few.
    pub about: Vec<About>,
    /// One or two sentences for people: what happened and what to do.
    pub text: Arc<str>,
    /// The operator's own text for this policy, of a digest those of all its policies; may be empty.
    pub note: Arc<str>,
}

/// An item in a message.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct About {
    /// The connector's name.
    pub connector: Arc<str>,
    /// Its path as far as it may be shown.
    pub shown: Arc<str>,
    /// The provider's id.
    pub id: Arc<str>,
    /// How far it is open.
    pub access: Arc<str>,
    /// What was found: detector and number of different values, with masks; never a value.
    pub found: Vec<Arc<str>>,
    /// What was done or is planned: names of actions, with outcome.
    pub actions: Vec<Arc<str>>,
    /// The title of the policy that it is told for, where a message is about several policies (a digest).
    #[serde(default, skip_serializing_if = "str::is_empty")]
    pub policy: Arc<str>,
}

/// A message on its way.
#[derive(Clone, Copy, Debug)]
pub struct Letter<'a> {
    /// Its own id, the same each time it is sent: whoever gets it twice knows it by that.
    pub id: &'a str,
    /// Its place in the sequence of all messages.
    pub sequence: u64,
    /// When it was made.
    pub made: Moment,
    /// What it says.
    pub said: &'a Said,
}

/// What became of one try to send.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Delivery {
    /// The receiver took it.
    Sent,
    /// Not now.
    Again {
        /// Not before so long, when the receiver said so.
        after: Option<Duration>,
        /// Why, as a code: `HTTP 503`, `time-out`.
        said: String,
        /// True when it is about the receiver as a whole, so that other messages need not try now.
        receiver: bool,
    },
    /// Never, as it is: a person must look.
    Refused {
        /// Why, as a code.
        said: String,
    },
}

impl Delivery {
    /// The receiver as a whole fails.
    #[must_use]
    pub fn down(said: impl Into<String>) -> Self {
        Delivery::Again { after: None, said: said.into(), receiver: true }
    }

    /// Refused for good.
    #[must_use]
    pub fn refused(said: impl Into<String>) -> Self {
        Delivery::Refused { said: said.into() }
    }
}

/// Why the room cannot be set up from its settings; the text is for people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error(pub(crate) String);

impl Error {
    pub(crate) fn new(what: impl fmt::Display) -> Self {
        Self(what.to_string())
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Error {}

/// Everything that messages leave by. Threads share it.
#[derive(Debug, Default)]
pub struct Post {
    /// The mail server; `None` while the settings name none.
    pub mail: Option<Mail>,
    /// Webhooks by their names.
    pub hooks: Vec<(Arc<str>, Hook)>,
    /// Whom readers may ask; empty when nobody is named.
    pub contact: Arc<str>,
}

impl Post {
    /// Mails a letter to an address.
    #[must_use]
    pub fn mail(&self, to: &str, letter: &Letter<'_>) -> Delivery {
        match &self.mail {
            Some(mail) => mail.send(to, letter, &self.contact),
            None => Delivery::down("no mail server in the settings"),
        }
    }

    /// Brings a letter to the webhook of that name.
    #[must_use]
    pub fn hook(&self, name: &str, letter: &Letter<'_>, clock: &Clock) -> Delivery {
        match self.hooks.iter().find(|(known, _)| **known == *name) {
            Some((_, hook)) => hook.send(letter, clock),
            None => Delivery::down("no webhook of that name in the settings"),
        }
    }

    /// True when there is a webhook of that name.
    #[must_use]
    pub fn has_hook(&self, name: &str) -> bool {
        self.hooks.iter().any(|(known, _)| **known == *name)
    }
}
