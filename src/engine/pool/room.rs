//! Permits in bytes for contents between fetch and settle. Only I/O threads wait for them.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// How soon who waits for room sees that the program ends.
const LOOK_FOR_STOP_EVERY: Duration = Duration::from_millis(50);
/// The part of the room that only live contents may fill, as a divisor.
const LIVE_PART: u64 = 8;

/// Room in bytes. Threads share it.
#[derive(Debug)]
pub(crate) struct Room {
    bytes_max: u64,
    used_bytes: Mutex<u64>,
    freed: Condvar,
}

impl Room {
    pub(crate) fn new(bytes_max: u64) -> Self {
        Self { bytes_max: bytes_max.max(1), used_bytes: Mutex::new(0), freed: Condvar::new() }
    }

    /// Waits for so many bytes; `None` when `stop` rises. A content larger than the whole room waits until it is alone.
    pub(crate) fn take(self: &Arc<Self>, bytes: u64, live: bool, stop: &AtomicBool) -> Option<Held> {
        let bound = if live { self.bytes_max } else { self.bytes_max - self.bytes_max / LIVE_PART };
        let bytes = bytes.min(bound);
        let mut used = self.lock();
        while used.saturating_add(bytes) > bound {
            if stop.load(Ordering::Relaxed) {
                return None;
            }
            used = self.freed.wait_timeout(used, LOOK_FOR_STOP_EVERY).unwrap_or_else(PoisonError::into_inner).0;
        }
        *used += bytes;
        Some(Held { room: Arc::clone(self), bytes })
    }

    /// Bytes taken at present.
    pub(crate) fn used_bytes(&self) -> u64 {
        *self.lock()
    }

    fn lock(&self) -> MutexGuard<'_, u64> {
        self.used_bytes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Room that is taken; free again when dropped.
#[derive(Debug)]
pub(crate) struct Held {
    room: Arc<Room>,
    bytes: u64,
}

impl Held {
    /// Gives back what is not needed after all.
    pub(crate) fn shrink_to(&mut self, bytes: u64) {
        let more = self.bytes.saturating_sub(bytes);
        self.bytes -= more;
        self.give(more);
    }

    fn give(&self, bytes: u64) {
        *self.room.lock() -= bytes;
        self.room.freed.notify_all();
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.give(self.bytes);
    }
}
