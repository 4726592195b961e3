//! What stands at a possible beginning, seen through eight kinds of bytes: the cheap look before an automaton walks.
//!
//! Text is read 64 bytes at a time into bit planes, one bit for each byte. Three planes name the byte's kind, the others
//! say where a match may begin. At a beginning, views are cut from the planes: which of the next sixteen bytes are digits,
//! the kinds of the next five, and the kinds of all sixteen. Whether any rule can match under such a view is asked of the
//! automata once for each view and remembered, so that most beginnings cost a few look-ups.

use super::automaton::{Automaton, Cache, KINDS, Kind, RuleMask};
use super::facts::ByteSet;
use std::sync::atomic::{AtomicU64, Ordering};

/// Kinds of bytes; letters and digits are those with the highest bit.
const DIGIT: u8 = 7;
const UPPER: u8 = 6;
const LOWER_HEX: u8 = 5;
const LOWER: u8 = 4;
const SPACE: u8 = 3;
const JOINT: u8 = 2;
const MARK: u8 = 1;
const OTHER: u8 = 0;
/// The number of what is no digit.
const NO_DIGIT: usize = KINDS - 1;

const fn kind(byte: u8) -> u8 {
    match byte {
        b'0'..=b'9' => DIGIT,
        b'A'..=b'Z' => UPPER,
        b'a'..=b'f' => LOWER_HEX,
        b'g'..=b'z' => LOWER,
        b' ' => SPACE,
        b'-' | b'.' | b'/' => JOINT,
        b'+' | b'(' | b')' | b':' | b'<' | b'%' | b';' | b'&' => MARK,
        _ => OTHER,
    }
}

/// In the byte table beside the kind: a match may begin here whatever stands before.
const BEGINS_ANYWHERE: u8 = 1 << 3;
/// A match may begin here, but not behind a letter or digit.
const BEGINS_AFTER_NO_ALNUM: u8 = 1 << 4;
/// A match may begin here, but not behind a digit.
const BEGINS_AFTER_NO_DIGIT: u8 = 1 << 5;

/// When a match may begin with a byte.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Begins {
    Anywhere,
    AfterNoAlnum,
    AfterNoDigit,
}

/// Bytes of which one plane is looked at.
const BYTES_SEEN: usize = 16;
/// Bytes whose kinds are looked at.
const KINDS_SEEN: usize = 5;

/// The filter of one lane.
#[derive(Debug)]
pub(crate) struct Filter {
    /// Each byte's kind and how a match may begin with it.
    table: [u8; 256],
    /// The kinds by their numbers, and behind them what is no digit.
    kinds: [Kind; KINDS],
    by_digits: Answers,
    by_kinds: Answers,
}

/// Who walks the automata for a filter.
pub(crate) trait Asker {
    /// Whether any rule can match a text whose first bytes are of these kinds.
    fn ask(&mut self, kinds: &[&Kind]) -> bool;

    /// The answers this thread met last.
    fn memo(&mut self) -> &mut Memo;

    /// A match may begin here.
    fn found(&mut self, start: usize);
}

/// Answers to whole views, the last of each hash.
#[derive(Debug)]
pub(crate) struct Memo(Vec<u64>);

impl Memo {
    const BITS: u32 = 13;

    pub(crate) fn new() -> Self {
        Self(vec![0; 1 << Self::BITS])
    }

    fn slot(key: u64) -> usize {
        (key.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> (64 - Self::BITS)) as usize
    }

    #[inline]
    fn get(&self, key: u64) -> Option<bool> {
        let entry = self.0[Self::slot(key)];
        (entry >> 2 == key && entry & 1 != 0).then_some(entry & 2 != 0)
    }

    fn put(&mut self, key: u64, answer: bool) {
        self.0[Self::slot(key)] = key << 2 | u64::from(answer) << 1 | 1;
    }
}

/// One 64-byte stretch.
#[derive(Clone, Copy, Debug, Default)]
struct Planes {
    kinds: [u64; 3],
    begins: u64,
}

/// What an automaton may be asked: with the rules that a byte of each kind refuses behind a match.
pub(crate) struct Asked<'a> {
    pub(crate) automaton: &'a Automaton,
    pub(crate) closed_by_alnum: RuleMask,
    pub(crate) closed_by_digit: RuleMask,
}

impl Filter {
    /// A filter for rules that begin with the given bytes.
    pub(crate) fn new(begins: impl Iterator<Item = (u8, Begins)>) -> Self {
        let mut table = [0; 256];
        for (byte, entry) in (0..=255_u8).zip(&mut table) {
            *entry = kind(byte);
        }
        for (byte, begins) in begins {
            table[usize::from(byte)] |= match begins {
                Begins::Anywhere => BEGINS_ANYWHERE,
                Begins::AfterNoAlnum => BEGINS_AFTER_NO_ALNUM,
                Begins::AfterNoDigit => BEGINS_AFTER_NO_DIGIT,
            };
        }
        let kinds = std::array::from_fn(kind_numbered);
        Self { table, kinds, by_digits: Answers::new(1 << BYTES_SEEN), by_kinds: Answers::new(1 << (3 * KINDS_SEEN)) }
    }

    /// Tells `asker` every beginning in `from..to` that the filter cannot rule out, in order.
    #[inline]
    pub(crate) fn each(&self, hay: &[u8], from: usize, to: usize, asker: &mut impl Asker) {
        let mut before = from.checked_sub(1).map_or(b'\n', |at| hay[at]);
        let mut next = self.planes(hay, from, before);
        let mut base = from;
        while base < to {
            let this = next;
            before = hay.get(base + 63).copied().unwrap_or(b'\n');
            next = self.planes(hay, base + 64, before);
            let mut begins = this.begins;
            if to - base < 64 {
                begins &= (1 << (to - base)) - 1;
            }
            while begins != 0 {
                let bit = begins.trailing_zeros();
                begins &= begins - 1;
                if self.may_match(&this, &next, bit, asker) {
                    asker.found(base + bit as usize);
                }
            }
            base += 64;
        }
    }

    /// The planes of the 64 bytes at `at`; bytes past the end are of no kind.
    #[inline]
    fn planes(&self, hay: &[u8], at: usize, before: u8) -> Planes {
        let mut mapped = [0_u8; 64];
        let bytes = hay.get(at..).unwrap_or_default();
        if let Some(bytes) = bytes.first_chunk::<64>() {
            for (mapped, &byte) in mapped.iter_mut().zip(bytes) {
                *mapped = self.table[usize::from(byte)];
            }
        } else {
            for (mapped, &byte) in mapped.iter_mut().zip(bytes) {
                *mapped = self.table[usize::from(byte)];
            }
        }
        let mut planes = [0_u64; 6];
        for (shift, eight) in mapped.chunks_exact(8).enumerate() {
            let mut word = [0; 8];
            word.copy_from_slice(eight);
            let word = u64::from_le_bytes(word);
            for (bit, plane) in planes.iter_mut().enumerate() {
                *plane |= gather(word >> bit) << (8 * shift);
            }
        }
        let [k0, k1, k2, anywhere, after_no_alnum, after_no_digit] = planes;
        let kind_before = kind(before);
        let alnum_before = (k2 << 1) | u64::from(kind_before >= LOWER);
        let digit_before = ((k0 & k1 & k2) << 1) | u64::from(kind_before == DIGIT);
        Planes {
            kinds: [k0, k1, k2],
            begins: anywhere | (after_no_alnum & !alnum_before) | (after_no_digit & !digit_before),
        }
    }

    #[inline]
    fn may_match(&self, this: &Planes, next: &Planes, bit: u32, asker: &mut impl Asker) -> bool {
        // The bits behind `bit`, those of the next stretch above them; sixteen are all that is looked at.
        let view = |plane: usize| {
            let bits = (this.kinds[plane] >> bit) | (next.kinds[plane] << 1 << (63 - bit));
            (bits & 0xFFFF) as usize
        };
        let kinds = [view(0), view(1), view(2)];
        let digits = kinds[0] & kinds[1] & kinds[2];
        if !self.by_digits.get(digits, || asker.ask(&self.seen_digits(digits))) {
            return false;
        }
        const SEEN: usize = (1 << KINDS_SEEN) - 1;
        let code = (kinds[0] & SEEN) | (kinds[1] & SEEN) << KINDS_SEEN | (kinds[2] & SEEN) << (2 * KINDS_SEEN);
        if !self.by_kinds.get(code, || asker.ask(&self.seen_kinds::<KINDS_SEEN>(kinds))) {
            return false;
        }
        // The whole view is one of too many for a table; each thread keeps the answers it met last.
        let key = (kinds[0] | kinds[1] << BYTES_SEEN | kinds[2] << (2 * BYTES_SEEN)) as u64;
        if let Some(answer) = asker.memo().get(key) {
            return answer;
        }
        let answer = asker.ask(&self.seen_kinds::<BYTES_SEEN>(kinds));
        asker.memo().put(key, answer);
        answer
    }
}

impl Filter {
    /// What a view of digits shows, place by place.
    fn seen_digits(&self, view: usize) -> [&Kind; BYTES_SEEN] {
        std::array::from_fn(|at| &self.kinds[if (view >> at) & 1 != 0 { usize::from(DIGIT) } else { NO_DIGIT }])
    }

    /// What a view of kinds shows, place by place.
    fn seen_kinds<const SEEN: usize>(&self, planes: [usize; 3]) -> [&Kind; SEEN] {
        let bit = |plane: usize, at: usize| ((planes[plane] >> at) & 1) << plane;
        std::array::from_fn(|at| &self.kinds[bit(0, at) | bit(1, at) | bit(2, at)])
    }
}

/// Bit 0 of each of eight bytes, as eight bits.
#[inline]
fn gather(word: u64) -> u64 {
    ((word & 0x0101_0101_0101_0101).wrapping_mul(0x0102_0408_1020_4080)) >> 56
}

/// The kind with this number; past them, everything but digits.
fn kind_numbered(number: usize) -> Kind {
    let bytes = ByteSet::of(|byte| match number {
        NO_DIGIT => !byte.is_ascii_digit(),
        _ => usize::from(kind(byte)) == number,
    });
    Kind {
        number,
        bytes,
        all_digits: bytes.iter().all(|byte| byte.is_ascii_digit()),
        all_alnum: bytes.iter().all(|byte| byte.is_ascii_alphanumeric()),
    }
}

impl Asked<'_> {
    /// Whether any rule can match a text whose first bytes are of these kinds.
    pub(crate) fn may_match(&self, cache: &mut Cache, kinds: &[&Kind]) -> bool {
        self.automaton.possible(cache, kinds, |next| match next {
            Kind { all_digits: true, .. } => self.closed_by_digit,
            Kind { all_alnum: true, .. } => self.closed_by_alnum,
            _ => 0,
        })
    }
}

/// Answers that are found when first needed: two bits each, known and yes. Threads may find the same answer twice; it is
/// the same answer.
#[derive(Debug)]
struct Answers(Box<[AtomicU64]>);

impl Answers {
    const PER_WORD: usize = 32;

    fn new(count: usize) -> Self {
        Self((0..count / Self::PER_WORD).map(|_| AtomicU64::new(0)).collect())
    }

    #[inline]
    fn get(&self, index: usize, find: impl FnOnce() -> bool) -> bool {
        let shift = 2 * (index % Self::PER_WORD);
        let word = &self.0[index / Self::PER_WORD];
        let bits = (word.load(Ordering::Relaxed) >> shift) & 3;
        if bits != 0 {
            return bits == 3;
        }
        Self::remember(word, shift, find())
    }

    #[cold]
    fn remember(word: &AtomicU64, shift: usize, yes: bool) -> bool {
        word.fetch_or((1 | u64::from(yes) << 1) << shift, Ordering::Relaxed);
        yes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct All(Vec<usize>, Memo);

    impl Asker for All {
        fn ask(&mut self, _: &[&Kind]) -> bool {
            true
        }

        fn memo(&mut self) -> &mut Memo {
            &mut self.1
        }

        fn found(&mut self, start: usize) {
            self.0.push(start);
        }
    }

    #[test]
    fn beginnings_are_told_by_the_byte_before_at_every_offset() {
        let begins = [(b'1', Begins::AfterNoAlnum), (b'2', Begins::AfterNoDigit), (b'+', Begins::Anywhere)];
        let filter = Filter::new(begins.into_iter());
        let text = "a1 1 11 a2 22 +1+ 3";
        let expected = [3, 5, 9, 11, 14, 15, 16];
        for shift in 0..130 {
            let padded = format!("{}{text}", ".".repeat(shift));
            for (from, to) in [(0, padded.len()), (shift, padded.len()), (shift + 3, shift + 12)] {
                let mut all = All(Vec::new(), Memo::new());
                filter.each(padded.as_bytes(), from, to, &mut all);
                let wanted: Vec<usize> =
                    expected.iter().map(|at| at + shift).filter(|at| (from..to).contains(at)).collect();
                assert_eq!(all.0, wanted, "shift {shift}, {from}..{to}");
            }
        }
    }

    #[test]
    fn a_memo_answers_only_for_the_key_it_was_given() {
        let mut memo = Memo::new();
        assert_eq!(memo.get(0), None);
        for key in 0..1 << 16 {
            memo.put(key, key % 3 == 0);
            assert_eq!(memo.get(key), Some(key % 3 == 0));
        }
        assert!(
            (0..1 << 16)
                .filter_map(|key| memo.get(key).map(|answer| (key, answer)))
                .all(|(key, answer)| answer == (key % 3 == 0))
        );
    }
}
