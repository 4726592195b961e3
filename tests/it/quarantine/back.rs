//! There and back: what was closed and moved is as it was, but for what was said to be lost; what is in the way leaves the
//! sharing closed.

use super::look::Look;
use super::scene::{Scene, expires, hash_of, invite, link, write};
use crate::service::house::work_off;
use sluicebox::engine::control::govern::Deed;
use sluicebox::engine::quarantine::restore::way_back;
use sluicebox::engine::quarantine::sealed::{ENDING, ReceiptKey};
use sluicebox::engine::quarantine::tombstone;
use sluicebox::model::action::{Action, Loss, Whose};
use sluicebox::model::{IntentState, ItemKind, Lane, Level, Provider, Todo};
use sluicebox::policy::ask::Ask;
use sluicebox::provider::govern::Kept;
use sluicebox::store::{self, ExceptionKind};

const FILE: &str = "erin/Travel/Cards.txt";
const FILE_LEFT: &str = "erin/Travel/Cards.txt - quarantined.txt";
const FOLDER: &str = "heidi/Site";
const FOLDER_LEFT: &str = "heidi/Site - quarantined.txt";

fn admin() -> Ask {
    Ask::AdminQuarantine { to: None, by_copy: false }
}

/// What lies in the quarantines that an ask uses.
fn kept(scene: &Scene, provider: Provider, whose: Whose, person: &str) -> Vec<Kept> {
    let tenant = scene.tenant(provider);
    let directory = tenant.directory();
    let person = directory.people().iter().find(|one| one.login.starts_with(&format!("{person}@"))).unwrap();
    let person = (whose == Whose::Owner).then(|| &*person.id);
    tenant.governor.as_ref().unwrap().kept(whose, person, ENDING).unwrap()
}

struct Row {
    ask: Ask,
    whose: Whose,
    owner: &'static str,
    path: &'static str,
    left: &'static str,
    kind: ItemKind,
}

fn rows() -> Vec<Row> {
    let named = Ask::AdminQuarantine { to: Some("Cards".into()), by_copy: false };
    let file = |ask, whose| Row { ask, whose, owner: "erin", path: FILE, left: FILE_LEFT, kind: ItemKind::File };
    let folder =
        |ask, whose| Row { ask, whose, owner: "heidi", path: FOLDER, left: FOLDER_LEFT, kind: ItemKind::Folder };
    vec![
        file(admin(), Whose::Company),
        file(named, Whose::Company),
        file(Ask::UserQuarantine, Whose::Owner),
        folder(admin(), Whose::Company),
        folder(Ask::UserQuarantine, Whose::Owner),
    ]
}

#[test]
fn what_lies_in_quarantine_is_told_as_private() {
    for provider in Provider::ALL {
        for (ask, path) in [(admin(), FILE), (Ask::UserQuarantine, FILE)] {
            let scene = Scene::after(&[write(FILE, "Card 4012 8888 8888 1881."), link(FILE, "public")]);
            let known = scene.known(provider, path, ItemKind::File);
            let intent = scene.ask("q", &known, ask.clone());
            assert_eq!(&*intent.outcome, "done", "{provider} {ask:?}: {}", intent.why);
            scene.house.site.list_all(&scene.core);
            work_off(&scene.core);
            // As a pass asks of a namespace that is new to it.
            let now = scene.core.store.item(known.number).unwrap().unwrap();
            let top = scene.core.store.find_path(known.connector, &now.item.place, "").unwrap().expect("a top");
            let (lane, todo) = (Lane::Asked, Todo::SHARING.and(Todo::BELOW));
            let ask = store::Ask { item: top.number, lane, todo, priority: 0, offered: None, happened: None };
            scene.core.store.ask(&[ask]).unwrap();
            work_off(&scene.core);
            let judged = scene.core.store.item(known.number).unwrap().unwrap().exposure.unwrap();
            assert_eq!((judged.level, judged.known), (Level::Private, true), "{provider} {ask:?}");
        }
    }
}

#[test]
fn what_comes_back_is_as_it_was() {
    let deeds = [
        write(FILE, "First. Card 4012 8888 8888 1881."),
        write(FILE, "Second. Card 4012 8888 8888 1881."),
        link(FILE, "public"),
        expires(FILE, 10),
        invite(FILE, "heidi"),
        link(FOLDER, "company"),
        invite(FOLDER, "erin"),
    ];
    for provider in Provider::ALL {
        for (number, row) in rows().into_iter().enumerate() {
            let scene = Scene::after(&deeds);
            let known = scene.known(provider, row.path, row.kind);
            let item = known.item.id.to_string();
            let before = Look::at(&scene, provider, &item);
            assert!(!before.is_closed(), "{before:?}");
            let id = format!("q{number}");
            let intent = scene.ask(&id, &known, row.ask.clone());
            let about = format!("{provider} {:?} {}: {} {}", row.ask, row.path, intent.outcome, intent.why);
            assert_eq!((intent.state, &*intent.outcome), (IntentState::Ended, "done"), "{about} {:#?}", intent.orders);

            // It lies there closed, with its receipt beside it and a note where it was.
            let lies = Look::at(&scene, provider, &item);
            assert!(lies.is_closed() && lies != before, "{about}: {lies:?}");
            let note = tombstone(None, &known.item.name, &id);
            assert!(note.text.contains(&id));
            assert_eq!(scene.hash_at(provider, row.left), Some(hash_of(provider, &note.text)), "{about}");
            let beside = kept(&scene, provider, row.whose, row.owner);
            let receipts: Vec<&Kept> = beside.iter().filter(|one| one.name.ends_with(ENDING)).collect();
            let [receipt] = &*receipts else { panic!("{about}: one receipt: {beside:?}") };
            let text = receipt.text.as_ref().unwrap().as_ref().unwrap();
            let sealed = ReceiptKey::of(&crate::service::house::key()).open(text).unwrap();
            assert_eq!((&*sealed.id, &*sealed.prior.name), (&*id, row.path.rsplit('/').next().unwrap()), "{about}");
            let of_item = beside.iter().find(|one| *one.id == *item).unwrap_or_else(|| panic!("{about}: {beside:?}"));
            assert!(of_item.name.contains(&id) && of_item.folder == receipt.folder, "{of_item:?}");
            let stored = scene.core.store.quarantined_as(&id).unwrap().expect("a row");
            assert!(scene.core.store.is_quarantined(known.number).unwrap());
            assert_eq!(stored.is.receipt.as_deref(), Some(&*receipt.id));
            let (_, lost) = way_back(&stored.is);
            assert!(lost.contains(&Loss::LinkAddress), "{lost:?}");

            // And back.
            let ends = scene.restore(&[&id]);
            let [back] = &*ends else { panic!("{about}: one restore") };
            assert_eq!((back.state, &*back.outcome), (IntentState::Ended, "done"), "{about}: {back:#?}");
            assert_eq!(Look::at(&scene, provider, &item), before, "{about}");
            assert_eq!(scene.hash_at(provider, row.left), None, "{about}");
            let beside = kept(&scene, provider, row.whose, row.owner);
            assert!(beside.iter().all(|one| !one.name.ends_with(ENDING)), "{about}: {beside:?}");
            assert!(scene.core.store.quarantined_as(&id).unwrap().unwrap().released.is_some());
            let excused = scene.core.store.exceptions(None).unwrap();
            let [excused] = &*excused else { panic!("{about}: one exception: {excused:?}") };
            let kind = if row.kind == ItemKind::File { ExceptionKind::File } else { ExceptionKind::Folder };
            assert_eq!((excused.is.kind, &*excused.is.what), (kind, &*item), "{about}");
            // Nothing of that lies there any more.
            let again = Deed::QuarantineRestore { ids: vec![id.clone()], until_ms: None, reason: String::new() };
            assert!(scene.deed(again).is_err());
        }
    }
}

#[test]
fn a_hold_leaves_the_sharing_to_be_closed() {
    let scene = Scene::after(&[link(FILE, "public"), invite(FILE, "heidi")]);
    for provider in Provider::ALL {
        let known = scene.known(provider, FILE, ItemKind::File);
        scene.order(&format!("hold{provider}"), &known, Action::Hold { policy: "Case 7".into() });
        let before = Look::at(&scene, provider, &known.item.id);
        let intent = scene.ask(&format!("held{provider}"), &known, admin());
        let after = Look::at(&scene, provider, &known.item.id);
        assert!(after.is_closed() && !after.is_trashed(), "{provider}: {after:?} {:#?}", intent.orders);
        assert!(!before.is_closed());
        assert!(!scene.core.store.is_quarantined(known.number).unwrap());
        assert!(scene.hash_at(provider, FILE).is_some(), "it lies where it lay");
        let beside = kept(&scene, provider, Whose::Company, "erin");
        assert!(beside.iter().all(|one| !one.name.ends_with(ENDING)), "{provider}: {beside:?}");
        assert!(intent.why.contains("Case 7"), "{}", intent.why);
    }
}

#[test]
fn a_copy_leaves_the_original_in_the_trash_and_it_comes_back() {
    let scene = Scene::after(&[link(FILE, "public"), invite(FILE, "heidi")]);
    for provider in Provider::ALL {
        let known = scene.known(provider, FILE, ItemKind::File);
        let before = Look::at(&scene, provider, &known.item.id);
        let id = format!("copy{provider}");
        let intent = scene.ask(&id, &known, Ask::AdminQuarantine { to: None, by_copy: true });
        assert_eq!(&*intent.outcome, "done", "{provider}: {} {:#?}", intent.why, intent.orders);
        assert!(Look::at(&scene, provider, &known.item.id).is_trashed());
        let note = tombstone(None, "Cards.txt", &id);
        assert_eq!(scene.hash_at(provider, FILE_LEFT), Some(hash_of(provider, &note.text)), "{provider}");
        let names = |scene: &Scene| -> Vec<String> {
            kept(scene, provider, Whose::Company, "erin").iter().map(|one| one.name.to_string()).collect()
        };
        assert!(names(&scene).contains(&format!("Cards ({id}).txt")), "{:?}", names(&scene));
        scene.restore(&[&id]);
        let after = Look::at(&scene, provider, &known.item.id);
        assert!(!after.is_trashed() && !after.is_closed(), "{provider}: {before:?} {after:?}");
        assert_eq!(scene.hash_at(provider, FILE_LEFT), None, "{provider}");
        assert!(scene.core.store.quarantined_as(&id).unwrap().unwrap().released.is_some());
    }
}
