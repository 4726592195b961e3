//! Behaviours of the inventory: pages, passes, places, sharing.

use super::{Behaviour, Stand, at, file, folder, good, last, page, walk, walks, within};
use crate::clock::Moment;
use crate::model::{
    Audience, ConnectorNumber, FoundLink, GonePath, ItemKind, Lane, Level, Link, Member, Members, Onward, Provider,
    Sharing, Todo, Unwalked, Walk, Walks, Who, WhyUnwalked,
};
use crate::store::inventory::{Judged, Known, Scope, TakenPage};
use crate::store::{Listed, Outcome, Record, Settled, Settlement};
use std::collections::BTreeMap;

use std::time::Duration;

pub(super) const BEHAVIOURS: &[Behaviour] = &[
    ("an item comes back as it was told", told_and_read),
    ("children may come before their folder", children_first),
    (
        "a folder that only its children name is counted once it is told; a namespace gives its name to paths",
        untold_folders,
    ),
    ("names that may not be shown are kept sealed and found all the same", sealed_names),
    ("what is not listed again is gone at the end of its pass", missed),
    ("a hole hides what is below it", holes_hide),
    ("a walk that is given up deletes nothing", given_up),
    ("a walk that goes on from its cursor loses nothing that did not change", goes_on),
    ("a walk that begins again compares at its own end", begins_again),
    ("a pass under way goes on after a crash", pass_after_crash),
    ("a page and its cursor are durable together", page_is_one),
    ("a moved folder takes everything below along", moved_folder),
    ("a path that is gone takes everything below along", gone_paths),
    ("what comes to lie at a path replaces what lay there", replaced),
    ("what was moved into another namespace is not in the trash of the one it left", moved_away),
    ("items below a folder, in order and in pages", below),
    ("jobs follow what changed", jobs_follow),
    ("sharing is the links of all who tell them and the members last told", sharing),
    ("links to what is not known wait for it", unplaced_links),
    ("members that were never asked for are not nobody", hidden_members),
    ("totals are what a count gives", totals),
    ("items that are gone are forgotten, and their numbers with them", forgotten),
    ("how far items are open ends when it says", exposure_ends),
];

fn find(stand: &Stand, of: ConnectorNumber, kind: ItemKind, id: &str) -> Known {
    good(stand.store.find(of, kind, id)).unwrap_or_else(|| panic!("{id} is not known"))
}

fn is_there(stand: &Stand, of: ConnectorNumber, kind: ItemKind, id: &str) -> bool {
    good(stand.store.find(of, kind, id)).is_some_and(|known| known.gone.is_none())
}

pub(super) fn files_there(stand: &Stand, of: ConnectorNumber) -> Vec<String> {
    let scope = Scope { connector: Some(of), kind: Some(ItemKind::File), ..Scope::default() };
    good(stand.store.items(&scope, None, 1_000)).iter().map(|known| known.item.id.to_string()).collect()
}

pub(super) fn take(stand: &Stand, of: ConnectorNumber, walk: &Walk, page: TakenPage) {
    good(stand.store.take_page(of, walk, page, Lane::Backlog));
}

/// Leases everything and ends it; the todos by id.
pub(super) fn drain(stand: &Stand, of: ConnectorNumber) -> BTreeMap<String, Todo> {
    let mut all = BTreeMap::new();
    for job in stand.claim(of, 1_000) {
        all.insert(job.known.item.id.to_string(), job.todo);
        let outcome = job.todo.has(Todo::CONTENT).then_some(Outcome::Skipped(crate::model::Reason::NotNeeded));
        assert_eq!(good(stand.store.settle(Settlement { outcome, ..Settlement::of(job.lease) })), Settled::Done);
    }
    all
}

fn link(url: &str) -> Link {
    Link { audience: Audience::Public, password: false, expires: None, download: Some(true), url: Some(url.into()) }
}

pub(super) fn ns(id: &str, cursor: Option<&str>) -> Walk {
    Walk { id: format!("ns:{id}").into(), cursor: cursor.map(Into::into), place: id.into(), ..walk("ns:x") }
}

pub(super) fn ns_walks() -> Walks {
    Walks { walks: vec![ns("n1", None)], ..Walks::default() }
}

pub(super) fn ended(items: &[Listed], cursor: &str) -> TakenPage {
    TakenPage { onward: Onward::End(Some(cursor.into())), ..page(items) }
}

pub(super) fn gone_path(path: &str) -> GonePath {
    GonePath { place: "n1".into(), path_lower: path.into() }
}

fn told_and_read(stand: &mut Stand) {
    let of = stand.connector("main");
    let mut whole = file("5", "v1");
    let item = &mut whole.item;
    item.hash = crate::model::ContentHash::parse("da39a3ee5e6b4b0d3255bfef95601890afd80709");
    item.created = Some(Moment::from_millis(5));
    item.modified = Some(Moment::from_millis(6));
    item.owner = Some(crate::model::Owner { account: Some("7".into()), login: Some("ann@example.com".into()) });
    item.link = Some(link("https://example.com/s/1"));
    item.label = Some("Internal".into());
    item.locked = true;
    item.has_members = true;
    item.outside_owner = true;
    stand.list(of, &[folder("9"), whole.clone(), within("9", file("6", "v1"))]);
    for round in 0..2 {
        let known = find(stand, of, ItemKind::File, "5");
        let expected = crate::model::Item { path: Some("/5.txt".into()), ..whole.item.clone() };
        assert_eq!(known.item, expected, "round {round}");
        assert_eq!((&*known.shown, known.is_top, known.gone), ("/5.txt", false, None));
        let inner = find(stand, of, ItemKind::File, "6");
        assert_eq!(inner.item.path.as_deref(), Some("/folder 9/6.txt"));
        let above = good(stand.store.above(inner.number));
        let ids: Vec<&str> = above.iter().map(|above| &*above.id).collect();
        assert_eq!(ids, ["9", "7"], "the folder, then the top of the tree");
        assert_eq!(good(stand.store.item(known.number)).map(|known| known.number), Some(known.number));
        let top = good(stand.store.item(above[1].number)).expect("the top is an item");
        assert!(top.is_top);
        stand.crash();
    }
    assert_eq!(good(stand.store.find(of, ItemKind::Folder, "5")).map(|known| known.number), None);
    assert!(good(stand.store.item(crate::model::ItemNumber(4_711))).is_none());
}

fn children_first(stand: &mut Stand) {
    let of = stand.connector("main");
    stand.list(of, &[within("9", file("1", "a"))]);
    let stub = find(stand, of, ItemKind::Folder, "9");
    assert_eq!((&*stub.item.name, stub.item.path), ("", None));
    assert_eq!(find(stand, of, ItemKind::File, "1").item.path.as_deref(), Some("…/1.txt"));
    let taken = stand.list(of, &[folder("9")]);
    assert_eq!(taken.new, 1);
    assert_eq!(find(stand, of, ItemKind::Folder, "9").number, stub.number);
    assert_eq!(find(stand, of, ItemKind::File, "1").item.path.as_deref(), Some("/folder 9/1.txt"));
    // Where paths tell places, too.
    let of = stand.connector_of("team", Provider::Dropbox);
    take(stand, of, &ns("n1", None), page(&[at("/A/B/c.txt", file("id:c", "1"))]));
    let c = find(stand, of, ItemKind::File, "id:c");
    assert_eq!((c.item.path.as_deref(), &*c.shown), (Some("/A/B/c.txt"), "/…/…/c.txt"));
    take(stand, of, &ns("n1", None), page(&[at("/A", folder("id:a")), at("/A/B", folder("id:b"))]));
    let c = find(stand, of, ItemKind::File, "id:c");
    assert_eq!((c.item.path.as_deref(), &*c.shown), (Some("/A/B/c.txt"), "/A/B/c.txt"));
    let b = find(stand, of, ItemKind::Folder, "id:b");
    assert_eq!(c.parent, Some(b.number));
    assert_eq!(good(stand.store.find_path(of, "n1", "/a/b")).map(|known| known.number), Some(b.number));
    assert!(good(stand.store.find_path(of, "n1", "")).is_some_and(|known| known.is_top));
    assert!(good(stand.store.find_path(of, "n2", "/a/b")).is_none());
}

fn untold_folders(stand: &mut Stand) {
    let of = stand.connector_of("team", Provider::Dropbox);
    let mut payroll = ns("n1", None);
    (payroll.kind, payroll.path) = ("team_folder".into(), "Payroll".into());
    take(stand, of, &payroll, page(&[at("/gone/c.txt", file("id:c", "1"))]));
    let scope = Scope { connector: Some(of), ..Scope::default() };
    assert_eq!(good(stand.store.items(&scope, None, 10)).len(), 1, "nothing told of the folder itself");
    assert_eq!(good(stand.store.totals(of)).folders, 0);
    assert_eq!(find(stand, of, ItemKind::File, "id:c").item.path.as_deref(), Some("/Payroll/gone/c.txt"));
    assert!(good(stand.store.find_path(of, "n1", "/gone/c.txt")).is_some());
    take(stand, of, &payroll, page(&[at("/gone", folder("id:g"))]));
    assert_eq!(good(stand.store.items(&scope, None, 10)).len(), 2);
    assert_eq!(good(stand.store.totals(of)).folders, 1);
    assert_eq!(&*find(stand, of, ItemKind::Folder, "id:g").shown, "/Payroll/gone");
}

fn sealed_names(stand: &mut Stand) {
    let of = stand.connector_of("team", Provider::Dropbox);
    let mut secret = at("/Pay/4111111111111111.xlsx", file("id:s", "1"));
    secret.shown = Some("••••.xlsx".into());
    take(stand, of, &ns("n1", None), page(&[at("/Pay", folder("id:p")), secret]));
    let known = find(stand, of, ItemKind::File, "id:s");
    assert_eq!(known.item.path.as_deref(), Some("/Pay/4111111111111111.xlsx"));
    assert_eq!(&*known.shown, "/Pay/••••.xlsx");
    let found = good(stand.store.find_path(of, "n1", "/pay/4111111111111111.xlsx"));
    assert_eq!(found.map(|found| found.number), Some(known.number));
    let gone = TakenPage { gone: vec![gone_path("/pay/4111111111111111.xlsx")], ..page(&[]) };
    take(stand, of, &ns("n1", None), gone);
    assert!(!is_there(stand, of, ItemKind::File, "id:s"));
}

fn missed(stand: &mut Stand) {
    let of = stand.connector("main");
    let pass = |items: &[Listed]| {
        good(stand.store.begin_pass(of, &walks(&["root:7"])));
        take(stand, of, &walk("root:7"), last(items));
        good(stand.store.end_pass(of)).gone
    };
    assert_eq!(pass(&[file("1", "a"), file("2", "a")]), 0);
    assert_eq!(pass(&[file("1", "a")]), 1);
    let known = find(stand, of, ItemKind::File, "2");
    assert!(known.gone.is_some());
    assert_eq!(files_there(stand, of), ["1"]);
    let jobs = stand.claim(of, 10);
    assert_eq!(jobs.len(), 1, "nothing waits for what is gone: {jobs:?}");
    assert_eq!(pass(&[file("1", "a"), file("2", "a")]), 0);
    assert_eq!(find(stand, of, ItemKind::File, "2").number, known.number, "it is back under its number");
    let end = good(stand.store.pass(of)).expect("there were passes");
    assert_eq!((end.number, end.walks, end.walks_left, end.pages), (3, 1, 0, 1));
    assert!(end.listed.is_some());
    // Another connector's items are none of it.
    let other = stand.connector("other");
    stand.list(other, &[file("1", "a")]);
    assert_eq!(pass(&[]), 2);
    assert!(is_there(stand, other, ItemKind::File, "1"));
}

fn holes_hide(stand: &mut Stand) {
    let of = stand.connector("main");
    let hole = |what: &str, why| Unwalked { what: what.into(), name: what.into(), why };
    let inner = [within("9", folder("10")), within("9", file("2", "a"))];
    good(stand.store.begin_pass(of, &walks(&["root:7"])));
    take(
        stand,
        of,
        &walk("root:7"),
        TakenPage { found: vec![walk("folder:9")], ..last(&[folder("9"), file("1", "a")]) },
    );
    take(stand, of, &walk("folder:9"), TakenPage { found: vec![walk("folder:10")], ..last(&inner) });
    take(stand, of, &walk("folder:10"), last(&[within("10", file("3", "a"))]));
    assert_eq!(good(stand.store.end_pass(of)).gone, 0);
    // The folder 9 is refused: what is below it is not known to be gone, what is beside it is.
    good(stand.store.begin_pass(of, &walks(&["root:7"])));
    take(stand, of, &walk("root:7"), TakenPage { found: vec![walk("folder:9")], ..last(&[folder("9")]) });
    let refused = TakenPage { holes: vec![hole("9", WhyUnwalked::Refused)], ..last(&[]) };
    take(stand, of, &walk("folder:9"), refused);
    assert_eq!(good(stand.store.end_pass(of)).gone, 1);
    assert_eq!(files_there(stand, of), ["2", "3"]);
    assert_eq!(good(stand.store.holes(None)).len(), 1);
    // The whole tree is a hole: its owner cannot act any more.
    let closed = Walks { holes: vec![hole("7", WhyUnwalked::InactiveOwner)], ..Walks::default() };
    good(stand.store.begin_pass(of, &closed));
    assert_eq!(good(stand.store.end_pass(of)).gone, 0);
    let holes = good(stand.store.holes(None));
    assert_eq!((holes.len(), holes[0].why), (1, WhyUnwalked::InactiveOwner), "the other was not met again");
    // What was gone before it could be walked hides nothing.
    good(stand.store.begin_pass(of, &Walks { holes: vec![hole("7", WhyUnwalked::Gone)], ..Walks::default() }));
    assert_eq!(good(stand.store.end_pass(of)).gone, 4);
}

fn given_up(stand: &mut Stand) {
    let of = stand.connector("main");
    for round in 0..2 {
        good(stand.store.begin_pass(of, &walks(&["root:7"])));
        let found = TakenPage { found: vec![walk("folder:9")], ..last(&[folder("9")]) };
        take(stand, of, &walk("root:7"), found);
        let waiting = good(stand.store.waiting_walks(of, &[], 10));
        assert_eq!(waiting.iter().map(|walk| &*walk.id).collect::<Vec<_>>(), ["folder:9"]);
        if round == 0 {
            take(stand, of, &walk("folder:9"), last(&[within("9", file("1", "a"))]));
        } else {
            let hole = Unwalked { what: "elsewhere".into(), name: "".into(), why: WhyUnwalked::Failing };
            good(stand.store.give_up_walk(of, &walk("folder:9"), &hole));
        }
        assert!(good(stand.store.waiting_walks(of, &[], 10)).is_empty());
        assert_eq!(good(stand.store.end_pass(of)).gone, 0);
    }
    assert_eq!(files_there(stand, of), ["1"]);
}

fn goes_on(stand: &mut Stand) {
    let of = stand.connector_of("team", Provider::Dropbox);
    good(stand.store.begin_pass(of, &ns_walks()));
    take(stand, of, &ns("n1", None), page(&[at("/a.txt", file("id:a", "1"))]));
    assert!(good(stand.store.cursors(of)).is_empty(), "not before its end");
    take(stand, of, &ns("n1", Some("next")), ended(&[at("/b.txt", file("id:b", "1"))], "c1"));
    assert_eq!(good(stand.store.end_pass(of)).gone, 0);
    let cursor = |stand: &Stand| good(stand.store.cursors(of)).first().map(|cursor| cursor.position.to_string());
    assert_eq!(cursor(stand).as_deref(), Some("c1"));
    good(stand.store.begin_pass(of, &ns_walks()));
    let waiting = good(stand.store.waiting_walks(of, &[], 10));
    assert_eq!(waiting[0].cursor.as_deref(), Some("c1"));
    assert!(good(stand.store.waiting_walks(of, &["ns:n1".into()], 10)).is_empty());
    take(stand, of, &waiting[0], ended(&[at("/b.txt", file("id:b", "2"))], "c2"));
    assert_eq!(good(stand.store.end_pass(of)).gone, 0);
    assert_eq!(files_there(stand, of), ["id:a", "id:b"]);
    assert_eq!(cursor(stand).as_deref(), Some("c2"));
    // The namespace is walked no more: all of it is gone, and its cursor.
    good(stand.store.begin_pass(of, &Walks::default()));
    assert_eq!(good(stand.store.end_pass(of)).gone, 2);
    assert_eq!(cursor(stand), None);
}

fn begins_again(stand: &mut Stand) {
    let of = stand.connector_of("team", Provider::Dropbox);
    let both = [at("/a.txt", file("id:a", "1")), at("/b.txt", file("id:b", "1"))];
    good(stand.store.begin_pass(of, &ns_walks()));
    take(stand, of, &ns("n1", None), ended(&both, "c1"));
    good(stand.store.end_pass(of));
    // Between passes: nobody comes to end a pass, so the walk's own end tells what is missing.
    good(stand.store.restart_walk(of, &ns("n1", Some("c1"))));
    assert!(good(stand.store.cursors(of)).is_empty());
    let live = |page| good(stand.store.take_page(of, &ns("n1", None), page, Lane::Live));
    live(page(&[]));
    assert_eq!(files_there(stand, of), ["id:a", "id:b"]);
    live(ended(&both[1..], "c2"));
    assert_eq!(files_there(stand, of), ["id:b"]);
    assert_eq!(good(stand.store.cursors(of)).len(), 1);
    // Within a pass.
    good(stand.store.begin_pass(of, &ns_walks()));
    good(stand.store.restart_walk(of, &ns("n1", Some("c2"))));
    let waiting = good(stand.store.waiting_walks(of, &[], 10));
    assert_eq!((waiting.len(), waiting[0].cursor.as_deref()), (1, None));
    take(stand, of, &ns("n1", None), ended(&both[..1], "c3"));
    good(stand.store.end_pass(of));
    assert_eq!(files_there(stand, of), ["id:a"]);
    // A folder of Box that is listed by itself: nothing goes away, and no walk of the pass moves.
    let of = stand.connector("main");
    good(stand.store.begin_pass(of, &walks(&["root:7"])));
    take(stand, of, &walk("root:7"), page(&[file("1", "a")]));
    good(stand.store.take_page(of, &walk("root:7"), last(&[file("2", "a")]), Lane::Live));
    let waiting = good(stand.store.waiting_walks(of, &[], 10));
    assert_eq!((waiting.len(), waiting[0].cursor.as_deref()), (1, Some("next")));
    take(stand, of, &walk("root:7"), last(&[]));
    assert_eq!(good(stand.store.end_pass(of)).gone, 0);
}

fn pass_after_crash(stand: &mut Stand) {
    let of = stand.connector("main");
    let first = good(stand.store.begin_pass(of, &walks(&["root:7", "trash:7"])));
    assert_eq!((first.number, first.walks, first.walks_left), (1, 2, 2));
    take(stand, of, &walk("root:7"), TakenPage { found: vec![walk("folder:9")], ..page(&[folder("9")]) });
    stand.crash();
    let again = good(stand.store.begin_pass(of, &walks(&["root:8"])));
    assert_eq!((again.number, again.walks, again.walks_left, again.pages, again.taken.new), (1, 3, 3, 1, 1));
    let waiting = good(stand.store.waiting_walks(of, &[], 10));
    let ids: Vec<&str> = waiting.iter().map(|walk| &*walk.id).collect();
    assert_eq!(ids, ["root:7", "trash:7", "folder:9"]);
    assert_eq!(waiting[0].cursor.as_deref(), Some("next"));
    // A folder that is found twice is walked once.
    take(stand, of, &walk("root:7"), TakenPage { found: vec![walk("folder:9")], ..last(&[]) });
    take(stand, of, &walk("trash:7"), last(&[]));
    take(stand, of, &walk("folder:9"), TakenPage { found: vec![walk("folder:9")], ..last(&[]) });
    assert_eq!(good(stand.store.pass(of)).map(|pass| (pass.walks, pass.walks_left)), Some((3, 0)));
}

fn page_is_one(stand: &mut Stand) {
    let of = stand.connector("main");
    good(stand.store.begin_pass(of, &walks(&["root:7"])));
    let unknown = ConnectorNumber(of.0 + 5);
    assert!(stand.store.take_page(unknown, &walk("root:7"), page(&[file("1", "a")]), Lane::Backlog).is_err());
    take(stand, of, &walk("root:7"), page(&[file("1", "a")]));
    stand.crash();
    let waiting = good(stand.store.waiting_walks(of, &[], 10));
    assert_eq!(waiting[0].cursor.as_deref(), Some("next"));
    assert_eq!((files_there(stand, of).len(), stand.claim(of, 10).len()), (1, 1));
    let repeated = good(stand.store.take_page(of, &waiting[0], page(&[file("1", "a")]), Lane::Backlog));
    assert_eq!(repeated.repeated, 1);
}

fn moved_folder(stand: &mut Stand) {
    let of = stand.connector("main");
    stand.list(of, &[folder("8"), folder("9"), within("9", folder("10")), within("10", file("1", "a"))]);
    drain(stand, of);
    let mut moved = within("8", folder("9"));
    moved.item.etag = Some("2".into());
    stand.list(of, &[moved]);
    assert_eq!(find(stand, of, ItemKind::File, "1").item.path.as_deref(), Some("/folder 8/folder 9/folder 10/1.txt"));
    let jobs = drain(stand, of);
    assert_eq!(jobs, BTreeMap::from([("9".to_owned(), Todo::EXPOSURE.and(Todo::BELOW))]), "and nothing is downloaded");
    // A circle is no reason to hang.
    stand.list(of, &[within("10", folder("8"))]);
    assert!(find(stand, of, ItemKind::File, "1").item.path.is_some());
    assert!(!good(stand.store.above(find(stand, of, ItemKind::File, "1").number)).is_empty());
    let scope = Scope { below: Some(find(stand, of, ItemKind::Folder, "9").number), ..Scope::default() };
    assert!(!good(stand.store.items(&scope, None, 100)).is_empty());
}

fn gone_paths(stand: &mut Stand) {
    let of = stand.connector_of("team", Provider::Dropbox);
    let all = [
        at("/a", folder("id:a")),
        at("/a/b", folder("id:b")),
        at("/a/b/1.txt", file("id:1", "1")),
        at("/a/2.txt", file("id:2", "1")),
        at("/ab.txt", file("id:3", "1")),
    ];
    take(stand, of, &ns("n1", None), page(&all));
    assert_eq!(good(stand.store.take_gone(of, &[gone_path("/a/b")])), 2);
    assert_eq!(files_there(stand, of), ["id:2", "id:3"]);
    // A folder that is renamed is told as gone and as there; what the page does not tell again is gone.
    let renamed = [at("/z", folder("id:a")), at("/z/2.txt", file("id:2", "1"))];
    take(stand, of, &ns("n1", None), TakenPage { gone: vec![gone_path("/a")], ..page(&renamed) });
    assert_eq!(files_there(stand, of), ["id:2", "id:3"]);
    assert_eq!(find(stand, of, ItemKind::File, "id:2").item.path.as_deref(), Some("/z/2.txt"));
    let folder = find(stand, of, ItemKind::Folder, "id:a").number;
    good(stand.store.item_gone(folder));
    assert_eq!(files_there(stand, of), ["id:3"]);
    assert_eq!(good(stand.store.take_gone(of, &[gone_path("/nothing/here")])), 0);
}

fn replaced(stand: &mut Stand) {
    let of = stand.connector_of("team", Provider::Dropbox);
    let all = [at("/a", folder("id:a")), at("/a/1.txt", file("id:1", "1")), at("/2.txt", file("id:2", "1"))];
    take(stand, of, &ns("n1", None), page(&all));
    take(stand, of, &ns("n1", None), page(&[at("/A", file("id:f", "1"))]));
    assert_eq!(files_there(stand, of), ["id:2", "id:f"]);
    assert!(!is_there(stand, of, ItemKind::Folder, "id:a"));
    // The other's number lives on when it moves on.
    take(stand, of, &ns("n1", None), page(&[at("/3.txt", file("id:2", "1")), at("/2.txt", file("id:9", "1"))]));
    assert_eq!(files_there(stand, of), ["id:2", "id:f", "id:9"]);
}

fn moved_away(stand: &mut Stand) {
    let of = stand.connector_of("team", Provider::Dropbox);
    let deleted = |mut listed: Listed| {
        listed.item.trashed = Some(Moment::from_millis(5));
        listed
    };
    let elsewhere = |mut listed: Listed| {
        listed.item.place = "n2".into();
        listed
    };
    let here = || at("/1.txt", file("id:1", "1"));
    let there = || elsewhere(at("/b/1.txt", file("id:1", "2")));
    let trashed = |stand: &Stand| {
        let known = find(stand, of, ItemKind::File, "id:1");
        assert_eq!(known.gone, None);
        (known.item.place.to_string(), known.item.trashed.is_some())
    };
    take(stand, of, &ns("n1", None), page(&[here()]));
    take(stand, of, &ns("n2", None), page(&[there()]));
    take(stand, of, &ns("n1", None), page(&[deleted(here())]));
    assert_eq!(trashed(stand), ("n2".into(), false), "its old place knows nothing of it");
    // Where it is tells of its own deletion, and of what came back.
    take(stand, of, &ns("n2", None), page(&[deleted(there())]));
    assert_eq!(trashed(stand), ("n2".into(), true));
    take(stand, of, &ns("n1", None), page(&[here()]));
    assert_eq!(trashed(stand), ("n1".into(), false));
    take(stand, of, &ns("n1", None), page(&[deleted(here())]));
    assert_eq!(trashed(stand), ("n1".into(), true));
}

fn below(stand: &mut Stand) {
    let of = stand.connector("main");
    let mut all = vec![folder("9"), within("9", folder("10")), file("x", "a")];
    all.extend((0..50).map(|n| within(if n % 2 == 0 { "9" } else { "10" }, file(&format!("f{n}"), "a"))));
    stand.list(of, &all);
    let top = find(stand, of, ItemKind::Folder, "9").number;
    let scope = Scope { below: Some(top), ..Scope::default() };
    let (mut got, mut after) = (Vec::new(), None);
    loop {
        let page = good(stand.store.items(&scope, after, 7));
        got.extend(page.iter().map(|known| known.number));
        after = page.last().map(|known| known.number);
        if page.len() < 7 {
            break;
        }
    }
    assert_eq!(got.len(), 51, "fifty files and a folder, itself left out");
    assert!(got.windows(2).all(|two| two[0] < two[1]));
    let files = Scope { kind: Some(ItemKind::File), ..scope };
    assert_eq!(good(stand.store.items(&files, None, 1_000)).len(), 50);
    good(stand.store.item_gone(find(stand, of, ItemKind::Folder, "10").number));
    assert_eq!(good(stand.store.items(&files, None, 1_000)).len(), 25);
    let with_gone = Scope { gone: true, ..files };
    assert_eq!(good(stand.store.items(&with_gone, None, 1_000)).len(), 50);
}

fn jobs_follow(stand: &mut Stand) {
    let of = stand.connector("main");
    let with = |change: &dyn Fn(&mut crate::model::Item)| {
        let mut listed = file("1", "a");
        change(&mut listed.item);
        listed
    };
    stand.list(of, &[folder("9"), file("1", "a")]);
    assert_eq!(drain(stand, of).get("1"), Some(&Todo::CONTENT.and(Todo::EXPOSURE)));
    let mut etag = 0;
    for (what, change, expected) in [
        ("nothing", &(|_: &mut crate::model::Item| {}) as &dyn Fn(&mut crate::model::Item), None),
        ("another name", &|item| item.name = "b.txt".into(), Some(Todo::EXPOSURE)),
        ("a link", &|item| item.link = Some(link("u")), Some(Todo::EXPOSURE)),
        ("members", &|item| item.has_members = true, Some(Todo::SHARING)),
        ("another folder", &|item| item.parent = Some("9".into()), Some(Todo::EXPOSURE)),
        ("another content", &|item| item.version = Some("b".into()), Some(Todo::CONTENT)),
        ("a lock", &|item| item.locked = true, None),
        ("the trash", &|item| item.trashed = Some(Moment::from_millis(5)), Some(Todo::EXPOSURE)),
        ("another owner's", &|item| item.outside_owner = true, Some(Todo::EXPOSURE)),
    ] {
        for (to, expected) in [(with(change), expected), (file("1", "a"), expected)] {
            etag += 1;
            let mut to = to;
            to.item.etag = Some(etag.to_string().into());
            stand.list(of, &[to.clone()]);
            let mut jobs = drain(stand, of);
            // Nobody was ever told who the members were, so that there are none any more says nothing new.
            let expected = expected.filter(|todo| *todo != Todo::SHARING || to.item.has_members);
            assert_eq!(jobs.remove("1"), expected, "{what}");
        }
    }
}

fn member(login: &str) -> Member {
    Member {
        id: Some("c1".into()),
        who: Who::Person { account: None, login: Some(login.into()), side: None },
        role: "editor".into(),
        pending: true,
        inherited_from: Some("9".into()),
        expires: Some(Moment::from_millis(9)),
    }
}

fn sharing(stand: &mut Stand) {
    let of = stand.connector("main");
    let mut shared = file("1", "a");
    shared.item.has_members = true;
    shared.item.link = Some(link("https://example.com/1"));
    stand.list(of, &[shared]);
    let job = stand.claim(of, 1).remove(0);
    let told = Sharing {
        links: vec![link("https://example.com/1"), link("https://example.com/2")],
        members: Members::Known(vec![
            member("eve@outside.example"),
            Member { who: Who::Group { id: "g".into(), side: None }, id: None, ..member("") },
            Member { who: Who::Invited { login: "new@outside.example".into() }, ..member("") },
            Member { who: Who::Unauthenticated, pending: false, ..member("") },
        ]),
        outside_owner: false,
        whole_company: true,
    };
    let settlement = Settlement { sharing: Some(told.clone()), ..Settlement::of(job.lease) };
    good(stand.store.settle(settlement));
    stand.crash();
    assert_eq!(good(stand.store.sharing(job.known.number)), Some(told), "each link once");
    // Nobody is a member any more: that is news, since somebody was.
    let mut unshared = file("1", "a");
    unshared.item.etag = Some("b".into());
    stand.list(of, &[unshared]);
    let sharing = good(stand.store.sharing(job.known.number)).expect("the listing told");
    assert_eq!((sharing.links.len(), sharing.members), (0, Members::None));
    let todo = stand.claim(of, 1).remove(0).todo;
    assert!(todo.has(Todo::EXPOSURE) && !todo.has(Todo::SHARING));
}

fn found(item: &str, url: &str) -> FoundLink {
    FoundLink { item: item.into(), path_lower: None, link: link(url) }
}

fn unplaced_links(stand: &mut Stand) {
    let of = stand.connector_of("team", Provider::Dropbox);
    take(stand, of, &ns("n1", None), page(&[at("/a", folder("id:a")), at("/1.txt", file("id:1", "1"))]));
    drain(stand, of);
    let keep = |person: &str, links: &[FoundLink]| good(stand.store.keep_links(of, person, links, Lane::Live));
    let [one, folder] =
        [(ItemKind::File, "id:1"), (ItemKind::Folder, "id:a")].map(|(kind, id)| stand.number(of, kind, id));
    let mut both = vec![one, folder];
    both.sort_unstable();
    assert_eq!(keep("ann", &[found("id:1", "u1"), found("id:a", "u2"), found("id:later", "u3")]), both);
    let jobs = drain(stand, of);
    assert_eq!((jobs["id:1"], jobs["id:a"]), (Todo::EXPOSURE, Todo::EXPOSURE.and(Todo::BELOW)));
    assert!(keep("bob", &[found("id:1", "u1")]).is_empty(), "another who sees the same link changes nothing");
    assert!(keep("ann", &[found("id:a", "u2"), found("id:later", "u3")]).is_empty(), "bob still sees it");
    assert_eq!(keep("bob", &[]), vec![one]);
    assert_eq!(good(stand.store.sharing(one)).map(|sharing| sharing.links.len()), Some(0));
    take(stand, of, &ns("n1", None), page(&[at("/later.txt", file("id:later", "1"))]));
    let later = stand.number(of, ItemKind::File, "id:later");
    let links = good(stand.store.sharing(later)).map(|sharing| sharing.links);
    assert_eq!(links, Some(vec![link("u3")]));
}

fn hidden_members(stand: &mut Stand) {
    let of = stand.connector("main");
    let mut shared = file("1", "a");
    shared.item.has_members = true;
    stand.list(of, &[shared, file("2", "a"), within("9", file("3", "a"))]);
    let members = |kind, id: &str| {
        let number = stand.number(of, kind, id);
        good(stand.store.sharing(number)).map(|sharing| sharing.members)
    };
    assert_eq!(members(ItemKind::File, "1"), Some(Members::Hidden), "some, and nobody asked who");
    assert_eq!(members(ItemKind::File, "2"), Some(Members::None));
    assert_eq!(members(ItemKind::Folder, "9"), None, "a stub: nothing was ever told");
    // A namespace of Dropbox is asked about as soon as it is known, and is not nobody's until then.
    let of = stand.connector_of("team", Provider::Dropbox);
    take(stand, of, &ns("n1", None), page(&[at("/1.txt", file("id:1", "1"))]));
    let top = find(stand, of, ItemKind::Folder, "n1");
    assert!(top.is_top);
    assert_eq!(good(stand.store.sharing(top.number)).map(|sharing| sharing.members), Some(Members::Hidden));
    assert_eq!(drain(stand, of)["n1"], Todo::SHARING);
    let above = good(stand.store.above(stand.number(of, ItemKind::File, "id:1")));
    assert_eq!(above.len(), 1);
    assert_eq!((&*above[0].id, &above[0].sharing.members), ("n1", &Members::Hidden));
}

fn totals(stand: &mut Stand) {
    let of = stand.connector("main");
    let mut all = vec![folder("9"), within("9", file("1", "a")), file("2", "a")];
    stand.list(of, &all);
    all[2].item.size_bytes = 1_000;
    all[2].item.version = Some("b".into());
    stand.list(of, &all);
    good(stand.store.item_gone(stand.number(of, ItemKind::File, "1")));
    let totals = good(stand.store.totals(of));
    let there = good(stand.store.items(&Scope { connector: Some(of), ..Scope::default() }, None, 100));
    let files: Vec<&Known> = there.iter().filter(|known| known.item.kind == ItemKind::File).collect();
    assert_eq!(totals.files, u64::try_from(files.len()).unwrap_or(u64::MAX));
    assert_eq!(totals.bytes, files.iter().map(|known| known.item.size_bytes).sum::<u64>());
    assert_eq!((totals.folders, totals.web_links, totals.waiting_files, totals.waiting_bytes), (1, 0, 1, 1_000));
}

fn forgotten(stand: &mut Stand) {
    let of = stand.connector("main");
    stand.list(of, &[folder("9"), within("9", file("1", "a")), file("2", "a")]);
    let numbers = ["1", "2"].map(|id| stand.number(of, ItemKind::File, id));
    good(stand.store.item_gone(stand.number(of, ItemKind::Folder, "9")));
    let now = stand.clock.steady();
    assert_eq!(good(stand.store.forget(Record::GoneItems, now)), 0, "they went just now");
    stand.clock.advance(Duration::from_secs(1));
    good(stand.store.item_gone(numbers[1]));
    assert_eq!(good(stand.store.forget(Record::GoneItems, stand.clock.steady())), 2);
    assert!(good(stand.store.item(numbers[0])).is_none());
    assert!(good(stand.store.item(numbers[1])).is_some());
    stand.clock.advance(Duration::from_secs(1));
    assert_eq!(good(stand.store.forget(Record::GoneItems, stand.clock.steady())), 1);
    stand.reopen();
    stand.list(of, &[file("2", "a")]);
    assert!(stand.number(of, ItemKind::File, "2") > numbers[1], "a number is never given twice");
}

fn exposure_ends(stand: &mut Stand) {
    let of = stand.connector("main");
    stand.list(of, &[file("1", "a"), file("2", "a"), file("3", "a")]);
    let numbers = ["1", "2", "3"].map(|id| stand.number(of, ItemKind::File, id));
    let judged = |level, until: Option<i64>| Judged { level, known: true, until: until.map(Moment::from_millis) };
    let told = [
        (numbers[0], judged(Level::Public, Some(50))),
        (numbers[1], judged(Level::External, Some(20))),
        (numbers[2], judged(Level::Private, None)),
    ];
    good(stand.store.keep_exposure(&told));
    let ends = |by| good(stand.store.exposure_ends(Moment::from_millis(by), 10));
    assert_eq!((ends(19), ends(20), ends(60)), (vec![], vec![numbers[1]], vec![numbers[1], numbers[0]]));
    assert_eq!(find(stand, of, ItemKind::File, "1").exposure, Some(told[0].1));
    let scope = Scope { level_min: Some(Level::External), ..Scope::default() };
    assert_eq!(good(stand.store.items(&scope, None, 10)).len(), 2);
    good(stand.store.item_gone(numbers[1]));
    assert_eq!(ends(60), vec![numbers[0]]);
}
