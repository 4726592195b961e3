//! The team's audit log: `team_log/get_events`, and the events that deeds leave in it.
//!
//! The log is not sorted and a page may be empty while there is more: so here too (each page is given newest first, and the
//! first page of some filters holds nothing).

use super::cursor;
use super::gate::{Call, Who};
use super::metadata::time;
use super::place;
use super::reply::{Reply, conflict, conflict_tags, ok};
use super::spec;
use super::state::State;
use super::state::tree::{NodeId, SpaceKind};
use crate::clock::Moment;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// Events that are kept; cursors before them are lost.
pub(super) const EVENTS_MAX: usize = 20_000;
/// Kind of the log's cursor.
const KIND: &str = "log";

/// One event.
#[derive(Clone, Debug)]
pub(super) struct Event {
    at: Moment,
    category: &'static str,
    kind: &'static str,
    /// The person who did it; `None` for a visitor without sign-in.
    actor: Option<usize>,
    body: Value,
}

/// Who did something, for an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Actor {
    Person(usize),
    /// The app itself, on a route of the team.
    App,
    Visitor,
}

/// Who acts in a call.
pub(super) fn actor(state: &State, who: Who) -> Actor {
    match who {
        Who::Team => Actor::App,
        _ => Actor::Person(who.person(state)),
    }
}

/// A person as events show it.
pub(super) fn user(state: &State, number: usize) -> Value {
    let person = &state.people.all[number];
    let mut user = json!({ "account_id": person.account, "display_name": person.name, "email": person.email });
    if state.people.ours(number) {
        user[".tag"] = "team_member".into();
        user["team_member_id"] = person.member.clone().into();
    } else {
        user[".tag"] = "non_team_member".into();
    }
    user
}

/// A file or folder as events show it.
pub(super) fn asset(state: &State, node: NodeId) -> Value {
    asset_seen_at(state, node, place::inside(state, node))
}

/// The same of what is moved: a mount point as what it is in its own namespace, not as the root of the one it shows.
pub(super) fn moved_asset(state: &State, node: NodeId) -> Value {
    asset_seen_at(state, node, node)
}

fn asset_seen_at(state: &State, node: NodeId, inner: NodeId) -> Value {
    let space = state.tree.space(state.tree.space_of(inner));
    let path = state.tree.path(inner);
    let shared = matches!(space.kind, SpaceKind::Shared | SpaceKind::Team);
    let mut asset = json!({
        ".tag": if state.tree.is_file(node) { "file" } else { "folder" },
        "path": {
            "contextual": if path.is_empty() { "/" } else { path.as_str() },
            "namespace_relative": {
                "ns_id": space.id, "relative_path": if path.is_empty() { "/" } else { path.as_str() },
                "is_shared_namespace": shared,
            },
        },
        "display_name": display_name(state, node), "file_id": state.tree.id(node),
    });
    if let Some(version) = state.tree.current(node) {
        asset["file_size"] = version.body.len().into();
    }
    asset
}

/// A name; of the root of a shared folder the one it has in a home.
fn display_name(state: &State, node: NodeId) -> String {
    if state.tree.parent(node).is_some() {
        return state.tree.name(node);
    }
    let space = state.tree.space(state.tree.space_of(node));
    space.mounts.first().map_or_else(|| space.name.clone(), |mount| state.tree.name(*mount))
}

/// What an event tells beside its kind.
#[derive(Debug, Default)]
pub(super) struct Facts {
    pub(super) assets: Vec<Value>,
    pub(super) participants: Vec<Value>,
    pub(super) details: Value,
    /// An outsider is concerned.
    pub(super) outside: bool,
}

/// Category of an event: that of the team's log.
fn category(kind: &str) -> &'static str {
    match kind {
        kind if kind.starts_with("file_") => "file_operations",
        kind if kind.starts_with("shared_") => "sharing",
        "create_folder" | "object_label_added" | "object_label_removed" | "object_label_updated_value" => {
            "file_operations"
        }
        kind if kind.starts_with("legal_holds_") => "data_governance",
        kind if kind.starts_with("device_") => "devices",
        kind if kind.starts_with("app_") => "apps",
        _ => "members",
    }
}

/// Puts an event into the log.
pub(super) fn note(state: &mut State, at: Moment, actor: Actor, kind: &'static str, facts: Facts) {
    let mut details = facts.details;
    if details.is_null() {
        details = json!({});
    }
    details[".tag"] = format!("{kind}_details").into();
    let (by, context) = match actor {
        Actor::Person(person) => {
            let tag = if state.people.all[person].admin { "admin" } else { "user" };
            let ours = state.people.ours(person);
            let mut context = user(state, person);
            context[".tag"] = if ours { "team_member" } else { "non_team_member" }.into();
            (json!({ ".tag": tag, tag: user(state, person) }), context)
        }
        Actor::App => {
            let app = json!({ ".tag": "team_linked_app", "app_id": app_id(state), "display_name": "Scanner" });
            (json!({ ".tag": "app", "app": app }), json!({ ".tag": "team" }))
        }
        Actor::Visitor => (json!({ ".tag": "anonymous" }), json!({ ".tag": "anonymous" })),
    };
    let outside = facts.outside || matches!(actor, Actor::Person(person) if !state.people.ours(person));
    let participants: Vec<Value> =
        facts.participants.into_iter().map(|user| json!({ ".tag": "user", "user": user })).collect();
    let body = json!({
        "timestamp": time(at), "event_category": { ".tag": category(kind) }, "actor": by,
        "origin": { "geo_location": { "ip_address": "192.0.2.7" }, "access_method": access_method(state) },
        "involve_non_team_member": outside, "context": context, "participants": participants, "assets": facts.assets,
        "event_type": { ".tag": kind, "description": kind.replace('_', " ") }, "details": details,
    });
    if !kind.ends_with("_view") && kind != "file_preview" {
        let ids = body["assets"].as_array().into_iter().flatten().filter_map(|asset| asset["file_id"].as_str());
        let nodes: Vec<NodeId> = ids.filter_map(|id| state.tree.by_id(id)).collect();
        nodes.into_iter().for_each(|node| state.tree.offer(node));
    }
    let actor = if let Actor::Person(person) = actor { Some(person) } else { None };
    state.log.push(Event { at, category: category(kind), kind, actor, body });
}

/// How it was done: what a request does comes by way of the API, whoever it acts as. (A struct within a union stands beside its tag.)
fn access_method(state: &State) -> Value {
    match &state.carrier {
        Some(carrier) => json!({ ".tag": "api", "request_id": format!("dbarid:{}", carrier.request) }),
        None => json!({ ".tag": "end_user", "end_user": { ".tag": "web" } }),
    }
}

/// Id of our app, as the log writes it.
fn app_id(state: &State) -> String {
    format!("dbaid:{}", super::state::people::opaque(state.seed, "app", "id", 35))
}

/// A member's standing changed.
pub(super) fn member_status(state: &mut State, call: &Call<'_>, person: usize, from: &str, to: &str) {
    let participants = vec![user(state, person)];
    let details = json!({ "previous_value": { ".tag": from }, "new_value": { ".tag": to } });
    let facts = Facts { participants, details, ..Facts::default() };
    note(state, call.asked.at, actor(state, call.who), "member_change_status", facts);
}

#[derive(Clone, Debug, Serialize, Deserialize)]
struct Stand {
    /// Next event.
    n: usize,
    /// Events a page.
    p: usize,
    category: Option<String>,
    kind: Option<String>,
    account: Option<String>,
    from: Option<i64>,
    to: Option<i64>,
    /// Pages so far, up to a few.
    g: u8,
    /// How often all cursors had been forgotten when this one was given.
    e: u32,
}

/// `team_log/get_events`.
pub(super) fn events(state: &State, call: &Call<'_>) -> Reply {
    let tag = |field: &str| Some(spec::tag(call.field(field)).to_owned()).filter(|tag| !tag.is_empty());
    let (category, kind) = (tag("category"), tag("event_type"));
    if category.is_some() && kind.is_some() {
        return Err(conflict_tags(&["invalid_filters"]));
    }
    let bound = |name: &str| call.field("time")[name].as_str().and_then(Moment::parse).map(Moment::as_millis);
    let (from, to) = (bound("start_time"), bound("end_time"));
    if from.zip(to).is_some_and(|(from, to)| from > to) {
        return Err(conflict_tags(&["invalid_time_range"]));
    }
    let account = call.field("account_id").as_str().map(str::to_owned);
    if account.as_deref().is_some_and(|account| state.people.by_account(account).is_none()) {
        return Err(conflict_tags(&["account_id_not_found"]));
    }
    Ok(page(
        state,
        Stand { n: 0, p: call.number("limit", 1000), category, kind, account, from, to, g: 0, e: state.log_epoch },
    ))
}

/// `team_log/get_events/continue`.
pub(super) fn more(state: &State, call: &Call<'_>) -> Reply {
    let text = call.text("cursor");
    let Some(stand) = cursor::read::<Stand>(state, KIND, text) else {
        return Err(conflict_tags(&["bad_cursor"]));
    };
    if stand.e < state.log_epoch || state.log_lost.contains(text) || stand.n < state.log.first() {
        let newest = stand.n.checked_sub(1).and_then(|last| state.log.get(last)).map_or(state.now, |event| event.at);
        return Err(conflict(&json!({ ".tag": "reset", "reset": time(newest) })));
    }
    Ok(page(state, stand))
}

/// Forgets a cursor of the log. False when it is none.
pub(super) fn forget(state: &mut State, text: &str) -> bool {
    let known = cursor::read::<Stand>(state, KIND, text).is_some();
    if known {
        state.log_lost.insert(text.to_owned());
    }
    known
}

fn matches(state: &State, stand: &Stand, event: &Event) -> bool {
    let at = event.at.as_millis();
    let account = |account: &String| event.actor.is_some_and(|person| state.people.all[person].account == *account);
    stand.category.as_deref().is_none_or(|category| category == event.category)
        && stand.kind.as_deref().is_none_or(|kind| kind == event.kind)
        && stand.account.as_ref().is_none_or(account)
        && stand.from.is_none_or(|from| at >= from)
        && stand.to.is_none_or(|to| at < to)
}

fn page(state: &State, mut stand: Stand) -> super::Answer {
    let hollow = state.odd_pages && stand.g == 0 && stand.category.is_some() && state.log.end() > state.log.first();
    stand.g = 1;
    let mut found = Vec::new();
    stand.n = stand.n.max(state.log.first());
    while let Some(event) = state.log.get(stand.n).filter(|_| !hollow && found.len() < stand.p) {
        if matches(state, &stand, event) {
            found.push(event.body.clone());
        }
        stand.n += 1;
    }
    found.reverse();
    let has_more = stand.n < state.log.end();
    ok(&json!({ "events": found, "cursor": cursor::write(state, KIND, &stand), "has_more": has_more }))
}
