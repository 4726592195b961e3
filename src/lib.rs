//! sluicebox: a file content scanner.

pub mod model;
pub mod report;
pub mod rule;
