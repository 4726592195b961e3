//! What is wrong with a rule file, a term file beside it, or what was asked for (an id that no detector has); never the text
//! that is scanned.

pub use crate::source::Fault as RuleError;
pub(super) use crate::source::{Problem, did_you_mean};
