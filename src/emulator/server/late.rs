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
const WAITING_MAX: usize = 1_000;
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Moment;
    use crate::emulator::wire::Door;

    fn waiting(path: &str) -> Waiting {
        let (door, at) = (Door::BoxApi, Moment::default());
        let (method, query, headers, body) = ("POST".to_owned(), String::new(), Vec::new(), vec![0; 8]);
        let asked = Asked { door, method, path: path.into(), query, headers, body, at };
        let recorded = Recorded {
            at,
            door,
            principal: "p".into(),
            method: "POST".into(),
            path: path.into(),
            query: String::new(),
            status: 0,
            retry_after_secs: None,
            refused: None,
            faulted: true,
            fault: Some("delayed"),
            authorized: true,
            early: false,
            over_pace: false,
        };
        Waiting { asked, recorded }
    }

    #[test]
    fn the_first_due_comes_first_and_too_many_come_at_once() {
        let mut late = Late::default();
        let at = Duration::from_secs;
        for (due, path) in [(3, "c"), (1, "a"), (2, "b"), (1, "a2")] {
            late.put(at(due), waiting(path));
        }
        let mut taken = |now| late.take(at(now)).map(|waiting| waiting.asked.path);
        assert_eq!([taken(0), taken(1), taken(1), taken(1)], [None, Some("a".into()), Some("a2".into()), None]);
        assert_eq!([taken(9), taken(9), taken(9)], [Some("b".into()), Some("c".into()), None]);
        assert_eq!((late.len(), late.bytes, late.due()), (0, 0, None));
        for number in 0..WAITING_MAX + 2 {
            late.put(at(5), waiting(&number.to_string()));
        }
        let taken = [(); 3].map(|()| late.take(at(0)).map(|waiting| waiting.asked.path));
        assert_eq!(taken, [Some("0".into()), Some("1".into()), None]);
        assert_eq!(late.len(), WAITING_MAX);
    }
}
