//! Property sets ([MS-OLEPS]): title, author, company, keywords and what else a document says of itself.
//!
//! Two streams hold them in every kind of compound file. Text, and dates as text, are pushed with the property's name as their
//! place; thumbnails and numbers that count pages are not.

use super::bytes::{code_page, narrow, size_at, u16_at, u32_at, u64_at, up_to, utf16_until_nul};
use super::compound::Compound;
use crate::extract::Failure;
use crate::extract::parts::{Parts, printable};
use crate::model::Place;
use encoding_rs::{Encoding, WINDOWS_1252};
use std::collections::HashMap;

/// Bytes of a property stream that are looked at: thumbnails make them large, texts stand before.
const SET_BYTES_MAX: usize = 4 << 20;
/// Texts of one set.
const TEXTS_MAX: usize = 20_000;

const SUMMARY: &[(u32, &str)] = &[
    (2, "title"),
    (3, "subject"),
    (4, "author"),
    (5, "keywords"),
    (6, "comments"),
    (7, "template"),
    (8, "last author"),
    (9, "revision"),
    (10, "editing time"),
    (11, "printed"),
    (12, "created"),
    (13, "saved"),
    (18, "application"),
];
const DOCUMENT_SUMMARY: &[(u32, &str)] = &[
    (2, "category"),
    (3, "format"),
    (12, "heading pairs"),
    (13, "titles"),
    (14, "manager"),
    (15, "company"),
    (26, "content type"),
    (27, "content status"),
    (28, "language"),
    (29, "version"),
];

/// Pushes the property sets of a storage as the part `properties`.
pub(super) fn push(compound: &Compound<'_>, storage: usize, parts: &mut Parts<'_>) -> Result<(), Failure> {
    parts.begin("properties")?;
    for (stream, names) in [("\u{5}SummaryInformation", SUMMARY), ("\u{5}DocumentSummaryInformation", DOCUMENT_SUMMARY)]
    {
        let Some(stream) = compound.find(storage, stream)? else { continue };
        push_set(&stream.bytes_at(0, SET_BYTES_MAX)?, names, parts)?;
    }
    parts.end()
}

/// The sections of one stream: the first has names by number, the second those that a user gave.
fn push_set(bytes: &[u8], names: &[(u32, &str)], parts: &mut Parts<'_>) -> Result<(), Failure> {
    let sections = u32_at(bytes, 24).unwrap_or(0).min(2);
    for section in 0..sections as usize {
        let Some(at) = size_at(bytes, 44 + section * 20) else { break };
        let Some(section_bytes) = bytes.get(at..) else { continue };
        Section::new(section_bytes, if section == 0 { names } else { &[] }).push(parts)?;
    }
    Ok(())
}

struct Section<'b> {
    bytes: &'b [u8],
    names: &'b [(u32, &'b str)],
    given: HashMap<u32, String>,
    encoding: &'static Encoding,
    is_wide: bool,
    texts: usize,
}

impl<'b> Section<'b> {
    fn new(bytes: &'b [u8], names: &'b [(u32, &'b str)]) -> Self {
        let mut section =
            Self { bytes, names, given: HashMap::new(), encoding: WINDOWS_1252, is_wide: false, texts: 0 };
        if let Some(at) = section.entries().find(|(id, _)| *id == 1).map(|(_, at)| at) {
            let number = u16_at(bytes, at + 4).map_or(1252, u32::from);
            section.is_wide = number == 1200;
            section.encoding = code_page(number);
        }
        if let Some(at) = section.entries().find(|(id, _)| *id == 0).map(|(_, at)| at) {
            section.read_dictionary(at);
        }
        section
    }

    /// Numbers and places of the properties; no more than the section has room for.
    fn entries(&self) -> impl Iterator<Item = (u32, usize)> + use<'b> {
        let bytes = self.bytes;
        let count = size_at(bytes, 4).unwrap_or(0).min(bytes.len() / 8);
        (0..count).map_while(move |n| Some((u32_at(bytes, 8 + n * 8)?, size_at(bytes, 12 + n * 8)?)))
    }

    fn read_dictionary(&mut self, mut at: usize) {
        let count = size_at(self.bytes, at).unwrap_or(0).min(TEXTS_MAX);
        at += 4;
        for _ in 0..count {
            let (Some(id), Some(len)) = (u32_at(self.bytes, at), size_at(self.bytes, at + 4)) else { return };
            let len = if self.is_wide { len.saturating_mul(2) } else { len };
            let raw = up_to(self.bytes, at + 8, len);
            let name = if self.is_wide { utf16_until_nul(raw) } else { narrow(raw, self.encoding) };
            self.given.insert(id, name);
            at = at.saturating_add(8).saturating_add(if self.is_wide { len.next_multiple_of(4) } else { len });
        }
    }

    fn push(mut self, parts: &mut Parts<'_>) -> Result<(), Failure> {
        for (id, at) in self.entries() {
            if !(2..0x8000_0000).contains(&id) {
                continue;
            }
            let known = self.names.iter().find(|(known, _)| *known == id).map(|(_, name)| *name);
            if known.is_none() && !self.names.is_empty() {
                continue;
            }
            let name = known.or(self.given.get(&id).map(String::as_str)).unwrap_or("property");
            let place = Place::named(printable(name));
            if known.is_none() && self.given.contains_key(&id) {
                parts.line(&place, name)?;
            }
            let mut values = Vec::new();
            self.values(at, &mut values);
            for value in values {
                parts.line(&place, &value)?;
            }
        }
        Ok(())
    }

    /// The texts of one typed value.
    fn values(&mut self, at: usize, values: &mut Vec<String>) {
        let Some(kind) = u16_at(self.bytes, at) else { return };
        let at = at.saturating_add(4);
        if kind & 0x1000 == 0 {
            self.value(kind, at, values);
            return;
        }
        let count = size_at(self.bytes, at).unwrap_or(0).min(self.bytes.len() / 4);
        let mut at = at.saturating_add(4);
        for _ in 0..count {
            let mut kind = kind & 0xfff;
            if kind == 12 {
                kind = u16_at(self.bytes, at).unwrap_or(0);
                at = at.saturating_add(4);
            }
            let Some(taken) = self.value(kind, at, values) else { return };
            at = at.saturating_add(taken);
        }
    }

    /// Adds one value, and tells how many bytes it takes; `None` at the end or for types that no text comes from.
    fn value(&mut self, kind: u16, at: usize, values: &mut Vec<String>) -> Option<usize> {
        self.texts += 1;
        if self.texts > TEXTS_MAX || at >= self.bytes.len() {
            return None;
        }
        match kind {
            // VT_I2, VT_I4, VT_BOOL, VT_UI4 and their like.
            2 | 3 | 11 | 18 | 19 | 22 | 23 => Some(4),
            // VT_R8 of a property that the user made.
            5 if self.names.is_empty() => {
                values.push(format!("{}", super::bytes::f64_at(self.bytes, at)?));
                Some(8)
            }
            // VT_BSTR and VT_LPSTR: length in bytes. Office does not align them in lists ([MS-OSHARED] 2.3.3.1.10).
            8 | 30 => {
                let len = size_at(self.bytes, at)?;
                let raw = up_to(self.bytes, at + 4, len);
                values.push(if self.is_wide { utf16_until_nul(raw) } else { narrow(raw, self.encoding) });
                Some(len.saturating_add(4))
            }
            // VT_LPWSTR: length in characters.
            31 => {
                let len = size_at(self.bytes, at)?.min(self.bytes.len()) * 2;
                values.push(utf16_until_nul(up_to(self.bytes, at + 4, len)));
                Some(4 + len.next_multiple_of(4))
            }
            64 => {
                values.extend(file_time(u64_at(self.bytes, at)?));
                Some(8)
            }
            _ => None,
        }
    }
}

/// A count of 100 ns since 1601 as a date and time; `None` for spans of time and for dates out of this world.
pub(in crate::extract) fn file_time(ticks: u64) -> Option<String> {
    let seconds = i64::try_from(ticks / 10_000_000).ok()? - 11_644_473_600;
    let when = time::OffsetDateTime::from_unix_timestamp(seconds).ok()?;
    if !(1900..2200).contains(&when.year()) {
        return None;
    }
    let (date, clock) = (when.date(), when.time());
    Some(format!(
        "{:04}-{:02}-{:02} {:02}:{:02}:{:02}",
        date.year(),
        u8::from(date.month()),
        date.day(),
        clock.hour(),
        clock.minute(),
        clock.second()
    ))
}
