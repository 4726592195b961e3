//! `Coverages` in SQLite.
//!
//! What holds now is read from tallies; what held at a date is counted from the rows of that date, present and past.

use super::standing::Standing;
use super::words::{self, UNTOLD};
use super::{Failed, Sqlite};
use crate::clock::Moment;
use crate::model::{ConnectorNumber, WhyUnwalked};
use crate::store::Error;
use crate::store::coverage::{CoverageRow, Coverages, DetectorRow, ExposureRow, HoleRow};
use crate::store::inventory::Totals;
use rusqlite::{Connection, OptionalExtension, Params, params};

/// Moves the tally under which an item that is there counts.
pub(super) fn count(c: &Connection, standing: &Standing, with_findings: bool, by: i64) -> Result<(), Failed> {
    let mut statement = c.prepare_cached(
        "INSERT INTO tally (connector, kind, label, coverage, level, level_known, with_findings, items, bytes)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)
         ON CONFLICT (connector, kind, label, coverage, level, level_known, with_findings)
         DO UPDATE SET items = tally.items + excluded.items, bytes = tally.bytes + excluded.bytes",
    )?;
    statement.execute(params![
        standing.connector,
        standing.kind,
        standing.label,
        standing.coverage.as_deref().unwrap_or(""),
        standing.level,
        standing.level_known,
        with_findings,
        by,
        by.saturating_mul(standing.bytes),
    ])?;
    Ok(())
}

/// Notes that a content was read.
pub(super) fn count_read(c: &Connection, of: i64, bytes: u64) -> Result<(), Failed> {
    let mut statement = c.prepare_cached(
        "INSERT INTO progress (connector, read_files, read_bytes) VALUES (?1, 1, ?2)
         ON CONFLICT (connector) DO UPDATE SET
             read_files = progress.read_files + 1, read_bytes = progress.read_bytes + excluded.read_bytes",
    )?;
    statement.execute(params![of, words::integer(bytes)])?;
    Ok(())
}

/// Counts of one connector's items, from the tallies.
pub(super) fn totals(c: &Connection, of: ConnectorNumber) -> Result<Totals, Failed> {
    let mut totals = Totals::default();
    let mut statement = c.prepare_cached(
        "SELECT kind, coverage = '', SUM(items), SUM(bytes) FROM tally WHERE connector = ?1 GROUP BY kind, coverage = ''",
    )?;
    let mut rows = statement.query([of.0])?;
    while let Some(row) = rows.next()? {
        let (kind, waits): (String, bool) = (row.get(0)?, row.get(1)?);
        let (items, bytes) = (words::count(row.get(2)?), words::count(row.get(3)?));
        match &*kind {
            "folder" => totals.folders += items,
            "web_link" => totals.web_links += items,
            _ => {
                totals.files += items;
                totals.bytes += bytes;
                if waits {
                    (totals.waiting_files, totals.waiting_bytes) = (items, bytes);
                }
            }
        }
    }
    let mut statement = c.prepare_cached("SELECT read_files, read_bytes FROM progress WHERE connector = ?1")?;
    let read = statement.query_row([of.0], |row| Ok((row.get(0)?, row.get(1)?))).optional()?;
    if let Some((files, bytes)) = read {
        (totals.read_files, totals.read_bytes) = (words::count(files), words::count(bytes));
    }
    Ok(totals)
}

fn rows_of(c: &Connection, sql: &str, params: impl Params) -> Result<Vec<CoverageRow>, Failed> {
    let mut statement = c.prepare_cached(sql)?;
    let mut rows = statement.query(params)?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        let coverage: String = row.get(2)?;
        found.push(CoverageRow {
            connector: ConnectorNumber(row.get(0)?),
            kind: row.get::<_, String>(1)?.into(),
            coverage: words::coverage_or_waits(Some(&*coverage).filter(|text| !text.is_empty()))?,
            items: words::count(row.get(3)?),
            bytes: words::count(row.get(4)?),
        });
    }
    Ok(found)
}

/// An item stood as its present row says from that row's beginning on, and as a row of the past says between its two ends.
const AS_OF: &str = "SELECT connector, label, COALESCE(coverage, ''), COUNT(*), SUM(bytes) FROM (
        SELECT connector, label, coverage, bytes FROM standing WHERE since <= ?1 AND gone = 0
        UNION ALL
        SELECT connector, label, coverage, bytes FROM past WHERE until > ?1 AND since <= ?1 AND gone = 0
    ) AS stood GROUP BY 1, 2, 3 ORDER BY 1, 2, 3";

const NOW: &str = "SELECT connector, label, coverage, SUM(items), SUM(bytes) FROM tally
    GROUP BY connector, label, coverage HAVING SUM(items) > 0 ORDER BY connector, label, coverage";

/// Exposures from the tallies, a row for each connector and level.
fn exposures(c: &Connection) -> Result<Vec<ExposureRow>, Failed> {
    let mut statement = c.prepare_cached(
        "SELECT connector, level, SUM(items), SUM(items * with_findings), SUM(items * (1 - level_known)) FROM tally
         WHERE kind = 'file' GROUP BY connector, level HAVING SUM(items) > 0 ORDER BY connector, level",
    )?;
    let mut rows = statement.query([])?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        let number: i64 = row.get(1)?;
        found.push(ExposureRow {
            connector: ConnectorNumber(row.get(0)?),
            level: words::level(number)?,
            files: words::count(row.get(2)?),
            with_findings: words::count(row.get(3)?),
            unknown: if number == UNTOLD { 0 } else { words::count(row.get(4)?) },
        });
    }
    Ok(found)
}

fn by_detector(c: &Connection) -> Result<Vec<DetectorRow>, Failed> {
    let mut statement = c.prepare_cached(
        "SELECT detector.name, summed.confidence, summed.files, summed.findings FROM (
             SELECT found.detector, found.confidence, SUM(reading.holders) AS files,
                    SUM(reading.holders * found.findings) AS findings
             FROM found JOIN reading ON reading.number = found.reading
             WHERE reading.holders > 0 GROUP BY found.detector, found.confidence
         ) AS summed JOIN detector ON detector.number = summed.detector
         ORDER BY detector.name, summed.confidence DESC",
    )?;
    let rows = statement.query_map([], |row| {
        Ok(DetectorRow {
            detector: row.get::<_, String>(0)?.into(),
            confidence: row.get(1)?,
            files: words::count(row.get(2)?),
            findings: words::count(row.get(3)?),
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Why something is a hole, by its number.
fn why(number: i64) -> Result<WhyUnwalked, Failed> {
    const ALL: [WhyUnwalked; 8] = [
        WhyUnwalked::InactiveOwner,
        WhyUnwalked::InvitedOwner,
        WhyUnwalked::CoAdminGap,
        WhyUnwalked::Archived,
        WhyUnwalked::Refused,
        WhyUnwalked::Gone,
        WhyUnwalked::AppFolder,
        WhyUnwalked::Failing,
    ];
    usize::try_from(number).ok().and_then(|at| ALL.get(at)).copied().ok_or_else(|| words::strange("reason of a hole"))
}

fn holes(c: &Connection, as_of: Option<Moment>) -> Result<Vec<HoleRow>, Failed> {
    let mut statement = c.prepare_cached(
        "SELECT connector, what, name, why, since FROM hole
         WHERE (?1 IS NULL AND until IS NULL) OR (since <= ?1 AND (until IS NULL OR until > ?1))
         ORDER BY connector, what, since",
    )?;
    let mut rows = statement.query([as_of.map(Moment::as_millis)])?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        found.push(HoleRow {
            connector: ConnectorNumber(row.get(0)?),
            what: row.get::<_, String>(1)?.into(),
            name: row.get::<_, String>(2)?.into(),
            why: why(row.get(3)?)?,
            since: Moment::from_millis(row.get(4)?),
        });
    }
    Ok(found)
}

impl Coverages for Sqlite {
    fn coverage(&self, as_of: Option<Moment>) -> Result<Vec<CoverageRow>, Error> {
        self.read("count coverage", |c| match as_of {
            None => rows_of(c, NOW, []),
            Some(moment) => rows_of(c, AS_OF, [moment.as_millis()]),
        })
    }

    fn holes(&self, as_of: Option<Moment>) -> Result<Vec<HoleRow>, Error> {
        self.read("read holes", |c| holes(c, as_of))
    }

    fn exposures(&self) -> Result<Vec<ExposureRow>, Error> {
        self.read("count exposures", exposures)
    }

    fn by_detector(&self) -> Result<Vec<DetectorRow>, Error> {
        self.read("count findings by detector", by_detector)
    }
}
