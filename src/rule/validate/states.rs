//! Numbers of people and banks in the United States.

use super::Row;
use super::params::Params;
use super::state_licences::{Kind, SHAPES, Shape};
use super::steps::{Ear, Scheme, Steps, Value, number, plain, ready};

const DL_PARAMS: &[(&str, &str)] =
    &[("soundex", "true to demand a possible Soundex code in FL, IL, MD, MI, MN and WI, default false")];

pub(super) const ROWS: &[Row] = &[
    plain!(
        "us-aba",
        "Weights 3, 7, 1 modulo 10, and the first two digits are in a range in use.",
        "American Bankers Association, Routing Number Policy; Federal Reserve Operating Circular 4",
        aba
    ),
    Row {
        name: "us-dl",
        what: "Letters and digits stand as in the driver's licence number of at least one state.",
        source: "the states' motor vehicle agencies, as collected for AAMVA's Driver License Data Verification",
        version: 1,
        params: DL_PARAMS,
        build: |table| {
            let params = Params::of("us-dl", DL_PARAMS, table)?;
            ready(Licence { soundex: params.switch("soundex", false)? })
        },
    },
    plain!(
        "us-itin",
        "Begins with 9, and the middle digits are in a range the IRS issues.",
        "IRS Publication 1915; Internal Revenue Manual 3.21.263",
        itin
    ),
    plain!(
        "us-ssn",
        "Area, group and serial can have been issued, and it is no number that was printed in advertisements.",
        "Social Security Administration, POMS RM 10201.035; randomization of 2011",
        ssn
    ),
];

fn aba(value: &Value<'_>, steps: &mut Steps<impl Ear>) -> bool {
    let Some(digits) = steps.digits::<9>(value) else { return false };
    let head = number(&digits[..2]);
    let sum = steps.sum(&digits, &[3, 7, 1, 3, 7, 1, 3, 7, 1]);
    steps.require("first two digits in use", matches!(head, 0..=12 | 21..=32 | 61..=72 | 80))
        && steps.require("not all zeros", digits != [0; 9])
        && steps.expect("sum modulo 10", 0, sum % 10)
}

/// Numbers printed on wallet cards and in advertisements, and withdrawn by the SSA.
const SSN_PRINTED: [u64; 3] = [78_051_120, 219_099_999, 457_555_462];

fn ssn(value: &Value<'_>, steps: &mut Steps<impl Ear>) -> bool {
    let Some(digits) = steps.digits::<9>(value) else { return false };
    let area = number(&digits[..3]);
    steps.require("area 001 to 899 but 666", (1..900).contains(&area) && area != 666)
        && steps.require("group is not 00", number(&digits[3..5]) != 0)
        && steps.require("serial is not 0000", number(&digits[5..]) != 0)
        && steps.require("not a printed sample", !SSN_PRINTED.contains(&number(&digits)))
}

fn itin(value: &Value<'_>, steps: &mut Steps<impl Ear>) -> bool {
    let Some(digits) = steps.digits::<9>(value) else { return false };
    let group = number(&digits[3..5]);
    steps.require("first digit is 9", digits[0] == 9)
        && steps.require("group 50-65, 70-88, 90-92 or 94-99", matches!(group, 50..=65 | 70..=88 | 90..=92 | 94..=99))
}

struct Licence {
    soundex: bool,
}

/// Letters and digits alternate in at most this many runs.
const RUNS_MAX: usize = 6;

impl Scheme for Licence {
    fn judge(&self, value: &Value<'_>, steps: &mut Steps<impl Ear>) -> bool {
        let Some(text) = steps.letters_between(value, 1, 20) else { return false };
        if text.len() == 12 && text.starts_with(b"WDL") {
            steps.note(|| "the shape of WA since 2018".to_owned());
            return true;
        }
        let mut runs = [(Kind::Digits, 0_u8); RUNS_MAX];
        let mut count = 0;
        for byte in text.iter() {
            let kind = if byte.is_ascii_digit() { Kind::Digits } else { Kind::Letters };
            if count == 0 || runs[count - 1].0 != kind {
                if count == RUNS_MAX {
                    return steps.require("few enough changes between letters and digits", false);
                }
                runs[count].0 = kind;
                count += 1;
            }
            runs[count - 1].1 += 1;
        }
        let fits = |shape: &&Shape| {
            shape.runs.len() == count
                && shape
                    .runs
                    .iter()
                    .zip(&runs)
                    .all(|(&(kind, min, max), &(found, len))| kind == found && (min..=max).contains(&len))
                && !(self.soundex && shape.soundex && !is_soundex(&text[1..4]))
        };
        match SHAPES.iter().find(fits) {
            Some(shape) => {
                steps.note(|| format!("the shape of {}", shape.state));
                true
            }
            None => steps.require("the shape of some state", false),
        }
    }
}

/// Three digits 0 to 6 with zeros only at the end, as Soundex makes them of a surname.
fn is_soundex(code: &[u8]) -> bool {
    code.iter().all(|digit| (b'0'..=b'6').contains(digit))
        && code.windows(2).all(|pair| pair[0] != b'0' || pair[1] == b'0')
}

#[cfg(test)]
mod tests {
    use crate::rule::validate::tests::{accepts, refuses};

    #[test]
    fn routing_numbers() {
        accepts("us-aba", &["111000025", "0210-0002-1", "011000015", "122105155"]);
        refuses("us-aba", &["111000026", "110100025", "131000024", "000000000", "11100002", "991000020"]);
    }

    #[test]
    fn social_security_numbers() {
        accepts("us-ssn", &["536-90-4399", "001 01 0001", "899999999"]);
        refuses(
            "us-ssn",
            &[
                "000-12-3456",
                "666-12-3456",
                "900-12-3456",
                "123-00-4567",
                "123-45-0000",
                "078-05-1120",
                "219-09-9999",
                "12345678",
                "1234567890",
                "12345678a",
            ],
        );
    }

    #[test]
    fn taxpayer_numbers() {
        accepts("us-itin", &["912-90-3456", "900-50-0000", "999-88-9999"]);
        refuses("us-itin", &["812-90-3456", "912-93-4567", "912-89-4567", "912-49-4567", "912-66-4567"]);
    }

    #[test]
    fn licences() {
        accepts("us-dl", &["A1234567", "F255-921-50-094-0", "W12345678", "123456789", "S0001234567890", "12ABC34567"]);
        refuses("us-dl", &["A1B2C3D4E5", "ABCDEFGHIJKLM", "", "123456789012345678", "A12345678901234567890"]);
        accepts("us-dl{soundex=true}", &["F255921500940", "A1234567"]);
        refuses("us-dl{soundex=true}", &["F975921500940", "F205921500940"]);
    }
}
