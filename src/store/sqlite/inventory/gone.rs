//! What is there no more: items by number, by path, and by not having been listed again.

use super::super::{Desk, Failed, matches, queue, standing};
use super::DEPTH_MAX;
use crate::model::ItemNumber;
use rusqlite::{Connection, OptionalExtension};
use std::collections::{HashMap, HashSet};

/// Items that stay: what the same page tells anew.
#[derive(Debug, Default)]
pub(super) struct Except(pub(super) HashSet<i64>);

/// An item went away, and nothing else.
pub(super) fn alone(desk: &Desk<'_>, item: ItemNumber) -> Result<bool, Failed> {
    let sql = "UPDATE item SET gone = ?2, changed = ?2 WHERE number = ?1 AND gone IS NULL";
    if desk.tx.prepare_cached(sql)?.execute((item.0, desk.now.as_millis()))? == 0 {
        return Ok(false);
    }
    queue::drop_waiting(desk, item)?;
    standing::gone(desk.tx, desk.now, item)?;
    matches::end_all_in(desk, item)?;
    Ok(true)
}

/// An item went away with everything below it, as its own job found out: that job needs no second look.
pub(super) fn as_found(desk: &Desk<'_>, item: ItemNumber) -> Result<u64, Failed> {
    let below = with_all_below(desk, item, &Except(HashSet::from([item.0])))?;
    let sql = "UPDATE item SET gone = ?2, changed = ?2 WHERE number = ?1 AND gone IS NULL";
    if desk.tx.prepare_cached(sql)?.execute((item.0, desk.now.as_millis()))? == 0 {
        return Ok(below);
    }
    standing::gone(desk.tx, desk.now, item)?;
    matches::end_all_in(desk, item)?;
    Ok(below + 1)
}

/// An item went away with everything below it; how many. What lies in the trash was deleted before and stays.
pub(super) fn with_all_below(desk: &Desk<'_>, item: ItemNumber, but: &Except) -> Result<u64, Failed> {
    let sql = "SELECT number FROM item WHERE parent = ?1 AND gone IS NULL AND trashed IS NULL";
    let mut went = 0;
    let mut left = vec![(item.0, 0)];
    while let Some((number, depth)) = left.pop() {
        if depth < DEPTH_MAX {
            let mut statement = desk.tx.prepare_cached(sql)?;
            let mut rows = statement.query([number])?;
            while let Some(row) = rows.next()? {
                left.push((row.get(0)?, depth + 1));
            }
        }
        if !but.0.contains(&number) {
            went += u64::from(alone(desk, ItemNumber(number))?);
        }
    }
    Ok(went)
}

/// Whether items lie below some folders, each way up gone only once.
#[derive(Debug)]
pub(super) struct Below {
    known: HashMap<i64, bool>,
}

impl Below {
    pub(super) fn new(tops: impl IntoIterator<Item = i64>) -> Self {
        Self { known: tops.into_iter().map(|top| (top, true)).collect() }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.known.is_empty()
    }

    /// True for the folders themselves, too.
    pub(super) fn is(&mut self, tx: &Connection, item: i64) -> Result<bool, Failed> {
        let sql = "SELECT parent FROM item WHERE number = ?1";
        let mut way = Vec::new();
        let mut at = Some(item);
        let mut found = false;
        while let Some(number) = at.filter(|_| way.len() < DEPTH_MAX) {
            if let Some(known) = self.known.get(&number) {
                found = *known;
                break;
            }
            way.push(number);
            at = tx.prepare_cached(sql)?.query_row([number], |row| row.get(0)).optional()?.flatten();
        }
        self.known.extend(way.into_iter().map(|number| (number, found)));
        Ok(found)
    }
}
