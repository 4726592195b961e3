//! Rar archives of all ages, by `rars`: names as a part, then each file in the order of the archive.
//!
//! The library pushes where our walk pulls, so it unpacks on a thread of its own and a few pieces are on their way at a time: no
//! member is held whole, whatever its length. The thread ends with the reading of the archive; a reading that is stopped
//! cancels it. Members under a password and those that go on in another volume are holes.

use super::{Edge, Failure, Output, PartHead, Source};
use crate::content::budget::Inflated;
use crate::content::{Budget, Stop};
use crate::model::{Limit, Place, Reason};
use rars::{
    Archive, ArchiveMember, ArchiveReadOptions, ArchiveReader, Error, ErrorKind, ExtractionDecision,
    ExtractionErrorAction, ReadCancellation,
};
use std::cell::Cell;
use std::io::{self, Read, Write};
use std::rc::Rc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::time::Duration;

/// Headers in one archive.
const HEADERS_MAX: u64 = 1_000_000;
/// Bytes of a piece on its way from the library, and how many are on their way at a time.
const PIECE_BYTES: usize = 64 << 10;
const PIECES_MAX: usize = 4;
/// How often the budget is asked while nothing comes.
const WAIT: Duration = Duration::from_millis(250);

/// Pushes the names and the comment, then hands over each file.
pub(super) fn extract(source: &Source<'_>, out: &mut dyn Output) -> Result<(), Failure> {
    let limits = source.budget.limits();
    let reader = source.content.detached()?;
    let bytes_read = reader.bytes_read();
    let options = ArchiveReadOptions::new()
        .with_max_header_count(HEADERS_MAX)
        .with_max_header_bytes(limits.memory_bytes / 4)
        .with_rar50_dictionary_size_limit(limits.memory_bytes)
        .with_rar50_buffered_decode_limit(limits.memory_bytes / 8)
        .with_max_reader_workspace_bytes(limits.memory_bytes / 2)
        .with_max_total_output_bytes(output_bytes_max(source));
    let archive = ArchiveReader::read_reader_with_options(reader, options).map_err(|error| failure_of(&error))?;
    charge(source.budget, &bytes_read)?;
    push_names(&archive, options, out)?;
    let _held = source.budget.hold(PIECE_BYTES * (PIECES_MAX + 2))?;
    let (give, steps) = sync_channel(PIECES_MAX);
    let cancellation = ReadCancellation::new();
    let options = options.with_cancellation(&cancellation);
    std::thread::scope(|scope| {
        let unpacking = scope.spawn(|| unpack(&archive, options, give));
        let told = Teller { steps, budget: source.budget, bytes_read: &bytes_read }.tell(out);
        // What is still under way, if the reading ended early, ends too.
        cancellation.cancel();
        if let Err(panic) = unpacking.join() {
            std::panic::resume_unwind(panic);
        }
        told
    })
}

/// Bytes that may come out of the whole archive: the library counts them as it goes, our own count comes after a member.
fn output_bytes_max(source: &Source<'_>) -> u64 {
    let limits = source.budget.limits();
    let by_ratio = source.content.len().saturating_mul(limits.inflate_ratio).saturating_add(limits.inflate_grace_bytes);
    by_ratio.min(limits.inflated_bytes)
}

fn charge(budget: &Budget, bytes_read: &AtomicU64) -> Result<(), Stop> {
    budget.charge_read(usize::try_from(bytes_read.swap(0, Ordering::Relaxed)).unwrap_or(usize::MAX))
}

/// What the library came to.
enum Step {
    /// A member begins; its bytes follow.
    Begin {
        name: String,
        packed_bytes: u64,
    },
    Bytes(Vec<u8>),
    /// The member that was begun, or the archive, could not be read to its end.
    Failed(Reason),
    /// A member that is not unpacked.
    Hole(String, Reason),
}

/// Unpacks all members, until nobody listens.
fn unpack(archive: &Archive, options: ArchiveReadOptions<'_>, give: SyncSender<Step>) {
    let decide = |member: &ArchiveMember| Ok(decide(member, &give));
    let on_error = |_: &ArchiveMember, error: &Error| match give.send(Step::Failed(reason_of(error))) {
        Ok(()) => Ok(ExtractionErrorAction::Continue),
        Err(_) => Ok(ExtractionErrorAction::Abort),
    };
    if let Err(error) = archive.extract_with_control_and_errors(options, decide, on_error) {
        // Nobody may be left to hear it.
        let _ = give.send(Step::Failed(reason_of(&error)));
    }
}

fn decide(member: &ArchiveMember, give: &SyncSender<Step>) -> ExtractionDecision {
    let name = member_name(member);
    let meta = &member.meta;
    if meta.is_directory || meta.is_redirection {
        return ExtractionDecision::Skip;
    }
    let hole = match () {
        () if meta.is_encrypted => Some(Reason::EncryptedPassword),
        () if meta.is_split_before || meta.is_split_after => Some(Reason::Unsupported),
        () => None,
    };
    let (step, decision) = match hole {
        Some(reason) => (Step::Hole(name, reason), ExtractionDecision::Skip),
        None => {
            let sink = Sink { give: give.clone(), piece: Vec::new() };
            (Step::Begin { name, packed_bytes: meta.packed_size }, ExtractionDecision::Extract(Box::new(sink)))
        }
    };
    if give.send(step).is_ok() { decision } else { ExtractionDecision::Stop }
}

/// Takes a member's bytes from the library and sends them on in pieces.
struct Sink {
    give: SyncSender<Step>,
    piece: Vec<u8>,
}

impl Sink {
    fn send(&mut self) -> io::Result<()> {
        if self.piece.is_empty() {
            return Ok(());
        }
        let gone = |_| io::Error::from(io::ErrorKind::BrokenPipe);
        self.give.send(Step::Bytes(std::mem::take(&mut self.piece))).map_err(gone)
    }
}

impl Write for Sink {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        let taken = buf.len().min(PIECE_BYTES - self.piece.len());
        self.piece.extend_from_slice(&buf[..taken]);
        if self.piece.len() == PIECE_BYTES {
            self.send()?;
        }
        Ok(taken)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.send()
    }
}

impl Drop for Sink {
    fn drop(&mut self) {
        // The library need not flush; when nobody listens there is nothing to do.
        let _ = self.send();
    }
}

/// Tells what the library comes to.
struct Teller<'b> {
    steps: Receiver<Step>,
    budget: &'b Budget,
    bytes_read: &'b AtomicU64,
}

impl Teller<'_> {
    /// The next step; `None` when all is unpacked.
    fn next(&self) -> Result<Option<Step>, Stop> {
        loop {
            match self.steps.recv_timeout(WAIT) {
                Ok(step) => return charge(self.budget, self.bytes_read).map(|()| Some(step)),
                Err(RecvTimeoutError::Timeout) => self.budget.check()?,
                Err(RecvTimeoutError::Disconnected) => return Ok(None),
            }
        }
    }

    fn tell(self, out: &mut dyn Output) -> Result<(), Failure> {
        let mut next = self.next()?;
        while let Some(step) = next {
            next = match step {
                Step::Begin { name, packed_bytes } => self.hand_over(&name, packed_bytes, out)?,
                Step::Hole(name, reason) => {
                    out.hole(&name, reason);
                    self.next()?
                }
                Step::Failed(reason) => {
                    out.hole("", reason);
                    self.next()?
                }
                Step::Bytes(_) => self.next()?,
            };
        }
        Ok(())
    }

    /// Hands over the member that was begun, with what went wrong; gives the step behind it.
    fn hand_over(&self, name: &str, packed_bytes: u64, out: &mut dyn Output) -> Result<Option<Step>, Failure> {
        // The library takes the compressed bytes itself: they count as fed before the first byte comes out.
        let fed_bytes = Rc::new(Cell::new(packed_bytes));
        let mut body = Body { steps: self, piece: Vec::new(), taken: 0, failed: None, after: None, ended: false };
        out.member(name, &mut Inflated::new(&mut body, fed_bytes, self.budget))?;
        // What nobody wanted to read comes all the same.
        io::copy(&mut body, &mut io::sink())?;
        if let Some(reason) = body.failed {
            out.hole(name, reason);
        }
        Ok(body.after)
    }
}

/// The bytes of one member as they come.
struct Body<'t, 'b> {
    steps: &'t Teller<'b>,
    piece: Vec<u8>,
    taken: usize,
    failed: Option<Reason>,
    /// The step that ended it.
    after: Option<Step>,
    ended: bool,
}

impl Read for Body<'_, '_> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        while self.taken == self.piece.len() && !self.ended {
            match self.steps.next()? {
                Some(Step::Bytes(piece)) => (self.piece, self.taken) = (piece, 0),
                Some(Step::Failed(reason)) => self.failed = Some(reason),
                after => (self.after, self.ended) = (after, true),
            }
        }
        let n = buf.len().min(self.piece.len() - self.taken);
        buf[..n].copy_from_slice(&self.piece[self.taken..self.taken + n]);
        self.taken += n;
        Ok(n)
    }
}

fn member_name(member: &ArchiveMember) -> String {
    let name = super::decode::guessed_text(member.meta.name_bytes());
    name.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

fn push_names(archive: &Archive, options: ArchiveReadOptions<'_>, out: &mut dyn Output) -> Result<(), Failure> {
    out.open_part(PartHead { name: "names".to_owned(), own_text: None, recovered: false })?;
    for member in archive.members() {
        out.push(Edge::Soft('\n'), &Place::Whole, &member_name(&member), None)?;
    }
    if let Ok(Some(comment)) = archive.comment_with_options(options) {
        out.push(Edge::Soft('\n'), &Place::Whole, &super::decode::guessed_text(&comment), None)?;
    }
    out.close_part()?;
    Ok(())
}

fn reason_of(error: &Error) -> Reason {
    match error.kind() {
        ErrorKind::PasswordRequired | ErrorKind::BadPassword => Reason::EncryptedPassword,
        ErrorKind::ResourceLimit => Reason::Limit(Limit::Memory),
        ErrorKind::UnsupportedFeature if matches!(error, Error::FeatureDisabled { .. }) => Reason::EncryptedPassword,
        ErrorKind::UnsupportedFeature | ErrorKind::UnsupportedFormat => Reason::Unsupported,
        _ => Reason::Corrupt,
    }
}

fn failure_of(error: &Error) -> Failure {
    match reason_of(error) {
        Reason::Limit(limit) => Stop::Limit(limit).into(),
        reason => Failure::refused(reason, "a rar archive that cannot be read"),
    }
}
