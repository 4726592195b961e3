//! For people who write rules: rules against samples, with reasons. No cloud, no queue.

pub mod check;
pub mod cost;
pub mod diff;
pub mod examples;
pub mod explain;
pub mod junit;
pub mod labels;
pub mod mutate;
pub mod policies;
pub mod score;
pub mod suppress;
pub mod texts;

pub use check::{Checked, check};
pub use examples::{Failure, Tested};

use std::ops::Range;

/// Where `value` stands in `text`, in characters: every occurrence, none touching another.
fn places(text: &str, value: &str) -> Vec<Range<u64>> {
    let length = value.chars().count() as u64;
    let (mut byte, mut chars) = (0, 0);
    text.match_indices(value)
        .map(|(at, _)| {
            chars += text[byte..at].chars().count() as u64;
            byte = at;
            chars..chars + length
        })
        .collect()
}
