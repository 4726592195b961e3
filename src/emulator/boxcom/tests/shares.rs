//! Links, collaborators, labels: what is shared with whom, and what a scan must make of it.

use super::{Desk, json, said, text};
use serde_json::Value;
use std::collections::BTreeMap;

#[test]
fn a_link_is_made_changed_and_removed_by_one_field() {
    let desk = Desk::new(1);
    let id = desk.at("grace", &["Private", "nobody else.txt"]);
    let put = |body: &str| desk.api("grace", "PUT", &format!("/files/{id}?fields=shared_link"), body);
    for (body, status, access) in [
        ("{}", 200, ""),
        ("{\"shared_link\":{}}", 200, "open"),
        ("{\"shared_link\":{\"access\":\"company\"}}", 200, "company"),
        ("{\"shared_link\":{\"password\":\"Str0ng-enough\"}}", 400, "company"),
        ("{\"shared_link\":{\"access\":\"open\",\"password\":\"short\"}}", 400, "company"),
        ("{\"shared_link\":{\"access\":\"open\",\"password\":\"Str0ng-enough\"}}", 200, "open"),
        ("{\"shared_link\":{\"access\":\"everyone\"}}", 400, "open"),
        ("{\"shared_link\":{\"unshared_at\":\"1969-01-01T00:00:00Z\"}}", 400, "open"),
        ("{\"shared_link\":{\"unshared_at\":\"2030-01-01T00:00:00Z\"}}", 200, "open"),
        ("{\"shared_link\":{\"access\":\"collaborators\",\"permissions\":{\"can_download\":false}}}", 400, "open"),
        ("{\"shared_link\":{\"permissions\":{\"can_download\":false}}}", 200, "open"),
        ("{\"shared_link\":null}", 200, ""),
        ("{\"shared_link\":null}", 200, ""),
    ] {
        assert_eq!(put(body).status, status, "{body}");
        let now = desk.get("grace", &format!("/files/{id}?fields=shared_link"));
        assert_eq!(text(&now["shared_link"]["effective_access"]), access, "{body}");
    }
    let first = text(&json(&put("{\"shared_link\":{}}"))["shared_link"]["url"]);
    put("{\"shared_link\":null}");
    assert_ne!(text(&json(&put("{\"shared_link\":{}}"))["shared_link"]["url"]), first, "a new link has a new address");
}

#[test]
fn a_links_time_runs_out() {
    let desk = Desk::new(1);
    let id = desk.at("grace", &["Links", "open until later.txt"]);
    let access =
        |desk: &Desk| text(&desk.get("grace", &format!("/files/{id}?fields=shared_link"))["shared_link"]["access"]);
    assert_eq!(access(&desk), "open");
    desk.clock.advance(std::time::Duration::from_secs(31 * 86_400));
    let mut later = desk;
    later.token = later.ccg("enterprise", super::keys::ENTERPRISE_ID);
    assert_eq!(access(&later), "");
}

#[test]
fn exposure_of_every_kind_of_share_is_known() {
    let desk = Desk::new(1);
    let levels: BTreeMap<String, (&str, bool)> = desk
        .tenant
        .files()
        .into_iter()
        .map(|file| (file.path.last().cloned().unwrap_or_default(), (file.expected.level, file.expected.hidden)))
        .collect();
    for (name, level) in [
        ("open.txt", "public"),
        ("open with password.txt", "public"),
        ("open until later.txt", "public"),
        ("open no longer.txt", "private"),
        ("for the company.txt", "internal"),
        ("for collaborators.txt", "private"),
        ("inherits the link.txt", "public"),
        ("nobody else.txt", "private"),
        ("one colleague.txt", "internal"),
        ("one outsider.txt", "external"),
        ("invited outsider.txt", "external"),
        ("invited colleague.txt", "internal"),
        ("inherits a group.txt", "internal"),
        ("group with an outsider.txt", "external"),
        ("theirs.txt", "external"),
    ] {
        assert_eq!(levels.get(name), Some(&(level, false)), "{name}");
    }
    assert_eq!(levels.get("hidden members.txt"), Some(&("external", true)));
    assert_eq!(levels.get("unseen.txt"), None);
    assert_eq!(levels.get("of an inactive person.txt"), None);
}

fn ids(page: &Value) -> Vec<String> {
    page["entries"].as_array().into_iter().flatten().map(|entry| text(&entry["id"])).collect()
}

#[test]
fn a_file_lists_inherited_collaborators_and_a_folder_its_own() {
    let desk = Desk::new(1);
    let top = desk.at("heidi", &["Finance room"]);
    let year = desk.at("heidi", &["Finance room", "Year"]);
    let file = desk.at("heidi", &["Finance room", "Year", "inherits a group.txt"]);
    let on_top = desk.get("heidi", &format!("/folders/{top}/collaborations"));
    assert_eq!(text(&on_top["entries"][0]["accessible_by"]["name"]), "Finance");
    assert_eq!(ids(&desk.get("heidi", &format!("/folders/{year}/collaborations"))), Vec::<String>::new());
    let inherited = desk.get("heidi", &format!("/files/{file}/collaborations"));
    assert_eq!(ids(&inherited), ids(&on_top));
    assert_eq!(
        (text(&inherited["entries"][0]["item"]["type"]), text(&inherited["entries"][0]["item"]["id"])),
        ("folder".into(), top)
    );
    // Through the group the members see it, others do not.
    for (who, status) in [("erin", 200), ("frank", 200), ("grace", 404)] {
        assert_eq!(desk.api(who, "GET", &format!("/files/{file}"), "").status, status, "{who}");
    }
}

#[test]
fn hidden_collaborators_are_refused_though_they_exist() {
    let desk = Desk::new(1);
    let folder = desk.at("frank", &["Closed list"]);
    let seen =
        desk.get("frank", &format!("/folders/{folder}?fields=has_collaborations,can_non_owners_view_collaborators"));
    assert_eq!(
        (&seen["has_collaborations"], &seen["can_non_owners_view_collaborators"]),
        (&true.into(), &false.into())
    );
    let file = desk.at("frank", &["Closed list", "hidden members.txt"]);
    for address in [format!("/folders/{folder}/collaborations"), format!("/files/{file}/collaborations")] {
        assert_eq!(said(&desk.api("frank", "GET", &address, "")).0, 403, "{address}");
    }
}

#[test]
fn collaborators_come_change_and_go() {
    let desk = Desk::new(1);
    let folder = desk.at("grace", &["Private"]);
    let file = desk.at("grace", &["Private", "nobody else.txt"]);
    let invite = |who: &str, whom: &str, role: &str| {
        let body = format!(
            "{{\"item\":{{\"type\":\"folder\",\"id\":\"{folder}\"}},\"accessible_by\":{whom},\"role\":\"{role}\"}}"
        );
        desk.api(who, "POST", "/collaborations", &body)
    };
    let erin = format!("{{\"type\":\"user\",\"id\":\"{}\"}}", desk.id("erin"));
    let made = invite("grace", &erin, "viewer");
    assert_eq!((made.status, text(&json(&made)["status"])), (201, "accepted".into()));
    let outside = json(&invite("grace", "{\"type\":\"user\",\"login\":\"x@outside.example.org\"}", "editor"));
    assert_eq!(
        (text(&outside["status"]), text(&outside["invite_email"])),
        ("pending".into(), "x@outside.example.org".into())
    );
    assert!(outside["item"].is_null() && outside["accessible_by"].is_null());
    let frank = format!("{{\"type\":\"user\",\"id\":\"{}\"}}", desk.id("frank"));
    for (answer, wanted) in [
        (invite("grace", &erin, "viewer"), (400, "user_already_collaborator")),
        (invite("erin", &frank, "viewer"), (403, "access_denied_insufficient_permissions")),
        (invite("frank", &frank, "viewer"), (404, "not_found")),
        (invite("grace", &frank, "reader"), (400, "bad_request")),
        (
            desk.api("erin", "PUT", &format!("/files/{file}"), "{\"name\":\"x.txt\"}"),
            (403, "access_denied_insufficient_permissions"),
        ),
    ] {
        assert_eq!(said(&answer), (wanted.0, wanted.1.to_owned()));
    }
    let id = text(&json(&made)["id"]);
    assert_eq!(desk.api("grace", "PUT", &format!("/collaborations/{id}"), "{\"role\":\"editor\"}").status, 200);
    assert_eq!(desk.api("erin", "PUT", &format!("/files/{file}"), "{\"name\":\"x.txt\"}").status, 200);
    assert_eq!(desk.api("grace", "PUT", &format!("/collaborations/{id}"), "{\"role\":\"owner\"}").status, 204);
    assert_eq!(text(&desk.get("erin", &format!("/folders/{folder}"))["owned_by"]["login"]), "erin@example.com");
    assert_eq!(
        desk.api("grace", "GET", &format!("/files/{file}"), "").status,
        200,
        "whoever gave it away stays an editor"
    );
    let rest = ids(&desk.get("erin", &format!("/folders/{folder}/collaborations?limit=1")));
    assert_eq!(rest.len(), 1);
    for id in ids(&desk.get("erin", &format!("/folders/{folder}/collaborations"))) {
        assert_eq!(desk.api("erin", "DELETE", &format!("/collaborations/{id}"), "").status, 204);
    }
    assert_eq!(desk.api("grace", "GET", &format!("/files/{file}"), "").status, 404);
}

#[test]
fn an_invitation_is_answered_by_whom_it_names() {
    let desk = Desk::new(1);
    let folder = desk.at("grace", &["Private"]);
    let pat = format!(
        "{{\"item\":{{\"type\":\"folder\",\"id\":\"{folder}\"}},\"accessible_by\":{{\"type\":\"user\",\"id\":\"{}\"}},\"role\":\"viewer\"}}",
        desk.id("pat")
    );
    let made = json(&desk.api("grace", "POST", "/collaborations", &pat));
    assert_eq!(text(&made["status"]), "pending");
    let accept =
        desk.api("grace", "PUT", &format!("/collaborations/{}", text(&made["id"])), "{\"status\":\"accepted\"}");
    assert_eq!(accept.status, 403);
    let closed =
        desk.api("grace", "PUT", &format!("/folders/{folder}"), "{\"is_collaboration_restricted_to_enterprise\":true}");
    assert_eq!(closed.status, 200);
    let outside = pat.replace(&format!("\"id\":\"{}\"", desk.id("pat")), "\"login\":\"y@outside.example.org\"");
    assert_eq!(said(&desk.api("grace", "POST", "/collaborations", &outside)), (403, "forbidden_by_policy".into()));
}

#[test]
fn a_label_is_set_once_then_patched() {
    let desk = Desk::new(1);
    let id = desk.at("frank", &["States", "held.txt"]);
    let place = format!("/files/{id}/metadata/enterprise/securityClassification-6VMVochwUWo");
    let patch = |value: &str| {
        let body =
            format!("[{{\"op\":\"replace\",\"path\":\"/Box__Security__Classification__Key\",\"value\":\"{value}\"}}]");
        let kind = [("content-type", "application/json-patch+json")];
        desk.call(super::Door::BoxApi, "frank", "PUT", &format!("/2.0{place}"), &kind, body.as_bytes())
    };
    let set = |value: &str| {
        desk.api("frank", "POST", &place, &format!("{{\"Box__Security__Classification__Key\":\"{value}\"}}"))
    };
    for (answer, wanted) in [
        (desk.api("frank", "GET", &place, ""), (404, "instance_not_found")),
        (patch("Public"), (404, "instance_not_found")),
        (set("Secret"), (400, "schema_validation_failed")),
        (set("Confidential"), (201, "")),
        (set("Confidential"), (409, "tuple_already_exists")),
        (patch("Restricted"), (200, "")),
        (desk.api("frank", "PUT", &place, "[]"), (415, "unsupported_media_type")),
    ] {
        assert_eq!(said(&answer), (wanted.0, wanted.1.to_owned()));
    }
    assert_eq!(
        text(&desk.get("frank", &format!("/files/{id}?fields=classification"))["classification"]["name"]),
        "Restricted"
    );
    assert_eq!(desk.api("frank", "DELETE", &place, "").status, 204);
    assert!(desk.get("frank", &format!("/files/{id}?fields=classification"))["classification"].is_null());
    let schema = desk.get("frank", "/metadata_templates/enterprise/securityClassification-6VMVochwUWo/schema");
    assert_eq!(schema["fields"][0]["options"].as_array().map(Vec::len), Some(4));
}
