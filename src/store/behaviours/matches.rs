//! What a store must show of matches: episodes begin and end as policies and openness change, and a ruling is whole or nothing.

use super::{Behaviour, Stand, file, folder, good, within};
use crate::clock::Moment;
use crate::model::action::Outcome;
use crate::model::action::{Target, TargetItem};
use crate::model::{Cause, ConnectorNumber, ItemKind, ItemNumber, Level, Principal, Severity};
use crate::store::alerts::{AlertGroup, AlertKey};
use crate::store::intents::{Closing, IntentClaim, IntentQuery, NewIntent, Voter};
use crate::store::{Entry, Match, Matched, Ruled, Ruling, Settlement};
use std::sync::Arc;
use std::time::Duration;

pub(super) const BEHAVIOURS: &[Behaviour] = &[
    ("a policy that comes to match begins an episode, and one that does not any more ends it", begins_and_ends),
    ("an episode begins anew when its item is more open than it last was, and only then", opens_and_closes),
    ("a policy that became another asks again, and its match lasts on", policy_becomes_another),
    ("what cannot be decided stays as it is", undecided_stays),
    ("a ruling that changes nothing writes nothing", nothing_is_written),
    ("rulings are whole or nothing", whole_or_nothing),
    ("matches end with their item, and none begins on what is gone", end_with_the_item),
    ("the matches of policies that are no more end in slices", policies_that_are_no_more),
    ("a settlement rules on its item", settlement_rules),
    ("each episode asks once for what its policies want", asks_once),
    ("what nobody wants any more is cancelled before it began", cancelled_when_unwanted),
    ("what an episode asked for is asked anew when it begins anew", asked_anew),
    ("an item that is opened again after an action is a new match", opened_again_after_an_action),
];

/// A moment that is told by the seconds since the first.
pub(super) fn tick(stand: &Stand) -> Moment {
    stand.clock.advance(Duration::from_secs(60));
    stand.clock.steady()
}

/// Files of a connector by their ids.
pub(super) fn files(stand: &Stand, ids: &[&str]) -> (ConnectorNumber, Vec<ItemNumber>) {
    let of = stand.connector("main");
    stand.list(of, &ids.iter().map(|id| file(id, "1")).collect::<Vec<_>>());
    (of, ids.iter().map(|id| stand.number(of, ItemKind::File, id)).collect())
}

/// A match of a policy with the hash `[of; 32]`, in the policy's roll-up.
pub(super) fn matched(policy: &str, of: u8, level: Option<Level>) -> Matched {
    let alert = Some(AlertKey { severity: Severity::High, group: None });
    Matched { policy: policy.into(), hash: [of; 32], level, alert }
}

/// A ruling without intents.
pub(super) fn ruling(of: ConnectorNumber, item: ItemNumber, matches: &[Matched]) -> Ruling {
    Ruling { item, connector: of, matches: matches.to_vec(), undecided: Vec::new(), intents: Vec::new() }
}

/// The roll-up of a policy, or its group of a folder.
pub(super) fn key(of: ConnectorNumber, folder: Option<&str>) -> AlertKey {
    let group = folder.map(|folder| AlertGroup { connector: of, owner: "7".into(), folder: folder.into() });
    AlertKey { severity: Severity::High, group }
}

/// Something that policies want of an item.
pub(super) fn wanted(id: &str, of: ConnectorNumber, item: ItemNumber, voters: &[(&str, u8)]) -> NewIntent {
    let target = TargetItem {
        id: item.0.to_string().into(),
        kind: ItemKind::File,
        place: "7".into(),
        read_as: Principal::Person("7".into()),
        path: None,
    };
    NewIntent {
        id: id.into(),
        connector: of,
        item: Some(item),
        on: Target::Item(target),
        owner: "7".into(),
        cause: Cause::Policy,
        voters: voters.iter().map(|(policy, of)| Voter { policy: (*policy).into(), hash: [*of; 32] }).collect(),
        rules: None,
        plan: None,
        undoes: None,
        what: "{}".into(),
        name: "remove_links".into(),
        actor: "policy".into(),
        due: None,
        moves: false,
    }
}

fn rule(stand: &Stand, rulings: &[Ruling]) -> Ruled {
    good(stand.store.rule(rulings))
}

fn ruled(began: u64, ended: u64) -> Ruled {
    Ruled { began, ended, intents: 0, cancelled: 0 }
}

fn counts(stand: &Stand) -> Vec<(String, u64)> {
    good(stand.store.match_counts()).iter().map(|count| (count.policy.to_string(), count.items)).collect()
}

fn held(policy: &str, of: u8, item: ItemNumber, since: Moment, level: Level) -> Match {
    Match { item, policy: policy.into(), hash: [of; 32], since, level: Some(level), asked: false }
}

fn begins_and_ends(stand: &mut Stand) {
    let (of, items) = files(stand, &["1", "2", "3"]);
    let first = tick(stand);
    let of_one = [matched("pci", 1, Some(Level::Public)), matched("any", 2, Some(Level::Public))];
    let rulings = [ruling(of, items[0], &of_one), ruling(of, items[2], &of_one[..1]), ruling(of, items[1], &[])];
    assert_eq!(rule(stand, &rulings), ruled(3, 0));
    let second = tick(stand);
    assert_eq!(rule(stand, &rulings), ruled(0, 0), "the same again is nothing new");
    stand.crash();
    let any = held("any", 2, items[0], first, Level::Public);
    let pci = held("pci", 1, items[0], first, Level::Public);
    assert_eq!(good(stand.store.matches(items[0])), [any, pci.clone()], "by policy");
    assert_eq!(good(stand.store.matches(items[1])), []);
    let other = Match { item: items[2], ..pci.clone() };
    assert_eq!(good(stand.store.matched("pci", None, 9)), [pci.clone(), other.clone()]);
    assert_eq!(good(stand.store.matched("pci", None, 1)), [pci]);
    assert_eq!(good(stand.store.matched("pci", Some(items[0]), 9)), [other]);
    assert_eq!(good(stand.store.matched("nobody", None, 9)), []);
    assert_eq!(counts(stand), [("any".into(), 1), ("pci".into(), 2)]);
    assert_eq!(rule(stand, &[ruling(of, items[0], &of_one[1..]), ruling(of, items[2], &[])]), ruled(0, 2));
    assert_eq!(counts(stand), [("any".into(), 1)]);
    assert_eq!(rule(stand, &[ruling(of, items[2], &of_one[..1])]), ruled(1, 0), "it matches again");
    assert_eq!(good(stand.store.matches(items[2]))[0].since, second, "which is a new episode");
    let twice = [of_one[0].clone(), of_one[0].clone()];
    assert_eq!(rule(stand, &[ruling(of, items[1], &twice)]), ruled(1, 0), "named twice is one");
}

fn opens_and_closes(stand: &mut Stand) {
    use Level::{External, Internal, Private, Public};
    let (of, items) = files(stand, &["1"]);
    let rows: [(Option<Level>, u64, Option<Level>); 9] = [
        (None, 1, None),
        (Some(External), 0, Some(External)),
        (None, 0, Some(External)),
        (Some(External), 0, Some(External)),
        (Some(Public), 1, Some(Public)),
        (Some(Internal), 0, Some(Internal)),
        (Some(Internal), 0, Some(Internal)),
        (Some(External), 1, Some(External)),
        (Some(Private), 0, Some(Private)),
    ];
    let mut since = stand.clock.steady();
    let mut began = 0;
    for (place, (level, begins, least)) in rows.into_iter().enumerate() {
        let now = tick(stand);
        if begins == 1 {
            since = now;
        }
        began += begins;
        assert_eq!(rule(stand, &[ruling(of, items[0], &[matched("p", 1, level)])]), ruled(begins, 0), "row {place}");
        let is = &good(stand.store.matches(items[0]))[0];
        assert_eq!((is.since, is.level), (since, least), "row {place}");
    }
    assert_eq!(good(stand.store.alerts(false, None, 9))[0].items, began, "each episode is a match of the alert");
    assert_eq!(counts(stand), [("p".into(), 1)], "and one item matches");
}

fn policy_becomes_another(stand: &mut Stand) {
    let (of, items) = files(stand, &["1"]);
    let first = tick(stand);
    rule(stand, &[ruling(of, items[0], &[matched("p", 1, Some(Level::Public))])]);
    tick(stand);
    assert_eq!(rule(stand, &[ruling(of, items[0], &[matched("p", 2, Some(Level::Public))])]), ruled(0, 0));
    assert_eq!(good(stand.store.matches(items[0])), [held("p", 2, items[0], first, Level::Public)]);
    assert_eq!(good(stand.store.alerts(false, None, 9))[0].items, 1, "nobody is told of it again");
    assert_eq!(rule(stand, &[ruling(of, items[0], &[matched("p", 1, Some(Level::Public))])]), ruled(0, 0));
    assert_eq!(good(stand.store.matches(items[0]))[0].hash, [1; 32], "a text that was there before");
}

fn undecided_stays(stand: &mut Stand) {
    let (of, items) = files(stand, &["1"]);
    let both = [matched("a", 1, Some(Level::Public)), matched("b", 1, Some(Level::Public))];
    rule(stand, &[ruling(of, items[0], &both)]);
    let before = good(stand.store.matches(items[0]));
    tick(stand);
    let undecided = vec![Arc::from("a"), Arc::from("never heard of")];
    let told = Ruling { undecided, ..ruling(of, items[0], &both[1..]) };
    assert_eq!(rule(stand, std::slice::from_ref(&told)), ruled(0, 0));
    assert_eq!(good(stand.store.matches(items[0])), before);
    assert_eq!(rule(stand, &[Ruling { matches: Vec::new(), ..told }]), ruled(0, 1));
    assert_eq!(good(stand.store.matches(items[0])), before[..1]);
}

fn nothing_is_written(stand: &mut Stand) {
    let (of, items) = files(stand, &["1", "2"]);
    let rulings = [ruling(of, items[0], &[matched("p", 1, Some(Level::Public))]), ruling(of, items[1], &[])];
    rule(stand, &rulings);
    stand.refuse_after(0);
    assert_eq!(rule(stand, &rulings), ruled(0, 0));
    let unknown_now = ruling(of, items[0], &[matched("p", 1, None)]);
    assert_eq!(rule(stand, &[unknown_now]), ruled(0, 0), "an openness that is not known changes none that was");
    assert!(stand.store.rule(&[ruling(of, items[0], &[])]).is_err());
}

fn whole_or_nothing(stand: &mut Stand) {
    let ids: Vec<String> = (0..40).map(|n| n.to_string()).collect();
    let (of, items) = files(stand, &ids.iter().map(String::as_str).collect::<Vec<_>>());
    let rulings: Vec<Ruling> =
        items.iter().map(|item| ruling(of, *item, &[matched("p", 1, Some(Level::Public))])).collect();
    for pieces in 0.. {
        stand.refuse_after(pieces);
        let done = stand.store.rule(&rulings).is_ok();
        stand.crash();
        let there = if done { 40 } else { 0 };
        assert_eq!(good(stand.store.matched("p", None, 99)).len(), there, "after {pieces} pieces");
        assert_eq!(counts(stand), if done { vec![("p".to_owned(), 40)] } else { Vec::new() });
        let alerts = good(stand.store.alerts(true, None, 9));
        assert_eq!(alerts.iter().map(|alert| alert.items).sum::<u64>(), there as u64);
        if done {
            assert!(pieces > 0);
            return;
        }
    }
}

fn end_with_the_item(stand: &mut Stand) {
    let of = stand.connector("main");
    stand.list(of, &[folder("10"), within("10", file("1", "1")), within("10", file("2", "1")), file("3", "1")]);
    let number = |id: &str| stand.number(of, ItemKind::File, id);
    let (below, alone) = ([number("1"), number("2")], number("3"));
    let matches = [matched("p", 1, Some(Level::Public)), matched("q", 1, None)];
    let all: Vec<Ruling> = [below[0], below[1], alone].iter().map(|item| ruling(of, *item, &matches)).collect();
    assert_eq!(rule(stand, &all), ruled(6, 0));
    good(stand.store.item_gone(stand.number(of, ItemKind::Folder, "10")));
    assert_eq!(counts(stand), [("p".into(), 1), ("q".into(), 1)]);
    assert_eq!(good(stand.store.matches(below[0])), []);
    assert_eq!(rule(stand, &all), ruled(0, 0), "a ruling that comes late begins nothing");
    let jobs = stand.claim(of, 9);
    let job = jobs.iter().find(|job| job.lease.item == alone).expect("it has a job");
    good(stand.store.settle(Settlement { gone: true, ..Settlement::of(job.lease) }));
    assert_eq!((counts(stand), good(stand.store.matches(alone))), (Vec::new(), Vec::new()));
    stand.list(of, &[file("3", "2")]);
    assert_eq!(rule(stand, &all), ruled(2, 0), "what came back may match again");
}

fn policies_that_are_no_more(stand: &mut Stand) {
    let ids: Vec<String> = (0..700).map(|n| n.to_string()).collect();
    let (of, items) = files(stand, &ids.iter().map(String::as_str).collect::<Vec<_>>());
    let matches = ["a", "b", "c"].map(|policy| matched(policy, 1, None));
    let rulings: Vec<Ruling> = items.iter().map(|item| ruling(of, *item, &matches)).collect();
    rule(stand, &rulings);
    stand.refuse_after(1);
    assert!(stand.store.end_matches_but(&["b".into()]).is_err());
    stand.crash();
    let left: u64 = counts(stand).iter().map(|(_, items)| items).sum();
    assert!((1_400..2_100).contains(&left), "{left}");
    assert_eq!(good(stand.store.end_matches_but(&["b".into()])), left - 700);
    assert_eq!(counts(stand), [("b".into(), 700)]);
    assert_eq!(good(stand.store.matches(items[5])).len(), 1);
    assert_eq!(good(stand.store.end_matches_but(&["b".into(), "z".into()])), 0);
    assert_eq!(good(stand.store.end_matches_but(&[])), 700);
    assert_eq!(counts(stand), []);
}

fn settlement_rules(stand: &mut Stand) {
    let (of, items) = files(stand, &["1", "2"]);
    let jobs = stand.claim(of, 9);
    let told = |item: ItemNumber| Some(ruling(of, item, &[matched("p", 1, Some(Level::Public))]));
    let mut first = Settlement::of(jobs[0].lease);
    first.ruling = told(jobs[0].lease.item);
    let mut second = Settlement::of(jobs[1].lease);
    second.ruling = told(jobs[0].lease.item);
    stand.refuse_after(0);
    assert!(stand.store.settle(first.clone()).is_err());
    stand.crash();
    assert_eq!(counts(stand), []);
    for job in stand.claim(of, 9) {
        let mut settlement = if job.lease.item == jobs[0].lease.item { first.clone() } else { second.clone() };
        settlement.lease = job.lease;
        good(stand.store.settle(settlement));
    }
    let _ = items;
    assert_eq!(counts(stand), [("p".into(), 1)], "a ruling on another item counts for nothing");
    assert_eq!(good(stand.store.matches(jobs[0].lease.item)).len(), 1);
    let lost = Settlement { ruling: Some(ruling(of, jobs[0].lease.item, &[])), ..Settlement::of(jobs[0].lease) };
    good(stand.store.settle(lost));
    assert_eq!(counts(stand), [("p".into(), 1)], "nor does one whose lease is over");
}

fn wants(matches: &[Matched], intents: Vec<NewIntent>, of: ConnectorNumber, item: ItemNumber) -> Ruling {
    Ruling { intents, ..ruling(of, item, matches) }
}

/// Ids and states of an item's intents.
fn intents(stand: &Stand, item: ItemNumber) -> Vec<(String, &'static str)> {
    let query = IntentQuery { item: Some(item), ..IntentQuery::default() };
    let all = good(stand.store.intents(&query, None, 99));
    all.iter().map(|intent| (intent.is.id.to_string(), intent.state.name())).collect()
}

fn pairs<const N: usize>(rows: [(&str, &'static str); N]) -> Vec<(String, &'static str)> {
    rows.map(|(id, state)| (id.to_owned(), state)).to_vec()
}

fn asked(stand: &Stand, item: ItemNumber) -> Vec<bool> {
    good(stand.store.matches(item)).iter().map(|one| one.asked).collect()
}

fn asks_once(stand: &mut Stand) {
    let (of, items) = files(stand, &["1"]);
    let item = items[0];
    let (a, b) = (matched("a", 1, Some(Level::Public)), matched("b", 1, Some(Level::Public)));
    rule(stand, &[ruling(of, item, std::slice::from_ref(&a))]);
    assert_eq!(asked(stand, item), [false], "nothing was wanted yet");
    // A policy that comes into force wants two things at once, one of them together with a policy that is not asked for.
    let both = vec![wanted("a1", of, item, &[("a", 1)]), wanted("a2", of, item, &[("a", 1), ("z", 1)])];
    let told = wants(std::slice::from_ref(&a), both, of, item);
    stand.refuse_after(0);
    assert!(stand.store.rule(std::slice::from_ref(&told)).is_err());
    stand.crash();
    assert_eq!((asked(stand, item), intents(stand, item)), (vec![false], Vec::new()));
    let changed = rule(stand, std::slice::from_ref(&told));
    assert_eq!((changed.began, changed.intents), (0, 2));
    stand.crash();
    assert_eq!(asked(stand, item), [true]);
    let want = pairs([("a1", "waits"), ("a2", "waits")]);
    assert_eq!(intents(stand, item), want);
    let again = wants(std::slice::from_ref(&a), vec![wanted("a3", of, item, &[("a", 1)])], of, item);
    stand.refuse_after(0);
    assert_eq!(rule(stand, std::slice::from_ref(&again)), Ruled::default(), "and it writes nothing");
    stand.crash();
    assert_eq!(intents(stand, item), want);
    // Another policy comes and wants the same: one intent for both, kept since one of them has not asked.
    let joined = vec![wanted("ab", of, item, &[("a", 1), ("b", 1)]), wanted("a4", of, item, &[("a", 1)])];
    let changed = rule(stand, &[wants(&[a, b], joined, of, item)]);
    assert_eq!((changed.began, changed.intents, changed.cancelled), (1, 1, 0));
    assert_eq!(asked(stand, item), [true, true]);
    assert_eq!(intents(stand, item), pairs([("a1", "waits"), ("a2", "waits"), ("ab", "waits")]));
    let nobody = vec![wanted("n", of, item, &[]), wanted("y", of, item, &[("y", 1)])];
    let both = [matched("a", 1, Some(Level::Public)), matched("b", 1, Some(Level::Public))];
    assert_eq!(rule(stand, &[wants(&both, nobody, of, item)]), Ruled::default(), "what no match wants is dropped");
}

fn cancelled_when_unwanted(stand: &mut Stand) {
    let (of, items) = files(stand, &["1", "2", "3"]);
    let (a, b) = (matched("a", 1, Some(Level::Public)), matched("b", 1, Some(Level::Public)));
    for (item, id) in items.iter().zip(["1", "2", "3"]) {
        let both = vec![
            wanted(&format!("{id}a"), of, *item, &[("a", 1)]),
            wanted(&format!("{id}ab"), of, *item, &[("a", 1), ("b", 1)]),
        ];
        rule(stand, &[wants(&[a.clone(), b.clone()], both, of, *item)]);
    }
    let changed = rule(stand, &[ruling(of, items[0], std::slice::from_ref(&b))]);
    assert_eq!((changed.ended, changed.cancelled), (1, 1), "the other still wants the second");
    assert_eq!(intents(stand, items[0]), pairs([("1a", "cancelled"), ("1ab", "waits")]));
    good(stand.store.item_gone(items[1]));
    assert_eq!(intents(stand, items[1]), pairs([("2a", "cancelled"), ("2ab", "cancelled")]), "with its item");
    assert_eq!(good(stand.store.end_matches_but(&["b".into()])), 1);
    assert_eq!(intents(stand, items[2]), pairs([("3a", "cancelled"), ("3ab", "waits")]), "with its policy");
    assert_eq!(good(stand.store.end_matches_but(&[])), 2);
    assert_eq!(intents(stand, items[2]), pairs([("3a", "cancelled"), ("3ab", "cancelled")]));
}

fn asked_anew(stand: &mut Stand) {
    let (of, items) = files(stand, &["1"]);
    let item = items[0];
    let rows =
        [(1, Level::External, 1, 0), (1, Level::Public, 1, 1), (2, Level::Public, 1, 1), (2, Level::Internal, 0, 0)];
    for (place, (hash, level, kept, cancelled)) in rows.into_iter().enumerate() {
        let intent = wanted(&format!("i{place}"), of, item, &[("a", hash)]);
        let changed = rule(stand, &[wants(&[matched("a", hash, Some(level))], vec![intent], of, item)]);
        assert_eq!((changed.intents, changed.cancelled), (kept, cancelled), "row {place}");
    }
    assert_eq!(intents(stand, item), pairs([("i0", "cancelled"), ("i1", "cancelled"), ("i2", "waits")]));
    let other = ruling(of, item, &[matched("a", 3, Some(Level::Internal))]);
    assert_eq!(
        rule(stand, &[other]).cancelled,
        1,
        "a changed policy that is not in force wants nothing of what was asked"
    );
    assert_eq!(asked(stand, item), [false]);
}

fn opened_again_after_an_action(stand: &mut Stand) {
    let (of, items) = files(stand, &["1"]);
    let item = items[0];
    let told =
        |id: &str| wants(&[matched("a", 1, Some(Level::Public))], vec![wanted(id, of, item, &[("a", 1)])], of, item);
    rule(stand, &[told("i1")]);
    let claim = IntentClaim { connectors: &[of], causes: &[Cause::Policy], limits: &[] };
    let number = good(stand.store.claim_intent(&claim)).expect("it waits").number;
    let closing = Closing {
        number,
        receipt: None,
        outcome: Outcome::Done,
        why: "".into(),
        level: Some(Level::Internal),
        entry: Entry {
            actor: "policy a".into(),
            act: "action.done".into(),
            about: "item".into(),
            details: "{}".into(),
        },
        facts: None,
        asks: Vec::new(),
        exceptions: Vec::new(),
        messages: Vec::new(),
        quarantined: None,
        released: None,
    };
    good(stand.store.close_intent(&closing));
    assert_eq!(good(stand.store.matches(item))[0].level, Some(Level::Internal));
    tick(stand);
    let changed = rule(stand, &[told("i2")]);
    assert_eq!((changed.began, changed.intents), (1, 1), "somebody made a link again");
    assert_eq!(intents(stand, item), pairs([("i1", "ended"), ("i2", "waits")]));
}
