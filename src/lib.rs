//! sluicebox: a file content scanner.

pub mod detect;
pub mod model;
pub mod rule;
