//! `date`: six or eight of the value's digits name a day that exists.

use super::calendar::{exists, exists_in_some_century, two};
use super::params::Params;
use super::steps::{Ear, LETTERS_MAX, Scheme, Steps, Value, ready};
use super::{Row, Table};

const PARAMS: &[(&str, &str)] = &[
    ("pattern", "YYMMDD, DDMMYY, MMDDYY, YYDDMM, DDMMYYYY, MMDDYYYY, YYYYMMDD or YYYYDDMM"),
    ("offset", "how many digits stand before the date, default 0"),
];

pub(super) const ROWS: &[Row] = &[Row {
    name: "date",
    what: "Some of the digits are a day that exists; a year of four digits is 1800 to 2199.",
    source: "Gregorian calendar, ISO 8601-1; the patterns are those of Purview's DateSimple validator",
    version: 1,
    params: PARAMS,
    build,
}];

/// Where in the date its parts begin, and how long the year is.
#[derive(Clone, Copy)]
struct Pattern {
    year: usize,
    year_digits: usize,
    month: usize,
    day: usize,
}

struct Date {
    pattern: Pattern,
    offset: usize,
}

fn build(table: &Table) -> Result<std::sync::Arc<dyn super::Validate>, String> {
    let at = |year, year_digits, month, day| Pattern { year, year_digits, month, day };
    let params = Params::of("date", PARAMS, table)?;
    let pattern = params.choice(
        "pattern",
        &[
            ("YYMMDD", at(0, 2, 2, 4)),
            ("DDMMYY", at(4, 2, 2, 0)),
            ("MMDDYY", at(4, 2, 0, 2)),
            ("YYDDMM", at(0, 2, 4, 2)),
            ("DDMMYYYY", at(4, 4, 2, 0)),
            ("MMDDYYYY", at(4, 4, 0, 2)),
            ("YYYYMMDD", at(0, 4, 4, 6)),
            ("YYYYDDMM", at(0, 4, 6, 4)),
        ],
    )?;
    let pattern = pattern.ok_or_else(|| params.wrong("pattern", "is missing"))?;
    ready(Date { pattern, offset: params.count("offset", 0, 64)?.unwrap_or(0) })
}

impl Scheme for Date {
    fn judge(&self, value: &Value<'_>, steps: &mut Steps<impl Ear>) -> bool {
        let mut digits = [0_u8; LETTERS_MAX];
        let mut len = 0;
        for byte in value.bytes().filter(u8::is_ascii_digit).take(LETTERS_MAX) {
            digits[len] = byte - b'0';
            len += 1;
        }
        let Pattern { year, year_digits, month, day } = self.pattern;
        let end = self.offset + year_digits + 4;
        if len < end {
            steps.note(|| format!("needs {end} digits"));
            return false;
        }
        let date = &digits[self.offset..end];
        let (month, day) = (two(date, month), two(date, day));
        if year_digits == 2 {
            let year = two(date, year);
            return steps.require("the day exists", exists_in_some_century(year, month, day));
        }
        let year = two(date, year) * 100 + two(date, year + 2);
        steps.note(|| format!("year {year}, month {month}, day {day}"));
        steps.require("the year is 1800 to 2199", (1800..2200).contains(&year))
            && steps.require("the day exists", exists(year, month, day))
    }
}

#[cfg(test)]
mod tests {
    use crate::rule::validate::tests::{accepts, refuses};

    #[test]
    fn patterns() {
        accepts("date{pattern='YYMMDD'}", &["240229", "99-12-31", "240229 1234"]);
        refuses("date{pattern='YYMMDD'}", &["230229", "991301", "99123", "", "990010"]);
        accepts("date{pattern='DDMMYYYY'}", &["29.02.2024", "31/12/1800"]);
        refuses("date{pattern='DDMMYYYY'}", &["29.02.2023", "31/12/1799", "12/31/2000"]);
        accepts("date{pattern='MMDDYYYY'}", &["12/31/2000"]);
        accepts("date{pattern='YYYYDDMM', offset=2}", &["99 2000 31 12", "99 2000 31 12 555"]);
        refuses("date{pattern='YYYYDDMM', offset=2}", &["2000 31 12", "99 2000 12 31"]);
        accepts("date{pattern='YYDDMM'}", &["993112"]);
        accepts("date{pattern='MMDDYY'}", &["123199"]);
        accepts("date{pattern='DDMMYY'}", &["311299"]);
        accepts("date{pattern='YYYYMMDD'}", &["2000-12-31"]);
    }
}
