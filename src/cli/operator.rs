//! `sluicebox operator`: the keys by which people decide by name.

use super::config::operators::{VARIABLE, is_name, own_key_file};
use super::config::{Config, write_private};
use super::rules::print;
use super::{Failed, shown};
use sha2::{Digest, Sha256};
use std::path::PathBuf;

/// Flags of `operator`.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(subcommand)]
    command: Sub,
}

#[derive(Debug, clap::Subcommand)]
enum Sub {
    /// Make a key for a person, and print what the settings need to know of it
    Key {
        /// The person's name: 1 to 32 of a-z, 0-9, `.`, `_` and `-`
        name: String,
        /// Where to write it; default operators/NAME.key in the user's configuration folder
        #[arg(long, value_name = "FILE")]
        file: Option<PathBuf>,
    },
    /// List the operators of the settings
    List {
        /// The settings file; default $SLUICEBOX_SETTINGS, else sluicebox/sluicebox.toml in the configuration folder
        #[arg(long, value_name = "FILE")]
        settings: Option<PathBuf>,
    },
}

pub(super) fn run(args: &Args) -> Result<u8, Failed> {
    match &args.command {
        Sub::Key { name, file } => key(name, file.clone())?,
        Sub::List { settings } => {
            let config = Config::load(settings.as_deref(), false)?;
            let names: String = config.operators().all().iter().map(|one| format!("{}\n", one.name)).collect();
            print(if names.is_empty() { "No operators.\n" } else { &names })?;
        }
    }
    Ok(0)
}

fn key(name: &str, file: Option<PathBuf>) -> Result<(), Failed> {
    if !is_name(name) {
        return Err(Failed::new(format!(
            "`{}` cannot name an operator\n  a name is 1 to 32 of a-z, 0-9, `.`, `_` and `-`, beginning with a letter",
            shown(name)
        )));
    }
    let path = file.map_or_else(|| own_key_file(name), Ok)?;
    if path.exists() {
        return Err(Failed::new(format!(
            "{} is there already\n  remove it first if the key is to be another, or give --file",
            shown(&path)
        )));
    }
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes).map_err(|error| Failed::new(format!("no randomness for a key: {error}")))?;
    let digits = crate::report::plan::digits(&bytes);
    write_private(&path, &format!("{digits}\n"))
        .map_err(|error| Failed::new(format!("cannot write the key {}: {error}", shown(&path))))?;
    let sum = crate::report::plan::digits(&Sha256::digest(bytes).into());
    print(&format!(
        "The key of {name} is in {}; nobody else may read it, and nobody else needs it.\nIt is found there, or by --operator-key FILE, or by {VARIABLE}. Add to the settings:\n\n[operators.{name}]\nkey_sha256 = \"{sum}\"\n",
        shown(&path)
    ))
}
