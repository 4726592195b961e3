//! The quarantine's folder: found by its name, made when there is none.
//!
//! The company's is a team folder of its own with the acting admin as its only member, so that administrators alone see it; a
//! person's is a folder in the home, shared with nobody. Nothing is kept about it here: whoever lost everything finds it again.
//!
//! A name in a home proves nothing: whoever is a member of the company's quarantine, as the admin always is and a mover is for
//! the length of a move, sees it in the home under its own name, and anybody can invite somebody to a folder of any name. So a
//! person's has another name, and is taken for it only where it lies in the home's own namespace and is shared with nobody.

use super::super::super::look::holder;
use super::super::super::wire::{Entry, ListFolder, Listing, tag, text};
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

/// The name of the company's quarantine.
pub(in super::super) const NAME: &str = "sluicebox quarantine";
/// The name of a person's.
pub(in super::super) const OWN_NAME: &str = "sluicebox personal quarantine";
/// The name of a person's in earlier versions: one that is there is used on.
const FORMER_OWN_NAME: &str = NAME;
/// A person's quarantine whose name is taken by something else has a number behind it, up to this one.
const NUMBER_MAX: u32 = 9;
/// Entries of a page.
const PAGE_ENTRIES: u32 = 2_000;
const DOING: &str = "find or make the quarantine's folder";
/// The kind of a member's home.
const HOME: &str = "team_member_folder";

/// What is at a path where a quarantine's folder may be.
enum There {
    /// A folder of this namespace, shared with nobody beside it.
    Closed(Folder),
    /// Something else: a file, or a folder that others may see.
    Other,
    Nothing,
}

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
                self.folder_at(&actor, &folder.place, &path_in(&folder, name))
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
        let (actor, roots) = match (whose, person) {
            (Whose::Company, _) => {
                let actor = Actor { principal: self.team.admin()?, team_owned: true };
                let root = self.team_folder()?.map(|place| folder_in(&actor, &place, ""));
                (actor, root.into_iter().collect())
            }
            (Whose::Owner, Some(person)) => {
                let person: Arc<str> = person.into();
                let (actor, home) = (Actor::person(&person), self.home_of(&person)?);
                let roots = self.persons_folders(&actor, &home)?;
                (actor, roots)
            }
            (Whose::Owner, None) => return Err(nobodys()),
        };
        let mut kept = Vec::new();
        for root in roots {
            let from = kept.len();
            self.list_kept(&actor, &root, ending, &mut kept)?;
            let folders = kept.iter().skip(from).filter(|one| one.kind == ItemKind::Folder);
            let below: Vec<Folder> = folders
                .map(|one| {
                    let path = Some(path_in(&root, &one.name).into());
                    Folder { id: Some(Arc::clone(&one.id)), path, ..root.clone() }
                })
                .collect();
            for folder in below {
                self.list_kept(&actor, &folder, ending, &mut kept)?;
            }
        }
        Ok(kept)
    }

    /// The folders of a home that may be its owner's quarantine, whoever sees them by now. The company's is none.
    fn persons_folders(&self, actor: &Actor, home: &Arc<str>) -> Result<Vec<Folder>, Error> {
        let mut folders = Vec::new();
        let names = [FORMER_OWN_NAME.to_owned()].into_iter().chain(own_names());
        for (at, name) in names.enumerate() {
            let path = format!("/{name}");
            let entry = match self.entry(actor, home, &path) {
                // Numbers follow one another; the first two names do without each other.
                Err(error) if error.next() == Next::Gone && at < 2 => continue,
                Err(error) if error.next() == Next::Gone => break,
                entry => entry?,
            };
            let is_companys = match shared_as(&entry) {
                Some(share) => self.is_quarantine(share)?,
                None => false,
            };
            if is_folder(&entry) && !is_companys {
                folders.push(folder_in(actor, home, &path));
            }
        }
        Ok(folders)
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
        let (actor, place) = (Actor::person(&person), self.home_of(&person)?);
        for name in [OWN_NAME, FORMER_OWN_NAME] {
            if let There::Closed(folder) = self.there(&actor, &place, &format!("/{name}"))? {
                return Ok(folder);
            }
        }
        for name in own_names() {
            if let Some(folder) = self.closed_at(&actor, &place, &format!("/{name}"))? {
                return Ok(folder);
            }
        }
        Err(Error::new(Next::Forbidden, DOING, "its names are all taken by what others may see"))
    }

    /// The folder at a path, found or made.
    fn folder_at(&self, actor: &Actor, place: &Arc<str>, path: &str) -> Result<Folder, Error> {
        let taken = || Error::new(Next::Forbidden, DOING, "something that is no closed folder has its name");
        self.closed_at(actor, place, path)?.ok_or_else(taken)
    }

    /// The closed folder at a path, found or made; `None` when something else is there.
    fn closed_at(&self, actor: &Actor, place: &Arc<str>, path: &str) -> Result<Option<Folder>, Error> {
        let ask = within(actor, &route::MAKE_FOLDER, place, DOING);
        match self.team.desk.act::<Value>(&ask, &json!({"path": path, "autorename": false})) {
            Ok((made, _)) => {
                let id = made["metadata"]["id"].as_str().map(Arc::from);
                Ok(Some(Folder { id, ..folder_in(actor, place, path) }))
            }
            Err(error) if is_taken(&error) => match self.there(actor, place, path)? {
                There::Closed(folder) => Ok(Some(folder)),
                There::Other => Ok(None),
                There::Nothing => Err(Error::new(Next::Transient, DOING, "it is there and cannot be seen yet")),
            },
            Err(error) => Err(error),
        }
    }

    fn there(&self, actor: &Actor, place: &Arc<str>, path: &str) -> Result<There, Error> {
        let entry = match self.entry(actor, place, path) {
            Err(error) if error.next() == Next::Gone => return Ok(There::Nothing),
            entry => entry?,
        };
        let lies_here = holder(&entry).is_none_or(|holder| *holder == **place);
        if !is_folder(&entry) || !lies_here || shared_as(&entry).is_some() {
            return Ok(There::Other);
        }
        Ok(There::Closed(Folder { id: entry.id.map(Arc::from), ..folder_in(actor, place, path) }))
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

/// The names of a person's quarantine, the next for where one is taken.
fn own_names() -> impl Iterator<Item = String> {
    let numbered = (2..=NUMBER_MAX).map(|number| format!("{OWN_NAME} {number}"));
    [OWN_NAME.to_owned()].into_iter().chain(numbered)
}

fn folder_in(actor: &Actor, place: &Arc<str>, path: &str) -> Folder {
    Folder { id: None, place: Arc::clone(place), path: Some(path.into()), act_as: actor.principal.clone() }
}

fn is_folder(entry: &Entry) -> bool {
    entry.tag.as_deref() == Some("folder")
}

/// The namespace that a folder is shared as; `None` of one that is shared with nobody by itself.
fn shared_as(entry: &Entry) -> Option<&str> {
    entry.sharing_info.as_ref()?.shared_folder_id.as_deref().filter(|id| !id.is_empty())
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
