//! The parent's stock of cells: started ahead, lent for one document, given back, buried, replaced.
//!
//! One thread, the warden, starts and buries them all, so that no thread that scans waits for either, and because a child
//! bound to its parent ends with the very thread that started it.

use super::child::WORD;
use super::wire::{Record, VERSION};
use super::{Layers, Options, listen, sys, walls};
use crate::content::{Budget, Stop};
use crossbeam_channel::{Receiver, RecvTimeoutError, Sender, bounded};
use rustix::process::{Pid, Resource};
use std::io::{self, Read};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

/// A wait looks up so often: at the user's wish to stop, the deadline, the silence.
pub(super) const STEP: Duration = Duration::from_millis(100);
/// A cell that is not there after this long is not waited for.
const START_MAX: Duration = Duration::from_secs(20);
/// Processor time beside a document's own time: the signals that end a cell otherwise come first.
const PROCESSOR_BESIDE: Duration = Duration::from_secs(5);
/// A document of so many bytes can be mapped without further leave.
const MAPPED_FREE_BYTES: u64 = 64 << 20;
/// Bytes of a dead cell's last words that are looked at.
const LAST_WORDS_MAX: u64 = 4 << 10;
/// What the runtime says when memory is refused.
const OUT_OF_MEMORY: &str = "memory allocation of";

/// One child.
#[derive(Debug)]
pub(super) struct Seat {
    child: Child,
    pub(super) line: UnixStream,
    /// The walls it said to have; not known before it was used.
    layers: Option<Layers>,
    documents: u32,
    /// True while it may take more addresses than usual.
    is_wide: bool,
}

/// How a cell came to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Death {
    /// It asked for more memory than it may have, or the system ran out.
    Memory,
    /// It used up its processor time.
    Processor,
    /// Anything else.
    Crash,
}

impl Seat {
    fn start(options: &Options) -> io::Result<Self> {
        let (ours, theirs) = UnixStream::pair()?;
        ours.set_read_timeout(Some(STEP))?;
        ours.set_write_timeout(Some(options.silence.max(STEP)))?;
        let child = Command::new(&options.program)
            .arg0("sluicebox")
            .args([WORD, &options.memory_bytes.to_string()])
            .env_clear()
            .current_dir("/")
            // The terminal's Ctrl-C is for the parent.
            .process_group(0)
            .stdin(Stdio::from(OwnedFd::from(theirs)))
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()?;
        Ok(Self { child, line: ours, layers: None, documents: 0, is_wide: false })
    }

    /// Process number, for the system's own limits and counters.
    fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Bounds what the next document may take: processor time, and addresses that it may be mapped to.
    pub(super) fn allow(&mut self, time_left: Duration, len: u64, memory_bytes: u64) {
        let Some(pid) = i32::try_from(self.pid()).ok().and_then(Pid::from_raw) else { return };
        if let Some(taken) = sys::processor_time(self.pid()) {
            let most = taken.saturating_add(time_left).saturating_add(PROCESSOR_BESIDE).as_secs();
            // Where it cannot be set the deadline is left, which ends a cell too.
            walls::lower(Some(pid), Resource::Cpu, most);
        }
        let is_large = len > MAPPED_FREE_BYTES;
        if is_large || self.is_wide {
            let mapped = if is_large { len } else { 0 };
            walls::lower(Some(pid), Resource::As, walls::addresses(memory_bytes).saturating_add(mapped));
            self.is_wide = is_large;
        }
    }

    /// Bytes of memory that are its own, as the system counts them.
    fn own_bytes(&self) -> Option<u64> {
        let counts = std::fs::read_to_string(format!("/proc/{}/statm", self.pid())).ok()?;
        let mut pages = counts.split(' ').skip(1).map_while(|count| count.parse::<u64>().ok());
        let (resident, shared) = (pages.next()?, pages.next()?);
        Some(resident.saturating_sub(shared).saturating_mul(sys::page_bytes()?))
    }

    /// Ends the child and says how it had ended, if it had by itself.
    pub(super) fn bury(mut self) -> Death {
        // Of no effect on one that is dying already.
        let _ = self.child.kill();
        let mut words = Vec::new();
        if let Some(stderr) = self.child.stderr.take() {
            // All writing ends closed with the child: this does not wait.
            let _ = stderr.take(LAST_WORDS_MAX).read_to_end(&mut words);
        }
        let Ok(status) = self.child.wait() else { return Death::Crash };
        let said_memory = String::from_utf8_lossy(&words).contains(OUT_OF_MEMORY);
        match status.signal() {
            Some(libc::SIGXCPU) => Death::Processor,
            _ if said_memory => Death::Memory,
            _ => Death::Crash,
        }
    }
}

/// What the warden is asked.
enum Order {
    /// Start another cell.
    Start,
    /// Bury this one and start another.
    Replace(Seat),
    /// End.
    End,
}

/// All cells of one run.
#[derive(Debug)]
pub(super) struct Pool {
    pub(super) options: Options,
    free: Receiver<io::Result<Seat>>,
    back: Sender<io::Result<Seat>>,
    orders: Sender<Order>,
    warden: Option<JoinHandle<()>>,
    /// The walls that stand, one more than their bits; 0 while no cell has told.
    layers: AtomicU64,
}

impl Pool {
    /// Has all cells started; they are waited for when they are needed.
    pub(super) fn new(options: Options) -> io::Result<Self> {
        let cells = options.cells.max(1);
        let (back, free) = bounded(cells);
        // A cell is started, lent or buried, but one of them at a time.
        let (orders, ordered) = bounded(2 * cells + 1);
        let (to, starting) = (back.clone(), options.clone());
        let warden = std::thread::Builder::new().name("warden".to_owned()).spawn(move || {
            for order in ordered {
                match order {
                    Order::End => return,
                    Order::Start => {}
                    Order::Replace(seat) => drop(seat.bury()),
                }
                // There is room for each.
                let _ = to.try_send(Seat::start(&starting));
            }
        })?;
        for _ in 0..cells {
            let _ = orders.try_send(Order::Start);
        }
        Ok(Self { options, free, back, orders, warden: Some(warden), layers: AtomicU64::new(0) })
    }

    /// A cell that is ready. With as many cells as threads, and one for each thread at most, nobody waits for another's
    /// document: only, for some milliseconds, for a cell that is being started.
    pub(super) fn lease(&self, budget: &Budget) -> Result<Lease<'_>, NoCell> {
        let mut waited = Duration::ZERO;
        let seat = loop {
            match self.free.recv_timeout(STEP) {
                Ok(Ok(seat)) => break seat,
                Ok(Err(error)) => {
                    let _ = self.orders.try_send(Order::Start);
                    return Err(NoCell::NotStarted(error));
                }
                Err(RecvTimeoutError::Disconnected) => return Err(NoCell::Late),
                Err(RecvTimeoutError::Timeout) => waited += STEP,
            }
            budget.check()?;
            if waited >= START_MAX {
                return Err(NoCell::Late);
            }
        };
        let mut lease = Lease { pool: self, seat: Some(seat), clean: true };
        lease.greet(budget)?;
        Ok(lease)
    }

    /// The walls that stand, if a cell has told.
    pub(super) fn layers(&self) -> Option<Layers> {
        self.layers.load(Ordering::Relaxed).checked_sub(1).map(Layers::from_bits)
    }
}

impl Drop for Pool {
    fn drop(&mut self) {
        let _ = self.orders.send(Order::End);
        if let Some(warden) = self.warden.take() {
            let _ = warden.join();
        }
        for seat in self.free.try_iter().flatten() {
            seat.bury();
        }
    }
}

/// Why there is no cell.
#[derive(Debug)]
pub(super) enum NoCell {
    /// The reading was stopped meanwhile.
    Stopped(Stop),
    /// The system refused to start one.
    NotStarted(io::Error),
    /// None came in time, or it was not what it should be.
    Late,
}

impl From<Stop> for NoCell {
    fn from(stop: Stop) -> Self {
        NoCell::Stopped(stop)
    }
}

/// A cell lent for one document. Dropped before [`Lease::clean`], as by a panic, it is not used again.
#[derive(Debug)]
pub(super) struct Lease<'a> {
    pool: &'a Pool,
    seat: Option<Seat>,
    clean: bool,
}

impl Lease<'_> {
    /// The cell, which from now on is taken for dirty.
    pub(super) fn seat(&mut self) -> Option<&mut Seat> {
        self.clean = false;
        self.seat.as_mut()
    }

    /// Its document came to a good end.
    pub(super) fn clean(mut self) {
        self.clean = true;
    }

    /// Ends the cell now and says how it had ended.
    pub(super) fn bury(mut self) -> Death {
        let death = self.seat.take().map_or(Death::Crash, Seat::bury);
        let _ = self.pool.orders.try_send(Order::Start);
        death
    }

    /// Hears a new cell's first words.
    fn greet(&mut self, budget: &Budget) -> Result<(), NoCell> {
        let silence = self.pool.options.silence.max(START_MAX);
        let Some(seat) = self.seat.as_mut().filter(|seat| seat.layers.is_none()) else { return Ok(()) };
        self.clean = false;
        let mut frames = listen::Frames::new(listen::Live { line: &seat.line, silence, budget });
        let Ok(Record::Hello { version: VERSION, layers }) = frames.next() else {
            budget.check()?;
            return Err(NoCell::Late);
        };
        let layers = Layers::from_bits(layers);
        seat.layers = Some(layers);
        self.pool.layers.store(layers.bits() + 1, Ordering::Relaxed);
        self.clean = true;
        Ok(())
    }

    /// True when the cell has read enough, or holds too much still.
    fn is_worn(&self, seat: &Seat) -> bool {
        let options = &self.pool.options;
        let looked_at = seat.documents.is_multiple_of(LOOK_EVERY);
        seat.documents >= options.documents_max
            || (looked_at && seat.own_bytes().is_none_or(|own| own > options.memory_bytes / 2))
    }
}

/// A cell's memory is looked at after so many documents.
const LOOK_EVERY: u32 = 8;

impl Drop for Lease<'_> {
    fn drop(&mut self) {
        let Some(mut seat) = self.seat.take() else { return };
        seat.documents += 1;
        if self.clean && !self.is_worn(&seat) {
            // There is room for each.
            let _ = self.pool.back.try_send(Ok(seat));
        } else {
            let _ = self.pool.orders.try_send(Order::Replace(seat));
        }
    }
}
