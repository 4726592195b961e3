//! What of a page is taken, and what becomes of it.

use super::*;
use crate::clock::Moment;
use crate::model::Audience;

fn someone(id: &str, role: Role, side: Side, status: Status) -> Person {
    Person {
        id: id.into(),
        account: id.into(),
        login: format!("{id}@example.com").into(),
        name: id.into(),
        side,
        role,
        status,
    }
}

/// 1 admin, 2 co-admin, 3 and 4 members, 5 inactive, 6 of another company, 9 the service account.
fn people() -> Directory {
    let mut people = Directory::new(["example.com".to_owned()]);
    for (id, role, side, status) in [
        ("1", Role::Admin, Side::Internal, Status::Active),
        ("2", Role::CoAdmin, Side::Internal, Status::Active),
        ("3", Role::Member, Side::Internal, Status::Active),
        ("4", Role::Member, Side::Internal, Status::Active),
        ("5", Role::Member, Side::Internal, Status::Inactive),
        ("6", Role::Member, Side::External, Status::Active),
        ("9", Role::Service, Side::Internal, Status::Active),
    ] {
        people.add(someone(id, role, side, status));
    }
    people
}

fn me(id: &str, role: Role) -> Arc<Me> {
    Arc::new(Me { id: id.into(), login: "".into(), name: "".into(), role, enterprise: None, free_bytes: None })
}

fn walk(kind: &str) -> Walk {
    Walk {
        id: "folder:50".into(),
        place: "50".into(),
        kind: kind.into(),
        read_as: Principal::Person("3".into()),
        path: "/Top".into(),
        cursor: None,
    }
}

fn entry(text: &str) -> Listed {
    serde_json::from_str(text).unwrap()
}

#[test]
fn each_item_is_taken_in_one_tree() {
    let people = people();
    let co_admin = Some(me("2", Role::CoAdmin));
    for (owner, me, taken, why) in [
        (r#"{"id":"3"}"#, None, true, "the walked user's own"),
        (r#"{"id":"4"}"#, None, false, "another user's, who is walked too"),
        (r#"{"id":"1"}"#, None, false, "the admin's"),
        (r#"{"id":"5"}"#, None, true, "an inactive user's"),
        (r#"{"id":"6"}"#, None, true, "another company's"),
        (r#"{"id":"77"}"#, None, true, "somebody nobody knows"),
        (r#"{"id":"9"}"#, None, false, "the service account's"),
        ("null", None, true, "nobody's"),
        (r#"{"id":"1"}"#, co_admin.clone(), true, "the admin's, whom a co-admin cannot read as"),
        (r#"{"id":"2"}"#, co_admin.clone(), false, "the co-admin's own"),
        (r#"{"id":"4"}"#, co_admin, false, "a member's, whom a co-admin can read as"),
    ] {
        let reader = Reader { tree: "3".into(), me, people: &people };
        assert_eq!(reader.takes(&entry(&format!(r#"{{"id":"7","owned_by":{owner}}}"#))), taken, "{why}");
    }
}

#[test]
fn who_is_walked() {
    let people = people();
    for (id, me, expected) in [
        ("1", None, None),
        ("5", None, Some(WhyUnwalked::InactiveOwner)),
        ("1", Some(me("2", Role::CoAdmin)), Some(WhyUnwalked::CoAdminGap)),
        ("2", Some(me("2", Role::CoAdmin)), None),
        ("3", Some(me("2", Role::CoAdmin)), None),
        ("2", Some(me("1", Role::Admin)), None),
    ] {
        assert_eq!(why_not(people.by_account(id).unwrap(), me.as_deref()), expected, "{id} {me:?}");
    }
}

#[test]
fn a_person_has_two_walks_and_the_service_account_reads_as_itself() {
    let people = people();
    for (id, trash, expected) in [
        ("3", true, vec![("root:3", "0", "folder", Some("3")), ("trash:3", "trash", "trash", Some("3"))]),
        ("3", false, vec![("root:3", "0", "folder", Some("3"))]),
        ("9", false, vec![("root:9", "0", "folder", None)]),
    ] {
        let walks: Vec<_> = walks_of(people.by_account(id).unwrap(), trash).collect();
        let told: Vec<_> = walks.iter().map(|walk| (&*walk.id, &*walk.place, &*walk.kind, walk.read_as.id())).collect();
        assert_eq!(told, expected);
    }
}

#[test]
fn an_entry_becomes_an_item() {
    let people = people();
    let reader = Reader { tree: "3".into(), me: None, people: &people };
    let full = entry(
        r#"{"type":"file","id":"7","name":"a.txt","etag":"3","size":5,"sha1":"DA39A3EE5E6B4B0D3255BFEF95601890AFD80709",
            "file_version":{"id":"70"},"content_modified_at":"2026-01-01T00:00:00Z","modified_at":"2026-02-01T00:00:00Z",
            "parent":{"id":"50"},"owned_by":{"id":"3","login":"3@example.com"},"has_collaborations":true,
            "shared_link":{"effective_access":"open"},"is_externally_owned":false,
            "classification":{"name":"Confidential"},"lock":{"id":"1"},"trashed_at":null}"#,
    );
    let item = item(full, &walk(FOLDER), &reader).unwrap();
    assert_eq!((&*item.id, item.path.as_deref(), item.size_bytes), ("7", Some("/Top/a.txt"), 5));
    assert_eq!(
        (item.version.as_deref(), item.etag.as_deref(), item.parent.as_deref()),
        (Some("70"), Some("3"), Some("50"))
    );
    assert_eq!(item.hash.unwrap().to_string(), "da39a3ee5e6b4b0d3255bfef95601890afd80709");
    assert_eq!(item.modified, Moment::parse("2026-01-01T00:00:00Z"));
    assert_eq!((item.label.as_deref(), item.locked, item.has_members), (Some("Confidential"), true, true));
    assert_eq!((item.link.unwrap().audience, item.outside_owner), (Audience::Public, false));
    assert_eq!((item.download, &*item.place), (Download::Direct, "3"));
}

#[test]
fn null_and_absent_fields_are_no_fault() {
    let people = people();
    let reader = Reader { tree: "3".into(), me: None, people: &people };
    for (text, kind, outside, download) in [
        (r#"{"type":"file","id":"7"}"#, ItemKind::File, false, Download::Direct),
        (
            r#"{"type":"folder","id":7,"size":900,"name":null,"shared_link":null,"lock":null,"classification":null}"#,
            ItemKind::Folder,
            false,
            Download::None,
        ),
        (r#"{"type":"web_link","id":"7","owned_by":{"id":"6"}}"#, ItemKind::WebLink, true, Download::None),
        (r#"{"type":"file","id":"7","is_externally_owned":true}"#, ItemKind::File, true, Download::Direct),
        (
            r#"{"type":"file","id":"7","owned_by":{"id":"88","login":"x@other.net"}}"#,
            ItemKind::File,
            true,
            Download::Direct,
        ),
    ] {
        let item = item(entry(text), &walk(FOLDER), &reader).unwrap();
        assert_eq!((item.kind, item.outside_owner, &item.download), (kind, outside, &download), "{text}");
        assert_eq!((item.size_bytes, item.link, item.locked), (0, None, false), "{text}");
    }
}

#[test]
fn what_cannot_be_an_item_is_a_hole() {
    let people = people();
    let reader = Reader { tree: "3".into(), me: None, people: &people };
    for text in [r#"{"type":"robot","id":"7"}"#, r#"{"type":"file"}"#, "{}"] {
        let hole = item(entry(text), &walk(FOLDER), &reader).unwrap_err();
        assert_eq!(hole.why, WhyUnwalked::Refused, "{text}");
    }
}

#[test]
fn folders_are_walked_next_except_in_the_trash() {
    let people = people();
    let reader = Reader { tree: "3".into(), me: None, people: &people };
    for (kind, text, found, holes) in [
        (FOLDER, r#"{"type":"folder","id":"8","name":"In"}"#, vec![("folder:8", "/Top/In")], 0),
        (FOLDER, r#"{"type":"file","id":"8"}"#, vec![], 0),
        (TRASH, r#"{"type":"folder","id":"8","trashed_at":"2026-01-01T00:00:00Z"}"#, vec![], 1),
        (TRASH, r#"{"type":"folder","id":"8"}"#, vec![], 1),
    ] {
        let walk = walk(kind);
        let mut page = Page {
            items: Vec::new(),
            gone: Vec::new(),
            found: Vec::new(),
            holes: Vec::new(),
            onward: Onward::End(None),
        };
        below(&item(entry(text), &walk, &reader).unwrap(), &walk, &mut page);
        let told: Vec<_> = page.found.iter().map(|walk| (&*walk.id, &*walk.path)).collect();
        assert_eq!((told, page.holes.len()), (found, holes), "{text}");
    }
}

#[test]
fn a_refused_walk_is_a_hole_with_its_reason() {
    let people = people();
    for (place, tree, me, what, why) in [
        ("0", "5", None, "5", WhyUnwalked::InactiveOwner),
        ("0", "1", Some(me("2", Role::CoAdmin)), "1", WhyUnwalked::CoAdminGap),
        ("trash", "3", None, "3", WhyUnwalked::Refused),
        ("50", "3", None, "50", WhyUnwalked::Refused),
    ] {
        let reader = Reader { tree: tree.into(), me, people: &people };
        let page = refused(&Walk { place: place.into(), ..walk(FOLDER) }, &reader);
        assert_eq!((&*page.holes[0].what, page.holes[0].why), (what, why), "{place} {tree}");
        assert_eq!(page.onward, Onward::End(None));
    }
}
