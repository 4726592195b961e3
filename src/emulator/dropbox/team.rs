//! Routes of the team: who it is, its members, groups, namespaces and team folders; accounts of users.

use super::cursor::{self, Row};
use super::gate::{Call, home, root_info};
use super::metadata::time;
use super::reply::{Reply, conflict_tags, ok};
use super::spec;
use super::state::State;
use super::state::people::Status;
use super::state::tree::{SpaceId, SpaceKind};
use serde_json::{Map, Value, json};

/// `team/get_info`.
pub(super) fn info(state: &State, _call: &Call<'_>) -> Reply {
    let provisioned = state.people.all.iter().filter(|person| person.status == Status::Active).count();
    Ok(ok(&json!({
        "name": state.people.team_name, "team_id": state.keys.team_id, "num_licensed_users": 20,
        "num_provisioned_users": provisioned, "num_used_licenses": provisioned, "policies": policies(),
    })))
}

fn sharing_policies() -> Value {
    json!({
        "shared_folder_member_policy": { ".tag": "anyone" }, "shared_folder_join_policy": { ".tag": "from_anyone" },
        "shared_link_create_policy": { ".tag": "default_public" }, "group_creation_policy": { ".tag": "admins_only" },
        "shared_folder_link_restriction_policy": { ".tag": "anyone" },
        "enforce_link_password_policy": { ".tag": "optional" },
        "default_link_expiration_days_policy": { ".tag": "none" },
        "shared_link_default_permissions_policy": { ".tag": "default" },
    })
}

fn policies() -> Value {
    json!({
        "sharing": sharing_policies(), "emm_state": { ".tag": "disabled" }, "office_addin": { ".tag": "enabled" },
        "suggest_members_policy": { ".tag": "enabled" }, "top_level_content_policy": { ".tag": "admin_only" },
    })
}

/// `team/features/get_values`.
pub(super) fn features(state: &State, call: &Call<'_>) -> Reply {
    let asked = call.field("features").as_array().cloned().unwrap_or_default();
    if asked.is_empty() {
        return Err(conflict_tags(&["empty_features_list"]));
    }
    let space = state.team_space.is_some();
    let value = |feature: &Value| {
        let tag = spec::tag(feature);
        let (inner, value) = match tag {
            "upload_api_rate_limit" => return json!({ ".tag": tag, tag: { ".tag": "unlimited" } }),
            "has_team_file_events" => ("enabled", true),
            "has_team_selective_sync" => ("has_team_selective_sync", true),
            "has_team_shared_dropbox" => ("has_team_shared_dropbox", space),
            _ => ("has_distinct_member_homes", space),
        };
        json!({ ".tag": tag, tag: { ".tag": inner, inner: value } })
    };
    Ok(ok(&json!({ "values": asked.iter().map(value).collect::<Vec<_>>() })))
}

/// `team/token/get_authenticated_admin`.
pub(super) fn admin(state: &State, _call: &Call<'_>) -> Reply {
    let linker = state.people.linker();
    match state.people.all[linker].status {
        Status::Active => Ok(ok(&json!({ "admin_profile": profile(state, linker, true) }))),
        Status::Removed => Err(conflict_tags(&["mapping_not_found"])),
        _ => Err(conflict_tags(&["admin_not_active"])),
    }
}

fn name(state: &State, person: usize) -> Value {
    let person = &state.people.all[person];
    let (given, surname) = person.names();
    let initials: String = given.chars().take(1).chain(surname.chars().take(1)).collect();
    json!({
        "given_name": given, "surname": surname, "familiar_name": given, "display_name": person.name,
        "abbreviated_name": initials,
    })
}

fn profile(state: &State, number: usize, whole: bool) -> Value {
    let person = &state.people.all[number];
    let mut profile = Map::new();
    let mut put = |key: &str, value: Value| profile.insert(key.to_owned(), value);
    put("team_member_id", person.member.clone().into());
    if person.status != Status::Invited {
        put("account_id", person.account.clone().into());
        put("joined_on", time(crate::clock::Moment::from_millis(1_600_000_000_000)));
    }
    put("external_id", format!("ext-{}", person.key).into());
    put("email", person.email.into());
    put("email_verified", (person.status != Status::Invited).into());
    put("secondary_emails", json!([]));
    let mut status = json!({ ".tag": person.status.tag() });
    if person.status == Status::Removed {
        status = json!({ ".tag": "removed", "is_recoverable": false, "is_disconnected": false });
    }
    put("status", status);
    put("name", name(state, number));
    put("membership_type", json!({ ".tag": "full" }));
    if person.status == Status::Suspended {
        put("suspended_on", time(crate::clock::Moment::from_millis(1_700_000_000_000)));
    }
    if whole {
        let of = state.people.groups.iter().filter(|group| group.ours && group.members.contains(&number));
        put("groups", of.map(|group| group.id.clone()).collect::<Vec<_>>().into());
        let home = home(state, number);
        let root = state.team_space.unwrap_or(home);
        put("member_folder_id", state.tree.space(home).id.clone().into());
        put("root_folder_id", state.tree.space(root).id.clone().into());
    }
    Value::Object(profile)
}

fn member(state: &State, number: usize) -> Value {
    let person = &state.people.all[number];
    let mut roles = Vec::new();
    if person.admin {
        roles.push(json!({ "role_id": person.role.0, "name": person.role.1, "description": "Manages the team." }));
    }
    json!({ "profile": profile(state, number, true), "roles": roles })
}

fn members_of(state: &State, removed: bool) -> Vec<usize> {
    let wanted = |status: Status| status != Status::Outside && (removed || status != Status::Removed);
    (0..state.people.all.len()).filter(|&person| wanted(state.people.all[person].status)).collect()
}

/// `team/members/list_v2`.
pub(super) fn members(state: &State, call: &Call<'_>) -> Reply {
    let removed = if call.flag("include_removed") { "removed" } else { "" };
    Ok(member_page(state, Row::first(call, call.number("limit", 1000), removed)))
}

/// `team/members/list/continue_v2`.
pub(super) fn members_more(state: &State, call: &Call<'_>) -> Reply {
    Ok(member_page(state, resume(state, call, "members")?))
}

fn member_page(state: &State, row: Row) -> super::Answer {
    let all = members_of(state, row.extra == "removed");
    let (rows, cursor, more) = row.page(state, "members", &all);
    let rows: Vec<Value> = rows.into_iter().map(|person| member(state, person)).collect();
    ok(&json!({ "members": rows, "cursor": cursor, "has_more": more }))
}

fn resume(state: &State, call: &Call<'_>, kind: &str) -> Result<Row, super::reply::Stop> {
    cursor::read(state, kind, call.text("cursor")).ok_or_else(|| conflict_tags(&["invalid_cursor"]))
}

/// The place a cursor names, where the route's only error of it is `reset`.
pub(super) fn resume_or_reset(state: &State, call: &Call<'_>, kind: &str) -> Result<Row, super::reply::Stop> {
    cursor::read(state, kind, call.text("cursor")).ok_or_else(|| conflict_tags(&["reset"]))
}

/// The person a `UserSelectorArg` names, of the team or formerly of it.
pub(super) fn selected(state: &State, selector: &Value) -> Option<usize> {
    let text = |tag: &str| selector[tag].as_str().unwrap_or_default().to_owned();
    let found = match spec::tag(selector) {
        "team_member_id" => state.people.by_member(&text("team_member_id")),
        "email" => state.people.by_email(&text("email")),
        _ => state.people.all.iter().position(|person| format!("ext-{}", person.key) == text("external_id")),
    };
    found.filter(|&person| state.people.ours(person))
}

/// `team/members/get_info_v2`.
pub(super) fn members_info(state: &State, call: &Call<'_>) -> Reply {
    let one = |selector: &Value| match selected(state, selector) {
        Some(person) => {
            let mut item = member(state, person);
            item[".tag"] = "member_info".into();
            item
        }
        None => json!({ ".tag": "id_not_found", "id_not_found": selector[spec::tag(selector)] }),
    };
    let asked = call.field("members").as_array().into_iter().flatten();
    Ok(ok(&json!({ "members_info": asked.map(one).collect::<Vec<_>>() })))
}

/// `team/members/suspend`. An invited member is not suspended but removed, as the service does it; `wipe_data` is noted.
pub(super) fn suspend(state: &mut State, call: &Call<'_>) -> Reply {
    let Some(person) = selected(state, call.field("user")) else {
        return Err(conflict_tags(&["user_not_found"]));
    };
    let admins = state.people.all.iter().filter(|other| other.admin && other.status == Status::Active).count();
    let wipes = call.field("wipe_data").as_bool().unwrap_or(true);
    match state.people.all[person].status {
        Status::Active if state.people.all[person].admin && admins == 1 => Err(conflict_tags(&["suspend_last_admin"])),
        Status::Active => {
            state.people.all[person].status = Status::Suspended;
            if wipes {
                state.wiped.insert(person);
            }
            state.did_about("suspended", person, true);
            super::log::member_status(state, call, person, "active", "suspended");
            Ok(ok(&Value::Null))
        }
        Status::Invited => {
            state.people.all[person].status = Status::Removed;
            super::log::member_status(state, call, person, "invited", "removed");
            state.did_about("member_gone", person, true);
            Ok(ok(&Value::Null))
        }
        Status::Suspended => Err(conflict_tags(&["suspend_inactive_user"])),
        Status::Removed | Status::Outside => Err(conflict_tags(&["user_not_in_team"])),
    }
}

/// `team/members/unsuspend`.
pub(super) fn unsuspend(state: &mut State, call: &Call<'_>) -> Reply {
    let Some(person) = selected(state, call.field("user")) else {
        return Err(conflict_tags(&["user_not_found"]));
    };
    match state.people.all[person].status {
        Status::Suspended => {
            state.people.all[person].status = Status::Active;
            super::log::member_status(state, call, person, "suspended", "active");
            state.did_about("unsuspended", person, true);
            Ok(ok(&Value::Null))
        }
        Status::Removed | Status::Outside => Err(conflict_tags(&["user_not_in_team"])),
        _ => Err(conflict_tags(&["unsuspend_non_suspended_member"])),
    }
}

/// A group as lists show it.
pub(super) fn group(state: &State, number: usize) -> Value {
    let group = &state.people.groups[number];
    json!({
        "group_name": group.name, "group_id": group.id, "member_count": group.members.len(),
        "group_management_type": { ".tag": if group.name == "Everyone" { "system_managed" } else { "company_managed" } },
    })
}

/// `team/groups/list`.
pub(super) fn groups(state: &State, call: &Call<'_>) -> Reply {
    Ok(group_page(state, Row::first(call, call.number("limit", 1000), "")))
}

/// `team/groups/list/continue`.
pub(super) fn groups_more(state: &State, call: &Call<'_>) -> Reply {
    Ok(group_page(state, resume(state, call, "groups")?))
}

fn group_page(state: &State, row: Row) -> super::Answer {
    let all: Vec<usize> = (0..state.people.groups.len()).filter(|&number| state.people.groups[number].ours).collect();
    let (rows, cursor, more) = row.page(state, "groups", &all);
    let rows: Vec<Value> = rows.into_iter().map(|number| group(state, number)).collect();
    ok(&json!({ "groups": rows, "cursor": cursor, "has_more": more }))
}

/// `team/groups/members/list`.
pub(super) fn group_members(state: &State, call: &Call<'_>) -> Reply {
    let selector = call.field("group");
    let id = selector["group_id"].as_str().unwrap_or_default();
    if state.people.group(id).is_none_or(|number| !state.people.groups[number].ours) {
        return Err(conflict_tags(&["group_not_found"]));
    }
    Ok(group_member_page(state, Row::first(call, call.number("limit", 1000), id)))
}

/// `team/groups/members/list/continue`.
pub(super) fn group_members_more(state: &State, call: &Call<'_>) -> Reply {
    Ok(group_member_page(state, resume(state, call, "group members")?))
}

fn group_member_page(state: &State, row: Row) -> super::Answer {
    let all =
        state.people.group(&row.extra).map(|number| state.people.groups[number].members.clone()).unwrap_or_default();
    let (rows, cursor, more) = row.page(state, "group members", &all);
    let one = |person: usize| json!({ "profile": profile(state, person, false), "access_type": { ".tag": "member" } });
    ok(&json!({ "members": rows.into_iter().map(one).collect::<Vec<_>>(), "cursor": cursor, "has_more": more }))
}

/// Namespaces a page; the service passes over the caller's number.
const NAMESPACES_A_PAGE: usize = 7;

/// True when the team's list of namespaces has this one: its own, and those of others that a member is in.
pub(super) fn is_listed(state: &State, space: SpaceId) -> bool {
    let there = state.tree.space(space);
    let of = |person: usize| matches!(state.people.all[person].status, Status::Active | Status::Suspended);
    there.alive
        && match there.kind {
            SpaceKind::Home(owner) | SpaceKind::App(owner) => of(owner),
            SpaceKind::Team | SpaceKind::TeamRoot => true,
            SpaceKind::Shared => {
                there.ours
                    || (0..state.people.all.len()).any(|p| of(p) && super::access::role_in(state, space, p).is_some())
            }
        }
}

/// `team/namespaces/list`.
pub(super) fn namespaces(state: &State, call: &Call<'_>) -> Reply {
    Ok(namespace_page(state, Row::first(call, NAMESPACES_A_PAGE, "")))
}

/// `team/namespaces/list/continue`.
pub(super) fn namespaces_more(state: &State, call: &Call<'_>) -> Reply {
    Ok(namespace_page(state, resume(state, call, "namespaces")?))
}

/// Duplicates do occur: each page after the first begins with the last row of the page before.
fn namespace_page(state: &State, row: Row) -> super::Answer {
    let all: Vec<SpaceId> = state.tree.all_spaces().filter(|space| is_listed(state, *space)).collect();
    let again = row.n.checked_sub(1).and_then(|last| all.get(last)).copied();
    let (mut rows, cursor, more) = row.page(state, "namespaces", &all);
    rows.splice(0..0, again);
    let rows: Vec<Value> = rows.into_iter().map(|space| namespace(state, space)).collect();
    ok(&json!({ "namespaces": rows, "cursor": cursor, "has_more": more }))
}

fn namespace(state: &State, space: SpaceId) -> Value {
    let there = state.tree.space(space);
    let (kind, owner) = match there.kind {
        SpaceKind::Home(owner) => ("team_member_folder", Some(owner)),
        SpaceKind::App(owner) => ("app_folder", Some(owner)),
        SpaceKind::Team => ("team_folder", None),
        SpaceKind::Shared => ("shared_folder", None),
        SpaceKind::TeamRoot => ("team_member_root", None),
    };
    let mut row =
        json!({ "name": there.name, "namespace_id": there.id, "namespace_type": { ".tag": kind }, "quota_limit": 0 });
    if let Some(owner) = owner {
        row["team_member_id"] = state.people.all[owner].member.clone().into();
    }
    row
}

/// A team folder.
pub(super) fn team_folder(state: &State, space: SpaceId) -> Value {
    let there = state.tree.space(space);
    json!({
        "team_folder_id": there.id, "name": there.name,
        "status": { ".tag": if there.archived { "archived" } else { "active" } },
        "is_team_shared_dropbox": there.kind == SpaceKind::TeamRoot, "sync_setting": { ".tag": "default" },
        "content_sync_settings": [], "quota_limit": 0,
    })
}

/// `team/team_folder/list`.
pub(super) fn team_folders(state: &State, call: &Call<'_>) -> Reply {
    Ok(team_folder_page(state, Row::first(call, call.number("limit", 1000), "")))
}

/// `team/team_folder/list/continue`.
pub(super) fn team_folders_more(state: &State, call: &Call<'_>) -> Reply {
    Ok(team_folder_page(state, resume(state, call, "team folders")?))
}

fn team_folder_page(state: &State, row: Row) -> super::Answer {
    let is_one = |space: &SpaceId| matches!(state.tree.space(*space).kind, SpaceKind::Team | SpaceKind::TeamRoot);
    let all: Vec<SpaceId> = state.tree.all_spaces().filter(is_one).collect();
    let (rows, cursor, more) = row.page(state, "team folders", &all);
    let rows: Vec<Value> = rows.into_iter().map(|space| team_folder(state, space)).collect();
    ok(&json!({ "team_folders": rows, "cursor": cursor, "has_more": more }))
}

/// `team/team_folder/create`: nobody but admins reaches a new one.
pub(super) fn create_folder(state: &mut State, call: &Call<'_>) -> Reply {
    let name = call.text("name").trim().to_owned();
    let is_one = |space: &SpaceId| matches!(state.tree.space(*space).kind, SpaceKind::Team | SpaceKind::TeamRoot);
    let taken = |space: &SpaceId| is_one(space) && state.tree.space(*space).name.to_lowercase() == name.to_lowercase();
    if name.is_empty() || name.contains(['/', '\\']) {
        return Err(conflict_tags(&["invalid_folder_name"]));
    }
    if state.tree.all_spaces().any(|space| taken(&space)) {
        return Err(conflict_tags(&["folder_name_already_used"]));
    }
    let space = super::fill::closed_team_folder(state, &name);
    state.did_in("folder_made", space, true);
    Ok(ok(&team_folder(state, space)))
}

/// `team/team_folder/archive`.
pub(super) fn archive(state: &mut State, call: &Call<'_>) -> Reply {
    let space = state.tree.space_by_id(call.text("team_folder_id"));
    let Some(space) = space.filter(|space| state.tree.space(*space).kind == SpaceKind::Team) else {
        return Err(conflict_tags(&["access_error", "invalid_team_folder_id"]));
    };
    if state.tree.space(space).archived {
        return Err(conflict_tags(&["status_error", "archived"]));
    }
    super::deeds::archive(state, call.asked.at, space);
    state.did_in("trashed", space, true);
    let mut body = team_folder(state, space);
    body[".tag"] = "complete".into();
    Ok(ok(&body))
}

/// `users/get_current_account`.
pub(super) fn current_account(state: &State, call: &Call<'_>) -> Reply {
    let number = call.who.person(state);
    let person = &state.people.all[number];
    let mut body = account(state, number);
    let (team, sharing) = (&state.keys.team_id, sharing_policies());
    body["locale"] = "en".into();
    body["country"] = "DE".into();
    body["referral_link"] = "https://db.tt/emulator".into();
    body["is_paired"] = false.into();
    body["account_type"] = json!({ ".tag": "business" });
    body["team"] = json!({
        "id": team, "name": state.people.team_name, "sharing_policies": sharing,
        "office_addin_policy": { ".tag": "enabled" }, "top_level_content_policy": { ".tag": "admin_only" },
    });
    body["team_member_id"] = person.member.clone().into();
    body["root_info"] = root_info(state, number);
    Ok(ok(&body))
}

fn account(state: &State, number: usize) -> Value {
    let person = &state.people.all[number];
    json!({
        "account_id": person.account, "name": name(state, number), "email": person.email,
        "email_verified": true, "disabled": person.status == Status::Suspended,
    })
}

fn basic_account(state: &State, number: usize) -> Value {
    let mut body = account(state, number);
    body["is_teammate"] = state.people.ours(number).into();
    if state.people.ours(number) {
        body["team_member_id"] = state.people.all[number].member.clone().into();
    }
    body
}

/// `users/get_account`.
pub(super) fn get_account(state: &State, call: &Call<'_>) -> Reply {
    match state.people.by_account(call.text("account_id")) {
        Some(person) => Ok(ok(&basic_account(state, person))),
        None => Err(conflict_tags(&["no_account"])),
    }
}

/// `users/get_account_batch`.
pub(super) fn get_accounts(state: &State, call: &Call<'_>) -> Reply {
    let mut found = Vec::new();
    for id in call.field("account_ids").as_array().into_iter().flatten().filter_map(Value::as_str) {
        match state.people.by_account(id) {
            Some(person) => found.push(basic_account(state, person)),
            None => return Err(super::reply::conflict(&json!({ ".tag": "no_account", "no_account": id }))),
        }
    }
    Ok(ok(&found.into()))
}

/// `users/get_space_usage`.
pub(super) fn space_usage(state: &State, call: &Call<'_>) -> Reply {
    let used = used_bytes(state, home(state, call.who.person(state)));
    let of_team = used_by_team(state);
    Ok(ok(&json!({
        "used": used,
        "allocation": {
            ".tag": "team", "used": of_team, "allocated": 1_000_000_000_000_u64, "user_within_team_space_allocated": 0,
            "user_within_team_space_limit_type": { ".tag": "off" }, "user_within_team_space_used_cached": used,
        },
    })))
}

/// Bytes of the files of the whole team.
pub(super) fn used_by_team(state: &State) -> u64 {
    let ours = state.tree.all_spaces().filter(|space| state.tree.space(*space).ours);
    ours.map(|space| used_bytes(state, space)).sum()
}

/// Bytes of the files of a namespace.
fn used_bytes(state: &State, space: SpaceId) -> u64 {
    let nodes = state.tree.below(state.tree.space(space).root);
    let bodies = nodes.into_iter().filter_map(|node| state.tree.current(node)).map(|version| version.body.len());
    bodies.map(|bytes| u64::try_from(bytes).unwrap_or(u64::MAX)).sum()
}
