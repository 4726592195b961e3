//! Comments on files.

use super::super::wire::Answer;
use super::reply::{Call, Fault, invalid};
use super::route::Told;
use super::state::{Role, State};
use super::view::time;
use serde_json::{Value, json};

impl State {
    /// `/comments...`
    pub(super) fn comments_route(&mut self, call: &mut Call<'_>, steps: &[&str]) -> Option<Told> {
        Some(match (call.asked.method.as_str(), steps) {
            ("POST", []) => self.comment_new(call),
            ("GET", [id]) => self.comment(id).map(|(_, comment)| Answer::json(200, &comment)),
            ("DELETE", [id]) => self.comment_gone(call, id),
            _ => return None,
        })
    }

    fn comment(&self, id: &str) -> Result<(u64, Value), Fault> {
        let found = id.parse().ok().and_then(|id: u64| Some((id, self.comments.get(&id)?.clone())));
        found.ok_or_else(Fault::not_found)
    }

    fn comment_new(&mut self, call: &mut Call<'_>) -> Told {
        call.knows_query(&["fields"]);
        let body = call.body(&["message", "tagged_message", "item"])?;
        let item = body.get("item").cloned().unwrap_or(Value::Null);
        let nid = self.seen(call.actor, item["type"].as_str().unwrap_or(""), item["id"].as_str().unwrap_or(""))?;
        if self.role(call.actor, nid) < Some(Role::Viewer) {
            return Err(Fault::forbidden("Access denied - insufficient permission"));
        }
        let text = |key: &str| body.get(key).and_then(Value::as_str).unwrap_or("").to_owned();
        if text("message").is_empty() && text("tagged_message").is_empty() {
            return Err(invalid("message", "", "is required"));
        }
        let id = self.fresh();
        let comment = json!({
            "type": "comment", "id": id.to_string(), "is_reply_comment": false, "message": text("message"),
            "tagged_message": text("tagged_message"), "created_by": self.user_mini(call.actor), "created_at": time(self.now),
            "modified_at": time(self.now), "item": {"id": item["id"], "type": item["type"]},
        });
        self.comments.insert(id, comment.clone());
        self.tree.extra_mut(nid).comments.push(id);
        self.happen("COMMENT_CREATE", Some(call.actor), nid, json!({"comment_id": id.to_string()}));
        Ok(Answer::json(201, &comment))
    }

    fn comment_gone(&mut self, call: &Call<'_>, id: &str) -> Told {
        let (number, comment) = self.comment(id)?;
        if comment["created_by"]["id"].as_str() != Some(&self.user(call.actor).id.to_string()) {
            return Err(Fault::forbidden("Access denied - insufficient permission"));
        }
        self.comments.remove(&number);
        if let Some(nid) = comment["item"]["id"].as_str().and_then(|id| self.tree.by_id(id)) {
            self.tree.extra_mut(nid).comments.retain(|known| *known != number);
        }
        Ok(Answer::empty(204))
    }

    /// The comments of a file.
    pub(super) fn comments_of(&mut self, call: &mut Call<'_>, id: &str) -> Told {
        call.knows_query(&["fields", "limit", "offset"]);
        let nid = self.seen(call.actor, "file", id)?;
        let ids = self.tree.extra(nid).map(|extra| extra.comments.clone()).unwrap_or_default();
        self.counted(call, &ids, 1_000, |id| self.comments.get(id).cloned().unwrap_or(Value::Null))
    }
}
