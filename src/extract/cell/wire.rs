//! What parent and cell say to each other: records in frames, compact and bounded.
//!
//! A frame is its length (four bytes, little endian) and that many bytes of whole records. A record is a tag and its fields:
//! numbers in base 128, low bits first; texts behind their length. Nothing refers to another frame but "the place as before".
//! Whoever decodes believes nothing: every length has a bound and is held against what is there, every text must be UTF-8,
//! every tag known.

use crate::extract::{Edge, RawUnits};
use crate::model::{Limit, Place, Reason};
use encoding_rs::Encoding;

/// Bytes of a frame at most, its head not counted.
pub(super) const FRAME_BYTES_MAX: usize = 256 << 10;
/// A frame leaves when it has so many bytes.
pub(super) const FRAME_BYTES_WANTED: usize = 48 << 10;
/// Bytes of one piece of text or of a member's body.
pub(super) const PIECE_BYTES_MAX: usize = 64 << 10;
/// Bytes of a name or a place.
pub(super) const NAME_BYTES_MAX: usize = 16 << 10;
/// Bytes of a frame's head.
pub(super) const HEAD_BYTES: usize = 4;
/// Raised whenever the wire changes; both ends come from one program, so this only finds a program that was replaced.
pub(super) const VERSION: u64 = 1;

/// The other side said something that cannot be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Lie;

/// What a cell says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Record<'a> {
    /// It is ready, and these walls stand.
    Hello { version: u64, layers: u64 },
    /// A part begins.
    Open { name: &'a str, own_text: Option<Units>, recovered: bool },
    /// Text; without a place it stands where the text before it does.
    Push { edge: Edge, place: Option<Place>, raw: Option<u64>, text: &'a str },
    /// The part ends.
    Close,
    /// A member begins; its body follows.
    Member { name: &'a str },
    /// Some of its bytes.
    Body { bytes: &'a [u8] },
    /// It ends; early, if there is a reason.
    BodyEnd { failed: Option<Reason> },
    /// Something could not be read.
    Hole { place: &'a str, reason: Reason },
    /// What was read and inflated since this was last told. Also a sign of life.
    Spent { read_bytes: u64, inflated_bytes: u64 },
    /// The document ends. `stopped` is the limit that ended the whole file.
    End { failed: Option<Reason>, stopped: Option<Reason> },
}

/// [`RawUnits`] that can be compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Units {
    Utf8,
    Single,
    Utf16,
    Utf32,
    Encoded(&'static Encoding),
}

impl From<RawUnits> for Units {
    fn from(units: RawUnits) -> Self {
        match units {
            RawUnits::Utf8 => Units::Utf8,
            RawUnits::Single => Units::Single,
            RawUnits::Utf16 => Units::Utf16,
            RawUnits::Utf32 => Units::Utf32,
            RawUnits::Encoded(encoding) => Units::Encoded(encoding),
        }
    }
}

impl From<Units> for RawUnits {
    fn from(units: Units) -> Self {
        match units {
            Units::Utf8 => RawUnits::Utf8,
            Units::Single => RawUnits::Single,
            Units::Utf16 => RawUnits::Utf16,
            Units::Utf32 => RawUnits::Utf32,
            Units::Encoded(encoding) => RawUnits::Encoded(encoding),
        }
    }
}

impl Units {
    /// Bytes that a text takes in the file.
    pub(super) fn bytes_of(self, text: &str) -> u64 {
        let bytes = match self {
            Units::Utf8 => text.len(),
            Units::Single => text.chars().count(),
            Units::Utf16 => 2 * text.encode_utf16().count(),
            Units::Utf32 => 4 * text.chars().count(),
            Units::Encoded(encoding) => encoding.encode(text).0.len(),
        };
        u64::try_from(bytes).unwrap_or(u64::MAX)
    }
}

/// Reasons by their number on the wire, which is the position and one more.
#[rustfmt::skip]
const REASONS: [Reason; 32] = [
    Reason::Limit(Limit::Time), Reason::Limit(Limit::BytesRead), Reason::Limit(Limit::BytesInflated),
    Reason::Limit(Limit::Ratio), Reason::Limit(Limit::TextBytes), Reason::Limit(Limit::Members),
    Reason::Limit(Limit::Depth), Reason::Limit(Limit::Nesting), Reason::Limit(Limit::Memory),
    Reason::Member, Reason::CandidateLimit, Reason::ImageOnly, Reason::EncryptedPassword, Reason::EncryptedRights,
    Reason::Corrupt, Reason::Unsupported, Reason::NoText, Reason::NotInspectable, Reason::Crashed, Reason::TimedOut,
    Reason::AccessDenied, Reason::Locked, Reason::OutsideOwner, Reason::TooLarge, Reason::NotNeeded, Reason::NeverRead,
    Reason::Deleted, Reason::ChangedWhileRead, Reason::SpecialFile, Reason::IoError, Reason::Interrupted, Reason::Parked,
];

const HELLO: u8 = 1;
const OPEN: u8 = 2;
const PUSH: u8 = 3;
const CLOSE: u8 = 4;
const MEMBER: u8 = 5;
const BODY: u8 = 6;
const BODY_END: u8 = 7;
const HOLE: u8 = 8;
const SPENT: u8 = 9;
const END: u8 = 10;

const HAS_UNITS: u8 = 1;
const IS_RECOVERED: u8 = 2;
const IS_SOFT: u8 = 1;
const HAS_PLACE: u8 = 2;
const HAS_RAW: u8 = 4;

impl Record<'_> {
    /// Writes the record behind what is there.
    pub(super) fn write(&self, to: &mut Vec<u8>) {
        match self {
            Record::Hello { version, layers } => {
                to.push(HELLO);
                number(to, *version);
                number(to, *layers);
            }
            Record::Open { name, own_text, recovered } => {
                to.push(OPEN);
                to.push(flag(own_text.is_some(), HAS_UNITS) | flag(*recovered, IS_RECOVERED));
                text(to, name);
                if let Some(units) = own_text {
                    write_units(to, *units);
                }
            }
            Record::Push { edge, place, raw, text: pushed } => {
                to.push(PUSH);
                let soft = matches!(edge, Edge::Soft(_));
                to.push(flag(soft, IS_SOFT) | flag(place.is_some(), HAS_PLACE) | flag(raw.is_some(), HAS_RAW));
                if let Edge::Soft(separator) = edge {
                    number(to, u64::from(u32::from(*separator)));
                }
                if let Some(place) = place {
                    write_place(to, place);
                }
                if let Some(raw) = raw {
                    number(to, *raw);
                }
                text(to, pushed);
            }
            Record::Close => to.push(CLOSE),
            Record::Member { name } => {
                to.push(MEMBER);
                text(to, name);
            }
            Record::Body { bytes } => {
                to.push(BODY);
                number(to, wide(bytes.len()));
                to.extend_from_slice(bytes);
            }
            Record::BodyEnd { failed } => {
                to.push(BODY_END);
                to.push(reason_number(*failed));
            }
            Record::Hole { place, reason } => {
                to.push(HOLE);
                text(to, place);
                to.push(reason_number(Some(*reason)));
            }
            Record::Spent { read_bytes, inflated_bytes } => {
                to.push(SPENT);
                number(to, *read_bytes);
                number(to, *inflated_bytes);
            }
            Record::End { failed, stopped } => {
                to.push(END);
                to.push(reason_number(*failed));
                to.push(reason_number(*stopped));
            }
        }
    }
}

fn flag(set: bool, bit: u8) -> u8 {
    if set { bit } else { 0 }
}

fn wide(number: usize) -> u64 {
    u64::try_from(number).unwrap_or(u64::MAX)
}

/// Writes a number in base 128.
pub(super) fn number(to: &mut Vec<u8>, mut value: u64) {
    loop {
        let low = u8::try_from(value & 0x7f).unwrap_or(0);
        value >>= 7;
        if value == 0 {
            return to.push(low);
        }
        to.push(low | 0x80);
    }
}

/// Writes a text behind its length.
pub(super) fn text(to: &mut Vec<u8>, value: &str) {
    number(to, wide(value.len()));
    to.extend_from_slice(value.as_bytes());
}

fn reason_number(reason: Option<Reason>) -> u8 {
    let position = reason.and_then(|reason| REASONS.iter().position(|known| *known == reason));
    position.and_then(|position| u8::try_from(position + 1).ok()).unwrap_or(0)
}

fn write_units(to: &mut Vec<u8>, units: Units) {
    match units {
        Units::Utf8 => to.push(0),
        Units::Single => to.push(1),
        Units::Utf16 => to.push(2),
        Units::Utf32 => to.push(3),
        Units::Encoded(encoding) => {
            to.push(4);
            text(to, encoding.name());
        }
    }
}

/// Places that need no number of their own travel as the words they print.
fn write_place(to: &mut Vec<u8>, place: &Place) {
    match place {
        Place::Whole => to.push(0),
        Place::Paragraph(n) => {
            to.push(1);
            number(to, (*n).into());
        }
        Place::TableCell { table, row, column } => {
            to.push(2);
            [table, row, column].into_iter().for_each(|n| number(to, (*n).into()));
        }
        Place::Cell { row, column } => {
            to.push(3);
            [row, column].into_iter().for_each(|n| number(to, (*n).into()));
        }
        Place::Row(n) => {
            to.push(4);
            number(to, *n);
        }
        Place::Page(n) => {
            to.push(6);
            number(to, (*n).into());
        }
        Place::Named(name) => {
            to.push(5);
            text(to, cut(name, NAME_BYTES_MAX));
        }
        other => {
            to.push(5);
            text(to, cut(&other.to_string(), NAME_BYTES_MAX));
        }
    }
}

/// As much of the text as fits, by whole characters.
pub(super) fn cut(text: &str, bytes_max: usize) -> &str {
    &text[..text.floor_char_boundary(bytes_max)]
}

/// Reads what was written.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cursor<'a> {
    rest: &'a [u8],
}

impl<'a> Cursor<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    /// Bytes not read yet.
    pub(super) fn left(&self) -> usize {
        self.rest.len()
    }

    pub(super) fn byte(&mut self) -> Result<u8, Lie> {
        let (first, rest) = self.rest.split_first().ok_or(Lie)?;
        self.rest = rest;
        Ok(*first)
    }

    pub(super) fn number(&mut self) -> Result<u64, Lie> {
        let mut value = 0;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            let low = u64::from(byte & 0x7f);
            if shift == 63 && low > 1 {
                return Err(Lie);
            }
            value |= low << shift;
            if byte & 0x80 == 0 {
                return Ok(value);
            }
        }
        Err(Lie)
    }

    /// A number of 32 bits.
    pub(super) fn small(&mut self) -> Result<u32, Lie> {
        u32::try_from(self.number()?).map_err(|_| Lie)
    }

    pub(super) fn bytes(&mut self, most: usize) -> Result<&'a [u8], Lie> {
        let len = usize::try_from(self.number()?).map_err(|_| Lie)?;
        if len > most || len > self.rest.len() {
            return Err(Lie);
        }
        let (bytes, rest) = self.rest.split_at(len);
        self.rest = rest;
        Ok(bytes)
    }

    pub(super) fn text(&mut self, most: usize) -> Result<&'a str, Lie> {
        std::str::from_utf8(self.bytes(most)?).map_err(|_| Lie)
    }

    /// One of two answers; anything else is a lie.
    fn flags(&mut self, known: u8) -> Result<u8, Lie> {
        let flags = self.byte()?;
        if flags & !known == 0 { Ok(flags) } else { Err(Lie) }
    }

    fn reason(&mut self) -> Result<Option<Reason>, Lie> {
        match self.byte()? {
            0 => Ok(None),
            number => REASONS.get(usize::from(number) - 1).copied().map(Some).ok_or(Lie),
        }
    }

    fn units(&mut self) -> Result<Units, Lie> {
        Ok(match self.byte()? {
            0 => Units::Utf8,
            1 => Units::Single,
            2 => Units::Utf16,
            3 => Units::Utf32,
            4 => Units::Encoded(Encoding::for_label(self.text(64)?.as_bytes()).ok_or(Lie)?),
            _ => return Err(Lie),
        })
    }

    fn place(&mut self) -> Result<Place, Lie> {
        Ok(match self.byte()? {
            0 => Place::Whole,
            1 => Place::Paragraph(self.small()?),
            2 => Place::TableCell { table: self.small()?, row: self.small()?, column: self.small()? },
            3 => Place::Cell { row: self.small()?, column: self.small()? },
            4 => Place::Row(self.number()?),
            5 => Place::named(self.text(NAME_BYTES_MAX)?),
            6 => Place::Page(self.small()?),
            _ => return Err(Lie),
        })
    }

    fn push(&mut self) -> Result<Record<'a>, Lie> {
        let flags = self.flags(IS_SOFT | HAS_PLACE | HAS_RAW)?;
        let edge = match flags & IS_SOFT {
            0 => Edge::Join,
            _ => Edge::Soft(char::from_u32(self.small()?).ok_or(Lie)?),
        };
        let place = if flags & HAS_PLACE == 0 { None } else { Some(self.place()?) };
        let raw = if flags & HAS_RAW == 0 { None } else { Some(self.number()?) };
        Ok(Record::Push { edge, place, raw, text: self.text(PIECE_BYTES_MAX)? })
    }

    /// The next record.
    pub(super) fn record(&mut self) -> Result<Record<'a>, Lie> {
        Ok(match self.byte()? {
            HELLO => Record::Hello { version: self.number()?, layers: self.number()? },
            OPEN => {
                let flags = self.flags(HAS_UNITS | IS_RECOVERED)?;
                let name = self.text(NAME_BYTES_MAX)?;
                let own_text = if flags & HAS_UNITS == 0 { None } else { Some(self.units()?) };
                Record::Open { name, own_text, recovered: flags & IS_RECOVERED != 0 }
            }
            PUSH => self.push()?,
            CLOSE => Record::Close,
            MEMBER => Record::Member { name: self.text(NAME_BYTES_MAX)? },
            BODY => Record::Body { bytes: self.bytes(PIECE_BYTES_MAX)? },
            BODY_END => Record::BodyEnd { failed: self.reason()? },
            HOLE => Record::Hole { place: self.text(NAME_BYTES_MAX)?, reason: self.reason()?.ok_or(Lie)? },
            SPENT => Record::Spent { read_bytes: self.number()?, inflated_bytes: self.number()? },
            END => Record::End { failed: self.reason()?, stopped: self.reason()? },
            _ => return Err(Lie),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn back(record: &Record<'_>) {
        let mut bytes = Vec::new();
        record.write(&mut bytes);
        let mut cursor = Cursor::new(&bytes);
        assert_eq!(cursor.record().as_ref(), Ok(record));
        assert_eq!(cursor.left(), 0, "{record:?}");
        for end in 0..bytes.len() {
            assert!(Cursor::new(&bytes[..end]).record().is_err(), "{record:?} cut at {end}");
        }
    }

    #[test]
    fn every_record_comes_back_and_none_that_is_cut() {
        let long = "ä".repeat(PIECE_BYTES_MAX / 2);
        let records = [
            Record::Hello { version: VERSION, layers: u64::MAX },
            Record::Open { name: "text", own_text: None, recovered: true },
            Record::Open { name: "", own_text: Some(Units::Encoded(encoding_rs::SHIFT_JIS)), recovered: false },
            Record::Push { edge: Edge::Join, place: None, raw: None, text: "" },
            Record::Push {
                edge: Edge::Soft('\u{10ffff}'),
                place: Some(Place::TableCell { table: 1, row: u32::MAX, column: 3 }),
                raw: Some(u64::MAX),
                text: "a",
            },
            Record::Push { edge: Edge::Join, place: Some(Place::named("x")), raw: Some(0), text: "b" },
            Record::Close,
            Record::Member { name: "a.zip" },
            Record::Body { bytes: &[0, 255, 3] },
            Record::BodyEnd { failed: None },
            Record::BodyEnd { failed: Some(Reason::Corrupt) },
            Record::Hole { place: "page 3", reason: Reason::ImageOnly },
            Record::Spent { read_bytes: 1 << 40, inflated_bytes: 0 },
            Record::End { failed: Some(Reason::Limit(Limit::Time)), stopped: Some(Reason::Limit(Limit::Time)) },
        ];
        records.iter().for_each(back);
        let whole = Record::Push { edge: Edge::Join, place: None, raw: None, text: &long };
        let mut bytes = Vec::new();
        whole.write(&mut bytes);
        assert_eq!(Cursor::new(&bytes).record(), Ok(whole));
    }

    #[test]
    fn every_reason_has_its_number() {
        for (position, reason) in REASONS.iter().enumerate() {
            let number = reason_number(Some(*reason));
            assert_eq!(usize::from(number), position + 1, "{reason}");
            assert_eq!(Cursor::new(&[number]).reason(), Ok(Some(*reason)));
        }
    }

    #[test]
    fn what_is_too_long_or_unheard_of_is_refused() {
        let rows: &[&[u8]] = &[
            &[],
            &[0],
            &[99],
            &[PUSH, 8, 1, b'a'],
            &[PUSH, IS_SOFT, 0x80, 0xb0, 0x03, 0],
            &[PUSH, 0, 2, 0xff, 0xfe],
            &[MEMBER, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01],
            &[MEMBER, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01],
            &[HOLE, 0, 0],
            &[BODY_END, 200],
        ];
        for row in rows {
            assert_eq!(Cursor::new(row).record(), Err(Lie), "{row:?}");
        }
        let mut long = vec![MEMBER];
        number(&mut long, wide(NAME_BYTES_MAX + 1));
        long.resize(NAME_BYTES_MAX + 100, b'a');
        assert_eq!(Cursor::new(&long).record(), Err(Lie), "a name past its bound");
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_fall_over(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let mut cursor = Cursor::new(&bytes);
            while cursor.left() > 0 && cursor.record().is_ok() {}
        }
    }
}
