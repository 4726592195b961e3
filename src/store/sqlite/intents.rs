//! `Intents` in SQLite.
//!
//! Whose turn it is is decided in [`claim`], what policies may do by themselves in [`breaker`]; the [`journal`] keeps what an intent
//! becomes, and [`close`] writes its end with all that follows. How rows change and are counted is in [`row`].

mod breaker;
mod claim;
mod close;
mod journal;
mod read;
mod row;

use super::writer::Haste;
use super::{Desk, Failed, Sqlite, audit, counter, sealed, words};
use crate::clock::Moment;
use crate::model::action::{Did, Order, Receipt, State, Step};
use crate::model::{ConnectorNumber, IntentNumber, IntentState, ItemNumber};
use crate::store::Error;
use crate::store::audit::Entry;
use crate::store::error::Kind;
use crate::store::intents::{Closing, Intent, IntentClaim, IntentQuery, Intents, NewIntent, Tripped};
use claim::{Turn, Wish};
use row::Row;
use rusqlite::{Connection, OptionalExtension};
use std::sync::Arc;

pub(super) use row::{Made, begin_run, keep};

/// Intents that one piece cancels or brings back.
const SLICE: usize = 500;

impl Intents for Sqlite {
    fn add_intents(&self, new: &[NewIntent], entry: &Entry) -> Result<Vec<IntentNumber>, Error> {
        let doing = "keep what is to be done";
        let (made, entry) = (self.made(doing, new.to_vec())?, entry.clone());
        self.write_at(Haste::Live, doing, move |desk| {
            audit::append(desk.tx, desk.now, entry)?;
            keep_all(desk, &made)
        })
    }

    fn claim_intent(&self, claim: &IntentClaim<'_>) -> Result<Option<Intent>, Error> {
        let doing = "take the next intent";
        let wish = Arc::new(Wish::of(claim));
        let now = self.now();
        // Whoever asks again and again costs no commit while there is nothing.
        if !self.read(doing, |tx| claim::may_find(tx, &wish, now))? {
            return Ok(None);
        }
        loop {
            let wish = Arc::clone(&wish);
            match self.write_at(Haste::Live, doing, move |desk| claim::claim(desk, &wish))? {
                Turn::Taken(number) => return self.intent(number),
                Turn::Nothing => return Ok(None),
                Turn::More => {}
            }
        }
    }

    fn begin_intent(&self, number: IntentNumber, orders: &[Order]) -> Result<(), Error> {
        let orders = orders.to_vec();
        self.write_at(Haste::Live, "begin an intent", move |desk| journal::begin(desk, number, &orders))
    }

    fn begin_order(&self, number: IntentNumber, order: &str, found: &State) -> Result<(), Error> {
        let (order, found) = (order.to_owned(), self.sealed(found)?);
        self.write_at(Haste::Live, JOURNALING, move |desk| journal::found(desk, number, &order, &found))
    }

    fn before_step(&self, number: IntentNumber, order: &str, step: &Step) -> Result<(), Error> {
        let (order, step) = (order.to_owned(), self.sealed(step)?);
        self.write_at(Haste::Live, JOURNALING, move |desk| journal::before(desk, number, &order, &step))
    }

    fn after_step(&self, number: IntentNumber, order: &str, did: &Did) -> Result<(), Error> {
        let (order, did) = (order.to_owned(), self.sealed(did)?);
        self.write_at(Haste::Live, JOURNALING, move |desk| journal::after(desk, number, &order, &did))
    }

    fn end_order(&self, number: IntentNumber, receipt: &Receipt, next: Option<&[Order]>) -> Result<(), Error> {
        let (receipt, next) = (receipt.clone(), next.map(<[Order]>::to_vec));
        self.write_at(Haste::Live, JOURNALING, move |desk| journal::end(desk, number, &receipt, next.as_deref()))
    }

    fn close_intent(&self, closing: &Closing) -> Result<(), Error> {
        let closing = closing.clone();
        self.write_at(Haste::Live, "end an intent", move |desk| close::close(desk, &closing))
    }

    fn give_back_intent(&self, number: IntentNumber, due: Option<Moment>) -> Result<(), Error> {
        self.write_at(Haste::Live, "give an intent back", move |desk| {
            let mut row = row::in_hand(desk.tx, number)?;
            (row.in_hand, row.due) = (false, due);
            row.save(desk)
        })
    }

    fn fail_intent(&self, number: IntentNumber, said: &str, due: Moment, attempts_max: u32) -> Result<bool, Error> {
        let said = said.to_owned();
        self.write_at(Haste::Live, "note a failed attempt", move |desk| {
            let mut row = row::in_hand(desk.tx, number)?;
            row.attempts = row.attempts.saturating_add(1);
            let is_last = row.attempts >= attempts_max;
            let state = if is_last { IntentState::Parked } else { row.state };
            row.put(state, if is_last { "failed" } else { "" }, &said);
            row.due = (!is_last).then_some(due);
            row.save(desk)?;
            Ok(is_last)
        })
    }

    fn cancel_intents(&self, query: &IntentQuery, why: &str, entry: &Entry) -> Result<u64, Error> {
        let why: Arc<str> = why.into();
        let states = [IntentState::Waits, IntentState::Held, IntentState::Parked];
        self.for_each(query, &states, entry, "cancel intents", move |desk, number| cancel(desk, number, &why))
    }

    fn cancel_intent(&self, number: IntentNumber, why: &str, entry: &Entry) -> Result<(), Error> {
        let (why, entry) = (why.to_owned(), entry.clone());
        self.write_at(Haste::Live, "cancel an intent", move |desk| {
            let row = row::in_hand(desk.tx, number)?;
            if row.begun.is_some() {
                return Err(Kind::Refused(format!("intent {number} has begun")).into());
            }
            over(desk, row, &why)?;
            audit::append(desk.tx, desk.now, entry).map(drop)
        })
    }

    fn retry_intents(&self, query: &IntentQuery, entry: &Entry) -> Result<u64, Error> {
        self.for_each(query, &[IntentState::Parked], entry, "bring intents back", retry)
    }

    fn intents(&self, query: &IntentQuery, after: Option<IntentNumber>, max: usize) -> Result<Vec<Intent>, Error> {
        self.read("read intents", |tx| read::intents(tx, self.seal(), query, after, max))
    }

    fn intent(&self, number: IntentNumber) -> Result<Option<Intent>, Error> {
        self.read("read an intent", |tx| read::intent(tx, self.seal(), number))
    }

    fn next_intent_due(&self) -> Result<Option<Moment>, Error> {
        self.read("look for the next intent", |tx| {
            let sql = "SELECT due FROM intent WHERE line = 3 ORDER BY due LIMIT 1";
            Ok(tx.prepare_cached(sql)?.query_row([], |row| row.get(0).map(Moment::from_millis)).optional()?)
        })
    }

    fn tripped(&self) -> Result<Vec<Tripped>, Error> {
        self.read("read which breakers tripped", breaker::tripped)
    }

    fn release_breaker(&self, policy: &str, entry: &Entry) -> Result<bool, Error> {
        let doing = "release a breaker";
        let (policy, entry): (Arc<str>, _) = (policy.into(), entry.clone());
        let released = Arc::clone(&policy);
        if !self.write_at(Haste::Live, doing, move |desk| breaker::release(desk, &released, &entry))? {
            return Ok(false);
        }
        loop {
            let policy = Arc::clone(&policy);
            if !self.write_at(Haste::Bulk, doing, move |desk| breaker::free(desk, &policy))? {
                return Ok(true);
            }
        }
    }

    fn intent_counts(&self) -> Result<Vec<(IntentState, u64)>, Error> {
        self.read("count intents", |tx| {
            let count = |state| Ok((state, counted(tx, state)?));
            IntentState::ALL.into_iter().map(count).collect()
        })
    }
}

/// What is attempted when the journal is written.
const JOURNALING: &str = "keep the journal of an action";

impl Sqlite {
    /// Seals a record outside the writer's thread.
    fn sealed<T: serde::Serialize>(&self, record: &T) -> Result<Vec<u8>, Error> {
        sealed::record(self.seal(), record).map_err(|failed| failed.told(JOURNALING).at(self.path()))
    }

    /// Makes intents ready to be written, outside the writer's thread.
    pub(super) fn made(&self, doing: &str, new: Vec<NewIntent>) -> Result<Vec<Made>, Error> {
        let made = new.into_iter().map(|is| Made::of(self.seal(), is)).collect::<Result<_, _>>();
        made.map_err(|failed: Failed| failed.told(doing).at(self.path()))
    }

    /// Does something to each intent of a query that stands in one of `states`, in slices; the audit entry is in the first slice that
    /// changes anything. Tells how many were changed.
    fn for_each(
        &self,
        query: &IntentQuery,
        states: &[IntentState],
        entry: &Entry,
        doing: &'static str,
        change: impl Fn(&Desk<'_>, i64) -> Result<bool, Failed> + Clone + Send + 'static,
    ) -> Result<u64, Error> {
        let both = |state: &&IntentState| query.states.is_empty() || query.states.contains(state);
        let states: Vec<IntentState> = states.iter().filter(both).copied().collect();
        if states.is_empty() {
            return Ok(0);
        }
        let query = IntentQuery { states, ..query.clone() };
        let (mut after, mut all) = (0, 0);
        loop {
            let (query, change) = (query.clone(), change.clone());
            let entry = (all == 0).then(|| entry.clone());
            let (changed, last, is_over) = self.write_at(Haste::Live, doing, move |desk| {
                let numbers = read::numbers(desk.tx, &query, after, SLICE)?;
                let mut changed = 0;
                for number in &numbers {
                    changed += u64::from(change(desk, *number)?);
                }
                if let Some(entry) = entry.filter(|_| changed > 0) {
                    audit::append(desk.tx, desk.now, entry)?;
                }
                Ok((changed, numbers.last().copied().unwrap_or(after), numbers.len() < SLICE))
            })?;
            all += changed;
            after = last;
            if is_over {
                return Ok(all);
            }
        }
    }
}

/// How many intents stand in a state.
fn counted(tx: &Connection, state: IntentState) -> Result<u64, Failed> {
    counter::value(tx, ConnectorNumber(0), row::counter_of(state)).map(words::count)
}

/// Intents that are still to be acted on.
pub(super) fn waiting(tx: &Connection) -> Result<u64, Failed> {
    [IntentState::Waits, IntentState::Begun].into_iter().try_fold(0, |all, state| Ok(all + counted(tx, state)?))
}

/// Cancels an intent that has not begun and that nobody has in hand; false otherwise.
fn cancel(desk: &Desk<'_>, number: i64, why: &str) -> Result<bool, Failed> {
    let Some(row) = row::of(desk.tx, number)?.filter(|row| row.begun.is_none() && !row.in_hand) else {
        return Ok(false);
    };
    over(desk, row, why)?;
    Ok(true)
}

fn over(desk: &Desk<'_>, mut row: Row, why: &str) -> Result<(), Failed> {
    row.put(IntentState::Cancelled, "cancelled", why);
    row.due = None;
    row.ended = Some(desk.now);
    row.save(desk)?;
    breaker::forget(desk, row.number)
}

/// Deletes intents that were over before a moment, with their journal, at most so many. What put something into quarantine that
/// lies there still stays, and what is being undone.
pub(super) fn forget_past(desk: &Desk<'_>, before: Moment, max: usize) -> Result<usize, Failed> {
    let mut all = 0;
    for state in [IntentState::Ended, IntentState::Cancelled] {
        let sql = "SELECT number FROM intent i WHERE state = ?1 AND ended < ?2 \
                   AND NOT EXISTS (SELECT 1 FROM quarantine q WHERE q.intent = i.number AND q.released IS NULL) \
                   AND NOT EXISTS (SELECT 1 FROM intent u WHERE u.undoes = i.number AND u.ended IS NULL) \
                   ORDER BY number LIMIT ?3";
        let mut statement = desk.tx.prepare_cached(sql)?;
        let bounds = (row::state_number(state), before.as_millis(), words::limit(max - all));
        let over: Vec<i64> = statement.query_map(bounds, |row| row.get(0))?.collect::<Result<_, _>>()?;
        for number in &over {
            for sql in [
                "DELETE FROM intent_step WHERE intent = ?1",
                "DELETE FROM intent_order WHERE intent = ?1",
                "DELETE FROM intent_voter WHERE intent = ?1",
                "DELETE FROM breaker_held WHERE intent = ?1",
                "DELETE FROM intent WHERE number = ?1",
            ] {
                desk.tx.prepare_cached(sql)?.execute([number])?;
            }
        }
        counter::add(desk.tx, ConnectorNumber(0), row::counter_of(state), -words::limit(over.len()))?;
        all += over.len();
    }
    Ok(all)
}

/// Brings a parked intent back, to where it stood.
fn retry(desk: &Desk<'_>, number: i64) -> Result<bool, Failed> {
    let Some(mut row) = row::of(desk.tx, number)?.filter(|row| row.state == IntentState::Parked) else {
        return Ok(false);
    };
    let state = if row.begun.is_some() { IntentState::Begun } else { IntentState::Waits };
    row.put(state, "", "");
    (row.due, row.attempts) = (None, 0);
    row.save(desk)?;
    journal::reopen(desk, number)?;
    Ok(true)
}

fn keep_all(desk: &Desk<'_>, made: &[Made]) -> Result<Vec<IntentNumber>, Failed> {
    let mut kept = Vec::with_capacity(made.len());
    for made in made {
        kept.extend(row::keep(desk, made)?);
    }
    Ok(kept)
}

/// Keeps intents whose ids are new; their numbers, in order.
pub(super) fn add_in(desk: &Desk<'_>, new: &[NewIntent]) -> Result<Vec<IntentNumber>, Failed> {
    let mut kept = Vec::with_capacity(new.len());
    for is in new {
        kept.extend(row::keep(desk, &Made::of(desk.seal, is.clone())?)?);
    }
    Ok(kept)
}

/// Why an intent is cancelled whose policies do not match any more.
const UNWANTED: &str = "no policy asks for it any more";

/// Intents of policies on this item that have not begun lose these voters: one that has none left is cancelled. A message
/// that was to leave at once stays: what it tells of has happened. Tells how many were cancelled.
pub(super) fn unvote_in(desk: &Desk<'_>, item: ItemNumber, policies: &[Arc<str>]) -> Result<u64, Failed> {
    let sql = "SELECT number FROM intent WHERE item = ?1 AND cause = 3 AND state IN (0, 1, 4) AND in_hand = 0 \
               AND begun IS NULL AND NOT (name = 'notify' AND due IS NULL) ORDER BY number";
    let mut statement = desk.tx.prepare_cached(sql)?;
    let open: Vec<i64> = statement.query_map([item.0], |row| row.get(0))?.collect::<Result<_, _>>()?;
    let mut cancelled = 0;
    for number in open {
        let sql = "DELETE FROM intent_voter WHERE intent = ?1 AND policy = ?2";
        let mut lost = 0;
        for policy in policies {
            lost += desk.tx.prepare_cached(sql)?.execute((number, &**policy))?;
        }
        if lost == 0 {
            continue;
        }
        if read::voters(desk.tx, number)?.is_empty() {
            cancelled += u64::from(cancel(desk, number, UNWANTED)?);
            continue;
        }
        for policy in policies {
            breaker::let_go(desk, number, policy)?;
        }
    }
    Ok(cancelled)
}

#[cfg(test)]
mod tests;
