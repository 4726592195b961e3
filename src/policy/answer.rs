//! Yes, no, or unknown: what a filter says of an item.
//!
//! Some facts cannot be seen (hidden members, a file not yet read). They never count as "nobody" or "nothing": a filter
//! that rests on them answers unknown, and unknown passes through `and`, `or` and `not` as in Kleene's logic. So what is
//! decided stays decided when more becomes known, and whoever assembles facts may stop at the first that decide.

/// What a filter says of one item.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Answer {
    /// It does not match, whatever else may come to be known.
    No,
    /// It depends on something that is not known.
    Unknown,
    /// It matches, whatever else may come to be known.
    Yes,
}

impl Answer {
    /// Both: the weaker of the two.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        self.min(other)
    }

    /// Either: the stronger of the two.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        self.max(other)
    }

    /// The contrary; of unknown, unknown.
    #[must_use]
    pub fn negate(self) -> Self {
        match self {
            Answer::No => Answer::Yes,
            Answer::Unknown => Answer::Unknown,
            Answer::Yes => Answer::No,
        }
    }

    /// The contrary if `negated`, else itself.
    #[must_use]
    pub fn negate_if(self, negated: bool) -> Self {
        if negated { self.negate() } else { self }
    }

    /// False for unknown.
    #[must_use]
    pub fn is_decided(self) -> bool {
        self != Answer::Unknown
    }
}

impl From<bool> for Answer {
    fn from(yes: bool) -> Self {
        if yes { Answer::Yes } else { Answer::No }
    }
}

impl From<Option<bool>> for Answer {
    fn from(known: Option<bool>) -> Self {
        known.map_or(Answer::Unknown, Answer::from)
    }
}
