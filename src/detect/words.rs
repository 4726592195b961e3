//! Words of a text, 64 bytes at a time: where they begin, how long they are, and a hash of each.
//!
//! A word is a run of letters and digits of any script. Bytes are sorted into kinds by code that compiles to vector
//! instructions and gathered into one bit each, so that plain text costs a few instructions for each word and none for each
//! byte. Only a run with characters beyond ASCII is walked character by character.

use crate::detect::text::{char_at, char_before, is_word};
use crate::rule::normalise::fold_char;

/// Bytes that are looked at together.
const BLOCK: usize = 64;
/// A block, the one behind it, and what a load at its last byte needs.
const VIEW: usize = 2 * BLOCK + EIGHT;
const EIGHT: usize = 8;
/// Bytes of a word that are counted; a longer one may be told to have as many.
pub(super) const LENGTH_MAX: usize = 64;

/// What words are looked for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Wanted<F> {
    /// Whether words that begin with a digit are wanted.
    pub(super) digits: bool,
    /// Whether a word with this hash is wanted.
    pub(super) hash: F,
}

/// A word that is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Word {
    /// Its first byte.
    pub(super) start: usize,
    /// Bytes: right when less than [`LENGTH_MAX`].
    pub(super) length: usize,
    /// What [`hash_word`] gives for it.
    pub(super) hash: u64,
}

/// Which of 64 bytes are what; bit n stands for byte n.
#[derive(Clone, Copy, Debug, Default)]
struct Kinds {
    /// ASCII letters.
    letters: u64,
    /// ASCII letters and digits, and every byte beyond ASCII.
    runs: u64,
    /// Bytes beyond ASCII.
    wide: u64,
}

/// Takes bit 0 of each byte, first byte first.
#[inline]
fn gather(eight: u64) -> u64 {
    (eight & 0x0101_0101_0101_0101).wrapping_mul(0x0102_0408_1020_4080) >> 56
}

#[inline]
fn kinds(block: &[u8; BLOCK]) -> Kinds {
    let mut kinds = [0_u8; BLOCK];
    for (kind, &byte) in kinds.iter_mut().zip(block) {
        let letter = if (byte | 0x20).wrapping_sub(b'a') < 26 { 1 } else { 0 };
        let digit = if byte.wrapping_sub(b'0') < 10 { 2 } else { 0 };
        *kind = letter | digit;
    }
    let (mut letters, mut digits) = (0, 0);
    for (at, eight) in kinds.as_chunks::<EIGHT>().0.iter().enumerate() {
        let eight = u64::from_le_bytes(*eight);
        letters |= gather(eight) << (EIGHT * at);
        digits |= gather(eight >> 1) << (EIGHT * at);
    }
    let wide = if block.iter().fold(0, |all, byte| all | byte) < 0x80 { 0 } else { wide(block) };
    Kinds { letters, runs: letters | digits | wide, wide }
}

#[cold]
fn wide(block: &[u8; BLOCK]) -> u64 {
    let eights = block.as_chunks::<EIGHT>().0.iter().enumerate();
    eights.fold(0, |wide, (at, eight)| wide | gather(u64::from_le_bytes(*eight) >> 7) << (EIGHT * at))
}

/// The bits of two blocks from bit `at` of the first on.
#[inline]
fn bits_from(block: u64, next: u64, at: u32) -> u64 {
    block >> at | (next << 1) << (63 - at)
}

/// Calls `found` for every wanted word that begins in `from..to`, in order. A word that `from` cuts is left out.
pub(super) fn each_word(
    text: &[u8],
    from: usize,
    to: usize,
    wanted: Wanted<impl Fn(u64) -> bool>,
    mut found: impl FnMut(Word),
) {
    let to = to.min(text.len());
    let mut at = from;
    if from > 0 && at < to && in_run(text[from - 1]) {
        if char_before(text, from).is_some_and(is_word) {
            at += word_length(&text[at..to]);
        }
        at = each_word_of_run(text, at, to, &wanted, &mut found);
    }
    if at >= to {
        return;
    }
    let mut copy = [0; VIEW];
    let mut kept = [0; BLOCK / 2];
    let mut view = view_at(text, at, &mut copy);
    let mut block = kinds(first_block(view));
    // The run that a block begins with has begun in the block before.
    let mut inside = 0;
    loop {
        let next = kinds(second_block(view));
        let mut starts = block.runs & !(block.runs << 1 | inside);
        inside = block.runs >> 63;
        if to - at < BLOCK {
            starts &= (1 << (to - at)) - 1;
        }
        if block.wide | next.wide == 0 {
            if !wanted.digits {
                starts &= block.letters;
            }
            each_plain_word(view, at, starts, (block.runs, next.runs), &wanted, &mut kept, &mut found);
        } else {
            while starts != 0 {
                let start = starts.trailing_zeros();
                starts &= starts - 1;
                let length = (!bits_from(block.runs, next.runs, start)).trailing_zeros();
                let wide = bits_from(block.wide, next.wide, start).trailing_zeros();
                if wide < length {
                    each_word_of_run(text, at + start as usize, to, &wanted, &mut found);
                } else {
                    each_plain_word(view, at, 1 << start, (block.runs, next.runs), &wanted, &mut kept, &mut found);
                }
            }
        }
        at += BLOCK;
        if at >= to {
            return;
        }
        block = next;
        view = view_at(text, at, &mut copy);
    }
}

/// The text at `at`, with zeros behind its end.
#[inline]
fn view_at<'t>(text: &'t [u8], at: usize, copy: &'t mut [u8; VIEW]) -> &'t [u8; VIEW] {
    match text[at..].first_chunk() {
        Some(view) => view,
        None => {
            let rest = &text[at..];
            copy[..rest.len()].copy_from_slice(rest);
            copy[rest.len()..].fill(0);
            copy
        }
    }
}

#[inline]
fn first_block(view: &[u8; VIEW]) -> &[u8; BLOCK] {
    view.first_chunk().expect("a view has two blocks")
}

#[inline]
fn second_block(view: &[u8; VIEW]) -> &[u8; BLOCK] {
    view[BLOCK..].first_chunk().expect("a view has two blocks")
}

/// The words of ASCII that begin at the bits of `starts`, in the block at `at`.
#[inline(always)]
fn each_plain_word(
    view: &[u8; VIEW],
    at: usize,
    mut starts: u64,
    runs: (u64, u64),
    wanted: &Wanted<impl Fn(u64) -> bool>,
    kept: &mut [u64; BLOCK / 2],
    found: &mut impl FnMut(Word),
) {
    // Where a run ends that goes on into the next block.
    let tail = BLOCK + (!runs.1).trailing_zeros() as usize;
    let gaps = !runs.0;
    let read = |starts: u64| {
        let start = starts.trailing_zeros() as usize;
        // What no run holds from there on.
        let behind = gaps & (starts & starts.wrapping_neg()).wrapping_neg();
        let length = if behind == 0 { tail } else { behind.trailing_zeros() as usize } - start;
        let eight = view[start..].first_chunk().map_or(0, |eight| u64::from_le_bytes(*eight));
        (start, length, hash(eight, length))
    };
    // Unwanted words are overwritten by the next one, which needs no guess of the processor about what is wanted.
    let mut count = 0;
    while starts != 0 {
        kept[count % (BLOCK / 2)] = starts;
        count += usize::from((wanted.hash)(read(starts).2));
        starts &= starts - 1;
    }
    for &starts in &kept[..count.min(BLOCK / 2)] {
        let (start, length, hash) = read(starts);
        found(Word { start: at + start, length, hash });
    }
}

/// The wanted words of a run that `at` stands in, up to `to`: where the run ends.
#[cold]
fn each_word_of_run(
    text: &[u8],
    mut at: usize,
    to: usize,
    wanted: &Wanted<impl Fn(u64) -> bool>,
    found: &mut impl FnMut(Word),
) -> usize {
    while at < to && in_run(text[at]) {
        let (hash, length) = hash_word(&text[at..]);
        if length == 0 {
            at += char_at(text, at).map_or(1, |(_, length)| length);
            continue;
        }
        if (wanted.hash)(hash) {
            found(Word { start: at, length, hash });
        }
        at += length;
    }
    at
}

fn in_run(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || !byte.is_ascii()
}

/// Greatest length of a word that its hash tells from a greater one, in bytes.
const COUNTED: usize = 32;

/// The bits of a word's first eight bytes, by its length; an empty one is taken to have a byte.
const OF_LENGTH: [u64; EIGHT + 1] = {
    let mut masks = [0xFF; EIGHT + 1];
    let mut length = 2;
    while length <= EIGHT {
        masks[length] = u64::MAX >> (64 - 8 * length);
        length += 1;
    }
    masks
};

/// Folds ASCII letters by the bit that tells their case, which also folds some other bytes, in terms and texts alike.
#[inline]
fn hash(eight: u64, length: usize) -> u64 {
    const FOLD: u64 = 0x2020_2020_2020_2020;
    const FACTOR: u64 = 0x9E37_79B9_7F4A_7C15;
    let word = eight & OF_LENGTH[length.min(EIGHT)];
    ((word | FOLD) ^ ((length.min(COUNTED) as u64) << 56)).wrapping_mul(FACTOR)
}

/// A hash of the word that `text` begins with, case folded, and its length in bytes; 0 when `text` begins with no letter
/// or digit. It is made of the word's first eight bytes and its length, so other words may share it.
pub(super) fn hash_word(text: &[u8]) -> (u64, usize) {
    let mut folded = [0; COUNTED + 4];
    let (mut filled, mut at) = (0, 0);
    while let Some((c, length)) = char_at(text, at).filter(|(c, _)| is_word(*c)) {
        if filled < COUNTED {
            filled += fold_char(c).encode_utf8(&mut folded[filled..]).len();
        }
        at += length;
    }
    let eight = folded.first_chunk().map_or(0, |eight| u64::from_le_bytes(*eight));
    (hash(eight, filled), at)
}

/// Bytes of the rest of a word.
fn word_length(text: &[u8]) -> usize {
    let mut at = 0;
    while let Some((_, length)) = char_at(text, at).filter(|(c, _)| is_word(*c)) {
        at += length;
    }
    at
}
