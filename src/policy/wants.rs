//! Which facts a filter rests on, so that a query over a million items fetches no members and no findings when nobody asks.

use std::fmt;

/// A set of parts of [`super::Facts`]. The item itself is always there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Wants(u16);

impl Wants {
    /// Nothing but the item.
    pub const ITEM: Self = Self(0);
    /// How far it is open.
    pub const EXPOSURE: Self = Self(1);
    /// Links and members, its own and those of the folders above.
    pub const SHARES: Self = Self(1 << 1);
    /// People and groups of the company.
    pub const DIRECTORY: Self = Self(1 << 2);
    /// Ids and names of the folders above.
    pub const ABOVE: Self = Self(1 << 3);
    /// How much was read, and what the content showed itself to be.
    pub const INSPECTION: Self = Self(1 << 4);
    /// Findings by detector.
    pub const FOUND: Self = Self(1 << 5);
    /// Tags of detectors.
    pub const TAGS: Self = Self(1 << 6);
    /// When it was first seen, and when our record of it last changed.
    pub const HISTORY: Self = Self(1 << 7);
    /// Whether it is quarantined.
    pub const QUARANTINE: Self = Self(1 << 8);
    /// Which policies matched.
    pub const POLICIES: Self = Self(1 << 9);
    /// How many versions there are.
    pub const VERSIONS: Self = Self(1 << 10);
    /// What people did with it.
    pub const ACTIVITY: Self = Self(1 << 11);
    /// Since when somebody outside is a member.
    pub const EXTERNAL_SINCE: Self = Self(1 << 12);

    /// All parts with their names.
    const NAMED: [(Wants, &'static str); 13] = [
        (Self::EXPOSURE, "exposure"),
        (Self::SHARES, "shares"),
        (Self::DIRECTORY, "directory"),
        (Self::ABOVE, "above"),
        (Self::INSPECTION, "inspection"),
        (Self::FOUND, "found"),
        (Self::TAGS, "tags"),
        (Self::HISTORY, "history"),
        (Self::QUARANTINE, "quarantine"),
        (Self::POLICIES, "policies"),
        (Self::VERSIONS, "versions"),
        (Self::ACTIVITY, "activity"),
        (Self::EXTERNAL_SINCE, "external since"),
    ];

    /// What a content must be read for.
    pub const CONTENT: Self = Self::INSPECTION.and(Self::FOUND);

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

    /// True when something of `other` is part of it.
    #[must_use]
    pub const fn touches(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    /// The part at a place, from 0 to 12, in the order above.
    #[cfg(test)]
    pub(super) fn from_bit(part: u32) -> Self {
        Self(1 << part)
    }

    /// What fetching it costs, in no unit: tests are made cheapest first.
    pub(super) fn cost(self) -> u32 {
        let dear = Self::SHARES.and(Self::FOUND).and(Self::ACTIVITY);
        u32::from(self.0.count_ones() != 0)
            + 10 * u32::from(self.touches(dear))
            + 5 * u32::from(self.has(Self::DIRECTORY))
    }
}

impl fmt::Display for Wants {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("item")?;
        let wanted = Self::NAMED.iter().filter(|(part, _)| self.has(*part));
        wanted.map(|(_, name)| name).try_for_each(|name| write!(f, ", {name}"))
    }
}
