//! Every request that came in, for assertions.

use super::wire::Door;
use crate::clock::Moment;

/// One request and what became of it. Bodies and tokens are not kept.
#[derive(Clone, Debug)]
pub struct Recorded {
    /// When.
    pub at: Moment,
    /// Where it came in.
    pub door: Door,
    /// Whose pace it used.
    pub principal: String,
    /// Method.
    pub method: String,
    /// Path.
    pub path: String,
    /// Query.
    pub query: String,
    /// Status of the answer.
    pub status: u16,
    /// The `Retry-After` it was answered with, in seconds.
    pub retry_after_secs: Option<u64>,
    /// Why the tenant refused it as the caller's fault.
    pub refused: Option<String>,
    /// True when a fault was put in.
    pub faulted: bool,
    /// True when it carried an `Authorization` header.
    pub authorized: bool,
}

/// All requests, in the order they were answered.
#[derive(Debug, Default)]
pub struct Record;
