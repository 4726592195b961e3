//! The store in one SQLite file: WAL, full sync, one thread that writes, read-only connections for everybody else.
//!
//! `Sqlite::write` hands a closure to the writer, which runs many of them in one transaction, each in a savepoint of its own
//! (`writer`); `Sqlite::read` lends a read-only connection for one short transaction. Each record kind has a file here named
//! as its trait's.

mod activities;
mod alerts;
mod audit;
mod connectors;
mod counter;
mod coverage;
mod exceptions;
mod intents;
mod inventory;
mod matches;
mod messages;
mod migrate;
mod people;
mod plans;
mod quarantines;
mod queue;
mod readers;
mod retention;
mod rules;
mod sealed;
mod standing;
pub mod tamper;
#[cfg(test)]
mod tests;
mod verdicts;
mod words;
mod writer;

use super::error::Kind;
use super::order::Shares;
use super::{Error, Health, Record, SealKey, Store};
use crate::clock::{Clock, Moment};
use readers::Readers;
use rusqlite::Connection;
use std::fmt;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use writer::Writer;

pub use writer::Haste;

/// How a store is opened.
#[derive(Clone, Debug)]
pub struct Options {
    /// The database file.
    pub path: PathBuf,
    /// The key of sealed names.
    pub seal: SealKey,
    /// Time.
    pub clock: Clock,
    /// Lanes' shares.
    pub shares: Shares,
}

/// A store in one file.
pub struct Sqlite {
    options: Options,
    writer: Option<Writer>,
    readers: Readers,
    queue: Arc<queue::Memory>,
    /// Held, not used: other writers stay out until it is dropped, after the writer.
    _lock: Option<File>,
    /// Pieces that are still written, when a test wants the rest refused.
    #[cfg(test)]
    refusing: Arc<Refusing>,
}

/// How many pieces more a store under test writes.
#[cfg(test)]
#[derive(Debug)]
pub(in crate::store) struct Refusing(std::sync::atomic::AtomicI64);

#[cfg(test)]
impl Refusing {
    /// All that come.
    const NEVER: i64 = i64::MAX;

    /// Refuses all pieces but so many.
    pub(in crate::store) fn after(&self, pieces: i64) {
        self.0.store(pieces, std::sync::atomic::Ordering::SeqCst);
    }

    fn refuses(&self) -> bool {
        self.0.fetch_sub(1, std::sync::atomic::Ordering::SeqCst) <= 0
    }
}

impl Sqlite {
    /// Opens the store for writing; makes it when there is none, and brings an older schema up to date. All leases of an
    /// earlier run end.
    ///
    /// # Errors
    /// [`Kind::InUse`], [`Kind::Newer`], [`Kind::Damaged`], [`Kind::Foreign`], [`Kind::Full`], [`Kind::WrongKey`].
    pub fn open(options: Options) -> Result<Self, Error> {
        let migrate::Opened { connection, lock } = migrate::open(&options)?;
        let writer = Writer::start(connection, &options, migrate::close)?;
        Self::over(options, Some(writer), Some(lock))
    }

    /// Opens a store to be read only, beside whoever writes it.
    ///
    /// # Errors
    /// [`Kind::Missing`], [`Kind::Newer`], [`Kind::Older`], [`Kind::Foreign`].
    pub fn open_read_only(options: Options) -> Result<Self, Error> {
        migrate::check(&options.path)?;
        Self::over(options, None, None)
    }

    fn over(options: Options, writer: Option<Writer>, lock: Option<File>) -> Result<Self, Error> {
        let readers = Readers::open(&options.path, options.clock.clone())?;
        let queue = Arc::new(queue::Memory::new(options.shares));
        Ok(Self {
            options,
            writer,
            readers,
            queue,
            _lock: lock,
            #[cfg(test)]
            refusing: Arc::new(Refusing(Refusing::NEVER.into())),
        })
    }

    /// For refusing what is written from some moment on.
    #[cfg(test)]
    pub(in crate::store) fn refusing(&self) -> Arc<Refusing> {
        Arc::clone(&self.refusing)
    }

    /// The file.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.options.path
    }

    /// Whether callers' work shares commits from now on, as it does from the beginning. For measuring what that is worth.
    pub fn group_commit(&self, grouping: bool) {
        if let Some(writer) = &self.writer {
            writer.group_commit(grouping);
        }
    }

    /// The steady time.
    pub(super) fn now(&self) -> Moment {
        self.options.clock.steady()
    }

    /// Time.
    pub(super) fn clock(&self) -> &Clock {
        &self.options.clock
    }

    /// The key of sealed names.
    pub(super) fn seal(&self) -> &SealKey {
        &self.options.seal
    }

    /// Runs `work` in a savepoint of the writer's present transaction and waits until that is durable. `doing` says what is
    /// attempted, for messages. When it fails nothing of it is written, and the others' work is.
    pub(super) fn write<T: Send + 'static>(
        &self,
        haste: Haste,
        doing: &'static str,
        work: impl FnOnce(&Connection) -> Result<T, Failed> + Send + 'static,
    ) -> Result<T, Error> {
        let Some(writer) = &self.writer else {
            return Err(Error::new(Kind::Refused("the store is open to be read only".into()), doing));
        };
        #[cfg(test)]
        if self.refusing.refuses() {
            return Err(Error::new(Kind::Refused("a test says so".into()), doing));
        }
        writer.write(haste, doing, work).map_err(|error| error.at(&self.options.path))
    }

    /// As [`Sqlite::write`], with the seal and the time.
    pub(super) fn write_at<T: Send + 'static>(
        &self,
        haste: Haste,
        doing: &'static str,
        work: impl FnOnce(&Desk<'_>) -> Result<T, Failed> + Send + 'static,
    ) -> Result<T, Error> {
        let (seal, now) = (self.options.seal.clone(), self.now());
        self.write(haste, doing, move |tx| work(&Desk { tx, seal: &seal, now }))
    }

    /// Runs `work` in one read transaction.
    pub(super) fn read<T>(
        &self,
        doing: &'static str,
        work: impl FnOnce(&Connection) -> Result<T, Failed>,
    ) -> Result<T, Error> {
        self.readers.read(work).map_err(|failed| failed.told(doing).at(&self.options.path))
    }
}

impl fmt::Debug for Sqlite {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sqlite").field("path", &self.options.path).finish_non_exhaustive()
    }
}

/// What a piece of work writes with.
#[derive(Clone, Copy)]
pub(super) struct Desk<'a> {
    /// The transaction.
    pub(super) tx: &'a Connection,
    /// The key of sealed names.
    pub(super) seal: &'a SealKey,
    /// The steady time.
    pub(super) now: Moment,
}

/// Why a piece of work failed.
#[derive(Debug)]
pub(super) enum Failed {
    /// SQLite's word.
    Sql(rusqlite::Error),
    /// Ours.
    Kind(Kind),
}

impl From<rusqlite::Error> for Failed {
    fn from(error: rusqlite::Error) -> Self {
        Failed::Sql(error)
    }
}

impl From<Kind> for Failed {
    fn from(kind: Kind) -> Self {
        Failed::Kind(kind)
    }
}

impl Failed {
    /// As the caller is told.
    pub(super) fn told(self, doing: &str) -> Error {
        match self {
            Failed::Kind(kind) => Error::new(kind, doing),
            Failed::Sql(error) => Error::new(kind_of(&error), doing),
        }
    }
}

/// What an error of SQLite's means. Its text may quote a value (a constraint never does, a conversion may): only the code is
/// kept.
fn kind_of(error: &rusqlite::Error) -> Kind {
    use rusqlite::ErrorCode;
    if is_full(error) {
        return Kind::Full;
    }
    match error.sqlite_error_code() {
        Some(ErrorCode::DatabaseCorrupt) => Kind::Damaged("a page cannot be read as it was written".into()),
        Some(ErrorCode::NotADatabase) => Kind::Foreign,
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Kind::InUse,
        Some(code) => Kind::Failed(format!("{code:?}")),
        None => Kind::Failed("a row is not what it should be".into()),
    }
}

/// A full disk shows as such, or as a write, a growth or a sync that failed: a quota does, and so do the files beside.
fn is_full(error: &rusqlite::Error) -> bool {
    use rusqlite::ffi;
    let extended = error.sqlite_error().map(|error| error.extended_code);
    error.sqlite_error_code() == Some(rusqlite::ErrorCode::DiskFull)
        || extended.is_some_and(|code| {
            [ffi::SQLITE_IOERR_WRITE, ffi::SQLITE_IOERR_SHMSIZE, ffi::SQLITE_IOERR_FSYNC, ffi::SQLITE_IOERR_TRUNCATE]
                .contains(&code)
        })
}

impl Store for Sqlite {
    fn health(&self) -> Result<Health, Error> {
        let schema = self.read("look at the store", migrate::schema_number)?;
        let bytes = |end: &str| {
            let mut name = self.options.path.as_os_str().to_owned();
            name.push(end);
            std::fs::metadata(PathBuf::from(name)).map_or(0, |file| file.len())
        };
        let space = rustix::fs::statvfs(&self.options.path);
        Ok(Health {
            schema,
            bytes: bytes(""),
            pending_bytes: bytes("-wal"),
            free_bytes: space.map_or(0, |space| space.f_bavail.saturating_mul(space.f_frsize)),
            oldest_reader_ms: self.readers.oldest_ms(),
        })
    }

    fn check(&self) -> Result<(), Error> {
        self.read("look through the store", migrate::quick_check)
    }

    fn forget(&self, kind: Record, before: Moment) -> Result<u64, Error> {
        retention::forget(self, kind, before)
    }
}
