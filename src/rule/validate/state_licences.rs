//! The shapes of driver's licence numbers, state by state.
//!
//! Source: each state's motor vehicle agency; the same shapes are collected in AAMVA's DLDV documentation and in
//! Purview's definition of the type. A range means that a state has issued all these lengths.

use Kind::{Digits, Letters};

/// What a run of characters is.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Letters,
    Digits,
}

/// One shape of one state.
pub(super) struct Shape {
    pub(super) state: &'static str,
    /// The first letter and three digits are the surname's Soundex code.
    pub(super) soundex: bool,
    /// Runs with their shortest and longest length.
    pub(super) runs: &'static [(Kind, u8, u8)],
}

const fn shape(state: &'static str, runs: &'static [(Kind, u8, u8)]) -> Shape {
    Shape { state, soundex: false, runs }
}

const fn soundex(state: &'static str, runs: &'static [(Kind, u8, u8)]) -> Shape {
    Shape { state, soundex: true, runs }
}

/// All shapes, by state.
pub(super) const SHAPES: &[Shape] = &[
    shape("AK", &[(Digits, 1, 7)]),
    shape("AL", &[(Digits, 7, 8)]),
    shape("AR", &[(Digits, 4, 9)]),
    shape("AZ", &[(Letters, 1, 1), (Digits, 8, 8)]),
    shape("AZ", &[(Digits, 9, 9)]),
    shape("CA", &[(Letters, 1, 1), (Digits, 7, 7)]),
    shape("CO", &[(Digits, 9, 9)]),
    shape("CO", &[(Letters, 1, 1), (Digits, 3, 6)]),
    shape("CO", &[(Letters, 2, 2), (Digits, 2, 5)]),
    shape("CT", &[(Digits, 9, 9)]),
    shape("DC", &[(Digits, 7, 7)]),
    shape("DC", &[(Digits, 9, 9)]),
    shape("DE", &[(Digits, 1, 7)]),
    soundex("FL", &[(Letters, 1, 1), (Digits, 12, 12)]),
    shape("GA", &[(Digits, 7, 9)]),
    shape("HI", &[(Letters, 1, 1), (Digits, 8, 8)]),
    shape("HI", &[(Digits, 9, 9)]),
    shape("IA", &[(Digits, 9, 9)]),
    shape("IA", &[(Digits, 3, 3), (Letters, 2, 2), (Digits, 4, 4)]),
    shape("ID", &[(Letters, 2, 2), (Digits, 6, 6), (Letters, 1, 1)]),
    shape("ID", &[(Digits, 9, 9)]),
    soundex("IL", &[(Letters, 1, 1), (Digits, 11, 12)]),
    shape("IN", &[(Letters, 1, 1), (Digits, 9, 9)]),
    shape("IN", &[(Digits, 9, 10)]),
    shape("KS", &[(Letters, 1, 1), (Digits, 1, 1), (Letters, 1, 1), (Digits, 1, 1), (Letters, 1, 1)]),
    shape("KS", &[(Letters, 1, 1), (Digits, 8, 8)]),
    shape("KS", &[(Digits, 9, 9)]),
    shape("KY", &[(Letters, 1, 1), (Digits, 8, 9)]),
    shape("KY", &[(Digits, 9, 9)]),
    shape("LA", &[(Digits, 1, 9)]),
    shape("MA", &[(Letters, 1, 1), (Digits, 8, 8)]),
    shape("MA", &[(Letters, 2, 2), (Digits, 7, 7)]),
    shape("MA", &[(Digits, 9, 9)]),
    soundex("MD", &[(Letters, 1, 1), (Digits, 12, 12)]),
    shape("MD", &[(Letters, 2, 2), (Digits, 11, 11)]),
    shape("ME", &[(Digits, 7, 8)]),
    shape("ME", &[(Digits, 7, 7), (Letters, 1, 1)]),
    soundex("MI", &[(Letters, 1, 1), (Digits, 12, 12)]),
    shape("MI", &[(Letters, 1, 1), (Digits, 10, 10)]),
    soundex("MN", &[(Letters, 1, 1), (Digits, 12, 12)]),
    shape("MO", &[(Letters, 1, 1), (Digits, 5, 9)]),
    shape("MO", &[(Letters, 1, 1), (Digits, 6, 6), (Letters, 1, 1)]),
    shape("MO", &[(Digits, 8, 8), (Letters, 2, 2)]),
    shape("MO", &[(Digits, 9, 9)]),
    shape("MO", &[(Digits, 9, 9), (Letters, 1, 1)]),
    shape("MO", &[(Digits, 3, 3), (Letters, 1, 1), (Digits, 6, 6)]),
    shape("MS", &[(Digits, 9, 9)]),
    shape("MT", &[(Letters, 1, 1), (Digits, 8, 8)]),
    shape("MT", &[(Digits, 9, 9)]),
    shape("MT", &[(Digits, 13, 14)]),
    shape("NC", &[(Digits, 1, 12)]),
    shape("ND", &[(Letters, 3, 3), (Digits, 6, 6)]),
    shape("ND", &[(Digits, 9, 9)]),
    shape("NE", &[(Letters, 1, 1), (Digits, 6, 8)]),
    shape("NH", &[(Digits, 2, 2), (Letters, 3, 3), (Digits, 5, 5)]),
    shape("NH", &[(Letters, 3, 3), (Digits, 8, 8)]),
    shape("NJ", &[(Letters, 1, 1), (Digits, 14, 14)]),
    shape("NM", &[(Digits, 8, 9)]),
    shape("NV", &[(Digits, 9, 10)]),
    shape("NV", &[(Digits, 12, 12)]),
    shape("NV", &[(Letters, 1, 1), (Digits, 8, 8)]),
    shape("NY", &[(Letters, 1, 1), (Digits, 7, 7)]),
    shape("NY", &[(Letters, 1, 1), (Digits, 18, 18)]),
    shape("NY", &[(Digits, 8, 9)]),
    shape("NY", &[(Digits, 16, 16)]),
    shape("OH", &[(Letters, 1, 1), (Digits, 4, 8)]),
    shape("OH", &[(Letters, 2, 2), (Digits, 3, 7)]),
    shape("OH", &[(Digits, 8, 8)]),
    shape("OK", &[(Letters, 1, 1), (Digits, 9, 9)]),
    shape("OK", &[(Digits, 9, 9)]),
    shape("OR", &[(Digits, 1, 9)]),
    shape("OR", &[(Letters, 1, 1), (Digits, 6, 6)]),
    shape("OR", &[(Letters, 2, 2), (Digits, 5, 5)]),
    shape("PA", &[(Digits, 8, 8)]),
    shape("RI", &[(Digits, 7, 8)]),
    shape("RI", &[(Letters, 1, 1), (Digits, 6, 6)]),
    shape("SC", &[(Digits, 5, 11)]),
    shape("SD", &[(Digits, 6, 10)]),
    shape("SD", &[(Digits, 12, 12)]),
    shape("TN", &[(Digits, 7, 9)]),
    shape("TX", &[(Digits, 7, 8)]),
    shape("UT", &[(Digits, 4, 10)]),
    shape("VA", &[(Letters, 1, 1), (Digits, 8, 11)]),
    shape("VA", &[(Digits, 9, 9)]),
    shape("VT", &[(Digits, 8, 8)]),
    shape("VT", &[(Digits, 7, 7), (Letters, 1, 1)]),
    // Up to five letters of the surname (stars, which fall away here, fill it up), two initials, year and check digit.
    shape("WA", &[(Letters, 3, 7), (Digits, 3, 3), (Letters, 2, 2)]),
    shape("WA", &[(Letters, 3, 7), (Digits, 3, 3), (Letters, 1, 1), (Digits, 1, 1)]),
    soundex("WI", &[(Letters, 1, 1), (Digits, 13, 13)]),
    shape("WV", &[(Digits, 7, 7)]),
    shape("WV", &[(Letters, 1, 2), (Digits, 5, 6)]),
    shape("WY", &[(Digits, 9, 10)]),
];
