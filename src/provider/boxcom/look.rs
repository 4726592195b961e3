//! One item by itself: what an event or a webhook names, told just as a listing would tell it.
//!
//! An item is told in its owner's tree ([`super::list`]), so whoever is not the owner asks once more in the owner's name, where
//! anybody walks that tree: only then are path and place those of the listing. What is not found may lie in the trash, which
//! has routes of its own, or be out of the asker's sight: then the tree it was known in and the connector's own account are
//! asked before it counts as gone.
//!
//! Source: Box API reference "Get file information", "Get trashed file" and their twins for folders and web links.

use super::Tenant;
use super::api::Ask;
use super::judge::Scope;
use super::list::{self, FIELDS, FOLDER, Reader, TRASH};
use super::wire::Listed;
use crate::model::{Directory, Item, ItemKind, Principal};
use crate::provider::http::Urgency;
use crate::provider::{Error, Glance, Next, Walk};
use std::sync::Arc;

/// An item as one reader sees it.
struct Seen {
    entry: Listed,
    by: Principal,
    in_trash: bool,
}

impl Tenant {
    /// The present facts of one item; see [`crate::provider::Source::look`].
    pub(super) fn looked_at(&self, at: &Glance, people: &Directory) -> Result<Item, Error> {
        let mut refused = None;
        for by in readers(at) {
            match self.seen_by(at, &by) {
                Ok(seen) => return self.told(at, seen, people),
                Err(error) if is_out_of_sight(&error) => refused = refused.or(Some(error)),
                Err(error) => return Err(error),
            }
        }
        Err(refused.unwrap_or_else(|| Error::new(Next::Gone, doing(at), "nobody to look as")))
    }

    /// The item as this reader sees it, in the trash if nowhere else.
    fn seen_by(&self, at: &Glance, by: &Principal) -> Result<Seen, Error> {
        let seen = |entry, in_trash| Seen { entry, by: by.clone(), in_trash };
        match self.entry(at, by, false) {
            Err(error) if error.next() == Next::Gone && self.trash => match self.entry(at, by, true) {
                Ok(entry) => Ok(seen(entry, true)),
                Err(other) if is_out_of_sight(&other) => Err(error),
                Err(other) => Err(other),
            },
            answer => answer.map(|entry| seen(entry, false)),
        }
    }

    fn entry(&self, at: &Glance, by: &Principal, in_trash: bool) -> Result<Listed, Error> {
        let kind = match at.kind {
            ItemKind::File => "files",
            ItemKind::Folder => "folders",
            ItemKind::WebLink => "web_links",
        };
        let path = [kind, &at.id, "trash"];
        let fields = format!("{FIELDS},path_collection");
        self.api.get(&Ask {
            path: if in_trash { &path } else { &path[..2] },
            query: &[("fields", &fields)],
            read_as: by,
            urgency: Urgency::Live,
            scope: Scope::AsUser,
            doing: doing(at),
        })
    }

    /// What was seen, as the owner sees it where the owner's tree is walked, else as it was seen.
    fn told(&self, at: &Glance, seen: Seen, people: &Directory) -> Result<Item, Error> {
        let me = self.me_if_a_person()?;
        let owner = seen.entry.owned_by.as_ref().and_then(|owner| owner.id.clone());
        let mut reader = Reader { tree: self.tree_read_as(&seen.by)?, me, people };
        let owns = owner.as_ref().is_none_or(|owner| *owner == reader.tree);
        let home = owner.as_deref().filter(|_| !owns).and_then(|owner| reader.walks_as(owner));
        let Some(home) = home else { return self.item_of(at, seen, &reader) };
        match self.seen_by(at, &home) {
            Ok(own) => {
                reader.tree = self.tree_read_as(&home)?;
                self.item_of(at, own, &reader)
            }
            Err(error) if is_out_of_sight(&error) => self.item_of(at, seen, &reader),
            Err(error) => Err(error),
        }
    }

    fn item_of(&self, at: &Glance, mut seen: Seen, reader: &Reader<'_>) -> Result<Item, Error> {
        // Not every answer repeats what was asked for.
        let entry = &mut seen.entry;
        entry.id.get_or_insert_with(|| Arc::clone(&at.id));
        entry.kind.get_or_insert_with(|| word(at.kind).into());
        let above = entry.path_collection.take().and_then(|above| above.entries).unwrap_or_default();
        let steps = above.into_iter().skip(1).filter_map(|folder| folder.name);
        let walk = Walk {
            id: "look".into(),
            place: Arc::clone(&at.place),
            kind: if seen.in_trash { TRASH } else { FOLDER }.into(),
            read_as: seen.by,
            path: steps.fold(String::new(), |path, name| path + "/" + &name).into(),
            cursor: None,
        };
        let mut item = list::item(seen.entry, &walk, reader)
            .map_err(|_| Error::new(Next::Transient, doing(at), "an answer about something else"))?;
        if seen.in_trash {
            item.trashed.get_or_insert_with(|| self.api.clock().now());
        }
        Ok(item)
    }
}

/// Who may see the item, in the order of asking, each once: who is told to look, whose tree it was known in, the connector's
/// own account.
fn readers(at: &Glance) -> Vec<Principal> {
    let mut readers = vec![at.read_as.clone()];
    let place = (!at.place.is_empty()).then(|| Principal::Person(Arc::clone(&at.place)));
    for other in place.into_iter().chain([Principal::Tenant]) {
        if !readers.contains(&other) {
            readers.push(other);
        }
    }
    readers
}

fn is_out_of_sight(error: &Error) -> bool {
    matches!(error.next(), Next::Gone | Next::Forbidden)
}

fn word(kind: ItemKind) -> &'static str {
    match kind {
        ItemKind::File => "file",
        ItemKind::Folder => "folder",
        ItemKind::WebLink => "web_link",
    }
}

fn doing(at: &Glance) -> String {
    format!("look at {} {}", word(at.kind), at.id)
}
