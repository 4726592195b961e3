//! Writes that are done late: the client was told nothing, and the tenant does not know yet.
//!
//! None is ever dropped, so that "done late" is not "never done": when there is no room, those whose time comes first are done
//! at once.

use super::walls::Desk;
use crate::emulator::record::Recorded;
use crate::emulator::wire::Asked;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

/// Writes that wait at most.
pub(super) const WAITING_MAX: usize = 1_000;
/// Bytes of their bodies at most.
const WAITING_BYTES_MAX: usize = 256 << 20;

/// One write that waits.
pub(super) struct Waiting {
    pub(super) asked: Asked,
    /// How it was recorded when it came.
    pub(super) recorded: Recorded,
}

/// The writes that wait, by the time of the shared clock when each is due, then in the order in which they came.
#[derive(Default)]
pub(super) struct Late {
    waiting: BTreeMap<(Duration, u64), Waiting>,
    came: u64,
    bytes: usize,
}

impl Late {
    pub(super) fn put(&mut self, due: Duration, waiting: Waiting) {
        self.came += 1;
        self.bytes += waiting.asked.body.len();
        self.waiting.insert((due, self.came), waiting);
    }

    /// The next one that is due now, or that there is no room for.
    pub(super) fn take(&mut self, now: Duration) -> Option<Waiting> {
        let is_full = self.waiting.len() > WAITING_MAX || self.bytes > WAITING_BYTES_MAX;
        let first = self.waiting.first_entry()?;
        if first.key().0 > now && !is_full {
            return None;
        }
        let waiting = first.remove();
        self.bytes -= waiting.asked.body.len();
        Some(waiting)
    }

    /// When the next one is due.
    pub(super) fn due(&self) -> Option<Duration> {
        self.waiting.first_key_value().map(|((due, _), _)| *due)
    }

    pub(super) fn len(&self) -> usize {
        self.waiting.len()
    }
}

/// Requests carry tokens: how many there are is all that is shown.
impl fmt::Debug for Late {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Late").field("waiting", &self.waiting.len()).field("bytes", &self.bytes).finish()
    }
}

/// Carries out what is due while no request comes. A movable clock moves for requests only, and each of them looks itself.
pub(super) async fn run(desk: Arc<Desk>) {
    while !desk.clock().is_movable() {
        desk.something_late().await;
        desk.carry_out_due(desk.clock().now());
    }
}
