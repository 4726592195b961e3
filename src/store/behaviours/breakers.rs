//! What a store must show of breakers: a limit holds at its number however many claim at once, and what is held back waits for
//! a person.

use super::intents::{acts, add, closing, entry, everything, state, take};
use super::matches::{files, matched, ruling, tick, wanted};
use super::{Behaviour, Stand, file, good};
use crate::model::action::Outcome;
use crate::model::{Cause, ConnectorNumber, IntentNumber, IntentState, ItemKind, ItemNumber, Level};
use crate::store::intents::{IntentClaim, IntentQuery, NewIntent, PolicyLimits, Tripped};
use crate::store::matches::Ruling;
use std::collections::HashSet;
use std::sync::Mutex;
use std::time::Duration;

pub(super) const BEHAVIOURS: &[Behaviour] = &[
    ("a breaker holds at its number, however many claim", holds_at_its_number),
    ("items are counted over a day, and a release begins anew", over_a_day),
    ("a share is of the connector's items, and of ten at least", a_share),
    ("items of one owner are counted over an hour", one_owner),
    ("an intent of several policies is held by any of them", several_voters),
    ("a person's plan passes, and what was touched counts once", plans_pass),
    ("what is held can be cancelled, and a policy that wants it no more holds it no more", held_goes),
    ("a release that is interrupted goes on", release_goes_on),
];

/// Files of a connector, and an intent of a policy for each.
fn wanting(stand: &Stand, count: usize, policies: &[&str]) -> (ConnectorNumber, Vec<ItemNumber>, Vec<IntentNumber>) {
    let of = stand.connector("main");
    let ids: Vec<String> = (1..=count).map(|at| at.to_string()).collect();
    stand.list(of, &ids.iter().map(|id| file(id, "1")).collect::<Vec<_>>());
    let items: Vec<ItemNumber> = ids.iter().map(|id| stand.number(of, ItemKind::File, id)).collect();
    let numbers = add(stand, &items.iter().map(|item| want("a", of, *item, policies)).collect::<Vec<_>>());
    (of, items, numbers)
}

fn want(id: &str, of: ConnectorNumber, item: ItemNumber, policies: &[&str]) -> NewIntent {
    let voters: Vec<(&str, u8)> = policies.iter().map(|policy| (*policy, 1)).collect();
    wanted(&format!("{id}{}", item.0), of, item, &voters)
}

fn limits(policy: &str) -> PolicyLimits {
    PolicyLimits { policy: policy.into(), items_max: None, share_max: None, per_owner_hour_max: None }
}

fn at_most(policy: &str, items: u64) -> PolicyLimits {
    PolicyLimits { items_max: Some(items), ..limits(policy) }
}

/// Claims as long as there is something, and ends each: how many.
fn drain(stand: &Stand, of: ConnectorNumber, limits: &[PolicyLimits]) -> usize {
    let mut done = 0;
    while let Some(intent) = good(stand.store.claim_intent(&IntentClaim { limits, ..everything(&[of]) })) {
        good(stand.store.close_intent(&closing(intent.number, Outcome::Done)));
        done += 1;
    }
    done
}

fn count(stand: &Stand, state: IntentState) -> u64 {
    good(stand.store.intent_counts()).into_iter().find(|(one, _)| *one == state).map_or(0, |(_, count)| count)
}

fn tripped(stand: &Stand) -> Vec<(String, String, u64, u64)> {
    let told = |one: &Tripped| (one.policy.to_string(), one.limit.to_string(), one.touched, one.held);
    good(stand.store.tripped()).iter().map(told).collect()
}

fn release(stand: &Stand, policy: &str) -> bool {
    good(stand.store.release_breaker(policy, &entry("breaker.release")))
}

fn holds_at_its_number(stand: &mut Stand) {
    const THREADS: usize = 32;
    let (of, _, numbers) = wanting(stand, 100, &["p"]);
    let begun = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(|| {
                let limits = [at_most("p", 10)];
                while let Some(intent) =
                    good(stand.store.claim_intent(&IntentClaim { limits: &limits, ..everything(&[of]) }))
                {
                    good(stand.store.begin_intent(intent.number, &[]));
                    begun.lock().expect("nobody panicked").push(intent.number);
                    good(stand.store.close_intent(&closing(intent.number, Outcome::Done)));
                }
            });
        }
    });
    let begun = begun.into_inner().expect("nobody panicked");
    assert_eq!((begun.len(), begun.iter().collect::<HashSet<_>>().len()), (10, 10));
    assert_eq!((count(stand, IntentState::Ended), count(stand, IntentState::Held)), (10, 90));
    assert_eq!(tripped(stand), [("p".into(), "items".into(), 10, 90)]);
    let held = numbers.iter().find(|number| !begun.contains(number)).expect("most of them");
    let held = good(stand.store.intent(*held)).expect("it is kept");
    assert_eq!(&*held.outcome, "breaker");
    assert!(held.why.contains("policy p"), "{}", held.why);
    stand.crash();
    assert_eq!(drain(stand, of, &[at_most("p", 10)]), 0, "a restart releases nothing");
    assert_eq!(drain(stand, of, &[at_most("p", 1_000)]), 0, "nor does a higher limit");
    assert!(release(stand, "p"));
    assert!(!release(stand, "p"), "it has not tripped");
    assert_eq!(tripped(stand), []);
    assert_eq!(drain(stand, of, &[at_most("p", 10)]), 10, "the counts began anew");
    assert_eq!(tripped(stand), [("p".into(), "items".into(), 10, 80)]);
    assert_eq!(
        acts(stand),
        [&["intent.add"][..], &["action.end"; 10], &["breaker.release"], &["action.end"; 10]].concat()
    );
}

fn over_a_day(stand: &mut Stand) {
    let (of, items, _) = wanting(stand, 3, &["p"]);
    assert_eq!(drain(stand, of, &[at_most("p", 3)]), 3);
    assert_eq!(tripped(stand), [], "at its limit, and not over it");
    stand.clock.advance(Duration::from_secs(24 * 60 * 60 - 1));
    add(stand, &items.iter().map(|item| want("b", of, *item, &["p"])).collect::<Vec<_>>());
    assert_eq!(drain(stand, of, &[at_most("p", 3)]), 3, "the same items count once");
    stand.clock.advance(Duration::from_secs(60));
    let other = NewIntent { item: None, ..want("c", of, items[0], &["p"]) };
    add(stand, &[other]);
    assert_eq!(drain(stand, of, &[at_most("p", 3)]), 0, "they were touched again within the day");
    release(stand, "p");
    assert_eq!(drain(stand, of, &[at_most("p", 3)]), 1);
    stand.clock.advance(Duration::from_secs(24 * 60 * 60));
    add(stand, &items.iter().map(|item| want("d", of, *item, &["p"])).collect::<Vec<_>>());
    assert_eq!(drain(stand, of, &[at_most("p", 3)]), 3, "what was a day ago counts no more");
    assert_eq!(tripped(stand), []);
}

fn a_share(stand: &mut Stand) {
    let share = |hundredths| [PolicyLimits { share_max: Some(hundredths), ..limits("p") }];
    let (of, items, _) = wanting(stand, 400, &["p"]);
    assert_eq!(drain(stand, of, &share(100)), 10, "one percent of 400 is less than ten");
    release(stand, "p");
    assert_eq!(drain(stand, of, &share(500)), 20, "five percent");
    assert_eq!(tripped(stand), [("p".into(), "share".into(), 20, 370)]);
    // Another connector's items are another share.
    let other = stand.connector("other");
    add(stand, &[NewIntent { connector: other, item: None, ..want("b", other, items[0], &["q"]) }]);
    let both = [share(500)[0].clone(), PolicyLimits { policy: "q".into(), ..share(500)[0].clone() }];
    assert_eq!(drain(stand, other, &both), 1);
}

fn one_owner(stand: &mut Stand) {
    let limits = [PolicyLimits { per_owner_hour_max: Some(2), ..limits("p") }];
    let (of, items, _) = wanting(stand, 2, &["p"]);
    assert_eq!(drain(stand, of, &limits), 2);
    let whose = |id: &str, at: usize, owner: &str| NewIntent { owner: owner.into(), ..want(id, of, items[at], &["p"]) };
    let nobody: Vec<NewIntent> = (0..2).map(|at| whose("b", at, "")).collect();
    add(stand, &nobody);
    assert_eq!(drain(stand, of, &limits), 2, "whose owner nobody knows is not one owner's");
    stand.list(of, &[file("8", "1"), file("9", "1")]);
    let new: Vec<NewIntent> =
        ["8", "9"].into_iter().map(|id| want("c", of, stand.number(of, ItemKind::File, id), &["p"])).collect();
    stand.clock.advance(Duration::from_secs(30 * 60));
    add(stand, &[whose("d", 0, "8"), whose("d", 1, "7")]);
    assert_eq!(drain(stand, of, &limits), 2);
    stand.clock.advance(Duration::from_secs(29 * 60));
    add(stand, &new);
    assert_eq!(drain(stand, of, &limits), 1, "one of this owner's was touched within the hour");
    assert_eq!(tripped(stand), [("p".into(), "owner".into(), 2, 1)]);
    release(stand, "p");
    assert_eq!(drain(stand, of, &limits), 1);
}

fn several_voters(stand: &mut Stand) {
    let (of, items, numbers) = wanting(stand, 3, &["p", "q"]);
    let limits = [at_most("p", 5), at_most("q", 1)];
    assert_eq!(drain(stand, of, &limits), 1);
    assert_eq!(tripped(stand), [("q".into(), "items".into(), 1, 2)], "p was far from its limit");
    add(stand, &items.iter().map(|item| want("b", of, *item, &["p"])).collect::<Vec<_>>());
    assert_eq!(drain(stand, of, &limits), 3, "p goes on by itself");
    // Both hold it: it waits until both are released.
    let (p, q) = (at_most("p", 0), at_most("q", 0));
    stand.list(of, &[file("9", "1")]);
    let both = add(stand, &[want("c", of, stand.number(of, ItemKind::File, "9"), &["p", "q"])])[0];
    assert_eq!(drain(stand, of, &[p, q]), 0);
    assert_eq!(tripped(stand).iter().map(|one| one.3).collect::<Vec<_>>(), [1, 3]);
    assert!(release(stand, "p"));
    assert_eq!(state(stand, both), IntentState::Held);
    assert!(release(stand, "q"));
    assert_eq!((state(stand, both), state(stand, numbers[2])), (IntentState::Waits, IntentState::Waits));
    assert_eq!(drain(stand, of, &[]), 3, "a policy without limits may do anything");
}

fn plans_pass(stand: &mut Stand) {
    let (of, items, _) = wanting(stand, 2, &["p"]);
    let limits = [at_most("p", 1)];
    assert_eq!(drain(stand, of, &limits), 1);
    let plan: Vec<NewIntent> =
        items.iter().map(|item| NewIntent { cause: Cause::Plan, ..want("b", of, *item, &["p"]) }).collect();
    add(stand, &plan);
    assert_eq!(drain(stand, of, &limits), 2, "a person applied it");
    release(stand, "p");
    // What was given back is claimed again, and counts once.
    let claim = IntentClaim { limits: &limits, ..everything(std::slice::from_ref(&of)) };
    for _ in 0..3 {
        let again = good(stand.store.claim_intent(&claim)).expect("it passed before");
        good(stand.store.give_back_intent(again.number, None));
    }
    assert_eq!((drain(stand, of, &limits), tripped(stand)), (1, Vec::new()));
}

fn held_goes(stand: &mut Stand) {
    let (of, items) = files(stand, &["1", "2", "3"]);
    let both = [matched("p", 1, Some(Level::Public)), matched("q", 1, Some(Level::Public))];
    let asks =
        |item: &ItemNumber| Ruling { intents: vec![want("a", of, *item, &["p", "q"])], ..ruling(of, *item, &both) };
    assert_eq!(good(stand.store.rule(&items.iter().map(asks).collect::<Vec<_>>())).intents, 3);
    let numbers: Vec<IntentNumber> =
        good(stand.store.intents(&IntentQuery::default(), None, 9)).iter().map(|one| one.number).collect();
    assert_eq!(drain(stand, of, &[at_most("p", 0), at_most("q", 5)]), 0);
    assert_eq!(tripped(stand), [("p".into(), "items".into(), 0, 3)]);
    let this = IntentQuery { number: Some(numbers[0]), ..IntentQuery::default() };
    assert_eq!(good(stand.store.cancel_intents(&this, "no", &entry("action.cancel"))), 1);
    assert_eq!(tripped(stand)[0].3, 2);
    // The policy whose breaker holds it does not match any more; the other still wants it.
    good(stand.store.rule(&[ruling(of, items[1], &both[1..]), ruling(of, items[2], &[])]));
    assert_eq!((state(stand, numbers[1]), state(stand, numbers[2])), (IntentState::Waits, IntentState::Cancelled));
    assert_eq!(tripped(stand)[0].3, 0);
    assert_eq!(take(stand, of).map(|intent| intent.number), Some(numbers[1]));
}

fn release_goes_on(stand: &mut Stand) {
    // More than one piece of a claim holds back, and more than one piece of a release frees.
    const MANY: u64 = 1_200;
    let (of, _, _) = wanting(stand, 1_200, &["p"]);
    let limits = [at_most("p", 0)];
    assert_eq!(drain(stand, of, &limits), 0);
    assert_eq!(tripped(stand), [("p".into(), "items".into(), 0, MANY)]);
    tick(stand);
    stand.refuse_after(1);
    assert!(stand.store.release_breaker("p", &entry("breaker.release")).is_err());
    stand.crash();
    let held = count(stand, IntentState::Held);
    assert!(held > 0 && held < MANY, "{held}");
    assert_eq!(tripped(stand), [], "it is released all the same");
    let claim = IntentClaim { limits: &[], ..everything(std::slice::from_ref(&of)) };
    for _ in 0..3 {
        good(stand.store.claim_intent(&claim)).expect("there are many");
    }
    assert_eq!(count(stand, IntentState::Held), 0);
    // The three were touched before it trips again; it holds back the rest.
    stand.reopen();
    assert_eq!(drain(stand, of, &limits), 3);
    assert_eq!(tripped(stand)[0].3, MANY - 3);
}
