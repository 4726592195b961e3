//! The check character systems of ISO 7064, for values that end in their check characters.

use super::Row;
use super::steps::{Ear, LETTERS_MAX, Steps, Value, base36, plain};

pub(super) const ROWS: &[Row] = &[
    plain!("mod11-10", "Digits under ISO 7064 mod 11,10; the last is the check digit.", ISO, mod11_10_row),
    plain!("mod11-2", "Digits under ISO 7064 mod 11-2; the last is a digit or X.", ISO, mod11_2_row),
    plain!("mod37-2", "Letters and digits under ISO 7064 mod 37-2; the last may also be *.", ISO, mod37_2),
    plain!("mod37-36", "Letters and digits under ISO 7064 mod 37,36; the last is the check character.", ISO, mod37_36),
    plain!("mod97-10", "Letters and digits under ISO 7064 mod 97-10; the last two are check digits.", ISO, mod97_10),
];

const ISO: &str = "ISO/IEC 7064:2003";

/// The remainder modulo 97 of two texts after one another, letters as 10 to 35.
#[inline]
pub(super) fn mod97(first: &[u8], then: &[u8]) -> u32 {
    first.iter().chain(then).fold(0, |remainder, &byte| {
        let counted = u32::from(base36(byte).unwrap_or(0));
        (remainder * if counted < 10 { 10 } else { 100 } + counted) % 97
    })
}

/// The hybrid system mod 11,10: 1 is right.
#[inline]
pub(super) fn mod11_10(digits: &[u8]) -> u32 {
    hybrid(digits, 10)
}

/// The hybrid systems mod N+1,N: 1 is right.
fn hybrid(values: &[u8], modulus: u32) -> u32 {
    let Some((last, body)) = values.split_last() else { return 0 };
    let product = body.iter().fold(modulus, |product, &value| {
        let sum = (product + u32::from(value)) % modulus;
        (if sum == 0 { modulus } else { sum }) * 2 % (modulus + 1)
    });
    (product + u32::from(*last)) % modulus
}

/// The pure systems mod M-2: 1 is right.
pub(super) fn pure(values: &[u8], modulus: u32) -> u32 {
    values.iter().fold(0, |sum, &value| (sum * 2 + u32::from(value)) % modulus)
}

fn mod97_10(value: &Value<'_>, steps: &mut Steps<impl Ear>) -> bool {
    let Some(text) = steps.letters_between(value, 3, LETTERS_MAX) else { return false };
    steps.require("two check digits", text[text.len() - 2..].iter().all(u8::is_ascii_digit))
        && steps.expect("remainder modulo 97", 1, mod97(text, &[]))
}

fn mod11_10_row(value: &Value<'_>, steps: &mut Steps<impl Ear>) -> bool {
    let Some(digits) = steps.digits_between(value, 2, LETTERS_MAX) else { return false };
    steps.expect("remainder of mod 11,10", 1, mod11_10(digits))
}

fn mod11_2_row(value: &Value<'_>, steps: &mut Steps<impl Ear>) -> bool {
    let Some(text) = steps.letters_between(value, 2, LETTERS_MAX) else { return false };
    let mut values = [0; LETTERS_MAX];
    let last = text.len() - 1;
    for (at, &byte) in text.iter().enumerate() {
        values[at] = match byte {
            b'0'..=b'9' => byte - b'0',
            b'X' if at == last => 10,
            _ => return steps.require("digits, and X only at the end", false),
        };
    }
    steps.expect("remainder modulo 11", 1, pure(&values[..=last], 11))
}

fn mod37_2(value: &Value<'_>, steps: &mut Steps<impl Ear>) -> bool {
    let starred = value.trim_end().ends_with('*');
    if value.matches('*').count() > usize::from(starred) {
        return steps.require("a star only at the end", false);
    }
    let Some(text) = steps.letters_between(value, if starred { 1 } else { 2 }, LETTERS_MAX - 1) else { return false };
    let mut values = [0; LETTERS_MAX];
    let len = spread(text, &mut values);
    values[len] = 36;
    let values = if starred { &values[..=len] } else { &values[..len] };
    steps.expect("remainder modulo 37", 1, pure(values, 37))
}

fn mod37_36(value: &Value<'_>, steps: &mut Steps<impl Ear>) -> bool {
    let Some(text) = steps.letters_between(value, 2, LETTERS_MAX) else { return false };
    let mut values = [0; LETTERS_MAX];
    let len = spread(text, &mut values);
    steps.expect("remainder of mod 37,36", 1, hybrid(&values[..len], 36))
}

/// Letters and digits as 0 to 35; returns how many.
fn spread(text: &[u8], values: &mut [u8; LETTERS_MAX]) -> usize {
    for (value, &byte) in values.iter_mut().zip(text) {
        *value = base36(byte).unwrap_or(0);
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use crate::rule::validate::tests::{accepts, refuses};

    #[test]
    fn systems() {
        accepts("mod97-10", &["794 44", "5493001KJTIIGC8Y1R12"]);
        refuses("mod97-10", &["794 45", "974 44", "5493001KJTIIGC8Y1R21", "9", "AB"]);
        accepts("mod11-10", &["794623", "7946-23"]);
        refuses("mod11-10", &["794632", "794624", "X", ""]);
        accepts("mod11-2", &["0794 0", "079 X", "0000-0002-1825-0097", "0000-0002-1694-233X"]);
        refuses("mod11-2", &["0794 1", "0000-0002-1825-0079", "0X940", "0000-0002-1694-2330"]);
        accepts("mod37-2", &["G1234 89654321 Y"]);
        refuses("mod37-2", &["G123489654321Z", "G123498654321Y", "G123489654321*", "G12348*9654321Y", "A", "*"]);
        accepts("mod37-36", &["A12425GABC1234002M"]);
        refuses("mod37-36", &["A12425GABC1234002N", "A12425GABC1230402M", ""]);
    }
}
