//! `sluicebox plan apply`: hands a plan over to be done, watches it, and says what came of it.

use super::{AsOperator, kept};
use crate::cli::config::Config;
use crate::cli::rules::print;
use crate::cli::run::core_to_act;
use crate::cli::{Failed, key, service, stop};
use crate::clock::Clock;
use crate::engine::act;
use crate::engine::control::govern::Deed;
use crate::engine::control::{Answer, Lock, LockError};
use crate::model::{IntentState, PlanNumber};
use crate::report::harmless::printable;
use crate::report::plan::Document;
use crate::report::units::of;
use crate::store::{Intent, IntentQuery, Store};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::{IsTerminal, Write};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// Between two looks at how far the service is.
const LOOK: Duration = Duration::from_millis(250);
/// Intents read at a time.
const PAGE: usize = 500;
/// Actions that are named one by one when they did not go as planned, unless all are wanted.
const NAMED: usize = 20;

/// Something did not go as planned: drifted, blocked, gone, partly done.
const EXIT_OTHERWISE: u8 = 1;
/// Something is still to be done, or waits for a person.
const EXIT_OPEN: u8 = 3;

/// Flags of `plan apply`.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Exactly what the plan shows is done. An item that is no longer as the plan saw it is left as it is, and the rest \
    is done. With a running service the plan is handed over and watched; without one it is done here, and what Ctrl-C leaves \
    over is done by the next `sluicebox run` or by the same command again. Exit code: 0 all is as planned; 1 something was left as it is \
    (drifted, blocked, gone) or only partly done; 3 something is still to be done or waits for a person; 2 the plan was not applied."
)]
pub(in crate::cli) struct Args {
    /// The plan's number
    plan: i64,
    /// Do not ask
    #[arg(long)]
    yes: bool,
    /// Name every action that did not go as planned
    #[arg(long)]
    all: bool,
    #[command(flatten)]
    who: AsOperator,
    /// The settings file; default $SLUICEBOX_SETTINGS, else sluicebox/sluicebox.toml in the configuration folder
    #[arg(long, value_name = "FILE")]
    settings: Option<PathBuf>,
}

pub(super) fn run(args: &Args) -> Result<u8, Failed> {
    let config = Config::load(args.settings.as_deref(), false)?;
    carry_out(&config, args.plan, &args.who, args.yes, args.all)
}

/// Applies a plan and tells what came of it. One that was applied before is gone on with.
pub(in crate::cli) fn carry_out(
    config: &Config,
    number: i64,
    who: &AsOperator,
    yes: bool,
    all: bool,
) -> Result<u8, Failed> {
    let store = service::open_to_read(config)?;
    let (plan, document) = kept(&*store, number)?;
    let stop = stop::on_signals()?;
    if plan.applied.is_none() {
        if !yes && !agreed(number, &document)? {
            return Err(Failed::new("nothing was done"));
        }
        let deed = Deed::PlanApply { plan: number, operator: who.operator.clone() };
        let command = config.deed(deed, who.operator_key.as_deref())?;
        match service::reach(config, "plan apply")?.perform(&command)? {
            Answer::Counted { count } => {
                eprintln!("plan {number}: {} written down", of(count, "action", "actions"));
            }
            _ => return Err(Failed::new("it was not confirmed; `sluicebox plan show` tells how the plan stands")),
        }
    }
    finish(config, &*store, number, &stop)?;
    let told = Told::of(&*store, number)?;
    print(&told.text(number, &document, all))?;
    Ok(told.code())
}

/// Asks at a terminal.
fn agreed(number: i64, plan: &Document) -> Result<bool, Failed> {
    if !std::io::stdin().is_terminal() || !std::io::stderr().is_terminal() {
        return Err(Failed::new(format!("plan {number} was not applied: nobody can be asked\n  give --yes")));
    }
    let totals = &plan.totals;
    eprint!(
        "Plan {number}: {} at {}, {} end, {} die. Apply? [y/N] ",
        of(totals.actions, "action", "actions"),
        of(totals.acted_on, "item", "items"),
        of(totals.accesses_lost, "access", "accesses"),
        of(totals.links_lost, "link", "links"),
    );
    let mut line = String::new();
    std::io::stdin().read_line(&mut line).map_err(Failed::new)?;
    Ok(matches!(line.trim(), "y" | "Y" | "yes"))
}

/// Until nothing of the plan is left to do, or Ctrl-C: watched where a service runs, done here where none does.
fn finish(config: &Config, store: &dyn Store, number: i64, stop: &Arc<AtomicBool>) -> Result<(), Failed> {
    let clock = Clock::machine();
    let query = IntentQuery { plan: Some(PlanNumber(number)), ..IntentQuery::default() };
    let mut line = Line::new();
    while !stop.load(Ordering::Relaxed) {
        let told = Told::of(store, number)?;
        line.draw(&told);
        if told.left == 0 {
            break;
        }
        if service::who_runs(config.service()).is_some() {
            let _ = clock.wait(LOOK, stop);
        } else {
            drained(config, &clock, stop, &query)?;
        }
    }
    line.end();
    Ok(())
}

/// Does here what is left, under the lock.
fn drained(config: &Config, clock: &Clock, stop: &Arc<AtomicBool>, query: &IntentQuery) -> Result<(), Failed> {
    let settings = config.service();
    let _lock = match Lock::take(&settings.data_dir, "plan apply", clock) {
        Ok(lock) => lock,
        // A service that starts or stops, or another command: looked for again.
        Err(LockError::Held(_)) => {
            let _ = clock.wait(LOOK, stop);
            return Ok(());
        }
        Err(error) => return Err(Failed::new(error)),
    };
    let keys = key::load_existing(settings.token_key_file.as_deref())?;
    let store: Arc<dyn Store> = Arc::new(service::open(settings, &keys, clock)?);
    let core = core_to_act(config, store, &keys, clock, stop)?;
    act::drain(&core, query).map_err(Failed::new)
}

/// How the actions of a plan stand.
struct Told {
    /// By outcome, or by state where there is none.
    by: BTreeMap<String, u64>,
    /// Those that did not go as planned: number, id, word, why.
    otherwise: Vec<(i64, String, String, String)>,
    /// Waiting or under way.
    left: u64,
    /// Parked or held: a person must look.
    stuck: u64,
    all: u64,
}

impl Told {
    fn of(store: &dyn Store, number: i64) -> Result<Self, Failed> {
        let query = IntentQuery { plan: Some(PlanNumber(number)), ..IntentQuery::default() };
        let mut told = Told { by: BTreeMap::new(), otherwise: Vec::new(), left: 0, stuck: 0, all: 0 };
        let mut after = None;
        loop {
            let page = store.intents(&query, after, PAGE)?;
            after = page.last().map(|last| last.number);
            page.iter().for_each(|intent| told.take(intent));
            if page.len() < PAGE {
                return Ok(told);
            }
        }
    }

    fn take(&mut self, intent: &Intent) {
        self.all += 1;
        let word = match intent.state {
            IntentState::Ended => intent.outcome.to_string(),
            state => state.name().to_owned(),
        };
        match intent.state {
            IntentState::Waits | IntentState::Begun => self.left += 1,
            IntentState::Held | IntentState::Parked => self.stuck += 1,
            IntentState::Ended | IntentState::Cancelled => {}
        }
        let as_planned = matches!(intent.state, IntentState::Waits | IntentState::Begun)
            || intent.state == IntentState::Ended && matches!(&*intent.outcome, "done" | "already_so");
        if !as_planned {
            self.otherwise.push((intent.number.0, intent.is.id.to_string(), word.clone(), intent.why.to_string()));
        }
        *self.by.entry(word).or_default() += 1;
    }

    fn code(&self) -> u8 {
        if self.left + self.stuck > 0 {
            EXIT_OPEN
        } else if self.otherwise.is_empty() {
            0
        } else {
            EXIT_OTHERWISE
        }
    }

    fn text(&self, number: i64, plan: &Document, all: bool) -> String {
        let sums: Vec<String> = self.by.iter().map(|(word, many)| format!("{many} {word}")).collect();
        let mut out = format!("Plan {number}: {}: {}.\n", of(self.all, "action", "actions"), sums.join(", "));
        let told = if all { self.otherwise.len() } else { NAMED };
        for (action, id, word, why) in self.otherwise.iter().take(told) {
            let (place, name) = named(plan, id);
            let _ = writeln!(out, "  {word:<10} {} ({name}, action {action}): {}", printable(&place), printable(why));
        }
        let more = self.otherwise.len().saturating_sub(told);
        if more > 0 {
            let _ = writeln!(out, "  ... and {more} more; --all names them");
        }
        let next = match (self.left, self.stuck) {
            (0, 0) if self.otherwise.is_empty() => "",
            (0, 0) => "What was left as it is can be planned again: `sluicebox plan new`.\n",
            (0, _) => "What is parked or held waits for a person: `sluicebox actions list`.\n",
            _ => "What is left is done by the running service, by the next one, or by this command again.\n",
        };
        out + next
    }
}

/// Where an action of a plan is done, and what it is, by its intent's id.
fn named(plan: &Document, id: &str) -> (String, String) {
    let found = plan.entries.iter().find_map(|entry| {
        let planned = entry.planned.iter().find(|planned| planned.id == id)?;
        Some((format!("{}:{}", entry.connector, entry.path), planned.name.clone()))
    });
    found.unwrap_or_else(|| ("?".to_owned(), "?".to_owned()))
}

/// One line of progress on a terminal.
struct Line(bool);

impl Line {
    fn new() -> Self {
        Self(std::io::stderr().is_terminal())
    }

    fn draw(&mut self, told: &Told) {
        if self.0 {
            let _ = write!(std::io::stderr(), "\r\x1b[2K{} of {} done", told.all - told.left, told.all);
        }
    }

    fn end(&mut self) {
        if self.0 {
            let _ = write!(std::io::stderr(), "\r\x1b[2K");
        }
    }
}
