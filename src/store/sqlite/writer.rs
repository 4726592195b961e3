//! The one thread that writes: many callers' work in one commit.
//!
//! A commit costs a sync of the disk, whatever is in it; so the writer takes all work that waits, runs each piece in a savepoint
//! of its own, commits once, and only then answers. Live work (leases, completions) goes before bulk (pages, imports), and bulk
//! is cut into slices of at most 50 ms.

use super::{Failed, Options};
use crate::store::Error;
use crate::store::error::Kind;
use crossbeam_channel::{Receiver, Sender, bounded};
use rusqlite::Connection;
use std::any::Any;
use std::thread::JoinHandle;

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

type Answer = Result<Box<dyn Any + Send>, Failed>;
type Work = Box<dyn FnOnce(&Connection) -> Answer + Send>;

struct Piece {
    work: Work,
    answer: Sender<Answer>,
}

/// The thread's handle; dropping it ends the thread after what waits is written.
pub(super) struct Writer {
    live: Option<Sender<Piece>>,
    bulk: Option<Sender<Piece>>,
    thread: Option<JoinHandle<()>>,
}

impl Writer {
    /// Starts the thread over this connection.
    pub(super) fn start(connection: Connection, _options: &Options) -> Result<Self, Error> {
        let (live, waiting_live) = bounded(WAITING_MAX);
        let (bulk, waiting_bulk) = bounded(WAITING_MAX);
        let thread = std::thread::Builder::new()
            .name("store-writer".into())
            .spawn(move || run(&connection, &waiting_live, &waiting_bulk))
            .map_err(|error| Error::new(Kind::Failed(error.to_string()), "start the writer"))?;
        Ok(Self { live: Some(live), bulk: Some(bulk), thread: Some(thread) })
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
fn run(connection: &Connection, live: &Receiver<Piece>, bulk: &Receiver<Piece>) {
    loop {
        let first = crossbeam_channel::select! {
            recv(live) -> piece => piece.or_else(|_| bulk.recv()),
            recv(bulk) -> piece => piece.or_else(|_| live.recv()),
        };
        let Ok(first) = first else { break };
        let mut pieces = vec![first];
        pieces.extend(live.try_iter().take(WAITING_MAX));
        commit(connection, pieces);
    }
}

/// Runs the pieces in one transaction, and answers once it is durable.
fn commit(connection: &Connection, pieces: Vec<Piece>) {
    let mut done: Vec<(Sender<Answer>, Answer)> = Vec::with_capacity(pieces.len());
    if let Err(error) = connection.execute_batch("BEGIN IMMEDIATE") {
        let kind = super::kind_of(&error);
        pieces.into_iter().for_each(|piece| drop(piece.answer.send(Err(Failed::Kind(kind.clone())))));
        return;
    }
    for piece in pieces {
        let answer = in_savepoint(connection, piece.work);
        done.push((piece.answer, answer));
    }
    let committed = connection.execute_batch("COMMIT");
    let kind = committed.as_ref().err().map(super::kind_of);
    if kind.is_some() {
        let _ = connection.execute_batch("ROLLBACK");
    }
    for (to, answer) in done {
        let answer = match &kind {
            Some(kind) => Err(Failed::Kind(kind.clone())),
            None => answer,
        };
        let _ = to.send(answer);
    }
}

fn in_savepoint(connection: &Connection, work: Work) -> Answer {
    connection.execute_batch("SAVEPOINT piece")?;
    let answer = work(connection);
    let end = if answer.is_ok() { "RELEASE piece" } else { "ROLLBACK TO piece; RELEASE piece" };
    connection.execute_batch(end)?;
    answer
}
