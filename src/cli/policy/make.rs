//! `sluicebox policy new`: a policy file for a filter, checked before it is printed.

use super::super::Failed;
use super::super::config::Config;
use super::super::rules::print;
use super::{Names, wrong};
use crate::policy::Filter;
use crate::policy::file::{Draft, load_text};
use std::path::PathBuf;

/// Flags of `policy new`.
#[derive(Debug, clap::Args)]
#[command(after_help = "An action is named as in a policy file, its parameters as KEY=VALUE:\n  \
    --do remove_links  --do 'restrict_links to=company'  --do 'notify whom=owner,security@example.com'\n\
    The policy is in mode `plan`: nothing is done by itself.")]
pub(in crate::cli) struct Args {
    /// Whom it means, as 'access >= external and finding(tag = pci)' (docs/filters.md)
    #[arg(long = "where", value_name = "EXPR")]
    filter: String,
    /// What it wants done; may be given several times
    #[arg(long = "do", value_name = "ACTION")]
    actions: Vec<String>,
    /// Its name: lower-case letters, digits and `-`
    #[arg(long, value_name = "NAME", default_value = "new-policy")]
    name: String,
    /// What it is for, in a line
    #[arg(long, value_name = "TEXT")]
    title: Option<String>,
    /// How grave its matches are: low, medium, high, critical
    #[arg(long, value_name = "WORD", default_value = "medium", value_parser = ["low", "medium", "high", "critical"])]
    severity: String,
    /// The settings file; default $SLUICEBOX_SETTINGS, else sluicebox/sluicebox.toml in the configuration folder
    #[arg(long, value_name = "FILE")]
    settings: Option<PathBuf>,
}

pub(in crate::cli) fn run(args: &Args) -> Result<u8, Failed> {
    // First by itself: its faults are told within the filter as it was typed here.
    Filter::parse(&args.filter)?;
    let draft = Draft {
        name: &args.name,
        title: args.title.as_deref().unwrap_or(&args.name),
        severity: &args.severity,
        filter: &args.filter,
        actions: &args.actions,
    };
    let text = draft.text().map_err(Failed::new)?;
    let config = Config::load(args.settings.as_deref(), false)?;
    let names = Names::of(&config)?;
    let loaded = load_text("new policy", &text, &names.known()).map_err(|errors| wrong(&errors))?;
    loaded.notes.iter().for_each(|note| eprintln!("{note}"));
    print(&text)?;
    Ok(0)
}
