//! What happened since: the team's log, and the cursors of namespaces with long polls to wait on.
//!
//! The log is neither sorted nor whole at once: a page may be empty with more behind it, and a cursor lives only days. A
//! position `from:<time>` stands for "from this time on" until the first page gives a cursor. Source: team_log.stone,
//! files.stone (`list_folder/longpoll`).

mod normalise;
mod watch;

pub(super) use watch::Polls;

use super::call::Ask;
use super::list;
use super::route;
use super::team::Team;
use super::wire::{Events, Polled};
use crate::clock::Moment;
use crate::model::Principal;
use crate::provider::http::Urgency;
use crate::provider::{Changes, Error, FeedCursor, History, Next, Onward};
use serde_json::{Value, json};
use std::time::Duration;

/// The name of the log's feed.
pub(super) const LOG: &str = "team_log";
/// What a position that is a time begins with.
const FROM: &str = "from:";
/// A feed begins so much before now, in case the service's clock is behind ours; repeats carry the same id.
const OVERLAP: Duration = Duration::from_secs(120);
/// How late the log may tell an event.
pub(super) const LOG_SETTLES: Duration = Duration::from_secs(300);
/// Empty pages that are followed in one call of ours.
const EMPTY_PAGES_MAX: u32 = 20;
/// The shortest and longest that the service lets a poll stand.
const POLL_SECS: (u64, u64) = (30, 480);
const SHORTEST_POLL: Duration = Duration::from_secs(POLL_SECS.0);
/// What the service adds by chance to a poll's time.
const POLL_JITTER: Duration = Duration::from_secs(90);
/// A cursor is looked at again after this, whatever the service says.
const PAUSE_MAX: Duration = Duration::from_secs(3_600);

/// The log's position at present.
pub(super) fn now(team: &Team) -> Result<Vec<FeedCursor>, Error> {
    let from = Moment::from_millis(team.desk.clock().now().minus(OVERLAP).as_millis().max(0));
    // Asked only to see that the log can be read at all.
    let argument = json!({"limit": 1, "time": {"start_time": from.to_string()}});
    let _: Events = team.desk.rpc(&log_ask(&route::EVENTS), &argument)?;
    Ok(vec![FeedCursor { feed: LOG.into(), read_as: Principal::Tenant, position: format!("{FROM}{from}").into() }])
}

fn log_ask(route: &'static route::Route) -> Ask<'static> {
    Ask { urgency: Urgency::Live, ..Ask::new(route, &Principal::Tenant, "read the team's log") }
}

/// What happened since a cursor.
pub(super) fn changes(team: &Team, cursor: &FeedCursor, patience: Duration) -> Result<Changes, Error> {
    if *cursor.feed == *LOG { log(team, cursor) } else { namespace(team, cursor, patience) }
}

/// The next page of the log that holds anything.
fn log(team: &Team, cursor: &FeedCursor) -> Result<Changes, Error> {
    let mut page = log_page(team, &cursor.position)?;
    for _ in 0..EMPTY_PAGES_MAX {
        if !page.events.is_empty() || !page.has_more {
            break;
        }
        page = log_page(team, &page.cursor)?;
    }
    Ok(Changes {
        activities: page.events.iter().map(normalise::activity).collect(),
        pages: Vec::new(),
        cursor: FeedCursor { position: page.cursor.into(), ..cursor.clone() },
        more: page.has_more,
        wait: None,
    })
}

fn log_page(team: &Team, position: &str) -> Result<Events, Error> {
    let page: Events = match position.strip_prefix(FROM) {
        Some(from) => team.desk.rpc(&log_ask(&route::EVENTS), &json!({"limit": 1000, "time": {"start_time": from}}))?,
        None => team.desk.rpc(&log_ask(&route::EVENTS_ON), &json!({ "cursor": position }))?,
    };
    goes_on(position, &page)?;
    Ok(page)
}

/// Refuses a page that has more but leads nowhere, so that nobody asks for it for ever.
fn goes_on(asked: &str, page: &Events) -> Result<(), Error> {
    let fault = |said| Err(Error::new(Next::Transient, "read the team's log", said));
    match &*page.cursor {
        "" => fault("a page without a cursor"),
        cursor if page.has_more && cursor == asked => fault("pages without an end"),
        _ => Ok(()),
    }
}

/// A page of the log between two moments. The service's end is exclusive to the second, so ours is rounded up.
pub(super) fn history(team: &Team, from: Moment, to: Moment, at: Option<&str>) -> Result<History, Error> {
    let page: Events = match at {
        None => {
            let time =
                json!({"start_time": from.to_string(), "end_time": to.plus(Duration::from_millis(999)).to_string()});
            team.desk.rpc(&log_ask(&route::EVENTS), &json!({"limit": 1000, "time": time}))?
        }
        Some(at) => team.desk.rpc(&log_ask(&route::EVENTS_ON), &json!({ "cursor": at }))?,
    };
    if page.has_more {
        goes_on(at.unwrap_or_default(), &page)?;
    }
    let onward = page.has_more.then(|| page.cursor.as_str().into());
    Ok(History { activities: page.events.iter().map(normalise::activity).collect(), onward })
}

/// What changed in a namespace. Waits by a long poll first when there is patience for the shortest one.
fn namespace(team: &Team, cursor: &FeedCursor, patience: Duration) -> Result<Changes, Error> {
    if patience.as_secs() >= POLL_SECS.0 {
        let polled = poll(team, cursor, patience)?;
        if !polled.changes {
            return Ok(Changes {
                activities: Vec::new(),
                pages: Vec::new(),
                cursor: cursor.clone(),
                more: false,
                wait: pause(&polled),
            });
        }
        let taken = take(team, cursor)?;
        return Ok(Changes { wait: pause(&polled), ..taken });
    }
    take(team, cursor)
}

/// The page after a namespace's cursor.
fn take(team: &Team, cursor: &FeedCursor) -> Result<Changes, Error> {
    let page = list::changes(team, &cursor.feed, &cursor.read_as, &cursor.position)?;
    let (position, more) = match &page.onward {
        Onward::More(position) => (position.clone(), true),
        Onward::End(position) => (position.clone().unwrap_or_else(|| cursor.position.clone()), false),
    };
    Ok(Changes {
        activities: Vec::new(),
        pages: vec![page],
        cursor: FeedCursor { position, ..cursor.clone() },
        more,
        wait: None,
    })
}

/// One long poll: no token is sent, the cursor is the key.
fn poll(team: &Team, cursor: &FeedCursor, patience: Duration) -> Result<Polled, Error> {
    let doing = format!("wait for changes of {}", cursor.feed);
    let bare = list::bare_cursor(&cursor.position)
        .ok_or_else(|| Error::new(Next::Refused, &doing, "not a cursor of this connector"))?;
    let secs = patience.as_secs().clamp(POLL_SECS.0, POLL_SECS.1);
    let ask = Ask {
        urgency: Urgency::Live,
        patience: Duration::from_secs(secs) + POLL_JITTER,
        ..Ask::new(&route::LONGPOLL, &Principal::Tenant, doing)
    };
    team.desk.rpc(&ask, &json!({"cursor": bare, "timeout": secs}))
}

/// How long the service asks to leave a cursor alone; an hour at most.
fn pause(polled: &Polled) -> Option<Duration> {
    polled.backoff.map(|secs| Duration::from_secs(secs).min(PAUSE_MAX))
}

/// Whether the plan's log tells what is done with files (`has_team_file_events`); `None` when the service does not say.
pub(super) fn tells_files(team: &Team) -> Result<Option<bool>, Error> {
    let ask = Ask::new(&route::FEATURES, &Principal::Tenant, "read what the team's plan has");
    let features: super::wire::Features =
        team.desk.rpc(&ask, &json!({"features": [{".tag": "has_team_file_events"}]}))?;
    Ok(features.values.iter().find_map(file_events))
}

fn file_events(value: &Value) -> Option<bool> {
    if super::wire::tag(value) != "has_team_file_events" {
        return None;
    }
    super::wire::inner(value).get("enabled")?.as_bool()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_that_leads_nowhere_is_a_fault() {
        for (asked, cursor, has_more, fine) in [
            ("a", "b", true, true),
            ("a", "a", false, true),
            ("from:2026-03-01T00:00:00Z", "a", true, true),
            ("a", "a", true, false),
            ("a", "", true, false),
            ("", "", false, false),
        ] {
            let page: Events =
                serde_json::from_value(json!({"events": [], "cursor": cursor, "has_more": has_more})).expect("a page");
            assert_eq!(goes_on(asked, &page).is_ok(), fine, "{asked} {cursor} {has_more}");
        }
    }

    #[test]
    fn a_cursor_is_not_left_alone_for_ever() {
        for (backoff, secs) in [(None, None), (Some(60), Some(60)), (Some(u64::MAX), Some(3_600))] {
            let polled = Polled { changes: false, backoff };
            assert_eq!(pause(&polled).map(|wait| wait.as_secs()), secs);
        }
    }
}
