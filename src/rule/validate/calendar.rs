//! Which days exist, in the Gregorian calendar.

/// True when the day exists. Months and days count from 1.
#[inline]
pub(super) fn exists(year: u32, month: u32, day: u32) -> bool {
    let longest = match month {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        4 | 6 | 9 | 11 => 30,
        2 if year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400)) => 29,
        2 => 28,
        _ => return false,
    };
    (1..=longest).contains(&day)
}

/// True when the day exists in some century: a year of two digits that four divides may be a leap year.
#[inline]
pub(super) fn exists_in_some_century(year_of_century: u32, month: u32, day: u32) -> bool {
    exists(2000 + year_of_century, month, day)
}

/// The number of two digits at `at`.
#[inline]
pub(super) fn two(digits: &[u8], at: usize) -> u32 {
    u32::from(digits[at]) * 10 + u32::from(digits[at + 1])
}

#[cfg(test)]
mod tests {
    use super::exists;

    #[test]
    fn days() {
        for (year, month, day, there) in [
            (2024, 2, 29, true),
            (2023, 2, 29, false),
            (1900, 2, 29, false),
            (2000, 2, 29, true),
            (2023, 4, 31, false),
            (2023, 0, 1, false),
            (2023, 13, 1, false),
            (2023, 12, 0, false),
            (2023, 12, 31, true),
        ] {
            assert_eq!(exists(year, month, day), there, "{year}-{month}-{day}");
        }
    }
}
