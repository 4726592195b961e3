//! `sluicebox emulate`: a Box enterprise and a Dropbox team on this machine, until Ctrl-C.
//!
//! The last line it prints at start is "Ready": all ports are open then, and all files written. A script waits for that
//! line or for `--ready-file`, which appears whole and last.

mod faults;
mod summary;

use super::{Failed, shown, stop};
use crate::clock::Clock;
use crate::emulator::edit::{Play, Script};
use crate::emulator::seed::{CAST, Fill, Part};
use crate::emulator::{self, Door, Faults, Keyring, Pace, Running, Tenants, keyring};
use crate::report::units;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// Edits a second at most.
const EDITS_MAX: f64 = 1_000.0;
/// Files out of repeating others at most.
const FILES_MAX: u64 = 200_000;
/// Made-up files at most: beyond, a tenant outgrows a few hundred MB.
const MADE_UP_MAX: u64 = 10_000_000;
/// How often a quiet emulator looks up.
const QUIET: Duration = Duration::from_secs(3_600);

/// Flags of `emulate`.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "The credentials it prints open nothing but this run. Exit code: 0 after Ctrl-C; 2 when it could \
    not start."
)]
pub(super) struct Args {
    /// Fill the tenants with the files below this folder; default is a small made-up company
    #[arg(long, value_name = "PATH", conflicts_with = "empty")]
    folder: Option<PathBuf>,
    /// Begin without any file
    #[arg(long)]
    empty: bool,
    /// Repeat the files, a little varied, until each tenant has N of them
    #[arg(long, value_name = "N", default_value_t = 0, value_parser = clap::value_parser!(u64).range(..=FILES_MAX))]
    files: u64,
    /// Add N made-up files that take hardly any memory
    #[arg(long, value_name = "N", default_value_t = 0, value_parser = clap::value_parser!(u64).range(..=MADE_UP_MAX))]
    made_up: u64,
    /// Seeds ids, faults and edits; the same seed gives the same
    #[arg(long, value_name = "S", default_value_t = 1)]
    seed: u64,
    /// Port of Box's API; default is a free one
    #[arg(long, value_name = "P")]
    box_port: Option<u16>,
    /// Port of Dropbox's API; default is a free one
    #[arg(long, value_name = "P")]
    dropbox_port: Option<u16>,
    /// Speak TLS, under an authority made for this run
    #[arg(long)]
    tls: bool,
    /// Another name that the TLS certificate is for
    #[arg(long, value_name = "HOST", requires = "tls")]
    name: Vec<String>,
    /// Write the authority's certificate (PEM) to this file
    #[arg(long, value_name = "FILE", requires = "tls")]
    authority: Option<PathBuf>,
    /// Bring Dropbox's webhook notices to this address on this machine, as http://127.0.0.1:8080/hooks/dropbox (Box's go
    /// where its webhooks say)
    #[arg(long, value_name = "URL", value_parser = hook)]
    hook: Option<String>,
    #[arg(long, value_name = "KINDS", default_value = "none", value_parser = faults::parse, help = faults::help())]
    faults: Faults,
    /// Calls a second that each user or member may make; more are answered with 429
    #[arg(long, value_name = "N", value_parser = per_second)]
    rate: Option<f64>,
    /// Let people work in the tenants: so many edits a second, for example 0.5
    #[arg(long, value_name = "PER_SECOND", value_parser = per_second)]
    edits: Option<f64>,
    /// Write settings with the connectors `box` and `dropbox` to this file, and their secrets beside it
    #[arg(long, value_name = "FILE")]
    settings: Option<PathBuf>,
    /// Write addresses and credentials as JSON to this file when all is ready
    #[arg(long, value_name = "FILE")]
    ready_file: Option<PathBuf>,
}

fn per_second(text: &str) -> Result<f64, String> {
    let number: Option<f64> = text.parse().ok().filter(|number| *number > 0.0 && *number <= EDITS_MAX);
    number.ok_or_else(|| format!("write a number above 0, at most {EDITS_MAX}"))
}

fn hook(text: &str) -> Result<String, String> {
    let here = url::Url::parse(text).is_ok_and(|url| url.scheme() == "http" && url.host_str() == Some("127.0.0.1"));
    if here { Ok(text.to_owned()) } else { Err("write an address as http://127.0.0.1:8080/hooks/dropbox".to_owned()) }
}

pub(super) fn run(args: &Args) -> Result<u8, Failed> {
    let stop = stop::on_signals()?;
    remove_stale(args.ready_file.as_deref())?;
    let (clock, fill) = (Clock::machine(), fill(args)?);
    let tenants = Tenants::new(args.seed, &clock, &fill);
    let running = emulator::start(options(args, clock.clone(), &tenants)).map_err(Failed::new)?;
    let keyring = Keyring::new(&tenants, &running);
    let written = write_files(args, &running, &keyring)?;
    say(&greeting(args, &fill, &keyring, &written));
    let edits = args.edits.map(|rate| Edits { script: Script::new(args.seed, &fill), rate });
    drop(fill);
    let played = play(&clock, &tenants, edits, &stop);
    say(&summary::text(running.record(), clock.elapsed(), &played));
    Ok(0)
}

/// To whoever listens; the emulator runs on when nobody does.
fn say(text: &str) {
    let mut out = std::io::stdout().lock();
    let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
}

/// A script that waits for the file must not find that of an earlier run.
fn remove_stale(file: Option<&Path>) -> Result<(), Failed> {
    match file.map(std::fs::remove_file) {
        Some(Err(error)) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(Failed::new(format!("cannot replace {}: {error}", shown(file.unwrap_or(Path::new(""))))))
        }
        _ => Ok(()),
    }
}

fn fill(args: &Args) -> Result<Fill, Failed> {
    let fill = match &args.folder {
        Some(folder) => Fill::from_folder(folder).map_err(|error| Failed::new(shown(error.to_string())))?,
        None if args.empty => Fill::default(),
        None => Fill::small(),
    };
    let fill = fill.multiplied(usize::try_from(args.files).unwrap_or(usize::MAX));
    Ok(Fill { made_up: args.made_up, ..fill })
}

fn options(args: &Args, clock: Clock, tenants: &Tenants) -> emulator::Options {
    let ports = [(Door::BoxApi, args.box_port), (Door::DropboxApi, args.dropbox_port)];
    emulator::Options {
        seed: args.seed,
        clock,
        faults: args.faults,
        // A second's worth at once.
        pace: args.rate.map_or_else(Pace::default, |rate| Pace { per_second: rate, burst: rate.max(1.0) }),
        tls: args.tls,
        names: args.name.clone(),
        clouds: tenants.clouds(),
        hook: args.hook.clone(),
        ports: ports.into_iter().filter_map(|(door, port)| Some((door, port?))).collect(),
    }
}

/// The files asked for, in the order in which they are told.
fn write_files(args: &Args, running: &Running, keyring: &Keyring) -> Result<Vec<(&'static str, PathBuf)>, Failed> {
    let failed = |error: std::io::Error| Failed::new(shown(error.to_string()));
    let mut written = Vec::new();
    if let (Some(file), Some(pem)) = (&args.authority, running.authority_pem()) {
        keyring::write_private(file, pem).map_err(failed)?;
        written.push(("authority", file.clone()));
    }
    if let Some(file) = &args.settings {
        keyring.write_settings(file).map_err(failed)?;
        written.push(("settings", file.clone()));
    }
    if let Some(file) = &args.ready_file {
        let mut told = keyring.json();
        told["pid"] = std::process::id().into();
        told["authority_file"] = args.authority.as_ref().map(|file| file.to_string_lossy().into_owned()).into();
        keyring::write_private(file, &format!("{told:#}\n")).map_err(failed)?;
        written.push(("ready file", file.clone()));
    }
    Ok(written)
}

fn greeting(args: &Args, fill: &Fill, keyring: &Keyring, written: &[(&str, PathBuf)]) -> String {
    let bytes: usize = fill.files.iter().map(|file| file.body.len()).sum();
    let mut text = format!(
        "A Box enterprise and a Dropbox team on this machine: {} files of {}, {} made up; seed {}.\n",
        units::count(fill.files.len() as u64),
        units::bytes(bytes as u64),
        units::count(fill.made_up),
        args.seed
    );
    for (provider, rows) in keyring.rows() {
        text.push_str(&format!("\n{provider}\n"));
        rows.iter().for_each(|(name, value)| text.push_str(&format!("  {name:<14} {value}\n")));
    }
    text.push_str("\nPeople\n");
    for person in CAST {
        text.push_str(&format!("  {:<14} {}, {}\n", person.name, person.login, part(person.part)));
    }
    if !written.is_empty() {
        text.push_str("\nWritten\n");
        written.iter().for_each(|(name, path)| text.push_str(&format!("  {name:<14} {}\n", shown(path))));
    }
    text.push_str(
        "\nAll of this opens nothing but this run. The authorize pages grant at once.\nReady. Ctrl-C ends it.\n",
    );
    text
}

fn part(part: Part) -> &'static str {
    match part {
        Part::Admin => "admin",
        Part::CoAdmin => "co-admin",
        Part::Member => "member",
        Part::Inactive => "member who cannot sign in",
        Part::Invited => "invited (Dropbox)",
        Part::Partner => "of another company",
    }
}

/// People at work.
struct Edits {
    script: Script,
    rate: f64,
}

/// What people did.
#[derive(Debug, Default)]
struct Played {
    done: u64,
    /// The tenants' words for the first that they refused, and how many.
    refused: Option<(u64, String)>,
}

/// Lets people work until the end.
fn play(clock: &Clock, tenants: &Tenants, edits: Option<Edits>, stop: &AtomicBool) -> Played {
    let mut played = Played::default();
    let Some(Edits { script, rate }) = edits else {
        while clock.wait(QUIET, stop) {}
        return played;
    };
    let span = Duration::from_secs_f64(1.0 / rate);
    for edit in script {
        if !clock.wait(span, stop) || stop.load(Ordering::Relaxed) {
            break;
        }
        match tenants.play(&edit) {
            Ok(()) => played.done += 1,
            Err(why) => played.refused = Some(played.refused.map_or((1, why), |(count, first)| (count + 1, first))),
        }
    }
    played
}
