//! Act: intents become orders, orders are performed, and what came of them is written down.
//!
//! A bounded number of threads claim intents from the store. What is asked for becomes orders once, in the commit that begins
//! the intent ([`What`], `resolve`); every step is journaled before it is called; the end is one commit. After a crash the same
//! orders are given again with what was found before, so that nothing is done twice.

use crate::clock::Moment;
use crate::model::Action;
use crate::model::action::{Step, Target};
use crate::policy::Still;
use crate::policy::ask::Ask;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// What an intent wants, as it is kept ([`crate::store::NewIntent::what`]).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum What {
    /// What policies ask for: it becomes actions when it is begun.
    Ask {
        /// What.
        ask: Ask,
        /// What must still be so when its time has come.
        still: Still,
    },
    /// These actions in this order: of a plan, an undo.
    Do {
        /// Each with what a plan foresaw.
        actions: Vec<Planned>,
    },
    /// Something out of quarantine: like [`What::Do`], and its end says what is excused from now on.
    Restore {
        /// The correlation id.
        id: Arc<str>,
        /// What brings it back.
        actions: Vec<Planned>,
        /// What is excused, so that it stays; `None` excuses nothing.
        excuse: Option<Excuse>,
    },
}

/// What a restore excuses.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Excuse {
    /// The policies that put it there; none is every policy.
    pub policies: Vec<Arc<str>>,
    /// Until when.
    pub until: Moment,
    /// Why.
    pub reason: Arc<str>,
}

/// An action as it was planned.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Planned {
    /// What it is done to; `None` is what the intent is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on: Option<Target>,
    /// What.
    pub action: Action,
    /// The version it was planned on.
    pub version: Option<Arc<str>>,
    /// The steps that were foreseen; `None` takes any.
    pub expects: Option<Vec<Step>>,
}
