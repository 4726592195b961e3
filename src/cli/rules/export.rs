//! `sluicebox rules export`: detectors as rules of another product.

use super::print;
use crate::cli::{Failed, RuleArgs, shown};
use std::io::Write as _;
use std::path::PathBuf;

/// Flags of `rules export`.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "What the other product has no words for is left out and told, a line each, on standard error. \
    Exit code: 0 written; 2 not written."
)]
pub(in crate::cli) struct Args {
    #[command(flatten)]
    rules: RuleArgs,
    /// Whose format: purview
    #[arg(long, value_name = "FORMAT", value_parser = ["purview"])]
    format: String,
    /// Write to this file, which must not exist yet; default standard output
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
}

pub(in crate::cli) fn run(args: &Args) -> Result<u8, Failed> {
    let exported = args.rules.load()?.export_purview();
    for line in &exported.lines {
        eprintln!("{}", shown(line));
    }
    let Some(path) = &args.output else {
        print(&exported.text)?;
        return Ok(0);
    };
    let file = std::fs::File::options().write(true).create_new(true).open(path);
    file.and_then(|mut file| file.write_all(exported.text.as_bytes()))
        .map_err(|error| Failed::new(format!("cannot write {}: {error}", shown(path))))?;
    Ok(0)
}
