//! What requests did, noted as effects; what people do by a script is not noted.

use super::super::effect::Effect;
use super::Tenant;
use super::state::State;
use super::tree::Nid;

impl Tenant {
    /// What writes of requests did so far, oldest first. Of items the id, of collaborations, comments, tasks and people
    /// theirs; a hold names what it was put on.
    #[must_use]
    pub fn effects(&self) -> Vec<Effect> {
        self.state().effects.kept().to_vec()
    }

    /// Forgets them.
    pub fn clear_effects(&self) {
        self.state().effects.clear();
    }
}

impl State {
    /// Notes what a request did; nothing while a script is played.
    pub(super) fn noted(&mut self, what: &'static str, on: impl ToString, changed: bool) {
        if self.by_request {
            self.effects.note(self.now, what, on.to_string(), changed);
        }
    }

    /// Notes what a request did to an item.
    pub(super) fn noted_on(&mut self, what: &'static str, nid: Nid, changed: bool) {
        self.noted(what, self.tree.id(nid), changed);
    }
}
