//! What a test plants in a tenant, and what it asks of it afterwards beside [`Tenant::seen`].

use super::Tenant;
use super::state::sharing::Audience;
use super::state::{Busy, Hold};
use crate::emulator::Effect;
use crate::emulator::hex;

impl Tenant {
    /// What requests did, oldest first. What people do of their own (scripts, [`crate::emulator::edit::Play`]) is not in it,
    /// nor what a job has not done yet. Items are named by their ids, what happens in a shared folder by its namespace,
    /// people by their member ids, holds and templates by their ids.
    #[must_use]
    pub fn effects(&self) -> Vec<Effect> {
        self.settled().effects.kept().to_vec()
    }

    /// Forgets the effects so far.
    pub fn clear_effects(&self) {
        self.settled().effects.clear();
    }

    /// The team's policy: no link lets in more than this, whatever it was asked to (`public`, the beginning; `team`;
    /// `members`; `no_one`). Links that are there are bound by it at once. False for another word.
    pub fn set_links_at_most(&self, audience: &str) -> bool {
        let audience = Audience::from_tag(audience);
        if let Some(audience) = audience {
            self.lock().links_at_most = audience;
        }
        audience.is_some()
    }

    /// With `true`, a plan that has no passwords, ends or download switches of links (409 `settings_error/not_authorized`).
    pub fn set_plan_without_link_settings(&self, without: bool) {
        self.lock().plain_links = without;
    }

    /// How many files and folders one call may move, copy or delete: 10,000 at first, as at the service.
    pub fn set_entries_max(&self, most: usize) {
        self.lock().entries_max = most;
    }

    /// The next job that is begun ends with this error of its route (`no_permission`, `access_error/unmounted`), and does
    /// nothing. Called twice, it is the next two.
    pub fn fail_next_job(&self, error: &str) {
        self.lock().jobs_fail.push_back(error.split('/').map(str::to_owned).collect());
    }

    /// Says so many times that another writer is busy in a namespace (429 `too_many_write_operations`).
    pub fn contend(&self, namespace: &str, times: u32) {
        self.make_busy(namespace, Busy { times, as_conflict: false });
    }

    /// The same in the other form that the service has: a 409 with `too_many_write_operations` among the route's own
    /// errors.
    pub fn contend_as_conflict(&self, namespace: &str, times: u32) {
        self.make_busy(namespace, Busy { times, as_conflict: true });
    }

    fn make_busy(&self, namespace: &str, busy: Busy) {
        let mut state = self.lock();
        if let Some(space) = state.tree.space_by_id(namespace) {
            state.contended.insert(space, busy);
        }
    }

    /// Puts a member (key or member id) under a legal hold of this name, of which they are the only one; gives its id.
    /// `None` when there is no such member.
    pub fn hold(&self, who: &str, name: &str) -> Option<String> {
        let mut state = self.lock();
        let person = state.people.by_key(who).or_else(|| state.people.by_member(who))?;
        let id = format!("pid_dbhid:{}", state.mint("hold", 22));
        let (start, name) = (self.clock.now(), name.to_owned());
        let (members, description) = (vec![person], None);
        state.holds.push(Hold { id: id.clone(), name, description, members, start, end: None, released: false });
        Some(id)
    }

    /// Releases the legal holds of this name. False when none was active.
    pub fn release_hold(&self, name: &str) -> bool {
        let mut state = self.lock();
        let found = state.holds.iter_mut().filter(|hold| hold.name == name && !hold.released);
        found.map(|hold| hold.released = true).count() > 0
    }

    /// The id of a namespace by its name (`Company`, `Partner room`, a member's name for their home).
    #[must_use]
    pub fn namespace(&self, name: &str) -> Option<String> {
        let state = self.lock();
        let found = state.tree.all_spaces().find(|space| state.tree.space(*space).name == name)?;
        Some(state.tree.space(found).id.clone())
    }

    /// The id of what lies at a path: the first step is a member's key or the name of a namespace (`team` for the company's
    /// folder), the rest folders and a name.
    #[must_use]
    pub fn id_at(&self, path: &str) -> Option<String> {
        let state = self.settled();
        let mut steps = path.split('/');
        let first = steps.next()?;
        let space = match state.people.by_key(first) {
            Some(person) => super::gate::home(&state, person),
            None => {
                let name = if first == "team" { "Company" } else { first };
                state.tree.all_spaces().find(|space| state.tree.space(*space).name == name)?
            }
        };
        let mut here = state.tree.space(space).root;
        for step in steps {
            here = state.tree.child(super::place::inside(&state, here), step)?;
        }
        Some(state.tree.id(here))
    }

    /// The current content hash of a file, lower-case hex; `None` for what is no file.
    #[must_use]
    pub fn hash_of(&self, id: &str) -> Option<String> {
        let state = self.lock();
        let node = state.tree.by_id(id)?;
        state.tree.current(node).map(|version| hex(&version.hash))
    }
}
