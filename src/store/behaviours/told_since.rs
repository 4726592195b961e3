//! What was told while a listing was under way: a listing that comes to its end knows less of it, and takes nothing away.

use super::inventory::{drain, ended, files_there, gone_path, ns, ns_walks, take};
use super::{Behaviour, Stand, at, file, folder, good, last, walk, walks, within};
use crate::model::{ItemKind, Lane, Provider, Todo, Walk};
use crate::store::inventory::TakenPage;
use crate::store::queue::Ask;

pub(super) const BEHAVIOURS: &[Behaviour] = &[
    ("a look that an event asked for outlives the end of a listing that missed the item", looked_at_all_the_same),
    ("what was told beside a pass is not missed at its end", told_beside),
    ("a deleted file that a feed looked up in the trash stays while its namespace goes on", found_in_trash),
    ("a namespace found since the list of them was made is walked with them", found_since),
];

fn ask(stand: &Stand, item: crate::model::ItemNumber, todo: Todo) {
    good(stand.store.ask(&[Ask { item, lane: Lane::Live, todo, priority: 0, offered: None, happened: None }]));
}

/// A file that was moved from a folder not yet listed into one that was: no page of the pass names it.
fn looked_at_all_the_same(stand: &mut Stand) {
    let of = stand.connector("main");
    let all = [folder("9"), file("1", "a"), file("2", "a"), within("9", file("3", "a"))];
    good(stand.store.begin_pass(of, &walks(&["root:7"])));
    take(stand, of, &walk("root:7"), last(&all));
    good(stand.store.end_pass(of));
    drain(stand, of);
    let [moved, inner] = ["2", "3"].map(|id| stand.number(of, ItemKind::File, id));
    good(stand.store.begin_pass(of, &walks(&["root:7"])));
    ask(stand, moved, Todo::LOOK.and(Todo::CONTENT).and(Todo::EXPOSURE));
    take(stand, of, &walk("root:7"), last(&[folder("9"), file("1", "a"), within("9", file("3", "a"))]));
    assert_eq!(good(stand.store.end_pass(of)).gone, 1);
    assert_eq!(drain(stand, of).into_iter().collect::<Vec<_>>(), [("2".to_owned(), Todo::LOOK)]);
    // The same of a file that was moved out of a folder before that was deleted.
    ask(stand, inner, Todo::LOOK);
    good(stand.store.item_gone(stand.number(of, ItemKind::Folder, "9")));
    assert_eq!(drain(stand, of).get("3"), Some(&Todo::LOOK));
    // Anything else that waits for what is gone waits in vain.
    ask(stand, stand.number(of, ItemKind::File, "1"), Todo::EXPOSURE);
    good(stand.store.item_gone(stand.number(of, ItemKind::File, "1")));
    assert!(drain(stand, of).is_empty());
}

/// A folder that was moved from a place not yet listed into one that was is listed beside the pass, for the event's sake.
fn told_beside(stand: &mut Stand) {
    let of = stand.connector("main");
    let found = TakenPage { found: vec![walk("folder:9")], ..last(&[folder("9"), file("1", "a")]) };
    let inner = || last(&[within("9", file("2", "a"))]);
    good(stand.store.begin_pass(of, &walks(&["root:7"])));
    take(stand, of, &walk("root:7"), found);
    take(stand, of, &walk("folder:9"), inner());
    good(stand.store.end_pass(of));
    good(stand.store.begin_pass(of, &walks(&["root:7"])));
    take(stand, of, &walk("root:7"), last(&[file("1", "a")]));
    good(stand.store.take_page(of, &walk("folder:9"), inner(), Lane::Live));
    good(stand.store.end_pass(of));
    assert_eq!(files_there(stand, of), ["1", "2"]);
    // The next pass does not hear of it, and nobody else does.
    good(stand.store.begin_pass(of, &walks(&["root:7"])));
    take(stand, of, &walk("root:7"), last(&[file("1", "a")]));
    good(stand.store.end_pass(of));
    assert_eq!(files_there(stand, of), ["1"]);
}

fn found_since(stand: &mut Stand) {
    let of = stand.connector_of("team", Provider::Dropbox);
    let both = |stand: &Stand, listed: &[&str]| {
        let waiting = good(stand.store.waiting_walks(of, &[], 10));
        assert_eq!(waiting.iter().map(|walk| &*walk.id).collect::<Vec<_>>(), listed);
        waiting.iter().for_each(|walk| take(stand, of, walk, ended(&[], "later")));
        good(stand.store.end_pass(of));
        good(stand.store.cursors(of)).len()
    };
    good(stand.store.begin_pass(of, &ns_walks()));
    take(stand, of, &ns("n1", None), ended(&[at("/a.txt", file("id:a", "1"))], "c1"));
    good(stand.store.end_pass(of));
    // The list for the next pass is asked for; then an event tells of another namespace, which is listed at once.
    let stale = ns_walks();
    let mut shared = at("/b.txt", file("id:b", "1"));
    shared.item.place = "n2".into();
    good(stand.store.take_page(of, &ns("n2", None), ended(&[shared], "c2"), Lane::Live));
    good(stand.store.begin_pass(of, &stale));
    assert_eq!(both(stand, &["ns:n1", "ns:n2"]), 2, "it is still followed");
    assert_eq!(files_there(stand, of), ["id:a", "id:b"]);
    // One that a pass has walked is gone when the list leaves it out.
    good(stand.store.begin_pass(of, &ns_walks()));
    assert_eq!(both(stand, &["ns:n1"]), 1);
    assert_eq!(files_there(stand, of), ["id:a"]);
}

fn found_in_trash(stand: &mut Stand) {
    let of = stand.connector_of("team", Provider::Dropbox);
    let both = [at("/a.txt", file("id:a", "1")), at("/b.txt", file("id:b", "1"))];
    good(stand.store.begin_pass(of, &ns_walks()));
    take(stand, of, &ns("n1", None), ended(&both, "c1"));
    good(stand.store.end_pass(of));
    // Deleted after the pass: the feed tells the path, and sends for what lay there.
    good(stand.store.take_gone(of, &[gone_path("/a.txt")]));
    let mut deleted = at("/a.txt", file("id:a", "1"));
    deleted.item.trashed = Some(stand.clock.now());
    let bin = Walk { id: "trash:n1:/a.txt".into(), kind: "trash".into(), ..ns("n1", None) };
    good(stand.store.take_page(of, &bin, last(&[deleted]), Lane::Live));
    for (round, there) in [(0, &["id:a", "id:b"][..]), (1, &["id:a", "id:b"]), (2, &["id:b"])] {
        good(stand.store.begin_pass(of, &ns_walks()));
        if round == 2 {
            // Walked from its beginning, a namespace would have found it again.
            good(stand.store.restart_walk(of, &ns("n1", Some("c1"))));
            take(stand, of, &ns("n1", None), ended(&both[1..], "c2"));
        } else {
            take(stand, of, &ns("n1", Some("c1")), ended(&[], "c1"));
        }
        good(stand.store.end_pass(of));
        assert_eq!(files_there(stand, of), there, "round {round}");
    }
}
