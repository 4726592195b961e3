//! People: suspended, let in, signed out.

use super::super::Tenant;
use crate::model::action::{State, TargetPerson};
use crate::provider::Error;
use crate::provider::govern::Asked;

impl Tenant {
    /// The state of a person, with the facets that are asked for.
    pub(super) fn person_state(&self, _asked: &Asked<'_>, _target: &TargetPerson) -> Result<Option<State>, Error> {
        todo!()
    }
}
