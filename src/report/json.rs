//! JSON lines: a line for each finding, then one for its file, and a last one for the scan. This is the format programs
//! read; its keys are a contract (`docs/output.md`), and each kind of line carries its version in `schema`.

use super::harmless::write_json;
use super::line::Line;
use super::out::Out;
use super::{FileReport, Lines, Render, Report, ReportError, Summary};
use crate::model::verdict::DetectorCount;
use crate::model::{Confidence, Evidence, Finding, Hole, OwnText};
use serde::{Serialize, Serializer};
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
        rare_line(&mut self.line, &FileLine::new(file))?;
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
        rare_line(&mut self.line, &SummaryLine { schema: SUMMARY_SCHEMA, summary })?;
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
        rare_line(&mut line, &FileLine::new(file))?;
        Ok(Lines { bytes: line.into_bytes(), limit_met: false })
    }
}

/// Puts a line of a rare kind.
fn rare_line(line: &mut Line, value: &impl Serialize) -> Result<(), ReportError> {
    write_json(line.bytes_mut(), value)?;
    line.raw(b"\n");
    Ok(())
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
}

/// Puts the keys that differ with each finding, and the end of its line.
fn finding_keys(line: &mut Line, finding: &Finding) {
    line.raw(b",\"start\":");
    line.number(finding.start);
    line.raw(b",\"end\":");
    line.number(finding.end);
    if let Some(own) = finding.own_text {
        own_text_keys(line, own);
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
