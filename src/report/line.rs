//! One line of a report in the making, in a buffer that serves all lines: a scan may write millions of them.
//!
//! Most of what stands in a line may stay as it is: printable ASCII, and the middle dots (U+00B7) of covered text. It is
//! looked at once, a block of bytes at a time, and copied; only what is left goes character by character.

use super::harmless::{is_hostile, push_escape};
use crate::model::{Excerpt, Mask, Plainness, Token};

/// Bytes compared at once: a register of the vector units that every machine has.
const BLOCK_BYTES: usize = 16;

/// How many bytes at the beginning of `text` are surely of characters that are not hostile
/// ([`is_hostile`](super::harmless::is_hostile)) and, in ASCII, not `special`. Ends between characters.
#[inline]
pub(super) fn plain_run(text: &str, special: impl Fn(u8) -> bool) -> usize {
    let bytes = text.as_bytes();
    let stops = |byte: u8, next: u8| may_be_hostile(byte, next) | special(byte);
    let mut plain = 0;
    while let Some(block) = bytes.get(plain..=plain + BLOCK_BYTES) {
        // No early way out within a block: that lets the compiler take it in one step.
        let (these, nexts) = (&block[..BLOCK_BYTES], &block[1..]);
        if these.iter().zip(nexts).fold(false, |any, (byte, next)| any | stops(*byte, *next)) {
            break;
        }
        plain += BLOCK_BYTES;
    }
    let rest = &bytes[plain..];
    // What the last byte is of has begun before it, unless it is ASCII.
    let nexts = rest.iter().skip(1).chain(&[0]);
    plain + rest.iter().zip(nexts).position(|(byte, next)| stops(*byte, *next)).unwrap_or(rest.len())
}

/// False only for bytes at which no hostile character begins: those begin with a byte of their own in ASCII, with C2 before
/// a byte below A0 (C1 controls), or with D8, E2, EF or F3, which harmless ones share.
#[inline]
fn may_be_hostile(byte: u8, next: u8) -> bool {
    let control = (byte < b' ') | (byte == 0x7F) | ((byte == 0xC2) & (next < 0xA0));
    control | (byte == 0xD8) | (byte == 0xE2) | (byte == 0xEF) | (byte == 0xF3)
}

/// The two digits of each number below a hundred.
const PAIRS: [[u8; 2]; 100] = {
    let mut table = [[b'0'; 2]; 100];
    let (mut n, mut tens, mut ones) = (0, b'0', b'0');
    while n < 100 {
        table[n] = [tens, ones];
        (tens, ones) = if ones == b'9' { (tens + 1, b'0') } else { (tens, ones + 1) };
        n += 1;
    }
    table
};

/// Text that `detect` has covered.
pub(super) trait Covered {
    /// The text.
    fn as_str(&self) -> &str;
    /// Its bytes, at less cost.
    fn as_bytes(&self) -> &[u8];
    /// What to look out for in it.
    fn plainness(&self) -> Plainness;
}

macro_rules! covered {
    ($($name:ty),*) => {$(
        impl Covered for $name {
            fn as_str(&self) -> &str {
                self.as_str()
            }

            fn as_bytes(&self) -> &[u8] {
                self.as_bytes()
            }

            fn plainness(&self) -> Plainness {
                self.plainness()
            }
        }
    )*};
}

covered!(Mask, Token, Excerpt);

/// The digits of a number, at the end of the array.
#[derive(Clone, Copy, Debug)]
pub(super) struct Digits {
    digits: [u8; 20],
    first: usize,
}

/// One line, or several, in the making.
#[derive(Debug, Default)]
pub(super) struct Line {
    bytes: Vec<u8>,
}

impl Line {
    /// A line with room for so many bytes.
    pub(super) fn with_room(bytes: usize) -> Self {
        Self { bytes: Vec::with_capacity(bytes) }
    }

    /// What was put into it, to keep.
    pub(super) fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }

    /// What was put into it.
    pub(super) fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Begins the next line.
    pub(super) fn clear(&mut self) {
        self.bytes.clear();
    }

    /// For writers that want an [`io::Write`](std::io::Write).
    pub(super) fn bytes_mut(&mut self) -> &mut Vec<u8> {
        &mut self.bytes
    }

    /// Puts `bytes` as they are.
    #[inline]
    pub(super) fn raw(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
    }

    /// Puts `true` or `false`.
    #[inline]
    pub(super) fn bool(&mut self, is: bool) {
        self.raw(if is { b"true" } else { b"false" });
    }

    /// Puts a decimal number; its digits may serve again.
    #[inline]
    pub(super) fn number(&mut self, mut n: u64) -> Digits {
        // The largest u64 has twenty digits.
        let mut digits = [b'0'; 20];
        let mut first = digits.len();
        while n >= 10 {
            first -= 2;
            // A remainder of a hundred fits any integer.
            digits[first..first + 2].copy_from_slice(&PAIRS[usize::try_from(n % 100).unwrap_or(0)]);
            n /= 100;
        }
        if n > 0 || first == digits.len() {
            first -= 1;
            digits[first] += u8::try_from(n).unwrap_or(0);
        }
        self.raw(&digits[first..]);
        Digits { digits, first }
    }

    /// Puts a decimal number that may be one that was put before.
    #[inline]
    pub(super) fn number_like(&mut self, n: u64, (known, digits): (u64, Digits)) {
        if n == known {
            self.raw(&digits.digits[digits.first..]);
        } else {
            self.number(n);
        }
    }

    /// Puts a JSON string with its quotes, the same as [`write_json`](super::harmless::write_json) does.
    pub(super) fn json_string(&mut self, text: &str) {
        self.raw(b"\"");
        let mut rest = text;
        loop {
            let (plain, others) = rest.split_at(plain_run(rest, |byte| (byte == b'"') | (byte == b'\\')));
            self.raw(plain.as_bytes());
            if others.is_empty() {
                break;
            }
            rest = self.json_characters(others);
        }
        self.raw(b"\"");
    }

    /// Puts covered text as a JSON string; most of it is known to need no look.
    #[inline]
    pub(super) fn json_covered(&mut self, text: &impl Covered) {
        match text.plainness() {
            Plainness::Plain => {
                self.raw(b"\"");
                self.raw(text.as_bytes());
                self.raw(b"\"");
            }
            Plainness::Quoted => self.json_quoted(text.as_bytes()),
            Plainness::Any => self.json_string(text.as_str()),
        }
    }

    /// Puts a JSON string in which only quotation marks and backslashes need an escape.
    fn json_quoted(&mut self, text: &[u8]) {
        self.raw(b"\"");
        let mut from = 0;
        for at in memchr::memchr2_iter(b'"', b'\\', text) {
            self.raw(&text[from..at]);
            self.raw(b"\\");
            from = at;
        }
        self.raw(&text[from..]);
        self.raw(b"\"");
    }

    /// Puts the first character and those not in ASCII that follow it; gives back what stands behind them.
    fn json_characters<'a>(&mut self, text: &'a str) -> &'a str {
        for (at, c) in text.char_indices() {
            if at > 0 && c.is_ascii() {
                return &text[at..];
            }
            match c {
                '"' => self.raw(b"\\\""),
                '\\' => self.raw(b"\\\\"),
                '\n' => self.raw(b"\\n"),
                '\r' => self.raw(b"\\r"),
                '\t' => self.raw(b"\\t"),
                '\u{8}' => self.raw(b"\\b"),
                '\u{c}' => self.raw(b"\\f"),
                c if is_hostile(c) => push_escape(&mut self.bytes, c),
                c => self.raw(c.encode_utf8(&mut [0; 4]).as_bytes()),
            }
        }
        ""
    }
}

#[cfg(test)]
mod tests {
    use super::super::harmless::write_json;
    use super::*;

    #[test]
    fn a_string_is_written_as_the_general_writer_does() {
        let signs =
            ["a", "·", "0123456789abcdef", "\"", "\\", "\n\r\t", "\u{8}\u{c}\0\u{1f}", "\u{7f}", "ä€·", "\u{9b}"];
        let more = ["</b>&", "\u{200b}\u{202e}", "\u{2028}", "\u{feff}", "\u{1f600}\u{e0041}", " ", ""];
        let signs: Vec<&str> = signs.into_iter().chain(more).collect();
        let mut texts: Vec<String> = Vec::new();
        for one in &signs {
            for other in &signs {
                // Each sign at each place of a block.
                texts.extend((0..=BLOCK_BYTES).map(|before| format!("{}{one}{other}z{one}", "x".repeat(before))));
            }
        }
        let mut line = Line::default();
        for text in texts {
            let mut expected = Vec::new();
            write_json(&mut expected, &text).unwrap();
            line.clear();
            line.json_string(&text);
            assert_eq!(line.as_bytes(), expected, "{text:?}");
            line.clear();
            line.json_covered(&Excerpt::covered(&text));
            assert_eq!(line.as_bytes(), expected, "{text:?}");
        }
    }

    #[test]
    fn a_number_is_written_in_decimal() {
        let powers = (0..20).map(|power| 10_u64.pow(power)).flat_map(|n| [n - 1, n, n + 1, n / 2 * 3]);
        for n in powers.chain([7, 12_345, u64::from(u32::MAX), u64::MAX]) {
            let mut line = Line::default();
            let digits = line.number(n);
            line.raw(b" ");
            line.number_like(n, (n, digits));
            line.number_like(n, (n ^ 1, digits));
            assert_eq!(line.as_bytes(), format!("{n} {n}{n}").as_bytes());
        }
    }

    #[test]
    fn a_plain_run_ends_at_the_first_character_that_is_not() {
        for stop in ["", "\u{1f}", "\u{7f}", "\u{80}", "\u{9f}", "\u{200b}", "\u{feff}", ","] {
            for before in 0..40 {
                let text = format!("{}{stop}{}", " ·".repeat(before), "x".repeat(20));
                let expected = if stop.is_empty() { text.len() } else { 3 * before };
                assert_eq!(plain_run(&text, |byte| byte == b','), expected, "{text:?}");
            }
        }
    }

    #[test]
    fn no_hostile_character_is_taken_for_plain() {
        for c in ('\0'..=char::MAX).filter(|c| is_hostile(*c)) {
            for before in ["", "0123456789abcde", "0123456789abcdef"] {
                let text = format!("{before}{c}");
                assert_eq!(plain_run(&text, |_| false), before.len(), "{c:?}");
                assert_eq!(plain_run(&format!("{text}{text}"), |_| false), before.len(), "{c:?}");
            }
        }
    }
}
