//! Settle: everything a job found out, written in one transaction; exposure told from what is stored and what was just asked.
//!
//! A bounded number of threads settle, so that the store's one writer has several completions to commit together.

pub(crate) mod below;
mod reach;
mod ruling;

pub(crate) use reach::{Standing, above_of, standing};

use super::core::Core;
use super::facts::wanted;
use super::fetch::Holds;
use super::pool::Work;
use super::service::Signals;
use super::stats::{Count, Ended, LagParts};
use super::step;
use crate::model::{Coverage, ItemKind, Reason, Todo};
use crate::store::{Error, Outcome, Settled};
use crossbeam_channel::Receiver;
use std::sync::Arc;
use std::time::Duration;

/// A job with everything found out.
#[derive(Debug)]
pub(crate) struct Finished {
    pub(crate) work: Box<Work>,
    /// Free when the verdict is stored.
    pub(crate) holds: Holds,
}

/// The stage's means.
#[derive(Clone, Debug)]
pub(crate) struct Settler {
    pub(crate) core: Arc<Core>,
    pub(crate) signals: Arc<Signals>,
    pub(crate) finished: Receiver<Box<Finished>>,
}

impl Settler {
    /// A thread's life, until no more jobs come.
    pub(crate) fn run(&self) {
        while let Ok(finished) = self.finished.recv() {
            let Finished { work, holds } = *finished;
            if let Err(error) = self.settle(*work) {
                self.signals.store(error);
            }
            // Who waits for the same content finds it stored.
            drop(holds);
        }
    }

    fn settle(&self, mut work: Work) -> Result<(), Error> {
        let governing = self.core.governing();
        if !work.settlement.gone {
            let told = self.tell_exposure(&mut work)?;
            let told = self.see_whether_needed(&mut work, told)?;
            work.settlement.ruling = ruling::ruling(&self.core, &work, told)?;
        }
        step::passed("settle.before");
        let settled = self.core.store.settle(work.settlement.clone())?;
        step::passed("settle.after");
        if is_unneeded(&work) && !Arc::ptr_eq(&governing, &self.core.governing()) {
            // Other policies came between: who looked through all that is unread may not have seen this one.
            let known = self.core.store.item(work.job.known.number)?;
            wanted::ask_for_needed(&self.core, &work.tenant, known.as_slice())?;
        }
        self.count(settled, &work);
        work.ticket.settled();
        Ok(())
    }

    /// What was left unread since no policy could need it is asked about once more, by what is so now: policies, or the folders
    /// above, may be others than when it was fetched. What is needed by now goes back to be read.
    fn see_whether_needed(&self, work: &mut Work, told: Option<Standing>) -> Result<Option<Standing>, Error> {
        if !is_unneeded(work) || work.settlement.left != Todo::NONE {
            return Ok(told);
        }
        // By its place alone it may be left out whatever the policies ask.
        let reach = work.tenant.reach();
        if !reach.is_everything() && reach.refuses(&work.item, &above_of(&*self.core.store, work)?).is_some() {
            return Ok(told);
        }
        let standing = told.map_or_else(|| standing(&self.core, work), Ok)?;
        if wanted::is_wanted(&self.core, work, &standing)? {
            (work.settlement.outcome, work.settlement.left) = (None, Todo::CONTENT);
        }
        Ok(Some(standing))
    }

    fn count(&self, settled: Settled, work: &Work) {
        let tally = self.core.stats.of(work.tenant.number);
        let ended = match settled {
            Settled::Done => Ended::Done,
            Settled::Again => Ended::Again,
            Settled::Lost => Ended::Lost,
        };
        tally.ended(work.job.lane, ended);
        if settled == Settled::Lost {
            return;
        }
        if work.settlement.exposure.is_some() && work.settlement.outcome.is_none() {
            tally.add(Count::Exposures, 1);
        }
        match &work.settlement.outcome {
            Some(Outcome::Read { verdict, .. }) => {
                tally.covered(verdict.coverage);
                tally.add(Count::Findings, u64::try_from(verdict.findings.len()).unwrap_or(u64::MAX));
            }
            Some(Outcome::Skipped(reason)) => tally.covered(Coverage::Skipped(*reason)),
            Some(Outcome::Known { .. }) | None => {}
        }
        if let Some(lag) = self.lag(work) {
            tally.took(&lag);
        }
    }

    /// How long a live change took to its verdict; `None` for other work.
    fn lag(&self, work: &Work) -> Option<LagParts> {
        let offered = work.job.offered.filter(|_| work.is_live() && work.settlement.outcome.is_some())?;
        let fetched = work.fetched.unwrap_or(work.leased);
        Some(LagParts {
            provider: work.job.happened.map_or(Duration::ZERO, |happened| offered.since(happened)),
            queue: work.leased.since(offered),
            fetch: fetched.since(work.leased),
            scan: self.core.clock.steady().since(fetched),
        })
    }

    /// Tells how far the item is open, where this may have changed, and asks for everything below where it hands that down.
    /// Gives who reaches it, where that was told.
    fn tell_exposure(&self, work: &mut Work) -> Result<Option<Standing>, Error> {
        let known = &work.job.known;
        let asked =
            [Todo::EXPOSURE, Todo::SHARING, Todo::LOOK, Todo::BELOW].iter().any(|todo| work.job.todo.has(*todo));
        if !asked && known.exposure.is_some() && !work.found_something() {
            return Ok(None);
        }
        let Reach { standing, adds, own_changed } = reach::reach(&self.core, work)?;
        let hands_down = match known.exposure {
            _ if known.is_top => own_changed,
            Some(before) => before != standing.judged,
            None => adds,
        };
        let told_below = work.job.todo.has(Todo::BELOW) && !work.todo.has(Todo::BELOW);
        if work.item.kind == ItemKind::Folder && hands_down && !told_below && work.settlement.left == Todo::NONE {
            work.settlement.left = Todo::BELOW;
        }
        work.settlement.exposure = (!known.is_top).then_some(standing.judged);
        Ok(Some(standing))
    }
}

/// True when a job ends with its content unread since nobody needs it.
fn is_unneeded(work: &Work) -> bool {
    matches!(work.settlement.outcome, Some(Outcome::Skipped(Reason::NotNeeded)))
}

/// How far an item is open, and what it adds by itself.
#[derive(Debug)]
pub(crate) struct Reach {
    pub(crate) standing: Standing,
    /// True when its own sharing opens it, or what lies below, further than the folders above do.
    pub(crate) adds: bool,
    /// True when its own sharing is not what was stored.
    pub(crate) own_changed: bool,
}
