//! Deeds of people: the script's paths, found in the tenant, and what is done there.

use super::super::edit::Edit;
use super::deeds::{self, Deed};
use super::log::Actor;
use super::place;
use super::state::State;
use super::state::sharing::{Audience, Role, Whom};
use super::state::tree::{Kind, NodeId, SpaceKind};
use crate::clock::Moment;

/// Does one deed.
pub(super) fn play(state: &mut State, at: Moment, edit: &Edit) -> Result<(), String> {
    let doer = |state: &State, key: &str| {
        state.people.by_key(key).map(|by| Deed { at, by }).ok_or_else(|| format!("nobody is called {key}"))
    };
    match edit {
        Edit::Write { by, path, body } => {
            let deed = doer(state, by)?;
            if let Ok(node) = find(state, path) {
                if !state.tree.is_file(node) {
                    return Err(format!("a folder is at {}", path.join("/")));
                }
                deeds::edit(state, deed, node, body.clone());
                return Ok(());
            }
            let (folder, name) = parent(state, path)?;
            deeds::add(state, deed, folder, &name, body.clone());
        }
        Edit::Move { by, from, to } => {
            let (deed, node) = (doer(state, by)?, find(state, from)?);
            let (folder, name) = parent(state, to)?;
            if state.tree.is_within(folder, node) || state.tree.child(folder, &name).is_some_and(|there| there != node)
            {
                return Err(format!("nothing can move to {}", to.join("/")));
            }
            deeds::relocate(state, deed, node, folder, &name);
        }
        Edit::Delete { by, path } => {
            let (deed, node) = (doer(state, by)?, find(state, path)?);
            deeds::delete(state, deed, node);
        }
        Edit::Link { by, path, audience } => {
            let (deed, node) = (doer(state, by)?, find(state, path)?);
            link(state, deed, node, *audience)?;
        }
        Edit::Invite { by, path, whom } => {
            let (deed, node) = (doer(state, by)?, find(state, path)?);
            invite(state, deed, node, whom)?;
        }
        Edit::Expire { by, path, after } => {
            let (deed, node) = (doer(state, by)?, find(state, path)?);
            let link = state.links.iter().position(|link| link.node == node).ok_or("there is no link")?;
            deeds::expire(state, deed, link, after.map(|after| at.plus(after)));
        }
        Edit::Label { .. } => return Err("there are no labels here".into()),
        Edit::Join { by, .. }
        | Edit::Leave { by, .. }
        | Edit::Suspend { by, .. }
        | Edit::Resume { by, .. }
        | Edit::Depart { by, .. } => {
            let deed = doer(state, by)?;
            super::standing::play(state, deed, edit)?;
        }
        Edit::View { by, path } => {
            let node = find(state, path)?;
            let actor = match by {
                Some(key) => Actor::Person(doer(state, key)?.by),
                None => Actor::Visitor,
            };
            deeds::view(state, at, actor, node);
        }
    }
    Ok(())
}

/// The root a path begins at: a person's home, or the company's team folder.
fn root<'a>(state: &State, path: &'a [String]) -> Result<(NodeId, &'a [String]), String> {
    let (first, rest) = path.split_first().ok_or("an empty path")?;
    let space = match state.people.by_key(first) {
        Some(person) => Some(super::gate::home(state, person)),
        None => {
            state.tree.all_spaces().find(|space| first == "team" && state.tree.space(*space).kind == SpaceKind::Team)
        }
    };
    let space = space.ok_or_else(|| format!("nobody is called {first}"))?;
    Ok((state.tree.space(space).root, rest))
}

fn find(state: &State, path: &[String]) -> Result<NodeId, String> {
    let (mut here, rest) = root(state, path)?;
    for name in rest {
        let there = state.tree.child(place::inside(state, here), name);
        here = there.ok_or_else(|| format!("nothing is at {}", path.join("/")))?;
    }
    Ok(here)
}

/// The folder a path lies in, made as needed, and its last name.
fn parent(state: &mut State, path: &[String]) -> Result<(NodeId, String), String> {
    let (mut here, rest) = root(state, path)?;
    let (name, folders) = rest.split_last().ok_or("a path without a name")?;
    for folder in folders {
        let inside = place::inside(state, here);
        here = state.tree.folder(inside, folder).ok_or_else(|| format!("a file is above {}", path.join("/")))?;
    }
    Ok((place::inside(state, here), name.clone()))
}

fn link(state: &mut State, deed: Deed, node: NodeId, audience: Option<&str>) -> Result<(), String> {
    let there = state.links.iter().position(|link| link.node == node);
    let Some(audience) = audience else {
        if let Some(number) = there {
            deeds::unlink(state, deed, number);
        }
        return Ok(());
    };
    let audience = match audience {
        "public" => Audience::Public,
        "company" => Audience::Team,
        "members" => Audience::NoOne,
        other => return Err(format!("no audience is called {other}")),
    };
    match there {
        Some(number) if state.links[number].audience == audience => {}
        Some(number) => deeds::widen(state, deed, number, audience),
        None => drop(deeds::link(state, deed, node, audience)),
    }
    Ok(())
}

/// To a file: a member of its own. To a folder: it becomes a shared folder first, unless it lies in one, whose member the
/// invited one then becomes.
fn invite(state: &mut State, deed: Deed, node: NodeId, whom: &str) -> Result<(), String> {
    let whom = match whom.strip_prefix("group:") {
        Some(name) => {
            let group = state.people.groups.iter().position(|group| group.name == name);
            Whom::Group(group.ok_or_else(|| format!("no group is called {name}"))?)
        }
        None if whom.contains('@') => {
            state.people.by_email(whom).map_or_else(|| Whom::Invitee(whom.to_lowercase()), Whom::Person)
        }
        None => Whom::Person(state.people.by_key(whom).ok_or_else(|| format!("nobody is called {whom}"))?),
    };
    if state.tree.is_file(node) {
        deeds::invite_to_file(state, deed, node, whom, Role::Viewer);
        return Ok(());
    }
    let space = match state.tree.kind(node) {
        Kind::Mount(space) => *space,
        _ => match state.tree.space(state.tree.space_of(node)).kind {
            SpaceKind::Shared | SpaceKind::Team => state.tree.space_of(node),
            _ if state.tree.parent(node).is_none() => return Err("a home cannot be shared".into()),
            _ if super::spot::holds_mount(state, node) => {
                return Err("a folder with shared folders cannot be shared".into());
            }
            _ => deeds::share(state, deed, node),
        },
    };
    deeds::invite(state, deed, space, whom, Role::Editor);
    Ok(())
}
