//! Behaviours of what comes after the first listing: edits that people make are found by the next pass and told by the feed.

use super::Told;
use super::journal::known;
use super::stage::Stage;
use sluicebox::clock::Moment;
use sluicebox::emulator::edit::{Edit, Play, Script};
use sluicebox::model::{Activity, ActivityKind, Provider};
use sluicebox::provider::{FeedCursor, Next, Source};
use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

/// Edits played between two looks.
const EDITS: usize = 60;
/// Calls after which a feed that never ends is given up.
const CALLS_MAX: usize = 2_000;

/// Plays edits, a second apart, and gives those that the tenant took.
fn play(stage: &Stage, seed: u64) -> Vec<Edit> {
    let script = Script::new(seed, &stage.fill).take(EDITS);
    let tenant: &dyn Play = match stage.provider {
        Provider::Box => &*stage.tenants.boxcom,
        Provider::Dropbox => &*stage.tenants.dropbox,
    };
    let mut played = Vec::new();
    for edit in script {
        stage.clock.advance(Duration::from_secs(1));
        if tenant.play(&edit).is_ok() {
            played.push(edit);
        }
    }
    assert!(played.len() > EDITS / 2, "the tenant took {} of {EDITS} edits", played.len());
    played
}

/// A second pass over an old journal ends with what a first pass over a new one finds.
pub(super) fn second_pass(provider: Provider, seed: u64) -> Told {
    let stage = Stage::new(provider, seed);
    let source = stage.connect();
    let mut old = stage.journal("old");
    stage.list(&*source, &mut old);
    let edits = play(&stage, seed).len();
    let second = stage.list(&*source, &mut old).tally;
    let mut fresh = stage.journal("fresh");
    stage.list(&*stage.connect(), &mut fresh);
    let (old, fresh) = (known(&mut old), known(&mut fresh));
    let lost: Vec<_> = fresh.difference(&old).collect();
    let kept: Vec<_> = old.difference(&fresh).collect();
    assert!(lost.is_empty() && kept.is_empty(), "lost {lost:?}, kept though gone {kept:?}");
    stage.assert_behaved();
    let taken = second.taken;
    format!("{edits} edits: {} new, {} changed, {} gone", taken.new, taken.changed, second.gone)
}

/// Every edit that concerns content, place or sharing shows in the feed, whatever is lost on the way.
pub(super) fn feed(provider: Provider, seed: u64) -> Told {
    let stage = Stage::new(provider, seed);
    let source = stage.connect();
    let cursors = source.feed_now().unwrap();
    let from = stage.clock.now();
    let edits = play(&stage, seed);
    stage.clock.advance(Duration::from_secs(60));
    let mut told = Vec::new();
    for cursor in cursors {
        follow(&stage, &*source, cursor, from, &mut told);
    }
    let distinct: HashSet<Arc<str>> = told.iter().map(|activity| Arc::clone(&activity.id)).collect();
    let lost: Vec<String> = edits.iter().filter(|edit| !is_told(edit, &told)).map(shown).collect();
    assert!(lost.is_empty(), "{} of {} edits are not told: {}", lost.len(), edits.len(), lost.join("; "));
    stage.assert_behaved();
    format!("{} edits, {} events", edits.len(), distinct.len())
}

/// Reads a feed until it is quiet; a lost position is filled from the log.
fn follow(stage: &Stage, source: &dyn Source, mut cursor: FeedCursor, from: Moment, told: &mut Vec<Activity>) {
    let mut quiet = 0;
    for _ in 0..CALLS_MAX {
        match source.changes(&cursor, Duration::ZERO) {
            Ok(changes) => {
                quiet = if changes.activities.is_empty() && !changes.more { quiet + 1 } else { 0 };
                told.extend(changes.activities);
                cursor = changes.cursor;
                if quiet == 2 {
                    return;
                }
            }
            Err(error) => match error.next() {
                Next::Reset(since) => {
                    let feed = Arc::clone(&cursor.feed);
                    let anew = source.feed_now().unwrap().into_iter().find(|cursor| cursor.feed == feed);
                    cursor = anew.expect("the feed is still there");
                    fill_gap(stage, source, since.map_or(from, |since| since.min(from)), told);
                }
                next => panic!("{next:?}: {error}"),
            },
        }
    }
    panic!("the feed never ends");
}

fn fill_gap(stage: &Stage, source: &dyn Source, from: Moment, told: &mut Vec<Activity>) {
    let to = stage.clock.now().plus(Duration::from_secs(1));
    let mut at: Option<Arc<str>> = None;
    for _ in 0..CALLS_MAX {
        let page = source.history(from.minus(Duration::from_secs(60)), to, at.as_deref()).unwrap();
        told.extend(page.activities);
        at = page.onward;
        if at.is_none() {
            return;
        }
    }
    panic!("the log never ends");
}

/// Whether some event is about the edit's item and says what was done.
fn is_told(edit: &Edit, told: &[Activity]) -> bool {
    use ActivityKind::{Copy, Delete, Edit as Change, Move, Rename, Restore, Share, Upload};
    let (path, kinds): (&[String], &[ActivityKind]) = match edit {
        Edit::Write { path, .. } => (path, &[Upload, Change, Restore, Copy]),
        Edit::Move { to, .. } => (to, &[Move, Rename]),
        Edit::Delete { path, .. } => (path, &[Delete]),
        // Taking away a link that was not there changes nothing.
        Edit::View { .. } | Edit::Link { audience: None, .. } => return true,
        Edit::Link { path, .. } | Edit::Invite { path, .. } => (path, &[Share]),
    };
    let name = path.last().map(|name| name.to_lowercase());
    told.iter().filter(|activity| kinds.contains(&activity.kind)).any(|activity| {
        let names = activity.subjects.iter().filter_map(|subject| subject.name.as_deref());
        names.map(str::to_lowercase).any(|told| told.rsplit('/').next() == name.as_deref())
    })
}

fn shown(edit: &Edit) -> String {
    format!("{edit:?}").chars().take(160).collect()
}
