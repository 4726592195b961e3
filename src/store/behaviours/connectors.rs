//! Behaviours of connectors, positions and facts.

use super::Behaviour;

pub(super) const BEHAVIOURS: &[Behaviour] = &[];
