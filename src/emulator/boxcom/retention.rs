//! Retention: policies, what they are put on, and what is retained by them.
//!
//! A retained file can be put in the trash and moved, and stays retained wherever it goes; what it cannot is be deleted for
//! good, lose a version, or go to an owner outside of the enterprise.
//! <https://support.box.com/hc/en-us/articles/360043694374>

use super::super::wire::Answer;
use super::reply::{Call, Fault, invalid};
use super::route::Told;
use super::state::{Home, State};
use super::tree::{Nid, Uid, What};
use super::view::time;
use crate::clock::Moment;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

const FILES: &str = "files_under_retention";
const VERSIONS: &str = "file_versions_under_retention";

/// All retention policies.
#[derive(Debug, Default)]
pub(super) struct Retentions {
    policies: BTreeMap<u64, Retention>,
    assignments: BTreeMap<u64, RetentionOn>,
    /// Files that are retained by themselves: planted, or brought out of a retained folder.
    files: BTreeMap<Nid, u64>,
}

/// A policy.
#[derive(Clone, Debug)]
struct Retention {
    id: u64,
    name: String,
    description: String,
    /// `finite` with so many days, or `indefinite`.
    days: Option<u64>,
    disposition: &'static str,
    by: Uid,
    at: Moment,
}

/// A policy put on a folder, or on all there is.
#[derive(Clone, Copy, Debug)]
struct RetentionOn {
    id: u64,
    policy: u64,
    folder: Option<Nid>,
    by: Uid,
    at: Moment,
}

impl State {
    /// `/retention_policies`, `/retention_policy_assignments`, `/file_version_retentions`
    pub(super) fn retention_route(&mut self, call: &mut Call<'_>, steps: &[&str]) -> Option<Told> {
        if let Err(fault) = self.may_govern(call, "manage_data_retention") {
            return Some(Err(fault));
        }
        Some(match (call.asked.method.as_str(), steps) {
            ("GET", ["retention_policies"]) => self.retention_policies(call),
            ("POST", ["retention_policies"]) => self.retention_new(call),
            ("GET", ["retention_policies", id]) => {
                self.retention(id).map(|policy| Answer::json(200, &self.retention_seen(&policy)))
            }
            ("GET", ["retention_policies", id, "assignments"]) => self.retention_assignments(call, id),
            ("POST", ["retention_policy_assignments"]) => self.retention_assigned(call),
            ("GET", ["retention_policy_assignments", id]) => {
                self.retention_on(id).map(|one| Answer::json(200, &self.retention_on_seen(&one)))
            }
            ("DELETE", ["retention_policy_assignments", id]) => self.retention_lifted(id),
            ("GET", ["retention_policy_assignments", id, FILES | VERSIONS]) => self.under_retention(call, id),
            ("GET", ["file_version_retentions"]) => self.version_retentions(call),
            _ => return None,
        })
    }

    fn retention(&self, id: &str) -> Result<Retention, Fault> {
        let found = id.parse().ok().and_then(|id: u64| self.retentions.policies.get(&id));
        found.cloned().ok_or_else(Fault::not_found)
    }

    fn retention_on(&self, id: &str) -> Result<RetentionOn, Fault> {
        let found = id.parse().ok().and_then(|id: u64| self.retentions.assignments.get(&id));
        found.copied().ok_or_else(Fault::not_found)
    }

    fn retention_policies(&mut self, call: &mut Call<'_>) -> Told {
        call.knows_query(&["policy_name", "policy_type", "created_by_user_id", "fields", "limit", "marker"]);
        if let Some(odd) = call.query("policy_type").filter(|kind| !["finite", "indefinite"].contains(kind)) {
            return Err(invalid("policy_type", odd, "is not a type"));
        }
        let start = call.query("policy_name").unwrap_or("").to_lowercase();
        let kind = call.query("policy_type");
        let all: Vec<&Retention> = self
            .retentions
            .policies
            .values()
            .filter(|policy| policy.name.to_lowercase().starts_with(&start))
            .filter(|policy| kind.is_none_or(|kind| (kind == "finite") == policy.days.is_some()))
            .collect();
        self.listed(call, &all, |policy| self.retention_seen(policy))
    }

    fn retention_mini(&self, policy: &Retention) -> Value {
        let days = policy.days.map_or_else(|| "indefinite".to_owned(), |days| days.to_string());
        json!({
            "type": "retention_policy", "id": policy.id.to_string(), "policy_name": policy.name,
            "retention_length": days, "disposition_action": policy.disposition, "max_extension_length": "none",
        })
    }

    fn retention_seen(&self, policy: &Retention) -> Value {
        let mine = self.retentions.assignments.values().filter(|one| one.policy == policy.id);
        let (folders, all): (Vec<&RetentionOn>, Vec<_>) = mine.partition(|one| one.folder.is_some());
        let mut seen = self.retention_mini(policy);
        let more = json!({
            "description": policy.description, "status": "active", "retention_type": "modifiable",
            "policy_type": if policy.days.is_some() { "finite" } else { "indefinite" },
            "created_by": self.user_mini(policy.by), "created_at": time(policy.at), "modified_at": time(policy.at),
            "can_owner_extend_retention": false, "are_owners_notified": false, "custom_notification_recipients": [],
            "assignment_counts": {"enterprise": all.len(), "folder": folders.len(), "metadata_template": 0},
        });
        if let (Value::Object(seen), Value::Object(more)) = (&mut seen, more) {
            seen.extend(more);
        }
        seen
    }

    fn retention_new(&mut self, call: &mut Call<'_>) -> Told {
        call.knows_query(&[]);
        let body = call.body(&[
            "policy_name",
            "description",
            "policy_type",
            "disposition_action",
            "retention_length",
            "retention_type",
            "can_owner_extend_retention",
            "max_extension_length",
            "are_owners_notified",
            "custom_notification_recipients",
        ])?;
        let (name, days) = (read_text(&body, "policy_name"), read_days(&body)?);
        if name.is_empty() {
            return Err(invalid("policy_name", "", "is required"));
        }
        let wanted = read_text(&body, "disposition_action");
        let known = ["permanently_delete", "remove_retention"].into_iter().find(|known| *known == wanted);
        let disposition = known.ok_or_else(|| invalid("disposition_action", &wanted, "is not an action"))?;
        if self.retentions.policies.values().any(|policy| policy.name == name) {
            return Err(Fault::new(409, "conflict", "A policy with that name exists"));
        }
        let (id, description) = (self.fresh(), read_text(&body, "description"));
        let policy = Retention { id, name, description, days, disposition, by: call.actor, at: self.now };
        let seen = self.retention_seen(&policy);
        self.retentions.policies.insert(id, policy);
        Ok(Answer::json(201, &seen))
    }

    /// The policy of that name, made when there is none.
    pub(super) fn retention_named(&mut self, name: &str) -> u64 {
        if let Some(found) = self.retentions.policies.values().find(|policy| policy.name == name) {
            return found.id;
        }
        let (id, name, at) = (self.fresh(), name.to_owned(), self.now);
        let days = Some(2_555);
        let policy =
            Retention { id, name, description: String::new(), days, disposition: "permanently_delete", by: 0, at };
        self.retentions.policies.insert(id, policy);
        id
    }

    /// Puts a policy on a folder or file.
    pub(super) fn retain(&mut self, policy: u64, nid: Nid) {
        if self.tree.folder(nid).is_some() {
            self.add_retention(policy, Some(nid), 0);
        } else {
            self.retentions.files.insert(nid, policy);
        }
    }

    fn add_retention(&mut self, policy: u64, folder: Option<Nid>, by: Uid) -> RetentionOn {
        let one = RetentionOn { id: self.fresh(), policy, folder, by, at: self.now };
        self.retentions.assignments.insert(one.id, one);
        one
    }

    fn retention_assignments(&mut self, call: &mut Call<'_>, id: &str) -> Told {
        call.knows_query(&["type", "fields", "marker", "limit"]);
        let (policy, kind) = (self.retention(id)?.id, call.query("type"));
        if let Some(odd) = kind.filter(|kind| !["folder", "enterprise", "metadata_template"].contains(kind)) {
            return Err(invalid("type", odd, "is nothing a policy is put on"));
        }
        let fits = |one: &&RetentionOn| {
            let own = if one.folder.is_some() { "folder" } else { "enterprise" };
            one.policy == policy && kind.is_none_or(|kind| kind == own)
        };
        let all: Vec<RetentionOn> = self.retentions.assignments.values().filter(fits).copied().collect();
        self.listed(call, &all, |one| self.retention_on_seen(one))
    }

    fn retention_on_seen(&self, one: &RetentionOn) -> Value {
        let policy = self.retentions.policies.get(&one.policy).map(|policy| self.retention_mini(policy));
        let to = match one.folder {
            Some(nid) => json!({"type": "folder", "id": self.tree.id(nid).to_string()}),
            None => json!({"type": "enterprise", "id": null}),
        };
        json!({
            "type": "retention_policy_assignment", "id": one.id.to_string(), "retention_policy": policy,
            "assigned_to": to, "filter_fields": [], "assigned_by": self.user_mini(one.by),
            "assigned_at": time(one.at), "start_date_field": "upload_date",
        })
    }

    fn retention_assigned(&mut self, call: &mut Call<'_>) -> Told {
        call.knows_query(&[]);
        let body = call.body(&["policy_id", "assign_to", "filter_fields", "start_date_field"])?;
        let policy = self.retention(&read_text(&body, "policy_id"))?.id;
        let to = body.get("assign_to").and_then(Value::as_object).cloned().unwrap_or_default();
        call.knows("assign_to.", &to, &["type", "id"]);
        let (kind, id) = (read_text(&to, "type"), read_text(&to, "id"));
        let folder = match kind.as_str() {
            "folder" => {
                let found = self.tree.by_id(&id).filter(|nid| self.tree.folder(*nid).is_some());
                Some(found.ok_or_else(Fault::not_found)?)
            }
            "enterprise" if id.is_empty() => None,
            "enterprise" => return Err(invalid("assign_to.id", &id, "is not for an enterprise")),
            other => return Err(invalid("assign_to.type", other, "is nothing the emulator retains")),
        };
        if self.retentions.assignments.values().any(|one| one.policy == policy && one.folder == folder) {
            return Err(Fault::new(409, "conflict", "The policy is assigned to that already"));
        }
        let one = self.add_retention(policy, folder, call.actor);
        self.noted("held", id, true);
        self.happen_to_policy("RETENTION_POLICY_ASSIGNMENT_ADD", call.actor, self.retention_on_seen(&one));
        Ok(Answer::json(201, &self.retention_on_seen(&one)))
    }

    fn retention_lifted(&mut self, id: &str) -> Told {
        let one = self.retention_on(id)?;
        self.retentions.assignments.remove(&one.id);
        self.noted("hold_gone", one.folder.map_or_else(String::new, |nid| self.tree.id(nid).to_string()), true);
        Ok(Answer::empty(204))
    }

    fn under_retention(&mut self, call: &mut Call<'_>, id: &str) -> Told {
        call.knows_query(&["marker", "limit"]);
        let one = self.retention_on(id)?;
        let tops: Vec<Nid> = match one.folder {
            Some(nid) => vec![nid],
            None => self.users.iter().filter(|user| user.home != Home::Partner).map(|user| user.root).collect(),
        };
        let all: Vec<Nid> = tops.into_iter().flat_map(|top| self.tree.below(top)).collect();
        let files: Vec<Nid> = all.into_iter().filter(|nid| matches!(self.tree.at(*nid).what, What::File(_))).collect();
        self.listed(call, &files, |nid| self.mini(call.actor, *nid))
    }

    /// What is retained by itself and by folders, of one file or of all.
    fn version_retentions(&mut self, call: &mut Call<'_>) -> Told {
        call.knows_query(&[
            "file_id",
            "file_version_id",
            "policy_id",
            "disposition_action",
            "disposition_before",
            "disposition_after",
            "limit",
            "marker",
        ]);
        let files: Vec<Nid> = match call.query("file_id") {
            Some(id) => vec![self.tree.by_id(id).ok_or_else(Fault::not_found)?],
            None => (0..self.tree.len()).collect(),
        };
        let (version, policy) = (call.query("file_version_id"), call.query("policy_id"));
        let all: Vec<(Nid, u64)> = files
            .into_iter()
            .filter(|nid| matches!(self.tree.at(*nid).what, What::File(_)))
            .filter(|nid| version.is_none_or(|version| version == self.tree.version_id(*nid).to_string()))
            .filter_map(|nid| Some((nid, self.retention_of(nid)?)))
            .filter(|(_, by)| policy.is_none_or(|policy| policy == by.to_string()))
            .collect();
        self.listed(call, &all, |(nid, by)| {
            let policy = self.retentions.policies.get(by);
            let ends = policy.and_then(|policy| policy.days).map(|days| {
                time(self.tree.at(*nid).created.plus(std::time::Duration::from_secs(days.saturating_mul(86_400))))
            });
            json!({
                "type": "file_version_retention", "id": format!("1{}", self.tree.version_id(*nid)),
                "file_version": {"type": "file_version", "id": self.tree.version_id(*nid).to_string(), "sha1": self.tree.sha1(*nid)},
                "file": self.mini(call.actor, *nid), "applied_at": time(self.tree.at(*nid).created), "disposition_at": ends,
                "winning_retention_policy": policy.map(|policy| self.retention_mini(policy)),
            })
        })
    }

    /// The policy that retains an item: its own, or that of a folder above or of the enterprise.
    pub(super) fn retention_of(&self, nid: Nid) -> Option<u64> {
        let all = &self.retentions.assignments;
        self.retentions.files.get(&nid).copied().or_else(|| {
            let above = |folder: Nid| self.tree.upwards(nid).any(|at| at == folder);
            let ours = || self.is_managed(self.tree.owner(nid));
            all.values().find(|one| one.folder.map_or_else(ours, above)).map(|one| one.policy)
        })
    }

    /// Its name.
    pub(super) fn retention_name(&self, nid: Nid) -> Option<String> {
        let policy = self.retention_of(nid)?;
        self.retentions.policies.get(&policy).map(|policy| policy.name.clone())
    }

    /// Refuses an owner outside of the enterprise for what is retained, and lets the rest be retained wherever it goes.
    pub(super) fn retained_to(&mut self, nid: Nid, heir: Uid) -> Result<(), Fault> {
        if self.retentions.assignments.is_empty() && self.retentions.files.is_empty() {
            return Ok(());
        }
        let kept: Vec<(Nid, u64)> =
            self.tree.below(nid).into_iter().filter_map(|at| Some((at, self.retention_of(at)?))).collect();
        if !kept.is_empty() && !self.is_managed(heir) {
            return Err(Fault::new(403, "forbidden_by_policy", "Retained content cannot leave the enterprise"));
        }
        for (at, policy) in kept {
            if self.tree.folder(at).is_none() {
                self.retentions.files.entry(at).or_insert(policy);
            }
        }
        Ok(())
    }
}

fn read_text(body: &Map<String, Value>, key: &str) -> String {
    body.get(key).and_then(Value::as_str).unwrap_or("").to_owned()
}

/// Days of a finite policy, given as number or text; an indefinite one has none.
fn read_days(body: &Map<String, Value>) -> Result<Option<u64>, Fault> {
    let length = body.get("retention_length");
    let days = length.and_then(|days| days.as_u64().or_else(|| days.as_str()?.parse().ok()));
    match (read_text(body, "policy_type").as_str(), days) {
        ("indefinite", None) => Ok(None),
        ("finite", Some(days)) if days > 0 => Ok(Some(days)),
        ("finite" | "indefinite", _) => Err(invalid("retention_length", "", "does not fit the type")),
        (other, _) => Err(invalid("policy_type", other, "is not a type")),
    }
}
