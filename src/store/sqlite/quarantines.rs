//! `Quarantines` in SQLite.

#![allow(unused_variables, reason = "being written")]

use super::{Desk, Failed, Sqlite};
use crate::clock::Moment;
use crate::model::ItemNumber;
use crate::store::Error;
use crate::store::audit::Entry;
use crate::store::quarantines::{NewQuarantined, Quarantined, Quarantines};

impl Quarantines for Sqlite {
    fn quarantined(&self, released: bool, after: Option<&str>, max: usize) -> Result<Vec<Quarantined>, Error> {
        todo!()
    }

    fn quarantined_as(&self, id: &str) -> Result<Option<Quarantined>, Error> {
        todo!()
    }

    fn is_quarantined(&self, item: ItemNumber) -> Result<bool, Error> {
        todo!()
    }

    fn adopt(&self, kept: &NewQuarantined, since: Moment, entry: &Entry) -> Result<bool, Error> {
        todo!()
    }
}

/// Notes that something was put into quarantine.
pub(super) fn keep_in(desk: &Desk<'_>, kept: &NewQuarantined) -> Result<(), Failed> {
    todo!()
}
