//! Dropbox namespaces: long polls tell which have news, and their cursors tell the changed items whole.

use super::super::core::{Core, Tenant};
use super::super::passes::{Trouble, is_namespace, shown, take_note};
use super::log::send;
use super::needs::Errand;
use super::{pause_after, rest};
use crate::backoff::Backoff;
use crate::engine::stats::Count;
use crate::engine::step;
use crate::provider::{FeedCursor, Next, Page, Walk};
use crate::store::{self, TakenChanges};
use std::time::Duration;

/// How long namespaces are watched before the list of them is looked at again. The shortest that Dropbox lets a poll stand.
const PATIENCE: Duration = Duration::from_secs(30);
/// A question that took so long did wait.
const WATCHED: Duration = Duration::from_secs(1);
/// Pages of one namespace that are taken before the others have their turn.
const PAGES_MAX: usize = 100;
/// Deleted files of one page that are looked up in the trash at once; more wait for the pass.
const TRASH_MAX: usize = 20;
/// Waits after failures.
const AFTER_FAILURE: Backoff = Backoff { first: Duration::from_secs(1), longest: Duration::from_secs(60) };

/// Follows all namespaces until the service stops.
pub(super) fn run(core: &Core, tenant: &Tenant) -> Result<(), store::Error> {
    let mut failures: u32 = 0;
    while !core.stopped() {
        let wait = match turn(core, tenant) {
            Ok(true) => {
                failures = 0;
                continue;
            }
            Ok(false) => core.options.feed_poll,
            Err(trouble) => {
                core.stats.of(tenant.number).add(Count::FeedErrors, 1);
                failures = failures.saturating_add(1);
                let wait = pause_after(core, &trouble, AFTER_FAILURE.wait(failures, u64::from(failures)));
                take_note(core, tenant, "follow the namespaces", trouble)?;
                wait
            }
        };
        rest(core, tenant, wait);
    }
    Ok(())
}

/// Watches until something has news and takes it; true when there was any, or when the watching itself took its time: then
/// nothing is to be waited for besides.
pub(super) fn turn(core: &Core, tenant: &Tenant) -> Result<bool, Trouble> {
    if !tenant.is_enabled() {
        return Ok(false);
    }
    let mut cursors = core.store.cursors(tenant.number)?;
    cursors.retain(|cursor| is_namespace(&cursor.feed));
    if cursors.is_empty() {
        return Ok(false);
    }
    let mut failed = None;
    let begun = core.clock.elapsed();
    let all = tenant.source.watch(&cursors, PATIENCE);
    let mut news = core.clock.elapsed().saturating_sub(begun) >= WATCHED;
    for watched in all {
        let Some(cursor) = cursors.get(watched.at) else { continue };
        match watched.changed {
            Ok(true) => match take(core, tenant, cursor) {
                Ok(took) => news |= took,
                Err(trouble) => failed = failed.or(Some(trouble)),
            },
            Ok(false) => {}
            Err(error) => match error.next() {
                Next::Reset(_) => restart(core, tenant, cursor)?,
                // It went away: the next pass sees that.
                Next::Gone => {}
                _ => failed = failed.or(Some(error.into())),
            },
        }
    }
    failed.map_or(Ok(news), Err)
}

/// Takes what changed in a namespace, page by page; false when it is being read by somebody else, or holds nothing new.
pub(super) fn take(core: &Core, tenant: &Tenant, seen: &FeedCursor) -> Result<bool, Trouble> {
    let Some(_turn) = tenant.turns.take(&seen.feed) else { return Ok(false) };
    // Whoever had the turn before may have moved on.
    let Some(mut cursor) = core.store.cursors(tenant.number)?.into_iter().find(|cursor| cursor.feed == seen.feed)
    else {
        return Ok(false);
    };
    let mut took = false;
    for _ in 0..PAGES_MAX {
        let changes = match tenant.source.changes(&cursor, Duration::ZERO) {
            Ok(changes) => changes,
            Err(error) if matches!(error.next(), Next::Reset(_)) => {
                restart(core, tenant, &cursor)?;
                return Ok(true);
            }
            Err(error) if error.next() == Next::Gone => return Ok(took),
            Err(error) => return Err(error.into()),
        };
        let offered = core.clock.steady();
        let walk = walk(&cursor);
        let mut pages = Vec::new();
        for mut page in changes.pages {
            took |= !page.items.is_empty() || !page.gone.is_empty();
            send(core, tenant, from_trash(&mut page))?;
            pages.push((walk.clone(), shown::page(core, page, Some(offered))));
        }
        cursor = changes.cursor.clone();
        let changed = TakenChanges {
            activities: Vec::new(),
            promotions: Vec::new(),
            pages,
            cursor: Some(changes.cursor),
            offered,
        };
        step::passed("cursor.before");
        let taken = core.store.take_changes(tenant.number, changed)?;
        step::passed("cursor.after");
        core.stats.of(tenant.number).add(Count::Promotions, taken.jobs);
        if !changes.more || core.stopped() {
            break;
        }
    }
    Ok(took)
}

/// The first few deleted files of a page, which are looked for in the trash now.
fn from_trash(page: &mut Page) -> Vec<Errand> {
    let now = page.found.len().min(TRASH_MAX);
    page.found.drain(..now).map(|found| Errand::of(&found, false)).collect()
}

/// A cursor that is refused: the namespace is walked anew, beside the regular pass.
fn restart(core: &Core, tenant: &Tenant, cursor: &FeedCursor) -> Result<(), Trouble> {
    let walk = Walk { cursor: None, ..walk(cursor) };
    core.store.restart_walk(tenant.number, &walk)?;
    core.stats.of(tenant.number).add(Count::Reconciles, 1);
    tracing::warn!(connector = %tenant.name, feed = &*cursor.feed, "a namespace's position is lost; it is walked anew");
    send(core, tenant, vec![Errand::of(&walk, false)])
}

fn walk(cursor: &FeedCursor) -> Walk {
    Walk {
        id: cursor.feed.clone(),
        place: cursor.feed.strip_prefix("ns:").unwrap_or(&cursor.feed).into(),
        kind: "namespace".into(),
        read_as: cursor.read_as.clone(),
        path: "".into(),
        cursor: Some(cursor.position.clone()),
    }
}
