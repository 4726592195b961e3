//! Threads that call the provider, and the one thread that hands out work and takes results.
//!
//! At most as many jobs are out as there are threads, so that both channels always have room and nobody waits for a full
//! one.

use super::{Options, Progress};
use crate::provider::{Error, Next};
use crossbeam_channel::{Receiver, Sender, bounded};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::thread;

/// The handing-out end.
#[derive(Debug)]
pub(super) struct Hands<J, R> {
    jobs: Sender<J>,
    results: Receiver<R>,
    out: usize,
    threads: usize,
}

impl<J, R> Hands<J, R> {
    /// True when every thread has a job.
    pub(super) fn full(&self) -> bool {
        self.out >= self.threads
    }

    /// Hands out a job; only when not [`Hands::full`].
    pub(super) fn give(&mut self, job: J) {
        if self.jobs.send(job).is_ok() {
            self.out += 1;
        }
    }

    /// The next result, waiting for it; `None` when no job is out.
    pub(super) fn take(&mut self) -> Option<R> {
        if self.out == 0 {
            return None;
        }
        self.out -= 1;
        self.results.recv().ok()
    }
}

/// Runs `body` with so many threads that each do `work`. The threads end when `body` does.
pub(super) fn with_threads<J: Send, R: Send, T>(
    threads: usize,
    work: impl Fn(J) -> R + Sync,
    body: impl FnOnce(&mut Hands<J, R>) -> T,
) -> T {
    let threads = threads.max(1);
    let (jobs, waiting) = bounded::<J>(threads);
    let (done, results) = bounded::<R>(threads);
    thread::scope(|scope| {
        for _ in 0..threads {
            let (waiting, done, work) = (waiting.clone(), done.clone(), &work);
            scope.spawn(move || {
                for job in waiting {
                    if done.send(work(job)).is_err() {
                        break;
                    }
                }
            });
        }
        drop((waiting, done));
        let mut hands = Hands { jobs, results, out: 0, threads };
        let result = body(&mut hands);
        drop(hands);
        result
    })
}

/// A call to a source; a panic in it becomes an error, so that one bad answer never ends the run.
pub(super) fn guarded<T>(doing: &str, call: impl FnOnce() -> Result<T, Error>) -> Result<T, Error> {
    catch_unwind(AssertUnwindSafe(call))
        .unwrap_or_else(|_| Err(Error::new(Next::Refused, doing, "the connector failed in an unforeseen way")))
}

/// Calls until it goes well, the fault is one that stays, or the tries are used up. `drawn` spreads the waits. To be told to
/// come later uses up no try.
pub(super) fn again<T>(
    options: &Options,
    progress: &Progress,
    drawn: u32,
    call: impl Fn() -> Result<T, Error>,
) -> Result<T, Error> {
    let mut failures = 0;
    loop {
        Progress::add(&progress.calls, 1);
        let error = match call() {
            Ok(answer) => return Ok(answer),
            Err(error) => error,
        };
        let wait = match error.next() {
            Next::Transient | Next::Locked => {
                failures += 1;
                options.backoff.wait(failures, u64::from(drawn))
            }
            Next::Throttled(until) => until.since(options.clock.now()),
            _ => return Err(error),
        };
        if failures >= options.tries_max || !options.clock.wait(wait, &options.stop) {
            return Err(error);
        }
    }
}
