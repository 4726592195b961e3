//! Expressions with look-around or back-references: a backtracking engine with a bound on its steps.
//!
//! It never searches. A plain expression nominates the places (`Primary::regex` of a rule file), and this one is asked from the
//! beginning of each: so what it costs hangs on the candidates, not on the text. Where the steps run out there is no match.

use fancy_regex::{BytesMode, Regex, RegexBuilder, RegexInput};
use std::fmt;
use std::ops::Range;

/// Most steps back that one candidate may take.
const STEPS_MAX: usize = 20_000;
/// Largest automaton of one of its plain pieces, in bytes.
const PIECE_BYTES_MAX: usize = 4 << 20;

/// The engine of one expression, asked at one place at a time.
pub struct BoundedRegex {
    regex: Regex,
}

impl BoundedRegex {
    /// Parses and compiles an expression, with Unicode off as in all rules.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn new(pattern: &str) -> Result<Self, String> {
        let regex = RegexBuilder::new(pattern)
            .unicode_mode(false)
            .bytes_mode(BytesMode::Ascii)
            .backtrack_limit(STEPS_MAX)
            .delegate_size_limit(PIECE_BYTES_MAX)
            .build();
        regex.map(|regex| Self { regex }).map_err(|error| error.to_string())
    }

    /// The expression.
    #[must_use]
    pub fn source(&self) -> &str {
        self.regex.as_str()
    }

    /// Numbers and names of its groups.
    #[must_use]
    pub fn groups(&self) -> Vec<(usize, Option<String>)> {
        let names = self.regex.capture_names().enumerate().skip(1);
        names.map(|(at, name)| (at, name.map(str::to_owned))).collect()
    }

    /// Where the match ends that begins at `start` and goes no farther than `end`.
    #[must_use]
    pub fn end(&self, hay: &[u8], start: usize, end: usize) -> Option<usize> {
        let found = self.regex.find_input(input(hay, start..end)).ok().flatten()?;
        (found.start() == start).then(|| found.end())
    }

    /// The spans of the groups of that match.
    #[must_use]
    pub fn spans(&self, hay: &[u8], within: Range<usize>) -> Option<Vec<Option<Range<usize>>>> {
        let found = self.regex.captures_input(input(hay, within)).ok().flatten()?;
        Some((0..found.len()).map(|group| found.get(group).map(|group| group.start()..group.end())).collect())
    }
}

fn input(hay: &[u8], within: Range<usize>) -> RegexInput<'_, [u8]> {
    RegexInput::new(hay).range(within).anchored(true)
}

impl fmt::Debug for BoundedRegex {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("BoundedRegex").field(&self.source()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn matches_stand_where_asked() {
        // Expression, text, place, the match.
        let rows = [
            (r"(?<!\d)\d{3,5}(?!\d)", "x123456 1234", 1, None),
            (r"(?<!\d)\d{3,5}(?!\d)", "x123456 1234", 8, Some("1234")),
            (r"(?<!\d)\d{3,5}(?!\d)", "x123456 1234", 9, None),
            (r"(\d)\1{2}", "a777", 1, Some("777")),
            (r"(?=.*z)[a-y]+", "abcz", 0, Some("abc")),
            (r"(?=.*z)[a-y]+", "abc", 0, None),
            (r"(?:a+)+(?!c)b", &"a".repeat(300), 0, None),
        ];
        for (pattern, text, at, want) in rows {
            let regex = BoundedRegex::new(pattern).unwrap_or_else(|why| panic!("{pattern}: {why}"));
            let end = regex.end(text.as_bytes(), at, text.len());
            assert_eq!(end.map(|end| &text[at..end]), want, "{pattern} on {text}");
        }
    }
}
