//! holds.
use super::reply::Call;
use super::route::Told;
use super::state::State;
impl State {
    pub(super) fn holds_route(&mut self, _call: &mut Call<'_>, _steps: &[&str]) -> Option<Told> {
        None
    }
}
