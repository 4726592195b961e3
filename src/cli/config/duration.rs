//! Spans of time as people type them: a number and its unit.

use std::time::Duration;

/// Units by their names, in seconds, the longest last.
const UNITS: [(&str, u64); 4] = [("s", 1), ("min", 60), ("h", 3_600), ("d", 86_400)];

/// Reads `90s`, `30min` (or `30m`), `12h`, `7d`, also joined (`1h30min`); `None` for anything else.
pub(in crate::cli) fn parse(text: &str) -> Option<Duration> {
    let mut rest = text.trim();
    let mut secs: Option<u64> = None;
    while !rest.is_empty() {
        let digits = rest.find(|letter: char| !letter.is_ascii_digit())?;
        let (number, behind) = rest.split_at(digits);
        let ends = behind.find(|letter: char| letter.is_ascii_digit()).unwrap_or(behind.len());
        let (unit, behind) = behind.split_at(ends);
        let unit = if unit.trim() == "m" { "min" } else { unit.trim() };
        let (_, each) = UNITS.into_iter().find(|(name, _)| *name == unit)?;
        let part = number.parse::<u64>().ok()?.checked_mul(each)?;
        secs = Some(secs.unwrap_or(0).checked_add(part)?);
        rest = behind;
    }
    secs.map(Duration::from_secs)
}

/// In the largest unit that divides it: `12h`.
pub(in crate::cli) fn words(span: Duration) -> String {
    let secs = span.as_secs();
    let fits = UNITS.into_iter().rev().find(|(_, each)| secs >= *each && secs.is_multiple_of(*each));
    let (name, each) = fits.unwrap_or(UNITS[0]);
    format!("{}{name}", secs / each)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_are_read_with_their_units_and_written_back() {
        for (text, secs, written) in [
            ("0s", Some(0), "0s"),
            ("90s", Some(90), "90s"),
            ("30m", Some(1_800), "30min"),
            ("1h30min", Some(5_400), "90min"),
            (" 12 h ", Some(43_200), "12h"),
            ("7d", Some(604_800), "7d"),
            ("12", None, ""),
            ("h", None, ""),
            ("", None, ""),
            ("1w", None, ""),
            ("-1h", None, ""),
            ("99999999999999999999s", None, ""),
            ("999999999999999999d", None, ""),
        ] {
            let read = parse(text);
            assert_eq!(read.map(|span| span.as_secs()), secs, "{text}");
            assert_eq!(read.map(words).unwrap_or_default(), written, "{text}");
        }
    }
}
