//! All that a person owns, handed to another by an admin: into a folder of its own in the other's root.
//!
//! <https://developer.box.com/reference/put-users-id-folders-0/>

use super::super::wire::Answer;
use super::reply::{Call, Fault, invalid};
use super::route::Told;
use super::state::{Home, State};
use serde_json::Value;

impl State {
    /// `PUT /users/{id}/folders/0`
    pub(super) fn transfer(&mut self, call: &mut Call<'_>, id: &str) -> Told {
        call.knows_query(&["fields", "notify"]);
        self.needs("manage_managed_users")?;
        self.needs("root_readwrite")?;
        self.needs_admin(call.actor)?;
        let body = call.body(&["owned_by"])?;
        let heir = body
            .get("owned_by")
            .and_then(|by| by["id"].as_str())
            .ok_or_else(|| invalid("owned_by", "", "is required"))?;
        let managed = |id: &str| self.user_by_id(id).filter(|uid| self.user(*uid).home != Home::Partner);
        let (from, heir) = (managed(id).ok_or_else(Fault::not_found)?, managed(heir).ok_or_else(Fault::not_found)?);
        let above = |uid| self.user(uid).role != "user" && uid != call.actor;
        if self.user(call.actor).role == "coadmin" && (above(from) || above(heir)) {
            return Err(Fault::forbidden("Cannot transfer files from/to higher privileged accounts"));
        }
        if from == heir {
            return Err(invalid("owned_by.id", "", "must be another user"));
        }
        let (source, target) = (self.user(from).root, self.user(heir).root);
        let mine = self.tree.children(source).to_vec();
        for nid in &mine {
            self.shield_owner(*nid, heir)?;
        }
        let name = format!("{}'s Files and Folders", self.user(from).name);
        self.free(call.actor, target, &name, None)?;
        let folder = self.make_folder(heir, target, &name);
        for nid in mine {
            self.retained_to(nid, heir)?;
            self.tree.detach(nid);
            self.tree.attach(nid, folder);
            self.owner_needs_none(nid);
            self.noted_on("moved", nid, true);
            self.happen("MOVE", Some(call.actor), nid, Value::Null);
        }
        Ok(Answer::json(200, &self.full(call, folder)))
    }
}
