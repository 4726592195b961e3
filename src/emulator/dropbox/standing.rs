//! Members' standing, as an admin changes it: groups joined and left, suspension, leaving the team.

use super::deeds::{self, Deed};
use super::hooks;
use super::log::{self, Actor, Facts};
use super::state::State;
use super::state::people::Status;
use super::state::sharing::Whom;
use super::state::tree::SpaceId;
use crate::emulator::edit::Edit;
use serde_json::json;

/// Plays what changes a member's standing.
pub(super) fn play(state: &mut State, deed: Deed, edit: &Edit) -> Result<(), String> {
    match edit {
        Edit::Join { group, whom, .. } => join(state, deed, named(state, group)?, member(state, whom)?),
        Edit::Leave { group, whom, .. } => leave(state, deed, named(state, group)?, member(state, whom)?),
        Edit::Suspend { whom, .. } => stand(state, deed, member(state, whom)?, Status::Active, Status::Suspended),
        Edit::Resume { whom, .. } => stand(state, deed, member(state, whom)?, Status::Suspended, Status::Active),
        Edit::Depart { whom, .. } => depart(state, deed, member(state, whom)?),
        _ => Err("nobody's standing".into()),
    }
}

/// A group of ours.
fn named(state: &State, name: &str) -> Result<usize, String> {
    let found = state.people.groups.iter().position(|group| group.ours && group.name == name);
    found.ok_or_else(|| format!("no group is called {name}"))
}

fn member(state: &State, key: &str) -> Result<usize, String> {
    let found = state.people.by_key(key).filter(|person| state.people.ours(*person));
    found.ok_or_else(|| format!("{key} is no member"))
}

fn note(state: &mut State, deed: Deed, kind: &'static str, person: usize, details: serde_json::Value) {
    let facts = Facts { participants: vec![log::user(state, person)], details, ..Facts::default() };
    log::note(state, deed.at, Actor::Person(deed.by), kind, facts);
}

fn join(state: &mut State, deed: Deed, group: usize, person: usize) -> Result<(), String> {
    if state.people.groups[group].members.contains(&person) {
        return Err("a member already".into());
    }
    state.people.groups[group].members.push(person);
    note(state, deed, "group_add_member", person, json!({ "is_group_owner": false }));
    for space in shared_with(state, group) {
        let home = super::gate::home(state, person);
        if !state.tree.space(space).mounts.iter().any(|mount| state.tree.space_of(*mount) == home) {
            super::fill::mount(state, space, person);
            hooks::changed(state, home);
        }
    }
    Ok(())
}

fn leave(state: &mut State, deed: Deed, group: usize, person: usize) -> Result<(), String> {
    if !state.people.groups[group].members.contains(&person) {
        return Err("no member".into());
    }
    state.people.groups[group].members.retain(|member| *member != person);
    note(state, deed, "group_remove_member", person, json!({}));
    for space in shared_with(state, group) {
        deeds::unmount_unseen(state, deed, space, person);
    }
    Ok(())
}

/// Namespaces that a group is a member of.
fn shared_with(state: &State, group: usize) -> Vec<SpaceId> {
    let is_in = |space: &SpaceId| {
        let sharing = state.tree.space(*space).sharing.as_ref();
        sharing.is_some_and(|sharing| sharing.shares.iter().any(|share| share.whom == Whom::Group(group)))
    };
    state.tree.all_spaces().filter(is_in).collect()
}

fn stand(state: &mut State, deed: Deed, person: usize, from: Status, to: Status) -> Result<(), String> {
    if state.people.all[person].status != from || state.people.all[person].admin {
        return Err(format!("no member who is {from:?}, or an admin"));
    }
    state.people.all[person].status = to;
    told(state, deed, person, from, to);
    Ok(())
}

fn told(state: &mut State, deed: Deed, person: usize, from: Status, to: Status) {
    let details = json!({ "previous_value": { ".tag": from.tag() }, "new_value": { ".tag": to.tag() } });
    note(state, deed, "member_change_status", person, details);
}

/// The member is removed: out of all groups and shares, the home listed no more.
fn depart(state: &mut State, deed: Deed, person: usize) -> Result<(), String> {
    let from = state.people.all[person].status;
    if !matches!(from, Status::Active | Status::Suspended) || state.people.all[person].admin {
        return Err("no member, or an admin".into());
    }
    for group in 0..state.people.groups.len() {
        let _ = leave(state, deed, group, person);
    }
    let whom = Whom::Person(person);
    let spaces: Vec<SpaceId> = state.tree.all_spaces().filter(|space| !owns(state, *space, person)).collect();
    for space in spaces {
        let sharing = state.tree.space(space).sharing.as_ref();
        if sharing.is_some_and(|sharing| sharing.shares.iter().any(|share| share.whom == whom)) {
            deeds::expel(state, deed, space, &whom, false);
        }
    }
    for shares in state.file_members.values_mut() {
        shares.retain(|share| share.whom != whom);
    }
    state.people.all[person].status = Status::Removed;
    told(state, deed, person, from, Status::Removed);
    Ok(())
}

fn owns(state: &State, space: SpaceId, person: usize) -> bool {
    deeds::owner(state, space) == Some(person)
}
