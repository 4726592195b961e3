//! What reads were answered lately, so that a later one can be answered out of date.
//!
//! Only what a client reads to learn one thing's state is kept: complete JSON answers, found or not found. A listing that goes
//! on behind a cursor, a feed or a long poll is not: an old position given twice is another fault (`reset`), and not this one.

use crate::emulator::fault::hash;
use crate::emulator::wire::{Answer, Asked, Door};
use serde_json::Value;
use std::collections::HashMap;
use std::fmt;
use std::time::Duration;

/// Answers that are kept; when there are more, all are forgotten.
const KEPT_MAX: usize = 4_096;
/// Bytes of their bodies at most; likewise.
const KEPT_BYTES_MAX: usize = 16 << 20;
/// Bytes of the longest body that is kept.
const BODY_BYTES_MAX: usize = 64 << 10;
/// Headers that make another question of the same words.
const TELLING_HEADERS: [&str; 6] = [
    "boxapi",
    "dropbox-api-path-root",
    "dropbox-api-select-admin",
    "dropbox-api-select-user",
    "if-none-match",
    "x-rep-hints",
];
/// Where requests and answers carry a position.
const POSITIONS: [&str; 4] = ["cursor", "marker", "next_marker", "next_stream_position"];

/// The last answers of both tenants.
#[derive(Default)]
pub(super) struct Memory {
    reads: HashMap<u64, Kept>,
    bytes: usize,
    /// How often each tenant, Dropbox first, was written to.
    writes: [u64; 2],
}

struct Kept {
    answer: Answer,
    /// On the shared clock.
    at: Duration,
    /// Writes before it.
    writes: u64,
}

impl Memory {
    /// Notes that the tenant behind a door was written to.
    pub(super) fn written(&mut self, door: Door) {
        self.writes[usize::from(door.is_box())] += 1;
    }

    /// Keeps an answer if it is one of those that can be told again.
    pub(super) fn keep(&mut self, key: u64, door: Door, answer: &Answer, now: Duration) {
        self.forget(key);
        if !can_be_kept(answer) {
            return;
        }
        if self.reads.len() >= KEPT_MAX || self.bytes + answer.body.len() > KEPT_BYTES_MAX {
            self.reads.clear();
            self.bytes = 0;
        }
        self.bytes += answer.body.len();
        let writes = self.writes[usize::from(door.is_box())];
        self.reads.insert(key, Kept { answer: answer.clone(), at: now, writes });
    }

    fn forget(&mut self, key: u64) {
        if let Some(kept) = self.reads.remove(&key) {
            self.bytes -= kept.answer.body.len();
        }
    }

    /// The last answer to a read, if it is no older than this and the tenant was written to since.
    pub(super) fn stale(&self, key: u64, door: Door, now: Duration, for_: Duration) -> Option<Answer> {
        let kept = self.reads.get(&key)?;
        let is_old = kept.writes < self.writes[usize::from(door.is_box())];
        (is_old && now.saturating_sub(kept.at) <= for_).then(|| kept.answer.clone())
    }
}

/// Answers name people and links: how many there are is all that is shown.
impl fmt::Debug for Memory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Memory").field("reads", &self.reads.len()).field("bytes", &self.bytes).finish()
    }
}

/// What a read is known by: its fingerprint, and the headers that change what it asks.
pub(super) fn key(fingerprint: u64, asked: &Asked) -> u64 {
    let values = TELLING_HEADERS.map(|name| asked.header(name).unwrap_or_default().as_bytes());
    fingerprint ^ hash(&values).rotate_left(7)
}

/// True for a request that goes on where another ended.
pub(super) fn carries_position(asked: &Asked) -> bool {
    let mut names = url::form_urlencoded::parse(asked.query.as_bytes()).map(|(name, _)| name);
    names.any(|name| name == "stream_position" || POSITIONS.contains(&&*name)) || has_position(&asked.body)
}

/// Dropbox says with a 409 what Box says with a 404.
fn can_be_kept(answer: &Answer) -> bool {
    let kind = answer.headers.iter().find(|(name, _)| name.eq_ignore_ascii_case("content-type"));
    matches!(answer.status, 200 | 404 | 409)
        && kind.is_some_and(|(_, kind)| kind.starts_with("application/json"))
        && answer.content.is_none()
        && answer.hold.is_none()
        && answer.body.len() <= BODY_BYTES_MAX
        && !has_position(&answer.body)
}

/// True for a JSON object with a position that leads on; empty and null ones do not.
fn has_position(body: &[u8]) -> bool {
    let object: Value = serde_json::from_slice(body).unwrap_or_default();
    POSITIONS.iter().any(|name| match &object[name] {
        Value::Null => false,
        Value::String(position) => !position.is_empty(),
        _ => true,
    })
}
