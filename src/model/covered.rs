//! Text in which no value shows any more: masks, tokens, excerpts.
//!
//! A scan makes millions of them and writes most of them once, so short ones need no heap, and each remembers what a
//! report must look out for in it, so that most are copied as they are.

use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};

/// What a report must look out for in a covered text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Plainness {
    /// Nothing: it is of printable ASCII, save quotation mark and backslash, and middle dots (U+00B7).
    Plain,
    /// The same with quotation marks or backslashes.
    Quoted,
    /// Anything.
    Any,
}

/// Text of up to `ROOM` bytes in place, longer text on the heap.
#[derive(Clone)]
enum Text<const ROOM: usize> {
    Short { plainness: Plainness, length: u8, bytes: [u8; ROOM] },
    Long { plainness: Plainness, bytes: Box<[u8]> },
}

impl<const ROOM: usize> Text<ROOM> {
    fn new(text: &[u8], plainness: Plainness) -> Self {
        match u8::try_from(text.len()) {
            Ok(length) if text.len() <= ROOM => {
                let mut bytes = [0; ROOM];
                bytes[..text.len()].copy_from_slice(text);
                Text::Short { plainness, length, bytes }
            }
            _ => Text::Long { plainness, bytes: text.into() },
        }
    }

    #[inline]
    fn as_bytes(&self) -> &[u8] {
        match self {
            Text::Short { length, bytes, .. } => bytes.get(..usize::from(*length)).unwrap_or_default(),
            Text::Long { bytes, .. } => bytes,
        }
    }

    #[inline]
    fn plainness(&self) -> Plainness {
        match self {
            Text::Short { plainness, .. } | Text::Long { plainness, .. } => *plainness,
        }
    }

    /// It was made from UTF-8, so the empty answer is never given.
    fn as_str(&self) -> &str {
        str::from_utf8(self.as_bytes()).unwrap_or_default()
    }
}

impl Plainness {
    /// Looks through a text.
    fn of(text: &str) -> Self {
        if !text.chars().all(|c| matches!(c, ' '..='~' | '·')) {
            Plainness::Any
        } else if text.contains(['"', '\\']) {
            Plainness::Quoted
        } else {
            Plainness::Plain
        }
    }
}

macro_rules! covered_text {
    ($(#[$doc:meta])* $name:ident, $room:literal) => {
        $(#[$doc])*
        #[derive(Clone)]
        pub struct $name(Text<$room>);

        impl $name {
            /// Wraps text that is already covered; the caller vouches that no value shows in it.
            #[must_use]
            pub fn covered(text: impl AsRef<str>) -> Self {
                let text = text.as_ref();
                Self(Text::new(text.as_bytes(), Plainness::of(text)))
            }

            /// Wraps UTF-8 that is already covered and that was looked through.
            pub(crate) fn covered_bytes(text: &[u8], plainness: Plainness) -> Self {
                debug_assert!(str::from_utf8(text).is_ok_and(|text| {
                    plainness == Plainness::Any || plainness == Plainness::of(text)
                }));
                Self(Text::new(text, plainness))
            }

            /// The covered text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                self.0.as_str()
            }

            /// The covered text in UTF-8; costs less than [`as_str`](Self::as_str).
            #[must_use]
            pub fn as_bytes(&self) -> &[u8] {
                self.0.as_bytes()
            }

            /// What a report must look out for in it.
            #[must_use]
            pub fn plainness(&self) -> Plainness {
                self.0.plainness()
            }
        }

        impl PartialEq for $name {
            fn eq(&self, other: &Self) -> bool {
                self.as_bytes() == other.as_bytes()
            }
        }

        impl Eq for $name {}

        impl Hash for $name {
            fn hash<H: Hasher>(&self, state: &mut H) {
                self.as_bytes().hash(state);
            }
        }

        impl PartialOrd for $name {
            fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
                Some(self.cmp(other))
            }
        }

        impl Ord for $name {
            fn cmp(&self, other: &Self) -> Ordering {
                self.as_bytes().cmp(other.as_bytes())
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Debug::fmt(self.as_str(), f)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }
    };
}

covered_text! {
    /// The value with its telling characters covered: `**** **** **** 1111`.
    Mask, 29
}
covered_text! {
    /// A keyed fingerprint of the value (HMAC-SHA-256, cut to 128 bits, with the key's version): equal values have equal
    /// tokens, and nothing but the key leads back.
    Token, 45
}
covered_text! {
    /// The finding's surroundings with everything but known keywords covered, neighbours too.
    Excerpt, 21
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_kept_at_every_length_and_plain_only_when_it_is() {
        for length in 0..300 {
            let text = "·x".repeat(length);
            let (mask, excerpt) = (Mask::covered(&text), Excerpt::covered(&text));
            assert_eq!((mask.as_str(), excerpt.as_str()), (&*text, &*text));
            assert_eq!((mask.as_bytes(), mask.plainness()), (text.as_bytes(), Plainness::Plain));
            assert_eq!(format!("{mask} {mask:?}"), format!("{text} {text:?}"));
        }
        for text in ["", "a ~", "· ·"] {
            assert_eq!(Token::covered(text).plainness(), Plainness::Plain, "{text:?}");
        }
        for text in ["a\"", "\\", "·\"·"] {
            assert_eq!(Token::covered(text).plainness(), Plainness::Quoted, "{text:?}");
        }
        for text in ["\u{7f}", "\n", "é", "…\"", "\u{200b}"] {
            assert_eq!(Token::covered(text).plainness(), Plainness::Any, "{text:?}");
        }
    }

    #[test]
    fn what_is_equal_is_equal_wherever_it_is_kept() {
        let long = "x".repeat(80);
        for text in ["k1:00", &long] {
            let (one, other) = (Token::covered(text), Token::covered_bytes(text.as_bytes(), Plainness::Any));
            assert_eq!(one, other);
            assert_ne!(one, Token::covered(format!("{text}0")));
            assert!(one < Token::covered(format!("{text}0")));
        }
    }
}
