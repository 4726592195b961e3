//! What keeps a tenant from growing for ever, however long it runs: logs that forget, and room made among what ends.

use crate::clock::Moment;
use std::collections::{HashMap, VecDeque};

/// Tokens and codes of one kind that a tenant knows at a time.
const HELD_MAX: usize = 10_000;

/// A log that forgets its oldest entries. The place of an entry stays the same all the same.
#[derive(Debug)]
pub(super) struct History<T> {
    kept: VecDeque<T>,
    gone: usize,
    kept_max: usize,
}

impl<T> History<T> {
    /// An empty one that keeps so many.
    pub(super) fn keeping(kept_max: usize) -> Self {
        Self { kept: VecDeque::new(), gone: 0, kept_max }
    }

    pub(super) fn push(&mut self, entry: T) {
        if self.kept.len() >= self.kept_max && self.kept.pop_front().is_some() {
            self.gone += 1;
        }
        self.kept.push_back(entry);
    }

    /// The place of the oldest entry that is kept.
    pub(super) fn first(&self) -> usize {
        self.gone
    }

    /// The place of the next entry: how many there ever were.
    pub(super) fn end(&self) -> usize {
        self.gone + self.kept.len()
    }

    /// The entry at a place; `None` when it is forgotten or not there yet.
    pub(super) fn get(&self, place: usize) -> Option<&T> {
        self.kept.get(place.checked_sub(self.gone)?)
    }

    /// The first place whose entry is not `before`, entries being in that order.
    pub(super) fn after(&self, before: impl FnMut(&T) -> bool) -> usize {
        self.gone + self.kept.partition_point(before)
    }
}

/// Makes room for one more among things that end: when there are too many, what has ended goes, and if nothing has, what
/// ends next.
pub(super) fn make_room<T>(held: &mut HashMap<String, T>, now: Moment, ends: impl Fn(&T) -> Moment) {
    if held.len() < HELD_MAX {
        return;
    }
    held.retain(|_, one| ends(one) > now);
    if held.len() >= HELD_MAX {
        let next = held.iter().min_by_key(|(_, one)| ends(one)).map(|(text, _)| text.clone());
        next.map(|text| held.remove(&text));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_history_forgets_and_its_places_stay() {
        let mut history = History::keeping(3);
        assert_eq!((history.first(), history.end(), history.get(0)), (0, 0, None));
        (0..5).for_each(|entry| history.push(entry * 10));
        assert_eq!((history.first(), history.end()), (2, 5));
        for (place, entry) in [(0, None), (1, None), (2, Some(20)), (4, Some(40)), (5, None)] {
            assert_eq!(history.get(place).copied(), entry, "{place}");
        }
        for (before, place) in [(0, 2), (30, 3), (99, 5)] {
            assert_eq!(history.after(|entry| *entry < before), place, "{before}");
        }
    }

    #[test]
    fn room_is_made_of_what_has_ended_first() {
        let at = Moment::from_millis;
        let ends: HashMap<String, Moment> = (0_i64..).take(HELD_MAX).map(|end| (end.to_string(), at(end))).collect();
        for (now, left, gone) in [(-1, HELD_MAX - 1, "0"), (9, HELD_MAX - 10, "9"), (i64::MAX, 0, "9999")] {
            let mut held = ends.clone();
            make_room(&mut held, at(now), |end| *end);
            assert_eq!((held.len(), held.contains_key(gone)), (left, false), "{now}");
        }
        let mut few = HashMap::from([("a".to_owned(), at(0))]);
        make_room(&mut few, at(1), |end| *end);
        assert_eq!(few.len(), 1);
    }
}
