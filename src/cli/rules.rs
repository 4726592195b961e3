//! `sluicebox rules`: check, list, explain and test rules, and tell what they cost.

mod apply;
mod corpus;
mod diff;
pub(super) mod documents;
mod export;
mod import;
mod mutate;
mod purview;
mod test;
mod try_out;

use super::{EXIT_FAILED, Failed, RuleArgs, cost, explain, refused};
use crate::detect::Matcher;
use crate::lab;
use crate::report::units;
use crate::rule;
use crate::rule::check::Scope;
use serde_json::json;
use std::fmt::Write as _;
use std::sync::Arc;

/// Flags of `rules`.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// Look for errors, and for what will not work as meant
    Check(CheckArgs),
    /// List the detectors
    List(ListArgs),
    /// Tell what a detector makes of a text, and why
    Explain(explain::Args),
    /// Run the examples that stand in the rules, or hold what is found in a corpus against its labels
    Test(test::Args),
    /// Tell what new rules find in a corpus that old ones did not, and the other way round
    Diff(diff::Args),
    /// Run rules over documents again each time their file is saved
    Try(try_out::Args),
    /// Attack each rule with variants of its own examples, and tell what it loses
    Mutate(mutate::Args),
    /// Tell what each rule costs a scan, dearest first
    Cost(cost::Args),
    /// Write detectors as rules of another product
    Export(export::Args),
    /// Tell what becomes of another tool's rules, and write them as ours
    Import(import::Args),
    /// Let the rules of the settings take effect in the service, once their price was seen
    Apply(apply::Args),
}

#[derive(Debug, clap::Args)]
struct CheckArgs {
    #[command(flatten)]
    rules: RuleArgs,
    /// Count warnings as errors
    #[arg(long)]
    strict: bool,
    /// Output format: text, json
    #[arg(long, value_name = "FORMAT", default_value = "text", value_parser = ["text", "json"])]
    format: String,
}

#[derive(Debug, clap::Args)]
struct ListArgs {
    #[command(flatten)]
    rules: RuleArgs,
    /// List another product's types instead, and the detectors that cover each: purview
    #[arg(long, value_name = "PRODUCT", value_parser = ["purview"])]
    coverage: Option<String>,
    /// Output format: text, json
    #[arg(long, value_name = "FORMAT", default_value = "text", value_parser = ["text", "json"])]
    format: String,
}

pub(super) fn run(args: &Args) -> Result<u8, Failed> {
    match &args.command {
        Command::Check(args) => check(args),
        Command::List(args) => list(args),
        Command::Explain(args) => explain::run(args),
        Command::Test(args) => test::run(args),
        Command::Diff(args) => diff::run(args),
        Command::Try(args) => try_out::run(args),
        Command::Mutate(args) => mutate::run(args),
        Command::Cost(args) => cost::run(args),
        Command::Export(args) => export::run(args),
        Command::Import(args) => import::run(args),
        Command::Apply(args) => apply::run(args),
    }
}

/// Says which files are for other tools, and how much of each is run.
pub(super) fn tell_imports(loaded: &rule::Loaded) {
    for import in &loaded.imports {
        eprintln!("note: {}", super::shown(import.summary()));
    }
}

/// Prints text; a reader that has gone is no fault.
pub(super) fn print(text: &str) -> Result<(), Failed> {
    use std::io::Write;
    match std::io::stdout().lock().write_all(text.as_bytes()) {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => Err(Failed::new(error)),
        _ => Ok(()),
    }
}

fn check(args: &CheckArgs) -> Result<u8, Failed> {
    let json = args.format == "json";
    // What is off is written to be run some day.
    let everything = args.rules.only.is_empty() && args.rules.tag.is_empty();
    let options = rule::Options {
        builtin: !args.rules.no_builtin,
        paths: args.rules.rule_paths.clone(),
        select: rule::Select {
            only: if everything { vec!["*".to_owned()] } else { args.rules.only.clone() },
            tags: args.rules.tag.clone(),
        },
    };
    let loaded = match rule::load(&options) {
        Ok(loaded) => loaded,
        Err(errors) if json => {
            print(&errors.iter().map(check_row).collect::<String>())?;
            return Ok(EXIT_FAILED);
        }
        Err(errors) => return Err(refused(&errors)),
    };
    if !json {
        loaded.notes.iter().for_each(|note| eprintln!("note: {note}"));
    }
    let scope = if args.rules.rule_paths.is_empty() { Scope::All } else { Scope::User };
    let checked = lab::check(loaded, scope);
    let mut out = String::new();
    for warning in &checked.warnings {
        let _ = if json { write!(out, "{}", check_row(warning)) } else { writeln!(out, "{warning}\n") };
    }
    if !json {
        let detectors = of(checked.detectors, "detector", "detectors");
        let _ = writeln!(out, "{detectors}, 0 errors, {}", of(checked.warnings.len(), "warning", "warnings"));
    }
    print(&out)?;
    Ok(u8::from(args.strict && !checked.warnings.is_empty()))
}

/// An error or warning as a line of JSON.
fn check_row(problem: &impl serde::Serialize) -> String {
    let mut row = json!({"schema": "sluicebox.rules-check/1"});
    if let (Some(row), Ok(serde_json::Value::Object(problem))) = (row.as_object_mut(), serde_json::to_value(problem)) {
        row.extend(problem);
    }
    format!("{row}\n")
}

/// A count with its noun.
fn of(count: usize, one: &str, many: &str) -> String {
    units::of(count as u64, one, many)
}

fn list(args: &ListArgs) -> Result<u8, Failed> {
    if args.coverage.is_some() {
        return purview::list(args.format == "json");
    }
    let loaded = args.rules.load()?;
    let matcher = Matcher::new(Arc::new(loaded.rules));
    let rules = matcher.rules();
    let mut out = String::new();
    if args.format == "json" {
        for detector in &rules.detectors {
            let lanes: Vec<&str> = detector.primaries.iter().map(|&id| matcher.cost(id).lane.name()).collect();
            let row = json!({
                "schema": "sluicebox.detector/1",
                "id": &*detector.id,
                "name": detector.name,
                "why": detector.why,
                "regions": detector.regions,
                "tags": detector.tags,
                "tiers": detector.tiers.iter().map(|tier| json!({"name": &*tier.name, "confidence": tier.confidence.percent()})).collect::<Vec<_>>(),
                "lanes": lanes,
                "file": &*detector.origin.0,
                "line": detector.origin.1,
                "hash": detector.hash.iter().map(|byte| format!("{byte:02x}")).collect::<String>(),
            });
            let _ = writeln!(out, "{row}");
        }
        print(&out)?;
        return Ok(0);
    }
    let width = rules.detectors.iter().map(|detector| detector.id.len()).max().unwrap_or(0);
    for detector in &rules.detectors {
        let tiers: Vec<String> = detector.tiers.iter().map(|tier| tier.confidence.to_string()).collect();
        let _ = writeln!(
            out,
            "{:width$}  {:12}  {}  [{}]",
            detector.id,
            tiers.join(" "),
            detector.name,
            detector.tags.join(", ")
        );
    }
    let _ = writeln!(out, "{}: {}", of(rules.detectors.len(), "detector", "detectors"), matcher.describe());
    print(&out)?;
    Ok(0)
}
