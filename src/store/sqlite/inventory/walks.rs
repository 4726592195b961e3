//! Walks: which wait, where they go on, and which mark their items must be newer than.
//!
//! A walk's id and its path can hold a name, so both are sealed in one text; a keyed hash of the id finds the row.

use super::super::connectors::{self, principal_number, principal_of};
use super::super::{Desk, Failed, words};
use super::ListedBy;
use super::passes::{self, Present};
use crate::model::{ConnectorNumber, FeedCursor, Walk, Walks};
use crate::store::SealKey;
use rusqlite::{Connection, OptionalExtension, params};
use std::collections::HashSet;
use std::sync::Arc;

/// A walk by number.
#[derive(Clone, Debug)]
pub(super) struct Row {
    pub(super) number: i64,
    /// The last pass that walks it; 0 for none.
    pub(super) pass: i64,
    /// From the beginning, at this mark; 0 when it goes on from a kept cursor.
    pub(super) from_mark: i64,
    pub(super) waits: bool,
    /// The kept cursor it went on from.
    pub(super) base: Option<String>,
}

/// Between the id and the path in the sealed text.
const BETWEEN: char = '\0';

pub(super) fn id_key(seal: &SealKey, id: &str) -> i64 {
    seal.index(&format!("walk\0{id}"))
}

fn sealed(seal: &SealKey, walk: &Walk) -> Result<Vec<u8>, Failed> {
    Ok(seal.seal(&format!("{}{BETWEEN}{}", walk.id, walk.path)).map_err(|error| error.kind().clone())?)
}

pub(super) fn find(desk: &Desk<'_>, of: ConnectorNumber, id: &str) -> Result<Option<Row>, Failed> {
    let sql = "SELECT number, pass, from_mark, waits, base FROM walk WHERE connector = ?1 AND id_key = ?2";
    let read = |row: &rusqlite::Row<'_>| {
        Ok(Row {
            number: row.get(0)?,
            pass: row.get(1)?,
            from_mark: row.get(2)?,
            waits: row.get(3)?,
            base: row.get(4)?,
        })
    };
    Ok(desk.tx.prepare_cached(sql)?.query_row((of.0, id_key(desk.seal, id)), read).optional()?)
}

/// The namespace's own walk, for one of something in it; `None` for that walk itself, and where there are no namespaces.
pub(super) fn namespace_of(desk: &Desk<'_>, of: ConnectorNumber, walk: i64) -> Result<Option<i64>, Failed> {
    let sql = "SELECT place FROM walk WHERE number = ?1";
    let place: String = desk.tx.prepare_cached(sql)?.query_row([walk], |row| row.get(0))?;
    let own = find(desk, of, &format!("ns:{place}"))?;
    Ok(own.map(|row| row.number).filter(|number| *number != walk))
}

/// The walk's row; one that nobody registered belongs to the present pass and waits for nothing.
pub(super) fn find_or_register(
    desk: &Desk<'_>,
    of: ConnectorNumber,
    walk: &Walk,
    pass: &Present,
) -> Result<Row, Failed> {
    match find(desk, of, &walk.id)? {
        Some(row) => Ok(row),
        None => {
            let row = Row { number: 0, pass: pass.number, from_mark: 0, waits: false, base: None };
            write(desk, of, walk, &row, None, None)
        }
    }
}

/// A walk of this pass: once, from the cursor that an earlier pass left, if the same principal made it.
pub(super) fn register(
    desk: &Desk<'_>,
    of: ConnectorNumber,
    walk: &Walk,
    finder: Option<i64>,
    pass: &Present,
    by: ListedBy,
) -> Result<(), Failed> {
    let known = find(desk, of, &walk.id)?;
    if by == ListedBy::Pass && known.as_ref().is_some_and(|known| known.pass == pass.number && is_begun(known)) {
        return Ok(());
    }
    let kept = match &walk.cursor {
        Some(_) => None,
        None => kept_cursor(desk, of, walk)?,
    };
    let cursor = walk.cursor.as_deref().map(str::to_owned).or_else(|| kept.clone());
    let from_mark = if cursor.is_some() { 0 } else { pass.began_mark };
    let row = Row { number: 0, pass: pass.number, from_mark, waits: true, base: kept };
    write(desk, of, walk, &row, cursor.as_deref(), finder)?;
    let waited = known.is_some_and(|known| known.waits);
    passes::count_walks(desk.tx, of, pass, 1, i64::from(!waited))
}

/// Namespaces that a feed found while a pass was about to begin: followed since the last one, and not in the list that the
/// provider gave. That list may be older than they are. One that did go away costs a call, which says so.
pub(super) fn found_since(
    desk: &Desk<'_>,
    of: ConnectorNumber,
    listed: &Walks,
    last: &Present,
) -> Result<Vec<Walk>, Failed> {
    let known: HashSet<&str> = listed.walks.iter().map(|walk| &*walk.id).collect();
    let closed: HashSet<&str> = listed.holes.iter().map(|hole| &*hole.what).collect();
    let mut found = Vec::new();
    for feed in connectors::cursors_in(desk.tx, of)? {
        let Some(place) = feed.feed.strip_prefix("ns:") else { continue };
        if known.contains(&*feed.feed) || closed.contains(place) {
            continue;
        }
        let row = find(desk, of, &feed.feed)?;
        if row.is_some_and(|row| row.pass == last.number && !is_begun(&row)) {
            let (place, id) = (place.into(), Arc::clone(&feed.feed));
            found.push(Walk {
                id,
                place,
                kind: "namespace".into(),
                read_as: feed.read_as,
                path: "".into(),
                cursor: None,
            });
        }
    }
    Ok(found)
}

/// False for a walk that only a feed or a look has touched: no pass began it.
fn is_begun(known: &Row) -> bool {
    known.waits || known.from_mark > 0 || known.base.is_some()
}

fn write(
    desk: &Desk<'_>,
    of: ConnectorNumber,
    walk: &Walk,
    row: &Row,
    cursor: Option<&str>,
    finder: Option<i64>,
) -> Result<Row, Failed> {
    let sql = "INSERT INTO walk (connector, id_key, sealed, place, kind, principal, cursor, base, pass, from_mark, finder, \
               waits) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12) ON CONFLICT (connector, id_key) \
               DO UPDATE SET sealed = excluded.sealed, place = excluded.place, kind = excluded.kind, \
               principal = excluded.principal, cursor = excluded.cursor, base = excluded.base, pass = excluded.pass, \
               from_mark = excluded.from_mark, finder = excluded.finder, waits = excluded.waits";
    let principal = principal_number(desk.tx, of, &walk.read_as)?;
    let values = params![
        of.0,
        id_key(desk.seal, &walk.id),
        sealed(desk.seal, walk)?,
        walk.place,
        walk.kind,
        principal,
        cursor,
        row.base,
        row.pass,
        row.from_mark,
        finder,
        row.waits,
    ];
    desk.tx.prepare_cached(sql)?.execute(values)?;
    let sql = "SELECT number FROM walk WHERE connector = ?1 AND id_key = ?2";
    let key = (of.0, id_key(desk.seal, &walk.id));
    let number = desk.tx.prepare_cached(sql)?.query_row(key, |row| row.get(0))?;
    Ok(Row { number, ..row.clone() })
}

/// The cursor at which an earlier pass, or the feed since, left a walk.
fn kept_cursor(desk: &Desk<'_>, of: ConnectorNumber, walk: &Walk) -> Result<Option<String>, Failed> {
    let Some(principal) = connectors::known_principal(desk.tx, of, &walk.read_as)? else { return Ok(None) };
    let sql = "SELECT position FROM feed_cursor WHERE connector = ?1 AND feed = ?2 AND principal = ?3";
    Ok(desk.tx.prepare_cached(sql)?.query_row((of.0, &*walk.id, principal), |row| row.get(0)).optional()?)
}

/// A walk waits at this cursor.
pub(super) fn rest(
    tx: &Connection,
    of: ConnectorNumber,
    row: &Row,
    cursor: Option<&str>,
    pass: &Present,
) -> Result<(), Failed> {
    tx.prepare_cached("UPDATE walk SET cursor = ?2, waits = 1 WHERE number = ?1")?.execute((row.number, cursor))?;
    passes::count_walks(tx, of, pass, 0, i64::from(!row.waits))
}

/// A walk is at its end.
pub(super) fn end(tx: &Connection, of: ConnectorNumber, row: &Row, pass: &Present) -> Result<(), Failed> {
    tx.prepare_cached("UPDATE walk SET cursor = NULL, waits = 0 WHERE number = ?1")?.execute([row.number])?;
    passes::count_walks(tx, of, pass, 0, -i64::from(row.waits))
}

/// Keeps the cursor at a walk's end, where changes go on from; unless the feed has moved on from where the walk began.
pub(super) fn keep_end(
    desk: &Desk<'_>,
    of: ConnectorNumber,
    walk: &Walk,
    row: &Row,
    cursor: &Arc<str>,
    pass: &Present,
) -> Result<(), Failed> {
    let kept = kept_cursor(desk, of, walk)?;
    let went_on = pass.open && row.pass == pass.number && row.base.is_some();
    if went_on && kept.is_some() && kept != row.base {
        return Ok(());
    }
    let feed = FeedCursor { feed: Arc::clone(&walk.id), read_as: walk.read_as.clone(), position: Arc::clone(cursor) };
    connectors::keep_cursor_in(desk, of, &feed)
}

/// Begins a walk again from its beginning, at a new mark.
pub(super) fn restart(desk: &Desk<'_>, of: ConnectorNumber, walk: &Walk) -> Result<(), Failed> {
    let pass = passes::present(desk.tx, of)?;
    let row = find_or_register(desk, of, walk, &pass)?;
    let mark = passes::next_mark(desk.tx, of)?;
    let sql = "UPDATE walk SET cursor = NULL, base = NULL, pass = ?3, from_mark = ?2, waits = 1 WHERE number = ?1";
    desk.tx.prepare_cached(sql)?.execute((row.number, mark, pass.number))?;
    let sql = "DELETE FROM feed_cursor WHERE connector = ?1 AND feed = ?2";
    desk.tx.prepare_cached(sql)?.execute((of.0, &*walk.id))?;
    passes::count_walks(desk.tx, of, &pass, 0, i64::from(!row.waits))
}

/// Ends a walk that could not be walked: nothing that it lists, and nothing that is found through it, counts as missed.
pub(super) fn give_up(desk: &Desk<'_>, of: ConnectorNumber, walk: &Walk, is_gone: bool) -> Result<(), Failed> {
    let pass = passes::present(desk.tx, of)?;
    let row = find_or_register(desk, of, walk, &pass)?;
    end(desk.tx, of, &row, &pass)?;
    if !is_gone {
        desk.tx.prepare_cached("UPDATE walk SET from_mark = 0 WHERE number = ?1")?.execute([row.number])?;
    }
    Ok(())
}

/// Walks that wait, those that are busy left out.
pub(super) fn waiting(
    tx: &Connection,
    seal: &SealKey,
    of: ConnectorNumber,
    busy: &[Arc<str>],
    max: usize,
) -> Result<Vec<Walk>, Failed> {
    let busy: HashSet<i64> = busy.iter().map(|id| id_key(seal, id)).collect();
    let sql = "SELECT w.id_key, w.sealed, w.place, w.kind, w.cursor, p.kind AS reader_kind, p.id AS reader_id FROM walk w \
               JOIN principal p ON p.number = w.principal WHERE w.connector = ?1 AND w.waits = 1 \
               ORDER BY w.number LIMIT ?2";
    let mut statement = tx.prepare_cached(sql)?;
    let mut rows = statement.query((of.0, words::limit(max.saturating_add(busy.len()))))?;
    let mut all = Vec::new();
    while let Some(row) = rows.next()?.filter(|_| all.len() < max) {
        if busy.contains(&row.get(0)?) {
            continue;
        }
        let sealed: Vec<u8> = row.get(1)?;
        let text = seal.open(&sealed).map_err(|error| error.kind().clone())?;
        let (id, path) = text.split_once(BETWEEN).ok_or_else(|| words::strange("walk"))?;
        all.push(Walk {
            id: id.into(),
            place: row.get::<_, String>(2)?.into(),
            kind: row.get::<_, String>(3)?.into(),
            read_as: principal_of(row, "reader_kind", "reader_id")?,
            path: path.into(),
            cursor: row.get::<_, Option<String>>(4)?.map(Into::into),
        });
    }
    Ok(all)
}
