//! The central directory of a zip file: found from the end, read record by record.
//!
//! APPNOTE.TXT 4.3.12 (records), 4.3.14 to 4.3.16 (end records, zip64), 4.4 (fields), 4.5.3 (zip64 extra field). Several
//! end records may exist and data may precede the archive: the last end record whose directory is really there wins.

use super::super::{Failure, Source};
use super::entry::{Entry, Origin, le16, le32, le64, printable_name, printable_text, unicode_name};
use crate::content::budget::Hold;
use memchr::memmem;
use std::io::{self, BufReader, Read, Seek, SeekFrom};

const END_RECORD: &[u8] = b"PK\x05\x06";
const END_RECORD_BYTES: usize = 22;
const COMMENT_BYTES_MAX: usize = 65_535;
const ZIP64_LOCATOR: &[u8] = b"PK\x06\x07";
const ZIP64_LOCATOR_BYTES: usize = 20;
const ZIP64_END_RECORD: &[u8] = b"PK\x06\x06";
const CENTRAL_RECORD: &[u8] = b"PK\x01\x02";
/// Records kept; an archive with more is cut there and says so by the limit on members.
const ENTRIES_MAX: usize = 200_000;

/// What the end of the file says.
pub(super) struct Directory {
    pub(super) entries: Vec<Entry>,
    pub(super) comment: String,
    /// Where the directory begins; what lies before it may be members.
    pub(super) start: u64,
    /// Where the end record ends; what lies after it does not belong to the archive.
    pub(super) end: u64,
    /// True when the file ends within the archive's comment.
    pub(super) is_cut: bool,
}

/// Finds and reads the directory; `None` when there is none.
pub(super) fn read(source: &Source<'_>, held: &mut Hold<'_>) -> Result<Option<Directory>, Failure> {
    let len = source.content.len();
    let tail_bytes = len.min((END_RECORD_BYTES + COMMENT_BYTES_MAX + ZIP64_LOCATOR_BYTES) as u64);
    let mut tail = vec![0; usize::try_from(tail_bytes).unwrap_or(0)];
    let tail_start = len - tail_bytes;
    let got = source.content.read_up_to(tail_start, &mut tail)?;
    source.budget.charge_read(got)?;
    tail.truncate(got);
    for at in memmem::rfind_iter(&tail, END_RECORD) {
        let Some(record) = tail.get(at..at + END_RECORD_BYTES) else { continue };
        let position = tail_start + at as u64;
        if let Some((start, base)) = locate(source, record, &tail[..at], position)? {
            let comment_len = usize::from(le16(record, 20));
            let comment = tail.get(at + END_RECORD_BYTES..).unwrap_or_default();
            let is_cut = comment.len() < comment_len;
            let comment = &comment[..comment.len().min(comment_len)];
            let entries = read_records(source, start, base, held)?;
            let end = position + (END_RECORD_BYTES + comment.len()) as u64;
            return Ok(Some(Directory { entries, comment: printable_text(comment, false), start, end, is_cut }));
        }
    }
    Ok(None)
}

/// Where the directory begins, and what to add to the offsets in it (bytes before the archive).
fn locate(source: &Source<'_>, record: &[u8], before: &[u8], position: u64) -> Result<Option<(u64, u64)>, Failure> {
    let (mut size, mut offset, mut end) = (u64::from(le32(record, 12)), u64::from(le32(record, 16)), position);
    let locator = before.len().checked_sub(ZIP64_LOCATOR_BYTES).map(|at| &before[at..]);
    if let Some(locator) = locator.filter(|locator| locator.starts_with(ZIP64_LOCATOR)) {
        let at = le64(locator, 8);
        let mut record64 = [0; 56];
        let whole = source.content.read_up_to(at, &mut record64)? == record64.len();
        if whole && record64.starts_with(ZIP64_END_RECORD) {
            (size, offset, end) = (le64(&record64, 40), le64(&record64, 48), at);
        }
    }
    let is_empty = size == 0 && le16(record, 10) == 0;
    for start in [end.checked_sub(size), Some(offset)].into_iter().flatten() {
        if is_empty || signature_at(source, start)? == CENTRAL_RECORD {
            return Ok(Some((start, start.saturating_sub(offset))));
        }
    }
    Ok(None)
}

fn signature_at(source: &Source<'_>, position: u64) -> io::Result<[u8; 4]> {
    let mut signature = [0; 4];
    source.content.read_up_to(position, &mut signature)?;
    Ok(signature)
}

fn read_records(source: &Source<'_>, start: u64, base: u64, held: &mut Hold<'_>) -> Result<Vec<Entry>, Failure> {
    let mut reader = source.reader();
    reader.seek(SeekFrom::Start(start))?;
    let mut reader = BufReader::with_capacity(super::super::BLOCK_BYTES, reader);
    let mut entries = Vec::new();
    while entries.len() < ENTRIES_MAX {
        let Some(entry) = read_record(&mut reader, base)? else { break };
        held.grow(size_of::<Entry>() + entry.name.len() + entry.comment.len())?;
        entries.push(entry);
    }
    Ok(entries)
}

/// One record; `None` where the records end, also when they are cut.
fn read_record(reader: &mut impl Read, base: u64) -> Result<Option<Entry>, Failure> {
    let mut fixed = [0; 46];
    let mut got = 0;
    while got < fixed.len() {
        match reader.read(&mut fixed[got..])? {
            0 => return Ok(None),
            n => got += n,
        }
    }
    if !fixed.starts_with(CENTRAL_RECORD) {
        return Ok(None);
    }
    let mut name = vec![0; usize::from(le16(&fixed, 28))];
    let mut extra = vec![0; usize::from(le16(&fixed, 30))];
    let mut comment = vec![0; usize::from(le16(&fixed, 32))];
    for field in [&mut name, &mut extra, &mut comment] {
        match reader.read_exact(field) {
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(None),
            done => done?,
        }
    }
    let flags = le16(&fixed, 8);
    let mut wide = Wide {
        size: u64::from(le32(&fixed, 24)),
        compressed: u64::from(le32(&fixed, 20)),
        offset: u64::from(le32(&fixed, 42)),
    };
    wide.widen(&extra);
    Ok(Some(Entry {
        name: unicode_name(&extra, &name).unwrap_or_else(|| printable_name(&name, flags & 0x800 != 0)),
        comment: printable_text(&comment, flags & 0x800 != 0),
        method: le16(&fixed, 10),
        flags,
        crc: Some(le32(&fixed, 16)),
        compressed_bytes: Some(wide.compressed),
        bytes: wide.size,
        header_at: base.saturating_add(wide.offset),
        origin: Origin::Directory,
    }))
}

/// The three numbers that zip64 widens.
pub(super) struct Wide {
    pub(super) size: u64,
    pub(super) compressed: u64,
    pub(super) offset: u64,
}

impl Wide {
    /// Takes from the zip64 extra field what the record marks as too large for it, in the order that APPNOTE 4.5.3 fixes.
    pub(super) fn widen(&mut self, extra: &[u8]) {
        const TOO_LARGE: u64 = u32::MAX as u64;
        let mut rest = extra;
        while let (Some(head), true) = (rest.get(..4), rest.len() >= 4) {
            let len = usize::from(le16(head, 2));
            let Some(field) = rest.get(4..4 + len) else { return };
            if le16(head, 0) == 1 {
                let mut values = field.chunks_exact(8).map(|value| le64(value, 0));
                for number in [&mut self.size, &mut self.compressed, &mut self.offset] {
                    if *number == TOO_LARGE {
                        *number = values.next().unwrap_or(TOO_LARGE);
                    }
                }
                return;
            }
            rest = &rest[4 + len..];
        }
    }
}
