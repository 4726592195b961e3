//! `sluicebox quarantine`: list, show, restore and adopt what lies in quarantine.

use super::Failed;

/// Flags of `quarantine`.
#[derive(Debug, clap::Args)]
pub(super) struct Args {}

pub(super) fn run(_args: &Args) -> Result<u8, Failed> {
    Err(Failed::new("not there yet"))
}
