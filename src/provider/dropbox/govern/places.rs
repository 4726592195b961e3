//! Places: moving, copying, trash, versions, quarantine folders.
//!
//! Within one namespace paths are relative to it (Path-Root). Between two they are written `ns:ID/path` and no root is named,
//! since a root shuts out what lies outside it. The item itself is named by its id, which survives moves; only what is in
//! the trash is named by its path, since `files/restore` takes no id. Source: files.stone.

mod copy;
mod errand;
mod quarantine;
mod untrash;

#[cfg(test)]
pub(super) mod bench;
#[cfg(test)]
mod tests;

use super::super::Tenant;
use super::super::call::Ask;
use super::super::route::{self, Route};
use super::notes::{Content, Mode};
use super::read::Actor;
use super::{failed, has};
use crate::model::ItemKind;
use crate::model::action::{Block, Folder, ItemState, Step, Target};
use crate::provider::govern::{Applied, Asked};
use crate::provider::{Error, Next};
use serde::de::IgnoredAny;
use serde_json::{Value, json};
use std::sync::Arc;

impl Tenant {
    /// Moving, lending, copying, trash, versions.
    pub(super) fn apply_place(&self, asked: &Asked<'_>, step: &Step, now: &ItemState) -> Applied {
        let applied = match step {
            Step::Lend { to } => self.lend(asked, now, to),
            Step::MoveTo { to, name } => self.move_to(asked, now, to, name),
            Step::TakeBack { to } => self.take_back(asked, now, to),
            Step::CopyTo { to, name } => self.copy_to(asked, now, to, name),
            Step::Trash => self.trash(asked, now),
            Step::Untrash => self.untrash(asked, now),
            Step::UntrashTo { to, name } => self.untrash_to(asked, now, to, name),
            Step::Overwrite { text } => self.overwrite(asked, now, text),
            Step::Promote { version } => self.promote(asked, now, version),
            _ => Err(Applied::Blocked(super::WRONG_TARGET)),
        };
        applied.unwrap_or_else(|applied| applied)
    }

    fn move_to(&self, asked: &Asked<'_>, now: &ItemState, to: &Folder, name: &str) -> Result<Applied, Applied> {
        let errand = self.errand(asked, origin(asked, now), to)?;
        let argument = json!({
            "from_path": id_of(asked),
            "to_path": spelt_out(to, name),
            "autorename": false,
            // What lies in another namespace may have another owner; within one it keeps its own.
            "allow_ownership_transfer": to.place != now.folder.place,
        });
        let ask = errand.mover.acts(&route::MOVE, "move an item", Some(&to.place));
        Ok(match self.act_quietly(&ask, &argument) {
            Err(error) if is_taken(&error) => Applied::NameTaken,
            // It lies there already: an earlier call did it late.
            Err(error) if has(&error, "duplicated_or_nested_paths") => Applied::Moved,
            Err(error) if has(&error, "no_write_permission") => self.kept_out(asked, now, error),
            made => done(made),
        })
    }

    /// A file out of the trash straight into another folder, by whoever would move it there.
    fn untrash_to(&self, asked: &Asked<'_>, now: &ItemState, to: &Folder, name: &str) -> Result<Applied, Applied> {
        let Some(rev) = &now.version else { return Err(not_offered("no revision of it is kept any more")) };
        let errand = self.errand(asked, origin(asked, now), to)?;
        match self.entry(&self.admin_eyes().map_err(unread)?, &to.place, &path_in(to, name)) {
            Ok(entry) if entry.id.as_deref() == Some(id_of(asked)) => return Ok(Applied::Moved),
            Ok(_) => return Ok(Applied::NameTaken),
            Err(error) if error.next() == Next::Gone => {}
            Err(error) => return Err(unread(error)),
        }
        let ask = errand.mover.acts(&route::RESTORE, "take a file out of the trash", Some(&to.place));
        Ok(match self.act_quietly(&ask, &json!({"path": spelt_out(to, name), "rev": &**rev})) {
            Err(error) if is_taken(&error) => Applied::NameTaken,
            Err(error) if has(&error, "no_write_permission") => self.kept_out(asked, now, error),
            made => done(made),
        })
    }

    /// Files only while they are still of the version that was looked at.
    fn trash(&self, asked: &Asked<'_>, now: &ItemState) -> Result<Applied, Applied> {
        let mut argument = json!({"path": id_of(asked)});
        if let Some(rev) = now.version.as_ref().filter(|_| now.kind == ItemKind::File) {
            argument["parent_rev"] = json!(&**rev);
        }
        let actor = self.actor(asked, now)?;
        let ask = within(&actor, &route::DELETE, &now.folder.place, "put an item into the trash");
        Ok(done(self.act_quietly(&ask, &argument)))
    }

    fn overwrite(&self, asked: &Asked<'_>, now: &ItemState, text: &str) -> Result<Applied, Applied> {
        let Some(rev) = now.version.clone() else { return Ok(Applied::Moved) };
        let content = Content { path: id_of(asked).to_owned(), mode: Mode::Update(rev), bytes: text.as_bytes() };
        let actor = self.actor(asked, now)?;
        Ok(done(self.put(&actor, &now.folder.place, &content)))
    }

    fn promote(&self, asked: &Asked<'_>, now: &ItemState, version: &str) -> Result<Applied, Applied> {
        let argument = json!({"path": path_in(&now.folder, &now.name), "rev": version});
        let actor = self.actor(asked, now)?;
        let ask = within(&actor, &route::RESTORE, &now.folder.place, "bring back an earlier version");
        Ok(done(self.act_quietly(&ask, &argument)))
    }

    /// A change whose answer tells nothing that is needed: the id of its request.
    pub(super) fn act_quietly(&self, ask: &Ask<'_>, argument: &Value) -> Result<Vec<Arc<str>>, Error> {
        let (_, request) = self.team.desk.act::<IgnoredAny>(ask, argument)?;
        Ok(request.into_iter().collect())
    }
}

/// A change within this namespace, to which its paths are relative.
pub(super) fn within<'a>(actor: &'a Actor, route: &'static Route, place: &Arc<str>, doing: &str) -> Ask<'a> {
    actor.acts(route, doing, Some(place)).within(place)
}

/// What came of a change.
pub(super) fn done(made: Result<Vec<Arc<str>>, Error>) -> Applied {
    made.map_or_else(failed, Applied::Done)
}

/// The item's id, as the order names it.
pub(super) fn id_of<'a>(asked: &Asked<'a>) -> &'a str {
    match &asked.order.on {
        Target::Item(item) => &item.id,
        Target::Person(_) => "",
    }
}

/// Where it lay before the order's first step.
pub(super) fn origin<'a>(asked: &Asked<'a>, now: &'a ItemState) -> &'a Folder {
    asked.prior.and_then(|prior| prior.item()).map_or(&now.folder, |prior| &prior.folder)
}

/// The path of a name in a folder, relative to the folder's namespace.
pub(super) fn path_in(folder: &Folder, name: &str) -> String {
    format!("{}/{name}", folder.path.as_deref().unwrap_or_default())
}

/// The path of a name in a folder, with its namespace.
fn spelt_out(folder: &Folder, name: &str) -> String {
    format!("ns:{}{}", folder.place, path_in(folder, name))
}

/// True when something else has the name where it was to be put.
pub(super) fn is_taken(error: &Error) -> bool {
    has(error, "conflict") && !has(error, "from_write")
}

/// A reading before a change failed: nothing was done.
pub(super) fn unread(error: Error) -> Applied {
    match error.next() {
        Next::Transient => Applied::Later(error),
        _ => failed(error),
    }
}

/// Refused, since Dropbox has no such thing.
pub(super) fn not_offered(why: &str) -> Applied {
    Applied::Blocked(Block::NotOffered(why.into()))
}
