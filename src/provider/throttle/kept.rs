//! Long pauses that outlive the program, so that a restart does not call before the provider said.
//!
//! Only pauses longer than [`LONG`] are worth a write: a shorter one is over before a restart could matter. They lie beside the
//! counts of calls, in a file of their own. A pause is kept by the calendar, with its length: whatever the calendar was set to
//! meanwhile, nobody waits longer than was asked.

use super::pace::Key;
use crate::clock::Moment;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use std::time::Duration;

/// A pause longer than this is kept.
pub(super) const LONG: Duration = Duration::from_secs(60);

/// Pauses kept at most: more principals than these are hardly ever paused at a time.
pub(super) const KEPT_MAX: usize = 1_000;

/// One kept pause.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeptPause {
    /// Whose: the id of an acting person; `None` is the connector's token itself.
    pub principal: Option<Arc<str>>,
    /// True for calls of the API, false for signed download addresses.
    pub counted: bool,
    /// Until when, in milliseconds since 1970.
    pub until_ms: i64,
    /// How long it was when it was kept, in milliseconds.
    pub span_ms: u64,
}

impl KeptPause {
    /// A pause of that key which ends so much later than now.
    pub(super) fn of(key: &Key, now: Moment, span: Duration) -> Self {
        Self {
            principal: key.id.clone(),
            counted: key.counted,
            until_ms: now.plus(span).as_millis(),
            span_ms: u64::try_from(span.as_millis()).unwrap_or(u64::MAX),
        }
    }

    pub(super) fn key(&self) -> Key {
        Key { counted: self.counted, id: self.principal.clone() }
    }

    /// What is left of it; `None` when it is over.
    pub(super) fn left(&self, now: Moment) -> Option<Duration> {
        let left = Moment::from_millis(self.until_ms).since(now).min(Duration::from_millis(self.span_ms));
        (!left.is_zero()).then_some(left)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_waits_longer_than_was_asked_whatever_the_calendar_says() {
        let kept = KeptPause { principal: None, counted: true, until_ms: 200_000, span_ms: 90_000 };
        for (now_ms, left_secs) in [
            (110_000, Some(90)),
            (150_000, Some(50)),
            (199_000, Some(1)),
            (200_000, None),
            (900_000, None),
            (0, Some(90)),
        ] {
            let left = kept.left(Moment::from_millis(now_ms));
            assert_eq!(left.map(|left| left.as_secs()), left_secs, "{now_ms}");
        }
    }
}
