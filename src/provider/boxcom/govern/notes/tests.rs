//! Notes and uploads against a server that plays a script: what is sent, and what a lost answer leads to.

use super::super::places::tests::{Stage, folder, now, person, refuses, says, word};
use super::*;
use crate::provider::http::script::{Play, answer};

fn there(id: &str) -> Play {
    let body = format!(r#"{{"code":"item_name_in_use","context_info":{{"conflicts":{{"type":"file","id":"{id}"}}}}}}"#);
    says(409, &body)
}

fn file(id: &str, content: &str) -> Play {
    says(200, &format!(r#"{{"id":"{id}","etag":"2","sha1":"{}"}}"#, sha1_of(content.as_bytes())))
}

fn note() -> Note {
    Note { name: "n.txt".into(), text: "text".into() }
}

#[test]
fn a_note_is_ours_when_its_content_is() {
    let free = || says(200, "{}");
    for (name, plays, found) in [
        ("nothing", vec![free()], None),
        ("ours", vec![there("5"), file("5", "text")], Some("5")),
        ("somebody's", vec![there("5"), file("5", "other"), free()], None),
        ("somebody's, ours beside it", vec![there("5"), file("5", "other"), there("6"), file("6", "text")], Some("6")),
        ("gone meanwhile", vec![there("5"), refuses(404, "not_found"), free()], None),
    ] {
        let stage = Stage::new(ItemKind::Folder, Action::PutNote(note()), plays);
        let got = stage.tenant.note_state(&stage.asked(None), &folder("7", "3")).unwrap();
        let wanted = found.map(|id| NoteState { id: id.into(), unchanged: true, pin: Some("2".into()) });
        assert_eq!(got, wanted, "{name}");
    }
}

#[test]
fn a_note_is_put_once_and_removed_as_it_was() {
    let put = || Step::PutNote { at: folder("60", "3"), note: note() };
    let taken = || refuses(409, "item_name_in_use");
    for (step, plays, outcome, first) in [
        (put(), vec![says(201, "{}")], "done 1", "POST /up/files/content [as-user: 3] [content-md5: "),
        (put(), vec![taken(), there("5"), file("5", "text")], "done 0", "POST"),
        (put(), vec![taken(), there("5"), file("5", "other")], "name taken", "POST"),
        (put(), vec![refuses(500, "oops")], "unclear: 500 oops", "POST"),
        (
            Step::RemoveNote { id: "5".into(), pin: Some("2".into()) },
            vec![says(204, "")],
            "done 1",
            "DELETE /api/files/5 [as-user: 3] [if-match: 2]",
        ),
        (
            Step::RemoveNote { id: "5".into(), pin: Some("2".into()) },
            vec![refuses(412, "precondition_failed")],
            "moved",
            "DELETE",
        ),
    ] {
        let stage = Stage::new(ItemKind::Folder, Action::PutNote(note()), plays);
        let applied = stage.tenant.apply_note(&stage.asked(None), &step, &now(ItemKind::Folder));
        assert_eq!(word(&applied), outcome, "{step:?}");
        assert!(stage.heard()[0].starts_with(first), "{step:?}: {:#?}", stage.heard());
    }
}

#[test]
fn a_large_upload_goes_in_parts() {
    let session = || says(201, r#"{"id":"S","part_size":4}"#);
    let part = |id: &str| says(200, &format!(r#"{{"part":{{"part_id":"{id}","offset":0}}}}"#));
    let not_yet = || answer(202, &["Retry-After: 1"], "");
    let parts = r#"{"entries":[{"part_id":"A","offset":0}]}"#;
    let begins = r#"POST /up/files/upload_sessions [as-user: 3] {"folder_id":"60","file_size":6,"file_name":"n.txt"}"#;
    for (name, plays, outcome, calls, last) in [
        (
            "smooth",
            vec![session(), part("A"), part("B"), says(201, "{}")],
            Ok(201),
            4,
            "POST /up/files/upload_sessions/S/commit",
        ),
        (
            "not yet",
            vec![session(), part("A"), part("B"), not_yet(), not_yet(), says(201, "{}")],
            Ok(201),
            6,
            "POST /up/files/upload_sessions/S/commit",
        ),
        (
            "a part's answer got lost",
            vec![
                session(),
                refuses(502, "bad"),
                refuses(409, "range_overlaps_existing_range"),
                says(200, parts),
                part("B"),
                says(201, "{}"),
            ],
            Ok(201),
            6,
            r#"POST /up/files/upload_sessions/S/commit [as-user: 3] [digest: "#,
        ),
        (
            "a part is refused",
            vec![session(), refuses(416, "invalid_upload_session_part"), says(204, "")],
            Err(Next::Refused),
            3,
            "DELETE /up/files/upload_sessions/S",
        ),
        (
            "the name is taken",
            vec![session(), part("A"), part("B"), refuses(409, "item_name_in_use"), says(204, "")],
            Err(Next::Moved),
            5,
            "DELETE /up/files/upload_sessions/S",
        ),
        (
            "the commit's answer got lost",
            vec![session(), part("A"), part("B"), refuses(500, "oops")],
            Err(Next::Transient),
            4,
            "POST /up/files/upload_sessions/S/commit",
        ),
    ] {
        let stage = Stage::new(ItemKind::Folder, Action::PutNote(note()), plays);
        let goes = Goes::Into { folder: "60", name: "n.txt" };
        let got = stage.tenant.upload_in_parts(goes, b"somexx", &person("3"));
        let heard = stage.heard();
        assert_eq!(got.map(|reply| reply.status).map_err(|error| error.next()), outcome, "{name}: {heard:#?}");
        assert_eq!(heard.len(), calls, "{name}: {heard:#?}");
        assert!(heard[0].starts_with(begins), "{name}: {heard:#?}");
        assert!(heard[1].contains("[content-range: bytes 0-3/6] some"), "{name}: {heard:#?}");
        assert!(heard.last().unwrap().starts_with(last), "{name}: {heard:#?}");
    }
}
