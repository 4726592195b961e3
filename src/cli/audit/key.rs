//! The key that heads of the audit log are signed with: made at first use, mode 0600, apart from the key of tokens.

use crate::cli::config::{Anchors, own_folder, write_private};
use crate::cli::{Failed, shown};
use crate::notify::SignKey;
use std::fs;
use std::io::ErrorKind;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

const HEADER: &str = "sluicebox-audit-key";

/// The key's file.
pub(in crate::cli) fn path(anchors: &Anchors) -> Result<PathBuf, Failed> {
    match &anchors.key_file {
        Some(path) => Ok(path.clone()),
        None => Ok(own_folder("XDG_CONFIG_HOME", ".config")?.join("audit.key")),
    }
}

/// The key that is there.
pub(super) fn load(anchors: &Anchors) -> Result<SignKey, Failed> {
    let path = path(anchors)?;
    read(&path)?.ok_or_else(|| {
        Failed::new(format!(
            "there is no audit key {}\n  `sluicebox init` makes it, and `run` when it is missing",
            shown(&path)
        ))
    })
}

/// The key, made when there is none yet.
pub(in crate::cli) fn load_or_make(anchors: &Anchors) -> Result<SignKey, Failed> {
    let path = path(anchors)?;
    if let Some(key) = read(&path)? {
        return Ok(key);
    }
    let mut seed = [0; 32];
    getrandom::fill(&mut seed).map_err(|error| Failed::new(format!("no randomness for an audit key: {error}")))?;
    let digits = crate::engine::anchor::hex(&seed);
    write_private(&path, &format!("{HEADER} 1 {digits}\n"))
        .map_err(|error| Failed::new(format!("cannot make the audit key {}: {error}", shown(&path))))?;
    // Another may have made one in the meantime: the one that lies there counts.
    load(anchors)
}

fn read(path: &Path) -> Result<Option<SignKey>, Failed> {
    let text = match fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(Failed::new(format!("cannot read the audit key {}: {error}", shown(path)))),
    };
    let mode = fs::metadata(path).map(|meta| meta.permissions().mode()).unwrap_or(0);
    if mode & 0o077 != 0 {
        let shown = shown(path);
        return Err(Failed::new(format!("others can read the audit key {shown}\n  run `chmod 600 {shown}`")));
    }
    let mut words = text.split_whitespace();
    let seed = match (words.next(), words.next(), words.next(), words.next()) {
        (Some(HEADER), Some("1"), Some(digits), None) => crate::engine::anchor::unhex(digits),
        _ => None,
    };
    let wrong = || Failed::new(format!("{} is no audit key; expected `{HEADER} 1 64-HEX-DIGITS`", shown(path)));
    seed.map(|seed| Some(SignKey::new(&seed))).ok_or_else(wrong)
}
