//! Sockets, one for each door, plain or TLS; one thread with a tokio runtime.

use super::fault::Faults;
use super::limit::Pace;
use super::wire::{Cloud, Door};
use crate::clock::Clock;
use std::sync::Arc;

/// How the emulator runs. Take what is not said from [`Options::default`]: no faults, no limit, plain HTTP, any ports.
#[derive(Debug, Default)]
pub struct Options {
    /// Seeds faults and whatever else is drawn.
    pub seed: u64,
    /// Time, shared with whoever tests.
    pub clock: Clock,
    /// Faults.
    pub faults: Faults,
    /// What each principal may do.
    pub pace: Pace,
    /// TLS on all doors, under an authority made at start.
    pub tls: bool,
    /// Names for the certificate beside `127.0.0.1` and `localhost`.
    pub names: Vec<String>,
    /// The tenants by door: those of Box and those of Dropbox.
    pub clouds: Vec<(Door, Arc<dyn Cloud>)>,
    /// Doors that ask for a port; the others take what the system gives.
    pub ports: Vec<(Door, u16)>,
}

/// A running emulator; dropping it closes all doors.
#[derive(Debug)]
pub struct Running;

/// Opens all doors on `127.0.0.1`.
///
/// # Errors
/// When a port cannot be opened.
pub fn start(_options: Options) -> std::io::Result<Running> {
    todo!()
}
