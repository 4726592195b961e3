//! Places: moving, copying, trash, quarantine folders, versions.

use super::super::Tenant;
use crate::model::Principal;
use crate::model::action::{Folder, ItemState, Step, Whose};
use crate::provider::Error;
use crate::provider::govern::{Applied, Asked};
use std::sync::Arc;

impl Tenant {
    /// The quarantine's folder, found by its name or made.
    pub(super) fn quarantine_folder(&self, _whose: Whose, _person: Option<&str>) -> Result<Folder, Error> {
        todo!()
    }

    /// The id of the order's copy. `now` is complete but for the facets.
    pub(super) fn copy_state(&self, _asked: &Asked<'_>, _now: &ItemState) -> Result<Option<Arc<str>>, Error> {
        todo!()
    }

    /// Whether somebody was let into the target folder.
    pub(super) fn lent_state(&self, _asked: &Asked<'_>, _now: &ItemState) -> Result<Option<bool>, Error> {
        todo!()
    }

    /// When the folder at this path was deleted, while something of it still lies in the trash.
    pub(super) fn buried(
        &self,
        _by: &Principal,
        _place: &Arc<str>,
        _path: &str,
        _prior: Option<&ItemState>,
    ) -> Result<Option<Arc<str>>, Error> {
        todo!()
    }

    /// Moving, lending, copying, trash, versions.
    pub(super) fn apply_place(&self, _asked: &Asked<'_>, _step: &Step, _now: &ItemState) -> Applied {
        todo!()
    }
}
