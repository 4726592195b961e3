//! TIFF directories: the whole of a TIFF file, and the EXIF block of every other format.
//!
//! TIFF 6.0, BigTIFF, EXIF 3.0 (CIPA DC-008), GPS tags of the latter. Directories refer to one another by offset, so each is
//! seen once. Every text in them is printed, known or not; maker notes, whose forms are secret, are not.

use super::super::Failure;
use super::area::Area;
use super::iptc;
use super::notes::Notes;
use std::collections::HashSet;

/// Directories looked at; a TIFF of many pages has one for each.
const DIRECTORIES_MAX: usize = 4096;
/// Entries of one directory looked at.
const ENTRIES_MAX: u64 = 4096;
/// Bytes of one text.
const TEXT_BYTES_MAX: u64 = 1 << 20;

const ASCII: u16 = 2;
const MAKER_NOTE: u16 = 0x927c;

/// Tags by name; texts of other tags are printed under their number.
const NAMES: &[(u16, &str)] = &[
    (0x010d, "document name"),
    (0x010e, "description"),
    (0x010f, "make"),
    (0x0110, "model"),
    (0x011d, "page name"),
    (0x0131, "software"),
    (0x0132, "date"),
    (0x013b, "artist"),
    (0x013c, "host computer"),
    (0x8298, "copyright"),
    (0x87b1, "geography"),
    (0x9003, "date taken"),
    (0x9004, "date digitised"),
    (0xa420, "image id"),
    (0xa430, "camera owner"),
    (0xa431, "camera serial number"),
    (0xa433, "lens make"),
    (0xa434, "lens model"),
    (0xa435, "lens serial number"),
    (0xa436, "title"),
    (0xa437, "photographer"),
    (0xa438, "editor"),
    (0xc614, "camera model"),
    (0xc62f, "camera serial number"),
    (0xa480, "metadata"),
];

/// Texts in UTF-16 that Windows adds.
const WIDE_NAMES: &[(u16, &str)] =
    &[(0x9c9b, "title"), (0x9c9c, "comment"), (0x9c9d, "author"), (0x9c9e, "keywords"), (0x9c9f, "subject")];

#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Picture,
    Gps,
}

/// Reads a whole TIFF file.
pub(super) fn walk_file(area: &Area<'_>, notes: &mut Notes<'_>) -> Result<Option<u64>, Failure> {
    let done = walk(area, notes);
    done.map(|()| None)
}

/// Reads one block that begins as a TIFF file does.
pub(super) fn walk(area: &Area<'_>, notes: &mut Notes<'_>) -> Result<(), Failure> {
    let Some(tiff) = Tiff::open(area)? else { return Err(Failure::corrupt("no TIFF header")) };
    let first = if tiff.big { tiff.u64(8)? } else { tiff.u32(4)?.map(u64::from) };
    let mut waiting: Vec<(u64, Kind)> = first.map(|at| (at, Kind::Picture)).into_iter().collect();
    let mut seen = HashSet::new();
    while let Some((at, kind)) = waiting.pop() {
        if at == 0 || seen.len() >= DIRECTORIES_MAX || !seen.insert(at) {
            continue;
        }
        tiff.directory(at, kind, &mut waiting, notes)?;
    }
    Ok(())
}

struct Tiff<'a> {
    area: Area<'a>,
    little: bool,
    big: bool,
}

struct Entry {
    tag: u16,
    kind: u16,
    count: u64,
    /// Where the value stands, and its bytes.
    at: u64,
    bytes: u64,
}

impl<'a> Tiff<'a> {
    fn open(area: &Area<'a>) -> Result<Option<Self>, Failure> {
        let Some(head) = area.array::<4>(0)? else { return Ok(None) };
        let little = match &head[..2] {
            b"II" => true,
            b"MM" => false,
            _ => return Ok(None),
        };
        let mark = if little { u16::from_le_bytes([head[2], head[3]]) } else { u16::from_be_bytes([head[2], head[3]]) };
        // 42, 43 for BigTIFF; Olympus and Panasonic write marks of their own.
        let known = matches!(mark, 42 | 43 | 0x4f52 | 0x5352 | 0x0055);
        Ok(known.then_some(Self { area: *area, little, big: mark == 43 }))
    }

    fn u16(&self, at: u64) -> Result<Option<u16>, Failure> {
        let of = if self.little { u16::from_le_bytes } else { u16::from_be_bytes };
        Ok(self.area.array(at)?.map(of))
    }

    fn u32(&self, at: u64) -> Result<Option<u32>, Failure> {
        let of = if self.little { u32::from_le_bytes } else { u32::from_be_bytes };
        Ok(self.area.array(at)?.map(of))
    }

    fn u64(&self, at: u64) -> Result<Option<u64>, Failure> {
        let of = if self.little { u64::from_le_bytes } else { u64::from_be_bytes };
        Ok(self.area.array(at)?.map(of))
    }

    fn directory(
        &self,
        at: u64,
        kind: Kind,
        waiting: &mut Vec<(u64, Kind)>,
        notes: &mut Notes<'_>,
    ) -> Result<(), Failure> {
        let (count, head, step) = if self.big { (self.u64(at)?, 8, 20) } else { (self.u16(at)?.map(u64::from), 2, 12) };
        let Some(count) = count else { return Ok(()) };
        let mut gps = Gps::default();
        let first = at.saturating_add(head);
        for index in 0..count.min(ENTRIES_MAX) {
            let Some(entry) = self.entry(first.saturating_add(index * step))? else { break };
            match kind {
                Kind::Gps => self.gps_entry(&entry, &mut gps, notes)?,
                Kind::Picture => self.picture_entry(&entry, waiting, notes)?,
            }
        }
        gps.print(notes)?;
        let next_at = first.saturating_add(count.saturating_mul(step));
        let next = if self.big { self.u64(next_at)? } else { self.u32(next_at)?.map(u64::from) };
        // The next picture comes after those inside this one.
        waiting.splice(0..0, next.filter(|_| kind == Kind::Picture).map(|next| (next, Kind::Picture)));
        Ok(())
    }

    fn entry(&self, at: u64) -> Result<Option<Entry>, Failure> {
        let (Some(tag), Some(kind)) = (self.u16(at)?, self.u16(at.saturating_add(2))?) else { return Ok(None) };
        let (count, value_at, inline) = if self.big {
            (self.u64(at.saturating_add(4))?, at.saturating_add(12), 8)
        } else {
            (self.u32(at.saturating_add(4))?.map(u64::from), at.saturating_add(8), 4)
        };
        let Some(count) = count else { return Ok(None) };
        let bytes = count.saturating_mul(size_of_type(kind));
        let there = if self.big { self.u64(value_at)? } else { self.u32(value_at)?.map(u64::from) };
        let at = if bytes <= inline { value_at } else { there.unwrap_or(u64::MAX) };
        Ok(Some(Entry { tag, kind, count, at, bytes }))
    }

    fn picture_entry(
        &self,
        entry: &Entry,
        waiting: &mut Vec<(u64, Kind)>,
        notes: &mut Notes<'_>,
    ) -> Result<(), Failure> {
        let value = self.area.part(entry.at, entry.bytes);
        match entry.tag {
            // Pointers: EXIF, interoperability, pictures inside this one; then GPS.
            0x8769 | 0xa005 | 0x014a => {
                for index in 0..entry.count.min(64) {
                    if let Some(at) = self.pointer(entry, index)? {
                        waiting.push((at, Kind::Picture));
                    }
                }
            }
            0x8825 => waiting.extend(self.pointer(entry, 0)?.map(|at| (at, Kind::Gps))),
            0x02bc => notes.xmp(value.reader())?,
            0x83bb => iptc::records(&value.read(0, text_len(entry.bytes))?, notes)?,
            0x8649 => iptc::resources(&value, notes)?,
            0x9286 => self.comment(&value.read(0, text_len(entry.bytes))?, notes)?,
            MAKER_NOTE => {}
            tag => {
                if let Some((_, name)) = WIDE_NAMES.iter().find(|(wide, _)| *wide == tag) {
                    notes.utf16(name, &value.read(0, text_len(entry.bytes))?, u16::from_le_bytes)?;
                } else if entry.kind == ASCII || entry.kind == 129 {
                    let text = value.read(0, text_len(entry.bytes))?;
                    match NAMES.iter().find(|(known, _)| *known == tag) {
                        Some((_, name)) => notes.bytes(name, &text)?,
                        None => notes.bytes(&format!("tag {tag:#06x}"), &text)?,
                    }
                }
            }
        }
        Ok(())
    }

    fn pointer(&self, entry: &Entry, index: u64) -> Result<Option<u64>, Failure> {
        let size = size_of_type(entry.kind);
        let at = entry.at.saturating_add(index.saturating_mul(size));
        if size == 8 { self.u64(at) } else { Ok(self.u32(at)?.map(u64::from)) }
    }

    /// The user's comment: eight bytes that name its encoding, then the text.
    fn comment(&self, bytes: &[u8], notes: &mut Notes<'_>) -> Result<(), Failure> {
        let Some((code, text)) = bytes.split_at_checked(8) else { return Ok(()) };
        if code.starts_with(b"UNICODE") {
            // Programs disagree about the order of bytes; letters of the first 256 characters show it.
            let low_first = text.chunks_exact(2).filter(|unit| unit[1] == 0).count();
            let high_first = text.chunks_exact(2).filter(|unit| unit[0] == 0).count();
            let little = if low_first == high_first { self.little } else { low_first > high_first };
            return notes.utf16("comment", text, if little { u16::from_le_bytes } else { u16::from_be_bytes });
        }
        notes.bytes("comment", text)
    }

    fn gps_entry(&self, entry: &Entry, gps: &mut Gps, notes: &mut Notes<'_>) -> Result<(), Failure> {
        let value = self.area.part(entry.at, entry.bytes);
        match entry.tag {
            1 => gps.south = value.read(0, 1)? == b"S",
            2 => gps.latitude = self.degrees(entry)?,
            3 => gps.west = value.read(0, 1)? == b"W",
            4 => gps.longitude = self.degrees(entry)?,
            6 => gps.altitude = self.rational(entry, 0)?,
            27 | 28 => {
                let name = if entry.tag == 27 { "GPS method" } else { "GPS area" };
                let bytes = value.read(0, text_len(entry.bytes))?;
                notes.bytes(name, bytes.get(8..).unwrap_or(&bytes))?;
            }
            _ if entry.kind == ASCII && entry.bytes > 2 => {
                notes.bytes("GPS", &value.read(0, text_len(entry.bytes))?)?;
            }
            _ => {}
        }
        Ok(())
    }

    fn degrees(&self, entry: &Entry) -> Result<Option<f64>, Failure> {
        let Some(degrees) = self.rational(entry, 0)? else { return Ok(None) };
        let minutes = self.rational(entry, 1)?.unwrap_or(0.0);
        let seconds = self.rational(entry, 2)?.unwrap_or(0.0);
        Ok(Some(degrees + minutes / 60.0 + seconds / 3600.0))
    }

    fn rational(&self, entry: &Entry, index: u64) -> Result<Option<f64>, Failure> {
        if entry.kind != 5 || index >= entry.count {
            return Ok(None);
        }
        let at = entry.at.saturating_add(index * 8);
        let (Some(above), Some(below)) = (self.u32(at)?, self.u32(at.saturating_add(4))?) else { return Ok(None) };
        Ok((below != 0).then(|| f64::from(above) / f64::from(below)))
    }
}

/// Where a picture was taken.
#[derive(Default)]
struct Gps {
    south: bool,
    west: bool,
    latitude: Option<f64>,
    longitude: Option<f64>,
    altitude: Option<f64>,
}

impl Gps {
    fn print(&self, notes: &mut Notes<'_>) -> Result<(), Failure> {
        let signed = |value: f64, negative: bool| if negative { -value } else { value };
        if let (Some(latitude), Some(longitude)) = (self.latitude, self.longitude) {
            let position = format!("{:.6}, {:.6}", signed(latitude, self.south), signed(longitude, self.west));
            notes.line("GPS position", &position)?;
        }
        match self.altitude {
            Some(altitude) => notes.line("GPS altitude", &format!("{altitude:.1} m")),
            None => Ok(()),
        }
    }
}

/// Bytes of one value of a type (TIFF 6.0 section 2, BigTIFF, EXIF 3.0 for 129).
fn size_of_type(kind: u16) -> u64 {
    match kind {
        3 | 8 => 2,
        4 | 9 | 11 | 13 => 4,
        5 | 10 | 12 | 16..=18 => 8,
        _ => 1,
    }
}

fn text_len(bytes: u64) -> usize {
    usize::try_from(bytes.min(TEXT_BYTES_MAX)).unwrap_or(0)
}
