//! Identical contents under way at the same time: the first is read, the others wait without a thread and then find its
//! verdict.

use super::{Desk, Work};
use crate::model::{ContentHash, Provider};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// A content by its provider's hash and size.
pub(crate) type Key = (Provider, ContentHash, u64);

/// Contents under way, and who waits for them. Jobs in hand bound both.
#[derive(Debug)]
pub(crate) struct Twins {
    desk: Arc<Desk>,
    waiting: Mutex<HashMap<Key, Vec<Work>>>,
}

impl Twins {
    pub(crate) fn new(desk: Arc<Desk>) -> Self {
        Self { desk, waiting: Mutex::default() }
    }

    /// Begins with a content; `None` when it is under way already.
    pub(crate) fn begin(self: &Arc<Self>, key: Key) -> Option<Twin> {
        let mut waiting = self.lock();
        if waiting.contains_key(&key) {
            return None;
        }
        waiting.insert(key, Vec::new());
        Some(Twin { twins: Arc::clone(self), key })
    }

    /// Lets a job wait for the end of a content; it is back at the desk at once when that has ended meanwhile.
    pub(crate) fn wait(&self, key: &Key, work: Work) {
        match self.lock().get_mut(key) {
            Some(others) => others.push(work),
            None => self.desk.put(work),
        }
    }

    /// Jobs that wait.
    pub(crate) fn waiting(&self) -> usize {
        self.lock().values().map(Vec::len).sum()
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Key, Vec<Work>>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A content under way; whoever waits for it goes on when this is dropped.
#[derive(Debug)]
pub(crate) struct Twin {
    twins: Arc<Twins>,
    key: Key,
}

impl Drop for Twin {
    fn drop(&mut self) {
        let others = self.twins.lock().remove(&self.key).unwrap_or_default();
        self.twins.desk.put_first(others);
    }
}
