//! What members are signed in with, the apps of others that they linked, and what happens to a leaver's files.

use super::cursor::Row;
use super::gate::Call;
use super::jobs::{self, Work};
use super::log::{self, Facts};
use super::metadata::time;
use super::relocate::deed;
use super::reply::{Reply, conflict_tags, ok, tags};
use super::spec;
use super::state::people::Status;
use super::state::{Device, LinkedApp, SignedIn, State};
use super::team::{resume_or_reset, selected};
use serde_json::{Value, json};

/// Members a page: few, so that callers page.
const MEMBERS_A_PAGE: usize = 2;
/// Apps that some members linked: id and name.
const APPS: [(&str, &str); 2] = [("notes", "Notes helper"), ("merge", "Mail merge")];

/// Signs everybody in: each in a browser and on a desktop, Frank on a telephone as well; Erin and Frank linked apps.
pub(super) fn sign_in(state: &mut State) {
    for person in 0..state.people.all.len() {
        if !matches!(state.people.all[person].status, Status::Active | Status::Suspended) {
            continue;
        }
        let key = state.people.all[person].key;
        let devices: &[Device] = match key {
            "frank" => &[Device::Web, Device::Desktop, Device::Mobile],
            "ivan" => &[],
            _ => &[Device::Web, Device::Desktop],
        };
        for &device in devices {
            let id = format!("{}:{}", prefix(device), state.mint("device", 35));
            state.signed_in.push(SignedIn { id, person, device });
        }
        for (id, name) in APPS.iter().take(match key {
            "frank" => 2,
            "erin" => 1,
            _ => 0,
        }) {
            let id = format!("dbaid:{}", super::state::people::opaque(state.seed, "linked app", id, 35));
            state.apps.push(LinkedApp { id, name, person });
        }
    }
}

fn prefix(device: Device) -> &'static str {
    match device {
        Device::Web => "dbwsid",
        Device::Desktop => "dbdsid",
        Device::Mobile => "dbmsid",
    }
}

fn described(state: &State, one: &SignedIn) -> Value {
    let at = time(state.now);
    let mut body = json!({
        "session_id": one.id, "ip_address": "192.0.2.7", "country": "Germany", "created": "2026-01-05T08:00:00Z", "updated": at,
    });
    let rest = match one.device {
        Device::Web => json!({ "user_agent": "Mozilla/5.0", "os": "Linux", "browser": "Firefox" }),
        Device::Desktop => json!({
            "host_name": format!("{}-desk", state.people.all[one.person].key), "client_type": { ".tag": "windows" },
            "client_version": "220.4.5", "platform": "Windows 11", "is_delete_on_unlink_supported": true,
        }),
        Device::Mobile => json!({ "device_name": "Telephone", "client_type": { ".tag": "iphone" } }),
    };
    for (key, value) in rest.as_object().into_iter().flatten() {
        body[key] = value.clone();
    }
    body
}

/// The sessions of a member under the names that a route has for the three kinds; a kind that is not asked for is absent.
fn sessions(state: &State, call: &Call<'_>, person: usize, names: [&str; 3]) -> Value {
    let asked = ["include_web_sessions", "include_desktop_clients", "include_mobile_clients"];
    let mut body = json!({});
    for ((device, name), asked) in [Device::Web, Device::Desktop, Device::Mobile].into_iter().zip(names).zip(asked) {
        if call.field(asked).as_bool().unwrap_or(true) {
            let of_kind = state.signed_in.iter().filter(|one| one.person == person && one.device == device);
            body[name] = of_kind.map(|one| described(state, one)).collect::<Vec<_>>().into();
        }
    }
    body
}

fn member(state: &State, id: &str) -> Option<usize> {
    let found = state.people.by_member(id);
    found.filter(|&person| matches!(state.people.all[person].status, Status::Active | Status::Suspended))
}

/// `team/devices/list_member_devices`.
pub(super) fn of_member(state: &State, call: &Call<'_>) -> Reply {
    let person = member(state, call.text("team_member_id")).ok_or_else(|| conflict_tags(&["member_not_found"]))?;
    let names = ["active_web_sessions", "desktop_client_sessions", "mobile_client_sessions"];
    Ok(ok(&sessions(state, call, person, names)))
}

fn row(state: &State, call: &Call<'_>, kind: &str) -> Result<Row, super::reply::Stop> {
    match call.field("cursor").as_str() {
        Some(_) => resume_or_reset(state, call, kind),
        None => Ok(Row::first(call, MEMBERS_A_PAGE, "")),
    }
}

/// `team/devices/list_members_devices`.
pub(super) fn of_members(state: &State, call: &Call<'_>) -> Reply {
    let row = row(state, call, "devices")?;
    let has = |person: &usize| state.signed_in.iter().any(|one| one.person == *person);
    let all: Vec<usize> = (0..state.people.all.len()).filter(has).collect();
    let (rows, cursor, more) = row.page(state, "devices", &all);
    let one = |person: usize| {
        let mut body = sessions(state, call, person, ["web_sessions", "desktop_clients", "mobile_clients"]);
        body["team_member_id"] = state.people.all[person].member.clone().into();
        body
    };
    let rows: Vec<Value> = rows.into_iter().map(one).collect();
    Ok(ok(&paged("devices", &rows, &cursor, more)))
}

fn paged(name: &str, rows: &[Value], cursor: &str, more: bool) -> Value {
    let mut body = json!({ name: rows, "has_more": more });
    if more {
        body["cursor"] = cursor.into();
    }
    body
}

/// Ends a session, or says which tag of `RevokeDeviceSessionError` it fails with.
fn end_one(state: &mut State, call: &Call<'_>, asked: &Value) -> Result<(), &'static str> {
    let device = match spec::tag(asked) {
        "web_session" => Device::Web,
        "desktop_client" => Device::Desktop,
        _ => Device::Mobile,
    };
    let person = member(state, asked["team_member_id"].as_str().unwrap_or_default()).ok_or("member_not_found")?;
    let id = asked["session_id"].as_str().unwrap_or_default();
    let this = |one: &SignedIn| one.person == person && one.device == device && one.id == id;
    let at = state.signed_in.iter().position(this).ok_or("device_session_not_found")?;
    state.signed_in.remove(at);
    let wipes = asked["delete_on_unlink"] == true;
    if wipes {
        state.wiped.insert(person);
    }
    let facts = Facts {
        participants: vec![log::user(state, person)],
        details: json!({ "delete_data": wipes }),
        ..Facts::default()
    };
    log::note(state, call.asked.at, log::actor(state, call.who), "device_unlink", facts);
    state.did_about("sessions_ended", person, true);
    Ok(())
}

/// `team/devices/revoke_device_session`.
pub(super) fn end(state: &mut State, call: &Call<'_>) -> Reply {
    end_one(state, call, &call.argument).map_err(|tag| conflict_tags(&[tag]))?;
    Ok(ok(&Value::Null))
}

fn statuses(results: Vec<Result<(), &'static str>>) -> Vec<Value> {
    let told = |result| match result {
        Ok(()) => json!({ "success": true }),
        Err(tag) => json!({ "success": false, "error_type": tags(&[tag]) }),
    };
    results.into_iter().map(told).collect()
}

/// `team/devices/revoke_device_session_batch`.
pub(super) fn end_many(state: &mut State, call: &Call<'_>) -> Reply {
    let asked = call.field("revoke_devices").as_array().into_iter().flatten();
    let results = asked.map(|one| end_one(state, call, one)).collect();
    Ok(ok(&json!({ "revoke_devices_status": statuses(results) })))
}

fn apps(state: &State, person: usize) -> Vec<Value> {
    let of_person = state.apps.iter().filter(|app| app.person == person);
    let told = |app: &LinkedApp| {
        json!({
            "app_id": app.id, "app_name": app.name, "publisher": "Somebody else", "linked": "2026-01-05T08:00:00Z", "is_app_folder": false,
        })
    };
    of_person.map(told).collect()
}

/// `team/linked_apps/list_member_linked_apps`.
pub(super) fn apps_of_member(state: &State, call: &Call<'_>) -> Reply {
    let person = member(state, call.text("team_member_id")).ok_or_else(|| conflict_tags(&["member_not_found"]))?;
    Ok(ok(&json!({ "linked_api_apps": apps(state, person) })))
}

/// `team/linked_apps/list_members_linked_apps`.
pub(super) fn apps_of_members(state: &State, call: &Call<'_>) -> Reply {
    let row = row(state, call, "apps")?;
    let has = |person: &usize| state.apps.iter().any(|app| app.person == *person);
    let all: Vec<usize> = (0..state.people.all.len()).filter(has).collect();
    let (rows, cursor, more) = row.page(state, "apps", &all);
    let one = |person: usize| json!({ "team_member_id": state.people.all[person].member, "linked_api_apps": apps(state, person) });
    let rows: Vec<Value> = rows.into_iter().map(one).collect();
    Ok(ok(&paged("apps", &rows, &cursor, more)))
}

/// Takes a member's app away, or says which tag of `RevokeLinkedAppError` it fails with.
fn unlink_one(state: &mut State, call: &Call<'_>, asked: &Value) -> Result<(), &'static str> {
    let person = member(state, asked["team_member_id"].as_str().unwrap_or_default()).ok_or("member_not_found")?;
    let id = asked["app_id"].as_str().unwrap_or_default();
    if asked["keep_app_folder"] == false {
        return Err("app_folder_removal_not_supported");
    }
    let at = state.apps.iter().position(|app| app.person == person && app.id == id).ok_or("app_not_found")?;
    let gone = state.apps.remove(at);
    let app = json!({ ".tag": "user_linked_app", "app_id": gone.id, "display_name": gone.name });
    let facts =
        Facts { participants: vec![log::user(state, person)], details: json!({ "app_info": app }), ..Facts::default() };
    log::note(state, call.asked.at, log::actor(state, call.who), "app_unlink_user", facts);
    state.did_about("app_gone", person, true);
    Ok(())
}

/// `team/linked_apps/revoke_linked_app`.
pub(super) fn unlink_app(state: &mut State, call: &Call<'_>) -> Reply {
    unlink_one(state, call, &call.argument).map_err(|tag| conflict_tags(&[tag]))?;
    Ok(ok(&Value::Null))
}

/// `team/linked_apps/revoke_linked_app_batch`.
pub(super) fn unlink_apps(state: &mut State, call: &Call<'_>) -> Reply {
    let asked = call.field("revoke_linked_app").as_array().into_iter().flatten();
    let results = asked.map(|one| unlink_one(state, call, one)).collect();
    Ok(ok(&json!({ "revoke_linked_app_status": statuses(results) })))
}

/// `team/members/move_former_member_files`.
pub(super) fn hand_over(state: &mut State, call: &Call<'_>) -> Reply {
    let wrong = |tag: &str| conflict_tags(&[tag]);
    let of_team = |person: usize| matches!(state.people.all[person].status, Status::Active | Status::Suspended);
    let from = selected(state, call.field("user")).ok_or_else(|| wrong("user_not_found"))?;
    let to = selected(state, call.field("transfer_dest_id")).ok_or_else(|| wrong("transfer_dest_user_not_found"))?;
    let admin =
        selected(state, call.field("transfer_admin_id")).ok_or_else(|| wrong("transfer_admin_user_not_found"))?;
    let tag = if from == to {
        Some("removed_and_transfer_dest_should_differ")
    } else if from == admin {
        Some("removed_and_transfer_admin_should_differ")
    } else if state.people.all[from].status != Status::Removed {
        Some("user_not_removed")
    } else if !of_team(to) {
        Some("transfer_dest_user_not_in_team")
    } else if !of_team(admin) {
        Some("transfer_admin_user_not_in_team")
    } else if !state.people.all[admin].admin {
        Some("transfer_admin_is_not_admin")
    } else if state.handed_over.contains(&from) {
        Some("user_data_already_transferred")
    } else if jobs::hands_over(state, from) {
        Some("user_data_is_being_transferred")
    } else {
        None
    };
    if let Some(tag) = tag {
        return Err(wrong(tag));
    }
    let deed = deed(state, call);
    Ok(ok(&jobs::launch(state, deed, Work::HandOver { from, to }, json!({ ".tag": "complete" }))))
}
