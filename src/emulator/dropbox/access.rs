//! Who has what role where.

use super::state::State;
use super::state::sharing::{Role, Share, Whom};
use super::state::tree::{NodeId, SpaceId};

fn strength(role: Role) -> u8 {
    match role {
        Role::Owner => 3,
        Role::Editor => 2,
        Role::Viewer => 1,
        Role::ViewerNoComment => 0,
    }
}

fn covers(state: &State, share: &Share, person: usize) -> bool {
    match &share.whom {
        Whom::Person(member) => *member == person,
        Whom::Group(group) => state.people.groups[*group].members.contains(&person),
        Whom::Invitee(_) => false,
    }
}

fn strongest<'a>(state: &State, shares: impl Iterator<Item = &'a Share>, person: usize) -> Option<Role> {
    shares.filter(|share| covers(state, share, person)).map(|share| share.role).max_by_key(|role| strength(*role))
}

/// A person's role in a shared or team folder, own or by group.
pub(super) fn role_in(state: &State, space: SpaceId, person: usize) -> Option<Role> {
    let sharing = state.tree.space(space).sharing.as_ref()?;
    strongest(state, sharing.shares.iter(), person)
}

/// A person's role on a file by its own members alone.
pub(super) fn role_on_file(state: &State, file: NodeId, person: usize) -> Option<Role> {
    strongest(state, state.file_members.get(&file)?.iter(), person)
}
