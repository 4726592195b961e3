//! Text as detectors see it: one spelling for what a reader takes for the same.

use super::syntax::Canonical;

/// Raised whenever [`normalise`] gives another answer for any text: part of every detector's hash.
pub const NORMALISER_VERSION: u32 = 1;

/// The normal form of a text.
#[must_use]
pub fn normalise(text: &str) -> String {
    use unicode_normalization::UnicodeNormalization;
    text.nfkc().collect()
}

/// Folds the case of a normalised text, character by character.
#[must_use]
pub fn fold_case(text: &str) -> String {
    text.to_lowercase()
}

/// What of a normalised value counts when values are compared: its letters and digits in upper case, or every character.
#[must_use]
pub fn canonical_value(value: &str, canonical: Canonical) -> String {
    match canonical {
        Canonical::Exact => value.to_owned(),
        Canonical::Alnum => value.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_uppercase).collect(),
    }
}
