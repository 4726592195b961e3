//! Where rules come from: the files embedded in the program and those a user names.
//!
//! Loading is all or nothing: a rule set is made only when every file is right, and otherwise every error is told.

use super::catalogue::{self, Catalogue};
use super::compile;
use super::error::RuleError;
use super::parse::{Parsed, READER, parse};
use super::ruleset::RuleSet;
use super::select::{Select, choose};
use super::validate::{self, Row};
use super::{SourceFile, builtin};
use std::path::PathBuf;

/// What to load and what of it shall run.
#[derive(Clone, Debug)]
pub struct Options {
    /// Load the built-in rules; default true.
    pub builtin: bool,
    /// Rule files, and folders whose `*.toml` files are all loaded, in order of their names.
    pub paths: Vec<PathBuf>,
    /// What runs.
    pub select: Select,
}

impl Default for Options {
    fn default() -> Self {
        Self { builtin: true, paths: Vec::new(), select: Select::default() }
    }
}

/// Rules ready to run, with what was typed (for `rules check`).
#[derive(Debug)]
pub struct Loaded {
    /// What runs.
    pub rules: RuleSet,
    /// What a user should know though nothing is wrong: a built-in detector that was replaced.
    pub notes: Vec<String>,
    /// The files as typed.
    pub(super) files: Vec<Parsed>,
}

/// Loads, selects and compiles rules.
///
/// # Errors
/// All that is wrong with the files, ordered by file and place: unreadable, larger than 4 MiB, not UTF-8, not TOML, keys
/// that do not fit, names that nothing defines, expressions that cannot serve; and a selection that names nothing.
pub fn load(options: &Options) -> Result<Loaded, Vec<RuleError>> {
    load_with(options, validate::table())
}

/// [`load`] with a validator table of the caller's, so that this room can be tested without the real one.
pub(super) fn load_with(options: &Options, table: &'static [Row]) -> Result<Loaded, Vec<RuleError>> {
    let mut errors = Vec::new();
    let files: Vec<Parsed> = sources(options, &mut errors)
        .into_iter()
        .filter_map(|source| parse(source).map_err(|found| errors.extend(found)).ok())
        .collect();
    if !errors.is_empty() {
        return Err(errors);
    }
    let all = catalogue::collect(&files, &mut errors);
    let chosen = choose(&options.select, &all, &mut errors);
    let rules = compile::compile(&all, &chosen, table, &mut errors);
    let Catalogue { notes, .. } = all;
    if errors.is_empty() { Ok(Loaded { rules, notes, files }) } else { Err(in_order(&files, errors)) }
}

/// Errors by file as loaded, then by place.
fn in_order(files: &[Parsed], mut errors: Vec<RuleError>) -> Vec<RuleError> {
    let rank = |error: &RuleError| {
        let file = error.file().and_then(|name| files.iter().position(|file| *file.source.name == *name));
        (file, error.line(), error.column())
    };
    errors.sort_by_key(rank);
    errors
}

fn sources(options: &Options, errors: &mut Vec<RuleError>) -> Vec<SourceFile> {
    let mut found = Vec::new();
    if options.builtin {
        let named = |path: &str| format!("{}{path}", builtin::PREFIX);
        let source = |(path, text): (&str, &str)| SourceFile::new(&named(path), text.into(), None, READER.cover);
        found.extend(builtin::rule_files().map(source));
    }
    found.extend(READER.files(&options.paths, errors));
    found
}
