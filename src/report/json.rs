//! JSON lines: a line for each finding, then one for its file, and a last one for the scan. This is the format programs
//! read; its keys are a contract (`docs/output.md`), and each kind of line carries its version in `schema`.

use super::harmless::write_json;
use super::line::Line;
use super::out::Out;
use super::{FileReport, Report, ReportError, Summary};
use crate::model::verdict::DetectorCount;
use crate::model::{Evidence, Finding, Hole, OwnText};
use serde::{Serialize, Serializer};
use std::io::Write as _;

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
    opening: Line,
}

impl JsonLines {
    /// Lines go to `out`.
    #[must_use]
    pub fn new(out: Out) -> Self {
        Self { out, line: Line::default(), opening: Line::default() }
    }

    /// Writes a line of a rare kind.
    fn line(&mut self, value: &impl Serialize) -> Result<(), ReportError> {
        self.line.clear();
        write_json(self.line.bytes_mut(), value)?;
        self.line.raw(b"\n");
        Ok(self.out.write_all(self.line.as_bytes())?)
    }

    /// Writes one file's finding lines, which all begin alike.
    fn findings(&mut self, path: &str, findings: &[Finding]) -> Result<(), ReportError> {
        if findings.is_empty() {
            return Ok(());
        }
        self.opening.clear();
        self.opening.raw(b"{\"schema\":");
        self.opening.json_string(FINDING_SCHEMA);
        self.opening.raw(b",\"path\":");
        self.opening.json_string(path);
        for finding in findings {
            self.line.clear();
            self.line.raw(self.opening.as_bytes());
            finding_keys(&mut self.line, finding);
            self.line.raw(b"}\n");
            self.out.write_all(self.line.as_bytes())?;
        }
        Ok(())
    }
}

impl Report for JsonLines {
    fn begin(&mut self) -> Result<(), ReportError> {
        Ok(())
    }

    fn file(&mut self, file: &FileReport) -> Result<(), ReportError> {
        self.findings(&file.path, &file.verdict.findings)?;
        self.line(&FileLine::new(file))?;
        Ok(self.out.file_done()?)
    }

    fn end(&mut self, summary: &Summary) -> Result<(), ReportError> {
        self.line(&SummaryLine { schema: SUMMARY_SCHEMA, summary })?;
        Ok(self.out.flush()?)
    }

    fn reader_gone(&self) -> bool {
        self.out.gone()
    }
}

/// Puts the keys of a finding line after its path. By hand, since these are nearly all lines of a large report.
fn finding_keys(line: &mut Line, finding: &Finding) {
    line.raw(b",\"location\":[");
    for (nth, step) in finding.location.steps.iter().enumerate() {
        line.raw(if nth == 0 { b"" } else { b"," });
        line.json_string(step);
    }
    line.raw(b"],\"part\":");
    line.json_string(&finding.part);
    line.raw(b",\"detector\":");
    line.json_string(&finding.detector);
    line.raw(b",\"confidence\":");
    line.number(finding.confidence.percent().into());
    line.raw(b",\"tier\":");
    line.json_string(&finding.tier);
    line.raw(b",\"start\":");
    line.number(finding.start);
    line.raw(b",\"end\":");
    line.number(finding.end);
    if let Some(own) = finding.own_text {
        own_text_keys(line, own);
    }
    line.raw(b",\"mask\":");
    line.json_string(finding.mask.as_str());
    line.raw(b",\"token\":");
    line.json_string(finding.token.as_str());
    line.raw(b",\"excerpt\":");
    line.json_string(finding.excerpt.as_str());
    line.raw(b",\"evidence\":[");
    for (nth, evidence) in finding.evidence.iter().enumerate() {
        line.raw(if nth == 0 { b"" } else { b"," });
        evidence_object(line, evidence);
    }
    line.raw(b"]");
}

fn own_text_keys(line: &mut Line, own: OwnText) {
    line.raw(b",\"byte_start\":");
    line.number(own.byte_start);
    line.raw(b",\"byte_end\":");
    line.number(own.byte_end);
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
        Some(distance) => line.number(distance.into()),
    }
    line.raw(if evidence.before { b",\"before\":true}" } else { b",\"before\":false}" });
}

#[derive(Serialize)]
struct FileLine<'a> {
    schema: &'static str,
    path: &'a str,
    coverage: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    bytes: u64,
    text_bytes: u64,
    #[serde(rename = "type")]
    sniffed: &'static str,
    mismatch: bool,
    #[serde(serialize_with = "by_detector")]
    findings: &'a [DetectorCount],
    holes: Vec<HoleKeys<'a>>,
    holes_total: u64,
}

#[derive(Serialize)]
struct HoleKeys<'a> {
    location: &'a [String],
    reason: String,
}

impl<'a> From<&'a Hole> for HoleKeys<'a> {
    fn from(hole: &'a Hole) -> Self {
        Self { location: &hole.location.steps, reason: hole.reason.to_string() }
    }
}

impl<'a> FileLine<'a> {
    fn new(file: &'a FileReport) -> Self {
        let verdict = &file.verdict;
        Self {
            schema: FILE_SCHEMA,
            path: &file.path,
            coverage: verdict.coverage.state(),
            reason: verdict.coverage.reason().map(|reason| reason.to_string()),
            bytes: verdict.bytes,
            text_bytes: verdict.text_bytes,
            sniffed: verdict.sniffed,
            mismatch: verdict.mismatch,
            findings: &verdict.counts,
            holes: verdict.holes.iter().map(HoleKeys::from).collect(),
            holes_total: verdict.holes_total,
        }
    }
}

#[derive(Serialize)]
struct CountKeys {
    candidates: u64,
    total: u64,
    unique: u64,
    unique_at_least: bool,
}

fn by_detector<S: Serializer>(counts: &&[DetectorCount], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_map(counts.iter().map(|count| {
        let &DetectorCount { candidates, total, unique, unique_at_least, .. } = count;
        (&*count.detector, CountKeys { candidates, total, unique, unique_at_least })
    }))
}

#[derive(Serialize)]
struct SummaryLine<'a> {
    schema: &'static str,
    summary: &'a Summary,
}
