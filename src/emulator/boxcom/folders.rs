//! Folders: their items, and everything done to them as a whole.

use super::super::wire::Answer;
use super::reply::{Call, Fault};
use super::route::Told;
use super::state::State;
use super::tree::{Nid, Uid};

impl State {
    /// The item of that id and type, if the person may know of it and it is not in the trash.
    pub(super) fn seen(&self, who: Uid, kind: &str, id: &str) -> Result<Nid, Fault> {
        if kind == "folder" && id == "0" {
            return Ok(self.user(who).root);
        }
        let found = self.tree.by_id(id).filter(|nid| self.tree.kind(*nid) == kind && !self.tree.is_root(*nid));
        match found {
            Some(nid) if self.role(who, nid).is_some() && self.tree.is_live(nid) => Ok(nid),
            Some(nid) if self.tree.owner(nid) == who && !self.tree.is_live(nid) => {
                Err(Fault::new(404, "trashed", "Item is trashed"))
            }
            _ => Err(Fault::not_found()),
        }
    }

    /// `/folders...`
    pub(super) fn folders_route(&mut self, call: &mut Call<'_>, steps: &[&str]) -> Option<Told> {
        Some(match (call.asked.method.as_str(), steps) {
            ("GET", ["trash", "items"]) => self.trash_items(call),
            ("GET", [id, "items"]) => self.folder_items(call, id),
            ("GET", [id]) => self.folder_get(call, id),
            _ => return None,
        })
    }

    fn folder_items(&mut self, call: &mut Call<'_>, id: &str) -> Told {
        let nid = self.seen(call.actor, "folder", id)?;
        let all = self.items_of(call.actor, nid);
        self.page(call, self.tree.id(nid), &all, 100)
    }

    fn trash_items(&mut self, call: &mut Call<'_>) -> Told {
        let all = self.trash_of(call.actor);
        self.page(call, self.user(call.actor).id, &all, 100)
    }

    fn folder_get(&mut self, call: &mut Call<'_>, id: &str) -> Told {
        let nid = self.seen(call.actor, "folder", id)?;
        Ok(Answer::json(200, &self.full(call, nid)))
    }
}
