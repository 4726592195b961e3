//! A rule set changes over ten thousand stored contents: what is decided without reading, what is asked for, and what happens
//! when it is broken off.

use super::*;
use crate::detect::{Matcher, ScanOptions, Scanner};
use crate::model::verdict::DetectorCount;
use crate::model::{Confidence, Coverage};
use crate::rule::{self, Options};
use crate::store::Reading;
use std::sync::Mutex;

const CONTENTS: usize = 10_000;

const RULES: &str = r##"
schema = 1

[[list]]
id = "words"
terms = ["customer", "client", "account"]

[[detector]]
id = "acme.customer"
name = "Customer number"
[[detector.primary]]
regex = 'K[0-9]{6}'
[[detector.tier]]
name = "high"
confidence = 85
evidence = { list = "words", within = 100 }
[[detector.tier]]
name = "low"
confidence = 65

[[detector]]
id = "acme.order"
name = "Order number"
[[detector.primary]]
regex = 'R[0-9]{6}'
[[detector.tier]]
name = "only"
confidence = 75
evidence = { list = "words", within = 60 }
"##;

const MORE: &str = "
[[detector]]
id = \"acme.room\"
name = \"Room\"
primary = [{ regex = 'Z[0-9]{3}' }]
tier = [{ name = \"only\", confidence = 65 }]
";

fn load(text: &str) -> RuleSet {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("rules.toml");
    std::fs::write(&path, text).expect("written");
    let options = Options { builtin: false, paths: vec![path], ..Options::default() };
    rule::load(&options).expect("the rules load").rules
}

fn key() -> TokenKey {
    TokenKey::new([3; 32], 1)
}

/// The kinds of texts that the contents are made of.
fn texts() -> Vec<String> {
    let filler = |length: usize| "and so on ".repeat(length / 10);
    vec![
        String::new(),
        "nothing of note".to_owned(),
        "customer K123456".to_owned(),
        format!("customer {} K123456", filler(70)),
        "K123456 and K654321".to_owned(),
        "client R111111".to_owned(),
        format!("client {} R111111", filler(40)),
        "R111111 for nobody".to_owned(),
        format!("account K123456 R222222 {} K777777 client", filler(50)),
    ]
}

type Scan = (Vec<Finding>, Vec<DetectorCount>);

fn scan(matcher: &Matcher, text: &str) -> Scan {
    use crate::detect::{PartStart, RawLength};
    use crate::model::Place;
    let key = key();
    let mut scanner = Scanner::new(matcher, &key, ScanOptions { grounds: true, ..ScanOptions::default() });
    scanner.begin_part(PartStart { name: "text".into(), own_text: Some(RawLength::utf8()), ..PartStart::default() });
    scanner.push(text, &Place::Whole, Some(0));
    scanner.end_part();
    let scanned = scanner.finish_file();
    (scanned.findings, scanned.counts)
}

/// One stored content.
struct Row {
    reading: Reading,
    findings: Vec<FindingRow>,
    level: Level,
    /// Nobody holds it any more.
    left: bool,
}

#[derive(Default)]
struct Shelf {
    sets: Vec<Vec<DetectorKept>>,
    rows: Vec<Row>,
    asked: Vec<Ask>,
    /// Writes, and how often each reading came to a rule set.
    writes: u64,
    completed: HashMap<(i64, i64), u32>,
}

/// A store of contents in memory.
struct Made(Mutex<Shelf>);

impl Made {
    fn new(rules: &RuleSet) -> Self {
        let matcher = Matcher::new(Arc::new(load(RULES)));
        let scans: Vec<(String, Scan)> =
            texts().into_iter().map(|text| (text.clone(), scan(&matcher, &text))).collect();
        let levels = [Level::Private, Level::Internal, Level::External, Level::Public];
        let row = |at: usize| {
            let (text, (findings, counts)) = &scans[at % scans.len()];
            let number = i64::try_from(at + 1).expect("a small number");
            let findings = findings.iter().enumerate().map(|(place, finding)| FindingRow {
                number: FindingNumber(number * 100 + i64::try_from(place).expect("a few")),
                reading: ReadingNumber(number),
                finding: finding.clone(),
                since: crate::clock::Moment::default(),
                until: None,
            });
            Row {
                reading: Reading {
                    number: ReadingNumber(number),
                    content: [0; 32],
                    extraction: [0; 32],
                    rules: RulesNumber(0),
                    coverage: Coverage::Complete,
                    sniffed: "text".into(),
                    mismatch: false,
                    bytes: 10,
                    text_bytes: text.len() as u64,
                    holes: Vec::new(),
                    holes_total: 0,
                    counts: counts.clone(),
                    at: crate::clock::Moment::default(),
                },
                findings: findings.collect(),
                level: levels[at / scans.len() % levels.len()],
                left: at % 50 == 49,
            }
        };
        let rows = (0..CONTENTS).map(row).collect();
        Self(Mutex::new(Shelf { sets: vec![kept(rules, &key())], rows, ..Shelf::default() }))
    }

    /// How many contents hold this, of those that somebody has.
    fn held(&self, holds: impl Fn(&Row) -> bool) -> u64 {
        self.0.lock().unwrap().rows.iter().filter(|row| !row.left && holds(row)).count() as u64
    }
}

fn at(number: i64) -> usize {
    usize::try_from(number).expect("a number from 0")
}

fn is_in(row: &Row, scope: &ContentScope) -> bool {
    let candidates =
        |id: &Arc<str>| row.reading.counts.iter().any(|count| count.detector == *id && count.candidates > 0);
    scope.rules_not.is_none_or(|rules| row.reading.rules != rules)
        && scope.candidates_of.as_ref().is_none_or(candidates)
        && !(scope.held && row.left)
}

impl Verdicts for Made {
    fn rules_number(&self, detectors: &[DetectorKept]) -> Result<RulesNumber, Error> {
        let mut shelf = self.0.lock().unwrap();
        let found = shelf.sets.iter().position(|set| *set == detectors).unwrap_or_else(|| {
            shelf.sets.push(detectors.to_vec());
            shelf.sets.len() - 1
        });
        Ok(RulesNumber(i64::try_from(found).expect("a few")))
    }

    fn detectors(&self, rules: RulesNumber) -> Result<Vec<DetectorKept>, Error> {
        Ok(self.0.lock().unwrap().sets[at(rules.0)].clone())
    }

    fn contents(
        &self,
        scope: &ContentScope,
        after: Option<ReadingNumber>,
        max: usize,
    ) -> Result<Vec<ContentRow>, Error> {
        let shelf = self.0.lock().unwrap();
        let from = at(after.map_or(0, |number| number.0));
        let rows = shelf.rows[from..].iter().filter(|row| is_in(row, scope)).take(max);
        Ok(rows
            .map(|row| ContentRow {
                reading: row.reading.clone(),
                item: (!row.left).then_some(ItemNumber(row.reading.number.0)),
                items: u64::from(!row.left),
            })
            .collect())
    }

    fn price(&self, scope: &ContentScope) -> Result<(u64, u64), Error> {
        let shelf = self.0.lock().unwrap();
        let rows: Vec<&Row> = shelf.rows.iter().filter(|row| is_in(row, scope)).collect();
        Ok((rows.len() as u64, rows.iter().map(|row| row.reading.bytes).sum()))
    }

    fn findings(&self, reading: ReadingNumber) -> Result<Vec<FindingRow>, Error> {
        Ok(self.0.lock().unwrap().rows[at(reading.0) - 1].findings.clone())
    }

    fn rejudge(&self, rules: RulesNumber, judged: &[Rejudged], complete: &[ReadingNumber]) -> Result<(), Error> {
        let mut shelf = self.0.lock().unwrap();
        shelf.writes += 1;
        for Rejudged { reading, detector, count, keep } in judged {
            let row = &mut shelf.rows[at(reading.0) - 1];
            row.reading.counts.retain(|other| other.detector != *detector);
            row.reading.counts.extend(count.clone());
            row.reading.counts.sort_by(|one, other| one.detector.cmp(&other.detector));
            row.findings.retain_mut(|held| {
                let Some(upheld) = keep.iter().find(|upheld| upheld.finding == held.number) else {
                    return held.finding.detector != *detector;
                };
                held.finding.confidence = upheld.confidence;
                held.finding.tier = upheld.tier.clone();
                held.finding.evidence = upheld.evidence.clone();
                true
            });
        }
        for reading in complete {
            shelf.rows[at(reading.0) - 1].reading.rules = rules;
            *shelf.completed.entry((reading.0, rules.0)).or_default() += 1;
        }
        Ok(())
    }

    fn level(&self, item: ItemNumber) -> Result<Option<Level>, Error> {
        Ok(Some(self.0.lock().unwrap().rows[at(item.0) - 1].level))
    }

    fn ask(&self, asks: &[Ask]) -> Result<u64, Error> {
        self.0.lock().unwrap().asked.extend(asks.iter().cloned());
        Ok(asks.len() as u64)
    }
}

fn always(_: &Progress) -> bool {
    true
}

/// Holds each content against a new scan of its text, for the detectors named.
fn check(made: &Made, rules: RuleSet, detectors: &[&str]) {
    let matcher = Matcher::new(Arc::new(rules));
    let scans: Vec<Scan> = texts().iter().map(|text| scan(&matcher, text)).collect();
    let said = |finding: &Finding| {
        let Finding { detector, confidence, tier, start, end, evidence, token, .. } = finding;
        format!("{detector} {confidence} {tier} {start} {end} {evidence:?} {token}")
    };
    for (at, row) in made.0.lock().unwrap().rows.iter().enumerate() {
        let (findings, counts) = &scans[at % scans.len()];
        let of = |finding: &&Finding| detectors.contains(&&*finding.detector);
        let got: Vec<String> = row.findings.iter().map(|row| &row.finding).filter(of).map(said).collect();
        let want: Vec<String> = findings.iter().filter(of).map(said).collect();
        assert_eq!(got, want, "content {at}");
        let of = |count: &&DetectorCount| detectors.contains(&&*count.detector);
        assert!(row.reading.counts.iter().filter(of).eq(counts.iter().filter(of)), "content {at}");
    }
}

fn edited(from: &str, to: &str) -> String {
    assert!(RULES.contains(from), "{from}");
    RULES.replacen(from, to, 1)
}

#[test]
fn a_tightened_rule_is_followed_without_a_download() {
    let rows = [
        edited("within = 100", "within = 50"),
        edited("within = 60", "within = 10"),
        edited("[[detector.tier]]\nname = \"low\"\nconfidence = 65\n", ""),
        edited("confidence = 85", "confidence = 80"),
        edited("id = \"acme.customer\"", "id = \"acme.customer\"\nmin_unique = 2"),
    ];
    for text in rows {
        let (old, new) = (load(RULES), load(&text));
        let made = Made::new(&old);
        let kept_new = kept(&new, &key());
        let preview = preview(&made, RulesNumber(0), &kept_new).unwrap();
        assert_eq!(preview.plan.changes.iter().map(|one| one.change).collect::<Vec<_>>(), [Change::Tightened]);
        assert_eq!(preview.price, Price::default());
        let to = made.rules_number(&kept_new).unwrap();
        let progress = judge(&made, to, &mut always).unwrap();
        let count = CONTENTS as u64;
        assert!(progress.done && progress.changed > 0);
        assert_eq!((progress.contents, progress.judged, progress.undecided), (count, count, 0));
        assert_eq!(price(&made, to).unwrap(), Price::default());
        assert_eq!(queue(&made, to, &mut always).unwrap().undecided, 0);
        check(&made, new, &["acme.customer", "acme.order"]);
        assert!(made.0.lock().unwrap().asked.is_empty());
    }
}

#[test]
fn what_cannot_be_judged_costs_exactly_its_scope() {
    let candidates = |id: &'static str| move |row: &Row| row.reading.counts.iter().any(|count| &*count.detector == id);
    type Costs = Box<dyn Fn(&Row) -> bool>;
    let rows: [(String, Costs); 5] = [
        (edited("within = 60", "within = 70"), Box::new(candidates("acme.order"))),
        (edited("within = 100", "within = 101"), Box::new(candidates("acme.customer"))),
        (edited("R[0-9]{6}", "R[0-9]{5}"), Box::new(|row| row.reading.text_bytes > 0)),
        (format!("{RULES}{MORE}"), Box::new(|row| row.reading.text_bytes > 0)),
        (RULES[..RULES.rfind("[[detector]]").unwrap()].to_owned(), Box::new(|_| false)),
    ];
    for (text, scope) in rows {
        let (old, new) = (load(RULES), load(&text));
        let made = Made::new(&old);
        let want = made.held(&scope);
        let kept_new = kept(&new, &key());
        let before = preview(&made, RulesNumber(0), &kept_new).unwrap();
        let to = made.rules_number(&kept_new).unwrap();
        judge(&made, to, &mut always).unwrap();
        let price = price(&made, to).unwrap();
        assert_eq!(price, Price { contents: want, bytes: want * 10, calls: want });
        assert!(before.price.contents >= want, "{before:?}");
        assert!(made.0.lock().unwrap().asked.is_empty(), "asked before anybody approved");
        queue(&made, to, &mut always).unwrap();
        let shelf = made.0.lock().unwrap();
        let items: BTreeSet<ItemNumber> = shelf.asked.iter().map(|ask| ask.item).collect();
        assert_eq!((items.len(), shelf.asked.len()), (at(i64::try_from(want).unwrap()), items.len()));
        for ask in &shelf.asked {
            let row = &shelf.rows[at(ask.item.0) - 1];
            assert!(scope(row) && ask.lane == Lane::Recheck && ask.todo.has(Todo::REREAD));
            assert_eq!(ask.priority, priority(row.level));
        }
    }
}

#[test]
fn a_change_of_several_rules_is_decided_rule_by_rule() {
    let text = edited("within = 100", "within = 50").replacen("within = 60", "within = 70", 1);
    let made = Made::new(&load(RULES));
    let new = load(&text);
    let to = made.rules_number(&kept(&new, &key())).unwrap();
    judge(&made, to, &mut always).unwrap();
    check(&made, new, &["acme.customer"]);
    // A third rule set in which both are as they were: what was judged stricter is read again, what was not is as it should be.
    let back = RulesNumber(0);
    judge(&made, back, &mut always).unwrap();
    let changed = |row: &Row| row.reading.counts.iter().any(|count| &*count.detector == "acme.customer");
    assert_eq!(price(&made, back).unwrap().contents, made.held(changed));
}

#[test]
fn what_is_broken_off_goes_on() {
    let text = edited("within = 100", "within = 50").replacen("R[0-9]{6}", "R[0-9]{5}", 1);
    let whole = Made::new(&load(RULES));
    let new = load(&text);
    let to = whole.rules_number(&kept(&new, &key())).unwrap();
    judge(&whole, to, &mut always).unwrap();
    let made = Made::new(&load(RULES));
    assert_eq!(made.rules_number(&kept(&new, &key())).unwrap(), to);
    let mut rounds = 0;
    loop {
        let mut pages = 0;
        let progress = judge(&made, to, &mut |_| {
            pages += 1;
            pages <= rounds + 1
        });
        rounds += 1;
        if progress.unwrap().done {
            break;
        }
    }
    assert!(rounds > 3);
    let (whole, made) = (whole.0.lock().unwrap(), made.0.lock().unwrap());
    for (one, other) in whole.rows.iter().zip(&made.rows) {
        assert_eq!(one.reading, other.reading);
        let findings = |row: &Row| row.findings.iter().map(|row| row.finding.clone()).collect::<Vec<_>>();
        assert_eq!(findings(one), findings(other));
    }
    assert!(made.completed.values().all(|times| *times == 1), "something was done twice");
}

#[test]
fn confidences_are_those_of_the_new_rules() {
    let made = Made::new(&load(RULES));
    let new = load(&edited("confidence = 85", "confidence = 99"));
    let to = made.rules_number(&kept(&new, &key())).unwrap();
    judge(&made, to, &mut always).unwrap();
    let shelf = made.0.lock().unwrap();
    let sure = Confidence::new(99).unwrap();
    assert!(shelf.rows.iter().flat_map(|row| &row.findings).any(|row| row.finding.confidence == sure));
}
