//! `connect survey`.
use crate::cli::Failed;
use crate::cli::config::Config;
use crate::model::ConnectorName;

/// Flags of `connect survey`.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The connector
    name: ConnectorName,
}

pub(super) fn run(_config: &Config, args: &Args) -> Result<u8, Failed> {
    Err(Failed::new(format!("{} not yet", args.name)))
}
