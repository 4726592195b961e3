//! Fetch: claimed jobs in, contents out. Threads here wait on networks; nobody else does.
//!
//! A job goes one way: is its tenant on, LOOK (what is the item now), SHARING (who reaches it), then CONTENT, before whose first
//! call everything that forbids or spares it is asked: bounds, the item's own state, a verdict that is known. A step that must
//! wait sends the job back with what was found so far; waiting never counts as failing.

pub(crate) mod content;
pub(crate) mod dispatch;
mod fault;
mod look;
mod members;

use super::core::Core;
use super::inspecting::Inspecting;
use super::pool::{Desk, Held, Room, Task, Twin, Twins, Work};
use super::service::Signals;
use super::settle::Finished;
use super::stats::Ended;
use crate::clock::Moment;
use crate::content::{Content, Spool};
use crate::model::{ContentHash, Coverage, ItemKind, Reason, Todo};
use crate::store;
use crossbeam_channel::Sender;
use fault::Fault;
pub(crate) use look::{folder_of, has_moved};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;

/// After so long a content that somebody's lock keeps shut is tried again; until then it is `skipped: locked`.
const LOCKED_AGAIN: Duration = Duration::from_secs(600);
/// After so long an item that changed under every try is tried again.
const MOVING_AGAIN: Duration = Duration::from_secs(5);

/// What all fetch threads share.
#[derive(Clone, Debug)]
pub(crate) struct Fetcher {
    pub(crate) core: Arc<Core>,
    pub(crate) desk: Arc<Desk>,
    pub(crate) room: Arc<Room>,
    pub(crate) twins: Arc<Twins>,
    pub(crate) spool: Spool,
    pub(crate) inspecting: Arc<Inspecting>,
    pub(crate) signals: Arc<Signals>,
    pub(crate) contents: Sender<Box<Fetched>>,
    pub(crate) finished: Sender<Box<Finished>>,
    pub(crate) below: Sender<Box<Work>>,
}

/// A content ready to be scanned.
#[derive(Debug)]
pub(crate) struct Fetched {
    /// Its job.
    pub(crate) work: Box<Work>,
    /// The bytes.
    pub(crate) content: Content,
    /// Our SHA-256 of them.
    pub(crate) sha256: [u8; 32],
    /// The provider's hash of them; `None` for exports.
    pub(crate) hash: Option<ContentHash>,
    /// What it holds until it is settled.
    pub(crate) holds: Holds,
}

/// What a content holds until its verdict is stored.
#[derive(Debug, Default)]
pub(crate) struct Holds {
    /// Room in bytes.
    pub(crate) room: Option<Held>,
    /// Those who wait for the same content.
    pub(crate) twin: Option<Twin>,
}

/// A content that came.
pub(super) struct Body {
    pub(super) content: Content,
    /// Our own hash of it.
    pub(super) sha256: [u8; 32],
    /// The provider's.
    pub(super) hash: Option<ContentHash>,
    pub(super) holds: Holds,
}

/// How a job leaves fetch.
pub(super) enum End {
    /// Everything is known that its settlement needs.
    Settle,
    /// A content is to be scanned.
    Scan(Box<Body>),
    /// It waits, attempts unchanged.
    Wait(Option<Moment>),
    /// The attempt failed.
    Fail(Reason, String),
    /// The same content is under way; its verdict will serve.
    Twin(super::pool::twins::Key),
    /// The tenant's credentials fail.
    Broken(String),
    /// The store failed.
    Store(store::Error),
}

impl Fetcher {
    /// A thread's life: jobs from the desk until it closes.
    pub(crate) fn run(&self, live_only: bool) {
        while let Some((task, seat)) = self.desk.next(live_only) {
            match task {
                Task::One(work) => self.one(work),
                Task::Members(works) => self.members_of(works),
            }
            drop(seat);
        }
    }

    fn one(&self, mut work: Box<Work>) {
        let end = catch_unwind(AssertUnwindSafe(|| self.way(&mut work)));
        let end =
            end.unwrap_or_else(|_| End::Fail(Reason::Crashed, "the connector failed in an unforeseen way".into()));
        self.hand_on(work, end);
    }

    /// The order of a job.
    fn way(&self, work: &mut Work) -> End {
        if self.core.stopped() || !work.tenant.is_enabled() {
            return End::Wait(None);
        }
        self.steps(work).unwrap_or_else(|fault| fault.end(&self.core))
    }

    fn steps(&self, work: &mut Work) -> Result<End, Fault> {
        let is_stub = work.item.name.is_empty() && !work.job.known.is_top;
        if (work.todo.has(Todo::LOOK) || is_stub) && !self.look(work)? {
            return Ok(End::Settle);
        }
        if work.todo.has(Todo::SHARING) {
            self.members(work)?;
        }
        // What no policy needed may be needed now that its facts, links or members are others; that costs no call to see.
        let unread = work.job.known.coverage == Some(Coverage::Skipped(Reason::NotNeeded));
        if work.todo.has(Todo::CONTENT) || work.todo.has(Todo::REREAD) || unread && work.item.kind == ItemKind::File {
            work.todo = work.todo.and(Todo::CONTENT);
            return self.content(work);
        }
        Ok(End::Settle)
    }

    fn hand_on(&self, mut work: Box<Work>, end: End) {
        match end {
            End::Settle => self.to_settle(work),
            End::Scan(fetched) => {
                let Body { content, sha256, hash, holds } = *fetched;
                // Every channel has room for all jobs in hand; a closed one drops the job, and its lease goes back.
                let _ = self.contents.send(Box::new(Fetched { work, content, sha256, hash, holds }));
            }
            End::Wait(until) if work.found_something() && !self.core.stopped() => {
                work.settlement.left = work.todo;
                work.settlement.left_not_before = until;
                self.to_settle(work);
            }
            End::Wait(until) => {
                self.core.stats.of(work.tenant.number).ended(work.job.lane, Ended::GivenBack);
                work.ticket.give_back(until);
            }
            End::Fail(reason, said) => self.fail(*work, reason, said),
            End::Twin(key) => self.twins.wait(&key, *work),
            End::Broken(said) => self.break_connector(*work, &said),
            End::Store(error) => self.signals.store(error),
        }
    }

    fn to_settle(&self, mut work: Box<Work>) {
        let goes_below = work.todo.has(Todo::BELOW) && work.item.kind == ItemKind::Folder && !work.settlement.gone;
        if goes_below && work.found_something() {
            // What lies below is told from what is stored: the folder's own news first.
            work.settlement.left = work.settlement.left.and(Todo::BELOW);
        }
        if goes_below && work.settlement.left == Todo::NONE {
            let _ = self.below.send(work);
        } else {
            let _ = self.finished.send(Box::new(Finished { work, holds: Holds::default() }));
        }
    }

    fn fail(&self, work: Work, reason: Reason, said: String) {
        self.core.stats.of(work.tenant.number).ended(work.job.lane, Ended::Failed);
        let drawn = u64::from_le_bytes(drawn());
        let wait = fault::BACKOFF.wait(work.job.attempts.saturating_add(1), drawn);
        work.ticket.failed(reason, said, self.core.clock.steady().plus(wait), self.core.options.attempts_max);
    }

    fn break_connector(&self, work: Work, said: &str) {
        let tenant = &work.tenant;
        tenant.enabled.store(false, std::sync::atomic::Ordering::Relaxed);
        tracing::error!(connector = %tenant.name, said, "credentials refused: the connector is stopped");
        if let Err(error) = self.core.store.set_connector_state(tenant.number, store::ConnectorState::Broken) {
            self.signals.store(error);
        }
    }
}

/// Eight random bytes; zeros when there are none to be had, which only makes waits alike.
fn drawn() -> [u8; 8] {
    let mut bytes = [0; 8];
    let _ = getrandom::fill(&mut bytes);
    bytes
}
