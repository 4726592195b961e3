//! One member of a zip file: its header, and its bytes.

use super::super::{Failure, Source};
use super::directory::Wide;
use crate::content::budget::{Fed, Inflated};
use crate::model::Reason;
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom};

/// Which list an entry was found in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Origin {
    /// The central directory.
    Directory,
    /// Only a local header: the directory does not list it.
    LocalOnly,
}

/// One member.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    /// Its name, made printable.
    pub(crate) name: String,
    /// Its comment, made printable.
    pub(crate) comment: String,
    pub(super) method: u16,
    pub(super) flags: u16,
    /// Checksum, where the header knew it.
    pub(super) crc: Option<u32>,
    /// `None`: unknown, the compressed stream ends itself or the gap does.
    pub(super) compressed_bytes: Option<u64>,
    pub(super) bytes: u64,
    pub(super) header_at: u64,
    pub(crate) origin: Origin,
}

pub(super) const LOCAL_HEADER: &[u8] = b"PK\x03\x04";
pub(super) const LOCAL_HEADER_BYTES: usize = 30;
/// The highest version of the format that a member can need (APPNOTE 4.4.3.2), times ten.
const VERSION_MAX: u8 = 63;
/// Bytes of a name that are read as text.
const NAME_BYTES_MAX: usize = 4096;

impl Entry {
    /// True for the entry of a folder.
    pub(crate) fn is_folder(&self) -> bool {
        self.name.ends_with(['/', '\\']) && self.bytes == 0
    }

    /// The suffix of the format that its compressed bytes are a file of, for the methods that other readers undo.
    pub(super) fn packed_suffix(&self) -> Option<&'static str> {
        match self.method {
            _ if self.is_encrypted() => None,
            12 => Some(".bz2"),
            14 => Some(".lzma"),
            93 | 20 => Some(".zst"),
            95 => Some(".xz"),
            _ => None,
        }
    }

    fn is_encrypted(&self) -> bool {
        self.flags & 1 != 0 || self.method == 99
    }

    /// Opens its compressed bytes as a file of the format that [`Entry::packed_suffix`] names.
    pub(super) fn open_packed<'a>(&self, source: &Source<'a>) -> Result<Box<dyn Read + 'a>, Failure> {
        let mut packed = self.raw(source)?;
        if self.method != 14 {
            return Ok(Box::new(packed));
        }
        // APPNOTE 5.8.8: version, length of the properties, properties; a file of its own has the length behind them.
        let mut head = [0; 9];
        packed.read_exact(&mut head)?;
        let ends_itself = self.flags & 2 != 0 || self.compressed_bytes.is_none() || self.bytes == 0;
        let bytes = if ends_itself { u64::MAX } else { self.bytes };
        let mut file_head = head[4..].to_vec();
        file_head.extend_from_slice(&bytes.to_le_bytes());
        Ok(Box::new(io::Cursor::new(file_head).chain(packed)))
    }

    /// Its bytes as they are stored.
    fn raw<'a>(&self, source: &Source<'a>) -> Result<io::Take<crate::content::Reader<'a>>, Failure> {
        let mut header = [0; LOCAL_HEADER_BYTES];
        let whole = source.content.read_up_to(self.header_at, &mut header)? == header.len();
        if !whole || !header.starts_with(LOCAL_HEADER) {
            return Err(Failure::corrupt("no local header where the directory says"));
        }
        let mut reader = source.reader();
        reader.seek(SeekFrom::Start(self.header_at + data_offset(&header)))?;
        Ok(reader.take(self.compressed_bytes.unwrap_or(u64::MAX)))
    }

    /// Opens its bytes, inflated and charged.
    ///
    /// # Errors
    /// [`Failure`]: encrypted, a method that is not read here, or no header where one should be.
    pub(crate) fn open<'a>(&self, source: &Source<'a>) -> Result<Box<dyn Read + 'a>, Failure> {
        if self.is_encrypted() {
            return Err(Failure::refused(Reason::EncryptedPassword, "the member is encrypted"));
        }
        let (fed, fed_bytes) = Fed::new(self.raw(source)?);
        let buffered = BufReader::with_capacity(32 << 10, fed);
        let budget = source.budget;
        let body: Box<dyn Read + 'a> = match self.method {
            0 => Box::new(buffered),
            8 => Box::new(Inflated::new(Deflated::new(buffered), fed_bytes, budget)),
            9 => Box::new(Inflated::new(deflate64::Deflate64Decoder::with_buffer(buffered), fed_bytes, budget)),
            _ => return Err(Failure::refused(Reason::Unsupported, "a compression method that is not read here")),
        };
        let expected = self.crc.map(|crc| (crc, self.bytes));
        Ok(Box::new(Checked { inner: body, crc: crc32fast::Hasher::new(), bytes: 0, expected }))
    }
}

/// Bytes from a local header to its data.
pub(super) fn data_offset(header: &[u8; LOCAL_HEADER_BYTES]) -> u64 {
    LOCAL_HEADER_BYTES as u64 + u64::from(le16(header, 26)) + u64::from(le16(header, 28))
}

/// Reads a local header that the directory does not list.
pub(super) fn local_only(source: &Source<'_>, header_at: u64) -> Result<Option<Entry>, Failure> {
    let mut header = [0; LOCAL_HEADER_BYTES];
    if source.content.read_up_to(header_at, &mut header)? < header.len() || !header.starts_with(LOCAL_HEADER) {
        return Ok(None);
    }
    let (flags, method) = (le16(&header, 6), le16(&header, 8));
    // What no archiver writes is not worth reading on: such heads may stand by the thousand.
    if header[4] > VERSION_MAX || !(method <= 20 || (93..=99).contains(&method)) {
        return Ok(None);
    }
    let mut name = vec![0; usize::from(le16(&header, 26))];
    let mut extra = vec![0; usize::from(le16(&header, 28))];
    let name_at = header_at + LOCAL_HEADER_BYTES as u64;
    let got = source.content.read_up_to(name_at, &mut name)?;
    if got < name.len() || name.is_empty() {
        return Ok(None);
    }
    source.content.read_up_to(name_at + name.len() as u64, &mut extra)?;
    let mut wide = Wide { size: u64::from(le32(&header, 22)), compressed: u64::from(le32(&header, 18)), offset: 0 };
    wide.widen(&extra);
    let known = flags & 8 == 0 || wide.compressed > 0;
    Ok(Some(Entry {
        name: unicode_name(&extra, &name).unwrap_or_else(|| printable_name(&name, flags & 0x800 != 0)),
        comment: String::new(),
        method,
        flags,
        crc: (flags & 8 == 0).then(|| le32(&header, 14)),
        compressed_bytes: known.then_some(wide.compressed),
        bytes: wide.size,
        header_at,
        origin: Origin::LocalOnly,
    }))
}

/// Inflates; unlike the bare decoder it says when the stream ends before its last block.
struct Deflated<R> {
    inner: R,
    state: flate2::Decompress,
    done: bool,
}

impl<R: BufRead> Deflated<R> {
    fn new(inner: R) -> Self {
        Self { inner, state: flate2::Decompress::new(false), done: false }
    }
}

impl<R: BufRead> Read for Deflated<R> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        loop {
            if self.done || buf.is_empty() {
                return Ok(0);
            }
            let input = self.inner.fill_buf()?;
            let at_end = input.is_empty();
            let (in_before, out_before) = (self.state.total_in(), self.state.total_out());
            let flush = if at_end { flate2::FlushDecompress::Finish } else { flate2::FlushDecompress::None };
            let status = self.state.decompress(input, buf, flush);
            let took = usize::try_from(self.state.total_in() - in_before).unwrap_or(0);
            let gave = usize::try_from(self.state.total_out() - out_before).unwrap_or(0);
            self.inner.consume(took);
            let broken = || io::Error::new(io::ErrorKind::InvalidData, "a deflate stream is damaged");
            self.done = matches!(status.map_err(|_| broken())?, flate2::Status::StreamEnd);
            if gave > 0 {
                return Ok(gave);
            }
            if !self.done && at_end {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            if !self.done && took == 0 {
                return Err(broken());
            }
        }
    }
}

/// Compares length and checksum at the end of a member.
struct Checked<R> {
    inner: R,
    crc: crc32fast::Hasher,
    bytes: u64,
    expected: Option<(u32, u64)>,
}

impl<R: Read> Read for Checked<R> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        if buf.is_empty() {
            return Ok(0);
        }
        let n = self.inner.read(buf)?;
        self.crc.update(&buf[..n]);
        self.bytes = self.bytes.saturating_add(n as u64);
        match self.expected {
            Some((crc, bytes)) if n == 0 && (self.crc.clone().finalize() != crc || self.bytes != bytes) => {
                Err(io::Error::new(io::ErrorKind::InvalidData, "a member's checksum is wrong"))
            }
            _ => Ok(n),
        }
    }
}

/// A name as text, cut where no name is longer.
pub(super) fn printable_name(bytes: &[u8], is_utf8: bool) -> String {
    printable_text(&bytes[..bytes.len().min(NAME_BYTES_MAX)], is_utf8)
}

/// A name or comment as text: UTF-8 where it is, else by the encoding its bytes suggest; control characters become spaces.
pub(super) fn printable_text(bytes: &[u8], is_utf8: bool) -> String {
    let text = match std::str::from_utf8(bytes) {
        Ok(text) => text.to_owned(),
        Err(_) if is_utf8 => String::from_utf8_lossy(bytes).into_owned(),
        Err(_) => guessed_name(bytes),
    };
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

/// A name without a hint: East Asian where it reads as that throughout, else in the code page of DOS, which APPNOTE 4.4.4
/// makes the rule.
fn guessed_name(bytes: &[u8]) -> String {
    let guess = super::super::decode::guessed_text(bytes);
    let (mut wide, mut other) = (0, 0);
    for c in guess.chars().filter(|c| !c.is_ascii()) {
        if c >= '\u{3000}' && c != '\u{fffd}' { wide += 1 } else { other += 1 }
    }
    if wide > 1 && other == 0 { guess } else { bytes.iter().map(|b| from_cp437(*b)).collect() }
}

/// A character of code page 437.
fn from_cp437(byte: u8) -> char {
    const UPPER: &str = "ÇüéâäàåçêëèïîìÄÅÉæÆôöòûùÿÖÜ¢£¥₧ƒáíóúñÑªº¿⌐¬½¼¡«»░▒▓│┤╡╢╖╕╣║╗╝╜╛┐└┴┬├─┼╞╟╚╔╩╦╠═╬╧╨╤╥╙╘╒╓╫╪┘┌█▄▌▐▀αßΓπΣσµτΦΘΩδ∞φε∩≡±≥≤⌠⌡÷≈°∙·√ⁿ²■\u{a0}";
    match byte.checked_sub(128) {
        None => char::from(byte),
        Some(upper) => UPPER.chars().nth(usize::from(upper)).unwrap_or('\u{fffd}'),
    }
}

/// The name in a Unicode path field (APPNOTE 4.6.9), if it belongs to this name.
pub(super) fn unicode_name(extra: &[u8], name: &[u8]) -> Option<String> {
    let mut rest = extra;
    while rest.len() >= 4 {
        let len = usize::from(le16(rest, 2));
        let field = rest.get(4..4 + len)?;
        if le16(rest, 0) == 0x7075 && le32(field, 1) == crc32fast::hash(name) {
            return Some(printable_name(field.get(5..)?, true));
        }
        rest = &rest[4 + len..];
    }
    None
}

pub(super) fn le16(bytes: &[u8], at: usize) -> u16 {
    bytes.get(at..at + 2).and_then(|b| b.try_into().ok()).map_or(0, u16::from_le_bytes)
}

pub(super) fn le32(bytes: &[u8], at: usize) -> u32 {
    bytes.get(at..at + 4).and_then(|b| b.try_into().ok()).map_or(0, u32::from_le_bytes)
}

pub(super) fn le64(bytes: &[u8], at: usize) -> u64 {
    bytes.get(at..at + 8).and_then(|b| b.try_into().ok()).map_or(0, u64::from_le_bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_in_the_encoding_they_suggest() {
        let rows: &[(&[u8], &str)] = &[
            (b"plain.txt", "plain.txt"),
            ("über.txt".as_bytes(), "über.txt"),
            (b"Gr\x81\xe1e.txt", "Grüße.txt"),
            (b"\x93\xfa\x96{\x8c\xea\x82\xcc\x8e\x91\x97\xbf\x82\xc9\x82\xc2\x82\xa2\x82\xc4\x82\xcc\x88\xea\x97\x97.txt", "日本語の資料についての一覧.txt"),
        ];
        for (bytes, expected) in rows {
            assert_eq!(printable_name(bytes, false), *expected);
        }
    }
}
