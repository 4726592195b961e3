//! Reads every known content to its end: the body holds it against the provider's hash, here it is only counted.

use super::fan::{Hands, again, guarded, with_threads};
use super::{Error, Journal, Options, Progress, Watch};
use crate::model::{Download, Item, ItemKind};
use crate::provider::{self, Next, Source, Wanted};
use std::collections::BTreeMap;
use std::io::{self, Read};
use std::ops::ControlFlow;
use std::sync::Arc;

/// Bytes taken from a body at a time.
const CHUNK_BYTES: usize = 1 << 16;
/// Failures whose item and words are kept; all are counted.
const FAILED_MAX: usize = 1_000;

/// What reading all contents came to.
#[derive(Clone, Debug, Default)]
pub struct Verified {
    /// Contents that were read to their end and are what the provider says.
    pub files: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Contents that could not be read, by what the error says comes next (`gone`, `forbidden`, ...).
    pub failures: BTreeMap<&'static str, u64>,
    /// The first of them.
    pub failed: Vec<Failed>,
    /// Files whose bytes cannot be had at all (neither downloadable nor exportable).
    pub not_readable: u64,
    /// Files in the trash whose bytes the provider does not give while they lie there.
    pub unread_in_trash: u64,
    /// Files of other companies, which are not read.
    pub skipped_outside: u64,
    /// True when it was stopped before the last.
    pub stopped: bool,
}

/// Something that failed: which item, and the provider's words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failed {
    /// The item's or person's id.
    pub what: Arc<str>,
    /// What was attempted and what the other side said.
    pub said: String,
}

/// Reads every file the journal knows, but for those of other companies, and verifies it.
///
/// # Errors
/// When the credentials fail or the journal cannot be read. A content that cannot be read is counted, not an error.
pub fn verify(
    source: &dyn Source,
    journal: &mut Journal,
    options: &Options,
    progress: &Progress,
    watch: &mut dyn Watch,
) -> Result<Verified, Error> {
    let mut sum = Sum { verified: Verified::default(), fatal: None, progress, watch };
    let work = |item: Item| {
        let read = read_again(source, &item, options, progress);
        (item, read)
    };
    with_threads(options.threads, work, |hands: &mut Hands<Item, Outcome>| {
        let walked = journal.rows(&mut |_, item, _| sum.offer(item, hands, options));
        while let Some((item, read)) = hands.take() {
            sum.add(&item, read);
        }
        walked
    })?;
    sum.fatal.map_or(Ok(sum.verified), |error| Err(error.into()))
}

/// A file, and the bytes it was read to or why it was not.
type Outcome = (Item, Result<u64, provider::Error>);

struct Sum<'a> {
    verified: Verified,
    fatal: Option<provider::Error>,
    progress: &'a Progress,
    watch: &'a mut dyn Watch,
}

impl Sum<'_> {
    /// Hands an item out, taking in a result first when all threads are busy.
    fn offer(&mut self, item: Item, hands: &mut Hands<Item, Outcome>, options: &Options) -> ControlFlow<()> {
        if options.stopped() || self.fatal.is_some() {
            self.verified.stopped = true;
            return ControlFlow::Break(());
        }
        if item.kind != ItemKind::File {
            return ControlFlow::Continue(());
        }
        if item.outside_owner {
            self.verified.skipped_outside += 1;
        } else if item.download == Download::None {
            self.verified.not_readable += 1;
        } else {
            if hands.full()
                && let Some((item, read)) = hands.take()
            {
                self.add(&item, read);
            }
            hands.give(item);
        }
        ControlFlow::Continue(())
    }

    fn add(&mut self, item: &Item, read: Result<u64, provider::Error>) {
        self.watch.content(item, read.as_ref().map(|bytes| *bytes));
        match read {
            Ok(bytes) => {
                self.verified.files += 1;
                self.verified.bytes += bytes;
                Progress::add(&self.progress.files_read, 1);
            }
            Err(error) => self.fail(item, error),
        }
    }

    fn fail(&mut self, item: &Item, error: provider::Error) {
        match error.next() {
            Next::Stopped => self.verified.stopped = true,
            Next::Credentials | Next::Budget(_) => self.fatal = Some(error),
            Next::Gone | Next::NotReadable | Next::Forbidden if item.trashed.is_some() => {
                self.verified.unread_in_trash += 1;
            }
            next => {
                *self.verified.failures.entry(name(next)).or_default() += 1;
                Progress::add(&self.progress.files_failed, 1);
                if self.verified.failed.len() < FAILED_MAX {
                    self.verified.failed.push(Failed { what: Arc::clone(&item.id), said: error.to_string() });
                }
            }
        }
    }
}

/// The word under which failures are counted.
fn name(next: Next) -> &'static str {
    match next {
        Next::Gone => "gone",
        Next::Moved => "changed while it was read",
        Next::Throttled(_) => "throttled",
        Next::Locked => "locked",
        Next::Forbidden => "forbidden",
        Next::Transient => "failing",
        Next::Credentials => "credentials",
        Next::Reset(_) => "reset",
        Next::NotReadable => "not readable",
        Next::Budget(_) => "budget",
        Next::Refused => "refused",
        Next::Stopped => "stopped",
    }
}

/// Reads one content, again from its start when the fault may pass.
fn read_again(
    source: &dyn Source,
    item: &Item,
    options: &Options,
    progress: &Progress,
) -> Result<u64, provider::Error> {
    let wanted = Wanted::of(item);
    again(options, progress, crc32fast::hash(item.id.as_bytes()), || {
        guarded("read a content", || read_through(source, &wanted, options, progress))
    })
}

fn read_through(
    source: &dyn Source,
    wanted: &Wanted,
    options: &Options,
    progress: &Progress,
) -> Result<u64, provider::Error> {
    let mut body = source.open(wanted)?;
    let mut chunk = vec![0; CHUNK_BYTES];
    let mut bytes = 0;
    loop {
        if options.stopped() {
            return Err(provider::Error::new(Next::Stopped, "read a content", "the program is ending"));
        }
        let read = body.read(&mut chunk).map_err(of_body)?;
        if read == 0 {
            return Ok(bytes);
        }
        let read = u64::try_from(read).unwrap_or(u64::MAX);
        bytes += read;
        Progress::add(&progress.bytes_read, read);
    }
}

/// The error that a body carries, without the body's own wrapping.
fn of_body(error: io::Error) -> provider::Error {
    match error.downcast::<provider::Error>() {
        Ok(carried) => carried,
        Err(error) => provider::Error::new(Next::Transient, "read a content", error.to_string()),
    }
}
