//! Dropbox: a team, namespaces, cursors, links, members, tokens, long polls, the audit log.
//!
//! Strict as the service is: what a caller should have known (an unknown field, a wrong host, a missing Select header) is
//! refused with its 400 and marked so in the record. What a route takes stands in a table made from the published
//! specification ([`spec`]); what it does stands in one file for each family of routes, over one locked [`state`].

mod access;
mod content;
mod cursor;
mod fill;
mod gate;
mod hooks;
mod listing;
mod log;
mod metadata;
mod place;
mod properties;
mod reply;
mod spec;
mod state;
mod team;
mod token;

use super::edit::{Edit, Play};
use super::seed::Fill;
use super::wire::{Answer, Asked, Cloud, Door};
use crate::clock::Clock;
use gate::Call;
pub use hooks::Notice;
use reply::Reply;
use serde_json::json;
use state::State;
use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// What an app needs to be let in.
#[derive(Clone, PartialEq, Eq)]
pub struct Keys {
    /// App key (client id).
    pub app_key: String,
    /// App secret.
    pub app_secret: String,
    /// Id of the team.
    pub team_id: String,
    /// Refresh token of the admin who linked the app.
    pub refresh_token: String,
    /// True when a refresh needs no secret: the app was linked by PKCE.
    pub public_client: bool,
}

impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Keys").field("app_key", &self.app_key).field("team_id", &self.team_id).finish_non_exhaustive()
    }
}

impl Keys {
    /// The keys of the tenant of that seed.
    #[must_use]
    pub fn of_seed(seed: u64) -> Self {
        let opaque = |kind: &str, length| state::people::opaque(seed, "keys", kind, length).replace(['-', '_'], "x");
        Self {
            app_key: opaque("app", 15).to_lowercase(),
            app_secret: opaque("secret", 15).to_lowercase(),
            team_id: format!("dbtid:{}", opaque("team", 35)),
            refresh_token: opaque("refresh", 43),
            public_client: true,
        }
    }
}

/// All scopes that the emulator's routes ask for; a tenant begins with all of them.
pub const ALL_SCOPES: [&str; 21] = [
    "account_info.read",
    "events.read",
    "files.content.read",
    "files.content.write",
    "files.metadata.read",
    "files.metadata.write",
    "files.permanent_delete",
    "files.team_metadata.write",
    "groups.read",
    "members.delete",
    "members.read",
    "members.write",
    "sessions.list",
    "sessions.modify",
    "sharing.read",
    "sharing.write",
    "team_data.content.read",
    "team_data.content.write",
    "team_data.governance.write",
    "team_data.member",
    "team_info.read",
];

/// One tenant. Cheap to share: handlers lock its state.
#[derive(Debug)]
pub struct Tenant {
    clock: Clock,
    state: Mutex<State>,
}

impl Tenant {
    /// A tenant filled with this; the same seed and fill give the same ids.
    #[must_use]
    pub fn new(seed: u64, clock: Clock, fill: &Fill) -> Self {
        let state = fill::state(seed, clock.now(), fill);
        Self { clock, state: Mutex::new(state) }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What an app needs to be let in.
    #[must_use]
    pub fn keys(&self) -> Keys {
        self.lock().keys.clone()
    }

    /// Grants the app these scopes and no others, from now on.
    pub fn set_scopes(&self, scopes: &[&str]) {
        self.lock().scopes = scopes.iter().map(|scope| (*scope).to_owned()).collect();
    }

    /// Short and empty pages on (as at first) or off.
    pub fn set_odd_pages(&self, odd: bool) {
        self.lock().odd_pages = odd;
    }

    /// Takes back the refresh token and all access tokens, as an admin who unlinks the app does.
    pub fn unlink(&self) {
        let mut state = self.lock();
        state.refresh_revoked = true;
        state.tokens.clear();
    }

    /// The notices the service would have sent since the last call, oldest first.
    #[must_use]
    pub fn take_notices(&self) -> Vec<Notice> {
        self.lock().notices.drain(..).collect()
    }
}

fn dispatch(state: &mut State, call: &Call<'_>) -> Reply {
    match call.route.name.as_str() {
        "team/get_info" => team::info(state, call),
        "team/features/get_values" => team::features(state, call),
        "team/token/get_authenticated_admin" => team::admin(state, call),
        "team/members/list_v2" => team::members(state, call),
        "team/members/list/continue_v2" => team::members_more(state, call),
        "team/members/get_info_v2" => team::members_info(state, call),
        "team/members/suspend" => team::suspend(state, call),
        "team/members/unsuspend" => team::unsuspend(state, call),
        "team/groups/list" => team::groups(state, call),
        "team/groups/list/continue" => team::groups_more(state, call),
        "team/groups/members/list" => team::group_members(state, call),
        "team/groups/members/list/continue" => team::group_members_more(state, call),
        "team/namespaces/list" => team::namespaces(state, call),
        "team/namespaces/list/continue" => team::namespaces_more(state, call),
        "team/team_folder/list" => team::team_folders(state, call),
        "team/team_folder/list/continue" => team::team_folders_more(state, call),
        "team/team_folder/archive" => team::archive(state, call),
        "team_log/get_events" => log::events(state, call),
        "team_log/get_events/continue" => log::more(state, call),
        "users/get_current_account" => team::current_account(state, call),
        "users/get_account" => team::get_account(state, call),
        "users/get_account_batch" => team::get_accounts(state, call),
        "users/get_space_usage" => team::space_usage(state, call),
        "files/list_folder" => listing::list(state, call),
        "files/list_folder/continue" => listing::more(state, call),
        "files/list_folder/get_latest_cursor" => listing::latest(state, call),
        "files/list_folder/longpoll" => listing::longpoll(state, call),
        "files/get_metadata" => metadata::get(state, call),
        "files/download" => content::download(state, call),
        "files/export" => content::export(state, call),
        "files/list_revisions" => content::revisions(state, call),
        "check/user" | "check/app" => Ok(reply::ok(&json!({ "result": call.text("query") }))),
        _ => Err(call.refuse("this function is not emulated")),
    }
}

impl Cloud for Tenant {
    fn answer(&self, asked: &Asked) -> Answer {
        let mut state = self.lock();
        state.now = asked.at;
        if asked.door == Door::DropboxApi
            && let Some(answer) = token::answer(&mut state, asked)
        {
            return answer;
        }
        let answer = match gate::enter(&state, asked).and_then(|call| dispatch(&mut state, &call)) {
            Ok(answer) => answer,
            Err(stop) => *stop.0,
        };
        if answer.hold.is_some() {
            return answer;
        }
        let request = state.mint("request", 32);
        answer.with("x-dropbox-request-id", request)
    }

    fn principal(&self, asked: &Asked) -> String {
        let select = ["dropbox-api-select-user", "dropbox-api-select-admin"];
        match select.iter().find_map(|name| asked.header(name)) {
            Some(member) => member.to_owned(),
            None if asked.header("authorization").is_some() => "dropbox team".into(),
            None => "dropbox app".into(),
        }
    }

    fn too_many(&self, _asked: &Asked, form: u64, wait: Duration) -> Answer {
        let secs = wait.as_secs().max(1);
        let body = json!({
            "error_summary": "too_many_requests/..",
            "error": { "reason": { ".tag": "too_many_requests" }, "retry_after": secs },
        });
        match form % 4 {
            0 => Answer::json(429, &body).with("retry-after", secs.to_string()),
            1 => Answer::json(429, &body),
            2 => Answer::text(429, "Too many requests").with("retry-after", secs.to_string()),
            _ => Answer::text(429, "Too many requests"),
        }
    }

    fn is_content(&self, asked: &Asked) -> bool {
        matches!(asked.path.as_str(), "/2/files/download" | "/2/files/export")
    }

    fn forget_position(&self, asked: &Asked) -> bool {
        let body: serde_json::Value = serde_json::from_slice(&asked.body).unwrap_or_default();
        let cursor = body["cursor"].as_str().unwrap_or_default();
        let mut state = self.lock();
        match asked.path.as_str() {
            "/2/files/list_folder/continue" | "/2/files/list_folder/longpoll" => listing::forget(&mut state, cursor),
            "/2/team_log/get_events/continue" => log::forget(&mut state, cursor),
            _ => false,
        }
    }

    fn set_doors(&self, doors: &[(Door, String)]) {
        self.lock().doors = doors.to_vec();
    }
}

impl Play for Tenant {
    fn play(&self, _edit: &Edit) -> Result<(), String> {
        todo!()
    }
}
