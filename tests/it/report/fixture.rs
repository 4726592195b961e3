//! One fixed scan: every kind of verdict, and names that try to be something else.

use sluicebox::model::verdict::DetectorCount;
use sluicebox::model::{
    Confidence, Coverage, Evidence, Excerpt, Finding, Hole, Limit, Locator, Mask, OwnText, Reason, Token, Verdict,
};
use sluicebox::report::{FileReport, Summary};
use std::sync::Arc;
use std::time::Duration;

/// A finding in a file that is its own text.
pub(super) fn in_text(detector: &str, percent: u8, line: u64, n: u64) -> Finding {
    Finding {
        detector: detector.into(),
        confidence: Confidence::new(percent).unwrap(),
        tier: "with-words".into(),
        part: "text".into(),
        location: Arc::default(),
        start: n,
        end: n + 19,
        own_text: Some(OwnText { byte_start: n + 1, byte_end: n + 20, line, column: 5 }),
        mask: Mask::covered("**** **** **** 1111"),
        token: Token::covered(format!("k1:{n:032x}")),
        excerpt: Excerpt::covered("card number: **** **** **** 1111, ***** ****"),
        evidence: vec![Evidence { name: "card.words".into(), distance: Some(2), before: true }],
        grounds: None,
    }
}

/// A finding in a document.
pub(super) fn in_document(detector: &str, percent: u8, steps: &[&str], n: u64) -> Finding {
    Finding {
        location: Arc::new(Locator { steps: steps.iter().map(|step| (*step).to_owned()).collect() }),
        own_text: None,
        part: "sheet 'Pay' (hidden)".into(),
        evidence: vec![
            Evidence { name: "card.words".into(), distance: Some(0), before: false },
            Evidence { name: "expiry".into(), distance: None, before: false },
        ],
        ..in_text(detector, percent, 1, n)
    }
}

fn count(detector: &str, candidates: u64, total: u64, unique_at_least: bool) -> DetectorCount {
    let unique = total.min(2);
    DetectorCount { detector: detector.into(), candidates, total, unique, unique_at_least, shadowed: 0 }
}

fn file(path: &str, verdict: Verdict) -> FileReport {
    FileReport { path: path.to_owned(), verdict }
}

fn unread(path: &str, coverage: Coverage, sniffed: &'static str, bytes: u64) -> FileReport {
    file(path, Verdict { coverage, sniffed, bytes, ..Verdict::default() })
}

fn text(findings: Vec<Finding>, counts: Vec<DetectorCount>) -> Verdict {
    Verdict { findings, counts, sniffed: "text", bytes: 4096, text_bytes: 4000, ..Verdict::default() }
}

/// The files.
pub(super) fn reports() -> Vec<FileReport> {
    let mut files = plain_files();
    files.extend(nasty_files());
    files.extend([
        unread("media/film.mp4", Coverage::Skipped(Reason::NoText), "mp4", 70_000_000),
        unread("/srv/share/locked up.pdf", Coverage::Skipped(Reason::EncryptedPassword), "pdf", 51_200),
        unread("big.log", Coverage::Partial(Reason::Limit(Limit::TextBytes)), "text", 1 << 31),
    ]);
    files
}

fn plain_files() -> Vec<FileReport> {
    let cards = vec![in_text("card.payment", 85, 12, 300), in_text("card.payment", 65, 40, 900)];
    let mut capped =
        text(vec![in_text("secret.aws-key", 75, 1, 0)], vec![count("secret.aws-key", 20_000, 12_001, true)]);
    capped.findings[0].mask = Mask::covered("AKIA************");
    let book = Verdict {
        coverage: Coverage::Partial(Reason::Member),
        findings: vec![
            in_document("card.payment", 92, &["book.xlsx", "sheet 'Pay' (hidden)", "C14"], 77),
            in_document("card.payment", 76, &["book.xlsx", "sheet 'Pay' (hidden)", "C15"], 77),
        ],
        holes: vec![Hole {
            location: Locator { steps: vec!["inner.zip".to_owned(), "a > b.pdf".to_owned()] },
            reason: Reason::ImageOnly,
        }],
        holes_total: 12,
        counts: vec![count("card.payment", 9, 2, false), count("us.ssn", 3, 0, false)],
        sniffed: "zip",
        mismatch: true,
        bytes: 123_456,
        text_bytes: 9_876,
    };
    vec![
        file("notes/clean.txt", text(Vec::new(), Vec::new())),
        file("notes/cards.txt", text(cards, vec![count("card.payment", 5, 2, false)])),
        file("deploy/env.sh", text(capped.findings, capped.counts)),
        file("mail/old.dat", book),
    ]
}

fn nasty_files() -> Vec<FileReport> {
    let one = |n| text(vec![in_text("card.payment", 85, 1, n)], vec![count("card.payment", 1, 1, false)]);
    let mut escape = in_document("card.payment", 85, &["\u{1b}[2J</script>\u{2028}\u{202e}txt.zip", "it's \"q\""], 5);
    escape.part = "\u{9b}31m".into();
    escape.excerpt = Excerpt::covered("line one\nline two\u{1b}]0;title\u{7} </SCRIPT><!--");
    escape.mask = Mask::covered("=****\u{1b}[31m");
    let placeless = Finding { own_text: None, evidence: Vec::new(), ..in_text("card.payment", 85, 1, 1234) };
    vec![
        file("new\nline\r\ttab.txt", one(1)),
        file("say \"hi\", <b>&amp;'.txt", one(2)),
        file("esc\u{1b}[31m\u{7}\u{202e}gpj.exe", text(vec![escape], Vec::new())),
        file("not utf-8 \u{fffd}\u{fffd}.txt", one(3)),
        file("=cmd|'/c calc'!A0", one(4)),
        file("@SUM(1+1)", text(vec![placeless], Vec::new())),
        file(&format!("long/{}.txt", "very-".repeat(60)), one(6)),
    ]
}

/// Files with many findings alike: just few enough to list, more, and more than are kept.
pub(super) fn crowded() -> Vec<FileReport> {
    let many = |detector: &'static str, percent, n: u64| (1..=n).map(move |n| in_text(detector, percent, n, 30 * n));
    let mut mixed: Vec<Finding> = many("net.ip", 65, 13).chain(many("net.ip", 85, 21)).collect();
    mixed.extend(many("card.payment", 92, 2));
    mixed.extend(many("net.ip", 65, 13_241));
    let beyond = text(many("net.ip", 65, 21).collect(), vec![count("net.ip", 50, 40, false)]);
    vec![
        file("twenty.log", text(many("net.ip", 65, 20).collect(), Vec::new())),
        file("access.log", text(mixed, Vec::new())),
        file("capped.log", beyond),
    ]
}

/// The sum over `files`, with the fields that the engine fills.
pub(super) fn summary(files: &[FileReport]) -> Summary {
    let mut summary = Summary {
        elapsed: Duration::from_millis(1250),
        started_utc: Some("2026-01-31T12:00:00Z".to_owned()),
        rules: 2,
        ruleset_hash: "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef".to_owned(),
        key_version: 1,
        links_not_followed: 3,
        limits: "60 s, 1 GiB of text".to_owned(),
        ..Summary::default()
    };
    files.iter().for_each(|file| summary.add(file));
    summary.exit_code = summary.settled_exit_code(false);
    summary
}
