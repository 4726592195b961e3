//! The journal: the orders of an intent, what was found, each step before and after its call, and receipts.

use super::super::{Desk, Failed, sealed};
use super::row;
use crate::model::action::{Did, Order, Outcome, Receipt, State, Step};
use crate::model::{IntentNumber, IntentState};
use crate::store::SealKey;
use crate::store::error::Kind;
use crate::store::intents::Ordered;
use rusqlite::{Connection, OptionalExtension, params};

/// The intent is begun: these are its orders.
pub(super) fn begin(desk: &Desk<'_>, number: IntentNumber, orders: &[Order]) -> Result<(), Failed> {
    let mut row = row::in_hand(desk.tx, number)?;
    if row.state != IntentState::Waits {
        return Err(Kind::Refused(format!("intent {number} was begun before")).into());
    }
    row.state = IntentState::Begun;
    row.begun = Some(desk.now);
    row.save(desk)?;
    add(desk, number, 0, orders)
}

fn add(desk: &Desk<'_>, number: IntentNumber, from: i64, orders: &[Order]) -> Result<(), Failed> {
    let sql = "INSERT INTO intent_order (intent, place, id, sealed, is_open) VALUES (?1, ?2, ?3, ?4, 1)";
    let mut statement = desk.tx.prepare_cached(sql)?;
    for (place, order) in (from..).zip(orders) {
        let order_sealed = sealed::record(desk.seal, order)?;
        statement.execute(params![number.0, place, &*order.id, order_sealed])?;
    }
    Ok(())
}

/// The place of an order among those of an intent that is begun and in hand.
fn place(tx: &Connection, number: IntentNumber, order: &str) -> Result<i64, Failed> {
    row::in_hand(tx, number)?;
    let sql = "SELECT place FROM intent_order WHERE intent = ?1 AND id = ?2";
    let place = tx.prepare_cached(sql)?.query_row((number.0, order), |row| row.get(0)).optional()?;
    place.ok_or_else(|| Kind::Refused(format!("intent {number} has no such order")).into())
}

/// Notes the state before an order's first step. The first word counts: what is told later was told after a step may have been
/// called.
pub(super) fn found(desk: &Desk<'_>, number: IntentNumber, order: &str, state: &[u8]) -> Result<(), Failed> {
    let place = place(desk.tx, number, order)?;
    let sql = "UPDATE intent_order SET found = ?3 WHERE intent = ?1 AND place = ?2 AND found IS NULL";
    desk.tx.prepare_cached(sql)?.execute(params![number.0, place, state])?;
    Ok(())
}

/// A step is about to be called.
pub(super) fn before(desk: &Desk<'_>, number: IntentNumber, order: &str, step: &[u8]) -> Result<(), Failed> {
    let place = place(desk.tx, number, order)?;
    let sql = "INSERT INTO intent_step (intent, place, nth, step) VALUES (?1, ?2, \
               (SELECT COALESCE(MAX(nth) + 1, 0) FROM intent_step WHERE intent = ?1 AND place = ?2), ?3)";
    desk.tx.prepare_cached(sql)?.execute(params![number.0, place, step])?;
    Ok(())
}

/// The last step was called.
pub(super) fn after(desk: &Desk<'_>, number: IntentNumber, order: &str, did: &[u8]) -> Result<(), Failed> {
    let place = place(desk.tx, number, order)?;
    let sql = "UPDATE intent_step SET did = ?3 WHERE intent = ?1 AND place = ?2 AND did IS NULL AND nth = \
               (SELECT MAX(nth) FROM intent_step WHERE intent = ?1 AND place = ?2)";
    if desk.tx.prepare_cached(sql)?.execute(params![number.0, place, did])? == 0 {
        return Err(Kind::Refused(format!("intent {number} has no step that is being called")).into());
    }
    Ok(())
}

/// An order came to its end; `next` takes the place of those after it.
pub(super) fn end(
    desk: &Desk<'_>,
    number: IntentNumber,
    receipt: &Receipt,
    next: Option<&[Order]>,
) -> Result<(), Failed> {
    let place = place(desk.tx, number, &receipt.order)?;
    let is_open = matches!(receipt.outcome, Outcome::Unknown(_));
    let receipt = sealed::record(desk.seal, receipt)?;
    let sql = "UPDATE intent_order SET receipt = ?3, is_open = ?4 WHERE intent = ?1 AND place = ?2";
    desk.tx.prepare_cached(sql)?.execute(params![number.0, place, receipt, is_open])?;
    let Some(next) = next else { return Ok(()) };
    let was_called = "SELECT 1 FROM intent_step WHERE intent = ?1 AND place > ?2";
    if desk.tx.prepare_cached(was_called)?.exists((number.0, place))? {
        let what = format!("an order of intent {number} that may have changed something cannot be replaced");
        return Err(Kind::Refused(what).into());
    }
    let sql = "DELETE FROM intent_order WHERE intent = ?1 AND place > ?2";
    desk.tx.prepare_cached(sql)?.execute((number.0, place))?;
    add(desk, number, place + 1, next)
}

/// Receipts that say that nobody knows go: their orders are to be performed again.
pub(super) fn reopen(desk: &Desk<'_>, number: i64) -> Result<(), Failed> {
    let sql = "UPDATE intent_order SET receipt = NULL WHERE intent = ?1 AND is_open = 1";
    desk.tx.prepare_cached(sql)?.execute([number])?;
    Ok(())
}

/// The orders of an intent with all that is kept of them.
pub(super) fn orders(tx: &Connection, seal: &SealKey, number: i64) -> Result<Vec<Ordered>, Failed> {
    let sql = "SELECT place, sealed, found, receipt FROM intent_order WHERE intent = ?1 ORDER BY place";
    let mut statement = tx.prepare_cached(sql)?;
    let mut rows = statement.query([number])?;
    let mut orders = Vec::new();
    while let Some(row) = rows.next()? {
        let place = row.get(0)?;
        let mut order: Order = sealed::open(seal, &row.get::<_, Vec<u8>>(1)?)?;
        let (found, receipt): (Option<Vec<u8>>, Option<Vec<u8>>) = (row.get(2)?, row.get(3)?);
        if let Some(found) = found {
            order.begun = Some(Box::new(sealed::open::<State>(seal, &found)?));
        }
        let receipt = receipt.map(|receipt| sealed::open(seal, &receipt)).transpose()?;
        orders.push(Ordered { order, steps: steps(tx, seal, number, place)?, receipt });
    }
    Ok(orders)
}

fn steps(tx: &Connection, seal: &SealKey, number: i64, place: i64) -> Result<Vec<(Step, Option<Did>)>, Failed> {
    let sql = "SELECT step, did FROM intent_step WHERE intent = ?1 AND place = ?2 ORDER BY nth";
    let mut statement = tx.prepare_cached(sql)?;
    let mut rows = statement.query((number, place))?;
    let mut steps = Vec::new();
    while let Some(row) = rows.next()? {
        let (step, did): (Vec<u8>, Option<Vec<u8>>) = (row.get(0)?, row.get(1)?);
        steps.push((sealed::open(seal, &step)?, did.map(|did| sealed::open(seal, &did)).transpose()?));
    }
    Ok(steps)
}
