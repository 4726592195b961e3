//! What the file says of policies: the table `[policies]`.

use super::error::ConfigError;
use super::keys::POLICIES;
use super::source::Source;
use super::table::{Table, beside};
use std::path::{Path, PathBuf};
use toml::de::DeTable;

/// The folder beside the settings file whose policies hold when the file names none.
pub(super) const FOLDER: &str = "policies";

/// What `[policies]` says.
#[derive(Clone, Debug)]
pub(super) struct PolicySettings {
    /// Policy files, and folders of such files.
    pub(super) paths: Vec<PathBuf>,
    /// Whether contents that no policy could need stay unread.
    pub(super) fetch_only_needed: bool,
}

/// Reads `[policies]`.
pub(super) fn policies(source: &Source<'_>, root: &DeTable<'_>) -> Result<PolicySettings, ConfigError> {
    let (paths, needed) = match Table::named(source, root, "policies", &POLICIES)? {
        Some(table) => (table.paths("paths")?, table.flag("fetch_only_needed")?),
        None => (None, None),
    };
    let paths = paths.unwrap_or_else(|| own(&beside(source.path, FOLDER)).into_iter().collect());
    Ok(PolicySettings { paths, fetch_only_needed: needed.unwrap_or(false) })
}

/// The folder beside the settings, when there is a policy in it.
fn own(folder: &Path) -> Option<PathBuf> {
    let mut entries = std::fs::read_dir(folder).ok()?.flatten();
    entries.any(|entry| entry.path().extension().is_some_and(|ending| ending == "toml")).then(|| folder.to_owned())
}
