//! `sluicebox audit`: is the log what it was; all of it for an auditor; the key of its heads.

mod export;
mod key;
mod verify;

pub(super) use key::{load_or_make, path as key_path};

use super::config::{Anchor as To, Config};
use super::rules::print;
use super::{Failed, service};
use crate::clock::Clock;
use crate::engine::anchor::{Anchor, Head, Options};
use crate::notify::HeadPost;
use std::path::PathBuf;

/// Flags of `audit`.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(subcommand)]
    command: Sub,
}

#[derive(Debug, clap::Subcommand)]
enum Sub {
    /// Say whether the audit log is what it was: its chain, and the signed heads that lie outside
    Verify(verify::Args),
    /// Write the audit log and the log of actions, with all that proves them
    Export(export::Args),
    /// Print the public key that signed heads are verified by
    Key(Settings),
    /// Write a signed head of the log outside now, as the service does at intervals
    Anchor(Settings),
}

#[derive(Debug, clap::Args)]
struct Settings {
    /// The settings file; default $SLUICEBOX_SETTINGS, else sluicebox/sluicebox.toml in the configuration folder
    #[arg(long, value_name = "FILE")]
    settings: Option<PathBuf>,
}

pub(super) fn run(args: &Args) -> Result<u8, Failed> {
    match &args.command {
        Sub::Verify(args) => verify::run(args),
        Sub::Export(args) => export::run(args),
        Sub::Key(args) => {
            let config = Config::load(args.settings.as_deref(), false)?;
            print(&format!("{}\n", key::load(config.anchors())?.public()))?;
            Ok(0)
        }
        Sub::Anchor(args) => anchor_now(&Config::load(args.settings.as_deref(), false)?),
    }
}

/// What heads are made of and where they go, by the settings; the key is made when there is none yet.
pub(super) fn options(config: &Config) -> Result<Options, Failed> {
    let anchors = config.anchors();
    let to = anchors.to.as_ref().map(|to| anchor(config, to)).transpose()?;
    Ok(Options { key: key::load_or_make(anchors)?, to, every: anchors.every })
}

fn anchor(config: &Config, to: &To) -> Result<Anchor, Failed> {
    match to {
        To::File(path) => Ok(Anchor::File(path.clone())),
        To::Address(url) => {
            let way = config.notify().way()?;
            Ok(Anchor::Address(HeadPost::new(url, &way).map_err(Failed::new)?))
        }
    }
}

fn anchor_now(config: &Config) -> Result<u8, Failed> {
    let Some(to) = &config.anchors().to else {
        return Err(Failed::new("the settings name no `anchor`\n  see [audit] in docs/audit.md"));
    };
    let (store, clock, key) = (service::open_to_read(config)?, Clock::machine(), key::load(config.anchors())?);
    let head = Head::of(&*store, &key, clock.now())?;
    if head.store.is_empty() {
        return Err(Failed::new("the store has no id yet\n  `sluicebox init` gives it one"));
    }
    let put = anchor(config, to)?.put(&head, &key, &clock);
    put.map_err(|said| Failed::new(format!("the head could not be written outside: {said}")))?;
    print(&format!("A head over {} entries was written outside.\n", head.entries))?;
    Ok(0)
}
