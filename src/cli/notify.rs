//! `sluicebox notify`: try out and look after messages.

use super::Failed;

/// Flags of `notify`.
#[derive(Debug, clap::Args)]
pub(super) struct Args {}

pub(super) fn run(_args: &Args) -> Result<u8, Failed> {
    Err(Failed::new("not there yet"))
}
