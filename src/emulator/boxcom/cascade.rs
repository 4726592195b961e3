//! Metadata cascade policies: what a folder says of itself goes for all that lies, or comes to lie, below it.
//!
//! The service works on large folders for a while; here all is done at once. What an item says of its own stays.
//! <https://developer.box.com/guides/metadata/cascades/>

use super::super::wire::Answer;
use super::keys;
use super::label::{company_scope, is_company, place_of};
use super::reply::{Call, Fault, invalid};
use super::route::Told;
use super::state::{Role, State};
use super::tree::{Instance, Nid};
use serde_json::{Value, json};

/// A policy.
#[derive(Clone, Debug)]
pub(super) struct Cascade {
    folder: Nid,
    scope: String,
    key: String,
    /// Where the instance lies among an item's metadata.
    place: String,
}

impl State {
    /// `/metadata_cascade_policies...`
    pub(super) fn cascades_route(&mut self, call: &mut Call<'_>, steps: &[&str]) -> Option<Told> {
        Some(match (call.asked.method.as_str(), steps) {
            ("GET", []) => self.cascades_page(call),
            ("POST", []) => self.cascade_new(call),
            ("GET", [id]) => self.cascade(call, id).map(|policy| Answer::json(200, &self.cascade_seen(id, &policy))),
            ("DELETE", [id]) => self.cascade_dropped(call, id),
            ("POST", [id, "apply"]) => self.cascade_applied(call, id),
            _ => return None,
        })
    }

    fn cascade(&self, call: &Call<'_>, id: &str) -> Result<Cascade, Fault> {
        let found = self.cascades.get(id).filter(|policy| self.role(call.actor, policy.folder).is_some());
        found.cloned().ok_or_else(|| Fault::new(404, "instance_not_found", "The policy was not found"))
    }

    /// The folder a call is about; not the root.
    fn cascade_folder(&self, call: &Call<'_>, id: &str) -> Result<Nid, Fault> {
        if id == "0" {
            return Err(Fault::new(403, "forbidden", "The policy cannot be applied to this folder"));
        }
        self.seen(call.actor, "folder", id)
    }

    fn cascades_page(&mut self, call: &mut Call<'_>) -> Told {
        call.knows_query(&["folder_id", "owner_enterprise_id", "marker", "offset", "limit"]);
        let id = call.query("folder_id").ok_or_else(|| invalid("folder_id", "", "is required"))?;
        let folder = self.cascade_folder(call, id)?;
        let mine: Vec<(&String, &Cascade)> =
            self.cascades.iter().filter(|(_, policy)| policy.folder == folder).collect();
        self.listed(call, &mine, |(id, policy)| self.cascade_seen(id, policy))
    }

    fn cascade_seen(&self, id: &str, policy: &Cascade) -> Value {
        json!({
            "type": "metadata_cascade_policy",
            "id": id,
            "owner_enterprise": {"type": "enterprise", "id": keys::ENTERPRISE_ID},
            "parent": {"type": "folder", "id": self.tree.id(policy.folder).to_string()},
            "scope": policy.scope,
            "templateKey": policy.key,
        })
    }

    fn cascade_new(&mut self, call: &mut Call<'_>) -> Told {
        call.knows_query(&[]);
        let body = call.body(&["folder_id", "scope", "templateKey"])?;
        let text = |key: &str| body.get(key).and_then(Value::as_str).unwrap_or("").to_owned();
        let (scope, key) = (text("scope"), text("templateKey"));
        if !is_company(&scope) && scope != "global" {
            return Err(invalid("scope", &scope, "is not a scope"));
        }
        let folder = self.cascade_folder(call, &text("folder_id"))?;
        if self.role(call.actor, folder) < Some(Role::Editor) {
            return Err(Fault::forbidden("Access denied - insufficient permission"));
        }
        self.template(&scope, &key)
            .map_err(|_| Fault::new(404, "instance_tuple_not_found", "The template was not found"))?;
        let place = place_of(&scope, &key);
        if self.cascades.values().any(|known| known.folder == folder && known.place == place) {
            return Err(Fault::new(
                409,
                "tuple_already_exists",
                "A cascade policy for this folder and template exists",
            ));
        }
        let scope = if is_company(&scope) { company_scope() } else { scope };
        let (id, policy) = (self.fresh_uuid(), Cascade { folder, scope, key, place: place.clone() });
        let seen = self.cascade_seen(&id, &policy);
        self.cascades.insert(id, policy);
        self.cascade_from(folder, &place);
        self.noted_on("label_set", folder, true);
        self.happen("METADATA_CASCADE_POLICY_CREATE", Some(call.actor), folder, Value::Null);
        Ok(Answer::json(201, &seen))
    }

    fn cascade_dropped(&mut self, call: &Call<'_>, id: &str) -> Told {
        let policy = self.cascade(call, id)?;
        if self.role(call.actor, policy.folder) < Some(Role::Editor) {
            return Err(Fault::forbidden("Access denied - insufficient permission"));
        }
        // What was brought down stays where it is.
        self.cascades.remove(id);
        self.noted_on("label_gone", policy.folder, true);
        Ok(Answer::empty(204))
    }

    /// Brings the folder's instance down once more; `overwrite` also over what items say of their own.
    fn cascade_applied(&mut self, call: &mut Call<'_>, id: &str) -> Told {
        let body = call.body(&["conflict_resolution"])?;
        let policy = self.cascade(call, id)?;
        if self.role(call.actor, policy.folder) < Some(Role::Editor) {
            return Err(Fault::forbidden("Access denied - insufficient permission"));
        }
        let over = match body.get("conflict_resolution").and_then(Value::as_str) {
            Some("overwrite") => true,
            Some("none") => false,
            _ => return Err(invalid("conflict_resolution", "", "must be none or overwrite")),
        };
        self.bring_down(policy.folder, &policy.place, over);
        self.noted_on("label_set", policy.folder, true);
        self.happen("METADATA_CASCADE_POLICY_APPLY", Some(call.actor), policy.folder, Value::Null);
        Ok(Answer::empty(202))
    }

    /// A folder says something new of itself: so do all below it, under a policy.
    pub(super) fn cascade_from(&mut self, nid: Nid, place: &str) {
        if self.cascades.values().any(|policy| policy.folder == nid && policy.place == place) {
            self.bring_down(nid, place, false);
        }
    }

    fn bring_down(&mut self, folder: Nid, place: &str, over: bool) {
        let Some(found) = self.tree.extra(folder).and_then(|extra| extra.metadata.get(place)) else { return };
        let values = found.values.clone();
        for nid in self.tree.below(folder).into_iter().skip(1) {
            let own = self.tree.extra(nid).and_then(|extra| extra.metadata.get(place));
            if own.is_none_or(|own| over || own.from == Some(folder)) {
                let id = self.fresh_uuid();
                let instance = Instance { id, version: 0, values: values.clone(), from: Some(folder) };
                self.tree.extra_mut(nid).metadata.insert(place.to_owned(), instance);
            }
        }
    }

    /// A folder no longer says something of itself: neither do those it brought it to.
    pub(super) fn cascade_gone(&mut self, nid: Nid, place: &str) {
        if !self.cascades.values().any(|policy| policy.folder == nid && policy.place == place) {
            return;
        }
        for at in self.tree.below(nid).into_iter().skip(1) {
            let brought =
                |extra: &super::tree::Extra| extra.metadata.get(place).is_some_and(|one| one.from == Some(nid));
            if self.tree.extra(at).is_some_and(brought) {
                self.tree.extra_mut(at).metadata.remove(place);
            }
        }
    }

    /// An item came to lie below folders with policies.
    pub(super) fn cascade_onto(&mut self, nid: Nid) {
        if self.cascades.is_empty() {
            return;
        }
        let above: Vec<Nid> = self.tree.upwards(nid).skip(1).collect();
        let meant: Vec<Cascade> =
            self.cascades.values().filter(|policy| above.contains(&policy.folder)).cloned().collect();
        for policy in meant {
            self.bring_down(policy.folder, &policy.place, false);
        }
    }
}
