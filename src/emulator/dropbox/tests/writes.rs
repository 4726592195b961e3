//! Uploads, moves, copies, deletions, restores, references, locks, tags, properties, holds.

use super::*;

const ERIN: As = As::User("erin");

#[test]
fn uploads_meet_what_is_there_as_the_mode_says() {
    let desk = Desk::new();
    let (_, first) =
        desk.upload(ERIN, &json!({ "path": "/Up/a.txt", "client_modified": "2020-01-02T03:04:05Z" }), b"one");
    assert_eq!((&first["name"], &first["client_modified"]), (&json!("a.txt"), &json!("2020-01-02T03:04:05Z")));
    let rev = first["rev"].clone();
    let update = |rev: &Value| json!({ "path": "/up/A.txt", "mode": { ".tag": "update", "update": rev } });
    let hash = crate::emulator::hex(&state::file::content_hash(b"two"));
    let rows = [
        (json!({ "path": "/Up/a.txt" }), "one", "a.txt"),
        (json!({ "path": "/Up/a.txt" }), "two", "path"),
        (json!({ "path": "/Up/a.txt", "strict_conflict": true }), "one", "path"),
        (json!({ "path": "/Up/a.txt", "autorename": true }), "two", "a (1).txt"),
        (json!({ "path": "/Up/a.txt", "mode": "overwrite", "content_hash": hash }), "two", "a.txt"),
        (json!({ "path": "/Up/a.txt", "mode": "overwrite", "content_hash": hash }), "three", "content_hash_mismatch"),
        (update(&rev), "three", "path"),
        (json!({ "path": "/Up", "mode": "overwrite" }), "x", "path"),
        (json!({ "path": "/Up/a.txt/b.txt" }), "x", "path"),
        (json!({ "path": "/Up//b.txt" }), "x", "path"),
        (json!({ "path": "/Up/desktop.ini" }), "x", "path"),
        (json!({ "path": first["id"], "mode": "overwrite" }), "four", "a.txt"),
    ];
    for (argument, body, expected) in rows {
        let (status, answer) = desk.upload(ERIN, &argument, body.as_bytes());
        let told = if status == 200 { &answer["name"] } else { &answer["error"][".tag"] };
        assert_eq!(told, expected, "{argument} {body}: {answer}");
    }
    let now = desk.good(ERIN, "files/get_metadata", &json!({ "path": "/Up/a.txt" }));
    assert_eq!((&now["size"], &now["id"]), (&json!(4), &first["id"]), "one id through all versions");
    assert_eq!(desk.upload(ERIN, &update(&now["rev"]), b"five").0, 200);
    let conflict = desk.upload(ERIN, &json!({ "path": "/Up/a.txt" }), b"six").1;
    assert_eq!(conflict["error"]["reason"], json!({ ".tag": "conflict", "conflict": { ".tag": "file" } }));
    let (status, _) = desk.upload(As::User("frank"), &json!({ "path": "/Theirs/x.txt" }), b"x");
    assert_eq!(status, 409, "a viewer may not write");
}

#[test]
fn a_session_takes_parts_at_their_offsets() {
    let desk = Desk::new();
    let octets = [("content-type", "application/octet-stream")];
    let send = |route: &str, argument: &Value, body: &[u8]| {
        let answer = desk.content(ERIN, &format!("files/upload_session/{route}"), argument, &octets, body);
        (answer.status, json_of(&answer))
    };
    let id = send("start", &json!({}), b"abc").1["session_id"].clone();
    let at = |offset: u64| json!({ "session_id": id, "offset": offset });
    assert_eq!(send("append_v2", &json!({ "cursor": at(3) }), b"def"), (200, Value::Null));
    let (status, body) = send("append_v2", &json!({ "cursor": at(3) }), b"def");
    assert_eq!((status, &body["error"]), (409, &json!({ ".tag": "incorrect_offset", "correct_offset": 6 })));
    let hash = crate::emulator::hex(&state::file::content_hash(b"other"));
    let (status, body) = send("append_v2", &json!({ "cursor": at(6), "content_hash": hash }), b"ghi");
    assert_eq!((status, &body["error"][".tag"]), (409, &json!("content_hash_mismatch")));
    assert_eq!(send("append_v2", &json!({ "cursor": at(6), "close": true }), b"").0, 200);
    assert_eq!(send("append_v2", &json!({ "cursor": at(6) }), b"x").1["error"][".tag"], "closed");
    let commit = json!({ "path": "/session.bin" });
    let (status, body) = send("finish", &json!({ "cursor": at(5), "commit": commit }), b"");
    assert_eq!((status, &body["error"]["lookup_failed"]["correct_offset"]), (409, &json!(6)));
    let (status, body) = send("finish", &json!({ "cursor": at(6), "commit": commit }), b"");
    assert_eq!((status, &body["size"]), (200, &json!(6)));
    assert_eq!(
        send("finish", &json!({ "cursor": at(6), "commit": commit }), b"").1["error"]["lookup_failed"][".tag"],
        "not_found"
    );
    let read = desk.content(ERIN, "files/download", &json!({ "path": "/session.bin" }), &[], b"");
    assert_eq!(read.body, b"abcdef");
}

#[test]
fn moves_copies_and_deletions_end_as_the_service_ends_them() {
    let desk = Desk::new();
    let id = desk.good(ERIN, "files/get_metadata", &json!({ "path": "/Reports/Deep/er/b.txt" }))["id"].clone();
    let rows = [
        ("files/move_v2", json!({ "from_path": "/no", "to_path": "/x" }), "from_lookup/not_found/"),
        (
            "files/move_v2",
            json!({ "from_path": "/Reports", "to_path": "/Reports/Deep/x" }),
            "cant_move_folder_into_itself/",
        ),
        (
            "files/move_v2",
            json!({ "from_path": "/Special/Plan.txt", "to_path": "/Special/Back again.txt" }),
            "to/conflict/file/",
        ),
        ("files/move_v2", json!({ "from_path": "/Company", "to_path": "/Firm" }), "from_write/team_folder/"),
        (
            "files/move_v2",
            json!({ "from_path": "/Reports", "to_path": "/Company/Reports" }),
            "cant_transfer_ownership/",
        ),
        ("files/copy_v2", json!({ "from_path": "/Company", "to_path": "/Firm" }), "cant_copy_shared_folder/"),
        ("files/create_folder_v2", json!({ "path": "/reports" }), "path/conflict/folder/"),
        ("files/delete_v2", json!({ "path": "/no" }), "path_lookup/not_found/"),
        ("files/delete_v2", json!({ "path": "/Company" }), "path_write/team_folder/"),
        ("files/delete_v2", json!({ "path": id, "parent_rev": "000000001" }), "path_write/conflict/file/"),
    ];
    for (route, argument, tags) in rows {
        desk.bad(ERIN, route, &argument, tags);
    }
    let moved = desk.good(ERIN, "files/move_v2", &json!({ "from_path": id, "to_path": "/Fresh/folder/c.txt" }));
    assert_eq!((&moved["metadata"]["id"], &moved["metadata"]["path_lower"]), (&id, &json!("/fresh/folder/c.txt")));
    let copied =
        desk.good(ERIN, "files/copy_v2", &json!({ "from_path": "/Reports", "to_path": "/Fresh", "autorename": true }));
    assert_eq!(copied["metadata"]["name"], "Fresh (1)");
    let given = json!({ "from_path": id, "to_path": "/Company/c.txt", "allow_ownership_transfer": true });
    assert_eq!(desk.good(ERIN, "files/move_v2", &given)["metadata"]["id"], id, "an id survives moves");
    assert_eq!(
        desk.good(As::User("grace"), "files/get_metadata", &json!({ "path": id }))["path_display"],
        "/Company/c.txt"
    );
    let company = desk.space("Company");
    desk.tenant.contend(&company, 1);
    let (status, body) = desk.call(ERIN, None, "files/delete_v2", &json!({ "path": id }));
    assert_eq!((status, &body["error"]["reason"][".tag"]), (429, &json!("too_many_write_operations")));
    desk.good(ERIN, "files/delete_v2", &json!({ "path": id }));
    desk.bad(ERIN, "files/get_metadata", &json!({ "path": id }), "path/not_found/");
    let seen =
        desk.good(ERIN, "files/get_metadata", &json!({ "path": "/Special/Deleted.txt", "include_deleted": true }));
    assert_eq!(told(&seen), "deleted /Special/Deleted.txt");
}

#[test]
fn what_was_deleted_comes_back_with_its_id() {
    let desk = Desk::new();
    let path = "/Special/Deleted.txt";
    let versions = desk.good(ERIN, "files/list_revisions", &json!({ "path": path }));
    let rev = versions["entries"][0]["rev"].clone();
    desk.bad(ERIN, "files/restore", &json!({ "path": path, "rev": "123456789" }), "invalid_revision/");
    let back = desk.good(ERIN, "files/restore", &json!({ "path": path, "rev": rev }));
    assert_eq!(
        (&back["id"], &back["content_hash"]),
        (&versions["entries"][0]["id"], &versions["entries"][0]["content_hash"])
    );
    let plan = desk.good(ERIN, "files/list_revisions", &json!({ "path": "/Special/Plan.txt" }));
    let oldest = json!({ "path": "/Special/Plan.txt", "rev": plan["entries"][2]["rev"] });
    assert_eq!(desk.good(ERIN, "files/restore", &oldest)["size"], 12);
    let read = desk.content(ERIN, "files/download", &json!({ "path": "/Special/Plan.txt" }), &[], b"");
    assert_eq!(read.body, b"First plan.\n");
    desk.good(ERIN, "files/permanently_delete", &json!({ "path": path }));
    desk.bad(ERIN, "files/list_revisions", &json!({ "path": path }), "path/not_found/");
    let held = json!({ "path": "/Special/Locked.txt" });
    desk.bad(As::User("grace"), "files/permanently_delete", &held, "path_write/operation_suppressed/");
}

#[test]
fn a_reference_carries_a_file_to_another_member() {
    let desk = Desk::new();
    let got = desk.good(ERIN, "files/copy_reference/get", &json!({ "path": "/Special/Plan.txt" }));
    let save = json!({ "copy_reference": got["copy_reference"], "path": "/Quarantine/Plan.txt" });
    let saved = desk.good(As::User("ada"), "files/copy_reference/save", &save);
    assert_eq!(saved["metadata"]["content_hash"], got["metadata"]["content_hash"]);
    assert_ne!(saved["metadata"]["id"], got["metadata"]["id"]);
    desk.bad(As::User("ada"), "files/copy_reference/save", &save, "path/conflict/file/");
    let wrong = json!({ "copy_reference": "nothing", "path": "/x" });
    desk.bad(As::User("ada"), "files/copy_reference/save", &wrong, "invalid_copy_reference/");
}

#[test]
fn locks_tags_properties_and_holds() {
    let desk = Desk::new();
    let grace = As::User("grace");
    let id = desk.good(grace, "files/get_metadata", &json!({ "path": "/Special/Labelled.txt" }))["id"].clone();
    let entries = json!({ "entries": [{ "path": id }, { "path": id }, { "path": "/none" }] });
    let locked = desk.good(grace, "files/lock_file_batch", &entries);
    assert_eq!(locked["entries"][0]["lock"]["content"][".tag"], "single_user");
    assert_eq!(locked["entries"][1]["failure"]["path_lookup"][".tag"], "not_found", "a path given twice counts once");
    let unlocked = desk.good(As::Admin("ada"), "files/unlock_file_batch", &json!({ "entries": [{ "path": id }] }));
    assert_eq!(unlocked["entries"][0]["lock"]["content"][".tag"], "unlocked", "an admin can unlock");
    desk.good(grace, "files/tags/add", &json!({ "path": "/Special/Labelled.txt", "tag_text": "Draft" }));
    let tags = desk.good(grace, "files/tags/get", &json!({ "paths": ["/Special/Labelled.txt"] }));
    assert_eq!(tags["paths_to_tags"][0]["tags"][0]["tag_text"], "draft");
    desk.bad(
        grace,
        "files/tags/remove",
        &json!({ "path": "/Special/Labelled.txt", "tag_text": "x" }),
        "tag_not_present/",
    );

    let list = desk.good(As::Team, "file_properties/templates/list_for_team", &Value::Null);
    let template = list["template_ids"][0].clone();
    let shown = desk.good(As::Team, "file_properties/templates/get_for_team", &json!({ "template_id": template }));
    assert_eq!((&shown["name"], &shown["fields"][0]["name"]), (&json!("Sensitivity"), &json!("Level")));
    let group = |value: &str| json!([{ "template_id": template, "fields": [{ "name": "Level", "value": value }] }]);
    let add = json!({ "path": id, "property_groups": group("Secret") });
    desk.bad(grace, "file_properties/properties/add", &add, "property_group_already_exists/");
    desk.good(grace, "file_properties/properties/overwrite", &add);
    let filter = json!({ "path": id, "include_property_groups": { ".tag": "filter_some", "filter_some": [template] } });
    let read = desk.good(grace, "files/get_metadata", &filter);
    assert_eq!(read["property_groups"][0]["fields"][0]["value"], "Secret");
    let odd = json!({ "path": id, "property_groups": [{ "template_id": template, "fields": [{ "name": "Odd", "value": "" }] }] });
    desk.bad(grace, "file_properties/properties/overwrite", &odd, "does_not_fit_template/");
    let none = json!({ "path": id, "property_groups": [{ "template_id": "ptid:none", "fields": [] }] });
    desk.bad(grace, "file_properties/properties/overwrite", &none, "template_not_found/");
    let remove = json!({ "path": id, "property_template_ids": [template] });
    desk.good(grace, "file_properties/properties/remove", &remove);
    desk.bad(grace, "file_properties/properties/remove", &remove, "property_group_lookup/property_group_not_found/");
    assert_eq!(desk.good(grace, "files/get_metadata", &filter)["property_groups"], Value::Null);

    let hold = json!({ "name": "Case 7", "members": [desk.member("erin")] });
    let made = desk.good(As::Team, "team/legal_holds/create_policy", &hold);
    desk.bad(As::Team, "team/legal_holds/create_policy", &hold, "name_must_be_unique/");
    let held = desk.good(As::Team, "team/legal_holds/list_held_revisions", &json!({ "id": made["id"] }));
    assert!(held["entries"].as_array().is_some_and(|entries| entries.len() >= 5));
    desk.good(As::Team, "team/legal_holds/release_policy", &json!({ "id": made["id"] }));
    desk.bad(As::Team, "team/legal_holds/list_held_revisions", &json!({ "id": made["id"] }), "inactive_legal_hold/");
}
