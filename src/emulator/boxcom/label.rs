//! Labels.
use super::reply::Call;
use super::route::Told;
use super::state::State;
use super::tree::{Instance, Nid};
use serde_json::{Map, Value};
/// The classification's place among metadata.
pub(super) const CLASSIFICATION: &str = "enterprise/securityClassification-6VMVochwUWo";
/// Its one field.
pub(super) const KEY: &str = "Box__Security__Classification__Key";
impl State {
    pub(super) fn templates_route(&mut self, _call: &mut Call<'_>, _steps: &[&str]) -> Option<Told> {
        None
    }
    pub(super) fn metadata_seen(&self, _nid: Nid, _key: Option<&str>) -> Value {
        Value::Null
    }
    pub(super) fn set_label(&mut self, nid: Nid, level: &str) {
        let id = self.fresh_code();
        let values = Map::from_iter([(KEY.to_owned(), level.into())]);
        self.tree.extra_mut(nid).metadata.insert(CLASSIFICATION.into(), Instance { id, version: 0, values });
    }
}
