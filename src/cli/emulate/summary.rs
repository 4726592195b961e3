//! What was asked of the emulator, told at its end.

use super::Played;
use crate::emulator::Record;
use crate::report::units;
use std::time::Duration;

/// Kinds of request that are told.
const KINDS_TOLD_MAX: usize = 20;
/// Refused requests that are told.
const REFUSED_TOLD_MAX: usize = 10;

/// The summary, several lines.
pub(super) fn text(record: &Record, elapsed: Duration, played: &Played) -> String {
    let [refused, early, over_pace] = record.wrongs();
    let mut text = format!(
        "\n{} requests in {}: {} met a fault, {} were refused, {} came too early, {} were over the rate.\n",
        units::count(record.count()),
        units::elapsed(elapsed),
        units::count(record.faulted()),
        units::count(refused),
        units::count(early),
        units::count(over_pace)
    );
    let mut kinds: Vec<(String, u64)> = record.calls().into_iter().collect();
    kinds.sort_by(|one, other| other.1.cmp(&one.1).then_with(|| one.0.cmp(&other.0)));
    for (kind, count) in kinds.iter().take(KINDS_TOLD_MAX) {
        text.push_str(&format!("{:>10}  {}\n", units::count(*count), super::shown(kind)));
    }
    if kinds.len() > KINDS_TOLD_MAX {
        text.push_str(&format!("{:>10}  further kinds\n", units::count((kinds.len() - KINDS_TOLD_MAX) as u64)));
    }
    for request in record.refused().iter().take(REFUSED_TOLD_MAX) {
        let why = request.refused.as_deref().unwrap_or_default();
        text.push_str(&format!("refused: {}: {}\n", super::shown(request.kind()), super::shown(why)));
    }
    if let Some(edits) = edits(played) {
        text.push_str(&edits);
    }
    text
}

fn edits(played: &Played) -> Option<String> {
    let refused = match &played.refused {
        Some((count, first)) => format!(", {} refused (first: {})", units::count(*count), super::shown(first)),
        None if played.done == 0 => return None,
        None => String::new(),
    };
    Some(format!("{} edits were made{refused}.\n", units::count(played.done)))
}
