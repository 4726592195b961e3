//! All integration tests in one binary: one module for each behaviour.

mod extract;
mod report;
mod samples;
