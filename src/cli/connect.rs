//! `sluicebox connect`: set up tenants, try what works, switch them off and on, and look at what they hold.
//!
//! Setting up writes three things and nothing else: the connector's table in the settings file, its secrets and its vault in
//! a folder of its own. Every step can be repeated; a second run asks only for what is still missing.

mod activity;
mod ask;
mod check;
mod consent;
mod console;
mod list;
mod open;
mod people;
mod probed;
mod setup;
mod survey;
mod switch;

pub(super) use ask::Ask;
pub(super) use open::{Patience, failed, opened};
pub(super) use probed::{Probed, probed};

use super::Failed;
use super::config::Config;
use crate::model::{ConnectorName, Provider};
use std::path::PathBuf;

/// Flags of `connect`.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The settings file; default $SLUICEBOX_SETTINGS, else sluicebox/sluicebox.toml in the configuration folder
    #[arg(long, value_name = "FILE", global = true)]
    settings: Option<PathBuf>,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// Set up a Box enterprise
    Box(setup::BoxArgs),
    /// Set up a Dropbox team
    Dropbox(setup::DropboxArgs),
    /// Try each capability apart and name what is missing
    Test(check::Args),
    /// List connectors and their state
    List(list::Args),
    /// Switch a connector off: nothing is asked of its tenant any more
    Disable(Named),
    /// Test a connector and switch it on again
    Enable(Named),
    /// Delete a connector: its table, its secrets, its tokens
    Remove(switch::RemoveArgs),
    /// Print the hosts and ports that a firewall must let through
    Hosts(list::HostsArgs),
    /// List people and groups
    People(people::Args),
    /// Walk everything once and tell how much there is, how open it is, and what cannot be reached
    Survey(survey::Args),
    /// Print what people did, as JSON lines
    Activity(activity::Args),
}

/// A connector by name.
#[derive(Debug, clap::Args)]
struct Named {
    /// The connector
    name: ConnectorName,
}

pub(super) fn run(args: &Args) -> Result<u8, Failed> {
    let named = args.settings.as_deref();
    let setting_up = matches!(args.command, Command::Box(_) | Command::Dropbox(_));
    let mut config = Config::load(named, setting_up)?;
    match &args.command {
        Command::Box(args) => setup::of_box(&mut config, args),
        Command::Dropbox(args) => setup::of_dropbox(&mut config, args),
        Command::Test(args) => check::run(&config, args),
        Command::List(args) => list::run(&config, args),
        Command::Disable(args) => switch::disable(&mut config, &args.name),
        Command::Enable(args) => switch::enable(&mut config, &args.name),
        Command::Remove(args) => switch::remove(&mut config, args),
        Command::Hosts(args) => list::hosts(&config, args),
        Command::People(args) => people::run(&config, args),
        Command::Survey(args) => survey::run(&config, args),
        Command::Activity(args) => activity::run(&config, args),
    }
}

/// The name people know a provider by.
fn title(provider: Provider) -> &'static str {
    match provider {
        Provider::Box => "Box",
        Provider::Dropbox => "Dropbox",
    }
}
