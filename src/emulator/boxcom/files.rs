//! Files.

use super::super::wire::Answer;
use super::reply::Call;
use super::route::Told;
use super::state::State;
use super::tree::{Nid, Uid, Version, sha1_of};
use std::sync::Arc;

impl State {
    /// `/files...`
    pub(super) fn files_route(&mut self, call: &mut Call<'_>, steps: &[&str]) -> Option<Told> {
        Some(match (call.asked.method.as_str(), steps) {
            ("GET", [id]) => self.file_get(call, id),
            ("GET", [id, "content"]) => self.content(call, id),
            _ => return None,
        })
    }

    pub(super) fn web_links_route(&mut self, _call: &mut Call<'_>, _steps: &[&str]) -> Option<Told> {
        None
    }

    fn file_get(&mut self, call: &mut Call<'_>, id: &str) -> Told {
        let nid = self.seen(call.actor, "file", id)?;
        Ok(Answer::json(200, &self.full(call, nid)))
    }

    /// Adds a version to a file; the one before becomes an earlier one.
    pub(super) fn new_version(&mut self, nid: Nid, body: Arc<[u8]>, by: Option<Uid>) {
        let (id, at) = (self.fresh() * 10, self.now);
        let by = by.unwrap_or_else(|| self.tree.owner(nid));
        let (parent, before) = (self.tree.at(nid).parent, self.tree.size(nid));
        let after = body.len() as u64;
        let version = Version { id, sha1: sha1_of(&body), body, at, by, trashed: None };
        let Some(versions) = self.tree.versions_mut(nid) else { return };
        let old = std::mem::replace(&mut versions.current, version);
        versions.earlier.push(old);
        let owner = usize::from(self.tree.owner(nid));
        self.users[owner].aside_bytes += before;
        self.tree.grow(parent, after, before);
        self.tree.touch(nid, by, at);
    }

    /// Puts an item in the trash.
    pub(super) fn to_trash(&mut self, nid: Nid) {
        let owner = usize::from(self.tree.owner(nid));
        self.users[owner].aside_bytes += self.tree.size(nid);
        self.tree.detach(nid);
        let now = self.now;
        self.tree.extra_mut(nid).trashed = Some(now);
        self.tree.trash.insert(nid);
    }

    /// True while a lock holds.
    pub(super) fn is_locked(&self, nid: Nid) -> bool {
        let lock = self.tree.extra(nid).and_then(|extra| extra.lock.as_ref());
        lock.is_some_and(|lock| lock.until.is_none_or(|until| until > self.now))
    }
}
