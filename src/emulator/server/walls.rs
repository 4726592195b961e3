//! What a request passes on its way to a tenant: injected faults, then its principal's pace; and the record of it all.

use super::Options;
use crate::clock::Clock;
use crate::emulator::fault::{self, About, Dice, Drawn, Fault, Faults};
use crate::emulator::limit::{Limiter, Pace};
use crate::emulator::record::{Record, Recorded};
use crate::emulator::wire::{Answer, Asked, Cloud, Door};
use std::collections::{BTreeMap, HashMap};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

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
        };
        Self {
            clock: options.clock,
            machine: Clock::machine(),
            clouds: options.clouds.into_iter().collect(),
            record: Record::default(),
            state: Mutex::new(state),
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
        let mut entry = self.enter(&asked, &**cloud);
        let answer = match entry.answer.take() {
            Some(answer) => answer,
            None => self.ask(&mut asked, &**cloud).await,
        };
        let stands = if let Some(Fault::Stalled { stands }) = entry.drawn.fault { stands } else { entry.drawn.late };
        if !stands.is_zero() && !self.clock.is_movable() {
            tokio::time::sleep(stands).await;
        }
        self.leave(&asked, entry, answer)
    }

    /// The walls, in their order: faults, then pace.
    fn enter(&self, asked: &Asked, cloud: &dyn Cloud) -> Entry {
        let principal = cloud.principal(asked);
        let about = About { asked, principal: &principal, is_content: cloud.is_content(asked) };
        let (fingerprint, now) = (fault::fingerprint(&about), self.clock.elapsed());
        let mut state = self.lock();
        let faults = state.faults;
        let drawn = state.dice.draw(about, &faults);
        let early = state.is_early(&principal, fingerprint, now, self.machine.elapsed());
        let pace = state.pace;
        // Signed download addresses have no pace of their own.
        let wait = if asked.door == Door::BoxDownload { None } else { state.limiter.take(&principal, pace, now) };
        drop(state);
        let mut entry = Entry { principal, fingerprint, drawn, early, over_pace: false, answer: None };
        match drawn.fault {
            Some(Fault::Throttled { form, wait }) => entry.answer = Some(cloud.too_many(asked, form, wait)),
            Some(Fault::Failing { form }) => entry.answer = Some(fault::failing(form)),
            Some(Fault::NotReady { wait }) => entry.answer = Some(fault::not_ready(wait)),
            // A request that carries no position has nothing to lose.
            Some(Fault::Reset) if !cloud.forget_position(asked) => entry.drawn.fault = None,
            // Nobody sees it: the record shows no status.
            Some(Fault::Stalled { .. }) => entry.answer = Some(Answer::empty(0)),
            Some(Fault::Reset | Fault::Cut { .. } | Fault::Lost) | None => {}
        }
        if let (None, Some(wait)) = (&entry.answer, wait) {
            // In whole seconds, rounded up, and always in the header: what it says can be obeyed.
            let wait = Duration::from_secs(wait.as_secs() + 1);
            entry.answer = Some(cloud.too_many(asked, 0, wait));
            entry.over_pace = true;
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
            if cloud.version() != seen {
                return true;
            }
            let left = end.saturating_sub(self.clock.elapsed());
            if left.is_zero() {
                return false;
            }
            if self.clock.is_movable() {
                self.clock.wait(left, &AtomicBool::new(false));
            } else {
                tokio::time::sleep(left.min(LOOK_EVERY)).await;
            }
        }
    }

    fn leave(&self, asked: &Asked, entry: Entry, answer: Answer) -> Reply {
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
        let lost = matches!(entry.drawn.fault, Some(Fault::Stalled { .. } | Fault::Lost));
        let retry_after_secs = retry_after_secs(&answer).filter(|_| !lost);
        self.told_to_wait(&entry, &answer, retry_after_secs);
        let missed_cut = matches!(entry.drawn.fault, Some(Fault::Cut { .. })) && cut.is_none();
        self.record.add(Recorded {
            at: asked.at,
            door: asked.door,
            method: asked.method.clone(),
            path: asked.path.clone(),
            query: asked.query.clone(),
            status: answer.status,
            retry_after_secs,
            refused: answer.refused.clone(),
            faulted: entry.drawn.fault.is_some() && !missed_cut && !entry.over_pace,
            authorized: asked.header("authorization").is_some(),
            early: entry.early,
            over_pace: entry.over_pace,
            principal: entry.principal,
        });
        Reply { answer, cut, lost }
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
