//! Files that people write (rules, policies): their text, places in it, and what is wrong with them.
//!
//! Knows no rule and no policy: the rooms that read such files hand in the table of keys ([`schema`]) and say what of a file
//! may show in a message ([`Cover`]). Every fault points at its place.

mod fault;
mod file;
mod read;
pub mod schema;

pub use fault::Fault;
pub(crate) use fault::{Problem, did_you_mean};
pub(crate) use file::Place;
pub use file::{Cover, SourceFile};
pub(crate) use read::read_text;
pub use read::{Reader, named};
