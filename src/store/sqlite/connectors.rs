//! `Connectors` in SQLite.

#![allow(unused_imports, reason = "filled in the next commits")]

use super::Sqlite;
use crate::clock::Moment;
use crate::model::{ConnectorName, ConnectorNumber, FeedCursor, Provider};
use crate::store::Error;
use crate::store::connectors::{Connector, ConnectorState, Connectors};

impl Connectors for Sqlite {
    fn connector(&self, _name: &ConnectorName, _provider: Provider) -> Result<Connector, Error> {
        todo!()
    }

    fn connectors(&self) -> Result<Vec<Connector>, Error> {
        todo!()
    }

    fn set_connector_state(&self, _of: ConnectorNumber, _state: ConnectorState) -> Result<(), Error> {
        todo!()
    }

    fn keep_granted(&self, _of: ConnectorNumber, _granted: &str, _tenant: &str) -> Result<(), Error> {
        todo!()
    }

    fn cursors(&self, _of: ConnectorNumber) -> Result<Vec<FeedCursor>, Error> {
        todo!()
    }

    fn keep_cursors(&self, _of: ConnectorNumber, _cursors: &[FeedCursor]) -> Result<(), Error> {
        todo!()
    }

    fn fact(&self, _of: Option<ConnectorNumber>, _name: &str) -> Result<Option<String>, Error> {
        todo!()
    }

    fn keep_fact(&self, _of: Option<ConnectorNumber>, _name: &str, _value: Option<&str>) -> Result<(), Error> {
        todo!()
    }
}
