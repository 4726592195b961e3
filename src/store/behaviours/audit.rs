//! What a store must show of the audit log: nothing in it can be changed unseen, and personal fields can be destroyed.

use super::{Behaviour, Stand};
use crate::store::audit::BEFORE_ALL;
use crate::store::{Entry, EntryRow, Record};
use std::time::Duration;

/// The list.
pub(super) const BEHAVIOURS: &[Behaviour] = &[
    ("the audit log keeps its order", keeps_its_order),
    ("personal fields go and the chain stays", fields_go_and_the_chain_stays),
];

fn entry(number: u32) -> Entry {
    Entry {
        actor: "operator uid 1000".into(),
        act: "finding.reveal".into(),
        about: format!("finding {number}"),
        details: format!("{{\"reason\":\"ticket {number}\"}}"),
    }
}

fn append(stand: &Stand, number: u32) -> EntryRow {
    stand.clock.advance(Duration::from_secs(1));
    stand.store.append(&entry(number)).unwrap()
}

fn keeps_its_order(stand: &mut Stand) {
    assert_eq!(stand.store.verify_audit().unwrap(), 0);
    assert_eq!(stand.store.audit_head().unwrap(), (0, BEFORE_ALL));
    let written: Vec<EntryRow> = (1..=5).map(|number| append(stand, number)).collect();
    assert_eq!(written.iter().map(|row| row.number).collect::<Vec<_>>(), [1, 2, 3, 4, 5]);
    assert_eq!(written[2].entry, entry(3));
    stand.crash();
    assert_eq!(stand.store.entries(0, 9).unwrap(), written);
    assert_eq!(stand.store.entries(2, 2).unwrap(), written[2..4]);
    assert_eq!(stand.store.verify_audit().unwrap(), 5);
    assert_eq!(stand.store.audit_head().unwrap(), (5, written[4].hash));
    let proven = stand.store.proven(2, 2).unwrap();
    assert_eq!(proven.iter().map(|one| &one.row).collect::<Vec<_>>(), written[2..4].iter().collect::<Vec<_>>());
    assert!(proven[0].follows(&written[1].hash) && proven[1].follows(&proven[0].row.hash));
    assert!(!proven[1].follows(&written[1].hash));
    let same = (append(stand, 7), append(stand, 7));
    assert_ne!(same.0.hash, same.1.hash);
}

fn fields_go_and_the_chain_stays(stand: &mut Stand) {
    let written: Vec<EntryRow> = (1..=4).map(|number| append(stand, number)).collect();
    assert_eq!(stand.store.forget(Record::AuditFields, written[2].at).unwrap(), 2);
    let kept = stand.store.entries(0, 9).unwrap();
    for (row, before) in kept.iter().zip(&written) {
        let gone = row.number <= 2;
        assert_eq!(row.entry.details.is_empty(), gone);
        assert_eq!((row.hash, &row.entry.about), (before.hash, &before.entry.about));
    }
    assert_eq!(stand.store.verify_audit().unwrap(), 4, "the chain holds without them");
    assert_eq!(stand.store.forget(Record::AuditFields, written[2].at).unwrap(), 0, "once");
    append(stand, 5);
    assert_eq!(stand.store.verify_audit().unwrap(), 5);
}
