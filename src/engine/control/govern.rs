//! Commands of governance: what a person decides about policies, plans, actions, exceptions and alerts.
//!
//! Each is audited in the commit that carries it out. Files of this folder carry them out, one for each subject.

mod actions;
mod alerts;
mod breaker;
mod exceptions;
mod messages;
mod plans;
mod policies;
mod quarantine;
mod reevaluate;

use crate::store::Store;
use serde::{Deserialize, Serialize};

use super::{Answer, Refusal};

/// What is decided.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "do", rename_all = "snake_case", deny_unknown_fields)]
pub enum Deed {
    /// Reads policies, approvals and exceptions anew, and judges everything that is stored by them; no provider is asked.
    Reevaluate,
    /// Lets a policy be enforced as it stands.
    PolicyApprove {
        /// Its name.
        policy: String,
        /// Its hash, hexadecimal.
        hash: String,
        /// The plan that was shown.
        plan: i64,
        /// Who approves: a name of the settings' operators, or the user.
        operator: Option<String>,
    },
    /// Takes that back.
    PolicyRevoke {
        /// Its name.
        policy: String,
    },
    /// Keeps a plan that was made.
    PlanAdd {
        /// `plan`, `undo`, `restore`.
        kind: String,
        /// Its canonical bytes.
        body: String,
        /// Who made it, where it is an operator of the settings.
        operator: Option<String>,
    },
    /// Approves a plan.
    PlanApprove {
        /// Its number.
        plan: i64,
        /// The operator's name in the settings.
        operator: String,
    },
    /// Lets a plan be carried out.
    PlanApply {
        /// Its number.
        plan: i64,
        /// Who applies it, where it is an operator of the settings.
        operator: Option<String>,
    },
    /// Brings parked intents back.
    ActionsRetry {
        /// This one alone; `None` is all.
        intent: Option<i64>,
    },
    /// Cancels intents that have not begun.
    ActionsCancel {
        /// This one alone.
        intent: Option<i64>,
        /// All of this policy.
        policy: Option<String>,
        /// All of this plan.
        plan: Option<i64>,
        /// Why.
        reason: String,
    },
    /// Releases a breaker.
    BreakerRelease {
        /// The policy's name.
        policy: String,
        /// Why.
        reason: String,
    },
    /// Makes an exception.
    ExceptionAdd {
        /// `file`, `folder`, `owner`, `domain`, `token`.
        kind: String,
        /// The id, login, domain or token.
        what: String,
        /// A connector's name.
        connector: Option<String>,
        /// A policy's name.
        policy: Option<String>,
        /// Different values by detector that are excused.
        excused: Vec<(String, u64)>,
        /// The content that alone is excused, our SHA-256 of it in hexadecimal; `None` for whatever is there.
        #[serde(default)]
        content: Option<String>,
        /// Why.
        reason: String,
        /// Until when, milliseconds since 1970.
        until_ms: i64,
    },
    /// Ends an exception before its time.
    ExceptionEnd {
        /// Its number.
        exception: i64,
        /// Why.
        reason: String,
    },
    /// Closes an alert.
    AlertClose {
        /// Its number.
        alert: i64,
        /// Why.
        reason: String,
    },
    /// Brings items back out of quarantine.
    QuarantineRestore {
        /// Their correlation ids.
        ids: Vec<String>,
        /// Until when what put them there is excused, milliseconds since 1970; `None` excuses nothing.
        until_ms: Option<i64>,
        /// Why.
        reason: String,
    },
    /// Takes back what a sealed receipt tells.
    QuarantineAdopt {
        /// What it tells, as JSON.
        receipts: Vec<String>,
    },
    /// Sends parked messages again.
    MessagesRetry,
}

impl Deed {
    /// The operator of the settings in whose name it is done, if in one's.
    #[must_use]
    pub fn operator(&self) -> Option<&str> {
        match self {
            Deed::PolicyApprove { operator, .. }
            | Deed::PlanAdd { operator, .. }
            | Deed::PlanApply { operator, .. } => operator.as_deref(),
            Deed::PlanApprove { operator, .. } => Some(operator),
            _ => None,
        }
    }

    /// What is done, as the audit log calls it.
    #[must_use]
    pub fn act(&self) -> &'static str {
        match self {
            Deed::Reevaluate => "governance.reevaluate",
            Deed::PolicyApprove { .. } => "policy.approve",
            Deed::PolicyRevoke { .. } => "policy.revoke",
            Deed::PlanAdd { .. } => "plan.make",
            Deed::PlanApprove { .. } => "plan.approve",
            Deed::PlanApply { .. } => "plan.apply",
            Deed::ActionsRetry { .. } => "action.retry",
            Deed::ActionsCancel { .. } => "action.cancel",
            Deed::BreakerRelease { .. } => "breaker.release",
            Deed::ExceptionAdd { .. } => "exception.add",
            Deed::ExceptionEnd { .. } => "exception.end",
            Deed::AlertClose { .. } => "alert.close",
            Deed::QuarantineRestore { .. } => "quarantine.restore",
            Deed::QuarantineAdopt { .. } => "quarantine.adopt",
            Deed::MessagesRetry => "message.retry",
        }
    }
}

/// Carries one out; `actor` is who is written down.
///
/// # Errors
/// When it makes no sense, or the store could not be written.
pub fn perform(store: &dyn Store, deed: &Deed, actor: &str) -> Result<Answer, Refusal> {
    match deed {
        Deed::Reevaluate => reevaluate::perform(store, deed, actor),
        Deed::PolicyApprove { .. } | Deed::PolicyRevoke { .. } => policies::perform(store, deed, actor),
        Deed::PlanAdd { .. } | Deed::PlanApprove { .. } | Deed::PlanApply { .. } => plans::perform(store, deed, actor),
        Deed::ActionsRetry { .. } | Deed::ActionsCancel { .. } => actions::perform(store, deed, actor),
        Deed::BreakerRelease { .. } => breaker::perform(store, deed, actor),
        Deed::ExceptionAdd { .. } | Deed::ExceptionEnd { .. } => exceptions::perform(store, deed, actor),
        Deed::AlertClose { .. } => alerts::perform(store, deed, actor),
        Deed::QuarantineRestore { .. } | Deed::QuarantineAdopt { .. } => quarantine::perform(store, deed, actor),
        Deed::MessagesRetry => messages::perform(store, deed, actor),
    }
}

/// What a subject answers of a deed that is not its own.
fn not_here(deed: &Deed) -> Refusal {
    Refusal::new(format!("{} is not carried out here", deed.act()))
}
