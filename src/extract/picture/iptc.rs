//! Photoshop's image resources, and the IPTC records among them (IPTC-NAA IIM 4.2; Adobe's file format specification).

use super::super::Failure;
use super::area::Area;
use super::exif;
use super::notes::Notes;

/// Bytes of one resource that are looked at.
const RESOURCE_BYTES_MAX: u64 = 4 << 20;

/// Data sets of the second record, by name.
const NAMES: &[(u8, &str)] = &[
    (5, "object name"),
    (15, "category"),
    (25, "keyword"),
    (40, "instructions"),
    (55, "date"),
    (80, "byline"),
    (85, "byline title"),
    (90, "city"),
    (92, "sublocation"),
    (95, "state"),
    (101, "country"),
    (103, "transmission reference"),
    (105, "headline"),
    (110, "credit"),
    (115, "source"),
    (116, "copyright"),
    (118, "contact"),
    (120, "caption"),
    (122, "caption writer"),
];

/// Walks resources: `8BIM`, a number, a name, a length, the data.
pub(super) fn resources(area: &Area<'_>, notes: &mut Notes<'_>) -> Result<(), Failure> {
    let mut at = 0;
    while let Some(head) = area.array::<7>(at)? {
        if !matches!(&head[..4], b"8BIM" | b"MeSa" | b"AgHg" | b"PHUT" | b"DCSR") {
            break;
        }
        let number = u16::from_be_bytes([head[4], head[5]]);
        let name_bytes = (u64::from(head[6]) + 2) & !1;
        let Some(len) = area.be32(at + 6 + name_bytes)? else { break };
        let data = area.part(at + 10 + name_bytes, u64::from(len));
        resource(number, &data, notes)?;
        at += 10 + name_bytes + u64::from(len) + u64::from(len & 1);
    }
    Ok(())
}

fn resource(number: u16, data: &Area<'_>, notes: &mut Notes<'_>) -> Result<(), Failure> {
    let bytes = || data.read(0, usize::try_from(data.len().min(RESOURCE_BYTES_MAX)).unwrap_or(0));
    match number {
        0x0404 => records(&bytes()?, notes),
        0x0424 => notes.xmp(data.reader()),
        0x0422 | 0x0423 => {
            let done = exif::walk(data, notes);
            notes.forgive("EXIF", done)
        }
        0x03f0 => notes.bytes("caption", bytes()?.get(1..).unwrap_or_default()),
        0x040b => notes.bytes("address", &bytes()?),
        _ => Ok(()),
    }
}

/// Walks records: a mark, record and data set, a length, the value.
pub(super) fn records(mut rest: &[u8], notes: &mut Notes<'_>) -> Result<(), Failure> {
    let mut is_utf8 = false;
    while let [0x1c, record, set, high, low, tail @ ..] = rest {
        let (record, set) = (*record, *set);
        let mut len = usize::from(u16::from_be_bytes([*high, *low]));
        let mut value = tail;
        if len & 0x8000 != 0 {
            // The length of the length, and then the length.
            let Some((digits, after)) = tail.split_at_checked(len & 0x7fff).filter(|(digits, _)| digits.len() <= 8)
            else {
                break;
            };
            len = digits.iter().fold(0usize, |n, &b| n << 8 | usize::from(b));
            value = after;
        }
        let field = &value[..len.min(value.len())];
        match (record, set) {
            (1, 90) => is_utf8 = field == b"\x1b%G",
            (2, 0 | 3 | 4 | 7 | 8 | 10 | 11) => {}
            (2, set) => {
                let name = NAMES.iter().find(|(known, _)| *known == set).map_or("IPTC", |(_, name)| name);
                if is_utf8 {
                    notes.line(name, &String::from_utf8_lossy(field))?;
                } else {
                    notes.bytes(name, field)?;
                }
            }
            _ => {}
        }
        rest = &value[field.len()..];
    }
    Ok(())
}

/// The description in a colour profile (ICC.1 10.15 `mluc`, and the older `desc`).
pub(super) fn profile(area: &Area<'_>, notes: &mut Notes<'_>) -> Result<(), Failure> {
    let count = area.be32(128)?.unwrap_or(0).min(64);
    for index in 0..u64::from(count) {
        let Some(tag) = area.array::<12>(132 + index * 12)? else { break };
        let name = match &tag[..4] {
            b"desc" => "colour profile",
            b"cprt" => "profile copyright",
            _ => continue,
        };
        let at = u64::from(u32::from_be_bytes([tag[4], tag[5], tag[6], tag[7]]));
        let len = u64::from(u32::from_be_bytes([tag[8], tag[9], tag[10], tag[11]]));
        let value = area.part(at, len.min(4096)).read(0, 4096)?;
        match value.get(..4) {
            Some(b"desc") => notes.bytes(name, until_nul(value.get(12..).unwrap_or_default()))?,
            Some(b"text") => notes.bytes(name, until_nul(value.get(8..).unwrap_or_default()))?,
            Some(b"mluc") => notes.utf16(name, value.get(28..).unwrap_or_default(), u16::from_be_bytes)?,
            _ => {}
        }
    }
    Ok(())
}

fn until_nul(bytes: &[u8]) -> &[u8] {
    bytes.split(|&b| b == 0).next().unwrap_or_default()
}
