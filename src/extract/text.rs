//! Plain text of any encoding: one part, the file's own text.
//!
//! Delimited text (csv, tsv) and source code are read here too. A row of a table is a line, which findings in a file's own
//! text show anyway, so nothing is parsed; quotes around a cell are part of the text as printed.

use super::decode::{Scheme, TextDecoder};
use super::{Edge, Failure, Output, PartHead, RawUnits, Source};
use crate::model::Place;

/// Pushes the whole file as its own text.
pub(super) fn extract(source: &Source<'_>, out: &mut dyn Output) -> Result<(), Failure> {
    extract_watched(source, out, &mut |_| {})
}

/// The same, showing each piece to `watch` as it passes.
pub(super) fn extract_watched(
    source: &Source<'_>,
    out: &mut dyn Output,
    watch: &mut dyn FnMut(&str),
) -> Result<(), Failure> {
    let mut decoder = TextDecoder::of_source(source)?;
    let opened_as = decoder.scheme();
    out.open_part(PartHead { name: "text".to_owned(), own_text: Some(raw_units(opened_as)), recovered: false })?;
    while let Some((text, raw, scheme)) = decoder.next_piece()?.map(|piece| (piece.text, piece.raw, piece.scheme)) {
        if text.is_empty() {
            continue;
        }
        watch(text);
        if scheme == opened_as {
            out.push(Edge::Join, &Place::Whole, text, Some(raw))?;
        } else {
            push_apart(text, raw, scheme, out)?;
        }
    }
    out.close_part()?;
    Ok(())
}

/// How the characters of a scheme are measured.
fn raw_units(scheme: Scheme) -> RawUnits {
    match scheme {
        Scheme::Utf8 => RawUnits::Utf8,
        Scheme::Utf16(_) => RawUnits::Utf16,
        Scheme::Utf32(_) => RawUnits::Utf32,
        Scheme::Legacy(encoding) if encoding.is_single_byte() => RawUnits::Single,
        Scheme::Legacy(encoding) => RawUnits::Encoded(encoding),
    }
}

/// Pushes text of an encoding that showed itself only after the part was opened as ASCII: each character outside ASCII goes
/// alone, so that the position of what follows is exact whatever its length.
fn push_apart(text: &str, raw: u64, scheme: Scheme, out: &mut dyn Output) -> Result<(), Failure> {
    let (mut rest, mut raw) = (text, raw);
    while let Some(first) = rest.chars().next() {
        let plain = rest.bytes().position(|b| !b.is_ascii()).unwrap_or(rest.len());
        let (len, raw_len) = if plain > 0 { (plain, plain) } else { (first.len_utf8(), raw_len(first, scheme)) };
        out.push(Edge::Join, &Place::Whole, &rest[..len], Some(raw))?;
        raw += raw_len as u64;
        rest = &rest[len..];
    }
    Ok(())
}

/// Bytes that one character takes in the source.
fn raw_len(c: char, scheme: Scheme) -> usize {
    match scheme {
        Scheme::Legacy(encoding) if !encoding.is_single_byte() => encoding.encode(c.encode_utf8(&mut [0; 4])).0.len(),
        Scheme::Legacy(_) => 1,
        _ => c.len_utf8(),
    }
}
