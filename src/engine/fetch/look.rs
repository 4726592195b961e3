//! LOOK: what the item is now, and what more that asks for.

use super::Fetcher;
use super::fault::Fault;
use crate::engine::names;
use crate::engine::pool::Work;
use crate::engine::stats::Count;
use crate::engine::step;
use crate::model::{Item, ItemKind, Todo};
use crate::provider::{Glance, Next};
use crate::store::{Known, Listed};

impl Fetcher {
    /// Asks for the item's present facts; false when it is there no more.
    pub(super) fn look(&self, work: &mut Work) -> Result<bool, Fault> {
        let known = &work.job.known.item;
        let glance = Glance {
            id: known.id.clone(),
            kind: known.kind,
            read_as: known.read_as.clone(),
            place: known.place.clone(),
        };
        work.looks += 1;
        let item = match work.tenant.source.look(&glance, &work.tenant.directory()) {
            Ok(item) => item,
            Err(error) if error.next() == Next::Gone => {
                work.settlement.gone = true;
                work.did(work.todo);
                return Ok(false);
            }
            Err(error) => return Err(error.into()),
        };
        step::passed("look.after");
        self.core.stats.of(work.tenant.number).add(Count::Looked, 1);
        work.todo = work.todo.and(asked_by(&work.job.known, &item));
        if item.has_members && self.core.store.sharing(work.job.known.number)?.is_none() {
            work.todo = work.todo.and(Todo::SHARING);
        }
        work.did(Todo::LOOK);
        let shown = names::cover(&self.core.in_force().matcher, &item.name);
        work.settlement.facts = Some(Listed { item: item.clone(), shown });
        work.item = item;
        Ok(true)
    }
}

/// What the difference between what was known and what is calls for.
fn asked_by(known: &Known, now: &Item) -> Todo {
    let before = &known.item;
    let is_new = before.name.is_empty() || known.gone.is_some();
    let mut todo = Todo::EXPOSURE;
    let content = is_new || before.version != now.version || before.hash != now.hash || known.coverage.is_none();
    if now.kind == ItemKind::File && content {
        todo = todo.and(Todo::CONTENT);
    }
    if is_new || before.has_members != now.has_members || before.link != now.link || before.etag != now.etag {
        todo = todo.and(Todo::SHARING);
    }
    if now.kind == ItemKind::Folder && has_moved(before, now) && !is_new {
        todo = todo.and(Todo::BELOW);
    }
    todo
}

/// True when it lies elsewhere than before.
pub(crate) fn has_moved(before: &Item, now: &Item) -> bool {
    before.place != now.place
        || (now.parent.is_some() && before.parent != now.parent)
        || (now.parent.is_none() && folder_of(before) != folder_of(now))
}

/// The path of the folder an item lies in, in lower case, where paths say it (Dropbox).
pub(crate) fn folder_of(item: &Item) -> Option<String> {
    let path = item.path.as_deref()?;
    Some(path.rsplit_once('/').map_or("", |(folder, _)| folder).to_lowercase())
}
