//! What people say is in the files of a corpus, as they write it beside them.
//!
//! Labels are lines of JSON, in `labels.jsonl` for the files of its folder and below, or in `NAME.labels.jsonl` for the file
//! NAME beside it; `labels.toml` says what they are complete for and what must be reached. A label names a place and a
//! detector, never a value, and nothing is guessed: a label that cannot be true of its file is an error with its place, since
//! it would be counted as a miss for ever.

mod bounds;
mod line;
mod settings;
#[cfg(test)]
pub(in crate::lab) mod tests;

pub use settings::{Settings, Threshold, fits};

use crate::rule::RuleSet;
use crate::source::{Fault, SourceFile, did_you_mean};
use std::collections::{BTreeMap, BTreeSet};
use std::io::Read;
use std::ops::Range;
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

/// The name of a file that labels the files of its folder.
pub const LABELS: &str = "labels.jsonl";
/// What the name of a file ends in that labels the file beside it.
pub const SIDECAR: &str = ".labels.jsonl";
/// The name of the file that says what is asked of a corpus.
pub const SETTINGS: &str = "labels.toml";
/// Largest file of labels, in bytes.
const BYTES_MAX: u64 = 64 << 20;
/// Errors that are told; one slip often makes the same error on every line.
const ERRORS_MAX: usize = 20;

/// Where in a file a value stands.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Where {
    /// Bytes of a file that is its own text.
    Bytes(Range64),
    /// A line from 1, and columns on it from 1 in characters.
    Line(u64, Range64),
    /// Characters of a part's text; the location begins so, where it is said.
    Part {
        /// The part's name.
        part: String,
        /// The beginning of the location.
        location: Option<String>,
        /// Characters from the beginning of the part.
        chars: Range64,
    },
}

/// From and up to, the end not in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Range64 {
    /// The first.
    pub start: u64,
    /// One after the last.
    pub end: u64,
}

/// What a label says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Says {
    /// A value stands here. `optional`: it may be found, and need not be.
    Span {
        /// Where.
        at: Where,
        /// It need not be found.
        optional: bool,
    },
    /// Nothing of the detector is here, or nowhere in the file; from this confidence on, where one is said.
    Negative {
        /// Where; `None` is the whole file.
        at: Option<Where>,
    },
    /// So many findings in the file.
    Count(u64),
    /// So many different values in the file.
    Unique(u64),
    /// Nothing at all is in the file.
    Clean,
}

/// One line of labels.
#[derive(Clone, Debug)]
pub struct Label {
    /// The detector; `*` for all in a negative one, empty in a clean one.
    pub detector: Arc<str>,
    /// The least confidence that is expected, or from which on a negative one holds; always one that the detector has.
    pub confidence: Option<u8>,
    /// What is said.
    pub says: Says,
    /// The file of labels and the line.
    pub origin: (Arc<str>, usize),
    /// Which of [`Labels::sources`], and where in it.
    spelled: (usize, Range<usize>),
}

/// All labels of a corpus, by the path of the file they are about.
#[derive(Debug, Default)]
pub struct Labels {
    /// In the order of paths, as a scan of the corpus names them.
    pub files: BTreeMap<PathBuf, Vec<Label>>,
    /// What is asked of the corpus.
    pub settings: Settings,
    /// Labels left out because no detector has their id, by id.
    pub unknown: BTreeMap<String, u64>,
    /// The files of labels.
    sources: Vec<SourceFile>,
}

/// How labels are read.
#[derive(Clone, Copy, Debug, Default)]
pub struct Options {
    /// Leave out labels of detectors that are not loaded, and count them.
    pub skip_unknown: bool,
}

/// True for a file that holds labels and nothing to label.
#[must_use]
pub fn is_labels(path: &Path) -> bool {
    let name = path.file_name().map(|name| name.to_string_lossy()).unwrap_or_default();
    name == LABELS || name == SETTINGS || name.ends_with(SIDECAR)
}

/// Reads all labels below a folder.
///
/// # Errors
/// All that is wrong with them, by file and place; at most [`ERRORS_MAX`] are told, then how many more there are.
pub fn load(corpus: &Path, rules: &RuleSet, options: Options) -> Result<Labels, Vec<Fault>> {
    let mut errors = Vec::new();
    let found = Found::below(corpus, &mut errors);
    let mut labels = Labels::default();
    let mut asked = vec![corpus.join(SETTINGS)];
    asked.retain(|path| found.labels.contains(path));
    if let Some(path) = asked.pop() {
        labels.settings = settings::load(&path, rules, options, &mut errors);
    }
    for path in found.labels.iter().filter(|path| !path.ends_with(SETTINGS)) {
        let Some(source) = read(path, &mut errors) else { continue };
        let number = labels.sources.len();
        let mut reading = Reading { found: &found, rules, options, path, source: &source, number, labels: &mut labels };
        reading.all(&mut errors);
        labels.sources.push(source);
    }
    if errors.is_empty() && labels.files.is_empty() && labels.unknown.is_empty() && !labels.settings.all_clean() {
        let message = format!("there are no labels in {}", corpus.display());
        let help = format!(
            "write a line such as {{\"file\": \"a.txt\", \"start\": 0, \"end\": 9, \"detector\": \"ID\"}} \
                            into {LABELS} there (docs/authoring.md)"
        );
        errors.push(Fault::new(message).help(help));
    }
    bounds::check(&labels, &mut errors);
    if errors.is_empty() { Ok(labels) } else { Err(cut(errors)) }
}

fn cut(mut errors: Vec<Fault>) -> Vec<Fault> {
    let more = errors.len().saturating_sub(ERRORS_MAX);
    errors.truncate(ERRORS_MAX);
    if more > 0 {
        errors.push(Fault::new(format!("and {more} more errors in labels")));
    }
    errors
}

/// The files of a corpus.
#[derive(Debug, Default)]
struct Found {
    labels: BTreeSet<PathBuf>,
    /// All others.
    files: BTreeSet<PathBuf>,
}

impl Found {
    fn below(corpus: &Path, errors: &mut Vec<Fault>) -> Self {
        let mut found = Self::default();
        let mut left = vec![corpus.to_owned()];
        while let Some(folder) = left.pop() {
            let entries = match std::fs::read_dir(&folder) {
                Ok(entries) => entries,
                Err(why) => {
                    let message = format!("folder of the corpus cannot be read: {why}");
                    errors.push(Fault::new(message).in_file(&folder.display().to_string()));
                    continue;
                }
            };
            for entry in entries.flatten() {
                let (path, kind) = (entry.path(), entry.file_type());
                if kind.is_ok_and(|kind| kind.is_dir()) {
                    left.push(path);
                } else if is_labels(&path) {
                    found.labels.insert(path);
                } else {
                    found.files.insert(path);
                }
            }
        }
        found
    }
}

/// A file of labels. No message shows a line of it: notes beside labels may hold anything.
fn read(path: &Path, errors: &mut Vec<Fault>) -> Option<SourceFile> {
    let name = path.display().to_string();
    let mut text = Vec::new();
    let taken = std::fs::File::open(path).and_then(|file| file.take(BYTES_MAX + 1).read_to_end(&mut text));
    let why = match taken {
        Err(why) => why.to_string(),
        Ok(bytes) if bytes as u64 > BYTES_MAX => format!("larger than {} MiB", BYTES_MAX >> 20),
        Ok(_) => match String::from_utf8(text) {
            Ok(text) => return Some(SourceFile::new(&name, text, Some(path.to_owned()), |_| None)),
            Err(error) => format!("not UTF-8 at byte {}", error.utf8_error().valid_up_to()),
        },
    };
    errors.push(Fault::new(format!("labels cannot be used: {why}")).in_file(&name));
    None
}

/// One file of labels being read.
struct Reading<'a> {
    found: &'a Found,
    rules: &'a RuleSet,
    options: Options,
    path: &'a Path,
    source: &'a SourceFile,
    /// Its number among the files of labels.
    number: usize,
    labels: &'a mut Labels,
}

/// The file of a line, and its label with those of the other detectors that may be right; `None` where it is left out.
type OneRead = Result<Option<(PathBuf, Vec<Label>)>, Fault>;

impl Reading<'_> {
    fn all(&mut self, errors: &mut Vec<Fault>) {
        let mut start = 0;
        for (at, line) in self.source.text.split_inclusive('\n').enumerate() {
            let from = start;
            start += line.len();
            if line.trim().is_empty() {
                continue;
            }
            match self.one(from, line, at + 1) {
                Ok(Some((path, labels))) => self.labels.files.entry(path).or_default().extend(labels),
                Ok(None) => {}
                Err(error) => errors.push(error),
            }
        }
    }

    fn one(&mut self, from: usize, line: &str, number: usize) -> OneRead {
        let typed = line::parse(self.source, from, line)?;
        let path = self.file_of(&typed)?;
        let Some(detector) = self.detector_of(&typed)? else { return Ok(None) };
        let confidence = self.confidence_of(&typed, &detector)?;
        let says = line::says(&typed)?;
        let origin = (Arc::clone(&self.source.name), number);
        let spelled = (self.number, from..from + line.trim_end().len());
        let also = self.also(&typed, &says)?;
        let label = |(detector, says)| Label {
            detector,
            confidence: None,
            says,
            origin: origin.clone(),
            spelled: spelled.clone(),
        };
        let also: Vec<Label> = also.into_iter().map(label).collect();
        let label = Label { confidence, ..label((detector, says)) };
        Ok(Some((path, std::iter::once(label).chain(also).collect())))
    }

    /// The file that a label is about.
    fn file_of(&self, typed: &line::Typed<'_>) -> Result<PathBuf, Fault> {
        let folder = self.path.parent().unwrap_or(Path::new(""));
        let own = self.path.file_name().map(|name| name.to_string_lossy()).unwrap_or_default();
        if own != LABELS {
            let of = folder.join(own.strip_suffix(SIDECAR).unwrap_or_default());
            if typed.has("file") {
                let help = "its name says which file it labels; leave the key out";
                return Err(typed.fault("file", "a label beside its file names no file").help(help));
            }
            let missing = || {
                let help = format!("a sidecar is called as its file and then `{SIDECAR}`");
                typed.whole(format!("there is no file {} to label", of.display())).help(help)
            };
            return self.found.files.get(&of).cloned().ok_or_else(missing);
        }
        let name = typed
            .text("file")?
            .ok_or_else(|| typed.whole("a label without `file`").help("name the file, by its path from this folder"))?;
        if Path::new(name).components().any(|part| !matches!(part, Component::Normal(_) | Component::CurDir)) {
            let fault = typed.fault("file", "a label names a file outside the corpus");
            return Err(fault.help("write the path from the folder of the labels, without `..`"));
        }
        let steps: PathBuf = Path::new(name).components().filter(|part| *part != Component::CurDir).collect();
        let path = folder.join(steps);
        if self.found.files.contains(&path) {
            return Ok(path);
        }
        let near = self.found.files.iter().filter_map(|file| file.strip_prefix(folder).ok()?.to_str());
        let help = did_you_mean(name, near).unwrap_or_else(|| format!("paths begin in {}", folder.display()));
        Err(typed.fault("file", format!("there is no file {}", path.display())).help(help))
    }

    /// The detector; `None` when it is not loaded and that is fine.
    fn detector_of(&mut self, typed: &line::Typed<'_>) -> Result<Option<Arc<str>>, Fault> {
        if typed.has("decoy") && typed.is_empty("detector") {
            // A look-alike of nothing in particular: nothing may be found there.
            return Ok(Some("*".into()));
        }
        let Some(id) = typed.text("detector")? else {
            if typed.has("clean") {
                return Ok(Some("".into()));
            }
            let help = "name the detector that finds it (`sluicebox rules list`), or write \"clean\": true";
            return Err(typed.whole("a label without `detector`").help(help));
        };
        if id == "*" {
            let help = "`*` goes with \"negative\": true; a value is of one detector";
            return if typed.flag("negative")? || typed.has("decoy") {
                Ok(Some(id.into()))
            } else {
                Err(typed.fault("detector", "only a negative label is of all detectors").help(help))
            };
        }
        if let Some(detector) = self.rules.detector(id).filter(|detector| !detector.silent) {
            return Ok(Some(Arc::clone(&detector.id)));
        }
        if self.options.skip_unknown {
            *self.labels.unknown.entry(id.to_owned()).or_default() += 1;
            return Ok(None);
        }
        let near = did_you_mean(id, self.rules.detectors.iter().map(|detector| &*detector.id));
        let help = near.unwrap_or_else(|| {
            "`sluicebox rules list` names all; --skip-unknown leaves such labels out and counts them".to_owned()
        });
        Err(typed.fault("detector", format!("unknown detector `{id}`")).help(help))
    }

    /// What the same characters may be found as, too; what is not loaded cannot be found.
    fn also(&self, typed: &line::Typed<'_>, says: &Says) -> Result<Vec<(Arc<str>, Says)>, Fault> {
        let ids = typed.texts("also")?;
        let Says::Span { at, .. } = says else {
            let help = "leave it out: it names what else a labelled value may be found as";
            return if ids.is_empty() {
                Ok(Vec::new())
            } else {
                Err(typed.fault("also", "`also` goes with a value that is there").help(help))
            };
        };
        let known = ids.into_iter().filter_map(|id| self.rules.detector(id)).filter(|detector| !detector.silent);
        Ok(known.map(|detector| (Arc::clone(&detector.id), Says::Span { at: at.clone(), optional: true })).collect())
    }

    /// What is expected at the least, as a confidence that the detector has.
    fn confidence_of(&self, typed: &line::Typed<'_>, id: &str) -> Result<Option<u8>, Fault> {
        let (tier, number) = (typed.text("tier")?, typed.number("confidence")?);
        if tier.is_some() && number.is_some() {
            return Err(typed
                .fault("confidence", "a label has `tier` or `confidence`, not both")
                .help("leave one out"));
        }
        let tiers = self.rules.detector(id).map(|detector| detector.tiers.as_slice()).unwrap_or_default();
        if let Some(name) = tier {
            let known = tiers.iter().find(|tier| *tier.name == *name).map(|tier| tier.confidence.percent());
            return known.or_else(|| band(name, tiers)).map(Some).ok_or_else(|| {
                let names: Vec<&str> = tiers.iter().map(|tier| &*tier.name).collect();
                let help = format!("its tiers: {}", names.join(", "));
                typed.fault("tier", format!("`{id}` has no tier `{name}`")).help(help)
            });
        }
        let Some(number) = number else { return Ok(None) };
        let wanted = u8::try_from(number).ok().filter(|number| (1..=100).contains(number));
        let wanted = wanted.ok_or_else(|| {
            typed
                .fault("confidence", "a confidence is a whole number from 1 to 100")
                .help("high is 85, medium 75, low 65")
        })?;
        if id == "*" || id.is_empty() {
            return Ok(Some(wanted));
        }
        let reached = tiers.iter().map(|tier| tier.confidence.percent()).filter(|sure| *sure >= wanted).min();
        reached.map(Some).ok_or_else(|| {
            let most = tiers.iter().map(|tier| tier.confidence.percent()).max().unwrap_or(0);
            let message = format!("`{id}` is never as sure as {wanted}");
            typed.fault("confidence", message).help(format!("its surest tier has {most}"))
        })
    }
}

/// What a band asks of a detector that calls its tiers otherwise: the least of its confidences in or above the band, or its
/// highest. `none` asks nothing.
fn band(name: &str, tiers: &[crate::rule::ruleset::Tier]) -> Option<u8> {
    let at_least = match name {
        "high" => 85,
        "medium" => 75,
        "low" | "none" => 1,
        _ => return None,
    };
    let sure = || tiers.iter().map(|tier| tier.confidence.percent());
    sure().filter(|sure| *sure >= at_least).min().or_else(|| sure().max())
}
