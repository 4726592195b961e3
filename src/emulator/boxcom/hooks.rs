//! Webhooks: who wants to hear of what, and the signed notices they get.
//!
//! Notices are put in a queue that whoever runs the tenant empties; nothing is sent from here. Beside the public https addresses
//! that the service takes, plain http to 127.0.0.1 is taken too: notices to such an address are brought
//! ([`crate::emulator::server`]), all others wait for whoever takes them.
//! <https://developer.box.com/guides/webhooks/v2/signatures-v2/>

use super::super::wire::{Answer, Post};
use super::feed::{KINDS, Kind};
use super::items::size;
use super::keys;
use super::reply::{Call, Fault, invalid};
use super::route::Told;
use super::state::State;
use super::tree::{Nid, Uid};
use super::view::time;
use crate::clock::Moment;
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Map, Value, json};

/// As many as one app and user may have.
const MOST: usize = 1_000;
/// Notices that nobody takes are kept up to here; older ones are dropped.
const KEPT: usize = 10_000;

/// A webhook.
#[derive(Clone, Debug)]
pub(super) struct Hook {
    id: u64,
    target: Nid,
    address: String,
    triggers: Vec<String>,
    by: Uid,
    at: Moment,
}

/// A signed notice as a webhook brings it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    /// Where it goes.
    pub address: String,
    /// Header names in lower case, with values.
    pub headers: Vec<(String, String)>,
    /// Body.
    pub body: Vec<u8>,
}

impl State {
    /// `/webhooks...`
    pub(super) fn hooks_route(&mut self, call: &mut Call<'_>, steps: &[&str]) -> Option<Told> {
        let told = match (call.asked.method.as_str(), steps) {
            ("GET", []) => self.hooks_page(call),
            ("POST", []) => self.hook_new(call),
            ("GET", [id]) => self.hook(call, id).map(|hook| Answer::json(200, &self.hook_seen(&hook))),
            ("PUT", [id]) => self.hook_change(call, id),
            ("DELETE", [id]) => self.hook_gone(call, id),
            _ => return None,
        };
        Some(self.needs("manage_webhook").and(told))
    }

    fn hook(&self, call: &Call<'_>, id: &str) -> Result<Hook, Fault> {
        let id: u64 = id.parse().map_err(|_| Fault::not_found())?;
        self.hooks.get(&id).filter(|hook| hook.by == call.actor).cloned().ok_or_else(Fault::not_found)
    }

    fn hooks_page(&mut self, call: &mut Call<'_>) -> Told {
        call.knows_query(&["marker", "limit"]);
        let limit = size(call.limit(100, 200)?);
        let after: u64 = call.number("marker", 0)?;
        let mine: Vec<&Hook> =
            self.hooks.range(after + 1..).map(|(_, hook)| hook).filter(|hook| hook.by == call.actor).collect();
        let entries: Vec<Value> = mine
            .iter()
            .take(limit)
            .map(|hook| json!({"id": hook.id.to_string(), "type": "webhook", "target": self.target_seen(hook.target)}))
            .collect();
        let mut body = json!({"limit": limit, "entries": entries});
        if mine.len() > limit {
            body["next_marker"] = mine[limit - 1].id.to_string().into();
        }
        Ok(Answer::json(200, &body))
    }

    fn hook_new(&mut self, call: &mut Call<'_>) -> Told {
        self.needs("manage_webhook")?;
        let body = call.body(&["target", "address", "triggers"])?;
        let target = body.get("target").cloned().unwrap_or(Value::Null);
        let (kind, id) = (target["type"].as_str().unwrap_or(""), target["id"].as_str().unwrap_or(""));
        if !matches!(kind, "file" | "folder") || id == "0" {
            return Err(invalid("target", id, "must be a file or a folder other than the root"));
        }
        let nid = self.seen(call.actor, kind, id)?;
        if self.hooks.values().any(|hook| hook.by == call.actor && hook.target == nid) {
            return Err(Fault::new(409, "conflict", "This app has already created a webhook for this target"));
        }
        if self.hooks.values().filter(|hook| hook.by == call.actor).count() >= MOST {
            return Err(Fault::new(400, "exceeded_max_webhooks", "The app and user have as many webhooks as they may"));
        }
        let (address, triggers) = (read_address(&body)?, read_triggers(&body)?);
        let hook = Hook { id: self.fresh(), target: nid, address, triggers, by: call.actor, at: self.now };
        let seen = self.hook_seen(&hook);
        self.hooks.insert(hook.id, hook);
        Ok(Answer::json(201, &seen))
    }

    fn hook_change(&mut self, call: &mut Call<'_>, id: &str) -> Told {
        self.needs("manage_webhook")?;
        let mut hook = self.hook(call, id)?;
        let body = call.body(&["target", "address", "triggers"])?;
        if body.contains_key("address") {
            hook.address = read_address(&body)?;
        }
        if body.contains_key("triggers") {
            hook.triggers = read_triggers(&body)?;
        }
        let seen = self.hook_seen(&hook);
        self.hooks.insert(hook.id, hook);
        Ok(Answer::json(200, &seen))
    }

    fn hook_gone(&mut self, call: &Call<'_>, id: &str) -> Told {
        self.needs("manage_webhook")?;
        let hook = self.hook(call, id)?;
        self.hooks.remove(&hook.id);
        self.send(&hook, "WEBHOOK.DELETED", Some(hook.by), hook.target);
        Ok(Answer::empty(204))
    }

    fn target_seen(&self, nid: Nid) -> Value {
        json!({"id": self.tree.id(nid).to_string(), "type": self.tree.kind(nid)})
    }

    fn hook_seen(&self, hook: &Hook) -> Value {
        json!({
            "id": hook.id.to_string(),
            "type": "webhook",
            "target": self.target_seen(hook.target),
            "created_by": self.user_mini(hook.by),
            "created_at": time(hook.at),
            "address": hook.address,
            "triggers": hook.triggers,
        })
    }

    /// Queues notices for all webhooks on an item or on a folder above it.
    pub(super) fn tell_hooks(&mut self, kind: &Kind, by: Option<Uid>, nid: Nid) {
        let Some(trigger) = kind.trigger else { return };
        let prefix = if self.tree.kind(nid) == "folder" { "FOLDER" } else { "FILE" };
        let trigger = trigger.replace('*', prefix);
        let above: Vec<Nid> = self.tree.upwards(nid).collect();
        let meant: Vec<Hook> = self
            .hooks
            .values()
            .filter(|hook| above.contains(&hook.target) && hook.triggers.contains(&trigger))
            .cloned()
            .collect();
        for hook in meant {
            self.send(&hook, &trigger, by, nid);
        }
    }

    /// Takes the notices to addresses on this machine.
    pub(super) fn posts(&mut self) -> Vec<Post> {
        let (here, elsewhere): (Vec<_>, Vec<_>) =
            self.notices.drain(..).partition(|notice| notice.address.starts_with(HERE));
        self.notices = elsewhere.into();
        here.into_iter().map(|notice| Post { address: Some(notice.address), body: notice.body }).collect()
    }

    /// The headers of a notice that goes out now.
    pub(super) fn signed_now(&mut self, body: &[u8], at: Moment) -> Vec<(String, String)> {
        let delivery = self.fresh_code();
        signed(body, &time(at), delivery)
    }

    fn send(&mut self, hook: &Hook, trigger: &str, by: Option<Uid>, nid: Nid) {
        let body = json!({
            "type": "webhook_event",
            "id": self.fresh_code(),
            "created_at": time(self.now),
            "trigger": trigger,
            "webhook": {"id": hook.id.to_string(), "type": "webhook"},
            "created_by": self.doer(by),
            "source": self.standard(hook.by, nid),
            "additional_info": [],
        });
        let body = body.to_string().into_bytes();
        let delivery = self.fresh_code();
        let notice = Notice { address: hook.address.clone(), headers: signed(&body, &time(self.now), delivery), body };
        if self.notices.len() == KEPT {
            self.notices.pop_front();
        }
        self.notices.push_back(notice);
    }
}

/// The headers of a notice.
fn signed(body: &[u8], timestamp: &str, delivery: String) -> Vec<(String, String)> {
    let [primary, secondary] = keys::SIGNATURE_KEYS.map(|key| {
        let key = ring::hmac::Key::new(ring::hmac::HMAC_SHA256, key.as_bytes());
        let mut context = ring::hmac::Context::with_key(&key);
        context.update(body);
        context.update(timestamp.as_bytes());
        BASE64_STANDARD.encode(context.sign())
    });
    [
        ("content-type", "application/json".to_owned()),
        ("box-delivery-id", delivery),
        ("box-delivery-timestamp", timestamp.to_owned()),
        ("box-signature-version", "1".into()),
        ("box-signature-algorithm", "HmacSHA256".into()),
        ("box-signature-primary", primary),
        ("box-signature-secondary", secondary),
    ]
    .map(|(name, value)| (name.to_owned(), value))
    .into()
}

/// What an address on this machine begins with.
const HERE: &str = "http://127.0.0.1:";

/// A public https address on port 443, or one on this machine.
fn read_address(body: &Map<String, Value>) -> Result<String, Fault> {
    let address = body.get("address").and_then(Value::as_str).unwrap_or("");
    let good = url::Url::parse(address).is_ok_and(|url| {
        url.scheme() == "https"
            && url.port().is_none()
            && matches!(url.host(), Some(url::Host::Domain(name)) if name != "localhost")
    });
    if good || (address.starts_with(HERE) && url::Url::parse(address).is_ok()) {
        Ok(address.to_owned())
    } else {
        Err(invalid("address", address, "must be a public https address on port 443"))
    }
}

fn read_triggers(body: &Map<String, Value>) -> Result<Vec<String>, Fault> {
    let list = body.get("triggers").and_then(Value::as_array).cloned().unwrap_or_default();
    let triggers: Vec<String> = list.iter().filter_map(|name| name.as_str().map(String::from)).collect();
    match triggers.iter().find(|name| !is_trigger(name)) {
        Some(odd) => Err(invalid("triggers", odd, "is not a trigger")),
        None if triggers.is_empty() => Err(invalid("triggers", "", "must not be empty")),
        None => Ok(triggers),
    }
}

/// Triggers of kinds the emulator knows, and those it never fires.
fn is_trigger(name: &str) -> bool {
    let never = ["COMMENT.UPDATED", "COLLABORATION.REJECTED", "FOLDER.DOWNLOADED"];
    never.contains(&name)
        || KINDS
            .iter()
            .filter_map(|kind| kind.trigger)
            .any(|known| known == name || ["FILE", "FOLDER"].iter().any(|prefix| known.replace('*', prefix) == name))
}
