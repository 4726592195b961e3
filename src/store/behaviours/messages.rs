//! What a store must show of messages: one sequence without a gap, none twice, and none lost with the program.

use super::{Behaviour, Stand, good};
use crate::clock::Moment;
use crate::store::error::Kind;
use crate::store::{Channel, Message, MessageState, NewMessage, Record};
use std::time::Duration;

pub(super) const BEHAVIOURS: &[Behaviour] = &[
    ("messages have one sequence without a gap, and an id is kept once", one_sequence),
    ("a message is taken once, and again when the program ended before it was sent", taken_once),
    ("a message that failed is tried later, and parked after its last attempt", failed_and_parked),
    ("a message that was not tried waits with its attempts as they were", waits_untried),
    ("members of a digest wait for it and leave as one", digests),
    ("a digest is made whole or not at all", digest_whole),
    ("messages that left are deleted in time, and the sequence goes on", past_go),
];

const MINUTE: Duration = Duration::from_secs(60);

fn message(id: &str) -> NewMessage {
    NewMessage {
        id: id.into(),
        channel: Channel::Webhook("soc".into()),
        body: format!("{{\"about\":\"{id}\"}}"),
        digest_at: None,
    }
}

fn mail(id: &str, to: &str, digest_at: Moment) -> NewMessage {
    NewMessage { channel: Channel::Mail(to.into()), digest_at: Some(digest_at), ..message(id) }
}

fn add(stand: &Stand, ids: &[&str]) -> u64 {
    good(stand.store.add_messages(&ids.iter().map(|id| message(id)).collect::<Vec<_>>()))
}

fn take(stand: &Stand, max: usize) -> Vec<u64> {
    good(stand.store.take_messages(max)).iter().map(|message| message.sequence).collect()
}

fn states(stand: &Stand) -> Vec<&'static str> {
    good(stand.store.messages(0, 99)).iter().map(|message| message.state.name()).collect()
}

fn one_sequence(stand: &mut Stand) {
    let made = stand.clock.steady();
    assert_eq!(add(stand, &["a", "b"]), 2);
    assert_eq!(add(stand, &["b", "c", "a", "c"]), 1, "known ids are left out");
    let bad = [message("no id"), message(""), message(&"x".repeat(65))];
    for bad in bad {
        let error = stand.store.add_messages(&[message("before"), bad]).expect_err("it is no id");
        assert!(matches!(error.kind(), Kind::Refused(_)), "{error}");
    }
    stand.refuse_after(0);
    assert!(stand.store.add_messages(&[message("d")]).is_err());
    stand.crash();
    assert_eq!(add(stand, &["d"]), 1);
    let all = good(stand.store.messages(0, 99));
    assert_eq!(all.iter().map(|message| message.sequence).collect::<Vec<_>>(), [1, 2, 3, 4], "whatever was refused");
    let first =
        Message { sequence: 1, is: message("a"), made, state: MessageState::Waits, attempts: 0, said: "".into() };
    assert_eq!(all[0], first);
    assert_eq!(good(stand.store.messages(1, 2)), all[1..3]);
}

fn taken_once(stand: &mut Stand) {
    add(stand, &["a", "b", "c", "d"]);
    assert_eq!(take(stand, 2), [1, 2]);
    assert_eq!(take(stand, 9), [3, 4]);
    assert_eq!(take(stand, 9), [0; 0], "all are in hand");
    assert_eq!(states(stand), ["sending"; 4], "and marked before they leave");
    good(stand.store.message_sent(2));
    assert!(stand.store.message_sent(2).is_err(), "once");
    good(stand.store.message_failed(3, "503", stand.clock.steady().plus(MINUTE), 5));
    stand.crash();
    assert_eq!(states(stand), ["sending", "sent", "waits", "sending"], "they may have left");
    assert_eq!(take(stand, 9), [1, 4], "what was being sent is taken again");
    good(stand.store.message_sent(1));
    stand.reopen();
    assert_eq!(take(stand, 9), [4]);
    stand.clock.advance(MINUTE);
    assert_eq!(take(stand, 9), [3]);
    stand.refuse_after(0);
    assert!(stand.store.take_messages(9).is_err());
}

fn failed_and_parked(stand: &mut Stand) {
    add(stand, &["a", "b", "c"]);
    for attempt in 1..=3 {
        assert_eq!(take(stand, 1), [1]);
        good(stand.store.message_failed(1, &format!("50{attempt}"), stand.clock.steady().plus(MINUTE), 3));
        assert_eq!(take(stand, 1), [attempt + 1].iter().filter(|other| **other <= 3).copied().collect::<Vec<u64>>());
        stand.clock.advance(MINUTE);
    }
    let is = &good(stand.store.messages(0, 1))[0];
    assert_eq!((is.state, is.attempts, &*is.said), (MessageState::Parked, 3, "503"));
    good(stand.store.message_failed(2, "410", stand.clock.steady(), 1));
    assert_eq!(states(stand), ["parked", "parked", "sending"]);
    assert!(stand.store.message_failed(1, "500", stand.clock.steady(), 3).is_err(), "it is not in hand");
    stand.crash();
    assert_eq!(good(stand.store.retry_messages()), 2);
    assert_eq!(good(stand.store.retry_messages()), 0);
    assert_eq!(take(stand, 9), [1, 2, 3]);
    assert_eq!(good(stand.store.messages(0, 1))[0].attempts, 0);
}

fn waits_untried(stand: &mut Stand) {
    add(stand, &["a"]);
    take(stand, 1);
    good(stand.store.message_failed(1, "500", stand.clock.steady(), 5));
    take(stand, 1);
    good(stand.store.message_waits(1, stand.clock.steady().plus(MINUTE)));
    assert!(good(stand.store.message_counts()).contains(&(MessageState::Waits, 1)));
    assert!(stand.store.message_waits(1, stand.clock.steady()).is_err(), "it is not in hand");
    assert_eq!(take(stand, 1), [0; 0]);
    stand.clock.advance(MINUTE);
    assert_eq!(take(stand, 1), [1]);
    assert_eq!(good(stand.store.messages(0, 1))[0].attempts, 1);
}

fn digests(stand: &mut Stand) {
    let evening = stand.clock.steady().plus(60 * MINUTE);
    let (ann, bob) = ("ann@example.com", "bob@example.com");
    let new = [
        mail("a", ann, evening),
        mail("b", bob, evening.plus(MINUTE)),
        mail("c", ann, evening),
        mail("d", ann, evening.plus(2 * MINUTE)),
        message("e"),
    ];
    assert_eq!(good(stand.store.add_messages(&new)), 5);
    assert_eq!(take(stand, 9), [5], "members do not leave by themselves");
    assert_eq!(good(stand.store.due_digest(9)), []);
    stand.clock.advance(61 * MINUTE);
    stand.crash();
    let due = good(stand.store.due_digest(9));
    assert_eq!(due.iter().map(|one| one.sequence).collect::<Vec<_>>(), [1, 3], "one channel's, those that are due");
    assert_eq!(good(stand.store.due_digest(1)).len(), 1);
    let whole = NewMessage { digest_at: None, ..mail("whole-1", ann, evening) };
    assert!(stand.store.digest(&[1, 2], &whole).is_err(), "another's is no member");
    assert!(stand.store.digest(&[1, 5], &whole).is_err(), "nor what leaves by itself");
    good(stand.store.digest(&[1, 3], &whole));
    assert!(stand.store.digest(&[1, 3], &whole).is_err(), "once");
    assert_eq!(states(stand), ["digested", "waits", "digested", "waits", "sending", "waits"]);
    let due: Vec<u64> = good(stand.store.due_digest(9)).iter().map(|one| one.sequence).collect();
    assert_eq!(due, [2], "then the next channel");
    assert_eq!(take(stand, 9), [5, 6]);
}

fn digest_whole(stand: &mut Stand) {
    let at = stand.clock.steady();
    let new = [mail("a", "ann@example.com", at), mail("b", "ann@example.com", at)];
    good(stand.store.add_messages(&new));
    let whole = NewMessage { digest_at: None, ..mail("whole-1", "ann@example.com", at) };
    stand.refuse_after(0);
    assert!(stand.store.digest(&[1, 2], &whole).is_err());
    stand.crash();
    assert_eq!(states(stand), ["waits", "waits"]);
    assert!(stand.store.digest(&[1, 9], &whole).is_err());
    assert_eq!(states(stand), ["waits", "waits"], "nothing of it counts");
    good(stand.store.digest(&[1, 2], &whole));
    stand.crash();
    assert_eq!(states(stand), ["digested", "digested", "waits"]);
}

fn past_go(stand: &mut Stand) {
    let at = stand.clock.steady();
    good(stand.store.add_messages(&[message("a"), mail("b", "ann@example.com", at), message("c"), message("d")]));
    take(stand, 2);
    good(stand.store.message_sent(1));
    good(stand.store.message_failed(3, "500", at, 1));
    good(stand.store.digest(&[2], &NewMessage { digest_at: None, ..mail("e", "ann@example.com", at) }));
    assert_eq!(good(stand.store.forget(Record::PastMessages, at)), 0, "not yet");
    stand.clock.advance(MINUTE);
    assert_eq!(good(stand.store.forget(Record::PastMessages, stand.clock.steady())), 2);
    assert_eq!(states(stand), ["parked", "waits", "waits"], "what did not leave stays");
    for sequence in take(stand, 9) {
        good(stand.store.message_sent(sequence));
    }
    stand.clock.advance(MINUTE);
    assert_eq!(good(stand.store.forget(Record::PastMessages, stand.clock.steady())), 2);
    add(stand, &["f"]);
    assert_eq!(good(stand.store.messages(0, 9)).last().map(|message| message.sequence), Some(6), "no number twice");
}
