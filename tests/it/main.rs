//! All integration tests, in one binary.

mod extract;
//! Behaviours of the whole, one module for each.

mod report;
