//! Seed phrases of wallets: twelve to twenty-four words of one list, the last of which holds a check.

use std::collections::HashMap;
use std::sync::LazyLock;

use sha2::{Digest, Sha256};

use super::Row;
use super::params::Params;
use super::steps::{Ear, Scheme, Steps, Value, ready};

const PARAMS: &[(&str, &str)] =
    &[("checksum", "false to let a phrase pass whose words are all of the list; default true")];

pub(super) const ROWS: &[Row] = &[Row {
    name: "bip39",
    what: "Twelve, 15, 18, 21 or 24 words of the English list, and the last bits are those of the others' SHA-256.",
    source: "BIP-39, Mnemonic code for generating deterministic keys, and its English word list",
    version: 1,
    params: PARAMS,
    build: |table| {
        let params = Params::of("bip39", PARAMS, table)?;
        ready(Phrase { checksum: params.switch("checksum", true)? })
    },
}];

/// Each word's place in the list, eleven bits.
static PLACES: LazyLock<HashMap<&str, u16>> =
    LazyLock::new(|| include_str!("bip39_english.txt").lines().zip(0..).collect());

const WORDS_MAX: usize = 24;

struct Phrase {
    checksum: bool,
}

impl Scheme for Phrase {
    fn judge(&self, value: &Value<'_>, steps: &mut Steps<impl Ear>) -> bool {
        let mut places = [0_u16; WORDS_MAX];
        let mut count = 0;
        for word in value.split(|c: char| !c.is_ascii_alphabetic()).filter(|word| !word.is_empty()) {
            let Some(&place) = PLACES.get(word) else { return steps.require("words of the list", false) };
            let Some(slot) = places.get_mut(count) else { return steps.require("24 words at most", false) };
            *slot = place;
            count += 1;
        }
        if !steps.require("12, 15, 18, 21 or 24 words", count >= 12 && count % 3 == 0) {
            return false;
        }
        let distinct = places[..count].iter().any(|place| *place != places[0]);
        steps.require("not one word over and over", distinct)
            && (!self.checksum || steps.require("check bits agree", holds(&places[..count])))
    }
}

/// Whether the last bits, one for each three words, begin the SHA-256 of the bits before them.
fn holds(places: &[u16]) -> bool {
    let mut bits = [0_u8; WORDS_MAX * 11 / 8];
    for (at, place) in places.iter().enumerate() {
        for bit in (0..11).filter(|bit| place >> (10 - bit) & 1 == 1) {
            let at = at * 11 + bit;
            bits[at / 8] |= 128 >> (at % 8);
        }
    }
    let check = places.len() / 3;
    let entropy = check * 4;
    // The check of 24 words is a whole byte; that of fewer is the upper bits of one.
    let mask = !(u8::MAX.checked_shr(u32::try_from(check).unwrap_or(8)).unwrap_or(0));
    Sha256::digest(&bits[..entropy])[0] & mask == bits[entropy] & mask
}

#[cfg(test)]
mod tests {
    use crate::rule::validate::tests::{accepts, refuses};

    #[test]
    fn phrases() {
        assert_eq!(super::PLACES.len(), 2048);
        // Test vectors of BIP-39.
        let twelve = "legal winner thank year wave sausage worth useful legal winner thank yellow";
        let eighteen = "letter advice cage absurd amount doctor acoustic avoid letter advice cage absurd amount doctor \
                        acoustic avoid letter always";
        let last = "void come effort suffer camp survey warrior heavy shoot primary clutch crush open amazing screen \
                    patrol group space point ten exist slush involve unfold";
        accepts("bip39", &[twelve, eighteen, last, &twelve.replace(' ', ", ")]);
        let wrong = twelve.replace("yellow", "year");
        refuses(
            "bip39",
            &[
                &wrong,
                &twelve.replace("wave", "waves"),
                "legal winner thank",
                &"abandon ".repeat(12),
                &format!("{last} zoo"),
                "",
            ],
        );
        accepts("bip39{checksum=false}", &[&wrong, twelve]);
        refuses("bip39{checksum=false}", &[&twelve.replace("wave", "waves"), &"abandon ".repeat(12)]);
    }
}
