//! Flags of `scan` that leave findings out, and what is said of that: each is counted, and can be told with its reason.

use super::{Failed, shown};
use crate::clock::Clock;
use crate::detect::TokenKey;
use crate::lab::suppress::{AllowList, Baseline, By, Suppressor, Told, baseline_head};
use crate::report::identity::FindingId;
use crate::report::{FileReport, Summary, units};
use crate::rule::RuleSet;
use std::collections::BTreeSet;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Flags that leave findings out.
#[derive(Debug, clap::Args)]
pub(super) struct SuppressArgs {
    /// Leave out findings that stand in this baseline
    #[arg(long, value_name = "FILE")]
    baseline: Option<PathBuf>,
    /// Write all findings to this file as a baseline for later scans; it holds no value
    #[arg(long, value_name = "FILE")]
    write_baseline: Option<PathBuf>,
    /// Leave out what this allow list, or each *.toml file of this folder, says is fine, with a reason and until a day
    #[arg(long, value_name = "PATH")]
    allow: Vec<PathBuf>,
    /// Heed `sluicebox:allow` and `gitleaks:allow` on the line of a finding; whoever writes a file can then hide what
    /// is in it
    #[arg(long)]
    inline_markers: bool,
    /// Tell each finding that is left out, on standard error
    #[arg(long)]
    show_suppressed: bool,
}

/// Largest baseline, in bytes.
const BASELINE_BYTES_MAX: u64 = 1 << 30;
/// Largest file whose lines are looked through for marks, in bytes.
const MARKED_BYTES_MAX: u64 = 64 << 20;
/// Idle entries of allow lists that are told.
const IDLE_MAX: usize = 20;

/// Leaves findings out, on any thread.
#[derive(Clone, Debug)]
pub(super) struct Sieve {
    suppressor: Arc<Suppressor>,
    write: bool,
}

impl Sieve {
    /// Takes what is fine out of a file's verdict.
    pub(super) fn apply(&self, file: &mut FileReport) -> (String, Told) {
        let text = if self.suppressor.wants_text(&file.verdict) { own_bytes(Path::new(&file.path)) } else { None };
        let told = self.suppressor.apply(&file.path, &mut file.verdict, text.as_deref(), self.write);
        // The path is told only with what is left out.
        let path = if told.left_out.is_empty() { String::new() } else { file.path.clone() };
        (path, told)
    }
}

/// The bytes of a file that is looked through for marks; none of one that is too large or gone.
fn own_bytes(path: &Path) -> Option<Vec<u8>> {
    let small = std::fs::metadata(path).is_ok_and(|meta| meta.is_file() && meta.len() <= MARKED_BYTES_MAX);
    small.then(|| std::fs::read(path).ok()).flatten()
}

/// What was left out so far.
#[derive(Debug)]
pub(super) struct Kept {
    suppressor: Arc<Suppressor>,
    write: Option<(PathBuf, String)>,
    show: bool,
    met: BTreeSet<FindingId>,
    used: BTreeSet<usize>,
}

impl Kept {
    pub(super) fn load(args: &SuppressArgs, rules: &RuleSet, key: &TokenKey, clock: &Clock) -> Result<Self, Failed> {
        let baseline = args.baseline.as_deref().map(|path| baseline(path, key)).transpose()?;
        let allow = AllowList::load(&args.allow, rules, clock.now()).map_err(|errors| {
            let text: String = errors.iter().map(|error| format!("{error}\n")).collect();
            Failed(format!("{text}error: the allow list is wrong; nothing was scanned"))
        })?;
        let suppressor = Arc::new(Suppressor::new(baseline, allow, args.inline_markers, rules));
        let write = args.write_baseline.clone().map(|path| (path, String::new()));
        Ok(Self { suppressor, write, show: args.show_suppressed, met: BTreeSet::new(), used: BTreeSet::new() })
    }

    pub(super) fn suppressor(&self) -> Sieve {
        Sieve { suppressor: Arc::clone(&self.suppressor), write: self.write.is_some() }
    }

    /// Counts what one file's verdict lost.
    pub(super) fn add(&mut self, (path, told): (String, Told), summary: &mut Summary) {
        for left in &told.left_out {
            let (count, why) = match &left.by {
                By::Baseline => (&mut summary.suppressed.baseline, "known by the baseline".to_owned()),
                By::Allowed(reason) => (&mut summary.suppressed.allowed, format!("allowed: {reason}")),
                By::Mark => (&mut summary.suppressed.marked, "marked on its line".to_owned()),
            };
            *count += 1;
            if self.show {
                let place = if left.place.is_empty() { String::new() } else { format!(", {}", left.place) };
                let line = format!("left out: {path}{place}: {} {}: {why}", left.detector, left.id);
                eprintln!("{}", shown(line));
            }
        }
        self.met.extend(told.met);
        self.used.extend(told.entries);
        if let Some((_, text)) = &mut self.write {
            text.push_str(&told.baseline);
        }
    }

    /// Says what is over, and writes the baseline that was asked for.
    pub(super) fn end(&self, summary: &Summary, key: &TokenKey) -> Result<(), Failed> {
        if let Some(baseline) = self.suppressor.baseline() {
            let gone = (baseline.len() - self.met.len()) as u64;
            if gone > 0 && !summary.interrupted {
                eprintln!("note: {} of the baseline met no finding in this scan", units::of(gone, "entry", "entries"));
            }
        }
        let idle: Vec<String> = self.suppressor.allow().idle(&self.used).collect();
        for line in idle.iter().take(IDLE_MAX) {
            eprintln!("note: allow list {}", shown(line));
        }
        if idle.len() > IDLE_MAX {
            eprintln!(
                "note: allow list: {} more entries meet no finding",
                units::count((idle.len() - IDLE_MAX) as u64)
            );
        }
        let Some((path, text)) = &self.write else { return Ok(()) };
        if summary.interrupted {
            return Err(Failed::new(format!("{} was not written: the scan was interrupted", shown(path))));
        }
        let failed = |error| Failed::new(format!("cannot write {}: {error}", shown(path)));
        let mut draft = path.as_os_str().to_owned();
        draft.push(format!(".{}.part", std::process::id()));
        std::fs::write(&draft, format!("{}{text}", baseline_head(key))).map_err(failed)?;
        std::fs::rename(&draft, path).map_err(failed)
    }
}

fn baseline(path: &Path, key: &TokenKey) -> Result<Baseline, Failed> {
    let failed = |why: &dyn std::fmt::Display| Failed::new(format!("cannot read the baseline {}: {why}", shown(path)));
    let mut text = String::new();
    let file = std::fs::File::open(path).map_err(|why| failed(&why))?;
    file.take(BASELINE_BYTES_MAX).read_to_string(&mut text).map_err(|why| failed(&why))?;
    Baseline::parse(&text, key).map_err(|(line, why)| Failed::new(format!("{}:{line}: {why}", shown(path))))
}
