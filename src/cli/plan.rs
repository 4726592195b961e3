//! `sluicebox plan`: make a plan of what policies would do, show it, approve it, apply it.

use super::Failed;

/// Flags of `plan`.
#[derive(Debug, clap::Args)]
pub(super) struct Args {}

pub(super) fn run(_args: &Args) -> Result<u8, Failed> {
    Err(Failed::new("not there yet"))
}
