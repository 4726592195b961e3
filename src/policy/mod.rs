//! The language of filters: which items are meant, told by their facts. `files --where` asks it, and policies will.
//!
//! [`Expr`] is what was typed, [`Filter`] what is asked, [`Facts`] what it is asked of, [`Answer`] what comes out. The room
//! is pure: no file, no network, no clock; whoever asks hands in the facts and the moment. The language itself is told in
//! `docs/filters.md`.

mod amount;
mod answer;
pub mod ask;
pub mod decide;
mod error;
mod facts;
mod field;
pub mod file;
mod filter;
mod finding;
mod glob;
mod look;
mod mime;
mod narrow;
mod operator;
mod prove;
mod range;
pub mod set;
mod syntax;
#[cfg(test)]
mod tests;
mod text;
mod wanted;
mod wants;
pub mod why;
mod words;

pub use amount::moment;
pub use answer::Answer;
pub use error::{FilterError, Span};
pub use facts::{Acts, Count, Facts, Folder, Found, History, Inspection, Tags};
pub use field::{FIELDS, FINDING_FIELDS, Field, Kind, Row};
pub use file::{Loaded, Note, Options, PolicyError, ask_of, load};
pub use filter::{Filter, Known};
pub use finding::fits;
pub use mime::{FileType, extension, formats, mime_of, type_of};
pub use narrow::Narrow;
pub use operator::{OPERATORS, Operator, Spelling};
pub use set::{Breaker, Policies, Policy, Still, Tombstone, Wish};
pub use syntax::{DEPTH_MAX, Expr, Group, TEXT_BYTES_MAX, Test, VALUES_MAX, Word};
pub use wanted::Wanted;
pub use wants::Wants;
