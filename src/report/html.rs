//! One offline page: coverage first, then findings to filter, sort and group.
//!
//! The page is written while the scan runs: the findings stand first, as JSON in a script element that shows nothing,
//! and the visible part follows when the sums are known. So memory does not grow with the findings, and a reader still
//! sees coverage first. A content security policy lets only the page's own script and style run, by their hashes.
//! Without JavaScript, and on paper, the sums and the first thousand findings are plain HTML.

mod page;

use super::harmless::write_page_json;
use super::out::Out;
use super::{FileReport, Lines, Options, Report, ReportError, RuleInfo, Summary, place};
use crate::model::Finding;
use serde::Serialize;
use std::collections::HashMap;
use std::io::Write as _;
use std::sync::Arc;

/// Findings carried by the page; the sums count all of them. A browser holds about 1 KiB for each.
const FINDINGS_MAX: usize = 250_000;
/// Files not wholly read that the page lists.
const UNREAD_MAX: usize = 50_000;
/// Rows of the plain table.
const PLAIN_FINDINGS_MAX: usize = 1000;
/// Rows of the plain list of files not wholly read.
const PLAIN_UNREAD_MAX: usize = 200;

/// Writes the page.
#[derive(Debug)]
pub struct Html {
    out: Out,
    version: String,
    rules: Vec<RuleInfo>,
    files: usize,
    findings: usize,
    unread: usize,
    left_out: u64,
    names: Names,
    tiers: Names,
    plain: page::Plain,
}

impl Html {
    /// The page goes to `out`.
    #[must_use]
    pub fn new(out: Out, options: &Options) -> Self {
        Self {
            out,
            version: options.version.clone(),
            rules: options.rules.clone(),
            files: 0,
            findings: 0,
            unread: 0,
            left_out: 0,
            names: Names::default(),
            tiers: Names::default(),
            plain: page::Plain::default(),
        }
    }

    fn rows<'a>(&mut self, file: &'a FileReport) -> Vec<FindingRow<'a>> {
        let room = FINDINGS_MAX - self.findings;
        let (kept, beyond) = file.verdict.findings.split_at(room.min(file.verdict.findings.len()));
        self.findings += kept.len();
        self.left_out += u64::try_from(beyond.len()).unwrap_or(u64::MAX);
        let plain_room = PLAIN_FINDINGS_MAX.saturating_sub(self.plain.findings);
        for finding in kept.iter().take(plain_room) {
            self.plain.finding(&file.path, finding);
        }
        kept.iter().map(|finding| self.row(finding)).collect()
    }

    fn row<'a>(&mut self, finding: &'a Finding) -> FindingRow<'a> {
        FindingRow(
            self.names.index(&finding.detector),
            finding.confidence.percent(),
            self.tiers.index(&finding.tier),
            place::words(finding),
            finding.mask.as_str(),
            finding.token.as_str(),
            finding.excerpt.as_str(),
            place::evidence_words(&finding.evidence),
            &finding.part,
            finding.start,
            finding.end,
        )
    }

    fn file_row<'a>(&mut self, file: &'a FileReport) -> Option<FileRow<'a>> {
        let verdict = &file.verdict;
        let findings = self.rows(file);
        let reason = verdict.coverage.reason().filter(|_| self.unread < UNREAD_MAX);
        if reason.is_some() {
            self.unread += 1;
            if self.plain.unread < PLAIN_UNREAD_MAX {
                self.plain.unread(file);
            }
        }
        if findings.is_empty() && reason.is_none() {
            return None;
        }
        let holes = verdict.holes.iter().map(|hole| (hole.location.to_string(), hole.reason.to_string())).collect();
        let reason = reason.map(|reason| reason.to_string()).unwrap_or_default();
        Some(FileRow(
            &file.path,
            verdict.sniffed,
            u8::from(verdict.mismatch),
            verdict.coverage.state(),
            reason,
            verdict.bytes,
            holes,
            verdict.holes_total,
            findings,
        ))
    }

    fn tail(&self, summary: &Summary) -> Tail<'_> {
        let named = |id: &str| self.rules.iter().find(|rule| rule.id == id).map_or("", |rule| rule.name.as_str());
        Tail {
            detectors: self.names.list.iter().map(|id| (&**id, named(id))).collect(),
            tiers: self.tiers.list.iter().map(|name| &**name).collect(),
            reasons: summary
                .reasons
                .keys()
                .map(|reason| (reason.to_string(), super::reason::advice(*reason)))
                .collect(),
            left_out: self.left_out,
            unread_total: summary.partial + summary.skipped,
        }
    }
}

impl Report for Html {
    fn begin(&mut self) -> Result<(), ReportError> {
        self.out.write_all(page::head().as_bytes())?;
        Ok(self.out.write_all(b"<script id=\"data\" type=\"application/json\">{\"v\":1,\"files\":[")?)
    }

    fn file(&mut self, file: &FileReport) -> Result<(), ReportError> {
        if let Some(row) = self.file_row(file) {
            self.out.write_all(if self.files == 0 { b"\n" } else { b",\n" })?;
            write_page_json(&mut self.out, &row)?;
            self.files += 1;
        }
        Ok(self.out.file_done()?)
    }

    fn append(&mut self, lines: &Lines) -> Result<(), ReportError> {
        self.out.write_all(&lines.bytes)?;
        Ok(self.out.file_done()?)
    }

    fn end(&mut self, summary: &Summary) -> Result<(), ReportError> {
        self.out.write_all(b"],\n\"tail\":")?;
        let tail = self.tail(summary);
        let mut written = Vec::new();
        write_page_json(&mut written, &tail)?;
        self.out.write_all(&written)?;
        self.out.write_all(b"}</script>\n")?;
        let names: HashMap<&str, &str> = self.rules.iter().map(|rule| (rule.id.as_str(), rule.name.as_str())).collect();
        let body = page::body(summary, &names, &self.version, &self.plain, self.left_out);
        self.out.write_all(body.as_bytes())?;
        Ok(self.out.flush()?)
    }

    fn reader_gone(&self) -> bool {
        self.out.gone()
    }
}

/// Detector, confidence, tier, place, mask, token, excerpt, evidence, part, start, end: an array, since keys repeated a
/// hundred thousand times are most of a page.
#[derive(Serialize)]
struct FindingRow<'a>(u32, u8, u32, String, &'a str, &'a str, &'a str, String, &'a str, u64, u64);

/// Path, type, mismatch, coverage, reason, bytes, holes, all holes, findings.
#[derive(Serialize)]
struct FileRow<'a>(
    &'a str,
    &'static str,
    u8,
    &'static str,
    String,
    u64,
    Vec<(String, String)>,
    u64,
    Vec<FindingRow<'a>>,
);

/// What stands after the files.
#[derive(Serialize)]
struct Tail<'a> {
    detectors: Vec<(&'a str, &'a str)>,
    tiers: Vec<&'a str>,
    reasons: Vec<(String, String)>,
    left_out: u64,
    unread_total: u64,
}

/// Names by number, in order of first use.
#[derive(Debug, Default)]
struct Names {
    list: Vec<Arc<str>>,
    index: HashMap<Arc<str>, u32>,
}

impl Names {
    fn index(&mut self, name: &Arc<str>) -> u32 {
        if let Some(at) = self.index.get(name) {
            return *at;
        }
        let at = u32::try_from(self.list.len()).unwrap_or(u32::MAX);
        self.list.push(name.clone());
        self.index.insert(name.clone(), at);
        at
    }
}
