//! Numbered schema files, applied in order; opening a file for writing or reading.
//!
//! A file is never made anew in place of one that is there: what cannot be read as it was written is an error, and the person
//! decides. Whether the last writer closed it in good order is written in the file itself; when it did not, or when that costs
//! little, the whole file is looked through before anything is written.

use super::{Failed, Options, words};
use crate::store::Error;
use crate::store::error::Kind;
use rusqlite::{Connection, OpenFlags, OptionalExtension};
use std::fs::{File, OpenOptions, TryLockError};
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// The schema files, oldest first. A file that was released is never edited: the next change is the next file.
pub(super) const FILES: [&str; 5] = [
    include_str!("schema/0001_inventory.sql"),
    include_str!("schema/0002_verdicts.sql"),
    include_str!("schema/0003_matches.sql"),
    include_str!("schema/0004_intents.sql"),
    include_str!("schema/0005_moves.sql"),
];

/// `PRAGMA application_id`: "slui".
const APPLICATION: i32 = 0x736c_7569;
/// How long an opening waits for another process that recovers the file or folds its log in.
const BUSY_MAX: Duration = Duration::from_secs(5);
/// Files below this (some three million items) are looked through at every opening, larger ones only when they were not closed in
/// good order: measured 2.1 s for 370 MB on a busy machine, and `doctor` looks at any size.
const ALWAYS_CHECKED_BYTES: u64 = 1 << 30;
/// Statements a connection keeps compiled.
const STATEMENTS: usize = 512;

/// The writer's settings. What is deleted is overwritten, so that what was destroyed is gone from free pages too. A log of 4,000 pages is folded in at once; 64 MiB of cache hold the hot rows of 1 M items.
const WRITING: &str = "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON; PRAGMA temp_store=MEMORY; \
                       PRAGMA cache_size=-65536; PRAGMA wal_autocheckpoint=4000; PRAGMA journal_size_limit=67108864; \
                       PRAGMA secure_delete=ON;";
/// A reader's.
const READING: &str = "PRAGMA query_only=ON; PRAGMA temp_store=MEMORY; PRAGMA cache_size=-8192;";

/// Facts of the file itself (`fact`, connector 0).
const CLOSED: &str = "store.closed";
const SEALED_WITH: &str = "store.sealed_with";
/// What is hashed to tell one key of sealed names from another.
const KEY_PROOF: &str = "the key of sealed names";

/// A file open for writing, and the lock that keeps other writers out for as long as it lives.
#[derive(Debug)]
pub(super) struct Opened {
    pub(super) connection: Connection,
    pub(super) lock: File,
}

/// Opens the file for writing, makes it if there is none, applies the schema files it lacks, and ends all leases.
pub(super) fn open(options: &Options) -> Result<Opened, Error> {
    let path = &options.path;
    let told = |failed: Failed| failed.told("open the store").at(path);
    let lock = lock(path)?;
    let is_new = make(path).map_err(|error| told(Failed::Kind(kind_of_io(&error))))?;
    let connection = Connection::open(path).map_err(Failed::from).map_err(told)?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS);
    connection.busy_timeout(BUSY_MAX).map_err(Failed::from).map_err(told)?;
    let schema = schema_of(&connection, is_new).map_err(told)?;
    look_through(&connection, path).map_err(told)?;
    connection.execute_batch(WRITING).map_err(Failed::from).map_err(told)?;
    migrate(&connection, schema).map_err(told)?;
    prove_key(&connection, options).map_err(told)?;
    super::queue::begin_run(&connection, options.clock.steady()).map_err(told)?;
    super::messages::begin_run(&connection).map_err(told)?;
    super::intents::begin_run(&connection, options.clock.steady()).map_err(told)?;
    mark_closed(&connection, false).map_err(told)?;
    Ok(Opened { connection, lock })
}

/// Folds the log in and writes that the file was closed in good order.
pub(super) fn close(connection: Connection) {
    if mark_closed(&connection, true).is_ok() {
        let _ = connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()));
    }
    let _ = connection.close();
}

/// Opens a file to be read only, when this program can read it.
pub(super) fn check(path: &Path) -> Result<(), Error> {
    let doing = "open the store to read it";
    let told = |failed: Failed| failed.told(doing).at(path);
    let connection = reader(path)?;
    let schema = schema_of(&connection, false).map_err(told)?;
    let known = known();
    if schema < known {
        return Err(Error::new(Kind::Older { schema, known }, doing).at(path));
    }
    Ok(())
}

/// A read-only connection. SQLite makes the files beside it when no writer has, so the folder must be writable.
pub(super) fn reader(path: &Path) -> Result<Connection, Error> {
    let doing = "open the store to read it";
    if !path.exists() {
        return Err(Error::new(Kind::Missing, doing).at(path));
    }
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let open = || -> Result<Connection, Failed> {
        let connection = Connection::open_with_flags(path, flags)?;
        connection.set_prepared_statement_cache_capacity(STATEMENTS);
        connection.busy_timeout(BUSY_MAX)?;
        connection.execute_batch(READING)?;
        Ok(connection)
    };
    open().map_err(|failed| failed.told(doing).at(path))
}

/// The number of the schema, kept by SQLite in the file's head.
pub(super) fn schema_number(connection: &Connection) -> Result<u32, Failed> {
    Ok(connection.query_row("PRAGMA user_version", [], |row| row.get(0))?)
}

/// Looks through the whole file for damage.
pub(super) fn quick_check(connection: &Connection) -> Result<(), Failed> {
    let mut statement = connection.prepare("PRAGMA quick_check(3)")?;
    let said: Vec<String> = statement.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?;
    match said.first().map(String::as_str) {
        Some("ok") => Ok(()),
        _ => Err(Kind::Damaged(said.join("; ")).into()),
    }
}

fn known() -> u32 {
    u32::try_from(FILES.len()).unwrap_or(u32::MAX)
}

/// Keeps other writers out. A file of its own is locked: closing any handle of the database itself would drop the locks that
/// SQLite holds on it in this process.
fn lock(path: &Path) -> Result<File, Error> {
    let doing = "open the store";
    let mut name = path.as_os_str().to_owned();
    name.push("-writer");
    let beside = PathBuf::from(name);
    let mut open = OpenOptions::new();
    let file = open.write(true).create(true).truncate(false).mode(0o600).open(&beside);
    let file = file.map_err(|error| Error::new(kind_of_io(&error), doing).at(path))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(Error::new(Kind::InUse, doing).at(path)),
        Err(TryLockError::Error(error)) => Err(Error::new(kind_of_io(&error), doing).at(path)),
    }
}

/// Makes an empty file that only its owner can read; true when there was none. SQLite gives its other files the same mode.
fn make(path: &Path) -> io::Result<bool> {
    match OpenOptions::new().write(true).create_new(true).mode(0o600).open(path) {
        Ok(_) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(false),
        Err(error) => Err(error),
    }
}

fn kind_of_io(error: &io::Error) -> Kind {
    match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded | io::ErrorKind::FileTooLarge => Kind::Full,
        _ => Kind::Failed(error.to_string()),
    }
}

/// The schema's number, 0 for an empty file; refuses others' files and what a newer program made.
fn schema_of(connection: &Connection, is_new: bool) -> Result<u32, Failed> {
    let application: i32 = connection.query_row("PRAGMA application_id", [], |row| row.get(0))?;
    let schema = schema_number(connection)?;
    let tables: u32 = connection.query_row("SELECT COUNT(*) FROM sqlite_master", [], |row| row.get(0))?;
    let known = known();
    match (application, schema) {
        (APPLICATION, schema) if schema > known => Err(Kind::Newer { schema, known }.into()),
        (APPLICATION, schema) => Ok(schema),
        (0, 0) if tables == 0 || is_new => Ok(0),
        _ => Err(Kind::Foreign.into()),
    }
}

/// Finds damage before anything is written.
fn look_through(connection: &Connection, path: &Path) -> Result<(), Failed> {
    let bytes = std::fs::metadata(path).map_or(0, |file| file.len());
    if bytes == 0 {
        return Ok(());
    }
    let was_closed = fact(connection, CLOSED)?.as_deref() == Some("1");
    let told: i64 = connection.query_row(
        "SELECT page_count * page_size FROM pragma_page_count(), pragma_page_size()",
        [],
        |row| row.get(0),
    )?;
    // In good order the log was folded in, so the file is as long as its head says. A full disk may end the folding halfway: then
    // the rest is still in the log beside it.
    let mut log = path.as_os_str().to_owned();
    log.push("-wal");
    let is_folded = was_closed && std::fs::metadata(log).map_or(0, |file| file.len()) == 0;
    if is_folded && words::integer(bytes) < told {
        return Err(Kind::Damaged(format!("it has {bytes} bytes of {told}")).into());
    }
    if is_folded && bytes > ALWAYS_CHECKED_BYTES { Ok(()) } else { quick_check(connection) }
}

fn migrate(connection: &Connection, schema: u32) -> Result<(), Failed> {
    for (number, file) in (1_u32..).zip(FILES).filter(|(number, _)| *number > schema) {
        let batch = format!(
            "BEGIN IMMEDIATE; {file} PRAGMA application_id={APPLICATION}; PRAGMA user_version={number}; COMMIT;"
        );
        if let Err(error) = connection.execute_batch(&batch) {
            let _ = connection.execute_batch("ROLLBACK");
            return Err(error.into());
        }
    }
    Ok(())
}

/// Refuses another key than the one the names were sealed with: it could neither open nor find them.
fn prove_key(connection: &Connection, options: &Options) -> Result<(), Failed> {
    let ours = options.seal.index(KEY_PROOF).to_string();
    match fact(connection, SEALED_WITH)? {
        Some(theirs) if theirs != ours => Err(Kind::WrongKey.into()),
        Some(_) => Ok(()),
        None => keep_fact(connection, SEALED_WITH, &ours),
    }
}

fn mark_closed(connection: &Connection, closed: bool) -> Result<(), Failed> {
    keep_fact(connection, CLOSED, if closed { "1" } else { "0" })
}

fn fact(connection: &Connection, name: &str) -> Result<Option<String>, Failed> {
    let tables: u32 =
        connection.query_row("SELECT COUNT(*) FROM sqlite_master WHERE name = 'fact'", [], |row| row.get(0))?;
    if tables == 0 {
        return Ok(None);
    }
    let sql = "SELECT value FROM fact WHERE connector = 0 AND name = ?1";
    Ok(connection.query_row(sql, [name], |row| row.get(0)).optional()?)
}

fn keep_fact(connection: &Connection, name: &str, value: &str) -> Result<(), Failed> {
    let sql = "INSERT INTO fact (connector, name, value) VALUES (0, ?1, ?2) \
               ON CONFLICT (connector, name) DO UPDATE SET value = excluded.value";
    connection.execute(sql, (name, value))?;
    Ok(())
}

/// A fresh file's connection without a writer, for tests of what works over a transaction.
#[cfg(test)]
pub(super) fn bare(folder: &Path) -> Connection {
    use crate::clock::Clock;
    use crate::store::{SealKey, order::Shares};
    let (clock, seal) = (Clock::movable(), SealKey::new([3; 32]));
    let options = Options { path: folder.join("store.db"), seal, clock, shares: Shares::default() };
    open(&options).expect("a fresh file can be made").connection
}
