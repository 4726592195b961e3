//! Windows metafiles: records that draw, some of which draw text.
//!
//! [MS-WMF] 2.3.3.5 and 2.3.3.20 (text out), [MS-EMF] 2.3.5 (text out, small text out) and its header's description,
//! [MS-EMFPLUS] 2.3.4.14 (draw string) inside comment records. A word is often drawn in pieces, so records that draw on one
//! line one after the other are joined only by a space.

use super::super::Failure;
use super::area::Area;
use super::notes::Notes;

/// Bytes of one record that are looked at.
const RECORD_BYTES_MAX: u64 = 1 << 20;

pub(super) fn walk(area: &Area<'_>, notes: &mut Notes<'_>) -> Result<Option<u64>, Failure> {
    if area.read(40, 4)? == b" EMF" {
        enhanced(area, notes)?
    } else {
        plain(area, notes)?
    }
    Ok(None)
}

fn enhanced(area: &Area<'_>, notes: &mut Notes<'_>) -> Result<(), Failure> {
    let mut at = 0;
    while let (Some(kind), Some(len)) = (area.le32(at)?, area.le32(at + 4)?) {
        if len < 8 {
            break;
        }
        let record = || area.part(at, u64::from(len).min(RECORD_BYTES_MAX)).read(0, text_len(len));
        match kind {
            1 => {
                let record = record()?;
                let text = slice(&record, le32(&record, 64), le32(&record, 60).saturating_mul(2));
                notes.utf16("description", &text.replace_nul(), u16::from_le_bytes)?;
            }
            83 | 84 => {
                let record = record()?;
                let (count, from) = (le32(&record, 44), le32(&record, 48));
                if kind == 84 {
                    notes.utf16("text", slice(&record, from, count.saturating_mul(2)), u16::from_le_bytes)?;
                } else {
                    notes.bytes("text", slice(&record, from, count))?;
                }
            }
            108 => small_text(&record()?, notes)?,
            70 => comment(&record()?, notes)?,
            14 => break,
            _ => {}
        }
        at += u64::from(len);
    }
    Ok(())
}

/// EMR_SMALLTEXTOUT: flags say whether a rectangle comes first and whether characters take one byte.
fn small_text(record: &[u8], notes: &mut Notes<'_>) -> Result<(), Failure> {
    const NO_RECTANGLE: usize = 0x100;
    const SMALL: usize = 0x200;
    let (count, flags) = (le32(record, 16), le32(record, 20));
    let from = if flags & NO_RECTANGLE == 0 { 52 } else { 36 };
    if flags & SMALL != 0 {
        notes.bytes("text", slice(record, from, count))
    } else {
        notes.utf16("text", slice(record, from, count.saturating_mul(2)), u16::from_le_bytes)
    }
}

/// Records of EMF+ inside a comment.
fn comment(record: &[u8], notes: &mut Notes<'_>) -> Result<(), Failure> {
    if record.get(12..16) != Some(b"EMF+") {
        return Ok(());
    }
    let mut rest = &record[16..];
    while rest.len() >= 12 {
        let kind = usize::from(u16::from_le_bytes([rest[0], rest[1]]));
        let len = le32(rest, 4);
        if kind == 0x401c {
            // Brush, format, length, rectangle, then the string.
            notes.utf16("text", slice(rest, 40, le32(rest, 20).saturating_mul(2)), u16::from_le_bytes)?;
        }
        if len < 12 || len > rest.len() {
            break;
        }
        rest = &rest[len..];
    }
    Ok(())
}

fn plain(area: &Area<'_>, notes: &mut Notes<'_>) -> Result<(), Failure> {
    let mut at = if area.le32(0)? == Some(0x9ac6_cdd7) { 22 + 18 } else { 18 };
    while let (Some(words), Some(kind)) = (area.le32(at)?, area.array::<2>(at + 4)?) {
        if words < 3 {
            break;
        }
        let len = u64::from(words) * 2;
        let record = || area.part(at, len.min(RECORD_BYTES_MAX)).read(0, 1 << 20);
        match u16::from_le_bytes(kind) {
            0x0521 => {
                let record = record()?;
                notes.bytes("text", slice(&record, 8, le16(&record, 6)))?;
            }
            0x0a32 => {
                let record = record()?;
                // A rectangle comes first where the options say that one clips or is filled.
                let from = if le16(&record, 12) & 6 == 0 { 14 } else { 22 };
                notes.bytes("text", slice(&record, from, le16(&record, 10)))?;
            }
            0 => break,
            _ => {}
        }
        at += len;
    }
    Ok(())
}

/// NUL between two texts becomes a space, so that both are read.
trait ReplaceNul {
    fn replace_nul(&self) -> Vec<u8>;
}

impl ReplaceNul for [u8] {
    fn replace_nul(&self) -> Vec<u8> {
        self.chunks_exact(2).flat_map(|unit| if unit == [0, 0] { [b' ', 0] } else { [unit[0], unit[1]] }).collect()
    }
}

fn slice(bytes: &[u8], from: usize, len: usize) -> &[u8] {
    let rest = bytes.get(from..).unwrap_or_default();
    &rest[..len.min(rest.len())]
}

fn text_len(len: u32) -> usize {
    usize::try_from(u64::from(len).min(RECORD_BYTES_MAX)).unwrap_or(0)
}

fn le16(bytes: &[u8], at: usize) -> usize {
    bytes.get(at..at + 2).map_or(0, |b| usize::from(u16::from_le_bytes([b[0], b[1]])))
}

fn le32(bytes: &[u8], at: usize) -> usize {
    let value = bytes.get(at..at + 4).map_or(0, |b| u32::from_le_bytes([b[0], b[1], b[2], b[3]]));
    usize::try_from(value).unwrap_or(usize::MAX)
}
