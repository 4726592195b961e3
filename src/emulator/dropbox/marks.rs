//! What hangs on files without changing them: locks, tags, legal holds.

use super::gate::{Call, Who, may_write};
use super::metadata::{View, entry, time};
use super::place;
use super::reply::{Reply, conflict, conflict_tags, ok, tags};
use super::state::tree::NodeId;
use super::state::{Hold, Lock, State};
use crate::clock::Moment;
use serde_json::{Value, json};

/// Tags on one file.
const TAGS_MAX: usize = 20;

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
        (Turn::Look, _) | (Turn::Unlock, None) => return Ok(()),
        (Turn::Lock, Some(lock)) if !mine(&lock) => return Err(conflict(&lock)),
        (Turn::Unlock, Some(lock)) if !mine(&lock) && !matches!(call.who, Who::Admin(..)) => {
            return Err(conflict(&lock));
        }
        _ => {}
    }
    if turn == Turn::Lock && !may_write(state, call.who, state.tree.space_of(node)) {
        return Err(tags(&["no_write_permission"]));
    }
    match turn {
        Turn::Lock => drop(state.locks.insert(node, Lock { holder: call.who.person(state), at: call.asked.at })),
        _ => drop(state.locks.remove(&node)),
    }
    state.tree.touch(node);
    Ok(())
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
    set.insert(call.text("tag_text").to_lowercase());
    Ok(ok(&Value::Null))
}

/// `files/tags/remove`.
pub(super) fn remove_tag(state: &mut State, call: &Call<'_>) -> Reply {
    let node = place::need(state, call, call.text("path"))?;
    let removed = state.tags.get_mut(&node).is_some_and(|set| set.remove(&call.text("tag_text").to_lowercase()));
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

/// `team/legal_holds/create_policy`.
pub(super) fn create_hold(state: &mut State, call: &Call<'_>) -> Reply {
    let given: Vec<&str> = call.field("members").as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    let members: Vec<usize> = given.iter().filter_map(|id| state.people.by_member(id)).collect();
    let date = |name: &str| call.field(name).as_str().and_then(Moment::parse);
    let (start, end) = (date("start_date").unwrap_or(call.asked.at), date("end_date"));
    let name = call.text("name").to_owned();
    let wrong = if given.is_empty() {
        Some("empty_members_list")
    } else if members.len() < given.len() {
        Some("invalid_members")
    } else if state.holds.iter().any(|hold| hold.name == name) {
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
    let made = Hold { id, name, description, members, start, end, released: false };
    let body = hold(state, &made);
    state.holds.push(made);
    Ok(ok(&body))
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
    Ok(ok(&Value::Null))
}

/// `team/legal_holds/list_held_revisions`: every version in the homes of the members.
pub(super) fn held(state: &State, call: &Call<'_>) -> Reply {
    let number = by_id(state, call)?;
    let hold = &state.holds[number];
    if hold.released {
        return Err(conflict_tags(&["inactive_legal_hold"]));
    }
    let mut entries = Vec::new();
    for &person in &hold.members {
        let root = state.tree.space(super::gate::home(state, person)).root;
        for node in state.tree.below(root) {
            for version in state.tree.versions(node) {
                let author = &state.people.all[version.by];
                let name = state.tree.name(node);
                entries.push(json!({
                    "new_filename": name, "original_revision_id": version.rev_text(),
                    "original_file_path": state.tree.path(node), "server_modified": time(version.at),
                    "author_member_id": author.member, "author_member_status": { ".tag": author.status.tag().unwrap_or("active") },
                    "author_email": author.email, "file_type": name.rsplit_once('.').map_or("", |(_, ending)| ending),
                    "size": version.body.len(), "content_hash": crate::emulator::hex(&version.hash),
                }));
            }
        }
    }
    Ok(ok(&json!({ "entries": entries, "has_more": false })))
}
