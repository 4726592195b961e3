//! `phone`: a telephone number has a country code in use and a length of that country's plan.

use std::sync::LazyLock;

use super::params::Params;
use super::steps::{Ear, Scheme, Steps, Value, listed, ready};
use super::{Row, Table};

const PARAMS: &[(&str, &str)] =
    &[("region", "two letters of the country whose numbers are written without a country code; default none")];

pub(super) const ROWS: &[Row] = &[Row {
    name: "phone",
    what: "After + or 00 a country code in use and a length of its plan; with a region also that country's own numbers.",
    source: "ITU-T E.164 and its list of assigned country codes; lengths as collected in libphonenumber's metadata",
    version: 1,
    params: PARAMS,
    build,
}];

/// One region's plan.
struct Plan {
    region: &'static str,
    code: u32,
    /// What is dialled before a national number inside the country, often 0.
    trunk: Vec<u8>,
    /// Bit n is set when national numbers may have n digits.
    lengths: u32,
}

static PLANS: LazyLock<Vec<Plan>> =
    LazyLock::new(|| include_str!("phone_plans.txt").lines().filter_map(plan).collect());

/// The lengths of all plans of a country code, by country code.
static CODES: LazyLock<[u32; 1000]> = LazyLock::new(|| {
    let mut codes = [0; 1000];
    for plan in PLANS.iter() {
        if let Some(lengths) = usize::try_from(plan.code).ok().and_then(|code| codes.get_mut(code)) {
            *lengths |= plan.lengths;
        }
    }
    codes
});

/// A line of the table; `None` for comments.
fn plan(line: &'static str) -> Option<Plan> {
    let mut words = line.split(' ');
    let [region, code, trunk, lengths] = [words.next()?, words.next()?, words.next()?, words.next()?];
    let lengths = lengths.split(',').try_fold(0, |bits, range| {
        let (first, last) = range.split_once('-').unwrap_or((range, range));
        let (first, last): (u32, u32) = (first.parse().ok()?, last.parse().ok()?);
        Some((first..=last.min(31)).fold(bits, |bits, length| bits | 1 << length))
    })?;
    let trunk = trunk.bytes().filter(u8::is_ascii_digit).map(|byte| byte - b'0').collect();
    Some(Plan { region, code: code.parse().ok()?, trunk, lengths })
}

struct Phone {
    region: Option<&'static Plan>,
}

fn build(table: &Table) -> Result<std::sync::Arc<dyn super::Validate>, String> {
    let params = Params::of("phone", PARAMS, table)?;
    let Some(wanted) = params.word("region")? else { return ready(Phone { region: None }) };
    match PLANS.iter().find(|plan| plan.region.eq_ignore_ascii_case(wanted) && plan.region != "--") {
        Some(plan) => ready(Phone { region: Some(plan) }),
        None => Err(params.wrong("region", "must be the two letters of a country with a numbering plan")),
    }
}

/// E.164 allows 15 digits; 00 and a trunk prefix may stand before.
const DIGITS_MAX: usize = 20;

impl Scheme for Phone {
    fn judge(&self, value: &Value<'_>, steps: &mut Steps<impl Ear>) -> bool {
        let value = value.trim_ascii();
        let mut digits = [0; DIGITS_MAX];
        let mut len = 0;
        // The 0 of "+49 (0)30" is dialled inside the country only.
        let (head, tail) = value.split_once("(0)").unwrap_or((value, ""));
        for byte in head.bytes().chain(tail.bytes()).filter(u8::is_ascii_digit) {
            if len == DIGITS_MAX {
                return steps.require("at most 20 digits", false);
            }
            digits[len] = byte - b'0';
            len += 1;
        }
        let digits = &digits[..len];
        steps.note(|| format!("digits {}", listed(digits)));
        match (value.starts_with('+') || value.starts_with("(+"), digits, self.region) {
            (true, international, _) | (false, [0, 0, international @ ..], _) => abroad(international, steps),
            (false, national, Some(plan)) => at_home(national, plan, steps),
            (false, _, None) => steps.require("+ or 00 before the country code", false),
        }
    }
}

/// A number with its country code.
fn abroad(digits: &[u8], steps: &mut Steps<impl Ear>) -> bool {
    let mut code = 0;
    for (at, digit) in digits.iter().enumerate().take(3) {
        code = code * 10 + usize::from(*digit);
        if CODES[code] != 0 && digits[0] != 0 {
            let national = &digits[at + 1..];
            steps.note(|| format!("country code {code}, national number of {} digits", national.len()));
            return fits(code == 1, national, CODES[code], steps);
        }
    }
    steps.require("a country code in use", false)
}

/// A number as written inside its country, with or without the trunk prefix.
fn at_home(digits: &[u8], plan: &Plan, steps: &mut Steps<impl Ear>) -> bool {
    let national = digits.strip_prefix(plan.trunk.as_slice()).unwrap_or(digits);
    steps.note(|| format!("national number of {} digits in {}", national.len(), plan.region));
    fits(plan.code == 1, national, plan.lengths, steps)
}

/// The length is one of the plan's; in North America area code and exchange begin with 2 to 9.
fn fits(north_america: bool, national: &[u8], lengths: u32, steps: &mut Steps<impl Ear>) -> bool {
    let in_plan = national.len() < 16 && lengths >> national.len() & 1 == 1;
    steps.require("a length of the plan", in_plan)
        && steps.require("not one digit over and over", national.windows(2).any(|pair| pair[0] != pair[1]))
        && (!north_america || steps.require("area code and exchange in use", is_north_american(national)))
}

fn is_north_american(national: &[u8]) -> bool {
    matches!(national, [2..=9, 0..=8, _, 2..=9, _, _, ..] if national[4..6] != [1, 1])
}

#[cfg(test)]
mod tests {
    use crate::rule::validate::tests::{accepts, refuses};

    #[test]
    fn international() {
        accepts(
            "phone",
            &[
                "+49 30 123456",
                "+49 (0)30 123456",
                "0049 30 123456",
                "+1 212-456-7890",
                "+44 20 7946 0958",
                "+358 9 123 456",
                "(+33) 1 23 45 67 89",
            ],
        );
        refuses(
            "phone",
            &[
                "030 123456",
                "+999 123 456 789",
                "+1 112 456 7890",
                "+1 212 156 7890",
                "+44 20",
                "+49 1234567890123456",
                "",
                "+",
                "+33 111 111 111",
                "+0 123 456 789",
            ],
        );
        assert_eq!(super::PLANS.len() + 2, include_str!("phone_plans.txt").lines().count());
    }

    #[test]
    fn national() {
        accepts("phone{region='US'}", &["(212) 456-7890", "212.456.7890", "1-212-456-7890", "+44 20 7946 0958"]);
        refuses("phone{region='US'}", &["112 456 7890", "212 456 789", "911", "555-1234"]);
        accepts("phone{region='gb'}", &["020 7946 0958", "07911 123456"]);
        refuses("phone{region='gb'}", &["020 7946 09", "0"]);
        let row = crate::rule::validate::lookup("phone").unwrap();
        let error = (row.build)(&toml::from_str("region = 'XX'").unwrap()).err().unwrap();
        assert!(error.contains("parameter `region`"), "{error}");
    }
}
