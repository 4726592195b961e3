//! Archives of lha and lzh: headers of all four levels; files stored, or packed by `-lh4-` to `-lh7-`.
//!
//! The names come from the headers' own field or from the extensions behind it, which may also keep the folder apart. Files
//! packed by the methods of the first years (`-lh1-` to `-lh3-`, `-lzs-`, `-lz5-`, `-pm1-`) are holes.

use super::ar::{printable, push_names};
use super::{Failure, Output, Source, lzh};
use crate::content::budget::{Fed, Inflated};
use crate::model::Reason;
use std::io::{self, BufReader, Read, Seek, SeekFrom};

/// Bytes of the headers of one member, extensions included.
const HEADER_BYTES_MAX: usize = 1 << 20;

/// One member.
#[derive(Debug, Default)]
struct Member {
    name: String,
    comment: String,
    method: [u8; 5],
    packed_bytes: u64,
    bytes: u64,
    crc: u16,
    data_at: u64,
}

/// Pushes the names and comments, then hands over each file.
pub(super) fn extract(source: &Source<'_>, out: &mut dyn Output) -> Result<(), Failure> {
    let (mut members, mut at, mut held, mut is_whole) = (Vec::new(), 0, source.budget.hold(0)?, true);
    while at < source.content.len() {
        source.budget.check()?;
        let member = match read_member(source, at)? {
            Header::Member(member) => member,
            Header::End => break,
            Header::None => {
                is_whole = false;
                break;
            }
        };
        at = member.data_at.saturating_add(member.packed_bytes);
        held.grow(size_of::<Member>() + member.name.len() + member.comment.len())?;
        members.push(member);
    }
    if members.is_empty() {
        return Err(Failure::corrupt("no header of an lha archive"));
    }
    is_whole &= at <= source.content.len();
    let texts = members.iter().flat_map(|member| [member.name.as_str(), member.comment.as_str()]);
    push_names(texts.filter(|text| !text.is_empty()), out)?;
    for member in members.iter().filter(|member| member.method != *b"-lhd-") {
        hand_over(source, member, out)?;
    }
    if !is_whole {
        out.hole("", Reason::Corrupt);
    }
    Ok(())
}

fn hand_over(source: &Source<'_>, member: &Member, out: &mut dyn Output) -> Result<(), Failure> {
    let mut reader = source.reader();
    reader.seek(SeekFrom::Start(member.data_at))?;
    let (fed, fed_bytes) = Fed::new(reader.take(member.packed_bytes));
    let packed = BufReader::new(fed);
    // Bytes of history, kinds of distances and the bits of their number.
    let shape = match &member.method {
        b"-lh0-" | b"-lz4-" | b"-pm0-" => None,
        b"-lh4-" | b"-lh5-" => Some((1 << 13, 14, 4)),
        b"-lh6-" => Some((1 << 15, 16, 5)),
        b"-lh7-" => Some((1 << 16, 17, 5)),
        _ => {
            out.hole(&member.name, Reason::Unsupported);
            return Ok(());
        }
    };
    let unpacked: Box<dyn Read + '_> = match shape {
        Some((window, symbols, bits)) => Box::new(lzh::Unpacked::new(packed, window, symbols, bits, member.bytes)),
        None => Box::new(packed),
    };
    let mut body = Checked { inner: unpacked, sum: 0, expected: member.crc };
    Ok(out.member(&member.name, &mut Inflated::new(&mut body, fed_bytes, source.budget))?)
}

/// What stands where a header should.
enum Header {
    Member(Member),
    /// The zero that ends an archive.
    End,
    None,
}

fn le16(bytes: &[u8], at: usize) -> usize {
    bytes.get(at..at + 2).map_or(0, |b| usize::from(u16::from_le_bytes([b[0], b[1]])))
}

fn le32(bytes: &[u8], at: usize) -> u64 {
    bytes.get(at..at + 4).and_then(|b| b.try_into().ok()).map_or(0, |b| u64::from(u32::from_le_bytes(b)))
}

/// Bytes of the file from a position, as many as there are.
fn bytes_at(source: &Source<'_>, at: u64, most: usize) -> Result<Vec<u8>, Failure> {
    let there = usize::try_from(source.content.len().saturating_sub(at)).unwrap_or(usize::MAX);
    let mut bytes = vec![0; most.min(there)];
    let got = source.content.read_up_to(at, &mut bytes)?;
    source.budget.charge_read(got)?;
    bytes.truncate(got);
    Ok(bytes)
}

fn read_member(source: &Source<'_>, at: u64) -> Result<Header, Failure> {
    let head = bytes_at(source, at, 32)?;
    if head.first() == Some(&0) && head.get(1).is_none_or(|next| *next == 0 || head.get(2) != Some(&b'-')) {
        return Ok(Header::End);
    }
    let method = head.get(2..7).and_then(|method| <[u8; 5]>::try_from(method).ok()).unwrap_or_default();
    if head.len() < 21 || method[0] != b'-' || method[4] != b'-' {
        return Ok(Header::None);
    }
    let mut member = Member { method, packed_bytes: le32(&head, 7), bytes: le32(&head, 11), ..Member::default() };
    let level = head[20];
    let header_bytes = match level {
        0 | 1 => usize::from(head[0]) + 2,
        2 => le16(&head, 0),
        3 => usize::try_from(le32(&head, 24)).unwrap_or(usize::MAX),
        _ => return Ok(Header::None),
    };
    let raw = bytes_at(source, at, header_bytes.min(HEADER_BYTES_MAX))?;
    if raw.len() < header_bytes || header_bytes < 24 {
        return Ok(Header::None);
    }
    member.data_at = at + header_bytes as u64;
    match level {
        0 | 1 => {
            let name_end = 22 + usize::from(raw[21]);
            member.name = printable(raw.get(22..name_end).unwrap_or_default()).replace('\\', "/");
            member.crc = u16::try_from(le16(&raw, name_end)).unwrap_or(0);
            if level == 1 {
                let first = le16(&raw, header_bytes - 2);
                read_outer_extensions(source, first, &mut member)?;
            }
        }
        2 => {
            member.crc = u16::try_from(le16(&raw, 21)).unwrap_or(0);
            read_extensions(&raw, 24, 2, &mut member);
        }
        _ => {
            member.crc = u16::try_from(le16(&raw, 21)).unwrap_or(0);
            read_extensions(&raw, 28, 4, &mut member);
        }
    }
    Ok(Header::Member(member))
}

/// Extensions within the header; `wide` bytes of length stand before each, counted with it.
fn read_extensions(raw: &[u8], mut at: usize, wide: usize, member: &mut Member) {
    loop {
        let len = if wide == 2 { le16(raw, at) } else { usize::try_from(le32(raw, at)).unwrap_or(usize::MAX) };
        at += wide;
        let Some(extension) = len.checked_sub(wide).and_then(|body| raw.get(at..at.checked_add(body)?)) else { return };
        if len == 0 {
            return;
        }
        take_extension(extension, member);
        at += extension.len();
    }
}

/// Extensions behind the header, counted as packed bytes; each ends with the length of the next.
fn read_outer_extensions(source: &Source<'_>, first: usize, member: &mut Member) -> Result<(), Failure> {
    let (mut len, mut all) = (first, 0);
    while len > 2 && all < HEADER_BYTES_MAX {
        let extension = bytes_at(source, member.data_at, len)?;
        if extension.len() < len {
            break;
        }
        take_extension(&extension[..len - 2], member);
        member.data_at += len as u64;
        member.packed_bytes = member.packed_bytes.saturating_sub(len as u64);
        (len, all) = (le16(&extension, len - 2), all + len);
    }
    Ok(())
}

fn take_extension(extension: &[u8], member: &mut Member) {
    let Some((kind, body)) = extension.split_first() else { return };
    let wide = || {
        let units = body.chunks_exact(2).map(|pair| u16::from_le_bytes([pair[0], pair[1]]));
        let units = units.map(|unit| if unit == 0xffff { u16::from(b'/') } else { unit });
        let text: String = char::decode_utf16(units).map(|c| c.unwrap_or('\u{fffd}')).collect();
        text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect::<String>()
    };
    let name = |member: &Member| member.name.rsplit('/').next().unwrap_or_default().to_owned();
    match kind {
        1 => member.name.push_str(&printable(body)),
        2 => {
            let folder: Vec<u8> = body.iter().map(|b| if *b == 0xff { b'/' } else { *b }).collect();
            member.name = printable(&folder) + &name(member);
        }
        0x3f => member.comment = printable(body),
        0x44 => {
            let folder = member.name.len() - name(member).len();
            member.name.truncate(folder);
            member.name.push_str(&wide());
        }
        0x45 => member.name = wide() + &name(member),
        _ => {}
    }
}

/// Compares the checksum at the end (CRC-16 with the reversed polynomial 0x8005).
struct Checked<R> {
    inner: R,
    sum: u16,
    expected: u16,
}

impl<R: Read> Read for Checked<R> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let n = self.inner.read(buf)?;
        for byte in &buf[..n] {
            self.sum = self.sum >> 8 ^ SUMS[usize::from(self.sum.to_le_bytes()[0] ^ byte)];
        }
        if n == 0 && !buf.is_empty() && self.sum != self.expected {
            return Err(io::Error::new(io::ErrorKind::InvalidData, "a member's checksum is wrong"));
        }
        Ok(n)
    }
}

const SUMS: [u16; 256] = sums();

const fn sums() -> [u16; 256] {
    let mut table = [0; 256];
    let mut byte = 0u16;
    while byte < 256 {
        let (mut sum, mut bit) = (byte, 0);
        while bit < 8 {
            sum = if sum & 1 == 1 { sum >> 1 ^ 0xa001 } else { sum >> 1 };
            bit += 1;
        }
        table[byte as usize] = sum;
        byte += 1;
    }
    table
}
