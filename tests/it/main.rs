//! All integration tests in one binary: one module for each behaviour.

mod extract;
mod extract_cli;
mod guide;
mod harness;
mod hostile;
mod key;
mod privacy;
mod report;
mod rules_cli;
mod samples;
mod scan;
mod signals;
