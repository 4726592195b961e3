//! Sessions, linked apps, suspension, leavers; legal holds.

use super::*;

const ERIN: As = As::User("erin");

fn selector(desk: &Desk, key: &str) -> Value {
    json!({ ".tag": "team_member_id", "team_member_id": desk.member(key) })
}

#[test]
fn sessions_and_apps_are_listed_page_by_page_and_ended_one_by_one() {
    let desk = Desk::new();
    let (mut devices, mut argument) = (Vec::new(), json!({}));
    loop {
        let page = desk.good(As::Team, "team/devices/list_members_devices", &argument);
        devices.extend(page["devices"].as_array().expect("devices").iter().cloned());
        if page["has_more"] == false {
            break;
        }
        argument = json!({ "cursor": page["cursor"] });
    }
    assert_eq!(devices.len(), 6, "everybody who is signed in");
    desk.bad(As::Team, "team/devices/list_members_devices", &json!({ "cursor": "x" }), "reset/");
    let of = json!({ "team_member_id": desk.member("frank"), "include_desktop_clients": false });
    let frank = desk.good(As::Team, "team/devices/list_member_devices", &of);
    let count = |name: &str| frank[name].as_array().map(Vec::len);
    assert_eq!(
        ["active_web_sessions", "desktop_client_sessions", "mobile_client_sessions"].map(count),
        [Some(1), None, Some(1)]
    );
    let session =
        |tag: &str, id: &Value| json!({ ".tag": tag, "session_id": id, "team_member_id": desk.member("frank") });
    let (web, mobile) =
        (&frank["active_web_sessions"][0]["session_id"], &frank["mobile_client_sessions"][0]["session_id"]);
    desk.good(As::Team, "team/devices/revoke_device_session", &session("web_session", web));
    desk.bad(As::Team, "team/devices/revoke_device_session", &session("web_session", web), "device_session_not_found/");
    let batch = json!({ "revoke_devices": [session("mobile_client", mobile), session("web_session", mobile)] });
    let done = desk.good(As::Team, "team/devices/revoke_device_session_batch", &batch);
    let expected =
        json!([{ "success": true }, { "success": false, "error_type": { ".tag": "device_session_not_found" } }]);
    assert_eq!(done["revoke_devices_status"], expected);
    let seen = desk.tenant.seen_member("frank").expect("seen");
    assert_eq!((seen.sessions.len(), seen.wiped, seen.apps.len()), (1, false, 2));
    let desktop = json!({ ".tag": "desktop_client", "session_id": seen.sessions[0], "team_member_id": desk.member("frank"), "delete_on_unlink": true });
    desk.good(As::Team, "team/devices/revoke_device_session", &desktop);
    assert!(desk.tenant.seen_member("frank").expect("seen").wiped, "a device was told to delete everything");

    let apps = desk.good(As::Team, "team/linked_apps/list_members_linked_apps", &json!({}));
    assert_eq!((apps["apps"].as_array().map(Vec::len), &apps["has_more"]), (Some(2), &json!(false)));
    let app = json!({ "app_id": seen.apps[0], "team_member_id": desk.member("frank") });
    desk.good(As::Team, "team/linked_apps/revoke_linked_app", &app);
    desk.bad(As::Team, "team/linked_apps/revoke_linked_app", &app, "app_not_found/");
    let other = json!({ "app_id": seen.apps[1], "team_member_id": desk.member("frank") });
    let nobody = json!({ "app_id": seen.apps[1], "team_member_id": "dbmid:nobody" });
    let done = desk.good(
        As::Team,
        "team/linked_apps/revoke_linked_app_batch",
        &json!({ "revoke_linked_app": [other, nobody] }),
    );
    let expected = json!([{ "success": true }, { "success": false, "error_type": { ".tag": "member_not_found" } }]);
    assert_eq!(done["revoke_linked_app_status"], expected);
    let left = json!({ "team_member_id": desk.member("frank") });
    assert_eq!(desk.good(As::Team, "team/linked_apps/list_member_linked_apps", &left)["linked_api_apps"], json!([]));
    let effects: Vec<&str> = desk.tenant.effects().iter().map(|effect| effect.what).collect();
    assert_eq!(effects, ["sessions_ended", "sessions_ended", "sessions_ended", "app_gone", "app_gone"]);
}

#[test]
fn suspending_ends_as_the_service_ends_it_for_each_standing() {
    let desk = Desk::new();
    let rows = [
        ("frank", json!(false), "", "suspended", false),
        ("grace", Value::Null, "", "suspended", true),
        ("ivan", json!(false), "suspend_inactive_user/", "suspended", false),
        ("nina", json!(false), "", "removed", false),
        ("pat", json!(false), "user_not_found/", "outside", false),
    ];
    for (key, wipe, error, status, wiped) in rows {
        let mut argument = json!({ "user": selector(&desk, key) });
        if !wipe.is_null() {
            argument["wipe_data"] = wipe;
        }
        match error {
            "" => drop(desk.good(As::Team, "team/members/suspend", &argument)),
            tags => desk.bad(As::Team, "team/members/suspend", &argument, tags),
        }
        let seen = desk.tenant.seen_member(key).expect("seen");
        assert_eq!((seen.status, seen.wiped), (status, wiped), "{key}");
    }
    let (status, body) = desk.call(As::User("frank"), None, "files/get_metadata", &json!({ "path": "/a.txt" }));
    assert_eq!((status, &body["error"][".tag"]), (401, &json!("user_suspended")));
    let words: Vec<&str> = desk.tenant.effects().iter().map(|effect| effect.what).collect();
    assert_eq!(words, ["suspended", "suspended", "member_gone"], "an invited member is gone");
}

#[test]
fn a_leavers_files_are_handed_over_by_a_job() {
    let desk = Desk::new();
    let a = desk.tenant.id_at("frank/a.txt").expect("a file");
    let argument = |dest: &str, admin: &str| {
        json!({
            "user": selector(&desk, "frank"), "transfer_dest_id": selector(&desk, dest), "transfer_admin_id": selector(&desk, admin),
        })
    };
    let route = "team/members/move_former_member_files";
    desk.bad(As::Team, route, &argument("erin", "ada"), "user_not_removed/");
    let leave = Edit::Depart { by: "ada", whom: "frank" };
    desk.tenant.play(&leave).expect("played");
    let rows = [
        (argument("frank", "ada"), "removed_and_transfer_dest_should_differ/"),
        (argument("nina", "ada"), "transfer_dest_user_not_in_team/"),
        (argument("erin", "grace"), "transfer_admin_is_not_admin/"),
    ];
    for (argument, tags) in rows {
        desk.bad(As::Team, route, &argument, tags);
    }
    let job = desk.good(As::Team, route, &argument("erin", "ada"))["async_job_id"].clone();
    desk.bad(As::Team, route, &argument("erin", "ada"), "user_data_is_being_transferred/");
    let check = "team/members/move_former_member_files/job_status/check";
    let looks: Vec<Value> =
        (0..3).map(|_| desk.good(As::Team, check, &json!({ "async_job_id": job }))[".tag"].clone()).collect();
    assert_eq!(looks, ["in_progress", "in_progress", "complete"]);
    let seen = desk.tenant.seen(&a).expect("seen");
    assert_eq!((seen.owner.as_str(), seen.path.as_str()), ("erin@example.com", "/Frank Möller/a.txt"));
    desk.bad(As::Team, route, &argument("erin", "ada"), "user_data_already_transferred/");
}

#[test]
fn what_is_held_is_kept_wherever_it_goes_and_never_purged() {
    let desk = Desk::new();
    let hold = desk.tenant.hold("erin", "Case 8").expect("a hold");
    let (b, report) = ("erin/Reports/Deep/er/b.txt", "erin/Reports/Übersicht 王 🎉.txt");
    let [b, report] = [b, report].map(|path| desk.tenant.id_at(path).expect(path));
    let held = |desk: &Desk| {
        let (mut names, mut argument) = (Vec::new(), json!({ "id": hold }));
        let mut route = "team/legal_holds/list_held_revisions";
        loop {
            let page = desk.good(As::Team, route, &argument);
            let entries = page["entries"].as_array().expect("entries").iter();
            names.extend(entries.map(|entry| entry["new_filename"].as_str().unwrap_or_default().to_owned()));
            if page["has_more"] == false {
                return names;
            }
            (route, argument) =
                ("team/legal_holds/list_held_revisions_continue", json!({ "id": hold, "cursor": page["cursor"] }));
        }
    };
    let before = held(&desk);
    desk.good(ERIN, "files/delete_v2", &json!({ "path": b }));
    let give = json!({ "from_path": report, "to_path": "/Company/report.txt", "allow_ownership_transfer": true });
    desk.good(ERIN, "files/move_v2", &give);
    assert_eq!(held(&desk).len(), before.len(), "nothing that was held is lost");
    assert_eq!(desk.tenant.seen(&b).map(|seen| (seen.trashed, seen.held)), Some((true, vec!["Case 8".to_owned()])));
    assert_eq!(desk.tenant.seen(&report).expect("seen").held, ["Case 8"]);
    let purge = "files/permanently_delete";
    desk.bad(ERIN, purge, &json!({ "path": "/Reports/Deep/er/b.txt" }), "path_write/operation_suppressed/");
    desk.bad(ERIN, purge, &json!({ "path": "/Company/report.txt" }), "path_write/operation_suppressed/");
    let words: Vec<&str> = desk.tenant.effects().iter().map(|effect| effect.what).collect();
    assert_eq!(words, ["trashed", "moved"], "the service lets members do it; a caller must know better");

    let update = "team/legal_holds/update_policy";
    let many: Vec<String> = ["ada", "carl", "erin", "frank", "grace", "heidi"].map(|key| desk.member(key)).to_vec();
    let rows = [
        (json!({ "id": hold, "members": [] }), "empty_members_list/"),
        (json!({ "id": hold, "members": [desk.member("nina")] }), "invalid_members/"),
        (json!({ "id": hold, "members": many }), "number_of_users_on_hold_is_greater_than_hold_limitation/"),
        (json!({ "id": hold, "name": "Inquiry" }), "name_must_be_unique/"),
        (json!({ "id": "pid_dbhid:none" }), "legal_hold_policy_not_found/"),
    ];
    for (argument, tags) in rows {
        desk.bad(As::Team, update, &argument, tags);
    }
    let both = json!({ "id": hold, "members": [desk.member("erin"), desk.member("frank")] });
    assert_eq!(desk.good(As::Team, update, &both)["members"]["team_member_ids"].as_array().map(Vec::len), Some(2));
    assert_eq!(desk.tenant.seen(&desk.tenant.id_at("frank/a.txt").expect("a")).expect("seen").held, ["Case 8"]);
    desk.tenant.set_scopes(&["files.content.write", "team_data.member"]);
    let (status, body) = desk.call(As::Team, None, "team/legal_holds/list_policies", &json!({}));
    assert_eq!((status, &body["error"]["required_scope"]), (401, &json!("team_data.governance.write")));
    assert!(desk.tenant.release_hold("Case 8") && desk.tenant.seen(&report).expect("seen").held.is_empty());
}
