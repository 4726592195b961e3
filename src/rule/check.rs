//! What is not wrong with a rule but probably not meant: the warnings of `rules check`.
//!
//! Each warning has a code. A detector's `allow` table silences a code and says why; a list's warnings are silenced by
//! any detector that names the list. Nothing here runs a rule: what the examples reach is handed in ([`Exercised`]).

mod lists;
mod patterns;
mod tiers;

use super::Loaded;
use super::SourceFile;
use super::error::{Problem, did_you_mean};
use super::syntax::{Detector, Evidence, Miss, RuleFile};
use serde::{Serialize, Serializer};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::ops::Range;
use toml::Spanned;

/// Every code, with what it says.
pub static CODES: [(&str, &str); 15] = [
    ("contained-keyword", "a term of a list stands inside another one, which therefore finds nothing more"),
    ("duplicate-keyword", "a term stands in a list twice"),
    ("exclusion-always-wins", "a tier demands what it also excludes"),
    ("few-examples", "a tier has fewer than three examples or three counter-examples"),
    ("long-match", "a match can be longer than `max_match_bytes` and is cut there"),
    ("missing-why", "a detector does not say why it matters"),
    ("purview-limit", "a detector or list is beyond what Microsoft Purview takes, so that it cannot be exported"),
    ("slow-pattern", "an expression has neither a fixed text nor a selective first character"),
    ("unexercised-exclusion", "a detector has checks, and no counter-example is refused by one"),
    ("unexercised-list", "no example reaches a list"),
    ("unexercised-primary", "no example reaches a shape"),
    ("unexercised-tier", "no example reaches a tier"),
    ("unknown-allow", "`allow` names a code that does not exist"),
    ("unreachable-tier", "a better tier holds whenever this one does"),
    ("unused-list", "no detector names a list"),
];

/// Which files are looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// All loaded files.
    All,
    /// Those that the user named.
    User,
}

/// Something that is probably not meant.
#[derive(Clone, Debug)]
pub struct Warning {
    code: &'static str,
    problem: Problem,
}

impl Warning {
    fn new(code: &'static str, message: impl Into<String>) -> Self {
        Self { code, problem: Problem { message: message.into(), at: None, also: None, help: None } }
    }

    fn at(mut self, source: &SourceFile, span: Range<usize>, label: impl Into<String>) -> Self {
        self.problem.at = Some(source.place(span, label));
        self
    }

    fn also(mut self, source: &SourceFile, span: Range<usize>, label: impl Into<String>) -> Self {
        self.problem.also = Some(source.place(span, label));
        self
    }

    fn help(mut self, help: impl Into<String>) -> Self {
        self.problem.help = Some(help.into());
        self
    }

    /// The code: one of [`CODES`].
    #[must_use]
    pub fn code(&self) -> &'static str {
        self.code
    }

    /// What is odd, in a sentence.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.problem.message
    }

    /// The file, as the user would name it.
    #[must_use]
    pub fn file(&self) -> &str {
        self.problem.at.as_ref().map_or("", crate::source::Place::file)
    }

    /// The line in its file, from 1.
    #[must_use]
    pub fn line(&self) -> usize {
        self.problem.at.as_ref().map_or(0, crate::source::Place::line)
    }
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.problem.render(&format!("warning[{}]", self.code), f)
    }
}

impl Serialize for Warning {
    /// A row with `severity`, `code`, `message`, `file`, `line`, `column`, `label`, `help`.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.problem.row("warning", Some(self.code)).serialize(serializer)
    }
}

/// What runs of the examples reached, by ids; whoever runs them fills it in.
#[derive(Clone, Debug, Default)]
pub struct Exercised {
    /// Detectors whose examples were run; of others nothing is said.
    pub detectors: BTreeSet<String>,
    /// (detector, list): a term of the list stood as evidence, or was the match, in an example that held.
    pub lists: BTreeSet<(String, String)>,
    /// (detector, primary): the shape was the match of an example that held.
    pub primaries: BTreeSet<(String, String)>,
    /// (detector, tier): the tier was the best in an example that held.
    pub tiers: BTreeSet<(String, String)>,
}

/// All warnings that can be told without running a rule, in order of files and places: of the detectors that were chosen,
/// the lists that they name, and lists that nothing names.
#[must_use]
pub fn warnings(loaded: &Loaded, scope: Scope) -> Vec<Warning> {
    let users = users_of_lists(loaded);
    let chosen =
        |detector: &Detector| loaded.rules.detector(detector.id.get_ref()).is_some_and(|detector| !detector.silent);
    sweep(loaded, scope, |sheet, rules| {
        for list in &rules.list {
            let users = users.get(list.id.get_ref().as_str()).map_or(&[][..], Vec::as_slice);
            if users.is_empty() || users.iter().any(|detector| chosen(detector)) {
                lists::check(sheet, list, users);
            }
        }
        for detector in rules.detector.iter().filter(|detector| chosen(detector)) {
            detector_itself(sheet, detector);
            exclusions(sheet, detector);
            patterns::check(sheet, detector);
            tiers::check(sheet, detector);
        }
    })
}

/// Warnings of what no example reached.
#[must_use]
pub fn unexercised(loaded: &Loaded, scope: Scope, exercised: &Exercised) -> Vec<Warning> {
    sweep(loaded, scope, |sheet, rules| {
        for detector in rules.detector.iter().filter(|detector| exercised.detectors.contains(detector.id.get_ref())) {
            let id = detector.id.get_ref();
            for list in lists_of(detector) {
                if !exercised.lists.contains(&(id.clone(), list.get_ref().clone())) {
                    let message = format!("no example of `{id}` reaches the list `{}`", list.get_ref());
                    sheet.detector(
                        detector,
                        "unexercised-list",
                        message,
                        list.span(),
                        "never the reason for a finding",
                    );
                }
            }
            for (at, primary) in detector.primary.iter().enumerate() {
                let number = (at + 1).to_string();
                let name = primary.id.as_ref().map_or(&number, |id| id.get_ref());
                if !exercised.primaries.contains(&(id.clone(), name.clone())) {
                    let message = format!("no example of `{id}` is found by the shape `{name}`");
                    let span = [&primary.id, &primary.regex, &primary.keywords, &primary.function];
                    let span = span.into_iter().flatten().next().map_or(detector.id.span(), Spanned::span);
                    sheet.detector(detector, "unexercised-primary", message, span, "never a match");
                }
            }
            for tier in &detector.tier {
                let name = tier.name.get_ref();
                if !exercised.tiers.contains(&(id.clone(), name.clone())) {
                    let message = format!("no example of `{id}` reaches the tier `{name}`");
                    sheet.detector(
                        detector,
                        "unexercised-tier",
                        message,
                        tier.name.span(),
                        "never the best that holds",
                    );
                }
            }
        }
    })
}

fn sweep(loaded: &Loaded, scope: Scope, mut look: impl FnMut(&mut Sheet<'_>, &RuleFile)) -> Vec<Warning> {
    let mut all = Vec::new();
    for file in loaded.files.iter().filter(|file| scope == Scope::All || !file.source.builtin()) {
        let mut sheet = Sheet { source: &file.source, found: Vec::new() };
        look(&mut sheet, &file.rules);
        sheet.found.sort_by_key(|warning| warning.line());
        all.append(&mut sheet.found);
    }
    all
}

/// Where the warnings of one file are written.
struct Sheet<'a> {
    source: &'a SourceFile,
    found: Vec<Warning>,
}

impl Sheet<'_> {
    fn push(&mut self, allowed: bool, warning: Warning) {
        if !allowed {
            self.found.push(warning);
        }
    }

    /// Writes a warning about a detector unless the detector allows it.
    fn detector(
        &mut self,
        detector: &Detector,
        code: &'static str,
        message: String,
        span: Range<usize>,
        label: impl Into<String>,
    ) {
        let warning = Warning::new(code, message).at(self.source, span, label);
        self.push(detector.allow.contains_key(code), warning);
    }
}

fn detector_itself(sheet: &mut Sheet<'_>, detector: &Detector) {
    let id = detector.id.get_ref();
    if detector.why.trim().is_empty() {
        let message = format!("detector `{id}` does not say why it matters");
        sheet.detector(
            detector,
            "missing-why",
            message,
            detector.id.span(),
            "`why` is what a reader of a finding sees",
        );
    }
    for code in detector.allow.keys().filter(|code| !CODES.iter().any(|(known, _)| known == code)) {
        let mut warning = Warning::new("unknown-allow", format!("there is no warning `{code}` to allow"));
        warning.problem.help = did_you_mean(code, CODES.iter().map(|(code, _)| *code));
        let warning = warning.at(sheet.source, detector.id.span(), "in this detector's `allow`");
        sheet.push(false, warning);
    }
}

/// Checks that no counter-example needs: were they gone, nothing would tell.
fn exclusions(sheet: &mut Sheet<'_>, detector: &Detector) {
    let of_tiers = || detector.tier.iter().any(|tier| !tier.check.is_empty());
    let has_checks = !detector.check.is_empty() || detector.exclude_same_digits || of_tiers();
    if has_checks && !detector.counter.iter().any(|counter| *counter.reason.get_ref() == Miss::Check) {
        let message = format!("no counter-example of `{}` is refused by its checks", detector.id.get_ref());
        let label = "write one with `reason = \"check\"`";
        sheet.detector(detector, "unexercised-exclusion", message, detector.id.span(), label);
    }
}

/// The detectors that name each list.
fn users_of_lists(loaded: &Loaded) -> BTreeMap<&str, Vec<&Detector>> {
    let mut users: BTreeMap<&str, Vec<&Detector>> = BTreeMap::new();
    for detector in loaded.files.iter().flat_map(|file| &file.rules.detector) {
        for list in lists_of(detector) {
            users.entry(list.get_ref()).or_default().push(detector);
        }
    }
    users
}

/// The lists that a detector names, each once.
fn lists_of(detector: &Detector) -> Vec<&Spanned<String>> {
    let mut found: Vec<&Spanned<String>> =
        detector.primary.iter().filter_map(|primary| primary.keywords.as_ref()).collect();
    for tier in &detector.tier {
        leaves(tier.evidence.as_ref().map(Spanned::get_ref), &mut |leaf| found.extend(&leaf.list));
    }
    let mut seen = BTreeSet::new();
    found.retain(|list| seen.insert(list.get_ref()));
    found
}

/// Calls `look` with every leaf of an evidence tree.
fn leaves<'a>(tree: Option<&'a Evidence>, look: &mut impl FnMut(&'a Evidence)) {
    let mut waiting: Vec<&Evidence> = tree.into_iter().collect();
    while let Some(node) = waiting.pop() {
        let inner = node.all.iter().chain(&node.any).flatten().chain(node.not.as_deref());
        let before = waiting.len();
        waiting.extend(inner.map(Spanned::get_ref));
        if waiting.len() == before {
            look(node);
        }
    }
}
