//! The store in one SQLite file: WAL, full sync, one thread that writes, read-only connections for everybody else.
//!
//! [`Sqlite::write`] hands a closure to the writer, which runs many of them in one transaction, each in a savepoint of its own
//! ([`writer`]); [`Sqlite::read`] lends a read-only connection for one short transaction. Each record kind has a file here named
//! as its trait's.

mod activities;
mod audit;
mod connectors;
mod coverage;
mod inventory;
mod migrate;
mod people;
mod queue;
mod rules;
mod verdicts;
mod writer;

use super::error::Kind;
use super::order::Shares;
use super::{Error, Health, Record, SealKey, Store};
use crate::clock::{Clock, Moment};
use rusqlite::Connection;
use std::fmt;
use std::path::{Path, PathBuf};
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
    readers: crossbeam_channel::Receiver<Connection>,
    returned: crossbeam_channel::Sender<Connection>,
}

/// Read-only connections.
const READERS: usize = 4;

impl Sqlite {
    /// Opens the store for writing; makes it when there is none, and brings an older schema up to date. All leases of an
    /// earlier run end.
    ///
    /// # Errors
    /// [`Kind::InUse`], [`Kind::Newer`], [`Kind::Damaged`], [`Kind::Foreign`], [`Kind::Full`].
    pub fn open(options: Options) -> Result<Self, Error> {
        let connection = migrate::open(&options.path)?;
        let writer = Writer::start(connection, &options)?;
        Self::over(options, Some(writer))
    }

    /// Opens a store to be read only, beside whoever writes it.
    ///
    /// # Errors
    /// [`Kind::Missing`], [`Kind::Newer`], [`Kind::Older`], [`Kind::Foreign`].
    pub fn open_read_only(options: Options) -> Result<Self, Error> {
        migrate::check(&options.path)?;
        Self::over(options, None)
    }

    fn over(options: Options, writer: Option<Writer>) -> Result<Self, Error> {
        let (returned, readers) = crossbeam_channel::bounded(READERS);
        for _ in 0..READERS {
            let connection = migrate::reader(&options.path)?;
            let _ = returned.send(connection);
        }
        Ok(Self { options, writer, readers, returned })
    }

    /// The file.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.options.path
    }

    /// The steady time.
    pub(super) fn now(&self) -> Moment {
        self.options.clock.steady()
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
        writer.write(haste, doing, work).map_err(|error| error.at(&self.options.path))
    }

    /// Runs `work` in one read transaction.
    pub(super) fn read<T>(
        &self,
        doing: &'static str,
        work: impl FnOnce(&Connection) -> Result<T, Failed>,
    ) -> Result<T, Error> {
        let closed = || Error::new(Kind::Closed, doing);
        let connection = self.readers.recv().map_err(|_| closed())?;
        let result = connection.unchecked_transaction().map_err(Failed::from).and_then(|transaction| {
            let result = work(&transaction);
            drop(transaction);
            result
        });
        let _ = self.returned.send(connection);
        result.map_err(|failed| failed.told(doing).at(&self.options.path))
    }
}

impl fmt::Debug for Sqlite {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sqlite").field("path", &self.options.path).finish_non_exhaustive()
    }
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
    match error.sqlite_error_code() {
        Some(ErrorCode::DatabaseCorrupt) => Kind::Damaged("a page cannot be read as it was written".into()),
        Some(ErrorCode::NotADatabase) => Kind::Foreign,
        Some(ErrorCode::DiskFull) => Kind::Full,
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Kind::InUse,
        Some(code) => Kind::Failed(format!("{code:?}")),
        None => Kind::Failed("a row is not what it should be".into()),
    }
}

impl Store for Sqlite {
    fn health(&self) -> Result<Health, Error> {
        todo!("health")
    }

    fn check(&self) -> Result<(), Error> {
        todo!("quick_check")
    }

    fn forget(&self, _kind: Record, _before: Moment) -> Result<u64, Error> {
        todo!("retention")
    }
}
