//! The cell: a child process in which the readers run that might be turned by a hostile document.
//!
//! Rows of the registry that say `InCell` are read by a child that this program executes (itself, by a hidden word on the
//! command line), never forks: it holds no secret, no rule, no open file but the document, and it has walled itself in before
//! the first byte comes (`walls`). It reads one document at a time; text and members come back over a socket as records
//! (`wire`), in which the parent believes nothing (`listen`). A full socket holds the cell back. Silence, the file's
//! deadline, a lie, a crash end the cell and cost that document its verdict's completeness, nothing else: what came before is
//! kept, and another cell is started at once (`pool`).
//!
//! # Who waits for whom
//!
//! There are as many cells as threads that scan, and a thread holds at most one. So no thread ever waits for a cell that
//! another holds, and no chain of them can close to a ring. For that a walk never takes a second cell while the first waits
//! for it: a member that needs a cell is put aside (`inspect::walk`) and read when the cell that sent it is given back. However
//! deep mails lie in archives in mails, one cell is enough.
//!
//! A thread of rayon that reads from its cell does wait, which the house forbids for sockets, locks and channels. It waits
//! here for a computation of its own, done elsewhere for safety: the cell has nothing to wait for but that thread, every wait
//! is cut into steps that look at the deadline and at the user's wish to stop, and silence has its bound.

mod child;
mod exercise;
mod listen;
mod pool;
pub(super) mod program;
mod request;
mod sys;
mod walls;
mod wire;

pub use child::dispatched;
pub use exercise::{Attempted, Exercise, FLOOD_BYTES, KEPT_BYTES};
pub use walls::{Layer, Layers};

use super::ocr::Ocr;
use super::registry::Kind;
use super::{Extractor, Failure, Output, Source, Stop};
use crate::content::Budget;
use crate::model::{Limit, Reason};
use listen::{Broken, Live, hear};
use pool::{Death, Lease, NoCell, Pool};
use request::{Request, Task};
use std::fmt;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

/// How cells are kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    /// The program to execute. Default: this one.
    pub program: PathBuf,
    /// Cells. Default 1; to be as many as threads that scan.
    pub cells: usize,
    /// A cell that says nothing for so long is ended. Default 60 s.
    pub silence: Duration,
    /// Memory that one cell may hold, in bytes. Default [`memory_share`].
    pub memory_bytes: u64,
    /// A cell is replaced after so many documents. Default 1,000.
    pub documents_max: u32,
    /// Refuse to read where a required wall is missing. Default false.
    pub require_walls: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            program: PathBuf::from("/proc/self/exe"),
            cells: 1,
            silence: Duration::from_secs(60),
            memory_bytes: memory_share(1),
            documents_max: 1_000,
            require_walls: false,
        }
    }
}

impl Options {
    /// The usual ones, for so many threads that scan.
    #[must_use]
    pub fn for_threads(threads: usize) -> Self {
        Self { cells: threads, memory_bytes: memory_share(threads), ..Self::default() }
    }
}

/// Memory of all processes together, in bytes.
const ALL_BYTES: u64 = 512 << 20;
/// Of these the parent's: rules, scratch, contents in hand.
const PARENT_BYTES: u64 = 192 << 20;
/// Below this a cell can read little.
const CELL_BYTES_MIN: u64 = 64 << 20;
/// More than this is no use to any reader.
const CELL_BYTES_MAX: u64 = 256 << 20;

/// What one of so many cells may hold, in bytes: its share of what the parent leaves of 512 MiB, but at least 64 MiB and at
/// most 256 MiB. From six cells on all together may hold more than 512 MiB.
#[must_use]
pub fn memory_share(cells: usize) -> u64 {
    let cells = u64::try_from(cells.max(1)).unwrap_or(u64::MAX);
    ((ALL_BYTES - PARENT_BYTES) / cells).clamp(CELL_BYTES_MIN, CELL_BYTES_MAX)
}

/// The cells of one run; cheap to clone, clones share them. The last one dropped ends the children.
#[derive(Clone, Debug)]
pub struct Cells {
    means: Means,
    /// Who reads text in pictures, if somebody does.
    ocr: Option<Ocr>,
}

#[derive(Clone, Debug)]
enum Means {
    InProcess,
    Children(Arc<Pool>),
}

/// Cells could not be had as they are wanted.
#[derive(Debug)]
pub enum Error {
    /// The system refused to start a thread or a child.
    Start(io::Error),
    /// The child did not say what a cell says.
    Strange,
    /// These walls are required and do not stand.
    Missing(Vec<Layer>),
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::Start(error) => write!(f, "no cell could be started: {error}"),
            Error::Strange => f.write_str("what was started as a cell does not answer as one"),
            Error::Missing(layers) => {
                let names: Vec<&str> = layers.iter().map(|layer| layer.name()).collect();
                write!(f, "this system lacks walls of the sandbox: {}", names.join(", "))
            }
        }
    }
}

impl std::error::Error for Error {}

impl Cells {
    /// Has cells started; they come up while others work.
    ///
    /// # Errors
    /// The system refuses; or, where walls are required, one is missing.
    pub fn start(options: Options) -> Result<Self, Error> {
        let require = options.require_walls;
        let pool = Pool::new(options).map_err(Error::Start)?;
        let cells = Self { means: Means::Children(Arc::new(pool)), ocr: None };
        if require {
            let missing: Vec<Layer> = cells.layers()?.missing().filter(|layer| layer.is_required()).collect();
            if !missing.is_empty() {
                return Err(Error::Missing(missing));
            }
        }
        Ok(cells)
    }

    /// No cells: their readers run in this process. For tests and benches, and for text that the program itself brings.
    #[must_use]
    pub fn in_process() -> Self {
        Self { means: Means::InProcess, ocr: None }
    }

    /// The same, with somebody beside them who reads text in pictures.
    #[must_use]
    pub fn with_ocr(self, ocr: Option<Ocr>) -> Self {
        Self { ocr, ..self }
    }

    /// Who reads text in pictures, if somebody does.
    #[must_use]
    pub fn ocr(&self) -> Option<&Ocr> {
        self.ocr.as_ref()
    }

    /// The walls that stand around a cell here; waits for the first one. None in process.
    ///
    /// # Errors
    /// No cell could be had.
    pub fn layers(&self) -> Result<Layers, Error> {
        let Means::Children(pool) = &self.means else { return Ok(Layers::default()) };
        if let Some(layers) = pool.layers() {
            return Ok(layers);
        }
        match pool.lease(&unbounded()) {
            Ok(lease) => lease.clean(),
            Err(NoCell::NotStarted(error)) => return Err(Error::Start(error)),
            Err(NoCell::Late | NoCell::Stopped(_)) => return Err(Error::Strange),
        }
        pool.layers().ok_or(Error::Strange)
    }

    /// Has a cell try what no reader may do, and tells what came of each attempt. Nothing in process.
    ///
    /// # Errors
    /// No cell could be had, or it did not tell all.
    pub fn attempts(&self) -> Result<Vec<Attempted>, Error> {
        let Means::Children(pool) = &self.means else { return Ok(Vec::new()) };
        let content = crate::content::Content::from_memory([]);
        let budget = unbounded();
        let source =
            Source { content: &content, budget: &budget, name: "", charset: super::decode::Charset::UTF8, text: None };
        let mut told = exercise::Attempts::default();
        match read(pool, Task::Exercise(Exercise::Walls), &source, &mut told) {
            Ok(()) if told.0.len() == exercise::ATTEMPTS_MADE => Ok(told.0),
            _ => Err(Error::Strange),
        }
    }

    /// Has a cell do an exercise as if a document had made it do so.
    ///
    /// # Errors
    /// [`Failure`], as of a document. In process nothing is done.
    pub fn exercise(&self, exercise: Exercise, source: &Source<'_>, out: &mut dyn Output) -> Result<(), Failure> {
        match &self.means {
            Means::InProcess => Ok(()),
            Means::Children(pool) => read(pool, Task::Exercise(exercise), source, out),
        }
    }

    /// Reads a content of this kind, whose reader is `extractor`, in a cell.
    ///
    /// # Errors
    /// The reader's own [`Failure`]; `crashed`, `timed_out` or `limit:memory` when the cell came to an end; `io_error` when
    /// the system let none be started.
    pub fn extract(
        &self,
        kind: &Kind,
        extractor: Extractor,
        source: &Source<'_>,
        out: &mut dyn Output,
    ) -> Result<(), Failure> {
        match &self.means {
            Means::InProcess => extractor(source, out),
            Means::Children(pool) => read(pool, Task::Kind(kind.name.to_owned()), source, out),
        }
    }
}

/// For what no file has to pay for.
fn unbounded() -> Budget {
    Budget::new(crate::content::Limits::default(), crate::clock::Clock::machine(), Arc::default(), 0)
}

fn read(pool: &Pool, task: Task, source: &Source<'_>, out: &mut dyn Output) -> Result<(), Failure> {
    let budget = source.budget;
    let lent = source.content.lend()?;
    let request = Request {
        task,
        name: source.name.to_owned(),
        charset: source.charset,
        is_valid_text: source.text.is_some(),
        wants_pictures: out.wants_pictures(),
        limits: budget.limits().clone(),
        account: budget.account(),
        start: lent.start,
        len: lent.len,
    };
    let mut lease = pool.lease(budget).map_err(no_cell)?;
    let heard = match lease.seat() {
        Some(seat) => {
            seat.allow(request.account.time_left, lent.len, pool.options.memory_bytes);
            match request.send(&seat.line, &lent) {
                Ok(()) => hear(Live { line: &seat.line, silence: pool.options.silence, budget }, budget, out),
                Err(_) => Err(Broken::Gone),
            }
        }
        None => Err(Broken::Gone),
    };
    match heard {
        Ok(Err(failure)) if failure.reason() == Reason::Crashed => Err(failure),
        Ok(said) => {
            lease.clean();
            said
        }
        Err(broken) => Err(ended(broken, lease)),
    }
}

fn no_cell(why: NoCell) -> Failure {
    match why {
        NoCell::Stopped(stop) => stop.into(),
        NoCell::NotStarted(_) | NoCell::Late => Failure::refused(Reason::IoError, "no cell could be started"),
    }
}

/// What the end of a cell says of the document.
fn ended(broken: Broken, lease: Lease<'_>) -> Failure {
    match broken {
        Broken::Stopped(stop) => stop.into(),
        Broken::Silent => Failure::refused(Reason::TimedOut, "the cell fell silent"),
        Broken::Lied => Failure::refused(Reason::Crashed, "the cell said what cannot be"),
        Broken::Gone => match lease.bury() {
            Death::Memory => Stop::Limit(Limit::Memory).into(),
            Death::Processor => Failure::refused(Reason::TimedOut, "the cell used up its processor time"),
            Death::Crash => Failure::refused(Reason::Crashed, "the cell crashed"),
        },
    }
}

/// Hears bytes as if a cell had said them: for fuzzing. True when they were a whole document.
pub fn hear_recorded(bytes: &[u8], budget: &Budget, out: &mut dyn Output) -> bool {
    matches!(hear(listen::Recorded(bytes), budget, out), Ok(Ok(())))
}

/// Reads bytes as if the parent had asked them of a cell: for fuzzing. True when they were a whole request.
pub fn ask_recorded(bytes: &[u8]) -> bool {
    Request::heard(bytes).is_ok()
}

#[cfg(test)]
mod tests;
