//! What came of an order: found, did, read back.

use super::{Block, Folder, Order, State, Step, Target, TargetItem};
use crate::clock::Moment;
use crate::model::sharing::{Audience, Who};
use serde::{Deserialize, Serialize};
use std::fmt;
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

/// One phrase for people, without names of files and people.
impl fmt::Display for Left {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Left::LinkAbove { folder, audience } => {
                let whom = match audience {
                    Audience::Public => "anybody",
                    Audience::Company => "the company",
                    Audience::Members => "its members",
                    Audience::Unknown => "nobody knows whom",
                };
                write!(f, "a link on the folder {folder} above lets in {whom}")
            }
            Left::MemberAbove { folder, .. } => write!(f, "a member of the folder {folder} above reaches it"),
            Left::MembersHidden => f.write_str("its members may not be seen, so some may be left"),
            Left::Elsewhere { .. } => f.write_str("it is back, but in another folder: the one it lay in is gone"),
            Left::Refused { step, block } => write!(f, "{step} was refused: {block}"),
            Left::Overridden { step } => write!(f, "{step} was done, and a policy of the company overrides it"),
        }
    }
}

impl Receipt {
    /// What a later order on the same thing is to name: where it was read back, and who could act on it there.
    #[must_use]
    pub fn target(&self, order: &Order) -> Target {
        let read_back = self.read_back.as_ref().or(self.found.as_ref()).and_then(State::item);
        match (&order.on, read_back) {
            (Target::Item(item), Some(state)) => {
                let path = state.folder.path.as_ref().map(|folder| format!("{folder}/{}", state.name).into());
                Target::Item(TargetItem {
                    place: Arc::clone(&state.folder.place),
                    read_as: state.folder.act_as.clone(),
                    path: path.or_else(|| item.path.clone()),
                    ..item.clone()
                })
            }
            (on, _) => on.clone(),
        }
    }
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
    /// It was not done, and may be tried later: too many calls, a lock for the length of another operation. The provider's code.
    PutOff(Arc<str>),
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
