//! `sluicebox undo`: takes back what was done, from the states that were recorded before it.
//!
//! Without `--apply` it only makes the plan and says what cannot be brought back; with it the plan is applied like any other.

use super::Failed;
use super::ask::{date, past};
use super::config::Config;
use super::plan::{AsOperator, apply, grounds, keep, told};
use super::rules::print;
use super::{service, stop};
use crate::clock::{Clock, Moment};
use crate::engine::plan::Means;
use crate::engine::undo::{Range, make};
use crate::model::{IntentNumber, PlanNumber};
use crate::store::{IntentQuery, RulesNumber};
use std::path::PathBuf;

/// Flags of `undo`.
#[derive(Debug, clap::Args)]
#[command(
    group(clap::ArgGroup::new("which").required(true).multiple(true).args(["action", "plan", "policy", "rules", "since", "until"])),
    after_help = "What was undone once, or is about to be, is left out; the newest action of an item is undone first. What a policy in force had \
    done by itself is excused from it for seven days. Exit code: 0 a plan was made (with --apply: and all went as planned); with --apply \
    the codes of `plan apply`; 2 there is nothing to undo, or the command failed."
)]
pub(super) struct Args {
    /// This action, by its number in `actions list`
    #[arg(long, value_name = "NUMBER", conflicts_with_all = ["plan", "policy", "rules", "since", "until"])]
    action: Option<i64>,
    /// What this plan did
    #[arg(long, value_name = "NUMBER")]
    plan: Option<i64>,
    /// What this policy voted for
    #[arg(long, value_name = "NAME")]
    policy: Option<String>,
    /// What rests on findings of this version of the rules
    #[arg(long, value_name = "NUMBER")]
    rules: Option<i64>,
    /// What was begun at or after this time: 2026-01-31, 2026-01-31T10:00:00Z, or '2 hours'
    #[arg(long, value_name = "TIME")]
    since: Option<String>,
    /// What was begun before this time
    #[arg(long, value_name = "TIME")]
    until: Option<String>,
    /// Apply the plan at once
    #[arg(long)]
    apply: bool,
    /// Do not ask before applying
    #[arg(long, requires = "apply")]
    yes: bool,
    /// Tell every item, not the first of each group
    #[arg(long)]
    all: bool,
    /// Output format: text, json (the very bytes that are hashed), html (one offline page)
    #[arg(long, value_name = "FORMAT", default_value = "text", value_parser = ["text", "json", "html"])]
    format: String,
    #[command(flatten)]
    who: AsOperator,
    /// The settings file; default $SLUICEBOX_SETTINGS, else sluicebox/sluicebox.toml in the configuration folder
    #[arg(long, value_name = "FILE")]
    settings: Option<PathBuf>,
}

pub(super) fn run(args: &Args) -> Result<u8, Failed> {
    let (clock, stop) = (Clock::machine(), stop::on_signals()?);
    let range = range(args, clock.now())?;
    let config = Config::load(args.settings.as_deref(), false)?;
    let numbers = {
        let store = service::open_to_read(&config)?;
        let grounds = grounds::grounds(&config, &*store, &clock, &stop)?;
        let policies = super::policy::policies(&config, &*store)?;
        let now = Moment::from_millis(clock.now().as_secs().saturating_mul(1_000));
        let means = Means { store: &*store, grounds: &grounds, policies: &policies, now, stop: &stop };
        let plans = make(&means, &args.who.by(), &words(args), &range).map_err(Failed::new)?;
        let mut numbers = Vec::new();
        for plan in &plans {
            let number = keep(&config, "undo", plan, &args.who)?;
            print(&told(plan, number, &args.format, args.all))?;
            numbers.push(number);
        }
        numbers
    };
    let mut code = 0;
    for number in numbers {
        if args.apply {
            code = code.max(apply::carry_out(&config, number, &args.who, args.yes, args.all)?);
        } else if args.format == "text" {
            print(&format!("\n`sluicebox plan apply {number}` does it.\n"))?;
        }
    }
    Ok(code)
}

fn range(args: &Args, now: Moment) -> Result<Range, Failed> {
    if let Some(number) = args.action {
        return Ok(Range::Action(IntentNumber(number)));
    }
    if args.since.is_some() {
        past("--since", args.since.as_deref(), now)?;
    }
    Ok(Range::All(IntentQuery {
        plan: args.plan.map(PlanNumber),
        policy: args.policy.as_deref().map(Into::into),
        rules: args.rules.map(RulesNumber),
        since: date("--since", args.since.as_deref(), now, false)?,
        until: date("--until", args.until.as_deref(), now, true)?,
        ..IntentQuery::default()
    }))
}

/// What was asked for, as the plan tells it.
fn words(args: &Args) -> String {
    let mut words = vec!["undo".to_owned()];
    words.extend(args.action.map(|number| format!("--action {number}")));
    words.extend(args.plan.map(|number| format!("--plan {number}")));
    words.extend(args.policy.iter().map(|name| format!("--policy {name}")));
    words.extend(args.rules.map(|number| format!("--rules {number}")));
    words.extend(args.since.iter().map(|time| format!("--since '{time}'")));
    words.extend(args.until.iter().map(|time| format!("--until '{time}'")));
    words.join(" ")
}
