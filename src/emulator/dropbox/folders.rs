//! Shared folders: sharing, policies, mounting, handing over; and what `sharing/` tells of files and folders.

use super::cursor::{self, Row};
use super::deeds;
use super::gate::{Call, Who, may_write};
use super::jobs::{self, Work};
use super::members::{self, may_share};
use super::metadata::time;
use super::place;
use super::relocate::deed;
use super::reply::{Reply, conflict, conflict_tags, ok};
use super::spec;
use super::spot;
use super::state::State;
use super::state::people::Status;
use super::state::sharing::{Role, Sharing, Whom};
use super::state::tree::{Kind, NodeId, SpaceId, SpaceKind};
use serde_json::{Value, json};

fn role(state: &State, call: &Call<'_>, space: SpaceId) -> &'static str {
    match call.who {
        Who::Member(person) => super::access::role_in(state, space, person).map_or("no_access", Role::tag),
        _ => "editor",
    }
}

fn policy(sharing: &Sharing) -> Value {
    json!({
        "member_policy": { ".tag": sharing.member_policy }, "resolved_member_policy": { ".tag": sharing.member_policy },
        "acl_update_policy": { ".tag": sharing.acl_policy }, "shared_link_policy": { ".tag": sharing.link_policy },
        "viewer_info_policy": { ".tag": sharing.viewer_policy },
    })
}

/// A shared folder as `sharing/` describes it.
fn described(state: &State, call: &Call<'_>, space: SpaceId) -> Value {
    let there = state.tree.space(space);
    let plain = Sharing::of(None, state.now);
    let sharing = there.sharing.as_ref().unwrap_or(&plain);
    let mut body = json!({
        "name": there.name, "shared_folder_id": there.id, "access_type": { ".tag": role(state, call, space) },
        "is_inside_team_folder": false, "is_team_folder": there.kind == SpaceKind::Team, "policy": policy(sharing),
        "preview_url": format!("https://www.dropbox.com/scl/fo/{}", there.id), "time_invited": time(sharing.at),
        "access_inheritance": { ".tag": "inherit" }, "permissions": [],
    });
    if there.ours {
        body["owner_team"] = json!({ "id": state.keys.team_id, "name": state.people.team_name });
    }
    if let Some(owner) = deeds::owner(state, space) {
        body["owner_display_names"] = json!([state.people.all[owner].name]);
    }
    if let Some(path) = place::shown_at(state, call.root, space).filter(|path| !path.is_empty()) {
        body["path_lower"] = path.to_lowercase().into();
        body["path_display"] = path.into();
    }
    body
}

/// `sharing/get_folder_metadata`.
pub(super) fn get(state: &State, call: &Call<'_>) -> Reply {
    let space = members::folder(state, call).map_err(|tag| conflict_tags(&[tag]))?;
    Ok(ok(&described(state, call, space)))
}

/// `sharing/list_folders`.
pub(super) fn list(state: &State, call: &Call<'_>) -> Reply {
    Ok(page(state, call, Row::first(call, call.number("limit", 1000), "")))
}

/// `sharing/list_folders/continue`.
pub(super) fn list_more(state: &State, call: &Call<'_>) -> Reply {
    let row: Option<Row> = cursor::read(state, "folders", call.text("cursor"));
    Ok(page(state, call, row.ok_or_else(|| conflict_tags(&["invalid_cursor"]))?))
}

fn page(state: &State, call: &Call<'_>, row: Row) -> super::Answer {
    let of_kind = |space: &SpaceId| matches!(state.tree.space(*space).kind, SpaceKind::Shared | SpaceKind::Team);
    let mine = |space: &SpaceId| of_kind(space) && super::gate::reaches(state, call.who, *space);
    let all: Vec<SpaceId> = state.tree.all_spaces().filter(mine).collect();
    let (rows, cursor, more) = row.page(state, "folders", &all);
    let rows: Vec<Value> = rows.into_iter().map(|space| described(state, call, space)).collect();
    let mut body = json!({ "entries": rows });
    if more {
        body["cursor"] = cursor.into();
    }
    ok(&body)
}

fn set_policies(call: &Call<'_>, sharing: &mut Sharing) {
    let wishes = [
        ("member_policy", &mut sharing.member_policy),
        ("acl_update_policy", &mut sharing.acl_policy),
        ("shared_link_policy", &mut sharing.link_policy),
        ("viewer_info_policy", &mut sharing.viewer_policy),
    ];
    for (field, value) in wishes {
        match spec::tag(call.field(field)) {
            "" => {}
            tag => tag.clone_into(value),
        }
    }
}

/// `sharing/share_folder`. A folder that is not there is made.
pub(super) fn share(state: &mut State, call: &Call<'_>) -> Reply {
    let bad = |tag: &str| conflict_tags(&["bad_path", tag]);
    let path = call.text("path");
    let node = match place::find(state, call, path) {
        Ok(node) => node,
        Err("not_found") => {
            let spot = spot::find(state, call, path).map_err(|_| bad("invalid_path"))?;
            let parent = spot.folder(state);
            state.tree.folder(parent, &spot.name).ok_or_else(|| bad("is_file"))?
        }
        Err(_) => return Err(bad("invalid_path")),
    };
    if state.tree.is_file(node) {
        return Err(bad("is_file"));
    }
    if let Kind::Mount(space) = state.tree.kind(node) {
        let mut inner = described(state, call, *space);
        inner[".tag"] = "already_shared".into();
        return Err(conflict(&json!({ ".tag": "bad_path", "bad_path": inner })));
    }
    if state.tree.parent(node).is_none() {
        return Err(bad("invalid_path"));
    }
    match state.tree.space(state.tree.space_of(node)).kind {
        SpaceKind::Home(_) | SpaceKind::TeamRoot => {}
        SpaceKind::App(_) => return Err(bad("inside_app_folder")),
        SpaceKind::Shared | SpaceKind::Team => return Err(bad("inside_shared_folder")),
    }
    if spot::holds_mount(state, node) {
        return Err(bad("contains_shared_folder"));
    }
    if !may_write(state, call.who, state.tree.space_of(node)) {
        return Err(conflict_tags(&["no_permission"]));
    }
    let deed = deed(state, call);
    let space = deeds::share(state, deed, node);
    if let Some(sharing) = state.tree.space_mut(space).sharing.as_mut() {
        set_policies(call, sharing);
    }
    let mut body = described(state, call, space);
    body[".tag"] = "complete".into();
    if call.flag("force_async") {
        return Ok(ok(&jobs::launch(state, deed, Work::None, body)));
    }
    Ok(ok(&body))
}

/// `sharing/unshare_folder`.
pub(super) fn unshare(state: &mut State, call: &Call<'_>) -> Reply {
    let space = members::folder(state, call).map_err(|tag| conflict_tags(&["access_error", tag]))?;
    if state.tree.space(space).kind == SpaceKind::Team {
        return Err(conflict_tags(&["team_folder"]));
    }
    let owner = deeds::owner(state, space);
    if !matches!(call.who, Who::Member(person) if owner == Some(person)) {
        return Err(conflict_tags(&["no_permission"]));
    }
    let (deed, leave_a_copy) = (deed(state, call), call.flag("leave_a_copy"));
    let entries = super::spot::entries(state, state.tree.space(space).root);
    if leave_a_copy && entries > state.entries_max {
        return Err(conflict_tags(&["too_many_files"]));
    }
    let work = Work::Unshare { space, leave_a_copy };
    Ok(ok(&jobs::launch(state, deed, work, json!({ ".tag": "complete" }))))
}

/// `sharing/update_folder_policy`.
pub(super) fn set_policy(state: &mut State, call: &Call<'_>) -> Reply {
    let space = members::folder(state, call).map_err(|tag| conflict_tags(&["access_error", tag]))?;
    let owner = matches!(call.who, Who::Member(person) if deeds::owner(state, space) == Some(person));
    let of_team = state.tree.space(space).kind == SpaceKind::Team;
    let allowed = owner || (of_team && matches!(call.who, Who::Admin(..)));
    if !allowed {
        return Err(conflict_tags(&["no_permission"]));
    }
    let mut before = None;
    if let Some(sharing) = state.tree.space_mut(space).sharing.as_mut() {
        before = Some(sharing.clone());
        set_policies(call, sharing);
    }
    tell_policies(state, call, space, before.as_ref());
    let root = state.tree.space(space).root;
    for mount in state.tree.space(space).mounts.clone() {
        state.tree.touch(mount);
    }
    state.tree.touch(root);
    Ok(ok(&described(state, call, space)))
}

/// Notes which policies of a folder are others than before.
fn tell_policies(state: &mut State, call: &Call<'_>, space: SpaceId, before: Option<&Sharing>) {
    let now = state.tree.space(space).sharing.clone();
    let Some((before, now)) = before.zip(now) else {
        return;
    };
    let rows = [
        ("shared_folder_change_members_policy", &before.member_policy, &now.member_policy),
        ("shared_folder_change_members_management_policy", &before.acl_policy, &now.acl_policy),
        ("shared_folder_change_link_policy", &before.link_policy, &now.link_policy),
        ("", &before.viewer_policy, &now.viewer_policy),
    ];
    let deed = deed(state, call);
    let mut changed = false;
    for (kind, old, new) in rows.into_iter().filter(|(_, old, new)| old != new) {
        changed = true;
        if kind.is_empty() {
            continue;
        }
        let mut facts = deeds::about(state, state.tree.space(space).root);
        facts.details = json!({ "previous_value": { ".tag": old }, "new_value": { ".tag": new } });
        deeds::note(state, deed, kind, facts);
    }
    state.did_in("invitations_set", space, changed);
}

/// `sharing/relinquish_folder_membership`: the caller leaves a folder of somebody else's.
pub(super) fn relinquish(state: &mut State, call: &Call<'_>) -> Reply {
    let space = members::folder(state, call).map_err(|tag| conflict_tags(&["access_error", tag]))?;
    let Who::Member(person) = call.who else {
        return Err(conflict_tags(&["no_permission"]));
    };
    if state.tree.space(space).kind == SpaceKind::Team {
        return Err(conflict_tags(&["team_folder"]));
    }
    let whom = Whom::Person(person);
    let sharing = state.tree.space(space).sharing.as_ref();
    let share = sharing.and_then(|sharing| sharing.shares.iter().find(|share| share.whom == whom));
    match share.map(|share| share.role) {
        None => return Err(conflict_tags(&["group_access"])),
        Some(Role::Owner) => return Err(conflict_tags(&["folder_owner"])),
        Some(_) => {}
    }
    let (deed, leave_a_copy) = (deed(state, call), call.flag("leave_a_copy"));
    Ok(ok(&jobs::launch_leaving(state, deed, Work::Expel { space, whom, leave_a_copy })))
}

/// `sharing/mount_folder`.
pub(super) fn mount(state: &mut State, call: &Call<'_>) -> Reply {
    let space = members::folder(state, call).map_err(|tag| conflict_tags(&["access_error", tag]))?;
    let person = call.who.person(state);
    let home = super::gate::home(state, person);
    if state.tree.space(space).mounts.iter().any(|mount| state.tree.space_of(*mount) == home) {
        return Err(conflict_tags(&["already_mounted"]));
    }
    super::fill::mount(state, space, person);
    super::hooks::changed(state, home);
    state.did_in("moved", space, true);
    Ok(ok(&described(state, call, space)))
}

/// `sharing/unmount_folder`.
pub(super) fn unmount(state: &mut State, call: &Call<'_>) -> Reply {
    let space = members::folder(state, call).map_err(|tag| conflict_tags(&["access_error", tag]))?;
    let home = super::gate::home(state, call.who.person(state));
    let mount = state.tree.space(space).mounts.iter().copied().find(|mount| state.tree.space_of(*mount) == home);
    if state.tree.space(space).kind == SpaceKind::Team {
        return Err(conflict_tags(&["not_unmountable"]));
    }
    let mount = mount.ok_or_else(|| conflict_tags(&["access_error", "unmounted"]))?;
    state.tree.delete(mount, call.asked.at);
    super::hooks::changed(state, home);
    state.did_in("moved", space, true);
    Ok(ok(&Value::Null))
}

/// `sharing/transfer_folder`.
pub(super) fn transfer(state: &mut State, call: &Call<'_>) -> Reply {
    let space = members::folder(state, call).map_err(|tag| conflict_tags(&["access_error", tag]))?;
    if state.tree.space(space).kind == SpaceKind::Team {
        return Err(conflict_tags(&["team_folder"]));
    }
    let person = state.people.by_account(call.text("to_dropbox_id"));
    let person = person.filter(|&person| state.people.all[person].status != Status::Removed);
    let person = person.ok_or_else(|| conflict_tags(&["invalid_dropbox_id"]))?;
    let old = deeds::owner(state, space);
    if !matches!(call.who, Who::Member(caller) if old == Some(caller)) || !may_share(state, call.who, space) {
        return Err(conflict_tags(&["no_permission"]));
    }
    let Some(sharing) = state.tree.space_mut(space).sharing.as_mut() else {
        return Err(conflict_tags(&["access_error", "invalid_id"]));
    };
    if !sharing.shares.iter().any(|share| share.whom == Whom::Person(person)) {
        return Err(conflict_tags(&["new_owner_not_a_member"]));
    }
    for share in &mut sharing.shares {
        if share.whom == Whom::Person(person) {
            share.role = Role::Owner;
        } else if share.role == Role::Owner {
            share.role = Role::Editor;
        }
    }
    let ours = state.people.ours(person);
    state.tree.space_mut(space).ours = ours;
    let deed = deed(state, call);
    let mut facts = deeds::about(state, state.tree.space(space).root);
    facts.participants.push(super::log::user(state, person));
    deeds::note(state, deed, "shared_folder_transfer_ownership", facts);
    state.did_in("member_set", space, true);
    Ok(ok(&Value::Null))
}

/// `sharing/get_file_metadata`.
pub(super) fn get_file(state: &State, call: &Call<'_>) -> Reply {
    let node =
        place::find(state, call, call.text("file")).map_err(|_| conflict_tags(&["access_error", "invalid_file"]))?;
    if !state.tree.is_file(node) {
        return Err(conflict_tags(&["access_error", "is_folder"]));
    }
    Ok(ok(&shared_file(state, call, node)))
}

/// A file as `sharing/` describes it.
pub(super) fn shared_file(state: &State, call: &Call<'_>, node: NodeId) -> Value {
    let space = state.tree.space_of(node);
    let there = state.tree.space(space);
    let plain = Sharing::of(None, state.now);
    let access = match call.who {
        Who::Member(person) => match there.kind {
            SpaceKind::Home(owner) | SpaceKind::App(owner) if owner == person => "owner",
            SpaceKind::Home(_) | SpaceKind::App(_) => {
                super::access::role_on_file(state, node, person).map_or("no_access", Role::tag)
            }
            _ => role(state, call, space),
        },
        _ => "editor",
    };
    let mut body = json!({
        "id": state.tree.id(node), "name": state.tree.name(node), "access_type": { ".tag": access },
        "policy": policy(there.sharing.as_ref().unwrap_or(&plain)), "permissions": [],
        "preview_url": format!("https://www.dropbox.com/scl/fi/{}", state.tree.id(node)),
        "owner_team": { "id": state.keys.team_id, "name": state.people.team_name },
    });
    if matches!(there.kind, SpaceKind::Shared | SpaceKind::Team) {
        body["parent_shared_folder_id"] = there.id.clone().into();
    }
    if let Some(path) = place::path(state, call.root, node) {
        body["path_lower"] = path.to_lowercase().into();
        body["path_display"] = path.into();
    }
    body
}
