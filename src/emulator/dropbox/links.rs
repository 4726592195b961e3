//! Shared links.

use super::cursor::{self, Row};
use super::deeds;
use super::gate::{Call, Who, may_write};
use super::metadata::time;
use super::place;
use super::relocate::deed;
use super::reply::{Reply, Stop, conflict, conflict_tags, ok};
use super::spec;
use super::state::State;
use super::state::sharing::{Audience, Link};
use super::state::tree::{NodeId, SpaceKind};
use crate::clock::Moment;
use serde_json::{Value, json};

/// Links a page: few, so that callers page.
const LINKS_A_PAGE: usize = 4;

fn url(state: &State, link: &Link) -> String {
    link.url(state.tree.is_file(link.node))
}

/// A link as the service describes it to a caller.
fn described(state: &State, call: &Call<'_>, number: usize) -> Value {
    let link = &state.links[number];
    let is_file = state.tree.is_file(link.node);
    let owner = &state.people.all[link.owner];
    let mine = may_manage(state, call, number);
    let mut body = json!({
        ".tag": if is_file { "file" } else { "folder" }, "url": url(state, link), "id": state.tree.id(link.node),
        "name": state.tree.name(link.node), "link_permissions": permissions(state, call, number, mine),
    });
    if let Some(at) = link.expires {
        body["expires"] = time(at);
    }
    if let Some(path) = place::path(state, call.root, link.node) {
        body["path_lower"] = path.to_lowercase().into();
    }
    if state.people.ours(link.owner) {
        let team = json!({ "id": state.keys.team_id, "name": state.people.team_name });
        body["team_member_info"] = json!({ "team_info": team, "display_name": owner.name, "member_id": owner.member });
        body["content_owner_team_info"] = team;
    }
    if let Some(version) = state.tree.current(link.node) {
        body["client_modified"] = time(version.client_at);
        body["server_modified"] = time(version.at);
        body["rev"] = version.rev_text().into();
        body["size"] = version.body.len().into();
    }
    body
}

/// The widest audience that a link of a node may have: the team's policy, and that of the shared folder it lies in.
fn widest(state: &State, node: NodeId) -> (Audience, Audience) {
    let inner = place::inside(state, node);
    let sharing = state.tree.space(state.tree.space_of(inner)).sharing.as_ref();
    let by_folder = match sharing.map(|sharing| sharing.link_policy.as_str()) {
        Some("team") => Audience::Team,
        Some("members") => Audience::Members,
        _ => Audience::Public,
    };
    (state.links_at_most, by_folder)
}

/// Whom a link lets in, whatever it was asked to.
pub(super) fn effective(state: &State, link: &Link) -> Audience {
    let (by_team, by_folder) = widest(state, link.node);
    link.audience.and(by_team).and(by_folder)
}

/// Why an audience cannot be had; `None` when it can.
fn disallowed(state: &State, node: NodeId, audience: Audience, mine: bool) -> Option<&'static str> {
    let (by_team, by_folder) = widest(state, node);
    if !mine {
        Some("permission_denied")
    } else if audience.and(by_folder) != audience {
        Some("restricted_by_shared_folder")
    } else if audience.and(by_team) != audience {
        Some("restricted_by_team")
    } else {
        None
    }
}

fn permissions(state: &State, call: &Call<'_>, number: usize, mine: bool) -> Value {
    let link = &state.links[number];
    let now = effective(state, link);
    let requested = match (link.audience, link.password.is_some()) {
        (Audience::Team, _) => "team_only",
        (Audience::Public, true) => "password",
        _ => "public",
    };
    let choice = |body: Value, audience: Audience| {
        let mut body = body;
        let reason = disallowed(state, link.node, audience, mine);
        body["allowed"] = reason.is_none().into();
        if let Some(reason) = reason {
            body["disallowed_reason"] = json!({ ".tag": reason });
        }
        body
    };
    let option = |audience: Audience| choice(json!({ "audience": { ".tag": audience.tag() } }), audience);
    let (by_team, by_folder) = widest(state, link.node);
    let policy = |tag: &str, audience: Audience| {
        let locked = tag == "password";
        let resolved = match (audience.and(by_team).and(by_folder), locked) {
            (Audience::Public, false) => "public",
            (Audience::Public, true) => "password",
            (Audience::Team, true) => "team_and_password",
            (Audience::Team, false) => "team_only",
            (Audience::Members, _) => "shared_folder_only",
            (Audience::NoOne, _) => "no_one",
        };
        choice(json!({ "policy": { ".tag": tag }, "resolved_policy": { ".tag": resolved } }), audience)
    };
    let settable = mine && !state.plain_links;
    let mut body = json!({
        "resolved_visibility": { ".tag": link.visibility(now) },
        "can_revoke": mine, "effective_audience": { ".tag": now.tag() },
        "link_access_level": { ".tag": "viewer" },
        "visibility_policies": [
            policy("public", Audience::Public), policy("team_only", Audience::Team), policy("password", Audience::Public),
        ],
        "can_set_expiry": settable, "can_remove_expiry": settable && link.expires.is_some(),
        "allow_download": link.allow_download, "can_allow_download": settable, "can_disallow_download": settable,
        "allow_comments": true, "team_restricts_comments": false,
        "audience_options": [option(Audience::Public), option(Audience::Team), option(Audience::NoOne)],
        "can_set_password": settable, "can_remove_password": settable && link.password.is_some(),
        "require_password": link.password.is_some(), "can_use_extended_sharing_controls": settable,
    });
    if call.who == Who::Member(link.owner) {
        body["requested_visibility"] = json!({ ".tag": requested });
    }
    if !mine {
        body["revoke_failure_reason"] = json!({ ".tag": "owner_only" });
    }
    body
}

/// The owner of a link manages it; an admin those on the team's own content.
fn may_manage(state: &State, call: &Call<'_>, number: usize) -> bool {
    let link = &state.links[number];
    let space = state.tree.space_of(link.node);
    let of_team = matches!(state.tree.space(space).kind, SpaceKind::Team | SpaceKind::TeamRoot);
    match call.who {
        Who::Member(person) => link.owner == person,
        Who::Admin(..) => of_team,
        Who::Team | Who::Nobody => false,
    }
}

fn by_url(state: &State, given: &str) -> Result<usize, Stop> {
    let here = |link: &Link| state.tree.alive(link.node) && url(state, link) == given;
    state.links.iter().position(here).ok_or_else(|| conflict_tags(&["shared_link_not_found"]))
}

/// The nodes whose links let in to this one: itself and the folders above it. A shared folder's mount points carry the
/// links of the whole folder; what lies above them does not open it.
pub(super) fn chain(state: &State, node: NodeId) -> Vec<NodeId> {
    let mut found = vec![node];
    let mut at = place::inside(state, node);
    while let Some(parent) = state.tree.parent(at) {
        found.push(parent);
        at = parent;
    }
    found.extend(&state.tree.space(state.tree.space_of(at)).mounts);
    found
}

fn listed(state: &State, call: &Call<'_>, path: Option<&str>, direct: bool) -> Result<Vec<usize>, Stop> {
    let live = |number: &usize| state.tree.alive(state.links[*number].node);
    let numbers = (0..state.links.len()).filter(live);
    let Some(path) = path.filter(|path| !path.is_empty()) else {
        let person = call.who.person(state);
        return Ok(numbers.filter(|&number| state.links[number].owner == person).collect());
    };
    let node = place::need(state, call, path)?;
    let wanted = if direct { vec![node] } else { chain(state, node) };
    Ok(numbers.filter(|&number| wanted.contains(&state.links[number].node)).collect())
}

/// `sharing/list_shared_links`.
pub(super) fn list(state: &State, call: &Call<'_>) -> Reply {
    let row = match call.field("cursor").as_str() {
        Some(text) => cursor::read::<Row>(state, "links", text).ok_or_else(|| conflict_tags(&["reset"]))?,
        None => {
            let extra = json!([call.field("path"), call.flag("direct_only")]);
            Row::first(call, LINKS_A_PAGE, &extra.to_string())
        }
    };
    if row.w != call.who.mark() {
        return Err(call.refuse("request body: cursor: it belongs to another user or admin"));
    }
    let extra: Value = serde_json::from_str(&row.extra).unwrap_or_default();
    let all = listed(state, call, extra[0].as_str(), extra[1].as_bool().unwrap_or(false))?;
    let (rows, cursor, more) = row.page(state, "links", &all);
    let links: Vec<Value> = rows.into_iter().map(|number| described(state, call, number)).collect();
    let mut body = json!({ "links": links, "has_more": more });
    if more {
        body["cursor"] = cursor.into();
    }
    Ok(ok(&body))
}

/// What settings ask for; `None` in a place leaves it as it is.
struct Wish {
    audience: Option<Audience>,
    password: Option<Option<String>>,
    expires: Option<Moment>,
    allow_download: Option<bool>,
}

fn wish(state: &State, call: &Call<'_>) -> Result<Wish, Stop> {
    let settings = call.field("settings");
    let invalid = || conflict_tags(&["settings_error", "invalid_settings"]);
    let visibility = match spec::tag(&settings["requested_visibility"]) {
        "" => None,
        "team_only" => Some("team"),
        _ => Some("public"),
    };
    let audience = match spec::tag(&settings["audience"]) {
        "" => visibility,
        tag => Some(tag),
    };
    let password = match (settings["require_password"].as_bool(), settings["link_password"].as_str()) {
        (Some(false), _) => Some(None),
        (Some(true), None) => return Err(invalid()),
        (_, Some(password)) => Some(Some(password.to_owned())),
        (None, None) => None,
    };
    let expires = settings["expires"].as_str().and_then(Moment::parse);
    let allow_download = settings["allow_download"].as_bool();
    let empty = settings.as_object().is_none_or(|settings| settings.values().all(Value::is_null));
    if call.route.name == "sharing/modify_shared_link_settings" && empty && !call.flag("remove_expiration") {
        return Err(invalid());
    }
    let locked = spec::tag(&settings["requested_visibility"]) == "password";
    if locked && password.is_none() {
        return Err(invalid());
    }
    let special = matches!(password, Some(Some(_))) || expires.is_some() || allow_download == Some(false);
    if special && state.plain_links {
        return Err(conflict_tags(&["settings_error", "not_authorized"]));
    }
    if expires.is_some_and(|at| at <= call.asked.at) {
        return Err(invalid());
    }
    Ok(Wish { audience: audience.and_then(Audience::from_tag), password, expires, allow_download })
}

fn apply(state: &mut State, call: &Call<'_>, number: usize, wish: Wish) {
    let deed = deed(state, call);
    if let Some(audience) = wish.audience.filter(|audience| *audience != state.links[number].audience) {
        deeds::widen(state, deed, number, audience);
    }
    if wish.expires.is_some_and(|at| state.links[number].expires != Some(at)) {
        deeds::expire(state, deed, number, wish.expires);
    }
    if let Some(password) = wish.password.filter(|password| *password != state.links[number].password) {
        deeds::lock_link(state, deed, number, password);
    }
    if let Some(allow) = wish.allow_download {
        deeds::allow_download(state, deed, number, allow);
    }
}

/// `sharing/create_shared_link_with_settings`.
pub(super) fn create(state: &mut State, call: &Call<'_>) -> Reply {
    let node = place::need(state, call, call.text("path"))?;
    if state.tree.parent(node).is_none() {
        return Err(conflict_tags(&["access_denied"]));
    }
    let person = call.who.person(state);
    let space = state.tree.space_of(node);
    let allowed = match state.tree.space(space).sharing.as_ref().map(|sharing| sharing.link_policy.as_str()) {
        Some("members") => may_write(state, call.who, space),
        _ => true,
    };
    if !allowed {
        return Err(conflict_tags(&["access_denied"]));
    }
    let wish = wish(state, call)?;
    let there = |link: &Link| link.node == node && link.owner == person;
    if let Some(number) = state.links.iter().position(there) {
        let metadata = described(state, call, number);
        let inner = json!({ ".tag": "metadata", "metadata": metadata });
        return Err(conflict(&json!({ ".tag": "shared_link_already_exists", "shared_link_already_exists": inner })));
    }
    let deed = deed(state, call);
    let number = deeds::link(state, deed, node, wish.audience.unwrap_or(Audience::Public));
    apply(state, call, number, Wish { audience: None, ..wish });
    Ok(ok(&described(state, call, number)))
}

/// `sharing/modify_shared_link_settings`.
pub(super) fn modify(state: &mut State, call: &Call<'_>) -> Reply {
    let number = by_url(state, call.text("url"))?;
    if !may_manage(state, call, number) {
        return Err(conflict_tags(&["shared_link_access_denied"]));
    }
    let wish = wish(state, call)?;
    let (ends_no_more, before) = (call.flag("remove_expiration"), state.links[number].clone());
    if ends_no_more && wish.expires.is_some() {
        return Err(conflict_tags(&["settings_error", "invalid_settings"]));
    }
    if ends_no_more && before.expires.is_some() {
        let deed = deed(state, call);
        deeds::expire(state, deed, number, None);
    }
    apply(state, call, number, wish);
    let changed = state.links[number] != before;
    state.did_to("link_set", before.node, changed);
    Ok(ok(&described(state, call, number)))
}

/// `sharing/revoke_shared_link`.
pub(super) fn revoke(state: &mut State, call: &Call<'_>) -> Reply {
    if !call.text("url").starts_with("https://") {
        return Err(conflict_tags(&["shared_link_malformed"]));
    }
    let number = by_url(state, call.text("url"))?;
    if !may_manage(state, call, number) {
        return Err(conflict_tags(&["shared_link_access_denied"]));
    }
    let deed = deed(state, call);
    deeds::unlink(state, deed, number);
    Ok(ok(&Value::Null))
}

/// `sharing/get_shared_link_metadata`.
pub(super) fn get(state: &State, call: &Call<'_>) -> Reply {
    let number = by_url(state, call.text("url"))?;
    let link = &state.links[number];
    let ended = link.expires.is_some_and(|at| at <= call.asked.at);
    let locked = link.password.is_some() && link.password.as_deref() != call.field("link_password").as_str();
    if ended || (locked && !may_manage(state, call, number)) {
        return Err(conflict_tags(&["shared_link_access_denied"]));
    }
    Ok(ok(&described(state, call, number)))
}
