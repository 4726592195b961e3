//! `sluicebox breaker`: tell which breakers tripped, and release them.

use super::ask::Lines;
use super::config::Config;
use super::rules::print;
use super::{Failed, service};
use crate::engine::control::govern::Deed;
use crate::engine::control::{Answer, Command};
use crate::report::harmless::printable;
use crate::report::units;
use crate::store::Tripped;
use serde_json::{Value, json};
use std::io::{self, BufWriter};
use std::path::PathBuf;

/// Flags of `breaker`.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The settings file; default $SLUICEBOX_SETTINGS, else sluicebox/sluicebox.toml in the configuration folder
    #[arg(long, value_name = "FILE", global = true)]
    settings: Option<PathBuf>,
    #[command(subcommand)]
    command: Sub,
}

#[derive(Debug, clap::Subcommand)]
enum Sub {
    /// List the policies that are stopped, with what they touched and how much waits
    #[command(after_help = "Exit code: 0 no breaker tripped; 1 some did; 2 the question was not answered.")]
    List {
        /// Output format: text, json (a line for each)
        #[arg(long, value_name = "FORMAT", default_value = "text", value_parser = ["text", "json", "jsonl"])]
        format: String,
    },
    /// Let a policy go on: what its breaker held back waits again, and its counts begin anew
    Release {
        /// The policy's name
        policy: String,
        /// Why: kept in the audit log
        #[arg(long, value_name = "TEXT")]
        reason: String,
    },
}

pub(super) fn run(args: &Args) -> Result<u8, Failed> {
    let config = Config::load(args.settings.as_deref(), false)?;
    match &args.command {
        Sub::List { format } => list(&config, format != "text"),
        Sub::Release { policy, reason } => release(&config, policy, reason),
    }
}

/// What a limit counts.
fn words(limit: &str) -> &str {
    match limit {
        "items" => "different items in 24 hours",
        "share" => "of its connector's items in 24 hours",
        "owner" => "items of one owner in an hour",
        other => other,
    }
}

fn row(one: &Tripped) -> Value {
    json!({
        "schema": "sluicebox.breaker/1",
        "policy": &*one.policy,
        "tripped": one.at.to_string(),
        "limit": &*one.limit,
        "touched": one.touched,
        "held": one.held,
    })
}

fn list(config: &Config, json: bool) -> Result<u8, Failed> {
    let tripped = service::open_to_read(config)?.tripped()?;
    let mut lines = Lines::new(BufWriter::new(io::stdout().lock()), json);
    for one in &tripped {
        if json {
            lines.row(&row(one))?;
            continue;
        }
        let policy = printable(&one.policy);
        lines.text(format!("{policy}  tripped {}", one.at))?;
        lines.text(format!("  it touched {} {}", units::count(one.touched), words(&one.limit)))?;
        let held = units::of(one.held, "action is", "actions are");
        lines
            .text(format!("  {held} held back; `sluicebox actions list --state held --policy {policy}` tells which"))?;
    }
    if !json {
        lines.text(match tripped.len() {
            0 => "No breaker has tripped.".to_owned(),
            _ => "`sluicebox breaker release POLICY --reason TEXT` lets a policy go on.".to_owned(),
        })?;
    }
    lines.finish()?;
    Ok(u8::from(!tripped.is_empty()))
}

fn release(config: &Config, policy: &str, reason: &str) -> Result<u8, Failed> {
    let deed = Deed::BreakerRelease { policy: policy.to_owned(), reason: reason.to_owned() };
    let reached = service::reach(config, "breaker release")?;
    let runs = reached.is_running();
    let held = match reached.perform(&Command::Govern { deed })? {
        Answer::Counted { count } => count,
        _ => 0,
    };
    let next = if runs { "the service goes on now" } else { "the next `sluicebox run` goes on" };
    let held = units::of(held, "action waits", "actions wait");
    print(&format!(
        "Released: {held} again, and {} may touch as much as its limits say; {next}.\n",
        printable(policy)
    ))?;
    Ok(0)
}
