//! The consent page.
use super::super::wire::{Answer, Asked};
use super::state::State;
impl State {
    pub(super) fn consent(&mut self, _asked: &Asked) -> Answer {
        Answer::empty(404)
    }
}
