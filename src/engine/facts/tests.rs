//! Counts by detector and confidence, what people did, and that every type of content has a MIME type.

use super::held::{acts, found};
use crate::clock::Moment;
use crate::model::verdict::DetectorCount;
use crate::model::{Activity, ActivityKind, Actor, Confidence, Directory, Person, Role, Side, Status, Token};
use crate::store::{FoundValue, Gist, ReadingNumber};
use std::collections::BTreeSet;

fn value(detector: &str, percent: u8, token: &str) -> FoundValue {
    FoundValue {
        detector: detector.into(),
        confidence: Confidence::new(percent).unwrap(),
        token: Token::covered(token),
    }
}

fn gist(counts: &[(&str, u64, bool)], values: Vec<FoundValue>) -> Gist {
    let count = |&(detector, total, unique_at_least): &(&str, u64, bool)| DetectorCount {
        detector: detector.into(),
        total,
        unique_at_least,
        ..DetectorCount::default()
    };
    Gist {
        number: ReadingNumber(1),
        content: [0; 32],
        sniffed: "text".into(),
        mismatch: false,
        counts: counts.iter().map(count).collect(),
        values,
    }
}

/// Detector, counts by confidence (percent, total, unique), findings past the cap, whether there may be more values.
type Row = (String, Vec<(u8, u64, u64)>, u64, bool);

fn rows(gist: &Gist, without: &[&str]) -> Vec<Row> {
    let all = found(gist, &without.iter().copied().collect());
    let one = |one: crate::policy::Found| {
        let counts = one.counts.iter().map(|count| (count.confidence.percent(), count.total, count.unique)).collect();
        (one.detector.to_string(), counts, one.beyond_cap, one.unique_at_least)
    };
    all.into_iter().map(one).collect()
}

#[test]
fn a_value_counts_under_the_best_confidence_it_was_found_with() {
    let values = vec![value("a", 65, "k1:x"), value("a", 85, "k1:x"), value("a", 85, "k1:y"), value("b", 75, "k1:x")];
    let gist = gist(&[("a", 5, true), ("b", 1, false), ("c", 2, false), ("d", 0, false)], values);
    let (a, b, c) = ("a".to_owned(), "b".to_owned(), "c".to_owned());
    let all = [
        (a.clone(), vec![(65, 1, 0), (85, 2, 2)], 2, true),
        (b, vec![(75, 1, 1)], 0, false),
        (c.clone(), vec![], 2, false),
    ];
    assert_eq!(rows(&gist, &[]), all);
    // What somebody excused is not there, and takes no detector along that found something else.
    assert_eq!(rows(&gist, &["k1:x"]), [(a, vec![(85, 1, 1)], 2, true), (c, vec![], 2, false)]);
    // Of the past nothing is known but what is kept.
    let past = Gist { counts: Vec::new(), ..gist };
    assert!(rows(&past, &[]).iter().all(|one| one.2 == 0 && !one.3));
}

#[test]
fn who_comes_from_outside_is_told_by_the_directory() {
    let mut directory = Directory::new(["example.com".to_owned()]);
    directory.add(Person {
        id: "u1".into(),
        account: "u1".into(),
        login: "dave@example.com".into(),
        name: "Dave".into(),
        side: Side::Internal,
        role: Role::Member,
        status: Status::Active,
    });
    let activity = |at, kind, actor| Activity {
        id: "e".into(),
        at: Some(Moment::from_millis(at)),
        actor,
        kind,
        raw: "raw".into(),
        subjects: Vec::new(),
        address: None,
    };
    let person = |login: &str| Actor::Person { account: None, login: Some(login.into()) };
    let all = [
        activity(9, ActivityKind::Edit, person("dave@example.com")),
        activity(8, ActivityKind::Edit, Actor::Application),
        activity(5, ActivityKind::View, Actor::Unauthenticated),
        activity(3, ActivityKind::View, person("olga@partner.example")),
    ];
    let acts = acts(all.iter(), Some(&directory));
    assert_eq!(acts.kinds, [ActivityKind::Edit, ActivityKind::View]);
    assert_eq!((acts.last, acts.external), (Some(Moment::from_millis(9)), Some(Moment::from_millis(5))));
}

#[test]
fn every_type_of_content_has_a_mime_type_in_the_filter_language() {
    let told: BTreeSet<&str> = crate::policy::formats().collect();
    let known: BTreeSet<&str> = crate::extract::registry::KINDS.iter().map(|kind| kind.name).collect();
    assert_eq!(known.difference(&told).collect::<Vec<_>>(), Vec::<&&str>::new(), "without a MIME type");
    assert_eq!(told.difference(&known).collect::<Vec<_>>(), Vec::<&&str>::new(), "no type of content");
}
