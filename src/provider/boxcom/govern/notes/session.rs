//! Large uploads: a session, its parts one after the other, and the commit, which alone makes the file.
//!
//! Nothing lies anywhere before the commit, so a session that fails before it is given up and nothing was done. A part of
//! which no answer came may be sent again: its place in the file is part of the call. The commit is repeated only while the
//! service says that it is not done with the parts (202).
//!
//! Source: Box guides "Chunked uploads"; API reference "Upload part of file", "Commit upload session".

use super::{Goes, sha1_of};
use crate::model::{ContentHash, Principal};
use crate::provider::boxcom::Tenant;
use crate::provider::boxcom::api::{Change, parse};
use crate::provider::http::{Payload, Reply, seconds};
use crate::provider::{Error, Next};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use reqwest::Method;
use reqwest::header::RETRY_AFTER;
use serde_json::{Value, json};
use std::time::Duration;

/// How often one part is sent at most.
const TRIES_MAX: u32 = 3;

/// How often a commit is asked for at most.
const COMMITS_MAX: u32 = 60;

/// The pause before a commit is asked for again, where the service names none.
const COMMIT_PAUSE: Duration = Duration::from_secs(2);

/// The longest pause that is kept.
const COMMIT_PAUSE_MAX: Duration = Duration::from_secs(60);

/// An open session.
struct Session<'a> {
    id: String,
    part_bytes: usize,
    by: &'a Principal,
    doing: String,
}

impl Tenant {
    /// Uploads a large content.
    pub(super) fn upload_in_parts(&self, goes: Goes<'_>, content: &[u8], by: &Principal) -> Result<Reply, Error> {
        let session = self.open_session(goes, content.len(), by)?;
        let parts = self.send_parts(&session, content).inspect_err(|_| self.give_up(&session))?;
        let committed = self.commit(&session, goes, content, &parts);
        // After a commit without a clear answer the session may still become a file.
        committed.inspect_err(|error| {
            if error.next() != Next::Transient {
                self.give_up(&session);
            }
        })
    }

    /// Gives a session up, which else would lie there for a week. What becomes of this call changes nothing.
    fn give_up(&self, session: &Session<'_>) {
        let path = ["files", "upload_sessions", &session.id];
        let change = Change::of(Method::DELETE, &path, session.by, session.doing.clone());
        let _ = self.api.change(&Change { uploads: true, ..change });
    }

    fn open_session<'a>(&self, goes: Goes<'_>, bytes: usize, by: &'a Principal) -> Result<Session<'a>, Error> {
        let doing = goes.doing();
        let (path, body) = match goes {
            Goes::Into { folder, name } => {
                (vec!["files", "upload_sessions"], json!({"folder_id": folder, "file_size": bytes, "file_name": name}))
            }
            Goes::Onto { file, name, .. } => {
                (vec!["files", file, "upload_sessions"], json!({"file_size": bytes, "file_name": name}))
            }
        };
        let body = body.to_string();
        let change = Change::of(Method::POST, &path, by, doing.clone());
        let reply = self.api.change(&Change { uploads: true, payload: Payload::Json(&body), ..change })?;
        let told: Value = parse(&reply, &doing)?;
        let part_bytes = told["part_size"].as_u64().and_then(|bytes| usize::try_from(bytes).ok()).unwrap_or(0);
        match told["id"].as_str() {
            Some(id) if part_bytes > 0 && !id.is_empty() => Ok(Session { id: id.to_owned(), part_bytes, by, doing }),
            _ => Err(Error::new(Next::Transient, doing, "a session without an id or a part's size")),
        }
    }

    /// Sends all parts, and gives what the service said of each.
    fn send_parts(&self, session: &Session<'_>, content: &[u8]) -> Result<Vec<Value>, Error> {
        let mut parts = Vec::new();
        for (at, part) in content.chunks(session.part_bytes).enumerate() {
            let first = at.saturating_mul(session.part_bytes);
            parts.push(self.send_part(session, part, first, content.len())?);
        }
        Ok(parts)
    }

    fn send_part(&self, session: &Session<'_>, part: &[u8], first: usize, whole: usize) -> Result<Value, Error> {
        let path = ["files", "upload_sessions", &session.id];
        let last = first + part.len().saturating_sub(1);
        let headers = [("digest", digest(part)), ("content-range", format!("bytes {first}-{last}/{whole}"))];
        let mut tried = 1;
        loop {
            let change = Change::of(Method::PUT, &path, session.by, session.doing.clone());
            let sent =
                self.api.change(&Change { uploads: true, payload: Payload::Bytes(part), headers: &headers, ..change });
            match sent {
                Ok(reply) => {
                    let mut told: Value = parse(&reply, &session.doing)?;
                    return Ok(told["part"].take());
                }
                // An earlier try had arrived.
                Err(error) if error.status() == Some(409) && tried > 1 => return self.part_at(session, first),
                Err(error) if error.next() == Next::Transient && tried < TRIES_MAX => tried += 1,
                Err(error) => return Err(error),
            }
        }
    }

    /// The part that lies at this place of the file, as the session tells it.
    fn part_at(&self, session: &Session<'_>, first: usize) -> Result<Value, Error> {
        let unknown = || Error::new(Next::Transient, &*session.doing, "a part that is there and not told");
        let wanted = u64::try_from(first).map_err(|_| unknown())?;
        let index = (first / session.part_bytes).to_string();
        let path = ["files", "upload_sessions", &session.id, "parts"];
        let change = Change::of(Method::GET, &path, session.by, session.doing.clone());
        let query = [("limit", "1"), ("offset", &*index)];
        let reply = self.api.change(&Change { uploads: true, query: &query, ..change })?;
        let mut told: Value = parse(&reply, &session.doing)?;
        let parts = told["entries"].as_array_mut().ok_or_else(unknown)?;
        parts.iter_mut().find(|part| part["offset"].as_u64() == Some(wanted)).map(Value::take).ok_or_else(unknown)
    }

    fn commit(&self, session: &Session<'_>, goes: Goes<'_>, content: &[u8], parts: &[Value]) -> Result<Reply, Error> {
        let path = ["files", "upload_sessions", &session.id, "commit"];
        let body = json!({"parts": parts}).to_string();
        let headers = [("digest", digest(content))];
        for _ in 0..COMMITS_MAX {
            let change = Change::of(Method::POST, &path, session.by, session.doing.clone());
            let reply = self.api.change(&Change {
                uploads: true,
                payload: Payload::Json(&body),
                headers: &headers,
                if_match: goes.etag(),
                ..change
            })?;
            if reply.status != 202 {
                return Ok(reply);
            }
            if !self.api.http.wait(pause(&reply)) {
                return Err(Error::new(Next::Transient, &*session.doing, "sluicebox is stopping"));
            }
        }
        Err(Error::new(Next::Transient, &*session.doing, "202 the parts are never done"))
    }
}

/// `sha=` and the SHA-1 in base 64.
fn digest(bytes: &[u8]) -> String {
    let hash = sha1_of(bytes);
    let raw: &[u8] = match &hash {
        ContentHash::Sha1(raw) => raw,
        ContentHash::Blocks(raw) => raw,
    };
    format!("sha={}", STANDARD.encode(raw))
}

fn pause(reply: &Reply) -> Duration {
    let told = reply.headers.get(RETRY_AFTER).and_then(|after| after.to_str().ok()).and_then(seconds);
    told.unwrap_or(COMMIT_PAUSE).min(COMMIT_PAUSE_MAX)
}
