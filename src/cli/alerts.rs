//! `sluicebox alerts`: list, show and close alerts.

use super::Failed;

/// Flags of `alerts`.
#[derive(Debug, clap::Args)]
pub(super) struct Args {}

pub(super) fn run(_args: &Args) -> Result<u8, Failed> {
    Err(Failed::new("not there yet"))
}
