//! What requests did, as the tenant itself tells it; jobs; the log's account of our own writes.

use super::*;

const ERIN: As = As::User("erin");
const FRANK: As = As::User("frank");

/// Word and whether anything changed, of everything since the last look.
fn done(desk: &Desk) -> Vec<(&'static str, String, bool)> {
    let effects = desk.tenant.effects();
    desk.tenant.clear_effects();
    effects.into_iter().map(|effect| (effect.what, effect.on, effect.changed)).collect()
}

fn id(desk: &Desk, path: &str) -> String {
    desk.tenant.id_at(path).expect(path)
}

#[test]
fn every_write_notes_what_it_did_once_and_whether_it_was_needed() {
    let desk = Desk::new();
    assert_eq!(done(&desk), [], "what a tenant begins with is nobody's doing");
    let (b, a) = (id(&desk, "erin/Reports/Deep/er/b.txt"), id(&desk, "frank/a.txt"));
    let shown = id(&desk, "heidi/Special/Public.txt");
    let url = desk.tenant.seen(&shown).expect("seen").links[0].url.clone();
    let template =
        desk.good(As::Team, "file_properties/templates/list_for_team", &Value::Null)["template_ids"][0].clone();
    let label = |value: &str| json!({ "path": b, "property_groups": [{ "template_id": template, "fields": [{ "name": "Level", "value": value }] }] });
    let email = |email: &str| json!({ ".tag": "email", "email": email });
    let lock = json!({ "entries": [{ "path": b }] });
    let audience = json!({ "url": url, "settings": { "audience": "team" } });
    let heidi = As::User("heidi");
    let partner = json!({ "file": b, "member": email("pat@partner.example.net"), "access_level": "editor" });
    let invite = json!({ "file": b, "members": [email("pat@partner.example.net")], "access_level": "viewer" });
    let erin =
        json!({ "user": { ".tag": "team_member_id", "team_member_id": desk.member("erin") }, "wipe_data": false });
    let woken = json!({ "user": { ".tag": "team_member_id", "team_member_id": desk.member("erin") } });
    let member = desk.member("erin");
    let rows = [
        (heidi, "sharing/modify_shared_link_settings", audience.clone(), "link_set", &shown, true),
        (heidi, "sharing/modify_shared_link_settings", audience, "link_set", &shown, false),
        (heidi, "sharing/revoke_shared_link", json!({ "url": url }), "link_gone", &shown, true),
        (FRANK, "sharing/create_shared_link_with_settings", json!({ "path": a }), "link_made", &a, true),
        (ERIN, "sharing/add_file_member", invite.clone(), "member_made", &b, true),
        (ERIN, "sharing/add_file_member", invite, "member_set", &b, false),
        (ERIN, "sharing/update_file_member", partner.clone(), "member_set", &b, true),
        (ERIN, "sharing/update_file_member", partner, "member_set", &b, false),
        (ERIN, "sharing/unshare_file", json!({ "file": b }), "member_gone", &b, true),
        (ERIN, "sharing/unshare_file", json!({ "file": b }), "member_gone", &b, false),
        (ERIN, "files/lock_file_batch", lock.clone(), "locked", &b, true),
        (ERIN, "files/lock_file_batch", lock.clone(), "locked", &b, false),
        (ERIN, "files/unlock_file_batch", lock.clone(), "unlocked", &b, true),
        (ERIN, "files/unlock_file_batch", lock, "unlocked", &b, false),
        (ERIN, "file_properties/properties/overwrite", label("Secret"), "label_set", &b, true),
        (ERIN, "file_properties/properties/overwrite", label("Secret"), "label_set", &b, false),
        (
            ERIN,
            "file_properties/properties/remove",
            json!({ "path": b, "property_template_ids": [template] }),
            "label_gone",
            &b,
            true,
        ),
        (
            ERIN,
            "files/tags/add",
            json!({ "path": "/Reports/Deep/er/b.txt", "tag_text": "seen" }),
            "label_set",
            &b,
            true,
        ),
        (
            ERIN,
            "files/tags/add",
            json!({ "path": "/Reports/Deep/er/b.txt", "tag_text": "Seen" }),
            "label_set",
            &b,
            false,
        ),
        (ERIN, "files/move_v2", json!({ "from_path": b, "to_path": "/b.txt" }), "moved", &b, true),
        (ERIN, "files/delete_v2", json!({ "path": b }), "trashed", &b, true),
        (As::Team, "team/members/suspend", erin, "suspended", &member, true),
        (As::Team, "team/members/unsuspend", woken, "unsuspended", &member, true),
    ];
    for (who, route, argument, what, on, changed) in rows {
        desk.good(who, route, &argument);
        assert_eq!(done(&desk), [(what, on.clone(), changed)], "{route} {argument}");
    }
    let rev = desk.good(ERIN, "files/list_revisions", &json!({ "path": b, "mode": "id" }))["entries"][0]["rev"].clone();
    desk.good(ERIN, "files/restore", &json!({ "path": "/b.txt", "rev": rev }));
    assert_eq!(done(&desk), [("untrashed", b.clone(), true)]);
    desk.upload(ERIN, &json!({ "path": "/b.txt", "mode": "overwrite" }), b"over");
    assert_eq!(done(&desk), [("version_made", b.clone(), true)]);
    let (_, made) = desk.upload(ERIN, &json!({ "path": "/tombstone.txt" }), b"gone");
    desk.upload(ERIN, &json!({ "path": "/tombstone.txt" }), b"gone");
    let made = made["id"].as_str().expect("an id").to_owned();
    assert_eq!(done(&desk), [("file_made", made.clone(), true), ("file_made", made, false)], "the same content again");
    desk.bad(ERIN, "files/delete_v2", &json!({ "path": "/none" }), "path_lookup/not_found/");
    assert_eq!(done(&desk), [], "what was refused did nothing");
    let edit = Edit::Delete { by: "erin", path: vec!["erin".into(), "b.txt".into()] };
    desk.tenant.play(&edit).expect("played");
    assert_eq!(done(&desk), [], "what people do is not our doing");
}

#[test]
fn a_job_takes_effect_when_it_is_done_or_fails() {
    let desk = Desk::new();
    let room = desk.space("Partner room");
    let group = desk.tenant.lock().people.groups.iter().find(|group| !group.ours).map(|group| group.id.clone());
    let remove = json!({ "shared_folder_id": room, "member": { ".tag": "dropbox_id", "dropbox_id": group }, "leave_a_copy": false });
    let seen = |desk: &Desk| {
        let members = desk.tenant.seen(&room).expect("seen").members;
        members.iter().filter(|member| member.outside).count()
    };
    desk.tenant.fail_next_job("no_permission");
    let rows = [
        (
            "sharing/check_remove_member_job_status",
            json!({ ".tag": "failed", "failed": { ".tag": "no_permission" } }),
            1,
        ),
        ("sharing/check_remove_member_job_status", json!({ ".tag": "complete" }), 0),
    ];
    for (check, last, left) in rows {
        let job = desk.good(FRANK, "sharing/remove_folder_member", &remove)["async_job_id"].clone();
        assert_eq!(seen(&desk), 1, "not yet");
        desk.bad(FRANK, "sharing/check_share_job_status", &json!({ "async_job_id": job }), "invalid_async_job_id/");
        for _ in 0..2 {
            assert_eq!(desk.good(FRANK, check, &json!({ "async_job_id": job })), json!({ ".tag": "in_progress" }));
        }
        assert_eq!(desk.good(FRANK, check, &json!({ "async_job_id": job })), last);
        assert_eq!(seen(&desk), left);
    }
    assert_eq!(done(&desk), [("member_gone", room.clone(), true)]);

    desk.tenant.fail_next_job("team_folder");
    let close = json!({ "shared_folder_id": room, "leave_a_copy": false });
    let job = desk.good(FRANK, "sharing/unshare_folder", &close)["async_job_id"].clone();
    for _ in 0..2 {
        desk.good(FRANK, "sharing/check_job_status", &json!({ "async_job_id": job }));
    }
    let failed = desk.good(FRANK, "sharing/check_job_status", &json!({ "async_job_id": job }));
    assert_eq!(
        failed["failed"],
        json!({ ".tag": "unshare_folder_error", "unshare_folder_error": { ".tag": "team_folder" } })
    );
    let job = desk.good(FRANK, "sharing/unshare_folder", &close)["async_job_id"].clone();
    assert_eq!(done(&desk), []);
    desk.clock.advance(Duration::from_secs(5));
    assert_eq!(done(&desk), [("member_gone", room.clone(), true)], "nobody looked, and it was done all the same");
    assert_eq!(desk.good(FRANK, "sharing/check_job_status", &json!({ "async_job_id": job }))[".tag"], "complete");
    assert_eq!(desk.tenant.seen(&id(&desk, "frank/Special/Partner room")).expect("seen").shared_folder, None);
    desk.bad(FRANK, "sharing/get_folder_metadata", &json!({ "shared_folder_id": room }), "invalid_id/");
}

#[test]
fn our_writes_are_in_the_log_with_the_one_who_acted() {
    let desk = Desk::new();
    let suspend =
        json!({ "user": { ".tag": "team_member_id", "team_member_id": desk.member("grace") }, "wipe_data": false });
    let (a, handbook) = (id(&desk, "frank/a.txt"), id(&desk, "team/Handbook.txt"));
    let made = desk.good(FRANK, "sharing/create_shared_link_with_settings", &json!({ "path": a }))["url"].clone();
    let settings = json!({ "url": made, "settings": { "link_password": "opensesame", "allow_download": false } });
    let rows = [
        (
            FRANK,
            "sharing/modify_shared_link_settings",
            settings,
            "shared_link_settings_allow_download_disabled",
            "user",
        ),
        (FRANK, "sharing/revoke_shared_link", json!({ "url": made }), "shared_link_disable", "user"),
        (As::Admin("ada"), "files/delete_v2", json!({ "path": handbook }), "file_delete", "admin"),
        (As::Team, "team/members/suspend", suspend, "member_change_status", "app"),
    ];
    for (who, route, argument, kind, actor) in rows {
        desk.good(who, route, &argument);
        let page = desk.good(As::Team, "team_log/get_events", &json!({ "event_type": { ".tag": kind } }));
        let event = &page["events"][0];
        let told = (&event["actor"][".tag"], &event["origin"]["access_method"][".tag"], &event["event_type"][".tag"]);
        assert_eq!(told, (&json!(actor), &json!("api"), &json!(kind)), "{route}: {page}");
    }
    let page = desk.good(As::Team, "team_log/get_events", &json!({ "event_type": { ".tag": "file_add" } }));
    assert_eq!(page["events"][0]["origin"]["access_method"][".tag"], "end_user", "what people did they did themselves");
}

#[test]
fn an_admin_is_told_off_for_reaching_into_members_content() {
    let desk = Desk::new();
    let (a, handbook) = (id(&desk, "frank/a.txt"), id(&desk, "team/Handbook.txt"));
    let public = desk.tenant.seen(&id(&desk, "heidi/Special/Public.txt")).expect("seen").links[0].url.clone();
    let room = desk.space("Partner room");
    let rows = [
        ("files/delete_v2", json!({ "path": a }), true),
        ("files/delete_v2", json!({ "path": "id:nothing" }), false),
        ("files/move_v2", json!({ "from_path": a, "to_path": "/x.txt" }), true),
        ("sharing/revoke_shared_link", json!({ "url": public }), true),
        ("sharing/unshare_folder", json!({ "shared_folder_id": room }), true),
        ("files/move_v2", json!({ "from_path": handbook, "to_path": handbook }), false),
        ("sharing/modify_shared_link_settings", json!({ "url": public, "settings": {} }), true),
    ];
    for (route, argument, told_off) in rows {
        let mut headers = desk.headers(As::Admin("ada"), None);
        headers.push(("content-type".into(), "application/json".into()));
        let answer = desk.send(Door::DropboxApi, route, &headers, argument.to_string().as_bytes());
        assert!(answer.status >= 400, "{route}");
        assert_eq!(answer.refused.is_some(), told_off, "{route} {argument}");
    }
    let mut headers = desk.headers(As::Admin("ada"), Some(&desk.space("Frank Möller")));
    headers.push(("content-type".into(), "application/json".into()));
    let answer = desk.send(Door::DropboxApi, "files/delete_v2", &headers, br#"{"path":"/a.txt"}"#);
    assert_eq!((answer.status, answer.refused.is_some()), (422, true), "a member's home as the root");
}

#[test]
fn who_is_removed_may_be_left_a_copy_and_then_has_no_more_than_that() {
    let desk = Desk::new();
    let room = desk.space("Partner room");
    let whom = json!({ ".tag": "email", "email": "erin@example.com" });
    let invite = json!({ "shared_folder_id": room, "members": [{ "member": whom, "access_level": "editor" }] });
    desk.good(FRANK, "sharing/add_folder_member", &invite);
    let agenda = id(&desk, "erin/Partner room/Agenda.txt");
    desk.tenant.clear_effects();
    let remove = json!({ "shared_folder_id": room, "member": whom, "leave_a_copy": true });
    desk.good(FRANK, "sharing/remove_folder_member", &remove);
    desk.clock.advance(Duration::from_secs(5));
    let words: Vec<&str> = done(&desk).iter().map(|(what, ..)| *what).collect();
    assert_eq!(words, ["copied", "member_gone"]);
    desk.bad(ERIN, "files/get_metadata", &json!({ "path": agenda }), "path/not_found/");
}
