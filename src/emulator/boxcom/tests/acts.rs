//! What requests do is noted, told as events, and nothing else is.

use super::{Desk, Door, json, said, text};
use crate::emulator::edit::{Edit, Play};

/// Who, method, address, body; status, and the effect: word, on which of the names, whether it changed anything.
type Row = (&'static str, &'static str, &'static str, &'static str, u16, Option<(&'static str, &'static str, bool)>);

#[test]
fn every_write_notes_what_it_did() {
    let desk = Desk::new(1);
    let label = "/files/{file}/metadata/enterprise/securityClassification-6VMVochwUWo";
    let names: Vec<(&str, String)> = vec![
        ("file", desk.item(&["grace", "Private", "nobody else.txt"])),
        ("folder", desk.item(&["grace", "Private"])),
        ("links", desk.item(&["grace", "Links"])),
        ("erin", desk.id("erin")),
        ("grace", desk.id("grace")),
    ];
    let rows: Vec<Row> = vec![
        ("grace", "PUT", "/files/{file}", "{\"shared_link\":{}}", 200, Some(("link_made", "file", true))),
        (
            "grace",
            "PUT",
            "/files/{file}",
            "{\"shared_link\":{\"access\":\"open\"}}",
            200,
            Some(("link_set", "file", false)),
        ),
        (
            "grace",
            "PUT",
            "/files/{file}",
            "{\"shared_link\":{\"access\":\"company\"}}",
            200,
            Some(("link_set", "file", true)),
        ),
        ("grace", "PUT", "/files/{file}", "{\"shared_link\":{\"access\":\"nobody\"}}", 400, None),
        ("grace", "PUT", "/files/{file}", "{\"shared_link\":null}", 200, Some(("link_gone", "file", true))),
        ("grace", "PUT", "/files/{file}", "{\"shared_link\":null}", 200, Some(("link_gone", "file", false))),
        ("grace", "PUT", "/folders/{folder}", "{\"shared_link\":{}}", 200, Some(("link_made", "folder", true))),
        ("grace", "PUT", "/folders/{folder}", "{\"shared_link\":null}", 200, Some(("link_gone", "folder", true))),
        ("grace", "PUT", "/files/{file}", "{\"name\":\"nobody else.txt\"}", 200, Some(("moved", "file", false))),
        ("grace", "PUT", "/files/{file}", "{\"name\":\"renamed.txt\"}", 200, Some(("moved", "file", true))),
        ("grace", "PUT", "/files/{file}", "{\"parent\":{\"id\":\"{links}\"}}", 200, Some(("moved", "file", true))),
        ("grace", "PUT", "/files/{file}", "{\"parent\":{\"id\":\"{links}\"}}", 200, Some(("moved", "file", false))),
        ("grace", "PUT", "/files/{file}", "{\"lock\":{\"type\":\"lock\"}}", 200, Some(("locked", "file", true))),
        ("grace", "PUT", "/files/{file}", "{\"lock\":{\"type\":\"lock\"}}", 200, Some(("locked", "file", false))),
        ("grace", "PUT", "/files/{file}", "{\"lock\":null}", 200, Some(("unlocked", "file", true))),
        ("grace", "PUT", "/files/{file}", "{\"lock\":null}", 200, Some(("unlocked", "file", false))),
        (
            "grace",
            "POST",
            label,
            "{\"Box__Security__Classification__Key\":\"Internal\"}",
            201,
            Some(("label_set", "file", true)),
        ),
        ("grace", "POST", label, "{\"Box__Security__Classification__Key\":\"Internal\"}", 409, None),
        ("grace", "DELETE", label, "", 204, Some(("label_gone", "file", true))),
        (
            "grace",
            "PUT",
            "/folders/{folder}",
            "{\"can_non_owners_invite\":false}",
            200,
            Some(("invitations_set", "folder", true)),
        ),
        (
            "grace",
            "PUT",
            "/folders/{folder}",
            "{\"can_non_owners_invite\":false}",
            200,
            Some(("invitations_set", "folder", false)),
        ),
        ("grace", "DELETE", "/files/{file}", "", 204, Some(("trashed", "file", true))),
        ("grace", "DELETE", "/files/{file}", "", 404, None),
        ("grace", "POST", "/files/{file}", "{}", 201, Some(("untrashed", "file", true))),
        ("grace", "DELETE", "/folders/{folder}?recursive=true", "", 204, Some(("trashed", "folder", true))),
        ("grace", "DELETE", "/folders/{folder}/trash", "", 204, Some(("purged", "folder", true))),
        ("service", "PUT", "/users/{erin}", "{\"status\":\"inactive\"}", 200, Some(("suspended", "erin", true))),
        ("service", "PUT", "/users/{erin}", "{\"status\":\"inactive\"}", 200, Some(("suspended", "erin", false))),
        ("service", "PUT", "/users/{erin}", "{\"status\":\"active\"}", 200, Some(("unsuspended", "erin", true))),
        (
            "service",
            "PUT",
            "/users/{erin}",
            "{\"is_password_reset_required\":true}",
            200,
            Some(("password_asked", "erin", true)),
        ),
        (
            "service",
            "POST",
            "/users/terminate_sessions",
            "{\"user_ids\":[\"{grace}\"],\"user_logins\":[]}",
            202,
            Some(("sessions_ended", "grace", true)),
        ),
    ];
    for (who, method, address, body, status, wanted) in rows {
        let fill = |text: &str| {
            names.iter().fold(text.to_owned(), |text, (name, id)| text.replace(&format!("{{{name}}}"), id))
        };
        let answer = desk.api(who, method, &fill(address), &fill(body));
        assert_eq!(
            (answer.status, &answer.refused.is_some()),
            (status, &(status == 400)),
            "{method} {address} {body}: {}",
            json(&answer)
        );
        let id = |of: &str| names.iter().find(|(name, _)| *name == of).map(|(_, id)| id.clone()).unwrap_or_default();
        let wanted: Vec<_> = wanted.into_iter().map(|(word, on, changed)| (word, id(on), changed)).collect();
        assert_eq!(desk.done(), wanted, "{method} {address} {body}");
    }
}

#[test]
fn what_comes_anew_is_noted_under_its_own_id() {
    let desk = Desk::new(1);
    let (file, folder) = (desk.item(&["grace", "Private", "nobody else.txt"]), desk.item(&["grace", "Private"]));
    let made = |answer: super::Answer| (answer.status, text(&json(&answer)["id"]));
    for (address, body, status, word) in [
        ("/folders".to_owned(), format!("{{\"name\":\"New\",\"parent\":{{\"id\":\"{folder}\"}}}}"), 201, "folder_made"),
        (
            format!("/files/{file}/copy"),
            format!("{{\"name\":\"c.txt\",\"parent\":{{\"id\":\"{folder}\"}}}}"),
            201,
            "copied",
        ),
        (
            "/comments".to_owned(),
            format!("{{\"item\":{{\"type\":\"file\",\"id\":\"{file}\"}},\"message\":\"x\"}}"),
            201,
            "comment_made",
        ),
        (
            "/tasks".to_owned(),
            format!("{{\"item\":{{\"type\":\"file\",\"id\":\"{file}\"}},\"message\":\"x\"}}"),
            201,
            "task_made",
        ),
    ] {
        let (was, id) = made(desk.api("grace", "POST", &address, &body));
        assert_eq!((was, desk.done()), (status, vec![(word, id, true)]), "{address}");
    }
    let up = desk.upload("grace", &folder, "up.txt", "x");
    let id = text(&json(&up)["entries"][0]["id"]);
    assert_eq!(desk.done(), vec![("file_made", id.clone(), true)]);
    let parts = [("attributes", "{\"name\":\"up.txt\"}"), ("file", "y")];
    assert_eq!(desk.form("grace", &format!("/files/{id}/content"), &parts, &[]).status, 200);
    assert_eq!(desk.done(), vec![("version_made", id.clone(), true)]);
    let first = desk.now(&id).versions[0].clone();
    let promoted = desk.api(
        "grace",
        "POST",
        &format!("/files/{id}/versions/current"),
        &format!("{{\"type\":\"file_version\",\"id\":\"{first}\"}}"),
    );
    assert_eq!((promoted.status, desk.done()), (201, vec![("version_made", id.clone(), true)]));
    assert_eq!((desk.content("grace", &id).body, desk.now(&id).versions.len()), (b"x".to_vec(), 3));
    let collab = desk.invite("grace", "folder", &folder, "frank", "viewer");
    assert_eq!(desk.done(), vec![("member_made", collab.clone(), true)]);
    for (role, changed) in [("editor", true), ("editor", false)] {
        assert_eq!(
            desk.api("grace", "PUT", &format!("/collaborations/{collab}"), &format!("{{\"role\":\"{role}\"}}")).status,
            200
        );
        assert_eq!(desk.done(), vec![("member_set", collab.clone(), changed)]);
    }
    assert_eq!(desk.api("frank", "DELETE", &format!("/collaborations/{collab}"), "").status, 204, "one's own");
    assert_eq!(desk.done(), vec![("member_gone", collab, true)]);
}

#[test]
fn what_people_do_is_not_noted() {
    let desk = Desk::new(1);
    let path = |steps: &[&str]| steps.iter().map(|step| (*step).to_owned()).collect::<Vec<_>>();
    let file = ["grace", "Private", "nobody else.txt"];
    for deed in [
        Edit::Link { by: "grace", path: path(&file), audience: Some("public") },
        Edit::Invite { by: "grace", path: path(&file), whom: "frank".into() },
        Edit::Move { by: "grace", from: path(&file), to: path(&["grace", "Private", "other.txt"]) },
        Edit::Suspend { by: "ada", whom: "erin" },
        Edit::Delete { by: "grace", path: path(&["grace", "Private", "other.txt"]) },
    ] {
        assert_eq!(desk.tenant.play(&deed), Ok(()), "{deed:?}");
    }
    assert_eq!(desk.done(), vec![]);
}

#[test]
fn a_change_turns_the_etag_and_holds_only_under_the_expected_one() {
    let desk = Desk::new(1);
    let (file, folder) = (desk.item(&["grace", "Private", "nobody else.txt"]), desk.item(&["grace", "Private"]));
    for (address, id) in [(format!("/2.0/files/{file}"), &file), (format!("/2.0/folders/{folder}"), &folder)] {
        let with = |method: &str, etag: &str, body: &str| {
            let query = if method == "DELETE" && address.contains("folders") { "?recursive=true" } else { "" };
            desk.call(
                Door::BoxApi,
                "grace",
                method,
                &format!("{address}{query}"),
                &[("if-match", etag)],
                body.as_bytes(),
            )
        };
        for body in [
            "{\"shared_link\":{}}",
            "{\"shared_link\":{\"access\":\"company\"}}",
            "{\"shared_link\":null}",
            "{\"name\":\"other\"}",
        ] {
            let etag = desk.now(id).etag;
            let stale = (etag + 7).to_string();
            assert_eq!(said(&with("PUT", &stale, body)), (412, "precondition_failed".into()), "{address} {body}");
            assert_eq!(with("PUT", &etag.to_string(), body).status, 200, "{address} {body}");
            assert_ne!(desk.now(id).etag, etag, "{address} {body}");
        }
        let etag = desk.now(id).etag;
        assert_eq!(with("DELETE", &(etag + 1).to_string(), "").status, 412);
    }
}

#[test]
fn own_writes_are_told_as_events_of_whoever_acts() {
    let desk = Desk::new(1);
    let (file, folder) = (desk.item(&["grace", "Private", "nobody else.txt"]), desk.item(&["grace", "Private"]));
    let other = desk.item(&["grace", "Links"]);
    let collab = desk.invite("grace", "folder", &folder, "frank", "editor");
    let mut at =
        text(&desk.get("service", "/events?stream_type=admin_logs&stream_position=now")["next_stream_position"]);
    if at.is_empty() {
        at = desk.get("service", "/events?stream_type=admin_logs&stream_position=now")["next_stream_position"]
            .to_string();
    }
    let (comment, task) = (
        format!("{{\"item\":{{\"type\":\"file\",\"id\":\"{file}\"}},\"message\":\"x\"}}"),
        format!("{{\"item\":{{\"type\":\"file\",\"id\":\"{file}\"}}}}"),
    );
    let label = format!("/files/{file}/metadata/enterprise/securityClassification-6VMVochwUWo");
    for (who, method, address, body, event) in [
        ("frank", "PUT", format!("/files/{file}"), "{\"shared_link\":{}}".to_owned(), "SHARE"),
        ("frank", "PUT", format!("/files/{file}"), "{\"shared_link\":null}".to_owned(), "UNSHARE"),
        ("frank", "PUT", format!("/files/{file}"), "{\"lock\":{\"type\":\"lock\"}}".to_owned(), "LOCK"),
        ("frank", "PUT", format!("/files/{file}"), "{\"lock\":null}".to_owned(), "UNLOCK"),
        ("frank", "PUT", format!("/files/{file}"), "{\"name\":\"n.txt\"}".to_owned(), "RENAME"),
        (
            "frank",
            "POST",
            label.clone(),
            "{\"Box__Security__Classification__Key\":\"Internal\"}".to_owned(),
            "METADATA_INSTANCE_CREATE",
        ),
        ("frank", "DELETE", label, String::new(), "METADATA_INSTANCE_DELETE"),
        ("frank", "POST", "/comments".to_owned(), comment, "COMMENT_CREATE"),
        ("frank", "POST", "/tasks".to_owned(), task, "TASK_CREATE"),
        (
            "grace",
            "PUT",
            format!("/collaborations/{collab}"),
            "{\"role\":\"viewer\"}".to_owned(),
            "COLLABORATION_ROLE_CHANGE",
        ),
        ("grace", "DELETE", format!("/collaborations/{collab}"), String::new(), "COLLABORATION_REMOVE"),
        ("grace", "PUT", format!("/files/{file}"), format!("{{\"parent\":{{\"id\":\"{other}\"}}}}"), "MOVE"),
        ("grace", "DELETE", format!("/files/{file}"), String::new(), "DELETE"),
        ("grace", "POST", format!("/files/{file}"), String::new(), "UNDELETE"),
        ("service", "PUT", format!("/users/{}", desk.id("erin")), "{\"status\":\"inactive\"}".to_owned(), "EDIT_USER"),
    ] {
        let answer = desk.api(who, method, &address, &body);
        assert!(answer.status < 300, "{method} {address}: {}", json(&answer));
        let page = desk.get("service", &format!("/events?stream_type=admin_logs&stream_position={at}"));
        let last = page["entries"].as_array().and_then(|all| all.last()).cloned().unwrap_or_default();
        assert_eq!(
            (text(&last["event_type"]), text(&last["created_by"]["id"])),
            (event.to_owned(), desk.id(who)),
            "{method} {address}"
        );
    }
}
