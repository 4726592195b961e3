//! `Alerts` in SQLite.

#![allow(unused_variables, reason = "being written")]

use super::Sqlite;
use crate::model::{AlertNumber, ItemNumber};
use crate::store::Error;
use crate::store::alerts::{Alert, Alerts};
use crate::store::audit::Entry;

impl Alerts for Sqlite {
    fn alerts(&self, closed: bool, before: Option<AlertNumber>, max: usize) -> Result<Vec<Alert>, Error> {
        todo!()
    }

    fn alert(&self, number: AlertNumber) -> Result<Option<Alert>, Error> {
        todo!()
    }

    fn alert_items(
        &self,
        number: AlertNumber,
        after: Option<ItemNumber>,
        max: usize,
    ) -> Result<Vec<ItemNumber>, Error> {
        todo!()
    }

    fn close_alert(&self, number: AlertNumber, by: &str, reason: &str, entry: &Entry) -> Result<bool, Error> {
        todo!()
    }
}
