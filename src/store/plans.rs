//! Plans that were made, who approved them, and which policies may be enforced.
//!
//! A plan is kept as the very bytes that were hashed and shown; it names people and items and is kept sealed.

use super::Error;
use super::audit::Entry;
use super::intents::{NewIntent, Voter};
use crate::clock::Moment;
use crate::model::PlanNumber;
use std::sync::Arc;

/// A plan that was made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewPlan {
    /// SHA-256 of `body`.
    pub hash: [u8; 32],
    /// Its canonical bytes (JSON).
    pub body: String,
    /// Who made it.
    pub by: Arc<str>,
    /// What it is: `plan`, `undo`, `restore`.
    pub kind: Arc<str>,
    /// Items in it.
    pub items: u64,
    /// The policies that it rests on.
    pub policies: Vec<Voter>,
    /// Operators who must approve before it is applied; 0 needs none.
    pub approvals: u8,
}

/// A plan as it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// Its number.
    pub number: PlanNumber,
    /// What was made. Its body is empty in lists.
    pub is: NewPlan,
    /// When.
    pub made: Moment,
    /// Operators who approved it, and when.
    pub approved: Vec<(Arc<str>, Moment)>,
    /// When it was applied, and by whom.
    pub applied: Option<(Moment, Arc<str>)>,
}

/// A policy that may be enforced.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Approved {
    /// The policy as it stood.
    pub policy: Voter,
    /// The plan that was shown.
    pub plan: PlanNumber,
    /// Who approved it.
    pub by: Arc<str>,
    /// When.
    pub at: Moment,
}

/// Plans and approvals.
pub trait Plans {
    /// Keeps a plan, with its audit entry; the same plan (by its hash) is kept once.
    ///
    /// # Errors
    /// When it could not be written.
    fn add_plan(&self, plan: &NewPlan, entry: &Entry) -> Result<PlanNumber, Error>;

    /// One plan, with its body.
    ///
    /// # Errors
    /// When it could not be read.
    fn plan(&self, number: PlanNumber) -> Result<Option<Plan>, Error>;

    /// Plans, the newest first, those before `before`, at most `max`.
    ///
    /// # Errors
    /// When they could not be read.
    fn plans(&self, before: Option<PlanNumber>, max: usize) -> Result<Vec<Plan>, Error>;

    /// An operator approves a plan. False when that operator has already, or made it, or it was applied.
    ///
    /// # Errors
    /// When it could not be written.
    fn approve_plan(&self, number: PlanNumber, by: &str, entry: &Entry) -> Result<bool, Error>;

    /// Applies a plan: its intents are kept and it counts as applied, in one transaction. False when it was applied, or approvals are
    /// missing.
    ///
    /// # Errors
    /// When it could not be written.
    fn apply_plan(&self, number: PlanNumber, by: &str, intents: &[NewIntent], entry: &Entry) -> Result<bool, Error>;

    /// Lets a policy be enforced as it stands, after a plan of it was shown.
    ///
    /// # Errors
    /// When it could not be written.
    fn approve_policy(&self, policy: &Voter, plan: PlanNumber, by: &str, entry: &Entry) -> Result<(), Error>;

    /// Takes the approvals of a policy back; false when it had none.
    ///
    /// # Errors
    /// When it could not be written.
    fn revoke_policy(&self, policy: &str, entry: &Entry) -> Result<bool, Error>;

    /// Policies that may be enforced.
    ///
    /// # Errors
    /// When they could not be read.
    fn approved_policies(&self) -> Result<Vec<Approved>, Error>;
}
