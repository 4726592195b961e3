//! Parse, run, exit code.

use std::process::ExitCode;

fn main() -> ExitCode {
    sluicebox::cli::run()
}
