//! People: suspended, let in, signed out, taken out of what others share.

use super::super::Tenant;
use crate::model::action::{PersonState, State, Step, TargetPerson};
use crate::provider::Error;
use crate::provider::govern::{Applied, Asked};

impl Tenant {
    /// The state of a person, with the facets that are asked for.
    pub(super) fn person_state(&self, _asked: &Asked<'_>, _target: &TargetPerson) -> Result<Option<State>, Error> {
        todo!()
    }

    /// Calls for a step about a person.
    pub(super) fn apply_to_person(
        &self,
        _asked: &Asked<'_>,
        _target: &TargetPerson,
        _step: &Step,
        _now: &PersonState,
    ) -> Applied {
        todo!()
    }
}
