//! `Exceptions` in SQLite.

#![allow(unused_variables, reason = "being written")]

use super::{Desk, Failed, Sqlite};
use crate::clock::Moment;
use crate::model::ExceptionNumber;
use crate::store::Error;
use crate::store::audit::Entry;
use crate::store::exceptions::{Exception, Exceptions, NewException};

impl Exceptions for Sqlite {
    fn add_exception(&self, new: &NewException, entry: &Entry) -> Result<ExceptionNumber, Error> {
        todo!()
    }

    fn end_exception(&self, number: ExceptionNumber, entry: &Entry) -> Result<bool, Error> {
        todo!()
    }

    fn exceptions(&self, at: Option<Moment>) -> Result<Vec<Exception>, Error> {
        todo!()
    }
}

/// Makes one; its audit entry is another's affair.
pub(super) fn add_in(desk: &Desk<'_>, new: &NewException) -> Result<ExceptionNumber, Failed> {
    todo!()
}
