//! Counts by detector and confidence, what people did, and that every type of content has a MIME type.

use super::*;
use crate::model::verdict::DetectorCount;
use crate::model::{ActivityKind, Confidence, Excerpt, Finding, Locator, Mask, Person, Role, Status, Token};
use crate::store::{FindingNumber, RulesNumber};
use std::collections::BTreeSet;

fn row(detector: &str, percent: u8, token: &str) -> FindingRow {
    let finding = Finding {
        detector: detector.into(),
        confidence: Confidence::new(percent).unwrap(),
        tier: "only".into(),
        part: "text".into(),
        location: Arc::new(Locator::default()),
        start: 0,
        end: 1,
        own_text: None,
        mask: Mask::covered("*"),
        token: Token::covered(token),
        excerpt: Excerpt::covered("*"),
        evidence: Vec::new(),
        grounds: None,
    };
    let at = Moment::from_millis(0);
    FindingRow { number: FindingNumber(1), reading: ReadingNumber(1), finding, since: at, until: None }
}

fn reading(counts: &[(&str, u64, bool)]) -> Reading {
    let count = |&(detector, total, unique_at_least): &(&str, u64, bool)| DetectorCount {
        detector: detector.into(),
        total,
        unique_at_least,
        ..DetectorCount::default()
    };
    Reading {
        number: ReadingNumber(1),
        content: [0; 32],
        extraction: [0; 32],
        rules: RulesNumber(1),
        coverage: Coverage::Complete,
        sniffed: "text".into(),
        mismatch: false,
        bytes: 1,
        text_bytes: 1,
        holes: Vec::new(),
        holes_total: 0,
        counts: counts.iter().map(count).collect(),
        at: Moment::from_millis(0),
    }
}

#[test]
fn a_value_counts_under_the_best_confidence_it_was_found_with() {
    let rows = [row("a", 65, "k1:x"), row("a", 85, "k1:x"), row("a", 85, "k1:y"), row("b", 75, "k1:x")];
    let reading = reading(&[("a", 5, true), ("b", 1, false), ("c", 2, false), ("d", 0, false)]);
    let found: Vec<_> = counted(&reading, &rows, true)
        .into_iter()
        .map(|one| {
            let counts: Vec<_> =
                one.counts.iter().map(|count| (count.confidence.percent(), count.total, count.unique)).collect();
            (one.detector.to_string(), counts, one.beyond_cap, one.unique_at_least)
        })
        .collect();
    assert_eq!(
        found,
        [
            ("a".to_owned(), vec![(65, 1, 0), (85, 2, 2)], 2, true),
            ("b".to_owned(), vec![(75, 1, 1)], 0, false),
            ("c".to_owned(), vec![], 2, false),
        ]
    );
    // Of the past nothing is known but what is kept.
    assert!(counted(&reading, &rows, false).iter().all(|one| one.beyond_cap == 0 && !one.unique_at_least));
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
