//! The log of a tenant: read as often as the setting says, at once when a webhook hints.

use super::super::core::{Core, Tenant};
use super::super::passes::{START, Trouble, is_namespace, shown, take_note};
use super::needs::{self, Errand, Gap, Needs};
use super::promote::{Effects, effects};
use super::{pause_after, rest};
use crate::backoff::Backoff;
use crate::clock::Moment;
use crate::engine::stats::Count;
use crate::engine::step;
use crate::model::{Activity, Lane, Provider, Todo};
use crate::provider::{FeedCursor, Next, Walk};
use crate::store::{self, Ask, TakenChanges};
use std::time::Duration;

/// Pages of one feed that are taken before the others have their turn.
const PAGES_MAX: usize = 100;
/// How often a position is kept while nothing happens.
const KEEP_EVERY: Duration = Duration::from_secs(60);
/// From when on a gap is filled when nobody can say since when the position is lost.
const LOST_AT_MOST: Duration = Duration::from_secs(14 * 86_400);
/// The log may tell of its last minutes late: a repaired gap is read once more.
const ROUNDS_AGAIN: u32 = 1;
/// Waits after failures.
const AFTER_FAILURE: Backoff = Backoff { first: Duration::from_secs(1), longest: Duration::from_secs(60) };
/// When the feed last answered, for whoever wants to know without asking the service.
const ANSWERED: &str = "feed.answered";

/// Follows the log until the service stops.
pub(super) fn run(core: &Core, tenant: &Tenant) -> Result<(), store::Error> {
    let mut log = Log { core, tenant, kept: None, answered: None };
    let mut failures: u32 = 0;
    while !core.stopped() {
        let wait = match log.turn() {
            Ok(wait) => {
                failures = 0;
                wait
            }
            Err(trouble) => {
                core.stats.of(tenant.number).add(Count::FeedErrors, 1);
                failures = failures.saturating_add(1);
                let wait = pause_after(core, &trouble, AFTER_FAILURE.wait(failures, u64::from(failures)));
                take_note(core, tenant, "read the feed", trouble)?;
                wait
            }
        };
        rest(core, tenant, wait);
    }
    Ok(())
}

pub(super) struct Log<'a> {
    core: &'a Core,
    tenant: &'a Tenant,
    /// When a position was last kept.
    kept: Option<Moment>,
    /// When it was last said that the feed answers.
    answered: Option<Moment>,
}

impl<'a> Log<'a> {
    #[cfg(test)]
    pub(super) fn new(core: &'a Core, tenant: &'a Tenant) -> Self {
        Self { core, tenant, kept: None, answered: None }
    }

    /// Reads each feed until it has no more, and says how long to rest.
    pub(super) fn turn(&mut self) -> Result<Duration, Trouble> {
        let poll = self.core.options.feed_poll;
        if !self.tenant.is_enabled() {
            return Ok(poll.max(Duration::from_secs(1)));
        }
        let cursors = self.core.store.cursors(self.tenant.number)?;
        let mut wait = poll;
        for cursor in cursors.into_iter().filter(|cursor| !is_namespace(&cursor.feed)) {
            wait = wait.max(self.read(cursor)?.unwrap_or(poll));
        }
        Ok(wait)
    }

    fn read(&mut self, mut cursor: FeedCursor) -> Result<Option<Duration>, Trouble> {
        for _ in 0..PAGES_MAX {
            let changes = match self.tenant.source.changes(&cursor, self.core.options.feed_poll) {
                Ok(changes) => changes,
                Err(error) => match error.next() {
                    Next::Reset(from) => {
                        lost(self.core, self.tenant, &cursor, from)?;
                        return Ok(None);
                    }
                    _ => return Err(error.into()),
                },
            };
            self.core.stats.of(self.tenant.number).fed(self.core.clock.now());
            let (more, wait) = (changes.more, changes.wait);
            cursor = changes.cursor.clone();
            self.take(changes.activities, changes.cursor)?;
            if !more || self.core.stopped() {
                return Ok(wait);
            }
        }
        Ok(None)
    }

    fn take(&mut self, activities: Vec<Activity>, cursor: FeedCursor) -> Result<(), Trouble> {
        let now = self.core.clock.steady();
        let is_over = |since: Option<Moment>| since.is_none_or(|since| now.since(since) >= KEEP_EVERY);
        if is_over(self.answered) {
            let answered = self.core.clock.now().as_millis().to_string();
            self.core.store.keep_fact(Some(self.tenant.number), ANSWERED, Some(&answered))?;
            self.answered = Some(now);
        }
        // An answer without events moves nothing that must be durable at once.
        if !activities.is_empty() || is_over(self.kept) {
            take_in(self.core, self.tenant, activities, Some(cursor), true)?;
            self.kept = Some(now);
        }
        Ok(())
    }
}

/// Takes events in: what they cause besides jobs is noted first, then they, their jobs and the position by one transaction.
pub(super) fn take_in(
    core: &Core,
    tenant: &Tenant,
    activities: Vec<Activity>,
    cursor: Option<FeedCursor>,
    promote: bool,
) -> Result<(), Trouble> {
    let mut promotions = Vec::new();
    if promote {
        let effects = effects(tenant.provider, &activities, &tenant.directory(), &tenant.feed.echoes);
        note(core, tenant, &effects)?;
        promotions = effects.promotions;
    }
    let activities = activities.into_iter().map(|activity| shown::activity(core, activity)).collect();
    let offered = core.clock.steady();
    let changes = TakenChanges { activities, promotions, pages: Vec::new(), cursor, offered };
    step::passed("cursor.before");
    let taken = core.store.take_changes(tenant.number, changes)?;
    step::passed("cursor.after");
    let stats = core.stats.of(tenant.number);
    stats.add(Count::Events, taken.new);
    stats.add(Count::Promotions, taken.jobs);
    Ok(())
}

/// Notes what events cause besides jobs of the items they name.
fn note(core: &Core, tenant: &Tenant, effects: &Effects) -> Result<(), Trouble> {
    let needs = Needs::of(core, tenant);
    if effects.people {
        needs.raise(needs::PEOPLE)?;
    }
    for account in &effects.links {
        core.store.want_links(tenant.number, account)?;
    }
    if tenant.provider == Provider::Dropbox {
        note_places(core, tenant, effects)?;
    }
    let folders = effects.folders.iter().map(|(id, read_as)| {
        let walk = Walk {
            id: format!("folder:{id}").into(),
            place: id.clone(),
            kind: "folder".into(),
            read_as: read_as.clone(),
            path: "".into(),
            cursor: None,
        };
        Errand::of(&walk, true)
    });
    send(core, tenant, folders.collect())
}

/// Sends for walks beside the pass; those that nobody can remember make a pass begin.
pub(super) fn send(core: &Core, tenant: &Tenant, errands: Vec<Errand>) -> Result<(), Trouble> {
    if !Needs::of(core, tenant).add_errands(errands)? {
        core.store.keep_fact(Some(tenant.number), START, Some("1"))?;
    }
    Ok(())
}

/// Namespaces that events name: unknown ones are looked for, shared ones have their members asked for again.
fn note_places(core: &Core, tenant: &Tenant, effects: &Effects) -> Result<(), store::Error> {
    if effects.places.is_empty() && effects.shares.is_empty() {
        return Ok(());
    }
    let cursors = core.store.cursors(tenant.number)?;
    let follows = |place: &str| cursors.iter().any(|cursor| cursor.feed.strip_prefix("ns:") == Some(place));
    if effects.places.iter().any(|place| !follows(place)) || !effects.shares.is_empty() {
        Needs::of(core, tenant).raise(needs::PLACES)?;
    }
    for place in &effects.shares {
        if let Some(top) = core.store.find_path(tenant.number, place, "")? {
            let todo = Todo::SHARING.and(Todo::BELOW);
            let offered = Some(core.clock.steady());
            core.store.ask(&[Ask {
                item: top.number,
                lane: Lane::Live,
                todo,
                priority: 0,
                offered,
                happened: None,
            }])?;
        }
    }
    Ok(())
}

/// A position is lost: what it would have told is read from the log by time, and the feed goes on from now.
pub(super) fn lost(core: &Core, tenant: &Tenant, cursor: &FeedCursor, from: Option<Moment>) -> Result<(), Trouble> {
    let now = core.clock.now();
    let fresh = tenant.source.feed_now()?;
    let from = match from {
        Some(from) => from,
        None => answered(core, tenant)?.unwrap_or_else(|| now.minus(LOST_AT_MOST)),
    };
    Needs::of(core, tenant).add_gap(Gap {
        feed: cursor.feed.to_string(),
        from_ms: from.as_millis(),
        to_ms: core.clock.now().as_millis(),
        at: None,
        promote: true,
        rounds: ROUNDS_AGAIN,
        due_ms: now.as_millis(),
    })?;
    let fresh: Vec<FeedCursor> = fresh.into_iter().filter(|one| one.feed == cursor.feed).collect();
    core.store.keep_cursors(tenant.number, &fresh)?;
    core.stats.of(tenant.number).add(Count::Reconciles, 1);
    tracing::warn!(connector = %tenant.name, feed = &*cursor.feed, %from, "the feed's position is lost; the gap is filled from the log");
    Ok(())
}

fn answered(core: &Core, tenant: &Tenant) -> Result<Option<Moment>, store::Error> {
    let kept = core.store.fact(Some(tenant.number), ANSWERED)?;
    Ok(kept.and_then(|text| text.parse().ok()).map(|ms: i64| Moment::from_millis(ms).minus(KEEP_EVERY * 2)))
}
