//! What is kept back: legal holds, retention, Box Shield, locks, the company's rule for links.

use super::{Desk, json, said, text};

const POLICY: (u16, &str) = (403, "forbidden_by_policy");
const LOCKED: (u16, &str) = (403, "access_denied_item_locked");

fn ids(page: &serde_json::Value, of: &str) -> Vec<String> {
    page["entries"].as_array().into_iter().flatten().map(|entry| text(&entry[of]["id"])).collect()
}

#[test]
fn a_hold_is_made_put_on_listed_and_lifted() {
    let desk = Desk::new(1);
    let (file, folder) = (desk.item(&["frank", "States", "three versions.txt"]), desk.item(&["grace", "Private"]));
    let inner = desk.item(&["grace", "Private", "nobody else.txt"]);
    let post = |address: &str, body: &str| desk.api("service", "POST", address, body);
    assert_eq!(post("/legal_hold_policies", "{\"policy_name\":\"Case 7\"}").status, 400, "dates or is_ongoing");
    let made = post("/legal_hold_policies", "{\"policy_name\":\"Case 7\",\"is_ongoing\":true}");
    let policy = text(&json(&made)["id"]);
    assert_eq!((made.status, text(&json(&made)["status"])), (201, "active".into()));
    assert_eq!(post("/legal_hold_policies", "{\"policy_name\":\"Case 7\",\"is_ongoing\":true}").status, 409);
    assert_eq!(text(&desk.get("service", &format!("/legal_hold_policies/{policy}"))["policy_name"]), "Case 7");
    let assign = |kind: &str, id: &str| {
        post(
            "/legal_hold_policy_assignments",
            &format!("{{\"policy_id\":\"{policy}\",\"assign_to\":{{\"type\":\"{kind}\",\"id\":\"{id}\"}}}}"),
        )
    };
    desk.done();
    let mut assigned = Vec::new();
    for (kind, id) in [("file", &file), ("folder", &folder), ("user", &desk.id("erin"))] {
        let answer = assign(kind, id);
        assert_eq!((answer.status, desk.done()), (201, vec![("held", id.clone(), true)]), "{kind}");
        assert_eq!(assign(kind, id).status, 409, "{kind}");
        assigned.push(text(&json(&answer)["id"]));
    }
    assert_eq!(assign("web_link", &file).status, 400);
    assert_eq!(assign("folder", &file).status, 404);
    assert_eq!((desk.now(&file).holds, desk.now(&inner).holds), (vec!["Case 7".to_owned()], vec!["Case 7".to_owned()]));
    let list = |more: &str| desk.get("service", &format!("/legal_hold_policy_assignments?policy_id={policy}{more}"));
    assert_eq!(ids(&list(""), "assigned_to").len(), 3);
    assert_eq!(ids(&list("&assign_to_type=file"), "assigned_to"), [file.as_str()]);
    assert_eq!(ids(&list(&format!("&assign_to_type=folder&assign_to_id={folder}")), "assigned_to"), [folder]);
    assert_eq!(ids(&list(&format!("&assign_to_id={inner}")), "assigned_to"), Vec::<String>::new());
    let first = list("&limit=2");
    let next = text(&first["next_marker"]);
    assert_eq!((ids(&first, "assigned_to").len(), ids(&list(&format!("&marker={next}")), "assigned_to").len()), (2, 1));
    assert_eq!(desk.api("service", "GET", "/legal_hold_policy_assignments", "").status, 400);
    let versions = desk.get("service", &format!("/file_version_legal_holds?policy_id={policy}&limit=1000"));
    assert_eq!(ids(&versions, "file").iter().filter(|id| **id == file).count(), 3, "each version is held");
    let on = desk.get("service", &format!("/legal_hold_policy_assignments/{}/files_on_hold", assigned[1]));
    assert_eq!(text(&on["entries"][0]["id"]), inner);
    assert_eq!(
        desk.api("service", "DELETE", &format!("/legal_hold_policy_assignments/{}", assigned[0]), "").status,
        202
    );
    assert_eq!((desk.done(), desk.now(&file).holds), (vec![("hold_gone", file, true)], vec![]));
}

#[test]
fn what_is_kept_can_be_trashed_but_never_goes_for_good() {
    for plant in ["hold", "retain", "hold above", "retain above"] {
        let desk = Desk::new(1);
        let (file, folder) = (desk.item(&["frank", "States", "three versions.txt"]), desk.item(&["frank", "States"]));
        let on = if plant.ends_with("above") { &folder } else { &file };
        let planted = if plant.starts_with("hold") {
            desk.tenant.hold(on, "Case 9")
        } else {
            desk.tenant.retain(on, "Ten years")
        };
        assert!(planted, "{plant}");
        let now = desk.now(&file);
        assert_eq!(
            (now.holds.is_empty(), now.retention.is_none()),
            (plant.starts_with("retain"), plant.starts_with("hold"))
        );
        let version = &now.versions[0];
        assert_eq!(
            desk.api("frank", "DELETE", &format!("/files/{file}/versions/{version}"), "").status,
            403,
            "{plant}"
        );
        assert_eq!(desk.api("frank", "DELETE", &format!("/files/{file}"), "").status, 204, "{plant}");
        assert_eq!(desk.done(), vec![("trashed", file.clone(), true)], "our own mistake would show: {plant}");
        assert_eq!(
            said(&desk.api("frank", "DELETE", &format!("/files/{file}/trash"), "")),
            (POLICY.0, POLICY.1.into()),
            "{plant}"
        );
        assert_eq!(desk.api("frank", "POST", &format!("/files/{file}"), "").status, 201, "{plant}");
        desk.tenant.release(on);
        assert!(desk.now(&file).holds.is_empty());
    }
}

#[test]
fn what_is_retained_stays_so_wherever_it_goes_but_not_outside() {
    let desk = Desk::new(1);
    let (file, folder) = (desk.item(&["grace", "Private", "nobody else.txt"]), desk.item(&["grace", "Private"]));
    let (inside, outside) = (desk.item(&["grace", "Links"]), desk.item(&["pat", "Joint offer"]));
    assert!(desk.tenant.retain(&folder, "Seven years"));
    let collab = desk.invite("grace", "file", &file, "erin", "editor");
    assert!(!collab.is_empty());
    // erin may edit the partner's folder; grace lets her edit the source.
    desk.invite("grace", "folder", &folder, "erin", "editor");
    let to =
        |id: &str| desk.api("erin", "PUT", &format!("/files/{file}"), &format!("{{\"parent\":{{\"id\":\"{id}\"}}}}"));
    assert_eq!(said(&to(&outside)), (POLICY.0, POLICY.1.into()));
    let moved = desk.api("grace", "PUT", &format!("/files/{file}"), &format!("{{\"parent\":{{\"id\":\"{inside}\"}}}}"));
    assert_eq!((moved.status, desk.now(&file).retention.as_deref()), (200, Some("Seven years")));
    let listed = desk.get("service", &format!("/file_version_retentions?file_id={file}"));
    assert_eq!(text(&listed["entries"][0]["winning_retention_policy"]["policy_name"]), "Seven years");
    let free = desk.item(&["grace", "Links", "open.txt"]);
    assert_eq!(
        desk.get("service", &format!("/file_version_retentions?file_id={free}"))["entries"].as_array().map(Vec::len),
        Some(0)
    );
}

#[test]
fn retention_is_made_and_put_on_folders() {
    let desk = Desk::new(1);
    let folder = desk.item(&["grace", "Private"]);
    let post = |address: &str, body: &str| desk.api("service", "POST", address, body);
    let policy = |kind: &str, length: &str| {
        format!(
            "{{\"policy_name\":\"{kind}{length}\",\"policy_type\":\"{kind}\",\"disposition_action\":\"remove_retention\"{length}}}"
        )
    };
    assert_eq!(post("/retention_policies", &policy("finite", "")).status, 400);
    assert_eq!(post("/retention_policies", &policy("endless", "")).status, 400);
    let made = post("/retention_policies", &policy("indefinite", ""));
    assert_eq!(made.status, 201);
    let id = text(&json(&made)["id"]);
    let assign = format!("{{\"policy_id\":\"{id}\",\"assign_to\":{{\"type\":\"folder\",\"id\":\"{folder}\"}}}}");
    let on = post("/retention_policy_assignments", &assign);
    assert_eq!((on.status, post("/retention_policy_assignments", &assign).status), (201, 409));
    assert_eq!(
        ids(&desk.get("service", &format!("/retention_policies/{id}/assignments?type=folder")), "assigned_to"),
        [folder.as_str()]
    );
    let file = desk.item(&["grace", "Private", "nobody else.txt"]);
    assert_eq!(desk.now(&file).retention.as_deref(), Some("indefinite"));
    let under =
        desk.get("service", &format!("/retention_policy_assignments/{}/files_under_retention", text(&json(&on)["id"])));
    assert_eq!(text(&under["entries"][0]["id"]), file);
    assert_eq!(
        desk.api("service", "DELETE", &format!("/retention_policy_assignments/{}", text(&json(&on)["id"])), "").status,
        204
    );
    assert_eq!(desk.now(&file).retention, None);
}

#[test]
fn holds_and_retention_are_for_admins_with_scope_and_plan() {
    let desk = Desk::new(1);
    let routes = [
        ("manage_legal_hold", "/legal_hold_policies"),
        ("manage_legal_hold", "/file_version_legal_holds?policy_id=1"),
        ("manage_data_retention", "/retention_policies"),
        ("manage_data_retention", "/file_version_retentions?file_id=1"),
    ];
    for (scope, address) in routes {
        assert_eq!(desk.api("erin", "GET", address, "").status, 403, "{address}");
        let rest: Vec<&str> = super::super::SCOPES.into_iter().filter(|known| *known != scope).collect();
        desk.tenant.set_scopes(&rest);
        assert_eq!(said(&desk.api("service", "GET", address, "")), (403, "insufficient_scope".into()), "{address}");
        desk.tenant.set_scopes(&super::super::SCOPES);
        desk.tenant.set_governance(false);
        assert_eq!(desk.api("service", "GET", address, "").status, 403, "{address}");
        desk.tenant.set_governance(true);
    }
}

#[test]
fn shield_refuses_what_it_is_set_to() {
    let file = ["grace", "Private", "nobody else.txt"];
    for (what, on, refused) in [
        ("download", 3, [true, false, false, false]),
        ("share", 3, [false, true, true, false]),
        ("move", 3, [false, false, false, true]),
        ("all", 2, [true, true, true, true]),
        ("", 3, [false, false, false, false]),
    ] {
        let desk = Desk::new(1);
        let (id, target) = (desk.item(&file), desk.item(&["heidi", "Members"]));
        desk.invite("heidi", "folder", &target, "grace", "editor");
        assert_eq!(desk.tenant.shield(&desk.item(&file[..on]), what), !what.is_empty());
        let collab = format!(
            "{{\"item\":{{\"type\":\"file\",\"id\":\"{id}\"}},\"role\":\"viewer\",\"accessible_by\":{{\"type\":\"user\",\"id\":\"{}\"}}}}",
            desk.id("frank")
        );
        let answers = [
            desk.api("grace", "GET", &format!("/files/{id}/content"), ""),
            desk.api("grace", "PUT", &format!("/files/{id}"), "{\"shared_link\":{\"access\":\"company\"}}"),
            desk.api("grace", "POST", "/collaborations", &collab),
            desk.api("grace", "PUT", &format!("/files/{id}"), &format!("{{\"parent\":{{\"id\":\"{target}\"}}}}")),
        ];
        let said: Vec<(u16, String)> = answers.iter().map(said).collect();
        for (place, was_refused) in refused.into_iter().enumerate() {
            assert_eq!(said[place] == (POLICY.0, POLICY.1.to_owned()), was_refused, "{what} {place}: {said:?}");
        }
        // What takes sharing away is never refused, nor a move that leaves the owner.
        assert_eq!(desk.api("grace", "PUT", &format!("/files/{id}"), "{\"shared_link\":null}").status, 200);
    }
}

#[test]
fn a_folder_with_something_shielded_in_it_keeps_its_owner() {
    let desk = Desk::new(1);
    let (file, folder) = (desk.item(&["grace", "Private", "nobody else.txt"]), desk.item(&["grace", "Private"]));
    assert!(desk.tenant.shield(&file, "move"));
    let collab = desk.invite("grace", "folder", &folder, "erin", "editor");
    let given = desk.api("grace", "PUT", &format!("/collaborations/{collab}"), "{\"role\":\"owner\"}");
    assert_eq!(said(&given), (POLICY.0, POLICY.1.into()));
    let own = desk.item(&["grace", "Links"]);
    assert_eq!(
        desk.api("grace", "PUT", &format!("/folders/{folder}"), &format!("{{\"parent\":{{\"id\":\"{own}\"}}}}")).status,
        200
    );
}

#[test]
fn a_lock_forbids_changes_and_not_sharing() {
    let desk = Desk::new(1);
    let file = desk.item(&["grace", "Private", "nobody else.txt"]);
    let other = desk.item(&["grace", "Links"]);
    assert!(desk.tenant.lock(&file, "frank", false));
    let put = |body: &str| desk.api("grace", "PUT", &format!("/files/{file}"), body);
    for answer in [
        put("{\"name\":\"x.txt\"}"),
        put(&format!("{{\"parent\":{{\"id\":\"{other}\"}}}}")),
        desk.api("grace", "DELETE", &format!("/files/{file}"), ""),
        desk.form(
            "grace",
            &format!("/files/{file}/content"),
            &[("attributes", "{\"name\":\"nobody else.txt\"}"), ("file", "x")],
            &[],
        ),
    ] {
        assert_eq!(said(&answer), (LOCKED.0, LOCKED.1.into()));
    }
    assert_eq!(put("{\"shared_link\":{}}").status, 200);
    assert_eq!((put("{\"lock\":null}").status, desk.now(&file).lock), (200, None), "the owner may unlock");
    assert_eq!(put("{\"name\":\"x.txt\"}").status, 200);
}

#[test]
fn a_link_reaches_no_further_than_the_company_lets_it() {
    for (most, asked, effective) in [
        ("open", "open", "open"),
        ("company", "open", "company"),
        ("company", "company", "company"),
        ("company", "collaborators", "collaborators"),
        ("collaborators", "open", "collaborators"),
    ] {
        let desk = Desk::new(1);
        let file = desk.item(&["grace", "Private", "nobody else.txt"]);
        assert!(desk.tenant.set_links_at_most(most) && !desk.tenant.set_links_at_most("nobody"));
        let body = format!("{{\"shared_link\":{{\"access\":\"{asked}\"}}}}");
        let answer = json(&desk.api("grace", "PUT", &format!("/files/{file}?fields=shared_link"), &body));
        let link = &answer["shared_link"];
        assert_eq!(
            (text(&link["access"]), text(&link["effective_access"])),
            (asked.into(), effective.into()),
            "{most} {asked}"
        );
        let seen = desk.now(&file).link.expect("a link");
        assert_eq!((seen.access, seen.effective), (asked, effective), "{most} {asked}");
        let expected = desk.tenant.files().into_iter().find(|one| one.id == file).expect("listed").expected.level;
        let level = match effective {
            "open" => "public",
            "company" => "internal",
            _ => "private",
        };
        assert_eq!(expected, level, "{most} {asked}");
    }
}

#[test]
fn a_link_shows_only_where_the_company_lets_none_download() {
    let desk = Desk::new(1);
    let (file, folder) = (desk.item(&["grace", "Private", "nobody else.txt"]), desk.item(&["grace", "Private"]));
    for (address, edit) in [(format!("/files/{file}"), true), (format!("/folders/{folder}"), false)] {
        let body = format!("{{\"shared_link\":{{\"permissions\":{{\"can_download\":true,\"can_edit\":{edit}}}}}}}");
        let put =
            || json(&desk.api("grace", "PUT", &format!("{address}?fields=shared_link"), &body))["shared_link"].clone();
        assert_eq!(text(&put()["effective_permission"]), if edit { "can_edit" } else { "can_download" });
        desk.tenant.set_links_download(false);
        let link = put();
        assert_eq!(
            (text(&link["effective_permission"]), &link["permissions"]["can_download"]),
            ("can_preview".into(), &true.into())
        );
        desk.tenant.set_links_download(true);
    }
    assert!(desk.now(&file).link.is_some_and(|link| link.download && link.effective_download && link.edit));
}
