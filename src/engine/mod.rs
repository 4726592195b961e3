//! Motion: the stages, their threads and channels.

pub mod bounds;
pub mod control;
pub mod core;
pub(crate) mod fetch;
pub(crate) mod inspecting;
pub mod listing;
pub mod local;
pub(crate) mod pool;
pub(crate) mod scan;
pub mod service;
pub mod settle;
pub mod stats;
pub mod stdin;
pub mod step;
