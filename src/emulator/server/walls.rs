//! What a request passes on its way to a tenant: writes whose time has come, injected faults, its principal's pace; and the
//! record of it all.

use super::Options;
use super::late::{Late, Waiting};
use super::memory::{self, Memory};
use crate::clock::{Clock, Moment};
use crate::emulator::fault::{self, About, Dice, Drawn, Fault, Faults};
use crate::emulator::limit::{Limiter, Pace};
use crate::emulator::record::{Record, Recorded};
use crate::emulator::wire::{Answer, Asked, Cloud, Door};
use std::collections::{BTreeMap, HashMap};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::Notify;

/// How soon a request that is held back sees a change.
const LOOK_EVERY: Duration = Duration::from_millis(10);
/// For so long after a 429 another request of the same principal is not called early: it may have been on its way. The
/// same request again is.
const GRACE: Duration = Duration::from_millis(500);
/// Requests that are waited for by their fingerprint; when there are more, all are forgotten.
const WAITED_FOR_MAX: usize = 100_000;

/// An answer on its way out.
#[derive(Debug)]
pub(super) struct Reply {
    pub(super) answer: Answer,
    /// Break the connection after so many bytes of the body.
    pub(super) cut: Option<usize>,
    /// Break it before the first byte.
    pub(super) lost: bool,
}

impl Reply {
    /// An answer that goes out whole.
    pub(super) fn whole(answer: Answer) -> Self {
        Self { answer, cut: None, lost: false }
    }
}

/// Where all requests come together.
#[derive(Debug)]
pub(super) struct Desk {
    clock: Clock,
    /// Never moved: tells a request that was on its way from one that was sent too early.
    machine: Clock,
    clouds: HashMap<Door, Arc<dyn Cloud>>,
    record: Record,
    state: Mutex<State>,
    /// Rings when a write was put off.
    put_off: Notify,
}

#[derive(Debug)]
struct State {
    faults: Faults,
    pace: Pace,
    dice: Dice,
    limiter: Limiter,
    /// Principals that were told to wait.
    pauses: HashMap<String, Pause>,
    /// Requests, by fingerprint, that were told to come again at a time of the clock.
    again: HashMap<u64, Duration>,
    late: Late,
    memory: Memory,
}

#[derive(Clone, Copy, Debug)]
struct Pause {
    /// On the shared clock.
    until: Duration,
    /// On the machine's.
    told_at: Duration,
}

/// What the walls made of a request.
#[derive(Debug)]
struct Entry {
    principal: String,
    fingerprint: u64,
    /// What the memory knows it by; `None` when it is no read to be kept.
    read: Option<u64>,
    is_write: bool,
    drawn: Drawn,
    early: bool,
    over_pace: bool,
    /// The answer, when the walls gave it.
    answer: Option<Answer>,
}

impl Desk {
    pub(super) fn new(options: Options) -> Self {
        let state = State {
            faults: options.faults,
            pace: options.pace,
            dice: Dice::new(options.seed),
            limiter: Limiter::default(),
            pauses: HashMap::new(),
            again: HashMap::new(),
            late: Late::default(),
            memory: Memory::default(),
        };
        Self {
            clock: options.clock,
            machine: Clock::machine(),
            clouds: options.clouds.into_iter().collect(),
            record: Record::default(),
            state: Mutex::new(state),
            put_off: Notify::new(),
        }
    }

    pub(super) fn clock(&self) -> &Clock {
        &self.clock
    }

    pub(super) fn record(&self) -> &Record {
        &self.record
    }

    pub(super) fn highest_rates(&self) -> BTreeMap<String, f64> {
        self.lock().limiter.highest_rates()
    }

    pub(super) fn set_faults(&self, faults: Faults) {
        self.lock().faults = faults;
    }

    pub(super) fn set_pace(&self, pace: Pace) {
        self.lock().pace = pace;
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Answers a request and records it.
    pub(super) async fn serve(&self, mut asked: Asked) -> Reply {
        let Some(cloud) = self.clouds.get(&asked.door) else {
            return Reply::whole(Answer::empty(404));
        };
        self.carry_out_due(asked.at);
        let mut entry = self.enter(&asked, &**cloud);
        let answer = match entry.answer.take() {
            Some(answer) => answer,
            None => {
                let answer = self.ask(&mut asked, &**cloud).await;
                self.learn(&asked, &entry, &answer);
                answer
            }
        };
        let fault = entry.drawn.fault;
        let stands = match fault {
            Some(Fault::Stalled { stands }) => stands,
            // A client that leaves meanwhile would take its write along.
            Some(Fault::Delayed { .. }) => Duration::ZERO,
            _ => entry.drawn.late,
        };
        if !stands.is_zero() && !self.clock.is_movable() {
            tokio::time::sleep(stands).await;
        }
        let (reply, recorded) = self.leave(&asked, entry, answer);
        if let Some(Fault::Delayed { by }) = fault {
            self.put_off(asked, recorded, by);
        }
        reply
    }

    /// The walls, in their order: faults, then pace.
    fn enter(&self, asked: &Asked, cloud: &dyn Cloud) -> Entry {
        let principal = cloud.principal(asked);
        let mut about = About::new(asked, &principal, cloud);
        let (fingerprint, now) = (fault::fingerprint(&about), self.clock.elapsed());
        let mut state = self.lock();
        let faults = state.faults;
        let is_read = faults.stale > 0.0 && !about.is_write && !about.is_content && !fault::is_of_tokens(asked);
        let read = (is_read && !memory::carries_position(asked)).then(|| memory::key(fingerprint, asked));
        let stale = read.and_then(|read| state.memory.stale(read, asked.door, now, faults.stale_for));
        about.has_stale = stale.is_some();
        let drawn = state.dice.draw(about, &faults);
        let early = state.is_early(&principal, fingerprint, now, self.machine.elapsed());
        let pace = state.pace;
        // Signed download addresses have no pace of their own.
        let wait = if asked.door == Door::BoxDownload { None } else { state.limiter.take(&principal, pace, now) };
        drop(state);
        let is_write = about.is_write;
        let mut entry = Entry { principal, fingerprint, read, is_write, drawn, early, over_pace: false, answer: None };
        match drawn.fault {
            Some(Fault::Throttled { form, wait }) => entry.answer = Some(cloud.too_many(asked, form, wait)),
            Some(Fault::Failing { form }) => entry.answer = Some(fault::failing(form)),
            Some(Fault::NotReady { wait }) => entry.answer = Some(fault::not_ready(wait)),
            // A request that carries no position has nothing to lose.
            Some(Fault::Reset) if !cloud.forget_position(asked) => entry.drawn.fault = None,
            // Nobody sees it: the record shows no status.
            Some(Fault::Stalled { .. } | Fault::Delayed { .. }) => entry.answer = Some(Answer::empty(0)),
            Some(Fault::Stale) => entry.answer = stale,
            Some(Fault::Reset | Fault::Cut { .. } | Fault::Lost) | None => {}
        }
        // A pace comes first where the tenant, or what it said before, would have answered.
        let is_worked_on = entry.answer.is_none() || matches!(drawn.fault, Some(Fault::Delayed { .. } | Fault::Stale));
        if let (true, Some(wait)) = (is_worked_on, wait) {
            // In whole seconds, rounded up, and always in the header: what it says can be obeyed.
            let wait = Duration::from_secs(wait.as_secs() + 1);
            entry.answer = Some(cloud.too_many(asked, 0, wait));
            entry.over_pace = true;
            entry.drawn.fault = None;
        }
        entry
    }

    /// Asks the tenant, again and again while it wants to hold the answer back.
    async fn ask(&self, asked: &mut Asked, cloud: &dyn Cloud) -> Answer {
        let mut seen = cloud.version();
        let mut answer = answer(asked, cloud);
        let Some(hold) = answer.hold else { return answer };
        let end = self.clock.elapsed().saturating_add(hold);
        while answer.hold.is_some() {
            let over = !self.wait_for_change(cloud, seen, end).await;
            seen = cloud.version();
            asked.at = self.clock.now();
            answer = self::answer(asked, cloud);
            if over {
                break;
            }
        }
        answer
    }

    /// False when the time was over first.
    async fn wait_for_change(&self, cloud: &dyn Cloud, seen: u64, end: Duration) -> bool {
        loop {
            self.carry_out_due(self.clock.now());
            if cloud.version() != seen {
                return true;
            }
            let left = end.saturating_sub(self.clock.elapsed());
            if left.is_zero() {
                return false;
            }
            if self.clock.is_movable() {
                let left = left.min(self.until_due().unwrap_or(left));
                self.clock.wait(left, &AtomicBool::new(false));
            } else {
                tokio::time::sleep(left.min(LOOK_EVERY)).await;
            }
        }
    }

    fn leave(&self, asked: &Asked, entry: Entry, answer: Answer) -> (Reply, Recorded) {
        let cut = match entry.drawn.fault {
            Some(Fault::Cut { drawn }) if matches!(answer.status, 200 | 206) && !answer.body.is_empty() => {
                Some(fault::cut_at(answer.body.len(), drawn))
            }
            _ => None,
        };
        if let Some(content) = &answer.content {
            let sent = cut.map_or(answer.body.len(), |cut| cut.min(answer.body.len()));
            self.record.add_download(content, sent, cut.is_some());
        }
        let lost = entry.drawn.fault.is_some_and(Fault::hides_the_answer);
        let retry_after_secs = retry_after_secs(&answer).filter(|_| !lost);
        self.told_to_wait(&entry, &answer, retry_after_secs);
        let missed_cut = matches!(entry.drawn.fault, Some(Fault::Cut { .. })) && cut.is_none();
        let fault = entry.drawn.fault.filter(|_| !missed_cut).map(Fault::word);
        let recorded = Recorded {
            at: asked.at,
            door: asked.door,
            method: asked.method.clone(),
            path: asked.path.clone(),
            query: asked.query.clone(),
            status: answer.status,
            retry_after_secs,
            refused: answer.refused.clone(),
            faulted: fault.is_some(),
            fault,
            authorized: asked.header("authorization").is_some(),
            early: entry.early,
            over_pace: entry.over_pace,
            principal: entry.principal,
        };
        self.record.add(recorded.clone());
        (Reply { answer, cut, lost }, recorded)
    }

    /// Keeps what stale reads are made of: a read's answer, or that the tenant was written to.
    fn learn(&self, asked: &Asked, entry: &Entry, answer: &Answer) {
        let now = self.clock.elapsed();
        if entry.is_write && answer.status < 400 {
            self.lock().memory.written(asked.door);
        } else if let Some(read) = entry.read {
            self.lock().memory.keep(read, asked.door, answer, now);
        }
    }

    fn put_off(&self, asked: Asked, recorded: Recorded, by: Duration) {
        let due = self.clock.elapsed().saturating_add(by);
        self.lock().late.put(due, Waiting { asked, recorded });
        // When there are too many, the first of them are done at once.
        self.carry_out_due(self.clock.now());
        self.put_off.notify_one();
    }

    /// Carries out the writes whose time has come, and those that there is no room for, in the order of their times; the
    /// tenant is told that it is `at`.
    pub(super) fn carry_out_due(&self, at: Moment) {
        while let Some(waiting) = self.next_late(self.clock.elapsed()) {
            self.carry_out(waiting, at);
        }
    }

    /// Carries out all that was put off.
    pub(super) fn settle(&self) {
        while let Some(waiting) = self.next_late(Duration::MAX) {
            self.carry_out(waiting, self.clock.now());
        }
    }

    pub(super) fn delayed(&self) -> usize {
        self.lock().late.len()
    }

    /// Returns when a write was put off, or when the time of the first has come.
    pub(super) async fn something_late(&self) {
        match self.until_due() {
            None => self.put_off.notified().await,
            Some(left) => {
                // Either way the caller looks what is due.
                let _ = tokio::time::timeout(left, self.put_off.notified()).await;
            }
        }
    }

    fn next_late(&self, now: Duration) -> Option<Waiting> {
        self.lock().late.take(now)
    }

    fn until_due(&self) -> Option<Duration> {
        self.lock().late.due().map(|due| due.saturating_sub(self.clock.elapsed()))
    }

    fn carry_out(&self, waiting: Waiting, at: Moment) {
        let Waiting { mut asked, mut recorded } = waiting;
        let Some(cloud) = self.clouds.get(&asked.door) else { return };
        let came_at = std::mem::replace(&mut asked.at, at);
        let mut answer = answer(&asked, &**cloud);
        if answer.status == 401 {
            // Its token was good when it came: whether it may is asked only once.
            asked.at = came_at;
            answer = self::answer(&asked, &**cloud);
        }
        if answer.status < 400 {
            self.lock().memory.written(asked.door);
        }
        (recorded.at, recorded.status) = (asked.at, answer.status);
        recorded.refused = answer.refused.filter(|_| answer.status != 401);
        self.record.add_carried_out(&recorded);
    }

    fn told_to_wait(&self, entry: &Entry, answer: &Answer, retry_after_secs: Option<u64>) {
        let (Some(secs), 202 | 429 | 503) = (retry_after_secs, answer.status) else { return };
        let until = self.clock.elapsed().saturating_add(Duration::from_secs(secs));
        let mut state = self.lock();
        if state.again.len() >= WAITED_FOR_MAX {
            state.again.clear();
        }
        state.again.insert(entry.fingerprint, until);
        if answer.status == 429 {
            let pause = Pause { until, told_at: self.machine.elapsed() };
            let known = state.pauses.entry(entry.principal.clone()).or_insert(pause);
            if known.until < until {
                *known = pause;
            }
        }
    }
}

impl State {
    /// True for the same request again before its time, and for any request of a principal that had to wait and, by the
    /// machine's clock, could have known.
    fn is_early(&mut self, principal: &str, fingerprint: u64, now: Duration, machine_now: Duration) -> bool {
        if self.again.remove(&fingerprint).is_some_and(|until| now < until) {
            return true;
        }
        let could_know = |pause: &Pause| machine_now.saturating_sub(pause.told_at) >= GRACE;
        self.pauses.get(principal).is_some_and(|pause| now < pause.until && could_know(pause))
    }
}

/// The tenant's answer; a tenant that panics costs one answer, and the record says so.
fn answer(asked: &Asked, cloud: &dyn Cloud) -> Answer {
    let answered = catch_unwind(AssertUnwindSafe(|| cloud.answer(asked)));
    answered.unwrap_or_else(|_| Answer::text(500, "the emulator failed").refused("the emulator itself failed"))
}

/// What an answer says about when to come again: in its header, or in its JSON as Dropbox does.
fn retry_after_secs(answer: &Answer) -> Option<u64> {
    let header = answer.headers.iter().find(|(name, _)| name.eq_ignore_ascii_case("retry-after"));
    if let Some((_, value)) = header {
        return value.trim().parse().ok();
    }
    if answer.status != 429 {
        return None;
    }
    let body: serde_json::Value = serde_json::from_slice(&answer.body).ok()?;
    body.pointer("/error/retry_after").or_else(|| body.pointer("/retry_after"))?.as_u64()
}
