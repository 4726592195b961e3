//! Behaviours of the inventory.

use super::Behaviour;

pub(super) const BEHAVIOURS: &[Behaviour] = &[];
