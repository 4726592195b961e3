//! Numbers of people in western and southern Europe: Germany, France, Italy, Spain.

use super::Row;
use super::calendar::{exists_in_some_century, two};
use super::iso7064::mod11_10;
use super::steps::{Ear, Steps, Value, number, numerals, plain};

pub(super) const ROWS: &[Row] = &[
    plain!(
        "de-idnr",
        "ISO 7064 mod 11,10, and one digit of the first ten stands there twice or thrice, all others once at most.",
        "Bundeszentralamt fuer Steuern, Steueridentifikationsnummer; section 139b Abgabenordnung; KoSIT pruefziffern",
        idnr
    ),
    plain!(
        "es-dni-nie",
        "The letter is the number's remainder modulo 23.",
        "Ministerio del Interior, calculo del digito de control del NIF-NIE",
        dni_nie
    ),
    plain!(
        "fr-nir",
        "The key is 97 less the number modulo 97; sex, month and department exist.",
        "INSEE, numero d'inscription au repertoire; decret 82-103",
        nir
    ),
    plain!(
        "it-cf",
        "The last letter is right, and the birth date exists, also where letters stand for digits.",
        "Decreto Ministero delle Finanze 23 dicembre 1976 (Gazzetta Ufficiale 345)",
        codice_fiscale
    ),
];

fn idnr(value: &Value<'_>, steps: &mut Steps<impl Ear>) -> bool {
    let Some(digits) = steps.digits::<11>(value) else { return false };
    let mut counts = [0_u8; 10];
    for digit in &digits[..10] {
        counts[usize::from(*digit)] += 1;
    }
    let most = counts.iter().copied().max().unwrap_or(0);
    let repeated = counts.iter().filter(|&&count| count > 1).count();
    let in_a_row = digits[..10].windows(3).any(|run| run[0] == run[1] && run[1] == run[2]);
    steps.require("first digit is not 0", digits[0] != 0)
        && steps.require("exactly one digit comes twice or thrice", repeated == 1 && most <= 3)
        && steps.require("never thrice in a row", !in_a_row)
        && steps.expect("ISO 7064 mod 11,10", 1, mod11_10(&digits))
}

pub(super) fn dni_nie(value: &Value<'_>, steps: &mut Steps<impl Ear>) -> bool {
    let Some(mut text) = steps.letters::<9>(value) else { return false };
    text[0] = match text[0] {
        b'X' => b'0',
        b'Y' => b'1',
        b'Z' => b'2',
        digit => digit,
    };
    let Some(digits) = numerals::<8>(&text[..8]) else {
        return steps.require("eight digits, or X, Y or Z and seven", false);
    };
    let remainder = number(&digits) % 23;
    steps.note(|| format!("{} modulo 23 is {remainder}", number(&digits)));
    let expected = b"TRWAGMYFPDXBNJZSQVHLCKE"[usize::try_from(remainder).unwrap_or(0)];
    steps.expect("check letter", char::from(expected), char::from(text[8]))
}

fn nir(value: &Value<'_>, steps: &mut Steps<impl Ear>) -> bool {
    let Some(mut text) = steps.letters::<15>(value) else { return false };
    // Corsica's departments 2A and 2B count as 19 and 18.
    let corsica = match &text[5..7] {
        b"2A" => Some(*b"19"),
        b"2B" => Some(*b"18"),
        _ => None,
    };
    if let Some(counted) = corsica {
        text[5..7].copy_from_slice(&counted);
        steps.note(|| format!("Corsica counts as {}", super::steps::shown(&counted)));
    }
    let Some(digits) = numerals::<15>(&text) else { return steps.require("digits, or 2A or 2B", false) };
    let month = two(&digits, 3);
    let place = two(&digits, 5) * 10 + u32::from(digits[7]);
    let key = 97 - number(&digits[..13]) % 97;
    // Months 20, 30 to 42 and 50 to 99 stand for an unknown one; department 96 was Algeria until 1962.
    steps.require("sex is 1 to 4, 7 or 8", [1, 2, 3, 4, 7, 8].contains(&digits[0]))
        && steps.require("month exists or stands for unknown", matches!(month, 1..=12 | 20 | 30..=42 | 50..=99))
        && steps.require("department exists", place >= 10)
        && steps.require("commune and order are not 0", number(&digits[7..10]) != 0 && number(&digits[10..13]) != 0)
        && steps.expect("key", key, number(&digits[13..]))
}

/// What a letter or digit counts in odd places: 0 to 9 as A to J.
const ODD: [u8; 26] = [1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 2, 4, 18, 20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25, 24, 23];

/// The digit that a letter replaces when two people would have the same code.
fn omocodia(byte: u8) -> Option<u8> {
    match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        _ => b"LMNPQRSTUV".iter().position(|&letter| letter == byte).and_then(|digit| u8::try_from(digit).ok()),
    }
}

fn codice_fiscale(value: &Value<'_>, steps: &mut Steps<impl Ear>) -> bool {
    let Some(text) = steps.letters::<16>(value) else { return false };
    let mut digits = [0; 7];
    for (digit, at) in digits.iter_mut().zip([6, 7, 9, 10, 12, 13, 14]) {
        let Some(found) = omocodia(text[at]) else {
            return steps.require("digits, or the letters that replace them", false);
        };
        *digit = found;
    }
    let letters = [0, 1, 2, 3, 4, 5, 8, 11, 15].iter().all(|&at| text[at].is_ascii_uppercase());
    let month = b"ABCDEHLMPRST".iter().position(|&letter| letter == text[8]).map_or(0, |at| at + 1);
    let (year, day) = (two(&digits, 0), two(&digits, 2));
    let day = if day > 40 { day - 40 } else { day };
    if !(steps.require("letters in their places", letters)
        && steps.require("birth date exists", exists_in_some_century(year, u32::try_from(month).unwrap_or(0), day)))
    {
        return false;
    }
    let mut sum = 0;
    for (at, &byte) in text[..15].iter().enumerate() {
        let counted = if byte.is_ascii_digit() { byte - b'0' } else { byte - b'A' };
        sum += u32::from(if at % 2 == 0 { ODD[usize::from(counted)] } else { counted });
    }
    steps.note(|| format!("sum {sum}, modulo 26 is {}", sum % 26));
    let expected = b'A' + u8::try_from(sum % 26).unwrap_or(0);
    steps.expect("check letter", char::from(expected), char::from(text[15]))
}

#[cfg(test)]
mod tests {
    use crate::rule::validate::tests::{accepts, refuses};

    #[test]
    fn germany() {
        accepts("de-idnr", &["36 574 261 809", "86095742719", "65929970489"]);
        refuses("de-idnr", &["36 574 261 808", "36554266806", "36 574 216 809", "06574261809", "3657426180"]);
    }

    #[test]
    fn spain() {
        accepts("es-dni-nie", &["54362315K", "54362315-k", "X-2482300W", "00000000T", "12345678Z"]);
        refuses("es-dni-nie", &["54362315Z", "X2482300A", "54362351K", "A2482300W", "5436231K"]);
    }

    #[test]
    fn france() {
        accepts("fr-nir", &["2 95 10 99 126 111 93", "253072B07300470", "253072A07300443", "1 85 05 78 006 084 91"]);
        refuses(
            "fr-nir",
            &["295109912611199", "253072B07300443", "253072C07300443", "5 95 10 99 126 111 93", "29510991261119"],
        );
    }

    #[test]
    fn italy() {
        accepts("it-cf", &["RCCMNL83S18D969H", "MRTMTT25D09F205Z"]);
        refuses(
            "it-cf",
            &["RCCMNL83S18D967H", "RCCMNL83S18D969", "RCCMNL83B30D969H", "RCCMNL83S18D969I", "MRTMTT91D08F205K"],
        );
    }
}
