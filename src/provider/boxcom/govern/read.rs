//! What is so: an item read for an order, and in whose name it is acted on.
//!
//! The owner acts where we may act in the owner's name; else a colleague who may edit it; else the service account, if it sees
//! the item. Whoever that is stands in the state as who can write in the item's folder ([`Folder::act_as`]), so that each step
//! is called in the same name.
//!
//! Source: Box API reference "Get file information", "Get trashed file" and their twins for folders and web links.

use super::super::Tenant;
use super::super::api::Ask;
use super::super::judge::Scope;
use super::super::list::Reader;
use super::super::sharing;
use super::super::wire::{Found, Lock, SharedLink, Shown};
use super::{Subject, kind_path, links};
use crate::model::action::{
    Action, Folder, Holds, Invitations, ItemState, Labels, LinkAbove, LockState, OwnLink, Quarantine, State, TargetItem,
};
use crate::model::{Audience, ContentHash, Directory, ItemKind, Member, Members, Owner, Principal, Who};
use crate::provider::govern::Asked;
use crate::provider::http::Urgency;
use crate::provider::{Error, Next};
use std::sync::Arc;

/// What is asked of an item that is to be acted on.
const FIELDS: &str =
    "id,type,name,etag,size,sha1,file_version,parent,path_collection,owned_by,shared_link,lock,item_status";
/// What folders have besides.
const FOLDER_FIELDS: &str = "can_non_owners_invite,is_collaboration_restricted_to_enterprise";
/// The root folder of whoever asks, and the trash: neither has a link or members.
const NOWHERE: [&str; 2] = ["0", "1"];
/// Everybody's root.
const ROOT: &str = NOWHERE[0];
/// What Box names as the folder of what is in the trash.
const TRASH: &str = NOWHERE[1];
/// Folders above an item that are looked at; Box itself has no more than about a hundred levels.
const ABOVE_MAX: usize = 256;

/// The members of an item, who acts on it, and the account of its owner.
pub(super) type Membership = (Members, Principal, Option<Arc<str>>);

/// An item as somebody sees it.
struct Seen {
    found: Found,
    by: Principal,
    trashed: bool,
}

impl Tenant {
    /// The state of an item, with the facets that are asked for.
    pub(super) fn item_state(&self, asked: &Asked<'_>, target: &TargetItem) -> Result<Option<State>, Error> {
        let Some(seen) = self.seen(asked, target)? else { return Ok(None) };
        let seen = self.seen_by_actor(asked, target, seen)?;
        let state = self.as_state(asked, target, seen)?;
        self.with_facets(asked, target, state).map(|state| Some(State::Item(Box::new(state))))
    }

    /// The item as the first of those sees it who may; in the trash when nowhere else.
    fn seen(&self, asked: &Asked<'_>, target: &TargetItem) -> Result<Option<Seen>, Error> {
        let (readers, mut blind) = self.readers(asked, target)?;
        let mut hidden = Vec::new();
        for by in readers {
            match self.found_by(target, &by, false) {
                Ok(found) => return Ok(is_there(&found).then_some(Seen { found, by, trashed: false })),
                Err(error) if error.next() == Next::Gone => hidden.push(by),
                Err(error) if error.next() == Next::Forbidden => blind = true,
                Err(error) => return Err(error),
            }
        }
        for by in hidden {
            match self.found_by(target, &by, true) {
                Ok(found) => return Ok(is_there(&found).then_some(Seen { found, by, trashed: true })),
                Err(error) if error.next() == Next::Gone => {}
                Err(error) if error.next() == Next::Forbidden => blind = true,
                Err(error) => return Err(error),
            }
        }
        if blind {
            let why = "nobody of the company can see it";
            return Err(Error::new(Next::Forbidden, doing(target), why));
        }
        Ok(None)
    }

    /// Who may see the item, each once, and whether somebody is left out who could not be asked: then what nobody sees is
    /// not gone.
    fn readers(&self, asked: &Asked<'_>, target: &TargetItem) -> Result<(Vec<Principal>, bool), Error> {
        let prior = asked.prior.and_then(State::item);
        let moved_to = match &asked.order.action {
            Action::Move { to, .. } | Action::Quarantine(Quarantine { to, .. }) => Some(&to.act_as),
            Action::Release { prior, .. } => Some(&prior.folder.act_as),
            _ => None,
        };
        let place = (!target.place.is_empty()).then(|| Principal::Person(Arc::clone(&target.place)));
        let wanted = prior.map(|prior| &prior.folder.act_as).into_iter().chain([&target.read_as]);
        let wanted = wanted.chain(moved_to).chain(&place).chain([&Principal::Tenant]).cloned();
        let (mut readers, mut blind) = (Vec::new(), false);
        for by in wanted {
            let by = match by.id().map(|id| (asked.people.by_account(id), id)) {
                Some((Some(_), id)) => match self.acts_as(id, asked.people)? {
                    Some(by) => by,
                    None => {
                        blind = true;
                        continue;
                    }
                },
                _ => by,
            };
            if !readers.contains(&by) {
                readers.push(by);
            }
        }
        Ok((readers, blind))
    }

    /// In whose name this account can be acted as; `None` for people outside, inactive ones, and those whom a co-admin's token
    /// does not reach.
    pub(super) fn acts_as(&self, account: &str, people: &Directory) -> Result<Option<Principal>, Error> {
        let reader = Reader { tree: Arc::default(), me: self.me_if_a_person()?, people };
        match reader.walks_as(account) {
            Some(by) => Ok(Some(by)),
            None if *self.me()?.id == *account => Ok(Some(Principal::Tenant)),
            None => Ok(None),
        }
    }

    fn found_by(&self, target: &TargetItem, by: &Principal, in_trash: bool) -> Result<Found, Error> {
        let path = [kind_path(target.kind), &target.id, "trash"];
        let folders = format!("{FIELDS},{FOLDER_FIELDS}");
        let fields = if target.kind == ItemKind::Folder { &folders } else { FIELDS };
        self.api.get(&Ask {
            path: if in_trash { &path } else { &path[..2] },
            query: &[("fields", fields)],
            read_as: by,
            urgency: Urgency::Act,
            scope: Scope::AsUser,
            doing: doing(target),
        })
    }

    /// The item as whoever acts on it sees it.
    fn seen_by_actor(&self, asked: &Asked<'_>, target: &TargetItem, seen: Seen) -> Result<Seen, Error> {
        let owner = seen.found.owned_by.as_ref().and_then(|owner| owner.id.as_deref());
        let Some(actor) = self.actor(asked.people, target, owner, &seen.by)? else { return Ok(seen) };
        if actor == seen.by {
            return Ok(seen);
        }
        match self.found_by(target, &actor, seen.trashed) {
            Ok(found) => Ok(Seen { found, by: actor, trashed: seen.trashed }),
            // It moved on between two readings: what was seen is older, and whoever saw it may try.
            Err(error) if matches!(error.next(), Next::Gone | Next::Forbidden) => Ok(seen),
            Err(error) => Err(error),
        }
    }

    /// Who acts on an item of this owner, which `seen_by` sees; `None` when nobody can.
    fn actor(
        &self,
        people: &Directory,
        target: &TargetItem,
        owner: Option<&str>,
        seen_by: &Principal,
    ) -> Result<Option<Principal>, Error> {
        let Some(owner) = owner else { return Ok(Some(seen_by.clone())) };
        if let Some(by) = self.acts_as(owner, people)? {
            return Ok(Some(by));
        }
        if seen_by.id() == Some(owner) {
            // Somebody who joined since the list of people was read.
            return Ok(Some(seen_by.clone()));
        }
        let of = Subject { id: &target.id, kind: target.kind, by: seen_by };
        let members = match self.members_state(of, &[]) {
            Ok(Members::Known(members)) => members,
            Ok(_) => Vec::new(),
            Err(error) => return Err(error),
        };
        for role in ["co-owner", "editor"] {
            for account in accounts(&members, role, people) {
                if let Some(by) = self.acts_as(&account, people)? {
                    return Ok(Some(by));
                }
            }
        }
        Ok((*seen_by == Principal::Tenant).then_some(Principal::Tenant))
    }

    /// The members of an item with who acts on it and its owner; `None` when it is gone.
    ///
    /// # Errors
    /// [`Next::Forbidden`] when nobody of the company can see it.
    pub(super) fn members_at(&self, asked: &Asked<'_>, item: &TargetItem) -> Result<Option<Membership>, Error> {
        let Some(seen) = self.seen(asked, item)? else { return Ok(None) };
        let Seen { found, by, trashed } = self.seen_by_actor(asked, item, seen)?;
        if trashed {
            return Ok(None);
        }
        let of = Subject { id: &item.id, kind: item.kind, by: &by };
        let members = self.members_state(of, &above(&found))?;
        Ok(Some((members, by, found.owned_by.and_then(|owner| owner.id))))
    }

    /// True when whoever the state names can act on the item.
    pub(super) fn has_actor(&self, asked: &Asked<'_>, target: &TargetItem, now: &ItemState) -> Result<bool, Error> {
        let owner = now.owner.as_ref().and_then(|owner| owner.account.as_deref());
        self.actor(asked.people, target, owner, &now.folder.act_as).map(|actor| actor.is_some())
    }

    fn as_state(&self, asked: &Asked<'_>, target: &TargetItem, seen: Seen) -> Result<ItemState, Error> {
        let Seen { found, by, trashed } = seen;
        let now = self.api.clock().now();
        let of = Subject { id: &target.id, kind: target.kind, by: &by };
        let above = above(&found);
        let owner = found.owned_by.map(|owner| Owner { account: owner.id, login: owner.login });
        let tree = match owner.as_ref().and_then(|owner| owner.account.clone()) {
            Some(account) => account,
            None => self.tree_read_as(&by)?,
        };
        let folder = |id: Option<Arc<str>>| Folder { id, place: Arc::clone(&tree), path: None, act_as: by.clone() };
        let is_file = target.kind == ItemKind::File;
        let facets = asked.facets;
        let own_account = self.tree_read_as(&by)?;
        let rules = found.can_non_owners_invite.zip(found.is_collaboration_restricted_to_enterprise);
        Ok(ItemState {
            at: now,
            kind: target.kind,
            name: found.name.unwrap_or_default(),
            folder: folder(found.parent.and_then(|parent| parent.id)),
            as_folder: (target.kind == ItemKind::Folder).then(|| folder(Some(Arc::clone(&target.id)))),
            version: found.file_version.and_then(|version| version.id).filter(|_| is_file),
            etag: found.etag,
            hash: found.sha1.as_deref().and_then(ContentHash::parse).filter(|_| is_file),
            size_bytes: found.size.filter(|_| is_file).unwrap_or(0),
            trashed,
            links: found.shared_link.as_ref().filter(|_| facets.links).map(own_link).into_iter().collect(),
            links_above: if facets.links_above { self.links_above(of, &above)? } else { Vec::new() },
            members: if facets.members && !trashed {
                self.without_ourselves(self.members_state(of, &above)?)?
            } else {
                Members::None
            },
            invitations: rules.filter(|_| facets.invitations && target.kind == ItemKind::Folder).map(
                |(by_members, inside_only)| Invitations { outsiders: !inside_only, approved_only: false, by_members },
            ),
            labels: Labels::default(),
            lock: found.lock.and_then(|lock| lock_state(lock, &own_account, now)),
            holds: Holds::NotAsked,
            note: None,
            copy: None,
            lent: None,
            said: None,
            seen_back: None,
            shared_as: None,
            owner,
        })
    }

    /// Links on the folders above. A folder that whoever acts may not look at may have one: that is told, never left out.
    fn links_above(&self, of: Subject<'_>, above: &[Arc<str>]) -> Result<Vec<LinkAbove>, Error> {
        let mut links = Vec::new();
        for folder in above {
            let found = self.api.get::<Found>(&Ask {
                path: &["folders", folder],
                query: &[("fields", "id,type,shared_link")],
                read_as: of.by,
                urgency: Urgency::Act,
                scope: Scope::AsUser,
                doing: format!("look at folder {folder} above {of}"),
            });
            match found {
                Ok(found) => {
                    let link = found.shared_link.as_ref().map(own_link);
                    links.extend(link.map(|link| LinkAbove { folder: Arc::clone(folder), link }));
                }
                // Whoever acts may not see this folder: what its link lets in is not known.
                Err(error) if error.next() == Next::Forbidden => {
                    links.push(LinkAbove { folder: Arc::clone(folder), link: unseen_link() });
                }
                Err(error) if error.next() == Next::Gone => {}
                Err(error) => return Err(error),
            }
        }
        Ok(links)
    }

    /// Whether others than its owner would see it where it comes back out of the trash; `None` when that folder is not told.
    ///
    /// Only its owner is told the folder itself; Box names the trash instead where it does not tell.
    fn seen_back(&self, state: &ItemState) -> Result<Option<bool>, Error> {
        let by = &state.folder.act_as;
        let owner = state.owner.as_ref().and_then(|owner| owner.account.clone());
        let Some(folder) = state.folder.id.as_deref().filter(|id| *id != TRASH) else { return Ok(None) };
        if owner != Some(self.tree_read_as(by)?) {
            return Ok(None);
        }
        let mut next: Vec<Arc<str>> = if folder == ROOT { Vec::new() } else { vec![folder.into()] };
        let mut looked = 0;
        while let Some(folder) = next.pop() {
            let told: Shown = match self.api.get(&Ask {
                path: &["folders", &folder],
                query: &[("fields", "id,type,shared_link,has_collaborations,path_collection,owned_by")],
                read_as: by,
                urgency: Urgency::Act,
                scope: Scope::AsUser,
                doing: "look at the folder it lay in".into(),
            }) {
                Ok(told) => told,
                // It is gone too: what lay in it comes back in its owner's root.
                Err(error) if error.next() == Next::Gone && looked == 0 => return Ok(Some(false)),
                Err(error) if matches!(error.next(), Next::Gone | Next::Forbidden) => return Ok(None),
                Err(error) => return Err(error),
            };
            let others = told.owned_by.as_ref().and_then(|by| by.id.clone()) != owner;
            if others || told.has_collaborations != Some(false) || told.shared_link.is_some() {
                return Ok(Some(true));
            }
            if looked == 0 {
                let above =
                    told.path_collection.as_ref().and_then(|above| above.entries.as_deref()).unwrap_or_default();
                let ids = above.iter().filter_map(|folder| folder.id.clone());
                next.extend(ids.filter(|id| !NOWHERE.contains(&&**id)).take(ABOVE_MAX));
            }
            looked += 1;
        }
        Ok(Some(false))
    }

    /// The facts that cost calls of their own.
    fn with_facets(&self, asked: &Asked<'_>, target: &TargetItem, mut state: ItemState) -> Result<ItemState, Error> {
        let facets = asked.facets;
        if facets.labels {
            state.labels = self.labels_of(target, &state.folder.act_as)?;
        }
        if facets.holds {
            state.holds = self.holds_of(asked, &state)?;
        }
        if facets.note {
            state.note = match note_folder(asked, &state) {
                Some(folder) => self.note_state(asked, folder)?,
                None => None,
            };
        }
        if facets.copy {
            state.copy = self.copy_state(asked, &state)?;
        }
        if facets.lent {
            state.lent = self.lent_state(asked, &state)?;
        }
        if facets.seen_back && state.trashed {
            state.seen_back = self.seen_back(&state)?;
        }
        if facets.comment || facets.task {
            state.said = self.said_state(asked, &state)?;
        }
        Ok(state)
    }
}

/// The folder that the order's note lies in.
fn note_folder<'a>(asked: &'a Asked<'_>, now: &'a ItemState) -> Option<&'a Folder> {
    match &asked.order.action {
        Action::PutNote(_) | Action::RemoveNote(_) => now.as_folder.as_ref(),
        Action::Release { prior, .. } => Some(&prior.folder),
        _ => Some(asked.prior.and_then(State::item).map_or(&now.folder, |prior| &prior.folder)),
    }
}

/// False for what is there in name only.
fn is_there(found: &Found) -> bool {
    found.item_status.as_deref() != Some("deleted")
}

/// The folders above, the nearest first, without roots.
fn above(found: &Found) -> Vec<Arc<str>> {
    let entries = found.path_collection.as_ref().and_then(|above| above.entries.as_deref()).unwrap_or_default();
    let ids = entries.iter().rev().filter_map(|folder| folder.id.clone());
    ids.filter(|id| !NOWHERE.contains(&&**id)).take(ABOVE_MAX).collect()
}

/// A link as Box tells it.
fn own_link(told: &SharedLink) -> OwnLink {
    let link = sharing::link(told);
    OwnLink {
        key: links::KEY.into(),
        audience: link.audience,
        asked: sharing::audience(told.access.as_deref().or(told.effective_access.as_deref())),
        password: link.password,
        expires: link.expires,
        download: link.download,
        owner: None,
        url: None,
    }
}

/// A link that may be there.
fn unseen_link() -> OwnLink {
    OwnLink {
        key: links::KEY.into(),
        audience: Audience::Unknown,
        asked: Audience::Unknown,
        password: false,
        expires: None,
        download: None,
        owner: None,
        url: None,
    }
}

/// A lock that still holds.
fn lock_state(told: Lock, own_account: &str, now: crate::clock::Moment) -> Option<LockState> {
    let by = told.created_by.and_then(|by| by.id);
    let until = told.expired_at.or(told.expires_at);
    until.is_none_or(|until| until > now).then(|| LockState {
        ours: by.as_deref() == Some(own_account),
        by,
        until,
        no_download: told.is_download_prevented == Some(true),
    })
}

/// Accounts that have this role, by themselves or through a group.
fn accounts(members: &[Member], role: &str, people: &Directory) -> Vec<Arc<str>> {
    let fits = |member: &&Member| !member.pending && &*member.role == role;
    let accounts = members.iter().filter(fits).flat_map(|member| match &member.who {
        Who::Person { account: Some(account), .. } => vec![Arc::clone(account)],
        Who::Group { id, .. } => people.group(id).and_then(|group| group.members.clone()).unwrap_or_default(),
        _ => Vec::new(),
    });
    accounts.collect()
}

fn doing(target: &TargetItem) -> String {
    format!("look at {}/{}", kind_path(target.kind), target.id)
}
