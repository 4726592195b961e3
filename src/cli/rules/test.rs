//! `sluicebox rules test`: the examples that stand in rules, or a corpus held against its labels.

mod labelled;

use super::corpus::CorpusArgs;
use super::{of, print};
use crate::cli::{Failed, RuleArgs};
use crate::detect::Matcher;
use crate::lab::examples::{self, Tested};
use crate::lab::junit::{self, Case, Suite};
use crate::lab::score::Policy;
use crate::report::units;
use serde_json::json;
use std::fmt::Write as _;
use std::path::PathBuf;
use std::sync::Arc;

/// Flags of `rules test`.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Exit code: 0 all holds; 1 an example does not hold, or a figure is below what was asked; 3 something of \
    the corpus was not wholly read (--allow-partial accepts it); 2 the test could not be done, or labels are wrong."
)]
pub(super) struct Args {
    #[command(flatten)]
    rules: RuleArgs,
    /// Hold what is found in the files of this folder against its labels, instead of running examples
    #[arg(long, value_name = "DIR")]
    corpus: Option<PathBuf>,
    /// When a finding stands where a label says: exact, overlap, or iou=R
    #[arg(long, value_name = "POLICY", default_value = "overlap", value_parser = str::parse::<Policy>, requires = "corpus")]
    span: Policy,
    /// Of what all detectors find together, so many percent at least must be true
    #[arg(long, value_name = "PERCENT", value_parser = clap::value_parser!(u8).range(0..=100), requires = "corpus")]
    min_precision: Option<u8>,
    /// Of what is true, all detectors together must find so many percent at least
    #[arg(long, value_name = "PERCENT", value_parser = clap::value_parser!(u8).range(0..=100), requires = "corpus")]
    min_recall: Option<u8>,
    /// The F1 of all detectors together must be so many percent at least
    #[arg(long, value_name = "PERCENT", value_parser = clap::value_parser!(u8).range(0..=100), requires = "corpus")]
    min_f1: Option<u8>,
    /// The confidence from which on these flags count findings
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u8).range(1..=100), requires = "corpus")]
    at: Option<u8>,
    /// Tell this many of the worst files
    #[arg(long, value_name = "N", default_value_t = 10, requires = "corpus")]
    worst: usize,
    /// Leave out labels of detectors that are not loaded, and count them
    #[arg(long, requires = "corpus")]
    skip_unknown: bool,
    #[command(flatten)]
    reading: CorpusArgs,
    /// Output format: text, json, junit
    #[arg(long, value_name = "FORMAT", default_value = "text", value_parser = ["text", "json", "junit"])]
    format: String,
}

pub(super) fn run(args: &Args) -> Result<u8, Failed> {
    let loaded = args.rules.load()?;
    let matcher = Matcher::new(Arc::new(loaded.rules));
    match &args.corpus {
        Some(corpus) => labelled::run(args, corpus, &matcher),
        None => run_examples(args, &matcher),
    }
}

fn run_examples(args: &Args, matcher: &Matcher) -> Result<u8, Failed> {
    let tested = examples::test(matcher);
    let failures: usize = tested.iter().map(|tested| tested.failures.len()).sum();
    match &*args.format {
        "json" => print(&tested.iter().map(|one| format!("{}\n", row(one))).collect::<String>())?,
        "junit" => print(&junit::xml(&[suite(&tested)]))?,
        _ => print(&text(&tested, failures))?,
    }
    Ok(u8::from(failures > 0))
}

fn text(tested: &[Tested], failures: usize) -> String {
    let run: usize = tested.iter().map(|tested| tested.run).sum();
    let mut out = String::new();
    for failure in tested.iter().flat_map(|tested| &tested.failures) {
        let _ = writeln!(
            out,
            "{}:{}: {}: expected {}, got {}",
            failure.file, failure.line, failure.detector, failure.expected, failure.got
        );
    }
    let examples = of(run, "example", "examples");
    let detectors = of(tested.len(), "detector", "detectors");
    let (held, hold) = (run - failures, if run - failures == 1 { "holds" } else { "hold" });
    let not = if failures == 1 { "does not" } else { "do not" };
    let (held, failures) = (units::count(held as u64), units::count(failures as u64));
    let _ = writeln!(out, "{examples} of {detectors}: {held} {hold}, {failures} {not}");
    out
}

fn row(tested: &Tested) -> serde_json::Value {
    json!({
        "schema": "sluicebox.rules-test/1",
        "detector": tested.detector,
        "run": tested.run,
        "failures": tested.failures.iter().map(|failure| json!({
            "file": failure.file,
            "line": failure.line,
            "expected": failure.expected,
            "got": failure.got,
        })).collect::<Vec<_>>(),
    })
}

/// A case for each detector.
fn suite(tested: &[Tested]) -> Suite {
    let case = |tested: &Tested| {
        let lines = tested.failures.iter().map(|failure| {
            format!("{}:{}: expected {}, got {}", failure.file, failure.line, failure.expected, failure.got)
        });
        let body: Vec<String> = lines.collect();
        let failure = (!body.is_empty())
            .then(|| (format!("{} do not hold", of(body.len(), "example", "examples")), body.join("\n")));
        Case { name: of(tested.run, "example", "examples"), class: tested.detector.clone(), failure }
    };
    Suite { name: "examples".to_owned(), cases: tested.iter().map(case).collect() }
}
