//! How far one item is open: its own sharing and that of the folders above it.

use super::Reach;
use crate::clock::Moment;
use crate::engine::core::Core;
use crate::engine::fetch::{folder_of, has_moved};
use crate::engine::pool::Work;
use crate::model::{Directory, ItemKind, Members, Provider, Sharing};
use crate::provider::exposure::{self, exposure};
use crate::store::{Above, Error, Judged, Known, Store};
use std::sync::Arc;

/// Tells it for a job's item.
pub(super) fn reach(core: &Core, work: &Work) -> Result<Reach, Error> {
    let stored = core.store.sharing(work.job.known.number)?.unwrap_or_default();
    let standing = stands(core, work, &stored)?;
    let (people, at) = (work.tenant.directory(), core.clock.now());
    let without = judge(&work.item.id, &Sharing::default(), &standing.above, &people, at);
    let (adds, own_changed) = (standing.judged != without, standing.own != stored);
    Ok(Reach { standing, adds, own_changed })
}

/// Who reaches an item, and how far it is open.
#[derive(Debug)]
pub(crate) struct Standing {
    /// Its own sharing.
    pub(crate) own: Sharing,
    /// The folders above, nearest first.
    pub(crate) above: Vec<Above>,
    /// How far it is open.
    pub(crate) judged: Judged,
}

/// Tells it for a job's item, by what is stored and what was just told.
pub(crate) fn standing(core: &Core, work: &Work) -> Result<Standing, Error> {
    stands(core, work, &core.store.sharing(work.job.known.number)?.unwrap_or_default())
}

fn stands(core: &Core, work: &Work, stored: &Sharing) -> Result<Standing, Error> {
    let own = own(work, stored);
    let above = above_of(&*core.store, work)?;
    let judged = judge(&work.item.id, &own, &above, &work.tenant.directory(), core.clock.now());
    Ok(Standing { own, above, judged })
}

/// The item's own sharing: as stored, with what was just told in its place.
fn own(work: &Work, stored: &Sharing) -> Sharing {
    let mut own = stored.clone();
    if let Some(told) = &work.settlement.sharing {
        own.members = told.members.clone();
        own.whole_company = told.whole_company;
        // Dropbox tells links by person, and they are stored; what a namespace tells of itself comes on top.
        let further = told.links.iter().filter(|link| !stored.links.contains(link));
        own.links.extend(further.cloned());
    }
    if work.tenant.provider == Provider::Box {
        own.links = work.item.link.iter().cloned().collect();
    }
    own.outside_owner |= work.item.outside_owner;
    own
}

/// The folders above a job's item, nearest first: where it lies now, also when the store does not know that yet.
pub(crate) fn above_of(store: &dyn Store, work: &Work) -> Result<Vec<Above>, Error> {
    let known = &work.job.known;
    let moved = work.settlement.facts.is_some() && has_moved(&known.item, &work.item);
    let new_folder = if moved { folder_now(store, work)? } else { None };
    let Some(folder) = new_folder else { return store.above(known.number) };
    let sharing = store.sharing(folder.number)?.unwrap_or_default();
    let nearest =
        Above { number: folder.number, id: folder.item.id, name: folder.item.name, sharing: Arc::new(sharing) };
    let further = store.above(folder.number)?;
    Ok(std::iter::once(nearest).chain(further).collect())
}

/// The folder the item lies in by the provider's newest word, as far as it is known.
fn folder_now(store: &dyn Store, work: &Work) -> Result<Option<Known>, Error> {
    let item = &work.item;
    match (&item.parent, folder_of(item)) {
        (Some(parent), _) => store.find(work.tenant.number, ItemKind::Folder, parent),
        (None, Some(path)) => store.find_path(work.tenant.number, &item.place, &path),
        (None, None) => Ok(None),
    }
}

/// Level, certainty and the next moment at which both may change by themselves.
fn judge(id: &Arc<str>, own: &Sharing, above: &[Above], people: &Directory, at: Moment) -> Judged {
    let folders: Vec<exposure::Above> =
        above.iter().map(|above| exposure::Above { id: above.id.clone(), sharing: above.sharing.clone() }).collect();
    let told = exposure(id, own, &folders, people, at);
    let ends = std::iter::once(own).chain(above.iter().map(|above| &*above.sharing)).flat_map(ends);
    Judged { level: told.level, known: told.is_known(), until: ends.filter(|end| *end > at).min() }
}

fn ends(sharing: &Sharing) -> impl Iterator<Item = Moment> {
    let members = match &sharing.members {
        Members::Known(members) => members.as_slice(),
        Members::None | Members::Hidden => &[],
    };
    let links = sharing.links.iter().filter_map(|link| link.expires);
    links.chain(members.iter().filter_map(|member| member.expires))
}
