//! BIP-39 phrases: words of one list whose last bits are a checksum. Whoever has the words has the money.

use super::Row;
use super::steps::{Ear, Steps, Value, plain};
use sha2::{Digest, Sha256};
use std::sync::LazyLock;

pub(super) const ROWS: &[Row] = &[plain!(
    "bip39",
    "12, 15, 18, 21 or 24 words of the English list, of whose last bits as many as the phrase has threes of words are a checksum.",
    "BIP-39, Mnemonic code for generating deterministic keys; its English word list",
    phrase
)];

/// The list, one word a line, sorted; its order is the words' numbers.
static WORDS: LazyLock<Vec<&'static str>> = LazyLock::new(|| include_str!("seed_words.txt").lines().collect());

/// Bits of one word.
const WORD_BITS: usize = 11;
/// The longest phrase, in words.
const WORDS_MAX: usize = 24;

fn phrase(value: &Value<'_>, steps: &mut Steps<impl Ear>) -> bool {
    let mut bits = [0_u8; WORDS_MAX * WORD_BITS / 8];
    let mut count = 0;
    for word in value.text().split(|letter: char| !letter.is_ascii_alphabetic()).filter(|word| !word.is_empty()) {
        let Ok(number) =
            WORDS.binary_search_by(|known| known.bytes().cmp(word.bytes().map(|byte| byte.to_ascii_lowercase())))
        else {
            return steps.require("words of the list", false);
        };
        if count == WORDS_MAX {
            return steps.require("at most 24 words", false);
        }
        for bit in 0..WORD_BITS {
            let place = count * WORD_BITS + bit;
            if number >> (WORD_BITS - 1 - bit) & 1 == 1 {
                bits[place / 8] |= 1 << (7 - place % 8);
            }
        }
        count += 1;
    }
    if !steps.require("12, 15, 18, 21 or 24 words", matches!(count, 12 | 15 | 18 | 21 | 24)) {
        return false;
    }
    let check_bits = count / 3;
    let entropy = (count * WORD_BITS - check_bits) / 8;
    let shift = 8 - check_bits;
    let expected = Sha256::digest(&bits[..entropy])[0] >> shift;
    steps.expect("checksum", expected, bits[entropy] >> shift)
}

#[cfg(test)]
mod tests {
    use super::WORDS;
    use crate::rule::validate::tests::{accepts, refuses};

    #[test]
    fn the_list_is_whole() {
        assert_eq!(WORDS.len(), 2048);
        assert!(WORDS.is_sorted());
    }

    /// Vectors of BIP-39.
    #[test]
    fn phrases() {
        accepts(
            "bip39",
            &[
                "legal winner thank year wave sausage worth useful legal winner thank yellow",
                "letter advice cage absurd amount doctor acoustic avoid letter advice cage above",
                "zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo wrong",
                "LETTER ADVICE CAGE ABSURD AMOUNT DOCTOR\nACOUSTIC AVOID LETTER ADVICE CAGE ABSURD AMOUNT DOCTOR ACOUSTIC AVOID LETTER ALWAYS",
            ],
        );
        refuses(
            "bip39",
            &[
                "legal winner thank year wave sausage worth useful legal winner thank year",
                "legal winner thank year wave sausage worth useful legal winner thank",
                "this sentence has exactly twelve words but they are not on lists",
                "",
            ],
        );
    }
}
