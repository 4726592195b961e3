//! Dropbox: a team, namespaces, cursors, links, members, tokens, long polls, the audit log.

use super::edit::{Edit, Play};
use super::seed::Fill;
use super::wire::{Answer, Asked, Cloud};
use crate::clock::Clock;
use std::time::Duration;

/// One tenant. Cheap to share: handlers lock its state.
#[derive(Debug)]
pub struct Tenant;

impl Tenant {
    /// A tenant filled with this; the same seed and fill give the same ids.
    #[must_use]
    pub fn new(_seed: u64, _clock: Clock, _fill: &Fill) -> Self {
        todo!()
    }
}

impl Cloud for Tenant {
    fn answer(&self, _asked: &Asked) -> Answer {
        todo!()
    }

    fn principal(&self, _asked: &Asked) -> String {
        todo!()
    }

    fn too_many(&self, _asked: &Asked, _form: u64, _wait: Duration) -> Answer {
        todo!()
    }

    fn is_content(&self, _asked: &Asked) -> bool {
        todo!()
    }

    fn forget_position(&self, _asked: &Asked) -> bool {
        todo!()
    }

    fn set_doors(&self, _doors: &[(super::Door, String)]) {
        todo!()
    }
}

impl Play for Tenant {
    fn play(&self, _edit: &Edit) -> Result<(), String> {
        todo!()
    }
}
