//! `Verdicts` in SQLite.

mod again;
#[cfg(test)]
mod canaries;
mod contents;
mod gists;
mod keep;
mod rows;
mod settle;

use super::{Desk, Failed, Haste, Sqlite, words};
use crate::clock::Moment;
use crate::model::{ContentHash, Coverage, ItemNumber, Provider};
use crate::store::Error;
use crate::store::rules::RulesNumber;
use crate::store::verdicts::{
    ContentRow, ContentScope, FindingNumber, FindingRow, Gist, Reading, ReadingNumber, Rejudged, Settled, Settlement,
    Verdicts,
};
use rusqlite::{Connection, OptionalExtension, params};

#[cfg(test)]
pub(super) use again::rejudge as keep_rejudged;
pub(super) use contents::{forget_contents, forget_findings};
#[cfg(test)]
pub(super) use keep::{Read as Judgement, keep as keep_reading};

/// What an item's standing takes from a reading.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Brief {
    /// Which.
    pub(super) number: ReadingNumber,
    /// Its coverage as it prints.
    pub(super) coverage: String,
    /// The type told by the content.
    pub(super) sniffed: String,
}

/// The bytes of a provider's hash; the provider tells which method.
fn hash_bytes(hash: &ContentHash) -> &[u8] {
    match hash {
        ContentHash::Sha1(bytes) => bytes,
        ContentHash::Blocks(bytes) => bytes,
    }
}

/// Keeps which reading a provider's hash leads to; the newest one counts.
fn keep_hash(
    c: &Connection,
    provider: &str,
    hash: &ContentHash,
    bytes: u64,
    reading: ReadingNumber,
) -> Result<(), Failed> {
    let mut statement = c.prepare_cached(
        "INSERT INTO reading_hash (provider, hash, bytes, reading) VALUES (?1, ?2, ?3, ?4)
         ON CONFLICT (provider, hash, bytes) DO UPDATE SET reading = excluded.reading",
    )?;
    statement.execute(params![provider, hash_bytes(hash), words::integer(bytes), reading.0])?;
    Ok(())
}

fn findings(c: &Connection, reading: ReadingNumber, as_of: Option<Moment>) -> Result<Vec<FindingRow>, Failed> {
    let begin = rows::FINDING;
    let order = "ORDER BY finding.place, finding.number";
    match as_of {
        None => {
            let sql = format!("{begin} WHERE finding.reading = ?1 AND finding.until IS NULL {order}");
            rows::findings(c, &sql, [reading.0])
        }
        Some(at) => {
            let held = "finding.since <= ?2 AND (finding.until IS NULL OR finding.until > ?2)";
            let sql = format!("{begin} WHERE finding.reading = ?1 AND {held} {order}");
            rows::findings(c, &sql, [reading.0, at.as_millis()])
        }
    }
}

/// An item's coverage and reading.
type Stood = (Option<Coverage>, Option<ReadingNumber>);

/// How an item stood: the present row from its beginning on, else the row of the past that holds the moment.
fn as_of(c: &Connection, item: ItemNumber, at: Moment) -> Result<Option<Stood>, Failed> {
    let mut statement = c.prepare_cached(
        "SELECT coverage, reading FROM standing WHERE item = ?1 AND since <= ?2 AND gone = 0
         UNION ALL
         SELECT coverage, reading FROM past WHERE item = ?1 AND since <= ?2 AND until > ?2 AND gone = 0
         LIMIT 1",
    )?;
    let row = statement.query_row([item.0, at.as_millis()], |row| {
        Ok((row.get::<_, Option<String>>(0)?, row.get::<_, Option<i64>>(1)?))
    });
    let Some((coverage, reading)) = row.optional()? else { return Ok(None) };
    Ok(Some((words::coverage_or_waits(coverage.as_deref())?, reading.map(ReadingNumber))))
}

impl Verdicts for Sqlite {
    fn settle(&self, settlement: Settlement) -> Result<Settled, Error> {
        let (now, seal, lease) = (self.now(), self.seal().clone(), settlement.lease);
        let settled = self.write(Haste::Live, "settle a job", move |tx| {
            settle::settle(&Desk { tx, seal: &seal, now }, &settlement)
        })?;
        if settled != Settled::Lost {
            self.lease_over(&lease);
        }
        Ok(settled)
    }

    fn reading(&self, number: ReadingNumber) -> Result<Option<Reading>, Error> {
        let sql = format!("{} WHERE reading.number = ?1", rows::READING);
        self.read("read a verdict", |c| rows::one(c, &sql, [number.0]))
    }

    fn reading_by_hash(
        &self,
        provider: Provider,
        hash: &ContentHash,
        size_bytes: u64,
    ) -> Result<Option<Reading>, Error> {
        let sql = format!(
            "{} JOIN reading_hash ON reading_hash.reading = reading.number
             WHERE reading_hash.provider = ?1 AND reading_hash.hash = ?2 AND reading_hash.bytes = ?3",
            rows::READING
        );
        self.read("look for a verdict by hash", |c| {
            rows::one(c, &sql, params![provider.name(), hash_bytes(hash), words::integer(size_bytes)])
        })
    }

    fn reading_by_content(&self, content: &[u8; 32], extraction: &[u8; 32]) -> Result<Option<Reading>, Error> {
        let sql = format!("{} WHERE reading.content = ?1 AND extraction.hash = ?2", rows::READING);
        self.read("look for a verdict by content", |c| rows::one(c, &sql, params![content, extraction]))
    }

    fn findings(&self, reading: ReadingNumber, as_of: Option<Moment>) -> Result<Vec<FindingRow>, Error> {
        self.read("read findings", |c| findings(c, reading, as_of))
    }

    fn gists(&self, readings: &[ReadingNumber]) -> Result<Vec<Gist>, Error> {
        self.read("read what was found", |c| gists::gists(c, readings))
    }

    fn finding(&self, number: FindingNumber) -> Result<Option<FindingRow>, Error> {
        let sql = format!("{} WHERE finding.number = ?1", rows::FINDING);
        self.read("read a finding", |c| Ok(rows::findings(c, &sql, [number.0])?.pop()))
    }

    fn trace(&self, token: &str, after: Option<FindingNumber>, max: usize) -> Result<Vec<FindingRow>, Error> {
        let sql = format!(
            "{} WHERE finding.token = ?1 AND finding.until IS NULL AND finding.number > ?2
             ORDER BY finding.number LIMIT ?3",
            rows::FINDING
        );
        let after = after.map_or(0, |number| number.0);
        self.read("trace a token", |c| rows::findings(c, &sql, params![token, after, words::limit(max)]))
    }

    fn holders(&self, reading: ReadingNumber, after: Option<ItemNumber>, max: usize) -> Result<Vec<ItemNumber>, Error> {
        self.read("read who holds a content", |c| contents::holders(c, reading, after, max))
    }

    fn as_of(&self, item: ItemNumber, at: Moment) -> Result<Option<(Option<Coverage>, Option<ReadingNumber>)>, Error> {
        self.read("read how an item stood", |c| as_of(c, item, at))
    }

    fn contents(
        &self,
        scope: &ContentScope,
        after: Option<ReadingNumber>,
        max: usize,
    ) -> Result<Vec<ContentRow>, Error> {
        self.read("read contents", |c| contents::contents(c, scope, after, max))
    }

    fn price(&self, scope: &ContentScope) -> Result<(u64, u64), Error> {
        self.read("count contents", |c| contents::price(c, scope))
    }

    fn rejudge(&self, rules: RulesNumber, judged: &[Rejudged], complete: &[ReadingNumber]) -> Result<(), Error> {
        let (now, judged, complete) = (self.now(), judged.to_vec(), complete.to_vec());
        self.write(Haste::Bulk, "keep judgements made anew", move |c| {
            judged.iter().try_for_each(|one| again::rejudge(c, now, one))?;
            again::complete(c, rules, &complete)
        })
    }
}
