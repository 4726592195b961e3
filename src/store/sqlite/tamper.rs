//! What a forger with the store's file does to its audit log, for showing that it is found out.
//!
//! Both work on a store that nobody has open. A cut and a rewrite leave a chain that fits: only heads that lie outside tell.

use super::words;
use crate::clock::Moment;
use crate::store::audit::{BEFORE_ALL, Entry, commitment, link};
use rusqlite::{Connection, params};
use std::fmt;
use std::path::Path;

/// Why the store could not be forged.
#[derive(Debug)]
pub struct NotForged(rusqlite::Error);

impl fmt::Display for NotForged {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "the audit log could not be changed: {}", self.0)
    }
}

impl std::error::Error for NotForged {}

impl From<rusqlite::Error> for NotForged {
    fn from(error: rusqlite::Error) -> Self {
        Self(error)
    }
}

/// Cuts so many entries off the end of the log in the store `file`; gives how many were cut.
///
/// # Errors
/// When the file is no store, or is in use.
pub fn cut(file: &Path, entries: u32) -> Result<usize, NotForged> {
    let store = Connection::open(file)?;
    let sql = "DELETE FROM audit WHERE number > (SELECT MAX(number) FROM audit) - ?1";
    Ok(store.execute(sql, [entries])?)
}

/// Says of the entry `number` that `actor` did it, and makes every commitment and hash of the log anew.
///
/// # Errors
/// When the file is no store, or is in use.
pub fn rewrite(file: &Path, number: u64, actor: &str) -> Result<(), NotForged> {
    let mut store = Connection::open(file)?;
    let whole = store.transaction()?;
    whole.execute("UPDATE audit SET actor = ?2 WHERE number = ?1", params![words::integer(number), actor])?;
    rehash(&whole)?;
    Ok(whole.commit()?)
}

fn rehash(store: &Connection) -> rusqlite::Result<()> {
    let sql = "SELECT number, at, actor, act, about, details, salt FROM audit ORDER BY number";
    let mut statement = store.prepare(sql)?;
    let (mut rows, mut before) = (statement.query([])?, BEFORE_ALL);
    while let Some(row) = rows.next()? {
        let entry = Entry { actor: row.get(2)?, act: row.get(3)?, about: row.get(4)?, details: row.get(5)? };
        let (number, at, salt): (i64, i64, Vec<u8>) = (row.get(0)?, row.get(1)?, row.get(6)?);
        let committed = commitment(&salt, &entry.details);
        before = link(&before, words::count(number), Moment::from_millis(at), &entry, &committed);
        let values = params![number, committed, before];
        store.execute("UPDATE audit SET commitment = ?2, hash = ?3 WHERE number = ?1", values)?;
    }
    Ok(())
}
