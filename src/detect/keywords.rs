//! Keywords: terms of all lists, found by the hash of their first word.
//!
//! Evidence is looked for only near a candidate, so this search has no automaton to build and costs the same for ten terms
//! or ten thousand: one hash for each word of the window. Case is folded on the fly, and a space in a term stands for any
//! run of white space, `_` or `-`. Terms of `match = "string"` lists (scripts without spaces) are found anywhere, by a
//! small Aho-Corasick automaton.

use crate::detect::CHAR_BYTES_MAX;
use crate::detect::candidates::{Anchor, ByteSet};
use crate::detect::text::{char_at, char_before, is_word};
use crate::rule::RuleSet;
use crate::rule::normalise::fold_char;
use crate::rule::ruleset::{KeywordList, ListId};
use crate::rule::syntax::MatchStyle;
use aho_corasick::AhoCorasick;
use std::collections::HashMap;

/// One term of one list.
#[derive(Debug)]
struct Term {
    list: ListId,
    /// As the list has it: folded unless case counts.
    text: Box<str>,
    case_sensitive: bool,
    style: MatchStyle,
    /// Bytes before its first word.
    lead: usize,
}

/// A term found in a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Hit {
    /// First byte.
    pub(crate) start: usize,
    /// Byte after the last.
    pub(crate) end: usize,
    /// Its list.
    pub(crate) list: ListId,
    /// Index of the term over all lists.
    pub(crate) term: u32,
}

/// The terms of all lists.
#[derive(Debug, Default)]
pub(crate) struct KeywordIndex {
    terms: Vec<Term>,
    /// Hash of the first word -> terms.
    by_word: HashMap<u64, Vec<u32>, std::hash::BuildHasherDefault<Passthrough>>,
    /// Terms found anywhere: those of ASCII, and those that cannot stand in ASCII text.
    anywhere: [Anywhere; 2],
    /// Bits that every first word's hash sets: most words of a text are told apart here.
    first_words: Bloom,
    /// Longest stretch of text a term may cover, in bytes.
    longest: usize,
}

/// Terms found anywhere in a text.
#[derive(Debug, Default)]
struct Anywhere {
    automaton: Option<AhoCorasick>,
    /// Which term each pattern is.
    terms: Vec<u32>,
}

/// A set of hashes that may say yes too often, never no.
#[derive(Debug)]
struct Bloom(Box<[u64; 1 << (Bloom::BITS - 6)]>);

impl Default for Bloom {
    fn default() -> Self {
        Self(Box::new([0; 1 << (Self::BITS - 6)]))
    }
}

impl Bloom {
    /// 8 KiB: it stays in the first-level cache beside the text.
    const BITS: u32 = 16;

    fn insert(&mut self, hash: u64) {
        let bit = hash >> (64 - Self::BITS);
        self.0[(bit >> 6) as usize] |= 1 << (bit & 63);
    }

    #[inline]
    fn may_have(&self, hash: u64) -> bool {
        let bit = hash >> (64 - Self::BITS);
        (self.0[(bit >> 6) as usize] >> (bit & 63)) & 1 != 0
    }
}

/// The map's keys are hashes already.
#[derive(Debug, Default)]
pub(crate) struct Passthrough(u64);

impl std::hash::Hasher for Passthrough {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            self.write_u64(self.0.rotate_left(8) ^ u64::from(byte));
        }
    }

    fn write_u64(&mut self, hash: u64) {
        self.0 = hash;
    }
}

/// White space, `_` and `-` beyond this many bytes end a term that has a space there.
const GAP_BYTES_MAX: usize = 16;
/// Farthest a term's first word may stand from its beginning, in bytes.
const LEAD_BYTES_MAX: usize = 8;

impl KeywordIndex {
    /// An index over all lists of a rule set.
    pub(crate) fn new(rules: &RuleSet) -> Self {
        let mut index = Self::default();
        let mut patterns: [Vec<String>; 2] = Default::default();
        for (id, list) in (0..).map(ListId).zip(&rules.lists) {
            for text in &list.terms {
                let number = u32::try_from(index.terms.len()).unwrap_or(u32::MAX);
                let lead = text.find(is_word);
                let style = if lead.is_none() { MatchStyle::String } else { list.style };
                let gaps = text.matches(' ').count();
                // Folding can change a character's length: three bytes for one is the most.
                index.longest = index.longest.max(text.len() * 3 + gaps * GAP_BYTES_MAX);
                if style == MatchStyle::Word {
                    let first = &text[lead.unwrap_or(0)..];
                    let hash = hash_word(first.as_bytes()).0;
                    index.first_words.insert(hash);
                    index.by_word.entry(hash).or_default().push(number);
                } else {
                    let kind = usize::from(!text.is_ascii());
                    for pattern in case_variants(text, list.case_sensitive) {
                        index.anywhere[kind].terms.push(number);
                        patterns[kind].push(pattern);
                    }
                }
                index.terms.push(Term {
                    list: id,
                    text: text.as_str().into(),
                    case_sensitive: list.case_sensitive,
                    style,
                    lead: lead.unwrap_or(0),
                });
            }
        }
        for (anywhere, patterns) in index.anywhere.iter_mut().zip(patterns) {
            if !patterns.is_empty() {
                // The automaton is asked only near candidates, and not at all about ASCII text when its terms are not.
                anywhere.automaton = AhoCorasick::builder().ascii_case_insensitive(true).build(&patterns).ok();
            }
        }
        index
    }

    /// Longest stretch of text a term may cover, in bytes.
    pub(crate) fn longest(&self) -> usize {
        self.longest
    }

    /// Bytes that must be known past a position to find every term that begins before it.
    pub(crate) fn reach(&self) -> usize {
        self.longest + LEAD_BYTES_MAX + CHAR_BYTES_MAX
    }

    /// Adds every term that begins in `from..to`, in order of their beginnings. `text` reaches far enough past `to`.
    pub(crate) fn find(&self, text: &[u8], from: usize, to: usize, out: &mut Vec<Hit>) {
        let first = out.len();
        self.find_words(text, from, to, out);
        let end = (to + self.longest).min(text.len());
        for (automaton, terms) in self.anywhere_in(&text[from.min(end)..end]) {
            for found in automaton.find_overlapping_iter(aho_corasick::Input::new(text).span(from..end)) {
                let number = terms[found.pattern().as_usize()];
                let term = &self.terms[number as usize];
                let right_case = !term.case_sensitive || text[found.range()] == *term.text.as_bytes();
                if found.start() < to && right_case {
                    out.push(Hit { start: found.start(), end: found.end(), list: term.list, term: number });
                }
            }
        }
        out[first..].sort_unstable_by_key(|hit| (hit.start, hit.end, hit.term));
    }

    /// The automata whose terms can stand in this text.
    fn anywhere_in(&self, text: &[u8]) -> impl Iterator<Item = (&AhoCorasick, &[u32])> {
        let kinds = if text.is_ascii() { 1 } else { 2 };
        self.anywhere[..kinds].iter().filter_map(|kind| Some((kind.automaton.as_ref()?, &kind.terms[..])))
    }

    fn find_words(&self, text: &[u8], from: usize, to: usize, out: &mut Vec<Hit>) {
        if self.by_word.is_empty() {
            return;
        }
        let mut at = from;
        // A word that began before the range belongs to the range before.
        // A term may have a lead (`#ssn`): its word then begins past `to`.
        let end = (to + LEAD_BYTES_MAX).min(text.len());
        if char_before(text, from).is_some_and(is_word) {
            at += word_length(&text[at..end]);
        }
        // A word cut here is longer than any term: its hash is wrong, but so is every comparison after it.
        let words = &text[..(end + self.longest).min(text.len())];
        while at < end {
            let byte = text[at];
            if byte.is_ascii() && !byte.is_ascii_alphanumeric() {
                at += 1;
                continue;
            }
            let (hash, length) = hash_word(&words[at..]);
            if length == 0 {
                at += char_at(text, at).map_or(1, |(_, length)| length);
                continue;
            }
            if self.first_words.may_have(hash) {
                for &number in self.by_word.get(&hash).into_iter().flatten() {
                    self.try_term(text, at, number, from..to, out);
                }
            }
            at += length;
        }
    }

    fn try_term(&self, text: &[u8], word: usize, number: u32, range: std::ops::Range<usize>, out: &mut Vec<Hit>) {
        let term = &self.terms[number as usize];
        let Some(start) = word.checked_sub(term.lead) else { return };
        if let Some(end) = term.end_at(text, start).filter(|_| range.contains(&start)) {
            out.push(Hit { start, end, list: term.list, term: number });
        }
    }

    /// The end of the longest term of `list` that stands at `start`.
    pub(crate) fn longest_at(&self, text: &[u8], start: usize, list: ListId) -> Option<usize> {
        let of_list = |number: &&u32| self.terms[**number as usize].list == list;
        let mut ends: Option<usize> = None;
        // The first word is at most a lead away.
        let mut word = start;
        while word < text.len()
            && word < start + LEAD_BYTES_MAX
            && !char_at(text, word).is_some_and(|(c, _)| is_word(c))
        {
            word += 1;
        }
        if word < text.len() {
            let (hash, _) = hash_word(&text[word..(word + self.longest).min(text.len())]);
            for &number in self.by_word.get(&hash).into_iter().flatten().filter(of_list) {
                let term = &self.terms[number as usize];
                if term.lead == word - start {
                    ends = ends.max(term.end_at(text, start));
                }
            }
        }
        let end = (start + self.longest).min(text.len());
        for (automaton, terms) in self.anywhere_in(&text[start..end]) {
            let input = aho_corasick::Input::new(text).span(start..end);
            for found in automaton.find_overlapping_iter(input).take_while(|found| found.start() < end) {
                let number = terms[found.pattern().as_usize()];
                if found.start() == start
                    && of_list(&&number)
                    && self.terms[number as usize].end_at(text, start).is_some()
                {
                    ends = ends.max(Some(found.end()));
                }
            }
        }
        ends
    }
}

impl Term {
    /// Where the term ends when it stands at `start`, whole words respected.
    fn end_at(&self, text: &[u8], start: usize) -> Option<usize> {
        let mut at = start;
        let mut wanted = self.text.chars().peekable();
        while let Some(&want) = wanted.peek() {
            if want == ' ' {
                let gap = gap_length(&text[at..]);
                if gap == 0 {
                    return None;
                }
                at += gap;
                wanted.next();
                continue;
            }
            let (c, length) = char_at(text, at)?;
            if c == want {
                wanted.next();
            } else if self.case_sensitive {
                return None;
            } else if fold_char(c) == want {
                wanted.next();
            } else {
                return None;
            }
            at += length;
        }
        if self.style == MatchStyle::String {
            return Some(at);
        }
        let inside =
            |outer: Option<char>, inner: Option<char>| outer.is_some_and(is_word) && inner.is_some_and(is_word);
        let left = inside(char_before(text, start), self.text.chars().next());
        let right = inside(char_at(text, at).map(|(c, _)| c), self.text.chars().next_back());
        (!left && !right).then_some(at)
    }
}

/// Bytes of a run of white space, `_` and `-` at the beginning of `text`.
fn gap_length(text: &[u8]) -> usize {
    text.iter().take(GAP_BYTES_MAX).take_while(|byte| byte.is_ascii_whitespace() || matches!(byte, b'_' | b'-')).count()
}

/// Bytes of a word that its hash looks at.
const HASHED_BYTES: usize = 32;

/// A hash over the folded beginning of the word that `text` begins with, and the word's length in bytes; 0 when `text`
/// begins with no letter or digit.
#[inline]
fn hash_word(text: &[u8]) -> (u64, usize) {
    let mut length = 0;
    while length < text.len() && text[length].is_ascii_alphanumeric() {
        length += 1;
    }
    if text.get(length).is_some_and(|byte| !byte.is_ascii()) {
        return hash_other_word(text);
    }
    (hash_folded(&text[..length]), length)
}

/// [`hash_word`] for a word with characters beyond ASCII.
fn hash_other_word(text: &[u8]) -> (u64, usize) {
    let mut folded = [0; HASHED_BYTES + 4];
    let (mut filled, mut at) = (0, 0);
    while let Some((c, length)) = char_at(text, at).filter(|(c, _)| is_word(*c)) {
        if filled < HASHED_BYTES {
            filled += fold_char(c).encode_utf8(&mut folded[filled..]).len();
        }
        at += length;
    }
    (hash_folded(&folded[..filled]), at)
}

/// Multiplies eight bytes at a time; ASCII letters are folded by the bit that tells their case, which also folds some
/// bytes of other scripts, on both sides alike.
#[inline]
fn hash_folded(word: &[u8]) -> u64 {
    const FOLD: u64 = 0x2020_2020_2020_2020;
    const FACTOR: u64 = 0x9E37_79B9_7F4A_7C15;
    let word = &word[..word.len().min(HASHED_BYTES)];
    let mut hash = word.len() as u64;
    for piece in word.chunks(8) {
        let mut eight = [0; 8];
        eight[..piece.len()].copy_from_slice(piece);
        hash = (hash.rotate_left(29) ^ (u64::from_le_bytes(eight) | FOLD)).wrapping_mul(FACTOR);
    }
    hash
}

/// Bytes of the rest of a word.
fn word_length(text: &[u8]) -> usize {
    let mut at = 0;
    while let Some((c, length)) = char_at(text, at) {
        if !is_word(c) {
            break;
        }
        at += length;
    }
    at
}

/// The spellings of a term that ASCII folding does not reach: as it is, lower, upper and title case.
fn case_variants(text: &str, case_sensitive: bool) -> Vec<String> {
    if case_sensitive || text.is_ascii() {
        return vec![text.to_owned()];
    }
    let mut title = String::new();
    let mut chars = text.chars();
    if let Some(first) = chars.next() {
        title.extend(first.to_uppercase());
        title.push_str(chars.as_str());
    }
    let mut variants = vec![text.to_owned(), text.to_lowercase(), text.to_uppercase(), title];
    variants.sort();
    variants.dedup();
    variants
}

/// What a list offers the candidate search when its terms are themselves what is looked for: its first bytes, and the
/// beginning of each term.
pub(crate) fn anchors(list: &KeywordList) -> (ByteSet, Vec<Anchor>) {
    let mut anchors: Vec<Anchor> = list
        .terms
        .iter()
        .flat_map(|term| {
            let head = term.split(' ').next().unwrap_or(term);
            case_variants(head, list.case_sensitive)
        })
        .map(|literal| Anchor { literal: literal.to_ascii_lowercase().into_bytes(), before_min: 0, before_max: 0 })
        .filter(|anchor| !anchor.literal.is_empty())
        .collect();
    anchors.sort();
    anchors.dedup();
    (ByteSet::EMPTY, anchors)
}
