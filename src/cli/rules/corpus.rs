//! Files of a corpus, read as `scan` reads them: the same walk, the same cells, the same limits.

use crate::cli::{Failed, cells, limits, stop};
use crate::detect::{Matcher, ScanOptions, TokenKey};
use crate::engine::local::{self, Folders, Input, Progress};
use crate::extract::cell::{self, Cells};
use crate::inspect;
use crate::lab::labels::is_labels;
use crate::model::{Coverage, Verdict};
use crate::report::units;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Flags of commands that read a corpus.
#[derive(Debug, clap::Args)]
pub(super) struct CorpusArgs {
    /// Threads that inspect; default one for each core
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    threads: Option<u16>,
    #[arg(long = "limit", value_name = "NAME=VALUE", value_parser = limits::parse, help = limits::help())]
    limits: Vec<limits::Limit>,
    /// Do not exit with 3 when something was not wholly read
    #[arg(long)]
    pub(super) allow_partial: bool,
}

/// Reads corpora for one command.
#[derive(Debug)]
pub(super) struct Reader {
    threads: usize,
    inspect: inspect::Options,
    cells: Cells,
    interrupt: Arc<AtomicBool>,
}

/// What a reading came upon besides verdicts.
#[derive(Clone, Debug, Default)]
pub(super) struct Met {
    /// Files that were read.
    pub(super) files: u64,
    /// Those that were not wholly read and should have been, with the reason, in their order; the first are kept.
    pub(super) partial: Vec<(PathBuf, String)>,
    /// How many there are.
    pub(super) partial_total: u64,
}

/// Files not wholly read that are told by name.
const PARTIAL_MAX: usize = 10;

impl Reader {
    pub(super) fn new(args: &CorpusArgs) -> Result<Self, Failed> {
        let cores = || std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        let threads = args.threads.map_or_else(cores, usize::from);
        Ok(Self {
            threads,
            inspect: inspect::Options { limits: limits::apply(&args.limits), scan: ScanOptions::default(), ocr: None },
            cells: cells::start(cell::Options::for_threads(threads))?,
            interrupt: stop::on_signals()?,
        })
    }

    /// Reads all files below a folder but its labels; `see` is called with each in the order of their paths.
    ///
    /// # Errors
    /// The folder cannot be read, or somebody wants to stop.
    pub(super) fn read(
        &self,
        folder: &Path,
        matcher: &Matcher,
        key: &TokenKey,
        mut see: impl FnMut(&Path, &Verdict),
    ) -> Result<Met, Failed> {
        let options = local::Options {
            inputs: vec![Input::Path(folder.to_owned())],
            threads: self.threads,
            folders: Folders::default(),
            file_bytes_max: u64::MAX,
            report_file: None,
            inspect: self.inspect.clone(),
            cells: self.cells.clone(),
        };
        let (progress, mut met) = (Progress::default(), Met::default());
        let scanned = local::scan(
            &options,
            matcher,
            key,
            &self.interrupt,
            &progress,
            |file| file,
            |file| {
                let path = PathBuf::from(file.path);
                if !is_labels(&path) {
                    met.files += 1;
                    met.note(&path, file.verdict.coverage);
                    see(&path, &file.verdict);
                }
                true
            },
        );
        scanned.map_err(|error| Failed::new(format!("cannot start threads: {error}")))?;
        if self.interrupt.load(Ordering::Relaxed) {
            return Err(Failed::new("interrupted; nothing was judged"));
        }
        Ok(met)
    }
}

impl Met {
    fn note(&mut self, path: &Path, coverage: Coverage) {
        let (word, reason) = match coverage {
            Coverage::Complete => return,
            Coverage::Partial(reason) => ("partial", reason),
            Coverage::Skipped(reason) => ("skipped", reason),
        };
        if reason.is_no_gap() {
            return;
        }
        self.partial_total += 1;
        if self.partial.len() < PARTIAL_MAX {
            self.partial.push((path.to_owned(), format!("{word}: {reason}")));
        }
    }

    /// What of the corpus was not wholly read, in lines; empty when all was.
    pub(super) fn words(&self) -> String {
        if self.partial_total == 0 {
            return String::new();
        }
        let mut out = format!("not wholly read: {}\n", units::of(self.partial_total, "file", "files"));
        for (path, why) in &self.partial {
            out.push_str(&format!("  {}: {why}\n", crate::cli::shown(path)));
        }
        let more = self.partial_total - self.partial.len() as u64;
        if more > 0 {
            out.push_str(&format!("  and {} more\n", units::count(more)));
        }
        out
    }
}

/// The key of tokens that tell values of one run apart, and are thrown away with it.
pub(super) fn passing_key() -> TokenKey {
    TokenKey::new([0; 32], 0)
}

/// That a corpus is a folder.
pub(super) fn folder(path: &Path) -> Result<(), Failed> {
    match std::fs::metadata(path) {
        Ok(meta) if meta.is_dir() => Ok(()),
        Ok(_) => Err(Failed::new(format!("{} is no folder\n  a corpus is a folder of files", crate::cli::shown(path)))),
        Err(why) => Err(Failed::new(format!("cannot read the corpus {}: {why}", crate::cli::shown(path)))),
    }
}
