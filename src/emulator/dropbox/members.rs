//! Members of shared folders and of files.

use super::access;
use super::cursor::{self, Row};
use super::deeds;
use super::gate::{Call, Who, may_write, reaches};
use super::jobs::{self, Work};
use super::place;
use super::relocate::deed;
use super::reply::{Reply, Stop, conflict, conflict_tags, ok, tags};
use super::spec;
use super::state::State;
use super::state::sharing::{Role, Share, Whom};
use super::state::tree::{NodeId, SpaceId, SpaceKind};
use serde_json::{Value, json};

/// Members that one file may be given in a call.
const FILE_MEMBERS_MAX: usize = 20;

/// A person as members' lists show them.
fn user(state: &State, person: usize) -> Value {
    let shown = &state.people.all[person];
    let mut user = json!({
        "account_id": shown.account, "email": shown.email, "display_name": shown.name, "same_team": state.people.ours(person),
    });
    if state.people.ours(person) {
        user["team_member_id"] = shown.member.clone().into();
    }
    user
}

fn group(state: &State, call: &Call<'_>, number: usize) -> Value {
    let shown = &state.people.groups[number];
    let mut group = super::team::group(state, number);
    group["group_type"] = json!({ ".tag": "team" });
    group["is_member"] = shown.members.contains(&call.who.person(state)).into();
    group["is_owner"] = false.into();
    group["same_team"] = shown.ours.into();
    group
}

/// Memberships in the three lists that answers keep apart.
fn lists(state: &State, call: &Call<'_>, shares: &[(Share, bool)]) -> Value {
    let (mut users, mut groups, mut invitees) = (Vec::new(), Vec::new(), Vec::new());
    for (share, inherited) in shares {
        let mut row =
            json!({ "access_type": { ".tag": share.role.tag() }, "permissions": [], "is_inherited": inherited });
        match &share.whom {
            Whom::Person(person) => {
                row["user"] = user(state, *person);
                users.push(row);
            }
            Whom::Group(number) => {
                row["group"] = group(state, call, *number);
                groups.push(row);
            }
            Whom::Invitee(email) => {
                row["invitee"] = json!({ ".tag": "email", "email": email });
                invitees.push(row);
            }
        }
    }
    json!({ "users": users, "groups": groups, "invitees": invitees })
}

fn page(state: &State, call: &Call<'_>, kind: &str, row: Row, shares: &[(Share, bool)]) -> super::Answer {
    let (rows, cursor, more) = row.page(state, kind, shares);
    let mut body = lists(state, call, &rows);
    if more {
        body["cursor"] = cursor.into();
    }
    ok(&body)
}

/// The shared folder of an id that the caller reaches.
pub(super) fn folder(state: &State, call: &Call<'_>) -> Result<SpaceId, &'static str> {
    let space = state.tree.space_by_id(call.text("shared_folder_id")).ok_or("invalid_id")?;
    if !matches!(state.tree.space(space).kind, SpaceKind::Shared | SpaceKind::Team) {
        return Err("invalid_id");
    }
    if reaches(state, call.who, space) { Ok(space) } else { Err("not_a_member") }
}

fn of_folder(state: &State, space: SpaceId) -> Vec<(Share, bool)> {
    let sharing = state.tree.space(space).sharing.as_ref();
    sharing.map(|sharing| sharing.shares.iter().map(|share| (share.clone(), false)).collect()).unwrap_or_default()
}

/// `sharing/list_folder_members`.
pub(super) fn list_folder(state: &State, call: &Call<'_>) -> Reply {
    let space = folder(state, call).map_err(|tag| conflict_tags(&[tag]))?;
    let row = Row::first(call, call.number("limit", 1000), &state.tree.space(space).id);
    Ok(page(state, call, "folder members", row, &of_folder(state, space)))
}

/// `sharing/list_folder_members/continue`.
pub(super) fn list_folder_more(state: &State, call: &Call<'_>) -> Reply {
    let row: Option<Row> = cursor::read(state, "folder members", call.text("cursor"));
    let row = row.ok_or_else(|| conflict_tags(&["invalid_cursor"]))?;
    let space = state.tree.space_by_id(&row.extra).filter(|space| reaches(state, call.who, *space));
    let space = space.ok_or_else(|| conflict_tags(&["access_error", "not_a_member"]))?;
    Ok(page(state, call, "folder members", row, &of_folder(state, space)))
}

/// The file that a `file` argument names, or a tag of `SharingFileAccessError`.
fn file(state: &State, call: &Call<'_>, path: &str) -> Result<NodeId, &'static str> {
    let node = place::find(state, call, path).map_err(|_| "invalid_file")?;
    if state.tree.is_file(node) { Ok(node) } else { Err("is_folder") }
}

fn need_file(state: &State, call: &Call<'_>) -> Result<NodeId, Stop> {
    file(state, call, call.text("file")).map_err(|tag| conflict_tags(&["access_error", tag]))
}

/// Everybody on a file: its owner, its own members, and (if wanted) those of the folder it lies in.
fn of_file(state: &State, node: NodeId, inherited: bool) -> Vec<(Share, bool)> {
    let space = state.tree.space_of(node);
    let mut shares = Vec::new();
    if let SpaceKind::Home(owner) | SpaceKind::App(owner) = state.tree.space(space).kind {
        shares.push((Share { whom: Whom::Person(owner), role: Role::Owner }, false));
    }
    shares.extend(state.file_members.get(&node).into_iter().flatten().map(|share| (share.clone(), false)));
    if inherited {
        let above = of_folder(state, space).into_iter();
        let above: Vec<_> = above.filter(|(share, _)| shares.iter().all(|(own, _)| own.whom != share.whom)).collect();
        shares.extend(above.into_iter().map(|(share, _)| (share, true)));
    }
    shares
}

/// `sharing/list_file_members`.
pub(super) fn list_file(state: &State, call: &Call<'_>) -> Reply {
    let node = need_file(state, call)?;
    let inherited = call.field("include_inherited").as_bool().unwrap_or(true);
    let extra = json!([state.tree.id(node), inherited]).to_string();
    let row = Row::first(call, call.number("limit", 100), &extra);
    Ok(page(state, call, "file members", row, &of_file(state, node, inherited)))
}

/// `sharing/list_file_members/continue`.
pub(super) fn list_file_more(state: &State, call: &Call<'_>) -> Reply {
    let row: Option<Row> = cursor::read(state, "file members", call.text("cursor"));
    let row = row.ok_or_else(|| conflict_tags(&["invalid_cursor"]))?;
    let extra: Value = serde_json::from_str(&row.extra).unwrap_or_default();
    let node = file(state, call, extra[0].as_str().unwrap_or_default());
    let node = node.map_err(|tag| conflict_tags(&["access_error", tag]))?;
    Ok(page(state, call, "file members", row, &of_file(state, node, extra[1] == true)))
}

/// `sharing/list_file_members/batch`: of each file at most so many members, and how many there are.
pub(super) fn list_files(state: &State, call: &Call<'_>) -> Reply {
    let limit = call.number("limit", 1000);
    let one = |path: &str| {
        let result = match file(state, call, path) {
            Ok(node) => {
                // The batch form tells members of the file's own only.
                let all = of_file(state, node, false);
                let shown = &all[..all.len().min(limit)];
                json!({ ".tag": "result", "members": lists(state, call, shown), "member_count": all.len() })
            }
            Err(tag) => json!({ ".tag": "access_error", "access_error": tags(&[tag]) }),
        };
        json!({ "file": path, "result": result })
    };
    let files = call.field("files").as_array().into_iter().flatten().filter_map(Value::as_str);
    Ok(ok(&files.map(one).collect::<Vec<_>>().into()))
}

/// Whom a `MemberSelector` names: a person or group by id, a person by address, or an address nobody has.
fn whom(state: &State, selector: &Value) -> Option<Whom> {
    if let Some(id) = selector["dropbox_id"].as_str() {
        let person = state.people.by_account(id).or_else(|| state.people.by_member(id)).map(Whom::Person);
        return person.or_else(|| state.people.group(id).map(Whom::Group));
    }
    let email = selector["email"].as_str()?;
    Some(state.people.by_email(email).map_or_else(|| Whom::Invitee(email.to_lowercase()), Whom::Person))
}

/// True for somebody who is not of the team.
fn is_outside(state: &State, whom: &Whom) -> bool {
    match whom {
        Whom::Person(person) => !state.people.ours(*person),
        Whom::Group(group) => !state.people.groups[*group].ours,
        Whom::Invitee(_) => true,
    }
}

/// True when the caller may change who is a member.
pub(super) fn may_share(state: &State, who: Who, space: SpaceId) -> bool {
    let there = state.tree.space(space);
    match (who, there.kind) {
        (Who::Member(person), SpaceKind::Shared | SpaceKind::Team) => match access::role_in(state, space, person) {
            Some(Role::Owner) => true,
            Some(Role::Editor) => there.sharing.as_ref().is_some_and(|sharing| sharing.acl_policy == "editors"),
            _ => false,
        },
        _ => may_write(state, who, space),
    }
}

/// `sharing/add_folder_member`.
pub(super) fn add_to_folder(state: &mut State, call: &Call<'_>) -> Reply {
    let space = folder(state, call).map_err(|tag| conflict_tags(&["access_error", tag]))?;
    if !may_share(state, call.who, space) {
        return Err(conflict_tags(&["no_permission"]));
    }
    let closed = state.tree.space(space).sharing.as_ref().is_some_and(|sharing| sharing.member_policy == "team");
    let mut wanted = Vec::new();
    for member in call.field("members").as_array().into_iter().flatten() {
        let Some(whom) = whom(state, &member["member"]) else {
            let id = &member["member"]["dropbox_id"];
            let inner = json!({ ".tag": "invalid_dropbox_id", "invalid_dropbox_id": id });
            return Err(conflict(&json!({ ".tag": "bad_member", "bad_member": inner })));
        };
        if closed && is_outside(state, &whom) {
            return Err(conflict_tags(&["cant_share_outside_team"]));
        }
        let role = Role::given(spec::tag(&member["access_level"])).unwrap_or(Role::Viewer);
        wanted.push((whom, role));
    }
    let deed = deed(state, call);
    for (whom, role) in wanted {
        deeds::invite(state, deed, space, whom, role);
    }
    Ok(ok(&Value::Null))
}

fn member_of(state: &State, space: SpaceId, selector: &Value) -> Result<(Whom, Role), &'static str> {
    let whom = whom(state, selector).ok_or("invalid_dropbox_id")?;
    let sharing = state.tree.space(space).sharing.as_ref();
    let share = sharing.and_then(|sharing| sharing.shares.iter().find(|share| share.whom == whom));
    let by_group = matches!(&whom, Whom::Person(person) if access::role_in(state, space, *person).is_some());
    let none = if by_group { "group_access" } else { "not_a_member" };
    share.map(|share| (share.whom.clone(), share.role)).ok_or(none)
}

/// `sharing/remove_folder_member`.
pub(super) fn remove_from_folder(state: &mut State, call: &Call<'_>) -> Reply {
    let space = folder(state, call).map_err(|tag| conflict_tags(&["access_error", tag]))?;
    let (whom, role) = match member_of(state, space, call.field("member")) {
        Err("group_access") => return Err(conflict_tags(&["group_access"])),
        found => found.map_err(|tag| conflict_tags(&["member_error", tag]))?,
    };
    if role == Role::Owner {
        return Err(conflict_tags(&["folder_owner"]));
    }
    if !may_share(state, call.who, space) {
        return Err(conflict_tags(&["no_permission"]));
    }
    let (deed, leave_a_copy) = (deed(state, call), call.flag("leave_a_copy"));
    if leave_a_copy && super::spot::entries(state, state.tree.space(space).root) > state.entries_max {
        return Err(conflict_tags(&["too_many_files"]));
    }
    let work = Work::Expel { space, whom, leave_a_copy };
    Ok(ok(&jobs::launch(state, deed, work, json!({ ".tag": "complete" }))))
}

/// `sharing/update_folder_member`.
pub(super) fn update_in_folder(state: &mut State, call: &Call<'_>) -> Reply {
    let space = folder(state, call).map_err(|tag| conflict_tags(&["access_error", tag]))?;
    let found = member_of(state, space, call.field("member"));
    let (whom, old) = found.map_err(|tag| {
        let tag = if tag == "group_access" { "not_a_member" } else { tag };
        conflict_tags(&["member_error", tag])
    })?;
    let role = Role::given(spec::tag(call.field("access_level")));
    let Some(role) = role.filter(|_| may_share(state, call.who, space) && old != Role::Owner) else {
        return Err(conflict_tags(&["no_permission"]));
    };
    let deed = deed(state, call);
    deeds::invite(state, deed, space, whom, role);
    Ok(ok(&json!({ "access_level": { ".tag": role.tag() } })))
}

/// True when the caller may change who is on a file.
fn may_share_file(state: &State, call: &Call<'_>, node: NodeId) -> bool {
    may_write(state, call.who, state.tree.space_of(node))
}

/// `sharing/add_file_member`.
pub(super) fn add_to_file(state: &mut State, call: &Call<'_>) -> Reply {
    let node = need_file(state, call)?;
    if !may_share_file(state, call, node) {
        return Err(conflict_tags(&["access_error", "no_permission"]));
    }
    let selectors = call.field("members").as_array().cloned().unwrap_or_default();
    if selectors.len() > FILE_MEMBERS_MAX {
        return Err(conflict_tags(&["rate_limit"]));
    }
    let role = Role::given(spec::tag(call.field("access_level"))).unwrap_or(Role::Viewer);
    let above = state.tree.space(state.tree.space_of(node)).sharing.as_ref();
    let closed = above.is_some_and(|sharing| sharing.member_policy == "team");
    let deed = deed(state, call);
    let mut results = Vec::new();
    for selector in selectors {
        let result = match whom(state, &selector) {
            Some(whom) if closed && is_outside(state, &whom) => {
                json!({ ".tag": "member_error", "member_error": { ".tag": "no_permission" } })
            }
            Some(whom) => {
                deeds::invite_to_file(state, deed, node, whom, role);
                json!({ ".tag": "success", "success": { ".tag": role.tag() } })
            }
            None => json!({ ".tag": "member_error", "member_error": { ".tag": "invalid_member" } }),
        };
        results.push(json!({ "member": selector, "result": result }));
    }
    Ok(ok(&results.into()))
}

/// What the folder above gives a member who has nothing of the file's own.
fn inherited_access(state: &State, node: NodeId, whom: &Whom) -> Option<Value> {
    let space = state.tree.space_of(node);
    let role = match whom {
        Whom::Person(person) => access::role_in(state, space, *person),
        other => {
            of_folder(state, space).into_iter().find(|(share, _)| share.whom == *other).map(|(share, _)| share.role)
        }
    }?;
    let folder = state.tree.space(space);
    let detail = json!({
        "folder_name": folder.name, "shared_folder_id": folder.id, "permissions": [], "path": format!("/{}", folder.name),
    });
    Some(json!({ "access_level": { ".tag": role.tag() }, "access_details": [detail] }))
}

fn own_member(state: &State, node: NodeId, selector: &Value) -> Result<Whom, Option<Value>> {
    let whom = whom(state, selector).ok_or(None)?;
    let own = state.file_members.get(&node).is_some_and(|shares| shares.iter().any(|share| share.whom == whom));
    if own {
        return Ok(whom);
    }
    Err(inherited_access(state, node, &whom))
}

/// `sharing/remove_file_member_2`.
pub(super) fn remove_from_file(state: &mut State, call: &Call<'_>) -> Reply {
    let node = need_file(state, call)?;
    if !may_share_file(state, call, node) {
        return Err(conflict_tags(&["access_error", "no_permission"]));
    }
    let whom = match own_member(state, node, call.field("member")) {
        Ok(whom) => whom,
        Err(Some(mut access)) => {
            access[".tag"] = "no_explicit_access".into();
            return Err(conflict(&access));
        }
        Err(None) => {
            return Ok(ok(&json!({ ".tag": "member_error", "member_error": { ".tag": "invalid_member" } })));
        }
    };
    let deed = deed(state, call);
    deeds::expel_from_file(state, deed, node, Some(&whom));
    let mut result = inherited_access(state, node, &whom).unwrap_or_else(|| json!({}));
    result[".tag"] = "success".into();
    Ok(ok(&result))
}

/// `sharing/update_file_member`.
pub(super) fn update_on_file(state: &mut State, call: &Call<'_>) -> Reply {
    let node = need_file(state, call)?;
    let role = Role::given(spec::tag(call.field("access_level"))).filter(|_| may_share_file(state, call, node));
    let role = role.ok_or_else(|| conflict_tags(&["no_permission"]))?;
    let whom = own_member(state, node, call.field("member")).map_err(|inherited| match inherited {
        Some(mut access) => {
            access[".tag"] = "no_explicit_access".into();
            conflict(&access)
        }
        None => conflict_tags(&["invalid_member"]),
    })?;
    let deed = deed(state, call);
    deeds::invite_to_file(state, deed, node, whom, role);
    Ok(ok(&json!({ "access_level": { ".tag": role.tag() } })))
}

/// `sharing/unshare_file`: takes its own members off; what is inherited stays.
pub(super) fn unshare_file(state: &mut State, call: &Call<'_>) -> Reply {
    let node = need_file(state, call)?;
    if !may_share_file(state, call, node) {
        return Err(conflict_tags(&["access_error", "no_permission"]));
    }
    let deed = deed(state, call);
    deeds::expel_from_file(state, deed, node, None);
    Ok(ok(&Value::Null))
}

/// `sharing/relinquish_file_membership`: the caller takes themself off a file.
pub(super) fn relinquish_file(state: &mut State, call: &Call<'_>) -> Reply {
    let node = need_file(state, call)?;
    let Who::Member(person) = call.who else {
        return Err(conflict_tags(&["no_permission"]));
    };
    let whom = Whom::Person(person);
    let own = state.file_members.get(&node).is_some_and(|shares| shares.iter().any(|share| share.whom == whom));
    if !own {
        let by_group = access::role_on_file(state, node, person).is_some();
        return Err(conflict_tags(&[if by_group { "group_access" } else { "no_permission" }]));
    }
    let deed = deed(state, call);
    deeds::expel_from_file(state, deed, node, Some(&whom));
    Ok(ok(&Value::Null))
}

/// Files that the caller is a member of by themself, or as one of a group.
fn received_by(state: &State, call: &Call<'_>) -> Vec<NodeId> {
    let person = call.who.person(state);
    let mine = |node: &NodeId| state.tree.alive(*node) && access::role_on_file(state, *node, person).is_some();
    state.file_members.keys().copied().filter(mine).collect()
}

fn received_page(state: &State, call: &Call<'_>, row: Row) -> super::Answer {
    let (rows, cursor, more) = row.page(state, "received files", &received_by(state, call));
    let rows: Vec<Value> = rows.into_iter().map(|node| super::folders::shared_file(state, call, node)).collect();
    let mut body = json!({ "entries": rows });
    if more {
        body["cursor"] = cursor.into();
    }
    ok(&body)
}

/// `sharing/list_received_files`.
pub(super) fn received(state: &State, call: &Call<'_>) -> Reply {
    Ok(received_page(state, call, Row::first(call, call.number("limit", 100), "")))
}

/// `sharing/list_received_files/continue`.
pub(super) fn received_more(state: &State, call: &Call<'_>) -> Reply {
    let row: Option<Row> = cursor::read(state, "received files", call.text("cursor"));
    Ok(received_page(state, call, row.ok_or_else(|| conflict_tags(&["invalid_cursor"]))?))
}
