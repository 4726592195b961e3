//! What the reading of one top-level file may cost, shared by everything found inside it.
//!
//! The readers charge it and the walk's sink charges it, so an extractor cannot forget to. A budget belongs to one file and
//! one thread; the counters are plain cells. What spends the whole file's allowance (time, bytes, text, members, a stop by
//! the user) is remembered: every later call is refused with the same answer. What only one member passed (its own inflate
//! ratio, depth, nesting, memory) ends that member and leaves its neighbours alone.

use crate::clock::Clock;
use crate::model::Limit;
use std::cell::Cell;
use std::fmt;
use std::io::{self, Read};
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// Bounds for one top-level file and all its members together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Wall clock time, matching included, and one second more for each MiB of the file. Default 300 s.
    pub time_secs: u64,
    /// Bytes read, members' bytes counted each time they are read. Default 64 GiB.
    pub read_bytes: u64,
    /// Bytes that came out of decompression. Default 64 GiB; the ratio and the time end bombs long before.
    pub inflated_bytes: u64,
    /// Inflated bytes for each compressed byte, once past the grace. Default 250.
    pub inflate_ratio: u64,
    /// Inflated bytes that are free of the ratio. Default 1 MiB.
    pub inflate_grace_bytes: u64,
    /// Bytes of text handed to the matcher. Default 64 GiB.
    pub text_bytes: u64,
    /// Members of archives and embedded objects. Default 1,000,000.
    pub members: u64,
    /// Containers within containers. Default 16.
    pub depth: u32,
    /// Elements within elements of one document. Default 10,000.
    pub nesting: u32,
    /// Bytes of tables and buffers one file may hold at a time. Default 96 MiB.
    pub memory_bytes: u64,
}

impl Default for Limits {
    fn default() -> Self {
        const MIB: u64 = 1 << 20;
        const GIB: u64 = 1 << 30;
        Self {
            time_secs: 300,
            read_bytes: 64 * GIB,
            inflated_bytes: 64 * GIB,
            inflate_ratio: 250,
            inflate_grace_bytes: MIB,
            text_bytes: 64 * GIB,
            members: 1_000_000,
            depth: 16,
            nesting: 10_000,
            memory_bytes: 96 * MIB,
        }
    }
}

impl Limits {
    /// The limits as text, each by its name: two are equal when these are.
    #[must_use]
    pub fn canonical(&self) -> String {
        // Taken apart by name, so that a new limit cannot be forgotten here.
        let Self {
            time_secs,
            read_bytes,
            inflated_bytes,
            inflate_ratio,
            inflate_grace_bytes,
            text_bytes,
            members,
            depth,
            nesting,
            memory_bytes,
        } = self;
        format!(
            "time_secs={time_secs} read_bytes={read_bytes} inflated_bytes={inflated_bytes} inflate_ratio={inflate_ratio} \
             inflate_grace_bytes={inflate_grace_bytes} text_bytes={text_bytes} members={members} depth={depth} \
             nesting={nesting} memory_bytes={memory_bytes}"
        )
    }
}

/// Why the walk ends an extraction early. What was pushed so far stays.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stop {
    /// A limit of the budget was passed.
    Limit(Limit),
    /// The user wants to stop.
    Interrupted,
}

impl fmt::Display for Stop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Stop::Limit(limit) => write!(f, "limit passed: {}", limit.name()),
            Stop::Interrupted => f.write_str("interrupted"),
        }
    }
}

impl std::error::Error for Stop {}

impl Stop {
    /// The stop that an I/O error carries, where a charged reader raised it.
    #[must_use]
    pub fn carried_by(error: &io::Error) -> Option<Stop> {
        error.get_ref()?.downcast_ref::<Stop>().copied()
    }
}

impl From<Stop> for io::Error {
    fn from(stop: Stop) -> Self {
        io::Error::other(stop)
    }
}

/// How often [`Budget::tick`] looks at the clock.
const TICKS_BETWEEN_CLOCK_READS: u32 = 64;

/// What a file's reading has cost so far: carries an account into the process that goes on with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Account {
    /// Length of the top-level file.
    pub own_bytes: u64,
    /// What is left of its time.
    pub time_left: Duration,
    /// Bytes read.
    pub read_bytes: u64,
    /// Bytes inflated.
    pub inflated_bytes: u64,
    /// Memory held.
    pub memory_bytes: u64,
}

/// Called now and then while a reading goes on, whatever it is busy with.
struct Pulse {
    every: Duration,
    next: Cell<Duration>,
    beat: Box<dyn Fn(&Budget)>,
}

impl fmt::Debug for Pulse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pulse").field("every", &self.every).finish_non_exhaustive()
    }
}

/// The running account of one top-level file.
#[derive(Debug)]
pub struct Budget {
    limits: Limits,
    clock: Clock,
    deadline: Cell<Duration>,
    interrupt: Arc<AtomicBool>,
    own_bytes: u64,
    ticks: Cell<u32>,
    read_bytes: Cell<u64>,
    inflated_bytes: Cell<u64>,
    text_bytes: Cell<u64>,
    members: Cell<u64>,
    memory_bytes: Cell<u64>,
    stopped: Cell<Option<Stop>>,
    pulse: Option<Pulse>,
}

impl Budget {
    /// A fresh account for a file of `own_bytes` bytes; its time starts now. Raising `interrupt` stops the reading soon.
    #[must_use]
    pub fn new(limits: Limits, clock: Clock, interrupt: Arc<AtomicBool>, own_bytes: u64) -> Self {
        let seconds = limits.time_secs.saturating_add(own_bytes >> 20);
        let deadline = clock.elapsed().saturating_add(Duration::from_secs(seconds));
        Self {
            limits,
            clock,
            deadline: Cell::new(deadline),
            interrupt,
            own_bytes,
            ticks: Cell::new(0),
            read_bytes: Cell::new(0),
            inflated_bytes: Cell::new(0),
            text_bytes: Cell::new(0),
            members: Cell::new(0),
            memory_bytes: Cell::new(0),
            stopped: Cell::new(None),
            pulse: None,
        }
    }

    /// Goes on with an account that another process began, under its limits. Raising `interrupt` stops the reading soon.
    #[must_use]
    pub fn carried_on(limits: Limits, clock: Clock, interrupt: Arc<AtomicBool>, account: &Account) -> Self {
        let deadline = clock.elapsed().saturating_add(account.time_left);
        let begun = Self::new(limits, clock, interrupt, account.own_bytes);
        begun.read_bytes.set(account.read_bytes);
        begun.inflated_bytes.set(account.inflated_bytes);
        begun.memory_bytes.set(account.memory_bytes);
        Self { deadline: Cell::new(deadline), ..begun }
    }

    /// What was charged so far.
    #[must_use]
    pub fn account(&self) -> Account {
        Account {
            own_bytes: self.own_bytes,
            time_left: self.deadline.get().saturating_sub(self.clock.elapsed()),
            read_bytes: self.read_bytes.get(),
            inflated_bytes: self.inflated_bytes.get(),
            memory_bytes: self.memory_bytes.get(),
        }
    }

    /// Charges what another process read and inflated for this account.
    ///
    /// # Errors
    /// The [`Stop`] in force.
    pub fn charge_elsewhere(&self, read_bytes: u64, inflated_bytes: u64) -> Result<(), Stop> {
        self.charge(&self.read_bytes, read_bytes, self.limits.read_bytes, Limit::BytesRead)?;
        self.charge_inflated(inflated_bytes)
    }

    /// Remembers a stop that spent the whole file's allowance in another process.
    pub fn stop_as_elsewhere(&self, stop: Stop) {
        let _ = self.spend(stop);
    }

    /// Leaves time out of the account that was spent on what has bounds of its own.
    pub fn leave_out(&self, span: Duration) {
        self.deadline.set(self.deadline.get().saturating_add(span));
    }

    /// Has `beat` called about `every` so often while the account is charged or looked at.
    #[must_use]
    pub fn with_pulse(self, every: Duration, beat: Box<dyn Fn(&Budget)>) -> Self {
        let next = Cell::new(self.clock.elapsed().saturating_add(every));
        Self { pulse: Some(Pulse { every, next, beat }), ..self }
    }

    fn beat(&self, now: Duration) {
        if let Some(pulse) = self.pulse.as_ref().filter(|pulse| now >= pulse.next.get()) {
            pulse.next.set(now.saturating_add(pulse.every));
            (pulse.beat)(self);
        }
    }

    /// The limits in force.
    #[must_use]
    pub fn limits(&self) -> &Limits {
        &self.limits
    }

    /// Bytes of text charged so far.
    #[must_use]
    pub fn text_bytes(&self) -> u64 {
        self.text_bytes.get()
    }

    /// The stop that spent the whole file's allowance, if one did.
    #[must_use]
    pub fn stopped(&self) -> Option<Stop> {
        self.stopped.get()
    }

    /// Refuses when the time is over, the user wants to stop, or the allowance was spent before.
    ///
    /// # Errors
    /// The [`Stop`] in force.
    pub fn check(&self) -> Result<(), Stop> {
        if let Some(stop) = self.stopped.get() {
            return Err(stop);
        }
        if self.interrupt.load(Ordering::Relaxed) {
            return self.spend(Stop::Interrupted);
        }
        let now = self.clock.elapsed();
        self.beat(now);
        if now > self.deadline.get() {
            return self.spend(Stop::Limit(Limit::Time));
        }
        Ok(())
    }

    /// [`Budget::check`] for frequent callers: the clock is looked at on one call in 64.
    ///
    /// # Errors
    /// The [`Stop`] in force.
    pub fn tick(&self) -> Result<(), Stop> {
        let ticks = self.ticks.get().wrapping_add(1);
        self.ticks.set(ticks);
        if ticks.is_multiple_of(TICKS_BETWEEN_CLOCK_READS) {
            return self.check();
        }
        if let Some(stop) = self.stopped.get() {
            return Err(stop);
        }
        if self.interrupt.load(Ordering::Relaxed) {
            return self.spend(Stop::Interrupted);
        }
        Ok(())
    }

    /// Charges bytes read from a content.
    ///
    /// # Errors
    /// The [`Stop`] in force.
    pub fn charge_read(&self, bytes: usize) -> Result<(), Stop> {
        self.charge(&self.read_bytes, wide(bytes), self.limits.read_bytes, Limit::BytesRead)?;
        self.check()
    }

    /// Charges bytes of text.
    ///
    /// # Errors
    /// The [`Stop`] in force.
    pub fn charge_text(&self, bytes: usize) -> Result<(), Stop> {
        self.charge(&self.text_bytes, wide(bytes), self.limits.text_bytes, Limit::TextBytes)?;
        self.tick()
    }

    /// Charges one member of a container.
    ///
    /// # Errors
    /// The [`Stop`] in force.
    pub fn charge_member(&self) -> Result<(), Stop> {
        self.charge(&self.members, 1, self.limits.members, Limit::Members)?;
        self.check()
    }

    /// Charges inflated bytes against the whole file: their number, and their ratio to the file's own length.
    fn charge_inflated(&self, bytes: u64) -> Result<(), Stop> {
        self.charge(&self.inflated_bytes, bytes, self.limits.inflated_bytes, Limit::BytesInflated)?;
        if self.exceeds_ratio(self.inflated_bytes.get(), self.own_bytes) {
            return self.spend(Stop::Limit(Limit::Ratio));
        }
        self.check()
    }

    fn exceeds_ratio(&self, inflated: u64, compressed: u64) -> bool {
        inflated.saturating_sub(self.limits.inflate_grace_bytes) > compressed.saturating_mul(self.limits.inflate_ratio)
    }

    /// Holds `bytes` of memory until the guard is dropped.
    ///
    /// # Errors
    /// [`Limit::Memory`], for this holder only.
    pub fn hold(&self, bytes: usize) -> Result<Hold<'_>, Stop> {
        let mut hold = Hold { budget: self, bytes: 0 };
        hold.grow(bytes)?;
        Ok(hold)
    }

    /// Refuses a nesting deeper than the limit.
    ///
    /// # Errors
    /// [`Limit::Nesting`], for this document only.
    pub fn check_nesting(&self, depth: usize) -> Result<(), Stop> {
        let too_deep = u32::try_from(depth).map_or(true, |depth| depth > self.limits.nesting);
        if too_deep { Err(Stop::Limit(Limit::Nesting)) } else { Ok(()) }
    }

    fn charge(&self, counter: &Cell<u64>, amount: u64, limit: u64, name: Limit) -> Result<(), Stop> {
        let total = counter.get().saturating_add(amount);
        counter.set(total);
        if total > limit { self.spend(Stop::Limit(name)) } else { Ok(()) }
    }

    fn spend(&self, stop: Stop) -> Result<(), Stop> {
        let first = self.stopped.get().unwrap_or(stop);
        self.stopped.set(Some(first));
        Err(first)
    }
}

fn wide(bytes: usize) -> u64 {
    u64::try_from(bytes).unwrap_or(u64::MAX)
}

/// Memory held under a budget; given back on drop.
#[derive(Debug)]
pub struct Hold<'a> {
    budget: &'a Budget,
    bytes: u64,
}

impl Hold<'_> {
    /// Holds `bytes` more.
    ///
    /// # Errors
    /// [`Limit::Memory`], for this holder only.
    pub fn grow(&mut self, bytes: usize) -> Result<(), Stop> {
        let more = wide(bytes);
        let total = self.budget.memory_bytes.get().saturating_add(more);
        if total > self.budget.limits.memory_bytes {
            return Err(Stop::Limit(Limit::Memory));
        }
        self.budget.memory_bytes.set(total);
        self.bytes += more;
        Ok(())
    }
}

impl Drop for Hold<'_> {
    fn drop(&mut self) {
        self.budget.memory_bytes.set(self.budget.memory_bytes.get().saturating_sub(self.bytes));
    }
}

/// Counts the compressed bytes that a decoder has taken.
#[derive(Debug)]
pub struct Fed<R> {
    inner: R,
    bytes: Rc<Cell<u64>>,
}

impl<R: Read> Fed<R> {
    /// Wraps the compressed side; the second value shows the count to an [`Inflated`].
    pub fn new(inner: R) -> (Self, Rc<Cell<u64>>) {
        let bytes = Rc::new(Cell::new(0));
        (Self { inner, bytes: Rc::clone(&bytes) }, bytes)
    }
}

impl<R: Read> Read for Fed<R> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let n = self.inner.read(buf)?;
        self.bytes.set(self.bytes.get().saturating_add(n as u64));
        Ok(n)
    }
}

/// A decoder's output, charged: bytes inflated in the whole file, and this stream's own ratio.
///
/// A decoder that failed is not asked again, however often this is read: some never return from a second call.
#[derive(Debug)]
pub struct Inflated<'a, R> {
    inner: R,
    fed_bytes: Rc<Cell<u64>>,
    out_bytes: u64,
    budget: &'a Budget,
    failed: Option<Failed>,
}

/// What is kept of a decoder's failure.
#[derive(Clone, Copy, Debug)]
enum Failed {
    Stopped(Stop),
    Other(io::ErrorKind),
}

impl From<&io::Error> for Failed {
    fn from(error: &io::Error) -> Self {
        Stop::carried_by(error).map_or(Failed::Other(error.kind()), Failed::Stopped)
    }
}

impl From<Failed> for io::Error {
    fn from(failed: Failed) -> Self {
        match failed {
            Failed::Stopped(stop) => stop.into(),
            Failed::Other(kind) => kind.into(),
        }
    }
}

impl<'a, R: Read> Inflated<'a, R> {
    /// Wraps a decoder whose input is counted in `fed_bytes` (see [`Fed`]).
    pub fn new(inner: R, fed_bytes: Rc<Cell<u64>>, budget: &'a Budget) -> Self {
        Self { inner, fed_bytes, out_bytes: 0, budget, failed: None }
    }

    /// The decoder.
    pub fn into_inner(self) -> R {
        self.inner
    }

    fn charged(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let n = self.inner.read(buf)?;
        self.out_bytes = self.out_bytes.saturating_add(n as u64);
        self.budget.charge_inflated(wide(n))?;
        if self.budget.exceeds_ratio(self.out_bytes, self.fed_bytes.get()) {
            return Err(Stop::Limit(Limit::Ratio).into());
        }
        Ok(n)
    }
}

impl<R: Read> Read for Inflated<'_, R> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        if let Some(failed) = self.failed {
            return Err(failed.into());
        }
        let read = self.charged(buf);
        self.failed = read.as_ref().err().filter(|error| error.kind() != io::ErrorKind::Interrupted).map(Failed::from);
        read
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn budget(limits: Limits, own_bytes: u64) -> (Budget, Clock, Arc<AtomicBool>) {
        let clock = Clock::movable();
        let interrupt = Arc::new(AtomicBool::new(false));
        (Budget::new(limits, clock.clone(), Arc::clone(&interrupt), own_bytes), clock, interrupt)
    }

    #[test]
    fn each_limit_stops_with_its_own_name_and_stays_stopped() {
        type Spend = fn(&Budget) -> Result<(), Stop>;
        let tight = Limits { read_bytes: 10, inflated_bytes: 10, text_bytes: 10, members: 1, ..Limits::default() };
        let rows: &[(Spend, Limit)] = &[
            (|b| b.charge_read(11), Limit::BytesRead),
            (|b| b.charge_inflated(11), Limit::BytesInflated),
            (|b| b.charge_text(11), Limit::TextBytes),
            (|b| b.charge_member().and_then(|()| b.charge_member()), Limit::Members),
        ];
        for (spend, limit) in rows {
            let (budget, _, _) = budget(tight.clone(), 100);
            assert_eq!(spend(&budget), Err(Stop::Limit(*limit)));
            assert_eq!(budget.check(), Err(Stop::Limit(*limit)), "{limit:?} is remembered");
        }
    }

    #[test]
    fn time_and_interruption_stop() {
        let (account, clock, _) = budget(Limits { time_secs: 5, ..Limits::default() }, 1);
        assert_eq!(account.check(), Ok(()));
        clock.advance(Duration::from_secs(6));
        assert_eq!(account.check(), Err(Stop::Limit(Limit::Time)));

        let (account, clock, _) = budget(Limits { time_secs: 5, ..Limits::default() }, 1);
        clock.advance(Duration::from_secs(6));
        account.leave_out(Duration::from_secs(2));
        assert_eq!(account.check(), Ok(()), "what was left out is not charged");

        let (account, _, interrupt) = budget(Limits::default(), 1);
        interrupt.store(true, Ordering::Relaxed);
        assert_eq!(account.tick(), Err(Stop::Interrupted));
    }

    #[test]
    fn memory_is_given_back() {
        let (budget, _, _) = budget(Limits { memory_bytes: 100, ..Limits::default() }, 1);
        let hold = budget.hold(80).expect("within the limit");
        assert_eq!(budget.hold(30).err(), Some(Stop::Limit(Limit::Memory)));
        drop(hold);
        assert!(budget.hold(30).is_ok());
        assert_eq!(budget.stopped(), None);
    }

    #[test]
    fn one_streams_ratio_ends_that_stream_only() {
        let limits = Limits { inflate_grace_bytes: 10, inflate_ratio: 2, ..Limits::default() };
        let (budget, _, _) = budget(limits, 1_000_000);
        let (_, fed_bytes) = Fed::new(io::empty());
        let mut inflated = Inflated::new(io::repeat(0), fed_bytes, &budget);
        let error = inflated.read(&mut [0; 64]).expect_err("64 bytes out of none");
        assert_eq!(Stop::carried_by(&error), Some(Stop::Limit(Limit::Ratio)));
        assert_eq!(budget.stopped(), None);
    }

    #[test]
    fn a_decoder_that_failed_is_not_asked_again() {
        struct Fails(u32);
        impl Read for Fails {
            fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
                self.0 += 1;
                Err(io::ErrorKind::InvalidData.into())
            }
        }
        let (budget, _, _) = budget(Limits::default(), 1);
        let (_, fed_bytes) = Fed::new(io::empty());
        let mut inflated = Inflated::new(Fails(0), fed_bytes, &budget);
        for _ in 0..2 {
            let error = inflated.read(&mut [0; 64]).expect_err("it fails");
            assert_eq!(error.kind(), io::ErrorKind::InvalidData);
        }
        assert_eq!(inflated.into_inner().0, 1);
    }
}
