//! `sluicebox queue`: what waits, what was given up, and bringing it back.
//!
//! Looking reads the store beside the service; bringing back goes through the service when one runs, and is done here under the
//! lock when none does.

use super::config::Config;
use super::rules::print;
use super::{Failed, service};
use crate::engine::control::{Answer, Command};
use crate::model::{ConnectorName, ConnectorNumber, ItemNumber};
use crate::report::harmless::one_line;
use crate::report::units::count;
use crate::store::{Connector, Depth, Parked, Store};
use serde_json::json;
use std::fmt::Write as _;
use std::path::PathBuf;

/// Parked jobs read at a time.
const PAGE: usize = 500;

/// Flags of `queue`.
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
    /// Tell how many jobs wait, by connector and lane
    Status(Format),
    /// List jobs that were given up after repeated failures, with the reason
    Parked(ParkedArgs),
    /// Bring parked jobs back, before the backlog
    Retry(RetryArgs),
    /// Read one item again, before the backlog
    Ask {
        /// Its number, as `files` and `queue parked` tell it
        item: i64,
    },
}

#[derive(Debug, clap::Args)]
struct Format {
    /// Output format: text, jsonl
    #[arg(long, value_name = "FORMAT", default_value = "text", value_parser = ["text", "jsonl"])]
    format: String,
}

#[derive(Debug, clap::Args)]
struct ParkedArgs {
    /// The connector; default all
    name: Option<ConnectorName>,
    /// List so many at most
    #[arg(long, value_name = "N", default_value_t = 1_000)]
    max: usize,
    #[command(flatten)]
    format: Format,
}

#[derive(Debug, clap::Args)]
struct RetryArgs {
    /// The connector; default all
    name: Option<ConnectorName>,
    /// This item only, by its number
    #[arg(long, value_name = "NUMBER")]
    item: Option<i64>,
}

pub(super) fn run(args: &Args) -> Result<u8, Failed> {
    let config = Config::load(args.settings.as_deref(), false)?;
    match &args.command {
        Sub::Status(format) => status(&config, format),
        Sub::Parked(args) => parked(&config, args),
        Sub::Retry(args) => {
            let connector = args.name.as_ref().map(ToString::to_string);
            perform(&config, "queue retry", &Command::QueueRetry { connector, item: args.item }, "brought back")
        }
        Sub::Ask { item } => perform(&config, "queue ask", &Command::QueueAsk { item: *item }, "asked for"),
    }
}

fn perform(config: &Config, doing: &str, command: &Command, done: &str) -> Result<u8, Failed> {
    let reached = service::reach(config, doing)?;
    let runs = reached.is_running();
    let jobs = match reached.perform(command)? {
        Answer::Counted { count } => count,
        _ => 0,
    };
    let next = match (jobs, runs) {
        (0, _) => "",
        (_, true) => "; the service sees to it now",
        (_, false) => "; the next `sluicebox run` sees to it",
    };
    print(&format!("{} {done}{next}.\n", plural(jobs, "job")))?;
    Ok(0)
}

fn plural(number: u64, what: &str) -> String {
    format!("{} {what}{}", count(number), if number == 1 { "" } else { "s" })
}

/// The connectors of the store, to name numbers by.
fn connectors(store: &dyn Store) -> Result<Vec<Connector>, Failed> {
    store.connectors().map_err(Failed::new)
}

fn name_of(connectors: &[Connector], number: ConnectorNumber) -> &str {
    connectors.iter().find(|one| one.number == number).map_or("?", |one| one.name.as_str())
}

fn status(config: &Config, format: &Format) -> Result<u8, Failed> {
    let store = service::open_to_read(config)?;
    let (connectors, depths) = (connectors(&*store)?, store.depth().map_err(Failed::new)?);
    let mut out = String::new();
    if format.format == "jsonl" {
        // Every lane of every connector, empty ones too: who reads this need not guess what a missing line means.
        for one in &depths {
            let row = json!({
                "schema": "sluicebox.queue/1", "connector": name_of(&connectors, one.connector), "lane": one.lane.name(),
                "ready": one.ready, "delayed": one.delayed, "leased": one.leased, "parked": one.parked,
            });
            let _ = writeln!(out, "{row}");
        }
        print(&out)?;
        return Ok(0);
    }
    let depths: Vec<&Depth> =
        depths.iter().filter(|one| one.ready + one.delayed + one.leased + one.parked > 0).collect();
    if depths.is_empty() {
        print("Nothing waits.\n")?;
        return Ok(0);
    }
    let _ = writeln!(
        out,
        "{:<32} {:<8} {:>11} {:>11} {:>11} {:>11}",
        "CONNECTOR", "LANE", "READY", "LATER", "AT WORK", "PARKED"
    );
    for one in depths {
        let [ready, delayed, leased, parked] = [one.ready, one.delayed, one.leased, one.parked].map(count);
        let name = name_of(&connectors, one.connector);
        let _ = writeln!(out, "{name:<32} {:<8} {ready:>11} {delayed:>11} {leased:>11} {parked:>11}", one.lane.name());
    }
    print(&out)?;
    Ok(0)
}

fn parked(config: &Config, args: &ParkedArgs) -> Result<u8, Failed> {
    let store = service::open_to_read(config)?;
    let connectors = connectors(&*store)?;
    let of = match &args.name {
        Some(name) => {
            let known = connectors.iter().find(|one| one.name == *name);
            Some(known.ok_or_else(|| Failed::new(format!("the store knows no connector `{name}`")))?.number)
        }
        None => None,
    };
    let (mut after, mut listed): (Option<ItemNumber>, usize) = (None, 0);
    while listed < args.max {
        let page = store.parked(of, after, PAGE.min(args.max - listed)).map_err(Failed::new)?;
        let Some(last) = page.last() else { break };
        after = Some(last.known.number);
        listed += page.len();
        print(
            &page
                .iter()
                .map(|one| row(one, name_of(&connectors, one.known.connector), &args.format))
                .collect::<String>(),
        )?;
    }
    if args.format.format == "text" {
        let end = match listed {
            0 => "Nothing is parked.\n".to_owned(),
            some => format!("{} listed; `sluicebox queue retry` brings them back.\n", plural(some as u64, "job")),
        };
        print(&end)?;
    }
    Ok(0)
}

/// One parked job. Of its path only what may be shown.
fn row(one: &Parked, connector: &str, format: &Format) -> String {
    if format.format == "jsonl" {
        let row = json!({
            "schema": "sluicebox.parked/1", "connector": connector, "item": one.known.number.0, "path": &*one.known.shown,
            "lane": one.lane.name(), "reason": one.reason.to_string(), "said": one.said, "attempts": one.attempts,
            "since": one.since.to_string(),
        });
        return format!("{row}\n");
    }
    format!(
        "{connector}  item {}  {}\n  {}: {} ({}), since {}\n",
        one.known.number,
        one_line(&one.known.shown),
        one.reason,
        one_line(&one.said),
        plural(u64::from(one.attempts), "try").replace("trys", "tries"),
        one.since
    )
}
