//! What is done to items of any kind: names, moves, copies, the trash and back.

use super::super::wire::Answer;
use super::reply::{Call, Fault, invalid};
use super::route::Told;
use super::state::{Role, State};
use super::tree::{Held, Nid, Uid, What};
use serde_json::{Map, Value, json};

/// The longest name.
const NAME_LETTERS: usize = 255;

impl State {
    /// The item of that id and type, if the person may know of it and it is not in the trash.
    pub(super) fn seen(&self, who: Uid, kind: &str, id: &str) -> Result<Nid, Fault> {
        if kind == "folder" && id == "0" {
            return Ok(self.user(who).root);
        }
        let found = self.tree.by_id(id).filter(|nid| self.tree.kind(*nid) == kind && !self.tree.is_root(*nid));
        match found {
            Some(nid) if self.role(who, nid).is_some() && self.tree.is_live(nid) => Ok(nid),
            Some(nid) if self.tree.owner(nid) == who && self.tree.is_trashed(nid) => {
                Err(Fault::new(404, "trashed", "Item is trashed"))
            }
            _ => Err(Fault::not_found()),
        }
    }

    /// Refuses a change under another etag than the one expected.
    pub(super) fn matches(&self, call: &Call<'_>, nid: Nid) -> Result<(), Fault> {
        match call.asked.header("if-match") {
            Some(etag) if etag.trim_matches('"') != self.tree.at(nid).etag.to_string() => Err(Fault::new(
                412,
                "precondition_failed",
                "The resource has been modified. Please retrieve the resource again and retry",
            )),
            _ => Ok(()),
        }
    }

    /// 304 for an item that is as the caller has it.
    pub(super) fn not_changed(&self, call: &Call<'_>, nid: Nid) -> Result<(), Fault> {
        match call.asked.header("if-none-match") {
            Some(etag) if etag.trim_matches('"') == self.tree.at(nid).etag.to_string() => {
                Err(Fault::new(304, "not_modified", ""))
            }
            _ => Ok(()),
        }
    }

    /// Refuses to put something into a folder.
    pub(super) fn may_write(&self, who: Uid, folder: Nid) -> Result<(), Fault> {
        if self.may_enter_root(who, folder) {
            return Ok(());
        }
        match self.role(who, folder) {
            Some(role) if !matches!(role, Role::Viewer | Role::Previewer) => Ok(()),
            _ => Err(Fault::forbidden("Access denied - insufficient permission")),
        }
    }

    /// Refuses to change an item, for its lock or the person's role.
    pub(super) fn may_change(&self, who: Uid, nid: Nid) -> Result<(), Fault> {
        if self.role(who, nid) < Some(Role::Editor) {
            return Err(Fault::forbidden("Access denied - insufficient permission"));
        }
        if self.is_locked_for(who, nid) {
            return Err(Fault::new(403, "access_denied_item_locked", "Access denied - item locked"));
        }
        Ok(())
    }

    /// The name a body gives, if it gives one and it is a possible one.
    pub(super) fn read_name(&self, body: &Map<String, Value>) -> Result<Option<String>, Fault> {
        let Some(name) = body.get("name") else { return Ok(None) };
        let name = name.as_str().unwrap_or("");
        if name.chars().count() > NAME_LETTERS {
            return Err(Fault::new(400, "item_name_too_long", "Item name too long"));
        }
        let odd = name.is_empty() || name == "." || name == ".." || name.trim() != name || name.contains(['/', '\\']);
        if odd {
            return Err(Fault::new(400, "item_name_invalid", "Item name invalid"));
        }
        Ok(Some(name.to_owned()))
    }

    /// Refuses a name that another item of the folder has.
    pub(super) fn free(&self, who: Uid, folder: Nid, name: &str, but: Option<Nid>) -> Result<(), Fault> {
        match self.tree.child(folder, name).filter(|found| Some(*found) != but) {
            None => Ok(()),
            Some(found) => {
                let mini = self.mini(who, found);
                // An object for files, a list for folders: so does the service.
                let conflicts = if self.tree.kind(found) == "folder" { json!([mini]) } else { mini };
                Err(Fault::new(409, "item_name_in_use", "Item with the same name already exists")
                    .context(json!({"conflicts": conflicts})))
            }
        }
    }

    /// Name, place, description, tags and link of a file or folder, as a body wants them.
    pub(super) fn change_item(
        &mut self,
        call: &mut Call<'_>,
        nid: Nid,
        body: &Map<String, Value>,
    ) -> Result<(), Fault> {
        let (name, parent) = (self.read_name(body)?, self.read_parent(call, body)?);
        let parent = parent.filter(|parent| *parent != self.tree.at(nid).parent);
        let named = name.is_some() || body.get("parent").is_some_and(Value::is_object);
        // A move does not heed If-Match: https://developer.box.com/guides/api-calls/ensure-consistency/
        if parent.is_none() {
            self.matches(call, nid)?;
        }
        if named || body.contains_key("description") || body.contains_key("tags") {
            self.may_change(call.actor, nid)?;
        }
        if let Some(target) = parent {
            self.may_move(call.actor, nid, target)?;
        }
        if named {
            let name = name.unwrap_or_else(|| self.tree.name(nid));
            self.relocate(call.actor, nid, parent, &name)?;
        }
        self.describe(call, nid, body);
        match body.get("shared_link") {
            Some(link) => self.change_link(call, nid, link),
            None => Ok(()),
        }
    }

    /// Refuses a move by somebody who may not edit both folders.
    fn may_move(&self, who: Uid, nid: Nid, target: Nid) -> Result<(), Fault> {
        let from = self.tree.at(nid).parent;
        let into = self.role(who, target) >= Some(Role::Editor) || self.may_enter_root(who, target);
        if self.role(who, from) >= Some(Role::Editor) && into {
            return Ok(());
        }
        Err(Fault::forbidden("Access denied - insufficient permission"))
    }

    /// True for the root of a person of the company, which whoever manages the company may name by `parent.user_id`.
    fn may_enter_root(&self, who: Uid, folder: Nid) -> bool {
        self.tree.is_root(folder) && self.manages(who) && self.is_managed(self.tree.owner(folder))
    }

    fn describe(&mut self, call: &Call<'_>, nid: Nid, body: &Map<String, Value>) {
        let (actor, now) = (call.actor, self.now);
        if let Some(text) = body.get("description").and_then(Value::as_str) {
            self.tree.extra_mut(nid).description = text.to_owned();
            self.tree.touch(nid, actor, now);
        }
        if let Some(tags) = body.get("tags").and_then(Value::as_array) {
            self.tree.extra_mut(nid).tags = tags.iter().filter_map(|tag| tag.as_str().map(String::from)).collect();
            self.tree.touch(nid, actor, now);
        }
    }

    /// Moves and renames an item, and tells of it.
    pub(super) fn relocate(&mut self, by: Uid, nid: Nid, parent: Option<Nid>, name: &str) -> Result<(), Fault> {
        let target = parent.unwrap_or(self.tree.at(nid).parent);
        if self.tree.upwards(target).any(|at| at == nid) {
            return Err(Fault::new(400, "bad_request", "A folder cannot be moved into itself"));
        }
        if parent.is_some() {
            self.may_write(by, target)?;
        }
        self.free(by, target, name, Some(nid))?;
        let heir = self.tree.owner(target);
        self.shield_owner(nid, heir)?;
        self.retained_to(nid, heir)?;
        let renamed = name != self.tree.name(nid);
        self.noted_on("moved", nid, renamed || parent.is_some());
        if !renamed && parent.is_none() {
            return Ok(());
        }
        if parent.is_some() {
            self.tree.detach(nid);
            self.tree.attach(nid, target);
            self.owner_needs_none(nid);
            self.cascade_onto(nid);
        }
        if renamed {
            self.tree.at_mut(nid).name = Some(name.into());
        }
        self.tree.touch(nid, by, self.now);
        if parent.is_some() {
            self.happen("MOVE", Some(by), nid, Value::Null);
        }
        if renamed {
            self.happen("RENAME", Some(by), nid, Value::Null);
        }
        Ok(())
    }

    /// `POST .../copy`
    pub(super) fn copy(&mut self, call: &mut Call<'_>, kind: &str, id: &str) -> Told {
        call.knows_query(&["fields"]);
        let known: &[&str] = if kind == "file" { &["name", "version", "parent"] } else { &["name", "parent"] };
        let body = call.body(known)?;
        let nid = self.seen(call.actor, kind, id)?;
        if self.role(call.actor, nid) < Some(Role::Viewer) {
            return Err(Fault::forbidden("Access denied - insufficient permission"));
        }
        let parent = self.read_parent(call, &body)?.ok_or_else(|| invalid("parent", "", "is required"))?;
        let name = self.read_name(&body)?.unwrap_or_else(|| self.tree.name(nid));
        self.may_write(call.actor, parent)?;
        self.free(call.actor, parent, &name, None)?;
        if self.tree.upwards(parent).any(|at| at == nid) {
            return Err(Fault::new(400, "bad_request", "A folder cannot be copied into itself"));
        }
        self.shield_owner(nid, self.tree.owner(parent))?;
        let old = body.get("version").and_then(Value::as_str).map(|version| self.body_of(nid, version));
        let old = old.transpose()?;
        let copied = self.copied(nid, parent, &name);
        if let (Some(old), Some(versions)) = (old, self.tree.versions_mut(copied)) {
            versions.current.sha1 = super::tree::sha1_of(&old);
            versions.current.body = old;
        }
        self.cascade_onto(copied);
        self.noted_on("copied", copied, true);
        self.happen("COPY", Some(call.actor), copied, json!({"copied_from": self.tree.id(nid).to_string()}));
        Ok(Answer::json(201, &self.full(call, copied)))
    }

    /// The bytes of a version that a copy is asked of.
    fn body_of(&self, nid: Nid, version: &str) -> Result<std::sync::Arc<[u8]>, Fault> {
        if version == self.tree.version_id(nid).to_string() {
            return Ok(self.tree.body(nid));
        }
        let earlier = self.tree.versions(nid).map(|all| all.earlier.as_slice()).unwrap_or_default();
        let found = earlier.iter().find(|known| known.id.to_string() == version && known.trashed.is_none());
        found.map(|found| found.body.clone()).ok_or_else(Fault::not_found)
    }

    /// Copies an item and all below it: current versions only, no links, no collaborators; a classification goes along.
    fn copied(&mut self, nid: Nid, parent: Nid, name: &str) -> Nid {
        let copied = self.copied_bare(nid, parent, name);
        if let Some(level) = self.label_of(nid) {
            self.set_label(copied, &level);
        }
        copied
    }

    fn copied_bare(&mut self, nid: Nid, parent: Nid, name: &str) -> Nid {
        match &self.tree.at(nid).what {
            What::File(_) => {
                let body = self.tree.body(nid);
                self.new_file(parent, name, body, self.now)
            }
            What::WebLink(address) => {
                let what = What::WebLink(address.clone());
                self.tree.add(parent, Some(name.into()), what, self.now)
            }
            What::Folder(_) => {
                let folder = self.tree.add(parent, Some(name.into()), What::Folder(Box::default()), self.now);
                for child in self.tree.children(nid).to_vec() {
                    let name = self.tree.name(child);
                    self.copied(child, folder, &name);
                }
                folder
            }
        }
    }

    /// Puts an item in the trash, and tells of it.
    pub(super) fn trash(&mut self, by: Uid, nid: Nid) {
        self.put_in_trash(nid);
        self.noted_on("trashed", nid, true);
        self.happen("DELETE", Some(by), nid, Value::Null);
    }

    /// Puts an item in the trash; its link is gone with that.
    pub(super) fn put_in_trash(&mut self, nid: Nid) {
        let (owner, bytes, now) = (usize::from(self.tree.owner(nid)), self.tree.size(nid), self.now);
        self.users[owner].aside_bytes += bytes;
        self.tree.detach(nid);
        let extra = self.tree.extra_mut(nid);
        extra.trashed = Some(now);
        extra.link = None;
        self.tree.trash.insert(nid);
    }

    /// The item of that id in the person's own trash.
    pub(super) fn trashed_one(&self, who: Uid, kind: &str, id: &str) -> Result<Nid, Fault> {
        let found = self.tree.by_id(id).filter(|nid| self.tree.kind(*nid) == kind && self.tree.is_trashed(*nid));
        found.filter(|nid| self.tree.owner(*nid) == who).ok_or_else(Fault::not_found)
    }

    /// `GET .../trash`
    pub(super) fn trashed_get(&mut self, call: &mut Call<'_>, kind: &str, id: &str) -> Told {
        call.knows_query(&["fields"]);
        let nid = self.trashed_one(call.actor, kind, id)?;
        Ok(Answer::json(200, &self.full(call, nid)))
    }

    /// `POST /files/{id}`: back from the trash.
    pub(super) fn restore(&mut self, call: &mut Call<'_>, kind: &str, id: &str) -> Told {
        call.knows_query(&["fields"]);
        let body = call.body(&["name", "parent"])?;
        let nid = self.trashed_one(call.actor, kind, id)?;
        self.restored(call, nid, &body)
    }

    /// Takes an item back from the trash, under the name and into the folder of the body where its own do not do.
    pub(super) fn restored(&mut self, call: &mut Call<'_>, nid: Nid, body: &Map<String, Value>) -> Told {
        let own = self.tree.at(nid).parent;
        let parent = match (self.tree.is_live(own), self.read_parent(call, body)?) {
            (true, _) => own,
            (false, Some(parent)) => parent,
            (false, None) => return Err(Fault::new(404, "not_found", "The parent folder is gone; name another")),
        };
        let mut name = self.tree.name(nid);
        if self.free(call.actor, parent, &name, Some(nid)).is_err() {
            name = self.read_name(body)?.unwrap_or(name);
        }
        self.free(call.actor, parent, &name, Some(nid))?;
        self.untrash(call.actor, nid, parent, &name);
        Ok(Answer::json(201, &self.full(call, nid)))
    }

    fn untrash(&mut self, by: Uid, nid: Nid, parent: Nid, name: &str) {
        let (owner, bytes) = (usize::from(self.tree.owner(nid)), self.tree.size(nid));
        self.users[owner].aside_bytes = self.users[owner].aside_bytes.saturating_sub(bytes);
        self.tree.trash.remove(&nid);
        self.tree.extra_mut(nid).trashed = None;
        if name != self.tree.name(nid) {
            self.tree.at_mut(nid).name = Some(name.into());
        }
        self.tree.attach(nid, parent);
        self.tree.touch(nid, by, self.now);
        self.noted_on("untrashed", nid, true);
        self.happen("UNDELETE", Some(by), nid, Value::Null);
    }

    /// `DELETE .../trash`: gone for good.
    pub(super) fn purge(&mut self, call: &mut Call<'_>, kind: &str, id: &str) -> Told {
        let nid = self.trashed_one(call.actor, kind, id)?;
        let all = self.tree.below(nid);
        if all.iter().any(|at| self.is_kept(*at)) {
            return Err(Fault::new(403, "forbidden_by_policy", "Item is under legal hold or retention"));
        }
        let (owner, bytes) = (usize::from(self.tree.owner(nid)), self.tree.size(nid));
        self.users[owner].aside_bytes = self.users[owner].aside_bytes.saturating_sub(bytes);
        self.noted_on("purged", nid, true);
        self.happen("PURGE", Some(call.actor), nid, Value::Null);
        self.tree.trash.remove(&nid);
        for at in all {
            self.clear_collabs(at);
            self.tree.extra_mut(at).purged = true;
            if let What::File(Held::Kept(versions)) = &mut self.tree.at_mut(at).what {
                // The bytes need not be kept any more.
                versions.earlier.clear();
            }
        }
        Ok(Answer::empty(204))
    }
}
