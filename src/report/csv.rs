//! Comma-separated values for spreadsheets: RFC 4180, one header, one record on each line.
//!
//! Spreadsheets run what looks like a formula, so a cell that begins like one gets a `'` before it. Hostile characters,
//! line ends among them, are shown by their numbers: names are for reading here, JSON lines has them exactly.

use super::harmless::printable;
use super::line::{Covered, Line, plain_run};
use super::out::Out;
use super::place;
use super::{FileReport, Lines, Render, Report, ReportError, Summary};
use crate::model::{Finding, Plainness};
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
/// Columns up to the last that only a file has which is its own text.
const OWN_TEXT_END: usize = 21;

/// Writes comma-separated values.
#[derive(Debug)]
pub struct Csv {
    out: Out,
    record: Record,
}

impl Csv {
    /// Records go to `out`.
    #[must_use]
    pub fn new(out: Out) -> Self {
        Self { out, record: Record::default() }
    }

    fn write_record(&mut self) -> io::Result<()> {
        self.out.write_all(self.record.line.as_bytes())?;
        self.record.line.clear();
        Ok(())
    }
}

impl Report for Csv {
    fn begin(&mut self) -> Result<(), ReportError> {
        COLUMNS.into_iter().for_each(|name| self.record.text(name));
        self.record.end();
        Ok(self.write_record()?)
    }

    fn file(&mut self, file: &FileReport) -> Result<(), ReportError> {
        for some in file.verdict.findings.chunks(FINDINGS_AT_ONCE) {
            some.iter().for_each(|finding| finding_record(&mut self.record, &file.path, finding));
            self.write_record()?;
        }
        file_record(&mut self.record, file);
        self.write_record()?;
        Ok(self.out.file_done()?)
    }

    fn render(&self) -> Option<Box<dyn Render>> {
        Some(Box::new(CsvRender))
    }

    fn append(&mut self, lines: &Lines) -> Result<(), ReportError> {
        self.out.write_all(&lines.bytes)?;
        Ok(self.out.file_done()?)
    }

    fn end(&mut self, _: &Summary) -> Result<(), ReportError> {
        Ok(self.out.flush()?)
    }

    fn reader_gone(&self) -> bool {
        self.out.gone()
    }
}

/// Findings whose records are put together before they are written.
const FINDINGS_AT_ONCE: usize = 256;
/// Bytes that a finding's record takes, roughly.
const RECORD_BYTES: usize = 320;

struct CsvRender;

impl Render for CsvRender {
    fn lines(&self, file: &FileReport) -> Result<Lines, ReportError> {
        let findings = &file.verdict.findings;
        let mut record = Record { line: Line::with_room(RECORD_BYTES * (findings.len() + 1)), cells: 0 };
        findings.iter().for_each(|finding| finding_record(&mut record, &file.path, finding));
        file_record(&mut record, file);
        Ok(Lines { bytes: record.line.into_bytes(), limit_met: false })
    }
}

/// Records in the making, cell by cell.
#[derive(Debug, Default)]
struct Record {
    line: Line,
    cells: usize,
}

impl Record {
    fn next_cell(&mut self) {
        self.line.raw(if self.cells == 0 { b"" } else { b"," });
        self.cells += 1;
    }

    /// A cell as it stands in the file: harmless, without a formula, quoted where RFC 4180 section 2 asks for it.
    fn text(&mut self, cell: &str) {
        self.next_cell();
        let formula = is_formula(cell);
        if !formula && plain_run(cell, |byte| (byte == b',') | (byte == b'"')) == cell.len() {
            return self.line.raw(cell.as_bytes());
        }
        let shown = printable(cell);
        let quote: &[u8] = if shown.contains([',', '"']) { b"\"" } else { b"" };
        self.line.raw(quote);
        self.line.raw(if formula { b"'" } else { b"" });
        for (nth, piece) in shown.split('"').enumerate() {
            self.line.raw(if nth == 0 { b"" } else { b"\"\"" });
            self.line.raw(piece.as_bytes());
        }
        self.line.raw(quote);
    }

    /// A cell of covered text, most of which is known to be harmless.
    fn covered(&mut self, cell: &impl Covered) {
        let bytes = cell.as_bytes();
        let first = bytes.iter().find(|byte| **byte != b' ');
        if cell.plainness() != Plainness::Plain
            || bytes.contains(&b',')
            || first.is_some_and(|first| b"=+-@".contains(first))
        {
            return self.text(cell.as_str());
        }
        self.next_cell();
        self.line.raw(bytes);
    }

    /// Ends a record.
    fn end(&mut self) {
        self.line.raw(b"\r\n");
        self.cells = 0;
    }

    fn number(&mut self, n: u64) {
        self.next_cell();
        self.line.number(n);
    }

    /// Leaves cells empty until there are `columns` of them.
    fn empty_until(&mut self, columns: usize) {
        while self.cells < columns {
            self.next_cell();
        }
    }
}

/// True when a spreadsheet may take the cell for a formula, by its first character that is no blank; the wide forms
/// count since East Asian spreadsheets fold them.
fn is_formula(cell: &str) -> bool {
    cell.starts_with(['\t', '\r', '\n'])
        || cell.trim_start().starts_with(['=', '+', '-', '@', '\u{FF1D}', '\u{FF0B}', '\u{FF0D}', '\u{FF20}'])
}

fn file_record(record: &mut Record, file: &FileReport) {
    let verdict = &file.verdict;
    record.text("file");
    record.text(&file.path);
    record.text(verdict.coverage.state());
    record.text(&verdict.coverage.reason().map(|reason| reason.to_string()).unwrap_or_default());
    record.text(verdict.sniffed);
    record.text(if verdict.mismatch { "true" } else { "false" });
    record.number(verdict.bytes);
    record.number(verdict.text_bytes);
    record.number(super::summary::in_one_file(verdict).values().map(|totals| totals.total).sum());
    record.number(verdict.holes_total);
    record.empty_until(COLUMNS.len());
    record.end();
}

fn finding_record(record: &mut Record, path: &str, finding: &Finding) {
    record.text("finding");
    record.text(path);
    record.empty_until(FILE_COLUMNS);
    record.text(&finding.detector);
    record.number(finding.confidence.percent().into());
    record.text(&finding.tier);
    record.text(&finding.part);
    record.text(&finding.location.to_string());
    record.number(finding.start);
    record.number(finding.end);
    match finding.own_text {
        None => record.empty_until(OWN_TEXT_END),
        Some(own) => [own.byte_start, own.byte_end, own.line, own.column].into_iter().for_each(|n| record.number(n)),
    }
    record.covered(&finding.mask);
    record.covered(&finding.token);
    record.covered(&finding.excerpt);
    record.text(&place::evidence_words(&finding.evidence));
    record.end();
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
            let mut record = Record::default();
            record.text(cell);
            assert_eq!(String::from_utf8_lossy(record.line.as_bytes()), expected);
        }
        assert_eq!((COLUMNS[FILE_COLUMNS], COLUMNS[OWN_TEXT_END]), ("detector", "mask"));
    }
}
