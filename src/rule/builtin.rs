//! The built-in rule files, embedded in the program.
//!
//! The build script writes the table from `rules/detectors/**/*.toml` and `rules/lists/**/*.txt`; nothing is read from
//! disk at run time.

/// How a message names a built-in file: this, then its path below `rules/`.
pub(super) const PREFIX: &str = "built-in/";

/// Every embedded file, sorted: path below `rules/`, and text.
static FILES: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/builtin_rules.rs"));

/// The embedded rule files, as (path below `rules/`, text), sorted by path.
pub(super) fn rule_files() -> impl Iterator<Item = (&'static str, &'static str)> {
    FILES.iter().copied().filter(|(path, _)| path.ends_with(".toml"))
}

/// The text of the embedded file with this path below `rules/`.
pub(super) fn text(path: &str) -> Option<&'static str> {
    FILES.binary_search_by(|(name, _)| (*name).cmp(path)).ok().map(|at| FILES[at].1)
}
