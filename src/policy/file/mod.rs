//! Policies from files: TOML in, [`Policy`] out, each fault with its place.
//!
//! A file holds one or several `[[policy]]`; policies are heard in the order of the files' names, then of the files. Loading
//! is all or nothing: either every policy is right, or every fault is told. The guide is `docs/policies.md`.

mod actions;
mod compose;
mod draft;
mod hash;
mod keys;
mod note;
mod sheet;
mod table;
pub mod templates;
#[cfg(test)]
mod tests;

pub use crate::source::Fault as PolicyError;
pub use actions::ask_of;
pub use draft::Draft;
pub use note::{CODES, Note};
pub use sheet::About;

use super::filter::Known;
use super::set::Policy;
use crate::source::SourceFile;
use keys::READER;
use sheet::Sheet;
use std::path::PathBuf;
use std::sync::Arc;
use table::Table;

/// Policies of all files together.
pub const POLICIES_MAX: usize = 1_000;

/// What to load, and which names exist for it.
#[derive(Clone, Debug, Default)]
pub struct Options<'a> {
    /// Policy files, and folders whose `*.toml` files are all loaded, in order of their names.
    pub paths: Vec<PathBuf>,
    /// What policies may name. A detector, tag or webhook that is not in its list is an error, a connector a note.
    pub known: Known<'a>,
}

/// Policies as their files say them.
#[derive(Debug, Default)]
pub struct Loaded {
    /// In the order in which they are heard.
    pub policies: Vec<Arc<Policy>>,
    /// What files say of them that decides nothing, in the same order.
    pub about: Vec<About>,
    /// What a user should know though nothing is wrong.
    pub notes: Vec<Note>,
}

/// Loads policies.
///
/// # Errors
/// All that is wrong with the files, in their order: unreadable, not TOML, keys that do not fit, values that make no sense,
/// names that nothing has, two policies of one name, wishes of one policy that contradict each other.
pub fn load(options: &Options<'_>) -> Result<Loaded, Vec<PolicyError>> {
    let mut errors = Vec::new();
    let mut files = READER.files(&options.paths, &mut errors);
    // By name first: whoever is heard first must not depend on where a folder lies.
    files.sort_by(|one, other| (file_name(one), &one.name).cmp(&(file_name(other), &other.name)));
    of_sources(&files, &options.known, errors)
}

/// Loads policies from one text; `name` is how messages call it.
///
/// # Errors
/// As [`load`].
pub fn load_text(name: &str, text: &str, known: &Known<'_>) -> Result<Loaded, Vec<PolicyError>> {
    of_sources(&[keys::embedded(name, text)], known, Vec::new())
}

fn file_name(source: &SourceFile) -> &str {
    source.name.rsplit('/').next().unwrap_or_default()
}

fn of_sources(
    files: &[SourceFile],
    known: &Known<'_>,
    mut errors: Vec<PolicyError>,
) -> Result<Loaded, Vec<PolicyError>> {
    let mut roots = Vec::new();
    for source in files {
        match READER.table(source) {
            Ok(root) => roots.push((source, root)),
            Err(found) => errors.extend(found),
        }
    }
    let mut sheets: Vec<Sheet<'_>> = Vec::new();
    let mut notes = Vec::new();
    for (source, root) in &roots {
        for table in Table::new(root.get_ref(), 0..0).tables("policy") {
            if let Some(sheet) = sheet::read(source, table, known, &mut errors, &mut notes) {
                sheets.push(sheet);
            }
        }
    }
    unique(&sheets, &mut errors);
    if sheets.len() > POLICIES_MAX {
        errors
            .push(PolicyError::new(format!("there are {} policies; at most {POLICIES_MAX} are loaded", sheets.len())));
    }
    if !errors.is_empty() {
        return Err(in_order(files, errors));
    }
    note::look(&sheets, &mut notes);
    let (policies, about) = sheets.into_iter().map(|sheet| (sheet.policy, sheet.about)).unzip();
    Ok(Loaded { policies, about, notes })
}

/// Errors by file as loaded, then by place.
fn in_order(files: &[SourceFile], mut errors: Vec<PolicyError>) -> Vec<PolicyError> {
    let rank = |error: &PolicyError| {
        let file = error.file().and_then(|name| files.iter().position(|file| *file.name == *name));
        (file, error.line(), error.column())
    };
    errors.sort_by_key(rank);
    errors
}

fn unique(sheets: &[Sheet<'_>], errors: &mut Vec<PolicyError>) {
    for (at, sheet) in sheets.iter().enumerate() {
        let Some(first) = sheets[..at].iter().find(|other| other.policy.name == sheet.policy.name) else { continue };
        let message = format!("policy `{}` is defined twice", sheet.policy.name);
        let error = PolicyError::new(message).at(sheet.source, sheet.at("name"), "again here");
        errors.push(error.also(first.source, first.at("name"), "first here").help("give one of them another name"));
    }
}
