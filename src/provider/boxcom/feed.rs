//! What happened: the enterprise's event stream live, its log by time for the past.
//!
//! `admin_logs_streaming` is quick, roughly in order, tells an event more than once, and keeps two weeks; `admin_logs` is slow,
//! in order, and keeps a year. So the stream is followed, and a gap (a position that is lost or too old) is filled from the log.
//!
//! A cursor holds the stream's position as text and the moment it was had (`1632893855@1700000000000`), so that a lost position
//! still tells from when on the gap is. The moments of successive cursors always rise: so a batch that is asked for again
//! with the same cursor (the caller could not store it), or what followed it, is handed out again, while the same event after a
//! later cursor is dropped as a repeat.
//!
//! Source: Box API reference "List user and enterprise events", guide "Enterprise events stream".

use super::Tenant;
use super::api::Ask;
use super::judge::Scope;
use super::sharing::ANONYMOUS;
use super::wire::{Event, EventSource, Events, Mini, item_kind};
use crate::clock::Moment;
use crate::model::{Activity, ActivityKind, Actor, ItemKind, Principal, Subject};
use crate::provider::http::Urgency;
use crate::provider::recent::Recent;
use crate::provider::{Changes, Error, FeedCursor, History, Next};
use std::sync::Arc;
use std::time::Duration;

/// The name of the feed in cursors.
const FEED: &str = "events";

/// Events of a page: the most Box gives.
const LIMIT: &str = "500";

/// How long the stream keeps events.
const KEPT: Duration = Duration::from_secs(14 * 86_400);

/// A gap is filled from so long before the last good answer: events come late and clocks differ.
const MARGIN: Duration = Duration::from_secs(600);

/// How late the log by time may tell an event. Box says only that it is not live; fifteen minutes are more than anybody
/// reports.
pub(super) const LOG_SETTLES: Duration = Duration::from_secs(900);

/// When to ask again after an empty answer. The stream itself lags by about as much.
const PAUSE: Duration = Duration::from_secs(10);

/// Event ids that are remembered at most; about 20 MB.
const SEEN_MAX: usize = 200_000;

/// Events that ask for a new look at something.
const EVENT_TYPES: [(&str, ActivityKind); 29] = [
    ("UPLOAD", ActivityKind::Upload),
    ("EDIT", ActivityKind::Edit),
    ("COPY", ActivityKind::Copy),
    ("UNDELETE", ActivityKind::Restore),
    ("ITEM_MODIFY", ActivityKind::Edit),
    ("MOVE", ActivityKind::Move),
    ("RENAME", ActivityKind::Rename),
    ("SHARE", ActivityKind::Share),
    ("UNSHARE", ActivityKind::Share),
    ("ITEM_SHARED_UPDATE", ActivityKind::Share),
    ("SHARE_EXPIRATION", ActivityKind::Share),
    ("UPDATE_SHARE_EXPIRATION", ActivityKind::Share),
    ("COLLABORATION_INVITE", ActivityKind::Share),
    ("COLLABORATION_ACCEPT", ActivityKind::Share),
    ("COLLABORATION_ROLE_CHANGE", ActivityKind::Share),
    ("COLLABORATION_REMOVE", ActivityKind::Share),
    ("COLLABORATION_EXPIRATION", ActivityKind::Share),
    ("CHANGE_FOLDER_PERMISSION", ActivityKind::Share),
    ("GROUP_ADD_USER", ActivityKind::People),
    ("GROUP_REMOVE_USER", ActivityKind::People),
    ("GROUP_ADD_ITEM", ActivityKind::Share),
    ("GROUP_REMOVE_ITEM", ActivityKind::Share),
    ("METADATA_INSTANCE_CREATE", ActivityKind::Label),
    ("METADATA_INSTANCE_UPDATE", ActivityKind::Label),
    ("METADATA_INSTANCE_DELETE", ActivityKind::Label),
    ("NEW_USER", ActivityKind::People),
    ("EDIT_USER", ActivityKind::People),
    ("DELETE_USER", ActivityKind::People),
    ("DELETE", ActivityKind::Delete),
];

/// Events that are not asked for, yet have a name in this house.
const OTHER_TYPES: [(&str, ActivityKind); 8] = [
    ("DOWNLOAD", ActivityKind::View),
    ("PREVIEW", ActivityKind::View),
    ("ITEM_OPEN", ActivityKind::View),
    ("CONTENT_ACCESS", ActivityKind::View),
    ("PRINT", ActivityKind::View),
    ("LOGIN", ActivityKind::Login),
    ("FAILED_LOGIN", ActivityKind::Login),
    ("LOGOUT", ActivityKind::Login),
];

impl Tenant {
    /// The end of the stream.
    pub(super) fn end_of_feed(&self) -> Result<FeedCursor, Error> {
        let answer = self.events(
            &[("stream_type", STREAM), ("stream_position", "now"), ("limit", "1")],
            "find the end of the events",
        )?;
        let position = answer.next_stream_position.filter(|position| !position.is_empty());
        let position = position
            .ok_or_else(|| Error::new(Next::Transient, "find the end of the events", "an answer without a position"))?;
        Ok(Position { stream: position, at: self.api.clock().now() }.cursor())
    }

    /// What happened since `cursor`. The stream cannot wait: an empty answer says when to come again.
    pub(super) fn since(&self, cursor: &FeedCursor, patience: Duration) -> Result<Changes, Error> {
        let doing = "read the events";
        let position = Position::parse(&cursor.position)
            .ok_or_else(|| Error::new(Next::Reset(None), doing, "a cursor that is not ours"))?;
        let now = self.api.clock().now();
        let lost = |said: &str| Error::new(Next::Reset(Some(position.at.minus(MARGIN))), doing, said);
        if now.since(position.at) >= KEPT {
            return Err(lost("a position older than the stream keeps"));
        }
        let types = event_types();
        let query =
            [("stream_type", STREAM), ("stream_position", &*position.stream), ("limit", LIMIT), ("event_type", &types)];
        let answer = self.events(&query, doing).map_err(|error| match (error.next(), error.status()) {
            (Next::Gone, _) | (_, Some(400)) => lost(error.said()),
            _ => error,
        })?;
        // Taken for empty, an answer without a list would move the position past what it did not tell.
        let entries = answer.entries.ok_or_else(|| Error::new(Next::Transient, doing, "an answer without a list"))?;
        let empty = entries.is_empty();
        let next = position.next(answer.next_stream_position, now);
        let still = next.stream == position.stream;
        let mut seen = self.seen.lock().map_err(|_| Error::new(Next::Stopped, doing, "another thread failed"))?;
        let mut activities: Vec<_> = entries.into_iter().filter_map(activity).collect();
        activities.retain(|activity| seen.is_new(&activity.id, position.at));
        let more = !empty && !still;
        Ok(Changes {
            activities,
            pages: Vec::new(),
            cursor: next.cursor(),
            more,
            wait: (!more).then_some(PAUSE.min(patience.max(Duration::from_secs(1)))),
        })
    }

    /// A page of the log between two moments. Times are sent in whole seconds, so the end is rounded up: what happened in the
    /// last second belongs to it.
    pub(super) fn past(&self, from: Moment, to: Moment, at: Option<&str>) -> Result<History, Error> {
        let (from, to, types) = (from.to_string(), to.plus(Duration::from_millis(999)).to_string(), event_types());
        let mut query = vec![
            ("stream_type", "admin_logs"),
            ("created_after", &*from),
            ("created_before", &*to),
            ("limit", LIMIT),
            ("event_type", &*types),
        ];
        query.extend(at.map(|position| ("stream_position", position)));
        let doing = "read the log of events";
        let answer = self.events(&query, doing)?;
        let entries = answer.entries.ok_or_else(|| Error::new(Next::Transient, doing, "an answer without a list"))?;
        let onward = answer
            .next_stream_position
            .filter(|next| !entries.is_empty() && !next.is_empty() && at.is_none_or(|at| at != &**next));
        Ok(History { activities: entries.into_iter().filter_map(activity).collect(), onward })
    }

    fn events(&self, query: &[(&str, &str)], doing: &str) -> Result<Events, Error> {
        self.api.get(&Ask {
            path: &["events"],
            query,
            read_as: &Principal::Tenant,
            urgency: Urgency::Live,
            scope: Scope::Events,
            doing: doing.into(),
        })
    }
}

const STREAM: &str = "admin_logs_streaming";

fn event_types() -> String {
    EVENT_TYPES.map(|(name, _)| name).join(",")
}

/// A position of the stream and when it was had.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Position {
    stream: Arc<str>,
    at: Moment,
}

impl Position {
    fn parse(text: &str) -> Option<Self> {
        let (stream, at) = text.rsplit_once('@')?;
        Some(Self { stream: stream.into(), at: Moment::from_millis(at.parse().ok()?) })
    }

    /// What follows: the same place when the answer names none. Its moment is later than this one's, if only by a
    /// millisecond, so that no two cursors in a row are the same text.
    fn next(&self, stream: Option<Arc<str>>, now: Moment) -> Self {
        let stream = stream.filter(|stream| !stream.is_empty()).unwrap_or_else(|| Arc::clone(&self.stream));
        Self { stream, at: now.max(self.at.plus(Duration::from_millis(1))) }
    }

    fn cursor(&self) -> FeedCursor {
        let position = format!("{}@{}", self.stream, self.at.as_millis()).into();
        FeedCursor { feed: FEED.into(), read_as: Principal::Tenant, position }
    }
}

/// Which events were handed out, and in answer to the cursor of which moment; the oldest are forgotten first.
#[derive(Debug)]
pub(super) struct Seen(Recent<Moment>);

impl Default for Seen {
    fn default() -> Self {
        Self(Recent::of(SEEN_MAX))
    }
}

impl Seen {
    /// True when this event is to be handed out in answer to the cursor of this moment: never seen, or seen in answer to the
    /// same cursor or a later one. Who comes with an earlier one could not keep what followed it.
    fn is_new(&mut self, id: &Arc<str>, cursor: Moment) -> bool {
        self.0.note(id, cursor).is_none_or(|after| *after >= cursor)
    }
}

/// An event in the words of this house; `None` for one without id or type.
fn activity(event: Event) -> Option<Activity> {
    let raw = event.event_type?;
    let version = event.additional_details.and_then(|details| details.version_id);
    Some(Activity {
        id: event.event_id?,
        at: event.created_at,
        actor: actor(event.created_by),
        kind: kind(&raw),
        raw,
        subjects: event.source.and_then(|source| subject(source, version)).into_iter().collect(),
        address: event.ip_address,
    })
}

fn kind(raw: &str) -> ActivityKind {
    let known = EVENT_TYPES.iter().chain(&OTHER_TYPES).find(|(name, _)| *name == raw);
    known.map_or(ActivityKind::Other, |(_, kind)| *kind)
}

/// Who did it. Box names a visitor without sign-in as the user with id 2.
fn actor(by: Option<Mini>) -> Actor {
    let Some(by) = by else { return Actor::Unknown };
    match (by.id, by.login.filter(|login| !login.is_empty())) {
        (Some(id), _) if &*id == ANONYMOUS => Actor::Unauthenticated,
        (None, None) => Actor::Unknown,
        (account, login) => Actor::Person { account, login },
    }
}

/// The item an event is about; `None` when it is about a user or group.
fn subject(source: EventSource, version: Option<Arc<str>>) -> Option<Subject> {
    let place = source.parent.and_then(|parent| parent.id);
    let version = version.or(source.file_version.and_then(|version| version.id));
    let owner = source.owned_by.and_then(|owner| owner.id);
    let named = |kind, id, name| Some(Subject { id: Some(id), kind, name, place, version, owner });
    if let Some(id) = source.item_id {
        return named(item_kind(source.item_type.as_deref()), id, source.item_name);
    }
    if let Some(id) = source.file_id {
        return named(Some(ItemKind::File), id, source.file_name);
    }
    if let Some(id) = source.folder_id {
        return named(Some(ItemKind::Folder), id, source.folder_name);
    }
    let kind = item_kind(source.kind.as_deref())?;
    named(Some(kind), source.id?, source.name)
}

#[cfg(test)]
mod tests;
