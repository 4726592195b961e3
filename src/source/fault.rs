//! What is wrong with a file, told the way a good compiler does: place, label, suggestion.
//!
//! A fault is opaque and answers questions. It can be caused by a file that somebody wrote, by one beside it that it names,
//! by a path or by what was asked for (an id that no detector has); never by the text that is scanned.

use super::file::{Place, SourceFile};
use serde::{Serialize, Serializer};
use std::fmt;
use std::ops::Range;

/// One thing that is wrong with files that somebody wrote.
#[derive(Clone, Debug)]
pub struct Fault(Box<Problem>);

/// What errors and warnings have in common.
#[derive(Clone, Debug)]
pub(crate) struct Problem {
    pub(crate) message: String,
    pub(crate) at: Option<Place>,
    pub(crate) also: Option<Place>,
    pub(crate) help: Option<String>,
}

/// An error or warning as JSON output shows it; what is not known is left out.
#[derive(Debug, Serialize)]
pub(crate) struct ProblemRow<'a> {
    severity: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<&'a str>,
    message: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    file: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    line: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    column: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    label: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    help: Option<&'a str>,
}

impl Problem {
    /// The row that JSON output shows.
    pub(crate) fn row<'a>(&'a self, severity: &'static str, code: Option<&'a str>) -> ProblemRow<'a> {
        let at = self.at.as_ref();
        ProblemRow {
            severity,
            code,
            message: &self.message,
            file: at.map(Place::file),
            line: at.map(Place::line).filter(|line| *line > 0),
            column: at.map(Place::column).filter(|column| *column > 0),
            label: at.map(Place::label).filter(|label| !label.is_empty()),
            help: self.help.as_deref(),
        }
    }

    /// Renders under a heading (`error`, `warning[code]`).
    pub(crate) fn render(&self, heading: &str, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{heading}: {}", self.message)?;
        let places = [self.at.as_ref(), self.also.as_ref()];
        let width = places.iter().flatten().map(|place| place.line().to_string().len()).max().unwrap_or(1);
        for place in places.into_iter().flatten() {
            place.render(width, f)?;
        }
        match &self.help {
            Some(help) => write!(f, "\n{:width$} = help: {help}", ""),
            None => Ok(()),
        }
    }
}

impl Fault {
    /// An error without a place.
    pub(crate) fn new(message: impl Into<String>) -> Self {
        Self(Box::new(Problem { message: message.into(), at: None, also: None, help: None }))
    }

    /// Points at bytes of a file.
    pub(crate) fn at(mut self, source: &SourceFile, span: Range<usize>, label: impl Into<String>) -> Self {
        self.0.at = Some(source.place(span, label));
        self
    }

    /// Names a file without a place in it.
    pub(crate) fn in_file(mut self, name: &str) -> Self {
        self.0.at = Some(Place::file_only(name));
        self
    }

    /// Points at a second place that belongs to the error.
    pub(crate) fn also(mut self, source: &SourceFile, span: Range<usize>, label: impl Into<String>) -> Self {
        self.0.also = Some(source.place(span, label));
        self
    }

    /// Says what to try.
    pub(crate) fn help(mut self, help: impl Into<String>) -> Self {
        self.0.help = Some(help.into());
        self
    }

    /// Says what to try, if there is something to say.
    pub(crate) fn maybe_help(mut self, help: Option<String>) -> Self {
        self.0.help = help;
        self
    }

    /// Renders under another heading than `error`.
    pub(crate) fn render(&self, heading: &str, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.render(heading, f)
    }

    /// The row that JSON output shows, of another severity than `error`.
    pub(crate) fn row<'a>(&'a self, severity: &'static str, code: Option<&'a str>) -> ProblemRow<'a> {
        self.0.row(severity, code)
    }

    /// The file, as the user would name it; `None` when the error is about what was asked for.
    #[must_use]
    pub fn file(&self) -> Option<&str> {
        self.0.at.as_ref().map(Place::file)
    }

    /// The line, from 1; 0 when the error concerns no line.
    #[must_use]
    pub fn line(&self) -> usize {
        self.0.at.as_ref().map_or(0, Place::line)
    }

    /// The column in characters, from 1; 0 when the error concerns no line.
    #[must_use]
    pub fn column(&self) -> usize {
        self.0.at.as_ref().map_or(0, Place::column)
    }

    /// What stands beside the underline; may be empty.
    #[must_use]
    pub fn label(&self) -> &str {
        self.0.at.as_ref().map_or("", Place::label)
    }

    /// What is wrong, in a sentence.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// What to try.
    #[must_use]
    pub fn suggestion(&self) -> Option<&str> {
        self.0.help.as_deref()
    }

    /// The second place that belongs to the error, as (file, line, column): the other of two equal ids.
    #[must_use]
    pub fn other_place(&self) -> Option<(&str, usize, usize)> {
        self.0.also.as_ref().map(|place| (place.file(), place.line(), place.column()))
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.render("error", f)
    }
}

impl std::error::Error for Fault {}

impl Serialize for Fault {
    /// A row with `severity`, `message`, `file`, `line`, `column`, `label`, `help`.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.row("error", None).serialize(serializer)
    }
}

/// `did you mean ...?` with the candidate nearest to a word, if one is near.
pub(crate) fn did_you_mean<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<String> {
    nearest(word, candidates).map(|near| format!("did you mean `{near}`?"))
}

/// The candidate nearest to a word: at most a third of its letters differ, or one is the other's beginning.
fn nearest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let bound = word.chars().count().div_ceil(3);
    let distance = |candidate: &str| {
        let shared = word.len() >= 3 && (candidate.starts_with(word) || word.starts_with(candidate));
        let edits = strsim::damerau_levenshtein(&word.to_lowercase(), candidate);
        (edits <= bound || shared).then_some(edits)
    };
    candidates
        .into_iter()
        .filter(|candidate| candidate.len() >= 2)
        .filter_map(|candidate| distance(candidate).map(|edits| (edits, candidate)))
        .min()
        .map(|(_, candidate)| candidate)
}
