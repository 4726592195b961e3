//! Uploads.
use super::reply::{Call, Fault};
use super::route::Told;
use super::state::State;
impl State {
    pub(super) fn uploads(&mut self, _call: &mut Call<'_>) -> Told {
        Err(Fault::not_found().refused("no such upload address"))
    }
}
