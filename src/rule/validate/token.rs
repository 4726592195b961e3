//! How random a text looks: entropy, kinds of characters, base64 of a given length, number of digits.
//!
//! These see the value as it is: separators count.

use std::sync::LazyLock;

use super::params::Params;
use super::steps::{Ear, Scheme, Steps, Value, ready};
use super::{Row, Table};

const BASE64: &[(&str, &str)] =
    &[("bytes", "exact length once decoded, 1 to 65536"), ("min_bytes", "shortest length once decoded, default 1")];
const CHAR_CLASSES: &[(&str, &str)] = &[("min", "how many of lower case, upper case, digit and other, 1 to 4")];
const DIGITS: &[(&str, &str)] =
    &[("min", "fewest ASCII digits, default 0"), ("max", "most ASCII digits, default no bound")];
const ENTROPY: &[(&str, &str)] =
    &[("min", "bits for each character, at least; 0 to 8"), ("above", "in place of `min`: more than these")];

pub(super) const ROWS: &[Row] = &[
    Row {
        name: "base64",
        what: "Base64 (either alphabet, padded or not) of the wanted length.",
        source: "RFC 4648 sections 4 and 5",
        version: 1,
        params: BASE64,
        build: |table| {
            let params = Params::of("base64", BASE64, table)?;
            let bytes = params.count("bytes", 1, 65_536)?;
            ready(Base64 { bytes, min_bytes: params.count("min_bytes", 1, 65_536)?.unwrap_or(1) })
        },
    },
    Row {
        name: "char-classes",
        what: "Characters of enough kinds: lower case, upper case, digit, other.",
        source: "the usual rule for passwords, as in Microsoft's password must meet complexity requirements",
        version: 1,
        params: CHAR_CLASSES,
        build: |table| {
            let params = Params::of("char-classes", CHAR_CLASSES, table)?;
            let min = params.count("min", 1, 4)?.ok_or_else(|| params.wrong("min", "is missing"))?;
            ready(CharClasses { min })
        },
    },
    Row {
        name: "digits",
        what: "As many ASCII digits as wanted.",
        source: "counting",
        version: 1,
        params: DIGITS,
        build: |table| {
            let params = Params::of("digits", DIGITS, table)?;
            let max = params.count("max", 0, 1_000_000)?.unwrap_or(usize::MAX);
            ready(Digits { min: params.count("min", 0, 1_000_000)?.unwrap_or(0), max })
        },
    },
    Row {
        name: "entropy",
        what: "Shannon entropy of the bytes, in bits for each.",
        source: "C. E. Shannon, A Mathematical Theory of Communication (1948), section 6",
        version: 1,
        params: ENTROPY,
        build: entropy,
    },
];

fn entropy(table: &Table) -> Result<std::sync::Arc<dyn super::Validate>, String> {
    let params = Params::of("entropy", ENTROPY, table)?;
    let above = table.contains_key("above");
    let name = if above { "above" } else { "min" };
    if above && table.contains_key("min") {
        return Err(params.wrong("above", "stands beside `min`"));
    }
    let min = params.amount(name)?;
    if min > 8.0 { Err(params.wrong(name, "must be at most 8")) } else { ready(Entropy { min, above }) }
}

struct Entropy {
    min: f64,
    /// Just as many are too few.
    above: bool,
}

/// What a count adds to the sum of `c * log2(c)` when it grows to its index; for the counts that texts usually have.
static GROWTH: LazyLock<[f64; 256]> =
    LazyLock::new(|| std::array::from_fn(|count| u32::try_from(count).map_or(0.0, growth)));

/// `c * log2(c)` less the same of `c - 1`.
fn growth(count: u32) -> f64 {
    let term = |count: u32| if count > 1 { f64::from(count) * f64::from(count).log2() } else { 0.0 };
    term(count) - term(count.saturating_sub(1))
}

/// What rounding may take from a sum of logarithms.
const ROUNDING: f64 = 1e-9;

impl Scheme for Entropy {
    fn judge(&self, value: &Value<'_>, steps: &mut Steps<impl Ear>) -> bool {
        let growths = &*GROWTH;
        let mut counts = [0_u32; 256];
        let mut total = 0_u32;
        // H = log2(n) - sum(c * log2(c)) / n, in one pass.
        let mut repeated = 0.0;
        for byte in value.bytes() {
            let count = &mut counts[usize::from(byte)];
            *count = count.saturating_add(1);
            total = total.saturating_add(1);
            repeated +=
                usize::try_from(*count).ok().and_then(|at| growths.get(at)).copied().unwrap_or_else(|| growth(*count));
        }
        let bits = if total == 0 { 0.0 } else { f64::from(total).log2() - repeated / f64::from(total) };
        steps.note(|| {
            format!(
                "{bits:.3} bits for each of {total} bytes, wanted {} {}",
                if self.above { "more than" } else { "at least" },
                self.min
            )
        });
        if self.above { bits - ROUNDING > self.min } else { bits + ROUNDING >= self.min }
    }
}

struct CharClasses {
    min: usize,
}

impl Scheme for CharClasses {
    fn judge(&self, value: &Value<'_>, steps: &mut Steps<impl Ear>) -> bool {
        let mut seen = [false; 4];
        for letter in value.chars() {
            seen[match letter {
                letter if letter.is_lowercase() => 0,
                letter if letter.is_uppercase() => 1,
                letter if letter.is_numeric() => 2,
                _ => 3,
            }] = true;
        }
        let found = seen.iter().filter(|seen| **seen).count();
        steps.note(|| format!("{found} kinds of characters, wanted at least {}", self.min));
        found >= self.min
    }
}

struct Digits {
    min: usize,
    max: usize,
}

impl Scheme for Digits {
    fn judge(&self, value: &Value<'_>, steps: &mut Steps<impl Ear>) -> bool {
        let found = value.numerals().map_or_else(|| value.bytes().filter(u8::is_ascii_digit).count(), <[u8]>::len);
        steps.note(|| format!("{found} digits, wanted {} to {}", self.min, self.max));
        (self.min..=self.max).contains(&found)
    }
}

struct Base64 {
    bytes: Option<usize>,
    min_bytes: usize,
}

impl Scheme for Base64 {
    fn judge(&self, value: &Value<'_>, steps: &mut Steps<impl Ear>) -> bool {
        let Some(len) = decoded_len(value) else { return steps.require("base64", false) };
        steps.note(|| format!("{len} bytes once decoded"));
        steps.require("the wanted length", self.bytes.is_none_or(|bytes| bytes == len) && len >= self.min_bytes)
    }
}

/// The six bits that a letter of either alphabet stands for.
#[inline]
pub(super) fn sextet(byte: u8) -> Option<u8> {
    match byte {
        b'A'..=b'Z' => Some(byte - b'A'),
        b'a'..=b'z' => Some(byte - b'a' + 26),
        b'0'..=b'9' => Some(byte - b'0' + 52),
        b'+' | b'-' => Some(62),
        b'/' | b'_' => Some(63),
        _ => None,
    }
}

/// How many bytes base64 text holds, without decoding; `None` when it is not base64 or its padding is wrong.
pub(super) fn decoded_len(value: &str) -> Option<usize> {
    let body = value.trim_end_matches('=');
    let padding = value.len() - body.len();
    let right = match body.len() % 4 {
        0 => padding == 0,
        2 => padding == 0 || padding == 2,
        3 => padding == 0 || padding == 1,
        _ => false,
    };
    (right && body.bytes().all(|byte| sextet(byte).is_some())).then_some(body.len() * 3 / 4)
}

/// Decodes base64 (either alphabet, padding optional) into a buffer; `None` when it is not base64 or does not fit.
pub(super) fn decode<'a>(value: &str, into: &'a mut [u8]) -> Option<&'a [u8]> {
    let len = decoded_len(value)?;
    let out = into.get_mut(..len)?;
    let mut bits = 0_u32;
    let mut held = 0;
    let mut at = 0;
    for byte in value.trim_end_matches('=').bytes() {
        bits = bits << 6 | u32::from(sextet(byte)?);
        held += 6;
        if held >= 8 {
            held -= 8;
            out[at] = (bits >> held & 0xFF).to_le_bytes()[0];
            at += 1;
        }
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::decode;
    use crate::rule::validate::tests::{accepts, refuses};

    #[test]
    fn bits() {
        accepts("entropy{min=2}", &["abcd", "abcdabcd"]);
        refuses("entropy{min=2}", &["abca", "aaaa", ""]);
        accepts("entropy{min=1}", &["abab", &"ab".repeat(500), &"abc".repeat(333)]);
        refuses("entropy{min=1.01}", &["abab", &"ab".repeat(500)]);
        accepts("entropy{min=3.5}", &["9f8e7d6c5b4a3210"]);
        accepts("entropy{min=0}", &["", "a"]);
    }

    #[test]
    fn kinds() {
        accepts("char-classes{min=3}", &["aB3", "Straße9", "a B"]);
        refuses("char-classes{min=3}", &["aB", "abc1", "", "ééé1"]);
    }

    #[test]
    fn counts() {
        accepts("digits{min=2, max=3}", &["a1b2", "123"]);
        refuses("digits{min=2, max=3}", &["1", "1234", ""]);
    }

    #[test]
    fn base64_lengths() {
        accepts("base64{bytes=4}", &["AAAAAA==", "AAAAAA", "-_+/AA=="]);
        refuses("base64{bytes=4}", &["AAAAAA=", "AAAAA", "AAAA", "AAAAAA===", "AAA AA==", "é"]);
        accepts("base64{min_bytes=3}", &["AAAA", "AAAAAAAA"]);
        refuses("base64{min_bytes=3}", &["AAA=", ""]);
    }

    #[test]
    fn decoding() {
        let mut buffer = [0; 16];
        assert_eq!(decode("Zm9vYmFy", &mut buffer), Some(&b"foobar"[..]));
        assert_eq!(decode("Zm9vYmE=", &mut buffer), Some(&b"fooba"[..]));
        assert_eq!(decode("Zm9vYg", &mut buffer), Some(&b"foob"[..]));
        assert_eq!(decode("Zm9vYmFyZm9vYmFyZm9vYmFy", &mut buffer), None);
    }
}
