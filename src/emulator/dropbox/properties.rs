//! File properties: templates of the team, and their values on files.

use super::gate::{Call, Who, may_write};
use super::place;
use super::reply::{Reply, Stop, conflict, conflict_tags, ok};
use super::state::State;
use super::state::tree::NodeId;
use super::state::{Properties, Template};
use serde_json::{Value, json};

/// Fields of a template.
const FIELDS_MAX: usize = 32;
/// Bytes of a value.
const VALUE_BYTES_MAX: usize = 1024;

/// Values of the named templates on a file.
pub(super) fn of(state: &State, node: NodeId, templates: &[String]) -> Vec<Value> {
    let set = state.properties.get(&node).into_iter().flatten();
    set.filter(|group| templates.contains(&group.template)).map(group).collect()
}

fn group(group: &Properties) -> Value {
    let fields: Vec<Value> = group.fields.iter().map(|(name, value)| json!({ "name": name, "value": value })).collect();
    json!({ "template_id": group.template, "fields": fields })
}

/// 409: there is no such template, under an outer tag when the route's error has one.
pub(super) fn no_template(id: &str, outer: Option<&str>) -> Stop {
    let inner = json!({ ".tag": "template_not_found", "template_not_found": id });
    match outer {
        Some(tag) => conflict(&json!({ ".tag": tag, tag: inner })),
        None => conflict(&inner),
    }
}

fn described(template: &Template) -> Value {
    let field = |(name, description): &(String, String)| json!({ "name": name, "description": description, "type": { ".tag": "string" } });
    json!({
        "name": template.name, "description": template.description,
        "fields": template.fields.iter().map(field).collect::<Vec<_>>(),
    })
}

fn new_fields(given: &Value) -> Vec<(String, String)> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let fields = given.as_array().into_iter().flatten();
    fields.map(|field| (text(&field["name"]), text(&field["description"]))).collect()
}

/// `file_properties/templates/add_for_team`.
pub(super) fn add_template(state: &mut State, call: &Call<'_>) -> Reply {
    let fields = new_fields(call.field("fields"));
    if fields.len() > FIELDS_MAX {
        return Err(conflict_tags(&["too_many_properties"]));
    }
    let mut names: Vec<&String> = fields.iter().map(|(name, _)| name).collect();
    names.sort();
    names.dedup();
    if names.len() != fields.len() || state.templates.iter().any(|known| known.name == call.text("name")) {
        return Err(conflict_tags(&["conflicting_property_names"]));
    }
    let id = format!("ptid:{}", state.mint("template", 22));
    let (name, description) = (call.text("name").to_owned(), call.text("description").to_owned());
    state.templates.push(Template { id: id.clone(), name, description, fields });
    state.did("template_made", id.clone(), true);
    Ok(ok(&json!({ "template_id": id })))
}

/// `file_properties/templates/list_for_team`, `list_for_user`.
pub(super) fn list_templates(state: &State, _call: &Call<'_>) -> Reply {
    let ids: Vec<&str> = state.templates.iter().map(|template| template.id.as_str()).collect();
    Ok(ok(&json!({ "template_ids": ids })))
}

/// `file_properties/templates/get_for_team`, `get_for_user`.
pub(super) fn get_template(state: &State, call: &Call<'_>) -> Reply {
    let id = call.text("template_id");
    let template = state.templates.iter().find(|template| template.id == id).ok_or_else(|| no_template(id, None))?;
    Ok(ok(&described(template)))
}

/// `file_properties/templates/update_for_team`.
pub(super) fn update_template(state: &mut State, call: &Call<'_>) -> Reply {
    let id = call.text("template_id");
    let added = new_fields(call.field("add_fields"));
    let Some(template) = state.templates.iter_mut().find(|template| template.id == id) else {
        return Err(no_template(id, None));
    };
    if added.iter().any(|(name, _)| template.fields.iter().any(|(known, _)| known == name)) {
        return Err(conflict_tags(&["conflicting_property_names"]));
    }
    if template.fields.len() + added.len() > FIELDS_MAX {
        return Err(conflict_tags(&["too_many_properties"]));
    }
    template.fields.extend(added);
    if let Some(name) = call.field("name").as_str() {
        name.clone_into(&mut template.name);
    }
    if let Some(description) = call.field("description").as_str() {
        description.clone_into(&mut template.description);
    }
    state.did("template_made", id, true);
    Ok(ok(&json!({ "template_id": id })))
}

/// `file_properties/templates/remove_for_team`: values go with it.
pub(super) fn remove_template(state: &mut State, call: &Call<'_>) -> Reply {
    let id = call.text("template_id");
    if !state.templates.iter().any(|template| template.id == id) {
        return Err(no_template(id, None));
    }
    state.templates.retain(|template| template.id != id);
    for groups in state.properties.values_mut() {
        groups.retain(|group| group.template != id);
    }
    state.did("label_gone", id, true);
    Ok(ok(&Value::Null))
}

/// The values given for some templates, checked against them.
fn given(state: &State, groups: &Value) -> Result<Vec<Properties>, Stop> {
    let mut found: Vec<Properties> = Vec::new();
    for group in groups.as_array().into_iter().flatten() {
        let id = group["template_id"].as_str().unwrap_or_default();
        let template = state.templates.iter().find(|known| known.id == id).ok_or_else(|| no_template(id, None))?;
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let fields: Vec<(String, String)> = group["fields"]
            .as_array()
            .into_iter()
            .flatten()
            .map(|field| (text(&field["name"]), text(&field["value"])))
            .collect();
        if fields.iter().any(|(_, value)| value.len() > VALUE_BYTES_MAX) {
            return Err(conflict_tags(&["property_field_too_large"]));
        }
        if !fields.iter().all(|(name, _)| template.fields.iter().any(|(known, _)| known == name)) {
            return Err(conflict_tags(&["does_not_fit_template"]));
        }
        if found.iter().any(|other| other.template == id) {
            return Err(conflict_tags(&["duplicate_property_groups"]));
        }
        found.push(Properties { template: id.to_owned(), fields });
    }
    Ok(found)
}

/// The file that may be given values.
fn target(state: &State, call: &Call<'_>) -> Result<NodeId, Stop> {
    let node = place::need(state, call, call.text("path"))?;
    if !state.tree.is_file(node) {
        return Err(conflict_tags(&["unsupported_folder"]));
    }
    let space = state.tree.space_of(node);
    if matches!(call.who, Who::Member(_)) && may_write(state, call.who, space) {
        Ok(node)
    } else {
        Err(conflict_tags(&["path", "restricted_content"]))
    }
}

/// Notes what became of a file's values. The order of groups and fields means nothing.
fn tell(state: &mut State, call: &Call<'_>, node: NodeId, before: Option<Vec<Properties>>, what: &'static str) {
    let told = |groups: Option<&Vec<Properties>>| {
        let values = groups.into_iter().flatten().flat_map(|group| {
            group.fields.iter().map(|(name, value)| (group.template.clone(), name.clone(), value.clone()))
        });
        values.collect::<std::collections::BTreeSet<_>>()
    };
    let (old, new) = (told(before.as_ref()), told(state.properties.get(&node)));
    if old != new {
        let kind = match (old.is_empty(), new.is_empty()) {
            (true, _) => "object_label_added",
            (false, true) => "object_label_removed",
            (false, false) => "object_label_updated_value",
        };
        let (deed, facts) = (super::relocate::deed(state, call), super::deeds::about(state, node));
        super::deeds::note(state, deed, kind, facts);
        state.tree.touch(node);
    }
    state.did_to(what, node, old != new);
}

/// `file_properties/properties/overwrite` (sets or replaces) and `properties/add` (refuses to replace).
pub(super) fn set(state: &mut State, call: &Call<'_>, replace: bool) -> Reply {
    let node = target(state, call)?;
    let given = given(state, call.field("property_groups"))?;
    let before = state.properties.get(&node).cloned();
    let groups = state.properties.entry(node).or_default();
    if !replace && given.iter().any(|new| groups.iter().any(|old| old.template == new.template)) {
        return Err(conflict_tags(&["property_group_already_exists"]));
    }
    groups.retain(|old| given.iter().all(|new| new.template != old.template));
    groups.extend(given);
    tell(state, call, node, before, "label_set");
    Ok(ok(&Value::Null))
}

/// `file_properties/properties/update`.
pub(super) fn update(state: &mut State, call: &Call<'_>) -> Reply {
    let node = target(state, call)?;
    let before = state.properties.get(&node).cloned();
    for change in call.field("update_property_groups").as_array().into_iter().flatten() {
        let id = change["template_id"].as_str().unwrap_or_default();
        let wanted = json!([{ "template_id": id, "fields": change["add_or_update_fields"] }]);
        let new = given(state, &wanted)?;
        let groups = state.properties.entry(node).or_default();
        let Some(group) = groups.iter_mut().find(|group| group.template == id) else {
            return Err(conflict_tags(&["property_group_lookup", "property_group_not_found"]));
        };
        for (name, value) in new.into_iter().flat_map(|group| group.fields) {
            group.fields.retain(|(old, _)| *old != name);
            group.fields.push((name, value));
        }
        let removed: Vec<&str> =
            change["remove_fields"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        group.fields.retain(|(name, _)| !removed.contains(&name.as_str()));
    }
    tell(state, call, node, before, "label_set");
    Ok(ok(&Value::Null))
}

/// `file_properties/properties/remove`.
pub(super) fn remove(state: &mut State, call: &Call<'_>) -> Reply {
    let node = target(state, call)?;
    let ids: Vec<String> = call
        .field("property_template_ids")
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .map(str::to_owned)
        .collect();
    let has = |id: &String| {
        state.properties.get(&node).is_some_and(|groups| groups.iter().any(|group| group.template == *id))
    };
    if let Some(missing) = ids.iter().find(|id| !has(id)) {
        return match state.templates.iter().any(|template| template.id == *missing) {
            true => Err(conflict_tags(&["property_group_lookup", "property_group_not_found"])),
            false => Err(no_template(missing, None)),
        };
    }
    let before = state.properties.get(&node).cloned();
    if let Some(groups) = state.properties.get_mut(&node) {
        groups.retain(|group| !ids.contains(&group.template));
    }
    tell(state, call, node, before, "label_gone");
    Ok(ok(&Value::Null))
}
