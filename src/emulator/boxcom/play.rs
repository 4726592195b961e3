//! Plays edits.
use super::super::edit::Edit;
use super::state::State;
impl State {
    pub(super) fn play(&mut self, _edit: &Edit) -> Result<(), String> {
        Err("not yet".into())
    }
}
