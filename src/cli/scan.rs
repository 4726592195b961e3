//! `sluicebox scan`: read everything below the given paths and tell what is in it.

use super::suppress::{self, SuppressArgs};
use super::{Failed, RuleArgs, cells, key, limits, progress, shown, stop};
use crate::clock::Clock;
use crate::detect::{Matcher, ScanOptions};
use crate::engine::local::{self, Folders, Input, Progress};
use crate::extract::cell::{self, Cells};
use crate::extract::ocr::Ocr;
use crate::inspect;
use crate::model::Confidence;
use crate::report::{self, Format, Report, RuleInfo, Settled, Summary};
use crate::rule::RuleSet;
use sha2::{Digest, Sha256};
use std::fs::File;
use std::io::IsTerminal;
use std::os::fd::AsFd;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::Ordering;

/// Flags of `scan`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Exit code: 0 nothing found and all read; 1 findings; 3 something was not wholly read (the \
    report says what and why; --allow-partial accepts it); 2 the scan could not be done.")]
pub(super) struct Args {
    /// Files and folders; `-` is standard input
    #[arg(required = true, value_name = "PATH")]
    paths: Vec<PathBuf>,
    #[command(flatten)]
    rules: RuleArgs,
    /// Report only findings at least this sure: 1 to 100, or low, medium, high
    #[arg(long, value_name = "N", value_parser = confidence)]
    min_confidence: Option<Confidence>,
    /// Threads that inspect; default one for each core
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    threads: Option<u16>,
    /// Output format: text, jsonl, csv, sarif, html
    #[arg(long, value_name = "FORMAT", default_value = "text", value_parser = format)]
    format: Format,
    /// Write the report to this file instead of standard output
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Do not exit with 3 when something was not wholly read
    #[arg(long)]
    allow_partial: bool,
    /// Follow symbolic links
    #[arg(long)]
    follow: bool,
    /// Leave out names that begin with a dot
    #[arg(long)]
    skip_hidden: bool,
    /// Leave out what .gitignore and .ignore files name
    #[arg(long)]
    obey_ignore_files: bool,
    /// Leave out files larger than this, as `too_large`
    #[arg(long, value_name = "BYTES", value_parser = limits::size)]
    max_file_size: Option<u64>,
    #[arg(long = "limit", value_name = "NAME=VALUE", value_parser = limits::parse, help = limits::help())]
    limits: Vec<limits::Limit>,
    /// Findings kept for each detector and part of a file; totals go on
    #[arg(long, value_name = "N", default_value_t = 10_000, value_parser = clap::value_parser!(u32).range(1..))]
    keep: u32,
    #[command(flatten)]
    suppress: SuppressArgs,
    /// The key of tokens; made when the file does not exist
    #[arg(long, value_name = "FILE")]
    key_file: Option<PathBuf>,
    /// Read text in pictures and scanned pages too, in these languages (as deu+eng; default eng), by tesseract
    #[arg(long, value_name = "LANGS", num_args = 0..=1, require_equals = true, default_missing_value = "",
        value_parser = cells::ocr_settings)]
    ocr: Option<crate::extract::ocr::Settings>,
    /// Draw no progress line
    #[arg(long)]
    no_progress: bool,
    /// Refuse to scan where the sandbox of readers lacks a wall
    #[arg(long)]
    require_sandbox: bool,
    /// Text format: also list files that hold nothing to read; say what the rules became and
    /// which walls stand around readers
    #[arg(long, short)]
    verbose: bool,
}

fn confidence(text: &str) -> Result<Confidence, String> {
    let number = match text {
        "low" => Some(Confidence::LOW),
        "medium" => Some(Confidence::MEDIUM),
        "high" => Some(Confidence::HIGH),
        _ => text.parse().ok().and_then(Confidence::new),
    };
    number.ok_or_else(|| "write a number from 1 to 100, or low, medium or high".to_owned())
}

pub(super) fn format(text: &str) -> Result<Format, String> {
    let names = || Format::ALL.map(Format::name).join(", ");
    Format::from_name(text).ok_or_else(|| format!("there are {}", names()))
}

pub(super) fn run(args: &Args) -> Result<u8, Failed> {
    let clock = Clock::machine();
    let inputs = inputs(&args.paths)?;
    let loaded = args.rules.load()?;
    for note in &loaded.notes {
        eprintln!("note: {note}");
    }
    let rules = sure_enough(loaded.rules, args.min_confidence);
    let key = key::load(args.key_file.as_deref())?;
    let mut left_out = suppress::Kept::load(&args.suppress, &rules, &key, &clock)?;
    let interrupt = stop::on_signals()?;
    let threads = threads(args);
    let walled = cell::Options { require_walls: args.require_sandbox, ..cell::Options::for_threads(threads) };
    // They come up while the rules are made ready.
    let cells = cells::start_with(walled, args.ocr.as_ref())?;
    let summary = Summary {
        rules: rules.detectors.len() as u64,
        ruleset_hash: ruleset_hash(&rules),
        key_version: key.version(),
        limits: limits::words(&limits::apply(&args.limits)),
        started_utc: Some(clock.now().to_string()),
        ..Summary::default()
    };
    let infos = infos(&rules);
    let matcher = Matcher::new(Arc::new(rules));
    if args.verbose {
        eprintln!("rules: {} ({})", infos.len(), matcher.describe());
        eprintln!("{}", cells::described(&cells)?);
    }
    let mut output = Output::open(args, infos)?;
    let options = options(args, inputs, output.file, cells);
    let mut summary = output.write(summary, |summary, report| {
        let progress = Progress::default();
        let (mut failed, mut reader_gone) = (None, false);
        let met = std::thread::scope(|scope| {
            let drawing =
                progress::wanted(args.no_progress).then(|| scope.spawn(|| progress::draw(&options, &progress)));
            let render = report.render();
            let suppressor = left_out.suppressor();
            let prepare = |mut file| {
                let told = suppressor.apply(&mut file);
                (Settled::new(file, render.as_deref()), told)
            };
            let met = local::scan(&options, &matcher, &key, &interrupt, &progress, prepare, |(settled, told)| {
                left_out.add(told, summary);
                failed = settled.report(summary, report).err();
                reader_gone = report.reader_gone();
                failed.is_none() && !reader_gone
            });
            progress.ended.store(true, Ordering::Relaxed);
            if let Some(drawing) = drawing {
                drawing.thread().unpark();
            }
            met
        });
        let met = met.map_err(|error| Failed::new(format!("cannot start threads: {error}")))?;
        if let Some(error) = failed {
            return Err(Failed::new(error));
        }
        summary.links_not_followed = met.links_not_followed;
        // What nobody waited for was not looked at: that is no clean scan.
        summary.interrupted = interrupt.load(Ordering::Relaxed) || reader_gone;
        summary.elapsed = clock.elapsed();
        summary.exit_code = summary.settled_exit_code(args.allow_partial);
        Ok(())
    })?;
    left_out.end(&summary, &key)?;
    if args.output.is_some() {
        summary.exit_code = summary.settled_exit_code(args.allow_partial);
        eprintln!("{}", report::summary::exit_words(&summary));
    }
    Ok(summary.exit_code)
}

fn inputs(paths: &[PathBuf]) -> Result<Vec<Input>, Failed> {
    let mut inputs = Vec::new();
    for path in paths {
        if path == Path::new("-") {
            inputs.push(Input::Stdin);
            continue;
        }
        // The walk tells what lies below; only the named path itself must exist.
        if let Err(error) = path.symlink_metadata() {
            return Err(Failed::new(format!("cannot scan {}: {error}", shown(path))));
        }
        inputs.push(Input::Path(path.clone()));
    }
    if inputs.iter().filter(|input| **input == Input::Stdin).count() > 1 {
        return Err(Failed::new("standard input (`-`) can be read only once"));
    }
    Ok(inputs)
}

fn threads(args: &Args) -> usize {
    let cores = || std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    args.threads.map_or_else(cores, usize::from)
}

fn options(args: &Args, inputs: Vec<Input>, report_file: Option<(u64, u64)>, cells: Cells) -> local::Options {
    local::Options {
        inputs,
        threads: threads(args),
        folders: Folders {
            follow_links: args.follow,
            skip_hidden: args.skip_hidden,
            obey_ignore_files: args.obey_ignore_files,
        },
        file_bytes_max: args.max_file_size.unwrap_or(u64::MAX),
        report_file,
        inspect: inspect::Options {
            limits: limits::apply(&args.limits),
            scan: ScanOptions { kept_max: usize::try_from(args.keep).unwrap_or(usize::MAX), ..ScanOptions::default() },
            ocr: cells.ocr().map(Ocr::canonical),
        },
        cells,
    }
}

/// Leaves only tiers that are sure enough.
fn sure_enough(mut rules: RuleSet, at_least: Option<Confidence>) -> RuleSet {
    if let Some(at_least) = at_least {
        for detector in &mut rules.detectors {
            detector.tiers.retain(|tier| tier.confidence >= at_least);
        }
    }
    rules
}

/// A hash over all detectors that run: equal when, and only when, the same rules would find the same.
fn ruleset_hash(rules: &RuleSet) -> String {
    let mut hash = Sha256::new();
    for detector in &rules.detectors {
        hash.update(detector.id.as_bytes());
        hash.update([0]);
        hash.update(detector.hash);
    }
    hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}

fn infos(rules: &RuleSet) -> Vec<RuleInfo> {
    let info = |detector: &crate::rule::ruleset::Detector| RuleInfo {
        id: detector.id.to_string(),
        name: detector.name.clone(),
        why: detector.why.clone(),
        tags: detector.tags.clone(),
    };
    rules.detectors.iter().map(info).collect()
}

/// The report and where it goes: a named file appears only when it is whole.
struct Output {
    report: Box<dyn Report>,
    /// The draft and the name it gets.
    draft: Option<(PathBuf, PathBuf)>,
    /// Device and inode of the file that is written, if it is one.
    file: Option<(u64, u64)>,
}

impl Output {
    fn open(args: &Args, rules: Vec<RuleInfo>) -> Result<Self, Failed> {
        if let Some(folder) = args.output.as_deref().filter(|path| path.is_dir()) {
            return Err(Failed::new(format!("cannot write {}: it is a folder", shown(folder))));
        }
        let draft = args.output.as_deref().filter(|path| wants_draft(path)).map(|path| {
            let mut draft = path.as_os_str().to_owned();
            draft.push(format!(".{}.part", std::process::id()));
            (PathBuf::from(draft), path.to_owned())
        });
        let written = draft.as_ref().map(|(draft, _)| draft.as_path()).or(args.output.as_deref());
        let opened = match written {
            None => std::io::stdout().as_fd().try_clone_to_owned().map(File::from),
            // What stands under a draft's name is somebody else's.
            Some(path) if draft.is_some() => File::create_new(path),
            Some(path) => File::create(path),
        };
        let file = opened.map_err(|error| match written {
            None => Failed::new(format!("cannot write to standard output: {error}")),
            Some(path) => Failed::new(format!("cannot write {}: {error}", shown(path))),
        })?;
        let to_terminal = file.is_terminal();
        let identity = file.metadata().ok().filter(std::fs::Metadata::is_file).map(|meta| (meta.dev(), meta.ino()));
        let (no_color, term) = (std::env::var_os("NO_COLOR"), std::env::var_os("TERM"));
        let options = report::Options {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            rules,
            colour: report::colour_wanted(to_terminal, no_color.as_deref(), term.as_deref()),
            verbose: args.verbose,
            // Whoever reads a pipe or a terminal reads along.
            flush_each_file: identity.is_none(),
        };
        Ok(Self { report: args.format.open(Box::new(file), &options), draft, file: identity })
    }

    /// Writes a whole report: `scan` fills the middle and the summary. A draft that fails is not left behind.
    fn write(
        &mut self,
        summary: Summary,
        scan: impl FnOnce(&mut Summary, &mut dyn Report) -> Result<(), Failed>,
    ) -> Result<Summary, Failed> {
        let written = self.fill(summary, scan);
        if let (Err(_), Some((draft, _))) = (&written, &self.draft) {
            let _ = std::fs::remove_file(draft);
        }
        written
    }

    fn fill(
        &mut self,
        mut summary: Summary,
        scan: impl FnOnce(&mut Summary, &mut dyn Report) -> Result<(), Failed>,
    ) -> Result<Summary, Failed> {
        self.report.begin().map_err(Failed::new)?;
        scan(&mut summary, &mut *self.report)?;
        self.report.end(&summary).map_err(Failed::new)?;
        if let Some((draft, path)) = &self.draft {
            std::fs::rename(draft, path)
                .map_err(|error| Failed::new(format!("cannot write {}: {error}", shown(path))))?;
        }
        Ok(summary)
    }
}

/// A pipe or a device is written as it stands: a draft would take its place.
fn wants_draft(path: &Path) -> bool {
    std::fs::metadata(path).map_or(true, |meta| meta.is_file())
}
