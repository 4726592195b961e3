//! Judging: what the policies say of an item, told at settle and whenever something changes that they rest on.
//!
//! The decision itself is pure ([`crate::policy`]); here its facts are brought together, exceptions are taken into account,
//! and the answer becomes a [`Ruling`] for the store. No provider is asked.

use crate::policy::Policies;
use crate::store::{Exception, Ruling};
use std::sync::Arc;

/// What items are judged by, at present.
#[derive(Debug, Default)]
pub struct Governing {
    /// The policies, with those that may be enforced.
    pub policies: Policies,
    /// The exceptions that hold.
    pub exceptions: Vec<Exception>,
}

/// Shared by all threads; another takes its place when something changes ([`super::core::Core::govern`]).
pub type Shared = Arc<Governing>;

/// Rulings of one transaction at most.
pub const RULINGS_MAX: usize = 1_000;

/// What is to be kept of judged items.
pub type Rulings = Vec<Ruling>;
