//! What a check reads and says: the value's digits on the stack, and its steps for whoever asked why.
//!
//! One function serves both `check` and `trace`, so that the explanation can never differ from the verdict. It is compiled
//! once for each [`Ear`]: for the deaf one nothing of the explanation is left.

use std::fmt::Display;
use std::sync::Arc;

use super::Validate;
pub(super) use super::value::{LETTERS_MAX, Value};

/// A check with its parameters. Every one is a [`Validate`].
pub(super) trait Scheme: Send + Sync + 'static {
    /// True when the value passes; tells its steps on the way.
    fn judge(&self, value: &Value<'_>, steps: &mut Steps<impl Ear>) -> bool;
}

impl<T: Scheme> Validate for T {
    fn passes(&self, value: &Value<'_>) -> bool {
        self.judge(value, &mut Steps(Deaf))
    }

    fn trace(&self, value: &str) -> Vec<String> {
        told(|steps| self.judge(&Value::new(value), steps))
    }
}

/// The steps of a check, the verdict last.
fn told(judge: impl FnOnce(&mut Steps<Vec<String>>) -> bool) -> Vec<String> {
    let mut steps = Steps(Vec::new());
    let passed = judge(&mut steps);
    steps.0.push(if passed { "passes" } else { "refused" }.to_owned());
    steps.0
}

/// A check without parameters, for either ear.
pub(super) struct Plain {
    pub(super) passes: fn(&Value<'_>, &mut Steps<Deaf>) -> bool,
    pub(super) trace: fn(&Value<'_>, &mut Steps<Vec<String>>) -> bool,
}

impl Validate for Plain {
    fn passes(&self, value: &Value<'_>) -> bool {
        (self.passes)(value, &mut Steps(Deaf))
    }

    fn trace(&self, value: &str) -> Vec<String> {
        told(|steps| (self.trace)(&Value::new(value), steps))
    }
}

/// Shares a check as the table's rows hand it out.
#[expect(clippy::unnecessary_wraps, reason = "the shape of Row::build, which may fail")]
pub(super) fn ready(check: impl Validate + 'static) -> Result<Arc<dyn Validate>, String> {
    Ok(Arc::new(check))
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
                $crate::rule::validate::steps::ready($crate::rule::validate::steps::Plain {
                    passes: $judge,
                    trace: $judge,
                })
            },
        }
    };
}
pub(super) use plain;

/// Who listens to a check.
pub(super) trait Ear {
    /// Takes one step.
    fn hear(&mut self, line: impl FnOnce() -> String);
}

/// Nobody: only the verdict counts.
pub(super) struct Deaf;

impl Ear for Deaf {
    #[inline]
    fn hear(&mut self, _: impl FnOnce() -> String) {}
}

impl Ear for Vec<String> {
    fn hear(&mut self, line: impl FnOnce() -> String) {
        self.push(line());
    }
}

/// Where a check tells its steps.
pub(super) struct Steps<E>(E);

impl<E: Ear> Steps<E> {
    /// Tells a step.
    #[inline]
    pub(super) fn note(&mut self, line: impl FnOnce() -> String) {
        self.0.hear(line);
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
        let found = value.numerals().and_then(|digits| <[u8; N]>::try_from(digits).ok());
        match &found {
            Some(digits) => self.note(|| format!("digits {}", listed(digits))),
            None => self.note(|| format!("needs exactly {N} digits")),
        }
        found
    }

    /// The value's letters (as capitals) and digits when there are exactly `N` of them.
    #[inline]
    pub(super) fn letters<const N: usize>(&mut self, value: &Value<'_>) -> Option<[u8; N]> {
        let found = value.letters().and_then(|letters| <[u8; N]>::try_from(letters).ok());
        match &found {
            Some(letters) => self.note(|| format!("letters and digits {}", shown(letters))),
            None => self.note(|| format!("needs exactly {N} letters and digits")),
        }
        found
    }

    /// The value's digits, at least `min` and at most `max` (at most [`LETTERS_MAX`]), and no letters.
    #[inline]
    pub(super) fn digits_between<'v>(&mut self, value: &'v Value<'_>, min: usize, max: usize) -> Option<&'v [u8]> {
        let found = value.numerals().filter(|digits| (min..=max).contains(&digits.len()));
        match &found {
            Some(digits) => self.note(|| format!("digits {}", listed(digits))),
            None => self.note(|| format!("needs {min} to {max} digits")),
        }
        found
    }

    /// The value's letters (as capitals) and digits, at least `min` and at most `max`.
    #[inline]
    pub(super) fn letters_between<'v>(&mut self, value: &'v Value<'_>, min: usize, max: usize) -> Option<&'v [u8]> {
        let found = value.letters().filter(|letters| (min..=max).contains(&letters.len()));
        match &found {
            Some(letters) => self.note(|| format!("letters and digits {}", shown(letters))),
            None => self.note(|| format!("needs {min} to {max} letters and digits")),
        }
        found
    }
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
