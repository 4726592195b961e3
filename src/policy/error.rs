//! What is wrong with a filter, told the way a good compiler does: the line, the place in it, what was expected, what to
//! try.
//!
//! An error can be caused by the filter's own text alone, never by the items it is held against.

use std::fmt;

/// Most characters of a long line that are shown, around the place that is meant.
const SHOWN_CHARS_MAX: usize = 100;

/// Bytes of a filter's text, from the first to the one after the last. All spans are equal: two filters that say the same
/// are the same wherever their words stand.
#[derive(Clone, Copy, Debug, Default)]
pub struct Span {
    /// First byte.
    pub start: usize,
    /// Byte after the last.
    pub end: usize,
}

impl PartialEq for Span {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for Span {}

impl Span {
    /// From the beginning of this one to the end of `other`.
    #[must_use]
    pub fn to(self, other: Span) -> Span {
        Span { start: self.start.min(other.start), end: self.end.max(other.end) }
    }
}

/// Why a text is no filter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FilterError(Box<Wrong>);

#[derive(Clone, Debug, PartialEq, Eq)]
struct Wrong {
    message: String,
    label: String,
    help: Option<String>,
    line: usize,
    column: usize,
    /// The line as it is shown, and where in it the underlining begins and how long it is, in characters.
    shown: String,
    before: usize,
    width: usize,
}

/// An error whose place in the text is known, but not yet the text.
#[derive(Clone, Debug)]
pub(super) struct Wrongly {
    pub(super) span: Span,
    pub(super) message: String,
    pub(super) label: String,
    pub(super) help: Option<String>,
}

impl Wrongly {
    pub(super) fn new(span: Span, message: impl Into<String>) -> Self {
        Self { span, message: message.into(), label: String::new(), help: None }
    }

    /// What stands beside the underlining: what was expected there.
    pub(super) fn expected(mut self, label: impl Into<String>) -> Self {
        self.label = label.into();
        self
    }

    pub(super) fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    pub(super) fn maybe_help(mut self, help: Option<String>) -> Self {
        self.help = help.or(self.help);
        self
    }

    /// The error with its place in `text`.
    pub(super) fn within(self, text: &str) -> FilterError {
        let start = floor(text, self.span.start);
        let end = floor(text, self.span.end.max(start));
        let line_start = text[..start].rfind('\n').map_or(0, |at| at + 1);
        let line_end = text[start..].find('\n').map_or(text.len(), |at| start + at);
        let column = text[line_start..start].chars().count();
        let width = text[start..end.min(line_end).max(start)].chars().count().max(1);
        let (shown, before) = clip(&text[line_start..line_end], column);
        let room = shown.chars().count().saturating_sub(before).max(1);
        FilterError(Box::new(Wrong {
            message: harmless(&self.message),
            label: harmless(&self.label),
            help: self.help.as_deref().map(harmless),
            line: text[..start].matches('\n').count() + 1,
            column: column + 1,
            width: width.min(room),
            shown,
            before,
        }))
    }
}

/// The last boundary of a character at or before a byte.
fn floor(text: &str, byte: usize) -> usize {
    let byte = byte.min(text.len());
    (0..=byte).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0)
}

/// The part of a line around a column, and the column within that part.
fn clip(line: &str, column: usize) -> (String, usize) {
    let chars: Vec<char> = line.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    if chars.len() <= SHOWN_CHARS_MAX {
        return (chars.into_iter().collect(), column);
    }
    let from = column.saturating_sub(SHOWN_CHARS_MAX / 2).min(chars.len() - SHOWN_CHARS_MAX);
    let until = (from + SHOWN_CHARS_MAX).min(chars.len());
    let (head, tail) = (if from > 0 { "…" } else { "" }, if until < chars.len() { "…" } else { "" });
    let middle: String = chars[from..until].iter().collect();
    (format!("{head}{middle}{tail}"), column - from + head.chars().count())
}

/// Words that were typed may hold anything; a message is shown on a terminal.
fn harmless(text: &str) -> String {
    text.chars().map(|c| if c.is_control() && c != '\n' { '\u{FFFD}' } else { c }).collect()
}

impl FilterError {
    /// What is wrong, in a sentence.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// What was expected at the place; may be empty.
    #[must_use]
    pub fn expected(&self) -> &str {
        &self.0.label
    }

    /// What to try.
    #[must_use]
    pub fn suggestion(&self) -> Option<&str> {
        self.0.help.as_deref()
    }

    /// The line, from 1.
    #[must_use]
    pub fn line(&self) -> usize {
        self.0.line
    }

    /// The column in characters, from 1.
    #[must_use]
    pub fn column(&self) -> usize {
        self.0.column
    }
}

impl fmt::Display for FilterError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Wrong { message, label, help, line, column, shown, before, width } = &*self.0;
        let number = line.to_string();
        let margin = number.len();
        writeln!(f, "error: {message}")?;
        writeln!(f, "{:margin$}--> filter:{line}:{column}", "")?;
        writeln!(f, "{:margin$} |", "")?;
        writeln!(f, "{number} | {shown}")?;
        let space = if label.is_empty() { "" } else { " " };
        write!(f, "{:margin$} | {:before$}{}{space}{label}", "", "", "^".repeat(*width))?;
        match help {
            Some(help) => write!(f, "\n{:margin$} = help: {help}", ""),
            None => Ok(()),
        }
    }
}

impl std::error::Error for FilterError {}

/// `did you mean ...?` with the candidate nearest to a word, if one is near.
pub(super) fn did_you_mean<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<String> {
    nearest(word, candidates).map(|near| format!("did you mean `{near}`?"))
}

/// The candidate nearest to a word: at most a third of its letters differ, or one is a part of the other.
pub(super) fn nearest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let word = word.to_lowercase();
    let bound = word.chars().count().div_ceil(3);
    let distance = |candidate: &str| {
        let lower = candidate.to_lowercase();
        let part = word.len() >= 3 && (lower.contains(&word) || word.contains(&lower));
        let edits = strsim::damerau_levenshtein(&word, &lower);
        (edits <= bound || part).then_some(edits)
    };
    let near = candidates.into_iter().filter(|candidate| candidate.len() >= 2);
    near.filter_map(|candidate| Some((distance(candidate)?, candidate))).min().map(|(_, candidate)| candidate)
}
