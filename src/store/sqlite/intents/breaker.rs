//! Breakers: how much each policy touched, and what is held back once that is too much.
//!
//! What is counted is different items since the last release, in the claim that would touch one more: so a limit holds at its
//! number however many claim at once.

use super::super::{Desk, Failed, audit, words};
use super::row::{self, Row};
use crate::clock::Moment;
use crate::model::{ConnectorNumber, IntentState};
use crate::store::audit::Entry;
use crate::store::intents::{PolicyLimits, Tripped};
use rusqlite::{Connection, OptionalExtension, params};
use std::time::Duration;

/// How far items and shares are counted back.
const DAY: Duration = Duration::from_secs(24 * 60 * 60);
/// How far items of one owner are counted back.
const HOUR: Duration = Duration::from_secs(60 * 60);
/// A share of a small connector is no less than this.
const SHARE_ITEMS_MIN: u64 = 10;
/// Parts of a whole that a share is told in.
const SHARE_PARTS: u64 = 10_000;
/// Held intents that wait again in one piece.
const FREED_MAX: usize = 500;
/// Touches older than a day that go in one claim.
const FORGOTTEN_MAX: usize = 64;

/// A limit that an intent would pass.
struct Passed {
    cap: &'static str,
    touched: u64,
}

/// True when no breaker stands in the way, and the intent's touch is noted; else it is held, and breakers whose limit it would
/// pass have tripped.
pub(super) fn lets_pass(desk: &Desk<'_>, row: &Row, limits: &[PolicyLimits]) -> Result<bool, Failed> {
    let voters = voters(desk.tx, row.number)?;
    let mut holding = Vec::new();
    for policy in &voters {
        if cap_of_tripped(desk.tx, policy)?.is_some() {
            holding.push(policy);
        } else if let Some(limits) = limits.iter().find(|limits| *limits.policy == **policy)
            && let Some(passed) = passed(desk, row, limits)?
        {
            trip(desk, policy, &passed)?;
            holding.push(policy);
        }
    }
    if holding.is_empty() {
        voters.iter().try_for_each(|policy| touch(desk, row, policy))?;
        return Ok(true);
    }
    let mut statement =
        desk.tx.prepare_cached("INSERT INTO breaker_held (policy, intent) VALUES (?1, ?2) ON CONFLICT DO NOTHING")?;
    for policy in &holding {
        statement.execute(params![policy, row.number])?;
    }
    let first = holding.first().map_or("", |policy| policy.as_str());
    let cap = cap_of_tripped(desk.tx, first)?.unwrap_or_default();
    let mut row = row.clone();
    row.put(IntentState::Held, "breaker", &format!("the breaker of policy {first} tripped ({cap})"));
    row.save(desk)?;
    Ok(false)
}

/// The policies that want an intent.
fn voters(tx: &Connection, intent: i64) -> Result<Vec<String>, Failed> {
    let sql = "SELECT policy FROM intent_voter WHERE intent = ?1 ORDER BY place";
    let mut statement = tx.prepare_cached(sql)?;
    Ok(statement.query_map([intent], |row| row.get(0))?.collect::<Result<_, _>>()?)
}

fn cap_of_tripped(tx: &Connection, policy: &str) -> Result<Option<String>, Failed> {
    let sql = "SELECT cap FROM breaker WHERE policy = ?1 AND tripped IS NOT NULL";
    Ok(tx.prepare_cached(sql)?.query_row([policy], |row| row.get(0)).optional()?)
}

/// The first limit that touching this too would pass.
fn passed(desk: &Desk<'_>, row: &Row, limits: &PolicyLimits) -> Result<Option<Passed>, Failed> {
    let (tx, policy) = (desk.tx, &*limits.policy);
    let (day, hour) = (desk.now.minus(DAY), desk.now.minus(HOUR));
    let sql = "SELECT at FROM touched WHERE policy = ?1 AND thing = ?2";
    let last: Option<i64> = tx.prepare_cached(sql)?.query_row((policy, row.thing), |row| row.get(0)).optional()?;
    let is_new = |since: Moment| last.is_none_or(|at| at <= since.as_millis());
    if is_new(day) {
        if let Some(max) = limits.items_max {
            let sql = "SELECT COUNT(*) FROM (SELECT 1 FROM touched WHERE policy = ?1 AND at > ?2 LIMIT ?3)";
            let touched = tx
                .prepare_cached(sql)?
                .query_row((policy, day.as_millis(), words::integer(max)), |row| row.get(0))
                .map(words::count)?;
            if touched >= max {
                return Ok(Some(Passed { cap: "items", touched }));
            }
        }
        if let Some(share) = limits.share_max {
            let max = share_of(tx, row.connector, share)?;
            let sql = "SELECT COUNT(*) FROM \
                       (SELECT 1 FROM touched WHERE policy = ?1 AND connector = ?2 AND at > ?3 LIMIT ?4)";
            let touched = tx
                .prepare_cached(sql)?
                .query_row((policy, row.connector.0, day.as_millis(), words::integer(max)), |row| row.get(0))
                .map(words::count)?;
            if touched >= max {
                return Ok(Some(Passed { cap: "share", touched }));
            }
        }
    }
    if let Some(max) = limits.per_owner_hour_max.filter(|_| row.owner != 0 && is_new(hour)) {
        let sql = "SELECT COUNT(*) FROM (SELECT 1 FROM touched WHERE policy = ?1 AND owner = ?2 AND at > ?3 LIMIT ?4)";
        let touched = tx
            .prepare_cached(sql)?
            .query_row((policy, row.owner, hour.as_millis(), words::integer(max)), |row| row.get(0))
            .map(words::count)?;
        if touched >= max {
            return Ok(Some(Passed { cap: "owner", touched }));
        }
    }
    Ok(None)
}

/// How many items a share is, by the kept tally.
fn share_of(tx: &Connection, connector: ConnectorNumber, share: u32) -> Result<u64, Failed> {
    let sql = "SELECT COALESCE(SUM(items), 0) FROM tally WHERE connector = ?1";
    let items = words::count(tx.prepare_cached(sql)?.query_row([connector.0], |row| row.get(0))?);
    Ok((items.saturating_mul(u64::from(share)) / SHARE_PARTS).max(SHARE_ITEMS_MIN))
}

/// Notes that a policy touches an item; what was touched more than a day ago goes.
fn touch(desk: &Desk<'_>, row: &Row, policy: &str) -> Result<(), Failed> {
    let sql = "INSERT INTO touched (policy, thing, connector, owner, at) VALUES (?1, ?2, ?3, ?4, ?5) \
               ON CONFLICT (policy, thing) DO UPDATE SET owner = excluded.owner, at = excluded.at";
    let values = (policy, row.thing, row.connector.0, row.owner, desk.now.as_millis());
    desk.tx.prepare_cached(sql)?.execute(values)?;
    let sql = "DELETE FROM touched WHERE policy = ?1 AND thing IN \
               (SELECT thing FROM touched WHERE policy = ?1 AND at <= ?2 ORDER BY at LIMIT ?3)";
    let before = desk.now.minus(DAY).as_millis();
    desk.tx.prepare_cached(sql)?.execute((policy, before, words::limit(FORGOTTEN_MAX)))?;
    Ok(())
}

fn trip(desk: &Desk<'_>, policy: &str, passed: &Passed) -> Result<(), Failed> {
    let sql = "INSERT INTO breaker (policy, tripped, cap, touched) VALUES (?1, ?2, ?3, ?4) ON CONFLICT (policy) \
               DO UPDATE SET tripped = excluded.tripped, cap = excluded.cap, touched = excluded.touched";
    let values = (policy, desk.now.as_millis(), passed.cap, words::integer(passed.touched));
    desk.tx.prepare_cached(sql)?.execute(values)?;
    Ok(())
}

/// Breakers that tripped.
pub(super) fn tripped(tx: &Connection) -> Result<Vec<Tripped>, Failed> {
    let sql = "SELECT policy, tripped, cap, touched, (SELECT COUNT(*) FROM breaker_held h WHERE h.policy = b.policy) \
               FROM breaker b WHERE tripped IS NOT NULL ORDER BY policy";
    let mut statement = tx.prepare_cached(sql)?;
    let rows = statement.query_map([], |row| {
        Ok(Tripped {
            policy: row.get::<_, String>(0)?.into(),
            at: Moment::from_millis(row.get(1)?),
            limit: row.get::<_, String>(2)?.into(),
            touched: words::count(row.get(3)?),
            held: words::count(row.get(4)?),
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Releases a breaker and frees the first of what it held; false when it had not tripped.
pub(super) fn release(desk: &Desk<'_>, policy: &str, entry: &Entry) -> Result<bool, Failed> {
    let sql = "UPDATE breaker SET tripped = NULL WHERE policy = ?1 AND tripped IS NOT NULL";
    if desk.tx.prepare_cached(sql)?.execute([policy])? == 0 {
        return Ok(false);
    }
    desk.tx.prepare_cached("DELETE FROM touched WHERE policy = ?1")?.execute([policy])?;
    audit::append(desk.tx, desk.now, entry.clone())?;
    free(desk, policy)?;
    Ok(true)
}

/// Frees more of what a released breaker held; true while more may be left. One that tripped again keeps the rest.
pub(super) fn free(desk: &Desk<'_>, policy: &str) -> Result<bool, Failed> {
    let sql = "SELECT 1 FROM breaker WHERE policy = ?1 AND tripped IS NULL";
    if !desk.tx.prepare_cached(sql)?.exists([policy])? {
        return Ok(false);
    }
    let sql = "SELECT intent FROM breaker_held WHERE policy = ?1 ORDER BY intent LIMIT ?2";
    let mut statement = desk.tx.prepare_cached(sql)?;
    let held = statement.query_map((policy, words::limit(FREED_MAX)), |row| row.get(0))?;
    let held: Vec<i64> = held.collect::<Result<_, _>>()?;
    for intent in &held {
        let sql = "DELETE FROM breaker_held WHERE policy = ?1 AND intent = ?2";
        desk.tx.prepare_cached(sql)?.execute((policy, intent))?;
        wait_again(desk, *intent)?;
    }
    if held.len() == FREED_MAX {
        return Ok(true);
    }
    desk.tx.prepare_cached("DELETE FROM breaker WHERE policy = ?1")?.execute([policy])?;
    Ok(false)
}

/// Goes on with a release that was interrupted.
pub(super) fn go_on_releasing(desk: &Desk<'_>) -> Result<(), Failed> {
    let sql = "SELECT policy FROM breaker WHERE tripped IS NULL LIMIT 1";
    let policy: Option<String> = desk.tx.prepare_cached(sql)?.query_row([], |row| row.get(0)).optional()?;
    policy.map_or(Ok(()), |policy| free(desk, &policy).map(drop))
}

/// A held intent waits again, once nothing holds it any more.
pub(super) fn wait_again(desk: &Desk<'_>, intent: i64) -> Result<(), Failed> {
    if desk.tx.prepare_cached("SELECT 1 FROM breaker_held WHERE intent = ?1")?.exists([intent])? {
        return Ok(());
    }
    if let Some(mut row) = row::of(desk.tx, intent)?.filter(|row| row.state == IntentState::Held) {
        row.put(IntentState::Waits, "", "");
        row.save(desk)?;
    }
    Ok(())
}

/// Nothing holds an intent any more: it is over.
pub(super) fn forget(desk: &Desk<'_>, intent: i64) -> Result<(), Failed> {
    desk.tx.prepare_cached("DELETE FROM breaker_held WHERE intent = ?1")?.execute([intent])?;
    Ok(())
}

/// A policy holds an intent no more, since it does not want it any more.
pub(super) fn let_go(desk: &Desk<'_>, intent: i64, policy: &str) -> Result<(), Failed> {
    let sql = "DELETE FROM breaker_held WHERE policy = ?1 AND intent = ?2";
    desk.tx.prepare_cached(sql)?.execute((policy, intent))?;
    wait_again(desk, intent)
}
