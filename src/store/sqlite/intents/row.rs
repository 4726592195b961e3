//! One intent's row: how it is made, how it changes, how it is counted.
//!
//! Every change goes through [`Row::save`], which finds the row's line and moves the counters by what changed.

use super::super::{Desk, Failed, counter, sealed, words};
use crate::clock::Moment;
use crate::model::action::Target;
use crate::model::{Cause, ConnectorNumber, IntentNumber, IntentState};
use crate::store::SealKey;
use crate::store::error::Kind;
use crate::store::intents::NewIntent;
use rusqlite::{Connection, OptionalExtension, Row as SqlRow, params};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// The counter, of connector 0, of intents that stand in a state: six numbers from 200 on.
pub(super) fn counter_of(state: IntentState) -> i64 {
    200 + state_number(state)
}

/// A state for a column.
pub(super) fn state_number(state: IntentState) -> i64 {
    state as i64
}

/// A state from a column.
pub(super) fn state_of(number: i64) -> Result<IntentState, Failed> {
    let found = IntentState::ALL.into_iter().find(|state| state_number(*state) == number);
    found.ok_or_else(|| words::strange("state of an intent"))
}

/// A cause for a column: whose turn is first.
pub(super) fn cause_number(cause: Cause) -> i64 {
    cause as i64
}

/// A cause from a column.
pub(super) fn cause_of(number: i64) -> Result<Cause, Failed> {
    let found = Cause::ALL.into_iter().find(|cause| cause_number(*cause) == number);
    found.ok_or_else(|| words::strange("cause of an intent"))
}

/// Where an intent waits for its turn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Line {
    /// Nowhere.
    Nowhere = 0,
    /// Begun, and to go on.
    GoesOn = 1,
    /// Ready.
    Ready = 2,
    /// Ready at its moment.
    Delayed = 3,
}

/// What is sealed of an intent as it is asked for.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Wanted {
    pub(super) on: Target,
    pub(super) owner: Arc<str>,
    pub(super) what: String,
}

/// An intent that is ready to be written: sealing it needs no transaction.
pub(in super::super) struct Made {
    is: NewIntent,
    wanted: Vec<u8>,
    thing: i64,
    owner: i64,
}

impl Made {
    /// Seals what is to be sealed.
    pub(in super::super) fn of(seal: &SealKey, is: NewIntent) -> Result<Self, Failed> {
        let wanted = Wanted { on: is.on.clone(), owner: Arc::clone(&is.owner), what: is.what.clone() };
        let (wanted, thing) = (sealed::record(seal, &wanted)?, thing(seal, &is));
        // 0 says that nobody is known; that a hash is 0 would merge one owner with nobody.
        let owner = if is.owner.is_empty() { 0 } else { seal.index(&format!("owner {} {}", is.connector.0, is.owner)) };
        Ok(Self { is, wanted, thing, owner })
    }
}

/// What tells equal targets: the item, or the person by the first id that is known.
fn thing(seal: &SealKey, is: &NewIntent) -> i64 {
    let of = is.connector.0;
    let text = match (is.item, &is.on) {
        (Some(item), _) => format!("item {}", item.0),
        (None, Target::Item(item)) => format!("id {of} {}", item.id),
        (None, Target::Person(person)) => {
            let known = person.account.as_ref().or(person.id.as_ref()).or(person.login.as_ref());
            format!("person {of} {}", known.map_or("", |known| known))
        }
    };
    seal.index(&text)
}

/// Keeps an intent; `None` when its id is known.
pub(in super::super) fn keep(desk: &Desk<'_>, made: &Made) -> Result<Option<IntentNumber>, Failed> {
    let (is, now) = (&made.is, desk.now);
    let line = line(IntentState::Waits, false, is.due, now);
    let sql = "INSERT INTO intent (id, connector, item, thing, owner, cause, rules, plan, undoes, name, actor, wanted, \
               state, in_hand, line, due, made, attempts, outcome, why, moves) \
               VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, 0, 0, ?13, ?14, ?15, 0, '', '', ?16) \
               ON CONFLICT (id) DO NOTHING";
    let kept = desk.tx.prepare_cached(sql)?.execute(params![
        &*is.id,
        is.connector.0,
        is.item.map(|item| item.0),
        made.thing,
        made.owner,
        cause_number(is.cause),
        is.rules.map(|rules| rules.0),
        is.plan.map(|plan| plan.0),
        is.undoes.map(|undoes| undoes.0),
        &*is.name,
        &*is.actor,
        made.wanted,
        line as i64,
        is.due.map(Moment::as_millis),
        now.as_millis(),
        is.moves,
    ])?;
    if kept == 0 {
        return Ok(None);
    }
    let number = desk.tx.last_insert_rowid();
    let sql = "INSERT INTO intent_voter (intent, policy, hash, place) VALUES (?1, ?2, ?3, ?4) \
               ON CONFLICT (intent, policy) DO NOTHING";
    let mut statement = desk.tx.prepare_cached(sql)?;
    for (place, voter) in (0_i64..).zip(&is.voters) {
        statement.execute(params![number, &*voter.policy, voter.hash, place])?;
    }
    counter::add(desk.tx, ConnectorNumber(0), counter_of(IntentState::Waits), 1)?;
    Ok(Some(IntentNumber(number)))
}

/// What changes of an intent, and what its turn is decided by.
#[derive(Clone, Debug)]
pub(super) struct Row {
    pub(super) number: i64,
    pub(super) connector: ConnectorNumber,
    pub(super) item: Option<i64>,
    pub(super) thing: i64,
    pub(super) owner: i64,
    pub(super) state: IntentState,
    pub(super) in_hand: bool,
    pub(super) due: Option<Moment>,
    pub(super) begun: Option<Moment>,
    pub(super) ended: Option<Moment>,
    pub(super) attempts: u32,
    pub(super) outcome: String,
    pub(super) why: String,
    /// Its state when it was read: what it is counted under.
    was: IntentState,
}

const COLUMNS: &str =
    "number, connector, item, thing, owner, state, in_hand, due, begun, ended, attempts, outcome, why";

impl Row {
    fn from_row(row: &SqlRow<'_>) -> Result<Self, Failed> {
        let moment = |at: Option<i64>| at.map(Moment::from_millis);
        let state = state_of(row.get(5)?)?;
        Ok(Self {
            number: row.get(0)?,
            connector: ConnectorNumber(row.get(1)?),
            item: row.get(2)?,
            thing: row.get(3)?,
            owner: row.get(4)?,
            state,
            in_hand: row.get(6)?,
            due: moment(row.get(7)?),
            begun: moment(row.get(8)?),
            ended: moment(row.get(9)?),
            attempts: row.get(10)?,
            outcome: row.get(11)?,
            why: row.get(12)?,
            was: state,
        })
    }

    /// Nobody has it in hand, and it stands so from now on.
    pub(super) fn put(&mut self, state: IntentState, outcome: &str, why: &str) {
        self.state = state;
        self.in_hand = false;
        outcome.clone_into(&mut self.outcome);
        self.why = why.chars().take(WHY_CHARS_MAX).collect();
    }

    /// Writes what changed.
    pub(super) fn save(&self, desk: &Desk<'_>) -> Result<(), Failed> {
        let line = line(self.state, self.in_hand, self.due, desk.now);
        let sql = "UPDATE intent SET state = ?2, in_hand = ?3, line = ?4, due = ?5, begun = ?6, ended = ?7, attempts = ?8, \
                   outcome = ?9, why = ?10 WHERE number = ?1";
        desk.tx.prepare_cached(sql)?.execute(params![
            self.number,
            state_number(self.state),
            self.in_hand,
            line as i64,
            self.due.map(Moment::as_millis),
            self.begun.map(Moment::as_millis),
            self.ended.map(Moment::as_millis),
            self.attempts,
            self.outcome,
            self.why,
        ])?;
        if self.was != self.state {
            counter::add(desk.tx, ConnectorNumber(0), counter_of(self.was), -1)?;
            counter::add(desk.tx, ConnectorNumber(0), counter_of(self.state), 1)?;
        }
        Ok(())
    }
}

/// What is kept of a sentence, or of what a provider said.
const WHY_CHARS_MAX: usize = 500;

fn line(state: IntentState, in_hand: bool, due: Option<Moment>, now: Moment) -> Line {
    match state {
        IntentState::Waits | IntentState::Begun if in_hand => Line::Nowhere,
        IntentState::Waits | IntentState::Begun if due.is_some_and(|due| due > now) => Line::Delayed,
        IntentState::Waits => Line::Ready,
        IntentState::Begun => Line::GoesOn,
        IntentState::Held | IntentState::Ended | IntentState::Parked | IntentState::Cancelled => Line::Nowhere,
    }
}

/// An intent's row.
pub(super) fn of(tx: &Connection, number: i64) -> Result<Option<Row>, Failed> {
    let sql = format!("SELECT {COLUMNS} FROM intent WHERE number = ?1");
    let mut statement = tx.prepare_cached(&sql)?;
    let found = statement.query_row([number], |row| Ok(Row::from_row(row))).optional()?;
    found.transpose()
}

/// The row of an intent that somebody has in hand: who holds none may write nothing.
pub(super) fn in_hand(tx: &Connection, number: IntentNumber) -> Result<Row, Failed> {
    let found = of(tx, number.0)?.filter(|row| row.in_hand);
    found.ok_or_else(|| Kind::Refused(format!("intent {number} is not in hand")).into())
}

/// Intents whose moment came.
pub(super) const DUE: &str = "SELECT number FROM intent WHERE line = 3 AND due <= ?1 ORDER BY due LIMIT ?2";

/// Intents whose moment came stand in line, at most so many.
pub(super) fn wake(desk: &Desk<'_>, max: usize) -> Result<(), Failed> {
    let mut statement = desk.tx.prepare_cached(DUE)?;
    let due = statement.query_map((desk.now.as_millis(), words::limit(max)), |row| row.get(0))?;
    for number in due.collect::<Result<Vec<i64>, _>>()? {
        if let Some(row) = of(desk.tx, number)? {
            row.save(desk)?;
        }
    }
    Ok(())
}

/// Begins a run: nobody has anything in hand, and nothing was touched later than now.
pub(in super::super) fn begin_run(tx: &Connection, now: Moment) -> Result<(), Failed> {
    let sql = "UPDATE intent SET in_hand = 0, line = CASE \
               WHEN state NOT IN (0, 2) THEN 0 WHEN due > ?1 THEN 3 WHEN state = 2 THEN 1 ELSE 2 END WHERE in_hand = 1";
    tx.execute(sql, [now.as_millis()])?;
    tx.execute("UPDATE touched SET at = ?1 WHERE at > ?1", [now.as_millis()])?;
    Ok(())
}
