//! Writes judgements made anew from what is stored, without reading the content.

use super::keep;
use super::rows;
use crate::clock::Moment;
use crate::model::verdict::DetectorCount;
use crate::store::error::Kind;
use crate::store::rules::RulesNumber;
use crate::store::sqlite::{Failed, rules, standing, words};
use crate::store::verdicts::{FindingRow, ReadingNumber, Rejudged, Upheld};
use rusqlite::{Connection, OptionalExtension, params};
use std::collections::HashMap;

/// Keeps a detector's counts of a content; those that are as they were are not written, since most stay so when a rule is
/// edited.
pub(super) fn keep_count(
    c: &Connection,
    reading: ReadingNumber,
    detector: i64,
    count: &DetectorCount,
) -> Result<(), Failed> {
    let mut statement = c.prepare_cached(
        "INSERT INTO counted (reading, detector, candidates, total, different, different_at_least, shadowed)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
         ON CONFLICT (reading, detector) DO UPDATE SET
             candidates = excluded.candidates, total = excluded.total, different = excluded.different,
             different_at_least = excluded.different_at_least, shadowed = excluded.shadowed
         WHERE counted.candidates <> excluded.candidates OR counted.total <> excluded.total
             OR counted.different <> excluded.different OR counted.shadowed <> excluded.shadowed
             OR counted.different_at_least <> excluded.different_at_least",
    )?;
    statement.execute(params![
        reading.0,
        detector,
        words::integer(count.candidates),
        words::integer(count.total),
        words::integer(count.unique),
        count.unique_at_least,
        words::integer(count.shadowed),
    ])?;
    Ok(())
}

/// Writes one detector's judgement of one content.
pub(in super::super) fn rejudge(c: &Connection, now: Moment, judged: &Rejudged) -> Result<(), Failed> {
    let reading = judged.reading;
    let Some(detector) = rules::known_detector(c, &judged.detector)? else {
        return match judged.count {
            None => Ok(()),
            Some(_) => Err(Kind::Refused("a detector that never judged anything cannot judge anew".into()).into()),
        };
    };
    match &judged.count {
        Some(count) => keep_count(c, reading, detector, count)?,
        None => {
            c.prepare_cached("DELETE FROM counted WHERE reading = ?1 AND detector = ?2")?
                .execute([reading.0, detector])?;
        }
    }
    let upheld: HashMap<i64, &Upheld> = judged.keep.iter().map(|upheld| (upheld.finding.0, upheld)).collect();
    let sql = format!(
        "{} WHERE finding.reading = ?1 AND finding.detector = ?2 AND finding.until IS NULL ORDER BY finding.number",
        rows::FINDING
    );
    let mut ended = 0;
    for held in rows::findings(c, &sql, [reading.0, detector])? {
        ended += i64::from(!judge_one(c, now, detector, held, &upheld)?);
    }
    lose(c, reading, ended)
}

/// Judges one finding anew; false when it ends. A finding of which something else is said now ends as well and is followed by
/// another, so that the past keeps what was said then.
fn judge_one(
    c: &Connection,
    now: Moment,
    detector: i64,
    held: FindingRow,
    upheld: &HashMap<i64, &Upheld>,
) -> Result<bool, Failed> {
    let mut finding = held.finding;
    let was = finding.confidence.percent();
    let Some(upheld) = upheld.get(&held.number.0) else {
        keep::close_finding(c, now, held.number.0)?;
        keep::count_found(c, held.reading, detector, was, -1)?;
        return Ok(false);
    };
    if finding.confidence == upheld.confidence && finding.tier == upheld.tier && finding.evidence == upheld.evidence {
        return Ok(true);
    }
    finding.confidence = upheld.confidence;
    finding.tier = upheld.tier.clone();
    finding.evidence.clone_from(&upheld.evidence);
    let place: i64 = c
        .prepare_cached("SELECT place FROM finding WHERE number = ?1")?
        .query_row([held.number.0], |row| row.get(0))?;
    keep::close_finding(c, now, held.number.0)?;
    keep::insert_finding(c, now, held.reading, place, &finding, detector)?;
    if was != finding.confidence.percent() {
        keep::count_found(c, held.reading, detector, was, -1)?;
        keep::count_found(c, held.reading, detector, finding.confidence.percent(), 1)?;
    }
    Ok(true)
}

/// A reading has so many findings fewer.
fn lose(c: &Connection, reading: ReadingNumber, ended: i64) -> Result<(), Failed> {
    if ended == 0 {
        return Ok(());
    }
    let mut statement =
        c.prepare_cached("UPDATE reading SET findings = findings - ?2 WHERE number = ?1 RETURNING findings")?;
    let left: Option<i64> = statement.query_row([reading.0, ended], |row| row.get(0)).optional()?;
    if left == Some(0) {
        standing::found_changed(c, reading, false)?;
    }
    Ok(())
}

/// All detectors of a rule set have judged these readings.
pub(super) fn complete(c: &Connection, rules: RulesNumber, readings: &[ReadingNumber]) -> Result<(), Failed> {
    let mut statement = c.prepare_cached("UPDATE reading SET rules = ?2 WHERE number = ?1 AND rules <> ?2")?;
    readings.iter().try_for_each(|reading| statement.execute([reading.0, rules.0]).map(drop))?;
    Ok(())
}
