//! How far a tenant's pass is: kept as one fact every few seconds, so that any process can read it without asking the
//! service, and still reads the last of it when none runs.

use super::is_paused;
use crate::clock::Moment;
use crate::engine::core::{Core, Tenant};
use crate::engine::estimate::{Allotment, Between, Done, Left, Meter, Rate, Remaining};
use crate::model::{ConnectorNumber, Lane};
use crate::store::inventory::Totals;
use crate::store::{self, Depth, Pass, Store};
use serde_json::{Value, json};
use std::time::Duration;

/// The fact's name.
const FACT: &str = "backlog.status";
/// How often it is kept while something moves.
const KEEP_EVERY: Duration = Duration::from_secs(2);
/// Walks still to come may each bring this much less or more than those before.
const UNSEEN_LESS: u64 = 2;
const UNSEEN_MORE: u64 = 3;

/// What a pass is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// No pass has begun yet.
    Never,
    /// Items are listed; contents are read beside it.
    Listing,
    /// The listing is done, contents are read.
    Reading,
    /// All is done until the next pass.
    Done,
}

impl Phase {
    /// The word that status shows.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Phase::Never => "never begun",
            Phase::Listing => "listing",
            Phase::Reading => "reading",
            Phase::Done => "done",
        }
    }
}

/// How far a tenant's backlog is.
#[derive(Clone, Debug)]
pub struct Status {
    /// The pass, if one ever began.
    pub pass: Option<Pass>,
    /// What it is doing.
    pub phase: Phase,
    /// True while it is paused.
    pub paused: bool,
    /// What is known, and what of it waits.
    pub totals: Totals,
    /// Files and bytes that wait for a verdict, what is not listed yet reckoned in.
    pub left: Left,
    /// Jobs of the backlog.
    pub backlog: Depth,
    /// Jobs of all lanes that wait for a person.
    pub parked: u64,
    /// What the running service last said; `None` when it never did.
    pub last: Option<Last>,
}

/// What only a running service knows.
#[derive(Clone, Debug, PartialEq)]
pub struct Last {
    /// When it said so.
    pub at: Moment,
    /// Files and bytes a second; `None` while too little was done.
    pub rate: Option<Rate>,
    /// How long the rest takes; `None` while nobody can say.
    pub remaining: Option<Remaining>,
    /// Time that calls waited because the provider said so, since the service began, in milliseconds.
    pub throttled_ms: u64,
    /// Calls left of this day's and this month's allotment; `None` is no limit.
    pub calls_left: (Option<u64>, Option<u64>),
    /// Why it stands still, if it does.
    pub trouble: Option<String>,
}

/// How far the backlog of a connector is, from the store alone.
///
/// # Errors
/// When it could not be read.
pub fn status(store: &dyn Store, of: ConnectorNumber) -> Result<Status, store::Error> {
    let (pass, totals) = (store.pass(of)?, store.totals(of)?);
    let depths: Vec<Depth> = store.depth()?.into_iter().filter(|depth| depth.connector == of).collect();
    let none = Depth { connector: of, lane: Lane::Backlog, ready: 0, delayed: 0, leased: 0, parked: 0 };
    let backlog = depths.iter().find(|depth| depth.lane == Lane::Backlog).copied().unwrap_or(none);
    let phase = match &pass {
        None => Phase::Never,
        Some(pass) if pass.listed.is_none() => Phase::Listing,
        Some(_) if backlog.ready + backlog.leased > 0 => Phase::Reading,
        Some(_) => Phase::Done,
    };
    let paused = is_paused(store, of)?;
    let last = store.fact(Some(of), FACT)?.and_then(|text| read(&text));
    let left = left(pass.as_ref(), &totals);
    let parked = depths.iter().map(|depth| depth.parked).sum();
    Ok(Status { pass, phase, paused, totals, left, backlog, parked, last })
}

/// What waits, and what walks to come may bring besides: as much as those before, less or more.
fn left(pass: Option<&Pass>, totals: &Totals) -> Left {
    let waiting = Left { files: Between::exactly(totals.waiting_files), bytes: Between::exactly(totals.waiting_bytes) };
    let Some(pass) = pass.filter(|pass| pass.listed.is_none()) else { return waiting };
    let walked = pass.walks.saturating_sub(pass.walks_left).max(1);
    let brought = pass.taken.new.saturating_add(pass.taken.changed);
    let items = totals.files.saturating_add(totals.folders).saturating_add(totals.web_links).max(1);
    // Items brought so far that are files, by the share of files among all.
    let files = scale(brought, totals.files, items);
    let more = |of: u64| {
        let expected = scale(of, pass.walks_left, walked);
        Between::of(expected / UNSEEN_LESS, expected.saturating_mul(UNSEEN_MORE))
    };
    let bytes = scale(files, totals.bytes, totals.files.max(1));
    Left { files: waiting.files.plus(more(files)), bytes: waiting.bytes.plus(more(bytes)) }
}

/// `value * by / of` without overflow.
fn scale(value: u64, by: u64, of: u64) -> u64 {
    let scaled = u128::from(value) * u128::from(by) / u128::from(of.max(1));
    u64::try_from(scaled).unwrap_or(u64::MAX)
}

/// Keeps the status of one tenant while the service runs.
#[derive(Debug, Default)]
pub(super) struct Keeper {
    meter: Option<Meter>,
    kept: Option<(Moment, Value)>,
    trouble: Option<String>,
}

impl Keeper {
    /// A pass begins or goes on: what was done before counts for no rate.
    pub(super) fn begins(&mut self) {
        self.meter = None;
        self.trouble = None;
    }

    /// Why nothing moves.
    pub(super) fn trouble(&mut self, said: String) {
        self.trouble = Some(said);
    }

    /// Keeps the status, if it is time and anything changed.
    pub(super) fn keep(&mut self, core: &Core, tenant: &Tenant) -> Result<(), store::Error> {
        let now = core.clock.steady();
        if self.kept.as_ref().is_some_and(|(at, _)| now.since(*at) < KEEP_EVERY) {
            return Ok(());
        }
        let status = status(&*core.store, tenant.number)?;
        let done = Done {
            files: status.totals.files.saturating_sub(status.totals.waiting_files),
            bytes: status.totals.bytes.saturating_sub(status.totals.waiting_bytes),
        };
        let meter = self.meter.get_or_insert_with(|| Meter::begin(now, done));
        if matches!(status.phase, Phase::Listing | Phase::Reading) && !status.paused {
            meter.mark(now, done);
        }
        let last = self.last(core, tenant, &status);
        let told = write(&last);
        let same = self.kept.as_ref().is_some_and(|(_, kept)| unmoved(kept, &told));
        if !same {
            core.store.keep_fact(Some(tenant.number), FACT, Some(&told.to_string()))?;
        }
        self.kept = Some((now, told));
        Ok(())
    }

    fn last(&self, core: &Core, tenant: &Tenant, status: &Status) -> Last {
        let used = tenant.http.as_ref().map(|http| http.used());
        let of = |limit: Option<u64>, used: Option<u64>| limit.map(|limit| limit.saturating_sub(used.unwrap_or(0)));
        let day = of(tenant.limits.calls_per_day, used.as_ref().map(|used| used.calls_in_day));
        let month = of(tenant.limits.calls_per_month, used.as_ref().map(|used| used.calls_in_month));
        let allotment =
            Allotment { day: tenant.limits.calls_per_day.zip(day), month: tenant.limits.calls_per_month.zip(month) };
        let remaining = match status.phase {
            Phase::Never => None,
            Phase::Done => Some(Remaining::default()),
            Phase::Listing | Phase::Reading => self.meter.as_ref().and_then(|meter| meter.remaining(status.left)),
        };
        let remaining = remaining.map(|remaining| Remaining {
            shortest: remaining.shortest.max(allotment.least_time(status.left.files.low)),
            longest: remaining.longest.max(allotment.least_time(status.left.files.high)),
        });
        Last {
            at: core.clock.now(),
            rate: self.meter.as_ref().and_then(Meter::rate),
            remaining,
            throttled_ms: 0,
            calls_left: (day, month),
            trouble: self.trouble.clone(),
        }
    }
}

/// True when two of them differ in nothing but the moment.
fn unmoved(one: &Value, other: &Value) -> bool {
    let without = |value: &Value| {
        let mut value = value.clone();
        value.as_object_mut().map(|fields| fields.remove("at_ms"));
        value
    };
    without(one) == without(other)
}

fn write(last: &Last) -> Value {
    json!({
        "at_ms": last.at.as_millis(),
        "files_per_second": last.rate.map(|rate| rate.files),
        "bytes_per_second": last.rate.map(|rate| rate.bytes),
        "shortest_s": last.remaining.map(|remaining| remaining.shortest.as_secs()),
        "longest_s": last.remaining.map(|remaining| remaining.longest.as_secs()),
        "throttled_ms": last.throttled_ms,
        "calls_left_day": last.calls_left.0,
        "calls_left_month": last.calls_left.1,
        "trouble": last.trouble,
    })
}

fn read(text: &str) -> Option<Last> {
    let value: Value = serde_json::from_str(text).ok()?;
    let number = |name: &str| value.get(name).and_then(Value::as_u64);
    let float = |name: &str| value.get(name).and_then(Value::as_f64);
    Some(Last {
        at: Moment::from_millis(value.get("at_ms")?.as_i64()?),
        rate: float("files_per_second").zip(float("bytes_per_second")).map(|(files, bytes)| Rate { files, bytes }),
        remaining: number("shortest_s").zip(number("longest_s")).map(|(shortest, longest)| Remaining {
            shortest: Duration::from_secs(shortest),
            longest: Duration::from_secs(longest),
        }),
        throttled_ms: number("throttled_ms").unwrap_or(0),
        calls_left: (number("calls_left_day"), number("calls_left_month")),
        trouble: value.get("trouble").and_then(Value::as_str).map(str::to_owned),
    })
}
