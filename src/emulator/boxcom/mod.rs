//! Box: people, a tree, shares, tokens, paging, events, signed downloads.
//!
//! One state behind one lock; each request is worked on whole. What the tenant draws (ids, names, short pages, repeats)
//! follows from the seed, so the same seed, fill and requests give the same answers. Routes are in `route`, what they do in
//! the room named after their subject.

mod cascade;
mod change;
mod collab;
mod comments;
mod consent;
mod content;
mod done;
mod draw;
mod feed;
mod files;
mod fill;
mod folders;
mod groups;
mod holds;
mod hooks;
mod items;
pub mod keys;
mod label;
mod link;
mod people;
mod plant;
mod play;
mod reply;
mod retention;
mod rights;
mod route;
mod seen;
mod session;
mod shield;
mod standing;
mod state;
mod survey;
mod tasks;
#[cfg(test)]
mod tests;
mod token;
mod transfer;
mod tree;
mod upload;
mod view;

pub use hooks::Notice;
pub use keys::{CLIENT_ID, CLIENT_SECRET, ENTERPRISE_ID, jwt_key_file};
pub use rights::SCOPES;
pub use seen::{Seen, SeenComment, SeenLink, SeenLock, SeenMember, SeenTask, SeenUser};
pub use survey::{Expected, SurveyedFile};

use super::Door;
use super::edit::{Edit, Play};
use super::seed::Fill;
use super::wire::{Answer, Asked, Cloud, Post};
use crate::clock::Clock;
use crate::clock::Moment;
use state::State;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// One tenant. Cheap to share: handlers lock its state.
#[derive(Debug)]
pub struct Tenant {
    state: Mutex<State>,
    clock: Clock,
}

impl Tenant {
    /// A tenant filled with this; the same seed and fill give the same ids. Beside the fill it holds a few dozen files
    /// that show every kind of share, label, lock and version.
    #[must_use]
    pub fn new(seed: u64, clock: Clock, fill: &Fill) -> Self {
        let state = State::filled(seed, clock.now(), fill);
        Self { state: Mutex::new(state), clock }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // A handler that panicked has been seen by its request; the next one may go on.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Leaves the app only these scopes ([`SCOPES`]).
    pub fn set_scopes(&self, scopes: &[&str]) {
        self.state().rights.scopes = scopes.iter().map(|scope| (*scope).to_owned()).collect();
    }

    /// Turns the app's setting "make API calls using the as-user header" on or off.
    pub fn set_as_user(&self, on: bool) {
        self.state().rights.as_user = on;
    }

    /// How late the stream `admin_logs` shows an event; not at all at first.
    pub fn set_log_delay(&self, delay: Duration) {
        self.state().rights.log_delay_secs = delay.as_secs();
    }

    /// Makes one page of items in `every` short, empty, or repeat an item of the page before (one in twelve at first); zero
    /// for none, where calls are counted.
    pub fn set_odd_pages(&self, every: u64) {
        self.state().odd_pages = every;
    }

    /// Forgets every stream position handed out so far: whoever carries one is told that it is lost.
    pub fn forget_feed(&self) {
        self.state().forget_feed();
    }

    /// Ends all access tokens, as when their hour is over.
    pub fn expire_tokens(&self) {
        self.state().expire_tokens();
    }

    /// An authorisation code as the consent page would give to a person (by key), for tests of the refresh flow.
    #[must_use]
    pub fn authorize(&self, key: &str) -> Option<String> {
        let mut state = self.state();
        state.now = self.clock.now();
        let whose = state.user_by_key(key)?;
        Some(state.code_for(whose, None))
    }

    /// The Box id of a person of the cast, by key; `service` is the app's own account.
    #[must_use]
    pub fn user_id(&self, key: &str) -> Option<String> {
        let state = self.state();
        state.user_by_key(key).map(|uid| state.user(uid).id.to_string())
    }

    /// Takes the signed notices that webhooks would have brought so far, oldest first.
    #[must_use]
    pub fn take_notices(&self) -> Vec<Notice> {
        self.state().notices.drain(..).collect()
    }
}

impl Cloud for Tenant {
    fn answer(&self, asked: &Asked) -> Answer {
        self.state().answered(asked)
    }

    fn version(&self) -> u64 {
        self.state().happened.end() as u64
    }

    fn principal(&self, asked: &Asked) -> String {
        self.state().principal(asked)
    }

    fn too_many(&self, _asked: &Asked, form: u64, wait: Duration) -> Answer {
        self.state().too_many(form, wait)
    }

    fn is_content(&self, asked: &Asked) -> bool {
        route::is_content(asked)
    }

    fn forget_position(&self, asked: &Asked) -> bool {
        self.state().forget_position(asked)
    }

    fn posts(&self, _console: bool) -> Vec<Post> {
        let mut state = self.state();
        if state.notices.is_empty() { Vec::new() } else { state.posts() }
    }

    fn signed(&self, body: &[u8], at: Moment, _time: u32) -> Vec<(String, String)> {
        self.state().signed_now(body, at)
    }

    fn set_doors(&self, doors: &[(Door, String)]) {
        let mut state = self.state();
        for (place, door) in [Door::BoxApi, Door::BoxUpload, Door::BoxDownload].iter().enumerate() {
            if let Some((_, address)) = doors.iter().find(|(known, _)| known == door) {
                state.doors[place] = address.trim_end_matches('/').to_owned();
            }
        }
    }
}

impl Play for Tenant {
    fn play(&self, edit: &Edit) -> Result<(), String> {
        let mut state = self.state();
        state.now = self.clock.now();
        state.play(edit)
    }
}
