//! `People` in SQLite.

#![allow(unused_imports, reason = "filled in the next commits")]

use super::Sqlite;
use crate::clock::Moment;
use crate::model::{ConnectorNumber, Directory, ItemNumber, Person};
use crate::store::Error;
use crate::store::people::{Dependence, People, PeopleChanges, PeopleTaken};
use std::sync::Arc;

impl People for Sqlite {
    fn keep_people(&self, _of: ConnectorNumber, _taken: &PeopleTaken) -> Result<PeopleChanges, Error> {
        todo!()
    }

    fn directory(&self, _of: ConnectorNumber) -> Result<Option<Directory>, Error> {
        todo!()
    }

    fn people_as_of(&self, _of: ConnectorNumber) -> Result<Option<Moment>, Error> {
        todo!()
    }

    fn links_wanted(&self, _of: ConnectorNumber, _max: usize) -> Result<Vec<Person>, Error> {
        todo!()
    }

    fn want_links(&self, _of: ConnectorNumber, _account: &str) -> Result<(), Error> {
        todo!()
    }

    fn dependants(
        &self,
        _of: ConnectorNumber,
        _on: &Dependence,
        _after: Option<ItemNumber>,
        _max: usize,
    ) -> Result<Vec<ItemNumber>, Error> {
        todo!()
    }
}
