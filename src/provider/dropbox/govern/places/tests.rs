//! What is sent for a step that moves, copies, deletes or restores, and what its answer means.

use super::bench::{Bench, Heard, file, folder, refusal};
use super::*;
use crate::model::action::{Action, Note};
use crate::model::action::{Clash, Quarantine, Whose};
use crate::model::{ContentHash, ItemKind};

const REV: &str = "0123456789";

fn heard(route: &str, by: &str, root: &str, argument: Value) -> Heard {
    Heard { route: route.into(), by: by.into(), root: root.into(), argument, bytes: Vec::new() }
}

/// In one word, what came of a step.
fn word(applied: &Applied) -> String {
    match applied {
        Applied::Done(requests) => format!("done {}", requests.join(" ")),
        Applied::Moved => "moved".into(),
        Applied::NameTaken => "name taken".into(),
        Applied::Blocked(block) => format!("blocked {block:?}"),
        Applied::Unclear(error) => format!("unclear {}", error.said()),
        Applied::Later(error) => format!("later {}", error.said()),
    }
}

fn answer((status, body): (u16, Value)) -> Vec<(&'static str, u16, Value)> {
    ["files/move_v2", "files/delete_v2", "files/restore", "files/upload", "files/create_folder_v2"]
        .into_iter()
        .map(|route| (route, status, body.clone()))
        .collect()
}

fn move_to(to: Folder) -> Action {
    Action::Move { to, name: None, clash: Clash::Refuse }
}

fn applied(bench: &Bench, action: Action, step: &Step, now: &ItemState) -> String {
    bench.ask(action, None, |asked| word(&bench.tenant.apply_place(asked, step, now)))
}

#[test]
fn each_change_is_one_call_of_whoever_may_make_it() {
    let home = || file(folder("10", "/a"));
    let team = || file(folder("20", ""));
    let mut dir = file(folder("10", "/a"));
    dir.kind = ItemKind::Folder;
    dir.version = None;
    let into = |to: Folder| Step::MoveTo { to, name: "g.txt".into() };
    let hash = super::super::blocks(b"gone").to_string();
    let moved = |to: &str, transfer: bool| json!({"from_path": "id:f", "to_path": to, "autorename": false, "allow_ownership_transfer": transfer});
    for (now, step, sent, bytes) in [
        (
            home(),
            into(folder("10", "/q")),
            heard("files/move_v2", "user dbmid:ann", "", moved("ns:10/q/g.txt", false)),
            &b""[..],
        ),
        (
            home(),
            into(folder("10", "")),
            heard("files/move_v2", "user dbmid:ann", "", moved("ns:10/g.txt", false)),
            b"",
        ),
        (home(), into(folder("30", "")), heard("files/move_v2", "user dbmid:ann", "", moved("ns:30/g.txt", true)), b""),
        (
            team(),
            into(folder("30", "")),
            heard("files/move_v2", "admin dbmid:root", "", moved("ns:30/g.txt", true)),
            b"",
        ),
        (
            team(),
            into(folder("10", "/a")),
            heard("files/move_v2", "user dbmid:ann", "", moved("ns:10/a/g.txt", true)),
            b"",
        ),
        (
            home(),
            Step::Trash,
            heard("files/delete_v2", "user dbmid:ann", "10", json!({"path": "id:f", "parent_rev": REV})),
            b"",
        ),
        (
            team(),
            Step::Trash,
            heard("files/delete_v2", "admin dbmid:root", "20", json!({"path": "id:f", "parent_rev": REV})),
            b"",
        ),
        (dir, Step::Trash, heard("files/delete_v2", "user dbmid:ann", "10", json!({"path": "id:f"})), b""),
        (
            home(),
            Step::Promote { version: "9876543210".into() },
            heard("files/restore", "user dbmid:ann", "10", json!({"path": "/a/f.txt", "rev": "9876543210"})),
            b"",
        ),
        (
            home(),
            Step::Overwrite { text: "gone".into() },
            heard(
                "files/upload",
                "user dbmid:ann",
                "10",
                json!({"path": "id:f", "mode": {".tag": "update", "update": REV}, "autorename": false, "mute": true,
                       "strict_conflict": true, "content_hash": hash}),
            ),
            b"gone",
        ),
    ] {
        let bench = Bench::new(&answer((200, json!({}))));
        assert_eq!(applied(&bench, move_to(folder("30", "")), &step, &now), "done r1", "{step:?}");
        assert_eq!(bench.heard(), [Heard { bytes: bytes.to_vec(), ..sent }], "{step:?}");
    }
}

#[test]
fn a_refusal_is_told_for_what_it_is() {
    let lent = |lent| ItemState { lent, ..file(folder("10", "/a")) };
    let to = Step::MoveTo { to: folder("30", ""), name: "g.txt".into() };
    let written = |tags: &[&str]| refusal(tags);
    for (now, step, told, is) in [
        (lent(None), &to, written(&["to", "conflict", "file"]), "name taken"),
        (lent(None), &to, written(&["duplicated_or_nested_paths"]), "moved"),
        (lent(None), &to, written(&["from_lookup", "not_found"]), "moved"),
        (lent(None), &to, written(&["too_many_files"]), "blocked TooMany"),
        (lent(None), &to, written(&["from_lookup", "locked"]), "blocked Lock(None)"),
        (lent(None), &to, written(&["cant_transfer_ownership"]), "blocked NoRight(\"409 cant_transfer_ownership\")"),
        (lent(None), &to, (500, json!({})), "unclear 500"),
        (lent(None), &Step::Trash, written(&["path_write", "conflict", "file"]), "moved"),
        (lent(None), &Step::Trash, written(&["path_lookup", "not_found"]), "moved"),
        (lent(None), &Step::Overwrite { text: "x".into() }, written(&["path", "conflict", "file"]), "moved"),
    ] {
        let bench = Bench::new(&answer(told.clone()));
        assert_eq!(applied(&bench, move_to(folder("30", "")), step, &now), is, "{told:?}");
        assert_eq!(bench.heard().len(), 1, "{told:?}");
    }
}

#[test]
fn whoever_is_kept_out_is_let_in_again_if_somebody_can() {
    let now = file(folder("10", "/a"));
    for (to, accounts, ours, is) in [
        ("30", &[][..], true, "moved"),
        ("30", &["dbid:ann"], true, "moved"),
        ("20", &[], false, "moved"),
        ("20", &["dbid:ann"], false, "blocked NoRight(\"409 to/no_write_permission\")"),
    ] {
        let (status, refusal) = refusal(&["to", "no_write_permission"]);
        let mut bench =
            Bench::new(&[("files/move_v2", status, refusal), ("sharing/list_folder_members", 200, members(accounts))]);
        bench.lent = ours;
        let step = Step::MoveTo { to: folder(to, ""), name: "g.txt".into() };
        assert_eq!(applied(&bench, move_to(folder(to, "")), &step, &now), is, "{to} {accounts:?} {ours}");
    }
}

#[test]
fn too_many_writers_are_waited_for() {
    let (status, busy) = refusal(&["too_many_write_operations"]);
    let bench = Bench::new(&[("files/move_v2", status, busy), ("files/move_v2", 200, json!({}))]);
    let step = Step::MoveTo { to: folder("10", "/q"), name: "g.txt".into() };
    assert_eq!(applied(&bench, move_to(folder("10", "/q")), &step, &file(folder("10", "/a"))), "done r1");
    assert_eq!(bench.calls("files/move_v2").len(), 2);
}

#[test]
fn nobody_moves_between_two_homes() {
    let bench = Bench::new(&[]);
    let step = Step::MoveTo { to: folder("11", ""), name: "g.txt".into() };
    let is = applied(&bench, move_to(folder("11", "")), &step, &file(folder("10", "/a")));
    assert!(is.starts_with("blocked NotOffered"), "{is}");
    assert_eq!(bench.heard(), []);
}

fn members(accounts: &[&str]) -> Value {
    let user = |account: &&str| {
        json!({"access_type": {".tag": "editor"}, "is_inherited": false,
               "user": {"account_id": account, "email": "x@example.com", "same_team": true}})
    };
    json!({"users": accounts.iter().map(user).collect::<Vec<_>>(), "groups": [], "invitees": []})
}

#[test]
fn the_mover_is_let_in_where_it_is_no_member() {
    let prior = || Some(ItemState { lent: None, ..file(folder("10", "/a")) });
    let home = || file(folder("10", "/a"));
    let there = || file(folder("30", ""));
    for (from, to, accounts, prior, ours, lent) in [
        // Within one namespace, and between two of the team's, nobody needs to be let in.
        (home(), folder("10", "/q"), &[][..], None, false, None),
        (file(folder("20", "")), folder("30", ""), &[], None, false, None),
        (home(), folder("11", ""), &[], None, false, None),
        // Into a folder of the team.
        (home(), folder("20", ""), &["dbid:bob"], None, false, Some(false)),
        (home(), folder("20", ""), &["dbid:ann"], None, false, None),
        (home(), folder("20", ""), &["dbid:ann"], prior(), true, Some(true)),
        (home(), folder("20", ""), &["dbid:ann"], prior(), false, None),
        // Whose the right was gave it back.
        (home(), folder("20", ""), &["dbid:bob"], prior(), false, Some(false)),
        // The quarantine is nobody's: whoever is in it was left there.
        (home(), folder("30", ""), &["dbid:ann"], None, false, Some(true)),
        (there(), folder("30", ""), &["dbid:ann"], prior(), true, Some(true)),
        (there(), folder("30", ""), &[], prior(), true, Some(false)),
        // Back home: the mover must be let in where it comes from.
        (there(), folder("10", "/a"), &[], None, false, Some(false)),
    ] {
        let mut bench = Bench::new(&[("sharing/list_folder_members", 200, members(accounts))]);
        bench.lent = ours;
        let found = bench.ask(move_to(to.clone()), prior.as_ref(), |asked| bench.tenant.lent_state(asked, &from));
        assert_eq!(found.expect("a state"), lent, "{from:?} {to:?} {accounts:?}");
    }
}

#[test]
fn what_was_lent_is_taken_back() {
    let job = json!({".tag": "async_job_id", "async_job_id": "j1"});
    let bench = Bench::new(&[
        ("sharing/add_folder_member", 200, Value::Null),
        ("sharing/remove_folder_member", 200, job),
        ("sharing/check_remove_member_job_status", 200, json!({".tag": "in_progress"})),
        ("sharing/check_remove_member_job_status", 200, json!({".tag": "complete"})),
    ]);
    let (now, to) = (file(folder("10", "/a")), folder("30", ""));
    assert_eq!(applied(&bench, move_to(to.clone()), &Step::Lend { to: to.clone() }, &now), "done r1");
    let after = file(folder("30", ""));
    let back = Step::TakeBack { to: to.clone() };
    let is = bench.ask(move_to(to), Some(&now), |asked| word(&bench.tenant.apply_place(asked, &back, &after)));
    assert_eq!(is, "done r1");
    let ann = json!({".tag": "dropbox_id", "dropbox_id": "dbmid:ann"});
    let look =
        || heard("sharing/check_remove_member_job_status", "admin dbmid:root", "", json!({"async_job_id": "j1"}));
    assert_eq!(
        bench.heard(),
        [
            heard(
                "sharing/add_folder_member",
                "admin dbmid:root",
                "",
                json!({"shared_folder_id": "30", "quiet": true, "members": [{"member": ann, "access_level": {".tag": "editor"}}]}),
            ),
            heard(
                "sharing/remove_folder_member",
                "admin dbmid:root",
                "",
                json!({"shared_folder_id": "30", "member": ann, "leave_a_copy": false}),
            ),
            look(),
            look(),
        ]
    );
}

fn copied(hash: ContentHash) -> Value {
    json!({".tag": "file", "id": "id:c", "name": "c.txt", "content_hash": hash.to_string()})
}

#[test]
fn a_copy_is_made_by_whoever_sees_both_or_handed_over() {
    let seven = ContentHash::Blocks([7; 32]);
    let eight = ContentHash::Blocks([8; 32]);
    let (taken, in_the_way) = refusal(&["to", "conflict", "file"]);
    for (from, to, told, is, routes) in [
        (
            "10",
            folder("10", "/q"),
            (200, json!({"metadata": copied(seven)})),
            "done r1",
            &["user dbmid:ann files/copy_v2"][..],
        ),
        (
            "20",
            folder("30", ""),
            (200, json!({"metadata": copied(seven)})),
            "done r1",
            &["admin dbmid:root files/copy_v2"],
        ),
        (
            "10",
            folder("10", "/q"),
            (200, json!({"metadata": copied(eight)})),
            "moved",
            &["user dbmid:ann files/copy_v2"],
        ),
        ("10", folder("10", "/q"), (taken, in_the_way), "blocked NameTaken", &["user dbmid:ann files/copy_v2"]),
        (
            "10",
            folder("30", ""),
            (200, json!({"metadata": copied(seven)})),
            "done r1",
            &[
                "admin dbmid:root sharing/list_folder_members",
                "user dbmid:ann files/copy_reference/get",
                "user dbmid:root files/copy_reference/save",
            ],
        ),
    ] {
        let bench = Bench::new(&[
            ("files/copy_v2", told.0, told.1.clone()),
            ("files/copy_reference/save", told.0, told.1),
            ("files/copy_reference/get", 200, json!({"copy_reference": "ref", "expires": "2030-01-01T00:00:00Z"})),
            ("sharing/list_folder_members", 200, members(&["dbid:root"])),
        ]);
        let step = Step::CopyTo { to: to.clone(), name: "c.txt".into() };
        let action = Action::Copy { to, name: "c.txt".into() };
        assert_eq!(applied(&bench, action, &step, &file(folder(from, "/a"))), is);
        let called: Vec<String> = bench.heard().iter().map(|heard| format!("{} {}", heard.by, heard.route)).collect();
        assert_eq!(called, routes);
    }
}

#[test]
fn a_copy_is_known_by_its_name_and_content() {
    let seven = ContentHash::Blocks([7; 32]);
    let gone = refusal(&["path", "not_found"]);
    let mut of_folder = file(folder("10", "/a"));
    of_folder.kind = ItemKind::Folder;
    let dir = json!({".tag": "folder", "id": "id:d", "name": "c.txt"});
    for (now, told, id) in [
        (file(folder("10", "/a")), (200, copied(seven)), Some("id:c")),
        (file(folder("10", "/a")), (200, copied(ContentHash::Blocks([8; 32]))), None),
        (file(folder("10", "/a")), (200, dir.clone()), None),
        (file(folder("10", "/a")), gone, None),
        (of_folder, (200, dir), Some("id:d")),
    ] {
        let bench = Bench::new(&[("files/get_metadata", told.0, told.1)]);
        let action = Action::Copy { to: folder("30", "/kept"), name: "c.txt".into() };
        let found = bench.ask(action, None, |asked| bench.tenant.copy_state(asked, &now));
        assert_eq!(found.expect("a state").as_deref(), id);
        let asked = bench.heard();
        assert_eq!((asked[0].root.as_str(), &asked[0].argument["path"]), ("30", &json!("/kept/c.txt")));
    }
}

// --- out of the trash ---

fn in_trash(kind: ItemKind, version: Option<&str>) -> ItemState {
    ItemState { kind, trashed: true, version: version.map(Arc::from), ..file(folder("10", "/a")) }
}

#[test]
fn a_file_comes_out_of_the_trash_unless_its_path_is_taken() {
    let gone = refusal(&["path", "not_found"]);
    let entry = |id: &str| (200, json!({".tag": "file", "id": id, "name": "f.txt"}));
    for (there, is, restored) in
        [(gone, "done r1", 1), (entry("id:other"), "blocked NameTaken", 0), (entry("id:f"), "moved", 0)]
    {
        let bench = Bench::new(&[("files/get_metadata", there.0, there.1), ("files/restore", 200, json!({}))]);
        assert_eq!(applied(&bench, Action::Untrash, &Step::Untrash, &in_trash(ItemKind::File, Some(REV))), is);
        let sent = bench.calls("files/restore");
        assert_eq!(sent.len(), restored);
        assert!(sent.iter().all(|sent| sent.argument == json!({"path": "/a/f.txt", "rev": REV}) && sent.root == "10"));
    }
}

fn deleted(path: &str) -> Value {
    json!({".tag": "deleted", "name": "x", "path_lower": path, "path_display": path})
}

fn revision(path: &str, id: &str, rev: &str, at: &str) -> Value {
    json!({"is_deleted": true, "server_deleted": at, "entries": [
        {"id": id, "name": "x", "rev": rev, "path_lower": path, "path_display": path, "server_modified": at}]})
}

/// A team in whose namespace 10 the folder `/a/f.txt` was deleted with two files, after a third had been.
fn buried(there: &[&str]) -> Bench {
    let mut entries = vec![deleted("/a/f.txt"), deleted("/a/f.txt/1"), deleted("/a/f.txt/2"), deleted("/a/f.txt/old")];
    entries.push(deleted("/a/f.txt.other"));
    entries.extend(there.iter().map(|path| json!({".tag": "file", "id": "id:9", "path_lower": path})));
    let mut told = vec![
        ("files/list_folder", 200, json!({"entries": entries, "cursor": "c", "has_more": false})),
        ("files/restore", 200, json!({})),
        ("files/create_folder_v2", 200, json!({})),
    ];
    let (not_file, why) = refusal(&["path", "not_file"]);
    let mut paths = vec![("/a/f.txt", None)];
    paths.push(("/a/f.txt/1", Some(revision("/a/f.txt/1", "id:1", "0000000001", "2026-03-01T10:00:00Z"))));
    paths.push(("/a/f.txt/2", Some(revision("/a/f.txt/2", "id:2", "0000000002", "2026-03-01T10:00:30Z"))));
    paths.push(("/a/f.txt/old", Some(revision("/a/f.txt/old", "id:3", "0000000003", "2026-02-01T10:00:00Z"))));
    for (path, revisions) in paths.into_iter().filter(|(path, _)| !there.contains(path)) {
        let _ = path;
        match revisions {
            None => told.push(("files/list_revisions", not_file, why.clone())),
            Some(revisions) => told.push(("files/list_revisions", 200, revisions)),
        }
    }
    Bench::new(&told)
}

#[test]
fn a_folder_comes_out_of_the_trash_with_what_went_with_it() {
    let bench = buried(&[]);
    let ann = Actor::person(&"dbmid:ann".into());
    let since = bench.tenant.buried(&ann, &"10".into(), "/a/f.txt", None);
    assert_eq!(since.expect("a state").as_deref(), Some("2026-03-01T10:00:30Z"));
    // A folder that is there does not lie in the trash for what was deleted below it.
    let since = buried(&["/a/f.txt"]).tenant.buried(&ann, &"10".into(), "/a/f.txt", None);
    assert_eq!(since.expect("a state"), None);

    let bench = buried(&[]);
    let now = in_trash(ItemKind::Folder, Some("2026-03-01T10:00:30Z"));
    assert_eq!(applied(&bench, Action::Untrash, &Step::Untrash, &now), "done r1 r1");
    let restored: Vec<Value> = bench.calls("files/restore").into_iter().map(|sent| sent.argument).collect();
    assert_eq!(
        restored,
        [json!({"path": "/a/f.txt/1", "rev": "0000000001"}), json!({"path": "/a/f.txt/2", "rev": "0000000002"})]
    );
    let listed = &bench.calls("files/list_folder")[0].argument;
    assert_eq!(
        (&listed["path"], &listed["include_deleted"], &listed["recursive"]),
        (&json!("/a"), &json!(true), &json!(true))
    );
}

#[test]
fn an_order_goes_on_with_a_folder_that_is_back_in_part() {
    let actor = Actor::person(&"dbmid:ann".into());
    let prior = in_trash(ItemKind::Folder, Some("2026-03-01T10:00:30Z"));
    for (there, since) in [
        (&["/a/f.txt", "/a/f.txt/1"][..], Some("2026-03-01T10:00:30Z")),
        // What had been deleted before stays where it is.
        (&["/a/f.txt", "/a/f.txt/1", "/a/f.txt/2"], None),
    ] {
        let bench = buried(there);
        let found = bench.tenant.buried(&actor, &"10".into(), "/a/f.txt", Some(&prior));
        assert_eq!(found.expect("a state").as_deref(), since, "{there:?}");
    }
}

// --- quarantine folders ---

#[test]
fn a_quarantine_is_found_or_made_once() {
    let folders = |name: &str, status: &str| {
        json!({"has_more": false, "cursor": "c", "team_folders": [
            {"team_folder_id": "30", "name": name, "status": {".tag": status}}]})
    };
    let made = json!({"team_folder_id": "31", "name": quarantine::NAME, "status": {".tag": "active"}});
    for (name, status, admin_is_in, place, calls) in [
        (quarantine::NAME, "active", true, "30", &["team/team_folder/list", "sharing/list_folder_members"][..]),
        (
            quarantine::NAME,
            "active",
            false,
            "30",
            &["team/team_folder/list", "sharing/list_folder_members", "sharing/add_folder_member"],
        ),
        (
            "another",
            "active",
            true,
            "31",
            &["team/team_folder/list", "team/team_folder/create", "sharing/list_folder_members"],
        ),
        (
            quarantine::NAME,
            "archived",
            true,
            "31",
            &["team/team_folder/list", "team/team_folder/create", "sharing/list_folder_members"],
        ),
    ] {
        let who: &[&str] = if admin_is_in { &["dbid:root"] } else { &[] };
        let bench = Bench::new(&[
            ("team/team_folder/list", 200, folders(name, status)),
            ("team/team_folder/create", 200, made.clone()),
            ("sharing/list_folder_members", 200, members(who)),
            ("sharing/add_folder_member", 200, Value::Null),
        ]);
        bench.tenant.team.remember(bench.people.people());
        let found = bench.tenant.quarantine_folder(Whose::Company, None, None).expect("a folder");
        let wanted = Folder { place: place.into(), ..folder("30", "") };
        assert_eq!(found, wanted);
        let routes: Vec<String> = bench.heard().into_iter().map(|heard| heard.route).collect();
        assert_eq!(routes, calls, "{name} {status}");
    }
}

#[test]
fn a_persons_quarantine_is_a_closed_folder_of_the_home() {
    let own = quarantine::OWN_NAME;
    let nothing = || refusal(&["path", "not_found"]);
    let here = || (200, json!({".tag": "folder", "id": "id:q", "name": "q"}));
    let shared = |as_share: &str, held_by: &str| {
        let sharing = json!({"read_only": false, "shared_folder_id": as_share, "parent_shared_folder_id": held_by});
        (200, json!({".tag": "folder", "id": "id:s", "name": "q", "sharing_info": sharing}))
    };
    let a_file = || (200, json!({".tag": "file", "id": "id:x", "name": "q"}));
    let made = || (200, json!({"metadata": {"id": "id:q"}}));
    let taken = || refusal(&["path", "conflict", "folder"]);
    let first = format!("/{own}");
    for (what, seen, makes, path, calls) in [
        ("it is there", vec![here()], vec![], first.clone(), 1),
        ("one of the former name is", vec![nothing(), here()], vec![], format!("/{}", quarantine::NAME), 2),
        ("there is none", vec![nothing(), nothing()], vec![made()], first.clone(), 3),
        ("the company's has the former name", vec![nothing(), shared("30", "")], vec![made()], first.clone(), 3),
        ("somebody was quicker", vec![nothing(), nothing(), here()], vec![taken()], first.clone(), 4),
        (
            "a shared folder has its name",
            vec![shared("77", ""), nothing(), shared("77", "")],
            vec![taken(), made()],
            format!("/{own} 2"),
            5,
        ),
        ("it lies in a shared folder", vec![shared("", "77"), here()], vec![], format!("/{}", quarantine::NAME), 2),
        ("a file has its name", vec![a_file(), nothing(), a_file()], vec![taken(), made()], format!("/{own} 2"), 5),
    ] {
        let mut answers: Vec<_> = seen.into_iter().map(|(status, body)| ("files/get_metadata", status, body)).collect();
        answers.extend(makes.into_iter().map(|(status, body)| ("files/create_folder_v2", status, body)));
        let bench = Bench::new(&answers);
        let found = bench.tenant.quarantine_folder(Whose::Owner, Some("dbmid:ann"), None).expect(what);
        assert_eq!(found, Folder { id: Some("id:q".into()), ..folder("10", &path) }, "{what}");
        assert_eq!(bench.heard().len(), calls, "{what}: {:?}", bench.heard());
    }
    let bench = Bench::new(&[]);
    assert!(bench.tenant.quarantine_folder(Whose::Owner, Some("dbmid:nobody"), None).is_err());
    // Whatever is tried has its name taken by what others may see.
    let (status, there) = shared("77", "");
    let (refused, body) = taken();
    let bench = Bench::new(&[("files/get_metadata", status, there), ("files/create_folder_v2", refused, body)]);
    let error = bench.tenant.quarantine_folder(Whose::Owner, Some("dbmid:ann"), None).expect_err("no folder");
    assert_eq!(error.next(), Next::Forbidden);
    // It was made by somebody and is not seen yet: later, not never.
    let (refused, body) = taken();
    let bench = Bench::new(&[("files/create_folder_v2", refused, body)]);
    let error = bench.tenant.quarantine_folder(Whose::Owner, Some("dbmid:ann"), None).expect_err("no folder");
    assert_eq!(error.next(), Next::Transient);
}

#[test]
fn a_named_folder_of_the_companys_is_closed_too() {
    let team = json!({"has_more": false, "cursor": "c", "team_folders": [
        {"team_folder_id": "30", "name": quarantine::NAME, "status": {".tag": "active"}}]});
    let (taken, conflict) = refusal(&["path", "conflict", "folder"]);
    for (own_share, is_found) in [("", true), ("78", false)] {
        let sharing = json!({"shared_folder_id": own_share, "parent_shared_folder_id": "30"});
        let bench = Bench::new(&[
            ("team/team_folder/list", 200, team.clone()),
            ("sharing/list_folder_members", 200, members(&["dbid:root"])),
            ("files/create_folder_v2", taken, conflict.clone()),
            (
                "files/get_metadata",
                200,
                json!({".tag": "folder", "id": "id:c", "name": "Cards", "sharing_info": sharing}),
            ),
        ]);
        bench.tenant.team.remember(bench.people.people());
        let found = bench.tenant.quarantine_folder(Whose::Company, None, Some("Cards"));
        assert_eq!(found.is_ok(), is_found, "{own_share:?}");
    }
}

#[test]
fn what_lies_in_a_persons_quarantines_of_all_names_is_told() {
    let file = |id: &str| json!({".tag": "file", "id": id, "name": format!("{id}.txt")});
    let page = |id: &str| (200, json!({"entries": [file(id)], "cursor": "c", "has_more": false}));
    let here = || (200, json!({".tag": "folder", "id": "id:q", "name": "q"}));
    let nothing = || refusal(&["path", "not_found"]);
    let shared = |share: &str| {
        let sharing = json!({"shared_folder_id": share});
        (200, json!({".tag": "folder", "id": "id:s", "name": "q", "sharing_info": sharing}))
    };
    let (own, former) = (format!("/{}", quarantine::OWN_NAME), format!("/{}", quarantine::NAME));
    let second = format!("{own} 2");
    for (what, seen, paths) in [
        ("none", vec![nothing(), nothing()], vec![]),
        ("its own", vec![nothing(), here(), nothing()], vec![&own]),
        ("the former", vec![here(), nothing()], vec![&former]),
        ("both", vec![here(), here(), nothing()], vec![&former, &own]),
        ("the company's is none", vec![shared("30"), here(), nothing()], vec![&own]),
        ("one that its owner shared since", vec![nothing(), shared("77"), here(), nothing()], vec![&own, &second]),
    ] {
        let mut answers: Vec<_> = seen.into_iter().map(|(status, body)| ("files/get_metadata", status, body)).collect();
        answers.extend(["id:1", "id:2"].map(page).map(|(status, body)| ("files/list_folder", status, body)));
        let bench = Bench::new(&answers);
        let kept = bench.tenant.kept_in_quarantine(Whose::Owner, Some("dbmid:ann"), ".receipt").expect(what);
        let listed: Vec<String> =
            kept.iter().map(|one| one.folder.path.as_deref().unwrap_or_default().into()).collect();
        assert_eq!(listed, paths.into_iter().cloned().collect::<Vec<_>>(), "{what}");
    }
}

#[test]
fn an_order_knows_the_folder_it_moves_into() {
    let note = Some(Note { name: "n.txt".into(), text: "t".into() });
    let quarantine = Quarantine { whose: Whose::Company, to: folder("30", ""), name: "q".into(), note: note.clone() };
    let prior = ItemState { lent: None, ..file(folder("10", "/a")) };
    for (action, now, lent) in [
        (Action::Quarantine(quarantine), file(folder("10", "/a")), Some(false)),
        (Action::Release { prior: Box::new(prior), note }, file(folder("30", "")), Some(false)),
        (Action::Trash, file(folder("10", "/a")), None),
    ] {
        let bench = Bench::new(&[("sharing/list_folder_members", 200, members(&[]))]);
        let found = bench.ask(action, None, |asked| bench.tenant.lent_state(asked, &now));
        assert_eq!(found.expect("a state"), lent);
    }
}
