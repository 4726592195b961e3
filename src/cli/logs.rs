//! Logs of the running service: what happened, by ids, counts and reasons.
//!
//! Only this program's own events are written: libraries log what they send and receive, and that may hold a token. Nor is a
//! panic's message written, since it may quote the text that a parser was reading; its place is.

use super::config::{LogForm, Service};
use super::{Failed, shown};
use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::panic;
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use tracing::level_filters::LevelFilter;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{Layer, Registry, fmt};

/// The target under which all of this program's events stand.
const OWN: &str = "sluicebox";

/// Clears the line on a terminal.
pub(super) const CLEAR: &str = "\r\x1b[2K";

/// True while a line of progress stands where logs go as well.
static SHARED: AtomicBool = AtomicBool::new(false);

/// From now on a log line takes the place of the line of progress that stands there.
pub(super) fn share_line() {
    SHARED.store(true, Ordering::Relaxed);
}

/// Standard error, perhaps with a line of progress on it.
struct Stderr;

impl Write for Stderr {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut out = io::stderr().lock();
        if SHARED.load(Ordering::Relaxed) {
            out.write_all(CLEAR.as_bytes())?;
        }
        out.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        io::stderr().flush()
    }
}

/// Begins to log as the settings say.
///
/// # Errors
/// When the log file cannot be opened.
pub(super) fn begin(service: &Service) -> Result<(), Failed> {
    let only_ours = Targets::new().with_target(OWN, level(service.log_level));
    let file = service.log_file.as_deref().map(open).transpose()?;
    let layer: Box<dyn Layer<Registry> + Send + Sync> = match (service.log, file) {
        (LogForm::Text, Some(file)) => Box::new(fmt::layer().with_ansi(false).with_writer(Mutex::new(file))),
        (LogForm::Text, None) => Box::new(fmt::layer().with_ansi(false).with_writer(|| Stderr)),
        (LogForm::Json, Some(file)) => Box::new(fmt::layer().json().flatten_event(true).with_writer(Mutex::new(file))),
        (LogForm::Json, None) => Box::new(fmt::layer().json().flatten_event(true).with_writer(|| Stderr)),
    };
    let begun = tracing_subscriber::registry().with(layer.with_filter(only_ours)).try_init();
    begun.map_err(|error| Failed::new(format!("cannot log: {error}")))?;
    panic::set_hook(Box::new(|info| {
        let place = info.location().map(|at| format!("{}:{}", at.file(), at.line()));
        let thread = std::thread::current();
        let thread = thread.name().unwrap_or("unnamed");
        tracing::error!(place, thread, "a part failed by a defect of this program");
    }));
    Ok(())
}

fn level(name: &str) -> LevelFilter {
    name.parse().unwrap_or(LevelFilter::INFO)
}

fn open(path: &Path) -> Result<File, Failed> {
    let opened = OpenOptions::new().append(true).create(true).mode(0o600).open(path);
    opened.map_err(|error| Failed::new(format!("cannot open the log file {}: {error}", shown(path))))
}

/// Lets no core be written when the program crashes: it would hold what was being read.
pub(super) fn no_core() {
    use rustix::process::{Resource, Rlimit, setrlimit};
    // Lowering one's own limit cannot be refused; and if it were, nothing better could be done.
    let _ = setrlimit(Resource::Core, Rlimit { current: Some(0), maximum: Some(0) });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_level_of_the_settings_is_one_of_the_logs() {
        for (name, filter) in [
            ("off", LevelFilter::OFF),
            ("error", LevelFilter::ERROR),
            ("warn", LevelFilter::WARN),
            ("info", LevelFilter::INFO),
            ("debug", LevelFilter::DEBUG),
            ("trace", LevelFilter::TRACE),
        ] {
            assert_eq!(level(name), filter);
        }
    }
}
