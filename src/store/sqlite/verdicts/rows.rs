//! Readings and findings as rows: what is written of them, and how they are read back.

use super::super::words;
use crate::clock::Moment;
use crate::model::verdict::DetectorCount;
use crate::model::{Confidence, Evidence, Excerpt, Finding, Grounds, Hole, Locator, Mask, OwnText, Token};
use crate::store::rules::RulesNumber;
use crate::store::sqlite::Failed;
use crate::store::verdicts::{FindingNumber, FindingRow, Reading, ReadingNumber};
use rusqlite::{Connection, Params, Row};
use serde::Serialize;
use std::collections::HashMap;
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

/// A reading without its counts, and how many items hold it.
fn reading(row: &Row<'_>) -> Result<(Reading, u64), Failed> {
    let reading = Reading {
        number: ReadingNumber(row.get(0)?),
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
        counts: Vec::new(),
        at: Moment::from_millis(row.get(11)?),
    };
    Ok((reading, words::count(row.get(12)?)))
}

/// Readings by a statement that begins with [`READING`] and gives them in order of their numbers.
pub(super) fn readings(c: &Connection, sql: &str, params: impl Params) -> Result<Vec<(Reading, u64)>, Failed> {
    let mut statement = c.prepare_cached(sql)?;
    let mut rows = statement.query(params)?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        found.push(reading(row)?);
    }
    fill_counts(c, &mut found)?;
    Ok(found)
}

/// The one reading of a statement that begins with [`READING`].
pub(super) fn one(c: &Connection, sql: &str, params: impl Params) -> Result<Option<Reading>, Failed> {
    Ok(readings(c, sql, params)?.pop().map(|(reading, _)| reading))
}

/// A page whose numbers lie this many times wider apart than it has readings is asked for its counts one by one: most of what
/// lies between is not wanted.
const SPARSE: i64 = 4;

/// Adds the counts. A page over all contents is one question, not a thousand.
fn fill_counts(c: &Connection, page: &mut [(Reading, u64)]) -> Result<(), Failed> {
    let (Some(first), Some(last)) = (page.first(), page.last()) else { return Ok(()) };
    let (first, last) = (first.0.number.0, last.0.number.0);
    if last - first > SPARSE * words::limit(page.len()) {
        return page.iter_mut().try_for_each(|one| fill_counts(c, std::slice::from_mut(one)));
    }
    let names = detector_names(c)?;
    let mut statement = c.prepare_cached(
        "SELECT reading, detector, candidates, total, different, different_at_least, shadowed FROM counted
         WHERE reading >= ?1 AND reading <= ?2 ORDER BY reading",
    )?;
    let mut rows = statement.query([first, last])?;
    let mut wanted = page.iter_mut().map(|(reading, _)| reading).peekable();
    while let Some(row) = rows.next()? {
        let number: i64 = row.get(0)?;
        while wanted.next_if(|reading| reading.number.0 < number).is_some() {}
        if let Some(reading) = wanted.peek_mut().filter(|reading| reading.number.0 == number) {
            reading.counts.push(count(row, &names)?);
        }
    }
    page.iter_mut().for_each(|(reading, _)| reading.counts.sort_by(|a, b| a.detector.cmp(&b.detector)));
    Ok(())
}

/// Detectors' names by number: a few hundred.
pub(super) fn detector_names(c: &Connection) -> Result<HashMap<i64, Arc<str>>, Failed> {
    let mut statement = c.prepare_cached("SELECT number, name FROM detector")?;
    Ok(statement.query_map([], |row| Ok((row.get(0)?, text(row, 1)?)))?.collect::<Result<_, _>>()?)
}

fn count(row: &Row<'_>, names: &HashMap<i64, Arc<str>>) -> Result<DetectorCount, Failed> {
    let number = |column| row.get(column).map(words::count);
    Ok(DetectorCount {
        detector: names.get(&row.get(1)?).cloned().ok_or_else(|| words::strange("detector"))?,
        candidates: number(2)?,
        total: number(3)?,
        unique: number(4)?,
        unique_at_least: row.get(5)?,
        shadowed: number(6)?,
    })
}
