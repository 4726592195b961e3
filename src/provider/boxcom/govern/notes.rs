//! Notes (tombstones): left, found again, taken away.

use super::super::Tenant;
use crate::model::action::{Folder, ItemState, NoteState, Step};
use crate::provider::Error;
use crate::provider::govern::{Applied, Asked};

impl Tenant {
    /// The order's note in the folder that the item was in before the order.
    pub(super) fn note_state(&self, _asked: &Asked<'_>, _prior_folder: &Folder) -> Result<Option<NoteState>, Error> {
        todo!()
    }

    /// Calls for a step of notes.
    pub(super) fn apply_note(&self, _asked: &Asked<'_>, _step: &Step, _now: &ItemState) -> Applied {
        todo!()
    }
}
