//! The edge of the running service: health and numbers, webhooks, and the socket that commands come through.
//!
//! One thread with a tokio runtime serves all of it; what it asks of the engine are closures, so the room can be tried without
//! one. Nothing here waits for a provider, and nothing outside can make it hold more than its bounds.

pub mod metrics;
