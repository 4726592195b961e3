//! The quarantine's folder: found by its name, made when there is none.
//!
//! The company's is a team folder of its own with the acting admin as its only member, so that administrators alone see it; a
//! person's is a folder in the home, shared with nobody. Nothing is kept about it here: whoever lost everything finds it again.

use super::super::super::wire::{self, tag, text};
use super::super::super::{Tenant, route};
use super::super::has;
use super::super::read::Actor;
use super::{is_taken, within};
use crate::model::action::{Folder, Whose};
use crate::model::{Directory, Principal};
use crate::provider::pages::Pages;
use crate::provider::{Error, Next};
use serde_json::{Value, json};
use std::sync::Arc;

/// The name of both kinds of quarantine.
pub(in super::super) const NAME: &str = "sluicebox quarantine";
const DOING: &str = "find or make the quarantine's folder";
/// The kind of a member's home.
const HOME: &str = "team_member_folder";

impl Tenant {
    /// The quarantine's folder, found by its name or made.
    pub(in super::super) fn quarantine_folder(&self, whose: Whose, person: Option<&str>) -> Result<Folder, Error> {
        match (whose, person) {
            (Whose::Company, _) => self.company_quarantine(),
            (Whose::Owner, Some(person)) => self.persons_quarantine(person),
            (Whose::Owner, None) => Err(Error::new(Next::Refused, DOING, "a person's quarantine of nobody")),
        }
    }

    fn company_quarantine(&self) -> Result<Folder, Error> {
        let admin = self.team.admin()?;
        let place = match self.team_folder()? {
            Some(place) => place,
            None => self.made_team_folder()?,
        };
        self.see_to_admin(&admin, &place)?;
        Ok(Folder { id: None, place, path: Some("".into()), act_as: admin })
    }

    /// The active team folder of that name.
    fn team_folder(&self) -> Result<Option<Arc<str>>, Error> {
        let eyes = Actor { principal: Principal::Tenant, team_owned: true };
        let mut page: Value = self.team.desk.rpc(&eyes.looks(&route::TEAM_FOLDERS, DOING), &json!({"limit": 1000}))?;
        let mut pages = Pages::of(DOING);
        loop {
            let folders = page["team_folders"].as_array();
            let folders = folders.ok_or_else(|| Error::new(Next::Transient, DOING, "a page without a list"))?;
            if let Some(id) = folders.iter().filter(|folder| is_ours(folder)).find_map(id_of) {
                return Ok(Some(id));
            }
            if page["has_more"].as_bool() != Some(true) {
                return Ok(None);
            }
            let onward = json!({"cursor": pages.on(text(&page, "cursor").unwrap_or_default())?});
            page = self.team.desk.rpc(&eyes.looks(&route::TEAM_FOLDERS_ON, DOING), &onward)?;
        }
    }

    fn made_team_folder(&self) -> Result<Arc<str>, Error> {
        let eyes = Actor { principal: Principal::Tenant, team_owned: true };
        let ask = eyes.acts(&route::MAKE_TEAM_FOLDER, DOING, None);
        let place = match self.team.desk.act::<Value>(&ask, &json!({ "name": NAME })) {
            Ok((folder, _)) => id_of(&folder),
            // Another thread was first.
            Err(error) if has(&error, "folder_name_already_used") => match self.team_folder()? {
                None => {
                    return Err(error.with_advice(format!(
                        "a team folder {NAME:?} is archived or in the team's trash: bring it back or rename it"
                    )));
                }
                found => found,
            },
            Err(error) => return Err(error),
        };
        let place = place.ok_or_else(|| Error::new(Next::Transient, DOING, "an answer without an id"))?;
        // So that it is known for what it is.
        self.team.namespaces()?;
        Ok(place)
    }

    /// The admin is a member, in order to save copies there in person.
    fn see_to_admin(&self, admin: &Principal, place: &Arc<str>) -> Result<(), Error> {
        let Some(id) = admin.id() else { return Ok(()) };
        if self.is_member(&Directory::default(), admin, place)? == Some(false) {
            self.let_in(id, place, &Actor { principal: admin.clone(), team_owned: true })?;
        }
        Ok(())
    }

    fn persons_quarantine(&self, person: &str) -> Result<Folder, Error> {
        let person: Arc<str> = person.into();
        let place = self.home_of(&person)?;
        let (actor, path) = (Actor::person(&person), format!("/{NAME}"));
        let ask = within(&actor, &route::MAKE_FOLDER, &place, DOING);
        let made = self.team.desk.act::<Value>(&ask, &json!({"path": path, "autorename": false}));
        let id = match made {
            Ok((made, _)) => made["metadata"]["id"].as_str().map(Arc::from),
            Err(error) if is_taken(&error) => {
                let entry: wire::Entry = self.entry(&actor, &place, &path)?;
                if entry.tag.as_deref() != Some("folder") {
                    let said = "something that is no folder has its name in the person's home";
                    return Err(Error::new(Next::Forbidden, DOING, said));
                }
                entry.id.map(Arc::from)
            }
            Err(error) => return Err(error),
        };
        Ok(Folder { id, place, path: Some(path.into()), act_as: actor.principal })
    }

    /// The namespace of a member's home; listed anew for somebody who is not known.
    fn home_of(&self, person: &str) -> Result<Arc<str>, Error> {
        let is_home =
            |place: &super::super::super::team::Place| *place.kind == *HOME && place.member.as_deref() == Some(person);
        let spaces = self.team.namespaces()?;
        let found = spaces.places.into_iter().find(|(_, place)| is_home(place));
        found.map(|(id, _)| id).ok_or_else(|| Error::new(Next::Forbidden, DOING, "the person has no home"))
    }
}

fn is_ours(folder: &Value) -> bool {
    let is_named = text(folder, "name").is_some_and(|name| name.eq_ignore_ascii_case(NAME));
    is_named && tag(&folder["status"]) == "active"
}

fn id_of(folder: &Value) -> Option<Arc<str>> {
    text(folder, "team_folder_id").filter(|id| !id.is_empty()).map(Arc::from)
}
