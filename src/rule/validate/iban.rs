//! `iban`: country, length, the structure behind it, and ISO 7064 mod 97,10.

use std::sync::LazyLock;

use super::Row;
use super::country::{is_country, letters_index};
use super::iban_countries::COUNTRIES;
use super::iso7064::mod97;
use super::steps::{Ear, Steps, Value, plain, shown};

pub(super) const ROWS: &[Row] = &[
    plain!(
        "bic-country",
        "Eight or eleven characters: four letters, an ISO 3166 country (or XK), a location and perhaps a branch.",
        "ISO 9362:2022; ISO 3166-1",
        bic
    ),
    plain!(
        "iban",
        "The country issues IBANs, length and structure are that country's, and the remainder modulo 97 is 1.",
        "ISO 13616-1; SWIFT IBAN Registry",
        iban
    ),
];

/// The longest BBAN of the registry has 30 characters.
const BBAN_MAX: usize = 30;

/// What stands at each place of a country's BBAN: `n`, `a` or `c`.
#[derive(Clone, Copy)]
struct Bban {
    kinds: [u8; BBAN_MAX],
    len: usize,
}

/// A country's structure, by the index of its two letters.
static STRUCTURES: LazyLock<[Bban; 26 * 26]> = LazyLock::new(|| {
    let mut all = [Bban { kinds: [0; BBAN_MAX], len: 0 }; 26 * 26];
    for (country, structure) in COUNTRIES {
        if let Some(index) = letters_index(country.as_bytes()) {
            all[index] = spread(structure);
        }
    }
    all
});

/// `8n12c` as one kind for each place.
fn spread(structure: &str) -> Bban {
    let mut bban = Bban { kinds: [0; BBAN_MAX], len: 0 };
    let mut count = 0;
    for byte in structure.bytes() {
        if byte.is_ascii_digit() {
            count = count * 10 + usize::from(byte - b'0');
        } else {
            for _ in 0..count {
                bban.kinds[bban.len] = byte;
                bban.len += 1;
            }
            count = 0;
        }
    }
    bban
}

fn iban(value: &Value<'_>, steps: &mut Steps<impl Ear>) -> bool {
    let Some(text) = steps.letters_between(value, 15, 4 + BBAN_MAX) else { return false };
    let Some(bban) = letters_index(&text[..2]).map(|index| &STRUCTURES[index]).filter(|bban| bban.len > 0) else {
        return steps.require("the country is in the registry", false);
    };
    let (head, body) = text.split_at(4);
    let fits = |(&kind, &byte): (&u8, &u8)| match kind {
        b'n' => byte.is_ascii_digit(),
        b'a' => byte.is_ascii_uppercase(),
        _ => true,
    };
    steps.note(|| format!("structure of {}: {}", shown(&head[..2]), shown(&bban.kinds[..bban.len])));
    steps.expect("length", 4 + bban.len, text.len())
        && steps.require("digits and letters in their places", bban.kinds.iter().zip(body).all(fits))
        && steps.require("check digits 02 to 98", head[2..].iter().all(u8::is_ascii_digit) && in_use(&head[2..]))
        && steps.expect("remainder modulo 97 of account, country and check digits", 1, mod97(body, head))
}

/// ISO 13616 computes check digits from 02 to 98: 00, 01 and 99 have the same remainders as 97, 98 and 02.
fn in_use(check: &[u8]) -> bool {
    !matches!(check, b"00" | b"01" | b"99")
}

fn bic(value: &Value<'_>, steps: &mut Steps<impl Ear>) -> bool {
    let Some(text) = steps.letters_between(value, 8, 11) else { return false };
    steps.require("8 or 11 characters", matches!(text.len(), 8 | 11))
        && steps.require("four letters", text[..4].iter().all(u8::is_ascii_uppercase))
        && steps.require("a country of ISO 3166", is_country(&text[4..6]))
}

#[cfg(test)]
mod tests {
    use crate::rule::validate::tests::{accepts, refuses};

    #[test]
    fn registry_examples() {
        accepts(
            "iban",
            &[
                "GB29 NWBK 6016 1331 9268 19",
                "DE89 3704 0044 0532 0130 00",
                "FR14 2004 1010 0505 0001 3M02 606",
                "NL91 ABNA 0417 1643 00",
                "NO93 8601 1117 947",
                "MT84MALT011000012345MTLCAST001S",
                "BR1800360305000010009795493C1",
                "LC55HEMM000100010012001200023015",
                "RU0304452522540817810538091310419",
                "gb29nwbk60161331926819",
            ],
        );
        refuses(
            "iban",
            &[
                "GB29 NWBK 6016 1331 9268 18",
                "GB92 NWBK 6016 1331 9268 19",
                "GB29 NWBK 6016 1331 9268 1",
                "DE89 3704 0044 0532 0130 0A",
                "ZZ89 3704 0044 0532 0130 00",
                "DE98 3704 0044 0532 0130 00",
                "",
                "DE",
                "1234567890123456",
            ],
        );
    }

    #[test]
    fn business_identifiers() {
        accepts("bic-country", &["DEUTDEFF", "DEUTDEFF500", "NEDSZAJJXXX", "PCBKXKPR"]);
        refuses("bic-country", &["DEUTZZFF", "DEUTDEFF5", "D3UTDEFF", "ABSTRACT", "DEUT"]);
    }
}
