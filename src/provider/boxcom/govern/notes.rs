//! Notes (tombstones): left, found again, taken away; and new versions, which are uploads too.
//!
//! A note is found by one question about its name, never by listing the folder. It is ours when its content is: a file of that
//! name with another content is somebody's, and the note goes beside it under a number.

mod form;
mod session;

use super::super::Tenant;
use super::super::api::Change;
use super::super::wire::Listed;
use super::places::{At, Named, by, came_of, hash_of, is_name_taken, no_folder, unread};
use crate::model::action::{Action, Block, Folder, ItemState, Never, Note, NoteState, Quarantine, Step};
use crate::model::{ContentHash, ItemKind, Principal};
use crate::provider::body::ContentHasher;
use crate::provider::govern::goal::numbered;
use crate::provider::govern::{Applied, Asked};
use crate::provider::http::{Payload, Reply};
use crate::provider::{Error, Next};
use form::Form;
use reqwest::Method;
use serde_json::{Value, json};

/// Longer contents go up in parts, in bytes: what Box's guide "Upload files" asks for. (Parts are possible from 20 MB on.)
const IN_PARTS_FROM_BYTES: usize = 50_000_000;

/// Names under which a note is looked for: its own and the numbered ones after it.
const NAMES_MAX: u32 = 5;

/// Where an upload goes.
#[derive(Clone, Copy, Debug)]
enum Goes<'a> {
    /// A new file in a folder.
    Into { folder: &'a str, name: &'a str },
    /// A new version of a file, if it is still the one of this etag.
    Onto { file: &'a str, name: &'a str, etag: Option<&'a str> },
}

impl Tenant {
    /// The order's note in the folder it is left in.
    pub(super) fn note_state(&self, asked: &Asked<'_>, prior_folder: &Folder) -> Result<Option<NoteState>, Error> {
        let Some(note) = note_of(&asked.order.action) else { return Ok(None) };
        let hash = sha1_of(note.text.as_bytes());
        for taken in 0..NAMES_MAX {
            let Some(Named { kind, id }) = self.named(prior_folder, &numbered(&note.name, taken))? else {
                return Ok(None);
            };
            if &*kind != "file" {
                continue;
            }
            match self.look_up::<Listed>(
                &["files", &id],
                &[("fields", "id,etag,sha1")],
                &prior_folder.act_as,
                "read a note",
            ) {
                Ok(seen) if hash_of(&seen) == Some(hash) => {
                    return Ok(Some(NoteState { id, unchanged: true, pin: seen.etag }));
                }
                Ok(_) => {}
                Err(error) if error.next() == Next::Gone => {}
                Err(error) => return Err(error),
            }
        }
        Ok(None)
    }

    /// Calls for a step of notes.
    pub(super) fn apply_note(&self, asked: &Asked<'_>, step: &Step, now: &ItemState) -> Applied {
        match step {
            Step::PutNote { at, note } => self.put_note(at, note),
            Step::RemoveNote { id, pin } => {
                let by = &noted_in(asked, now).act_as;
                let path = ["files", &**id];
                let change = Change::of(Method::DELETE, &path, by, format!("trash files/{id}"));
                came_of(self.api.change(&Change { if_match: pin.as_deref(), ..change }))
            }
            _ => Applied::Blocked(Block::Never(Never::WrongTarget)),
        }
    }

    /// Leaves a note. One that lies there with the same content is ours: nothing more is done.
    fn put_note(&self, at: &Folder, note: &Note) -> Applied {
        let Some(folder) = &at.id else { return no_folder() };
        let content = note.text.as_bytes();
        let goes = Goes::Into { folder, name: &note.name };
        match self.upload(goes, content, &at.act_as) {
            Err(error) if is_name_taken(&error) => self.who_lies_there(at, note),
            uploaded => came_of(uploaded),
        }
    }

    fn who_lies_there(&self, at: &Folder, note: &Note) -> Applied {
        let found = match self.named(at, &note.name) {
            Ok(Some(Named { kind, id })) if &*kind == "file" => {
                self.look_up::<Listed>(&["files", &id], &[("fields", "id,sha1")], &at.act_as, "read a note")
            }
            Ok(_) => return Applied::NameTaken,
            Err(error) => Err(error),
        };
        match found {
            Ok(seen) if hash_of(&seen) == Some(sha1_of(note.text.as_bytes())) => Applied::Done(Vec::new()),
            Ok(_) => Applied::NameTaken,
            Err(error) => unread(error),
        }
    }

    /// Adds a version with this text, if the file is still the one that was read.
    pub(super) fn overwrite(&self, at: At<'_>, now: &ItemState, text: &str) -> Applied {
        if at.kind != ItemKind::File {
            return Applied::Blocked(Block::NotOffered("only a file has a content".into()));
        }
        let goes = Goes::Onto { file: at.id, name: &now.name, etag: now.etag.as_deref() };
        came_of(self.upload(goes, text.as_bytes(), by(now)))
    }

    /// Uploads, by one form or in parts.
    fn upload(&self, goes: Goes<'_>, content: &[u8], by: &Principal) -> Result<Reply, Error> {
        if content.len() > IN_PARTS_FROM_BYTES {
            return self.upload_in_parts(goes, content, by);
        }
        let (attributes, file): (Value, Option<&str>) = match goes {
            Goes::Into { folder, name } => (json!({"name": name, "parent": {"id": folder}}), None),
            Goes::Onto { file, name, .. } => (json!({"name": name}), Some(file)),
        };
        let form = Form::of(&attributes.to_string(), content);
        let path: Vec<&str> = ["files"].into_iter().chain(file).chain(["content"]).collect();
        let change = Change::of(Method::POST, &path, by, goes.doing());
        self.api.change(&Change {
            uploads: true,
            payload: Payload::Bytes(&form.body),
            // The header is named for MD5 and holds a SHA-1: reference "Upload file".
            headers: &[("content-type", form.kind), ("content-md5", sha1_of(content).to_string())],
            if_match: goes.etag(),
            ..change
        })
    }
}

impl Goes<'_> {
    fn etag(&self) -> Option<&str> {
        match self {
            Goes::Into { .. } => None,
            Goes::Onto { etag, .. } => *etag,
        }
    }

    fn doing(&self) -> String {
        match self {
            Goes::Into { folder, .. } => format!("upload into folders/{folder}"),
            Goes::Onto { file, .. } => format!("upload a version of files/{file}"),
        }
    }
}

/// The hash Box tells of a content.
pub(super) fn sha1_of(content: &[u8]) -> ContentHash {
    let mut hasher = ContentHasher::sha1();
    hasher.update(content);
    hasher.finish()
}

fn note_of(action: &Action) -> Option<&Note> {
    match action {
        Action::PutNote(note) | Action::RemoveNote(note) => Some(note),
        Action::Quarantine(Quarantine { note, .. }) | Action::Release { note, .. } => note.as_ref(),
        _ => None,
    }
}

/// The folder that the note to be taken away lies in.
fn noted_in<'a>(asked: &Asked<'a>, now: &'a ItemState) -> &'a Folder {
    match &asked.order.action {
        Action::Release { prior, .. } => &prior.folder,
        _ => now.as_folder.as_ref().unwrap_or(&now.folder),
    }
}

#[cfg(test)]
mod tests;
