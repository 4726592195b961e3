//! What is sent for a note, how one is found again, and how a large content goes in parts.

use super::super::places::bench::{Bench, file, folder, refusal};
use super::*;
use crate::model::ItemKind;

const TEXT: &str = "It was moved.";

/// A status and a body.
type Told = (u16, Value);
/// An order, whether it was begun, what lies there; whether the note is unchanged, and how often it was looked for.
type Sought = (Action, bool, Vec<Told>, Option<bool>, usize);
/// Answers by route, whether it works, and the offsets that were sent.
type Sent<'a> = (Vec<(&'a str, u16, Value)>, bool, &'a [u64]);

fn note() -> Note {
    Note { name: "plan.txt".into(), text: TEXT.into() }
}

fn entry(text: &str) -> Told {
    let hash = blocks(text.as_bytes()).to_string();
    (200, json!({".tag": "file", "id": "id:n", "name": "plan.txt", "rev": "0123456789", "content_hash": hash}))
}

fn gone() -> Told {
    refusal(&["path", "not_found"])
}

/// A folder as a place to leave a note in.
fn dir() -> ItemState {
    ItemState { kind: ItemKind::Folder, as_folder: Some(folder("10", "/a/f")), ..file(folder("10", "/a")) }
}

#[test]
fn a_note_is_left_once() {
    let in_the_way = || refusal(&["path", "conflict", "file"]);
    for (told, there, is) in [
        ((200, json!({})), gone(), "done"),
        (in_the_way(), entry(TEXT), "done"),
        (in_the_way(), entry("another"), "name taken"),
        (in_the_way(), gone(), "moved"),
        (refusal(&["path", "no_write_permission"]), gone(), "blocked"),
        ((500, json!({})), gone(), "unclear"),
    ] {
        let bench = Bench::new(&[("files/upload", told.0, told.1), ("files/get_metadata", there.0, there.1)]);
        let step = Step::PutNote { at: folder("10", "/a/f"), note: note() };
        let applied = bench.ask(Action::PutNote(note()), None, |asked| bench.tenant.apply_note(asked, &step, &dir()));
        let word = match applied {
            Applied::Done(_) => "done",
            Applied::Moved => "moved",
            Applied::NameTaken => "name taken",
            Applied::Blocked(_) => "blocked",
            Applied::Unclear(_) => "unclear",
            Applied::Later(_) => "later",
        };
        assert_eq!(word, is);
        let sent = bench.calls("files/upload");
        let commit = json!({
            "path": "/a/f/plan.txt", "mode": {".tag": "add"}, "autorename": false, "mute": true, "strict_conflict": true,
            "content_hash": blocks(TEXT.as_bytes()).to_string(),
        });
        assert_eq!((sent.len(), &sent[0].argument), (1, &commit));
        assert_eq!((sent[0].by.as_str(), sent[0].root.as_str()), ("user dbmid:ann", "10"));
        assert_eq!(sent[0].bytes, TEXT.as_bytes());
    }
}

#[test]
fn a_note_is_known_by_its_content_under_any_of_its_names() {
    let leaves = || Action::PutNote(note());
    let takes = || Action::RemoveNote(note());
    let at = |told: &[Told]| -> Vec<(&'static str, u16, Value)> {
        told.iter().map(|(status, body)| ("files/get_metadata", *status, body.clone())).collect()
    };
    let rows: [Sought; 8] = [
        (leaves(), false, vec![entry(TEXT)], Some(true), 1),
        (leaves(), false, vec![gone()], None, 1),
        (leaves(), true, vec![gone()], None, 4),
        (leaves(), true, vec![gone(), entry(TEXT)], Some(true), 2),
        // Somebody's file of that name is no note of ours.
        (leaves(), false, vec![entry("x"), gone()], None, 4),
        (leaves(), true, vec![entry("x"), entry("y"), entry(TEXT)], Some(true), 3),
        // For somebody who takes it away it is the note, changed.
        (takes(), false, vec![entry("x"), gone()], Some(false), 4),
        (takes(), true, vec![gone()], None, 4),
    ];
    for (action, begun, told, unchanged, looks) in rows {
        let bench = Bench::new(&at(&told));
        let prior = begun.then(dir);
        let found = bench.ask(action, prior.as_ref(), |asked| bench.tenant.note_state(asked, &folder("10", "/a/f")));
        assert_eq!(found.expect("a state").map(|note| note.unchanged), unchanged, "{told:?}");
        assert_eq!(bench.heard().len(), looks, "{told:?}");
    }
}

#[test]
fn a_note_is_taken_away_while_it_is_what_was_looked_at() {
    let back = Action::Release { prior: Box::new(file(folder("10", "/a"))), note: Some(note()) };
    let at_home = ("user dbmid:ann", "10");
    for (action, now, pin, by) in [
        (Action::RemoveNote(note()), dir(), Some("0123456789"), at_home),
        (back, file(folder("30", "")), None, at_home),
    ] {
        let bench = Bench::new(&[("files/delete_v2", 200, json!({}))]);
        let step = Step::RemoveNote { id: "id:n".into(), pin: pin.map(Arc::from) };
        let applied = bench.ask(action, None, |asked| bench.tenant.apply_note(asked, &step, &now));
        assert!(matches!(applied, Applied::Done(_)));
        let sent = &bench.heard()[0];
        let argument = pin.map_or(json!({"path": "id:n"}), |rev| json!({"path": "id:n", "parent_rev": rev}));
        assert_eq!((sent.argument.clone(), sent.by.as_str(), sent.root.as_str()), (argument, by.0, by.1));
    }
}

#[test]
fn a_large_content_goes_in_parts() {
    let (offset, said) = refusal(&["incorrect_offset"]);
    let (lost, expired) = refusal(&["not_found"]);
    let fine = || ("files/upload_session/append_v2", 200, Value::Null);
    let failed = || ("files/upload_session/append_v2", 500, json!({}));
    let rows: [Sent<'_>; 5] = [
        (vec![fine()], true, &[0, 4, 8]),
        // The part had arrived, though its answer had not.
        (vec![failed(), ("files/upload_session/append_v2", offset, said.clone()), fine()], true, &[0, 0, 4, 8]),
        (vec![failed(), fine()], true, &[0, 0, 4, 8]),
        (vec![("files/upload_session/append_v2", offset, said)], false, &[0]),
        (vec![fine(), ("files/upload_session/append_v2", lost, expired)], false, &[0, 4]),
    ];
    for (mut told, works, offsets) in rows {
        told.push(("files/upload_session/start", 200, json!({"session_id": "s1"})));
        told.push(("files/upload_session/finish", 200, json!({})));
        let bench = Bench::new(&told);
        let content = Content { path: "/big".into(), mode: Mode::Add, bytes: b"0123456789" };
        let actor = Actor::person(&"dbmid:ann".into());
        let made = bench.tenant.put_in_parts(&actor, &"10".into(), &content, 4);
        match made {
            Ok(requests) => assert!(works && requests.len() == 1),
            Err(error) => assert!(!works && error.next() == Next::Transient, "{error}"),
        }
        let sent = bench.calls("files/upload_session/append_v2");
        let at: Vec<u64> = sent.iter().filter_map(|sent| sent.argument["cursor"]["offset"].as_u64()).collect();
        assert_eq!(at, offsets);
        let ends = bench.calls("files/upload_session/finish");
        assert_eq!(ends.len(), usize::from(works));
        for end in ends {
            assert_eq!(end.argument["cursor"], json!({"session_id": "s1", "offset": 10}));
            assert_eq!(
                (&end.argument["commit"]["path"], &end.argument["commit"]["mute"]),
                (&json!("/big"), &json!(true))
            );
        }
    }
}
