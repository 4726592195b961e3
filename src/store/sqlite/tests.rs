//! What a store in a file must show beside the behaviours of every store: who may open it, what damage and a full disk do, how
//! the writer shares its transactions, and what of a name is in the file.

use super::*;
use crate::model::{ConnectorNumber, Lane, Provider, Todo};
use crate::store::behaviours::{file, good, options, page, shared, walk};
use crate::store::error::Kind;
use crate::store::queue::Ask;
use crate::store::{Connectors, Inventory, Queue};
use std::os::unix::fs::PermissionsExt;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

fn fresh() -> (tempfile::TempDir, Clock) {
    (good(tempfile::tempdir()), Clock::movable())
}

fn connector(store: &Sqlite) -> ConnectorNumber {
    good(store.connector(&good("main".parse()), Provider::Box)).number
}

/// A store with so many files in it, closed in good order.
fn filled(folder: &Path, clock: &Clock, files: usize) {
    let store = shared(folder, clock);
    let of = connector(&store);
    let files: Vec<_> = (0..files).map(|n| file(&n.to_string(), "a")).collect();
    for files in files.chunks(1_000) {
        good(store.take_page(of, &walk("root:7"), page(files), Lane::Backlog));
    }
}

#[track_caller]
fn refused(folder: &Path, clock: &Clock) -> Kind {
    Sqlite::open(options(folder, clock)).expect_err("it must not open").kind().clone()
}

#[track_caller]
fn not_read(folder: &Path, clock: &Clock) -> Kind {
    Sqlite::open_read_only(options(folder, clock)).expect_err("it must not open").kind().clone()
}

#[test]
fn one_writes_and_many_read() {
    let (folder, clock) = fresh();
    assert_eq!(not_read(folder.path(), &clock), Kind::Missing);
    let store = shared(folder.path(), &clock);
    assert_eq!(refused(folder.path(), &clock), Kind::InUse);
    let of = connector(&store);
    let reading = good(Sqlite::open_read_only(options(folder.path(), &clock)));
    good(store.keep_fact(Some(of), "a", Some("1")));
    assert_eq!(good(reading.fact(Some(of), "a")).as_deref(), Some("1"), "a reader sees what was committed");
    let failed = reading.keep_fact(None, "a", Some("2")).expect_err("it is open to be read");
    assert!(matches!(failed.kind(), Kind::Refused(_)), "{failed}");
    drop(store);
    assert_eq!(good(reading.fact(Some(of), "a")).as_deref(), Some("1"), "and goes on without the writer");
    drop(reading);
    let alone = good(Sqlite::open_read_only(options(folder.path(), &clock)));
    assert_eq!(good(alone.fact(Some(of), "a")).as_deref(), Some("1"), "also where nobody has written since");
    let again = shared(folder.path(), &clock);
    assert_eq!(connector(&again), of);
    for name in ["store.db", "store.db-wal", "store.db-shm", "store.db-writer"] {
        let mode = good(std::fs::metadata(folder.path().join(name))).permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{name}");
    }
    let health = good(again.health());
    assert!(health.bytes > 0 && health.free_bytes > 0 && health.schema == 5, "{health:?}");
    good(again.check());
}

#[test]
fn other_files_other_schemas_and_other_keys_are_told_apart() {
    let (folder, clock) = fresh();
    filled(folder.path(), &clock, 1);
    let path = folder.path().join("store.db");
    let change = |sql: &str| good(good(Connection::open(&path)).execute_batch(sql));
    change("PRAGMA user_version = 9");
    assert_eq!(refused(folder.path(), &clock), Kind::Newer { schema: 9, known: 5 });
    assert_eq!(not_read(folder.path(), &clock), Kind::Newer { schema: 9, known: 5 });
    change("PRAGMA user_version = 1");
    assert_eq!(not_read(folder.path(), &clock), Kind::Older { schema: 1, known: 5 });
    change("PRAGMA user_version = 5; PRAGMA application_id = 5");
    assert_eq!((refused(folder.path(), &clock), not_read(folder.path(), &clock)), (Kind::Foreign, Kind::Foreign));
    change("PRAGMA application_id = 0x736c7569");
    let other = Options { seal: SealKey::new([9; 32]), ..options(folder.path(), &clock) };
    assert_eq!(Sqlite::open(other).expect_err("the names are sealed with another key").kind(), &Kind::WrongKey);
    drop(shared(folder.path(), &clock));
    good(std::fs::write(&path, "this is a letter to a friend, and no store at all ".repeat(100)));
    assert_eq!((refused(folder.path(), &clock), not_read(folder.path(), &clock)), (Kind::Foreign, Kind::Foreign));
    assert!(good(std::fs::read_to_string(&path)).starts_with("this is a letter"));
}

#[test]
fn damage_is_found_at_open_and_nothing_is_built_anew() {
    for (what, closed) in [("overwritten", true), ("overwritten", false), ("cut", true)] {
        let (folder, clock) = fresh();
        filled(folder.path(), &clock, 2_000);
        let path = folder.path().join("store.db");
        if !closed {
            good(
                good(Connection::open(&path)).execute_batch("UPDATE fact SET value = '0' WHERE name = 'store.closed'"),
            );
        }
        let mut bytes = good(std::fs::read(&path));
        let half = bytes.len() / 2;
        if what == "cut" {
            bytes.truncate(half);
        } else {
            bytes[half..half + 40_000].fill(0xa5);
        }
        good(std::fs::write(&path, &bytes));
        let kind = refused(folder.path(), &clock);
        assert!(matches!(kind, Kind::Damaged(_)), "{what}: {kind:?}");
        assert!(good(std::fs::read(&path)) == bytes, "{what}: the file was touched");
    }
}

#[test]
fn a_full_disk_stops_writing_and_nothing_else() {
    let (folder, clock) = fresh();
    let store = shared(folder.path(), &clock);
    let of = connector(&store);
    let limit = |pages: &'static str| {
        good(store.write(Haste::Live, "set a limit", move |tx| {
            tx.query_row(&format!("PRAGMA max_page_count = {pages}"), [], |_| Ok(()))?;
            Ok(())
        }));
    };
    limit("120");
    let mut taken = 0;
    let full = (0..1_000).find_map(|n| {
        let files: Vec<_> = (0..20).map(|m| file(&format!("{n}-{m}"), "a")).collect();
        let told = store.take_page(of, &walk("root:7"), page(&files), Lane::Backlog);
        taken += u64::from(told.is_ok()) * 20;
        told.err()
    });
    let full = full.expect("the file is full at last");
    assert!(full.is_full(), "{full}");
    assert_eq!(good(store.totals(of)).files, taken, "what was taken in counts, and nothing of the last page");
    assert!(full.to_string().contains("no room left"), "{full}");
    limit("100000");
    good(store.take_page(of, &walk("root:7"), page(&[file("after", "a")]), Lane::Backlog));
    assert_eq!(good(store.totals(of)).files, taken + 1);
    good(store.check());
}

#[test]
fn a_piece_that_fails_takes_nobody_along() {
    let (folder, clock) = fresh();
    let store = shared(folder.path(), &clock);
    let of = connector(&store);
    let failed = AtomicU64::new(0);
    std::thread::scope(|scope| {
        for worker in 0..8 {
            let (store, failed) = (&store, &failed);
            scope.spawn(move || {
                for n in 0..20 {
                    let name = format!("{worker}-{n}");
                    let told = store.write(Haste::Live, "keep a fact", move |tx| {
                        let sql = "INSERT INTO fact (connector, name, value) VALUES (?1, ?2, '1')";
                        tx.execute(sql, (of.0, &name))?;
                        match n % 5 {
                            3 => Err(Kind::Refused("no".into()).into()),
                            4 => panic!("a piece of work panics"),
                            _ => Ok(()),
                        }
                    });
                    failed.fetch_add(u64::from(told.is_err()), Ordering::SeqCst);
                }
            });
        }
    });
    assert_eq!(failed.load(Ordering::SeqCst), 8 * 8);
    let kept = good(store.read("count", |tx| {
        Ok(tx.query_row("SELECT COUNT(*) FROM fact WHERE connector = ?1", [of.0], |row| row.get::<_, i64>(0))?)
    }));
    assert_eq!(kept, 8 * 12);
}

#[test]
fn live_work_goes_before_bulk_that_waited_longer() {
    let (folder, clock) = fresh();
    let store = shared(folder.path(), &clock);
    let order: Arc<Mutex<Vec<&'static str>>> = Arc::default();
    let (go, wait) = crossbeam_channel::bounded::<()>(0);
    let (waiting, held) = crossbeam_channel::bounded::<()>(0);
    let note = |name: &'static str| {
        let order = Arc::clone(&order);
        move |_: &Connection| {
            order.lock().unwrap_or_else(std::sync::PoisonError::into_inner).push(name);
            Ok(())
        }
    };
    std::thread::scope(|scope| {
        let store = &store;
        scope.spawn(move || {
            good(store.write(Haste::Live, "hold the writer", move |_| {
                let _ = waiting.send(());
                let _ = wait.recv();
                Ok(())
            }));
        });
        good(held.recv());
        let bulk =
            [note("bulk"), note("bulk")].map(|note| scope.spawn(|| good(store.write(Haste::Bulk, "bulk", note))));
        while store.writer.as_ref().is_some_and(|writer| writer.waiting() < 2) {
            std::thread::yield_now();
        }
        let live = scope.spawn(|| good(store.write(Haste::Live, "live", note("live"))));
        while store.writer.as_ref().is_some_and(|writer| writer.waiting() < 3) {
            std::thread::yield_now();
        }
        good(go.send(()));
        bulk.into_iter().for_each(|bulk| bulk.join().expect("it ran"));
        live.join().expect("it ran");
    });
    let order = order.lock().unwrap_or_else(std::sync::PoisonError::into_inner).clone();
    assert_eq!(order, ["live", "bulk", "bulk"]);
}

#[test]
fn no_sealed_name_and_no_link_is_in_the_files() {
    let (folder, clock) = fresh();
    let store = shared(folder.path(), &clock);
    let of = connector(&store);
    let canary = "canary4111111111111111";
    let mut listed = file("1", "a");
    listed.item.name = format!("{canary}.txt").into();
    listed.shown = Some("••••.txt".into());
    listed.item.link = Some(crate::model::Link {
        audience: crate::model::Audience::Public,
        password: false,
        expires: None,
        download: None,
        url: Some(format!("https://example.com/{canary}").into()),
    });
    let mut found = walk(&format!("trash:456:/{canary}.txt"));
    found.place = "456".into();
    let mut page = page(&[listed]);
    page.found = vec![crate::model::Walk { path: canary.into(), ..found }];
    good(store.take_page(of, &walk("root:7"), page, Lane::Backlog));
    assert_eq!(good(store.waiting_walks(of, &[], 9)).len(), 2);
    let item = good(store.find(of, crate::model::ItemKind::File, "1")).expect("it was taken in");
    assert!(item.item.name.contains(canary));
    assert!(item.item.link.and_then(|link| link.url).is_some_and(|url| url.contains(canary)));
    for name in ["store.db", "store.db-wal"] {
        let bytes = good(std::fs::read(folder.path().join(name)));
        let met = bytes.windows(canary.len()).any(|window| window == canary.as_bytes());
        assert!(!met, "{name} holds a name that may not be shown");
    }
}

#[test]
fn an_ask_in_bulk_is_cut_into_pieces() {
    let (folder, clock) = fresh();
    filled(folder.path(), &clock, 2_500);
    let store = shared(folder.path(), &clock);
    let asks: Vec<Ask> = good(store.items(&crate::store::Scope::default(), None, 2_500))
        .iter()
        .map(|known| Ask {
            item: known.number,
            lane: Lane::Asked,
            todo: Todo::EXPOSURE,
            priority: 0,
            offered: None,
            happened: None,
        })
        .collect();
    assert_eq!(good(store.ask(&asks)), 2_500);
    assert_eq!(good(store.ask(&asks)), 0);
}
