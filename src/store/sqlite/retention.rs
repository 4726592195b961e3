//! Records that are kept only for a while, deleted in slices.

use super::writer::Haste;
use super::{Desk, Failed, Sqlite, activities, alerts, audit, intents, inventory, messages, standing, verdicts};
use crate::clock::Moment;
use crate::store::{Error, Record};

/// Rows deleted in one piece.
const SLICE: usize = 500;

/// Deletes one slice.
type Slice = fn(&Desk<'_>, Moment) -> Result<usize, Failed>;

/// Deletes records of a kind that ended before a moment.
pub(super) fn forget(store: &Sqlite, kind: Record, before: Moment) -> Result<u64, Error> {
    let mut all = 0;
    for slice in slices(kind) {
        loop {
            let went = store.write_at(Haste::Bulk, "delete old records", move |desk| slice(desk, before))?;
            all += u64::try_from(went).unwrap_or(u64::MAX);
            if went < SLICE {
                break;
            }
        }
    }
    Ok(all)
}

/// What deletes a kind of record, in order.
fn slices(kind: Record) -> &'static [Slice] {
    match kind {
        Record::Activities => &[|desk, before| activities::forget(desk.tx, before, SLICE)],
        // Contents that nobody has, once no row of the past names them.
        Record::PastVerdicts => &[
            |desk, before| standing::forget_past(desk.tx, before, SLICE),
            |desk, before| verdicts::forget_contents(desk.tx, before, SLICE),
        ],
        Record::PastFindings => &[|desk, before| verdicts::forget_findings(desk.tx, before, SLICE)],
        Record::AuditFields => &[|desk, before| audit::forget_details(desk.tx, before, SLICE)],
        Record::GoneItems => &[|desk, before| inventory::forget_gone(desk, before, SLICE)],
        Record::ClosedAlerts => &[|desk, before| alerts::forget_closed(desk, before, SLICE)],
        Record::PastActions => &[|desk, before| intents::forget_past(desk, before, SLICE)],
        Record::PastMessages => &[|desk, before| messages::forget_past(desk, before, SLICE)],
    }
}
