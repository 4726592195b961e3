//! Ctrl-C: the first one ends the work in good order, the second ends the program.

use super::Failed;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

/// A flag that rises at the first Ctrl-C (or termination signal); the second ends the program at once.
pub(super) fn on_signals() -> Result<Arc<AtomicBool>, Failed> {
    let flag = Arc::new(AtomicBool::new(false));
    for signal in [signal_hook::consts::SIGINT, signal_hook::consts::SIGTERM] {
        // Order matters: the conditional one looks at the flag before the other raises it.
        let armed = signal_hook::flag::register_conditional_default(signal, Arc::clone(&flag))
            .and_then(|_| signal_hook::flag::register(signal, Arc::clone(&flag)));
        armed.map_err(|error| Failed::new(format!("cannot watch for signals: {error}")))?;
    }
    Ok(flag)
}
