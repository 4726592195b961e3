//! Whose turn it is: begun intents first, then by cause, then by number; what breakers hold back is passed over.
//!
//! Of intents that move something one of a connector is in hand at a time. While it is, the others are not even looked at: they
//! stand in an index of their own, so that ten thousand of them cost a claim nothing and hold no thread.

use super::super::{Desk, Failed, connectors, words};
use super::breaker;
use super::row::{self, Row, cause_number};
use crate::clock::Moment;
use crate::model::{Cause, ConnectorNumber, IntentNumber};
use crate::store::intents::{IntentClaim, PolicyLimits};
use rusqlite::Connection;

/// Intents whose moment came, taken into their line in one claim at most; the next claim takes the next.
const DUE_MAX: usize = 500;
/// Intents held back in one piece at most: others' work is not kept waiting by a breaker with a million behind it.
const HELD_MAX: usize = 500;
/// Candidates read at a time.
const PAGE: usize = 16;

/// A claim that outlives its caller's borrows.
#[derive(Clone, Debug)]
pub(super) struct Wish {
    connectors: Vec<ConnectorNumber>,
    causes: Vec<Cause>,
    limits: Vec<PolicyLimits>,
}

impl Wish {
    pub(super) fn of(claim: &IntentClaim<'_>) -> Self {
        let causes = Cause::ALL.into_iter().filter(|cause| claim.causes.contains(cause)).collect();
        Self { connectors: claim.connectors.to_vec(), causes, limits: claim.limits.to_vec() }
    }
}

/// What came of a piece of a claim.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Turn {
    /// This one is in hand.
    Taken(IntentNumber),
    /// There is none.
    Nothing,
    /// So many were held back that others should be let in before the next is looked at.
    More,
}

/// False when there is surely nothing to claim.
pub(super) fn may_find(tx: &Connection, wish: &Wish, now: Moment) -> Result<bool, Failed> {
    let changes = "SELECT 1 FROM intent WHERE line = 3 AND due <= ?1 UNION ALL \
                   SELECT 1 FROM breaker WHERE tripped IS NULL LIMIT 1";
    if tx.prepare_cached(changes)?.exists([now.as_millis()])? {
        return Ok(true);
    }
    for head in heads(tx, &wish.connectors)? {
        for cause in &wish.causes {
            for sql in [GOES_ON, READY] {
                if tx.prepare_cached(sql)?.exists((head.connector.0, cause_number(*cause), head.moves, 0, 1))? {
                    return Ok(true);
                }
            }
        }
    }
    Ok(false)
}

/// What may be handed out of each connector: what moves only while nothing of it is moving.
fn heads(tx: &Connection, connectors: &[ConnectorNumber]) -> Result<Vec<Head>, Failed> {
    let mut heads = Vec::with_capacity(connectors.len().saturating_mul(2));
    for connector in connectors {
        let is_moving = tx.prepare_cached(MOVING)?.exists([connector.0])?;
        let kinds = if is_moving { &[false][..] } else { &[false, true] };
        heads.extend(kinds.iter().map(|moves| Head {
            connector: *connector,
            moves: *moves,
            after: 0,
            next: Vec::new(),
            is_over: false,
        }));
    }
    Ok(heads)
}

/// Takes the intent whose turn it is.
pub(super) fn claim(desk: &Desk<'_>, wish: &Wish) -> Result<Turn, Failed> {
    row::wake(desk, DUE_MAX)?;
    breaker::go_on_releasing(desk)?;
    let heads = heads(desk.tx, &connectors::enabled(desk.tx, &wish.connectors)?)?;
    for cause in &wish.causes {
        let mut line = Line::new(GOES_ON, *cause, &heads);
        while let Some(row) = line.next(desk.tx)? {
            if !others_in_hand(desk.tx, &row)? {
                return take(desk, row);
            }
        }
    }
    let mut held = 0;
    for cause in &wish.causes {
        let mut line = Line::new(READY, *cause, &heads);
        while let Some(row) = line.next(desk.tx)? {
            // An item has a handful of intents at most, so passing over those of items that are busy needs no bound.
            if others_busy(desk.tx, &row)? {
                continue;
            }
            if *cause != Cause::Policy || breaker::lets_pass(desk, &row, &wish.limits)? {
                return take(desk, row);
            }
            held += 1;
            if held == HELD_MAX {
                return Ok(Turn::More);
            }
        }
    }
    Ok(Turn::Nothing)
}

fn take(desk: &Desk<'_>, mut row: Row) -> Result<Turn, Failed> {
    row.in_hand = true;
    row.save(desk)?;
    Ok(Turn::Taken(IntentNumber(row.number)))
}

const GOES_ON: &str = "SELECT number FROM intent WHERE line = 1 AND connector = ?1 AND cause = ?2 AND moves = ?3 \
                       AND number > ?4 ORDER BY number LIMIT ?5";
const READY: &str = "SELECT number FROM intent WHERE line = 2 AND connector = ?1 AND cause = ?2 AND moves = ?3 \
                     AND number > ?4 ORDER BY number LIMIT ?5";
const MOVING: &str = "SELECT 1 FROM intent WHERE connector = ?1 AND moves = 1 AND in_hand = 1";

/// What a claim asks over and over, and the index that answers it.
#[cfg(test)]
pub(super) const LOOKS: [(&str, &str); 6] = [
    (GOES_ON, "intent_goes_on"),
    (READY, "intent_ready"),
    (MOVING, "intent_moving"),
    (BUSY, "intent_busy"),
    (IN_HAND, "intent_busy"),
    (row::DUE, "intent_delayed"),
];

const BUSY: &str = "SELECT 1 FROM intent WHERE thing = ?1 AND number <> ?2 AND (in_hand = 1 OR state = 2)";
const IN_HAND: &str =
    "SELECT 1 FROM intent WHERE thing = ?1 AND number <> ?2 AND (in_hand = 1 OR state = 2) AND in_hand = 1";

/// Intents of one cause in a line, of several heads, by number.
struct Line {
    sql: &'static str,
    cause: Cause,
    heads: Vec<Head>,
}

/// The next intents of a connector that move something, or that do not; the first last.
#[derive(Clone, Debug)]
struct Head {
    connector: ConnectorNumber,
    moves: bool,
    after: i64,
    next: Vec<i64>,
    is_over: bool,
}

impl Line {
    fn new(sql: &'static str, cause: Cause, heads: &[Head]) -> Self {
        Self { sql, cause, heads: heads.to_vec() }
    }

    fn next(&mut self, tx: &Connection) -> Result<Option<Row>, Failed> {
        for head in self.heads.iter_mut().filter(|head| head.next.is_empty() && !head.is_over) {
            let mut statement = tx.prepare_cached(self.sql)?;
            let which = (head.connector.0, cause_number(self.cause), head.moves, head.after, words::limit(PAGE));
            head.next = statement.query_map(which, |row| row.get(0))?.collect::<Result<_, _>>()?;
            head.is_over = head.next.len() < PAGE;
            head.after = head.next.last().copied().unwrap_or(head.after);
            head.next.reverse();
        }
        let first =
            self.heads.iter_mut().filter(|head| !head.next.is_empty()).min_by_key(|head| head.next.last().copied());
        let Some(number) = first.and_then(|head| head.next.pop()) else { return Ok(None) };
        row::of(tx, number)
    }
}

/// True while another intent of the same item or person is in hand or begun.
fn others_busy(tx: &Connection, row: &Row) -> Result<bool, Failed> {
    Ok(tx.prepare_cached(BUSY)?.exists((row.thing, row.number))?)
}

/// As [`others_busy`], for one that has begun: two that began wait for each other only while one is in hand.
fn others_in_hand(tx: &Connection, row: &Row) -> Result<bool, Failed> {
    Ok(tx.prepare_cached(IN_HAND)?.exists((row.thing, row.number))?)
}
