//! The sum of one scan: coverage first, then findings. The engine folds each verdict in and fills what only it knows.

use super::FileReport;
use crate::model::{Coverage, Reason, Verdict};
use serde::ser::{Serialize, SerializeMap, Serializer};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

/// Findings of one detector over all files.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct DetectorTotals {
    /// Findings of high confidence (85 and more).
    pub high: u64,
    /// Of medium confidence (75 to 84).
    pub medium: u64,
    /// Of low confidence (below 75).
    pub low: u64,
    /// Findings counted past the cap on kept ones; their confidence is not kept.
    pub beyond_cap: u64,
    /// All of them: the sum of the four.
    pub total: u64,
    /// Files in which there is at least one.
    pub files: u64,
}

/// Files with one reason.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct ReasonTotals {
    /// Files read in part.
    pub partial: u64,
    /// Files not read at all.
    pub skipped: u64,
}

/// What the scan as a whole says.
#[derive(Clone, Debug, Default)]
pub struct Summary {
    /// Files that were judged, whatever the verdict.
    pub files: u64,
    /// Files read wholly.
    pub complete: u64,
    /// Files read in part.
    pub partial: u64,
    /// Files not read.
    pub skipped: u64,
    /// Files that should have been read wholly and were not; what has no text to read is not among them.
    pub gaps: u64,
    /// All findings, also those past the cap on kept ones.
    pub findings_total: u64,
    /// Findings by detector and band.
    pub detectors: BTreeMap<Arc<str>, DetectorTotals>,
    /// Files by reason.
    pub reasons: BTreeMap<Reason, ReasonTotals>,
    /// Bytes of the files that were read, wholly or in part.
    pub bytes: u64,
    /// Bytes of text that were scanned.
    pub text_bytes: u64,
    /// Wall clock time of the scan.
    pub elapsed: Duration,
    /// When the scan began, UTC, as RFC 3339 (`2026-01-31T12:00:00Z`); `None` leaves it out.
    pub started_utc: Option<String>,
    /// Symbolic links that were not followed, as asked.
    pub links_not_followed: u64,
    /// True when the scan was stopped before its end.
    pub interrupted: bool,
    /// The exit code; see [`settled_exit_code`](Summary::settled_exit_code).
    pub exit_code: u8,
    /// How many detectors ran.
    pub rules: u64,
    /// Hash over the rules that ran, in hexadecimal.
    pub ruleset_hash: String,
    /// Version of the key under which tokens were made.
    pub key_version: u32,
    /// The limits that held, in words.
    pub limits: String,
}

impl Summary {
    /// Folds one file in: counts of files, reasons, findings and bytes. Leaves everything else alone.
    pub fn add(&mut self, file: &FileReport) {
        let verdict = &file.verdict;
        self.files += 1;
        self.gaps += u64::from(verdict.coverage.is_gap());
        self.text_bytes = self.text_bytes.saturating_add(verdict.text_bytes);
        match verdict.coverage {
            Coverage::Complete => self.complete += 1,
            Coverage::Partial(reason) => {
                self.partial += 1;
                self.reasons.entry(reason).or_default().partial += 1;
            }
            Coverage::Skipped(reason) => {
                self.skipped += 1;
                self.reasons.entry(reason).or_default().skipped += 1;
            }
        }
        if !matches!(verdict.coverage, Coverage::Skipped(_)) {
            self.bytes = self.bytes.saturating_add(verdict.bytes);
        }
        self.add_findings(verdict);
    }

    fn add_findings(&mut self, verdict: &Verdict) {
        for (detector, found) in in_one_file(verdict) {
            self.findings_total += found.total;
            let totals = self.detectors.entry(detector).or_default();
            totals.high += found.high;
            totals.medium += found.medium;
            totals.low += found.low;
            totals.beyond_cap += found.beyond_cap;
            totals.total += found.total;
            totals.files += found.files;
        }
    }

    /// The exit code by the contract: 3 when something that should be read was not, else 1 when there are findings,
    /// else 0. `allow_partial` drops the 3, but never for an interrupted scan. Code 2 is the caller's to give.
    #[must_use]
    pub fn settled_exit_code(&self, allow_partial: bool) -> u8 {
        match (self.gaps > 0 && !allow_partial, self.findings_total > 0) {
            _ if self.interrupted => 3,
            (true, _) => 3,
            (false, true) => 1,
            (false, false) => 0,
        }
    }
}

/// Findings of each detector in one verdict; `files` is 1 in each.
#[must_use]
pub fn in_one_file(verdict: &Verdict) -> BTreeMap<Arc<str>, DetectorTotals> {
    let mut found: BTreeMap<Arc<str>, DetectorTotals> = BTreeMap::new();
    // Most findings follow one of the same detector, so one look into the map serves them all.
    for run in verdict.findings.chunk_by(|one, next| one.detector == next.detector) {
        let totals = found.entry(run[0].detector.clone()).or_default();
        for finding in run {
            totals.total += 1;
            match finding.confidence.band() {
                "high" => totals.high += 1,
                "medium" => totals.medium += 1,
                _ => totals.low += 1,
            }
        }
    }
    for count in verdict.counts.iter().filter(|count| count.total > 0) {
        let totals = found.entry(count.detector.clone()).or_default();
        totals.beyond_cap = count.total.saturating_sub(totals.total);
        totals.total += totals.beyond_cap;
    }
    found.values_mut().for_each(|totals| totals.files = 1);
    found
}

impl Serialize for Summary {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let reasons: BTreeMap<String, ReasonTotals> = self.reasons.iter().map(|(r, n)| (r.to_string(), *n)).collect();
        let detectors: BTreeMap<&str, &DetectorTotals> = self.detectors.iter().map(|(id, n)| (&**id, n)).collect();
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("files", &self.files)?;
        map.serialize_entry("complete", &self.complete)?;
        map.serialize_entry("partial", &self.partial)?;
        map.serialize_entry("skipped", &self.skipped)?;
        map.serialize_entry("gaps", &self.gaps)?;
        map.serialize_entry("reasons", &reasons)?;
        map.serialize_entry("findings", &self.findings_total)?;
        map.serialize_entry("detectors", &detectors)?;
        map.serialize_entry("bytes", &self.bytes)?;
        map.serialize_entry("text_bytes", &self.text_bytes)?;
        map.serialize_entry("elapsed_seconds", &self.elapsed.as_secs_f64())?;
        if let Some(started) = &self.started_utc {
            map.serialize_entry("started", started)?;
        }
        map.serialize_entry("links_not_followed", &self.links_not_followed)?;
        map.serialize_entry("interrupted", &self.interrupted)?;
        map.serialize_entry("exit_code", &self.exit_code)?;
        map.serialize_entry("rules", &self.rules)?;
        map.serialize_entry("ruleset", &self.ruleset_hash)?;
        map.serialize_entry("key_version", &self.key_version)?;
        map.serialize_entry("limits", &self.limits)?;
        map.end()
    }
}

/// How many symbolic links were not followed, and what would follow them; `None` when there were none.
#[must_use]
pub fn links_words(summary: &Summary) -> Option<String> {
    let links = super::units::of(summary.links_not_followed, "symbolic link", "symbolic links");
    (summary.links_not_followed > 0).then(|| format!("{links} not followed (--follow)"))
}

/// What the exit code means, in one line for a person.
#[must_use]
pub fn exit_words(summary: &Summary) -> String {
    let found = if summary.findings_total > 0 { "findings are listed above" } else { "nothing was found in the rest" };
    let unread = format!(
        "{} not wholly read",
        if summary.gaps == 1 {
            "1 file was".to_owned()
        } else {
            format!("{} files were", super::units::count(summary.gaps))
        }
    );
    let accepted = if summary.gaps > 0 { format!("; {unread}, accepted by --allow-partial") } else { String::new() };
    match summary.exit_code {
        0 if summary.gaps == 0 => "exit 0: everything that should be read was read, and nothing was found".to_owned(),
        0 => format!("exit 0: nothing was found{accepted}"),
        1 => format!("exit 1: findings are listed above{accepted}"),
        3 if summary.interrupted => format!("exit 3: the scan was interrupted; {unread}; {found}"),
        3 => format!("exit 3: {unread}; {found}; --allow-partial to accept"),
        code => format!("exit {code}: the command could not do its job; see the messages on standard error"),
    }
}
