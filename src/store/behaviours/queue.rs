//! Behaviours of the queue.

use super::{Behaviour, Stand, claim, file, good, person};
use crate::model::{ConnectorNumber, Coverage, ItemKind, ItemNumber, Lane, Lease, Principal, Reason, Todo};
use crate::store::connectors::ConnectorState;
use crate::store::queue::{Ask, Claim, Failure, Fate, GivenBack, Job};
use crate::store::{Depth, Listed, Outcome, Settled, Settlement};
use std::collections::HashMap;
use std::time::Duration;

pub(super) const BEHAVIOURS: &[Behaviour] = &[
    ("a listed file is leased once and done once", leased_once),
    ("what is unchanged asks for nothing, what is changed asks once", unchanged_asks_nothing),
    ("a crash ends leases and loses nothing", crash_ends_leases),
    ("what is asked for during a lease is done again", asked_during_lease),
    ("a lease whose item is wanted sooner is told, and given back it is leased in its better lane", overtaken),
    ("a lease that is over is rescued, and its holder is refused", rescued),
    ("a renewed lease holds", renewed),
    ("waiting is not failing", waiting_is_not_failing),
    ("too many failures park a job, and it comes back", parked_and_back),
    ("an edit during the last attempt keeps a job from being parked", edit_beats_parking),
    ("live goes first, and the backlog keeps its share", shares),
    ("principals take turns, and a newcomer does not wait behind a longer line", turns),
    ("a claim keeps to its limits", limits),
    ("asking again raises and never lowers", raises),
    ("higher priority first within a principal", priorities),
    ("a disabled connector gives its leases back and hands nothing out", disabled),
    ("a calendar that is set an hour forth or back neither doubles a lease nor holds a job", calendar_steps),
    ("two connectors with the same ids never mix", never_mixed),
    ("counts of the queue are what is in it", depths),
];

fn overtaken(stand: &mut Stand) {
    let of = stand.connector("main");
    stand.list(of, &[file("1", "a"), file("2", "a"), file("3", "a")]);
    let jobs = stand.claim(of, 2);
    let leases: Vec<Lease> = jobs.iter().map(|job| job.lease).collect();
    let told = |stand: &Stand| good(stand.store.overtaken(&leases));
    assert_eq!(told(stand), []);
    good(stand.store.ask(&[ask(leases[0].item, Lane::Recheck)]));
    assert_eq!(told(stand), [], "asked for again, but no sooner");
    let offered = Some(stand.clock.steady());
    good(stand.store.ask(&[Ask { offered, ..ask(leases[0].item, Lane::Live) }]));
    assert_eq!(told(stand), leases[..1]);
    assert_eq!(give_back(stand, &jobs[0], None), Fate::Waits);
    assert_eq!(told(stand), [], "it is leased no more");
    let next = stand.claim(of, 1).remove(0);
    assert_eq!((next.lease.item, next.lane, next.attempts, next.offered), (leases[0].item, Lane::Live, 0, offered));
    assert_eq!(give_back(stand, &jobs[0], None), Fate::Lost, "the first lease counts no more");
    good(stand.store.ask(&[ask(next.lease.item, Lane::Live)]));
    assert_eq!(good(stand.store.overtaken(&[next.lease])), [], "it is live already");
}

/// An ask for content.
fn ask(item: ItemNumber, lane: Lane) -> Ask {
    Ask { item, lane, todo: Todo::CONTENT, priority: 0, offered: None, happened: None }
}

/// Ends a job well.
fn done(stand: &Stand, lease: Lease) -> Settled {
    let outcome = Some(Outcome::Skipped(Reason::NotNeeded));
    good(stand.store.settle(Settlement { outcome, ..Settlement::of(lease) }))
}

fn fail(stand: &Stand, job: &Job, attempts_max: u32) -> Fate {
    let not_before = stand.clock.steady().plus(Duration::from_secs(10));
    let (reason, said) = (Reason::IoError, "503".to_owned());
    good(stand.store.fail(&[Failure { lease: job.lease, reason, said, not_before, attempts_max }]))[0]
}

fn give_back(stand: &Stand, job: &Job, wait: Option<Duration>) -> Fate {
    let not_before = wait.map(|wait| stand.clock.steady().plus(wait));
    good(stand.store.give_back(&[GivenBack { lease: job.lease, not_before }]))[0]
}

/// A file that this person reads.
fn read_by(id: &str, who: &str) -> Listed {
    let mut listed = file(id, "a");
    listed.item.read_as = person(who);
    listed
}

fn one(stand: &Stand, of: ConnectorNumber) -> Job {
    let mut jobs = stand.claim(of, 10);
    assert_eq!(jobs.len(), 1, "{jobs:?}");
    jobs.remove(0)
}

fn leased_once(stand: &mut Stand) {
    let of = stand.connector("main");
    assert_eq!(stand.list(of, &[file("1", "a"), file("2", "a")]).new, 2);
    let jobs = stand.claim(of, 10);
    assert_eq!(jobs.len(), 2, "{jobs:?}");
    assert!(jobs.iter().all(|job| job.todo.has(Todo::CONTENT) && job.lane == Lane::Backlog));
    assert!(stand.claim(of, 10).is_empty());
    for job in jobs {
        assert_eq!(done(stand, job.lease), Settled::Done);
        assert_eq!(done(stand, job.lease), Settled::Lost);
    }
    assert!(stand.claim(of, 10).is_empty());
}

fn unchanged_asks_nothing(stand: &mut Stand) {
    let of = stand.connector("main");
    stand.list(of, &[file("1", "a"), file("2", "a")]);
    for job in stand.claim(of, 10) {
        done(stand, job.lease);
    }
    let taken = stand.list(of, &[file("1", "a"), file("2", "b")]);
    assert_eq!((taken.new, taken.changed), (0, 1), "{taken:?}");
    let job = one(stand, of);
    assert_eq!((&*job.known.item.id, job.known.item.version.as_deref()), ("2", Some("b")));
    // Ten edits of one file are one job for the newest version.
    for version in 0..10 {
        stand.list(of, &[file("1", &format!("v{version}"))]);
    }
    assert_eq!(one(stand, of).known.item.version.as_deref(), Some("v9"));
}

fn crash_ends_leases(stand: &mut Stand) {
    let of = stand.connector("main");
    stand.list(of, &[file("1", "a"), file("2", "a")]);
    let before = stand.claim(of, 1).remove(0);
    stand.crash();
    assert_eq!(done(stand, before.lease), Settled::Lost, "a lease of an earlier run holds no more");
    let after = stand.claim(of, 10);
    assert_eq!(after.len(), 2, "{after:?}");
    assert!(after.iter().all(|job| job.lease.epoch > before.lease.epoch && job.attempts == 0));
    stand.reopen();
    assert_eq!(stand.claim(of, 10).len(), 2);
}

fn asked_during_lease(stand: &mut Stand) {
    let of = stand.connector("main");
    stand.list(of, &[file("1", "a")]);
    let first = one(stand, of);
    stand.list(of, &[file("1", "b")]);
    assert!(stand.claim(of, 10).is_empty(), "one job at a time for an item");
    assert_eq!(done(stand, first.lease), Settled::Again);
    let second = one(stand, of);
    assert_eq!(second.known.item.version.as_deref(), Some("b"));
    assert!(second.todo.has(Todo::CONTENT));
    // Asked for by a person meanwhile: the next turn is in that lane, with what was asked for.
    let share = Ask { lane: Lane::Live, todo: Todo::SHARING, ..ask(second.known.number, Lane::Live) };
    assert_eq!(good(stand.store.ask(&[share])), 1);
    assert_eq!(done(stand, second.lease), Settled::Again);
    let third = one(stand, of);
    assert_eq!((third.lane, third.todo), (Lane::Live, Todo::SHARING));
    assert_eq!(done(stand, third.lease), Settled::Done);
}

fn rescued(stand: &mut Stand) {
    let of = stand.connector("main");
    stand.list(of, &[file("1", "a")]);
    let slow = one(stand, of);
    stand.clock.advance(Duration::from_secs(59));
    assert_eq!(good(stand.store.rescue()), 0);
    stand.clock.advance(Duration::from_secs(1));
    assert_eq!(good(stand.store.rescue()), 1);
    let other = one(stand, of);
    assert_eq!(other.attempts, 0, "standing still is not failing");
    assert_eq!(done(stand, slow.lease), Settled::Lost);
    assert_eq!(give_back(stand, &slow, None), Fate::Lost);
    assert_eq!(fail(stand, &slow, 1), Fate::Lost);
    assert_eq!(done(stand, other.lease), Settled::Done);
    // A job that was deleted and made anew does not take the old one's lease.
    stand.list(of, &[file("1", "b")]);
    let anew = one(stand, of);
    assert_eq!(done(stand, other.lease), Settled::Lost);
    assert_eq!(done(stand, anew.lease), Settled::Done);
    // A claim rescues on the way.
    stand.list(of, &[file("1", "c")]);
    one(stand, of);
    stand.clock.advance(Duration::from_secs(61));
    one(stand, of);
}

fn renewed(stand: &mut Stand) {
    let of = stand.connector("main");
    stand.list(of, &[file("1", "a"), file("2", "a")]);
    let jobs = stand.claim(of, 10);
    let leases: Vec<Lease> = jobs.iter().map(|job| job.lease).collect();
    stand.clock.advance(Duration::from_secs(50));
    assert!(good(stand.store.renew(&leases, Duration::from_secs(60))).is_empty());
    stand.clock.advance(Duration::from_secs(50));
    assert_eq!(good(stand.store.rescue()), 0);
    assert_eq!(done(stand, leases[0]), Settled::Done);
    assert_eq!(good(stand.store.renew(&leases, Duration::from_secs(60))), vec![leases[0]]);
    stand.clock.advance(Duration::from_secs(60));
    assert_eq!(good(stand.store.rescue()), 1);
    assert_eq!(good(stand.store.renew(&leases, Duration::from_secs(60))), leases);
}

fn waiting_is_not_failing(stand: &mut Stand) {
    let of = stand.connector("main");
    stand.list(of, &[file("1", "a")]);
    let job = one(stand, of);
    assert_eq!(give_back(stand, &job, Some(Duration::from_secs(30))), Fate::Waits);
    assert!(stand.claim(of, 10).is_empty());
    let due = good(stand.store.next_due());
    assert_eq!(due, Some(stand.clock.steady().plus(Duration::from_secs(30))));
    stand.crash();
    assert!(stand.claim(of, 10).is_empty(), "a wait outlives a crash");
    stand.clock.advance(Duration::from_secs(30));
    let job = one(stand, of);
    assert_eq!((job.attempts, job.todo.has(Todo::CONTENT)), (0, true));
    assert_eq!(give_back(stand, &job, None), Fate::Waits);
    assert_eq!(one(stand, of).attempts, 0);
}

fn parked_and_back(stand: &mut Stand) {
    let of = stand.connector("main");
    stand.list(of, &[file("1", "a"), file("2", "a")]);
    for attempt in 0..2 {
        for job in stand.claim(of, 10) {
            assert_eq!(job.attempts, attempt);
            assert_eq!(fail(stand, &job, 3), Fate::Waits);
        }
        stand.clock.advance(Duration::from_secs(10));
    }
    for job in stand.claim(of, 10) {
        assert_eq!(fail(stand, &job, 3), Fate::Parked);
    }
    stand.clock.advance(Duration::from_secs(100_000));
    assert!(stand.claim(of, 10).is_empty());
    let parked = good(stand.store.parked(Some(of), None, 10));
    assert_eq!(parked.len(), 2);
    assert_eq!((parked[0].reason, &*parked[0].said, parked[0].attempts), (Reason::IoError, "503", 3));
    assert_eq!(parked[0].known.coverage, Some(Coverage::Skipped(Reason::Parked)));
    let next = good(stand.store.parked(None, Some(parked[0].known.number), 10));
    assert_eq!(next.len(), 1);
    // One comes back because it changed, the other because somebody says so.
    stand.list(of, &[file("1", "b")]);
    let job = one(stand, of);
    assert_eq!((&*job.known.item.id, job.attempts, job.known.coverage), ("1", 0, None));
    assert_eq!(good(stand.store.retry(Some(of), Some(next[0].known.number))), 1);
    assert_eq!(good(stand.store.retry(None, None)), 0);
    let job = one(stand, of);
    assert_eq!((&*job.known.item.id, job.lane, job.attempts, job.known.coverage), ("2", Lane::Asked, 0, None));
    assert!(good(stand.store.parked(None, None, 10)).is_empty());
}

fn edit_beats_parking(stand: &mut Stand) {
    let of = stand.connector("main");
    stand.list(of, &[file("1", "a")]);
    let job = one(stand, of);
    stand.list(of, &[file("1", "b")]);
    assert_eq!(fail(stand, &job, 1), Fate::Waits);
    stand.clock.advance(Duration::from_secs(10));
    let job = one(stand, of);
    assert_eq!((job.attempts, job.known.item.version.as_deref()), (0, Some("b")));
}

fn shares(stand: &mut Stand) {
    let of = stand.connector("main");
    let files: Vec<Listed> = (0..400).map(|n| file(&n.to_string(), "a")).collect();
    stand.list(of, &files);
    let all = good(stand.store.items(&Default::default(), None, 400));
    let live: Vec<Ask> = all.iter().take(300).map(|known| ask(known.number, Lane::Live)).collect();
    good(stand.store.ask(&live));
    let mut lanes = HashMap::new();
    for _ in 0..20 {
        for job in stand.claim(of, 10) {
            *lanes.entry(job.lane).or_insert(0) += 1;
            done(stand, job.lease);
        }
    }
    let [live, backlog] = [Lane::Live, Lane::Backlog].map(|lane| lanes.get(&lane).copied().unwrap_or(0));
    assert_eq!(live + backlog, 200);
    assert!((18..=22).contains(&backlog), "the backlog had {backlog} of 200");
}

fn turns(stand: &mut Stand) {
    let of = stand.connector("main");
    let many: Vec<Listed> = (0..200).map(|n| read_by(&format!("a{n}"), "ann")).collect();
    stand.list(of, &many);
    let few: Vec<Listed> = (0..20).map(|n| read_by(&format!("b{n}"), "bob")).collect();
    stand.list(of, &few);
    let who = |jobs: &[Job], who: &str| jobs.iter().filter(|job| job.known.item.read_as == person(who)).count();
    let jobs = stand.claim(of, 20);
    assert_eq!((who(&jobs, "ann"), who(&jobs, "bob")), (10, 10));
    // Carl comes when each of the others had ten turns: he starts at the present one, not with ten of his own.
    let newcomer: Vec<Listed> = (0..20).map(|n| read_by(&format!("c{n}"), "carl")).collect();
    stand.list(of, &newcomer);
    let jobs: Vec<Job> = (0..18).flat_map(|_| stand.claim(of, 1)).collect();
    for name in ["ann", "bob", "carl"] {
        let got = who(&jobs, name);
        assert!((5..=7).contains(&got), "{name} had {got} of 18");
    }
    stand.reopen();
    let jobs = stand.claim(of, 9);
    assert!(["ann", "bob", "carl"].iter().all(|name| (2..=4).contains(&who(&jobs, name))), "after a restart, too");
}

fn limits(stand: &mut Stand) {
    let of = stand.connector("main");
    let files: Vec<Listed> = ["ann", "bob", "carl"]
        .iter()
        .flat_map(|who| (0..10).map(move |n| read_by(&format!("{who}{n}"), who)))
        .collect();
    stand.list(of, &files);
    let live: Vec<Ask> =
        (0..2).map(|n| ask(stand.number(of, ItemKind::File, &format!("ann{n}")), Lane::Live)).collect();
    good(stand.store.ask(&live));
    let busy = [(of, person("bob")), (of, Principal::Tenant)];
    for (what, claim, expected) in [
        ("nothing for nobody", Claim { connectors: &[], ..claim(&[of], 9) }, 0),
        ("nothing for another", claim(&[ConnectorNumber(of.0 + 1)], 9), 0),
        ("none of a busy one's, two of each", Claim { busy: &busy, per_principal_max: 2, ..claim(&[of], 9) }, 4),
        ("live alone where slots are kept", Claim { not_live_max: 0, ..claim(&[of], 9) }, 0),
        ("one beside live", Claim { not_live_max: 1, ..claim(&[of], 9) }, 1),
        ("all that is left of the wish", claim(&[of], 100), 25),
    ] {
        let jobs = good(stand.store.claim(&claim));
        assert_eq!(jobs.len(), expected, "{what}");
        assert!(jobs.windows(2).all(|two| two[0].lane <= two[1].lane), "{what}");
    }
}

fn raises(stand: &mut Stand) {
    let of = stand.connector("main");
    stand.list(of, &[file("1", "a")]);
    let item = stand.number(of, ItemKind::File, "1");
    let offered = |secs: u64| Some(stand.clock.steady().minus(Duration::from_secs(secs)));
    let asks = |ask: Ask| good(stand.store.ask(&[ask]));
    assert_eq!(asks(ask(item, Lane::Recheck)), 0, "it waits in a more urgent lane for the same");
    assert_eq!(asks(Ask { todo: Todo::NONE, ..ask(item, Lane::Live) }), 0, "nothing is nothing");
    assert_eq!(asks(ask(ItemNumber(item.0 + 99), Lane::Live)), 0, "nobody knows that item");
    assert_eq!(asks(Ask { todo: Todo::SHARING, offered: offered(5), ..ask(item, Lane::Recheck) }), 1);
    assert_eq!(asks(Ask { offered: offered(9), ..ask(item, Lane::Live) }), 1);
    assert_eq!(asks(Ask { offered: offered(1), ..ask(item, Lane::Backlog) }), 0);
    let job = one(stand, of);
    assert_eq!((job.lane, job.offered), (Lane::Live, offered(9)), "the first offer is what lag is measured from");
    assert!(job.todo.has(Todo::CONTENT.and(Todo::SHARING)));
}

fn priorities(stand: &mut Stand) {
    let of = stand.connector("main");
    stand.list(of, &["1", "2", "3"].map(|id| file(id, "a")));
    let item = stand.number(of, ItemKind::File, "2");
    good(stand.store.ask(&[Ask { priority: 7, ..ask(item, Lane::Backlog) }]));
    let ids: Vec<String> = (0..3).flat_map(|_| stand.claim(of, 1)).map(|job| job.known.item.id.to_string()).collect();
    assert_eq!(ids, ["2", "1", "3"]);
}

fn disabled(stand: &mut Stand) {
    let (of, other) = (stand.connector("main"), stand.connector("other"));
    stand.list(of, &[file("1", "a"), file("2", "a")]);
    stand.list(other, &[file("1", "a")]);
    let job = stand.claim(of, 1).remove(0);
    let kept = one(stand, other);
    good(stand.store.set_connector_state(of, ConnectorState::Disabled));
    assert_eq!(done(stand, job.lease), Settled::Lost);
    assert!(good(stand.store.claim(&claim(&[of, other], 10))).is_empty());
    good(stand.store.set_connector_state(of, ConnectorState::Enabled));
    let jobs = good(stand.store.claim(&claim(&[of, other], 10)));
    assert_eq!(jobs.len(), 2);
    assert!(jobs.iter().all(|job| job.attempts == 0 && job.known.connector == of));
    assert_eq!(done(stand, kept.lease), Settled::Done, "the other's lease held on");
}

fn calendar_steps(stand: &mut Stand) {
    let of = stand.connector("main");
    let hour = Duration::from_secs(3_600);
    for (round, forth) in [(0, true), (1, false)] {
        stand.list(of, &[file(&format!("l{round}"), "a"), file(&format!("w{round}"), "a")]);
        let jobs = stand.claim(of, 2);
        assert_eq!(jobs.len(), 2);
        give_back(stand, &jobs[1], Some(Duration::from_secs(600)));
        // Within a run the store does not look at the calendar at all; a restart reads it anew.
        stand.set_calendar(hour, forth);
        let mut leased = Vec::new();
        for _ in 0..8 {
            for job in stand.claim(of, 10) {
                assert!(!leased.contains(&job.known.number), "leased twice at a time");
                leased.push(job.known.number);
            }
            stand.clock.advance(Duration::from_secs(600));
            // Leases are renewed by who works.
            leased.clear();
            good(stand.store.rescue());
        }
        let jobs = stand.claim(of, 10);
        assert_eq!(jobs.len(), 2, "none is stuck");
        for job in jobs {
            assert_eq!(done(stand, job.lease), Settled::Done);
        }
    }
    // A moment from a clock that was wrong by years is brought within bounds.
    stand.list(of, &[file("far", "a")]);
    let job = one(stand, of);
    give_back(stand, &job, Some(Duration::from_secs(10 * 365 * 86_400)));
    stand.clock.advance(Duration::from_secs(86_400));
    one(stand, of);
}

fn never_mixed(stand: &mut Stand) {
    let (one_of, other) = (stand.connector("box-one"), stand.connector("box-two"));
    stand.list(one_of, &[file("1", "a")]);
    stand.list(other, &[file("1", "z")]);
    let numbers = [one_of, other].map(|of| stand.number(of, ItemKind::File, "1"));
    assert_ne!(numbers[0], numbers[1]);
    let job = one(stand, other);
    assert_eq!((job.known.connector, job.known.item.version.as_deref()), (other, Some("z")));
    done(stand, job.lease);
    stand.list(one_of, &[file("1", "b")]);
    assert!(stand.claim(other, 10).is_empty());
    let job = one(stand, one_of);
    assert_eq!((job.known.number, job.known.item.version.as_deref()), (numbers[0], Some("b")));
}

fn depths(stand: &mut Stand) {
    let of = stand.connector("main");
    stand.list(of, &["1", "2", "3", "4", "5"].map(|id| file(id, "a")));
    let jobs = stand.claim(of, 4);
    give_back(stand, &jobs[0], Some(Duration::from_secs(60)));
    fail(stand, &jobs[1], 1);
    done(stand, jobs[2].lease);
    let item = stand.number(of, ItemKind::File, "5");
    good(stand.store.ask(&[ask(item, Lane::Live)]));
    let expected = |lane, ready, delayed, leased, parked| Depth { connector: of, lane, ready, delayed, leased, parked };
    let all = vec![
        expected(Lane::Live, 1, 0, 0, 0),
        expected(Lane::Asked, 0, 0, 0, 0),
        expected(Lane::Backlog, 0, 1, 1, 1),
        expected(Lane::Recheck, 0, 0, 0, 0),
    ];
    assert_eq!(good(stand.store.depth()), all);
    stand.crash();
    let depth = good(stand.store.depth());
    assert_eq!(depth[2], expected(Lane::Backlog, 1, 1, 0, 1), "the lease ended, nothing else did");
}
