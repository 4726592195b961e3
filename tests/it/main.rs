//! All integration tests in one binary: one module for each behaviour.

mod extract;
mod extract_cli;
mod harness;
mod hostile;
mod key;
mod privacy;
mod report;
mod rules_cli;
mod scan;
mod signals;
