//! Comments on files, and answers to them.

use super::super::wire::Answer;
use super::reply::{Call, Fault, invalid};
use super::route::Told;
use super::state::{Role, State};
use super::tree::Nid;
use super::view::time;
use serde_json::{Value, json};

impl State {
    /// `/comments...`
    pub(super) fn comments_route(&mut self, call: &mut Call<'_>, steps: &[&str]) -> Option<Told> {
        Some(match (call.asked.method.as_str(), steps) {
            ("POST", []) => self.comment_new(call),
            ("GET", [id]) => {
                call.knows_query(&["fields"]);
                self.comment(call, id).map(|(_, _, comment)| Answer::json(200, &comment))
            }
            ("DELETE", [id]) => self.comment_gone(call, id),
            _ => return None,
        })
    }

    /// A comment's number, its file, and what it says, if the caller sees the file.
    fn comment(&self, call: &Call<'_>, id: &str) -> Result<(u64, Nid, Value), Fault> {
        let number: u64 = id.parse().map_err(|_| Fault::not_found())?;
        let comment = self.comments.get(&number).cloned().ok_or_else(Fault::not_found)?;
        let nid = self.file_of_comment(&comment).ok_or_else(Fault::not_found)?;
        if self.role(call.actor, nid).is_none() || !self.tree.is_live(nid) {
            return Err(Fault::not_found());
        }
        Ok((number, nid, comment))
    }

    /// The file of a comment, or of the comment it answers.
    fn file_of_comment(&self, comment: &Value) -> Option<Nid> {
        let id = comment["item"]["id"].as_str()?;
        if comment["item"]["type"] == "comment" {
            return self.file_of_comment(self.comments.get(&id.parse().ok()?)?);
        }
        self.tree.by_id(id)
    }

    fn comment_new(&mut self, call: &mut Call<'_>) -> Told {
        call.knows_query(&["fields"]);
        let body = call.body(&["message", "tagged_message", "item"])?;
        let item = body.get("item").and_then(Value::as_object).cloned().unwrap_or_default();
        call.knows("item.", &item, &["id", "type"]);
        let part = |key: &str| item.get(key).and_then(Value::as_str).unwrap_or("").to_owned();
        let (kind, on) = (part("type"), part("id"));
        let nid = match kind.as_str() {
            "file" => self.seen(call.actor, "file", &on)?,
            "comment" => self.comment(call, &on)?.1,
            other => return Err(invalid("item.type", other, "must be file or comment")),
        };
        if self.role(call.actor, nid) < Some(Role::Viewer) {
            return Err(Fault::forbidden("Access denied - insufficient permission"));
        }
        let text = |key: &str| body.get(key).and_then(Value::as_str).unwrap_or("").to_owned();
        let (message, tagged) = (text("message"), text("tagged_message"));
        if message.is_empty() == tagged.is_empty() {
            return Err(invalid("message", "", "or tagged_message is required, not both"));
        }
        let message = if tagged.is_empty() { message } else { untagged(&tagged) };
        let id = self.fresh();
        let comment = json!({
            "type": "comment", "id": id.to_string(), "is_reply_comment": kind == "comment", "message": message,
            "tagged_message": tagged, "created_by": self.user_mini(call.actor), "created_at": time(self.now),
            "modified_at": time(self.now), "item": {"id": on, "type": kind},
        });
        self.comments.insert(id, comment.clone());
        self.tree.extra_mut(nid).comments.push(id);
        self.noted("comment_made", id, true);
        self.happen("COMMENT_CREATE", Some(call.actor), nid, json!({"comment_id": id.to_string()}));
        Ok(Answer::json(201, &comment))
    }

    /// By whoever wrote it, or whoever the file belongs to.
    fn comment_gone(&mut self, call: &Call<'_>, id: &str) -> Told {
        let (number, nid, comment) = self.comment(call, id)?;
        let own = comment["created_by"]["id"].as_str() == Some(&self.user(call.actor).id.to_string());
        if !own && self.role(call.actor, nid) < Some(Role::CoOwner) {
            return Err(Fault::forbidden("Access denied - insufficient permission"));
        }
        self.comments.remove(&number);
        self.tree.extra_mut(nid).comments.retain(|known| *known != number);
        self.noted("comment_gone", number, true);
        self.happen("COMMENT_DELETE", Some(call.actor), nid, json!({"comment_id": id}));
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

/// A message with `@[id:name]` read as the name.
fn untagged(tagged: &str) -> String {
    let mut said = String::with_capacity(tagged.len());
    let mut rest = tagged;
    while let Some((before, after)) = rest.split_once("@[") {
        said.push_str(before);
        match after.split_once(']') {
            Some((tag, behind)) => {
                said.push_str(tag.split_once(':').map_or(tag, |(_, name)| name));
                rest = behind;
            }
            None => {
                said.push_str("@[");
                rest = after;
            }
        }
    }
    said + rest
}
