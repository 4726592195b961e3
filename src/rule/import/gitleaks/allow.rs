//! Allow lists: what a rule finds and nobody minds.

use crate::rule::syntax::CheckPlace;

/// One allow list. What it says of paths and commits is only counted.
#[derive(Clone, Debug)]
pub(super) struct Allowed {
    /// What its expressions look at.
    pub(super) target: CheckPlace,
    pub(super) regexes: Vec<String>,
    /// In lower case; they stand in the secret.
    pub(super) stopwords: Vec<String>,
    pub(super) paths: usize,
    pub(super) commits: usize,
    /// All kinds must agree, not one of them.
    pub(super) all: bool,
    /// The rules it is for; all when empty.
    pub(super) rules: Vec<String>,
}
