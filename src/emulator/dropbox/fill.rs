//! What a tenant begins with: the given files in homes and the team's folder, and beside them one of each thing that a
//! connector has to get right.

use super::log::EVENTS_MAX;
use super::state::State;
use super::state::people::{People, Status};
use super::state::sharing::{Audience, Role, Share, Sharing, Whom};
use super::state::tree::{Kind, NodeId, SpaceId, SpaceKind, Tree};
use super::{ALL_SCOPES, Keys};
use crate::clock::Moment;
use crate::emulator::bounds::History;
use crate::emulator::effect::Effects;
use crate::emulator::seed::{Fill, made_up};
use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::time::Duration;

/// How the team's folders hang together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    /// Each member has a root, in which team folders appear.
    Homes,
    /// One root for all, in which homes and team folders appear.
    TeamSpace,
}

/// One root for all, with every home in it.
fn team_space(state: &mut State) {
    let space = state.tree.add_space("Example Ltd team space", SpaceKind::TeamRoot);
    let root = state.tree.space(space).root;
    state.team_space = Some(space);
    for home in state.tree.all_spaces().collect::<Vec<_>>() {
        let there = state.tree.space(home);
        if matches!(there.kind, SpaceKind::Home(owner) if state.people.ours(owner)) {
            let name = there.name.clone();
            state.tree.add(root, &name, Kind::Mount(home));
        }
    }
}

/// A filled state.
pub(super) fn state(seed: u64, now: Moment, fill: &Fill, shape: Shape) -> State {
    let past = past(now);
    let mut state = State {
        seed,
        keys: Keys::of_seed(seed),
        now: past,
        people: People::new(seed),
        tree: Tree::new(seed, past),
        tokens: HashMap::new(),
        codes: HashMap::new(),
        refresh_revoked: false,
        wiped: BTreeSet::new(),
        scopes: ALL_SCOPES.iter().map(|scope| (*scope).to_owned()).collect(),
        sessions: HashMap::new(),
        jobs: BTreeMap::new(),
        jobs_fail: VecDeque::new(),
        effects: Effects::default(),
        carrier: None,
        signed_in: Vec::new(),
        apps: Vec::new(),
        handed_over: BTreeSet::new(),
        links_at_most: Audience::Public,
        plain_links: false,
        entries_max: super::relocate::ENTRIES_MAX,
        held_elsewhere: BTreeSet::new(),
        links: Vec::new(),
        file_members: BTreeMap::new(),
        properties: BTreeMap::new(),
        tags: BTreeMap::new(),
        locks: BTreeMap::new(),
        templates: Vec::new(),
        holds: Vec::new(),
        references: HashMap::new(),
        log: History::keeping(EVENTS_MAX),
        log_lost: BTreeSet::new(),
        notices: VecDeque::new(),
        forgotten: BTreeSet::new(),
        listings: 0,
        forgotten_before: 0,
        log_epoch: 0,
        purged: BTreeSet::new(),
        polled: 0,
        team_space: None,
        odd_pages: true,
        contended: BTreeMap::new(),
        minted: 0,
    };
    homes(&mut state);
    if shape == Shape::TeamSpace {
        team_space(&mut state);
    }
    let company = team_folder(&mut state, "Company");
    files(&mut state, company, fill);
    made_up(&mut state, fill.made_up);
    super::specials::add(&mut state, past);
    super::devices::sign_in(&mut state);
    for deed in &fill.deeds {
        // A deed that does not fit this tenant is left out.
        let _ = super::play::play(&mut state, past, deed);
    }
    state.notices.clear();
    state.now = now;
    state.tree.begin_offers();
    state
}

/// When everything was made: an hour ago, but not before 1970 (a clock of tests begins there).
fn past(now: Moment) -> Moment {
    now.minus(Duration::from_hours(1)).max(Moment::default()).min(now)
}

fn homes(state: &mut State) {
    for person in 0..state.people.all.len() {
        if state.people.all[person].status != Status::Removed {
            let name = state.people.all[person].name;
            state.tree.add_space(name, SpaceKind::Home(person));
        }
    }
}

/// A new team folder, open to everyone of the team.
pub(super) fn team_folder(state: &mut State, name: &str) -> SpaceId {
    let space = state.tree.add_space(name, SpaceKind::Team);
    let mut sharing = Sharing::of(None, state.now);
    sharing.shares.push(Share { whom: Whom::Group(0), role: Role::Editor });
    state.tree.space_mut(space).sharing = Some(sharing);
    if let Some(shared) = state.team_space {
        let root = state.tree.space(shared).root;
        let name = free_name(state, root, name);
        state.tree.add(root, &name, Kind::Mount(space));
        return space;
    }
    for person in state.people.groups[0].members.clone() {
        mount(state, space, person);
    }
    space
}

/// A new team folder that has no member yet.
pub(super) fn closed_team_folder(state: &mut State, name: &str) -> SpaceId {
    let space = state.tree.add_space(name, SpaceKind::Team);
    state.tree.space_mut(space).sharing = Some(Sharing::of(None, state.now));
    space
}

/// Shows a namespace in a member's home, under its own name or that with a number.
pub(super) fn mount(state: &mut State, space: SpaceId, person: usize) -> Option<NodeId> {
    let home = super::gate::home(state, person);
    if !state.people.ours(person) {
        return None;
    }
    let root = state.tree.space(home).root;
    let name = state.tree.space(space).name.clone();
    let name = free_name(state, root, &name);
    Some(state.tree.add(root, &name, Kind::Mount(space)))
}

/// A name that is free in a folder: the wanted one, or that with ` (1)`, ` (2)` before its ending.
pub(super) fn free_name(state: &State, parent: NodeId, wanted: &str) -> String {
    let (stem, ending) = match wanted.rsplit_once('.') {
        Some((stem, ending)) if !stem.is_empty() => (stem, format!(".{ending}")),
        _ => (wanted, String::new()),
    };
    let mut name = wanted.to_owned();
    let mut number = 0;
    while state.tree.child(parent, &name).is_some() {
        number += 1;
        name = format!("{stem} ({number}){ending}");
    }
    name
}

fn files(state: &mut State, company: SpaceId, fill: &Fill) {
    for file in &fill.files {
        let Some((owner, rest)) = file.path.split_first() else {
            continue;
        };
        let (space, by) = match state.people.by_key(owner) {
            Some(person) => (super::gate::home(state, person), person),
            None => (company, state.people.linker()),
        };
        let Some((name, folders)) = rest.split_last() else {
            continue;
        };
        let root = state.tree.space(space).root;
        let folder = folders.iter().try_fold(root, |folder, name| state.tree.folder(folder, name));
        if let Some(folder) = folder {
            let name = free_name(state, folder, name);
            state.tree.add_file(folder, &name, file.body.clone(), state.now, by);
        }
    }
}

/// Made-up files, in a folder of their owners' homes.
fn made_up(state: &mut State, count: u64) {
    for number in 0..made_up::folders(count) {
        let owner = state.people.by_key(made_up::owner(number)).unwrap_or(0);
        let root = state.tree.space(super::gate::home(state, owner)).root;
        let top = state.tree.folder(root, made_up::TOP);
        let folder = top.and_then(|top| state.tree.folder(top, &made_up::folder_name(number)));
        if let Some(folder) = folder {
            for file in made_up::files(number, count) {
                state.tree.add_made(folder, file);
            }
        }
    }
}
