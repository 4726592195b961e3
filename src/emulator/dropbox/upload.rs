//! Uploads: in one call, or in a session.

use super::deeds;
use super::gate::Call;
use super::metadata::{View, file};
use super::relocate::deed;
use super::reply::{Reply, Stop, conflict, conflict_tags, ok};
use super::spec;
use super::spot::{self, Spot};
use super::state::file::content_hash;
use super::state::tree::NodeId;
use super::state::{Session, State};
use crate::clock::Moment;
use crate::emulator::hex;
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;

/// Bytes of one call.
const CALL_BYTES_MAX: usize = 150 << 20;
/// Bytes of a session here; the service takes 2 TB.
const SESSION_BYTES_MAX: usize = 1 << 30;
/// How long a session lives.
const SESSION_LIFE: Duration = Duration::from_hours(7 * 24);

/// What every call with a body is checked for.
fn body_fits(call: &Call<'_>) -> Result<(), Stop> {
    if call.asked.body.len() > CALL_BYTES_MAX {
        return Err(conflict_tags(&["payload_too_large"]));
    }
    match call.field("content_hash").as_str() {
        Some(hash) if hash != hex(&content_hash(&call.asked.body)) => Err(conflict_tags(&["content_hash_mismatch"])),
        _ => Ok(()),
    }
}

/// `files/upload`.
pub(super) fn whole(state: &mut State, call: &Call<'_>) -> Reply {
    body_fits(call)?;
    let body: Arc<[u8]> = call.asked.body.as_slice().into();
    commit(state, call, &call.argument, body, |reason| spot::upload_failed(&reason))
}

fn commit(state: &mut State, call: &Call<'_>, info: &Value, body: Arc<[u8]>, failed: impl Fn(Value) -> Value) -> Reply {
    let stop = |reason: Value| conflict(&failed(reason));
    let path = info["path"].as_str().unwrap_or_default();
    let above = &["path"];
    let spot = spot::find(state, call, path).map_err(&stop)?;
    let node = match decide(state, info, spot, &body).map_err(&stop)? {
        Outcome::Same(node) => {
            state.did_to("file_made", node, false);
            node
        }
        Outcome::Over(node) => {
            let locked = state.locks.get(&node).is_some_and(|lock| call.who != super::gate::Who::Member(lock.holder));
            if locked {
                return Err(stop(super::reply::tags(&["no_write_permission"])));
            }
            spot::claim(state, call, state.tree.space_of(node), above)?;
            let deed = deed(state, call);
            deeds::edit(state, deed, node, body);
            node
        }
        Outcome::New(spot) => {
            spot::claim(state, call, spot.space, above)?;
            let parent = spot.folder(state);
            let deed = deed(state, call);
            deeds::add(state, deed, parent, &spot.name, body)
        }
    };
    if let (Some(at), Some(file)) =
        (info["client_modified"].as_str().and_then(Moment::parse), state.tree.file_mut(node))
        && let Some(version) = file.versions.last_mut()
    {
        version.client_at = at;
    }
    let version = state.tree.current(node).ok_or_else(|| conflict_tags(&["path", "not_file"]))?;
    Ok(ok(&file(state, &View::of(call), node, &version, false)))
}

enum Outcome {
    /// The same content is there: nothing is written.
    Same(NodeId),
    /// A new version.
    Over(NodeId),
    /// A new file.
    New(Spot),
}

/// The service's table of modes: <https://www.dropbox.com/developers/documentation/http/documentation#files-upload>.
fn decide(state: &State, info: &Value, spot: Spot, body: &[u8]) -> Result<Outcome, Value> {
    let flag = |name: &str| info[name].as_bool().unwrap_or(false);
    let (strict, autorename) = (flag("strict_conflict"), flag("autorename"));
    let mode = match spec::tag(&info["mode"]) {
        "" => "add",
        mode => mode,
    };
    let Some(conflict) = spot.conflict(state) else {
        let stale = mode == "update" && strict;
        return if stale { Err(super::reply::tags(&["conflict", "file"])) } else { Ok(Outcome::New(spot)) };
    };
    let Some((taken, version)) = spot.taken.and_then(|node| Some((node, state.tree.current(node)?))) else {
        return if autorename { Ok(Outcome::New(spot.renamed(state))) } else { Err(conflict) };
    };
    let over = mode == "overwrite" || (mode == "update" && info["mode"]["update"] == version.rev_text());
    if over {
        return Ok(Outcome::Over(taken));
    }
    if !strict && *version.body == *body {
        return Ok(Outcome::Same(taken));
    }
    if autorename { Ok(Outcome::New(spot.renamed(state))) } else { Err(conflict) }
}

/// `files/upload_session/start`.
pub(super) fn start(state: &mut State, call: &Call<'_>) -> Reply {
    if spec::tag(call.field("session_type")) == "concurrent" {
        return Err(call.refuse("concurrent sessions are not emulated"));
    }
    body_fits(call)?;
    let id = format!("pid_upload_session:{}", state.mint("session", 43));
    let (owner, ends) = (call.who.mark(), call.asked.at.plus(SESSION_LIFE));
    let session = Session { owner, body: call.asked.body.clone(), closed: call.flag("close"), ends };
    state.sessions.insert(id.clone(), session);
    Ok(ok(&json!({ "session_id": id })))
}

/// The session a cursor names, when the offset fits; else an `UploadSessionLookupError`.
fn session<'a>(state: &'a mut State, call: &Call<'_>, cursor: &Value) -> Result<&'a mut Session, Value> {
    let (id, mark, now) = (cursor["session_id"].as_str().unwrap_or_default(), call.who.mark(), call.asked.at);
    let found = state.sessions.get_mut(id).filter(|session| session.owner == mark && session.ends > now);
    let session = found.ok_or_else(|| super::reply::tags(&["not_found"]))?;
    if cursor["offset"].as_u64() != u64::try_from(session.body.len()).ok() {
        return Err(json!({ ".tag": "incorrect_offset", "correct_offset": session.body.len() }));
    }
    Ok(session)
}

/// `files/upload_session/append_v2`.
pub(super) fn append(state: &mut State, call: &Call<'_>) -> Reply {
    body_fits(call)?;
    let close = call.flag("close");
    let session = session(state, call, call.field("cursor")).map_err(|error| conflict(&error))?;
    if session.closed {
        return Err(conflict_tags(&["closed"]));
    }
    if session.body.len() + call.asked.body.len() > SESSION_BYTES_MAX {
        return Err(conflict_tags(&["too_large"]));
    }
    session.body.extend_from_slice(&call.asked.body);
    session.closed = close;
    Ok(ok(&Value::Null))
}

/// `files/upload_session/finish`. A session that could not be committed stays.
pub(super) fn finish(state: &mut State, call: &Call<'_>) -> Reply {
    body_fits(call)?;
    let cursor = call.field("cursor");
    let session = session(state, call, cursor)
        .map_err(|error| conflict(&json!({ ".tag": "lookup_failed", "lookup_failed": error })))?;
    if session.closed && !call.asked.body.is_empty() {
        return Err(conflict_tags(&["lookup_failed", "closed"]));
    }
    session.body.extend_from_slice(&call.asked.body);
    let body: Arc<[u8]> = session.body.as_slice().into();
    let answer = commit(state, call, call.field("commit"), body, |reason| json!({ ".tag": "path", "path": reason }))?;
    state.sessions.remove(cursor["session_id"].as_str().unwrap_or_default());
    Ok(answer)
}
