//! Finding items: by path, in order, below a folder.

use super::super::{Failed, words};
use super::gone::Below;
use super::known::{COLUMNS, Reader, TABLES, kind_number};
use super::upsert::name_key;
use crate::model::{ConnectorNumber, ItemNumber};
use crate::store::SealKey;
use crate::store::inventory::{Known, Scope};
use rusqlite::{Connection, params};
use std::collections::HashSet;

/// A subtree of up to so many items is collected and sorted; a larger one is picked out of all items in their order.
const COLLECTED_MAX: usize = 100_000;

/// Items at a path of a place; the top for the empty one. What lies in the trash lies at no path.
pub(super) fn at_path(
    tx: &Connection,
    seal: &SealKey,
    of: ConnectorNumber,
    place: &str,
    path: &str,
) -> Result<Vec<ItemNumber>, Failed> {
    let mut at: Vec<i64> = super::top_in(tx, of, place)?.into_iter().map(|top| top.0).collect();
    let sql = "SELECT number FROM item WHERE parent = ?1 AND name_key = ?2 AND gone IS NULL AND trashed IS NULL";
    for name in path.split('/').filter(|name| !name.is_empty()) {
        let key = name_key(seal, name);
        let mut next = Vec::new();
        for folder in at {
            let mut statement = tx.prepare_cached(sql)?;
            let mut rows = statement.query((folder, key))?;
            while let Some(row) = rows.next()? {
                next.push(row.get(0)?);
            }
        }
        at = next;
    }
    Ok(at.into_iter().map(ItemNumber).collect())
}

/// Items of a scope in order of their numbers.
pub(super) fn items(
    tx: &Connection,
    seal: &SealKey,
    scope: &Scope,
    after: Option<ItemNumber>,
    max: usize,
) -> Result<Vec<Known>, Failed> {
    let after = after.map_or(0, |after| after.0);
    let mut reader = Reader::new(tx, seal);
    match scope.below {
        None => in_order(&mut reader, tx, scope, after, max, &mut |_| Ok(true)),
        Some(folder) => match collected(tx, folder, scope.gone)? {
            Some(mut numbers) => {
                numbers.retain(|number| *number > after);
                numbers.sort_unstable();
                picked(&mut reader, tx, scope, &numbers, max)
            }
            None => {
                let mut below = Below::new([folder.0]);
                let mut is_below = |known: &Known| known.parent.map_or(Ok(false), |parent| below.is(tx, parent.0));
                in_order(&mut reader, tx, scope, after, max, &mut is_below)
            }
        },
    }
}

/// What a scope asks of each row.
fn condition(scope: &Scope) -> String {
    let mut all = vec!["i.kind <> 3 AND i.stub <> 2".to_owned()];
    if !scope.gone {
        all.push("i.gone IS NULL".into());
    }
    if let Some(of) = scope.connector {
        all.push(format!("i.connector = {}", of.0));
    }
    if let Some(kind) = scope.kind {
        all.push(format!("i.kind = {}", kind_number(kind)));
    }
    if let Some(level) = scope.level_min {
        let (level, untold) = (words::of_level(level), words::UNTOLD);
        all.push(format!("(s.level >= {level} OR s.level = {untold} OR s.level IS NULL OR s.level_known = 0)"));
    }
    if scope.with_findings {
        all.push("EXISTS (SELECT 1 FROM reading r WHERE r.number = s.reading AND r.findings > 0)".into());
    }
    all.join(" AND ")
}

fn in_order(
    reader: &mut Reader<'_>,
    tx: &Connection,
    scope: &Scope,
    after: i64,
    max: usize,
    fits: &mut dyn FnMut(&Known) -> Result<bool, Failed>,
) -> Result<Vec<Known>, Failed> {
    let sql = format!("SELECT {COLUMNS} FROM {TABLES} WHERE i.number > ?1 AND {} ORDER BY i.number", condition(scope));
    let mut statement = tx.prepare_cached(&sql)?;
    let mut rows = statement.query([after])?;
    let mut all = Vec::new();
    while all.len() < max
        && let Some(row) = rows.next()?
    {
        let known = reader.known(row)?;
        if fits(&known)? {
            all.push(known);
        }
    }
    Ok(all)
}

fn picked(
    reader: &mut Reader<'_>,
    tx: &Connection,
    scope: &Scope,
    numbers: &[i64],
    max: usize,
) -> Result<Vec<Known>, Failed> {
    let sql = format!("SELECT {COLUMNS} FROM {TABLES} WHERE i.number = ?1 AND {}", condition(scope));
    let mut statement = tx.prepare_cached(&sql)?;
    let mut all = Vec::new();
    for number in numbers {
        if all.len() >= max {
            break;
        }
        let mut rows = statement.query(params![number])?;
        if let Some(row) = rows.next()? {
            all.push(reader.known(row)?);
        }
    }
    Ok(all)
}

/// Everything below a folder, when it is not too much.
fn collected(tx: &Connection, folder: ItemNumber, gone: bool) -> Result<Option<Vec<i64>>, Failed> {
    // No index tells the gone children of a folder: they are picked out of all.
    if gone {
        return Ok(None);
    }
    let children = "SELECT number, kind = 1 FROM item WHERE parent = ?1 AND gone IS NULL";
    let mut statement = tx.prepare_cached(children)?;
    let (mut all, mut met, mut left) = (Vec::new(), HashSet::from([folder.0]), vec![folder.0]);
    while let Some(folder) = left.pop() {
        let mut rows = statement.query([folder])?;
        while let Some(row) = rows.next()? {
            let (number, is_folder): (i64, bool) = (row.get(0)?, row.get(1)?);
            if is_folder && met.insert(number) {
                left.push(number);
            }
            all.push(number);
        }
        if all.len() > COLLECTED_MAX {
            return Ok(None);
        }
    }
    Ok(Some(all))
}
