//! Scan: contents in, verdicts out. Rayon threads only compute: whatever a task needs is there before it is spawned, and its
//! verdict goes into a channel that has room for every job in hand.
//!
//! Scratch is lent from a pool and belongs to the rules it was made for. When the rules in force change, contents under way are
//! finished with the old ones, and the next are scanned with the new.

use super::core::{Core, InForce};
use super::fetch::Fetched;
use super::inspecting::Inspecting;
use super::names;
use super::settle::Finished;
use super::stats::Count;
use super::step;
use crate::clock::Clock;
use crate::content::Spool;
use crate::extract::cell::Cells;
use crate::inspect::{Inspector, Surroundings};
use crate::model::Verdict;
use crate::store::Outcome;
use crossbeam_channel::{Receiver, Sender, bounded};
use rayon::ThreadPool;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

/// Stack of a thread that inspects, in bytes: members nest on it.
const STACK_BYTES: usize = 16 << 20;

/// The stage's means.
#[derive(Debug)]
pub(crate) struct Scanner {
    pub(crate) core: Arc<Core>,
    pub(crate) inspecting: Arc<Inspecting>,
    pub(crate) spool: Spool,
    pub(crate) cells: Cells,
    pub(crate) pool: ThreadPool,
    pub(crate) contents: Receiver<Box<Fetched>>,
    pub(crate) finished: Sender<Box<Finished>>,
    /// Jobs in hand at most.
    pub(crate) in_hand_max: usize,
}

/// The threads that compute.
///
/// # Errors
/// The threads could not be made.
pub(crate) fn pool(threads: usize) -> Result<ThreadPool, rayon::ThreadPoolBuildError> {
    rayon::ThreadPoolBuilder::new()
        .num_threads(threads.max(1))
        .stack_size(STACK_BYTES)
        .thread_name(|number| format!("scan-{number}"))
        .build()
}

impl Scanner {
    /// The thread that hands contents to rayon, until no more come.
    pub(crate) fn run(&self) {
        let mut next = self.contents.recv().ok();
        while let Some(first) = next {
            next = self.under(&self.core.in_force(), first);
        }
    }

    /// Scans under one set of rules; ends with the first content that comes after they changed.
    fn under(&self, rules: &InForce, first: Box<Fetched>) -> Option<Box<Fetched>> {
        let lent = Lent::new(self, rules);
        let queue = Queue::new(self.in_hand_max);
        self.pool.in_place_scope(|scope| {
            let mut next = Some(first);
            while let Some(fetched) = next {
                if self.core.in_force().number != rules.number {
                    return Some(fetched);
                }
                queue.put(fetched);
                let (lent, queue) = (&lent, &queue);
                // A task takes whichever content is the most urgent by then.
                scope.spawn(move |_| queue.take().into_iter().for_each(|fetched| self.scan(fetched, rules, lent)));
                next = self.contents.recv().ok();
            }
            None
        })
    }

    fn scan(&self, fetched: Box<Fetched>, rules: &InForce, lent: &Lent<'_>) {
        let Fetched { mut work, content, sha256, hash, holds } = *fetched;
        if self.core.stopped() {
            return;
        }
        step::passed("verdict.before");
        let scanned = catch_unwind(AssertUnwindSafe(|| {
            let mut verdict = lent.inspect(&content, &work.item.name);
            names::cover_verdict(&rules.matcher, &mut verdict);
            verdict
        }));
        drop(content);
        let Ok(verdict) = scanned else {
            let wait = self.core.clock.steady().plus(AFTER_A_CRASH);
            let said = "the inspection failed in an unforeseen way".to_owned();
            work.ticket.failed(crate::model::Reason::Crashed, said, wait, self.core.options.attempts_max);
            return;
        };
        // What was interrupted is no verdict.
        if self.core.stopped() {
            return;
        }
        step::passed("verdict.after");
        let tally = self.core.stats.of(work.tenant.number);
        tally.add(Count::Scanned, 1);
        tally.add(Count::ScannedBytes, verdict.bytes);
        let extraction = self.inspecting.extraction(verdict.sniffed);
        let (rules, verdict) = (rules.number, Box::new(verdict));
        work.settlement.outcome = Some(Outcome::Read { content: sha256, extraction, rules, verdict, hash });
        let _ = self.finished.send(Box::new(Finished { work, holds }));
    }
}

/// After a crash outside the inspection's own walls a job is tried again so much later.
const AFTER_A_CRASH: std::time::Duration = std::time::Duration::from_secs(60);

/// Contents handed to rayon, live ones first. Both have room for all jobs in hand, so nobody waits.
struct Queue {
    live: (Sender<Box<Fetched>>, Receiver<Box<Fetched>>),
    others: (Sender<Box<Fetched>>, Receiver<Box<Fetched>>),
}

impl Queue {
    fn new(room: usize) -> Self {
        Self { live: bounded(room), others: bounded(room) }
    }

    fn put(&self, fetched: Box<Fetched>) {
        let to = if fetched.work.is_live() { &self.live } else { &self.others };
        // Never full; a content that did not fit would be dropped, and its lease would go back.
        let _ = to.0.try_send(fetched);
    }

    fn take(&self) -> Option<Box<Fetched>> {
        self.live.1.try_recv().or_else(|_| self.others.1.try_recv()).ok()
    }
}

/// Inspectors to lend: scratch is made when first needed and returned after use.
struct Lent<'m> {
    free: (Sender<Inspector<'m>>, Receiver<Inspector<'m>>),
    make: Box<dyn Fn() -> Inspector<'m> + Send + Sync + 'm>,
}

impl<'m> Lent<'m> {
    fn new(scanner: &'m Scanner, rules: &'m InForce) -> Self {
        let options = scanner.inspecting.options().clone();
        let surroundings = Surroundings {
            spool: scanner.spool.clone(),
            cells: scanner.cells.clone(),
            // An inspection's time is the machine's, whatever clock the waits go by.
            clock: Clock::machine(),
            interrupt: Arc::clone(&scanner.core.stop),
        };
        let (matcher, key) = (&*rules.matcher, &scanner.core.key);
        Self {
            free: bounded(scanner.pool.current_num_threads() + 1),
            make: Box::new(move || Inspector::new(matcher, key, options.clone(), surroundings.clone())),
        }
    }

    fn inspect(&self, content: &crate::content::Content, name: &str) -> Verdict {
        let mut inspector = self.free.1.try_recv().unwrap_or_else(|_| (self.make)());
        let verdict = inspector.inspect(content, name);
        // A pool that is full already has enough.
        let _ = self.free.0.try_send(inspector);
        verdict
    }
}
