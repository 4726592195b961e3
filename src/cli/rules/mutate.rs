//! `sluicebox rules mutate`: what each rule loses when its own examples are written in other ways.

use super::print;
use crate::cli::{Failed, RuleArgs, cells, stop};
use crate::clock::Clock;
use crate::content::Spool;
use crate::detect::Matcher;
use crate::extract::cell;
use crate::inspect::Surroundings;
use crate::lab::mutate::{self, Attack, Attacked, Toll};
use crate::report::units;
use serde_json::json;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::Arc;

/// Flags of `rules mutate`.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Exit code: 0; 1 a detector holds less than --min-recall; 2 the rules could not be attacked. A loss is no \
    error of itself: not every variant is a true value."
)]
pub(super) struct Args {
    #[command(flatten)]
    rules: RuleArgs,
    /// Chance of the attacks that use some; the same number attacks alike
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
    /// Each detector must hold so many percent of its variants at least
    #[arg(long, value_name = "PERCENT", value_parser = clap::value_parser!(u8).range(0..=100))]
    min_recall: Option<u8>,
    /// Output format: text, json
    #[arg(long, value_name = "FORMAT", default_value = "text", value_parser = ["text", "json"])]
    format: String,
}

pub(super) fn run(args: &Args) -> Result<u8, Failed> {
    let loaded = args.rules.load()?;
    let matcher = Matcher::new(Arc::new(loaded.rules));
    let surroundings = Surroundings {
        spool: Spool::default(),
        cells: cells::start(cell::Options::for_threads(1))?,
        clock: Clock::machine(),
        interrupt: stop::on_signals()?,
    };
    let attacked = mutate::mutate(&matcher, &surroundings, args.seed);
    let least = args.min_recall.map_or(0.0, |percent| f64::from(percent) / 100.0);
    let weak = |one: &Attacked| all(one).recall().is_some_and(|recall| recall < least);
    print(&if args.format == "json" { rows(&attacked) } else { text(&attacked) })?;
    let failed = attacked.iter().filter(|one| weak(one)).count();
    if failed > 0 {
        eprintln!("{} below {} %", units::of(failed as u64, "detector", "detectors"), args.min_recall.unwrap_or(0));
    }
    Ok(u8::from(failed > 0))
}

fn all(attacked: &Attacked) -> Toll {
    attacked.tolls.values().fold(Toll::default(), |all, toll| all.and(*toll))
}

/// A part of one in percent.
fn percent(toll: Toll) -> String {
    toll.recall().map_or_else(|| "-".to_owned(), |recall| format!("{:.0} %", recall * 100.0))
}

fn text(attacked: &[Attacked]) -> String {
    let width = attacked.iter().map(|one| one.detector.len()).max().unwrap_or(0).max("all detectors".len());
    let mut out = format!("{:width$}", "held of variants");
    for attack in Attack::ALL {
        let _ = write!(out, "  {:>9}", attack.name());
    }
    out.push_str("  weaker\n");
    let mut line = |name: &str, tolls: &BTreeMap<Attack, Toll>| {
        let _ = write!(out, "{name:width$}");
        for attack in Attack::ALL {
            let _ = write!(out, "  {:>9}", percent(tolls.get(&attack).copied().unwrap_or_default()));
        }
        let weaker: u64 = tolls.values().map(|toll| toll.weaker).sum();
        let _ = writeln!(out, "  {:>6}", units::count(weaker));
    };
    let mut sums: BTreeMap<Attack, Toll> = BTreeMap::new();
    for one in attacked {
        line(&one.detector, &one.tolls);
        for (attack, toll) in &one.tolls {
            let sum = sums.entry(*attack).or_default();
            *sum = sum.and(*toll);
        }
    }
    line("all detectors", &sums);
    let lost = attacked.iter().filter(|one| !one.lost.is_empty());
    for one in lost {
        let _ = writeln!(out, "\n{}", one.detector);
        for (attack, (at, what)) in &one.lost {
            let _ = writeln!(out, "  {}: lost first with {what} (example in line {at})", attack.name());
        }
    }
    out
}

fn rows(attacked: &[Attacked]) -> String {
    let mut out = String::new();
    for one in attacked {
        let tolls: serde_json::Map<String, serde_json::Value> = one
            .tolls
            .iter()
            .map(|(attack, toll)| {
                (attack.name().to_owned(), json!({"made": toll.made, "held": toll.held, "weaker": toll.weaker}))
            })
            .collect();
        let lost: serde_json::Map<String, serde_json::Value> = one
            .lost
            .iter()
            .map(|(attack, (line, what))| (attack.name().to_owned(), json!({"line": line, "what": what})))
            .collect();
        let row = json!({
            "schema": "sluicebox.rules-mutate/1", "detector": one.detector, "examples": one.examples,
            "recall": all(one).recall(), "attacks": tolls, "lost": lost,
        });
        let _ = writeln!(out, "{row}");
    }
    out
}
