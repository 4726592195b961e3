//! What is asked of a corpus: what its labels are complete for, and what must be reached.

use super::Options;
use crate::rule::RuleSet;
use crate::source::schema::{Key, Kind, may, must};
use crate::source::{Fault, Reader, SourceFile, did_you_mean, read_text};
use serde::Deserialize;
use std::path::Path;
use toml::Spanned;

const PERCENT: Kind = Kind::Number(0, 100);
const THRESHOLD: [Key; 7] = [
    may("detector", Kind::Text),
    may("each", Kind::Bool),
    may("confidence", Kind::Number(1, 100)),
    may("precision", PERCENT),
    may("recall", PERCENT),
    may("f1", PERCENT),
    may("f2", PERCENT),
];
const KEYS: [Key; 4] = [
    must("schema", Kind::Number(0, i64::MAX)),
    may("detectors", Kind::Array(&Kind::Text)),
    may("unlabelled", Kind::Word(&["ignore", "clean"])),
    may("threshold", Kind::Array(&Kind::Table(&THRESHOLD))),
];
const READER: Reader =
    Reader { noun: "label settings", many: "label settings", cover: |_| Some(Vec::new()), keys: &KEYS };

/// What is asked of a corpus.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// Detectors that the labels are complete for: ids, or beginnings followed by `*`. Empty: those that labels name.
    pub detectors: Vec<String>,
    /// True: a file without labels holds nothing. False: it is not judged.
    pub unlabelled_clean: bool,
    /// What must be reached.
    pub thresholds: Vec<Threshold>,
}

/// Figures that must be reached, in percent.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
pub struct Threshold {
    /// An id, or a beginning followed by `*`; all when not said.
    pub detector: Option<String>,
    /// Each of these detectors must reach them, not all together.
    #[serde(default)]
    pub each: bool,
    /// Findings from this confidence on; all when not said.
    pub confidence: Option<u8>,
    /// Of what was found, what is true.
    pub precision: Option<u8>,
    /// Of what is true, what was found.
    pub recall: Option<u8>,
    /// Their harmonic mean.
    pub f1: Option<u8>,
    /// The same with recall counted twice as much.
    pub f2: Option<u8>,
}

impl Settings {
    /// True when even a corpus without a label says something: that nothing is in it.
    pub(super) fn all_clean(&self) -> bool {
        self.unlabelled_clean && !self.detectors.is_empty()
    }
}

#[derive(Deserialize)]
struct Typed {
    #[serde(default)]
    detectors: Vec<Spanned<String>>,
    #[serde(default)]
    unlabelled: Option<String>,
    #[serde(default)]
    threshold: Vec<Spanned<Threshold>>,
}

/// True when `id` is `pattern`, at whose end `*` stands for anything.
#[must_use]
pub fn fits(pattern: &str, id: &str) -> bool {
    pattern.strip_suffix('*').map_or(pattern == id, |beginning| id.starts_with(beginning))
}

pub(super) fn load(path: &Path, rules: &RuleSet, options: Options, errors: &mut Vec<Fault>) -> Settings {
    let name = path.display().to_string();
    let text = match read_text(path) {
        Ok(text) => text,
        Err(why) => {
            errors.push(Fault::new(format!("label settings cannot be used: {why}")).in_file(&name));
            return Settings::default();
        }
    };
    let source = SourceFile::new(&name, text, Some(path.to_owned()), READER.cover);
    let typed: Typed = match READER.parse(&source) {
        Ok(typed) => typed,
        Err(found) => {
            errors.extend(found);
            return Settings::default();
        }
    };
    let ids = || rules.detectors.iter().filter(|detector| !detector.silent).map(|detector| &*detector.id);
    let mut known = |pattern: &str, span: std::ops::Range<usize>| {
        if !options.skip_unknown && !ids().any(|id| fits(pattern, id)) {
            let fault = Fault::new(format!("no detector is `{pattern}`")).at(&source, span, "named here");
            errors.push(fault.maybe_help(did_you_mean(pattern, ids())));
        }
    };
    for pattern in &typed.detectors {
        known(pattern.get_ref(), pattern.span());
    }
    for threshold in &typed.threshold {
        if let Some(pattern) = &threshold.get_ref().detector {
            known(pattern, threshold.span());
        }
    }
    for threshold in &typed.threshold {
        let Threshold { precision, recall, f1, f2, .. } = threshold.get_ref();
        if [precision, recall, f1, f2].into_iter().all(Option::is_none) {
            let fault = Fault::new("a threshold that asks for nothing").at(&source, threshold.span(), "");
            errors.push(fault.help("give `precision`, `recall`, `f1` or `f2`, in percent"));
        }
    }
    Settings {
        detectors: typed.detectors.into_iter().map(Spanned::into_inner).collect(),
        unlabelled_clean: typed.unlabelled.is_some_and(|word| word == "clean"),
        thresholds: typed.threshold.into_iter().map(Spanned::into_inner).collect(),
    }
}
