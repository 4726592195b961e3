//! Text for people: a block for each file that has something to say, and a summary that puts coverage first, since a
//! short list of findings means little before one knows what was read.

use super::harmless::{one_line, printable};
use super::out::Out;
use super::summary::{DetectorTotals, ReasonTotals, exit_words, in_one_file, links_words};
use super::{FileReport, Lines, Options, Render, Report, ReportError, Summary, place, reason, units};
use crate::model::{Finding, Reason, Verdict};
use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::io::{self, Write as _};
use std::sync::Arc;

/// Whether to colour: only on a terminal, and not when `NO_COLOR` is set to anything (no-color.org) or `TERM` is `dumb`.
#[must_use]
pub fn colour_wanted(is_terminal: bool, no_color: Option<&OsStr>, term: Option<&OsStr>) -> bool {
    is_terminal && no_color.is_none_or(OsStr::is_empty) && term.is_none_or(|term| term != "dumb")
}

/// Holes listed for one file; the number of the rest follows.
const HOLES_LISTED: usize = 10;

/// Findings of one detector and band that one file may have and all are listed.
const ALIKE_LISTED_WHOLE_MAX: u64 = 20;
/// Findings listed of a detector and band of which there are more than that.
const ALIKE_LISTED: u64 = 10;

/// Writes text for people.
#[derive(Debug)]
pub struct Human {
    out: Out,
    blocks: Blocks,
    limit_met: bool,
}

/// How a file's block is made.
#[derive(Clone, Copy, Debug)]
struct Blocks {
    paint: Paint,
    verbose: bool,
}

impl Blocks {
    /// One file's block; empty when there is nothing to say.
    fn block(&self, file: &FileReport) -> io::Result<Vec<u8>> {
        let verdict = &file.verdict;
        let mut out = Vec::new();
        let in_file = in_one_file(verdict);
        let silent = match verdict.coverage.reason() {
            None => verdict.holes_total == 0,
            Some(why) => why.is_no_gap() && !self.verbose,
        };
        if silent && in_file.is_empty() {
            return Ok(out);
        }
        writeln!(out, "{}", self.paint.bold(&printable(&file.path)))?;
        self.findings(&mut out, &verdict.findings, &in_file)?;
        if !self.verbose {
            Self::more_of_alike(&mut out, &in_file)?;
        }
        Self::beyond_cap(&mut out, &in_file)?;
        self.coverage(&mut out, verdict)?;
        if verdict.mismatch {
            let sniffed = self.paint.faint(&format!("is {}", verdict.sniffed));
            writeln!(out, "  {sniffed}  its name promises another type")?;
        }
        writeln!(out)?;
        Ok(out)
    }

    fn findings(&self, out: &mut Vec<u8>, findings: &[Finding], in_file: &InFile) -> io::Result<()> {
        let rows: Vec<Row> =
            if self.verbose { findings.iter().map(Row::new).collect() } else { first_of_alike(findings, in_file) };
        let widest = |cell: for<'r> fn(&'r Row<'_>) -> &'r str, most: usize| {
            rows.iter().map(|row| cell(row).chars().count()).filter(|width| *width <= most).max().unwrap_or(0)
        };
        let widths = (widest(|row| row.detector, 32), widest(|row| &row.place, 48), widest(|row| &row.mask, 32));
        for row in &rows {
            let band = self.paint.band(row.band, &format!("{:<6}", row.band));
            writeln!(
                out,
                "  {band}  {:<dw$}  {:<pw$}  {:<mw$}  {}",
                row.detector,
                row.place,
                row.mask,
                self.paint.faint(&row.excerpt),
                dw = widths.0,
                pw = widths.1,
                mw = widths.2,
            )?;
        }
        Ok(())
    }

    /// Tells of what [`first_of_alike`] left out.
    fn more_of_alike(out: &mut Vec<u8>, in_file: &InFile) -> io::Result<()> {
        for (detector, totals) in in_file {
            for (band, n) in by_band(totals).into_iter().filter(|(_, n)| listed_of(*n) < *n) {
                let more = format!("{} more {band} {}", units::count(n - listed_of(n)), printable(detector));
                writeln!(out, "  ... and {more} in this file (--format jsonl lists them)")?;
            }
        }
        Ok(())
    }

    fn beyond_cap(out: &mut Vec<u8>, in_file: &InFile) -> io::Result<()> {
        for (detector, totals) in in_file.iter().filter(|(_, totals)| totals.beyond_cap > 0) {
            let more = units::of(totals.beyond_cap, "more finding", "more findings");
            writeln!(out, "  and {more} of {}, counted but not listed", printable(detector))?;
        }
        Ok(())
    }

    fn coverage(&self, out: &mut Vec<u8>, verdict: &Verdict) -> io::Result<()> {
        if let Some(why) = verdict.coverage.reason() {
            let state = verdict.coverage.state();
            let state = self.paint.state(why.is_no_gap(), &format!("{state}: {why}"));
            writeln!(out, "  {state}  {}", reason::advice(why))?;
        }
        for hole in verdict.holes.iter().take(HOLES_LISTED) {
            let location = hole.location.to_string();
            writeln!(out, "    not read  {}: {}", printable(&location), reason::words(hole.reason).0)?;
        }
        let listed = u64::try_from(verdict.holes.len().min(HOLES_LISTED)).unwrap_or(u64::MAX);
        if verdict.holes_total > listed {
            writeln!(out, "    and {}", units::of(verdict.holes_total - listed, "more place", "more places"))?;
        }
        Ok(())
    }
}

impl Render for Blocks {
    fn lines(&self, file: &FileReport) -> Result<Lines, ReportError> {
        Ok(Lines { bytes: self.block(file)?, limit_met: met_a_limit(&file.verdict) })
    }
}

impl Human {
    /// Blocks go to `out`.
    #[must_use]
    pub fn new(out: Out, options: &Options) -> Self {
        let blocks = Blocks { paint: Paint { on: options.colour }, verbose: options.verbose };
        Self { out, blocks, limit_met: false }
    }

    fn summary_coverage(&mut self, summary: &Summary) -> io::Result<()> {
        writeln!(self.out, "{}", self.blocks.paint.bold("Coverage"))?;
        writeln!(
            self.out,
            "  {}: {} complete, {} partial, {} skipped",
            units::of(summary.files, "file", "files"),
            units::count(summary.complete),
            units::count(summary.partial),
            units::count(summary.skipped)
        )?;
        for (why, &ReasonTotals { partial, skipped }) in &summary.reasons {
            for (state, n) in [("partial", partial), ("skipped", skipped)].into_iter().filter(|(_, n)| *n > 0) {
                let state =
                    self.blocks.paint.state(why.is_no_gap(), &format!("{:>9}  {state}: {why}", units::count(n)));
                writeln!(self.out, "{state}  {}", reason::advice(*why))?;
            }
        }
        match links_words(summary) {
            None => Ok(()),
            Some(links) => writeln!(self.out, "  {links}"),
        }
    }

    fn summary_findings(&mut self, summary: &Summary) -> io::Result<()> {
        writeln!(self.out, "{}", self.blocks.paint.bold("Findings"))?;
        if summary.detectors.is_empty() {
            return writeln!(self.out, "  none");
        }
        writeln!(self.out, "  {}", units::of(summary.findings_total, "finding", "findings"))?;
        let width = summary.detectors.keys().map(|id| id.chars().count()).max().unwrap_or(0);
        for (id, totals) in &summary.detectors {
            let mut parts: Vec<String> = by_band(totals)
                .into_iter()
                .filter(|(_, n)| *n > 0)
                .map(|(band, n)| self.blocks.paint.band(band, &format!("{} {band}", units::count(n))))
                .collect();
            if totals.beyond_cap > 0 {
                parts.push(format!("{} not listed", units::count(totals.beyond_cap)));
            }
            let files = units::of(totals.files, "file", "files");
            writeln!(
                self.out,
                "{:>9}  {:<width$}  in {files}: {}",
                units::count(totals.total),
                printable(id),
                parts.join(", ")
            )?;
        }
        Ok(())
    }

    fn summary_suppressed(&mut self, summary: &Summary) -> io::Result<()> {
        let suppressed = &summary.suppressed;
        if suppressed.total() == 0 {
            return Ok(());
        }
        let parts = [
            (suppressed.baseline, "known by the baseline"),
            (suppressed.allowed, "on an allow list"),
            (suppressed.marked, "marked on its line"),
        ];
        let parts = parts.iter().filter(|(count, _)| *count > 0);
        let parts: Vec<String> = parts.map(|(count, why)| format!("{} {why}", units::count(*count))).collect();
        let all = units::of(suppressed.total(), "more finding", "more findings");
        writeln!(self.out, "  {all} left out: {}", parts.join(", "))
    }

    fn summary_run(&mut self, summary: &Summary) -> io::Result<()> {
        let rate = |n, unit: fn(u64) -> String| units::per_second(n, summary.elapsed).map(unit);
        let mut speed = String::new();
        if let (Some(bytes), Some(files)) = (rate(summary.bytes, units::bytes), rate(summary.files, units::count)) {
            speed = format!(" ({bytes}/s, {files} files/s)");
        }
        let text = units::bytes(summary.text_bytes);
        let elapsed = units::elapsed(summary.elapsed);
        writeln!(self.out, "{}", self.blocks.paint.bold("Scan"))?;
        writeln!(self.out, "  {} read, {text} of it text, in {elapsed}{speed}", units::bytes(summary.bytes))?;
        let rules = units::of(summary.rules, "detector", "detectors");
        writeln!(self.out, "  {rules}, rules {}, token key {}", short(&summary.ruleset_hash), summary.key_version)?;
        if !summary.limits.is_empty() && (self.blocks.verbose || self.limit_met) {
            writeln!(self.out, "  limits: {}", one_line(&summary.limits))?;
        }
        writeln!(self.out, "{}", self.blocks.paint.bold(&exit_words(summary)))
    }
}

impl Report for Human {
    fn begin(&mut self) -> Result<(), ReportError> {
        Ok(())
    }

    fn file(&mut self, file: &FileReport) -> Result<(), ReportError> {
        let lines = self.blocks.lines(file)?;
        self.append(&lines)
    }

    fn render(&self) -> Option<Box<dyn Render>> {
        Some(Box::new(self.blocks))
    }

    fn append(&mut self, lines: &Lines) -> Result<(), ReportError> {
        self.limit_met |= lines.limit_met;
        if lines.bytes.is_empty() {
            return Ok(());
        }
        self.out.write_all(&lines.bytes)?;
        Ok(self.out.file_done()?)
    }

    fn end(&mut self, summary: &Summary) -> Result<(), ReportError> {
        self.summary_coverage(summary)?;
        self.summary_findings(summary)?;
        self.summary_suppressed(summary)?;
        self.summary_run(summary)?;
        Ok(self.out.flush()?)
    }

    fn reader_gone(&self) -> bool {
        self.out.gone()
    }
}

/// The first twelve digits of a hash are enough to tell two apart by eye.
pub(super) fn short(hash: &str) -> &str {
    hash.get(..12).unwrap_or(hash)
}

/// What [`in_one_file`] gives.
type InFile = BTreeMap<Arc<str>, DetectorTotals>;

fn by_band(totals: &DetectorTotals) -> [(&'static str, u64); 3] {
    [("high", totals.high), ("medium", totals.medium), ("low", totals.low)]
}

/// How many of `n` findings of one detector, band and file are listed.
fn listed_of(n: u64) -> u64 {
    if n > ALIKE_LISTED_WHOLE_MAX { ALIKE_LISTED } else { n }
}

/// The findings to list when there are many of one detector and band: the others would only bury the rest of the file.
fn first_of_alike<'a>(findings: &'a [Finding], in_file: &InFile) -> Vec<Row<'a>> {
    let mut room: BTreeMap<&str, [(&str, u64); 3]> = BTreeMap::new();
    for (detector, totals) in in_file {
        room.insert(detector, by_band(totals).map(|(band, n)| (band, listed_of(n))));
    }
    let row = |finding: &'a Finding| {
        let bands = room.get_mut(&*finding.detector)?;
        let (_, left) = bands.iter_mut().find(|(band, _)| *band == finding.confidence.band())?;
        *left = left.checked_sub(1)?;
        Some(Row::new(finding))
    };
    findings.iter().filter_map(row).collect()
}

/// True when a limit ended the reading of the file or of something in it.
fn met_a_limit(verdict: &Verdict) -> bool {
    let is_limit = |reason: Reason| matches!(reason, Reason::Limit(_));
    verdict.coverage.reason().is_some_and(is_limit) || verdict.holes.iter().any(|hole| is_limit(hole.reason))
}

/// One finding in words.
struct Row<'a> {
    band: &'static str,
    detector: &'a str,
    place: String,
    mask: String,
    excerpt: String,
}

impl<'a> Row<'a> {
    fn new(finding: &'a Finding) -> Self {
        Self {
            band: finding.confidence.band(),
            detector: &finding.detector,
            place: printable(&place::words(finding)).into_owned(),
            mask: one_line(finding.mask.as_str()),
            excerpt: one_line(finding.excerpt.as_str()),
        }
    }
}

/// Colours by ANSI select graphic rendition (ECMA-48, 8.3.117); the sixteen basic ones follow the reader's own scheme.
#[derive(Clone, Copy, Debug)]
struct Paint {
    on: bool,
}

impl Paint {
    fn with(self, code: &str, text: &str) -> String {
        if self.on { format!("\u{1b}[{code}m{text}\u{1b}[0m") } else { text.to_owned() }
    }

    fn bold(self, text: &str) -> String {
        self.with("1", text)
    }

    fn faint(self, text: &str) -> String {
        self.with("2", text)
    }

    fn band(self, band: &str, text: &str) -> String {
        match band {
            "high" => self.with("31", text),
            "medium" => self.with("33", text),
            _ => self.with("36", text),
        }
    }

    fn state(self, no_gap: bool, text: &str) -> String {
        if no_gap { self.faint(text) } else { self.with("35", text) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colour_needs_a_terminal_and_no_objection() {
        let set = |text: &'static str| Some(OsStr::new(text));
        let rows = [
            (true, None, None, true),
            (false, None, None, false),
            (true, set("1"), None, false),
            (true, set(""), set("xterm"), true),
            (true, None, set("dumb"), false),
        ];
        for (terminal, no_color, term, expected) in rows {
            assert_eq!(colour_wanted(terminal, no_color, term), expected, "{terminal} {no_color:?} {term:?}");
        }
    }
}
