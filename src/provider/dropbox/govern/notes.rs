//! Notes (tombstones): left, found again, taken away.
//!
//! A note is known by its name and its content: one with the same content is ours, whoever put it there, so that giving an
//! order again leaves no second one. Where the name was taken the caller numbered it, and it is looked for under those
//! names too. Source: files.stone (`upload`, `upload_session/*`, `delete_v2`).

mod session;

#[cfg(test)]
mod tests;

use super::super::wire::Entry;
use super::super::{Tenant, route};
use super::blocks;
use super::places::{done, is_taken, path_in, within};
use super::read::Actor;
use crate::model::ContentHash;
use crate::model::action::{Action, Folder, ItemState, Note, NoteState, Quarantine, Step};
use crate::provider::govern::goal::numbered;
use crate::provider::govern::{Applied, Asked};
use crate::provider::{Error, Next};
use serde_json::{Value, json};
use std::sync::Arc;

/// Names under which a note is looked for: its own and so many numbered ones.
const NAMES_MAX: u32 = 4;
/// Most bytes that one call takes; more go by a session. Source: files.stone, `upload`.
const CALL_BYTES_MAX: usize = 150 << 20;

/// A content to be written.
#[derive(Debug)]
pub(super) struct Content<'c> {
    /// A path within the namespace, or an id.
    pub(super) path: String,
    pub(super) mode: Mode,
    pub(super) bytes: &'c [u8],
}

/// What may be in the way of it.
#[derive(Clone, Debug)]
pub(super) enum Mode {
    /// Nothing.
    Add,
    /// This revision, which it takes the place of.
    Update(Arc<str>),
}

impl Content<'_> {
    /// `CommitInfo`: without a message to anybody, and never under another name.
    fn commit(&self) -> Value {
        let mode = match &self.mode {
            Mode::Add => json!({".tag": "add"}),
            Mode::Update(rev) => json!({".tag": "update", "update": &**rev}),
        };
        json!({"path": self.path, "mode": mode, "autorename": false, "mute": true, "strict_conflict": true})
    }
}

impl Tenant {
    /// The note of the order in this folder.
    pub(super) fn note_state(&self, asked: &Asked<'_>, folder: &Folder) -> Result<Option<NoteState>, Error> {
        let Some(note) = note_of(asked) else { return Ok(None) };
        let (eyes, hash) = (self.admin_eyes()?, blocks(note.text.as_bytes()));
        let mut taken = None;
        for number in 0..NAMES_MAX {
            match self.entry(&eyes, &folder.place, &path_in(folder, &numbered(&note.name, number))) {
                Ok(entry) if is_it(&entry, hash) => return Ok(state(entry, true)),
                Ok(entry) if number == 0 => taken = state(entry, false),
                Ok(_) => {}
                Err(error) if error.next() == Next::Gone => {}
                Err(error) => return Err(error),
            }
            // Before anything was called nothing of ours can have a numbered name, unless the note's own is taken.
            if asked.prior.is_none() && taken.is_none() {
                break;
            }
        }
        // What has the name and another content was the note once, for somebody who takes it away; for somebody who
        // leaves it, it is anybody's file.
        let takes_away = matches!(asked.order.action, Action::Release { .. } | Action::RemoveNote(_));
        Ok(taken.filter(|_| takes_away))
    }

    /// [`Step::PutNote`], [`Step::RemoveNote`].
    pub(super) fn apply_note(&self, asked: &Asked<'_>, step: &Step, now: &ItemState) -> Applied {
        let applied = match step {
            Step::PutNote { at, note } => self.put_note(asked, at, note),
            Step::RemoveNote { id, pin } => self.remove_note(asked, now, id, pin.as_deref()),
            _ => Err(Applied::Blocked(super::WRONG_TARGET)),
        };
        applied.unwrap_or_else(|applied| applied)
    }

    fn put_note(&self, asked: &Asked<'_>, at: &Folder, note: &Note) -> Result<Applied, Applied> {
        let actor = self.actor_or_blocked(asked, &at.place)?;
        let path = path_in(at, &note.name);
        let content = Content { path: path.clone(), mode: Mode::Add, bytes: note.text.as_bytes() };
        Ok(match self.put(&actor, &at.place, &content) {
            Err(error) if is_taken(&error) => match self.entry(&actor, &at.place, &path) {
                Ok(entry) if is_it(&entry, blocks(note.text.as_bytes())) => Applied::Done(Vec::new()),
                Ok(_) => Applied::NameTaken,
                Err(error) if error.next() == Next::Gone => Applied::Moved,
                Err(error) => Applied::Later(error),
            },
            put => done(put),
        })
    }

    /// Only while it is still what was looked at.
    fn remove_note(&self, asked: &Asked<'_>, now: &ItemState, id: &str, pin: Option<&str>) -> Result<Applied, Applied> {
        let at = match &asked.order.action {
            Action::Release { prior, .. } => &prior.folder,
            _ => now.as_folder.as_ref().unwrap_or(&now.folder),
        };
        let mut argument = json!({ "path": id });
        if let Some(rev) = pin {
            argument["parent_rev"] = json!(rev);
        }
        let actor = self.actor_or_blocked(asked, &at.place)?;
        let ask = within(&actor, &route::DELETE, &at.place, "take a note away");
        Ok(done(self.act_quietly(&ask, &argument)))
    }

    /// Writes a content: in one call, or by a session when it is too large for one.
    pub(super) fn put(&self, by: &Actor, place: &Arc<str>, content: &Content<'_>) -> Result<Vec<Arc<str>>, Error> {
        if content.bytes.len() > CALL_BYTES_MAX {
            return self.put_by_session(by, place, content);
        }
        let mut argument = content.commit();
        argument["content_hash"] = json!(blocks(content.bytes).to_string());
        let ask = within(by, &route::UPLOAD, place, "write a file");
        let (_, request) = self.team.desk.upload::<Value>(&ask, &argument, content.bytes)?;
        Ok(request.into_iter().collect())
    }
}

/// The note that an order leaves or takes away.
fn note_of<'a>(asked: &Asked<'a>) -> Option<&'a Note> {
    match &asked.order.action {
        Action::Quarantine(Quarantine { note, .. }) | Action::Release { note, .. } => note.as_ref(),
        Action::PutNote(note) | Action::RemoveNote(note) => Some(note),
        _ => None,
    }
}

fn is_it(entry: &Entry, hash: ContentHash) -> bool {
    entry.content_hash.as_deref().and_then(ContentHash::parse) == Some(hash)
}

fn state(entry: Entry, unchanged: bool) -> Option<NoteState> {
    Some(NoteState { id: entry.id?.into(), unchanged, pin: entry.rev.map(Arc::from) })
}
