//! `sluicebox policy templates`: policies to begin with.

use super::super::rules::print;
use super::super::{Failed, shown};
use crate::policy::Known;
use crate::policy::file::{load_text, templates};
use crate::report::units;
use std::fmt::Write as _;
use std::io::Write;
use std::path::{Path, PathBuf};

/// Flags of `policy templates`.
#[derive(Debug, clap::Args)]
#[command(after_help = "All templates start in mode `watch`: they record and alert, and do nothing.")]
pub(in crate::cli) struct Args {
    /// Copy them into this folder; files that are there already stay as they are
    #[arg(long, value_name = "DIR")]
    copy: Option<PathBuf>,
}

pub(in crate::cli) fn run(args: &Args) -> Result<u8, Failed> {
    match &args.copy {
        Some(folder) => copy(folder),
        None => list(),
    }
}

fn list() -> Result<u8, Failed> {
    let mut out = String::new();
    for (file, text) in templates::files() {
        let loaded = load_text(file, text, &Known::default()).map_err(|errors| super::wrong(&errors))?;
        for (policy, about) in loaded.policies.iter().zip(&loaded.about) {
            let _ = writeln!(out, "{:<22} {:<8} {}", policy.name, policy.severity.name(), policy.title);
            let _ = writeln!(out, "{:<22} {:<8} {}", "", "", about.jurisdiction.join(", "));
        }
    }
    let _ = writeln!(out, "`sluicebox policy templates --copy DIR` writes them down, to be edited.");
    print(&out)?;
    Ok(0)
}

fn copy(folder: &Path) -> Result<u8, Failed> {
    let failed = |path: &Path, error: std::io::Error| Failed::new(format!("cannot write {}: {error}", shown(path)));
    std::fs::create_dir_all(folder).map_err(|error| failed(folder, error))?;
    let (mut written, mut kept) = (0_u64, 0_u64);
    for (file, text) in templates::files() {
        let path = folder.join(file);
        match std::fs::File::create_new(&path) {
            Ok(mut new) => {
                new.write_all(text.as_bytes()).map_err(|error| failed(&path, error))?;
                written += 1;
            }
            Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => kept += 1,
            Err(error) => return Err(failed(&path, error)),
        }
    }
    let kept = if kept > 0 { format!("; {kept} there already, left as they are") } else { String::new() };
    print(&format!("{} written to {}{kept}.\n", units::of(written, "file", "files"), shown(folder)))?;
    Ok(0)
}
