//! Motion: the stages, their threads and channels.

pub mod local;
pub mod stdin;
