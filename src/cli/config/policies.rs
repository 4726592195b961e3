//! What the file says of policies: the table `[policies]`.

use super::error::ConfigError;
use super::keys::POLICIES;
use super::source::Source;
use super::table::{Table, beside};
use std::path::{Path, PathBuf};
use toml::de::DeTable;

/// The folder beside the settings file whose policies hold when the file names none.
pub(super) const FOLDER: &str = "policies";

/// Reads `[policies]`: the paths of policy files and of folders of such files.
pub(super) fn policies(source: &Source<'_>, root: &DeTable<'_>) -> Result<Vec<PathBuf>, ConfigError> {
    let paths = match Table::named(source, root, "policies", &POLICIES)? {
        Some(table) => table.paths("paths")?,
        None => None,
    };
    Ok(paths.unwrap_or_else(|| own(&beside(source.path, FOLDER)).into_iter().collect()))
}

/// The folder beside the settings, when there is a policy in it.
fn own(folder: &Path) -> Option<PathBuf> {
    let mut entries = std::fs::read_dir(folder).ok()?.flatten();
    entries.any(|entry| entry.path().extension().is_some_and(|ending| ending == "toml")).then(|| folder.to_owned())
}
