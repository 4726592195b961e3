//! What Outlook's two formats, messages and TNEF, share: properties by number, and bodies packed as RTF ([MS-OXPROPS],
//! [MS-OXRTFCP]).

use super::ole::bytes::{size_at, u16_at, u32_at};
use super::parts::Parts;
use super::{Edge, Failure};
use crate::model::Place;
use encoding_rs::{DecoderResult, Encoding};
use std::io::{self, Read};

/// Types of values.
pub(super) const STRING8: u16 = 0x1e;
pub(super) const UNICODE: u16 = 0x1f;
pub(super) const TIME: u16 = 0x40;
pub(super) const BINARY: u16 = 0x102;
pub(super) const OBJECT: u16 = 0x0d;

pub(super) const BODY: u16 = 0x1000;
pub(super) const RTF: u16 = 0x1009;
pub(super) const HTML: u16 = 0x1013;
pub(super) const ATTACHED: u16 = 0x3701;

/// Properties that readers see at the top of a message, in that order.
pub(super) const HEADERS: &[(u16, &str)] = &[
    (0x0037, "subject"),
    (0x0c1a, "from"),
    (0x0c1f, "from"),
    (0x5d01, "from"),
    (0x0042, "sent for"),
    (0x0065, "sent for"),
    (0x5d02, "sent for"),
    (0x0e04, "to"),
    (0x0e03, "cc"),
    (0x0e02, "bcc"),
    (0x0039, "sent"),
    (0x0e06, "received"),
    (0x007d, "headers"),
];

/// A name for a property whose own tells little.
pub(super) fn label(id: u16) -> Option<&'static str> {
    HEADERS.iter().find(|(known, _)| *known == id).map(|(_, label)| *label)
}

/// Strings that only programs read: classes of messages, kinds of addresses.
pub(super) fn is_machine(id: u16) -> bool {
    matches!(id, 0x001a | 0x003d | 0x0c1e | 0x0064 | 0x3002 | 0x3703 | 0x370b | 0x0e1d)
}

/// Pushes a text of any length as a part of its own.
pub(super) fn push_body(
    reader: &mut dyn Read,
    narrow: Option<&'static Encoding>,
    part: &str,
    parts: &mut Parts<'_>,
) -> Result<(), Failure> {
    parts.begin(part)?;
    let encoding = narrow.unwrap_or(encoding_rs::UTF_16LE);
    let mut decoder = encoding.new_decoder_without_bom_handling();
    let mut step = vec![0; 8 << 10];
    let mut text = String::with_capacity(40 << 10);
    let mut edge = Edge::Soft('\n');
    loop {
        let n = super::ole::compound::fill(reader, &mut step)?;
        let is_last = n < step.len();
        let mut rest = &step[..n];
        loop {
            let (result, taken) = decoder.decode_to_string_without_replacement(rest, &mut text, is_last);
            rest = &rest[taken..];
            match result {
                DecoderResult::InputEmpty => break,
                DecoderResult::OutputFull => {}
                DecoderResult::Malformed(..) => text.push(char::REPLACEMENT_CHARACTER),
            }
            // A malformed byte needs room for what replaces it.
            if text.capacity() - text.len() < 16 {
                push_piece(&mut text, &mut edge, parts)?;
            }
        }
        push_piece(&mut text, &mut edge, parts)?;
        if is_last {
            return parts.end();
        }
    }
}

fn push_piece(text: &mut String, edge: &mut Edge, parts: &mut Parts<'_>) -> Result<(), Failure> {
    if text.contains('\0') {
        text.retain(|c| c != '\0');
    }
    if !text.is_empty() {
        parts.push(*edge, &Place::Whole, text)?;
        *edge = Edge::Join;
    }
    text.clear();
    Ok(())
}

/// A page of HTML as a member; told to be of its code page, unless its own bytes say enough.
pub(super) fn hand_over_html(
    reader: &mut dyn Read,
    encoding: &'static Encoding,
    parts: &mut Parts<'_>,
) -> Result<(), Failure> {
    let mut head = vec![0; 4 << 10];
    let n = super::ole::compound::fill(reader, &mut head)?;
    head.truncate(n);
    let says = memchr::memmem::find(&head.to_ascii_lowercase(), b"charset").is_some();
    if says || head.starts_with(b"\xef\xbb\xbf") || encoding == encoding_rs::WINDOWS_1252 {
        return parts.member("body.html", &mut head.as_slice().chain(reader));
    }
    let mut decoded = Decoded {
        inner: head.as_slice().chain(reader),
        decoder: encoding.new_decoder(),
        ready: Vec::new(),
        taken: 0,
        ended: false,
    };
    parts.member("body.html", &mut "\u{feff}".as_bytes().chain(&mut decoded))
}

/// Bytes of a code page as UTF-8.
struct Decoded<R> {
    inner: R,
    decoder: encoding_rs::Decoder,
    ready: Vec<u8>,
    taken: usize,
    ended: bool,
}

impl<R: Read> Read for Decoded<R> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        while self.taken == self.ready.len() && !self.ended {
            let mut step = [0; 4096];
            let n = self.inner.read(&mut step)?;
            self.ended = n == 0;
            let mut text = String::with_capacity(self.decoder.max_utf8_buffer_length(n).unwrap_or(64 << 10));
            let _ = self.decoder.decode_to_string(&step[..n], &mut text, self.ended);
            self.ready = text.into_bytes();
            self.taken = 0;
        }
        let rest = &self.ready[self.taken..];
        let n = rest.len().min(buf.len());
        buf[..n].copy_from_slice(&rest[..n]);
        self.taken += n;
        Ok(n)
    }
}

/// What every packed body may refer back to, before its own beginning ([MS-OXRTFCP] 2.1.2.1).
const DICTIONARY: &[u8] =
    b"{\\rtf1\\ansi\\mac\\deff0\\deftab720{\\fonttbl;}{\\f0\\fnil \\froman \\fswiss \\fmodern \\fscript \
\\fdecor MS Sans SerifSymbolArialTimes New RomanCourier{\\colortbl\\red0\\green0\\blue0\r\n\\par \
\\pard\\plain\\f0\\fs20\\b\\i\\u\\tab\\tx";
const WINDOW_BYTES: usize = 4096;

/// Unpacks RTF while it is read. Its checksum is not asked: a damaged body is read as far as it goes.
pub(super) struct Unpacked<R> {
    inner: R,
    is_plain: bool,
    window: [u8; WINDOW_BYTES],
    at: usize,
    /// A reference being copied: from where, and how many bytes are left.
    copy: (usize, usize),
    flags: u8,
    flags_left: u8,
    left: u64,
}

impl<R: Read> Unpacked<R> {
    /// Reads the head; `None` when it is none.
    pub(super) fn open(mut inner: R) -> io::Result<Option<Self>> {
        let mut head = [0; 16];
        let n = super::ole::compound::fill(&mut inner, &mut head)?;
        let (Some(left), Some(mark), 16) = (u32_at(&head, 4), u32_at(&head, 8), n) else { return Ok(None) };
        if !matches!(mark, 0x7546_5a4c | 0x414c_454d) {
            return Ok(None);
        }
        let mut window = [0; WINDOW_BYTES];
        window[..DICTIONARY.len()].copy_from_slice(DICTIONARY);
        Ok(Some(Self {
            inner,
            is_plain: mark == 0x414c_454d,
            window,
            at: DICTIONARY.len(),
            copy: (0, 0),
            flags: 0,
            flags_left: 0,
            left: u64::from(left),
        }))
    }

    fn byte(&mut self) -> io::Result<Option<u8>> {
        let mut byte = [0];
        Ok((super::ole::compound::fill(&mut self.inner, &mut byte)? == 1).then_some(byte[0]))
    }

    fn next_byte(&mut self) -> io::Result<Option<u8>> {
        if self.is_plain {
            return self.byte();
        }
        if self.copy.1 == 0 {
            if self.flags_left == 0 {
                let Some(flags) = self.byte()? else { return Ok(None) };
                (self.flags, self.flags_left) = (flags, 8);
            }
            let is_reference = self.flags & 1 != 0;
            self.flags >>= 1;
            self.flags_left -= 1;
            if !is_reference {
                let Some(byte) = self.byte()? else { return Ok(None) };
                return Ok(Some(self.keep(byte)));
            }
            let (Some(high), Some(low)) = (self.byte()?, self.byte()?) else { return Ok(None) };
            let from = usize::from(high) << 4 | usize::from(low >> 4);
            // A reference to where the window stands is the end.
            if from == self.at {
                return Ok(None);
            }
            self.copy = (from, usize::from(low & 0xf) + 2);
        }
        let byte = self.window[self.copy.0 % WINDOW_BYTES];
        self.copy = (self.copy.0 + 1, self.copy.1 - 1);
        Ok(Some(self.keep(byte)))
    }

    fn keep(&mut self, byte: u8) -> u8 {
        self.window[self.at] = byte;
        self.at = (self.at + 1) % WINDOW_BYTES;
        byte
    }
}

impl<R: Read> Read for Unpacked<R> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let mut filled = 0;
        while filled < buf.len() && self.left > 0 {
            let Some(byte) = self.next_byte()? else {
                self.left = 0;
                break;
            };
            buf[filled] = byte;
            filled += 1;
            self.left -= 1;
        }
        Ok(filled)
    }
}

/// The text of a property's value in memory.
pub(super) fn text_of(kind: u16, raw: &[u8], encoding: &'static Encoding) -> Option<String> {
    let text = match kind {
        UNICODE => super::ole::bytes::utf16_until_nul(raw),
        STRING8 => super::ole::bytes::narrow(raw, encoding),
        TIME => super::ole::properties::file_time(super::ole::bytes::u64_at(raw, 0)?)?,
        _ => return None,
    };
    (!text.trim().is_empty()).then_some(text)
}

/// Names that users and programs gave to properties: number or text for each number from 0x8000 on.
#[derive(Debug, Default)]
pub(super) struct GivenNames {
    entries: Vec<u8>,
    strings: Vec<u8>,
}

impl GivenNames {
    /// From the two streams of a message's table of names ([MS-OXMSG] 2.2.3).
    pub(super) fn new(entries: Vec<u8>, strings: Vec<u8>) -> Self {
        Self { entries, strings }
    }

    /// The name of a property, if it has a text for one.
    pub(super) fn of(&self, id: u16) -> Option<String> {
        let at = usize::from(id.checked_sub(0x8000)?) * 8;
        if u16_at(&self.entries, at + 4)? & 1 == 0 {
            return None;
        }
        let from = size_at(&self.entries, at)?;
        let len = size_at(&self.strings, from)?;
        Some(super::ole::bytes::utf16(super::ole::bytes::up_to(&self.strings, from.checked_add(4)?, len)))
    }
}
