//! How a thread ends the whole run: by an error that somebody will read.

use crate::store;
use crate::store::error::Kind;
use crossbeam_channel::{Receiver, Sender, bounded};
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// Errors kept until somebody reads them; the first tells the cause.
const KEPT_MAX: usize = 4;

/// Why a run ended by itself.
#[derive(Debug)]
pub enum Error {
    /// The store failed. [`store::Error::is_full`] when the disk is full: everything stored stays as it is, and a new run goes
    /// on where this one stopped.
    Store(store::Error),
    /// A thread of the service panicked: which.
    Panicked(String),
    /// Threads could not be made.
    Threads(String),
}

impl Error {
    /// True when room on the disk would help.
    #[must_use]
    pub fn is_full(&self) -> bool {
        matches!(self, Error::Store(error) if error.is_full())
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::Store(error) => error.fmt(f),
            Error::Panicked(thread) => {
                write!(
                    f,
                    "the thread {thread} failed in an unforeseen way\n  nothing is lost; start again, and report it"
                )
            }
            Error::Threads(why) => write!(f, "threads could not be made: {why}"),
        }
    }
}

impl std::error::Error for Error {}

/// Where threads tell what ends the run.
#[derive(Debug)]
pub(crate) struct Signals {
    stop: Arc<AtomicBool>,
    told: (Sender<Error>, Receiver<Error>),
}

impl Signals {
    pub(crate) fn new(stop: Arc<AtomicBool>) -> Self {
        Self { stop, told: bounded(KEPT_MAX) }
    }

    /// The store failed: the run ends.
    pub(crate) fn store(&self, error: store::Error) {
        // Its failures while everything ends are no news, but for those that are why: a task of many threads has raised the
        // flag already when it hands on what one of them met.
        let is_why = matches!(error.kind(), Kind::Full | Kind::Damaged(_) | Kind::WrongKey);
        if is_why || !self.stopped() {
            tracing::error!(%error, "the store failed: the service stops");
            self.tell(Error::Store(error));
        }
    }

    /// A thread panicked: the run ends.
    pub(crate) fn panicked(&self, thread: &str) {
        tracing::error!(thread, "a thread panicked: the service stops");
        self.tell(Error::Panicked(thread.to_owned()));
    }

    /// The first error that nobody has read, waiting for one at most so long.
    pub(crate) fn failed(&self, within: Duration) -> Option<Error> {
        self.told.1.recv_timeout(within).ok()
    }

    pub(crate) fn stopped(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }

    fn tell(&self, error: Error) {
        // The first ones say why; more would only say it again.
        let _ = self.told.0.try_send(error);
        self.stop.store(true, Ordering::Relaxed);
    }
}
