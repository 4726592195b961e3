//! Folders: their items, and everything done to them as a whole.

use super::super::wire::Answer;
use super::reply::{Call, Fault, invalid};
use super::route::Told;
use super::state::{Role, State};
use super::tree::{Nid, Uid, What};
use serde_json::{Map, Value};

const PUT: [&str; 11] = [
    "name",
    "description",
    "sync_state",
    "can_non_owners_invite",
    "parent",
    "shared_link",
    "folder_upload_email",
    "tags",
    "is_collaboration_restricted_to_enterprise",
    "collections",
    "can_non_owners_view_collaborators",
];

impl State {
    /// `/folders...`
    pub(super) fn folders_route(&mut self, call: &mut Call<'_>, steps: &[&str]) -> Option<Told> {
        Some(match (call.asked.method.as_str(), steps) {
            ("POST", []) => self.folder_new(call),
            ("GET", ["trash", "items"]) => self.trash_items(call),
            ("GET", [id, "items"]) => self.folder_items(call, id),
            ("GET", [id]) => self.folder_get(call, id),
            ("PUT", [id]) => self.folder_put(call, id),
            ("POST", [id]) => self.restore(call, "folder", id),
            ("DELETE", [id]) => self.folder_delete(call, id),
            ("POST", [id, "copy"]) => self.copy(call, "folder", id),
            ("GET", [id, "trash"]) => self.trashed_get(call, "folder", id),
            ("DELETE", [id, "trash"]) => self.purge(call, "folder", id),
            ("GET", [id, "collaborations"]) => self.collabs_page(call, "folder", id),
            (_, [id, "metadata", rest @ ..]) => return self.metadata_route(call, ("folder", *id), rest),
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
        call.knows_query(&["fields", "sort", "direction", "offset", "limit"]);
        let nid = self.seen(call.actor, "folder", id)?;
        self.not_changed(call, nid)?;
        let mut seen = self.full(call, nid);
        let whole = call.fields().is_none_or(|fields| fields.iter().any(|field| field == "item_collection"));
        if whole {
            let all = self.items_of(call.actor, nid);
            let entries: Vec<Value> = all.iter().take(100).map(|nid| self.mini(call.actor, *nid)).collect();
            seen["item_collection"] = serde_json::json!({
                "total_count": all.len(), "entries": entries, "offset": 0, "limit": 100,
                "order": [{"by": "type", "direction": "ASC"}, {"by": "name", "direction": "ASC"}],
            });
        }
        Ok(Answer::json(200, &seen))
    }

    fn folder_new(&mut self, call: &mut Call<'_>) -> Told {
        call.knows_query(&["fields"]);
        let body = call.body(&["name", "parent", "folder_upload_email", "sync_state"])?;
        let parent = self.read_parent(call, &body)?.ok_or_else(|| invalid("parent", "", "is required"))?;
        let name = self.read_name(&body)?.ok_or_else(|| invalid("name", "", "is required"))?;
        self.may_write(call.actor, parent)?;
        self.free(call.actor, parent, &name, None)?;
        let nid = self.make_folder(call.actor, parent, &name);
        Ok(Answer::json(201, &self.full(call, nid)))
    }

    /// Makes a folder and tells of it.
    pub(super) fn make_folder(&mut self, by: Uid, parent: Nid, name: &str) -> Nid {
        let nid = self.tree.add(parent, Some(name.into()), What::Folder(Box::default()), self.now);
        self.tree.extra_mut(nid).created_by = Some(by);
        self.cascade_onto(nid);
        self.noted_on("folder_made", nid, true);
        self.happen("FOLDER_CREATED", Some(by), nid, Value::Null);
        nid
    }

    fn folder_put(&mut self, call: &mut Call<'_>, id: &str) -> Told {
        call.knows_query(&["fields"]);
        let body = call.body(&PUT)?;
        if let Ok(nid) = self.trashed_one(call.actor, "folder", id) {
            return self.restored(call, nid, &body);
        }
        let nid = self.seen(call.actor, "folder", id)?;
        if self.tree.is_root(nid) {
            return Err(Fault::forbidden("The root folder cannot be changed"));
        }
        if body.contains_key("parent") && body.len() > 1 {
            let why = "A folder is moved by a request that does nothing else";
            return Err(Fault::new(403, "operation_limit_exceeded", why).refused(why));
        }
        self.change_item(call, nid, &body)?;
        self.change_rules(call, nid, &body)?;
        Ok(Answer::json(200, &self.full(call, nid)))
    }

    /// Who may invite and who may look.
    fn change_rules(&mut self, call: &Call<'_>, nid: Nid, body: &Map<String, Value>) -> Result<(), Fault> {
        let flag = |key: &str| body.get(key).and_then(Value::as_bool);
        let (invite, view) = (flag("can_non_owners_invite"), flag("can_non_owners_view_collaborators"));
        let company = flag("is_collaboration_restricted_to_enterprise");
        if invite.or(view).or(company).is_none() {
            return Ok(());
        }
        if self.role(call.actor, nid) < Some(Role::CoOwner) {
            return Err(Fault::forbidden("Access denied - insufficient permission"));
        }
        let mut changed = false;
        if let Some(folder) = self.tree.folder_mut(nid) {
            let before = (folder.owners_invite, folder.hides_members, folder.company_only);
            folder.owners_invite = invite.map_or(folder.owners_invite, |on| !on);
            folder.hides_members = view.map_or(folder.hides_members, |on| !on);
            folder.company_only = company.unwrap_or(folder.company_only);
            changed = before != (folder.owners_invite, folder.hides_members, folder.company_only);
        }
        self.noted_on("invitations_set", nid, changed);
        self.happen("CHANGE_FOLDER_PERMISSION", Some(call.actor), nid, Value::Null);
        Ok(())
    }

    fn folder_delete(&mut self, call: &mut Call<'_>, id: &str) -> Told {
        call.knows_query(&["recursive"]);
        let nid = self.seen(call.actor, "folder", id)?;
        if self.tree.is_root(nid) || self.role(call.actor, nid) < Some(Role::Editor) {
            return Err(Fault::forbidden("Access denied - insufficient permission"));
        }
        self.matches(call, nid)?;
        if !self.tree.children(nid).is_empty() && !call.says("recursive") {
            return Err(Fault::new(400, "folder_not_empty", "Cannot delete - folder not empty"));
        }
        self.trash(call.actor, nid);
        Ok(Answer::empty(204))
    }
}
