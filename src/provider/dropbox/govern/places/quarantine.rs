//! The quarantine's folder: found by its name, made when there is none.
//!
//! The company's is a team folder of its own with the acting admin as its only member, so that administrators alone see it; a
//! person's is a folder in the home, shared with nobody. Nothing is kept about it here: whoever lost everything finds it again.

use super::super::super::wire::{self, ListFolder, Listing, tag, text};
use super::super::super::{Tenant, route};
use super::super::has;
use super::super::read::Actor;
use super::{is_taken, path_in, within};
use crate::model::action::{Folder, Whose};
use crate::model::{Directory, Download, ItemKind, Principal};
use crate::provider::govern::{KEPT_MAX, Kept};
use crate::provider::pages::Pages;
use crate::provider::{Error, Next, Source, Wanted};
use serde_json::{Value, json};
use std::sync::Arc;

/// The name of both kinds of quarantine.
pub(in super::super) const NAME: &str = "sluicebox quarantine";
/// Entries of a page.
const PAGE_ENTRIES: u32 = 2_000;
const DOING: &str = "find or make the quarantine's folder";
/// The kind of a member's home.
const HOME: &str = "team_member_folder";

impl Tenant {
    /// The quarantine's folder, found by its name or made.
    pub(in super::super) fn quarantine_folder(
        &self,
        whose: Whose,
        person: Option<&str>,
        named: Option<&str>,
    ) -> Result<Folder, Error> {
        let folder = match (whose, person) {
            (Whose::Company, _) => self.company_quarantine()?,
            (Whose::Owner, Some(person)) => self.persons_quarantine(person)?,
            (Whose::Owner, None) => return Err(nobodys()),
        };
        match named {
            None => Ok(folder),
            Some(name) => {
                let actor = Actor { principal: folder.act_as.clone(), team_owned: whose == Whose::Company };
                self.folder_at(&actor, &folder.place, path_in(&folder, name))
            }
        }
    }

    /// What lies in the quarantine and in the folders in it.
    pub(in super::super) fn kept_in_quarantine(
        &self,
        whose: Whose,
        person: Option<&str>,
        ending: &str,
    ) -> Result<Vec<Kept>, Error> {
        let (actor, place, path) = match (whose, person) {
            (Whose::Company, _) => match self.team_folder()? {
                Some(place) => (Actor { principal: self.team.admin()?, team_owned: true }, place, String::new()),
                None => return Ok(Vec::new()),
            },
            (Whose::Owner, Some(person)) => {
                let person: Arc<str> = person.into();
                (Actor::person(&person), self.home_of(&person)?, format!("/{NAME}"))
            }
            (Whose::Owner, None) => return Err(nobodys()),
        };
        let root = Folder { id: None, place, path: Some(path.into()), act_as: actor.principal.clone() };
        let mut kept = Vec::new();
        self.list_kept(&actor, &root, ending, &mut kept)?;
        let folders = kept.iter().filter(|one| one.kind == ItemKind::Folder);
        let below: Vec<Folder> = folders
            .map(|one| {
                let path = Some(path_in(&root, &one.name).into());
                Folder { id: Some(Arc::clone(&one.id)), path, ..root.clone() }
            })
            .collect();
        for folder in below {
            self.list_kept(&actor, &folder, ending, &mut kept)?;
        }
        Ok(kept)
    }

    fn list_kept(&self, actor: &Actor, folder: &Folder, ending: &str, kept: &mut Vec<Kept>) -> Result<(), Error> {
        let argument = ListFolder {
            path: folder.path.as_deref().unwrap_or_default(),
            recursive: false,
            include_mounted_folders: false,
            include_deleted: false,
            include_has_explicit_shared_members: false,
            limit: PAGE_ENTRIES,
        };
        let ask = actor.looks(&route::LIST_FOLDER, DOING).within(&folder.place);
        let mut page: Listing = match self.team.desk.rpc(&ask, &argument) {
            Err(error) if error.next() == Next::Gone => return Ok(()),
            page => page?,
        };
        let mut pages = Pages::of(DOING);
        loop {
            for entry in page.entries.unwrap_or_default() {
                let kind = match entry.tag.as_deref() {
                    Some("file") => ItemKind::File,
                    Some("folder") => ItemKind::Folder,
                    _ => continue,
                };
                let (Some(id), Some(name)) = (entry.id, entry.name) else { continue };
                let (id, name): (Arc<str>, Arc<str>) = (id.into(), name.into());
                let asked = kind == ItemKind::File && name.ends_with(ending);
                let text = if asked { Some(self.text_of(&id, &folder.act_as)?) } else { None };
                kept.push(Kept { id, kind, name, folder: folder.clone(), text });
            }
            if !page.has_more || kept.len() >= KEPT_MAX {
                return Ok(());
            }
            let ask = actor.looks(&route::LIST_FOLDER_ON, DOING).within(&folder.place);
            page = self.team.desk.rpc(&ask, &json!({"cursor": pages.on(&page.cursor)?}))?;
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
        match Source::open(self, &wanted) {
            Ok(body) => Ok(Kept::read(body)),
            Err(error) if matches!(error.next(), Next::Gone | Next::Forbidden | Next::NotReadable | Next::Refused) => {
                Ok(Err(error.said().into()))
            }
            Err(error) => Err(error),
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
        self.folder_at(&Actor::person(&person), &place, format!("/{NAME}"))
    }

    /// The folder at a path, found or made.
    fn folder_at(&self, actor: &Actor, place: &Arc<str>, path: String) -> Result<Folder, Error> {
        let ask = within(actor, &route::MAKE_FOLDER, place, DOING);
        let made = self.team.desk.act::<Value>(&ask, &json!({"path": path, "autorename": false}));
        let id = match made {
            Ok((made, _)) => made["metadata"]["id"].as_str().map(Arc::from),
            Err(error) if is_taken(&error) => {
                let entry: wire::Entry = self.entry(actor, place, &path)?;
                if entry.tag.as_deref() != Some("folder") {
                    let said = "something that is no folder has its name";
                    return Err(Error::new(Next::Forbidden, DOING, said));
                }
                entry.id.map(Arc::from)
            }
            Err(error) => return Err(error),
        };
        Ok(Folder { id, place: Arc::clone(place), path: Some(path.into()), act_as: actor.principal.clone() })
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

fn nobodys() -> Error {
    Error::new(Next::Refused, DOING, "a person's quarantine of nobody")
}

fn is_ours(folder: &Value) -> bool {
    let is_named = text(folder, "name").is_some_and(|name| name.eq_ignore_ascii_case(NAME));
    is_named && tag(&folder["status"]) == "active"
}

fn id_of(folder: &Value) -> Option<Arc<str>> {
    text(folder, "team_folder_id").filter(|id| !id.is_empty()).map(Arc::from)
}
