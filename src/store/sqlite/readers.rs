//! The read-only connections: a few, lent for one short transaction each.
//!
//! A reader that stays open keeps the log from being folded in, so whoever reads gets what it asked for and gives the
//! connection back; the age of the oldest one that is out is told in [`super::Health`].

use super::{Failed, migrate};
use crate::clock::Clock;
use crate::store::Error;
use crate::store::error::Kind;
use crossbeam_channel::{Receiver, Sender, bounded};
use rusqlite::Connection;
use std::path::Path;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// Read-only connections; whoever asks for one more waits.
const READERS: usize = 4;

/// The connections that nobody has at present.
pub(super) struct Readers {
    idle: Receiver<Reader>,
    back: Sender<Reader>,
    clock: Clock,
    /// By the reader's number, since when it is out.
    out: Mutex<[Option<Duration>; READERS]>,
}

struct Reader {
    number: usize,
    connection: Connection,
}

impl Readers {
    pub(super) fn open(path: &Path, clock: Clock) -> Result<Self, Error> {
        let (back, idle) = bounded(READERS);
        for number in 0..READERS {
            let _ = back.send(Reader { number, connection: migrate::reader(path)? });
        }
        Ok(Self { idle, back, clock, out: Mutex::default() })
    }

    /// Runs `work` in a transaction of its own, so that all it reads is of one moment.
    pub(super) fn read<T>(&self, work: impl FnOnce(&Connection) -> Result<T, Failed>) -> Result<T, Failed> {
        let lent = self.lend()?;
        let connection = lent.connection()?;
        let transaction = connection.unchecked_transaction()?;
        work(&transaction)
    }

    /// The age of the oldest view, in milliseconds; 0 when none is open.
    pub(super) fn oldest_ms(&self) -> u64 {
        let out = self.out.lock().unwrap_or_else(PoisonError::into_inner);
        let oldest = out.iter().flatten().min().map(|since| self.clock.elapsed().saturating_sub(*since));
        oldest.map_or(0, |age| u64::try_from(age.as_millis()).unwrap_or(u64::MAX))
    }

    fn lend(&self) -> Result<Lent<'_>, Failed> {
        let reader = self.idle.recv().map_err(|_| Kind::Closed)?;
        self.note(reader.number, Some(self.clock.elapsed()));
        Ok(Lent { readers: self, reader: Some(reader) })
    }

    fn note(&self, number: usize, since: Option<Duration>) {
        let mut out = self.out.lock().unwrap_or_else(PoisonError::into_inner);
        out.get_mut(number).into_iter().for_each(|of| *of = since);
    }
}

/// A connection that goes back by itself, also when whoever has it panics.
struct Lent<'a> {
    readers: &'a Readers,
    reader: Option<Reader>,
}

impl Lent<'_> {
    fn connection(&self) -> Result<&Connection, Failed> {
        Ok(self.reader.as_ref().map(|reader| &reader.connection).ok_or(Kind::Closed)?)
    }
}

impl Drop for Lent<'_> {
    fn drop(&mut self) {
        if let Some(reader) = self.reader.take() {
            self.readers.note(reader.number, None);
            let _ = self.readers.back.send(reader);
        }
    }
}
