//! Comma-separated values for spreadsheets: RFC 4180, one header, one record on each line.
//!
//! Spreadsheets run what looks like a formula, so a cell that begins like one gets a `'` before it. Hostile characters,
//! line ends among them, are shown by their numbers: names are for reading here, JSON lines has them exactly.

use super::harmless::printable;
use super::out::Out;
use super::place;
use super::{FileReport, Report, ReportError, Summary};
use crate::model::Finding;
use std::io::{self, Write as _};

/// The columns, in order.
pub const COLUMNS: [&str; 25] = [
    "record",
    "path",
    "coverage",
    "reason",
    "type",
    "mismatch",
    "bytes",
    "text_bytes",
    "findings",
    "holes_total",
    "detector",
    "confidence",
    "tier",
    "part",
    "location",
    "start",
    "end",
    "byte_start",
    "byte_end",
    "line",
    "column",
    "mask",
    "token",
    "excerpt",
    "evidence",
];

/// Columns of a file's record; the rest is a finding's.
const FILE_COLUMNS: usize = 10;

/// Writes comma-separated values.
#[derive(Debug)]
pub struct Csv {
    out: Out,
}

impl Csv {
    /// Records go to `out`.
    #[must_use]
    pub fn new(out: Out) -> Self {
        Self { out }
    }

    fn record<'a>(&mut self, cells: impl IntoIterator<Item = &'a str>) -> io::Result<()> {
        for (at, cell) in cells.into_iter().enumerate() {
            if at > 0 {
                self.out.write_all(b",")?;
            }
            self.out.write_all(quoted(cell).as_bytes())?;
        }
        self.out.write_all(b"\r\n")
    }
}

impl Report for Csv {
    fn begin(&mut self) -> Result<(), ReportError> {
        Ok(self.record(COLUMNS)?)
    }

    fn file(&mut self, file: &FileReport) -> Result<(), ReportError> {
        for finding in &file.verdict.findings {
            let cells = finding_cells(&file.path, finding);
            self.record(cells.iter().map(String::as_str))?;
        }
        let cells = file_cells(file);
        self.record(cells.iter().map(String::as_str))?;
        Ok(self.out.file_done()?)
    }

    fn end(&mut self, _: &Summary) -> Result<(), ReportError> {
        Ok(self.out.flush()?)
    }

    fn reader_gone(&self) -> bool {
        self.out.gone()
    }
}

/// A cell as it stands in the file: harmless, without a formula, quoted where RFC 4180 section 2 asks for it.
fn quoted(cell: &str) -> String {
    let shown = printable(cell);
    let guard = if is_formula(cell) { "'" } else { "" };
    if shown.contains([',', '"']) {
        format!("\"{guard}{}\"", shown.replace('"', "\"\""))
    } else {
        format!("{guard}{shown}")
    }
}

/// True when a spreadsheet may take the cell for a formula, by its first character that is no blank; the wide forms
/// count since East Asian spreadsheets fold them.
fn is_formula(cell: &str) -> bool {
    cell.starts_with(['\t', '\r', '\n'])
        || cell.trim_start().starts_with(['=', '+', '-', '@', '\u{FF1D}', '\u{FF0B}', '\u{FF0D}', '\u{FF20}'])
}

fn file_cells(file: &FileReport) -> Vec<String> {
    let verdict = &file.verdict;
    let mut cells = vec![
        "file".to_owned(),
        file.path.clone(),
        verdict.coverage.state().to_owned(),
        verdict.coverage.reason().map(|reason| reason.to_string()).unwrap_or_default(),
        verdict.sniffed.to_owned(),
        verdict.mismatch.to_string(),
        verdict.bytes.to_string(),
        verdict.text_bytes.to_string(),
        super::summary::in_one_file(verdict).values().map(|totals| totals.total).sum::<u64>().to_string(),
        verdict.holes_total.to_string(),
    ];
    cells.resize(COLUMNS.len(), String::new());
    cells
}

fn finding_cells(path: &str, finding: &Finding) -> Vec<String> {
    let mut cells = vec!["finding".to_owned(), path.to_owned()];
    cells.resize(FILE_COLUMNS, String::new());
    let own = finding.own_text;
    let of_own = |value: fn(crate::model::OwnText) -> u64| own.map(|own| value(own).to_string()).unwrap_or_default();
    cells.extend([
        finding.detector.to_string(),
        finding.confidence.to_string(),
        finding.tier.to_string(),
        finding.part.to_string(),
        finding.location.to_string(),
        finding.start.to_string(),
        finding.end.to_string(),
        of_own(|own| own.byte_start),
        of_own(|own| own.byte_end),
        of_own(|own| own.line),
        of_own(|own| own.column),
        finding.mask.to_string(),
        finding.token.to_string(),
        finding.excerpt.to_string(),
        place::evidence_words(&finding.evidence),
    ]);
    cells
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_are_quoted_and_never_a_formula() {
        let rows = [
            ("plain", "plain"),
            ("", ""),
            ("a,b", "\"a,b\""),
            ("say \"hi\"", "\"say \"\"hi\"\"\""),
            ("two\r\nlines", "two\\r\\nlines"),
            ("=cmd|'/c calc'!A0", "'=cmd|'/c calc'!A0"),
            ("+1,2", "\"'+1,2\""),
            ("-2", "'-2"),
            ("@SUM(1)", "'@SUM(1)"),
            ("\t=1", "'\\t=1"),
            ("  =1", "'  =1"),
            ("\u{FF1D}1", "'\u{FF1D}1"),
            ("\u{1b}[0m", "\\u{1b}[0m"),
        ];
        for (cell, expected) in rows {
            assert_eq!(quoted(cell), expected);
        }
    }
}
