//! How fast text is searched: the built-in rules on every kind of text, the raw matcher beside general engines.
//!
//! Each row knows what must be found, so that a fast wrong answer fails: every planted value, and the whole number once it
//! is pinned. `cargo bench --bench detect -- builtin`, `-- raw`, `-- rules`, `-- chunks`, `-- hostile`; rates compare only
//! within one run, and with other engines best by `--bench rivals`.

#[path = "corpus/mod.rs"]
mod corpus;
#[path = "rivals/matchers.rs"]
mod matchers;
#[path = "rivals/ours.rs"]
mod ours;
#[path = "rules_made/mod.rs"]
mod rules_made;

use corpus::hostile::HOSTILE;
use corpus::{Corpus, Density, Kind};
use criterion::{BenchmarkGroup, Criterion, Throughput, measurement::WallTime};
use matchers::{Counter, EachRule, SetPerLine, Together};
use ours::{Builtin, Ours, matcher, pii30};
use sluicebox::detect::{ScanOptions, Scanner, TokenKey};
use sluicebox::model::Finding;
use sluicebox::rule::load::Options;
use std::cell::LazyCell;
use std::error::Error;
use std::hint::black_box;
use std::time::Duration;

/// One corpus and what must be found in it.
struct Row {
    name: &'static str,
    /// What it is for.
    why: &'static str,
    text: fn() -> Corpus,
    /// Findings of the built-in rules, planted and chance ones; `None` until a run has been looked through. A rule that
    /// is tightened changes it: the number is then measured again, in the same commit.
    findings: Option<usize>,
}

const SEED: u64 = 1;
const BYTES: usize = 16 << 20;

const ROWS: &[Row] = &[
    Row {
        name: "mixed-none",
        why: "the price of a byte that is nothing: no value planted",
        text: || corpus::mixed(SEED, BYTES, Density::None),
        findings: Some(17_914),
    },
    Row {
        name: "mixed-sparse",
        why: "the usual case, one value each 100 KB",
        text: || corpus::mixed(SEED, BYTES, Density::Sparse),
        findings: Some(16_027),
    },
    Row {
        name: "mixed-dense",
        why: "an export full of values, one each KB: confirmation and evidence",
        text: || corpus::mixed(SEED, BYTES, Density::Dense),
        findings: Some(34_784),
    },
    Row { name: "prose", why: "words, few digits", text: || kind(Kind::Prose), findings: Some(177) },
    Row { name: "code", why: "identifiers and short numbers", text: || kind(Kind::Code), findings: Some(1_189) },
    Row {
        name: "logs",
        why: "times, addresses, UUIDs: digits and dots",
        text: || kind(Kind::Logs),
        findings: Some(10_513),
    },
    Row {
        name: "csv",
        why: "columns of numbers: most candidates for each byte",
        text: || kind(Kind::Csv),
        findings: Some(38_381),
    },
    Row { name: "json", why: "quoted values and UUIDs", text: || kind(Kind::Json), findings: Some(4_211) },
];

fn kind(kind: Kind) -> Corpus {
    corpus::one_kind(kind, SEED, BYTES, Density::Sparse)
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut criterion = Criterion::default()
        .sample_size(10)
        .warm_up_time(Duration::from_secs(1))
        .measurement_time(Duration::from_secs(3))
        .configure_from_args();
    builtin(&mut criterion)?;
    hostile(&mut criterion)?;
    raw(&mut criterion)?;
    rules(&mut criterion)?;
    chunks(&mut criterion)?;
    criterion.final_summary();
    Ok(())
}

/// The whole of detection, one thread, all built-in rules.
fn builtin(criterion: &mut Criterion) -> Result<(), Box<dyn Error>> {
    let matcher = matcher(&Options::default())?;
    let key = TokenKey::new([7; 32], 1);
    let mut group = criterion.benchmark_group("builtin");
    group.throughput(Throughput::Bytes(BYTES as u64));
    for row in ROWS {
        group.bench_function(row.name, |bencher| {
            let corpus = (row.text)();
            let mut scanner = Scanner::new(&matcher, &key, ScanOptions::default());
            check(row, &corpus, &scanner.scan_text(&corpus.text));
            bencher.iter(|| scanner.scan_text(black_box(&corpus.text)).len());
        });
    }
    group.finish();
    Ok(())
}

/// Text that is meant to hurt, at two sizes: the rate at 4 MiB must be near the rate at 1 MiB.
fn hostile(criterion: &mut Criterion) -> Result<(), Box<dyn Error>> {
    let matcher = matcher(&Options::default())?;
    let key = TokenKey::new([7; 32], 1);
    let mut group = criterion.benchmark_group("hostile");
    for maker in HOSTILE {
        for mebibytes in [1, 4] {
            group.throughput(Throughput::Bytes(mebibytes << 20));
            group.bench_function(format!("{}/{mebibytes}MiB", maker.name), |bencher| {
                let text = maker.text(if mebibytes == 1 { 1 << 20 } else { 4 << 20 });
                let mut scanner = Scanner::new(&matcher, &key, ScanOptions::default());
                bencher.iter(|| scanner.scan_text(black_box(&text)).len());
            });
        }
    }
    group.finish();
    Ok(())
}

/// The thirty shapes of pii30.tsv, matches only, ours and the general engines in one run.
fn raw(criterion: &mut Criterion) -> Result<(), Box<dyn Error>> {
    let patterns = pii30();
    let each = EachRule::new(&patterns)?;
    let ours = Ours::new(&patterns)?;
    let (set, together) = (SetPerLine::new(&patterns)?, Together::new(&patterns)?);
    let mut group = criterion.benchmark_group("raw");
    group.throughput(Throughput::Bytes(BYTES as u64));
    for row in ROWS {
        let text = LazyCell::new(|| (row.text)().text.into_bytes());
        bench_counter(&mut group, "sluicebox", row, &ours, &text, |text| {
            assert!(ours.spans(text) == each.spans(text), "{}: matches of a rule differ", row.name);
        });
        bench_counter(&mut group, "set-per-line", row, &set, &text, |_| ());
        bench_counter(&mut group, "meta", row, &together, &text, |_| ());
        // Thirty passes: one row tells enough.
        if row.name == "mixed-sparse" {
            bench_counter(&mut group, "each-rule", row, &each, &text, |_| ());
        }
    }
    group.finish();
    Ok(())
}

/// Raw matching of more and more rules, each set holding the smaller ones, on the usual text.
fn rules(criterion: &mut Criterion) -> Result<(), Box<dyn Error>> {
    /// Number of rules, and their matches in the text as separate searches count them.
    const SETS: [(usize, usize); 4] = [(10, 12_774), (30, 60_789), (100, 61_701), (1000, 63_365)];
    let text = LazyCell::new(|| corpus::mixed(SEED, BYTES, Density::Sparse).text);
    let mut group = criterion.benchmark_group("rules");
    group.throughput(Throughput::Bytes(BYTES as u64));
    for (count, matches) in SETS {
        group.bench_function(count.to_string(), |bencher| {
            let patterns = rules_made::made(&pii30(), rules_made::SEED, count);
            let ours = Ours::new(&patterns).expect("the made rules load");
            assert_eq!(ours.count(text.as_bytes()), matches, "matches of {count} rules");
            bencher.iter(|| ours.count(black_box(text.as_bytes())));
        });
    }
    group.finish();
    Ok(())
}

/// The usual text in chunks: the built-in rules are fed a stream and find the same whatever its cut; raw matching takes
/// each chunk as a text of its own.
fn chunks(criterion: &mut Criterion) -> Result<(), Box<dyn Error>> {
    /// Name, bytes (`None`: the whole text), and raw matches, of which a cut loses those that cross it.
    const SIZES: [(&str, Option<usize>, usize); 5] = [
        ("4K", Some(4 << 10), 60_678),
        ("16K", Some(16 << 10), 60_763),
        ("64K", Some(64 << 10), 60_780),
        ("1M", Some(1 << 20), 60_789),
        ("whole", None, 60_789),
    ];
    let row = &ROWS[1];
    let text = LazyCell::new(|| (row.text)().text);
    let (raw, builtin) = (Ours::new(&pii30())?, Builtin::new()?);
    let mut group = criterion.benchmark_group("chunks");
    group.throughput(Throughput::Bytes(BYTES as u64));
    for (name, size, matches) in SIZES {
        group.bench_function(format!("raw/{name}"), |bencher| {
            assert_eq!(raw.count_in(&text, size), matches, "raw matches in chunks of {name}");
            bencher.iter(|| raw.count_in(black_box(&text), size));
        });
        group.bench_function(format!("builtin/{name}"), |bencher| {
            assert_eq!(Some(builtin.count_in(&text, size)), row.findings, "findings in chunks of {name}");
            bencher.iter(|| builtin.count_in(black_box(&text), size));
        });
    }
    group.finish();
    Ok(())
}

fn bench_counter<F: FnOnce() -> Vec<u8>>(
    group: &mut BenchmarkGroup<'_, WallTime>,
    engine: &str,
    row: &Row,
    counter: &dyn Counter,
    text: &LazyCell<Vec<u8>, F>,
    check: impl Fn(&[u8]),
) {
    group.bench_function(format!("{engine}/{}", row.name), |bencher| {
        check(text);
        eprintln!("{engine} on {}: {} ({})", row.name, counter.count(text), counter.reports());
        bencher.iter(|| counter.count(black_box(text)));
    });
}

/// Every planted value found by its detector, and the pinned number where there is one.
fn check(row: &Row, corpus: &Corpus, findings: &[Finding]) {
    let planted = in_characters(corpus);
    let missed: Vec<&str> = planted
        .iter()
        .filter(|(detector, start, end)| {
            !findings.iter().any(|found| *found.detector == **detector && found.start < *end && *start < found.end)
        })
        .map(|(detector, ..)| *detector)
        .collect();
    assert!(missed.is_empty(), "{} ({}): missed {} of {}: {missed:?}", row.name, row.why, missed.len(), planted.len());
    match row.findings {
        Some(expected) => assert_eq!(findings.len(), expected, "{} ({}): number of findings", row.name, row.why),
        None => eprintln!("{}: {} findings, {} planted; not pinned yet", row.name, findings.len(), planted.len()),
    }
}

/// Planted values with their places in characters, as findings have them.
fn in_characters(corpus: &Corpus) -> Vec<(&'static str, u64, u64)> {
    let (mut byte, mut character) = (0, 0);
    let mut places = Vec::with_capacity(corpus.planted.len());
    for planted in &corpus.planted {
        character += corpus.text[byte..planted.start].chars().count() as u64;
        byte = planted.start;
        // Planted values are ASCII.
        let end = character + (planted.end - planted.start) as u64;
        places.push((planted.detector, character, end));
    }
    places
}
