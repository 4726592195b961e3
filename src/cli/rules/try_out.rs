//! `sluicebox rules try`: rules run again over the same documents each time their file is saved.
//!
//! The documents are read once; their text stays in memory, and nothing of it is written. So a run costs what loading the
//! rules and searching that text costs.

use super::{documents, print};
use crate::cli::{Failed, RuleArgs, shown};
use crate::clock::Clock;
use crate::detect::{Matcher, ScanOptions, Scanner, TokenKey};
use crate::lab::diff::{self, Before, Change, Difference, Kind};
use crate::lab::examples;
use crate::lab::texts::Document;
use crate::model::Verdict;
use crate::report::units;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, SystemTime};

/// Flags of `rules try`.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Ends with Ctrl-C. Exit code: 0; with --once 1 when an example does not hold; 2 something cannot be read, or \
    with --once the rules are wrong."
)]
pub(super) struct Args {
    /// Files and folders to try the rules on
    #[arg(required = true, value_name = "PATH")]
    on: Vec<PathBuf>,
    #[command(flatten)]
    rules: RuleArgs,
    /// Run once, and do not wait for the rules to change
    #[arg(long)]
    once: bool,
    /// Show this many findings, or changes, of each detector
    #[arg(long, value_name = "N", default_value_t = 5)]
    samples: usize,
}

/// Bytes of text held at most.
const ROOM_BYTES: usize = 512 << 20;
/// Between two looks at the rule files.
const LOOK: Duration = Duration::from_millis(100);

/// What tells a saved file from the one before: each file's length and time.
type Stamp = BTreeMap<PathBuf, (u64, Option<SystemTime>)>;

pub(super) fn run(args: &Args) -> Result<u8, Failed> {
    let surroundings = documents::surroundings()?;
    let documents = documents::read(&args.on, &surroundings, ROOM_BYTES)?;
    let (clock, stop) = (Clock::machine(), Arc::clone(&surroundings.interrupt));
    let mut before: Option<Vec<Before>> = None;
    loop {
        let stamp = stamp(&args.rules.rule_paths);
        let outcome = once(args, &documents, &mut before, &clock);
        match outcome {
            Ok(code) if args.once => return Ok(code),
            Err(failed) if args.once => return Err(failed),
            Ok(_) => {}
            // The author is at work: the next save mends it.
            Err(Failed(message)) => print(&format!("{message}\n\n"))?,
        }
        if wait(&args.rules.rule_paths, &stamp, &clock, &stop) {
            return Ok(0);
        }
    }
}

/// Waits for the rule files to change; true when it is time to end.
fn wait(paths: &[PathBuf], before: &Stamp, clock: &Clock, stop: &AtomicBool) -> bool {
    loop {
        clock.wait(LOOK, stop);
        if stop.load(Ordering::Relaxed) {
            return true;
        }
        if stamp(paths) != *before {
            return false;
        }
    }
}

/// The rule files as they are.
fn stamp(paths: &[PathBuf]) -> Stamp {
    let of = |path: &Path| std::fs::metadata(path).map(|meta| (meta.len(), meta.modified().ok())).unwrap_or_default();
    let mut stamp = Stamp::new();
    for path in paths {
        stamp.insert(path.clone(), of(path));
        for entry in std::fs::read_dir(path).into_iter().flatten().flatten() {
            stamp.insert(entry.path(), of(&entry.path()));
        }
    }
    stamp
}

/// Loads the rules, runs their examples and searches the documents.
fn once(args: &Args, documents: &[Document], before: &mut Option<Vec<Before>>, clock: &Clock) -> Result<u8, Failed> {
    let began = clock.elapsed();
    let mut loaded = args.rules.load()?;
    let own = |origin: &str| args.rules.rule_paths.iter().any(|path| Path::new(origin).starts_with(path));
    if !args.rules.rule_paths.is_empty() && args.rules.only.is_empty() && args.rules.tag.is_empty() {
        // Whoever tries a file of rules asks about these.
        loaded.rules.detectors.iter_mut().filter(|one| !own(&one.origin.0)).for_each(|one| one.silent = true);
    }
    let matcher = Matcher::new(Arc::new(loaded.rules));
    let mut out = String::new();
    let tested = examples::test(&matcher);
    let failures: Vec<_> = tested.iter().flat_map(|one| &one.failures).collect();
    for failure in &failures {
        let (file, line) = (&failure.file, failure.line);
        let _ =
            writeln!(out, "{file}:{line}: {}: expected {}, got {}", failure.detector, failure.expected, failure.got);
    }
    let key = TokenKey::new([0; 32], 0);
    let mut scanner = Scanner::new(&matcher, &key, ScanOptions::default());
    let (mut difference, mut kept) = (Difference::default(), Vec::new());
    let first = before.is_none();
    let mut old = before.take().unwrap_or_default().into_iter();
    for document in documents {
        let (findings, counts) = document.scan(&mut scanner);
        let verdict = Verdict { findings, counts, ..Verdict::default() };
        difference.file(&document.path, old.next().unwrap_or_default(), &verdict, &BTreeMap::new());
        kept.push(diff::before(&verdict, BTreeMap::new()));
    }
    *before = Some(kept);
    told(&difference, first, args.samples, &mut out);
    let run: usize = tested.iter().map(|one| one.run).sum();
    let examples = units::of(run as u64, "example", "examples");
    let took = clock.elapsed().saturating_sub(began).as_millis();
    let _ = writeln!(out, "{examples}, {} do not hold; {took} ms\n", failures.len());
    print(&out)?;
    Ok(u8::from(!failures.is_empty()))
}

/// What is found, and what is other than before.
fn told(difference: &Difference, first: bool, samples: usize, out: &mut String) {
    for ((of, kind), count) in &difference.counts {
        let word = if first { "found" } else { kind.name() };
        let _ = writeln!(out, "{word} {}  {of}", units::count(*count));
        let these = |change: &&Change| change.entry.of == *of && change.entry.change == *kind;
        for change in difference.changes.iter().filter(these).take(samples) {
            let entry = &change.entry;
            let tier = if *kind == Kind::Moved {
                format!("{} -> {}", entry.old, entry.new)
            } else {
                format!("{}{}", entry.old, entry.new)
            };
            let mask = change.mask.as_ref().map(|mask| format!("  {mask}")).unwrap_or_default();
            let _ = writeln!(out, "    {}", shown(format!("{} {}  {tier}{mask}", entry.file, entry.place)));
        }
    }
    let files = units::of(difference.files, "document", "documents");
    if first {
        let found: u64 = difference.counts.values().sum();
        let _ = writeln!(out, "{files}: {}", units::of(found, "finding", "findings"));
    } else {
        let total =
            |kind| difference.counts.iter().filter(|((_, of), _)| *of == kind).map(|(_, count)| count).sum::<u64>();
        let (gained, lost, moved) = (total(Kind::Gained), total(Kind::Lost), total(Kind::Moved));
        let _ = writeln!(out, "{files}: {gained} gained, {lost} lost, {moved} moved, {} as before", difference.same);
    }
}
