//! The line on a terminal that says how far a scan is and when it will end.

use crate::clock::Clock;
use crate::engine::local::{Options, Progress, survey};
use crate::report::units;
use std::io::{IsTerminal, Write};
use std::sync::atomic::Ordering;
use std::time::Duration;

/// Between two drawings.
const TICK: Duration = Duration::from_millis(200);
/// Clears the line on a terminal.
const CLEAR: &str = "\r\x1b[2K";

/// True when progress should be drawn: standard error is a terminal that can.
pub(super) fn wanted(refused: bool) -> bool {
    !refused && std::io::stderr().is_terminal() && std::env::var_os("TERM").is_none_or(|term| term != "dumb")
}

/// Draws until the scan has ended; counts beside it what there is to read.
pub(super) fn draw(options: &Options, progress: &Progress) {
    let clock = Clock::machine();
    std::thread::scope(|scope| {
        scope.spawn(|| survey(options, progress));
        while !progress.ended.load(Ordering::Relaxed) {
            std::thread::park_timeout(TICK);
            let line = line(progress, clock.elapsed());
            let _ = write!(std::io::stderr(), "{CLEAR}{line}");
        }
        let _ = write!(std::io::stderr(), "{CLEAR}");
    });
}

fn line(progress: &Progress, elapsed: Duration) -> String {
    let files = progress.files_done.load(Ordering::Relaxed);
    let bytes = progress.bytes_done.load(Ordering::Relaxed);
    let of_files = progress.files_seen.load(Ordering::Relaxed);
    let of_bytes = progress.bytes_seen.load(Ordering::Relaxed).max(bytes);
    let rate = units::per_second(bytes, elapsed);
    let mut line = format!("{} of ", units::count(files));
    if progress.surveyed.load(Ordering::Relaxed) {
        line.push_str(&format!(
            "{} files, {} of {}",
            units::count(of_files),
            units::bytes(bytes),
            units::bytes(of_bytes)
        ));
        if let Some(rate) = rate.filter(|&rate| rate > 0) {
            let left = Duration::from_secs((of_bytes - bytes) / rate);
            line.push_str(&format!(", {}/s, about {} left", units::bytes(rate), units::elapsed(left)));
        }
    } else {
        line.push_str(&format!("{} files or more, {}", units::count(of_files), units::bytes(bytes)));
    }
    line
}
