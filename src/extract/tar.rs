//! Tar archives: the old format, ustar, GNU and pax headers, read in one pass and never unpacked to disk.
//!
//! POSIX.1-1988 ustar, POSIX.1-2001 pax (`path`, `linkpath`, `size`, `comment`), GNU long names (types `L` and `K`), base-256
//! sizes and sparse files (what is stored of them). Names, comments and targets of links are text too, so they come first, as
//! a part; members follow. Archives written one behind the other are read as one.

use super::{Edge, Failure, Output, PartHead, Source};
use crate::model::{Place, Reason};
use std::io::{Read, Seek, SeekFrom};

const BLOCK: u64 = 512;
/// Bytes of an extended header that are looked at.
const EXTENDED_BYTES_MAX: u64 = 1 << 20;

/// Pushes the names as a part, then hands over each file.
pub(super) fn extract(source: &Source<'_>, out: &mut dyn Output) -> Result<(), Failure> {
    out.open_part(PartHead { name: "names".to_owned(), own_text: None, recovered: false })?;
    let whole = each_entry(source, &mut |entry| {
        for text in [&entry.name, &entry.target, &entry.comment].into_iter().filter(|text| !text.is_empty()) {
            out.push(Edge::Soft('\n'), &Place::Whole, text, None)?;
        }
        Ok(())
    })?;
    out.close_part()?;
    each_entry(source, &mut |entry| {
        if entry.is_file {
            let mut body = source.reader();
            body.seek(SeekFrom::Start(entry.data_at))?;
            let mut body = body.take(entry.bytes);
            out.member(&entry.name, &mut body)?;
            if body.limit() > 0 && source.content.len() < entry.data_at.saturating_add(entry.bytes) {
                out.hole(&entry.name, Reason::Corrupt);
            }
        }
        Ok(())
    })?;
    if !whole {
        out.hole("", Reason::Corrupt);
    }
    Ok(())
}

#[derive(Default)]
struct Entry {
    name: String,
    target: String,
    comment: String,
    bytes: u64,
    data_at: u64,
    is_file: bool,
}

/// Shows each entry; false when the archive ends in the middle of one or a header is damaged.
fn each_entry(source: &Source<'_>, see: &mut dyn FnMut(&Entry) -> Result<(), Failure>) -> Result<bool, Failure> {
    let mut position = 0u64;
    let mut next = Entry::default();
    let mut size = None;
    loop {
        let mut header = [0; 512];
        let got = source.content.read_up_to(position, &mut header)?;
        source.budget.charge_read(got)?;
        if got > 0 && header.iter().all(|&b| b == 0) {
            match behind_zeros(source, position)? {
                Some(next) => position = next,
                None => return Ok(true),
            }
            continue;
        }
        if got == 0 {
            return Ok(true);
        }
        if got < header.len() || !has_checksum(&header) {
            return Ok(false);
        }
        let kind = header[156];
        let bytes = size.take().filter(|_| !is_extended(kind)).unwrap_or_else(|| number(&header[124..136]));
        let mut data_at = position + BLOCK;
        position = data_at.saturating_add(bytes.div_ceil(BLOCK).saturating_mul(BLOCK));
        if is_extended(kind) {
            let text = read_extended(source, data_at, bytes)?;
            match kind {
                b'L' => next.name = text_of(&text),
                b'K' => next.target = text_of(&text),
                b'x' => size = take_pax(&text, &mut next),
                _ => {}
            }
        } else {
            let mut entry = std::mem::take(&mut next);
            if entry.name.is_empty() {
                entry.name = plain_name(&header);
            }
            if entry.target.is_empty() {
                entry.target = text_of(&header[157..257]);
            }
            if kind == b'S' {
                let more = sparse_header_bytes(source, &header, data_at)?;
                (data_at, position) = (data_at + more, position.saturating_add(more));
            }
            entry.is_file = matches!(kind, b'0' | 0 | b'7' | b'S') && !entry.name.ends_with('/');
            (entry.bytes, entry.data_at) = (bytes, data_at);
            see(&entry)?;
        }
        if position > source.content.len() {
            return Ok(false);
        }
    }
}

/// Where another archive begins behind the zeros that end this one.
fn behind_zeros(source: &Source<'_>, mut position: u64) -> Result<Option<u64>, Failure> {
    const ZEROS_MAX: u64 = 1 << 20;
    let end = position.saturating_add(ZEROS_MAX).min(source.content.len());
    while position < end {
        let mut block = [0; 512];
        let got = source.content.read_up_to(position, &mut block)?;
        source.budget.charge_read(got)?;
        if block.iter().any(|&b| b != 0) {
            return Ok((got == block.len() && has_checksum(&block)).then_some(position));
        }
        position += BLOCK;
    }
    Ok(None)
}

/// Bytes of the further headers of an old GNU sparse file, which list where its pieces belong.
fn sparse_header_bytes(source: &Source<'_>, header: &[u8], data_at: u64) -> Result<u64, Failure> {
    let (mut more, mut goes_on) = (0, header[482] != 0);
    while goes_on {
        let mut block = [0; 512];
        let got = source.content.read_up_to(data_at + more, &mut block)?;
        source.budget.charge_read(got)?;
        more += BLOCK;
        goes_on = got == block.len() && block[504] != 0;
    }
    Ok(more)
}

fn is_extended(kind: u8) -> bool {
    matches!(kind, b'L' | b'K' | b'x' | b'g')
}

/// The header's sum, its own field counted as spaces.
fn has_checksum(header: &[u8]) -> bool {
    let sum: u64 =
        header.iter().enumerate().map(|(at, &b)| u64::from(if (148..156).contains(&at) { b' ' } else { b })).sum();
    sum == number(&header[148..156])
}

/// An octal number, or a base-256 one when its first bit is set.
fn number(field: &[u8]) -> u64 {
    if field.first().is_some_and(|b| b & 0x80 != 0) {
        return field[1..].iter().fold(0u64, |n, &b| n.wrapping_shl(8) | u64::from(b));
    }
    let digits = field.iter().skip_while(|b| **b == b' ').take_while(|b| (b'0'..=b'7').contains(*b));
    digits.fold(0u64, |n, &b| n.wrapping_shl(3) | u64::from(b - b'0'))
}

fn plain_name(header: &[u8]) -> String {
    let name = text_of(&header[..100]);
    let prefix = if header[257..].starts_with(b"ustar\0") { text_of(&header[345..500]) } else { String::new() };
    if prefix.is_empty() { name } else { format!("{prefix}/{name}") }
}

fn text_of(field: &[u8]) -> String {
    let bytes = field.split(|&b| b == 0).next().unwrap_or_default();
    super::decode::guessed_text(bytes).chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

fn read_extended(source: &Source<'_>, at: u64, bytes: u64) -> Result<Vec<u8>, Failure> {
    let mut text = vec![0; usize::try_from(bytes.min(EXTENDED_BYTES_MAX)).unwrap_or(0)];
    let got = source.content.read_up_to(at, &mut text)?;
    text.truncate(got);
    Ok(text)
}

/// Takes the records of a pax header, `LENGTH KEY=VALUE\n` each; gives the size when it has one.
fn take_pax(mut text: &[u8], entry: &mut Entry) -> Option<u64> {
    let mut size = None;
    while let Some(space) = text.iter().position(|&b| b == b' ') {
        let len = std::str::from_utf8(&text[..space]).ok().and_then(|len| len.parse::<usize>().ok());
        let Some(record) = len.and_then(|len| text.get(space + 1..len)) else { break };
        let record = record.strip_suffix(b"\n").unwrap_or(record);
        if let Some(equals) = record.iter().position(|&b| b == b'=') {
            let value = &record[equals + 1..];
            match &record[..equals] {
                b"path" => entry.name = text_of(value),
                b"GNU.sparse.name" => entry.name = text_of(value),
                b"comment" => entry.comment = text_of(value),
                b"linkpath" => entry.target = text_of(value),
                b"size" => size = std::str::from_utf8(value).ok().and_then(|size| size.parse().ok()),
                _ => {}
            }
        }
        text = &text[space + 1 + record.len()..];
        text = text.strip_prefix(b"\n").unwrap_or(text);
    }
    size
}
