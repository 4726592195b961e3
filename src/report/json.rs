//! JSON lines: a line for each finding, then one for its file, and a last one for the scan. This is the format programs
//! read; its keys are a contract (`docs/output.md`), and each kind of line carries its version in `schema`.

use super::harmless::write_json;
use super::line::{Digits, Line};
use super::out::Out;
use super::{FileReport, Lines, Render, Report, ReportError, Summary};
use crate::model::verdict::DetectorCount;
use crate::model::{Confidence, Evidence, Finding, Locator, OwnText};
use serde::Serialize;
use std::io::Write as _;
use std::ops::Range;
use std::sync::Arc;

/// Version of the finding line.
pub const FINDING_SCHEMA: &str = "sluicebox.finding/1";
/// Version of the file line.
pub const FILE_SCHEMA: &str = "sluicebox.file/1";
/// Version of the summary line.
pub const SUMMARY_SCHEMA: &str = "sluicebox.summary/1";

/// Writes JSON lines.
#[derive(Debug)]
pub struct JsonLines {
    out: Out,
    line: Line,
}

impl JsonLines {
    /// Lines go to `out`.
    #[must_use]
    pub fn new(out: Out) -> Self {
        Self { out, line: Line::default() }
    }

    fn write_line(&mut self) -> Result<(), ReportError> {
        self.out.write_all(self.line.as_bytes())?;
        self.line.clear();
        Ok(())
    }
}

impl Report for JsonLines {
    fn begin(&mut self) -> Result<(), ReportError> {
        Ok(())
    }

    fn file(&mut self, file: &FileReport) -> Result<(), ReportError> {
        for some in file.verdict.findings.chunks(FINDINGS_AT_ONCE) {
            finding_lines(&mut self.line, &file.path, some);
            self.write_line()?;
        }
        file_line(&mut self.line, file);
        self.write_line()?;
        Ok(self.out.file_done()?)
    }

    fn render(&self) -> Option<Box<dyn Render>> {
        Some(Box::new(JsonRender))
    }

    fn append(&mut self, lines: &Lines) -> Result<(), ReportError> {
        self.out.write_all(&lines.bytes)?;
        Ok(self.out.file_done()?)
    }

    fn end(&mut self, summary: &Summary) -> Result<(), ReportError> {
        write_json(self.line.bytes_mut(), &SummaryLine { schema: SUMMARY_SCHEMA, summary })?;
        self.line.raw(b"\n");
        self.write_line()?;
        Ok(self.out.flush()?)
    }

    fn reader_gone(&self) -> bool {
        self.out.gone()
    }
}

/// Findings whose lines are put together before they are written.
const FINDINGS_AT_ONCE: usize = 256;
/// Bytes that a finding line takes, roughly.
const LINE_BYTES: usize = 512;

struct JsonRender;

impl Render for JsonRender {
    fn lines(&self, file: &FileReport) -> Result<Lines, ReportError> {
        let findings = &file.verdict.findings;
        let mut line = Line::with_room(LINE_BYTES * (findings.len() + 2));
        finding_lines(&mut line, &file.path, findings);
        file_line(&mut line, file);
        Ok(Lines { bytes: line.into_bytes(), limit_met: false })
    }
}

/// Puts the lines of findings of one file. By hand, since these are nearly all lines of a large report.
fn finding_lines(line: &mut Line, path: &str, findings: &[Finding]) {
    if findings.is_empty() {
        return;
    }
    let mut heads = Heads::new(path);
    for finding in findings {
        line.raw(heads.of(finding));
        finding_keys(line, finding);
    }
}

/// The beginnings of finding lines, up to where they differ with each finding. Most lines of a file have one of a few.
struct Heads {
    /// What all lines of the file begin with.
    opening: Line,
    /// Whose beginning it is, and where it stands in `bytes`.
    made: Vec<(HeadKey, Range<usize>)>,
    bytes: Line,
}

/// Where detector, tier, part and location are kept, and the confidence: findings that share all of them begin alike.
type HeadKey = ([usize; 4], Confidence);

/// Beginnings remembered at once.
const HEADS_MAX: usize = 16;

impl Heads {
    fn new(path: &str) -> Self {
        let mut opening = Line::default();
        opening.raw(b"{\"schema\":");
        opening.json_string(FINDING_SCHEMA);
        opening.raw(b",\"path\":");
        opening.json_string(path);
        Self { opening, made: Vec::new(), bytes: Line::default() }
    }

    /// The beginning of a finding's line. All findings asked about must live as long as this.
    fn of(&mut self, finding: &Finding) -> &[u8] {
        let name = |name: &Arc<str>| Arc::as_ptr(name).cast::<u8>().addr();
        let places = [name(&finding.detector), name(&finding.tier), name(&finding.part)];
        let [detector, tier, part] = places;
        let key = ([detector, tier, part, Arc::as_ptr(&finding.location).addr()], finding.confidence);
        let known = self.made.iter().position(|(made, _)| *made == key);
        let at = known.unwrap_or_else(|| self.make(key, finding));
        &self.bytes.as_bytes()[self.made[at].1.clone()]
    }

    fn make(&mut self, key: HeadKey, finding: &Finding) -> usize {
        if self.made.len() == HEADS_MAX {
            self.made.clear();
            self.bytes.clear();
        }
        let start = self.bytes.as_bytes().len();
        self.bytes.raw(self.opening.as_bytes());
        head_keys(&mut self.bytes, finding);
        self.made.push((key, start..self.bytes.as_bytes().len()));
        self.made.len() - 1
    }
}

/// Puts the keys after the path that many findings of a file share.
fn head_keys(line: &mut Line, finding: &Finding) {
    line.raw(b",\"location\":[");
    steps(line, &finding.location);
    line.raw(b"],\"part\":");
    line.json_string(&finding.part);
    line.raw(b",\"detector\":");
    line.json_string(&finding.detector);
    line.raw(b",\"confidence\":");
    line.number(finding.confidence.percent().into());
    line.raw(b",\"tier\":");
    line.json_string(&finding.tier);
}

/// Puts the keys that differ with each finding, and the end of its line.
fn finding_keys(line: &mut Line, finding: &Finding) {
    line.raw(b",\"start\":");
    let start = line.number(finding.start);
    line.raw(b",\"end\":");
    let end = line.number(finding.end);
    if let Some(own) = finding.own_text {
        own_text_keys(line, own, (finding.start, start), (finding.end, end));
    }
    line.raw(b",\"mask\":");
    line.json_covered(&finding.mask);
    line.raw(b",\"token\":");
    line.json_covered(&finding.token);
    line.raw(b",\"excerpt\":");
    line.json_covered(&finding.excerpt);
    line.raw(b",\"evidence\":[");
    for (nth, evidence) in finding.evidence.iter().enumerate() {
        line.raw(if nth == 0 { b"" } else { b"," });
        evidence_object(line, evidence);
    }
    line.raw(b"]}\n");
}

/// `start` and `end` are numbers that were put before, with their digits: in ASCII bytes are characters.
fn own_text_keys(line: &mut Line, own: OwnText, start: (u64, Digits), end: (u64, Digits)) {
    line.raw(b",\"byte_start\":");
    line.number_like(own.byte_start, start);
    line.raw(b",\"byte_end\":");
    line.number_like(own.byte_end, end);
    line.raw(b",\"line\":");
    line.number(own.line);
    line.raw(b",\"column\":");
    line.number(own.column);
}

fn evidence_object(line: &mut Line, evidence: &Evidence) {
    line.raw(b"{\"name\":");
    line.json_string(&evidence.name);
    line.raw(b",\"distance\":");
    match evidence.distance {
        None => line.raw(b"null"),
        Some(distance) => {
            line.number(distance.into());
        }
    }
    line.raw(b",\"before\":");
    line.bool(evidence.before);
    line.raw(b"}");
}

/// Puts a file's line: there may be as many of them as there are files.
fn file_line(line: &mut Line, file: &FileReport) {
    let verdict = &file.verdict;
    line.raw(b"{\"schema\":");
    line.json_string(FILE_SCHEMA);
    line.raw(b",\"path\":");
    line.json_string(&file.path);
    line.raw(b",\"coverage\":");
    line.json_string(verdict.coverage.state());
    if let Some(reason) = verdict.coverage.reason() {
        line.raw(b",\"reason\":");
        line.json_string(&reason.to_string());
    }
    line.raw(b",\"bytes\":");
    line.number(verdict.bytes);
    line.raw(b",\"text_bytes\":");
    line.number(verdict.text_bytes);
    line.raw(b",\"type\":");
    line.json_string(verdict.sniffed);
    line.raw(b",\"mismatch\":");
    line.bool(verdict.mismatch);
    line.raw(b",\"findings\":{");
    for (nth, count) in verdict.counts.iter().enumerate() {
        line.raw(if nth == 0 { b"" } else { b"," });
        count_keys(line, count);
    }
    line.raw(b"},\"holes\":[");
    for (nth, hole) in verdict.holes.iter().enumerate() {
        line.raw(if nth == 0 { b"{\"location\":[" } else { b",{\"location\":[" });
        steps(line, &hole.location);
        line.raw(b"],\"reason\":");
        line.json_string(&hole.reason.to_string());
        line.raw(b"}");
    }
    line.raw(b"],\"holes_total\":");
    line.number(verdict.holes_total);
    line.raw(b"}\n");
}

fn count_keys(line: &mut Line, count: &DetectorCount) {
    line.json_string(&count.detector);
    line.raw(b":{\"candidates\":");
    line.number(count.candidates);
    line.raw(b",\"total\":");
    line.number(count.total);
    line.raw(b",\"unique\":");
    line.number(count.unique);
    line.raw(b",\"unique_at_least\":");
    line.bool(count.unique_at_least);
    line.raw(b"}");
}

/// Puts the steps of a location, as the values of an array.
fn steps(line: &mut Line, location: &Locator) {
    for (nth, step) in location.steps.iter().enumerate() {
        line.raw(if nth == 0 { b"" } else { b"," });
        line.json_string(step);
    }
}

#[derive(Serialize)]
struct SummaryLine<'a> {
    schema: &'static str,
    summary: &'a Summary,
}
