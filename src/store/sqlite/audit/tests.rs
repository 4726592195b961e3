//! Whoever edits the log with other tools is found out.

use super::*;
use crate::clock::Clock;
use crate::store::behaviours::shared;
use crate::store::{Record, Store};
use std::path::Path;
use std::time::Duration;

/// Four entries, the first without its details any more.
fn log(folder: &Path, clock: &Clock) {
    let store = shared(folder, clock);
    for number in 1..=4 {
        clock.advance(Duration::from_secs(1));
        let entry = Entry {
            actor: "operator uid 1000".into(),
            act: "finding.reveal".into(),
            about: format!("finding {number}"),
            details: format!("{{\"reason\":{number}}}"),
        };
        store.append(&entry).unwrap();
    }
    store.forget(Record::AuditFields, Moment::from_millis(1_500)).unwrap();
    assert_eq!(store.verify_audit().unwrap(), 4);
}

#[test]
fn an_edited_log_does_not_verify() {
    let rows: [(&str, Option<u64>); 13] = [
        ("UPDATE audit SET actor = 'service' WHERE number = 1", Some(1)),
        ("UPDATE audit SET act = 'finding.show' WHERE number = 2", Some(2)),
        ("UPDATE audit SET about = 'finding 9' WHERE number = 3", Some(3)),
        ("UPDATE audit SET at = at + 1 WHERE number = 4", Some(4)),
        ("UPDATE audit SET act = act || about, about = '' WHERE number = 2", Some(2)),
        ("UPDATE audit SET details = '{}' WHERE number = 2", Some(2)),
        ("UPDATE audit SET details = '{}' WHERE number = 1", Some(1)),
        ("UPDATE audit SET salt = NULL WHERE number = 2", Some(2)),
        ("UPDATE audit SET commitment = (SELECT commitment FROM audit WHERE number = 3) WHERE number = 2", Some(2)),
        ("UPDATE audit SET hash = zeroblob(32) WHERE number = 3", Some(3)),
        ("DELETE FROM audit WHERE number = 2", Some(2)),
        ("DELETE FROM audit WHERE number = 1; UPDATE audit SET number = number - 1", Some(1)),
        ("UPDATE audit SET details = NULL, salt = NULL WHERE number = 3", None),
    ];
    for (edit, bad) in rows {
        let folder = tempfile::tempdir().unwrap();
        let clock = Clock::movable();
        log(folder.path(), &clock);
        rusqlite::Connection::open(folder.path().join("store.db")).unwrap().execute_batch(edit).unwrap();
        let verified = shared(folder.path(), &clock).verify_audit();
        match bad {
            None => assert_eq!(verified.unwrap(), 4, "{edit}"),
            Some(number) => {
                let error = verified.expect_err(edit);
                assert!(
                    error.is_damaged() && error.to_string().contains(&format!("entry {number} ")),
                    "{edit}: {error}"
                );
            }
        }
    }
}
