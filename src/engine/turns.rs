//! Turns at a position: while somebody reads a namespace and moves its cursor, nobody else does.
//!
//! The regular pass and the feed go on from the same cursor of a Dropbox namespace. An answer that one of them fetched before
//! the other moved on would be older than what the store knows; so whoever reads a place first takes its turn, from before the
//! call until what it brought is stored.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};

/// Who reads what at present. As many are taken as there are threads that read.
#[derive(Clone, Debug, Default)]
pub struct Turns(Arc<Mutex<HashSet<Arc<str>>>>);

/// A taken turn; it ends when dropped.
#[derive(Debug)]
pub struct Turn {
    of: Turns,
    what: Arc<str>,
}

impl Turns {
    /// Takes the turn at what is named (`ns:456`); `None` when somebody else has it.
    #[must_use]
    pub fn take(&self, what: &Arc<str>) -> Option<Turn> {
        let taken = self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(Arc::clone(what));
        taken.then(|| Turn { of: self.clone(), what: Arc::clone(what) })
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        self.of.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.what);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_turn_is_one_readers_until_it_ends() {
        let (turns, one, other) = (Turns::default(), Arc::from("ns:1"), Arc::from("ns:2"));
        let first = turns.take(&one);
        assert!(first.is_some() && turns.take(&one).is_none() && turns.take(&other).is_some());
        drop(first);
        assert!(turns.take(&one).is_some());
    }
}
