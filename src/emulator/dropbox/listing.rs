//! `files/list_folder` and its family, and the long poll.

use super::cursor::{self, Files, Stand};
use super::gate::{Call, Who, reaches};
use super::metadata::{View, deleted, entry};
use super::place;
use super::reply::{Reply, Stop, conflict_tags, ok};
use super::state::State;
use super::state::tree::{Change, Kind, NodeId, SpaceId};
use serde_json::{Value, json};
use std::time::Duration;

/// Kind of a listing's cursor.
const KIND: &str = "files";
/// Entries of a page when the caller names no number.
const PAGE_DEFAULT: usize = 500;
/// Entries of the journal that one call looks at: a page may so be empty while there is more.
const LOOKED_AT_MAX: usize = 40_000;
/// How long a long poll waits when the caller does not say.
const TIMEOUT_DEFAULT_SECS: u64 = 30;
/// Every so many long polls the answer asks to stay away a little.
const BACKOFF_EVERY: u64 = 5;
/// For so many seconds.
const BACKOFF_SECS: u64 = 2;

/// `files/list_folder`.
pub(super) fn list(state: &mut State, call: &Call<'_>) -> Reply {
    let cursor = begin(state, call)?;
    page(state, call, cursor)
}

/// `files/list_folder/get_latest_cursor`.
pub(super) fn latest(state: &mut State, call: &Call<'_>) -> Reply {
    let mut cursor = begin(state, call)?;
    cursor.at = spaces(state, call.who, &cursor).into_iter().map(|space| end_of(state, space)).collect();
    cursor.g = u8::MAX;
    Ok(ok(&json!({ "cursor": cursor::write(state, KIND, &cursor) })))
}

fn end_of(state: &State, space: SpaceId) -> Stand {
    let length = state.tree.space(space).journal.len();
    Stand { s: space.0, n: length, b: length }
}

fn begin(state: &mut State, call: &Call<'_>) -> Result<Files, Stop> {
    let path = call.text("path");
    if path == "/" {
        return Err(call.refuse("request body: path: Specify the root folder as an empty string rather than as \"/\"."));
    }
    if !call.field("shared_link").is_null() {
        return Err(call.refuse("request body: shared_link: listing a link's content is not emulated"));
    }
    let node = place::need(state, call, path)?;
    if state.tree.is_file(node) {
        return Err(conflict_tags(&["path", "not_folder"]));
    }
    let folder = place::inside(state, node);
    if state.tree.space(state.tree.space_of(folder)).archived {
        return Err(conflict_tags(&["path", "not_found"]));
    }
    for template in &View::of(call).templates {
        if !state.templates.iter().any(|known| known.id == *template) {
            return Err(super::properties::no_template(template, Some("template_error")));
        }
    }
    state.listings += 1;
    Ok(Files {
        l: state.listings,
        w: call.who.mark(),
        r: call.root.0,
        f: folder.as_number(),
        c: call.flag("recursive"),
        d: call.flag("include_deleted"),
        m: call.field("include_mounted_folders").as_bool().unwrap_or(true),
        e: call.flag("include_has_explicit_shared_members"),
        x: call.field("include_non_downloadable_files").as_bool().unwrap_or(true),
        p: call.number("limit", PAGE_DEFAULT),
        g: 0,
        t: View::of(call).templates,
        at: Vec::new(),
    })
}

/// `files/list_folder/continue`.
pub(super) fn more(state: &mut State, call: &Call<'_>) -> Reply {
    let cursor = read(state, call.text("cursor")).map_err(|why| call.refuse(why))?;
    if cursor.w != call.who.mark() || cursor.r != call.root.0 {
        return Err(call.refuse("request body: cursor: it belongs to another user, admin or root"));
    }
    if is_forgotten(state, &cursor) {
        return Err(conflict_tags(&["reset"]));
    }
    let there = state.tree.by_number(cursor.f).filter(|folder| {
        let space = state.tree.space(state.tree.space_of(*folder));
        state.tree.alive(*folder) && space.alive && !space.archived
    });
    if there.is_none() {
        return Err(conflict_tags(&["path", "not_found"]));
    }
    page(state, call, cursor)
}

fn read(state: &State, text: &str) -> Result<Files, &'static str> {
    cursor::read(state, KIND, text).ok_or("request body: cursor: Invalid \"cursor\" parameter")
}

fn is_forgotten(state: &State, cursor: &Files) -> bool {
    cursor.l <= state.forgotten_before || state.forgotten.contains(&cursor.l)
}

/// Forgets the listing a cursor belongs to. False when it is no cursor of ours.
pub(super) fn forget(state: &mut State, text: &str) -> bool {
    let Ok(cursor) = read(state, text) else {
        return false;
    };
    state.forgotten.insert(cursor.l);
    true
}

/// The namespaces a listing walks, in order: its own, then what is mounted below the folder.
fn spaces(state: &State, who: Who, cursor: &Files) -> Vec<SpaceId> {
    let Some(folder) = state.tree.by_number(cursor.f) else {
        return Vec::new();
    };
    let mut found = vec![state.tree.space_of(folder)];
    if !(cursor.m && cursor.c) {
        return found;
    }
    let mut next = 0;
    while let Some(&here) = found.get(next) {
        for space in state.tree.all_spaces() {
            let mounted = |mount: &NodeId| {
                state.tree.space_of(*mount) == here && (next > 0 || state.tree.is_within(*mount, folder))
            };
            let seen = !found.contains(&space) && reaches(state, who, space);
            if seen && state.tree.space(space).mounts.iter().any(mounted) {
                found.push(space);
            }
        }
        next += 1;
    }
    found
}

/// True for a namespace whose listings begin with a short page and an empty one: the service gives such, so every second
/// namespace does here.
pub(super) fn is_odd(state: &State, space: SpaceId) -> bool {
    state.odd_pages && state.tree.space(space).id.as_bytes().last().is_some_and(|digit| digit % 2 == 1)
}

/// Entries of the short first page.
pub(super) fn first_page(page: usize) -> usize {
    page.div_ceil(3).min(3)
}

fn page_size(state: &State, cursor: &Files) -> usize {
    match (is_odd(state, SpaceId(cursor.r)), cursor.g) {
        (true, 0) => first_page(cursor.p),
        (true, 1) => 0,
        _ => cursor.p,
    }
}

fn page(state: &mut State, call: &Call<'_>, mut cursor: Files) -> Reply {
    let view = View { who: call.who, root: call.root, explicit_members: cursor.e, templates: cursor.t.clone() };
    for space in spaces(state, call.who, &cursor) {
        if !cursor.at.iter().any(|stand| stand.s == space.0) {
            cursor.at.push(Stand { s: space.0, n: 0, b: end_of(state, space).b });
        }
    }
    let walked = spaces(state, call.who, &cursor);
    cursor.at.retain(|stand| walked.contains(&SpaceId(stand.s)));
    let most = page_size(state, &cursor);
    cursor.g = cursor.g.saturating_add(1);
    let (mut entries, mut left) = (Vec::new(), LOOKED_AT_MAX);
    let mut stands = std::mem::take(&mut cursor.at);
    for stand in &mut stands {
        walk(state, &view, &cursor, stand, &mut entries, most, &mut left);
    }
    cursor.at = stands;
    let has_more = cursor.at.iter().any(|stand| is_more(state, stand));
    if !has_more {
        cursor.g = u8::MAX;
    }
    let text = cursor::write(state, KIND, &cursor);
    Ok(ok(&json!({ "entries": entries, "cursor": text, "has_more": has_more })))
}

fn walk(
    state: &State,
    view: &View,
    cursor: &Files,
    stand: &mut Stand,
    entries: &mut Vec<Value>,
    most: usize,
    left: &mut usize,
) {
    let space = SpaceId(stand.s);
    let journal = &state.tree.space(space).journal;
    while stand.n < journal.len() && entries.len() < most && *left > 0 {
        if let Some(found) = shown(state, view, cursor, stand, &journal[stand.n]) {
            entries.push(found);
        }
        stand.n += 1;
        *left -= 1;
    }
    // What follows but shows nothing does not make another page.
    while stand.n < journal.len() && *left > 0 && shown(state, view, cursor, stand, &journal[stand.n]).is_none() {
        stand.n += 1;
        *left -= 1;
    }
}

fn is_more(state: &State, stand: &Stand) -> bool {
    stand.n < state.tree.space(SpaceId(stand.s)).journal.len()
}

/// What an entry of the journal shows in this listing.
fn shown(state: &State, view: &View, cursor: &Files, stand: &Stand, change: &Change) -> Option<Value> {
    let space = SpaceId(stand.s);
    let folder = state.tree.by_number(cursor.f)?;
    match change {
        Change::Upsert(node) => {
            let newest = state.tree.is_newest(space, *node, stand.n);
            let hidden = matches!(state.tree.kind(*node), Kind::Mount(mounted) if !reaches(state, view.who, *mounted));
            let wanted = newest && !hidden && (cursor.x || state.tree.export(*node).is_none());
            (wanted && covers(state, cursor, folder, *node)).then(|| entry(state, view, *node))
        }
        Change::Gone(gone) => {
            let told = cursor.d || (gone.top && stand.n >= stand.b);
            if !told || !covers_path(state, cursor, folder, space, &gone.path) {
                return None;
            }
            let above = place::shown_at(state, view.root, space)?;
            Some(deleted(&(above + &gone.path)))
        }
    }
}

fn covers(state: &State, cursor: &Files, folder: NodeId, node: NodeId) -> bool {
    let own = state.tree.space_of(node) == state.tree.space_of(folder);
    if !own {
        return cursor.c;
    }
    if cursor.c { state.tree.is_within(node, folder) } else { state.tree.parent(node) == Some(folder) }
}

fn covers_path(state: &State, cursor: &Files, folder: NodeId, space: SpaceId, path: &str) -> bool {
    if space != state.tree.space_of(folder) {
        return cursor.c;
    }
    let base = state.tree.path(folder).to_lowercase() + "/";
    let path = path.to_lowercase();
    path.strip_prefix(base.as_str()).is_some_and(|rest| cursor.c || !rest.contains('/'))
}

/// `files/list_folder/longpoll`.
pub(super) fn longpoll(state: &mut State, call: &Call<'_>) -> Reply {
    let text = call.text("cursor").to_owned();
    let cursor = read(state, &text).map_err(|why| call.refuse(why))?;
    if is_forgotten(state, &cursor) {
        return Err(conflict_tags(&["reset"]));
    }
    let changes = cursor.at.iter().any(|stand| has_news(state, &cursor, stand.clone()));
    state.polled += 1;
    let mut body = json!({ "changes": changes });
    if state.polled.is_multiple_of(BACKOFF_EVERY) {
        body["backoff"] = BACKOFF_SECS.into();
    }
    let mut answer = ok(&body);
    if !changes {
        answer.hold = Some(Duration::from_secs(call.field("timeout").as_u64().unwrap_or(TIMEOUT_DEFAULT_SECS)));
    }
    Ok(answer)
}

fn has_news(state: &State, cursor: &Files, mut stand: Stand) -> bool {
    let space = state.tree.space(SpaceId(stand.s));
    if !space.alive {
        return true;
    }
    let folder = state.tree.by_number(cursor.f);
    while let Some(change) = space.journal.get(stand.n) {
        let seen = match (change, folder) {
            (Change::Upsert(node), Some(folder)) => {
                state.tree.is_newest(SpaceId(stand.s), *node, stand.n) && covers(state, cursor, folder, *node)
            }
            (Change::Gone(gone), Some(folder)) => {
                gone.top && covers_path(state, cursor, folder, SpaceId(stand.s), &gone.path)
            }
            (_, None) => true,
        };
        if seen {
            return true;
        }
        stand.n += 1;
    }
    false
}
