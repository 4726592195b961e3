//! Some hundred literals at once, by the shape finder: each literal is an anchor whose places are its letters in both cases.
//!
//! What the finder lets through is compared with the few literals of its bucket. This is several times faster than hashing
//! four bytes at every position; a dictionary of everyday words fills the buckets, and then the caller takes another way.

use super::bytes::ByteSet;
use super::shape::anchors::{Anchor, PLACES};
use super::shape::buckets::{self, GROUP};
use super::shape::finder::{Finder, Scratch};
use super::shape::rate::Rates;
use super::simd::Path;
use regex_automata::util::pool::Pool;
use std::fmt;

/// A literal as it is given: folded, with its number and whether only its occurrences at the beginning of a word count.
#[derive(Clone, Copy, Debug)]
pub(super) struct Given<'a> {
    pub(super) literal: &'a [u8],
    pub(super) number: usize,
    pub(super) whole: bool,
}

/// Literals in buckets.
pub(super) struct Marks {
    finder: Finder,
    members: Vec<Vec<Mark>>,
    scratch: Pool<Scratch, Box<dyn Fn() -> Scratch + Send + Sync>>,
}

/// A literal's first four bytes, folded, of which a shorter one masks the last.
#[derive(Clone, Copy, Debug)]
struct Mark {
    head: u32,
    mask: u32,
    number: usize,
}

/// Folds ASCII letters (and, harmlessly, some punctuation): the same on both sides of a comparison.
const FOLD: u32 = 0x2020_2020;
/// More places than this, in a byte of ordinary text, and the comparisons cost more than another search.
const RATE_MAX: f32 = 1.0 / 100.0;

impl Marks {
    /// Literals of three bytes and more; `None` when ordinary text would stop at them too often.
    pub(super) fn new(path: Path, literals: &[Given<'_>], rates: &mut Rates) -> Option<Self> {
        let anchors: Vec<Anchor> = literals.iter().map(anchor).collect();
        let merged = buckets::merge(&anchors, 2 * GROUP, rates);
        let rate: f32 = merged.buckets.iter().map(|bucket| rates.of(bucket)).sum();
        if rate > RATE_MAX {
            return None;
        }
        let members = merged.members.iter().map(|members| members.iter().map(|&at| Mark::new(&literals[at])).collect());
        Some(Self {
            finder: Finder::new(path, &merged.buckets, rates),
            members: members.collect(),
            scratch: Pool::new(Box::new(Scratch::new)),
        })
    }

    /// Calls `found` with each literal, by its number, that may begin at a position in `from..to`, in order of position.
    /// Its first four bytes are right.
    pub(super) fn find(&self, hay: &[u8], from: usize, to: usize, mut found: impl FnMut(usize, usize)) {
        let mut scratch = self.scratch.get();
        self.finder.find(hay, from, to, &mut scratch, |at, buckets| {
            let mut four = [0; 4];
            let text = &hay[at..hay.len().min(at + 4)];
            four[..text.len()].copy_from_slice(text);
            let head = u32::from_le_bytes(four) | FOLD;
            let mut bits = buckets;
            while bits != 0 {
                for mark in &self.members[bits.trailing_zeros() as usize] {
                    if head & mark.mask == mark.head {
                        found(mark.number, at);
                    }
                }
                bits &= bits - 1;
            }
        });
    }
}

impl Mark {
    fn new(given: &Given<'_>) -> Self {
        let mut four = [0; 4];
        let length = given.literal.len().min(4);
        four[..length].copy_from_slice(&given.literal[..length]);
        let mask = if length == 4 { u32::MAX } else { (1 << (8 * length)) - 1 };
        Self { head: (u32::from_le_bytes(four) | FOLD) & mask, mask, number: given.number }
    }
}

/// The anchor of a literal.
fn anchor(given: &Given<'_>) -> Anchor {
    let mut places = [ByteSet::ALL; PLACES];
    for (place, &byte) in places[1..].iter_mut().zip(given.literal) {
        *place = ByteSet::of(|other| other.eq_ignore_ascii_case(&byte));
    }
    if given.whole && given.literal.first().is_some_and(u8::is_ascii_alphanumeric) {
        places[0] = ByteSet::alnum().not();
    }
    Anchor(places)
}

impl fmt::Debug for Marks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Marks").field("members", &self.members).finish_non_exhaustive()
    }
}
