//! `Audit` in SQLite.

use super::{Failed, Haste, Sqlite, intents, messages, words};
use crate::clock::Moment;
use crate::store::Error;
use crate::store::audit::{Audit, BEFORE_ALL, Entry, EntryRow, Proven, commitment, link};
use crate::store::error::Kind;
use rusqlite::{Connection, OptionalExtension, Row, params};

/// Entries that one read transaction of a verification looks at: a chain of any length never holds a view for long.
const VERIFY_SLICE: usize = 10_000;

/// Bytes of salt: the details cannot be found by trying once it is destroyed.
const SALT_BYTES: usize = 32;

/// Appends an entry to what else is written in this transaction.
pub(super) fn append(c: &Connection, now: Moment, entry: Entry) -> Result<EntryRow, Failed> {
    let mut statement = c.prepare_cached("SELECT number, hash FROM audit ORDER BY number DESC LIMIT 1")?;
    let last = statement.query_row([], |row| Ok((row.get(0)?, row.get(1)?))).optional()?;
    let (last, before) = last.unwrap_or((0, BEFORE_ALL));
    let number = words::count(last) + 1;
    let mut salt = [0; SALT_BYTES];
    getrandom::fill(&mut salt).map_err(|_| Kind::Failed("the system gives no random bytes".into()))?;
    let commitment = commitment(&salt, &entry.details);
    let hash = link(&before, number, now, &entry, &commitment);
    let mut statement = c.prepare_cached(
        "INSERT INTO audit (number, at, actor, act, about, commitment, salt, details, hash)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
    )?;
    statement.execute(params![
        words::integer(number),
        now.as_millis(),
        entry.actor,
        entry.act,
        entry.about,
        commitment,
        salt,
        entry.details,
        hash,
    ])?;
    Ok(EntryRow { number, at: now, entry, hash })
}

fn proven_of(row: &Row<'_>) -> rusqlite::Result<Proven> {
    let details: Option<String> = row.get(5)?;
    Ok(Proven {
        has_details: details.is_some(),
        row: EntryRow {
            number: words::count(row.get(0)?),
            at: Moment::from_millis(row.get(1)?),
            entry: Entry {
                actor: row.get(2)?,
                act: row.get(3)?,
                about: row.get(4)?,
                details: details.unwrap_or_default(),
            },
            hash: row.get(8)?,
        },
        commitment: row.get(6)?,
        salt: row.get(7)?,
    })
}

fn stored(c: &Connection, after: u64, max: usize) -> Result<Vec<Proven>, Failed> {
    let mut statement = c.prepare_cached(
        "SELECT number, at, actor, act, about, details, commitment, salt, hash FROM audit
         WHERE number > ?1 ORDER BY number LIMIT ?2",
    )?;
    let rows = statement.query_map(params![words::integer(after), words::limit(max)], proven_of)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Destroys the personal fields of at most `max` entries that were made before a moment; how many. The salt goes with them:
/// with it, few possible texts could be tried until one fits.
pub(super) fn forget_details(c: &Connection, before: Moment, max: usize) -> Result<usize, Failed> {
    let mut statement = c.prepare_cached(
        "UPDATE audit SET details = NULL, salt = NULL WHERE number IN
             (SELECT number FROM audit WHERE details IS NOT NULL AND at < ?1 ORDER BY at LIMIT ?2)",
    )?;
    Ok(statement.execute(params![before.as_millis(), words::limit(max)])?)
}

impl Audit for Sqlite {
    fn append(&self, entry: &Entry) -> Result<EntryRow, Error> {
        let (now, entry) = (self.now(), entry.clone());
        self.write(Haste::Live, "write the audit log", move |c| append(c, now, entry))
    }

    fn entries(&self, after: u64, max: usize) -> Result<Vec<EntryRow>, Error> {
        let found = self.read("read the audit log", |c| stored(c, after, max))?;
        Ok(found.into_iter().map(|stored| stored.row).collect())
    }

    fn proven(&self, after: u64, max: usize) -> Result<Vec<Proven>, Error> {
        self.read("read the audit log", |c| stored(c, after, max))
    }

    fn audit_head(&self) -> Result<(u64, [u8; 32]), Error> {
        let found = self.read("read the end of the audit log", |c| {
            let mut statement = c.prepare_cached("SELECT number, hash FROM audit ORDER BY number DESC LIMIT 1")?;
            Ok(statement.query_row([], |row| Ok((row.get(0)?, row.get(1)?))).optional()?)
        })?;
        Ok(found.map_or((0, BEFORE_ALL), |(number, hash)| (words::count(number), hash)))
    }

    fn verify_audit(&self) -> Result<u64, Error> {
        let (mut number, mut before) = (0, BEFORE_ALL);
        loop {
            // What was verified stays as it is: entries are appended, and only their details ever go.
            let slice = self.read("verify the audit log", |c| stored(c, number, VERIFY_SLICE))?;
            for stored in &slice {
                number += 1;
                if stored.row.number != number || !stored.follows(&before) {
                    let what = format!("entry {number} of the audit log is not as it was written");
                    return Err(Error::new(Kind::Damaged(what), "verify the audit log").at(self.path()));
                }
                before = stored.row.hash;
            }
            if slice.len() < VERIFY_SLICE {
                return Ok(number);
            }
        }
    }

    fn outbox_depth(&self) -> Result<u64, Error> {
        self.read("count what waits to be done and told", |c| Ok(intents::waiting(c)? + messages::depth(c)?))
    }
}

#[cfg(test)]
mod tests;
