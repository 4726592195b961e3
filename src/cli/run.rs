//! `sluicebox run`: the service, until Ctrl-C.
//!
//! Everything is put together here and nowhere else: settings, logs, the lock, the store, the tenants, the rules, the stages,
//! the edge. It ends in the reverse order: first nobody can ask any more, then the stages give their leases back, then the
//! store is closed, then the lock is free.

mod commands;
mod health;
mod progress;
mod rules;
mod tenants;

use super::config::{Config, Service as Settings};
use super::doctor::free_bytes;
use super::key::{self, Keys};
use super::{EXIT_FAILED, Failed, audit, cells, logs, service, shown, stop};
use crate::clock::Clock;
use crate::console::{self, Control, Edge, Routes, hooks::TenantHooks, metrics};
use crate::engine::control::{Lock, SOCKET};
use crate::engine::core::Core;
use crate::engine::service::{Error, Parts, Running, Service, Task};
use crate::engine::{act, anchor, feed, following, passes, reevaluate, tell, upkeep};
use crate::extract::cell::Cells;
use crate::report::units;
use crate::store::{Record, Store};
use std::io::Write;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;
use tracing::{error, info};

/// How often the state is looked at, and progress drawn.
const LOOK_EVERY: Duration = Duration::from_millis(500);

/// Flags of `run`.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "The first Ctrl-C ends it in good order: work under way is given back. The second ends it at once, \
    also safely. Exit code: 0 after Ctrl-C; 2 when it could not start or had to stop."
)]
pub(super) struct Args {
    /// The settings file; default $SLUICEBOX_SETTINGS, else sluicebox/sluicebox.toml in the configuration folder
    #[arg(long, value_name = "FILE")]
    settings: Option<PathBuf>,
    /// Begin no regular pass by itself; `backlog start` begins one
    #[arg(long)]
    no_backlog: bool,
    /// Draw no progress on a terminal
    #[arg(long)]
    no_progress: bool,
    /// Refuse to start where the sandbox of readers lacks a wall
    #[arg(long)]
    require_sandbox: bool,
}

pub(super) fn run(args: &Args) -> Result<u8, Failed> {
    let config = Config::load(args.settings.as_deref(), false)?;
    let settings = config.service();
    logs::begin(settings)?;
    let clock = Clock::machine();
    let _lock = locked(settings, &clock)?;
    let keys = key::load_existing(settings.token_key_file.as_deref())?;
    let stop = stop::on_signals()?;
    let store: Arc<dyn Store> = Arc::new(service::open(settings, &keys, &clock)?);
    let (core, left_out) = core(&config, args, store, &keys, &clock, &stop)?;
    let threads = core.options.scan_threads;
    let cells = cells::start_with(config.cells().options(threads, args.require_sandbox), config.ocr())?;
    let running = Arc::new(Service::start(&core, parts(&config, cells)?).map_err(Failed::new)?);
    let edge = match console::start(edge(&config, &core, &running)?) {
        Ok(edge) => edge,
        Err(error) => {
            // In good order: leases may have been taken already.
            let _ = finish(running);
            return Err(Failed::new(error));
        }
    };
    say(&greeting(&config, &core, &edge, left_out));
    info!(connectors = core.tenants.len(), left_out, "the service runs");
    let drawing = progress::wanted(args.no_progress);
    let failed = watch(&core, &running, drawing);
    drop(edge);
    let ended = finish(running);
    match failed.map_or(ended, Err) {
        Ok(said) => {
            info!("the service has ended");
            say(&said);
            Ok(0)
        }
        Err(error) => {
            error!(full = error.is_full(), "the service had to end");
            eprintln!("error: {error}");
            Ok(EXIT_FAILED)
        }
    }
}

/// The lock of the data folder.
fn locked(settings: &Settings, clock: &Clock) -> Result<Lock, Failed> {
    service::made(settings)?;
    Lock::take(&settings.data_dir, "run", clock).map_err(|error| {
        Failed::new(format!(
            "{error}\n  one service writes one data folder: stop the other first, or give another `data_dir`"
        ))
    })
}

/// What all stages share; and how many connectors had to be left out.
fn core(
    config: &Config,
    args: &Args,
    store: Arc<dyn Store>,
    keys: &Keys,
    clock: &Clock,
    stop: &Arc<AtomicBool>,
) -> Result<(Arc<Core>, usize), Failed> {
    let in_force = rules::in_force(config, &*store, keys)?;
    let opened = tenants::open(config, &*store, clock, stop)?;
    let mut options = config.service().options();
    options.only_needed = config.fetch_only_needed();
    options.backlog = !args.no_backlog;
    options.limits = config.limits().clone();
    options.tell = config.notify().tell.clone();
    let (clock, stop, key) = (clock.clone(), Arc::clone(stop), keys.token.clone());
    let core = Core::new(store, opened.tenants, options, clock, stop, key, in_force);
    core.govern(super::policy::governing(config, &*core.store, core.clock.now())?);
    Ok((Arc::new(core), opened.left_out))
}

/// A core for a command that acts while no service runs (`plan apply`, `undo`, `quarantine restore`): tenants, rules, policies, no
/// thread. The caller holds the lock, and acts by [`act::drain`].
///
/// # Errors
/// When rules or policies are not in order, or the store cannot be read or written.
pub(in crate::cli) fn core_to_act(
    config: &Config,
    store: Arc<dyn Store>,
    keys: &Keys,
    clock: &Clock,
    stop: &Arc<AtomicBool>,
) -> Result<Arc<Core>, Failed> {
    let args = Args { settings: None, no_backlog: true, no_progress: true, require_sandbox: false };
    core(config, &args, store, keys, clock, stop).map(|(core, _)| core)
}

/// The threads beside the stages.
///
/// # Errors
/// When what messages leave by is not in order.
fn parts(config: &Config, cells: Cells) -> Result<Parts, Failed> {
    let (settings, kept) = (config.service(), config.kept());
    let days = [
        (Record::Activities, kept.activities_days),
        (Record::PastVerdicts, kept.past_verdicts_days),
        (Record::PastFindings, kept.past_findings_days),
        (Record::AuditFields, kept.audit_people_days),
        (Record::GoneItems, kept.gone_items_days),
        (Record::ClosedAlerts, kept.closed_alerts_days),
        (Record::PastMessages, kept.past_messages_days),
        (Record::PastActions, kept.past_actions_days),
    ];
    let data_dir = settings.data_dir.clone();
    let upkeep_options = upkeep::Options {
        keep_days: days.into_iter().filter_map(|(record, days)| Some((record, days?))).collect(),
        public_address: settings.public_address.clone(),
        free_bytes: Box::new(move || free_bytes(&data_dir)),
        free_bytes_min: settings.disk_free_min_bytes,
    };
    let (post, anchors) = (config.notify().post()?, audit::options(config)?);
    let mut tasks = vec![
        Task { name: "passes".into(), run: Box::new(passes::run) },
        Task { name: "feeds".into(), run: Box::new(feed::run) },
        Task { name: "following".into(), run: Box::new(following::run) },
        Task { name: "reevaluate".into(), run: Box::new(reevaluate::run) },
        Task { name: "upkeep".into(), run: Box::new(move |core| upkeep::run(core, &upkeep_options)) },
        Task { name: "tell".into(), run: Box::new(move |core| tell::run(core, &post)) },
        Task { name: "anchor".into(), run: Box::new(move |core| anchor::run(core, &anchors)) },
    ];
    tasks.extend(act::tasks(settings.act));
    Ok(Parts { tasks, ..Parts::new(cells) })
}

/// What the edge serves.
fn edge(config: &Config, core: &Arc<Core>, running: &Arc<Running>) -> Result<Edge, Failed> {
    let settings = config.service();
    let commands = commands::Commands::new(config.path(), core, running);
    let control = Control {
        path: settings.data_dir.join(SOCKET),
        perform: Arc::new(move |command, uid| commands.perform(command, uid)),
    };
    let http = match settings.http {
        None => None,
        Some(address) => {
            let (of_health, of_numbers) = (Arc::clone(core), Arc::clone(core));
            let routes = Routes {
                hooks: Arc::new(TenantHooks::new(core.tenants.clone(), Arc::clone(&core.stats))),
                health: Arc::new(move || health::of(&of_health)),
                metrics: Arc::new(move || {
                    metrics::text(&of_numbers.stats, of_numbers.clock.now(), env!("CARGO_PKG_VERSION"))
                }),
                credential: config.http_credential()?,
                clock: core.clock.clone(),
            };
            Some((address, routes))
        }
    };
    Ok(Edge { http, control: Some(control) })
}

/// Until Ctrl-C, `stop`, or something that ends the run by itself.
fn watch(core: &Core, running: &Running, drawing: bool) -> Option<Error> {
    let mut line = progress::Line::new(drawing);
    while !core.stopped() {
        if let Some(error) = running.failed(LOOK_EVERY) {
            return Some(error);
        }
        line.draw(core, &running.status());
    }
    None
}

/// Ends the stages; what to say at last.
fn finish(running: Arc<Running>) -> Result<String, Error> {
    // The edge's closures are gone by now; should one still hold on, dropping the last one ends the run as well.
    let Some(running) = Arc::into_inner(running) else { return Ok("Ended.\n".to_owned()) };
    running.stop().map(|_| "Ended in good order; the next run goes on where this one stopped.\n".to_owned())
}

/// The line of state at the start.
fn greeting(config: &Config, core: &Core, edge: &console::Running, left_out: usize) -> String {
    let names: Vec<&str> = core.tenants.iter().map(|tenant| tenant.name.as_str()).collect();
    let tenants = match names.len() {
        0 => "no connector yet".to_owned(),
        1 => format!("connector {}", names[0]),
        some => format!("{some} connectors ({})", names.join(", ")),
    };
    let left_out = if left_out > 0 { format!(", {left_out} left out") } else { String::new() };
    let detectors = core.in_force().matcher.rules().detectors.len() as u64;
    let http = edge.address().map(|address| format!("; http://{address}")).unwrap_or_default();
    format!(
        "Running: {tenants}{left_out}; {} detector{}; data in {}{http}. Ctrl-C ends it.\n",
        units::count(detectors),
        if detectors == 1 { "" } else { "s" },
        shown(&config.service().data_dir)
    )
}

/// To whoever listens; the service runs on when nobody does.
fn say(text: &str) {
    let mut out = std::io::stdout().lock();
    let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
}
