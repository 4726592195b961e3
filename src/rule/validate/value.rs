//! The value that validators see: its text, and its letters and digits, gathered once however many validators ask.

use std::fmt;
use std::ops::Deref;

/// The longest value, in letters and digits, that a check looks at; a longer one is refused.
pub(super) const LETTERS_MAX: usize = 96;
/// A power of two, so that no place needs a check.
const ROOM: usize = 128;

/// A value's normalised text with its separators, and what counts in it. Used as if it were the text.
///
/// `Debug` leaves the value out.
pub struct Value<'a> {
    /// UTF-8.
    text: &'a [u8],
    /// Letters, as capitals, and digits.
    letters: [u8; ROOM],
    /// What the digits stand for: 0 to 9. Without meaning where letters are.
    numerals: [u8; ROOM],
    /// How many; `None` when there are too many, or a character is not ASCII.
    count: Option<usize>,
    /// No letters.
    only_digits: bool,
}

impl<'a> Value<'a> {
    /// A value of this text.
    #[must_use]
    pub fn new(text: &'a str) -> Self {
        let mut value = Self::empty();
        value.gather(text.as_bytes());
        value
    }

    /// A value of no text, to be [`Value::set`].
    #[must_use]
    pub fn empty() -> Self {
        Self { text: &[], letters: [0; ROOM], numerals: [0; ROOM], count: Some(0), only_digits: true }
    }

    /// Becomes a value of another text. False, and of no use, when that is not UTF-8.
    #[inline]
    pub fn set(&mut self, text: &'a [u8]) -> bool {
        self.gather(text) || str::from_utf8(text).is_ok()
    }

    /// The text.
    #[must_use]
    pub fn text(&self) -> &'a str {
        str::from_utf8(self.text).unwrap_or_default()
    }

    /// The text's bytes.
    #[inline]
    #[must_use]
    pub fn as_bytes(&self) -> &'a [u8] {
        self.text
    }

    /// The letters, as capitals, and digits; `None` when there are more than 96 or not all text is ASCII.
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

    /// Takes a text and gathers what counts in it. True when all of it is ASCII.
    #[inline]
    fn gather(&mut self, text: &'a [u8]) -> bool {
        self.text = text;
        self.count = None;
        self.only_digits = false;
        if text.len() > LETTERS_MAX {
            return self.gather_long(text);
        }
        // Every byte is written, and overwritten by the next when it does not count: no branch hangs on the value.
        let (mut count, mut digits, mut all) = (0, 0, 0);
        for &byte in text {
            let place = count & (ROOM - 1);
            self.letters[place] = byte.to_ascii_uppercase();
            self.numerals[place] = byte.wrapping_sub(b'0');
            count += usize::from(byte.is_ascii_alphanumeric());
            digits += usize::from(byte.is_ascii_digit());
            all |= byte;
        }
        if !all.is_ascii() {
            return false;
        }
        self.count = Some(count);
        self.only_digits = count == digits;
        true
    }

    /// [`Value::gather`] for a text that may have too many letters and digits.
    #[cold]
    fn gather_long(&mut self, text: &[u8]) -> bool {
        let mut count = 0;
        let mut only_digits = true;
        for &byte in text {
            if byte.is_ascii_alphanumeric() && count < LETTERS_MAX {
                self.letters[count] = byte.to_ascii_uppercase();
                self.numerals[count] = byte.wrapping_sub(b'0');
                only_digits &= byte.is_ascii_digit();
            }
            count += usize::from(byte.is_ascii_alphanumeric());
        }
        if !text.is_ascii() {
            return false;
        }
        self.count = (count <= LETTERS_MAX).then_some(count);
        self.only_digits = only_digits;
        true
    }
}

impl Deref for Value<'_> {
    type Target = str;

    fn deref(&self) -> &str {
        self.text()
    }
}

impl fmt::Debug for Value<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Value").field("count", &self.count).finish_non_exhaustive()
    }
}
