//! Transfer encodings, undone line by line: base64 (RFC 2045, 6.8), quoted-printable (6.7), uuencode and yEnc.
//!
//! Everything is taken as it comes: foreign bytes between base64 letters are passed over, a padded segment may be followed
//! by another, an escape that is none stands for itself. Mail programs show such bodies, so a scanner must read them.

use std::io::{self, Read};

/// How a body was made fit for transport.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in super::super) enum Coding {
    /// As it is.
    #[default]
    Plain,
    /// Three bytes in four letters.
    Base64,
    /// Text with escapes.
    QuotedPrintable,
    /// The old encoding of Unix mail; lines from `begin` to `end`.
    Uuencode,
    /// Bytes plus 42, from news groups; lines from `=ybegin` to `=yend`.
    Yenc,
}

impl Coding {
    /// The coding that a `Content-Transfer-Encoding` field names; an unknown one leaves the body as it is.
    pub(in super::super) fn named(value: &str) -> Self {
        let word = value.trim().split([' ', ';', '(']).next().unwrap_or_default().trim_matches('"');
        match word.to_ascii_lowercase().as_str() {
            "base64" | "b" => Self::Base64,
            "quoted-printable" | "quoted_printable" | "qp" | "q" => Self::QuotedPrintable,
            "x-uuencode" | "x-uue" | "uuencode" | "x-uu" | "uue" => Self::Uuencode,
            "x-yenc" | "yenc" => Self::Yenc,
            _ => Self::Plain,
        }
    }
}

/// One piece of a line, as a decoder sees it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Input<'a> {
    /// The text without the line end.
    pub(super) text: &'a [u8],
    /// The line end; empty within a line and at the end of a mail.
    pub(super) line_end: &'a [u8],
    /// True when the line ends with this piece.
    pub(super) ends: bool,
    /// True when a line begins with this piece.
    pub(super) begins: bool,
}

/// The state of a decoder between pieces.
#[derive(Debug, Default)]
pub(super) struct Decoder {
    coding: Coding,
    bits: u32,
    bit_count: u32,
    /// Line end of the line before: it belongs to the body only if another line follows.
    held: Vec<u8>,
    /// The end of a quoted-printable piece that more may follow.
    tail: Vec<u8>,
    /// A yEnc escape stands open.
    escaped: bool,
    done: bool,
    /// Some of the body was seen.
    begun: bool,
}

impl Decoder {
    /// A decoder at the start of a body.
    pub(super) fn new(coding: Coding) -> Self {
        Self { coding, ..Self::default() }
    }

    /// True when the body says that it ended, before the mail does.
    pub(super) fn is_done(&self) -> bool {
        self.done
    }

    /// Decodes one piece to the end of `out`; false when the piece does not belong to the body any more.
    pub(super) fn decode(&mut self, piece: Input<'_>, out: &mut Vec<u8>) -> bool {
        match self.coding {
            Coding::Plain => {
                out.append(&mut self.held);
                out.extend_from_slice(piece.text);
                self.held.extend_from_slice(piece.line_end);
            }
            Coding::Base64 => {
                self.base64(piece.text, out);
                if self.coding == Coding::Plain {
                    self.held.extend_from_slice(piece.line_end);
                }
            }
            Coding::QuotedPrintable => self.quoted_printable(piece, out),
            Coding::Uuencode => return self.uuencode(piece, out),
            Coding::Yenc => self.yenc(piece, out),
        }
        true
    }

    fn base64(&mut self, text: &[u8], out: &mut Vec<u8>) {
        if !std::mem::replace(&mut self.begun, !text.is_empty()) && is_prose(text) {
            self.coding = Coding::Plain;
            return out.extend_from_slice(text);
        }
        let mut rest = text;
        // Whole groups of four letters first: nearly every line is nothing else.
        if self.bit_count == 0 {
            while let [a, b, c, d, after @ ..] = rest {
                let (a, b, c, d) = (
                    LETTERS[usize::from(*a)],
                    LETTERS[usize::from(*b)],
                    LETTERS[usize::from(*c)],
                    LETTERS[usize::from(*d)],
                );
                if (a | b | c | d) > 63 {
                    break;
                }
                let bits = u32::from(a) << 18 | u32::from(b) << 12 | u32::from(c) << 6 | u32::from(d);
                out.extend_from_slice(&bits.to_be_bytes()[1..]);
                rest = after;
            }
        }
        for &byte in rest {
            let value = LETTERS[usize::from(byte)];
            if byte == b'=' {
                (self.bits, self.bit_count) = (0, 0);
            }
            if value > 63 {
                continue;
            }
            self.bits = (self.bits << 6 | u32::from(value)) & 0xffff;
            self.bit_count += 6;
            if self.bit_count >= 8 {
                self.bit_count -= 8;
                out.push((self.bits >> self.bit_count).to_le_bytes()[0]);
            }
        }
    }

    fn quoted_printable(&mut self, piece: Input<'_>, out: &mut Vec<u8>) {
        out.append(&mut self.held);
        let joined;
        let mut text = piece.text;
        if !self.tail.is_empty() {
            self.tail.extend_from_slice(text);
            joined = std::mem::take(&mut self.tail);
            text = &joined;
        }
        if piece.ends {
            text = trim_blank_end(text);
        } else {
            // An escape may be cut by the edge of the piece, and blanks may turn out to end the line.
            let whole = trim_blank_end(text);
            let keep = whole.len() - whole.iter().rev().take(2).position(|&b| b == b'=').map_or(0, |at| at + 1);
            self.tail = text[keep..].to_vec();
            if self.tail.len() > super::lines::PIECE_BYTES_MAX {
                out.append(&mut self.tail);
            }
            text = &text[..keep];
        }
        let soft = piece.ends && text.ends_with(b"=");
        let mut rest = if soft { &text[..text.len() - 1] } else { text };
        while let Some(at) = memchr::memchr(b'=', rest) {
            out.extend_from_slice(&rest[..at]);
            match hex_pair(&rest[at + 1..]) {
                Some(byte) => {
                    out.push(byte);
                    rest = &rest[at + 3..];
                }
                None => {
                    out.push(b'=');
                    rest = &rest[at + 1..];
                }
            }
        }
        out.extend_from_slice(rest);
        if piece.ends && !soft {
            self.held.extend_from_slice(piece.line_end);
        }
    }

    /// One line: a letter for the number of bytes, then four letters for each three of them.
    fn uuencode(&mut self, piece: Input<'_>, out: &mut Vec<u8>) -> bool {
        let text = piece.text;
        if text.starts_with(b"begin ") || text.is_empty() {
            return true;
        }
        self.done = !piece.begins || !text.iter().all(|b| (b' '..=b'`').contains(b));
        if self.done {
            return trim_blank_end(text) == b"end";
        }
        let value = |b: u8| b.wrapping_sub(b' ') & 63;
        let wanted = usize::from(value(text[0]));
        let start = out.len();
        for group in text[1..].chunks(4) {
            let letter = |at: usize| u32::from(group.get(at).map_or(0, |b| value(*b)));
            let bits = letter(0) << 18 | letter(1) << 12 | letter(2) << 6 | letter(3);
            out.extend_from_slice(&bits.to_be_bytes()[1..]);
        }
        out.truncate(out.len().min(start + wanted));
        true
    }

    fn yenc(&mut self, piece: Input<'_>, out: &mut Vec<u8>) {
        if self.done || (piece.begins && (piece.text.starts_with(b"=ybegin ") || piece.text.starts_with(b"=ypart "))) {
            return;
        }
        if piece.begins && piece.text.starts_with(b"=yend") {
            self.done = true;
            return;
        }
        for &byte in piece.text {
            if self.escaped {
                out.push(byte.wrapping_sub(64).wrapping_sub(42));
                self.escaped = false;
            } else if byte == b'=' {
                self.escaped = true;
            } else {
                out.push(byte.wrapping_sub(42));
            }
        }
    }
}

/// True for a first line that is declared to be base64 and is not: words with spaces between them.
fn is_prose(text: &[u8]) -> bool {
    let foreign = text.iter().filter(|b| LETTERS[usize::from(**b)] > 63 && **b != b'=').count();
    foreign > 2 && foreign * 10 > text.len() && text.trim_ascii().iter().filter(|b| **b == b' ').count() > 1
}

/// The values of base64's letters, those of the alphabet for addresses among them; 64 for all others.
static LETTERS: [u8; 256] = letters();

const fn letters() -> [u8; 256] {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut table = [64; 256];
    let (mut at, mut value) = (0, 0u8);
    while at < 64 {
        table[ALPHABET[at] as usize] = value;
        at += 1;
        value += 1;
    }
    table[b'-' as usize] = 62;
    table[b'_' as usize] = 63;
    table
}

/// The bytes of a short text.
pub(in super::super) fn transfer_decoded(coding: Coding, text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    let mut decoder = Decoder::new(coding);
    for line in text.split_inclusive(|&b| b == b'\n') {
        let text = line.strip_suffix(b"\n").unwrap_or(line);
        decoder.decode(Input { text, line_end: &line[text.len()..], ends: true, begins: true }, &mut out);
    }
    out
}

/// The bytes that a stream of base64 letters stands for.
pub(in super::super) fn base64_reader<R: Read>(letters: R) -> impl Read {
    Base64Reader { letters, decoder: Decoder::new(Coding::Base64), out: Vec::new(), taken: 0 }
}

struct Base64Reader<R> {
    letters: R,
    decoder: Decoder,
    out: Vec<u8>,
    taken: usize,
}

impl<R: Read> Read for Base64Reader<R> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let mut block = [0; 4096];
        while self.taken == self.out.len() {
            let n = self.letters.read(&mut block)?;
            if n == 0 {
                return Ok(0);
            }
            (self.taken, self.decoder.begun) = (0, true);
            self.out.clear();
            self.decoder.base64(&block[..n], &mut self.out);
        }
        let n = buf.len().min(self.out.len() - self.taken);
        buf[..n].copy_from_slice(&self.out[self.taken..self.taken + n]);
        self.taken += n;
        Ok(n)
    }
}

/// The bytes of a short base64 text.
pub(in super::super) fn base64_bytes(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len() / 4 * 3 + 3);
    Decoder { begun: true, ..Decoder::new(Coding::Base64) }.base64(text, &mut out);
    out
}

/// The byte that two hexadecimal digits stand for.
pub(in super::super) fn hex_pair(digits: &[u8]) -> Option<u8> {
    let digit = |b: u8| char::from(b).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    Some(digit(*digits.first()?)? << 4 | digit(*digits.get(1)?)?)
}

fn trim_blank_end(text: &[u8]) -> &[u8] {
    let blanks = text.iter().rev().take_while(|b| matches!(b, b' ' | b'\t' | b'\r')).count();
    &text[..text.len() - blanks]
}

/// The name in a `begin 644 NAME` line, when the line behind it can be one of uuencode's.
pub(super) fn uuencode_name<'a>(line: &'a [u8], ahead: &[u8]) -> Option<&'a [u8]> {
    let after = line.strip_prefix(b"begin ")?;
    let mode = after.iter().take_while(|b| (b'0'..=b'7').contains(*b)).count();
    let name = after.get(mode..)?.strip_prefix(b" ")?.trim_ascii();
    if !(3..=4).contains(&mode) || name.is_empty() {
        return None;
    }
    let next = trim_blank_end(ahead.split(|&b| b == b'\n').next()?);
    let count = usize::from(next.first()?.wrapping_sub(b' ') & 63);
    let letters = count.div_ceil(3) * 4;
    let fits = next[1..].iter().all(|b| (b' '..=b'`').contains(b)) && next.len() <= letters + 2;
    // Blanks at the end of a line get lost on the way.
    (next == b"end" || (fits && next.len() + 4 >= letters.min(1))).then_some(name)
}

/// The name in a `=ybegin line=128 size=123 name=NAME` line.
pub(super) fn yenc_name(line: &[u8]) -> Option<&[u8]> {
    let after = line.strip_prefix(b"=ybegin ")?;
    memchr::memmem::find(after, b"size=")?;
    let name = memchr::memmem::find(after, b"name=").map(|at| after[at + 5..].trim_ascii());
    name.filter(|name| !name.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decoded(coding: Coding, body: &[u8]) -> String {
        let mut decoder = Decoder::new(coding);
        let mut out = Vec::new();
        for line in body.split_inclusive(|&b| b == b'\n') {
            let text = line.strip_suffix(b"\n").unwrap_or(line);
            let line_end = &line[text.len()..];
            decoder.decode(Input { text, line_end, ends: true, begins: true }, &mut out);
        }
        String::from_utf8_lossy(&out).into_owned()
    }

    #[test]
    fn codings_are_undone_line_by_line() {
        let rows: &[(Coding, &[u8], &str)] = &[
            (Coding::Plain, b"a\nb\n", "a\nb"),
            (Coding::Base64, b"SGVsbG8s\nIHdvcmxkIQ==\n", "Hello, world!"),
            (Coding::Base64, b"SGVs*bG8s!\nIHd vcmxkIQ==", "Hello, world!"),
            (Coding::Base64, b"SGk=\nSGk=\n", "HiHi"),
            (Coding::Base64, b"SGkgdGhlcm", "Hi ther"),
            (Coding::Base64, b"... nothing of the kind ...\nSGk=", "... nothing of the kind ...\nSGk="),
            (Coding::QuotedPrintable, b"a=3D1 =\nb  \nc=zz=C3=BC\n", "a=1 b\nc=zzü"),
            (Coding::QuotedPrintable, b"soft=  \nline", "softline"),
            (Coding::Uuencode, b"begin 644 a\n#0V%T\n`\nend\nrest", "Cat"),
            (Coding::Uuencode, b"#0V%T\n\"0V$\n", "CatCa"),
            (Coding::Yenc, b"=ybegin line=128 size=3 name=a\n\x6d\x8b\x9e\n=yend size=3\nx", "Cat"),
            (Coding::Yenc, b"=}=}", "\u{13}\u{13}"),
        ];
        for (coding, body, expected) in rows {
            assert_eq!(decoded(*coding, body), *expected, "{coding:?} {}", String::from_utf8_lossy(body));
        }
    }

    #[test]
    fn quoted_printable_holds_over_the_edges_of_pieces() {
        let line = b"x=C3=BC y \t=3D  ";
        for cut in 0..=line.len() {
            let mut decoder = Decoder::new(Coding::QuotedPrintable);
            let mut out = Vec::new();
            decoder.decode(Input { text: &line[..cut], line_end: b"", ends: false, begins: true }, &mut out);
            decoder.decode(Input { text: &line[cut..], line_end: b"\n", ends: true, begins: false }, &mut out);
            assert_eq!(String::from_utf8_lossy(&out), "xü y \t=", "cut at {cut}");
        }
    }

    #[test]
    fn names_of_embedded_files_are_told() {
        type Row<'a> = (&'a [u8], &'a [u8], Option<&'a [u8]>);
        let rows: &[Row<'_>] = &[
            (b"begin 644 a b.txt", b"#0V%T\n`\nend", Some(b"a b.txt")),
            (b"begin 644 x", b"and so on it went, he said\n", None),
            (b"begin the day", b"#0V%T\n", None),
            (b"begin 9 x", b"#0V%T\n", None),
        ];
        for (line, ahead, expected) in rows {
            assert_eq!(uuencode_name(line, ahead), *expected, "{}", String::from_utf8_lossy(line));
        }
        assert_eq!(yenc_name(b"=ybegin line=128 size=12 name=x y.bin"), Some(&b"x y.bin"[..]));
    }
}
