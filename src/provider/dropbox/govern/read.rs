//! What is so: an item read for an order.
//!
//! Items are asked for by id within a namespace, since only there has an item a path. One that was moved is looked for in the
//! shared folder that its answer names, then where the order was to put it. A file that is nowhere may be in the trash, where
//! its revisions tell of it; a folder in the trash has no id any more and is found by its path alone.

mod actor;
mod links;
mod members;

pub(in crate::provider::dropbox::govern) use actor::Actor;
pub(in crate::provider::dropbox::govern) use members::selector;

use super::super::Tenant;
use super::super::look::{holder, is_out_of_sight};
use super::super::route;
use super::super::wire::{Entry, Revisions};
use crate::model::action::{Action, Folder, Holds, ItemState, Labels, State, TargetItem};
use crate::model::{ContentHash, Directory, ItemKind, Members, Owner, Who};
use crate::provider::govern::Asked;
use crate::provider::{Error, Next};
use serde_json::json;
use std::sync::Arc;

/// An item as it was found.
struct Found {
    entry: Entry,
    /// The namespace it lies in.
    place: Arc<str>,
    /// Its path there.
    path: Arc<str>,
    /// Who can change it.
    actor: Option<Actor>,
    /// Who saw it.
    eyes: Actor,
    trashed: bool,
    /// What pins a folder in the trash, which has no revision.
    pin: Option<Arc<str>>,
}

impl Found {
    fn live(entry: Entry, place: Arc<str>, path: Arc<str>, actor: Option<Actor>, eyes: Actor) -> Sight {
        Sight::Found(Box::new(Self { entry, place, path, actor, eyes, trashed: false, pin: None }))
    }
}

impl Tenant {
    /// The state of an item, with the facets that are asked for.
    pub(super) fn item_state(&self, asked: &Asked<'_>, target: &TargetItem) -> Result<Option<State>, Error> {
        if is_root(target) {
            return self.root_state(asked, target).map(Some);
        }
        let Some(found) = self.find(asked, target)? else { return Ok(None) };
        let mut state = self.facts(asked, target, &found);
        let facets = asked.facets;
        if !state.trashed {
            let eyes = &found.eyes;
            if facets.links {
                state.links = self.own_links(asked, eyes, &target.id)?;
            }
            if facets.links_above {
                state.links_above = self.links_above(asked, eyes, &target.id, &state.links)?;
            }
            if facets.members {
                state.members = self.members_of(eyes, target, &state, holder(&found.entry))?;
            }
            if facets.invitations {
                state.invitations = self.invitations_of(eyes, &state)?;
            }
            if facets.labels {
                state.labels = self.labels_of(asked, &state)?;
            }
            if matches!(asked.order.action, Action::Lock { .. } | Action::Unlock) {
                state.lock = self.lock_of(asked, &state, &found.entry)?;
            }
        }
        if facets.holds {
            state.holds = self.holds_of(asked, &state)?;
        }
        if facets.copy {
            state.copy = self.copy_state(asked, &state)?;
        }
        if facets.lent {
            state.lent = self.lent_state(asked, &state)?;
        }
        if let Some(folder) = note_folder(asked, &state).filter(|_| facets.note) {
            state.note = self.note_state(asked, &folder)?;
        }
        Ok(Some(State::Item(Box::new(state))))
    }

    /// A namespace itself as a folder to leave a note in: the service has no entry for it, and nothing of it is asked.
    fn root_state(&self, asked: &Asked<'_>, target: &TargetItem) -> Result<State, Error> {
        let (place, eyes) = (Arc::clone(&target.place), self.admin_eyes()?);
        let actor = self.actor_in(asked.people, &place)?;
        let entry = Entry { name: Some(String::new()), ..Entry::default() };
        let found = Found { entry, place, path: "".into(), actor, eyes, trashed: false, pin: None };
        let mut state = self.facts(asked, target, &found);
        state.as_folder = Some(Folder { id: None, ..state.folder.clone() });
        if let Some(folder) = note_folder(asked, &state).filter(|_| asked.facets.note) {
            state.note = self.note_state(asked, &folder)?;
        }
        Ok(State::Item(Box::new(state)))
    }

    /// What `get_metadata` tells of an id or path within a namespace.
    pub(super) fn entry(&self, by: &Actor, place: &Arc<str>, path: &str) -> Result<Entry, Error> {
        let ask = by.looks(&route::METADATA, "read an item").within(place);
        self.team.desk.rpc(&ask, &json!({"path": path, "include_has_explicit_shared_members": true}))
    }

    /// The first of whoever acts and the admin who sees it; else what the first was told.
    pub(super) fn first_sees<T>(
        &self,
        actor: Option<&Actor>,
        look: impl Fn(&Actor) -> Result<T, Error>,
    ) -> Result<(T, Actor), Error> {
        let admin = self.admin_eyes()?;
        let own = actor.filter(|actor| actor.principal != admin.principal);
        let mut refused = None;
        for eyes in own.into_iter().chain([&admin]) {
            match look(eyes) {
                Err(error) if is_out_of_sight(&error) && !is_lacking_scope(&error) => {
                    refused = refused.or(Some(error));
                }
                Err(error) => return Err(error),
                Ok(found) => {
                    let team_owned = actor.is_some_and(|actor| actor.team_owned);
                    return Ok((found, Actor { team_owned, ..eyes.clone() }));
                }
            }
        }
        Err(refused.unwrap_or_else(|| Error::new(Next::Gone, "read an item", "nobody to look as")))
    }

    fn find(&self, asked: &Asked<'_>, target: &TargetItem) -> Result<Option<Found>, Error> {
        for place in places(asked, target) {
            if let Sight::Found(found) = self.find_in(asked.people, &place, &target.id)? {
                return Ok(Some(*found));
            }
        }
        match self.stray(asked.people, target)? {
            Sight::Found(found) => return Ok(Some(*found)),
            Sight::Elsewhere => {
                return Err(Error::new(Next::Moved, "read an item", "it lies in another namespace now"));
            }
            Sight::Nowhere => {}
        }
        match target.kind {
            ItemKind::Folder => self.trashed_folder(asked, target),
            _ => self.trashed_file(asked, target),
        }
    }

    /// An item that is in none of the places it was expected in: in the shared folder that holds it now, or, for a file, in
    /// the home of whoever owns it.
    fn stray(&self, people: &Directory, target: &TargetItem) -> Result<Sight, Error> {
        let eyes = self.admin_eyes()?;
        let ask = eyes.looks(&route::METADATA, "look for an item");
        let entry: Entry = match self.team.desk.rpc(&ask, &json!({ "path": &*target.id })) {
            Err(error) if is_out_of_sight(&error) && !is_lacking_scope(&error) => return Ok(Sight::Nowhere),
            entry => entry?,
        };
        if let Some(holder) = holder(&entry) {
            return self.find_held(people, &holder.into(), &target.id);
        }
        if target.kind != ItemKind::File {
            return Ok(Sight::Elsewhere);
        }
        let Members::Known(members) = self.file_members(&eyes, &target.id, &target.place)? else {
            return Ok(Sight::Elsewhere);
        };
        let owners = members.iter().filter(|member| &*member.role == "owner").filter_map(|owner| match &owner.who {
            Who::Person { account: Some(account), .. } => people.by_account(account),
            _ => None,
        });
        match owners.filter_map(|owner| self.team.home_of(&owner.id)).next() {
            Some(home) => self.find_in(people, &home, &target.id),
            None => Ok(Sight::Elsewhere),
        }
    }

    fn find_in(&self, people: &Directory, place: &Arc<str>, id: &str) -> Result<Sight, Error> {
        let actor = self.actor_in(people, place)?;
        let (entry, eyes) = match self.first_sees(actor.as_ref(), |by| self.entry(by, place, id)) {
            Err(error) if error.next() == Next::Gone => return Ok(Sight::Nowhere),
            // No path-root there for anybody: the namespace is gone or no longer the team's.
            Err(error) if error.status() == Some(422) => return Ok(Sight::Nowhere),
            found => found?,
        };
        match holder(&entry) {
            Some(other) if *other != **place => self.find_held(people, &other.into(), id),
            _ => match entry.path_display.as_deref().or(entry.path_lower.as_deref()) {
                Some(path) => {
                    let path = path.into();
                    Ok(Found::live(entry, Arc::clone(place), path, actor, eyes))
                }
                None => Ok(Sight::Elsewhere),
            },
        }
    }

    /// Within the shared folder that an answer named; that one's own answer is the last.
    fn find_held(&self, people: &Directory, place: &Arc<str>, id: &str) -> Result<Sight, Error> {
        let actor = self.actor_in(people, place)?;
        let (entry, eyes) = match self.first_sees(actor.as_ref(), |by| self.entry(by, place, id)) {
            Err(error) if is_out_of_sight(&error) => return Ok(Sight::Elsewhere),
            found => found?,
        };
        let path = entry.path_display.as_deref().or(entry.path_lower.as_deref()).map(Arc::from);
        Ok(match path {
            Some(path) => Found::live(entry, Arc::clone(place), path, actor, eyes),
            None => Sight::Elsewhere,
        })
    }

    /// The newest revision of a deleted file.
    fn trashed_file(&self, asked: &Asked<'_>, target: &TargetItem) -> Result<Option<Found>, Error> {
        // Another place's answer may tell of it too, but not where it lay: the first that tells is right.
        let mut untold = None;
        for place in places(asked, target) {
            let actor = self.actor_in(asked.people, &place)?;
            let argument = json!({"path": &*target.id, "mode": "id", "limit": 1});
            let look = |by: &Actor| -> Result<Revisions, Error> {
                self.team.desk.rpc(&by.looks(&route::REVISIONS, "read a deleted file").within(&place), &argument)
            };
            let (revisions, eyes) = match self.first_sees(actor.as_ref(), look) {
                Err(error) if matches!(error.next(), Next::Gone | Next::NotReadable) => continue,
                Err(error) if error.status() == Some(422) => continue,
                found => found?,
            };
            let Some(entry) = revisions.entries.into_iter().next().filter(|_| revisions.is_deleted) else { continue };
            let told = entry.path_display.as_deref().or(entry.path_lower.as_deref()).map(Arc::from);
            let is_told = told.is_some();
            let path = told.or_else(|| target.path.clone());
            let found = path.map(|path| Found { entry, place, path, actor, eyes, trashed: true, pin: None });
            if is_told {
                return Ok(found);
            }
            untold = untold.or(found);
        }
        Ok(untold)
    }

    /// A deleted folder, or the one that took its place when it was brought back.
    fn trashed_folder(&self, asked: &Asked<'_>, target: &TargetItem) -> Result<Option<Found>, Error> {
        let Some(path) = target.path.as_ref().filter(|path| !path.is_empty()) else { return Ok(None) };
        let place = Arc::clone(&target.place);
        let actor = self.actor_in(asked.people, &place)?;
        let argument = json!({"path": &**path, "include_deleted": true});
        let look = |by: &Actor| -> Result<Entry, Error> {
            self.team.desk.rpc(&by.looks(&route::METADATA, "read a deleted folder").within(&place), &argument)
        };
        let (entry, eyes) = match self.first_sees(actor.as_ref(), look) {
            Err(error) if error.next() == Next::Gone || error.status() == Some(422) => return Ok(None),
            found => found?,
        };
        let is_back = match entry.tag.as_deref() {
            Some("deleted") => false,
            // It has another id since it came back, and some of its files may still lie in the trash.
            Some("folder") if matches!(asked.order.action, Action::Untrash) => true,
            _ => return Ok(None),
        };
        let prior = asked.prior.and_then(State::item);
        let half_way = is_back && prior.is_some_and(|prior| prior.trashed);
        let pin = if half_way || !is_back { self.buried(&eyes, &place, path, prior)? } else { None };
        let trashed = !is_back || pin.is_some();
        Ok(Some(Found { entry, place, path: Arc::clone(path), actor, eyes, trashed, pin }))
    }

    /// The facts that need no further call.
    fn facts(&self, asked: &Asked<'_>, target: &TargetItem, found: &Found) -> ItemState {
        let Found { entry, place, path, .. } = found;
        let (above, last) = path.rsplit_once('/').unwrap_or(("", path));
        let act_as = found.actor.as_ref().map_or(&found.eyes.principal, |actor| &actor.principal);
        let folder =
            |path: &str| Folder { id: None, place: Arc::clone(place), path: Some(path.into()), act_as: act_as.clone() };
        let shared_as = entry.sharing_info.as_ref().and_then(|info| info.shared_folder_id.as_deref()).map(Arc::from);
        let is_file = target.kind == ItemKind::File;
        let as_folder = (!is_file).then(|| match &shared_as {
            // What lies in a shared folder lies in its own namespace.
            Some(share) => Folder { id: None, place: Arc::clone(share), path: Some("".into()), act_as: act_as.clone() },
            None => {
                let id = entry.id.as_deref().map_or_else(|| Arc::clone(&target.id), Arc::from);
                Folder { id: Some(id), ..folder(path) }
            }
        });
        ItemState {
            at: self.team.desk.clock().now(),
            kind: target.kind,
            name: entry.name.as_deref().unwrap_or(last).into(),
            folder: folder(above),
            as_folder,
            owner: self.owner_of(asked.people, place),
            version: entry.rev.as_deref().filter(|_| is_file).map(Arc::from).or_else(|| found.pin.clone()),
            etag: None,
            hash: entry.content_hash.as_deref().and_then(ContentHash::parse),
            size_bytes: entry.size.unwrap_or(0),
            trashed: found.trashed,
            links: Vec::new(),
            links_above: Vec::new(),
            members: Members::None,
            invitations: None,
            labels: Labels::default(),
            lock: None,
            holds: Holds::NotAsked,
            note: None,
            copy: None,
            lent: None,
            said: None,
            seen_back: None,
            shared_as,
        }
    }

    /// The owner of a home; what is shared has its owner among its members, and the team is nobody.
    fn owner_of(&self, people: &Directory, place: &str) -> Option<Owner> {
        let member = self.team.place(place).ok().flatten()?.member?;
        self.team.standing(&member, people).map(|standing| standing.owner)
    }
}

/// What a look for an item in a namespace brought.
enum Sight {
    Found(Box<Found>),
    /// It exists, in another namespace.
    Elsewhere,
    Nowhere,
}

/// Namespaces in which the item may lie: where it was listed, where the order was to put it, where it was before.
fn places(asked: &Asked<'_>, target: &TargetItem) -> Vec<Arc<str>> {
    let mut places = vec![Arc::clone(&target.place)];
    match &asked.order.action {
        Action::Move { to, .. } => places.push(Arc::clone(&to.place)),
        Action::Quarantine(quarantine) => places.push(Arc::clone(&quarantine.to.place)),
        Action::Release { prior, .. } => places.push(Arc::clone(&prior.folder.place)),
        _ => {}
    }
    places.extend(asked.prior.and_then(State::item).map(|prior| Arc::clone(&prior.folder.place)));
    let mut once = Vec::new();
    places.into_iter().for_each(|place| {
        if !once.contains(&place) {
            once.push(place);
        }
    });
    once
}

/// The folder in which the order's note lies.
fn note_folder(asked: &Asked<'_>, now: &ItemState) -> Option<Folder> {
    match &asked.order.action {
        Action::Quarantine(_) => {
            let prior = asked.prior.and_then(State::item).unwrap_or(now);
            Some(prior.folder.clone())
        }
        Action::Release { prior, .. } => Some(prior.folder.clone()),
        _ => now.as_folder.clone(),
    }
}

/// True for a namespace's root, which has no id.
fn is_root(target: &TargetItem) -> bool {
    target.id.is_empty() && target.kind == ItemKind::Folder && target.path.as_deref() == Some("")
}

fn is_lacking_scope(error: &Error) -> bool {
    error.said().contains("missing_scope")
}
