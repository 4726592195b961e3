//! `sluicebox explain`: say of an item for every policy why it matches or why not.

use super::Failed;

/// Flags of `explain`.
#[derive(Debug, clap::Args)]
pub(super) struct Args {}

pub(super) fn run(_args: &Args) -> Result<u8, Failed> {
    Err(Failed::new("not there yet"))
}
