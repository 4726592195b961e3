//! What was judged is not judged again after a stop, and an exception's end is noticed.

use super::*;
use crate::model::{Download, Item, ItemKind, Onward, Principal, Provider, Walk};
use crate::policy::Policies;
use crate::policy::file::load_text;
use crate::store::inventory::TakenPage;
use crate::store::order::Shares;
use crate::store::sqlite::{Options, Sqlite};
use crate::store::{
    Connectors as _, Entry, Exception, ExceptionKind, Exceptions as _, Inventory as _, Listed, Matches as _,
    NewException, SealKey,
};
use std::time::Duration;

/// More pages than can be judged before the first of them is counted.
const ITEMS: usize = 12 * PAGE_ITEMS + 100;

fn listed(number: usize) -> Listed {
    let item = Item {
        id: number.to_string().into(),
        kind: ItemKind::File,
        name: format!("{number}.txt").into(),
        parent: Some("0".into()),
        path: None,
        place: "7".into(),
        read_as: Principal::Person("7".into()),
        size_bytes: 1,
        version: Some("1".into()),
        etag: Some("1".into()),
        hash: None,
        created: None,
        modified: None,
        owner: None,
        outside_owner: false,
        link: None,
        has_members: false,
        label: None,
        locked: false,
        trashed: None,
        download: Download::Direct,
    };
    Listed { item, shown: None }
}

fn opened(folder: &tempfile::TempDir, clock: &Clock) -> Sqlite {
    let path = folder.path().join("store.db");
    Sqlite::open(Options { path, seal: SealKey::new([7; 32]), clock: clock.clone(), shares: Shares::default() })
        .unwrap()
}

fn filled(store: &Sqlite) {
    take(store, (0..ITEMS).map(listed).collect());
}

fn take(store: &Sqlite, items: Vec<Listed>) {
    let of = store.connector(&"main".parse().unwrap(), Provider::Box).unwrap().number;
    let walk = Walk {
        id: "root:7".into(),
        place: "7".into(),
        kind: "folder".into(),
        read_as: Principal::Person("7".into()),
        path: "".into(),
        cursor: None,
    };
    let page = TakenPage {
        items,
        gone: Vec::new(),
        found: Vec::new(),
        holes: Vec::new(),
        onward: Onward::End(None),
        asks: Vec::new(),
        offered: None,
    };
    store.take_page(of, &walk, page, Lane::Backlog).unwrap();
}

fn governing(filter: &str, exceptions: Vec<Exception>) -> Governing {
    let text = format!(
        "schema = 1\n[[policy]]\nname = \"p\"\ntitle = \"P\"\nseverity = \"low\"\nmode = \"watch\"\nwhere = '{filter}'\n"
    );
    let loaded = load_text("t.toml", &text, &crate::policy::Known::default()).unwrap();
    Governing::new(Policies::new(loaded.policies, Vec::new()), exceptions)
}

fn matched(store: &Sqlite) -> usize {
    let mut all = 0;
    let mut after = None;
    loop {
        let page = store.matched("p", after, 1_000).unwrap();
        all += page.len();
        after = page.last().map(|one| one.item);
        if page.is_empty() {
            return all;
        }
    }
}

#[test]
fn what_was_judged_before_a_stop_is_not_judged_again() {
    let folder = tempfile::tempdir().unwrap();
    let clock = Clock::movable();
    let store = opened(&folder, &clock);
    filled(&store);
    let (tags, rules) = (Tags::default(), crate::store::Rules::rules_number(&store, &[]).unwrap());
    let all = u64::try_from(ITEMS).unwrap();
    let size = governing("size > 0", Vec::new());
    let by = By { governing: &size, tags: &tags, rules };
    let first = everything(&store, by, &clock, &mut |state| state.after == 0).unwrap();
    assert!(first.done_ms.is_none() && first.after > 0 && first.judged < all, "{first:?}");
    // The program is started again.
    drop(store);
    let store = opened(&folder, &clock);
    let second = everything(&store, by, &clock, &mut |_| true).unwrap();
    // What matched before the position is looked at again at the end, and nothing comes of it.
    assert!((all..=all + first.judged).contains(&second.judged), "{first:?} {second:?}");
    // Pages that were judged beyond the position when it stopped began their matches, and counted them nowhere.
    assert!(second.began <= all && second.done_ms.is_some(), "{second:?}");
    assert_eq!(matched(&store), ITEMS);
    // Other policies begin at the beginning, also where an earlier run was not at its end.
    let none = governing("size > 1TB", Vec::new());
    let other = By { governing: &none, tags: &tags, rules };
    let third = everything(&store, other, &clock, &mut |_| false).unwrap();
    assert!(third.done_ms.is_none(), "{third:?}");
    let last = everything(&store, by, &clock, &mut |_| true).unwrap();
    assert!((all..=2 * all).contains(&last.judged) && last.done_ms.is_some(), "{last:?}");
    assert_eq!(matched(&store), ITEMS);
}

#[test]
fn an_exceptions_end_makes_everything_due_again() {
    let folder = tempfile::tempdir().unwrap();
    let clock = Clock::movable();
    let store = opened(&folder, &clock);
    filled(&store);
    let (tags, rules) = (Tags::default(), crate::store::Rules::rules_number(&store, &[]).unwrap());
    let new = NewException {
        kind: ExceptionKind::File,
        what: "5".into(),
        connector: None,
        policy: None,
        content: None,
        excused: Vec::new(),
        reason: "r".into(),
        by: "b".into(),
        until: clock.now().plus(Duration::from_secs(60)),
    };
    let entry = Entry { actor: "t".into(), act: "t".into(), about: "t".into(), details: "{}".into() };
    store.add_exception(&new, &entry).unwrap();
    let held = |store: &Sqlite| store.exceptions(Some(clock.now())).unwrap();
    let before = governing("size > 0", held(&store));
    everything(&store, By { governing: &before, tags: &tags, rules }, &clock, &mut |_| true).unwrap();
    assert_eq!(matched(&store), ITEMS - 1);
    assert!(!by_itself::has_expired(&before, clock.now()));
    clock.advance(Duration::from_secs(61));
    assert!(by_itself::has_expired(&before, clock.now()));
    let after = governing("size > 0", held(&store));
    assert_ne!(digest(&before, &store).unwrap(), digest(&after, &store).unwrap());
    everything(&store, By { governing: &after, tags: &tags, rules }, &clock, &mut |_| true).unwrap();
    assert_eq!(matched(&store), ITEMS);
}

/// What an exception is about, and the items that are judged when it comes or goes.
#[test]
fn an_exception_has_what_it_can_touch_judged_and_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let clock = Clock::movable();
    let store = opened(&folder, &clock);
    let of = |kind, parent: &str, owner: Option<&str>, number: usize| {
        let Listed { item, shown } = listed(number);
        let owner = owner.map(|login| crate::model::Owner { account: None, login: Some(login.into()) });
        Listed { item: Item { kind, parent: Some(parent.into()), owner, ..item }, shown }
    };
    // Sixty files; 60 is a folder with 61 to 64 in it; 65 to 67 are Ann's; 68 and 69 can be reached from outside.
    let mut items: Vec<Listed> = (0..60).map(listed).collect();
    items.push(of(ItemKind::Folder, "0", None, 60));
    items.extend((61..65).map(|number| of(ItemKind::File, "60", None, number)));
    items.extend((65..68).map(|number| of(ItemKind::File, "0", Some("Ann@Example.com"), number)));
    items.extend((68..70).map(listed));
    take(&store, items);
    let all = store.items(&Scope::default(), None, 100).unwrap();
    let told = |known: &Known| {
        let level = if matches!(&*known.item.id, "68" | "69") { Level::External } else { Level::Private };
        (known.number, crate::store::Judged { level, known: true, until: None })
    };
    store.keep_exposure(&all.iter().map(told).collect::<Vec<_>>()).unwrap();
    let (tags, rules) = (Tags::default(), crate::store::Rules::rules_number(&store, &[]).unwrap());
    let judged = |filter: &str| {
        let governing = governing(filter, store.exceptions(Some(clock.now())).unwrap());
        let by = By { governing: &governing, tags: &tags, rules };
        excused(&store, by, &clock, &mut |_| true).unwrap().map(|state| (state.judged, state.began, state.ended))
    };
    assert_eq!(judged("size > 0"), None, "everything was never judged");
    let none = governing("size > 0", Vec::new());
    everything(&store, By { governing: &none, tags: &tags, rules }, &clock, &mut |_| true).unwrap();
    assert_eq!(matched(&store), 70);
    assert_eq!(judged("size > 1TB"), None, "another policy is no matter of exceptions");
    assert_eq!(judged("size > 0"), Some((0, 0, 0)));
    let token = "k1:00112233445566778899aabbccddeeff";
    let rows = [
        (ExceptionKind::File, "5", Some((1, 1))),
        (ExceptionKind::Folder, "60", Some((5, 5))),
        (ExceptionKind::Owner, "ann@example.com", Some((3, 3))),
        // Nobody of that domain is known to be a member.
        (ExceptionKind::Domain, "partner.example", Some((2, 0))),
        (ExceptionKind::Token, token, Some((0, 0))),
        (ExceptionKind::Folder, "nowhere", None),
    ];
    let entry = Entry { actor: "t".into(), act: "t".into(), about: "t".into(), details: "{}".into() };
    for (kind, what, touched) in rows {
        let new = NewException {
            kind,
            what: what.into(),
            connector: None,
            policy: None,
            content: None,
            excused: Vec::new(),
            reason: "r".into(),
            by: "b".into(),
            until: clock.now().plus(Duration::from_secs(60)),
        };
        let number = store.add_exception(&new, &entry).unwrap();
        assert_eq!(judged("size > 0"), touched.map(|(judged, spared)| (judged, 0, spared)), "{kind:?} came");
        clock.advance(Duration::from_secs(1));
        assert!(store.end_exception(number, &entry).unwrap());
        clock.advance(Duration::from_secs(1));
        // What could not be told is no matter any more: it came and went between two looks.
        let back = touched.unwrap_or_default();
        assert_eq!(judged("size > 0"), Some((back.0, back.1, 0)), "{kind:?} went");
        assert_eq!(matched(&store), 70, "{kind:?}");
    }
    // Stopped, it is begun anew: nothing of it counts as done.
    let new = NewException {
        kind: ExceptionKind::Folder,
        what: "60".into(),
        connector: None,
        policy: None,
        content: None,
        excused: Vec::new(),
        reason: "r".into(),
        by: "b".into(),
        until: clock.now().plus(Duration::from_secs(60)),
    };
    store.add_exception(&new, &entry).unwrap();
    let by_then = governing("size > 0", store.exceptions(Some(clock.now())).unwrap());
    let by = By { governing: &by_then, tags: &tags, rules };
    let stopped = excused(&store, by, &clock, &mut |_| false).unwrap().unwrap();
    assert_eq!((stopped.judged, stopped.done_ms), (1, None));
    assert_eq!(judged("size > 0"), Some((5, 0, 4)));
}
