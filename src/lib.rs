//! sluicebox: a file content scanner.

pub mod clock;
pub mod content;
pub mod detect;
pub mod extract;
pub mod inspect;
pub mod model;
pub mod report;
pub mod rule;
