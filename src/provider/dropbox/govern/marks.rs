//! Marks: labels, locks, holds, comments, tasks.

use super::super::Tenant;
use super::super::wire::Entry;
use crate::model::action::{Action, Block, Holds, ItemState, Labels, LockState, Step};
use crate::provider::Error;
use crate::provider::govern::{Applied, Asked};

impl Tenant {
    /// The label; asked for when [`crate::provider::govern::Facets::labels`] says so.
    pub(super) fn labels_of(&self, _asked: &Asked<'_>, _now: &ItemState) -> Result<Labels, Error> {
        todo!()
    }

    /// The lock, as `entry` (the item's metadata as read by whoever acts) tells it.
    pub(super) fn lock_of(
        &self,
        _asked: &Asked<'_>,
        _now: &ItemState,
        _entry: &Entry,
    ) -> Result<Option<LockState>, Error> {
        todo!()
    }

    /// Legal holds; asked for when [`crate::provider::govern::Facets::holds`] says so.
    pub(super) fn holds_of(&self, _asked: &Asked<'_>, _now: &ItemState) -> Result<Holds, Error> {
        todo!()
    }

    /// Labels, locks, holds.
    pub(super) fn apply_mark(&self, _asked: &Asked<'_>, _step: &Step, _now: &ItemState) -> Applied {
        todo!()
    }
}

/// What of this room Dropbox does not have.
pub(super) fn offers(_action: &Action) -> Result<(), Block> {
    Ok(())
}
