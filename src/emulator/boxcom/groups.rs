//! Groups.
use super::reply::Call;
use super::route::Told;
use super::state::State;
impl State {
    pub(super) fn groups_route(&mut self, _call: &mut Call<'_>, _steps: &[&str]) -> Option<Told> {
        None
    }
    pub(super) fn memberships_of(&mut self, _call: &mut Call<'_>, _id: &str) -> Told {
        Err(super::reply::Fault::not_found())
    }
}
