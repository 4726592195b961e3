//! What a check reads and says: the value's digits on the stack, and its steps for whoever asked why.
//!
//! One function serves both `check` and `trace`, so that the explanation can never differ from the verdict. A silent
//! [`Steps`] costs one comparison for each step and builds no text.

use std::fmt::Display;
use std::sync::Arc;

use super::Validate;
pub(super) use super::value::{LETTERS_MAX, Value};

/// A check with its parameters. Every one is a [`Validate`].
pub(super) trait Scheme: Send + Sync + 'static {
    /// True when the value passes; tells its steps on the way.
    fn judge(&self, value: &Value<'_>, steps: &mut Steps) -> bool;
}

impl<T: Scheme> Validate for T {
    fn passes(&self, value: &Value<'_>) -> bool {
        self.judge(value, &mut Steps(None))
    }

    fn trace(&self, value: &str) -> Vec<String> {
        let mut steps = Steps(Some(Vec::new()));
        let passed = self.judge(&Value::new(value), &mut steps);
        steps.note(|| if passed { "passes".to_owned() } else { "refused".to_owned() });
        steps.0.unwrap_or_default()
    }
}

/// A check without parameters.
pub(super) struct Plain(pub(super) fn(&Value<'_>, &mut Steps) -> bool);

impl Scheme for Plain {
    fn judge(&self, value: &Value<'_>, steps: &mut Steps) -> bool {
        (self.0)(value, steps)
    }
}

/// Shares a check as the table's rows hand it out.
#[expect(clippy::unnecessary_wraps, reason = "the shape of Row::build, which may fail")]
pub(super) fn ready(scheme: impl Scheme) -> Result<Arc<dyn Validate>, String> {
    Ok(Arc::new(scheme))
}

/// A row of a check without parameters: name, sentence, source, function.
macro_rules! plain {
    ($name:literal, $what:expr, $source:expr, $judge:path) => {
        $crate::rule::validate::Row {
            name: $name,
            what: $what,
            source: $source,
            version: 1,
            params: &[],
            build: |table| {
                $crate::rule::validate::params::Params::of($name, &[], table)?;
                $crate::rule::validate::steps::ready($crate::rule::validate::steps::Plain($judge))
            },
        }
    };
}
pub(super) use plain;

/// Where a check tells its steps: nowhere, or to a list.
pub(super) struct Steps(Option<Vec<String>>);

impl Steps {
    /// Adds a line if someone listens.
    #[inline]
    pub(super) fn note(&mut self, line: impl FnOnce() -> String) {
        if let Some(lines) = &mut self.0 {
            lines.push(line());
        }
    }

    /// Tells whether a condition holds, and gives it back.
    #[inline]
    pub(super) fn require(&mut self, what: &str, holds: bool) -> bool {
        self.note(|| format!("{what}: {}", if holds { "yes" } else { "no" }));
        holds
    }

    /// Compares what the scheme demands with what the value has.
    #[inline]
    pub(super) fn expect<T: PartialEq + Display>(&mut self, what: &str, expected: T, found: T) -> bool {
        self.note(|| format!("{what}: expected {expected}, found {found}"));
        expected == found
    }

    /// The sum of digit times weight, over the shorter of the two.
    #[inline]
    pub(super) fn sum(&mut self, digits: &[u8], weights: &[u8]) -> u32 {
        let sum = digits.iter().zip(weights).map(|(&d, &w)| u32::from(d) * u32::from(w)).sum();
        self.note(|| format!("values {}; weights {}; sum {sum}", listed(digits), listed(weights)));
        sum
    }

    /// The value's digits when there are exactly `N` of them and no letters.
    #[inline]
    pub(super) fn digits<const N: usize>(&mut self, value: &Value<'_>) -> Option<[u8; N]> {
        let found = exact::<N>(value.digits()).map(|digits| digits.map(|byte| byte - b'0'));
        match &found {
            Some(digits) => self.note(|| format!("digits {}", listed(digits))),
            None => self.note(|| format!("needs exactly {N} digits")),
        }
        found
    }

    /// The value's letters (as capitals) and digits when there are exactly `N` of them.
    #[inline]
    pub(super) fn letters<const N: usize>(&mut self, value: &Value<'_>) -> Option<[u8; N]> {
        let found = exact::<N>(value.letters());
        match &found {
            Some(letters) => self.note(|| format!("letters and digits {}", shown(letters))),
            None => self.note(|| format!("needs exactly {N} letters and digits")),
        }
        found
    }

    /// The value's digits, at least `min` and at most `max` (at most [`LETTERS_MAX`]), and no letters.
    #[inline]
    pub(super) fn digits_between(&mut self, value: &Value<'_>, min: usize, max: usize) -> Option<Short> {
        let found = between(value.digits(), min, max).map(Short::from_numerals);
        match &found {
            Some(digits) => self.note(|| format!("digits {}", listed(digits))),
            None => self.note(|| format!("needs {min} to {max} digits")),
        }
        found
    }

    /// The value's letters (as capitals) and digits, at least `min` and at most `max`.
    #[inline]
    pub(super) fn letters_between(&mut self, value: &Value<'_>, min: usize, max: usize) -> Option<Short> {
        let found = between(value.letters(), min, max);
        match &found {
            Some(letters) => self.note(|| format!("letters and digits {}", shown(letters))),
            None => self.note(|| format!("needs {min} to {max} letters and digits")),
        }
        found
    }
}

/// A few bytes on the stack, read as a slice.
pub(super) struct Short {
    bytes: [u8; LETTERS_MAX],
    len: usize,
}

impl std::ops::Deref for Short {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.bytes[..self.len]
    }
}

impl Short {
    /// The digits' values in place of the digits.
    #[inline]
    fn from_numerals(mut self) -> Self {
        for byte in &mut self.bytes[..self.len] {
            *byte = byte.wrapping_sub(b'0');
        }
        self
    }
}

#[inline]
fn exact<const N: usize>(found: Option<&[u8]>) -> Option<[u8; N]> {
    found?.try_into().ok()
}

#[inline]
fn between(found: Option<&[u8]>, min: usize, max: usize) -> Option<Short> {
    let found = found.filter(|found| (min..=max).contains(&found.len()))?;
    let mut bytes = [0; LETTERS_MAX];
    bytes.get_mut(..found.len())?.copy_from_slice(found);
    Some(Short { bytes, len: found.len() })
}

/// The value of a digit (0-9) or letter (A = 10 ... Z = 35), upper or lower case.
#[inline]
pub(super) fn base36(byte: u8) -> Option<u8> {
    match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'A'..=b'Z' => Some(byte - b'A' + 10),
        b'a'..=b'z' => Some(byte - b'a' + 10),
        _ => None,
    }
}

/// The digits' values when all bytes are ASCII digits.
#[inline]
pub(super) fn numerals<const N: usize>(text: &[u8]) -> Option<[u8; N]> {
    let text: &[u8; N] = text.try_into().ok()?;
    text.iter().all(u8::is_ascii_digit).then(|| text.map(|byte| byte - b'0'))
}

/// The number that digits spell; of at most 19 digits.
#[inline]
pub(super) fn number(digits: &[u8]) -> u64 {
    digits.iter().fold(0, |number, &digit| number * 10 + u64::from(digit))
}

/// True when all digits are the same.
#[inline]
pub(super) fn all_same(digits: &[u8]) -> bool {
    digits.windows(2).all(|pair| pair[0] == pair[1])
}

/// Digits for a person to read.
pub(super) fn listed(digits: &[u8]) -> String {
    let words: Vec<String> = digits.iter().map(u8::to_string).collect();
    words.join(" ")
}

/// ASCII for a person to read.
pub(super) fn shown(letters: &[u8]) -> String {
    letters.iter().map(|&byte| char::from(byte)).collect()
}
