//! `sluicebox policy`: check, list, make and approve policies.

mod check;
mod list;
mod make;
mod sign;
mod templates;

use super::config::Config;
use super::{Failed, refused};
use crate::clock::Moment;
use crate::engine::judge::Governing;
use crate::policy::{self, Known, Loaded, Policies};
use crate::store::Store;
use std::path::PathBuf;
use std::sync::Arc;

/// Flags of `policy`.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// Look for errors in policies, and for what will not work as meant
    Check(check::Args),
    /// List the policies: mode as written and in force, hash, approval, matches
    List(list::Args),
    /// Show one policy: whom it means and what it wants done
    Show(list::ShowArgs),
    /// Write a new policy for a filter to standard output
    New(make::Args),
    /// Let a policy be enforced as it stands, once its plan was looked at
    Approve(sign::ApproveArgs),
    /// Take an approval back: the policy falls back to `plan`
    Revoke(sign::RevokeArgs),
    /// List the built-in templates, or copy them into a folder
    Templates(templates::Args),
}

pub(super) fn run(args: &Args) -> Result<u8, Failed> {
    match &args.command {
        Command::Check(args) => check::run(args),
        Command::List(args) => list::run(args),
        Command::Show(args) => list::show(args),
        Command::New(args) => make::run(args),
        Command::Approve(args) => sign::approve(args),
        Command::Revoke(args) => sign::revoke(args),
        Command::Templates(args) => templates::run(args),
    }
}

/// Names that policies may use: of the rules and the settings.
struct Names {
    detectors: Vec<String>,
    tags: Vec<String>,
    connectors: Vec<String>,
    webhooks: Vec<String>,
}

impl Names {
    /// Those of these settings.
    fn of(config: &Config) -> Result<Self, Failed> {
        let loaded = crate::rule::load(config.rules()).map_err(|errors| refused(&errors))?;
        let rules = &loaded.rules;
        let mut tags: Vec<String> = rules.detectors.iter().flat_map(|one| one.tags.iter().cloned()).collect();
        tags.sort();
        tags.dedup();
        Ok(Self {
            detectors: rules.detectors.iter().map(|one| one.id.to_string()).collect(),
            tags,
            connectors: config.connectors().iter().map(|one| one.name().as_str().to_owned()).collect(),
            webhooks: config.notify().webhooks().map(ToString::to_string).collect(),
        })
    }

    fn known(&self) -> Known<'_> {
        fn all(names: &[String]) -> Vec<&str> {
            names.iter().map(String::as_str).collect()
        }
        Known {
            detectors: all(&self.detectors),
            tags: all(&self.tags),
            connectors: all(&self.connectors),
            webhooks: Some(all(&self.webhooks)),
        }
    }
}

/// The policies of these files and folders.
fn load(names: &Names, paths: &[PathBuf]) -> Result<Loaded, Vec<policy::PolicyError>> {
    policy::load(&policy::Options { paths: paths.to_vec(), known: names.known() })
}

/// The policies of the settings, as their files say them.
///
/// # Errors
/// All that is wrong with the files.
pub(super) fn loaded(config: &Config) -> Result<Loaded, Failed> {
    let mut loaded = load(&Names::of(config)?, config.policies()).map_err(|errors| wrong(&errors))?;
    // Whom to ask, where a policy's own tombstone names nobody. Its hash is that of its file, and stays.
    let contact = &config.notify().tell.contact;
    for policy in loaded.policies.iter_mut().filter(|policy| policy.tombstone.contact.is_empty()) {
        Arc::make_mut(policy).tombstone.contact = Arc::clone(contact);
    }
    Ok(loaded)
}

/// The policies of the settings, with those that may be enforced.
///
/// # Errors
/// All that is wrong with the files, or that approvals could not be read.
pub(super) fn policies(config: &Config, store: &dyn Store) -> Result<Policies, Failed> {
    let approved = store.approved_policies().map_err(Failed::new)?;
    let approved = approved.into_iter().map(|one| (one.policy.policy, one.policy.hash)).collect();
    Ok(Policies::new(loaded(config)?.policies, approved))
}

/// What items are judged by at `now`.
///
/// # Errors
/// As [`policies`], or that exceptions could not be read.
pub(super) fn governing(config: &Config, store: &dyn Store, now: Moment) -> Result<Governing, Failed> {
    let exceptions = store.exceptions(Some(now)).map_err(Failed::new)?;
    Ok(Governing::new(policies(config, store)?, exceptions))
}

/// What is wrong with policies, as the user reads it.
fn wrong(errors: &[policy::PolicyError]) -> Failed {
    let mut text: String = errors.iter().map(|error| format!("{error}\n")).collect();
    if errors.len() > 1 {
        text.push_str(&format!("error: {} errors in policies\n", errors.len()));
    }
    Failed(text.trim_end().to_owned())
}
