//! Telling people and machines: what a message says, and how it leaves, by mail or by webhook.
//!
//! This room sends one message when it is asked to; which messages there are, and that each leaves once, is the store's and the
//! engine's affair. Nothing said here holds a matched value.

use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// What a message says: as it is kept, and as a webhook gets it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Said {
    /// What happened: `match`, `roll_up`, `digest`, `action`, `breaker`, `parked`, `test`.
    pub kind: Arc<str>,
    /// The policy's name and title; empty when none is concerned.
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
    /// The operator's own text for this policy; may be empty.
    pub note: Arc<str>,
}

/// An item in a message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
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
}
