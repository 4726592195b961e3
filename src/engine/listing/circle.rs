//! Walks that go round: where a cursor leads back to an earlier one, pages would come for ever.
//!
//! Of each walk one cursor is remembered: that after its 1st, 2nd, 4th, 8th ... page (Brent's way to find a circle). So a
//! circle of n pages is seen within a few times n pages, however long the way into it was, and a walk costs one cursor.

use crate::provider::Onward;
use std::collections::HashMap;
use std::sync::Arc;

/// Where the walks under way have been.
#[derive(Debug, Default)]
pub(super) struct Circles {
    marks: HashMap<Arc<str>, Mark>,
}

#[derive(Debug)]
struct Mark {
    cursor: Arc<str>,
    /// Pages since, and how many there may be before the mark is moved on.
    pages: u64,
    pages_max: u64,
}

impl Circles {
    /// Notes how a walk goes on, and says whether that closes a circle.
    pub(super) fn closes(&mut self, walk: &Arc<str>, onward: &Onward) -> bool {
        let Onward::More(cursor) = onward else {
            self.forget(walk);
            return false;
        };
        let Some(mark) = self.marks.get_mut(walk) else {
            self.marks.insert(Arc::clone(walk), Mark { cursor: Arc::clone(cursor), pages: 0, pages_max: 1 });
            return false;
        };
        if mark.cursor == *cursor {
            return true;
        }
        mark.pages += 1;
        if mark.pages >= mark.pages_max {
            *mark = Mark { cursor: Arc::clone(cursor), pages: 0, pages_max: mark.pages_max.saturating_mul(2) };
        }
        false
    }

    /// A walk is over, or begins anew.
    pub(super) fn forget(&mut self, walk: &Arc<str>) {
        self.marks.remove(walk);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn circles_are_found_and_ways_with_an_end_are_not() {
        // Pages before the circle, and in it; 0 is none.
        for (before, within, seen_by) in
            [(0_u64, 1_u64, 2), (0, 2, 6), (3, 1, 8), (100, 7, 150), (1_000, 300, 2_500), (5_000, 0, 0)]
        {
            let (mut circles, walk) = (Circles::default(), Arc::from("folder:1"));
            let cursor = |page: u64| match within {
                0 => page,
                _ if page < before => page,
                _ => before + (page - before) % within,
            };
            let pages = if within == 0 { before } else { 10_000 };
            let found = (0..pages).find(|page| circles.closes(&walk, &Onward::More(cursor(*page).to_string().into())));
            match within {
                0 => assert_eq!(found, None),
                _ => assert!(found.is_some_and(|page| page < seen_by), "{before} {within}: {found:?}"),
            }
            assert!(!circles.closes(&walk, &Onward::End(None)));
            assert!(circles.marks.is_empty());
        }
    }
}
