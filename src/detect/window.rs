//! The window: a moving stretch of one part's normalised text, and the map from it back to what was printed and stored.
//!
//! Text comes in pieces of any size; the window holds what is still needed on the left, what is being searched, and what a
//! match or its evidence may reach on the right. Five words show how it moves:
//!
//! ```text
//! pushed            |alpha beta gamma delta|          window: alpha beta gamma delta
//! searched          |alpha beta|                      "gamma delta" could still grow, so it waits
//! pushed            | epsilon|                        window: alpha beta gamma delta epsilon
//! searched                     |gamma|                nothing is searched twice, nothing is missed
//! dropped           |alpha|                           "beta" stays, a keyword before "delta"
//! ```
//!
//! Normalising can change lengths, so the map is kept as runs. In most of them every character has the same size: ASCII text
//! is one such run however long it is. Text of other scripts that normalising leaves alone has characters of all sizes; its
//! runs are short, and a position inside one is found by counting.

use crate::model::Place;
use crate::rule::normalise;
use std::fmt;
use std::sync::Arc;

/// How many bytes of the file a character of a part takes, when the part is the file's own text.
#[derive(Clone)]
pub struct RawLength(Measure);

#[derive(Clone)]
enum Measure {
    /// As many as in UTF-8.
    Utf8,
    /// As many for any character.
    Fixed(u8),
    /// What the function says.
    By(Arc<dyn Fn(char) -> u32 + Send + Sync>),
}

impl RawLength {
    /// Measures characters with `length`.
    pub fn new(length: impl Fn(char) -> u32 + Send + Sync + 'static) -> Self {
        Self(Measure::By(Arc::new(length)))
    }

    /// Characters of UTF-8 text.
    #[must_use]
    pub fn utf8() -> Self {
        Self(Measure::Utf8)
    }

    /// Characters of an encoding in which all take this many bytes.
    #[must_use]
    pub fn fixed(bytes: u8) -> Self {
        Self(Measure::Fixed(bytes))
    }

    fn of(&self, c: char) -> u64 {
        match &self.0 {
            Measure::Utf8 => c.len_utf8() as u64,
            Measure::Fixed(bytes) => u64::from(*bytes),
            Measure::By(length) => u64::from(length(c)),
        }
    }
}

impl fmt::Debug for RawLength {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RawLength").finish_non_exhaustive()
    }
}

/// A stretch of the map.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Run {
    /// Where it begins in the normalised text, counted from the part's beginning.
    norm: u64,
    /// Characters of printed text before it.
    chars: u64,
    /// Bytes of the file before it.
    raw: u64,
    /// Normalised bytes for each printed character; 0 when several characters and bytes stand for each other as a whole;
    /// [`COUNTED`] when each has its own size.
    width: u8,
    /// Bytes of the file for each printed character; [`COUNTED`] when they are the normalised ones.
    raw_width: u8,
}

/// A size that differs from character to character.
const COUNTED: u8 = u8::MAX;
/// Longest run whose characters are counted, in bytes.
const COUNTED_BYTES_MAX: usize = 1 << 10;
/// ASCII text of this many bytes has a run of its own.
const ASCII_RUN_BYTES_MIN: usize = 256;

/// A position outside the window's own counting.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Position {
    /// Characters of the part's printed text before it.
    pub(crate) chars: u64,
    /// Bytes of the file before it.
    pub(crate) raw: u64,
}

/// The window.
#[derive(Debug)]
pub(crate) struct Window {
    text: Vec<u8>,
    /// Where the window begins in the part's normalised text.
    base: u64,
    ascii: bool,
    runs: Vec<Run>,
    /// What lies before the window, in the counting of the run that it cuts.
    front: Position,
    /// Where the next character goes.
    next: Position,
    raw_length: Option<RawLength>,
    /// The last character pushed, with what may still combine with it.
    pending: String,
    /// Soft edges that stand in the window, in the part's counting.
    soft: Vec<u64>,
    /// Where each place begins, in the part's counting.
    places: Vec<(u64, Place)>,
    lines: Lines,
}

/// Lines already behind the window.
#[derive(Clone, Copy, Debug, Default)]
struct Lines {
    /// Newlines before `upto`.
    count: u64,
    /// Up to where they are counted, in the part's counting.
    upto: u64,
    /// Printed characters before the current line's beginning.
    line_start_chars: u64,
}

impl Window {
    pub(crate) fn new() -> Self {
        Self {
            text: Vec::new(),
            base: 0,
            ascii: true,
            runs: Vec::new(),
            front: Position::default(),
            next: Position::default(),
            raw_length: None,
            pending: String::new(),
            soft: Vec::new(),
            places: Vec::new(),
            lines: Lines::default(),
        }
    }

    /// A new part begins.
    pub(crate) fn reset(&mut self, raw_length: Option<RawLength>) {
        self.text.clear();
        self.base = 0;
        self.ascii = true;
        self.runs.clear();
        self.front = Position::default();
        self.next = Position::default();
        self.raw_length = raw_length;
        self.pending.clear();
        self.soft.clear();
        self.places.clear();
        self.lines = Lines::default();
    }

    pub(crate) fn text(&self) -> &[u8] {
        &self.text
    }

    /// True when the window's text is ASCII, so that characters are bytes.
    pub(crate) fn is_ascii(&self) -> bool {
        self.ascii
    }

    /// Inserts a separator as a soft edge.
    pub(crate) fn push_soft(&mut self, separator: char) {
        self.settle();
        self.soft.push(self.end());
        let mut buffer = [0; 4];
        let text: &str = separator.encode_utf8(&mut buffer);
        let raw_length = self.raw_length.take();
        self.push_units(text, true);
        self.raw_length = raw_length;
    }

    /// From here on the text stands at `place`.
    pub(crate) fn set_place(&mut self, place: &Place) {
        if self.places.last().map_or(*place == Place::Whole, |(_, last)| last == place) {
            return;
        }
        let pending = self.pending.len() as u64;
        self.places.push((self.end() + pending, place.clone()));
    }

    /// Adds text. `raw` is the file position of its first character, when the part is the file's own text.
    pub(crate) fn push(&mut self, text: &str, raw: Option<u64>) {
        if let Some(raw) = raw {
            let pending: u64 = self.pending.chars().map(|c| self.raw_len(c)).sum();
            if raw != self.next.raw + pending {
                self.settle();
                self.next.raw = raw;
                self.runs.push(Run { norm: self.end(), chars: self.next.chars, raw, width: 1, raw_width: 1 });
            }
        }
        if text.is_empty() {
            return;
        }
        if self.pending.is_empty() {
            self.push_units(text, false);
        } else if self.pending.is_ascii() && text.as_bytes()[0].is_ascii() {
            self.settle();
            self.push_units(text, false);
        } else {
            let mut joined = std::mem::take(&mut self.pending);
            joined.push_str(text);
            self.push_units(&joined, false);
        }
    }

    /// The part's text is complete.
    pub(crate) fn finish(&mut self) {
        self.settle();
    }

    fn settle(&mut self) {
        if !self.pending.is_empty() {
            let pending = std::mem::take(&mut self.pending);
            self.push_units(&pending, true);
            self.pending = pending;
            self.pending.clear();
        }
    }

    /// Normalises `text` unit by unit; unless it is `complete`, its last unit waits for what may combine with it.
    fn push_units(&mut self, text: &str, complete: bool) {
        let bytes = text.as_bytes();
        let mut at = 0;
        while at < bytes.len() {
            let ascii = ascii_prefix(&bytes[at..]);
            let ends = at + ascii == bytes.len();
            // The last ASCII character may combine with what follows it.
            let plain = if ends && complete { ascii } else { ascii.saturating_sub(1) };
            if plain > 0 && (ends || plain >= ASCII_RUN_BYTES_MIN) {
                self.push_same(&text[at..at + plain], 1, plain as u64);
                at += plain;
            }
            if at == bytes.len() {
                return;
            }
            let same = normalise::plain_prefix(&text[at..]);
            if same > 0 && (complete || at + same < bytes.len()) {
                self.push_plain(&text[at..at + same]);
                at += same;
                continue;
            }
            let unit = normalise::next_unit(&text[at..]);
            if at + unit.consumed == bytes.len() && !complete {
                self.pending.push_str(&text[at..]);
                return;
            }
            self.push_unit(&text[at..at + unit.consumed], unit.text());
            at += unit.consumed;
        }
    }

    fn raw_len(&self, c: char) -> u64 {
        self.raw_length.as_ref().map_or(0, |length| length.of(c))
    }

    /// Adds characters that are their own normal form.
    fn push_plain(&mut self, source: &str) {
        let raw_width = match self.raw_length.as_ref().map(|length| &length.0) {
            _ if source.is_ascii() => return self.push_same(source, 1, source.len() as u64),
            None => 0,
            Some(Measure::Utf8) => COUNTED,
            Some(Measure::Fixed(bytes)) => *bytes,
            Some(Measure::By(_)) => return self.push_by_size(source),
        };
        let mut rest = source;
        while !rest.is_empty() {
            let (piece, after) = rest.split_at(rest.floor_char_boundary(COUNTED_BYTES_MAX));
            self.push_counted(piece, raw_width);
            rest = after;
        }
    }

    /// Adds characters that are their own normal form, cut where their size changes.
    fn push_by_size(&mut self, source: &str) {
        let mut from = 0;
        let mut count = 0;
        let mut size = None;
        for (at, c) in source.char_indices() {
            let this = Some((c.len_utf8(), self.raw_len(c)));
            if size.is_some() && size != this {
                self.push_same(&source[from..at], size.map_or(1, |(width, _)| width), count);
                from = at;
                count = 0;
            }
            size = this;
            count += 1;
        }
        self.push_same(&source[from..], size.map_or(1, |(width, _)| width), count);
    }

    /// Adds at most [`COUNTED_BYTES_MAX`] of text that normalising leaves as it is, whose characters are counted when asked.
    fn push_counted(&mut self, text: &str, raw_width: u8) {
        let room = |run: &Run| self.end() - run.norm + text.len() as u64 <= COUNTED_BYTES_MAX as u64;
        let is_same = |run: &Run| run.width == COUNTED && run.raw_width == raw_width;
        if !self.runs.last().is_some_and(|run| is_same(run) && room(run)) {
            self.begin_run(COUNTED, raw_width);
        }
        let chars = chars_begun(text.as_bytes()) as u64;
        self.append(text, false);
        self.next.chars += chars;
        self.next.raw += if raw_width == COUNTED { text.len() as u64 } else { chars * u64::from(raw_width) };
    }

    /// Adds a unit whose characters and normal form stand for each other only as a whole.
    fn push_unit(&mut self, source: &str, replacement: &str) {
        if source == replacement {
            self.push_plain(source);
            return;
        }
        let raw = source.chars().map(|c| self.raw_len(c)).sum::<u64>();
        self.runs.push(Run { norm: self.end(), chars: self.next.chars, raw: self.next.raw, width: 0, raw_width: 0 });
        self.append(replacement, replacement.is_ascii());
        self.next.chars += source.chars().count() as u64;
        self.next.raw += raw;
        self.runs.push(Run {
            norm: self.end(),
            chars: self.next.chars,
            raw: self.next.raw,
            width: 1,
            raw_width: self.raw_width('a'),
        });
    }

    fn raw_width(&self, c: char) -> u8 {
        u8::try_from(self.raw_len(c)).unwrap_or(u8::MAX)
    }

    /// Adds text that normalising leaves as it is; all its `count` characters have `width` bytes.
    fn push_same(&mut self, text: &str, width: usize, count: u64) {
        let raw_width = text.chars().next().map_or(0, |c| self.raw_width(c));
        let width = u8::try_from(width).unwrap_or(1);
        if !self.runs.last().is_some_and(|run| run.width == width && run.raw_width == raw_width) {
            self.begin_run(width, raw_width);
        }
        self.append(text, width == 1);
        self.next.chars += count;
        self.next.raw += count * u64::from(raw_width);
    }

    /// Begins a run where the next character goes.
    fn begin_run(&mut self, width: u8, raw_width: u8) {
        let run = Run { norm: self.end(), chars: self.next.chars, raw: self.next.raw, width, raw_width };
        match self.runs.last_mut() {
            // A run that never got a character gives way.
            Some(last) if last.norm == run.norm && last.width != 0 => *last = run,
            _ => self.runs.push(run),
        }
    }

    fn append(&mut self, text: &str, ascii: bool) {
        self.ascii &= ascii;
        self.text.extend_from_slice(text.as_bytes());
    }

    /// Where `at` stands in the part's normalised text.
    pub(crate) fn norm(&self, at: usize) -> u64 {
        self.base + at as u64
    }

    /// The end of the window in the part's counting.
    fn end(&self) -> u64 {
        self.base + self.text.len() as u64
    }

    /// Where the character that `at` stands in begins, as printed and in the file.
    pub(crate) fn start_position(&self, at: usize) -> Position {
        self.position(self.base + at as u64, false)
    }

    /// Where the character before `at` ends, as printed and in the file.
    pub(crate) fn end_position(&self, at: usize) -> Position {
        self.position(self.base + at as u64, true)
    }

    fn position(&self, norm: u64, is_end: bool) -> Position {
        // Characters that were dropped leave several runs at one place: a beginning takes the last of them, an end looks
        // back at the run before.
        let index = self.runs.partition_point(|run| if is_end { run.norm < norm } else { run.norm <= norm });
        let Some(run) = index.checked_sub(1).map(|at| self.runs[at]) else { return Position::default() };
        if run.width == 0 {
            let whole = is_end.then(|| self.runs.get(index)).flatten();
            let next = whole.map_or(Position { chars: run.chars, raw: run.raw }, |next| Position {
                chars: next.chars,
                raw: next.raw,
            });
            return next;
        }
        if run.width == COUNTED {
            return self.counted_position(run, norm, is_end);
        }
        let offset = norm - run.norm;
        let width = u64::from(run.width);
        let characters = if is_end { offset.div_ceil(width) } else { offset / width };
        Position { chars: run.chars + characters, raw: run.raw + characters * u64::from(run.raw_width) }
    }

    /// The position within a run whose characters are counted.
    fn counted_position(&self, run: Run, norm: u64, is_end: bool) -> Position {
        let before = |norm: u64| usize::try_from(norm.saturating_sub(self.base)).unwrap_or(usize::MAX);
        let (from, before_run) = if run.norm < self.base {
            (0, self.front)
        } else {
            (before(run.norm), Position { chars: run.chars, raw: run.raw })
        };
        let mut at = before(norm).min(self.text.len());
        let is_inside = |at: usize| self.text.get(at).is_some_and(|byte| byte & 0xC0 == 0x80);
        while is_inside(at) && at > from {
            at = if is_end { at + 1 } else { at - 1 };
        }
        let stretch = &self.text[from.min(at)..at];
        let chars = chars_begun(stretch) as u64;
        let raw = if run.raw_width == COUNTED { stretch.len() as u64 } else { chars * u64::from(run.raw_width) };
        Position { chars: before_run.chars + chars, raw: before_run.raw + raw }
    }

    /// Line and column (from 1, in characters) of the character at `at`, whose printed position is `position`. `anchor` is
    /// at or before `at` and is asked in rising order.
    pub(crate) fn line_and_column(&mut self, anchor: usize, at: usize, position: Position) -> (u64, u64) {
        self.count_lines(anchor);
        let stretch = &self.text[anchor.min(at)..at];
        let newlines = memchr::memchr_iter(b'\n', stretch).count();
        let line_start = memchr::memrchr(b'\n', stretch)
            .map_or(self.lines.line_start_chars, |last| self.end_position(anchor + last + 1).chars);
        (self.lines.count + newlines as u64 + 1, position.chars - line_start + 1)
    }

    fn count_lines(&mut self, at: usize) {
        let from =
            usize::try_from(self.lines.upto.saturating_sub(self.base)).unwrap_or(usize::MAX).min(self.text.len());
        if at <= from {
            return;
        }
        let stretch = &self.text[from..at];
        let newlines = memchr::memchr_iter(b'\n', stretch).count();
        if newlines > 0 {
            self.lines.count += newlines as u64;
            let last = from + memchr::memrchr(b'\n', stretch).unwrap_or(0);
            self.lines.line_start_chars = self.end_position(last + 1).chars;
        }
        self.lines.upto = self.base + at as u64;
    }

    /// The place of the text at `at`.
    pub(crate) fn place(&self, at: usize) -> Place {
        let norm = self.base + at as u64;
        let index = self.places.partition_point(|(from, _)| *from <= norm);
        index.checked_sub(1).map_or(Place::Whole, |index| self.places[index].1.clone())
    }

    /// True when a soft edge stands in the given stretch.
    pub(crate) fn crosses_soft(&self, start: usize, end: usize) -> bool {
        if self.soft.is_empty() {
            return false;
        }
        let (start, end) = (self.base + start as u64, self.base + end as u64);
        let index = self.soft.partition_point(|edge| *edge < start);
        self.soft.get(index).is_some_and(|edge| *edge < end)
    }

    /// Drops the first `bytes`, cut down to a character's beginning, and tells how many went.
    pub(crate) fn drop_front(&mut self, bytes: usize, count_lines: bool) -> usize {
        let bytes = crate::detect::text::start_of_char(&self.text, bytes.min(self.text.len()));
        if bytes == 0 {
            return 0;
        }
        if count_lines {
            self.count_lines(bytes);
        }
        // The run that is cut is the one in which what goes ends.
        self.front = self.end_position(bytes);
        self.text.drain(..bytes);
        self.base += bytes as u64;
        if !self.ascii {
            self.ascii = self.text.is_ascii();
        }
        let base = self.base;
        let keep = self.runs.partition_point(|run| run.norm < base).saturating_sub(1);
        self.runs.drain(..keep);
        let keep = self.soft.partition_point(|edge| *edge < base);
        self.soft.drain(..keep);
        let keep = self.places.partition_point(|(from, _)| *from <= base).saturating_sub(1);
        self.places.drain(..keep);
        bytes
    }
}

/// How many bytes at the beginning are ASCII.
fn ascii_prefix(bytes: &[u8]) -> usize {
    // In large steps first: most text is ASCII throughout.
    const STEP: usize = 4096;
    let mut at = 0;
    while at < bytes.len() {
        let end = (at + STEP).min(bytes.len());
        if !bytes[at..end].is_ascii() {
            return at + bytes[at..end].iter().position(|byte| !byte.is_ascii()).unwrap_or(0);
        }
        at = end;
    }
    at
}

/// How many characters begin in a stretch of UTF-8.
fn chars_begun(bytes: &[u8]) -> usize {
    // Counts of a byte's width, summed before they overflow, become wide instructions.
    let count = |block: &[u8]| block.iter().fold(0u8, |count, &byte| count + u8::from(byte & 0xC0 != 0x80));
    bytes.chunks(240).map(|block| usize::from(count(block))).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every character of `text` that stands in the window is where counting from the beginning finds it.
    fn check(window: &Window, text: &str, raw_of: fn(char) -> u32, what: &str) {
        let (mut norm, mut position) = (0, Position::default());
        for c in text.chars() {
            let width = normalise::normalise(c.encode_utf8(&mut [0; 4])).len() as u64;
            let after = Position { chars: position.chars + 1, raw: position.raw + u64::from(raw_of(c)) };
            let end = norm + width;
            if norm >= window.norm(0) && end <= window.end() {
                let at = |norm: u64| usize::try_from(norm - window.norm(0)).expect("small");
                assert_eq!(window.start_position(at(norm)), position, "{what}: beginning of {c:?}");
                assert_eq!(window.end_position(at(end)), after, "{what}: end of {c:?}");
                if width > 1 {
                    assert_eq!(window.start_position(at(norm + 1)), position, "{what}: within {c:?}");
                    assert_eq!(window.end_position(at(end - 1)), after, "{what}: within {c:?}");
                }
            }
            (norm, position) = (end, after);
        }
    }

    #[test]
    fn positions_are_those_of_a_count_from_the_beginning() {
        let stretches =
            ["Plain ASCII words.\n", "Größe über Maß ", "“Паспорт” – серия ", "请填写您的姓名,😀 ", "４１ été "];
        let text: String = stretches.iter().map(|stretch| stretch.repeat(90)).collect();
        let wide = |c: char| if c.len_utf16() == 1 { 2 } else { 4 };
        type Row = (&'static str, RawLength, fn(char) -> u32);
        let rows: [Row; 3] = [
            ("UTF-8", RawLength::utf8(), |c| u32::try_from(c.len_utf8()).expect("small")),
            ("one byte", RawLength::fixed(1), |_| 1),
            ("UTF-16", RawLength::new(wide), wide),
        ];
        for (name, length, raw_of) in rows {
            for piece_chars in [1, 7, 700, text.len()] {
                let what = format!("{name} in pieces of {piece_chars}");
                let (mut window, mut raw) = (Window::new(), 0);
                window.reset(Some(length.clone()));
                let chars: Vec<char> = text.chars().collect();
                for piece in chars.chunks(piece_chars) {
                    window.push(&piece.iter().collect::<String>(), Some(raw));
                    raw += piece.iter().map(|c| u64::from(raw_of(*c))).sum::<u64>();
                    if window.text().len() > 3000 {
                        check(&window, &text, raw_of, &what);
                        window.drop_front(window.text().len() - 1500, true);
                        check(&window, &text, raw_of, &what);
                    }
                }
                window.finish();
                assert_eq!(window.end() - window.norm(0), window.text().len() as u64);
                check(&window, &text, raw_of, &what);
            }
        }
    }
}
