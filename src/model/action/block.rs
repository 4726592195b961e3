//! Why an action was not done: a closed list, each with what a person may do about it.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::sync::Arc;

/// Why something was not done and will not be done by trying again.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Block {
    /// A legal hold of this name.
    Hold(Arc<str>),
    /// Holds cannot be read, which counts as held; the provider's code.
    HoldsUnreadable(Arc<str>),
    /// A retention policy of this name.
    Retention(Arc<str>),
    /// A policy of Box Shield.
    Shield,
    /// Somebody's lock; the account, where told.
    Lock(Option<Arc<str>>),
    /// The application or who acts lacks the right; the provider's code.
    NoRight(Arc<str>),
    /// Nobody of the company can act on it (its owner is gone, suspended, or outside).
    NobodyToAct,
    /// The company's plan or its own policies do not have it; the provider's code.
    PlanLacks(Arc<str>),
    /// The provider has no such action, and why or what serves instead.
    NotOffered(Arc<str>),
    /// The name is taken in the target folder.
    NameTaken,
    /// It has a higher label, which we did not set.
    HigherLabel(Arc<str>),
    /// The company has no label of this name.
    NoSuchLabel(Arc<str>),
    /// More entries below it than one call moves or deletes.
    TooMany,
    /// A date that is past, or a password that the provider does not take.
    BadWish(Arc<str>),
    /// sluicebox never does this.
    Never(Never),
}

/// What sluicebox never does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Never {
    /// Suspending somebody who was invited and is not yet here: Dropbox deletes the member.
    SuspendInvited,
    /// Suspending the account that we act with.
    SuspendOurselves,
    /// Doing to an item what is meant for a person, or the other way round.
    WrongTarget,
}

/// One sentence for people: what is in the way, and what may be done about it. No names of files.
impl fmt::Display for Block {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Block::Hold(name) => write!(f, "it is under the legal hold {name:?}: end the hold first, or close its sharing only"),
            Block::HoldsUnreadable(said) => write!(
                f,
                "its legal holds cannot be read ({said}), which counts as held: grant the right to read them, or set `holds = false` for \
                 this connector if the company has neither holds nor retention"
            ),
            Block::Retention(name) => {
                write!(f, "the retention policy {name:?} keeps it: close its sharing only, or wait until the policy ends")
            }
            Block::Shield => f.write_str("a policy of Box Shield forbids it: let an administrator except the service account"),
            Block::Lock(Some(by)) => write!(f, "it is locked by account {by}: unlock it first"),
            Block::Lock(None) => f.write_str("it is locked: unlock it first"),
            Block::NoRight(said) => write!(f, "the right for it is lacking ({said}): see `sluicebox connect test`"),
            Block::NobodyToAct => f.write_str(
                "nobody of the company can act on it (its owner is outside, suspended or gone): act on a folder above, or give it a new owner",
            ),
            Block::PlanLacks(said) => write!(f, "the company's plan or policy does not have it ({said})"),
            Block::NotOffered(why) => write!(f, "the provider does not offer it: {why}"),
            Block::NameTaken => f.write_str("its name is taken there: give another name"),
            Block::HigherLabel(label) => write!(f, "somebody gave it the higher label {label:?}, which is never lowered"),
            Block::NoSuchLabel(label) => write!(f, "the company has no label {label:?}: make it at the provider first"),
            Block::TooMany => f.write_str("it holds more than one call moves: act on what lies in it"),
            Block::BadWish(why) => write!(f, "{why}"),
            Block::Never(never) => write!(f, "{never}"),
        }
    }
}

impl fmt::Display for Never {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Never::SuspendInvited => {
                "the person was invited and is not yet here: suspending would delete the member. Withdraw the invitation instead"
            }
            Never::SuspendOurselves => "it is the account that sluicebox acts with",
            Never::WrongTarget => "the action does not fit what it is to be done to",
        })
    }
}
