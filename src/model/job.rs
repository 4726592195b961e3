//! Work that waits: why, on what, and who holds it.

use std::fmt;

/// Why a job waits. Each lane is served before the next, and each has a share that no other can take.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Lane {
    /// Somebody changed or shared it just now.
    Live,
    /// A person asked for it (`queue retry`, `scan` of an item).
    Asked,
    /// The regular pass brought it.
    Backlog,
    /// A rule or policy changed.
    Recheck,
}

impl Lane {
    /// All, the most urgent first.
    pub const ALL: [Lane; 4] = [Lane::Live, Lane::Asked, Lane::Backlog, Lane::Recheck];

    /// The name reports and numbers use.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Lane::Live => "live",
            Lane::Asked => "asked",
            Lane::Backlog => "backlog",
            Lane::Recheck => "recheck",
        }
    }

    /// Its place among [`Lane::ALL`].
    #[must_use]
    pub fn index(self) -> usize {
        self as usize
    }
}

impl fmt::Display for Lane {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// What is to be done for an item. Kinds of work add up: asking for more never takes away what was asked before.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Todo(u8);

impl Todo {
    /// Nothing.
    pub const NONE: Self = Self(0);
    /// Ask the provider for the item's present facts ([`Item`](super::Item)): what is stored may be stale or a stub.
    pub const LOOK: Self = Self(1);
    /// Ask the provider for its members and links.
    pub const SHARING: Self = Self(2);
    /// See to a verdict for the present version: known already, reused, or downloaded and scanned.
    pub const CONTENT: Self = Self(4);
    /// Tell the item's exposure again from what is stored.
    pub const EXPOSURE: Self = Self(8);
    /// Tell the exposure of everything below this folder again from what is stored.
    pub const BELOW: Self = Self(16);
    /// Read the content again although a verdict is known: some detector's judgement of it is not.
    pub const REREAD: Self = Self(32);

    /// Both.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// True when all of `other` is part of it.
    #[must_use]
    pub const fn has(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// For a store.
    #[must_use]
    pub const fn bits(self) -> u8 {
        self.0
    }

    /// From a store; unknown bits are kept, so that a newer program's work is not lost.
    #[must_use]
    pub const fn from_bits(bits: u8) -> Self {
        Self(bits)
    }
}

/// The store's number of a connector. Numbers are never given twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ConnectorNumber(pub i64);

/// The store's number of an item, unique over all connectors, in the order items were first seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ItemNumber(pub i64);

impl fmt::Display for ItemNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Holds one job for a while. Only the newest epoch of a job can be completed: a worker that stood still too long finds its
/// lease gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Lease {
    /// The job's item.
    pub item: ItemNumber,
    /// Raised with each lease of the job.
    pub epoch: i64,
    /// What was wanted when it was leased; when more is wanted by its end, the job goes back.
    pub revision: i64,
}
