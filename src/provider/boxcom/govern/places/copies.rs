//! Copies and versions: what brings a content to another place or time.

use super::{At, Folder, Named, by, came_of, is_name_taken, no_folder};
use crate::model::ItemKind;
use crate::model::action::{Action, Block, ItemState, Target};
use crate::provider::Error;
use crate::provider::boxcom::Tenant;
use crate::provider::boxcom::wire::Listed;
use crate::provider::govern::{Applied, Asked};
use crate::provider::http::Reply;
use serde_json::json;
use std::sync::Arc;

impl Tenant {
    /// The id of the order's copy in the folder it is put in: of that name and, for a file, with that content.
    pub(in super::super) fn copy_state(&self, asked: &Asked<'_>, item: &ItemState) -> Result<Option<Arc<str>>, Error> {
        let (Action::Copy { to, name }, Target::Item(target)) = (&asked.order.action, &asked.order.on) else {
            return Ok(None);
        };
        let Some(Named { kind, id }) = self.named(to, name)? else { return Ok(None) };
        match (&*kind, target.kind) {
            ("folder", ItemKind::Folder) => Ok(Some(id)),
            ("file", ItemKind::File) => {
                let doing = format!("read files/{id}");
                let seen: Listed = self.look_up(&["files", &id], &[("fields", "id,sha1")], &to.act_as, doing)?;
                Ok((item.hash.is_some() && hash_of(&seen) == item.hash).then_some(id))
            }
            _ => Ok(None),
        }
    }

    /// Copies the present version.
    pub(super) fn copy_to(&self, asked: &Asked<'_>, at: At<'_>, now: &ItemState, to: &Folder, name: &str) -> Applied {
        let Some(folder) = &to.id else { return no_folder() };
        if at.kind == ItemKind::WebLink {
            return Applied::Blocked(Block::NotOffered("a bookmark has no content to copy".into()));
        }
        let mut body = json!({"parent": {"id": folder}, "name": name});
        if let Some(version) = now.version.as_ref().filter(|_| at.kind == ItemKind::File) {
            body["version"] = (**version).into();
        }
        match self.post(&[at.route(), at.id, "copy"], &body, by(now), at.doing("copy")) {
            // The name of a copy is the caller's choice, which is not changed here.
            Err(error) if is_name_taken(&error) => Applied::Blocked(Block::NameTaken),
            copied => match came_of(copied) {
                kept_out @ (Applied::Moved | Applied::Blocked(Block::NoRight(_))) => {
                    self.why_kept_out(asked, now, to, kept_out)
                }
                applied => applied,
            },
        }
    }

    /// Makes an earlier version the newest one, as a version of its own.
    pub(super) fn promote(&self, at: At<'_>, now: &ItemState, version: &str) -> Result<Reply, Error> {
        let body = json!({"id": version, "type": "file_version"});
        self.post(&["files", at.id, "versions", "current"], &body, by(now), at.doing("promote a version of"))
    }
}

/// The content's hash as an answer tells it.
pub(in super::super) fn hash_of(seen: &Listed) -> Option<crate::model::ContentHash> {
    seen.sha1.as_deref().and_then(crate::model::ContentHash::parse)
}
