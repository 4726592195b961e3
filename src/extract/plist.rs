//! Binary property lists: what programs of Apple keep their settings and small documents in.
//!
//! Objects stand in any order and refer to one another by number, so nothing is followed: each dictionary is printed as
//! `key value` lines of its plain values, each array as a line, and blobs that are documents themselves are handed over. A
//! loop of references is therefore no loop here. The form: CFBinaryPList.c of Apple's Core Foundation.

use super::{Edge, Failure, Output, PartHead, Source, sniff};
use crate::model::Place;
use std::io::Read;

const HEADER: &[u8] = b"bplist0";
const TRAILER_BYTES: usize = 32;
/// Characters of a value that is printed each time it is referred to.
const REPEATED_MAX: usize = 256;

/// Pushes the plain values as one part, then hands over the blobs.
pub(super) fn extract(source: &Source<'_>, out: &mut dyn Output) -> Result<(), Failure> {
    let len = usize::try_from(source.content.len()).unwrap_or(usize::MAX);
    let _held = source.budget.hold(len)?;
    let mut bytes = Vec::new();
    source.reader().read_to_end(&mut bytes)?;
    let list = List::open(&bytes)?;
    let mut used = vec![false; list.count];
    out.open_part(PartHead { name: "text".to_owned(), own_text: None, recovered: false })?;
    for number in 0..list.count {
        source.budget.tick()?;
        list.push(number, &mut used, source, out)?;
    }
    for number in (0..list.count).filter(|number| !used[*number]) {
        source.budget.tick()?;
        if let Some(text) = list.value(number) {
            out.push(Edge::Soft('\n'), &Place::Whole, &text, None)?;
        }
    }
    out.close_part()?;
    for number in 0..list.count {
        source.budget.tick()?;
        if let Some(mut blob) = list.blob(number).filter(|blob| sniff::by_magic(blob).is_some()) {
            out.member(&format!("data {number}"), &mut blob)?;
        }
    }
    Ok(())
}

/// The file, and what its trailer says of it.
struct List<'a> {
    bytes: &'a [u8],
    offsets: &'a [u8],
    offset_bytes: usize,
    reference_bytes: usize,
    count: usize,
}

impl<'a> List<'a> {
    fn open(bytes: &'a [u8]) -> Result<Self, Failure> {
        let cut = || Failure::corrupt("a property list without its trailer");
        let trailer_at = bytes.len().checked_sub(TRAILER_BYTES).ok_or_else(cut)?;
        let trailer = &bytes[trailer_at..];
        let number = |at: usize| usize::try_from(big_endian(&trailer[at..at + 8])).ok();
        let (offset_bytes, reference_bytes) = (usize::from(trailer[6]), usize::from(trailer[7]));
        let is_sane =
            bytes.starts_with(HEADER) && (1..=8).contains(&offset_bytes) && (1..=8).contains(&reference_bytes);
        let table = number(24).and_then(|at| bytes.get(at..trailer_at)).filter(|_| is_sane).ok_or_else(cut)?;
        let count = number(8).filter(|count| *count <= table.len() / offset_bytes).ok_or_else(cut)?;
        Ok(Self { bytes, offsets: table, offset_bytes, reference_bytes, count })
    }

    /// An object's mark, its count or length, and what follows.
    fn object(&self, number: usize) -> Option<(u8, usize, &'a [u8])> {
        let at = number.checked_mul(self.offset_bytes)?;
        let offset = big_endian(self.offsets.get(at..at + self.offset_bytes)?);
        let object = self.bytes.get(usize::try_from(offset).ok()?..)?;
        let (&mark, rest) = object.split_first()?;
        let short = usize::from(mark & 15);
        if short < 15 || mark >> 4 < 4 {
            return Some((mark >> 4, short, rest));
        }
        // A longer count is an integer object of its own.
        let (&size, rest) = rest.split_first()?;
        let (count, rest) = rest.split_at_checked(1 << (size & 3))?;
        Some((mark >> 4, usize::try_from(big_endian(count)).ok()?, rest))
    }

    /// The printed form of a plain value.
    fn value(&self, number: usize) -> Option<String> {
        let (kind, len, rest) = self.object(number)?;
        match kind {
            0 => match len {
                8 => Some("false".to_owned()),
                9 => Some("true".to_owned()),
                _ => None,
            },
            1 => {
                let digits = rest.get(..1 << len.min(4))?;
                Some(big_endian(&digits[digits.len().saturating_sub(8)..]).cast_signed().to_string())
            }
            2 => match len {
                2 => Some(f32::from_be_bytes(rest.get(..4)?.try_into().ok()?).to_string()),
                _ => Some(f64::from_be_bytes(rest.get(..8)?.try_into().ok()?).to_string()),
            },
            5 | 7 => Some(String::from_utf8_lossy(rest.get(..len)?).into_owned()),
            6 => {
                let units = rest.get(..len.checked_mul(2)?)?.chunks_exact(2).map(|u| u16::from_be_bytes([u[0], u[1]]));
                Some(char::decode_utf16(units).map(|c| c.unwrap_or('\u{fffd}')).collect())
            }
            4 => {
                let text = std::str::from_utf8(rest.get(..len)?).ok()?;
                let prints = |c: char| !c.is_control() || matches!(c, '\n' | '\r' | '\t');
                (!text.is_empty() && text.chars().all(prints)).then(|| text.to_owned())
            }
            _ => None,
        }
    }

    fn blob(&self, number: usize) -> Option<&'a [u8]> {
        let (kind, len, rest) = self.object(number)?;
        rest.get(..len).filter(|_| kind == 4)
    }

    fn reference(&self, rest: &[u8], index: usize) -> Option<usize> {
        let at = index.checked_mul(self.reference_bytes)?;
        let reference = big_endian(rest.get(at..at + self.reference_bytes)?);
        usize::try_from(reference).ok().filter(|number| *number < self.count)
    }

    /// Prints a dictionary or an array; other objects print where one of those refers to them.
    fn push(&self, number: usize, used: &mut [bool], source: &Source<'_>, out: &mut dyn Output) -> Result<(), Failure> {
        let Some((kind, count, rest)) = self.object(number) else { return Ok(()) };
        let mut say = |edge: Edge, index: usize, source: &Source<'_>| -> Result<bool, Failure> {
            source.budget.tick()?;
            let Some(number) = self.reference(rest, index) else { return Ok(false) };
            // A long value that many refer to is printed once, or a small file would print without end.
            let is_long = self.object(number).is_some_and(|(_, len, _)| len > REPEATED_MAX);
            let value = if used[number] && is_long { None } else { self.value(number) };
            used[number] = true;
            let Some(value) = value.filter(|value| !value.is_empty()) else { return Ok(false) };
            out.push(edge, &Place::Whole, &value, None)?;
            Ok(true)
        };
        let count = count.min(rest.len() / self.reference_bytes);
        match kind {
            10 | 12 => {
                for index in 0..count {
                    say(Edge::Soft('\n'), index, source)?;
                }
            }
            13 => {
                for index in 0..count {
                    if say(Edge::Soft('\n'), index, source)? {
                        say(Edge::Soft(' '), index.saturating_add(count), source)?;
                    }
                }
            }
            _ => {}
        }
        Ok(())
    }
}

fn big_endian(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0, |n, &b| n << 8 | u64::from(b))
}
