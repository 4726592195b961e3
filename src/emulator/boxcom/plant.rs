//! What a test puts in place before it begins: holds, retention, Shield, the company's rule for links.

use super::Tenant;
use super::shield::Shielded;
use super::tree::{Nid, What};

impl Tenant {
    /// Lets no shared link reach further than this (`open`, `company` or `collaborators`; `open` at first): a wider one
    /// keeps the access it was given, and its effective access is this. False for another word.
    pub fn set_links_at_most(&self, access: &str) -> bool {
        let mut state = self.state();
        let known = super::link::ACCESS.into_iter().find(|known| *known == access);
        if let Some(access) = known {
            state.links_at_most = access;
        }
        known.is_some()
    }

    /// Lets links download or, whatever they were given, only show.
    pub fn set_links_download(&self, on: bool) {
        self.state().links_download = on;
    }

    /// Gives the company Box Governance (as at first) or takes it: without it all calls about holds and retention are refused.
    pub fn set_governance(&self, on: bool) {
        self.state().rights.governance = on;
    }

    /// Puts an item, by id, under the legal hold of that name, which is made when there is none. False for no such item.
    pub fn hold(&self, id: &str, name: &str) -> bool {
        self.planted(id, |state, nid| {
            let policy = state.hold_named(name);
            let on = super::holds::On::item(state, nid);
            state.assign_hold(policy, on, 0);
        })
    }

    /// Takes all legal holds off an item that were put on the item itself. False for no such item.
    pub fn release(&self, id: &str) -> bool {
        self.planted(id, super::state::State::release_holds)
    }

    /// Retains a file, or a folder with all that is and comes below it, under the retention policy of that name, which is
    /// made when there is none. False for no such item.
    pub fn retain(&self, id: &str, name: &str) -> bool {
        self.planted(id, |state, nid| {
            let policy = state.retention_named(name);
            state.retain(policy, nid);
        })
    }

    /// Has Box Shield refuse something of an item and of all below it: `download`, `share` (links and new collaborators),
    /// `move` (to another owner), or `all` of these. False for another word or no such item.
    pub fn shield(&self, id: &str, what: &str) -> bool {
        let Some(what) = Shielded::named(what) else { return false };
        self.planted(id, |state, nid| {
            let had = state.shields.get(&nid).copied().unwrap_or_default();
            state.shields.insert(nid, had.and(what));
        })
    }

    /// Has a person of the cast, by key, lock a file, for good or so that others cannot even download it. False for no such
    /// file or person.
    pub fn lock(&self, id: &str, key: &str, no_download: bool) -> bool {
        let Some(by) = self.state().user_by_key(key) else { return false };
        self.planted(id, |state, nid| {
            if matches!(state.tree.at(nid).what, What::File(_)) {
                let (id, at) = (state.fresh(), state.now);
                state.tree.extra_mut(nid).lock = Some(super::tree::Lock { id, by, at, until: None, no_download });
            }
        })
    }

    fn planted(&self, id: &str, plant: impl FnOnce(&mut super::state::State, Nid)) -> bool {
        let mut state = self.state();
        state.now = self.clock.now();
        let found = state.tree.by_id(id).filter(|nid| !state.tree.is_root(*nid));
        found.map(|nid| plant(&mut state, nid)).is_some()
    }
}
