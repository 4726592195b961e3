//! Bytes to characters, in pieces and in constant memory, for files of any size.
//!
//! The encoding is told from the first block: a mark, then the pattern of NUL bytes (UTF-16 and UTF-32 without a mark), then
//! valid UTF-8, then a statistical guess. A file that is plain ASCII until later is decoded as UTF-8 until the first byte
//! that is not, and judged again there. UTF-8 is validated in whole blocks and handed on without copying.

use super::{Failure, Source};
use crate::content::Reader;
use chardetng::{EncodingDetector, Iso2022JpDetection, Utf8Detection};
use encoding_rs::{DecoderResult, Encoding};
use std::borrow::Cow;
use std::io::{self, Read, Seek, SeekFrom};

/// How the characters of a text are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Charset {
    /// The scheme.
    pub scheme: Scheme,
    /// Bytes of the mark at the start, which is no text.
    pub mark_bytes: usize,
}

/// A character encoding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scheme {
    /// UTF-8, or ASCII so far.
    Utf8,
    /// UTF-16.
    Utf16(Order),
    /// UTF-32.
    Utf32(Order),
    /// Any other, by the Encoding Standard's tables.
    Legacy(&'static Encoding),
}

/// Byte order of UTF-16 and UTF-32.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// Low byte first.
    Little,
    /// High byte first.
    Big,
}

impl Charset {
    /// UTF-8 without a mark.
    pub const UTF8: Self = Self::unmarked(Scheme::Utf8);

    const fn unmarked(scheme: Scheme) -> Self {
        Self { scheme, mark_bytes: 0 }
    }

    /// Tells the encoding of a text from its first bytes; `None` when they are no text at all.
    #[must_use]
    pub fn tell(head: &[u8]) -> Option<Self> {
        Self::tell_beside(head, valid_text(head).is_some())
    }

    /// The same, where it is known already whether the bytes are a [`valid_text`].
    pub(super) fn tell_beside(head: &[u8], is_valid: bool) -> Option<Self> {
        if let Some(marked) = by_mark(head) {
            return Some(marked);
        }
        if is_plain_ascii(head) {
            return Some(Self::UTF8);
        }
        let nuls = memchr::memchr_iter(0, head).count();
        let scheme = || if is_valid { seven_bit(head) } else { eight_bit(head) };
        if nuls == 0 {
            return is_mostly_printable(head).then(|| Self::unmarked(scheme()));
        }
        if let Some(scheme) = by_nuls(head) {
            return Some(Self::unmarked(scheme));
        }
        let few = nuls * 100 < head.len();
        (few && is_mostly_printable(head)).then(|| Self::unmarked(scheme()))
    }
}

/// The bytes as UTF-8, without a last character that their end cuts; `None` when anything else is wrong with them.
pub(super) fn valid_text(head: &[u8]) -> Option<&str> {
    match std::str::from_utf8(head) {
        Ok(text) => Some(text),
        Err(error) if error.error_len().is_none() => std::str::from_utf8(&head[..error.valid_up_to()]).ok(),
        Err(_) => None,
    }
}

fn by_mark(head: &[u8]) -> Option<Charset> {
    const MARKS: &[(&[u8], Scheme)] = &[
        (b"\xff\xfe\0\0", Scheme::Utf32(Order::Little)),
        (b"\0\0\xfe\xff", Scheme::Utf32(Order::Big)),
        (b"\xef\xbb\xbf", Scheme::Utf8),
        (b"\xff\xfe", Scheme::Utf16(Order::Little)),
        (b"\xfe\xff", Scheme::Utf16(Order::Big)),
    ];
    let (mark, scheme) = MARKS.iter().find(|(mark, _)| head.starts_with(mark))?;
    let charset = Charset { scheme: *scheme, mark_bytes: mark.len() };
    let wide = matches!(scheme, Scheme::Utf16(_) | Scheme::Utf32(_));
    (!wide || reads_as(&head[mark.len()..], *scheme)).then_some(charset)
}

/// True when there are only printable ASCII characters, tabs and line ends: the common case, told in one quick pass.
fn is_plain_ascii(head: &[u8]) -> bool {
    let is_other = |b: u8| b >= 0x7f || (b < 0x20) & (b.wrapping_sub(8) > 5);
    // Whole blocks without a branch inside become wide instructions.
    head.chunks(4 << 10).all(|block| !block.iter().fold(false, |other, &b| other | is_other(b)))
}

/// Control characters that texts do not hold are at most one byte in fifty.
fn is_mostly_printable(head: &[u8]) -> bool {
    let count = |block: &[u8]| block.iter().fold(0u8, |odd, &b| odd + u8::from(is_odd_control(b)));
    let odd: usize = head.chunks(255).map(|block| usize::from(count(block))).sum();
    odd * 50 <= head.len()
}

fn is_odd_control(b: u8) -> bool {
    (b < 0x20 && !matches!(b, 0 | b'\t' | b'\n' | b'\r' | 0x08 | 0x0b | 0x0c | 0x1a | 0x1b)) || b == 0x7f
}

/// UTF-16 and UTF-32 without a mark: NUL bytes stand on one side only, and what results reads as text.
fn by_nuls(head: &[u8]) -> Option<Scheme> {
    const CANDIDATES: [Scheme; 4] = [
        Scheme::Utf32(Order::Little),
        Scheme::Utf32(Order::Big),
        Scheme::Utf16(Order::Little),
        Scheme::Utf16(Order::Big),
    ];
    CANDIDATES.into_iter().find(|scheme| reads_as(head, *scheme) && has_ascii(head, *scheme))
}

/// True when nearly every unit is a character that texts hold.
fn reads_as(head: &[u8], scheme: Scheme) -> bool {
    let head = &head[..head.len().min(8 << 10)];
    let (good, all) = match scheme {
        Scheme::Utf32(order) => count_good(head.chunks_exact(4).map(|unit| char::from_u32(unit32(unit, order)))),
        Scheme::Utf16(order) => {
            let units = head.chunks_exact(2).map(|unit| unit16(unit, order));
            count_good(char::decode_utf16(units).map(Result::ok))
        }
        _ => return true,
    };
    // The last unit may be cut in two by the end of the block.
    all > 0 && good + 1 + all / 50 > all && good > 0
}

/// True when at least one unit in forty is ASCII, as line ends and digits are in any script; pairs of random bytes are not.
fn has_ascii(head: &[u8], scheme: Scheme) -> bool {
    let head = &head[..head.len().min(8 << 10)];
    let is_plain = |unit: u32| unit == 9 || unit == 10 || (0x20..0x7f).contains(&unit);
    let (plain, all) = match scheme {
        Scheme::Utf32(order) => {
            let plain = head.chunks_exact(4).filter(|unit| is_plain(unit32(unit, order))).count();
            (plain, head.len() / 4)
        }
        Scheme::Utf16(order) => {
            let plain = head.chunks_exact(2).filter(|unit| is_plain(u32::from(unit16(unit, order)))).count();
            (plain, head.len() / 2)
        }
        _ => return true,
    };
    plain > 0 && plain * 40 >= all
}

fn count_good(chars: impl Iterator<Item = Option<char>>) -> (usize, usize) {
    chars.fold((0, 0), |(good, all), c| (good + usize::from(c.is_some_and(is_textual)), all + 1))
}

/// What texts hold: not NUL, controls, private use or rare planes.
fn is_textual(c: char) -> bool {
    match c {
        '\t' | '\n' | '\r' | '\u{feff}' => true,
        '\0'..='\u{1f}' | '\u{7f}'..='\u{9f}' | '\u{fffd}'..='\u{ffff}' | '\u{e000}'..='\u{f8ff}' => false,
        _ => u32::from(c) < 0x2_0000,
    }
}

fn unit16(unit: &[u8], order: Order) -> u16 {
    let pair = [unit[0], unit[1]];
    if order == Order::Little { u16::from_le_bytes(pair) } else { u16::from_be_bytes(pair) }
}

fn unit32(unit: &[u8], order: Order) -> u32 {
    let four = [unit[0], unit[1], unit[2], unit[3]];
    if order == Order::Little { u32::from_le_bytes(four) } else { u32::from_be_bytes(four) }
}

/// UTF-8 when it is valid or has few errors beside many multi-byte characters, else the statistical guess.
fn eight_bit(head: &[u8]) -> Scheme {
    let (mut multi_byte, mut errors, mut first_error) = (0usize, 0usize, None);
    let begun = |bytes: &[u8]| bytes.iter().filter(|&&b| b >= 0xc0).count();
    let mut rest = head;
    while let Err(error) = std::str::from_utf8(rest) {
        let Some(len) = error.error_len() else { break };
        multi_byte += begun(&rest[..error.valid_up_to()]);
        first_error.get_or_insert(head.len() - rest.len() + error.valid_up_to());
        errors += 1;
        rest = &rest[error.valid_up_to() + len..];
    }
    match first_error {
        None => seven_bit(head),
        Some(at) if multi_byte + begun(rest) < errors * 8 => guess(&head[at.saturating_sub(64)..]),
        _ => Scheme::Utf8,
    }
}

/// UTF-8, where it is valid, unless there are the escapes of an encoding that writes all its characters in ASCII.
fn seven_bit(head: &[u8]) -> Scheme {
    if memchr::memmem::find(head, b"\x1b$").is_some() { guess(head) } else { Scheme::Utf8 }
}

/// Asks the detector; bytes past 64 KiB add nothing.
fn guess(sample: &[u8]) -> Scheme {
    let mut detector = EncodingDetector::new(Iso2022JpDetection::Allow);
    detector.feed(&sample[..sample.len().min(64 << 10)], true);
    let encoding = detector.guess(None, Utf8Detection::Deny);
    if encoding == encoding_rs::UTF_8 { Scheme::Utf8 } else { Scheme::Legacy(encoding) }
}

/// A short text without any hint of its encoding (a name in an archive).
#[must_use]
pub fn guessed_text(bytes: &[u8]) -> String {
    match eight_bit(bytes) {
        Scheme::Legacy(encoding) => encoding.decode_without_bom_handling(bytes).0.into_owned(),
        _ => String::from_utf8_lossy(bytes).into_owned(),
    }
}

/// One piece of decoded text.
#[derive(Clone, Copy, Debug)]
pub struct Piece<'a> {
    /// The text; may be empty.
    pub text: &'a str,
    /// Byte position of its first character in the source.
    pub raw: u64,
    /// The encoding it was written in.
    pub scheme: Scheme,
}

/// Bytes fetched at a time.
const BLOCK: usize = 256 << 10;
/// Bytes decoded at a time outside UTF-8; small, so that positions are exact again soon after a lossy character.
const STEP: usize = 8 << 10;

/// Turns a byte stream into pieces of text.
#[derive(Debug)]
pub struct TextDecoder<'a, R> {
    reader: R,
    scheme: Scheme,
    /// What is being decoded; the first block may stand elsewhere.
    block: Cow<'a, [u8]>,
    /// The first block from `start` on, where it is known to be valid UTF-8.
    valid: Option<&'a str>,
    start: usize,
    end: usize,
    /// Position in the source of the block's first byte.
    base: u64,
    at_end: bool,
    /// True while a guess at the first malformed byte is still open: all that was seen is ASCII.
    only_ascii: bool,
    /// A malformed sequence of this length stands at `start`.
    malformed: usize,
    legacy: Option<encoding_rs::Decoder>,
    out: String,
}

impl<'a> TextDecoder<'a, io::Empty> {
    /// Decodes bytes in memory as `charset`.
    ///
    /// # Errors
    /// [`Failure`] when they end within the mark.
    pub fn of_bytes(bytes: &'a [u8], charset: Charset) -> Result<Self, Failure> {
        Self::after(bytes, io::empty(), charset)
    }
}

impl<'a> TextDecoder<'a, Reader<'a>> {
    /// Decodes a whole source in its charset. What is known of it already is not read and not copied again.
    ///
    /// # Errors
    /// [`Failure`] when the source cannot be read.
    pub fn of_source(source: &Source<'a>) -> Result<Self, Failure> {
        let head = source.content.head()?;
        source.budget.charge_read(head.len())?;
        let mut reader = source.reader();
        reader.seek(SeekFrom::Start(head.len() as u64))?;
        let mut decoder = Self::after(head, reader, source.charset)?;
        decoder.valid = source.text.and_then(|text| text.get(source.charset.mark_bytes..));
        Ok(decoder)
    }
}

impl<'a, R: Read> TextDecoder<'a, R> {
    /// Decodes `reader`, which stands at its start, as `charset`.
    ///
    /// # Errors
    /// [`Failure`] when the reader fails within the mark.
    pub fn new(mut reader: R, charset: Charset) -> Result<Self, Failure> {
        let mut mark = vec![0; charset.mark_bytes];
        reader.read_exact(&mut mark)?;
        let mut decoder = Self::after(&[], reader, Charset { mark_bytes: 0, ..charset })?;
        decoder.base = charset.mark_bytes as u64;
        decoder.only_ascii = charset.mark_bytes == 0;
        Ok(decoder)
    }

    /// Decodes `head`, which begins with the mark, and then what `reader` gives.
    fn after(head: &'a [u8], reader: R, charset: Charset) -> Result<Self, Failure> {
        if head.len() < charset.mark_bytes {
            return Err(io::Error::from(io::ErrorKind::UnexpectedEof).into());
        }
        Ok(Self {
            reader,
            scheme: charset.scheme,
            block: Cow::Borrowed(head),
            valid: None,
            start: charset.mark_bytes,
            end: head.len(),
            base: 0,
            at_end: false,
            only_ascii: charset.mark_bytes == 0,
            malformed: 0,
            legacy: legacy_decoder(charset.scheme),
            out: String::new(),
        })
    }

    /// The encoding in use; it can change once, at the first byte of a file that was ASCII until there.
    #[must_use]
    pub fn scheme(&self) -> Scheme {
        self.scheme
    }

    /// The next piece; `None` at the end. A malformed sequence is one U+FFFD.
    ///
    /// # Errors
    /// [`Failure`] when the reader fails.
    pub fn next_piece(&mut self) -> Result<Option<Piece<'_>>, Failure> {
        self.refill()?;
        let raw = self.base + self.start as u64;
        if self.start == self.end {
            return Ok(None);
        }
        if self.malformed > 0 {
            self.start += std::mem::take(&mut self.malformed).min(self.end - self.start);
            return Ok(Some(Piece { text: "\u{fffd}", raw, scheme: self.scheme }));
        }
        match self.scheme {
            Scheme::Utf8 => self.utf8_piece(raw),
            Scheme::Utf16(order) => Ok(Some(self.utf16_piece(raw, order))),
            Scheme::Utf32(order) => Ok(Some(self.utf32_piece(raw, order))),
            Scheme::Legacy(_) => self.legacy_piece(raw),
        }
    }

    fn utf8_piece(&mut self, raw: u64) -> Result<Option<Piece<'_>>, Failure> {
        if let Some(text) = self.valid.take().filter(|text| !text.is_empty()) {
            self.only_ascii = self.only_ascii && text.is_ascii();
            self.start += text.len();
            return Ok(Some(Piece { text, raw, scheme: Scheme::Utf8 }));
        }
        let bytes = &self.block[self.start..self.end];
        let error = match std::str::from_utf8(bytes) {
            Ok(text) => {
                self.only_ascii = self.only_ascii && text.is_ascii();
                self.start = self.end;
                return Ok(Some(Piece { text, raw, scheme: Scheme::Utf8 }));
            }
            Err(error) => error,
        };
        let valid = error.valid_up_to();
        let (len, is_cut) = (error.error_len().unwrap_or(bytes.len() - valid), error.error_len().is_none());
        if valid > 0 {
            if !(is_cut || self.only_ascii && bytes[..valid].is_ascii()) {
                self.malformed = len;
            }
            self.only_ascii = self.only_ascii && bytes[..valid].is_ascii();
            self.start += valid;
            let text = std::str::from_utf8(&bytes[..valid]).unwrap_or_default();
            return Ok(Some(Piece { text, raw, scheme: Scheme::Utf8 }));
        }
        if self.only_ascii {
            self.only_ascii = false;
            self.scheme = eight_bit(bytes);
            self.legacy = legacy_decoder(self.scheme);
        } else {
            self.malformed = len;
        }
        Ok(Some(Piece { text: "", raw, scheme: self.scheme }))
    }

    fn utf16_piece(&mut self, raw: u64, order: Order) -> Piece<'_> {
        let available = self.end - self.start;
        let mut len = available.min(STEP) & !1;
        let last = |len: usize| unit16(&self.block[self.start + len - 2..], order);
        if len > 2 && (0xd800..0xdc00).contains(&last(len)) {
            len -= 2;
        }
        self.out.clear();
        if len == 0 {
            self.out.push('\u{fffd}');
            len = available;
        } else {
            let units = self.block[self.start..self.start + len].chunks_exact(2).map(|unit| unit16(unit, order));
            self.out.extend(char::decode_utf16(units).map(|c| c.unwrap_or('\u{fffd}')));
        }
        self.start += len;
        Piece { text: &self.out, raw, scheme: self.scheme }
    }

    fn utf32_piece(&mut self, raw: u64, order: Order) -> Piece<'_> {
        let available = self.end - self.start;
        let mut len = available.min(STEP) & !3;
        self.out.clear();
        if len == 0 {
            self.out.push('\u{fffd}');
            len = available;
        } else {
            let units = self.block[self.start..self.start + len].chunks_exact(4).map(|unit| unit32(unit, order));
            self.out.extend(units.map(|unit| char::from_u32(unit).unwrap_or('\u{fffd}')));
        }
        self.start += len;
        Piece { text: &self.out, raw, scheme: self.scheme }
    }

    fn legacy_piece(&mut self, raw: u64) -> Result<Option<Piece<'_>>, Failure> {
        if let Cow::Borrowed(first) = self.block
            && first.len() < BLOCK
        {
            // The last character must be known as the last one.
            self.take_over(first)?;
        }
        let Some(decoder) = self.legacy.as_mut() else {
            self.scheme = Scheme::Utf8;
            return self.next_piece();
        };
        let bytes = &self.block[self.start..self.end];
        let step = safe_cut(&bytes[..bytes.len().min(STEP)]);
        self.out.clear();
        self.out.reserve(STEP * 3 + 16);
        let last = self.at_end && step == bytes.len();
        let (result, read) = decoder.decode_to_string_without_replacement(&bytes[..step], &mut self.out, last);
        self.start += read;
        if let DecoderResult::Malformed(..) = result {
            self.out.push('\u{fffd}');
        }
        if self.out.is_empty() && read == 0 {
            self.start += 1;
        }
        Ok(Some(Piece { text: &self.out, raw, scheme: self.scheme }))
    }

    /// Makes sure that a whole character lies in the block, or the end was reached.
    fn refill(&mut self) -> Result<(), Failure> {
        const LONGEST_CHARACTER: usize = 8;
        if self.at_end || self.end - self.start >= LONGEST_CHARACTER {
            return Ok(());
        }
        if let Cow::Borrowed(first) = self.block {
            return self.take_over(first);
        }
        self.block.to_mut().copy_within(self.start..self.end, 0);
        self.base += self.start as u64;
        (self.start, self.end) = (0, self.end - self.start);
        self.fill()
    }

    /// Goes on in a block of its own with what is left of the first one.
    fn take_over(&mut self, first: &[u8]) -> Result<(), Failure> {
        let left = &first[self.start..self.end];
        self.valid = None;
        // Often there is nothing more: room for that question comes first.
        let mut block = vec![0; left.len() + 1];
        block[..left.len()].copy_from_slice(left);
        self.base += self.start as u64;
        (self.start, self.end) = (0, left.len());
        self.block = Cow::Owned(block);
        self.fill()?;
        if !self.at_end {
            self.block.to_mut().resize(BLOCK, 0);
            self.fill()?;
        }
        Ok(())
    }

    fn fill(&mut self) -> Result<(), Failure> {
        while self.end < self.block.len() && !self.at_end {
            self.fill_once()?;
        }
        Ok(())
    }

    /// Reads once into what is free of the block.
    fn fill_once(&mut self) -> Result<(), Failure> {
        match self.reader.read(&mut self.block.to_mut()[self.end..]) {
            Ok(n) => {
                self.end += n;
                self.at_end = n == 0;
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error.into()),
        }
        Ok(())
    }
}

fn legacy_decoder(scheme: Scheme) -> Option<encoding_rs::Decoder> {
    match scheme {
        Scheme::Legacy(encoding) => Some(encoding.new_decoder_without_bom_handling()),
        _ => None,
    }
}

/// A length that ends no character in the middle: bytes below `0x30` are no second byte in any of the encodings at hand.
fn safe_cut(bytes: &[u8]) -> usize {
    bytes.iter().rposition(|&b| b < 0x30).map_or(bytes.len(), |at| at + 1)
}

/// Reads the text of a source as UTF-8, whatever its encoding; malformed bytes are U+FFFD.
#[derive(Debug)]
pub struct Utf8Reader<'a, R> {
    decoder: TextDecoder<'a, R>,
    piece: Vec<u8>,
    taken: usize,
}

impl<'a, R: Read> Utf8Reader<'a, R> {
    /// Reads what `decoder` decodes.
    pub fn over(decoder: TextDecoder<'a, R>) -> Self {
        Self { decoder, piece: Vec::new(), taken: 0 }
    }

    /// Reads `reader`, which stands at its start, as `charset`.
    ///
    /// # Errors
    /// [`Failure`] when the reader fails within the mark.
    pub fn new(reader: R, charset: Charset) -> Result<Self, Failure> {
        Ok(Self::over(TextDecoder::new(reader, charset)?))
    }
}

impl<R: Read> Utf8Reader<'_, R> {
    fn fetch(&mut self) -> io::Result<()> {
        while self.taken == self.piece.len() {
            let next = self.decoder.next_piece().map_err(Failure::into_io)?;
            let Some(piece) = next else { return Ok(()) };
            self.piece.clear();
            self.piece.extend_from_slice(piece.text.as_bytes());
            self.taken = 0;
        }
        Ok(())
    }
}

impl<R: Read> Read for Utf8Reader<'_, R> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let n = io::BufRead::fill_buf(self)?.read(buf)?;
        io::BufRead::consume(self, n);
        Ok(n)
    }
}

impl<R: Read> io::BufRead for Utf8Reader<'_, R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        self.fetch()?;
        Ok(&self.piece[self.taken..])
    }

    fn consume(&mut self, n: usize) {
        self.taken = (self.taken + n).min(self.piece.len());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decoded(bytes: &[u8]) -> (String, Vec<(u64, String)>) {
        let charset = Charset::tell(&bytes[..bytes.len().min(BLOCK)]).expect("text");
        let mut decoder = TextDecoder::new(bytes, charset).expect("a mark");
        let (mut all, mut pieces) = (String::new(), Vec::new());
        while let Some(piece) = decoder.next_piece().expect("memory does not fail") {
            all.push_str(piece.text);
            if !piece.text.is_empty() {
                pieces.push((piece.raw, piece.text.to_owned()));
            }
        }
        (all, pieces)
    }

    fn utf16(text: &str, order: Order) -> Vec<u8> {
        let to = |u: u16| if order == Order::Little { u.to_le_bytes() } else { u.to_be_bytes() };
        text.encode_utf16().flat_map(to).collect()
    }

    fn utf32(text: &str, order: Order) -> Vec<u8> {
        let to = |c: char| if order == Order::Little { u32::from(c).to_le_bytes() } else { u32::from(c).to_be_bytes() };
        text.chars().flat_map(to).collect()
    }

    #[test]
    fn unicode_with_and_without_mark_reads_the_same() {
        let text = "Name;Straße;Nr\r\nJürgen 😀;Hauptstraße 5;4111 1111 1111 1111\r\n".repeat(3000);
        for order in [Order::Little, Order::Big] {
            for mark in ["", "\u{feff}"] {
                let marked = format!("{mark}{text}");
                for bytes in [utf16(&marked, order), utf32(&marked, order), marked.clone().into_bytes()] {
                    assert!(decoded(&bytes).0 == text, "{order:?} mark {:?} head {:?}", mark, &bytes[..8]);
                }
            }
        }
    }

    #[test]
    fn legacy_encodings_are_told_from_their_bytes() {
        let russian =
            "Паспорт гражданина Российской Федерации, серия и номер, выдан отделением внутренних дел города. ";
        let rows: &[(&'static Encoding, &str)] = &[
            (
                encoding_rs::WINDOWS_1252,
                "Größe über Maß: die Straße führt zur Café-Terrasse, naïve Gäste fürchten Übel. ",
            ),
            (encoding_rs::WINDOWS_1251, russian),
            (encoding_rs::KOI8_R, russian),
            (
                encoding_rs::SHIFT_JIS,
                "個人情報の保護に関する法律について、氏名と住所を記入してください。電話番号もお願いします。",
            ),
            (
                encoding_rs::EUC_JP,
                "個人情報の保護に関する法律について、氏名と住所を記入してください。電話番号もお願いします。",
            ),
            (encoding_rs::ISO_2022_JP, "個人情報の保護に関する法律について、氏名と住所を記入してください。"),
            (encoding_rs::GB18030, "请填写您的姓名、身份证号码和联系电话,我们将对您的个人信息严格保密。"),
            (encoding_rs::BIG5, "請填寫您的姓名、身分證字號和聯絡電話,我們將對您的個人資料嚴格保密。"),
            (encoding_rs::EUC_KR, "성명과 주민등록번호, 연락처를 기입하여 주시기 바랍니다. 개인정보는 보호됩니다."),
        ];
        for (encoding, text) in rows {
            for ascii_before in [0, 100, BLOCK + 100] {
                if ascii_before > BLOCK && *encoding == encoding_rs::ISO_2022_JP {
                    continue; // Seven-bit: nothing tells it apart once the first block was plain.
                }
                let text = format!("{}{}", "a".repeat(ascii_before), text.repeat(20));
                let (bytes, _, _) = encoding.encode(&text);
                assert!(decoded(&bytes).0 == text, "{} after {ascii_before}", encoding.name());
            }
        }
    }

    #[test]
    fn malformed_bytes_become_one_replacement_and_positions_hold() {
        let bytes =
            b"gr\xc3\xbc\xc3\x9fe \xc3\xa4\xc3\xb6\xc3\xbc \xc3\xa4\xc3\xb6\xc3\xbc \xc3\xa4 \xff 4111 \xe2\x82";
        let (all, pieces) = decoded(bytes);
        assert_eq!(all, "grüße äöü äöü ä \u{fffd} 4111 \u{fffd}");
        let expected = [(0, "grüße äöü äöü ä "), (25, "\u{fffd}"), (26, " 4111 "), (32, "\u{fffd}")];
        assert_eq!(pieces, expected.map(|(raw, text)| (raw, text.to_owned())));
    }

    #[test]
    fn characters_over_a_blocks_edge_stay_whole() {
        for pad in 0..4 {
            let text = format!("ä{}{}", "a".repeat(BLOCK - 4 + pad), "€😀ä".repeat(10));
            assert!(decoded(text.as_bytes()).0 == text, "pad {pad}");
        }
    }

    #[test]
    fn what_is_no_text_is_told() {
        let rows: &[(&[u8], bool)] = &[
            (b"plain", true),
            (b"\x7fELF\x02\x01\x01\0\0\0\0\0\0\0\0\0\x03\0\x3e\0", false),
            (&[0; 100], false),
            (b"\x01\x02\x03\x04\x05\x06", false),
            (b"log line\n\x1b[31mred\x1b[0m\n", true),
        ];
        for (bytes, is_text) in rows {
            assert_eq!(Charset::tell(bytes).is_some(), *is_text, "{bytes:?}");
        }
    }
}
