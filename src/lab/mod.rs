//! For people who write rules: rules against samples, with reasons. No cloud, no queue.

pub mod examples;
pub mod explain;

pub use examples::{Failure, Tested};
