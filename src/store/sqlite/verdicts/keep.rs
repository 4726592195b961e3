//! Writes what a content holds: a reading is made once for each content and extraction, whoever else has it too.

use super::Brief;
use super::rows;
use crate::clock::Moment;
use crate::model::{Coverage, Finding, Reason, Verdict};
use crate::store::rules::RulesNumber;
use crate::store::sqlite::{Failed, rules, standing, words};
use crate::store::verdicts::ReadingNumber;
use rusqlite::{Connection, OptionalExtension, Row, params};
use std::collections::{BTreeMap, HashMap};

/// A content as it was read.
#[derive(Clone, Copy, Debug)]
pub(in super::super) struct Read<'a> {
    /// Our SHA-256.
    pub(in super::super) content: &'a [u8; 32],
    /// How it was read.
    pub(in super::super) extraction: &'a [u8; 32],
    /// With which rules.
    pub(in super::super) rules: RulesNumber,
    /// What it holds.
    pub(in super::super) verdict: &'a Verdict,
}

/// The reading that is there already.
struct There {
    brief: Brief,
    rules: i64,
    findings: i64,
}

impl There {
    fn from_row(row: &Row<'_>) -> rusqlite::Result<Self> {
        let brief = Brief { number: ReadingNumber(row.get(0)?), coverage: row.get(1)?, sniffed: row.get(2)? };
        Ok(Self { brief, rules: row.get(3)?, findings: row.get(4)? })
    }
}

/// True when the reading failed for a cause that may lie outside the content: another try may do better.
fn failed(coverage: Coverage) -> bool {
    use Reason::{ChangedWhileRead, Crashed, Interrupted, IoError, TimedOut};
    matches!(coverage.reason(), Some(Crashed | TimedOut | Interrupted | IoError | ChangedWhileRead))
}

/// Keeps a reading. One with the same key that was judged by these rules, or by those in force, stands as it is: two workers
/// may read the same content, and a crash may make one read it twice. One judged by other rules is made anew.
pub(in super::super) fn keep(c: &Connection, now: Moment, read: &Read<'_>) -> Result<Brief, Failed> {
    let extraction = extraction_number(c, read.extraction)?;
    let mut statement = c.prepare_cached(
        "SELECT number, coverage, sniffed, rules, findings FROM reading WHERE content = ?1 AND extraction = ?2",
    )?;
    let there = statement.query_row(params![read.content, extraction], There::from_row).optional()?;
    let Some(there) = there else { return first(c, now, read, extraction) };
    let was_failure = failed(words::coverage(&there.brief.coverage)?);
    let is_failure = failed(read.verdict.coverage);
    let judged =
        there.rules == read.rules.0 || rules::in_force(c)?.is_some_and(|(in_force, _)| in_force.0 == there.rules);
    match (was_failure, is_failure) {
        (true, false) => again(c, now, read, &there),
        _ if judged => Ok(there.brief),
        (false, true) => lower(c, now, read, there),
        _ => again(c, now, read, &there),
    }
}

/// The number of a way of reading.
fn extraction_number(c: &Connection, hash: &[u8; 32]) -> Result<i64, Failed> {
    let mut statement = c.prepare_cached("SELECT number FROM extraction WHERE hash = ?1")?;
    if let Some(number) = statement.query_row([hash], |row| row.get(0)).optional()? {
        return Ok(number);
    }
    let mut statement = c.prepare_cached("INSERT INTO extraction (hash) VALUES (?1) RETURNING number")?;
    Ok(statement.query_row([hash], |row| row.get(0))?)
}

/// A content that was never read in this way.
fn first(c: &Connection, now: Moment, read: &Read<'_>, extraction: i64) -> Result<Brief, Failed> {
    let verdict = read.verdict;
    let coverage = verdict.coverage.to_string();
    let mut statement = c.prepare_cached(
        "INSERT INTO reading (content, extraction, rules, coverage, sniffed, mismatch, bytes, text_bytes, holes,
                              holes_total, at, findings, holders, unheld)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, 0, ?11) RETURNING number",
    )?;
    let number = statement.query_row(
        params![
            read.content,
            extraction,
            read.rules.0,
            coverage,
            verdict.sniffed,
            verdict.mismatch,
            words::integer(verdict.bytes),
            words::integer(verdict.text_bytes),
            rows::of_holes(&verdict.holes),
            words::integer(verdict.holes_total),
            now.as_millis(),
            words::limit(verdict.findings.len()),
        ],
        |row| row.get(0).map(ReadingNumber),
    )?;
    let mut detectors = Detectors::default();
    keep_counts(c, number, verdict, &mut detectors)?;
    for (place, finding) in (0..).zip(&verdict.findings) {
        insert_finding(c, now, number, place, finding, detectors.number(c, &finding.detector)?)?;
    }
    keep_found(c, number, &verdict.findings, &mut detectors)?;
    Ok(Brief { number, coverage, sniffed: verdict.sniffed.into() })
}

/// A content that was read before under other rules, or in vain: what still holds stays as it is, what does not is closed.
fn again(c: &Connection, now: Moment, read: &Read<'_>, there: &There) -> Result<Brief, Failed> {
    let (number, verdict) = (there.brief.number, read.verdict);
    let mut detectors = Detectors::default();
    c.prepare_cached("DELETE FROM counted WHERE reading = ?1")?.execute([number.0])?;
    keep_counts(c, number, verdict, &mut detectors)?;
    clear_found(c, number)?;
    merge_findings(c, now, number, verdict, &mut detectors)?;
    keep_found(c, number, &verdict.findings, &mut detectors)?;
    let brief = Brief { number, coverage: verdict.coverage.to_string(), sniffed: verdict.sniffed.into() };
    let mut statement = c.prepare_cached(
        "UPDATE reading SET rules = ?2, coverage = ?3, sniffed = ?4, mismatch = ?5, bytes = ?6, text_bytes = ?7,
                            holes = ?8, holes_total = ?9, at = ?10, findings = ?11 WHERE number = ?1",
    )?;
    statement.execute(params![
        number.0,
        read.rules.0,
        brief.coverage,
        brief.sniffed,
        verdict.mismatch,
        words::integer(verdict.bytes),
        words::integer(verdict.text_bytes),
        rows::of_holes(&verdict.holes),
        words::integer(verdict.holes_total),
        now.as_millis(),
        words::limit(verdict.findings.len()),
    ])?;
    if (there.findings > 0) == verdict.findings.is_empty() {
        standing::found_changed(c, number, !verdict.findings.is_empty())?;
    }
    tell_holders(c, now, there, &brief)?;
    Ok(brief)
}

/// A content that was read well before, and now could not be: what was found stays, and that it was not judged anew shows.
fn lower(c: &Connection, now: Moment, read: &Read<'_>, there: There) -> Result<Brief, Failed> {
    let reason = read.verdict.coverage.reason().unwrap_or(Reason::Crashed);
    let brief = Brief { coverage: Coverage::Partial(reason).to_string(), ..there.brief.clone() };
    let mut statement = c.prepare_cached("UPDATE reading SET rules = ?2, coverage = ?3, at = ?4 WHERE number = ?1")?;
    statement.execute(params![brief.number.0, read.rules.0, brief.coverage, now.as_millis()])?;
    tell_holders(c, now, &there, &brief)?;
    Ok(brief)
}

fn tell_holders(c: &Connection, now: Moment, there: &There, brief: &Brief) -> Result<(), Failed> {
    if there.brief != *brief {
        standing::read_again(c, now, brief)?;
    }
    Ok(())
}

/// Numbers of detectors that were looked up already: a content has few, and many findings of each.
#[derive(Default)]
pub(super) struct Detectors(HashMap<String, i64>);

impl Detectors {
    pub(super) fn number(&mut self, c: &Connection, name: &str) -> Result<i64, Failed> {
        if let Some(number) = self.0.get(name) {
            return Ok(*number);
        }
        let number = rules::detector_number(c, name)?;
        self.0.insert(name.into(), number);
        Ok(number)
    }
}

fn keep_counts(
    c: &Connection,
    reading: ReadingNumber,
    verdict: &Verdict,
    detectors: &mut Detectors,
) -> Result<(), Failed> {
    for count in &verdict.counts {
        let detector = detectors.number(c, &count.detector)?;
        super::again::keep_count(c, reading, detector, count)?;
    }
    Ok(())
}

/// Writes how many findings of each detector and confidence hold.
fn keep_found(
    c: &Connection,
    reading: ReadingNumber,
    findings: &[Finding],
    detectors: &mut Detectors,
) -> Result<(), Failed> {
    let mut sums: BTreeMap<(i64, u8), i64> = BTreeMap::new();
    for finding in findings {
        *sums.entry((detectors.number(c, &finding.detector)?, finding.confidence.percent())).or_default() += 1;
    }
    for ((detector, confidence), findings) in sums {
        count_found(c, reading, detector, confidence, findings)?;
    }
    Ok(())
}

/// Moves how many findings of a detector and confidence hold; a row of none goes.
pub(super) fn count_found(
    c: &Connection,
    reading: ReadingNumber,
    detector: i64,
    confidence: u8,
    by: i64,
) -> Result<(), Failed> {
    let mut statement = c.prepare_cached(
        "INSERT INTO found (detector, confidence, reading, findings) VALUES (?1, ?2, ?3, ?4)
         ON CONFLICT (detector, confidence, reading) DO UPDATE SET findings = found.findings + excluded.findings
         RETURNING findings",
    )?;
    let left: i64 = statement.query_row(params![detector, confidence, reading.0, by], |row| row.get(0))?;
    if left <= 0 {
        let mut statement =
            c.prepare_cached("DELETE FROM found WHERE detector = ?1 AND confidence = ?2 AND reading = ?3")?;
        statement.execute(params![detector, confidence, reading.0])?;
    }
    Ok(())
}

/// Deletes the sums of a reading. They are found through its findings, since `found` is kept in order of detectors.
fn clear_found(c: &Connection, reading: ReadingNumber) -> Result<(), Failed> {
    let mut statement = c.prepare_cached(
        "DELETE FROM found WHERE reading = ?1 AND (detector, confidence) IN
             (SELECT detector, confidence FROM finding WHERE reading = ?1 AND until IS NULL)",
    )?;
    statement.execute([reading.0])?;
    Ok(())
}

/// Closes what holds no more and adds what is new. What is told in the same words at the same place is the same finding.
fn merge_findings(
    c: &Connection,
    now: Moment,
    reading: ReadingNumber,
    verdict: &Verdict,
    detectors: &mut Detectors,
) -> Result<(), Failed> {
    let mut present: HashMap<rows::Told, Vec<i64>> = HashMap::new();
    for (number, told) in rows::told(c, reading)? {
        present.entry(told).or_default().push(number);
    }
    for (place, finding) in (0..).zip(&verdict.findings) {
        let stays = present.get_mut(&rows::Told::of(finding)).and_then(Vec::pop);
        match stays {
            Some(number) => {
                let grounds = rows::of_grounds(finding);
                c.prepare_cached("UPDATE finding SET place = ?2, grounds = ?3 WHERE number = ?1")?
                    .execute(params![number, place, grounds])?;
            }
            None => insert_finding(c, now, reading, place, finding, detectors.number(c, &finding.detector)?)?,
        }
    }
    present.into_values().flatten().try_for_each(|number| close_finding(c, now, number))
}

/// Ends a finding.
pub(super) fn close_finding(c: &Connection, now: Moment, number: i64) -> Result<(), Failed> {
    c.prepare_cached("UPDATE finding SET until = ?2 WHERE number = ?1")?.execute([number, now.as_millis()])?;
    Ok(())
}

/// Adds a finding that holds from now on.
pub(super) fn insert_finding(
    c: &Connection,
    now: Moment,
    reading: ReadingNumber,
    place: i64,
    finding: &Finding,
    detector: i64,
) -> Result<(), Failed> {
    let own = finding.own_text;
    let mut statement = c.prepare_cached(
        "INSERT INTO finding (reading, place, detector, confidence, tier, part, location, first_char, past_char,
                              first_byte, past_byte, line, text_column, mask, token, excerpt, evidence, grounds, since)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19)",
    )?;
    statement.execute(params![
        reading.0,
        place,
        detector,
        finding.confidence.percent(),
        &*finding.tier,
        &*finding.part,
        rows::of_location(&finding.location),
        words::integer(finding.start),
        words::integer(finding.end),
        own.map(|own| words::integer(own.byte_start)),
        own.map(|own| words::integer(own.byte_end)),
        own.map(|own| words::integer(own.line)),
        own.map(|own| words::integer(own.column)),
        finding.mask.as_str(),
        finding.token.as_str(),
        finding.excerpt.as_str(),
        rows::of_evidence(&finding.evidence),
        rows::of_grounds(finding),
        now.as_millis(),
    ])?;
    Ok(())
}
