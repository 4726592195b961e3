//! Connectors, the positions of their feeds, and small facts that must outlive the program.

use super::Error;
use crate::clock::Moment;
use crate::model::{ConnectorName, ConnectorNumber, FeedCursor, Provider};

/// What the store knows of a connector.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Connector {
    /// Its number. A connector that was removed and made again has another: ids of two tenants never mix.
    pub number: ConnectorNumber,
    /// Its name.
    pub name: ConnectorName,
    /// Its provider.
    pub provider: Provider,
    /// Whether it works.
    pub state: ConnectorState,
    /// When it was first seen.
    pub since: Moment,
    /// The tenant's own id for itself (enterprise or team id), once known: another tenant under the same name is refused.
    pub tenant: Option<String>,
    /// What its last test granted, as JSON.
    pub granted: Option<String>,
}

/// Whether a connector works.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ConnectorState {
    /// It does.
    Enabled,
    /// Switched off: nothing is asked of the tenant, its jobs wait.
    Disabled,
    /// Its credentials fail: stopped until somebody mends them.
    Broken,
    /// Removed; its records stay for the past.
    Removed,
}

/// Connectors and small facts.
pub trait Connectors {
    /// The connector of that name and provider; made when there is none.
    ///
    /// # Errors
    /// When it could not be written, or when the name is another provider's.
    fn connector(&self, name: &ConnectorName, provider: Provider) -> Result<Connector, Error>;

    /// All that are not removed, in the order they were made.
    ///
    /// # Errors
    /// When they could not be read.
    fn connectors(&self) -> Result<Vec<Connector>, Error>;

    /// Changes a connector's state. Disabling or breaking gives its leases back, attempts unchanged, and hands out none of
    /// its jobs until it is enabled.
    ///
    /// # Errors
    /// When it could not be written.
    fn set_connector_state(&self, of: ConnectorNumber, state: ConnectorState) -> Result<(), Error>;

    /// Keeps what a test granted, and the tenant's own id.
    ///
    /// # Errors
    /// When it could not be written; refused when another tenant's id was kept before.
    fn keep_granted(&self, of: ConnectorNumber, granted: &str, tenant: &str) -> Result<(), Error>;

    /// Positions of all feeds, the ends of walks (`ns:`) included.
    ///
    /// # Errors
    /// When they could not be read.
    fn cursors(&self, of: ConnectorNumber) -> Result<Vec<FeedCursor>, Error>;

    /// Keeps positions; others stay.
    ///
    /// # Errors
    /// When they could not be written.
    fn keep_cursors(&self, of: ConnectorNumber, cursors: &[FeedCursor]) -> Result<(), Error>;

    /// A small fact of the engine's by its name (`backlog.paused`, `feed.offered.events`); `None` when never kept. `of` is
    /// `None` for facts about no connector.
    ///
    /// # Errors
    /// When it could not be read.
    fn fact(&self, of: Option<ConnectorNumber>, name: &str) -> Result<Option<String>, Error>;

    /// Keeps a small fact (up to 64 KiB); `None` deletes it. One about a connector may hold names and paths of the tenant: it
    /// is sealed. One about none is kept as it is.
    ///
    /// # Errors
    /// When it could not be written.
    fn keep_fact(&self, of: Option<ConnectorNumber>, name: &str, value: Option<&str>) -> Result<(), Error>;
}
