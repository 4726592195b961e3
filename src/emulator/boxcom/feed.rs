//! What happened.
use super::super::wire::Asked;
use super::reply::Call;
use super::route::Told;
use super::state::State;
use super::tree::{Nid, Uid};
/// One thing that happened.
#[derive(Clone, Debug)]
pub(super) struct Happening;
impl State {
    pub(super) fn downloaded(&mut self, _who: Uid, _nid: Nid) {}
    pub(super) fn events_route(&mut self, _call: &mut Call<'_>, _steps: &[&str]) -> Option<Told> {
        None
    }
    pub(super) fn forget_position(&mut self, _asked: &Asked) -> bool {
        false
    }
}
