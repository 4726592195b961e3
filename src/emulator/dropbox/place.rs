//! Finding things by path, id or revision, and writing paths as the caller's root sees them.

use super::access;
use super::gate::{Call, Who, reaches};
use super::reply::{Stop, conflict_tags};
use super::state::State;
use super::state::tree::{Kind, NodeId, SpaceId};

/// Why nothing was found: tags of `LookupError`.
pub(super) type Lookup = &'static str;

/// Finds what a `ReadPath` names: `""`, `/a/b`, `id:`, `rev:` or `ns:`.
pub(super) fn find(state: &State, call: &Call<'_>, path: &str) -> Result<NodeId, Lookup> {
    if path.starts_with("id:") {
        let node = state.tree.by_id(path).filter(|node| state.tree.alive(*node)).ok_or("not_found")?;
        return if may_see(state, call.who, node) { Ok(node) } else { Err("not_found") };
    }
    if let Some(rev) = path.strip_prefix("rev:") {
        let node = state.tree.by_rev(rev).ok_or("not_found")?;
        return if may_see(state, call.who, node) { Ok(node) } else { Err("not_found") };
    }
    let (space, path) = start(state, call, path)?;
    let steps = steps(path)?;
    walk(state, call.who, state.tree.space(space).root, &steps)
}

/// The namespace a path begins in, and the rest of the path.
pub(super) fn start<'a>(state: &State, call: &Call<'_>, path: &'a str) -> Result<(SpaceId, &'a str), Lookup> {
    let Some(rest) = path.strip_prefix("ns:") else {
        return Ok((call.root, path));
    };
    let (id, rest) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    let space = state.tree.space_by_id(id).filter(|space| reaches(state, call.who, *space));
    space.map(|space| (space, rest)).ok_or("not_found")
}

/// The names of a path.
pub(super) fn steps(path: &str) -> Result<Vec<&str>, Lookup> {
    if path.is_empty() {
        return Ok(Vec::new());
    }
    let steps: Vec<&str> = path.strip_prefix('/').ok_or("malformed_path")?.split('/').collect();
    if steps.iter().any(|step| step.is_empty()) { Err("malformed_path") } else { Ok(steps) }
}

fn walk(state: &State, who: Who, from: NodeId, steps: &[&str]) -> Result<NodeId, Lookup> {
    let mut here = from;
    for step in steps {
        here = state.tree.child(inside(state, here), step).ok_or("not_found")?;
        if let Kind::Mount(space) = state.tree.kind(here)
            && !reaches(state, who, *space)
        {
            return Err("not_found");
        }
    }
    Ok(here)
}

/// The folder whose children show at a node: behind a mount point, the mounted namespace's root.
pub(super) fn inside(state: &State, node: NodeId) -> NodeId {
    match state.tree.kind(node) {
        Kind::Mount(space) => state.tree.space(*space).root,
        _ => node,
    }
}

fn may_see(state: &State, who: Who, node: NodeId) -> bool {
    if reaches(state, who, state.tree.space_of(node)) {
        return true;
    }
    matches!(who, Who::Member(person) if access::role_on_file(state, node, person).is_some())
}

/// Finds or ends the route with `path/<tag>`.
pub(super) fn need(state: &State, call: &Call<'_>, path: &str) -> Result<NodeId, Stop> {
    find(state, call, path).map_err(|why| conflict_tags(&["path", why]))
}

/// Finds a file or ends the route with `path/<tag>`.
pub(super) fn need_file(state: &State, call: &Call<'_>, path: &str) -> Result<NodeId, Stop> {
    let node = need(state, call, path)?;
    if state.tree.is_file(node) { Ok(node) } else { Err(conflict_tags(&["path", "not_file"])) }
}

/// Where a namespace shows below a root: empty for the root itself; `None` when it is not mounted there.
pub(super) fn shown_at(state: &State, root: SpaceId, space: SpaceId) -> Option<String> {
    shown_within(state, root, space, MOUNTS_DEEP_MAX)
}

/// A mount within a mount within a mount: team space, home, shared folder.
const MOUNTS_DEEP_MAX: u32 = 4;

fn shown_within(state: &State, root: SpaceId, space: SpaceId, deep: u32) -> Option<String> {
    if root == space {
        return Some(String::new());
    }
    let deeper = deep.checked_sub(1)?;
    state.tree.space(space).mounts.iter().find_map(|mount| {
        let above = shown_within(state, root, state.tree.space_of(*mount), deeper)?;
        Some(above + &state.tree.path(*mount))
    })
}

/// Path of a node as a root sees it; `None` when it is not mounted there.
pub(super) fn path(state: &State, root: SpaceId, node: NodeId) -> Option<String> {
    shown_at(state, root, state.tree.space_of(node)).map(|above| above + &state.tree.path(node))
}
