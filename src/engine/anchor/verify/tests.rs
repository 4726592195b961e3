//! Whoever writes the store, with every hash made anew, is found out by the heads.

use super::super::{Head, Heads};
use super::*;
use crate::clock::Clock;
use crate::notify::SignKey;
use crate::store::audit::{BEFORE_ALL, commitment, link};
use crate::store::order::Shares;
use crate::store::sqlite::{Options, Sqlite};
use crate::store::{Audit as _, Connectors as _, Entry, Record, SealKey, Store as _};
use rusqlite::Connection;
use std::path::Path;
use std::time::Duration;

fn shared(folder: &Path, clock: &Clock) -> Sqlite {
    let path = folder.join("store.db");
    let options = Options { path, seal: SealKey::new([7; 32]), clock: clock.clone(), shares: Shares::default() };
    Sqlite::open(options).unwrap()
}

const ENTRIES: u64 = 9;

fn entry(number: u64) -> Entry {
    Entry {
        actor: "operator uid 1000".into(),
        act: "finding.reveal".into(),
        about: format!("finding {number}"),
        details: format!("{{\"reason\":{number}}}"),
    }
}

fn key() -> SignKey {
    SignKey::new(&[3; 32])
}

/// Nine entries, a head after each third; the details of the first two are destroyed when all is written.
fn log(folder: &Path, clock: &Clock) -> String {
    let (store, mut anchor) = (shared(folder, clock), String::new());
    super::super::store_id(&store).unwrap();
    for number in 1..=ENTRIES {
        clock.advance(Duration::from_secs(1));
        store.append(&entry(number)).unwrap();
        if number.is_multiple_of(3) {
            anchor.push_str(&Head::of(&store, &key(), clock.now()).unwrap().line());
            anchor.push('\n');
        }
    }
    store.forget(Record::AuditFields, Moment::from_millis(2_500)).unwrap();
    anchor
}

fn verified(folder: &Path, clock: &Clock, anchor: Option<&str>) -> Verified {
    let store = shared(folder, clock);
    let id = store.fact(None, super::super::STORE).unwrap();
    let heads = anchor.map(|text| Heads::parse(text, &key().public()));
    // Pages of two: a page's edge falls everywhere.
    verify((0, BEFORE_ALL), |after| store.proven(after, 2), heads.as_ref().map(|heads| (heads, id.as_deref()))).unwrap()
}

/// Makes all commitments and hashes anew from an entry on, as whoever knows this program can.
fn rehash(file: &Connection, from: u64) {
    let mut before = BEFORE_ALL;
    let mut all = file
        .prepare("SELECT number, at, actor, act, about, details, salt, commitment, hash FROM audit ORDER BY number")
        .unwrap();
    let mut rows = all.query([]).unwrap();
    while let Some(row) = rows.next().unwrap() {
        let number: i64 = row.get(0).unwrap();
        if number.unsigned_abs() < from {
            before = row.get(8).unwrap();
            continue;
        }
        let entry = Entry {
            actor: row.get(2).unwrap(),
            act: row.get(3).unwrap(),
            about: row.get(4).unwrap(),
            details: row.get::<_, Option<String>>(5).unwrap().unwrap_or_default(),
        };
        let salt: Option<Vec<u8>> = row.get(6).unwrap();
        let committed = salt.map_or_else(|| row.get(7).unwrap(), |salt| commitment(&salt, &entry.details));
        before = link(&before, number.unsigned_abs(), Moment::from_millis(row.get(1).unwrap()), &entry, &committed);
        file.execute("UPDATE audit SET commitment = ?2, hash = ?3 WHERE number = ?1", (number, committed, before))
            .unwrap();
    }
}

#[test]
fn an_edit_a_removal_a_cut_and_a_rewrite_are_told_apart() {
    let at = |seconds: i64| Moment::from_millis(seconds * 1_000);
    #[rustfmt::skip]
    let rows: [(&str, Option<u64>, Vec<Damage>); 11] = [
        ("", None, vec![]),
        ("UPDATE audit SET details = NULL, salt = NULL WHERE number < 6", None, vec![]),
        ("UPDATE audit SET actor = 'service' WHERE number = 5", None, vec![Damage::Edited { entry: 5 }]),
        ("UPDATE audit SET details = '{}' WHERE number = 7", None, vec![Damage::Edited { entry: 7 }]),
        ("DELETE FROM audit WHERE number = 4", None, vec![Damage::Removed { from: 4, to: 4 }]),
        ("DELETE FROM audit WHERE number BETWEEN 2 AND 6", None, vec![Damage::Removed { from: 2, to: 6 }]),
        ("DELETE FROM audit WHERE number > 7", None, vec![Damage::Cut { entries: 7, were: 9, at: at(9) }]),
        ("DELETE FROM audit", None, vec![Damage::Cut { entries: 0, were: 9, at: at(9) }]),
        ("UPDATE audit SET actor = 'service'", Some(1), vec![Damage::Rewritten { after: 0, by: 3, at: at(3) }]),
        ("UPDATE audit SET actor = 'service' WHERE number = 5", Some(5), vec![Damage::Rewritten { after: 3, by: 6, at: at(6) }]),
        ("DELETE FROM audit WHERE number = 4; UPDATE audit SET number = number - 1 WHERE number > 4", Some(4),
            vec![Damage::Rewritten { after: 3, by: 6, at: at(6) }]),
    ];
    for (edit, anew_from, expected) in rows {
        let (folder, clock) = (tempfile::tempdir().unwrap(), Clock::movable());
        let anchor = log(folder.path(), &clock);
        let file = Connection::open(folder.path().join("store.db")).unwrap();
        file.execute_batch(edit).unwrap();
        if let Some(from) = anew_from {
            rehash(&file, from);
            assert_eq!(verified(folder.path(), &clock, None).damage, [], "{edit}: the chain alone shows nothing");
        }
        drop(file);
        let found = verified(folder.path(), &clock, Some(&anchor));
        assert_eq!(found.damage, expected, "{edit}");
        if expected.is_empty() {
            assert_eq!((found.entries, found.heads), (ENTRIES, 3), "{edit}");
        }
        let names: Vec<String> =
            expected.iter().map(|one| one.to_string().split(':').next().unwrap().to_owned()).collect();
        assert_eq!(names, expected.iter().map(|one| one.name().to_owned()).collect::<Vec<_>>());
    }
}

#[test]
fn a_log_that_went_on_after_a_rewrite_is_found_out_too() {
    let (folder, clock) = (tempfile::tempdir().unwrap(), Clock::movable());
    let mut anchor = log(folder.path(), &clock);
    Connection::open(folder.path().join("store.db"))
        .unwrap()
        .execute_batch("DELETE FROM audit WHERE number > 5")
        .unwrap();
    let store = shared(folder.path(), &clock);
    (6..=20).for_each(|number| drop(store.append(&entry(number)).unwrap()));
    anchor.push_str(&(Head::of(&store, &key(), clock.now()).unwrap().line() + "\n"));
    drop(store);
    let damage = verified(folder.path(), &clock, Some(&anchor)).damage;
    assert_eq!(damage, [Damage::Rewritten { after: 3, by: 6, at: Moment::from_millis(6_000) }]);
}

#[test]
fn heads_are_believed_only_from_their_key_and_store() {
    let (folder, clock) = (tempfile::tempdir().unwrap(), Clock::movable());
    let anchor = log(folder.path(), &clock);
    let mut lines: Vec<String> = anchor.lines().map(str::to_owned).collect();
    let (store, head) = (shared(folder.path(), &clock), |key: &SignKey| {
        Head::signed("else".into(), 3, [0; 32], Moment::default(), key).line()
    });
    drop(store);
    let damage = |text: &str| verified(folder.path(), &clock, Some(text)).damage;
    assert_eq!(damage(""), [Damage::NoHeads]);
    assert_eq!(damage(&format!("{anchor}{{\"schema\":\"sluice")), [], "a crash cut the last line short");
    assert_eq!(damage(&format!("{}\n", head(&key()))), [Damage::OtherStore { at: Moment::default() }]);
    let other = head(&SignKey::new(&[4; 32]));
    assert_eq!(damage(&format!("{other}\n{anchor}")), [Damage::BadHead { line: 1, why: HeadError::OtherKey }]);
    lines[1] = lines[1].replace("\"entries\":6", "\"entries\":5");
    assert_eq!(damage(&(lines.join("\n") + "\n")), [Damage::BadHead { line: 2, why: HeadError::Forged }]);
    lines[1] = "{}".to_owned();
    assert_eq!(damage(&(lines.join("\n") + "\n")), [Damage::BadHead { line: 2, why: HeadError::NoHead }]);
}
