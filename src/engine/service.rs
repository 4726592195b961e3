//! The running service: all threads from the feeds to the settled job, started together and stopped together.
//!
//! Nothing ends silently. A thread that panics, a store that fails and a full disk raise the stop flag and are told as the
//! error of the run ([`Running::failed`]). A stop drops what is in the middle, gives every lease back, and takes a bounded time.

mod signals;

pub use signals::Error;
pub(crate) use signals::Signals;

use super::core::Core;
use super::fetch::Fetcher;
use super::fetch::dispatch::Dispatcher;
use super::inspecting::Inspecting;
use super::pool::hand::{Bounds, Ended};
use super::pool::{Desk, Hand, Room, Twins};
use super::scan::{self, Scanner};
use super::settle::Settler;
use super::settle::below::Below;
use crate::content::Spool;
use crate::extract::cell::Cells;
use crate::extract::ocr::Ocr;
use crossbeam_channel::{Receiver, Sender, bounded};
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::thread::{Builder, JoinHandle};
use std::time::Duration;

/// Jobs in hand at most. A lease costs little and a question for a hundred files' members wants a hundred of them together.
const IN_HAND_MAX: usize = 256;
/// Of them of one principal.
const IN_HAND_PER_PRINCIPAL: usize = 128;
/// Threads that settle: so many completions can share one commit.
const SETTLE_THREADS: usize = 8;
/// Fetch threads that one principal's jobs may have, beside two more for live ones.
const THREADS_PER_PRINCIPAL: usize = 4;
/// How long a stop waits for what is under way before it leaves the threads to themselves.
const STOP_WITHIN: Duration = Duration::from_secs(10);

/// What is under way.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Status {
    /// Jobs in hand.
    pub in_hand: usize,
    /// Of them live ones.
    pub in_hand_live: usize,
    /// Of them waiting for a fetch thread.
    pub waiting_to_fetch: usize,
    /// Fetch threads at work.
    pub fetching: usize,
    /// Jobs waiting for the verdict of an identical content under way.
    pub waiting_for_twin: usize,
    /// Bytes of contents between fetch and settle, in memory.
    pub bytes_in_flight: u64,
}

/// A thread's life; it returns when [`Core::stopped`].
pub type Life = Box<dyn FnOnce(&Core) -> Result<(), crate::store::Error> + Send>;

/// A thread of the service that others bring: feeds, passes, retention. It returns when [`Core::stopped`].
pub struct Task {
    /// The thread's name.
    pub name: String,
    /// What it does.
    pub run: Life,
}

impl fmt::Debug for Task {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Task").field("name", &self.name).finish_non_exhaustive()
    }
}

/// What the service is put together from.
#[derive(Debug)]
pub struct Parts {
    /// Further threads.
    pub tasks: Vec<Task>,
    /// Where the readers run that must not run here; as many as threads that scan.
    pub cells: Cells,
}

impl Parts {
    /// The stages alone, reading in these cells.
    #[must_use]
    pub fn new(cells: Cells) -> Self {
        Self { tasks: Vec::new(), cells }
    }
}

/// The service.
#[derive(Clone, Copy, Debug)]
pub struct Service;

impl Service {
    /// Starts all threads.
    ///
    /// # Errors
    /// When threads cannot be made; those that were are ended.
    pub fn start(core: &Arc<Core>, parts: Parts) -> Result<Running, Error> {
        let mut running = Running::new(Arc::clone(core));
        match running.begin(parts) {
            Ok(()) => Ok(running),
            Err(error) => {
                let _ = running.stop();
                Err(error)
            }
        }
    }
}

/// A service that runs. Dropped, it ends as by [`Running::stop`].
#[derive(Debug)]
pub struct Running {
    core: Arc<Core>,
    hand: Arc<Hand>,
    desk: Arc<Desk>,
    room: Arc<Room>,
    twins: Arc<Twins>,
    signals: Arc<Signals>,
    threads: Vec<Thread>,
}

/// A thread, and the channel that closes when it has ended.
#[derive(Debug)]
struct Thread {
    thread: JoinHandle<()>,
    ended: Receiver<()>,
}

impl Running {
    fn new(core: Arc<Core>) -> Self {
        let options = &core.options;
        // Live slots leave something for the others in any case.
        let live_slots = options.live_slots.min(IN_HAND_MAX / 2);
        let bounds = Bounds { max: IN_HAND_MAX, live_slots, per_principal: IN_HAND_PER_PRINCIPAL };
        let desk = Arc::new(Desk::new(THREADS_PER_PRINCIPAL));
        Self {
            hand: Arc::new(Hand::new(bounds)),
            room: Arc::new(Room::new(options.bytes_in_flight_max)),
            twins: Arc::new(Twins::new(Arc::clone(&desk))),
            signals: Arc::new(Signals::new(Arc::clone(&core.stop))),
            desk,
            core,
            threads: Vec::new(),
        }
    }

    fn begin(&mut self, parts: Parts) -> Result<(), Error> {
        let options = self.core.options.clone();
        let inspecting = Arc::new(Inspecting::new(options.limits.clone(), parts.cells.ocr().map(Ocr::canonical)));
        let spool = Spool::new(options.spool.clone());
        let (contents, to_scan) = bounded(IN_HAND_MAX);
        let (finished, to_settle) = bounded(IN_HAND_MAX);
        let (below, folders) = bounded(IN_HAND_MAX);
        for number in 0..SETTLE_THREADS {
            let (core, signals) = (self.core.clone(), self.signals.clone());
            let settler = Settler { core, signals, finished: to_settle.clone() };
            self.spawn(format!("settle-{number}"), move || settler.run())?;
        }
        let (core, signals) = (self.core.clone(), self.signals.clone());
        let below_thread = Below { core, signals, folders, finished: finished.clone() };
        self.spawn("below".into(), move || below_thread.run())?;
        let scanner = Scanner {
            core: self.core.clone(),
            inspecting: Arc::clone(&inspecting),
            spool: spool.clone(),
            cells: parts.cells,
            pool: scan::pool(options.scan_threads).map_err(|error| Error::Threads(error.to_string()))?,
            contents: to_scan,
            finished: finished.clone(),
            in_hand_max: IN_HAND_MAX,
        };
        self.spawn("scan".into(), move || scanner.run())?;
        let fetcher = Fetcher {
            core: self.core.clone(),
            desk: self.desk.clone(),
            room: self.room.clone(),
            twins: self.twins.clone(),
            spool,
            inspecting,
            signals: self.signals.clone(),
            contents,
            finished,
            below,
        };
        let threads = options.fetch_threads.max(2);
        let live_only = options.live_slots.min(threads - 1);
        for number in 0..threads {
            let fetcher = fetcher.clone();
            self.spawn(format!("fetch-{number}"), move || fetcher.run(number < live_only))?;
        }
        let dispatcher = Dispatcher { fetcher, hand: self.hand.clone() };
        self.spawn("lease".into(), move || dispatcher.run())?;
        for Task { name, run } in parts.tasks {
            let (core, signals) = (self.core.clone(), self.signals.clone());
            self.spawn(name, move || {
                if let Err(error) = run(&core) {
                    signals.store(error);
                }
            })?;
        }
        Ok(())
    }

    fn spawn(&mut self, name: String, run: impl FnOnce() + Send + 'static) -> Result<(), Error> {
        let (alive, ended): (Sender<()>, _) = bounded(0);
        let (signals, desk, of) = (self.signals.clone(), self.desk.clone(), name.clone());
        let body = move || {
            if catch_unwind(AssertUnwindSafe(run)).is_err() {
                signals.panicked(&of);
            }
            if signals.stopped() {
                desk.close();
            }
            drop(alive);
        };
        let thread = Builder::new().name(name).spawn(body).map_err(|error| Error::Threads(error.to_string()))?;
        self.threads.push(Thread { thread, ended });
        Ok(())
    }

    /// Waits at most so long for something that ends the run by itself; `None` while all is well. Whoever hears of an error
    /// calls [`Running::stop`].
    #[must_use]
    pub fn failed(&self, within: Duration) -> Option<Error> {
        self.signals.failed(within)
    }

    /// What is under way; what was done stands in [`Core::stats`].
    #[must_use]
    pub fn status(&self) -> Status {
        let (in_hand, in_hand_live) = self.hand.counts();
        Status {
            in_hand,
            in_hand_live,
            waiting_to_fetch: self.desk.waiting(),
            fetching: self.desk.running(),
            waiting_for_twin: self.twins.waiting(),
            bytes_in_flight: self.room.used_bytes(),
        }
    }

    /// Wakes the thread that leases: there is new work.
    pub fn wake(&self) {
        self.hand.ring();
    }

    /// Ends the run in good order: nothing new begins, what is in the middle is dropped, every lease goes back with its
    /// attempts unchanged. Takes at most some ten seconds.
    ///
    /// # Errors
    /// What ended the run before, or the store's refusal of the leases; they then end by themselves.
    pub fn stop(mut self) -> Result<(), Error> {
        self.end()
    }

    fn end(&mut self) -> Result<(), Error> {
        self.core.stop.store(true, Ordering::Relaxed);
        self.desk.close();
        self.hand.ring();
        let deadline = self.core.clock.is_movable().then_some(STOP_WITHIN);
        let began = self.core.clock.elapsed();
        for Thread { thread, ended } in self.threads.drain(..) {
            let left =
                deadline.unwrap_or_else(|| STOP_WITHIN.saturating_sub(self.core.clock.elapsed().saturating_sub(began)));
            // The channel closes as the thread ends; one that does not is left to itself and holds no lease any more.
            if ended.recv_timeout(left).is_err_and(|error| error.is_disconnected()) {
                let _ = thread.join();
            }
        }
        let Ended { back, failed } = self.hand.clear();
        let store = &self.core.store;
        let given = if back.is_empty() { Ok(()) } else { store.give_back(&back).map(drop) };
        let noted = if failed.is_empty() { Ok(()) } else { store.fail(&failed).map(drop) };
        match self.signals.failed(Duration::ZERO) {
            Some(error) => Err(error),
            None => given.and(noted).map_err(Error::Store),
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if !self.threads.is_empty() {
            let _ = self.end();
        }
    }
}
