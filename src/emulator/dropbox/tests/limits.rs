//! What policies, plans, busy namespaces, locks and limits do to writes; what a link and a file keep on their way.

use super::*;

const ERIN: As = As::User("erin");
const FRANK: As = As::User("frank");
const HEIDI: As = As::User("heidi");

fn id(desk: &Desk, path: &str) -> String {
    desk.tenant.id_at(path).expect(path)
}

#[test]
fn policies_narrow_a_link_whatever_it_was_asked_to() {
    let desk = Desk::new();
    let agenda = id(&desk, "Partner room/Agenda.txt");
    let room = desk.space("Partner room");
    let made = desk.good(FRANK, "sharing/create_shared_link_with_settings", &json!({ "path": agenda }));
    let url = made["url"].clone();
    // The team's policy, the folder's, what is asked; then: effective, resolved, may it be public, why not.
    let rows = [
        ("public", "anyone", "public", ["public", "public", "true", ""]),
        ("team", "anyone", "public", ["team", "team_only", "false", "restricted_by_team"]),
        ("public", "team", "public", ["team", "team_only", "false", "restricted_by_shared_folder"]),
        ("team", "members", "public", ["members", "shared_folder_only", "false", "restricted_by_shared_folder"]),
        ("no_one", "anyone", "team", ["no_one", "no_one", "false", "restricted_by_team"]),
        ("public", "anyone", "no_one", ["no_one", "no_one", "true", ""]),
    ];
    for (team, folder, asked, expected) in rows {
        assert!(desk.tenant.set_links_at_most(team));
        let policy = json!({ "shared_folder_id": room, "shared_link_policy": folder });
        desk.good(FRANK, "sharing/update_folder_policy", &policy);
        let wish = json!({ "url": url, "settings": { "audience": asked } });
        let link = desk.good(FRANK, "sharing/modify_shared_link_settings", &wish);
        let rights = &link["link_permissions"];
        let option = &rights["audience_options"][0];
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let told = [
            text(&rights["effective_audience"][".tag"]),
            text(&rights["resolved_visibility"][".tag"]),
            option["allowed"].to_string(),
            text(&option["disallowed_reason"][".tag"]),
        ];
        assert_eq!(told, expected, "{team} {folder} {asked}");
        let seen = &desk.tenant.seen(&agenda).expect("seen").links[0];
        assert_eq!((seen.asked, seen.audience), (asked, expected[0]), "{team} {folder} {asked}");
    }
    assert!(!desk.tenant.set_links_at_most("everybody"));
    let other = desk.good(As::User("heidi"), "sharing/list_shared_links", &json!({ "path": "/Special/Public.txt" }));
    let mine = &other["links"][0]["link_permissions"];
    assert_eq!((&mine["can_revoke"], &mine["revoke_failure_reason"]), (&json!(true), &Value::Null));
    let theirs = desk.good(FRANK, "sharing/get_shared_link_metadata", &json!({ "url": other["links"][0]["url"] }));
    let theirs = &theirs["link_permissions"];
    assert_eq!(
        (&theirs["can_revoke"], &theirs["revoke_failure_reason"][".tag"], &theirs["requested_visibility"]),
        (&json!(false), &json!("owner_only"), &Value::Null)
    );
}

#[test]
fn a_plan_without_settings_of_links_refuses_them() {
    let desk = Desk::new();
    let url = desk.tenant.seen(&id(&desk, "heidi/Special/Password.txt")).expect("seen").links[0].url.clone();
    desk.tenant.set_plan_without_link_settings(true);
    let rows = [
        (json!({ "require_password": true, "link_password": "opensesame" }), false),
        (json!({ "expires": "2099-01-01T00:00:00Z" }), false),
        (json!({ "allow_download": false }), false),
        (json!({ "audience": "team" }), true),
        (json!({ "require_password": false }), true),
    ];
    for (settings, allowed) in rows {
        let argument = json!({ "url": url, "settings": settings });
        let route = "sharing/modify_shared_link_settings";
        if allowed {
            let rights = desk.good(HEIDI, route, &argument)["link_permissions"].clone();
            assert_eq!((&rights["can_set_password"], &rights["can_set_expiry"]), (&json!(false), &json!(false)));
        } else {
            desk.bad(HEIDI, route, &argument, "settings_error/not_authorized/");
        }
    }
    let create = json!({ "path": "/a.txt", "settings": { "expires": "2099-01-01T00:00:00Z" } });
    desk.bad(FRANK, "sharing/create_shared_link_with_settings", &create, "settings_error/not_authorized/");
    assert!(desk.tenant.seen(&id(&desk, "frank/a.txt")).expect("seen").links.is_empty());
}

#[test]
fn wishes_that_say_nothing_or_too_little_change_nothing() {
    let desk = Desk::new();
    let file = id(&desk, "heidi/Special/Public.txt");
    let before = desk.tenant.seen(&file).expect("seen").links;
    let rows = [
        json!({}),
        json!({ "audience": null }),
        json!({ "requested_visibility": "password" }),
        json!({ "require_password": true }),
        json!({ "expires": "2001-01-01T00:00:00Z" }),
    ];
    for settings in rows {
        let argument = json!({ "url": before[0].url, "settings": settings });
        desk.bad(HEIDI, "sharing/modify_shared_link_settings", &argument, "settings_error/invalid_settings/");
    }
    assert_eq!((desk.tenant.seen(&file).expect("seen").links, desk.tenant.effects().len()), (before, 0));
}

#[test]
fn a_folder_closed_to_outsiders_takes_none_by_its_files_either() {
    let desk = Desk::new();
    let room = desk.space("Partner room");
    let policy = json!({ "shared_folder_id": room, "member_policy": "team", "acl_update_policy": "owner" });
    for changed in [true, false] {
        desk.good(FRANK, "sharing/update_folder_policy", &policy);
        let effects = desk.tenant.effects();
        desk.tenant.clear_effects();
        assert_eq!((effects.len(), effects[0].what, effects[0].changed), (1, "invitations_set", changed));
    }
    let agenda = id(&desk, "Partner room/Agenda.txt");
    let addresses = ["pat@partner.example.net", "erin@example.com"];
    let members = addresses.map(|email| json!({ ".tag": "email", "email": email }));
    let done = desk.good(FRANK, "sharing/add_file_member", &json!({ "file": agenda, "members": members }));
    let tags = [&done[0]["result"][".tag"], &done[1]["result"][".tag"]];
    assert_eq!(tags, [&json!("member_error"), &json!("success")]);
    let seen = desk.tenant.seen(&agenda).expect("seen").members;
    let rows: Vec<(&str, bool, bool)> =
        seen.iter().map(|member| (member.who.as_str(), member.inherited, member.outside)).collect();
    let expected =
        [("erin@example.com", false, false), ("frank@example.com", true, false), ("group:Partner crew", true, true)];
    assert_eq!(rows, expected, "what was there before stays");
    let folder = desk.tenant.seen(&room).expect("seen");
    assert_eq!(folder.policies, Some(("team".into(), "owner".into(), "anyone".into())));
}

#[test]
fn a_link_goes_with_its_file_dies_in_the_trash_and_returns() {
    let desk = Desk::new();
    let file = id(&desk, "heidi/Special/Public.txt");
    let seen = || desk.tenant.seen(&file).expect("seen");
    let before = seen().links;
    desk.good(HEIDI, "files/move_v2", &json!({ "from_path": file, "to_path": "/Quarantine/Public.txt" }));
    assert_eq!((seen().links, seen().path.as_str()), (before.clone(), "/Quarantine/Public.txt"));
    let given = json!({ "from_path": file, "to_path": "/Company/Public.txt", "allow_ownership_transfer": true });
    desk.good(HEIDI, "files/move_v2", &given);
    assert_eq!(
        (seen().links, seen().owner.as_str()),
        (before.clone(), ""),
        "the team owns it, the link is still theirs"
    );
    desk.good(HEIDI, "files/delete_v2", &json!({ "path": file, "parent_rev": seen().rev }));
    assert_eq!((seen().links.len(), seen().trashed), (0, true));
    let url = json!({ "url": before[0].url });
    desk.bad(HEIDI, "sharing/revoke_shared_link", &url, "shared_link_not_found/");
    let versions = desk.good(As::Admin("ada"), "files/list_revisions", &json!({ "path": file, "mode": "id" }));
    assert_eq!((&versions["is_deleted"], &versions["entries"][0]["id"]), (&json!(true), &json!(file)));
    let back = json!({ "path": "/Company/Public.txt", "rev": versions["entries"][0]["rev"] });
    assert_eq!(desk.good(HEIDI, "files/restore", &back)["id"], json!(file));
    assert_eq!(seen().links, before);
    desk.good(HEIDI, "sharing/revoke_shared_link", &url);
    assert!(seen().links.is_empty());
}

#[test]
fn a_busy_namespace_refuses_in_both_of_its_forms() {
    let desk = Desk::new();
    let (home, reference) = (
        desk.space("Erin Evans"),
        desk.good(ERIN, "files/copy_reference/get", &json!({ "path": "/Special/Plan.txt" })),
    );
    let rev = desk.tenant.seen(&id(&desk, "erin/Special/Plan.txt")).expect("seen").revs[0].clone();
    let rows = [
        ("files/create_folder_v2", json!({ "path": "/n" }), "path/too_many_write_operations/"),
        ("files/move_v2", json!({ "from_path": "/Reports", "to_path": "/R" }), "from_write/too_many_write_operations/"),
        ("files/copy_v2", json!({ "from_path": "/R", "to_path": "/R2" }), "to/too_many_write_operations/"),
        ("files/restore", json!({ "path": "/Special/Plan.txt", "rev": rev }), "path_write/too_many_write_operations/"),
        (
            "files/copy_reference/save",
            json!({ "copy_reference": reference["copy_reference"], "path": "/saved.txt" }),
            "path/too_many_write_operations/",
        ),
        ("files/delete_v2", json!({ "path": "/Special/Plan.txt" }), "too_many_write_operations/"),
    ];
    for (route, argument, tags) in rows {
        desk.tenant.contend_as_conflict(&home, 1);
        desk.bad(ERIN, route, &argument, tags);
        desk.tenant.contend(&home, 1);
        let (status, body) = desk.call(ERIN, None, route, &argument);
        assert_eq!((status, &body["error"]["reason"][".tag"]), (429, &json!("too_many_write_operations")), "{route}");
        assert_eq!(desk.tenant.effects(), [], "{route}");
        desk.good(ERIN, route, &argument);
        desk.tenant.clear_effects();
    }
    desk.tenant.contend_as_conflict(&home, 1);
    let (status, body) = desk.upload(ERIN, &json!({ "path": "/up.txt" }), b"up");
    assert_eq!((status, &body["error"]["reason"][".tag"]), (409, &json!("too_many_write_operations")));
}

#[test]
fn limits_locks_rights_and_revisions_stop_a_write() {
    let desk = Desk::new();
    let locked = id(&desk, "team/Handbook.txt");
    desk.good(FRANK, "files/lock_file_batch", &json!({ "entries": [{ "path": locked }] }));
    desk.tenant.set_entries_max(3);
    let theirs = desk.space("Theirs");
    let price = id(&desk, "Theirs/Price list.txt");
    let rows = [
        (ERIN, "files/move_v2", json!({ "from_path": "/Reports", "to_path": "/R" }), "too_many_files/"),
        (ERIN, "files/copy_v2", json!({ "from_path": "/Reports", "to_path": "/R" }), "too_many_files/"),
        (ERIN, "files/delete_v2", json!({ "path": "/Reports" }), "too_many_files/"),
        (ERIN, "files/delete_v2", json!({ "path": locked }), "path_lookup/locked/"),
        (ERIN, "files/move_v2", json!({ "from_path": locked, "to_path": "/h.txt" }), "from_lookup/locked/"),
        (FRANK, "files/move_v2", json!({ "from_path": price, "to_path": "/p.txt" }), "from_write/no_write_permission/"),
        (
            FRANK,
            "files/move_v2",
            json!({ "from_path": "/a.txt", "to_path": format!("ns:{theirs}/a.txt") }),
            "to/no_write_permission/",
        ),
        (FRANK, "files/delete_v2", json!({ "path": "/a.txt", "parent_rev": "000000009" }), "path_write/conflict/file/"),
        (FRANK, "files/delete_v2", json!({ "path": "/Special", "parent_rev": "000000009" }), "too_many_files/"),
        (FRANK, "files/restore", json!({ "path": "/none.txt", "rev": "000000009" }), "path_lookup/not_found/"),
        (
            FRANK,
            "sharing/relinquish_folder_membership",
            json!({ "shared_folder_id": desk.space("Partner room") }),
            "folder_owner/",
        ),
        (
            FRANK,
            "sharing/relinquish_folder_membership",
            json!({ "shared_folder_id": desk.space("Company") }),
            "team_folder/",
        ),
        (FRANK, "sharing/relinquish_file_membership", json!({ "file": "/a.txt" }), "no_permission/"),
        (
            FRANK,
            "sharing/remove_folder_member",
            json!({ "shared_folder_id": desk.space("Company"), "member": { ".tag": "email", "email": "erin@example.com" }, "leave_a_copy": false }),
            "group_access/",
        ),
    ];
    for (who, route, argument, tags) in rows {
        desk.bad(who, route, &argument, tags);
    }
    let over = desk.upload(ERIN, &json!({ "path": "/Company/Handbook.txt", "mode": "overwrite" }), b"x");
    assert_eq!((over.0, &over.1["error"]["reason"][".tag"]), (409, &json!("no_write_permission")));
    assert_eq!(desk.tenant.seen(&locked).expect("seen").lock.as_deref(), Some("frank@example.com"));
    desk.good(As::Admin("ada"), "files/unlock_file_batch", &json!({ "entries": [{ "path": locked }] }));
    desk.tenant.clear_effects();
    assert_eq!(desk.upload(ERIN, &json!({ "path": "/Company/Handbook.txt", "mode": "overwrite" }), b"x").0, 200);
    assert_eq!(desk.tenant.effects().len(), 1);
}

#[test]
fn a_member_leaves_what_was_shared_with_them() {
    let desk = Desk::new();
    let entries = desk.good(ERIN, "sharing/list_received_files", &json!({}))["entries"].clone();
    let file = id(&desk, "frank/Special/For a colleague.txt");
    assert_eq!(
        (entries.as_array().map(Vec::len), &entries[0]["id"], &entries[0]["access_type"][".tag"]),
        (Some(1), &json!(file), &json!("editor"))
    );
    desk.good(ERIN, "sharing/relinquish_file_membership", &json!({ "file": file }));
    assert_eq!(desk.good(ERIN, "sharing/list_received_files", &json!({}))["entries"], json!([]));
    let theirs = desk.space("Theirs");
    let job = desk.good(FRANK, "sharing/relinquish_folder_membership", &json!({ "shared_folder_id": theirs }))["async_job_id"].clone();
    let looks: Vec<Value> = (0..3)
        .map(|_| desk.good(FRANK, "sharing/check_job_status", &json!({ "async_job_id": job }))[".tag"].clone())
        .collect();
    assert_eq!(looks, ["in_progress", "in_progress", "complete"]);
    assert!(desk.tenant.seen_member("frank").expect("seen").shares.iter().all(|(space, _)| *space != theirs));
    desk.bad(FRANK, "files/get_metadata", &json!({ "path": "/Theirs" }), "path/not_found/");
}

#[test]
fn templates_have_their_limits_and_folders_take_none_of_the_teams() {
    let desk = Desk::new();
    let field = |number: usize| json!({ "name": format!("F{number}"), "description": "One", "type": "string" });
    let template = |name: &str, fields: usize| json!({ "name": name, "description": "Ours", "fields": (0..fields).map(field).collect::<Vec<_>>() });
    let add = "file_properties/templates/add_for_team";
    desk.bad(As::Team, add, &template("Many", 33), "too_many_properties/");
    desk.bad(As::Team, add, &template("Sensitivity", 1), "conflicting_property_names/");
    let made = desk.good(As::Team, add, &template("Ours", 32))["template_id"].clone();
    let grow = json!({ "template_id": made, "add_fields": [field(40)] });
    desk.bad(As::Team, "file_properties/templates/update_for_team", &grow, "too_many_properties/");
    let set = |path: &str| json!({ "path": path, "property_groups": [{ "template_id": made, "fields": [{ "name": "F1", "value": "one" }] }] });
    desk.good(FRANK, "file_properties/properties/add", &set("/a.txt"));
    desk.bad(FRANK, "file_properties/properties/add", &set("/Special"), "unsupported_folder/");
    let (status, _) = desk.call(As::Admin("ada"), None, "file_properties/properties/overwrite", &set("/a.txt"));
    assert_eq!(status, 400, "no admin mode");
    let labels = desk.tenant.seen(&id(&desk, "frank/a.txt")).expect("seen").labels;
    let expected = SeenLabel { template: "Ours".into(), field: "F1".into(), value: "one".into() };
    assert_eq!(labels, [expected]);
    let words: Vec<&str> = desk.tenant.effects().iter().map(|effect| effect.what).collect();
    assert_eq!(words, ["template_made", "label_set"]);
}

#[test]
fn a_new_team_folder_is_for_admins_only() {
    let desk = Desk::new();
    let create = "team/team_folder/create";
    let made = desk.good(As::Team, create, &json!({ "name": "Quarantine" }));
    desk.bad(As::Team, create, &json!({ "name": "quarantine" }), "folder_name_already_used/");
    let root = made["team_folder_id"].as_str().expect("an id").to_owned();
    let read = |who: As| desk.call(who, Some(&root), "files/list_folder", &json!({ "path": "" })).0;
    assert_eq!((read(As::Admin("ada")), read(ERIN)), (200, 422));
    let reference = desk.good(ERIN, "files/copy_reference/get", &json!({ "path": "/Special/Plan.txt" }));
    let save = json!({ "copy_reference": reference["copy_reference"], "path": "/Copy.txt" });
    assert_eq!(desk.call(ERIN, Some(&root), "files/copy_reference/save", &save).0, 422);
    let invite = json!({ "shared_folder_id": root, "members": [{ "member": { ".tag": "email", "email": "erin@example.com" }, "access_level": "editor" }] });
    desk.good(As::Admin("ada"), "sharing/add_folder_member", &invite);
    assert_eq!(desk.call(ERIN, Some(&root), "files/copy_reference/save", &save).0, 200);
    let plan = id(&desk, "erin/Special/Plan.txt");
    let give = json!({ "from_path": plan, "to_path": format!("ns:{root}/Plan.txt"), "allow_ownership_transfer": true });
    desk.good(ERIN, "files/move_v2", &give);
    let seen = desk.tenant.seen(&plan).expect("seen");
    assert_eq!((seen.namespace, seen.owner.as_str(), seen.revs.len()), (root, "", 3));
}
