//! `Messages` in SQLite.

#![allow(unused_variables, reason = "being written")]

use super::{Desk, Failed, Sqlite};
use crate::clock::Moment;
use crate::store::Error;
use crate::store::messages::{Message, Messages, NewMessage};

impl Messages for Sqlite {
    fn add_messages(&self, messages: &[NewMessage]) -> Result<u64, Error> {
        todo!()
    }

    fn take_messages(&self, max: usize) -> Result<Vec<Message>, Error> {
        todo!()
    }

    fn message_sent(&self, sequence: u64) -> Result<(), Error> {
        todo!()
    }

    fn message_failed(&self, sequence: u64, said: &str, not_before: Moment, attempts_max: u32) -> Result<(), Error> {
        todo!()
    }

    fn due_digest(&self, max: usize) -> Result<Vec<Message>, Error> {
        todo!()
    }

    fn digest(&self, members: &[u64], message: &NewMessage) -> Result<(), Error> {
        todo!()
    }

    fn messages(&self, after: u64, max: usize) -> Result<Vec<Message>, Error> {
        todo!()
    }

    fn retry_messages(&self) -> Result<u64, Error> {
        todo!()
    }
}

/// Keeps messages whose ids are new; tells how many.
pub(super) fn add_in(desk: &Desk<'_>, messages: &[NewMessage]) -> Result<u64, Failed> {
    todo!()
}
