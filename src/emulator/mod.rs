//! A Box and a Dropbox tenant on 127.0.0.1, for the demo, the tests and authors of policies.
//!
//! Nothing of this room is shared with `provider/`, types least of all: two readers of the same reference must not be able
//! to misread it alike. A tenant is a state machine that answers one request at a time ([`Cloud::answer`]); sockets, TLS,
//! faults, pace and the record of requests are the business of the rooms around it, so that each tenant's rules can be
//! tried without a socket.

pub mod boxcom;
pub mod dropbox;
pub mod edit;
pub mod fault;
pub mod limit;
pub mod record;
pub mod seed;
pub mod server;
pub mod tls;
pub mod wire;

pub use fault::Faults;
pub use limit::Pace;
pub use record::{Record, Recorded};
pub use server::{Options, Running, start};
pub use wire::{Answer, Asked, Cloud, Door};
