//! sluicebox: a file content scanner.

pub mod model;
pub mod rule;
