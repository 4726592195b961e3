//! The parent's ear: frames from a cell, records from frames, and their order.
//!
//! The parent trusts nothing that it hears. A frame longer than its bound, a record that is none, text outside a part, a body
//! without a member: each ends the cell. What was heard before stays.

use super::pool::STEP;
use super::wire::{Cursor, FRAME_BYTES_MAX, HEAD_BYTES, Lie, Record};
use crate::content::{Budget, Stop};
use crate::extract::{Failure, Output, PartHead};
use crate::model::{Place, Reason};
use std::io::{self, Read};
use std::ops::Range;
use std::os::unix::net::UnixStream;
use std::time::Duration;

/// Why no more is heard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Broken {
    /// The parent wants to hear no more.
    Stopped(Stop),
    /// The cell said nothing for too long.
    Silent,
    /// The cell has gone.
    Gone,
    /// It said what cannot be.
    Lied,
}

impl From<Stop> for Broken {
    fn from(stop: Stop) -> Self {
        Broken::Stopped(stop)
    }
}

impl From<Lie> for Broken {
    fn from(Lie: Lie) -> Self {
        Broken::Lied
    }
}

/// Where bytes come from.
pub(super) trait Line {
    /// Some bytes, at least one.
    fn some(&mut self, buf: &mut [u8]) -> Result<usize, Broken>;

    /// Says that a member's body is not wanted any more.
    fn skip(&mut self, member: u64);
}

/// A living cell: its silence has a bound, and the file's own bounds hold while it is waited for.
pub(super) struct Live<'a> {
    pub(super) line: &'a UnixStream,
    pub(super) silence: Duration,
    pub(super) budget: &'a Budget,
}

impl Line for Live<'_> {
    fn some(&mut self, buf: &mut [u8]) -> Result<usize, Broken> {
        let mut silent = Duration::ZERO;
        loop {
            match (&mut &*self.line).read(buf) {
                Ok(0) => return Err(Broken::Gone),
                Ok(read) => {
                    self.budget.tick()?;
                    return Ok(read);
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => silent += STEP,
                Err(_) => return Err(Broken::Gone),
            }
            self.budget.check()?;
            if silent >= self.silence {
                return Err(Broken::Silent);
            }
        }
    }

    fn skip(&mut self, member: u64) {
        // A cell that cannot be told goes on, and is heard without being listened to.
        let _ = super::request::send_skip(self.line, member);
    }
}

/// Bytes that were recorded: for tests and for fuzzing.
pub(super) struct Recorded<'a>(pub(super) &'a [u8]);

impl Line for Recorded<'_> {
    fn some(&mut self, buf: &mut [u8]) -> Result<usize, Broken> {
        match self.0.read(buf) {
            Ok(read) if read > 0 => Ok(read),
            _ => Err(Broken::Gone),
        }
    }

    fn skip(&mut self, _: u64) {}
}

/// Room for what is heard at once; grows to the largest frame that comes.
const BUFFER_BYTES: usize = 64 << 10;

/// Records out of frames.
pub(super) struct Frames<L> {
    line: L,
    buffer: Vec<u8>,
    /// Bytes that came and were not read.
    heard: Range<usize>,
    /// Where the frame ends that is being read.
    frame_end: usize,
}

impl<L: Line> Frames<L> {
    pub(super) fn new(line: L) -> Self {
        Self { line, buffer: vec![0; BUFFER_BYTES], heard: 0..0, frame_end: 0 }
    }

    /// The next record.
    pub(super) fn next(&mut self) -> Result<Record<'_>, Broken> {
        if self.heard.start == self.frame_end {
            self.next_frame()?;
        }
        let mut cursor = Cursor::new(&self.buffer[self.heard.start..self.frame_end]);
        let record = cursor.record()?;
        self.heard.start = self.frame_end - cursor.left();
        Ok(record)
    }

    fn next_frame(&mut self) -> Result<(), Broken> {
        self.have(HEAD_BYTES)?;
        let mut head = [0; HEAD_BYTES];
        head.copy_from_slice(&self.buffer[self.heard.start..self.heard.start + HEAD_BYTES]);
        let len = usize::try_from(u32::from_le_bytes(head)).map_err(|_| Lie)?;
        if !(1..=FRAME_BYTES_MAX).contains(&len) {
            return Err(Broken::Lied);
        }
        self.have(HEAD_BYTES + len)?;
        self.heard.start += HEAD_BYTES;
        self.frame_end = self.heard.start + len;
        Ok(())
    }

    /// Waits until so many bytes are there in one piece.
    fn have(&mut self, wanted: usize) -> Result<(), Broken> {
        if self.heard.is_empty() {
            self.heard = 0..0;
        }
        if self.heard.start + wanted > self.buffer.len() {
            self.buffer.copy_within(self.heard.clone(), 0);
            self.heard = 0..self.heard.len();
            self.buffer.resize(self.buffer.len().max(wanted), 0);
        }
        while self.heard.len() < wanted {
            self.heard.end += self.line.some(&mut self.buffer[self.heard.end..])?;
        }
        self.frame_end = self.heard.start;
        Ok(())
    }
}

/// Hears one document to its end. `Ok` is what the cell says of it; it is then ready for the next.
pub(super) fn hear<L: Line>(line: L, budget: &Budget, out: &mut dyn Output) -> Result<Result<(), Failure>, Broken> {
    let mut ear = Ear { frames: Frames::new(line), budget, members: 0 };
    let mut place = Place::Whole;
    let mut part_is_open = false;
    loop {
        match ear.frames.next()? {
            Record::Open { name, own_text, recovered } if !part_is_open => {
                part_is_open = true;
                place = Place::Whole;
                out.open_part(PartHead { name: name.to_owned(), own_text: own_text.map(Into::into), recovered })?;
            }
            Record::Push { edge, place: moved, raw, text } if part_is_open => {
                if let Some(moved) = moved {
                    place = moved;
                }
                out.push(edge, &place, text, raw)?;
            }
            Record::Close if part_is_open => {
                part_is_open = false;
                out.close_part()?;
            }
            Record::Member { name } if !part_is_open => {
                let name = name.to_owned();
                ear.member(&name, out)?;
            }
            Record::Hole { place, reason } => out.hole(place, reason),
            Record::Spent { read_bytes, inflated_bytes } => budget.charge_elsewhere(read_bytes, inflated_bytes)?,
            Record::End { failed, stopped } => {
                if !ear.frames.heard.is_empty() {
                    return Err(Broken::Lied);
                }
                if let Some(Failed::Stop(stop)) = stopped.map(Failed::of) {
                    budget.stop_as_elsewhere(stop);
                }
                return Ok(failed.map_or(Ok(()), |reason| Err(Failed::of(reason).into())));
            }
            _ => return Err(Broken::Lied),
        }
    }
}

/// A reason that came over the wire.
enum Failed {
    Stop(Stop),
    Refused(Reason),
}

impl Failed {
    fn of(reason: Reason) -> Self {
        match reason {
            Reason::Limit(limit) => Failed::Stop(Stop::Limit(limit)),
            Reason::Interrupted => Failed::Stop(Stop::Interrupted),
            reason => Failed::Refused(reason),
        }
    }
}

impl From<Failed> for Failure {
    fn from(failed: Failed) -> Self {
        match failed {
            Failed::Stop(stop) => stop.into(),
            Failed::Refused(reason) => Failure::refused(reason, "said by the cell"),
        }
    }
}

struct Ear<'a, L> {
    frames: Frames<L>,
    budget: &'a Budget,
    members: u64,
}

impl<L: Line> Ear<'_, L> {
    fn member(&mut self, name: &str, out: &mut dyn Output) -> Result<(), Broken> {
        self.members += 1;
        let mut body = Body { ear: self, piece: 0..0, ended: None };
        let taken = out.member(name, &mut body);
        let rest = body.pass_over();
        // The cell's own end is the cause of whatever was then missed.
        rest?;
        Ok(taken?)
    }
}

/// A member's body, as the cell sends it.
struct Body<'e, 'a, L> {
    ear: &'e mut Ear<'a, L>,
    /// What was heard and not taken, in the buffer of frames.
    piece: Range<usize>,
    ended: Option<Result<Option<Reason>, Broken>>,
}

impl<L: Line> Body<'_, '_, L> {
    /// Hears the next piece; false at the end.
    fn next_piece(&mut self) -> bool {
        while self.ended.is_none() {
            match self.heard() {
                Ok(Some(end)) => self.ended = Some(Ok(end)),
                Ok(None) if self.piece.is_empty() => {}
                Ok(None) => return true,
                Err(broken) => self.ended = Some(Err(broken)),
            }
        }
        false
    }

    /// One record; the outer `Some` is the end.
    #[allow(clippy::option_option, reason = "an end, and the reason it may have")]
    fn heard(&mut self) -> Result<Option<Option<Reason>>, Broken> {
        match self.ear.frames.next()? {
            Record::Body { bytes } => {
                let len = bytes.len();
                // A piece is the last field of its record: it ends where the reading stands.
                let end = self.ear.frames.heard.start;
                self.piece = end - len..end;
                Ok(None)
            }
            Record::BodyEnd { failed } => Ok(Some(failed)),
            Record::Spent { read_bytes, inflated_bytes } => {
                self.ear.budget.charge_elsewhere(read_bytes, inflated_bytes)?;
                Ok(None)
            }
            _ => Err(Broken::Lied),
        }
    }

    /// Hears what nobody took, to be where the next record begins.
    fn pass_over(mut self) -> Result<(), Broken> {
        if self.ended.is_none() {
            let member = self.ear.members;
            self.ear.frames.line.skip(member);
        }
        while self.next_piece() {
            self.piece = 0..0;
        }
        match self.ended {
            Some(Err(broken)) => Err(broken),
            _ => Ok(()),
        }
    }
}

impl<L: Line> Read for Body<'_, '_, L> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        if self.piece.is_empty() && !self.next_piece() {
            return match self.ended {
                Some(Ok(Some(reason))) => Err(Failure::from(Failed::of(reason)).into_io()),
                Some(Err(Broken::Stopped(stop))) => Err(stop.into()),
                Some(Err(Broken::Silent)) => Err(Failure::refused(Reason::TimedOut, "the cell fell silent").into_io()),
                Some(Err(Broken::Gone | Broken::Lied)) => {
                    Err(Failure::refused(Reason::Crashed, "the cell ended").into_io())
                }
                _ => Ok(0),
            };
        }
        let taken = buf.len().min(self.piece.len());
        let from = self.piece.start;
        buf[..taken].copy_from_slice(&self.ear.frames.buffer[from..from + taken]);
        self.piece.start += taken;
        Ok(taken)
    }
}
