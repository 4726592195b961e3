//! The journal of an order in the store: what is about to be done is durable before it is done.

use crate::engine::step;
use crate::model::IntentNumber;
use crate::model::action::{Did, Order, State, Step};
use crate::provider::govern::{Earlier, Journal};
use crate::store::{self, Ordered, Store};
use std::io;

/// Keeps what one order of an intent does.
#[derive(Debug)]
pub(super) struct Kept<'a> {
    store: &'a dyn Store,
    intent: IntentNumber,
    earlier: Earlier,
    /// What the store said when it could not write: the run ends then, not the order alone.
    pub(super) failed: Option<store::Error>,
}

impl<'a> Kept<'a> {
    /// A journal that knows what was done before.
    pub(super) fn of(store: &'a dyn Store, intent: IntentNumber, ordered: &Ordered) -> Self {
        let did = ordered.steps.iter().filter_map(|(_, did)| did.clone()).collect();
        // Calls come one after the other: only the last can be open.
        let open = ordered.steps.last().filter(|(_, did)| did.is_none()).map(|(step, _)| step.clone());
        Self { store, intent, earlier: Earlier { did, open }, failed: None }
    }

    fn written(&mut self, written: Result<(), store::Error>) -> io::Result<()> {
        written.map_err(|error| {
            self.failed = Some(error);
            io::Error::other("the store could not be written")
        })
    }
}

impl Journal for Kept<'_> {
    fn begins(&mut self, order: &Order, found: &State) -> io::Result<()> {
        step::passed("order.begins.before");
        let written = self.store.begin_order(self.intent, &order.id, found);
        self.written(written)?;
        step::passed("order.begins.after");
        Ok(())
    }

    fn before(&mut self, order: &Order, step: &Step) -> io::Result<()> {
        step::passed_call(order.action.name(), step.name(), "before");
        let written = self.store.before_step(self.intent, &order.id, step);
        self.written(written)?;
        step::passed_call(order.action.name(), step.name(), "journaled");
        Ok(())
    }

    fn called(&mut self, order: &Order, step: &Step) {
        step::passed_call(order.action.name(), step.name(), "called");
    }

    fn after(&mut self, order: &Order, did: &Did) -> io::Result<()> {
        let written = self.store.after_step(self.intent, &order.id, did);
        self.written(written)?;
        step::passed_call(order.action.name(), did.step.name(), "noted");
        Ok(())
    }

    fn earlier(&self, _order: &Order) -> Option<Earlier> {
        Some(self.earlier.clone())
    }
}
