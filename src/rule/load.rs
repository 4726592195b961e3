//! Where rules come from: the files embedded in the program and those a user names.
//!
//! Loading is all or nothing: a rule set is made only when every file is right, and otherwise every error is told.

use super::catalogue::{self, Catalogue};
use super::compile;
use super::error::RuleError;
use super::export::Exported;
use super::import::{self, Format, Imported};
use super::parse::{Parsed, READER, parse};
use super::ruleset::RuleSet;
use super::select::{Select, choose};
use super::validate::{self, Row};
use super::{SourceFile, builtin};
use std::path::PathBuf;

/// How files of rules end.
const ENDINGS: [&str; 4] = ["toml", "xml", "yaml", "yml"];

/// What to load and what of it shall run.
#[derive(Clone, Debug)]
pub struct Options {
    /// Load the built-in rules; default true.
    pub builtin: bool,
    /// Rule files, ours and those of other tools, and folders whose `*.toml`, `*.yml`, `*.yaml` and `*.xml` files are all
    /// loaded, in order of their names.
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
    /// What was made of files that were written for other tools.
    pub imports: Vec<Imported>,
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
    let mut imports = Vec::new();
    let files: Vec<Parsed> = sources(options, &mut errors)
        .into_iter()
        .filter_map(|source| read(source, &mut imports).map_err(|found| errors.extend(found)).ok())
        .collect();
    if !errors.is_empty() {
        return Err(errors);
    }
    let all = catalogue::collect(&files, &mut errors);
    let chosen = choose(&options.select, &all, &mut errors);
    let rules = compile::compile(&all, &chosen, table, &mut errors);
    let Catalogue { mut notes, .. } = all;
    notes.extend(imports.iter().map(Imported::summary));
    if errors.is_empty() { Ok(Loaded { rules, notes, imports, files }) } else { Err(in_order(&files, errors)) }
}

impl Loaded {
    /// The chosen detectors as a rule package for Microsoft Purview.
    #[must_use]
    pub fn export_purview(&self) -> Exported {
        let files: Vec<_> = self.files.iter().map(|file| &file.rules).collect();
        let chosen = |id: &str| self.rules.detector(id).is_some_and(|detector| !detector.silent);
        let package = super::export::write_purview(&files, |detector| chosen(detector.id.get_ref()));
        let line = |(fate, id, what): &(super::import::Fate, String, String)| match what.is_empty() {
            true => format!("{fate:12} {id}"),
            false => format!("{fate:12} {id}: {what}"),
        };
        Exported { lines: package.lines.iter().map(line).collect(), text: package.xml }
    }

    /// What was made of the foreign files, as one rule file of ours.
    #[must_use]
    pub fn imported_as_toml(&self) -> String {
        let foreign = |file: &&Parsed| self.imports.iter().any(|import| import.file == file.source.name);
        let mut out = String::new();
        for file in self.files.iter().filter(foreign) {
            let text = super::export::write_toml(&file.rules);
            out.push_str(if out.is_empty() { &text } else { text.trim_start_matches("schema = 1\n") });
        }
        out
    }
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

/// What a file holds, whoever it was written for.
fn read(source: SourceFile, imports: &mut Vec<Imported>) -> Result<Parsed, Vec<RuleError>> {
    let foreign = if source.builtin() { None } else { Format::of(&source.text) };
    let Some(format) = foreign else { return parse(source) };
    let source = SourceFile::new(&source.name, source.text, source.path, import::nothing_shows);
    let import = import::import(format, source)?;
    imports.push(import.imported);
    Ok(import.parsed)
}

/// A folder as the rule files in it, those of other tools too; all else as it is.
fn spread(paths: &[PathBuf]) -> Vec<PathBuf> {
    let is_rules = |path: &PathBuf| {
        path.extension().and_then(|ending| ending.to_str()).is_some_and(|ending| ENDINGS.contains(&ending))
    };
    let files = |path: &PathBuf| {
        let entries = path.is_dir().then(|| std::fs::read_dir(path).ok()).flatten()?;
        let mut files: Vec<PathBuf> = entries.filter_map(|entry| Some(entry.ok()?.path())).filter(is_rules).collect();
        files.sort();
        (!files.is_empty()).then_some(files)
    };
    paths.iter().flat_map(|path| files(path).unwrap_or_else(|| vec![path.clone()])).collect()
}

fn sources(options: &Options, errors: &mut Vec<RuleError>) -> Vec<SourceFile> {
    let mut found = Vec::new();
    if options.builtin {
        let named = |path: &str| format!("{}{path}", builtin::PREFIX);
        let source = |(path, text): (&str, &str)| SourceFile::new(&named(path), text.into(), None, READER.cover);
        found.extend(builtin::rule_files().map(source));
    }
    found.extend(READER.files(&spread(&options.paths), errors));
    found
}
