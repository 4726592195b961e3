//! What a store must show of activities: an answer of a feed counts whole, and once.

use super::verdicts::claim_one;
use super::{Behaviour, Stand, file, page, walk};
use crate::clock::Moment;
use crate::model::{
    Activity, ActivityKind, Actor, ConnectorNumber, FeedCursor, ItemKind, Lane, Principal, Subject, Todo,
};
use crate::store::{ActivityQuery, ActivityRow, ChangesTaken, Promotion, Record, TakenChanges};
use std::sync::Arc;
use std::time::Duration;

/// The list.
pub(super) const BEHAVIOURS: &[Behaviour] = &[
    ("an activity comes back as it was told", comes_back),
    ("an activity counts once, its promotions each time", counts_once),
    ("a promotion makes a stub or raises a job", promotions),
    ("a feed's pages, events and position are one", one_piece),
    ("activities are found by what is asked", found_by_what_is_asked),
    ("activities are forgotten", forgotten),
];

fn subject(id: Option<&str>, kind: Option<ItemKind>) -> Subject {
    Subject {
        id: id.map(Into::into),
        kind,
        name: Some("••••.pdf".into()),
        place: Some("0".into()),
        version: Some("v1".into()),
        owner: Some("a1".into()),
    }
}

fn activity(id: &str, at: i64, login: &str, kind: ActivityKind, subjects: &[Subject]) -> Activity {
    Activity {
        id: id.into(),
        at: Some(Moment::from_millis(at)),
        actor: Actor::Person { account: Some(format!("acc-{login}").into()), login: Some(login.into()) },
        kind,
        raw: "ITEM_UPLOAD".into(),
        subjects: subjects.to_vec(),
        address: Some("192.0.2.7".into()),
    }
}

fn changes(activities: Vec<Activity>, promotions: Vec<Promotion>, position: Option<&str>) -> TakenChanges {
    let cursor = position.map(|position| FeedCursor {
        feed: "events".into(),
        read_as: Principal::Tenant,
        position: position.into(),
    });
    TakenChanges { activities, promotions, pages: Vec::new(), cursor, offered: Moment::from_millis(5) }
}

fn promotion(id: &str, kind: ItemKind, todo: Todo) -> Promotion {
    Promotion {
        id: id.into(),
        kind,
        place: Some("0".into()),
        read_as: Principal::Person("u1".into()),
        lane: Lane::Live,
        todo,
        happened: Some(Moment::from_millis(3)),
    }
}

fn all(stand: &Stand) -> Vec<ActivityRow> {
    stand.store.activities(&ActivityQuery::default(), None, 99).unwrap()
}

fn comes_back(stand: &mut Stand) {
    let of = stand.connector("main");
    let mut told = vec![
        activity(
            "e1",
            1_000,
            "Ann@corp.example",
            ActivityKind::Upload,
            &[subject(Some("1"), Some(ItemKind::File)), subject(None, None)],
        ),
        activity("e2", 2_000, "bob@corp.example", ActivityKind::Login, &[]),
    ];
    for actor in
        [Actor::Unauthenticated, Actor::Application, Actor::Unknown, Actor::Person { account: None, login: None }]
    {
        let id = format!("e{}", told.len() + 1).into();
        told.push(Activity { id, at: None, actor, address: None, ..told[1].clone() });
    }
    stand.clock.advance(Duration::from_secs(7));
    let taken = stand.store.take_changes(of, changes(told.clone(), Vec::new(), Some("p1"))).unwrap();
    assert_eq!(taken, ChangesTaken { new: 6, jobs: 0, stubs: 0 });
    stand.crash();
    let rows = all(stand);
    assert!(rows.is_sorted_by(|a, b| a.number > b.number), "newest first");
    assert!(rows.iter().all(|row| row.connector == of && row.taken == stand.clock.steady()));
    assert_eq!(rows[5].items, [None, None]);
    let kept: Vec<Activity> = rows.into_iter().rev().map(|row| row.activity).collect();
    assert_eq!(kept, told);
    assert_eq!(stand.store.newest_activity(of).unwrap(), Some(Moment::from_millis(2_000)));
    assert_eq!(stand.store.newest_activity(stand.connector("other")).unwrap(), None);
}

fn counts_once(stand: &mut Stand) {
    let (of, other) = (stand.connector("main"), stand.connector("other"));
    let told = || vec![activity("e1", 1_000, "a", ActivityKind::Edit, &[])];
    let promoted = || vec![promotion("1", ItemKind::File, Todo::CONTENT)];
    let take = |of, promotions, position| stand.store.take_changes(of, changes(told(), promotions, position)).unwrap();
    assert_eq!(take(of, Vec::new(), Some("p1")), ChangesTaken { new: 1, jobs: 0, stubs: 0 });
    // A repaired gap names again what a first, half-read answer named: it must be promoted all the same.
    assert_eq!(take(of, promoted(), Some("p2")), ChangesTaken { new: 0, jobs: 1, stubs: 1 });
    assert_eq!(take(other, Vec::new(), None).new, 1, "another tenant's ids are its own");
    assert_eq!(all(stand).len(), 2);
}

fn promotions(stand: &mut Stand) {
    let of = stand.connector("main");
    stand.list(of, &[file("1", "v1")]);
    let asked = vec![promotion("1", ItemKind::File, Todo::SHARING), promotion("2", ItemKind::File, Todo::CONTENT)];
    let taken = stand.store.take_changes(of, changes(Vec::new(), asked, Some("p1"))).unwrap();
    assert_eq!(taken, ChangesTaken { new: 0, jobs: 2, stubs: 1 });
    let mut jobs = stand.claim(of, 9);
    jobs.sort_by_key(|job| job.lease.item);
    let [known, stub] = &jobs[..] else { panic!("two jobs") };
    assert!(known.todo.has(Todo::SHARING.and(Todo::CONTENT)) && known.lane == Lane::Live, "what was asked adds up");
    assert_eq!((known.happened, known.offered), (Some(Moment::from_millis(3)), Some(Moment::from_millis(5))));
    assert!(stub.todo.has(Todo::CONTENT.and(Todo::LOOK)), "what is not known is looked at");
    assert_eq!((&*stub.known.item.id, &*stub.known.item.name), ("2", ""));
    assert_eq!(stub.known.item.read_as, Principal::Person("u1".into()));
    assert_eq!(stub.known.coverage, None, "a stub waits, and is counted as waiting");
    assert_eq!(stand.store.totals(of).unwrap().waiting_files, 2);
}

/// The position that is kept.
fn position(stand: &Stand, of: ConnectorNumber) -> Option<Arc<str>> {
    stand.store.cursors(of).unwrap().into_iter().find(|cursor| &*cursor.feed == "events").map(|cursor| cursor.position)
}

fn one_piece(stand: &mut Stand) {
    let of = stand.connector("main");
    let mut answer = changes(vec![activity("e1", 1, "a", ActivityKind::Edit, &[])], Vec::new(), Some("p1"));
    answer.pages = vec![(walk("root:7"), page(&[file("1", "v1")]))];
    stand.store.take_changes(of, answer).unwrap();
    let job = claim_one(stand, of);
    assert_eq!((job.lane, &*job.known.item.id), (Lane::Live, "1"));
    assert_eq!(position(stand, of).as_deref(), Some("p1"));
    // The past is filled in without moving the position.
    let past = changes(vec![activity("e0", 0, "a", ActivityKind::Edit, &[])], Vec::new(), None);
    assert_eq!(stand.store.take_changes(of, past).unwrap().new, 1);
    stand.crash();
    assert_eq!((position(stand, of).as_deref(), all(stand).len()), (Some("p1"), 2));
}

fn found_by_what_is_asked(stand: &mut Stand) {
    let (of, other) = (stand.connector("main"), stand.connector("other"));
    let (of_file, folder) = (subject(Some("1"), Some(ItemKind::File)), subject(Some("1"), Some(ItemKind::Folder)));
    let either = subject(Some("1"), None);
    let told = vec![
        activity("e1", 1_000, "Ann@corp.example", ActivityKind::Upload, std::slice::from_ref(&of_file)),
        activity("e2", 2_000, "bob@corp.example", ActivityKind::Share, &[folder]),
        activity("e3", 3_000, "ann@Corp.example", ActivityKind::View, &[either, of_file.clone()]),
        activity("e4", 4_000, "carl@corp.example", ActivityKind::Upload, &[subject(Some("2"), Some(ItemKind::File))]),
    ];
    stand.store.take_changes(of, changes(told, Vec::new(), Some("p"))).unwrap();
    let told = vec![activity("f1", 1_500, "ann@corp.example", ActivityKind::Upload, &[of_file])];
    stand.store.take_changes(other, changes(told, Vec::new(), Some("p"))).unwrap();
    // The item becomes known after its events.
    stand.list(of, &[file("1", "v1")]);
    let item = claim_one(stand, of).lease.item;
    let any = ActivityQuery::default();
    let rows: [(ActivityQuery, &[&str]); 9] = [
        (any.clone(), &["f1", "e4", "e3", "e2", "e1"]),
        (ActivityQuery { connector: Some(of), ..any.clone() }, &["e4", "e3", "e2", "e1"]),
        (ActivityQuery { item: Some(item), ..any.clone() }, &["e3", "e1"]),
        (ActivityQuery { person: Some("ANN@corp.example".into()), ..any.clone() }, &["f1", "e3", "e1"]),
        (ActivityQuery { person: Some("acc-bob@corp.example".into()), ..any.clone() }, &["e2"]),
        (ActivityQuery { kind: Some(ActivityKind::Upload), connector: Some(of), ..any.clone() }, &["e4", "e1"]),
        (
            ActivityQuery {
                since: Some(Moment::from_millis(1_500)),
                until: Some(Moment::from_millis(3_000)),
                ..any.clone()
            },
            &["f1", "e2"],
        ),
        (
            ActivityQuery {
                item: Some(item),
                person: Some("ann@corp.example".into()),
                kind: Some(ActivityKind::View),
                ..any.clone()
            },
            &["e3"],
        ),
        (ActivityQuery { item: Some(crate::model::ItemNumber(999)), ..any }, &[]),
    ];
    for (query, expected) in rows {
        let (mut found, mut before) = (Vec::new(), None);
        loop {
            let page = stand.store.activities(&query, before, 2).unwrap();
            let Some(last) = page.last() else { break };
            before = Some(last.number);
            found.extend(page.into_iter().map(|row| row.activity.id.to_string()));
        }
        assert_eq!(found, expected, "{query:?}");
    }
    let e3 = all(stand).into_iter().find(|row| &*row.activity.id == "e3").unwrap();
    assert_eq!(e3.items, [Some(item), Some(item)]);
}

fn forgotten(stand: &mut Stand) {
    let of = stand.connector("main");
    let subjects = [subject(Some("1"), Some(ItemKind::File))];
    stand
        .store
        .take_changes(of, changes(vec![activity("e1", 1, "a", ActivityKind::Edit, &subjects)], Vec::new(), None))
        .unwrap();
    stand.clock.advance(Duration::from_secs(1));
    let before = stand.clock.steady();
    stand
        .store
        .take_changes(of, changes(vec![activity("e2", 2, "a", ActivityKind::Edit, &subjects)], Vec::new(), None))
        .unwrap();
    assert_eq!(stand.store.forget(Record::Activities, before).unwrap(), 1);
    assert_eq!(all(stand).iter().map(|row| row.activity.id.to_string()).collect::<Vec<_>>(), ["e2"]);
    assert_eq!(all(stand)[0].activity.subjects, subjects);
}
