//! Documents whose text lies in one known place (Publisher, Hangul), and compound files of which nothing is known.

use super::bytes::{u16_at, u32_at};
use super::compound::{Compound, Stream};
use super::runs;
use crate::content::budget::{Fed, Inflated};
use crate::extract::Edge;
use crate::extract::Failure;
use crate::extract::mapi::push_body;
use crate::extract::parts::{Parts, printable};
use crate::model::{Place, Reason};
use std::collections::HashSet;
use std::io::Read;

/// Publisher since 98: one stream of pieces, of which those called `TEXT` are UTF-16.
pub(super) fn push_publisher(compound: &Compound<'_>, storage: usize, parts: &mut Parts<'_>) -> Result<(), Failure> {
    let text = |storage| compound.child(storage, "QuillSub").map(|sub| compound.find(sub, "CONTENTS")).transpose();
    let Some(stream) = compound.child(storage, "Quill").map(text).transpose()?.flatten().flatten() else {
        return push_unknown(compound, storage, parts);
    };
    let head = stream.bytes_at(0, 0x20 + 24 * 64)?;
    let mut any = false;
    for entry in head.get(0x20..).unwrap_or_default().chunks_exact(24) {
        if entry.get(2..6) != Some(b"TEXT") {
            continue;
        }
        let (Some(from), Some(len)) = (u32_at(entry, 16), u32_at(entry, 20)) else { continue };
        parts.begin("text")?;
        let mut bytes =
            Lines { inner: stream_again(compound, storage)?.reader_at(u64::from(from)).take(u64::from(len)) };
        push_body(&mut bytes, None, "text", parts)?;
        any = true;
    }
    if any { Ok(()) } else { push_unknown(compound, storage, parts) }
}

fn stream_again<'a>(compound: &Compound<'a>, storage: usize) -> Result<Stream<'a>, Failure> {
    let sub = compound.child(storage, "Quill").and_then(|quill| compound.child(quill, "QuillSub"));
    let stream = sub.map(|sub| compound.find(sub, "CONTENTS")).transpose()?.flatten();
    stream.ok_or(Failure::corrupt("no text stream"))
}

/// Publisher ends paragraphs with a return.
struct Lines<R> {
    inner: R,
}

impl<R: Read> Read for Lines<R> {
    fn read(&mut self, buf: &mut [u8]) -> std::io::Result<usize> {
        let n = self.inner.read(buf)?;
        for at in 0..n {
            // Pairs of bytes keep their order; a return is known by its high byte only where both are at hand.
            if buf[at] == b'\r' && buf[..n].get(at + 1) == Some(&0) {
                buf[at] = b'\n';
            }
        }
        Ok(n)
    }
}

/// Hangul documents of version 5: sections of records, packed; paragraphs are UTF-16 among marks.
pub(super) fn push_hangul(compound: &Compound<'_>, storage: usize, parts: &mut Parts<'_>) -> Result<(), Failure> {
    let Some(head) = compound.find(storage, "FileHeader")? else { return push_unknown(compound, storage, parts) };
    let flags = u32_at(&head.bytes_at(0, 64)?, 36).unwrap_or(0);
    if flags & 2 != 0 {
        return Err(Failure::refused(Reason::EncryptedPassword, "the document is encrypted"));
    }
    if flags & 4 != 0 {
        return Err(Failure::refused(Reason::EncryptedRights, "the document is for distribution only"));
    }
    let is_packed = flags & 1 != 0;
    if let Some(body) = compound.child(storage, "BodyText") {
        for &section in &compound.entry(body).children {
            parts.begin(format!("text {}", printable(&compound.entry(section).name)))?;
            let mut reader = unpacked(compound, section, is_packed)?;
            push_records(&mut reader, parts)?;
        }
    }
    if let Some(data) = compound.child(storage, "BinData") {
        for &object in &compound.entry(data).children {
            let name = printable(&compound.entry(object).name);
            let mut reader = unpacked(compound, object, is_packed)?;
            parts.member(&name, &mut reader)?;
        }
    }
    Ok(())
}

fn unpacked<'a>(compound: &Compound<'a>, stream: usize, is_packed: bool) -> Result<Box<dyn Read + 'a>, Failure> {
    let reader = compound.stream(stream)?.reader();
    if !is_packed {
        return Ok(Box::new(reader));
    }
    let (fed, taken) = Fed::new(reader);
    Ok(Box::new(Inflated::new(flate2::read::DeflateDecoder::new(fed), taken, compound.budget())))
}

/// Records with a head of 32 bits: type, level, length.
fn push_records(reader: &mut dyn Read, parts: &mut Parts<'_>) -> Result<(), Failure> {
    let mut paragraph = 0u32;
    loop {
        let mut head = [0; 4];
        if super::compound::fill(reader, &mut head)? < head.len() {
            return Ok(());
        }
        let head = u32::from_le_bytes(head);
        let mut len = head >> 20;
        if len == 0xfff {
            let mut long = [0; 4];
            super::compound::fill(reader, &mut long)?;
            len = u32::from_le_bytes(long);
        }
        let mut data = Vec::new();
        // Only what a record truly has is held.
        Read::take(&mut *reader, u64::from(len).min(16 << 20)).read_to_end(&mut data)?;
        if head & 0x3ff == 67 {
            paragraph = paragraph.saturating_add(1);
            parts.push(Edge::Soft('\n'), &Place::Paragraph(paragraph), paragraph_text(&data).trim_end())?;
        }
    }
}

/// Marks below the space take one unit or eight.
fn paragraph_text(data: &[u8]) -> String {
    let mut units = Vec::with_capacity(data.len() / 2);
    let mut at = 0;
    while let Some(unit) = u16_at(data, at) {
        at += match unit {
            10 | 13 => {
                units.push(u16::from(b'\n'));
                2
            }
            9 => {
                units.push(u16::from(b'\t'));
                16
            }
            0 | 24..=31 => 2,
            1..=23 => 16,
            _ => {
                units.push(unit);
                2
            }
        };
    }
    String::from_utf16_lossy(&units)
}

/// Runs of text of every stream, each as a part.
pub(super) fn push_unknown(compound: &Compound<'_>, storage: usize, parts: &mut Parts<'_>) -> Result<(), Failure> {
    let all = compound.under(storage);
    // Property sets, wrappings of objects and macros have readers of their own.
    let macros = all.iter().filter(|storage| compound.child(**storage, "dir").is_some());
    let apart: HashSet<usize> = macros.flat_map(|storage| &compound.entry(*storage).children).copied().collect();
    for number in all {
        let entry = compound.entry(number);
        if entry.is_storage || entry.name.starts_with(['\u{1}', '\u{5}']) || apart.contains(&number) {
            continue;
        }
        parts.begin(format!("stream '{}'", printable(&entry.name)))?;
        let stream = compound.stream(number)?;
        let len = stream.len();
        runs::push(&stream, 0, len, parts)?;
    }
    parts.end()
}

/// Visio before 2013: a tree of streams inside one stream, most of them packed.
///
/// The tree's own marks differ between versions, so every place that reads like a pointer is followed once; what is no pointer
/// after all costs a look.
pub(super) fn push_visio(compound: &Compound<'_>, storage: usize, parts: &mut Parts<'_>) -> Result<(), Failure> {
    let Some(stream) = compound.find(storage, "VisioDocument")? else { return Ok(()) };
    let head = stream.bytes_at(0, 64)?;
    let is_old = head.get(0x1a).is_some_and(|version| *version <= 5);
    let Some(trailer) = Pointer::parse(head.get(0x24..).unwrap_or_default(), is_old) else {
        return Err(Failure::corrupt("the drawing has no directory"));
    };
    parts.begin("text")?;
    let mut seen = HashSet::new();
    let mut next = vec![trailer];
    let mut unpacked_bytes = 0u64;
    while let Some(pointer) = next.pop() {
        compound.budget().check()?;
        if !seen.insert(pointer.from) || seen.len() > VISIO_STREAMS_MAX || unpacked_bytes > VISIO_BYTES_MAX {
            continue;
        }
        let raw = stream.bytes_at(u64::from(pointer.from), usize::try_from(pointer.len).unwrap_or(0))?;
        let data = if pointer.format & 2 != 0 { unpack_visio(&raw) } else { raw };
        unpacked_bytes += data.len() as u64;
        if pointer.has_pointers() {
            let places = (0..data.len()).filter_map(|at| Pointer::parse(&data[at..], is_old));
            next.extend(
                places.filter(|found| found.fits(stream.len()) && !seen.contains(&found.from)).take(VISIO_STREAMS_MAX),
            );
        }
        if pointer.from != trailer.from {
            runs::push_from(&mut data.as_slice(), parts)?;
        }
    }
    Ok(())
}

const VISIO_STREAMS_MAX: usize = 50_000;
const VISIO_BYTES_MAX: u64 = 256 << 20;
/// What one packed stream makes; a packed byte makes nine at most.
const VISIO_STREAM_BYTES_MAX: usize = 32 << 20;

/// A place in the drawing's stream.
#[derive(Clone, Copy)]
struct Pointer {
    kind: u32,
    from: u32,
    len: u32,
    format: u16,
}

impl Pointer {
    fn parse(raw: &[u8], is_old: bool) -> Option<Self> {
        if is_old {
            let (kind, format) = (u16_at(raw, 0)?, u16_at(raw, 2)?);
            return Some(Self { kind: u32::from(kind), from: u32_at(raw, 8)?, len: u32_at(raw, 12)?, format });
        }
        Some(Self { kind: u32_at(raw, 0)?, from: u32_at(raw, 8)?, len: u32_at(raw, 12)?, format: u16_at(raw, 16)? })
    }

    fn fits(&self, all: u64) -> bool {
        let known = matches!(self.format >> 4, 0 | 4 | 5 | 0xd) && (1..0x200).contains(&self.kind);
        known && self.len > 4 && self.from >= 0x24 && u64::from(self.from) + u64::from(self.len) <= all
    }

    fn has_pointers(&self) -> bool {
        matches!(self.kind, 0x14 | 0x1d | 0x1e) || self.format >> 4 == 5
    }
}

/// A window of 4,096 bytes; a set bit is a byte as it is, a clear one a place in the window and a length.
fn unpack_visio(packed: &[u8]) -> Vec<u8> {
    let mut window = [0u8; 4096];
    let mut out = Vec::with_capacity(packed.len().saturating_mul(2).min(VISIO_STREAM_BYTES_MAX));
    let mut at = 0;
    let mut put = |byte: u8, window: &mut [u8; 4096]| {
        window[out.len() & 4095] = byte;
        out.push(byte);
        out.len()
    };
    let mut done = 0;
    while let Some(&flags) = packed.get(at) {
        at += 1;
        for bit in 0..8 {
            if done > VISIO_STREAM_BYTES_MAX {
                return out;
            }
            if flags >> bit & 1 == 1 {
                let Some(&byte) = packed.get(at) else { return out };
                at += 1;
                done = put(byte, &mut window);
                continue;
            }
            let (Some(&low), Some(&high)) = (packed.get(at), packed.get(at + 1)) else { return out };
            at += 2;
            let place = usize::from(high & 0xf0) << 4 | usize::from(low);
            let from = if place > 4078 { place - 4078 } else { place + 18 };
            for n in 0..usize::from(high & 0xf) + 3 {
                let byte = window[(from + n) & 4095];
                done = put(byte, &mut window);
            }
        }
    }
    out
}
