//! What a store must show of coverage: its rows add up to the items that are listed, now and at every moment.

use super::verdicts::{claim_one, finding, read, rules, verdict};
use super::{Behaviour, Stand, file, folder, page, walk};
use crate::clock::Moment;
use crate::model::{ConnectorNumber, Coverage, ItemNumber, Lane, Level, Reason, Unwalked, Verdict, WhyUnwalked};
use crate::store::coverage::{CoverageRow, DetectorRow, ExposureRow};
use crate::store::inventory::TakenPage;
use crate::store::{Judged, Outcome, Scope, Settlement};
use std::collections::BTreeMap;
use std::time::Duration;

/// The list.
pub(super) const BEHAVIOURS: &[Behaviour] = &[
    ("coverage adds up to the items", adds_up),
    ("coverage is told by type", by_type),
    ("exposures are counted", exposures_are_counted),
    ("findings are counted by detector", detectors_are_counted),
    ("holes are told as of a date", holes_are_told),
    ("two connectors are counted apart", apart),
];

/// Items that are there, counted one by one.
fn items_there(stand: &Stand) -> u64 {
    let mut after: Option<ItemNumber> = None;
    let mut count = 0;
    loop {
        let page = stand.store.items(&Scope::default(), after, 3).unwrap();
        count += u64::try_from(page.iter().filter(|known| !known.is_top).count()).unwrap();
        if page.len() < 3 {
            return count;
        }
        after = page.last().map(|known| known.number);
    }
}

fn sum(rows: &[CoverageRow]) -> u64 {
    rows.iter().map(|row| row.items).sum()
}

/// A few items in every state: two files read, one skipped, one that waits, one gone, two folders.
fn mixed(stand: &Stand, of: ConnectorNumber) {
    let files = ["1", "2", "3", "4", "5"].map(|id| file(id, "v1"));
    stand.list(of, &files);
    stand.list(of, &[folder("11"), folder("12")]);
    let rules = rules(stand, 1);
    let mut content = 0;
    for job in stand.claim(of, 9) {
        match &*job.known.item.id {
            "1" | "2" => {
                content += 1;
                let verdict = Verdict { bytes: 1, ..verdict(&[finding("card", 85, 4), finding("card", 85, 9)]) };
                let mut settlement = read(&job, content, rules, verdict);
                let level = if content == 1 { Level::Public } else { Level::Internal };
                settlement.exposure = Some(Judged { level, known: content == 1, until: None });
                stand.store.settle(settlement).unwrap();
            }
            "3" => {
                let outcome = Some(Outcome::Skipped(Reason::TooLarge));
                let version = job.known.item.version.clone();
                let exposure = Some(Judged { level: Level::Public, known: true, until: None });
                stand.store.settle(Settlement { outcome, version, exposure, ..Settlement::of(job.lease) }).unwrap();
            }
            "5" => {
                stand.store.settle(Settlement { gone: true, ..Settlement::of(job.lease) }).unwrap();
            }
            _ => {}
        }
    }
}

fn adds_up(stand: &mut Stand) {
    let of = stand.connector("main");
    let mut then: Vec<(Moment, u64, Vec<CoverageRow>)> = Vec::new();
    let note = |stand: &Stand, then: &mut Vec<_>| {
        let rows = stand.store.coverage(None).unwrap();
        assert_eq!(sum(&rows), items_there(stand));
        assert_eq!(rows, stand.store.coverage(Some(stand.clock.steady())).unwrap());
        then.push((stand.clock.steady(), sum(&rows), rows));
        stand.clock.advance(Duration::from_secs(1));
    };
    note(stand, &mut then);
    mixed(stand, of);
    note(stand, &mut then);
    stand.list(of, &[file("1", "v2"), file("6", "v1")]);
    note(stand, &mut then);
    let folder = stand.store.find(of, crate::model::ItemKind::Folder, "11").unwrap().unwrap();
    stand.store.item_gone(folder.number).unwrap();
    note(stand, &mut then);
    stand.list(of, &[file("5", "v1")]);
    note(stand, &mut then);
    assert_eq!(then.iter().map(|(_, items, _)| *items).collect::<Vec<_>>(), [0, 6, 7, 6, 7]);
    stand.crash();
    for (moment, _, rows) in then {
        assert_eq!(stand.store.coverage(Some(moment)).unwrap(), rows, "as of {} ms", moment.as_millis());
    }
}

fn by_type(stand: &mut Stand) {
    let of = stand.connector("main");
    mixed(stand, of);
    let rows = stand.store.coverage(None).unwrap();
    let told: Vec<(&str, Option<String>, u64)> =
        rows.iter().map(|row| (&*row.kind, row.coverage.map(|coverage| coverage.to_string()), row.items)).collect();
    let text = |text: &str| Some(text.to_owned());
    assert_eq!(
        told,
        [
            ("folder", text("skipped: no_text"), 2),
            ("txt", None, 1),
            ("txt", text("skipped: too_large"), 1),
            ("xlsx", text("partial: member"), 2),
        ]
    );
    assert!(
        rows.iter().filter(|row| row.coverage == Some(Coverage::Skipped(Reason::NoText))).all(|row| row.bytes == 0)
    );
}

fn exposures_are_counted(stand: &mut Stand) {
    let of = stand.connector("main");
    mixed(stand, of);
    let row =
        |level, files, with_findings, unknown| ExposureRow { connector: of, level, files, with_findings, unknown };
    let expected = [row(None, 1, 0, 0), row(Some(Level::Internal), 1, 1, 1), row(Some(Level::Public), 2, 1, 0)];
    assert_eq!(stand.store.exposures().unwrap(), expected);
    let open = stand.store.find(of, crate::model::ItemKind::File, "1").unwrap().unwrap();
    stand.store.keep_exposure(&[(open.number, Judged { level: Level::Private, known: true, until: None })]).unwrap();
    let expected = [
        row(None, 1, 0, 0),
        row(Some(Level::Private), 1, 1, 0),
        row(Some(Level::Internal), 1, 1, 1),
        row(Some(Level::Public), 1, 0, 0),
    ];
    assert_eq!(stand.store.exposures().unwrap(), expected);
    super::verdicts::rejudge(stand, open.reading.unwrap(), &[], rules(stand, 2));
    assert_eq!(stand.store.exposures().unwrap()[1], row(Some(Level::Private), 1, 0, 0), "its findings ended");
}

fn detectors_are_counted(stand: &mut Stand) {
    let of = stand.connector("main");
    stand.list(of, &["1", "2", "3", "4"].map(|id| file(id, "v1")));
    let rules = rules(stand, 1);
    let contents: BTreeMap<&str, (u8, Vec<_>)> = [
        ("1", (1, vec![finding("card", 85, 4), finding("card", 85, 9), finding("iban", 75, 20)])),
        ("2", (1, vec![finding("card", 85, 4), finding("card", 85, 9), finding("iban", 75, 20)])),
        ("3", (2, vec![finding("card", 65, 4)])),
        ("4", (3, vec![finding("iban", 75, 4)])),
    ]
    .into();
    for job in stand.claim(of, 9) {
        let (content, findings) = &contents[&*job.known.item.id];
        stand.store.settle(read(&job, *content, rules, verdict(findings))).unwrap();
    }
    let last = stand.store.find(of, crate::model::ItemKind::File, "4").unwrap().unwrap();
    stand.store.item_gone(last.number).unwrap();
    let row = |detector: &str, confidence, files, findings| DetectorRow {
        detector: detector.into(),
        confidence,
        files,
        findings,
    };
    let expected = [row("card", 85, 2, 4), row("card", 65, 1, 1), row("iban", 75, 2, 2)];
    assert_eq!(stand.store.by_detector().unwrap(), expected);
}

fn holes_are_told(stand: &mut Stand) {
    let of = stand.connector("main");
    let hole = |what: &str, why| Unwalked { what: what.into(), name: "••••".into(), why };
    let page = |holes| TakenPage { holes, ..page(&[]) };
    let walk = walk("root:7");
    let before = stand.clock.steady();
    stand.clock.advance(Duration::from_secs(1));
    stand.store.take_page(of, &walk, page(vec![hole("77", WhyUnwalked::Refused)]), Lane::Backlog).unwrap();
    let first = stand.clock.steady();
    stand.clock.advance(Duration::from_secs(1));
    stand.store.take_page(of, &walk, page(vec![hole("78", WhyUnwalked::Failing)]), Lane::Backlog).unwrap();
    let told = |as_of| {
        let rows = stand.store.holes(as_of).unwrap();
        rows.iter().map(|row| (row.what.to_string(), row.why, row.since)).collect::<Vec<_>>()
    };
    let now = stand.clock.steady();
    let both = vec![("77".to_owned(), WhyUnwalked::Refused, first), ("78".to_owned(), WhyUnwalked::Failing, now)];
    assert_eq!((told(None), told(Some(now))), (both.clone(), both.clone()));
    assert_eq!((told(Some(first)), told(Some(before))), (both[..1].to_vec(), Vec::new()));
    assert_eq!(&*stand.store.holes(None).unwrap()[0].name, "••••");
}

fn apart(stand: &mut Stand) {
    let (one, other) = (stand.connector("main"), stand.connector("other"));
    stand.list(one, &[file("1", "v1")]);
    stand.list(other, &[file("1", "v1")]);
    let rules = rules(stand, 1);
    stand.store.settle(read(&claim_one(stand, other), 1, rules, verdict(&[]))).unwrap();
    let told: Vec<_> = stand
        .store
        .coverage(None)
        .unwrap()
        .iter()
        .map(|row| (row.connector, row.coverage.is_some(), row.items))
        .collect();
    assert_eq!(told, [(one, false, 1), (other, true, 1)]);
    let totals = [one, other].map(|of| stand.store.totals(of).unwrap());
    assert_eq!(totals.map(|totals| (totals.files, totals.waiting_files, totals.read_files)), [(1, 1, 0), (1, 0, 1)]);
}
