//! Alerts: matches of one policy grouped for a person to deal with.
//!
//! Live matches are grouped by policy, owner and folder. What the backlog brings goes into one roll-up for each policy, so that
//! a first pass with a hundred thousand matches is one line and one message.

use super::Error;
use super::audit::Entry;
use super::messages::NewMessage;
use crate::clock::Moment;
use crate::model::{AlertNumber, ConnectorNumber, ItemNumber, Severity};
use std::sync::Arc;

/// What tells an alert from the policy's other open ones.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct AlertKey {
    /// How grave.
    pub severity: Severity,
    /// The group; `None` is the policy's roll-up.
    pub group: Option<AlertGroup>,
}

/// Matches that a person deals with together.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct AlertGroup {
    /// Whose.
    pub connector: ConnectorNumber,
    /// The owner's account or login; empty when nobody is known.
    pub owner: Arc<str>,
    /// The folder's id; empty for what lies in no folder.
    pub folder: Arc<str>,
}

/// An alert.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Alert {
    /// Its number.
    pub number: AlertNumber,
    /// The policy's name.
    pub policy: Arc<str>,
    /// What it groups.
    pub key: AlertKey,
    /// When it was opened.
    pub opened: Moment,
    /// When a match was last added.
    pub last: Moment,
    /// Matches so far.
    pub items: u64,
    /// When a message about it was made; `None` when none was.
    pub told: Option<Moment>,
    /// When, by whom and why it was closed; `None` while it is open.
    pub closed: Option<Closed>,
}

/// How an alert ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Closed {
    /// When.
    pub at: Moment,
    /// By whom.
    pub by: Arc<str>,
    /// Why, in that person's words.
    pub reason: Arc<str>,
}

/// Alerts. They are opened and added to by rulings ([`super::Matches::rule`], [`super::Settlement`]).
pub trait Alerts {
    /// Alerts, the newest first, those before `before`, at most `max`; closed ones too when asked for.
    ///
    /// # Errors
    /// When they could not be read.
    fn alerts(&self, closed: bool, before: Option<AlertNumber>, max: usize) -> Result<Vec<Alert>, Error>;

    /// One alert.
    ///
    /// # Errors
    /// When it could not be read.
    fn alert(&self, number: AlertNumber) -> Result<Option<Alert>, Error>;

    /// Items of an alert, in order of their numbers, those after `after`, at most `max`.
    ///
    /// # Errors
    /// When they could not be read.
    fn alert_items(&self, number: AlertNumber, after: Option<ItemNumber>, max: usize)
    -> Result<Vec<ItemNumber>, Error>;

    /// Open alerts that no message was made about, in order of their numbers, at most `max`.
    ///
    /// # Errors
    /// When they could not be read.
    fn untold_alerts(&self, max: usize) -> Result<Vec<Alert>, Error>;

    /// Keeps messages about an alert and that it was told of now: one transaction. No messages where nobody is to be told.
    /// False, and nothing is kept, when it was told of before.
    ///
    /// # Errors
    /// When it could not be written.
    fn tell_alert(&self, number: AlertNumber, messages: &[NewMessage]) -> Result<bool, Error>;

    /// Closes an alert, with its audit entry. False when it was closed already. The next match of its group opens another.
    ///
    /// # Errors
    /// When it could not be written.
    fn close_alert(&self, number: AlertNumber, by: &str, reason: &str, entry: &Entry) -> Result<bool, Error>;
}
