//! Namespaces and what is in them: one recursive listing each, whose last cursor later tells what changed.
//!
//! `include_mounted_folders:false` keeps each file in exactly one namespace. A walk's cursor is the service's own behind a
//! letter for how far the walk is ([`Stage`]), so that a walk resumed by another process needs nothing else. Where a
//! recursive listing fails with 5xx again and again, the walk begins anew folder by folder.
//! Source: files.stone (`list_folder`), guide "Detecting changes".

use super::call::Ask;
use super::route::{self, Route};
use super::team::{Place, Team};
use super::wire::{Entry, ExportInfo, ListFolder, Listing, Revisions, SpaceUsage, TeamFolders, text};
use crate::clock::Moment;
use crate::model::{ContentHash, Directory, Download, Item, ItemKind, Owner, Principal, Status};
use crate::provider::http::Urgency;
use crate::provider::pages::Pages;
use crate::provider::{Error, GonePath, Next, Onward, Page, Unwalked, Walk, Walks, WhyUnwalked};
use serde_json::json;
use std::collections::HashSet;
use std::sync::Arc;

/// Entries a page, the most the service gives.
const PAGE_ENTRIES: u32 = 2000;

/// How far a walk is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    /// Within the first listing, of everything below.
    Listing,
    /// After it: what comes is a change.
    Changes,
    /// Within the first listing of one folder alone.
    FolderListing,
    /// After it.
    FolderChanges,
}

impl Stage {
    fn letter(self) -> char {
        match self {
            Stage::Listing => 'r',
            Stage::Changes => 'd',
            Stage::FolderListing => 'f',
            Stage::FolderChanges => 'g',
        }
    }

    fn after_the_end(self) -> Self {
        match self {
            Stage::Listing | Stage::Changes => Stage::Changes,
            Stage::FolderListing | Stage::FolderChanges => Stage::FolderChanges,
        }
    }

    fn is_one_folder(self) -> bool {
        matches!(self, Stage::FolderListing | Stage::FolderChanges)
    }

    fn write(self, cursor: &str) -> Arc<str> {
        format!("{}:{cursor}", self.letter()).into()
    }

    /// A walk's cursor taken apart; `None` when it is not one of ours.
    fn read(cursor: &str) -> Option<(Self, &str)> {
        let (letter, cursor) = cursor.split_once(':')?;
        let stage = match letter {
            "r" => Stage::Listing,
            "d" => Stage::Changes,
            "f" => Stage::FolderListing,
            "g" => Stage::FolderChanges,
            _ => return None,
        };
        Some((stage, cursor))
    }
}

/// What a walk's id says is walked.
#[derive(Debug, PartialEq, Eq)]
enum Top<'w> {
    /// A whole namespace (`ns:456`).
    Namespace,
    /// One folder by its id (`flat:456:id:abc`).
    Folder(&'w str),
    /// One deleted path (`trash:456:/reports/a.txt`).
    Deleted(&'w str),
}

/// Takes a walk's id apart: the namespace and what in it.
fn top(id: &str) -> Option<(&str, Top<'_>)> {
    let (kind, rest) = id.split_once(':')?;
    match kind {
        "ns" => Some((rest, Top::Namespace)),
        "flat" => rest.split_once(':').map(|(place, folder)| (place, Top::Folder(folder))),
        "trash" => rest.split_once(':').map(|(place, path)| (place, Top::Deleted(path))),
        _ => None,
    }
}

/// The service's own cursor in a walk's; `None` when it is not one of ours.
pub(super) fn bare_cursor(cursor: &str) -> Option<&str> {
    Stage::read(cursor).map(|(_, cursor)| cursor)
}

/// The namespace that a walk or the feed of the same name is about.
pub(super) fn place_of(id: &str) -> Option<&str> {
    top(id).map(|(place, _)| place)
}

// --- where walks begin ---

/// All walks of the team.
pub(super) fn walks(team: &Team) -> Result<Walks, Error> {
    team.new_pass();
    let read_as = team.admin()?;
    let closed = closed_team_folders(team)?;
    let mut all = Walks { used_bytes: used_bytes(team, &read_as), ..Walks::default() };
    let spaces = team.namespaces()?;
    let lost = |name| Unwalked { what: "".into(), name, why: WhyUnwalked::Refused };
    all.holes.extend(spaces.nameless.into_iter().map(lost));
    for (id, place) in spaces.places {
        if closed.contains(&id) {
            all.holes.push(Unwalked { what: id, name: place.name, why: WhyUnwalked::Archived });
        } else {
            all.walks.push(Walk {
                id: format!("ns:{id}").into(),
                place: id,
                kind: place.kind,
                read_as: read_as.clone(),
                path: place.name,
                cursor: None,
            });
        }
    }
    Ok(all)
}

/// Team folders that nobody can list: archived, or on the way there. Without the scope to see them there are none.
fn closed_team_folders(team: &Team) -> Result<HashSet<Arc<str>>, Error> {
    let doing = "list the team folders";
    let mut closed = HashSet::new();
    let first = team.desk.rpc(&Ask::new(&route::TEAM_FOLDERS, &Principal::Tenant, doing), &json!({"limit": 1000}));
    let mut page: TeamFolders = match first {
        Err(error) if error.next() == Next::Forbidden => return Ok(closed),
        first => first?,
    };
    let mut pages = Pages::of(doing);
    loop {
        let shut = page.team_folders.iter().filter(|folder| !matches!(folder.status.as_str(), "active" | ""));
        closed.extend(shut.filter_map(|folder| folder.team_folder_id.as_deref().map(Arc::from)));
        if !page.has_more {
            return Ok(closed);
        }
        let ask = Ask::new(&route::TEAM_FOLDERS_ON, &Principal::Tenant, doing);
        page = team.desk.rpc(&ask, &json!({"cursor": pages.on(&page.cursor)?}))?;
    }
}

/// What the service itself counts as used by the whole team; `None` when it does not tell.
fn used_bytes(team: &Team, admin: &Principal) -> Option<u64> {
    let ask = Ask::new(&route::SPACE_USAGE, admin, "read the team's used space");
    let usage: SpaceUsage = team.desk.rpc(&ask, &json!(null)).ok()?;
    let allocation = usage.allocation?;
    (text(&allocation, ".tag")? == "team").then(|| allocation.get("used")?.as_u64())?
}

// --- pages ---

/// The next page of a walk.
pub(super) fn page(team: &Team, walk: &Walk, people: &Directory) -> Result<Page, Error> {
    let _turn = team.turns.take(&walk.id);
    let (place, top) = top(&walk.id).ok_or_else(|| unknown(&walk.id))?;
    let ground = Ground::of(team, place, &walk.read_as, people)?;
    let page = match (&walk.cursor, top) {
        (None, Top::Deleted(path)) => return deleted(team, &ground, path),
        (None, Top::Namespace) => first(team, &ground, "", Stage::Listing),
        (None, Top::Folder(id)) => first(team, &ground, id, Stage::FolderListing),
        (Some(cursor), _) => {
            let (stage, cursor) = Stage::read(cursor).ok_or_else(|| unknown(&walk.id))?;
            next(team, &ground, cursor, stage)
        }
    };
    page.or_else(|error| ground.hole(error))
}

/// What changed in a namespace since the cursor of a walk.
pub(super) fn changes(team: &Team, feed: &Arc<str>, read_as: &Principal, position: &str) -> Result<Page, Error> {
    let _turn = team.turns.take(feed);
    let place = place_of(feed).ok_or_else(|| unknown(feed))?;
    let (stage, cursor) = Stage::read(position).ok_or_else(|| unknown(feed))?;
    let ground = Ground { urgency: Urgency::Live, ..Ground::of(team, place, read_as, &Directory::default())? };
    next(team, &ground, cursor, stage)
}

fn unknown(id: &str) -> Error {
    Error::new(Next::Refused, format!("walk {id}"), "neither a walk nor a cursor of this connector")
}

/// The first page from a folder (`""` is the namespace itself).
fn first(team: &Team, ground: &Ground, path: &str, stage: Stage) -> Result<Page, Error> {
    let argument = ListFolder {
        path,
        recursive: !stage.is_one_folder(),
        include_mounted_folders: false,
        include_deleted: team.trash,
        include_has_explicit_shared_members: true,
        limit: PAGE_ENTRIES,
    };
    match team.desk.rpc(&ground.ask(&route::LIST_FOLDER), &argument) {
        Ok(listing) => ground.page(team.trash, listing, stage),
        Err(error) if stage == Stage::Listing && is_overwhelmed(&error) => {
            first(team, ground, path, Stage::FolderListing)
        }
        Err(error) => Err(error),
    }
}

/// The page after a cursor.
fn next(team: &Team, ground: &Ground, cursor: &str, stage: Stage) -> Result<Page, Error> {
    match team.desk.rpc(&ground.ask(&route::LIST_FOLDER_ON), &json!({ "cursor": cursor })) {
        Ok(listing) => ground.page(team.trash, listing, stage),
        Err(error) if stage == Stage::Listing && is_overwhelmed(&error) => {
            first(team, ground, "", Stage::FolderListing)
        }
        Err(error) => Err(error),
    }
}

/// The service failed to the last try: a listing too large for it (documented at `ListFolderArg.recursive`).
fn is_overwhelmed(error: &Error) -> bool {
    error.next() == Next::Transient && error.status().is_some_and(|status| status >= 500)
}

/// The newest revision of a deleted file: an item in the trash, unless the path was a folder, is there again, or the file
/// was only moved away.
fn deleted(team: &Team, ground: &Ground, path: &str) -> Result<Page, Error> {
    let argument = json!({"path": path, "mode": "path", "limit": 1});
    let mut revisions: Revisions = match team.desk.rpc(&ground.ask(&route::REVISIONS), &argument) {
        Err(error) if matches!(error.next(), Next::Gone | Next::NotReadable) => return Ok(ended()),
        Err(error) => return ground.hole(error),
        Ok(revisions) => revisions,
    };
    let Some(entry) = revisions.entries.drain(..).next().filter(|_| revisions.is_deleted) else {
        return Ok(ended());
    };
    let id = entry.id.as_deref().unwrap_or_default();
    match team.desk.rpc::<Entry>(&ground.ask(&route::METADATA), &json!({ "path": id })) {
        Ok(_) => return Ok(ended()),
        Err(error) if error.next() == Next::Gone => {}
        Err(error) => return Err(error),
    }
    let at = revisions.server_deleted.as_deref().or(entry.server_modified.as_deref()).and_then(Moment::parse);
    let mut page = ended();
    ground.take_file(entry, &mut page);
    page.items.iter_mut().for_each(|item| item.trashed = at.or_else(|| Some(team.desk.clock().now())));
    Ok(page)
}

/// A page with nothing in it, the last of its walk.
fn ended() -> Page {
    Page { items: Vec::new(), gone: Vec::new(), found: Vec::new(), holes: Vec::new(), onward: Onward::End(None) }
}

/// What all items of a namespace share.
pub(super) struct Ground {
    id: Arc<str>,
    kind: Arc<str>,
    name: Arc<str>,
    /// Who lists.
    walker: Principal,
    /// Who reads contents: a home's owner while active, so that downloads share out over the members' own limits.
    reader: Principal,
    owner: Option<Owner>,
    /// The owner's status, of a home or an application's folder.
    status: Option<Status>,
    outside: bool,
    urgency: Urgency,
}

impl Ground {
    pub(super) fn of(team: &Team, id: &str, walker: &Principal, people: &Directory) -> Result<Self, Error> {
        let id: Arc<str> = id.into();
        let unlisted = || Place { kind: "".into(), name: Arc::clone(&id), member: None };
        let place = team.place(&id)?.unwrap_or_else(unlisted);
        let standing = place.member.as_ref().and_then(|member| team.standing(member, people));
        let reader = match (&place.member, &standing) {
            (Some(member), Some(standing)) if standing.status == Status::Active && *place.kind == *HOME => {
                Principal::Person(Arc::clone(member))
            }
            _ => walker.clone(),
        };
        let outside = *place.kind == *"shared_folder" && is_outside(team, &id, walker)?;
        let (owner, status) = standing.map(|standing| (standing.owner, standing.status)).unzip();
        let (kind, name, walker) = (place.kind, place.name, walker.clone());
        Ok(Self { id, kind, name, walker, reader, owner, status, outside, urgency: Urgency::Bulk })
    }

    fn ask(&self, route: &'static Route) -> Ask<'_> {
        let ask = Ask::new(route, &self.walker, format!("list namespace {}", self.id));
        Ask { urgency: self.urgency, ..ask.within(&self.id) }
    }

    /// What a refusal makes of the page: a hole where the namespace is the matter, the error itself where it is not.
    fn hole(&self, error: Error) -> Result<Page, Error> {
        let is_ours = ["missing_scope", "invalid_select_admin"].iter().any(|said| error.said().contains(said));
        let why = match (&*self.kind, error.next()) {
            ("app_folder", Next::Forbidden | Next::Gone) if !is_ours => WhyUnwalked::AppFolder,
            (_, Next::Forbidden) if !is_ours => match self.status {
                Some(Status::Invited) => WhyUnwalked::InvitedOwner,
                Some(Status::Inactive) => WhyUnwalked::InactiveOwner,
                _ => WhyUnwalked::Refused,
            },
            _ => return Err(error),
        };
        let hole = Unwalked { what: Arc::clone(&self.id), name: Arc::clone(&self.name), why };
        Ok(Page { holes: vec![hole], ..ended() })
    }

    fn page(&self, trash: bool, listing: Listing, stage: Stage) -> Result<Page, Error> {
        let broken = |said: &str| Error::new(Next::Transient, format!("list namespace {}", self.id), said);
        let entries = listing.entries.ok_or_else(|| broken("a page without a list"))?;
        if listing.cursor.is_empty() {
            return Err(broken("a page without a cursor"));
        }
        let mut page = ended();
        page.onward = if listing.has_more {
            Onward::More(stage.write(&listing.cursor))
        } else {
            Onward::End(Some(stage.after_the_end().write(&listing.cursor)))
        };
        for entry in in_order(entries) {
            match entry.tag.as_deref() {
                Some("deleted") => self.take_deleted(trash, entry, &mut page),
                Some("folder") => self.take_folder(entry, stage, &mut page),
                // Files, and whatever grows here with an id and a revision.
                _ => self.take_file(entry, &mut page),
            }
        }
        Ok(page)
    }

    fn take_deleted(&self, trash: bool, entry: Entry, page: &mut Page) {
        let Some(path) = entry.path_lower else { return page.holes.push(self.nameless(entry.name)) };
        if trash {
            page.found.push(self.further("trash", &path, path.as_str().into(), "deleted"));
        }
        page.gone.push(GonePath { place: Arc::clone(&self.id), path_lower: path.into() });
    }

    fn take_file(&self, entry: Entry, page: &mut Page) {
        match self.item(entry) {
            Ok(item) => page.items.push(item),
            Err(hole) => page.holes.push(hole),
        }
    }

    /// An entry that tells neither id nor path: something is there that cannot be looked at.
    fn nameless(&self, name: Option<String>) -> Unwalked {
        let name = name.map_or_else(|| Arc::clone(&self.name), Arc::from);
        Unwalked { what: Arc::clone(&self.id), name, why: WhyUnwalked::Refused }
    }

    fn take_folder(&self, entry: Entry, stage: Stage, page: &mut Page) {
        let closed = entry.sharing_info.as_ref().is_some_and(|info| info.no_access);
        // Where another namespace is mounted; that one is walked by itself.
        let mounts = entry.sharing_info.as_ref().is_some_and(|info| info.shared_folder_id.is_some());
        let item = match self.item(entry) {
            Ok(item) => item,
            Err(hole) => return page.holes.push(hole),
        };
        if closed {
            let (what, name) = (Arc::clone(&item.id), Arc::clone(&item.name));
            page.holes.push(Unwalked { what, name, why: WhyUnwalked::Refused });
        } else if stage.is_one_folder() && !mounts {
            let path = item.path.clone().unwrap_or_else(|| Arc::clone(&item.name));
            page.found.push(self.further("flat", &item.id, path, &self.kind));
        }
        page.items.push(item);
    }

    /// A walk that this one leads to.
    fn further(&self, what: &str, which: &str, path: Arc<str>, kind: &str) -> Walk {
        Walk {
            id: format!("{what}:{}:{which}", self.id).into(),
            place: Arc::clone(&self.id),
            kind: kind.into(),
            read_as: self.walker.clone(),
            path,
            cursor: None,
        }
    }

    /// An entry in our words; a hole without an id.
    pub(super) fn item(&self, entry: Entry) -> Result<Item, Unwalked> {
        let Some(id) = entry.id.filter(|id| !id.is_empty()) else { return Err(self.nameless(entry.name)) };
        let kind = if entry.tag.as_deref() == Some("folder") { ItemKind::Folder } else { ItemKind::File };
        let download = match kind {
            ItemKind::File => how(entry.is_downloadable, entry.export_info.as_ref()),
            _ => Download::None,
        };
        Ok(Item {
            id: id.into(),
            kind,
            name: entry.name.unwrap_or_default().into(),
            parent: None,
            path: entry.path_display.or(entry.path_lower).map(Arc::from),
            place: Arc::clone(&self.id),
            read_as: self.reader.clone(),
            size_bytes: entry.size.unwrap_or(0),
            version: entry.rev.map(Arc::from),
            etag: None,
            hash: entry.content_hash.as_deref().and_then(ContentHash::parse),
            created: None,
            modified: entry.server_modified.as_deref().and_then(Moment::parse),
            owner: self.owner.clone(),
            outside_owner: self.outside,
            link: None,
            // A shared folder's members are those of its namespace, which is walked by itself.
            has_members: entry.has_explicit_shared_members == Some(true),
            label: None,
            locked: entry.file_lock_info.is_some_and(|lock| lock.holds()),
            trashed: None,
            download,
        })
    }
}

/// The kind of a member's home.
const HOME: &str = "team_member_folder";

/// Whether another company owns a shared folder. One that may not be looked at counts as ours: its listing will tell.
fn is_outside(team: &Team, id: &Arc<str>, by: &Principal) -> Result<bool, Error> {
    match team.folder(id, by) {
        Ok(folder) => Ok(folder.outside),
        Err(error) if matches!(error.next(), Next::Forbidden | Next::Gone) => Ok(false),
        Err(error) => Err(error),
    }
}

/// The entries that stand after a page was applied in order: one superseded or deleted later in the page falls away, so that
/// all that is gone may be taken in before all that is there.
fn in_order(entries: Vec<Entry>) -> Vec<Entry> {
    if entries.iter().all(|entry| entry.tag.as_deref() != Some("deleted")) {
        return entries;
    }
    let mut gone_later = HashSet::new();
    let mut stand: Vec<Entry> = Vec::with_capacity(entries.len());
    for entry in entries.into_iter().rev() {
        let path = entry.path_lower.clone().unwrap_or_default();
        let is_deleted = entry.tag.as_deref() == Some("deleted");
        if !is_deleted && is_below(&path, &gone_later) {
            continue;
        }
        if is_deleted {
            gone_later.insert(path);
        }
        stand.push(entry);
    }
    stand.reverse();
    stand
}

/// Whether a path or one above it is among these.
fn is_below(path: &str, among: &HashSet<String>) -> bool {
    let ends = path.match_indices('/').map(|(at, _)| at).skip(1).chain([path.len()]);
    !path.is_empty() && ends.into_iter().any(|end| path.get(..end).is_some_and(|above| among.contains(above)))
}

/// How a file's bytes are had: as they are, or exported into the format that says most.
fn how(is_downloadable: Option<bool>, export: Option<&ExportInfo>) -> Download {
    if is_downloadable != Some(false) {
        return Download::Direct;
    }
    let Some(export) = export else { return Download::None };
    let options = || export.export_as.iter().chain(&export.export_options);
    let liked = ["docx", "xlsx", "pptx", "html", "markdown", "md", "csv", "txt", "pdf"];
    let best = liked.iter().find_map(|format| options().find(|option| option.eq_ignore_ascii_case(format)));
    best.or_else(|| options().next()).map_or(Download::None, |format| Download::Export(format.as_str().into()))
}

#[cfg(test)]
mod tests;
