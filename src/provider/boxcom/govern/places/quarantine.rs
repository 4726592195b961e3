//! The quarantine's folder: found by its name in a root, made when there is none, and closed.

use super::{Folder, Named, ROOT, is_name_taken, text};
use crate::model::Principal;
use crate::model::action::Whose;
use crate::provider::boxcom::Tenant;
use crate::provider::boxcom::api::parse;
use crate::provider::{Error, Next};
use serde_json::{Value, json};
use std::sync::Arc;

/// The name of the quarantine's folder, in the root of the service account or of the person whose quarantine it is.
pub(in super::super) const QUARANTINE: &str = "sluicebox quarantine";

const DOING: &str = "find or make the quarantine's folder";

impl Tenant {
    /// The quarantine's folder, found by its name or made: shared with nobody, nobody but its owner invites, and nobody from
    /// outside.
    pub(in super::super) fn quarantine_folder(&self, whose: Whose, person: Option<&str>) -> Result<Folder, Error> {
        let act_as = match (whose, person) {
            (Whose::Company, _) => Principal::Tenant,
            (Whose::Owner, Some(person)) => Principal::Person(person.into()),
            (Whose::Owner, None) => return Err(Error::new(Next::Refused, DOING, "nobody is named whose it is")),
        };
        let place = self.account_of(&act_as)?;
        let root = Folder { id: Some(ROOT.into()), place: Arc::clone(&place), path: None, act_as: act_as.clone() };
        let id = match self.quarantine_in(&root)? {
            Some(id) => id,
            None => self.make_quarantine(&root)?,
        };
        self.close(&id, &act_as)?;
        Ok(Folder { id: Some(id), place, path: None, act_as })
    }

    fn quarantine_in(&self, root: &Folder) -> Result<Option<Arc<str>>, Error> {
        match self.named(root, QUARANTINE)? {
            None => Ok(None),
            Some(Named { kind, id }) if &*kind == "folder" => Ok(Some(id)),
            Some(_) => Err(Error::new(Next::Refused, DOING, "something that is no folder has its name")
                .with_advice(format!("rename what is called {QUARANTINE:?} in that root"))),
        }
    }

    /// Makes it. Somebody may be quicker, and an answer may get lost: then it is found.
    fn make_quarantine(&self, root: &Folder) -> Result<Arc<str>, Error> {
        let body = json!({"name": QUARANTINE, "parent": {"id": ROOT}});
        let made = self.post(&["folders"], &body, &root.act_as, DOING.into());
        let unmade = match made {
            Ok(reply) => {
                let made: Value = parse(&reply, DOING)?;
                return text(&made["id"]).ok_or_else(|| Error::new(Next::Transient, DOING, "an answer without an id"));
            }
            Err(error) if is_name_taken(&error) => error,
            Err(error) if error.next() == Next::Transient => error,
            Err(error) => return Err(error),
        };
        self.quarantine_in(root)?.ok_or(unmade)
    }

    /// Makes it closed, where it is not.
    fn close(&self, id: &str, act_as: &Principal) -> Result<(), Error> {
        let fields = "id,shared_link,can_non_owners_invite,is_collaboration_restricted_to_enterprise";
        let seen: Value = self.look_up(&["folders", id], &[("fields", fields)], act_as, DOING)?;
        let mut body = json!({});
        if seen["can_non_owners_invite"].as_bool() != Some(false) {
            body["can_non_owners_invite"] = false.into();
        }
        if seen["is_collaboration_restricted_to_enterprise"].as_bool() != Some(true) {
            body["is_collaboration_restricted_to_enterprise"] = true.into();
        }
        if !seen["shared_link"].is_null() {
            body["shared_link"] = Value::Null;
        }
        if body.as_object().is_some_and(serde_json::Map::is_empty) {
            return Ok(());
        }
        self.put_at(&["folders", id], None, &body, act_as, DOING.into()).map(drop)
    }
}
