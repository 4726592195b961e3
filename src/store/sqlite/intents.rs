//! `Intents` in SQLite.

#![allow(unused_variables, reason = "being written")]

use super::{Desk, Failed, Sqlite};
use crate::clock::Moment;
use crate::model::action::{Did, Order, Receipt, State, Step};
use crate::model::{IntentNumber, IntentState, ItemNumber};
use crate::store::Error;
use crate::store::audit::Entry;
use crate::store::intents::{Closing, Intent, IntentClaim, IntentQuery, Intents, NewIntent, Tripped};
use std::sync::Arc;

impl Intents for Sqlite {
    fn add_intents(&self, new: &[NewIntent], entry: &Entry) -> Result<Vec<IntentNumber>, Error> {
        todo!()
    }

    fn claim_intent(&self, claim: &IntentClaim<'_>) -> Result<Option<Intent>, Error> {
        todo!()
    }

    fn begin_intent(&self, number: IntentNumber, orders: &[Order]) -> Result<(), Error> {
        todo!()
    }

    fn begin_order(&self, number: IntentNumber, order: &str, found: &State) -> Result<(), Error> {
        todo!()
    }

    fn before_step(&self, number: IntentNumber, order: &str, step: &Step) -> Result<(), Error> {
        todo!()
    }

    fn after_step(&self, number: IntentNumber, order: &str, did: &Did) -> Result<(), Error> {
        todo!()
    }

    fn end_order(&self, number: IntentNumber, receipt: &Receipt, next: Option<&[Order]>) -> Result<(), Error> {
        todo!()
    }

    fn close_intent(&self, closing: &Closing) -> Result<(), Error> {
        todo!()
    }

    fn give_back_intent(&self, number: IntentNumber, due: Option<Moment>) -> Result<(), Error> {
        todo!()
    }

    fn fail_intent(&self, number: IntentNumber, said: &str, due: Moment, attempts_max: u32) -> Result<bool, Error> {
        todo!()
    }

    fn cancel_intents(&self, query: &IntentQuery, why: &str, entry: &Entry) -> Result<u64, Error> {
        todo!()
    }

    fn retry_intents(&self, query: &IntentQuery, entry: &Entry) -> Result<u64, Error> {
        todo!()
    }

    fn intents(&self, query: &IntentQuery, after: Option<IntentNumber>, max: usize) -> Result<Vec<Intent>, Error> {
        todo!()
    }

    fn intent(&self, number: IntentNumber) -> Result<Option<Intent>, Error> {
        todo!()
    }

    fn next_intent_due(&self) -> Result<Option<Moment>, Error> {
        todo!()
    }

    fn tripped(&self) -> Result<Vec<Tripped>, Error> {
        todo!()
    }

    fn release_breaker(&self, policy: &str, entry: &Entry) -> Result<bool, Error> {
        todo!()
    }

    fn intent_counts(&self) -> Result<Vec<(IntentState, u64)>, Error> {
        todo!()
    }
}

/// Keeps intents whose ids are new; their numbers, in order.
pub(super) fn add_in(desk: &Desk<'_>, new: &[NewIntent]) -> Result<Vec<IntentNumber>, Failed> {
    todo!()
}

/// Intents of policies on this item that have not begun lose these voters: one that has none left is cancelled. Tells how many
/// were.
pub(super) fn unvote_in(desk: &Desk<'_>, item: ItemNumber, policies: &[Arc<str>]) -> Result<u64, Failed> {
    todo!()
}
