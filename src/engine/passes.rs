//! The regular passes: each tenant listed from end to end, again and again, every `rescan_every`.
//!
//! One thread a tenant. It looks what is due, does it, and looks again; all that it knows about its place is in the store, so
//! that a restart goes on where the last program was. Passes never overlap: the next begins when its time has come *and* the
//! listing and the jobs of the one before are done. What waits for a person or for a moment (parked, locked, out of budget)
//! holds no pass up.
//!
//! On connect the order is: what the token may do, people, the feed's position, links (Dropbox), then the listing; so that a
//! change during the first listing shows in the feed.

mod ledger;
pub(super) mod links;
mod orders;
pub(super) mod people;
pub(super) mod shown;
mod status;
#[cfg(test)]
pub(super) mod tests;

pub use orders::{is_paused, pause, resume, start};
pub use status::{Phase, Status, status};

pub(super) use ledger::{ask_for_top, is_namespace};
pub(super) use orders::START;

use super::core::{Core, Tenant};
use super::listing::{self, Ended, Listing, Progress};
use crate::backoff::Backoff;
use crate::clock::Moment;
use crate::model::{ItemKind, ItemNumber, Lane, Todo};
use crate::provider::{self, CapabilityState, Next};
use crate::store::{self, Ask, ConnectorState, Pass, Scope};
use ledger::StoreLedger;
use orders::PAUSED;
use status::Keeper;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

/// How often a tenant with nothing to do is looked at.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// How soon a running listing sees that it should stop.
const HALT_WITHIN: Duration = Duration::from_millis(50);
/// How often a running listing looks for orders.
const ORDERS_EVERY: u32 = 20;
/// Waits after failures grow from this to that.
const AFTER_FAILURE: Backoff = Backoff { first: Duration::from_secs(5), longest: Duration::from_secs(900) };
/// Items asked for again at a time when the bounds changed.
const BATCH: usize = 1_000;
/// What the present bounds are, to see that they changed.
const BOUNDS: &str = "bounds";

/// Why something could not be done for a tenant.
#[derive(Debug)]
pub(super) enum Trouble {
    /// The provider said no.
    Provider(provider::Error),
    /// The store failed.
    Store(store::Error),
    /// Anything else, in words.
    Said(String),
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Trouble::Provider(error) => error.fmt(f),
            Trouble::Store(error) => error.fmt(f),
            Trouble::Said(said) => f.write_str(said),
        }
    }
}

impl From<provider::Error> for Trouble {
    fn from(error: provider::Error) -> Self {
        Trouble::Provider(error)
    }
}

impl From<store::Error> for Trouble {
    fn from(error: store::Error) -> Self {
        Trouble::Store(error)
    }
}

/// Runs the passes of all tenants until the service stops.
///
/// # Errors
/// When the store fails for good; the service then stops.
pub fn run(core: &Core) -> Result<(), store::Error> {
    let rounds = core.tenants.iter().map(|tenant| || Rounds::new(core, tenant).run());
    together(core, rounds.collect())
}

/// Runs these, each in a thread of its own, until all have ended. The first store error stops the service.
pub(super) fn together<R>(core: &Core, all: Vec<R>) -> Result<(), store::Error>
where
    R: FnOnce() -> Result<(), store::Error> + Send,
{
    thread::scope(|scope| {
        let run = |one: R| {
            scope.spawn(move || {
                let result = one();
                if result.is_err() {
                    core.stop.store(true, Ordering::Relaxed);
                }
                result
            })
        };
        let threads: Vec<_> = all.into_iter().map(run).collect();
        let results = threads.into_iter().map(|thread| match thread.join() {
            Ok(result) => result,
            Err(panic) => std::panic::resume_unwind(panic),
        });
        results.fold(Ok(()), Result::and)
    })
}

/// Rests at most so long, less when the service stops. A movable clock is left alone: who has nothing to do must not move it.
pub(super) fn rest(core: &Core, most: Duration) {
    if core.clock.is_movable() {
        thread::park_timeout(Duration::from_millis(5));
    } else {
        core.clock.wait(most, &core.stop);
    }
}

/// What a failure means, besides trying again later: bad credentials switch the connector off, and a store that fails for good
/// is given back.
///
/// # Errors
/// The store's error when going on makes no sense.
pub(super) fn take_note(core: &Core, tenant: &Tenant, doing: &str, trouble: Trouble) -> Result<(), store::Error> {
    match &trouble {
        Trouble::Provider(error) if error.next() == Next::Stopped => return Ok(()),
        Trouble::Provider(error) if error.next() == Next::Credentials => {
            tenant.enabled.store(false, Ordering::Relaxed);
            core.store.set_connector_state(tenant.number, ConnectorState::Broken)?;
        }
        _ => {}
    }
    tracing::warn!(connector = %tenant.name, doing, "{trouble}");
    match trouble {
        Trouble::Store(error) if is_for_good(&error) => Err(error),
        _ => Ok(()),
    }
}

fn is_for_good(error: &store::Error) -> bool {
    use crate::store::error::Kind;
    error.is_full() || error.is_damaged() || matches!(error.kind(), Kind::Closed | Kind::WrongKey)
}

/// The passes of one tenant.
struct Rounds<'a> {
    core: &'a Core,
    tenant: &'a Tenant,
    keeper: Keeper,
    failures: u32,
    /// Not before this moment, after a failure or for a budget.
    not_before: Option<Moment>,
}

/// What is to be done next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Due {
    /// A pass begins.
    Begin,
    /// The listing of a pass goes on.
    GoOn,
    /// Nothing, yet.
    Nothing,
}

/// What is due for a tenant: `drained` says that no job of its backlog waits or runs.
fn due(pass: Option<&Pass>, drained: bool, ordered: bool, by_itself: bool, every: Duration, now: Moment) -> Due {
    match pass {
        None if by_itself || ordered => Due::Begin,
        None => Due::Nothing,
        Some(Pass { listed: None, .. }) => Due::GoOn,
        Some(pass) if drained && (ordered || by_itself && now.since(pass.began) >= every) => Due::Begin,
        Some(_) => Due::Nothing,
    }
}

impl<'a> Rounds<'a> {
    fn new(core: &'a Core, tenant: &'a Tenant) -> Self {
        Self { core, tenant, keeper: Keeper::default(), failures: 0, not_before: None }
    }

    fn run(mut self) -> Result<(), store::Error> {
        while !self.core.stopped() {
            if let Err(trouble) = self.turn() {
                self.failed(trouble)?;
            }
            if !self.core.stopped() {
                rest(self.core, LOOK_EVERY);
            }
        }
        Ok(())
    }

    fn failed(&mut self, trouble: Trouble) -> Result<(), store::Error> {
        self.keeper.trouble(trouble.to_string());
        self.failures = self.failures.saturating_add(1);
        let wait = AFTER_FAILURE.wait(self.failures, u64::from(self.failures));
        self.not_before = Some(self.core.clock.steady().plus(wait));
        take_note(self.core, self.tenant, "list the tenant", trouble)
    }

    /// Looks once what is due, and does it.
    fn turn(&mut self) -> Result<(), Trouble> {
        let paused = is_paused(&*self.core.store, self.tenant.number)?;
        self.tenant.paused.store(paused, Ordering::Relaxed);
        if !self.tenant.is_enabled() {
            return Ok(());
        }
        let now = self.core.clock.steady();
        let early = self.not_before.is_some_and(|at| now < at);
        let pass = self.core.store.pass(self.tenant.number)?;
        if !paused && !early {
            let ordered = self.core.store.fact(Some(self.tenant.number), START)?.is_some();
            let (by_itself, every) = (self.core.options.backlog, self.core.options.rescan_every);
            let due = due(pass.as_ref(), self.is_drained()?, ordered, by_itself, every, now);
            if due != Due::Nothing {
                self.not_before = None;
                self.pass(due, pass.as_ref())?;
                self.failures = 0;
            }
        }
        self.keeper.keep(self.core, self.tenant)?;
        Ok(())
    }

    /// True when no job of the backlog may be leased or is.
    fn is_drained(&self) -> Result<bool, store::Error> {
        let depths = self.core.store.depth()?;
        let own = |depth: &&store::Depth| depth.connector == self.tenant.number && depth.lane == Lane::Backlog;
        Ok(depths.iter().filter(own).all(|depth| depth.ready == 0 && depth.leased == 0))
    }

    /// A pass, or what is left of one, up to the end of its listing.
    fn pass(&mut self, due: Due, open: Option<&Pass>) -> Result<(), Trouble> {
        let (core, tenant) = (self.core, self.tenant);
        self.keeper.begins();
        self.keep_granted()?;
        self.list_people(due, open)?;
        self.ask_for_what_bounds_changed()?;
        let ended = self.with_watch(|rounds, halt| {
            rounds.keep_feeds()?;
            links::refresh(core, tenant, halt, Lane::Backlog)?;
            rounds.list(halt)
        })?;
        match ended {
            Ended::Complete => {
                tracing::info!(connector = %tenant.name, "the listing of the pass is done");
            }
            Ended::Budget(until) => {
                // The moment is by the calendar; the wait goes by a clock that nobody sets.
                let wait = until.since(core.clock.now());
                self.not_before = Some(core.clock.steady().plus(wait));
                self.keeper.trouble(format!("the call budget is used up; the pass goes on at {until}"));
            }
            Ended::Stopped => {}
        }
        Ok(())
    }

    /// What the token may do, once: `connect test` has it from here.
    fn keep_granted(&self) -> Result<(), Trouble> {
        let connectors = self.core.store.connectors()?;
        let known = connectors.into_iter().find(|connector| connector.number == self.tenant.number);
        if known.is_none_or(|known| known.granted.is_some()) {
            return Ok(());
        }
        let capabilities = self.tenant.source.probe();
        let told = |state: &CapabilityState| match state {
            CapabilityState::Works(_) => "works",
            CapabilityState::Partial(_) => "partial",
            CapabilityState::Missing(_) => "missing",
        };
        let granted: serde_json::Map<String, serde_json::Value> =
            capabilities.iter().map(|one| (one.name.to_owned(), told(&one.state).into())).collect();
        let granted = serde_json::Value::Object(granted).to_string();
        Ok(self.core.store.keep_granted(self.tenant.number, &granted, "")?)
    }

    /// People are listed again by each pass; one that goes on after a restart has them already.
    fn list_people(&self, due: Due, open: Option<&Pass>) -> Result<(), Trouble> {
        let as_of = self.core.store.people_as_of(self.tenant.number)?;
        let recent = open.is_some_and(|pass| as_of.is_some_and(|as_of| as_of >= pass.began));
        if due == Due::GoOn && recent {
            if self.tenant.directory().people().is_empty() {
                people::recall(self.core, self.tenant)?;
            }
            return Ok(());
        }
        people::refresh(self.core, self.tenant, Lane::Backlog)?;
        Ok(())
    }

    /// The feeds' positions, taken before the first listing.
    fn keep_feeds(&self) -> Result<(), Trouble> {
        let cursors = self.core.store.cursors(self.tenant.number)?;
        if !cursors.iter().any(|cursor| !is_namespace(&cursor.feed)) {
            super::feed::begin(self.core, self.tenant)?;
        }
        Ok(())
    }

    /// When `never_read` or `pilot` are others than those that items were judged by, all files are looked at again: what is
    /// read now costs its download, all else nothing.
    fn ask_for_what_bounds_changed(&self) -> Result<(), Trouble> {
        let (core, tenant) = (self.core, self.tenant);
        let present = fingerprint(&format!("{:?}", tenant.bounds));
        let kept = core.store.fact(Some(tenant.number), BOUNDS)?;
        if kept.as_deref() == Some(&*present) {
            return Ok(());
        }
        let scope = Scope { connector: Some(tenant.number), kind: Some(ItemKind::File), ..Scope::default() };
        let mut after: Option<ItemNumber> = None;
        loop {
            let items = core.store.items(&scope, after, BATCH)?;
            let Some(last) = items.last().map(|known| known.number) else { break };
            let ask = |item| Ask {
                item,
                lane: Lane::Recheck,
                todo: Todo::CONTENT,
                priority: 0,
                offered: None,
                happened: None,
            };
            core.store.ask(&items.iter().map(|known| ask(known.number)).collect::<Vec<_>>())?;
            after = Some(last);
        }
        Ok(core.store.keep_fact(Some(tenant.number), BOUNDS, Some(&present))?)
    }

    fn list(&mut self, halt: &Arc<AtomicBool>) -> Result<Ended, Trouble> {
        let (core, tenant) = (self.core, self.tenant);
        let mut ledger = StoreLedger::open(core, tenant, halt)?;
        let options = listing::Options::new(core.clock.clone(), Arc::clone(halt));
        let mut watch = Watch { rounds: self };
        let people = tenant.directory();
        let listed: Result<Listing, listing::Error> =
            listing::list(&*tenant.source, &people, &mut ledger, &options, &Progress::default(), &mut watch);
        match listed {
            Ok(listing) => Ok(listing.ended),
            Err(error) => Err(match (ledger.failure(), error) {
                (Some(failure), _) => Trouble::Store(failure),
                (None, listing::Error::Provider(error)) => Trouble::Provider(error),
                (None, listing::Error::Journal(said)) => Trouble::Said(said),
            }),
        }
    }

    /// Runs `work` while another thread raises its flag when the service stops, the connector is switched off, or its
    /// backlog is paused.
    fn with_watch<T>(
        &mut self,
        work: impl FnOnce(&mut Self, &Arc<AtomicBool>) -> Result<T, Trouble>,
    ) -> Result<T, Trouble> {
        let halt = Arc::new(AtomicBool::new(false));
        let (core, tenant) = (self.core, self.tenant);
        let (over, ended) = crossbeam_channel::bounded::<()>(1);
        thread::scope(|scope| {
            let flag = Arc::clone(&halt);
            scope.spawn(move || {
                let mut looks: u32 = 0;
                while ended.recv_timeout(HALT_WITHIN) == Err(crossbeam_channel::RecvTimeoutError::Timeout) {
                    looks = looks.wrapping_add(1);
                    if looks.is_multiple_of(ORDERS_EVERY)
                        && core.store.fact(Some(tenant.number), PAUSED).is_ok_and(|fact| fact.is_some())
                    {
                        tenant.paused.store(true, Ordering::Relaxed);
                    }
                    if core.stopped() || !tenant.is_enabled() || tenant.paused.load(Ordering::Relaxed) {
                        flag.store(true, Ordering::Relaxed);
                    }
                }
            });
            let result = work(self, &halt);
            drop(over);
            result
        })
    }
}

/// Keeps the status while a listing runs.
struct Watch<'r, 'a> {
    rounds: &'r mut Rounds<'a>,
}

impl listing::Watch for Watch<'_, '_> {
    fn page(&mut self, _walk: &provider::Walk, _page: &provider::Page) {
        let Rounds { core, tenant, keeper, .. } = &mut *self.rounds;
        // A status that cannot be kept is no reason to stop; the page's own commit tells.
        let _ = keeper.keep(core, tenant);
    }
}

/// A short text that differs where the long one does.
fn fingerprint(text: &str) -> String {
    use sha2::{Digest, Sha256};
    Sha256::digest(text.as_bytes()).iter().take(16).map(|byte| format!("{byte:02x}")).collect()
}
