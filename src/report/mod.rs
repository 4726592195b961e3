//! Verdicts for readers: one [`Report`] for each output format, fed file by file while the scan runs.
//!
//! A report never sees a matched value: a [`Finding`](crate::model::Finding) carries a mask, a token and an excerpt
//! only. What it does see is hostile all the same (names, members, sheets come from the scanned files), so each format
//! makes them harmless in its own way: see [`printable`](harmless::printable) for text, and the escapes of
//! [`SafeJson`](harmless::SafeJson) for everything that is JSON. The formats are described in `docs/output.md`.

pub mod csv;
pub mod harmless;
pub mod html;
pub mod human;
pub mod identity;
pub mod json;
mod line;
pub mod out;
pub mod place;
pub mod plan;
pub mod reason;
pub mod sarif;
pub mod summary;
pub mod units;

pub use human::colour_wanted;
pub use out::ReportError;
pub use summary::Summary;

use crate::model::Verdict;
use std::io::Write;

/// What the scan says of one file that was named or found below a named folder.
#[derive(Clone, Debug)]
pub struct FileReport {
    /// The path as given, with bytes that are no UTF-8 replaced.
    pub path: String,
    /// Coverage and findings.
    pub verdict: Verdict,
}

/// What a report tells of one detector besides its findings.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RuleInfo {
    /// The detector's id.
    pub id: String,
    /// What a person calls it.
    pub name: String,
    /// Why it matters, in a sentence; may be empty.
    pub why: String,
    /// Free tags (`pci`, `pii`, `credential`).
    pub tags: Vec<String>,
}

/// What a report is told before the first file.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Version of the program, as `--version` prints it.
    pub version: String,
    /// All detectors that run.
    pub rules: Vec<RuleInfo>,
    /// Colours in the text format; see [`colour_wanted`].
    pub colour: bool,
    /// Text format: also list files that hold nothing to read (`no_text`).
    pub verbose: bool,
    /// Hand each file's lines on at once (a terminal, a pipe that somebody reads live) instead of filling a buffer.
    pub flush_each_file: bool,
}

/// A file's lines, ready to be written.
#[derive(Debug, Default)]
pub struct Lines {
    bytes: Vec<u8>,
    /// A limit ended the reading of the file or of something in it.
    limit_met: bool,
}

/// Makes the lines of files, on any thread and in any order.
pub trait Render: Send + Sync {
    /// Makes one file's lines.
    ///
    /// # Errors
    /// They cannot be made.
    fn lines(&self, file: &FileReport) -> Result<Lines, ReportError>;
}

/// Findings of one file whose lines are made at once; those of a file with more are made piece by piece while they are
/// written, so that their memory is bounded.
const RENDERED_FINDINGS_MAX: usize = 4096;

/// One file on its way to the report: made where it was inspected, so that only the writing is left for the one thread
/// that reports.
#[derive(Debug)]
pub struct Settled {
    sums: summary::FileSums,
    body: Body,
}

#[derive(Debug)]
enum Body {
    Lines(Result<Lines, ReportError>),
    Verdict(Box<FileReport>),
}

impl Settled {
    /// Counts a file and makes its lines, if `render` can and they are not too many.
    #[must_use]
    pub fn new(file: FileReport, render: Option<&dyn Render>) -> Self {
        let sums = summary::FileSums::of(&file);
        let body = match render {
            Some(render) if file.verdict.findings.len() <= RENDERED_FINDINGS_MAX => Body::Lines(render.lines(&file)),
            _ => Body::Verdict(Box::new(file)),
        };
        Self { sums, body }
    }

    /// Folds the file into the sum and writes it to the report.
    ///
    /// # Errors
    /// The writer failed.
    pub fn report(self, summary: &mut Summary, report: &mut dyn Report) -> Result<(), ReportError> {
        summary.add_sums(self.sums);
        match self.body {
            Body::Lines(lines) => report.append(&lines?),
            Body::Verdict(file) => report.file(&file),
        }
    }
}

/// Receives the verdicts of one scan in the order in which they are settled, and writes them.
///
/// The engine calls [`begin`](Report::begin) once, [`file`](Report::file) or [`append`](Report::append) for each file and [`end`](Report::end) once,
/// also after an interruption, from one thread at a time. Each call may fail with a [`ReportError`]; the report is
/// broken from then on and the scan should stop with exit code 2. A reader that went away (a closed pipe) is no error:
/// writing goes on into nothing, and [`reader_gone`](Report::reader_gone) tells it.
pub trait Report: Send {
    /// Writes what stands before the first file.
    ///
    /// # Errors
    /// The writer failed.
    fn begin(&mut self) -> Result<(), ReportError>;

    /// Writes one file's verdict.
    ///
    /// # Errors
    /// The writer failed.
    fn file(&mut self, file: &FileReport) -> Result<(), ReportError>;

    /// What makes this format's lines on other threads; `None` when they hang on the files before.
    fn render(&self) -> Option<Box<dyn Render>> {
        None
    }

    /// Writes lines that [`render`](Report::render) made: the same as [`file`](Report::file) does for their verdict.
    ///
    /// # Errors
    /// The writer failed.
    fn append(&mut self, lines: &Lines) -> Result<(), ReportError>;

    /// Writes what stands after the last file and flushes.
    ///
    /// # Errors
    /// The writer failed.
    fn end(&mut self, summary: &Summary) -> Result<(), ReportError>;

    /// True once the reader of the output has gone away; a scan for its sake alone may stop.
    fn reader_gone(&self) -> bool;
}

/// An output format.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Format {
    /// For people, on a terminal.
    #[default]
    Text,
    /// JSON lines.
    Jsonl,
    /// RFC 4180.
    Csv,
    /// SARIF 2.1.0.
    Sarif,
    /// One offline page.
    Html,
}

impl Format {
    /// All formats, in the order in which help lists them.
    pub const ALL: [Format; 5] = [Format::Text, Format::Jsonl, Format::Csv, Format::Sarif, Format::Html];

    /// The name as flags spell it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Format::Text => "text",
            Format::Jsonl => "jsonl",
            Format::Csv => "csv",
            Format::Sarif => "sarif",
            Format::Html => "html",
        }
    }

    /// The format of that name, if there is one.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Format> {
        Format::ALL.into_iter().find(|format| format.name() == name)
    }

    /// A report of this format that writes to `writer` (which needs no buffer of its own).
    #[must_use]
    pub fn open(self, writer: Box<dyn Write + Send>, options: &Options) -> Box<dyn Report> {
        let out = out::Out::new(writer, options.flush_each_file);
        match self {
            Format::Text => Box::new(human::Human::new(out, options)),
            Format::Jsonl => Box::new(json::JsonLines::new(out)),
            Format::Csv => Box::new(csv::Csv::new(out)),
            Format::Sarif => Box::new(sarif::Sarif::new(out, options)),
            Format::Html => Box::new(html::Html::new(out, options)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_format_is_found_by_its_name() {
        for format in Format::ALL {
            assert_eq!(Format::from_name(format.name()), Some(format));
        }
        assert_eq!(Format::from_name("xml"), None);
    }
}
