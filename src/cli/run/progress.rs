//! The line on a terminal that says what the service is doing.

use crate::cli::logs;
use crate::cli::progress;
use crate::engine::core::Core;
use crate::engine::service::Status;
use crate::engine::stats::{Count, Gauge, Waiting};
use crate::model::Lane;
use crate::report::units;
use std::io::Write;
use std::time::Duration;

/// Between two drawings.
const DRAW_EVERY: Duration = Duration::from_millis(500);

/// Whether a line is to be drawn.
pub(super) fn wanted(refused: bool) -> bool {
    progress::wanted(refused)
}

/// The line.
pub(super) struct Line {
    drawing: bool,
    drawn: Duration,
}

impl Line {
    pub(super) fn new(drawing: bool) -> Self {
        if drawing {
            logs::share_line();
        }
        Self { drawing, drawn: Duration::ZERO }
    }

    /// Draws it when it is time.
    pub(super) fn draw(&mut self, core: &Core, status: &Status) {
        let now = core.clock.elapsed();
        if !self.drawing || now.saturating_sub(self.drawn) < DRAW_EVERY {
            return;
        }
        self.drawn = now;
        let _ = write!(std::io::stderr(), "{}{}", logs::CLEAR, text(core, status));
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        if self.drawing {
            let _ = write!(std::io::stderr(), "{}", logs::CLEAR);
        }
    }
}

fn text(core: &Core, status: &Status) -> String {
    let waiting = |lane: Lane| -> u64 {
        let of = |state| core.stats.tallies().map(|tally| tally.depth(lane, state)).sum::<u64>();
        of(Waiting::Ready) + of(Waiting::Delayed)
    };
    let parked: u64 = Lane::ALL
        .into_iter()
        .flat_map(|lane| core.stats.tallies().map(move |tally| tally.depth(lane, Waiting::Parked)))
        .sum();
    let mut line = format!(
        "{} read, {}; waiting: {} live, {} backlog; in hand {}",
        units::count(core.stats.sum(Count::Scanned)),
        units::bytes(core.stats.sum(Count::ScannedBytes)),
        units::count(waiting(Lane::Live)),
        units::count(waiting(Lane::Backlog)),
        units::count(status.in_hand as u64),
    );
    let (acted, acting) = (core.stats.sum(Count::Actions), core.stats.get(Gauge::ActionsWaiting));
    if acted > 0 || acting > 0 {
        line.push_str(&format!("; {} acted on, {} to act on", units::count(acted), units::count(acting)));
    }
    if parked > 0 {
        line.push_str(&format!("; {} parked", units::count(parked)));
    }
    line
}
