//! Metadata: templates, and what items say in them; the classification is one of them.
//!
//! <https://developer.box.com/guides/metadata/classifications/>

use super::super::wire::Answer;
use super::reply::{Call, Fault, invalid};
use super::route::Told;
use super::state::{Role, State};
use super::tree::{Instance, Nid};
use serde_json::{Map, Value, json};

/// The classification's template, and its place among metadata.
const TEMPLATE: &str = "securityClassification-6VMVochwUWo";
/// The classification's place among an item's metadata.
pub(super) const CLASSIFICATION: &str = "enterprise/securityClassification-6VMVochwUWo";
/// Its one field.
pub(super) const KEY: &str = "Box__Security__Classification__Key";
/// The levels, lowest first.
const LEVELS: [&str; 4] = ["Public", "Internal", "Confidential", "Restricted"];

impl State {
    /// `/metadata_templates...`
    pub(super) fn templates_route(&mut self, call: &mut Call<'_>, steps: &[&str]) -> Option<Told> {
        Some(match (call.asked.method.as_str(), steps) {
            ("GET", ["enterprise"]) => self.templates_page(call),
            ("POST", ["schema"]) => self.template_new(call),
            ("GET", [scope, key, "schema"]) => self.template(scope, key).map(|template| Answer::json(200, &template)),
            ("DELETE", [scope, key, "schema"]) => self.template_gone(call, scope, key),
            _ => return None,
        })
    }

    /// A template of the company.
    pub(super) fn template(&self, scope: &str, key: &str) -> Result<Value, Fault> {
        if is_company(scope) && key == TEMPLATE {
            return Ok(classification_template());
        }
        let found = is_company(scope).then(|| self.templates.get(key)).flatten();
        found.cloned().ok_or_else(|| Fault::new(404, "instance_not_found", "Template not found"))
    }

    fn templates_page(&mut self, call: &mut Call<'_>) -> Told {
        call.knows_query(&["marker", "limit"]);
        let limit = call.limit(100, 1_000)?;
        let mut all = vec![classification_template()];
        all.extend(self.templates.values().cloned());
        Ok(Answer::json(200, &json!({"limit": limit, "entries": all, "next_marker": null, "prev_marker": null})))
    }

    fn template_new(&mut self, call: &mut Call<'_>) -> Told {
        self.needs_admin(call.subject)?;
        let body = call.body(&["scope", "templateKey", "displayName", "hidden", "fields", "copyInstanceOnItemCopy"])?;
        let name = body.get("displayName").and_then(Value::as_str).unwrap_or("");
        let key = body.get("templateKey").and_then(Value::as_str).unwrap_or(name).to_owned();
        if key.is_empty() || body.get("scope").and_then(Value::as_str).is_none_or(|scope| !is_company(scope)) {
            return Err(invalid("templateKey", &key, "and scope are required"));
        }
        if self.templates.contains_key(&key) || key == TEMPLATE {
            return Err(Fault::new(409, "tuple_already_exists", "A template with that key exists"));
        }
        let mut fields = body.get("fields").cloned().unwrap_or_else(|| json!([]));
        for field in fields.as_array_mut().into_iter().flatten() {
            field["id"] = self.fresh_uuid().into();
        }
        let template = json!({
            "id": self.fresh_uuid(), "type": "metadata_template", "scope": company_scope(), "templateKey": key,
            "displayName": name, "hidden": body.get("hidden").and_then(Value::as_bool).unwrap_or(false),
            "copyInstanceOnItemCopy": body.get("copyInstanceOnItemCopy").and_then(Value::as_bool).unwrap_or(false),
            "fields": fields,
        });
        self.noted("template_made", &key, true);
        self.happen_to_policy(
            "METADATA_TEMPLATE_CREATE",
            call.actor,
            json!({"type": "metadata_template", "templateKey": key}),
        );
        self.templates.insert(key, template.clone());
        Ok(Answer::json(201, &template))
    }

    fn template_gone(&mut self, call: &Call<'_>, scope: &str, key: &str) -> Told {
        self.needs_admin(call.subject)?;
        self.template(scope, key)?;
        if self.templates.remove(key).is_none() {
            return Err(Fault::forbidden("The classification cannot be deleted"));
        }
        Ok(Answer::empty(204))
    }

    /// `/files/{id}/metadata...` and the like of folders.
    pub(super) fn metadata_route(&mut self, call: &mut Call<'_>, item: (&str, &str), steps: &[&str]) -> Option<Told> {
        let nid = match self.seen(call.actor, item.0, item.1) {
            Ok(nid) => nid,
            Err(fault) => return Some(Err(fault)),
        };
        Some(match (call.asked.method.as_str(), steps) {
            ("GET", []) => self.instances(call, nid),
            ("GET", [scope, key]) => self.instance(call, nid, scope, key),
            ("POST", [scope, key]) => self.instance_new(call, nid, scope, key),
            ("PUT", [scope, key]) => self.instance_patch(call, nid, scope, key),
            ("DELETE", [scope, key]) => self.instance_gone(call, nid, scope, key),
            _ => return None,
        })
    }

    fn instances(&mut self, call: &mut Call<'_>, nid: Nid) -> Told {
        call.knows_query(&["view"]);
        let keys: Vec<String> =
            self.tree.extra(nid).map(|extra| extra.metadata.keys().cloned().collect()).unwrap_or_default();
        let entries: Vec<Value> = keys.iter().filter_map(|place| self.instance_seen(nid, place)).collect();
        Ok(Answer::json(200, &json!({"entries": entries, "limit": 100})))
    }

    fn instance(&mut self, call: &mut Call<'_>, nid: Nid, scope: &str, key: &str) -> Told {
        call.knows_query(&["view"]);
        let seen = self.instance_seen(nid, &place_of(scope, key));
        seen.map(|seen| Answer::json(200, &seen))
            .ok_or_else(|| Fault::new(404, "instance_not_found", "Instance not found"))
    }

    fn instance_seen(&self, nid: Nid, place: &str) -> Option<Value> {
        let instance = self.tree.extra(nid)?.metadata.get(place)?;
        let key = place.split_once('/').map_or(place, |(_, key)| key);
        let scope = if place.starts_with("enterprise") { company_scope() } else { "global".into() };
        let mut seen = json!({
            "$id": instance.id,
            "$parent": format!("{}_{}", self.tree.kind(nid), self.tree.id(nid)),
            "$template": key,
            "$scope": scope,
            "$version": instance.version,
            "$type": format!("{key}-{}", instance.id),
            "$typeVersion": 0,
            "$canEdit": true,
        });
        for (key, value) in &instance.values {
            seen[key] = value.clone();
        }
        Some(seen)
    }

    fn instance_new(&mut self, call: &mut Call<'_>, nid: Nid, scope: &str, key: &str) -> Told {
        self.may_label(call, nid)?;
        let values = read_object(call)?;
        self.check_values(scope, key, &values)?;
        let place = place_of(scope, key);
        if self.tree.extra(nid).is_some_and(|extra| extra.metadata.contains_key(&place)) {
            return Err(Fault::new(409, "tuple_already_exists", "Tuple already exists"));
        }
        let id = self.fresh_uuid();
        self.tree.extra_mut(nid).metadata.insert(place.clone(), Instance { id, version: 0, values, from: None });
        self.cascade_from(nid, &place);
        self.noted_on("label_set", nid, true);
        self.happen("METADATA_INSTANCE_CREATE", Some(call.actor), nid, json!({"template": key}));
        Ok(Answer::json(201, &self.instance_seen(nid, &place).unwrap_or(Value::Null)))
    }

    fn may_label(&self, call: &Call<'_>, nid: Nid) -> Result<(), Fault> {
        match self.role(call.actor, nid) {
            Some(role) if role >= Role::Editor => Ok(()),
            _ => Err(Fault::forbidden("Access denied - insufficient permission")),
        }
    }

    /// Refuses values that the template does not know.
    fn check_values(&self, scope: &str, key: &str, values: &Map<String, Value>) -> Result<(), Fault> {
        if scope == "global" && key == "properties" {
            return Ok(());
        }
        let template = self.template(scope, key)?;
        let fields = template["fields"].as_array().cloned().unwrap_or_default();
        for (name, value) in values {
            let Some(field) = fields.iter().find(|field| field["key"] == *name) else {
                return Err(Fault::new(400, "schema_validation_failed", "Invalid field")
                    .refused(format!("template {key} has no such field")));
            };
            let options = field["options"].as_array();
            if options
                .is_some_and(|options| field["type"] == "enum" && !options.iter().any(|option| option["key"] == *value))
            {
                return Err(Fault::new(400, "schema_validation_failed", "Value is not an option of the template"));
            }
        }
        Ok(())
    }

    fn instance_patch(&mut self, call: &mut Call<'_>, nid: Nid, scope: &str, key: &str) -> Told {
        self.may_label(call, nid)?;
        if call.asked.header("content-type").is_none_or(|kind| !kind.starts_with("application/json-patch+json")) {
            return Err(Fault::new(415, "unsupported_media_type", "Content-Type must be application/json-patch+json")
                .refused("no JSON patch"));
        }
        let patch: Vec<Value> =
            serde_json::from_slice(&call.asked.body).map_err(|_| Fault::bad("The body is no JSON patch"))?;
        let place = place_of(scope, key);
        let found =
            self.tree.extra(nid).and_then(|extra| extra.metadata.get(&place)).map(|instance| instance.values.clone());
        let mut values = found.ok_or_else(|| Fault::new(404, "instance_not_found", "Instance not found"))?;
        for step in &patch {
            apply(step, &mut values)?;
        }
        self.check_values(scope, key, &values)?;
        if let Some(instance) = self.tree.extra_mut(nid).metadata.get_mut(&place) {
            let changed = instance.values != values;
            instance.values = values;
            instance.version += 1;
            self.noted_on("label_set", nid, changed);
        }
        self.cascade_from(nid, &place);
        self.happen("METADATA_INSTANCE_UPDATE", Some(call.actor), nid, json!({"template": key}));
        Ok(Answer::json(200, &self.instance_seen(nid, &place).unwrap_or(Value::Null)))
    }

    fn instance_gone(&mut self, call: &mut Call<'_>, nid: Nid, scope: &str, key: &str) -> Told {
        self.may_label(call, nid)?;
        let place = place_of(scope, key);
        let had = self.tree.extra(nid).is_some_and(|extra| extra.metadata.contains_key(&place));
        if !had {
            return Err(Fault::new(404, "instance_not_found", "Instance not found"));
        }
        self.tree.extra_mut(nid).metadata.remove(&place);
        self.cascade_gone(nid, &place);
        self.noted_on("label_gone", nid, true);
        self.happen("METADATA_INSTANCE_DELETE", Some(call.actor), nid, json!({"template": key}));
        Ok(Answer::empty(204))
    }

    /// What the field `metadata` says: of one template, or of all, by scope.
    pub(super) fn metadata_seen(&self, nid: Nid, wanted: Option<&str>) -> Value {
        let wanted = wanted.map(|key| key.replacen('.', "/", 1));
        let mut seen = json!({});
        let places = self.tree.extra(nid).into_iter().flat_map(|extra| extra.metadata.keys());
        for place in places.filter(|place| wanted.as_ref().is_none_or(|wanted| wanted == *place)) {
            let (scope, key) = place.split_once('/').unwrap_or(("global", place));
            seen[scope][key] = self.instance_seen(nid, place).unwrap_or(Value::Null);
        }
        if seen.as_object().is_some_and(Map::is_empty) { Value::Null } else { seen }
    }

    /// True for a level of the company's classification.
    pub(super) fn is_level(&self, level: &str) -> bool {
        LEVELS.contains(&level)
    }

    /// Takes a classification away; true when there was one.
    pub(super) fn drop_label(&mut self, nid: Nid) -> bool {
        self.tree.extra(nid).is_some_and(|extra| extra.metadata.contains_key(CLASSIFICATION))
            && self.tree.extra_mut(nid).metadata.remove(CLASSIFICATION).is_some()
    }

    /// Labels an item, unsaid.
    pub(super) fn set_label(&mut self, nid: Nid, level: &str) {
        let id = self.fresh_uuid();
        let values = Map::from_iter([(KEY.to_owned(), level.into())]);
        self.tree
            .extra_mut(nid)
            .metadata
            .insert(CLASSIFICATION.into(), Instance { id, version: 0, values, from: None });
    }

    /// An item's classification.
    pub(super) fn label_of(&self, nid: Nid) -> Option<String> {
        let instance = self.tree.extra(nid)?.metadata.get(CLASSIFICATION)?;
        instance.values.get(KEY).and_then(Value::as_str).map(String::from)
    }
}

/// The company's scope by its full name.
pub(super) fn company_scope() -> String {
    format!("enterprise_{}", super::keys::ENTERPRISE_ID)
}

/// True for the company's scope, by either of its names.
pub(super) fn is_company(scope: &str) -> bool {
    scope == "enterprise" || scope == company_scope()
}

/// An instance's place among an item's metadata.
pub(super) fn place_of(scope: &str, key: &str) -> String {
    let scope = if is_company(scope) { "enterprise" } else { scope };
    format!("{scope}/{key}")
}

fn classification_template() -> Value {
    let options: Vec<Value> = LEVELS
        .iter()
        .enumerate()
        .map(|(color, level)| {
            json!({
                "id": format!("9c5d8a1e-0000-4000-8000-00000000000{color}"),
                "key": level,
                "staticConfig": {"classification": {"classificationDefinition": format!("What is {level}."), "colorID": color}},
            })
        })
        .collect();
    json!({
        "id": "58063d82-4128-7b43-bba9-92f706befcdf",
        "type": "metadata_template",
        "scope": company_scope(),
        "templateKey": TEMPLATE,
        "displayName": "Classification",
        "hidden": false,
        "copyInstanceOnItemCopy": true,
        "fields": [{
            "id": "822227e0-47a5-921b-88a8-494760b2e6d2", "type": "enum", "key": KEY, "displayName": "Classification",
            "hidden": false, "options": options,
        }],
    })
}

fn read_object(call: &Call<'_>) -> Result<Map<String, Value>, Fault> {
    match serde_json::from_slice(&call.asked.body) {
        Ok(Value::Object(values)) => Ok(values),
        _ => Err(Fault::bad("The body is no JSON object")),
    }
}

/// One step of a JSON patch, of those that values of one level need.
fn apply(step: &Value, values: &mut Map<String, Value>) -> Result<(), Fault> {
    let odd = || Fault::bad("A step of the JSON patch is wrong");
    let key = step["path"].as_str().and_then(|path| path.strip_prefix('/')).ok_or_else(odd)?;
    let key = key.replace("~1", "/").replace("~0", "~");
    let value = step.get("value");
    let there = values.contains_key(&key);
    match (step["op"].as_str(), value) {
        (Some("add"), Some(value)) => values.insert(key, value.clone()),
        (Some("replace"), Some(value)) if there => values.insert(key, value.clone()),
        (Some("remove"), _) if there => values.shift_remove(&key),
        (Some("test"), Some(value)) if values.get(&key) == Some(value) => None,
        (Some("test"), Some(_)) => {
            return Err(Fault::new(412, "precondition_failed", "A test of the JSON patch failed"));
        }
        _ => return Err(odd()),
    };
    Ok(())
}
