//! Behaviours of what comes after the first listing: edits that people make are found by the next pass and told by the feed.

use super::Told;
use super::journal::known;
use super::stage::Stage;
use sluicebox::clock::Moment;
use sluicebox::emulator::Faults;
use sluicebox::emulator::edit::{Edit, Play, Script};
use sluicebox::emulator::seed::Fill;
use sluicebox::model::{Activity, ActivityKind, Provider};
use sluicebox::provider::{FeedCursor, Next, Source};
use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

/// Edits played between two looks.
const EDITS: usize = 60;
/// Calls after which a feed that never ends is given up.
const CALLS_MAX: usize = 2_000;
/// How often a quiet feed is read, so that a position may be lost by now.
const ROUNDS: usize = 4;

/// An edit that the tenant took.
struct Played {
    edit: Edit,
    /// The second it was done in: no other edit was.
    at: Moment,
    /// Whether it changed anything that the feed must tell.
    due: bool,
}

/// A day at the office, of which the tenant plays as much as is asked for.
struct Day {
    script: Script,
    /// The links there are, with their audiences.
    links: HashMap<Vec<String>, &'static str>,
    /// Who was invited to what.
    guests: HashSet<(Vec<String>, String)>,
}

impl Day {
    fn new(stage: &Stage, seed: u64) -> Self {
        let mut day = Self { script: Script::new(seed, &stage.fill), links: HashMap::new(), guests: HashSet::new() };
        for deed in &stage.fill.deeds {
            day.changes(deed);
        }
        day
    }

    /// Plays edits, a second apart, and gives those that the tenant took.
    fn play(&mut self, stage: &Stage, edits: usize) -> Vec<Played> {
        let tenant: &dyn Play = match stage.provider {
            Provider::Box => &*stage.tenants.boxcom,
            Provider::Dropbox => &*stage.tenants.dropbox,
        };
        let mut played = Vec::new();
        for edit in self.script.by_ref().take(edits).collect::<Vec<_>>() {
            stage.clock.advance(Duration::from_secs(1));
            if tenant.play(&edit).is_ok() {
                let due = self.changes(&edit);
                played.push(Played { edit, at: stage.clock.now(), due });
            }
        }
        assert!(played.len() > edits / 2, "the tenant took {} of {edits} edits", played.len());
        played
    }

    /// Notes an edit; true when it changes content, place or sharing: a link that was not there cannot be taken away, and
    /// nobody is invited twice.
    fn changes(&mut self, edit: &Edit) -> bool {
        match edit {
            Edit::View { .. } => false,
            Edit::Write { .. } => true,
            Edit::Link { path, audience: Some(audience), .. } => {
                self.links.insert(path.clone(), audience) != Some(audience)
            }
            Edit::Link { path, audience: None, .. } => self.links.remove(path).is_some(),
            Edit::Invite { path, whom, .. } => self.guests.insert((path.clone(), whom.clone())),
            Edit::Move { from, to, .. } => {
                // A folder takes along what lies in it.
                let moved = |mut path: Vec<String>| {
                    if path.starts_with(from) {
                        path.splice(..from.len(), to.iter().cloned());
                    }
                    path
                };
                let links = std::mem::take(&mut self.links).into_iter();
                self.links = links.map(|(path, audience)| (moved(path), audience)).collect();
                let guests = std::mem::take(&mut self.guests).into_iter();
                self.guests = guests.map(|(path, whom)| (moved(path), whom)).collect();
                true
            }
            Edit::Expire { .. } | Edit::Label { .. } => true,
            Edit::Join { .. } | Edit::Leave { .. } => true,
            Edit::Suspend { .. } | Edit::Resume { .. } | Edit::Depart { .. } => true,
            Edit::Delete { path, .. } => {
                self.links.remove(path);
                self.guests.retain(|(place, _)| place != path);
                true
            }
        }
    }
}

/// A second pass over an old journal ends with what a first pass over a new one finds.
pub(super) fn second_pass(provider: Provider, seed: u64) -> Told {
    let stage = Stage::new(provider, seed);
    let source = stage.connect();
    let mut old = stage.journal("old");
    stage.list(&*source, &mut old);
    let edits = Day::new(&stage, seed).play(&stage, EDITS).len();
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
    let mut reader = Reader::new(&stage, &*source);
    let edits = Day::new(&stage, seed).play(&stage, EDITS);
    stage.clock.advance(Duration::from_secs(60));
    reader.follow();
    assert_told(&edits, &reader.told);
    stage.assert_behaved();
    format!("{} edits, {} events, {} positions lost", edits.len(), reader.distinct(), reader.lost)
}

/// How a position is lost.
#[derive(Clone, Copy, Debug)]
enum Loss {
    /// The provider knows it no more.
    Forgotten,
    /// It is older than the stream keeps (Box: two weeks).
    Aged,
}

/// A position that is lost between two looks costs no edit: the log has what the feed cannot tell any more, from the
/// moment on that the loss itself names.
pub(super) fn position_lost(provider: Provider, seed: u64) -> Told {
    let losses: &[Loss] = match provider {
        Provider::Box => &[Loss::Forgotten, Loss::Aged],
        // A cursor of the log has no age; its loss is a reset.
        Provider::Dropbox => &[Loss::Forgotten],
    };
    let calm = Faults { reset: 0.0, ..Faults::light() };
    let stage = Stage::with(provider, seed, Fill::small(), calm);
    let source = stage.connect();
    let mut reader = Reader::new(&stage, &*source);
    let mut day = Day::new(&stage, seed);
    let mut edits = 0;
    for loss in losses {
        let before = day.play(&stage, EDITS / 2);
        for _ in 0..ROUNDS {
            reader.follow();
        }
        assert_eq!(reader.lost, 0, "{loss:?}: nothing is lost yet");
        let after = day.play(&stage, EDITS / 2);
        match loss {
            Loss::Forgotten => stage.running.set_faults(Faults { reset: 1.0, ..calm }),
            Loss::Aged => stage.clock.advance(Duration::from_secs(15 * 86_400)),
        }
        reader.follow();
        stage.running.set_faults(calm);
        assert!(reader.lost > 0, "{loss:?}: the position must be lost");
        for played in [&before, &after] {
            assert_told(played, &reader.told);
        }
        edits += before.len() + after.len();
        reader.lost = 0;
    }
    stage.assert_behaved();
    format!("{edits} edits, {} events, {} losses", reader.distinct(), losses.len())
}

/// A log that is as late as it may be tells every edit to whoever asks again when it has settled.
pub(super) fn late_log(provider: Provider, seed: u64) -> Told {
    let stage = Stage::new(provider, seed);
    let source = stage.connect();
    let (settles, began) = (source.history_settles(), stage.clock.now());
    stage.tenants.boxcom.set_log_delay(settles);
    let edits = Day::new(&stage, seed).play(&stage, EDITS / 2);
    let mut reader = Reader::new(&stage, &*source);
    reader.fill_gap(began);
    let at_once = reader.distinct();
    stage.clock.advance(settles);
    reader.fill_gap(began);
    assert_told(&edits, &reader.told);
    stage.assert_behaved();
    format!("{} edits, {at_once} events at once, {} settled", edits.len(), reader.distinct())
}

/// Reads all feeds of a tenant.
struct Reader<'a> {
    stage: &'a Stage,
    source: &'a dyn Source,
    cursors: Vec<Had>,
    told: Vec<Activity>,
    /// How many positions were lost.
    lost: u32,
}

/// A position, and when it was had.
#[derive(Clone)]
struct Had {
    cursor: FeedCursor,
    at: Moment,
}

impl<'a> Reader<'a> {
    fn new(stage: &'a Stage, source: &'a dyn Source) -> Self {
        let at = stage.clock.now();
        let cursors = source.feed_now().unwrap().into_iter().map(|cursor| Had { cursor, at }).collect();
        Self { stage, source, cursors, told: Vec::new(), lost: 0 }
    }

    fn distinct(&self) -> usize {
        self.told.iter().map(|activity| &activity.id).collect::<HashSet<_>>().len()
    }

    /// Reads every feed until it is quiet.
    fn follow(&mut self) {
        for at in 0..self.cursors.len() {
            self.cursors[at] = self.followed(self.cursors[at].clone());
        }
    }

    /// A lost position is filled from the log.
    fn followed(&mut self, mut had: Had) -> Had {
        let mut quiet = 0;
        for _ in 0..CALLS_MAX {
            let now = self.stage.clock.now();
            match self.source.changes(&had.cursor, Duration::ZERO) {
                Ok(changes) => {
                    quiet = if changes.activities.is_empty() && !changes.more { quiet + 1 } else { 0 };
                    self.told.extend(changes.activities);
                    had = Had { cursor: changes.cursor, at: now };
                    if quiet == 2 {
                        return had;
                    }
                }
                Err(error) => match error.next() {
                    Next::Reset(since) => {
                        self.lost += 1;
                        let from = since.unwrap_or(had.at);
                        let cursors = self.source.feed_now().unwrap().into_iter();
                        let anew = cursors.into_iter().find(|cursor| cursor.feed == had.cursor.feed);
                        had = Had { cursor: anew.expect("the feed is still there"), at: now };
                        self.fill_gap(from);
                    }
                    next => panic!("{next:?}: {error}"),
                },
            }
        }
        panic!("the feed never ends");
    }

    fn fill_gap(&mut self, from: Moment) {
        let to = self.stage.clock.now().plus(Duration::from_secs(1));
        let mut at: Option<Arc<str>> = None;
        for _ in 0..CALLS_MAX {
            let page = self.source.history(from, to, at.as_deref()).unwrap();
            self.told.extend(page.activities);
            at = page.onward;
            if at.is_none() {
                return;
            }
        }
        panic!("the log never ends");
    }
}

/// Each edit that is due is told.
fn assert_told(edits: &[Played], told: &[Activity]) {
    let due = || edits.iter().filter(|played| played.due);
    let lost: Vec<String> = due().filter(|played| !is_told(played, told)).map(shown).collect();
    assert!(lost.is_empty(), "{} of {} edits are not told: {}", lost.len(), due().count(), lost.join("; "));
}

/// Whether some event of its second is about the edit's item and says what was done.
fn is_told(played: &Played, told: &[Activity]) -> bool {
    use ActivityKind::{Copy, Delete, Edit as Change, Label, Move, People, Rename, Restore, Share, Upload};
    let (path, kinds): (&[String], &[ActivityKind]) = match &played.edit {
        Edit::Write { path, .. } => (path, &[Upload, Change, Restore, Copy]),
        Edit::Move { to, .. } => (to, &[Move, Rename]),
        Edit::Delete { path, .. } => (path, &[Delete]),
        Edit::View { .. } => return true,
        Edit::Link { path, .. } | Edit::Invite { path, .. } | Edit::Expire { path, .. } => (path, &[Share]),
        Edit::Label { path, .. } => (path, &[Label]),
        // About nobody's item.
        Edit::Join { .. } | Edit::Leave { .. } | Edit::Suspend { .. } | Edit::Resume { .. } | Edit::Depart { .. } => {
            (&[], &[People])
        }
    };
    let name = path.last().map(|name| name.to_lowercase());
    let then = |activity: &&Activity| {
        activity.at.is_some_and(|at| at.as_secs() == played.at.as_secs()) && kinds.contains(&activity.kind)
    };
    told.iter().filter(then).any(|activity| {
        if name.is_none() {
            return true;
        }
        let names = activity.subjects.iter().filter_map(|subject| subject.name.as_deref());
        names.map(str::to_lowercase).any(|told| told.rsplit('/').next() == name.as_deref())
    })
}

fn shown(played: &Played) -> String {
    format!("{:?}", played.edit).chars().take(160).collect()
}
