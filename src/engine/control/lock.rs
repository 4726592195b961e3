//! The lock of a data folder: whoever holds it is the one process that writes there.
//!
//! It is the operating system's own lock on an open file, so it is free the moment its holder dies, however that happened;
//! what the file says is for people only. A file that is left behind means nothing.

use crate::clock::Clock;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Read, Seek, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

/// Name of the lock file.
const FILE: &str = "lock";
/// Bytes of it that are read at most.
const FILE_BYTES_MAX: u64 = 4 << 10;

/// Held while one writes; dropping it lets the next one.
#[derive(Debug)]
pub struct Lock {
    // The lock lives as long as the file is open.
    _file: File,
}

/// Who holds a lock, by its own word.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Holder {
    /// The process.
    pub pid: u32,
    /// When it took the lock: RFC 3339.
    pub since: String,
    /// What it does: `run`, `queue retry`.
    pub doing: String,
}

impl fmt::Display for Holder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`sluicebox {}`, process {}, since {}", self.doing, self.pid, self.since)
    }
}

/// Why a lock was not taken.
#[derive(Debug)]
pub enum LockError {
    /// Another process holds it; who, when it said so.
    Held(Option<Holder>),
    /// The folder or file could not be used.
    Failed(PathBuf, io::Error),
}

impl fmt::Display for LockError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            LockError::Held(Some(holder)) => write!(f, "{holder} writes there"),
            LockError::Held(None) => f.write_str("another sluicebox writes there"),
            LockError::Failed(path, error) => write!(f, "cannot lock {}: {error}", path.display()),
        }
    }
}

impl std::error::Error for LockError {}

impl Lock {
    /// Takes the lock of this data folder, which must be there; `doing` is for whoever finds it taken.
    ///
    /// # Errors
    /// [`LockError::Held`] at once when another process has it.
    pub fn take(data_dir: &Path, doing: &str, clock: &Clock) -> Result<Self, LockError> {
        let path = data_dir.join(FILE);
        let failed = |error: io::Error| LockError::Failed(path.clone(), error);
        let mut options = OpenOptions::new();
        let opened = options.read(true).write(true).create(true).truncate(false).mode(0o600).open(&path);
        let mut file = opened.map_err(failed)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(LockError::Held(holder(&mut file))),
            Err(TryLockError::Error(error)) => return Err(failed(error)),
        }
        let holder = Holder { pid: std::process::id(), since: clock.now().to_string(), doing: doing.to_owned() };
        let told = serde_json::to_string(&holder).unwrap_or_default();
        let written = file.set_len(0).and_then(|()| file.write_all(told.as_bytes()));
        written.map_err(failed)?;
        Ok(Self { _file: file })
    }

    /// Whether somebody holds the lock of this folder, and who by its own word; `None` when it is free.
    ///
    /// # Errors
    /// [`LockError::Failed`] when it cannot be told.
    #[allow(clippy::option_option, reason = "held or free, and then whether the holder told its name")]
    pub fn held(data_dir: &Path) -> Result<Option<Option<Holder>>, LockError> {
        let path = data_dir.join(FILE);
        let mut file = match File::open(&path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(LockError::Failed(path, error)),
        };
        // Shared, so that two who only look do not see each other.
        match file.try_lock_shared() {
            Ok(()) => Ok(None),
            Err(TryLockError::WouldBlock) => Ok(Some(holder(&mut file))),
            Err(TryLockError::Error(error)) => Err(LockError::Failed(path, error)),
        }
    }
}

/// What the file says of its holder.
fn holder(file: &mut File) -> Option<Holder> {
    let mut text = String::new();
    file.rewind().ok()?;
    file.take(FILE_BYTES_MAX).read_to_string(&mut text).ok()?;
    serde_json::from_str(&text).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn one_holds_it_and_the_next_is_told_who() {
        let folder = tempfile::tempdir().unwrap();
        let clock = Clock::movable();
        assert!(Lock::held(folder.path()).unwrap().is_none());
        let lock = Lock::take(folder.path(), "run", &clock).unwrap();
        let Err(LockError::Held(Some(holder))) = Lock::take(folder.path(), "queue retry", &clock) else { panic!() };
        assert_eq!((holder.pid, holder.doing.as_str()), (std::process::id(), "run"));
        assert_eq!(Lock::held(folder.path()).unwrap().flatten(), Some(holder));
        let mode = std::fs::metadata(folder.path().join(FILE)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        drop(lock);
        // The file stays, and means nothing.
        assert!(Lock::held(folder.path()).unwrap().is_none());
        assert!(Lock::take(folder.path(), "queue retry", &clock).is_ok());
    }

    #[test]
    fn a_folder_that_is_not_there_is_told_with_its_path() {
        let folder = tempfile::tempdir().unwrap();
        let missing = folder.path().join("nowhere");
        let error = Lock::take(&missing, "run", &Clock::movable()).unwrap_err();
        assert!(matches!(&error, LockError::Failed(path, _) if path.starts_with(&missing)), "{error}");
        assert!(Lock::held(&missing).unwrap().is_none());
    }
}
