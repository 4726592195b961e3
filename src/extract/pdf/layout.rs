//! From placed glyphs to lines of words.
//!
//! A page says where each glyph stands and seldom where a word ends. What tells is the gap between a glyph's origin and the
//! end of the one before, measured by that glyph's own advance: over 0.18 em a new word, over half an em across the baseline a
//! new line. Glyphs are taken in the order they are drawn, which is the order of reading far more often than not. Only lines
//! with right-to-left letters are put in the order of sight and then, by the bidirectional algorithm, in that of reading.

use super::font::Text;
use crate::content::Stop;
use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};
use unicode_bidi::{BidiClass, BidiInfo, Level, bidi_class};

/// A gap wider than this is a word's end; in em.
const WORD_GAP: f64 = 0.18;
/// A gap wider than this is a column's end; in em.
const COLUMN_GAP: f64 = 2.0;
/// A glyph further off the baseline than this begins a line; in em.
const LINE_GAP: f64 = 0.5;
/// A glyph further back than this begins a line; in em.
const BACK_GAP: f64 = 0.6;
/// The same glyph drawn again nearer than this is the same glyph, drawn bold; in em.
const REPEAT_GAP: f64 = 0.12;
/// From so many words of one letter on a line is taken for one of spaced letters, unless their gaps are wider than this, in em.
const LONE_LETTERS_MIN: usize = 6;
const SPACED_GAP_MAX: f64 = 0.6;
/// Glyphs remembered to know one that is drawn again, and bytes of a line kept; both begin anew beyond.
const GLYPHS_KEPT: usize = 200_000;
const LINE_BYTES_MAX: usize = 64 << 10;

/// Takes lines of text. Columns of a line are parted by tabs.
pub(super) trait Lines {
    /// One line, never empty.
    ///
    /// # Errors
    /// [`Stop`] when the extraction must end.
    fn line(&mut self, text: &str) -> Result<(), Stop>;
}

impl Lines for String {
    fn line(&mut self, text: &str) -> Result<(), Stop> {
        if !self.is_empty() {
            self.push('\n');
        }
        self.push_str(text);
        Ok(())
    }
}

/// A glyph on the page, in the page's own units.
pub(super) struct Glyph<'t> {
    pub(super) text: &'t Text,
    /// Its origin.
    pub(super) at: (f64, f64),
    /// From its origin to its end.
    pub(super) advance: (f64, f64),
    /// The direction of the line, of length 1.
    pub(super) along: (f64, f64),
    /// The size of the font along the line, and across it.
    pub(super) em: (f64, f64),
}

#[derive(Clone, Copy)]
struct Piece {
    /// Where it begins and ends along the line.
    from: f64,
    to: f64,
    em: f64,
    /// A drawn space stands before it.
    parted: bool,
    text_start: usize,
    text_end: usize,
}

/// Puts the glyphs of one page into lines.
#[derive(Default)]
pub(super) struct Layout {
    text: String,
    pieces: Vec<Piece>,
    along: (f64, f64),
    /// The last glyph: its origin, its end, its em across the line.
    last: (f64, f64),
    end: (f64, f64),
    em: (f64, f64),
    has_right_to_left: bool,
    /// A space was drawn behind the last piece.
    parted: bool,
    /// Words of one letter, and gaps that part words, in this line.
    lone: usize,
    gaps: usize,
    seen: HashMap<(u32, i32, i32), (f64, f64), BuildHasherDefault<Mixer>>,
    /// Glyphs placed so far.
    pub(super) glyphs: u64,
}

fn dot(a: (f64, f64), b: (f64, f64)) -> f64 {
    a.0 * b.0 + a.1 * b.1
}

impl Layout {
    /// Takes the next glyph.
    pub(super) fn glyph(&mut self, glyph: &Glyph<'_>, out: &mut dyn Lines) -> Result<(), Stop> {
        let numbers = [glyph.at.0, glyph.at.1, glyph.advance.0, glyph.advance.1, glyph.em.0, glyph.em.1];
        if !numbers.iter().all(|n| n.is_finite()) {
            return self.append(glyph, out);
        }
        self.glyphs += 1;
        if is_blank(glyph.text) {
            return self.blank(glyph);
        }
        if self.is_repeat(glyph) {
            return Ok(());
        }
        if self.pieces.is_empty() || dot(self.along, glyph.along) < 0.97 {
            self.flush(out)?;
            return self.append(glyph, out);
        }
        let step = (glyph.at.0 - self.end.0, glyph.at.1 - self.end.1);
        let (em, em_across) = (glyph.em.0.max(self.em.0), glyph.em.1.max(self.em.1));
        let across = (step.0 * glyph.along.1 - step.1 * glyph.along.0).abs();
        let forth = dot(step, glyph.along);
        let back = (self.last.0 - glyph.at.0 - glyph.advance.0, self.last.1 - glyph.at.1 - glyph.advance.1);
        // Drawn from right to left: its end is where the last one began.
        let before = dot(back, glyph.along);
        let leftwards = forth < 0.0 && before > -BACK_GAP * em && is_right_to_left(glyph.text);
        let gap = if leftwards { before } else { forth };
        if across > LINE_GAP * em_across || (forth < -BACK_GAP * em && !leftwards) {
            self.flush(out)?;
        } else if gap > COLUMN_GAP * em {
            self.space('\t');
        } else if gap > WORD_GAP * em {
            self.gaps += 1;
            self.lone += usize::from(self.text.chars().rev().nth(1).is_none_or(|c| c == ' ' || c == '\t'));
            self.space(' ');
        }
        self.append(glyph, out)
    }

    fn space(&mut self, space: char) {
        if space == '\t' && self.text.ends_with(' ') {
            self.text.pop();
        }
        if !self.text.is_empty() && !self.text.ends_with([' ', '\t']) {
            self.text.push(space);
        }
    }

    /// A drawn space parts words where it stands; the gap behind it is measured from its own end.
    fn blank(&mut self, glyph: &Glyph<'_>) -> Result<(), Stop> {
        if self.pieces.is_empty() {
            return Ok(());
        }
        let step = (glyph.at.0 - self.end.0, glyph.at.1 - self.end.1);
        let near = dot(step, step).sqrt() <= glyph.em.0.max(self.em.0).max(glyph.em.1);
        if near {
            self.parted = true;
            self.space(' ');
            self.last = glyph.at;
            self.end = (glyph.at.0 + glyph.advance.0, glyph.at.1 + glyph.advance.1);
        }
        Ok(())
    }

    fn append(&mut self, glyph: &Glyph<'_>, out: &mut dyn Lines) -> Result<(), Stop> {
        if self.text.len() > LINE_BYTES_MAX {
            self.flush(out)?;
        }
        let text_start = self.text.len();
        match glyph.text {
            Text::Char(one) => self.text.push(*one),
            Text::Str(text) => self.text.push_str(text),
        }
        self.has_right_to_left |= is_right_to_left(glyph.text);
        self.last = glyph.at;
        self.end = (glyph.at.0 + glyph.advance.0, glyph.at.1 + glyph.advance.1);
        (self.along, self.em) = (glyph.along, glyph.em);
        let (from, to) = (dot(self.last, self.along), dot(self.end, self.along));
        let parted = std::mem::take(&mut self.parted);
        self.pieces.push(Piece { from, to, em: glyph.em.0, parted, text_start, text_end: self.text.len() });
        Ok(())
    }

    /// True when the same glyph already stands there: letters are made bold, or given a shadow, by drawing them again.
    fn is_repeat(&mut self, glyph: &Glyph<'_>) -> bool {
        let cell = glyph.em.0.max(glyph.em.1) * REPEAT_GAP * 2.0;
        let name = match glyph.text {
            Text::Char(one) => u32::from(*one),
            Text::Str(text) => {
                text.bytes().fold(7, |sum: u32, byte| sum.wrapping_mul(31).wrapping_add(u32::from(byte)))
            }
        };
        if cell <= f64::EPSILON {
            return false;
        }
        if self.seen.len() > GLYPHS_KEPT {
            self.seen.clear();
        }
        let (x, y) = (glyph.at.0 / cell, glyph.at.1 / cell);
        // What is nearer than half a cell lies in one of the four cells around.
        let is_near = |(dx, dy): (f64, f64)| {
            let before = self.seen.get(&(name, whole(x + dx), whole(y + dy)));
            before.is_some_and(|before| (before.0 - x).abs() < 0.5 && (before.1 - y).abs() < 0.5)
        };
        let known = [(-0.5, -0.5), (-0.5, 0.5), (0.5, -0.5), (0.5, 0.5)].into_iter().any(is_near);
        if !known {
            self.seen.insert((name, whole(x), whole(y)), (x, y));
        }
        known
    }

    /// Ends the line.
    pub(super) fn flush(&mut self, out: &mut dyn Lines) -> Result<(), Stop> {
        let has_right_to_left = std::mem::take(&mut self.has_right_to_left);
        if !self.text.trim().is_empty() {
            let is_spaced_out = self.lone >= LONE_LETTERS_MIN && self.lone * 10 >= self.gaps * 7;
            if has_right_to_left {
                out.line(&self.in_reading_order())?;
            } else if let Some(line) = is_spaced_out.then(|| self.drawn_together()).flatten() {
                out.line(&line)?;
            } else {
                out.line(self.text.trim())?;
            }
        }
        self.text.clear();
        self.pieces.clear();
        (self.parted, self.lone, self.gaps) = (false, 0, 0);
        Ok(())
    }

    /// A line of s p a c e d letters without the gaps that all of them have; `None` where gaps are as wide as between columns.
    fn drawn_together(&self) -> Option<String> {
        let gap = |pair: &[Piece]| (pair[1].from - pair[0].to) / pair[1].em.max(f64::EPSILON);
        let mut gaps: Vec<f64> = self.pieces.windows(2).filter(|pair| !pair[1].parted).map(gap).collect();
        gaps.sort_by(f64::total_cmp);
        let usual = *gaps.get(gaps.len() / 2)?;
        if usual > SPACED_GAP_MAX {
            return None;
        }
        let mut line = String::with_capacity(self.text.len());
        for (n, piece) in self.pieces.iter().enumerate() {
            let wide = |pair: &[Piece]| pair[1].parted || gap(pair) > usual + WORD_GAP;
            if n > 0 && self.pieces.get(n - 1..=n).is_some_and(wide) {
                line.push(' ');
            }
            line.push_str(&self.text[piece.text_start..piece.text_end]);
        }
        Some(line)
    }

    /// The line as it is read, of glyphs as they are seen.
    fn in_reading_order(&self) -> String {
        let mut pieces = self.pieces.clone();
        pieces.sort_by(|a, b| a.from.total_cmp(&b.from));
        let mut seen = String::with_capacity(self.text.len());
        let mut before: Option<Piece> = None;
        for piece in pieces {
            if before.is_some_and(|before| piece.from - before.to > WORD_GAP * piece.em.max(before.em)) {
                seen.push(' ');
            }
            // A glyph of several letters that are read leftwards stands for them in the order of reading.
            let text = &self.text[piece.text_start..piece.text_end];
            if text.chars().count() > 1 && text.chars().any(is_right_to_left_char) {
                seen.extend(text.chars().rev());
            } else {
                seen.push_str(text);
            }
            before = Some(piece);
        }
        let seen = with_whole_numbers(&seen);
        let level = if reads_leftwards(&seen) { Level::rtl() } else { Level::ltr() };
        // What turns the order of reading into that of sight also turns it back.
        let info = BidiInfo::new(&seen, Some(level));
        let mut read = String::with_capacity(seen.len());
        for paragraph in &info.paragraphs {
            read.push_str(&info.reorder_line(paragraph, paragraph.range.clone()));
        }
        read.replace(NUMBER_SPACE, " ").trim().to_owned()
    }
}

/// A space inside a number: the algorithm takes it for a part of the number.
const NUMBER_SPACE: char = '\u{a0}';

/// Groups of digits that are seen beside each other are one number, read from left to right.
fn with_whole_numbers(seen: &str) -> String {
    let all: Vec<char> = seen.chars().collect();
    let is_digit = |n: Option<usize>| n.and_then(|n| all.get(n)).is_some_and(char::is_ascii_digit);
    let inside = |n: usize| is_digit(n.checked_sub(1)) && is_digit(n.checked_add(1));
    all.iter().enumerate().map(|(n, c)| if *c == ' ' && inside(n) { NUMBER_SPACE } else { *c }).collect()
}

/// The cell of a coordinate; far ones share the last.
fn whole(value: f64) -> i32 {
    let bounded = value.floor().clamp(f64::from(i32::MIN), f64::from(i32::MAX));
    #[expect(clippy::cast_possible_truncation, reason = "whole and within bounds")]
    let cell = bounded as i32;
    cell
}

fn is_blank(text: &Text) -> bool {
    match text {
        Text::Char(one) => one.is_whitespace(),
        Text::Str(text) => text.trim().is_empty(),
    }
}

fn is_right_to_left(text: &Text) -> bool {
    match text {
        Text::Char(one) => is_right_to_left_char(*one),
        Text::Str(text) => text.chars().any(is_right_to_left_char),
    }
}

fn is_right_to_left_char(one: char) -> bool {
    one >= '\u{590}' && matches!(bidi_class(one), BidiClass::R | BidiClass::AL)
}

/// True when the leftmost letter of the line is one that is read leftwards.
fn reads_leftwards(text: &str) -> bool {
    let strong = text.chars().find(|c| matches!(bidi_class(*c), BidiClass::L | BidiClass::R | BidiClass::AL));
    strong.is_some_and(is_right_to_left_char)
}

/// A quick hash; what collides only costs a comparison.
#[derive(Default)]
struct Mixer(u64);

impl Hasher for Mixer {
    fn finish(&self) -> u64 {
        self.0 ^ self.0 >> 29
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.write_u32(u32::from(*byte));
        }
    }

    fn write_u32(&mut self, value: u32) {
        self.0 = (self.0.rotate_left(5) ^ u64::from(value)).wrapping_mul(0x517c_c1b7_2722_0a95);
    }

    fn write_i32(&mut self, value: i32) {
        self.write_u32(value.cast_unsigned());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Text, x, y; glyphs are half an em wide.
    type Placed = (&'static str, f64, f64);

    fn laid_out(strings: &[Placed]) -> String {
        let mut layout = Layout::default();
        let mut out = String::new();
        for (text, x, y) in strings {
            for (n, one) in text.chars().enumerate() {
                let at = (x + 5.0 * f64::from(u32::try_from(n).unwrap()), *y);
                let text = Text::Char(one);
                let glyph = Glyph { text: &text, at, advance: (5.0, 0.0), along: (1.0, 0.0), em: (10.0, 10.0) };
                layout.glyph(&glyph, &mut out).unwrap();
            }
        }
        layout.flush(&mut out).unwrap();
        out
    }

    #[test]
    fn words_and_lines_are_told_by_their_gaps() {
        let rows: &[(&[Placed], &str)] = &[
            (&[("ab", 0.0, 0.0), ("cd", 10.5, 0.0)], "abcd"),
            (&[("ab", 0.0, 0.0), ("cd", 12.0, 0.0)], "ab cd"),
            (&[("ab ", 0.0, 0.0), ("cd", 17.0, 0.0)], "ab cd"),
            (&[("ab", 0.0, 0.0), ("cd", 60.0, 0.0)], "ab\tcd"),
            (&[("ab", 0.0, 0.0), ("2", 10.0, 4.0), ("cd", 15.0, 0.0)], "ab2cd"),
            (&[("ab", 0.0, 0.0), ("cd", 0.0, -12.0)], "ab\ncd"),
            (&[("right", 200.0, 0.0), ("left", 0.0, 0.0)], "right\nleft"),
            (&[("bold", 0.0, 0.0), ("bold", 0.4, 0.0)], "bold"),
            (&[("bold", 0.0, 0.0), ("bold", 0.0, -12.0)], "bold\nbold"),
            (&[("all", 0.0, 0.0)], "all"),
            (
                &[
                    ("s", 0.0, 0.0),
                    ("p", 8.0, 0.0),
                    ("a", 16.0, 0.0),
                    ("c", 24.0, 0.0),
                    ("e", 32.0, 0.0),
                    ("d", 40.0, 0.0),
                    ("1", 54.0, 0.0),
                    ("2", 62.0, 0.0),
                    ("3", 70.0, 0.0),
                ],
                "spaced 123",
            ),
            (
                &[
                    ("1", 0.0, 0.0),
                    ("2", 12.0, 0.0),
                    ("3", 24.0, 0.0),
                    ("4", 36.0, 0.0),
                    ("5", 48.0, 0.0),
                    ("6", 60.0, 0.0),
                    ("7", 72.0, 0.0),
                    ("8", 84.0, 0.0),
                ],
                "1 2 3 4 5 6 7 8",
            ),
            (&[("   ", 0.0, 0.0)], ""),
        ];
        for (strings, expected) in rows {
            assert_eq!(laid_out(strings), *expected, "{strings:?}");
        }
    }

    #[test]
    fn text_seen_from_right_to_left_is_read_so() {
        let rows: &[(&[Placed], &str)] = &[
            // In the order of sight.
            (&[("םולש", 0.0, 0.0)], "שלום"),
            (&[("Hello םולש world", 0.0, 0.0)], "Hello שלום world"),
            (&[("12 םולש", 0.0, 0.0)], "שלום 12"),
            (&[("4012 8888-1 םולש", 0.0, 0.0)], "שלום 4012 8888-1"),
            // In the order of reading, each letter placed before the last.
            (&[("ש", 15.0, 0.0), ("ל", 10.0, 0.0), ("ו", 5.0, 0.0), ("ם", 0.0, 0.0)], "שלום"),
        ];
        for (strings, expected) in rows {
            assert_eq!(laid_out(strings), *expected, "{strings:?}");
        }
    }
}
