//! `Activities` in SQLite.

#![allow(unused_imports, reason = "filled in the next commits")]

use super::Sqlite;
use crate::clock::Moment;
use crate::model::{
    Activity, ActivityKind, ConnectorNumber, FeedCursor, ItemKind, ItemNumber, Lane, Principal, Todo, Walk,
};
use crate::store::Error;
use crate::store::activities::{Activities, ActivityQuery, ActivityRow, ChangesTaken, TakenChanges};
use crate::store::inventory::TakenPage;
use std::sync::Arc;

impl Activities for Sqlite {
    fn take_changes(&self, _of: ConnectorNumber, _changes: TakenChanges) -> Result<ChangesTaken, Error> {
        todo!()
    }

    fn activities(&self, _query: &ActivityQuery, _before: Option<i64>, _max: usize) -> Result<Vec<ActivityRow>, Error> {
        todo!()
    }

    fn newest_activity(&self, _of: ConnectorNumber) -> Result<Option<Moment>, Error> {
        todo!()
    }
}
