//! The listing itself: hands walks to threads, takes their pages in, and decides what a failed page means.

use super::circle::Circles;
use super::fan::{Hands, guarded, with_threads};
use super::{Error, Ledger, Options, Progress, Tally, Watch, hole};
use crate::clock::Moment;
use crate::model::Directory;
use crate::provider::{self, Next, Page, Source, Unwalked, Walk, WhyUnwalked};
use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

/// A walk that is sent back to its beginning more often than this is given up.
const RESTARTS_MAX: u32 = 16;

/// What a listing came to.
#[derive(Clone, Debug)]
pub struct Listing {
    /// How it ended.
    pub ended: Ended,
    /// True when it went on from an earlier one that was stopped.
    pub resumed: bool,
    /// Which pass over the tenant it was, from 1.
    pub pass: u32,
    /// What is known, and what the pass brought.
    pub tally: Tally,
    /// What could not be walked.
    pub holes: Vec<Unwalked>,
    /// Bytes the provider itself counts, to hold coverage against.
    pub used_bytes: Option<u64>,
}

/// So many walks that nobody answers for, one after the other, are no fault of theirs: the provider cannot be reached.
const OUTAGE_WALKS: usize = 3;

/// How a listing ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// Every walk is at its end or a hole.
    Complete,
    /// The stop flag was raised; the ledger goes on from here.
    Stopped,
    /// The call budget is used up until this moment; the ledger goes on from here.
    Budget(Moment),
}

/// Lists the tenant: feed positions first (kept before anything else), then every walk to its end. Goes on where a stopped
/// listing over the same ledger was; begins a further pass when there is none.
///
/// # Errors
/// When the walks cannot be had, the credentials fail, or the ledger cannot be written.
pub fn list(
    source: &dyn Source,
    people: &Directory,
    ledger: &mut dyn Ledger,
    options: &Options,
    progress: &Progress,
    watch: &mut dyn Watch,
) -> Result<Listing, Error> {
    let resumed = ledger.is_open();
    if !ledger.has_feeds() {
        Progress::add(&progress.calls, 1);
        ledger.keep_feeds(source.feed_now()?)?;
    }
    if !resumed {
        Progress::add(&progress.calls, 1);
        ledger.begin(source.walks(people)?)?;
    }
    let call = |job: Job| {
        let waited = job.wait.is_none_or(|wait| options.clock.wait(wait, &options.stop));
        let page = match waited {
            true => guarded("fetch a page", || source.page(&job.walk, people)),
            false => Err(provider::Error::new(Next::Stopped, "fetch a page", "the program is ending")),
        };
        (job.walk, page)
    };
    let mut drive = Drive {
        ledger,
        options,
        progress,
        watch,
        troubles: HashMap::new(),
        circles: Circles::default(),
        unanswered: HashSet::new(),
        ended: Ended::Complete,
    };
    drive.show();
    with_threads(options.threads, call, |hands| drive.run(hands))?;
    let ended = drive.ended;
    ledger.sync()?;
    if ended == Ended::Complete {
        ledger.finish()?;
    }
    Ok(Listing {
        ended,
        resumed,
        pass: ledger.pass(),
        tally: ledger.tally(),
        holes: ledger.holes()?,
        used_bytes: ledger.used_bytes(),
    })
}

/// A page to fetch.
#[derive(Debug)]
struct Job {
    walk: Walk,
    /// To wait before, after a failure.
    wait: Option<Duration>,
}

/// How a walk has failed so far.
#[derive(Clone, Copy, Debug, Default)]
struct Trouble {
    /// Pages that failed in a row.
    failures: u32,
    restarts: u32,
    wait: Option<Duration>,
}

struct Drive<'a> {
    ledger: &'a mut dyn Ledger,
    options: &'a Options,
    progress: &'a Progress,
    watch: &'a mut dyn Watch,
    troubles: HashMap<Arc<str>, Trouble>,
    circles: Circles,
    /// Walks that nobody answered for since the last answer of any kind.
    unanswered: HashSet<Arc<str>>,
    ended: Ended,
}

impl Drive<'_> {
    /// Until no walk is left, or something says stop; pages under way are taken in either way.
    fn run(&mut self, hands: &mut Hands<Job, (Walk, Result<Page, provider::Error>)>) -> Result<(), Error> {
        let mut failed = None;
        loop {
            if failed.is_none() {
                failed = self.hand_out(hands).err();
            }
            let Some((walk, page)) = hands.take() else { break };
            Progress::add(&self.progress.calls, 1);
            if let Err(error) = self.take_in(&walk, page) {
                failed.get_or_insert(error);
            }
            self.show();
        }
        failed.map_or(Ok(()), Err)
    }

    fn hand_out(&mut self, hands: &mut Hands<Job, (Walk, Result<Page, provider::Error>)>) -> Result<(), Error> {
        while !hands.full() {
            if self.options.stopped() && self.ledger.walks_left() > 0 {
                self.ended = Ended::Stopped;
            }
            if self.ended != Ended::Complete {
                break;
            }
            let Some(walk) = self.ledger.next_walk()? else { break };
            let wait = self.troubles.get_mut(&walk.id).and_then(|trouble| trouble.wait.take());
            hands.give(Job { walk, wait });
        }
        Ok(())
    }

    fn take_in(&mut self, walk: &Walk, page: Result<Page, provider::Error>) -> Result<(), Error> {
        match page {
            Ok(page) => {
                self.unanswered.clear();
                self.watch.page(walk, &page);
                let ends = matches!(page.onward, provider::Onward::End(_));
                let circles = self.circles.closes(&walk.id, &page.onward);
                self.ledger.commit(walk, page)?;
                Progress::add(&self.progress.pages, 1);
                if circles {
                    return self.give_up(walk, WhyUnwalked::Failing);
                }
                match self.troubles.get_mut(&walk.id) {
                    Some(trouble) if !ends => trouble.failures = 0,
                    _ => {
                        self.troubles.remove(&walk.id);
                    }
                }
                Ok(())
            }
            Err(error) => self.fail(walk, error),
        }
    }

    /// What a failed page means, by what its error says comes next.
    fn fail(&mut self, walk: &Walk, error: provider::Error) -> Result<(), Error> {
        if error.next() == Next::Transient && error.status().is_none() {
            self.unanswered.insert(Arc::clone(&walk.id));
        } else if error.status().is_some() {
            self.unanswered.clear();
        }
        let worn = self.troubles.get(&walk.id).is_some_and(|trouble| trouble.failures + 1 >= self.options.tries_max);
        if worn && self.unanswered.len() >= OUTAGE_WALKS {
            // Given up, each of them would be a hole in a pass that ends as if it were whole.
            self.ledger.put_back(walk);
            return Err(error.into());
        }
        match error.next() {
            Next::Reset(_) => self.restart(walk),
            Next::Gone => self.give_up(walk, WhyUnwalked::Gone),
            Next::Forbidden | Next::Refused | Next::NotReadable | Next::Moved => {
                self.give_up(walk, WhyUnwalked::Refused)
            }
            Next::Transient => self.again(walk),
            Next::Locked => self.later(walk, self.options.backoff.longest),
            Next::Throttled(until) => self.later(walk, until.since(self.options.clock.now())),
            Next::Budget(until) => {
                self.ledger.put_back(walk);
                self.ended = Ended::Budget(until);
                Ok(())
            }
            Next::Stopped => {
                self.ledger.put_back(walk);
                self.ended = Ended::Stopped;
                Ok(())
            }
            Next::Credentials => {
                self.ledger.put_back(walk);
                Err(error.into())
            }
        }
    }

    fn restart(&mut self, walk: &Walk) -> Result<(), Error> {
        self.circles.forget(&walk.id);
        let trouble = self.troubles.entry(Arc::clone(&walk.id)).or_default();
        trouble.restarts += 1;
        match trouble.restarts <= RESTARTS_MAX {
            true => Ok(self.ledger.restart(walk)?),
            false => self.give_up(walk, WhyUnwalked::Failing),
        }
    }

    fn again(&mut self, walk: &Walk) -> Result<(), Error> {
        let trouble = self.troubles.entry(Arc::clone(&walk.id)).or_default();
        trouble.failures += 1;
        if trouble.failures >= self.options.tries_max {
            return self.give_up(walk, WhyUnwalked::Failing);
        }
        let drawn = u64::from(crc32fast::hash(walk.id.as_bytes()));
        trouble.wait = Some(self.options.backoff.wait(trouble.failures, drawn));
        self.ledger.put_back(walk);
        Ok(())
    }

    /// Waiting is not failing: a walk that is asked to wait is never given up for it, however often.
    fn later(&mut self, walk: &Walk, wait: Duration) -> Result<(), Error> {
        self.troubles.entry(Arc::clone(&walk.id)).or_default().wait = Some(wait);
        self.ledger.put_back(walk);
        Ok(())
    }

    fn give_up(&mut self, walk: &Walk, why: WhyUnwalked) -> Result<(), Error> {
        self.troubles.remove(&walk.id);
        self.circles.forget(&walk.id);
        Ok(self.ledger.give_up(walk, hole(walk, why))?)
    }

    fn show(&self) {
        let tally = self.ledger.tally();
        Progress::set(&self.progress.items, tally.items());
        Progress::set(&self.progress.bytes, tally.bytes);
        Progress::set(&self.progress.walks_left, self.ledger.walks_left());
        Progress::set(&self.progress.holes, self.ledger.holes_count());
    }
}
