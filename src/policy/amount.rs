//! Amounts as people type them: sizes, spans of time, moments.
//!
//! A day is a day of UTC. A date stands for the whole day: `before` it means before its first millisecond, `after` it means
//! after its last. `now - 30 days` counts from the moment at which a filter is asked, not from when it was written.

use crate::clock::Moment;
use time::{Date, Month};

/// Milliseconds of a day.
const DAY_MS: i64 = 86_400_000;

/// Units of bytes.
const SIZES: [(&str, u64); 14] = [
    ("byte", 1),
    ("bytes", 1),
    ("b", 1),
    ("kb", 1_000),
    ("mb", 1_000_000),
    ("gb", 1_000_000_000),
    ("tb", 1_000_000_000_000),
    ("kib", 1 << 10),
    ("mib", 1 << 20),
    ("gib", 1 << 30),
    ("tib", 1 << 40),
    ("k", 1 << 10),
    ("m", 1 << 20),
    ("g", 1 << 30),
];

/// Units of time in milliseconds. A month is 30 days, a year 365.
const SPANS: [(&str, i64); 16] = [
    ("second", 1_000),
    ("seconds", 1_000),
    ("s", 1_000),
    ("minute", 60_000),
    ("minutes", 60_000),
    ("min", 60_000),
    ("hour", 3_600_000),
    ("hours", 3_600_000),
    ("h", 3_600_000),
    ("day", DAY_MS),
    ("days", DAY_MS),
    ("d", DAY_MS),
    ("week", 7 * DAY_MS),
    ("weeks", 7 * DAY_MS),
    ("month", 30 * DAY_MS),
    ("months", 30 * DAY_MS),
];
const YEARS: [(&str, i64); 2] = [("year", 365 * DAY_MS), ("years", 365 * DAY_MS)];

/// A point in time that a filter names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum When {
    /// From the first to the last millisecond: of a day, or the same twice.
    At(Moment, Moment),
    /// So many milliseconds after the moment at which the filter is asked; negative before it.
    Relative(i64),
}

impl When {
    /// Its first and last millisecond, asked at `now`.
    pub(super) fn bounds(self, now: Moment) -> (Moment, Moment) {
        match self {
            When::At(first, last) => (first, last),
            When::Relative(ms) => {
                let moment = Moment::from_millis(now.as_millis().saturating_add(ms));
                (moment, moment)
            }
        }
    }
}

/// True for the name of a unit.
pub(super) fn is_unit(word: &str) -> bool {
    size_of(word).is_some() || span_of(word).is_some()
}

/// True for text that ends in a number for which a unit may follow: `10`, `1.5`, `now-30`.
pub(super) fn takes_unit(text: &str) -> bool {
    let number = text
        .get(3..)
        .filter(|_| text.len() > 3 && text[..3].eq_ignore_ascii_case("now"))
        .map_or(text, |rest| rest.strip_prefix(['+', '-']).unwrap_or(rest));
    is_number(number)
}

fn is_number(text: &str) -> bool {
    !text.is_empty()
        && text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.')
        && text.starts_with(|first: char| first.is_ascii_digit())
        && text.ends_with(|last: char| last.is_ascii_digit())
}

/// The number and the unit of an amount that was typed as one word: `10`, `MB`.
pub(super) fn number_and_unit(text: &str) -> Option<(&str, &str)> {
    let at = text.find(|c: char| !(c.is_ascii_digit() || c == '.'))?;
    let (number, unit) = text.split_at(at);
    (is_number(number) && is_unit(unit)).then_some((number, unit))
}

fn size_of(unit: &str) -> Option<u64> {
    SIZES.iter().find(|(name, _)| name.eq_ignore_ascii_case(unit)).map(|(_, bytes)| *bytes)
}

fn span_of(unit: &str) -> Option<i64> {
    SPANS.iter().chain(&YEARS).find(|(name, _)| name.eq_ignore_ascii_case(unit)).map(|(_, ms)| *ms)
}

/// The number before a unit and the unit, blanks between them or not.
fn parted(text: &str) -> Option<(&str, &str)> {
    let text = text.trim();
    let at = text.find(|c: char| !(c.is_ascii_digit() || c == '.')).unwrap_or(text.len());
    let (number, unit) = text.split_at(at);
    is_number(number).then(|| (number, unit.trim()))
}

/// `whole` and `thousandths` of a decimal number; `None` when it has two points or is too large.
fn decimal(number: &str) -> Option<(u64, u64)> {
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    if fraction.contains('.') {
        return None;
    }
    let thousandths: String = fraction.chars().chain("000".chars()).take(3).collect();
    Some((whole.parse().ok()?, thousandths.parse().ok()?))
}

/// Bytes: `4096`, `10 MB` (a million each), `1.5 MiB` (2 to the 20th each).
pub(super) fn size(text: &str) -> Option<u64> {
    let (number, unit) = parted(text)?;
    let (whole, thousandths) = decimal(number)?;
    let factor = if unit.is_empty() { 1 } else { size_of(unit)? };
    whole.checked_mul(factor)?.checked_add(thousandths.checked_mul(factor)? / 1_000)
}

/// A span in milliseconds: `30 days`, `12h`. The unit must be told.
pub(super) fn span_ms(text: &str) -> Option<i64> {
    let (number, unit) = parted(text)?;
    let (whole, thousandths) = decimal(number)?;
    let factor = u64::try_from(span_of(unit)?).ok()?;
    i64::try_from(whole.checked_mul(factor)?.checked_add(thousandths.checked_mul(factor)? / 1_000)?).ok()
}

/// A moment: `2026-01-31`, `2026-01-31T10:00:00Z`, `now`, `now-30days`.
pub(super) fn when(text: &str) -> Option<When> {
    if let Some(rest) = text.get(..3).filter(|now| now.eq_ignore_ascii_case("now")).and(text.get(3..)) {
        let rest = rest.trim();
        if rest.is_empty() {
            return Some(When::Relative(0));
        }
        let back = rest.starts_with('-');
        let ms = span_ms(rest.strip_prefix(['+', '-'])?)?;
        return Some(When::Relative(if back { -ms } else { ms }));
    }
    if let Some(moment) = Moment::parse(text) {
        return Some(When::At(moment, moment));
    }
    let first = day(text)?;
    let last = Moment::from_millis(first.as_millis() + DAY_MS - 1);
    Some(When::At(first, last))
}

/// A moment as people type it, asked at `now`: its first and last millisecond, which are apart for a whole day
/// (`2026-01-31`). A span alone (`7 days`) is so long ago. `None` for what is neither.
#[must_use]
pub fn moment(text: &str, now: Moment) -> Option<(Moment, Moment)> {
    let ago = || span_ms(text).map(|ms| When::Relative(-ms));
    when(text).or_else(ago).map(|when| when.bounds(now))
}

/// The first millisecond of a day of UTC: `2026-01-31`.
fn day(text: &str) -> Option<Moment> {
    let mut parts = text.split('-');
    let (year, month, day) = (parts.next()?, parts.next()?, parts.next()?);
    let digits = |part: &str, length: usize| part.len() == length && part.bytes().all(|byte| byte.is_ascii_digit());
    if parts.next().is_some() || !digits(year, 4) || !digits(month, 2) || !digits(day, 2) {
        return None;
    }
    let month = Month::try_from(month.parse::<u8>().ok()?).ok()?;
    let date = Date::from_calendar_date(year.parse().ok()?, month, day.parse().ok()?).ok()?;
    Some(Moment::from_millis(date.midnight().assume_utc().unix_timestamp().saturating_mul(1_000)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_and_spans_take_units_of_any_case() {
        for (text, bytes) in [
            ("0", Some(0)),
            ("4096", Some(4_096)),
            ("10MB", Some(10_000_000)),
            ("10 mb", Some(10_000_000)),
            ("1.5 MiB", Some(1_572_864)),
            ("2k", Some(2_048)),
            ("1.2.3 MB", None),
            ("10 days", None),
            ("-1", None),
            (".5 MB", None),
            ("99999999999999999999", None),
            ("99999999999 TB", None),
        ] {
            assert_eq!(size(text), bytes, "{text}");
        }
        for (text, ms) in [
            ("30 days", Some(30 * DAY_MS)),
            ("1day", Some(DAY_MS)),
            ("12h", Some(43_200_000)),
            ("1.5 hours", Some(5_400_000)),
            ("6 Months", Some(180 * DAY_MS)),
            ("1 year", Some(365 * DAY_MS)),
            ("30", None),
            ("30 MB", None),
        ] {
            assert_eq!(span_ms(text), ms, "{text}");
        }
    }

    #[test]
    fn a_date_is_a_whole_day_of_utc() {
        let at = |text: &str| Moment::parse(text).map(Moment::as_millis).unwrap_or_default();
        for (text, bounds) in [
            ("2026-01-31", Some((at("2026-01-31T00:00:00Z"), at("2026-01-31T23:59:59.999Z")))),
            ("2026-01-31T10:00:00+02:00", Some((at("2026-01-31T08:00:00Z"), at("2026-01-31T08:00:00Z")))),
            ("now", Some((at("2026-06-01T00:00:00Z"), at("2026-06-01T00:00:00Z")))),
            ("now-1day", Some((at("2026-05-31T00:00:00Z"), at("2026-05-31T00:00:00Z")))),
            ("now + 12 hours", Some((at("2026-06-01T12:00:00Z"), at("2026-06-01T12:00:00Z")))),
            ("2026-02-30", None),
            ("2026-1-3", None),
            ("31.01.2026", None),
            ("now-", None),
            ("now 3 days", None),
        ] {
            let now = Moment::parse("2026-06-01T00:00:00Z").unwrap();
            let found = when(text).map(|when| when.bounds(now)).map(|(a, b)| (a.as_millis(), b.as_millis()));
            assert_eq!(found, bounds, "{text}");
        }
    }
}
