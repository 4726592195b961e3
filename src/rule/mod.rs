//! Rules are data: rule files in, an immutable [`RuleSet`] out.
//!
//! The way of a file: `load` finds it, `parse` holds it against `schema` and fills `syntax`, `catalogue` looks at all
//! files as one, `select` says what runs, `compile` makes the [`RuleSet`]. Every error points at its place.

pub mod bounded;
mod builtin;
mod catalogue;
pub mod check;
mod compile;
mod cover;
pub mod error;
pub mod export;
pub mod function;
pub mod import;
pub mod lazy;
pub mod load;
pub mod normalise;
mod parse;
mod pattern;
pub mod profile;
pub mod purview;
pub mod ruleset;
mod schema;
pub mod select;
pub mod syntax;
#[cfg(test)]
mod tests;
pub mod validate;

use crate::source::SourceFile;
pub use error::RuleError;
pub use load::{Loaded, Options, load};
pub use profile::Profile;
pub use ruleset::RuleSet;
pub use select::Select;

/// Largest `max_match_bytes`: what the matcher keeps of a text's past.
const MATCH_BYTES_MAX: i64 = 65_536;
/// Longest match in bytes where a detector says nothing.
const MATCH_BYTES_DEFAULT: u32 = 1_024;
/// How far evidence may stand in characters where a rule says nothing.
const WITHIN_DEFAULT: u32 = 300;
