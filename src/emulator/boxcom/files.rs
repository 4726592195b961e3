//! Files: one, its versions, and what is done to it.

use super::super::wire::Answer;
use super::reply::{Call, Fault, invalid};
use super::route::Told;
use super::state::{Role, State};
use super::tree::{Lock, Nid, Uid, Version, What, sha1_of};
use crate::clock::Moment;
use serde_json::{Map, Value, json};
use std::sync::Arc;

const PUT: [&str; 9] =
    ["name", "description", "parent", "shared_link", "lock", "disposition_at", "permissions", "collections", "tags"];

impl State {
    /// `/files...`
    pub(super) fn files_route(&mut self, call: &mut Call<'_>, steps: &[&str]) -> Option<Told> {
        Some(match (call.asked.method.as_str(), steps) {
            ("OPTIONS", ["content"]) => self.preflight(call, None),
            ("OPTIONS", [id, "content"]) => self.preflight(call, Some(id)),
            ("GET", [id]) => self.file_get(call, id),
            ("PUT", [id]) => self.file_put(call, id),
            ("POST", [id]) => self.restore(call, "file", id),
            ("DELETE", [id]) => self.file_delete(call, id),
            ("POST", [id, "copy"]) => self.copy(call, "file", id),
            ("GET", [id, "content"]) => self.content(call, id),
            ("GET", [id, "trash"]) => self.trashed_get(call, "file", id),
            ("DELETE", [id, "trash"]) => self.purge(call, "file", id),
            ("GET", [id, "collaborations"]) => self.collabs_page(call, "file", id),
            ("GET", [id, "comments"]) => self.comments_of(call, id),
            ("GET", [id, "tasks"]) => self.tasks_of(call, id),
            ("GET", [id, "versions"]) => self.versions_page(call, id),
            ("POST", [id, "versions", "current"]) => self.promote(call, id),
            ("GET", [id, "versions", version]) => self.version_get(call, id, version),
            ("DELETE", [id, "versions", version]) => self.version_trash(call, id, version),
            ("PUT", [id, "versions", version]) => self.version_back(call, id, version),
            (_, [id, "metadata", rest @ ..]) => return self.metadata_route(call, ("file", *id), rest),
            _ => return None,
        })
    }

    /// `/web_links...`
    pub(super) fn web_links_route(&mut self, call: &mut Call<'_>, steps: &[&str]) -> Option<Told> {
        Some(match (call.asked.method.as_str(), steps) {
            ("POST", []) => self.web_link_new(call),
            ("GET", [id]) => self.seen(call.actor, "web_link", id).map(|nid| Answer::json(200, &self.full(call, nid))),
            ("DELETE", [id]) => self.seen(call.actor, "web_link", id).map(|nid| {
                self.trash(call.actor, nid);
                Answer::empty(204)
            }),
            _ => return None,
        })
    }

    fn web_link_new(&mut self, call: &mut Call<'_>) -> Told {
        let body = call.body(&["url", "parent", "name", "description"])?;
        let parent = self.read_parent(call, &body)?.ok_or_else(|| invalid("parent", "", "is required"))?;
        let url = body.get("url").and_then(Value::as_str).unwrap_or("").to_owned();
        let name = self.read_name(&body)?.unwrap_or_else(|| url.replace('/', " "));
        self.may_write(call.actor, parent)?;
        self.free(call.actor, parent, &name, None)?;
        let nid = self.tree.add(parent, Some(name.into()), What::WebLink(url.into()), self.now);
        self.noted_on("file_made", nid, true);
        Ok(Answer::json(200, &self.full(call, nid)))
    }

    fn file_get(&mut self, call: &mut Call<'_>, id: &str) -> Told {
        call.knows_query(&["fields"]);
        let nid = self.seen(call.actor, "file", id)?;
        self.not_changed(call, nid)?;
        Ok(Answer::json(200, &self.full(call, nid)))
    }

    fn file_put(&mut self, call: &mut Call<'_>, id: &str) -> Told {
        call.knows_query(&["fields"]);
        let body = call.body(&PUT)?;
        let nid = self.seen(call.actor, "file", id)?;
        self.change_item(call, nid, &body)?;
        if let Some(lock) = body.get("lock") {
            self.change_lock(call, nid, lock)?;
        }
        Ok(Answer::json(200, &self.full(call, nid)))
    }

    fn change_lock(&mut self, call: &mut Call<'_>, nid: Nid, wanted: &Value) -> Result<(), Fault> {
        if self.role(call.actor, nid) < Some(Role::Editor) {
            return Err(Fault::forbidden("Access denied - insufficient permission"));
        }
        let owner = self.tree.owner(nid) == call.actor;
        if self.is_locked_for(call.actor, nid) && !owner {
            return Err(Fault::new(403, "access_denied_item_locked", "Access denied - item locked"));
        }
        let Value::Object(wanted) = wanted else {
            let was_locked = self.is_locked(nid);
            self.noted_on("unlocked", nid, was_locked);
            let had = self.tree.extra_mut(nid).lock.take();
            if had.is_some() {
                self.happen("UNLOCK", Some(call.actor), nid, Value::Null);
            }
            return Ok(());
        };
        call.knows("lock.", wanted, &["type", "access", "expires_at", "is_download_prevented"]);
        if wanted.get("type").and_then(Value::as_str) != Some("lock") {
            return Err(invalid("lock.type", "", "must be lock"));
        }
        let until = match wanted.get("expires_at") {
            None | Some(Value::Null) => None,
            Some(text) => {
                let until = text.as_str().and_then(Moment::parse).filter(|until| *until > self.now);
                Some(until.ok_or_else(|| invalid("lock.expires_at", "", "must be a date to come"))?)
            }
        };
        let no_download = wanted.get("is_download_prevented").and_then(Value::as_bool).unwrap_or(false);
        let lock = Lock { id: self.fresh(), by: call.actor, at: self.now, until, no_download };
        let before = self.tree.extra(nid).and_then(|extra| extra.lock.as_ref()).filter(|_| self.is_locked(nid));
        let same = before.is_some_and(|had| had.by == lock.by && had.until == until && had.no_download == no_download);
        self.noted_on("locked", nid, !same);
        self.tree.extra_mut(nid).lock = Some(lock);
        self.happen("LOCK", Some(call.actor), nid, Value::Null);
        Ok(())
    }

    fn file_delete(&mut self, call: &mut Call<'_>, id: &str) -> Told {
        call.knows_query(&[]);
        let nid = self.seen(call.actor, "file", id)?;
        if self.role(call.actor, nid) < Some(Role::Editor) {
            return Err(Fault::forbidden("Access denied - insufficient permission"));
        }
        self.matches(call, nid)?;
        if self.is_locked_for(call.actor, nid) {
            return Err(Fault::new(403, "access_denied_item_locked", "Access denied - item locked"));
        }
        self.trash(call.actor, nid);
        Ok(Answer::empty(204))
    }

    fn versions_page(&mut self, call: &mut Call<'_>, id: &str) -> Told {
        call.knows_query(&["fields", "limit", "offset"]);
        let nid = self.seen(call.actor, "file", id)?;
        let earlier: Vec<Version> =
            self.tree.versions(nid).map(|all| all.earlier.iter().rev().cloned().collect()).unwrap_or_default();
        self.counted(call, &earlier, 1_000, |version| self.version_seen(nid, version))
    }

    fn version_get(&mut self, call: &mut Call<'_>, id: &str, version: &str) -> Told {
        call.knows_query(&["fields"]);
        let nid = self.seen(call.actor, "file", id)?;
        let versions = self.tree.versions_mut(nid).cloned().ok_or_else(Fault::not_found)?;
        let found = versions.earlier.iter().chain([&versions.current]).find(|known| known.id.to_string() == version);
        found.map(|found| Answer::json(200, &self.version_seen(nid, found))).ok_or_else(Fault::not_found)
    }

    fn version_trash(&mut self, call: &mut Call<'_>, id: &str, version: &str) -> Told {
        let nid = self.seen(call.actor, "file", id)?;
        self.matches(call, nid)?;
        if self.is_kept(nid) || self.role(call.actor, nid) < Some(Role::Editor) {
            return Err(Fault::forbidden("Access denied - insufficient permission"));
        }
        let now = self.now;
        let versions = self.tree.versions_mut(nid).ok_or_else(Fault::not_found)?;
        let found =
            versions.earlier.iter_mut().find(|known| known.id.to_string() == version).ok_or_else(Fault::not_found)?;
        found.trashed = Some(now);
        self.noted("trashed", version, true);
        Ok(Answer::empty(204))
    }

    /// Takes a version back from the trash: `{"trashed_at": null}`.
    fn version_back(&mut self, call: &mut Call<'_>, id: &str, version: &str) -> Told {
        call.knows_query(&[]);
        let body = call.body(&["trashed_at"])?;
        let nid = self.seen(call.actor, "file", id)?;
        self.may_change(call.actor, nid)?;
        if body.get("trashed_at") != Some(&Value::Null) {
            return Err(invalid("trashed_at", "", "must be null"));
        }
        let versions = self.tree.versions_mut(nid).ok_or_else(Fault::not_found)?;
        let found = versions.earlier.iter_mut().find(|known| known.id.to_string() == version);
        let found = found.ok_or_else(Fault::not_found)?;
        let changed = found.trashed.take().is_some();
        let found = found.clone();
        self.noted("untrashed", version, changed);
        Ok(Answer::json(200, &self.version_seen(nid, &found)))
    }

    /// Makes an earlier version the current one, as a new version.
    fn promote(&mut self, call: &mut Call<'_>, id: &str) -> Told {
        call.knows_query(&["fields"]);
        let body = call.body(&["id", "type"])?;
        let nid = self.seen(call.actor, "file", id)?;
        self.may_change(call.actor, nid)?;
        let wanted = body.get("id").and_then(Value::as_str).unwrap_or("");
        let versions = self.tree.versions_mut(nid).ok_or_else(Fault::not_found)?;
        let found = versions.earlier.iter().find(|known| known.id.to_string() == wanted && known.trashed.is_none());
        let found = found.ok_or_else(Fault::not_found)?;
        let body = found.body.clone();
        self.edit(call.actor, nid, body);
        let current =
            self.tree.versions_mut(nid).map(|versions| versions.current.clone()).ok_or_else(Fault::not_found)?;
        Ok(Answer::json(201, &self.version_seen(nid, &current)))
    }

    /// Makes a file and tells of it.
    pub(super) fn make_file(&mut self, by: Uid, parent: Nid, name: &str, body: Arc<[u8]>) -> Nid {
        let nid = self.new_file(parent, name, body, self.now);
        if let Some(versions) = self.tree.versions_mut(nid) {
            versions.current.by = by;
        }
        let extra = self.tree.extra_mut(nid);
        (extra.created_by, extra.modified_by) = (Some(by), Some(by));
        self.cascade_onto(nid);
        let details = json!({"size": self.tree.size(nid), "version_id": self.tree.version_id(nid).to_string()});
        self.noted_on("file_made", nid, true);
        self.happen("UPLOAD", Some(by), nid, details);
        nid
    }

    /// Adds a version and tells of it.
    pub(super) fn edit(&mut self, by: Uid, nid: Nid, body: Arc<[u8]>) {
        self.new_version(nid, body, Some(by));
        let details = json!({"size": self.tree.size(nid), "version_id": self.tree.version_id(nid).to_string()});
        self.noted_on("version_made", nid, true);
        self.happen("EDIT", Some(by), nid, details);
    }

    /// Adds a version to a file; the one before becomes an earlier one.
    pub(super) fn new_version(&mut self, nid: Nid, body: Arc<[u8]>, by: Option<Uid>) {
        let (id, at) = (self.fresh() * 10, self.now);
        let owner = self.tree.owner(nid);
        let by = by.unwrap_or(owner);
        let (parent, before, after) = (self.tree.at(nid).parent, self.tree.size(nid), body.len() as u64);
        let version = Version { id, sha1: sha1_of(&body), body, at, by, trashed: None };
        let Some(versions) = self.tree.versions_mut(nid) else { return };
        let old = std::mem::replace(&mut versions.current, version);
        versions.earlier.push(old);
        self.users[usize::from(owner)].aside_bytes += before;
        self.tree.grow(parent, after, before);
        self.tree.touch(nid, by, at);
    }

    /// True while a lock holds.
    pub(super) fn is_locked(&self, nid: Nid) -> bool {
        let lock = self.tree.extra(nid).and_then(|extra| extra.lock.as_ref());
        lock.is_some_and(|lock| lock.until.is_none_or(|until| until > self.now))
    }

    /// True while somebody else's lock holds.
    pub(super) fn is_locked_for(&self, who: Uid, nid: Nid) -> bool {
        let lock = self.tree.extra(nid).and_then(|extra| extra.lock.as_ref());
        self.is_locked(nid) && lock.is_some_and(|lock| lock.by != who)
    }

    /// The parent a body names, if it names one.
    pub(super) fn read_parent(&self, call: &mut Call<'_>, body: &Map<String, Value>) -> Result<Option<Nid>, Fault> {
        match body.get("parent") {
            None | Some(Value::Null) => Ok(None),
            Some(Value::Object(parent)) => {
                call.knows("parent.", parent, &["id", "type", "user_id"]);
                let id =
                    parent.get("id").and_then(Value::as_str).ok_or_else(|| invalid("parent.id", "", "must be text"))?;
                if let Some(whose) = parent.get("user_id").and_then(Value::as_str) {
                    let whose = self.user_by_id(whose).filter(|_| id == "0");
                    let whose = whose.ok_or_else(|| invalid("parent.user_id", "", "is for somebody's root only"))?;
                    return Ok(Some(self.user(whose).root));
                }
                self.seen(call.actor, "folder", id).map(Some)
            }
            Some(_) => Err(invalid("parent", "", "must be an object")),
        }
    }
}
