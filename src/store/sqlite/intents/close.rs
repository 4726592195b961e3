//! The end of an intent: its receipt, its audit entry and everything that follows, or nothing of it.

use super::super::inventory::{self, ListedBy};
use super::super::{Desk, Failed, audit, exceptions, matches, messages, quarantines, queue};
use super::{journal, read, row};
use crate::model::action::Outcome;
use crate::model::{ConnectorNumber, IntentState, ItemNumber};
use crate::store::intents::Closing;

/// Ends an intent, or parks it when nobody knows what was done.
pub(super) fn close(desk: &Desk<'_>, closing: &Closing) -> Result<(), Failed> {
    let mut row = row::in_hand(desk.tx, closing.number)?;
    if let Some(receipt) = &closing.receipt {
        journal::end(desk, closing.number, receipt, None)?;
    }
    let is_parked = matches!(closing.outcome, Outcome::Unknown(_));
    let state = if is_parked { IntentState::Parked } else { IntentState::Ended };
    row.put(state, closing.outcome.name(), &closing.why);
    row.due = None;
    row.ended = (!is_parked).then_some(desk.now);
    row.save(desk)?;
    audit::append(desk.tx, desk.now, closing.entry.clone())?;
    follow(desk, row.connector, closing)?;
    if let Some(item) = row.item.filter(|_| !is_parked) {
        let voters = read::voters(desk.tx, row.number)?;
        if !voters.is_empty() {
            matches::acted_in(desk, ItemNumber(item), &voters, closing.level)?;
        }
    }
    Ok(())
}

/// Writes what follows. Where the item is now comes first: a job that looks at it asks there.
fn follow(desk: &Desk<'_>, of: ConnectorNumber, closing: &Closing) -> Result<(), Failed> {
    if let Some(facts) = &closing.facts {
        inventory::upsert(desk, of, facts, ListedBy::Look)?;
    }
    closing.asks.iter().try_for_each(|ask| queue::ask_in(desk, ask).map(drop))?;
    closing.exceptions.iter().try_for_each(|new| exceptions::add_in(desk, new).map(drop))?;
    if !closing.messages.is_empty() {
        messages::add_in(desk, &closing.messages)?;
    }
    if let Some(kept) = &closing.quarantined {
        quarantines::keep_in(desk, kept)?;
    }
    if let Some(id) = &closing.released {
        quarantines::release_in(desk, id)?;
    }
    Ok(())
}
