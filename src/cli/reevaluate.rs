//! `sluicebox reevaluate`: judge everything that is stored by the policies and exceptions as they are now.

use super::Failed;

/// Flags of `reevaluate`.
#[derive(Debug, clap::Args)]
pub(super) struct Args {}

pub(super) fn run(_args: &Args) -> Result<u8, Failed> {
    Err(Failed::new("not there yet"))
}
