//! How far items are open, told from what is stored: own sharing, folders above, the directory. No call is made here.
//!
//! Below a folder items are told again in bounded batches, and the position is durable: a folder with a million files below it
//! neither holds a lease for ever nor begins anew after a stop.

use super::core::{Core, Tenant};
use super::facts::wanted::ask_for_needed;
use super::judge::{self, Occasion};
use crate::clock::Moment;
use crate::model::{Audience, Directory, Exposure, ItemNumber, Lane, Link, Member, Members, Sharing};
use crate::provider::exposure::{Above, exposure};
use crate::store::{Error, Judged, Known, Scope};
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

/// Items told in one transaction.
const BATCH: usize = 1_000;

/// How far an item is open now. `own` is its own sharing where the caller just asked for it, else what is stored counts.
///
/// # Errors
/// When the store could not be read.
pub fn tell(core: &Core, tenant: &Tenant, known: &Known, own: Option<&Sharing>) -> Result<(Exposure, Judged), Error> {
    let above = handed_down(core, known.number)?;
    let stored = match own {
        Some(_) => None,
        None => core.store.sharing(known.number)?,
    };
    let own = own.or(stored.as_ref()).cloned().unwrap_or_default();
    let (people, unlinked) = (tenant.directory(), tenant.feed.unlinked());
    let facts = Facts { people: &people, unlinked: &unlinked, at: core.clock.now() };
    Ok(judge(known, own, &above, facts))
}

/// What a folder is told again for.
#[derive(Clone, Copy, Debug)]
pub struct Told {
    /// The revision of the job's lease.
    pub revision: i64,
    /// The job's lane.
    pub lane: Lane,
}

/// Tells the exposure of a folder and of everything below it again, and judges all that by it. `on` is asked before each batch;
/// when it says no, the position is kept and the answer is false: the rest is told when this is called again with the same
/// revision. With another one something was asked for anew meanwhile, and it begins anew.
///
/// Policies are told of every item; people only of those of the first batch one by one, of the rest by their alerts.
///
/// # Errors
/// When the store could not be read or written.
pub fn below(
    core: &Core,
    tenant: &Tenant,
    folder: ItemNumber,
    told: Told,
    on: &mut dyn FnMut() -> bool,
) -> Result<bool, Error> {
    let fact = format!("exposure.below.{folder}");
    let revision = told.revision;
    let kept = core.store.fact(Some(tenant.number), &fact)?;
    let mut occasion = Occasion::of(told.lane, core.in_force().number);
    let mut after = kept.and_then(|text| position(&text, revision));
    if after.is_none()
        && let Some(known) = core.store.item(folder)?.filter(|known| !known.is_top)
    {
        let told = tell(core, tenant, &known, None)?.1;
        core.store.keep_exposure(&[(folder, told)])?;
        judge::keep(core, tenant, &[Known { exposure: Some(told), ..known }], occasion)?;
    }
    let scope = Scope { connector: Some(tenant.number), below: Some(folder), ..Scope::default() };
    let mut ways = Ways::default();
    while on() {
        let batch = core.store.items(&scope, after, BATCH)?;
        if let Some(last) = batch.last() {
            occasion.tells &= after.is_none();
            tell_all(core, tenant, &batch, &mut ways, occasion)?;
            after = Some(last.number);
        }
        if batch.len() < BATCH {
            core.store.keep_fact(Some(tenant.number), &fact, None)?;
            return Ok(true);
        }
        let place = after.map(|after| format!("{revision}@{after}"));
        core.store.keep_fact(Some(tenant.number), &fact, place.as_deref())?;
    }
    Ok(false)
}

/// The position that was kept for this revision.
fn position(kept: &str, revision: i64) -> Option<ItemNumber> {
    let (of, after) = kept.split_once('@')?;
    (of.parse() == Ok(revision)).then(|| after.parse().ok().map(ItemNumber))?
}

fn tell_all(core: &Core, tenant: &Tenant, items: &[Known], ways: &mut Ways, occasion: Occasion) -> Result<(), Error> {
    let (people, unlinked) = (tenant.directory(), tenant.feed.unlinked());
    let facts = Facts { people: &people, unlinked: &unlinked, at: core.clock.now() };
    let mut told = Vec::with_capacity(items.len());
    let mut stand = Vec::with_capacity(items.len());
    for known in items.iter().filter(|known| known.gone.is_none()) {
        let above = ways.of(core, known)?;
        let own = core.store.sharing(known.number)?.unwrap_or_default();
        let judged = judge(known, own, &above, facts).1;
        told.push((known.number, judged));
        stand.push(Known { exposure: Some(judged), ..known.clone() });
    }
    told.chunks(BATCH).try_for_each(|some| core.store.keep_exposure(some))?;
    judge::keep(core, tenant, &stand, occasion)?;
    ask_for_needed(core, tenant, &stand).map(drop)
}

/// What folders hand down, by the folder an item lies in: items of one folder share it.
#[derive(Debug, Default)]
struct Ways(HashMap<ItemNumber, Arc<[Above]>>);

/// Folders whose ways up are remembered at a time.
const WAYS_MAX: usize = 10_000;

impl Ways {
    fn of(&mut self, core: &Core, known: &Known) -> Result<Arc<[Above]>, Error> {
        let Some(parent) = known.parent else { return Ok(Arc::from([])) };
        if let Some(way) = self.0.get(&parent) {
            return Ok(Arc::clone(way));
        }
        if self.0.len() >= WAYS_MAX {
            self.0.clear();
        }
        let way: Arc<[Above]> = handed_down(core, known.number)?.into();
        self.0.insert(parent, Arc::clone(&way));
        Ok(way)
    }
}

fn handed_down(core: &Core, item: ItemNumber) -> Result<Vec<Above>, Error> {
    let folders = core.store.above(item)?;
    Ok(folders.into_iter().map(|folder| Above { id: folder.id, sharing: folder.sharing }).collect())
}

/// What exposures are told by, beside the items' own facts.
#[derive(Clone, Copy)]
struct Facts<'a> {
    people: &'a Directory,
    /// Accounts whose links nobody can tell.
    unlinked: &'a BTreeSet<Arc<str>>,
    at: Moment,
}

fn judge(known: &Known, mut own: Sharing, above: &[Above], facts: Facts<'_>) -> (Exposure, Judged) {
    own.outside_owner |= known.item.outside_owner;
    let until = next_end(&own, above, facts.at);
    let mut told = exposure(&known.item.id, &own, above, facts.people, facts.at);
    let owner = known.item.owner.as_ref().and_then(|owner| owner.account.as_ref());
    if owner.is_some_and(|account| facts.unlinked.contains(account)) && !told.unknown.contains(&known.item.id) {
        told.unknown.push(Arc::clone(&known.item.id));
    }
    let judged = Judged { level: told.level, known: told.is_known(), until };
    (told, judged)
}

/// When the first of the links and memberships ends that the exposure rests on.
fn next_end(own: &Sharing, above: &[Above], at: Moment) -> Option<Moment> {
    let all = std::iter::once(own).chain(above.iter().map(|folder| &*folder.sharing));
    all.flat_map(ends).filter(|end| *end > at).min()
}

fn ends(sharing: &Sharing) -> impl Iterator<Item = Moment> {
    let members: &[Member] = match &sharing.members {
        Members::Known(members) => members,
        Members::None | Members::Hidden => &[],
    };
    let opens = |link: &&Link| link.audience != Audience::Members;
    let links = sharing.links.iter().filter(opens).filter_map(|link| link.expires);
    links.chain(members.iter().filter_map(|member| member.expires))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Who;

    #[test]
    fn a_position_is_one_revisions() {
        for (kept, after) in [("7@40", Some(ItemNumber(40))), ("8@40", None), ("7@", None), ("", None)] {
            assert_eq!(position(kept, 7), after, "{kept}");
        }
    }

    #[test]
    fn the_next_end_is_the_first_that_is_still_to_come() {
        let at = Moment::from_millis;
        let link = |audience, expires: Option<i64>| Link {
            audience,
            password: false,
            expires: expires.map(at),
            download: None,
            url: None,
        };
        let member = |expires: Option<i64>| Member {
            id: None,
            who: Who::Unauthenticated,
            role: "viewer".into(),
            pending: false,
            inherited_from: None,
            expires: expires.map(at),
        };
        let of = |links: Vec<Link>, members: Vec<Member>| Sharing {
            links,
            members: if members.is_empty() { Members::None } else { Members::Known(members) },
            ..Sharing::default()
        };
        for (own, folder, end) in [
            (of(vec![], vec![]), of(vec![], vec![]), None),
            (of(vec![link(Audience::Public, None)], vec![]), of(vec![], vec![]), None),
            (of(vec![link(Audience::Public, Some(90))], vec![]), of(vec![], vec![]), None),
            (of(vec![link(Audience::Public, Some(100))], vec![]), of(vec![], vec![]), None),
            (of(vec![link(Audience::Public, Some(300))], vec![]), of(vec![], vec![member(Some(200))]), Some(200)),
            (of(vec![link(Audience::Members, Some(150))], vec![member(Some(400))]), of(vec![], vec![]), Some(400)),
            (of(vec![], vec![member(None)]), of(vec![link(Audience::Company, Some(101))], vec![]), Some(101)),
        ] {
            let above = [Above { id: "f".into(), sharing: Arc::new(folder) }];
            assert_eq!(next_end(&own, &above, at(100)), end.map(at));
        }
    }
}
