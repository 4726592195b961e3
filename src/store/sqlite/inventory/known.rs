//! Items as they are read: their rows, and the names above them put together.

use super::super::connectors::principal_of;
use super::super::{Failed, words};
use super::{DEPTH_MAX, TOP, sharing};
use crate::clock::Moment;
use crate::model::{ConnectorNumber, ContentHash, Download, Item, ItemKind, ItemNumber, Owner, Provider};
use crate::store::SealKey;
use crate::store::inventory::{Above, Known};
use crate::store::verdicts::ReadingNumber;
use rusqlite::{Connection, OptionalExtension, Row};
use std::collections::HashMap;
use std::sync::Arc;

/// What stands for a name that nothing has told yet.
const UNTOLD: &str = "…";

pub(super) const COLUMNS: &str = "i.number, i.connector, i.kind, i.id, i.parent, i.place, i.name, i.sealed, i.shown, i.stub, \
     i.size_bytes, i.version, i.etag, i.hash, i.created, i.modified, i.owner_account, i.owner_login, i.outside_owner, \
     i.has_members, i.has_link, i.label, i.locked, i.trashed, i.download, i.first_seen, i.changed, i.gone, \
     p.kind AS reader_kind, p.id AS reader_id, c.provider, \
     s.level, s.level_known, s.level_until, s.coverage, s.reading, s.reused, s.judged_version";

pub(super) const TABLES: &str = "item i JOIN principal p ON p.number = i.principal JOIN connector c ON c.number = i.connector \
     LEFT JOIN standing s ON s.item = i.number";

/// Reads items; remembers the folders it met, so that a page of neighbours costs each folder once.
pub(in super::super) struct Reader<'a> {
    tx: &'a Connection,
    seal: &'a SealKey,
    folders: HashMap<i64, Folder>,
}

/// A folder on the way up.
#[derive(Clone)]
struct Folder {
    id: Arc<str>,
    is_top: bool,
    /// From the top to it.
    path: Arc<str>,
    shown: Arc<str>,
}

/// Folders that are remembered at most.
const FOLDERS_MAX: usize = 50_000;

impl<'a> Reader<'a> {
    pub(in super::super) fn new(tx: &'a Connection, seal: &'a SealKey) -> Self {
        Self { tx, seal, folders: HashMap::new() }
    }

    /// The item of that number.
    pub(in super::super) fn item(&mut self, number: ItemNumber) -> Result<Option<Known>, Failed> {
        let sql = format!("SELECT {COLUMNS} FROM {TABLES} WHERE i.number = ?1");
        let mut statement = self.tx.prepare_cached(&sql)?;
        let mut rows = statement.query([number.0])?;
        rows.next()?.map(|row| self.known(row)).transpose()
    }

    /// An item from a row of [`COLUMNS`].
    pub(super) fn known(&mut self, row: &Row<'_>) -> Result<Known, Failed> {
        let number = ItemNumber(row.get("number")?);
        let is_top = row.get::<_, i64>("kind")? == TOP;
        let parent: Option<i64> = row.get("parent")?;
        let above = parent.map(|parent| self.folder(parent, DEPTH_MAX)).transpose()?;
        let (name, shown) = self.names(row)?;
        let unplaced = above.is_none() && !is_top;
        let path = (!unplaced && (is_top || !name.is_empty())).then(|| below(above.as_ref().map(|f| &*f.path), &name));
        let shown_path = if name.is_empty() { Arc::from("") } else { below(above.as_ref().map(|f| &*f.shown), &shown) };
        let item = self.listed(row, number, name, path, above)?;
        let level: Option<i64> = row.get("level")?;
        let known: Option<bool> = row.get("level_known")?;
        Ok(Known {
            number,
            connector: ConnectorNumber(row.get("connector")?),
            item,
            shown: shown_path,
            parent: parent.map(ItemNumber),
            is_top,
            first_seen: Moment::from_millis(row.get("first_seen")?),
            changed: Moment::from_millis(row.get("changed")?),
            gone: moment(row, "gone")?,
            exposure: words::judged(level.unwrap_or(words::UNTOLD), known.unwrap_or(false), row.get("level_until")?)?,
            coverage: words::coverage_or_waits(row.get::<_, Option<String>>("coverage")?.as_deref())?,
            reading: row.get::<_, Option<i64>>("reading")?.map(ReadingNumber),
            reused: row.get::<_, Option<bool>>("reused")?.unwrap_or(false),
            judged_version: text(row, "judged_version")?,
        })
    }

    fn listed(
        &self,
        row: &Row<'_>,
        number: ItemNumber,
        name: Arc<str>,
        path: Option<Arc<str>>,
        above: Option<Folder>,
    ) -> Result<Item, Failed> {
        let owner = Owner { account: text(row, "owner_account")?, login: text(row, "owner_login")? };
        let has_link: bool = row.get("has_link")?;
        let is_box = row.get::<_, i64>("provider")? == Provider::Box as i64;
        // On Dropbox the path says where an item lies, and each Box user's own root is called 0.
        let parent = above.filter(|_| is_box).map(|above| if above.is_top { Arc::from("0") } else { above.id });
        Ok(Item {
            id: required(row, "id")?,
            kind: kind_of(row.get("kind")?)?,
            name,
            parent,
            path,
            place: required(row, "place")?,
            read_as: principal_of(row, "reader_kind", "reader_id")?,
            size_bytes: words::count(row.get("size_bytes")?),
            version: text(row, "version")?,
            etag: text(row, "etag")?,
            hash: row.get::<_, Option<Vec<u8>>>("hash")?.as_deref().and_then(hash_of),
            created: moment(row, "created")?,
            modified: moment(row, "modified")?,
            owner: (owner != Owner::default()).then_some(owner),
            outside_owner: row.get("outside_owner")?,
            link: if has_link { sharing::listed_link(self.tx, self.seal, number)? } else { None },
            has_members: row.get("has_members")?,
            label: text(row, "label")?,
            locked: row.get("locked")?,
            trashed: moment(row, "trashed")?,
            download: download_of(row.get("download")?),
        })
    }

    /// A row's name, raw and as it may be shown.
    fn names(&self, row: &Row<'_>) -> Result<(Arc<str>, Arc<str>), Failed> {
        let name: Arc<str> = required(row, "name")?;
        let Some(sealed) = row.get::<_, Option<Vec<u8>>>("sealed")? else { return Ok((Arc::clone(&name), name)) };
        let raw = self.seal.open(&sealed).map_err(|error| error.kind().clone())?;
        Ok((raw.into(), text(row, "shown")?.unwrap_or_default()))
    }

    /// A folder and the names above it. Folders lie no deeper than `depth`; a longer way up is a circle.
    fn folder(&mut self, number: i64, depth: usize) -> Result<Folder, Failed> {
        if let Some(known) = self.folders.get(&number) {
            return Ok(known.clone());
        }
        let mut way = Vec::new();
        let mut at = Some(number);
        let mut above = None;
        while let Some(number) = at.filter(|_| way.len() < depth) {
            if let Some(known) = self.folders.get(&number) {
                above = Some(known.clone());
                break;
            }
            let Some((parent, step)) = self.step(number)? else { break };
            way.push((number, step));
            at = parent;
        }
        if self.folders.len() > FOLDERS_MAX {
            self.folders.clear();
        }
        for (number, step) in way.into_iter().rev() {
            let folder = Folder {
                path: below(above.as_ref().map(|above: &Folder| &*above.path), &step.path),
                shown: below(above.as_ref().map(|above| &*above.shown), &step.shown),
                ..step
            };
            self.folders.insert(number, folder.clone());
            above = Some(folder);
        }
        Ok(above.unwrap_or(Folder { id: "".into(), is_top: false, path: UNTOLD.into(), shown: UNTOLD.into() }))
    }

    /// One folder by itself, and its parent.
    fn step(&self, number: i64) -> Result<Option<(Option<i64>, Folder)>, Failed> {
        let sql = "SELECT id, kind, parent, name, sealed, shown FROM item WHERE number = ?1";
        let mut statement = self.tx.prepare_cached(sql)?;
        let mut rows = statement.query([number])?;
        let Some(row) = rows.next()? else { return Ok(None) };
        let is_top = row.get::<_, i64>("kind")? == TOP;
        let (name, shown) = self.names(row)?;
        let or_untold = |name: Arc<str>| if name.is_empty() && !is_top { UNTOLD.into() } else { name };
        let folder = Folder { id: required(row, "id")?, is_top, path: or_untold(name), shown: or_untold(shown) };
        Ok(Some((row.get("parent")?, folder)))
    }

    /// The folders above an item, nearest first.
    pub(super) fn above(&self, item: ItemNumber) -> Result<Vec<Above>, Failed> {
        let sql = "SELECT parent FROM item WHERE number = ?1";
        let parent_of = |number: i64| -> Result<Option<i64>, Failed> {
            Ok(self.tx.prepare_cached(sql)?.query_row([number], |row| row.get(0)).optional()?.flatten())
        };
        let mut all = Vec::new();
        let mut at = parent_of(item.0)?;
        while let Some(number) = at.filter(|_| all.len() < DEPTH_MAX) {
            let Some((parent, folder)) = self.step(number)? else { break };
            let name = folder.path;
            let own = sharing::read(self.tx, self.seal, ItemNumber(number))?.unwrap_or_default();
            all.push(Above { number: ItemNumber(number), id: folder.id, name, sharing: Arc::new(own) });
            at = parent;
        }
        Ok(all)
    }
}

/// A name below a folder. A top has its name behind a stroke, or the empty path.
fn below(above: Option<&str>, name: &str) -> Arc<str> {
    match above {
        None if name.is_empty() || name == UNTOLD => name.into(),
        above => format!("{}/{name}", above.unwrap_or_default()).into(),
    }
}

fn required(row: &Row<'_>, column: &str) -> Result<Arc<str>, Failed> {
    Ok(row.get::<_, String>(column)?.into())
}

fn text(row: &Row<'_>, column: &str) -> Result<Option<Arc<str>>, Failed> {
    Ok(row.get::<_, Option<String>>(column)?.map(Into::into))
}

fn moment(row: &Row<'_>, column: &str) -> Result<Option<Moment>, Failed> {
    Ok(row.get::<_, Option<i64>>(column)?.map(Moment::from_millis))
}

/// A kind for a column; [`TOP`] is the store's own.
pub(super) fn kind_number(kind: ItemKind) -> i64 {
    match kind {
        ItemKind::File => 0,
        ItemKind::Folder => 1,
        ItemKind::WebLink => 2,
    }
}

fn kind_of(number: i64) -> Result<ItemKind, Failed> {
    match number {
        0 => Ok(ItemKind::File),
        1 | TOP => Ok(ItemKind::Folder),
        2 => Ok(ItemKind::WebLink),
        _ => Err(words::strange("item")),
    }
}

/// A provider's hash for a column: its length tells which it is.
pub(super) fn hash_bytes(hash: &ContentHash) -> &[u8] {
    match hash {
        ContentHash::Sha1(bytes) => bytes,
        ContentHash::Blocks(bytes) => bytes,
    }
}

fn hash_of(bytes: &[u8]) -> Option<ContentHash> {
    let sha1 = bytes.try_into().ok().map(ContentHash::Sha1);
    sha1.or_else(|| bytes.try_into().ok().map(ContentHash::Blocks))
}

/// How the bytes are had, for a column.
pub(super) fn download_text(download: &Download) -> Option<&str> {
    match download {
        Download::Direct => Some(""),
        Download::Export(format) => Some(format),
        Download::None => None,
    }
}

fn download_of(text: Option<String>) -> Download {
    match text {
        None => Download::None,
        Some(format) if format.is_empty() => Download::Direct,
        Some(format) => Download::Export(format.into()),
    }
}
