//! The one thread that writes: many callers' work in one commit.
//!
//! A commit costs a sync of the disk, whatever is in it; so the writer takes all work that waits, runs each piece in a savepoint
//! of its own, commits once, and only then answers. Live work (leases, completions) goes before bulk (slices of pages, imports):
//! the two take turns, so that neither waits for ever. A turn of live work is all that waits, and is answered before bulk
//! begins; a turn of bulk is over as soon as live work comes, or after [`SLICE`].

use super::{Failed, Options};
use crate::clock::Clock;
use crate::store::Error;
use crate::store::error::Kind;
use crossbeam_channel::{Receiver, Sender, bounded};
use rusqlite::Connection;
use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

/// Which work goes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Haste {
    /// Leases, completions, changes: first.
    Live,
    /// Pages of a pass, bulk enqueueing, retention: after, in slices.
    Bulk,
}

/// Pieces of work that wait at most; whoever brings more waits.
const WAITING_MAX: usize = 4_096;
/// Live pieces in one transaction at most.
const LIVE_MAX: usize = 1_024;
/// Bulk pieces in one transaction at most.
const BULK_MAX: usize = 256;
/// How long a transaction works on bulk at most, over its first piece.
const SLICE: Duration = Duration::from_millis(50);

type Answer = Result<Box<dyn Any + Send>, Failed>;
type Work = Box<dyn FnOnce(&Connection) -> Answer + Send>;

struct Piece {
    work: Work,
    answer: Sender<Answer>,
}

/// Tells a long piece of bulk whether live work waits behind it.
#[derive(Debug)]
pub(super) struct LiveWork(Sender<Piece>);

impl LiveWork {
    /// True when some does.
    pub(super) fn waits(&self) -> bool {
        !self.0.is_empty()
    }
}

/// The thread's handle; dropping it ends the thread after what waits is written.
pub(super) struct Writer {
    live: Option<Sender<Piece>>,
    bulk: Option<Sender<Piece>>,
    thread: Option<JoinHandle<()>>,
    grouping: Arc<AtomicBool>,
}

impl Writer {
    /// Starts the thread over this connection; `close` is run on it at the end.
    pub(super) fn start(
        connection: Connection,
        options: &Options,
        close: impl FnOnce(Connection) + Send + 'static,
    ) -> Result<Self, Error> {
        let (live, waiting_live) = bounded(WAITING_MAX);
        let (bulk, waiting_bulk) = bounded(WAITING_MAX);
        let clock = options.clock.clone();
        let grouping = Arc::new(AtomicBool::new(true));
        let grouped = Arc::clone(&grouping);
        let thread = std::thread::Builder::new()
            .name("store-writer".into())
            .spawn(move || {
                run(&connection, &clock, &grouped, &waiting_live, &waiting_bulk);
                close(connection);
            })
            .map_err(|error| Error::new(Kind::Failed(error.to_string()), "start the writer"))?;
        Ok(Self { live: Some(live), bulk: Some(bulk), thread: Some(thread), grouping })
    }

    /// For a piece that should end sooner when live work waits.
    pub(super) fn live_work(&self) -> Option<LiveWork> {
        self.live.clone().map(LiveWork)
    }

    /// Whether pieces share commits from now on; without, each has its own.
    pub(super) fn group_commit(&self, grouping: bool) {
        self.grouping.store(grouping, Ordering::Relaxed);
    }

    /// Hands work to the thread and waits until it is durable.
    pub(super) fn write<T: Send + 'static>(
        &self,
        haste: Haste,
        doing: &'static str,
        work: impl FnOnce(&Connection) -> Result<T, Failed> + Send + 'static,
    ) -> Result<T, Error> {
        let closed = || Error::new(Kind::Closed, doing);
        let (answer, answered) = bounded(1);
        let work: Work = Box::new(|connection| work(connection).map(|done| Box::new(done) as Box<dyn Any + Send>));
        let lane = if haste == Haste::Live { &self.live } else { &self.bulk };
        lane.as_ref().ok_or_else(closed)?.send(Piece { work, answer }).map_err(|_| closed())?;
        let done = answered.recv().map_err(|_| closed())?.map_err(|failed| failed.told(doing))?;
        done.downcast::<T>().map(|done| *done).map_err(|_| closed())
    }
}

#[cfg(test)]
impl Writer {
    /// Pieces that wait.
    pub(super) fn waiting(&self) -> usize {
        [&self.live, &self.bulk].into_iter().flatten().map(Sender::len).sum()
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.live.take();
        self.bulk.take();
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// Until both ends are closed.
fn run(connection: &Connection, clock: &Clock, grouping: &AtomicBool, live: &Receiver<Piece>, bulk: &Receiver<Piece>) {
    loop {
        let (first, from) = crossbeam_channel::select! {
            recv(live) -> piece => piece.map_or_else(|_| (bulk.recv(), Haste::Bulk), |piece| (Ok(piece), Haste::Live)),
            recv(bulk) -> piece => piece.map_or_else(|_| (live.recv(), Haste::Live), |piece| (Ok(piece), Haste::Bulk)),
        };
        let Ok(first) = first else { break };
        if !grouping.load(Ordering::Relaxed) {
            let mut batch = Batch::begin(connection);
            batch.piece(first);
            batch.commit();
            continue;
        }
        let (first_live, first_bulk) = if from == Haste::Live { (Some(first), None) } else { (None, Some(first)) };
        Batch::live(connection, first_live, live);
        Batch::bulk(connection, clock, first_bulk, live, bulk);
    }
}

/// One transaction.
struct Batch<'a> {
    connection: &'a Connection,
    done: Vec<(Sender<Answer>, Answer)>,
    /// Why nothing of it can be written any more.
    broken: Option<Kind>,
}

impl<'a> Batch<'a> {
    fn begin(connection: &'a Connection) -> Self {
        let begun = connection.execute_batch("BEGIN IMMEDIATE");
        Self { connection, done: Vec::new(), broken: begun.err().map(|error| super::kind_of(&error)) }
    }

    /// All live work that waits.
    fn live(connection: &'a Connection, first: Option<Piece>, live: &Receiver<Piece>) {
        let Some(first) = first.or_else(|| live.try_recv().ok()) else { return };
        let mut batch = Self::begin(connection);
        batch.piece(first);
        live.try_iter().take(LIVE_MAX).for_each(|piece| batch.piece(piece));
        batch.commit();
    }

    /// One piece of bulk, and more while nothing live waits.
    fn bulk(
        connection: &'a Connection,
        clock: &Clock,
        first: Option<Piece>,
        live: &Receiver<Piece>,
        bulk: &Receiver<Piece>,
    ) {
        let Some(first) = first.or_else(|| bulk.try_recv().ok()) else { return };
        let mut batch = Self::begin(connection);
        let began = clock.elapsed();
        for piece in std::iter::once(first).chain(bulk.try_iter()).take(BULK_MAX) {
            batch.piece(piece);
            if !live.is_empty() || clock.elapsed().saturating_sub(began) >= SLICE {
                break;
            }
        }
        batch.commit();
    }

    /// Runs a piece in a savepoint of its own.
    fn piece(&mut self, piece: Piece) {
        let answer = match &self.broken {
            Some(kind) => Err(Failed::Kind(kind.clone())),
            None => in_savepoint(self.connection, piece.work),
        };
        // A full disk or a failed read can end the whole transaction by itself, and with it what others had written.
        if self.broken.is_none() && self.connection.is_autocommit() {
            self.broken = Some(match &answer {
                Err(Failed::Sql(error)) => super::kind_of(error),
                Err(Failed::Kind(kind)) => kind.clone(),
                Ok(_) => Kind::Failed("the transaction ended early".into()),
            });
        }
        self.done.push((piece.answer, answer));
    }

    /// Commits, and only then answers.
    fn commit(mut self) {
        if self.broken.is_none()
            && let Err(error) = self.connection.execute_batch("COMMIT")
        {
            self.broken = Some(super::kind_of(&error));
        }
        if !self.connection.is_autocommit() {
            let _ = self.connection.execute_batch("ROLLBACK");
        }
        for (to, answer) in self.done {
            let answer = match (&self.broken, answer) {
                (Some(kind), Ok(_)) => Err(Failed::Kind(kind.clone())),
                (_, answer) => answer,
            };
            let _ = to.send(answer);
        }
    }
}

fn in_savepoint(connection: &Connection, work: Work) -> Answer {
    connection.execute_batch("SAVEPOINT piece")?;
    // A panic in one caller's piece must not take everybody's writer away.
    let answer = catch_unwind(AssertUnwindSafe(|| work(connection)))
        .unwrap_or_else(|_| Err(Failed::Kind(Kind::Failed("the work panicked".into()))));
    if connection.is_autocommit() {
        return answer.and(Err(Failed::Kind(Kind::Failed("the transaction ended early".into()))));
    }
    let end = if answer.is_ok() { "RELEASE piece" } else { "ROLLBACK TO piece; RELEASE piece" };
    connection.execute_batch(end)?;
    answer
}
