//! Where a rotating token lives: a 0600 file, written whole (fsync, rename) before the token is used.

use super::{Error, Secret};
use crate::model::{ConnectorName, Provider};
use std::collections::BTreeMap;
use std::path::PathBuf;

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

impl Vault {
    /// The vault in that file, for that application of that provider alone. Nothing is read yet.
    #[must_use]
    pub fn new(path: PathBuf, connector: ConnectorName, provider: Provider, client_id: &str) -> Self {
        Self { path, connector, provider, client_id: client_id.to_owned() }
    }

    /// What it holds. Not for a rotating token that is to be used: see [`Vault::rotate`].
    ///
    /// # Errors
    /// [`super::Next::Credentials`] when there is none, others may read it, or it is of another application.
    pub fn read(&self) -> Result<Kept, Error> {
        todo!()
    }

    /// Puts in a token that was just consented to, whatever was there before.
    ///
    /// # Errors
    /// When it could not be made durable.
    pub fn put(&self, _kept: &Kept) -> Result<(), Error> {
        todo!()
    }

    /// Uses the token once: `exchange` is given what the vault holds at that moment, alone among all threads and processes,
    /// and returns what is to be held from now on and what the caller wanted (the access token). That is handed on only when
    /// the new holding is durable: written before used.
    ///
    /// # Errors
    /// As [`Vault::read`], what `exchange` says, and when the new holding could not be made durable.
    pub fn rotate<T>(&self, _exchange: impl FnOnce(&Kept) -> Result<(Kept, T), Error>) -> Result<T, Error> {
        let _ = (&self.path, &self.connector, self.provider, &self.client_id);
        todo!()
    }
}
