use super::*;
use crate::clock::Moment;
use crate::detect::TokenKey;
use crate::model::action::{Holds, Labels};
use crate::model::{Members, Principal};
use sealed::Unread;

/// A folder of the company's own.
pub(in crate::engine) fn folder(path: &str) -> Folder {
    Folder { id: None, place: "10".into(), path: Some(path.into()), act_as: Principal::Tenant }
}

/// A file in the folder `/Sales`, of version `v1`, shared with nobody.
pub(in crate::engine) fn state(name: &str) -> ItemState {
    ItemState {
        at: Moment::from_millis(1_000),
        kind: ItemKind::File,
        name: name.into(),
        folder: folder("/Sales"),
        as_folder: None,
        owner: None,
        version: Some("v1".into()),
        etag: None,
        hash: None,
        size_bytes: 7,
        trashed: false,
        links: Vec::new(),
        links_above: Vec::new(),
        members: Members::None,
        invitations: None,
        labels: Labels::default(),
        lock: None,
        holds: Holds::NotAsked,
        note: None,
        copy: None,
        lent: None,
        said: None,
        seen_back: None,
        shared_as: None,
    }
}

fn sealed() -> Sealed {
    let quarantine = Quarantine { whose: Whose::Company, to: folder(""), name: "a (q7).csv".into(), note: None };
    let on = TargetItem {
        id: "id:a".into(),
        kind: ItemKind::File,
        place: "10".into(),
        read_as: Principal::Tenant,
        path: Some("/Sales/a.csv".into()),
    };
    let order = Order {
        id: "q7-2".into(),
        on: Target::Item(on),
        action: Action::Quarantine(quarantine),
        version: None,
        expects: None,
        begun: None,
        password: None,
    };
    Sealed {
        id: "q7".into(),
        at: Moment::from_millis(5_000),
        connector: "box".into(),
        whose: Whose::Company,
        person: None,
        owner: "erin@example.com".into(),
        policies: vec!["cards".into()],
        order,
        prior: state("Gehälter 4111 1111 1111 1111.csv"),
        content: Some([7; 32]),
        found: vec![("card".into(), 3)],
    }
}

#[test]
fn a_receipt_opens_with_its_key_alone_and_shows_nothing() {
    let key = ReceiptKey::of(&TokenKey::new([1; 32], 1));
    let text = key.seal(&sealed()).expect("random bytes can be had");
    assert!(text.is_ascii() && text.lines().all(|line| line.len() < 160), "{text}");
    for told in ["4111", "Geh", "erin", "Sales", "cards"] {
        assert!(!text.contains(told), "{told} in {text}");
    }
    assert_eq!(key.open(&text), Ok(sealed()));
    // Whatever an editor or a mail program does to line ends.
    assert_eq!(key.open(&text.replace('\n', "\r\n")), Ok(sealed()));
    let other = ReceiptKey::of(&TokenKey::new([2; 32], 1));
    assert_eq!(other.open(&text), Err(Unread::OtherKey));
    let cut = &text[..text.len() - 40];
    assert_eq!(key.open(cut), Err(Unread::Damaged));
    let changed = text.replacen('A', "B", 1).replacen('a', "b", 1);
    assert!(key.open(&changed).is_err());
    assert_eq!(key.open(&text.replacen("receipt 1", "receipt 9", 1)), Err(Unread::Newer(9)));
    for nothing in ["", "sluicebox receipt", "some note", "sluicebox receipt x y"] {
        assert_eq!(key.open(nothing), Err(Unread::None), "{nothing:?}");
    }
}

#[test]
fn names_in_quarantine_are_unique_and_fit() {
    let long = "x".repeat(300);
    for (name, id, unique) in [
        ("a.csv", "q7", "a (q7).csv".to_owned()),
        ("a", "q7", "a (q7)".to_owned()),
        (".env", "q7", ".env (q7)".to_owned()),
        ("a.tar.gz", "q7", "a.tar (q7).gz".to_owned()),
        (
            "Offer. With a dot and then a long sentence",
            "q7",
            "Offer. With a dot and then a long sentence (q7)".to_owned(),
        ),
    ] {
        assert_eq!(&*unique_name(name, id), unique, "{name}");
    }
    assert!(unique_name(&long, "q7").chars().count() <= NAME_LETTERS_MAX);
    assert!(unique_name(&format!("{long}.csv"), "q7").ends_with(" (q7).csv"));
    assert!(tombstone(None, &long, "q7").name.chars().count() <= NAME_LETTERS_MAX);
}

#[test]
fn a_tombstone_says_what_the_operator_wrote() {
    for (text, said) in [
        ("{id}", "q7"),
        ("{name} {policy} {contact} {id} {other} {", "a {id}.csv Cards it@example.com q7 {other} {"),
        ("no fields", "no fields"),
        ("{{id}}", "{q7}"),
    ] {
        assert_eq!(filled(text, "q7", "it@example.com", "a {id}.csv", "Cards"), said, "{text}");
    }
    let note = tombstone(None, "a.csv", "q7");
    assert_eq!(&*note.name, "a.csv - quarantined.txt");
    assert!(note.text.contains("q7"));
}

#[test]
fn what_is_in_the_way_leaves_its_sharing_to_be_closed() {
    let held = Block::Hold("Case 7".into());
    let quarantine = sealed().order.action;
    for (action, block, closes) in [
        (&quarantine, &held, true),
        (&quarantine, &Block::Shield, true),
        (&quarantine, &Block::NobodyToAct, false),
        (&Action::Trash, &held, true),
        (&Action::RemoveLinks, &held, false),
    ] {
        assert_eq!(has_fallback(action, block), closes, "{} {block:?}", action.name());
    }
}
