//! Motion: the stages, their threads and channels.

pub mod core;
pub mod listing;
pub mod local;
pub mod names;
pub mod rejudge;
pub mod rules_change;
pub mod stdin;
