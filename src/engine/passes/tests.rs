//! The passes of a tenant that plays from memory, over a real store: their order, their times, restarts between any two
//! pages, people who change.

pub(in crate::engine) mod scene;

use super::*;
use crate::engine::core::{Bounds, Named};
use crate::model::{Provider, Side};
use crate::provider::Onward;
use scene::{Scene, group, item, page, person, walk};

const HOUR: Duration = Duration::from_secs(3_600);

/// A user's tree of two pages and a folder.
fn company() -> Scene {
    let scene = Scene::new(Provider::Box);
    let mut state = scene.played.state();
    state.walks = vec![walk("root:7")];
    for (id, cursor, told) in [
        ("root:7", "", page(vec![item("f1", "0"), item("d1", "0")], &["folder:d1"], Onward::More("b".into()))),
        ("root:7", "b", page(vec![item("f2", "0")], &[], Onward::End(None))),
        ("folder:d1", "", page(vec![item("f3", "d1")], &[], Onward::End(None))),
    ] {
        state.pages.insert((id.into(), cursor.into()), Ok(told));
    }
    drop(state);
    scene
}

/// Looks once what is due.
pub(in crate::engine) fn turn(scene: &Scene) -> Result<(), Trouble> {
    Rounds::new(&scene.core, scene.tenant()).turn()
}

impl Scene {
    fn turn(&self) -> Result<(), Trouble> {
        turn(self)
    }

    fn passes(&self) -> u32 {
        self.core.store.pass(self.tenant().number).unwrap().map_or(0, |pass| pass.number)
    }
}

#[test]
fn on_connect_everything_comes_in_its_order() {
    let scene = company();
    scene.turn().unwrap();
    let asked = scene.asked();
    assert_eq!(asked[..4], ["probe", "people", "feed_now", "walks"], "{asked:?}");
    assert_eq!(asked.len(), 7, "{asked:?}");
    let store = &scene.core.store;
    assert!(store.connectors().unwrap()[0].granted.is_some());
    assert_eq!(store.cursors(scene.tenant().number).unwrap().len(), 1);
    let pass = store.pass(scene.tenant().number).unwrap().unwrap();
    assert!(pass.listed.is_some() && pass.taken.new == 4, "{pass:?}");
    let jobs = scene.drain();
    let contents: Vec<&str> =
        jobs.iter().filter(|(_, _, todo)| todo.has(Todo::CONTENT)).map(|(id, _, _)| &**id).collect();
    assert_eq!(contents, ["f1", "f2", "f3"]);
    assert!(jobs.iter().all(|(_, lane, _)| *lane == Lane::Backlog), "{jobs:?}");
}

#[test]
fn a_pass_begins_at_its_time_when_the_one_before_is_done() {
    let scene = company();
    scene.turn().unwrap();
    scene.core.clock.advance(13 * HOUR);
    scene.turn().unwrap();
    assert_eq!(scene.passes(), 1, "its jobs still wait");
    scene.drain();
    scene.turn().unwrap();
    assert_eq!(scene.passes(), 2);
    assert_eq!(scene.drain(), [], "what is unchanged costs nothing");
    scene.asked();
    scene.core.clock.advance(11 * HOUR);
    scene.turn().unwrap();
    assert_eq!((scene.passes(), scene.asked().len()), (2, 0), "its time has not come");
    start(&*scene.core.store, None).unwrap();
    scene.turn().unwrap();
    assert_eq!(scene.passes(), 3, "an order does not wait");
    scene.turn().unwrap();
    assert_eq!(scene.passes(), 3, "an order counts once");
    let changed = page(vec![item("f3=2", "d1")], &[], Onward::End(None));
    scene.played.state().pages.insert(("folder:d1".into(), "".into()), Ok(changed));
    scene.core.clock.advance(12 * HOUR);
    scene.turn().unwrap();
    let jobs = scene.drain();
    assert_eq!(jobs.iter().map(|(id, _, _)| &**id).collect::<Vec<_>>(), ["f3"], "only what changed");
}

#[test]
fn a_paused_backlog_stands_still_over_restarts() {
    let scene = company();
    pause(&*scene.core.store, None).unwrap();
    scene.turn().unwrap();
    let scene = scene.restarted(|_| {});
    scene.turn().unwrap();
    assert_eq!((scene.passes(), scene.asked().len()), (0, 0));
    assert!(scene.tenant().paused.load(Ordering::Relaxed));
    resume(&*scene.core.store, None).unwrap();
    scene.turn().unwrap();
    assert_eq!(scene.passes(), 1);
}

#[test]
fn an_order_that_comes_while_a_pass_is_under_way_is_for_the_next() {
    let scene = company();
    let at = ("root:7".to_owned(), "b".to_owned());
    let kept = scene.played.state().pages.insert(at.clone(), Err(Next::Stopped)).unwrap();
    start(&*scene.core.store, None).unwrap();
    scene.turn().unwrap();
    scene.turn().unwrap();
    assert_eq!(scene.passes(), 1, "the order is met, though the pass is not at its end");
    // The page before was taken in already: what changes there now, this pass does not see.
    start(&*scene.core.store, None).unwrap();
    scene.played.state().pages.insert(at, kept);
    scene.turn().unwrap();
    scene.drain();
    for passes in [2, 2] {
        scene.turn().unwrap();
        assert_eq!(scene.passes(), passes);
    }
}

#[test]
fn a_pass_that_was_stopped_goes_on_where_it_was() {
    for fails_at in [("root:7", ""), ("root:7", "b"), ("folder:d1", "")] {
        let scene = company();
        let at = (fails_at.0.to_owned(), fails_at.1.to_owned());
        let kept = scene.played.state().pages.insert(at.clone(), Err(Next::Stopped)).unwrap();
        scene.turn().unwrap();
        let before = scene.asked();
        scene.played.state().pages.insert(at, kept);
        let scene = scene.restarted(|_| {});
        scene.turn().unwrap();
        let after = scene.asked();
        assert!(!after.contains(&"walks".into()) && !after.contains(&"people".into()), "{fails_at:?}: {after:?}");
        let pages = |asked: &[String]| asked.iter().filter(|what| what.contains(':')).count();
        assert!(pages(&before) + pages(&after) <= 3 + 2, "{fails_at:?}: {before:?} {after:?}");
        assert_eq!((scene.passes(), scene.drain().len()), (1, 4), "{fails_at:?}");
    }
}

#[test]
fn bounds_that_change_have_all_files_looked_at_again() {
    let scene = company();
    scene.turn().unwrap();
    scene.drain();
    let never_read = Named { owners: vec!["ada@corp.example".into()], ..Named::default() };
    let scene = scene.restarted(|tenant| tenant.bounds = Bounds { never_read, ..Bounds::default() });
    scene.core.clock.advance(12 * HOUR);
    scene.turn().unwrap();
    let jobs = scene.drain();
    assert_eq!(jobs.iter().map(|(id, _, _)| &**id).collect::<Vec<_>>(), ["f1", "f2", "f3"]);
    assert!(jobs.iter().all(|(_, lane, todo)| *lane == Lane::Recheck && *todo == Todo::CONTENT), "{jobs:?}");
    scene.core.clock.advance(12 * HOUR);
    scene.turn().unwrap();
    assert_eq!(scene.drain(), [], "once");
}

#[test]
fn who_changes_sides_has_the_dependants_judged_again() {
    let scene = company();
    scene.played.state().people.people.push(person("8", "bob@corp.example"));
    scene.played.state().people.groups = vec![group("g1", &["8"]), group("g2", &["7"])];
    scene.turn().unwrap();
    scene.drain();
    for (file, member) in [("f1", "8"), ("f2", "g1"), ("f3", "g2")] {
        share(&scene, file, member);
    }
    let changed = crate::model::Person { side: Side::External, ..person("8", "bob@corp.example") };
    scene.played.state().people.people[1] = changed;
    scene.core.clock.advance(12 * HOUR);
    scene.turn().unwrap();
    let jobs = scene.drain();
    assert_eq!(jobs.iter().map(|(id, _, _)| &**id).collect::<Vec<_>>(), ["f1", "f2"], "exactly those");
    assert!(jobs.iter().all(|(_, _, todo)| todo.has(Todo::EXPOSURE) && !todo.has(Todo::CONTENT)));
}

/// Shares a file with a person or group.
fn share(scene: &Scene, file: &str, with: &str) {
    use crate::model::{ItemKind, Member, Members, Sharing, Who};
    let store = &scene.core.store;
    let known = store.find(scene.tenant().number, ItemKind::File, file).unwrap().unwrap();
    let todo = Todo::SHARING;
    store
        .ask(&[Ask { item: known.number, lane: Lane::Live, todo, priority: 0, offered: None, happened: None }])
        .unwrap();
    let who = match with.starts_with('g') {
        true => Who::Group { id: with.into(), side: None },
        false => Who::Person { account: Some(with.into()), login: None, side: None },
    };
    let member = Member { id: None, who, role: "viewer".into(), pending: false, inherited_from: None, expires: None };
    let job = scene.claim_one();
    let mut settlement = store::Settlement::of(job.lease);
    settlement.sharing = Some(Sharing { members: Members::Known(vec![member]), ..Sharing::default() });
    store.settle(settlement).unwrap();
    scene.drain();
}
