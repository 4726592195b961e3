//! JSON lines: a line for each finding, then one for its file, and a last one for the scan. This is the format programs
//! read; its keys are a contract (`docs/output.md`), and each kind of line carries its version in `schema`.

use super::harmless::write_json;
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
}

impl JsonLines {
    /// Lines go to `out`.
    #[must_use]
    pub fn new(out: Out) -> Self {
        Self { out }
    }

    fn line(&mut self, value: &impl Serialize) -> Result<(), ReportError> {
        write_json(&mut self.out, value)?;
        self.out.write_all(b"\n")?;
        Ok(())
    }
}

impl Report for JsonLines {
    fn begin(&mut self) -> Result<(), ReportError> {
        Ok(())
    }

    fn file(&mut self, file: &FileReport) -> Result<(), ReportError> {
        for finding in &file.verdict.findings {
            self.line(&FindingLine::new(&file.path, finding))?;
        }
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

#[derive(Serialize)]
struct FindingLine<'a> {
    schema: &'static str,
    path: &'a str,
    location: &'a [String],
    part: &'a str,
    detector: &'a str,
    confidence: u8,
    tier: &'a str,
    start: u64,
    end: u64,
    #[serde(flatten)]
    own_text: Option<OwnTextKeys>,
    mask: &'a str,
    token: &'a str,
    excerpt: &'a str,
    evidence: Vec<EvidenceKeys<'a>>,
}

#[derive(Serialize)]
struct OwnTextKeys {
    byte_start: u64,
    byte_end: u64,
    line: u64,
    column: u64,
}

impl From<OwnText> for OwnTextKeys {
    fn from(own: OwnText) -> Self {
        Self { byte_start: own.byte_start, byte_end: own.byte_end, line: own.line, column: own.column }
    }
}

#[derive(Serialize)]
struct EvidenceKeys<'a> {
    name: &'a str,
    distance: Option<u32>,
    before: bool,
}

impl<'a> From<&'a Evidence> for EvidenceKeys<'a> {
    fn from(evidence: &'a Evidence) -> Self {
        Self { name: &evidence.name, distance: evidence.distance, before: evidence.before }
    }
}

impl<'a> FindingLine<'a> {
    fn new(path: &'a str, finding: &'a Finding) -> Self {
        Self {
            schema: FINDING_SCHEMA,
            path,
            location: &finding.location.steps,
            part: &finding.part,
            detector: &finding.detector,
            confidence: finding.confidence.percent(),
            tier: &finding.tier,
            start: finding.start,
            end: finding.end,
            own_text: finding.own_text.map(OwnTextKeys::from),
            mask: finding.mask.as_str(),
            token: finding.token.as_str(),
            excerpt: finding.excerpt.as_str(),
            evidence: finding.evidence.iter().map(EvidenceKeys::from).collect(),
        }
    }
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
