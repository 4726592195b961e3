//! Behaviours of the journal under a real connector: whatever was durable when the power went, the listing ends the same.

use super::Told;
use super::stage::Stage;
use sluicebox::emulator::Faults;
use sluicebox::emulator::seed::Fill;
use sluicebox::engine::listing::journal::{Journal, Sync};
use sluicebox::model::{ItemKind, Provider};
use std::collections::BTreeSet;
use std::ops::ControlFlow;

/// Crashes tried for each provider and seed, spread over the journal.
const CRASHES: usize = 24;

/// Everything a journal knows: kind, id, version, bytes.
pub(super) fn known(journal: &mut Journal) -> BTreeSet<(u8, String, String, u64)> {
    let mut known = BTreeSet::new();
    journal
        .items(&mut |item| {
            let kind = match item.kind {
                ItemKind::File => 0,
                ItemKind::Folder => 1,
                ItemKind::WebLink => 2,
            };
            let version = item.version.as_deref().unwrap_or_default().to_owned();
            let trashed = if item.trashed.is_some() { " in the trash" } else { "" };
            assert!(known.insert((kind, item.id.to_string(), version + trashed, item.size_bytes)), "told twice");
            ControlFlow::Continue(())
        })
        .unwrap();
    known
}

/// Ends of the frames of a journal's file.
fn ends(bytes: &[u8]) -> Vec<usize> {
    let mut ends = Vec::new();
    let mut at = 0;
    while let Some(head) = bytes.get(at..at + 4) {
        at += 8 + usize::try_from(u32::from_le_bytes(head.try_into().unwrap())).unwrap();
        ends.push(at);
    }
    ends
}

/// The journal as it was after each of its records (and torn within one) is gone on from by a new connector.
pub(super) fn crash_anywhere(provider: Provider, seed: u64) -> Told {
    let mut fill = Fill::small();
    fill.files.truncate(12);
    fill.deeds.clear();
    let stage = Stage::with(provider, seed, fill, Faults { reset: 0.05, failing: 0.02, ..Faults::default() });
    let mut whole = Journal::open(&stage.path("whole"), "main", Sync::EachPage).unwrap();
    let tally = stage.list(&*stage.connect(), &mut whole).tally;
    let wanted = known(&mut whole);
    drop(whole);
    let bytes = std::fs::read(stage.path("whole")).unwrap();
    let ends = ends(&bytes);
    assert_eq!(ends.last(), Some(&bytes.len()));
    // The last record ends the pass; what comes after it is a second pass, another behaviour.
    let last = ends.len() - 1;
    let step = last.div_ceil(CRASHES).max(1);
    // Another seed, other places.
    let first = usize::try_from(seed).unwrap() % step;
    let mut crashes = 0;
    for (number, end) in ends[..last].iter().enumerate().skip(first).step_by(step) {
        let torn = [0, 5][number / step % 2];
        let name = format!("crash {number}");
        std::fs::write(stage.path(&name), &bytes[..end + torn]).unwrap();
        let mut journal = stage.journal(&name);
        assert_eq!(journal.message().is_some(), torn > 0, "after record {number}");
        let listing = stage.list(&*stage.connect(), &mut journal);
        assert_eq!(known(&mut journal), wanted, "after record {number}");
        assert_eq!(listing.tally.items(), tally.items(), "after record {number}");
        crashes += 1;
    }
    stage.assert_behaved();
    format!("{} records, {crashes} crashes gone on from", ends.len())
}
