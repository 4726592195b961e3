//! Archives of arj: files stored, packed by methods 1 to 3 (those of lha over another window) or by method 4.
//!
//! Files under a password and those that go on in another volume are holes.

use super::ar::{printable, push_names};
use super::huffman::{Bits, damaged};
use super::{Failure, Output, Source, lzh};
use crate::content::budget::{Fed, Inflated};
use crate::model::Reason;
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom};

const MARK: [u8; 2] = [0x60, 0xea];
/// A header as long as the format allows.
const HEADER_BYTES_MAX: usize = 2600;
const WINDOW_BYTES: usize = 26_624;

struct Member {
    name: String,
    comment: String,
    flags: u8,
    method: u8,
    kind: u8,
    packed_bytes: u64,
    bytes: u64,
    crc: u32,
    data_at: u64,
}

/// Pushes the names and comments, then hands over each file.
pub(super) fn extract(source: &Source<'_>, out: &mut dyn Output) -> Result<(), Failure> {
    let (mut members, mut at, mut held) = (Vec::new(), 0, source.budget.hold(0)?);
    let is_whole = loop {
        source.budget.check()?;
        let Some(member) = read_member(source, at)? else { break false };
        let Some(member) = member else { break true };
        at = member.data_at;
        if member.kind != 2 {
            at = at.saturating_add(member.packed_bytes);
        }
        held.grow(size_of::<Member>() + member.name.len() + member.comment.len())?;
        members.push(member);
    };
    if members.is_empty() {
        return Err(Failure::corrupt("no header of an arj archive"));
    }
    let texts = members.iter().flat_map(|member| [member.name.as_str(), member.comment.as_str()]);
    push_names(texts.filter(|text| !text.is_empty()), out)?;
    // Kinds: binary, text, the archive's own header, folder, label of a disc.
    for member in members.iter().filter(|member| member.kind < 2) {
        hand_over(source, member, out)?;
    }
    if !is_whole || at > source.content.len() {
        out.hole("", Reason::Corrupt);
    }
    Ok(())
}

/// The header at a position; `Some(None)` for the one that ends an archive, `None` where none stands.
fn read_member(source: &Source<'_>, at: u64) -> Result<Option<Option<Member>>, Failure> {
    let mut head = [0; 4 + HEADER_BYTES_MAX];
    let got = source.content.read_up_to(at, &mut head)?;
    source.budget.charge_read(got)?;
    let head = &head[..got];
    let le16 = |at: usize| head.get(at..at + 2).map_or(0, |b| u16::from_le_bytes([b[0], b[1]]));
    let len = usize::from(le16(2));
    if !head.starts_with(&MARK) || len > HEADER_BYTES_MAX {
        return Ok(None);
    }
    if len == 0 {
        return Ok(Some(None));
    }
    let Some(header) = head.get(4..4 + len).filter(|header| header.len() >= 30) else { return Ok(None) };
    let le32 = |at: usize| header[at..at + 4].try_into().map_or(0, u32::from_le_bytes);
    let mut texts = header.get(usize::from(header[0])..).unwrap_or_default().split(|b| *b == 0);
    let (name, comment) = (texts.next().unwrap_or_default(), texts.next().unwrap_or_default());
    // Behind the header's checksum stand extensions, each with a length and a checksum of its own.
    let mut data_at = at + 8 + len as u64;
    loop {
        let mut more = [0; 2];
        if source.content.read_up_to(data_at, &mut more)? < more.len() {
            return Ok(None);
        }
        data_at += 2;
        match u16::from_le_bytes(more) {
            0 => break,
            more => data_at += u64::from(more) + 4,
        }
        source.budget.tick()?;
    }
    Ok(Some(Some(Member {
        name: printable(name),
        comment: printable(comment),
        flags: header[4],
        method: header[5],
        kind: header[6],
        packed_bytes: u64::from(le32(12)),
        bytes: u64::from(le32(16)),
        crc: le32(20),
        data_at,
    })))
}

fn hand_over(source: &Source<'_>, member: &Member, out: &mut dyn Output) -> Result<(), Failure> {
    // Flags: a password, goes on in another volume, began in another one.
    let refused = match member.flags {
        flags if flags & 1 != 0 => Some(Reason::EncryptedPassword),
        flags if flags & 0xc != 0 || member.method > 4 => Some(Reason::Unsupported),
        _ => None,
    };
    if let Some(reason) = refused {
        out.hole(&member.name, reason);
        return Ok(());
    }
    let mut reader = source.reader();
    reader.seek(SeekFrom::Start(member.data_at))?;
    let (fed, fed_bytes) = Fed::new(reader.take(member.packed_bytes));
    let packed = BufReader::new(fed);
    let unpacked: Box<dyn Read + '_> = match member.method {
        0 => Box::new(packed),
        4 => Box::new(Fastest::new(packed, member.bytes)),
        _ => Box::new(lzh::Unpacked::new(packed, WINDOW_BYTES, 17, 5, member.bytes)),
    };
    let checked = Checked { inner: unpacked, sum: crc32fast::Hasher::new(), expected: member.crc };
    Ok(out.member(&member.name, &mut Inflated::new(checked, fed_bytes, source.budget))?)
}

/// Method 4: lengths and distances in bits of their own, no codes.
struct Fastest<R> {
    bits: Bits<R>,
    window: Vec<u8>,
    at: usize,
    copy: (usize, usize),
    left: u64,
}

impl<R: BufRead> Fastest<R> {
    fn new(input: R, bytes: u64) -> Self {
        Self { bits: Bits::of_bytes(input), window: vec![0; WINDOW_BYTES], at: 0, copy: (0, 0), left: bytes }
    }

    /// A number: ones that widen it, up to `most` bits, then so many bits.
    fn number(&mut self, least: u32, most: u32) -> io::Result<usize> {
        let (mut bits, mut base) = (least, 0);
        while bits < most && self.bits.take(1)? == 1 {
            base += 1 << bits;
            bits += 1;
        }
        Ok(base + self.bits.take(bits)? as usize)
    }

    fn next(&mut self) -> io::Result<u8> {
        if self.copy.0 == 0 {
            let len = self.number(0, 7)?;
            if len == 0 {
                let byte = u8::try_from(self.bits.take(8)?).map_err(|_| damaged())?;
                return Ok(self.put(byte));
            }
            let back = self.number(9, 13)? + 1;
            self.copy = (len + 2, (self.at + WINDOW_BYTES - back) % WINDOW_BYTES);
        }
        let (left, from) = self.copy;
        self.copy = (left - 1, (from + 1) % WINDOW_BYTES);
        let byte = self.window[from];
        Ok(self.put(byte))
    }

    fn put(&mut self, byte: u8) -> u8 {
        self.window[self.at] = byte;
        self.at = (self.at + 1) % WINDOW_BYTES;
        byte
    }
}

impl<R: BufRead> Read for Fastest<R> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let want = usize::try_from(self.left).unwrap_or(usize::MAX).min(buf.len());
        for byte in &mut buf[..want] {
            *byte = self.next()?;
        }
        self.left -= want as u64;
        Ok(want)
    }
}

/// Compares the checksum at the end.
struct Checked<R> {
    inner: R,
    sum: crc32fast::Hasher,
    expected: u32,
}

impl<R: Read> Read for Checked<R> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let n = self.inner.read(buf)?;
        self.sum.update(&buf[..n]);
        if n == 0 && !buf.is_empty() && self.sum.clone().finalize() != self.expected {
            return Err(io::Error::new(io::ErrorKind::InvalidData, "a member's checksum is wrong"));
        }
        Ok(n)
    }
}
