//! A page of a walk taken in: what is gone, then items, found walks, holes and further jobs, and last the moved cursor.
//!
//! A page of a thousand items takes longer than live work should wait, so it is cut into slices, each a transaction of its own;
//! the cursor moves with the last. What is told twice changes nothing, so a page that was cut off is simply listed again: what
//! its slices took in is known then (`repeated` in the pass's counts, new only once), and its jobs wait already.

use super::super::writer::LiveWork;
use super::super::{Desk, Failed, connectors, queue};
use super::upsert::{Origin, Seen, Taker, ask_for, name_top, todo_of};
use super::{ListedBy, gone, passes, read, walks};
use crate::clock::{Clock, Moment};
use crate::model::{ConnectorNumber, GonePath, ItemNumber, Lane, Onward, Provider, Taken, Todo, Walk};
use crate::store::inventory::{Listed, TakenPage};
use crate::store::queue::Ask;
use std::time::Duration;

/// Entries of a page (items, found walks, holes, jobs) in one slice at most.
const SLICE_ENTRIES: usize = 200;
/// How long a slice works at most, over its last entry.
const SLICE: Duration = Duration::from_millis(40);
/// How long it works in any case, also while live work waits: neither waits for ever.
const SLICE_AT_LEAST: Duration = Duration::from_millis(5);

/// Who says when a slice has worked long enough.
#[derive(Debug)]
pub(in super::super) struct Watch {
    /// Time.
    pub(in super::super) clock: Clock,
    /// Whether live work waits; `None` where a page goes with other work in one transaction.
    pub(in super::super) live: Option<LiveWork>,
}

impl Watch {
    /// True when a slice that began then should end.
    fn is_over(&self, began: Duration) -> bool {
        let worked = self.clock.elapsed().saturating_sub(began);
        worked >= SLICE || worked >= SLICE_AT_LEAST && self.live.as_ref().is_some_and(LiveWork::waits)
    }
}

/// Where a page comes from.
#[derive(Clone, Debug)]
pub(in super::super) struct Source {
    /// Whose it is.
    pub(in super::super) of: ConnectorNumber,
    /// Its walk. A feed's page moves neither the walk nor its cursor.
    pub(in super::super) walk: Walk,
    /// The lane of its jobs.
    pub(in super::super) lane: Lane,
    /// Who tells it.
    pub(in super::super) by: ListedBy,
}

/// How far a page is taken in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Upto {
    /// So many of its entries are.
    Entry(usize),
    /// All of them, and what its walk did not tell again is compared up to this item.
    Missed(i64),
    /// Wholly.
    End,
}

/// Takes in a slice of a page: entries from `from` on, or what its walk missed; the last moves the walk on.
pub(super) fn take_slice_in(
    desk: &Desk<'_>,
    source: &Source,
    page: &TakenPage,
    from: Upto,
    watch: &Watch,
) -> Result<(Taken, Upto), Failed> {
    let mut slice = Slice::new(desk, source)?;
    let upto = match from {
        Upto::Entry(entry) => slice.entries(page, entry, watch)?,
        Upto::Missed(item) => slice.missed(item)?,
        Upto::End => Upto::End,
    };
    if slice.by == ListedBy::Pass {
        if upto == Upto::End {
            slice.move_on(&page.onward)?;
        }
        passes::count(desk.tx, source.of, &slice.pass, &slice.counts, upto == Upto::End)?;
    }
    Ok((slice.counts.taken, upto))
}

/// Takes in a page that is one slice.
pub(in super::super) fn take_page_in(
    desk: &Desk<'_>,
    source: &Source,
    page: &TakenPage,
    watch: &Watch,
) -> Result<(), Failed> {
    let mut at = Upto::Entry(0);
    while at != Upto::End {
        at = take_slice_in(desk, source, page, at, watch)?.1;
    }
    Ok(())
}

/// True for a page that need not be cut.
pub(in super::super) fn is_one_slice(page: &TakenPage) -> bool {
    entries(page) <= SLICE_ENTRIES
}

fn entries(page: &TakenPage) -> usize {
    page.items.len() + page.found.len() + page.holes.len() + page.asks.len()
}

/// What one slice works with.
struct Slice<'a> {
    desk: &'a Desk<'a>,
    source: &'a Source,
    provider: Provider,
    by: ListedBy,
    pass: passes::Present,
    row: walks::Row,
    taker: Taker<'a>,
    counts: passes::Counts,
}

impl<'a> Slice<'a> {
    fn new(desk: &'a Desk<'a>, source: &'a Source) -> Result<Self, Failed> {
        let of = source.of;
        let provider = connectors::provider(desk.tx, of)?;
        // A folder of Box that is listed by itself between: its items count, and no walk of the pass is touched.
        let by_itself = provider == Provider::Box && source.lane == Lane::Live && source.by == ListedBy::Pass;
        let by = if by_itself { ListedBy::Feed } else { source.by };
        let pass = passes::present(desk.tx, of)?;
        let row = walks::find_or_register(desk, of, &source.walk, &pass)?;
        let newer = if row.from_mark == 0 { pass.began_mark } else { row.from_mark };
        let origin = Origin { by, walk: row.number, mark: pass.mark, newer };
        let taker = Taker::new(desk, of, provider, origin);
        Ok(Self { desk, source, provider, by, pass, row, taker, counts: passes::Counts::default() })
    }

    /// Entries from this one on, until the slice is full; paths that are gone go before the first.
    fn entries(&mut self, page: &TakenPage, from: usize, watch: &Watch) -> Result<Upto, Failed> {
        let (desk, of) = (self.desk, self.source.of);
        if from == 0 {
            self.counts.gone += take_gone_in(desk, of, &page.gone, &told_again(desk, of, page)?)?;
        }
        let all = entries(page);
        let began = watch.clock.elapsed();
        let mut at = from;
        while at < all && at - from < SLICE_ENTRIES && (at == from || !watch.is_over(began)) {
            self.entry(page, at)?;
            at += 1;
        }
        if self.provider == Provider::Dropbox {
            ask_for_namespaces(desk, of, &self.taker.take_tops(), self.source.lane)?;
            name_top(desk, of, &self.source.walk)?;
        }
        Ok(match at < all {
            true => Upto::Entry(at),
            // A walk that was begun again is compared at its own end, since no pass's end may come; others at their pass's.
            false if matches!(page.onward, Onward::End(_)) && self.began_again() => Upto::Missed(0),
            false => Upto::End,
        })
    }

    fn began_again(&self) -> bool {
        self.by == ListedBy::Pass && self.row.from_mark > self.pass.began_mark
    }

    /// The entry of that place: items first, then found walks, holes, jobs.
    fn entry(&mut self, page: &TakenPage, at: usize) -> Result<(), Failed> {
        let (desk, of) = (self.desk, self.source.of);
        if let Some(listed) = page.items.get(at) {
            return self.item(listed, page.offered);
        }
        let at = at - page.items.len();
        if let Some(found) = page.found.get(at) {
            return walks::register(desk, of, found, Some(self.row.number), &self.pass, self.by);
        }
        let at = at - page.found.len();
        if let Some(hole) = page.holes.get(at) {
            return passes::note_hole(desk, of, hole, &self.pass);
        }
        page.asks.get(at - page.holes.len()).map_or(Ok(()), |ask| queue::ask_in(desk, ask).map(drop))
    }

    /// An item and the job that it needs.
    fn item(&mut self, listed: &Listed, offered: Option<Moment>) -> Result<(), Failed> {
        let (put, seen) = self.taker.put(listed)?;
        count(&mut self.counts.taken, seen);
        let todo = todo_of(&put, &listed.item);
        if todo != Todo::NONE {
            queue::ask_in(self.desk, &ask_for(&put, todo, self.source.lane, offered, &listed.item))?;
        }
        Ok(())
    }

    /// What the walk did not tell again, after this item.
    fn missed(&mut self, after: i64) -> Result<Upto, Failed> {
        let (gone, upto) = passes::miss_of_walk(self.desk, self.source.of, &self.row, after)?;
        self.counts.gone += gone;
        Ok(upto.map_or(Upto::End, Upto::Missed))
    }

    /// The walk goes on, or ends.
    fn move_on(&self, onward: &Onward) -> Result<(), Failed> {
        let Self { desk, source: Source { of, walk, .. }, row, pass, .. } = self;
        match onward {
            Onward::More(cursor) => walks::rest(desk.tx, *of, row, Some(cursor), pass),
            Onward::End(cursor) => {
                walks::end(desk.tx, *of, row, pass)?;
                cursor.as_ref().map_or(Ok(()), |cursor| walks::keep_end(desk, *of, walk, row, cursor, pass))
            }
        }
    }
}

fn count(taken: &mut Taken, seen: Seen) {
    *match seen {
        Seen::New => &mut taken.new,
        Seen::Changed => &mut taken.changed,
        Seen::Unchanged => &mut taken.unchanged,
        Seen::Repeated => &mut taken.repeated,
    } += 1;
}

/// Who can reach a namespace decides over all that is in it, so that is asked for as soon as it is known.
fn ask_for_namespaces(desk: &Desk<'_>, of: ConnectorNumber, tops: &[(i64, i64)], lane: Lane) -> Result<(), Failed> {
    for (top, principal) in tops {
        let (item, todo) = (ItemNumber(*top), Todo::SHARING);
        let ask = Ask { item, lane, todo, priority: 0, offered: None, happened: None };
        queue::ask_known(desk, &ask, of, *principal)?;
    }
    Ok(())
}

/// Items that a page takes away and tells again: a folder that became a shared one is told as deleted and as mounted.
fn told_again(desk: &Desk<'_>, of: ConnectorNumber, page: &TakenPage) -> Result<gone::Except, Failed> {
    let mut told = gone::Except::default();
    if !page.gone.is_empty() {
        for listed in &page.items {
            let known = super::find_in(desk.tx, of, listed.item.kind, &listed.item.id)?;
            told.0.extend(known.map(|number| number.0));
        }
    }
    Ok(told)
}

/// Items at paths that are gone, each with everything below.
pub(super) fn take_gone_in(
    desk: &Desk<'_>,
    of: ConnectorNumber,
    gone: &[GonePath],
    but: &gone::Except,
) -> Result<u64, Failed> {
    let mut went = 0;
    for path in gone {
        for item in read::at_path(desk.tx, desk.seal, of, &path.place, &path.path_lower)? {
            went += gone::with_all_below(desk, item, but)?;
        }
    }
    Ok(went)
}
