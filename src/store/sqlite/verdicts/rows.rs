//! Readings and findings as rows: what is written of them, and how they are read back.

use super::super::words;
use crate::clock::Moment;
use crate::model::verdict::DetectorCount;
use crate::model::{Confidence, Evidence, Excerpt, Finding, Grounds, Hole, Locator, Mask, OwnText, Token};
use crate::store::rules::RulesNumber;
use crate::store::sqlite::Failed;
use crate::store::verdicts::{FindingNumber, FindingRow, Reading, ReadingNumber};
use rusqlite::{Connection, OptionalExtension, Params, Row, Rows};
use serde::Serialize;
use std::sync::Arc;

/// Text of a list; lists of numbers and strings have one always.
fn json(value: &impl Serialize) -> String {
    serde_json::to_string(value).unwrap_or_default()
}

/// The steps of a place.
pub(super) fn of_location(location: &Locator) -> String {
    json(&location.steps)
}

/// What supported a finding: name, distance, whether it stands before.
pub(super) fn of_evidence(evidence: &[Evidence]) -> String {
    json(&evidence.iter().map(|one| (&*one.name, one.distance, one.before)).collect::<Vec<_>>())
}

/// Holes: steps and reason; nothing where there is none, since most contents have none.
pub(super) fn of_holes(holes: &[Hole]) -> Option<String> {
    let rows = holes.iter().map(|hole| (&hole.location.steps, hole.reason.to_string())).collect::<Vec<_>>();
    (!rows.is_empty()).then(|| json(&rows))
}

/// What a finding was judged on.
pub(super) fn of_grounds(finding: &Finding) -> Option<Vec<u8>> {
    finding.grounds.as_ref().map(|grounds| grounds.to_bytes())
}

fn list<'de, T: serde::Deserialize<'de>>(text: &'de str, what: &str) -> Result<T, Failed> {
    serde_json::from_str(text).map_err(|_| words::strange(what))
}

fn location(text: &str) -> Result<Locator, Failed> {
    Ok(Locator { steps: list(text, "location")? })
}

pub(super) fn evidence(text: &str) -> Result<Vec<Evidence>, Failed> {
    let rows: Vec<(String, Option<u32>, bool)> = list(text, "list of evidence")?;
    let one = |(name, distance, before): (String, _, _)| Evidence { name: name.into(), distance, before };
    Ok(rows.into_iter().map(one).collect())
}

fn holes(text: Option<&str>) -> Result<Vec<Hole>, Failed> {
    let Some(text) = text else { return Ok(Vec::new()) };
    let rows: Vec<(Vec<String>, String)> = list(text, "list of holes")?;
    let one = |(steps, reason): (_, String)| Ok(Hole { location: Locator { steps }, reason: words::reason(&reason)? });
    rows.into_iter().map(one).collect()
}

/// What tells two findings of one content apart: all that is said of them but their grounds.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Told {
    detector: String,
    confidence: u8,
    tier: String,
    part: String,
    location: String,
    place: [i64; 2],
    own_text: Option<i64>,
    covered: [String; 3],
    evidence: String,
}

impl Told {
    pub(super) fn of(finding: &Finding) -> Self {
        Self {
            detector: (&*finding.detector).into(),
            confidence: finding.confidence.percent(),
            tier: (&*finding.tier).into(),
            part: (&*finding.part).into(),
            location: of_location(&finding.location),
            place: [finding.start, finding.end].map(words::integer),
            own_text: finding.own_text.map(|own| words::integer(own.byte_start)),
            covered: [finding.mask.as_str(), finding.token.as_str(), finding.excerpt.as_str()].map(Into::into),
            evidence: of_evidence(&finding.evidence),
        }
    }
}

/// The findings of a reading that hold now, by number.
pub(super) fn told(c: &Connection, reading: ReadingNumber) -> Result<Vec<(i64, Told)>, Failed> {
    let sql = format!("{FINDING} WHERE finding.reading = ?1 AND finding.until IS NULL ORDER BY finding.number DESC");
    let found = findings(c, &sql, [reading.0])?;
    Ok(found.into_iter().map(|row| (row.number.0, Told::of(&row.finding))).collect())
}

/// All columns of a finding, its detector by name.
pub(super) const FINDING: &str = "SELECT finding.number, finding.reading, detector.name, finding.confidence, \
    finding.tier, finding.part, finding.location, finding.first_char, finding.past_char, finding.first_byte, \
    finding.past_byte, finding.line, finding.text_column, finding.mask, finding.token, finding.excerpt, \
    finding.evidence, finding.grounds, finding.since, finding.until \
    FROM finding JOIN detector ON detector.number = finding.detector";

/// Findings by a statement that begins with [`FINDING`].
pub(super) fn findings(c: &Connection, sql: &str, params: impl Params) -> Result<Vec<FindingRow>, Failed> {
    let mut statement = c.prepare_cached(sql)?;
    let mut rows = statement.query(params)?;
    let mut found = Vec::new();
    // Findings of one place share its chain, as they did when they were made.
    let mut last: Option<(String, Arc<Locator>)> = None;
    while let Some(row) = rows.next()? {
        let text: String = row.get(6)?;
        let location = match &last {
            Some((told, location)) if *told == text => Arc::clone(location),
            _ => Arc::new(location(&text)?),
        };
        last = Some((text, Arc::clone(&location)));
        found.push(finding(row, location)?);
    }
    Ok(found)
}

fn text(row: &Row<'_>, column: usize) -> rusqlite::Result<Arc<str>> {
    row.get::<_, String>(column).map(Into::into)
}

fn finding(row: &Row<'_>, location: Arc<Locator>) -> Result<FindingRow, Failed> {
    let number = |column| row.get(column).map(words::count);
    let own_text = match row.get::<_, Option<i64>>(9)? {
        None => None,
        Some(first) => Some(OwnText {
            byte_start: words::count(first),
            byte_end: number(10)?,
            line: number(11)?,
            column: number(12)?,
        }),
    };
    let grounds = row.get::<_, Option<Vec<u8>>>(17)?;
    // Grounds that a newer program wrote cannot be read: without them the content is read again, which is always right.
    let grounds = grounds.and_then(|bytes| Grounds::from_bytes(&bytes).ok()).map(Box::new);
    let finding = Finding {
        detector: text(row, 2)?,
        confidence: Confidence::new(row.get(3)?).ok_or_else(|| words::strange("confidence"))?,
        tier: text(row, 4)?,
        part: text(row, 5)?,
        location,
        start: number(7)?,
        end: number(8)?,
        own_text,
        mask: Mask::covered(text(row, 13)?),
        token: Token::covered(text(row, 14)?),
        excerpt: Excerpt::covered(text(row, 15)?),
        evidence: evidence(&row.get::<_, String>(16)?)?,
        grounds,
    };
    Ok(FindingRow {
        number: FindingNumber(row.get(0)?),
        reading: ReadingNumber(row.get(1)?),
        finding,
        since: Moment::from_millis(row.get(18)?),
        until: row.get::<_, Option<i64>>(19)?.map(Moment::from_millis),
    })
}

/// All columns of a reading, its extraction by hash.
pub(super) const READING: &str = "SELECT reading.number, reading.content, extraction.hash, reading.rules, \
    reading.coverage, reading.sniffed, reading.mismatch, reading.bytes, reading.text_bytes, reading.holes, \
    reading.holes_total, reading.at, reading.holders \
    FROM reading JOIN extraction ON extraction.number = reading.extraction";

/// A reading, and how many items hold it.
pub(super) fn reading(c: &Connection, row: &Row<'_>) -> Result<(Reading, u64), Failed> {
    let number = ReadingNumber(row.get(0)?);
    let reading = Reading {
        number,
        content: row.get(1)?,
        extraction: row.get(2)?,
        rules: RulesNumber(row.get(3)?),
        coverage: words::coverage(&row.get::<_, String>(4)?)?,
        sniffed: text(row, 5)?,
        mismatch: row.get(6)?,
        bytes: words::count(row.get(7)?),
        text_bytes: words::count(row.get(8)?),
        holes: holes(row.get::<_, Option<String>>(9)?.as_deref())?,
        holes_total: words::count(row.get(10)?),
        counts: counts(c, number)?,
        at: Moment::from_millis(row.get(11)?),
    };
    Ok((reading, words::count(row.get(12)?)))
}

/// Readings by a statement that begins with [`READING`].
pub(super) fn readings(c: &Connection, sql: &str, params: impl Params) -> Result<Vec<(Reading, u64)>, Failed> {
    let mut statement = c.prepare_cached(sql)?;
    all(c, statement.query(params)?)
}

/// All readings of an answer.
pub(super) fn all(c: &Connection, mut rows: Rows<'_>) -> Result<Vec<(Reading, u64)>, Failed> {
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        found.push(reading(c, row)?);
    }
    Ok(found)
}

/// The one reading of a statement that begins with [`READING`].
pub(super) fn one(c: &Connection, sql: &str, params: impl Params) -> Result<Option<Reading>, Failed> {
    let mut statement = c.prepare_cached(sql)?;
    Ok(statement.query_row(params, |row| Ok(reading(c, row))).optional()?.transpose()?.map(|(reading, _)| reading))
}

fn counts(c: &Connection, reading: ReadingNumber) -> Result<Vec<DetectorCount>, Failed> {
    let mut statement = c.prepare_cached(
        "SELECT detector.name, candidates, total, different, different_at_least, shadowed FROM counted
         JOIN detector ON detector.number = counted.detector WHERE counted.reading = ?1 ORDER BY detector.name",
    )?;
    let count = |row: &Row<'_>| {
        let number = |column| row.get(column).map(words::count);
        Ok(DetectorCount {
            detector: text(row, 0)?,
            candidates: number(1)?,
            total: number(2)?,
            unique: number(3)?,
            unique_at_least: row.get(4)?,
            shadowed: number(5)?,
        })
    };
    Ok(statement.query_map([reading.0], count)?.collect::<Result<_, _>>()?)
}
