//! Places: moving, copying, trash, quarantine folders, versions.

use super::super::Tenant;
use crate::model::action::{Folder, Whose};
use crate::provider::Error;

impl Tenant {
    /// The quarantine's folder, found by its name or made.
    pub(super) fn quarantine_folder(&self, _whose: Whose, _person: Option<&str>) -> Result<Folder, Error> {
        todo!()
    }
}
