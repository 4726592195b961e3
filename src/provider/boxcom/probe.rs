//! `connect test`: each thing sluicebox needs of a Box application, tried apart by reading alone.

use super::Tenant;
use crate::provider::Capability;

impl Tenant {
    pub(super) fn capabilities(&self) -> Vec<Capability> {
        Vec::new()
    }
}
