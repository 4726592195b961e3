//! The bounds hold, and nothing that ends is forgotten.

use super::hand::{Bounds, Free, Hand};
use super::room::Room;
use crate::clock::Moment;
use crate::model::{ConnectorNumber, Item, ItemKind, ItemNumber, Lane, Lease, Principal, Reason, Todo};
use crate::store::{Job, Known};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

fn job(item: i64, epoch: i64, lane: Lane, person: &str) -> Job {
    let read_as = Principal::Person(person.into());
    let facts = Item { place: "0".into(), read_as, ..Item::bare(ItemKind::File, item.to_string(), "a") };
    let known = Known {
        number: ItemNumber(item),
        connector: ConnectorNumber(1),
        item: facts,
        shown: "a".into(),
        parent: None,
        is_top: false,
        first_seen: Moment::default(),
        changed: Moment::default(),
        gone: None,
        exposure: None,
        coverage: None,
        reading: None,
        reused: false,
        judged_version: None,
    };
    Job {
        lease: Lease { item: ItemNumber(item), epoch, revision: 1 },
        lane,
        todo: Todo::CONTENT,
        attempts: 0,
        asked: Moment::default(),
        offered: None,
        happened: None,
        known,
    }
}

fn hand(max: usize, live_slots: usize, per_principal: usize) -> Arc<Hand> {
    Arc::new(Hand::new(Bounds { max, live_slots, per_principal }))
}

#[test]
fn live_slots_are_kept_free_and_the_others_share_the_rest() {
    let hand = hand(4, 1, 9);
    let now = Moment::default();
    let rows = [
        (1, Lane::Backlog, Free { all: 3, not_live: 2 }),
        (2, Lane::Live, Free { all: 2, not_live: 2 }),
        (3, Lane::Recheck, Free { all: 1, not_live: 1 }),
        (4, Lane::Asked, Free { all: 0, not_live: 0 }),
    ];
    let tickets: Vec<_> = rows
        .into_iter()
        .map(|(item, lane, free)| {
            let ticket = hand.take(&job(item, 1, lane, "7"), now);
            assert_eq!(hand.free(), free, "{item}");
            ticket
        })
        .collect();
    assert_eq!(hand.counts(), (4, 1));
    drop(tickets);
    assert_eq!(hand.free(), Free { all: 4, not_live: 3 });
}

#[test]
fn whatever_ends_without_a_settlement_is_told_once() {
    let hand = hand(9, 1, 2);
    let now = Moment::from_millis(5);
    let take = |item| hand.take(&job(item, 1, Lane::Backlog, "7"), now).expect("taken");
    take(1).settled();
    take(2).give_back(Some(now));
    take(3).failed(Reason::IoError, "502".into(), now, 6);
    drop(take(4));
    let ended = hand.ended();
    let back: Vec<_> = ended.back.iter().map(|back| (back.lease.item.0, back.not_before)).collect();
    assert_eq!(back, [(2, Some(now)), (4, None)]);
    assert_eq!(ended.failed.iter().map(|failed| failed.lease.item.0).collect::<Vec<_>>(), [3]);
    assert!(hand.ended().back.is_empty() && hand.ended().failed.is_empty());
    assert!(hand.bell().try_recv().is_ok() && hand.bell().try_recv().is_err(), "rung once for all");
}

#[test]
fn a_second_lease_of_an_item_on_its_way_goes_back() {
    let hand = hand(9, 1, 2);
    let first = hand.take(&job(1, 1, Lane::Backlog, "7"), Moment::default()).expect("taken");
    assert!(hand.take(&job(1, 2, Lane::Backlog, "7"), Moment::default()).is_none());
    let ended = hand.ended();
    assert_eq!(ended.back.iter().map(|back| back.lease.epoch).collect::<Vec<_>>(), [2]);
    drop(first);
    assert_eq!(hand.ended().back.iter().map(|back| back.lease.epoch).collect::<Vec<_>>(), [1]);
}

#[test]
fn a_principal_with_enough_is_busy_and_old_leases_are_renewed() {
    let hand = hand(9, 1, 2);
    let at = Moment::from_millis;
    let mut tickets: Vec<_> = [(1, "7", 10), (2, "7", 20), (3, "8", 30)]
        .into_iter()
        .map(|(item, person, now)| hand.take(&job(item, 1, Lane::Backlog, person), at(now)).expect("taken"))
        .collect();
    assert_eq!(hand.busy(), [(ConnectorNumber(1), Principal::Person("7".into()))]);
    let due = hand.renewed_by(at(20));
    assert_eq!(due.len(), 2);
    hand.renewed(&due, at(40));
    assert_eq!(hand.renewed_by(at(30)).len(), 1);
    tickets.pop();
    tickets.pop();
    assert!(hand.busy().is_empty());
    assert_eq!(hand.clear().back.len(), 3, "two that ended, one on its way");
    assert_eq!(hand.counts(), (0, 0));
}

#[test]
fn room_is_bounded_keeps_a_part_for_live_contents_and_is_given_back() {
    let room = Arc::new(Room::new(80));
    let (go, stop) = (AtomicBool::new(false), AtomicBool::new(true));
    let first = room.take(60, false, &go).expect("room");
    assert!(room.take(11, false, &stop).is_none(), "the last eighth is for live contents");
    let live = room.take(20, true, &go).expect("room for live contents");
    assert_eq!(room.used_bytes(), 80);
    assert!(room.take(1, true, &stop).is_none());
    drop(live);
    let mut second = room.take(10, false, &go).expect("room");
    second.shrink_to(4);
    assert_eq!(room.used_bytes(), 64);
    drop((first, second));
    assert_eq!(room.used_bytes(), 0);
    drop(room.take(1_000, false, &go).expect("a content larger than the room is let in alone"));
}
