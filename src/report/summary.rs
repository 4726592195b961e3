//! The sum of one scan: coverage first, then findings. The engine folds each verdict in and fills what only it knows.

use super::FileReport;
use crate::model::{Confidence, Coverage, Reason, Verdict};
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

impl DetectorTotals {
    /// Counts one finding.
    fn count(&mut self, confidence: Confidence) {
        self.total += 1;
        match confidence.band() {
            "high" => self.high += 1,
            "medium" => self.medium += 1,
            _ => self.low += 1,
        }
    }

    fn add(&mut self, other: &Self) {
        self.high += other.high;
        self.medium += other.medium;
        self.low += other.low;
        self.beyond_cap += other.beyond_cap;
        self.total += other.total;
        self.files += other.files;
    }
}

/// Files with one reason.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct ReasonTotals {
    /// Files read in part.
    pub partial: u64,
    /// Files not read at all.
    pub skipped: u64,
}

/// Findings that were left out of a report, because somebody has said that they are fine.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct Suppressed {
    /// Known by the baseline.
    pub baseline: u64,
    /// On an allow list.
    pub allowed: u64,
    /// Marked on their line.
    pub marked: u64,
}

impl Suppressed {
    /// How many there are.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.baseline + self.allowed + self.marked
    }
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
    /// Findings that were left out; they are in no other number.
    pub suppressed: Suppressed,
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

/// What one file adds to the sum.
#[derive(Clone, Debug, Default)]
pub struct FileSums {
    coverage: Coverage,
    bytes: u64,
    text_bytes: u64,
    detectors: BTreeMap<Arc<str>, DetectorTotals>,
}

impl FileSums {
    /// Counts one file.
    #[must_use]
    pub fn of(file: &FileReport) -> Self {
        let Verdict { coverage, bytes, text_bytes, .. } = file.verdict;
        Self { coverage, bytes, text_bytes, detectors: in_one_file(&file.verdict) }
    }
}

impl Summary {
    /// Folds one file in: counts of files, reasons, findings and bytes. Leaves everything else alone.
    pub fn add(&mut self, file: &FileReport) {
        self.add_sums(FileSums::of(file));
    }

    /// [`add`](Summary::add) for a file that was counted before.
    pub fn add_sums(&mut self, file: FileSums) {
        self.files += 1;
        self.gaps += u64::from(file.coverage.is_gap());
        self.text_bytes = self.text_bytes.saturating_add(file.text_bytes);
        match file.coverage {
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
        if !matches!(file.coverage, Coverage::Skipped(_)) {
            self.bytes = self.bytes.saturating_add(file.bytes);
        }
        for (detector, found) in file.detectors {
            self.findings_total += found.total;
            self.detectors.entry(detector).or_default().add(&found);
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

/// Names of detectors that are looked through for the next finding's.
const RECENT_DETECTORS: usize = 16;

/// Findings of each detector in one verdict; `files` is 1 in each.
#[must_use]
pub fn in_one_file(verdict: &Verdict) -> BTreeMap<Arc<str>, DetectorTotals> {
    // The detectors seen last are few, and their names are shared: most findings need no look into the map.
    let mut seen: Vec<(&Arc<str>, DetectorTotals)> = Vec::new();
    for finding in &verdict.findings {
        let mut recent = seen.iter_mut().rev().take(RECENT_DETECTORS);
        if let Some((_, totals)) = recent.find(|(name, _)| Arc::ptr_eq(name, &finding.detector)) {
            totals.count(finding.confidence);
        } else {
            let mut totals = DetectorTotals::default();
            totals.count(finding.confidence);
            seen.push((&finding.detector, totals));
        }
    }
    let mut found: BTreeMap<Arc<str>, DetectorTotals> = BTreeMap::new();
    for (name, totals) in seen {
        found.entry(name.clone()).or_default().add(&totals);
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
        if self.suppressed.total() > 0 {
            map.serialize_entry("suppressed", &self.suppressed)?;
        }
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
