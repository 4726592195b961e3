//! One content in, one account of it out. No threads, no network.

pub mod walk;
