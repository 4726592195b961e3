//! The tenant's rules, row by row, without a socket.

mod effects;
mod entry;
mod limits;
mod listings;
mod people;
mod shares;
mod writes;

use super::*;
use crate::emulator::seed::SeedFile;
use serde_json::Value;
use std::cell::RefCell;

/// Who a call acts as.
#[derive(Clone, Copy, Debug)]
enum As {
    Team,
    User(&'static str),
    Admin(&'static str),
}

/// A tenant and a token.
struct Desk {
    tenant: Tenant,
    clock: Clock,
    token: RefCell<String>,
}

fn ask(door: Door, path: &str, headers: &[(&str, &str)], body: &[u8], clock: &Clock) -> Asked {
    Asked {
        door,
        method: "POST".into(),
        path: path.into(),
        query: String::new(),
        headers: headers.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect(),
        body: body.to_vec(),
        at: clock.now(),
    }
}

fn json_of(answer: &Answer) -> Value {
    serde_json::from_slice(&answer.body).unwrap_or(Value::Null)
}

impl Desk {
    fn new() -> Self {
        let file = |path: &[&str], body: &[u8]| SeedFile {
            path: path.iter().map(|step| (*step).to_owned()).collect(),
            body: body.into(),
        };
        let files = vec![
            file(&["erin", "Reports", "Übersicht 王 🎉.txt"], b"erin's report"),
            file(&["erin", "Reports", "Deep", "er", "b.txt"], b"b"),
            file(&["frank", "a.txt"], b"frank's a"),
            file(&["team", "Handbook.txt"], b"everybody's"),
        ];
        Self::with(&Fill { files, ..Fill::default() })
    }

    fn with(fill: &Fill) -> Self {
        let clock = Clock::movable();
        clock.advance(Duration::from_secs(1_700_000_000));
        let tenant = Tenant::new(1, clock.clone(), fill);
        let desk = Self { tenant, clock, token: RefCell::new(String::new()) };
        desk.sign_in();
        desk
    }

    fn form(&self, fields: &[(&str, &str)]) -> Answer {
        let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        let kind = [("content-type", "application/x-www-form-urlencoded")];
        self.tenant.answer(&ask(Door::DropboxApi, "/oauth2/token", &kind, body.as_bytes(), &self.clock))
    }

    fn sign_in(&self) {
        let keys = self.tenant.keys();
        let answer = self.form(&[
            ("grant_type", "refresh_token"),
            ("refresh_token", &keys.refresh_token),
            ("client_id", &keys.app_key),
            ("client_secret", &keys.app_secret),
        ]);
        let body = json_of(&answer);
        *self.token.borrow_mut() = body["access_token"].as_str().expect("a token").to_owned();
    }

    fn member(&self, key: &str) -> String {
        let state = self.tenant.lock();
        state.people.all[state.people.by_key(key).expect(key)].member.clone()
    }

    fn account(&self, key: &str) -> String {
        let state = self.tenant.lock();
        state.people.all[state.people.by_key(key).expect(key)].account.clone()
    }

    /// Id of the first namespace of that name.
    fn space(&self, name: &str) -> String {
        let state = self.tenant.lock();
        let found = state.tree.all_spaces().find(|space| state.tree.space(*space).name == name).expect(name);
        state.tree.space(found).id.clone()
    }

    fn headers(&self, who: As, root: Option<&str>) -> Vec<(String, String)> {
        let mut headers = vec![("authorization".to_owned(), format!("Bearer {}", self.token.borrow()))];
        match who {
            As::Team => {}
            As::User(key) => headers.push(("dropbox-api-select-user".into(), self.member(key))),
            As::Admin(key) => headers.push(("dropbox-api-select-admin".into(), self.member(key))),
        }
        if let Some(root) = root {
            let header = json!({ ".tag": "namespace_id", "namespace_id": root });
            headers.push(("dropbox-api-path-root".into(), header.to_string()));
        }
        headers
    }

    fn send(&self, door: Door, route: &str, headers: &[(String, String)], body: &[u8]) -> Answer {
        let headers: Vec<(&str, &str)> = headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        self.tenant.answer(&ask(door, &format!("/2/{route}"), &headers, body, &self.clock))
    }

    /// Calls a route of JSON in and out.
    fn call(&self, who: As, root: Option<&str>, route: &str, argument: &Value) -> (u16, Value) {
        let mut headers = self.headers(who, root);
        headers.push(("content-type".into(), "application/json".into()));
        let answer = self.send(Door::DropboxApi, route, &headers, argument.to_string().as_bytes());
        (answer.status, json_of(&answer))
    }

    /// Calls and wants a 200.
    fn good(&self, who: As, route: &str, argument: &Value) -> Value {
        let (status, body) = self.call(who, None, route, argument);
        assert_eq!(status, 200, "{route} {argument}: {body}");
        body
    }

    /// Calls and wants a 409 of these tags.
    fn bad(&self, who: As, route: &str, argument: &Value, tags: &str) {
        let (status, body) = self.call(who, None, route, argument);
        let summary = body["error_summary"].as_str().unwrap_or_default();
        assert!(status == 409 && summary.starts_with(tags), "{route} {argument}: {status} {body}");
    }

    fn content(&self, who: As, route: &str, argument: &Value, more: &[(&str, &str)], body: &[u8]) -> Answer {
        let mut headers = self.headers(who, None);
        headers.push(("dropbox-api-arg".into(), reply::header_json(argument)));
        headers.extend(more.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
        self.send(Door::DropboxContent, route, &headers, body)
    }

    fn upload(&self, who: As, argument: &Value, body: &[u8]) -> (u16, Value) {
        let answer = self.content(who, "files/upload", argument, &[("content-type", "application/octet-stream")], body);
        (answer.status, json_of(&answer))
    }

    /// All entries of a listing, page by page, with its last cursor.
    fn listing(&self, who: As, root: Option<&str>, argument: &Value) -> (Vec<Value>, String) {
        let (status, mut page) = self.call(who, root, "files/list_folder", argument);
        let mut entries = Vec::new();
        for _ in 0..100 {
            assert_eq!(status, 200, "{page}");
            entries.extend(page["entries"].as_array().expect("entries").iter().cloned());
            let cursor = page["cursor"].as_str().expect("a cursor").to_owned();
            if page["has_more"] == false {
                return (entries, cursor);
            }
            page = self.call(who, root, "files/list_folder/continue", &json!({ "cursor": cursor })).1;
        }
        panic!("a listing without an end");
    }

    /// What comes after a cursor: tag and path of each entry.
    fn news(&self, who: As, root: Option<&str>, cursor: &mut String) -> Vec<String> {
        let (status, page) = self.call(who, root, "files/list_folder/continue", &json!({ "cursor": cursor }));
        assert_eq!((status, &page["has_more"]), (200, &json!(false)), "{page}");
        page["cursor"].as_str().expect("a cursor").clone_into(cursor);
        page["entries"].as_array().expect("entries").iter().map(told).collect()
    }
}

/// Tag and path of an entry.
fn told(entry: &Value) -> String {
    let text = |name: &str| entry[name].as_str().unwrap_or("-").to_owned();
    format!("{} {}", text(".tag"), text("path_display"))
}
