//! `sluicebox audit`: verify and export the audit log.

use super::Failed;

/// Flags of `audit`.
#[derive(Debug, clap::Args)]
pub(super) struct Args {}

pub(super) fn run(_args: &Args) -> Result<u8, Failed> {
    Err(Failed::new("not there yet"))
}
