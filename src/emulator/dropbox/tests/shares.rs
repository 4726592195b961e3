//! Links; members of folders and files.

use super::*;

const HEIDI: As = As::User("heidi");
const FRANK: As = As::User("frank");

#[test]
fn links_are_listed_by_owner_or_by_path_with_those_of_parents() {
    let desk = Desk::new();
    let mut page = desk.good(HEIDI, "sharing/list_shared_links", &json!({}));
    let mut seen = Vec::new();
    loop {
        for link in page["links"].as_array().expect("links") {
            let rights = &link["link_permissions"];
            let text = |value: &Value| value[".tag"].as_str().unwrap_or_default().to_owned();
            seen.push((
                link["path_lower"].as_str().unwrap_or_default().to_owned(),
                text(&rights["resolved_visibility"]),
                text(&rights["effective_audience"]),
                rights["require_password"] == true,
                link["expires"].is_string(),
            ));
        }
        if page["has_more"] == false {
            break;
        }
        page = desk.good(HEIDI, "sharing/list_shared_links", &json!({ "cursor": page["cursor"] }));
    }
    let row = |name: &str, visibility: &str, audience: &str, password, expires| {
        (format!("/special/{name}"), visibility.to_owned(), audience.to_owned(), password, expires)
    };
    let expected = [
        row("public.txt", "public", "public", false, false),
        row("password.txt", "password", "public", true, false),
        row("ended.txt", "public", "public", false, true),
        row("team.txt", "team_only", "team", false, false),
        row("nobody.txt", "no_one", "no_one", false, false),
        row("open folder", "public", "public", false, false),
    ];
    assert_eq!(seen, expected);
    let below = json!({ "path": "/Special/Open folder/Below/Inherited.txt" });
    let found = desk.good(HEIDI, "sharing/list_shared_links", &below);
    assert_eq!((found["links"].as_array().map(Vec::len), &found["links"][0][".tag"]), (Some(1), &json!("folder")));
    let direct = json!({ "path": below["path"], "direct_only": true });
    assert_eq!(desk.good(HEIDI, "sharing/list_shared_links", &direct)["links"], json!([]));
    let odd = json!({ "cursor": "AAHnonsense" });
    desk.bad(HEIDI, "sharing/list_shared_links", &odd, "reset/");
}

#[test]
fn a_link_is_made_changed_and_taken_back() {
    let desk = Desk::new();
    let create = json!({ "path": "/a.txt", "settings": { "audience": { ".tag": "public" }, "link_password": "open sesame", "expires": "2099-01-01T00:00:00Z" } });
    let made = desk.good(FRANK, "sharing/create_shared_link_with_settings", &create);
    assert_eq!(
        (&made[".tag"], &made["expires"], &made["link_permissions"]["resolved_visibility"][".tag"]),
        (&json!("file"), &json!("2099-01-01T00:00:00Z"), &json!("password"))
    );
    let (status, again) = desk.call(FRANK, None, "sharing/create_shared_link_with_settings", &create);
    assert_eq!((status, &again["error"]["shared_link_already_exists"]["metadata"]["url"]), (409, &made["url"]));
    let url = made["url"].clone();
    let settings = |settings: Value| json!({ "url": url, "settings": settings });
    let rows = [
        (settings(json!({ "audience": "team" })), "team_and_password", false),
        (settings(json!({ "require_password": false })), "team_only", false),
        (settings(json!({ "allow_download": false })), "team_only", false),
        (settings(json!({ "expires": "2020-01-01T00:00:00Z" })), "", true),
        (settings(json!({ "require_password": true })), "", true),
        (settings(json!({ "audience": "no_one" })), "no_one", false),
    ];
    for (argument, visibility, refused) in rows {
        if refused {
            desk.bad(FRANK, "sharing/modify_shared_link_settings", &argument, "settings_error/invalid_settings/");
            continue;
        }
        let changed = desk.good(FRANK, "sharing/modify_shared_link_settings", &argument);
        assert_eq!(changed["link_permissions"]["resolved_visibility"][".tag"], visibility, "{argument}");
    }
    let end = json!({ "url": url, "settings": {}, "remove_expiration": true });
    assert_eq!(desk.good(FRANK, "sharing/modify_shared_link_settings", &end)["expires"], Value::Null);
    assert_eq!(
        desk.good(FRANK, "sharing/get_shared_link_metadata", &json!({ "url": url }))["link_permissions"]["allow_download"],
        false
    );
    desk.bad(As::User("erin"), "sharing/revoke_shared_link", &json!({ "url": url }), "shared_link_access_denied/");
    desk.bad(As::Admin("ada"), "sharing/revoke_shared_link", &json!({ "url": url }), "shared_link_access_denied/");
    desk.good(FRANK, "sharing/revoke_shared_link", &json!({ "url": url }));
    desk.bad(FRANK, "sharing/revoke_shared_link", &json!({ "url": url }), "shared_link_not_found/");
    let team = json!({ "path": "/Company/Handbook.txt" });
    let made = desk.good(As::User("erin"), "sharing/create_shared_link_with_settings", &team);
    desk.good(As::Admin("ada"), "sharing/revoke_shared_link", &json!({ "url": made["url"] }));
    let secret = desk.good(HEIDI, "sharing/list_shared_links", &json!({ "path": "/Special/Password.txt" }))["links"][0]
        ["url"]
        .clone();
    desk.bad(FRANK, "sharing/get_shared_link_metadata", &json!({ "url": secret }), "shared_link_access_denied/");
    desk.good(FRANK, "sharing/get_shared_link_metadata", &json!({ "url": secret, "link_password": "correct horse" }));
}

#[test]
fn members_of_folders_come_in_three_lists_with_their_side() {
    let desk = Desk::new();
    let room = json!({ "shared_folder_id": desk.space("Partner room") });
    let members = desk.good(As::Admin("ada"), "sharing/list_folder_members", &room);
    assert_eq!(members["users"][0]["access_type"][".tag"], "owner");
    assert_eq!(
        (&members["groups"][0]["group"]["group_name"], &members["groups"][0]["group"]["same_team"]),
        (&json!("Partner crew"), &json!(false))
    );
    let theirs = json!({ "shared_folder_id": desk.space("Theirs") });
    let members = desk.good(FRANK, "sharing/list_folder_members", &theirs);
    let sides: Vec<&Value> =
        members["users"].as_array().expect("users").iter().map(|row| &row["user"]["same_team"]).collect();
    assert_eq!(sides, [&json!(false), &json!(true)]);
    assert_eq!(desk.good(FRANK, "sharing/get_folder_metadata", &theirs)["owner_team"], Value::Null);
    desk.bad(As::User("erin"), "sharing/list_folder_members", &room, "not_a_member/");
    desk.bad(FRANK, "sharing/list_folder_members", &json!({ "shared_folder_id": "1" }), "invalid_id/");
    desk.bad(
        FRANK,
        "sharing/list_folder_members",
        &json!({ "shared_folder_id": desk.space("Frank Möller") }),
        "invalid_id/",
    );
}

#[test]
fn a_folder_is_shared_its_members_come_and_go_and_it_is_closed_again() {
    let desk = Desk::new();
    let erin = As::User("erin");
    let shared = desk.good(erin, "sharing/share_folder", &json!({ "path": "/Reports" }));
    let id = shared["shared_folder_id"].clone();
    let (status, body) = desk.call(erin, None, "sharing/share_folder", &json!({ "path": "/Reports" }));
    assert_eq!((status, &body["error"]["bad_path"]["shared_folder_id"]), (409, &id));
    desk.bad(erin, "sharing/share_folder", &json!({ "path": "/Reports/Deep" }), "bad_path/inside_shared_folder/");
    let add = |selector: Value, level: &str| json!({ "shared_folder_id": id, "members": [{ "member": selector, "access_level": level }] });
    desk.good(
        erin,
        "sharing/add_folder_member",
        &add(json!({ ".tag": "email", "email": "frank@example.com" }), "editor"),
    );
    desk.good(
        erin,
        "sharing/add_folder_member",
        &add(json!({ ".tag": "email", "email": "New@Customer.example" }), "viewer"),
    );
    desk.good(
        erin,
        "sharing/add_folder_member",
        &add(json!({ ".tag": "dropbox_id", "dropbox_id": desk.account("pat") }), "viewer"),
    );
    let nobody = add(json!({ ".tag": "dropbox_id", "dropbox_id": "dbid:nobody" }), "viewer");
    desk.bad(erin, "sharing/add_folder_member", &nobody, "bad_member/invalid_dropbox_id/");
    desk.bad(
        FRANK,
        "sharing/add_folder_member",
        &add(json!({ ".tag": "email", "email": "x@y.example" }), "viewer"),
        "no_permission/",
    );
    let seen = desk.good(FRANK, "files/get_metadata", &json!({ "path": "/Reports" }));
    assert_eq!(seen["sharing_info"]["shared_folder_id"], id, "a member sees it in the home at once");
    let members = json!({ "shared_folder_id": id, "limit": 2 });
    let first = desk.good(erin, "sharing/list_folder_members", &members);
    let second = desk.good(erin, "sharing/list_folder_members/continue", &json!({ "cursor": first["cursor"] }));
    assert_eq!(second["invitees"][0]["invitee"], json!({ ".tag": "email", "email": "new@customer.example" }));
    assert_eq!(second["users"][0]["user"]["email"], "pat@partner.example.net");
    let policy = json!({ "shared_folder_id": id, "member_policy": "team", "shared_link_policy": "members" });
    assert_eq!(desk.good(erin, "sharing/update_folder_policy", &policy)["policy"]["member_policy"][".tag"], "team");
    desk.bad(
        erin,
        "sharing/add_folder_member",
        &add(json!({ ".tag": "email", "email": "z@y.example" }), "viewer"),
        "cant_share_outside_team/",
    );
    let remove = |selector: Value| json!({ "shared_folder_id": id, "member": selector, "leave_a_copy": false });
    let job = desk.good(
        erin,
        "sharing/remove_folder_member",
        &remove(json!({ ".tag": "email", "email": "frank@example.com" })),
    );
    let check = json!({ "async_job_id": job["async_job_id"] });
    let looks: Vec<Value> =
        (0..4).map(|_| desk.good(erin, "sharing/check_remove_member_job_status", &check)[".tag"].clone()).collect();
    assert_eq!(looks, ["in_progress", "in_progress", "complete", "complete"]);
    desk.bad(
        erin,
        "sharing/check_remove_member_job_status",
        &json!({ "async_job_id": "none" }),
        "invalid_async_job_id/",
    );
    desk.bad(FRANK, "files/get_metadata", &json!({ "path": "/Reports" }), "path/not_found/");
    let again = remove(json!({ ".tag": "email", "email": "frank@example.com" }));
    desk.bad(erin, "sharing/remove_folder_member", &again, "member_error/not_a_member/");
    let owner = remove(json!({ ".tag": "email", "email": "erin@example.com" }));
    desk.bad(erin, "sharing/remove_folder_member", &owner, "folder_owner/");
    desk.good(erin, "sharing/unshare_folder", &json!({ "shared_folder_id": id }));
    desk.clock.advance(Duration::from_secs(6));
    let back = desk.good(erin, "files/get_metadata", &json!({ "path": "/Reports/Deep/er/b.txt" }));
    assert_eq!(back["sharing_info"], Value::Null);
    desk.bad(erin, "sharing/list_folder_members", &json!({ "shared_folder_id": id }), "invalid_id/");
    let team = json!({ "shared_folder_id": desk.space("Company") });
    desk.bad(erin, "sharing/unshare_folder", &team, "team_folder/");
}

#[test]
fn a_files_own_members_are_told_from_inherited_ones() {
    let desk = Desk::new();
    let partner = json!({ "path": "/Special/For the partner.txt", "include_has_explicit_shared_members": true });
    let file = desk.good(FRANK, "files/get_metadata", &partner);
    assert_eq!(file["has_explicit_shared_members"], true);
    let members = desk.good(FRANK, "sharing/list_file_members", &json!({ "file": file["id"] }));
    let roles: Vec<&str> = members["users"]
        .as_array()
        .expect("users")
        .iter()
        .filter_map(|row| row["access_type"][".tag"].as_str())
        .collect();
    assert_eq!(roles, ["owner", "viewer"]);
    let erin = As::User("erin");
    desk.good(erin, "sharing/share_folder", &json!({ "path": "/Reports" }));
    let shared = json!({ "shared_folder_id": desk.space("Reports"), "members": [{ "member": { ".tag": "dropbox_id", "dropbox_id": desk.account("frank") } }] });
    desk.good(erin, "sharing/add_folder_member", &shared);
    let path = json!("/Reports/Deep/er/b.txt");
    let add = json!({ "file": path, "members": [{ ".tag": "email", "email": "pat@partner.example.net" }, { ".tag": "dropbox_id", "dropbox_id": "dbid:none" }], "access_level": "viewer" });
    let results = desk.good(erin, "sharing/add_file_member", &add);
    assert_eq!(results[0]["result"], json!({ ".tag": "success", "success": { ".tag": "viewer" } }));
    assert_eq!(results[1]["result"]["member_error"][".tag"], "invalid_member");
    let list = |inherited: bool| {
        desk.good(erin, "sharing/list_file_members", &json!({ "file": path, "include_inherited": inherited }))
    };
    let told = |members: &Value| {
        let rows = members["users"].as_array().expect("users").iter();
        rows.map(|row| (row["user"]["email"].as_str().unwrap_or_default().to_owned(), row["is_inherited"] == true))
            .collect::<Vec<_>>()
    };
    let email = |name: &str| name.to_owned();
    assert_eq!(told(&list(false)), [(email("pat@partner.example.net"), false)]);
    assert_eq!(told(&list(true)).len(), 3);
    assert!(told(&list(true)).contains(&(email("frank@example.com"), true)));
    let batch = desk.good(erin, "sharing/list_file_members/batch", &json!({ "files": [path, "/none"] }));
    assert_eq!(
        (&batch[0]["result"]["member_count"], &batch[1]["result"]["access_error"][".tag"]),
        (&json!(1), &json!("invalid_file"))
    );
    let remove = |email: &str| json!({ "file": path, "member": { ".tag": "email", "email": email } });
    let (status, body) = desk.call(erin, None, "sharing/remove_file_member_2", &remove("frank@example.com"));
    assert_eq!(
        (status, &body["error"][".tag"], &body["error"]["access_details"][0]["folder_name"]),
        (409, &json!("no_explicit_access"), &json!("Reports"))
    );
    assert_eq!(desk.good(erin, "sharing/remove_file_member_2", &remove("pat@partner.example.net"))[".tag"], "success");
    assert_eq!(told(&list(false)), []);
    desk.good(FRANK, "sharing/unshare_file", &json!({ "file": file["id"] }));
    assert_eq!(desk.good(FRANK, "files/get_metadata", &partner)["has_explicit_shared_members"], false);
}
