//! Parse, run, exit code.

use std::process::ExitCode;

fn main() -> ExitCode {
    sluicebox::provider::http::install_tls();
    sluicebox::cli::run()
}
