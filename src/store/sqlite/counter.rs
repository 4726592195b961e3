//! Counters that are kept by delta, in the transaction that causes the change.

use super::Failed;
use crate::model::{ConnectorNumber, Lane};
use rusqlite::Connection;

/// The one counter of lease epochs, of connector 0.
pub(super) const EPOCH: i64 = 1;

/// A connector's present mark.
pub(super) const MARK: i64 = 2;

/// States of a job, as `work.state` and the counters of depth number them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    /// May be leased now.
    Ready = 0,
    /// Waits for a moment.
    Delayed = 1,
    /// Leased.
    Leased = 2,
    /// Parked.
    Parked = 3,
}

impl State {
    /// All, by their numbers.
    pub(super) const ALL: [State; 4] = [State::Ready, State::Delayed, State::Leased, State::Parked];

    /// For a column.
    pub(super) fn number(self) -> i64 {
        self as i64
    }

    /// From a column.
    pub(super) fn of(number: i64) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.number() == number)
    }
}

/// The counter of jobs in a lane and state.
pub(super) fn depth_of(lane: Lane, state: State) -> i64 {
    // Sixteen numbers from 16 on; those from 100 on are others'.
    16 + lane_number(lane) * 4 + state.number()
}

/// The counter, of connector 0, of the turn that a lane served last.
pub(super) fn turn_of(lane: Lane) -> i64 {
    8 + lane_number(lane)
}

/// A lane for a column.
pub(super) fn lane_number(lane: Lane) -> i64 {
    lane as i64
}

/// A lane from a column.
pub(super) fn lane_of(number: i64) -> Option<Lane> {
    Lane::ALL.into_iter().find(|lane| lane_number(*lane) == number)
}

/// Adds to a counter; a negative delta takes away.
///
/// Without `RETURNING`, here and on all hot paths: SQLite opens a savepoint for such a statement, and closing that walks over
/// all that the transaction has written so far (measured: 84 % of a page's time).
pub(super) fn add(tx: &Connection, connector: ConnectorNumber, what: i64, delta: i64) -> Result<(), Failed> {
    let sql = "INSERT INTO counter (connector, what, value) VALUES (?1, ?2, ?3) \
               ON CONFLICT (connector, what) DO UPDATE SET value = counter.value + excluded.value";
    tx.prepare_cached(sql)?.execute((connector.0, what, delta))?;
    Ok(())
}

/// Adds to a counter and gives its new value.
pub(super) fn next(tx: &Connection, connector: ConnectorNumber, what: i64, delta: i64) -> Result<i64, Failed> {
    add(tx, connector, what, delta)?;
    value(tx, connector, what)
}

/// A counter's value; 0 when it never moved.
pub(super) fn value(tx: &Connection, connector: ConnectorNumber, what: i64) -> Result<i64, Failed> {
    let sql = "SELECT COALESCE(SUM(value), 0) FROM counter WHERE connector = ?1 AND what = ?2";
    Ok(tx.prepare_cached(sql)?.query_row((connector.0, what), |row| row.get(0))?)
}

/// Raises a counter of connector 0 to at least this.
pub(super) fn raise(tx: &Connection, what: i64, to: i64) -> Result<(), Failed> {
    let sql = "INSERT INTO counter (connector, what, value) VALUES (0, ?1, ?2) ON CONFLICT (connector, what) \
               DO UPDATE SET value = excluded.value WHERE counter.value < excluded.value";
    tx.prepare_cached(sql)?.execute((what, to))?;
    Ok(())
}
