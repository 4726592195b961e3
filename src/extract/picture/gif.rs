//! GIF: blocks behind a header (GIF89a, appendices A to C). Comments are texts; XMP hides in an application block.

use super::super::Failure;
use super::area::Area;
use super::notes::Notes;

/// Bytes of one comment.
const TEXT_BYTES_MAX: usize = 1 << 20;

pub(super) fn walk(area: &Area<'_>, notes: &mut Notes<'_>) -> Result<Option<u64>, Failure> {
    let Some(flags) = area.array::<1>(10)? else { return Ok(None) };
    let mut at = 13 + colours(flags[0]);
    loop {
        let Some([kind]) = area.array::<1>(at)? else { return Ok(None) };
        match kind {
            0x3b => return Ok(Some(at + 1)),
            0x2c => {
                let Some(flags) = area.array::<1>(at + 9)? else { return Ok(None) };
                at = skip_blocks(area, at + 11 + colours(flags[0]))?;
            }
            0x21 => at = extension(area, at, notes)?,
            // Padding between blocks is forgiven.
            0 => at += 1,
            _ => return Ok(None),
        }
    }
}

/// Bytes of a table of colours.
fn colours(flags: u8) -> u64 {
    if flags & 0x80 == 0 { 0 } else { 3 << ((flags & 7) + 1) }
}

fn extension(area: &Area<'_>, at: u64, notes: &mut Notes<'_>) -> Result<u64, Failure> {
    let Some([_, label, len]) = area.array::<3>(at)? else { return Ok(area.len()) };
    if label == 0xfe {
        let (text, end) = text_of(area, at + 2)?;
        notes.bytes("comment", &text)?;
        return Ok(end);
    }
    if label == 0x01 {
        let (text, end) = text_of(area, at + 3 + u64::from(len))?;
        notes.bytes("text", &text)?;
        return Ok(end);
    }
    if label == 0xff && area.read(at + 3, 11)? == b"XMP DataXMP" {
        // The packet is written as if it had no blocks; a tail of 258 bytes makes it end as one all the same.
        let from = at + 14;
        let end = skip_blocks(area, from)?;
        let len = end.saturating_sub(from).saturating_sub(258);
        notes.xmp(area.part(from, len).reader())?;
        return Ok(end);
    }
    skip_blocks(area, at + 2)
}

/// Joins the blocks of data that begin here; gives what follows them too.
fn text_of(area: &Area<'_>, mut at: u64) -> Result<(Vec<u8>, u64), Failure> {
    let mut text = Vec::new();
    loop {
        let Some([len]) = area.array::<1>(at)? else { return Ok((text, area.len())) };
        if len == 0 {
            return Ok((text, at + 1));
        }
        if text.len() < TEXT_BYTES_MAX {
            text.extend(area.read(at + 1, usize::from(len))?);
        }
        at += 1 + u64::from(len);
    }
}

fn skip_blocks(area: &Area<'_>, mut at: u64) -> Result<u64, Failure> {
    loop {
        match area.array::<1>(at)? {
            None => return Ok(area.len()),
            Some([0]) => return Ok(at + 1),
            Some([len]) => at += 1 + u64::from(len),
        }
    }
}
