//! Numbered schema files, applied in order; opening a file for writing or reading.

use super::Failed;
use crate::store::Error;
use crate::store::error::Kind;
use rusqlite::{Connection, OpenFlags};
use std::path::Path;

/// The schema files, oldest first. A file that was released is never edited: the next change is the next file.
pub(super) const FILES: [&str; 2] =
    [include_str!("schema/0001_inventory.sql"), include_str!("schema/0002_verdicts.sql")];

/// `PRAGMA application_id`: "slui".
const APPLICATION: i32 = 0x736c_7569;

/// Opens the file for writing, makes it if there is none, and applies the schema files it lacks.
pub(super) fn open(path: &Path) -> Result<Connection, Error> {
    let doing = "open the store";
    let told = |error: rusqlite::Error| Failed::from(error).told(doing).at(path);
    let connection = Connection::open(path).map_err(told)?;
    connection
        .execute_batch(
            "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON; PRAGMA temp_store=MEMORY;",
        )
        .map_err(told)?;
    let schema: u32 = connection.query_row("PRAGMA user_version", [], |row| row.get(0)).map_err(told)?;
    let known = u32::try_from(FILES.len()).unwrap_or(u32::MAX);
    if schema > known {
        return Err(Error::new(Kind::Newer { schema, known }, doing).at(path));
    }
    for (number, file) in (1_u32..).zip(FILES).filter(|(number, _)| *number > schema) {
        let batch = format!(
            "BEGIN IMMEDIATE; {file} PRAGMA application_id={APPLICATION}; PRAGMA user_version={number}; COMMIT;"
        );
        connection.execute_batch(&batch).map_err(told)?;
    }
    Ok(connection)
}

/// Looks whether the file can be read by this program.
pub(super) fn check(path: &Path) -> Result<(), Error> {
    reader(path).map(drop)
}

/// A read-only connection.
pub(super) fn reader(path: &Path) -> Result<Connection, Error> {
    let doing = "open the store to read it";
    if !path.exists() {
        return Err(Error::new(Kind::Missing, doing).at(path));
    }
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    Connection::open_with_flags(path, flags).map_err(|error| Failed::from(error).told(doing).at(path))
}
