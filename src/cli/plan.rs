//! `sluicebox plan`: make a plan of what policies would do, show it, approve it, apply it.
//!
//! Making one reads the providers and keeps the plan; nothing is done before it is applied. Applying runs exactly what the plan
//! shows: by the running service, or here under the lock when none runs.

pub(super) mod apply;
mod diff;
pub(super) mod grounds;
mod new;

use super::ask::Form;
use super::config::Config;
use super::rules::print;
use super::{Failed, service};
use crate::engine::control::govern::Deed;
use crate::engine::control::{Answer, Command};
use crate::model::PlanNumber;
use crate::report::plan::{Document, digits, page, text};
use crate::report::units::{count, of};
use crate::store::{Plan, Store};
use serde_json::json;
use std::path::PathBuf;

/// Plans read at a time.
const PAGE: usize = 100;

/// Flags of `plan`.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(subcommand)]
    command: Sub,
}

#[derive(Debug, clap::Subcommand)]
enum Sub {
    /// Make a plan: of what policies want, or of an action that is asked for
    New(Box<new::Args>),
    /// List the plans that were made, the newest first
    List(ListArgs),
    /// Show a plan
    Show(ShowArgs),
    /// Tell what a plan does otherwise than an earlier one
    Diff(diff::Args),
    /// Approve a plan that somebody else made, as a named operator
    Approve(ApproveArgs),
    /// Do what a plan shows, and nothing else
    Apply(apply::Args),
}

/// The operator in whose name something is decided.
#[derive(Clone, Debug, Default, clap::Args)]
pub(super) struct AsOperator {
    /// Decide as this operator of the settings
    #[arg(long, value_name = "NAME")]
    pub(super) operator: Option<String>,
    /// The file with the operator's key; default $SLUICEBOX_OPERATOR_KEY, else operators/NAME.key in the configuration folder
    #[arg(long, value_name = "FILE")]
    pub(super) operator_key: Option<PathBuf>,
}

impl AsOperator {
    /// Who is written down as the maker of a plan.
    pub(super) fn by(&self) -> String {
        self.operator.as_ref().map_or_else(service::own_actor, |name| format!("operator {name}"))
    }
}

#[derive(Debug, clap::Args)]
struct ListArgs {
    /// List so many at most
    #[arg(long, value_name = "N", default_value_t = 50)]
    max: usize,
    #[command(flatten)]
    form: Form,
}

#[derive(Debug, clap::Args)]
struct ShowArgs {
    /// The plan's number
    plan: i64,
    /// Output format: text, json (the very bytes that were hashed), html (one offline page)
    #[arg(long, value_name = "FORMAT", default_value = "text", value_parser = ["text", "json", "html"])]
    format: String,
    /// Tell every item, not the first of each group
    #[arg(long)]
    all: bool,
    /// The settings file; default $SLUICEBOX_SETTINGS, else sluicebox/sluicebox.toml in the configuration folder
    #[arg(long, value_name = "FILE")]
    settings: Option<PathBuf>,
}

#[derive(Debug, clap::Args)]
struct ApproveArgs {
    /// The plan's number
    plan: i64,
    /// Approve as this operator of the settings: another than who made the plan
    #[arg(long, value_name = "NAME")]
    operator: String,
    /// The file with the operator's key; default $SLUICEBOX_OPERATOR_KEY, else operators/NAME.key in the configuration folder
    #[arg(long, value_name = "FILE")]
    operator_key: Option<PathBuf>,
    /// The settings file; default $SLUICEBOX_SETTINGS, else sluicebox/sluicebox.toml in the configuration folder
    #[arg(long, value_name = "FILE")]
    settings: Option<PathBuf>,
}

pub(super) fn run(args: &Args) -> Result<u8, Failed> {
    match &args.command {
        Sub::New(args) => new::run(args),
        Sub::List(args) => list(args),
        Sub::Show(args) => show(args),
        Sub::Diff(args) => diff::run(args),
        Sub::Approve(args) => approve(args),
        Sub::Apply(args) => apply::run(args),
    }
}

/// A plan that is kept, and what it says.
pub(super) fn kept(store: &dyn Store, number: i64) -> Result<(Plan, Document), Failed> {
    let plan = store
        .plan(PlanNumber(number))?
        .ok_or_else(|| Failed::new(format!("there is no plan {number}\n  `sluicebox plan list` tells all")))?;
    let document = Document::read(&plan.is.body).map_err(Failed::new)?;
    Ok((plan, document))
}

/// Keeps a plan; gives its number.
pub(super) fn keep(config: &Config, doing: &str, plan: &Document, who: &AsOperator) -> Result<i64, Failed> {
    let deed = Deed::PlanAdd { kind: plan.kind.clone(), body: plan.canonical(), operator: who.operator.clone() };
    let command = config.deed(deed, who.operator_key.as_deref())?;
    match service::reach(config, doing)?.perform(&command)? {
        Answer::Made { number } => Ok(number),
        _ => Err(Failed::new("the plan was not confirmed; `sluicebox plan list` tells whether it was kept")),
    }
}

/// How a plan is told: text, its bytes, or a page.
pub(super) fn told(plan: &Document, number: i64, format: &str, all: bool) -> String {
    match format {
        "json" => format!("{}\n", plan.canonical()),
        "html" => page(plan, Some(number)),
        _ => text(plan, Some(number), all),
    }
}

fn show(args: &ShowArgs) -> Result<u8, Failed> {
    let config = Config::load(args.settings.as_deref(), false)?;
    let store = service::open_to_read(&config)?;
    let (plan, document) = kept(&*store, args.plan)?;
    print(&told(&document, args.plan, &args.format, args.all))?;
    if args.format == "text" {
        print(&format!("\n{}.\n{}", stands(&plan), next(&plan)))?;
    }
    Ok(0)
}

/// How a plan stands, in a phrase.
fn stands(plan: &Plan) -> String {
    let approved: Vec<&str> = plan.approved.iter().map(|(by, _)| &**by).collect();
    let approved = if approved.is_empty() { String::new() } else { format!("approved by {}; ", approved.join(", ")) };
    match &plan.applied {
        Some((at, by)) => format!("{approved}applied {at} by {by}"),
        None => {
            let lacking = usize::from(plan.is.approvals).saturating_sub(plan.approved.len());
            let lacking = if lacking > 0 {
                format!("waits for {}", of(lacking as u64, "approval", "approvals"))
            } else {
                "not applied".to_owned()
            };
            format!("{approved}{lacking}")
        }
    }
}

/// The next step of a plan.
pub(super) fn next(plan: &Plan) -> String {
    let number = plan.number;
    if plan.applied.is_some() {
        return format!(
            "`sluicebox actions list --plan {number}` tells what came of it; `sluicebox undo --plan {number}` takes it back.\n"
        );
    }
    if usize::from(plan.is.approvals) > plan.approved.len() {
        return format!("Another operator approves it: `sluicebox plan approve {number} --operator NAME`.\n");
    }
    format!("`sluicebox plan apply {number}` does it.\n")
}

fn list(args: &ListArgs) -> Result<u8, Failed> {
    let opened = args.form.open()?;
    let mut lines = args.form.lines();
    let (mut before, mut told) = (None, 0);
    while told < args.max {
        let page = opened.store.plans(before, PAGE.min(args.max - told))?;
        let Some(last) = page.last() else { break };
        before = Some(last.number);
        if told == 0 && !lines.json {
            lines.text(format!("{:>6}  {:<20}  {:<8} {:>9}  {:<28}  STATE", "PLAN", "MADE", "KIND", "ITEMS", "BY"))?;
        }
        for plan in &page {
            if lines.json {
                lines.row(&row(plan))?;
            } else {
                lines.text(format!(
                    "{:>6}  {:<20}  {:<8} {:>9}  {:<28}  {}",
                    plan.number,
                    plan.made.to_string(),
                    plan.is.kind,
                    count(plan.is.items),
                    plan.is.by,
                    stands(plan)
                ))?;
            }
        }
        told += page.len();
    }
    if told == 0 && !lines.json {
        lines.text("No plan was made yet; `sluicebox plan new` makes one.")?;
    }
    lines.finish()?;
    Ok(0)
}

fn row(plan: &Plan) -> serde_json::Value {
    json!({
        "schema": "sluicebox.plan-line/1",
        "plan": plan.number.0,
        "kind": &*plan.is.kind,
        "made": plan.made.to_string(),
        "by": &*plan.is.by,
        "items": plan.is.items,
        "hash": digits(&plan.is.hash),
        "policies": plan.is.policies.iter().map(|voter| voter.policy.to_string()).collect::<Vec<_>>(),
        "approvals": plan.is.approvals,
        "approved": plan.approved.iter().map(|(by, at)| json!({ "by": &**by, "at": at.to_string() })).collect::<Vec<_>>(),
        "applied": plan.applied.as_ref().map(|(at, by)| json!({ "by": &**by, "at": at.to_string() })),
    })
}

fn approve(args: &ApproveArgs) -> Result<u8, Failed> {
    let config = Config::load(args.settings.as_deref(), false)?;
    let deed = Deed::PlanApprove { plan: args.plan, operator: args.operator.clone() };
    let command: Command = config.deed(deed, args.operator_key.as_deref())?;
    service::reach(&config, "plan approve")?.perform(&command)?;
    let store = service::open_to_read(&config)?;
    let (plan, _) = kept(&*store, args.plan)?;
    print(&format!("Plan {} is approved by {}.\n{}", args.plan, args.operator, next(&plan)))?;
    Ok(0)
}
