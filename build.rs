//! Embeds the built-in rules and the templates of policies: writes a table of every rule file and term file under `rules/`,
//! and one of everything under `rules/policies`.
//!
//! The tables are sorted by path, so that two builds of the same tree are the same.

use std::path::{Path, PathBuf};
use std::{env, fs, io};

fn main() -> io::Result<()> {
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo:rerun-if-changed=rules");
    let root = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").unwrap_or_default()).join("rules");
    let out = PathBuf::from(env::var_os("OUT_DIR").unwrap_or_default());
    write(&root, &["detectors", "lists"], &["toml", "txt"], &out.join("builtin_rules.rs"))?;
    write(&root, &["policies"], &["toml", "txt", "csv", "md", "eml", "env"], &out.join("policy_templates.rs"))
}

/// Writes a table of the files below these folders that end so.
fn write(root: &Path, folders: &[&str], endings: &[&str], to: &Path) -> io::Result<()> {
    let mut files = Vec::new();
    for folder in folders {
        collect(&root.join(folder), folder, endings, &mut files)?;
    }
    files.sort();
    let mut table = String::from("&[\n");
    for (name, path) in &files {
        table.push_str(&format!("    ({name:?}, include_str!({:?})),\n", path.display().to_string()));
    }
    table.push_str("]\n");
    fs::write(to, table)
}

/// Adds each file below `folder` that ends so, named by its path from `rules/` with forward slashes.
fn collect(folder: &Path, name: &str, endings: &[&str], files: &mut Vec<(String, PathBuf)>) -> io::Result<()> {
    if !folder.is_dir() {
        return Ok(());
    }
    println!("cargo:rerun-if-changed={}", folder.display());
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let Some(last) = path.file_name().and_then(|last| last.to_str()) else { continue };
        let name = format!("{name}/{last}");
        if path.is_dir() {
            collect(&path, &name, endings, files)?;
        } else if path.extension().and_then(|ending| ending.to_str()).is_some_and(|ending| endings.contains(&ending)) {
            files.push((name, path));
        }
    }
    Ok(())
}
