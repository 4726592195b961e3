//! Marks: labels, locks, holds, comments, tasks.

use super::super::Tenant;
use crate::model::Principal;
use crate::model::action::{Holds, ItemState, Labels, Step, TargetItem};
use crate::provider::Error;
use crate::provider::govern::{Applied, Asked};
use std::sync::Arc;

impl Tenant {
    /// The item's label and all there are, the lowest first.
    pub(super) fn labels_of(&self, _item: &TargetItem, _by: &Principal) -> Result<Labels, Error> {
        todo!()
    }

    /// Legal holds and retention of the item.
    pub(super) fn holds_of(&self, _asked: &Asked<'_>, _item: &ItemState) -> Result<Holds, Error> {
        todo!()
    }

    /// The id of the order's comment or task.
    pub(super) fn said_state(&self, _asked: &Asked<'_>, _item: &ItemState) -> Result<Option<Arc<str>>, Error> {
        todo!()
    }

    /// Calls for a step of marks.
    pub(super) fn apply_mark(&self, _asked: &Asked<'_>, _step: &Step, _now: &ItemState) -> Applied {
        todo!()
    }
}
