//! Webhooks.
use super::reply::Call;
use super::route::Told;
use super::state::State;
/// A webhook.
#[derive(Clone, Debug)]
pub(super) struct Hook;
/// A signed notice as a webhook brings it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    /// Where it goes.
    pub address: String,
    /// Header names in lower case, with values.
    pub headers: Vec<(String, String)>,
    /// Body.
    pub body: Vec<u8>,
}
impl State {
    pub(super) fn hooks_route(&mut self, _call: &mut Call<'_>, _steps: &[&str]) -> Option<Told> {
        None
    }
}
