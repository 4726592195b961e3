//! Answers and errors in the service's shapes.

use super::super::wire::Answer;
use serde_json::{Map, Value, json};

/// An answer that ends a route early.
#[derive(Debug)]
pub(super) struct Stop(pub(super) Box<Answer>);

impl Stop {
    /// Marked as the caller's fault.
    pub(super) fn told_off(self, why: String) -> Self {
        Self(Box::new(self.0.refused(why)))
    }
}

/// What a route gives.
pub(super) type Reply = Result<Answer, Stop>;

/// A JSON answer.
pub(super) fn ok(body: &Value) -> Answer {
    Answer::json(200, body)
}

/// The tail of `error_summary` varies on purpose; ours varies with the text.
fn summary(error: &Value) -> String {
    let mut text = String::new();
    let mut here = error;
    while let Some(tag) = here[".tag"].as_str() {
        text.push_str(tag);
        text.push('/');
        here = &here[tag];
    }
    let dots = 1 + text.len() % 3;
    text + &".".repeat(dots)
}

fn failure(status: u16, error: &Value) -> Answer {
    Answer::json(status, &json!({ "error_summary": summary(error), "error": error }))
}

/// A union's value from its tags: `["path", "not_found"]`.
pub(super) fn tags(path: &[&str]) -> Value {
    let Some((first, rest)) = path.split_first() else {
        return Value::Null;
    };
    let mut object = Map::new();
    object.insert(".tag".into(), (*first).into());
    if !rest.is_empty() {
        object.insert((*first).into(), tags(rest));
    }
    Value::Object(object)
}

/// 409 with an error of the route's own.
pub(super) fn conflict(error: &Value) -> Stop {
    Stop(Box::new(failure(409, error)))
}

/// 409 with an error that is tags only.
pub(super) fn conflict_tags(path: &[&str]) -> Stop {
    conflict(&tags(path))
}

/// 400: the caller's own mistake, in plain text.
pub(super) fn refuse(route: &str, why: &str) -> Stop {
    let text = format!("Error in call to API function \"{route}\": {why}");
    Stop(Box::new(Answer::text(400, text).refused(format!("{route}: {why}"))))
}

/// 401 with a tag; `refused` when the caller could have known.
pub(super) fn unauthorized(error: &Value) -> Stop {
    Stop(Box::new(failure(401, error)))
}

/// 422: the Path-Root header does not fit.
pub(super) fn bad_root(error: &Value) -> Stop {
    Stop(Box::new(failure(422, error)))
}

/// 429 for writers in one namespace.
pub(super) fn contention() -> Stop {
    let error = json!({ "reason": { ".tag": "too_many_write_operations" }, "retry_after": 1 });
    let body = json!({ "error_summary": "too_many_write_operations/..", "error": error });
    Stop(Box::new(Answer::json(429, &body).with("retry-after", "1")))
}

/// JSON for a header: ASCII only, everything above 0x7E escaped.
pub(super) fn header_json(value: &Value) -> String {
    let mut text = String::new();
    for unit in value.to_string().encode_utf16() {
        match u8::try_from(unit) {
            Ok(byte @ 0x20..=0x7e) => text.push(char::from(byte)),
            _ => text.push_str(&format!("\\u{unit:04x}")),
        }
    }
    text
}
