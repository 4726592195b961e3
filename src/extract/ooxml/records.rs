//! Records of a binary workbook, one after the other in constant memory ([MS-XLSB] 2.1.4), and the strings in them.

use super::super::Failure;
use crate::content::Budget;
use std::io::{BufReader, Read};

/// A record may be this long; the longest that Excel writes hold a cell's 32,767 characters and their formatting.
const RECORD_BYTES_MAX: usize = 16 << 20;
const BUFFER_BYTES: usize = 64 << 10;

/// Reads records.
pub(super) struct Records<'a> {
    reader: BufReader<Box<dyn Read + 'a>>,
    body: Vec<u8>,
    budget: &'a Budget,
}

/// One record.
#[derive(Clone, Copy, Debug)]
pub(super) struct Record<'r> {
    /// Its type ([MS-XLSB] 2.3.2).
    pub(super) kind: u32,
    /// What it holds.
    pub(super) body: &'r [u8],
}

impl<'a> Records<'a> {
    /// Reads the records of a part.
    pub(super) fn new(body: Box<dyn Read + 'a>, budget: &'a Budget) -> Self {
        Self { reader: BufReader::with_capacity(BUFFER_BYTES, body), body: Vec::new(), budget }
    }

    /// The next record; `None` at the end.
    pub(super) fn next_record(&mut self) -> Result<Option<Record<'_>>, Failure> {
        self.budget.tick()?;
        let Some(kind) = self.varint(2)? else { return Ok(None) };
        let Some(len) = self.varint(4)? else { return Err(Failure::corrupt("a record without a length")) };
        let len = usize::try_from(len).unwrap_or(usize::MAX);
        if len > RECORD_BYTES_MAX {
            return Err(Failure::corrupt("a record that is too long"));
        }
        self.body.clear();
        let got = self.reader.by_ref().take(len as u64).read_to_end(&mut self.body)?;
        if got < len {
            return Err(Failure::corrupt("a record that is cut"));
        }
        Ok(Some(Record { kind, body: &self.body }))
    }

    /// A number of up to `bytes_max` bytes, low bits first; the highest bit of each byte says that another follows.
    fn varint(&mut self, bytes_max: u32) -> Result<Option<u32>, Failure> {
        let mut value = 0;
        for at in 0..bytes_max {
            let mut byte = [0];
            if self.reader.read(&mut byte)? == 0 {
                return if at == 0 { Ok(None) } else { Err(Failure::corrupt("a record's head is cut")) };
            }
            value |= u32::from(byte[0] & 0x7f) << (7 * at);
            if byte[0] & 0x80 == 0 {
                break;
            }
        }
        Ok(Some(value))
    }
}

impl Record<'_> {
    /// A 32-bit number at this offset; zero past the end.
    pub(super) fn u32(&self, at: usize) -> u32 {
        self.body.get(at..at + 4).and_then(|b| b.try_into().ok()).map_or(0, u32::from_le_bytes)
    }

    /// A 16-bit number at this offset; zero past the end.
    pub(super) fn u16(&self, at: usize) -> u16 {
        self.body.get(at..at + 2).and_then(|b| b.try_into().ok()).map_or(0, u16::from_le_bytes)
    }

    /// A double at this offset.
    pub(super) fn f64(&self, at: usize) -> Option<f64> {
        self.body.get(at..at + 8)?.try_into().ok().map(f64::from_le_bytes)
    }

    /// A compressed number at this offset ([MS-XLSB] 2.5.122): whole or the upper half of a double, perhaps in hundredths.
    pub(super) fn rk(&self, at: usize) -> Option<f64> {
        let bits = self.u32(at);
        let bytes: [u8; 4] = self.body.get(at..at + 4)?.try_into().ok()?;
        let value = match bits & 2 {
            0 => f64::from_bits(u64::from(bits & !3) << 32),
            _ => f64::from(i32::from_le_bytes(bytes) >> 2),
        };
        Some(if bits & 1 == 0 { value } else { value / 100.0 })
    }

    /// The string at this offset (a count of 16-bit units before them) and where it ends; `None` where there is none.
    pub(super) fn string(&self, at: usize) -> Option<(String, usize)> {
        let count = self.body.get(at..at + 4)?;
        let count = u32::from_le_bytes(count.try_into().ok()?);
        if count == u32::MAX {
            return Some((String::new(), at + 4));
        }
        let end = (at + 4).checked_add(usize::try_from(count).ok()?.checked_mul(2)?)?;
        Some((utf16(self.body.get(at + 4..end)?), end))
    }

    /// Shows every string in the record, wherever it stands: what looks like a count with that many units of text after it.
    /// With this, records that nobody describes here still give up their names, prompts, addresses and cached values.
    pub(super) fn each_string(&self, see: &mut dyn FnMut(&str) -> Result<(), Failure>) -> Result<(), Failure> {
        let mut at = 0;
        while at + 8 <= self.body.len() {
            let count = usize::try_from(self.u32(at)).unwrap_or(usize::MAX);
            let units = count.checked_mul(2).and_then(|len| self.body.get(at + 4..(at + 4).checked_add(len)?));
            match units.filter(|units| count >= 2 && is_text(units)) {
                Some(units) => {
                    see(&utf16(units))?;
                    at += 4 + units.len();
                }
                None => at += 1,
            }
        }
        Ok(())
    }
}

/// Texts within the tokens of a formula ([MS-XLSB] 2.5.97.89), one after the other.
pub(super) fn formula_texts(tokens: &[u8]) -> String {
    const TEXT_TOKEN: u8 = 0x17;
    let (mut found, mut at) = (String::new(), 0);
    while let Some(offset) = memchr::memchr(TEXT_TOKEN, tokens.get(at..).unwrap_or_default()) {
        at += offset + 1;
        let count = tokens.get(at..at + 2).and_then(|b| b.try_into().ok()).map_or(0, u16::from_le_bytes);
        let units = tokens.get(at + 2..at + 2 + usize::from(count) * 2).filter(|units| !units.is_empty());
        if let Some(units) = units.filter(|units| is_text(units)) {
            if !found.is_empty() {
                found.push(' ');
            }
            found.push_str(&utf16(units));
            at += 2 + units.len();
        }
    }
    found
}

/// True for units of printable text.
fn is_text(units: &[u8]) -> bool {
    let units = units.chunks_exact(2).map(|unit| u16::from_le_bytes([unit[0], unit[1]]));
    char::decode_utf16(units).all(|c| c.is_ok_and(|c| !c.is_control() || matches!(c, '\t' | '\n' | '\r')))
}

fn utf16(bytes: &[u8]) -> String {
    let units = bytes.chunks_exact(2).map(|unit| u16::from_le_bytes([unit[0], unit[1]]));
    char::decode_utf16(units).map(|c| c.unwrap_or('\u{fffd}')).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn compressed_numbers_are_put_back() {
        // Whole, whole hundredths, the upper half of a double, the same in hundredths.
        let rows: [(u32, f64); 4] =
            [(42 << 2 | 2, 42.0), (1234 << 2 | 3, 12.34), (0x3ff8_0000, 1.5), (0x4069_0000 | 1, 2.0)];
        for (bits, expected) in rows {
            let body = bits.to_le_bytes();
            assert_eq!(Record { kind: 2, body: &body }.rk(0), Some(expected), "{bits:#x}");
        }
    }

    #[test]
    fn strings_are_found_wherever_they_stand() {
        let mut body = vec![7, 0, 9];
        for text in ["first", "no 2"] {
            body.extend_from_slice(&u32::try_from(text.len()).expect("short").to_le_bytes());
            body.extend(text.encode_utf16().flat_map(u16::to_le_bytes));
        }
        body.extend_from_slice(&[0xff; 6]);
        let mut found = Vec::new();
        let see = &mut |text: &str| {
            found.push(text.to_owned());
            Ok(())
        };
        Record { kind: 0, body: &body }.each_string(see).expect("nobody stops");
        assert_eq!(found, ["first", "no 2"]);
    }
}
