//! Collaborations: who may see what, directly or through a group, invited or accepted.

use super::reply::Call;
use super::route::Told;
use super::state::{Role, State};
use super::tree::{Nid, Uid};
use crate::clock::Moment;

/// One collaboration.
#[derive(Clone, Debug)]
pub(super) struct Collab {
    /// Id.
    pub(super) id: u64,
    /// On what.
    pub(super) item: Nid,
    /// For whom.
    pub(super) whom: Whom,
    /// As what.
    pub(super) role: Role,
    /// `accepted`, `pending` or `rejected`.
    pub(super) status: &'static str,
    /// Until when.
    pub(super) until: Option<Moment>,
    /// Who made it.
    pub(super) by: Uid,
    /// When.
    pub(super) at: Moment,
    /// `can_view_path`.
    pub(super) path_visible: bool,
}

/// For whom a collaboration is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Whom {
    /// A person.
    User(Uid),
    /// A group, by its place.
    Group(usize),
    /// An address that belongs to nobody yet.
    Invited(String),
}

impl Collab {
    /// What it gives a person.
    pub(super) fn gives(&self, state: &State, who: Uid) -> Option<Role> {
        let over = self.until.is_some_and(|until| until <= state.now);
        if self.status != "accepted" || over {
            return None;
        }
        let meant = match &self.whom {
            Whom::User(uid) => *uid == who,
            Whom::Group(place) => {
                state.groups.get(*place).is_some_and(|group| group.members.iter().any(|(_, uid)| *uid == who))
            }
            Whom::Invited(_) => false,
        };
        meant.then_some(self.role)
    }
}

impl State {
    pub(super) fn collaborations_route(&mut self, _call: &mut Call<'_>, _steps: &[&str]) -> Option<Told> {
        None
    }
}
