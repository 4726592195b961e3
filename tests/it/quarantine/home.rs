//! A person's quarantine in the own home: whatever else has its name there, it is the person's alone, and one of the former name
//! is used on.

use super::look::Look;
use super::scene::{Scene, invite, write};
use sluicebox::emulator::edit::Edit;
use sluicebox::engine::control::govern::Deed;
use sluicebox::engine::quarantine::adopt;
use sluicebox::engine::quarantine::sealed::ReceiptKey;
use sluicebox::model::{ItemKind, Provider};
use sluicebox::policy::ask::Ask;

const OWN: &str = "/sluicebox personal quarantine/";

/// Files of two people, and what happened in their homes before.
struct Row {
    what: &'static str,
    /// Whose file is put into the own quarantine.
    file: &'static str,
    /// What was done before, by people.
    before: Vec<Edit>,
    /// Where it lies then in the home at Dropbox.
    lies: &'static str,
}

fn rows() -> Vec<Row> {
    let first = "erin/Travel/Cards.txt";
    vec![
        Row { what: "nothing is there", file: first, before: Vec::new(), lies: OWN },
        // The acting admin is a member of the company's quarantine: it shows in the home.
        Row { what: "the admin", file: "ada/Travel/Cards.txt", before: Vec::new(), lies: OWN },
        Row {
            what: "one of the former name",
            file: first,
            before: vec![write("erin/sluicebox quarantine/old.txt", "of an earlier version")],
            lies: "/sluicebox quarantine/",
        },
        Row {
            what: "somebody else's folder of its name",
            file: first,
            before: vec![
                write("heidi/sluicebox personal quarantine/bait.txt", "hers"),
                invite("heidi/sluicebox personal quarantine", "erin"),
            ],
            lies: "/sluicebox personal quarantine 2/",
        },
        Row {
            what: "a file of its name",
            file: first,
            before: vec![write("erin/sluicebox personal quarantine", "a file")],
            lies: "/sluicebox personal quarantine 2/",
        },
    ]
}

#[test]
fn it_is_its_owners_alone_and_gives_back_what_lies_there() {
    for Row { what, file, before, lies } in rows() {
        let companys = "erin/Travel/Of the company.txt";
        let mut deeds = before;
        deeds.extend([write(file, "Card 4012 8888 8888 1881."), write(companys, "Card 4012 8888 8888 1881, too.")]);
        let scene = Scene::after(&deeds);
        let provider = Provider::Dropbox;
        let other = scene.known(provider, companys, ItemKind::File);
        let made = scene.ask("company", &other, Ask::AdminQuarantine { to: None, by_copy: false });
        assert_eq!(&*made.outcome, "done", "{what}: {}", made.why);
        let known = scene.known(provider, file, ItemKind::File);
        let was = Look::at(&scene, provider, &known.item.id);
        let was_in = scene.house.tenants.dropbox.seen(&known.item.id).expect("a file").namespace;
        let intent = scene.ask("own", &known, Ask::UserQuarantine);
        assert_eq!(&*intent.outcome, "done", "{what}: {}", intent.why);
        let seen = scene.house.tenants.dropbox.seen(&known.item.id).expect("a file");
        assert_eq!(seen.path, format!("{lies}Cards (own).txt"), "{what}");
        assert_eq!(seen.namespace, was_in, "{what}: in the home itself");
        let whom: Vec<&str> = seen.members.iter().filter(|one| one.role != "owner").map(|one| &*one.who).collect();
        assert!(whom.is_empty(), "{what}: {whom:?}");
        // It lies there already: nothing is moved again.
        let again = scene.ask("again", &scene.known_by(provider, &known.item.id), Ask::UserQuarantine);
        assert_eq!(&*again.outcome, "already_so", "{what}: {}", again.why);

        // Without the database: both are found once, each in the quarantine it lies in.
        let scene = scene.with_a_new_store();
        let tenant = scene.tenant(provider);
        let key = ReceiptKey::of(&scene.core.key);
        let governor = tenant.governor.as_ref().unwrap();
        let found = adopt::find(&**governor, tenant.name.as_str(), &tenant.directory(), &key).unwrap();
        let ids: Vec<&str> = found.adopted.iter().map(|one| &*one.sealed.id).collect();
        assert_eq!((ids, found.told.len()), (vec!["company", "own"], 0), "{what}");
        let receipts = found.adopted.iter().map(|one| serde_json::to_string(one).unwrap()).collect();
        scene.deed(Deed::QuarantineAdopt { receipts }).unwrap();
        let ends = scene.restore(&["own"]);
        assert_eq!(&*ends[0].outcome, "done", "{what}: {}", ends[0].why);
        assert_eq!(Look::at(&scene, provider, &known.item.id), was, "{what}");
    }
}

#[test]
fn what_lay_in_one_of_the_former_name_comes_back_when_the_folder_of_today_is_there_too() {
    let (old, new) = ("erin/Travel/Old.txt", "erin/Travel/New.txt");
    let scene = Scene::after(&[
        write("erin/sluicebox quarantine/x.txt", "x"),
        write(old, "Card 4012 8888 8888 1881."),
        write(new, "Card 4012 8888 8888 1881, again."),
    ]);
    let provider = Provider::Dropbox;
    let known = scene.known(provider, old, ItemKind::File);
    let was = Look::at(&scene, provider, &known.item.id);
    assert_eq!(&*scene.ask("old", &known, Ask::UserQuarantine).outcome, "done");
    scene.play(&write("erin/sluicebox personal quarantine/y.txt", "y"));
    let known_new = scene.known(provider, new, ItemKind::File);
    assert_eq!(&*scene.ask("new", &known_new, Ask::UserQuarantine).outcome, "done");
    let path = |id: &str| scene.house.tenants.dropbox.seen(id).expect("a file").path;
    assert_eq!(path(&known.item.id), "/sluicebox quarantine/Old (old).txt");
    assert_eq!(path(&known_new.item.id), format!("{OWN}New (new).txt"));
    let scene = scene.with_a_new_store();
    let tenant = scene.tenant(provider);
    let governor = tenant.governor.as_ref().unwrap();
    let key = ReceiptKey::of(&scene.core.key);
    let found = adopt::find(&**governor, tenant.name.as_str(), &tenant.directory(), &key).unwrap();
    assert_eq!((found.adopted.len(), found.told.len()), (2, 0), "{:?}", found.told);
    let receipts = found.adopted.iter().map(|one| serde_json::to_string(one).unwrap()).collect();
    scene.deed(Deed::QuarantineAdopt { receipts }).unwrap();
    assert_eq!(scene.restore(&["old", "new"]).len(), 2);
    assert_eq!(Look::at(&scene, provider, &known.item.id), was);
    assert!(scene.id_at(provider, new).is_some());
}
