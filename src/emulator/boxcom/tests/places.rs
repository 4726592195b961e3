//! Where things lie: moves between owners, copies, the trash, new owners.

use super::super::tree::sha1_of;
use super::{Desk, Door, header, json, said, text};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;

const DENIED: (u16, &str) = (403, "access_denied_insufficient_permissions");

fn into(folder: &str) -> String {
    format!("{{\"parent\":{{\"id\":\"{folder}\"}}}}")
}

#[test]
fn a_move_needs_an_editor_on_both_folders() {
    for (from, to, wanted) in [
        ("editor", "editor", (200, "")),
        ("editor", "uploader", DENIED),
        ("editor", "viewer", DENIED),
        ("viewer", "editor", DENIED),
        ("viewer uploader", "editor", DENIED),
    ] {
        let desk = Desk::new(1);
        let (file, source) = (desk.item(&["grace", "Private", "nobody else.txt"]), desk.item(&["grace", "Private"]));
        let target = desk.item(&["heidi", "Members"]);
        desk.invite("grace", "folder", &source, "frank", from);
        desk.invite("heidi", "folder", &target, "frank", to);
        let before = desk.now(&file);
        let answer = desk.api("frank", "PUT", &format!("/files/{file}"), &into(&target));
        assert_eq!(said(&answer), (wanted.0, wanted.1.to_owned()), "{from} {to}");
        let after = desk.now(&file);
        let owner = if wanted.0 == 200 { "heidi@example.com" } else { "grace@example.com" };
        assert_eq!((after.owner.as_str(), &after.versions), (owner, &before.versions), "{from} {to}");
    }
    // To whom it is shared by itself, it is not theirs to move.
    let desk = Desk::new(1);
    let file = desk.item(&["grace", "Private", "nobody else.txt"]);
    desk.invite("grace", "file", &file, "frank", "editor");
    assert_eq!(said(&desk.api("frank", "PUT", &format!("/files/{file}"), &into("0"))).0, 403);
}

#[test]
fn a_move_goes_where_its_name_is_free() {
    let desk = Desk::new(1);
    let (file, target) = (desk.item(&["grace", "Private", "nobody else.txt"]), desk.item(&["grace", "Links"]));
    assert_eq!(desk.upload("grace", &target, "Nobody ELSE.txt", "x").status, 201);
    let put = |body: &str| desk.api("grace", "PUT", &format!("/files/{file}"), body);
    assert_eq!(said(&put(&into(&target))), (409, "item_name_in_use".into()));
    assert_eq!(desk.now(&file).path, ["Private", "nobody else.txt"]);
    assert_eq!(put(&format!("{{\"name\":\"free.txt\",\"parent\":{{\"id\":\"{target}\"}}}}")).status, 200);
    assert_eq!(desk.now(&file).path, ["Links", "free.txt"]);
}

#[test]
fn a_folder_is_moved_by_a_request_that_does_nothing_else() {
    let desk = Desk::new(1);
    let (folder, target) = (desk.item(&["grace", "Private"]), desk.item(&["grace", "Links"]));
    let put = |body: &str| desk.api("grace", "PUT", &format!("/folders/{folder}"), body);
    let both = put(&format!("{{\"name\":\"x\",\"parent\":{{\"id\":\"{target}\"}}}}"));
    assert_eq!((said(&both), both.refused.is_some()), ((403, "operation_limit_exceeded".into()), true));
    assert_eq!(put(&into(&target)).status, 200);
    assert_eq!(put("{\"name\":\"x\"}").status, 200);
    assert_eq!(desk.now(&folder).path, ["Links", "x"]);
}

#[test]
fn whoever_becomes_the_owner_is_no_collaborator_any_more() {
    let desk = Desk::new(1);
    let (file, folder) = (desk.item(&["grace", "Private", "nobody else.txt"]), desk.item(&["grace", "Private"]));
    let room = desk.item(&["heidi", "Members"]);
    desk.invite("grace", "file", &file, "heidi", "editor");
    desk.invite("grace", "file", &file, "frank", "viewer");
    desk.invite("heidi", "folder", &room, "grace", "editor");
    assert_eq!(desk.api("grace", "PUT", &format!("/files/{file}"), &into(&room)).status, 200);
    let whom: Vec<String> = desk.now(&file).members.into_iter().map(|member| member.whom).collect();
    assert_eq!(whom, ["frank@example.com"]);
    // A folder given away: whoever had it stays as a co-owner, its own collaborators stay.
    let collab = desk.invite("grace", "folder", &folder, "erin", "viewer");
    desk.invite("grace", "folder", &folder, "frank", "viewer");
    let given = desk.api("grace", "PUT", &format!("/collaborations/{collab}"), "{\"role\":\"owner\"}");
    assert_eq!((given.status, given.body.is_empty()), (204, true));
    let now = desk.now(&folder);
    let roles: Vec<(&str, &str)> = now.members.iter().map(|member| (member.whom.as_str(), member.role)).collect();
    assert_eq!((now.owner.as_str(), now.parent.as_str()), ("erin@example.com", "0"));
    assert_eq!(roles, [("frank@example.com", "viewer"), ("grace@example.com", "co-owner")]);
}

#[test]
fn a_copy_is_another_file_with_the_current_version_alone() {
    let desk = Desk::new(1);
    let (file, target) = (desk.item(&["frank", "States", "three versions.txt"]), desk.item(&["frank", "States"]));
    let copy = |body: String| desk.api("frank", "POST", &format!("/files/{file}/copy"), &body);
    assert_eq!(said(&copy(into(&target))), (409, "item_name_in_use".into()));
    let made = copy(format!("{{\"name\":\"copy.txt\",\"parent\":{{\"id\":\"{target}\"}}}}"));
    let (old, new) = (desk.now(&file), desk.now(&text(&json(&made)["id"])));
    assert_ne!(old.id, new.id);
    assert_eq!((old.sha1, old.versions.len(), new.versions.len()), (new.sha1, 3, 1));
    let first = &desk.now(&file).versions[0];
    let made = copy(format!("{{\"name\":\"first.txt\",\"version\":\"{first}\",\"parent\":{{\"id\":\"{target}\"}}}}"));
    assert_eq!(
        desk.content("frank", &text(&json(&made)["id"])).body,
        b"States / three versions.txt: a note of frank.\n"
    );
    assert_eq!(
        copy(format!("{{\"name\":\"none.txt\",\"version\":\"1\",\"parent\":{{\"id\":\"{target}\"}}}}")).status,
        404
    );
    // A label goes along, links and members do not.
    let labelled = desk.item(&["frank", "States", "labelled.txt"]);
    let made = desk.api(
        "frank",
        "POST",
        &format!("/files/{labelled}/copy"),
        &format!("{{\"name\":\"l.txt\",\"parent\":{{\"id\":\"{target}\"}}}}"),
    );
    let copied = desk.now(&text(&json(&made)["id"]));
    assert_eq!((copied.label.as_deref(), copied.link, copied.members), (Some("Confidential"), None, vec![]));
}

#[test]
fn what_lost_its_folder_comes_back_to_another() {
    let desk = Desk::new(1);
    let (file, folder) = (desk.item(&["grace", "Private", "nobody else.txt"]), desk.item(&["grace", "Private"]));
    let other = desk.item(&["grace", "Links"]);
    assert_eq!(desk.api("grace", "DELETE", &format!("/files/{file}"), "").status, 204);
    assert_eq!(desk.api("grace", "DELETE", &format!("/folders/{folder}"), "").status, 204);
    let back = |body: &str| desk.api("grace", "POST", &format!("/files/{file}"), body);
    assert_eq!(back("{}").status, 404);
    assert_eq!(back(&into(&other)).status, 201);
    let now = desk.now(&file);
    assert_eq!(
        (now.path, now.live, now.trashed),
        (vec!["Links".to_owned(), "nobody else.txt".to_owned()], true, false)
    );
    assert_eq!(
        desk.api("frank", "POST", &format!("/files/{file}"), "").status,
        404,
        "not out of somebody else's trash"
    );
}

#[test]
fn all_that_a_person_owns_goes_to_another() {
    let desk = Desk::new(1);
    let file = desk.item(&["ivan", "Left behind", "of an inactive person.txt"]);
    let put = |who: &str, body: &str| {
        desk.api(who, "PUT", &format!("/users/{}/folders/0?notify=false", desk.id("ivan")), body)
    };
    let body = format!("{{\"owned_by\":{{\"id\":\"{}\"}}}}", desk.id("grace"));
    assert_eq!(said(&put("erin", &body)), (DENIED.0, DENIED.1.into()));
    assert_eq!(put("service", "{}").status, 400);
    assert_eq!(put("service", &body).status, 200);
    let now = desk.now(&file);
    assert_eq!((now.owner.as_str(), now.path.len()), ("grace@example.com", 3));
    assert!(now.path[0].ends_with("'s Files and Folders"), "{:?}", now.path);
}

#[test]
fn what_an_inactive_person_owns_is_reached_by_co_owners() {
    let desk = Desk::new(1);
    let folder = desk.item(&["grace", "Private"]);
    desk.invite("grace", "folder", &folder, "heidi", "co-owner");
    let off = desk.api("service", "PUT", &format!("/users/{}", desk.id("grace")), "{\"status\":\"inactive\"}");
    assert_eq!(off.status, 200);
    assert_eq!(desk.api("grace", "GET", &format!("/folders/{folder}"), "").status, 403);
    assert_eq!(desk.at("heidi", &["Private"]), folder, "shared folders show in one's own root");
    assert_eq!(desk.api("heidi", "PUT", &format!("/folders/{folder}"), "{\"shared_link\":{}}").status, 200);
}

#[test]
fn an_admin_puts_things_into_the_root_of_somebody() {
    let desk = Desk::new(1);
    let (file, folder) = (desk.item(&["grace", "Private", "nobody else.txt"]), desk.item(&["grace", "Private"]));
    for who in ["service", "heidi"] {
        desk.invite("grace", "folder", &folder, who, "editor");
    }
    let to = |who: &str, parent: &str, whom: &str| {
        let body = format!("{{\"parent\":{{\"id\":\"{parent}\",\"user_id\":\"{}\"}}}}", desk.id(whom));
        desk.api(who, "PUT", &format!("/files/{file}"), &body)
    };
    for (who, parent, whom, status) in [
        ("service", folder.as_str(), "erin", 400),
        ("heidi", "0", "erin", 403),
        ("service", "0", "pat", 403),
        ("service", "0", "erin", 200),
    ] {
        assert_eq!(to(who, parent, whom).status, status, "{who} {whom}");
    }
    let now = desk.now(&file);
    assert_eq!((now.owner.as_str(), now.parent.as_str()), ("erin@example.com", "0"));
}

#[test]
fn a_large_file_comes_in_parts_each_with_its_digest() {
    let desk = Desk::new(1);
    let folder = desk.item(&["grace", "Private"]);
    let body: Vec<u8> = (0..20_000_000_u32).map(|at| at.to_le_bytes()[1]).collect();
    let digest = |bytes: &[u8]| format!("sha={}", BASE64_STANDARD.encode(sha1_of(bytes)));
    let up = |method: &str, path: &str, more: &[(&str, &str)], body: &[u8]| {
        desk.call(Door::BoxUpload, "grace", method, &format!("/api/2.0/files{path}"), more, body)
    };
    let begin = |name: &str, size: usize| {
        let asked = format!("{{\"folder_id\":\"{folder}\",\"file_size\":{size},\"file_name\":\"{name}\"}}");
        up("POST", "/upload_sessions", &[], asked.as_bytes())
    };
    assert_eq!(said(&begin("small.bin", 100)).0, 400);
    assert_eq!(said(&begin("nobody else.txt", body.len())), (409, "item_name_in_use".into()));
    let session = json(&begin("large.bin", body.len()));
    let (path, size) =
        (format!("/upload_sessions/{}", text(&session["id"])), session["part_size"].as_u64().unwrap_or(1));
    let size = usize::try_from(size).unwrap_or(1);
    let mut parts = Vec::new();
    for (number, part) in body.chunks(size).enumerate() {
        let range = format!("bytes {}-{}/{}", number * size, number * size + part.len() - 1, body.len());
        let wrong = up("PUT", &path, &[("digest", "sha=AAAA"), ("content-range", &range)], part);
        assert_eq!((wrong.status, wrong.refused.is_some()), (412, true));
        let answer = up("PUT", &path, &[("digest", &digest(part)), ("content-range", &range)], part);
        assert_eq!(answer.status, 200);
        parts.push(json(&answer)["part"].clone());
    }
    let commit = |digest: &str| {
        let named = serde_json::json!({"parts": parts}).to_string();
        up("POST", &format!("{path}/commit"), &[("digest", digest)], named.as_bytes())
    };
    assert_eq!(commit("sha=AAAA").status, 412);
    let put_off = commit(&digest(&body));
    assert_eq!((put_off.status, header(&put_off, "retry-after")), (202, "1".into()));
    // Somebody takes the name meanwhile; when it is free again, the same session can be committed.
    let taken = text(&json(&desk.upload("grace", &folder, "large.bin", "x"))["entries"][0]["id"]);
    assert_eq!(said(&commit(&digest(&body))), (409, "item_name_in_use".into()));
    assert_eq!(desk.api("grace", "DELETE", &format!("/files/{taken}"), "").status, 204);
    desk.done();
    let made = commit(&digest(&body));
    let id = text(&json(&made)["entries"][0]["id"]);
    assert_eq!((made.status, desk.done()), (201, vec![("file_made", id.clone(), true)]));
    assert_eq!(desk.now(&id).sha1, crate::emulator::hex(&sha1_of(&body)));
    assert_eq!(commit(&digest(&body)).status, 404, "a session is good for one file");
}
