//! `sluicebox rules cost`: what each rule costs, by estimate and on a text.

use super::rules::{documents, print};
use super::{Failed, RuleArgs, refused, shown};
use crate::clock::Clock;
use crate::detect::{Matcher, ScanOptions, Scanner, TokenKey};
use crate::lab::cost::{self, Measured, RuleCost, Seen};
use crate::lab::texts::Document;
use crate::report::units;
use crate::rule::RuleSet;
use serde_json::json;
use std::fmt::Write as _;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

/// Flags of `rules cost`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Prices are estimates from counts over ordinary text; they rank rules, and promise no time.")]
pub(super) struct Args {
    #[command(flatten)]
    rules: RuleArgs,
    /// Also count the candidates in this file, or all files of this folder, read as plain text
    #[arg(long, value_name = "PATH")]
    on: Option<PathBuf>,
    /// Also tell what the documents of this folder, read as `scan` reads them, cost each rule: candidates, how many of
    /// them match, the worst document
    #[arg(long, value_name = "DIR", conflicts_with = "on")]
    corpus: Option<PathBuf>,
    /// Time each detector alone on the corpus
    #[arg(long, requires = "corpus")]
    time: bool,
    /// Warn of rules that cost more than so many microseconds a mebibyte
    #[arg(long, value_name = "MICROSECONDS")]
    budget: Option<f64>,
    /// Exit with 1 when a rule is over the budget
    #[arg(long, requires = "budget")]
    strict: bool,
    /// Output format: text, jsonl
    #[arg(long, value_name = "FORMAT", default_value = "text", value_parser = ["text", "jsonl"])]
    format: String,
}

/// Files are read in pieces of this many bytes.
const PIECE_BYTES: u64 = 8 << 20;
/// Widest line of text.
const LINE_MAX: usize = 120;

/// Bytes of text of a corpus that are held at most.
const ROOM_BYTES: usize = 512 << 20;
/// How often a detector alone is timed; the least counts.
const ROUNDS: u32 = 3;
/// Bytes in a mebibyte.
const MEBIBYTE: f64 = 1_048_576.0;

pub(super) fn run(args: &Args) -> Result<u8, Failed> {
    let loaded = args.rules.load()?;
    let matcher = Matcher::new(Arc::new(loaded.rules));
    let measured = match (&args.on, &args.corpus) {
        (_, Some(corpus)) => Some(on_corpus(args, &matcher, corpus)?),
        (Some(path), None) => Some(measure(&matcher, path)?),
        (None, None) => None,
    };
    let costs = cost::costs(&matcher, measured.as_ref());
    let sum = Sum::new(&costs, measured.as_ref());
    print(&if args.format == "jsonl" { rows(&costs, &sum, &matcher) } else { table(&costs, &sum, &matcher) })?;
    let dear: Vec<&RuleCost> =
        costs.iter().filter(|cost| args.budget.is_some_and(|most| cost.micros_per_mib() > most)).collect();
    for cost in &dear {
        let budget = args.budget.unwrap_or_default();
        let (id, price) = (&cost.detector, cost.micros_per_mib());
        eprintln!(
            "warning: {id}: {price:.0} microseconds a mebibyte, over the budget of {budget:.0} (shape {})",
            cost.primary
        );
    }
    Ok(u8::from(args.strict && !dear.is_empty()))
}

/// What the documents of a corpus cost each rule.
fn on_corpus(args: &Args, matcher: &Matcher, corpus: &Path) -> Result<Measured, Failed> {
    let surroundings = documents::surroundings()?;
    let documents = documents::read(&[corpus.to_owned()], &surroundings, ROOM_BYTES)?;
    let key = TokenKey::new([0; 32], 0);
    let mut scanner = Scanner::new(matcher, &key, ScanOptions::default());
    let mut measured = Measured::new(matcher);
    documents.iter().for_each(|document| measured.add_document(matcher, &mut scanner, document));
    if measured.bytes() == 0 {
        return Err(Failed::new(format!("nothing to measure: {} holds no text", shown(corpus))));
    }
    if args.time {
        time(args, matcher, &documents, &mut measured)?;
    }
    Ok(measured)
}

/// Times each detector alone, less what a scan without detectors takes.
fn time(args: &Args, matcher: &Matcher, documents: &[Document], measured: &mut Measured) -> Result<(), Failed> {
    // Bytes of text, as a float: rates need no more than its 53 bits.
    let mebibytes = measured.bytes() as f64 / MEBIBYTE;
    let empty = least(&Matcher::new(Arc::new(RuleSet::default())), documents);
    let ids: Vec<String> =
        matcher.rules().detectors.iter().filter(|one| !one.silent).map(|one| one.id.to_string()).collect();
    for id in ids {
        let options = crate::rule::Options {
            builtin: !args.rules.no_builtin,
            paths: args.rules.rule_paths.clone(),
            select: crate::rule::Select { only: vec![id.clone()], tags: Vec::new() },
        };
        let loaded = crate::rule::load(&options).map_err(|errors| refused(&errors))?;
        let took = least(&Matcher::new(Arc::new(loaded.rules)), documents).saturating_sub(empty);
        measured.timed(matcher, &id, took.as_secs_f64() * 1e6 / mebibytes);
    }
    Ok(())
}

/// The shortest of some scans of the documents.
fn least(matcher: &Matcher, documents: &[Document]) -> Duration {
    let (clock, key) = (Clock::machine(), TokenKey::new([0; 32], 0));
    let mut scanner = Scanner::new(matcher, &key, ScanOptions::default());
    let mut once = |_| {
        let began = clock.elapsed();
        for document in documents {
            document.scan(&mut scanner);
        }
        clock.elapsed().saturating_sub(began)
    };
    (0..ROUNDS).map(&mut once).min().unwrap_or_default()
}

/// Counts candidates in a file, or in all files below a folder; links below it are not followed.
fn measure(matcher: &Matcher, path: &Path) -> Result<Measured, Failed> {
    let failed = |path: &Path, error: std::io::Error| Failed::new(format!("cannot read {}: {error}", shown(path)));
    let mut measured = Measured::new(matcher);
    let mut left = vec![path.to_owned()];
    while let Some(next) = left.pop() {
        if std::fs::metadata(&next).map_err(|error| failed(&next, error))?.is_dir() {
            for entry in std::fs::read_dir(&next).map_err(|error| failed(&next, error))? {
                let entry = entry.map_err(|error| failed(&next, error))?;
                let kind = entry.file_type().map_err(|error| failed(&entry.path(), error))?;
                if kind.is_dir() || kind.is_file() {
                    left.push(entry.path());
                }
            }
        } else {
            measure_file(matcher, &next, &mut measured).map_err(|error| failed(&next, error))?;
        }
    }
    if measured.bytes() == 0 {
        return Err(Failed::new(format!("nothing to measure: {} holds no text", shown(path))));
    }
    Ok(measured)
}

fn measure_file(matcher: &Matcher, path: &Path, measured: &mut Measured) -> std::io::Result<()> {
    let mut file = std::fs::File::open(path)?;
    let mut piece = Vec::new();
    while (&mut file).take(PIECE_BYTES).read_to_end(&mut piece)? > 0 {
        measured.add(matcher, &piece);
        piece.clear();
    }
    Ok(())
}

/// All rules together.
struct Sum {
    places: f64,
    nanoseconds: f64,
    /// Candidates in a megabyte, and the bytes that were measured.
    measured: Option<(f64, u64)>,
}

impl Sum {
    fn new(costs: &[RuleCost], measured: Option<&Measured>) -> Self {
        Self {
            places: costs.iter().map(|cost| cost.places).sum(),
            nanoseconds: costs.iter().map(|cost| cost.nanoseconds).sum(),
            measured: measured
                .map(|measured| (costs.iter().filter_map(|cost| cost.candidates).sum(), measured.bytes())),
        }
    }
}

/// A rate: whole from ten up, else with a decimal.
fn rate(rate: f64) -> String {
    if rate > 0.0 && rate < 0.05 {
        return "<0.1".to_owned();
    }
    let whole = format!("{rate:.0}");
    match whole.parse() {
        Ok(whole) if rate >= 10.0 => units::count(whole),
        _ => format!("{rate:.1}"),
    }
}

fn price(nanoseconds: f64) -> String {
    if nanoseconds > 0.0 && nanoseconds < 0.000_05 { "<0.0001".to_owned() } else { format!("{nanoseconds:.4}") }
}

/// Lines for people, at most [`LINE_MAX`] wide.
fn table(costs: &[RuleCost], sum: &Sum, matcher: &Matcher) -> String {
    let title = sum.measured.map(|_| "found per MB".to_owned());
    let mut lines =
        vec![line("", "ns a byte", "asked per MB", title, &format!("{:8}  {:>7}  rule", "lane", "anchors"))];
    for cost in costs {
        let several = costs.iter().filter(|other| other.detector == cost.detector).count() > 1;
        let shape = if several { format!(": {}", cost.primary) } else { String::new() };
        let anchors = units::count(cost.anchors as u64);
        let rest = format!("{:8}  {anchors:>7}  {}{shape}", cost.lane.name(), cost.detector);
        let hint = cost::hint(cost.lane);
        let mark = if hint.is_some() { "!" } else { "" };
        lines.push(line(mark, &price(cost.nanoseconds), &rate(cost.places), cost.candidates.map(rate), &rest));
        lines.extend(hint.map(|hint| format!("  {hint}")));
        lines.extend(cost.seen.as_ref().and_then(seen_words).map(|words| format!("  {words}")));
    }
    let on = sum.measured.map(|(_, bytes)| format!(", measured on {}", units::bytes(bytes))).unwrap_or_default();
    let all = format!("{} by estimate{on}", units::of(costs.len() as u64, "rule", "rules"));
    let candidates = sum.measured.map(|(candidates, _)| rate(candidates));
    lines.push(line("", &price(sum.nanoseconds), &rate(sum.places), candidates, &all));
    lines.push(format!("  {}", matcher.describe()));
    lines.iter().map(|line| format!("{}\n", cut(line))).collect()
}

/// What documents told of a rule, in a line; `None` when the search never named it and nobody timed it.
fn seen_words(seen: &Seen) -> Option<String> {
    let mut parts = Vec::new();
    parts.extend(seen.hit_rate.map(|rate| format!("{:.1} % of candidates match", rate * 100.0)));
    parts.extend(seen.worst.as_ref().map(|(path, most)| format!("worst {}: {} per MB", shown(path), rate(*most))));
    parts.extend(seen.micros_per_mib.map(|micros| format!("alone {micros:.0} us/MiB")));
    (!parts.is_empty()).then(|| parts.join("; "))
}

fn line(mark: &str, price: &str, places: &str, candidates: Option<String>, rest: &str) -> String {
    let candidates = candidates.map(|candidates| format!("  {candidates:>12}")).unwrap_or_default();
    format!("{mark:1} {price:>9}  {places:>12}{candidates}  {rest}")
}

/// At most [`LINE_MAX`] characters of a line.
fn cut(line: &str) -> String {
    match line.char_indices().nth(LINE_MAX) {
        None => line.to_owned(),
        Some(_) => line.chars().take(LINE_MAX - 1).chain(['…']).collect(),
    }
}

/// As exact as a rate deserves: its first four digits.
fn four_digits(rate: f64) -> f64 {
    format!("{rate:.3e}").parse().unwrap_or(rate)
}

/// A line of JSON for each rule, and one for all.
fn rows(costs: &[RuleCost], sum: &Sum, matcher: &Matcher) -> String {
    let mut out = String::new();
    for cost in costs {
        let mut row = json!({
            "schema": "sluicebox.rule-cost/1",
            "detector": cost.detector,
            "primary": cost.primary,
            "lane": cost.lane.name(),
            "anchors": cost.anchors,
            "places_per_megabyte": four_digits(cost.places),
            "estimated_ns_per_byte": four_digits(cost.nanoseconds),
        });
        if let Some(candidates) = cost.candidates {
            row["candidates_per_megabyte"] = json!(four_digits(candidates));
        }
        if let Some(Seen { hit_rate, worst, micros_per_mib }) = &cost.seen {
            row["hit_rate"] = json!(hit_rate.map(four_digits));
            row["worst"] = json!(worst.as_ref().map(|(path, most)| {
                json!({"path": path.to_string_lossy(), "candidates_per_megabyte": four_digits(*most)})
            }));
            row["micros_per_mebibyte"] = json!(four_digits(cost.micros_per_mib()));
            row["timed"] = json!(micros_per_mib.is_some());
        }
        if let Some(hint) = cost::hint(cost.lane) {
            row["hint"] = json!(hint);
        }
        let _ = writeln!(out, "{row}");
    }
    let mut row = json!({
        "schema": "sluicebox.rules-cost/1",
        "rules": costs.len(),
        "places_per_megabyte": four_digits(sum.places),
        "estimated_ns_per_byte": four_digits(sum.nanoseconds),
    });
    if let Some((candidates, bytes)) = sum.measured {
        row["candidates_per_megabyte"] = json!(four_digits(candidates));
        row["bytes"] = json!(bytes);
    }
    row["matcher"] = json!(matcher.describe());
    let _ = writeln!(out, "{row}");
    out
}
