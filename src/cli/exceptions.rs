//! `sluicebox exceptions`: list, make and end exceptions.

use super::Failed;

/// Flags of `exceptions`.
#[derive(Debug, clap::Args)]
pub(super) struct Args {}

pub(super) fn run(_args: &Args) -> Result<u8, Failed> {
    Err(Failed::new("not there yet"))
}
