//! Which request is answered by which room.

use super::super::wire::{Answer, Asked, Door};
use super::reply::{Call, Fault, api_root, request_id, steps};
use super::state::State;
use serde_json::json;
use std::time::Duration;

/// What a handler says.
pub(super) type Told = Result<Answer, Fault>;

/// True for a request for content: of the API (302 or 202) or of a signed address.
pub(super) fn is_content(asked: &Asked) -> bool {
    asked.method == "GET" && (asked.door == Door::BoxDownload || asked.path.ends_with("/content"))
}

impl State {
    /// Answers one request.
    pub(super) fn answered(&mut self, asked: &Asked) -> Answer {
        self.now = asked.at;
        self.requests += 1;
        self.by_request = true;
        let id = request_id(self.seed, self.requests);
        let answer = match (asked.door, asked.path.as_str()) {
            (Door::BoxDownload, _) => self.download(asked),
            (Door::BoxApi, "/oauth2/token") => self.token(asked),
            (Door::BoxApi, "/oauth2/revoke") => self.revoke(asked),
            (Door::BoxApi, "/api/oauth2/authorize") => self.consent(asked),
            (Door::BoxApi, "/subscribe") => self.subscribe(asked),
            _ => self.api(asked, &id),
        };
        self.by_request = false;
        answer.with("box-request-id", id)
    }

    fn api(&mut self, asked: &Asked, id: &str) -> Answer {
        let Some(steps) = steps(&asked.path, api_root(asked.door)) else {
            return Fault::not_found().refused("no such address on this host").answer(id);
        };
        let told = self.caller(asked).and_then(|(subject, actor)| {
            let mut call = Call::new(asked, steps, subject, actor);
            let told = if asked.door == Door::BoxUpload { self.uploads(&mut call) } else { self.routed(&mut call) };
            told.map(|answer| match call.odd.is_empty() {
                true => answer,
                false => answer.refused(call.odd.join("; ")),
            })
        });
        told.unwrap_or_else(|fault| fault.answer(id))
    }

    /// Whose token, and whom the call acts for.
    fn caller(&mut self, asked: &Asked) -> Result<(super::tree::Uid, super::tree::Uid), Fault> {
        let subject = self.bearer(asked)?;
        self.token_used(asked);
        let actor = self.acting(subject, asked.header("as-user"))?;
        Ok((subject, actor))
    }

    fn routed(&mut self, call: &mut Call<'_>) -> Told {
        let words = call.words();
        let steps: Vec<&str> = words.iter().map(String::as_str).collect();
        let Some((first, rest)) = steps.split_first() else { return no_route(call) };
        if matches!(
            *first,
            "folders"
                | "files"
                | "web_links"
                | "collaborations"
                | "comments"
                | "tasks"
                | "task_assignments"
                | "metadata_cascade_policies"
        ) {
            self.needs("root_readwrite")?;
        }
        let told = match *first {
            "users" => self.users_route(call, rest),
            "groups" | "group_memberships" => self.groups_route(call, &steps),
            "folders" => self.folders_route(call, rest),
            "files" => self.files_route(call, rest),
            "web_links" => self.web_links_route(call, rest),
            "collaborations" => self.collaborations_route(call, rest),
            "metadata_templates" => self.templates_route(call, rest),
            "legal_hold_policies" | "legal_hold_policy_assignments" | "file_version_legal_holds" => {
                self.holds_route(call, &steps)
            }
            "retention_policies" | "retention_policy_assignments" | "file_version_retentions" => {
                self.retention_route(call, &steps)
            }
            "tasks" | "task_assignments" => self.tasks_route(call, &steps),
            "metadata_cascade_policies" => self.cascades_route(call, rest),
            "events" => self.events_route(call, rest),
            "webhooks" => self.hooks_route(call, rest),
            "comments" => self.comments_route(call, rest),
            _ => None,
        };
        told.unwrap_or_else(|| no_route(call))
    }

    /// Whose pace a request uses, and its name in the record.
    pub(super) fn principal(&mut self, asked: &Asked) -> String {
        self.now = asked.at;
        if asked.door == Door::BoxDownload {
            return "download".into();
        }
        match (self.bearer_name(asked), asked.header("as-user")) {
            (Some(_), Some(id)) => format!("user:{}", id.chars().take(20).collect::<String>()),
            (Some(uid), None) => format!("user:{}", self.user(uid).id),
            (None, _) => "nobody".into(),
        }
    }

    /// The answer for too many calls: with a header, with header and body, as plain text, without `Retry-After`.
    pub(super) fn too_many(&mut self, form: u64, wait: Duration) -> Answer {
        self.requests += 1;
        let id = request_id(self.seed, self.requests);
        let secs = wait.as_millis().div_ceil(1_000).max(1).to_string();
        let body = json!({
            "type": "error",
            "status": 429,
            "code": "rate_limit_exceeded",
            "help_url": "http://developers.box.com/docs/#errors",
            "message": "Request rate limit exceeded, please try again later",
            "request_id": id,
        });
        let answer = match form % 4 {
            0 => Answer::empty(429).with("retry-after", secs),
            1 => Answer::json(429, &body).with("retry-after", secs),
            2 => Answer::text(429, "Too many requests").with("retry-after", secs),
            _ => Answer::json(429, &body),
        };
        answer.with("box-request-id", id)
    }
}

fn no_route(call: &Call<'_>) -> Told {
    Err(Fault::not_found().refused(format!("no route {} of {} steps there", call.asked.method, call.steps.len())))
}
