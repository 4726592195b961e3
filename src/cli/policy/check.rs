//! `sluicebox policy check`: what is wrong with policies, and what is probably not meant.

use super::super::config::Config;
use super::super::rules::print;
use super::super::{EXIT_FAILED, Failed};
use super::{Names, load, wrong};
use crate::lab::policies::{self, Told};
use crate::report::units;
use serde_json::{Value, json};
use std::fmt::Write as _;
use std::path::PathBuf;

/// Flags of `policy check`.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Exit code: 0 nothing is wrong (warnings may be); 1 warnings, with --strict, or a sample that does not \
    give what it must; 2 errors."
)]
pub(in crate::cli) struct Args {
    /// Policy files, and folders of such files; default those of the settings
    #[arg(value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Check the built-in templates instead, and hold each against its sample
    #[arg(long, conflicts_with = "files")]
    templates: bool,
    /// Count warnings as failures
    #[arg(long)]
    strict: bool,
    /// The settings file; default $SLUICEBOX_SETTINGS, else sluicebox/sluicebox.toml in the configuration folder
    #[arg(long, value_name = "FILE")]
    settings: Option<PathBuf>,
    /// Output format: text, json
    #[arg(long, value_name = "FORMAT", default_value = "text", value_parser = ["text", "json"])]
    format: String,
}

pub(in crate::cli) fn run(args: &Args) -> Result<u8, Failed> {
    if args.templates {
        return templates(args);
    }
    let config = Config::load(args.settings.as_deref(), false)?;
    let paths = if args.files.is_empty() { config.policies() } else { args.files.as_slice() };
    if paths.is_empty() {
        return Err(Failed::new(
            "there are no policies to check\n  name files, or set `paths` in [policies] of the settings; \
            `sluicebox policy templates --copy DIR` gives some to begin with",
        ));
    }
    let json = args.format == "json";
    let loaded = match load(&Names::of(&config)?, paths) {
        Ok(loaded) => loaded,
        Err(errors) if json => {
            print(&errors.iter().map(row).collect::<String>())?;
            return Ok(EXIT_FAILED);
        }
        Err(errors) => return Err(wrong(&errors)),
    };
    let mut out = String::new();
    for note in &loaded.notes {
        let _ = if json { write!(out, "{}", row(note)) } else { writeln!(out, "{note}\n") };
    }
    if !json {
        let policies = units::of(loaded.policies.len() as u64, "policy", "policies");
        let warnings = units::of(loaded.notes.len() as u64, "warning", "warnings");
        let _ = writeln!(out, "{policies}, 0 errors, {warnings}");
    }
    print(&out)?;
    Ok(u8::from(args.strict && !loaded.notes.is_empty()))
}

/// An error or warning as a line of JSON.
fn row(problem: &impl serde::Serialize) -> String {
    let mut row = json!({"schema": "sluicebox.policy-check/1"});
    if let (Some(row), Ok(Value::Object(problem))) = (row.as_object_mut(), serde_json::to_value(problem)) {
        row.extend(problem);
    }
    format!("{row}\n")
}

fn templates(args: &Args) -> Result<u8, Failed> {
    let told = policies::templates().map_err(Failed::new)?;
    let bad = told.iter().filter(|one| !one.holds()).count();
    let mut out = String::new();
    if args.format == "json" {
        told.iter().for_each(|one| out.push_str(&format!("{}\n", sample_row(one))));
    } else {
        for one in told.iter().filter(|one| !one.holds()) {
            let _ = writeln!(out, "{}: {}: expected {}, got {}", one.template, one.file, one.expected, one.got);
        }
        let samples = units::of(told.len() as u64, "sample", "samples");
        let _ = writeln!(out, "{samples} of the templates: {} as expected, {bad} not", told.len() - bad);
    }
    print(&out)?;
    Ok(u8::from(bad > 0))
}

fn sample_row(told: &Told) -> Value {
    json!({
        "schema": "sluicebox.policy-sample/1",
        "template": told.template, "file": told.file, "expected": told.expected, "got": told.got, "holds": told.holds(),
    })
}
