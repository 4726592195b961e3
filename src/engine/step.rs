//! Named places in the way of a job and of an action, at which tests kill the program.
//!
//! For tests only, and in the release binary all the same, since a kill must hit the program that people run. With
//! `SLUICEBOX_DIE_AT=settle.before:3` in its environment the program aborts when it passes `settle.before` for the third
//! time; without, a passing costs one load. The steps of an action are named by action and step besides
//! (`admin_quarantine/move.called`), so that each step of each action that has several can be hit by itself.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};

/// The variable that names where to die, for tests: a step, a colon, and the how-manieth passing (from 1).
pub const VARIABLE: &str = "SLUICEBOX_DIE_AT";

/// All steps of a job, in the order a job passes them.
pub const STEPS: [&str; 12] = [
    "cursor.before",
    "cursor.after",
    "lease.before",
    "lease.after",
    "look.after",
    "sharing.after",
    "download.before",
    "download.after",
    "verdict.before",
    "verdict.after",
    "settle.before",
    "settle.after",
];

/// All steps of an intent, in the order it passes them; those of an order come once for each of its orders.
pub const ACT_STEPS: [&str; 10] = [
    "intent.claimed",
    "intent.begun.before",
    "intent.begun.after",
    "order.begins.before",
    "order.begins.after",
    "order.performed",
    "order.ended.before",
    "order.ended.after",
    "close.before",
    "close.after",
];

/// Where each step of an order is passed: before the journal knows of it, when it does, when the provider has answered and the
/// journal does not know, and when it does.
pub const CALL_STEPS: [&str; 4] = ["before", "journaled", "called", "noted"];

#[derive(Debug)]
struct End {
    step: String,
    left: AtomicU64,
}

static END: OnceLock<Option<End>> = OnceLock::new();

fn end() -> Option<&'static End> {
    END.get_or_init(|| read(&std::env::var(VARIABLE).unwrap_or_default())).as_ref()
}

/// Passes a step; the end of the process when a test asked for it.
pub fn passed(step: &str) {
    if let Some(end) = end()
        && end.step == step
    {
        end.passed();
    }
}

/// Passes a place in the call of an action's step (`make_private`, `end_link`, `called`).
pub fn passed_call(action: &str, step: &str, place: &str) {
    if let Some(end) = end()
        && end.step.split_once('/').is_some_and(|(of, rest)| {
            of == action && rest.rsplit_once('.').is_some_and(|(name, at)| name == step && at == place)
        })
    {
        end.passed();
    }
}

impl End {
    fn passed(&self) {
        if self.left.fetch_sub(1, Ordering::SeqCst) == 1 {
            // As a kill does: nothing is unwound, nothing flushed.
            std::process::abort();
        }
    }
}

fn read(text: &str) -> Option<End> {
    let (step, count) = text.rsplit_once(':')?;
    let count: u64 = count.parse().ok().filter(|count| *count > 0)?;
    is_known(step).then(|| End { step: step.to_owned(), left: AtomicU64::new(count) })
}

fn is_known(step: &str) -> bool {
    let is_call = || {
        let (action, rest) = step.split_once('/')?;
        let (name, place) = rest.rsplit_once('.')?;
        Some(!action.is_empty() && !name.is_empty() && CALL_STEPS.contains(&place))
    };
    STEPS.contains(&step) || ACT_STEPS.contains(&step) || is_call() == Some(true)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_known_step_with_a_count_is_an_end() {
        for (text, known) in [
            ("settle.before:3", true),
            ("lease.after:1", true),
            ("close.before:2", true),
            ("admin_quarantine/move.called:1", true),
            ("admin_quarantine/move.dreamt:1", false),
            ("/move.called:1", false),
            ("lease.after:0", false),
            ("lease.after", false),
            ("elsewhere:1", false),
            ("", false),
        ] {
            assert_eq!(read(text).is_some(), known, "{text}");
        }
    }
}
