//! Making, moving, copying, deleting and restoring.

use super::content::gone_file;
use super::deeds::{self, Deed};
use super::gate::{Call, Who, may_write};
use super::metadata::{View, entry, file};
use super::place;
use super::reply::{Reply, Stop, conflict, conflict_tags, ok};
use super::spot::{self, Spot};
use super::state::State;
use super::state::tree::{Kind, NodeId, SpaceId, SpaceKind};
use serde_json::{Value, json};

/// Entries that one call may move, copy or delete.
pub(super) const ENTRIES_MAX: usize = 10_000;

/// When and by whom a call acts.
pub(super) fn deed(state: &State, call: &Call<'_>) -> Deed {
    Deed { at: call.asked.at, by: call.who.person(state) }
}

fn under(tag: &str, error: &Value) -> Stop {
    conflict(&json!({ ".tag": tag, tag: error }))
}

/// `files/create_folder_v2`.
pub(super) fn create_folder(state: &mut State, call: &Call<'_>) -> Reply {
    let mut spot = spot::find(state, call, call.text("path")).map_err(|error| under("path", &error))?;
    if let Some(error) = spot.conflict(state) {
        if !call.flag("autorename") {
            return Err(under("path", &error));
        }
        spot = spot.renamed(state);
    }
    spot::claim(state, call, spot.space, &["path"])?;
    let parent = spot.folder(state);
    let made = state.tree.add(parent, &spot.name, Kind::Folder(Vec::new()));
    super::hooks::changed(state, spot.space);
    let (deed, facts) = (deed(state, call), deeds::about(state, made));
    deeds::note(state, deed, "create_folder", facts);
    state.did_to("folder_made", made, true);
    Ok(ok(&json!({ "metadata": untagged(entry(state, &View::of(call), made)) })))
}

fn untagged(mut entry: Value) -> Value {
    if let Some(object) = entry.as_object_mut() {
        object.shift_remove(".tag");
    }
    entry
}

/// Who owns what is in a namespace: a person, or (`None`) the team.
pub(super) fn owner(state: &State, space: SpaceId) -> Option<usize> {
    match state.tree.space(space).kind {
        SpaceKind::Home(owner) | SpaceKind::App(owner) => Some(owner),
        SpaceKind::Shared => deeds::owner(state, space),
        SpaceKind::Team | SpaceKind::TeamRoot => None,
    }
}

fn locked_by_other(state: &State, call: &Call<'_>, node: NodeId) -> bool {
    state.locks.get(&node).is_some_and(|lock| call.who != Who::Member(lock.holder))
}

/// What may be moved or copied.
fn source(state: &State, call: &Call<'_>, moves: bool) -> Result<NodeId, Stop> {
    let node = place::find(state, call, call.text("from_path")).map_err(|why| conflict_tags(&["from_lookup", why]))?;
    let (write, space) = ("from_write", state.tree.space_of(node));
    if state.tree.parent(node).is_none() {
        return Err(conflict_tags(&[write, "malformed_path"]));
    }
    if let Kind::Mount(mounted) = state.tree.kind(node) {
        let team = state.tree.space(*mounted).kind == SpaceKind::Team;
        match (moves, team) {
            (true, true) => return Err(conflict_tags(&[write, "team_folder"])),
            (false, _) => return Err(conflict_tags(&["cant_copy_shared_folder"])),
            (true, false) => {}
        }
    }
    if moves && !may_write(state, call.who, space) {
        return Err(conflict_tags(&[write, "no_write_permission"]));
    }
    if moves && locked_by_other(state, call, node) {
        return Err(conflict_tags(&["from_lookup", "locked"]));
    }
    if spot::entries(state, node) > state.entries_max {
        return Err(conflict_tags(&["too_many_files"]));
    }
    Ok(node)
}

/// Where it may go.
fn destination(state: &State, call: &Call<'_>, node: NodeId) -> Result<Spot, Stop> {
    let spot = spot::find(state, call, call.text("to_path")).map_err(|error| under("to", &error))?;
    match spot.conflict(state) {
        Some(_) if spot.taken == Some(node) => Err(conflict_tags(&["duplicated_or_nested_paths"])),
        Some(_) if call.flag("autorename") => Ok(spot.renamed(state)),
        Some(error) => Err(under("to", &error)),
        None => Ok(spot),
    }
}

/// `files/move_v2`.
pub(super) fn relocate(state: &mut State, call: &Call<'_>) -> Reply {
    let node = source(state, call, true)?;
    let spot = destination(state, call, node)?;
    let from = state.tree.space_of(node);
    if spot.space == from && path_within(state, call, node) {
        return Err(conflict_tags(&["cant_move_folder_into_itself"]));
    }
    if spot.space != from {
        let shared = state.tree.space(spot.space).kind == SpaceKind::Shared;
        if spot::holds_mount(state, node) {
            let tag = if matches!(state.tree.kind(node), Kind::Mount(_)) || !shared {
                "cant_move_shared_folder"
            } else {
                "cant_nest_shared_folder"
            };
            return Err(conflict_tags(&[tag]));
        }
        if owner(state, from) != owner(state, spot.space) && !call.flag("allow_ownership_transfer") {
            return Err(conflict_tags(&["cant_transfer_ownership"]));
        }
    }
    spot::claim(state, call, from, &["from_write"])?;
    if spot.space != from {
        spot::claim(state, call, spot.space, &["to"])?;
    }
    let parent = spot.folder(state);
    let deed = deed(state, call);
    deeds::relocate(state, deed, node, parent, &spot.name);
    Ok(ok(&json!({ "metadata": entry(state, &View::of(call), node) })))
}

/// True when the destination lies in what is to be moved.
fn path_within(state: &State, call: &Call<'_>, node: NodeId) -> bool {
    let to = call.text("to_path").to_lowercase();
    let from = place::path(state, call.root, node).unwrap_or_default().to_lowercase() + "/";
    to.starts_with(&from)
}

/// `files/copy_v2`.
pub(super) fn copy(state: &mut State, call: &Call<'_>) -> Reply {
    let node = source(state, call, false)?;
    if spot::holds_mount(state, node) {
        return Err(conflict_tags(&["cant_copy_shared_folder"]));
    }
    let spot = destination(state, call, node)?;
    if spot.space == state.tree.space_of(node) && path_within(state, call, node) {
        return Err(conflict_tags(&["duplicated_or_nested_paths"]));
    }
    spot::claim(state, call, spot.space, &["to"])?;
    let parent = spot.folder(state);
    let deed = deed(state, call);
    let made = deeds::copy(state, deed, node, parent, &spot.name, false);
    Ok(ok(&json!({ "metadata": entry(state, &View::of(call), made) })))
}

/// What may be deleted.
fn doomed(state: &State, call: &Call<'_>) -> Result<NodeId, Stop> {
    let node = place::find(state, call, call.text("path")).map_err(|why| conflict_tags(&["path_lookup", why]))?;
    if state.tree.parent(node).is_none() {
        return Err(conflict_tags(&["path_write", "malformed_path"]));
    }
    if matches!(state.tree.kind(node), Kind::Mount(space) if state.tree.space(*space).kind == SpaceKind::Team) {
        return Err(conflict_tags(&["path_write", "team_folder"]));
    }
    if !may_write(state, call.who, state.tree.space_of(node)) {
        return Err(conflict_tags(&["path_write", "no_write_permission"]));
    }
    if locked_by_other(state, call, node) {
        return Err(conflict_tags(&["path_lookup", "locked"]));
    }
    if spot::entries(state, node) > state.entries_max {
        return Err(conflict_tags(&["too_many_files"]));
    }
    if let Some(rev) = call.field("parent_rev").as_str() {
        match state.tree.current(node) {
            None => return Err(conflict_tags(&["path_write", "conflict", "folder"])),
            Some(version) if version.rev_text() != rev => {
                return Err(conflict_tags(&["path_write", "conflict", "file"]));
            }
            Some(_) => {}
        }
    }
    Ok(node)
}

/// `files/delete_v2`.
pub(super) fn delete(state: &mut State, call: &Call<'_>) -> Reply {
    let node = doomed(state, call)?;
    spot::claim(state, call, state.tree.space_of(node), &[])?;
    let before = entry(state, &View::of(call), node);
    let deed = deed(state, call);
    deeds::delete(state, deed, node);
    Ok(ok(&json!({ "metadata": before })))
}

/// `files/permanently_delete`: also of what is deleted already; refused for what a legal hold keeps.
pub(super) fn purge(state: &mut State, call: &Call<'_>) -> Reply {
    let path = call.text("path");
    let node = match doomed(state, call) {
        Ok(node) => node,
        Err(stop) => gone_file(state, call, path).map(|(node, _)| node).ok_or(stop)?,
    };
    let nodes = state.tree.below(node);
    if nodes.iter().any(|node| !super::marks::holds_on(state, *node).is_empty()) {
        return Err(conflict_tags(&["path_write", "operation_suppressed"]));
    }
    let deed = deed(state, call);
    if state.tree.alive(node) {
        let facts = deeds::about(state, node);
        state.tree.delete(node, call.asked.at);
        deeds::note(state, deed, "file_permanently_delete", facts);
        super::hooks::changed(state, state.tree.space_of(node));
    }
    state.purged.extend(nodes);
    state.did_to("purged", node, true);
    Ok(ok(&Value::Null))
}

/// The deleted file that has this revision, for a restore to another path than its own.
///
/// Source: files.stone: a revision is restored "to the given path", which may be any that can be written.
fn buried(state: &State, call: &Call<'_>, rev: &str) -> Option<NodeId> {
    let node = state.tree.by_rev(rev)?;
    let reached = super::gate::reaches(state, call.who, state.tree.space_of(node));
    (reached && !state.tree.alive(node) && !state.purged.contains(&node)).then_some(node)
}

/// `files/restore`.
pub(super) fn restore(state: &mut State, call: &Call<'_>) -> Reply {
    let (path, rev) = (call.text("path"), call.text("rev"));
    let here = match place::find(state, call, path) {
        Ok(node) => Some(node),
        Err("not_found") => gone_file(state, call, path).map(|(node, _)| node).or_else(|| buried(state, call, rev)),
        Err(why) => return Err(conflict_tags(&["path_lookup", why])),
    };
    let node = here.ok_or_else(|| conflict_tags(&["path_lookup", "not_found"]))?;
    let versions = state.tree.versions(node);
    let version = versions.iter().find(|version| version.rev_text() == rev && !state.purged.contains(&node));
    let body = version.ok_or_else(|| conflict_tags(&["invalid_revision"]))?.body.clone();
    let spot = spot::find(state, call, path).map_err(|error| under("path_write", &error))?;
    if let Some(error) = spot.conflict(state).filter(|_| spot.taken != Some(node)) {
        return Err(under("path_write", &error));
    }
    if locked_by_other(state, call, node) {
        return Err(conflict_tags(&["path_lookup", "locked"]));
    }
    spot::claim(state, call, spot.space, &["path_write"])?;
    if !may_write(state, call.who, state.tree.space_of(node)) {
        return Err(conflict_tags(&["path_write", "no_write_permission"]));
    }
    let parent = spot.folder(state);
    let deed = deed(state, call);
    deeds::restore(state, deed, node, (parent, &spot.name), body);
    let Some(version) = state.tree.current(node) else {
        return Err(conflict_tags(&["invalid_revision"]));
    };
    Ok(ok(&file(state, &View::of(call), node, &version, false)))
}

/// `files/copy_reference/get`.
pub(super) fn get_reference(state: &mut State, call: &Call<'_>) -> Reply {
    let node = place::need(state, call, call.text("path"))?;
    let reference = state.mint("reference", 32);
    state.references.insert(reference.clone(), node);
    let metadata = entry(state, &View::of(call), node);
    Ok(ok(&json!({ "metadata": metadata, "copy_reference": reference, "expires": "2099-01-01T00:00:00Z" })))
}

/// `files/copy_reference/save`.
pub(super) fn save_reference(state: &mut State, call: &Call<'_>) -> Reply {
    let Some(node) = state.references.get(call.text("copy_reference")).copied() else {
        return Err(conflict_tags(&["invalid_copy_reference"]));
    };
    if !state.tree.alive(node) {
        return Err(conflict_tags(&["not_found"]));
    }
    if spot::entries(state, node) > state.entries_max {
        return Err(conflict_tags(&["too_many_files"]));
    }
    let spot = spot::find(state, call, call.text("path")).map_err(|error| under("path", &error))?;
    if let Some(error) = spot.conflict(state) {
        return Err(under("path", &error));
    }
    spot::claim(state, call, spot.space, &["path"])?;
    let parent = spot.folder(state);
    let deed = deed(state, call);
    let made = deeds::copy(state, deed, node, parent, &spot.name, true);
    Ok(ok(&json!({ "metadata": entry(state, &View::of(call), made) })))
}
