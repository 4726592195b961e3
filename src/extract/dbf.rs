//! dBASE tables, and those of FoxPro and Clipper: rows of fixed width behind a list of fields.
//!
//! The form is that of the xBase family: a header with the number of rows, its own length and a row's, then 32 bytes for
//! each field, then rows that begin with a mark. Rows marked as deleted are still there and are read, under their own part.
//! A value follows its field's name. Memos stand in a file of their own.

use super::{BLOCK_BYTES, Edge, Failure, Output, PartHead, Source, decode};
use crate::model::{Place, Reason};
use encoding_rs::Encoding;
use std::io::{BufReader, Read, Seek, SeekFrom};

const FIELD_BYTES: usize = 32;
/// A row longer than any program writes.
const ROW_BYTES_MAX: usize = 1 << 20;

/// Pushes the rows, then those marked as deleted.
pub(super) fn extract(source: &Source<'_>, out: &mut dyn Output) -> Result<(), Failure> {
    let table = Table::open(source)?;
    let deleted = table.push(source, false, out)?;
    if deleted > 0 {
        table.push(source, true, out)?;
    }
    if table.declared_bytes > source.content.len() {
        out.hole("", Reason::Corrupt);
    }
    Ok(())
}

struct Table {
    header_bytes: u64,
    /// Bytes of the header and of as many rows as it names.
    declared_bytes: u64,
    row_bytes: usize,
    fields: Vec<(String, usize)>,
    encoding: Option<&'static Encoding>,
}

impl Table {
    fn open(source: &Source<'_>) -> Result<Self, Failure> {
        let mut head = [0; FIELD_BYTES];
        source.content.read_exact_at(0, &mut head)?;
        let header_bytes = u16::from_le_bytes([head[8], head[9]]);
        let row_bytes = usize::from(u16::from_le_bytes([head[10], head[11]]));
        let mut list = vec![0; usize::from(header_bytes).saturating_sub(FIELD_BYTES)];
        let got = source.content.read_up_to(FIELD_BYTES as u64, &mut list)?;
        let of_field = |field: &[u8]| {
            let name = field[..11].split(|&b| b == 0).next().unwrap_or_default();
            // A long text field keeps the high byte of its length where numbers keep their places.
            let high = if field[11] == b'C' { usize::from(field[17]) << 8 } else { 0 };
            (decode::guessed_text(name).trim().to_owned(), usize::from(field[16]) | high)
        };
        let records = list[..got].chunks_exact(FIELD_BYTES);
        let fields: Vec<_> = records.take_while(|field| !matches!(field[0], 0 | 0x0d)).map(of_field).collect();
        if row_bytes == 0 || row_bytes > ROW_BYTES_MAX || fields.is_empty() {
            return Err(Failure::corrupt("a table without rows or fields"));
        }
        let rows = u64::from(u32::from_le_bytes([head[4], head[5], head[6], head[7]]));
        let declared_bytes = rows.saturating_mul(row_bytes as u64).saturating_add(header_bytes.into());
        Ok(Self { header_bytes: header_bytes.into(), declared_bytes, row_bytes, fields, encoding: encoding(head[29]) })
    }

    /// Pushes the rows of one mark; gives how many had the other.
    fn push(&self, source: &Source<'_>, deleted: bool, out: &mut dyn Output) -> Result<u64, Failure> {
        let name = if deleted { "deleted rows" } else { "rows" };
        out.open_part(PartHead { name: name.to_owned(), own_text: None, recovered: false })?;
        let mut reader = source.reader();
        reader.seek(SeekFrom::Start(self.header_bytes))?;
        let mut reader = BufReader::with_capacity(BLOCK_BYTES, reader);
        let (mut row, mut number, mut others) = (vec![0; self.row_bytes], 0, 0);
        while read_row(&mut reader, &mut row)? && row[0] != 0x1a {
            source.budget.tick()?;
            number += 1;
            if (row[0] == b'*') == deleted {
                self.push_row(&row[1..], number, out)?;
            } else {
                others += 1;
            }
        }
        out.close_part()?;
        Ok(others)
    }

    fn push_row(&self, mut rest: &[u8], number: u64, out: &mut dyn Output) -> Result<(), Failure> {
        let mut edge = '\n';
        for (name, len) in &self.fields {
            if rest.is_empty() {
                break;
            }
            let (value, after) = rest.split_at(rest.len().min(*len));
            rest = after;
            let value = match self.encoding {
                Some(encoding) => encoding.decode_without_bom_handling(value).0.into_owned(),
                None => decode::guessed_text(value),
            };
            let value = value.trim_matches(|c: char| c.is_whitespace() || c.is_control());
            if value.is_empty() {
                continue;
            }
            out.push(Edge::Soft(edge), &Place::Whole, name, None)?;
            out.push(Edge::Soft(' '), &Place::Row(number), value, None)?;
            edge = '\t';
        }
        Ok(())
    }
}

/// Fills a row; false where the rows end. What a cut left of the last one is read too.
fn read_row(reader: &mut impl Read, row: &mut [u8]) -> Result<bool, Failure> {
    let mut got = 0;
    while got < row.len() {
        match reader.read(&mut row[got..])? {
            0 => break,
            n => got += n,
        }
    }
    row[got..].fill(b' ');
    Ok(got > 0)
}

/// The encodings that the header's language byte names, as far as they are known here.
fn encoding(language: u8) -> Option<&'static Encoding> {
    match language {
        0x03 | 0x57 | 0x58 | 0x59 => Some(encoding_rs::WINDOWS_1252),
        0x26 | 0x65 => Some(encoding_rs::IBM866),
        0x78 | 0x4f => Some(encoding_rs::BIG5),
        0x79 | 0x4e => Some(encoding_rs::EUC_KR),
        0x7a | 0x4d => Some(encoding_rs::GBK),
        0x7b | 0x13 => Some(encoding_rs::SHIFT_JIS),
        0x7c | 0x50 => Some(encoding_rs::WINDOWS_874),
        0x7d => Some(encoding_rs::WINDOWS_1255),
        0x7e => Some(encoding_rs::WINDOWS_1256),
        0xc8 => Some(encoding_rs::WINDOWS_1250),
        0xc9 => Some(encoding_rs::WINDOWS_1251),
        0xca => Some(encoding_rs::WINDOWS_1254),
        0xcb => Some(encoding_rs::WINDOWS_1253),
        0xcc => Some(encoding_rs::WINDOWS_1257),
        _ => None,
    }
}
