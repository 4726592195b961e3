//! Legal holds: policies, what they are put on, and what is held by them.
//!
//! A held file can be put in the trash, moved and shared as ever; what it cannot is be deleted for good or lose a version.
//! <https://developer.box.com/reference/post-legal-hold-policy-assignments/>

use super::super::wire::Answer;
use super::items::size;
use super::reply::{Call, Fault, invalid};
use super::route::Told;
use super::state::State;
use super::tree::{Nid, Uid, What};
use super::view::time;
use crate::clock::Moment;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

const FILES: &str = "files_on_hold";
const VERSIONS: &str = "file_versions_on_hold";

/// All legal holds.
#[derive(Debug, Default)]
pub(super) struct Holds {
    policies: BTreeMap<u64, Hold>,
    assignments: BTreeMap<u64, HoldOn>,
}

/// A policy.
#[derive(Clone, Debug)]
struct Hold {
    id: u64,
    name: String,
    description: String,
    by: Uid,
    at: Moment,
}

/// A policy put on something.
#[derive(Clone, Copy, Debug)]
pub(super) struct HoldOn {
    id: u64,
    policy: u64,
    on: On,
    by: Uid,
    at: Moment,
}

/// What a policy is put on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum On {
    /// One file.
    File(Nid),
    /// One version of a file.
    Version(Nid, u64),
    /// A folder and all below it.
    Folder(Nid),
    /// All a person owns, as custodian or as owner.
    Person(Uid, &'static str),
}

impl On {
    /// An item as a whole.
    pub(super) fn item(state: &State, nid: Nid) -> Self {
        if matches!(state.tree.at(nid).what, What::Folder(_)) { On::Folder(nid) } else { On::File(nid) }
    }

    fn kind(self) -> &'static str {
        match self {
            On::File(_) => "file",
            On::Version(..) => "file_version",
            On::Folder(_) => "folder",
            On::Person(_, kind) => kind,
        }
    }

    fn id(self, state: &State) -> String {
        match self {
            On::File(nid) | On::Folder(nid) => state.tree.id(nid).to_string(),
            On::Version(_, id) => id.to_string(),
            On::Person(uid, _) => state.user(uid).id.to_string(),
        }
    }

    /// True when a file comes under it.
    fn holds(self, state: &State, nid: Nid) -> bool {
        match self {
            On::File(held) | On::Version(held, _) => held == nid,
            On::Folder(top) => state.tree.upwards(nid).any(|at| at == top),
            On::Person(uid, _) => state.tree.owner(nid) == uid,
        }
    }
}

impl State {
    /// `/legal_hold_policies`, `/legal_hold_policy_assignments`, `/file_version_legal_holds`
    pub(super) fn holds_route(&mut self, call: &mut Call<'_>, steps: &[&str]) -> Option<Told> {
        if let Err(fault) = self.may_govern(call, "manage_legal_hold") {
            return Some(Err(fault));
        }
        Some(match (call.asked.method.as_str(), steps) {
            ("GET", ["legal_hold_policies"]) => self.hold_policies(call),
            ("POST", ["legal_hold_policies"]) => self.hold_new(call),
            ("GET", ["legal_hold_policies", id]) => {
                self.hold_of(id).map(|hold| Answer::json(200, &self.hold_seen(&hold)))
            }
            ("DELETE", ["legal_hold_policies", id]) => self.hold_gone(call, id),
            ("GET", ["legal_hold_policy_assignments"]) => self.hold_assignments(call),
            ("POST", ["legal_hold_policy_assignments"]) => self.hold_assigned(call),
            ("GET", ["legal_hold_policy_assignments", id]) => {
                self.hold_on(id).map(|on| Answer::json(200, &self.assignment_seen(&on)))
            }
            ("DELETE", ["legal_hold_policy_assignments", id]) => self.hold_lifted(call, id),
            ("GET", ["legal_hold_policy_assignments", id, what @ (FILES | VERSIONS)]) => self.on_hold(call, id, what),
            ("GET", ["file_version_legal_holds"]) => self.version_holds(call),
            _ => return None,
        })
    }

    /// Refuses what only admins of a company with Box Governance may ask.
    pub(super) fn may_govern(&self, call: &Call<'_>, scope: &str) -> Result<(), Fault> {
        self.needs(scope)?;
        self.needs_admin(call.actor)?;
        if self.rights.governance {
            return Ok(());
        }
        Err(Fault::forbidden("The enterprise does not have Box Governance"))
    }

    /// A page of a list with markers.
    pub(super) fn listed<T>(&self, call: &Call<'_>, all: &[T], seen: impl Fn(&T) -> Value) -> Told {
        let limit = call.limit(100, 1_000)?;
        let from: u64 = match call.query("marker") {
            None => 0,
            Some(text) => {
                let read = text.strip_prefix("list-").and_then(|at| at.parse().ok());
                read.ok_or_else(|| invalid("marker", text, "is not valid"))?
            }
        };
        let entries: Vec<Value> = all.iter().skip(size(from)).take(size(limit)).map(seen).collect();
        let next = from + limit;
        let marker = match (size(next) < all.len(), self.seed.is_multiple_of(2)) {
            (true, _) => format!("list-{next}").into(),
            (false, true) => "".into(),
            (false, false) => Value::Null,
        };
        Ok(Answer::json(200, &json!({"limit": limit, "entries": entries, "next_marker": marker})))
    }

    fn hold_of(&self, id: &str) -> Result<Hold, Fault> {
        let found = id.parse().ok().and_then(|id: u64| self.holds.policies.get(&id));
        found.cloned().ok_or_else(Fault::not_found)
    }

    fn hold_on(&self, id: &str) -> Result<HoldOn, Fault> {
        let found = id.parse().ok().and_then(|id: u64| self.holds.assignments.get(&id));
        found.copied().ok_or_else(Fault::not_found)
    }

    fn hold_policies(&mut self, call: &mut Call<'_>) -> Told {
        call.knows_query(&["policy_name", "fields", "marker", "limit"]);
        let start = call.query("policy_name").unwrap_or("").to_lowercase();
        let fits = |hold: &&Hold| hold.name.to_lowercase().starts_with(&start);
        let all: Vec<&Hold> = self.holds.policies.values().filter(fits).collect();
        self.listed(call, &all, |hold| self.hold_seen(hold))
    }

    fn hold_mini(&self, policy: u64) -> Value {
        let name = self.holds.policies.get(&policy).map_or("", |hold| hold.name.as_str());
        json!({"type": "legal_hold_policy", "id": policy.to_string(), "policy_name": name})
    }

    fn hold_seen(&self, hold: &Hold) -> Value {
        let count = |kind: &str| {
            let mine = self.holds.assignments.values().filter(|one| one.policy == hold.id && one.on.kind() == kind);
            mine.count()
        };
        let counts: Map<String, Value> = ["user", "folder", "file", "file_version", "ownership", "interactions"]
            .map(|kind| (kind.to_owned(), count(kind).into()))
            .into_iter()
            .collect();
        json!({
            "type": "legal_hold_policy", "id": hold.id.to_string(), "policy_name": hold.name,
            "description": hold.description, "status": "active", "assignment_counts": counts,
            "created_by": self.user_mini(hold.by), "created_at": time(hold.at), "modified_at": time(hold.at),
            "deleted_at": null, "filter_started_at": null, "filter_ended_at": null, "release_notes": null,
        })
    }

    fn hold_new(&mut self, call: &mut Call<'_>) -> Told {
        call.knows_query(&[]);
        let body = call.body(&["policy_name", "description", "filter_started_at", "filter_ended_at", "is_ongoing"])?;
        let text = |key: &str| body.get(key).and_then(Value::as_str).unwrap_or("").to_owned();
        let name = text("policy_name");
        if name.is_empty() {
            return Err(invalid("policy_name", "", "is required"));
        }
        let ongoing = body.get("is_ongoing").and_then(Value::as_bool) == Some(true);
        if !ongoing && text("filter_started_at").is_empty() && text("filter_ended_at").is_empty() {
            return Err(invalid("is_ongoing", "", "or dates are required"));
        }
        if self.holds.policies.values().any(|hold| hold.name == name) {
            return Err(Fault::new(409, "conflict", "A policy with that name exists"));
        }
        let id = self.add_hold(&name, text("description"), call.actor);
        self.happen_to_policy("LEGAL_HOLD_POLICY_CREATE", call.actor, self.hold_mini(id));
        Ok(Answer::json(201, &self.hold_of(&id.to_string()).map(|hold| self.hold_seen(&hold))?))
    }

    fn add_hold(&mut self, name: &str, description: String, by: Uid) -> u64 {
        let id = self.fresh();
        self.holds.policies.insert(id, Hold { id, name: name.into(), description, by, at: self.now });
        id
    }

    /// The policy of that name, made when there is none.
    pub(super) fn hold_named(&mut self, name: &str) -> u64 {
        let found = self.holds.policies.values().find(|hold| hold.name == name).map(|hold| hold.id);
        found.unwrap_or_else(|| self.add_hold(name, String::new(), 0))
    }

    fn hold_gone(&mut self, call: &Call<'_>, id: &str) -> Told {
        let hold = self.hold_of(id)?;
        self.holds.policies.remove(&hold.id);
        self.holds.assignments.retain(|_, on| on.policy != hold.id);
        self.noted("hold_gone", hold.id, true);
        self.happen_to_policy("LEGAL_HOLD_POLICY_DELETE", call.actor, json!({"type": "legal_hold_policy", "id": id}));
        Ok(Answer::empty(202))
    }

    fn hold_assignments(&mut self, call: &mut Call<'_>) -> Told {
        call.knows_query(&["policy_id", "assign_to_type", "assign_to_id", "marker", "limit", "fields"]);
        let policy = call.query("policy_id").ok_or_else(|| invalid("policy_id", "", "is required"))?;
        let policy = self.hold_of(policy)?.id;
        let (kind, id) = (call.query("assign_to_type"), call.query("assign_to_id"));
        if let Some(odd) = kind.filter(|kind| !KINDS.contains(kind)) {
            return Err(invalid("assign_to_type", odd, "is nothing a hold is put on"));
        }
        let all: Vec<HoldOn> = self
            .holds
            .assignments
            .values()
            .filter(|one| one.policy == policy && kind.is_none_or(|kind| kind == one.on.kind()))
            .filter(|one| id.is_none_or(|id| id == one.on.id(self)))
            .copied()
            .collect();
        self.listed(call, &all, |one| self.assignment_seen(one))
    }

    fn assignment_seen(&self, one: &HoldOn) -> Value {
        json!({
            "type": "legal_hold_policy_assignment", "id": one.id.to_string(),
            "legal_hold_policy": self.hold_mini(one.policy),
            "assigned_to": {"type": one.on.kind(), "id": one.on.id(self)},
            "assigned_by": self.user_mini(one.by), "assigned_at": time(one.at), "deleted_at": null,
        })
    }

    fn hold_assigned(&mut self, call: &mut Call<'_>) -> Told {
        call.knows_query(&[]);
        let body = call.body(&["policy_id", "assign_to"])?;
        let policy = self.hold_of(body.get("policy_id").and_then(Value::as_str).unwrap_or(""))?.id;
        let to = body.get("assign_to").and_then(Value::as_object).cloned().unwrap_or_default();
        call.knows("assign_to.", &to, &["type", "id"]);
        let on = self.read_on(&to)?;
        if self.holds.assignments.values().any(|one| one.policy == policy && one.on == on) {
            return Err(Fault::new(409, "conflict", "The policy is assigned to that already"));
        }
        let one = self.assign_hold(policy, on, call.actor);
        self.noted("held", on.id(self), true);
        self.happen_to_policy("LEGAL_HOLD_ASSIGNMENT_CREATE", call.actor, self.assignment_seen(&one));
        Ok(Answer::json(201, &self.assignment_seen(&one)))
    }

    fn read_on(&self, to: &Map<String, Value>) -> Result<On, Fault> {
        let text = |key: &str| to.get(key).and_then(Value::as_str).unwrap_or("");
        let (kind, id) = (text("type"), text("id"));
        let item = || self.tree.by_id(id).filter(|nid| self.tree.kind(*nid) == kind).ok_or_else(Fault::not_found);
        match KINDS.into_iter().find(|known| *known == kind) {
            Some("file") => item().map(On::File),
            Some("folder") => item().map(On::Folder),
            Some("file_version") => {
                self.file_of_version(id).map(|(nid, id)| On::Version(nid, id)).ok_or_else(Fault::not_found)
            }
            Some(kind) => self.user_by_id(id).map(|uid| On::Person(uid, kind)).ok_or_else(Fault::not_found),
            None => Err(invalid("assign_to.type", kind, "is nothing a hold is put on")),
        }
    }

    fn file_of_version(&self, id: &str) -> Option<(Nid, u64)> {
        let id: u64 = id.parse().ok()?;
        let has = |nid: &Nid| {
            self.tree.version_id(*nid) == id
                || self.tree.versions(*nid).is_some_and(|all| all.earlier.iter().any(|version| version.id == id))
        };
        (0..self.tree.len())
            .filter(|nid| matches!(self.tree.at(*nid).what, What::File(_)))
            .find(has)
            .map(|nid| (nid, id))
    }

    /// Puts a policy on something.
    pub(super) fn assign_hold(&mut self, policy: u64, on: On, by: Uid) -> HoldOn {
        let one = HoldOn { id: self.fresh(), policy, on, by, at: self.now };
        self.holds.assignments.insert(one.id, one);
        one
    }

    /// Takes the policies off an item that were put on the item itself.
    pub(super) fn release_holds(&mut self, nid: Nid) {
        self.holds
            .assignments
            .retain(|_, one| !matches!(one.on, On::File(at) | On::Folder(at) | On::Version(at, _) if at == nid));
    }

    fn hold_lifted(&mut self, call: &Call<'_>, id: &str) -> Told {
        let one = self.hold_on(id)?;
        self.holds.assignments.remove(&one.id);
        self.noted("hold_gone", one.on.id(self), true);
        self.happen_to_policy("LEGAL_HOLD_ASSIGNMENT_DELETE", call.actor, self.assignment_seen(&one));
        Ok(Answer::empty(202))
    }

    /// Files that come under an assignment.
    fn held_by(&self, one: &HoldOn) -> Vec<Nid> {
        let is_file = |nid: &Nid| matches!(self.tree.at(*nid).what, What::File(_));
        match one.on {
            On::File(nid) | On::Version(nid, _) => vec![nid],
            On::Folder(top) => self.tree.below(top).into_iter().filter(is_file).collect(),
            On::Person(uid, _) => self.tree.below(self.user(uid).root).into_iter().filter(is_file).collect(),
        }
    }

    /// The current versions, or the earlier ones, that an assignment holds.
    fn on_hold(&mut self, call: &mut Call<'_>, id: &str, what: &str) -> Told {
        call.knows_query(&["marker", "limit", "fields"]);
        let one = self.hold_on(id)?;
        let files = self.held_by(&one);
        if what == FILES {
            return self.listed(call, &files, |nid| self.mini(call.actor, *nid));
        }
        let earlier: Vec<(Nid, u64)> = files.into_iter().flat_map(|nid| self.earlier_ids(nid)).collect();
        self.listed(call, &earlier, |(nid, id)| {
            let mut seen = self.mini(call.actor, *nid);
            seen["file_version"] = json!({"type": "file_version", "id": id.to_string()});
            seen
        })
    }

    fn earlier_ids(&self, nid: Nid) -> Vec<(Nid, u64)> {
        let earlier = self.tree.versions(nid).map(|all| all.earlier.as_slice()).unwrap_or_default();
        earlier.iter().map(|version| (nid, version.id)).collect()
    }

    /// Each version that a policy holds, with the assignments it does so by.
    fn version_holds(&mut self, call: &mut Call<'_>) -> Told {
        call.knows_query(&["policy_id", "marker", "limit"]);
        let policy = call.query("policy_id").ok_or_else(|| invalid("policy_id", "", "is required"))?;
        let policy = self.hold_of(policy)?.id;
        let mine: Vec<HoldOn> = self.holds.assignments.values().filter(|one| one.policy == policy).copied().collect();
        let mut held: BTreeMap<(Nid, u64), Vec<Value>> = BTreeMap::new();
        for one in &mine {
            let versions = self.held_by(one).into_iter().flat_map(|nid| {
                let mut all = self.earlier_ids(nid);
                all.push((nid, self.tree.version_id(nid)));
                all
            });
            for version in versions.filter(|(_, id)| !matches!(one.on, On::Version(_, held) if held != *id)) {
                held.entry(version).or_default().push(self.assignment_seen(one));
            }
        }
        let all: Vec<((Nid, u64), Vec<Value>)> = held.into_iter().collect();
        self.listed(call, &all, |((nid, id), by)| {
            json!({
                "type": "file_version_legal_hold", "id": format!("2{id}"),
                "file_version": {"type": "file_version", "id": id.to_string()},
                "file": self.mini(call.actor, *nid), "legal_hold_policy_assignments": by, "deleted_at": null,
            })
        })
    }

    /// Names of the policies that hold an item.
    pub(super) fn hold_names(&self, nid: Nid) -> Vec<String> {
        let mine = self.holds.assignments.values().filter(|one| one.on.holds(self, nid));
        let names = mine.filter_map(|one| self.holds.policies.get(&one.policy));
        let mut names: Vec<String> = names.map(|hold| hold.name.clone()).collect();
        names.sort_unstable();
        names.dedup();
        names
    }

    /// True for an item that may not go for good, for a hold or a retention policy.
    pub(super) fn is_kept(&self, nid: Nid) -> bool {
        self.holds.assignments.values().any(|one| one.on.holds(self, nid)) || self.retention_of(nid).is_some()
    }
}

/// What a policy can be put on.
const KINDS: [&str; 6] = ["file", "file_version", "folder", "user", "ownership", "interactions"];
