//! PNG: chunks, each with its length before and a checksum behind (PNG third edition, section 5).
//!
//! `tEXt`, `zTXt` and `iTXt` are texts under a keyword, `eXIf` an EXIF block, `iCCP` a colour profile. ImageMagick writes
//! whole profiles as hexadecimal text under `Raw profile type ...`; those are decoded.

use super::super::Failure;
use super::area::Area;
use super::notes::Notes;
use super::{exif, iptc};
use crate::content::budget::{Fed, Inflated};
use std::io::Read;

/// Bytes of one text.
const TEXT_BYTES_MAX: u64 = 8 << 20;

pub(super) fn walk(area: &Area<'_>, notes: &mut Notes<'_>) -> Result<Option<u64>, Failure> {
    let mut at = 8;
    while let Some(head) = area.array::<8>(at)? {
        let len = u64::from(u32::from_be_bytes([head[0], head[1], head[2], head[3]]));
        let data = area.part(at + 8, len);
        let done = chunk(&head[4..], &data, notes);
        notes.forgive("a chunk of text", done)?;
        at += len + 12;
        if &head[4..] == b"IEND" {
            return Ok(Some(at));
        }
    }
    Ok(None)
}

fn chunk(name: &[u8], data: &Area<'_>, notes: &mut Notes<'_>) -> Result<(), Failure> {
    match name {
        b"eXIf" => exif::walk(data, notes),
        b"tEXt" | b"zTXt" | b"iTXt" | b"iCCP" => text(name, data, notes),
        _ => Ok(()),
    }
}

fn text(name: &[u8], data: &Area<'_>, notes: &mut Notes<'_>) -> Result<(), Failure> {
    // A keyword is at most 79 bytes, a language tag and its translation little more.
    let head = data.read(0, 1024)?;
    let Some(keyword) = head.iter().position(|&b| b == 0) else { return Ok(()) };
    let key: String = head[..keyword].iter().map(|&b| char::from(b)).collect();
    let (body_at, packed) = match name {
        b"tEXt" => (keyword + 1, false),
        b"zTXt" | b"iCCP" => (keyword + 2, true),
        _ => {
            let packed = head.get(keyword + 1) == Some(&1);
            let mut nuls = head.iter().enumerate().skip(keyword + 3).filter(|(_, b)| **b == 0).map(|(at, _)| at);
            let (Some(_), Some(translated)) = (nuls.next(), nuls.next()) else { return Ok(()) };
            (translated + 1, packed)
        }
    };
    let body = data.from(body_at as u64);
    if key == "XML:com.adobe.xmp" && !packed {
        return notes.xmp(body.reader());
    }
    let bytes = if packed { inflated(&body)? } else { plain(&body)? };
    let _held = data.source.budget.hold(bytes.len())?;
    match name {
        b"iCCP" => iptc::profile(&Area::over(data.source, &bytes), notes),
        _ if key == "XML:com.adobe.xmp" => notes.xmp(bytes.as_slice()),
        _ if key.starts_with("Raw profile type") => raw_profile(&key, &bytes, data, notes),
        b"iTXt" => notes.line(&key, &String::from_utf8_lossy(&bytes)),
        _ => match std::str::from_utf8(&bytes) {
            // Latin-1 by the specification; programs write UTF-8 all the same.
            Ok(text) => notes.line(&key, text),
            Err(_) => notes.latin(&key, &bytes),
        },
    }
}

fn plain(body: &Area<'_>) -> Result<Vec<u8>, Failure> {
    body.read(0, usize::try_from(body.len().min(TEXT_BYTES_MAX)).unwrap_or(0))
}

fn inflated(body: &Area<'_>) -> Result<Vec<u8>, Failure> {
    let (fed, fed_bytes) = Fed::new(body.reader());
    let decoder = flate2::read::ZlibDecoder::new(fed);
    let mut bytes = Vec::new();
    Inflated::new(decoder, fed_bytes, body.source.budget).take(TEXT_BYTES_MAX).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// A line with the profile's name, one with its length, then hexadecimal digits.
fn raw_profile(key: &str, text: &[u8], data: &Area<'_>, notes: &mut Notes<'_>) -> Result<(), Failure> {
    let mut lines = text.trim_ascii_start().splitn(3, |&b| b == b'\n');
    let digits = lines.nth(2).unwrap_or_default();
    let mut halves = digits.iter().filter_map(|&b| char::from(b).to_digit(16)).filter_map(|n| u8::try_from(n).ok());
    let mut bytes = Vec::new();
    while let (Some(high), Some(low)) = (halves.next(), halves.next()) {
        bytes.push(high << 4 | low);
    }
    let area = Area::over(data.source, &bytes);
    let kind = key.rsplit(' ').next().unwrap_or_default();
    match kind.to_ascii_lowercase().as_str() {
        "exif" | "app1" if bytes.starts_with(b"Exif\0") => exif::walk(&area.from(6), notes),
        "exif" => exif::walk(&area, notes),
        "iptc" | "8bim" if bytes.starts_with(b"8BIM") => iptc::resources(&area, notes),
        "iptc" => iptc::records(&bytes, notes),
        "xmp" | "app1" => {
            let from = memchr::memchr(b'<', &bytes).unwrap_or(0);
            notes.xmp(&bytes[from..])
        }
        _ => Ok(()),
    }
}
