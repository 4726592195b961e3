//! Names, moves, versions, locks, the trash.

use super::{Desk, Door, json, said, text};

#[test]
fn names_are_one_of_a_kind_whatever_their_case() {
    let desk = Desk::new(1);
    let private = desk.at("grace", &["Private"]);
    let make = |name: &str| {
        desk.api("grace", "POST", "/folders", &format!("{{\"name\":\"{name}\",\"parent\":{{\"id\":\"{private}\"}}}}"))
    };
    let long = "x".repeat(256);
    for (name, wanted) in [
        ("Été", (201, "")),
        ("éTÉ", (409, "item_name_in_use")),
        ("a/b", (400, "item_name_invalid")),
        (" x", (400, "item_name_invalid")),
        ("..", (400, "item_name_invalid")),
        (long.as_str(), (400, "item_name_too_long")),
    ] {
        assert_eq!(said(&make(name)), (wanted.0, wanted.1.to_owned()), "{name}");
    }
    assert!(json(&make("été"))["context_info"]["conflicts"].is_array());
    let upload = desk.upload("grace", &private, "NOBODY else.txt", "x");
    assert_eq!(upload.status, 409);
    assert!(json(&upload)["context_info"]["conflicts"].is_object());
}

#[test]
fn an_upload_is_a_form_with_the_attributes_first() {
    let desk = Desk::new(1);
    let attributes = "{\"name\":\"form.txt\",\"parent\":{\"id\":\"0\"}}";
    for (parts, digest, wanted) in [
        (vec![("file", "x"), ("attributes", attributes)], "", (400, "metadata_after_file_contents", true)),
        (vec![("attributes", attributes)], "", (400, "bad_request", true)),
        (vec![("attributes", attributes), ("file", "x")], "00", (400, "bad_digest", true)),
        (vec![("attributes", attributes), ("file", "x")], "11f6ad8ec52a2984abaafd7c3b516503785c2072", (201, "", false)),
        (vec![("attributes", attributes), ("file", "x")], "", (409, "item_name_in_use", false)),
    ] {
        let more: Vec<(&str, &str)> = if digest.is_empty() { Vec::new() } else { vec![("content-md5", digest)] };
        let answer = desk.form("erin", "/files/content", &parts, &more);
        assert_eq!((said(&answer), answer.refused.is_some()), ((wanted.0, wanted.1.to_owned()), wanted.2), "{parts:?}");
    }
    let made = desk.at("erin", &["form.txt"]);
    assert_eq!(desk.content("erin", &made).body, b"x");
}

#[test]
fn changes_hold_only_under_the_expected_etag() {
    let desk = Desk::new(1);
    let id = desk.at("grace", &["Private", "nobody else.txt"]);
    let etag = text(&desk.get("grace", &format!("/files/{id}"))["etag"]);
    let with = |method: &str, name: &str, value: &str, body: &str| {
        desk.call(Door::BoxApi, "grace", method, &format!("/2.0/files/{id}"), &[(name, value)], body.as_bytes())
    };
    assert_eq!(with("GET", "if-none-match", &etag, "").status, 304);
    assert_eq!(with("PUT", "if-match", &etag, "{\"description\":\"one\"}").status, 200);
    assert_eq!(said(&with("PUT", "if-match", &etag, "{\"description\":\"two\"}")), (412, "precondition_failed".into()));
    assert_eq!(said(&with("DELETE", "if-match", &etag, "")), (412, "precondition_failed".into()));
    let parts = [("attributes", "{\"name\":\"nobody else.txt\"}"), ("file", "new")];
    let stale = desk.form("grace", &format!("/files/{id}/content"), &parts, &[("if-match", &etag)]);
    assert_eq!(stale.status, 412);
    // Moves do not heed it.
    let links = desk.at("grace", &["Links"]);
    assert_eq!(with("PUT", "if-match", &etag, &format!("{{\"parent\":{{\"id\":\"{links}\"}}}}")).status, 200);
}

#[test]
fn a_lock_keeps_others_out() {
    let desk = Desk::new(1);
    let folder = desk.at("heidi", &["Finance room", "Year"]);
    let file = desk.at("heidi", &["Finance room", "Year", "inherits a group.txt"]);
    let put = |who: &str, body: &str| desk.api(who, "PUT", &format!("/files/{file}"), body);
    assert_eq!(put("erin", "{\"lock\":{\"access\":\"lock\"}}").status, 400, "the service takes `type`");
    assert_eq!(put("erin", "{\"lock\":{\"type\":\"lock\",\"is_download_prevented\":true}}").status, 200);
    for (who, method, body, wanted) in [
        ("frank", "PUT", "{\"name\":\"x.txt\"}", (403, "access_denied_item_locked")),
        ("frank", "DELETE", "", (403, "access_denied_item_locked")),
        ("frank", "PUT", "{\"lock\":null}", (403, "access_denied_item_locked")),
    ] {
        assert_eq!(
            said(&desk.api(who, method, &format!("/files/{file}"), body)),
            (wanted.0, wanted.1.to_owned()),
            "{who} {method}"
        );
    }
    let content = desk.api("frank", "GET", &format!("/files/{file}/content"), "");
    assert_eq!(said(&content), (403, "access_denied_item_locked".into()));
    assert_eq!(desk.api("erin", "GET", &format!("/files/{file}/content"), "").status, 302);
    assert_eq!(put("heidi", "{\"lock\":null}").status, 200, "the owner may unlock");
    assert_eq!(desk.api("frank", "GET", &format!("/files/{file}/content"), "").status, 302);
    assert_eq!(desk.api("frank", "GET", &format!("/folders/{folder}"), "").status, 200);
}

#[test]
fn what_is_trashed_comes_back_or_goes_for_good() {
    let desk = Desk::new(1);
    let folder = desk.at("grace", &["Private"]);
    let file = desk.at("grace", &["Private", "nobody else.txt"]);
    let before = desk.get("grace", &format!("/folders/{folder}?fields=size"))["size"].as_u64().unwrap_or(0);
    assert_eq!(desk.api("grace", "DELETE", &format!("/files/{file}"), "").status, 204);
    assert_eq!(desk.get("grace", &format!("/folders/{folder}?fields=size"))["size"], 0);
    assert_eq!(said(&desk.api("grace", "GET", &format!("/files/{file}"), "")), (404, "trashed".into()));
    assert_eq!(desk.api("grace", "GET", &format!("/files/{file}/content"), "").status, 404);
    let trash = desk.get("grace", "/folders/trash/items?usemarker=true&limit=1000");
    assert_eq!(text(&trash["entries"][0]["id"]), file);
    // Its name is taken meanwhile.
    assert_eq!(desk.upload("grace", &folder, "nobody else.txt", "new").status, 201);
    assert_eq!(said(&desk.api("grace", "POST", &format!("/files/{file}"), "")), (409, "item_name_in_use".into()));
    let back = desk.api("grace", "POST", &format!("/files/{file}"), "{\"name\":\"back.txt\"}");
    assert_eq!((back.status, text(&json(&back)["name"])), (201, "back.txt".into()));
    assert_eq!(desk.get("grace", &format!("/folders/{folder}?fields=size"))["size"], before + 3);
    // A folder goes with all below; only the folder is in the trash.
    assert_eq!(said(&desk.api("grace", "DELETE", &format!("/folders/{folder}"), "")), (400, "folder_not_empty".into()));
    assert_eq!(desk.api("grace", "DELETE", &format!("/folders/{folder}?recursive=true"), "").status, 204);
    let trash = desk.get("grace", "/folders/trash/items?usemarker=true&limit=1000");
    assert_eq!(trash["entries"].as_array().map(Vec::len), Some(1));
    assert_eq!(desk.api("grace", "DELETE", &format!("/folders/{folder}/trash"), "").status, 204);
    assert_eq!(desk.api("grace", "POST", &format!("/folders/{folder}"), "").status, 404);
}

#[test]
fn what_is_held_is_never_gone_for_good() {
    let desk = Desk::new(1);
    let held = desk.at("frank", &["States", "held.txt"]);
    assert_eq!(desk.api("frank", "DELETE", &format!("/files/{held}"), "").status, 204);
    assert_eq!(
        said(&desk.api("frank", "DELETE", &format!("/files/{held}/trash"), "")),
        (403, "forbidden_by_policy".into())
    );
}

#[test]
fn moves_keep_ids_and_change_owners() {
    let desk = Desk::new(1);
    let file = desk.at("grace", &["Links", "open.txt"]);
    let room = desk.at("heidi", &["Finance room"]);
    let target = format!("{{\"parent\":{{\"id\":\"{room}\"}}}}");
    assert_eq!(desk.api("grace", "PUT", &format!("/files/{file}"), &target).status, 404, "grace cannot see it");
    let body = format!(
        "{{\"item\":{{\"type\":\"folder\",\"id\":\"{room}\"}},\"accessible_by\":{{\"type\":\"user\",\"id\":\"{}\"}},\"role\":\"editor\"}}",
        desk.id("grace")
    );
    assert_eq!(desk.api("heidi", "POST", "/collaborations", &body).status, 201);
    assert_eq!(desk.api("grace", "PUT", &format!("/files/{file}"), &target).status, 200);
    let moved = desk.get("heidi", &format!("/files/{file}"));
    assert_eq!((text(&moved["id"]), text(&moved["owned_by"]["login"])), (file, "heidi@example.com".into()));
    let top = desk.at("heidi", &["Finance room"]);
    let deeper = desk.at("heidi", &["Finance room", "Year"]);
    let into_itself =
        desk.api("heidi", "PUT", &format!("/folders/{top}"), &format!("{{\"parent\":{{\"id\":\"{deeper}\"}}}}"));
    assert_eq!(into_itself.status, 400);
}

#[test]
fn suspending_is_for_those_who_may() {
    for (caller, whom, status) in
        [("service", "erin", 200), ("service", "ada", 403), ("carl", "ada", 403), ("erin", "frank", 403)]
    {
        let mut desk = Desk::new(1);
        if caller != "service" {
            desk.token = desk.ccg("user", &desk.id(caller));
        }
        let answer = desk.api("service", "PUT", &format!("/users/{}", desk.id(whom)), "{\"status\":\"inactive\"}");
        assert_eq!(answer.status, status, "{caller} {whom}: {}", json(&answer));
    }
}
