//! The built-in templates of policies and their samples, embedded in the program.
//!
//! A template is a policy file under `rules/policies/`; its samples lie under `rules/policies/samples/NAME/`, where `NAME` is
//! the policy's, beside an `expect.toml` that says how each is exposed and which actions follow. Every template starts in
//! `watch`.

/// Every embedded file, sorted: path below `rules/`, and text.
static FILES: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/policy_templates.rs"));

/// Where they lie below `rules/`.
const FOLDER: &str = "policies/";
/// Where samples lie below that.
const SAMPLES: &str = "samples/";

/// The templates: file name and text, sorted.
pub fn files() -> impl Iterator<Item = (&'static str, &'static str)> {
    let below = FILES.iter().filter_map(|(path, text)| Some((path.strip_prefix(FOLDER)?, *text)));
    below.filter(|(path, _)| !path.contains('/') && path.ends_with(".toml"))
}

/// The samples of a template, by its policy's name: file name and text, sorted.
pub fn samples(policy: &str) -> impl Iterator<Item = (&'static str, &'static str)> {
    let folder = format!("{FOLDER}{SAMPLES}{policy}/");
    FILES.iter().filter_map(move |(path, text)| Some((path.strip_prefix(folder.as_str())?, *text)))
}
