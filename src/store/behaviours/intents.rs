//! What a store must show of intents: that a crash between any two writes loses nothing, and that an end is whole or nothing.
//! Whose turn it is stands in [`super::turns`].

use super::matches::{files, matched, ruling, tick, wanted};
use super::{Behaviour, Stand, good};
use crate::clock::Moment;
use crate::model::action::{
    Did, Ended, Folder, Holds, ItemState, Labels, Order, Outcome, OwnLink, Password, Receipt, State, Step, Target,
    Whose,
};
use crate::model::sharing::{Audience, Members};
use crate::model::{
    Action, Cause, ConnectorNumber, IntentNumber, IntentState, ItemKind, ItemNumber, Lane, Level, PlanNumber,
    Principal, Todo,
};
use crate::store::exceptions::{ExceptionKind, NewException};
use crate::store::intents::{Closing, Intent, IntentClaim, IntentQuery, NewIntent};
use crate::store::messages::{Channel, NewMessage};
use crate::store::quarantines::NewQuarantined;
use crate::store::{Ask, Entry, Matched, RulesNumber};
use std::time::Duration;

pub(super) const BEHAVIOURS: &[Behaviour] = &[
    ("an intent is kept as it was asked for, and once", kept_once),
    ("a crash between any two writes leaves an intent to go on from what was written", crash_anywhere),
    ("what is found is told once, and orders that were not called can be replaced", orders_replaced),
    ("who has no intent in hand writes nothing of it", not_in_hand),
    ("giving back is not failing, and too many failures park", gives_back_and_fails),
    ("an intent ends with all that follows, or not at all", ends_whole),
    ("what nobody knows is parked, and goes on when it is brought back", unknown_is_parked),
    ("a closed intent tells its voters' matches how far the item is open", tells_matches),
    ("what has not begun can be cancelled, and nothing else", cancelled),
    ("who has an intent in hand can cancel it until it begins", cancelled_in_hand),
    ("intents that nobody wants any more are cancelled before they begin", unwanted),
    ("intents are found by all that is known of them", found_by),
    ("counts of intents are what is there", counts),
];

pub(super) fn entry(act: &str) -> Entry {
    Entry { actor: "service".into(), act: act.into(), about: "intent".into(), details: "{}".into() }
}

/// A claim of every cause, without limits.
pub(super) fn everything(of: &[ConnectorNumber]) -> IntentClaim<'_> {
    IntentClaim { connectors: of, causes: &Cause::ALL, limits: &[] }
}

pub(super) fn add(stand: &Stand, new: &[NewIntent]) -> Vec<IntentNumber> {
    good(stand.store.add_intents(new, &entry("intent.add")))
}

pub(super) fn take(stand: &Stand, of: ConnectorNumber) -> Option<Intent> {
    good(stand.store.claim_intent(&everything(&[of])))
}

pub(super) fn number_of(taken: Option<&Intent>) -> Option<IntentNumber> {
    taken.map(|intent| intent.number)
}

fn stands(stand: &Stand, number: IntentNumber) -> Intent {
    good(stand.store.intent(number)).expect("it is kept")
}

pub(super) fn state(stand: &Stand, number: IntentNumber) -> IntentState {
    stands(stand, number).state
}

pub(super) fn because(cause: Cause, intent: NewIntent) -> NewIntent {
    let voters = if cause == Cause::Policy { intent.voters } else { Vec::new() };
    NewIntent { cause, voters, ..intent }
}

pub(super) fn order(id: &str, intent: &NewIntent) -> Order {
    Order {
        id: id.into(),
        on: intent.on.clone(),
        action: Action::RemoveLinks,
        version: Some("1".into()),
        expects: None,
        begun: None,
        password: None,
    }
}

/// An item with a public link, as it was found.
pub(super) fn item_state(name: &str) -> ItemState {
    let link = OwnLink {
        key: "own".into(),
        audience: Audience::Public,
        asked: Audience::Public,
        password: false,
        expires: None,
        download: Some(true),
        owner: None,
        url: Some("https://example.com/secret".into()),
    };
    ItemState {
        at: Moment::from_millis(7),
        kind: ItemKind::File,
        name: name.into(),
        folder: Folder { id: Some("0".into()), place: "7".into(), path: None, act_as: Principal::Person("7".into()) },
        as_folder: None,
        owner: None,
        version: Some("1".into()),
        etag: Some("1".into()),
        hash: None,
        size_bytes: 100,
        trashed: false,
        links: vec![link],
        links_above: Vec::new(),
        members: Members::None,
        invitations: None,
        labels: Labels::default(),
        lock: None,
        holds: Holds::NotAsked,
        note: None,
        copy: None,
        lent: None,
        said: None,
        seen_back: None,
        shared_as: None,
    }
}

pub(super) fn found(name: &str) -> State {
    State::Item(Box::new(item_state(name)))
}

/// As it comes back: addresses of links are never kept.
fn kept(state: &State) -> State {
    let State::Item(item) = state else { return state.clone() };
    let mut item = item.clone();
    item.links.iter_mut().for_each(|link| link.url = None);
    State::Item(item)
}

fn step(key: &str) -> Step {
    Step::EndLink { key: key.into() }
}

fn did(key: &str) -> Did {
    Did { at: Moment::from_millis(9), step: step(key), ended: Ended::Answered, requests: vec!["r1".into()] }
}

fn receipt(order: &str, outcome: Outcome) -> Receipt {
    Receipt { order: order.into(), outcome, found: None, did: vec![did("own")], read_back: None, left: Vec::new() }
}

pub(super) fn closing(number: IntentNumber, outcome: Outcome) -> Closing {
    Closing {
        number,
        receipt: None,
        outcome,
        why: "as it was asked for".into(),
        level: None,
        entry: entry("action.end"),
        facts: None,
        asks: Vec::new(),
        exceptions: Vec::new(),
        messages: Vec::new(),
        quarantined: None,
        released: None,
    }
}

/// The acts of the audit log, in order.
pub(super) fn acts(stand: &Stand) -> Vec<String> {
    let count = good(stand.store.verify_audit());
    let rows = good(stand.store.entries(0, 1_000));
    assert_eq!(rows.len() as u64, count);
    rows.into_iter().map(|row| row.entry.act).collect()
}

fn kept_once(stand: &mut Stand) {
    let (of, items) = files(stand, &["1", "2"]);
    let mut first = wanted("a1", of, items[0], &[("p", 1), ("q", 2)]);
    first.what = "{\"ask\":\"the text of what is wanted\"}".into();
    first.rules = Some(RulesNumber(3));
    let second = because(Cause::Plan, wanted("a2", of, items[1], &[]));
    let second = NewIntent { plan: Some(PlanNumber(5)), undoes: Some(IntentNumber(9)), item: None, ..second };
    let numbers = add(stand, &[first.clone(), second.clone(), first.clone()]);
    assert_eq!(numbers.len(), 2, "one id, one intent");
    assert_eq!(add(stand, std::slice::from_ref(&second)), [], "and so it stays");
    assert_eq!(acts(stand), ["intent.add", "intent.add"]);
    stand.crash();
    let (one, two) = (stands(stand, numbers[0]), stands(stand, numbers[1]));
    assert_eq!((&one.is, &two.is), (&first, &second));
    assert_eq!((one.state, &*one.outcome, one.begun, one.attempts), (IntentState::Waits, "", None, 0));
    assert_eq!(one.made, stand.clock.steady());
    assert!(one.orders.is_empty());
    assert!(good(stand.store.intent(IntentNumber(99))).is_none());
    stand.refuse_after(0);
    assert!(stand.store.add_intents(&[wanted("a3", of, items[0], &[])], &entry("no")).is_err());
    stand.reopen();
    assert_eq!(acts(stand).len(), 2);
}

/// The writes of an intent with two orders; each is one that a crash may come before.
fn writes(stand: &Stand, of: ConnectorNumber) -> Result<(), crate::store::Error> {
    let store = &*stand.store;
    let Some(intent) = store.claim_intent(&everything(&[of]))? else { return Ok(()) };
    let number = intent.number;
    let (one, two) = (order("o1", &intent.is), order("o2", &intent.is));
    if intent.state == IntentState::Waits {
        store.begin_intent(number, &[one, two])?;
    }
    for id in ["o1", "o2"] {
        store.begin_order(number, id, &found(id))?;
        for key in ["a", "b"] {
            store.before_step(number, id, &step(key))?;
            store.after_step(number, id, &did(key))?;
        }
        if id == "o1" {
            store.end_order(number, &receipt(id, Outcome::Done), None)?;
        }
    }
    let last = Some(receipt("o2", Outcome::Done));
    store.close_intent(&Closing { receipt: last, ..closing(number, Outcome::Done) })
}

fn crash_anywhere(stand: &mut Stand) {
    const WRITES: i64 = 14;
    let (of, items) = files(stand, &["1"]);
    for pieces in 0..=WRITES {
        let number = add(stand, &[wanted(&format!("a{pieces}"), of, items[0], &[("p", 1)])])[0];
        stand.refuse_after(pieces);
        assert_eq!(writes(stand, of).is_ok(), pieces == WRITES, "{pieces}");
        stand.crash();
        let left = stands(stand, number);
        // In order: claim, begin, then for each order its state, two steps before and after, and its end.
        let expected = match pieces {
            0..=1 => IntentState::Waits,
            WRITES => IntentState::Ended,
            _ => IntentState::Begun,
        };
        assert_eq!(left.state, expected, "{pieces}");
        assert_eq!(left.orders.len(), if pieces < 2 { 0 } else { 2 });
        for (at, ordered) in (0_i64..).zip(&left.orders) {
            let told = (pieces - 2 - 6 * at).clamp(0, 6);
            assert_eq!(ordered.order.begun.as_deref(), (told >= 1).then(|| kept(&found(&ordered.order.id))).as_ref());
            let steps: Vec<(Step, Option<Did>)> = [("a", 2, 3), ("b", 4, 5)]
                .into_iter()
                .filter(|(_, before, _)| told >= *before)
                .map(|(key, _, after)| (step(key), (told >= after).then(|| did(key))))
                .collect();
            assert_eq!(ordered.steps, steps, "{pieces} {at}");
            assert_eq!(ordered.receipt.is_some(), told >= 6, "{pieces} {at}");
        }
        let taken = take(stand, of);
        if pieces == WRITES {
            assert!(taken.is_none());
            continue;
        }
        let taken = taken.expect("it goes on");
        assert_eq!((taken.number, taken.orders.len()), (number, left.orders.len()));
        good(stand.store.close_intent(&closing(number, Outcome::Done)));
    }
    good(stand.store.verify_audit());
}

fn orders_replaced(stand: &mut Stand) {
    let (of, items) = files(stand, &["1"]);
    add(stand, &[wanted("a1", of, items[0], &[("p", 1)])]);
    let intent = take(stand, of).expect("one");
    let number = intent.number;
    let of_id = |id: &str| order(id, &intent.is);
    let secret = Order { password: Some(Password::new("open sesame")), ..of_id("o1") };
    good(stand.store.begin_intent(number, &[secret, of_id("o2"), of_id("o3")]));
    assert!(stand.store.begin_intent(number, &[of_id("o9")]).is_err(), "it has begun");
    good(stand.store.begin_order(number, "o1", &found("first")));
    good(stand.store.begin_order(number, "o1", &found("second")));
    let ids = |stand: &Stand| -> Vec<String> {
        stands(stand, number).orders.iter().map(|ordered| ordered.order.id.to_string()).collect()
    };
    let first = stands(stand, number).orders.remove(0);
    assert_eq!(first.order.begun.as_deref(), Some(&kept(&found("first"))), "the state before the first step");
    assert_eq!(first.order.password, None);
    good(stand.store.end_order(number, &receipt("o1", Outcome::Done), Some(&[of_id("o4")])));
    assert_eq!(ids(stand), ["o1", "o4"]);
    good(stand.store.begin_order(number, "o4", &found("third")));
    good(stand.store.end_order(number, &receipt("o1", Outcome::Done), Some(&[of_id("o5"), of_id("o4")])));
    assert_eq!(ids(stand), ["o1", "o5", "o4"], "nothing was called, so what was found can be decided on anew");
    good(stand.store.before_step(number, "o5", &step("a")));
    assert!(
        stand.store.end_order(number, &receipt("o1", Outcome::Done), Some(&[])).is_err(),
        "a call may have been made"
    );
    assert_eq!(ids(stand), ["o1", "o5", "o4"]);
    assert!(stand.store.before_step(number, "o9", &step("a")).is_err(), "there is no such order");
    assert!(stand.store.after_step(number, "o4", &did("a")).is_err(), "no step of it is being called");
}

fn not_in_hand(stand: &mut Stand) {
    let (of, items) = files(stand, &["1"]);
    let number = add(stand, &[wanted("a1", of, items[0], &[("p", 1)])])[0];
    let store = |stand: &Stand| {
        let store = &*stand.store;
        let is = wanted("a1", of, items[0], &[]);
        let due = stand.clock.steady();
        let refused = [
            store.begin_intent(number, &[order("o1", &is)]).is_err(),
            store.begin_order(number, "o1", &found("a")).is_err(),
            store.before_step(number, "o1", &step("a")).is_err(),
            store.after_step(number, "o1", &did("a")).is_err(),
            store.end_order(number, &receipt("o1", Outcome::Done), None).is_err(),
            store.close_intent(&closing(number, Outcome::Done)).is_err(),
            store.give_back_intent(number, None).is_err(),
            store.fail_intent(number, "x", due, 1).is_err(),
            store.cancel_intent(number, "x", &entry("no")).is_err(),
        ];
        assert_eq!(refused, [true; 9]);
    };
    store(stand);
    take(stand, of).expect("one");
    good(stand.store.close_intent(&closing(number, Outcome::Gone)));
    store(stand);
    let ended = stands(stand, number);
    assert_eq!((ended.state, &*ended.outcome, &*ended.why), (IntentState::Ended, "gone", "as it was asked for"));
    assert_eq!(acts(stand), ["intent.add", "action.end"]);
}

fn gives_back_and_fails(stand: &mut Stand) {
    let (of, items) = files(stand, &["1"]);
    let number = add(stand, &[wanted("a1", of, items[0], &[("p", 1)])])[0];
    take(stand, of).expect("one");
    good(stand.store.give_back_intent(number, None));
    assert_eq!(number_of(take(stand, of).as_ref()), Some(number), "at once");
    for attempt in 1..=3 {
        let due = stand.clock.steady().plus(Duration::from_secs(60));
        assert_eq!(good(stand.store.fail_intent(number, "503", due, 3)), attempt == 3);
        let failed = stands(stand, number);
        assert_eq!((failed.attempts, &*failed.why), (attempt, "503"));
        assert!(take(stand, of).is_none());
        tick(stand);
        assert_eq!(take(stand, of).is_some(), attempt < 3);
    }
    let parked = stands(stand, number);
    assert_eq!((parked.state, &*parked.outcome), (IntentState::Parked, "failed"));
    let all = IntentQuery::default();
    assert_eq!(good(stand.store.retry_intents(&all, &entry("action.retry"))), 1);
    assert_eq!(good(stand.store.retry_intents(&all, &entry("action.retry"))), 0, "it is brought back once");
    let back = take(stand, of).expect("it waits again");
    assert_eq!((back.number, back.attempts, &*back.why), (number, 0, ""));
    assert_eq!(acts(stand), ["intent.add", "action.retry"]);
}

pub(super) fn quarantined(id: &str, of: ConnectorNumber, item: Option<ItemNumber>, target: &Target) -> NewQuarantined {
    let is = NewIntent { on: target.clone(), ..wanted(id, of, ItemNumber(1), &[]) };
    NewQuarantined {
        id: id.into(),
        connector: of,
        item,
        intent: None,
        policies: vec!["p".into()],
        whose: Whose::Company,
        person: None,
        owner: "anna@example.com".into(),
        order: order("o1", &is),
        prior: item_state("a.txt"),
        note: Some("n1".into()),
        receipt: Some("r1".into()),
        content: Some([5; 32]),
        found: vec![("card".into(), 3)],
    }
}

fn ends_whole(stand: &mut Stand) {
    let (of, items) = files(stand, &["1"]);
    let number = add(stand, &[wanted("a1", of, items[0], &[("p", 1)])])[0];
    let intent = take(stand, of).expect("one");
    good(stand.store.begin_intent(number, &[order("o1", &intent.is)]));
    let ask =
        Ask { item: items[0], lane: Lane::Live, todo: Todo::EXPOSURE, priority: 0, offered: None, happened: None };
    let exception = NewException {
        kind: ExceptionKind::File,
        what: "1".into(),
        connector: Some(of),
        policy: None,
        content: None,
        excused: Vec::new(),
        reason: "restored".into(),
        by: "operator".into(),
        until: stand.clock.steady().plus(Duration::from_secs(600)),
    };
    let message = NewMessage {
        id: "m1".into(),
        channel: Channel::Mail("a@example.com".into()),
        body: "{}".into(),
        digest_at: None,
    };
    let whole = Closing {
        receipt: Some(receipt("o1", Outcome::Done)),
        asks: vec![ask],
        exceptions: vec![exception],
        messages: vec![message],
        quarantined: Some(quarantined("a1", of, Some(items[0]), &intent.is.on)),
        ..closing(number, Outcome::Done)
    };
    let follows = |stand: &Stand| {
        let store = &*stand.store;
        (
            good(store.exceptions(None)).len(),
            good(store.messages(0, 9)).len(),
            good(store.is_quarantined(items[0])),
            acts(stand).len(),
            good(store.claim(&super::claim(&[of], 9))).iter().filter(|job| job.todo.has(Todo::EXPOSURE)).count(),
        )
    };
    stand.claim(of, 9);
    // A receipt of an order that is not there is refused, with everything else.
    let wrong = Closing { receipt: Some(receipt("o9", Outcome::Done)), ..whole.clone() };
    assert!(stand.store.close_intent(&wrong).is_err());
    stand.refuse_after(0);
    assert!(stand.store.close_intent(&whole).is_err());
    stand.crash();
    let before = follows(stand);
    assert_eq!((before.0, before.1, before.2, before.3), (0, 0, false, 1));
    assert_eq!(state(stand, number), IntentState::Begun);
    take(stand, of).expect("it goes on");
    good(stand.store.close_intent(&whole));
    stand.crash();
    assert_eq!(follows(stand), (1, 1, true, 2, 1));
    let ended = stands(stand, number);
    assert_eq!((ended.state, &*ended.outcome, ended.ended), (IntentState::Ended, "done", Some(stand.clock.steady())));
    assert_eq!(ended.orders[0].receipt, Some(receipt("o1", Outcome::Done)));
    // What is released is no longer there.
    let back = add(stand, &[because(Cause::Restore, wanted("a2", of, items[0], &[]))])[0];
    take(stand, of).expect("the restore");
    good(stand.store.close_intent(&Closing { released: Some("a1".into()), ..closing(back, Outcome::Done) }));
    assert!(!good(stand.store.is_quarantined(items[0])));
}

fn unknown_is_parked(stand: &mut Stand) {
    let (of, items) = files(stand, &["1"]);
    let number = add(stand, &[wanted("a1", of, items[0], &[("p", 1)])])[0];
    let intent = take(stand, of).expect("one");
    good(stand.store.begin_intent(number, &[order("o1", &intent.is), order("o2", &intent.is)]));
    good(stand.store.begin_order(number, "o1", &found("a")));
    good(stand.store.before_step(number, "o1", &step("a")));
    let unknown = Outcome::Unknown("504".into());
    let close = Closing { receipt: Some(receipt("o1", unknown.clone())), ..closing(number, unknown.clone()) };
    good(stand.store.close_intent(&close));
    let parked = stands(stand, number);
    assert_eq!((parked.state, &*parked.outcome, parked.ended), (IntentState::Parked, "unknown", None));
    assert_eq!(parked.orders[0].receipt.as_ref().map(|receipt| &receipt.outcome), Some(&unknown));
    stand.crash();
    assert!(take(stand, of).is_none(), "a person must look");
    let this = IntentQuery { number: Some(number), ..IntentQuery::default() };
    assert_eq!(good(stand.store.cancel_intents(&this, "no", &entry("action.cancel"))), 0, "it has begun");
    assert_eq!(good(stand.store.retry_intents(&this, &entry("action.retry"))), 1);
    let back = take(stand, of).expect("it goes on");
    assert_eq!((back.state, back.orders.len(), &back.orders[0].receipt), (IntentState::Begun, 2, &None));
    assert_eq!(back.orders[0].order.begun.as_deref(), Some(&kept(&found("a"))));
    assert_eq!(back.orders[0].steps, [(step("a"), None)]);
    good(stand.store.end_order(number, &receipt("o1", Outcome::Done), None));
    good(
        stand
            .store
            .close_intent(&Closing { receipt: Some(receipt("o2", Outcome::Done)), ..closing(number, Outcome::Done) }),
    );
    assert_eq!(state(stand, number), IntentState::Ended);
}

fn tells_matches(stand: &mut Stand) {
    let (of, items) = files(stand, &["1"]);
    let public = matched("p", 1, Some(Level::Public));
    let rule = |stand: &Stand, matched: &Matched, id: &str| {
        let mut ruling = ruling(of, items[0], std::slice::from_ref(matched));
        ruling.intents = vec![wanted(id, of, items[0], &[("p", 1)])];
        good(stand.store.rule(&[ruling]))
    };
    assert_eq!(rule(stand, &public, "a1").intents, 1);
    let intent = take(stand, of).expect("the ruling asked for one");
    good(stand.store.close_intent(&Closing { level: Some(Level::Internal), ..closing(intent.number, Outcome::Done) }));
    assert_eq!(good(stand.store.matches(items[0]))[0].level, Some(Level::Internal));
    assert_eq!(rule(stand, &public, "a2").intents, 1, "it is more open than it was left");
    let parked = take(stand, of).expect("another");
    let unknown = Closing { level: Some(Level::Private), ..closing(parked.number, Outcome::Unknown("504".into())) };
    good(stand.store.close_intent(&unknown));
    assert_ne!(good(stand.store.matches(items[0]))[0].level, Some(Level::Private), "nobody knows what was done");
}

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

fn found_by(stand: &mut Stand) {
    let (of, items) = files(stand, &["1", "2", "3"]);
    let numbers = add(
        stand,
        &[
            NewIntent { rules: Some(RulesNumber(1)), ..wanted("a1", of, items[0], &[("p", 1)]) },
            NewIntent { plan: Some(PlanNumber(4)), ..wanted("a2", of, items[1], &[("p", 1), ("q", 1)]) },
            NewIntent { undoes: Some(IntentNumber(1)), ..wanted("a3", of, items[2], &[("q", 1)]) },
        ],
    );
    let first = take(stand, of).expect("the first");
    let begun = stand.clock.steady();
    good(stand.store.begin_intent(first.number, &[]));
    let later = Some(tick(stand));
    let all = IntentQuery::default;
    let rows: Vec<(IntentQuery, &[usize])> = vec![
        (all(), &[0, 1, 2]),
        (IntentQuery { number: Some(numbers[1]), ..all() }, &[1]),
        (IntentQuery { states: vec![IntentState::Waits], ..all() }, &[1, 2]),
        (IntentQuery { states: vec![IntentState::Waits, IntentState::Begun], ..all() }, &[0, 1, 2]),
        (IntentQuery { states: vec![IntentState::Parked], ..all() }, &[]),
        (IntentQuery { item: Some(items[2]), ..all() }, &[2]),
        (IntentQuery { plan: Some(PlanNumber(4)), ..all() }, &[1]),
        (IntentQuery { undoes: Some(IntentNumber(1)), ..all() }, &[2]),
        (IntentQuery { policy: Some("p".into()), ..all() }, &[0, 1]),
        (IntentQuery { policy: Some("q".into()), item: Some(items[1]), ..all() }, &[1]),
        (IntentQuery { rules: Some(RulesNumber(1)), ..all() }, &[0]),
        (IntentQuery { since: Some(begun), ..all() }, &[0]),
        (IntentQuery { since: later, ..all() }, &[]),
        (IntentQuery { until: later, ..all() }, &[0]),
        (IntentQuery { until: Some(begun), ..all() }, &[]),
    ];
    for (query, expected) in rows {
        let found: Vec<_> = good(stand.store.intents(&query, None, 9)).iter().map(|one| one.number).collect();
        let expected: Vec<_> = expected.iter().map(|at| numbers[*at]).collect();
        assert_eq!(found, expected, "{query:?}");
        // Page by page they are the same.
        let (mut pages, mut after) = (Vec::new(), None);
        while let Some(one) = good(stand.store.intents(&query, after, 1)).pop() {
            after = Some(one.number);
            pages.push(one.number);
        }
        assert_eq!(pages, expected, "{query:?}");
    }
}

fn counts(stand: &mut Stand) {
    let (of, items) = files(stand, &["1", "2", "3", "4"]);
    let new: Vec<NewIntent> =
        items.iter().map(|item| wanted(&format!("a{}", item.0), of, *item, &[("p", 1)])).collect();
    let numbers = add(stand, &new);
    let parked = take(stand, of).expect("one").number;
    good(stand.store.close_intent(&closing(parked, Outcome::Unknown("x".into()))));
    let ended = take(stand, of).expect("one").number;
    good(stand.store.close_intent(&closing(ended, Outcome::AlreadySo)));
    let begun = take(stand, of).expect("one").number;
    good(stand.store.begin_intent(begun, &[]));
    stand.crash();
    let told = good(stand.store.intent_counts());
    for (state, count) in told {
        let listed = good(stand.store.intents(&IntentQuery { states: vec![state], ..IntentQuery::default() }, None, 9));
        let expected = match state {
            IntentState::Waits | IntentState::Begun | IntentState::Ended | IntentState::Parked => 1,
            IntentState::Held | IntentState::Cancelled => 0,
        };
        assert_eq!((count, listed.len()), (expected, usize::try_from(expected).unwrap_or(9)), "{state}");
    }
    assert_eq!(good(stand.store.outbox_depth()), 2, "{numbers:?}");
}
