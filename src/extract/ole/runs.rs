//! Runs of text in a stream whose format is not known, or in what a format left behind.
//!
//! A run is at least six letters, digits or marks, one byte each or two (UTF-16, also beyond ASCII, where letters of one script
//! stand together).

use super::compound::Stream;
use crate::extract::Failure;
use crate::extract::parts::Parts;
use crate::model::Place;
use std::io::Read;

/// Characters in the shortest run worth showing.
const RUN_CHARS_MIN: usize = 6;
const PIECE_CHARS: usize = 4 << 10;
const STEP_BYTES: usize = 8 << 10;

/// Pushes the runs between two positions of a stream into the open part, each as a line.
pub(super) fn push(stream: &Stream<'_>, from: u64, to: u64, parts: &mut Parts<'_>) -> Result<(), Failure> {
    let mut finder = Finder::default();
    let mut step = vec![0; STEP_BYTES];
    let mut at = from;
    let to = to.min(stream.len());
    while at < to {
        let want = usize::try_from(to - at).unwrap_or(usize::MAX).min(STEP_BYTES);
        let n = stream.read_at(at, &mut step[..want])?;
        if n == 0 {
            break;
        }
        finder.take(&step[..n], parts)?;
        at += n as u64;
    }
    finder.end(parts)
}

/// The same for anything that can be read.
pub(super) fn push_from(reader: &mut dyn Read, parts: &mut Parts<'_>) -> Result<(), Failure> {
    let mut finder = Finder::default();
    let mut step = vec![0; STEP_BYTES];
    loop {
        let n = super::compound::fill(reader, &mut step)?;
        finder.take(&step[..n], parts)?;
        if n < step.len() {
            return finder.end(parts);
        }
    }
}

/// Looks for runs of both widths at once. Wide ones begin at either of two offsets.
#[derive(Default)]
struct Finder {
    narrow: Run,
    wide: [Run; 2],
    before: u8,
    odd: bool,
}

#[derive(Default)]
struct Run {
    text: String,
    chars: usize,
    continues: bool,
    /// The script of its letters, once there is one beyond ASCII.
    page: u8,
}

impl Finder {
    fn take(&mut self, bytes: &[u8], parts: &mut Parts<'_>) -> Result<(), Failure> {
        for &byte in bytes {
            if matches!(byte, b' '..=b'~' | b'\t') {
                self.narrow.add(char::from(byte), parts)?;
            } else {
                self.narrow.end(parts)?;
            }
            let run = &mut self.wide[usize::from(self.odd)];
            match wide_char(self.before, byte, run) {
                Some(c) => run.add(c, parts)?,
                None => run.end(parts)?,
            }
            self.odd = !self.odd;
            self.before = byte;
        }
        Ok(())
    }

    fn end(&mut self, parts: &mut Parts<'_>) -> Result<(), Failure> {
        self.narrow.end(parts)?;
        self.wide[0].end(parts)?;
        self.wide[1].end(parts)
    }
}

/// The character that two bytes make in this run: printable, of Latin, Greek, Cyrillic, Hebrew or Arabic script, or of general
/// punctuation; letters of several such scripts do not mix by chance alone.
fn wide_char(low: u8, high: u8, run: &mut Run) -> Option<char> {
    if high == 0 {
        let plain = matches!(low, b' '..=b'~' | b'\t' | 0xa0..);
        return plain.then(|| char::from(low));
    }
    if !(matches!(high, 1 | 3..=6) && (run.page == 0 || run.page == high)) && !(high == 0x20 && low < 0x70) {
        return None;
    }
    if high != 0x20 {
        run.page = high;
    }
    char::from_u32(u32::from(u16::from_le_bytes([low, high]))).filter(|c| c.is_alphanumeric() || high == 0x20)
}

impl Run {
    fn add(&mut self, c: char, parts: &mut Parts<'_>) -> Result<(), Failure> {
        self.text.push(c);
        self.chars += 1;
        if self.chars >= PIECE_CHARS {
            self.push(parts)?;
            self.continues = true;
        }
        Ok(())
    }

    fn end(&mut self, parts: &mut Parts<'_>) -> Result<(), Failure> {
        if self.chars > 0 && (self.continues || self.chars >= RUN_CHARS_MIN) {
            self.push(parts)?;
        }
        self.text.clear();
        *self = Self { text: std::mem::take(&mut self.text), ..Self::default() };
        Ok(())
    }

    fn push(&mut self, parts: &mut Parts<'_>) -> Result<(), Failure> {
        if self.continues {
            parts.push(crate::extract::Edge::Join, &Place::Whole, &self.text)?;
        } else {
            parts.line(&Place::Whole, &self.text)?;
        }
        self.text.clear();
        self.chars = 0;
        Ok(())
    }
}
