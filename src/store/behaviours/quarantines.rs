//! What a store must show of quarantine: what lies there is known by its id, its item and everything above it.

use super::intents::{acts, add, closing, entry, quarantined, take};
use super::matches::{files, tick, wanted};
use super::{Behaviour, Stand, file, folder, good, within};
use crate::model::action::{Outcome, OwnLink, Target, TargetItem};
use crate::model::{Cause, ConnectorNumber, ItemKind, Principal};
use crate::store::intents::{Closing, NewIntent};
use crate::store::quarantines::{Lying, NewQuarantined};

pub(super) const BEHAVIOURS: &[Behaviour] = &[
    ("what lies in quarantine is kept with the state before, until it is released", kept_until_released),
    ("what lies below a folder in quarantine lies there too", below_a_folder),
    ("what a receipt tells is adopted once, and found by its provider's id", adopted),
];

fn target(id: &str, kind: ItemKind) -> Target {
    let read_as = Principal::Person("7".into());
    Target::Item(TargetItem { id: id.into(), kind, place: "7".into(), read_as, path: None })
}

/// As it comes back: addresses of links are never kept.
fn kept(mut is: NewQuarantined) -> NewQuarantined {
    is.prior.links.iter_mut().for_each(|link: &mut OwnLink| link.url = None);
    is
}

fn ids(stand: &Stand, released: bool) -> Vec<String> {
    good(stand.store.quarantined(released, None, 9)).iter().map(|one| one.is.id.to_string()).collect()
}

/// Ends an intent that puts something there, or takes it back.
fn close(stand: &Stand, of: ConnectorNumber, new: NewIntent, ends: impl FnOnce(Closing) -> Closing) {
    let number = add(stand, &[new])[0];
    assert_eq!(take(stand, of).map(|intent| intent.number), Some(number));
    good(stand.store.close_intent(&ends(closing(number, Outcome::Done))));
}

fn kept_until_released(stand: &mut Stand) {
    let (of, items) = files(stand, &["1", "2"]);
    for (id, at) in [("b", 0), ("a", 1)] {
        let is = quarantined(id, of, Some(items[at]), &target(&items[at].0.to_string(), ItemKind::File));
        let new = wanted(&format!("i{id}"), of, items[at], &[]);
        close(stand, of, new, |closing| Closing { quarantined: Some(is), ..closing });
    }
    let since = stand.clock.steady();
    stand.crash();
    assert_eq!(ids(stand, false), ["a", "b"]);
    let one = good(stand.store.quarantined_as("b")).expect("it lies there");
    let expected = kept(quarantined("b", of, Some(items[0]), &target(&items[0].0.to_string(), ItemKind::File)));
    assert_eq!((&one.is, one.since, one.released), (&expected, since, None));
    let page = good(stand.store.quarantined(false, Some("a"), 9));
    assert_eq!(page.iter().map(|one| &*one.is.id).collect::<Vec<_>>(), ["b"]);
    assert_eq!(good(stand.store.quarantined(false, None, 1)).len(), 1);
    assert!(good(stand.store.is_quarantined(items[0])));
    assert!(good(stand.store.is_note(of, "n1")));
    let released = tick(stand);
    let back = NewIntent { cause: Cause::Restore, ..wanted("r1", of, items[0], &[]) };
    close(stand, of, back, |closing| Closing { released: Some("b".into()), ..closing });
    assert!(!good(stand.store.is_quarantined(items[0])));
    assert_eq!((ids(stand, false), ids(stand, true)), (vec!["a".into()], vec!["a".into(), "b".into()]));
    let gone = good(stand.store.quarantined_as("b")).expect("it lay there");
    assert_eq!((gone.since, gone.released), (since, Some(released)));
    assert!(good(stand.store.quarantined_as("c")).is_none());
    let lying = Lying { connector: of, item: Some(items[1]), note: Some("n1".into()) };
    assert_eq!(good(stand.store.lying()), [lying]);
}

fn below_a_folder(stand: &mut Stand) {
    let of = stand.connector("main");
    stand.list(of, &[folder("10"), within("10", folder("11")), within("11", file("1", "a")), file("2", "a")]);
    let number = |id, kind| stand.number(of, kind, id);
    let (top, inner) = (number("10", ItemKind::Folder), number("11", ItemKind::Folder));
    let (within, beside) = (number("1", ItemKind::File), number("2", ItemKind::File));
    let is = quarantined("a", of, Some(top), &target("10", ItemKind::Folder));
    close(stand, of, wanted("i1", of, top, &[]), |closing| Closing { quarantined: Some(is), ..closing });
    let there = [top, inner, within, beside].map(|item| good(stand.store.is_quarantined(item)));
    assert_eq!(there, [true, true, true, false]);
}

fn adopted(stand: &mut Stand) {
    let of = stand.connector("main");
    let other = stand.connector("other");
    let since = stand.clock.steady();
    tick(stand);
    let is = quarantined("a", of, None, &target("77", ItemKind::File));
    let adopt = |stand: &Stand| good(stand.store.adopt(&is, since, &entry("quarantine.adopt")));
    assert!(adopt(stand));
    assert!(!adopt(stand), "it is known");
    stand.crash();
    let one = good(stand.store.quarantined_as("a")).expect("it lies there");
    assert_eq!((one.is, one.since), (kept(is.clone()), since));
    for connector in [of, other] {
        stand.list(connector, &[file("77", "a"), file("78", "a")]);
    }
    let there = |connector, id| good(stand.store.is_quarantined(stand.number(connector, ItemKind::File, id)));
    assert_eq!((there(of, "77"), there(of, "78"), there(other, "77")), (true, false, false));
    let note = |connector, id| good(stand.store.is_note(connector, id));
    assert_eq!((note(of, "n1"), note(of, "n2"), note(other, "n1")), (true, false, false));
    assert_eq!(acts(stand), ["quarantine.adopt"]);
}
