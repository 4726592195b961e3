//! What a change leaves behind, whoever made it, a caller or a person of a script: the log's event, the notice.

use super::gate::Who;
use super::hooks;
use super::log::{self, Actor, Facts};
use super::metadata::time;
use super::place;
use super::state::State;
use super::state::sharing::{Audience, Link, Role, Share, Sharing, Whom};
use super::state::tree::{Kind, NodeId, SpaceId, SpaceKind};
use crate::clock::Moment;
use serde_json::{Value, json};
use std::sync::Arc;

/// When and by whom.
#[derive(Clone, Copy, Debug)]
pub(super) struct Deed {
    pub(super) at: Moment,
    pub(super) by: usize,
}

/// In a route of the team the app itself has done it.
pub(super) fn note(state: &mut State, deed: Deed, kind: &'static str, facts: Facts) {
    let of_app = state.carrier.as_ref().is_some_and(|carrier| carrier.who == Who::Team);
    let actor = if of_app { Actor::App } else { Actor::Person(deed.by) };
    log::note(state, deed.at, actor, kind, facts);
}

pub(super) fn about(state: &State, node: NodeId) -> Facts {
    Facts { assets: vec![log::asset(state, node)], ..Facts::default() }
}

fn changed(state: &mut State, node: NodeId) {
    let space = state.tree.space_of(node);
    hooks::changed(state, space);
}

/// A new file.
pub(super) fn add(state: &mut State, deed: Deed, parent: NodeId, name: &str, body: Arc<[u8]>) -> NodeId {
    let node = state.tree.add_file(parent, name, body, deed.at, deed.by);
    let facts = about(state, node);
    note(state, deed, "file_add", facts);
    changed(state, node);
    state.did_to("file_made", node, true);
    node
}

/// A new version.
pub(super) fn edit(state: &mut State, deed: Deed, node: NodeId, body: Arc<[u8]>) {
    state.tree.write(node, body, deed.at, deed.by);
    let facts = about(state, node);
    note(state, deed, "file_edit", facts);
    changed(state, node);
    state.did_to("version_made", node, true);
}

fn relocation(before: Value, after: Value) -> Facts {
    let details = json!({ "relocate_action_details": [{ "src_asset_index": 0, "dest_asset_index": 1 }] });
    Facts { assets: vec![before, after], details, ..Facts::default() }
}

/// A move or a new name.
pub(super) fn relocate(state: &mut State, deed: Deed, node: NodeId, parent: NodeId, name: &str) {
    let (before, from) = (log::moved_asset(state, node), state.tree.space_of(node));
    let renamed = state.tree.parent(node) == Some(parent);
    super::marks::keep_held(state, node, state.tree.space_of(parent));
    state.tree.relocate(node, parent, name, deed.at);
    let after = log::moved_asset(state, node);
    note(state, deed, if renamed { "file_rename" } else { "file_move" }, relocation(before, after));
    hooks::changed(state, from);
    if state.tree.space_of(node) != from {
        changed(state, node);
    }
    state.did_to("moved", node, true);
}

/// A copy.
pub(super) fn copy(state: &mut State, deed: Deed, node: NodeId, parent: NodeId, name: &str, saved: bool) -> NodeId {
    let before = log::asset(state, node);
    let made = state.tree.copy(node, parent, name, deed.at, deed.by);
    let after = log::asset(state, made);
    note(state, deed, if saved { "file_save_copy_reference" } else { "file_copy" }, relocation(before, after));
    changed(state, made);
    state.did_to("copied", made, true);
    made
}

/// To the deleted files. A mounted namespace is only taken out of the member's home.
pub(super) fn delete(state: &mut State, deed: Deed, node: NodeId) {
    let facts = about(state, node);
    let space = state.tree.space_of(node);
    state.tree.delete(node, deed.at);
    note(state, deed, "file_delete", facts);
    hooks::changed(state, space);
    state.did_to("trashed", node, true);
}

/// A deleted file, or an earlier version of one, comes back.
pub(super) fn restore(state: &mut State, deed: Deed, node: NodeId, (parent, name): (NodeId, &str), body: Arc<[u8]>) {
    let gone = !state.tree.alive(node);
    if gone {
        state.tree.revive(node, parent, name);
    }
    state.tree.write(node, body, deed.at, deed.by);
    let facts = about(state, node);
    note(state, deed, "file_restore", facts);
    changed(state, node);
    state.did_to(if gone { "untrashed" } else { "version_made" }, node, true);
}

/// A new link.
pub(super) fn link(state: &mut State, deed: Deed, node: NodeId, audience: Audience) -> usize {
    let key = state.mint("link", 43).replace(['-', '_'], "x").to_lowercase();
    let (password, expires) = (None, None);
    state.links.push(Link { key, node, owner: deed.by, audience, password, expires, allow_download: true });
    let mut facts = about(state, node);
    facts.details = json!({ "shared_link_access_level": { ".tag": "reader" } });
    note(state, deed, "shared_link_create", facts);
    state.did_to("link_made", node, true);
    state.links.len() - 1
}

/// Another audience of a link.
pub(super) fn widen(state: &mut State, deed: Deed, link: usize, audience: Audience) {
    let (before, node) = (state.links[link].audience, state.links[link].node);
    state.links[link].audience = audience;
    let mut facts = about(state, node);
    facts.details = json!({
        "shared_content_access_level": { ".tag": "viewer" }, "new_value": { ".tag": audience.tag() },
        "previous_value": { ".tag": before.tag() },
    });
    note(state, deed, "shared_link_settings_change_audience", facts);
}

/// Another end of a link.
pub(super) fn expire(state: &mut State, deed: Deed, link: usize, expires: Option<Moment>) {
    let node = state.links[link].node;
    let before = std::mem::replace(&mut state.links[link].expires, expires);
    let mut facts = about(state, node);
    facts.details = json!({ "shared_content_access_level": { ".tag": "viewer" } });
    let kind = match (before, expires) {
        (None, Some(_)) => "shared_link_settings_add_expiration",
        (Some(_), None) => "shared_link_settings_remove_expiration",
        _ => "shared_link_settings_change_expiration",
    };
    if let Some(at) = expires {
        facts.details["new_value"] = time(at);
    }
    note(state, deed, kind, facts);
}

/// Another password of a link, or none.
pub(super) fn lock_link(state: &mut State, deed: Deed, link: usize, password: Option<String>) {
    let node = state.links[link].node;
    let now = password.is_some();
    let before = std::mem::replace(&mut state.links[link].password, password);
    let kind = match (before.is_some(), now) {
        (false, false) => return,
        (false, true) => "shared_link_settings_add_password",
        (true, true) => "shared_link_settings_change_password",
        (true, false) => "shared_link_settings_remove_password",
    };
    let facts = about(state, node);
    note(state, deed, kind, facts);
}

/// A link lets its visitors download, or no more.
pub(super) fn allow_download(state: &mut State, deed: Deed, link: usize, allow: bool) {
    if std::mem::replace(&mut state.links[link].allow_download, allow) == allow {
        return;
    }
    let facts = about(state, state.links[link].node);
    let kind = if allow {
        "shared_link_settings_allow_download_enabled"
    } else {
        "shared_link_settings_allow_download_disabled"
    };
    note(state, deed, kind, facts);
}

/// No link any more.
pub(super) fn unlink(state: &mut State, deed: Deed, link: usize) {
    let gone = state.links.remove(link);
    let mut facts = about(state, gone.node);
    facts.details = json!({ "shared_link_owner": log::user(state, gone.owner) });
    note(state, deed, "shared_link_disable", facts);
    state.did_to("link_gone", gone.node, true);
}

/// A folder becomes a shared one; gives its namespace.
pub(super) fn share(state: &mut State, deed: Deed, folder: NodeId) -> SpaceId {
    let owner = match state.tree.space(state.tree.space_of(folder)).kind {
        SpaceKind::Home(owner) | SpaceKind::App(owner) => Some(owner),
        _ => None,
    };
    let space = state.tree.split_off(folder, deed.at);
    state.tree.space_mut(space).sharing = Some(Sharing::of(owner, deed.at));
    state.tree.space_mut(space).ours = owner.is_none_or(|owner| state.people.ours(owner));
    let mut facts = about(state, folder);
    facts.details = json!({ "target_ns_id": state.tree.space(space).id });
    note(state, deed, "shared_folder_create", facts);
    changed(state, folder);
    hooks::changed(state, space);
    state.did_in("member_made", space, true);
    space
}

/// A shared folder becomes a plain one of its owner's again.
pub(super) fn unshare(state: &mut State, deed: Deed, space: SpaceId) {
    let mounts = state.tree.space(space).mounts.clone();
    let owner = owner(state, space);
    let home = owner.map(|owner| super::gate::home(state, owner));
    state.did_in("member_gone", space, state.tree.space(space).alive);
    let own = mounts.iter().copied().find(|mount| Some(state.tree.space_of(*mount)) == home);
    hooks::changed(state, space);
    if let Some(mount) = own {
        let facts = about(state, mount);
        state.tree.join_back(space, mount, deed.at);
        note(state, deed, "shared_content_unshare", facts);
        changed(state, mount);
    }
}

/// A team folder is put away: nobody sees it any more, its content stays.
pub(super) fn archive(state: &mut State, at: Moment, space: SpaceId) {
    for mount in state.tree.space(space).mounts.clone() {
        let home = state.tree.space_of(mount);
        state.tree.delete(mount, at);
        hooks::changed(state, home);
    }
    state.tree.space_mut(space).archived = true;
}

/// The owner of a shared folder.
pub(super) fn owner(state: &State, space: SpaceId) -> Option<usize> {
    let sharing = state.tree.space(space).sharing.as_ref()?;
    sharing.shares.iter().find_map(|share| match share {
        Share { whom: Whom::Person(person), role: Role::Owner } => Some(*person),
        _ => None,
    })
}

fn invitation(state: &State, node: NodeId, whom: &Whom, role: Role) -> (&'static str, Facts) {
    let mut facts = about(state, node);
    facts.details = json!({ "shared_content_access_level": { ".tag": role.tag() } });
    match whom {
        Whom::Person(person) => {
            facts.participants.push(log::user(state, *person));
            facts.outside = !state.people.ours(*person);
        }
        Whom::Group(group) => facts.outside = !state.people.groups[*group].ours,
        Whom::Invitee(email) => {
            facts.details["invitees"] = json!([email]);
            facts.outside = true;
            return ("shared_content_add_invitees", facts);
        }
    }
    ("shared_content_add_member", facts)
}

/// A new member of a shared folder, or another role of an old one. People of the team see it in their homes at once.
pub(super) fn invite(state: &mut State, deed: Deed, space: SpaceId, whom: Whom, role: Role) {
    let Some(sharing) = state.tree.space_mut(space).sharing.as_mut() else {
        return;
    };
    if let Some(old) = sharing.shares.iter_mut().find(|share| share.whom == whom) {
        let before = old.role;
        if before != Role::Owner {
            old.role = role;
        }
        change_role(state, deed, state.tree.space(space).root, &whom, (before, role));
        state.did_in("member_set", space, before != role);
        return;
    }
    sharing.shares.push(Share { whom: whom.clone(), role });
    state.did_in("member_made", space, true);
    let (kind, facts) = invitation(state, state.tree.space(space).root, &whom, role);
    note(state, deed, kind, facts);
    for person in people_of(state, &whom) {
        let home = super::gate::home(state, person);
        let shown = state.tree.space(space).mounts.iter().any(|mount| state.tree.space_of(*mount) == home);
        if !shown {
            super::fill::mount(state, space, person);
            hooks::changed(state, home);
        }
    }
    hooks::changed(state, space);
}

fn change_role(state: &mut State, deed: Deed, node: NodeId, whom: &Whom, (before, role): (Role, Role)) {
    if before == role || before == Role::Owner {
        return;
    }
    let (_, mut facts) = invitation(state, node, whom, role);
    facts.details =
        json!({ "previous_access_level": { ".tag": before.tag() }, "new_access_level": { ".tag": role.tag() } });
    note(state, deed, "shared_content_change_member_role", facts);
}

/// The people of the team that a share names.
fn people_of(state: &State, whom: &Whom) -> Vec<usize> {
    let people = match whom {
        Whom::Person(person) => vec![*person],
        Whom::Group(group) => state.people.groups[*group].members.clone(),
        Whom::Invitee(_) => Vec::new(),
    };
    people.into_iter().filter(|&person| state.people.ours(person)).collect()
}

/// Takes a member off a shared folder, or lets them leave; whoever sees it by nothing else loses sight of it.
pub(super) fn expel(state: &mut State, deed: Deed, space: SpaceId, whom: &Whom, leaves: bool) {
    let Some(sharing) = state.tree.space_mut(space).sharing.as_mut() else {
        return;
    };
    let before = sharing.shares.len();
    sharing.shares.retain(|share| share.whom != *whom);
    let found = sharing.shares.len() < before;
    state.did_in("member_gone", space, found);
    if !found {
        return;
    }
    let mut facts = about(state, state.tree.space(space).root);
    if let Whom::Person(person) = whom {
        facts.participants.push(log::user(state, *person));
    }
    let kind = if leaves { "shared_content_relinquish_membership" } else { "shared_content_remove_member" };
    note(state, deed, kind, facts);
    for person in people_of(state, whom) {
        unmount_unseen(state, deed, space, person);
    }
    hooks::changed(state, space);
}

/// Takes a namespace out of the home of somebody who may not see it any more.
pub(super) fn unmount_unseen(state: &mut State, deed: Deed, space: SpaceId, person: usize) {
    if super::access::role_in(state, space, person).is_some() {
        return;
    }
    let home = super::gate::home(state, person);
    let mounts = state.tree.space(space).mounts.clone();
    for mount in mounts.into_iter().filter(|mount| state.tree.space_of(*mount) == home).collect::<Vec<_>>() {
        state.tree.delete(mount, deed.at);
        hooks::changed(state, home);
    }
}

/// A member of a file's own, or another role of an old one.
pub(super) fn invite_to_file(state: &mut State, deed: Deed, file: NodeId, whom: Whom, role: Role) {
    let shares = state.file_members.entry(file).or_default();
    let before = match shares.iter_mut().find(|share| share.whom == whom) {
        Some(old) => Some(std::mem::replace(&mut old.role, role)),
        None => {
            shares.push(Share { whom: whom.clone(), role });
            None
        }
    };
    if let Some(before) = before {
        change_role(state, deed, file, &whom, (before, role));
        state.did_to("member_set", file, before != role);
    } else {
        let (kind, facts) = invitation(state, file, &whom, role);
        note(state, deed, kind, facts);
        state.did_to("member_made", file, true);
    }
    state.tree.touch(file);
    changed(state, file);
}

/// Takes a file's own members off it: one, or all.
pub(super) fn expel_from_file(state: &mut State, deed: Deed, file: NodeId, whom: Option<&Whom>) {
    let mut found = false;
    if let Some(shares) = state.file_members.get_mut(&file) {
        let before = shares.len();
        shares.retain(|share| whom.is_some_and(|whom| share.whom != *whom));
        found = shares.len() < before;
    }
    state.did_to("member_gone", file, found);
    if !found {
        return;
    }
    let facts = about(state, file);
    note(state, deed, if whom.is_some() { "shared_content_remove_member" } else { "shared_content_unshare" }, facts);
    state.tree.touch(file);
    changed(state, file);
}

/// A copy of a shared folder's content in the home of a member who is to lose it.
pub(super) fn leave_a_copy(state: &mut State, deed: Deed, space: SpaceId, person: usize) {
    if !state.people.ours(person) {
        return;
    }
    let (root, home) = (state.tree.space(space).root, super::gate::home(state, person));
    let parent = state.tree.space(home).root;
    let name = super::fill::free_name(state, parent, &state.tree.space(space).name.clone());
    copy(state, deed, root, parent, &name, false);
}

/// A former member's files go into a folder of their successor's home.
pub(super) fn hand_over(state: &mut State, deed: Deed, from: usize, to: usize) {
    state.handed_over.insert(from);
    let (old, new) = (super::gate::home(state, from), super::gate::home(state, to));
    let parent = state.tree.space(new).root;
    let name = super::fill::free_name(state, parent, state.people.all[from].name);
    let folder = state.tree.add(parent, &name, Kind::Folder(Vec::new()));
    for child in state.tree.children(state.tree.space(old).root).to_vec() {
        if matches!(state.tree.kind(child), Kind::Mount(_)) {
            continue;
        }
        let name = state.tree.name(child);
        super::marks::keep_held(state, child, new);
        state.tree.relocate(child, folder, &name, deed.at);
    }
    let participants = vec![log::user(state, from), log::user(state, to)];
    note(state, deed, "member_transfer_account_contents", Facts { participants, ..Facts::default() });
    hooks::changed(state, new);
    state.did_about("moved", from, true);
}

/// A look at a file.
pub(super) fn view(state: &mut State, at: Moment, actor: Actor, node: NodeId) {
    let mut facts = about(state, place::inside(state, node));
    let kind = match actor {
        Actor::Person(_) | Actor::App => "file_preview",
        Actor::Visitor => "shared_link_view",
    };
    if actor == Actor::Visitor {
        facts.details = json!({});
    }
    log::note(state, at, actor, kind, facts);
}
