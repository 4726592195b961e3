//! `--limit NAME=VALUE`: bounds for one file, by the names that reports print after `limit:`.

use crate::content::Limits;

/// One bound as typed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Limit {
    name: &'static str,
    value: u64,
}

/// A name, what it bounds, and where its value goes.
type Row = (&'static str, &'static str, fn(&mut Limits, u64));

const TABLE: &[Row] = &[
    ("time", "seconds for one file", |limits, value| limits.time_secs = value),
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
        "time {} s, inflated {} bytes, ratio {}, text {} bytes, members {}, depth {}, memory {} bytes",
        limits.time_secs,
        limits.inflated_bytes,
        limits.inflate_ratio,
        limits.text_bytes,
        limits.members,
        limits.depth,
        limits.memory_bytes
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
    fn limits_are_read_by_name_with_units() {
        assert_eq!(parse("time=60").map(|limit| apply(&[limit]).time_secs), Ok(60));
        assert_eq!(parse("memory=64M").map(|limit| apply(&[limit]).memory_bytes), Ok(64 << 20));
        for wrong in ["time", "tim=3", "time=", "time=-1", "time=0", "memory=99999999999G", "memory=1X"] {
            assert!(parse(wrong).is_err(), "{wrong}");
        }
    }
}
