//! What a store must show of exceptions: each ends, each is audited, and the past can be asked which held.

use super::{Behaviour, Stand, good};
use crate::clock::Moment;
use crate::model::ExceptionNumber;
use crate::store::exceptions::{DAYS_MAX, Exception, ExceptionKind, NewException};
use crate::store::{Entry, error::Kind};
use std::time::Duration;

pub(super) const BEHAVIOURS: &[Behaviour] = &[
    ("an exception is kept as it was made, until it ends", kept_until_it_ends),
    ("an exception is made and ended with its audit entry or not at all", with_its_entry),
    ("an exception without an end, an end too far or a subject is refused", refused),
];

const DAY: Duration = Duration::from_secs(86_400);

fn entry(act: &str) -> Entry {
    Entry { actor: "operator uid 1000".into(), act: act.into(), about: "exception".into(), details: "{}".into() }
}

fn new(kind: ExceptionKind, what: &str, until: Moment) -> NewException {
    NewException {
        kind,
        what: what.into(),
        connector: None,
        policy: None,
        content: None,
        excused: Vec::new(),
        reason: "agreed with the owner".into(),
        by: "operator uid 1000".into(),
        until,
    }
}

fn add(stand: &Stand, new: &NewException) -> ExceptionNumber {
    good(stand.store.add_exception(new, &entry("exception.add")))
}

fn held(stand: &Stand, at: Moment) -> Vec<ExceptionNumber> {
    good(stand.store.exceptions(Some(at))).iter().map(|one| one.number).collect()
}

fn kept_until_it_ends(stand: &mut Stand) {
    let of = stand.connector("main");
    let made = stand.clock.steady();
    let file = NewException {
        connector: Some(of),
        policy: Some("pci".into()),
        content: Some([7; 32]),
        excused: vec![("payment-card".into(), 3), ("id.us-ssn".into(), 1)],
        ..new(ExceptionKind::File, "12345", made.plus(7 * DAY))
    };
    let mut all = vec![file.clone()];
    for kind in ExceptionKind::ALL {
        all.push(new(kind, "x", made.plus(30 * DAY)));
    }
    let numbers: Vec<ExceptionNumber> = all.iter().map(|one| add(stand, one)).collect();
    stand.crash();
    let want: Vec<Exception> = numbers
        .iter()
        .zip(&all)
        .map(|(number, is)| Exception { number: *number, is: is.clone(), made, ended: None })
        .collect();
    assert_eq!(good(stand.store.exceptions(None)), want);
    assert_eq!(good(stand.store.exceptions(Some(made))), want);
    assert_eq!(held(stand, made.minus(DAY)), [], "before it was made");
    assert_eq!(held(stand, made.plus(7 * DAY)), numbers[1..], "its last moment is not its own");
    stand.clock.advance(DAY);
    let ended = stand.clock.steady();
    assert!(good(stand.store.end_exception(numbers[1], &entry("exception.end"))));
    assert!(!good(stand.store.end_exception(numbers[1], &entry("exception.end"))), "it has ended");
    assert!(!good(stand.store.end_exception(ExceptionNumber(99), &entry("exception.end"))));
    assert_eq!(held(stand, ended), [&numbers[..1], &numbers[2..]].concat());
    assert_eq!(held(stand, made).len(), 6, "the past stays as it was");
    assert_eq!(good(stand.store.exceptions(None))[1].ended, Some(ended));
    stand.clock.advance(7 * DAY);
    assert!(!good(stand.store.end_exception(numbers[0], &entry("exception.end"))), "it has ended by itself");
    assert_eq!(good(stand.store.entries(0, 99)).len(), 7);
}

fn with_its_entry(stand: &mut Stand) {
    let until = stand.clock.steady().plus(DAY);
    let one = new(ExceptionKind::Owner, "ann@example.com", until);
    let state = |stand: &Stand| {
        let all = good(stand.store.exceptions(None));
        (all.len(), all.iter().filter(|one| one.ended.is_some()).count(), good(stand.store.entries(0, 9)).len())
    };
    stand.refuse_after(0);
    assert!(stand.store.add_exception(&one, &entry("exception.add")).is_err());
    stand.crash();
    assert_eq!(state(stand), (0, 0, 0));
    let number = add(stand, &one);
    stand.refuse_after(0);
    assert!(stand.store.end_exception(number, &entry("exception.end")).is_err());
    stand.crash();
    assert_eq!(state(stand), (1, 0, 1));
    assert!(good(stand.store.end_exception(number, &entry("exception.end"))));
    stand.crash();
    assert_eq!(state(stand), (1, 1, 2));
}

fn refused(stand: &mut Stand) {
    let now = stand.clock.steady();
    for (what, until) in [("", now.plus(DAY)), ("a", now), ("a", now.minus(DAY)), ("a", now.plus((DAYS_MAX + 1) * DAY))]
    {
        let one = new(ExceptionKind::Domain, what, until);
        let error = stand.store.add_exception(&one, &entry("exception.add")).expect_err("it is none");
        assert!(matches!(error.kind(), Kind::Refused(_)), "{error}");
    }
    add(stand, &new(ExceptionKind::Domain, "a", now.plus(DAYS_MAX * DAY)));
    assert_eq!((good(stand.store.exceptions(None)).len(), good(stand.store.entries(0, 9)).len()), (1, 1));
}
