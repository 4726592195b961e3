//! Named places in the way of a job, at which tests kill the program.
//!
//! For tests only, and in the release binary all the same, since a kill must hit the program that people run. With
//! `SLUICEBOX_DIE_AT=settle.before:3` in its environment the program aborts when it passes `settle.before` for the third
//! time; without, a passing costs one load.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};

/// The variable that names where to die, for tests: a step, a colon, and the how-manieth passing (from 1).
pub const VARIABLE: &str = "SLUICEBOX_DIE_AT";

/// All steps, in the order a job passes them.
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

#[derive(Debug)]
struct End {
    step: String,
    left: AtomicU64,
}

static END: OnceLock<Option<End>> = OnceLock::new();

/// Passes a step; the end of the process when a test asked for it.
pub fn passed(step: &str) {
    let end = END.get_or_init(|| read(&std::env::var(VARIABLE).unwrap_or_default()));
    if let Some(end) = end
        && end.step == step
        && end.left.fetch_sub(1, Ordering::SeqCst) == 1
    {
        // As a kill does: nothing is unwound, nothing flushed.
        std::process::abort();
    }
}

fn read(text: &str) -> Option<End> {
    let (step, count) = text.rsplit_once(':')?;
    let count: u64 = count.parse().ok().filter(|count| *count > 0)?;
    STEPS.contains(&step).then(|| End { step: step.to_owned(), left: AtomicU64::new(count) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_known_step_with_a_count_is_an_end() {
        for (text, known) in [
            ("settle.before:3", true),
            ("lease.after:1", true),
            ("lease.after:0", false),
            ("lease.after", false),
            ("elsewhere:1", false),
            ("", false),
        ] {
            assert_eq!(read(text).is_some(), known, "{text}");
        }
    }
}
