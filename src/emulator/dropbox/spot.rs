//! Where something is to be written: the folder, the name, what is in the way, and whether the caller may.

use super::gate::{Call, may_write};
use super::place::{self, Lookup};
use super::reply::{Stop, conflict, conflict_tags, contention, tags};
use super::state::State;
use super::state::tree::{Kind, NodeId, SpaceId};
use serde_json::{Value, json};

/// Letters of a name.
const NAME_LETTERS_MAX: usize = 255;
/// Names the service keeps for itself.
const NAMES_KEPT: [&str; 3] = [".dropbox", ".dropbox.cache", "desktop.ini"];

/// A place to write to.
#[derive(Debug)]
pub(super) struct Spot {
    /// The deepest folder that is there.
    folder: NodeId,
    /// Folders to make below it.
    missing: Vec<String>,
    /// The last name.
    pub(super) name: String,
    /// What has that name already.
    pub(super) taken: Option<NodeId>,
    /// The namespace.
    pub(super) space: SpaceId,
}

/// A `WriteError`.
pub(super) type Write = Value;

fn from_lookup(why: Lookup) -> Write {
    tags(&[if why == "malformed_path" { why } else { "no_write_permission" }])
}

/// The place a `WritePath` (or an id) names.
pub(super) fn find(state: &State, call: &Call<'_>, path: &str) -> Result<Spot, Write> {
    if path.starts_with("id:") {
        let node = place::find(state, call, path).map_err(from_lookup)?;
        let folder = state.tree.parent(node).ok_or_else(|| tags(&["malformed_path"]))?;
        let space = state.tree.space_of(node);
        return allowed(
            state,
            call,
            Spot { folder, missing: Vec::new(), name: state.tree.name(node), taken: Some(node), space },
        );
    }
    let (space, rest) = place::start(state, call, path).map_err(from_lookup)?;
    let steps = place::steps(rest).map_err(from_lookup)?;
    let Some((name, folders)) = steps.split_last() else {
        return Err(tags(&["malformed_path"]));
    };
    if steps.iter().any(|step| step.chars().count() > NAME_LETTERS_MAX) {
        return Err(tags(&["malformed_path"]));
    }
    if steps.iter().any(|step| NAMES_KEPT.contains(&step.to_lowercase().as_str()) || matches!(*step, "." | "..")) {
        return Err(tags(&["disallowed_name"]));
    }
    let mut folder = state.tree.space(space).root;
    let mut missing = Vec::new();
    for step in folders {
        match state.tree.child(folder, step).filter(|_| missing.is_empty()) {
            Some(there) if state.tree.is_file(there) => return Err(tags(&["conflict", "file_ancestor"])),
            Some(there) => folder = place::inside(state, there),
            None => missing.push((*step).to_owned()),
        }
    }
    let taken = state.tree.child(folder, name).filter(|_| missing.is_empty());
    let space = state.tree.space_of(folder);
    allowed(state, call, Spot { folder, missing, name: (*name).to_owned(), taken, space })
}

fn allowed(state: &State, call: &Call<'_>, spot: Spot) -> Result<Spot, Write> {
    let there = state.tree.space(spot.space);
    if may_write(state, call.who, spot.space) && !there.archived {
        Ok(spot)
    } else {
        Err(tags(&["no_write_permission"]))
    }
}

impl Spot {
    /// The folder to write in, made with those above it.
    pub(super) fn folder(&self, state: &mut State) -> NodeId {
        let mut folder = self.folder;
        for name in &self.missing {
            folder = state.tree.folder(folder, name).unwrap_or(folder);
        }
        folder
    }

    /// What is in the way.
    pub(super) fn conflict(&self, state: &State) -> Option<Write> {
        let taken = self.taken?;
        Some(tags(&["conflict", if state.tree.is_file(taken) { "file" } else { "folder" }]))
    }

    /// Goes on under a free name.
    pub(super) fn renamed(mut self, state: &State) -> Self {
        if self.taken.take().is_some() {
            self.name = super::fill::free_name(state, self.folder, &self.name);
        }
        self
    }
}

/// The tag of a busy namespace.
const BUSY: &str = "too_many_write_operations";

/// Ends the route when another writer is busy in the namespace: as a limit, or as an error of the route, whose `WriteError`
/// is below these tags.
pub(super) fn claim(state: &mut State, call: &Call<'_>, space: SpaceId, above: &[&str]) -> Result<(), Stop> {
    match state.contended.get_mut(&space) {
        Some(busy) if busy.times > 0 => {
            busy.times -= 1;
            if !busy.as_conflict {
                return Err(contention());
            }
            if call.route.name == "files/upload" {
                return Err(conflict(&upload_failed(&tags(&[BUSY]))));
            }
            Err(conflict_tags(&[above, &[BUSY]].concat()))
        }
        _ => Ok(()),
    }
}

/// `UploadWriteFailed`, whose reason has a name of its own.
pub(super) fn upload_failed(reason: &Write) -> Value {
    json!({ ".tag": "path", "reason": reason, "upload_session_id": "pid_upload_session:none" })
}

/// True when the node or something below it is a mount point of a shared or team folder.
pub(super) fn holds_mount(state: &State, node: NodeId) -> bool {
    state.tree.below(node).into_iter().any(|here| matches!(state.tree.kind(here), Kind::Mount(_)))
}

/// Entries of a node as far as a caller's operation counts them.
pub(super) fn entries(state: &State, node: NodeId) -> usize {
    state.tree.below(node).len()
}
