//! Verdicts of a million files: settlements a second, and what each question over all of them takes.
//!
//! One content in ten has findings, each has counts of four detectors, one file in twenty shares its content with another. It
//! fails when a question gives another answer than the contents were made with, or takes longer than its bound.
//! `cargo bench --bench verdicts`, or `-- 100000` for fewer files.

#[path = "stocked_store.rs"]
mod stocked_store;

use sluicebox::clock::{Clock, Moment};
use sluicebox::model::verdict::DetectorCount;
use sluicebox::model::{
    Confidence, ConnectorNumber, Coverage, Evidence, Excerpt, Finding, Level, Locator, Mask, Token, Verdict,
};
use sluicebox::store::sqlite::Sqlite;
use sluicebox::store::{
    Audit, ContentScope, Coverages, DetectorKept, Entry, Judged, ReadingNumber, Rejudged, RulesNumber, Settlement,
    Store, Upheld, Verdicts,
};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;
use stocked_store::{Failed, Stocked, list, read, settle_all};

const FILES: u64 = 1_000_000;
/// Every so many contents one has findings.
const FINDINGS_EVERY: u64 = 10;
/// Every so many files one has another's content.
const SHARED_EVERY: u64 = 20;
const DETECTORS: [&str; 4] = ["card", "iban", "phone", "secret"];

fn main() -> ExitCode {
    let files = std::env::args().skip(1).find_map(|arg| arg.parse().ok()).unwrap_or(FILES);
    match run(files) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

/// Tells what took how long, and whether that is within its bound.
struct Watch {
    clock: Clock,
    good: bool,
}

impl Watch {
    fn time<T>(&mut self, what: &str, bound: Duration, work: impl FnOnce() -> Result<T, Failed>) -> Result<T, Failed> {
        let begun = self.clock.elapsed();
        let done = work()?;
        let took = self.clock.elapsed().saturating_sub(begun);
        let late = took > bound;
        self.good &= !late;
        println!("{:>10.3} s  {what}{}", took.as_secs_f64(), if late { "  BEYOND ITS BOUND" } else { "" });
        Ok(done)
    }

    fn expect<T: PartialEq + std::fmt::Debug>(&mut self, what: &str, got: T, expected: T) {
        if got != expected {
            self.good = false;
            println!("            {what}: expected {expected:?}, got {got:?}");
        }
    }
}

fn rules(store: &dyn Store, version: u8) -> Result<RulesNumber, Failed> {
    let kept = DETECTORS.map(|id| DetectorKept { id: id.into(), hash: [version; 32], profile: "{}".into() });
    Ok(store.rules_number(&kept)?)
}

/// Which content a file has.
fn content_of(file: u64) -> u64 {
    if file % SHARED_EVERY == SHARED_EVERY - 1 { file - 1 } else { file }
}

fn finding(content: u64, place: u64) -> Finding {
    Finding {
        detector: DETECTORS[0].into(),
        confidence: Confidence::HIGH,
        tier: "checked and near a keyword".into(),
        part: "body".into(),
        location: Arc::new(Locator { steps: vec![format!("paragraph {place}")] }),
        start: place * 40,
        end: place * 40 + 19,
        own_text: None,
        mask: Mask::covered("**** **** **** 1111"),
        token: Token::covered(format!("k1:{:032x}", content % 1_000)),
        excerpt: Excerpt::covered("·· card number: **** **** **** 1111 ·····"),
        evidence: vec![Evidence { name: "card keywords".into(), distance: Some(2), before: true }],
        grounds: None,
    }
}

fn verdict(content: u64) -> Verdict {
    let places = if content.is_multiple_of(FINDINGS_EVERY) { 0..3 } else { 0..0 };
    let count =
        |detector: &&str| DetectorCount { detector: (*detector).into(), candidates: 2, ..DetectorCount::default() };
    Verdict {
        coverage: Coverage::Complete,
        findings: places.map(|place| finding(content, place)).collect(),
        counts: DETECTORS.iter().map(count).collect(),
        sniffed: "docx",
        bytes: 1_000,
        text_bytes: 500,
        ..Verdict::default()
    }
}

/// Settles all that waits; how many.
fn settle(store: &Sqlite, of: ConnectorNumber, rules: RulesNumber) -> Result<u64, Failed> {
    settle_all(store, of, |job, file| {
        let (content, level) =
            (content_of(file), if file.is_multiple_of(7) { Level::External } else { Level::Internal });
        let exposure = Some(Judged { level, known: true, until: None });
        Settlement { exposure, ..read(job, rules, content, verdict(content)) }
    })
}

/// Judges all contents with candidates of a detector anew, in batches, as a changed rule does.
fn rejudge_all(store: &dyn Store, scope: &ContentScope, rules: RulesNumber) -> Result<u64, Failed> {
    let mut after: Option<ReadingNumber> = None;
    let mut all = 0;
    loop {
        let page = store.contents(scope, after, 500)?;
        let Some(last) = page.last() else { return Ok(all) };
        after = Some(last.reading.number);
        let mut judged = Vec::new();
        for row in &page {
            let held = store.findings(row.reading.number, None)?;
            // Two of three still hold.
            let keep = held.into_iter().take(2).map(|row| Upheld {
                finding: row.number,
                confidence: row.finding.confidence,
                tier: row.finding.tier,
                evidence: row.finding.evidence,
            });
            let count = row.reading.counts.iter().find(|count| &*count.detector == DETECTORS[0]).cloned();
            judged.push(Rejudged {
                reading: row.reading.number,
                detector: DETECTORS[0].into(),
                count,
                keep: keep.collect(),
            });
        }
        let complete: Vec<ReadingNumber> = page.iter().map(|row| row.reading.number).collect();
        store.rejudge(rules, &judged, &complete)?;
        all += u64::try_from(page.len())?;
    }
}

fn walk_all(store: &dyn Store, scope: &ContentScope) -> Result<(u64, u64), Failed> {
    let (mut after, mut all, mut bytes) = (None, 0, 0);
    loop {
        let page = store.contents(scope, after, 1_000)?;
        let Some(last) = page.last() else { return Ok((all, bytes)) };
        after = Some(last.reading.number);
        all += u64::try_from(page.len())?;
        bytes += page.iter().map(|row| row.reading.bytes).sum::<u64>();
    }
}

fn run(files: u64) -> Result<bool, Failed> {
    let Stocked { clock, store, of, folder: _folder } = Stocked::new()?;
    let mut watch = Watch { clock: clock.clone(), good: true };
    let (old, new) = (rules(&store, 1)?, rules(&store, 2)?);
    let hours = Duration::from_secs(36_000);
    let seconds = Duration::from_secs;
    println!("{files} files");
    watch.time("list", hours, || list(&store, of, files))?;
    let begun = clock.elapsed();
    let settled = watch.time("claim and settle, 64 threads", hours, || settle(&store, of, old))?;
    watch.expect("settled", settled, files);
    println!("            {:.0} a second", settled as f64 / (clock.elapsed() - begun).as_secs_f64());
    let middle = clock.steady();
    questions(&store, &mut watch, files, (old, new), middle)?;
    let candidates =
        ContentScope { candidates_of: Some(DETECTORS[0].into()), rules_not: Some(new), ..ContentScope::default() };
    let contents = contents(files);
    let judged =
        watch.time("judge all contents anew, 500 a piece", seconds(60), || rejudge_all(&store, &candidates, new))?;
    watch.expect("judged", judged, contents);
    let found = contents_with_findings(files) * 2;
    let told: u64 = store.contents(&ContentScope::default(), None, 1)?.iter().map(|row| row.items).sum();
    watch.expect("items of the first content", told, 1);
    let rows = watch.time("by_detector after it", seconds(5), || Ok(store.by_detector()?))?;
    watch.expect("findings left", rows.iter().map(|row| row.findings).sum::<u64>() >= found, true);
    println!("{:>10} MB of database", store.health()?.bytes / 1_000_000);
    Ok(watch.good)
}

fn contents(files: u64) -> u64 {
    files - files / SHARED_EVERY
}

fn contents_with_findings(files: u64) -> u64 {
    (0..files).filter(|file| content_of(*file) == *file && file.is_multiple_of(FINDINGS_EVERY)).count() as u64
}

fn questions(
    store: &Sqlite,
    watch: &mut Watch,
    files: u64,
    (old, new): (RulesNumber, RulesNumber),
    now: Moment,
) -> Result<(), Failed> {
    let seconds = Duration::from_secs;
    let contents = contents(files);
    let all = ContentScope { rules_not: Some(new), ..ContentScope::default() };
    let held = ContentScope { held: true, ..all.clone() };
    let typed = ContentScope { sniffed: Some("docx".into()), ..all.clone() };
    let none = ContentScope { rules_not: Some(old), ..ContentScope::default() };
    let candidates = ContentScope { candidates_of: Some(DETECTORS[0].into()), ..held.clone() };
    for (name, scope, count) in [
        ("price: judged by other rules", &all, contents),
        ("price: of them those that somebody has", &held, contents),
        ("price: of a type", &typed, contents),
        ("price: nothing to do", &none, 0),
        ("price: with candidates of a detector", &candidates, contents),
    ] {
        let price = watch.time(name, seconds(5), || Ok(store.price(scope)?))?;
        watch.expect(name, price, (count, count * 1_000));
    }
    for (name, scope) in [("walk over all contents", &all), ("walk over those with candidates", &candidates)] {
        let walked = watch.time(name, seconds(60), || walk_all(store, scope))?;
        watch.expect(name, walked, (contents, contents * 1_000));
    }
    let rows = watch.time("coverage, now", seconds(1), || Ok(store.coverage(None)?))?;
    watch.expect("coverage", rows.iter().map(|row| row.items).sum(), files);
    let rows = watch.time("coverage, as of a date", seconds(20), || Ok(store.coverage(Some(now))?))?;
    watch.expect("coverage as of", rows.iter().map(|row| row.items).sum(), files);
    let rows = watch.time("exposures", seconds(1), || Ok(store.exposures()?))?;
    watch.expect("exposures", rows.iter().map(|row| row.files).sum(), files);
    let rows = watch.time("by_detector", seconds(5), || Ok(store.by_detector()?))?;
    let shared = (0..files).filter(|file| content_of(*file).is_multiple_of(FINDINGS_EVERY)).count() as u64;
    watch.expect("by_detector", rows.iter().map(|row| (row.files, row.findings)).collect(), vec![(shared, shared * 3)]);
    let traced = watch
        .time("trace a token, 1,000 rows", seconds(1), || Ok(store.trace(&format!("k1:{:032x}", 0), None, 1_000)?))?;
    watch.expect("traced", traced.is_empty(), false);
    watch.time("audit: 100 entries", seconds(20), || {
        let entry = Entry { actor: "bench".into(), act: "a".into(), about: "b".into(), details: "{}".into() };
        (0..100).try_for_each(|_| store.append(&entry).map(drop))?;
        Ok(store.verify_audit()?)
    })?;
    Ok(())
}
