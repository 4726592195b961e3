//! Jobs that the service runs by itself: followed to their end, but not for ever.

use super::super::Tenant;
use super::super::route::Route;
use super::super::wire::{inner, tag, text};
use super::failed;
use super::read::Actor;
use crate::provider::govern::Applied;
use crate::provider::{Error, Next};
use serde_json::{Value, json};
use std::time::Duration;

/// The first look at a job; each further one waits half as long again.
const FIRST_LOOK: Duration = Duration::from_millis(500);
/// The longest wait between two looks.
const LOOK_EVERY_MAX: Duration = Duration::from_secs(5);
/// How often one job is looked at: about five minutes.
const LOOKS_MAX: u32 = 60;

impl Tenant {
    /// Follows what a route launched: nothing to follow when it answered at once. Gives what the job brought.
    pub(super) fn launched(&self, by: &Actor, status: &'static Route, launch: &Value) -> Result<Value, Applied> {
        match (tag(launch), text(launch, "async_job_id")) {
            ("async_job_id", Some(job)) => self.follow(by, status, job),
            _ => Ok(launch.clone()),
        }
    }

    /// Follows a job to its end. One whose end is not seen, for whatever reason, leaves open what it did.
    pub(super) fn follow(&self, by: &Actor, status: &'static Route, job: &str) -> Result<Value, Applied> {
        let doing = "follow a change of sharing to its end";
        let unseen = |said: &str| Err(Applied::Unclear(Error::new(Next::Transient, doing, said)));
        let mut wait = FIRST_LOOK;
        for _ in 0..LOOKS_MAX {
            let ask = by.looks(status, doing);
            let told: Value = self.team.desk.rpc(&ask, &json!({ "async_job_id": job })).map_err(Applied::Unclear)?;
            match tag(&told) {
                "in_progress" => {}
                "complete" => return Ok(told),
                "failed" => return Err(refused(doing, inner(&told))),
                _ => return unseen("an end that is not known"),
            }
            if !self.team.desk.wait(wait) {
                return unseen("sluicebox is stopping");
            }
            wait = (wait * 3 / 2).min(LOOK_EVERY_MAX);
        }
        unseen("it runs longer than it is waited for")
    }
}

/// A job that failed says why with the union of the route that launched it, or with one around it.
fn refused(doing: &str, error: &Value) -> Applied {
    let mut tags = Vec::new();
    let mut at = Some(error);
    while let Some(value) = at.filter(|value| !tag(value).is_empty() && tags.len() < 6) {
        let word: String = tag(value).chars().filter(|c| c.is_ascii_lowercase() || *c == '_').take(80).collect();
        tags.push(word);
        at = value.get(tag(value));
    }
    let is_gone = tags.iter().any(|tag| matches!(tag.as_str(), "member_error" | "invalid_id"));
    if is_gone { Applied::Moved } else { failed(Error::new(Next::Forbidden, doing, tags.join("/"))) }
}
