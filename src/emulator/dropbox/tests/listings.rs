//! Namespaces, listings, cursors, long polls, contents, the log.

use super::*;
use crate::emulator::seed::made_up;
use std::collections::{BTreeMap, BTreeSet};

const WHOLE: fn() -> Value = || json!({ "path": "", "recursive": true, "include_mounted_folders": false, "include_has_explicit_shared_members": true, "limit": 2000 });

fn namespaces(desk: &Desk) -> Vec<Value> {
    let mut page = desk.good(As::Team, "team/namespaces/list", &json!({ "limit": 1000 }));
    let mut found = Vec::new();
    loop {
        found.extend(page["namespaces"].as_array().expect("namespaces").iter().cloned());
        if page["has_more"] == false {
            return found;
        }
        page = desk.good(As::Team, "team/namespaces/list/continue", &json!({ "cursor": page["cursor"] }));
    }
}

#[test]
fn a_walk_over_all_namespaces_finds_every_file_once() {
    for fill in [Fill::small(), Fill { made_up: 1_203, ..Fill::default() }] {
        let desk = Desk::with(&fill);
        let rows = namespaces(&desk);
        let ids: BTreeSet<String> =
            rows.iter().map(|row| row["namespace_id"].as_str().expect("an id").to_owned()).collect();
        assert!(rows.len() > ids.len(), "duplicates do occur");
        let kinds: BTreeSet<&str> = rows.iter().filter_map(|row| row["namespace_type"][".tag"].as_str()).collect();
        assert_eq!(kinds, BTreeSet::from(["app_folder", "shared_folder", "team_folder", "team_member_folder"]));
        let mut found: BTreeMap<String, (String, String)> = BTreeMap::new();
        let holes: Vec<String> = desk.tenant.holes().into_iter().map(|(id, _)| id).collect();
        for id in ids.iter().filter(|id| !holes.contains(id)) {
            for entry in desk.listing(As::Admin("ada"), Some(id), &WHOLE()).0 {
                if entry[".tag"] == "file" {
                    let hash = entry["content_hash"].as_str().unwrap_or("export").to_owned();
                    let new = found.insert(entry["id"].as_str().expect("an id").to_owned(), (id.clone(), hash));
                    assert_eq!(new, None, "{entry}");
                }
            }
        }
        let expected: BTreeMap<String, (String, String)> = desk
            .tenant
            .files()
            .into_iter()
            .map(|file| (file.id, (file.namespace, if file.downloadable { file.hash } else { "export".into() })))
            .collect();
        assert_eq!(found, expected);
        assert!(expected.len() > fill.files.len());
    }
}

#[test]
fn made_up_files_have_the_bodies_their_numbers_say() {
    let desk = Desk::with(&Fill { made_up: 900, ..Fill::default() });
    let file = |number: u64| {
        format!("/{}/{}/{}", made_up::TOP, made_up::folder_name(made_up::folder_of(number)), made_up::name(number))
    };
    for (number, owner) in [(3, "ada"), (401, "erin"), (899, "frank")] {
        let answer = desk.content(As::User(owner), "files/download", &json!({ "path": file(number) }), &[], b"");
        assert_eq!((answer.status, answer.body), (200, made_up::body(number)));
    }
    // A new version, a new name: they are files like all others.
    let (status, done) = desk.upload(As::User("ada"), &json!({ "path": file(3), "mode": "overwrite" }), b"mine");
    assert_eq!((status, &done["size"]), (200, &json!(4)));
    let versions = desk.good(As::User("ada"), "files/list_revisions", &json!({ "path": file(3) }));
    assert_eq!(versions["entries"].as_array().map(Vec::len), Some(2));
    let old = json!({ "path": format!("rev:{}", versions["entries"][1]["rev"].as_str().expect("a rev")) });
    assert_eq!(desk.content(As::User("ada"), "files/download", &old, &[], b"").body, made_up::body(3));
}

#[test]
fn pages_are_short_and_empty_while_there_is_more() {
    let desk = Desk::with(&Fill { made_up: 4_000, ..Fill::default() });
    let mut odd = 0;
    for name in ["Erin Evans", "Frank Möller"] {
        let space = desk.space(name);
        let (_, first) = desk.call(
            As::Admin("ada"),
            Some(&space),
            "files/list_folder",
            &json!({ "path": "", "recursive": true, "limit": 100 }),
        );
        let cursor = json!({ "cursor": first["cursor"] });
        let (_, second) = desk.call(As::Admin("ada"), Some(&space), "files/list_folder/continue", &cursor);
        let lengths = [&first, &second].map(|page| page["entries"].as_array().map_or(0, Vec::len));
        assert_eq!(second["has_more"], true);
        odd += usize::from(lengths == [3, 0]);
        assert!(lengths == [3, 0] || lengths == [100, 100], "{lengths:?}");
    }
    assert_eq!(odd, 1, "one of two neighbours is so");
    let calls = |page: usize| {
        let spaces: BTreeSet<String> =
            namespaces(&desk).iter().map(|row| row["namespace_id"].as_str().expect("an id").to_owned()).collect();
        let holes: Vec<String> = desk.tenant.holes().into_iter().map(|(id, _)| id).collect();
        let mut calls = 0;
        for space in spaces.iter().filter(|space| !holes.contains(space)) {
            let mut argument = WHOLE();
            argument["limit"] = page.into();
            let (_, mut answer) = desk.call(As::Admin("ada"), Some(space), "files/list_folder", &argument);
            calls += 1;
            while answer["has_more"] == true {
                answer = desk
                    .call(
                        As::Admin("ada"),
                        Some(space),
                        "files/list_folder/continue",
                        &json!({ "cursor": answer["cursor"] }),
                    )
                    .1;
                calls += 1;
            }
        }
        calls
    };
    for page in [2000, 7] {
        assert_eq!(desk.tenant.listing_calls_of(page), calls(page));
    }
}

#[test]
fn a_cursor_gives_what_came_later() {
    let desk = Desk::new();
    let erin = As::User("erin");
    let (_, mut cursor) = desk.listing(erin, None, &WHOLE());
    assert_eq!(desk.news(erin, None, &mut cursor), Vec::<String>::new());
    assert_eq!(desk.upload(erin, &json!({ "path": "/New/x.txt" }), b"x").0, 200);
    assert_eq!(desk.news(erin, None, &mut cursor), ["folder /New", "file /New/x.txt"]);
    desk.good(erin, "files/move_v2", &json!({ "from_path": "/New/x.txt", "to_path": "/New/y.txt" }));
    assert_eq!(desk.news(erin, None, &mut cursor), ["deleted /New/x.txt", "file /New/y.txt"]);
    desk.good(erin, "files/delete_v2", &json!({ "path": "/Reports" }));
    assert_eq!(desk.news(erin, None, &mut cursor), ["deleted /Reports"], "one entry for the whole subtree");
    desk.good(erin, "sharing/share_folder", &json!({ "path": "/New" }));
    assert_eq!(desk.news(erin, None, &mut cursor), ["deleted /New", "folder /New"], "it is a mount point now");
    let ada = desk.call(As::User("ada"), None, "files/list_folder/continue", &json!({ "cursor": cursor }));
    assert_eq!(ada.0, 400, "a cursor belongs to whoever began it");
    let other = desk.space("Company");
    assert_eq!(desk.call(erin, Some(&other), "files/list_folder/continue", &json!({ "cursor": cursor })).0, 400);
    let damaged = cursor.replace("AAH", "AAG");
    assert_eq!(desk.call(erin, None, "files/list_folder/continue", &json!({ "cursor": damaged })).0, 400);
    let headers = [desk.headers(erin, None), vec![("content-type".into(), "application/json".into())]].concat();
    let body = json!({ "cursor": cursor }).to_string();
    let headers: Vec<(&str, &str)> = headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let asked = ask(Door::DropboxApi, "/2/files/list_folder/continue", &headers, body.as_bytes(), &desk.clock);
    assert!(desk.tenant.forget_position(&asked));
    desk.bad(erin, "files/list_folder/continue", &json!({ "cursor": cursor }), "reset/");
    let (entries, mut fresh) = desk.listing(erin, None, &WHOLE());
    assert!(!entries.is_empty());
    assert_eq!(desk.news(erin, None, &mut fresh), Vec::<String>::new());
}

#[test]
fn listings_are_as_deep_and_wide_as_asked() {
    let desk = Desk::new();
    let erin = As::User("erin");
    let tell = |argument: &Value| {
        let mut told: Vec<String> = desk.listing(erin, None, argument).0.iter().map(super::told).collect();
        told.sort();
        told
    };
    assert_eq!(tell(&json!({ "path": "/reports" })), ["file /Reports/Übersicht 王 🎉.txt", "folder /Reports/Deep"]);
    let below = tell(&json!({ "path": "/Reports/Deep", "recursive": true }));
    assert_eq!(below, ["file /Reports/Deep/er/b.txt", "folder /Reports/Deep", "folder /Reports/Deep/er"]);
    let mounted = tell(&json!({ "path": "", "recursive": true }));
    assert!(mounted.contains(&"file /Company/Handbook.txt".to_owned()), "{mounted:?}");
    let unmounted = tell(&WHOLE());
    assert!(!unmounted.contains(&"file /Company/Handbook.txt".to_owned()));
    let deleted = tell(&json!({ "path": "/Special", "include_deleted": true, "recursive": true }));
    for path in ["/Special/Deleted.txt", "/Special/Deleted folder", "/Special/Deleted folder/One.txt"] {
        assert!(deleted.contains(&format!("deleted {path}")), "{path}: {deleted:?}");
    }
    desk.bad(erin, "files/list_folder", &json!({ "path": "/nowhere" }), "path/not_found/");
    desk.bad(erin, "files/list_folder", &json!({ "path": "/Special/Plan.txt" }), "path/not_folder/");
    let (entries, _) = desk.listing(As::User("grace"), None, &json!({ "path": "/Special" }));
    let locked = entries.iter().find(|entry| entry["name"] == "Locked.txt").expect("a locked file");
    assert_eq!(locked["file_lock_info"]["is_lockholder"], true);
    let old = desk.space("Old projects");
    assert_eq!(desk.call(As::Admin("ada"), Some(&old), "files/list_folder", &WHOLE()).0, 409, "archived");
}

#[test]
fn in_a_team_space_all_have_one_root_and_see_their_own() {
    let clock = Clock::movable();
    clock.advance(Duration::from_secs(1_700_000_000));
    let tenant = Tenant::with_team_space(1, clock.clone(), &Fill::small());
    let desk = Desk { tenant, clock, token: RefCell::new(String::new()) };
    desk.sign_in();
    let account = desk.good(As::User("erin"), "users/get_current_account", &Value::Null);
    let info = &account["root_info"];
    assert_eq!((&info[".tag"], &info["home_path"]), (&json!("team"), &json!("/Erin Evans")));
    assert_ne!(info["root_namespace_id"], info["home_namespace_id"]);
    assert!(namespaces(&desk).iter().any(|row| row["namespace_type"][".tag"] == "team_member_root"));
    let root = info["root_namespace_id"].as_str();
    let (entries, _) = desk.listing(As::User("erin"), root, &json!({ "path": "" }));
    let mut told: Vec<String> = entries.iter().map(super::told).collect();
    told.sort();
    assert_eq!(told, ["folder /Company", "folder /Erin Evans"]);
    let (all, _) = desk.listing(As::User("erin"), root, &json!({ "path": "", "recursive": true }));
    let paths: Vec<&str> = all.iter().filter_map(|entry| entry["path_display"].as_str()).collect();
    assert!(paths.contains(&"/Erin Evans/Travel/Cards.txt") && paths.contains(&"/Erin Evans/Payroll/March.csv"));
    assert!(!paths.iter().any(|path| path.starts_with("/Frank")));
    let home = desk.good(As::User("erin"), "files/list_folder", &json!({ "path": "/Travel" }));
    assert!(home["cursor"].is_string(), "without Path-Root the home is meant");
}

#[test]
fn a_long_poll_is_held_until_something_changes() {
    let desk = Desk::new();
    let erin = As::User("erin");
    let (_, cursor) = desk.listing(erin, None, &WHOLE());
    let poll = |seconds: u64| {
        let body = json!({ "cursor": cursor, "timeout": seconds }).to_string();
        let kind = [("content-type".to_owned(), "application/json".to_owned())];
        desk.send(Door::DropboxNotify, "files/list_folder/longpoll", &kind, body.as_bytes())
    };
    let quiet = poll(45);
    assert_eq!((quiet.hold, &json_of(&quiet)["changes"]), (Some(Duration::from_secs(45)), &json!(false)));
    let before = desk.tenant.version();
    desk.upload(erin, &json!({ "path": "/new.txt" }), b"x");
    assert!(desk.tenant.version() > before);
    let loud = poll(30);
    assert_eq!((loud.hold, &json_of(&loud)["changes"]), (None, &json!(true)));
    assert_eq!(poll(29).status, 400);
    let backoffs = (0..10).filter(|_| !json_of(&poll(30))["backoff"].is_null()).count();
    assert_eq!(backoffs, 2);
}

#[test]
fn contents_come_whole_in_part_by_revision_and_exported() {
    let desk = Desk::new();
    let erin = As::User("erin");
    let path = json!({ "path": "/Special/Plan.txt" });
    let rows: [(&str, u16, &[u8], &str); 6] = [
        ("bytes=0-4", 206, b"Third", "bytes 0-4/12"),
        ("bytes=6-", 206, b"plan.\n", "bytes 6-11/12"),
        ("bytes=-2", 206, b".\n", "bytes 10-11/12"),
        ("bytes=3-99", 206, b"rd plan.\n", "bytes 3-11/12"),
        ("bytes=12-", 416, b"Requested range not satisfiable", "bytes */12"),
        ("bytes=4-2", 200, b"Third plan.\n", ""),
    ];
    for (range, status, body, expected) in rows {
        let answer = desk.content(erin, "files/download", &path, &[("range", range)], b"");
        let told = answer.headers.iter().find(|(name, _)| name == "content-range").map_or("", |(_, value)| value);
        assert_eq!((answer.status, answer.body.as_slice(), told), (status, body, expected), "{range}");
    }
    let versions = desk.good(erin, "files/list_revisions", &path);
    let bodies: Vec<Vec<u8>> = versions["entries"]
        .as_array()
        .expect("entries")
        .iter()
        .map(|entry| json!({ "path": format!("rev:{}", entry["rev"].as_str().expect("a rev")) }))
        .map(|path| desk.content(erin, "files/download", &path, &[], b"").body)
        .collect();
    assert_eq!(bodies, [b"Third plan.\n".to_vec(), b"Second plan.\n".to_vec(), b"First plan.\n".to_vec()]);
    let gone = desk.good(erin, "files/list_revisions", &json!({ "path": "/Special/Deleted.txt" }));
    assert_eq!(gone["is_deleted"], true);
    let heidi = As::User("heidi");
    let paper = json!({ "path": "/Special/Product notes.paper" });
    let answer = desk.content(heidi, "files/download", &paper, &[], b"");
    assert_eq!((answer.status, &json_of(&answer)["error"][".tag"]), (409, &json!("unsupported_file")));
    for (format, start, status) in [(None, "# Product", 200), (Some("html"), "<h1>", 200), (Some("docx"), "{", 409)] {
        let mut argument = paper.clone();
        if let Some(format) = format {
            argument["export_format"] = format.into();
        }
        let answer = desk.content(heidi, "files/export", &argument, &[], b"");
        assert!(answer.status == status && answer.body.starts_with(start.as_bytes()), "{format:?}");
    }
    let plain = desk.content(erin, "files/export", &path, &[], b"");
    assert_eq!(json_of(&plain)["error"][".tag"], "non_exportable");
    let id = desk.good(erin, "files/get_metadata", &path)["id"].clone();
    assert!(desk.tenant.restrict(id.as_str().expect("an id")));
    let answer = desk.content(erin, "files/download", &json!({ "path": id }), &[], b"");
    assert_eq!(json_of(&answer)["error"]["path"][".tag"], "restricted_content");
}

#[test]
fn the_log_is_filtered_paged_and_forgotten() {
    let desk = Desk::new();
    let both = json!({ "category": { ".tag": "sharing" }, "event_type": { ".tag": "file_add" } });
    desk.bad(As::Team, "team_log/get_events", &both, "invalid_filters/");
    desk.clock.advance(Duration::from_mins(1));
    let since = desk.clock.now();
    let path = |steps: &[&str]| steps.iter().map(|step| (*step).to_owned()).collect::<Vec<_>>();
    let notes = path(&["erin", "Reports", "n.txt"]);
    for edit in [
        Edit::Write { by: "erin", path: notes.clone(), body: b"n".as_slice().into() },
        Edit::Write { by: "erin", path: notes.clone(), body: b"nn".as_slice().into() },
        Edit::Link { by: "erin", path: notes.clone(), audience: Some("public") },
        Edit::Link { by: "erin", path: notes.clone(), audience: Some("company") },
        Edit::Invite { by: "erin", path: notes.clone(), whom: "pat".into() },
        Edit::Invite { by: "erin", path: path(&["erin", "Reports"]), whom: "x@y.example".into() },
        Edit::View { by: None, path: notes.clone() },
        Edit::Move { by: "erin", from: notes.clone(), to: path(&["erin", "n2.txt"]) },
        Edit::Delete { by: "erin", path: path(&["erin", "n2.txt"]) },
    ] {
        desk.tenant.play(&edit).expect("played");
    }
    assert!(desk.tenant.play(&Edit::Delete { by: "erin", path: notes }).is_err());
    let mut page =
        desk.good(As::Team, "team_log/get_events", &json!({ "time": { "start_time": since.to_string() }, "limit": 4 }));
    let mut events = Vec::new();
    while page["has_more"] == true {
        events.extend(page["events"].as_array().expect("events").iter().rev().cloned());
        page = desk.good(As::Team, "team_log/get_events/continue", &json!({ "cursor": page["cursor"] }));
    }
    events.extend(page["events"].as_array().expect("events").iter().rev().cloned());
    let kinds: Vec<&str> = events.iter().filter_map(|event| event["event_type"][".tag"].as_str()).collect();
    let expected = [
        "file_add",
        "file_edit",
        "shared_link_create",
        "shared_link_settings_change_audience",
        "shared_content_add_member",
        "shared_folder_create",
        "shared_content_add_invitees",
        "shared_link_view",
        "file_move",
        "file_delete",
    ];
    assert_eq!(kinds, expected);
    assert_eq!(events[0]["assets"][0]["path"]["namespace_relative"]["relative_path"], "/Reports/n.txt");
    assert_eq!(events[0]["actor"]["user"]["email"], "erin@example.com");
    assert_eq!(
        (&events[7]["actor"][".tag"], &events[4]["involve_non_team_member"]),
        (&json!("anonymous"), &json!(true))
    );
    let filtered = json!({ "time": { "start_time": since.to_string() }, "category": { ".tag": "file_operations" } });
    let first = desk.good(As::Team, "team_log/get_events", &filtered);
    assert_eq!((&first["events"], &first["has_more"]), (&json!([]), &json!(true)), "nothing, and yet more");
    let second = desk.good(As::Team, "team_log/get_events/continue", &json!({ "cursor": first["cursor"] }));
    assert_eq!(second["events"].as_array().map(Vec::len), Some(4));
    let body = json!({ "cursor": second["cursor"] }).to_string();
    let asked = ask(Door::DropboxApi, "/2/team_log/get_events/continue", &[], body.as_bytes(), &desk.clock);
    assert!(desk.tenant.forget_position(&asked));
    let (status, body) =
        desk.call(As::Team, None, "team_log/get_events/continue", &json!({ "cursor": second["cursor"] }));
    assert_eq!((status, &body["error"]), (409, &json!({ ".tag": "reset", "reset": since.to_string() })));
}

#[test]
fn notices_name_who_changed_and_are_signed() {
    let desk = Desk::new();
    assert_eq!(desk.tenant.take_notices(), []);
    desk.upload(As::User("erin"), &json!({ "path": "/Company/x.txt" }), b"x");
    let notices = desk.tenant.take_notices();
    assert_eq!(notices.len(), 2);
    let keys = desk.tenant.keys();
    let bodies: Vec<Value> = notices.iter().map(|notice| serde_json::from_slice(&notice.body).expect("JSON")).collect();
    let members = &bodies[1]["list_folder"]["teams"][&keys.team_id];
    assert_eq!(members.as_array().map(Vec::len), Some(6), "a change in a team folder is told for each member");
    assert!(bodies[0]["list_folder"]["accounts"].as_array().expect("accounts").contains(&json!(desk.account("grace"))));
    for notice in notices {
        let key = ring::hmac::Key::new(ring::hmac::HMAC_SHA256, keys.app_secret.as_bytes());
        let tag: Vec<u8> =
            (0..64).step_by(2).filter_map(|at| u8::from_str_radix(&notice.signature[at..at + 2], 16).ok()).collect();
        ring::hmac::verify(&key, &notice.body, &tag).expect("signed");
    }
}

#[test]
fn exposures_follow_the_reference() {
    let desk = Desk::with(&Fill::small());
    let levels: BTreeMap<String, &str> =
        desk.tenant.exposures().into_iter().map(|(id, level, _)| (id, level)).collect();
    let by_path: BTreeMap<String, &str> = desk
        .tenant
        .files()
        .into_iter()
        .map(|file| (format!("{}|{}", file.owner, file.path.join("/")), levels[&file.id]))
        .collect();
    for (file, level) in [
        ("heidi@example.com|Special/Public.txt", "public"),
        ("heidi@example.com|Special/Password.txt", "public"),
        ("heidi@example.com|Special/Ended.txt", "private"),
        ("heidi@example.com|Special/Team.txt", "internal"),
        ("heidi@example.com|Special/Nobody.txt", "private"),
        ("heidi@example.com|Special/Open folder/Below/Inherited.txt", "public"),
        ("frank@example.com|Agenda.txt", "external"),
        ("pat@partner.example.net|Price list.txt", "external"),
        ("pat@partner.example.net|Terms.txt", "external"),
        ("frank@example.com|Special/For the partner.txt", "external"),
        ("frank@example.com|Special/For an address.txt", "external"),
        ("frank@example.com|Special/For a colleague.txt", "internal"),
        ("erin@example.com|March.csv", "internal"),
        ("erin@example.com|Travel/Cards.txt", "public"),
        ("erin@example.com|Travel/Itinerary.txt", "private"),
        ("grace@example.com|患者.txt", "external"),
        ("frank@example.com|Supply contract.docx", "external"),
        ("|Handbook/Holidays.txt", "internal"),
    ] {
        assert_eq!(
            by_path.get(file),
            Some(&level),
            "{file}: {:?}",
            by_path.keys().filter(|key| key.contains("Spec")).count()
        );
    }
}
