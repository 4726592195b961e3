//! Tasks on files, and to whom they are given.
//!
//! <https://developer.box.com/guides/tasks/>

use super::super::wire::Answer;
use super::reply::{Call, Fault, invalid};
use super::route::Told;
use super::state::{Role, State};
use super::tree::{Nid, Uid};
use super::view::time;
use crate::clock::Moment;
use serde_json::{Map, Value, json};

/// A task.
#[derive(Clone, Debug)]
pub(super) struct Task {
    /// Its id.
    pub(super) id: u64,
    /// On which file.
    pub(super) file: Nid,
    /// Who made it.
    pub(super) by: Uid,
    /// What it says.
    pub(super) message: String,
    /// When it shall be done.
    pub(super) due: Option<Moment>,
    /// To whom it is given.
    pub(super) given: Vec<Given>,
    action: &'static str,
    rule: &'static str,
    at: Moment,
}

/// A task given to somebody.
#[derive(Clone, Debug)]
pub(super) struct Given {
    id: u64,
    /// To whom.
    pub(super) to: Uid,
    by: Uid,
    at: Moment,
    state: &'static str,
}

impl State {
    /// `/tasks...` and `/task_assignments...`
    pub(super) fn tasks_route(&mut self, call: &mut Call<'_>, steps: &[&str]) -> Option<Told> {
        Some(match (call.asked.method.as_str(), steps) {
            ("POST", ["tasks"]) => self.task_new(call),
            ("GET", ["tasks", id]) => {
                self.task(call, id).map(|task| Answer::json(200, &self.task_seen(call.actor, &task)))
            }
            ("DELETE", ["tasks", id]) => self.task_gone(call, id),
            ("GET", ["tasks", id, "assignments"]) => {
                let task = self.task(call, id);
                task.map(|task| Answer::json(200, &self.given_list(call.actor, &task)))
            }
            ("POST", ["task_assignments"]) => self.task_given(call),
            ("GET", ["task_assignments", id]) => {
                self.given(call, id).map(|(task, given)| Answer::json(200, &self.given_seen(call.actor, &task, &given)))
            }
            ("PUT", ["task_assignments", id]) => self.task_resolved(call, id),
            ("DELETE", ["task_assignments", id]) => self.task_taken(call, id),
            _ => return None,
        })
    }

    /// The task, if the caller sees its file.
    fn task(&self, call: &Call<'_>, id: &str) -> Result<Task, Fault> {
        let found = id.parse().ok().and_then(|id: u64| self.tasks.get(&id));
        let seen = found.filter(|task| self.role(call.actor, task.file).is_some() && self.tree.is_live(task.file));
        seen.cloned().ok_or_else(Fault::not_found)
    }

    fn given(&self, call: &Call<'_>, id: &str) -> Result<(Task, Given), Fault> {
        let of = |task: &Task| task.given.iter().find(|given| given.id.to_string() == id).cloned();
        let found = self.tasks.values().find_map(|task| Some((task.id, of(task)?)));
        let (task, given) = found.ok_or_else(Fault::not_found)?;
        Ok((self.task(call, &task.to_string())?, given))
    }

    fn task_new(&mut self, call: &mut Call<'_>) -> Told {
        call.knows_query(&[]);
        let body = call.body(&["item", "action", "message", "due_at", "completion_rule"])?;
        let item = body.get("item").cloned().unwrap_or(Value::Null);
        if item["type"] != "file" {
            return Err(invalid("item.type", "", "must be file"));
        }
        let nid = self.seen(call.actor, "file", item["id"].as_str().unwrap_or(""))?;
        if self.role(call.actor, nid) < Some(Role::Viewer) {
            return Err(Fault::forbidden("Access denied - insufficient permission"));
        }
        let due = match body.get("due_at") {
            None | Some(Value::Null) => None,
            Some(text) => {
                let read = text.as_str().and_then(Moment::parse);
                Some(read.ok_or_else(|| invalid("due_at", "", "is not a date"))?)
            }
        };
        let task = Task {
            id: self.fresh(),
            file: nid,
            by: call.actor,
            message: body.get("message").and_then(Value::as_str).unwrap_or("").to_owned(),
            due,
            given: Vec::new(),
            action: read_word(&body, "action", &["review", "complete"])?,
            rule: read_word(&body, "completion_rule", &["all_assignees", "any_assignee"])?,
            at: self.now,
        };
        let seen = self.task_seen(call.actor, &task);
        self.noted("task_made", task.id, true);
        self.happen("TASK_CREATE", Some(call.actor), nid, json!({"task": {"id": task.id.to_string()}}));
        self.tasks.insert(task.id, task);
        Ok(Answer::json(201, &seen))
    }

    fn task_seen(&self, who: Uid, task: &Task) -> Value {
        json!({
            "type": "task",
            "id": task.id.to_string(),
            "item": self.mini(who, task.file),
            "due_at": task.due.map_or(Value::Null, |due| time(due).into()),
            "action": task.action,
            "message": task.message,
            "task_assignment_collection": self.given_list(who, task),
            "is_completed": !task.given.is_empty() && task.given.iter().all(|given| given.state != "incomplete"),
            "created_by": self.user_mini(task.by),
            "created_at": time(task.at),
            "completion_rule": task.rule,
        })
    }

    fn given_list(&self, who: Uid, task: &Task) -> Value {
        let entries: Vec<Value> = task.given.iter().map(|given| self.given_seen(who, task, given)).collect();
        json!({"total_count": entries.len(), "entries": entries})
    }

    fn given_seen(&self, who: Uid, task: &Task, given: &Given) -> Value {
        json!({
            "type": "task_assignment",
            "id": given.id.to_string(),
            "item": self.mini(who, task.file),
            "assigned_to": self.user_mini(given.to),
            "message": "",
            "completed_at": null,
            "assigned_at": time(given.at),
            "reminded_at": null,
            "resolution_state": given.state,
            "assigned_by": self.user_mini(given.by),
        })
    }

    /// The tasks of a file.
    pub(super) fn tasks_of(&mut self, call: &mut Call<'_>, id: &str) -> Told {
        call.knows_query(&[]);
        let nid = self.seen(call.actor, "file", id)?;
        let mine = self.tasks.values().filter(|task| task.file == nid);
        let entries: Vec<Value> = mine.map(|task| self.task_seen(call.actor, task)).collect();
        Ok(Answer::json(200, &json!({"total_count": entries.len(), "entries": entries})))
    }

    fn task_gone(&mut self, call: &Call<'_>, id: &str) -> Told {
        let task = self.task(call, id)?;
        if task.by != call.actor && self.role(call.actor, task.file) < Some(Role::Editor) {
            return Err(Fault::forbidden("Access denied - insufficient permission"));
        }
        self.tasks.remove(&task.id);
        self.noted("task_gone", task.id, true);
        Ok(Answer::empty(204))
    }

    fn task_given(&mut self, call: &mut Call<'_>) -> Told {
        call.knows_query(&[]);
        let body = call.body(&["task", "assign_to"])?;
        let part = |key: &str| body.get(key).and_then(Value::as_object).cloned().unwrap_or_default();
        let (of, to) = (part("task"), part("assign_to"));
        call.knows("task.", &of, &["id", "type"]);
        call.knows("assign_to.", &to, &["id", "login"]);
        if of.get("type").and_then(Value::as_str) != Some("task") {
            return Err(invalid("task.type", "", "must be task"));
        }
        let text = |map: &Map<String, Value>, key: &str| map.get(key).and_then(Value::as_str).unwrap_or("").to_owned();
        let task = self.task(call, &text(&of, "id"))?;
        let whom = self.user_by_id(&text(&to, "id")).or_else(|| self.user_by_login(&text(&to, "login")));
        // The service says 500 for somebody who cannot see the file.
        let whom = whom.filter(|uid| self.role(*uid, task.file).is_some()).ok_or_else(|| {
            Fault::new(500, "internal_server_error", "The task cannot be given to that user")
                .refused("a task for nobody")
        })?;
        if task.given.iter().any(|given| given.to == whom) {
            return Err(Fault::new(409, "conflict", "The task is given to that user already"));
        }
        let given = Given { id: self.fresh(), to: whom, by: call.actor, at: self.now, state: "incomplete" };
        if let Some(kept) = self.tasks.get_mut(&task.id) {
            kept.given.push(given.clone());
        }
        let seen = self.given_seen(call.actor, &task, &given);
        self.noted("task_made", given.id, true);
        self.happen(
            "TASK_ASSIGNMENT_CREATE",
            Some(call.actor),
            task.file,
            json!({"task_assignment": {"id": given.id.to_string()}}),
        );
        Ok(Answer::json(201, &seen))
    }

    fn task_resolved(&mut self, call: &mut Call<'_>, id: &str) -> Told {
        let body = call.body(&["message", "resolution_state"])?;
        let (task, given) = self.given(call, id)?;
        if given.to != call.actor {
            return Err(Fault::forbidden("Access denied - insufficient permission"));
        }
        let fits: &[&'static str] = if task.action == "review" {
            &["incomplete", "approved", "rejected"]
        } else {
            &["incomplete", "completed"]
        };
        let state = read_word(&body, "resolution_state", fits)?;
        let kept = self.tasks.get_mut(&task.id).and_then(|task| task.given.iter_mut().find(|one| one.id == given.id));
        if let Some(kept) = kept {
            kept.state = state;
        }
        self.happen("TASK_ASSIGNMENT_UPDATE", Some(call.actor), task.file, json!({"task_assignment": {"id": id}}));
        Ok(Answer::json(200, &self.given_seen(call.actor, &task, &Given { state, ..given })))
    }

    fn task_taken(&mut self, call: &Call<'_>, id: &str) -> Told {
        let (task, given) = self.given(call, id)?;
        if let Some(kept) = self.tasks.get_mut(&task.id) {
            kept.given.retain(|one| one.id != given.id);
        }
        self.noted("task_gone", given.id, true);
        self.happen("TASK_ASSIGNMENT_DELETE", Some(call.actor), task.file, json!({"task_assignment": {"id": id}}));
        Ok(Answer::empty(204))
    }
}

/// One of some words, the first where the body says nothing.
fn read_word(body: &Map<String, Value>, key: &str, known: &[&'static str]) -> Result<&'static str, Fault> {
    match body.get(key) {
        None | Some(Value::Null) => known.first().copied().ok_or_else(|| invalid(key, "", "is required")),
        Some(word) => {
            let word = word.as_str().unwrap_or("");
            known
                .iter()
                .find(|known| **known == word)
                .copied()
                .ok_or_else(|| invalid(key, word, "is none of the words"))
        }
    }
}
