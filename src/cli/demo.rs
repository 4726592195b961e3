//! `sluicebox demo`: the whole product on this machine, from nothing: a Box enterprise and a Dropbox team made of real documents,
//! connected, estimated, read, followed while people work, and judged by a stricter rule without one download; then what is open
//! is closed by policies and a plan, through a kill of the service, and brought back, with mails, receipts and proofs.
//!
//! It runs the program's own commands over a folder of its own, and holds each figure that they print against the tenants' own
//! state or against the documents themselves: what it shows is so, or it says that it is not and ends with 2.

mod child;
mod fill;
mod govern;
mod oracle;
mod sinks;
mod steps;
mod told;

use super::{Failed, shown, stop};
use crate::clock::Clock;
use crate::emulator::seed::Fill;
use crate::emulator::{self, Keyring, Running, Tenants};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

/// Seeds the tenants and the work of their people.
const SEED: u64 = 1;
/// Files of each tenant.
const FILES: u32 = 3_000;

/// Flags of `demo`.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Exit code: 0 when all that it shows is so, 2 when something is not. Nothing outside its folder is \
    touched, no network but 127.0.0.1 is used."
)]
pub(super) struct Args {
    /// Documents that the tenants are filled from
    #[arg(long, value_name = "FOLDER", default_value = "corpus")]
    corpus: PathBuf,
    /// Files of each tenant
    #[arg(long, value_name = "N", default_value_t = FILES, value_parser = clap::value_parser!(u32).range(200..=100_000))]
    files: u32,
    /// Folder of the demo: settings, store and report; default is one that is deleted at the end
    #[arg(long, value_name = "FOLDER")]
    folder: Option<PathBuf>,
    /// Leave tenants and service running at the end, until Ctrl-C
    #[arg(long)]
    keep: bool,
}

pub(super) fn run(args: &Args) -> Result<u8, Failed> {
    let stop = stop::on_signals()?;
    let clock = Clock::machine();
    let fill = fill::fill(&args.corpus, usize::try_from(args.files).unwrap_or(usize::MAX)).map_err(|error| {
        Failed::new(format!(
            "no documents to fill the tenants with: {}\n  run it in a checkout of the repository, or name a folder with --corpus",
            shown(error.to_string())
        ))
    })?;
    let folder = Folder::of(args.folder.as_deref())?;
    let stage = Stage::set(&folder, fill, &clock)?;
    let holds = steps::play(&stage, &folder.path, args.keep, &clock, &stop)?;
    Ok(if holds { 0 } else { super::EXIT_FAILED })
}

/// Where all of the demo's files are.
#[derive(Debug)]
struct Folder {
    path: PathBuf,
    ours: bool,
}

impl Folder {
    fn of(named: Option<&Path>) -> Result<Self, Failed> {
        let failed = |path: &Path, error: std::io::Error| {
            Failed::new(format!("cannot use the folder {} for the demo: {error}", shown(path)))
        };
        if let Some(path) = named {
            let is_empty = |path: &Path| std::fs::read_dir(path).map(|mut entries| entries.next().is_none());
            std::fs::create_dir_all(path).map_err(|error| failed(path, error))?;
            if !is_empty(path).map_err(|error| failed(path, error))? {
                return Err(Failed::new(format!("{} is not empty; name a new folder", shown(path))));
            }
            let path = path.canonicalize().map_err(|error| failed(path, error))?;
            return Ok(Self { path, ours: false });
        }
        let path = std::env::temp_dir().join(format!("sluicebox-demo-{}", std::process::id()));
        std::fs::create_dir(&path).map_err(|error| failed(&path, error))?;
        Ok(Self { path, ours: true })
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        if self.ours {
            // What cannot be deleted lies in the system's folder for temporary files.
            let _ = std::fs::remove_dir_all(&self.path);
        }
    }
}

/// The tenants behind their doors, and the settings that lead there.
#[derive(Debug)]
struct Stage {
    tenants: Tenants,
    running: Running,
    fill: Arc<Fill>,
    sinks: sinks::Sinks,
    settings: PathBuf,
}

impl Stage {
    fn set(folder: &Folder, fill: Fill, clock: &Clock) -> Result<Self, Failed> {
        let tenants = Tenants::new(SEED, clock, &fill);
        let running = emulator::start(emulator::Options {
            seed: SEED,
            clock: clock.clone(),
            clouds: tenants.clouds(),
            ..emulator::Options::default()
        })
        .map_err(Failed::new)?;
        let settings = folder.path.join("sluicebox.toml");
        let sinks = sinks::Sinks::open(clock)?;
        write_settings(&Keyring::new(&tenants, &running), &sinks, &settings)?;
        Ok(Self { tenants, running, fill: Arc::new(fill), sinks, settings })
    }
}

/// Settings as a user would write them, but for the pace: no provider is spared here.
fn write_settings(keyring: &Keyring, sinks: &sinks::Sinks, file: &Path) -> Result<(), Failed> {
    let failed = |error: std::io::Error| Failed::new(format!("cannot write the settings: {error}"));
    keyring.write_settings(file).map_err(failed)?;
    let text = std::fs::read_to_string(file).map_err(failed)?;
    let quick = "rate_per_principal = 1000\nconcurrency = 32\n";
    let mut lines = String::new();
    for line in text.lines() {
        lines.push_str(line);
        lines.push('\n');
        if line.starts_with("[connector.") {
            lines.push_str(quick);
        }
    }
    lines.push_str("\n[service]\nfeed_poll_ms = 200\ndisk_free_min_bytes = 1048576\ntoken_key_file = \"token.key\"\nhttp = \"127.0.0.1:0\"\n");
    lines.push_str(&sinks.settings(file).map_err(failed)?);
    std::fs::write(file, lines).map_err(failed)
}

/// True when the user wants no more.
fn is_over(stop: &AtomicBool) -> bool {
    stop.load(std::sync::atomic::Ordering::Relaxed)
}
