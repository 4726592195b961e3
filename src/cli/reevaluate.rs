//! `sluicebox reevaluate`: judge everything that is stored by the policies and exceptions as they are now.
//!
//! The service does it in a thread of its own and answers at once; without a service the command does it. No provider is asked.

use super::config::Config;
use super::rules::print;
use super::service::{self, Reached};
use super::{Failed, policy};
use crate::clock::Clock;
use crate::engine::control::Command;
use crate::engine::control::govern::Deed;
use crate::engine::facts::tags_of;
use crate::engine::reevaluate::{ASKED, By, State, everything};
use crate::report::units;
use crate::store::{RulesNumber, Store};
use serde_json::json;
use std::path::PathBuf;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

/// Between two looks at how far it came.
const LOOK_EVERY: Duration = Duration::from_millis(500);
/// So long the service may take to begin.
const BEGINS_WITHIN: Duration = Duration::from_secs(30);

/// Flags of `reevaluate`.
#[derive(Debug, clap::Args)]
#[command(after_help = "A running service answers at once and judges beside its work; --watch waits for it. \
    Exit code: 0 judged, or begun; 2 not.")]
pub(super) struct Args {
    /// The settings file; default $SLUICEBOX_SETTINGS, else sluicebox/sluicebox.toml in the configuration folder
    #[arg(long, value_name = "FILE")]
    settings: Option<PathBuf>,
    /// Wait until it is done, and tell how far it is on a terminal
    #[arg(long)]
    watch: bool,
    /// Output format: text, json
    #[arg(long, value_name = "FORMAT", default_value = "text", value_parser = ["text", "json"])]
    format: String,
}

pub(super) fn run(args: &Args) -> Result<u8, Failed> {
    let config = Config::load(args.settings.as_deref(), false)?;
    // What is wrong with a policy is told here, where somebody reads it.
    policy::loaded(&config)?;
    let reached = service::reach(&config, "reevaluate")?;
    let command = Command::Govern { deed: Deed::Reevaluate };
    let state = match &reached {
        Reached::Running(_) => {
            reached.perform(&command)?;
            if args.watch { Some(watch(&config)?) } else { None }
        }
        Reached::Itself(direct) => {
            let store = direct.store();
            direct.perform(&command)?;
            Some(by_itself(&config, store)?)
        }
    };
    print(&match (&state, args.format.as_str()) {
        (state, "json") => format!("{}\n", row(state.as_ref())),
        (Some(state), _) => text(state),
        (None, _) => "The service judges everything anew; `sluicebox reevaluate --watch` waits for it.\n".to_owned(),
    })?;
    Ok(0)
}

/// Judges under the lock; nobody else writes meanwhile.
fn by_itself(config: &Config, store: &dyn Store) -> Result<State, Failed> {
    let clock = Clock::machine();
    let governing = policy::governing(config, store, clock.now())?;
    let loaded = crate::rule::load(config.rules()).map_err(|errors| super::refused(&errors))?;
    let tags = tags_of(&loaded.rules);
    let rules = store.rules_in_force().map_err(Failed::new)?.map_or(RulesNumber(0), |(number, _)| number);
    store.keep_fact(None, ASKED, None).map_err(Failed::new)?;
    let by = By { governing: &governing, tags: &tags, rules };
    let mut line = Line::new();
    everything(store, by, &clock, &mut |state| line.draw(state)).map_err(Failed::new)
}

/// Waits for the service.
fn watch(config: &Config) -> Result<State, Failed> {
    let (clock, never) = (Clock::machine(), AtomicBool::new(false));
    let store = service::open_to_read(config)?;
    let mut line = Line::new();
    let asked = clock.elapsed();
    loop {
        let waits = store.fact(None, ASKED).map_err(Failed::new)?.is_some();
        if let Some(state) = State::read(&*store).map_err(Failed::new)?.filter(|_| !waits) {
            if state.done_ms.is_some() {
                return Ok(state);
            }
            line.draw(&state);
        }
        if waits && clock.elapsed().saturating_sub(asked) > BEGINS_WITHIN
            || service::who_runs(config.service()).is_none()
        {
            return Err(Failed::new("the service has not judged anew\n  `sluicebox doctor` says how it is"));
        }
        clock.wait(LOOK_EVERY, &never);
    }
}

/// The line of progress.
struct Line {
    drawn: bool,
    draws: bool,
}

impl Line {
    fn new() -> Self {
        Self { drawn: false, draws: std::io::IsTerminal::is_terminal(&std::io::stderr()) }
    }

    /// Always true: it is gone on with.
    fn draw(&mut self, state: &State) -> bool {
        if self.draws {
            eprint!("\r\x1b[K{} judged", units::of(state.judged, "item", "items"));
            self.drawn = true;
        }
        true
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        if self.drawn {
            eprint!("\r\x1b[K");
        }
    }
}

fn text(state: &State) -> String {
    format!(
        "{} judged, no call made: {} began, {} ended; {} wanted, {} cancelled\n",
        units::of(state.judged, "item", "items"),
        units::of(state.began, "match", "matches"),
        units::count(state.ended),
        units::of(state.intents, "action", "actions"),
        units::count(state.cancelled),
    )
}

fn row(state: Option<&State>) -> serde_json::Value {
    let done = state.is_some_and(|state| state.done_ms.is_some());
    let state = state.cloned().unwrap_or_default();
    json!({
        "schema": "sluicebox.reevaluated/1", "done": done, "items": state.judged, "matches_began": state.began,
        "matches_ended": state.ended, "actions_wanted": state.intents, "actions_cancelled": state.cancelled, "calls": 0,
    })
}
