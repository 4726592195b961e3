//! Plans: what policies or an operator would have done, foreseen at the providers and written down before anything is done.
//!
//! Making a plan calls for reads only, but for the folder of a quarantine, which is made when there is none yet. What votes is
//! decided as it is when policies are enforced ([`crate::policy::decide`]), and asks become actions by the same function
//! ([`super::act::resolve`]), so that what is shown is what is done. An applied plan becomes intents that expect the very steps
//! that were foreseen: an item at which others are lacking by then has drifted, and is left as it is.

pub(super) mod entry;
pub(super) mod foresee;
pub mod intents;
mod loses;
pub mod make;
pub(super) mod open;
#[cfg(test)]
mod tests;
pub(super) mod veil;
pub(super) mod words;

pub use make::{Asked, Chosen, Failed, ITEMS_MAX, Means, make};

use crate::model::{ConnectorName, ConnectorNumber, Directory, Provider};
use crate::provider::govern::Governor;
use std::sync::Arc;

/// A tenant that a plan is made for.
#[derive(Clone, Debug)]
pub struct Ground {
    /// Its number in the store.
    pub number: ConnectorNumber,
    /// Its name.
    pub name: ConnectorName,
    /// Its provider.
    pub provider: Provider,
    /// Who looks; `None` when the connector cannot be opened: nothing is foreseen there.
    pub governor: Option<Arc<dyn Governor>>,
    /// Everybody, as last listed.
    pub people: Arc<Directory>,
    /// Calls in a thousand seconds that the connector allows one principal.
    pub calls_per_1000_secs: u64,
}
