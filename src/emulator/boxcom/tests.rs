//! Routes of the tenant, as tables: each row is a request and what must come of it.

mod acts;
mod feeds;
mod keeps;
mod notes;
mod places;
mod shares;
mod sign_in;
mod walk;
mod writes;

use super::super::seed::Fill;
use super::super::wire::{Answer, Asked, Cloud, Door};
use super::{Tenant, keys};
use crate::clock::Clock;
use serde_json::Value;

/// A tenant, its clock, and a token of the service account.
struct Desk {
    tenant: Tenant,
    clock: Clock,
    token: String,
}

impl Desk {
    fn new(seed: u64) -> Self {
        Self::filled(seed, &Fill::default())
    }

    fn filled(seed: u64, fill: &Fill) -> Self {
        let clock = Clock::movable();
        let tenant = Tenant::new(seed, clock.clone(), fill);
        let doors = [(Door::BoxApi, "http://api"), (Door::BoxUpload, "http://up"), (Door::BoxDownload, "http://dl")];
        tenant.set_doors(&doors.map(|(door, address)| (door, address.to_owned())));
        let mut desk = Self { tenant, clock, token: String::new() };
        desk.token = desk.ccg("enterprise", keys::ENTERPRISE_ID);
        desk
    }

    /// A request as it comes in.
    fn ask(&self, door: Door, method: &str, address: &str, headers: &[(&str, &str)], body: &[u8]) -> Answer {
        let (path, query) = address.split_once('?').unwrap_or((address, ""));
        self.tenant.answer(&Asked {
            door,
            method: method.into(),
            path: path.into(),
            query: query.into(),
            headers: headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect(),
            body: body.into(),
            at: self.clock.now(),
        })
    }

    fn token_answer(&self, form: &str) -> Answer {
        self.ask(Door::BoxApi, "POST", "/oauth2/token", &[], form.as_bytes())
    }

    /// A token by client credentials.
    fn ccg(&self, kind: &str, id: &str) -> String {
        let answer = self.token_answer(&format!(
            "grant_type=client_credentials&client_id={}&client_secret={}&box_subject_type={kind}&box_subject_id={id}",
            keys::CLIENT_ID,
            keys::CLIENT_SECRET
        ));
        text(&json(&answer)["access_token"])
    }

    fn id(&self, who: &str) -> String {
        self.tenant.user_id(who).unwrap_or_default()
    }

    /// A call of the API as somebody of the cast, or as the service account.
    fn api(&self, who: &str, method: &str, address: &str, body: &str) -> Answer {
        self.call(Door::BoxApi, who, method, &format!("/2.0{address}"), &[], body.as_bytes())
    }

    fn call(&self, door: Door, who: &str, method: &str, address: &str, more: &[(&str, &str)], body: &[u8]) -> Answer {
        let (bearer, id) = (format!("Bearer {}", self.token), self.id(who));
        let mut headers = vec![("authorization", bearer.as_str())];
        if who != "service" {
            headers.push(("as-user", &id));
        }
        headers.extend_from_slice(more);
        self.ask(door, method, address, &headers, body)
    }

    /// What requests did since this was last asked: words, ids, and whether anything changed.
    fn done(&self) -> Vec<(&'static str, String, bool)> {
        let effects = self.tenant.effects();
        self.tenant.clear_effects();
        effects.into_iter().map(|effect| (effect.what, effect.on, effect.changed)).collect()
    }

    /// The id at a path, owner's key first.
    fn item(&self, path: &[&str]) -> String {
        self.tenant.id_at(path).unwrap_or_else(|| panic!("nothing at {path:?}"))
    }

    /// An item as it is now.
    fn now(&self, id: &str) -> super::Seen {
        self.tenant.seen(id).unwrap_or_else(|| panic!("{id} was never there"))
    }

    /// Makes somebody of the cast a collaborator; gives the collaboration's id.
    fn invite(&self, by: &str, kind: &str, id: &str, whom: &str, role: &str) -> String {
        let body = format!(
            "{{\"item\":{{\"type\":\"{kind}\",\"id\":\"{id}\"}},\"role\":\"{role}\",\"accessible_by\":{{\"type\":\"user\",\"id\":\"{}\"}}}}",
            self.id(whom)
        );
        let made = self.api(by, "POST", "/collaborations", &body);
        assert_eq!(made.status, 201, "{}", json(&made));
        text(&json(&made)["id"])
    }

    /// What `GET` brings, which must be well.
    fn get(&self, who: &str, address: &str) -> Value {
        let answer = self.api(who, "GET", address, "");
        assert_eq!((answer.status, &answer.refused), (200, &None), "GET {address}: {}", json(&answer));
        json(&answer)
    }

    /// The item at a path of somebody's tree: its id.
    fn at(&self, who: &str, path: &[&str]) -> String {
        path.iter().fold("0".to_owned(), |folder, name| {
            let page = self.get(who, &format!("/folders/{folder}/items?limit=1000"));
            let found = page["entries"].as_array().into_iter().flatten().find(|item| item["name"] == *name);
            text(&found.unwrap_or_else(|| panic!("{name} is not there"))["id"])
        })
    }

    /// The bytes behind a file, by redirect and signed address.
    fn content(&self, who: &str, id: &str) -> Answer {
        let redirect = self.api(who, "GET", &format!("/files/{id}/content"), "");
        assert_eq!(redirect.status, 302, "{}", json(&redirect));
        self.signed(&header(&redirect, "location"), &[])
    }

    /// A signed address, fetched.
    fn signed(&self, address: &str, headers: &[(&str, &str)]) -> Answer {
        self.ask(Door::BoxDownload, "GET", address.strip_prefix("http://dl").unwrap_or("?"), headers, b"")
    }

    /// A new file, by upload.
    fn upload(&self, who: &str, parent: &str, name: &str, body: &str) -> Answer {
        let attributes = format!("{{\"name\":\"{name}\",\"parent\":{{\"id\":\"{parent}\"}}}}");
        self.form(who, "/files/content", &[("attributes", &attributes), ("file", body)], &[])
    }

    /// A form of parts to the upload door.
    fn form(&self, who: &str, path: &str, parts: &[(&str, &str)], more: &[(&str, &str)]) -> Answer {
        let mut body = String::new();
        for (name, content) in parts {
            let file = if *name == "file" { "; filename=\"f\"" } else { "" };
            body += &format!("--edge\r\nContent-Disposition: form-data; name=\"{name}\"{file}\r\n\r\n{content}\r\n");
        }
        body += "--edge--\r\n";
        let mut headers = vec![("content-type", "multipart/form-data; boundary=edge")];
        headers.extend_from_slice(more);
        self.call(Door::BoxUpload, who, "POST", &format!("/api/2.0{path}"), &headers, body.as_bytes())
    }
}

fn json(answer: &Answer) -> Value {
    serde_json::from_slice(&answer.body).unwrap_or(Value::Null)
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or("").to_owned()
}

fn header(answer: &Answer, name: &str) -> String {
    answer.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.clone()).unwrap_or_default()
}

/// Status and the service's code of an answer.
fn said(answer: &Answer) -> (u16, String) {
    (answer.status, text(&json(answer)["code"]))
}

#[test]
fn one_file_is_listed_and_downloaded() {
    let desk = Desk::new(1);
    let id = desk.at("grace", &["Links", "open.txt"]);
    let file = desk.get("grace", &format!("/files/{id}?fields=sha1,size"));
    let body = desk.content("grace", &id);
    assert_eq!((body.status, body.refused), (200, None));
    assert_eq!(crate::emulator::hex(&super::tree::sha1_of(&body.body)), text(&file["sha1"]));
    assert_eq!(file["size"], body.body.len());
}

#[test]
fn what_the_service_would_not_know_is_marked() {
    let desk = Desk::new(1);
    let id = desk.at("grace", &["Links", "open.txt"]);
    let file = format!("/files/{id}");
    for (door, method, address, body, status) in [
        (Door::BoxApi, "GET", "/2.0/nothing".to_owned(), "", 404),
        (Door::BoxApi, "GET", format!("/2.1{file}"), "", 404),
        (Door::BoxUpload, "GET", format!("/api/2.0{file}"), "", 404),
        (Door::BoxApi, "PATCH", format!("/2.0{file}"), "", 404),
        (Door::BoxApi, "PUT", format!("/2.0{file}"), "{\"shared_lnik\":null}", 200),
        (Door::BoxApi, "PUT", format!("/2.0{file}"), "{\"shared_link\":{\"acess\":\"open\"}}", 200),
        (Door::BoxApi, "PUT", format!("/2.0{file}"), "not JSON", 400),
        (Door::BoxApi, "GET", format!("/2.0{file}?feilds=name"), "", 200),
        (Door::BoxApi, "GET", format!("/2.0{file}?fields=nmae"), "", 200),
        (Door::BoxApi, "GET", "/2.0/folders/0/items?use_marker=true".to_owned(), "", 200),
        (Door::BoxApi, "GET", "/2.0/folders/0/items?limit=1001".to_owned(), "", 400),
        (Door::BoxApi, "GET", "/2.0/folders/0/items?offset=10000".to_owned(), "", 400),
        (Door::BoxApi, "GET", "/2.0/folders/0/items?usemarker=true&offset=1".to_owned(), "", 400),
        (Door::BoxApi, "GET", "/2.0/users?user_type=manged".to_owned(), "", 400),
        (Door::BoxApi, "GET", "/2.0/events?stream_type=al".to_owned(), "", 400),
    ] {
        let answer = desk.call(door, "grace", method, &address, &[], body.as_bytes());
        assert_eq!((answer.status, answer.refused.is_some()), (status, true), "{method} {address}: {}", json(&answer));
    }
    // The misspelt fields did nothing but what their rightly spelt neighbours say.
    assert_eq!(text(&desk.get("grace", &file)["shared_link"]["access"]), "open");
}

#[test]
fn a_scope_that_is_missing_is_named() {
    let desk = Desk::new(1);
    for (scope, method, address) in [
        ("manage_managed_users", "GET", "/users"),
        ("manage_groups", "GET", "/groups"),
        ("manage_webhook", "GET", "/webhooks"),
        ("manage_enterprise_properties", "GET", "/events?stream_type=admin_logs_streaming"),
        ("manage_legal_hold", "GET", "/legal_hold_policies"),
        ("manage_data_retention", "GET", "/retention_policies"),
        ("root_readwrite", "GET", "/folders/0/items"),
    ] {
        assert_eq!(desk.api("service", method, address, "").status, 200, "{address}");
        let rest: Vec<&str> = super::SCOPES.into_iter().filter(|known| *known != scope).collect();
        desk.tenant.set_scopes(&rest);
        let answer = desk.api("service", method, address, "");
        assert_eq!(said(&answer), (403, "insufficient_scope".into()), "{address}");
        assert!(header(&answer, "www-authenticate").contains(scope), "{address}");
        desk.tenant.set_scopes(&super::SCOPES);
    }
}

#[test]
fn too_many_calls_are_answered_in_four_forms() {
    let desk = Desk::new(1);
    let asked = Asked {
        door: Door::BoxApi,
        method: "GET".into(),
        path: "/2.0/users/me".into(),
        query: String::new(),
        headers: Vec::new(),
        body: Vec::new(),
        at: desk.clock.now(),
    };
    let forms: Vec<(bool, bool, bool)> = (0..4)
        .map(|form| {
            let answer = desk.tenant.too_many(&asked, form, std::time::Duration::from_millis(1_200));
            assert_eq!(answer.status, 429);
            let after = header(&answer, "retry-after");
            assert!(after.is_empty() || after == "2", "{after}");
            (!after.is_empty(), json(&answer)["code"] == "rate_limit_exceeded", answer.body.is_empty())
        })
        .collect();
    assert_eq!(forms, [(true, false, true), (true, true, false), (true, false, false), (false, true, false)]);
}
