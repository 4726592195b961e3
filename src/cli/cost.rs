//! `sluicebox rules cost`: what each rule costs, by estimate and on a text.

use super::rules::print;
use super::{Failed, RuleArgs, shown};
use crate::detect::Matcher;
use crate::lab::cost::{self, Measured, RuleCost};
use crate::report::units;
use serde_json::json;
use std::fmt::Write as _;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Flags of `rules cost`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Prices are estimates from counts over ordinary text; they rank rules, and promise no time.")]
pub(super) struct Args {
    #[command(flatten)]
    rules: RuleArgs,
    /// Also count the candidates in this file, or all files of this folder, read as plain text
    #[arg(long, value_name = "PATH")]
    on: Option<PathBuf>,
    /// Output format: text, jsonl
    #[arg(long, value_name = "FORMAT", default_value = "text", value_parser = ["text", "jsonl"])]
    format: String,
}

/// Files are read in pieces of this many bytes.
const PIECE_BYTES: u64 = 8 << 20;
/// Widest line of text.
const LINE_MAX: usize = 120;

pub(super) fn run(args: &Args) -> Result<u8, Failed> {
    let loaded = args.rules.load()?;
    let matcher = Matcher::new(Arc::new(loaded.rules));
    let measured = args.on.as_deref().map(|path| measure(&matcher, path)).transpose()?;
    let costs = cost::costs(&matcher, measured.as_ref());
    let sum = Sum::new(&costs, measured.as_ref());
    print(&if args.format == "jsonl" { rows(&costs, &sum, &matcher) } else { table(&costs, &sum, &matcher) })?;
    Ok(0)
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
    }
    let on = sum.measured.map(|(_, bytes)| format!(", measured on {}", units::bytes(bytes))).unwrap_or_default();
    let all = format!("{} by estimate{on}", units::of(costs.len() as u64, "rule", "rules"));
    let candidates = sum.measured.map(|(candidates, _)| rate(candidates));
    lines.push(line("", &price(sum.nanoseconds), &rate(sum.places), candidates, &all));
    lines.push(format!("  {}", matcher.describe()));
    lines.iter().map(|line| format!("{}\n", cut(line))).collect()
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
