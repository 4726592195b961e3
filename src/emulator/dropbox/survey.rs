//! What a full scan must find, told from the state itself, by rules of its own.

use super::Tenant;
use super::links::chain;
use super::state::State;
use super::state::people::Status;
use super::state::sharing::{Audience, Whom};
use super::state::tree::{Change, NodeId, SpaceId, SpaceKind};
use crate::clock::Moment;
use crate::emulator::hex;
use crate::emulator::inventory::{Closed, Inventory, Sort, Stocked};
use std::collections::BTreeMap;

/// A file that a full scan must list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SurveyedFile {
    /// Id.
    pub id: String,
    /// Login of the owner; empty for what the team owns.
    pub owner: String,
    /// Id of the namespace.
    pub namespace: String,
    /// Folders and name, from the namespace's root down.
    pub path: Vec<String>,
    /// Content hash of the current version, lower-case hex; that of the default export for a file that is only exported.
    pub hash: String,
    /// Bytes of the current version.
    pub size: u64,
    /// False for what can only be exported.
    pub downloadable: bool,
    /// True for a deleted file ([`Tenant::deleted`]).
    pub trashed: bool,
}

impl Tenant {
    /// Every file that a full scan must list, namespace by namespace. Made-up files are among them.
    #[must_use]
    pub fn files(&self) -> Vec<SurveyedFile> {
        let state = self.lock();
        scanned(&state).into_iter().map(|(space, node)| surveyed(&state, space, node)).collect()
    }

    /// Every deleted file that can be brought back: what a scan that looks into deleted files must list beside
    /// [`Tenant::files`]. Its path is the last it had.
    #[must_use]
    pub fn deleted(&self) -> Vec<SurveyedFile> {
        let state = self.lock();
        let mut found = BTreeMap::new();
        for space in walked(&state) {
            for change in &state.tree.space(space).journal {
                if let Change::Gone(gone) = change
                    && state.tree.is_file(gone.node)
                    && !state.tree.alive(gone.node)
                    && !state.purged.contains(&gone.node)
                {
                    found.insert(gone.node, space);
                }
            }
        }
        let file = |(node, space)| SurveyedFile { trashed: true, ..surveyed(&state, space, node) };
        found.into_iter().map(file).collect()
    }

    /// Everything that a full scan must bring.
    #[must_use]
    pub fn inventory(&self) -> Inventory {
        let closed = self.holes().into_iter().map(|(what, why)| Closed { what, why }).collect();
        let deleted = self.deleted().into_iter().map(|file| (file.id, true));
        let state = self.lock();
        let nodes = |space: SpaceId| {
            let root = state.tree.space(space).root;
            state.tree.below(root).into_iter().filter(move |node| *node != root)
        };
        let live = walked(&state).into_iter().flat_map(nodes).map(|node| (state.tree.id(node), false));
        let stocked = |(id, trashed): (String, bool)| {
            let node = state.tree.by_id(&id)?;
            Some(Stocked { trashed, ..stocked(&state, node) })
        };
        Inventory {
            items: live.chain(deleted).filter_map(stocked).collect(),
            closed,
            used_bytes: super::team::used_by_team(&state),
        }
    }

    /// When a feed could first offer the latest change of an item; see [`crate::emulator::Tenants::offered`].
    #[must_use]
    pub fn offered(&self, id: &str) -> Option<Moment> {
        let state = self.lock();
        state.tree.by_id(id).and_then(|node| state.tree.offered(node))
    }

    /// Every file's id with the exposure level it must come out with (`private`, `internal`, `external`, `public`) and
    /// whether all facts are visible to the scan.
    #[must_use]
    pub fn exposures(&self) -> Vec<(String, &'static str, bool)> {
        let state = self.lock();
        let now = self.clock.now();
        let level = |(_, node): (SpaceId, NodeId)| (state.tree.id(node), exposure(&state, node, now), true);
        scanned(&state).into_iter().map(level).collect()
    }

    /// Logins of everybody a listing of people must bring, former members among them.
    #[must_use]
    pub fn people(&self) -> Vec<String> {
        let state = self.lock();
        let members = state.people.all.iter().filter(|person| person.status != Status::Outside);
        members.map(|person| person.email.to_owned()).collect()
    }

    /// What a scan cannot walk: id of the namespace, and why.
    #[must_use]
    pub fn holes(&self) -> Vec<(String, &'static str)> {
        let state = self.lock();
        let listed = state.tree.all_spaces().filter(|space| super::team::is_listed(&state, *space));
        let archived = listed.map(|space| state.tree.space(space)).filter(|space| space.archived);
        archived.map(|space| (space.id.clone(), "archived")).collect()
    }

    /// The least number of page calls that list every namespace once, with the largest pages the service gives. Its short
    /// and empty pages ([`Tenant::set_odd_pages`]) are among them.
    #[must_use]
    pub fn listing_calls(&self) -> u64 {
        self.listing_calls_of(2_000)
    }

    /// The same with so many entries a page.
    #[must_use]
    pub fn listing_calls_of(&self, page: usize) -> u64 {
        let state = self.lock();
        let page = page.max(1);
        let calls = |space: SpaceId| {
            let entries = state.tree.below(state.tree.space(space).root).len() - 1;
            let odd = super::listing::is_odd(&state, space);
            let first = if odd { super::listing::first_page(page) } else { page };
            let (rest, early) = (entries.saturating_sub(first), if odd && entries > first { 2 } else { 1 });
            early + rest.div_ceil(page)
        };
        walked(&state).into_iter().map(|space| u64::try_from(calls(space)).unwrap_or(u64::MAX)).sum()
    }
}

fn walked(state: &State) -> Vec<SpaceId> {
    let wanted = |space: &SpaceId| super::team::is_listed(state, *space) && !state.tree.space(*space).archived;
    state.tree.all_spaces().filter(wanted).collect()
}

fn scanned(state: &State) -> Vec<(SpaceId, NodeId)> {
    let files = |space: SpaceId| {
        let nodes = state.tree.below(state.tree.space(space).root).into_iter();
        nodes.filter(|node| state.tree.is_file(*node)).map(move |node| (space, node)).collect::<Vec<_>>()
    };
    walked(state).into_iter().flat_map(files).collect()
}

fn surveyed(state: &State, space: SpaceId, node: NodeId) -> SurveyedFile {
    let there = state.tree.space(space);
    let owner = match there.kind {
        SpaceKind::Home(owner) | SpaceKind::App(owner) => Some(owner),
        _ => super::deeds::owner(state, space),
    };
    let export = state.tree.export(node);
    let exported = export.and_then(|export| export.forms.iter().find(|(form, _)| *form == export.default));
    let current = state.tree.current(node);
    let body =
        exported.map(|(_, body)| body.clone()).or_else(|| current.map(|version| version.body)).unwrap_or_default();
    let path = state.tree.path(node);
    SurveyedFile {
        id: state.tree.id(node),
        owner: owner.map(|owner| state.people.all[owner].email.to_owned()).unwrap_or_default(),
        namespace: there.id.clone(),
        path: path.trim_start_matches('/').split('/').map(str::to_owned).collect(),
        hash: hex(&super::state::file::content_hash(&body)),
        size: u64::try_from(body.len()).unwrap_or(u64::MAX),
        downloadable: export.is_none(),
        trashed: false,
    }
}

fn stocked(state: &State, node: NodeId) -> Stocked {
    let file = surveyed(state, state.tree.space_of(node), node);
    let current = state.tree.current(node);
    Stocked {
        sort: if current.is_some() { Sort::File } else { Sort::Folder },
        id: file.id,
        path: file.path,
        place: Some(file.namespace),
        owner: file.owner,
        bytes: current.as_ref().map_or(0, |version| u64::try_from(version.body.len()).unwrap_or(u64::MAX)),
        version: current.map(|version| version.rev_text()).unwrap_or_default(),
        trashed: false,
    }
}

const LEVELS: [&str; 4] = ["private", "internal", "external", "public"];

/// The strongest of all facts, own and inherited (section 10 of the reference).
fn exposure(state: &State, node: NodeId, now: Moment) -> &'static str {
    let by_link = |node: &NodeId| {
        let live = |at: Option<Moment>| at.is_none_or(|at| at > now);
        let open = state.links.iter().filter(|link| link.node == *node && live(link.expires));
        open.map(|link| match super::links::effective(state, link) {
            Audience::Public => 3,
            Audience::Team => 1,
            Audience::NoOne | Audience::Members => 0,
        })
        .max()
        .unwrap_or(0)
    };
    let space = state.tree.space(state.tree.space_of(node));
    let mut level = chain(state, node).iter().map(by_link).max().unwrap_or(0);
    let shares = space
        .sharing
        .iter()
        .flat_map(|sharing| &sharing.shares)
        .chain(state.file_members.get(&node).into_iter().flatten());
    for share in shares {
        level = level.max(match &share.whom {
            Whom::Person(person) if !state.people.ours(*person) => 2,
            Whom::Group(group) if !state.people.groups[*group].ours => 2,
            Whom::Invitee(_) => 2,
            Whom::Person(_) if share.role == super::state::sharing::Role::Owner => 0,
            Whom::Person(_) | Whom::Group(_) => 1,
        });
    }
    if !space.ours {
        level = level.max(2);
    }
    if space.kind == SpaceKind::TeamRoot {
        level = level.max(1);
    }
    LEVELS[level]
}
