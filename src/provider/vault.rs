//! Where a rotating token lives: a 0600 file, written whole (fsync, rename) before the token is used.
//!
//! A single-use refresh token is the only key to a tenant. So one refresher works at a time, across threads and processes
//! (a lock on a file beside the vault), it reads the vault only once it has the lock, and the new token is on the disk
//! before anybody gets to use what came with it. Providers keep the old refresh token alive until the new access token is
//! first used; a stop between any two steps therefore leaves either the old token, still good, or the new one.

mod whole;

#[cfg(test)]
mod tests;

pub(in crate::provider) use whole::write_whole;

use super::{Error, Next, Secret};
use crate::model::{ConnectorName, Provider};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fs::{DirBuilder, File, OpenOptions, TryLockError};
use std::io::{self, Read};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

/// What a vault holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kept {
    /// The refresh token.
    pub refresh_token: Secret,
    /// What else the token endpoint told, to be shown to people (`team_id`, `scope`, `linked_by`). No secrets.
    pub details: BTreeMap<String, String>,
}

/// The file of one connector.
#[derive(Clone, Debug)]
pub struct Vault {
    path: PathBuf,
    connector: ConnectorName,
    provider: Provider,
    client_id: String,
}

/// The file's shape.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Sheet {
    version: u32,
    provider: String,
    client_id: String,
    refresh_token: String,
    #[serde(default)]
    details: BTreeMap<String, String>,
}

const VERSION: u32 = 1;
/// A longer file was not written by us.
const FILE_BYTES_MAX: u64 = 65_536;
/// How often the lock is tried before giving up: two minutes in all, longer than any token call takes.
const LOCK_TRIES_MAX: u32 = 6_000;
const LOCK_EVERY: Duration = Duration::from_millis(20);

impl Vault {
    /// The vault in that file, for that application of that provider alone. Nothing is read yet.
    #[must_use]
    pub fn new(path: PathBuf, connector: ConnectorName, provider: Provider, client_id: &str) -> Self {
        Self { path, connector, provider, client_id: client_id.to_owned() }
    }

    /// What it holds. Not for a rotating token that is to be used: see [`Vault::rotate`].
    ///
    /// # Errors
    /// [`Next::Credentials`] when there is none, others may read it, or it is of another application.
    pub fn read(&self) -> Result<Kept, Error> {
        let text = self.text()?;
        let sheet: Sheet = serde_json::from_slice(&text)
            .map_err(|_| self.unusable("its content is not what sluicebox writes".into()))?;
        if sheet.version != VERSION {
            return Err(
                self.unusable(format!("it is of version {}, which this sluicebox does not know", sheet.version))
            );
        }
        if sheet.provider != self.provider.name() || sheet.client_id != self.client_id {
            return Err(self.unusable(format!("it belongs to another {} application", sheet.provider)));
        }
        Ok(Kept { refresh_token: Secret::new(&sheet.refresh_token), details: sheet.details })
    }

    /// Puts in a token that was just consented to, whatever was there before. A folder that is not there yet is made, for
    /// its owner alone.
    ///
    /// # Errors
    /// When it could not be made durable.
    pub fn put(&self, kept: &Kept) -> Result<(), Error> {
        self.make_folder().map_err(|error| self.unwritable(&error))?;
        let _lock = self.lock()?;
        self.write(kept)
    }

    /// Uses the token once: `exchange` is given what the vault holds at that moment, alone among all threads and processes,
    /// and returns what is to be held from now on and what the caller wanted (the access token). That is handed on only when
    /// the new holding is durable: written before used.
    ///
    /// # Errors
    /// As [`Vault::read`], what `exchange` says, and when the new holding could not be made durable.
    pub fn rotate<T>(&self, exchange: impl FnOnce(&Kept) -> Result<(Kept, T), Error>) -> Result<T, Error> {
        let _lock = self.lock()?;
        let old = self.read()?;
        let (new, wanted) = exchange(&old)?;
        if new != old {
            self.write(&new)?;
        }
        Ok(wanted)
    }

    fn text(&self) -> Result<Vec<u8>, Error> {
        let mut text = Vec::new();
        let file = File::open(&self.path).map_err(|error| self.unreadable(&error))?;
        let about = file.metadata().map_err(|error| self.unreadable(&error))?;
        if !about.is_file() {
            return Err(self.unusable("it is not a regular file".into()));
        }
        if about.permissions().mode() & 0o077 != 0 {
            let doing = format!("read the vault {}", self.path.display());
            let advice = format!("chmod 600 {}", quoted(&self.path));
            return Err(
                Error::new(Next::Credentials, doing, "other users of this machine may read it").with_advice(advice)
            );
        }
        file.take(FILE_BYTES_MAX).read_to_end(&mut text).map_err(|error| self.unreadable(&error))?;
        Ok(text)
    }

    fn write(&self, kept: &Kept) -> Result<(), Error> {
        let sheet = Sheet {
            version: VERSION,
            provider: self.provider.name().to_owned(),
            client_id: self.client_id.clone(),
            refresh_token: kept.refresh_token.reveal().to_owned(),
            details: kept.details.clone(),
        };
        let text = serde_json::to_vec_pretty(&sheet).map_err(io::Error::from);
        text.and_then(|text| write_whole(&self.path, &text)).map_err(|error| self.unwritable(&error))
    }

    fn make_folder(&self) -> io::Result<()> {
        match self.path.parent() {
            Some(folder) if !folder.as_os_str().is_empty() => {
                DirBuilder::new().recursive(true).mode(0o700).create(folder)
            }
            _ => Ok(()),
        }
    }

    fn unwritable(&self, error: &io::Error) -> Error {
        Error::new(Next::Transient, format!("write the vault {}", self.path.display()), plain(error))
            .with_advice("make room on the disk, or make its folder writable for sluicebox")
    }

    /// Taken until dropped; freed by the system when the process dies.
    fn lock(&self) -> Result<File, Error> {
        let path = whole::beside(&self.path, ".lock");
        let failed = |said: String| {
            Error::new(Next::Transient, format!("lock the vault {}", self.path.display()), said)
                .with_advice(format!("see who holds {}", quoted(&path)))
        };
        let options = OpenOptions::new().create(true).truncate(false).write(true).mode(0o600).clone();
        let file = options.open(&path).map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => self.unreadable(&error),
            _ => failed(plain(&error)),
        })?;
        for _ in 0..LOCK_TRIES_MAX {
            match file.try_lock() {
                Ok(()) => return Ok(file),
                Err(TryLockError::WouldBlock) => thread::park_timeout(LOCK_EVERY),
                Err(TryLockError::Error(error)) => return Err(failed(plain(&error))),
            }
        }
        Err(failed("another sluicebox holds it".into()))
    }

    fn unreadable(&self, error: &io::Error) -> Error {
        if error.kind() == io::ErrorKind::NotFound {
            self.unusable("there is none".into())
        } else {
            self.unusable(plain(error))
        }
    }

    fn unusable(&self, said: String) -> Error {
        Error::new(Next::Credentials, format!("read the vault {}", self.path.display()), said).with_advice(format!(
            "sluicebox connect {} {}",
            self.provider.name(),
            self.connector
        ))
    }
}

/// The system's word for what failed, without its number.
fn plain(error: &io::Error) -> String {
    error.kind().to_string()
}

/// A path as a shell takes it.
fn quoted(path: &Path) -> String {
    let text = path.display().to_string();
    let is_plain = text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"/._-+@:".contains(&byte));
    if is_plain { text } else { format!("'{}'", text.replace('\'', r"'\''")) }
}
