//! Records that are kept only for a while, deleted in slices.

use super::writer::Haste;
use super::{Desk, Failed, Sqlite, inventory};
use crate::clock::Moment;
use crate::store::{Error, Record};

/// Rows deleted in one piece.
const SLICE: usize = 500;

/// Deletes records of a kind that ended before a moment.
pub(super) fn forget(store: &Sqlite, kind: Record, before: Moment) -> Result<u64, Error> {
    let mut all = 0;
    loop {
        let went = store.write_at(Haste::Bulk, "delete old records", move |desk| slice(desk, kind, before))?;
        all += u64::try_from(went).unwrap_or(u64::MAX);
        if went < SLICE {
            return Ok(all);
        }
    }
}

fn slice(desk: &Desk<'_>, kind: Record, before: Moment) -> Result<usize, Failed> {
    match kind {
        Record::GoneItems => inventory::forget_gone(desk, before, SLICE),
        Record::Activities => todo!(),
        Record::PastVerdicts => todo!(),
        Record::PastFindings => todo!(),
        Record::AuditFields => todo!(),
    }
}
