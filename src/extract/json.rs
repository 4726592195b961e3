//! JSON and JSON lines: the file's own text, and beside it the strings that are written with escapes.
//!
//! The raw text is scanned as it stands, keys and all. A value may hide behind `\u002d` or begin right after a `\n`, so
//! every string that holds an escape is decoded once more into a second part, after its key. That pass runs only when the
//! file has a backslash at all. It forgives what is no JSON, and nests without recursion.

use super::decode::TextDecoder;
use super::{Edge, Failure, Output, PartHead, Source, text};
use crate::model::Place;

/// Levels whose keys are remembered for the place; deeper ones are only counted.
const LEVELS_MAX: usize = 256;
/// Bytes of a key shown in a place.
const KEY_BYTES_MAX: usize = 128;
/// A decoded string is handed on in pieces of this size.
const PIECE_BYTES: usize = 64 << 10;

/// Pushes the raw text, then the strings with escapes.
pub(super) fn extract(source: &Source<'_>, out: &mut dyn Output) -> Result<(), Failure> {
    let mut any_escape = false;
    text::extract_watched(source, out, &mut |piece| {
        any_escape = any_escape || memchr::memchr(b'\\', piece.as_bytes()).is_some();
    })?;
    if !any_escape {
        return Ok(());
    }
    out.open_part(PartHead { name: "strings".to_owned(), own_text: None, recovered: false })?;
    let mut decoder = TextDecoder::of_source(source)?;
    let mut strings = Strings::default();
    while let Some(piece) = decoder.next_piece()? {
        strings.take(piece.text.as_bytes(), out)?;
    }
    out.close_part()?;
    Ok(())
}

/// The bytes that mean something between strings.
static STRUCTURE: [bool; 256] = {
    let (bytes, mut table, mut at) = (b"\"{}[]:,", [false; 256], 0);
    while at < bytes.len() {
        table[bytes[at] as usize] = true;
        at += 1;
    }
    table
};

/// Where the reader stands in the text.
#[derive(Clone, Copy, Default, PartialEq)]
enum State {
    #[default]
    Between,
    InString,
    /// After a backslash.
    Escape,
    /// Within `\uXXXX`: digits so far and their value.
    Unicode(u8, u32),
}

#[derive(Default)]
struct Strings {
    state: State,
    levels: Vec<Level>,
    deeper: u64,
    /// The string being read.
    bytes: Vec<u8>,
    has_escape: bool,
    /// True once a piece of the current string was pushed.
    continues: bool,
    /// The string read last, a key if a colon follows.
    last: String,
    /// The key of the value being read; empty when it has none.
    key: String,
    high_surrogate: Option<u32>,
}

/// One open object or array.
#[derive(Default)]
struct Level {
    key: String,
    index: Option<u64>,
}

impl Strings {
    fn take(&mut self, block: &[u8], out: &mut dyn Output) -> Result<(), Failure> {
        let mut rest = block;
        while let Some(&byte) = rest.first() {
            rest = match self.state {
                State::Between => {
                    let at = rest.iter().position(|&b| STRUCTURE[usize::from(b)]);
                    let Some(at) = at else { break };
                    self.structure(rest[at]);
                    &rest[at + 1..]
                }
                State::InString => {
                    let at = memchr::memchr2(b'"', b'\\', rest).unwrap_or(rest.len());
                    let is_whole =
                        self.bytes.is_empty() && !self.has_escape && rest.get(at) == Some(&b'"') && at < PIECE_BYTES;
                    // Of a string without escapes only its beginning is of use, as a key.
                    let kept = if is_whole { at.min(KEY_BYTES_MAX) } else { at };
                    self.add(&rest[..kept], out)?;
                    match rest.get(at) {
                        Some(b'"') => self.end_string(out)?,
                        Some(_) => self.state = State::Escape,
                        None => {}
                    }
                    rest.get(at + 1..).unwrap_or_default()
                }
                State::Escape => {
                    self.escape(byte, out)?;
                    &rest[1..]
                }
                State::Unicode(digits, value) => self.unicode(digits, value, rest, out)?,
            };
        }
        Ok(())
    }

    fn structure(&mut self, byte: u8) {
        match byte {
            b'"' => {
                self.state = State::InString;
                self.bytes.clear();
                (self.has_escape, self.continues) = (false, false);
            }
            b'{' | b'[' if self.levels.len() < LEVELS_MAX => {
                let index = (byte == b'[').then_some(0);
                self.levels.push(Level { key: String::new(), index });
                self.key.clear();
            }
            b'{' | b'[' => self.deeper += 1,
            b'}' | b']' if self.deeper > 0 => self.deeper -= 1,
            b'}' | b']' => {
                self.levels.pop();
                self.key.clear();
            }
            b':' => {
                std::mem::swap(&mut self.key, &mut self.last);
                if let Some(level) = self.levels.last_mut() {
                    level.key.clone_from(&self.key);
                }
            }
            _ => {
                self.key.clear();
                if let Some(index) = self.levels.last_mut().and_then(|level| level.index.as_mut()) {
                    *index += 1;
                }
            }
        }
    }

    fn add(&mut self, bytes: &[u8], out: &mut dyn Output) -> Result<(), Failure> {
        self.bytes.extend_from_slice(bytes);
        if self.bytes.len() < PIECE_BYTES {
            return Ok(());
        }
        if self.has_escape {
            self.push(out)?;
        } else {
            // Nothing to decode so far; the raw text has it. What stands right before an escape is kept as its context.
            let cut = self.bytes.len() - PIECE_BYTES / 2;
            let is_inside = |b: &u8| b & 0xc0 == 0x80;
            let whole = self.bytes[cut..].iter().take_while(|b| is_inside(b)).count();
            self.bytes.drain(..cut + whole);
        }
        Ok(())
    }

    fn end_string(&mut self, out: &mut dyn Output) -> Result<(), Failure> {
        self.flush_surrogate(out)?;
        self.state = State::Between;
        self.last.clear();
        let key = &self.bytes[..self.bytes.len().min(KEY_BYTES_MAX)];
        match std::str::from_utf8(key) {
            Ok(key) => self.last.push_str(key),
            Err(_) => self.last.push_str(&String::from_utf8_lossy(key)),
        }
        if self.has_escape {
            self.push(out)?;
        }
        Ok(())
    }

    /// Pushes what was decoded; the first piece of a string comes after its key.
    fn push(&mut self, out: &mut dyn Output) -> Result<(), Failure> {
        let whole = match std::str::from_utf8(&self.bytes) {
            Ok(_) => self.bytes.len(),
            Err(error) => error.valid_up_to(),
        };
        let text = std::str::from_utf8(&self.bytes[..whole]).unwrap_or_default();
        let place = Place::named(self.pointer());
        if self.continues {
            out.push(Edge::Join, &place, text, None)?;
        } else {
            if self.key.is_empty() {
                out.push(Edge::Soft('\n'), &place, text, None)?;
            } else {
                out.push(Edge::Soft('\n'), &Place::Whole, &self.key, None)?;
                out.push(Edge::Soft(' '), &place, text, None)?;
            }
        }
        self.continues = true;
        self.bytes.drain(..whole);
        Ok(())
    }

    fn escape(&mut self, byte: u8, out: &mut dyn Output) -> Result<(), Failure> {
        self.has_escape = true;
        self.state = State::InString;
        if byte == b'u' {
            self.state = State::Unicode(0, 0);
            return Ok(());
        }
        self.flush_surrogate(out)?;
        let c = match byte {
            b'n' => b'\n',
            b'r' => b'\r',
            b't' => b'\t',
            b'b' | b'f' => b' ',
            other => other,
        };
        self.add(&[c], out)
    }

    fn unicode<'b>(
        &mut self,
        digits: u8,
        value: u32,
        rest: &'b [u8],
        out: &mut dyn Output,
    ) -> Result<&'b [u8], Failure> {
        let digit = char::from(rest[0]).to_digit(16);
        let Some(digit) = digit else {
            self.state = State::InString;
            return Ok(rest);
        };
        let value = value * 16 + digit;
        self.state = State::Unicode(digits + 1, value);
        if digits == 3 {
            self.state = State::InString;
            self.code_unit(value, out)?;
        }
        Ok(&rest[1..])
    }

    fn code_unit(&mut self, unit: u32, out: &mut dyn Output) -> Result<(), Failure> {
        if let (Some(high), 0xdc00..0xe000) = (self.high_surrogate, unit) {
            self.high_surrogate = None;
            return self.add_char(char::from_u32(0x1_0000 + ((high - 0xd800) << 10) + (unit - 0xdc00)), out);
        }
        self.flush_surrogate(out)?;
        if (0xd800..0xdc00).contains(&unit) {
            self.high_surrogate = Some(unit);
            return Ok(());
        }
        self.add_char(char::from_u32(unit), out)
    }

    fn flush_surrogate(&mut self, out: &mut dyn Output) -> Result<(), Failure> {
        if self.high_surrogate.take().is_some() { self.add_char(None, out) } else { Ok(()) }
    }

    fn add_char(&mut self, c: Option<char>, out: &mut dyn Output) -> Result<(), Failure> {
        let mut buf = [0; 4];
        let bytes = c.unwrap_or('\u{fffd}').encode_utf8(&mut buf).as_bytes();
        self.add(bytes, out)
    }

    /// A JSON pointer (RFC 6901) to the current value.
    fn pointer(&self) -> String {
        let mut pointer = String::new();
        for level in &self.levels {
            pointer.push('/');
            match level.index {
                Some(index) => pointer.push_str(&index.to_string()),
                None if !level.key.contains(['~', '/']) => pointer.push_str(&level.key),
                None => pointer.push_str(&level.key.replace('~', "~0").replace('/', "~1")),
            }
        }
        pointer
    }
}
