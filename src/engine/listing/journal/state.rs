//! What the journal's records add up to. Living and reading again take the same way: a record is written, then applied;
//! after a crash the records that were written are applied once more.

use super::record::{PageRecord, Record, Row, Rows, facts};
use super::seen::{Bit, ByHash, Key, Seen, Table};
use super::waiting::Waiting;
use super::{PATH_UNKNOWN, Tally};
use crate::model::{Download, Item, ItemKind};
use crate::provider::{FeedCursor, GonePath, Onward, Page, Taken, Unwalked, Walk, WhyUnwalked};
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

/// Folders lie no deeper than this; a longer way up is a circle.
pub(super) const DEPTH_MAX: usize = 1_000;

/// Where an item lies: its folder, and itself as a folder of others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Spot {
    pub(super) parent: u64,
    pub(super) node: u64,
}

impl Spot {
    /// What tells an item from others of its folder.
    fn name(self) -> u32 {
        let [a, b, c, d, ..] = self.node.to_le_bytes();
        u32::from_le_bytes([a, b, c, d])
    }
}

/// A folder of the tree.
#[derive(Clone, Copy, Debug)]
pub(super) struct Folder {
    /// The one above.
    pub(super) parent: u64,
    /// Its own key among the items; 0 when no item tells of it.
    pub(super) key: u64,
}

/// What a pass has counted so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Count {
    pub(super) taken: Taken,
    pub(super) gone: u64,
    pub(super) pages: u64,
    pub(super) walks: u64,
}

impl Count {
    pub(super) fn numbers(&self) -> [u64; 7] {
        let Taken { new, changed, unchanged, repeated } = self.taken;
        [new, changed, unchanged, repeated, self.gone, self.pages, self.walks]
    }

    pub(super) fn of(next: &mut dyn FnMut() -> Option<u64>) -> Option<Self> {
        let taken = Taken { new: next()?, changed: next()?, unchanged: next()?, repeated: next()? };
        Some(Self { taken, gone: next()?, pages: next()?, walks: next()? })
    }
}

/// A walk by number: what its items must be newer than.
#[derive(Clone, Copy, Debug)]
struct Begun {
    /// The pass that walks it; 0 for none.
    pass: u32,
    /// From the beginning, at this mark; 0 when it goes on from the cursor of an earlier pass.
    from: u32,
    /// The walk that found it; [`NOBODY`] for one to begin with.
    finder: u32,
}

/// No walk.
const NOBODY: u32 = u32::MAX;

/// Everything.
#[derive(Debug)]
pub(super) struct State {
    pub(super) key: Key,
    pub(super) pass: u32,
    pub(super) open: bool,
    pub(super) feeds: Vec<FeedCursor>,
    pub(super) holes: Vec<Unwalked>,
    pub(super) used_bytes: Option<u64>,
    pub(super) waiting: Waiting,
    pub(super) seen: Table,
    pub(super) folders: ByHash<Folder>,
    pub(super) count: Count,
    pub(super) tally: Tally,
    /// Rows of the file that a later one replaced.
    pub(super) stale: u64,
    /// Counts beginnings: of passes, and of walks that began again.
    mark: u32,
    pass_mark: u32,
    walks: Vec<Begun>,
    numbers: ByHash<u32>,
    cursors: ByHash<Walk>,
}

impl State {
    pub(super) fn new(key: Key) -> Self {
        Self {
            key,
            pass: 0,
            open: false,
            feeds: Vec::new(),
            holes: Vec::new(),
            used_bytes: None,
            waiting: Waiting::default(),
            seen: Table::default(),
            folders: ByHash::default(),
            count: Count::default(),
            tally: Tally::default(),
            stale: 0,
            mark: 0,
            pass_mark: 0,
            walks: Vec::new(),
            numbers: ByHash::default(),
            cursors: ByHash::default(),
        }
    }

    /// The hash by which records name a walk.
    pub(super) fn walk_hash(&self, id: &str) -> u64 {
        self.key.hash("walk", &[id])
    }

    /// Where an item lies: by its folder's id where the provider tells it, else by its path.
    fn spot(&self, item: &Item) -> Spot {
        match (&item.parent, &item.path) {
            (Some(parent), _) => {
                Spot { parent: self.folder_node(&item.place, parent), node: self.key.hash("folder node", &[&item.id]) }
            }
            (None, Some(path)) => self.path_spot(&item.place, path),
            (None, None) => {
                Spot { parent: self.path_node(&item.place, ""), node: self.key.hash("folder node", &[&item.id]) }
            }
        }
    }

    /// The root folder of each Box user has the same id, so the tree belongs to its name.
    fn folder_node(&self, place: &str, id: &str) -> u64 {
        if id == "0" { self.key.hash("root", &[place]) } else { self.key.hash("folder node", &[id]) }
    }

    /// The node of a path in a namespace; `""` is its top.
    pub(super) fn path_node(&self, place: &str, path: &str) -> u64 {
        self.key.hash("path", &[place, &path.to_lowercase()])
    }

    fn path_spot(&self, place: &str, path: &str) -> Spot {
        let above = path.rfind('/').map_or("", |cut| &path[..cut]);
        Spot { parent: self.path_node(place, above), node: self.path_node(place, path) }
    }

    /// What taking in this page will write: whole rows only of what is new or has changed.
    pub(super) fn prepare(&self, walk: &Walk, page: Page) -> PageRecord {
        let (mut rows, mut same) = (Vec::new(), Vec::new());
        let newer = self.newer(self.walk_hash(&walk.id));
        let chain = self.chain(&page.items);
        for item in page.items {
            let key = item_key(self.key, item.kind, &item.id);
            let spot = self.spot(&item);
            // What the same page takes away first must be told in full.
            let known = self.seen.get(key).filter(|_| page.gone.is_empty());
            let facts = facts(&item, spot);
            // The tree of another collaborator; where paths tell places, a further telling may be of a move.
            let other_tree = |seen: &&Seen| item.parent.is_some() && seen.mark >= newer;
            let repeated = known.filter(other_tree).is_some_and(|seen| seen.version == self.version(&item));
            if repeated || known.is_some_and(|seen| seen.facts == facts) {
                same.push(key);
            } else {
                rows.push(Row { spot, item, facts });
            }
        }
        let gone = page.gone.iter().map(|gone: &GonePath| self.path_spot(&gone.place, &gone.path_lower)).collect();
        let rows = Rows {
            walk: self.walk_hash(&walk.id),
            place: Arc::clone(&walk.place),
            read_as: walk.read_as.clone(),
            rows,
            chain,
        };
        PageRecord { rows, same, gone, found: page.found, holes: page.holes, onward: page.onward }
    }

    /// Folders above these items that nothing has told of yet, so that the way up has no gap.
    fn chain(&self, items: &[Item]) -> Vec<(u64, u64)> {
        let mut chain = Vec::new();
        let mut added = HashSet::new();
        for item in items.iter().filter(|item| item.parent.is_none()) {
            let mut path = item.path.as_deref().unwrap_or_default();
            while let Some(cut) = path.rfind('/').filter(|cut| *cut > 0) {
                path = &path[..cut];
                let spot = self.path_spot(&item.place, path);
                if self.folders.contains_key(&spot.node) || !added.insert(spot.node) {
                    break;
                }
                chain.push((spot.node, spot.parent));
            }
        }
        chain
    }

    /// An item of this walk that was listed at this mark or later is repeated within the listing.
    fn newer(&self, walk: u64) -> u32 {
        let begun = self.numbers.get(&walk).and_then(|number| self.begun(*number));
        begun.map_or(self.pass_mark, |begun| if begun.from == 0 { self.pass_mark } else { begun.from })
    }

    fn version(&self, item: &Item) -> u64 {
        let version = item.version.as_deref().or(item.etag.as_deref()).unwrap_or_default();
        self.key.hash("version", &[version])
    }

    /// Takes in one record. What a page brought comes back; nothing for the other kinds.
    pub(super) fn apply(&mut self, record: Record) -> Taken {
        match record {
            Record::Head { .. } => {}
            Record::Feeds(feeds) => self.feeds = feeds,
            Record::Began { walks, holes, used_bytes } => self.begin(walks, holes, used_bytes),
            Record::Page(page) => return self.page(page),
            Record::Restarted(walk) => self.restart(walk),
            Record::GaveUp(walk, hole) => {
                self.holes.push(hole);
                let number = self.number(walk);
                self.waiting.end(number);
            }
            Record::Ended => self.end(),
            Record::Cleared { pass, cursors, found, holes, used_bytes, count } => {
                (self.pass, self.holes, self.used_bytes, self.count) = (pass, holes, used_bytes, count);
                self.mark = 1;
                for walk in cursors {
                    self.cursors.insert(self.walk_hash(&walk.id), walk);
                }
                for (walk, finder) in found {
                    let (walk, finder) = (self.number(walk), self.number(finder));
                    self.walk_mut(walk).into_iter().for_each(|begun| begun.finder = finder);
                }
            }
            Record::Kept(rows) => {
                self.take_rows(rows);
            }
        }
        Taken::default()
    }

    fn begin(&mut self, walks: Vec<Walk>, holes: Vec<Unwalked>, used_bytes: Option<u64>) {
        self.pass += 1;
        self.mark += 1;
        self.pass_mark = self.mark;
        self.open = true;
        self.count = Count::default();
        (self.holes, self.used_bytes) = (holes, used_bytes);
        walks.into_iter().for_each(|walk| self.register(walk, NOBODY));
    }

    /// A walk of this pass: once, from the cursor that an earlier pass left, if the same principal made it.
    fn register(&mut self, mut walk: Walk, finder: u32) {
        let hash = self.walk_hash(&walk.id);
        let number = self.number(hash);
        if walk.cursor.is_none() {
            let kept = self.cursors.get(&hash).filter(|kept| kept.read_as == walk.read_as);
            walk.cursor = kept.and_then(|kept| kept.cursor.clone());
        }
        let from = if walk.cursor.is_some() { 0 } else { self.mark };
        let pass = self.pass;
        let Some(begun) = self.walk_mut(number).filter(|begun| begun.pass != pass) else { return };
        *begun = Begun { pass, from, finder };
        self.count.walks += 1;
        self.waiting.push(number, walk);
    }

    fn number(&mut self, walk: u64) -> u32 {
        let next = u32::try_from(self.walks.len()).unwrap_or(u32::MAX);
        let number = *self.numbers.entry(walk).or_insert(next);
        if number == next {
            self.walks.push(Begun { pass: 0, from: 0, finder: NOBODY });
        }
        number
    }

    fn begun(&self, number: u32) -> Option<Begun> {
        self.walks.get(usize::try_from(number).ok()?).copied()
    }

    fn restart(&mut self, walk: u64) {
        self.mark += 1;
        let (mark, number) = (self.mark, self.number(walk));
        self.cursors.remove(&walk);
        if let Some(begun) = self.walk_mut(number) {
            begun.from = mark;
        }
        self.waiting.rest(number, None);
    }

    fn page(&mut self, page: PageRecord) -> Taken {
        let told = page.rows.rows.iter().map(|row| item_key(self.key, row.item.kind, &row.item.id));
        let told = if page.gone.is_empty() { HashSet::new() } else { told.collect() };
        self.forget_paths(&page.gone, &told);
        let walk = page.rows.walk;
        let number = self.number(walk);
        let mut taken = self.take_rows(page.rows);
        for key in page.same {
            self.take_same(key, number, walk, &mut taken);
        }
        self.holes.extend(page.holes);
        page.found.into_iter().for_each(|walk| self.register(walk, number));
        match page.onward {
            Onward::More(cursor) => self.waiting.rest(number, Some(cursor)),
            Onward::End(cursor) => self.close(walk, number, cursor),
        }
        self.count.pages += 1;
        add(&mut self.count.taken, taken);
        taken
    }

    fn close(&mut self, hash: u64, number: u32, cursor: Option<Arc<str>>) {
        if let (Some(mut walk), Some(cursor)) = (self.waiting.end(number), cursor) {
            walk.cursor = Some(cursor);
            walk.path = Arc::from(PATH_UNKNOWN);
            self.cursors.insert(hash, walk);
        }
    }

    fn take_rows(&mut self, rows: Rows) -> Taken {
        let (number, newer) = (self.number(rows.walk), self.newer(rows.walk));
        let mut taken = Taken::default();
        for (folder, parent) in rows.chain {
            self.folders.entry(folder).or_insert(Folder { parent, key: 0 });
        }
        for row in rows.rows {
            self.take_row(&row, number, newer, &mut taken);
        }
        taken
    }

    fn take_row(&mut self, row: &Row, walk: u32, newer: u32, taken: &mut Taken) {
        let key = item_key(self.key, row.item.kind, &row.item.id);
        let mut seen =
            Seen::new(self.version(&row.item), row.spot.parent, row.spot.name(), row.facts, row.item.size_bytes);
        for (bit, on) in [
            (Bit::Folder, row.item.kind == ItemKind::Folder),
            (Bit::WebLink, row.item.kind == ItemKind::WebLink),
            (Bit::Trashed, row.item.trashed.is_some()),
            (Bit::Outside, row.item.outside_owner),
            (Bit::ExportOnly, matches!(row.item.download, Download::Export(_))),
        ] {
            seen.set(bit, on);
        }
        (seen.walk, seen.mark) = (walk, self.mark);
        if seen.has(Bit::Folder) {
            self.folders.insert(row.spot.node, Folder { parent: row.spot.parent, key });
        }
        self.tally.add(&seen);
        let Some(before) = self.seen.insert(key, seen) else {
            taken.new += 1;
            return;
        };
        self.tally.subtract(&before);
        self.stale += 1;
        match before.version == seen.version {
            false => taken.changed += 1,
            true if before.mark >= newer => taken.repeated += 1,
            true => taken.unchanged += 1,
        }
    }

    fn take_same(&mut self, key: u64, walk: u32, walk_hash: u64, taken: &mut Taken) {
        let (newer, mark) = (self.newer(walk_hash), self.mark);
        let Some(seen) = self.seen.get_mut(key) else { return };
        if seen.mark >= newer {
            taken.repeated += 1;
        } else {
            taken.unchanged += 1;
        }
        (seen.walk, seen.mark) = (walk, mark);
    }

    /// Paths went away, each with everything below it, but for what the same page tells anew (a folder that became a shared
    /// one is told as deleted and as mounted).
    fn forget_paths(&mut self, gone: &[Spot], told: &HashSet<u64>) {
        if gone.is_empty() {
            return;
        }
        let tops: HashSet<u64> = gone.iter().map(|spot| spot.node).collect();
        let places: HashSet<(u64, u32)> = gone.iter().map(|spot| (spot.parent, spot.name())).collect();
        let mut below = Below::new(&self.folders, &tops);
        let went = self.seen.drain(&mut |key, seen| {
            // What lies in the trash was deleted before; its old path goes again with each reading from the start.
            let there = !seen.has(Bit::Trashed) && !told.contains(&key);
            there && (places.contains(&(seen.parent, seen.name)) || below.is(seen.parent))
        });
        let folders: Vec<u64> = self.folders.keys().copied().filter(|node| below.is(*node)).collect();
        for node in folders {
            self.folders.remove(&node);
        }
        self.count_gone(&went);
    }

    fn count_gone(&mut self, went: &[(u64, Seen)]) {
        let count = u64::try_from(went.len()).unwrap_or(u64::MAX);
        self.count.gone += count;
        self.stale += count;
        went.iter().for_each(|(_, seen)| self.tally.subtract(seen));
    }

    /// The end of a pass: what a walk from the beginning did not list again is gone, except below a hole.
    fn end(&mut self) {
        self.open = false;
        let unknown = self.holes.iter().filter(|hole| hole.why != WhyUnwalked::Gone);
        let holes: HashSet<u64> = unknown.flat_map(|hole| self.nodes_of(&hole.what)).collect();
        let mut below = Below::new(&self.folders, &holes);
        let (walks, pass) = (&self.walks, self.pass);
        let went = self.seen.drain(&mut |_, seen| is_missed(walks, pass, seen) && !below.is(seen.parent));
        let folders: HashSet<u64> =
            went.iter().filter(|(_, seen)| seen.has(Bit::Folder)).map(|(key, _)| *key).collect();
        if !folders.is_empty() {
            self.folders.retain(|_, folder| !folders.contains(&folder.key));
        }
        self.count_gone(&went);
        let held: HashSet<u64> =
            self.numbers.iter().filter(|(_, at)| self.walked(**at)).map(|(hash, _)| *hash).collect();
        self.cursors.retain(|hash, _| held.contains(hash));
    }

    fn walked(&self, number: u32) -> bool {
        self.begun(number).is_some_and(|begun| begun.pass == self.pass)
    }

    /// The nodes that a hole may name: a folder, a namespace's top, a user's root.
    fn nodes_of(&self, what: &str) -> [u64; 3] {
        [self.key.hash("folder node", &[what]), self.path_node(what, ""), self.key.hash("root", &[what])]
    }

    fn walk_mut(&mut self, number: u32) -> Option<&mut Begun> {
        self.walks.get_mut(usize::try_from(number).ok()?)
    }

    /// Walks without a cursor of their own that one with a cursor found, with their finders.
    pub(super) fn found(&self) -> Vec<(u64, u64)> {
        let hashes: HashMap<u32, u64> = self.numbers.iter().map(|(hash, number)| (*number, *hash)).collect();
        let finder = |number: &u32| self.begun(*number).and_then(|begun| hashes.get(&begun.finder).copied());
        let pairs = self.numbers.iter().filter_map(|(hash, number)| Some((*hash, finder(number)?)));
        pairs.filter(|(_, finder)| self.cursors.contains_key(finder)).collect()
    }

    /// The number of a walk that is known.
    pub(super) fn number_of(&self, id: &str) -> Option<u32> {
        self.numbers.get(&self.walk_hash(id)).copied()
    }

    /// Cursors that the next pass goes on from.
    pub(super) fn cursors(&self) -> Vec<Walk> {
        self.cursors.values().cloned().collect()
    }
}

/// The key of an item.
pub(super) fn item_key(key: Key, kind: ItemKind, id: &str) -> u64 {
    let kind = match kind {
        ItemKind::File => "file",
        ItemKind::Folder => "folder",
        ItemKind::WebLink => "web link",
    };
    key.hash(kind, &[id])
}

/// True when the walk that listed an item last was walked again without it, or is walked no more. A walk that was found by
/// another one is not found again when that one only goes on from its cursor: its items stay.
fn is_missed(walks: &[Begun], pass: u32, seen: &Seen) -> bool {
    let get = |number: u32| usize::try_from(number).ok().and_then(|at| walks.get(at));
    let Some(own) = get(seen.walk) else { return true };
    if own.pass == pass {
        return seen.mark < own.from;
    }
    let finders = std::iter::successors(get(own.finder), |walk| get(walk.finder)).take(DEPTH_MAX);
    finders.into_iter().find(|walk| walk.pass == pass).is_none_or(|walk| walk.from != 0)
}

fn add(sum: &mut Taken, more: Taken) {
    sum.new += more.new;
    sum.changed += more.changed;
    sum.unchanged += more.unchanged;
    sum.repeated += more.repeated;
}

/// Whether a folder lies below one of some, each way up gone only once.
struct Below<'a> {
    folders: &'a ByHash<Folder>,
    known: ByHash<bool>,
}

impl<'a> Below<'a> {
    fn new(folders: &'a ByHash<Folder>, tops: &HashSet<u64>) -> Self {
        Self { folders, known: tops.iter().map(|top| (*top, true)).collect() }
    }

    /// True for the tops themselves, too.
    fn is(&mut self, node: u64) -> bool {
        let mut way = Vec::new();
        let mut at = node;
        let found = loop {
            if let Some(known) = self.known.get(&at) {
                break *known;
            }
            way.push(at);
            match self.folders.get(&at) {
                Some(folder) if way.len() < DEPTH_MAX => at = folder.parent,
                _ => break false,
            }
        };
        self.known.extend(way.into_iter().map(|node| (node, found)));
        found
    }
}
