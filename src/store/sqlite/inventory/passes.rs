//! Passes: their counts, their holes, and what was not listed again at their end.
//!
//! Beginnings are counted by one mark for each connector: of passes, and of walks that begin again. An item carries the mark at
//! which it was told last; so what a walk from the beginning did not tell again is what carries an older mark than the walk's.

use super::super::{Desk, Failed, counter, words};
use super::gone::{self, Below};
use super::walks::{self, Row};
use super::{DEPTH_MAX, ListedBy};
use crate::clock::Moment;
use crate::model::{ConnectorNumber, ItemNumber, Taken, Unwalked, Walks, WhyUnwalked};
use crate::store::inventory::Pass;
use rusqlite::{Connection, OptionalExtension, params};

/// The present or last pass, as pages need it; all zero before the first.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Present {
    pub(super) number: i64,
    pub(super) open: bool,
    pub(super) began_mark: i64,
    pub(super) mark: i64,
}

/// Items that the end of a pass looks through in one piece.
const SLICE_ITEMS: i64 = 10_000;
/// Items in one piece that may be gone, each to be looked at by itself.
const SLICE_MISSED: usize = 250;

pub(super) fn present(tx: &Connection, of: ConnectorNumber) -> Result<Present, Failed> {
    let sql = "SELECT number, listed IS NULL, began_mark FROM pass WHERE connector = ?1 ORDER BY number DESC LIMIT 1";
    let read = |row: &rusqlite::Row<'_>| {
        Ok(Present { number: row.get(0)?, open: row.get(1)?, began_mark: row.get(2)?, mark: 0 })
    };
    let pass = tx.prepare_cached(sql)?.query_row([of.0], read).optional()?.unwrap_or_default();
    Ok(Present { mark: counter::value(tx, of, counter::MARK)?, ..pass })
}

/// The present or last pass with its counts.
pub(super) fn pass(tx: &Connection, of: ConnectorNumber) -> Result<Option<Pass>, Failed> {
    let sql = "SELECT number, began, listed, new, changed, unchanged, repeated, gone, pages, walks, walks_left, used_bytes \
               FROM pass WHERE connector = ?1 ORDER BY number DESC LIMIT 1";
    let mut statement = tx.prepare_cached(sql)?;
    let mut rows = statement.query([of.0])?;
    let Some(row) = rows.next()? else { return Ok(None) };
    let count = |at: usize| row.get::<_, i64>(at).map(words::count);
    Ok(Some(Pass {
        number: row.get(0)?,
        began: Moment::from_millis(row.get(1)?),
        listed: row.get::<_, Option<i64>>(2)?.map(Moment::from_millis),
        taken: Taken { new: count(3)?, changed: count(4)?, unchanged: count(5)?, repeated: count(6)? },
        gone: count(7)?,
        pages: count(8)?,
        walks: count(9)?,
        walks_left: count(10)?,
        used_bytes: row.get::<_, Option<i64>>(11)?.map(words::count),
    }))
}

/// Begins a pass, unless one is under way.
pub(super) fn begin(desk: &Desk<'_>, of: ConnectorNumber, walks: &Walks) -> Result<Pass, Failed> {
    let last = present(desk.tx, of)?;
    if !last.open {
        let mark = next_mark(desk.tx, of)?;
        let next = Present { number: last.number + 1, open: true, began_mark: mark, mark };
        let sql = "INSERT INTO pass (connector, number, began, used_bytes, began_mark) VALUES (?1, ?2, ?3, ?4, ?5)";
        let used = walks.used_bytes.map(words::integer);
        desk.tx.execute(sql, params![of.0, next.number, desk.now.as_millis(), used, next.mark])?;
        // What a feed found since, and nobody walked.
        let sql = "UPDATE walk SET pass = ?2 WHERE connector = ?1 AND waits = 1";
        let left = desk.tx.execute(sql, (of.0, next.number))?;
        count_walks(desk.tx, of, &next, words::limit(left), words::limit(left))?;
        for walk in walks.walks.iter().chain(&walks::found_since(desk, of, walks, &last)?) {
            walks::register(desk, of, walk, None, &next, ListedBy::Pass)?;
        }
        for hole in &walks.holes {
            note_hole(desk, of, hole, &next)?;
        }
    }
    pass(desk.tx, of)?.ok_or_else(|| words::strange("pass"))
}

/// A new mark; all that were given are older.
pub(super) fn next_mark(tx: &Connection, of: ConnectorNumber) -> Result<i64, Failed> {
    counter::next(tx, of, counter::MARK, 1)
}

/// What a slice of a page brought.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Counts {
    pub(super) taken: Taken,
    /// Items that went away.
    pub(super) gone: u64,
}

/// Adds what a slice of a page brought; the last makes the page one more.
pub(super) fn count(
    tx: &Connection,
    of: ConnectorNumber,
    pass: &Present,
    counts: &Counts,
    is_last: bool,
) -> Result<(), Failed> {
    let sql = "UPDATE pass SET new = new + ?3, changed = changed + ?4, unchanged = unchanged + ?5, repeated = repeated + ?6, \
               gone = gone + ?7, pages = pages + ?8 WHERE connector = ?1 AND number = ?2";
    let Counts { taken, gone } = counts;
    let [new, changed, unchanged, repeated, gone] =
        [taken.new, taken.changed, taken.unchanged, taken.repeated, *gone].map(words::integer);
    tx.prepare_cached(sql)?.execute(params![of.0, pass.number, new, changed, unchanged, repeated, gone, is_last])?;
    Ok(())
}

/// Adds walks that began, and walks that wait.
pub(super) fn count_walks(
    tx: &Connection,
    of: ConnectorNumber,
    pass: &Present,
    begun: i64,
    waiting: i64,
) -> Result<(), Failed> {
    if (begun, waiting) == (0, 0) {
        return Ok(());
    }
    let sql = "UPDATE pass SET walks = walks + ?3, walks_left = walks_left + ?4 WHERE connector = ?1 AND number = ?2";
    tx.prepare_cached(sql)?.execute((of.0, pass.number, begun, waiting))?;
    Ok(())
}

/// Something could not be walked.
pub(super) fn note_hole(desk: &Desk<'_>, of: ConnectorNumber, hole: &Unwalked, pass: &Present) -> Result<(), Failed> {
    let why = why_number(hole.why);
    let sql = "UPDATE hole SET pass = ?4, name = ?5 WHERE connector = ?1 AND what = ?2 AND why = ?3 AND until IS NULL";
    let known = desk.tx.prepare_cached(sql)?.execute((of.0, &*hole.what, why, pass.number, &*hole.name))?;
    if known == 0 {
        let sql = "INSERT INTO hole (connector, what, name, why, pass, since) VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
        let row = params![of.0, hole.what, hole.name, why, pass.number, desk.now.as_millis()];
        desk.tx.prepare_cached(sql)?.execute(row)?;
    }
    Ok(())
}

/// Why something could not be walked, for a column.
fn why_number(why: WhyUnwalked) -> i64 {
    match why {
        WhyUnwalked::InactiveOwner => 0,
        WhyUnwalked::InvitedOwner => 1,
        WhyUnwalked::CoAdminGap => 2,
        WhyUnwalked::Archived => 3,
        WhyUnwalked::Refused => 4,
        WhyUnwalked::Gone => 5,
        WhyUnwalked::AppFolder => 6,
        WhyUnwalked::Failing => 7,
    }
}

/// How far the comparison at a pass's end is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Compared {
    /// Items after this one are left.
    Upto(i64),
    /// All of them, and the pass is closed.
    All,
}

/// Compares a slice of the items at the end of a pass; the last slice closes it. Each slice can be done again.
pub(super) fn compare(desk: &Desk<'_>, of: ConnectorNumber, after: i64) -> Result<(Compared, u64), Failed> {
    let pass = present(desk.tx, of)?;
    let last: i64 = desk.tx.query_row("SELECT COALESCE(MAX(number), 0) FROM item", [], |row| row.get(0))?;
    if !pass.open || after >= last {
        close(desk, of, &pass)?;
        return Ok((Compared::All, 0));
    }
    let upto = after.saturating_add(SLICE_ITEMS);
    // Only what was listed by a walk that is not walked in this pass, or before that walk began, is looked at one by one.
    let sql = "SELECT l.item, l.mark, l.walk FROM listed l LEFT JOIN walk w ON w.number = l.walk \
               WHERE l.item > ?1 AND l.item <= ?2 AND (l.walk = 0 OR (w.connector = ?3 AND \
               NOT (w.pass = ?4 AND l.mark >= w.from_mark))) ORDER BY l.item LIMIT ?5";
    let mut statement = desk.tx.prepare_cached(sql)?;
    let mut rows = statement.query((after, upto, of.0, pass.number, words::limit(SLICE_MISSED)))?;
    let mut suspects: Vec<(i64, i64, i64)> = Vec::new();
    while let Some(row) = rows.next()? {
        suspects.push((row.get(0)?, row.get(1)?, row.get(2)?));
    }
    let mut hidden = if suspects.is_empty() { Below::new([]) } else { holes(desk, of, &pass)? };
    let upto = suspects.last().filter(|_| suspects.len() == SLICE_MISSED).map_or(upto, |(item, ..)| *item);
    let mut gone = 0;
    for (item, mark, walk) in suspects {
        if is_missed(desk, of, &pass, walk, mark)? {
            gone += u64::from(miss(desk, of, item, &mut hidden)?);
        }
    }
    count_gone(desk.tx, of, &pass, gone)?;
    Ok((Compared::Upto(upto), gone))
}

/// Compares a slice of the items of one walk, those after `after`, at its end: how many went away, and up to which item it
/// came; `None` when that was the last. What was compared already stays gone, so it can be done again.
pub(super) fn miss_of_walk(
    desk: &Desk<'_>,
    of: ConnectorNumber,
    walk: &Row,
    after: i64,
) -> Result<(u64, Option<i64>), Failed> {
    let sql = "SELECT item FROM listed WHERE walk = ?1 AND mark < ?2 AND item > ?3 ORDER BY item LIMIT ?4";
    let mut statement = desk.tx.prepare_cached(sql)?;
    let bounds = (walk.number, walk.from_mark, after, words::limit(SLICE_MISSED));
    let items: Vec<i64> = statement.query_map(bounds, |row| row.get(0))?.collect::<Result<_, _>>()?;
    let mut hidden = if items.is_empty() { Below::new([]) } else { holes(desk, of, &present(desk.tx, of)?)? };
    let mut gone = 0;
    for item in &items {
        gone += u64::from(miss(desk, of, *item, &mut hidden)?);
    }
    Ok((gone, items.last().copied().filter(|_| items.len() == SLICE_MISSED)))
}

/// An item was not listed again: it is gone, except below a hole.
fn miss(desk: &Desk<'_>, of: ConnectorNumber, item: i64, hidden: &mut Below) -> Result<bool, Failed> {
    let sql = "SELECT parent FROM item WHERE number = ?1 AND connector = ?2 AND gone IS NULL AND kind <> 3";
    let parent: Option<Option<i64>> =
        desk.tx.prepare_cached(sql)?.query_row((item, of.0), |row| row.get(0)).optional()?;
    let Some(parent) = parent else { return Ok(false) };
    if !hidden.is_empty() && parent.map(|parent| hidden.is(desk.tx, parent)).transpose()?.unwrap_or(false) {
        return Ok(false);
    }
    gone::alone(desk, ItemNumber(item))
}

/// The folders and tops that holes of this pass hide. What was gone before it could be walked hides nothing.
fn holes(desk: &Desk<'_>, of: ConnectorNumber, pass: &Present) -> Result<Below, Failed> {
    let sql = "SELECT i.number FROM hole h JOIN item i ON i.connector = h.connector AND i.kind IN (1, 3) AND i.id = h.what \
               WHERE h.connector = ?1 AND h.until IS NULL AND h.pass = ?2 AND h.why <> ?3";
    let mut statement = desk.tx.prepare_cached(sql)?;
    let gone = why_number(WhyUnwalked::Gone);
    let tops: Vec<i64> = statement.query_map((of.0, pass.number, gone), |row| row.get(0))?.collect::<Result<_, _>>()?;
    Ok(Below::new(tops))
}

/// True when the walk that listed an item last was walked again without it, or is walked no more. A walk that was found by
/// another one is not found again when that one only goes on from its cursor: its items stay.
fn is_missed(desk: &Desk<'_>, of: ConnectorNumber, pass: &Present, walk: i64, mark: i64) -> Result<bool, Failed> {
    let tx = desk.tx;
    let sql = "SELECT pass, from_mark, finder FROM walk WHERE number = ?1";
    let row = |number: i64| -> Result<Option<(i64, i64, Option<i64>)>, Failed> {
        let read = |row: &rusqlite::Row<'_>| Ok((row.get(0)?, row.get(1)?, row.get(2)?));
        Ok(tx.prepare_cached(sql)?.query_row([number], read).optional()?)
    };
    let Some((own_pass, from_mark, mut finder)) = row(walk)? else { return Ok(mark < pass.began_mark) };
    if own_pass == pass.number {
        return Ok(mark < from_mark);
    }
    // Told since the pass began by somebody else: an event, or a walk beside it.
    if mark >= pass.began_mark {
        return Ok(false);
    }
    // What a feed sent for by itself (a deleted file, looked up in the trash) is the namespace's, which would have found it.
    if finder.is_none() {
        finder = walks::namespace_of(desk, of, walk)?;
    }
    for _ in 0..DEPTH_MAX {
        let Some((found_in, from_mark, next)) = finder.map(row).transpose()?.flatten() else { break };
        if found_in == pass.number {
            return Ok(from_mark != 0);
        }
        finder = next;
    }
    Ok(true)
}

fn count_gone(tx: &Connection, of: ConnectorNumber, pass: &Present, gone: u64) -> Result<(), Failed> {
    let sql = "UPDATE pass SET gone = gone + ?3 WHERE connector = ?1 AND number = ?2";
    tx.prepare_cached(sql)?.execute((of.0, pass.number, words::integer(gone)))?;
    Ok(())
}

/// The listing is over: holes that were not met again are none any more, and so are cursors of what is walked no more.
fn close(desk: &Desk<'_>, of: ConnectorNumber, pass: &Present) -> Result<(), Failed> {
    if !pass.open {
        return Ok(());
    }
    let now = desk.now.as_millis();
    let sql = "UPDATE hole SET until = ?3 WHERE connector = ?1 AND until IS NULL AND pass < ?2";
    desk.tx.prepare_cached(sql)?.execute((of.0, pass.number, now))?;
    let sql = "SELECT feed FROM feed_cursor WHERE connector = ?1";
    let mut statement = desk.tx.prepare_cached(sql)?;
    let feeds: Vec<String> = statement.query_map([of.0], |row| row.get(0))?.collect::<Result<_, _>>()?;
    for feed in feeds {
        if walks::find(desk, of, &feed)?.is_some_and(|walk| walk.pass != pass.number) {
            let sql = "DELETE FROM feed_cursor WHERE connector = ?1 AND feed = ?2";
            desk.tx.prepare_cached(sql)?.execute((of.0, feed))?;
        }
    }
    let sql = "UPDATE pass SET listed = ?3 WHERE connector = ?1 AND number = ?2";
    desk.tx.prepare_cached(sql)?.execute((of.0, pass.number, now))?;
    Ok(())
}
