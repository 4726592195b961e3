//! What a store must show of intents that are over: cancelled before they began, and forgotten after a time.

use super::intents::{acts, add, closing, entry, number_of, order, quarantined, receipt, stands, state, take};
use super::matches::{files, matched, ruling, wanted};
use super::{Behaviour, Stand, good};
use crate::model::action::Outcome;
use crate::model::{Cause, IntentState, Level, PlanNumber};
use crate::store::Record;
use crate::store::intents::{Closing, IntentQuery, NewIntent};
use std::time::Duration;

pub(super) const BEHAVIOURS: &[Behaviour] = &[
    ("what has not begun can be cancelled, and nothing else", cancelled),
    ("who has an intent in hand can cancel it until it begins", cancelled_in_hand),
    ("intents that nobody wants any more are cancelled before they begin", unwanted),
    ("intents that are over are forgotten, but for what put something into quarantine", forgotten),
];

fn cancelled(stand: &mut Stand) {
    let (of, items) = files(stand, &["1", "2", "3", "4", "5"]);
    let new: Vec<NewIntent> = [("p", 1), ("p", 2), ("q", 1), ("p", 1), ("q", 1)]
        .into_iter()
        .zip(&items)
        .map(|((policy, plan), item)| {
            let intent = wanted(&format!("a{}", item.0), of, *item, &[(policy, 1)]);
            NewIntent { plan: Some(PlanNumber(plan)), ..intent }
        })
        .collect();
    let numbers = add(stand, &new);
    let begun = take(stand, of).expect("the first");
    good(stand.store.begin_intent(begun.number, &[]));
    let in_hand = take(stand, of).expect("the second");
    assert_eq!((begun.number, in_hand.number), (numbers[0], numbers[1]));
    let cancel = |stand: &Stand, query: IntentQuery| {
        good(stand.store.cancel_intents(&query, "no longer wanted", &entry("action.cancel")))
    };
    let of_policy = |policy: &str| IntentQuery { policy: Some(policy.into()), ..IntentQuery::default() };
    assert_eq!(cancel(stand, of_policy("p")), 1, "one has begun, one is in hand");
    let gone = stands(stand, numbers[3]);
    assert_eq!((gone.state, &*gone.outcome, &*gone.why), (IntentState::Cancelled, "cancelled", "no longer wanted"));
    assert_eq!(cancel(stand, IntentQuery { plan: Some(PlanNumber(2)), ..IntentQuery::default() }), 0);
    assert_eq!(cancel(stand, IntentQuery { number: Some(numbers[4]), ..IntentQuery::default() }), 1);
    assert_eq!(cancel(stand, IntentQuery { states: vec![IntentState::Ended], ..IntentQuery::default() }), 0);
    assert_eq!(
        acts(stand),
        ["intent.add", "action.cancel", "action.cancel"],
        "what changes nothing is not written down"
    );
    assert_eq!(number_of(take(stand, of).as_ref()), Some(numbers[2]));
    good(stand.store.give_back_intent(in_hand.number, None));
    assert_eq!(cancel(stand, of_policy("p")), 1, "it is in hand no more");
}

fn cancelled_in_hand(stand: &mut Stand) {
    let (of, items) = files(stand, &["1"]);
    let numbers = add(stand, &[wanted("a1", of, items[0], &[("p", 1)]), wanted("a2", of, items[0], &[("p", 1)])]);
    take(stand, of).expect("the first");
    good(stand.store.cancel_intent(numbers[0], "still so no more", &entry("action.cancel")));
    let gone = stands(stand, numbers[0]);
    assert_eq!((gone.state, &*gone.why), (IntentState::Cancelled, "still so no more"));
    take(stand, of).expect("the second");
    good(stand.store.begin_intent(numbers[1], &[]));
    assert!(stand.store.cancel_intent(numbers[1], "no", &entry("action.cancel")).is_err(), "it has begun");
    assert_eq!(acts(stand), ["intent.add", "action.cancel"]);
}

fn unwanted(stand: &mut Stand) {
    let (of, items) = files(stand, &["1", "2"]);
    let both = [matched("p", 1, Some(Level::Public)), matched("q", 1, Some(Level::Public))];
    let mut first = ruling(of, items[0], &both);
    first.intents = vec![wanted("a1", of, items[0], &[("p", 1), ("q", 1)])];
    let mut second = ruling(of, items[1], &both[..1]);
    second.intents = vec![wanted("a2", of, items[1], &[("p", 1)])];
    assert_eq!(good(stand.store.rule(&[first, second])).intents, 2);
    let all = good(stand.store.intents(&IntentQuery::default(), None, 9));
    let (one, two) = (all[0].number, all[1].number);
    // One voter stays: so does the intent, and its other voter is forgotten.
    let ruled = good(stand.store.rule(&[ruling(of, items[0], &both[1..])]));
    assert_eq!(ruled.cancelled, 0);
    let left: Vec<String> = stands(stand, one).is.voters.iter().map(|voter| voter.policy.to_string()).collect();
    assert_eq!(left, ["q"]);
    let taken = take(stand, of).expect("the first");
    good(stand.store.begin_intent(taken.number, &[]));
    let ruled = good(stand.store.rule(&[ruling(of, items[0], &[]), ruling(of, items[1], &[])]));
    assert_eq!(ruled.cancelled, 1, "the first has begun");
    assert_eq!((state(stand, one), state(stand, two)), (IntentState::Begun, IntentState::Cancelled));
}

fn forgotten(stand: &mut Stand) {
    let (of, items) = files(stand, &["1", "2", "3", "4"]);
    let new: Vec<NewIntent> =
        items.iter().map(|item| wanted(&format!("a{}", item.0), of, *item, &[("p", 1)])).collect();
    let numbers = add(stand, &new);
    // The first ends, the second ends in quarantine, the third is cancelled, the fourth waits.
    for (at, number) in numbers.iter().take(2).enumerate() {
        let intent = take(stand, of).expect("one");
        good(stand.store.begin_intent(intent.number, &[order("o1", &intent.is)]));
        let quarantined = (at == 1).then(|| quarantined("q1", of, Some(items[1]), &intent.is.on));
        let receipt = Some(receipt("o1", Outcome::Done));
        let quarantined =
            quarantined.map(|new| crate::store::quarantines::NewQuarantined { intent: Some(intent.number), ..new });
        good(stand.store.close_intent(&Closing { receipt, quarantined, ..closing(*number, Outcome::Done) }));
    }
    let third = IntentQuery { number: Some(numbers[2]), ..IntentQuery::default() };
    good(stand.store.cancel_intents(&third, "no", &entry("action.cancel")));
    let forget = |stand: &Stand| good(stand.store.forget(Record::PastActions, stand.clock.steady()));
    let left = |stand: &Stand| -> Vec<_> {
        good(stand.store.intents(&IntentQuery::default(), None, 9)).iter().map(|intent| intent.number).collect()
    };
    assert_eq!(forget(stand), 0, "they ended just now");
    stand.clock.advance(Duration::from_secs(1));
    assert_eq!(forget(stand), 2);
    stand.reopen();
    assert_eq!(left(stand), [numbers[1], numbers[3]]);
    let counted = good(stand.store.intent_counts());
    let sum: u64 = counted.iter().map(|(_, many)| *many).sum();
    assert_eq!(sum, 2, "{counted:?}");
    // What was released may go, and its restore with it.
    let back = add(stand, &[NewIntent { cause: Cause::Restore, ..wanted("b", of, items[1], &[]) }])[0];
    take(stand, of).expect("the restore");
    good(stand.store.close_intent(&Closing { released: Some("q1".into()), ..closing(back, Outcome::Done) }));
    stand.clock.advance(Duration::from_secs(1));
    assert_eq!(forget(stand), 2);
    assert_eq!((left(stand), state(stand, numbers[3])), (vec![numbers[3]], IntentState::Waits));
}
