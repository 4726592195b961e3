//! Where rules come from: the files embedded in the program and those a user names.
//!
//! Loading is all or nothing: a rule set is made only when every file is right, and otherwise every error is told.

use super::catalogue::{self, Catalogue, read_text};
use super::compile;
use super::error::RuleError;
use super::parse::{Parsed, parse};
use super::ruleset::RuleSet;
use super::select::{Select, choose};
use super::source::SourceFile;
use super::validate::{self, Row};
use super::{BYTES_MAX, builtin};
use std::path::{Path, PathBuf};

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
        let named = |path| format!("{}{path}", builtin::PREFIX);
        found.extend(builtin::rule_files().map(|(path, text)| SourceFile::new(&named(path), text.into(), None)));
    }
    let paths: Vec<PathBuf> = options.paths.iter().flat_map(|path| files_of(path, errors)).collect();
    for path in paths {
        match read_text(&path) {
            Ok(text) => found.push(SourceFile::new(&shown(&path), text, Some(path))),
            Err(why) => errors.push(RuleError::new(format!("rule file cannot be used: {why}")).in_file(&shown(&path))),
        }
    }
    found
}

/// A file is itself; a folder is its `*.toml` files, sorted.
fn files_of(path: &Path, errors: &mut Vec<RuleError>) -> Vec<PathBuf> {
    if !path.is_dir() {
        return vec![path.to_owned()];
    }
    let mut files: Vec<PathBuf> = match std::fs::read_dir(path) {
        Ok(entries) => entries.filter_map(|entry| entry.ok().map(|entry| entry.path())).collect(),
        Err(why) => {
            errors.push(RuleError::new(format!("folder of rules cannot be read: {why}")).in_file(&shown(path)));
            return Vec::new();
        }
    };
    files.retain(|file| file.extension().is_some_and(|ending| ending == "toml"));
    files.sort();
    if files.is_empty() {
        let error = RuleError::new("folder holds no rule files").in_file(&shown(path));
        errors.push(error.help(format!("rule files end in `.toml` and are at most {} MiB", BYTES_MAX >> 20)));
    }
    files
}

fn shown(path: &Path) -> String {
    path.display().to_string()
}
