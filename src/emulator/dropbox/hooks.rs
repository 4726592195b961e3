//! Notices: what the service would send to the app's webhook address, signed.
//!
//! A notice names who changed, never what. Both forms of body that the service has are made: one for apps of single users,
//! one for apps of teams (<https://www.dropbox.com/developers/reference/webhooks>).

use super::state::State;
use super::state::people::Status;
use super::state::tree::{SpaceId, SpaceKind};
use crate::emulator::hex;
use ring::hmac;
use serde_json::json;

/// Notices kept until somebody takes them; older ones fall out, as a receiver that is down loses them.
const NOTICES_MAX: usize = 10_000;

/// One notice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    /// Value of the header `X-Dropbox-Signature`: lower-case hex HMAC-SHA256 of the body under the app secret.
    pub signature: String,
    /// Body.
    pub body: Vec<u8>,
    /// True for the form of team apps.
    pub of_team: bool,
}

/// Says that something changed in a namespace: one notice in each form, naming every member who sees it.
pub(super) fn changed(state: &mut State, space: SpaceId) {
    let sees = |person: usize| match state.tree.space(space).kind {
        SpaceKind::Home(owner) | SpaceKind::App(owner) => owner == person,
        SpaceKind::TeamRoot => true,
        SpaceKind::Team | SpaceKind::Shared => super::access::role_in(state, space, person).is_some(),
    };
    let active = |person: &usize| state.people.all[*person].status == Status::Active;
    let people: Vec<usize> = (0..state.people.all.len()).filter(active).filter(|&person| sees(person)).collect();
    if people.is_empty() {
        return;
    }
    let accounts: Vec<&str> = people.iter().map(|&person| state.people.all[person].account.as_str()).collect();
    let members: Vec<&str> = people.iter().map(|&person| state.people.all[person].member.as_str()).collect();
    let of_user = json!({ "list_folder": { "accounts": accounts }, "delta": { "users": [] } });
    let of_team = json!({ "list_folder": { "teams": { state.keys.team_id.clone(): members } } });
    for (body, of_team) in [(of_user, false), (of_team, true)] {
        let body = body.to_string().into_bytes();
        let signature = signature(&state.keys.app_secret, &body);
        state.notices.push_back(Notice { signature, body, of_team });
    }
    while state.notices.len() > NOTICES_MAX {
        state.notices.pop_front();
    }
}

pub(super) fn signature(secret: &str, body: &[u8]) -> String {
    hex(hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes()), body).as_ref())
}
