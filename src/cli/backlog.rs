//! `sluicebox backlog`: what a first pass will be, how far the present one is, and orders to it.
//!
//! `status` reads the store beside the service; `start`, `pause` and `resume` go through the service when one runs and are
//! written down for it when none does; `estimate` asks the provider and neither reads a content nor queues anything.

use super::config::{Config, Connector};
use super::connect::{self, Patience};
use super::rules::print;
use super::{Failed, service, stop};
use crate::clock::Clock;
use crate::engine::control::{Answer, Command};
use crate::engine::estimate::{self, Allotment, Between, Estimate, Options, Remaining};
use crate::engine::listing;
use crate::engine::passes::{self, Status};
use crate::model::{ConnectorName, ConnectorNumber};
use crate::report::harmless::one_line;
use crate::report::units::{bytes, count, elapsed, of};
use crate::store::Store;
use serde_json::{Value, json};
use std::fmt::Write as _;
use std::path::PathBuf;
use std::sync::atomic::Ordering;
use std::time::Duration;

/// An estimate was stopped before its sample was whole.
const EXIT_PARTIAL: u8 = 3;

/// Flags of `backlog`.
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
    /// Tell people, items, bytes, calls and how long a first pass takes, before any content is read
    Estimate(EstimateArgs),
    /// Begin a pass now instead of at its time
    Start(Named),
    /// Tell how far the backlog is, and when it will be done
    Status(StatusArgs),
    /// Leave the backlog where it is; changes are still seen to at once
    Pause(Named),
    /// Go on with a paused backlog
    Resume(Named),
}

/// One connector, or all.
#[derive(Debug, clap::Args)]
struct Named {
    /// The connector; default all
    name: Option<ConnectorName>,
}

#[derive(Debug, clap::Args)]
#[command(
    after_help = "A tenant that the sample covers whole is told exactly; of a larger one each figure is a range. Exit \
    code: 0 done; 3 stopped before the sample was whole; 2 it could not be done."
)]
struct EstimateArgs {
    /// The connector; default all
    name: Option<ConnectorName>,
    /// Calls that the sample may use
    #[arg(long, value_name = "N", default_value_t = 300, value_parser = clap::value_parser!(u64).range(1..=1_000_000))]
    calls: u64,
    /// Output format: text, jsonl
    #[arg(long, value_name = "FORMAT", default_value = "text", value_parser = ["text", "jsonl"])]
    format: String,
}

#[derive(Debug, clap::Args)]
struct StatusArgs {
    /// The connector; default all
    name: Option<ConnectorName>,
    /// Output format: text, jsonl
    #[arg(long, value_name = "FORMAT", default_value = "text", value_parser = ["text", "jsonl"])]
    format: String,
}

pub(super) fn run(args: &Args) -> Result<u8, Failed> {
    let config = Config::load(args.settings.as_deref(), false)?;
    match &args.command {
        Sub::Estimate(args) => estimate_all(&config, args),
        Sub::Status(args) => status_all(&config, args),
        Sub::Start(named) => order(&config, named, "backlog start", |connector| Command::BacklogStart { connector }),
        Sub::Pause(named) => order(&config, named, "backlog pause", |connector| Command::BacklogPause { connector }),
        Sub::Resume(named) => order(&config, named, "backlog resume", |connector| Command::BacklogResume { connector }),
    }
}

/// The connectors that a command is about: the named one, else all that are switched on.
fn concerned<'c>(config: &'c Config, name: Option<&ConnectorName>) -> Result<Vec<&'c Connector>, Failed> {
    if let Some(name) = name {
        return Ok(vec![config.get(name)?]);
    }
    let all: Vec<&Connector> = config.connectors().iter().filter(|connector| connector.enabled).collect();
    match all.is_empty() {
        true => Err(Failed::new(
            "no connector is set up and switched on\n  begin with `sluicebox connect box NAME` or `sluicebox connect dropbox NAME`",
        )),
        false => Ok(all),
    }
}

// --- orders ---

fn order(
    config: &Config,
    named: &Named,
    doing: &str,
    command: impl FnOnce(Option<String>) -> Command,
) -> Result<u8, Failed> {
    let name = named.name.as_ref().map(|name| config.get(name).map(|connector| connector.name().to_string()));
    let command = command(name.transpose()?);
    let reached = service::reach(config, doing)?;
    let runs = reached.is_running();
    let concerned = match reached.perform(&command)? {
        Answer::Counted { count } => of(count, "connector", "connectors"),
        _ => "done".to_owned(),
    };
    let when = if runs { "the service sees to it now" } else { "no service runs: it counts from its next start" };
    print(&format!("{doing}: {concerned}; {when}\n"))?;
    Ok(0)
}

// --- estimate ---

fn estimate_all(config: &Config, args: &EstimateArgs) -> Result<u8, Failed> {
    let (clock, flag) = (Clock::machine(), stop::on_signals()?);
    for connector in concerned(config, args.name.as_ref())? {
        let opened = connect::opened(config, connector, &clock, &flag, Patience::Long)?;
        let used = opened.http.used();
        let limits = opened.settings.limits;
        let left = |limit: Option<u64>, used: u64| limit.map(|limit| (limit, limit.saturating_sub(used)));
        let allotment = Allotment {
            day: left(limits.calls_per_day, used.calls_in_day),
            month: left(limits.calls_per_month, used.calls_in_month),
        };
        let options = Options { calls_max: args.calls, clock: clock.clone(), stop: flag.clone() };
        let domains = &opened.settings.internal_domains;
        let estimate = estimate::estimate(&*opened.source, domains, &limits, allotment, &options);
        let estimate = estimate.map_err(|error| told(connector, &error))?;
        print(&match args.format == "jsonl" {
            true => format!("{}\n", estimate_row(connector.name(), &estimate)),
            false => estimate_text(connector.name(), &estimate),
        })?;
    }
    Ok(if flag.load(Ordering::Relaxed) { EXIT_PARTIAL } else { 0 })
}

fn told(connector: &Connector, error: &listing::Error) -> Failed {
    let name = connector.name();
    Failed::new(format!("connector `{name}`: {error}\n  see what it may do: `sluicebox connect test {name}`"))
}

fn estimate_text(name: &ConnectorName, estimate: &Estimate) -> String {
    let people = estimate.people;
    let mut text = format!("{name}: before the first content is read\n");
    let mut line = |label: &str, value: String| {
        let _ = writeln!(text, "  {label:<9} {value}");
    };
    line(
        "people",
        format!(
            "{} inside, {} outside, {}",
            count(people.internal),
            count(people.external),
            of(people.groups, "group", "groups")
        ),
    );
    line("items", between(estimate.items, count));
    line("files", format!("{} with contents, {}", between(estimate.files, count), between(estimate.bytes, bytes)));
    if let Some(used) = estimate.used_bytes {
        line("provider", format!("counts {} itself, with what it keeps of old versions and trash", bytes(used)));
    }
    line(
        "calls",
        format!(
            "{}; a later pass without changes {}",
            between(estimate.calls, count),
            between(estimate.calls_again, count)
        ),
    );
    line("takes", time_between(estimate.takes));
    let (all, walked) = estimate.walks;
    let sample = match all == walked {
        true => format!("all {} were looked at", of(all, "walk", "walks")),
        false => {
            format!("{} of {} were looked at, the rest is reckoned from them", count(walked), of(all, "walk", "walks"))
        }
    };
    line("sample", format!("{sample}; {}", of(estimate.calls_used, "call", "calls")));
    if estimate.holes > 0 {
        line(
            "holes",
            format!(
                "{} cannot be walked; `sluicebox connect survey {name}` names them",
                of(estimate.holes, "place", "places")
            ),
        );
    }
    text
}

fn estimate_row(name: &ConnectorName, estimate: &Estimate) -> Value {
    json!({
        "schema": "sluicebox.estimate/1",
        "connector": name.as_str(),
        "people": {"internal": estimate.people.internal, "external": estimate.people.external, "groups": estimate.people.groups},
        "items": range(estimate.items),
        "files": range(estimate.files),
        "bytes": range(estimate.bytes),
        "used_bytes": estimate.used_bytes,
        "calls": range(estimate.calls),
        "calls_again": range(estimate.calls_again),
        "seconds": seconds(Some(estimate.takes)),
        "walks": {"all": estimate.walks.0, "sampled": estimate.walks.1},
        "calls_used": estimate.calls_used,
        "holes": estimate.holes,
    })
}

// --- status ---

fn status_all(config: &Config, args: &StatusArgs) -> Result<u8, Failed> {
    let store = service::open_to_read(config)?;
    let connectors = store.connectors().map_err(Failed::new)?;
    let clock = Clock::machine();
    let runs = service::who_runs(config.service()).is_some();
    let mut told = 0;
    for connector in connectors.iter().filter(|one| args.name.as_ref().is_none_or(|name| *name == one.name)) {
        let status = passes::status(&*store, connector.number).map_err(Failed::new)?;
        let holes = holes(&*store, connector.number)?;
        print(&match args.format == "jsonl" {
            true => format!("{}\n", status_row(&connector.name, &status, holes, runs)),
            false => status_text(&connector.name, &status, holes, runs, &clock),
        })?;
        told += 1;
    }
    if told > 0 {
        return Ok(0);
    }
    match &args.name {
        Some(name) => {
            config.get(name)?;
            Err(Failed::new(format!("the service has not seen `{name}` yet\n  `sluicebox run` begins with it")))
        }
        None => Err(Failed::new("the service has not seen any connector yet\n  `sluicebox run` begins with them")),
    }
}

fn holes(store: &dyn Store, of: ConnectorNumber) -> Result<u64, Failed> {
    let holes = store.holes(None).map_err(Failed::new)?;
    Ok(u64::try_from(holes.iter().filter(|hole| hole.connector == of).count()).unwrap_or(u64::MAX))
}

fn status_text(name: &ConnectorName, status: &Status, holes: u64, runs: bool, clock: &Clock) -> String {
    let state = match (status.paused, runs) {
        (true, _) => ", paused",
        (false, true) => "",
        (false, false) => ", no service runs",
    };
    let pass = status.pass.map_or(0, |pass| pass.number);
    let mut text = format!("{name}: pass {pass}, {}{state}\n", status.phase.name());
    let mut line = |label: &str, value: String| {
        let _ = writeln!(text, "  {label:<9} {value}");
    };
    let totals = &status.totals;
    line(
        "known",
        format!(
            "{}, {}, {}",
            of(totals.files, "file", "files"),
            bytes(totals.bytes),
            of(totals.folders, "folder", "folders")
        ),
    );
    let done = totals.files.saturating_sub(totals.waiting_files);
    line(
        "done",
        format!(
            "{} ({} contents read, {})",
            of(done, "file", "files"),
            count(totals.read_files),
            bytes(totals.read_bytes)
        ),
    );
    line("left", format!("{}, {}", between(status.left.files, count), between(status.left.bytes, bytes)));
    if let Some(pass) = status.pass.filter(|pass| pass.listed.is_none()) {
        line(
            "listing",
            format!("{} taken in, {} left", of(pass.pages, "page", "pages"), of(pass.walks_left, "walk", "walks")),
        );
    }
    line(
        "waiting",
        format!(
            "{} ready, {} later, {} under way; {} parked",
            count(status.backlog.ready),
            count(status.backlog.delayed),
            count(status.backlog.leased),
            count(status.parked)
        ),
    );
    if holes > 0 {
        line("holes", of(holes, "place was not walked", "places were not walked"));
    }
    if let Some(last) = &status.last {
        if let Some(rate) = last.rate.filter(|rate| rate.files > 0.0) {
            line("rate", format!("{:.1} files a second, {}/s", rate.files, bytes(estimate::whole(rate.bytes))));
        }
        if last.throttled_ms > 0 {
            line(
                "throttled",
                format!(
                    "calls waited {} because the provider said so",
                    elapsed(Duration::from_millis(last.throttled_ms))
                ),
            );
        }
        let calls = [("day", last.calls_left.0), ("month", last.calls_left.1)];
        for (period, left) in calls.into_iter().filter_map(|(period, left)| Some((period, left?))) {
            line("calls", format!("{} left of this {period}'s", count(left)));
        }
        if let Some(remaining) = last.remaining.filter(|remaining| !remaining.longest.is_zero()) {
            let now = clock.now();
            line(
                "finish",
                format!(
                    "in {}: {} to {}",
                    time_between(remaining),
                    now.plus(remaining.shortest),
                    now.plus(remaining.longest)
                ),
            );
        }
        if let Some(trouble) = &last.trouble {
            line("trouble", one_line(trouble));
        }
    }
    text
}

fn status_row(name: &ConnectorName, status: &Status, holes: u64, runs: bool) -> Value {
    let last = status.last.as_ref();
    json!({
        "schema": "sluicebox.backlog/1",
        "connector": name.as_str(),
        "running": runs,
        "paused": status.paused,
        "phase": status.phase.name(),
        "pass": status.pass.map(|pass| json!({
            "number": pass.number,
            "began": pass.began.to_string(),
            "listed": pass.listed.map(|listed| listed.to_string()),
            "pages": pass.pages,
            "walks": pass.walks,
            "walks_left": pass.walks_left,
            "new": pass.taken.new,
            "changed": pass.taken.changed,
            "unchanged": pass.taken.unchanged,
            "gone": pass.gone,
        })),
        "files": status.totals.files,
        "bytes": status.totals.bytes,
        "folders": status.totals.folders,
        "files_waiting": status.totals.waiting_files,
        "bytes_waiting": status.totals.waiting_bytes,
        "files_read": status.totals.read_files,
        "bytes_read": status.totals.read_bytes,
        "files_left": range(status.left.files),
        "bytes_left": range(status.left.bytes),
        "jobs": {
            "ready": status.backlog.ready, "delayed": status.backlog.delayed, "leased": status.backlog.leased,
            "parked": status.parked,
        },
        "holes": holes,
        "files_per_second": last.and_then(|last| last.rate).map(|rate| rate.files),
        "bytes_per_second": last.and_then(|last| last.rate).map(|rate| rate.bytes),
        "throttled_ms": last.map(|last| last.throttled_ms),
        "calls_left": last.map(|last| json!({"day": last.calls_left.0, "month": last.calls_left.1})),
        "seconds_left": seconds(last.and_then(|last| last.remaining)),
        "trouble": last.and_then(|last| last.trouble.as_deref()),
        "as_of": last.map(|last| last.at.to_string()),
    })
}

// --- words ---

/// One figure when it is known, else its ends.
fn between(range: Between, shown: impl Fn(u64) -> String) -> String {
    match range.is_exact() {
        true => shown(range.low),
        false => format!("{} to {}", shown(range.low), shown(range.high)),
    }
}

fn time_between(range: Remaining) -> String {
    let (shortest, longest) = (elapsed(range.shortest), elapsed(range.longest));
    match shortest == longest {
        true => shortest,
        false => format!("{shortest} to {longest}"),
    }
}

fn range(range: Between) -> Value {
    json!({"low": range.low, "high": range.high})
}

fn seconds(range: Option<Remaining>) -> Value {
    range.map_or(Value::Null, |range| json!({"low": range.shortest.as_secs(), "high": range.longest.as_secs()}))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::listing::People;

    #[test]
    fn a_known_figure_is_one_and_a_range_has_two_ends() {
        assert_eq!(between(Between::exactly(1_234), count), "1,234");
        assert_eq!(between(Between::of(10, 2_000), count), "10 to 2,000");
        let minute = Duration::from_secs(60);
        assert_eq!(time_between(Remaining { shortest: minute, longest: minute }), elapsed(minute));
    }

    #[test]
    fn an_estimate_tells_what_was_asked() {
        let estimate = Estimate {
            people: People { internal: 5, external: 2, groups: 1 },
            walks: (10, 4),
            items: Between::of(100, 200),
            files: Between::of(90, 180),
            bytes: Between::of(1 << 20, 1 << 30),
            used_bytes: Some(1 << 30),
            calls: Between::of(300, 600),
            calls_again: Between::exactly(10),
            takes: Remaining { shortest: Duration::from_secs(60), longest: Duration::from_secs(600) },
            calls_used: 40,
            holes: 1,
        };
        let name: ConnectorName = "main".parse().expect("a name");
        let text = estimate_text(&name, &estimate);
        for told in [
            "5 inside, 2 outside, 1 group",
            "100 to 200",
            "300 to 600",
            "1.0 MiB to 1.0 GiB",
            "4 of 10 walks",
            "1 place",
        ] {
            assert!(text.contains(told), "{told} in\n{text}");
        }
        let row = estimate_row(&name, &estimate);
        assert_eq!((row["files"]["high"].as_u64(), row["seconds"]["low"].as_u64()), (Some(180), Some(60)));
    }
}
