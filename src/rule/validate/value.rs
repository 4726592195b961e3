//! The value that validators see: its text, and its letters and digits, gathered once however many validators ask.

use std::fmt;
use std::ops::Deref;

/// The longest value, in letters and digits, that a check looks at; a longer one is refused.
pub(super) const LETTERS_MAX: usize = 96;

/// A value's normalised text with its separators, and what counts in it. Used as if it were the text.
///
/// `Debug` leaves the value out.
pub struct Value<'a> {
    text: &'a str,
    /// Letters, as capitals, and digits.
    letters: [u8; LETTERS_MAX],
    /// What the digits stand for: 0 to 9. Without meaning where letters are.
    numerals: [u8; LETTERS_MAX],
    /// How many; `None` when there are too many, or a character is not ASCII.
    count: Option<usize>,
    /// No letters.
    only_digits: bool,
}

impl<'a> Value<'a> {
    /// A value of this text.
    #[must_use]
    pub fn new(text: &'a str) -> Self {
        let mut value =
            Self { text, letters: [0; LETTERS_MAX], numerals: [0; LETTERS_MAX], count: Some(0), only_digits: true };
        value.gather();
        value
    }

    /// Becomes a value of another text.
    pub fn set(&mut self, text: &'a str) {
        self.text = text;
        self.gather();
    }

    /// The text.
    #[must_use]
    pub fn text(&self) -> &'a str {
        self.text
    }

    /// The letters, as capitals, and digits; `None` when there are more than [`LETTERS_MAX`] or not all text is ASCII.
    #[inline]
    #[must_use]
    pub fn letters(&self) -> Option<&[u8]> {
        self.letters.get(..self.count?)
    }

    /// What the digits stand for, 0 to 9, when there are no letters and not too many of them.
    #[inline]
    #[must_use]
    pub fn numerals(&self) -> Option<&[u8]> {
        if self.only_digits { self.numerals.get(..self.count?) } else { None }
    }

    fn gather(&mut self) {
        let mut count = 0;
        let mut only_digits = true;
        self.count = None;
        for &byte in self.text.as_bytes() {
            if byte.is_ascii_alphanumeric() {
                let places = self.letters.get_mut(count).zip(self.numerals.get_mut(count));
                let Some((letter, numeral)) = places else { return };
                *letter = byte.to_ascii_uppercase();
                *numeral = byte.wrapping_sub(b'0');
                only_digits &= byte.is_ascii_digit();
                count += 1;
            } else if !byte.is_ascii() {
                return;
            }
        }
        self.count = Some(count);
        self.only_digits = only_digits;
    }
}

impl Deref for Value<'_> {
    type Target = str;

    fn deref(&self) -> &str {
        self.text
    }
}

impl fmt::Debug for Value<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Value").field("count", &self.count).finish_non_exhaustive()
    }
}
