//! All integration tests in one binary: one module for each behaviour.

mod extract;
mod guide;
mod report;
mod samples;
