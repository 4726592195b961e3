//! What a store must show of whose turn it is: which intent a claim hands out, and which it passes over.

use super::intents::{add, because, closing, everything, number_of, order, take};
use super::matches::{files, tick, wanted};
use super::{Behaviour, Stand, good};
use crate::model::action::Outcome;
use crate::model::{Cause, IntentState};
use crate::store::connectors::ConnectorState;
use crate::store::intents::{IntentClaim, NewIntent};
use std::time::Duration;

pub(super) const BEHAVIOURS: &[Behaviour] = &[
    ("begun intents go first, then the cause, then the number", whose_turn),
    ("a claim keeps to its connectors and causes, and a disabled connector hands nothing out", claim_keeps_to),
    ("an item has one intent in hand or begun at a time", one_at_a_time),
    ("what moves is handed out one at a time for each connector, and keeps nothing else waiting", moves_in_turn),
    ("an intent waits for its moment", waits_for_its_moment),
    ("a claim that finds nothing writes nothing", empty_claim),
];

fn whose_turn(stand: &mut Stand) {
    let (of, items) = files(stand, &["1", "2", "3", "4", "5"]);
    let new: Vec<NewIntent> = [Cause::Policy, Cause::Plan, Cause::Restore, Cause::Undo, Cause::Policy]
        .into_iter()
        .zip(&items)
        .map(|(cause, item)| because(cause, wanted(&format!("a{}", item.0), of, *item, &[("p", 1)])))
        .collect();
    let numbers = add(stand, &new);
    // The last by its cause and number, begun before the crash, goes on first.
    let policy = IntentClaim { causes: &[Cause::Policy], ..everything(std::slice::from_ref(&of)) };
    let held = good(stand.store.claim_intent(&policy)).expect("one is ready");
    assert_eq!(held.number, numbers[0]);
    let begun = good(stand.store.claim_intent(&policy)).expect("another is ready");
    good(stand.store.begin_intent(begun.number, &[order("o1", &begun.is)]));
    stand.crash();
    let turns: Vec<_> = (0..6).map(|_| number_of(take(stand, of).as_ref())).collect();
    let expected = [4, 2, 3, 1, 0].map(|at: usize| Some(numbers[at]));
    assert_eq!(turns, [&expected[..], &[None]].concat());
}

fn claim_keeps_to(stand: &mut Stand) {
    let (of, items) = files(stand, &["1", "2"]);
    let other = stand.connector("other");
    let numbers = add(
        stand,
        &[
            wanted("a1", of, items[0], &[("p", 1)]),
            because(Cause::Plan, wanted("a2", of, items[1], &[])),
            NewIntent { item: None, ..wanted("a3", other, items[0], &[("p", 1)]) },
        ],
    );
    assert!(good(stand.store.claim_intent(&everything(&[]))).is_none());
    let causes = [Cause::Undo, Cause::Restore];
    assert!(good(stand.store.claim_intent(&IntentClaim { causes: &causes, ..everything(&[of]) })).is_none());
    assert_eq!(number_of(take(stand, other).as_ref()), Some(numbers[2]));
    good(stand.store.set_connector_state(of, ConnectorState::Disabled));
    assert!(take(stand, of).is_none());
    good(stand.store.set_connector_state(of, ConnectorState::Enabled));
    let both = [other, of];
    let turns: Vec<_> =
        (0..3).map(|_| number_of(good(stand.store.claim_intent(&everything(&both))).as_ref())).collect();
    assert_eq!(turns, [Some(numbers[1]), Some(numbers[0]), None]);
}

fn one_at_a_time(stand: &mut Stand) {
    let (of, items) = files(stand, &["1", "2"]);
    let new: Vec<NewIntent> = [("a1", 0), ("a2", 0), ("a3", 1)]
        .into_iter()
        .map(|(id, at): (_, usize)| wanted(id, of, items[at], &[("p", 1)]))
        .collect();
    let numbers = add(stand, &new);
    let first = take(stand, of).expect("the first");
    assert_eq!(number_of(take(stand, of).as_ref()), Some(numbers[2]), "the second is of the same item");
    assert!(take(stand, of).is_none());
    good(stand.store.begin_intent(first.number, &[order("o1", &first.is)]));
    let due = stand.clock.steady().plus(Duration::from_secs(60));
    good(stand.store.give_back_intent(first.number, Some(due)));
    assert!(take(stand, of).is_none(), "it is begun, whoever has it in hand");
    tick(stand);
    let again = take(stand, of).expect("its moment came");
    assert_eq!((again.number, again.state), (numbers[0], IntentState::Begun));
    good(stand.store.close_intent(&closing(again.number, Outcome::Done)));
    assert_eq!(number_of(take(stand, of).as_ref()), Some(numbers[1]));
}

fn moves_in_turn(stand: &mut Stand) {
    let (of, items) = files(stand, &["1", "2", "3", "4"]);
    let other = stand.connector("other");
    let moves = |id: &str, of, at: usize| NewIntent { moves: true, ..wanted(id, of, items[at], &[("p", 1)]) };
    let elsewhere = NewIntent { item: None, ..moves("a5", other, 0) };
    let still = wanted("a4", of, items[3], &[("p", 1)]);
    let numbers = add(stand, &[moves("a1", of, 0), moves("a2", of, 1), moves("a3", of, 2), still, elsewhere]);
    let both = [of, other];
    let turn = |stand: &Stand| good(stand.store.claim_intent(&everything(&both)));
    let first = turn(stand).expect("the first");
    assert!(first.number == numbers[0] && first.is.moves);
    assert_eq!(number_of(turn(stand).as_ref()), Some(numbers[3]), "what does not move goes on");
    assert_eq!(number_of(turn(stand).as_ref()), Some(numbers[4]), "so does what moves elsewhere");
    stand.refuse_after(0);
    assert!(turn(stand).is_none(), "a look that finds nothing writes nothing");
    stand.reopen();
    // Begun and given back for a while, it keeps no other from moving.
    let first = turn(stand).expect("the first again");
    good(stand.store.begin_intent(first.number, &[order("o1", &first.is)]));
    let due = stand.clock.steady().plus(Duration::from_secs(60));
    good(stand.store.give_back_intent(first.number, Some(due)));
    let turns: Vec<_> = (0..4).map(|_| number_of(turn(stand).as_ref())).collect();
    assert_eq!(turns, [Some(numbers[1]), Some(numbers[3]), Some(numbers[4]), None]);
    tick(stand);
    assert!(turn(stand).is_none(), "its moment came, and another moves");
    good(stand.store.give_back_intent(numbers[1], None));
    assert_eq!(number_of(turn(stand).as_ref()), Some(numbers[0]), "what was begun goes on first");
}

fn waits_for_its_moment(stand: &mut Stand) {
    let (of, items) = files(stand, &["1", "2"]);
    let due = |seconds| Some(stand.clock.steady().plus(Duration::from_secs(seconds)));
    let (sooner, later) = (due(60), due(120));
    let numbers = add(
        stand,
        &[
            NewIntent { due: later, ..wanted("a1", of, items[0], &[("p", 1)]) },
            NewIntent { due: sooner, ..wanted("a2", of, items[1], &[("p", 1)]) },
        ],
    );
    assert!(take(stand, of).is_none());
    assert_eq!(good(stand.store.next_intent_due()), sooner);
    tick(stand);
    assert_eq!(number_of(take(stand, of).as_ref()), Some(numbers[1]));
    assert_eq!(good(stand.store.next_intent_due()), later);
    stand.crash();
    tick(stand);
    assert_eq!(number_of(take(stand, of).as_ref()), Some(numbers[0]));
    assert_eq!(good(stand.store.next_intent_due()), None);
    assert_eq!(number_of(take(stand, of).as_ref()), Some(numbers[1]));
}

fn empty_claim(stand: &mut Stand) {
    let (of, items) = files(stand, &["1"]);
    let due = Some(stand.clock.steady().plus(Duration::from_secs(60)));
    add(stand, &[NewIntent { due, ..wanted("a1", of, items[0], &[("p", 1)]) }]);
    stand.refuse_after(0);
    assert!(take(stand, of).is_none());
    tick(stand);
    assert!(stand.store.claim_intent(&everything(&[of])).is_err(), "now there is one, and taking it is written");
}
