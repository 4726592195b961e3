//! Reading intents.

use super::super::{Failed, sealed, words};
use super::journal;
use super::row::{Wanted, cause_of, state_number, state_of};
use crate::clock::Moment;
use crate::model::{ConnectorNumber, IntentNumber, IntentState, ItemNumber, PlanNumber};
use crate::store::SealKey;
use crate::store::intents::{Intent, IntentQuery, NewIntent, Voter};
use crate::store::rules::RulesNumber;
use rusqlite::types::Value;
use rusqlite::{Connection, OptionalExtension, Row as SqlRow, params_from_iter};
use std::fmt::Write as _;

/// The policies that want an intent.
pub(super) fn voters(tx: &Connection, number: i64) -> Result<Vec<Voter>, Failed> {
    let sql = "SELECT policy, hash FROM intent_voter WHERE intent = ?1 ORDER BY place";
    let mut statement = tx.prepare_cached(sql)?;
    let rows = statement
        .query_map([number], |row| Ok(Voter { policy: row.get::<_, String>(0)?.into(), hash: row.get(1)? }))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

const COLUMNS: &str = "i.number, i.id, i.connector, i.item, i.cause, i.rules, i.plan, i.undoes, i.name, i.actor, i.wanted, \
                       i.state, i.due, i.made, i.begun, i.ended, i.attempts, i.outcome, i.why, i.moves";

fn from_row(tx: &Connection, seal: &SealKey, row: &SqlRow<'_>) -> Result<Intent, Failed> {
    let moment = |at: Option<i64>| at.map(Moment::from_millis);
    let number: i64 = row.get(0)?;
    let wanted: Wanted = sealed::open(seal, &row.get::<_, Vec<u8>>(10)?)?;
    let is = NewIntent {
        id: row.get::<_, String>(1)?.into(),
        connector: ConnectorNumber(row.get(2)?),
        item: row.get::<_, Option<i64>>(3)?.map(ItemNumber),
        on: wanted.on,
        owner: wanted.owner,
        cause: cause_of(row.get(4)?)?,
        voters: voters(tx, number)?,
        rules: row.get::<_, Option<i64>>(5)?.map(RulesNumber),
        plan: row.get::<_, Option<i64>>(6)?.map(PlanNumber),
        undoes: row.get::<_, Option<i64>>(7)?.map(IntentNumber),
        what: wanted.what,
        name: row.get::<_, String>(8)?.into(),
        actor: row.get::<_, String>(9)?.into(),
        due: moment(row.get(12)?),
        moves: row.get(19)?,
    };
    Ok(Intent {
        number: IntentNumber(number),
        is,
        state: state_of(row.get(11)?)?,
        outcome: row.get::<_, String>(17)?.into(),
        why: row.get::<_, String>(18)?.into(),
        made: Moment::from_millis(row.get(13)?),
        begun: moment(row.get(14)?),
        ended: moment(row.get(15)?),
        attempts: row.get(16)?,
        orders: journal::orders(tx, seal, number)?,
    })
}

/// One intent.
pub(super) fn intent(tx: &Connection, seal: &SealKey, number: IntentNumber) -> Result<Option<Intent>, Failed> {
    let sql = format!("SELECT {COLUMNS} FROM intent i WHERE i.number = ?1");
    let mut statement = tx.prepare_cached(&sql)?;
    statement.query_row([number.0], |row| Ok(from_row(tx, seal, row))).optional()?.transpose()
}

/// Intents in order of their numbers.
pub(super) fn intents(
    tx: &Connection,
    seal: &SealKey,
    query: &IntentQuery,
    after: Option<IntentNumber>,
    max: usize,
) -> Result<Vec<Intent>, Failed> {
    let numbers = numbers(tx, query, after.map_or(0, |after| after.0), max)?;
    let mut found = Vec::with_capacity(numbers.len());
    for number in numbers {
        found.extend(intent(tx, seal, IntentNumber(number))?);
    }
    Ok(found)
}

/// The numbers of intents in order. Each state is asked for by itself, so that each answer comes off an index in order.
pub(super) fn numbers(tx: &Connection, query: &IntentQuery, after: i64, max: usize) -> Result<Vec<i64>, Failed> {
    if query.states.is_empty() {
        return in_state(tx, query, None, after, max);
    }
    let mut all = Vec::new();
    for state in &query.states {
        all.extend(in_state(tx, query, Some(*state), after, max)?);
    }
    all.sort_unstable();
    all.dedup();
    all.truncate(max);
    Ok(all)
}

fn in_state(
    tx: &Connection,
    query: &IntentQuery,
    state: Option<IntentState>,
    after: i64,
    max: usize,
) -> Result<Vec<i64>, Failed> {
    let mut values: Vec<Value> = vec![after.into()];
    let mut sql = match &query.policy {
        // The policy's own list leads: others' intents are not looked at.
        Some(policy) => {
            values.push(policy.to_string().into());
            "SELECT i.number FROM intent_voter v CROSS JOIN intent i ON i.number = v.intent \
             WHERE v.intent > ?1 AND v.policy = ?2"
                .to_owned()
        }
        None => "SELECT i.number FROM intent i WHERE i.number > ?1".to_owned(),
    };
    let wanted: [(&str, Option<i64>); 8] = [
        ("i.number =", query.number.map(|number| number.0)),
        ("i.state =", state.map(state_number)),
        ("i.item =", query.item.map(|item| item.0)),
        ("i.plan =", query.plan.map(|plan| plan.0)),
        ("i.undoes =", query.undoes.map(|undoes| undoes.0)),
        ("i.rules =", query.rules.map(|rules| rules.0)),
        ("i.begun >=", query.since.map(Moment::as_millis)),
        ("i.begun <", query.until.map(Moment::as_millis)),
    ];
    for (what, value) in wanted {
        if let Some(value) = value {
            values.push(value.into());
            let _ = write!(sql, " AND {what} ?{}", values.len());
        }
    }
    values.push(words::limit(max).into());
    let by = if query.policy.is_some() { "v.intent" } else { "i.number" };
    let _ = write!(sql, " ORDER BY {by} LIMIT ?{}", values.len());
    let mut statement = tx.prepare_cached(&sql)?;
    let found = statement.query_map(params_from_iter(values), |row| row.get(0))?;
    Ok(found.collect::<Result<_, _>>()?)
}
