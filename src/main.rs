//! Parse, run, exit code.

use std::process::ExitCode;

fn main() -> ExitCode {
    // A cell starts in a few milliseconds, and before anything else is there that it must not have.
    if let Some(ended) = sluicebox::extract::cell::dispatched() {
        return ended;
    }
    sluicebox::provider::http::install_tls();
    sluicebox::cli::run()
}
