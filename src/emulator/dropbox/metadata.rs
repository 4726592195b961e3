//! Files and folders as the service describes them.

use super::gate::{Call, Who};
use super::place;
use super::reply::{Reply, conflict_tags, ok};
use super::spec;
use super::state::State;
use super::state::file::Version;
use super::state::sharing::Role;
use super::state::tree::{Change, Kind, NodeId, SpaceId, SpaceKind};
use crate::clock::Moment;
use crate::emulator::hex;
use serde_json::{Map, Value, json};

/// What an entry is to tell.
#[derive(Clone, Debug)]
pub(super) struct View {
    /// Whose.
    pub(super) who: Who,
    /// What paths are relative to.
    pub(super) root: SpaceId,
    /// Say whether a file has members of its own.
    pub(super) explicit_members: bool,
    /// Property templates to tell.
    pub(super) templates: Vec<String>,
}

impl View {
    /// What a call asks for.
    pub(super) fn of(call: &Call<'_>) -> Self {
        let filter = &call.argument["include_property_groups"]["filter_some"];
        let templates = filter.as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect();
        let explicit_members = call.flag("include_has_explicit_shared_members");
        Self { who: call.who, root: call.root, explicit_members, templates }
    }
}

/// A time as the service writes it: whole seconds, `Z`.
pub(super) fn time(at: Moment) -> Value {
    Value::String(at.to_string())
}

fn put_path(entry: &mut Map<String, Value>, path: Option<String>) {
    if let Some(path) = path {
        entry.insert("path_lower".into(), path.to_lowercase().into());
        entry.insert("path_display".into(), path.into());
    }
}

/// A file or folder, with its tag.
pub(super) fn entry(state: &State, view: &View, node: NodeId) -> Value {
    match state.tree.current(node) {
        Some(version) => file(state, view, node, &version, true),
        None => folder(state, view, node),
    }
}

fn is_read_only(state: &State, view: &View, space: SpaceId) -> bool {
    let role = match view.who {
        Who::Member(person) => super::access::role_in(state, space, person),
        _ => None,
    };
    matches!(role, Some(Role::Viewer | Role::ViewerNoComment))
}

fn is_shared(state: &State, space: SpaceId) -> bool {
    matches!(state.tree.space(space).kind, SpaceKind::Team | SpaceKind::Shared)
}

/// A version of a file.
pub(super) fn file(state: &State, view: &View, node: NodeId, version: &Version, tagged: bool) -> Value {
    let mut entry = Map::new();
    if tagged {
        entry.insert(".tag".into(), "file".into());
    }
    entry.insert("name".into(), state.tree.name(node).into());
    put_path(&mut entry, place::path(state, view.root, node));
    let space = state.tree.space_of(node);
    entry.insert("id".into(), state.tree.id(node).into());
    entry.insert("client_modified".into(), time(version.client_at));
    entry.insert("server_modified".into(), time(version.at));
    entry.insert("rev".into(), version.rev_text().into());
    entry.insert("size".into(), version.body.len().into());
    if is_shared(state, space) {
        let folder = state.tree.space(space).id.clone();
        entry.insert("parent_shared_folder_id".into(), folder.clone().into());
        entry.insert(
            "sharing_info".into(),
            json!({
                "read_only": is_read_only(state, view, space), "parent_shared_folder_id": folder,
                "modified_by": state.people.all[version.by].account,
            }),
        );
    }
    let export = state.tree.export(node);
    entry.insert("is_downloadable".into(), export.is_none().into());
    if let Some(export) = export {
        let options: Vec<&str> = export.forms.iter().map(|(form, _)| *form).collect();
        entry.insert("export_info".into(), json!({ "export_as": export.default, "export_options": options }));
    } else {
        entry.insert("content_hash".into(), hex(&version.hash).into());
    }
    if view.explicit_members {
        let any = state.file_members.get(&node).is_some_and(|shares| !shares.is_empty());
        entry.insert("has_explicit_shared_members".into(), any.into());
    }
    if let Some(lock) = state.locks.get(&node) {
        let holder = &state.people.all[lock.holder];
        entry.insert(
            "file_lock_info".into(),
            json!({
                "is_lockholder": view.who == Who::Member(lock.holder), "lockholder_name": holder.name,
                "lockholder_account_id": holder.account, "created": time(lock.at),
            }),
        );
    }
    let properties = super::properties::of(state, node, &view.templates);
    if !properties.is_empty() {
        entry.insert("property_groups".into(), properties.into());
    }
    Value::Object(entry)
}

/// A folder or mount point.
pub(super) fn folder(state: &State, view: &View, node: NodeId) -> Value {
    let mut entry = Map::new();
    entry.insert(".tag".into(), "folder".into());
    entry.insert("name".into(), state.tree.name(node).into());
    put_path(&mut entry, place::path(state, view.root, node));
    entry.insert("id".into(), state.tree.id(node).into());
    let space = state.tree.space_of(node);
    let mut sharing = Map::new();
    if is_shared(state, space) {
        sharing.insert("read_only".into(), is_read_only(state, view, space).into());
        sharing.insert("parent_shared_folder_id".into(), state.tree.space(space).id.clone().into());
    }
    if let Kind::Mount(mounted) = state.tree.kind(node)
        && is_shared(state, *mounted)
    {
        sharing.insert("read_only".into(), is_read_only(state, view, *mounted).into());
        sharing.insert("shared_folder_id".into(), state.tree.space(*mounted).id.clone().into());
    }
    if !sharing.is_empty() {
        sharing.insert("traverse_only".into(), false.into());
        sharing.insert("no_access".into(), false.into());
        for name in ["shared_folder_id", "parent_shared_folder_id"] {
            if let Some(id) = sharing.get(name) {
                entry.insert(name.into(), id.clone());
            }
        }
        entry.insert("sharing_info".into(), Value::Object(sharing));
    }
    Value::Object(entry)
}

/// Something that is no longer at a path.
pub(super) fn deleted(path: &str) -> Value {
    let name = path.rsplit('/').next().unwrap_or_default();
    json!({ ".tag": "deleted", "name": name, "path_lower": path.to_lowercase(), "path_display": path })
}

/// `files/get_metadata`.
pub(super) fn get(state: &State, call: &Call<'_>) -> Reply {
    let path = call.text("path");
    let view = View::of(call);
    match place::find(state, call, path) {
        Ok(node) if state.tree.parent(node).is_none() => {
            Err(call.refuse("request body: path: The root folder is unsupported."))
        }
        Ok(node) if path.starts_with("rev:") => {
            let rev = path.trim_start_matches("rev:");
            let version = state.tree.versions(node).into_iter().find(|version| version.rev_text() == rev);
            let version = version.ok_or_else(|| conflict_tags(&["path", "not_found"]))?;
            Ok(ok(&file(state, &view, node, &version, true)))
        }
        Ok(node) => Ok(ok(&entry(state, &view, node))),
        Err("not_found") if call.flag("include_deleted") => {
            let gone = last_gone(state, call, path).ok_or_else(|| conflict_tags(&["path", "not_found"]))?;
            Ok(ok(&deleted(&gone)))
        }
        Err(why) => Err(conflict_tags(&["path", why])),
    }
}

/// The path, as it was written, of the last thing that was deleted from a path.
fn last_gone(state: &State, call: &Call<'_>, path: &str) -> Option<String> {
    let (space, path) = place::start(state, call, path).ok()?;
    let lower = path.to_lowercase();
    state.tree.space(space).journal.iter().rev().find_map(|change| match change {
        Change::Gone(gone) if gone.path.to_lowercase() == lower => Some(gone.path.clone()),
        _ => None,
    })
}

/// The tag of a field that may be missing.
pub(super) fn tag_or<'a>(call: &'a Call<'_>, field: &str, none: &'a str) -> &'a str {
    match spec::tag(call.field(field)) {
        "" => none,
        tag => tag,
    }
}
