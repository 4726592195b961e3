//! Rules are data: rule files in, an immutable [`RuleSet`] out.

pub mod ruleset;
pub mod syntax;
pub mod validate;

pub use ruleset::RuleSet;
