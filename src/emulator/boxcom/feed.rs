//! What happened, as three kinds of streams tell it.
//!
//! `admin_logs_streaming` repeats and shuffles and forgets after 14 days; `admin_logs` is in order, without repeats, may come
//! late and reaches back a year; a user's own streams tell of what that user may see.
//! <https://developer.box.com/reference/get-events/>

use super::super::wire::{Answer, Asked, Door};
use super::draw;
use super::items::size;
use super::reply::{Call, Fault, invalid};
use super::route::Told;
use super::state::State;
use super::tree::{Nid, Uid};
use super::view::time;
use crate::clock::Moment;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

const DAY: u64 = 86_400;
/// The most events of a page.
const MOST: u64 = 500;
/// Stream positions begin here.
const FIRST_POSITION: u64 = 30_401_068_000_000_000;
/// A position holds the place in the log below this, above it how often positions were forgotten.
const PLACES: u64 = 1_000_000_000;
/// Events that are kept; positions before them are lost.
pub(super) const HAPPENED_MAX: usize = 100_000;
/// Positions handed out, and positions forgotten, that are remembered.
const POSITIONS_MAX: usize = 100_000;
/// A long poll waits so long at most.
const LONG_POLL: Duration = Duration::from_secs(25);
/// The id of whoever did something without signing in.
const VISITOR: &str = "2";

/// What happened, in the words of the two kinds of stream and of webhooks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Kind {
    /// `event_type` of the enterprise's streams.
    pub(super) enterprise: &'static str,
    /// `event_type` of a user's streams, if they tell of it.
    user: Option<&'static str>,
    /// Trigger of webhooks; `*` stands for `FILE` or `FOLDER`.
    pub(super) trigger: Option<&'static str>,
}

/// The kinds the emulator knows.
pub(super) static KINDS: [Kind; 44] = [
    kind("UPLOAD", Some("ITEM_UPLOAD"), Some("FILE.UPLOADED")),
    kind("EDIT", Some("ITEM_UPLOAD"), Some("FILE.UPLOADED")),
    kind("ITEM_MODIFY", Some("ITEM_MODIFY"), None),
    kind("FOLDER_CREATED", Some("ITEM_CREATE"), Some("FOLDER.CREATED")),
    kind("MOVE", Some("ITEM_MOVE"), Some("*.MOVED")),
    kind("RENAME", Some("ITEM_RENAME"), Some("*.RENAMED")),
    kind("COPY", Some("ITEM_COPY"), Some("*.COPIED")),
    kind("DELETE", Some("ITEM_TRASH"), Some("*.TRASHED")),
    kind("PURGE", None, Some("*.DELETED")),
    kind("UNDELETE", Some("ITEM_UNDELETE_VIA_TRASH"), Some("*.RESTORED")),
    kind("DOWNLOAD", Some("ITEM_DOWNLOAD"), Some("FILE.DOWNLOADED")),
    kind("PREVIEW", Some("ITEM_PREVIEW"), Some("FILE.PREVIEWED")),
    kind("LOCK", Some("LOCK_CREATE"), Some("FILE.LOCKED")),
    kind("UNLOCK", Some("LOCK_DESTROY"), Some("FILE.UNLOCKED")),
    kind("SHARE", Some("ITEM_SHARED_CREATE"), Some("SHARED_LINK.CREATED")),
    kind("ITEM_SHARED_UPDATE", Some("ITEM_SHARED"), Some("SHARED_LINK.UPDATED")),
    kind("UPDATE_SHARE_EXPIRATION", None, Some("SHARED_LINK.UPDATED")),
    kind("UNSHARE", Some("ITEM_SHARED_UNSHARE"), Some("SHARED_LINK.DELETED")),
    kind("COLLABORATION_INVITE", Some("COLLAB_INVITE_COLLABORATOR"), Some("COLLABORATION.CREATED")),
    kind("COLLABORATION_ACCEPT", Some("COLLAB_ADD_COLLABORATOR"), Some("COLLABORATION.ACCEPTED")),
    kind("COLLABORATION_ROLE_CHANGE", Some("COLLAB_ROLE_CHANGE"), Some("COLLABORATION.UPDATED")),
    kind("COLLABORATION_REMOVE", Some("COLLAB_REMOVE_COLLABORATOR"), Some("COLLABORATION.REMOVED")),
    kind("METADATA_INSTANCE_CREATE", None, Some("METADATA_INSTANCE.CREATED")),
    kind("METADATA_INSTANCE_UPDATE", None, Some("METADATA_INSTANCE.UPDATED")),
    kind("METADATA_INSTANCE_DELETE", None, Some("METADATA_INSTANCE.DELETED")),
    kind("COMMENT_CREATE", Some("COMMENT_CREATE"), Some("COMMENT.CREATED")),
    kind("COMMENT_DELETE", Some("COMMENT_DELETE"), Some("COMMENT.DELETED")),
    kind("TASK_CREATE", Some("TASK_CREATE"), None),
    kind("TASK_ASSIGNMENT_CREATE", Some("TASK_ASSIGNMENT_CREATE"), Some("TASK_ASSIGNMENT.CREATED")),
    kind("TASK_ASSIGNMENT_UPDATE", Some("TASK_ASSIGNMENT_UPDATE"), Some("TASK_ASSIGNMENT.UPDATED")),
    kind("TASK_ASSIGNMENT_DELETE", Some("TASK_ASSIGNMENT_DELETE"), None),
    kind("METADATA_CASCADE_POLICY_CREATE", None, None),
    kind("METADATA_CASCADE_POLICY_APPLY", None, None),
    kind("METADATA_TEMPLATE_CREATE", None, None),
    kind("LEGAL_HOLD_POLICY_CREATE", None, None),
    kind("LEGAL_HOLD_POLICY_DELETE", None, None),
    kind("LEGAL_HOLD_ASSIGNMENT_CREATE", None, None),
    kind("LEGAL_HOLD_ASSIGNMENT_DELETE", None, None),
    kind("RETENTION_POLICY_ASSIGNMENT_ADD", None, None),
    kind("CHANGE_FOLDER_PERMISSION", None, None),
    kind("GROUP_ADD_USER", None, None),
    kind("GROUP_REMOVE_USER", None, None),
    kind("EDIT_USER", None, None),
    kind("DELETE_USER", None, None),
];

const fn kind(enterprise: &'static str, user: Option<&'static str>, trigger: Option<&'static str>) -> Kind {
    Kind { enterprise, user, trigger }
}

/// One thing that happened. Its id follows from its place.
#[derive(Clone, Debug)]
pub(super) struct Happening {
    kind: &'static Kind,
    at: Moment,
    by: Option<Uid>,
    item: Option<Nid>,
    /// The item as it was; of mere looks it is told as it is now, for there may be a million of them.
    source: Option<Value>,
    details: Value,
}

/// Positions that are no longer good.
#[derive(Debug, Default)]
pub(super) struct Positions {
    forgotten: BTreeSet<u64>,
    times: u64,
    /// Positions handed out before the times were so many are no longer good.
    lost_before: u64,
    /// For each place in the log, when it was last handed out as a position.
    issued: BTreeMap<u64, Moment>,
}

impl State {
    /// Notes what happened to an item, and tells webhooks. `by` is nobody for a visitor without sign-in.
    pub(super) fn happen(&mut self, enterprise: &str, by: Option<Uid>, nid: Nid, details: Value) {
        let Some(kind) = KINDS.iter().find(|kind| kind.enterprise == enterprise) else { return };
        let looks = matches!(enterprise, "DOWNLOAD" | "PREVIEW");
        let source = (!looks).then(|| self.event_source(nid));
        self.tell_hooks(kind, by, nid);
        if !looks {
            self.offered.insert(nid, self.now);
        }
        self.happened.push(Happening { kind, at: self.now, by, item: Some(nid), source, details });
    }

    /// Notes what happened to a policy, which is no item.
    pub(super) fn happen_to_policy(&mut self, enterprise: &str, by: Uid, source: Value) {
        self.happen_to_group(enterprise, by, source);
    }

    /// Notes what happened to a group or a person.
    pub(super) fn happen_to_group(&mut self, enterprise: &str, by: Uid, source: Value) {
        let Some(kind) = KINDS.iter().find(|kind| kind.enterprise == enterprise) else { return };
        let (at, by, details) = (self.now, Some(by), Value::Null);
        self.happened.push(Happening { kind, at, by, item: None, source: Some(source), details });
    }

    /// A download of somebody: an event that changes nothing.
    pub(super) fn downloaded(&mut self, who: Uid, nid: Nid) {
        self.happen("DOWNLOAD", Some(who), nid, Value::Null);
    }

    fn event_id(&self, place: usize) -> String {
        draw::code(self.seed ^ 0xE1D, place as u64)
    }

    /// The item as the enterprise's streams tell of it.
    fn event_source(&self, nid: Nid) -> Value {
        let owner = self.tree.owner(nid);
        let parent = self.tree.at(nid).parent;
        let parent_id = if self.tree.is_root(parent) { "0".into() } else { self.tree.id(parent).to_string() };
        json!({
            "item_type": self.tree.kind(nid),
            "item_id": self.tree.id(nid).to_string(),
            "item_name": self.tree.name(nid),
            "parent": {"type": "folder", "name": self.tree.name(parent), "id": parent_id},
            "owned_by": self.user_mini(owner),
        })
    }

    /// `/events`
    pub(super) fn events_route(&mut self, call: &mut Call<'_>, steps: &[&str]) -> Option<Told> {
        Some(match (call.asked.method.as_str(), steps) {
            ("GET", []) => self.events(call),
            ("OPTIONS", []) => Ok(self.long_poll_address(call)),
            _ => return None,
        })
    }

    fn events(&mut self, call: &mut Call<'_>) -> Told {
        call.knows_query(&["stream_type", "stream_position", "limit", "event_type", "created_after", "created_before"]);
        let limit = size(call.limit(100, MOST)?.max(1));
        let stream = call.query("stream_type").unwrap_or("all").to_owned();
        if !stream.starts_with("admin_logs") {
            for key in ["event_type", "created_after", "created_before"] {
                if call.query(key).is_some() {
                    call.odd.push(format!("{key} has no force in a user's stream"));
                }
            }
        }
        match stream.as_str() {
            "admin_logs" | "admin_logs_streaming" => {
                self.needs("manage_enterprise_properties")?;
                self.needs_admin(call.actor)?;
                if stream == "admin_logs" { self.log_page(call, limit) } else { self.streaming_page(call, limit) }
            }
            "all" | "changes" | "sync" => self.user_page(call, &stream, limit),
            other => Err(invalid("stream_type", other, "is not a stream")),
        }
    }

    /// Where in the log a call goes on; `None` for the end.
    fn place(&self, call: &Call<'_>, keeps_days: u64) -> Result<Option<usize>, Fault> {
        let oldest = self.now.minus(Duration::from_secs(keeps_days * DAY));
        let first_kept = self.happened.after(|happening| happening.at < oldest);
        let text = match call.query("stream_position") {
            Some("now") => return Ok(None),
            None | Some("0") => return Ok(Some(first_kept)),
            Some(text) => text,
        };
        // The service names no code of its own for a lost position; clients report this message.
        let malformed = || {
            Fault::new(400, "bad_request", "nextStreamPosition value is malformed").context(json!({
            "errors": [{"reason": "invalid_parameter", "name": "stream_position", "message": "nextStreamPosition value is malformed"}]
        }))
        };
        let number: u64 = text.parse().map_err(|_| malformed().refused("a stream position that is no number"))?;
        let place = number
            .checked_sub(FIRST_POSITION)
            .map(|after| after % PLACES)
            .filter(|place| size(*place) <= self.happened.end());
        let Some(place) = place else { return Err(malformed().refused("a stream position that was never handed out")) };
        let stale = self.positions.issued.get(&place).is_none_or(|at| *at < oldest);
        let lost = (number - FIRST_POSITION) / PLACES < self.positions.lost_before;
        if lost || self.positions.forgotten.contains(&number) || stale || size(place) < self.happened.first() {
            return Err(malformed());
        }
        Ok(Some(size(place)))
    }

    /// A position as the answer tells it: text or number, as the seed has it.
    fn position(&mut self, place: usize) -> Value {
        let place = place as u64;
        self.positions.issued.insert(place, self.now);
        if self.positions.issued.len() > POSITIONS_MAX {
            self.positions.issued.pop_first();
        }
        let number = FIRST_POSITION + self.positions.times * PLACES + place;
        if self.seed.is_multiple_of(2) { number.to_string().into() } else { number.into() }
    }

    fn chunk(&mut self, entries: Vec<Value>, next: usize) -> Told {
        let next = self.position(next);
        Ok(Answer::json(200, &json!({"chunk_size": entries.len(), "next_stream_position": next, "entries": entries})))
    }

    fn streaming_page(&mut self, call: &Call<'_>, limit: usize) -> Told {
        let Some(from) = self.place(call, 14)? else { return self.chunk(Vec::new(), self.happened.end()) };
        let wanted = wanted_types(call);
        let mut places = Vec::new();
        let mut next = from;
        while next < self.happened.end() && places.len() < limit {
            if self.is_wanted(next, wanted.as_deref()) {
                places.push(next);
            }
            next += 1;
        }
        if !places.is_empty() {
            self.disturb(&mut places, from, limit, wanted.as_deref());
        }
        let entries = places.into_iter().filter_map(|place| self.enterprise_event(place)).collect();
        self.chunk(entries, next)
    }

    /// Rough order, and at least once: neighbours change places, and an event of the page before comes again.
    fn disturb(&self, places: &mut Vec<usize>, from: usize, limit: usize, wanted: Option<&[String]>) {
        let drawn = draw::mix(self.seed ^ 0xE7E7, from as u64);
        for pair in 0..places.len() / 2 {
            if (drawn >> (pair % 64)) & 1 == 1 {
                places.swap(pair * 2, pair * 2 + 1);
            }
        }
        if from > 0 && drawn.is_multiple_of(3) && places.len() < limit && self.is_wanted(from - 1, wanted) {
            places.push(from - 1);
        }
    }

    fn is_wanted(&self, place: usize, wanted: Option<&[String]>) -> bool {
        // Made-up kinds that webhooks know but the enterprise's streams do not.
        let Some(kind) = self.happened.get(place).map(|happening| happening.kind.enterprise) else { return false };
        let told = !matches!(kind, "PURGE" | "FOLDER_CREATED");
        told && wanted.is_none_or(|wanted| wanted.iter().any(|name| name == kind))
    }

    fn log_page(&mut self, call: &Call<'_>, limit: usize) -> Told {
        let moment = |key: &str| match call.query(key) {
            None => Ok(None),
            Some(text) => Moment::parse(text).map(Some).ok_or_else(|| invalid(key, text, "is not a date")),
        };
        let (after, before) = (moment("created_after")?, moment("created_before")?);
        let late = self.now.minus(Duration::from_secs(self.rights.log_delay_secs));
        let from = self.place(call, 365)?.unwrap_or(self.happened.end());
        let wanted = wanted_types(call);
        let mut entries = Vec::new();
        let mut next = from;
        let here = |next| self.happened.get(next).map(|happening| happening.at).filter(|at| *at <= late);
        while let Some(at) = here(next).filter(|_| entries.len() < limit) {
            let within = after.is_none_or(|after| at >= after) && before.is_none_or(|before| at <= before);
            if within && self.is_wanted(next, wanted.as_deref()) {
                entries.extend(self.enterprise_event(next));
            }
            next += 1;
        }
        self.chunk(entries, next)
    }

    fn user_page(&mut self, call: &Call<'_>, stream: &str, limit: usize) -> Told {
        let keeps = if stream == "sync" { 31 } else { 21 };
        let Some(from) = self.place(call, keeps)? else { return self.chunk(Vec::new(), self.happened.end()) };
        let mut entries = Vec::new();
        let mut next = from;
        while next < self.happened.end() && entries.len() < limit {
            if let Some(event) = self.user_event(call.actor, next, stream) {
                entries.push(event);
            }
            next += 1;
        }
        self.chunk(entries, next)
    }

    fn enterprise_event(&self, place: usize) -> Option<Value> {
        let happening = self.happened.get(place)?;
        let source = match (&happening.source, happening.item) {
            (Some(source), _) => source.clone(),
            (None, Some(nid)) => self.event_source(nid),
            (None, None) => Value::Null,
        };
        Some(json!({
            "type": "event",
            "event_id": self.event_id(place),
            "created_at": time(happening.at),
            "created_by": self.doer(happening.by),
            "event_type": happening.kind.enterprise,
            "ip_address": "192.0.2.17",
            "session_id": null,
            "source": source,
            "additional_details": happening.details,
        }))
    }

    /// An event as a user's stream tells it: with the whole item, if it is one the user may see.
    fn user_event(&self, who: Uid, place: usize, stream: &str) -> Option<Value> {
        let happening = self.happened.get(place)?;
        let kind = happening.kind.user?;
        let changes = !matches!(kind, "ITEM_DOWNLOAD" | "ITEM_PREVIEW");
        let nid = happening.item.filter(|nid| self.role(who, *nid).is_some())?;
        (stream == "all" || changes).then(|| {
            json!({
                "type": "event",
                "event_id": self.event_id(place),
                "created_at": time(happening.at),
                "recorded_at": time(happening.at),
                "created_by": self.doer(happening.by),
                "event_type": kind,
                "session_id": "70090280850c8d2a1933c1",
                "source": self.standard(who, nid),
            })
        })
    }

    /// Who did something; a visitor has an id of its own.
    pub(super) fn doer(&self, by: Option<Uid>) -> Value {
        match by {
            Some(uid) => self.user_mini(uid),
            None => json!({"type": "user", "id": VISITOR, "name": "Anonymous User", "login": ""}),
        }
    }

    fn long_poll_address(&self, call: &mut Call<'_>) -> Answer {
        let channel = draw::code(self.seed ^ 0x90, u64::from(call.actor));
        Answer::json(
            200,
            &json!({
                "chunk_size": 1,
                "entries": [{
                    "type": "realtime_server",
                    "url": format!("{}/subscribe?channel={channel}&stream_type=all", self.doors[0]),
                    "ttl": "10",
                    "max_retries": "10",
                    "retry_timeout": 610,
                }],
            }),
        )
    }

    /// The long poll itself: answers when something happened after the position, else after a while.
    pub(super) fn subscribe(&self, asked: &Asked) -> Answer {
        let position: Option<u64> = asked.query("stream_position").and_then(|text| text.parse().ok());
        let place = position.and_then(|number| number.checked_sub(FIRST_POSITION)).map(|after| size(after % PLACES));
        if place.is_some_and(|place| place < self.happened.end()) {
            return Answer::json(200, &json!({"version": 1, "message": "new_change"}));
        }
        Answer { hold: Some(LONG_POLL), ..Answer::json(200, &json!({"version": 1, "message": "reconnect"})) }
    }

    /// Forgets all positions handed out so far.
    pub(super) fn forget_feed(&mut self) {
        self.positions.times += 1;
        self.positions.lost_before = self.positions.times;
    }

    /// Forgets the position a request carries.
    pub(super) fn forget_position(&mut self, asked: &Asked) -> bool {
        let events = asked.door == Door::BoxApi && asked.path == "/2.0/events";
        let position: Option<u64> = asked.query("stream_position").and_then(|text| text.parse().ok());
        match position.filter(|position| events && *position > 0) {
            Some(position) => {
                self.positions.forgotten.insert(position);
                if self.positions.forgotten.len() > POSITIONS_MAX {
                    self.positions.forgotten.pop_first();
                }
                // Positions handed out from now on differ, though they stand for the same place.
                self.positions.times += 1;
                true
            }
            None => false,
        }
    }
}

/// The event types a call asks for.
fn wanted_types(call: &Call<'_>) -> Option<Vec<String>> {
    Some(call.query("event_type")?.split(',').map(|name| name.trim().to_owned()).collect())
}
