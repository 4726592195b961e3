//! One item as it was told, put in the place of what was known of it.
//!
//! A keyed hash over all that was told (`item.facts`) answers the usual case with one look-up: the same as before. Folders
//! that are not told yet become stubs, so that children may come before their parents; a stub is filled in when it is told.

use super::super::connectors::principal_number;
use super::super::{Desk, Failed, standing, words};
use super::known::{download_text, hash_bytes, kind_number};
use super::{ListedBy, Put, TOP, gone, sharing};
use crate::clock::Moment;
use crate::model::{ConnectorNumber, Item, ItemKind, ItemNumber, Lane, Principal, Provider, Todo, Walk};
use crate::store::SealKey;
use crate::store::inventory::Listed;
use crate::store::queue::Ask;
use rusqlite::{Connection, OptionalExtension, params};
use std::collections::HashMap;
use std::sync::Arc;

/// What was known of an item.
#[derive(Debug)]
struct Stored {
    number: i64,
    kind_is_stub: bool,
    parent: Option<i64>,
    place: String,
    name_key: i64,
    version: Option<String>,
    etag: Option<String>,
    outside_owner: bool,
    has_members: bool,
    trashed: bool,
    facts: i64,
    gone: bool,
    mark: Option<i64>,
}

impl Stored {
    fn find(tx: &Connection, of: ConnectorNumber, kind: ItemKind, id: &str) -> Result<Option<Self>, Failed> {
        let sql = "SELECT i.number, i.stub, i.parent, i.name_key, i.version, i.etag, i.outside_owner, i.has_members, \
                   i.trashed IS NOT NULL, i.facts, i.gone IS NOT NULL, l.mark, i.place FROM item i \
                   LEFT JOIN listed l ON l.item = i.number WHERE i.connector = ?1 AND i.kind = ?2 AND i.id = ?3";
        let read = |row: &rusqlite::Row<'_>| {
            Ok(Self {
                number: row.get(0)?,
                kind_is_stub: row.get(1)?,
                parent: row.get(2)?,
                name_key: row.get(3)?,
                version: row.get(4)?,
                etag: row.get(5)?,
                outside_owner: row.get(6)?,
                has_members: row.get(7)?,
                trashed: row.get(8)?,
                facts: row.get(9)?,
                gone: row.get(10)?,
                mark: row.get(11)?,
                place: row.get(12)?,
            })
        };
        Ok(tx.prepare_cached(sql)?.query_row((of.0, kind_number(kind), id), read).optional()?)
    }

    /// True for what was told and is there.
    fn stands(&self) -> bool {
        !self.gone && !self.kind_is_stub
    }

    /// What tells one version from another.
    fn version(&self) -> Option<&str> {
        self.version.as_deref().or(self.etag.as_deref())
    }
}

/// How an item came in a listing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Seen {
    New,
    Changed,
    Unchanged,
    Repeated,
}

/// Where a page comes from.
#[derive(Clone, Copy, Debug)]
pub(super) struct Origin {
    pub(super) by: ListedBy,
    /// The walk, 0 for none.
    pub(super) walk: i64,
    /// The present mark.
    pub(super) mark: i64,
    /// An item of this walk with this mark or a later one was brought by this listing already.
    pub(super) newer: i64,
}

/// Takes in items one after another; remembers what they have in common.
pub(super) struct Taker<'a> {
    desk: &'a Desk<'a>,
    of: ConnectorNumber,
    provider: Provider,
    origin: Origin,
    principals: HashMap<Principal, i64>,
    /// Folders by their id, or by place and path in lower case.
    folders: HashMap<(Arc<str>, Arc<str>), i64>,
    /// Tops that were made.
    tops: Vec<(i64, i64)>,
}

/// A name ready for its columns.
struct Name {
    plain: Arc<str>,
    sealed: Option<Vec<u8>>,
    shown: Option<Arc<str>>,
    key: i64,
}

impl Name {
    fn of(seal: &SealKey, name: &Arc<str>, shown: Option<&Arc<str>>) -> Result<Self, Failed> {
        let key = name_key(seal, name);
        Ok(match shown {
            None => Self { plain: Arc::clone(name), sealed: None, shown: None, key },
            Some(shown) => {
                let sealed = seal.seal(name).map_err(|error| error.kind().clone())?;
                Self { plain: "".into(), sealed: Some(sealed), shown: Some(Arc::clone(shown)), key }
            }
        })
    }
}

/// By which a name is found in its folder, upper and lower case alike; 0 for none.
pub(super) fn name_key(seal: &SealKey, name: &str) -> i64 {
    if name.is_empty() { 0 } else { seal.index(&name.to_lowercase()) }
}

impl<'a> Taker<'a> {
    pub(super) fn new(desk: &'a Desk<'a>, of: ConnectorNumber, provider: Provider, origin: Origin) -> Self {
        Self { desk, of, provider, origin, principals: HashMap::new(), folders: HashMap::new(), tops: Vec::new() }
    }

    /// Takes in one item.
    pub(super) fn put(&mut self, listed: &Listed) -> Result<(Put, Seen), Failed> {
        let item = &listed.item;
        let stored = Stored::find(self.desk.tx, self.of, item.kind, &item.id)?;
        let principal = self.principal(&item.read_as)?;
        let parent = self.parent(item, principal)?;
        let facts = self.facts(listed, parent, principal);
        if stored.as_ref().is_some_and(|old| self.was_moved_away(old, item)) {
            let number = stored.as_ref().map_or(0, |old| old.number);
            return Ok((Put::unchanged(ItemNumber(number)), Seen::Repeated));
        }
        let repeated =
            stored.as_ref().is_some_and(|old| old.stands() && old.mark.is_some_and(|mark| mark >= self.origin.newer));
        let same_version = stored.as_ref().is_some_and(|old| old.version() == version(item));
        if let Some(old) = stored.as_ref().filter(|old| old.stands()) {
            // The tree of another collaborator: nothing of the item itself changed. Where paths tell places there is no such
            // thing, and a further telling may be of a move.
            let same_etag = item.etag.is_some() && old.etag.as_deref() == item.etag.as_deref();
            let other_tree = repeated && same_version && same_etag && self.origin.by == ListedBy::Pass;
            if old.facts == facts || other_tree {
                self.mark(old.number)?;
                return Ok((
                    Put::unchanged(ItemNumber(old.number)),
                    if repeated { Seen::Repeated } else { Seen::Unchanged },
                ));
            }
        }
        let put = self.write(listed, stored.as_ref(), parent, principal, facts)?;
        self.mark(put.number.0)?;
        let stood = stored.as_ref().is_some_and(Stored::stands);
        let seen = match (stood, same_version) {
            (false, _) => Seen::New,
            (true, false) => Seen::Changed,
            (true, true) if repeated => Seen::Repeated,
            (true, true) => Seen::Unchanged,
        };
        Ok((put, seen))
    }

    /// True for a deleted revision of something that is there in another namespace: it was moved away before, and who looked
    /// at the place it left could not see where it is. Where it is tells of its own deletion.
    fn was_moved_away(&self, old: &Stored, item: &Item) -> bool {
        let is_there = old.stands() && !old.trashed;
        self.provider == Provider::Dropbox && is_there && item.trashed.is_some() && old.place != *item.place
    }

    fn write(
        &mut self,
        listed: &Listed,
        stored: Option<&Stored>,
        parent: i64,
        principal: i64,
        facts: i64,
    ) -> Result<Put, Failed> {
        let (desk, item) = (self.desk, &listed.item);
        let name = Name::of(desk.seal, &item.name, listed.shown.as_ref())?;
        let moved_in = stored.is_none_or(|old| old.gone || old.parent != Some(parent) || old.name_key != name.key);
        let stub = if stored.is_none() { self.path_stub(item, parent, name.key)? } else { None };
        if moved_in && item.parent.is_none() && item.trashed.is_none() {
            self.make_room(parent, name.key, stub.or(stored.map(|old| old.number)))?;
        }
        let known = stored.map(|old| old.number).or(stub);
        let number = write_row(desk, self.of, known, listed, &name, parent, principal, facts)?;
        let linked = sharing::keep_listed_link(desk, self.of, ItemNumber(number), item)?;
        let placed = known.is_none() && sharing::place_links(desk, self.of, ItemNumber(number), &item.id)?;
        let content = standing::listed(
            desk.tx,
            desk.now,
            ItemNumber(number),
            &standing::Facts {
                connector: self.of,
                kind: item.kind,
                name_shown: listed.shown.as_deref().unwrap_or(&item.name),
                bytes: item.size_bytes,
                version: item.version.as_deref(),
            },
        )?;
        let stood = stored.filter(|old| old.stands());
        let unshared = stood.is_some_and(|old| old.has_members && !item.has_members)
            && sharing::nobody_any_more(desk, self.of, ItemNumber(number))?;
        let moved = linked
            || placed
            || unshared
            || stood.is_none_or(|old| {
                old.parent != Some(parent)
                    || old.outside_owner != item.outside_owner
                    || old.trashed != item.trashed.is_some()
            });
        let asks_members = item.has_members && !(self.provider == Provider::Dropbox && item.kind == ItemKind::Folder);
        let shared = asks_members
            && stood.is_none_or(|old| {
                !old.has_members
                    || old.etag.as_deref() != item.etag.as_deref()
                    || old.outside_owner != item.outside_owner
            });
        let renamed = stood.is_some_and(|old| old.name_key != name.key);
        let (new, was_known) = (stood.is_none(), known.is_some());
        Ok(Put { number: ItemNumber(number), new, was_known, content, shared, moved, renamed })
    }

    /// Notes that the item was told just now.
    fn mark(&self, number: i64) -> Result<(), Failed> {
        let sql = "INSERT INTO listed (item, walk, mark) VALUES (?1, ?2, ?3) \
                   ON CONFLICT (item) DO UPDATE SET walk = excluded.walk, mark = excluded.mark";
        // Who only looked at an item does not take it away from the walk that lists it.
        let looked = "INSERT INTO listed (item, walk, mark) VALUES (?1, ?2, ?3) \
                      ON CONFLICT (item) DO UPDATE SET mark = excluded.mark";
        let sql = if self.origin.by == ListedBy::Look { looked } else { sql };
        self.desk.tx.prepare_cached(sql)?.execute((number, self.origin.walk, self.origin.mark))?;
        Ok(())
    }

    fn principal(&mut self, who: &Principal) -> Result<i64, Failed> {
        if let Some(number) = self.principals.get(who) {
            return Ok(*number);
        }
        let number = principal_number(self.desk.tx, self.of, who)?;
        self.principals.insert(who.clone(), number);
        Ok(number)
    }

    /// The folder an item lies in; made as a stub when nothing has told of it.
    fn parent(&mut self, item: &Item, principal: i64) -> Result<i64, Failed> {
        match (&item.parent, &item.path) {
            (Some(parent), _) if &**parent == "0" => self.top(&item.place, principal),
            (Some(parent), _) => {
                let key = (Arc::from(""), Arc::clone(parent));
                if let Some(number) = self.folders.get(&key) {
                    return Ok(*number);
                }
                let stub = Stub { kind: ItemKind::Folder, id: parent, place: &item.place, principal, by_child: true };
                let (number, _) = make_stub(self.desk, self.of, &stub)?;
                self.folders.insert(key, number);
                Ok(number)
            }
            (None, Some(path)) => {
                let above = path.rfind('/').map_or("", |cut| path.get(..cut).unwrap_or_default());
                self.folder_at(&item.place, above, principal)
            }
            (None, None) => self.top(&item.place, principal),
        }
    }

    /// The top of a tree or namespace.
    fn top(&mut self, place: &Arc<str>, principal: i64) -> Result<i64, Failed> {
        let key = (Arc::clone(place), Arc::from(""));
        if let Some(number) = self.folders.get(&key) {
            return Ok(*number);
        }
        let (number, made) = make_top(self.desk, self.of, self.provider, place, principal)?;
        if made {
            self.tops.push((number, principal));
        }
        self.folders.insert(key, number);
        Ok(number)
    }

    /// The folder at a path of a place, those above it first.
    fn folder_at(&mut self, place: &Arc<str>, path: &str, principal: i64) -> Result<i64, Failed> {
        let mut at = self.top(place, principal)?;
        let key = |path: &str| (Arc::clone(place), Arc::from(path.to_lowercase()));
        if let Some(number) = self.folders.get(&key(path)) {
            return Ok(*number);
        }
        let mut upto = 0;
        for name in path.split('/') {
            upto += name.len();
            if !name.is_empty() {
                let here = key(path.get(..upto).unwrap_or(path));
                at = match self.folders.get(&here) {
                    Some(number) => *number,
                    None => self.folder_named(at, name, place, principal)?,
                };
                self.folders.insert(here, at);
            }
            upto += 1;
        }
        Ok(at)
    }

    /// The folder of that name in another; a stub when nothing has told of it. Its name is sealed: who told only of what lies
    /// below did not say whether it may be shown.
    fn folder_named(&mut self, parent: i64, name: &str, place: &str, principal: i64) -> Result<i64, Failed> {
        let desk = self.desk;
        let key = name_key(desk.seal, name);
        let sql = "SELECT number FROM item WHERE parent = ?1 AND name_key = ?2 AND kind = 1 AND gone IS NULL \
                   AND trashed IS NULL ORDER BY number LIMIT 1";
        let known: Option<i64> = desk.tx.prepare_cached(sql)?.query_row((parent, key), |row| row.get(0)).optional()?;
        if let Some(known) = known {
            return Ok(known);
        }
        let id = path_stub_id(parent, key);
        let (number, _) =
            make_stub(desk, self.of, &Stub { kind: ItemKind::Folder, id: &id, place, principal, by_child: true })?;
        let sealed = desk.seal.seal(name).map_err(|error| error.kind().clone())?;
        let sql = "UPDATE item SET parent = ?2, sealed = ?3, shown = '…', name_key = ?4, gone = NULL WHERE number = ?1";
        desk.tx.prepare_cached(sql)?.execute(params![number, parent, sealed, key])?;
        Ok(number)
    }

    /// The stub that stands for a folder that is told now for the first time.
    fn path_stub(&self, item: &Item, parent: i64, key: i64) -> Result<Option<i64>, Failed> {
        if item.kind != ItemKind::Folder || item.parent.is_some() {
            return Ok(None);
        }
        super::find_in(self.desk.tx, self.of, ItemKind::Folder, &path_stub_id(parent, key))
            .map(|found| found.map(|number| number.0))
    }

    /// Where paths tell places, what lay at an item's path before is there no more, with everything below it.
    fn make_room(&self, parent: i64, key: i64, but: Option<i64>) -> Result<(), Failed> {
        let sql = "SELECT number FROM item WHERE parent = ?1 AND name_key = ?2 AND gone IS NULL AND trashed IS NULL";
        let mut statement = self.desk.tx.prepare_cached(sql)?;
        let there: Vec<i64> = statement.query_map((parent, key), |row| row.get(0))?.collect::<Result<_, _>>()?;
        for number in there.into_iter().filter(|number| Some(*number) != but) {
            gone::with_all_below(self.desk, ItemNumber(number), &gone::Except::default())?;
        }
        Ok(())
    }

    /// Jobs for tops that were made: who can reach a namespace is asked for once it is known.
    pub(super) fn take_tops(&mut self) -> Vec<(i64, i64)> {
        std::mem::take(&mut self.tops)
    }

    /// A keyed hash over all that was told.
    fn facts(&self, listed: &Listed, parent: i64, principal: i64) -> i64 {
        use std::fmt::Write;
        let item = &listed.item;
        let mut told = String::with_capacity(256);
        let ms = |at: Option<Moment>| at.map_or(i64::MIN, Moment::as_millis);
        let mut text = |text: Option<&str>| {
            told.push_str(text.unwrap_or("\u{1}"));
            told.push('\0');
        };
        let owner = item.owner.as_ref();
        text(Some(&item.name));
        text(listed.shown.as_deref());
        text(Some(&item.place));
        text(item.version.as_deref());
        text(item.etag.as_deref());
        text(owner.and_then(|owner| owner.account.as_deref()));
        text(owner.and_then(|owner| owner.login.as_deref()));
        text(item.label.as_deref());
        text(download_text(&item.download));
        text(item.link.as_ref().and_then(|link| link.url.as_deref()));
        let link = item.link.as_ref().map(|link| (link.audience, link.password, ms(link.expires), link.download));
        let flags = (item.outside_owner, item.has_members, item.locked);
        let numbers = (parent, principal, item.size_bytes, ms(item.created), ms(item.modified), ms(item.trashed));
        // Writing into a string cannot fail.
        let _ = write!(told, "{link:?}{flags:?}{numbers:?}{:?}", item.hash);
        self.desk.seal.index(&told)
    }
}

/// What must be done for an item that was taken in.
pub(super) fn todo_of(put: &Put, item: &Item) -> Todo {
    let mut todo = Todo::NONE;
    if put.content {
        todo = todo.and(Todo::CONTENT);
    }
    if put.shared {
        todo = todo.and(Todo::SHARING);
    } else if put.moved || put.renamed {
        todo = todo.and(Todo::EXPOSURE);
    }
    if put.moved && put.was_known && item.kind == ItemKind::Folder {
        todo = todo.and(Todo::BELOW);
    }
    todo
}

/// An ask for an item that a page brought.
pub(super) fn ask_for(put: &Put, todo: Todo, lane: Lane, offered: Option<Moment>, item: &Item) -> Ask {
    let happened = offered.and(item.modified);
    Ask { item: put.number, lane, todo, priority: 0, offered, happened }
}

fn version(item: &Item) -> Option<&str> {
    item.version.as_deref().or(item.etag.as_deref())
}

fn path_stub_id(parent: i64, key: i64) -> String {
    format!("path:{parent}:{key:016x}")
}

/// A stub to be made.
pub(super) struct Stub<'a> {
    pub(super) kind: ItemKind,
    pub(super) id: &'a str,
    pub(super) place: &'a str,
    pub(super) principal: i64,
    /// Only what lies below names it: it is counted and listed once it is told itself.
    pub(super) by_child: bool,
}

/// The item of that id, gone or not; a stub when there is none.
pub(super) fn make_stub(desk: &Desk<'_>, of: ConnectorNumber, stub: &Stub<'_>) -> Result<(i64, bool), Failed> {
    if let Some(known) = super::find_in(desk.tx, of, stub.kind, stub.id)? {
        return Ok((known.0, false));
    }
    let kind = kind_number(stub.kind);
    let bare = Bare { kind, id: stub.id, place: stub.place, principal: stub.principal };
    if stub.by_child {
        return Ok((insert_bare(desk, of, &bare, 2, false)?, true));
    }
    let number = insert_bare(desk, of, &bare, 1, false)?;
    let facts = standing::Facts { connector: of, kind: stub.kind, name_shown: "", bytes: 0, version: None };
    standing::listed(desk.tx, desk.now, ItemNumber(number), &facts)?;
    Ok((number, true))
}

/// Homes of Dropbox: a path within one begins with nothing, as on a person's own machine.
const HOMES: [&str; 2] = ["team_member_folder", "team_member_root"];

/// A team folder or shared folder of Dropbox gives its name to the paths within it; the walk tells that name as it may be
/// shown.
pub(super) fn name_top(desk: &Desk<'_>, of: ConnectorNumber, walk: &Walk) -> Result<(), Failed> {
    if !walk.id.starts_with("ns:") || walk.path.is_empty() || HOMES.contains(&&*walk.kind) {
        return Ok(());
    }
    let sql = "UPDATE item SET name = ?3 WHERE connector = ?1 AND kind = 3 AND id = ?2 AND name <> ?3";
    let name = walk.path.trim_start_matches('/');
    desk.tx.prepare_cached(sql)?.execute((of.0, &*walk.place, name))?;
    Ok(())
}

/// The top of a place; true when it was made.
pub(super) fn make_top(
    desk: &Desk<'_>,
    of: ConnectorNumber,
    provider: Provider,
    place: &str,
    principal: i64,
) -> Result<(i64, bool), Failed> {
    if let Some(known) = super::top_in(desk.tx, of, place)? {
        return Ok((known.0, false));
    }
    // A namespace has members to be asked for; a user's own tree has none.
    let has_members = provider == Provider::Dropbox;
    let bare = Bare { kind: TOP, id: place, place, principal };
    Ok((insert_bare(desk, of, &bare, 1, has_members)?, true))
}

/// A row of which little is known.
struct Bare<'a> {
    kind: i64,
    id: &'a str,
    place: &'a str,
    principal: i64,
}

fn insert_bare(
    desk: &Desk<'_>,
    of: ConnectorNumber,
    bare: &Bare<'_>,
    stub: i64,
    has_members: bool,
) -> Result<i64, Failed> {
    let sql = "INSERT INTO item (connector, kind, id, place, principal, name, name_key, stub, size_bytes, outside_owner, \
               has_members, has_link, locked, facts, first_seen, changed) \
               VALUES (?1, ?2, ?3, ?4, ?5, '', 0, ?6, 0, 0, ?7, 0, 0, 0, ?8, ?8)";
    let Bare { kind, id, place, principal } = bare;
    let row = params![of.0, kind, id, place, principal, stub, has_members, desk.now.as_millis()];
    desk.tx.prepare_cached(sql)?.execute(row)?;
    Ok(desk.tx.last_insert_rowid())
}

#[expect(clippy::too_many_arguments, reason = "the columns of one row, each computed once by the only caller")]
fn write_row(
    desk: &Desk<'_>,
    of: ConnectorNumber,
    known: Option<i64>,
    listed: &Listed,
    name: &Name,
    parent: i64,
    principal: i64,
    facts: i64,
) -> Result<i64, Failed> {
    let item = &listed.item;
    let owner = item.owner.as_ref();
    let ms = |at: Option<Moment>| at.map(Moment::as_millis);
    // The same values in both statements: an update in place keeps the number, and touches no index that it need not.
    let sql = match known {
        Some(_) => {
            "UPDATE item SET connector = ?2, kind = ?3, id = ?4, parent = ?5, place = ?6, principal = ?7, name = ?8, \
             sealed = ?9, shown = ?10, name_key = ?11, stub = 0, size_bytes = ?12, version = ?13, etag = ?14, hash = ?15, \
             created = ?16, modified = ?17, owner_account = ?18, owner_login = ?19, outside_owner = ?20, \
             has_members = ?21, has_link = ?22, label = ?23, locked = ?24, trashed = ?25, download = ?26, facts = ?27, \
             changed = ?28, gone = NULL WHERE number = ?1"
        }
        None => {
            "INSERT INTO item (number, connector, kind, id, parent, place, principal, name, sealed, shown, name_key, stub, \
             size_bytes, version, etag, hash, created, modified, owner_account, owner_login, outside_owner, has_members, \
             has_link, label, locked, trashed, download, facts, first_seen, changed) \
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, 0, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21, \
             ?22, ?23, ?24, ?25, ?26, ?27, ?28, ?28)"
        }
    };
    let row = params![
        known,
        of.0,
        kind_number(item.kind),
        item.id,
        parent,
        item.place,
        principal,
        name.plain,
        name.sealed,
        name.shown,
        name.key,
        words::integer(item.size_bytes),
        item.version,
        item.etag,
        item.hash.as_ref().map(hash_bytes),
        ms(item.created),
        ms(item.modified),
        owner.and_then(|owner| owner.account.as_ref()),
        owner.and_then(|owner| owner.login.as_ref()),
        item.outside_owner,
        item.has_members,
        item.link.is_some(),
        item.label,
        item.locked,
        ms(item.trashed),
        download_text(&item.download),
        facts,
        desk.now.as_millis(),
    ];
    desk.tx.prepare_cached(sql)?.execute(row)?;
    Ok(known.unwrap_or_else(|| desk.tx.last_insert_rowid()))
}
