//! `sluicebox undo`: undo what was done: one action, a plan, a policy, a rule version, a time range.

use super::Failed;

/// Flags of `undo`.
#[derive(Debug, clap::Args)]
pub(super) struct Args {}

pub(super) fn run(_args: &Args) -> Result<u8, Failed> {
    Err(Failed::new("not there yet"))
}
