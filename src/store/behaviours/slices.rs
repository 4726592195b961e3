//! Behaviours of what is written in slices: cut off after any of them, and done again.

use super::inventory::{drain, ended, files_there, gone_path, ns, ns_walks, take};
use super::{Behaviour, Stand, at, file, folder, good, page, person};
use crate::model::{FeedCursor, ItemKind, ItemNumber, Lane, Provider, Todo, Unwalked, Walk, WhyUnwalked};
use crate::store::inventory::TakenPage;
use crate::store::{Ask, Listed, TakenChanges};

pub(super) const BEHAVIOURS: &[Behaviour] = &[
    ("a long page that was cut off anywhere is listed again, and nothing is lost or doubled", page_cut_off),
    ("a feed's long answer that was cut off is taken in again", changes_cut_off),
    ("a walk that began again may be cut off while it is compared", comparison_cut_off),
];

/// Files of a long page.
const MANY: u64 = 450;

/// A path that is gone, files, walks that are found, a hole and a job for what was known before.
fn long_page(of: &str, known: ItemNumber) -> TakenPage {
    let files: Vec<Listed> = (0..MANY).map(|n| at(&format!("/{n}.txt"), file(&format!("id:{of}-{n}"), "1"))).collect();
    let found =
        (0..250).map(|n| Walk { place: format!("{of}-{n}").into(), ..ns(&format!("{of}-{n}"), None) }).collect();
    let ask = Ask { item: known, lane: Lane::Asked, todo: Todo::EXPOSURE, priority: 0, offered: None, happened: None };
    let hole = Unwalked { what: "n9".into(), name: "team folder".into(), why: WhyUnwalked::Refused };
    let gone = vec![gone_path("/old")];
    TakenPage { found, gone, holes: vec![hole], asks: vec![ask], ..page(&files) }
}

fn page_cut_off(stand: &mut Stand) {
    for pieces in 0.. {
        let name = format!("team{pieces}");
        let of = stand.connector_of(&name, Provider::Dropbox);
        good(stand.store.begin_pass(of, &ns_walks()));
        let known =
            [at("/old", folder("id:old")), at("/old/a.txt", file("id:a", "1")), at("/b.txt", file("id:b", "1"))];
        take(stand, of, &ns("n1", None), page(&known));
        drain(stand, of);
        let told = long_page(&name, stand.number(of, ItemKind::File, "id:b"));
        stand.refuse_after(pieces);
        let taken = stand.store.take_page(of, &ns("n1", Some("next")), told.clone(), Lane::Backlog);
        stand.crash();
        let cut_off = taken.is_err();
        let waiting = good(stand.store.waiting_walks(of, &[], 1));
        assert_eq!(waiting[0].cursor.as_deref(), Some("next"), "after {pieces} pieces");
        assert_eq!(good(stand.store.pass(of)).map(|pass| pass.pages), Some(if cut_off { 1 } else { 2 }));
        if cut_off {
            let before = good(stand.store.totals(of)).files - 1;
            assert!(pieces == 0 || before >= 100, "{pieces} pieces hold {before} files");
            let again = good(stand.store.take_page(of, &waiting[0], told, Lane::Backlog));
            assert_eq!(again.new + again.repeated, MANY, "after {pieces} pieces");
        }
        let pass = good(stand.store.pass(of)).expect("it goes on");
        assert_eq!((pass.pages, pass.taken.new, pass.gone), (2, MANY + 3, 2), "after {pieces} pieces");
        assert_eq!((pass.walks, pass.walks_left), (251, 251));
        let totals = good(stand.store.totals(of));
        assert_eq!((totals.files, totals.folders, totals.waiting_files), (MANY + 1, 0, MANY));
        assert_eq!(good(stand.store.holes(None)).iter().filter(|hole| hole.connector == of).count(), 1);
        let jobs = drain(stand, of);
        assert_eq!(jobs.get("id:b"), Some(&Todo::EXPOSURE));
        assert_eq!(jobs.values().filter(|todo| todo.has(Todo::CONTENT)).count() as u64, MANY, "after {pieces} pieces");
        if !cut_off {
            assert!(pieces >= 4, "the page was cut");
            return;
        }
    }
}

fn changes_cut_off(stand: &mut Stand) {
    for pieces in 0.. {
        let name = format!("team{pieces}");
        let of = stand.connector_of(&name, Provider::Dropbox);
        let known = at("/b.txt", file("id:b", "1"));
        take(stand, of, &ns("n1", None), ended(std::slice::from_ref(&known), "c1"));
        drain(stand, of);
        let cursor = FeedCursor { feed: "ns:n1".into(), read_as: person("7"), position: "c2".into() };
        let changes = TakenChanges {
            activities: Vec::new(),
            promotions: Vec::new(),
            pages: vec![(ns("n1", Some("c1")), long_page(&name, stand.number(of, ItemKind::File, "id:b")))],
            cursor: Some(cursor),
            offered: stand.clock.steady(),
        };
        stand.refuse_after(pieces);
        let taken = stand.store.take_changes(of, changes.clone());
        stand.crash();
        let cut_off = taken.is_err();
        let position = |stand: &Stand| good(stand.store.cursors(of))[0].position.to_string();
        assert_eq!(position(stand), if cut_off { "c1" } else { "c2" });
        if cut_off {
            good(stand.store.take_changes(of, changes));
        }
        assert_eq!((position(stand).as_str(), good(stand.store.totals(of)).waiting_files), ("c2", MANY));
        assert_eq!(drain(stand, of).values().filter(|todo| todo.has(Todo::CONTENT)).count() as u64, MANY);
        if !cut_off {
            assert!(pieces >= 4, "the answer was cut");
            return;
        }
    }
}

fn comparison_cut_off(stand: &mut Stand) {
    let of = stand.connector_of("team", Provider::Dropbox);
    good(stand.store.begin_pass(of, &ns_walks()));
    let files: Vec<Listed> = (0..600).map(|n| at(&format!("/{n}.txt"), file(&format!("id:{n}"), "1"))).collect();
    take(stand, of, &ns("n1", None), ended(&files, "c1"));
    good(stand.store.end_pass(of));
    good(stand.store.restart_walk(of, &ns("n1", Some("c1"))));
    let told = ended(&files[..1], "c2");
    stand.refuse_after(2);
    assert!(stand.store.take_page(of, &ns("n1", None), told.clone(), Lane::Live).is_err());
    stand.crash();
    let left = files_there(stand, of).len();
    assert!((2..600).contains(&left), "{left} are left");
    assert_eq!(good(stand.store.waiting_walks(of, &[], 9)).len(), 1);
    good(stand.store.take_page(of, &ns("n1", None), told, Lane::Live));
    assert_eq!(
        (files_there(stand, of), good(stand.store.waiting_walks(of, &[], 9)).len()),
        (vec!["id:0".to_owned()], 0)
    );
}
