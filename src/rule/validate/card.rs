//! `card-iin`: a payment card number begins in a network's range and has one of that network's lengths.
//!
//! It does not look at the check digit: a rule names `luhn` beside it, since a few UnionPay cards have none.

use super::params::Params;
use super::steps::{Ear, Scheme, Steps, Value, ready};
use super::{Row, Table};

const PARAMS: &[(&str, &str)] = &[(
    "brands",
    "list of networks, default all: amex, diners, discover, dankort, elo, hipercard, jcb, maestro, mastercard, mir, rupay, troy, \
     uatp, unionpay, verve, visa",
)];

pub(super) const ROWS: &[Row] = &[Row {
    name: "card-iin",
    what: "The first digits are a card network's, and the length is one that network issues.",
    source: "ISO/IEC 7812-1; ranges as the networks publish them to merchants and acquirers",
    version: 1,
    params: PARAMS,
    build,
}];

/// A network's range of first digits: both ends have the same number of digits.
struct Range {
    brand: &'static str,
    first: u32,
    last: u32,
    digits: usize,
    lengths: &'static [usize],
}

const fn range(brand: &'static str, first: u32, last: u32, digits: usize, lengths: &'static [usize]) -> Range {
    Range { brand, first, last, digits, lengths }
}

const FROM_12: &[usize] = &[12, 13, 14, 15, 16, 17, 18, 19];
const FROM_14: &[usize] = &[14, 15, 16, 17, 18, 19];
const FROM_16: &[usize] = &[16, 17, 18, 19];

/// Sorted by nothing but kinship: the first digit of each range picks the few that are tried.
const RANGES: &[Range] = &[
    range("visa", 4, 4, 1, &[13, 16, 19]),
    range("mastercard", 51, 55, 2, &[16]),
    range("mastercard", 2221, 2720, 4, &[16]),
    range("amex", 34, 34, 2, &[15]),
    range("amex", 37, 37, 2, &[15]),
    range("discover", 6011, 6011, 4, FROM_16),
    range("discover", 644, 649, 3, FROM_16),
    range("discover", 65, 65, 2, FROM_16),
    range("discover", 622_126, 622_925, 6, FROM_16),
    range("jcb", 3528, 3589, 4, FROM_16),
    range("diners", 300, 305, 3, FROM_14),
    range("diners", 3095, 3095, 4, FROM_14),
    range("diners", 36, 36, 2, FROM_14),
    range("diners", 38, 39, 2, FROM_14),
    range("unionpay", 62, 62, 2, FROM_16),
    range("unionpay", 81, 81, 2, FROM_16),
    range("rupay", 60, 60, 2, &[16]),
    range("rupay", 65, 65, 2, &[16]),
    range("rupay", 81, 82, 2, &[16]),
    range("rupay", 508, 508, 3, &[16]),
    range("rupay", 353, 353, 3, &[16]),
    range("rupay", 356, 356, 3, &[16]),
    range("mir", 2200, 2204, 4, FROM_16),
    range("maestro", 50, 50, 2, FROM_12),
    range("maestro", 56, 58, 2, FROM_12),
    range("maestro", 6304, 6304, 4, FROM_12),
    range("maestro", 6390, 6390, 4, FROM_12),
    range("maestro", 67, 67, 2, FROM_12),
    range("verve", 506_099, 506_198, 6, &[16, 18, 19]),
    range("verve", 507_865, 507_964, 6, &[16, 18, 19]),
    range("verve", 650_002, 650_027, 6, &[16, 18, 19]),
    range("dankort", 5019, 5019, 4, &[16]),
    range("dankort", 4571, 4571, 4, &[16]),
    range("troy", 9792, 9792, 4, &[16]),
    range("troy", 65, 65, 2, &[16]),
    range("uatp", 1, 1, 1, &[15]),
    range("hipercard", 606_282, 606_282, 6, &[16]),
    range("hipercard", 384_100, 384_100, 6, &[16]),
    range("hipercard", 384_140, 384_140, 6, &[16]),
    range("hipercard", 384_160, 384_160, 6, &[16]),
    range("elo", 506_699, 506_778, 6, &[16]),
    range("elo", 509_000, 509_999, 6, &[16]),
    range("elo", 636_297, 636_297, 6, &[16]),
    range("elo", 636_368, 636_368, 6, &[16]),
    range("elo", 650_031, 650_051, 6, &[16]),
    range("elo", 655_000, 655_058, 6, &[16]),
];

/// The ranges of the chosen brands, by first digit.
struct CardIin {
    by_first_digit: [Vec<&'static Range>; 10],
}

fn build(table: &Table) -> Result<std::sync::Arc<dyn super::Validate>, String> {
    let params = Params::of("card-iin", PARAMS, table)?;
    let known = |value: &toml::Value| {
        let brand = value.as_str()?;
        RANGES.iter().find(|range| range.brand == brand).map(|range| range.brand)
    };
    let brands = params.list("brands", "known networks", known)?;
    let wanted = |range: &&Range| brands.as_ref().is_none_or(|brands| brands.contains(&range.brand));
    let by_first_digit = std::array::from_fn(|digit| {
        let begins = |range: &&Range| leading(range.first, range.digits - 1).is_ok_and(|first| first == digit);
        RANGES.iter().filter(wanted).filter(begins).collect()
    });
    ready(CardIin { by_first_digit })
}

/// What is left of a number when its last `dropped` digits go.
fn leading(number: u32, dropped: usize) -> Result<usize, std::num::TryFromIntError> {
    usize::try_from((0..dropped).fold(number, |number, _| number / 10))
}

impl Scheme for CardIin {
    fn judge(&self, value: &Value<'_>, steps: &mut Steps<impl Ear>) -> bool {
        let Some(digits) = steps.digits_between(value, 12, 19) else { return false };
        let mut heads = [0_u32; 7];
        for at in 0..6 {
            heads[at + 1] = heads[at] * 10 + u32::from(digits[at]);
        }
        for range in &self.by_first_digit[usize::from(digits[0])] {
            if (range.first..=range.last).contains(&heads[range.digits]) {
                let fits = range.lengths.contains(&digits.len());
                steps.note(|| format!("range {}-{} of {}", range.first, range.last, range.brand));
                if steps.require("a length of that network", fits) {
                    return true;
                }
            }
        }
        steps.note(|| "no more ranges of the wanted networks".to_owned());
        false
    }
}

#[cfg(test)]
mod tests {
    use crate::rule::validate::tests::{accepts, refuses};

    #[test]
    fn networks() {
        accepts(
            "card-iin",
            &[
                "4111 1111 1111 1111",
                "4222222222222",
                "5555-5555-5555-4444",
                "2223003122003222",
                "378282246310005",
                "6011111111111117",
                "3530111333300000",
                "30569309025904",
                "38520000023237",
                "36227206271667",
                "6200000000000005",
                "2200 1234 5678 9019",
                "6759649826438453",
            ],
        );
        refuses(
            "card-iin",
            &[
                "0000000000000000",
                "1234567890123456",
                "9999999999999995",
                "41111111111111",
                "3782822463100055",
                "2721000000000004",
                "411111111111111111111",
                "",
                "41111",
            ],
        );
        refuses("card-iin{brands=['visa', 'amex']}", &["5555-5555-5555-4444"]);
        accepts("card-iin{brands=['visa', 'amex']}", &["4111 1111 1111 1111", "378282246310005"]);
    }

    #[test]
    fn unknown_networks_are_refused() {
        let row = crate::rule::validate::lookup("card-iin").unwrap();
        let error = (row.build)(&toml::from_str("brands = ['visa', 'vise']").unwrap()).err().unwrap();
        assert!(error.contains("`brands`") && error.contains("mastercard"), "{error}");
    }
}
