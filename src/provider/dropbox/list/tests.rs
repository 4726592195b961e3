//! Entries, order within a page, cursors and walks' ids, one row for each case.

use super::*;
use serde_json::Value;

fn ground() -> Ground {
    Ground {
        id: "7".into(),
        kind: "team_folder".into(),
        name: "Team".into(),
        walker: Principal::Admin("dbmid:a".into()),
        reader: Principal::Person("dbmid:p".into()),
        owner: None,
        status: None,
        outside: false,
        urgency: Urgency::Bulk,
    }
}

fn listing(entries: &Value, has_more: bool) -> Listing {
    let whole = json!({"entries": entries, "cursor": "c1", "has_more": has_more});
    serde_json::from_value(whole).expect("a listing")
}

fn page(entries: &Value, stage: Stage, trash: bool) -> Page {
    ground().page(trash, listing(entries, false), stage).expect("a page")
}

#[test]
fn a_walks_cursor_says_how_far_it_is() {
    for (stage, has_more, onward) in [
        (Stage::Listing, true, Onward::More("r:c1".into())),
        (Stage::Listing, false, Onward::End(Some("d:c1".into()))),
        (Stage::Changes, true, Onward::More("d:c1".into())),
        (Stage::FolderListing, true, Onward::More("f:c1".into())),
        (Stage::FolderListing, false, Onward::End(Some("g:c1".into()))),
        (Stage::FolderChanges, false, Onward::End(Some("g:c1".into()))),
    ] {
        let page = ground().page(false, listing(&json!([]), has_more), stage).expect("a page");
        assert_eq!(page.onward, onward);
    }
    assert_eq!(Stage::read("d:a:b"), Some((Stage::Changes, "a:b")));
    assert_eq!((Stage::read("x:a"), Stage::read("a")), (None, None));
    let cut: Listing = serde_json::from_value(json!({"entries": []})).expect("a listing");
    assert_eq!(ground().page(false, cut, Stage::Listing).map_err(|error| error.next()).err(), Some(Next::Transient));
}

#[test]
fn a_walks_id_says_what_is_walked() {
    for (id, read) in [
        ("ns:456", Some(("456", Top::Namespace))),
        ("flat:456:id:abc", Some(("456", Top::Folder("id:abc")))),
        ("trash:456:/a:b/c.txt", Some(("456", Top::Deleted("/a:b/c.txt")))),
        ("flat:456", None),
        ("folder:1", None),
        ("", None),
    ] {
        assert_eq!(top(id), read, "{id}");
    }
}

#[test]
fn an_entry_becomes_an_item() {
    let hash = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
    let whole = json!({
        ".tag": "file", "id": "id:1", "name": "Ä.txt", "path_lower": "/ä.txt", "path_display": "/Ä.txt", "rev": "0123456789",
        "size": 5, "content_hash": hash, "server_modified": "2026-03-01T10:00:00Z", "has_explicit_shared_members": true,
        "file_lock_info": {"created": "2026-03-01T10:00:00Z"},
    });
    let item = ground().item(serde_json::from_value(whole).expect("an entry")).expect("an item");
    assert_eq!((&*item.id, &*item.name, item.path.as_deref()), ("id:1", "Ä.txt", Some("/Ä.txt")));
    assert_eq!((item.size_bytes, item.version.as_deref()), (5, Some("0123456789")));
    assert_eq!(item.hash.map(|hash| hash.to_string()).as_deref(), Some(hash));
    assert_eq!(item.modified, Moment::parse("2026-03-01T10:00:00Z"));
    assert_eq!((item.has_members, item.locked, item.download), (true, true, Download::Direct));
    assert_eq!(item.read_as, Principal::Person("dbmid:p".into()));
    for (entry, locked) in
        [(json!({"file_lock_info": {}}), false), (json!({"file_lock_info": {"is_lockholder": true}}), true)]
    {
        let mut entry = entry;
        entry["id"] = json!("id:2");
        let item = ground().item(serde_json::from_value(entry).expect("an entry")).expect("an item");
        assert_eq!((item.locked, item.kind), (locked, ItemKind::File));
    }
}

#[test]
fn what_tells_no_id_is_a_hole_and_never_nothing() {
    for (entry, name) in [
        (json!({".tag": "file", "name": "a.txt", "path_lower": "/a.txt"}), "a.txt"),
        (json!({".tag": "file", "id": "", "name": "a.txt"}), "a.txt"),
        (json!({".tag": "folder", "id": null, "name": "F"}), "F"),
        (json!({".tag": "deleted", "path_lower": null, "name": "gone"}), "gone"),
        (json!({".tag": "hologram"}), "Team"),
        (json!({}), "Team"),
    ] {
        let page = page(&json!([entry]), Stage::Listing, true);
        let holes: Vec<_> = page.holes.iter().map(|hole| (&*hole.what, &*hole.name, hole.why)).collect();
        assert_eq!(holes, [("7", name, WhyUnwalked::Refused)], "{entry}");
        assert!(page.items.is_empty() && page.gone.is_empty() && page.found.is_empty(), "{entry}");
    }
    for answer in [json!({"cursor": "c1"}), json!({"cursor": "c1", "entries": null, "has_more": false})] {
        let answer: Listing = serde_json::from_value(answer).expect("an answer");
        let error = ground().page(false, answer, Stage::Listing).expect_err("no page");
        assert_eq!(error.next(), Next::Transient);
    }
}

#[test]
fn what_cannot_be_downloaded_is_exported_in_the_best_format() {
    let export = |value: Value| serde_json::from_value::<ExportInfo>(value).expect("an export");
    for (downloadable, export_info, how_had) in [
        (None, None, Download::Direct),
        (Some(true), Some(export(json!({"export_as": "pdf"}))), Download::Direct),
        (Some(false), None, Download::None),
        (Some(false), Some(export(json!({}))), Download::None),
        (Some(false), Some(export(json!({"export_as": "xlsx"}))), Download::Export("xlsx".into())),
        (
            Some(false),
            Some(export(json!({"export_as": "pdf", "export_options": ["html", "markdown"]}))),
            Download::Export("html".into()),
        ),
        (Some(false), Some(export(json!({"export_options": ["papyrus"]}))), Download::Export("papyrus".into())),
    ] {
        assert_eq!(how(downloadable, export_info.as_ref()), how_had, "{export_info:?}");
    }
}

#[test]
fn a_page_is_taken_in_order() {
    let file = |path: &str, id: &str| json!({".tag": "file", "id": id, "path_lower": path});
    let gone = |path: &str| json!({".tag": "deleted", "path_lower": path});
    let rows: [(Value, &[&str], &[&str]); 6] = [
        (json!([file("/a", "1"), file("/b", "2")]), &["1", "2"], &[]),
        (json!([gone("/a"), file("/a", "2")]), &["2"], &["/a"]),
        (json!([file("/a", "1"), gone("/a")]), &[], &["/a"]),
        (json!([file("/d/x/y", "1"), file("/dx", "2"), gone("/d")]), &["2"], &["/d"]),
        (json!([file("/d/x", "1"), gone("/d"), file("/d/x", "3")]), &["3"], &["/d"]),
        (json!([gone("/d"), {".tag": "hologram"}, {"id": "9"}]), &["9"], &["/d"]),
    ];
    for (entries, there, gone) in rows {
        let page = page(&entries, Stage::Changes, false);
        assert_eq!(page.items.iter().map(|item| &*item.id).collect::<Vec<_>>(), there, "{entries}");
        assert_eq!(page.gone.iter().map(|gone| &*gone.path_lower).collect::<Vec<_>>(), gone, "{entries}");
        assert!(page.found.is_empty());
    }
}

#[test]
fn folders_and_deleted_paths_lead_to_further_walks_only_where_wanted() {
    let entries = json!([
        {".tag": "folder", "id": "id:f", "name": "F", "path_lower": "/f", "path_display": "/F"},
        {".tag": "folder", "id": "id:c", "name": "C", "sharing_info": {"no_access": true}},
        {".tag": "folder", "id": "id:m", "name": "M", "sharing_info": {"shared_folder_id": "8"}},
        {".tag": "deleted", "path_lower": "/old"},
    ]);
    for (stage, trash, found) in [
        (Stage::Listing, false, vec![]),
        (Stage::Listing, true, vec!["trash:7:/old"]),
        (Stage::FolderListing, false, vec!["flat:7:id:f"]),
        (Stage::FolderChanges, true, vec!["flat:7:id:f", "trash:7:/old"]),
    ] {
        let page = page(&entries, stage, trash);
        assert_eq!(page.found.iter().map(|walk| &*walk.id).collect::<Vec<_>>(), found);
        assert_eq!(page.holes.iter().map(|hole| &*hole.what).collect::<Vec<_>>(), ["id:c"]);
        assert!(
            page.found.iter().all(|walk| walk.read_as == Principal::Admin("dbmid:a".into()) && *walk.place == *"7")
        );
    }
}

#[test]
fn a_refused_namespace_is_a_hole_and_a_missing_right_of_ours_an_error() {
    for (kind, status, why) in [
        (HOME, Some(Status::Invited), WhyUnwalked::InvitedOwner),
        (HOME, Some(Status::Inactive), WhyUnwalked::InactiveOwner),
        (HOME, Some(Status::Active), WhyUnwalked::Refused),
    ] {
        let ground = Ground { kind: kind.into(), status, ..ground() };
        let page = ground.hole(Error::new(Next::Forbidden, "list", "422 no_permission")).expect("a hole");
        assert_eq!(page.holes[0].why, why);
    }
    for (kind, next, said, why) in [
        ("app_folder", Next::Forbidden, "422 no_permission", Some(WhyUnwalked::AppFolder)),
        ("app_folder", Next::Gone, "409 path/not_found", Some(WhyUnwalked::AppFolder)),
        ("shared_folder", Next::Forbidden, "422 no_permission", Some(WhyUnwalked::Refused)),
        ("shared_folder", Next::Gone, "409 path/not_found", None),
        ("app_folder", Next::Forbidden, "401 missing_scope files.metadata.read", None),
        ("team_folder", Next::Forbidden, "401 invalid_select_admin", None),
        ("team_folder", Next::Reset(None), "409 reset", None),
    ] {
        let ground = Ground { kind: kind.into(), ..ground() };
        match (ground.hole(Error::new(next, "list", said)), why) {
            (Ok(page), Some(why)) => assert_eq!((page.holes[0].why, page.onward), (why, Onward::End(None))),
            (Err(error), None) => assert_eq!(error.next(), next),
            (got, _) => panic!("{kind} {said}: {got:?}"),
        }
    }
}
