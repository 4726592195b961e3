//! Motion: the stages, their threads and channels.

pub mod control;
pub mod core;
pub mod estimate;
pub mod exposure;
pub mod facts;
pub mod feed;
pub(crate) mod fetch;
pub mod following;
pub(crate) mod inspecting;
pub mod listing;
pub mod local;
pub mod names;
pub mod passes;
pub(crate) mod pool;
pub mod reach;
pub mod rejudge;
pub mod rules_change;
pub(crate) mod scan;
pub mod service;
pub mod settle;
pub mod stats;
pub mod stdin;
pub mod step;
pub mod turns;
pub mod upkeep;
