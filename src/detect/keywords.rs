//! Keywords: terms of all lists, found by the hash of their first word.
//!
//! This search has no automaton to build and costs the same for ten terms or ten thousand: one hash for each word of the
//! text, and a look at what follows where a term may begin. Case is folded on the fly, and a space in a term stands for any
//! run of white space, `_` or `-`. Terms of `match = "string"` lists (scripts without spaces) are found anywhere, by a
//! small Aho-Corasick automaton.

use crate::detect::CHAR_BYTES_MAX;
use crate::detect::candidates::{Anchor, ByteSet};
use crate::detect::text::{char_at, char_before, is_word};
use crate::detect::words::{LENGTH_MAX, Wanted, Word, each_word, hash_word};
use crate::rule::RuleSet;
use crate::rule::normalise::fold_char;
use crate::rule::ruleset::{KeywordList, ListId};
use crate::rule::syntax::MatchStyle;
use aho_corasick::AhoCorasick;
use std::collections::BTreeMap;
use std::ops::Range;

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
    /// Hash of the first word -> where the term goes on.
    first: FirstWords,
    /// Terms found anywhere: those of ASCII, and those that cannot stand in ASCII text.
    anywhere: [Anywhere; 2],
    /// Bits that every first word's hash sets: most words of a text are told apart here.
    first_words: Bloom,
    /// Some term begins with a digit.
    digits: bool,
    /// Farthest a term's first word stands from its beginning, in bytes.
    lead: usize,
    /// Longest stretch of text a term may cover, in bytes.
    longest: usize,
}

/// A table of terms by the hash of their first word.
#[derive(Debug, Default)]
struct FirstWords {
    /// Open addressing, a power of two of places.
    places: Vec<FirstWord>,
    terms: Vec<Begun>,
}

/// A first word.
#[derive(Clone, Debug, Default)]
struct FirstWord {
    hash: u64,
    /// What may follow it, one bit for the bytes that share their low six bits.
    follows: u64,
    /// Its terms, in the table's; a free place has none.
    terms: Range<u32>,
}

/// A term, its first word read.
#[derive(Clone, Copy, Debug)]
struct Begun {
    term: u32,
    then: Then,
}

/// What follows a term's first word, in lower case.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Then {
    /// Nothing: the word is the term.
    End,
    /// This byte.
    Byte(u8),
    /// A gap, then this byte.
    Gap(u8),
    /// Something else, or it is not known.
    Any,
}

impl FirstWords {
    fn new(by_word: BTreeMap<u64, Vec<Begun>>) -> Self {
        if by_word.is_empty() {
            return Self::default();
        }
        let count = (2 * by_word.len()).next_power_of_two();
        let mut table = Self { places: vec![FirstWord::default(); count], terms: Vec::new() };
        let number = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
        for (hash, terms) in by_word {
            let first = number(table.terms.len());
            let follows = terms.iter().fold(0, |follows, begun| follows | begun.then.bits());
            table.terms.extend(terms);
            let mut at = table.place(hash);
            while !table.places[at].terms.is_empty() {
                at = (at + 1) % count;
            }
            table.places[at] = FirstWord { hash, follows, terms: first..number(table.terms.len()) };
        }
        table
    }

    /// The table has a power of two of places.
    #[inline]
    fn place(&self, hash: u64) -> usize {
        (hash >> 32) as usize & (self.places.len() - 1)
    }

    /// The first word with this hash.
    #[inline]
    fn get(&self, hash: u64) -> Option<&FirstWord> {
        if self.places.is_empty() {
            return None;
        }
        let mut at = self.place(hash);
        loop {
            let first = &self.places[at];
            if first.terms.is_empty() {
                return None;
            }
            if first.hash == hash {
                return Some(first);
            }
            at = (at + 1) & (self.places.len() - 1);
        }
    }

    /// The terms that begin with it.
    #[inline]
    fn terms(&self, first: &FirstWord) -> &[Begun] {
        &self.terms[first.terms.start as usize..first.terms.end as usize]
    }
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

/// White space, `_` and `-` beyond this many bytes end a term that has a space there.
const GAP_BYTES_MAX: usize = 16;
/// Farthest a term's first word may stand from its beginning, in bytes.
const LEAD_BYTES_MAX: usize = 8;

impl KeywordIndex {
    /// An index over all lists of a rule set.
    pub(crate) fn new(rules: &RuleSet) -> Self {
        let mut index = Self::default();
        let mut patterns: [Vec<String>; 2] = Default::default();
        let mut by_word: BTreeMap<u64, Vec<Begun>> = BTreeMap::new();
        for (id, list) in (0..).map(ListId).zip(&rules.lists) {
            for text in &list.terms {
                let number = u32::try_from(index.terms.len()).unwrap_or(u32::MAX);
                let lead = text.find(is_word);
                let style = if lead.is_none() { MatchStyle::String } else { list.style };
                let gaps = text.matches(' ').count();
                // Folding can change a character's length: three bytes for one is the most.
                index.longest = index.longest.max(text.len() * 3 + gaps * GAP_BYTES_MAX);
                if style == MatchStyle::Word {
                    let lead = lead.unwrap_or(0);
                    let (hash, length) = hash_word(&text.as_bytes()[lead..]);
                    index.first_words.insert(hash);
                    index.digits |= text.as_bytes()[lead].is_ascii_digit();
                    index.lead = index.lead.max(lead);
                    let then = if lead == 0 { Then::new(&text.as_bytes()[length..]) } else { Then::Any };
                    by_word.entry(hash).or_default().push(Begun { term: number, then });
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
        index.first = FirstWords::new(by_word);
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
        self.longest + self.lead + CHAR_BYTES_MAX
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
        if self.first.terms.is_empty() {
            return;
        }
        // A term may have a lead (`#ssn`): its word then begins past `to`.
        let wanted = Wanted { digits: self.digits, hash: |hash| self.first_words.may_have(hash) };
        each_word(text, from, to + self.lead, wanted, |word| self.try_word(text, word, from..to, out));
    }

    /// Adds the terms that begin with a word.
    fn try_word(&self, text: &[u8], word: Word, range: Range<usize>, out: &mut Vec<Hit>) {
        let Some(first) = self.first.get(word.hash) else { return };
        let rest = text.get(word.start + word.length..).unwrap_or_default();
        let next = rest.first().map_or(0, u8::to_ascii_lowercase);
        let behind_gap = rest.get(gap_length(rest)).map_or(0, u8::to_ascii_lowercase);
        // A character beyond ASCII may fold to one of ASCII, and of a very long word the end is not known.
        let plain = next.is_ascii() && behind_gap.is_ascii() && word.length < LENGTH_MAX;
        if plain && first.follows & (byte_bit(next) | byte_bit(behind_gap)) == 0 {
            return;
        }
        for &Begun { term: number, then } in self.first.terms(first) {
            let may_stand = match then {
                Then::Byte(wanted) => wanted == next,
                Then::Gap(wanted) => wanted == behind_gap,
                Then::End | Then::Any => true,
            };
            if plain && !may_stand {
                continue;
            }
            let term = &self.terms[number as usize];
            if plain && then == Then::End && !term.is_word(text, &word) {
                continue;
            }
            let Some(start) = word.start.checked_sub(term.lead) else { continue };
            if let Some(end) = term.end_at(text, start).filter(|_| range.contains(&start)) {
                out.push(Hit { start, end, list: term.list, term: number });
            }
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
            let begun = self.first.get(hash).map_or(&[][..], |first| self.first.terms(first));
            for number in begun.iter().map(|begun| begun.term).filter(|number| of_list(&number)) {
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

impl Then {
    /// What stands for the rest of a term.
    fn new(rest: &[u8]) -> Self {
        let plain = |byte: u8| byte.is_ascii().then(|| byte.to_ascii_lowercase());
        match *rest {
            [] => Self::End,
            [b' ', byte, ..] => plain(byte).map_or(Self::Any, Self::Gap),
            [byte, ..] => plain(byte).map_or(Self::Any, Self::Byte),
        }
    }

    /// The bits of bytes that may follow.
    fn bits(self) -> u64 {
        match self {
            Self::Byte(byte) | Self::Gap(byte) => byte_bit(byte),
            Self::End | Self::Any => u64::MAX,
        }
    }
}

fn byte_bit(byte: u8) -> u64 {
    1 << (byte & 63)
}

impl Term {
    /// False when it is plain that the term, which is a single word, is not this one.
    fn is_word(&self, text: &[u8], word: &Word) -> bool {
        let (own, other) = (self.text.as_bytes(), &text[word.start..word.start + word.length]);
        if self.case_sensitive {
            return own == other;
        }
        own.eq_ignore_ascii_case(other) || !own.is_ascii() || !other.is_ascii()
    }

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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::detect::text;
    use proptest::prelude::*;

    fn index(lists: &[(&[&str], bool)]) -> KeywordIndex {
        let list = |(at, (terms, case_sensitive)): (usize, &(&[&str], bool))| KeywordList {
            id: format!("l{at}").into(),
            terms: terms.iter().map(|term| (*term).to_owned()).collect(),
            style: MatchStyle::Word,
            case_sensitive: *case_sensitive,
        };
        KeywordIndex::new(&RuleSet { lists: lists.iter().enumerate().map(list).collect(), ..RuleSet::default() })
    }

    const LONG: &str = "kraftfahrzeughaftpflichtversicherungsgesellschaften";
    const LONGER: &str = "donaudampfschifffahrtselektrizitatenhauptbetriebswerkbauunterbeamtengesellschaft nr";

    fn many() -> KeywordIndex {
        let folded: &[&str] = &[
            "id",
            "id number",
            "id-number",
            "id_no",
            "n",
            "n.i.r.",
            "n° avs",
            "número de cuenta",
            "kimlik no",
            "naïve",
            "#ssn",
            "(tax) id",
            "driver's license",
            "номер карты",
            "αριθμοσ",
            "no",
            "id kimlik",
            LONG,
            LONGER,
            "passport",
            "passport:",
            "身份证",
            "आधार संख्या",
            "x1",
            "account number",
            "account  ",
            "zażółć",
        ];
        index(&[(folded, false), (&["ID", "UID No", "Straße", "id"], true), (&["id", "passport"], false)])
    }

    /// Every term at every place, by the term's own word for where it ends.
    fn naive(index: &KeywordIndex, text: &[u8], from: usize, to: usize) -> Vec<Hit> {
        let mut found = Vec::new();
        for start in from..to.min(text.len()) {
            for (number, term) in (0..).zip(&index.terms) {
                let whole = start == 0 || text::start_of_char(text, start) == start;
                if let Some(end) = term.end_at(text, start).filter(|_| whole && term.style == MatchStyle::Word) {
                    found.push(Hit { start, end, list: term.list, term: number });
                }
            }
        }
        found.sort_unstable_by_key(|hit| (hit.start, hit.end, hit.term));
        found
    }

    fn found(index: &KeywordIndex, text: &[u8], from: usize, to: usize) -> Vec<Hit> {
        let mut found = Vec::new();
        index.find(text, from, to, &mut found);
        found.retain(|hit| index.terms[hit.term as usize].style == MatchStyle::Word);
        found
    }

    fn texts() -> impl Strategy<Value = String> {
        let terms: Vec<String> = many().terms.iter().map(|term| term.text.to_string()).collect();
        let piece = prop_oneof![
            4 => prop::sample::select(terms.clone()),
            2 => prop::sample::select(terms).prop_map(|term| term.to_uppercase()),
            2 => "[a-zA-Z]{1,9}",
            2 => "[0-9]{1,5}",
            6 => "[-_ .,:#()'\"\n\t]{1,3}",
            1 => " {14,18}",
            1 => "[éÉİıßſσςΣ身份證“—°ａ́]{1,3}",
            1 => "[a-zé]{60,140}",
        ];
        prop::collection::vec(piece, 0..40).prop_map(|pieces| pieces.concat())
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn terms_are_those_of_the_naive_search(text in texts(), cut in 0_usize..600, more in 0_usize..600, ascii: bool) {
            let text: Vec<u8> = text.bytes().filter(|byte| !ascii || byte.is_ascii()).collect();
            let index = many();
            let all = naive(&index, &text, 0, text.len());
            prop_assert_eq!(&found(&index, &text, 0, text.len()), &all);
            // Any cut of the range gives the same, inside characters too.
            let (from, to) = (cut.min(text.len()), (cut + more).min(text.len()));
            let want: Vec<Hit> = all.iter().filter(|hit| (from..to).contains(&hit.start)).copied().collect();
            prop_assert_eq!(found(&index, &text, from, to), want);
        }
    }

    #[test]
    fn terms_are_found_at_every_offset_of_a_block() {
        let index = many();
        for filler in [" ", "a", "é", "é "] {
            for offset in 0..150 {
                let text = format!("{} ID_No, NÚMERO  DE-CUENTA {LONG} x", filler.repeat(offset));
                let want = naive(&index, text.as_bytes(), 0, text.len());
                assert!(want.len() >= 4, "{} found", want.len());
                assert_eq!(found(&index, text.as_bytes(), 0, text.len()), want, "{filler:?} {offset}");
            }
        }
    }
}
