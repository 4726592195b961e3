//! Marks: labels, locks, holds, comments, tasks.

mod holds;
mod labels;
mod said;

use super::super::Tenant;
use super::super::api::Change;
use super::places::{At, by, came_of};
use crate::clock::Moment;
use crate::model::ItemKind;
use crate::model::action::{Block, ItemState, Never, Step};
use crate::provider::govern::{Applied, Asked};
use reqwest::Method;
use serde_json::{Value, json};

/// What of the company is asked once and kept for a while.
#[derive(Debug, Default)]
pub(in crate::provider::boxcom) struct Kept {
    labels: labels::Known,
    holds: holds::Known,
}

impl Tenant {
    /// Calls for a step of marks.
    pub(super) fn apply_mark(&self, asked: &Asked<'_>, step: &Step, now: &ItemState) -> Applied {
        let at = match At::of(asked) {
            Ok(at) => at,
            Err(applied) => return applied,
        };
        if at.kind == ItemKind::WebLink {
            return Applied::Blocked(Block::NotOffered("a bookmark carries no marks: act on its folder".into()));
        }
        match step {
            Step::SetLabel { label } => self.set_label(at, now, label),
            Step::ClearLabel => self.clear_label(at, now),
            Step::Lock { until, no_download } => self.set_lock(at, now, &lock(*until, *no_download)),
            Step::Unlock => self.set_lock(at, now, &Value::Null),
            Step::Hold { policy } => self.hold(at, policy),
            Step::EndHold { policy } => self.end_hold(at, policy),
            Step::Comment { text } => self.comment(at, now, text),
            Step::RemoveComment { id } => self.unsay("comments", id, now),
            Step::Task { text, due } => self.task(asked, at, now, text, *due),
            Step::RemoveTask { id } => self.unsay("tasks", id, now),
            _ => Applied::Blocked(Block::Never(Never::WrongTarget)),
        }
    }

    /// Locks or unlocks, if the file is still the one that was read. Whose lock is in the way is known from that reading.
    fn set_lock(&self, at: At<'_>, now: &ItemState, lock: &Value) -> Applied {
        if at.kind != ItemKind::File {
            return Applied::Blocked(Block::NotOffered("only a file has a lock".into()));
        }
        match came_of(self.put(at, now, &json!({"lock": lock}))) {
            Applied::Blocked(Block::Lock(None)) => {
                Applied::Blocked(Block::Lock(now.lock.as_ref().and_then(|lock| lock.by.clone())))
            }
            applied => applied,
        }
    }

    /// Takes a comment or task away, as who made it.
    fn unsay(&self, route: &str, id: &str, now: &ItemState) -> Applied {
        let path = [route, id];
        came_of(self.api.change(&Change::of(Method::DELETE, &path, by(now), format!("delete {route}/{id}"))))
    }
}

/// A lock as it is asked for: its `type` is needed, whatever the published document names it.
fn lock(until: Option<Moment>, no_download: bool) -> Value {
    let mut lock = json!({"type": "lock", "is_download_prevented": no_download});
    if let Some(until) = until {
        lock["expires_at"] = until.to_string().into();
    }
    lock
}

#[cfg(test)]
mod tests;
