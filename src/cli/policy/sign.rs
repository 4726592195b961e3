//! `sluicebox policy approve` and `revoke`: which policies may be enforced.

use super::super::Failed;
use super::super::config::Config;
use super::super::rules::print;
use super::super::service;
use super::list::{find, hex};
use super::loaded;
use crate::engine::control::Command;
use crate::engine::control::govern::Deed;
use crate::model::Mode;
use crate::policy::set::short;
use crate::report::harmless::one_line;
use std::path::PathBuf;

/// Flags of `policy approve`.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "What is approved is the policy as it stands in its file now. An edit of anything but title, severity \
    and mode makes it fall back to `plan`."
)]
pub(in crate::cli) struct ApproveArgs {
    /// The policy's name
    #[arg(value_name = "NAME")]
    name: String,
    /// The plan of it that was looked at
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(i64).range(1..))]
    plan: i64,
    /// Who approves, where the settings name operators
    #[arg(long, value_name = "NAME")]
    operator: Option<String>,
    /// The settings file; default $SLUICEBOX_SETTINGS, else sluicebox/sluicebox.toml in the configuration folder
    #[arg(long, value_name = "FILE")]
    settings: Option<PathBuf>,
}

/// Flags of `policy revoke`.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct RevokeArgs {
    /// The policy's name
    #[arg(value_name = "NAME")]
    name: String,
    /// The settings file; default $SLUICEBOX_SETTINGS, else sluicebox/sluicebox.toml in the configuration folder
    #[arg(long, value_name = "FILE")]
    settings: Option<PathBuf>,
}

pub(in crate::cli) fn approve(args: &ApproveArgs) -> Result<u8, Failed> {
    let config = Config::load(args.settings.as_deref(), false)?;
    let loaded = loaded(&config)?;
    let (_, policy) = find(&loaded.policies, &args.name)?;
    let deed = Deed::PolicyApprove {
        policy: policy.name.to_string(),
        hash: hex(&policy.hash),
        plan: args.plan,
        operator: args.operator.clone(),
    };
    service::reach(&config, "policy approve")?.perform(&config.deed(deed, None)?)?;
    let mut text = format!("Policy {} may be enforced as it stands ({}).\n", policy.name, short(&policy.hash));
    if policy.mode != Mode::Enforce {
        text.push_str(&format!(
            "Its mode is `{}`: write `mode = \"enforce\"` to have it enforced.\n",
            policy.mode.name()
        ));
    }
    print(&text)?;
    Ok(0)
}

pub(in crate::cli) fn revoke(args: &RevokeArgs) -> Result<u8, Failed> {
    let config = Config::load(args.settings.as_deref(), false)?;
    // A policy whose file is gone can still be approved, so its name is not looked up.
    let deed = Deed::PolicyRevoke { policy: args.name.clone() };
    service::reach(&config, "policy revoke")?.perform(&Command::Govern { deed })?;
    print(&format!("Policy {} may not be enforced any more.\n", one_line(&args.name)))?;
    Ok(0)
}
