//! Dropbox: a team, namespaces, cursors, links, members, tokens, long polls, the audit log.
//!
//! Strict as the service is: what a caller should have known (an unknown field, a wrong host, a missing Select header) is
//! refused with its 400 and marked so in the record. What a route takes stands in a table made from the published
//! specification (`spec`); what it does stands in one file for each family of routes, over one locked `state`.

#[cfg(test)]
mod tests;

mod access;
mod content;
mod cursor;
mod deeds;
mod devices;
mod fill;
mod folders;
mod gate;
mod hooks;
mod jobs;
mod links;
mod listing;
mod log;
mod marks;
mod members;
mod metadata;
mod place;
mod plant;
mod play;
mod properties;
mod relocate;
mod reply;
mod seen;
mod spec;
mod specials;
mod spot;
mod standing;
mod state;
mod survey;
mod team;
mod token;
mod upload;

use super::edit::{Edit, Play};
use super::seed::Fill;
use super::wire::{Answer, Asked, Cloud, Door, Post};
use crate::clock::{Clock, Moment};
use gate::Call;
pub use hooks::Notice;
use reply::Reply;
pub use seen::{Seen, SeenLabel, SeenLink, SeenMember, SeenPerson};
use serde_json::json;
use state::{Carrier, State};
use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;
pub use survey::SurveyedFile;

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
        Self::shaped(seed, clock, fill, fill::Shape::Homes)
    }

    /// The same with a team space: one root for all (`team_member_root`), in which homes and team folders appear.
    #[must_use]
    pub fn with_team_space(seed: u64, clock: Clock, fill: &Fill) -> Self {
        Self::shaped(seed, clock, fill, fill::Shape::TeamSpace)
    }

    fn shaped(seed: u64, clock: Clock, fill: &Fill, shape: fill::Shape) -> Self {
        let state = fill::state(seed, clock.now(), fill, shape);
        Self { clock, state: Mutex::new(state) }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The same with every job done whose time is over.
    fn settled(&self) -> MutexGuard<'_, State> {
        let mut state = self.lock();
        let now = self.clock.now();
        state.now = now;
        state.tree.set_now(now);
        jobs::settle(&mut state);
        state
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

    /// Forgets every cursor handed out so far, of listings and of the log: whoever carries one is told that it is lost.
    pub fn forget_feed(&self) {
        let mut state = self.lock();
        state.forgotten_before = state.listings;
        state.log_epoch += 1;
    }

    /// Takes back the refresh token and all access tokens, as an admin who unlinks the app does.
    pub fn unlink(&self) {
        let mut state = self.lock();
        state.refresh_revoked = true;
        state.tokens.clear();
    }

    /// Keeps a file's content from everybody (409 `restricted_content`). False when there is no such file.
    pub fn restrict(&self, id: &str) -> bool {
        let mut state = self.lock();
        let node = state.tree.by_id(id);
        let file = node.and_then(|node| state.tree.file_mut(node));
        file.map(|file| file.restricted = true).is_some()
    }

    /// Members who were suspended with their devices wiped, by key: what a careful caller never does.
    #[must_use]
    pub fn wiped(&self) -> Vec<&'static str> {
        let state = self.lock();
        state.wiped.iter().map(|&person| state.people.all[person].key).collect()
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
        "team/members/move_former_member_files" => devices::hand_over(state, call),
        "team/members/move_former_member_files/job_status/check" => jobs::check(state, call),
        "team/groups/list" => team::groups(state, call),
        "team/groups/list/continue" => team::groups_more(state, call),
        "team/groups/members/list" => team::group_members(state, call),
        "team/groups/members/list/continue" => team::group_members_more(state, call),
        "team/namespaces/list" => team::namespaces(state, call),
        "team/namespaces/list/continue" => team::namespaces_more(state, call),
        "team/team_folder/list" => team::team_folders(state, call),
        "team/team_folder/list/continue" => team::team_folders_more(state, call),
        "team/team_folder/create" => team::create_folder(state, call),
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
        "files/create_folder_v2" => relocate::create_folder(state, call),
        "files/move_v2" => relocate::relocate(state, call),
        "files/copy_v2" => relocate::copy(state, call),
        "files/delete_v2" => relocate::delete(state, call),
        "files/permanently_delete" => relocate::purge(state, call),
        "files/restore" => relocate::restore(state, call),
        "files/copy_reference/get" => relocate::get_reference(state, call),
        "files/copy_reference/save" => relocate::save_reference(state, call),
        "files/upload" => upload::whole(state, call),
        "files/upload_session/start" => upload::start(state, call),
        "files/upload_session/append_v2" => upload::append(state, call),
        "files/upload_session/finish" => upload::finish(state, call),
        "files/lock_file_batch" => marks::locks(state, call, marks::Turn::Lock),
        "files/unlock_file_batch" => marks::locks(state, call, marks::Turn::Unlock),
        "files/get_file_lock_batch" => marks::locks(state, call, marks::Turn::Look),
        "files/tags/add" => marks::add_tag(state, call),
        "files/tags/remove" => marks::remove_tag(state, call),
        "files/tags/get" => marks::get_tags(state, call),
        name if name.starts_with("sharing/") => sharing(state, call),
        name if name.starts_with("file_properties/") => file_properties(state, call),
        name if name.starts_with("team/legal_holds/") => holds(state, call),
        name if name.starts_with("team/devices/") || name.starts_with("team/linked_apps/") => devices(state, call),
        "check/user" | "check/app" => Ok(reply::ok(&json!({ "result": call.text("query") }))),
        _ => Err(call.refuse("this function is not emulated")),
    }
}

fn sharing(state: &mut State, call: &Call<'_>) -> Reply {
    match call.route.name.as_str() {
        "sharing/list_shared_links" => links::list(state, call),
        "sharing/create_shared_link_with_settings" => links::create(state, call),
        "sharing/modify_shared_link_settings" => links::modify(state, call),
        "sharing/revoke_shared_link" => links::revoke(state, call),
        "sharing/get_shared_link_metadata" => links::get(state, call),
        "sharing/list_folder_members" => members::list_folder(state, call),
        "sharing/list_folder_members/continue" => members::list_folder_more(state, call),
        "sharing/list_file_members" => members::list_file(state, call),
        "sharing/list_file_members/continue" => members::list_file_more(state, call),
        "sharing/list_file_members/batch" => members::list_files(state, call),
        "sharing/add_folder_member" => members::add_to_folder(state, call),
        "sharing/add_file_member" => members::add_to_file(state, call),
        "sharing/remove_folder_member" => members::remove_from_folder(state, call),
        "sharing/remove_file_member_2" => members::remove_from_file(state, call),
        "sharing/update_folder_member" => members::update_in_folder(state, call),
        "sharing/update_file_member" => members::update_on_file(state, call),
        "sharing/unshare_file" => members::unshare_file(state, call),
        "sharing/get_folder_metadata" => folders::get(state, call),
        "sharing/get_file_metadata" => folders::get_file(state, call),
        "sharing/list_folders" => folders::list(state, call),
        "sharing/list_folders/continue" => folders::list_more(state, call),
        "sharing/share_folder" => folders::share(state, call),
        "sharing/unshare_folder" => folders::unshare(state, call),
        "sharing/update_folder_policy" => folders::set_policy(state, call),
        "sharing/mount_folder" => folders::mount(state, call),
        "sharing/unmount_folder" => folders::unmount(state, call),
        "sharing/transfer_folder" => folders::transfer(state, call),
        "sharing/relinquish_folder_membership" => folders::relinquish(state, call),
        "sharing/relinquish_file_membership" => members::relinquish_file(state, call),
        "sharing/list_received_files" => members::received(state, call),
        "sharing/list_received_files/continue" => members::received_more(state, call),
        "sharing/check_job_status" | "sharing/check_remove_member_job_status" | "sharing/check_share_job_status" => {
            jobs::check(state, call)
        }
        _ => Err(call.refuse("this function is not emulated")),
    }
}

fn file_properties(state: &mut State, call: &Call<'_>) -> Reply {
    match call.route.name.trim_start_matches("file_properties/") {
        "templates/add_for_team" => properties::add_template(state, call),
        "templates/list_for_team" | "templates/list_for_user" => properties::list_templates(state, call),
        "templates/get_for_team" | "templates/get_for_user" => properties::get_template(state, call),
        "templates/update_for_team" => properties::update_template(state, call),
        "templates/remove_for_team" => properties::remove_template(state, call),
        "properties/add" => properties::set(state, call, false),
        "properties/overwrite" => properties::set(state, call, true),
        "properties/update" => properties::update(state, call),
        "properties/remove" => properties::remove(state, call),
        _ => Err(call.refuse("this function is not emulated")),
    }
}

fn holds(state: &mut State, call: &Call<'_>) -> Reply {
    match call.route.name.trim_start_matches("team/legal_holds/") {
        "create_policy" => marks::create_hold(state, call),
        "list_policies" => marks::list_holds(state, call),
        "get_policy" => marks::get_hold(state, call),
        "release_policy" => marks::release_hold(state, call),
        "update_policy" => marks::update_hold(state, call),
        "list_held_revisions" => marks::held(state, call),
        "list_held_revisions_continue" => marks::held_more(state, call),
        _ => Err(call.refuse("this function is not emulated")),
    }
}

fn devices(state: &mut State, call: &Call<'_>) -> Reply {
    match call.route.name.trim_start_matches("team/") {
        "devices/list_member_devices" => devices::of_member(state, call),
        "devices/list_members_devices" => devices::of_members(state, call),
        "devices/revoke_device_session" => devices::end(state, call),
        "devices/revoke_device_session_batch" => devices::end_many(state, call),
        "linked_apps/list_member_linked_apps" => devices::apps_of_member(state, call),
        "linked_apps/list_members_linked_apps" => devices::apps_of_members(state, call),
        "linked_apps/revoke_linked_app" => devices::unlink_app(state, call),
        "linked_apps/revoke_linked_app_batch" => devices::unlink_apps(state, call),
        _ => Err(call.refuse("this function is not emulated")),
    }
}

/// Lets a call in and carries it out: what it does is noted as its effects and told in the log as done by way of the API.
fn carry_out(state: &mut State, asked: &Asked, request: &str) -> Answer {
    let call = match gate::enter(state, asked) {
        Ok(call) => call,
        Err(stop) => return *stop.0,
    };
    state.carrier = Some(Carrier { who: call.who, request: request.to_owned() });
    let reply = dispatch(state, &call);
    state.carrier = None;
    match reply {
        Ok(answer) => answer,
        Err(stop) => match gate::beyond_reach(state, &call) {
            Some(why) => *stop.told_off(format!("{}: {why}", call.route.name)).0,
            None => *stop.0,
        },
    }
}

impl Cloud for Tenant {
    fn answer(&self, asked: &Asked) -> Answer {
        let mut state = self.lock();
        state.now = asked.at;
        state.tree.set_now(asked.at);
        if asked.door == Door::DropboxApi
            && let Some(answer) = token::answer(&mut state, asked)
        {
            return answer;
        }
        jobs::settle(&mut state);
        let request = state.mint("request", 32);
        let answer = carry_out(&mut state, asked, &request);
        if answer.hold.is_some() { answer } else { answer.with("x-dropbox-request-id", request) }
    }

    /// Every journal and list that a held request could wait for only grows.
    fn version(&self) -> u64 {
        let state = self.lock();
        let changes: usize = state.tree.spaces.iter().map(|space| space.journal.len()).sum();
        let lost = state.forgotten.len() + state.log_lost.len();
        u64::try_from(changes + lost).unwrap_or(u64::MAX).saturating_add(state.forgotten_before)
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

    /// All is a `POST` here; the routes that only read are named for what they do.
    fn is_write(&self, asked: &Asked) -> bool {
        let reads = |step: &str| ["get", "list", "check"].iter().any(|start| step.starts_with(start));
        let of_api = asked.method == "POST" && asked.path.starts_with("/2/");
        of_api && !self.is_content(asked) && !asked.path.split('/').any(reads)
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

    /// No answer of this tenant names an address of its own.
    /// The app is one of a team: of both forms of a notice it gets the team's.
    fn posts(&self, console: bool) -> Vec<Post> {
        let mut state = self.lock();
        if !console || state.notices.is_empty() {
            return Vec::new();
        }
        let notices = state.notices.drain(..).filter(|notice| notice.of_team);
        notices.map(|notice| Post { address: None, body: notice.body }).collect()
    }

    fn signed(&self, body: &[u8], _at: Moment, _time: u32) -> Vec<(String, String)> {
        let signature = hooks::signature(&self.lock().keys.app_secret, body);
        vec![("content-type".into(), "application/json".into()), ("x-dropbox-signature".into(), signature)]
    }

    fn set_doors(&self, _doors: &[(Door, String)]) {}
}

impl Play for Tenant {
    fn play(&self, edit: &Edit) -> Result<(), String> {
        let mut state = self.settled();
        let now = state.now;
        play::play(&mut state, now, edit)
    }
}
