//! A tenant listed from end to end: people, the feeds' positions, every walk, then exposure and contents.
//!
//! Threads fetch, one thread writes. A page and the cursor behind it go into the [`Journal`] as one record, and found
//! walks wait there too, so that nothing between the threads grows: each channel holds as many jobs as there are threads.
//! Whatever stops in the middle goes on from the journal.

mod circle;
mod drive;
mod exposure;
mod fan;
pub mod journal;
mod ledger;
#[cfg(test)]
mod tests;
mod verify;

pub use drive::{Ended, Listing, list};
pub use exposure::{Levels, exposures};
pub use journal::{Journal, Tally};
pub use ledger::Ledger;
pub use verify::{Failed, Verified, verify};

use crate::backoff::Backoff;
use crate::clock::Clock;
use crate::model::{Directory, Exposure, Item};
use crate::provider::{self, Next, Page, Source, Unwalked, Walk};
use std::fmt;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

/// How a listing runs.
#[derive(Clone, Debug)]
pub struct Options {
    /// Threads that call the provider. Default 8; more than the connector's `concurrency` only wait.
    pub threads: usize,
    /// How often a page or content is asked for in all when the fault is transient, beside the tries of the client itself.
    /// Default 4.
    pub tries_max: u32,
    /// How waits between those tries grow.
    pub backoff: Backoff,
    /// Time.
    pub clock: Clock,
    /// Raised when the program should end: the pages under way are still taken in, no further one is asked for.
    pub stop: Arc<AtomicBool>,
}

impl Options {
    /// The defaults over this clock and stop flag, which should be those of the connector's client.
    #[must_use]
    pub fn new(clock: Clock, stop: Arc<AtomicBool>) -> Self {
        Self { threads: 8, tries_max: 4, backoff: Backoff::default(), clock, stop }
    }

    fn stopped(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }
}

/// How far a listing is; another thread may read it at any time.
#[derive(Debug, Default)]
pub struct Progress {
    /// People found.
    pub people: AtomicU64,
    /// Walks that wait or run.
    pub walks_left: AtomicU64,
    /// Pages taken in.
    pub pages: AtomicU64,
    /// Files, folders and bookmarks known, each once.
    pub items: AtomicU64,
    /// Bytes of the known files.
    pub bytes: AtomicU64,
    /// Questions put to the source: a page, a batch of members, one person's links, a content. What the client repeats
    /// by itself does not count.
    pub calls: AtomicU64,
    /// What could not be walked.
    pub holes: AtomicU64,
    /// Items whose exposure is known.
    pub judged: AtomicU64,
    /// Contents read and verified.
    pub files_read: AtomicU64,
    /// Their bytes, as they come.
    pub bytes_read: AtomicU64,
    /// Contents that could not be read.
    pub files_failed: AtomicU64,
}

impl Progress {
    fn add(counter: &AtomicU64, more: u64) {
        counter.fetch_add(more, Ordering::Relaxed);
    }

    fn set(counter: &AtomicU64, value: u64) {
        counter.store(value, Ordering::Relaxed);
    }
}

/// Why a listing could not go on.
#[derive(Debug)]
pub enum Error {
    /// The provider said no, and trying again would not help.
    Provider(provider::Error),
    /// The journal could not be written or read; which file and why.
    Journal(String),
}

impl Error {
    /// What the caller does next; `None` when the fault is the journal's.
    #[must_use]
    pub fn next(&self) -> Option<Next> {
        match self {
            Error::Provider(error) => Some(error.next()),
            Error::Journal(_) => None,
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::Provider(error) => error.fmt(f),
            Error::Journal(why) => write!(f, "the journal of the listing failed: {why}"),
        }
    }
}

impl std::error::Error for Error {}

impl From<provider::Error> for Error {
    fn from(error: provider::Error) -> Self {
        Error::Provider(error)
    }
}

impl From<io::Error> for Error {
    fn from(error: io::Error) -> Self {
        Error::Journal(error.to_string())
    }
}

/// Who looks on while a survey runs. All methods are called by the thread that began the survey.
pub trait Watch {
    /// A page has come and is about to be taken in.
    fn page(&mut self, _walk: &Walk, _page: &Page) {}

    /// An item's exposure is known. The item is as the journal keeps it: without name, path and owner.
    fn exposure(&mut self, _item: &Item, _exposure: &Exposure) {}

    /// A content was read to its end and verified (bytes), or could not be.
    fn content(&mut self, _item: &Item, _read: Result<u64, &provider::Error>) {}
}

/// Nobody looks on.
impl Watch for () {}

/// What a survey does after the listing.
#[derive(Clone, Copy, Debug, Default)]
pub struct Todo {
    /// Ask for members and links, and tell each item's exposure.
    pub exposure: bool,
    /// Read every content and hold it against the provider's hash.
    pub verify: bool,
}

/// What a survey found.
#[derive(Debug)]
pub struct Survey {
    /// People inside, outside.
    pub people: People,
    /// The listing.
    pub listing: Listing,
    /// How far items are open, when asked for and the listing came to its end.
    pub levels: Option<Levels>,
    /// Contents read, when asked for and the listing came to its end.
    pub verified: Option<Verified>,
}

/// How many people and groups there are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct People {
    /// Managed people.
    pub internal: u64,
    /// People of other companies.
    pub external: u64,
    /// Groups.
    pub groups: u64,
}

/// Runs a whole survey: [`people`], [`list`], then what `todo` says. Goes on where an earlier one over the same journal
/// was stopped; when that one had come to its end, it is a second pass and tells what changed.
///
/// # Errors
/// When the provider's people or walks cannot be had at all, its credentials fail, or the journal cannot be written.
pub fn survey(
    source: &dyn Source,
    domains: &[String],
    journal: &mut Journal,
    options: &Options,
    todo: Todo,
    progress: &Progress,
    watch: &mut dyn Watch,
) -> Result<Survey, Error> {
    let people = people(source, domains, progress)?;
    let listing = list(source, &people, journal, options, progress, watch)?;
    let whole = listing.ended == Ended::Complete;
    let levels = match whole && todo.exposure {
        true => Some(exposures(source, &people, journal, options, progress, watch)?),
        false => None,
    };
    let verified = match whole && todo.verify {
        true => Some(verify(source, journal, options, progress, watch)?),
        false => None,
    };
    Ok(Survey { people: count(&people), listing, levels, verified })
}

/// Everybody the tenant knows. Addresses of `domains` count as internal too, and those at the domains of the tenant's own
/// people (see [`provider::domains`]).
///
/// # Errors
/// When a page of people could not be had.
pub fn people(source: &dyn Source, domains: &[String], progress: &Progress) -> Result<Directory, Error> {
    let mut directory = Directory::new(domains.iter().cloned());
    source.people(&mut |page| {
        Progress::add(&progress.calls, 1);
        Progress::add(&progress.people, u64::try_from(page.people.len()).unwrap_or(u64::MAX));
        page.people.into_iter().for_each(|person| directory.add(person));
        page.groups.into_iter().for_each(|group| directory.add_group(group));
        Ok(())
    })?;
    for domain in provider::domains::own_domains(directory.people()) {
        directory.add_domain(&domain);
    }
    Ok(directory)
}

pub(super) fn count(directory: &Directory) -> People {
    let all = directory.people().len();
    let external = directory.people().iter().filter(|person| person.side == crate::model::Side::External).count();
    let number = |count: usize| u64::try_from(count).unwrap_or(u64::MAX);
    People { internal: number(all - external), external: number(external), groups: number(directory.groups().count()) }
}

/// A hole for a walk that ends before its end: named by what is walked, by its user where that is a root or trash.
fn hole(walk: &Walk, why: provider::WhyUnwalked) -> Unwalked {
    let whole = matches!(&*walk.place, "0" | "trash");
    let user = walk.read_as.id().filter(|_| whole);
    Unwalked { what: user.map_or_else(|| Arc::clone(&walk.place), Arc::from), name: Arc::clone(&walk.path), why }
}
