//! What is so: an item read for an order.

use super::super::Tenant;
use crate::model::action::{State, TargetItem};
use crate::provider::Error;
use crate::provider::govern::Asked;

impl Tenant {
    /// The state of an item, with the facets that are asked for.
    pub(super) fn item_state(&self, _asked: &Asked<'_>, _target: &TargetItem) -> Result<Option<State>, Error> {
        todo!()
    }
}
