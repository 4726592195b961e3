//! Events, webhooks, and what people do meanwhile.

use super::super::keys;
use super::{Desk, Door, json, said, text};
use crate::emulator::edit::{Edit, Play};
use crate::emulator::wire::Cloud;
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde_json::Value;
use std::collections::BTreeSet;
use std::time::Duration;

fn path(steps: &[&str]) -> Vec<String> {
    steps.iter().map(|step| (*step).to_owned()).collect()
}

fn write(desk: &Desk, by: &'static str, steps: &[&str], body: &str) {
    let deed = Edit::Write { by, path: path(steps), body: body.as_bytes().into() };
    desk.tenant.play(&deed).unwrap_or_else(|why| panic!("{why}"));
}

/// A position as text, whatever the answer made of it.
fn position(page: &Value) -> String {
    match &page["next_stream_position"] {
        Value::String(text) => text.clone(),
        number => number.to_string(),
    }
}

fn streaming(desk: &Desk, at: &str, more: &str) -> Value {
    desk.get("service", &format!("/events?stream_type=admin_logs_streaming&stream_position={at}{more}"))
}

#[test]
fn the_stream_repeats_and_shuffles_but_loses_nothing() {
    let (mut repeats, mut disorder, mut forms) = (0, 0, BTreeSet::new());
    for seed in 1..=8 {
        let desk = Desk::new(seed);
        let start = streaming(&desk, "now", "");
        assert_eq!(start["entries"].as_array().map(Vec::len), Some(0));
        forms.insert(start["next_stream_position"].is_string());
        let mut at = position(&start);
        let (mut ids, mut seen, mut names) = (Vec::new(), BTreeSet::new(), BTreeSet::new());
        for round in 0..20 {
            for number in 0..3 {
                desk.clock.advance(Duration::from_secs(1));
                write(&desk, "erin", &["erin", "Feed", &format!("{round}-{number}.txt")], "x");
            }
            let page = streaming(&desk, &at, "&limit=500");
            let entries = page["entries"].as_array().cloned().unwrap_or_default();
            let times: Vec<String> = entries.iter().map(|event| text(&event["created_at"])).collect();
            disorder += usize::from(!times.is_sorted());
            for event in entries {
                seen.insert(text(&event["event_id"]));
                ids.push(text(&event["event_id"]));
                names.insert(text(&event["source"]["item_name"]));
            }
            at = position(&page);
        }
        repeats += ids.len() - seen.len();
        assert_eq!((seen.len(), names.len()), (60, 60), "seed {seed}");
    }
    assert!(repeats > 0 && disorder > 0, "{repeats} {disorder}");
    assert_eq!(forms.len(), 2, "positions come as text and as numbers");
}

#[test]
fn the_log_is_in_order_and_between_two_moments() {
    let mut desk = Desk::new(2);
    for hour in 0..6 {
        desk.clock.advance(Duration::from_secs(3_600));
        write(&desk, "erin", &["erin", &format!("{hour}.txt")], "x");
    }
    desk.token = desk.ccg("enterprise", keys::ENTERPRISE_ID);
    let names = |query: &str| -> Vec<String> {
        let page = desk.get("service", &format!("/events?stream_type=admin_logs&event_type=UPLOAD{query}"));
        page["entries"].as_array().into_iter().flatten().map(|event| text(&event["source"]["item_name"])).collect()
    };
    assert_eq!(names("").len(), 6);
    assert_eq!(
        names("&created_after=1970-01-01T02:30:00Z&created_before=1970-01-01T05:00:00Z"),
        ["2.txt", "3.txt", "4.txt"]
    );
    desk.tenant.set_log_delay(Duration::from_secs(2 * 3_600 + 1));
    assert_eq!(names(""), ["0.txt", "1.txt", "2.txt"], "the log comes late");
}

#[test]
fn a_lost_position_is_a_400() {
    let mut desk = Desk::new(2);
    let at = position(&streaming(&desk, "now", ""));
    let address = format!("/events?stream_type=admin_logs_streaming&stream_position={at}");
    desk.clock.advance(Duration::from_secs(13 * 86_400));
    desk.token = desk.ccg("enterprise", keys::ENTERPRISE_ID);
    assert_eq!(desk.api("service", "GET", &address, "").status, 200);
    desk.clock.advance(Duration::from_secs(15 * 86_400));
    desk.token = desk.ccg("enterprise", keys::ENTERPRISE_ID);
    let lost = desk.api("service", "GET", &address, "");
    assert_eq!((lost.status, lost.refused), (400, None), "after 14 days");
    for (position, marked) in [("12", true), ("never", true)] {
        let answer = desk.api(
            "service",
            "GET",
            &format!("/events?stream_type=admin_logs_streaming&stream_position={position}"),
            "",
        );
        assert_eq!((answer.status, answer.refused.is_some()), (400, marked), "{position}");
    }
    let fresh = position(&streaming(&desk, "now", ""));
    let asked = crate::emulator::wire::Asked {
        door: Door::BoxApi,
        method: "GET".into(),
        path: "/2.0/events".into(),
        query: format!("stream_type=admin_logs_streaming&stream_position={fresh}"),
        headers: Vec::new(),
        body: Vec::new(),
        at: desk.clock.now(),
    };
    assert!(desk.tenant.forget_position(&asked));
    let forgotten = desk.api("service", "GET", &format!("/events?{}", asked.query), "");
    assert_eq!(said(&forgotten).0, 400);
    assert_eq!(
        streaming(&desk, &position(&streaming(&desk, "now", "")), "")["entries"].as_array().map(Vec::len),
        Some(0)
    );
}

#[test]
fn each_deed_of_the_script_shows_in_the_streams() {
    let desk = Desk::new(2);
    let at = position(&streaming(&desk, "now", ""));
    let first = ["erin", "Script", "a.txt"];
    write(&desk, "erin", &first, "one");
    write(&desk, "erin", &first, "two");
    let second = path(&["erin", "Script", "b.txt"]);
    for deed in [
        Edit::Move { by: "erin", from: path(&first), to: second.clone() },
        Edit::Link { by: "erin", path: second.clone(), audience: Some("public") },
        Edit::Link { by: "erin", path: second.clone(), audience: None },
        Edit::Invite { by: "erin", path: second.clone(), whom: "pat".into() },
        Edit::Invite { by: "erin", path: second.clone(), whom: "nina".into() },
        Edit::View { by: None, path: second.clone() },
        Edit::Delete { by: "erin", path: second.clone() },
    ] {
        desk.tenant.play(&deed).unwrap_or_else(|why| panic!("{why}"));
    }
    assert!(desk.tenant.play(&Edit::Delete { by: "erin", path: second }).is_err());
    let page = streaming(&desk, &at, "&limit=500");
    let mut kinds: Vec<String> =
        page["entries"].as_array().into_iter().flatten().map(|event| text(&event["event_type"])).collect();
    kinds.sort();
    let wanted = "COLLABORATION_ACCEPT COLLABORATION_INVITE COLLABORATION_INVITE DELETE EDIT PREVIEW RENAME SHARE UNSHARE UPLOAD";
    assert_eq!(kinds.join(" "), wanted);
    let visitor =
        page["entries"].as_array().into_iter().flatten().find(|event| event["event_type"] == "PREVIEW").cloned();
    assert_eq!(text(&visitor.unwrap_or_default()["created_by"]["id"]), "2");
    let own = desk.get("erin", "/events?stream_position=0&limit=500");
    let own: BTreeSet<String> =
        own["entries"].as_array().into_iter().flatten().map(|event| text(&event["event_type"])).collect();
    assert!(own.contains("ITEM_UPLOAD") && own.contains("ITEM_TRASH"), "{own:?}");
    assert_eq!(desk.api("erin", "GET", "/events?stream_type=admin_logs_streaming", "").status, 403);
}

#[test]
fn a_long_poll_is_held_until_something_happens() {
    let desk = Desk::new(2);
    let servers = json(&desk.api("erin", "OPTIONS", "/events", ""));
    let url = text(&servers["entries"][0]["url"]);
    let at = position(&desk.get("erin", "/events?stream_position=now"));
    let poll = format!("{}&stream_position={at}", url.strip_prefix("http://api").unwrap_or("?"));
    let quiet = desk.ask(Door::BoxApi, "GET", &poll, &[], b"");
    assert!(quiet.hold.is_some() && json(&quiet)["message"] == "reconnect");
    let before = desk.tenant.version();
    write(&desk, "erin", &["erin", "now.txt"], "x");
    assert_ne!(desk.tenant.version(), before);
    let woken = desk.ask(Door::BoxApi, "GET", &poll, &[], b"");
    assert!(woken.hold.is_none() && json(&woken)["message"] == "new_change");
}

#[test]
fn webhooks_bring_signed_notices_of_what_they_cover() {
    let desk = Desk::new(2);
    write(&desk, "erin", &["erin", "Hooked", "deep", "a.txt"], "x");
    let folder = desk.at("erin", &["Hooked"]);
    let make = |target: &str, address: &str, triggers: &str| {
        let body = format!(
            "{{\"target\":{{\"id\":\"{target}\",\"type\":\"folder\"}},\"address\":\"{address}\",\"triggers\":{triggers}}}"
        );
        desk.api("erin", "POST", "/webhooks", &body)
    };
    let good = "https://hooks.example.com/box";
    for (target, address, triggers, status) in [
        ("0", good, "[\"FILE.UPLOADED\"]", 400),
        (folder.as_str(), "http://hooks.example.com/", "[\"FILE.UPLOADED\"]", 400),
        (folder.as_str(), "https://127.0.0.1/", "[\"FILE.UPLOADED\"]", 400),
        (folder.as_str(), "https://hooks.example.com:8443/", "[\"FILE.UPLOADED\"]", 400),
        (folder.as_str(), good, "[]", 400),
        (folder.as_str(), good, "[\"FILE.EATEN\"]", 400),
        (folder.as_str(), good, "[\"FILE.UPLOADED\",\"FILE.TRASHED\",\"SHARED_LINK.CREATED\"]", 201),
        (folder.as_str(), good, "[\"FILE.UPLOADED\"]", 409),
    ] {
        assert_eq!(make(target, address, triggers).status, status, "{target} {address} {triggers}");
    }
    write(&desk, "erin", &["erin", "Hooked", "deep", "a.txt"], "new");
    write(&desk, "erin", &["erin", "elsewhere.txt"], "not covered");
    let file = path(&["erin", "Hooked", "deep", "a.txt"]);
    desk.tenant
        .play(&Edit::Link { by: "erin", path: file.clone(), audience: Some("public") })
        .unwrap_or_else(|why| panic!("{why}"));
    desk.tenant.play(&Edit::View { by: Some("erin"), path: file }).unwrap_or_else(|why| panic!("{why}"));
    let notices = desk.tenant.take_notices();
    let triggers: Vec<String> = notices
        .iter()
        .map(|notice| text(&serde_json::from_slice::<Value>(&notice.body).unwrap_or_default()["trigger"]))
        .collect();
    assert_eq!(triggers, ["FILE.UPLOADED", "SHARED_LINK.CREATED"]);
    let of = |name: &str| {
        notices[0].headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.clone()).unwrap_or_default()
    };
    for (name, key) in
        [("box-signature-primary", keys::SIGNATURE_KEYS[0]), ("box-signature-secondary", keys::SIGNATURE_KEYS[1])]
    {
        let signed = [&notices[0].body[..], of("box-delivery-timestamp").as_bytes()].concat();
        let key = ring::hmac::Key::new(ring::hmac::HMAC_SHA256, key.as_bytes());
        let signature = BASE64_STANDARD.decode(of(name)).unwrap_or_default();
        assert!(ring::hmac::verify(&key, &signed, &signature).is_ok(), "{name}");
    }
    assert_eq!((of("box-signature-version"), of("box-signature-algorithm")), ("1".into(), "HmacSHA256".into()));
    let hooks = desk.get("erin", "/webhooks");
    let id = text(&hooks["entries"][0]["id"]);
    assert_eq!(desk.api("erin", "DELETE", &format!("/webhooks/{id}"), "").status, 204);
    let last = desk.tenant.take_notices();
    assert!(String::from_utf8_lossy(&last[0].body).contains("WEBHOOK.DELETED"));
}
