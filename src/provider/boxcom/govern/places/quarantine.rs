//! The quarantine's folder: found by its name in a root, made when there is none, and closed.

use super::{Folder, Named, ROOT, is_name_taken, text};
use crate::model::action::Whose;
use crate::model::{Download, ItemKind, Principal};
use crate::provider::boxcom::Tenant;
use crate::provider::boxcom::api::parse;
use crate::provider::boxcom::wire::{Listed, Paged};
use crate::provider::govern::{KEPT_MAX, Kept};
use crate::provider::pages::Pages;
use crate::provider::{Error, Next, Wanted};
use serde_json::{Value, json};
use std::sync::Arc;

/// The name of the quarantine's folder, in the root of the service account or of the person whose quarantine it is.
pub(in super::super) const QUARANTINE: &str = "sluicebox quarantine";

/// Entries of a page: the most Box gives.
const LIMIT: &str = "1000";

const DOING: &str = "find or make the quarantine's folder";

impl Tenant {
    /// The quarantine's folder, found by its name or made: shared with nobody, nobody but its owner invites, and nobody from
    /// outside.
    pub(in super::super) fn quarantine_folder(
        &self,
        whose: Whose,
        person: Option<&str>,
        named: Option<&str>,
    ) -> Result<Folder, Error> {
        let root = self.root_of(whose, person)?;
        let quarantine = self.folder_in(&root, QUARANTINE)?;
        match named {
            None => Ok(quarantine),
            Some(name) => self.folder_in(&quarantine, name),
        }
    }

    /// What lies in the quarantine and in the folders in it.
    pub(in super::super) fn kept_in_quarantine(
        &self,
        whose: Whose,
        person: Option<&str>,
        ending: &str,
    ) -> Result<Vec<Kept>, Error> {
        let root = self.root_of(whose, person)?;
        let Some(id) = self.found_in(&root, QUARANTINE)? else { return Ok(Vec::new()) };
        let mut kept = Vec::new();
        let quarantine = Folder { id: Some(id), ..root };
        self.list_kept(&quarantine, ending, &mut kept)?;
        let below: Vec<Folder> = kept
            .iter()
            .filter(|one| one.kind == ItemKind::Folder)
            .map(|one| Folder { id: Some(Arc::clone(&one.id)), ..quarantine.clone() })
            .collect();
        for folder in below {
            self.list_kept(&folder, ending, &mut kept)?;
        }
        Ok(kept)
    }

    fn list_kept(&self, folder: &Folder, ending: &str, kept: &mut Vec<Kept>) -> Result<(), Error> {
        let id = folder.id.as_deref().unwrap_or(ROOT);
        let doing = format!("list the quarantine's folder {id}");
        let (mut pages, mut marker) = (Pages::of(&*doing), None::<Arc<str>>);
        loop {
            let mut query = vec![("usemarker", "true"), ("limit", LIMIT), ("fields", "id,type,name,size")];
            query.extend(marker.as_deref().map(|marker| ("marker", marker)));
            let page: Paged<Listed> = self.look_up(&["folders", id, "items"], &query, &folder.act_as, &*doing)?;
            marker = page.onward();
            for entry in page.entries {
                let kind = match entry.kind.as_deref() {
                    Some("file") => ItemKind::File,
                    Some("folder") => ItemKind::Folder,
                    _ => continue,
                };
                let (Some(id), Some(name)) = (entry.id, entry.name) else { continue };
                let asked = kind == ItemKind::File && name.ends_with(ending);
                let text = if asked { Some(self.text_of(&id, &folder.act_as)?) } else { None };
                kept.push(Kept { id, kind, name, folder: folder.clone(), text });
            }
            match &marker {
                Some(marker) if kept.len() < KEPT_MAX => pages.on(marker)?,
                _ => return Ok(()),
            };
        }
    }

    /// The text of a file; the inner error is the file's own.
    fn text_of(&self, id: &Arc<str>, by: &Principal) -> Result<Result<String, String>, Error> {
        let wanted = Wanted {
            id: Arc::clone(id),
            version: None,
            hash: None,
            size_bytes: None,
            download: Download::Direct,
            read_as: by.clone(),
            live: true,
        };
        match self.content(&wanted) {
            Ok(body) => Ok(Kept::read(body)),
            Err(error) if matches!(error.next(), Next::Gone | Next::Forbidden | Next::NotReadable | Next::Refused) => {
                Ok(Err(error.said().into()))
            }
            Err(error) => Err(error),
        }
    }

    /// The root that a quarantine lies in.
    fn root_of(&self, whose: Whose, person: Option<&str>) -> Result<Folder, Error> {
        let act_as = match (whose, person) {
            (Whose::Company, _) => Principal::Tenant,
            (Whose::Owner, Some(person)) => Principal::Person(person.into()),
            (Whose::Owner, None) => return Err(Error::new(Next::Refused, DOING, "nobody is named whose it is")),
        };
        let place = self.account_of(&act_as)?;
        Ok(Folder { id: Some(ROOT.into()), place, path: None, act_as })
    }

    /// A folder of this name in another, found or made, and closed.
    fn folder_in(&self, above: &Folder, name: &str) -> Result<Folder, Error> {
        let id = match self.found_in(above, name)? {
            Some(id) => id,
            None => self.make_in(above, name)?,
        };
        self.close(&id, above)?;
        Ok(Folder { id: Some(id), ..above.clone() })
    }

    fn found_in(&self, above: &Folder, name: &str) -> Result<Option<Arc<str>>, Error> {
        match self.named(above, name)? {
            None => Ok(None),
            Some(Named { kind, id }) if &*kind == "folder" => Ok(Some(id)),
            Some(_) => Err(Error::new(Next::Refused, DOING, "something that is no folder has its name")
                .with_advice(format!("rename what is called {name:?} there"))),
        }
    }

    /// Makes it. Somebody may be quicker, and an answer may get lost: then it is found.
    fn make_in(&self, above: &Folder, name: &str) -> Result<Arc<str>, Error> {
        let body = json!({"name": name, "parent": {"id": above.id.as_deref().unwrap_or(ROOT)}});
        let made = self.post(&["folders"], &body, &above.act_as, DOING.into());
        let unmade = match made {
            Ok(reply) => {
                let made: Value = parse(&reply, DOING)?;
                return text(&made["id"]).ok_or_else(|| Error::new(Next::Transient, DOING, "an answer without an id"));
            }
            Err(error) if is_name_taken(&error) => error,
            Err(error) if error.next() == Next::Transient => error,
            Err(error) => return Err(error),
        };
        self.found_in(above, name)?.ok_or(unmade)
    }

    /// Makes it closed, where it is not. One of somebody else, which a root may show too, is none of ours.
    fn close(&self, id: &str, above: &Folder) -> Result<(), Error> {
        let fields = "id,owned_by,shared_link,can_non_owners_invite,is_collaboration_restricted_to_enterprise";
        let act_as = &above.act_as;
        let seen: Value = self.look_up(&["folders", id], &[("fields", fields)], act_as, DOING)?;
        if text(&seen["owned_by"]["id"]).is_some_and(|owner| owner != above.place) {
            return Err(Error::new(Next::Forbidden, DOING, "a folder of somebody else has its name"));
        }
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
