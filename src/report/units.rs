//! Numbers as people read them: counts with separators, bytes in binary units, times, rates. Integer arithmetic only, so
//! that the same numbers print the same everywhere.

use std::time::Duration;

/// `1234567` is `1,234,567`.
#[must_use]
pub fn count(n: u64) -> String {
    let digits = n.to_string();
    let mut shown = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            shown.push(',');
        }
        shown.push(digit);
    }
    shown
}

/// `count` with its noun: `1 file`, `2 files`.
#[must_use]
pub fn of(n: u64, one: &str, many: &str) -> String {
    format!("{} {}", count(n), if n == 1 { one } else { many })
}

/// Bytes with one decimal from KiB up.
#[must_use]
pub fn bytes(n: u64) -> String {
    const UNITS: [(&str, u32); 5] = [("PiB", 50), ("TiB", 40), ("GiB", 30), ("MiB", 20), ("KiB", 10)];
    match UNITS.into_iter().find(|(_, shift)| n >> shift > 0) {
        None => format!("{n} B"),
        Some((unit, shift)) => {
            let tenths = (u128::from(n) * 10) >> shift;
            format!("{}.{} {unit}", tenths / 10, tenths % 10)
        }
    }
}

/// `0.4 ms`, `37 ms`, `1.2 s`, `3 min 4 s`, `2 h 5 min`.
#[must_use]
pub fn elapsed(time: Duration) -> String {
    let (secs, micros) = (time.as_secs(), time.subsec_micros());
    match secs {
        0 if micros < 10_000 => format!("{}.{} ms", micros / 1000, micros % 1000 / 100),
        0 => format!("{} ms", micros / 1000),
        1..60 => format!("{secs}.{} s", micros / 100_000),
        60..3600 => format!("{} min {} s", secs / 60, secs % 60),
        _ => format!("{} h {} min", secs / 3600, secs % 3600 / 60),
    }
}

/// How many of `n` in a second; `None` when no time has passed.
#[must_use]
pub fn per_second(n: u64, time: Duration) -> Option<u64> {
    let micros = time.as_micros();
    (micros > 0).then(|| u64::try_from(u128::from(n) * 1_000_000 / micros).unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_read_well() {
        for (n, expected) in [(0, "0"), (999, "999"), (1000, "1,000"), (1_234_567, "1,234,567")] {
            assert_eq!(count(n), expected);
        }
        for (n, expected) in
            [(0, "0 B"), (1023, "1023 B"), (1536, "1.5 KiB"), (1 << 30, "1.0 GiB"), (u64::MAX, "16383.9 PiB")]
        {
            assert_eq!(bytes(n), expected);
        }
        for (micros, expected) in [
            (450, "0.4 ms"),
            (37_000, "37 ms"),
            (1_250_000, "1.2 s"),
            (184_000_000, "3 min 4 s"),
            (7_500_000_000, "2 h 5 min"),
        ] {
            assert_eq!(elapsed(Duration::from_micros(micros)), expected);
        }
        assert_eq!(per_second(10, Duration::ZERO), None);
        assert_eq!(per_second(10, Duration::from_millis(500)), Some(20));
        assert_eq!(of(1, "file", "files"), "1 file");
    }
}
