//! What came lately, by its id: feeds and webhooks tell the same thing more than once.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

/// Ids and what is known of each; the oldest are forgotten first.
#[derive(Debug)]
pub(super) struct Recent<T> {
    known: HashMap<Arc<str>, T>,
    order: VecDeque<Arc<str>>,
    known_max: usize,
}

impl<T> Recent<T> {
    /// Remembers so many ids.
    pub(super) fn of(known_max: usize) -> Self {
        Self { known: HashMap::new(), order: VecDeque::new(), known_max }
    }

    /// What is known of an id. A new one is noted, and `None`.
    pub(super) fn note(&mut self, id: &Arc<str>, about: T) -> Option<&T> {
        if self.known.contains_key(id) {
            return self.known.get(id);
        }
        if self.order.len() >= self.known_max
            && let Some(oldest) = self.order.pop_front()
        {
            self.known.remove(&oldest);
        }
        self.order.push_back(Arc::clone(id));
        self.known.insert(Arc::clone(id), about);
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_is_forgotten_first() {
        let mut recent = Recent::of(2);
        for (id, about, known) in
            [("a", 1, None), ("a", 2, Some(1)), ("b", 3, None), ("a", 4, Some(1)), ("c", 5, None), ("a", 6, None)]
        {
            assert_eq!(recent.note(&id.into(), about).copied(), known, "{id} {about}");
        }
        assert_eq!((recent.known.len(), recent.order.len()), (2, 2));
    }
}
