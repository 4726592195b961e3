//! The one thread that leases: claims for all fetch threads, renews, and takes back what ended without a settlement.

use super::Fetcher;
use crate::clock::Moment;
use crate::engine::core::Tenant;
use crate::engine::pool::hand::{Ended, Free};
use crate::engine::pool::{Hand, Work};
use crate::engine::stats::{self, Gauge};
use crate::engine::step;
use crate::model::{ConnectorNumber, Principal};
use crate::store::{Claim, Error};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

/// Jobs of one principal in one claim.
const PER_PRINCIPAL_MAX: usize = 100;
/// Between two looks at a queue that had nothing more to give.
const LOOK_EVERY: Duration = Duration::from_millis(100);
/// Between two claims while jobs end one by one: what ends meanwhile is replaced together.
const GATHER: Duration = Duration::from_millis(10);
/// Free places at which a claim goes out at once.
const ENOUGH: usize = 32;
type Whose = (ConnectorNumber, Principal);

/// The name leases carry.
const OWNER: &str = "fetch";

/// The thread's means.
#[derive(Clone, Debug)]
pub(crate) struct Dispatcher {
    pub(crate) fetcher: Fetcher,
    pub(crate) hand: Arc<Hand>,
}

impl Dispatcher {
    /// A thread's life: until the program ends.
    pub(crate) fn run(&self) {
        let mut looked = Moment::from_millis(0);
        while !self.fetcher.core.stopped() {
            match self.withdraw(&mut looked).and_then(|()| self.round()) {
                Ok(true) => {}
                Ok(false) => self.rest(LOOK_EVERY),
                Err(error) => self.fetcher.signals.store(error),
            }
        }
    }

    /// One round; false when the queue had nothing more.
    fn round(&self) -> Result<bool, Error> {
        self.take_back(self.hand.ended())?;
        self.renew()?;
        let stats = &self.fetcher.core.stats;
        stats.set(Gauge::BytesInFlight, self.fetcher.room.used_bytes());
        stats.set(Gauge::FilesInFlight, u64::try_from(self.hand.counts().0).unwrap_or(u64::MAX));
        let free = self.hand.free();
        if free.all == 0 {
            self.rest(LOOK_EVERY);
            return Ok(true);
        }
        if free.all < ENOUGH {
            // Nothing rings this one: it only lets some time pass.
            let _ = crossbeam_channel::never::<()>().recv_timeout(GATHER);
        }
        self.claim()
    }

    /// A job that waits at the desk and whose item changed just now goes back, to be leased anew as live with what it is now:
    /// its first lease never delays it. One that a thread has begun with goes its way, and the next turn follows it.
    fn withdraw(&self, looked: &mut Moment) -> Result<(), Error> {
        let Fetcher { core, desk, .. } = &self.fetcher;
        let now = core.clock.steady();
        if now.since(*looked) < LOOK_EVERY && !core.clock.is_movable() {
            return Ok(());
        }
        *looked = now;
        let slow = desk.slow();
        if slow.is_empty() {
            return Ok(());
        }
        for work in desk.withdraw(&core.store.overtaken(&slow)?) {
            core.stats.of(work.tenant.number).ended(work.job.lane, stats::Ended::GivenBack);
            work.ticket.give_back(None);
        }
        Ok(())
    }

    fn claim(&self) -> Result<bool, Error> {
        let tenants = self.fetcher.core.tenants.iter().filter(|tenant| tenant.is_enabled());
        let (paused, working): (Vec<&Arc<Tenant>>, Vec<&Arc<Tenant>>) =
            tenants.partition(|tenant| tenant.paused.load(Ordering::Relaxed));
        let busy = self.hand.busy();
        let free = self.hand.free();
        let more = self.claim_for(&working, free, &busy)?;
        // A principal with much in hand is passed over, but not for what somebody changed just now. Only the slots that are
        // kept for live jobs are filled so: the lanes' shares stand.
        let slots = self.fetcher.core.options.live_slots;
        let live = || Free { all: self.hand.free().all.min(slots), not_live: 0 };
        if !busy.is_empty() {
            self.claim_for(&working, live(), &[])?;
        }
        // While its backlog is paused, a tenant's live jobs go on.
        let more_live = self.claim_for(&paused, Free { not_live: 0, ..self.hand.free() }, &busy)?;
        Ok(more || more_live)
    }

    /// Claims for some tenants; false when the queue had no more for them.
    fn claim_for(&self, tenants: &[&Arc<Tenant>], free: Free, busy: &[Whose]) -> Result<bool, Error> {
        let core = &self.fetcher.core;
        let connectors: Vec<ConnectorNumber> = tenants.iter().map(|tenant| tenant.number).collect();
        if connectors.is_empty() || free.all == 0 {
            return Ok(false);
        }
        step::passed("lease.before");
        let jobs = core.store.claim(&Claim {
            owner: OWNER,
            connectors: &connectors,
            max: free.all,
            not_live_max: free.not_live,
            per_principal_max: PER_PRINCIPAL_MAX,
            busy,
            lease: core.options.lease,
        })?;
        step::passed("lease.after");
        let was_all = jobs.len() < free.not_live.max(1);
        let now = core.clock.steady();
        for job in jobs {
            let Some(tenant) = core.tenant(job.known.connector).cloned() else { continue };
            if let Some(ticket) = self.hand.take(&job, now) {
                self.fetcher.desk.put(Work::new(job, tenant, ticket, now));
            }
        }
        Ok(!was_all)
    }

    /// Leases whose third has passed are prolonged. One that holds no more finds that out when it is settled.
    fn renew(&self) -> Result<(), Error> {
        let core = &self.fetcher.core;
        let now = core.clock.steady();
        let due = self.hand.renewed_by(now.minus(core.options.lease / 3));
        if !due.is_empty() {
            core.store.renew(&due, core.options.lease)?;
            self.hand.renewed(&due, now);
        }
        Ok(())
    }

    /// Writes down what ended without a settlement.
    pub(crate) fn take_back(&self, ended: Ended) -> Result<(), Error> {
        let store = &self.fetcher.core.store;
        if !ended.back.is_empty() {
            store.give_back(&ended.back)?;
        }
        if !ended.failed.is_empty() {
            store.fail(&ended.failed)?;
        }
        Ok(())
    }

    /// Waits for a job to end, at most so long. A movable clock goes on to the next delayed job when nothing else moves it.
    fn rest(&self, span: Duration) {
        let core = &self.fetcher.core;
        let rung = self.hand.bell().recv_timeout(span).is_ok();
        if rung || !core.clock.is_movable() || self.hand.counts().0 > 0 {
            return;
        }
        if let Ok(Some(due)) = core.store.next_due() {
            core.clock.wait(due.since(core.clock.steady()), &core.stop);
        }
    }
}
