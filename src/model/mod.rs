//! The words every floor of the house speaks: plain data, no I/O, no policy.
//!
//! A type lives here when two rooms of the middle floor need it; otherwise it lives where it is born. Nothing in this
//! room can hold a matched value: a [`Finding`] carries a [`Mask`], a [`Token`] and an [`Excerpt`] only.

pub mod coverage;
pub mod covered;
pub mod finding;
pub mod location;
pub mod verdict;

pub use coverage::{Coverage, Limit, Reason};
pub use covered::{Excerpt, Mask, Plainness, Token};
pub use finding::{Confidence, Evidence, Finding, OwnText};
pub use location::{Locator, Place};
pub use verdict::{Hole, Verdict};
