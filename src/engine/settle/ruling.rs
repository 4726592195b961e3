//! What the policies say of a job's item, from the facts as they will stand once it is settled.

use super::reach::{Standing, standing};
use crate::clock::Moment;
use crate::engine::core::Core;
use crate::engine::facts::held::{Held, Inspected};
use crate::engine::fetch::has_moved;
use crate::engine::judge::{Judge, Occasion, Of};
use crate::engine::pool::Work;
use crate::model::{Coverage, Item, ItemKind};
use crate::store::{Error, Known, Outcome, ReadingNumber, Ruling};

/// Judges a job's item; `None` while there is no policy. `told` is who reaches it, where that was told just now.
pub(super) fn ruling(core: &Core, work: &Work, told: Option<Standing>) -> Result<Option<Ruling>, Error> {
    let governing = core.governing();
    if governing.is_nothing() || work.job.known.is_top {
        return Ok(None);
    }
    let Standing { own, above, .. } = told.map_or_else(|| standing(core, work), Ok)?;
    let (tags, directory, now) = (core.tags(), work.tenant.directory(), core.clock.now());
    let mut held = Held::about_to_be(about_to_be(core, work, now)?, own, &above);
    if let Some(Outcome::Read { content, verdict, .. }) = &work.settlement.outcome {
        held = held.read(Inspected::fresh(verdict, *content));
    }
    let mut judge = Judge::new(&governing, &*core.store, &tags, now);
    let occasion = Occasion::of(work.job.lane, core.in_force().number);
    judge.rule(&mut held, Of::tenant(&work.tenant, &directory), occasion).map(Some)
}

/// The item as the store will have it.
fn about_to_be(core: &Core, work: &Work, now: Moment) -> Result<Known, Error> {
    let known = &work.job.known;
    let (coverage, reading) = read_by_then(core, work)?;
    Ok(Known {
        item: item(work),
        exposure: work.settlement.exposure.or(known.exposure),
        changed: if work.item == known.item { known.changed } else { now },
        coverage,
        reading,
        ..known.clone()
    })
}

/// Its facts; its path as the store puts it together, unless it lies elsewhere now.
fn item(work: &Work) -> Item {
    let known = &work.job.known.item;
    let same_place = known.name == work.item.name && !has_moved(known, &work.item);
    let path = if same_place { known.path.clone().or_else(|| work.item.path.clone()) } else { work.item.path.clone() };
    Item { path, ..work.item.clone() }
}

/// Coverage and reading of the version that it will have.
fn read_by_then(core: &Core, work: &Work) -> Result<(Option<Coverage>, Option<ReadingNumber>), Error> {
    let known = &work.job.known;
    Ok(match &work.settlement.outcome {
        Some(Outcome::Read { verdict, .. }) => (Some(verdict.coverage), None),
        Some(Outcome::Known { reading, .. }) => {
            (core.store.reading(*reading)?.map(|reading| reading.coverage), Some(*reading))
        }
        Some(Outcome::Skipped(reason)) => (Some(Coverage::Skipped(*reason)), None),
        // Another version than the one that was read waits for its own verdict.
        None if work.item.kind == ItemKind::File && work.item.version != known.item.version => (None, None),
        None => (known.coverage, known.reading),
    })
}
