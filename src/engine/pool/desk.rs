//! Where claimed jobs wait for a fetch thread: live ones first, and no principal on too many threads.
//!
//! A principal that is throttled makes its callers wait; the bound on threads for each keeps the others moving. Questions for
//! members of Dropbox files are put together here, since one call answers a hundred of them.

use super::Work;
use crate::model::{ConnectorNumber, ItemKind, Lease, Principal, Provider, Todo};
use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

/// Files whose members are asked for by one call (Dropbox `sharing/list_file_members/batch`).
const MEMBERS_BATCH: usize = 100;
/// Threads beyond its bound that a principal's live jobs may have.
const LIVE_THREADS_MORE: usize = 2;

/// What a fetch thread does next.
#[derive(Debug)]
pub(crate) enum Task {
    /// One job.
    One(Box<Work>),
    /// Files of one principal whose members are asked for together; they come back to the desk.
    Members(Vec<Work>),
}

type Whose = (ConnectorNumber, Principal);

/// The desk. Threads share it.
#[derive(Debug)]
pub(crate) struct Desk {
    threads_per_principal: usize,
    inner: Mutex<Inner>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct Inner {
    live: VecDeque<Work>,
    others: VecDeque<Work>,
    running: HashMap<Whose, usize>,
    closed: bool,
}

impl Desk {
    pub(crate) fn new(threads_per_principal: usize) -> Self {
        Self { threads_per_principal: threads_per_principal.max(1), inner: Mutex::default(), changed: Condvar::new() }
    }

    /// Lays a job down; at a closed desk it is dropped, and its lease goes back.
    pub(crate) fn put(&self, work: Work) {
        let mut inner = self.lock();
        if inner.closed {
            drop(inner);
            return drop(work);
        }
        if work.is_live() {
            inner.live.push_back(work)
        } else {
            inner.others.push_back(work)
        }
        drop(inner);
        self.changed.notify_all();
    }

    /// Lays jobs down that were taken before, in front of all others.
    pub(crate) fn put_first(&self, works: Vec<Work>) {
        let mut inner = self.lock();
        if inner.closed {
            drop(inner);
            return drop(works);
        }
        for work in works.into_iter().rev() {
            if work.is_live() { inner.live.push_front(work) } else { inner.others.push_front(work) }
        }
        drop(inner);
        self.changed.notify_all();
    }

    /// The next job for a thread, waiting for it; `None` when the desk is closed. `live_only` threads are kept for live jobs.
    pub(crate) fn next(self: &Arc<Self>, live_only: bool) -> Option<(Task, Seat)> {
        let mut inner = self.lock();
        loop {
            if inner.closed {
                return None;
            }
            if let Some(work) = inner.pick(live_only, self.threads_per_principal) {
                let whose = work.principal();
                *inner.running.entry(whose.clone()).or_default() += 1;
                let task = inner.with_others_like(work);
                return Some((task, Seat { desk: Arc::clone(self), whose }));
            }
            inner = self.changed.wait(inner).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Leases of jobs that wait here and are not live.
    pub(crate) fn slow(&self) -> Vec<Lease> {
        self.lock().others.iter().map(|work| work.job.lease).collect()
    }

    /// Takes jobs away that still wait here; those that a thread has taken meanwhile go their way.
    pub(crate) fn withdraw(&self, leases: &[Lease]) -> Vec<Work> {
        let mut inner = self.lock();
        let (gone, stay) =
            std::mem::take(&mut inner.others).into_iter().partition(|work| leases.contains(&work.job.lease));
        inner.others = stay;
        Vec::from(gone)
    }

    /// Jobs that wait here.
    pub(crate) fn waiting(&self) -> usize {
        let inner = self.lock();
        inner.live.len() + inner.others.len()
    }

    /// Calls on fetch threads at present.
    pub(crate) fn running(&self) -> usize {
        self.lock().running.values().sum()
    }

    /// Sends everybody home; what waits is dropped, and its leases go back.
    pub(crate) fn close(&self) {
        let mut inner = self.lock();
        inner.closed = true;
        let dropped = (std::mem::take(&mut inner.live), std::mem::take(&mut inner.others));
        drop(inner);
        drop(dropped);
        self.changed.notify_all();
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inner {
    fn pick(&mut self, live_only: bool, most: usize) -> Option<Work> {
        let running = &self.running;
        let may_go = |most: usize| move |work: &Work| running.get(&work.principal()).copied().unwrap_or(0) < most;
        if let Some(at) = self.live.iter().position(may_go(most + LIVE_THREADS_MORE)) {
            return self.live.remove(at);
        }
        if live_only {
            return None;
        }
        let at = self.others.iter().position(may_go(most))?;
        self.others.remove(at)
    }

    fn with_others_like(&mut self, first: Work) -> Task {
        if !asks_for_members_only_by_batch(&first) {
            return Task::One(Box::new(first));
        }
        let whose = first.principal();
        let mut batch = vec![first];
        for queue in [&mut self.live, &mut self.others] {
            let mut at = 0;
            while at < queue.len() && batch.len() < MEMBERS_BATCH {
                let fits =
                    queue.get(at).is_some_and(|work| asks_for_members_only_by_batch(work) && work.principal() == whose);
                match fits.then(|| queue.remove(at)).flatten() {
                    Some(work) => batch.push(work),
                    None => at += 1,
                }
            }
        }
        match batch.len() {
            1 => batch.pop().map_or(Task::Members(Vec::new()), |only| Task::One(Box::new(only))),
            _ => Task::Members(batch),
        }
    }
}

/// True for a Dropbox file whose next step is to ask for its members.
fn asks_for_members_only_by_batch(work: &Work) -> bool {
    work.tenant.provider == Provider::Dropbox
        && work.item.kind == ItemKind::File
        && work.item.has_members
        && work.todo.has(Todo::SHARING)
        && !work.todo.has(Todo::LOOK)
}

/// A thread's place for one principal; free again when dropped.
#[derive(Debug)]
pub(crate) struct Seat {
    desk: Arc<Desk>,
    whose: Whose,
}

impl Drop for Seat {
    fn drop(&mut self) {
        let mut inner = self.desk.lock();
        if let Some(count) = inner.running.get_mut(&self.whose) {
            *count = count.saturating_sub(1);
            if *count == 0 {
                inner.running.remove(&self.whose);
            }
        }
        drop(inner);
        self.desk.changed.notify_all();
    }
}
