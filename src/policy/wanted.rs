//! Which items are worth reading: those that some policy may come to match.
//!
//! While no policy asks about contents, that is all of them: an inventory of what lies where is what a service without such
//! policies is for. A policy that looks at links and names alone says nothing of what is worth reading.

use super::answer::Answer;
use super::facts::Facts;
use super::filter::Filter;
use super::wants::Wants;
use crate::clock::Moment;

/// Says of an item whether its content is to be read.
#[derive(Clone, Debug, Default)]
pub struct Wanted {
    /// Filters of the policies; none where no policy asks about contents: everything is wanted.
    filters: Vec<Filter>,
}

impl Wanted {
    /// Wants every item: no policy asks about contents.
    #[must_use]
    pub fn everything() -> Self {
        Self::default()
    }

    /// Wants what one of these policies' filters may match; everything when none of them asks about contents.
    #[must_use]
    pub fn by(filters: Vec<Filter>) -> Self {
        let asks = filters.iter().any(|filter| filter.wants().touches(Wants::CONTENT));
        Self { filters: if asks { filters } else { Vec::new() } }
    }

    /// True while no policy asks about contents.
    #[must_use]
    pub fn is_everything(&self) -> bool {
        self.filters.is_empty()
    }

    /// The facts that it rests on.
    #[must_use]
    pub fn rests_on(&self) -> Wants {
        self.filters.iter().fold(Wants::ITEM, |all, filter| all.and(filter.wants()))
    }

    /// True when the content is to be read. What was learnt from an earlier reading does not count: the content may have
    /// become another, and the type that the name promises may not be the true one.
    #[must_use]
    pub fn wants(&self, facts: &Facts<'_>, now: Moment) -> bool {
        let unread = Facts { inspection: None, found: None, ..*facts };
        self.is_everything() || self.filters.iter().any(|filter| filter.answer(&unread, now) != Answer::No)
    }
}
