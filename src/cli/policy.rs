//! `sluicebox policy`: check, list, make and approve policies.

use super::Failed;

/// Flags of `policy`.
#[derive(Debug, clap::Args)]
pub(super) struct Args {}

pub(super) fn run(_args: &Args) -> Result<u8, Failed> {
    Err(Failed::new("not there yet"))
}
