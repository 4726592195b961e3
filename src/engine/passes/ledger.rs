//! The listing's ledger in the store: a page, its jobs and the moved cursor in one transaction each.
//!
//! Walks are read ahead a few at a time, since a tenant may have millions of folders waiting. A namespace of Dropbox is walked
//! only in its turn: its feed moves the same cursor.

use super::orders::START;
use super::shown;
use crate::engine::core::{Core, Tenant};
use crate::engine::listing::{Ledger, Tally};
use crate::engine::stats::Count;
use crate::engine::step;
use crate::engine::turns::Turn;
use crate::model::{Lane, Level, Todo};
use crate::provider::{FeedCursor, Page, PageSink, Taken, Unwalked, Walk, Walks};
use crate::store::{self, Ask, Pass, inventory::Totals};
use std::collections::{HashMap, HashSet, VecDeque};
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// Walks read ahead from the store.
const AHEAD: usize = 32;
/// How soon a walk is tried again whose namespace the feed is reading.
const TURN_AFTER: Duration = Duration::from_millis(20);
/// Holes of a pass that are handed back by name; all are kept in the store.
const HOLES_MAX: usize = 1_000;

/// Keeps a listing in the store.
pub(super) struct StoreLedger<'a> {
    core: &'a Core,
    tenant: &'a Tenant,
    halt: &'a AtomicBool,
    pass: Pass,
    totals: Totals,
    has_feeds: bool,
    busy: HashMap<Arc<str>, Option<Turn>>,
    waiting: VecDeque<Walk>,
    /// Tops of namespaces whose members were looked after in this run.
    tops: HashSet<Arc<str>>,
    holes: u64,
    /// Why the store refused, as the driver passes on text only.
    failed: Option<store::Error>,
}

impl<'a> StoreLedger<'a> {
    /// The ledger of a tenant. `halt` rises when the listing should stop.
    pub(super) fn open(core: &'a Core, tenant: &'a Tenant, halt: &'a AtomicBool) -> Result<Self, store::Error> {
        let cursors = core.store.cursors(tenant.number)?;
        Ok(Self {
            core,
            tenant,
            halt,
            pass: core.store.pass(tenant.number)?.unwrap_or_default(),
            totals: core.store.totals(tenant.number)?,
            has_feeds: cursors.iter().any(|cursor| !is_namespace(&cursor.feed)),
            busy: HashMap::new(),
            waiting: VecDeque::new(),
            tops: HashSet::new(),
            holes: 0,
            failed: None,
        })
    }

    /// The store's own words for why the listing ended with an error, if the store was why.
    pub(super) fn failure(&mut self) -> Option<store::Error> {
        self.failed.take()
    }

    fn told<T>(&mut self, result: Result<T, store::Error>) -> io::Result<T> {
        result.map_err(|error| {
            let said = error.to_string();
            self.failed = Some(error);
            io::Error::other(said)
        })
    }

    fn look_again(&mut self) -> io::Result<()> {
        let (pass, totals) = (self.core.store.pass(self.tenant.number), self.core.store.totals(self.tenant.number));
        self.pass = self.told(pass)?.unwrap_or_default();
        self.totals = self.told(totals)?;
        Ok(())
    }

    fn read_ahead(&mut self) -> io::Result<()> {
        let busy: Vec<Arc<str>> = self.busy.keys().cloned().collect();
        let walks = self.core.store.waiting_walks(self.tenant.number, &busy, AHEAD);
        self.waiting = self.told(walks)?.into();
        Ok(())
    }

    /// Takes the first waiting walk whose turn it is.
    fn take_turn(&mut self) -> Option<Walk> {
        for _ in 0..self.waiting.len() {
            let walk = self.waiting.pop_front()?;
            let turn = is_namespace(&walk.id).then(|| self.tenant.turns.take(&walk.id));
            match turn {
                Some(None) => self.waiting.push_back(walk),
                turn => {
                    self.busy.insert(Arc::clone(&walk.id), turn.flatten());
                    return Some(walk);
                }
            }
        }
        None
    }

    /// Sees to it that the members of a namespace are asked for, once: nothing below it is told right before.
    fn look_after_top(&mut self, walk: &Walk) -> io::Result<()> {
        if !is_namespace(&walk.id) || !self.tops.insert(Arc::clone(&walk.place)) {
            return Ok(());
        }
        let asked = ask_for_top(self.core, self.tenant, &walk.place, Lane::Backlog);
        self.told(asked)
    }
}

/// Asks for the members of a namespace when they were never told.
pub(in crate::engine) fn ask_for_top(
    core: &Core,
    tenant: &Tenant,
    place: &str,
    lane: Lane,
) -> Result<(), store::Error> {
    let Some(top) = core.store.find_path(tenant.number, place, "")? else { return Ok(()) };
    if core.store.sharing(top.number)?.is_some() {
        return Ok(());
    }
    core.store.ask(&[Ask {
        item: top.number,
        lane,
        todo: Todo::SHARING.and(Todo::BELOW),
        priority: shown::priority(Level::Public),
        offered: None,
        happened: None,
    }])?;
    Ok(())
}

/// True for what is read by a namespace's cursor.
pub(in crate::engine) fn is_namespace(id: &str) -> bool {
    id.starts_with("ns:")
}

impl PageSink for StoreLedger<'_> {
    fn commit(&mut self, walk: &Walk, page: Page) -> io::Result<Taken> {
        let page = shown::page(self.core, page, None);
        step::passed("cursor.before");
        let taken = self.core.store.take_page(self.tenant.number, walk, page, Lane::Backlog);
        let taken = self.told(taken)?;
        step::passed("cursor.after");
        let stats = self.core.stats.of(self.tenant.number);
        stats.add(Count::Pages, 1);
        stats.add(Count::Listed, taken.new + taken.changed + taken.unchanged + taken.repeated);
        self.busy.remove(&walk.id);
        self.look_after_top(walk)?;
        self.look_again()?;
        Ok(taken)
    }

    fn restart(&mut self, walk: &Walk) -> io::Result<()> {
        let restarted = self.core.store.restart_walk(self.tenant.number, walk);
        self.told(restarted)?;
        self.busy.remove(&walk.id);
        Ok(())
    }

    fn give_up(&mut self, walk: &Walk, hole: Unwalked) -> io::Result<()> {
        let given_up = self.core.store.give_up_walk(self.tenant.number, walk, &shown::hole(self.core, hole));
        self.told(given_up)?;
        self.busy.remove(&walk.id);
        self.holes += 1;
        self.look_again()
    }
}

impl Ledger for StoreLedger<'_> {
    fn has_feeds(&self) -> bool {
        self.has_feeds
    }

    fn keep_feeds(&mut self, feeds: Vec<FeedCursor>) -> io::Result<()> {
        let kept = self.core.store.keep_cursors(self.tenant.number, &feeds);
        self.told(kept)?;
        self.has_feeds = true;
        Ok(())
    }

    fn is_open(&self) -> bool {
        self.pass.number > 0 && self.pass.listed.is_none()
    }

    fn begin(&mut self, walks: Walks) -> io::Result<()> {
        let walks = shown::walks(self.core, walks);
        self.holes = u64::try_from(walks.holes.len()).unwrap_or(u64::MAX);
        let begun = self.core.store.begin_pass(self.tenant.number, &walks);
        self.pass = self.told(begun)?;
        // Only now: an order that comes while a pass is under way is for the next, since this one may be past what it is about.
        let met = self.core.store.keep_fact(Some(self.tenant.number), START, None);
        self.told(met)
    }

    fn next_walk(&mut self) -> io::Result<Option<Walk>> {
        loop {
            if self.waiting.is_empty() {
                self.read_ahead()?;
            }
            let walk = self.take_turn();
            // While others are under way the driver comes back for the rest; alone it must wait here, or it would take a
            // namespace in other hands for the end of the listing.
            let alone = walk.is_none() && !self.waiting.is_empty() && self.busy.is_empty();
            if !alone || self.halt.load(Ordering::Relaxed) {
                return Ok(walk);
            }
            std::thread::park_timeout(TURN_AFTER);
        }
    }

    fn put_back(&mut self, walk: &Walk) {
        if self.busy.remove(&walk.id).is_some() {
            self.waiting.push_front(walk.clone());
        }
    }

    fn walks_left(&self) -> u64 {
        self.pass.walks_left
    }

    fn sync(&mut self) -> io::Result<()> {
        Ok(())
    }

    fn finish(&mut self) -> io::Result<()> {
        self.look_again()?;
        if self.pass.walks_left > 0 {
            return Err(io::Error::other("walks are left that nobody walked; the pass goes on"));
        }
        let ended = self.core.store.end_pass(self.tenant.number);
        self.told(ended)?;
        self.look_again()
    }

    fn pass(&self) -> u32 {
        self.pass.number
    }

    fn tally(&self) -> Tally {
        Tally {
            files: self.totals.files,
            folders: self.totals.folders,
            web_links: self.totals.web_links,
            bytes: self.totals.bytes,
            taken: self.pass.taken,
            gone: self.pass.gone,
            pages: self.pass.pages,
            walks: self.pass.walks,
            ..Tally::default()
        }
    }

    fn holes_count(&self) -> u64 {
        self.holes
    }

    fn holes(&self) -> io::Result<Vec<Unwalked>> {
        let holes = self.core.store.holes(None).map_err(|error| io::Error::other(error.to_string()))?;
        let own = holes.into_iter().filter(|hole| hole.connector == self.tenant.number).take(HOLES_MAX);
        Ok(own.map(|hole| Unwalked { what: hole.what, name: hole.name, why: hole.why }).collect())
    }

    fn used_bytes(&self) -> Option<u64> {
        self.pass.used_bytes
    }
}
