//! `Plans` in SQLite.

#![allow(unused_variables, reason = "being written")]

use super::Sqlite;
use crate::model::PlanNumber;
use crate::store::Error;
use crate::store::audit::Entry;
use crate::store::intents::{NewIntent, Voter};
use crate::store::plans::{Approved, NewPlan, Plan, Plans};

impl Plans for Sqlite {
    fn add_plan(&self, plan: &NewPlan, entry: &Entry) -> Result<PlanNumber, Error> {
        todo!()
    }

    fn plan(&self, number: PlanNumber) -> Result<Option<Plan>, Error> {
        todo!()
    }

    fn plans(&self, before: Option<PlanNumber>, max: usize) -> Result<Vec<Plan>, Error> {
        todo!()
    }

    fn approve_plan(&self, number: PlanNumber, by: &str, entry: &Entry) -> Result<bool, Error> {
        todo!()
    }

    fn apply_plan(&self, number: PlanNumber, by: &str, intents: &[NewIntent], entry: &Entry) -> Result<bool, Error> {
        todo!()
    }

    fn approve_policy(&self, policy: &Voter, plan: PlanNumber, by: &str, entry: &Entry) -> Result<(), Error> {
        todo!()
    }

    fn revoke_policy(&self, policy: &str, entry: &Entry) -> Result<bool, Error> {
        todo!()
    }

    fn approved_policies(&self) -> Result<Vec<Approved>, Error> {
        todo!()
    }
}
