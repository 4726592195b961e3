//! One item by itself: what the log names, told just as the namespace's listing would tell it.
//!
//! Paths are relative to the namespace the item was known in, so it is asked for with that one as the root. An item without a
//! path there lies elsewhere now: in the shared folder that the answer names, which is then the root of a second call, or in
//! somebody's home, which no answer names; its own cursor brings it. Source: files.stone (`get_metadata`, `list_revisions`).

use super::call::Ask;
use super::list::Ground;
use super::route::{self, Route};
use super::team::Team;
use super::wire::{Entry, Revisions};
use crate::clock::Moment;
use crate::model::{Directory, Item, ItemKind, Principal};
use crate::provider::http::Urgency;
use crate::provider::{Error, Glance, Next};
use serde_json::{Value, json};
use std::sync::Arc;

/// The present facts of one item; see [`crate::provider::Source::look`].
pub(super) fn look(team: &Team, at: &Glance, people: &Directory) -> Result<Item, Error> {
    let admin = team.admin()?;
    let looks = Look { team, at, people, admin: &admin };
    let readers = match &at.read_as {
        Principal::Tenant => vec![&admin],
        named if *named == admin => vec![&admin],
        named => vec![named, &admin],
    };
    looks.first(&readers, |by| looks.present(by)).or_else(|error| match error.next() {
        Next::Gone if team.trash && at.kind == ItemKind::File => looks
            .first(&readers, |by| looks.deleted(by))
            .map_err(|other| if is_out_of_sight(&other) { error } else { other }),
        _ => Err(error),
    })
}

struct Look<'l> {
    team: &'l Team,
    at: &'l Glance,
    people: &'l Directory,
    admin: &'l Principal,
}

impl Look<'_> {
    /// What the first of the readers who sees it finds; else what the first of them was told.
    fn first(&self, readers: &[&Principal], find: impl Fn(&Principal) -> Result<Item, Error>) -> Result<Item, Error> {
        let mut refused = None;
        for by in readers {
            match find(by) {
                Err(error) if is_out_of_sight(&error) => refused = refused.or(Some(error)),
                found => return found,
            }
        }
        Err(refused.unwrap_or_else(|| self.error(Next::Gone, "nobody to look as")))
    }

    fn present(&self, by: &Principal) -> Result<Item, Error> {
        let entry: Entry = self.ask(&route::METADATA, by, &self.at.place, &self.metadata())?;
        match holder(&entry) {
            Some(other) if *other != *self.at.place => {
                let other: Arc<str> = other.into();
                let entry: Entry = self.ask(&route::METADATA, self.admin, &other, &self.metadata())?;
                self.item(entry, &other)
            }
            _ => self.item(entry, &self.at.place),
        }
    }

    fn metadata(&self) -> Value {
        json!({"path": &*self.at.id, "include_has_explicit_shared_members": true})
    }

    /// The newest revision of a deleted file.
    fn deleted(&self, by: &Principal) -> Result<Item, Error> {
        let argument = json!({"path": &*self.at.id, "mode": "id", "limit": 1});
        let revisions: Revisions = self.ask(&route::REVISIONS, by, &self.at.place, &argument)?;
        let is_deleted = revisions.is_deleted;
        let entry = revisions.entries.into_iter().next().filter(|_| is_deleted);
        let entry = entry.ok_or_else(|| self.error(Next::Gone, "no deleted revision"))?;
        let at = revisions.server_deleted.as_deref().or(entry.server_modified.as_deref()).and_then(Moment::parse);
        let mut item = self.item(entry, &self.at.place)?;
        item.trashed = at.or_else(|| Some(self.team.desk.clock().now()));
        Ok(item)
    }

    fn ask<T>(&self, route: &'static Route, by: &Principal, root: &Arc<str>, argument: &Value) -> Result<T, Error>
    where
        T: serde::de::DeserializeOwned,
    {
        let ask = Ask { urgency: Urgency::Live, ..Ask::new(route, by, self.doing()).within(root) };
        self.team.desk.rpc(&ask, argument)
    }

    fn item(&self, entry: Entry, place: &Arc<str>) -> Result<Item, Error> {
        if entry.path_lower.is_none() {
            return Err(self.error(Next::Moved, "it lies in another namespace now, whose listing tells it"));
        }
        if self.team.place(place)?.is_none() {
            // Shared since the namespaces were listed.
            self.team.namespaces()?;
        }
        let ground = Ground::of(self.team, place, self.admin, self.people)?;
        ground.item(entry).map_err(|_| self.error(Next::Transient, "an answer without an id"))
    }

    fn doing(&self) -> String {
        format!("look at {}", self.at.id)
    }

    fn error(&self, next: Next, said: &str) -> Error {
        Error::new(next, self.doing(), said)
    }
}

/// The shared or team folder that holds an entry; `None` for what lies in a home.
pub(super) fn holder(entry: &Entry) -> Option<&str> {
    entry.sharing_info.as_ref()?.parent_shared_folder_id.as_deref().filter(|id| !id.is_empty())
}

pub(super) fn is_out_of_sight(error: &Error) -> bool {
    matches!(error.next(), Next::Gone | Next::Forbidden)
}
