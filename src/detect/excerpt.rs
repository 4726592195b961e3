//! How a finding is shown without its value: mask and excerpt.
//!
//! An excerpt is covered as a whole: only terms of the rules' own keyword lists and plain punctuation stay readable, so a
//! second value beside the first, found or not, never shows. Nearly all text is ASCII, so both have a quick way for it, by
//! tables, beside the plain way by characters.

use crate::detect::keywords::Hit;
use crate::detect::text::{back_chars, char_at, forward_chars, is_word};
use crate::model::{Excerpt, Mask, Plainness};
use crate::rule::syntax::MaskStyle;
use std::ops::Range;

const COVER: char = '*';
/// Longest mask, in characters; what is longer is shortened in the middle.
const MASK_CHARS_MAX: usize = 48;

/// Covers a value. Separators stay, so that its shape can be seen; `prefix_len` is how many of its first bytes the rule
/// itself spells out.
pub(crate) fn mask(value: &str, style: MaskStyle, prefix_len: usize) -> Mask {
    let prefix = if style == MaskStyle::Prefix { prefix_len } else { 0 };
    if value.len() <= MASK_CHARS_MAX && value.is_ascii() {
        return mask_ascii(value.as_bytes(), style, prefix);
    }
    mask_chars(value, style, prefix)
}

/// How many of the last letters and digits of a value stay, of `words` in all.
fn kept_words(style: MaskStyle, words: usize) -> usize {
    match style {
        MaskStyle::Auto if words >= 12 => 4,
        MaskStyle::Auto if words >= 8 => 2,
        _ => 0,
    }
}

/// [`mask`] for up to [`MASK_CHARS_MAX`] characters of ASCII.
fn mask_ascii(value: &[u8], style: MaskStyle, prefix: usize) -> Mask {
    let words = value.iter().map(|byte| usize::from(MASK_KINDS[usize::from(byte & 127)] & WORD)).sum();
    let covered_words = words - kept_words(style, words);
    let separators = if style == MaskStyle::Auto { SEPARATOR } else { 0 };
    let mut covered = [b'*'; MASK_CHARS_MAX];
    let mut seen = 0;
    for (at, (out, &byte)) in covered.iter_mut().zip(value).enumerate() {
        let kind = MASK_KINDS[usize::from(byte & 127)];
        let word = kind & WORD;
        seen += usize::from(word);
        let shown = (word & u8::from(seen > covered_words)) | (kind & separators) | u8::from(at < prefix);
        *out = if shown == 0 { b'*' } else { byte };
    }
    let covered = &mut covered[..value.len()];
    if prefix == 0 {
        return Mask::covered_bytes(covered, Plainness::Plain);
    }
    // Only what the rule spells out may hold anything else than letters, digits and separators.
    covered.iter_mut().filter(|byte| byte.is_ascii_control()).for_each(|byte| *byte = b' ');
    Mask::covered_bytes(covered, plainness(memchr::memchr2(b'"', b'\\', covered).is_some()))
}

/// Letters and digits.
const WORD: u8 = 1;
/// Separators tell the shape of an identifier, but may be part of a secret.
const SEPARATOR: u8 = 2;

/// What each byte of ASCII is to a mask.
const MASK_KINDS: [u8; 128] = {
    let mut table = [0; 128];
    let mut byte = 0_u8;
    while byte < 128 {
        if byte.is_ascii_alphanumeric() {
            table[byte as usize] = WORD;
        } else if matches!(byte, b' ' | b'-' | b'.' | b'/' | b'@') {
            table[byte as usize] = SEPARATOR;
        }
        byte += 1;
    }
    table
};

/// Of printable ASCII and middle dots.
fn plainness(quoted: bool) -> Plainness {
    if quoted { Plainness::Quoted } else { Plainness::Plain }
}

/// [`mask`] for any text.
fn mask_chars(value: &str, style: MaskStyle, prefix: usize) -> Mask {
    let words = value.chars().filter(|c| is_word(*c)).count();
    let keep = kept_words(style, words);
    let mut covered = String::new();
    let mut seen = 0;
    for (at, c) in value.char_indices() {
        let shown = if is_word(c) {
            seen += 1;
            seen > words - keep
        } else {
            // Separators tell the shape of an identifier, but may be part of a secret.
            style == MaskStyle::Auto && matches!(c, ' ' | '-' | '.' | '/' | '@')
        };
        covered.push(if shown || at < prefix { printable(c) } else { COVER });
    }
    let length = covered.chars().count();
    if length > MASK_CHARS_MAX {
        let head: String = covered.chars().take(MASK_CHARS_MAX / 2).collect();
        let tail: String = covered.chars().skip(length - MASK_CHARS_MAX / 2 + 1).collect();
        covered = format!("{head}…{tail}");
    }
    Mask::covered(covered)
}

fn printable(c: char) -> char {
    if c.is_control() { ' ' } else { c }
}

/// Characters of the surroundings on each side of a value.
pub(crate) const EXCERPT_CHARS: usize = 40;

/// The stretch an excerpt shows.
pub(crate) fn excerpt_range(text: &[u8], span: &Range<usize>, ascii: bool) -> Range<usize> {
    back_chars(text, span.start, EXCERPT_CHARS, ascii)..forward_chars(text, span.end, EXCERPT_CHARS, ascii)
}

/// Covers the surroundings of a value. `hits` are the keywords that stand in `range`. `room` serves all excerpts.
pub(crate) fn excerpt(
    text: &[u8],
    range: &Range<usize>,
    value: &Range<usize>,
    mask: &Mask,
    hits: &[Hit],
    room: &mut Room,
) -> Excerpt {
    let (before, after) = (range.start..value.start, value.end..range.end);
    let in_ascii = text[before.clone()].is_ascii() && text[after.clone()].is_ascii();
    // The mask counts by characters of its own: at most four bytes for each that it may have.
    if in_ascii && mask.plainness() == Plainness::Plain && before.len() + after.len() <= ASCII_BYTES_MAX {
        room.begin();
        room.cover_stretch(text, before, hits);
        room.put(mask.as_bytes());
        room.cover_stretch(text, after, hits);
        return room.excerpt();
    }
    let mut out = String::new();
    cover(text, before, hits, &mut out);
    out.push_str(mask.as_str());
    cover(text, after, hits, &mut out);
    Excerpt::covered(out.trim())
}

/// What each byte of ASCII becomes: up to two bytes, how many, and [`BLANK`] or [`QUOTED`], from the lowest byte up. In one
/// number, since that is one look into memory.
type Cover = [u32; 128];

/// A blank, of which only the first of several stays.
const BLANK: u8 = 1;
/// Quotation mark or backslash.
const QUOTED: u8 = 2;

/// Shows of each byte of ASCII what may be shown beside a keyword: blanks and plain punctuation.
const UNKNOWN: Cover = shown(false);
/// Shows each byte of ASCII, for keywords.
const KNOWN: Cover = shown(true);

const fn shown(known: bool) -> Cover {
    // A middle dot.
    let mut table = [u32::from_le_bytes([0xC2, 0xB7, 2, 0]); 128];
    let mut byte = 0_u8;
    while byte < 128 {
        let stays = matches!(byte, b':' | b'=' | b',' | b';' | b'(' | b')' | b'"' | b'\'' | b'<' | b'>' | b'|');
        if byte <= b' ' || byte == 0x7F {
            table[byte as usize] = u32::from_le_bytes([b' ', 0, 1, BLANK]);
        } else if known || stays {
            let mark = if matches!(byte, b'"' | b'\\') { QUOTED } else { 0 };
            table[byte as usize] = u32::from_le_bytes([byte, 0, 1, mark]);
        }
        byte += 1;
    }
    table
}

/// Most bytes of ASCII around a value that [`Room`] has room for.
const ASCII_BYTES_MAX: usize = 2 * EXCERPT_CHARS;
/// More than such an excerpt takes, its mask of [`MASK_CHARS_MAX`] characters among them.
const ROOM_BYTES: usize = 320;

/// Where an excerpt of ASCII is put together.
#[derive(Clone)]
pub(crate) struct Room {
    bytes: [u8; ROOM_BYTES],
    length: usize,
    /// The marks of all that was put in.
    marks: u8,
}

impl Default for Room {
    fn default() -> Self {
        Self { bytes: [0; ROOM_BYTES], length: 0, marks: 0 }
    }
}

impl std::fmt::Debug for Room {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Room").finish_non_exhaustive()
    }
}

impl Room {
    fn begin(&mut self) {
        self.length = 0;
        self.marks = 0;
    }

    fn put(&mut self, bytes: &[u8]) {
        let end = (self.length + bytes.len()).min(ROOM_BYTES);
        self.bytes[self.length..end].copy_from_slice(&bytes[..end - self.length]);
        self.length = end;
    }

    /// Adds a covered stretch: what stands in a keyword, and what does not, by turns.
    fn cover_stretch(&mut self, text: &[u8], range: Range<usize>, hits: &[Hit]) {
        let mut at = range.start;
        for hit in hits.iter().filter(|hit| hit.start >= range.start && hit.end <= range.end) {
            if hit.start > at {
                self.cover(&text[at..hit.start], &UNKNOWN);
                at = hit.start;
            }
            if hit.end > at {
                self.cover(&text[at..hit.end], &KNOWN);
                at = hit.end;
            }
        }
        self.cover(&text[at..range.end], &UNKNOWN);
    }

    /// Adds ASCII by a table; a blank after a blank is left out.
    fn cover(&mut self, ascii: &[u8], table: &Cover) {
        let (mut end, mut marks) = (self.length, self.marks);
        let room = &mut self.bytes;
        let mut last = if end > 0 && room[end - 1] == b' ' { BLANK } else { 0 };
        for &byte in ascii {
            let [first, second, length, mark] = table[usize::from(byte & 127)].to_le_bytes();
            // There is room for all, by the sizes above.
            let Some(pair) = room.get_mut(end..end + 2) else { break };
            pair.copy_from_slice(&[first, second]);
            end += usize::from(length & !(last & mark & BLANK));
            marks |= mark;
            last = mark;
        }
        (self.length, self.marks) = (end, marks);
    }

    fn excerpt(&self) -> Excerpt {
        Excerpt::covered_bytes(trim_blanks(&self.bytes[..self.length]), plainness(self.marks & QUOTED != 0))
    }
}

/// `text` without the blanks at its ends.
fn trim_blanks(mut text: &[u8]) -> &[u8] {
    while let [b' ', rest @ ..] | [rest @ .., b' '] = text {
        text = rest;
    }
    text
}

/// Covers a stretch of any text.
fn cover(text: &[u8], range: Range<usize>, hits: &[Hit], out: &mut String) {
    out.reserve(range.len());
    let mut hits = hits.iter().filter(|hit| hit.start >= range.start && hit.end <= range.end).peekable();
    let (mut at, mut known_to) = (range.start, range.start);
    while at < range.end {
        while let Some(hit) = hits.next_if(|hit| hit.start <= at) {
            known_to = known_to.max(hit.end);
        }
        let Some((c, length)) = char_at(text, at) else { break };
        if c.is_whitespace() || c.is_control() {
            if !out.ends_with(' ') {
                out.push(' ');
            }
        } else if at < known_to || matches!(c, ':' | '=' | ',' | ';' | '(' | ')' | '"' | '\'' | '<' | '>' | '|') {
            out.push(c);
        } else {
            out.push('·');
        }
        at += length;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn masks_keep_shape_and_at_most_the_last_characters() {
        let rows: &[(&str, MaskStyle, usize, &str)] = &[
            ("4012 8888 8888 1881", MaskStyle::Auto, 0, "**** **** **** 1881"),
            ("123-45-6789", MaskStyle::Auto, 0, "***-**-**89"),
            ("AB12", MaskStyle::Auto, 0, "****"),
            ("ghp_abcdef", MaskStyle::Prefix, 4, "ghp_******"),
            ("p4ss/w.rd", MaskStyle::All, 0, "*********"),
        ];
        for (value, style, prefix, expected) in rows {
            assert_eq!(mask(value, *style, *prefix).as_str(), *expected);
        }
    }

    #[test]
    fn excerpts_show_keywords_and_nothing_else() {
        let text = b"card number: 4012888888881881, other 5555444433332222";
        let hits = [Hit { start: 0, end: 11, list: crate::rule::ruleset::ListId(0), term: 0 }];
        let value = 13..29;
        let mask = Mask::covered("****");
        let shown = excerpt(text, &(0..text.len()), &value, &mask, &hits, &mut Room::default());
        assert_eq!(shown.as_str(), "card number: ****, ····· ················");
    }

    #[test]
    fn the_quick_way_shows_what_the_plain_way_shows() {
        let alphabet: Vec<u8> = (0..128).chain(*b"  \n\t\"\\=:ab1").collect();
        let list = crate::rule::ruleset::ListId(0);
        // A sequence without end that visits everything in some order (Knuth, MMIX).
        let mut state = 1_u64;
        let mut next = |below: usize| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            usize::try_from(state >> 33).unwrap() % below
        };
        let mut room = Room::default();
        for _ in 0..20_000 {
            let (before, value, after) = (next(EXCERPT_CHARS + 1), next(20), next(EXCERPT_CHARS + 1));
            let length = before + value + after;
            let text: Vec<u8> = (0..length).map(|_| alphabet[next(alphabet.len())]).collect();
            let mut hits = Vec::new();
            for _ in 0..next(4) {
                let start = next(length + 1);
                hits.push(Hit { start, end: (start + next(12)).min(length), list, term: 0 });
            }
            hits.sort_by_key(|hit| hit.start);
            let (range, value) = (0..length, before..before + value);
            let shown = str::from_utf8(&text[value.clone()]).unwrap();
            for style in [MaskStyle::Auto, MaskStyle::All, MaskStyle::Prefix] {
                let prefix = if style == MaskStyle::Prefix { next(8) } else { 0 };
                let quick = mask(shown, style, prefix);
                let plain = mask_chars(shown, style, prefix);
                assert_eq!(quick, plain);
                let quick = excerpt(&text, &range, &value, &quick, &hits, &mut room);
                let mut out = String::new();
                cover(&text, range.start..value.start, &hits, &mut out);
                out.push_str(plain.as_str());
                cover(&text, value.end..range.end, &hits, &mut out);
                assert_eq!(quick.as_str(), out.trim());
                assert_eq!(quick.plainness(), Excerpt::covered(out.trim()).plainness());
            }
        }
    }
}
