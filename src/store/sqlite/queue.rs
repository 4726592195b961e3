//! `Queue` in SQLite.
//!
//! One row for each item that has something to be done; done means deleted. Lanes, turns and priorities are in the rows, so
//! that a restart changes nothing; when leases end is in memory, by the steady clock, since a restart ends them all. Which job
//! comes next is decided in [`claim`]; how rows change and are counted is in [`row`].

pub(super) mod claim;
mod leases;
mod row;
#[cfg(test)]
mod tests;

use super::counter::{self, State};
use super::inventory::known;
use super::writer::Haste;
use super::{Desk, Failed, Sqlite, standing, words};
use crate::clock::Moment;
use crate::model::{ConnectorNumber, ItemNumber, Lane, Lease, Todo};
use crate::store::Error;
use crate::store::order::{Served, Shares};
use crate::store::queue::{Ask, Claim, Depth, Failure, Fate, GivenBack, Job, Parked, Queue};
use leases::Leases;
use row::Work;
use rusqlite::{Connection, OptionalExtension};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// What the queue keeps in memory: when leases end, and what the lanes have saved.
#[derive(Debug)]
pub(super) struct Memory {
    shares: Shares,
    served: Mutex<Served>,
    leases: Mutex<Leases>,
}

impl Memory {
    pub(super) fn new(shares: Shares) -> Self {
        Self { shares, served: Mutex::default(), leases: Mutex::default() }
    }

    /// All leases that nobody ended yet.
    pub(super) fn leases(&self) -> Vec<Lease> {
        self.book().all()
    }

    fn book(&self) -> MutexGuard<'_, Leases> {
        self.leases.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn served(&self) -> MutexGuard<'_, Served> {
        self.served.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What became of a job that was finished.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Finish {
    /// Nothing is left of it.
    Done,
    /// It waits again: more was asked for, or something is left.
    Again,
}

/// What a lease is for; `None` when it holds no more.
pub(super) fn held(desk: &Desk<'_>, lease: &Lease) -> Result<Option<Todo>, Failed> {
    Ok(row::leased(desk.tx, lease)?.map(|work| work.todo))
}

/// Ends a job, or sends it back when more was asked for or `left` names something; `None` when the lease holds no more.
pub(super) fn finish(
    desk: &Desk<'_>,
    lease: &Lease,
    left: Todo,
    not_before: Option<Moment>,
) -> Result<Option<Finish>, Failed> {
    let Some(mut work) = row::leased(desk.tx, lease)? else { return Ok(None) };
    // Both say that somebody asked since the lease: the revision the worker was told, and what was noted beside.
    if work.more.is_none() && work.wanted_rev == lease.revision && left == Todo::NONE {
        row::remove(desk.tx, &work)?;
        return Ok(Some(Finish::Done));
    }
    work.turn_over(left, not_before, desk.now);
    row::save(desk.tx, &work)?;
    Ok(Some(Finish::Again))
}

/// Asks for work on an item; true when that made or raised its job. Asking for nothing, or about nothing, does nothing.
pub(super) fn ask_in(desk: &Desk<'_>, ask: &Ask) -> Result<bool, Failed> {
    let sql = "SELECT connector, principal FROM item WHERE number = ?1";
    let known: Option<(i64, i64)> =
        desk.tx.prepare_cached(sql)?.query_row([ask.item.0], |row| Ok((row.get(0)?, row.get(1)?))).optional()?;
    match known {
        Some((connector, principal)) => ask_known(desk, ask, ConnectorNumber(connector), principal),
        None => Ok(false),
    }
}

/// As [`ask_in`], for who knows whose the item is and who reads it.
pub(super) fn ask_known(
    desk: &Desk<'_>,
    ask: &Ask,
    connector: ConnectorNumber,
    principal: i64,
) -> Result<bool, Failed> {
    if ask.todo == Todo::NONE {
        return Ok(false);
    }
    let Some(mut work) = row::of(desk.tx, ask.item)? else {
        row::save(desk.tx, &Work::new(ask, connector, principal, desk.now))?;
        return Ok(true);
    };
    let was_parked = work.state == State::Parked;
    let raised = work.raise(ask, principal, desk.now);
    row::save(desk.tx, &work)?;
    if was_parked {
        unpark(desk, ask.item)?;
    }
    Ok(raised)
}

/// An item is gone: what waits for it waits in vain. Whoever holds its lease may have asked for its facts before it went, and
/// would bring it back: it is looked at once more afterwards. A look that waits stays as well: somebody told of the item, and
/// who calls it gone (a listing that ended, the folder it lay in) may know less.
pub(super) fn drop_waiting(desk: &Desk<'_>, item: ItemNumber) -> Result<(), Failed> {
    let Some(mut work) = row::of(desk.tx, item)? else { return Ok(()) };
    if work.todo.has(Todo::LOOK) && matches!(work.state, State::Ready | State::Delayed) {
        work.todo = Todo::LOOK;
        return row::save(desk.tx, &work);
    }
    forget_waiting(desk, item)
}

/// An item is known no more, and nothing waits for it.
pub(super) fn forget_waiting(desk: &Desk<'_>, item: ItemNumber) -> Result<(), Failed> {
    let Some(mut work) = row::of(desk.tx, item)? else { return Ok(()) };
    if work.state == State::Leased {
        let (lane, todo) = (work.lane, Todo::LOOK);
        let principal = work.principal;
        work.raise(&Ask { item, lane, todo, priority: 0, offered: None, happened: None }, principal, desk.now);
        return row::save(desk.tx, &work);
    }
    desk.tx.prepare_cached("DELETE FROM parked WHERE item = ?1")?.execute([item.0])?;
    row::remove(desk.tx, &work)
}

/// Begins a run: nobody holds a lease, and nobody waits longer than a clock that was wrong then can have meant.
pub(super) fn begin_run(tx: &Connection, now: Moment) -> Result<(), Failed> {
    tx.execute_batch("BEGIN IMMEDIATE")?;
    let begun = row::end_all_leases(tx, now).and_then(|()| row::clamp_delays(tx, now));
    tx.execute_batch(if begun.is_ok() { "COMMIT" } else { "ROLLBACK" })?;
    begun
}

/// Gives back a connector's leases, attempts unchanged; those that were.
pub(super) fn return_leases(desk: &Desk<'_>, of: ConnectorNumber, leases: &[Lease]) -> Result<Vec<Lease>, Failed> {
    let mut ended = Vec::new();
    for lease in leases {
        let Some(mut work) = row::leased(desk.tx, lease)?.filter(|work| work.connector == of) else { continue };
        work.give_back(None, desk.now);
        row::save(desk.tx, &work)?;
        ended.push(*lease);
    }
    Ok(ended)
}

/// Makes the jobs of leases that are over wait again; those that did, and those whose lease had ended otherwise.
fn rescue_in(desk: &Desk<'_>, over: &[Lease]) -> Result<u64, Failed> {
    let mut rescued = 0;
    for lease in over {
        if let Some(mut work) = row::leased(desk.tx, lease)? {
            work.give_back(None, desk.now);
            row::save(desk.tx, &work)?;
            rescued += 1;
        }
    }
    Ok(rescued)
}

fn give_back_in(desk: &Desk<'_>, back: &GivenBack) -> Result<Fate, Failed> {
    let Some(mut work) = row::leased(desk.tx, &back.lease)? else { return Ok(Fate::Lost) };
    work.give_back(back.not_before, desk.now);
    row::save(desk.tx, &work)?;
    Ok(Fate::Waits)
}

fn fail_in(desk: &Desk<'_>, failure: &Failure) -> Result<Fate, Failed> {
    let Some(mut work) = row::leased(desk.tx, &failure.lease)? else { return Ok(Fate::Lost) };
    let parks = work.fail(failure.not_before, failure.attempts_max, desk.now);
    row::save(desk.tx, &work)?;
    if !parks {
        return Ok(Fate::Waits);
    }
    let sql = "INSERT INTO parked (item, reason, said, since) VALUES (?1, ?2, ?3, ?4) ON CONFLICT (item) DO UPDATE \
               SET reason = excluded.reason, said = excluded.said, since = excluded.since";
    let said: String = failure.said.chars().take(SAID_CHARS_MAX).collect();
    let row = (work.item.0, failure.reason.to_string(), said, desk.now.as_millis());
    desk.tx.prepare_cached(sql)?.execute(row)?;
    standing::parked(desk.tx, desk.now, work.item)?;
    Ok(Fate::Parked)
}

/// What is kept of a failure's words.
const SAID_CHARS_MAX: usize = 500;

fn unpark(desk: &Desk<'_>, item: ItemNumber) -> Result<(), Failed> {
    desk.tx.prepare_cached("DELETE FROM parked WHERE item = ?1")?.execute([item.0])?;
    standing::unparked(desk.tx, desk.now, item)
}

fn retry_in(desk: &Desk<'_>, of: Option<ConnectorNumber>, item: Option<ItemNumber>) -> Result<u64, Failed> {
    let sql = "SELECT item FROM work WHERE state = 3 AND (?1 IS NULL OR connector = ?1) AND (?2 IS NULL OR item = ?2)";
    let items: Vec<i64> = desk
        .tx
        .prepare_cached(sql)?
        .query_map((of.map(|of| of.0), item.map(|item| item.0)), |row| row.get(0))?
        .collect::<Result<_, _>>()?;
    let mut brought = 0;
    for item in items.into_iter().map(ItemNumber) {
        let Some(mut work) = row::of(desk.tx, item)? else { continue };
        work.unpark(Lane::Asked, desk.now);
        row::save(desk.tx, &work)?;
        unpark(desk, item)?;
        brought += 1;
    }
    Ok(brought)
}

/// Parked jobs with what `parked` says of each.
type ParkedRow = (Work, String, String, Moment);

fn parked_in(
    tx: &Connection,
    of: Option<ConnectorNumber>,
    after: Option<ItemNumber>,
    max: usize,
) -> Result<Vec<ParkedRow>, Failed> {
    let sql = "SELECT w.item, p.reason, p.said, p.since FROM work w JOIN parked p ON p.item = w.item \
               WHERE w.state = 3 AND w.item > ?1 AND (?2 IS NULL OR w.connector = ?2) ORDER BY w.item LIMIT ?3";
    let mut statement = tx.prepare_cached(sql)?;
    let mut rows = statement.query((after.map_or(0, |after| after.0), of.map(|of| of.0), words::limit(max)))?;
    let mut all = Vec::new();
    while let Some(row) = rows.next()? {
        if let Some(work) = row::of(tx, ItemNumber(row.get(0)?))? {
            all.push((work, row.get(1)?, row.get(2)?, Moment::from_millis(row.get(3)?)));
        }
    }
    Ok(all)
}

impl Sqlite {
    /// Forgets the deadline of a lease that was ended by a write that succeeded.
    pub(super) fn lease_over(&self, lease: &Lease) {
        self.queue.book().end(lease);
    }

    /// Ends leases that a write took away, by what it said became of each.
    fn leases_over(&self, leases: impl Iterator<Item = Lease>) {
        let mut book = self.queue.book();
        leases.for_each(|lease| book.end(&lease));
    }
}

impl Queue for Sqlite {
    fn ask(&self, asks: &[Ask]) -> Result<u64, Error> {
        // A handful comes from a person or an event; many come from a pass or a change of rules.
        let haste = if asks.len() <= HANDFUL { Haste::Live } else { Haste::Bulk };
        let mut raised = 0;
        for asks in asks.chunks(ASKS_A_PIECE) {
            let asks = asks.to_vec();
            raised += self.write_at(haste, "ask for work", move |desk| {
                asks.iter().try_fold(0, |raised, ask| Ok(raised + u64::from(ask_in(desk, ask)?)))
            })?;
        }
        Ok(raised)
    }

    fn claim(&self, claim: &Claim<'_>) -> Result<Vec<Job>, Error> {
        let doing = "lease jobs";
        if claim.max == 0 || claim.connectors.is_empty() {
            return Ok(Vec::new());
        }
        let over = self.queue.book().over(self.now());
        let wish = claim::Wish::of(claim, std::sync::Arc::clone(&self.queue));
        let gone = over.clone();
        let leased = self.write_at(Haste::Live, doing, move |desk| {
            rescue_in(desk, &gone)?;
            claim::claim(desk, &wish)
        })?;
        let mut book = self.queue.book();
        over.iter().for_each(|lease| book.end(lease));
        let ends = self.now().plus(claim.lease);
        leased.iter().for_each(|work| book.begin(work.lease(), ends));
        drop(book);
        if leased.is_empty() {
            return Ok(Vec::new());
        }
        self.read(doing, |tx| {
            let mut reader = known::Reader::new(tx, self.seal());
            let mut jobs = Vec::with_capacity(leased.len());
            for work in leased {
                if let Some(known) = reader.item(work.item)? {
                    jobs.push(work.job(known));
                }
            }
            Ok(jobs)
        })
    }

    fn renew(&self, leases: &[Lease], lease: Duration) -> Result<Vec<Lease>, Error> {
        let held = self.read("prolong leases", |tx| {
            leases.iter().map(|lease| Ok(row::leased(tx, lease)?.is_some())).collect::<Result<Vec<bool>, Failed>>()
        })?;
        let ends = self.now().plus(lease);
        let mut book = self.queue.book();
        let mut renewed = |(lease, held): &(&Lease, bool)| *held && book.renew(lease, ends);
        let lost = leases.iter().zip(held).filter(|pair| !renewed(pair)).map(|(lease, _)| *lease);
        Ok(lost.collect())
    }

    fn overtaken(&self, leases: &[Lease]) -> Result<Vec<Lease>, Error> {
        self.read("look who is wanted sooner", |tx| {
            let sql = "SELECT 1 FROM work WHERE item = ?1 AND epoch = ?2 AND state = 2 AND more_lane < lane";
            let mut statement = tx.prepare_cached(sql)?;
            let mut overtaken = Vec::new();
            for lease in leases {
                if statement.exists((lease.item.0, lease.epoch))? {
                    overtaken.push(*lease);
                }
            }
            Ok(overtaken)
        })
    }

    fn give_back(&self, back: &[GivenBack]) -> Result<Vec<Fate>, Error> {
        let all = back.to_vec();
        let fates = self.write_at(Haste::Live, "give jobs back", move |desk| {
            all.iter().map(|back| give_back_in(desk, back)).collect::<Result<Vec<Fate>, Failed>>()
        })?;
        self.leases_over(back.iter().map(|back| back.lease));
        Ok(fates)
    }

    fn fail(&self, failures: &[Failure]) -> Result<Vec<Fate>, Error> {
        let all = failures.to_vec();
        let fates = self.write_at(Haste::Live, "note failed attempts", move |desk| {
            all.iter().map(|failure| fail_in(desk, failure)).collect::<Result<Vec<Fate>, Failed>>()
        })?;
        self.leases_over(failures.iter().map(|failure| failure.lease));
        Ok(fates)
    }

    fn rescue(&self) -> Result<u64, Error> {
        let over = self.queue.book().over(self.now());
        if over.is_empty() {
            return Ok(0);
        }
        let all = over.clone();
        let rescued = self.write_at(Haste::Live, "rescue jobs", move |desk| rescue_in(desk, &all))?;
        self.leases_over(over.into_iter());
        Ok(rescued)
    }

    fn depth(&self) -> Result<Vec<Depth>, Error> {
        self.read("count the queue", |tx| {
            let sql = "SELECT number FROM connector WHERE state <> 3 ORDER BY number";
            let mut statement = tx.prepare_cached(sql)?;
            let all: Vec<i64> = statement.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?;
            let mut depths = Vec::new();
            for connector in all.into_iter().map(ConnectorNumber) {
                for lane in Lane::ALL {
                    let of = |state| counter::value(tx, connector, counter::depth_of(lane, state)).map(words::count);
                    let (ready, delayed) = (of(State::Ready)?, of(State::Delayed)?);
                    let (leased, parked) = (of(State::Leased)?, of(State::Parked)?);
                    depths.push(Depth { connector, lane, ready, delayed, leased, parked });
                }
            }
            Ok(depths)
        })
    }

    fn next_due(&self) -> Result<Option<Moment>, Error> {
        self.read("look for the next job", |tx| {
            let sql = "SELECT not_before FROM work WHERE state = 1 ORDER BY not_before LIMIT 1";
            let due: Option<Option<i64>> = tx.prepare_cached(sql)?.query_row([], |row| row.get(0)).optional()?;
            Ok(due.flatten().map(Moment::from_millis))
        })
    }

    fn parked(&self, of: Option<ConnectorNumber>, after: Option<ItemNumber>, max: usize) -> Result<Vec<Parked>, Error> {
        self.read("list parked jobs", |tx| {
            let mut reader = known::Reader::new(tx, self.seal());
            let mut all = Vec::new();
            for (work, reason, said, since) in parked_in(tx, of, after, max)? {
                let Some(known) = reader.item(work.item)? else { continue };
                let (lane, todo, attempts) = (work.lane, work.todo, work.attempts);
                all.push(Parked { known, lane, todo, attempts, reason: words::reason(&reason)?, said, since });
            }
            Ok(all)
        })
    }

    fn retry(&self, of: Option<ConnectorNumber>, item: Option<ItemNumber>) -> Result<u64, Error> {
        self.write_at(Haste::Live, "bring parked jobs back", move |desk| retry_in(desk, of, item))
    }
}

/// Asks that do not wait behind bulk.
const HANDFUL: usize = 64;
/// Asks written in one piece: some 20 ms of work.
const ASKS_A_PIECE: usize = 1_000;
