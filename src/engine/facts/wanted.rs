//! Whether any policy could come to need a file's content, asked before the first call for it.
//!
//! By then its facts, links and members are as the provider just told them, so a filter on any of them is answered. What its
//! content would tell counts as unknown, and what is unknown is read.
//!
//! What was left unread is asked for again as soon as a policy comes to need it: by its own next job, by a folder's that tells
//! how far everything below is open, at the beginning of each pass (dates come true), and when the policies are others. A job
//! is asked once more when it is settled: policies and folders may have changed since it was fetched.

use super::held::{Held, Shelf, Whose};
use crate::engine::core::{Core, Tenant};
use crate::engine::pool::Work;
use crate::engine::settle::Standing;
use crate::model::{Coverage, ItemKind, ItemNumber, Lane, Reason, Todo};
use crate::policy::{Facts, Tags, Wants};
use crate::store::{Ask, Error, Known, Scope};

/// Items looked at in one go.
const BATCH: usize = 1_000;
/// Which policies the unread contents were last held against.
const HELD_AGAINST: &str = "policies.needed";

/// True while everything is read, whatever the policies ask.
pub(crate) fn all_is_wanted(core: &Core) -> bool {
    !core.options.only_needed || core.governing().wanted().is_everything()
}

/// True when the content of a job's item, as told last and reached as `standing` says, is to be read.
pub(crate) fn is_wanted(core: &Core, work: &Work, standing: &Standing) -> Result<bool, Error> {
    let (governing, tenant, now) = (core.governing(), &work.tenant, core.clock.now());
    if all_is_wanted(core) {
        return Ok(true);
    }
    let Standing { own, above, judged } = standing;
    let item = work.item.clone();
    let known = Known { item, exposure: Some(*judged), coverage: None, reading: None, ..work.job.known.clone() };
    let (directory, tags) = (tenant.directory(), Tags::default());
    let whose = Whose { name: &tenant.name, provider: tenant.provider, directory: Some(&directory), tags: &tags, now };
    let mut held = Held::about_to_be(known, own.clone(), above);
    let rests_on = governing.wanted().rests_on();
    let mut shelf = Shelf::new(&*core.store, None);
    for part in [Wants::ACTIVITY, Wants::QUARANTINE.and(Wants::POLICIES)] {
        if rests_on.touches(part) {
            held.want(part, whose, &mut shelf)?;
        }
    }
    Ok(governing.wanted().wants(&Facts { tags: None, ..held.facts(whose) }, now))
}

/// Asks for the contents of these items that were left unread and that a policy needs now; how many.
pub(crate) fn ask_for_needed(core: &Core, tenant: &Tenant, items: &[Known]) -> Result<u64, Error> {
    let is_unread = |known: &&Known| {
        let skipped = known.coverage == Some(Coverage::Skipped(Reason::NotNeeded));
        skipped && known.item.kind == ItemKind::File && known.gone.is_none()
    };
    let unread: Vec<&Known> = items.iter().filter(is_unread).collect();
    if unread.is_empty() {
        return Ok(0);
    }
    let (governing, directory, tags) = (core.governing(), tenant.directory(), Tags::default());
    let now = core.clock.now();
    let whose = Whose { name: &tenant.name, provider: tenant.provider, directory: Some(&directory), tags: &tags, now };
    let mut shelf = Shelf::new(&*core.store, None);
    let (wanted, reach) = (governing.wanted(), tenant.reach());
    let all = all_is_wanted(core);
    let mut asks = Vec::new();
    for known in unread {
        if !reach.is_everything() && reach.refuses(&known.item, &core.store.above(known.number)?).is_some() {
            continue;
        }
        let mut held = Held::of(known, None, None);
        if !all {
            held.want(wanted.rests_on(), whose, &mut shelf)?;
        }
        if all || wanted.wants(&Facts { tags: None, ..held.facts(whose) }, now) {
            let (item, lane, todo) = (known.number, Lane::Recheck, Todo::CONTENT);
            asks.push(Ask { item, lane, todo, priority: 0, offered: None, happened: None });
        }
    }
    if asks.is_empty() { Ok(0) } else { core.store.ask(&asks) }
}

/// Asks for everything of a tenant that was left unread and that a policy needs now, when the policies are others than those
/// it was last held against, or in any case (`again`).
pub(crate) fn look_for_needed(core: &Core, tenant: &Tenant, again: bool) -> Result<(), Error> {
    let present = if core.options.only_needed { core.governing().wanted_print() } else { String::new() };
    let kept = core.store.fact(Some(tenant.number), HELD_AGAINST)?.unwrap_or_default();
    let skipped = Some(Coverage::Skipped(Reason::NotNeeded));
    if kept == present && !again {
        return Ok(());
    }
    let rows = core.store.coverage(None)?;
    if rows.iter().any(|row| row.connector == tenant.number && row.coverage == skipped && row.items > 0) {
        let scope = Scope { connector: Some(tenant.number), kind: Some(ItemKind::File), ..Scope::default() };
        let mut after: Option<ItemNumber> = None;
        while !core.stopped() {
            let items = core.store.items(&scope, after, BATCH)?;
            let Some(last) = items.last() else { break };
            after = Some(last.number);
            ask_for_needed(core, tenant, &items)?;
        }
    }
    if core.stopped() || kept == present {
        return Ok(());
    }
    core.store.keep_fact(
        Some(tenant.number),
        HELD_AGAINST,
        Some(&present).filter(|text| !text.is_empty()).map(String::as_str),
    )
}
