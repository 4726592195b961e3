//! Contents as a whole: which there are, what reading them would cost, who holds them, and which nobody needs any more.

use super::rows;
use crate::clock::Moment;
use crate::model::ItemNumber;
use crate::store::sqlite::{Failed, rules, words};
use crate::store::verdicts::{ContentRow, ContentScope, ReadingNumber};
use rusqlite::types::Value;
use rusqlite::{Connection, OptionalExtension, params, params_from_iter};

/// Levels that an item can have, the most exposed first; what was never told comes last.
const LEVELS: std::ops::RangeInclusive<i64> = words::UNTOLD..=3;

/// Conditions of a scope and their values. `None` when nothing can be in it: its detector never judged anything.
fn conditions(c: &Connection, scope: &ContentScope) -> Result<Option<(String, Vec<Value>)>, Failed> {
    let (mut sql, mut values) = (String::new(), Vec::new());
    let mut add = |condition: &str, value: Value| {
        values.push(value);
        sql.push_str(&format!(" AND {condition} ?{}", values.len()));
    };
    if let Some(rules) = scope.rules_not {
        add("reading.rules <>", rules.0.into());
    }
    if let Some(sniffed) = &scope.sniffed {
        add("reading.sniffed =", sniffed.to_string().into());
    }
    if scope.held {
        add("reading.holders >", 0.into());
    }
    if let Some(detector) = &scope.candidates_of {
        let Some(number) = rules::known_detector(c, detector)? else { return Ok(None) };
        add("counted.candidates > 0 AND counted.detector =", number.into());
    }
    Ok(Some((sql, values)))
}

fn join(scope: &ContentScope) -> &'static str {
    if scope.candidates_of.is_some() { "JOIN counted ON counted.reading = reading.number" } else { "" }
}

/// How many contents, and their bytes.
pub(super) fn price(c: &Connection, scope: &ContentScope) -> Result<(u64, u64), Failed> {
    let Some((conditions, values)) = conditions(c, scope)? else { return Ok((0, 0)) };
    let sql = format!(
        "SELECT COUNT(*), COALESCE(SUM(reading.bytes), 0) FROM reading {} WHERE 1 = 1{conditions}",
        join(scope)
    );
    let mut statement = c.prepare_cached(&sql)?;
    let row = |row: &rusqlite::Row<'_>| Ok((words::count(row.get(0)?), words::count(row.get(1)?)));
    Ok(statement.query_row(params_from_iter(values), row)?)
}

/// Contents in order of their readings.
pub(super) fn contents(
    c: &Connection,
    scope: &ContentScope,
    after: Option<ReadingNumber>,
    max: usize,
) -> Result<Vec<ContentRow>, Failed> {
    let Some((conditions, mut values)) = conditions(c, scope)? else { return Ok(Vec::new()) };
    values.extend([after.map_or(0, |number| number.0).into(), words::limit(max).into()]);
    let (from, limit) = (values.len() - 1, values.len());
    // The order is that of the table it is driven by, so that a page is read and no more.
    let key = if scope.candidates_of.is_some() { "counted.reading" } else { "reading.number" };
    let sql =
        format!("{} {} WHERE {key} > ?{from}{conditions} ORDER BY {key} LIMIT ?{limit}", rows::READING, join(scope));
    let readings = rows::readings(c, &sql, params_from_iter(values))?;
    readings
        .into_iter()
        .map(|(reading, items)| Ok(ContentRow { item: most_exposed(c, reading.number)?, reading, items }))
        .collect()
}

fn most_exposed(c: &Connection, reading: ReadingNumber) -> Result<Option<ItemNumber>, Failed> {
    let mut statement = c.prepare_cached(
        "SELECT item FROM standing WHERE reading = ?1 AND gone = 0 ORDER BY level DESC, item DESC LIMIT 1",
    )?;
    Ok(statement.query_row([reading.0], |row| row.get(0).map(ItemNumber)).optional()?)
}

/// Items that hold a reading. The index is by level first, so each level is asked apart and the answers are put in order.
pub(super) fn holders(
    c: &Connection,
    reading: ReadingNumber,
    after: Option<ItemNumber>,
    max: usize,
) -> Result<Vec<ItemNumber>, Failed> {
    let mut statement = c.prepare_cached(
        "SELECT item FROM standing WHERE reading = ?1 AND gone = 0 AND level = ?2 AND item > ?3 ORDER BY item LIMIT ?4",
    )?;
    let mut found: Vec<ItemNumber> = Vec::new();
    for level in LEVELS {
        let after = after.map_or(0, |item| item.0);
        let rows = statement.query_map(params![reading.0, level, after, words::limit(max)], |row| row.get(0))?;
        for item in rows {
            found.push(ItemNumber(item?));
        }
    }
    found.sort_unstable();
    found.truncate(max);
    Ok(found)
}

/// Deletes at most `max` findings that ended before a moment; how many went.
pub(in super::super) fn forget_findings(c: &Connection, before: Moment, max: usize) -> Result<usize, Failed> {
    let mut statement = c.prepare_cached(
        "DELETE FROM finding WHERE number IN
             (SELECT number FROM finding WHERE until IS NOT NULL AND until < ?1 ORDER BY until LIMIT ?2)",
    )?;
    Ok(statement.execute(params![before.as_millis(), words::limit(max)])?)
}

/// Deletes at most `max` contents that nobody has since before a moment, with all that was found in them; how many went. Rows
/// of the past that name one ended before that moment as well, so that they are gone by then (`standing::forget_past` goes
/// first). An item that is gone and had one waits for its verdict again, should it come back.
pub(in super::super) fn forget_contents(c: &Connection, before: Moment, max: usize) -> Result<usize, Failed> {
    let mut statement = c.prepare_cached(
        "SELECT number FROM reading WHERE unheld IS NOT NULL AND unheld < ?1 ORDER BY unheld, number LIMIT ?2",
    )?;
    let unheld: Vec<i64> = statement
        .query_map(params![before.as_millis(), words::limit(max)], |row| row.get(0))?
        .collect::<Result<_, _>>()?;
    for reading in &unheld {
        forget_content(c, *reading)?;
    }
    Ok(unheld.len())
}

fn forget_content(c: &Connection, reading: i64) -> Result<(), Failed> {
    // `found` is in order of detectors: its rows are reached through the findings.
    for sql in [
        "UPDATE standing SET reading = NULL, coverage = NULL WHERE reading = ?1 AND gone = 1",
        "DELETE FROM found WHERE reading = ?1 AND (detector, confidence) IN
             (SELECT detector, confidence FROM finding WHERE reading = ?1)",
        "DELETE FROM finding WHERE reading = ?1",
        "DELETE FROM counted WHERE reading = ?1",
        "DELETE FROM reading_hash WHERE reading = ?1",
        "DELETE FROM reading WHERE number = ?1",
    ] {
        c.prepare_cached(sql)?.execute([reading])?;
    }
    Ok(())
}
