//! The shapes of refusals, and one request taken apart.

use super::super::wire::{Answer, Asked, Door};
use super::draw;
use super::tree::Uid;
use serde_json::{Map, Value, json};

/// Why a request is not answered with what it asked for. Behind a pointer, since handlers hand it on in every result.
#[derive(Clone, Debug)]
pub(super) struct Fault(Box<Told>);

#[derive(Clone, Debug)]
struct Told {
    status: u16,
    code: &'static str,
    message: String,
    context: Option<Value>,
    headers: Vec<(&'static str, String)>,
    refused: Option<String>,
}

impl Fault {
    /// A fault with the service's own code.
    pub(super) fn new(status: u16, code: &'static str, message: impl Into<String>) -> Self {
        Self(Box::new(Told {
            status,
            code,
            message: message.into(),
            context: None,
            headers: Vec::new(),
            refused: None,
        }))
    }

    /// Gone, or never to be known of.
    pub(super) fn not_found() -> Self {
        Self::new(404, "not_found", "Not Found")
    }

    /// Not allowed.
    pub(super) fn forbidden(message: &str) -> Self {
        Self::new(403, "access_denied_insufficient_permissions", message)
    }

    /// A mistake in the request; always marked for the record.
    pub(super) fn bad(message: impl Into<String>) -> Self {
        let message = message.into();
        Self::new(400, "bad_request", message.clone()).refused(message)
    }

    /// With `context_info`.
    pub(super) fn context(mut self, context: Value) -> Self {
        self.0.context = Some(context);
        self
    }

    /// With a header.
    pub(super) fn header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.0.headers.push((name, value.into()));
        self
    }

    /// Marked as the caller's mistake.
    pub(super) fn refused(mut self, why: impl Into<String>) -> Self {
        self.0.refused = Some(why.into());
        self
    }

    /// As an answer.
    pub(super) fn answer(self, request_id: &str) -> Answer {
        let told = *self.0;
        let mut answer = match told.status {
            // No body at all: https://developer.box.com/guides/api-calls/permissions-and-errors/common-errors/
            401 => Answer::empty(401),
            304 => Answer::empty(304),
            status => Answer::json(
                status,
                &json!({
                    "type": "error",
                    "status": status,
                    "code": told.code,
                    "help_url": "http://developers.box.com/docs/#errors",
                    "message": told.message,
                    "request_id": request_id,
                    "context_info": told.context.unwrap_or(Value::Null),
                }),
            ),
        };
        for (name, value) in told.headers {
            answer = answer.with(name, value);
        }
        answer.refused = told.refused;
        answer
    }
}

/// One authenticated request, taken apart.
#[derive(Debug)]
pub(super) struct Call<'a> {
    /// The request.
    pub(super) asked: &'a Asked,
    /// Steps of the path below the API's root, decoded.
    pub(super) steps: Vec<String>,
    /// Query, decoded.
    query: Vec<(String, String)>,
    /// Whose token it is.
    pub(super) subject: Uid,
    /// Whom it acts for.
    pub(super) actor: Uid,
    /// What was odd about it, though the service would say nothing.
    pub(super) odd: Vec<String>,
}

impl<'a> Call<'a> {
    /// Takes a request apart.
    pub(super) fn new(asked: &'a Asked, steps: Vec<String>, subject: Uid, actor: Uid) -> Self {
        let query = url::form_urlencoded::parse(asked.query.as_bytes()).into_owned().collect();
        Self { asked, steps, query, subject, actor, odd: Vec::new() }
    }

    /// The path's steps as words, for matching.
    pub(super) fn words(&self) -> Vec<String> {
        self.steps.clone()
    }

    /// A value of the query; an empty one counts as absent, as with the service.
    pub(super) fn query(&self, key: &str) -> Option<&str> {
        self.query
            .iter()
            .find(|(name, _)| name == key)
            .map(|(_, value)| value.as_str())
            .filter(|value| !value.is_empty())
    }

    /// Notes query keys other than these: the service ignores them, a client that sends them has a slip.
    pub(super) fn knows_query(&mut self, known: &[&str]) {
        let unknown: Vec<String> = self
            .query
            .iter()
            .filter(|(key, _)| !known.contains(&key.as_str()))
            .map(|(key, _)| format!("query {key} is unknown here"))
            .collect();
        self.odd.extend(unknown);
    }

    /// A number of the query, or what it is without.
    pub(super) fn number(&self, key: &str, without: u64) -> Result<u64, Fault> {
        match self.query(key) {
            None => Ok(without),
            Some(text) => text.parse().map_err(|_| invalid(key, text, "is not a number")),
        }
    }

    /// `limit`: larger than allowed is a 400.
    pub(super) fn limit(&self, without: u64, most: u64) -> Result<u64, Fault> {
        let limit = self.number("limit", without)?;
        if limit > most {
            return Err(invalid("limit", &limit.to_string(), &format!("must be {most} at most")));
        }
        Ok(limit)
    }

    /// True when the query says so.
    pub(super) fn says(&self, key: &str) -> bool {
        // Python's SDK writes `True`.
        self.query(key).is_some_and(|value| value.eq_ignore_ascii_case("true"))
    }

    /// The body as a JSON object, noting keys other than these. No body is an empty object.
    pub(super) fn body(&mut self, known: &[&str]) -> Result<Map<String, Value>, Fault> {
        if self.asked.body.is_empty() {
            return Ok(Map::new());
        }
        match serde_json::from_slice(&self.asked.body) {
            Ok(Value::Object(map)) => {
                self.knows("", &map, known);
                Ok(map)
            }
            _ => Err(Fault::bad("Entity body should be a correctly nested resource attribute name/value pair")),
        }
    }

    /// Notes keys of an object other than these.
    pub(super) fn knows(&mut self, at: &str, map: &Map<String, Value>, known: &[&str]) {
        for key in map.keys().filter(|key| !known.contains(&key.as_str())) {
            self.odd.push(format!("body field {at}{key} is unknown here"));
        }
    }

    /// The fields asked for, `None` for the standard ones.
    pub(super) fn fields(&self) -> Option<Vec<String>> {
        Some(self.query("fields")?.split(',').map(|field| field.trim().to_owned()).collect())
    }
}

/// A value of the query or body that cannot be.
pub(super) fn invalid(name: &str, value: &str, why: &str) -> Fault {
    Fault::bad(format!("Invalid value '{value}'. '{name}' {why}")).context(json!({
        "errors": [{"reason": "invalid_parameter", "name": name, "message": format!("Invalid value '{value}'. '{name}' {why}")}]
    }))
}

/// A request's id, as errors and the header `box-request-id` tell it.
pub(super) fn request_id(seed: u64, number: u64) -> String {
    draw::code(seed ^ 0x4E0, number).chars().take(17).collect()
}

/// The steps of a path below `root`, percent-decoded; `None` when it does not lie below.
pub(super) fn steps(path: &str, root: &str) -> Option<Vec<String>> {
    let rest = path.strip_prefix(root)?;
    if !rest.is_empty() && !rest.starts_with('/') {
        return None;
    }
    Some(rest.split('/').filter(|step| !step.is_empty()).map(decoded).collect())
}

/// A step of a path, percent-decoded.
fn decoded(step: &str) -> String {
    // These are themselves in a path.
    let step = step.replace('+', "%2B").replace('&', "%26");
    url::form_urlencoded::parse(format!("s={step}").as_bytes())
        .next()
        .map_or_else(String::new, |(_, value)| value.into_owned())
}

/// Where the API lies on a door.
pub(super) fn api_root(door: Door) -> &'static str {
    match door {
        Door::BoxUpload => "/api/2.0",
        _ => "/2.0",
    }
}
