//! A job's row: how it changes, and how that is counted.
//!
//! Every change of a row goes through [`save`] and [`remove`], which compare it with what is stored and move the counters of
//! depth and the turn of its principal by the difference; so neither can drift from the rows.

use super::super::counter::{self, State, lane_number, lane_of};
use super::super::{Failed, words};
use crate::clock::Moment;
use crate::model::{ConnectorNumber, ItemNumber, Lane, Lease, Todo};
use crate::store::inventory::Known;
use crate::store::queue::{Ask, Job};
use rusqlite::{Connection, OptionalExtension, Row, params};
use std::time::Duration;

/// The longest a job may be told to wait: a moment beyond it comes from a clock that was wrong.
const WAIT_MAX: Duration = Duration::from_secs(24 * 3_600);

/// A change at the provider: when it was first offered, when it happened.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Change {
    pub(super) offered: Option<Moment>,
    pub(super) happened: Option<Moment>,
}

impl Change {
    /// The one that was offered first; what no change caused is none.
    fn older(self, other: Self) -> Self {
        match (self.offered, other.offered) {
            (Some(one), Some(another)) if another < one => other,
            (None, Some(_)) => other,
            _ => self,
        }
    }
}

/// What was asked for while a job was leased.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct More {
    pub(super) todo: Todo,
    pub(super) lane: Lane,
    pub(super) change: Change,
}

/// A job.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in super::super) struct Work {
    pub(super) item: ItemNumber,
    pub(super) connector: ConnectorNumber,
    pub(super) principal: i64,
    pub(super) lane: Lane,
    pub(super) priority: i32,
    /// Its place in the line.
    pub(super) since: Moment,
    pub(super) state: State,
    pub(super) todo: Todo,
    pub(super) attempts: u32,
    pub(super) epoch: i64,
    pub(super) wanted_rev: i64,
    pub(super) leased_rev: i64,
    pub(super) asked: Moment,
    pub(super) not_before: Option<Moment>,
    pub(super) change: Change,
    pub(super) more: Option<More>,
}

impl Work {
    /// A job that nobody asked for before.
    pub(super) fn new(ask: &Ask, connector: ConnectorNumber, principal: i64, now: Moment) -> Self {
        Self {
            item: ask.item,
            connector,
            principal,
            lane: ask.lane,
            priority: ask.priority,
            since: now,
            state: State::Ready,
            todo: ask.todo,
            attempts: 0,
            epoch: 0,
            wanted_rev: 1,
            leased_rev: 0,
            asked: now,
            not_before: None,
            change: change_of(ask),
            more: None,
        }
    }

    /// Takes in that it was asked for again; true when that asks for more, or for it sooner.
    pub(super) fn raise(&mut self, ask: &Ask, principal: i64, now: Moment) -> bool {
        let raised = ask.lane < self.lane || ask.priority > self.priority || !self.todo.has(ask.todo);
        self.priority = self.priority.max(ask.priority);
        self.asked = now;
        self.wanted_rev += 1;
        match self.state {
            State::Leased => {
                self.note_more(More { todo: ask.todo, lane: ask.lane, change: change_of(ask) });
                return true;
            }
            State::Parked => {
                self.todo = self.todo.and(ask.todo);
                self.change = change_of(ask);
                self.unpark(ask.lane, now);
                return true;
            }
            // What waits out a failure or a limit goes on waiting, unless somebody wants it more urgently than before.
            State::Delayed if ask.lane < self.lane || ask.lane == Lane::Asked => self.wait(None, now),
            State::Delayed | State::Ready => {}
        }
        self.principal = principal;
        self.lane = self.lane.min(ask.lane);
        self.todo = self.todo.and(ask.todo);
        self.change = self.change.older(change_of(ask));
        raised
    }

    fn note_more(&mut self, more: More) {
        self.more = Some(match self.more {
            None => more,
            Some(known) => More {
                todo: known.todo.and(more.todo),
                lane: known.lane.min(more.lane),
                change: known.change.older(more.change),
            },
        });
    }

    /// The present turn ended well: what was asked for meanwhile and what is left make the next.
    pub(super) fn turn_over(&mut self, left: Todo, not_before: Option<Moment>, now: Moment) {
        let not_before = not_before.filter(|_| self.more.is_none());
        self.attempts = 0;
        match self.more.take() {
            Some(more) => {
                let own = (left != Todo::NONE).then_some((self.lane, self.change));
                self.lane = own.map_or(more.lane, |(lane, _)| lane.min(more.lane));
                self.change = own.map_or(more.change, |(_, change)| change.older(more.change));
                self.todo = left.and(more.todo);
                self.since = self.asked;
            }
            // A newer revision without a word of what it wants: all of it again.
            None if left == Todo::NONE => {}
            None => self.todo = left,
        }
        self.wait(not_before, now);
    }

    /// The present turn came to nothing: it is still to be done, together with what was asked for meanwhile.
    pub(super) fn give_back(&mut self, not_before: Option<Moment>, now: Moment) {
        self.join_more();
        self.wait(not_before, now);
    }

    /// An attempt failed; true when it is parked.
    pub(super) fn fail(&mut self, not_before: Moment, attempts_max: u32, now: Moment) -> bool {
        // Whoever asked meanwhile asked for something newer, which has failed never yet.
        self.attempts = if self.more.is_some() { 0 } else { self.attempts.saturating_add(1) };
        let parks = self.more.is_none() && self.attempts >= attempts_max;
        self.join_more();
        if parks {
            self.state = State::Parked;
            self.not_before = None;
        } else {
            self.wait(Some(not_before), now);
        }
        parks
    }

    /// Waits anew after it was parked.
    pub(super) fn unpark(&mut self, lane: Lane, now: Moment) {
        self.attempts = 0;
        self.lane = lane;
        self.since = now;
        self.wait(None, now);
    }

    fn join_more(&mut self) {
        if let Some(more) = self.more.take() {
            self.todo = self.todo.and(more.todo);
            self.lane = self.lane.min(more.lane);
            self.change = self.change.older(more.change);
        }
    }

    fn wait(&mut self, not_before: Option<Moment>, now: Moment) {
        self.not_before = not_before.filter(|at| *at > now).map(|at| at.min(now.plus(WAIT_MAX)));
        self.state = if self.not_before.is_some() { State::Delayed } else { State::Ready };
    }

    /// Leased under this epoch.
    pub(super) fn take(&mut self, epoch: i64) {
        self.state = State::Leased;
        self.epoch = epoch;
        self.leased_rev = self.wanted_rev;
        self.not_before = None;
    }

    /// Its time came.
    pub(super) fn due(&mut self) {
        self.state = State::Ready;
        self.not_before = None;
    }

    /// Its present lease.
    pub(super) fn lease(&self) -> Lease {
        Lease { item: self.item, epoch: self.epoch, revision: self.leased_rev }
    }

    /// For the worker.
    pub(super) fn job(self, known: Known) -> Job {
        Job {
            lease: self.lease(),
            lane: self.lane,
            todo: self.todo,
            attempts: self.attempts,
            asked: self.asked,
            offered: self.change.offered,
            happened: self.change.happened,
            known,
        }
    }
}

fn change_of(ask: &Ask) -> Change {
    Change { offered: ask.offered, happened: ask.happened }
}

const COLUMNS: &str = "item, connector, principal, lane, priority, since, state, todo, attempts, epoch, wanted_rev, leased_rev, \
                       asked, not_before, offered, happened, more_todo, more_lane, more_offered, more_happened";

/// The job of an item.
pub(super) fn of(tx: &Connection, item: ItemNumber) -> Result<Option<Work>, Failed> {
    let mut statement = tx.prepare_cached(&format!("SELECT {COLUMNS} FROM work WHERE item = ?1"))?;
    let mut rows = statement.query([item.0])?;
    rows.next()?.map(read).transpose()
}

/// The job of a lease, while that holds.
pub(super) fn leased(tx: &Connection, lease: &Lease) -> Result<Option<Work>, Failed> {
    Ok(of(tx, lease.item)?.filter(|work| work.state == State::Leased && work.epoch == lease.epoch))
}

/// The first jobs of a principal in a lane that may be leased, in the order they are served.
pub(super) fn first(tx: &Connection, lane: Lane, principal: i64, max: usize) -> Result<Vec<Work>, Failed> {
    let sql = format!(
        "SELECT {COLUMNS} FROM work WHERE state = 0 AND lane = ?1 AND principal = ?2 \
         ORDER BY priority DESC, since, item LIMIT ?3"
    );
    many(tx, &sql, params![lane_number(lane), principal, words::limit(max)])
}

/// Delayed jobs whose time came.
pub(super) fn due(tx: &Connection, now: Moment, max: usize) -> Result<Vec<Work>, Failed> {
    let sql = format!("SELECT {COLUMNS} FROM work WHERE state = 1 AND not_before <= ?1 ORDER BY not_before LIMIT ?2");
    many(tx, &sql, params![now.as_millis(), words::limit(max)])
}

fn many(tx: &Connection, sql: &str, bounds: impl rusqlite::Params) -> Result<Vec<Work>, Failed> {
    let mut statement = tx.prepare_cached(sql)?;
    let mut rows = statement.query(bounds)?;
    let mut all = Vec::new();
    while let Some(row) = rows.next()? {
        all.push(read(row)?);
    }
    Ok(all)
}

fn read(row: &Row<'_>) -> Result<Work, Failed> {
    let strange = || words::strange("job");
    let moment = |at: usize| row.get::<_, Option<i64>>(at).map(|ms| ms.map(Moment::from_millis));
    let todo = |bits: i64| u8::try_from(bits).map(Todo::from_bits).map_err(|_| strange());
    let more = match row.get::<_, Option<i64>>(16)? {
        None => None,
        Some(bits) => Some(More {
            todo: todo(bits)?,
            lane: row.get::<_, Option<i64>>(17)?.and_then(lane_of).ok_or_else(strange)?,
            change: Change { offered: moment(18)?, happened: moment(19)? },
        }),
    };
    Ok(Work {
        item: ItemNumber(row.get(0)?),
        connector: ConnectorNumber(row.get(1)?),
        principal: row.get(2)?,
        lane: lane_of(row.get(3)?).ok_or_else(strange)?,
        priority: row.get(4)?,
        since: Moment::from_millis(row.get(5)?),
        state: State::of(row.get(6)?).ok_or_else(strange)?,
        todo: todo(row.get(7)?)?,
        attempts: row.get(8)?,
        epoch: row.get(9)?,
        wanted_rev: row.get(10)?,
        leased_rev: row.get(11)?,
        asked: Moment::from_millis(row.get(12)?),
        not_before: moment(13)?,
        change: Change { offered: moment(14)?, happened: moment(15)? },
        more,
    })
}

/// Writes a job as it is now.
pub(super) fn save(tx: &Connection, work: &Work) -> Result<(), Failed> {
    let before = standing_of(tx, work.item)?;
    write(tx, work)?;
    shift(tx, before, Some(Place::of(work)))
}

/// Writes a job as it is now, for who knows how it stood and moves the counters itself.
pub(super) fn write(tx: &Connection, work: &Work) -> Result<(), Failed> {
    // Which of the partial indexes are touched follows from the state before and after: a leased job is in none.
    let sql = "INSERT INTO work (item, connector, principal, lane, priority, since, state, todo, attempts, epoch, wanted_rev, \
               leased_rev, asked, not_before, offered, happened, more_todo, more_lane, more_offered, more_happened) \
               VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20) \
               ON CONFLICT (item) DO UPDATE SET connector = excluded.connector, principal = excluded.principal, \
               lane = excluded.lane, priority = excluded.priority, since = excluded.since, state = excluded.state, \
               todo = excluded.todo, attempts = excluded.attempts, epoch = excluded.epoch, \
               wanted_rev = excluded.wanted_rev, leased_rev = excluded.leased_rev, asked = excluded.asked, \
               not_before = excluded.not_before, offered = excluded.offered, happened = excluded.happened, \
               more_todo = excluded.more_todo, more_lane = excluded.more_lane, more_offered = excluded.more_offered, \
               more_happened = excluded.more_happened";
    let ms = |at: Option<Moment>| at.map(Moment::as_millis);
    tx.prepare_cached(sql)?.execute(params![
        work.item.0,
        work.connector.0,
        work.principal,
        lane_number(work.lane),
        work.priority,
        work.since.as_millis(),
        work.state.number(),
        work.todo.bits(),
        work.attempts,
        work.epoch,
        work.wanted_rev,
        work.leased_rev,
        work.asked.as_millis(),
        ms(work.not_before),
        ms(work.change.offered),
        ms(work.change.happened),
        work.more.map(|more| more.todo.bits()),
        work.more.map(|more| lane_number(more.lane)),
        ms(work.more.and_then(|more| more.change.offered)),
        ms(work.more.and_then(|more| more.change.happened)),
    ])?;
    Ok(())
}

/// Deletes a job.
pub(super) fn remove(tx: &Connection, work: &Work) -> Result<(), Failed> {
    let before = standing_of(tx, work.item)?;
    tx.prepare_cached("DELETE FROM work WHERE item = ?1")?.execute([work.item.0])?;
    shift(tx, before, None)
}

/// What of a job is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Place {
    connector: ConnectorNumber,
    principal: i64,
    lane: Lane,
    state: State,
}

impl Place {
    fn of(work: &Work) -> Self {
        Self { connector: work.connector, principal: work.principal, lane: work.lane, state: work.state }
    }
}

/// How a job stands in the rows.
fn standing_of(tx: &Connection, item: ItemNumber) -> Result<Option<Place>, Failed> {
    let sql = "SELECT connector, principal, lane, state FROM work WHERE item = ?1";
    let row: Option<(i64, i64, i64, i64)> = tx
        .prepare_cached(sql)?
        .query_row([item.0], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?)))
        .optional()?;
    let Some((connector, principal, lane, state)) = row else { return Ok(None) };
    let (Some(lane), Some(state)) = (lane_of(lane), State::of(state)) else { return Err(words::strange("job")) };
    Ok(Some(Place { connector: ConnectorNumber(connector), principal, lane, state }))
}

/// Moves the counters from where a job stood to where it stands.
fn shift(tx: &Connection, before: Option<Place>, after: Option<Place>) -> Result<(), Failed> {
    if before == after {
        return Ok(());
    }
    let counted = |place: Place| (place.connector, counter::depth_of(place.lane, place.state));
    if before.map(counted) != after.map(counted) {
        for (place, delta) in [(before, -1), (after, 1)] {
            if let Some((connector, what)) = place.map(counted) {
                counter::add(tx, connector, what, delta)?;
            }
        }
    }
    for (place, delta) in [(before, -1), (after, 1)] {
        if let Some(place) = place.filter(|place| place.state == State::Ready) {
            count_ready(tx, place, delta)?;
        }
    }
    Ok(())
}

/// A principal has more or fewer jobs in a lane that may be leased. Who had none joins at the present turn.
fn count_ready(tx: &Connection, place: Place, delta: i64) -> Result<(), Failed> {
    let key = (place.principal, lane_number(place.lane));
    if delta < 0 {
        let sql = "UPDATE turn SET ready = ready - 1 WHERE principal = ?1 AND lane = ?2 AND ready > 0";
        tx.prepare_cached(sql)?.execute(key)?;
        return Ok(());
    }
    let sql = "INSERT INTO turn (principal, lane, connector, ready, at) \
               VALUES (?1, ?2, ?3, 1, COALESCE((SELECT value FROM counter WHERE connector = 0 AND what = ?4), 0)) \
               ON CONFLICT (principal, lane) DO UPDATE SET ready = turn.ready + 1, \
               at = CASE WHEN turn.ready = 0 AND excluded.at > turn.at THEN excluded.at ELSE turn.at END";
    tx.prepare_cached(sql)?.execute((key.0, key.1, place.connector.0, counter::turn_of(place.lane)))?;
    Ok(())
}

/// `leased` jobs of a principal were taken at once: its turn moves on by as many.
pub(super) fn took(tx: &Connection, lane: Lane, principal: i64, of: ConnectorNumber, jobs: i64) -> Result<(), Failed> {
    let sql = "UPDATE turn SET ready = CASE WHEN ready > ?3 THEN ready - ?3 ELSE 0 END, at = at + ?3 \
               WHERE principal = ?1 AND lane = ?2";
    tx.prepare_cached(sql)?.execute((principal, lane_number(lane), jobs))?;
    counter::add(tx, of, counter::depth_of(lane, State::Ready), -jobs)?;
    counter::add(tx, of, counter::depth_of(lane, State::Leased), jobs)?;
    Ok(())
}

/// Counts a principal's jobs that may be leased anew.
pub(super) fn recount(tx: &Connection, lane: Lane, principal: i64) -> Result<(), Failed> {
    let sql = "UPDATE turn SET ready = (SELECT COUNT(*) FROM work WHERE state = 0 AND lane = ?2 AND principal = ?1) \
               WHERE principal = ?1 AND lane = ?2";
    tx.prepare_cached(sql)?.execute((principal, lane_number(lane)))?;
    Ok(())
}

/// All jobs that an earlier run had leased wait again.
pub(super) fn end_all_leases(tx: &Connection, now: Moment) -> Result<(), Failed> {
    let left = many(tx, &format!("SELECT {COLUMNS} FROM work WHERE state = 2"), [])?;
    for mut work in left {
        work.give_back(None, now);
        save(tx, &work)?;
    }
    Ok(())
}

/// No job waits longer than the longest wait from now: the calendar may have been set since it was told to.
pub(super) fn clamp_delays(tx: &Connection, now: Moment) -> Result<(), Failed> {
    let latest = now.plus(WAIT_MAX).as_millis();
    tx.execute("UPDATE work SET not_before = ?1 WHERE state = 1 AND not_before > ?1", [latest])?;
    Ok(())
}
