//! Places: moving, the trash and back; beneath it copies, versions, letting in for a move, and the quarantine's folder.
//!
//! Each change is sent once and told as it came: what became of one without a clear answer is not guessed here. A move within
//! the same owner's tree needs nobody's help; one into another's needs who moves to be let in there first ([`lend`]).

mod copies;
mod lend;
mod quarantine;

pub(super) use copies::hash_of;
pub(super) use lend::EDITOR;
use quarantine::QUARANTINE;

use super::super::Tenant;
use super::super::api::{Ask, Change, request_id};
use super::super::judge::{self, Door, Scope, block, code};
use crate::model::action::{Block, Folder, ItemState, Never, Step, Target};
use crate::model::{ItemKind, Principal};
use crate::provider::govern::goal::numbered;
use crate::provider::govern::{Applied, Asked};
use crate::provider::http::{Payload, Reply, Urgency};
use crate::provider::{Error, Next};
use reqwest::Method;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use std::sync::Arc;

/// The root folder of whoever asks.
pub(super) const ROOT: &str = "0";

/// Names that are tried for something that comes back from the trash under a name that is taken by now: `a (2)` and so on.
const NAMES_MAX: u32 = 9;

/// The item of an order, as its routes name it.
#[derive(Clone, Copy, Debug)]
pub(super) struct At<'a> {
    /// File, folder or bookmark.
    pub(super) kind: ItemKind,
    /// Its id.
    pub(super) id: &'a str,
}

impl<'a> At<'a> {
    /// What the order is done to.
    pub(super) fn of(asked: &Asked<'a>) -> Result<Self, Applied> {
        match &asked.order.on {
            Target::Item(item) => Ok(Self { kind: item.kind, id: &item.id }),
            Target::Person(_) => Err(Applied::Blocked(Block::Never(Never::WrongTarget))),
        }
    }

    /// The first step of its routes.
    pub(super) fn route(self) -> &'static str {
        match self.kind {
            ItemKind::File => "files",
            ItemKind::Folder => "folders",
            ItemKind::WebLink => "web_links",
        }
    }

    /// Box's word for its kind.
    pub(super) fn word(self) -> &'static str {
        match self.kind {
            ItemKind::File => "file",
            ItemKind::Folder => "folder",
            ItemKind::WebLink => "web_link",
        }
    }

    /// For messages: `move files/7`.
    pub(super) fn doing(self, what: &str) -> String {
        format!("{what} {}/{}", self.route(), self.id)
    }
}

impl Tenant {
    /// Calls for a step of places.
    pub(super) fn apply_place(&self, asked: &Asked<'_>, step: &Step, now: &ItemState) -> Applied {
        let at = match At::of(asked) {
            Ok(at) => at,
            Err(applied) => return applied,
        };
        match step {
            Step::Lend { to } => self.lend(asked, now, to),
            Step::MoveTo { to, name } => self.move_to(asked, at, now, to, name),
            Step::TakeBack { to } => self.take_back(asked, now, to),
            Step::CopyTo { to, name } => self.copy_to(asked, at, now, to, name),
            Step::Trash => came_of(self.trash_item(at, now)),
            Step::Untrash => self.untrash(at, now),
            Step::Overwrite { text } => self.overwrite(at, now, text),
            Step::Promote { version } => came_of(self.promote(at, now, version)),
            _ => Applied::Blocked(Block::Never(Never::WrongTarget)),
        }
    }

    /// Into the trash, a folder with all below it, if it is still the one that was read.
    fn trash_item(&self, at: At<'_>, now: &ItemState) -> Result<Reply, Error> {
        let query: &[(&str, &str)] = if at.kind == ItemKind::Folder { &[("recursive", "true")] } else { &[] };
        let path = [at.route(), at.id];
        self.api.change(&Change {
            query,
            if_match: now.etag.as_deref(),
            ..Change::of(Method::DELETE, &path, by(now), at.doing("trash"))
        })
    }

    /// Out of the trash: where it was, or into its owner's root when that folder is gone; a number is put behind a name that
    /// was taken meanwhile.
    ///
    /// Source: Box API reference "Restore file": the parent named is used only when the old one exists no more.
    fn untrash(&self, at: At<'_>, now: &ItemState) -> Applied {
        let mut tried = 0;
        loop {
            let mut body = json!({"parent": {"id": ROOT}});
            if tried > 0 {
                body["name"] = (*numbered(&now.name, tried)).into();
            }
            let path = [at.route(), at.id];
            match self.post(&path, &body, by(now), at.doing("restore")) {
                Err(error) if is_name_taken(&error) && tried < NAMES_MAX => tried += 1,
                Err(error) if is_name_taken(&error) => return Applied::Blocked(Block::NameTaken),
                result => return came_of(result),
            }
        }
    }

    fn move_to(&self, asked: &Asked<'_>, at: At<'_>, now: &ItemState, to: &Folder, name: &str) -> Applied {
        let Some(folder) = &to.id else { return no_folder() };
        let parent = match self.account_of(by(now)) {
            Ok(mover) if &**folder == ROOT && *mover != *to.place => json!({"id": ROOT, "user_id": to.place}),
            Ok(_) => json!({"id": folder}),
            Err(error) => return Applied::Later(error),
        };
        let (moves, renames) = (!lies_in(&now.folder, to), *now.name != *name);
        let applied = match (moves, renames) {
            (true, true) if at.kind == ItemKind::Folder => self.rename_and_move(at, now, &parent, name),
            (true, true) => came_of(self.put(at, now, &json!({"parent": parent, "name": name}))),
            (true, false) => came_of(self.put(at, now, &json!({"parent": parent}))),
            (false, _) => came_of(self.put(at, now, &json!({"name": name}))),
        };
        match applied {
            Applied::Moved | Applied::Blocked(Block::NoRight(_)) if moves => self.why_kept_out(asked, now, to, applied),
            applied => applied,
        }
    }

    /// A folder is moved by a call that does nothing else, so its name is changed first: once it lies there it counts as moved.
    /// When the move is refused it gets its old name back.
    ///
    /// Source: Box API reference "Update folder", `operation_limit_exceeded`.
    fn rename_and_move(&self, at: At<'_>, now: &ItemState, parent: &Value, name: &str) -> Applied {
        let renamed = match came_of(self.put(at, now, &json!({"name": name}))) {
            Applied::Done(requests) => requests,
            applied => return applied,
        };
        // The name changed the etag, which a move does not heed.
        let path = [at.route(), at.id];
        match came_of(self.put_at(&path, None, &json!({"parent": parent}), by(now), at.doing("move"))) {
            Applied::Done(requests) => Applied::Done(renamed.into_iter().chain(requests).collect()),
            refused @ (Applied::NameTaken | Applied::Blocked(_) | Applied::Moved) => {
                let _ = self.put_at(&path, None, &json!({"name": *now.name}), by(now), at.doing("rename"));
                refused
            }
            applied => applied,
        }
    }

    /// Changes the item if it is still the one that was read.
    pub(super) fn put(&self, at: At<'_>, now: &ItemState, body: &Value) -> Result<Reply, Error> {
        let path = [at.route(), at.id];
        self.put_at(&path, now.etag.as_deref(), body, by(now), at.doing("change"))
    }

    fn put_at(
        &self,
        path: &[&str],
        if_match: Option<&str>,
        body: &Value,
        by: &Principal,
        doing: String,
    ) -> Result<Reply, Error> {
        let body = body.to_string();
        let change = Change::of(Method::PUT, path, by, doing);
        self.api.change(&Change { payload: Payload::Json(&body), if_match, ..change })
    }

    /// Posts JSON.
    pub(super) fn post(&self, path: &[&str], body: &Value, by: &Principal, doing: String) -> Result<Reply, Error> {
        let body = body.to_string();
        self.api.change(&Change { payload: Payload::Json(&body), ..Change::of(Method::POST, path, by, doing) })
    }

    /// Reads for an action.
    pub(super) fn look_up<T: DeserializeOwned>(
        &self,
        path: &[&str],
        query: &[(&str, &str)],
        by: &Principal,
        doing: impl Into<String>,
    ) -> Result<T, Error> {
        let doing = doing.into();
        self.api.get(&Ask { path, query, read_as: by, urgency: Urgency::Act, scope: Scope::AsUser, doing })
    }

    /// The account that acts.
    pub(super) fn account_of(&self, by: &Principal) -> Result<Arc<str>, Error> {
        match by {
            Principal::Person(id) | Principal::Admin(id) => Ok(Arc::clone(id)),
            Principal::Tenant => self.own_account(),
        }
    }

    /// What has this name in a folder, by one call: the answer to "would an upload be taken?" names what is in its way.
    ///
    /// Source: Box API reference "Preflight check before upload".
    pub(super) fn named(&self, folder: &Folder, name: &str) -> Result<Option<Named>, Error> {
        let doing = "look for a name in a folder";
        let id = folder.id.as_deref().unwrap_or(ROOT);
        let body = json!({"name": name, "parent": {"id": id}, "size": 0}).to_string();
        let ask = Ask {
            path: &["files", "content"],
            query: &[],
            read_as: &folder.act_as,
            urgency: Urgency::Act,
            scope: Scope::AsUser,
            doing: doing.into(),
        };
        let reply = self.api.send(Method::OPTIONS, Payload::Json(&body), &ask, Door::Preflight)?;
        if reply.status != 409 {
            return Ok(None);
        }
        let answer: Value = serde_json::from_slice(&reply.body).unwrap_or_default();
        let unread = || Error::new(Next::Transient, doing, "a conflict that names nothing").with_status(409);
        match answer["code"].as_str() {
            Some("item_name_in_use") => Named::of(&answer["context_info"]["conflicts"]).map(Some).ok_or_else(unread),
            Some("operation_blocked_temporary") => {
                Err(Error::new(Next::Locked, doing, "409 operation_blocked_temporary").with_status(409))
            }
            _ => Err(Error::new(Next::Refused, doing, "409 the upload would be refused").with_status(409)),
        }
    }
}

/// What has a name in a folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Named {
    /// `file`, `folder` or `web_link`.
    pub(super) kind: Arc<str>,
    /// Its id.
    pub(super) id: Arc<str>,
}

impl Named {
    /// Conflicts come as an object for files, as a list for folders.
    fn of(conflicts: &Value) -> Option<Self> {
        let one = conflicts.as_array().map_or(Some(conflicts), |all| all.first())?;
        Some(Self { kind: text(&one["type"])?, id: text(&one["id"])? })
    }
}

/// A text, or a number where the service sends one for an id.
pub(super) fn text(value: &Value) -> Option<Arc<str>> {
    match value {
        Value::String(text) if !text.is_empty() => Some(text.as_str().into()),
        Value::Number(number) => Some(number.to_string().into()),
        _ => None,
    }
}

/// Who acts on an item: who can write in its folder, which on Box is its owner.
pub(super) fn by(now: &ItemState) -> &Principal {
    &now.folder.act_as
}

/// True when this is the folder; everybody's root has the same id.
fn lies_in(folder: &Folder, to: &Folder) -> bool {
    folder.id == to.id && (folder.id.as_deref() != Some(ROOT) || folder.place == to.place)
}

/// A folder without an id is none of Box's.
pub(super) fn no_folder() -> Applied {
    Applied::Blocked(Block::BadWish("the folder of the order has no id: name it by its id".into()))
}

/// What came of a change.
pub(super) fn came_of(result: Result<Reply, Error>) -> Applied {
    match result {
        Ok(reply) => Applied::Done(request_id(&reply).into_iter().collect()),
        Err(error) if is_name_taken(&error) => Applied::NameTaken,
        Err(error) => judge::failed(error),
    }
}

/// What a reading that failed means for the step it was for: nothing was changed yet.
pub(super) fn unread(error: Error) -> Applied {
    match error.next() {
        Next::Gone | Next::Moved => Applied::Moved,
        Next::Forbidden | Next::Refused | Next::NotReadable => Applied::Blocked(block(&error)),
        _ => Applied::Later(error),
    }
}

/// True when another item of the folder has the name.
pub(super) fn is_name_taken(error: &Error) -> bool {
    code(error) == "item_name_in_use"
}

#[cfg(test)]
pub(super) mod tests;
