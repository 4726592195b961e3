//! Legal holds and retention: lists of policies, and the assignment of a hold to a file.

use super::super::wire::Answer;
use super::reply::{Call, Fault};
use super::route::Told;
use super::state::State;
use super::view::time;
use serde_json::{Value, json};

/// The one legal hold there is.
const HOLD: &str = "324432";

impl State {
    /// `/legal_hold_policies`, `/legal_hold_policy_assignments`, `/retention_policies`
    pub(super) fn holds_route(&mut self, call: &mut Call<'_>, steps: &[&str]) -> Option<Told> {
        let told = match (call.asked.method.as_str(), steps) {
            ("GET", ["legal_hold_policies"]) => self.needs("manage_legal_hold").map(|()| self.hold_policies(call)),
            ("POST", ["legal_hold_policy_assignments"]) => self.hold_file(call),
            ("GET", ["retention_policies"]) => {
                self.needs("manage_data_retention").map(|()| self.retention_policies(call))
            }
            _ => return None,
        };
        Some(told)
    }

    fn hold_policies(&self, call: &mut Call<'_>) -> Answer {
        call.knows_query(&["policy_name", "fields", "marker", "limit"]);
        let at = time(self.tree.at(0).created);
        Answer::json(
            200,
            &json!({
                "limit": 100, "next_marker": "",
                "entries": [{
                    "type": "legal_hold_policy", "id": HOLD, "policy_name": "Pending case", "description": "", "status": "active",
                    "assignment_counts": {"user": 0, "folder": 0, "file": 1, "file_version": 0},
                    "created_at": at, "modified_at": at,
                }],
            }),
        )
    }

    fn retention_policies(&self, call: &mut Call<'_>) -> Answer {
        call.knows_query(&["policy_name", "policy_type", "created_by_user_id", "fields", "limit", "marker"]);
        Answer::json(
            200,
            &json!({
                "limit": 100, "next_marker": "",
                "entries": [{
                    "type": "retention_policy", "id": "982312", "policy_name": "Seven years", "retention_length": "2555",
                    "disposition_action": "permanently_delete", "policy_type": "indefinite", "status": "active",
                }],
            }),
        )
    }

    fn hold_file(&mut self, call: &mut Call<'_>) -> Told {
        self.needs("manage_legal_hold")?;
        let body = call.body(&["policy_id", "assign_to"])?;
        let to = body.get("assign_to").cloned().unwrap_or(Value::Null);
        let known = body.get("policy_id").and_then(Value::as_str) == Some(HOLD) && to["type"] == "file";
        let found = to["id"].as_str().and_then(|id| self.tree.by_id(id)).filter(|_| known);
        let nid = found.ok_or_else(Fault::not_found)?;
        self.tree.extra_mut(nid).held = true;
        let id = self.fresh().to_string();
        Ok(Answer::json(
            201,
            &json!({
                "type": "legal_hold_policy_assignment", "id": id, "assigned_to": {"type": "file", "id": to["id"]},
                "legal_hold_policy": {"type": "legal_hold_policy", "id": HOLD, "policy_name": "Pending case"},
                "assigned_by": self.user_mini(call.actor), "assigned_at": time(self.now),
            }),
        ))
    }
}
