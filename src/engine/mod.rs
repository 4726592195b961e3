//! Motion: the stages, their threads and channels.

pub mod control;
pub mod core;
pub mod estimate;
pub mod exposure;
pub mod facts;
pub mod feed;
pub mod listing;
pub mod local;
pub mod passes;
pub mod reach;
pub mod stats;
pub mod stdin;
pub mod turns;
pub mod upkeep;
