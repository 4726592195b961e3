//! `Matches` in SQLite.
//!
//! The decision worth knowing: a slice of rulings is first compared with what is stored on a reader's connection, and only
//! those that change something go to the writer. Judging everything anew where nothing changes writes nothing.

mod names;
mod ruling;

use super::alerts::Hits;
use super::{Desk, Failed, Haste, Sqlite, intents, words};
use crate::clock::Moment;
use crate::model::{ConnectorNumber, ItemNumber, Level};
use crate::store::Error;
use crate::store::intents::Voter;
use crate::store::matches::{Match, MatchCount, Matches, Ruled, Ruling};
use names::Names;
use ruling::Slice;
use rusqlite::{Connection, Row, params};
use std::collections::BTreeMap;
use std::sync::Arc;

pub(super) use names::{name_of, number_of};

/// Matches ended in one piece.
const ENDED_SLICE: usize = 500;

/// A row of `matching`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Held {
    policy: i64,
    version: i64,
    connector: i64,
    since: i64,
    level: i64,
    asked: bool,
}

/// All matches of an item: one look-up.
fn held(tx: &Connection, item: ItemNumber) -> Result<Vec<Held>, Failed> {
    let sql = "SELECT policy, version, connector, since, level, asked FROM matching WHERE item = ?1";
    let mut statement = tx.prepare_cached(sql)?;
    let rows = statement.query_map([item.0], |row| {
        Ok(Held {
            policy: row.get(0)?,
            version: row.get(1)?,
            connector: row.get(2)?,
            since: row.get(3)?,
            level: row.get(4)?,
            asked: row.get(5)?,
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// How the numbers of matches move.
#[derive(Debug, Default)]
struct Counts(BTreeMap<(i64, i64), i64>);

impl Counts {
    fn add(&mut self, of: &Held, delta: i64) {
        *self.0.entry((of.policy, of.connector)).or_default() += delta;
    }

    fn keep(self, tx: &Connection) -> Result<(), Failed> {
        let sql = "INSERT INTO match_count (policy, connector, items) VALUES (?1, ?2, ?3) \
                   ON CONFLICT (policy, connector) DO UPDATE SET items = match_count.items + excluded.items";
        for ((policy, connector), delta) in self.0 {
            if delta != 0 {
                tx.prepare_cached(sql)?.execute((policy, connector, delta))?;
            }
        }
        Ok(())
    }
}

/// Ends some matches of an item, without their counts; tells how many intents that cancels. Only an episode that asked can
/// have intents.
fn end(desk: &Desk<'_>, item: ItemNumber, ended: &[Held]) -> Result<u64, Failed> {
    for held in ended {
        let sql = "DELETE FROM matching WHERE item = ?1 AND policy = ?2";
        desk.tx.prepare_cached(sql)?.execute((item.0, held.policy))?;
    }
    unvote(desk, item, ended.iter().filter(|held| held.asked).map(|held| held.policy))
}

/// Takes these policies' voices back from what has not begun.
fn unvote(desk: &Desk<'_>, item: ItemNumber, policies: impl Iterator<Item = i64>) -> Result<u64, Failed> {
    let names = policies.map(|policy| name_of(desk.tx, policy)).collect::<Result<Vec<_>, _>>()?;
    if names.is_empty() { Ok(0) } else { intents::unvote_in(desk, item, &names) }
}

/// Keeps one ruling; part of [`Matches::rule`] and of settlements.
pub(super) fn rule_in(desk: &Desk<'_>, ruling: &Ruling) -> Result<Ruled, Failed> {
    rule_all(desk, std::slice::from_ref(ruling))
}

fn rule_all(desk: &Desk<'_>, rulings: &[Ruling]) -> Result<Ruled, Failed> {
    let mut slice = Slice::new(desk);
    rulings.iter().try_for_each(|ruling| slice.rule(ruling))?;
    slice.keep()
}

/// An item went away: all its matches end.
pub(super) fn end_all_in(desk: &Desk<'_>, item: ItemNumber) -> Result<(), Failed> {
    let held = held(desk.tx, item)?;
    if held.is_empty() {
        return Ok(());
    }
    let mut counts = Counts::default();
    held.iter().for_each(|held| counts.add(held, -1));
    end(desk, item, &held)?;
    counts.keep(desk.tx)
}

/// An intent of these voters was closed: how far the item is open after it. Only what is less than before counts: a match keeps
/// the least, so that what is opened again, even before this is written, is a new episode.
pub(super) fn acted_in(
    desk: &Desk<'_>,
    item: ItemNumber,
    voters: &[Voter],
    level: Option<Level>,
) -> Result<(), Failed> {
    let Some(level) = level.map(words::of_level) else { return Ok(()) };
    for voter in voters {
        let Some(policy) = number_of(desk.tx, &voter.policy)? else { continue };
        let sql = "UPDATE matching SET level = ?3 WHERE item = ?1 AND policy = ?2 AND (level > ?3 OR level = ?4)";
        desk.tx.prepare_cached(sql)?.execute((item.0, policy, level, words::UNTOLD))?;
    }
    Ok(())
}

/// Ends at most a slice of the matches of one policy that is not among these; how many.
fn end_slice(desk: &Desk<'_>, but: &[Arc<str>]) -> Result<usize, Failed> {
    let sql = "SELECT DISTINCT p.number, p.name FROM match_count c JOIN policy_name p ON p.number = c.policy \
               WHERE c.items > 0 ORDER BY p.number";
    let mut statement = desk.tx.prepare_cached(sql)?;
    let mut rows = statement.query([])?;
    let mut counts = Counts::default();
    let mut went = 0;
    while let Some(row) = rows.next()? {
        let (policy, name): (i64, String) = (row.get(0)?, row.get(1)?);
        if went < ENDED_SLICE && !but.iter().any(|stays| **stays == *name) {
            went += end_of_policy(desk, policy, &name.into(), ENDED_SLICE - went, &mut counts)?;
        }
    }
    counts.keep(desk.tx)?;
    Ok(went)
}

fn end_of_policy(
    desk: &Desk<'_>,
    policy: i64,
    name: &Arc<str>,
    max: usize,
    counts: &mut Counts,
) -> Result<usize, Failed> {
    let sql = "SELECT item, policy, version, connector, since, level, asked FROM matching WHERE policy = ?1 \
               ORDER BY item LIMIT ?2";
    let mut statement = desk.tx.prepare_cached(sql)?;
    let rows = statement.query_map((policy, words::limit(max)), |row| {
        let held = Held {
            policy: row.get(1)?,
            version: row.get(2)?,
            connector: row.get(3)?,
            since: row.get(4)?,
            level: row.get(5)?,
            asked: row.get(6)?,
        };
        Ok((ItemNumber(row.get(0)?), held))
    })?;
    let ended: Vec<(ItemNumber, Held)> = rows.collect::<Result<_, _>>()?;
    let sql = "DELETE FROM matching WHERE item = ?1 AND policy = ?2";
    for (item, held) in &ended {
        desk.tx.prepare_cached(sql)?.execute((item.0, policy))?;
        counts.add(held, -1);
        if held.asked {
            intents::unvote_in(desk, *item, std::slice::from_ref(name))?;
        }
    }
    Ok(ended.len())
}

const MATCH: &str = "SELECT m.item, p.name, v.hash, m.since, m.level, m.asked FROM matching m \
                     JOIN policy_name p ON p.number = m.policy JOIN policy_version v ON v.number = m.version";

fn match_of(row: &Row<'_>) -> Result<Match, Failed> {
    Ok(Match {
        item: ItemNumber(row.get(0)?),
        policy: row.get::<_, String>(1)?.into(),
        hash: row.get(2)?,
        since: Moment::from_millis(row.get(3)?),
        level: words::level(row.get(4)?)?,
        asked: row.get(5)?,
    })
}

impl Matches for Sqlite {
    fn rule(&self, rulings: &[Ruling]) -> Result<Ruled, Error> {
        let changes: Vec<Ruling> = self.read("compare matches", |tx| {
            let mut names = Names::new(tx);
            let mut changes = Vec::new();
            for ruling in rulings {
                if ruling::changes(&mut names, &held(tx, ruling.item)?, ruling)? {
                    changes.push(ruling.clone());
                }
            }
            Ok(changes)
        })?;
        if changes.is_empty() {
            return Ok(Ruled::default());
        }
        self.write_at(Haste::Bulk, "keep matches", move |desk| rule_all(desk, &changes))
    }

    fn matches(&self, item: ItemNumber) -> Result<Vec<Match>, Error> {
        self.read("read an item's matches", |tx| {
            let mut statement = tx.prepare_cached(&format!("{MATCH} WHERE m.item = ?1 ORDER BY p.name"))?;
            let mut rows = statement.query([item.0])?;
            let mut all = Vec::new();
            while let Some(row) = rows.next()? {
                all.push(match_of(row)?);
            }
            Ok(all)
        })
    }

    fn matched(&self, policy: &str, after: Option<ItemNumber>, max: usize) -> Result<Vec<Match>, Error> {
        self.read("read a policy's matches", |tx| {
            let Some(policy) = number_of(tx, policy)? else { return Ok(Vec::new()) };
            let sql = format!("{MATCH} WHERE m.policy = ?1 AND m.item > ?2 ORDER BY m.item LIMIT ?3");
            let mut statement = tx.prepare_cached(&sql)?;
            let after = after.map_or(i64::MIN, |item| item.0);
            let mut rows = statement.query(params![policy, after, words::limit(max)])?;
            let mut all = Vec::new();
            while let Some(row) = rows.next()? {
                all.push(match_of(row)?);
            }
            Ok(all)
        })
    }

    fn match_counts(&self) -> Result<Vec<MatchCount>, Error> {
        self.read("count matches", |tx| {
            let sql = "SELECT p.name, c.connector, c.items FROM match_count c JOIN policy_name p ON p.number = c.policy \
                       WHERE c.items > 0 ORDER BY p.name, c.connector";
            let mut statement = tx.prepare_cached(sql)?;
            let rows = statement.query_map([], |row| {
                Ok(MatchCount {
                    policy: row.get::<_, String>(0)?.into(),
                    connector: ConnectorNumber(row.get(1)?),
                    items: words::count(row.get(2)?),
                })
            })?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
    }

    fn end_matches_but(&self, policies: &[Arc<str>]) -> Result<u64, Error> {
        let mut all = 0;
        loop {
            let but = policies.to_vec();
            let went = self.write_at(Haste::Bulk, "end matches", move |desk| end_slice(desk, &but))?;
            all += u64::try_from(went).unwrap_or(u64::MAX);
            if went < ENDED_SLICE {
                return Ok(all);
            }
        }
    }
}
