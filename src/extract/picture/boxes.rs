//! Files of boxes: HEIF and AVIF, JPEG 2000, JPEG XL.
//!
//! A box is a length, a name and its content (ISO/IEC 14496-12 4.2). HEIF lists items (`iinf`) and where they stand
//! (`iloc`); one of type `Exif` or of a media type of XML holds metadata. JPEG 2000 keeps XML in `xml ` and, by agreement,
//! EXIF, XMP and IPTC under fixed UUIDs; JPEG XL has boxes `Exif` and `xml `.

use super::super::Failure;
use super::area::Area;
use super::notes::Notes;
use super::{exif, iptc};
use std::collections::HashMap;

/// Boxes looked at, at all levels together.
const BOXES_MAX: usize = 100_000;
/// Items that are remembered.
const ITEMS_MAX: usize = 10_000;

const XMP_UUID: [u8; 16] = *b"\xbe\x7a\xcf\xcb\x97\xa9\x42\xe8\x9c\x71\x99\x94\x91\xe3\xaf\xac";
const IPTC_UUID: [u8; 16] = *b"\x33\xc7\xa4\xd2\xb8\x1d\x47\x23\xa0\xba\xf1\xa3\xe0\x97\xad\x38";
const EXIF_UUID: [u8; 16] = *b"JpgTiffExif->JP2";

pub(super) fn walk(area: &Area<'_>, notes: &mut Notes<'_>) -> Result<Option<u64>, Failure> {
    if area.read(0, 4)? == b"\xff\x4f\xff\x51" {
        return codestream(area, notes);
    }
    let mut waiting = vec![*area];
    let mut left = BOXES_MAX;
    while let Some(level) = waiting.pop() {
        let mut at = 0;
        while let Some((name, content, len)) = next_box(&level, at)? {
            left = left.saturating_sub(1);
            if left == 0 {
                return Err(Failure::corrupt("too many boxes"));
            }
            match &name {
                b"meta" => items(area, &content.from(4), notes)?,
                b"moov" | b"udta" | b"jp2h" | b"asoc" => waiting.push(content),
                b"uuid" => by_uuid(&content, notes)?,
                b"xml " => notes.xmp(content.reader())?,
                b"lbl " => notes.bytes("label", &content.read(0, 4096)?)?,
                b"Exif" => exif_item(&content, notes)?,
                _ => {}
            }
            at += len;
        }
    }
    Ok(None)
}

/// Name, content, and length with its head.
fn next_box<'a>(level: &Area<'a>, at: u64) -> Result<Option<([u8; 4], Area<'a>, u64)>, Failure> {
    let Some(head) = level.array::<8>(at)? else { return Ok(None) };
    let name = [head[4], head[5], head[6], head[7]];
    let short = u64::from(u32::from_be_bytes([head[0], head[1], head[2], head[3]]));
    let (len, used) = match short {
        0 => (level.len() - at, 8),
        1 => (level.array(at + 8)?.map_or(0, u64::from_be_bytes), 16),
        len => (len, 8),
    };
    if len < used {
        return Ok(None);
    }
    Ok(Some((name, level.part(at + used, len - used), len.min(level.len()))))
}

fn by_uuid(content: &Area<'_>, notes: &mut Notes<'_>) -> Result<(), Failure> {
    let data = content.from(16);
    match content.array::<16>(0)? {
        Some(XMP_UUID) => notes.xmp(data.reader()),
        Some(IPTC_UUID) => iptc::records(&data.read(0, 1 << 20)?, notes),
        Some(EXIF_UUID) => {
            let done = exif::walk(&data, notes);
            notes.forgive("EXIF", done)
        }
        _ => Ok(()),
    }
}

/// An EXIF block behind four bytes that say how far it is.
fn exif_item(content: &Area<'_>, notes: &mut Notes<'_>) -> Result<(), Failure> {
    let skipped = content.be32(0)?.map_or(0, u64::from);
    let done = exif::walk(&content.from(4 + skipped), notes);
    notes.forgive("EXIF", done)
}

#[derive(Clone, Copy, PartialEq)]
enum Item {
    Exif,
    Xmp,
}

/// The items of a HEIF file.
fn items(file: &Area<'_>, meta: &Area<'_>, notes: &mut Notes<'_>) -> Result<(), Failure> {
    let (mut kinds, mut places, mut data) = (HashMap::new(), Vec::new(), None);
    let mut at = 0;
    while let Some((name, content, len)) = next_box(meta, at)? {
        match &name {
            b"iinf" => item_kinds(&content, &mut kinds)?,
            b"iloc" => places = item_places(&content)?,
            b"idat" => data = Some(content),
            _ => {}
        }
        at += len;
    }
    for (item, within, position, len) in places {
        let Some(kind) = kinds.get(&item) else { continue };
        let Some(holder) = (if within { data } else { Some(*file) }) else { continue };
        let content = holder.part(position, if len == 0 { u64::MAX } else { len });
        match kind {
            Item::Exif => exif_item(&content, notes)?,
            Item::Xmp => notes.xmp(content.reader())?,
        }
    }
    Ok(())
}

fn item_kinds(content: &Area<'_>, kinds: &mut HashMap<u32, Item>) -> Result<(), Failure> {
    let version = content.array::<1>(0)?.map_or(0, |[version]| version);
    let mut at = if version == 0 { 6 } else { 8 };
    while let Some((name, entry, len)) = next_box(content, at)? {
        at += len;
        if &name != b"infe" || kinds.len() >= ITEMS_MAX {
            continue;
        }
        let version = entry.array::<1>(0)?.map_or(0, |[version]| version);
        let (item, after) = match version {
            2 => (entry.be16(4)?.map(u32::from), 8),
            3 => (entry.be32(4)?, 10),
            _ => continue,
        };
        let told = entry.read(after, 4)?;
        let media = || entry.read(after + 4, 256);
        let kind = match told.as_slice() {
            b"Exif" => Some(Item::Exif),
            b"mime" if memchr::memmem::find(&media()?, b"rdf+xml").is_some() => Some(Item::Xmp),
            _ => None,
        };
        if let (Some(item), Some(kind)) = (item, kind) {
            kinds.insert(item, kind);
        }
    }
    Ok(())
}

/// Item, whether its position counts within `idat`, position, length. Items in several pieces show their first.
fn item_places(content: &Area<'_>) -> Result<Vec<(u32, bool, u64, u64)>, Failure> {
    let Some([version, _, _, _, sizes, more]) = content.array::<6>(0)? else { return Ok(Vec::new()) };
    let (offset_bytes, length_bytes) = (u64::from(sizes >> 4), u64::from(sizes & 15));
    let (base_bytes, index_bytes) = (u64::from(more >> 4), if version > 0 { u64::from(more & 15) } else { 0 });
    let mut at = 6;
    let count = number(content, &mut at, if version < 2 { 2 } else { 4 })?.unwrap_or(0);
    let mut places = Vec::new();
    for _ in 0..count.min(ITEMS_MAX as u64) {
        let Some(item) = number(content, &mut at, if version < 2 { 2 } else { 4 })? else { break };
        let method = if version > 0 { number(content, &mut at, 2)?.unwrap_or(0) & 15 } else { 0 };
        at += 2;
        let base = number(content, &mut at, base_bytes)?.unwrap_or(0);
        let extents = number(content, &mut at, 2)?.unwrap_or(0);
        let begin = at;
        at += index_bytes;
        let offset = number(content, &mut at, offset_bytes)?.unwrap_or(0);
        let len = number(content, &mut at, length_bytes)?.unwrap_or(0);
        at = begin + extents * (index_bytes + offset_bytes + length_bytes);
        if extents > 0 && method < 2 {
            places.push((u32::try_from(item).unwrap_or(0), method == 1, base.saturating_add(offset), len));
        }
    }
    Ok(places)
}

/// A number of so many bytes, high first; `at` is moved behind it.
fn number(content: &Area<'_>, at: &mut u64, bytes: u64) -> Result<Option<u64>, Failure> {
    let len = usize::try_from(bytes.min(8)).unwrap_or(0);
    let digits = content.read(*at, len)?;
    *at += bytes;
    Ok((digits.len() == len).then(|| digits.iter().fold(0, |n, &b| n << 8 | u64::from(b))))
}

/// A bare JPEG 2000 stream: comments stand in its head (ISO/IEC 15444-1 A.9.2).
fn codestream(area: &Area<'_>, notes: &mut Notes<'_>) -> Result<Option<u64>, Failure> {
    let mut at = 2;
    while let Some([0xff, marker, high, low]) = area.array::<4>(at)? {
        let len = u64::from(u16::from_be_bytes([high, low]));
        if marker == 0x64 {
            notes.bytes("comment", &area.part(at + 6, len.saturating_sub(4)).read(0, 0xffff)?)?;
        }
        if marker == 0x90 || len < 2 {
            break;
        }
        at += 2 + len;
    }
    Ok(None)
}
