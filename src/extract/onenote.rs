//! OneNote sections: every text that the file holds, those of earlier revisions too, and the files put into them.
//!
//! [MS-ONESTORE] keeps a page as property sets scattered over revisions, and [MS-FSSHTTPB] the same sets in another frame.
//! In both a text is a length and then its characters, in UTF-16 or one byte each ([MS-ONE] 2.3.1 RichEditTextUnicode,
//! 2.3.54 TextExtendedAscii). So texts are found by that form wherever they stand, which no damage to the frame can hide;
//! their order is that of the file. Embedded files stand behind a GUID of their own ([MS-ONESTORE] 2.6.13).

use super::{Edge, Failure, Output, PartHead, Source, sniff};
use crate::model::{Place, Reason};
use memchr::memmem;
use std::io::{Read, Seek, SeekFrom};

/// Bytes looked at in one step, and how much more so that no text is cut.
const STEP_BYTES: usize = 256 << 10;
const TEXT_BYTES_MAX: usize = 64 << 10;
/// Characters of the shortest text.
const TEXT_CHARS_MIN: usize = 3;

/// The mark before an embedded file: {BDE316E7-2665-4511-A4C4-8D4D0B7A9EAC}.
const FILE_MARK: &[u8] = b"\xe7\x16\xe3\xbd\x65\x26\x11\x45\xa4\xc4\x8d\x4d\x0b\x7a\x9e\xac";
/// From the mark to the file: the mark, its length, 12 bytes of nothing.
const FILE_HEAD_BYTES: u64 = 36;

/// Pushes the texts as one part, then hands over the embedded files.
pub(super) fn extract(source: &Source<'_>, out: &mut dyn Output) -> Result<(), Failure> {
    let mut files = Vec::new();
    let mut skipped_to = 0;
    out.open_part(PartHead { name: "text".to_owned(), own_text: None, recovered: false })?;
    each_step(source, &mut |at, bytes, own| {
        for found in memmem::find_iter(bytes, FILE_MARK).take_while(|found| *found < own) {
            let len =
                bytes.get(found + 16..found + 24).and_then(|len| len.try_into().ok()).map_or(0, u64::from_le_bytes);
            files.push((at + found as u64 + FILE_HEAD_BYTES, len));
        }
        skipped_to = push_texts(at, bytes, own, skipped_to, &files, out)?;
        Ok(())
    })?;
    out.close_part()?;
    for (number, (at, len)) in files.into_iter().enumerate() {
        let mut reader = source.reader();
        reader.seek(SeekFrom::Start(at))?;
        out.member(&format!("embedded file {}", number + 1), &mut reader.take(len))?;
    }
    if is_cut(source)? {
        out.hole("", Reason::Corrupt);
    }
    Ok(())
}

/// The format of the file, by its head ([MS-ONESTORE] 2.3.1): {109ADD3F-911B-49F5-A5D0-1791EDC8AED8}.
const STORE_FORMAT: &[u8] = b"\x3f\xdd\x9a\x10\x1b\x91\xf5\x49\xa5\xd0\x17\x91\xed\xc8\xae\xd8";
/// Where the head says how long the file is.
const LENGTH_AT: usize = 196;

/// True when the file is shorter than its head says; the other frame tells no length.
fn is_cut(source: &Source<'_>) -> Result<bool, Failure> {
    let mut head = [0; LENGTH_AT + 8];
    let got = source.content.read_up_to(0, &mut head)?;
    let is_store = head[48..64] == *STORE_FORMAT;
    let len = head[LENGTH_AT..].try_into().map_or(0, u64::from_le_bytes);
    Ok(is_store && (got < head.len() || len > source.content.len()))
}

/// What looks at a step of the file.
type See<'a> = dyn FnMut(u64, &[u8], usize) -> Result<(), Failure> + 'a;

/// Shows the file in steps: position, bytes, and how many of them belong to this step alone.
fn each_step(source: &Source<'_>, see: &mut See<'_>) -> Result<(), Failure> {
    let mut bytes = vec![0; STEP_BYTES + TEXT_BYTES_MAX + 4];
    let mut at = 0;
    loop {
        let got = source.content.read_up_to(at, &mut bytes)?;
        source.budget.charge_read(got.min(STEP_BYTES))?;
        see(at, &bytes[..got], if got < bytes.len() { got } else { STEP_BYTES })?;
        if got < bytes.len() {
            return Ok(());
        }
        at += STEP_BYTES as u64;
    }
}

/// Pushes the texts that begin in this step; gives the position behind the last.
fn push_texts(
    at: u64,
    bytes: &[u8],
    own: usize,
    skipped_to: u64,
    files: &[(u64, u64)],
    out: &mut dyn Output,
) -> Result<u64, Failure> {
    let mut position = usize::try_from(skipped_to.saturating_sub(at)).unwrap_or(usize::MAX);
    while position < own {
        // Embedded files are read as what they are.
        let here = at + position as u64;
        let inside = files.last().filter(|(from, len)| here >= *from && here - from < *len);
        if let Some((from, len)) = inside {
            position = usize::try_from(from.saturating_add(*len).saturating_sub(at)).unwrap_or(usize::MAX);
            continue;
        }
        match text_at(&bytes[position..]) {
            Some((text, used)) => {
                out.push(Edge::Soft('\n'), &Place::Whole, &text, None)?;
                position += used;
            }
            None => position += 1,
        }
    }
    Ok(at.saturating_add(position as u64))
}

/// A text that stands at the beginning: its length, then what reads as one to its last character.
fn text_at(bytes: &[u8]) -> Option<(String, usize)> {
    let len = usize::try_from(u32::from_le_bytes(bytes.get(..4)?.try_into().ok()?)).ok()?;
    if !(TEXT_CHARS_MIN..=TEXT_BYTES_MAX).contains(&len) {
        return None;
    }
    let field = bytes.get(4..4 + len)?;
    // What does not begin with a character is refused at once, as nearly every position is.
    if field[0] < b' ' && field[1] == 0 && !matches!(field[0], b'\t' | b'\n' | b'\r') {
        return None;
    }
    let text = wide_text(field).or_else(|| narrow_text(field))?;
    Some((text, 4 + len))
}

fn wide_text(field: &[u8]) -> Option<String> {
    if !field.len().is_multiple_of(2) || field.len() < TEXT_CHARS_MIN * 2 {
        return None;
    }
    let units = field.chunks_exact(2).map(|unit| u16::from_le_bytes([unit[0], unit[1]]));
    let text: String = char::decode_utf16(units).collect::<Result<_, _>>().ok()?;
    let text = text.trim_end_matches('\0');
    (text.chars().all(prints) && is_likely(text)).then(|| text.to_owned())
}

/// Letters of one script, or of Latin and one other: chance makes a motley of them.
fn is_likely(text: &str) -> bool {
    let (mut blocks, mut letters, mut count) = (Vec::new(), 0usize, 0usize);
    for c in text.chars() {
        count += 1;
        letters += usize::from(c.is_alphanumeric() || c == ' ');
        let block = match u32::from(c) {
            0..=0x24f | 0x2000..=0x206f => continue,
            // The scripts of East Asia go together.
            0x2e80..=0x9fff | 0xac00..=0xd7af | 0xf900..=0xfaff | 0xff00..=0xffef => 0x3000,
            code => code >> 8,
        };
        if !blocks.contains(&block) {
            blocks.push(block);
        }
    }
    count >= TEXT_CHARS_MIN && letters * 2 >= count && blocks.len() <= 2
}

fn narrow_text(field: &[u8]) -> Option<String> {
    let field = field.strip_suffix(b"\0").unwrap_or(field);
    let is_text = field.len() >= 6 && field.iter().all(|b| matches!(b, b'\t' | b'\n' | b'\r' | b' '..=b'~' | 0xa0..));
    let letters = field.iter().filter(|b| b.is_ascii_alphanumeric() || **b == b' ').count();
    let told = is_text && letters * 2 >= field.len() && sniff::by_magic(field).is_none();
    told.then(|| field.iter().map(|&b| char::from(b)).collect())
}

fn prints(c: char) -> bool {
    !c.is_control() && !matches!(u32::from(c), 0xe000..=0xf8ff | 0xfff0..=0xffff)
        || matches!(c, '\n' | '\r' | '\t' | '\u{b}')
}
