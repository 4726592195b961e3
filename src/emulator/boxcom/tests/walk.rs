//! People, pages, contents: what a client that reads everything meets.

use super::{Desk, header, json, said, text};
use crate::emulator::seed::Fill;
use crate::emulator::wire::Door;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// All items of a folder or the trash by marker, in the order they came, and how its last page said so.
fn paged(desk: &Desk, who: &str, place: &str, limit: u64) -> (Vec<serde_json::Value>, String, usize) {
    let (mut items, mut marker, mut pages) = (Vec::new(), String::new(), 0);
    loop {
        let address = format!(
            "/folders/{place}/items?usemarker=true&limit={limit}&marker={marker}&fields=name,sha1,owned_by,is_externally_owned"
        );
        let page = desk.get(who, &address);
        items.extend(page["entries"].as_array().cloned().unwrap_or_default());
        pages += 1;
        assert!(pages < 100_000, "a walk that does not end");
        marker = match &page["next_marker"] {
            serde_json::Value::String(next) if !next.is_empty() => next.clone(),
            _ => {
                let end = page.get("next_marker").map_or("absent".to_owned(), ToString::to_string);
                return (items, end, pages);
            }
        };
    }
}

#[test]
fn walking_every_tree_finds_each_file_once_with_its_hash() {
    for seed in 1..=6 {
        let fill = Fill { made_up: 2_345, ..Fill::default() };
        let desk = Desk::filled(seed, &fill);
        let mut found: BTreeMap<String, String> = BTreeMap::new();
        for who in ["ada", "carl", "erin", "frank", "grace", "heidi"] {
            let mut places = vec!["0".to_owned(), "trash".to_owned()];
            while let Some(place) = places.pop() {
                for item in paged(&desk, who, &place, 100).0 {
                    match (text(&item["type"]).as_str(), place.as_str()) {
                        ("file", _) => {
                            found.insert(text(&item["id"]), text(&item["sha1"]));
                        }
                        ("folder", "trash") | ("web_link", _) => {}
                        _ => places.push(text(&item["id"])),
                    }
                }
            }
        }
        let wanted: BTreeMap<String, String> =
            desk.tenant.files().into_iter().map(|file| (file.id, file.sha1)).collect();
        assert_eq!(found.len(), wanted.len(), "seed {seed}");
        assert_eq!(found, wanted, "seed {seed}");
        assert!(wanted.len() > 2_345 + 20);
    }
}

#[test]
fn pages_end_in_three_ways_and_some_are_odd() {
    let mut ends = BTreeSet::new();
    let (mut repeated, mut empty_or_short) = (0, 0);
    for seed in 1..=12 {
        let desk = Desk::filled(seed, &Fill { made_up: 400, ..Fill::default() });
        let folder = desk.at("ada", &["Made up", "batch 000000"]);
        let (items, end, pages) = paged(&desk, "ada", &folder, 10);
        ends.insert(end);
        let once: BTreeSet<String> = items.iter().map(|item| text(&item["id"])).collect();
        assert_eq!(once.len(), 400, "seed {seed}");
        repeated += items.len() - once.len();
        empty_or_short += pages - 40;
        desk.tenant.set_odd_pages(0);
        let (items, _, pages) = paged(&desk, "ada", &folder, 10);
        assert_eq!((items.len(), pages), (400, 40), "seed {seed}");
    }
    assert_eq!(ends, ["\"\"", "absent", "null"].map(String::from).into());
    assert!(repeated > 0 && empty_or_short > 0, "{repeated} {empty_or_short}");
}

#[test]
fn offsets_page_too() {
    let desk = Desk::new(1);
    let all = desk.get("grace", "/folders/0/items?limit=1000");
    let total = all["total_count"].as_u64().unwrap_or(0);
    let one_by_one: Vec<String> = (0..total)
        .map(|offset| {
            text(&desk.get("grace", &format!("/folders/0/items?limit=1&offset={offset}"))["entries"][0]["id"])
        })
        .collect();
    let at_once: Vec<String> = all["entries"].as_array().into_iter().flatten().map(|item| text(&item["id"])).collect();
    assert_eq!(one_by_one, at_once);
    assert!(total >= 3);
}

#[test]
fn fields_bring_what_is_named_and_type_id_etag() {
    let desk = Desk::new(1);
    let id = desk.at("grace", &["Links", "open.txt"]);
    let keys = |query: &str| -> Vec<String> {
        let shown = desk.get("grace", &format!("/files/{id}{query}"));
        let mut keys: Vec<String> = shown.as_object().into_iter().flatten().map(|(key, _)| key.clone()).collect();
        keys.sort();
        keys
    };
    assert_eq!(keys("?fields=size,name"), ["etag", "id", "name", "size", "type"]);
    let standard = keys("");
    assert!(standard.contains(&"path_collection".into()) && !standard.contains(&"lock".into()));
}

#[test]
fn people_are_listed_by_kind() {
    let desk = Desk::new(1);
    let logins = |query: &str| -> Vec<String> {
        let page = desk.get("service", &format!("/users?{query}"));
        page["entries"].as_array().into_iter().flatten().map(|user| text(&user["login"])).collect()
    };
    assert_eq!(logins("user_type=managed").len(), 7);
    assert_eq!(logins("user_type=external"), ["pat@partner.example.net"]);
    assert_eq!(logins("filter_term=erin"), ["erin@example.com"]);
    assert_eq!(desk.tenant.people().len(), 8);
    assert_eq!(desk.api("erin", "GET", "/users/me", "").status, 200);
    let holes = desk.tenant.holes();
    assert_eq!(holes[0], (desk.id("ivan"), "inactive owner"));
    let trash = desk.get("frank", "/folders/trash/items");
    let folder = trash["entries"].as_array().into_iter().flatten().find(|item| item["type"] == "folder");
    let folder = text(&folder.unwrap_or(&serde_json::Value::Null)["id"]);
    assert_eq!(holes[1..], [(folder, "refused by the provider")], "what lies in a trashed folder");
    let used = desk.get("service", &format!("/users/{}?fields=space_used", desk.id("grace")));
    assert!(used["space_used"].as_u64().unwrap_or(0) > 100);
}

#[test]
fn an_item_of_others_is_as_good_as_absent() {
    let desk = Desk::new(1);
    let theirs = desk.at("grace", &["Private", "nobody else.txt"]);
    for (who, method, path) in [
        ("erin", "GET", ""),
        ("erin", "GET", "/content"),
        ("erin", "GET", "/collaborations"),
        ("erin", "DELETE", ""),
        ("service", "GET", ""),
    ] {
        let answer = desk.api(who, method, &format!("/files/{theirs}{path}"), "");
        assert_eq!(said(&answer), (404, "not_found".into()), "{who} {method} {path}");
    }
    let joint = desk.at("erin", &["Joint offer", "theirs.txt"]);
    let seen = desk.get("erin", &format!("/files/{joint}?fields=is_externally_owned,owned_by,parent,path_collection"));
    assert_eq!(
        (&seen["is_externally_owned"], text(&seen["owned_by"]["login"])),
        (&true.into(), "pat@partner.example.net".into())
    );
    let folder = desk.at("erin", &["Joint offer"]);
    assert_eq!(text(&desk.get("erin", &format!("/folders/{folder}"))["parent"]["id"]), "0");
}

#[test]
fn signed_addresses_live_a_quarter_of_an_hour_and_take_no_token() {
    let desk = Desk::new(1);
    let id = desk.at("frank", &["States", "three versions.txt"]);
    let redirect = desk.api("frank", "GET", &format!("/files/{id}/content"), "");
    let address = header(&redirect, "location");
    let with_token = desk.signed(&address, &[("authorization", "Bearer x")]);
    assert_eq!((with_token.status, with_token.refused.is_some()), (403, true));
    let altered = address.replace("/d/1/", "/d/1/x");
    assert_eq!(desk.signed(&altered, &[]).status, 404);
    desk.clock.advance(Duration::from_secs(900));
    assert_eq!(desk.signed(&address, &[]).status, 200);
    desk.clock.advance(Duration::from_secs(1));
    assert_eq!(desk.signed(&address, &[]).status, 403);
    assert_eq!(desk.ask(Door::BoxDownload, "GET", "/2.0/files/1/content", &[], b"").status, 404);
}

#[test]
fn ranges_are_cut_as_asked() {
    let desk = Desk::new(1);
    let id = desk.at("frank", &["States", "three versions.txt"]);
    let whole = desk.content("frank", &id).body;
    let len = whole.len();
    let redirect = desk.api("frank", "GET", &format!("/files/{id}/content"), "");
    for (range, status, part) in [
        ("bytes=0-2".to_owned(), 206, &whole[..3]),
        (format!("bytes={}-", len - 2), 206, &whole[len - 2..]),
        ("bytes=-4".to_owned(), 206, &whole[len - 4..]),
        ("bytes=3-99999".to_owned(), 206, &whole[3..]),
        (format!("bytes={len}-"), 416, &[][..]),
        ("lines=1-2".to_owned(), 200, &whole[..]),
    ] {
        let answer = desk.signed(&header(&redirect, "location"), &[("range", &range)]);
        assert_eq!((answer.status, &answer.body[..]), (status, part), "{range}");
        if status == 206 {
            assert!(header(&answer, "content-range").ends_with(&format!("/{len}")), "{range}");
        }
    }
}

#[test]
fn a_version_can_be_pinned() {
    let desk = Desk::new(1);
    let id = desk.at("frank", &["States", "three versions.txt"]);
    let versions = desk.get("frank", &format!("/files/{id}/versions"));
    assert_eq!(versions["total_count"], 2);
    let second = text(&versions["entries"][0]["id"]);
    let redirect = desk.api("frank", "GET", &format!("/files/{id}/content?version={second}"), "");
    assert_eq!(desk.signed(&header(&redirect, "location"), &[]).body, b"The second version.\n");
    assert_eq!(desk.content("frank", &id).body, b"The third version.\n");
    assert_eq!(desk.api("frank", "GET", &format!("/files/{id}/content?version=1"), "").status, 404);
    assert_eq!(
        json(&desk.api("frank", "GET", &format!("/files/{id}"), ""))["sha1"],
        desk.get("frank", &format!("/files/{id}"))["file_version"]["sha1"]
    );
}

#[test]
fn a_million_entries_stay_small() {
    assert!(
        std::mem::size_of::<super::super::tree::Node>() <= 112,
        "{}",
        std::mem::size_of::<super::super::tree::Node>()
    );
}
