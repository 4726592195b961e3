//! `sluicebox rules import`: rules of other tools as a rule file of ours, and a line for each of them.
//!
//! Nothing needs to be imported to be used: `--rules FILE` takes such files as they are. This tells what becomes of each rule, and
//! writes down what is run, so that it can be changed.

use super::print;
use crate::cli::{Failed, refused, shown};
use crate::rule::import::Imported;
use crate::rule::{self, Select};
use serde_json::json;
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::{Path, PathBuf};

/// Flags of `rules import`.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Read are TOML of gitleaks and betterleaks, YAML of Kingfisher, Nosey Parker and Presidio, and rule packages of \
    Microsoft Purview; which one it is, is told from the content. Exit code: 0 told; 2 a file cannot be read."
)]
pub(in crate::cli) struct Args {
    /// Rule files of other tools, and folders of such files
    #[arg(value_name = "FILE", required = true)]
    files: Vec<PathBuf>,
    /// Write a rule file of ours; it must not exist yet
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Format of the report: text, json
    #[arg(long, value_name = "FORMAT", default_value = "text", value_parser = ["text", "json"])]
    report: String,
}

pub(in crate::cli) fn run(args: &Args) -> Result<u8, Failed> {
    let select = Select { only: vec!["*".to_owned()], tags: Vec::new() };
    let options = rule::Options { builtin: false, paths: args.files.clone(), select };
    let loaded = rule::load(&options).map_err(|errors| refused(&errors))?;
    if loaded.imports.is_empty() {
        let what = "none of these files is for another tool\n  rule files of ours are loaded as they are: --rules FILE";
        return Err(Failed::new(what));
    }
    if let Some(path) = &args.output {
        write(path, &loaded.imported_as_toml())?;
    }
    print(&if args.report == "json" { rows(&loaded.imports) } else { text(&loaded.imports, args.output.as_deref()) })?;
    Ok(0)
}

fn write(path: &Path, text: &str) -> Result<(), Failed> {
    let file = std::fs::File::options().write(true).create_new(true).open(path);
    file.and_then(|mut file| file.write_all(text.as_bytes()))
        .map_err(|error| Failed::new(format!("cannot write {}: {error}", shown(path))))
}

fn text(imports: &[Imported], output: Option<&Path>) -> String {
    let mut out = String::new();
    for import in imports {
        for line in &import.lines {
            let _ = writeln!(out, "{}", shown(line.to_string()));
        }
        let _ = writeln!(out, "{}", shown(import.summary()));
    }
    if let Some(path) = output {
        let _ = writeln!(out, "written to {}", shown(path));
    }
    out
}

fn rows(imports: &[Imported]) -> String {
    let mut out = String::new();
    for import in imports {
        for line in &import.lines {
            let mut row = json!({"schema": "sluicebox.rules-import/1", "format": import.format});
            if let (Some(row), Ok(serde_json::Value::Object(line))) = (row.as_object_mut(), serde_json::to_value(line))
            {
                row.extend(line);
            }
            let _ = writeln!(out, "{row}");
        }
        let [taken, rewritten, approximated, skipped] = import.counts();
        let row = json!({
            "schema": "sluicebox.rules-import-summary/1", "format": import.format, "file": &*import.file,
            "taken": taken, "rewritten": rewritten, "approximated": approximated, "skipped": skipped,
        });
        let _ = writeln!(out, "{row}");
    }
    out
}
