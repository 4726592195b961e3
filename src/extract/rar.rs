//! Rar archives of all ages, by `rars`: names as a part, then each file in the order of the archive.
//!
//! The library pushes where our walk pulls, so a member is held whole before it is handed over, up to a bound under the
//! file's memory allowance; a longer one is read as far as that and reported. Members under a password and those that go on
//! in another volume are holes.

use super::{Edge, Failure, Output, PartHead, Source};
use crate::content::budget::Inflated;
use crate::content::{Budget, Stop};
use crate::model::{Limit, Place, Reason};
use rars::{
    ArchiveMember, ArchiveReadOptions, ArchiveReader, Error, ErrorKind, ExtractionDecision, ExtractionErrorAction,
};
use std::cell::{Cell, RefCell};
use std::io::{self, Write};
use std::rc::Rc;
use std::sync::atomic::Ordering;

/// Headers in one archive.
const HEADERS_MAX: u64 = 1_000_000;
/// Members are held whole up to this share of the memory allowance.
const MEMBER_SHARE: u64 = 2;

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
    let member_bytes_max = usize::try_from(limits.memory_bytes / MEMBER_SHARE).unwrap_or(usize::MAX);
    let turn = RefCell::new(Turn { out, budget: source.budget, pending: None, stop: None });
    let decide = |member: &ArchiveMember| {
        let mut turn = turn.borrow_mut();
        turn.hand_over();
        if turn.stop.is_some() || charge(source.budget, &bytes_read).map_err(|stop| turn.stop = Some(stop)).is_err() {
            return Ok(ExtractionDecision::Stop);
        }
        Ok(turn.decide(member, member_bytes_max))
    };
    let on_error = |_: &ArchiveMember, error: &Error| {
        turn.borrow_mut().fail(reason_of(error));
        Ok(ExtractionErrorAction::Continue)
    };
    let done = archive.extract_with_control_and_errors(options, decide, on_error);
    let mut turn = turn.into_inner();
    if let Err(error) = &done {
        turn.fail(reason_of(error));
    }
    turn.hand_over();
    turn.stop.map_or(Ok(()), |stop| Err(stop.into()))
}

/// Bytes that may come out of the whole archive: the library counts them as it goes, our own count comes after a member.
fn output_bytes_max(source: &Source<'_>) -> u64 {
    let limits = source.budget.limits();
    let by_ratio = source.content.len().saturating_mul(limits.inflate_ratio).saturating_add(limits.inflate_grace_bytes);
    by_ratio.min(limits.inflated_bytes)
}

fn charge(budget: &Budget, bytes_read: &std::sync::atomic::AtomicU64) -> Result<(), Stop> {
    budget.charge_read(usize::try_from(bytes_read.swap(0, Ordering::Relaxed)).unwrap_or(usize::MAX))
}

/// The member that is being extracted.
struct Pending {
    name: String,
    packed_bytes: u64,
    held: Rc<RefCell<Held>>,
    failed: Option<Reason>,
}

/// What came out of a member so far.
#[derive(Default)]
struct Held {
    bytes: Vec<u8>,
    bytes_max: usize,
    is_cut: bool,
}

struct Sink(Rc<RefCell<Held>>);

impl Write for Sink {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        let mut held = self.0.borrow_mut();
        let room = held.bytes_max - held.bytes.len();
        held.is_cut |= buf.len() > room;
        held.bytes.extend_from_slice(&buf[..buf.len().min(room)]);
        Ok(buf.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

struct Turn<'o, 'b> {
    out: &'o mut dyn Output,
    budget: &'b Budget,
    pending: Option<Pending>,
    stop: Option<Stop>,
}

impl Turn<'_, '_> {
    fn decide(&mut self, member: &ArchiveMember, bytes_max: usize) -> ExtractionDecision {
        let name = member_name(member);
        if member.meta.is_directory || member.meta.is_redirection {
            return ExtractionDecision::Skip;
        }
        if member.meta.is_encrypted {
            self.out.hole(&name, Reason::EncryptedPassword);
            return ExtractionDecision::Skip;
        }
        if member.meta.is_split_before || member.meta.is_split_after {
            self.out.hole(&name, Reason::Unsupported);
            return ExtractionDecision::Skip;
        }
        let held = Rc::new(RefCell::new(Held { bytes_max, ..Held::default() }));
        let packed_bytes = member.meta.packed_size;
        self.pending = Some(Pending { name, packed_bytes, held: Rc::clone(&held), failed: None });
        ExtractionDecision::Extract(Box::new(Sink(held)))
    }

    fn fail(&mut self, reason: Reason) {
        match &mut self.pending {
            Some(pending) => pending.failed = Some(reason),
            None => self.out.hole("", reason),
        }
    }

    /// Hands over the member that was extracted, with what went wrong.
    fn hand_over(&mut self) {
        let Some(pending) = self.pending.take().filter(|_| self.stop.is_none()) else { return };
        let held = pending.held.take();
        let Ok(_hold) = self.budget.hold(held.bytes.len()) else {
            return self.out.hole(&pending.name, Reason::Limit(Limit::Memory));
        };
        if pending.failed.is_none() || !held.bytes.is_empty() {
            // The library took the compressed bytes already: they count as fed before the first byte comes out.
            let fed_bytes = Rc::new(Cell::new(pending.packed_bytes));
            let mut body = Inflated::new(held.bytes.as_slice(), fed_bytes, self.budget);
            self.stop = self.out.member(&pending.name, &mut body).err();
        }
        let cut = held.is_cut.then_some(Reason::Limit(Limit::Memory));
        if let Some(reason) = pending.failed.or(cut) {
            self.out.hole(&pending.name, reason);
        }
    }
}

fn member_name(member: &ArchiveMember) -> String {
    let name = super::decode::guessed_text(member.meta.name_bytes());
    name.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

fn push_names(archive: &rars::Archive, options: ArchiveReadOptions<'_>, out: &mut dyn Output) -> Result<(), Failure> {
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
