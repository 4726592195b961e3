//! Out of the trash: a file by its path and revision, a folder file by file.
//!
//! Dropbox has no call that brings back a folder. Its files are found as deleted entries below its old path, and those that
//! went with it are restored one by one, each to its own path, which makes the folders again (with other ids). What somebody
//! had deleted before stays deleted: a file counts as gone with the folder when it was deleted within [`TOGETHER`] of it. When
//! the folder went is not told; it is the newest deletion below it, read once, before anything is restored, and carried as
//! the state's `version`, so that an order that is given again goes on where it stood. Source: files.stone (`list_folder`
//! with `include_deleted`, `list_revisions`, `restore`).

use super::super::super::wire::{Entry, ListFolder, Listing, Revisions};
use super::super::super::{Tenant, route};
use super::super::read::Actor;
use super::{Applied, Asked, Block, ItemState, done, not_offered, path_in, unread, within};
use crate::clock::Moment;
use crate::model::ItemKind;
use crate::provider::pages::Pages;
use crate::provider::{Error, Next};
use serde_json::json;
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

/// Files deleted so shortly before or after each other went in one call: the service takes its time over ten thousand.
const TOGETHER: Duration = Duration::from_mins(5);
/// Deleted entries below a folder that are looked at: what one call deletes at most.
const ENTRIES_MAX: usize = 10_000;
/// Entries of a page.
const PAGE_ENTRIES: u32 = 2_000;
/// What stands for the time of the deletion when nothing below the folder can be restored.
const EMPTY: &str = "empty";

/// A file in the trash.
#[derive(Debug)]
struct Buried {
    path: String,
    id: String,
    rev: String,
    at: Moment,
}

/// A namespace seen by somebody.
#[derive(Clone, Copy)]
struct Ground<'g> {
    by: &'g Actor,
    place: &'g Arc<str>,
}

impl Tenant {
    /// Since when the folder that was at this path lies in the trash; `None` when nothing that went with it lies there any
    /// more. `prior` is the state before the order's first step: its `version` holds what this gave then.
    pub(in super::super) fn buried(
        &self,
        by: &Actor,
        place: &Arc<str>,
        path: &str,
        prior: Option<&ItemState>,
    ) -> Result<Option<Arc<str>>, Error> {
        let ground = Ground { by, place };
        let known = prior.filter(|prior| prior.trashed).and_then(|prior| prior.version.clone());
        if known.as_deref() == Some(EMPTY) {
            let is_there = self.entry_at(ground, path)?.is_some();
            return Ok(known.filter(|_| !is_there));
        }
        let Some(gone) = self.gone_below(ground, path)? else { return Ok(None) };
        // It is there, and no order of ours brings it back: what was deleted below it is somebody's own doing.
        if known.is_none() && !gone.contains(&path.to_lowercase()) {
            return Ok(None);
        }
        let mut files = self.files(ground, &gone)?;
        if let Some(at) = known.as_deref().and_then(Moment::parse) {
            for file in files.iter().filter(|file| went_with(file.at, at)) {
                if !self.lies_elsewhere(ground, file)? {
                    return Ok(known);
                }
            }
            return Ok(None);
        }
        files.sort_by_key(|file| std::cmp::Reverse(file.at));
        for file in &files {
            if !self.lies_elsewhere(ground, file)? {
                return Ok(Some(file.at.to_string().into()));
            }
        }
        Ok(Some(EMPTY.into()))
    }

    pub(super) fn untrash(&self, asked: &Asked<'_>, now: &ItemState) -> Result<Applied, Applied> {
        let (actor, path) = (self.actor(asked, now)?, path_in(&now.folder, &now.name));
        let ground = Ground { by: &actor, place: &now.folder.place };
        if now.kind != ItemKind::Folder {
            return match now.version.as_deref() {
                Some(rev) => self.file_again(asked, ground, &path, rev),
                None => Err(not_offered("no revision of it is kept any more")),
            };
        }
        let since = match &now.version {
            Some(since) => Some(Arc::clone(since)),
            None => self.buried(ground.by, ground.place, &path, None).map_err(unread)?,
        };
        match since.as_deref() {
            None => Ok(Applied::Moved),
            Some(EMPTY) => Ok(self.folder_again(ground, &path)),
            Some(since) => match Moment::parse(since) {
                Some(since) => self.all_again(ground, &path, since),
                None => Ok(Applied::Moved),
            },
        }
    }

    /// A restore would put the file over another one that has its path by now, so that one is looked for first.
    fn file_again(&self, asked: &Asked<'_>, ground: Ground<'_>, path: &str, rev: &str) -> Result<Applied, Applied> {
        match self.entry_at(ground, path).map_err(unread)? {
            Some(entry) if entry.id.as_deref() == Some(super::id_of(asked)) => Ok(Applied::Moved),
            Some(_) => Err(Applied::Blocked(Block::NameTaken)),
            None => Ok(done(self.restore(ground, path, rev))),
        }
    }

    fn restore(&self, ground: Ground<'_>, path: &str, rev: &str) -> Result<Vec<Arc<str>>, Error> {
        let ask = within(ground.by, &route::RESTORE, ground.place, "take a file out of the trash");
        self.act_quietly(&ask, &json!({"path": path, "rev": rev}))
    }

    /// A folder without files.
    fn folder_again(&self, ground: Ground<'_>, path: &str) -> Applied {
        let ask = within(ground.by, &route::MAKE_FOLDER, ground.place, "make a folder again");
        match self.act_quietly(&ask, &json!({"path": path, "autorename": false})) {
            Err(error) if super::is_taken(&error) => Applied::Moved,
            made => done(made),
        }
    }

    /// Every file that went with the folder. One whose path is taken by now stays in the trash: nothing is overwritten.
    fn all_again(&self, ground: Ground<'_>, path: &str, since: Moment) -> Result<Applied, Applied> {
        let gone = self.gone_below(ground, path).map_err(too_many)?.unwrap_or_default();
        let mut requests = Vec::new();
        for file in self.files(ground, &gone).map_err(unread)?.iter().filter(|file| went_with(file.at, since)) {
            if self.lies_elsewhere(ground, file).map_err(unread)? {
                continue;
            }
            match self.restore(ground, &file.path, &file.rev) {
                Ok(made) => requests.extend(made),
                // It is there again, or gone for good: the next reading tells.
                Err(error) if matches!(error.next(), Next::Gone | Next::Moved) => {}
                Err(error) => return Ok(done(Err(error))),
            }
        }
        Ok(Applied::Done(requests))
    }

    /// What is at a path now, or has an id.
    fn entry_at(&self, ground: Ground<'_>, path: &str) -> Result<Option<Entry>, Error> {
        match self.entry(ground.by, ground.place, path) {
            Ok(entry) => Ok(Some(entry)),
            Err(error) if error.next() == Next::Gone => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// A file that was moved away leaves a deleted entry too.
    fn lies_elsewhere(&self, ground: Ground<'_>, file: &Buried) -> Result<bool, Error> {
        Ok(self.entry_at(ground, &file.id)?.is_some())
    }

    /// Paths of what was deleted at and below a path, and is not there again; `None` when nothing was.
    fn gone_below(&self, ground: Ground<'_>, path: &str) -> Result<Option<BTreeSet<String>>, Error> {
        let (own, below) = (path.to_lowercase(), format!("{}/", path.to_lowercase()));
        let mut gone: BTreeSet<String> = BTreeSet::new();
        self.list_deleted(ground, path, &mut |entry| {
            let Some(at) = entry.path_lower.as_deref() else { return true };
            if at != own && !at.starts_with(&below) {
                return true;
            }
            // In the order they come: what is told again later is there.
            if entry.tag.as_deref() == Some("deleted") {
                gone.insert(at.to_owned());
            } else {
                gone.remove(at);
            }
            gone.len() <= ENTRIES_MAX
        })?;
        Ok(Some(gone).filter(|gone| !gone.is_empty()))
    }

    /// Lists the deepest folder above a path that is there, with what is deleted in it; `take` says whether to go on.
    fn list_deleted(&self, ground: Ground<'_>, path: &str, take: &mut dyn FnMut(&Entry) -> bool) -> Result<(), Error> {
        let doing = "list what was deleted below a folder";
        let mut page = self.first_page(ground, path, doing)?;
        let mut pages = Pages::of(doing);
        loop {
            let entries = page.entries.ok_or_else(|| Error::new(Next::Transient, doing, "a page without a list"))?;
            if !entries.iter().all(&mut *take) {
                return Err(Error::new(Next::Refused, doing, format!("more than {ENTRIES_MAX} entries")));
            }
            if !page.has_more {
                return Ok(());
            }
            let ask = ground.by.looks(&route::LIST_FOLDER_ON, doing).within(ground.place);
            page = self.team.desk.rpc(&ask, &json!({"cursor": pages.on(&page.cursor)?}))?;
        }
    }

    fn first_page(&self, ground: Ground<'_>, path: &str, doing: &str) -> Result<Listing, Error> {
        let mut above = path;
        loop {
            above = above.rsplit_once('/').map_or("", |(above, _)| above);
            let argument = ListFolder {
                path: above,
                recursive: true,
                include_mounted_folders: false,
                include_deleted: true,
                include_has_explicit_shared_members: false,
                limit: PAGE_ENTRIES,
            };
            let ask = ground.by.looks(&route::LIST_FOLDER, doing).within(ground.place);
            match self.team.desk.rpc(&ask, &argument) {
                Err(error) if error.next() == Next::Gone && !above.is_empty() => {}
                page => return page,
            }
        }
    }

    /// The newest revision of each deleted file; what has none is a folder, or is there again.
    fn files(&self, ground: Ground<'_>, gone: &BTreeSet<String>) -> Result<Vec<Buried>, Error> {
        let mut files = Vec::new();
        for path in gone {
            let ask = ground.by.looks(&route::REVISIONS, "read a deleted file's revisions").within(ground.place);
            match self.team.desk.rpc::<Revisions>(&ask, &json!({"path": path, "mode": "path", "limit": 1})) {
                Ok(revisions) => files.extend(newest(path, revisions)),
                Err(error) if matches!(error.next(), Next::Gone | Next::NotReadable) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(files)
    }
}

/// A deleted file by its newest revision, under the name as it was written.
fn newest(path: &str, revisions: Revisions) -> Option<Buried> {
    let entry = revisions.entries.into_iter().next().filter(|_| revisions.is_deleted)?;
    let at = revisions.server_deleted.as_deref().or(entry.server_modified.as_deref()).and_then(Moment::parse)?;
    Some(Buried { path: entry.path_display.unwrap_or_else(|| path.to_owned()), id: entry.id?, rev: entry.rev?, at })
}

/// A listing that was too long, or could not be had.
fn too_many(error: Error) -> Applied {
    if error.next() == Next::Refused { Applied::Blocked(Block::TooMany) } else { unread(error) }
}

/// True when a file was deleted together with its folder.
fn went_with(file: Moment, folder: Moment) -> bool {
    let apart = file.as_millis().abs_diff(folder.as_millis());
    u128::from(apart) <= TOGETHER.as_millis()
}
