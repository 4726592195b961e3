//! What hangs on files without changing them: locks, tags, legal holds.

use super::cursor::{self, Row};
use super::deeds;
use super::gate::{Call, Who, may_write};
use super::log::{self, Facts};
use super::metadata::{View, entry, time};
use super::place;
use super::relocate::deed;
use super::reply::{Reply, conflict, conflict_tags, ok, tags};
use super::state::people::Status;
use super::state::tree::{Change, NodeId, SpaceId};
use super::state::{Hold, Lock, State};
use crate::clock::Moment;
use serde_json::{Value, json};

/// Tags on one file.
const TAGS_MAX: usize = 20;
/// Members of one hold.
const HELD_MAX: usize = 5;
/// Held revisions a page.
const REVISIONS_A_PAGE: usize = 100;

/// What a batch does to each file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Turn {
    Lock,
    Unlock,
    Look,
}

fn lock_content(state: &State, lock: Option<&Lock>) -> Value {
    let Some(lock) = lock else {
        return json!({ ".tag": "unlocked" });
    };
    let holder = &state.people.all[lock.holder];
    json!({
        ".tag": "single_user", "created": time(lock.at), "lock_holder_account_id": holder.account,
        "lock_holder_team_id": state.keys.team_id,
    })
}

/// Turns a lock, or says which tag of `LockFileError` it fails with.
fn turn(state: &mut State, call: &Call<'_>, node: NodeId, turn: Turn) -> Result<(), Value> {
    if !state.tree.is_file(node) {
        return Err(tags(&["path_lookup", "not_file"]));
    }
    let held = state.locks.get(&node).copied();
    let mine = |lock: &Lock| call.who == Who::Member(lock.holder);
    let conflict =
        |lock: &Lock| json!({ ".tag": "lock_conflict", "lock": { "content": lock_content(state, Some(lock)) } });
    match (turn, held) {
        (Turn::Look, _) => return Ok(()),
        (Turn::Unlock, None) => {
            state.did_to("unlocked", node, false);
            return Ok(());
        }
        (Turn::Lock, Some(lock)) if !mine(&lock) => return Err(conflict(&lock)),
        (Turn::Unlock, Some(lock)) if !mine(&lock) && !matches!(call.who, Who::Admin(..)) => {
            return Err(conflict(&lock));
        }
        _ => {}
    }
    if turn == Turn::Lock && !may_write(state, call.who, state.tree.space_of(node)) {
        return Err(tags(&["no_write_permission"]));
    }
    let wanted = (turn == Turn::Lock).then(|| Lock { holder: call.who.person(state), at: call.asked.at });
    match wanted.filter(|_| held.is_none()) {
        Some(lock) => drop(state.locks.insert(node, lock)),
        None if wanted.is_none() => drop(state.locks.remove(&node)),
        None => {}
    }
    let changed = wanted.is_some() != held.is_some();
    if changed {
        tell_lock(state, call, node, wanted.is_some());
        state.tree.touch(node);
    }
    state.did_to(if wanted.is_some() { "locked" } else { "unlocked" }, node, changed);
    Ok(())
}

fn tell_lock(state: &mut State, call: &Call<'_>, node: NodeId, locked: bool) {
    let status = |locked: bool| json!({ ".tag": if locked { "locked" } else { "unlocked" } });
    let mut facts = deeds::about(state, node);
    facts.details = json!({ "previous_value": status(!locked), "new_value": status(locked) });
    let deed = deed(state, call);
    deeds::note(state, deed, "file_locking_lock_status_changed", facts);
}

/// `files/lock_file_batch`, `unlock_file_batch`, `get_file_lock_batch`.
pub(super) fn locks(state: &mut State, call: &Call<'_>, wanted: Turn) -> Reply {
    let mut seen = Vec::new();
    let mut entries = Vec::new();
    for path in call.field("entries").as_array().into_iter().flatten().filter_map(|row| row["path"].as_str()) {
        if seen.contains(&path) {
            continue;
        }
        seen.push(path);
        let found = place::find(state, call, path).map_err(|why| tags(&["path_lookup", why]));
        let done = found.and_then(|node| turn(state, call, node, wanted).map(|()| node));
        entries.push(match done {
            Ok(node) => json!({
                ".tag": "success", "metadata": entry(state, &View::of(call), node),
                "lock": { "content": lock_content(state, state.locks.get(&node)) },
            }),
            Err(error) => json!({ ".tag": "failure", "failure": error }),
        });
    }
    Ok(ok(&json!({ "entries": entries })))
}

/// `files/tags/add`.
pub(super) fn add_tag(state: &mut State, call: &Call<'_>) -> Reply {
    let node = place::need(state, call, call.text("path"))?;
    let set = state.tags.entry(node).or_default();
    if set.len() >= TAGS_MAX && !set.contains(&call.text("tag_text").to_lowercase()) {
        return Err(conflict_tags(&["too_many_tags"]));
    }
    let new = set.insert(call.text("tag_text").to_lowercase());
    state.did_to("label_set", node, new);
    Ok(ok(&Value::Null))
}

/// `files/tags/remove`.
pub(super) fn remove_tag(state: &mut State, call: &Call<'_>) -> Reply {
    let node = place::need(state, call, call.text("path"))?;
    let removed = state.tags.get_mut(&node).is_some_and(|set| set.remove(&call.text("tag_text").to_lowercase()));
    if removed {
        state.did_to("label_gone", node, true);
    }
    if removed { Ok(ok(&Value::Null)) } else { Err(conflict_tags(&["tag_not_present"])) }
}

/// `files/tags/get`.
pub(super) fn get_tags(state: &State, call: &Call<'_>) -> Reply {
    let mut rows = Vec::new();
    for path in call.field("paths").as_array().into_iter().flatten().filter_map(Value::as_str) {
        let node = place::need(state, call, path)?;
        let tag = |text: &String| json!({ ".tag": "user_generated_tag", "tag_text": text });
        let set: Vec<Value> = state.tags.get(&node).into_iter().flatten().map(tag).collect();
        rows.push(json!({ "path": path, "tags": set }));
    }
    Ok(ok(&json!({ "paths_to_tags": rows })))
}

fn hold(state: &State, hold: &Hold) -> Value {
    let members: Vec<&str> = hold.members.iter().map(|&person| state.people.all[person].member.as_str()).collect();
    let mut body = json!({
        "id": hold.id, "name": hold.name, "members": { "team_member_ids": members, "permanently_deleted_users": 0 },
        "status": { ".tag": if hold.released { "released" } else { "active" } }, "start_date": time(hold.start),
    });
    if let Some(description) = &hold.description {
        body["description"] = description.clone().into();
    }
    if let Some(end) = hold.end {
        body["end_date"] = time(end);
    }
    body
}

/// The members that a call names, or the tag of what is wrong with them. An invited member and one who left cannot be held.
fn to_hold(state: &State, given: &Value) -> Result<Vec<usize>, &'static str> {
    let given: Vec<&str> = given.as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    let can = |person: &usize| matches!(state.people.all[*person].status, Status::Active | Status::Suspended);
    let members: Vec<usize> = given.iter().filter_map(|id| state.people.by_member(id)).filter(can).collect();
    if given.is_empty() {
        Err("empty_members_list")
    } else if members.len() < given.len() {
        Err("invalid_members")
    } else if members.len() > HELD_MAX {
        Err("number_of_users_on_hold_is_greater_than_hold_limitation")
    } else {
        Ok(members)
    }
}

fn tell_hold(state: &mut State, call: &Call<'_>, kind: &'static str, number: usize) {
    let hold = &state.holds[number];
    let facts = Facts {
        participants: hold.members.iter().map(|&person| log::user(state, person)).collect(),
        details: json!({ "legal_hold_id": hold.id, "name": hold.name }),
        ..Facts::default()
    };
    log::note(state, call.asked.at, log::actor(state, call.who), kind, facts);
}

/// `team/legal_holds/create_policy`.
pub(super) fn create_hold(state: &mut State, call: &Call<'_>) -> Reply {
    let members = to_hold(state, call.field("members")).map_err(|tag| conflict_tags(&[tag]))?;
    let date = |name: &str| call.field(name).as_str().and_then(Moment::parse);
    let (start, end) = (date("start_date").unwrap_or(call.asked.at), date("end_date"));
    let name = call.text("name").to_owned();
    let wrong = if state.holds.iter().any(|hold| hold.name == name) {
        Some("name_must_be_unique")
    } else if end.is_some_and(|end| end < start) {
        Some("start_date_is_later_than_end_date")
    } else {
        None
    };
    if let Some(tag) = wrong {
        return Err(conflict_tags(&[tag]));
    }
    let id = format!("pid_dbhid:{}", state.mint("hold", 22));
    let description = call.field("description").as_str().map(str::to_owned);
    state.holds.push(Hold { id: id.clone(), name, description, members, start, end, released: false });
    let number = state.holds.len() - 1;
    tell_hold(state, call, "legal_holds_activate_a_hold", number);
    state.did("held", id, true);
    Ok(ok(&hold(state, &state.holds[number])))
}

/// `team/legal_holds/update_policy`.
pub(super) fn update_hold(state: &mut State, call: &Call<'_>) -> Reply {
    let number = by_id(state, call)?;
    if state.holds[number].released {
        return Err(conflict_tags(&["inactive_legal_hold"]));
    }
    let before = state.holds[number].clone();
    let name = call.field("name").as_str().unwrap_or(&before.name).to_owned();
    if state.holds.iter().any(|other| other.id != before.id && other.name == name) {
        return Err(conflict_tags(&["name_must_be_unique"]));
    }
    let members = match call.field("members") {
        Value::Null => before.members.clone(),
        given => to_hold(state, given).map_err(|tag| conflict_tags(&[tag]))?,
    };
    let description = call.field("description").as_str().map(str::to_owned).or_else(|| before.description.clone());
    let others = members != before.members;
    let changed = others || name != before.name || description != before.description;
    state.holds[number] = Hold { name, description, members, ..before };
    if others {
        tell_hold(state, call, "legal_holds_add_members", number);
    }
    let id = state.holds[number].id.clone();
    state.did("held", id, changed);
    Ok(ok(&hold(state, &state.holds[number])))
}

/// `team/legal_holds/list_policies`.
pub(super) fn list_holds(state: &State, call: &Call<'_>) -> Reply {
    let wanted = |row: &&Hold| !row.released || call.flag("include_released");
    let rows: Vec<Value> = state.holds.iter().filter(wanted).map(|row| hold(state, row)).collect();
    Ok(ok(&json!({ "policies": rows })))
}

fn by_id(state: &State, call: &Call<'_>) -> Result<usize, super::reply::Stop> {
    let found = state.holds.iter().position(|hold| hold.id == call.text("id"));
    found.ok_or_else(|| conflict(&tags(&["legal_hold_policy_not_found"])))
}

/// `team/legal_holds/get_policy`.
pub(super) fn get_hold(state: &State, call: &Call<'_>) -> Reply {
    let number = by_id(state, call)?;
    Ok(ok(&hold(state, &state.holds[number])))
}

/// `team/legal_holds/release_policy`.
pub(super) fn release_hold(state: &mut State, call: &Call<'_>) -> Reply {
    let number = by_id(state, call)?;
    if state.holds[number].released {
        return Err(conflict_tags(&["legal_hold_already_releasing"]));
    }
    state.holds[number].released = true;
    tell_hold(state, call, "legal_holds_release_a_hold", number);
    let id = state.holds[number].id.clone();
    state.did("hold_gone", id, true);
    Ok(ok(&Value::Null))
}

/// The active holds that reach into a namespace: those of whoever owns it.
fn holds_in(state: &State, space: SpaceId) -> Vec<usize> {
    let Some(owner) = super::relocate::owner(state, space) else {
        return Vec::new();
    };
    let active = |number: &usize| {
        let hold = &state.holds[*number];
        !hold.released && hold.members.contains(&owner) && hold.end.is_none_or(|end| end >= state.now)
    };
    (0..state.holds.len()).filter(active).collect()
}

/// The active holds that keep a file or folder, deleted or not, also where it was moved to.
pub(super) fn holds_on(state: &State, node: NodeId) -> Vec<usize> {
    let mut found = holds_in(state, state.tree.space_of(node));
    let elsewhere = state.held_elsewhere.iter().filter(|(hold, kept)| *kept == node && !state.holds[*hold].released);
    found.extend(elsewhere.map(|(hold, _)| *hold));
    found.sort_unstable();
    found.dedup();
    found
}

/// Before something is moved into another namespace: what is held stays so there.
pub(super) fn keep_held(state: &mut State, node: NodeId, to: SpaceId) {
    let from = state.tree.space_of(node);
    if from == to {
        return;
    }
    for hold in holds_in(state, from) {
        let below = state.tree.below(node);
        state.held_elsewhere.extend(below.into_iter().map(|node| (hold, node)));
    }
}

/// Every file that a hold keeps, deleted ones among them.
fn held_files(state: &State, number: usize) -> Vec<NodeId> {
    let mut found = Vec::new();
    for space in state.tree.all_spaces().filter(|space| holds_in(state, *space).contains(&number)) {
        found.extend(state.tree.below(state.tree.space(space).root));
        let gone = state.tree.space(space).journal.iter().filter_map(|change| match change {
            Change::Gone(gone) if !state.tree.alive(gone.node) => Some(gone.node),
            _ => None,
        });
        found.extend(gone);
    }
    found.extend(state.held_elsewhere.iter().filter(|(hold, _)| *hold == number).map(|(_, node)| *node));
    found.sort_unstable();
    found.dedup();
    found.retain(|node| state.tree.is_file(*node));
    found
}

fn revision(state: &State, node: NodeId, version: &super::state::file::Version) -> Value {
    let author = &state.people.all[version.by];
    let name = state.tree.name(node);
    json!({
        "new_filename": name, "original_revision_id": version.rev_text(),
        "original_file_path": state.tree.path(node), "server_modified": time(version.at),
        "author_member_id": author.member, "author_member_status": { ".tag": author.status.tag().unwrap_or("active") },
        "author_email": author.email, "file_type": name.rsplit_once('.').map_or("", |(_, ending)| ending),
        "size": version.body.len(), "content_hash": crate::emulator::hex(&version.hash),
    })
}

fn held_page(state: &State, call: &Call<'_>, row: Row) -> Reply {
    let number = by_id(state, call)?;
    if state.holds[number].released {
        return Err(conflict_tags(&["inactive_legal_hold"]));
    }
    let all: Vec<(NodeId, usize)> = held_files(state, number)
        .into_iter()
        .flat_map(|node| (0..state.tree.versions(node).len()).map(move |version| (node, version)))
        .collect();
    if all.is_empty() {
        return Err(conflict_tags(&["legal_hold_still_empty"]));
    }
    let (rows, cursor, more) = row.page(state, "held", &all);
    let one = |(node, version): (NodeId, usize)| revision(state, node, &state.tree.versions(node)[version]);
    let mut body = json!({ "entries": rows.into_iter().map(one).collect::<Vec<_>>(), "has_more": more });
    if more {
        body["cursor"] = cursor.into();
    }
    Ok(ok(&body))
}

/// `team/legal_holds/list_held_revisions`: every version in the namespaces of the members, also of what they deleted.
pub(super) fn held(state: &State, call: &Call<'_>) -> Reply {
    held_page(state, call, Row::first(call, REVISIONS_A_PAGE, ""))
}

/// `team/legal_holds/list_held_revisions_continue`.
pub(super) fn held_more(state: &State, call: &Call<'_>) -> Reply {
    let row: Option<Row> = cursor::read(state, "held", call.text("cursor"));
    held_page(state, call, row.ok_or_else(|| conflict_tags(&["reset"]))?)
}
