//! sluicebox: a file content scanner.

pub mod clock;
pub mod content;
pub mod extract;
pub mod inspect;
pub mod model;
pub mod rule;
