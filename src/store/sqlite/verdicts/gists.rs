//! What policies ask of readings: many at a time, without what only people look at.

use super::rows::detector_names;
use crate::model::verdict::DetectorCount;
use crate::model::{Confidence, Token};
use crate::store::sqlite::{Failed, words};
use crate::store::verdicts::{FoundValue, Gist, ReadingNumber};
use rusqlite::{Connection, OptionalExtension, Row};
use std::collections::HashMap;
use std::sync::Arc;

/// Names of detectors by number.
type Names = HashMap<i64, Arc<str>>;

/// Gists in the order of their numbers.
pub(super) fn gists(c: &Connection, readings: &[ReadingNumber]) -> Result<Vec<Gist>, Failed> {
    let mut numbers: Vec<i64> = readings.iter().map(|reading| reading.0).collect();
    numbers.sort_unstable();
    numbers.dedup();
    let names = detector_names(c)?;
    let mut all = Vec::with_capacity(numbers.len());
    for number in numbers {
        let Some((mut gist, kept)) = one(c, number)? else { continue };
        gist.counts = counts(c, number, &names)?;
        if kept > 0 {
            gist.values = values(c, number, &names)?;
        }
        all.push(gist);
    }
    Ok(all)
}

/// A reading without what was found, and how many findings of it are kept.
fn one(c: &Connection, number: i64) -> Result<Option<(Gist, u64)>, Failed> {
    let mut statement =
        c.prepare_cached("SELECT content, sniffed, mismatch, findings FROM reading WHERE number = ?1")?;
    let row = |row: &Row<'_>| {
        let gist = Gist {
            number: ReadingNumber(number),
            content: row.get(0)?,
            sniffed: row.get::<_, String>(1)?.into(),
            mismatch: row.get(2)?,
            counts: Vec::new(),
            values: Vec::new(),
        };
        Ok((gist, words::count(row.get(3)?)))
    };
    Ok(statement.query_row([number], row).optional()?)
}

fn counts(c: &Connection, reading: i64, names: &Names) -> Result<Vec<DetectorCount>, Failed> {
    let mut statement = c.prepare_cached(
        "SELECT detector, candidates, total, different, different_at_least, shadowed FROM counted
         WHERE reading = ?1 AND total > 0",
    )?;
    let mut rows = statement.query([reading])?;
    let mut all = Vec::new();
    while let Some(row) = rows.next()? {
        let number = |column| row.get(column).map(words::count);
        all.push(DetectorCount {
            detector: named(names, row.get(0)?)?,
            candidates: number(1)?,
            total: number(2)?,
            unique: number(3)?,
            unique_at_least: row.get(4)?,
            shadowed: number(5)?,
        });
    }
    all.sort_by(|one, other| one.detector.cmp(&other.detector));
    Ok(all)
}

fn values(c: &Connection, reading: i64, names: &Names) -> Result<Vec<FoundValue>, Failed> {
    let mut statement =
        c.prepare_cached("SELECT detector, confidence, token FROM finding WHERE reading = ?1 AND until IS NULL")?;
    let mut rows = statement.query([reading])?;
    let mut all = Vec::new();
    while let Some(row) = rows.next()? {
        all.push(FoundValue {
            detector: named(names, row.get(0)?)?,
            confidence: Confidence::new(row.get(1)?).ok_or_else(|| words::strange("confidence"))?,
            token: Token::covered(row.get_ref(2)?.as_str().map_err(|_| words::strange("token"))?),
        });
    }
    Ok(all)
}

fn named(names: &Names, detector: i64) -> Result<Arc<str>, Failed> {
    names.get(&detector).cloned().ok_or_else(|| words::strange("detector"))
}
