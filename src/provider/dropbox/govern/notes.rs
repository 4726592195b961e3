//! Notes (tombstones): left, found again, taken away.

use super::super::Tenant;
use crate::model::action::{Folder, ItemState, NoteState, Step};
use crate::provider::Error;
use crate::provider::govern::{Applied, Asked};

impl Tenant {
    /// The note of the order in this folder.
    pub(super) fn note_state(&self, _asked: &Asked<'_>, _folder: &Folder) -> Result<Option<NoteState>, Error> {
        todo!()
    }

    /// [`Step::PutNote`], [`Step::RemoveNote`].
    pub(super) fn apply_note(&self, _asked: &Asked<'_>, _step: &Step, _now: &ItemState) -> Applied {
        todo!()
    }
}
