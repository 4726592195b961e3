//! Uploads in parts: each part with its digest and place, the whole with its own at the end.
//!
//! <https://developer.box.com/guides/uploads/chunked/>

use super::super::wire::Answer;
use super::reply::{Call, Fault, invalid};
use super::route::Told;
use super::state::State;
use super::tree::{Nid, Uid, sha1_of};
use super::view::time;
use crate::clock::Moment;
use crate::emulator::hex;
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Value, json};
use std::time::Duration;

/// Bytes of each part but the last.
const PART: u64 = 8_388_608;
/// Smaller files cannot be uploaded in parts.
const LEAST: u64 = 20_000_000;
/// Larger ones are not for an emulator that keeps them in memory.
const MOST: u64 = 268_435_456;
/// A session lives so long.
const LIVES: Duration = Duration::from_secs(7 * 86_400);

/// An upload in parts.
#[derive(Clone, Debug)]
pub(super) struct UploadSession {
    by: Uid,
    target: Target,
    name: String,
    bytes: u64,
    until: Moment,
    parts: Vec<Part>,
    /// The commit was asked for once, and put off.
    put_off: bool,
}

#[derive(Clone, Debug)]
enum Target {
    Folder(Nid),
    File(Nid),
}

#[derive(Clone, Debug)]
struct Part {
    id: String,
    offset: u64,
    body: Vec<u8>,
}

impl State {
    /// `/files/upload_sessions...` and `/files/{id}/upload_sessions`
    pub(super) fn sessions(&mut self, call: &mut Call<'_>, steps: &[&str]) -> Told {
        match (call.asked.method.as_str(), steps) {
            ("POST", ["files", "upload_sessions"]) => self.session_new(call, None),
            ("POST", ["files", id, "upload_sessions"]) => self.session_new(call, Some(id)),
            ("GET", ["files", "upload_sessions", id]) => {
                self.session_of(call, id).map(|session| Answer::json(200, &self.session_seen(id, &session)))
            }
            ("PUT", ["files", "upload_sessions", id]) => self.part(call, id),
            ("DELETE", ["files", "upload_sessions", id]) => {
                self.session_of(call, id)?;
                self.uploads.remove(*id);
                Ok(Answer::empty(204))
            }
            ("GET", ["files", "upload_sessions", id, "parts"]) => {
                let session = self.session_of(call, id)?;
                self.counted(call, &session.parts, 1_000, part_seen)
            }
            ("POST", ["files", "upload_sessions", id, "commit"]) => self.commit(call, id),
            _ => Err(Fault::not_found().refused("no such route of upload sessions")),
        }
    }

    fn session_of(&self, call: &Call<'_>, id: &str) -> Result<UploadSession, Fault> {
        let found = self.uploads.get(id).filter(|session| session.by == call.actor && session.until > self.now);
        found.cloned().ok_or_else(Fault::not_found)
    }

    fn session_new(&mut self, call: &mut Call<'_>, id: Option<&str>) -> Told {
        call.knows_query(&[]);
        let body = call.body(if id.is_some() {
            &["file_size", "file_name"]
        } else {
            &["folder_id", "file_size", "file_name"]
        })?;
        let bytes = body.get("file_size").and_then(Value::as_u64).unwrap_or(0);
        if bytes < LEAST {
            return Err(Fault::new(400, "file_size_too_small", "File size is too small for an upload in parts"));
        }
        if bytes > MOST {
            return Err(Fault::new(403, "storage_limit_exceeded", "Account storage limit reached"));
        }
        let mut name = body.get("file_name").and_then(Value::as_str).unwrap_or("").to_owned();
        let target = match id {
            Some(id) => {
                let nid = self.seen(call.actor, "file", id)?;
                self.may_change(call.actor, nid)?;
                if name.is_empty() {
                    name = self.tree.name(nid);
                }
                Target::File(nid)
            }
            None => {
                let folder = body
                    .get("folder_id")
                    .and_then(Value::as_str)
                    .ok_or_else(|| invalid("folder_id", "", "must be text"))?;
                let parent = self.seen(call.actor, "folder", folder)?;
                self.may_write(call.actor, parent)?;
                self.free(call.actor, parent, &name, None)?;
                Target::Folder(parent)
            }
        };
        let id = self.fresh_code().to_uppercase();
        let session = UploadSession {
            by: call.actor,
            target,
            name,
            bytes,
            until: self.now.plus(LIVES),
            parts: Vec::new(),
            put_off: false,
        };
        let seen = self.session_seen(&id, &session);
        self.uploads.insert(id, session);
        Ok(Answer::json(201, &seen))
    }

    fn session_seen(&self, id: &str, session: &UploadSession) -> Value {
        let at = format!("{}/api/2.0/files/upload_sessions/{id}", self.doors[1]);
        json!({
            "type": "upload_session",
            "id": id,
            "session_expires_at": time(session.until),
            "part_size": PART,
            "total_parts": session.bytes.div_ceil(PART),
            "num_parts_processed": session.parts.len(),
            "session_endpoints": {
                "upload_part": at, "commit": format!("{at}/commit"), "abort": at, "list_parts": format!("{at}/parts"),
                "status": at, "log_event": format!("{at}/log"),
            },
        })
    }

    fn part(&mut self, call: &mut Call<'_>, id: &str) -> Told {
        let session = self.session_of(call, id)?;
        let body = call.asked.body.clone();
        check_digest(call, &body)?;
        let (first, last, total) = read_range(call.asked.header("content-range").unwrap_or(""))
            .ok_or_else(|| Fault::bad("Content-Range is missing or wrong"))?;
        let fits = first.is_multiple_of(PART)
            && total == session.bytes
            && last < total
            && last + 1 - first == body.len() as u64;
        let whole = last + 1 - first == PART || last + 1 == total;
        if !fits || !whole {
            return Err(Fault::new(416, "invalid_upload_session_part", "The part does not lie where parts may")
                .refused("a part out of place"));
        }
        if session.parts.iter().any(|part| part.offset == first) {
            return Err(Fault::new(409, "range_overlaps_existing_range", "A part lies there already"));
        }
        let part = Part { id: self.fresh_code()[..8].to_uppercase(), offset: first, body };
        let seen = part_seen(&part);
        if let Some(kept) = self.uploads.get_mut(id) {
            kept.parts.push(part);
        }
        Ok(Answer::json(200, &json!({"part": seen})))
    }

    fn commit(&mut self, call: &mut Call<'_>, id: &str) -> Told {
        let mut session = self.session_of(call, id)?;
        let body = call.body(&["parts", "attributes"])?;
        let named = body.get("parts").and_then(Value::as_array).map_or(0, Vec::len);
        if named != session.parts.len() {
            return Err(invalid("parts", "", "must name every part"));
        }
        session.parts.sort_by_key(|part| part.offset);
        let whole: Vec<u8> = session.parts.iter().flat_map(|part| part.body.iter().copied()).collect();
        check_digest(call, &whole)?;
        if whole.len() as u64 != session.bytes {
            return Err(Fault::new(409, "session_not_complete", "Parts are missing"));
        }
        if !session.put_off {
            // The first commit is always put off, so that nobody forgets to repeat it.
            if let Some(kept) = self.uploads.get_mut(id) {
                kept.put_off = true;
            }
            return Ok(Answer::empty(202).with("retry-after", "1"));
        }
        let told = match session.target {
            Target::Folder(parent) => self.finished(call, parent, &session.name, whole.into())?,
            Target::File(nid) => {
                self.matches(call, nid)?;
                self.may_change(call.actor, nid)?;
                self.edit(call.actor, nid, whole.into());
                self.uploaded(call, nid, 201)
            }
        };
        // What was refused can be committed again.
        self.uploads.remove(id);
        Ok(told)
    }
}

fn part_seen(part: &Part) -> Value {
    json!({"part_id": part.id, "offset": part.offset, "size": part.body.len(), "sha1": hex(&sha1_of(&part.body))})
}

/// `Digest: sha=<base64 of SHA-1>`.
fn check_digest(call: &Call<'_>, body: &[u8]) -> Result<(), Fault> {
    let wanted = format!("sha={}", BASE64_STANDARD.encode(sha1_of(body)));
    match call.asked.header("digest") {
        Some(digest) if digest == wanted => Ok(()),
        Some(_) => {
            Err(Fault::new(412, "sha1_mismatch", "The digest does not fit the content").refused("a wrong digest"))
        }
        None => Err(Fault::bad("Digest is missing")),
    }
}

/// `bytes 0-8388607/20000000`
fn read_range(text: &str) -> Option<(u64, u64, u64)> {
    let (range, total) = text.strip_prefix("bytes ")?.split_once('/')?;
    let (first, last) = range.split_once('-')?;
    let (first, last) = (first.parse().ok()?, last.parse().ok()?);
    (first <= last).then_some((first, last, total.parse().ok()?))
}
