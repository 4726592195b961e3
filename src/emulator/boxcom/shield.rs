//! Box Shield: what an access policy refuses of an item, whoever asks.
//!
//! The code is `forbidden_by_policy`, as with other policies of the company; only the words tell which.
//! <https://developer.box.com/guides/api-calls/permissions-and-errors/common-errors/>

use super::reply::Fault;
use super::state::State;
use super::tree::{Nid, Uid};

/// What is refused.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Shielded {
    /// The content.
    pub(super) download: bool,
    /// Links that stay or come, and new collaborators.
    pub(super) share: bool,
    /// Another owner, by move, copy or transfer.
    pub(super) moves: bool,
}

impl Shielded {
    /// What a test calls it.
    pub(super) fn named(name: &str) -> Option<Self> {
        let nothing = Self::default();
        match name {
            "download" => Some(Self { download: true, ..nothing }),
            "share" => Some(Self { share: true, ..nothing }),
            "move" => Some(Self { moves: true, ..nothing }),
            "all" => Some(Self { download: true, share: true, moves: true }),
            _ => None,
        }
    }

    /// What either refuses.
    pub(super) fn and(self, other: Self) -> Self {
        Self {
            download: self.download || other.download,
            share: self.share || other.share,
            moves: self.moves || other.moves,
        }
    }
}

impl State {
    fn shield_on(&self, nid: Nid) -> Shielded {
        let above = self.tree.upwards(nid).filter_map(|at| self.shields.get(&at));
        above.fold(Shielded::default(), |all, one| all.and(*one))
    }

    /// Refuses the content of a shielded file.
    pub(super) fn shield_download(&self, nid: Nid) -> Result<(), Fault> {
        if self.shield_on(nid).download { Err(refused()) } else { Ok(()) }
    }

    /// Refuses a link or a collaborator of a shielded item.
    pub(super) fn shield_share(&self, nid: Nid) -> Result<(), Fault> {
        if self.shield_on(nid).share { Err(refused()) } else { Ok(()) }
    }

    /// Refuses another owner for a shielded item, or for a folder that holds one.
    pub(super) fn shield_owner(&self, nid: Nid, heir: Uid) -> Result<(), Fault> {
        if self.tree.owner(nid) == heir || self.shields.is_empty() {
            return Ok(());
        }
        if self.tree.below(nid).into_iter().any(|at| self.shield_on(at).moves) { Err(refused()) } else { Ok(()) }
    }
}

fn refused() -> Fault {
    Fault::new(403, "forbidden_by_policy", "Access denied by Shield policy")
}
