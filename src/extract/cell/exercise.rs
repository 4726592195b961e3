//! Exercises: what a hostile document might make of a cell, on request.
//!
//! They show that the walls hold (`doctor` asks for [`Exercise::Walls`] on the very kernel it runs on) and that the watch
//! does what it says (the tests ask for the others). No document can call for one.

use super::child::Teller;
use super::sys;
use super::wire::PIECE_BYTES_MAX;
use crate::extract::{Edge, Failure, Output, PartHead, Source};
use crate::model::Place;
use std::fs::File;
use std::io;
use std::net::{TcpStream, UdpSocket};
use std::os::unix::net::{UnixListener, UnixStream};
use std::process::Command;

/// One exercise.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exercise {
    /// Try what no reader may do, and say of each attempt whether it was refused.
    Walls,
    /// Push some text, then abort.
    Abort,
    /// Push some text, then call itself without end.
    Overflow,
    /// Push some text, then say nothing more.
    Silence,
    /// Push some text, then ask for memory without end.
    Grow,
    /// Give signs of life without end.
    Endless,
    /// Push some text, then panic.
    Panic,
    /// Push some text, then send bytes that are no record.
    Garble,
    /// Push text into no part.
    Disorder,
    /// Push much text, fast.
    Flood,
    /// Hand over a member without end.
    EndlessMember,
    /// Tell its own process number.
    Number,
    /// Keep memory for good, as a reader that leaks would.
    Keep,
}

impl Exercise {
    const ALL: [Exercise; 13] = [
        Exercise::Walls,
        Exercise::Abort,
        Exercise::Overflow,
        Exercise::Silence,
        Exercise::Grow,
        Exercise::Endless,
        Exercise::Panic,
        Exercise::Garble,
        Exercise::Disorder,
        Exercise::Flood,
        Exercise::EndlessMember,
        Exercise::Number,
        Exercise::Keep,
    ];

    /// Its number on the wire; 0 is taken by documents.
    pub(super) fn number(self) -> u8 {
        let position = Exercise::ALL.iter().position(|one| *one == self);
        position.and_then(|position| u8::try_from(position + 1).ok()).unwrap_or(0)
    }

    pub(super) fn of(number: u8) -> Option<Self> {
        Exercise::ALL.get(usize::from(number).checked_sub(1)?).copied()
    }
}

/// Bytes that [`Exercise::Keep`] keeps.
pub const KEPT_BYTES: usize = 40 << 20;

/// Bytes of text of the flood.
pub const FLOOD_BYTES: usize = 32 << 20;

pub(super) fn run(exercise: Exercise, source: &Source<'_>, out: &mut Teller<'_>) -> Result<(), Failure> {
    if exercise == Exercise::Disorder {
        return Ok(out.push(Edge::Join, &Place::Whole, "text of no part", None)?);
    }
    out.open_part(PartHead { name: "exercise".to_owned(), own_text: None, recovered: false })?;
    if exercise == Exercise::Walls {
        return attempt_all(out);
    }
    out.push(Edge::Join, &Place::Whole, "before", None)?;
    out.close_part()?;
    out.outbox().flush();
    match exercise {
        Exercise::Abort => std::process::abort(),
        Exercise::Overflow => overflow(0),
        Exercise::Silence => loop {
            std::hint::spin_loop();
        },
        Exercise::Grow => grow(),
        Exercise::Endless => loop {
            source.budget.check()?;
        },
        Exercise::Panic => panic!("as asked"),
        Exercise::Garble => out.outbox().garble(&[0xee; 64]),
        Exercise::Flood => flood(out)?,
        Exercise::EndlessMember => out.member("endless", &mut io::repeat(b'x'))?,
        Exercise::Number => {
            out.open_part(PartHead { name: std::process::id().to_string(), own_text: None, recovered: false })?;
            out.close_part()?;
        }
        Exercise::Keep => std::mem::forget(vec![1_u8; KEPT_BYTES]),
        Exercise::Walls | Exercise::Disorder => {}
    }
    Ok(())
}

/// A frame on the stack for each call, until there is no more.
#[allow(unconditional_recursion, reason = "that is the exercise")]
fn overflow(depth: u64) {
    let frame = [depth; 512];
    std::hint::black_box(&frame);
    overflow(depth + 1);
    std::hint::black_box(&frame);
}

fn grow() {
    let mut held: Vec<Vec<u8>> = Vec::new();
    loop {
        held.push(vec![1; 1 << 20]);
        std::hint::black_box(&held);
    }
}

fn flood(out: &mut Teller<'_>) -> Result<(), Failure> {
    let piece = "0123456789abcde ".repeat(PIECE_BYTES_MAX / 16);
    out.open_part(PartHead { name: "flood".to_owned(), own_text: None, recovered: false })?;
    for _ in 0..FLOOD_BYTES / piece.len() {
        out.push(Edge::Join, &Place::Whole, &piece, None)?;
    }
    Ok(out.close_part()?)
}

/// An attempt: what is tried, and whether it can be done.
type Attempt = (&'static str, fn() -> io::Result<()>);

/// What no reader may do.
const ATTEMPTS: &[Attempt] = &[
    ("read a file", || File::open("/etc/passwd").map(drop)),
    ("look at a file's size", || std::fs::metadata("/etc/passwd").map(drop)),
    ("list a folder", || std::fs::read_dir("/").map(drop)),
    ("make a file", || {
        let path = std::env::temp_dir().join(format!("sluicebox-cell-{}", std::process::id()));
        File::create(&path).map(drop)?;
        std::fs::remove_file(path)
    }),
    ("read its parent's memory", || File::open("/proc/self/stat").map(drop)),
    ("connect by TCP", || TcpStream::connect("127.0.0.1:9").map(drop).or_else(reached)),
    ("send by UDP", || UdpSocket::bind("127.0.0.1:0").map(drop)),
    ("connect a local socket", || UnixStream::connect("/run/sluicebox").map(drop).or_else(reached)),
    ("listen", || UnixListener::bind("/tmp/sluicebox-cell").map(drop)),
    ("execute a program", || Command::new("/bin/true").spawn().and_then(|mut child| child.wait()).map(drop)),
    ("make a process", sys::fork),
    ("signal another process", sys::signal_parent),
    ("trace another process", sys::trace_parent),
    ("make code of memory", sys::make_code),
    ("widen a limit", sys::widen_limit),
];

/// The other end answered that nobody listens: so it was reached.
fn reached(error: io::Error) -> io::Result<()> {
    match error.kind() {
        io::ErrorKind::ConnectionRefused | io::ErrorKind::NotFound => Ok(()),
        _ => Err(error),
    }
}

/// How an attempt that came through is told.
const DONE: &str = "DONE";
/// How one that did not is told.
const REFUSED: &str = "refused";

fn attempt_all(out: &mut Teller<'_>) -> Result<(), Failure> {
    for (what, attempt) in ATTEMPTS {
        let told = if attempt().is_ok() { DONE } else { REFUSED };
        out.push(Edge::Join, &Place::named(*what), told, None)?;
    }
    // Threads are what some readers start: that must go on working.
    let thread = std::thread::Builder::new().spawn(|| ()).is_ok_and(|thread| thread.join().is_ok());
    out.push(Edge::Join, &Place::named(THREAD), if thread { DONE } else { REFUSED }, None)?;
    Ok(out.close_part()?)
}

/// The one attempt that must succeed.
const THREAD: &str = "start a thread";

/// What came of one attempt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attempted {
    /// What was tried.
    pub what: String,
    /// True when that is as it must be: refused, but for the start of a thread.
    pub is_well: bool,
}

/// Reads what the exercise of the walls told.
#[derive(Debug, Default)]
pub(super) struct Attempts(pub(super) Vec<Attempted>);

impl Output for Attempts {
    fn open_part(&mut self, _: PartHead) -> Result<(), crate::extract::Stop> {
        Ok(())
    }

    fn push(&mut self, _: Edge, place: &Place, text: &str, _: Option<u64>) -> Result<(), crate::extract::Stop> {
        let what = place.to_string();
        let wanted = if what == THREAD { DONE } else { REFUSED };
        self.0.push(Attempted { is_well: text == wanted, what });
        Ok(())
    }

    fn close_part(&mut self) -> Result<(), crate::extract::Stop> {
        Ok(())
    }

    fn member(&mut self, _: &str, _: &mut dyn io::Read) -> Result<(), crate::extract::Stop> {
        Ok(())
    }

    fn hole(&mut self, _: &str, _: crate::model::Reason) {}
}

/// Attempts that are made, the thread included.
pub(super) const ATTEMPTS_MADE: usize = ATTEMPTS.len() + 1;
