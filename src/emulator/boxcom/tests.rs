//! Routes of the tenant, as tables.

use super::super::seed::Fill;
use super::super::wire::{Answer, Asked, Cloud, Door};
use super::{Tenant, keys};
use crate::clock::Clock;
use serde_json::Value;

/// A tenant, its clock, and a token of the service account.
struct Bench {
    tenant: Tenant,
    clock: Clock,
    token: String,
}

impl Bench {
    fn new(seed: u64, made_up: u64) -> Self {
        let clock = Clock::movable();
        let fill = Fill { made_up, ..Fill::default() };
        let tenant = Tenant::new(seed, clock.clone(), &fill);
        tenant.set_doors(&[
            (Door::BoxApi, "http://api".into()),
            (Door::BoxUpload, "http://up".into()),
            (Door::BoxDownload, "http://dl".into()),
        ]);
        let mut bench = Self { tenant, clock, token: String::new() };
        bench.token = bench.ccg("enterprise", keys::ENTERPRISE_ID);
        bench
    }

    fn asked(&self, door: Door, method: &str, address: &str, headers: &[(&str, &str)], body: &[u8]) -> Asked {
        let (path, query) = address.split_once('?').unwrap_or((address, ""));
        Asked {
            door,
            method: method.into(),
            path: path.into(),
            query: query.into(),
            headers: headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect(),
            body: body.into(),
            at: self.clock.now(),
        }
    }

    fn ccg(&self, kind: &str, id: &str) -> String {
        let form = format!(
            "grant_type=client_credentials&client_id={}&client_secret={}&box_subject_type={kind}&box_subject_id={id}",
            keys::CLIENT_ID,
            keys::CLIENT_SECRET
        );
        let answer = self.tenant.answer(&self.asked(Door::BoxApi, "POST", "/oauth2/token", &[], form.as_bytes()));
        assert_eq!(answer.status, 200, "{}", String::from_utf8_lossy(&answer.body));
        json(&answer)["access_token"].as_str().unwrap_or("").to_owned()
    }

    fn api(&self, who: &str, method: &str, address: &str, body: &str) -> Answer {
        let bearer = format!("Bearer {}", self.token);
        let id = self.tenant.user_id(who).unwrap_or_default();
        let mut headers = vec![("authorization", bearer.as_str())];
        if who != "service" {
            headers.push(("as-user", &id));
        }
        self.tenant.answer(&self.asked(Door::BoxApi, method, &format!("/2.0{address}"), &headers, body.as_bytes()))
    }
}

fn json(answer: &Answer) -> Value {
    serde_json::from_slice(&answer.body).unwrap_or(Value::Null)
}

#[test]
fn one_file_is_listed_and_downloaded() {
    let bench = Bench::new(1, 0);
    let root = json(&bench.api("grace", "GET", "/folders/0/items?usemarker=true&limit=1000", ""));
    let links = root["entries"].as_array().and_then(|all| all.iter().find(|item| item["name"] == "Links")).cloned();
    let id = links.as_ref().and_then(|item| item["id"].as_str()).unwrap_or("?");
    let page = json(&bench.api(
        "grace",
        "GET",
        &format!("/folders/{id}/items?usemarker=true&limit=1000&fields=name,sha1,size"),
        "",
    ));
    let file = &page["entries"][0];
    let id = file["id"].as_str().unwrap_or("?");
    let redirect = bench.api("grace", "GET", &format!("/files/{id}/content"), "");
    assert_eq!(redirect.status, 302);
    let address = redirect
        .headers
        .iter()
        .find(|(name, _)| name == "location")
        .map(|(_, value)| value.clone())
        .unwrap_or_default();
    let path = address.strip_prefix("http://dl").unwrap_or("?");
    let body = bench.tenant.answer(&bench.asked(Door::BoxDownload, "GET", path, &[], b""));
    assert_eq!(body.status, 200);
    assert_eq!(super::tree::hex(&super::tree::sha1_of(&body.body)), file["sha1"].as_str().unwrap_or("?"));
}
