//! Walking everything: one walk for each user's tree and trash, a page of it by one call.
//!
//! An item shows in the tree of everybody it is shared with, and is taken in its owner's. A folder found on the way becomes a
//! walk of its own when its owner is the walked user, or somebody whose own tree nobody walks (another company's, an inactive
//! user's): so each folder is asked for once, which is the least number of calls there can be.
//!
//! Source: Box API reference "List items in folder", "List trashed items"; markers are for immediate use.

use super::api::Ask;
use super::judge::Scope;
use super::people::Me;
use super::wire::{Listed, Paged, item_kind};
use super::{Tenant, sharing};
use crate::model::{ContentHash, Directory, Download, Item, ItemKind, Owner, Person, Principal, Role, Side, Status};
use crate::provider::http::Urgency;
use crate::provider::{Error, Next, Onward, Page, Unwalked, Walk, Walks, WhyUnwalked};
use std::sync::Arc;

/// What is asked of each item. Asking for fields leaves out all others but type, id and etag.
pub(super) const FIELDS: &str = "id,type,name,etag,sequence_id,size,sha1,file_version,created_at,content_modified_at,modified_at,parent,\
                      owned_by,shared_link,has_collaborations,is_externally_owned,is_accessible_via_shared_link,\
                      classification,lock,trashed_at";

/// Items of a page: the most Box gives.
const LIMIT: &str = "1000";

pub(super) const FOLDER: &str = "folder";
pub(super) const TRASH: &str = "trash";

/// The root folder of whoever asks.
const ROOT: &str = "0";

impl Tenant {
    /// One walk for the tree and one for the trash of everybody who can be read as.
    pub(super) fn begin(&self, people: &Directory) -> Result<Walks, Error> {
        let me = self.me_if_a_person()?;
        let mut walks = Walks { used_bytes: self.used_bytes()?, ..Walks::default() };
        for person in people.people().iter().filter(|person| person.side == Side::Internal) {
            match why_not(person, me.as_deref()) {
                None => walks.walks.extend(walks_of(person, self.trash)),
                Some(why) => {
                    walks.holes.push(Unwalked { what: Arc::clone(&person.id), name: Arc::clone(&person.login), why })
                }
            }
        }
        Ok(walks)
    }

    /// One page of a walk.
    pub(super) fn listed(&self, walk: &Walk, people: &Directory) -> Result<Page, Error> {
        let reader = Reader { tree: self.tree_of(walk)?, me: self.me_if_a_person()?, people };
        match self.fetch(walk) {
            Ok(answer) => Ok(self.page_of(walk, &reader, answer)),
            Err(error) if error.next() == Next::Forbidden => Ok(refused(walk, &reader)),
            Err(error) if error.status() == Some(400) && walk.cursor.is_some() => {
                Err(Error::new(Next::Reset(None), doing(walk), error.said()).with_status(400))
            }
            Err(error) => Err(error),
        }
    }

    fn fetch(&self, walk: &Walk) -> Result<Paged<Listed>, Error> {
        let mut query = vec![("usemarker", "true"), ("limit", LIMIT), ("fields", FIELDS)];
        query.extend(walk.cursor.as_deref().map(|marker| ("marker", marker)));
        self.api.get(&Ask {
            path: &["folders", &walk.place, "items"],
            query: &query,
            read_as: &walk.read_as,
            urgency: Urgency::Bulk,
            scope: Scope::AsUser,
            doing: doing(walk),
        })
    }

    /// The user whose tree is walked: who reads, or whose own the token is.
    fn tree_of(&self, walk: &Walk) -> Result<Arc<str>, Error> {
        self.tree_read_as(&walk.read_as)
    }

    /// The user whose tree is read in this name.
    pub(super) fn tree_read_as(&self, read_as: &Principal) -> Result<Arc<str>, Error> {
        match read_as {
            Principal::Person(id) | Principal::Admin(id) => Ok(Arc::clone(id)),
            Principal::Tenant => Ok(Arc::clone(&self.me()?.id)),
        }
    }

    fn page_of(&self, walk: &Walk, reader: &Reader<'_>, answer: Paged<Listed>) -> Page {
        let onward = answer.onward().map_or(Onward::End(None), Onward::More);
        let mut page = Page { items: Vec::new(), gone: Vec::new(), found: Vec::new(), holes: Vec::new(), onward };
        page.items.reserve(answer.entries.len());
        for entry in answer.entries {
            if !reader.takes(&entry) {
                continue;
            }
            match item(entry, walk, reader) {
                Ok(mut item) => {
                    if &*walk.kind == TRASH && item.trashed.is_none() {
                        item.trashed = Some(self.api.clock().now());
                    }
                    below(&item, walk, &mut page);
                    page.items.push(item);
                }
                Err(hole) => page.holes.push(hole),
            }
        }
        page
    }
}

/// Who walks, and who else is walked.
pub(super) struct Reader<'a> {
    pub(super) tree: Arc<str>,
    pub(super) me: Option<Arc<Me>>,
    pub(super) people: &'a Directory,
}

impl Reader<'_> {
    /// True for what is taken in here: what the walked user owns, and what nobody's own walk brings.
    fn takes(&self, entry: &Listed) -> bool {
        let owner = entry.owned_by.as_ref().and_then(|owner| owner.id.as_deref());
        owner.is_none_or(|owner| *owner == *self.tree || !self.is_walked(owner))
    }

    fn is_walked(&self, account: &str) -> bool {
        self.walks_as(account).is_some()
    }

    /// Who walks the tree of this account; `None` when nobody does.
    pub(super) fn walks_as(&self, account: &str) -> Option<Principal> {
        let person = self.people.by_account(account)?;
        let walked = person.side == Side::Internal && why_not(person, self.me.as_deref()).is_none();
        walked.then(|| acting_as(person))
    }
}

/// Why a person's tree cannot be walked; `None` when it can. `me` is whose the token is, where it is a person's.
fn why_not(person: &Person, me: Option<&Me>) -> Option<WhyUnwalked> {
    match person.status {
        Status::Active => {}
        Status::Inactive => return Some(WhyUnwalked::InactiveOwner),
        Status::Invited => return Some(WhyUnwalked::InvitedOwner),
        Status::Removed => return Some(WhyUnwalked::Gone),
    }
    let gap = me.is_some_and(|me| me.is_kept_from(person));
    gap.then_some(WhyUnwalked::CoAdminGap)
}

/// Who asks in a person's name: the service account needs no name but its own.
fn acting_as(person: &Person) -> Principal {
    match person.role {
        Role::Service => Principal::Tenant,
        _ => Principal::Person(Arc::clone(&person.id)),
    }
}

fn walks_of(person: &Person, trash: bool) -> impl Iterator<Item = Walk> {
    let read_as = acting_as(person);
    let walk = |id: String, place: &str, kind: &str| Walk {
        id: id.into(),
        place: place.into(),
        kind: kind.into(),
        read_as: read_as.clone(),
        path: "".into(),
        cursor: None,
    };
    let tree = walk(format!("root:{}", person.id), ROOT, FOLDER);
    let bin = trash.then(|| walk(format!("trash:{}", person.id), TRASH, TRASH));
    [Some(tree), bin].into_iter().flatten()
}

fn doing(walk: &Walk) -> String {
    format!("list {}", walk.id)
}

/// What is below an item of a page: a folder is walked next, unless it lies in the trash, whose folders do not open.
fn below(item: &Item, walk: &Walk, page: &mut Page) {
    if item.kind != ItemKind::Folder {
        return;
    }
    if item.trashed.is_some() || &*walk.kind == TRASH {
        let (what, name) = (Arc::clone(&item.id), format!("{} (what lies in this trashed folder)", item.name).into());
        page.holes.push(Unwalked { what, name, why: WhyUnwalked::Refused });
        return;
    }
    page.found.push(Walk {
        id: format!("folder:{}", item.id).into(),
        place: Arc::clone(&item.id),
        kind: FOLDER.into(),
        read_as: walk.read_as.clone(),
        path: item.path.clone().unwrap_or_default(),
        cursor: None,
    });
}

/// A page that says only that its walk was refused.
fn refused(walk: &Walk, reader: &Reader<'_>) -> Page {
    let top = &*walk.place == ROOT || &*walk.place == TRASH;
    let person = reader.people.by_account(&reader.tree).filter(|_| top);
    let why = person.and_then(|person| why_not(person, reader.me.as_deref())).unwrap_or(WhyUnwalked::Refused);
    let (what, name) = match person {
        Some(person) => (Arc::clone(&person.id), Arc::clone(&person.login)),
        None => (Arc::clone(&walk.place), Arc::clone(&walk.path)),
    };
    let holes = vec![Unwalked { what, name, why }];
    Page { items: Vec::new(), gone: Vec::new(), found: Vec::new(), holes, onward: Onward::End(None) }
}

/// An entry as an item; a hole when it has no id or is of a kind that is not known here.
pub(super) fn item(entry: Listed, walk: &Walk, reader: &Reader<'_>) -> Result<Item, Unwalked> {
    let name = entry.name.unwrap_or_default();
    let kind = item_kind(entry.kind.as_deref());
    let (Some(kind), Some(id)) = (kind, entry.id.clone()) else {
        let what = entry.id.unwrap_or_else(|| Arc::clone(&walk.place));
        return Err(Unwalked { what, name, why: WhyUnwalked::Refused });
    };
    let is_file = kind == ItemKind::File;
    let owner = entry.owned_by.map(|owner| Owner { account: owner.id, login: owner.login });
    let outside =
        |owner: &Owner| reader.people.side_of(owner.account.as_deref(), owner.login.as_deref()) == Side::External;
    Ok(Item {
        path: (&*walk.kind != TRASH).then(|| format!("{}/{name}", walk.path).into()),
        id,
        kind,
        name,
        parent: entry.parent.and_then(|parent| parent.id),
        place: Arc::clone(&reader.tree),
        read_as: walk.read_as.clone(),
        size_bytes: entry.size.filter(|_| is_file).unwrap_or(0),
        version: entry.file_version.and_then(|version| version.id),
        etag: entry.etag,
        hash: entry.sha1.as_deref().and_then(ContentHash::parse),
        created: entry.created_at,
        modified: entry.content_modified_at.or(entry.modified_at),
        outside_owner: entry.is_externally_owned.unwrap_or_else(|| owner.as_ref().is_some_and(outside)),
        owner,
        link: entry.shared_link.as_ref().map(sharing::link),
        has_members: entry.has_collaborations == Some(true),
        label: entry.classification.and_then(|label| label.name),
        locked: entry.lock.is_some(),
        trashed: entry.trashed_at,
        download: if is_file { Download::Direct } else { Download::None },
    })
}

#[cfg(test)]
mod tests;
