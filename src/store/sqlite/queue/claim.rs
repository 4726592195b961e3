//! Which jobs are leased: the lane by its share, the principal by its turn, the job by its priority.
//!
//! All is decided from counts first (`turn` has one row for each principal and lane with work), so that nothing walks over
//! jobs that are not taken; then each principal's jobs are taken in one go.

use super::super::connectors;
use super::super::counter::{self, lane_number};
use super::super::{Desk, Failed, words};
use super::Memory;
use super::row::{self, Work};
use crate::model::{ConnectorNumber, Lane, Principal};
use crate::store::queue::Claim;
use rusqlite::Connection;
use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap, HashSet};
use std::sync::Arc;

/// Delayed jobs that become ready in one claim at most; the next claim takes the next.
const DUE_MAX: usize = 500;

/// A claim that outlives its caller's borrows.
pub(super) struct Wish {
    connectors: Vec<ConnectorNumber>,
    max: usize,
    not_live_max: usize,
    per_principal_max: usize,
    busy: Vec<(ConnectorNumber, Principal)>,
    memory: Arc<Memory>,
}

impl Wish {
    pub(super) fn of(claim: &Claim<'_>, memory: Arc<Memory>) -> Self {
        Self {
            connectors: claim.connectors.to_vec(),
            max: claim.max,
            not_live_max: claim.not_live_max,
            per_principal_max: claim.per_principal_max,
            busy: claim.busy.to_vec(),
            memory,
        }
    }
}

/// Leases jobs.
pub(super) fn claim(desk: &Desk<'_>, wish: &Wish) -> Result<Vec<Work>, Failed> {
    wake(desk)?;
    let connectors = connectors::enabled(desk.tx, &wish.connectors)?;
    let mut busy = HashSet::new();
    for (of, who) in &wish.busy {
        busy.extend(connectors::known_principal(desk.tx, *of, who)?);
    }
    let mut lines = Vec::with_capacity(Lane::ALL.len());
    for lane in Lane::ALL {
        lines.push(Line::read(desk.tx, lane, &connectors, &busy, wish.max)?);
    }
    let chosen = choose(wish, &mut lines);
    take(desk, &chosen)
}

/// Delayed jobs whose time came may be leased.
fn wake(desk: &Desk<'_>) -> Result<(), Failed> {
    for mut work in row::due(desk.tx, desk.now, DUE_MAX)? {
        work.due();
        row::save(desk.tx, &work)?;
    }
    Ok(())
}

/// A principal in a lane: its turn, and how many of its jobs may still be taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Turn {
    at: i64,
    principal: i64,
    connector: i64,
    left: i64,
}

/// The principals of a lane, whose turn is nearest first.
#[derive(Debug)]
struct Line {
    lane: Lane,
    turns: BinaryHeap<Reverse<Turn>>,
    /// The turn that was served last.
    present: Option<i64>,
}

impl Line {
    /// The first principals of each connector: as many as there may be jobs, since each is served once before any is twice.
    fn read(
        tx: &Connection,
        lane: Lane,
        connectors: &[ConnectorNumber],
        busy: &HashSet<i64>,
        max: usize,
    ) -> Result<Self, Failed> {
        let sql = "SELECT at, principal, ready FROM turn WHERE lane = ?1 AND connector = ?2 AND ready > 0 \
                   ORDER BY at, principal LIMIT ?3";
        let mut statement = tx.prepare_cached(sql)?;
        let mut turns = BinaryHeap::new();
        for of in connectors {
            let mut rows = statement.query((lane_number(lane), of.0, words::limit(max.saturating_add(busy.len()))))?;
            while let Some(row) = rows.next()? {
                let turn = Turn { at: row.get(0)?, principal: row.get(1)?, connector: of.0, left: row.get(2)? };
                if !busy.contains(&turn.principal) {
                    turns.push(Reverse(turn));
                }
            }
        }
        Ok(Self { lane, turns, present: None })
    }

    /// Drops those in front who may have no more, so that what is left can be served.
    fn trim(&mut self, given: &HashMap<i64, usize>, per_principal_max: usize) {
        while let Some(Reverse(turn)) = self.turns.peek() {
            if given.get(&turn.principal).is_none_or(|given| *given < per_principal_max) {
                break;
            }
            self.turns.pop();
        }
    }

    fn serve(&mut self) -> Option<Turn> {
        let Reverse(turn) = self.turns.pop()?;
        self.present = Some(turn.at);
        if turn.left > 1 {
            self.turns.push(Reverse(Turn { at: turn.at + 1, left: turn.left - 1, ..turn }));
        }
        Some(turn)
    }
}

/// How many jobs of a principal are taken from a lane.
#[derive(Debug, Default)]
struct Chosen {
    jobs: Vec<((Lane, i64, i64), usize)>,
    /// The present turn of each lane that was served.
    present: Vec<(Lane, i64)>,
}

fn choose(wish: &Wish, lines: &mut [Line]) -> Chosen {
    let mut given: HashMap<i64, usize> = HashMap::new();
    let mut jobs: HashMap<(Lane, i64, i64), usize> = HashMap::new();
    let mut not_live = 0;
    let mut served = wish.memory.served();
    for _ in 0..wish.max {
        let mut can = [false; Lane::ALL.len()];
        for line in lines.iter_mut() {
            line.trim(&given, wish.per_principal_max);
            let open = line.lane == Lane::Live || not_live < wish.not_live_max;
            can[line.lane.index()] = open && !line.turns.is_empty();
        }
        let Some(lane) = served.next(&wish.memory.shares, can) else { break };
        let Some(turn) = lines.iter_mut().find(|line| line.lane == lane).and_then(Line::serve) else { break };
        not_live += usize::from(lane != Lane::Live);
        *given.entry(turn.principal).or_default() += 1;
        *jobs.entry((lane, turn.principal, turn.connector)).or_default() += 1;
    }
    let mut jobs: Vec<_> = jobs.into_iter().collect();
    jobs.sort_unstable();
    Chosen { jobs, present: lines.iter().filter_map(|line| Some((line.lane, line.present?))).collect() }
}

fn take(desk: &Desk<'_>, chosen: &Chosen) -> Result<Vec<Work>, Failed> {
    let mut taken = Vec::new();
    for ((lane, principal, connector), count) in &chosen.jobs {
        let first = row::first(desk.tx, *lane, *principal, *count)?;
        row::took(desk.tx, *lane, *principal, ConnectorNumber(*connector), words::limit(first.len()))?;
        if first.len() < *count {
            // A count that says more than there is would put this principal in front for ever.
            row::recount(desk.tx, *lane, *principal)?;
        }
        taken.extend(first);
    }
    if taken.is_empty() {
        return Ok(taken);
    }
    let last = counter::next(desk.tx, ConnectorNumber(0), counter::EPOCH, words::limit(taken.len()))?;
    for (work, epoch) in taken.iter_mut().rev().zip((0..=last).rev()) {
        work.take(epoch);
        row::write(desk.tx, work)?;
    }
    for (lane, at) in &chosen.present {
        counter::raise(desk.tx, counter::turn_of(*lane), *at)?;
    }
    Ok(taken)
}
