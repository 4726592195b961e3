//! Items change in random order; whatever is kept by delta must then be what a count gives.

use super::*;
use crate::model::verdict::DetectorCount;
use crate::model::{Confidence, Excerpt, Finding, Level, Locator, Mask, Token, Verdict};
use crate::store::rules::RulesNumber;
use crate::store::sqlite::verdicts::Judgement;
use crate::store::sqlite::{migrate, verdicts};
use crate::store::verdicts::{FindingNumber, Rejudged, Upheld};
use std::sync::Arc;

/// An opened store of its own, with one rule set.
fn store() -> (tempfile::TempDir, Connection) {
    let folder = tempfile::tempdir().unwrap();
    let c = migrate::bare(folder.path());
    c.execute_batch("INSERT INTO rule_set (number, fingerprint) VALUES (1, x'01'), (2, x'02'), (3, x'03')").unwrap();
    (folder, c)
}

/// Numbers that look random, the same in every run.
struct Dice(u64);

impl Dice {
    fn below(&mut self, bound: u64) -> u64 {
        // Knuth's MMIX multiplier; the upper bits are the good ones.
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % bound
    }
}

fn finding(detector: &str, confidence: u8, start: u64) -> Finding {
    Finding {
        detector: detector.into(),
        confidence: Confidence::new(confidence).unwrap(),
        tier: "tier".into(),
        part: "text".into(),
        location: Arc::new(Locator::default()),
        start,
        end: start + 4,
        own_text: None,
        mask: Mask::covered("****"),
        token: Token::covered("k1:aa"),
        excerpt: Excerpt::covered("·· ****"),
        evidence: Vec::new(),
        grounds: None,
    }
}

fn verdict(dice: &mut Dice) -> Verdict {
    let coverages = [
        Coverage::Complete,
        Coverage::Partial(Reason::Corrupt),
        Coverage::Skipped(Reason::Crashed),
        Coverage::Skipped(Reason::Unsupported),
    ];
    let findings = (0..dice.below(4))
        .map(|start| {
            finding(
                ["card", "iban"][usize::try_from(dice.below(2)).unwrap()],
                65 + u8::try_from(dice.below(2)).unwrap(),
                start,
            )
        })
        .collect::<Vec<_>>();
    let count = DetectorCount { detector: "card".into(), candidates: 9, ..DetectorCount::default() };
    Verdict {
        coverage: coverages[usize::try_from(dice.below(4)).unwrap()],
        findings,
        counts: vec![count],
        sniffed: ["pdf", "text", ""][usize::try_from(dice.below(3)).unwrap()],
        bytes: 7,
        ..Verdict::default()
    }
}

/// One random change.
fn step(c: &Connection, now: Moment, dice: &mut Dice) {
    let item = ItemNumber(i64::try_from(dice.below(12)).unwrap() + 1);
    let version = format!("v{}", dice.below(3));
    match dice.below(9) {
        0 | 1 => {
            let kind = if item.0 == 1 { ItemKind::Folder } else { ItemKind::File };
            let (connector, bytes) = (ConnectorNumber(1 + item.0 % 2), dice.below(3));
            let facts = Facts { connector, kind, name_shown: "a.pdf", bytes, version: Some(&version) };
            listed(c, now, item, &facts).unwrap();
        }
        2 => gone(c, now, item).unwrap(),
        3 => {
            let level = [Level::Private, Level::Public][usize::try_from(dice.below(2)).unwrap()];
            exposed(c, now, item, Judged { level, known: dice.below(2) == 0, until: None }).unwrap();
        }
        4 => parked(c, now, item).unwrap(),
        5 => unparked(c, now, item).unwrap(),
        6 => rejudge(c, now, dice),
        _ => {
            let content = [u8::try_from(dice.below(4)).unwrap(); 32];
            let rules = RulesNumber(i64::try_from(dice.below(3)).unwrap() + 1);
            let verdict = verdict(dice);
            let judgement = Judgement { content: &content, extraction: &[1; 32], rules, verdict: &verdict };
            let brief = verdicts::keep_reading(c, now, &judgement).unwrap();
            if of(c, item).unwrap().is_some_and(|standing| standing.is_file() && !standing.gone) {
                read(c, now, item, &brief, dice.below(2) == 0, Some(&version)).unwrap();
            }
        }
    }
}

/// Judges a detector of a reading anew: some findings end, some get another confidence.
fn rejudge(c: &Connection, now: Moment, dice: &mut Dice) {
    let reading = ReadingNumber(i64::try_from(dice.below(4)).unwrap() + 1);
    let mut statement =
        c.prepare("SELECT finding.number FROM finding JOIN detector ON detector.number = finding.detector WHERE reading = ?1 AND until IS NULL AND name = 'card'").unwrap();
    let held: Vec<i64> = statement.query_map([reading.0], |row| row.get(0)).unwrap().collect::<Result<_, _>>().unwrap();
    let keep = held.into_iter().filter(|_| !dice.0.is_multiple_of(3)).map(|number| Upheld {
        finding: FindingNumber(number),
        confidence: Confidence::new(65 + u8::try_from(number % 2).unwrap()).unwrap(),
        tier: "other".into(),
        evidence: Vec::new(),
    });
    let judged = Rejudged { reading, detector: "card".into(), count: None, keep: keep.collect() };
    verdicts::keep_rejudged(c, now, &judged).unwrap();
}

/// Rows of a question as text.
fn rows(c: &Connection, sql: &str) -> Vec<String> {
    let mut statement = c.prepare(sql).unwrap();
    let columns = statement.column_count();
    let row =
        |row: &SqlRow<'_>| Ok((0..columns).map(|at| format!("{:?} ", row.get_ref_unwrap(at))).collect::<String>());
    statement.query_map([], row).unwrap().collect::<Result<_, _>>().unwrap()
}

/// What is kept by delta, and the count that it stands for.
const KEPT_AND_COUNTED: [[&str; 2]; 4] = [
    [
        "SELECT connector, kind, label, coverage, level, level_known, with_findings, items, bytes FROM tally
         WHERE items <> 0 OR bytes <> 0 ORDER BY 1, 2, 3, 4, 5, 6, 7",
        "SELECT standing.connector, kind, label, COALESCE(standing.coverage, ''), level, level_known,
                COALESCE((SELECT findings > 0 FROM reading WHERE number = standing.reading), 0), COUNT(*), SUM(standing.bytes)
         FROM standing WHERE gone = 0 GROUP BY 1, 2, 3, 4, 5, 6, 7 ORDER BY 1, 2, 3, 4, 5, 6, 7",
    ],
    [
        "SELECT number, holders, unheld IS NULL FROM reading ORDER BY number",
        "SELECT r.number, SUM(s.item IS NOT NULL), SUM(s.item IS NOT NULL) > 0
         FROM reading AS r LEFT JOIN standing AS s ON s.reading = r.number AND s.gone = 0 GROUP BY r.number ORDER BY 1",
    ],
    [
        "SELECT number, findings FROM reading ORDER BY number",
        "SELECT r.number, SUM(f.number IS NOT NULL)
         FROM reading AS r LEFT JOIN finding AS f ON f.reading = r.number AND f.until IS NULL GROUP BY r.number ORDER BY 1",
    ],
    [
        "SELECT detector, confidence, reading, findings FROM found ORDER BY 1, 2, 3",
        "SELECT detector, confidence, reading, COUNT(*) FROM finding WHERE until IS NULL GROUP BY 1, 2, 3 ORDER BY 1, 2, 3",
    ],
];

#[test]
fn what_is_kept_by_delta_is_what_a_count_gives() {
    for seed in 0..40 {
        let (_folder, c) = store();
        // Nothing here is about what survives: without a sync for every step.
        c.execute_batch("BEGIN").unwrap();
        let mut dice = Dice(seed);
        let mut now = Moment::from_millis(1_000);
        for done in 0..120 {
            now = Moment::from_millis(now.as_millis() + i64::try_from(dice.below(2)).unwrap());
            step(&c, now, &mut dice);
            for [kept, counted] in KEPT_AND_COUNTED {
                assert_eq!(rows(&c, kept), rows(&c, counted), "seed {seed}, step {done}: {kept}");
            }
        }
        no_overlap(&c);
    }
}

/// An item's rows of the past follow each other, and none reaches into the present one.
fn no_overlap(c: &Connection) {
    let overlaps =
        "SELECT a.item FROM past AS a JOIN past AS b ON b.item = a.item AND b.since > a.since AND b.since < a.until
                    UNION ALL SELECT past.item FROM past JOIN standing ON standing.item = past.item
                        WHERE past.until > standing.since OR past.since >= past.until";
    assert_eq!(rows(c, overlaps), Vec::<String>::new());
}

#[test]
fn an_extension_is_short_plain_and_never_a_number() {
    for (name, expected) in [
        ("a.PDF", "pdf"),
        ("a.tar.gz", "gz"),
        ("a.078051120", "none"),
        ("a.4111", "none"),
        ("a.mp4", "mp4"),
        (".bashrc", "none"),
        ("a.", "none"),
        ("", "none"),
        ("a.longerthan8", "none"),
        ("a.dö", "none"),
        ("••••.docx", "docx"),
    ] {
        assert_eq!(extension(ItemKind::File, name), expected, "{name}");
    }
    assert_eq!(extension(ItemKind::Folder, "x.pdf"), "folder");
    assert_eq!(extension(ItemKind::WebLink, "x"), "web_link");
}
