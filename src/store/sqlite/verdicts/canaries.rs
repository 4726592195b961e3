//! Strings that nobody may find: given to the store where its contract lets raw text in, and looked for in every byte it wrote.

use crate::clock::{Clock, Moment};
use crate::model::{
    Audience, ConnectorNumber, FoundLink, ItemKind, Lane, Link, Onward, Provider, Reason, Sharing, Unwalked, Walk,
    WhyUnwalked,
};
use crate::store::Activities;
use crate::store::behaviours::{at, claim, file, folder, last, page, shared, walk, within};
use crate::store::inventory::TakenPage;
use crate::store::sqlite::Sqlite;
use crate::store::{
    Audit, Connectors, Entry, Inventory, Listed, Outcome, Queue, Record, Settlement, Store, TakenChanges, Verdicts,
};
use base64::Engine;
use std::path::Path;
use std::time::Duration;

/// What is looked for: digits as of a card, and letters, so that a part of it does not occur by chance.
fn canary(number: u32) -> String {
    format!("4929cnry{number:04}0361")
}

/// Canaries that were handed out.
const CANARIES: u32 = 30;

/// A text as it might be written: in several encodings, and within a longer base64 at each of the three offsets.
fn encodings(text: &str) -> Vec<Vec<u8>> {
    let wide = |order: fn(u16) -> [u8; 2]| text.encode_utf16().flat_map(order).collect::<Vec<u8>>();
    let hex = |digits: fn(u8) -> String| text.bytes().map(digits).collect::<String>().into_bytes();
    let base64 = |skipped: usize| {
        let padded = [&[0; 3][..skipped], text.as_bytes()].concat();
        let whole = base64::engine::general_purpose::STANDARD_NO_PAD.encode(padded);
        // The first characters hang on what comes before, the last ones on what follows.
        whole.as_bytes()[if skipped == 0 { 0 } else { 4 }..whole.len() - 4].to_vec()
    };
    vec![
        text.as_bytes().to_vec(),
        text.to_uppercase().into_bytes(),
        text.bytes().rev().collect(),
        wide(u16::to_le_bytes),
        wide(u16::to_be_bytes),
        hex(|byte| format!("{byte:02x}")),
        hex(|byte| format!("{byte:02X}")),
        base64(0),
        base64(1),
        base64(2),
    ]
}

/// Canaries that stand in any file of a folder, as `file: canary`.
fn found_in(folder: &Path) -> Vec<String> {
    let mut found = Vec::new();
    let mut bytes_seen = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let bytes = std::fs::read(&path).unwrap();
        bytes_seen += bytes.len();
        for number in 0..CANARIES {
            if encodings(&canary(number)).iter().any(|form| memchr::memmem::find(&bytes, form).is_some()) {
                found.push(format!("{}: {}", path.file_name().unwrap().display(), canary(number)));
            }
        }
    }
    assert!(bytes_seen > 100_000, "there was something to look through");
    found
}

/// An item whose name may not be shown.
fn sealed(mut listed: Listed, name: u32) -> Listed {
    listed.item.name = format!("report {}.txt", canary(name)).into();
    listed.shown = Some("report ••••.txt".into());
    listed
}

fn link(number: u32) -> Link {
    let url = Some(format!("https://share.example/s/{}", canary(number)).into());
    Link { audience: Audience::Public, password: false, expires: None, download: None, url }
}

/// Box: names of files and folders, their links, a walk whose id and path name a file, what a look at one item told.
fn fill_box(store: &Sqlite, of: ConnectorNumber) {
    let mut linked = sealed(file("1", "v1"), 0);
    linked.item.link = Some(link(1));
    let below = within("11", sealed(file("2", "v1"), 2));
    store.take_page(of, &walk("root:7"), page(&[sealed(folder("11"), 3), linked, below]), Lane::Backlog).unwrap();
    let trash = Walk {
        id: format!("trash:7:/{}", canary(4)).into(),
        path: format!("/{}/x", canary(5)).into(),
        ..walk("trash:7")
    };
    store.take_page(of, &walk("root:7"), TakenPage { found: vec![trash.clone()], ..page(&[]) }, Lane::Backlog).unwrap();
    store.take_page(of, &trash, last(&[sealed(file("3", "v1"), 6)]), Lane::Backlog).unwrap();
    let hole = Unwalked { what: "77".into(), name: "••••".into(), why: WhyUnwalked::Refused };
    store.give_up_walk(of, &walk("root:7"), &hole).unwrap();
}

/// Dropbox: paths, links told by a person, also to what is not known.
fn fill_dropbox(store: &Sqlite, of: ConnectorNumber) {
    let path = format!("/{}/{}.txt", canary(7), canary(8));
    let mut listed = at(&path, file("id:1", "v1"));
    listed.shown = Some("••••.txt".into());
    let mut above = at(&format!("/{}", canary(7)), folder("id:2"));
    above.shown = Some("••••".into());
    store.take_page(of, &walk("ns:n1"), page(&[above, listed]), Lane::Backlog).unwrap();
    let found = |item: &str, number| FoundLink {
        item: item.into(),
        path_lower: Some(format!("/{}/{}.txt", canary(7), canary(number)).into()),
        link: link(number + 1),
    };
    store.keep_links(of, "a1", &[found("id:1", 8), found("id:9", 10)], Lane::Backlog).unwrap();
}

fn settle(store: &Sqlite, of: ConnectorNumber) {
    for job in store.claim(&claim(&[of], 9)).unwrap() {
        let is_first = &*job.known.item.id == "1";
        let facts = is_first.then(|| sealed(file("1", "v1"), 12));
        let sharing = is_first.then(|| Sharing { links: vec![link(13)], ..Sharing::default() });
        let outcome = Some(Outcome::Skipped(Reason::NotNeeded));
        store.settle(Settlement { facts, sharing, outcome, ..Settlement::of(job.lease) }).unwrap();
    }
}

/// A feed that tells an item whole, and one that is renamed.
fn change(store: &Sqlite, of: ConnectorNumber) {
    let told = TakenPage {
        onward: Onward::More("c".into()),
        ..page(&[sealed(file("4", "v1"), 14), sealed(file("1", "v2"), 15)])
    };
    let changes = TakenChanges {
        activities: Vec::new(),
        promotions: Vec::new(),
        pages: vec![(walk("root:7"), told)],
        cursor: None,
        offered: Moment::from_millis(1),
    };
    store.take_changes(of, changes).unwrap();
}

#[test]
fn nothing_that_is_sealed_stands_in_any_file() {
    let root = tempfile::tempdir().unwrap();
    let clock = Clock::movable();
    clock.advance(Duration::from_secs(1_000));
    let store = shared(root.path(), &clock);
    let boxcom = store.connector(&"main".parse().unwrap(), Provider::Box).unwrap().number;
    let dropbox = store.connector(&"other".parse().unwrap(), Provider::Dropbox).unwrap().number;
    fill_box(&store, boxcom);
    fill_dropbox(&store, dropbox);
    settle(&store, boxcom);
    settle(&store, dropbox);
    change(&store, boxcom);
    let known = store.find(boxcom, ItemKind::File, "2").unwrap().unwrap();
    assert!(known.item.name.contains(&canary(2)), "the store itself knows the name");
    assert_eq!(&*known.shown, "/report ••••.txt/report ••••.txt", "and tells it covered");
    let told = store.sharing(store.find(boxcom, ItemKind::File, "1").unwrap().unwrap().number).unwrap().unwrap();
    assert!(told.links.iter().any(|link| link.url.as_ref().is_some_and(|url| url.contains("cnry"))), "and the address");
    assert_eq!(found_in(root.path()), Vec::<String>::new(), "while it is open, write-ahead log included");
    drop(store);
    assert_eq!(found_in(root.path()), Vec::<String>::new(), "and after");
}

#[test]
fn destroyed_audit_fields_are_gone_from_every_file() {
    let root = tempfile::tempdir().unwrap();
    let clock = Clock::movable();
    let store = shared(root.path(), &clock);
    let append = |number: u32| {
        let details = format!("{{\"who\":\"{}\",\"{}\":1}}", canary(number), "x".repeat(2_000));
        let entry = Entry { actor: "service".into(), act: "a".into(), about: "b".into(), details };
        store.append(&entry).unwrap();
    };
    (0..20).for_each(append);
    assert!(!found_in(root.path()).is_empty(), "the search finds what is there");
    clock.advance(Duration::from_secs(1));
    assert_eq!(store.forget(Record::AuditFields, clock.steady()).unwrap(), 20);
    drop(store);
    assert_eq!(found_in(root.path()), Vec::<String>::new());
    assert_eq!(shared(root.path(), &clock).verify_audit().unwrap(), 20);
}
