//! `--limit NAME=VALUE`: bounds for one file, by the names that reports print after `limit:`.

use crate::content::Limits;
use crate::report::units;
use std::time::Duration;

/// One bound as typed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Limit {
    name: &'static str,
    value: u64,
}

/// A name, what it bounds, and where its value goes.
type Row = (&'static str, &'static str, fn(&mut Limits, u64));

/// All that can be typed.
const TABLE: &[Row] = &[
    ("time", "seconds for one file, and one more for each MiB of it", |limits, value| limits.time_secs = value),
    ("bytes_read", "bytes read", |limits, value| limits.read_bytes = value),
    ("bytes_inflated", "bytes out of decompression", |limits, value| limits.inflated_bytes = value),
    ("ratio", "inflated bytes for each compressed byte", |limits, value| limits.inflate_ratio = value),
    ("text_bytes", "bytes of text", |limits, value| limits.text_bytes = value),
    ("members", "members of archives", |limits, value| limits.members = value),
    ("depth", "archives within archives", |limits, value| limits.depth = u32::try_from(value).unwrap_or(u32::MAX)),
    ("nesting", "elements within elements", |limits, value| {
        limits.nesting = u32::try_from(value).unwrap_or(u32::MAX);
    }),
    ("memory", "bytes held while a document is read", |limits, value| limits.memory_bytes = value),
];

/// Reads `NAME=VALUE`; a value may end in K, M or G (1024 each).
pub(super) fn parse(text: &str) -> Result<Limit, String> {
    let (name, value) = text.split_once('=').ok_or("write NAME=VALUE, for example time=60")?;
    let names = || TABLE.iter().map(|row| row.0).collect::<Vec<_>>().join(", ");
    let row = TABLE.iter().find(|row| row.0 == name).ok_or_else(|| format!("unknown limit; there are {}", names()))?;
    Ok(Limit { name: row.0, value: size(value)? })
}

/// Reads a number that may end in K, M or G.
pub(super) fn size(text: &str) -> Result<u64, String> {
    let (digits, factor) = match text.as_bytes().last() {
        Some(b'k' | b'K') => (&text[..text.len() - 1], 1 << 10),
        Some(b'm' | b'M') => (&text[..text.len() - 1], 1 << 20),
        Some(b'g' | b'G') => (&text[..text.len() - 1], 1 << 30),
        _ => (text, 1),
    };
    let number: u64 = digits.parse().map_err(|_| "write a whole number, or one with K, M or G behind it".to_owned())?;
    number.checked_mul(factor).filter(|&size| size > 0).ok_or_else(|| "the number is out of range".to_owned())
}

/// The default bounds with what was typed put in.
pub(super) fn apply(typed: &[Limit]) -> Limits {
    let mut limits = Limits::default();
    for limit in typed {
        if let Some(row) = TABLE.iter().find(|row| row.0 == limit.name) {
            row.2(&mut limits, limit.value);
        }
    }
    limits
}

/// The bounds in words, for a report.
pub(super) fn words(limits: &Limits) -> String {
    format!(
        "time {}, read {}, inflated {}, ratio {}, text {}, members {}, depth {}, nesting {}, memory {}",
        units::elapsed(Duration::from_secs(limits.time_secs)),
        units::bytes(limits.read_bytes),
        units::bytes(limits.inflated_bytes),
        units::count(limits.inflate_ratio),
        units::bytes(limits.text_bytes),
        units::count(limits.members),
        units::count(limits.depth.into()),
        units::count(limits.nesting.into()),
        units::bytes(limits.memory_bytes)
    )
}

/// The names with what they bound, for `--help`.
pub(super) fn help() -> String {
    let rows: Vec<String> = TABLE.iter().map(|(name, what, _)| format!("{name} ({what})")).collect();
    format!("Bound for one file; names: {}", rows.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_read_well_in_a_report() {
        let typed = ["time=90", "bytes_read=3M", "members=12345", "memory=1536K"];
        let typed: Vec<Limit> = typed.into_iter().map(|text| parse(text).unwrap()).collect();
        let told = words(&apply(&typed));
        for part in ["time 1 min 30 s", "read 3.0 MiB", "inflated 64.0 GiB", "members 12,345", "memory 1.5 MiB"] {
            assert!(told.split(", ").any(|told| told == part), "{part}: {told}");
        }
    }

    #[test]
    fn limits_are_read_by_name_with_units() {
        assert_eq!(parse("time=60").map(|limit| apply(&[limit]).time_secs), Ok(60));
        assert_eq!(parse("memory=64M").map(|limit| apply(&[limit]).memory_bytes), Ok(64 << 20));
        for wrong in ["time", "tim=3", "time=", "time=-1", "time=0", "memory=99999999999G", "memory=1X"] {
            assert!(parse(wrong).is_err(), "{wrong}");
        }
    }
}
