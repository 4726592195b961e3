//! Photoshop documents: the image resources, and the texts that layers still hold as text.
//!
//! Adobe's file format specification: a header, colour data, resources, then layers. A layer's name stands in a block
//! `luni` as UTF-16, and the text of a text layer in its engine data as `/Text (...)` in UTF-16 behind a mark; both are
//! searched for, since the way to them leads through every channel of every layer.

use super::super::Failure;
use super::area::Area;
use super::iptc;
use super::notes::Notes;
use memchr::memmem;

/// Bytes looked at in one step, and how much of the step before is kept so that no block is cut.
const STEP_BYTES: usize = 256 << 10;
const KEPT_BYTES: usize = 64 << 10;

pub(super) fn walk(area: &Area<'_>, notes: &mut Notes<'_>) -> Result<Option<u64>, Failure> {
    let wide = area.be16(4)? == Some(2);
    let mut at = 26;
    at += 4 + area.be32(at)?.map_or(0, u64::from);
    let Some(resources) = area.be32(at)? else { return Ok(None) };
    iptc::resources(&area.part(at + 4, u64::from(resources)), notes)?;
    at += 4 + u64::from(resources);
    let len = if wide { area.array(at)?.map(u64::from_be_bytes) } else { area.be32(at)?.map(u64::from) };
    layers(&area.part(at, len.unwrap_or(0).saturating_add(8)), notes)?;
    Ok(None)
}

fn layers(area: &Area<'_>, notes: &mut Notes<'_>) -> Result<(), Failure> {
    let mut at = 0;
    while at < area.len() {
        let bytes = area.read(at, STEP_BYTES + KEPT_BYTES)?;
        let is_last = bytes.len() < STEP_BYTES + KEPT_BYTES;
        let of_this_step = |found: &usize| is_last || *found < STEP_BYTES;
        for found in memmem::find_iter(&bytes, b"8BIMluni").take_while(of_this_step) {
            if let Some(count) = bytes.get(found + 12..found + 16) {
                let units = usize::try_from(u32::from_be_bytes([count[0], count[1], count[2], count[3]])).unwrap_or(0);
                let end = (found + 16).saturating_add(units.saturating_mul(2)).min(bytes.len());
                notes.utf16("layer", &bytes[found + 16..end], u16::from_be_bytes)?;
            }
        }
        for found in memmem::find_iter(&bytes, b"/Text (\xfe\xff").take_while(of_this_step) {
            notes.utf16("text layer", &string(&bytes[found + 9..]), u16::from_be_bytes)?;
        }
        at += STEP_BYTES as u64;
    }
    Ok(())
}

/// A string up to its closing bracket; a backslash lets the next byte stand for itself.
fn string(bytes: &[u8]) -> Vec<u8> {
    let mut text = Vec::new();
    let mut bytes = bytes.iter();
    while let Some(&byte) = bytes.next() {
        match byte {
            b')' => break,
            b'\\' => text.extend(bytes.next()),
            byte => text.push(byte),
        }
    }
    text
}
