//! The service over the emulated tenants: from a listing's page or a feed's event to a stored verdict.

mod bounded;
mod breaker;
pub(crate) mod house;
mod judge;
mod kill;
mod latency;
mod live;
mod memory;
mod needed;
mod oracle;
mod storm;
mod whole;
