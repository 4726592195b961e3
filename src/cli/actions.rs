//! `sluicebox actions`: tell what was done, what waits and what was given up; bring it back, or cancel it.
//!
//! Looking reads the store beside the service. Names of items are told as they may be shown; people by their logins.

mod list;
mod show;
mod told;

use super::config::Config;
use super::rules::print;
use super::{Failed, service};
use crate::engine::control::govern::Deed;
use crate::engine::control::{Answer, Command};
use crate::report::units;
use std::path::PathBuf;

/// Flags of `actions`.
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
    /// List actions, the oldest first
    List(list::Args),
    /// Tell all about one: what was found, each step with its answer, what is left, whether it can be undone
    Show(show::Args),
    /// Bring actions back that were given up: they go on where they stood
    Retry {
        /// Its number; default all that were given up
        number: Option<i64>,
    },
    /// Cancel actions that have not begun
    Cancel(CancelArgs),
}

#[derive(Debug, clap::Args)]
#[command(group(clap::ArgGroup::new("which").required(true).multiple(true).args(["number", "policy", "plan"])))]
struct CancelArgs {
    /// Its number
    number: Option<i64>,
    /// All that this policy wants, also together with others
    #[arg(long, value_name = "NAME")]
    policy: Option<String>,
    /// All of this plan
    #[arg(long, value_name = "NUMBER")]
    plan: Option<i64>,
    /// Why: kept in the audit log
    #[arg(long, value_name = "TEXT")]
    reason: String,
}

/// How answers look.
#[derive(Debug, clap::Args)]
struct Format {
    /// Output format: text, json (a line for each action)
    #[arg(long, value_name = "FORMAT", default_value = "text", value_parser = ["text", "json", "jsonl"])]
    format: String,
}

impl Format {
    fn is_json(&self) -> bool {
        self.format != "text"
    }
}

pub(super) fn run(args: &Args) -> Result<u8, Failed> {
    let config = Config::load(args.settings.as_deref(), false)?;
    match &args.command {
        Sub::List(args) => list::run(&config, args),
        Sub::Show(args) => show::run(&config, args),
        Sub::Retry { number } => {
            let deed = Deed::ActionsRetry { intent: *number };
            let next = ["; the service goes on now", "; the next `sluicebox run` goes on"];
            perform(&config, "actions retry", deed, "brought back", next)
        }
        Sub::Cancel(args) => {
            let deed = Deed::ActionsCancel {
                intent: args.number,
                policy: args.policy.clone(),
                plan: args.plan,
                reason: args.reason.clone(),
            };
            perform(&config, "actions cancel", deed, "cancelled", ["", ""])
        }
    }
}

/// `next`: what follows with a service, and without one.
fn perform(config: &Config, doing: &str, deed: Deed, done: &str, next: [&str; 2]) -> Result<u8, Failed> {
    let reached = service::reach(config, doing)?;
    let next = next[usize::from(!reached.is_running())];
    let count = match reached.perform(&Command::Govern { deed })? {
        Answer::Counted { count } => count,
        _ => 0,
    };
    let next = if count == 0 { "" } else { next };
    print(&format!("{} {done}{next}.\n", units::of(count, "action", "actions")))?;
    Ok(0)
}
