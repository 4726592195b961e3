//! What came of an order: found, did, read back.

use super::{Block, Folder, State, Step};
use crate::clock::Moment;
use crate::model::sharing::{Audience, Who};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// How an order ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// It was not so, and now it is; read back.
    Done,
    /// It was so; nothing was called.
    AlreadySo,
    /// The item is no longer the one that was decided on; nothing was done.
    Drifted,
    /// Something is in the way; nothing was done.
    Blocked(Block),
    /// It exists no more.
    Gone,
    /// What could be done was done; [`Receipt::left`] says what is left.
    Partly,
    /// It could not be found out what a call did: parked for a person. The last thing the provider said.
    Unknown(Arc<str>),
}

impl Outcome {
    /// The name that logs and reports use.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Outcome::Done => "done",
            Outcome::AlreadySo => "already_so",
            Outcome::Drifted => "drifted",
            Outcome::Blocked(_) => "blocked",
            Outcome::Gone => "gone",
            Outcome::Partly => "partly",
            Outcome::Unknown(_) => "unknown",
        }
    }
}

/// What an order left open.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Left {
    /// A link on a folder above leads here too.
    LinkAbove {
        /// The folder.
        folder: Arc<str>,
        /// Whom it lets in.
        audience: Audience,
    },
    /// A member that it has from a folder above.
    MemberAbove {
        /// The folder.
        folder: Arc<str>,
        /// Who.
        who: Who,
    },
    /// Members may not be seen, so some may be left.
    MembersHidden,
    /// It is back, but not where it was: that folder is gone.
    Elsewhere {
        /// Where it is now.
        folder: Folder,
    },
    /// A step that was refused.
    Refused {
        /// Which.
        step: Arc<str>,
        /// Why.
        block: Block,
    },
    /// A step that was done, and whose end state is another one: a policy of the company overrides it.
    Overridden {
        /// Which.
        step: Arc<str>,
    },
}

/// How a step ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ended {
    /// The provider said yes.
    Answered,
    /// No answer, or an error that leaves open whether it was done. The provider's code.
    Unclear(Arc<str>),
    /// What was to be changed had changed meanwhile; read again.
    Moved,
    /// The provider said no.
    Refused(Block),
}

/// One step that was called.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Did {
    /// When.
    pub at: Moment,
    /// What.
    pub step: Step,
    /// How it ended.
    pub ended: Ended,
    /// The provider's ids of its requests.
    pub requests: Vec<Arc<str>>,
}

/// What an order found, did and read back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Receipt {
    /// The order.
    pub order: Arc<str>,
    /// How it ended.
    pub outcome: Outcome,
    /// The state before the first step: [`super::Order::begun`] where the order was begun before. `None` when it was gone.
    pub found: Option<State>,
    /// Every step that was called, in order.
    pub did: Vec<Did>,
    /// The state after the last step. `None` when nothing was called, or when it was gone.
    pub read_back: Option<State>,
    /// What is left open.
    pub left: Vec<Left>,
}
