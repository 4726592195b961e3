//! Feeds of a tenant that plays from memory, over a real store: what becomes of events, of lost positions, of what came
//! between, of dates that come true.

use super::log::Log;
use super::needs::Errand;
use super::upkeep::Upkeep;
use super::*;
use crate::engine::passes::tests::scene::{Scene, event, group, item, page, person, placed, walk};
use crate::model::{ActivityKind, ItemKind, Lane, Level, Person, Side, Todo};
use crate::provider::{GonePath, Next, Onward, Page};
use crate::store::{ActivityQuery, Judged};
use std::time::Duration;

type Jobs = Vec<(String, Lane, Todo)>;

impl Scene {
    /// A tenant of which one pass was made and nothing waits.
    fn connected(provider: Provider) -> Self {
        let scene = Scene::new(provider);
        let mut state = scene.played.state();
        let (walks, told) = match provider {
            Provider::Box => (
                vec![walk("root:7")],
                vec![(
                    "root:7",
                    page(vec![item("f1", "0"), item("d1", "0"), item("f2", "d1")], &[], Onward::End(None)),
                )],
            ),
            Provider::Dropbox => (
                vec![walk("ns:1")],
                vec![(
                    "ns:1",
                    page(
                        vec![placed("f1", "1", "/a.txt"), placed("d1", "1", "/d")],
                        &[],
                        Onward::End(Some("c1".into())),
                    ),
                )],
            ),
        };
        state.walks = walks;
        for (id, page) in told {
            state.pages.insert((id.into(), String::new()), Ok(page));
        }
        drop(state);
        let scene = scene.listed();
        scene.drain();
        scene.asked();
        scene
    }

    fn listed(self) -> Self {
        crate::engine::passes::tests::turn(&self).unwrap();
        self
    }

    fn read_log(&self) {
        Log::new(&self.core, self.tenant()).turn().unwrap();
    }

    /// Upkeep until nothing is left.
    fn keep_up(&self) {
        let mut upkeep = Upkeep::new(&self.core, self.tenant());
        for _ in 0..100 {
            if !upkeep.turn().unwrap() {
                return;
            }
        }
        panic!("the upkeep never ends");
    }

    fn happens(&self, id: &str, kind: ActivityKind, what: ItemKind, item: &str) {
        let event = event(id, kind, what, item, self.core.clock.now());
        self.played.state().log.push(event);
    }

    fn position(&self, feed: &str) -> String {
        let cursors = self.core.store.cursors(self.tenant().number).unwrap();
        cursors.into_iter().find(|cursor| *cursor.feed == *feed).unwrap().position.to_string()
    }

    fn activities(&self) -> usize {
        self.core.store.activities(&ActivityQuery::default(), None, 1_000).unwrap().len()
    }
}

fn ids(jobs: &Jobs) -> Vec<&str> {
    jobs.iter().map(|(id, _, _)| &**id).collect()
}

#[test]
fn a_storm_of_edits_is_one_job_and_a_view_is_none() {
    let scene = Scene::connected(Provider::Box);
    (0..10).for_each(|number| scene.happens(&format!("e{number}"), ActivityKind::Edit, ItemKind::File, "f1"));
    scene.happens("v", ActivityKind::View, ItemKind::File, "f2");
    scene.read_log();
    let jobs = scene.drain();
    assert_eq!(ids(&jobs), ["f1"]);
    assert!(jobs[0].1 == Lane::Live && jobs[0].2.has(Todo::LOOK.and(Todo::CONTENT)), "{jobs:?}");
    assert_eq!((scene.activities(), scene.position("events")), (11, "11".to_owned()));
    scene.read_log();
    assert_eq!((scene.drain(), scene.activities()), (Vec::new(), 11), "nothing comes twice");
}

#[test]
fn what_nobody_knows_becomes_a_stub_that_is_looked_at() {
    let scene = Scene::connected(Provider::Box);
    scene.happens("e", ActivityKind::Upload, ItemKind::File, "new");
    scene.read_log();
    let job = scene.claim_one();
    assert_eq!((&*job.known.item.id, job.todo.has(Todo::LOOK), job.lane), ("new", true, Lane::Live));
    assert_eq!(job.known.item.read_as.id(), Some("7"));
    assert!(job.offered.is_some() && job.happened.is_some());
}

#[test]
fn a_folders_share_tells_what_is_below_and_downloads_nothing() {
    let scene = Scene::connected(Provider::Box);
    scene.happens("e", ActivityKind::Share, ItemKind::Folder, "d1");
    scene.read_log();
    let jobs = scene.drain();
    assert_eq!(ids(&jobs), ["d1"]);
    assert!(jobs[0].2.has(Todo::SHARING.and(Todo::BELOW)) && !jobs[0].2.has(Todo::CONTENT));
}

#[test]
fn a_lost_position_is_filled_from_the_log_and_once_more_later() {
    for since in [true, false] {
        let scene = Scene::connected(Provider::Box);
        scene.read_log();
        let before = scene.core.clock.now();
        scene.core.clock.advance(Duration::from_secs(60));
        (0..5).for_each(|n| scene.happens(&format!("e{n}"), ActivityKind::Edit, ItemKind::File, &format!("g{n}")));
        scene.played.state().log_fails = Some(Next::Reset(since.then_some(before)));
        let folder = page(vec![item("quiet", "d1")], &[], Onward::End(None));
        scene.played.state().pages.insert(("folder:d1".into(), String::new()), Ok(folder));
        scene.read_log();
        assert_eq!(scene.position("events"), "5", "the feed goes on from now");
        scene.keep_up();
        let jobs = scene.drain();
        assert_eq!(ids(&jobs), ["g0", "g1", "g2", "g3", "g4", "quiet"], "what no event told is listed");
        scene.asked();
        // The log tells of a last event late.
        let late = event("late", ActivityKind::Edit, ItemKind::File, "f1", scene.core.clock.now());
        scene.played.state().log.push(late);
        scene.keep_up();
        assert!(!scene.asked().contains(&"history".into()), "not yet");
        scene.core.clock.advance(Duration::from_secs(601));
        scene.keep_up();
        assert!(ids(&scene.drain()).contains(&"f1"));
        scene.asked();
        scene.core.clock.advance(Duration::from_secs(6_000));
        scene.keep_up();
        assert!(!scene.asked().contains(&"history".into()), "the gap is closed");
    }
}

#[test]
fn past_activity_is_visible_and_causes_no_work() {
    let scene = Scene::new(Provider::Box).restarted(|tenant| tenant.history_days = 7);
    let day = Duration::from_secs(86_400);
    for (id, days) in [("old", 8), ("e1", 6), ("e2", 2), ("e3", 1)] {
        let at = scene.core.clock.now().minus(day * days);
        scene.played.state().log.push(event(id, ActivityKind::Edit, ItemKind::File, "f9", at));
    }
    begin(&scene.core, scene.tenant()).unwrap();
    crate::engine::passes::people::refresh(&scene.core, scene.tenant(), Lane::Backlog).unwrap();
    scene.keep_up();
    assert_eq!((scene.activities(), scene.drain()), (3, Vec::new()));
}

#[test]
fn people_who_change_are_listed_once_when_it_is_quiet() {
    let scene = Scene::connected(Provider::Box);
    scene.happens("e1", ActivityKind::People, ItemKind::File, "7");
    scene.happens("e2", ActivityKind::People, ItemKind::File, "7");
    scene.read_log();
    scene.keep_up();
    assert!(!scene.asked().contains(&"people".into()), "a burst may go on");
    scene.played.state().people.people.push(Person { side: Side::External, ..person("9", "eve@else.example") });
    scene.played.state().people.groups = vec![group("g1", &["9"])];
    scene.core.clock.advance(Duration::from_secs(4));
    scene.keep_up();
    assert_eq!(scene.asked().iter().filter(|what| **what == "people").count(), 1);
    assert!(scene.tenant().directory().group("g1").is_some());
    scene.keep_up();
    assert!(scene.asked().is_empty(), "the need is met");
}

#[test]
fn a_copied_folder_is_listed_with_all_below_it_beside_the_pass() {
    let scene = Scene::connected(Provider::Box);
    let mut state = scene.played.state();
    for (id, told) in [
        ("folder:d9", page(vec![item("n1", "d9"), item("d8", "d9")], &["folder:d8"], Onward::End(None))),
        ("folder:d8", page(vec![item("n2", "d8")], &[], Onward::End(None))),
    ] {
        state.pages.insert((id.into(), String::new()), Ok(told));
    }
    drop(state);
    scene.happens("e", ActivityKind::Copy, ItemKind::Folder, "d9");
    scene.read_log();
    // A crash here loses nothing: the walk is noted in the store.
    let scene = scene.restarted(|_| {});
    scene.keep_up();
    let jobs = scene.drain();
    assert!(["n1", "n2"].iter().all(|id| ids(&jobs).contains(id)), "{jobs:?}");
    assert!(jobs.iter().all(|(_, lane, _)| *lane == Lane::Live), "{jobs:?}");
}

#[test]
fn a_folder_that_is_told_again_while_it_is_listed_is_listed_again() {
    let scene = Scene::connected(Provider::Box);
    let needs = Needs::of(&scene.core, scene.tenant());
    needs.add_errands(vec![Errand::of(&walk("folder:d9"), false)]).unwrap();
    let under_way = needs.errands().unwrap().remove(0);
    // Its page was fetched, and is not taken in yet.
    needs.add_errands(vec![Errand::of(&walk("folder:d9"), true)]).unwrap();
    needs.replace_errand(&under_way, None).unwrap();
    let left = needs.errands().unwrap();
    assert!(left.len() == 1 && left[0].deep, "{left:?}");
    needs.replace_errand(&left[0], None).unwrap();
    assert_eq!(needs.errands().unwrap(), []);
}

#[test]
fn what_changes_in_a_namespace_is_taken_whole_and_in_turn() {
    let scene = Scene::connected(Provider::Dropbox);
    let changed = Page {
        gone: vec![GonePath { place: "1".into(), path_lower: "/a.txt".into() }],
        ..page(vec![placed("f5", "1", "/b.txt")], &[], Onward::End(Some("c2".into())))
    };
    scene.played.state().news.insert(("ns:1".into(), "c1".into()), Ok(changed));
    let cursor = scene.core.store.cursors(scene.tenant().number).unwrap();
    let cursor = cursor.into_iter().find(|cursor| &*cursor.feed == "ns:1").unwrap();
    let turn = scene.tenant().turns.take(&cursor.feed);
    assert!(!places::take(&scene.core, scene.tenant(), &cursor).unwrap(), "the pass reads it");
    drop(turn);
    assert!(places::turn(&scene.core, scene.tenant()).unwrap());
    assert_eq!(scene.position("ns:1"), "c2");
    let jobs = scene.drain();
    assert!(ids(&jobs).contains(&"f5") && jobs.iter().all(|(_, lane, _)| *lane == Lane::Live), "{jobs:?}");
    let gone = scene.core.store.find(scene.tenant().number, ItemKind::File, "f1").unwrap();
    assert!(gone.is_none_or(|known| known.gone.is_some()));
    assert!(!places::turn(&scene.core, scene.tenant()).unwrap(), "nothing new");
}

#[test]
fn a_namespace_whose_position_is_lost_is_walked_anew_beside_the_pass() {
    let scene = Scene::connected(Provider::Dropbox);
    scene.played.state().news.insert(("ns:1".into(), "c1".into()), Err(Next::Reset(None)));
    let anew =
        page(vec![placed("f1", "1", "/a.txt"), placed("f6", "1", "/c.txt")], &[], Onward::End(Some("c9".into())));
    scene.played.state().pages.insert(("ns:1".into(), String::new()), Ok(anew));
    places::turn(&scene.core, scene.tenant()).unwrap();
    scene.keep_up();
    assert_eq!(scene.position("ns:1"), "c9");
    let jobs = scene.drain();
    assert!(ids(&jobs).contains(&"f6") && !ids(&jobs).contains(&"f1"), "{jobs:?}");
    let folder = scene.core.store.find(scene.tenant().number, ItemKind::Folder, "d1").unwrap();
    assert!(folder.is_none_or(|known| known.gone.is_some()), "what was not listed again is gone");
}

#[test]
fn a_namespace_that_came_since_is_followed_without_a_pass() {
    let scene = Scene::connected(Provider::Dropbox);
    let told = page(vec![placed("f7", "2", "/x.txt")], &[], Onward::End(Some("k1".into())));
    let mut state = scene.played.state();
    state.walks.push(walk("ns:2"));
    state.pages.insert(("ns:2".into(), String::new()), Ok(told));
    drop(state);
    // The log names a place that nobody follows.
    scene.happens("e", ActivityKind::Upload, ItemKind::File, "f7");
    scene.read_log();
    scene.keep_up();
    assert_eq!(scene.position("ns:2"), "k1");
    assert!(ids(&scene.drain()).contains(&"f7"));
}

#[test]
fn a_date_that_comes_true_is_judged_again() {
    let scene = Scene::connected(Provider::Box);
    let known = scene.core.store.find(scene.tenant().number, ItemKind::File, "f1").unwrap().unwrap();
    let ends = scene.core.clock.now().plus(Duration::from_secs(100));
    let judged = Judged { level: Level::Public, known: true, until: Some(ends) };
    scene.core.store.keep_exposure(&[(known.number, judged)]).unwrap();
    scene.keep_up();
    assert_eq!(scene.drain(), []);
    scene.core.clock.advance(Duration::from_secs(101));
    scene.keep_up();
    let jobs = scene.drain();
    assert_eq!((ids(&jobs), jobs[0].2), (vec!["f1"], Todo::EXPOSURE));
    scene.keep_up();
    assert_eq!(scene.drain(), []);
}
