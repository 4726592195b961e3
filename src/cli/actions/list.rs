//! `sluicebox actions list`.

use super::Format;
use super::told::{self, Names, StateWord};
use crate::cli::ask::{Lines, past};
use crate::cli::config::Config;
use crate::cli::named::{self, Sought};
use crate::cli::{Failed, service};
use crate::clock::Clock;
use crate::model::{IntentNumber, PlanNumber};
use crate::report::harmless::{one_line, printable};
use crate::report::units;
use crate::store::{Intent, IntentQuery, Store};
use std::io::{self, BufWriter, Write};

/// Actions read at a time.
const PAGE: usize = 200;

/// Flags of `actions list`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Exit code: 0 the question was answered; 2 it was not.")]
pub(super) struct Args {
    /// Only in this state: queued, held, running, done, partly-done, skipped, blocked, failed, reverted, cancelled
    #[arg(long, value_name = "STATE", value_parser = StateWord::parse)]
    state: Option<StateWord>,
    /// Only what this policy wanted
    #[arg(long, value_name = "NAME")]
    policy: Option<String>,
    /// Only of this item: its number (#17), id or path
    #[arg(long, value_name = "ITEM")]
    item: Option<String>,
    /// Only of this plan
    #[arg(long, value_name = "NUMBER")]
    plan: Option<i64>,
    /// Only what was begun since: 2026-01-31, 2026-01-31T10:00:00Z, or '7 days'
    #[arg(long, value_name = "DATE")]
    since: Option<String>,
    /// List so many at most
    #[arg(long, value_name = "N", default_value_t = 1_000)]
    max: usize,
    #[command(flatten)]
    format: Format,
}

pub(super) fn run(config: &Config, args: &Args) -> Result<u8, Failed> {
    let store = service::open_to_read(config)?;
    let query = query(&*store, args)?;
    let names = Names::new(&*store)?;
    let mut lines = Lines::new(BufWriter::new(io::stdout().lock()), args.format.is_json());
    let (mut after, mut listed): (Option<IntentNumber>, usize) = (None, 0);
    'pages: loop {
        let page = store.intents(&query, after, PAGE)?;
        after = page.last().map(|intent| intent.number);
        let is_last = page.len() < PAGE;
        for intent in &page {
            let state = StateWord::of(&*store, intent)?;
            if args.state.is_some_and(|wanted| wanted != state) {
                continue;
            }
            if listed == args.max {
                break 'pages;
            }
            listed += 1;
            line(&mut lines, &names, intent, state)?;
        }
        if is_last || lines.go_on().is_break() {
            break;
        }
    }
    if !lines.json {
        lines.text(match listed {
            0 => "No action.".to_owned(),
            some => {
                let listed = units::of(some as u64, "action", "actions");
                format!("{listed} listed; `sluicebox actions show NUMBER` tells all about one.")
            }
        })?;
    }
    lines.finish()?;
    Ok(0)
}

fn query(store: &dyn Store, args: &Args) -> Result<IntentQuery, Failed> {
    let sought = |typed| Sought { typed, connector: None, kind: None };
    let item = args.item.as_deref().map(|typed| named::one(store, sought(typed))).transpose()?;
    let since = args.since.as_deref().map(since).transpose()?;
    Ok(IntentQuery {
        states: args.state.map(StateWord::stored).unwrap_or_default(),
        item: item.map(|known| known.number),
        plan: args.plan.map(PlanNumber),
        policy: args.policy.as_deref().map(Into::into),
        since: since.flatten(),
        ..IntentQuery::default()
    })
}

/// The beginning of the day that was typed.
fn since(typed: &str) -> Result<Option<crate::clock::Moment>, Failed> {
    let now = Clock::machine().now();
    past("--since", Some(typed), now)?;
    crate::cli::ask::date("--since", Some(typed), now, false)
}

fn line<W: Write>(lines: &mut Lines<W>, names: &Names<'_>, intent: &Intent, state: StateWord) -> Result<(), Failed> {
    if lines.json {
        return lines.row(&told::row(names, intent, state)?);
    }
    let number = format!("#{}", intent.number);
    let on = printable(&names.target(intent)?).into_owned();
    lines.text(format!("{number:>7}  {:<12} {:<18} {on}", state.word(), printable(&intent.is.name)))?;
    let why = if intent.why.is_empty() { String::new() } else { format!(": {}", one_line(&intent.why)) };
    lines.text(format!("         {} for {}{why}", told::when(intent), told::asked_by(intent)))
}
