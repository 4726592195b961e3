//! Exceptions: somebody's reasoned, expiring "this is fine".

use super::Error;
use super::audit::Entry;
use crate::clock::Moment;
use crate::model::{ConnectorNumber, ExceptionNumber};
use std::sync::Arc;

/// How long an exception lasts at most, in days: a year, and none for ever.
pub const DAYS_MAX: u32 = 366;

/// What an exception is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ExceptionKind {
    /// One file, by the provider's id.
    File,
    /// A folder and everything below it, by the provider's id.
    Folder,
    /// Everything of one owner, by login in lower case.
    Owner,
    /// Everything shared with nobody outside but this domain, in lower case.
    Domain,
    /// One value, by its token: findings of it do not count.
    Token,
}

impl ExceptionKind {
    /// All.
    pub const ALL: [ExceptionKind; 5] =
        [ExceptionKind::File, ExceptionKind::Folder, ExceptionKind::Owner, ExceptionKind::Domain, ExceptionKind::Token];

    /// The name reports use.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            ExceptionKind::File => "file",
            ExceptionKind::Folder => "folder",
            ExceptionKind::Owner => "owner",
            ExceptionKind::Domain => "domain",
            ExceptionKind::Token => "token",
        }
    }
}

/// An exception to be made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewException {
    /// About what.
    pub kind: ExceptionKind,
    /// The id, login, domain or token.
    pub what: Arc<str>,
    /// In this connector only; `None` is everywhere.
    pub connector: Option<ConnectorNumber>,
    /// For this policy only; `None` is every policy.
    pub policy: Option<Arc<str>>,
    /// Only while the file holds this content (our SHA-256): what a restore excuses.
    pub content: Option<[u8; 32]>,
    /// Different values by detector that were there when it was made: it is void for an item where there are more, or where
    /// another detector finds something. Empty excuses whatever is found.
    pub excused: Vec<(Arc<str>, u64)>,
    /// Why.
    pub reason: Arc<str>,
    /// Who made it.
    pub by: Arc<str>,
    /// Until when it holds.
    pub until: Moment,
}

/// An exception.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exception {
    /// Its number.
    pub number: ExceptionNumber,
    /// What was made.
    pub is: NewException,
    /// When it was made.
    pub made: Moment,
    /// When it was ended before its time.
    pub ended: Option<Moment>,
}

/// Exceptions.
pub trait Exceptions {
    /// Makes one, with its audit entry.
    ///
    /// # Errors
    /// When it is about nothing, ends before now or later than [`DAYS_MAX`] from now, or when it could not be written.
    fn add_exception(&self, new: &NewException, entry: &Entry) -> Result<ExceptionNumber, Error>;

    /// Ends one before its time, with its audit entry; false when it had ended.
    ///
    /// # Errors
    /// When it could not be written.
    fn end_exception(&self, number: ExceptionNumber, entry: &Entry) -> Result<bool, Error>;

    /// All that hold at a moment, or all there ever were.
    ///
    /// # Errors
    /// When they could not be read.
    fn exceptions(&self, at: Option<Moment>) -> Result<Vec<Exception>, Error>;
}
