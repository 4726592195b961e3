//! What is said to the owner: a comment or a task on the file, one for each order, known again by the order's mark.
//!
//! A task is made and then given: one that was made and not given is found by its mark, and given, when the order goes on.

use super::{At, by, came_of};
use crate::clock::Moment;
use crate::model::ItemKind;
use crate::model::Principal;
use crate::model::action::{Action, Block, ItemState, Order, Target};
use crate::provider::Error;
use crate::provider::boxcom::Tenant;
use crate::provider::boxcom::api::parse;
use crate::provider::boxcom::govern::places::{text, unread};
use crate::provider::boxcom::wire::Paged;
use crate::provider::govern::{Applied, Asked, mark};
use serde_json::{Value, json};
use std::sync::Arc;

/// The order whose comment or task this action takes away; its own, where it leaves one.
fn order_said(order: &Order) -> &str {
    match &order.action {
        Action::RemoveComment { order } | Action::RemoveTask { order } => order,
        _ => &order.id,
    }
}

/// Comments of a page: the most Box gives.
const LIMIT: u64 = 1_000;

/// Comments of one file that are looked through at most: offsets end there.
const COMMENTS_MAX: u64 = 10_000;

impl Tenant {
    /// The id of the order's comment or task. A task that is not given to anybody does not count, except to be taken away.
    pub(in super::super) fn said_state(&self, asked: &Asked<'_>, item: &ItemState) -> Result<Option<Arc<str>>, Error> {
        let Target::Item(target) = &asked.order.on else { return Ok(None) };
        if target.kind != ItemKind::File {
            return Ok(None);
        }
        let mark = mark(order_said(asked.order));
        if asked.facets.comment {
            return self.comment_with(&target.id, &mark, by(item));
        }
        if !asked.facets.task {
            return Ok(None);
        }
        let task = self.task_with(&target.id, &mark, by(item))?;
        let counts = |task: &Value| matches!(asked.order.action, Action::RemoveTask { .. }) || is_given(task);
        Ok(task.filter(counts).and_then(|task| text(&task["id"])))
    }

    fn comment_with(&self, file: &str, mark: &str, by: &Principal) -> Result<Option<Arc<str>>, Error> {
        let mut offset = 0;
        while offset < COMMENTS_MAX {
            let (limit, from) = (LIMIT.to_string(), offset.to_string());
            let query = [("fields", "id,message"), ("limit", &*limit), ("offset", &*from)];
            let doing = format!("list the comments of files/{file}");
            let page: Paged<Value> = self.look_up(&["files", file, "comments"], &query, by, doing)?;
            if let Some(found) = page.entries.iter().find(|one| says(one, mark)) {
                return Ok(text(&found["id"]));
            }
            offset += LIMIT;
            if page.entries.is_empty() || page.total_count.is_some_and(|total| offset >= total) {
                break;
            }
        }
        Ok(None)
    }

    fn task_with(&self, file: &str, mark: &str, by: &Principal) -> Result<Option<Value>, Error> {
        let doing = format!("list the tasks of files/{file}");
        let page: Paged<Value> = self.look_up(&["files", file, "tasks"], &[], by, doing)?;
        Ok(page.entries.into_iter().find(|one| says(one, mark)))
    }

    /// Comments.
    pub(super) fn comment(&self, at: At<'_>, now: &ItemState, text: &str) -> Applied {
        if at.kind != ItemKind::File {
            return only_files();
        }
        let body = json!({"item": {"type": "file", "id": at.id}, "message": text});
        came_of(self.post(&["comments"], &body, by(now), at.doing("comment on")))
    }

    /// Makes a task, unless an earlier try made it, and gives it to the owner.
    pub(super) fn task(
        &self,
        asked: &Asked<'_>,
        at: At<'_>,
        now: &ItemState,
        text: &str,
        due: Option<Moment>,
    ) -> Applied {
        if at.kind != ItemKind::File {
            return only_files();
        }
        let Some(owner) = now.owner.as_ref().and_then(|owner| owner.account.clone()) else {
            return Applied::Blocked(Block::NobodyToAct);
        };
        let (mut requests, found) = match self.task_with(at.id, &mark(&asked.order.id), by(now)) {
            Ok(found) => (Vec::new(), found),
            Err(error) => return unread(error),
        };
        let task = match found {
            Some(task) if is_given(&task) => return Applied::Done(requests),
            Some(task) => task,
            None => match self.make_task(at, now, text, due) {
                Ok((made, task)) => {
                    requests = made;
                    task
                }
                Err(applied) => return applied,
            },
        };
        let body = json!({"task": {"type": "task", "id": id_of(&task)}, "assign_to": {"id": owner}});
        match came_of(self.post(&["task_assignments"], &body, by(now), at.doing("give a task on"))) {
            Applied::Done(given) => Applied::Done(requests.into_iter().chain(given).collect()),
            applied => applied,
        }
    }

    fn make_task(
        &self,
        at: At<'_>,
        now: &ItemState,
        text: &str,
        due: Option<Moment>,
    ) -> Result<(Vec<Arc<str>>, Value), Applied> {
        let mut body = json!({"item": {"type": "file", "id": at.id}, "action": "complete", "message": text});
        if let Some(due) = due {
            body["due_at"] = due.to_string().into();
        }
        let doing = at.doing("make a task on");
        match self.post(&["tasks"], &body, by(now), doing.clone()) {
            // An answer that cannot be read leaves open which task it is: it is looked for.
            Ok(reply) => match parse::<Value>(&reply, &doing) {
                Ok(task) if id_of(&task).is_some() => Ok((requests_of(came_of(Ok(reply))), task)),
                Ok(_) => Err(Applied::Moved),
                Err(error) => Err(Applied::Unclear(error)),
            },
            Err(error) => Err(came_of(Err(error))),
        }
    }
}

fn requests_of(applied: Applied) -> Vec<Arc<str>> {
    if let Applied::Done(requests) = applied { requests } else { Vec::new() }
}

fn id_of(task: &Value) -> Option<Arc<str>> {
    text(&task["id"])
}

fn says(one: &Value, mark: &str) -> bool {
    one["message"].as_str().is_some_and(|message| message.contains(mark))
}

fn is_given(task: &Value) -> bool {
    task["task_assignment_collection"]["entries"].as_array().is_some_and(|given| !given.is_empty())
}

fn only_files() -> Applied {
    Applied::Blocked(Block::NotOffered("comments and tasks are for files: act on a file in the folder".into()))
}
