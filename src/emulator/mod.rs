//! A Box and a Dropbox tenant on 127.0.0.1, for the demo, the tests and authors of policies.
//!
//! Nothing of this room is shared with `provider/`, types least of all: two readers of the same reference must not be able
//! to misread it alike. A tenant is a state machine that answers one request at a time ([`Cloud::answer`]); sockets, TLS,
//! faults, pace and the record of requests are the business of the rooms around it, so that each tenant's rules can be
//! tried without a socket.

mod bounds;
pub mod boxcom;
pub mod dropbox;
pub mod edit;
pub mod effect;
pub mod fault;
pub mod inventory;
pub mod keyring;
pub mod limit;
pub mod record;
pub mod seed;
pub mod server;
pub mod sink;
pub mod tls;
pub mod wire;

pub use effect::{Effect, Effects};
pub use fault::Faults;
pub use inventory::Inventory;
pub use keyring::Keyring;
pub use limit::Pace;
pub use record::{Downloads, Record, Recorded};
pub use server::{Brought, Options, Running, start};
pub use wire::{Answer, Asked, Cloud, Content, Door, Post};

use crate::clock::{Clock, Moment};
use edit::{Edit, Play};
use std::fmt::Write as _;
use std::sync::Arc;

/// Both tenants, filled alike.
#[derive(Clone, Debug)]
pub struct Tenants {
    /// The Box enterprise.
    pub boxcom: Arc<boxcom::Tenant>,
    /// The Dropbox team.
    pub dropbox: Arc<dropbox::Tenant>,
}

impl Tenants {
    /// Tenants filled with this; the same seed and fill give the same ids.
    #[must_use]
    pub fn new(seed: u64, clock: &Clock, fill: &seed::Fill) -> Self {
        Self {
            boxcom: Arc::new(boxcom::Tenant::new(seed, clock.clone(), fill)),
            dropbox: Arc::new(dropbox::Tenant::new(seed, clock.clone(), fill)),
        }
    }

    /// Makes both tenants forget every feed position and cursor handed out so far, as a service does after an outage: whoever
    /// carries one is told that it is lost.
    pub fn forget_feed(&self) {
        self.boxcom.forget_feed();
        self.dropbox.forget_feed();
    }

    /// What a complete listing of each tenant must bring, told from the tenants' own state.
    #[must_use]
    pub fn inventory(&self) -> inventory::Inventories {
        inventory::Inventories { boxcom: self.boxcom.inventory(), dropbox: self.dropbox.inventory() }
    }

    /// When the feed of its tenant could first offer the latest change of this item (content, place, sharing, label; no mere
    /// look): from then on a client that asks is told. `None` when nothing happened to it since the tenant was made.
    #[must_use]
    pub fn offered(&self, id: &str) -> Option<Moment> {
        self.boxcom.offered(id).or_else(|| self.dropbox.offered(id))
    }

    /// Each tenant behind its doors, for [`Options::clouds`].
    #[must_use]
    pub fn clouds(&self) -> Vec<(Door, Arc<dyn Cloud>)> {
        let of = |door: Door| -> Arc<dyn Cloud> {
            if door.is_box() { Arc::clone(&self.boxcom) as _ } else { Arc::clone(&self.dropbox) as _ }
        };
        Door::ALL.into_iter().map(|door| (door, of(door))).collect()
    }
}

/// Lower-case hex, as both services write digests.
fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        // Writing into a string cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// In both; when both refuse, the words of the first.
impl Play for Tenants {
    fn play(&self, edit: &Edit) -> Result<(), String> {
        let (one, other) = (self.boxcom.play(edit), self.dropbox.play(edit));
        one.and(other)
    }
}
