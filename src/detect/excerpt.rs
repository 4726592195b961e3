//! How a finding is shown without its value: mask, token, excerpt.
//!
//! An excerpt is covered as a whole: only terms of the rules' own keyword lists and plain punctuation stay readable, so a
//! second value beside the first, found or not, never shows.

use crate::detect::keywords::Hit;
use crate::detect::text::{back_chars, char_at, forward_chars, is_word};
use crate::model::{Excerpt, Mask, Token};
use crate::rule::syntax::MaskStyle;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use std::fmt;
use std::ops::Range;

/// The key of tokens. Whoever holds it can tell whether a guessed value was found; keep it away from the data.
#[derive(Clone)]
pub struct TokenKey {
    /// The hash with the key already in it; `None` never happens, since HMAC takes a key of any length.
    keyed: Option<Hmac<Sha256>>,
    version: u32,
}

impl TokenKey {
    /// A key with its version; the version is part of every token, so that keys can be rotated.
    #[must_use]
    pub fn new(bytes: [u8; 32], version: u32) -> Self {
        Self { keyed: Hmac::new_from_slice(&bytes).ok(), version }
    }

    /// The key's version.
    #[must_use]
    pub fn version(&self) -> u32 {
        self.version
    }

    /// The token of a canonical value: HMAC-SHA-256 cut to 128 bits, as `k<version>:<32 hexadecimal digits>`.
    #[must_use]
    pub fn token(&self, canonical: &str) -> Token {
        let Some(mut mac) = self.keyed.clone() else { return Token::covered("") };
        mac.update(b"sluicebox token 1\0");
        mac.update(canonical.as_bytes());
        let digest = mac.finalize().into_bytes();
        let mut token = format!("k{}:", self.version);
        for byte in digest.iter().take(16) {
            token.push(char::from(HEX[usize::from(byte >> 4)]));
            token.push(char::from(HEX[usize::from(byte & 15)]));
        }
        Token::covered(token)
    }
}

impl fmt::Debug for TokenKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenKey").field("version", &self.version).finish_non_exhaustive()
    }
}

const HEX: &[u8; 16] = b"0123456789abcdef";
const COVER: char = '*';
/// Longest mask, in characters; what is longer is shortened in the middle.
const MASK_CHARS_MAX: usize = 48;

/// Covers a value. Separators stay, so that its shape can be seen; `prefix_len` is how many of its first bytes the rule
/// itself spells out.
pub(crate) fn mask(value: &str, style: MaskStyle, prefix_len: usize) -> Mask {
    let words = value.chars().filter(|c| is_word(*c)).count();
    let keep = match style {
        MaskStyle::Auto if words >= 12 => 4,
        MaskStyle::Auto if words >= 8 => 2,
        _ => 0,
    };
    let prefix = if style == MaskStyle::Prefix { prefix_len } else { 0 };
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

/// Covers the surroundings of a value. `hits` are the keywords that stand in `range`.
pub(crate) fn excerpt(text: &[u8], range: &Range<usize>, value: &Range<usize>, mask: &Mask, hits: &[Hit]) -> Excerpt {
    let mut out = String::new();
    cover(text, range.start..value.start, hits, &mut out);
    out.push_str(mask.as_str());
    cover(text, value.end..range.end, hits, &mut out);
    Excerpt::covered(out.trim().to_owned())
}

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
        let shown = excerpt(text, &(0..text.len()), &value, &mask, &hits);
        assert_eq!(shown.as_str(), "card number: ****, ····· ················");
    }

    #[test]
    fn tokens_differ_by_value_key_and_version() {
        let key = TokenKey::new([7; 32], 1);
        assert_eq!(key.token("a"), TokenKey::new([7; 32], 1).token("a"));
        assert_ne!(key.token("a"), key.token("b"));
        assert_ne!(key.token("a"), TokenKey::new([8; 32], 1).token("a"));
        assert!(key.token("a").as_str().starts_with("k1:"));
        assert!(!format!("{key:?}").contains('7'));
    }
}
