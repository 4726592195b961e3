//! Scans of local files: one thread walks the folders, a rayon pool inspects, the caller's thread reports.
//!
//! Nothing waits inside a rayon task. The walker takes a permit before it hands over a file; the task gives it back when it
//! is done and leaves its verdict in a channel that has room for every verdict not yet reported. Verdicts are reported in
//! the order of the walk, so that two runs over the same files print the same.

use super::stdin::Stdin;
use crate::clock::Clock;
use crate::content::{Content, Links, Spool};
use crate::detect::{Matcher, TokenKey};
use crate::extract::cell::Cells;
use crate::inspect::{Inspector, Options as InspectOptions, Surroundings};
use crate::model::{Coverage, Reason, Verdict};
use crate::report::FileReport;
use crossbeam_channel::{Receiver, Sender, bounded};
use std::collections::BTreeMap;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};
use std::thread::Thread;
use std::time::Duration;

/// What to read and how.
#[derive(Clone, Debug)]
pub struct Options {
    /// Files, folders, and `-` for standard input.
    pub inputs: Vec<Input>,
    /// Threads that inspect.
    pub threads: usize,
    /// What of a folder is read.
    pub folders: Folders,
    /// Files larger than this are `skipped: too_large`; default no bound.
    pub file_bytes_max: u64,
    /// Device and inode of the file that the report goes to: a walk passes it by, since it would grow under the reader.
    pub report_file: Option<(u64, u64)>,
    /// Settings of each inspection.
    pub inspect: InspectOptions,
    /// Where the readers run that must not run here; as many as threads.
    pub cells: Cells,
}

/// What of a folder is read; the default is everything but what links lead to.
#[derive(Clone, Copy, Debug, Default)]
pub struct Folders {
    /// Follow symbolic links.
    pub follow_links: bool,
    /// Leave out names that begin with a dot.
    pub skip_hidden: bool,
    /// Leave out what `.gitignore` and `.ignore` files name.
    pub obey_ignore_files: bool,
}

/// One thing to read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Input {
    /// A file or folder.
    Path(PathBuf),
    /// Standard input.
    Stdin,
}

/// How far a scan is; shared with whoever shows it.
#[derive(Debug, Default)]
pub struct Progress {
    /// Files reported.
    pub files_done: AtomicU64,
    /// Their bytes.
    pub bytes_done: AtomicU64,
    /// Files that the survey has counted so far.
    pub files_seen: AtomicU64,
    /// Their bytes.
    pub bytes_seen: AtomicU64,
    /// True when the survey is complete.
    pub surveyed: AtomicBool,
    /// True when the scan has ended.
    pub ended: AtomicBool,
}

/// Files handed over and not yet inspected.
const IN_FLIGHT_MAX: usize = 256;
/// Verdicts that wait for an earlier file to be reported first.
const WAITING_MAX: usize = 32_768;
/// Verdicts that come within this time are reported together.
const BETWEEN_REPORTS: Duration = Duration::from_millis(2);
/// Stack of a thread that inspects, in bytes: members nest on it.
const STACK_BYTES: usize = 16 << 20;

/// What became of a file, with its place in the order of the walk.
struct Numbered<T> {
    number: u64,
    bytes: u64,
    settled: T,
}

/// What the scan as a whole met besides verdicts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Met {
    /// Symbolic links that were not followed.
    pub links_not_followed: u64,
}

/// Reads everything below the inputs. Each verdict goes through `prepare` where it was made, on any thread and in any order;
/// what comes out is handed to `settle` in the order of the walk, on the caller's thread. Ends early when `interrupt` is
/// raised or `settle` answers false.
///
/// # Errors
/// The pool of threads could not be made.
pub fn scan<T: Send>(
    options: &Options,
    matcher: &Matcher,
    key: &TokenKey,
    interrupt: &Arc<AtomicBool>,
    progress: &Progress,
    prepare: impl Fn(FileReport) -> T + Sync,
    mut settle: impl FnMut(T) -> bool,
) -> Result<Met, rayon::ThreadPoolBuildError> {
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(options.threads)
        .stack_size(STACK_BYTES)
        .thread_name(|number| format!("scan-{number}"))
        .build()?;
    let surroundings = Surroundings {
        spool: Spool::default(),
        cells: options.cells.clone(),
        clock: Clock::machine(),
        interrupt: Arc::clone(interrupt),
    };
    let lent = Lent::new(options.threads + 1, matcher, key, &options.inspect, &surroundings);
    let (done, verdicts) = bounded::<Box<Numbered<T>>>(WAITING_MAX);
    let permits = Permits::new(IN_FLIGHT_MAX);
    let room = Permits::new(WAITING_MAX);
    let links = AtomicU64::new(0);
    pool.in_place_scope(|scope| {
        let walker = std::thread::scope(|threads| {
            let walker = threads.spawn(|| {
                permits.taken_here();
                room.taken_here();
                let mut number = 0;
                let mut hand_over = |found: Found| {
                    if interrupt.load(Ordering::Relaxed) || !permits.take() || !room.take() {
                        return false;
                    }
                    let (lent, done, permits, surroundings) = (&lent, done.clone(), &permits, &surroundings);
                    let prepare = &prepare;
                    let this = number;
                    number += 1;
                    scope.spawn(move |_| {
                        let report = inspect_one(found, options.file_bytes_max, lent, surroundings);
                        // There is room for every verdict on its way, so this does not wait.
                        let bytes = report.verdict.bytes;
                        let _ = done.send(Box::new(Numbered { number: this, bytes, settled: prepare(report) }));
                        permits.give();
                    });
                    true
                };
                walk_all(options, &links, &mut hand_over);
                drop(done);
            });
            report_in_order(&verdicts, &room, &permits, progress, &mut settle);
            walker.join()
        });
        if let Err(panic) = walker {
            std::panic::resume_unwind(panic);
        }
    });
    progress.ended.store(true, Ordering::Relaxed);
    Ok(Met { links_not_followed: links.into_inner() })
}

/// Hands verdicts on in the order of their numbers. When the receiver has had enough, the rest is let pass unread.
fn report_in_order<T>(
    verdicts: &Receiver<Box<Numbered<T>>>,
    room: &Permits,
    permits: &Permits,
    progress: &Progress,
    settle: &mut impl FnMut(T) -> bool,
) {
    let mut waiting: BTreeMap<u64, Box<Numbered<T>>> = BTreeMap::new();
    let mut next = 0;
    let mut wanted = true;
    while let Ok(first) = verdicts.recv() {
        for verdict in std::iter::once(first).chain(verdicts.try_iter()) {
            waiting.insert(verdict.number, verdict);
        }
        while let Some(verdict) = waiting.remove(&next) {
            next += 1;
            room.give();
            progress.files_done.fetch_add(1, Ordering::Relaxed);
            progress.bytes_done.fetch_add(verdict.bytes, Ordering::Relaxed);
            if wanted && !settle(verdict.settled) {
                wanted = false;
                permits.close();
            }
        }
        // Whoever sleeps in the channel is woken by each verdict that comes; whoever sleeps beside it is not.
        std::thread::park_timeout(BETWEEN_REPORTS);
    }
}

/// A counted allowance for the one thread that walks. It sleeps when nothing is left and is woken when half is back: once
/// for many files, since a waking costs as much as a small file.
struct Permits {
    left: AtomicUsize,
    wake_at: usize,
    taker: OnceLock<Thread>,
    closed: AtomicBool,
}

impl Permits {
    fn new(count: usize) -> Self {
        let wake_at = count.div_ceil(2);
        Self { left: AtomicUsize::new(count), wake_at, taker: OnceLock::new(), closed: AtomicBool::new(false) }
    }

    /// Makes the calling thread the one that takes; to be called before anything is taken.
    fn taken_here(&self) {
        self.taker.get_or_init(std::thread::current);
    }

    /// Waits for a permit; false when no more are given out.
    fn take(&self) -> bool {
        while !self.closed.load(Ordering::Relaxed) {
            // Nobody else takes: what is left can only grow.
            if self.left.load(Ordering::Acquire) > 0 {
                self.left.fetch_sub(1, Ordering::Relaxed);
                return true;
            }
            // All that was taken is given back one day, so the mark is still to be passed: no waking is missed.
            std::thread::park();
        }
        false
    }

    fn give(&self) {
        if self.left.fetch_add(1, Ordering::Release) + 1 == self.wake_at {
            self.wake();
        }
    }

    fn close(&self) {
        self.closed.store(true, Ordering::Relaxed);
        self.wake();
    }

    fn wake(&self) {
        if let Some(taker) = self.taker.get() {
            taker.unpark();
        }
    }
}

/// Inspectors to lend: scratch is made when first needed and returned after use.
struct Lent<'m> {
    free: (Sender<Inspector<'m>>, Receiver<Inspector<'m>>),
    make: Box<dyn Fn() -> Inspector<'m> + Send + Sync + 'm>,
}

impl<'m> Lent<'m> {
    fn new(
        kept: usize,
        matcher: &'m Matcher,
        key: &'m TokenKey,
        options: &InspectOptions,
        surroundings: &Surroundings,
    ) -> Self {
        let (options, surroundings) = (options.clone(), surroundings.clone());
        Self {
            free: bounded(kept),
            make: Box::new(move || Inspector::new(matcher, key, options.clone(), surroundings.clone())),
        }
    }

    fn inspect(&self, content: &Content, name: &str) -> Verdict {
        let mut inspector = self.free.1.try_recv().unwrap_or_else(|_| (self.make)());
        let verdict = inspector.inspect(content, name);
        // A pool that is full already has enough.
        let _ = self.free.0.try_send(inspector);
        verdict
    }
}

/// Something the walk came upon.
enum Found {
    /// A file to open; `links` says whether the name itself may be a link.
    File(PathBuf, Links),
    /// Standard input.
    Stdin,
    /// A file or folder that cannot be read.
    Lost(PathBuf, Reason),
}

fn inspect_one(found: Found, bytes_max: u64, lent: &Lent<'_>, surroundings: &Surroundings) -> FileReport {
    let Surroundings { spool, interrupt, .. } = surroundings;
    let (path, verdict) = match found {
        Found::Lost(path, reason) => (shown(&path), skipped(reason)),
        Found::Stdin => {
            let (content, failed) = match Stdin::open(Arc::clone(interrupt)) {
                Ok(mut stdin) => spool.take(&mut stdin),
                Err(error) => (Content::from_memory([]), Some(error)),
            };
            let mut verdict = lent.inspect(&content, "-");
            if let Some(error) = failed {
                verdict.coverage.lower(reason_of(&error));
            }
            ("-".to_owned(), verdict)
        }
        Found::File(path, links) => {
            let verdict = match Content::open(&path, links) {
                Err(unopened) => skipped(unopened.reason()),
                Ok(content) if content.len() > bytes_max => {
                    Verdict { bytes: content.len(), ..skipped(Reason::TooLarge) }
                }
                Ok(content) => lent.inspect(&content, &name_of(&path)),
            };
            (shown(&path), verdict)
        }
    };
    FileReport { path, verdict }
}

/// Why a stream ended early, in the words of coverage.
#[must_use]
pub fn reason_of(error: &std::io::Error) -> Reason {
    match crate::content::Stop::carried_by(error) {
        Some(crate::content::Stop::Limit(limit)) => Reason::Limit(limit),
        Some(crate::content::Stop::Interrupted) => Reason::Interrupted,
        None => Reason::IoError,
    }
}

fn skipped(reason: Reason) -> Verdict {
    Verdict { coverage: Coverage::Skipped(reason), sniffed: "unknown", ..Verdict::default() }
}

fn shown(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}

fn name_of(path: &Path) -> String {
    path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
}

/// Walks all inputs; `hand_over` answers false to end the walk.
fn walk_all(options: &Options, links: &AtomicU64, hand_over: &mut dyn FnMut(Found) -> bool) {
    for input in &options.inputs {
        let goes_on = match input {
            Input::Stdin => hand_over(Found::Stdin),
            Input::Path(path) => walk_path(path, options, links, hand_over),
        };
        if !goes_on {
            return;
        }
    }
}

fn walk_path(path: &Path, options: &Options, links: &AtomicU64, hand_over: &mut dyn FnMut(Found) -> bool) -> bool {
    for entry in walker(path, options.folders) {
        let found = match entry {
            Err(error) => Found::Lost(path_of(&error).unwrap_or_else(|| path.to_owned()), lost_reason(&error)),
            Ok(entry) => {
                let kind = entry.file_type();
                if kind.is_some_and(|kind| kind.is_dir()) {
                    continue;
                }
                if kind.is_some_and(|kind| kind.is_symlink()) && entry.depth() > 0 {
                    links.fetch_add(1, Ordering::Relaxed);
                    continue;
                }
                if options.report_file.is_some_and(|report| is_file(&entry, report)) {
                    continue;
                }
                let may_link = options.folders.follow_links || entry.depth() == 0;
                Found::File(entry.into_path(), if may_link { Links::Follow } else { Links::Refuse })
            }
        };
        if !hand_over(found) {
            return false;
        }
    }
    true
}

/// True for the file of this device and inode; asks the system only when the folder's own entry has the same inode.
fn is_file(entry: &ignore::DirEntry, (device, inode): (u64, u64)) -> bool {
    entry.ino() == Some(inode) && entry.metadata().is_ok_and(|meta| meta.dev() == device)
}

fn walker(path: &Path, folders: Folders) -> ignore::Walk {
    ignore::WalkBuilder::new(path)
        .standard_filters(false)
        .hidden(folders.skip_hidden)
        .ignore(folders.obey_ignore_files)
        .git_ignore(folders.obey_ignore_files)
        .git_exclude(folders.obey_ignore_files)
        .parents(folders.obey_ignore_files)
        .require_git(false)
        .follow_links(folders.follow_links)
        .sort_by_file_name(Ord::cmp)
        .build()
}

fn path_of(error: &ignore::Error) -> Option<PathBuf> {
    match error {
        ignore::Error::WithPath { path, .. } => Some(path.clone()),
        ignore::Error::WithDepth { err, .. } | ignore::Error::WithLineNumber { err, .. } => path_of(err),
        ignore::Error::Loop { child, .. } => Some(child.clone()),
        _ => None,
    }
}

/// A loop of links leads to what is read under another name; following it further is refused.
fn lost_reason(error: &ignore::Error) -> Reason {
    if is_loop(error) {
        return Reason::NotInspectable;
    }
    match error.io_error().map(std::io::Error::kind) {
        Some(std::io::ErrorKind::NotFound) => Reason::Deleted,
        Some(std::io::ErrorKind::PermissionDenied) => Reason::AccessDenied,
        _ => Reason::IoError,
    }
}

fn is_loop(error: &ignore::Error) -> bool {
    match error {
        ignore::Error::Loop { .. } => true,
        ignore::Error::WithPath { err, .. } | ignore::Error::WithDepth { err, .. } => is_loop(err),
        _ => error.io_error().and_then(system_code) == Some(libc::ELOOP),
    }
}

/// The operating system's own code: the walk wraps its error in another one.
fn system_code(error: &std::io::Error) -> Option<i32> {
    let wrapped = || std::error::Error::source(error)?.downcast_ref::<std::io::Error>()?.raw_os_error();
    error.raw_os_error().or_else(wrapped)
}

/// Counts what a scan will read, for an estimate of its end; stops when the scan has ended.
pub fn survey(options: &Options, progress: &Progress) {
    for input in &options.inputs {
        let Input::Path(path) = input else { continue };
        for entry in walker(path, options.folders).flatten() {
            if progress.ended.load(Ordering::Relaxed) {
                return;
            }
            if entry.file_type().is_some_and(|kind| kind.is_file()) {
                let bytes = entry.metadata().map(|meta| meta.len()).unwrap_or(0);
                progress.files_seen.fetch_add(1, Ordering::Relaxed);
                progress.bytes_seen.fetch_add(bytes, Ordering::Relaxed);
            }
        }
    }
    progress.surveyed.store(true, Ordering::Relaxed);
}
