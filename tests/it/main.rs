//! Behaviours of the whole, one module for each.

mod report;
