//! Motion: the stages, their threads and channels.

pub mod core;
pub mod listing;
pub mod local;
pub mod stats;
pub mod stdin;
