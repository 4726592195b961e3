//! The journal of a listing: one file that takes in pages durably and tells what they add up to.
//!
//! Each commit is one record (page, cursor and found walks together), so that a crash at any byte loses or keeps all of it.
//! File names are data: the journal holds ids, versions, sizes, hashes and what concerns sharing, but no name, path, address
//! of a link or person. After a resumption the paths of walks are therefore unknown and begin with `…`.

mod code;
mod log;
mod record;
mod seen;
mod state;
mod waiting;

pub use log::Sync;

use super::Ledger;
use crate::model::Item;
use crate::provider::{FeedCursor, Page, PageSink, Taken, Unwalked, Walk, Walks};
use log::Log;
use record::{Record, Rows};
use seen::{Bit, ByHash, Key, Seen};
use state::{DEPTH_MAX, Folder, State, item_key};
use std::fmt;
use std::io;
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Arc;

/// What stands for the beginning of a path that the journal does not hold.
const PATH_UNKNOWN: &str = "…";
/// A file below this is not worth clearing of stale rows.
const CLEAR_ABOVE_BYTES: u64 = 1 << 20;

/// A file-backed [`PageSink`] that resumes. See the module.
#[derive(Debug)]
pub struct Journal {
    connector: Arc<str>,
    log: Log,
    state: State,
    message: Option<String>,
}

/// What is known of a tenant, and what the present (or last) pass brought.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Files, each once.
    pub files: u64,
    /// Folders.
    pub folders: u64,
    /// Bookmarks of Box.
    pub web_links: u64,
    /// Bytes of the files, those in the trash too.
    pub bytes: u64,
    /// Items in the trash.
    pub trashed: u64,
    /// Items that another company owns.
    pub outside: u64,
    /// Files whose bytes can be had by export only.
    pub export_only: u64,
    /// What the pass brought.
    pub taken: Taken,
    /// Items that are there no more.
    pub gone: u64,
    /// Pages taken in.
    pub pages: u64,
    /// Walks begun.
    pub walks: u64,
}

impl Tally {
    /// Items of all kinds.
    #[must_use]
    pub fn items(&self) -> u64 {
        self.files + self.folders + self.web_links
    }

    fn add(&mut self, seen: &Seen) {
        self.count(seen, |sum, by| *sum += by);
    }

    fn subtract(&mut self, seen: &Seen) {
        self.count(seen, |sum, by| *sum = sum.saturating_sub(by));
    }

    fn count(&mut self, seen: &Seen, change: impl Fn(&mut u64, u64)) {
        let kind = match (seen.has(Bit::Folder), seen.has(Bit::WebLink)) {
            (true, _) => &mut self.folders,
            (_, true) => &mut self.web_links,
            _ => &mut self.files,
        };
        change(kind, 1);
        change(&mut self.bytes, seen.size_bytes());
        for (sum, bit) in [
            (&mut self.trashed, Bit::Trashed),
            (&mut self.outside, Bit::Outside),
            (&mut self.export_only, Bit::ExportOnly),
        ] {
            change(sum, u64::from(seen.has(bit)));
        }
    }
}

/// Where an item lies among the folders, as the journal numbers them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct At {
    /// The item's own number.
    pub(super) item: u64,
    /// Its folder.
    pub(super) folder: u64,
}

/// Takes the rows of one record that still hold, and the items' numbers.
type EachRows<'a> = dyn FnMut(&Ways<'_>, Rows, Vec<u64>) -> io::Result<()> + 'a;

/// The folders of the tree, for the ways up.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ways<'a> {
    folders: &'a ByHash<Folder>,
}

impl Ways<'_> {
    /// The numbers of the folders from `folder` on upwards: each by its own number as an item, and by the one its members
    /// name in [`At::folder`], which is the only one of a namespace's top.
    pub(super) fn up(self, folder: u64) -> impl Iterator<Item = u64> {
        let folders = self.folders;
        let way = std::iter::successors(Some(folder), |at| folders.get(at).map(|folder| folder.parent));
        way.take(DEPTH_MAX).flat_map(|at| [folders.get(&at).map(|folder| folder.key), Some(at)].into_iter().flatten())
    }
}

impl Journal {
    /// Opens or makes the journal of this connector, and reads it again.
    ///
    /// # Errors
    /// When the file cannot be used, is another connector's or another program's, or is in use by another process.
    pub fn open(path: &Path, connector: &str, sync: Sync) -> io::Result<Self> {
        let mut state: Option<State> = None;
        let (log, torn) =
            Log::open(path, sync, record::BEGINNING, &mut |payload| replay(&mut state, payload, connector, path))?;
        let message = (torn > 0).then(|| {
            let path = path.display();
            format!("{path} was cut off within a record ({torn} bytes dropped); those pages are listed again")
        });
        let connector: Arc<str> = connector.into();
        if let Some(state) = state {
            return Ok(Self { connector, log, state, message });
        }
        let mut key = [0; 16];
        getrandom::fill(&mut key).map_err(io::Error::other)?;
        let mut journal = Self { connector, log, state: State::new(Key(key)), message };
        journal.take(journal.head())?;
        journal.log.sync()?;
        Ok(journal)
    }

    /// What to tell a person about the opening: a torn end that was cut.
    #[must_use]
    pub fn message(&self) -> Option<&str> {
        self.message.as_deref()
    }

    /// The number of the present or last pass, from 1; 0 before the first.
    #[must_use]
    pub fn pass(&self) -> u32 {
        self.state.pass
    }

    /// True while a pass is not at its end.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.state.open
    }

    /// Positions of the change feeds as they were before the first listing, or as they were last kept.
    #[must_use]
    pub fn feeds(&self) -> &[FeedCursor] {
        &self.state.feeds
    }

    /// Keeps positions of the change feeds.
    ///
    /// # Errors
    /// When they could not be made durable.
    pub fn keep_feeds(&mut self, feeds: Vec<FeedCursor>) -> io::Result<()> {
        self.take(Record::Feeds(feeds))?;
        self.log.sync()
    }

    /// Begins a pass. A walk that an earlier pass ended with a cursor goes on from there.
    ///
    /// # Errors
    /// When it could not be made durable.
    pub fn begin(&mut self, walks: Walks) -> io::Result<()> {
        let Walks { walks, holes, used_bytes } = walks;
        self.take(Record::Began { walks, holes, used_bytes })?;
        self.log.sync()
    }

    /// The next walk to ask a page of, or `None` when all others are under way or at their end. It counts as under way
    /// until it is committed, restarted, given up or put back.
    pub fn next_walk(&mut self) -> Option<Walk> {
        self.state.waiting.take().map(|(_, walk)| walk)
    }

    /// A walk waits again as it was, its page not having come.
    pub fn put_back(&mut self, walk: &Walk) {
        if let Some(number) = self.state.number_of(&walk.id) {
            self.state.waiting.rest(number, walk.cursor.clone());
        }
    }

    /// Walks that are not at their end.
    #[must_use]
    pub fn walks_left(&self) -> u64 {
        u64::try_from(self.state.waiting.len()).unwrap_or(u64::MAX)
    }

    /// Ends the pass: what was not listed again is gone, except where a hole hides it. Clears the file when much of it is
    /// stale.
    ///
    /// # Errors
    /// When it could not be made durable.
    pub fn finish(&mut self) -> io::Result<()> {
        self.take(Record::Ended)?;
        self.log.sync()?;
        let stale = self.state.stale;
        if self.log.bytes() > CLEAR_ABOVE_BYTES && stale > self.tally().items() / 2 {
            self.clear()?;
        }
        Ok(())
    }

    /// What is known, and what the pass brought.
    #[must_use]
    pub fn tally(&self) -> Tally {
        let count = self.state.count;
        let (taken, gone, pages, walks) = (count.taken, count.gone, count.pages, count.walks);
        Tally { taken, gone, pages, walks, ..self.state.tally }
    }

    /// What the present or last pass could not walk. Names are there only for those of this run.
    #[must_use]
    pub fn holes(&self) -> &[Unwalked] {
        &self.state.holes
    }

    /// Bytes the provider itself counts, as told when the pass began.
    #[must_use]
    pub fn used_bytes(&self) -> Option<u64> {
        self.state.used_bytes
    }

    /// Cursors at the ends of the walks, where changes go on from (Dropbox namespaces).
    #[must_use]
    pub fn cursors(&self) -> Vec<Walk> {
        self.state.cursors()
    }

    /// Hands every known item to `each`, once, in the order they were first listed, until it breaks. Items come without
    /// name, path, owner and times.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn items(&mut self, each: &mut dyn FnMut(Item) -> ControlFlow<()>) -> io::Result<()> {
        self.rows(&mut |_, item, _| each(item))
    }

    /// As [`Journal::items`], with the place among the folders.
    pub(super) fn rows(&mut self, each: &mut dyn FnMut(&Ways<'_>, Item, At) -> ControlFlow<()>) -> io::Result<()> {
        let mut over = false;
        self.live_rows(&mut |ways, rows, keys| {
            for (row, key) in rows.rows.into_iter().zip(keys) {
                over = over || each(ways, row.item, At { item: key, folder: row.spot.parent }).is_break();
            }
            Ok(())
        })
    }

    /// The number of a namespace's top folder.
    pub(super) fn top_of(&self, place: &str) -> u64 {
        self.state.path_node(place, "")
    }

    /// The number of an item.
    pub(super) fn item_number(&self, kind: crate::model::ItemKind, id: &str) -> u64 {
        item_key(self.state.key, kind, id)
    }

    /// True when that item is known.
    pub(super) fn knows(&self, item: u64) -> bool {
        self.state.seen.get(item).is_some()
    }

    /// Writes a record and applies it.
    fn take(&mut self, record: Record) -> io::Result<Taken> {
        self.log.append(&record.write())?;
        Ok(self.state.apply(record))
    }

    /// Reads the rows that still hold, each item once, together with their keys.
    fn live_rows(&mut self, each: &mut EachRows<'_>) -> io::Result<()> {
        let (seen, hash) = (&mut self.state.seen, self.state.key);
        let ways = Ways { folders: &self.state.folders };
        let read = self.log.read(&mut |payload| {
            let mut rows = match Record::read(payload).ok_or_else(unreadable)? {
                Record::Page(page) => page.rows,
                Record::Kept(rows) => rows,
                _ => return Ok(()),
            };
            let mut keys = Vec::new();
            rows.rows.retain(|row| {
                let key = item_key(hash, row.item.kind, &row.item.id);
                let live = seen.get_mut(key).filter(|seen| seen.facts == row.facts && !seen.has(Bit::Told));
                live.map(|seen| seen.set(Bit::Told, true)).map(|()| keys.push(key)).is_some()
            });
            each(&ways, rows, keys)
        });
        seen.each_mut().for_each(|seen| seen.set(Bit::Told, false));
        read
    }

    /// Writes a fresh file without what was replaced, and puts it in the old one's place.
    fn clear(&mut self) -> io::Result<()> {
        let mut fresh = self.log.beside()?;
        fresh.append(&self.head().write())?;
        fresh.append(&Record::Feeds(self.state.feeds.clone()).write())?;
        let cleared = Record::Cleared {
            pass: self.state.pass,
            cursors: self.state.cursors(),
            found: self.state.found(),
            holes: self.state.holes.clone(),
            used_bytes: self.state.used_bytes,
            count: self.state.count,
        };
        fresh.append(&cleared.write())?;
        self.live_rows(&mut |_, rows, _| match rows.rows.is_empty() && rows.chain.is_empty() {
            true => Ok(()),
            false => fresh.append(&Record::Kept(rows).write()),
        })?;
        self.state.stale = 0;
        self.log.replace(fresh)
    }

    /// Clears the file whatever its size.
    #[cfg(test)]
    pub(super) fn clear_now(&mut self) {
        self.clear().expect("the file can be cleared");
    }

    fn head(&self) -> Record {
        Record::Head { key: self.state.key, connector: Arc::clone(&self.connector) }
    }
}

impl PageSink for Journal {
    fn commit(&mut self, walk: &Walk, page: Page) -> io::Result<Taken> {
        let record = self.state.prepare(walk, page);
        self.take(Record::Page(record))
    }

    fn restart(&mut self, walk: &Walk) -> io::Result<()> {
        self.take(Record::Restarted(self.state.walk_hash(&walk.id))).map(drop)
    }

    fn give_up(&mut self, walk: &Walk, hole: Unwalked) -> io::Result<()> {
        self.take(Record::GaveUp(self.state.walk_hash(&walk.id), hole)).map(drop)
    }
}

impl Journal {
    /// Makes everything durable that [`Sync::Pages`] let wait.
    ///
    /// # Errors
    /// When the file cannot be synced.
    pub fn sync(&mut self) -> io::Result<()> {
        self.log.sync()
    }
}

/// Applies a record of the file; the first must be the head.
fn replay(state: &mut Option<State>, payload: &[u8], connector: &str, path: &Path) -> io::Result<()> {
    let refuse = |why: fmt::Arguments<'_>| Err(io::Error::other(format!("{}: {why}", path.display())));
    match (state.as_mut(), Record::read(payload)) {
        (None, Some(Record::Head { key, connector: of })) if *of == *connector => *state = Some(State::new(key)),
        (None, Some(Record::Head { connector: of, .. })) => {
            return refuse(format_args!("this is the journal of the connector {of}, not of {connector}"));
        }
        (Some(state), Some(record)) => {
            state.apply(record);
        }
        _ => return refuse(format_args!("this is no journal that this version of sluicebox wrote")),
    }
    Ok(())
}

fn unreadable() -> io::Error {
    io::Error::other("a record cannot be read")
}

/// The driver's view of the journal: what it does is said at the methods of the same names.
impl Ledger for Journal {
    fn has_feeds(&self) -> bool {
        !self.feeds().is_empty()
    }

    fn keep_feeds(&mut self, feeds: Vec<FeedCursor>) -> io::Result<()> {
        self.keep_feeds(feeds)
    }

    fn is_open(&self) -> bool {
        self.is_open()
    }

    fn begin(&mut self, walks: Walks) -> io::Result<()> {
        self.begin(walks)
    }

    fn next_walk(&mut self) -> io::Result<Option<Walk>> {
        Ok(self.next_walk())
    }

    fn put_back(&mut self, walk: &Walk) {
        self.put_back(walk);
    }

    fn walks_left(&self) -> u64 {
        self.walks_left()
    }

    fn sync(&mut self) -> io::Result<()> {
        self.sync()
    }

    fn finish(&mut self) -> io::Result<()> {
        self.finish()
    }

    fn pass(&self) -> u32 {
        self.pass()
    }

    fn tally(&self) -> Tally {
        self.tally()
    }

    fn holes_count(&self) -> u64 {
        u64::try_from(self.holes().len()).unwrap_or(u64::MAX)
    }

    fn holes(&self) -> io::Result<Vec<Unwalked>> {
        Ok(self.holes().to_vec())
    }

    fn used_bytes(&self) -> Option<u64> {
        self.used_bytes()
    }
}
