//! Places: moving, copying, trash, quarantine folders, versions.

use super::super::Tenant;
use crate::model::action::{Folder, ItemState, Step, Whose};
use crate::provider::Error;
use crate::provider::govern::{Applied, Asked};
use std::sync::Arc;

impl Tenant {
    /// The quarantine's folder, found by its name or made.
    pub(super) fn quarantine_folder(&self, _whose: Whose, _person: Option<&str>) -> Result<Folder, Error> {
        todo!()
    }

    /// The id of the order's copy in the folder it is put in.
    pub(super) fn copy_state(&self, _asked: &Asked<'_>, _item: &ItemState) -> Result<Option<Arc<str>>, Error> {
        todo!()
    }

    /// Whether who moves the item was let into the target folder; `None` when nobody needs to be.
    pub(super) fn lent_state(&self, _asked: &Asked<'_>, _item: &ItemState) -> Result<Option<bool>, Error> {
        todo!()
    }

    /// Calls for a step of places.
    pub(super) fn apply_place(&self, _asked: &Asked<'_>, _step: &Step, _now: &ItemState) -> Applied {
        todo!()
    }
}
