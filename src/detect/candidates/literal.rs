//! The literal lane: rules whose every match contains one of a few literals at a bounded distance from its beginning.
//!
//! Some hundred rare literals are told by the shape finder ([`Marks`]). More of them take one pass that looks at each
//! position's four bytes, case folded, in an 8 KiB bitmap that stays in the first-level cache; what passes is compared with
//! the literals themselves. Everyday words make either useless: then a forced Aho-Corasick DFA takes the same part (never
//! the automatic choice, which is the slow contiguous automaton above some hundred words). Each occurrence nominates the
//! beginnings it allows.

use super::bytes::ByteSet;
use super::facts::{self, Anchor};
use super::marks::{self, Marks};
use super::shape;
use super::shape::cells::{Cell, around};
use super::shape::rate::Rates;
use super::simd::Path;
use super::{Candidate, END_UNKNOWN};
use crate::rule::ruleset::PrimaryId;
use crate::rule::syntax::Edges;
use aho_corasick::{AhoCorasick, AhoCorasickKind, MatchKind, StartKind};

/// A rule as the lane is given it.
#[derive(Debug)]
pub(super) struct Given {
    pub(super) primary: PrimaryId,
    pub(super) edges: Edges,
    /// Bytes a match can begin with.
    pub(super) first: ByteSet,
    pub(super) anchors: Vec<Anchor>,
    /// What stands around the beginning of every match; empty when that is not known.
    pub(super) shape: Vec<shape::anchors::Anchor>,
}

/// One rule of the lane.
#[derive(Debug)]
struct Rule {
    primary: PrimaryId,
    /// Bytes a match can begin with, when a beginning has to be looked for before the literal.
    first: Option<ByteSet>,
    /// A beginning inside a word is refused.
    whole_words: bool,
    /// What stands around a beginning, when the literal alone tells where that is.
    shape: Option<Cell>,
}

/// What an occurrence of a literal nominates.
#[derive(Clone, Copy, Debug)]
struct Nomination {
    rule: u32,
    before_min: usize,
    before_max: usize,
}

/// The lane, built once.
#[derive(Debug)]
pub(crate) struct LiteralLane {
    rules: Vec<Rule>,
    literals: Vec<Vec<u8>>,
    /// For each literal, what its occurrences nominate.
    nominations: Vec<Vec<Nomination>>,
    finder: Finder,
    /// Literals of one or two bytes, by their rarest byte.
    short: Vec<Short>,
    before_max: usize,
}

#[derive(Debug)]
struct Short {
    /// The byte searched for, in both cases.
    bytes: [u8; 2],
    /// Its place in the literal.
    at: usize,
    literal: usize,
}

#[derive(Debug)]
enum Finder {
    None,
    Marks(Box<Marks>),
    Grams(Box<Grams>),
    Automaton(AhoCorasick),
}

impl LiteralLane {
    /// A lane over the given rules; `None` when there are none.
    pub(crate) fn new(path: Path, rules: Vec<Given>, rates: &mut Rates) -> Option<Self> {
        if rules.is_empty() {
            return None;
        }
        let mut literals: Vec<Vec<u8>> =
            rules.iter().flat_map(|rule| rule.anchors.iter().map(|anchor| anchor.literal.clone())).collect();
        literals.sort();
        literals.dedup();
        let mut nominations = vec![Vec::new(); literals.len()];
        let mut lane_rules = Vec::new();
        let mut before_max = 0;
        for (index, Given { primary, edges, first, anchors, shape }) in (0_u32..).zip(rules) {
            let fixed = anchors.iter().all(|anchor| anchor.before_max == 0);
            let told: Vec<_> = shape.iter().map(|anchor| (anchor, Vec::new())).collect();
            lane_rules.push(Rule {
                primary,
                first: (!fixed).then_some(first),
                whole_words: edges == Edges::Word,
                shape: (fixed && !told.is_empty()).then(|| Cell::new(&told, rates)),
            });
            for anchor in anchors {
                before_max = before_max.max(anchor.before_max);
                if let Ok(literal) = literals.binary_search(&anchor.literal) {
                    nominations[literal].push(Nomination {
                        rule: index,
                        before_min: anchor.before_min,
                        before_max: anchor.before_max,
                    });
                }
            }
        }
        let short = literals
            .iter()
            .enumerate()
            .filter(|(_, literal)| literal.len() < Grams::SHORTEST)
            .map(|(index, literal)| Short::new(literal, index))
            .collect();
        let whole = |literal: usize| {
            let mut of_literal = nominations[literal].iter();
            of_literal.all(|given: &Nomination| given.before_max == 0 && lane_rules[given.rule as usize].whole_words)
        };
        let given: Vec<marks::Given<'_>> = literals
            .iter()
            .enumerate()
            .filter(|(_, literal)| literal.len() >= Grams::SHORTEST)
            .map(|(number, literal)| marks::Given { literal, number, whole: whole(number) })
            .collect();
        let finder = Finder::new(path, &literals, &given, rates);
        Some(Self { rules: lane_rules, literals, nominations, finder, short, before_max })
    }

    /// The search that the facts chose, in a word.
    pub(crate) fn finder_name(&self) -> &'static str {
        match self.finder {
            Finder::None => "bytes",
            Finder::Marks(_) => "shape finder",
            Finder::Grams(_) => "4-gram bitmap",
            Finder::Automaton(_) => "Aho-Corasick DFA",
        }
    }

    /// Adds every beginning in `from..to` at which one of the lane's rules may match.
    pub(crate) fn nominate(&self, hay: &[u8], from: usize, to: usize, out: &mut Vec<Candidate>) {
        let end = (to + self.before_max + facts::LITERAL_MAX).min(hay.len());
        // The beginnings each nomination has already tried, so that overlapping ranges are tried once.
        let mut tried = vec![from; self.nominations.iter().map(Vec::len).sum()];
        let mut offsets = Vec::with_capacity(self.nominations.len());
        let mut total = 0;
        for nominations in &self.nominations {
            offsets.push(total);
            total += nominations.len();
        }
        let mut occurrence = |literal: usize, at: usize| {
            for (slot, nomination) in self.nominations[literal].iter().enumerate() {
                let tried = &mut tried[offsets[literal] + slot];
                self.nominate_before(hay, at, *nomination, tried, to, out);
            }
        };
        for short in &self.short {
            short.find(hay, from, end, &self.literals[short.literal], &mut occurrence);
        }
        match &self.finder {
            Finder::None => {}
            Finder::Marks(marks) => marks.find(hay, from, end, |literal, at| {
                if stands_at(hay, at, &self.literals[literal]) {
                    occurrence(literal, at);
                }
            }),
            Finder::Grams(grams) => grams.find(hay, from, end, &self.literals, &mut occurrence),
            Finder::Automaton(automaton) => {
                let Ok(found) = automaton.try_find_overlapping_iter(aho_corasick::Input::new(hay).span(from..end))
                else {
                    return;
                };
                for hit in found {
                    if self.literals[hit.pattern().as_usize()].len() >= Grams::SHORTEST {
                        occurrence(hit.pattern().as_usize(), hit.start());
                    }
                }
            }
        }
    }

    fn nominate_before(
        &self,
        hay: &[u8],
        at: usize,
        nomination: Nomination,
        tried: &mut usize,
        to: usize,
        out: &mut Vec<Candidate>,
    ) {
        if at < nomination.before_min {
            return;
        }
        let rule = &self.rules[nomination.rule as usize];
        let last = at - nomination.before_min;
        let first = at.saturating_sub(nomination.before_max).max(*tried);
        for start in first..(last + 1).min(to) {
            let in_word = rule.whole_words
                && hay[start].is_ascii_alphanumeric()
                && start.checked_sub(1).is_some_and(|before| hay[before].is_ascii_alphanumeric());
            if !in_word
                && rule.first.as_ref().is_none_or(|set| set.contains(hay[start]))
                && rule.shape.as_ref().is_none_or(|shape| shape.admits(&around(hay, start)) != 0)
            {
                out.push(Candidate { start, primary: rule.primary, length: END_UNKNOWN });
            }
        }
        *tried = (*tried).max(last + 1);
    }
}

impl Short {
    fn new(literal: &[u8], index: usize) -> Self {
        let at = (0..literal.len()).min_by_key(|&at| facts::frequency(literal[at])).unwrap_or(0);
        let byte = literal[at];
        Self { bytes: [byte, byte.to_ascii_uppercase()], at, literal: index }
    }

    fn find(&self, hay: &[u8], from: usize, end: usize, literal: &[u8], occurrence: &mut dyn FnMut(usize, usize)) {
        for found in memchr::memchr2_iter(self.bytes[0], self.bytes[1], &hay[from..end]) {
            if let Some(at) = (from + found).checked_sub(self.at).filter(|&at| at >= from)
                && stands_at(hay, at, literal)
            {
                occurrence(self.literal, at);
            }
        }
    }
}

/// True when the folded `literal` stands at `at`.
fn stands_at(hay: &[u8], at: usize, literal: &[u8]) -> bool {
    hay.get(at..at + literal.len()).is_some_and(|text| text.eq_ignore_ascii_case(literal))
}

impl Finder {
    fn new(path: Path, literals: &[Vec<u8>], given: &[marks::Given<'_>], rates: &mut Rates) -> Self {
        if given.is_empty() {
            return Finder::None;
        }
        if given.len() <= MARKS_MAX
            && let Some(marks) = Marks::new(path, given, rates)
        {
            return Finder::Marks(Box::new(marks));
        }
        let long: Vec<usize> = given.iter().map(|given| given.number).collect();
        let grams = Grams::new(literals, &long);
        if grams.expected_rate() <= Grams::RATE_MAX {
            return Finder::Grams(Box::new(grams));
        }
        let automaton = AhoCorasick::builder()
            .kind(Some(AhoCorasickKind::DFA))
            .start_kind(StartKind::Unanchored)
            .match_kind(MatchKind::Standard)
            .ascii_case_insensitive(true)
            .build(literals);
        // The DFA is refused only when it would not fit in memory; the bitmap is then slow but right.
        automaton.map_or_else(|_| Finder::Grams(Box::new(grams)), Finder::Automaton)
    }
}

/// Literals of which buckets are tried.
const MARKS_MAX: usize = 512;

/// A bitmap of 8 KiB over hashed four-byte grams, and the literals behind each hash.
#[derive(Debug)]
struct Grams {
    bits: [u64; Self::WORDS],
    /// Hash -> first entry, plus one; 0 for none. Entries of one hash stand together.
    heads: Vec<u32>,
    entries: Vec<GramEntry>,
    /// Expected hits in parts of 2^40 positions.
    rate: u64,
}

#[derive(Clone, Copy, Debug)]
struct GramEntry {
    hash: u32,
    literal: u32,
    /// Where the gram stands in the literal.
    at: u32,
}

impl Grams {
    /// Literals shorter than this take another path.
    const SHORTEST: usize = 3;
    const HASH_BITS: u32 = 16;
    const WORDS: usize = 1 << (Self::HASH_BITS - 6);
    /// Above one hit in about 40 positions the verifications cost more than an automaton's steps.
    const RATE_MAX: u64 = (1 << 40) / 40;
    /// Folds ASCII letters (and, harmlessly, some punctuation): the same on both sides of a comparison.
    const FOLD: u32 = 0x2020_2020;

    fn new(literals: &[Vec<u8>], long: &[usize]) -> Self {
        let mut grams =
            Self { bits: [0; Self::WORDS], heads: vec![0; 1 << Self::HASH_BITS], entries: Vec::new(), rate: 0 };
        for &index in long {
            grams.insert(index, &literals[index]);
        }
        grams.entries.sort_by_key(|entry| entry.hash);
        for (slot, entry) in (1_u32..).zip(&grams.entries) {
            let head = &mut grams.heads[entry.hash as usize];
            if *head == 0 {
                *head = slot;
            }
        }
        grams
    }

    fn insert(&mut self, index: usize, literal: &[u8]) {
        let literal_index = u32::try_from(index).unwrap_or(u32::MAX);
        let rate = |gram: &[u8]| gram.iter().fold(1_u64 << 40, |rate, &byte| (rate * facts::frequency(byte)) >> 16);
        if literal.len() == Self::SHORTEST {
            // Three bytes: the fourth may be anything.
            for fourth in 0..=255_u8 {
                if fourth | 0x20 == fourth {
                    let hash = Self::hash(u32::from_le_bytes([literal[0], literal[1], literal[2], fourth]));
                    self.enter(hash, literal_index, 0);
                }
            }
            self.rate += rate(literal);
            return;
        }
        let windows = literal.windows(4).enumerate();
        let Some((at, gram)) = windows.min_by_key(|(_, gram)| rate(gram)) else { return };
        let hash = Self::hash(u32::from_le_bytes([gram[0], gram[1], gram[2], gram[3]]));
        self.enter(hash, literal_index, u32::try_from(at).unwrap_or(0));
        self.rate += rate(gram);
    }

    fn enter(&mut self, hash: u32, literal: u32, at: u32) {
        self.bits[(hash >> 6) as usize] |= 1 << (hash & 63);
        self.entries.push(GramEntry { hash, literal, at });
    }

    /// Expected hits in parts of 2^40 positions: real ones and those that only share a hash.
    fn expected_rate(&self) -> u64 {
        let filled: u64 = self.bits.iter().map(|word| u64::from(word.count_ones())).sum();
        // Text fills a small, uneven part of all grams; a sixteenth of the uniform chance fits what was seen.
        self.rate + (((filled << 40) >> Self::HASH_BITS) >> 4)
    }

    #[inline]
    fn hash(gram: u32) -> u32 {
        (gram | Self::FOLD).wrapping_mul(0x9E37_79B1) >> (32 - Self::HASH_BITS)
    }

    #[inline]
    fn has(&self, hash: u32) -> u64 {
        (self.bits[(hash >> 6) as usize & (Self::WORDS - 1)] >> (hash & 63)) & 1
    }

    fn find(
        &self,
        hay: &[u8],
        from: usize,
        end: usize,
        literals: &[Vec<u8>],
        occurrence: &mut dyn FnMut(usize, usize),
    ) {
        let mut at = from;
        while at + 11 <= end {
            let mut eight = [0; 8];
            eight.copy_from_slice(&hay[at..at + 8]);
            let low = u64::from_le_bytes(eight);
            eight.copy_from_slice(&hay[at + 3..at + 11]);
            let high = u64::from_le_bytes(eight);
            let gram = |word: u64, shift: u32| Self::hash(((word >> shift) & 0xFFFF_FFFF) as u32);
            let hashes = [
                gram(low, 0),
                gram(low, 8),
                gram(low, 16),
                gram(low, 24),
                gram(high, 8),
                gram(high, 16),
                gram(high, 24),
                gram(high, 32),
            ];
            let mut hits = 0;
            for (bit, &hash) in hashes.iter().enumerate() {
                hits |= self.has(hash) << bit;
            }
            while hits != 0 {
                let bit = hits.trailing_zeros() as usize;
                hits &= hits - 1;
                self.confirm(hay, at + bit, from, hashes[bit], literals, occurrence);
            }
            at += 8;
        }
        while at < end {
            let mut gram = [0; 4];
            let rest = &hay[at..(at + 4).min(end)];
            gram[..rest.len()].copy_from_slice(rest);
            let hash = Self::hash(u32::from_le_bytes(gram));
            if self.has(hash) != 0 {
                self.confirm(hay, at, from, hash, literals, occurrence);
            }
            at += 1;
        }
    }

    fn confirm(
        &self,
        hay: &[u8],
        at: usize,
        from: usize,
        hash: u32,
        literals: &[Vec<u8>],
        occurrence: &mut dyn FnMut(usize, usize),
    ) {
        let Some(first) = (self.heads[hash as usize] as usize).checked_sub(1) else { return };
        for entry in self.entries[first..].iter().take_while(|entry| entry.hash == hash) {
            let Some(start) = at.checked_sub(entry.at as usize) else { continue };
            if start >= from && stands_at(hay, start, &literals[entry.literal as usize]) {
                occurrence(entry.literal as usize, start);
            }
        }
    }
}
