//! `sluicebox rules apply`: the rules of the settings take effect, once their price was seen.
//!
//! What is stored is judged again from its records, which costs nothing; only what those leave undecided is read again. So the
//! price is told first, from the store alone, and nothing is read before somebody agreed. Applied again it finds nothing to do.

use super::print;
use crate::cli::config::Config;
use crate::cli::connect::Ask;
use crate::cli::service;
use crate::cli::{Failed, key, refused};
use crate::engine::control::{Answer, Command, RuleKept};
use crate::engine::following::APPROVED;
use crate::engine::rejudge::{Plan, Planned};
use crate::engine::rules_change::{Price, kept, preview, price};
use crate::report::units::{bytes, count};
use crate::rule::profile::Change;
use crate::store::{DetectorKept, RulesNumber, Store};
use serde_json::json;
use std::fmt::Write as _;
use std::path::PathBuf;

/// Changed detectors that are listed by name.
const LISTED_MAX: usize = 50;

/// Flags of `rules apply`.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "The rules are those of the table [rules] in the settings. Exit code: 0 applied, or nothing to apply; \
    2 not applied."
)]
pub(in crate::cli) struct Args {
    /// The settings file; default $SLUICEBOX_SETTINGS, else sluicebox/sluicebox.toml in the configuration folder
    #[arg(long, value_name = "FILE")]
    settings: Option<PathBuf>,
    /// Tell what changes and its price; apply nothing
    #[arg(long, conflicts_with = "yes")]
    price: bool,
    /// Do not ask
    #[arg(long)]
    yes: bool,
    /// Output format of the price: text, json
    #[arg(long, value_name = "FORMAT", default_value = "text", value_parser = ["text", "json"])]
    format: String,
}

/// What applying would mean.
struct Due {
    plan: Plan,
    price: Price,
    /// True when these rules are in force already and only reading again waits for somebody.
    in_force: bool,
}

pub(in crate::cli) fn run(args: &Args) -> Result<u8, Failed> {
    let config = Config::load(args.settings.as_deref(), false)?;
    let loaded = crate::rule::load(config.rules()).map_err(|errors| refused(&errors))?;
    let keys = key::load_existing(config.service().token_key_file.as_deref())?;
    let rules = kept(&loaded.rules, &keys.token);
    let due = due(&*service::open_to_read(&config)?, &rules)?;
    print(&if args.format == "json" { line(&due) } else { text(&due) })?;
    let is_nothing = due.plan.changes.is_empty() && due.price.contents == 0;
    if args.price || is_nothing {
        return Ok(0);
    }
    if due.price.contents > 0 && !args.yes && !agreed(&due.price)? {
        return Err(Failed::new("nothing was applied; answer `yes`, or give --yes"));
    }
    apply(&config, &rules, &due.price)?;
    print("Applied. The service lets stored verdicts follow; `sluicebox queue status` tells what is read again.\n")?;
    Ok(0)
}

fn due(store: &dyn Store, rules: &[DetectorKept]) -> Result<Due, Failed> {
    let in_force = store.rules_in_force().map_err(Failed::new)?;
    let Some((from, _)) = in_force else {
        return Err(Failed::new("no rules are in force yet\n  `sluicebox run` puts those of the settings in force"));
    };
    let preview = preview(store, from, rules).map_err(Failed::new)?;
    if !preview.plan.changes.is_empty() {
        return Ok(Due { plan: preview.plan, price: preview.price, in_force: false });
    }
    let price = match approved(store)? == Some(from) {
        true => Price::default(),
        false => price(store, from).map_err(Failed::new)?,
    };
    Ok(Due { plan: preview.plan, price, in_force: true })
}

/// The rules for which reading again was approved already.
fn approved(store: &dyn Store) -> Result<Option<RulesNumber>, Failed> {
    let number = store.fact(None, APPROVED).map_err(Failed::new)?;
    Ok(number.and_then(|number| number.parse().ok()).map(RulesNumber))
}

fn agreed(price: &Price) -> Result<bool, Failed> {
    let what = format!("Read {} contents ({}) again? Type yes", count(price.contents), bytes(price.bytes));
    Ok(Ask::new().read(&what)?.is_some_and(|answer| answer.eq_ignore_ascii_case("yes")))
}

fn apply(config: &Config, rules: &[DetectorKept], price: &Price) -> Result<(), Failed> {
    let detectors = rules.iter().map(|rule| RuleKept {
        id: rule.id.to_string(),
        hash: rule.hash.iter().map(|byte| format!("{byte:02x}")).collect(),
        profile: rule.profile.to_string(),
    });
    let command = Command::RulesNumber { detectors: detectors.collect() };
    let Answer::Numbered { rules } = service::reach(config, "rules apply")?.perform(&command)? else {
        return Err(Failed::new("the service answered something else than was asked"));
    };
    let Price { contents, bytes, calls } = *price;
    let command = Command::RulesApply { rules, contents, bytes, calls };
    service::reach(config, "rules apply")?.perform(&command).map(drop)
}

fn words(planned: &Planned) -> &'static str {
    match planned.change {
        Change::Same => "as before",
        Change::Removed => "removed: its findings end",
        Change::Tightened => "tightened: judged again from what is stored",
        Change::Candidates => "changed: contents with candidates are read again",
        Change::Shape => "another shape: everything is read again",
        Change::Added => "new: everything is read again",
    }
}

fn text(due: &Due) -> String {
    let mut out = String::new();
    for planned in due.plan.changes.iter().take(LISTED_MAX) {
        let _ = writeln!(out, "{:<40} {}", planned.detector, words(planned));
    }
    let more = due.plan.changes.len().saturating_sub(LISTED_MAX);
    if more > 0 {
        let _ = writeln!(out, "and {} more", count(more as u64));
    }
    let price = &due.price;
    let reads = format!("{} contents, {}, {} calls", count(price.contents), bytes(price.bytes), count(price.calls));
    let _ = match (due.in_force, due.plan.changes.is_empty(), price.contents) {
        (true, _, 0) => writeln!(out, "Nothing changes: these rules are in force."),
        (true, ..) => writeln!(out, "These rules are in force; to be read again for them: {reads}."),
        (false, _, 0) => {
            writeln!(out, "Nothing is read again, but for what a tightened rule's records leave undecided.")
        }
        (false, ..) => writeln!(out, "To be read again at the most: {reads}."),
    };
    out
}

fn line(due: &Due) -> String {
    let changes: Vec<_> = due
        .plan
        .changes
        .iter()
        .map(|planned| json!({"detector": planned.detector, "change": format!("{:?}", planned.change).to_lowercase()}))
        .collect();
    let price = &due.price;
    let row = json!({
        "schema": "sluicebox.rules-price/1", "in_force": due.in_force, "changes": changes,
        "contents": price.contents, "bytes": price.bytes, "calls": price.calls,
    });
    format!("{row}\n")
}
