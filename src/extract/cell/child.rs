//! The cell's side: raise the walls, say so, then read one document after the other until the parent goes.
//!
//! Nothing here is believed by the parent, and nothing here decides: readers run as they would in the parent, but their text
//! and members leave as records. A cell whose reader panicked ends itself: what it left in memory is not known.

use super::exercise;
use super::request::{Asked, Request, Task, receive, received};
use super::wire::{self, FRAME_BYTES_WANTED, HEAD_BYTES, NAME_BYTES_MAX, PIECE_BYTES_MAX, Record, Units, cut};
use super::{program, sys, walls};
use crate::clock::Clock;
use crate::content::{Budget, Content, Lent};
use crate::extract::decode::valid_text;
use crate::extract::registry::{self, Treatment};
use crate::extract::{Edge, Extractor, Failure, Output, PartHead, Source, Stop};
use crate::model::{Place, Reason};
use std::cell::RefCell;
use std::fs::File;
use std::io::{self, Read, Write};
use std::os::unix::net::UnixStream;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::ExitCode;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

/// The word on the command line that makes this program a cell; the bytes of memory it may hold follow.
pub(super) const WORD: &str = "cell";
/// A sign of life is given so often while a reader is busy.
const PULSE_EVERY: Duration = Duration::from_millis(500);
/// What was told leaves after this long at the latest, as long as more is told.
const KEPT_BACK_MAX: Duration = Duration::from_millis(5);
/// The clock is looked at after so many records.
const RECORDS_UNLOOKED: u32 = 64;
/// Exit code when it was not started as a cell is.
const EXIT_MISUSED: u8 = 2;

/// Runs as a cell if that is what the command line says: to be called before anything else. `None`: go on as the program.
#[must_use]
pub fn dispatched() -> Option<ExitCode> {
    let mut args = std::env::args_os().skip(1);
    (args.next()?.to_str() == Some(WORD)).then(|| {
        let second = args.next();
        if second.as_deref().is_some_and(|word| word == program::WORD) {
            return program::run(args);
        }
        let memory = second.and_then(|arg| arg.to_str()?.parse().ok());
        match (memory, sys::own_socket()) {
            (Some(memory_bytes), Some(parent)) => run(memory_bytes, parent),
            _ => {
                eprintln!("error: a cell is started by the program itself (docs/cells.md)");
                ExitCode::from(EXIT_MISUSED)
            }
        }
    })
}

fn run(memory_bytes: u64, parent: UnixStream) -> ExitCode {
    sys::close_all_others();
    // What a panic says may hold text of the document.
    std::panic::set_hook(Box::new(|_| {}));
    let layers = walls::raise(memory_bytes);
    let outbox = Rc::new(RefCell::new(Outbox::new(parent)));
    outbox.borrow_mut().put(&Record::Hello { version: wire::VERSION, layers: layers.bits() });
    outbox.borrow_mut().flush();
    loop {
        let asked = receive(&outbox.borrow().parent);
        match asked {
            Ok(Some(Asked::Read(request, file))) => {
                if read(&request, file, &outbox).is_break() {
                    return ExitCode::SUCCESS;
                }
            }
            // It came too late: the member had ended.
            Ok(Some(Asked::Skip(_))) => {}
            Ok(None) => return ExitCode::SUCCESS,
            Err(_) => return ExitCode::FAILURE,
        }
    }
}

/// Reads one document and says how it ended.
fn read(request: &Request, file: File, outbox: &Rc<RefCell<Outbox>>) -> std::ops::ControlFlow<()> {
    let account = request.account;
    outbox.borrow_mut().told = (account.read_bytes, account.inflated_bytes);
    let beats = Rc::clone(outbox);
    let (clock, never) = (Clock::machine(), Arc::new(AtomicBool::new(false)));
    let budget = Budget::carried_on(request.limits.clone(), clock, never, &account).with_pulse(
        PULSE_EVERY,
        // Whoever is at the outbox already gives a sign of life.
        Box::new(move |budget| beats.try_borrow_mut().map_or((), |mut outbox| outbox.pulse(budget))),
    );
    let wants_pictures = request.wants_pictures;
    let mut teller = Teller { outbox, budget: &budget, part: None, place: Place::Whole, members: 0, wants_pictures };
    let lent = Lent { file, start: request.start, len: request.len };
    let outcome = catch_unwind(AssertUnwindSafe(|| extract(request, lent, &mut teller)));
    let panicked = outcome.is_err();
    let failed = match outcome {
        Ok(done) => done.err().map(|failure| failure.reason()),
        Err(_) => Some(Reason::Crashed),
    };
    let stopped = budget.stopped().map(|stop| Failure::from(stop).reason());
    // A panic may have come out of the outbox itself; then there is nothing more to say.
    let Ok(mut outbox) = outbox.try_borrow_mut() else { return std::ops::ControlFlow::Break(()) };
    outbox.spent(&budget);
    outbox.put(&Record::End { failed, stopped });
    outbox.flush();
    if panicked { std::ops::ControlFlow::Break(()) } else { std::ops::ControlFlow::Continue(()) }
}

fn extract(request: &Request, lent: Lent, teller: &mut Teller<'_>) -> Result<(), Failure> {
    let content = Content::borrowed(lent)?;
    let head = content.head()?;
    let source = Source {
        content: &content,
        budget: teller.budget,
        name: &request.name,
        charset: request.charset,
        text: valid_text(head).filter(|_| request.is_valid_text),
    };
    match &request.task {
        Task::Exercise(exercise) => exercise::run(*exercise, &source, teller),
        Task::Kind(name) => reader(name)?(&source, teller),
    }?;
    teller.close_if_open()?;
    Ok(())
}

fn reader(name: &str) -> Result<Extractor, Failure> {
    match registry::kind(name).treatment {
        Treatment::InCell(reader) => Ok(reader),
        _ => Err(Failure::refused(Reason::Unsupported, "no reader for a cell")),
    }
}

/// Records on their way to the parent.
pub(super) struct Outbox {
    parent: UnixStream,
    frame: Vec<u8>,
    /// What the parent knows was read and inflated.
    told: (u64, u64),
    clock: Clock,
    flushed_at: Duration,
    /// Records since the clock was looked at.
    unlooked: u32,
}

impl Outbox {
    fn new(parent: UnixStream) -> Self {
        Self {
            parent,
            frame: vec![0; HEAD_BYTES],
            told: (0, 0),
            clock: Clock::machine(),
            flushed_at: Duration::ZERO,
            unlooked: 0,
        }
    }

    fn put(&mut self, record: &Record<'_>) {
        record.write(&mut self.frame);
        self.unlooked += 1;
        if self.frame.len() >= FRAME_BYTES_WANTED {
            self.flush();
        } else if self.unlooked >= RECORDS_UNLOOKED {
            self.flush_if_due();
        }
    }

    /// Sends what there is if something was kept back for long: were the cell to crash, it would be lost.
    fn flush_if_due(&mut self) {
        self.unlooked = 0;
        if self.clock.elapsed().saturating_sub(self.flushed_at) >= KEPT_BACK_MAX {
            self.flush();
        }
    }

    pub(super) fn flush(&mut self) {
        let len = self.frame.len() - HEAD_BYTES;
        if len == 0 {
            return;
        }
        self.frame[..HEAD_BYTES].copy_from_slice(&u32::try_from(len).unwrap_or(u32::MAX).to_le_bytes());
        if self.parent.write_all(&self.frame).is_err() {
            // The parent has gone: nobody is left to read for.
            std::process::exit(0);
        }
        self.frame.truncate(HEAD_BYTES);
        self.flushed_at = self.clock.elapsed();
    }

    fn spent(&mut self, budget: &Budget) {
        let account = budget.account();
        let (read, inflated) = self.told;
        let read_bytes = account.read_bytes.saturating_sub(read);
        let inflated_bytes = account.inflated_bytes.saturating_sub(inflated);
        self.told = (account.read_bytes, account.inflated_bytes);
        self.put(&Record::Spent { read_bytes, inflated_bytes });
    }

    fn pulse(&mut self, budget: &Budget) {
        self.spent(budget);
        self.flush();
    }

    /// Bytes as they are, in place of records: for the exercise that breaks the rules.
    pub(super) fn garble(&mut self, bytes: &[u8]) {
        self.frame.extend_from_slice(bytes);
        self.flush();
    }
}

/// What a reader in a cell talks to.
pub(super) struct Teller<'a> {
    outbox: &'a RefCell<Outbox>,
    budget: &'a Budget,
    /// The open part's units, if it is the file's own text.
    part: Option<Option<Units>>,
    place: Place,
    members: u64,
    wants_pictures: bool,
}

impl Teller<'_> {
    pub(super) fn outbox(&self) -> std::cell::RefMut<'_, Outbox> {
        self.outbox.borrow_mut()
    }

    fn close_if_open(&mut self) -> Result<(), Stop> {
        if self.part.take().is_some() {
            let mut outbox = self.outbox();
            outbox.put(&Record::Close);
            outbox.flush_if_due();
        }
        Ok(())
    }

    /// Sends a member's body; tells why it ended early. One that is not wanted any more has ended well.
    fn body(&mut self, body: &mut dyn Read) -> Option<Reason> {
        let mut piece = vec![0; PIECE_BYTES_MAX];
        let mut unasked = 0;
        loop {
            let read = match body.read(&mut piece) {
                Ok(0) => return None,
                Ok(read) => read,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Some(Failure::from(error).reason()),
            };
            let mut outbox = self.outbox();
            outbox.put(&Record::Body { bytes: &piece[..read] });
            unasked += read;
            if unasked < PIECE_BYTES_MAX {
                continue;
            }
            unasked = 0;
            if matches!(received(&outbox.parent), Ok(Some(Asked::Skip(member))) if member == self.members) {
                return None;
            }
        }
    }
}

impl Output for Teller<'_> {
    fn open_part(&mut self, head: PartHead) -> Result<(), Stop> {
        self.budget.check()?;
        self.close_if_open()?;
        let own_text = head.own_text.map(Units::from);
        self.part = Some(own_text);
        self.place = Place::Whole;
        let name = cut(&head.name, NAME_BYTES_MAX);
        self.outbox().put(&Record::Open { name, own_text, recovered: head.recovered });
        Ok(())
    }

    fn push(&mut self, edge: Edge, place: &Place, text: &str, raw: Option<u64>) -> Result<(), Stop> {
        self.budget.tick()?;
        let (mut edge, mut raw, mut rest) = (edge, raw, text);
        loop {
            let piece = cut(rest, PIECE_BYTES_MAX);
            let moved = (self.place != *place).then(|| place.clone());
            if let Some(place) = &moved {
                self.place = place.clone();
            }
            self.outbox().put(&Record::Push { edge, place: moved, raw, text: piece });
            rest = &rest[piece.len()..];
            if rest.is_empty() {
                return Ok(());
            }
            edge = Edge::Join;
            raw = raw.map(|raw| raw + self.part.flatten().map_or(0, |units| units.bytes_of(piece)));
        }
    }

    fn close_part(&mut self) -> Result<(), Stop> {
        self.budget.check()?;
        self.close_if_open()
    }

    fn member(&mut self, name: &str, body: &mut dyn Read) -> Result<(), Stop> {
        self.close_if_open()?;
        self.budget.check()?;
        self.members += 1;
        self.outbox().put(&Record::Member { name: cut(name, NAME_BYTES_MAX) });
        let failed = self.body(body);
        self.outbox().put(&Record::BodyEnd { failed });
        self.budget.stopped().map_or(Ok(()), Err)
    }

    fn hole(&mut self, place: &str, reason: Reason) {
        self.outbox().put(&Record::Hole { place: cut(place, NAME_BYTES_MAX), reason });
    }

    fn wants_pictures(&self) -> bool {
        self.wants_pictures
    }
}
